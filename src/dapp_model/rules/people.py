"""Who enters, how long they stay, and the cases that they live in."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model.compiled import compiled
from dapp_model.randomness import block, exp, normal_quantile, unit
from dapp_model.rules.times import INFINITE, after, day_of, exponential, on_tick
from dapp_model.world import ENTRY_BAND, PEOPLE_PER_BAND, YEAR, D, P

ENTRY_GAP = YEAR / ENTRY_BAND


@compiled
def next_entry(key, person, t):
    """Return (time, height a year, thinning uniform) of a person in the keyed field of entries.

    `t` is the time of the person before them in the band (or ORIGIN for the first).
    """
    w = block(key, person, 0, rnd.ENTRY, 0)
    band = person // PEOPLE_PER_BAND
    when = t + np.int64(exponential(w[0], ENTRY_GAP) + 0.5)
    return when, (band + unit(w[1])) * ENTRY_BAND, unit(w[2])


@compiled
def enters(p, days, t, height, thinning):
    """Say whether a point of the field of entries is a perpetrator who is simulated."""
    return height < days[D.ENTRY, day_of(t)] and thinning < p[P.SHARE]


@compiled
def next_person(key, p, days, person, t, warm_up, horizon):
    """Return (person, time of the point, time of entry) of the next who is simulated.

    `person` and `t` are those of the point before in the band; an entry at or after the horizon
    means that there are no more.
    """
    while True:
        person += 1
        t, height, thinning = next_entry(key, person, t)
        when = on_tick(p, t)
        if when >= horizon or (when >= warm_up and enters(p, days, when, height, thinning)):
            return person, t, when


@compiled
def traits(key, p, days, person, t):
    """Return (code of sex, age band and needs; reached by linx; latent frailty z)."""
    w = block(key, person, 0, rnd.PERSON, 0)
    n = block(key, person, 0, rnd.PERSON_NEEDS, 0)
    male = 1 if unit(w[0]) < p[P.MALE] else 0
    u = unit(w[1])
    age = 0 if u < p[P.AGE1] else 1 if u < p[P.AGE2] else 2 if u < p[P.AGE3] else 3
    needs = (
        (1 if unit(n[0]) < p[P.NEED1] else 0)
        + (2 if unit(n[1]) < p[P.NEED2] else 0)
        + (4 if unit(n[2]) < p[P.NEED3] else 0)
        + (8 if unit(n[3]) < p[P.NEED4] else 0)
    )
    linx, z = risk_traits_by(p, days, t, w)
    return male + 2 * age + 8 * needs, linx, z


@compiled
def risk_traits_by(p, days, t, w):
    """Return (reached by linx; latent frailty z), the part of `traits` that sets the frailty."""
    return is_reached_by_linx(p, days, t, w), normal_quantile(unit(w[3]))


@compiled
def is_reached_by_linx(p, days, t, w):
    """Return 1 if linx reaches who enters at t, else 0; w are the words of `traits`."""
    youngest = unit(w[1]) < p[P.AGE1]
    linx = youngest and unit(w[2]) < p[P.LINX_COVERAGE] and days[D.LINX, day_of(t)] > 0.0
    return 1 if linx else 0


@compiled
def exit_of(key, p, person, t):
    """Return (time of leaving the county, cause, end of the years of new relationships)."""
    return exit_by(p, t, block(key, person, 0, rnd.PERSON_EXIT, 0))


@compiled
def exit_by(p, t, w):
    """Return the same as `exit_of`."""
    rate = p[P.MOVES] + p[P.DIES]
    when = INFINITE
    cause = ev.MOVED
    if rate > 0.0:
        when = after(p, t, min(exponential(w[0], 1.0 / rate), 3.0e9))
        cause = ev.DIED if unit(w[1]) * rate < p[P.DIES] else ev.MOVED
    return when, cause, after(p, t, min(exponential(w[2], p[P.CAREER]), 3.0e9))


@compiled
def motivation(key, p, person, z):
    """Return motivation to change in standard deviations, correlated with the latent frailty."""
    w = block(key, person, 0, rnd.PERSON_EXIT, 0)
    rho = p[P.MOTIVATION_RHO]
    return rho * z + np.sqrt(1.0 - rho * rho) * normal_quantile(unit(w[3]))


@compiled
def case(key, p, person, rel, z, linx):
    """Return (frailty a year, its standard score, kind, high harm, ends soon)."""
    w = block(key, person, rel, rnd.CASE, 0)
    rate, score = frailty_by(p, z, linx, w[0])
    kind, high, short = case_by(p, w)
    return rate, score, kind, high, short


@compiled
def frailty_by(p, z, linx, word):
    """Return (frailty a year, its standard score) of a case from the first of its words."""
    return frailty_at(p, z, linx, normal_quantile(unit(word)))


@compiled
def frailty_at(p, z, linx, deviate):
    """Return the same as `frailty_by` from the standard normal deviate of its word."""
    rho = p[P.FRAILTY_RHO]
    score = np.sqrt(rho) * z + np.sqrt(1.0 - rho) * deviate
    rate = min(exp(p[P.FRAILTY_MU] + p[P.FRAILTY_SIGMA] * score), p[P.FRAILTY_CAP])
    if linx > 0:
        rate = rate * p[P.LINX_RATIO]
    return rate, score


@compiled
def case_by(p, w):
    """Return (kind, high harm, ends soon), the part of `case` that needs no frailty."""
    high = 1 if unit(w[1]) < p[P.HIGH_HARM] else 0
    short = 1 if unit(w[2]) < p[P.SHORT_SHARE] else 0
    return kind_of(p, unit(w[3])), high, short


@compiled
def kind_of(p, u):
    """Return the kind of relationship."""
    if u < p[P.FAMILY]:
        return ev.FAMILY
    return ev.EX_PARTNER if u < p[P.FAMILY] + p[P.EX] else ev.PARTNER


@compiled
def case_times(key, p, person, rel, t, short):
    """Return (end, cause of the end, keyed date of the next relationship, MARAC area)."""
    return case_times_by(p, t, short, block(key, person, rel, rnd.CASE_TIMES, 0))


@compiled
def case_times_by(p, t, short, w):
    """Return the same as `case_times`."""
    mean = p[P.SHORT] if short > 0 else p[P.LONG]
    end = after(p, t, min(exponential(w[0], mean), 3.0e9))
    cause = ev.SEPARATED if unit(w[1]) < p[P.SEPARATION] else ev.DESISTED
    following = INFINITE
    if p[P.NEXT] > 0.0:
        following = after(p, t, min(exponential(w[2], 1.0 / p[P.NEXT]), 3.0e9))
    return end, cause, following, np.int64(unit(w[3]) * p[P.MARAC_AREAS])


@compiled
def children(key, p, person, rel):
    """Return the number of children in the household: 0 to 3."""
    w = block(key, person, rel, rnd.CASE_FAMILY, 0)
    if unit(w[0]) >= p[P.CHILDREN]:
        return 0
    if unit(w[1]) >= p[P.SECOND]:
        return 1
    return 3 if unit(w[2]) < p[P.THIRD] else 2
