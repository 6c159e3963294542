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
    """Mark those of whose n cases a point could lead to what is looked for.

    Whatever lies above the rate that holds without a raised hazard needs an incident before it, so
    bands that lie there as a whole are walked from the first point that needs none.
    """
    cases = room.cases
    for case in range(n):
        # Of what was before the time looked at nothing is known.
        unknown = cases.begins[case] < cases.first[case]
        cases.stirs[case] = cases.first[case] if unknown else rules.INFINITE
        cases.heard[case] = rules.NEVER if unknown else rules.INFINITE
        cases.again[case] = rules.NEVER
    n_points = walk_bands(key, p, days, window, room, n, 0, False)
    n_points = walk_bands(key, p, days, window, room, n, n_points, True)
    judge(key, p, days, window, room, n_points)
    for case in range(n):
        if rules.NEVER < cases.again[case] and cases.heard[case] <= cases.again[case]:
            room.crowd.may[cases.who[case]] = 1


@compiled
def walk_bands(key, p, days, window, room, n, n_points, raised):
    """Walk the bands of n cases that only a raised hazard reaches, or all others.

    Returns how many points wait to be judged.
    """
    crowd = room.crowd
    cases = room.cases
    cells = room.cells
    tick = np.int64(p[P.TICK])
    n_cells = 0
    for case in range(n):
        highest = cases.highest[case] * p[P.SEASON_MAX]
        first_band = 0
        bands = rules.bands_needed(cases.base[case] * p[P.SEASON_MAX])
        since = cases.first[case]
        if raised:
            first_band = bands
            bands = rules.bands_needed(highest)
            since = max(since, cases.stirs[case])
            if since > cases.last[case] or crowd.may[cases.who[case]] == 1:
                continue
        # Rounding up to the tick can bring a point of an earlier cell to this instant.
        start = since - tick
        for band in range(first_band, bands):
            size = rules.cell_seconds(band)
            width = rules.band_width(band)
            gap = YEAR / width
            share = (highest * MARGIN - rules.band_edge(band)) / width
            cell = max(0, (start - ORIGIN) // size)
            begins = ORIGIN + cell * size
            while begins <= cases.last[case]:
                cells.lanes.person[n_cells] = crowd.person[cases.who[case]]
                cells.lanes.rel[n_cells] = cases.rel[case]
                cells.lanes.ordinal[n_cells] = (band << 27) | (cell << 10)
                cells.case[n_cells] = case
                cells.raw[n_cells] = begins
                cells.start[n_cells] = start
                cells.stop[n_cells] = min(begins + size, cases.last[case] + 1)
                cells.gap[n_cells] = gap
                cells.share[n_cells] = share
                n_cells += 1
                cell += 1
                begins += size
                if n_cells == CELLS:
                    n_points = walk(key, p, days, window, room, n_cells, n_points)
                    n_cells = 0
    return walk(key, p, days, window, room, n_cells, n_points)


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
    """Append to `points` those of n that lie in their case and below its highest rate that day.

    The first that needs no raised hazard is noted with the case. As in `pick`, every place is
    written and the number decides what holds.
    """
    cases = room.cases
    cells = room.cells
    points = room.points
    words = room.words[0]
    for k in range(n):
        i = room.picked.counting[k]
        case = cells.case[i]
        ordinal = cells.lanes.ordinal[i]
        t = rules.on_tick(p, cells.raw[i])
        last = cases.last[case]
        inside = (t >= cases.first[case]) & (t <= last)
        band = ordinal >> 27
        height = rules.band_edge(band) + rules.band_width(band) * unit(words.second[i])
        season = days[D.SEASON, rules.day_of(min(t, last))]
        stirs = inside & (height < cases.base[case] * season)
        cases.stirs[case] = min(cases.stirs[case], t if stirs else rules.INFINITE)
        points.lanes.person[n_points] = cells.lanes.person[i]
        points.lanes.rel[n_points] = cells.lanes.rel[i]
        points.lanes.ordinal[n_points] = ordinal
        points.case[n_points] = case
        points.t[n_points] = t
        points.behaviour[n_points] = np.int64(words.third[i])
        points.report[n_points] = np.int64(words.fourth[i])
        points.height[n_points] = height
        n_points += 1 if inside & (height < cases.highest[case] * season) else 0
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
