"""What happens next to one perpetrator and the people around them: pure compiled scalar functions.

Both engines call these and nothing else for every chance, time and rate. Arguments that recur:
`key` of the replicate (int64), `p` numbers by name and `days` tables by day (model.World), `t`
time in whole seconds, `person` and `rel` (identifier, and ordinal of the case from 1), `ordinal`
identity of the candidate incident. "Never" is the time NEVER, "not yet" is INFINITE. A function
`x_by` says the same as `x` from the four words w that `x` draws: for who draws many at a stroke.
"""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model.compiled import compiled, compiled_inline
from dapp_model.randomness import block, exp, log, normal_quantile, unit
from dapp_model.world import (
    ANY_RISK,
    BANDS,
    CELL_YEARS,
    DAY,
    ENTRY_BAND,
    HIGH_ONLY,
    ORIGIN,
    P_MIX,
    P_REPORT,
    PEOPLE_PER_BAND,
    YEAR,
    D,
    P,
)

NEVER = -(1 << 60)
INFINITE = 1 << 60
YEAR_DAY_SECONDS = 365 * DAY
MOST_MOTIVATED = 30.0  # times the chance of a self-referral
LONGEST_DELAY = 5.0  # of a charge or a conviction, in means: limitation, and cases do get heard
LN2 = 0.6931471805599453
ENTRY_GAP = YEAR / ENTRY_BAND

# Rows of a case's field state: per band the next point's time, ordinal, raw time and two words.
F_TIME, F_ORDINAL, F_RAW, F_BEHAVIOUR, F_REPORT = range(5)
UNSEEN = -1  # the ordinal of a band that was never looked at


# --- time ---


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


# --- who enters ---


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
def longest_consequence(p):
    """Return the seconds after an incident in which it can still lead to a referral."""
    tick = np.int64(p[P.TICK])
    convicted = np.int64(LONGEST_DELAY * (p[P.CHARGE_DELAY] + p[P.CONVICTION_DELAY])) + 2 + 2 * tick
    heard = max(np.int64(1), np.int64(p[P.MARAC_NOTICE])) + np.int64(p[P.MARAC_CYCLE]) + 2 * tick
    return longest_to_record(p) + max(convicted, heard)


@compiled
def longest_to_record(p):
    """Return the seconds after an incident in which it can still be recorded."""
    largest = 23.0  # means: an exponential of a 32-bit word is never longer
    return np.int64(largest * p[P.LAG]) + 1 + np.int64(p[P.TICK])


@compiled
def children(key, p, person, rel):
    """Return the number of children in the household: 0 to 3."""
    w = block(key, person, rel, rnd.CASE_FAMILY, 0)
    if unit(w[0]) >= p[P.CHILDREN]:
        return 0
    if unit(w[1]) >= p[P.SECOND]:
        return 1
    return 3 if unit(w[2]) < p[P.THIRD] else 2


# --- the keyed Poisson field of candidates over time x rate ---


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


# --- the rate of true incidents ---


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


# --- what others come to know ---


@compiled
def report_ratio(p, t, sup, sup_end, idva, idva_end):
    """Return the multiplier on reporting while a victim is supported, then fading."""
    total = 0.0
    if sup != NEVER:
        total += p[P.REPORT_LOG] * window(t, sup, sup_end, p[P.REPORT_HALF])
    if idva != NEVER:
        total += p[P.IDVA_REPORT_LOG] * window(t, idva, idva_end, p[P.REPORT_HALF])
    return 1.0 if total == 0.0 else exp(total)


@compiled
def is_reported(p, days, t, behaviour, word, ratio):
    """Say whether a true incident is reported to the police."""
    if behaviour == ev.HOMICIDE:
        return True
    chance = p[P_REPORT + behaviour] * days[D.REPORT, day_of(t)] * ratio
    return unit(word) < min(chance, 0.99)


@compiled
def marks(key, p, person, rel, ordinal):
    """Return (child present, other agency refers to MARAC, self-referral u, health u)."""
    return marks_by(p, block(key, person, rel, rnd.MARKS, ordinal))


@compiled
def marks_by(p, w):
    """Return the same as `marks`."""
    return unit(w[0]) < p[P.CHILD_PRESENT], unit(w[1]) < p[P.MARAC_C], unit(w[2]), unit(w[3])


@compiled
def observation(key, p, days, person, rel, ordinal, t, behaviour):
    """Return (attended, time of recording or INFINITE, crime uniform) of a report at t."""
    return observation_by(p, days, t, behaviour, block(key, person, rel, rnd.OBSERVATION, ordinal))


@compiled
def observation_by(p, days, t, behaviour, w):
    """Return the same as `observation`."""
    when = after(p, t, exponential(w[1], p[P.LAG]))
    if behaviour != ev.HOMICIDE and unit(w[2]) >= days[D.RECORD, day_of(t)]:
        when = INFINITE
    return unit(w[0]) < p[P.ATTENDED], when, unit(w[3])


