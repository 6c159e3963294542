"""One perpetrator's life for the fast engine: state in flat arrays, one event at a time.

The state of many lives lies side by side in a few arrays (`Lives`), one slot a person, so that the
same compiled code runs a county one person at a time in a single slot, or the people who meet the
programme together.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.engines.heap import push
from dapp_model.model import BANDS, D, P
from dapp_model.rules import INFINITE, NEVER

MOST_RELATIONSHIPS = 8  # a stated limit; the ninth and later relationships do not begin
PENDING = 96
DVPO_SECONDS = 2 * 86_400  # a court hears a DVPO within 48 hours of the notice (statute)

# Person, whole numbers.
S = IntEnum(
    "S",
    "PERSON CODE LINX CAUSE CAREER RELATIONSHIPS GONE CUSTODY BBR EPISODE STAGE ROUTE LAST_END "
    "STREAM RISK ATTENDED WILL_ATTEND PLANNED CLOSED END1 END2 DROPPED SUPPORT SUPPORT_REL "
    "PENDING INTERVAL REFERRED_AT SIZE",
    start=0,
)
# Person, fractions.
X = IntEnum("X", "Z DOSE1 DOSE2 SIZE", start=0)
# Case, whole numbers.
R = IntEnum(
    "R",
    "START END CAUSE KIND HIGH CHILDREN AREA ACTIVE LAST AWAKE GRADE HEARD HEARING IDVA IDVA_END "
    "OUT OUT_END DVPO SUP SUP_END CHILD_LAST PLAN_END SIZE",
    start=0,
)
# Case, fractions.
Y = IntEnum("Y", "FRAILTY SCORE SIZE", start=0)
# Shared state of the programme.
G = IntEnum(
    "G",
    "ASSESSING GROUP ONE SUPPORT ASK_ASSESS ASK_PLACE ASK_SUPPORT SPENT0 SPENT1 SPENT2 "
    "N_ASSESS N_GROUP N_ONE N_SUPPORT N_EVENTS CENSUS OVERFLOW SIZE",
    start=0,
)
# Stages of an episode.
NONE, REFERRED, QUEUING, ASSESSING, WAITING, ON_PROGRAMME = range(6)
# Stages of partner support.
NO_SUPPORT, SUPPORT_WANTED, SUPPORTED = range(3)

class Lives(NamedTuple):
    """State of the lives in a set of slots; shapes in the order of the fields.

    person [slot, S], person_x [slot, X], case [slot, relationship, R], case_y [.., Y],
    field [slot, relationship, 5, band], heights [.., band], pending [slot, n, 5].
    """

    person: npt.NDArray[np.int64]
    person_x: npt.NDArray[np.float64]
    case: npt.NDArray[np.int64]
    case_y: npt.NDArray[np.float64]
    field: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]
    pending: npt.NDArray[np.int64]


class Queues(NamedTuple):
    """Shared state (index G) and the heaps of those who wait; rows of heap.WIDTH whole numbers."""

    g: npt.NDArray[np.int64]
    assess: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    one: npt.NDArray[np.int64]
    support: npt.NDArray[np.int64]


def empty_lives(slots: int) -> Lives:
    """Return room for that many lives."""
    n, r = slots, MOST_RELATIONSHIPS
    return Lives(
        np.zeros((n, S.SIZE), np.int64),
        np.zeros((n, X.SIZE)),
        np.zeros((n, r, R.SIZE), np.int64),
        np.zeros((n, r, Y.SIZE)),
        np.zeros((n, r, 5, BANDS), np.int64),
        np.zeros((n, r, BANDS)),
        np.zeros((n, PENDING, 5), np.int64),
    )


def empty_queues(places: int) -> Queues:
    """Return empty queues with room for that many joinings each."""
    from dapp_model.engines.heap import WIDTH

    return Queues(
        np.zeros(G.SIZE, np.int64), *(np.zeros((places + 8, WIDTH), np.int64) for _ in range(4))
    )


@compiled
def emit(rows, cursor, t, kind, person, rel, ordinal, value, detail):  # type: ignore[no-untyped-def]
    """Append a row."""
    n = cursor[0]
    rows[n].time = t
    rows[n].person = person
    rows[n].ordinal = ordinal
    rows[n].value = value
    rows[n].detail = detail
    rows[n].kind = kind
    rows[n].relationship = rel
    cursor[0] = n + 1


@compiled
def expect(life, q, s, t, kind, rel, ordinal, a):  # type: ignore[no-untyped-def]
    """Put an event on a person's own calendar."""
    n = life.person[s, S.PENDING]
    if n >= PENDING:
        q.g[G.OVERFLOW] = 1
        return
    row = life.pending[s, n]
    row[0] = t
    row[1] = kind
    row[2] = rel
    row[3] = ordinal
    row[4] = a
    life.person[s, S.PENDING] = n + 1


