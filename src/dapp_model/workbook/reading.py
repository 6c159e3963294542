"""Read a scenario's workbook into the nested tables that a scenario file would hold.

Nothing in a workbook is worked out or run: a formula where a value is due is a problem, macros and
links to other files are not looked at, and a file that would unfold beyond use is refused before it
is unpacked.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dapp_model.errors import Cell, InputErrors, Problem
from dapp_model.parameters import Parameter, registry
from dapp_model.quantities import quote
from dapp_model.workbook import layout
from dapp_model.workbook.layout import Found

SUFFIXES: Final = (".xlsx", ".xlsm")
KeyPath = tuple[str, ...]
Read = tuple[Mapping[str, Any], Mapping[KeyPath, int], str]

_MOST_PARTS: Final = 500
_MOST_BYTES: Final = 3_000_000  # of all parts together, unpacked
_MOST_STYLES: Final = 400_000  # of the part with the formats, which takes longest to read
_STYLES: Final = "xl/styles.xml"
_LONGEST_KEY: Final = 200
_DEEPEST_KEY: Final = 4  # steps, as in options.stop.extension.length
_DECLARATIONS: Final = tuple(
    mark.encode(code)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for code in ("utf-8", "utf-16-le", "utf-16-be")
)


@dataclass(frozen=True)
class _NotAValue:
    """A formula, or the error of one: whatever a setting takes, it does not take this."""

    text: str

    def __str__(self) -> str:
        """Say what was found, for a message."""
        if self.text.startswith("="):
            return f"a formula, which is not worked out ({self.text})"
        return f"an error in place of a value ({self.text})"


@dataclass(frozen=True)
class _Found:
    """A cell that is not empty: where it stands, and what it holds."""

    at: Cell
    value: Found | _NotAValue

    def read(self, parameter: Parameter | None = None) -> object:
        """Return what a scenario file would hold for it, None for nothing."""
        if isinstance(self.value, _NotAValue):
            return self.value
        return layout.from_cell(parameter, self.value)


_Row = Mapping[int, _Found]  # by column


class _Reader:
    """What has been read so far: tables, where each key stands, and all problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.table: dict[str, Any] = {}
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []

    def refuse(self, at: Cell | None, message: str, found: str, expected: str) -> None:
        """Add a problem at a cell."""
        self.problems.append(Problem(self.file, at, "", found, expected, message))

    def put(self, path: KeyPath, cell: _Found, value: object) -> None:
        """Lay a value where a scenario file would have it."""
        if len(path) > _DEEPEST_KEY or not all(path) or len(".".join(path)) > _LONGEST_KEY:
            message = "This cannot be the key of a setting."
            self.refuse(cell.at, message, quote(".".join(path)), "a key that dapp workbook wrote")
            return
        inner = self.table
        for name in path[:-1]:
            step = inner.setdefault(name, {})
            if not isinstance(step, dict):
                break
            inner = step
        else:
            if path[-1] not in inner:
                inner[path[-1]] = value
                for length in range(1, len(path) + 1):
                    self.lines.setdefault(path[:length], cell.at)
                return
        message = f"'{'.'.join(path)}' stands in the workbook twice."
        self.refuse(cell.at, message, quote(value), "each setting once")


def tables(file: str, content: bytes) -> Read:
    """Return the tables of a workbook, the cell of each key, and its content as a text.

    The text depends on what the cells hold and on nothing else: to save the workbook again with
    another program leaves it as it is. Raises InputErrors with every problem of the cells.
    """
    sheets = _sheets(file, content)
    reader = _Reader(file)
    for name in layout.READ:
        if name not in sheets:
            message = f"The workbook has no sheet '{name}'."
            expected = "a workbook that dapp workbook wrote"
            reader.refuse(None, message, ", ".join(sheets) or "no sheets", expected)
    _scenario(reader, sheets.get(layout.SCENARIO, []))
    _levers(reader, sheets.get(layout.LEVERS, []))
    _values(reader, sheets.get(layout.ASSUMPTIONS, []))
    if reader.problems:
        raise InputErrors(tuple(reader.problems))
    return reader.table, reader.lines, json.dumps(reader.table, ensure_ascii=False, default=str)


