"""Accounts to a summary: what an option is worth, its ratios, and checks on the level.

Benefits are positive here and the programme's cost is a cost; all are present values in GBP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import fsum
from typing import Any, Final

import numpy as np

from dapp_model.economics.accounts import Account, Harm, Line, incremental, is_crime_harm
from dapp_model.economics.prices import (
    PENCE,
    benefit_cost,
    deflator,
    mapping,
    present_value,
    year_label,
)
from dapp_model.economics.published import cost_rows, figure
from dapp_model.economics.settings import HARM_ROUTES

MILLION: Final = 1_000_000
VALUE, PUBLIC_COST, CASH = "net_present_social_value", "net_public_cost", "cashable_value"
LOW_ROUTE: Final = "recorded crimes"


def by_route(measure: str, route: str) -> str:
    """Return the name of a measure with the harm of crimes by another route."""
    return f"{measure}_by_{route.lower().replace(' ', '_').replace('-', '_')}"


ROUTED: Final[Mapping[str, tuple[str, str]]] = {
    by_route(measure, route): (route, measure)
    for route in HARM_ROUTES
    for measure in (VALUE, PUBLIC_COST, CASH)
}


@dataclass(frozen=True)
class Baseline:
    """The whole county's first year in the account, in GBP a year, against benchmarks.

    Harm is victims' harm, lost output and health care, without homicide: by true crimes, by
    recorded crimes x multiplier, and by victim-years scaled from the national total.
    """

    financial_year: str
    harm_true_crimes: float
    harm_recorded_crimes: float
    harm_victim_years: float
    police_bill: float
    police_bill_low: float
    police_bill_high: float
    homicides_per_1000_recorded: float | None  # None where nothing was recorded

    @property
    def police_bill_in_range(self) -> bool:
        """Say whether the police bill lies in the range that is plausible for the county."""
        return self.police_bill_low <= self.police_bill <= self.police_bill_high


@dataclass(frozen=True)
class Summary:
    """What an option is worth against its comparator: present values in GBP, benefits positive.

    Net present social value = social value - programme cost; net public cost = programme cost -
    fiscal value. Social, fiscal and cashable values leave out the programme's own cost, and each
    holds the next; the upper cashable value counts the part of staff time that might become cash.
    Counts run from year 0 and are not discounted; victim-years are those that hold abuse;
    assessments, starts and completions are those that the comparator has not. `by_harm_route` holds
    value, net public cost and cash with the harm of crimes by each route. Every field but the
    names is additive, so that summaries can be pooled; ratios are ratios of what is pooled.
    """

    option: str
    comparator: str
    price_year: str
    year_0: str
    true_incidents_averted: float
    recorded_incidents_averted: float
    homicides_averted: float
    victim_years_averted: float
    assessments: float
    starts: float
    completions: float
    net_public_cost: float
    net_present_social_value: float
    programme_cost: float
    social_value: float
    fiscal_value: float
    cashable_value: float
    cashable_value_upper: float
    net_present_social_value_without_homicide: float
    net_public_cost_without_homicide: float
    net_present_social_value_low_harm: float
    by_harm_route: Mapping[str, Mapping[str, float]]
    net_present_social_value_tax_uplift: float
    net_present_social_value_health_discounting: float
    programme_cost_by_funder: Mapping[str, Mapping[str, float]]  # funder -> year, undiscounted
    value_by_grade: Mapping[str, float]  # "harm, B": social value by kind of line and its grade
    baseline: Baseline

    def number(self, name: str) -> float:
        """Return a field or property by its name, or a measure by a harm route (`ROUTED`)."""
        if name in ROUTED:
            route, measure = ROUTED[name]
            return self.by_harm_route[route][measure]
        return float(getattr(self, name))

    @property
    def non_fiscal_value(self) -> float:
        """Return the part of the social value that is not public money."""
        return self.social_value - self.fiscal_value

    @property
    def net_present_social_value_optimism(self) -> float:
        """Return net present social value with benefits cut, by the signs of this summary.

        Over draws use `with_optimism_bias`: what chance makes a benefit in one is none.
        """
        return with_optimism_bias([[self]])[0][0]

    @property
    def cost_per_averted_true_incident(self) -> float | None:
        """Return net public cost over true incidents averted; None where none is averted."""
        return _ratio(self.net_public_cost, self.true_incidents_averted)

    @property
    def cost_per_averted_recorded_incident(self) -> float | None:
        """Return net public cost over recorded incidents averted; None where none is averted."""
        return _ratio(self.net_public_cost, self.recorded_incidents_averted)

    @property
    def benefit_cost_ratio(self) -> float | None:
        """Return social value over the programme's cost; None at no cost."""
        if not self.programme_cost > 0:
            return None
        return benefit_cost({"social": self.social_value}, self.programme_cost)[2]

    @property
    def fiscal_return(self) -> float | None:
        """Return fiscal value over the programme's cost; None at no cost."""
        return _ratio(self.fiscal_value, self.programme_cost)

    @property
    def cashable_return(self) -> float | None:
        """Return the cash released over the programme's cost; None at no cost."""
        return _ratio(self.cashable_value, self.programme_cost)

    @property
    def cost_per_victim_year_free_of_abuse(self) -> float | None:
        """Return net public cost over years of abuse averted; None where none is averted."""
        return _ratio(self.net_public_cost, self.victim_years_averted)

    @property
    def cost_per_completion(self) -> float | None:
        """Return the programme's cost over the completions it adds; None where it adds none."""
        return _ratio(self.programme_cost, self.completions)

    @property
    def public_value_ratio(self) -> float | None:
        """Return non-fiscal value over net public cost; None where there is no net public cost."""
        return _ratio(self.non_fiscal_value, self.net_public_cost)


