"""How a scenario's workbook looks, its cover and its notes; nothing here is read back."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dapp_model.parameters import Inputs
from dapp_model.quantities import UNITS

_YELLOW: Final = "#FFF2CC"
_GREY: Final = "#595959"
_RULE: Final = "#BFBFBF"
_LINE: Final = 13.5  # points
_STEPS: Final = (
    ("What this is", None),
    (None, "A scenario of the model: the options that are compared, what each would do, and what "
           "the scenario believes beyond the model's own evidence."),
    ("What to do", None),
    (None, "1. Change yellow cells in the sheets Scenario and Levers. All other cells are locked, "
           "without a password, so that nothing is lost by a slip."),
    (None, "2. Save the workbook as .xlsx, under a name of your own."),
    (None, "3. dapp check NAME.xlsx says in words whether it makes sense and what differs. A "
           "problem is named with its sheet and cell."),
    (None, "4. dapp run NAME.xlsx --quick gives a first answer, marked as indicative; without "
           "--quick it takes longer and can be relied on as far as the evidence goes."),
    ("Good to know", None),
    (None, "A value that is not possible is refused. A value outside the usual range is accepted, "
           "and the report says so."),
    (None, "Formulas are not worked out: write the value itself. Macros are not looked at."),
    (None, "The sheet Notes says how values are written. Keys in the first column tell the program "
           "which row is which; do not change them."),
)  # fmt: skip
_NOTES: Final = (
    ("Time", "a number and its unit in words: 26 weeks, 3 months, 24 months, 7 days"),
    ("Money", "a number of pounds: 100000. The cell shows the pound sign"),
    ("How many", "a whole number: 20. The cell shows what is counted"),
    ("Share", "between 0 and 1, or a percentage: 0.25 or 25%"),
    ("Hazard ratio", "1 is no effect, below 1 is less abuse: 0.9"),
    ("Rate", "a number and its period: 0.03 per week, 70 per year"),
    ("Date", "year-month-day: 2017-01-01"),
    ("List", "words with commas between them: self, police. The word none is an empty list"),
    ("Who pays which share", "name and share with commas between; shares add up to 1: "
                             "community_safety_board 0.5, surrey_police 0.25, opcc 0.25"),
    ("as programme", "in the extension: as in the pilot"),
    ("from budget", "as many places as the money buys"),
    ("Grade", "A trial or official statistic, B comparison group, C before and after or "
              "administrative, D judgement or recalled, - a choice and not a belief"),
    ("Status", "verified primary: found in the source itself; verified secondary: found where "
               "another source quotes it; derived: worked out from others; seed document: from the "
               "documents of the decision; recalled: no page was found that says it; convention: a "
               "choice of how to count"),
    ("Order of options", "the first column that is compared is the one that all others are "
                         "compared with; the others keep their order"),
    ("Compared with", "the scenario file of which dapp check says what differs. Nothing is taken "
                      "from it: this workbook holds its whole scenario"),
)  # fmt: skip


def formats(book: Any) -> Mapping[str, Any]:
    """Return the formats by name; cells are locked unless they are inputs."""
    plain = {"valign": "top", "font_name": "Arial", "font_size": 10}
    wrapped = {**plain, "text_wrap": True, "align": "left"}
    put = {**wrapped, "locked": False, "bg_color": _YELLOW, "border": 1, "border_color": _RULE}
    numbers = {
        "text": "@",
        "number": "General",
        "money": '"£"#,##0;-"£"#,##0',
        "date": "yyyy-mm-dd",
    }
    for unit in UNITS.values():
        if unit.kind == "count" and unit.noun is not None:
            one, many = unit.noun
            numbers[f"count_{many}"] = f'[=1]#,##0" {one}";#,##0" {many}"'
    found = {
        "title": {**plain, "bold": True, "font_size": 16},
        "section": {**plain, "bold": True, "font_size": 12},
        "plain": plain,
        "wrapped": wrapped,
        "bold": {**wrapped, "bold": True},
        "head": {**wrapped, "bold": True, "bottom": 2},
        "said": wrapped,
        "key": {**plain, "font_size": 8, "font_color": _GREY},
        "key_head": {**plain, "font_size": 8, "font_color": _GREY, "bottom": 2},
        "closed": {**plain, "bg_color": "#F2F2F2"},
        **{f"input_{name}": {**put, "num_format": form} for name, form in numbers.items()},
    }
    # A text that begins with = stays one even if somebody edits the cell.
    found["input_text"]["quote_prefix"] = True
    return {name: book.add_format(form) for name, form in found.items()}


def cover(sheet: Any, forms: Mapping[str, Any], inputs: Inputs, marks: Sequence[str]) -> None:
    """Write what the workbook is, what to do with it and what it rests on."""
    sheet.set_column(0, 0, 100)
    sheet.write_string(0, 0, "A scenario to edit", forms["title"])
    sheet.set_row(0, 24)
    sheet.write_string(1, 0, inputs.title, forms["wrapped"])
    row = 3
    for heading, text in _STEPS:
        if heading:
            row += 1
            sheet.write_string(row, 0, heading, forms["section"])
        else:
            sheet.write_string(row, 0, str(text), forms["wrapped"])
            _high(sheet, row, str(text), 100)
        row += 1
    if marks:
        sheet.write_string(row + 1, 0, "Please note", forms["section"])
        for i, mark in enumerate(marks):
            sheet.write_string(row + 2 + i, 0, mark, forms["wrapped"])
            _high(sheet, row + 2 + i, mark, 100)


def _high(sheet: Any, row: int, text: str, width: int) -> None:
    """Make a row as high as its text, which not every program does by itself."""
    sheet.set_row(row, _LINE * max(1, len(textwrap.wrap(text, width))))


def notes(sheet: Any, forms: Mapping[str, Any]) -> None:
    """Write how values are written and what words mean."""
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, "Notes", forms["title"])
    sheet.set_row(0, 24)
    sheet.write_string(2, 0, "What", forms["head"])
    sheet.write_string(2, 1, "How it is written, or what it means", forms["head"])
    for i, (what, text) in enumerate(_NOTES):
        sheet.write_string(3 + i, 0, what, forms["bold"])
        sheet.write_string(3 + i, 1, text, forms["wrapped"])
        _high(sheet, 3 + i, text, 100)


def finish(sheet: Any) -> None:
    """Lock a sheet without a password, and have it print across one page's width."""
    sheet.protect("", {"format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
