"""What a sheet of tables.xlsx and tables.ods holds, in the order in which it stands there."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dapp_model.disclosure import CONFIDENTIAL, LEGEND

Cell = str | int | float | None  # None is what was not assessed
Row = tuple[Cell, ...]

NOT_ASSESSED: Final = "[x]"
NOT_APPLICABLE: Final = "[z]"
SHORTHAND: Final = {
    NOT_ASSESSED: "[x] = not assessed: the run cannot tell.",
    NOT_APPLICABLE: "[z] = not applicable.",
    CONFIDENTIAL: LEGEND,
}
COVER: Final = "Cover"
CONTENTS: Final = "Contents"
NOTES: Final = "Notes"
CONTENT_COLUMNS: Final = ("Sheet name", "Table description")
ONE_TABLE: Final = "This worksheet contains one table."

FORMATS: Final = {  # how a number is shown; the cell holds it in full
    "text": "General",
    "count": "#,##0.0",
    "small": "0.0000",  # of a count, where one decimal would show nothing
    "whole": "#,##0",
    "pounds": "#,##0",
    "share": "0.000",
    "number": "0.000",
    "mixed": "General",  # counts and shares in one column
    "plain": "General",
}
_LONGEST: Final = 32_000
_CHARACTERS: Final = 0.95  # of the layout's letters, in one unit of width
LINE: Final = 15.75  # points, of the layout's letters
COVER_WIDTH: Final = 100
CONTENT_WIDTHS: Final = (28, 100)
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Column:
    """A column: what it holds, its unit (empty for texts) and how numbers are shown."""

    label: str
    unit: str = ""
    form: str = "text"
    widest: int = 60  # characters

    @property
    def is_number(self) -> bool:
        """Say whether the column holds numbers, which stand to the right."""
        return self.form not in ("text", "plain")

    @property
    def heading(self) -> str:
        """Return the heading with the unit on a line of its own."""
        return f"{self.label}\n({self.unit})" if self.unit else self.label


@dataclass(frozen=True)
class Sheet:
    """One table with what is said above it; `notes` are numbers of notes that it rests on."""

    name: str
    title: str
    source: str
    scope: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[int, ...] = ()

    @property
    def heading(self) -> str:
        """Return the title with the notes that belong to it."""
        return self.title + "".join(f" [note {number}]" for number in self.notes)

    @property
    def legend(self) -> list[str]:
        """Return what the shorthand means that stands in the table."""
        used = {cleaned(cell) for row in self.rows for cell in row}
        return [text for mark, text in SHORTHAND.items() if mark in used]

    def above(self) -> list[str]:
        """Return the lines above the table, in their order."""
        said = f"{ONE_TABLE} Notes are on the sheet {NOTES}." if self.notes else ONE_TABLE
        return [
            self.heading,
            said,
            *self.legend,
            f"Source: {self.source}",
            f"Scope: {self.scope}",
        ]


@dataclass(frozen=True)
class Book:
    """Cover, notes and tables. The cover is a title and paragraphs, each under a heading."""

    title: str
    intro: tuple[str, ...]
    about: tuple[str, ...]
    contact: tuple[str, ...]
    sheets: tuple[Sheet, ...]

    def cover(self) -> Iterator[tuple[str, str]]:
        """Yield kind (title, heading, text) and text of each line of the cover."""
        yield "title", self.title
        parts = (
            ("Introductory information", self.intro),
            ("About these data", self.about),
            ("Contact", self.contact),
        )
        for heading, lines in parts:
            yield "heading", heading
            for line in lines:
                yield "text", line

    def contents(self) -> list[tuple[str, str]]:
        """Return name and title of every sheet with a table."""
        return [(sheet.name, sheet.heading) for sheet in self.sheets]


def cleaned(cell: Cell) -> Cell:
    """Return what is written for a cell: shorthand for nothing, and a text that stays a text.

    The writers of both formats give some marks in a text a meaning of their own (a link, a note);
    a space takes it away.
    """
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return NOT_ASSESSED
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, str):
        # Spreadsheet programs read 16 digits; both files hold the same ones.
        return int(cell) if float(cell).is_integer() else float(f"{cell:.16G}")
    return said(cell)


def said(text: str) -> str:
    """Return a text without control characters, links and references, short enough for a cell."""
    text = re.sub("[ \t\r]+", " ", _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)).strip()
    text = re.sub(r"\$(?=\$)", "$ ", text.replace("](", "] ("))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    if not re.search("[A-Za-z0-9]", text):
        # The layout has no cells of symbols alone; a text in another script is one to it.
        return f"text: {text}" if text else NOT_APPLICABLE
    return text


def widths(sheet: Sheet) -> list[int]:
    """Return the width of each column in characters."""
    found = []
    for i, column in enumerate(sheet.columns):
        words = [len(word) for word in column.heading.replace("\n", " ").split()]
        cells = (row[i] for row in sheet.rows)
        texts = [int(len(cell) * 1.1) + 2 for cell in cells if isinstance(cell, str)]
        found.append(min(column.widest, max(14, *(n + 3 for n in words), *texts)))
    return found


def lines(cells: Sequence[Cell], columns: Sequence[int]) -> int:
    """Return how many lines a row needs, with its cells wrapped at the widths of their columns."""
    most = 1
    for cell, width in zip(cells, columns, strict=True):
        if isinstance(cell, str) and len(cell) > 8:
            room = max(1, int(width * _CHARACTERS))
            parts = cell.split("\n")
            most = max(most, sum(len(textwrap.wrap(part, room)) or 1 for part in parts))
    return most


def form_of(value: Cell, form: str) -> str:
    """Return how a cell of a column is shown: a count near nought has more decimals."""
    if form == "count" and isinstance(value, int | float) and 0 < abs(value) < 0.1:
        return "small"
    return form


def height(n_lines: int) -> float:
    """Return the height of a row in points."""
    return LINE * n_lines + 2
