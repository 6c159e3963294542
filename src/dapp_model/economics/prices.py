"""Money and time: what a pound was worth, what a later one is worth now, when a contract is paid.

Deflators bring an amount to the prices of a named financial year; discount factors bring real
amounts of later years to year 0. Financial years are integers inside (2016 is 2016/17).
Indices and rates, with their sources, are in `data/gdp_deflator.csv` and `data/unit_costs.toml`.
"""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.model import phases

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

__all__ = [
    "Cash",
    "benefit_cost",
    "contract_cash",
    "deflator",
    "discount_factor",
    "financial_year",
    "present_value",
    "split_pence",
    "year_label",
    "year_number",
]

APRIL: Final = 4  # a financial year begins on 1 April
PENCE: Final = 100
SHARES_TOLERANCE: Final = 1e-5  # a third may be written 0.333333


@dataclass(frozen=True)
class Cash:
    """What one funder pays under one contract, in pence of the day: int64 [year], positive."""

    item: str
    funder: str
    nominal_pence: npt.NDArray[np.int64]


@cache
def mapping() -> Mapping[str, Any]:
    """Return the tables of `data/unit_costs.toml`."""
    text = (files("dapp_model") / "data" / "unit_costs.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def financial_year(date: dt.date) -> int:
    """Return the financial year that a date falls in, by its first calendar year."""
    return date.year if date.month >= APRIL else date.year - 1


def year_label(year: int) -> str:
    """Return a financial year as people write it: 2016 becomes 2016/17."""
    return f"{year}/{(year + 1) % 100:02d}"


def year_number(label: str) -> int:
    """Return the first calendar year of a financial year written 2016/17.

    Raises ValueError for anything else: a price year has to be one financial year.
    """
    first, _, last = label.partition("/")
    if not (len(first) == 4 and first.isdigit() and year_label(int(first)) == label):
        raise ValueError(f"{label!r} is not a financial year such as 2016/17 ({last!r} after /).")
    return int(first)


@cache
def _indices() -> Mapping[int, float]:
    source = files("dapp_model") / "data" / "gdp_deflator.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return MappingProxyType(
        {year_number(row["financial_year"]): float(row["index"]) for row in rows}
    )


def deflator(from_year: str, to_year: str) -> float:
    """Return what one pound of one financial year is in the prices of another.

    Years are labels such as "2019/20". Raises ValueError outside the years of the index.
    Source: HM Treasury and OBR GDP deflators, as named in `data/gdp_deflator.csv`.
    """
    indices = _indices()
    for label in (from_year, to_year):
        if year_number(label) not in indices:
            first, last = year_label(min(indices)), year_label(max(indices))
            raise ValueError(f"No GDP deflator for {label}; the index runs {first} to {last}.")
    return indices[year_number(to_year)] / indices[year_number(from_year)]


def discount_factor(year: int, kind: str = "standard") -> float:
    """Return the present value of one real pound `year` years after year 0.

    `kind` is "standard" or "health" (the lower schedule, for health effects only). Raises
    ValueError for a year before year 0 and for another kind. Source: HM Treasury Green Book.
    """
    bands = mapping()["discounting"]
    if kind not in bands:
        raise ValueError(f"{kind!r} is no discount schedule; there are {', '.join(bands)}.")
    if year < 0:
        raise ValueError(f"Year {year} is before year 0: what is spent then is not discounted.")
    factor, begun = 1.0, 0
    for band in bands[kind]:
        years = min(year, band.get("until", year)) - begun
        factor /= (1.0 + band["rate"]) ** max(0, years)
        begun = band.get("until", year)
    return float(factor)


def present_value(
    flows: Sequence[float] | npt.NDArray[np.float64], kind: str = "standard", first_year: int = 0
) -> float:
    """Return the present value at year 0 of real pounds by year.

    `flows` holds consecutive years, of which the first is `first_year` years after year 0.
    """
    return float(sum(flow * discount_factor(first_year + i, kind) for i, flow in enumerate(flows)))


def benefit_cost(benefits: Mapping[str, float], cost: float) -> tuple[float, float, float]:
    """Return (benefits, net, ratio) of a programme with the given benefits by part and cost.

    `cost` is positive; benefits are positive where the programme does good. All in present-value
    pounds, or all in any one currency. The ratio of benefits to cost is NaN at no cost.
    """
    total = float(sum(benefits.values()))
    return total, total - cost, total / cost if cost else float("nan")


def contract_cash(inputs: Inputs, option: str, first_year: int, n_years: int) -> tuple[Cash, ...]:
    """Return what each funder pays by financial year, in pence of the day, for the whole pilot.

    Each contract's budget falls evenly on its days. Years run from `first_year`. Money scales with
    the population share. Raises ValueError if cash falls outside the years.
    """
    levers: Mapping[str, Any] = inputs.option(option).levers
    found: list[tuple[str, str, Mapping[int, int]]] = []
    stages = phases(inputs, option)
    for stage in stages:
        item = "contract" if stage.section == "programme" else "extension_contract"
        pence = round(stage.annual_budget_gbp * stage.years * inputs.population_share * PENCE)
        split = _days_by_year(stage.start, stage.end)
        found += _paid(item, pence, levers[f"{stage.section}.funders"], split)
    evaluation = round(levers["extension.evaluation_cost"] * inputs.population_share * PENCE)
    if stages and evaluation:
        # The evaluation is paid over the gap where there is one, else over the extension.
        after = stages[1].start if len(stages) > 1 else stages[0].end
        start, end = stages[0].end, after
        if start == end and len(stages) > 1:
            end = stages[1].end
        split = _days_by_year(start, end)
        found += _paid("evaluation", evaluation, levers["extension.funders"], split)
    return tuple(
        Cash(item, funder, _placed(by_year, first_year, n_years)) for item, funder, by_year in found
    )


def split_pence(total: int, shares: Sequence[float]) -> list[int]:
    """Split whole pence by shares; the last part takes the remainder.

    Raises ValueError if the shares do not add up to 1.
    """
    running = list(accumulate(shares))
    if not running or abs(running[-1] - 1.0) > SHARES_TOLERANCE:
        raise ValueError(f"The shares {list(shares)} add up to {sum(shares)}, not to 1.")
    edges = [0, *(round(total * part) for part in running[:-1]), total]
    return [high - low for low, high in pairwise(edges)]


def _days_by_year(start: dt.date, end: dt.date) -> Mapping[int, int]:
    """Return the days of a contract by financial year; a day of payment if it has no length."""
    found: dict[int, int] = {}
    for year in range(financial_year(start), financial_year(end) + 1):
        first = max(start, start.replace(year=year, month=4, day=1))
        last = min(end, start.replace(year=year + 1, month=4, day=1))
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


def _placed(by_year: Mapping[int, int], first_year: int, n_years: int) -> npt.NDArray[np.int64]:
    """Put amounts by financial year into an array that begins in `first_year`."""
    out = np.zeros(n_years, dtype=np.int64)
    for year, pence in by_year.items():
        if not 0 <= year - first_year < n_years:
            span = f"{year_label(first_year)} to {year_label(first_year + n_years - 1)}"
            raise ValueError(f"Contract cash falls in {year_label(year)}, outside {span}.")
        out[year - first_year] += pence
    return out
