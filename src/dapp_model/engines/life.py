"""One perpetrator's life in the fast engine, one event at a time."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_inline
from dapp_model.engines.order import ROOM
from dapp_model.engines.pathway import (
    assessed,
    contacted,
    end_episode,
    end_support,
    refer,
    session,
)
from dapp_model.engines.state import (
    NO_SUPPORT,
    NONE,
    R,
    S,
    X,
    Y,
    case_person,
    emit,
    expect,
    in_custody,
    next_own,
)
from dapp_model.rules import INFINITE, NEVER
from dapp_model.world import DVPO_SECONDS, MOST_RELATIONSHIPS, D, P

# How living on ends.
DONE, REACHED, FULL = range(3)


@compiled
def wake(key, p, life, s, r, t, ordinal, bound):
    """Look at every band below a rate that has just risen."""
    case = life.case[s, r]
    needed = rules.bands_needed(bound)
    for band in range(case[R.AWAKE], needed):
        rules.field_wake(
            key,
            p,
            case_person(life, s),
            r + 1,
            band,
            t,
            ordinal,
            life.field[s, r],
            life.heights[s, r],
        )
    case[R.AWAKE] = max(case[R.AWAKE], needed)


@compiled
def begin_case(key, p, life, q, s, r, t, rows, cursor):
    """Begin relationship r (from 0) at time t."""
    me = life.person[s]
    person = me[S.PERSON]
    case = life.case[s, r]
    frailty, score, kind, high, short = rules.case(
        key, p, person, r + 1, life.person_x[s, X.Z], me[S.LINX]
    )
    end, cause, following, area = rules.case_times(key, p, person, r + 1, t, short)
    n = rules.children(key, p, person, r + 1)
    case[R.LAST] = NEVER
    case[R.HEARD] = NEVER
    case[R.IDVA] = NEVER
    case[R.OUT] = NEVER
    case[R.DVPO] = NEVER
    case[R.SUP] = NEVER
    case[R.CHILD_LAST] = NEVER
    case[R.START] = t
    case[R.END] = end
    case[R.CAUSE] = cause
    case[R.KIND] = kind
    case[R.HIGH] = high
    case[R.CHILDREN] = n
    case[R.AREA] = area
    case[R.ACTIVE] = 1
    case[R.AWAKE] = 0
    life.field[s, r, rules.F_ORDINAL, :] = rules.UNSEEN
    case[R.GRADE] = 0
    case[R.HEARING] = 0
    case[R.IDVA_END] = NEVER
    case[R.OUT_END] = NEVER
    case[R.SUP_END] = NEVER
    case[R.PLAN_END] = NEVER
    life.case_y[s, r, Y.FRAILTY] = frailty
    life.case_y[s, r, Y.SCORE] = score
    me[S.RELATIONSHIPS] = r + 1
    emit(rows, cursor, t, ev.RELATIONSHIP_START, person, r + 1, 0, kind, n + 4 * high + 8 * short)
    wake(key, p, life, s, r, t, INFINITE, rules.rate_bound(p, t, frailty, NEVER))
    expect(life, q, s, end, ev.RELATIONSHIP_END, r + 1, 0, 0)
    if following <= me[S.CAREER] and r + 1 < MOST_RELATIONSHIPS:
        expect(life, q, s, following, ev.RELATIONSHIP_START, r + 2, 0, 0)


@compiled
def begin(key, p, days, life, q, s, person, t, rows, cursor):
    """Begin a life in a slot: the perpetrator's first case."""
    code, linx, z = rules.traits(key, p, days, person, t)
    leaves, cause, career = rules.exit_of(key, p, person, t)
    me = life.person[s]
    me[:] = 0
    me[S.PERSON] = person
    me[S.CODE] = code
    me[S.LINX] = linx
    me[S.CAUSE] = cause
    me[S.CAREER] = career
    me[S.BBR] = NEVER
    me[S.LAST_END] = NEVER
    me[S.END1] = NEVER
    me[S.END2] = NEVER
    me[S.DROPPED] = NEVER
    life.person_x[s, X.Z] = z
    life.person_x[s, X.DOSE1] = 0.0
    life.person_x[s, X.DOSE2] = 0.0
    emit(rows, cursor, t, ev.ENTRY, person, 0, 0, code, linx)
    if leaves != INFINITE:
        expect(life, q, s, leaves, ev.EXIT, 0, 0, 0)
    begin_case(key, p, life, q, s, 0, t, rows, cursor)


