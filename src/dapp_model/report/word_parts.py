"""Pieces of a Word document that python-docx has no method for, or that have to be fast."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

from dapp_model.report.document import (
    DAGGER,
    Code,
    Figure,
    Link,
    Part,
    Strong,
    Words,
    numeric,
    parts,
    plain,
)

if TYPE_CHECKING:
    from docx.document import Document as Paper

    from dapp_model.report.figures import Chart
    from dapp_model.report.table import Table

PAGE: Final = (21.0, 29.7)  # A4, cm
MARGIN: Final = 1.9  # cm
NARROW: Final = 1.5  # cm, on the first page
_TWIPS: Final = 1440 / 2.54  # in a cm
_W: Final = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SOFT: Final = "B4B6B9"
_ROWS: Final = 10_000  # numbers of bookmarks of rows begin here; those of headings are lower
NUMBER, MARKED = "PackNumber", "PackMarked"  # styles of a number that is a link, and of its mark


def text_width(wide: bool) -> float:
    """Return how wide text runs on an upright page or on one that is turned, in cm."""
    return PAGE[1 if wide else 0] - 2 * MARGIN


def first_width() -> float:
    """Return how wide text runs on the first page, in cm."""
    return PAGE[0] - 2 * NARROW


def flat(words: Words) -> str:
    """Return a line as plain words."""
    return plain(words)


def element(tag: str, **attributes: str) -> Any:
    """Return an element of WordprocessingML; a name in attributes stands without its prefix."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def new_section(paper: Paper) -> Any:
    """Begin a section on a new page and return it."""
    from docx.enum.section import WD_SECTION

    return paper.add_section(WD_SECTION.NEW_PAGE)


# -- lines ----------------------------------------------------------------------------------------


def add_part(line: Any, part: Part) -> None:
    """Add a part of a line."""
    match part:
        case Strong(text):
            line.add_run(text).bold = True
        case Code(text):
            line.add_run(text, style="Typed")
        case Link(text, to):
            add_link(line, text, to)
        case Figure():
            line._p.extend(_parsed(f"<w:p {_W}>{_figure(part)}</w:p>"))
        case _:
            line.add_run(part)


def add_link(line: Any, text: str, to: str) -> None:
    """Add a link to a bookmark of the same document."""
    link = element("w:hyperlink", anchor=to, history="1")
    line._p.append(link)
    run = line.add_run(text, style="Hyperlink")
    link.append(run._r)


def add_entry(line: Any, text: str, to: str) -> None:
    """Add a line of a list of contents: a link, and the page to which it leads.

    The page is a field by itself and no part of a field for the whole list: LibreOffice works out
    the first as it opens a file, and shows of the second what the file holds. No program that
    writes the file knows its pages, so it holds none: Word asks whether to work them out.
    """
    add_link(line, text, to)
    line.add_run("\t")
    begin, separate, end = (
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
    )
    code = f'<w:r><w:instrText xml:space="preserve"> PAGEREF {to} \\h </w:instrText></w:r>'
    line._p.extend(_parsed(f"<w:p {_W}>{begin}{code}{separate}{end}</w:p>"))


def add_bookmark(line: Any, text: str, name: str, number: int) -> None:
    """Add words to which links can lead."""
    line._p.append(element("w:bookmarkStart", id=str(number), name=name))
    line.add_run(text)
    line._p.append(element("w:bookmarkEnd", id=str(number)))


def add_number(line: Any, kind: str, number: int) -> None:
    """Add "Table 3", with the number as a field of which a list of tables can be made."""
    line.add_run(f"{kind} ")
    add_field(line, f"SEQ {kind} \\* ARABIC", str(number))


def add_field(line: Any, instruction: str, shown: str) -> None:
    """Add a field and what it shows until somebody updates it."""
    field = element("w:fldSimple", instr=instruction)
    line._p.append(field)
    field.append(line.add_run(shown)._r)


# -- pictures -------------------------------------------------------------------------------------