@compiled
def forget(life, s, kind):  # type: ignore[no-untyped-def]
    """Take all events of one kind off a person's own calendar."""
    n = life.person[s, S.PENDING]
    i = 0
    while i < n:
        if life.pending[s, i, 1] == kind:
            n -= 1
            for k in range(5):
                life.pending[s, i, k] = life.pending[s, n, k]
        else:
            i += 1
    life.person[s, S.PENDING] = n


@compiled
def next_own(life, s):  # type: ignore[no-untyped-def]
    """Return (time, kind, relationship, ordinal, index) of a person's next event.

    `index` is the place on the calendar, or -1 for a candidate incident.
    """
    t = INFINITE
    kind = 0
    rel = 0
    ordinal = 0
    index = -2
    for i in range(life.person[s, S.PENDING]):
        e = life.pending[s, i]
        if e[0] < t or (
            e[0] == t
            and (
                e[1] < kind
                or (e[1] == kind and (e[2] < rel or (e[2] == rel and e[3] < ordinal)))
            )
        ):
            t, kind, rel, ordinal, index = e[0], e[1], e[2], e[3], i
    for r in range(life.person[s, S.RELATIONSHIPS]):
        case = life.case[s, r]
        if case[R.ACTIVE] == 0:
            continue
        field = life.field[s, r]
        band = rules.field_first(field, case[R.AWAKE])
        when = field[rules.F_TIME, band]
        number = field[rules.F_ORDINAL, band]
        if when < t or (
            when == t
            and (
                ev.INCIDENT < kind
                or (kind == ev.INCIDENT and (r + 1 < rel or (r + 1 == rel and number < ordinal)))
            )
        ):
            t, kind, rel, ordinal, index = when, ev.INCIDENT, r + 1, number, -1
    return t, kind, rel, ordinal, index


@compiled
def wake(key, p, life, s, r, t, ordinal, bound):  # type: ignore[no-untyped-def]
    """Look at every band below a rate that has just risen."""
    case = life.case[s, r]
    needed = rules.bands_needed(bound)
    for band in range(case[R.AWAKE], needed):
        rules.field_wake(
            key, p, case_person(life, s), r + 1, band, t, ordinal, life.field[s, r],
            life.heights[s, r],
        )
    case[R.AWAKE] = max(case[R.AWAKE], needed)


@compiled
def case_person(life, s):  # type: ignore[no-untyped-def]
    """Return the identifier of the person in a slot."""
    return life.person[s, S.PERSON]


@compiled
def begin_case(key, p, life, q, s, r, t, rows, cursor):  # type: ignore[no-untyped-def]
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
def begin(key, p, days, life, q, s, person, t, rows, cursor):  # type: ignore[no-untyped-def]
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
def end_case(life, s, r, t, cause, rows, cursor):  # type: ignore[no-untyped-def]
    """End a case that is still going on."""
    if life.case[s, r, R.ACTIVE] == 1:
        life.case[s, r, R.ACTIVE] = 0
        emit(rows, cursor, t, ev.RELATIONSHIP_END, case_person(life, s), r + 1, 0, cause, 0)


