"""The programme's pathway in the fast engine: one person from referral to follow-up."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled
from dapp_model.engines.heap import push
from dapp_model.engines.state import (
    ASKED,
    ASSESSING,
    LIVED,
    NO_SUPPORT,
    NONE,
    ON_PROGRAMME,
    QUEUING,
    REFERRED,
    SUPPORT_WANTED,
    SUPPORTED,
    WAITING,
    G,
    R,
    S,
    X,
    emit,
    expect,
    forget,
    in_custody,
)
from dapp_model.rules import INFINITE, NEVER
from dapp_model.world import ONE_TO_ONE, D, P


@compiled
def refer(key, p, days, life, q, s, r, t, route, ordinal, rows, cursor):
    """Refer a perpetrator to the programme, if the design takes them and they are free.

    `ordinal` is that of the incident from which it follows.
    """
    me = life.person[s]
    if me[S.STAGE] > NONE or me[S.GONE] == 1 or in_custody(life, s, t):
        return
    case = life.case[s, r]
    risk = rules.risk_of(t, case[R.GRADE], case[R.HEARD])
    if q.g[G.CENSUS] != LIVED:
        # Who can be reached at all, under any option: asked of the kind of case alone.
        if case[R.KIND] != ev.FAMILY:
            if q.g[G.CENSUS] == ASKED:
                me[S.STAGE] = REFERRED
            else:
                emit(rows, cursor, t, ev.REFERRAL, me[S.PERSON], r + 1, ordinal, route, risk)
        return
    if not rules.admits(days, t, case[R.KIND], risk):
        return
    if me[S.EPISODE] >= days[D.EPISODES, rules.day_of(t)]:
        return
    if me[S.LAST_END] != NEVER and np.float64(t - me[S.LAST_END]) < p[P.GAP]:
        return
    me[S.EPISODE] += 1
    me[S.STAGE] = REFERRED
    me[S.REFERRED_AT] = t
    me[S.REFERRED_REL] = r
    me[S.ROUTE] = route
    me[S.RISK] = risk
    me[S.ATTENDED] = 0
    me[S.CLOSED] = 0
    episode = me[S.EPISODE]
    emit(rows, cursor, t, ev.REFERRAL, me[S.PERSON], 0, episode, route, r + 1)
    wait, _, _ = rules.contact(key, p, me[S.PERSON], episode, route, life.person_x[s, X.Z])
    expect(life, q, s, rules.after(p, t, wait), ev.CONTACT, 0, episode, 0)


@compiled
def end_episode(p, life, q, s, t, outcome, rows, cursor):
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
def ask(days, life, heap, q, counter, s, t):
    """Join a queue: first come, or by risk as the rule stands on the day of joining."""
    me = life.person[s]
    first = -me[S.RISK] if days[D.PRIORITY, rules.day_of(t)] > 0.0 else 0
    push(heap, q.g[counter], first, t, me[S.PERSON], me[S.EPISODE], 0, s)
    q.g[counter] += 1


@compiled
def contacted(key, p, days, life, q, s, t, rows, cursor):
    """The first contact: not reached, refused, or in line for an assessment."""
    me = life.person[s]
    person, episode, z = me[S.PERSON], me[S.EPISODE], life.person_x[s, X.Z]
    answer = rules.contact(key, p, person, episode, me[S.ROUTE], z)[1]
    emit(rows, cursor, t, ev.CONTACT, person, 0, episode, answer, 0)
    if answer < 2:
        outcome = ev.REFUSED if answer == 1 else ev.NOT_REACHED
        end_episode(p, life, q, s, t, outcome, rows, cursor)
        return
    me[S.STAGE] = QUEUING
    patience = rules.pathway(key, p, person, episode)[1]
    expect(life, q, s, rules.after(p, t, patience), ev.EPISODE_END, 0, episode, 0)
    ask(days, life, q.assess, q, G.N_ASSESS, s, t)
    q.g[G.ASK_ASSESS] = t


@compiled
def offer_support(key, p, days, life, q, s, t, rows, cursor):
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
    emit(rows, cursor, t, ev.SUPPORT_OFFER, me[S.PERSON], found + 1, episode, 1 if yes else 0, 0)
    if yes:
        me[S.SUPPORT] = SUPPORT_WANTED
        me[S.SUPPORT_REL] = found
        lapse = rules.after(p, t, p[P.SUPPORT_PATIENCE])
        expect(life, q, s, lapse, ev.SUPPORT_END, found + 1, episode, 0)
        push(q.support, q.g[G.N_SUPPORT], 0, t, me[S.PERSON], episode, 0, s)
        q.g[G.N_SUPPORT] += 1
        q.g[G.ASK_SUPPORT] = t


@compiled
def end_support(life, q, s, t, rel, ordinal, rows, cursor):
    """Partner support ends, or the offer lapses."""
    me = life.person[s]
    if me[S.SUPPORT] == SUPPORTED:
        emit(rows, cursor, t, ev.SUPPORT_END, me[S.PERSON], rel, ordinal, 0, 0)
        q.g[G.SUPPORT] -= 1
        q.g[G.ASK_SUPPORT] = t
    me[S.SUPPORT] = NO_SUPPORT


@compiled
def stop_support(life, q, s, t, rows, cursor):
    """The money for partner support has ended: what goes on ends, an offer lapses."""
    me = life.person[s]
    r = me[S.SUPPORT_REL]
    for i in range(me[S.PENDING]):
        if life.pending[s, i, 1] == ev.SUPPORT_END:
            episode = life.pending[s, i, 3]
    if me[S.SUPPORT] == SUPPORTED:
        life.case[s, r, R.SUP_END] = t
    forget(life, s, ev.SUPPORT_END)
    end_support(life, q, s, t, r + 1, episode, rows, cursor)


@compiled
def assessed(key, p, days, life, q, s, t, rows, cursor):
    """An assessment ends; the suitable join the waiting list."""
    me = life.person[s]
    person, episode, z = me[S.PERSON], me[S.EPISODE], life.person_x[s, X.Z]
    _, _, suitable = rules.contact(key, p, person, episode, me[S.ROUTE], z)
    case = life.case[s, me[S.REFERRED_REL]]
    me[S.RISK] = rules.risk_of(t, case[R.GRADE], case[R.HEARD])
    emit(rows, cursor, t, ev.ASSESSMENT_END, person, 0, episode, 1 if suitable else 0, me[S.RISK])
    offer_support(key, p, days, life, q, s, t, rows, cursor)
    if not suitable:
        end_episode(p, life, q, s, t, ev.UNSUITABLE, rows, cursor)
        return
    q.g[G.ASSESSING] -= 1
    q.g[G.ASK_ASSESS] = t
    day = rules.day_of(t)
    alone = days[D.MODE, day] == ONE_TO_ONE or (me[S.RISK] == 2 and days[D.PLACES_ONE, day] > 0.0)
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
def start(key, p, days, life, q, s, t, closed, rows, cursor):
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


@compiled
def session(p, life, q, s, t, rows, cursor):
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
