"""Who could ever be referred, told from the keyed chances alone, without living anybody's life.

Every referral follows from an incident, and the chances of what follows from each candidate for an
incident are fixed before anything happens. So most lives need not be lived to know that they never
meet the programme. Whoever passes may still not be referred; whoever would be, passes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.randomness import block_here, log_here, unit
from dapp_model.world import MOST_RELATIONSHIPS, ORIGIN, YEAR, D, P

MARGIN = 1.000002  # a little above that of the rate itself, for rounding
PER_CELL = 8  # points drawn of a cell at one stroke; there are four on average, seldom nine
LANES = 64 * PER_CELL


class Points(NamedTuple):
    """Room for points of one case's field that are drawn at one stroke, cell after cell.

    ordinal: int64 [LANES]; gap: float64 [LANES], mean seconds to a point from the one before in
    its band; wait: int64 [LANES], those seconds as drawn; height, behaviour, report: int64 [LANES],
    the words that `rules.field_step` reads so.
    """

    ordinal: npt.NDArray[np.int64]
    gap: npt.NDArray[np.float64]
    wait: npt.NDArray[np.int64]
    height: npt.NDArray[np.int64]
    behaviour: npt.NDArray[np.int64]
    report: npt.NDArray[np.int64]


class Look(NamedTuple):
    """What is looked for: referrals from `since` to `until`, by points from `first` to `last`.

    `highest` is a rate a year that the case never exceeds, but for the season; `ratio` the highest
    multiplier on the chance of a report; `score`, `high`, `z` and `area` are the case's own.
    """

    since: int
    until: int
    first: int
    last: int
    highest: float
    ratio: float
    score: float
    high: int
    z: float
    area: int


def room_for_points() -> Points:
    """Return room for the points of a case."""
    whole = np.zeros((5, LANES), np.int64)
    return Points(whole[0], np.zeros(LANES), *whole[1:])


@compiled
def may_be_referred(key, p, days, person, entry, since, until, late, points):
    """Say whether a perpetrator who enters at `entry` could be referred from `since` to `until`.

    `late` is the longest time from an incident to what follows from it, in seconds.
    """
    leaves, _, career = rules.exit_of(key, p, person, entry)
    begins = entry
    for rel in range(1, MOST_RELATIONSHIPS + 1):
        kind, short = rules.case_course(key, p, person, rel)
        end, _, following, area = rules.case_times(key, p, person, rel, begins, short)
        first = max(begins, since - late)
        last = min(end, leaves, until)
        if kind != ev.FAMILY and first <= last:
            look = look_at(key, p, days, person, entry, rel, (since, until, first, last, area))
            if case_may_lead(key, p, days, person, rel, look, points):
                return True
        if following > career or following >= min(leaves, until):
            break
        begins = following
    return False


@compiled
def look_at(key, p, days, person, entry, rel, times):
    """Return what is looked for in one case."""
    since, until, first, last, area = times
    _, linx, z = rules.traits(key, p, days, person, entry)
    frailty, score, _, high, _ = rules.case(key, p, person, rel, z, linx)
    highest = frailty * (1.0 + max(0.0, p[P.RAISE])) * p[P.UP] * MARGIN
    ratio = rules.exp(max(0.0, p[P.IDVA_REPORT_LOG]))
    return Look(since, until, first, last, highest, ratio, score, high, z, area)


@compiled
def case_may_lead(key, p, days, person, rel, look, points):
    """Say whether any point of a case could lead to a referral."""
    n = 0
    for band in range(rules.bands_needed(look.highest * p[P.SEASON_MAX])):
        size = rules.cell_seconds(band)
        gap = YEAR / rules.band_width(band)
        cell = max(0, (look.first - np.int64(p[P.TICK]) - ORIGIN) // size)
        while ORIGIN + cell * size <= look.last:
            for index in range(PER_CELL):
                points.ordinal[n + index] = (band << 27) | (cell << 10) | index
                points.gap[n + index] = gap
            n += PER_CELL
            cell += 1
            if n == LANES:
                if points_may_lead(key, p, days, person, rel, look, points, n):
                    return True
                n = 0
    return points_may_lead(key, p, days, person, rel, look, points, n)


@compiled
def draw_points(key, person, rel, points, n):
    """Draw the first n points: the numbers that `rules.field_step` draws one after the other.

    No point waits here for the one before, so that the compiler draws several with one instruction.
    """
    for i in range(n):
        w = block_here(key, person, rel, rnd.FIELD, points.ordinal[i])
        points.wait[i] = np.int64(-log_here(unit(w[0])) * points.gap[i] + 0.5)
        points.height[i] = np.int64(w[1])
        points.behaviour[i] = np.int64(w[2])
        points.report[i] = np.int64(w[3])


@compiled
def points_may_lead(key, p, days, person, rel, look, points, n):
    """Say whether any point of the cells in the first n lanes could lead to a referral."""
    draw_points(key, person, rel, points, n)
    for lane in range(0, n, PER_CELL):
        band = points.ordinal[lane] >> 27
        edge = rules.band_edge(band)
        width = rules.band_width(band)
        size = rules.cell_seconds(band)
        raw = ORIGIN + ((points.ordinal[lane] >> 10) & 0x1FFFF) * size
        cell_ends = raw + size
        i = lane
        drawn = lane + PER_CELL
        while True:
            if i == drawn:  # the cell goes on; the lanes of the first cell are free by now
                following = points.ordinal[i - 1] + 1
                for i in range(PER_CELL):
                    points.ordinal[i] = following + i
                    points.gap[i] = YEAR / width
                draw_points(key, person, rel, points, PER_CELL)
                i = 0
                drawn = PER_CELL
            raw += points.wait[i]
            t = rules.on_tick(p, raw)
            if raw >= cell_ends or t > look.last:
                break
            if t >= look.first:
                highest = look.highest * days[D.SEASON, rules.day_of(t)]
                below = edge + width * unit(points.height[i]) < highest
                if below and point_may_lead(key, p, days, person, rel, look, points, i, t):
                    return True
            i += 1
    return False


@compiled
def point_may_lead(key, p, days, person, rel, look, points, i, t):
    """Say whether a referral could follow from an incident at t, by any route."""
    ordinal = points.ordinal[i]
    behaviour = rules.behaviour_of(p, points.behaviour[i], look.high)
    since, until = look.since, look.until
    heard = rules.marac_hearing(p, t, look.area)
    if t >= since or heard >= since:
        _, agency, u_self, u_health = rules.marks(key, p, person, rel, ordinal)
        if agency and refers_at(key, days, person, rel, ordinal, heard, since, until):
            return True
        if since <= t < until:
            if rules.refers_self(key, p, days, person, t, look.z, u_self):
                return True
            hurt = behaviour == ev.INJURY or behaviour == ev.RAPE
            if hurt and u_health < days[D.REF_HEALTH, rules.day_of(t)]:
                return True
    if t >= until or not rules.is_reported(p, days, t, behaviour, points.report[i], look.ratio):
        return False
    _, when, u_crime = rules.observation(key, p, days, person, rel, ordinal, t, behaviour)
    if when >= until:
        return False
    return record_leads_to_referral(
        key, p, days, person, rel, when, since, until, ordinal, behaviour, u_crime,
        look.score, look.area,
    )  # fmt: skip


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
