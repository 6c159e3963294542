"""The Word document of the pack: real headings, captions, marked header rows, the same bytes."""

from __future__ import annotations

import io
import zipfile
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any, Final

from dapp_model.report import word_parts as wp
from dapp_model.report.document import (
    DAGGER,
    Block,
    Bullets,
    Definitions,
    Document,
    Group,
    Numbers,
    Paragraph,
    Picture,
    Prompt,
    Section,
    Strong,
    Words,
    blocks_of,
    parts,
    plain,
)
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.report.word_styles import STYLES, lay_out, room_for_picture, set_up

if TYPE_CHECKING:
    from docx.document import Document as Paper

WIDE_FROM: Final = 5  # columns from which an annex turns its pages
_NEVER: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold


def render(document: Document) -> bytes:
    """Return the document as docx."""
    import docx

    paper = docx.Document()
    set_up(paper, document)
    writer = _Writer(paper)
    first, *others = document.sections
    writer.title(document.title)
    writer.room = room_for_picture(first)
    writer.section(first)
    lay_out(wp.new_section(paper), wide=False)
    writer.first, writer.width = False, wp.text_width(False)
    writer.contents(others)
    wide = turned = False
    for before, section in pairwise(document.sections):
        wide = section.annex and _is_wide(section)
        # Short annexes follow each other; every other begins a page, on its side if it is wide.
        if section.annex and (wide or turned or not before.annex):
            lay_out(wp.new_section(paper), wide=wide)
        turned = wide
        writer.width = wp.text_width(wide)
        writer.section(section)
    held = io.BytesIO()
    paper.save(held)
    return _packed(held.getvalue())


def _is_wide(section: Section) -> bool:
    tables = (one for one in blocks_of(section.blocks) if isinstance(one, Table))
    return any(len(one.columns) >= WIDE_FROM for one in tables)


def _packed(content: bytes) -> bytes:
    """Return the same package without times, so that equal documents have equal bytes."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as made,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in made.namelist():
            entry = zipfile.ZipInfo(name, _NEVER)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # whatever system it is written on
            packed.writestr(entry, made.read(name))
    return held.getvalue()


class _Writer:
    """Writes blocks one below the other, and counts tables and figures."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.width = wp.first_width()  # cm
        self.first = True  # on the first page, where words are smaller
        self.room = 0.0  # cm that a picture may be high there
        self.tables, self.figures, self.marks = count(1), count(1), count(1)

    def title(self, text: str) -> None:
        self.paper.add_paragraph(text, style="Title")

    def contents(self, sections: list[Section]) -> None:
        """Write the list of sections: each a link on a line of its own, with its page."""
        line = self.paper.add_paragraph(style=STYLES["contents"])
        line.add_run("Contents").bold = True
        for one in sections:
            line = self.paper.add_paragraph(style=STYLES["contents"])
            wp.add_entry(line, f"{one.number} {one.title}", one.key)

    def section(self, section: Section) -> None:
        heading = section.title if section.key == "first" else section.heading
        self.heading(heading, 1, section.key)
        for block in section.blocks:
            self.block(block, 2)

    def heading(self, text: str, level: int, key: str = "") -> None:
        line = self.paper.add_paragraph(style=f"Heading {level}")
        if key:
            wp.add_bookmark(line, text, key, next(self.marks))
        else:
            line.add_run(text)

    def line(self, words: Words, style: str) -> Any:
        line = self.paper.add_paragraph(style=style)
        for part in parts(words):
            wp.add_part(line, part)
        return line

    def block(self, block: Block, level: int) -> None:
        match block:
            case Paragraph(words, "heading"):
                self.line(words, f"Heading {level}")
            case Paragraph(words, kind):
                small = self.first and kind == "plain"
                self.line(words, STYLES["small" if small else kind])
            case Bullets(items):
                for item in items:
                    self.line(item, "List Bullet 2" if self.first else "List Bullet")
            case Definitions(items):
                for term, words in items:
                    self.line((Strong(f"{term}: "), *parts(words)), STYLES["plain"])
            case Prompt(title, asks):
                text = f"{NOT_ASSESSED}. To be said here: {asks}."
                self.line((Strong(f"{title}: "), text), STYLES["prompt"])
            case Numbers():
                self.numbers(block)
            case Table():
                self.table(block)
            case Picture():
                self.picture(block)
            case Group(title, blocks, _):
                self.heading(title, level)
                for one in blocks:
                    self.block(one, level + 1)

    def numbers(self, block: Numbers) -> None:
        """Write the headline numbers as a table of their own, with the numbers large."""
        rows = tuple(
            (one.label, one.value, one.interval, one.error, one.rests_on) for one in block.items
        )
        columns = ("Number", "Mean", "90% interval", "Monte Carlo error", "Weakest evidence")
        flat = tuple(tuple(map(plain, row)) for row in rows)
        shown = Table("The three numbers", columns, flat)
        manner = wp.Manner((24, 17, 28, 12, 38), 1, rows)
        wp.add_table(self.paper, shown, self.width, manner)

    def table(self, block: Table) -> None:
        line = self.paper.add_paragraph(style="Caption")
        line.paragraph_format.keep_with_next = True
        wp.add_number(line, "Table", next(self.tables))
        line.add_run(f": {block.title}")
        wp.add_table(self.paper, block, self.width)

    def picture(self, block: Picture) -> None:
        line = self.paper.add_paragraph(style=STYLES["picture"])
        height = min(self.room, block.height) if self.first else block.height
        wp.add_picture(line, block.chart, self.width, height)
        line = self.paper.add_paragraph(style="Caption")
        wp.add_number(line, "Figure", next(self.figures))
        mark = f"\N{NO-BREAK SPACE}{DAGGER}" if block.marked else ""
        line.add_run(f": {block.chart.title}{mark}. ")
        # On the first page every line counts, and the sentences around say what the chart shows.
        said = "Simulated." if self.first else f"{block.chart.alternative} Simulated."
        line.add_run(said).bold = False
