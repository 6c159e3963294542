"""Where everything stands in a scenario's workbook, and how a value is put into a cell."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from dapp_model.parameters import AS_PROGRAMME, Parameter
from dapp_model.quantities import UNITS, Value, render

Found = str | int | float | bool | date | None  # what a cell holds

COVER: Final = "Cover"
SCENARIO: Final = "Scenario"
LEVERS: Final = "Levers"
ASSUMPTIONS: Final = "Assumptions"
NOTES: Final = "Notes"
SHEETS: Final = (COVER, SCENARIO, LEVERS, ASSUMPTIONS, NOTES)
READ: Final = (SCENARIO, LEVERS, ASSUMPTIONS)

KEY: Final = 0  # the column of keys in every sheet that is read; its heading is HEADING
HEADING: Final = "Key"
VALUE: Final = 2  # the column of values in Scenario and Assumptions
ALL_OPTIONS: Final = 5  # the column of values for all options in Levers
FIRST_OPTION: Final = 6  # the column of the first option in Levers
MOST_OPTIONS: Final = 50
SPARE_OPTIONS: Final = 3  # empty columns for options that somebody adds
MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = FIRST_OPTION + MOST_OPTIONS

OPTION_NAME: Final = "option.name"
OPTION_INCLUDED: Final = "option.included"
OPTION_LABEL: Final = "option.label"
OPTION_DESCRIPTION: Final = "option.description"
OPTION_ROWS: Final = (OPTION_INCLUDED, OPTION_LABEL, OPTION_DESCRIPTION, OPTION_NAME)

YES: Final = "yes"
NO: Final = "no"
NONE: Final = "none"  # an empty list; an empty cell means that nothing is set
LONGEST_CELL: Final = 32_767  # characters, of every spreadsheet program


def to_cell(parameter: Parameter, value: Value) -> Found:
    """Return what a cell holds for a value in base units; `from_cell` and `parse` lead back.

    A number that a workbook would round in its last digit is written as a text.
    """
    if isinstance(value, bool):
        return YES if value else NO
    due = UNITS[parameter.unit]
    if value in (AS_PROGRAMME, due.word):
        return str(value)
    if due.kind == "choices" and not value:
        return NONE
    if isinstance(value, date):
        # Spreadsheet programs disagree about the days of 1900.
        return value if value.year > 1900 else value.isoformat()
    if isinstance(value, int | float) and (due.bare or due.kind in ("count", "money")):
        exact = float(f"{value:.16G}") == value
        return value if exact else render(value, parameter.unit)
    return render(value, parameter.unit)


def from_cell(parameter: Parameter | None, found: Found) -> object:
    """Return what a scenario file would hold for a cell; None for an empty one.

    A bare number of pounds or of things stands in the unit that is written beside it.
    """
    if isinstance(found, str):
        return _from_text(parameter, " ".join(found.split()))
    if isinstance(found, datetime) and not any((found.hour, found.minute, found.second)):
        return found.date()
    if isinstance(found, bool) or not isinstance(found, int | float) or parameter is None:
        return found
    due = UNITS[parameter.unit]
    if due.kind == "money":
        return f"{'-' if found < 0 else ''}£{_plain(abs(found))}"
    if due.kind == "count" and due.noun is not None:
        return f"{_plain(found)} {due.noun[0] if found == 1 else due.noun[1]}"
    return found


def _from_text(parameter: Parameter | None, text: str) -> object:
    word = text.casefold()
    if not text:
        return None
    if parameter is None:
        return text
    if word == AS_PROGRAMME:
        return AS_PROGRAMME
    if parameter.kind == "switch" and word in (YES, NO):
        return word == YES
    if parameter.kind == "choices" and word == NONE:
        return []
    return text


def _plain(number: float) -> str:
    return f"{Decimal(repr(number)):f}".removesuffix(".0")


def slug(label: str) -> str:
    """Return an option's name made of its label: small letters, digits and underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:60]
    return name if re.match("[a-z]", name) else f"option_{name}".rstrip("_")
