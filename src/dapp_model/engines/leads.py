"""Whether a referral, or a police record, could follow from one candidate for an incident.

The chances of what follows from a candidate are keyed to it and known before anything happens. Each
is taken at its highest: what cannot lead to a referral is passed over, the rest is lived.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.engines.lanes import draw, normals_here, words_at
from dapp_model.randomness import unit
from dapp_model.world import P_MIX, P_REPORT, D, P

HIGH = 2  # the grade of a risk assessment from which a record is referred to MARAC
ROUNDING = 1e-9  # of a standard score: far above what rounding can do to it
MEMORY = 6.0  # lengths of the raised hazard, after which next to nothing is left of it


REFERRALS, RECORDS = range(2)
# Whether a report could lead to a referral.
NOWHERE, AFTER_A_HEARING, IT_LEADS = range(3)


class Window(NamedTuple):
    """What is looked for, referrals or records, from `since` to before `until`, in seconds.

    late: the longest time from an incident to what follows from it, in seconds; ratio: the highest
    multiplier on the chance of a report; reports: the highest chance of a report by whether the
    case is a high-risk one and by the first eight bits of the word for the behaviour, float64
    [2, 256]; record, by_agency, by_self, by_health, by_police, by_marac, by_court and
    by_children: the highest chances of a record and of these referrals.
    """

    sought: int
    since: int
    until: int
    late: int
    ratio: float
    reports: npt.NDArray[np.float64]
    record: float
    by_agency: float
    by_self: float
    by_health: float
    by_police: float
    by_marac: float
    by_court: float
    by_children: float


class Point(NamedTuple):
    """A candidate for an incident: its name, time and behaviour, and the case's MARAC area."""

    person: int
    rel: int
    ordinal: int
    t: int
    behaviour: int
    area: int


def window_of(p, days, sought, since, until):
    """Return the window from `since` to before `until` (seconds) under the numbers of a world."""
    referrals = sought == REFERRALS
    ratio = rnd.exp(max(0.0, p[P.IDVA_REPORT_LOG]))
    return Window(
        sought,
        since,
        until,
        rules.longest_consequence(p) if referrals else rules.longest_to_record(p),
        ratio,
        highest_reports(p, days[D.REPORT].max() * ratio),
        days[D.RECORD].max(),
        p[P.MARAC_C] if referrals else 0.0,
        days[D.REF_SELF].max() * rules.MOST_MOTIVATED if referrals else 0.0,
        days[D.REF_HEALTH].max() if referrals else 0.0,
        days[D.REF_POLICE].max(),
        days[D.REF_MARAC].max(),
        days[D.REF_COURT].max(),
        days[D.REF_CHILDREN].max(),
    )


def highest_reports(p, ratio):
    """Return the highest chances of a report, `Window.reports`; ratio: on a behaviour's own."""
    found = np.zeros((2, 256))
    for high in range(2):
        mix = p[P_MIX + 10 * high : P_MIX + 10 * high + ev.NONE]  # what lies above is none
        for part in range(256):
            first = np.searchsorted(mix, part / 256.0, side="right")
            last = np.searchsorted(mix, (part + 1) / 256.0, side="left")
            for behaviour in range(first, last + 1):
                own = 1.0 if behaviour == ev.HOMICIDE else p[P_REPORT + behaviour] * ratio
                found[high, part] = max(found[high, part], own)
    return found