@compiled
def end_case(life, s, r, t, cause, rows, cursor):
    """End a case that is still going on."""
    if life.case[s, r, R.ACTIVE] == 1:
        life.case[s, r, R.ACTIVE] = 0
        emit(rows, cursor, t, ev.RELATIONSHIP_END, case_person(life, s), r + 1, 0, cause, 0)


@compiled
def leave(p, life, q, s, t, cause, rows, cursor):
    """The perpetrator is gone for good: all cases end, and so does an episode."""
    me = life.person[s]
    me[S.GONE] = 1
    for r in range(me[S.RELATIONSHIPS]):
        end_case(life, s, r, t, cause, rows, cursor)
    emit(rows, cursor, t, ev.EXIT, me[S.PERSON], 0, 0, cause, 0)
    if me[S.STAGE] > NONE:
        end_episode(p, life, q, s, t, ev.REMOVED, rows, cursor)


@compiled_inline
def candidate(key, p, days, life, q, s, r, t, band, rows, cursor):
    """Meet the next point of a case's field: an incident if it lies below the rate in force."""
    me = life.person[s]
    case = life.case[s, r]
    field = life.field[s, r]
    heights = life.heights[s, r]
    ordinal = field[rules.F_ORDINAL, band]
    height = heights[band]
    word = field[rules.F_BEHAVIOUR, band]
    report_word = field[rules.F_REPORT, band]
    person = me[S.PERSON]
    rules.field_advance(key, p, person, r + 1, band, field, heights)
    frailty = life.case_y[s, r, Y.FRAILTY]
    rate, bound = rules.rates(p, days, t, frailty, case[R.LAST])
    if height >= bound:
        while case[R.AWAKE] > 1 and rules.band_edge(case[R.AWAKE] - 1) >= bound:
            case[R.AWAKE] -= 1
        return
    if in_custody(life, s, t):
        return
    behaviour = rules.behaviour_of(p, word, case[R.HIGH])
    control = 1 if behaviour == ev.CONTROL else 0
    others = rules.log_services(
        p,
        t,
        control,
        me[S.BBR],
        case[R.HEARD],
        case[R.IDVA],
        case[R.IDVA_END],
        case[R.OUT],
        case[R.OUT_END],
        case[R.DVPO],
    )
    x = life.person_x[s]
    ours = rules.log_programme(
        p,
        t,
        control,
        x[X.DOSE1],
        me[S.END1],
        x[X.DOSE2],
        me[S.END2],
        me[S.DROPPED],
        case[R.SUP],
        case[R.SUP_END],
    )
    without = height < rate * rules.multiplier(p, others)
    happens = height < rate * rules.multiplier(p, others + ours)
    if happens:
        incident(
            key, p, days, life, q, s, r, t, ordinal, behaviour, report_word, without, rows, cursor
        )
    elif without and case[R.CHILDREN] > 0:
        averted(key, p, days, life, q, s, r, t, ordinal, behaviour, report_word)


@compiled
def averted(key, p, days, life, q, s, r, t, ordinal, behaviour, report_word):
    """An incident that the programme averts here may still see the children referred.

    Only the pass-through share of children's referrals rests on the incident itself.
    """
    person = case_person(life, s)
    if rules.route_uniforms(key, person, r + 1, ordinal)[3] < p[P.PASS_THROUGH]:
        return
    case = life.case[s, r]
    ratio = rules.report_ratio(p, t, NEVER, NEVER, case[R.IDVA], case[R.IDVA_END])
    if not rules.is_reported(p, days, t, behaviour, report_word, ratio):
        return
    when = rules.observation(key, p, days, person, r + 1, ordinal, t, behaviour)[1]
    if when < INFINITE and rules.following(key, p, person, r + 1, ordinal)[3]:
        expect(life, q, s, when, ev.CHILD_REFERRAL, r + 1, ordinal, 0)


