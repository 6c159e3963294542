"""The rate of true incidents, and all that raises or lowers it."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model.compiled import compiled, compiled_inline
from dapp_model.randomness import exp, unit
from dapp_model.rules.times import NEVER, day_of
from dapp_model.world import P_MIX, D, P

LN2 = 0.6931471805599453


@compiled_inline
def raised(p, t, last):
    """Return 1 + the raised hazard since the last incident; it only falls with time."""
    if last == NEVER or p[P.RAISE] == 0.0:
        return 1.0
    return 1.0 + p[P.RAISE] * exp(-np.float64(t - last) / p[P.RAISE_TIME])


@compiled
def rate_bound(p, t, frailty, last):
    """Return a rate a year that is not exceeded until the next incident."""
    return frailty * p[P.SEASON_MAX] * raised(p, t, last) * p[P.UP] * 1.000001


@compiled_inline
def rates(p, days, t, frailty, last):
    """Return (rate a year with no effect in force, rate not exceeded until the next incident)."""
    level = frailty * raised(p, t, last)
    return level * days[D.SEASON, day_of(t)], level * p[P.SEASON_MAX] * p[P.UP] * 1.000001


@compiled
def behaviour_of(p, word, high):
    """Return the behaviour of a candidate, fixed before it is accepted."""
    u = unit(word)
    row = P_MIX + 10 * high
    if u >= p[row + 8]:
        return ev.NONE
    b = 0
    while u >= p[row + b]:
        b += 1
    return b


@compiled
def fading(t, end, half_life):
    """Return 1 until `end`, then half of it each half-life."""
    if t <= end:
        return 1.0
    return exp(-LN2 * np.float64(t - end) / half_life)


@compiled
def window(t, start, end, half_life):
    """Return 0 before `start`, 1 until `end`, then fading."""
    if start == NEVER or t < start:
        return 0.0
    return fading(t, end, half_life)


@compiled
def dose_effect(p, t, dose, end):
    """Return the share of the full-dose effect in force: linear above the threshold, fading."""
    if dose <= 0.0 or dose < p[P.THRESHOLD]:
        return 0.0
    if t > end and np.float64(t - end) > p[P.MAXIMUM]:
        return 0.0
    return dose * fading(t, end, p[P.HALF_LIFE])


@compiled
def log_services(p, t, control, bbr_end, marac, idva, idva_end, out, out_end, dvpo):
    """Return the log hazard ratio of everything but the programme. `control` is 0 or 1."""
    total = 0.0
    if bbr_end != NEVER:
        share = p[P.CONTROL] if control > 0 else 1.0
        total += p[P.BBR_LOG] * share * fading(t, bbr_end, p[P.HALF_LIFE])
    if marac != NEVER:
        total += p[P.MARAC_LOG] * fading(t, marac, p[P.MARAC_HALF])
    if idva != NEVER:
        total += p[P.IDVA_LOG] * window(t, idva, idva_end, p[P.SUPPORT_HALF])
    if out != NEVER:
        total += p[P.OUTREACH_LOG] * window(t, out, out_end, p[P.SUPPORT_HALF])
    if dvpo != NEVER:
        end = dvpo + np.int64(p[P.DVPO_LENGTH])
        total += p[P.DVPO_LOG] * window(t, dvpo, end, p[P.DVPO_HALF])
    return total


@compiled
def log_programme(p, t, control, dose1, end1, dose2, end2, dropped, sup, sup_end):
    """Return the log hazard ratio of the programme and its partner support.

    Two episodes may be in memory; they do not stack, the larger dose rules.
    """
    strength = max(dose_effect(p, t, dose1, end1), dose_effect(p, t, dose2, end2))
    total = p[P.FULL_LOG] * strength * (p[P.CONTROL] if control > 0 else 1.0)
    if dropped != NEVER and np.float64(t - dropped) <= p[P.MAXIMUM]:
        total += p[P.DROPOUT_LOG] * fading(t, dropped, p[P.HALF_LIFE])
    if sup != NEVER:
        total += p[P.SUPPORT_LOG] * window(t, sup, sup_end, p[P.SUPPORT_HALF])
    return total


@compiled
def multiplier(p, log_ratio):
    """Return the hazard ratio, not below the stated floor."""
    if log_ratio == 0.0:
        return 1.0
    return exp(max(p[P.FLOOR_LOG], log_ratio))
