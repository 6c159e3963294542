"""The programme's own cost: what funders pay, when, and what the money is spent on.

A contract is a fixed sum in cash that falls evenly on its days, so a financial year pays for the
days of it that lie in that year. What the model spends on each line is set against that sum; what
is left over, or lacking, is a line of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.economics.prices import APRIL, PENCE, financial_year, split_pence, year_label
from dapp_model.model import Phase, phases, places

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Pence = npt.NDArray[np.int64]

UNSPENT: Final = "unspent"
EVALUATION: Final = "evaluation"
LINES: Final = (
    "mobilisation",
    "management",
    "assessment",
    "group_places",
    "one_to_one_places",
    "partner_support",
    "closure",
)
CONTRACTS: Final[Mapping[str, str]] = {"programme": "contract", "extension": "extension_contract"}
_NAMES: Final[Mapping[str, str]] = {"programme": "pilot", "extension": "extension"}


@dataclass(frozen=True)
class Cash:
    """What one funder pays for one item, in pence of the day: int64 [year], positive.

    `contract` is the contract that the item belongs to. An unspent sum below zero is overspent.
    """

    contract: str
    item: str
    funder: str
    nominal_pence: Pence


def contract_cash(inputs: Inputs, option: str, first_year: int, n_years: int) -> tuple[Cash, ...]:
    """Return what each funder pays under each contract by financial year, in pence of the day.

    Years run from `first_year`. Money scales with the population share. Raises ValueError if cash
    falls outside the years.
    """
    levers: Mapping[str, Any] = inputs.option(option).levers
    found: list[tuple[str, str, Mapping[int, int]]] = []
    stages = phases(inputs, option)
    for stage in stages:
        pence = round(stage.annual_budget_gbp * stage.years * inputs.population_share * PENCE)
        split = _days_by_year(stage.start, stage.end)
        found += _paid(CONTRACTS[stage.section], pence, levers[f"{stage.section}.funders"], split)
    evaluation = round(levers["extension.evaluation_cost"] * inputs.population_share * PENCE)
    if stages and evaluation:
        # The evaluation is paid over the gap where there is one, else over the extension.
        after = stages[1].start if len(stages) > 1 else stages[0].end
        start, end = stages[0].end, after
        if start == end and len(stages) > 1:
            end = stages[1].end
        split = _days_by_year(start, end)
        found += _paid(EVALUATION, evaluation, levers["extension.funders"], split)
    return tuple(
        Cash(item, item, funder, _placed(by_year, first_year, n_years))
        for item, funder, by_year in found
    )


def spending(inputs: Inputs, option: str, first_year: int, n_years: int) -> tuple[Cash, ...]:
    """Return each contract's cash by line, with what is unspent: lines add up to the contract.

    Staff, rooms and places are paid for whether or not they are used. Every line of a contract is
    there, whatever its amount.
    """
    stages = {CONTRACTS[stage.section]: stage for stage in phases(inputs, option)}
    found: list[Cash] = []
    cash = contract_cash(inputs, option, first_year, n_years)
    for contract in dict.fromkeys(one.contract for one in cash):
        own = [one for one in cash if one.contract == contract]
        if contract not in stages:
            found += own
            continue
        stage = stages[contract]
        shares = _shares(inputs.option(option).levers[f"{stage.section}.funders"])
        left = {one.funder: one.nominal_pence.copy() for one in own}
        for line, amount in _planned(inputs, option, stage).items():
            by_year = _placed(amount, first_year, n_years)
            split = np.array([split_pence(int(n), list(shares.values())) for n in by_year])
            for i, funder in enumerate(shares):
                left[funder] -= split[:, i]
                name = f"{_NAMES[stage.section]}_{line}"
                found.append(Cash(contract, name, funder, split[:, i]))
        found += [
            Cash(contract, f"{_NAMES[stage.section]}_{UNSPENT}", funder, pence)
            for funder, pence in left.items()
        ]
    return tuple(found)


def _shares(funders: Any) -> Mapping[str, float]:
    """Return the funders' shares, the last of which takes what rounding left."""
    shares = dict(funders)
    last = next(reversed(shares))
    return shares | {last: 1.0 - fsum(part for name, part in shares.items() if name != last)}


def _planned(inputs: Inputs, option: str, stage: Phase) -> Mapping[str, Mapping[int, int]]:
    """Return what one funded stretch spends by line and financial year, in pence of the day."""
    levers: Mapping[str, Any] = inputs.option(option).levers
    v, s, share = inputs.values, stage.section, inputs.population_share
    support = levers[f"{s}.partner_support_places"] if levers[f"{s}.partner_support"] else 0
    group, single, _ = places(inputs, option, stage)
    fixed = stage.annual_budget_gbp * v["budget.fixed_share"] * share
    partner = support * v["budget.partner_support_place"] * share
    open_from, quiet_from = stage.first_place, max(stage.first_place, stage.last_start)
    yearly = {
        "mobilisation": (fixed, stage.start, open_from),
        "management": (fixed, open_from, quiet_from),
        "assessment": (
            levers[f"{s}.assessors"] * v["budget.assessor"] * share,
            stage.start,
            stage.end,
        ),
        "group_places": (group * v["budget.place"], open_from, stage.end),
        "one_to_one_places": (single * v["budget.one_to_one_place"], open_from, stage.end),
        "partner_support": (partner, open_from, stage.end),
        "closure": (fixed, quiet_from, stage.end),
    }
    length = (stage.end - stage.start).days
    found = {}
    for line in LINES:
        gbp, start, end = yearly[line]
        start, end = min(start, stage.end), min(end, stage.end)
        days = (end - start).days
        if days <= 0:
            found[line] = {financial_year(stage.start): 0}
            continue
        total = round(gbp * stage.years * days / length * PENCE)
        split = _days_by_year(start, end)
        parts = split_pence(total, [n / days for n in split.values()])
        found[line] = dict(zip(split, parts, strict=True))
    return found


