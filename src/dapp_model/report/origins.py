"""Numbers that know where in the run's files they stand, from a sentence to both documents.

A sentence is a text. So that each number in it can lead to where it comes from, without every
sentence having to say so, numbers of the decision carry their place (`sourced`), arithmetic keeps
it, and what prints a number (`shown`) writes the place beside it, between characters that Unicode
keeps for private use. `report/links.py` turns these into parts of a line, and none is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, SupportsIndex

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
WHICH: Final = " | "  # before what was counted of a list
AND: Final = "\ue003"  # between the places of a number that is made of several
_MARKS: Final = re.compile(f"[{OPEN}{MIDDLE}{CLOSE}{AND}]")
_SHOWN: Final = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")
# Texts of the decision that the run has generated, numbers and all.
_TOLD: Final = re.compile(
    r"(?<!expires)(^|\.)(reason|intervals|note)$|^views\[\d+\]\.words$|rule\.words$"
)
_NUMBER: Final = re.compile(r"-?£?\d[\d,]*(?:\.\d+)?(?: million|%|p\b)?")


class Sourced(float):
    """A number and where it stands; what is reckoned from it stands there too."""

    origin: str

    def __new__(cls, value: float, origin: str) -> Sourced:
        """Return the number with its place."""
        made = super().__new__(cls, value)
        made.origin = origin
        return made

    def _with(self, value: float, *others: object) -> Sourced:
        places = [self.origin, *(one.origin for one in others if isinstance(one, Sourced))]
        every = dict.fromkeys(part for place in places for part in place.split(AND))
        return Sourced(value, AND.join(every))

    def __neg__(self) -> Sourced:
        return self._with(-float(self))

    def __abs__(self) -> Sourced:
        return self._with(abs(float(self)))

    def __add__(self, other: float) -> Sourced:
        return self._with(float(self) + other, other)

    def __sub__(self, other: float) -> Sourced:
        return self._with(float(self) - other, other)

    def __mul__(self, other: float) -> Sourced:
        return self._with(float(self) * other, other)

    def __truediv__(self, other: float) -> Sourced:
        return self._with(float(self) / other, other)

    def __radd__(self, other: float) -> Sourced:
        return self._with(other + float(self))

    def __rsub__(self, other: float) -> Sourced:
        return self._with(other - float(self))

    def __rmul__(self, other: float) -> Sourced:
        return self._with(other * float(self))

    def __rtruediv__(self, other: float) -> Sourced:
        return self._with(other / float(self))

    def __round__(self, digits: SupportsIndex | None = None) -> Any:
        """Return a plain whole number, or a number of so many digits that keeps its place."""
        return round(float(self)) if digits is None else self._with(round(float(self), digits))

    def __format__(self, spec: str) -> str:
        return shown(self, format(float(self), spec))


class SourcedCount(int):
    """A whole number and where it stands; what is reckoned from it is a plain number."""

    origin: str

    def __new__(cls, value: int, origin: str) -> SourcedCount:
        """Return the number with its place."""
        made = super().__new__(cls, value)
        made.origin = origin
        return made

    def __format__(self, spec: str) -> str:
        return shown(self, format(int(self), spec))


class SourcedList(list[Any]):
    """A list and where it stands."""

    def __init__(self, found: Iterable[Any], origin: str) -> None:
        """Fill the list and keep its place."""
        super().__init__(found)
        self.origin = origin


@dataclass(frozen=True)
class Piece:
    """A part of a line: plain words if it stands nowhere, else a number and its places."""

    text: str
    places: tuple[str, ...] = ()


def of(value: float, place: str) -> float:
    """Return a number that stands at a place: a file of the run, a colon, where in the file."""
    if isinstance(value, int):
        return SourcedCount(value, place)
    return Sourced(value, place)


def at(value: int, found: Any, which: str = "") -> int:
    """Return a count of what a list holds, as standing where the list of the decision stands.

    `which` says what was counted of it, if not everything.
    """
    if not isinstance(found, SourcedList):
        return value
    return SourcedCount(value, f"{found.origin}{WHICH}{which}" if which else found.origin)


def sourced(found: Any, file: str, at: str = "") -> Any:
    """Return a copy of what a file holds in which each number knows where it stands there."""
    if isinstance(found, bool) or found is None:
        return found
    if isinstance(found, str):
        return each(found, f"{file}:{at}") if _TOLD.search(at) else _MARKS.sub("", found)
    if isinstance(found, int | float):
        return of(found, f"{file}:{at}")
    if isinstance(found, Mapping):
        return {key: sourced(one, file, _below(at, str(key))) for key, one in found.items()}
    every = (sourced(one, file, f"{at}[{i}]") for i, one in enumerate(found))
    return SourcedList(every, f"{file}:{at}")


def _below(at: str, key: str) -> str:
    step = key if re.fullmatch(r"\w+", key) else f'"{key}"'
    return f"{at}.{step}" if at else step


def shown(value: float, text: str) -> str:
    """Return how a number is printed, with where it stands if it knows that."""
    if not isinstance(value, Sourced | SourcedCount):
        return text
    return f"{OPEN}{value.origin}{MIDDLE}{bare(text)}{CLOSE}"


def each(text: str, place: str) -> str:
    """Return a text, as an earlier step has left it, in which every number stands at a place."""
    return _NUMBER.sub(lambda number: f"{OPEN}{place}{MIDDLE}{number[0]}{CLOSE}", bare(text))


def bare(text: str) -> str:
    """Return a text without the places of its numbers."""
    return _MARKS.sub("", _SHOWN.sub(lambda number: number[2], text))


def pieces(text: str) -> Iterator[Piece]:
    """Yield a text as words and numbers, in its order."""
    at = 0
    for found in _SHOWN.finditer(text):
        if before := _MARKS.sub("", text[at : found.start()]):
            yield Piece(before)
        yield Piece(found[2], tuple(found[1].split(AND)))
        at = found.end()
    if after := _MARKS.sub("", text[at:]):
        yield Piece(after)
