"""Write the tables of a run as tables.ods, with the same sheets and cells as tables.xlsx.

gptables writes .xlsx alone, so this is the same layout through odfpy.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

from dapp_model.spreadsheets.sheet import (
    CONTENT_COLUMNS,
    CONTENTS,
    COVER,
    ONE_TABLE,
    Book,
    Cell,
    Sheet,
    cleaned,
    said,
)
from dapp_model.spreadsheets.xlsx import widths

_DATE: Final = (2000, 1, 1, 0, 0, 0)
_DECIMALS: Final = {"count": 1, "whole": 0, "pounds": 0, "share": 3, "number": 3}
_FONT: Final = "Arial"
_CHARACTER_CM: Final = 0.23  # the width of one
_COVER_WIDTH: Final = 100


def workbook(book: Book) -> bytes:
    """Return the spreadsheet; an equal book gives equal bytes."""
    from odf.opendocument import OpenDocumentSpreadsheet

    document = OpenDocumentSpreadsheet()
    page = _Writer(document)
    page.properties(said(book.title))
    page.cover(book)
    page.contents(book)
    for sheet in book.sheets:
        page.sheet(sheet)
    stream = io.BytesIO()
    document.write(stream)
    return _dateless(stream.getvalue())


class _Writer:
    """Adds sheets to a document; styles are made once."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.styles = {
            "title": self._style("title", {"fontsize": "16pt", "fontweight": "bold"}),
            "heading": self._style("heading", {"fontsize": "14pt", "fontweight": "bold"}),
            "said": self._style("said", {"fontsize": "12pt"}),
            "text": self._style("text", {"fontsize": "12pt"}, wrap=True),
            "head": self._style("head", {"fontsize": "12pt", "fontweight": "bold"}, wrap=True),
        }
        for form, decimals in _DECIMALS.items():
            self.styles[form] = self._style(
                form, {"fontsize": "12pt"}, number=self._number(form, decimals)
            )
        self.styles["plain"] = self.styles["said"]
        self.columns: dict[int, Any] = {}

    def _style(
        self, name: str, text: dict[str, str], *, wrap: bool = False, number: Any = None
    ) -> Any:
        from odf.style import Style, TableCellProperties, TextProperties

        more = {"datastylename": number} if number is not None else {}
        style = Style(name=f"cell_{name}", family="table-cell", **more)
        font = {"fontname": _FONT, "fontfamily": _FONT, "language": "en", "country": "GB"}
        style.addElement(TextProperties(**text, **font))
        border = {"borderbottom": "0.05cm solid #000000"} if name == "head" else {}
        wrapped = {"wrapoption": "wrap"} if wrap else {}
        style.addElement(TableCellProperties(verticalalign="top", **border, **wrapped))
        self.document.automaticstyles.addElement(style)
        return style

    def _number(self, form: str, decimals: int) -> Any:
        from odf.number import Number, NumberStyle

        style = NumberStyle(name=f"number_{form}")
        style.addElement(Number(decimalplaces=decimals, minintegerdigits=1, grouping="true"))
        self.document.automaticstyles.addElement(style)
        return style

    def properties(self, title: str) -> None:
        """Set title and language of the document."""
        from odf.dc import Language, Title

        self.document.meta.addElement(Title(text=title))
        self.document.meta.addElement(Language(text="en-GB"))

    def cover(self, book: Book) -> None:
        """Write the cover: one column of texts."""
        table = self._table(COVER, [_COVER_WIDTH])
        for kind, text in book.cover():
            form = {"title": "title", "heading": "heading"}.get(kind, "text")
            self._row(table, [(said(text), form)])

    def contents(self, book: Book) -> None:
        """Write which sheets there are, with a link to each."""
        table = self._table(CONTENTS, [28, 90])
        self._row(table, [(CONTENTS, "title")])
        self._row(table, [(ONE_TABLE, "said")])
        self._row(table, [(text, "head") for text in CONTENT_COLUMNS])
        for name, title in book.contents():
            self._row(table, [(name, "text"), (title, "text")], link=f"#'{name}'.A1")

    def sheet(self, sheet: Sheet) -> None:
        """Write a table with what is said above it."""
        table = self._table(sheet.name, widths(sheet))
        for i, line in enumerate(sheet.above()):
            self._row(table, [(said(line), "title" if i == 0 else "said")])
        self._row(table, [(column.heading, "head") for column in sheet.columns])
        forms = [column.form for column in sheet.columns]
        for row in sheet.rows:
            self._row(table, list(zip(map(cleaned, row), forms, strict=True)))

    def _table(self, name: str, column_widths: list[int]) -> Any:
        from odf.style import Style, TableColumnProperties
        from odf.table import Table, TableColumn

        table = Table(name=name)
        for width in column_widths:
            if width not in self.columns:
                style = Style(name=f"column_{width}", family="table-column")
                wide = f"{width * _CHARACTER_CM:.2f}cm"
                style.addElement(TableColumnProperties(columnwidth=wide))
                self.document.automaticstyles.addElement(style)
                self.columns[width] = style
            table.addElement(TableColumn(stylename=self.columns[width]))
        self.document.spreadsheet.addElement(table)
        return table

    def _row(self, table: Any, cells: list[tuple[Cell, str]], link: str = "") -> None:
        """Add a row of cells with the form of each; `link` is where the first one leads."""
        from odf.table import TableCell, TableRow
        from odf.text import A, P

        row = TableRow()
        for i, (value, form) in enumerate(cells):
            style = self.styles[form]
            if isinstance(value, str):
                if form in _DECIMALS:
                    style = self.styles["text"]
                cell = TableCell(valuetype="string", stylename=style)
                lines = value.split("\n")
                for line in lines:
                    paragraph = P() if link and i == 0 else P(text=line)
                    if link and i == 0:
                        paragraph.addElement(A(href=link, type="simple", text=line))
                    cell.addElement(paragraph)
            else:
                text = f"{value:.16G}"
                cell = TableCell(valuetype="float", value=text, stylename=style)
                cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)


def _dateless(content: bytes) -> bytes:
    """Return the same archive with one date on every part, the kind of document first."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for part in before.infolist():
            made = zipfile.ZipInfo(part.filename, _DATE)
            made.compress_type = (
                zipfile.ZIP_STORED if part.filename == "mimetype" else zipfile.ZIP_DEFLATED
            )
            after.writestr(made, before.read(part))
    return stream.getvalue()