def _size(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in pixels."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def add_picture(line: Any, chart: Chart, width: float, height: float) -> None:
    """Add a chart no larger than `width` by `height` cm, with its text alternative."""
    from docx.shared import Cm

    across, down = _size(chart.png)
    scale = min(width / across, height / down)
    shape = line.add_run().add_picture(io.BytesIO(chart.png), width=Cm(across * scale))
    properties = shape._inline.docPr
    properties.set("descr", chart.alternative)
    properties.set("title", chart.title)
    properties.set("name", f"Chart {chart.name}")


# -- tables ---------------------------------------------------------------------------------------


BREAKS: Final = 40  # letters: a longer word is the name of a place in a file, and breaks at a stop


def _shares(table: Table) -> list[float]:
    """Return how wide columns are against each other: by their words, the longest above all."""
    shares = []
    for heading, *cells in zip(table.columns, *table.rows, strict=True):
        lengths = sorted(len(cell) for cell in cells)
        usual = lengths[(9 * (len(lengths) - 1)) // 10]
        longest = max(len(word) for text in cells for word in text.split() or [""])
        bold = 1.2 * max(len(word) for word in heading.split() or [""])
        few_lines = min(len(heading), 60) / 2.5
        shares.append(max(min(longest, BREAKS), bold, few_lines, min(usual, 60) ** 0.85, 4.0) + 2.0)
    return shares


@dataclass(frozen=True)
class Manner:
    """How a table is shown, where that is not the usual way.

    `shares` are widths of columns against each other, `large` is a column whose words are large,
    `rows` are cells with links, in the place of the table's own.
    """

    shares: tuple[float, ...] = ()
    large: int | None = None
    rows: tuple[tuple[Words, ...], ...] = ()


def add_table(paper: Paper, table: Table, width: float, manner: Manner = Manner()) -> None:
    """Add a table of that width in cm; its header row is marked and repeats on each page."""
    from docx.oxml.ns import nsdecls

    found = list(manner.shares or _shares(table))
    widths = [round(width * _TWIPS * share / sum(found)) for share in found]
    flush = numeric(table)
    xml = [
        f"<w:tbl {nsdecls('w')}><w:tblPr>",
        f'<w:tblStyle w:val="PackTable"/><w:tblW w:w="{sum(widths)}" w:type="dxa"/>',
        '<w:tblLayout w:type="fixed"/>',
        '<w:tblLook w:val="00A0" w:firstRow="1" w:lastRow="0" w:firstColumn="1" '
        'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>',
        f"<w:tblCaption w:val={quoteattr(table.title)}/></w:tblPr><w:tblGrid>",
        *(f'<w:gridCol w:w="{each}"/>' for each in widths),
        "</w:tblGrid>",
    ]
    large = manner.large
    for i, row in enumerate([table.columns, *(manner.rows or table.rows)]):
        key = table.keys[i - 1] if table.keys and i else ""
        header = "<w:tblHeader/>" if i == 0 else ""
        xml.append(f"<w:tr><w:trPr><w:cantSplit/>{header}</w:trPr>")
        for j, (text, across) in enumerate(zip(row, widths, strict=True)):
            style = "TableHead" if i == 0 else "TableLarge" if j == large else "TableText"
            right = '<w:jc w:val="right"/>' if flush[j] and j != large else ""
            keep = "<w:keepNext/>" if i == 0 else ""
            name = _named(key, i) if j == 0 else ""
            xml.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{across}" w:type="dxa"/></w:tcPr><w:p><w:pPr>'
                f'<w:pStyle w:val="{style}"/>{keep}{right}</w:pPr>{name}'
                f"{''.join(map(_run, parts(text)))}</w:p></w:tc>"
            )
        xml.append("</w:tr>")
    xml.append("</w:tbl>")
    body = paper.element.body
    body.insert_element_before(_parsed("".join(xml)), "w:sectPr")


def _run(part: Part) -> str:
    """Return a part of a cell; what leads somewhere is a number, or plain words that do not."""
    if isinstance(part, Figure):
        return _figure(part)
    text = part if isinstance(part, str) else part.text
    return f'<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _figure(part: Figure) -> str:
    """Return a number that leads to where it comes from, and its mark."""
    mark = (
        f'<w:r><w:rPr><w:rStyle w:val="{MARKED}"/></w:rPr><w:t>{DAGGER}</w:t></w:r>'
        if part.marked
        else ""
    )
    return (
        f'<w:hyperlink w:anchor="{part.to}" w:history="1"><w:r><w:rPr>'
        f'<w:rStyle w:val="{NUMBER}"/></w:rPr><w:t xml:space="preserve">{escape(part.text)}</w:t>'
        f"</w:r></w:hyperlink>{mark}"
    )


def _named(key: str, row: int) -> str:
    """Return the name of a row, to which links lead; nothing without a name."""
    if not key:
        return ""
    number = _ROWS + row
    return f'<w:bookmarkStart w:id="{number}" w:name="{key}"/><w:bookmarkEnd w:id="{number}"/>'


def _parsed(xml: str) -> Any:
    from docx.oxml import parse_xml

    return parse_xml(xml)


def table_style() -> Any:
    """Return the style of all tables: thin lines between rows, a stronger one below the heading."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    line = f'w:val="single" w:sz="4" w:space="0" w:color="{_SOFT}"'
    return parse_xml(
        f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="PackTable">'
        '<w:name w:val="Pack Table"/><w:uiPriority w:val="99"/><w:tblPr><w:tblBorders>'
        f"<w:top {line}/><w:bottom {line}/><w:insideH {line}/></w:tblBorders><w:tblCellMar>"
        '<w:left w:w="85" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr><w:tcBorders>'
        '<w:bottom w:val="single" w:sz="8" w:space="0" w:color="12436D"/></w:tcBorders>'
        "</w:tcPr></w:tblStylePr></w:style>"
    )