@compiled
def offence_of(p, days, t, behaviour, u):
    """Return the recorded offence by the law and practice of the day (NONE: not a crime)."""
    if behaviour == ev.HOMICIDE or behaviour == ev.NONE:
        return behaviour
    table = D.CRIME_CONTROL if behaviour == ev.CONTROL else D.CRIME
    return behaviour if u < days[table, day_of(t)] else ev.NONE


@compiled
def response(key, p, days, person, rel, ordinal, t, score):
    """Return (DASH grade, arrest if a crime, DVPN, outreach) of a record at t."""
    w = block(key, person, rel, rnd.RESPONSE, ordinal)
    day = day_of(t)
    weight = p[P.DASH_WEIGHT]
    z = (normal_quantile(unit(w[0])) + weight * score) / np.sqrt(1.0 + weight * weight)
    grade = 2 if z > p[P.DASH_HIGH_Z] else 1 if z > p[P.DASH_MEDIUM_Z] else 0
    return (
        grade,
        unit(w[1]) < days[D.ARREST, day],
        unit(w[2]) < days[D.DVPN, day],
        unit(w[3]) < days[D.OUTREACH, day],
    )


@compiled
def following(key, p, person, rel, ordinal):
    """Return (DVPO, charge, MARAC uniform, referral of the children) after a record."""
    return following_by(p, block(key, person, rel, rnd.FOLLOWING, ordinal))


@compiled
def following_by(p, w):
    """Return the same as `following`."""
    return (
        unit(w[0]) < p[P.DVPO_GIVEN],
        unit(w[1]) < p[P.CHARGE],
        unit(w[2]),
        unit(w[3]) < p[P.CHILD_REF],
    )


@compiled
def route_uniforms(key, person, rel, ordinal):
    """Return (police, court, children's services, pass-through) uniforms of a candidate."""
    w = block(key, person, rel, rnd.ROUTES, ordinal)
    return unit(w[0]), unit(w[1]), unit(w[2]), unit(w[3])


@compiled
def marac_source(p, t, grade, heard, u):
    """Return 0 or 1 if a record is referred to MARAC (high risk; further record), else -1."""
    high = p[P.MARAC_A] if grade == 2 else 0.0
    further = p[P.MARAC_B] if heard != NEVER and t - heard <= YEAR_DAY_SECONDS else 0.0
    if u >= max(high, further):
        return -1
    return 1 if further > 0.0 and (grade < 2 or further >= high) else 0


@compiled
def marac_hearing(p, t, area):
    """Return the next meeting of the area's cycle that leaves the notice."""
    cycle = np.int64(p[P.MARAC_CYCLE])
    offset = ORIGIN + area * cycle // np.int64(p[P.MARAC_AREAS])
    earliest = t + max(1, np.int64(p[P.MARAC_NOTICE]))
    return on_tick(p, offset - ((offset - earliest) // cycle) * cycle)


@compiled
def hearing(key, days, person, rel, ordinal, t):
    """Return (IDVA support begins, uniform of the programme's referral) at a MARAC."""
    w = block(key, person, rel, rnd.HEARING, ordinal)
    return unit(w[0]) < days[D.IDVA, day_of(t)], unit(w[1])


@compiled
def justice(key, p, person, rel, ordinal):
    """Return (seconds to charge, conviction, seconds to conviction, sentence) after an arrest."""
    w = block(key, person, rel, rnd.JUSTICE, ordinal)
    u = unit(w[3])
    sentence = 1 if u < p[P.CUSTODY] else 2 if u < p[P.CUSTODY] + p[P.ORDER] else 0
    return (
        min(exponential(w[0], p[P.CHARGE_DELAY]), LONGEST_DELAY * p[P.CHARGE_DELAY]),
        unit(w[1]) < p[P.CONVICTION],
        min(exponential(w[2], p[P.CONVICTION_DELAY]), LONGEST_DELAY * p[P.CONVICTION_DELAY]),
        sentence,
    )


@compiled
def further_custody(t, held_until, release):
    """Return the days that a sentence adds to what is being served: terms run side by side."""
    return max(0, release - max(t, held_until)) // DAY


@compiled
def sentence_of(key, p, person, rel, ordinal):
    """Return (seconds served, BBR required, BBR started if required, BBR completed if started)."""
    w = block(key, person, rel, rnd.SENTENCE, ordinal)
    return (
        exponential(w[0], p[P.SERVED]),
        unit(w[1]) < p[P.BBR_REQUIRED],
        unit(w[2]) < p[P.BBR_STARTED],
        unit(w[3]) < p[P.BBR_COMPLETED],
    )


@compiled
def child_assessment(key, p, person, rel, ordinal):
    """Return (child in need, protection plan, looked after, seconds of the plan)."""
    w = block(key, person, rel, rnd.CHILD, ordinal)
    return (
        unit(w[0]) < p[P.IN_NEED],
        unit(w[1]) < p[P.PLAN],
        unit(w[2]) < p[P.LOOKED_AFTER],
        exponential(w[3], p[P.PLAN_LENGTH]),
    )


# --- the programme's pathway ---


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
