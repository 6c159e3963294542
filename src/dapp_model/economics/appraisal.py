"""Counted outcomes to an account of costs by year, bearer, funder, tier and offence.

Sign: an account's rows are what society gains, so costs are negative. The account of one option
is therefore mostly negative, and option minus comparator is positive where the option does good.
Amounts are whole pence of one price year, so every breakdown adds up to the penny.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dapp_model.economics.accounts import (
    COUNTED,
    Account,
    Floats,
    Harm,
    Line,
    Pence,
    Row,
    is_crime_harm,
)
from dapp_model.economics.contract import UNSPENT, Cash, contract_cash, spending
from dapp_model.economics.prices import (
    PENCE,
    deflator,
    discount_factor,
    financial_year,
    mapping,
    split_pence,
    year_label,
)
from dapp_model.economics.settings import HARM_ROUTES, Settings, settings_of
from dapp_model.economics.unit_costs import (
    EXPECTED_HOMICIDES,
    NOT_APPLICABLE,
    Part,
    UnitCost,
    cumulative_shares,
    tariff,
)
from dapp_model.events import HOMICIDE
from dapp_model.mix import true_mix
from dapp_model.model import decision_date

if TYPE_CHECKING:
    from dapp_model.outcomes import Outcomes
    from dapp_model.parameters import Inputs


def value(outcomes: Outcomes, inputs: Inputs, *, settings: Settings | None = None) -> Account:
    """Value the counts of one option: counted events times unit costs, and the contract's cash.

    Without `settings` the parameters under `money.*` hold, else the conventions of the data file.
    Raises ValueError if contract cash falls outside the years of the outcomes.
    """
    chosen = settings or settings_of(inputs.values)
    counts = _Counts(outcomes, inputs)
    factors = _factors(counts, chosen)
    events = _event_rows(counts, chosen)
    contract, belongs = _contract_rows(counts, chosen)
    rows = [*events, *contract]

    def discounted(rows: Sequence[Row]) -> Pence:
        kinds = [chosen.harm_discounting if r[0].item == "harm" else "standard" for r in rows]
        return _whole(np.stack([r[1] * factors[k] for r, k in zip(rows, kinds, strict=True)]))

    own = [row for row in events if is_crime_harm(row[0])]
    others = {route: replace(chosen, harm_route=route) for route in HARM_ROUTES}
    harm = {
        route: own if route == chosen.harm_route else _event_rows(counts, other, _crime_harms)
        for route, other in others.items()
    }
    return Account(
        option=outcomes.option,
        first_year=outcomes.first_year,
        year_0=counts.year_0,
        price_year=chosen.price_year,
        population_share=inputs.population_share,
        lines=tuple(line for line, _ in rows),
        undiscounted_pence=np.stack([pence for _, pence in rows]),
        discounted_pence=np.concatenate(
            [discounted(events), _discounted_contract(contract, belongs, factors["standard"])]
        ),
        true_incidents=counts.of("true.incidents"),
        recorded_incidents=counts.of("recorded.incidents"),
        homicides=counts.of(EXPECTED_HOMICIDES),
        **{name: counts.of(measure) for name, measure in COUNTED.items()},
        harm={route: _harm(rows, discounted(rows)) for route, rows in harm.items()},
    )


def _harm(rows: Sequence[Row], discounted: Pence) -> Harm:
    """Return the harm in rows by tier; `discounted` is [row, year] in pence."""
    found: dict[str, int] = {}
    for (line, _), total in zip(rows, discounted.sum(axis=1).tolist(), strict=True):
        found[line.tier] = found.get(line.tier, 0) + total
    return Harm(np.stack([pence for _, pence in rows]).sum(axis=0), found)


def expected_homicides(outcomes: Outcomes, inputs: Inputs, *, group: str = "all") -> Floats:
    """Return the expected number of homicides by year, from true incidents and never from deaths.

    As `homicides_by_group` for one group.
    """
    return next(homicides_by_group(outcomes, inputs, (group,)))


def homicides_by_group(
    outcomes: Outcomes, inputs: Inputs, groups: Sequence[str]
) -> Iterator[Floats]:
    """Yield the expected number of homicides by year of each group.

    The chance of a death in an incident is the model's own, in ordinary and in high-harm cases; it
    rests on the rate per recorded incident and the chance of a record, so reporting more averts
    none and causes none.
    """
    ordinary, high = true_mix(inputs)[:, HOMICIDE]
    for group in groups:
        high_harm = np.asarray(outcomes.of("true.high_harm", group), dtype=np.float64)
        others = np.asarray(outcomes.of("true.incidents", group), dtype=np.float64) - high_harm
        yield np.asarray(others * ordinary + high_harm * high)


class _Counts:
    """The counts of one option as float64 [year], with expected homicides among them."""

    def __init__(self, outcomes: Outcomes, inputs: Inputs) -> None:
        self.outcomes = outcomes
        self.inputs = inputs
        self.homicides = expected_homicides(outcomes, inputs)
        self.first_year = outcomes.first_year
        self.year_0 = year_zero(inputs, outcomes.option)

    def of(self, measure: str) -> Floats:
        if measure == EXPECTED_HOMICIDES:
            return self.homicides
        return np.asarray(self.outcomes.of(measure), dtype=np.float64)


def year_zero(inputs: Inputs, option: str) -> int:
    """Return the financial year of the decision, the same for every option of a scenario."""
    levers: Mapping[str, Any] = inputs.option(option).levers
    if inputs.decision == "extension":
        return financial_year(decision_date(inputs, levers))
    decided = financial_year(mapping()["conventions"]["pilot_decision_date"])
    tables: list[Mapping[str, Any]] = [inputs.option(name).levers for name in inputs.options]
    return min(decided, *(financial_year(t["programme.contract_start"]) for t in tables))


def _whole(pence: Floats) -> Pence:
    return np.rint(pence).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Priced:
    """A unit cost as published, ready for counting: pence, edges of its shares, lines by part.

    The edges are 0 and the running sum of the shares, which ends in 1. Parts with a reasoned zero
    have no line.
    """

    cost: UnitCost
    pence: float
    edges: Floats
    lines: tuple[tuple[int, Line], ...]


def multiple(cost: UnitCost, settings: Settings, values: Mapping[str, Any]) -> float:
    """Return what a unit cost is times its published value: its draw, and how long it lasts.

    `values` maps "section.name" to a value, as Inputs.values does.
    """
    lasts = values[cost.duration] / cost.per_days if cost.duration else 1.0
    return float(settings.factor(cost.uncertain) * lasts)


@cache
def _priced(settings: Settings) -> tuple[_Priced, ...]:
    return tuple(
        _Priced(
            cost=cost,
            pence=cost.priced(settings.price_year) * PENCE,
            edges=np.array([0.0, *cumulative_shares(cost)]),
            lines=tuple((i, _line(cost, p)) for i, p in enumerate(cost.parts) if not p.zero),
        )
        for cost in tariff(settings)
    )


def _factors(counts: _Counts, settings: Settings) -> Mapping[str, Floats]:
    """Return the discount factor of each year by schedule; years before year 0 are sunk: 0."""
    first, n = counts.first_year - counts.year_0, len(counts.homicides)
    return {
        kind: _discount_factors(first, n, kind) for kind in {"standard", settings.harm_discounting}
    }


@cache
def _discount_factors(first: int, n: int, kind: str) -> Floats:
    ahead = range(first, first + n)
    return _kept([discount_factor(year, kind) if year >= 0 else 0.0 for year in ahead])


def _kept(values: Sequence[float]) -> Floats:
    """Return an array that cannot be written to, since it is kept for who asks next."""
    found = np.array(values)
    found.flags.writeable = False
    return found


@cache
def _crime_harms(settings: Settings) -> tuple[_Priced, ...]:
    """Return the harm of crimes other than homicide, ready for counting."""
    return tuple(
        one for one in _priced(settings) if any(is_crime_harm(line) for _, line in one.lines)
    )


def _event_rows(
    counts: _Counts,
    settings: Settings,
    of: Callable[[Settings], tuple[_Priced, ...]] = _priced,
) -> list[Row]:
    """Return the lines of unit costs: totals by year in whole pence, shared out exactly.

    All of them, or those that `of` gives.
    """
    found: list[Row] = []
    values: Mapping[str, Any] = counts.inputs.values
    for one in of(settings.published):
        each = one.pence * multiple(one.cost, settings, values)
        total = _whole(counts.of(one.cost.measure) * -each)
        pence = np.diff(_whole(np.multiply.outer(one.edges, total)), axis=0)
        found += [(line, pence[i]) for i, line in one.lines]
    return found


def _line(cost: UnitCost, part: Part) -> Line:
    return Line(
        bearer=part.bearer,
        funder=NOT_APPLICABLE,
        tier=part.tier,
        basis=cost.basis,
        offence=cost.offence,
        item=part.item,
        group=cost.group,
        grade=cost.grade,
        cash_upper=part.cash_upper,
    )


def _contract_rows(counts: _Counts, settings: Settings) -> tuple[list[Row], list[tuple[str, str]]]:
    """Return the programme's own cost by line and funder, deflated, as negative amounts.

    Beside the rows stand the contract and funder of each. Each contract's cash in a year is
    deflated whole and shared over the funders as they pay it; a funder's unspent part takes what
    rounding its other lines left. So lines and funders add up to the deflated contract to the
    penny.
    """
    span = (counts.first_year, len(counts.homicides))
    option = counts.outcomes.option
    whole = _deflated_contracts(contract_cash(counts.inputs, option, *span), counts, settings)
    factors = _deflators(counts, settings)
    found: list[Row] = []
    belongs: list[tuple[str, str]] = []
    for one in spending(counts.inputs, option, *span):
        left = whole[one.contract, one.funder]
        last = one.item == one.contract or one.item.endswith(f"_{UNSPENT}")
        pence = left.copy() if last else _whole(one.nominal_pence * factors)
        left -= pence
        line = Line(
            bearer=NOT_APPLICABLE,
            funder=one.funder,
            tier="cashable",
            basis="programme",
            offence=NOT_APPLICABLE,
            item=one.item,
            group="programme",
            grade="-",
            cash_upper=1.0,
        )
        found.append((line, -pence))
        belongs.append((one.contract, one.funder))
    return found, belongs


def _discounted_contract(
    rows: Sequence[Row], belongs: Sequence[tuple[str, str]], factors: Floats
) -> Pence:
    """Return the present value of contract lines; each funder's sum is discounted whole.

    So a contract that is the same in two options drops out of their difference to the penny,
    however its lines differ. The last line of each funder takes the remainder.
    """
    n_years = len(factors)
    plain = np.array([pence for _, pence in rows], dtype=np.int64).reshape(-1, n_years)
    found = _whole(plain * factors)
    for key in dict.fromkeys(belongs):
        own = [i for i, each in enumerate(belongs) if each == key]
        whole = _whole(plain[own].sum(axis=0) * factors)
        found[own[-1]] = whole - found[own[:-1]].sum(axis=0)
    return found


def _deflators(counts: _Counts, settings: Settings) -> Floats:
    return _deflators_to(counts.first_year, len(counts.homicides), settings.price_year)


@cache
def _deflators_to(first_year: int, n: int, price_year: str) -> Floats:
    labels = (year_label(first_year + i) for i in range(n))
    return _kept([deflator(label, price_year) for label in labels])


def _deflated_contracts(
    cash: Sequence[Cash], counts: _Counts, settings: Settings
) -> dict[tuple[str, str], Pence]:
    """Return what each funder pays under each contract, in pence of the price year, by year."""
    factors = _deflators(counts, settings)
    found: dict[tuple[str, str], Pence] = {}
    for contract in dict.fromkeys(one.contract for one in cash):
        own = [one for one in cash if one.contract == contract]
        nominal = np.stack([one.nominal_pence for one in own])
        real = np.zeros_like(nominal)
        for i in np.flatnonzero(nominal.any(axis=0)):
            total = int(nominal[:, i].sum())
            pence_of_base = round(total * factors[i])
            real[:, i] = split_pence(pence_of_base, [int(n) / total for n in nominal[:, i]])
        found |= {(contract, one.funder): real[k] for k, one in enumerate(own)}
    return found
