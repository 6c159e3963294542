"""Whether a referral could follow from one candidate for an incident, by any route.

The chances of what follows from a candidate are keyed to it and known before anything happens. Each
is taken at its highest: what cannot lead to a referral is passed over, the rest is lived.
"""

from __future__ import annotations

from typing import NamedTuple

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.world import D, P


class Window(NamedTuple):
    """What is looked for: referrals from `since` to before `until`, in seconds.

    `late` is the longest time from an incident to a referral that follows from it, in seconds;
    `ratio` the highest multiplier on the chance of a report.
    """

    since: int
    until: int
    late: int
    ratio: float


class Point(NamedTuple):
    """A candidate for an incident: its name, time and behaviour, and the case's MARAC area."""

    person: int
    rel: int
    ordinal: int
    t: int
    behaviour: int
    area: int


@compiled
def marks_may_lead(key, p, days, window, point, z, w):
    """Say whether a referral could follow without a report; w are the words of the marks."""
    t = point.t
    _, agency, u_self, u_health = rules.marks_by(p, w)
    if agency and hearing_may_lead(key, p, days, window, point, t):
        return True
    if t < window.since or t >= window.until:
        return False
    if rules.refers_self(key, p, days, point.person, t, z, u_self):
        return True
    hurt = point.behaviour == ev.INJURY or point.behaviour == ev.RAPE
    return hurt and u_health < days[D.REF_HEALTH, rules.day_of(t)]


@compiled
def report_may_lead(key, p, days, window, point, score):
    """Say whether a referral could follow from a report to the police; `score` is the case's."""
    person, rel, ordinal, t, behaviour, _ = point
    if t >= window.until:
        return False
    _, when, u_crime = rules.observation(key, p, days, person, rel, ordinal, t, behaviour)
    if when >= window.until:
        return False
    u_police, u_court, u_children, _ = rules.route_uniforms(key, person, rel, ordinal)
    _, charge, u_marac, u_child = rules.following(key, p, person, rel, ordinal)
    if when >= window.since:
        day = rules.day_of(when)
        if u_police < days[D.REF_POLICE, day]:
            return True
        if (
            u_child
            and u_children < days[D.REF_CHILDREN, day]
            and rules.children(key, p, person, rel) > 0
        ):
            return True
    referred = u_marac < max(p[P.MARAC_A], p[P.MARAC_B])
    if referred and hearing_may_lead(key, p, days, window, point, when):
        return True
    if not charge or rules.offence_of(p, days, when, behaviour, u_crime) == ev.NONE:
        return False
    to_charge, convicted, to_conviction, _ = rules.justice(key, p, person, rel, ordinal)
    if not convicted:
        return False
    tried = rules.after(p, rules.after(p, when, to_charge), to_conviction)
    if tried < window.since or tried >= window.until:
        return False
    if u_court >= days[D.REF_COURT, rules.day_of(tried)]:
        return False
    return rules.response(key, p, days, person, rel, ordinal, when, score)[1]


@compiled
def hearing_may_lead(key, p, days, window, point, t):
    """Say whether the MARAC that hears a case referred at t would refer the perpetrator."""
    heard = rules.marac_hearing(p, t, point.area)
    if heard < window.since or heard >= window.until:
        return False
    u = rules.hearing(key, days, point.person, point.rel, point.ordinal, heard)[1]
    return u < days[D.REF_MARAC, rules.day_of(heard)]
