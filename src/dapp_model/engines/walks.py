"""The walk over the keyed field of a crowd's cases, to the points that lie below their rates.

Cells are walked together, each from point to point; those that end, close up.
"""

from __future__ import annotations

import numpy as np

from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.engines.crowds import CASES, CELLS, MARGIN
from dapp_model.engines.lanes import draw
from dapp_model.engines.leads import judge
from dapp_model.randomness import log_here, unit
from dapp_model.world import ORIGIN, YEAR, D, P


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
        draw(key, rnd.FIELD, room.cells.lanes, room.words[0], n)
        advance(room.cells, room.words[0], room.picked, n)
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
    words = room.words[0]
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
            points.height[n_points] = height
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
