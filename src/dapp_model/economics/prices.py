"""Money and time: what a pound was worth, and what a later one is worth now.

Deflators bring an amount to the prices of a named financial year; discount factors bring real
amounts of later years to year 0. Financial years are integers inside (2016 is 2016/17).
Indices and rates, with their sources, are in `data/gdp_deflator.csv` and `data/unit_costs.toml`.
"""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import accumulate, pairwise
from math import fsum
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = [
    "benefit_cost",
    "deflator",
    "deflator_source",
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


@cache
def mapping() -> Mapping[str, Any]:
    """Return the tables of `data/unit_costs.toml`."""
    text = (files("dapp_model") / "data" / "unit_costs.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def financial_year(date: dt.date) -> int:
    """Return the financial year that a date falls in, by its first calendar year."""
    return date.year if date.month >= APRIL else date.year - 1


@cache
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
def indices() -> Mapping[int, float]:
    """Return the GDP deflator by the first calendar year of the financial year."""
    source = files("dapp_model") / "data" / "gdp_deflator.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return MappingProxyType(
        {year_number(row["financial_year"]): float(row["index"]) for row in rows}
    )


@cache
def deflator_source(label: str) -> str:
    """Return where the index of one financial year comes from, with the vintage of the release."""
    source = files("dapp_model") / "data" / "gdp_deflator.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    found = [row["source"] for row in rows if row["financial_year"] == label]
    if not found:
        raise ValueError(f"No GDP deflator for {label}.")
    return found[0]


def deflator(from_year: str, to_year: str) -> float:
    """Return what one pound of one financial year is in the prices of another.

    Years are labels such as "2019/20". Raises ValueError outside the years of the index.
    Source: HM Treasury and OBR GDP deflators, as named in `data/gdp_deflator.csv`.
    """
    known = indices()
    for label in (from_year, to_year):
        if year_number(label) not in known:
            first, last = year_label(min(known)), year_label(max(known))
            raise ValueError(f"No GDP deflator for {label}; the index runs {first} to {last}.")
    return known[year_number(to_year)] / known[year_number(from_year)]


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
    return float(fsum(flow * discount_factor(first_year + i, kind) for i, flow in enumerate(flows)))


def benefit_cost(benefits: Mapping[str, float], cost: float) -> tuple[float, float, float]:
    """Return (benefits, net, ratio) of a programme with the given benefits by part and cost.

    `cost` is positive; benefits are positive where the programme does good. All in present-value
    pounds, or all in any one currency. The ratio of benefits to cost is NaN at no cost.
    """
    total = float(fsum(benefits.values()))
    return total, total - cost, total / cost if cost else float("nan")


def split_pence(total: int, shares: Sequence[float]) -> list[int]:
    """Split whole pence by shares; the last part takes the remainder.

    Raises ValueError if the shares do not add up to 1.
    """
    running = list(accumulate(shares))
    if not running or abs(running[-1] - 1.0) > SHARES_TOLERANCE:
        raise ValueError(f"The shares {list(shares)} add up to {fsum(shares)}, not to 1.")
    edges = [0, *(round(total * part) for part in running[:-1]), total]
    return [high - low for low, high in pairwise(edges)]
