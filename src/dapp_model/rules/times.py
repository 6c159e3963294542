"""Time: days, ticks, and waits that are drawn by their quantile."""

from __future__ import annotations

import numpy as np

from dapp_model.compiled import compiled
from dapp_model.randomness import log, unit
from dapp_model.world import DAY, ORIGIN, P

NEVER = -(1 << 60)
INFINITE = 1 << 60


@compiled
def day_of(t):
    """Return the column of the tables by day that holds a time."""
    return (t - ORIGIN) // DAY


@compiled
def on_tick(p, t):
    """Round a time up to the model's resolution."""
    tick = np.int64(p[P.TICK])
    return t if tick == 1 else -((-t) // tick) * tick


@compiled
def after(p, t, seconds):
    """Return the time `seconds` later, at least one tick after `t`."""
    wait = np.int64(seconds + 0.5)
    return on_tick(p, t + max(1, wait))


@compiled
def exponential(word, mean):
    """Return the exponential quantile of a word, by its mean."""
    return -log(unit(word)) * mean
