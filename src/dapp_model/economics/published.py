"""The published figures: every row of `data/costs.csv`, with its source, status and grade."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from dapp_model.economics.prices import mapping

# From the most to the least that can be relied on: an amount is as weak as its weakest row.
STATUSES: Final = (
    "verified_primary",
    "seed_document",
    "verified_secondary",
    "derived",
    "convention",
    "recalled",
)
_TEXTS: Final = (
    "unit",
    "price_year",
    "bearer",
    "source",
    "where",
    "url",
    "status",
    "grade",
    "note",
)


@dataclass(frozen=True)
class CostRow:
    """One published or judged figure. `low` and `high` are None where nobody gives a range."""

    id: str
    value: float
    low: float | None
    high: float | None
    unit: str
    price_year: str
    bearer: str
    source: str
    where: str
    url: str
    status: str
    grade: str
    note: str


@cache
def cost_rows() -> Mapping[str, CostRow]:
    """Return every row of `data/costs.csv` by its id."""

    source = files("dapp_model") / "data" / "costs.csv"
    found: dict[str, CostRow] = {}
    for row in csv.DictReader(source.read_text(encoding="utf-8").splitlines()):
        if row["id"] in found:
            raise ValueError(f"costs.csv holds {row['id']} twice.")
        found[row["id"]] = CostRow(
            id=row["id"],
            value=float(row["value"]),
            low=float(row["low"]) if row["low"] else None,
            high=float(row["high"]) if row["high"] else None,
            **{name: row[name] for name in _TEXTS},
        )
    return MappingProxyType(found)


def figure(row: str) -> float:
    """Return the value of one row of costs.csv; ValueError names a row that is not there."""
    return row_of(row).value


def bearer_of(name: str) -> str:
    """Return the project's bearer for a bearer's name in the evidence.

    Raises ValueError for a name that the map does not hold, and for one that is no single bearer.
    """
    table = mapping()
    if name in table["bearer_map"]:
        return known_bearer(table["bearer_map"][name])
    if name in table["bearer_unmapped"]:
        raise ValueError(f"Nothing can be charged to {name!r}: {table['bearer_unmapped'][name]}.")
    raise ValueError(f"Unknown bearer {name!r}; add it to [bearer_map] in unit_costs.toml.")


def row_of(row: str) -> CostRow:
    """Return one row of costs.csv; ValueError names a row that is not there."""
    if row not in cost_rows():
        raise ValueError(f"costs.csv has no row {row!r}.")
    return cost_rows()[row]


def known_bearer(bearer: str) -> str:
    """Return a bearer of the project; ValueError for any other name."""
    if bearer not in mapping()["bearers"]:
        known = ", ".join(mapping()["bearers"])
        raise ValueError(f"Unknown bearer {bearer!r}; the project's bearers are {known}.")
    return bearer


def weakest(rows: Iterable[str]) -> tuple[str, str]:
    """Return the weakest status and the worst grade among the rows."""
    found = [row_of(row) for row in rows]
    status = max((row.status for row in found), key=STATUSES.index)
    return status, max(row.grade for row in found)