# -- what the cells say ---------------------------------------------------------------------------


def _keyed(reader: _Reader, rows: Sequence[_Row]) -> Iterator[tuple[str, _Row]]:
    """Yield the rows below the heading that have a key."""
    begun = False
    for row in rows:
        key = row.get(layout.KEY)
        if key is None:
            continue
        if not begun:
            begun = key.value == layout.HEADING
        else:
            yield str(key.value).strip(), row


def _scenario(reader: _Reader, rows: Sequence[_Row]) -> None:
    for key, row in _keyed(reader, rows):
        cell = row.get(layout.VALUE)
        if cell is None and key == "extends":
            continue
        if cell is None:
            # An empty text: what every scenario has is asked for at its own cell.
            cell = _empty(row[layout.KEY], layout.VALUE)
        value = cell.read()
        reader.put(tuple(key.split(".")), cell, "" if value is None else value)


def _values(reader: _Reader, rows: Sequence[_Row], column: int = layout.VALUE) -> None:
    for key, row in _keyed(reader, rows):
        if column in row and key not in layout.OPTION_ROWS:
            _value(reader, tuple(key.split(".")), row[column])


def _value(reader: _Reader, path: KeyPath, cell: _Found) -> None:
    value = cell.read(_parameter(path))
    if value is not None:
        reader.put(path, cell, value)


def _parameter(path: KeyPath) -> Parameter | None:
    return registry().get(".".join(path[-2:]))


def _levers(reader: _Reader, rows: Sequence[_Row]) -> None:
    _values(reader, rows, layout.ALL_OPTIONS)
    keyed = dict(_keyed(reader, rows))
    columns = sorted({column for row in keyed.values() for column in row})
    for column in columns:
        if column >= layout.FIRST_OPTION:
            own = {key: row[column] for key, row in keyed.items() if column in row}
            _option(reader, own)


def _option(reader: _Reader, own: Mapping[str, _Found]) -> None:
    """Read the column of one option; a column without any value is none."""
    texts = {}
    for key in layout.OPTION_ROWS:
        value = own[key].read() if key in own else None
        if value is not None:
            texts[key] = value
    included = str(texts.get(layout.OPTION_INCLUDED, layout.YES)).casefold()
    if included not in (layout.YES, layout.NO):
        cell, message = own[layout.OPTION_INCLUDED], "An option is compared, or it is not."
        reader.refuse(cell.at, message, quote(included), f"{layout.YES} or {layout.NO}")
    levers = {key: cell for key, cell in own.items() if key not in layout.OPTION_ROWS}
    others = set(texts) - {layout.OPTION_INCLUDED}
    if included == layout.NO or not (levers or others):
        return
    first = own[next(iter(own))]
    label = texts.get(layout.OPTION_LABEL)
    name = texts.get(layout.OPTION_NAME) or (layout.slug(str(label)) if label else None)
    if name is None:
        message = "This option has neither a label nor a name."
        reader.refuse(first.at, message, quote(first.value), "a label in the row 'Label'")
        return
    path = ("options", str(name))
    if "." in path[1] or path in reader.lines:
        message = "Another option has this name."
        if "." in path[1]:
            message = "An option's name cannot be written like this; its label can."
        expected = "a name of its own: small letters, digits and underscores"
        reader.refuse(own.get(layout.OPTION_NAME, first).at, message, quote(name), expected)
        return
    reader.lines[path] = own.get(layout.OPTION_NAME, own.get(layout.OPTION_LABEL, first)).at
    reader.table.setdefault("options", {}).setdefault(path[1], {})
    for key in (layout.OPTION_LABEL, layout.OPTION_DESCRIPTION):
        if key in texts:
            reader.put((*path, key.partition(".")[2]), own[key], texts[key])
    for key, cell in levers.items():
        _value(reader, (*path, *key.split(".")), cell)