@compiled
def judge(key, p, days, window, room, n):
    """Mark those of whose n points one could lead to what is looked for.

    First whatever a point's own words rule out, for many at one stroke; then what is left.
    """
    cases, points, may, lanes = room.cases, room.points, room.crowd.may, room.lanes
    first, second, third, _ = room.words
    draw(key, rnd.MARKS, points.lanes, first, n)
    n_chosen = choose(window, points, cases, first, n)
    reported = 0
    for k in range(n_chosen):
        i = points.chosen[k]
        case = points.case[i]
        if may[cases.who[case]] == 1:
            continue
        point = point_at(p, room, i)
        marks = words_at(first, i)
        if window.sought == REFERRALS and marks_may_lead(
            key, p, days, window, point, cases, case, marks
        ):
            may[cases.who[case]] = may_happen(key, p, days, room, i)
            continue
        report = points.report[i]
        if rules.is_reported(p, days, point.t, point.behaviour, report, window.ratio):
            lanes.person[reported] = point.person
            lanes.rel[reported] = point.rel
            lanes.ordinal[reported] = point.ordinal
            points.chosen[reported] = i
            room.numbers[0][reported] = 1.0 if point.behaviour == ev.HOMICIDE else window.record
            reported += 1
    draw(key, rnd.OBSERVATION, lanes, first, reported)
    if window.sought == REFERRALS:
        draw(key, rnd.ROUTES, lanes, second, reported)
        draw(key, rnd.FOLLOWING, lanes, third, reported)
    followed = follow(key, p, window, room, reported)
    for j in range(followed):
        k = room.leading[j]
        i = points.chosen[k]
        case = points.case[i]
        if may[cases.who[case]] == 1:
            continue
        words = words_at(first, k), words_at(second, k), words_at(third, k)
        point = point_at(p, room, i)
        when = rules.observation_by(p, days, point.t, point.behaviour, words[0])[1]
        leads = IT_LEADS if window.since <= when < window.until else NOWHERE
        if window.sought == REFERRALS:
            leads = report_may_lead(key, p, days, window, point, cases, case, words)
        if leads == IT_LEADS:
            may[cases.who[case]] = may_happen(key, p, days, room, i)
        elif (
            leads == AFTER_A_HEARING
            and cases.again[case] < when
            and may_happen(key, p, days, room, i) == 1
        ):
            cases.again[case] = when


@compiled
def choose(window, points, cases, marks, n):
    """List in `chosen` those of n points whose own words do not rule out what is looked for.

    Returns how many. Every place is written and the number decides what holds: no branch that is
    hard to guess.
    """
    n_chosen = 0
    for i in range(n):
        agency = unit(marks.second[i]) < window.by_agency
        themselves = unit(marks.third[i]) < window.by_self
        health = unit(marks.fourth[i]) < window.by_health
        part = points.behaviour[i] >> 24
        told = unit(points.report[i]) < window.reports[cases.high[points.case[i]], part]
        points.chosen[n_chosen] = i
        n_chosen += 1 if agency | themselves | health | told else 0
    return n_chosen


@compiled
def follow(key, p, window, room, n):
    """List in `leading` those of n reports whose words do not rule out what is looked for.

    Returns how many, as `choose` does.
    """
    seen, routes, following, spare = room.words
    record, hearing, grade = room.numbers
    enough = window.sought == RECORDS
    weight, spread = p[P.DASH_WEIGHT], np.sqrt(1.0 + p[P.DASH_WEIGHT] * p[P.DASH_WEIGHT])
    high_from = p[P.DASH_HIGH_Z] * spread - ROUNDING
    if not enough:
        draw(key, rnd.HEARING, room.lanes, spare, n)
        for k in range(n):
            hearing[k] = unit(spare.second[k])
        draw(key, rnd.RESPONSE, room.lanes, spare, n)
        normals_here(spare.first, grade, n)
    n_leading = 0
    for k in range(n):
        recorded = unit(seen.third[k]) < record[k]
        police = unit(routes.first[k]) < window.by_police
        court = (unit(following.second[k]) < p[P.CHARGE]) & (
            unit(routes.second[k]) < window.by_court
        )
        children = (unit(following.fourth[k]) < p[P.CHILD_REF]) & (
            unit(routes.third[k]) < window.by_children
        )
        # A high grade alone matters too: a hearing is what a further record needs before it.
        score = room.cases.score[room.points.case[room.points.chosen[k]]]
        marac = unit(following.third[k])
        high = (marac < p[P.MARAC_A]) & (grade[k] + weight * score > high_from)
        further = (marac < p[P.MARAC_B]) & (hearing[k] < window.by_marac)
        room.leading[n_leading] = k
        leads = enough | police | court | children | high | further
        n_leading += 1 if recorded & leads else 0
    return n_leading


@compiled
def point_at(p, room, i):
    """Return one of the points that are looked at."""
    points = room.points
    case = points.case[i]
    return Point(
        points.lanes.person[i],
        points.lanes.rel[i],
        points.lanes.ordinal[i],
        points.t[i],
        rules.behaviour_of(p, points.behaviour[i], room.cases.high[case]),
        room.cases.area[case],
    )


