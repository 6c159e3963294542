"""What others come to know: reports, records, hearings, courts, services for children."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model.compiled import compiled
from dapp_model.randomness import block, exp, normal_quantile, unit
from dapp_model.rules.rate import window
from dapp_model.rules.times import INFINITE, NEVER, after, day_of, exponential, on_tick
from dapp_model.world import DAY, ORIGIN, P_REPORT, D, P

YEAR_DAY_SECONDS = 365 * DAY
LONGEST_DELAY = 5.0  # of a charge or a conviction, in means: limitation, and cases do get heard


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
