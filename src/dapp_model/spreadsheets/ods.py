"""Write the tables of a run as tables.ods, with the same sheets and cells as tables.xlsx.

gptables writes .xlsx alone. The parts of an OpenDocument spreadsheet that are needed here are few,
so they are written out (OASIS OpenDocument 1.3): the library odfpy took as long for it as the rest
of the report, and its bytes depended on what else the process had written before.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from dapp_model.spreadsheets.sheet import (
    CONTENT_COLUMNS,
    CONTENT_WIDTHS,
    CONTENTS,
    COVER,
    COVER_WIDTH,
    ONE_TABLE,
    Book,
    Cell,
    Sheet,
    cleaned,
    form_of,
    height,
    lines,
    said,
    widths,
)

_DATE: Final = (2000, 1, 1, 0, 0, 0)
_MIME: Final = "application/vnd.oasis.opendocument.spreadsheet"
_DECIMALS: Final = {"count": 1, "small": 4, "whole": 0, "pounds": 0, "share": 3, "number": 3}
_NUMBERS: Final = (*_DECIMALS, "mixed")
_CM_A_CHARACTER: Final = 0.23
_TALLEST: Final = 60  # lines of a row
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SPACES: Final = " ".join(
    f'xmlns:{name}="{uri}"'
    for name, uri in {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
        "number": "urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0",
        "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
        "config": "urn:oasis:names:tc:opendocument:xmlns:config:1.0",
        "dc": "http://purl.org/dc/elements/1.1/",
        "xlink": "http://www.w3.org/1999/xlink",
    }.items()
)
_MANIFEST: Final = (
    f"{_HEAD}<manifest:manifest "
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_MIME}"/>'
    + "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>'
        for name in ("content.xml", "styles.xml", "meta.xml")
    )
    + "</manifest:manifest>"
)
_TEXTS: Final = {  # size in points, bold, wrapped
    "title": (16, True, False),
    "heading": (14, True, False),
    "said": (12, False, False),
    "paragraph": (12, False, True),
    "text": (12, False, True),
    "right": (12, False, False),
    "mixed": (12, False, False),
    "head": (12, True, True),
    "head_right": (12, True, True),
    "link": (12, False, True),
}


def workbook(book: Book) -> bytes:
    """Return the spreadsheet; an equal book gives equal bytes."""
    parts = {
        "mimetype": _MIME,
        "META-INF/manifest.xml": _MANIFEST,
        "content.xml": _content(book),
        "styles.xml": _styles(),
        "meta.xml": _meta(said(book.title)),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            part = zipfile.ZipInfo(name, _DATE)
            # Programs look for the kind of document in the first part, as it stands.
            stored = name == "mimetype"
            part.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            part.create_system = 3
            archive.writestr(part, text.encode("utf-8"))
    return stream.getvalue()


def _content(book: Book) -> str:
    tables = [_cover(book), _contents(book), *(_sheet(sheet) for sheet in book.sheets)]
    body = f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet>"
    return (
        f'{_HEAD}<office:document-content {_SPACES} office:version="1.3">'
        f"<office:automatic-styles>{''.join(_automatic(book))}</office:automatic-styles>"
        f"<office:body>{body}</office:body></office:document-content>"
    )


def _styles() -> str:
    """Return the page and the language of everything: A4 across, British English."""
    return (
        f'{_HEAD}<office:document-styles {_SPACES} office:version="1.3"><office:styles>'
        '<style:default-style style:family="table-cell"><style:text-properties '
        'fo:font-family="Arial" fo:font-size="12pt" fo:language="en" fo:country="GB"/>'
        "</style:default-style></office:styles><office:automatic-styles>"
        '<style:page-layout style:name="page"><style:page-layout-properties '
        'fo:page-width="29.7cm" fo:page-height="21cm" style:print-orientation="landscape" '
        'style:scale-to-X="1" style:scale-to-Y="0"/></style:page-layout></office:automatic-styles>'
        '<office:master-styles><style:master-page style:name="Default" '
        'style:page-layout-name="page"/></office:master-styles></office:document-styles>'
    )


def _meta(title: str) -> str:
    return (
        f'{_HEAD}<office:document-meta {_SPACES} office:version="1.3"><office:meta>'
        f"<meta:generator>dapp_model</meta:generator><dc:title>{escape(title)}</dc:title>"
        "<dc:language>en-GB</dc:language></office:meta></office:document-meta>"
    )


def _automatic(book: Book) -> Iterator[str]:
    """Yield the styles of tables, columns and cells."""
    yield (
        '<style:style style:name="sheet" style:family="table" style:master-page-name="Default">'
        '<style:table-properties table:display="true"/></style:style>'
    )
    used = {
        *CONTENT_WIDTHS,
        COVER_WIDTH,
        *(width for sheet in book.sheets for width in widths(sheet)),
    }
    for width in sorted(used):
        yield (
            f'<style:style style:name="w{width}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="{width * _CM_A_CHARACTER:.2f}cm"/>'
            "</style:style>"
        )
    for n in range(1, _TALLEST + 1):
        yield (
            f'<style:style style:name="h{n}" style:family="table-row">'
            f'<style:table-row-properties style:row-height="{height(n):.2f}pt"/></style:style>'
        )
    for form, decimals in _DECIMALS.items():
        yield (
            f'<number:number-style style:name="n_{form}"><number:number '
            f'number:decimal-places="{decimals}" number:min-decimal-places="{decimals}" '
            'number:min-integer-digits="1" number:grouping="true"/></number:number-style>'
        )
        yield _cell_style(form, f' style:data-style-name="n_{form}"', (12, False, False))
    yield _cell_style("plain", "", (12, False, False))
    for form, look in _TEXTS.items():
        yield _cell_style(form, "", look)


def _cell_style(form: str, more: str, look: tuple[int, bool, bool]) -> str:
    size, bold, wrapped = look
    border = ' fo:border-bottom="0.05cm solid #000000"' if form in ("head", "head_right") else ""
    wrap = ' fo:wrap-option="wrap"' if wrapped else ""
    weight = ' fo:font-weight="bold"' if bold else ""
    indent = ' fo:margin-left="0.15cm"' if form in ("text", "head") else ""
    side = "end" if form.endswith("right") or form in _NUMBERS else "start"
    link = ""
    if form == "link":
        link = ' fo:color="#0000ff" style:text-underline-style="solid"'
    return (
        f'<style:style style:name="c_{form}" style:family="table-cell"{more}>'
        '<style:table-cell-properties style:vertical-align="top" style:text-align-source="fix"'
        f'{border}{wrap}/><style:paragraph-properties fo:text-align="{side}"{indent}/>'
        f'<style:text-properties fo:font-family="Arial" fo:font-size="{size}pt"{weight}{link}/>'
        "</style:style>"
    )


# -- sheets ---------------------------------------------------------------------------------------


def _cover(book: Book) -> str:
    forms = {"title": "title", "heading": "heading", "text": "paragraph"}
    rows = (
        _row([(said(text), forms[kind])], lines([said(text)], [COVER_WIDTH]) + (kind != "text"))
        for kind, text in book.cover()
    )
    return _table(COVER, [COVER_WIDTH], rows)


def _contents(book: Book) -> str:
    rows = [
        _row([(CONTENTS, "title")]),
        _row([(ONE_TABLE, "said")]),
        _row([(text, "head") for text in CONTENT_COLUMNS]),
        *(_row([(name, "link"), (title, "text")]) for name, title in book.contents()),
    ]
    return _table(CONTENTS, CONTENT_WIDTHS, rows)


def _sheet(sheet: Sheet) -> str:
    forms, wide = [column.form for column in sheet.columns], widths(sheet)
    rows = [
        *(
            _row([(said(line), "said" if i else "title")], 1 if i else 2)
            for i, line in enumerate(sheet.above())
        ),
        "<table:table-header-rows>"
        + _row(
            [(one.heading, "head_right" if one.is_number else "head") for one in sheet.columns],
            lines([one.heading for one in sheet.columns], wide),
        )
        + "</table:table-header-rows>",
    ]
    for row in sheet.rows:
        cells = [cleaned(cell) for cell in row]
        shown = [(cell, form_of(cell, form)) for cell, form in zip(cells, forms, strict=True)]
        rows.append(_row(shown, lines(cells, wide)))
    return _table(sheet.name, wide, rows)


def _table(name: str, columns: Sequence[int], rows: Iterable[str]) -> str:
    shaped = "".join(f'<table:table-column table:style-name="w{width}"/>' for width in columns)
    return (
        f'<table:table table:name={quoteattr(name)} table:style-name="sheet">'
        f"{shaped}{''.join(rows)}</table:table>"
    )


def _row(cells: Sequence[tuple[Cell, str]], n_lines: int = 1) -> str:
    texts = "".join(_cell(value, form) for value, form in cells)
    return (
        f'<table:table-row table:style-name="h{min(n_lines, _TALLEST)}">{texts}</table:table-row>'
    )


def _cell(value: Cell, form: str) -> str:
    """Return a cell: a number with its value in full, or a text, which is never a formula."""
    if isinstance(value, int | float):
        text = f"{value:.16G}"
        return (
            f'<table:table-cell table:style-name="c_{form}" office:value-type="float" '
            f'office:value="{text}"><text:p>{text}</text:p></table:table-cell>'
        )
    shown = {"plain": "text", **dict.fromkeys(_NUMBERS, "right")}.get(form, form)
    lines = "".join(f"<text:p>{_line(line, form)}</text:p>" for line in str(value).split("\n"))
    return (
        f'<table:table-cell table:style-name="c_{shown}" office:value-type="string">{lines}'
        "</table:table-cell>"
    )


def _line(line: str, form: str) -> str:
    text = escape(line)
    if form != "link":
        return text
    where = quoteattr(f"#'{line}'.A1")
    return f'<text:a xlink:type="simple" xlink:href={where}>{text}</text:a>'