def summary(account: Account, comparator: Account, *, level: Account | None = None) -> Summary:
    """Return what an option is worth against its comparator, with the checks on the level.

    `level` is the comparator at published unit costs, for the checks; without it they are of the
    comparator as it is.
    """
    change = incremental(account, comparator)
    from_year_0 = slice(max(0, change.year_0 - change.first_year), None)
    programme = -change.total(_is_programme)
    social = change.total(lambda line: not _is_programme(line))
    fiscal = change.total(lambda line: not _is_programme(line) and line.tier != "non_fiscal")
    homicide = change.total(lambda line: line.offence == "homicide")
    homicide_fiscal = change.total(
        lambda line: line.offence == "homicide" and line.tier != "non_fiscal"
    )
    net_value, net_cost = social - programme, programme - fiscal
    cashable = change.total(lambda line: not _is_programme(line) and line.tier == "cashable")
    routes = _by_harm_route(change, (net_value, net_cost, cashable))
    uplift = tax_uplift()
    return Summary(
        option=account.option,
        comparator=comparator.option,
        price_year=change.price_year,
        year_0=year_label(change.year_0),
        true_incidents_averted=0.0 - float(change.true_incidents[from_year_0].sum()),
        recorded_incidents_averted=0.0 - float(change.recorded_incidents[from_year_0].sum()),
        homicides_averted=0.0 - float(change.homicides[from_year_0].sum()),
        victim_years_averted=0.0 - float(change.victim_years[from_year_0].sum()),
        assessments=float(change.assessments[from_year_0].sum()),
        starts=float(change.starts[from_year_0].sum()),
        completions=float(change.completions[from_year_0].sum()),
        net_public_cost=net_cost,
        net_present_social_value=net_value,
        programme_cost=programme,
        social_value=social,
        fiscal_value=fiscal,
        cashable_value=cashable,
        cashable_value_upper=_cash_in_upper_view(change),
        net_present_social_value_without_homicide=net_value - homicide,
        net_public_cost_without_homicide=net_cost + homicide_fiscal,
        net_present_social_value_low_harm=routes[LOW_ROUTE][VALUE],
        by_harm_route=routes,
        net_present_social_value_tax_uplift=net_value - uplift * net_cost,
        net_present_social_value_health_discounting=net_value + _harm_discounted_less(change),
        programme_cost_by_funder=_by_funder(change),
        value_by_grade=_by_grade(change),
        baseline=_baseline(level or comparator),
    )