@compiled
def incident(key, p, days, life, q, s, r, t, ordinal, behaviour, word, without, rows, cursor):
    """A true incident, and what is known of it at once."""
    me = life.person[s]
    case = life.case[s, r]
    person = me[S.PERSON]
    rel = r + 1
    present, agency, u_self, u_health = rules.marks(key, p, person, rel, ordinal)
    seen = 1 if present and case[R.CHILDREN] > 0 else 0
    emit(rows, cursor, t, ev.INCIDENT, person, rel, ordinal, behaviour, seen + 2 * case[R.HIGH])
    case[R.LAST] = t
    wake(key, p, life, s, r, t, ordinal, rules.rate_bound(p, t, life.case_y[s, r, Y.FRAILTY], t))
    ratio = rules.report_ratio(p, t, case[R.SUP], case[R.SUP_END], case[R.IDVA], case[R.IDVA_END])
    if rules.is_reported(p, days, t, behaviour, word, ratio):
        attended, when, _ = rules.observation(key, p, days, person, rel, ordinal, t, behaviour)
        emit(rows, cursor, t, ev.REPORT, person, rel, ordinal, 1 if attended else 0, 0)
        if when < INFINITE:
            expect(life, q, s, when, ev.RECORD, rel, ordinal, behaviour + (16 if without else 0))
    if agency:
        refer_to_marac(p, life, q, s, r, t, ordinal, 2, rows, cursor)
    if behaviour == ev.HOMICIDE and p[P.HOMICIDE_ON] > 0.0:
        leave(p, life, q, s, t, ev.KILLED, rows, cursor)
        return
    if rules.refers_self(key, p, days, person, t, life.person_x[s, X.Z], u_self):
        refer(key, p, days, life, q, s, r, t, ev.SELF, ordinal, rows, cursor)
    if (behaviour == ev.INJURY or behaviour == ev.RAPE) and u_health < days[
        D.REF_HEALTH, rules.day_of(t)
    ]:
        refer(key, p, days, life, q, s, r, t, ev.HEALTH, ordinal, rows, cursor)


@compiled
def record(key, p, days, life, q, s, r, t, ordinal, a, rows, cursor):
    """The police record a report, and everything that follows at once."""
    me = life.person[s]
    case = life.case[s, r]
    person = me[S.PERSON]
    rel = r + 1
    behaviour = a & 15
    _, _, u_crime = rules.observation(key, p, days, person, rel, ordinal, t, behaviour)
    offence = rules.offence_of(p, days, t, behaviour, u_crime)
    grade, arrest, dvpn, outreach = rules.response(
        key, p, days, person, rel, ordinal, t, life.case_y[s, r, Y.SCORE]
    )
    emit(rows, cursor, t, ev.RECORD, person, rel, ordinal, offence, grade)
    case[R.GRADE] = grade
    if me[S.GONE] == 1:
        return
    dvpo, charge, u_marac, u_child = rules.following(key, p, person, rel, ordinal)
    free = not in_custody(life, s, t)
    if arrest and offence != ev.NONE and free:
        emit(rows, cursor, t, ev.ARREST, person, rel, ordinal, offence, 0)
        if charge:
            delay = rules.justice(key, p, person, rel, ordinal)[0]
            expect(life, q, s, rules.after(p, t, delay), ev.CHARGE, rel, ordinal, offence)
    if dvpn and free:
        emit(rows, cursor, t, ev.DVPN, person, rel, ordinal, 0, 0)
        if dvpo:
            expect(life, q, s, rules.after(p, t, DVPO_SECONDS), ev.DVPO, rel, ordinal, 0)
    if outreach and t >= case[R.OUT_END]:
        case[R.OUT] = t
        case[R.OUT_END] = rules.after(p, t, p[P.OUTREACH_LENGTH])
        length = np.int64(p[P.OUTREACH_LENGTH]) // 86400
        emit(rows, cursor, t, ev.OUTREACH_START, person, rel, ordinal, length, 0)
    source = rules.marac_source(p, t, grade, case[R.HEARD], u_marac)
    if source >= 0:
        refer_to_marac(p, life, q, s, r, t, ordinal, source, rows, cursor)
    u_police, _, _, u_pass = rules.route_uniforms(key, person, rel, ordinal)
    if case[R.CHILDREN] > 0 and u_child and (a >= 16 or u_pass < p[P.PASS_THROUGH]):
        refer_children(key, p, days, life, q, s, r, t, ordinal, 0, rows, cursor)
    if u_police < days[D.REF_POLICE, rules.day_of(t)]:
        refer(key, p, days, life, q, s, r, t, ev.POLICE, ordinal, rows, cursor)


@compiled
def refer_to_marac(p, life, q, s, r, t, ordinal, source, rows, cursor):
    """Refer a victim to MARAC; a referral while one awaits its hearing is merged with it."""
    case = life.case[s, r]
    if case[R.HEARING] == 1:
        return
    ever = 1 if case[R.HEARD] != NEVER else 0
    recent = 1 if ever and t - case[R.HEARD] <= rules.YEAR_DAY_SECONDS else 0
    emit(
        rows,
        cursor,
        t,
        ev.MARAC_REFERRAL,
        case_person(life, s),
        r + 1,
        ordinal,
        source,
        recent + 2 * ever,
    )
    case[R.HEARING] = 1
    when = rules.marac_hearing(p, t, case[R.AREA])
    expect(life, q, s, when, ev.MARAC_HEARING, r + 1, ordinal, 0)


