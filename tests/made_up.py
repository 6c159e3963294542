"""Options whose worth in each draw is known, to see what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dapp_model import decision
from dapp_model.distributions import Mixture, quantile
from dapp_model.economics.summary import LOW_ROUTE, ROUTED, by_route
from dapp_model.parameters import Inputs, registry

Floats = npt.NDArray[np.float64]

EFFECT = "effect.full_dose_hr"
BASELINE = {
    "financial_year": "2014/15",
    "harm_true_crimes": 3e8,
    "harm_recorded_crimes": 6e7,
    "harm_victim_years": 5e8,
    "police_bill": 1e7,
    "police_bill_low": 7e6,
    "police_bill_high": 1.5e7,
    "homicides_per_1000_recorded": 0.16,
    "police_bill_in_range": True,
}


def worth(
    value: Floats, *, cost: float = 1e5, serious: Floats | float = 5.0, at_stake: float = 100.0
) -> decision.Worth:
    """Return an option that is worth `value` [draw, repetition]; a tenth of it in the low case."""
    measures = {name: np.zeros_like(value) for name in decision.MEASURES}
    for name in decision.MEASURES:
        if name.startswith(decision.VALUE):
            measures[name] = value + 0.0
    measures[f"{decision.VALUE}_low_harm"] = 0.1 * (value + cost) - cost
    measures[decision.COST] = np.full_like(value, cost)
    measures["net_public_cost"] = np.full_like(value, 0.9 * cost)
    measures["social_value"] = value + cost
    measures["true_incidents_averted"] = (value + cost) / 1000
    measures |= by_routes(measures)
    averted = np.broadcast_to(serious, value.shape).astype(np.float64)
    stake = np.full_like(value, at_stake)
    return decision.Worth(measures, averted, {"opcc": {"2019/20": cost}}, BASELINE, stake)


def by_routes(measures: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return measures by each harm route: the low case by recorded crimes, else what they are."""
    low = measures[f"{decision.VALUE}_low_harm"]
    found = {name: measures[measure] for name, (_, measure) in ROUTED.items()}
    return found | {by_route(decision.VALUE, LOW_ROUTE): low}


def effects(n: int) -> Floats:
    """Return n evenly spread values of the effect, out of its prior."""
    mixture = registry()[EFFECT].distribution
    assert isinstance(mixture, Mixture)
    return quantile(mixture, (np.arange(n) + 0.5) / n)


def by_effect(n: int, scale: float = 1e6, cost: float = 1e5, seed: int = 1) -> Floats:
    """Return value by draw and repetition: the more, the lower the hazard ratio, and some luck."""
    luck = np.random.default_rng(seed).normal(0.0, 2e4, (n, 2))
    return scale * (1.0 - effects(n))[:, None] - cost + luck


def decided(
    inputs: Inputs, found: Mapping[str, decision.Worth], parameters: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Return what is said of these options; the others are worth nothing but their cost."""
    n = next(iter(found.values())).serious_averted.shape
    every = {name: worth(np.full(n, -5e4)) for name in inputs.options[1:]} | dict(found)
    said = decision.decide(
        inputs,
        every,
        study={
            "draws": n[0],
            "replications": n[1],
            "whole_county_draws": n[0],
            "seed": 1,
            "indicative": False,
        },
        evidence=decision.Evidence(parameters),
    )
    party = {
        "cash": 0.0, "capacity": 0.0, "not_public_money": 0.0, "net": 0.0, "pays": 1.0,
        "payback": None, "chance_back": 0.5,
    }  # fmt: skip
    money = {
        "funders": [],
        "society": party,
        "public": party,
        "payback": {"society": None, "public": None},
    }
    return {**said, "money": dict.fromkeys(inputs.options[1:], money)}