def _by_harm_route(
    change: Account, own: tuple[float, float, float]
) -> Mapping[str, Mapping[str, float]]:
    """Return value, net public cost and cash in GBP with the harm of crimes by each route.

    `own` are those by the account's own route.
    """
    counted = [i for i, line in enumerate(change.lines) if is_crime_harm(line)]
    held: dict[str, int] = {}
    sums = change.discounted_pence[counted].sum(axis=1).tolist()
    for i, pence in zip(counted, sums, strict=True):
        tier = change.lines[i].tier
        held[tier] = held.get(tier, 0) + pence
    ours = Harm(change.discounted_pence[:0].sum(axis=0), held)
    value, cost, cashable = own
    found = {}
    for route, one in change.harm.items():
        # Whole pence, so that the account's own route leaves its numbers as they are.
        more = {tiers: (one.total(*tiers) - ours.total(*tiers)) / PENCE for tiers in _TIERS}
        whole, fiscal, cash = more.values()
        found[route] = {VALUE: value + whole, PUBLIC_COST: cost - fiscal, CASH: cashable + cash}
    return found


_TIERS: Final = ((), ("cashable", "capacity"), ("cashable",))  # all, fiscal, cash


def tax_uplift() -> float:
    """Return what raising a pound of tax costs beyond the pound, in the view that counts it."""
    return figure(mapping()["checks"]["tax_uplift"])


def pool(summaries: Sequence[Summary]) -> Summary:
    """Return the mean of several draws or replicates, so that ratios are ratios of expectations.

    Raises ValueError unless all compare the same option with the same comparator.
    """
    by_name = {f.name: [getattr(one, f.name) for one in summaries] for f in fields(Summary)}
    by_funder = by_name.pop("programme_cost_by_funder")
    routes = by_name.pop("by_harm_route")
    funders = dict.fromkeys(funder for one in by_funder for funder in one)
    by_grade = by_name.pop("value_by_grade")
    baselines = [asdict(one) for one in by_name.pop("baseline")]
    return Summary(
        **{name: _agreed_or_mean(name, found) for name, found in by_name.items()},
        programme_cost_by_funder={
            # A funder that pays nothing in one draw pays nothing in each year of it.
            funder: {
                year: fsum(one.get(funder, {}).get(year, 0.0) for one in by_funder) / len(by_funder)
                for year in next(one[funder] for one in by_funder if funder in one)
            }
            for funder in funders
        },
        value_by_grade=_means_by_grade(by_grade),
        by_harm_route={
            route: _means_by_grade([one[route] for one in routes]) for route in routes[0]
        },
        baseline=Baseline(
            **{
                name: _agreed_or_mean(name, [one[name] for one in baselines])
                for name in baselines[0]
            }
        ),
    )


def _agreed_or_mean(name: str, found: Sequence[Any]) -> Any:
    """Return the mean of numbers, None if one is not known, or the text that all agree on."""
    if any(one is None for one in found):
        return None
    if not isinstance(found[0], str):
        return float(fsum(found) / len(found))
    if len(set(found)) > 1:
        raise ValueError(f"The summaries differ in {name}: {', '.join(sorted(set(found)))}.")
    return found[0]


def payback_year(change: Account) -> str | None:
    """Return the first financial year by whose end the discounted value is not negative.

    `change` is an option less its comparator; None where it never pays back.
    """
    running = change.discounted_pence.sum(axis=0).cumsum()
    spent = np.flatnonzero(change.undiscounted_pence.any(axis=0))
    for i in range(int(spent[0]) if len(spent) else 0, len(running)):
        if running[i] >= 0:
            return change.years[i]
    return None


def _is_programme(line: Line) -> bool:
    return line.group == "programme"


def _cash_in_upper_view(change: Account) -> float:
    """Return what would be cash, in GBP, if the upper share of staff time could be cashed."""
    shares = [0.0 if _is_programme(line) else line.cash_upper for line in change.lines]
    pence = change.discounted_pence.sum(axis=1).tolist()
    # A matrix product may differ in the last digit from one run to the next.
    return fsum(share * one for share, one in zip(shares, pence, strict=True)) / PENCE


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if bottom > 0 else None


def _by_funder(change: Account) -> Mapping[str, Mapping[str, float]]:
    """Return the programme's cost by funder and financial year, positive, undiscounted GBP."""
    found: dict[str, dict[str, float]] = {}
    years = change.years
    for line, pence in zip(change.lines, change.undiscounted_pence, strict=True):
        if not _is_programme(line):
            continue
        by_year = found.setdefault(line.funder, dict.fromkeys(years, 0.0))
        for year, amount in zip(years, pence, strict=True):
            by_year[year] = round(by_year[year] - int(amount) / PENCE, 2)
    return found


