"""Write the tables of a run as tables.xlsx, through gptables: the Analysis Function's layout."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from typing import Any, Final

from dapp_model.spreadsheets import sheet as layout
from dapp_model.spreadsheets.sheet import Book, Column, Sheet

_OPTIONS: Final = {
    "in_memory": True,
    # A text is a text, whatever it begins with.
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def workbook(book: Book) -> bytes:
    """Return the workbook; an equal book gives equal bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves a file of its own open when it is loaded
        import gptables

    cover = gptables.Cover(
        title=layout.said(book.title),
        intro=[layout.said(line) for line in book.intro],
        about=[layout.said(line) for line in book.about],
        contact=[layout.said(line) for line in book.contact],
        cover_label=layout.COVER,
        width=layout.COVER_WIDTH,
    )
    tables = {sheet.name: _table(sheet, i) for i, sheet in enumerate(book.sheets)}
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that notes are a table of their own here
        made = gptables.produce_workbook(
            stream,
            tables,
            cover=cover,
            contentsheet_label=layout.CONTENTS,
            contentsheet_options={
                "column_names": list(layout.CONTENT_COLUMNS),
                "title": layout.CONTENTS,
                "instructions": layout.ONE_TABLE,
            },
            auto_width=False,
            workbook_options=_OPTIONS,
        )
    made.set_properties({"title": layout.said(book.title), "created": dt.datetime(2000, 1, 1)})
    for sheet in book.sheets:
        _finish(made.get_worksheet_by_name(sheet.name), sheet)
    for name in (layout.COVER, layout.CONTENTS):
        _print(made.get_worksheet_by_name(name))
    for i, width in enumerate(layout.CONTENT_WIDTHS):
        made.get_worksheet_by_name(layout.CONTENTS).set_column(i, i, width)
    for i, (kind, text) in enumerate(book.cover()):
        tall = layout.height(layout.lines([layout.said(text)], [layout.COVER_WIDTH])) + 10 * (
            kind != "text"
        )
        made.get_worksheet_by_name(layout.COVER).set_row(i, tall)
    made.close()
    return stream.getvalue()


def _table(sheet: Sheet, place: int) -> Any:
    import gptables
    import pandas as pd

    rows = [[layout.cleaned(cell) for cell in row] for row in sheet.rows]
    headings = [column.heading for column in sheet.columns]
    columns = {
        heading: pd.Series([row[i] for row in rows], dtype=object)
        for i, heading in enumerate(headings)
    }
    above = sheet.above()
    n_legend = len(sheet.legend)
    return gptables.GPTable(
        table=pd.DataFrame(columns),
        table_name=f"table_{place}",
        title=above[0],
        instructions=above[1],
        legend=above[2 : 2 + n_legend],
        source=above[2 + n_legend],
        scope=layout.said(above[3 + n_legend]),
        index_columns={},
        additional_formatting=[
            {"column": {"columns": [i], "format": look, "include_names": True}}
            for i, column in enumerate(sheet.columns)
            for look in [_look(column, first=i == 0)]
        ]
        + [
            {"cell": {"cells": (r, c), "format": {"num_format": layout.FORMATS[form]}}}
            for r, row in enumerate(rows, start=1)  # the headings are the first
            for c, (value, column) in enumerate(zip(row, sheet.columns, strict=True))
            if (form := layout.form_of(value, column.form)) != column.form
        ],
    )


def _look(column: Column, *, first: bool) -> dict[str, Any]:
    if column.is_number:
        return {"num_format": layout.FORMATS[column.form], "align": "right", "valign": "top"}
    # A text beside a number would touch it.
    return {"align": "left", "valign": "top", "indent": 0 if first else 1}


def _finish(page: Any, sheet: Sheet) -> None:
    """Set widths by what the columns hold, and have the headings stay in sight."""
    wide = layout.widths(sheet)
    for i, width in enumerate(wide):
        page.set_column(i, i, width)
    top = len(sheet.above())
    for i, row in enumerate(([column.heading for column in sheet.columns], *sheet.rows)):
        page.set_row(
            top + i, layout.height(layout.lines([layout.cleaned(cell) for cell in row], wide))
        )
    page.freeze_panes(len(sheet.above()) + 1, 0)
    page.repeat_rows(len(sheet.above()))
    _print(page)


def _print(page: Any) -> None:
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