@compiled
def hear(key, p, days, life, q, s, r, t, ordinal, rows, cursor):
    """MARAC hears a case: a safety plan, an IDVA, perhaps a referral to the programme."""
    case = life.case[s, r]
    person = case_person(life, s)
    case[R.HEARING] = 0
    case[R.HEARD] = t
    emit(rows, cursor, t, ev.MARAC_HEARING, person, r + 1, ordinal, 0, 0)
    idva, u = rules.hearing(key, days, person, r + 1, ordinal, t)
    if idva and t >= case[R.IDVA_END]:
        case[R.IDVA] = t
        case[R.IDVA_END] = rules.after(p, t, p[P.IDVA_LENGTH])
        length = np.int64(p[P.IDVA_LENGTH]) // 86400
        emit(rows, cursor, t, ev.IDVA_START, person, r + 1, ordinal, length, 0)
    if u < days[D.REF_MARAC, rules.day_of(t)]:
        refer(key, p, days, life, q, s, r, t, ev.MARAC, ordinal, rows, cursor)


@compiled
def refer_children(key, p, days, life, q, s, r, t, ordinal, other, rows, cursor):
    """Refer the children of a household to social care."""
    case = life.case[s, r]
    again = 0
    if case[R.CHILD_LAST] != NEVER and t - case[R.CHILD_LAST] <= rules.YEAR_DAY_SECONDS:
        again = 1
    case[R.CHILD_LAST] = t
    person = case_person(life, s)
    n = case[R.CHILDREN]
    emit(rows, cursor, t, ev.CHILD_REFERRAL, person, r + 1, ordinal, n, again + 2 * other)
    when = rules.after(p, t, p[P.CHILD_DELAY])
    expect(life, q, s, when, ev.CHILD_IN_NEED, r + 1, ordinal, 0)
    u = rules.route_uniforms(key, person, r + 1, ordinal)[2]
    if u < days[D.REF_CHILDREN, rules.day_of(t)]:
        refer(key, p, days, life, q, s, r, t, ev.CHILDREN, ordinal, rows, cursor)


@compiled
def assess_children(key, p, life, s, r, t, ordinal, rows, cursor):
    """Children's social care have assessed: in need, a protection plan, care."""
    case = life.case[s, r]
    person = case_person(life, s)
    need, plan, away, length = rules.child_assessment(key, p, person, r + 1, ordinal)
    n = case[R.CHILDREN]
    if need or plan:
        emit(rows, cursor, t, ev.CHILD_IN_NEED, person, r + 1, ordinal, n, 0)
    if plan and t >= case[R.PLAN_END]:
        case[R.PLAN_END] = rules.after(p, t, length)
        days_of_plan = (case[R.PLAN_END] - t) // 86400
        emit(rows, cursor, t, ev.CHILD_PLAN, person, r + 1, ordinal, n, days_of_plan)
        if away:
            emit(rows, cursor, t, ev.LOOKED_AFTER, person, r + 1, ordinal, n, 0)


@compiled
def conviction(key, p, days, life, q, s, r, t, ordinal, rows, cursor):
    """A conviction, its sentence, and a referral by the court."""
    me = life.person[s]
    person = me[S.PERSON]
    rel = r + 1
    sentence = rules.justice(key, p, person, rel, ordinal)[3]
    served, required, started, _ = rules.sentence_of(key, p, person, rel, ordinal)
    emit(rows, cursor, t, ev.CONVICTION, person, rel, ordinal, sentence, 0)
    if sentence == 1:
        release = rules.after(p, t, served)
        extra = rules.further_custody(t, me[S.CUSTODY], release)
        emit(rows, cursor, t, ev.CUSTODY_START, person, rel, ordinal, extra, 0)
        if p[P.CUSTODY_ON] > 0.0:
            me[S.CUSTODY] = max(me[S.CUSTODY], release)
            if me[S.STAGE] > NONE:
                end_episode(p, life, q, s, t, ev.REMOVED, rows, cursor)
        expect(life, q, s, release, ev.CUSTODY_END, rel, ordinal, 0)
    elif sentence == 2:
        emit(rows, cursor, t, ev.COMMUNITY_ORDER, person, rel, ordinal, 1 if required else 0, 0)
        if required and started and days[D.BBR, rules.day_of(t)] > 0.0:
            expect(life, q, s, rules.after(p, t, p[P.BBR_DELAY]), ev.BBR_START, rel, ordinal, 0)
    if rules.route_uniforms(key, person, rel, ordinal)[1] < days[D.REF_COURT, rules.day_of(t)]:
        refer(key, p, days, life, q, s, r, t, ev.COURT, ordinal, rows, cursor)


