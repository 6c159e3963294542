"""Checks of the two data files of money: every problem at once, each with its file and line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from dapp_model import given
from dapp_model.definitions import MEASURES
from dapp_model.economics.prices import indices, year_label
from dapp_model.economics.published import STATUSES
from dapp_model.economics.unit_costs import EXPECTED_HOMICIDES
from dapp_model.errors import InputErrors, Problem
from dapp_model.parameters import registry

COSTS: Final = "costs.csv"
MAPPING: Final = "unit_costs.toml"
_MONEY: Final = re.compile(r"GBP\b", re.ASCII)
_OTHER_MONEY: Final = re.compile(r"[$€¥]|\b(?:EUR|USD|AUD|CAD|NZD|SEK|CHF|dollars?|euros?)\b", re.I)
_GRADES: Final = "ABCD"


@cache
def check_data() -> None:
    """Raise InputErrors with every problem of the package's own data files, if there is one."""
    folder = Path(__file__).parents[1] / "data"
    found = problems_in(folder / COSTS, folder / MAPPING)
    if found:
        raise InputErrors(found)


def problems_in(costs: Path, mapping: Path) -> tuple[Problem, ...]:
    """Return every problem of the two files."""
    try:
        texts = [given.text(path) for path in (costs, mapping)]
    except given.Unreadable as error:
        message = "The evidence of money cannot be read."
        return (Problem(costs.parent.name, error.line, "", error.reason, "two files", message),)
    try:
        return problems(*texts)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A table that is a number, a row without its heading: whatever else has another shape.
        message = "The evidence of money does not have the shape that it has to have."
        found = f"{type(error).__name__}: {error}"[:200]
        expected = f"the headings of {COSTS} and {MAPPING} as they are shipped"
        return (Problem(f"{COSTS} or {MAPPING}", None, "", found, expected, message),)


def problems(costs: str, mapping: str) -> tuple[Problem, ...]:
    """Return every problem of the texts of costs.csv and unit_costs.toml."""
    try:
        table = given.toml(mapping)
    except given.Unreadable as error:
        message = "The file cannot be read."
        return (Problem(MAPPING, error.line, "", error.reason, "TOML", message),)
    try:
        rows = list(csv.DictReader(costs.splitlines()))
    except csv.Error as error:
        return (Problem(COSTS, None, "", str(error), "a CSV file", "The table cannot be read."),)
    odd = [number for number, row in enumerate(rows, 2) if None in row or None in row.values()]
    if odd:
        message = "The row has another number of cells than the heading."
        return tuple(Problem(COSTS, number, "", "", "", message) for number in odd)
    seen: dict[str, Mapping[str, str]] = {}
    found: list[Problem] = []
    for number, row in enumerate(rows, 2):
        found += _problems_of_row(number, row, table)
        if row["id"] in seen:
            found.append(_of_row(number, row, "id", "twice", "once", "A row stands there twice."))
        seen[row["id"]] = row
    found += _problems_of_mapping(table, seen)
    return tuple(found)


def _of_row(number: int, row: Mapping[str, str], field: str, *texts: str) -> Problem:
    got, expected, message = texts
    return Problem(COSTS, number, f"{row['id']}, {field}", got, expected, message)


