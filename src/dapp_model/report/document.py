"""What the pack says, apart from how it is shown: sections of blocks, for every renderer alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dapp_model.errors import RunError
from dapp_model.report.table import NOT_ASSESSED, Table

if TYPE_CHECKING:
    from dapp_model.report.figures import Chart

DAGGER: Final = "\N{DAGGER}"


# -- words inside a line --------------------------------------------------------------------------


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Code:
    """Something to be typed, or the name of a file."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead to a section of the same document, by its key."""

    text: str
    to: str


@dataclass(frozen=True)
class Figure:
    """A number that leads to the row of the annex that says where it comes from, by its key.

    If `marked`, it rests on evidence so weak that it carries the dagger.
    """

    text: str
    to: str
    marked: bool = False


Part = str | Strong | Code | Link | Figure
Words = str | tuple[Part, ...]


def parts(words: Words) -> tuple[Part, ...]:
    """Return the parts of a line."""
    return (words,) if isinstance(words, str) else words


def plain(words: Words) -> str:
    """Return a line without its links and emphasis; marks stay."""
    return "".join(
        part if isinstance(part, str) else part.text + _mark(part) for part in parts(words)
    )


def _mark(part: Part) -> str:
    return DAGGER if isinstance(part, Figure) and part.marked else ""


# -- blocks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: plain, a standing mark, the question, the advice (lead), beside it, a note."""

    words: Words
    kind: str = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of lines."""

    items: tuple[Words, ...]


@dataclass(frozen=True)
class Number:
    """One headline number with its interval, its error and what it rests on."""

    label: str
    value: Words
    interval: Words
    error: Words
    rests_on: Words


@dataclass(frozen=True)
class Numbers:
    """The panel of headline numbers."""

    items: tuple[Number, ...]


@dataclass(frozen=True)
class Picture:
    """A chart with its caption and its text alternative; `height` in cm is the most on paper."""

    chart: Chart
    height: float = 9.0
    marked: bool = False  # rests on weak evidence


@dataclass(frozen=True)
class Definitions:
    """Terms and what they are."""

    items: tuple[tuple[str, Words], ...]


@dataclass(frozen=True)
class Prompt:
    """A heading that only people can fill: shown as "not assessed", with what is asked."""

    title: str
    asks: str


@dataclass(frozen=True)
class Group:
    """Blocks under a heading of their own; `folded` may be closed where a page can fold."""

    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


Block = Paragraph | Bullets | Numbers | Table | Picture | Definitions | Prompt | Group


@dataclass(frozen=True)
class Section:
    """A numbered part: `0` is the first page, `1` to `10` the report, letters the annexes."""

    number: str
    key: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def annex(self) -> bool:
        """Say whether it stands behind the report."""
        return not self.number.isdigit()

    @property
    def heading(self) -> str:
        """Return the heading with its number."""
        return f"Annex {self.number}: {self.title}" if self.annex else f"{self.number} {self.title}"


@dataclass(frozen=True)
class Document:
    """All that is said of one run."""

    title: str
    question: str
    run: str  # what holds of every page in a word or two, for its foot
    sections: tuple[Section, ...]

    def section(self, key: str) -> Section:
        """Return a section by its key."""
        return next(one for one in self.sections if one.key == key)


# Every pack has these, in this order; the decision notice has its own headings in annex A.
SECTIONS: Final = (
    ("0", "first", "Decision on a page"),
    ("1", "s1", "What was bought"),
    ("2", "s2", "What would have happened anyway"),
    ("3", "s3", "Victims and children first, then re-offending"),
    ("4", "s4", "The options"),
    ("5", "s5", "Value"),
    ("6", "s6", "Who pays and who gains"),
    ("7", "s7", "How sure we are"),
    ("8", "s8", "What we do not know, and what finding out is worth"),
    ("9", "s9", "Risks, safeguarding, equality, human rights, data protection"),
    ("10", "s10", "Monitoring plan and triggers"),
    ("A", "notice", "Headings of a decision notice"),
    ("B", "tables", "Full tables and charts"),
    ("C", "county", "Data and calibration"),
    ("D", "costs", "Unit costs"),
    ("E", "assumptions", "Assumptions log"),
    ("F", "stress", "The model, described to STRESS-DES"),
    ("G", "cheers", "The appraisal, described to CHEERS 2022"),
    ("H", "quality", "Validation, quality assurance, and what changed"),
    ("I", "record", "Run record"),
    ("J", "numbers", "Where each number comes from"),
)
NOTICE: Final = (
    "Executive summary",
    "Background",
    "Recommendation",
    "Consultation",
    "Financial implications",
    "Legal implications",
    "Risks",
    "Equality and diversity",
    "Human rights",
)


def blocks_of(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield blocks and those inside their groups, in the order in which they are read."""
    for block in blocks:
        yield block
        if isinstance(block, Group):
            yield from blocks_of(block.blocks)


def checked(document: Document) -> Document:
    """Return the document if nothing is missing from it; raises RunError with all that is."""
    found = {one.key: one for one in document.sections}
    faults = []
    for number, key, title in SECTIONS:
        name = f"section {number}" if number.isdigit() else f"annex {number}"
        if key not in found:
            faults.append(f"{name}, '{title}', is missing")
        elif not found[key].blocks:
            faults.append(f"{name}, '{title}', is empty")
    headings = {
        block.title
        for block in (found["notice"].blocks if "notice" in found else ())
        if isinstance(block, Group | Prompt)
    }
    if headings:
        faults += [
            f"the heading '{title}' of the decision notice is missing"
            for title in NOTICE
            if title not in headings
        ]
    faults += [
        f"the table '{block.title}' in '{section.title}' has no rows"
        for section in document.sections
        for block in blocks_of(section.blocks)
        if isinstance(block, Table) and not block.rows
    ]
    order = [one.key for one in document.sections]
    if not faults and order != [key for _, key, _ in SECTIONS]:
        faults.append("its sections are not in their order")
    if faults:
        raise RunError(f"The report is not written, since {'; '.join(faults)}.")
    return document


_NUMERIC: Final = re.compile(r"-?£?-?[\d,.]+(p|%| million)?|under -?£?[\d.]+%?|over -?[\d.]+%?|")


def numeric(table: Table) -> tuple[bool, ...]:
    """Say of each column whether it holds nothing but single numbers, which stand flush right."""
    columns = zip(*table.rows, strict=True)
    return tuple(
        i > 0 and any(cells) and all(_NUMERIC.fullmatch(cell) for cell in cells)
        for i, cells in enumerate(columns)
    )


def not_assessed(what: str) -> str:
    """Say that something was not looked at; never that there is none of it."""
    return f"{what}: {NOT_ASSESSED}."