def _by_grade(change: Account) -> Mapping[str, float]:
    """Return the social value in GBP by kind of line and the grade of its weakest figure."""
    found: dict[str, float] = {}
    for line, pence in zip(change.lines, change.discounted_pence, strict=True):
        if not _is_programme(line):
            key = f"{line.group}, {line.grade}"
            found[key] = found.get(key, 0.0) + int(pence.sum()) / PENCE
    return found


def _means_by_grade(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    kinds = dict.fromkeys(kind for one in found for kind in one)
    return {kind: fsum(one.get(kind, 0.0) for one in found) / len(found) for kind in kinds}


def optimism_cuts(expected: Mapping[str, float]) -> dict[str, float]:
    """Return the share by which each kind of benefit is cut; `expected` is its mean in GBP."""
    grades = mapping()["checks"]["optimism"]
    return {kind: figure(grades[kind.rpartition(", ")[2]]) for kind, v in expected.items() if v > 0}


def with_optimism_bias(summaries: Sequence[Sequence[Summary]]) -> list[list[float]]:
    """Return net present social value by draw and repetition with expected benefits cut.

    `summaries` are those of one option, [draw][repetition]. What is a benefit on average over all
    of them is cut by its grade, in every draw alike and whatever its sign there: the cut moves the
    mean and not because of spread (decision rules, optimism bias).
    """
    cuts = optimism_cuts(_means_by_grade([one.value_by_grade for row in summaries for one in row]))
    return [
        [
            one.net_present_social_value
            + fsum(cut * one.value_by_grade.get(kind, 0.0) for kind, cut in cuts.items())
            for one in row
        ]
        for row in summaries
    ]


def _harm_discounted_less(change: Account) -> float:
    """Return what the health schedule on victims' harm alone adds to the present value, in GBP."""
    harm = [i for i, line in enumerate(change.lines) if line.item == "harm"]
    skip = max(0, change.year_0 - change.first_year)
    flows = change.undiscounted_pence[harm][:, skip:].sum(axis=0) / PENCE
    first = change.first_year + skip - change.year_0
    lower = present_value(flows, "health", first_year=first)
    return lower - int(change.discounted_pence[harm].sum()) / PENCE


def _baseline(account: Account) -> Baseline:
    """Return the account's first year, scaled up to the whole county, beside the benchmarks."""
    checks = mapping()["checks"]
    scale = PENCE * account.population_share
    police = [i for i, line in enumerate(account.lines) if line.bearer == "police"]
    price = {row: _at_prices(row, account.price_year) for row in _benchmark_rows()}
    spell = fsum(price[row] for row in checks["victim_year_spell"])
    annual = fsum(price[row] for row in checks["victim_year_annual"])
    national = spell / figure(checks["victim_year_years"]) + annual
    local = figure(checks["victim_year_local_victims"]) / figure(checks["victim_year_victims"])
    recorded = float(account.recorded_incidents[0])
    return Baseline(
        financial_year=account.years[0],
        harm_true_crimes=-int(account.harm["true crimes"].undiscounted[0]) / scale,
        harm_recorded_crimes=-int(account.harm[LOW_ROUTE].undiscounted[0]) / scale,
        harm_victim_years=national * local * MILLION,
        police_bill=-int(account.undiscounted_pence[police, 0].sum()) / scale,
        police_bill_low=price[checks["police_bill_low"]],
        police_bill_high=price[checks["police_bill_high"]],
        homicides_per_1000_recorded=(
            float(account.homicides[0]) / recorded * 1000 if recorded else None
        ),
    )


def _benchmark_rows() -> tuple[str, ...]:
    checks = mapping()["checks"]
    spell, annual = checks["victim_year_spell"], checks["victim_year_annual"]
    return (*spell, *annual, checks["police_bill_low"], checks["police_bill_high"])


def _at_prices(row: str, price_year: str) -> float:
    return figure(row) * deflator(cost_rows()[row].price_year, price_year)