def _empty(beside: _Found, column: int) -> _Found:
    from openpyxl.utils import get_column_letter

    row = beside.at.name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    name = f"{get_column_letter(column + 1)}{row}"
    return _Found(Cell(int(beside.at) + column, beside.at.sheet, name), "")


# -- the file itself ------------------------------------------------------------------------------


def _sheets(file: str, content: bytes) -> dict[str, list[_Row]]:
    """Return the rows of every sheet that is read; raises InputErrors."""
    _bounded(file, content)
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about decorations that it leaves out
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=False, keep_links=False
            )
            named = {sheet.title: sheet for sheet in book.worksheets}
            return {
                name: _rows(file, i, named[name])
                for i, name in enumerate(layout.READ)
                if name in named
            }
    except InputErrors:
        raise
    except Exception as error:  # a broken workbook breaks in every way there is
        reason = " ".join(f"{error}".split())[:100] or type(error).__name__
        raise _refusal(file, "The workbook cannot be read; it is damaged.", reason) from None


def _rows(file: str, order: int, sheet: Any) -> list[_Row]:
    size = (sheet.max_row or 0, sheet.max_column or 0)
    if size[0] > layout.MOST_ROWS or size[1] > layout.MOST_COLUMNS:
        found = f"{size[0]:,} rows and {size[1]:,} columns in the sheet '{sheet.title}'"
        expected = f"at most {layout.MOST_ROWS:,} rows and {layout.MOST_COLUMNS} columns"
        raise _refusal(file, "A sheet is larger than a scenario can be.", found, expected)
    rows: list[_Row] = []
    limits = {"max_row": layout.MOST_ROWS, "max_col": layout.MOST_COLUMNS}
    for r, row in enumerate(sheet.iter_rows(**limits)):
        cells: dict[int, _Found] = {}
        for c, cell in enumerate(row):
            if cell.value is not None and cell.value != "":
                place = (order * layout.MOST_ROWS + r) * layout.MOST_COLUMNS + c
                at = Cell(place + 1, sheet.title, cell.coordinate)
                value = cell.value
                if cell.data_type in ("e", "f"):
                    value = _NotAValue(str(getattr(value, "text", value)))
                cells[c] = _Found(at, value)
        rows.append(cells)
    return rows


def _bounded(file: str, content: bytes) -> None:
    """Refuse what is no workbook, or would unfold beyond use, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            styles = max((one.file_size for one in parts if one.filename == _STYLES), default=0)
            if len(parts) > _MOST_PARTS or size > _MOST_BYTES or styles > _MOST_STYLES:
                found = f"{len(parts):,} parts, {size:,} bytes unpacked, {styles:,} of formats"
                expected = (
                    f"at most {_MOST_PARTS} parts and {_MOST_BYTES:,} bytes, {_MOST_STYLES:,} of "
                    "them for formats"
                )
                message = "The workbook unfolds to more than a scenario can be."
                raise _refusal(file, message, found, expected)
            for part in parts:
                # zipfile gives no more bytes than the part says it has.
                text = archive.read(part)
                if any(mark in text for mark in _DECLARATIONS):
                    message = "The workbook holds declarations that no spreadsheet program writes."
                    raise _refusal(file, message, part.filename[:100])
    except InputErrors:
        raise
    except Exception as error:
        reason = " ".join(f"{error}".split())[:100] or type(error).__name__
        message = "This is not a workbook, or it is damaged or protected by a password."
        raise _refusal(file, message, reason) from None


def _refusal(
    file: str, message: str, found: str, expected: str = "a workbook that dapp workbook wrote"
) -> InputErrors:
    return InputErrors((Problem(file, None, "", found, expected, message),))
