"""Every number in prose as a link to where it comes from, and the annex that says where that is.

A number that rests on weak evidence carries its mark wherever it stands: in a line beside itself,
in a table or a chart, where it would stand in every cell, once in the heading, for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dapp_model.report import grades, origins, sources, words
from dapp_model.report.document import (
    DAGGER,
    Block,
    Bullets,
    Code,
    Definitions,
    Figure,
    Group,
    Link,
    Number,
    Numbers,
    Paragraph,
    Part,
    Picture,
    Prompt,
    Section,
    Words,
    parts,
    plain,
)
from dapp_model.report.grades import Rests
from dapp_model.report.table import Table

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

KEY: Final = "number_"  # before a count, the name of a row to which links lead
_RANGE: Final = " to "


@dataclass(frozen=True)
class Evidence:
    """The decision without places, what each of its three numbers rests on, and their labels."""

    decision: Mapping[str, Any]
    rests: Mapping[str, Rests]

    def weak(self, places: Iterable[str]) -> bool:
        """Say whether a number from these places carries the mark."""
        found = (sources.basis(place) for place in places)
        return any(self.rests[one].marked for one in found if one in self.rests)

    def grade(self, places: Iterable[str]) -> str:
        """Say on what numbers from these places rest, and on how weak a grade."""
        found = dict.fromkeys(sources.basis(place) for place in places)
        measured = [one for one in found if one in self.rests]
        if not measured:
            return "; ".join(found)
        most = max(measured, key=lambda one: self.rests[one].inputs)
        rests = self.rests[most]
        mark = f" {DAGGER}" if rests.marked else ""
        return f"{_labels(self.decision)[most]}: grade {rests.worst}{mark}"


def _labels(decision: Mapping[str, Any]) -> Mapping[str, str]:
    return {one["measure"]: one["label"] for one in decision["three_numbers"]}


class Linker:
    """Turns texts with places into parts of lines, and keeps which places were seen."""

    def __init__(self, evidence: Evidence) -> None:
        """Begin with no place seen."""
        self.evidence = evidence
        self.seen: dict[tuple[str, ...], list[str]] = {}
        self._keys: dict[tuple[str, ...], str] = {}

    def section(self, found: Section) -> Section:
        """Return a section with its numbers as links."""
        return replace(found, blocks=tuple(self.block(one) for one in found.blocks))

    def block(self, found: Block) -> Block:
        """Return a block with its numbers as links."""
        match found:
            case Paragraph(said):
                return replace(found, words=self.line(said))
            case Bullets(items):
                return Bullets(tuple(self.line(one) for one in items))
            case Definitions(items):
                return Definitions(tuple((term, self.line(said)) for term, said in items))
            case Numbers(items):
                return Numbers(tuple(self.number(one) for one in items))
            case Table():
                return self.table(found)
            case Picture():
                return replace(found, marked=self.evidence.weak([sources.DECISION]))
            case Group(_, blocks):
                return replace(found, blocks=tuple(self.block(one) for one in blocks))
            case Prompt():
                return found

    def number(self, one: Number) -> Number:
        """Return a headline number with links."""
        value, interval, error = (self.line(w) for w in (one.value, one.interval, one.error))
        return Number(one.label, value, interval, error, self.line(one.rests_on))

    def line(self, said: Words) -> Words:
        """Return a line with its numbers as links; one mark stands for both ends of a range."""
        made: list[Part] = []
        for part in parts(said):
            if isinstance(part, str):
                made += self._pieces(part)
            else:
                made.append(replace(part, text=origins.bare(part.text)))
        for i in range(len(made) - 2):
            one, between, other = made[i : i + 3]
            if isinstance(one, Figure) and between == _RANGE and isinstance(other, Figure):
                made[i] = replace(one, marked=one.marked and not other.marked)
        return made[0] if len(made) == 1 and isinstance(made[0], str) else tuple(made)

    def _pieces(self, text: str) -> list[Part]:
        made: list[Part] = []
        for piece in origins.pieces(text):
            if piece.places:
                texts = self.seen.setdefault(piece.places, [])
                if piece.text not in texts:
                    texts.append(piece.text)
                marked = self.evidence.weak(piece.places)
                made.append(Figure(piece.text, self._key(piece.places), marked))
            else:
                made.append(piece.text)
        return made

    def _key(self, places: tuple[str, ...]) -> str:
        return self._keys.setdefault(places, f"{KEY}{len(self._keys) + 1}")

    def table(self, found: Table) -> Table:
        """Return a table without places in its cells; its title carries what they are due."""
        whole = [*found.columns, *(cell for row in found.rows for cell in row)]
        places = {
            place for cell in whole for piece in origins.pieces(cell) for place in piece.places
        }
        places |= {f"{found.of}:"} if found.of else set()
        mark = f"\N{NO-BREAK SPACE}{DAGGER}" if self.evidence.weak(places) else ""
        return replace(
            found,
            title=f"{origins.bare(found.title)}{mark}",
            columns=tuple(map(origins.bare, found.columns)),
            rows=tuple(tuple(map(origins.bare, row)) for row in found.rows),
        )

    def annex(self) -> tuple[Block, ...]:
        """Return where each number that was seen comes from, a row for each place."""
        decision = self.evidence.decision
        rows = tuple(
            (
                "; ".join(texts),
                "; ".join(sources.meaning(place, decision) for place in places),
                "; ".join(_place(place) for place in places),
                self.evidence.grade(places),
            )
            for places, texts in self.seen.items()
        )
        keys = tuple(self._key(places) for places in self.seen)
        columns = ("As printed", "What it is", "File of the run: place in it", "Rests on")
        return (*_opening(decision), Table("Numbers in the text", columns, rows, keys=keys))


def first_page(inputs: Inputs, decision: Mapping[str, Any]) -> list[str]:
    """Return the sentences of the first page for a terminal, with the marks of their numbers."""
    evidence = Evidence(decision, grades.of_measures(inputs))
    linker = Linker(evidence)
    found = words.first_page(origins.sourced(decision, sources.DECISION))
    lines = [plain(linker.line(one)) for one in found]
    rests = evidence.rests[sources.SOCIETY]
    return [*lines, *([plain(linker.line(grades.note(rests)))] if rests.marked else [])]


def _place(place: str) -> str:
    file, _, at = place.partition(":")
    return f"{file}: {at}" if at else file


def _opening(decision: Mapping[str, Any]) -> Sequence[Block]:
    return (
        Paragraph(
            (
                "Each number in the text of this document leads to its row here. All come from "
                "one run of the scenario ",
                Code(str(decision["scenario"])),
                ", whose seed, draws and hashes stand in the ",
                Link("run record", "record"),
                ". Prose rounds to three significant figures; the files hold every digit. Numbers "
                "in the words below a chart are in the data beside the chart, ",
                Code("figures/NAME.csv"),
                " of the run.",
            )
        ),
        Paragraph(
            (
                f"A number rests on every input that can move it, and is as sure as the weakest of "
                f"them. {DAGGER} marks what rests on inputs of grade D or on recalled ones; in the "
                "heading of a table or a chart it holds for every result shown there. How many "
                "inputs of which grade are behind each of the three numbers of the first page "
                "stands in the ",
                Link("assumptions log", "assumptions"),
                "; all other results rest on what one of these three rests on.",
            )
        ),
    )
