"""The keyed Poisson field of candidates for incidents, over time x rate."""

from __future__ import annotations

import numpy as np

from dapp_model import randomness as rnd
from dapp_model.compiled import compiled, compiled_inline
from dapp_model.randomness import block, unit
from dapp_model.rules.times import exponential, on_tick
from dapp_model.world import BANDS, CELL_YEARS, ORIGIN, YEAR, P

# Rows of a case's field state: per band the next point's time, ordinal, raw time and two words.
F_TIME, F_ORDINAL, F_RAW, F_BEHAVIOUR, F_REPORT = range(5)
UNSEEN = -1  # the ordinal of a band that was never looked at


@compiled
def band_edge(band):
    """Return the lower edge of a rate band, a year: 0, 1, 2, 4, 8, ..."""
    return 0 if band == 0 else 1 << (band - 1)


@compiled
def band_width(band):
    """Return the width of a rate band, a year: 1, 1, 2, 4, 8, ..."""
    return 1 if band == 0 else 1 << (band - 1)


@compiled
def cell_seconds(band):
    """Return the length of a band's cells in seconds."""
    return CELL_YEARS * YEAR if band == 0 else (CELL_YEARS * YEAR) >> (band - 1)


@compiled
def bands_needed(bound):
    """Return how many bands, at least one, lie in whole or in part below a rate a year."""
    n = 0
    while n < BANDS and band_edge(n) < bound:
        n += 1
    return max(1, n)


@compiled_inline
def field_step(key, p, person, rel, band, cell, index, raw, field, heights):
    """Put into `field` the point of a band that follows (cell, index - 1, raw)."""
    width = band_width(band)
    size = cell_seconds(band)
    gap = YEAR / width
    while True:
        ordinal = (band << 27) | (cell << 10) | index
        w = block(key, person, rel, rnd.FIELD, ordinal)
        raw += np.int64(exponential(w[0], gap) + 0.5)
        if raw < ORIGIN + (cell + 1) * size:
            break
        cell += 1
        index = 0
        raw = ORIGIN + cell * size
    field[F_TIME, band] = on_tick(p, raw)
    field[F_ORDINAL, band] = ordinal
    field[F_RAW, band] = raw
    field[F_BEHAVIOUR, band] = np.int64(w[2])
    field[F_REPORT, band] = np.int64(w[3])
    heights[band] = band_edge(band) + width * unit(w[1])


@compiled_inline
def field_advance(key, p, person, rel, band, field, heights):
    """Move one band on to its next point."""
    ordinal = field[F_ORDINAL, band]
    cell = (ordinal >> 10) & 0x1FFFF
    raw = field[F_RAW, band]
    field_step(key, p, person, rel, band, cell, (ordinal & 1023) + 1, raw, field, heights)


@compiled
def field_wake(key, p, person, rel, band, t, ordinal, field, heights):
    """Put one band at its first point after (t, ordinal).

    A band that was looked at before still holds the first point after it was last awake.
    """
    seen = field[F_ORDINAL, band]
    if seen == UNSEEN or field[F_TIME, band] < t - cell_seconds(band):
        size = cell_seconds(band)
        # Rounding up to the tick can bring a point of an earlier cell to this instant.
        cell = max(0, (t - np.int64(p[P.TICK]) - ORIGIN) // size)
        field_step(key, p, person, rel, band, cell, 0, ORIGIN + cell * size, field, heights)
    while field[F_TIME, band] < t or (
        field[F_TIME, band] == t and field[F_ORDINAL, band] <= ordinal
    ):
        field_advance(key, p, person, rel, band, field, heights)


@compiled_inline
def field_first(field, awake):
    """Return the band that holds the earliest point among the first `awake` bands."""
    best = 0
    for band in range(1, awake):
        if field[F_TIME, band] < field[F_TIME, best] or (
            field[F_TIME, band] == field[F_TIME, best]
            and field[F_ORDINAL, band] < field[F_ORDINAL, best]
        ):
            best = band
    return best
