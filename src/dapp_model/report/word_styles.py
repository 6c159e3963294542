"""How the Word document looks: fonts, headings, boxes, page, and properties without a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from dapp_model.report import word_parts as wp
from dapp_model.report.document import (
    Bullets,
    Document,
    Numbers,
    Paragraph,
    Picture,
    Section,
    plain,
)

if TYPE_CHECKING:
    from docx.document import Document as Paper

FONT: Final = "Arial"
LANGUAGE: Final = "en-GB"
_LONGEST: Final = 255  # characters of a property of a document, as Office has it
BLUE, INK, SOFT, PANEL, MARK = "12436D", "0B0C0C", "595959", "F3F4F6", "FFF3D6"
BODY: Final = 10.0  # points
FIRST: Final = 9.0  # points, on the first page

TOP, BOTTOM = 1.6, 1.4  # margins, cm

# What a kind of paragraph is called in the document.
STYLES: Final = {
    "plain": "Normal",
    "small": "Pack Small",
    "mark": "Pack Mark",
    "question": "Pack Question",
    "lead": "Pack Lead",
    "beside": "Pack Beside",
    "note": "Pack Note",
    "prompt": "Pack Prompt",
    "picture": "Pack Picture",
    "contents": "Pack Contents",
}


def set_up(paper: Paper, document: Document) -> None:
    """Set styles, language, page, header, footer and properties of an empty document."""
    from docx.shared import Cm

    _fonts(paper)
    _boxes(paper)
    _pages(paper)
    paper.styles.element.append(wp.table_style())
    section = paper.sections[0]
    lay_out(section, wide=False)
    section.left_margin = section.right_margin = Cm(wp.NARROW)
    _header_and_footer(section, document)
    _properties(paper, document)


def lay_out(section: Any, *, wide: bool) -> None:
    """Set the size and the margins of a section's pages."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm

    across, down = (wp.PAGE[1], wp.PAGE[0]) if wide else wp.PAGE
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(across), Cm(down)
    section.left_margin = section.right_margin = Cm(wp.MARGIN)
    section.top_margin, section.bottom_margin = Cm(TOP), Cm(BOTTOM)
    section.header_distance, section.footer_distance = Cm(0.8), Cm(0.7)


def _fonts(paper: Paper) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_UNDERLINE
    from docx.shared import Cm, Pt, RGBColor

    styles = paper.styles
    for name, size, colour, before, after in (
        ("Normal", BODY, INK, 4, 4),
        ("Title", 15, BLUE, 0, 0),
        ("Heading 1", 14, BLUE, 12, 4),
        ("Heading 2", 11, BLUE, 8, 3),
        ("Heading 3", BODY, BLUE, 6, 2),
        ("Caption", 9, INK, 6, 3),
        ("List Bullet", BODY, INK, 1, 2),
        ("List Bullet 2", FIRST, INK, 0, 1),
    ):
        style: Any = styles[name]
        _named(style, size, colour)
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
        style.paragraph_format.line_spacing = 1.05
        style.font.bold = not name.startswith(("Normal", "List"))
        for border in style.element.findall(f".//{{{_W}}}pBdr"):
            border.getparent().remove(border)
    styles["Caption"].paragraph_format.keep_together = True
    points = styles["List Bullet 2"].paragraph_format
    points.left_indent, points.first_line_indent = Cm(0.6), Cm(-0.4)
    for name in ("Heading 1", "Heading 2", "Heading 3"):
        styles[name].paragraph_format.keep_with_next = True
    typed = styles.add_style("Typed", WD_STYLE_TYPE.CHARACTER)
    typed.font.name = "Courier New"
    link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb = RGBColor.from_string(BLUE)
    link.font.underline = True
    number = styles.add_style("Pack Number", WD_STYLE_TYPE.CHARACTER)
    number.font.underline = WD_UNDERLINE.DOTTED
    marked = styles.add_style("Pack Marked", WD_STYLE_TYPE.CHARACTER)
    marked.font.superscript = True
    defaults = styles.element.find(f".//{{{_W}}}rPrDefault//{{{_W}}}lang")
    for attribute in ("val", "eastAsia"):
        defaults.set(f"{{{_W}}}{attribute}", LANGUAGE)


# Space around a paragraph of a kind on the first page, in cm.
_BELOW: Final = {"mark": 0.1, "question": 0.15, "plain": 0.14, "beside": 0.0, "note": 0.07}


def room_for_picture(first: Section) -> float:
    """Return how high, in cm, a picture may be so that the first page stays one page.

    Words go first: their lines are counted, and the picture gets what is left.
    """
    used = 1.9  # title and heading
    for block in first.blocks:
        match block:
            case Paragraph(words, "lead"):
                used += _lines(plain(words), 11.0)
            case Paragraph(words, "heading"):
                used += _lines(plain(words), 11.0) + 0.4
            case Paragraph(words, kind):
                used += _lines(plain(words), 8.0 if kind == "note" else FIRST) + _BELOW[kind]
            case Bullets(items):
                used += sum(_lines(plain(item), FIRST, indent=0.8) + 0.04 for item in items)
            case Numbers(items):
                used += 0.7 + 0.68 * len(items)
            case Picture():
                used += _lines("", 9.0) + 0.7
            case _:
                pass
    tall = wp.PAGE[1] - TOP - BOTTOM
    return min(9.0, max(3.0, tall - used - 0.3))