@compiled_inline
def happen(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor):
    """Let a person's next event happen."""
    if index < 0:
        candidate(key, p, days, life, q, s, rel - 1, t, -1 - index, rows, cursor)
    else:
        due(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor)


@compiled
def live(key, p, days, life, q, s, horizon, rows, cursor):
    """Live from event to event as far as there is room for rows.

    Returns DONE at the horizon, REACHED as soon as the programme is, FULL without room.
    """
    room = len(rows) - ROOM
    me = life.person[s]
    while cursor[0] <= room:
        t, kind, rel, ordinal, index = next_own(life, s)
        if t >= horizon:
            return DONE
        happen(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor)
        if me[S.STAGE] > NONE or me[S.SUPPORT] > NO_SUPPORT:
            return REACHED
    return FULL


@compiled
def due(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor):
    """Let what is due on a person's own calendar happen."""
    r = rel - 1
    me = life.person[s]
    a = life.pending[s, index, 4]
    me[S.PENDING] -= 1
    for k in range(5):
        life.pending[s, index, k] = life.pending[s, me[S.PENDING], k]
    person = me[S.PERSON]
    if kind == ev.RECORD:
        record(key, p, days, life, q, s, r, t, ordinal, a, rows, cursor)
        return
    if kind == ev.SUPPORT_END:
        end_support(life, q, s, t, rel, ordinal, rows, cursor)
        return
    if me[S.GONE] == 1:
        return
    case = life.case[s, max(r, 0)]
    if kind == ev.RELATIONSHIP_END:
        end_case(life, s, r, t, case[R.CAUSE], rows, cursor)
    elif kind == ev.RELATIONSHIP_START:
        begin_case(key, p, life, q, s, r, t, rows, cursor)
    elif kind == ev.EXIT:
        leave(p, life, q, s, t, me[S.CAUSE], rows, cursor)
    elif kind == ev.DVPO:
        case[R.DVPO] = t
        emit(rows, cursor, t, ev.DVPO, person, rel, ordinal, 0, 0)
    elif kind == ev.CHARGE:
        emit(rows, cursor, t, ev.CHARGE, person, rel, ordinal, a, 0)
        _, convicted, delay, _ = rules.justice(key, p, person, rel, ordinal)
        if convicted:
            expect(life, q, s, rules.after(p, t, delay), ev.CONVICTION, rel, ordinal, a)
    elif kind == ev.CONVICTION:
        conviction(key, p, days, life, q, s, r, t, ordinal, rows, cursor)
    elif kind == ev.CUSTODY_END:
        if t >= me[S.CUSTODY]:
            emit(rows, cursor, t, ev.CUSTODY_END, person, rel, ordinal, 0, 0)
    elif kind == ev.BBR_START:
        if not in_custody(life, s, t):
            emit(rows, cursor, t, ev.BBR_START, person, rel, ordinal, 0, 0)
            finish = rules.after(p, t, p[P.BBR_LENGTH])
            expect(life, q, s, finish, ev.BBR_END, rel, ordinal, 0)
    elif kind == ev.BBR_END:
        done = rules.sentence_of(key, p, person, rel, ordinal)[3]
        emit(rows, cursor, t, ev.BBR_END, person, rel, ordinal, 1 if done else 0, 0)
        if done:
            me[S.BBR] = t
    elif kind == ev.MARAC_HEARING:
        hear(key, p, days, life, q, s, r, t, ordinal, rows, cursor)
    elif kind == ev.CHILD_REFERRAL:
        refer_children(key, p, days, life, q, s, r, t, ordinal, 1, rows, cursor)
    elif kind == ev.CHILD_IN_NEED:
        assess_children(key, p, life, s, r, t, ordinal, rows, cursor)
    elif kind == ev.CONTACT:
        contacted(key, p, days, life, q, s, t, rows, cursor)
    elif kind == ev.ASSESSMENT_END:
        assessed(key, p, days, life, q, s, t, rows, cursor)
    elif kind == ev.EPISODE_END:
        end_episode(p, life, q, s, t, ev.RENEGED, rows, cursor)
    elif kind == ev.SESSION:
        session(p, life, q, s, t, rows, cursor)
    elif kind == ev.FOLLOW_UP:
        emit(rows, cursor, t, ev.FOLLOW_UP, person, 0, ordinal, 0, 0)
