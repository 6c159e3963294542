"""Who is referred to the programme, and what becomes of them there."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model.compiled import compiled
from dapp_model.randomness import block, exp, log, unit
from dapp_model.rules.known import YEAR_DAY_SECONDS, hearing, marks, route_uniforms
from dapp_model.rules.people import motivation
from dapp_model.rules.times import NEVER, day_of, exponential
from dapp_model.world import ANY_RISK, HIGH_ONLY, D, P

MOST_MOTIVATED = 30.0  # times the chance of a self-referral


@compiled
def refers_self(key, p, days, person, t, z, u):
    """Say whether a true incident leads to self-referral; the motivated refer themselves more."""
    chance = days[D.REF_SELF, day_of(t)]
    if u >= chance * MOST_MOTIVATED:  # nobody is so motivated: spares the rest
        return False
    m = p[P.SELF_MOTIVATION]
    ratio = exp(m * motivation(key, p, person, z) - 0.5 * m * m)
    return u < chance * min(ratio, MOST_MOTIVATED)


@compiled
def refers(key, p, days, person, rel, ordinal, t, z, route):
    """Say whether a route that leads to the programme at t refers after an incident.

    z: the perpetrator's latent frailty; ordinal: the incident's.
    """
    if route == ev.SELF:
        return refers_self(key, p, days, person, t, z, marks(key, p, person, rel, ordinal)[2])
    day = day_of(t)
    if route == ev.HEALTH:
        return marks(key, p, person, rel, ordinal)[3] < days[D.REF_HEALTH, day]
    if route == ev.MARAC:
        return hearing(key, days, person, rel, ordinal, t)[1] < days[D.REF_MARAC, day]
    police, court, children_s, _ = route_uniforms(key, person, rel, ordinal)
    if route == ev.POLICE:
        return police < days[D.REF_POLICE, day]
    if route == ev.COURT:
        return court < days[D.REF_COURT, day]
    return children_s < days[D.REF_CHILDREN, day]


@compiled
def admits(days, t, kind, risk):
    """Say whether the design takes this kind of case and this risk (0, 1, 2)."""
    if kind == ev.FAMILY:
        return False
    rule = days[D.RISK, day_of(t)]
    if rule == ANY_RISK:
        return True
    return risk == 2 if rule == HIGH_ONLY else risk < 2


@compiled
def risk_of(t, grade, heard):
    """Return a case's risk as the agencies know it: 2 high, 1 medium, 0 standard."""
    if grade == 2 or (heard != NEVER and t - heard <= YEAR_DAY_SECONDS):
        return 2
    return 1 if grade == 1 else 0


@compiled
def odds_shift(chance, shift):
    """Return the probability whose log odds are shifted."""
    if chance <= 0.0 or chance >= 1.0:
        return chance
    odds = chance / (1.0 - chance) * exp(shift)
    return odds / (1.0 + odds)


@compiled
def contact(key, p, person, episode, route, z):
    """Return (seconds to contact, answer: 0 not reached 1 refused 2 agreed, suitable)."""
    w = block(key, person, 0, rnd.CONTACT, episode)
    chance = p[P.ACCEPT_AGENCY]
    if route == ev.SELF:
        chance = p[P.ACCEPT_SELF]
    elif route == ev.POLICE:
        chance = p[P.ACCEPT_POLICE]
    chance = odds_shift(chance, p[P.ACCEPT_MOTIVATION] * motivation(key, p, person, z))
    answer = 0 if unit(w[1]) >= p[P.REACHED] else 2 if unit(w[2]) < chance else 1
    return exponential(w[0], p[P.CONTACT_DELAY]), answer, unit(w[3]) < p[P.SUITABLE]


@compiled
def pathway(key, p, person, episode):
    """Return (seconds of assessment, patience for it, patience for a place, drop-out uniform)."""
    w = block(key, person, 0, rnd.PATHWAY, episode)
    patience1 = 3.0e9
    patience2 = 3.0e9
    if p[P.RENEGE] > 0.0:
        patience1 = min(exponential(w[1], 1.0 / p[P.RENEGE]), 3.0e9)
        patience2 = min(exponential(w[2], 1.0 / p[P.RENEGE]), 3.0e9)
    length = p[P.ASSESS_FIXED] + exponential(w[0], p[P.ASSESS_EXTRA])
    return length, patience1, patience2, unit(w[3])


@compiled
def sessions_attended(key, p, days, person, t, route, z, needs, stream, u):
    """Return (sessions attended before dropping out, sessions planned); equal if completed.

    The drop-out hazard falls with time (Weibull over the planned length); needs that the design
    does not meet, motivation, motivational enhancement and one-to-one work move its odds.
    """
    day = day_of(t)
    planned = np.int64(days[D.SESSIONS, day])
    unmet = needs & ~np.int64(days[D.NEEDS, day])
    n = (unmet & 1) + ((unmet >> 1) & 1) + ((unmet >> 2) & 1) + ((unmet >> 3) & 1)
    shift = p[P.COMPLETE_MOTIVATION] * motivation(key, p, person, z) + p[P.UNMET_LOG] * n
    if days[D.MOTIVATIONAL, day] > 0.0:
        shift -= p[P.MOTIVATIONAL_LOG]
    if stream == 1:
        shift -= p[P.ONE_TO_ONE_LOG]
    base = p[P.COMPLETE_SELF] if route == ev.SELF else p[P.COMPLETE_AGENCY]
    chance = odds_shift(base, shift)
    if chance >= 1.0 or u >= 1.0:
        return planned, planned
    if chance <= 0.0:
        return 0, planned
    x = log(u) / log(chance)
    if x >= 1.0:
        return planned, planned
    attended = np.int64(np.float64(planned) * exp(log(x) / p[P.DROPOUT_SHAPE])) if x > 0.0 else 0
    return min(attended, planned - 1), planned


@compiled
def takes_support(key, p, person, episode):
    """Say whether a victim who is offered partner support takes it up."""
    return unit(block(key, person, 0, rnd.SUPPORT, episode)[0]) < p[P.SUPPORT_UPTAKE]


@compiled
def start_cost(p, stream):
    """Return the pence that a start commits."""
    return np.int64(p[P.START_COST_ONE] if stream == 1 else p[P.START_COST])