def _lines(text: str, points: float, indent: float = 0.0) -> float:
    """Return how high words of that size stand, in cm: a letter is 0.425 as wide as high."""
    cm = points * 2.54 / 72
    fits = (wp.first_width() - indent) / (0.425 * cm)
    return max(1, math.ceil(len(text) / fits)) * 1.21 * cm


_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _named(style: Any, size: float, colour: str) -> None:
    """Give a style our font; a font of the theme would otherwise go before it."""
    from docx.shared import Pt, RGBColor

    style.font.name = FONT
    style.font.size = Pt(size)
    style.font.color.rgb = RGBColor.from_string(colour)
    style.font.italic = False
    fonts = style.element.rPr.rFonts
    for attribute in list(fonts.attrib):
        if attribute.endswith("Theme"):
            del fonts.attrib[attribute]


def _boxes(paper: Paper) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    for name, size, before, after, fill, edge in (
        ("Pack Mark", 9, 1, 2, MARK, "F46A25"),
        ("Pack Question", 10.5, 0, 2, "", ""),
        ("Pack Lead", 11, 0, 0, PANEL, BLUE),
        ("Pack Beside", FIRST, 0, 0, PANEL, BLUE),
        ("Pack Small", FIRST, 2, 2, "", ""),
        ("Pack Note", 8, 1, 1, "", ""),
        ("Pack Prompt", BODY, 2, 4, "", SOFT),
        ("Pack Picture", BODY, 4, 0, "", ""),
        ("Pack Contents", 9, 0.5, 0.5, "", ""),
        ("Table Text", 8.5, 1, 1, "", ""),
        ("Table Head", 8.5, 1, 1, "", ""),
        ("Table Large", 12, 1, 1, "", ""),
    ):
        style: Any = paper.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = paper.styles["Normal"]
        _named(style, size, SOFT if name in ("Pack Question", "Pack Note") else INK)
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
        style.font.bold = name in ("Pack Lead", "Table Head", "Table Large")
        style.paragraph_format.keep_with_next = name == "Pack Picture"
        properties = style.element.get_or_add_pPr()
        if edge:
            borders = wp.element("w:pBdr")
            borders.append(wp.element("w:left", val="single", sz="24", space="6", color=edge))
            properties.append(borders)
        if fill:
            properties.append(wp.element("w:shd", val="clear", color="auto", fill=fill))
        _in_order(properties)


def _pages(paper: Paper) -> None:
    """Set pages flush right behind dots in the list of contents, and have Word work them out."""
    from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Cm

    stops = paper.styles[STYLES["contents"]].paragraph_format.tab_stops
    stops.add_tab_stop(Cm(wp.text_width(False)), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    settings = paper.settings.element  # whose parts have an order
    settings.find(f"{{{_W}}}compat").addprevious(wp.element("w:updateFields", val="true"))


# The schema wants the properties of a paragraph in this order.
_ORDER: Final = ("keepNext", "keepLines", "pBdr", "shd", "spacing", "ind", "jc")


def _in_order(properties: Any) -> None:
    def place(child: Any) -> int:
        name = child.tag.rpartition("}")[2]
        return _ORDER.index(name) if name in _ORDER else -1

    children = sorted(properties, key=place)
    for child in children:
        properties.remove(child)
    for child in children:
        properties.append(child)


def _header_and_footer(section: Any, document: Document) -> None:
    """Put the warnings of the first page on the head of every page, the run on its foot."""
    warnings = [
        _brief(plain(block.words).partition(".")[0])
        for block in document.sections[0].blocks
        if isinstance(block, Paragraph) and block.kind == "mark"
    ]
    head = section.header.paragraphs[0]
    head.style = STYLES["note"]
    head.add_run(". ".join([*warnings, ""]).strip())
    foot = section.footer.paragraphs[0]
    foot.style = STYLES["note"]
    foot.add_run(f"{document.title} ({document.run}). Page ")
    wp.add_field(foot, "PAGE", "1")
    foot.add_run(" of ")
    wp.add_field(foot, "NUMPAGES", "1")


def _brief(warning: str) -> str:
    """Return a warning that fits on one line: what comes before its colon, if it is long."""
    return warning if len(warning) < 60 else warning.partition(": ")[0]


def _short(text: str) -> str:
    """Return a text as long as a property of a document may be."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _properties(paper: Paper, document: Document) -> None:
    """Set what the document says of itself: no person, no time."""
    found = paper.core_properties
    root = found._element
    for child in list(root):
        root.remove(child)
    found.title = _short(document.title)
    found.subject = _short(document.question)
    found.language = LANGUAGE
    settings = paper.settings.element
    theme = settings.find(f"{{{_W}}}themeFontLang")
    if theme is not None:
        theme.set(f"{{{_W}}}val", LANGUAGE)
    package = paper.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            package.rels.pop(key)
