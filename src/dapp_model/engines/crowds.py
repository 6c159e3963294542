"""People who are looked at in crowds to see who could be referred, and room for what is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model.engines.lanes import Lanes, Words, empty_lanes, empty_words
from dapp_model.world import BANDS, MOST_RELATIONSHIPS

MARGIN = 1.000002  # a little above that of the rate itself, for rounding
PEOPLE = 2048  # in a crowd: long strokes, and yet all its cases fit into the processor's cache
CASES = PEOPLE * MOST_RELATIONSHIPS
CELLS = 4096  # walked together; no more than there are cases


class Crowd(NamedTuple):
    """People who are looked at together. int64 [PEOPLE], times in seconds.

    leaves: end of their time in the county or of the time looked at; career: end of the years of
    new relationships; still: who has a further relationship, and begins: when it does; may: 1 for
    those who may be referred.
    """

    person: npt.NDArray[np.int64]
    entry: npt.NDArray[np.int64]
    leaves: npt.NDArray[np.int64]
    career: npt.NDArray[np.int64]
    still: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]
    may: npt.NDArray[np.int64]


class Cases(NamedTuple):
    """The crowd's cases that lie in the time looked at, [CASES].

    word: that of the frailty; who: place in the crowd; begins: the case; first, last: times
    between which points count; base and highest: rates a year that it never exceeds, but for the
    season, while none and while an incident raises its hazard; stirs: the first time at which it
    could be raised; heard: the first from which it could be known to a MARAC; again: the last at
    which that would lead to what is looked for. area, high, score, z: as in the rules.
    """

    word: npt.NDArray[np.uint64]
    who: npt.NDArray[np.int64]
    rel: npt.NDArray[np.int64]
    begins: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    stirs: npt.NDArray[np.int64]
    heard: npt.NDArray[np.int64]
    again: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
    base: npt.NDArray[np.float64]
    highest: npt.NDArray[np.float64]


class Cells(NamedTuple):
    """Cells of the field that are walked together, each from point to point, [CELLS].

    lanes: their points' names; case; raw: time of the point before rounding to the tick; start,
    stop: points that count lie from the one to before the other, in seconds; gap: mean seconds
    between points; share: of the band's points that may lie below the highest rate.
    """

    lanes: Lanes
    case: npt.NDArray[np.int64]
    raw: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    gap: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]


class Picked(NamedTuple):
    """Which cells go on and which points may count, uint64 [CELLS].

    goes_on, counts: 1 or 0, cell by cell; going, counting: the places of those with 1. Unsigned,
    as the compiler then asks of no index whether it counts from the end of the array.
    """

    goes_on: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.uint64]
    going: npt.NDArray[np.uint64]
    counting: npt.NDArray[np.uint64]


class Points(NamedTuple):
    """Points below the highest rate, [CASES]: names, case, time, words of `field_step`, height.

    height is in incidents a year. chosen: places of points that are looked at further.
    """

    lanes: Lanes
    case: npt.NDArray[np.int64]
    t: npt.NDArray[np.int64]
    behaviour: npt.NDArray[np.int64]
    report: npt.NDArray[np.int64]
    chosen: npt.NDArray[np.int64]
    height: npt.NDArray[np.float64]


class Room(NamedTuple):
    """Room for a crowd and what is known of it.

    lanes, four words and three numbers: for any use; leading: int64 [CASES], places of reports that
    are looked at further; field, heights: those of one case, as in `rules.field_step`.
    """

    crowd: Crowd
    cases: Cases
    cells: Cells
    picked: Picked
    points: Points
    lanes: Lanes
    words: tuple[Words, Words, Words, Words]
    numbers: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]
    leading: npt.NDArray[np.int64]
    field: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]


def room_for_crowd() -> Room:
    """Return the room that `screen.mark_crowd` needs."""
    return Room(
        Crowd(*np.zeros((7, PEOPLE), np.int64)),
        Cases(np.zeros(CASES, np.uint64), *np.zeros((10, CASES), np.int64), *np.zeros((4, CASES))),
        Cells(empty_lanes(CELLS), *np.zeros((4, CELLS), np.int64), *np.zeros((2, CELLS))),
        Picked(*np.zeros((4, CELLS), np.uint64)),
        Points(empty_lanes(CASES), *np.zeros((5, CASES), np.int64), *np.zeros((1, CASES))),
        empty_lanes(CASES),
        (empty_words(CASES), empty_words(CASES), empty_words(CASES), empty_words(CASES)),
        (np.zeros(CASES), np.zeros(CASES), np.zeros(CASES)),
        np.zeros(CASES, np.int64),
        np.zeros((5, BANDS), np.int64),
        np.zeros(BANDS),
    )