@compiled
def may_happen(key, p, days, room, i):
    """Return 1 if a point could be an incident, whatever raised its case's hazard before, else 0.

    The case is followed to the point from a time before it with the hazard then at its highest;
    each point that lies below the rate counts as an incident. More incidents only raise the rate.
    """
    points, cases = room.points, room.cases
    case = points.case[i]
    t = points.t[i]
    height = points.height[i]
    base = cases.base[case]
    if height < base * days[D.SEASON, rules.day_of(t)]:
        return 1
    ordinal = points.lanes.ordinal[i]
    person = points.lanes.person[i]
    rel = points.lanes.rel[i]
    last = max(cases.begins[case], t - np.int64(MEMORY * p[P.RAISE_TIME]))
    bands = rules.bands_needed(cases.highest[case] * p[P.SEASON_MAX])
    field, heights = room.field, room.heights
    for band in range(bands):
        field[rules.F_ORDINAL, band] = rules.UNSEEN
        rules.field_wake(key, p, person, rel, band, last, -1, field, heights)
    while True:
        band = rules.field_first(field, bands)
        now = field[rules.F_TIME, band]
        if now > t or (now == t and field[rules.F_ORDINAL, band] >= ordinal):
            break
        if heights[band] < base * rules.raised(p, now, last) * days[D.SEASON, rules.day_of(now)]:
            last = now
        rules.field_advance(key, p, person, rel, band, field, heights)
    return 1 if height < base * rules.raised(p, t, last) * days[D.SEASON, rules.day_of(t)] else 0


@compiled
def marks_may_lead(key, p, days, window, point, cases, case, w):
    """Say whether a referral could follow without a report; w are the words of the marks."""
    t = point.t
    _, agency, u_self, u_health = rules.marks_by(p, w)
    if agency:
        cases.heard[case] = min(cases.heard[case], t)
        if hearing_may_lead(key, p, days, window, point, t):
            return True
    if t < window.since or t >= window.until:
        return False
    if rules.refers_self(key, p, days, point.person, t, cases.z[case], u_self):
        return True
    hurt = point.behaviour == ev.INJURY or point.behaviour == ev.RAPE
    return hurt and u_health < days[D.REF_HEALTH, rules.day_of(t)]


@compiled
def report_may_lead(key, p, days, window, point, cases, case, words):
    """Say whether a referral could follow from a report to the police.

    words: those of the observation, of the routes and of what follows. That a further record is
    referred to MARAC needs a hearing before it, which another point may bring: what leads only so
    is weighed when all points have been seen.
    """
    seen, routes, following = words
    person, rel, ordinal, t, behaviour, _ = point
    score = cases.score[case]
    if t >= window.until:
        return NOWHERE
    _, when, u_crime = rules.observation_by(p, days, t, behaviour, seen)
    if when >= window.until:
        return NOWHERE
    u_police, u_court, u_children = unit(routes[0]), unit(routes[1]), unit(routes[2])
    _, charge, u_marac, u_child = rules.following_by(p, following)
    if when >= window.since:
        day = rules.day_of(when)
        if u_police < days[D.REF_POLICE, day]:
            return IT_LEADS
        if (
            u_child
            and u_children < days[D.REF_CHILDREN, day]
            and rules.children(key, p, person, rel) > 0
        ):
            return IT_LEADS
    high, further = u_marac < p[P.MARAC_A], u_marac < p[P.MARAC_B]
    otherwise = NOWHERE
    if high or further:
        heard = hearing_may_lead(key, p, days, window, point, when)
        if (
            high
            and (heard or when < cases.heard[case])
            and rules.response(key, p, days, person, rel, ordinal, when, score)[0] == HIGH
        ):
            if heard:
                return IT_LEADS
            cases.heard[case] = when
        if further and heard:
            otherwise = AFTER_A_HEARING
    if not charge or rules.offence_of(p, days, when, behaviour, u_crime) == ev.NONE:
        return otherwise
    to_charge, convicted, to_conviction, _ = rules.justice(key, p, person, rel, ordinal)
    if not convicted:
        return otherwise
    tried = rules.after(p, rules.after(p, when, to_charge), to_conviction)
    if tried < window.since or tried >= window.until:
        return otherwise
    if u_court >= days[D.REF_COURT, rules.day_of(tried)]:
        return otherwise
    arrested = rules.response(key, p, days, person, rel, ordinal, when, score)[1]
    return IT_LEADS if arrested else otherwise


@compiled
def hearing_may_lead(key, p, days, window, point, t):
    """Say whether the MARAC that hears a case referred at t would refer the perpetrator."""
    heard = rules.marac_hearing(p, t, point.area)
    if heard < window.since or heard >= window.until:
        return False
    u = rules.hearing(key, days, point.person, point.rel, point.ordinal, heard)[1]
    return u < days[D.REF_MARAC, rules.day_of(heard)]