@compiled
def leave(p, life, q, s, t, cause, rows, cursor):  # type: ignore[no-untyped-def]
    """The perpetrator is gone for good: all cases end, and so does an episode."""
    me = life.person[s]
    me[S.GONE] = 1
    for r in range(me[S.RELATIONSHIPS]):
        end_case(life, s, r, t, cause, rows, cursor)
    emit(rows, cursor, t, ev.EXIT, me[S.PERSON], 0, 0, cause, 0)
    if me[S.STAGE] > NONE:
        end_episode(p, life, q, s, t, ev.REMOVED, rows, cursor)


@compiled
def in_custody(life, s, t):  # type: ignore[no-untyped-def]
    """Say whether the perpetrator is held."""
    return t < life.person[s, S.CUSTODY]


@compiled
def candidate(key, p, days, life, q, s, r, t, rows, cursor):  # type: ignore[no-untyped-def]
    """Meet the next point of a case's field: an incident if it lies below the rate in force."""
    me = life.person[s]
    case = life.case[s, r]
    field = life.field[s, r]
    heights = life.heights[s, r]
    band = rules.field_first(field, case[R.AWAKE])
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
        p, t, control, me[S.BBR], case[R.HEARD], case[R.IDVA], case[R.IDVA_END], case[R.OUT],
        case[R.OUT_END], case[R.DVPO],
    )
    x = life.person_x[s]
    ours = rules.log_programme(
        p, t, control, x[X.DOSE1], me[S.END1], x[X.DOSE2], me[S.END2], me[S.DROPPED],
        case[R.SUP], case[R.SUP_END],
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
def averted(key, p, days, life, q, s, r, t, ordinal, behaviour, report_word):  # type: ignore[no-untyped-def]
    """An incident that the programme averts here may still see the children referred.

    Only the pass-through share of children's referrals rests on the incident itself.
    """
    person = case_person(life, s)
    if rules.route_uniforms(key, person, r + 1, ordinal)[3] < p[P.PASS_THROUGH]:
        return
    if not rules.is_reported(p, days, t, behaviour, report_word, 1.0):
        return
    when = rules.observation(key, p, days, person, r + 1, ordinal, t, behaviour)[1]
    if when < INFINITE and rules.following(key, p, person, r + 1, ordinal)[3]:
        expect(life, q, s, when, ev.CHILD_REFERRAL, r + 1, ordinal, 0)


@compiled
def incident(key, p, days, life, q, s, r, t, ordinal, behaviour, report_word, without, rows, cursor):  # type: ignore[no-untyped-def]
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
    ratio = rules.report_ratio(
        p, t, case[R.SUP], case[R.SUP_END], case[R.IDVA], case[R.IDVA_END]
    )
    if rules.is_reported(p, days, t, behaviour, report_word, ratio):
        attended, when, _ = rules.observation(key, p, days, person, rel, ordinal, t, behaviour)
        emit(rows, cursor, t, ev.REPORT, person, rel, ordinal, 1 if attended else 0, 0)
        if when < INFINITE:
            expect(
                life, q, s, when, ev.RECORD, rel, ordinal, behaviour + (16 if without else 0)
            )
    if agency:
        refer_to_marac(p, life, q, s, r, t, ordinal, 2, rows, cursor)
    if behaviour == ev.HOMICIDE and p[P.HOMICIDE_ON] > 0.0:
        leave(p, life, q, s, t, ev.KILLED, rows, cursor)
        return
    if rules.refers_self(key, p, days, person, t, life.person_x[s, X.Z], u_self):
        refer(key, p, days, life, q, s, r, t, ev.SELF, rows, cursor)
    if (behaviour == ev.INJURY or behaviour == ev.RAPE) and u_health < days[
        D.REF_HEALTH, rules.day_of(t)
    ]:
        refer(key, p, days, life, q, s, r, t, ev.HEALTH, rows, cursor)


@compiled
def record(key, p, days, life, q, s, r, t, ordinal, a, rows, cursor):  # type: ignore[no-untyped-def]
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
        refer(key, p, days, life, q, s, r, t, ev.POLICE, rows, cursor)


@compiled
def refer_to_marac(p, life, q, s, r, t, ordinal, source, rows, cursor):  # type: ignore[no-untyped-def]
    """Refer a victim to MARAC; a referral while one awaits its hearing is merged with it."""
    case = life.case[s, r]
    if case[R.HEARING] == 1:
        return
    ever = 1 if case[R.HEARD] != NEVER else 0
    recent = 1 if ever and t - case[R.HEARD] <= rules.YEAR_DAY_SECONDS else 0
    emit(
        rows, cursor, t, ev.MARAC_REFERRAL, case_person(life, s), r + 1, ordinal, source,
        recent + 2 * ever,
    )
    case[R.HEARING] = 1
    when = rules.marac_hearing(p, t, case[R.AREA])
    expect(life, q, s, when, ev.MARAC_HEARING, r + 1, ordinal, 0)


@compiled
def refer_children(key, p, days, life, q, s, r, t, ordinal, other, rows, cursor):  # type: ignore[no-untyped-def]
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
        refer(key, p, days, life, q, s, r, t, ev.CHILDREN, rows, cursor)


@compiled
def refer(key, p, days, life, q, s, r, t, route, rows, cursor):  # type: ignore[no-untyped-def]
    """Refer a perpetrator to the programme, if the design takes them and they are free."""
    me = life.person[s]
    if me[S.STAGE] > NONE or me[S.GONE] == 1 or in_custody(life, s, t):
        return
    case = life.case[s, r]
    if q.g[G.CENSUS] == 1:
        # Who can be reached at all, under any option: asked of the kind of case alone.
        if case[R.KIND] != ev.FAMILY:
            me[S.STAGE] = REFERRED
        return
    risk = rules.risk_of(t, case[R.GRADE], case[R.HEARD])
    if not rules.admits(days, t, case[R.KIND], risk):
        return
    if me[S.EPISODE] >= days[D.EPISODES, rules.day_of(t)]:
        return
    if me[S.LAST_END] != NEVER and np.float64(t - me[S.LAST_END]) < p[P.GAP]:
        return
    me[S.EPISODE] += 1
    me[S.STAGE] = REFERRED
    me[S.REFERRED_AT] = t
    me[S.ROUTE] = route
    me[S.RISK] = risk
    me[S.ATTENDED] = 0
    me[S.CLOSED] = 0
    episode = me[S.EPISODE]
    emit(rows, cursor, t, ev.REFERRAL, me[S.PERSON], 0, episode, route, r + 1)
    wait, _, _ = rules.contact(key, p, me[S.PERSON], episode, route, life.person_x[s, X.Z])
    expect(life, q, s, rules.after(p, t, wait), ev.CONTACT, 0, episode, 0)


@compiled
def end_episode(p, life, q, s, t, outcome, rows, cursor):  # type: ignore[no-untyped-def]
    """End an episode: free what it holds and set the effect that is left."""
    me = life.person[s]
    for kind in (ev.CONTACT, ev.ASSESSMENT_END, ev.EPISODE_END, ev.SESSION):
        forget(life, s, kind)
    if me[S.STAGE] == ASSESSING:
        q.g[G.ASSESSING] -= 1
        q.g[G.ASK_ASSESS] = t
    elif me[S.STAGE] == ON_PROGRAMME:
        if me[S.CLOSED] == 0:
            q.g[G.ONE if me[S.STREAM] == 1 else G.GROUP] -= 1
        q.g[G.ASK_PLACE] = t
        me[S.END2] = t
        if outcome == ev.DROPPED_OUT:
            me[S.DROPPED] = t
    me[S.STAGE] = NONE
    me[S.LAST_END] = t
    person, episode = me[S.PERSON], me[S.EPISODE]
    emit(rows, cursor, t, ev.EPISODE_END, person, 0, episode, outcome, me[S.ATTENDED])
    if outcome == ev.COMPLETED or outcome == ev.DROPPED_OUT:
        expect(life, q, s, rules.after(p, t, p[P.FOLLOW_UP]), ev.FOLLOW_UP, 0, episode, 0)


@compiled
def ask(days, life, heap, q, counter, s, t):  # type: ignore[no-untyped-def]
    """Join a queue: first come, or by risk as the rule stands on the day of joining."""
    me = life.person[s]
    first = -me[S.RISK] if days[D.PRIORITY, rules.day_of(t)] > 0.0 else 0
    push(heap, q.g[counter], first, t, me[S.PERSON], me[S.EPISODE], 0, s)
    q.g[counter] += 1


@compiled
def offer_support(key, p, days, life, q, s, t, rows, cursor):  # type: ignore[no-untyped-def]
    """Offer support to the victim of the latest case that is going on."""
    me = life.person[s]
    if days[D.SUPPORT_PLACES, rules.day_of(t)] == 0.0 or me[S.SUPPORT] != NO_SUPPORT:
        return
    found = -1
    for r in range(me[S.RELATIONSHIPS]):
        if life.case[s, r, R.ACTIVE] == 1 and life.case[s, r, R.KIND] != ev.FAMILY:
            found = r
    if found < 0:
        return
    episode = me[S.EPISODE]
    yes = rules.takes_support(key, p, me[S.PERSON], episode)
    emit(
        rows, cursor, t, ev.SUPPORT_OFFER, me[S.PERSON], found + 1, episode, 1 if yes else 0, 0
    )
    if yes:
        me[S.SUPPORT] = SUPPORT_WANTED
        me[S.SUPPORT_REL] = found
        lapse = rules.after(p, t, p[P.SUPPORT_PATIENCE])
        expect(life, q, s, lapse, ev.SUPPORT_END, found + 1, episode, 0)
        push(q.support, q.g[G.N_SUPPORT], 0, t, me[S.PERSON], episode, 0, s)
        q.g[G.N_SUPPORT] += 1
        q.g[G.ASK_SUPPORT] = t


@compiled
def assessed(key, p, days, life, q, s, t, rows, cursor):  # type: ignore[no-untyped-def]
    """An assessment ends; the suitable join the waiting list."""
    me = life.person[s]
    person, episode, z = me[S.PERSON], me[S.EPISODE], life.person_x[s, X.Z]
    _, _, suitable = rules.contact(key, p, person, episode, me[S.ROUTE], z)
    emit(
        rows, cursor, t, ev.ASSESSMENT_END, person, 0, episode, 1 if suitable else 0, me[S.RISK]
    )
    offer_support(key, p, days, life, q, s, t, rows, cursor)
    if not suitable:
        end_episode(p, life, q, s, t, ev.UNSUITABLE, rows, cursor)
        return
    q.g[G.ASSESSING] -= 1
    q.g[G.ASK_ASSESS] = t
    day = rules.day_of(t)
    alone = days[D.MODE, day] == 2.0 or (me[S.RISK] == 2 and days[D.PLACES_ONE, day] > 0.0)
    me[S.STREAM] = 1 if alone else 0
    me[S.STAGE] = WAITING
    emit(rows, cursor, t, ev.WAITING, person, 0, episode, me[S.STREAM], me[S.RISK])
    patience = rules.pathway(key, p, person, episode)[2]
    expect(life, q, s, rules.after(p, t, patience), ev.EPISODE_END, 0, episode, 0)
    if alone:
        ask(days, life, q.one, q, G.N_ONE, s, t)
    else:
        ask(days, life, q.group, q, G.N_GROUP, s, t)
    q.g[G.ASK_PLACE] = t


@compiled
def happen(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor):  # type: ignore[no-untyped-def]
    """Let a person's next event happen."""
    r = rel - 1
    if index < 0:
        candidate(key, p, days, life, q, s, r, t, rows, cursor)
        return
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
        if me[S.SUPPORT] == SUPPORTED:
            emit(rows, cursor, t, ev.SUPPORT_END, person, rel, ordinal, 0, 0)
            q.g[G.SUPPORT] -= 1
            q.g[G.ASK_SUPPORT] = t
        me[S.SUPPORT] = NO_SUPPORT
        return
    if me[S.GONE] == 1:
        return
    case = life.case[s, max(r, 0)]
    day = rules.day_of(t)
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
        case[R.HEARING] = 0
        case[R.HEARD] = t
        emit(rows, cursor, t, ev.MARAC_HEARING, person, rel, ordinal, 0, 0)
        idva, u = rules.hearing(key, days, person, rel, ordinal, t)
        if idva and t >= case[R.IDVA_END]:
            case[R.IDVA] = t
            case[R.IDVA_END] = rules.after(p, t, p[P.IDVA_LENGTH])
            length = np.int64(p[P.IDVA_LENGTH]) // 86400
            emit(rows, cursor, t, ev.IDVA_START, person, rel, ordinal, length, 0)
        if u < days[D.REF_MARAC, day]:
            refer(key, p, days, life, q, s, r, t, ev.MARAC, rows, cursor)
    elif kind == ev.CHILD_REFERRAL:
        refer_children(key, p, days, life, q, s, r, t, ordinal, 1, rows, cursor)
    elif kind == ev.CHILD_IN_NEED:
        need, plan, away, length = rules.child_assessment(key, p, person, rel, ordinal)
        n = case[R.CHILDREN]
        if need or plan:
            emit(rows, cursor, t, ev.CHILD_IN_NEED, person, rel, ordinal, n, 0)
        if plan and t >= case[R.PLAN_END]:
            case[R.PLAN_END] = rules.after(p, t, length)
            emit(
                rows, cursor, t, ev.CHILD_PLAN, person, rel, ordinal, n,
                (case[R.PLAN_END] - t) // 86400,
            )
            if away:
                emit(rows, cursor, t, ev.LOOKED_AFTER, person, rel, ordinal, n, 0)
    elif kind == ev.CONTACT:
        z = life.person_x[s, X.Z]
        answer = rules.contact(key, p, person, ordinal, me[S.ROUTE], z)[1]
        emit(rows, cursor, t, ev.CONTACT, person, 0, ordinal, answer, 0)
        if answer < 2:
            outcome = ev.REFUSED if answer == 1 else ev.NOT_REACHED
            end_episode(p, life, q, s, t, outcome, rows, cursor)
        else:
            me[S.STAGE] = QUEUING
            patience = rules.pathway(key, p, person, ordinal)[1]
            expect(life, q, s, rules.after(p, t, patience), ev.EPISODE_END, 0, ordinal, 0)
            ask(days, life, q.assess, q, G.N_ASSESS, s, t)
            q.g[G.ASK_ASSESS] = t
    elif kind == ev.ASSESSMENT_END:
        assessed(key, p, days, life, q, s, t, rows, cursor)
    elif kind == ev.EPISODE_END:
        end_episode(p, life, q, s, t, ev.RENEGED, rows, cursor)
    elif kind == ev.SESSION:
        session(p, life, q, s, t, rows, cursor)
    elif kind == ev.FOLLOW_UP:
        emit(rows, cursor, t, ev.FOLLOW_UP, person, 0, ordinal, 0, 0)


@compiled
def conviction(key, p, days, life, q, s, r, t, ordinal, rows, cursor):  # type: ignore[no-untyped-def]
    """A conviction, its sentence, and a referral by the court."""
    me = life.person[s]
    person = me[S.PERSON]
    rel = r + 1
    sentence = rules.justice(key, p, person, rel, ordinal)[3]
    served, required, started, _ = rules.sentence_of(key, p, person, rel, ordinal)
    emit(rows, cursor, t, ev.CONVICTION, person, rel, ordinal, sentence, 0)
    if sentence == 1:
        release = rules.after(p, t, served)
        emit(
            rows, cursor, t, ev.CUSTODY_START, person, rel, ordinal, (release - t) // 86400, 0
        )
        if p[P.CUSTODY_ON] > 0.0:
            me[S.CUSTODY] = max(me[S.CUSTODY], release)
            if me[S.STAGE] > NONE:
                end_episode(p, life, q, s, t, ev.REMOVED, rows, cursor)
        expect(life, q, s, release, ev.CUSTODY_END, rel, ordinal, 0)
    elif sentence == 2:
        emit(rows, cursor, t, ev.COMMUNITY_ORDER, person, rel, ordinal, 1 if required else 0, 0)
        if required and started and days[D.BBR, rules.day_of(t)] > 0.0:
            expect(
                life, q, s, rules.after(p, t, p[P.BBR_DELAY]), ev.BBR_START, rel, ordinal, 0
            )
    if rules.route_uniforms(key, person, rel, ordinal)[1] < days[D.REF_COURT, rules.day_of(t)]:
        refer(key, p, days, life, q, s, r, t, ev.COURT, rows, cursor)


@compiled
def session(p, life, q, s, t, rows, cursor):  # type: ignore[no-untyped-def]
    """A weekly session: attended, or the one from which the participant has dropped out."""
    me = life.person[s]
    if me[S.ATTENDED] >= me[S.WILL_ATTEND]:
        end_episode(p, life, q, s, t, ev.DROPPED_OUT, rows, cursor)
        return
    me[S.ATTENDED] += 1
    done = me[S.ATTENDED]
    life.person_x[s, X.DOSE2] = np.float64(done) / np.float64(me[S.PLANNED])
    emit(rows, cursor, t, ev.SESSION, me[S.PERSON], 0, me[S.EPISODE], done, 0)
    if done >= me[S.PLANNED]:
        end_episode(p, life, q, s, t, ev.COMPLETED, rows, cursor)
    else:
        when = rules.after(p, t, me[S.INTERVAL])
        expect(life, q, s, when, ev.SESSION, 0, me[S.EPISODE], 0)


@compiled
def start(key, p, days, life, q, s, t, closed, rows, cursor):  # type: ignore[no-untyped-def]
    """Start the programme: the place is held, the earlier episode's effect is kept."""
    me = life.person[s]
    x = life.person_x[s]
    person, episode = me[S.PERSON], me[S.EPISODE]
    forget(life, s, ev.EPISODE_END)
    before = rules.dose_effect(p, t, x[X.DOSE1], me[S.END1])
    if rules.dose_effect(p, t, x[X.DOSE2], me[S.END2]) >= before:
        x[X.DOSE1] = x[X.DOSE2]
        me[S.END1] = me[S.END2]
    x[X.DOSE2] = 0.0
    me[S.END2] = INFINITE
    me[S.STAGE] = ON_PROGRAMME
    me[S.CLOSED] = closed
    me[S.INTERVAL] = np.int64(days[D.INTERVAL, rules.day_of(t)])
    u = rules.pathway(key, p, person, episode)[3]
    will, planned = rules.sessions_attended(
        key, p, days, person, t, me[S.ROUTE], x[X.Z], me[S.CODE] >> 3, me[S.STREAM], u
    )
    me[S.WILL_ATTEND] = will
    me[S.PLANNED] = planned
    phase = np.int64(days[D.PHASE, rules.day_of(t)])
    q.g[G.SPENT0 + phase] += rules.start_cost(p, me[S.STREAM])
    emit(rows, cursor, t, ev.START, person, 0, episode, me[S.STREAM], planned)
    expect(life, q, s, rules.after(p, t, me[S.INTERVAL]), ev.SESSION, 0, episode, 0)