def _problems_of_row(
    number: int, row: Mapping[str, str], table: Mapping[str, Any]
) -> Iterator[Problem]:
    def wrong(field: str, expected: str, message: str) -> Problem:
        return _of_row(number, row, field, row[field] or "nothing", expected, message)

    values = {}
    for field in ("value", "low", "high"):
        if row[field] or field == "value":
            try:
                values[field] = float(row[field])
            except ValueError:
                yield wrong(field, "a number", "This is not a number.")
    unit = row["unit"]
    if _OTHER_MONEY.search(unit):
        yield wrong("unit", "GBP", "The amount is in another currency: bring it to pounds first.")
    elif _MONEY.match(unit):
        known = [year_label(year) for year in indices()]
        if row["price_year"] not in known:
            yield wrong(
                "price_year",
                f"a financial year from {known[0]} to {known[-1]}",
                "The amount has no price year that the deflator knows.",
            )
        if values.get("value", 0.0) < 0:
            yield wrong("value", "0 or more", "A unit cost is below zero.")
    if unit.startswith("share") and not 0 <= values.get("value", 0.0) <= 1:
        yield wrong("value", "from 0 to 1", "This is no share.")
    low, high = values.get("low", -1e300), values.get("high", 1e300)
    if "value" in values and not low <= values["value"] <= high:
        yield wrong("value", f"between {row['low']} and {row['high']}", "It is outside its range.")
    if row["bearer"] not in {**table["bearer_map"], **table["bearer_unmapped"]}:
        yield wrong("bearer", "a name in [bearer_map]", "There is no such bearer.")
    if row["status"] not in STATUSES:
        yield wrong("status", f"one of: {', '.join(STATUSES)}", "There is no such status.")
    if row["grade"] not in _GRADES or not row["grade"]:
        yield wrong("grade", "A, B, C or D", "There is no such grade.")
    elif row["status"] == "recalled" and row["grade"] != "D":
        yield wrong("grade", "D", "What is recalled has the grade D.")
    if not row["source"].strip():
        yield wrong("source", "where the figure comes from", "The figure has no source.")


def _problems_of_mapping(
    table: Mapping[str, Any], rows: Mapping[str, Mapping[str, str]]
) -> Iterator[Problem]:
    events = {*MEASURES, EXPECTED_HOMICIDES}
    charged: dict[str, set[str]] = {}
    for entry in table["crime"]:
        name = f"crime {entry['offence']}"
        for side in ("true", "recorded"):
            if entry[side] not in events:
                yield _of_event(name, entry[side])
        yield from _entry(name, entry, table, rows)
    for entry in table["service"]:
        name = f"service {entry['item']}"
        if entry["measure"] not in events:
            yield _of_event(name, entry["measure"])
        route = entry.get("route", "both")
        charged.setdefault(entry["measure"], set()).add(route)
        yield from _entry(name, entry, table, rows)
    for section, reasons in table.items():
        if section == "zero" or section.startswith("zero_on"):
            for measure in reasons:
                if measure not in events:
                    yield _of_event(f"[{section}]", measure)
    for measure, routes in charged.items():
        zero = table["zero"].get(measure)
        if zero is not None or routes >= {"average", "event"}:
            message = "An event is priced twice, or priced and called worth nothing."
            yield Problem(MAPPING, None, measure, ", ".join(sorted(routes)), "one route", message)


def _of_event(name: str, measure: str) -> Problem:
    message = "There is no such event to count."
    return Problem(MAPPING, None, name, measure, "a measure that the model counts", message)


def _entry(
    name: str,
    entry: Mapping[str, Any],
    table: Mapping[str, Any],
    rows: Mapping[str, Mapping[str, str]],
) -> Iterator[Problem]:
    """Find rows, bearers, items and parameters that an entry names and nobody knows."""
    for key, value in _named(entry):
        if key in _ROWS and value not in rows:
            message = "There is no such row in costs.csv."
            yield Problem(MAPPING, None, f"{name}, {key}", value, "the id of a row", message)
        if key in ("bearer", "rest") and value not in table["bearers"]:
            known = ", ".join(table["bearers"])
            yield Problem(MAPPING, None, f"{name}, {key}", value, known, "There is no such bearer.")
        if key == "uncertain" and f"cost.{value}" not in registry():
            message = "There is no such parameter under cost."
            yield Problem(MAPPING, None, f"{name}, {key}", value, "a name under cost.*", message)
    for side in ("consequence", "response"):
        for item in (entry.get(side) or {}).get("parts", {}):
            if item not in table["items"]:
                message = "There is no such item."
                known = ", ".join(table["items"])
                yield Problem(MAPPING, None, f"{name}, {side}", item, known, message)


_ROWS: Final = ("row", "multiplier", "proxy", "times", "share", "parts")


def _named(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return every (key, text) in an entry, however deep."""
    for key, value in entry.items():
        if isinstance(value, str):
            yield key, value
        elif key == "uncertain":
            names = value.values() if isinstance(value, dict) else [value]
            yield from ((key, name) for group in names for name in group)
        elif isinstance(value, dict):
            if key in ("parts", "first"):
                yield from (("row", row) for row in value.values())
            else:
                yield from _named(value)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from _named(one)
