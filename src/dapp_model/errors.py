"""The few ways in which this package says that something is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST_SHOWN: Final = 50  # problems; whoever has more has one reason for most of them
LONGEST_FOUND: Final = 400  # characters of what was found, or of a key, in a message
# What a terminal or the direction of a line acts upon: control characters, marks of direction,
# halves of pairs, and what no document can hold.
ACTING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Return a text with what would act on a terminal written out, such as \\x1b."""
    return ACTING.sub(lambda found: ascii(found.group())[1:-1], str(text))


def _cut(text: str, most: int = LONGEST_FOUND) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def visible_lines(text: str) -> str:
    """Return a text of several lines with what would act on a terminal written out."""
    return "\n".join(visible(line) for line in text.split("\n"))


class DappError(Exception):
    """Anything that a person can put right; shown as a sentence, never as a traceback."""

    exit_status = 1


class QuantityError(DappError):
    """A value that cannot be read in the unit that is due.

    `found` and `expected` are short phrases; `hint` is a sentence, or empty.
    """

    exit_status = 2

    def __init__(self, found: str, expected: str, hint: str = "") -> None:
        """Keep what a message needs."""
        super().__init__(found, expected, hint)
        self.found = found
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        """Say what was found and what was expected, in a sentence."""
        sentence = f"Found {visible(self.found)}; expected {self.expected}."
        return f"{sentence} {self.hint}" if self.hint else sentence


class Cell(int):
    """The place of a cell in a workbook, where a text file has the number of a line.

    As a number it is the place in the order of sheets, rows and columns; as a text, Levers!C7.
    """

    sheet: str
    name: str

    def __new__(cls, order: int, sheet: str, name: str) -> Cell:
        """Keep the order as a number, and the sheet's and the cell's name beside it."""
        cell = super().__new__(cls, order)
        cell.sheet, cell.name = sheet, name
        return cell

    def __getnewargs__(self) -> tuple[int, str, str]:  # type: ignore[override]
        """Pickle with both names."""
        return int(self), self.sheet, self.name

    def __str__(self) -> str:
        """Return the place as a spreadsheet writes it."""
        return f"{self.sheet}!{self.name}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a scenario file.

    `line` is None where the problem has no line: a missing file, or a command line value. In a
    workbook it is a Cell.
    """

    file: str
    line: int | None
    key: str
    found: str
    expected: str
    message: str

    def __str__(self) -> str:
        """Say where, what is wrong, what was found and what was expected.

        What a file holds cannot act on the terminal, nor look like another problem's line.
        """
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        if isinstance(self.line, Cell):
            place = f"{self.file}, sheet {self.line.sheet}, cell {self.line.name}"
        parts = [place, self.key] if self.key else [place]
        text = _cut(visible(f"{', '.join(_cut(part) for part in parts)}: {self.message}"), 1000)
        if self.found:
            text += f"\n    found:    {_cut(visible(self.found))}"
        if self.expected:
            text += f"\n    expected: {_cut(visible(self.expected), 1000)}"
        return text


class InputErrors(DappError):
    """Everything that is wrong with the input, all at once, in the order of files and lines."""

    exit_status = 2

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems in order."""
        super().__init__(problems)
        self.problems = problems

    def lines(self) -> list[str]:
        """Return the problems as they are shown: the first of very many, and how many more."""
        found = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        more = len(self.problems) - len(found)
        return [*found, f"And {more:,} more."] if more else found

    def __str__(self) -> str:
        """Say the problems, one below the other."""
        return "\n".join(self.lines())


class RunError(DappError):
    """A run that could not finish; what was finished is kept and can be resumed."""

    exit_status = 3