def _days_by_year(start: dt.date, end: dt.date) -> Mapping[int, int]:
    """Return the days of a contract by financial year; a day of payment if it has no length."""
    found: dict[int, int] = {}
    for year in range(financial_year(start), financial_year(end) + 1):
        first = max(start, dt.date(year, APRIL, 1))
        last = min(end, dt.date(year + 1, APRIL, 1))
        if last > first:
            found[year] = (last - first).days
    return found or {financial_year(start): 1}


def _paid(
    item: str, pence: int, funders: Any, days: Mapping[int, int]
) -> list[tuple[str, str, Mapping[int, int]]]:
    """Split a contract over funders, and each funder's part over the years by days."""
    shares = dict(funders)
    length = sum(days.values())
    by_day = [n / length for n in days.values()]
    parts = split_pence(pence, list(shares.values()))
    return [
        (item, funder, dict(zip(days, split_pence(part, by_day), strict=True)))
        for funder, part in zip(shares, parts, strict=True)
    ]


def _placed(by_year: Mapping[int, int], first_year: int, n_years: int) -> Pence:
    """Put amounts by financial year into an array that begins in `first_year`."""
    out = np.zeros(n_years, dtype=np.int64)
    for year, pence in by_year.items():
        if not 0 <= year - first_year < n_years:
            span = f"{year_label(first_year)} to {year_label(first_year + n_years - 1)}"
            raise ValueError(f"Contract cash falls in {year_label(year)}, outside {span}.")
        out[year - first_year] += pence
    return out


# -- grants, and what funders can pay -------------------------------------------------------------


@dataclass(frozen=True)
class YearEnd:
    """One contract's money at one 31 March, in GBP of the day.

    `granted` and `carried_in` less `spent` is carried out, or lost, or lacking if below zero.
    """

    contract: str
    financial_year: str
    granted: float
    carried_in: float
    spent: float
    carried_out: float
    lost: float

    @property
    def overspent(self) -> float:
        """Return what is lacking at the end of the year; 0 where nothing is."""
        return max(0.0, -self.carried_out)


def year_ends(lines: tuple[Cash, ...], first_year: int, rule: str) -> tuple[YearEnd, ...]:
    """Return how each contract's grant is used up, year by year.

    `lines` are those of `spending`. By the rule "carried" what is left on 31 March goes into the
    next year of the contract, by "lost" the programme loses it; what is left when the contract has
    ended is lost to it in either case. A shortfall is carried in both. Raises ValueError for
    another rule.
    """
    if rule not in ("carried", "lost"):
        raise ValueError(f"Money left on 31 March is carried or lost, not {rule!r}.")
    found = []
    for contract in dict.fromkeys(one.contract for one in lines):
        own = [one for one in lines if one.contract == contract]
        granted = np.sum([one.nominal_pence for one in own], axis=0)
        unspent = [one.nominal_pence for one in own if one.item.endswith(f"_{UNSPENT}")]
        spent = granted - np.sum(unspent, axis=0) if unspent else granted
        used = np.flatnonzero(granted != 0)
        carried = 0
        for i in used:
            left = carried + int(granted[i]) - int(spent[i])
            keeps = rule == "carried" and i != used[-1]
            lost = 0 if keeps else max(0, left)
            found.append(
                YearEnd(
                    contract,
                    year_label(first_year + int(i)),
                    int(granted[i]) / PENCE,
                    carried / PENCE,
                    int(spent[i]) / PENCE,
                    (left - lost) / PENCE,
                    lost / PENCE,
                )
            )
            carried = left - lost
    return tuple(found)


@dataclass(frozen=True)
class Affordability:
    """What one funder would pay in one financial year against the most that it can, cash GBP."""

    funder: str
    financial_year: str
    pays: float
    ceiling: float

    @property
    def affordable(self) -> bool:
        """Say whether the ceiling holds; half a pound is left to rounding."""
        return self.pays <= self.ceiling + 0.5


def affordability(inputs: Inputs, option: str, years: tuple[int, int]) -> tuple[Affordability, ...]:
    """Return what each funder pays against its ceiling; nothing where no ceiling is known.

    `years` are the first financial year that counts and the last. A funder without a share of the
    ceiling can pay nothing.
    """
    values: Mapping[str, Any] = inputs.values
    ceiling = float(values.get("money.ceiling", 0.0)) * inputs.population_share
    if not ceiling:
        return ()
    shares = dict(values["money.ceiling_funders"])
    first, n_years = _span(inputs, option, years[1])
    cash = contract_cash(inputs, option, first, n_years)
    found = []
    for funder in dict.fromkeys(one.funder for one in cash):
        own = np.sum([one.nominal_pence for one in cash if one.funder == funder], axis=0)
        for i in np.flatnonzero(own):
            if first + i >= years[0]:
                most = ceiling * shares.get(funder, 0.0)
                label = year_label(first + int(i))
                found.append(Affordability(funder, label, int(own[i]) / PENCE, most))
    return tuple(found)


def _span(inputs: Inputs, option: str, last: int) -> tuple[int, int]:
    """Return the first financial year of an option's contracts, and the number up to the last."""
    stages = phases(inputs, option)
    first = min((financial_year(stage.start) for stage in stages), default=last)
    return first, max(1, last - first + 1)
