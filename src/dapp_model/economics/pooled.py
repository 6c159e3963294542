"""Summaries of an option as they come, draw after draw, in little room.

A summary is an object of many parts. Of a hundred thousand draws only numbers are held: as such
what is asked for by draw and repetition, and as exact sums, which do not depend on the order, what
is asked for on average.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import fields
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt

from dapp_model.economics.summary import Baseline, Summary, optimism_cuts

Floats = npt.NDArray[np.float64]


class ExactSum:
    """A sum of numbers without rounding, as `math.fsum` gives it, one number at a time."""

    def __init__(self) -> None:
        self.parts: list[float] = []

    def add(self, value: float) -> None:
        """Add a number: after Shewchuk, partial sums that do not overlap."""
        kept = 0
        for part in self.parts:
            larger, smaller = (part, value) if abs(value) < abs(part) else (value, part)
            value = larger + smaller
            rest = smaller - (value - larger)
            if rest:
                self.parts[kept] = rest
                kept += 1
        self.parts[kept:] = [value]

    def total(self) -> float:
        """Return the sum, rounded once."""
        return fsum(self.parts)


class Pooled:
    """The summaries of one option by draw and repetition."""

    def __init__(self, names: Sequence[str], *, whole: int | None = None) -> None:
        """Hold the fields or properties `names`; the level is of the first `whole` draws."""
        self.whole = whole
        self.draws = 0
        self._lengths: list[int] = []
        self._measures = {name: array("d") for name in names}
        self._value = array("d")
        self._grades: dict[str, array[float]] = {}
        self._funders: dict[str, dict[str, ExactSum]] = {}
        self._n = 0
        self._levels: dict[str, array[float]] = {}  # by draw
        self._texts: dict[str, set[str]] = {}
        self._unknown: set[str] = set()

    def append(self, row: Sequence[Summary]) -> None:
        """Add the repetitions of one draw; each draw counts the same, however many it has."""
        self._lengths.append(len(row))
        for one in row:
            for name, column in self._measures.items():
                column.append(one.number(name))
            self._value.append(one.net_present_social_value)
            for kind, value in one.value_by_grade.items():
                column = self._grades.setdefault(kind, array("d", bytes(8 * self._n)))
                column.append(value)
            self._n += 1
            for column in self._grades.values():
                if len(column) < self._n:
                    column.append(0.0)
            for funder, by_year in one.programme_cost_by_funder.items():
                sums = self._funders.setdefault(funder, {year: ExactSum() for year in by_year})
                for year, pounds in by_year.items():
                    sums[year].add(pounds / len(row))
            for name in ("option", "comparator", "price_year", "year_0"):
                self._agreed(name, getattr(one, name))
        if self.whole is None or self.draws < self.whole:
            self._add_level([one.baseline for one in row])
        self.draws += 1

    def _agreed(self, name: str, text: str) -> None:
        found = self._texts.setdefault(name, set())
        found.add(text)
        if len(found) > 1:
            raise ValueError(f"The summaries differ in {name}: {', '.join(sorted(found))}.")

    def _add_level(self, levels: Sequence[Baseline]) -> None:
        for name in (one.name for one in fields(Baseline)):
            found = [getattr(level, name) for level in levels]
            if any(value is None for value in found):
                self._unknown.add(name)
            elif isinstance(found[0], str):
                for text in found:
                    self._agreed(name, text)
            else:
                self._levels.setdefault(name, array("d")).append(fsum(found) / len(found))

    def _shaped(self, column: Any) -> Floats:
        """Return numbers as [draw, repetition], nan where one was not made."""
        lengths = np.array(self._lengths)
        made = np.arange(lengths.max(initial=0)) < lengths[:, None]
        found = np.full(made.shape, np.nan)
        found[made] = column
        return found

    def measures(self) -> dict[str, Floats]:
        """Return what was asked for by name: [draw, repetition]."""
        return {name: self._shaped(column) for name, column in self._measures.items()}

    def with_optimism_bias(self) -> Floats:
        """Return net present social value with expected benefits cut, [draw, repetition]."""
        weights = np.repeat(1.0 / np.array(self._lengths), self._lengths)
        expected = {
            kind: fsum(np.array(column) * weights) / self.draws
            for kind, column in self._grades.items()
        }
        cuts = optimism_cuts(expected)
        return self._shaped(
            [
                value + fsum(cut * self._grades[kind][i] for kind, cut in cuts.items())
                for i, value in enumerate(self._value)
            ]
        )

    def programme_cost_by_funder(self) -> Mapping[str, Mapping[str, float]]:
        """Return the mean cost by funder and year; who pays nothing in a draw has nothing in it."""
        return {
            funder: {year: total.total() / self.draws for year, total in sums.items()}
            for funder, sums in self._funders.items()
        }

    def level(self) -> Baseline:
        """Return the mean level of the county over the draws of which it is known."""

        def mean(name: str) -> Any:
            if name in self._unknown:
                return None
            if name in self._texts:
                return next(iter(self._texts[name]))
            return fsum(self._levels[name]) / len(self._levels[name])

        return Baseline(**{one.name: mean(one.name) for one in fields(Baseline)})

    def level_errors(self) -> dict[str, float | None]:
        """Return the Monte Carlo error of each number of the level; None of one draw."""
        found = {name: np.array(column) for name, column in self._levels.items()}
        return {
            name: float(one.std(ddof=1) / np.sqrt(len(one))) if len(one) > 1 else None
            for name, one in found.items()
            if name not in self._unknown
        }
