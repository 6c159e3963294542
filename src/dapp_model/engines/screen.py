"""Who could ever be referred, told from the keyed chances alone, without living anybody's life.

Every referral follows from an incident, and the chances of what follows from each candidate for an
incident are fixed before anything happens. So most lives need not be lived to know that they never
meet the programme. Whoever passes may still not be referred; whoever would be, passes.
"""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.world import MOST_RELATIONSHIPS, ORIGIN, D, P

MARGIN = 1.000002  # a little above that of the rate itself, for rounding


@compiled
def may_be_referred(key, p, days, person, entry, since, until, late, field, heights):
    """Say whether a perpetrator who enters at `entry` could be referred from `since` to `until`.

    `late` is the longest time from an incident to what follows from it, in seconds; `field` and
    `heights` are room for the field of one case, [5, band] and [band].
    """
    leaves, _, career = rules.exit_of(key, p, person, entry)
    _, linx, z = rules.traits(key, p, days, person, entry)
    begins = entry
    for rel in range(1, MOST_RELATIONSHIPS + 1):
        frailty, score, kind, high, short = rules.case(key, p, person, rel, z, linx)
        end, _, following, area = rules.case_times(key, p, person, rel, begins, short)
        first = max(begins, since - late)
        last = min(end, leaves, until)
        if kind != ev.FAMILY and first <= last:
            highest = frailty * (1.0 + max(0.0, p[P.RAISE])) * p[P.UP] * MARGIN
            for band in range(rules.bands_needed(highest * p[P.SEASON_MAX])):
                size = rules.cell_seconds(band)
                cell = max(0, (first - np.int64(p[P.TICK]) - ORIGIN) // size)
                rules.field_step(
                    key, p, person, rel, band, cell, 0, ORIGIN + cell * size, field, heights
                )
                while field[rules.F_TIME, band] <= last:
                    t = field[rules.F_TIME, band]
                    if (
                        t >= first
                        and heights[band] < highest * days[D.SEASON, rules.day_of(t)]
                        and leads_to_referral(
                            key, p, days, person, rel, t, since, until,
                            field[rules.F_ORDINAL, band],
                            rules.behaviour_of(p, field[rules.F_BEHAVIOUR, band], high),
                            field[rules.F_REPORT, band],
                            score, z, area,
                        )
                    ):  # fmt: skip
                        return True
                    rules.field_advance(key, p, person, rel, band, field, heights)
        if following > career or following >= min(leaves, until):
            break
        begins = following
    return False


@compiled
def leads_to_referral(
    key, p, days, person, rel, t, since, until, ordinal, behaviour, word, score, z, area
):
    """Say whether a referral could follow from an incident at t, by any route."""
    heard = rules.marac_hearing(p, t, area)
    if t >= since or heard >= since:
        _, agency, u_self, u_health = rules.marks(key, p, person, rel, ordinal)
        if agency and refers_at(key, days, person, rel, ordinal, heard, since, until):
            return True
        if since <= t < until:
            if rules.refers_self(key, p, days, person, t, z, u_self):
                return True
            hurt = behaviour == ev.INJURY or behaviour == ev.RAPE
            if hurt and u_health < days[D.REF_HEALTH, rules.day_of(t)]:
                return True
    most = rules.exp(max(0.0, p[P.IDVA_REPORT_LOG]))
    if t >= until or not rules.is_reported(p, days, t, behaviour, word, most):
        return False
    _, when, u_crime = rules.observation(key, p, days, person, rel, ordinal, t, behaviour)
    if when >= until:
        return False
    return record_leads_to_referral(
        key, p, days, person, rel, when, since, until, ordinal, behaviour, u_crime, score, area
    )


@compiled
def record_leads_to_referral(
    key, p, days, person, rel, when, since, until, ordinal, behaviour, u_crime, score, area
):
    """Say whether a referral could follow from a record made at `when`."""
    u_police, u_court, u_children, _ = rules.route_uniforms(key, person, rel, ordinal)
    _, charge, u_marac, u_child = rules.following(key, p, person, rel, ordinal)
    if when >= since:
        day = rules.day_of(when)
        if u_police < days[D.REF_POLICE, day]:
            return True
        if (
            u_child
            and u_children < days[D.REF_CHILDREN, day]
            and rules.children(key, p, person, rel) > 0
        ):
            return True
    if u_marac < max(p[P.MARAC_A], p[P.MARAC_B]):
        heard = rules.marac_hearing(p, when, area)
        if refers_at(key, days, person, rel, ordinal, heard, since, until):
            return True
    if not charge or rules.offence_of(p, days, when, behaviour, u_crime) == ev.NONE:
        return False
    to_charge, convicted, to_conviction, _ = rules.justice(key, p, person, rel, ordinal)
    if not convicted:
        return False
    tried = rules.after(p, rules.after(p, when, to_charge), to_conviction)
    if tried < since or tried >= until or u_court >= days[D.REF_COURT, rules.day_of(tried)]:
        return False
    return rules.response(key, p, days, person, rel, ordinal, when, score)[1]


@compiled
def refers_at(key, days, person, rel, ordinal, heard, since, until):
    """Say whether a MARAC that hears a case at `heard` would refer the perpetrator."""
    if heard < since or heard >= until:
        return False
    u = rules.hearing(key, days, person, rel, ordinal, heard)[1]
    return u < days[D.REF_MARAC, rules.day_of(heard)]
