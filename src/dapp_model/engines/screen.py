"""Who could ever be referred, told from the keyed chances alone, without living anybody's life.

Every referral follows from an incident, and the chances of what follows from each candidate for an
incident are fixed before anything happens. So most lives need not be lived to know that they never
meet the programme. Whoever passes may still not be referred; whoever would be, passes.

People are looked at in crowds, since random words are drawn soonest for many at one stroke: first
their relationships, then the points of the field of those cases that lie in the time looked at,
then what follows from the points below the highest rate. At each step those who are left close up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.engines.lanes import Lanes, Words, draw, empty_lanes, empty_words, words_at
from dapp_model.engines.leads import Point, marks_may_lead, report_may_lead
from dapp_model.randomness import log_here, unit
from dapp_model.world import MOST_RELATIONSHIPS, ORIGIN, YEAR, D, P

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

    word: that of the frailty; who: place in the crowd; first, last: times between which points
    count; highest: a rate a year that the case never exceeds, but for the season. area, high,
    score, z: as in the rules.
    """

    word: npt.NDArray[np.uint64]
    who: npt.NDArray[np.int64]
    rel: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
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
    """Points below the highest rate, int64 [CASES]: names, case, time, words of `field_step`."""

    lanes: Lanes
    case: npt.NDArray[np.int64]
    t: npt.NDArray[np.int64]
    behaviour: npt.NDArray[np.int64]
    report: npt.NDArray[np.int64]


class Room(NamedTuple):
    """Room for a crowd and what is known of it; `lanes` and `words`, `others` are for any use."""

    crowd: Crowd
    cases: Cases
    cells: Cells
    picked: Picked
    points: Points
    lanes: Lanes
    words: Words
    others: Words


def room_for_crowd() -> Room:
    """Return the room that `mark_crowd` needs."""
    return Room(
        Crowd(*np.zeros((7, PEOPLE), np.int64)),
        Cases(np.zeros(CASES, np.uint64), *np.zeros((6, CASES), np.int64), *np.zeros((3, CASES))),
        Cells(empty_lanes(CELLS), *np.zeros((4, CELLS), np.int64), *np.zeros((2, CELLS))),
        Picked(*np.zeros((4, CELLS), np.uint64)),
        Points(empty_lanes(CASES), *np.zeros((4, CASES), np.int64)),
        empty_lanes(CASES),
        empty_words(CASES),
        empty_words(CASES),
    )


@compiled
def mark_crowd(key, p, days, window, room, n):
    """Say in `may` of each of n people whether they could be referred in the window."""
    for i in range(n):
        room.crowd.may[i] = 0
    found = find_cases(key, p, window, room, n)
    look_at_cases(key, p, days, room, found)
    search_cases(key, p, days, window, room, found)


@compiled
def find_cases(key, p, window, room, n):
    """Put into `cases` those of n people that lie in the time looked at; return how many."""
    crowd = room.crowd
    cases = room.cases
    lanes = room.lanes
    words = room.words
    times = room.others
    for i in range(n):
        lanes.person[i] = crowd.person[i]
        lanes.rel[i] = 0
        lanes.ordinal[i] = 0
    draw(key, rnd.PERSON_EXIT, lanes, words, n)
    for i in range(n):
        leaves, _, career = rules.exit_by(p, crowd.entry[i], words_at(words, i))
        crowd.leaves[i] = min(leaves, window.until)
        crowd.career[i] = career
        crowd.still[i] = i
        crowd.begins[i] = crowd.entry[i]
    found = 0
    rel = 0
    while n > 0 and rel < MOST_RELATIONSHIPS:
        rel += 1
        for i in range(n):
            lanes.person[i] = crowd.person[crowd.still[i]]
            lanes.rel[i] = rel
        draw(key, rnd.CASE, lanes, words, n)
        draw(key, rnd.CASE_TIMES, lanes, times, n)
        left = 0
        for i in range(n):
            who = crowd.still[i]
            begins = crowd.begins[i]
            leaves = crowd.leaves[who]
            kind, high, short = rules.case_by(p, words_at(words, i))
            end, _, following, area = rules.case_times_by(p, begins, short, words_at(times, i))
            first = max(begins, window.since - window.late)
            last = min(end, leaves)
            if kind != ev.FAMILY and first <= last:
                cases.who[found] = who
                cases.rel[found] = rel
                cases.first[found] = first
                cases.last[found] = last
                cases.area[found] = area
                cases.high[found] = high
                cases.word[found] = words.first[i]
                found += 1
            crowd.still[left] = who
            crowd.begins[left] = following
            left += 1 if following <= crowd.career[who] and following < leaves else 0
        n = left
    return found


@compiled
def look_at_cases(key, p, days, room, n):
    """Work out the highest rate of n cases and what it follows from."""
    crowd = room.crowd
    cases = room.cases
    lanes = room.lanes
    for i in range(n):
        lanes.person[i] = crowd.person[cases.who[i]]
        lanes.rel[i] = 0
        lanes.ordinal[i] = 0
    draw(key, rnd.PERSON, lanes, room.words, n)
    for i in range(n):
        entry = crowd.entry[cases.who[i]]
        linx, z = rules.risk_traits_by(p, days, entry, words_at(room.words, i))
        frailty, score = rules.frailty_by(p, z, linx, cases.word[i])
        cases.z[i] = z
        cases.score[i] = score
        cases.highest[i] = frailty * (1.0 + max(0.0, p[P.RAISE])) * p[P.UP] * MARGIN


