"""What tests of money share: options, counts and a county, without simulating anything."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dapp_model import economics as ec
from dapp_model.definitions import GROUPS, MEASURES

FIRST_YEAR, YEARS = 2014, 12
FUNDERS = (("community_safety_board", 0.5), ("surrey_police", 0.25), ("opcc", 0.25))
VALUES: Mapping[str, Any] = {
    "incident.mix_violence_with_injury": 0.080,
    "incident.mix_violence_without_injury": 0.200,
    "incident.mix_rape": 0.004,
    "incident.mix_other_sexual": 0.008,
    "incident.mix_stalking": 0.045,
    "incident.mix_coercive_control": 0.120,
    "incident.mix_damage": 0.030,
    "incident.mix_public_order": 0.018,
    "incident.homicides_per_1000_recorded": 0.16,
    "report.probability": 0.08,
    "report.severe_odds": 3.0,
    "record.probability": 0.90,
    "case.high_harm_odds": 8.0,
    "case.high_harm_share": 0.03,
    "children.plan_length": 273.9375,
    "budget.fixed_share": 0.25,
    "budget.assessor": 12_000.0,
    "budget.partner_support_place": 1_000.0,
    "budget.place": 2_400.0,
    "budget.one_to_one_place": 6_000.0,
    "budget.vacancy_share": 0.08,
}
MONTH = 30.4375


@dataclass(frozen=True)
class FakeOption:
    levers: Mapping[str, Any]


@dataclass(frozen=True)
class FakeInputs:
    """The attributes of Inputs that money reads."""

    decision: str = "pilot"
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=lambda: VALUES)
    population_share: float = 1.0

    @property
    def options(self) -> tuple[str, ...]:
        return ("none", "pilot", *self.changes)

    def option(self, name: str) -> FakeOption:
        levers: dict[str, Any] = {
            "decision.date_month": 20 * MONTH,
            "programme.offered": name != "none",
            "programme.contract_start": dt.date(2017, 1, 1),
            "programme.length": 24 * MONTH,
            "programme.mobilisation": 3 * MONTH,
            "programme.last_start_before_end": 0.0,
            "programme.annual_budget": 100_000.0,
            "programme.funders": FUNDERS,
            "extension.length": 0.0,
            "extension.gap": 0.0,
            "extension.mobilisation": 0.0,
            "extension.last_start_before_end": 0.0,
            "extension.annual_budget": 100_000.0,
            "extension.funders": FUNDERS,
            "extension.evaluation_cost": 0.0,
        }
        for section in ("programme", "extension"):
            levers |= {
                f"{section}.assessors": 1,
                f"{section}.partner_support": True,
                f"{section}.partner_support_places": 15,
                f"{section}.one_to_one_places": 0,
                f"{section}.delivery": "rolling group",
                f"{section}.places": "from budget",
            }
        return FakeOption({**levers, **self.changes.get(name, {})})


@dataclass(frozen=True)
class FakeOutcomes:
    """The attributes of Outcomes that money reads; a measure that is not given counts nothing."""

    option: str = "pilot"
    counts: Mapping[str, Any] = field(default_factory=dict)
    first_year: int = FIRST_YEAR

    def of(self, measure: str, group: str = "all") -> np.ndarray:
        assert measure in MEASURES
        assert group in GROUPS
        return np.asarray(self.counts.get(measure, [0] * YEARS), dtype=np.int64)


def in_year(year: int, **counts: int) -> dict[str, list[int]]:
    """Counts in one financial year, by measure with a double underscore for the dot."""
    return {
        name.replace("__", ".", 1): [n if FIRST_YEAR + i == year else 0 for i in range(YEARS)]
        for name, n in counts.items()
    }


def account(
    counts: Mapping[str, Any] | None = None,
    inputs: FakeInputs | None = None,
    option: str = "none",
    **changes: Any,
) -> ec.Account:
    used = inputs or FakeInputs()
    how = dataclasses.replace(ec.settings_of(used.values), **changes)
    return ec.value(FakeOutcomes(option, counts or {}), used, settings=how)  # type: ignore[arg-type]


USUAL = ec.settings_of({})
# A county of the size and mix that the evidence gives: 36% of records are crimes, of which 77% are
# violence and 3% sexual; some ten true incidents to a recorded one.
COUNTY = in_year(
    2014,
    true__incidents=163_000,
    true__violence_with_injury=13_040,
    true__violence_without_injury=32_600,
    true__rape=650,
    true__other_sexual=1_300,
    true__stalking=7_300,
    true__stalking_first=3_000,
    true__coercive_control=19_500,
    true__coercive_control_first=4_000,
    true__damage=4_900,
    true__public_order=2_900,
    true__high_harm=5_000,
    recorded__incidents=13_300,
    recorded__violence_with_injury=1_440,
    recorded__violence_without_injury=2_247,
    recorded__rape=72,
    recorded__other_sexual=72,
    recorded__stalking=382,
    recorded__damage=383,
    recorded__public_order=192,
    recorded__non_crime=8_512,
    police__dvpns=120,
    marac__hearings=780,
)