@compiled
def search_cases(key, p, days, window, room, n):
    """Mark those of whose n cases a point could lead to a referral."""
    crowd = room.crowd
    cases = room.cases
    cells = room.cells
    tick = np.int64(p[P.TICK])
    n_cells = 0
    n_points = 0
    for case in range(n):
        person = crowd.person[cases.who[case]]
        highest = cases.highest[case] * p[P.SEASON_MAX]
        # Rounding up to the tick can bring a point of an earlier cell to this instant.
        start = cases.first[case] - tick
        for band in range(rules.bands_needed(highest)):
            size = rules.cell_seconds(band)
            width = rules.band_width(band)
            cell = max(0, (start - ORIGIN) // size)
            begins = ORIGIN + cell * size
            while begins <= cases.last[case]:
                cells.lanes.person[n_cells] = person
                cells.lanes.rel[n_cells] = cases.rel[case]
                cells.lanes.ordinal[n_cells] = (band << 27) | (cell << 10)
                cells.case[n_cells] = case
                cells.raw[n_cells] = begins
                cells.start[n_cells] = start
                cells.stop[n_cells] = min(begins + size, cases.last[case] + 1)
                cells.gap[n_cells] = YEAR / width
                cells.share[n_cells] = (highest * MARGIN - rules.band_edge(band)) / width
                n_cells += 1
                cell += 1
                begins += size
                if n_cells == CELLS:
                    n_points = walk(key, p, days, window, room, n_cells, n_points)
                    n_cells = 0
    n_points = walk(key, p, days, window, room, n_cells, n_points)
    judge(key, p, days, window, room, n_points)


@compiled
def walk(key, p, days, window, room, n, n_points):
    """Walk n cells to their ends, all of them one point on at a time.

    Returns how many points wait to be judged.
    """
    while n > 0:
        if n_points + n > CASES:
            judge(key, p, days, window, room, n_points)
            n_points = 0
        draw(key, rnd.FIELD, room.cells.lanes, room.words, n)
        advance(room.cells, room.words, room.picked, n)
        n, counting = pick(room.picked, n)
        n_points = note(p, days, room, counting, n_points)
        close_up(room.cells, room.picked.going, n)
    return n_points


@compiled
def advance(cells, words, picked, n):
    """Bring n cells to the times of their next points, as `rules.field_step` does."""
    for i in range(n):
        wait = np.int64(-log_here(unit(words.first[i])) * cells.gap[i] + 0.5)
        raw = cells.raw[i] + wait
        cells.raw[i] = raw
        goes_on = np.uint64(raw < cells.stop[i])
        late_enough = np.uint64(raw >= cells.start[i])
        low_enough = np.uint64(unit(words.second[i]) < cells.share[i])
        picked.goes_on[i] = goes_on
        picked.counts[i] = goes_on & late_enough & low_enough


@compiled
def pick(picked, n):
    """List the cells that go on and those whose points may count; return how many of each.

    Every place is written and the number decides what holds: no branch that is hard to guess.
    """
    going = np.uint64(0)
    counting = np.uint64(0)
    for i in range(n):
        picked.going[going] = i
        picked.counting[counting] = i
        going += picked.goes_on[i]
        counting += picked.counts[i]
    return np.int64(going), np.int64(counting)


@compiled
def note(p, days, room, n, n_points):
    """Append to `points` those of n that lie in their case and below its highest rate that day."""
    cases = room.cases
    cells = room.cells
    points = room.points
    words = room.words
    for k in range(n):
        i = room.picked.counting[k]
        case = cells.case[i]
        ordinal = cells.lanes.ordinal[i]
        t = rules.on_tick(p, cells.raw[i])
        if t < cases.first[case] or t > cases.last[case]:
            continue
        band = ordinal >> 27
        height = rules.band_edge(band) + rules.band_width(band) * unit(words.second[i])
        if height < cases.highest[case] * days[D.SEASON, rules.day_of(t)]:
            points.lanes.person[n_points] = cells.lanes.person[i]
            points.lanes.rel[n_points] = cells.lanes.rel[i]
            points.lanes.ordinal[n_points] = ordinal
            points.case[n_points] = case
            points.t[n_points] = t
            points.behaviour[n_points] = np.int64(words.third[i])
            points.report[n_points] = np.int64(words.fourth[i])
            n_points += 1
    return n_points


@compiled
def close_up(cells, going, n):
    """Bring the n cells that go on together, each at its next point."""
    for k in range(n):
        i = going[k]
        cells.lanes.person[k] = cells.lanes.person[i]
        cells.lanes.rel[k] = cells.lanes.rel[i]
        cells.lanes.ordinal[k] = cells.lanes.ordinal[i] + 1
        cells.case[k] = cells.case[i]
        cells.raw[k] = cells.raw[i]
        cells.start[k] = cells.start[i]
        cells.stop[k] = cells.stop[i]
        cells.gap[k] = cells.gap[i]
        cells.share[k] = cells.share[i]


@compiled
def judge(key, p, days, window, room, n):
    """Mark those of whose n points one could lead to a referral."""
    cases = room.cases
    points = room.points
    may = room.crowd.may
    draw(key, rnd.MARKS, points.lanes, room.others, n)
    for i in range(n):
        case = points.case[i]
        if may[cases.who[case]] == 1:
            continue
        behaviour = rules.behaviour_of(p, points.behaviour[i], cases.high[case])
        point = Point(
            points.lanes.person[i],
            points.lanes.rel[i],
            points.lanes.ordinal[i],
            points.t[i],
            behaviour,
            cases.area[case],
        )
        w = words_at(room.others, i)
        if marks_may_lead(key, p, days, window, point, cases.z[case], w):
            may[cases.who[case]] = 1
            continue
        reported = rules.is_reported(p, days, point.t, behaviour, points.report[i], window.ratio)
        if reported and report_may_lead(key, p, days, window, point, cases.score[case]):
            may[cases.who[case]] = 1
