"""Who gets what is limited in the fast engine: assessors, places, money for starts, support."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.engines.heap import pop, push
from dapp_model.engines.order import ROOM, grown
from dapp_model.engines.pathway import end_episode, start, stop_support
from dapp_model.engines.state import (
    ASSESSING,
    NO_SUPPORT,
    NONE,
    ON_PROGRAMME,
    QUEUING,
    SUPPORT_WANTED,
    SUPPORTED,
    WAITING,
    G,
    R,
    S,
    emit,
    expect,
    forget,
    next_own,
)
from dapp_model.world import CLOSED, DAY, ONE_TO_ONE, ORIGIN, D, P


@compiled_with_memory
def grown_heap(heap, needed):
    """Return a heap with room for at least `needed` rows."""
    if needed <= len(heap):
        return heap
    bigger = np.zeros((max(needed, 2 * len(heap)), heap.shape[1]), np.int64)
    bigger[: len(heap)] = heap
    return bigger


@compiled
def remember(life, s, heap, n):
    """Put a person's next event on the common calendar."""
    t, kind, rel, ordinal, _ = next_own(life, s)
    push(heap, n, t, kind, life.person[s, S.PERSON], rel, ordinal, s)
    return n + 1


@compiled_with_memory
def close(p, life, q, t, stop, rows, cursor):
    """Stop taking people; with `stop`, also end what is going on. Returns rows."""
    for s in range(len(life.person)):
        if stop and life.person[s, S.SUPPORT] > NO_SUPPORT:
            rows = grown(rows, cursor[0] + ROOM)
            stop_support(life, q, s, t, rows, cursor)
        stage = life.person[s, S.STAGE]
        # Lives run ahead on their own up to a referral, which may lie after this moment.
        if stage == NONE or life.person[s, S.REFERRED_AT] > t:
            continue
        rows = grown(rows, cursor[0] + ROOM)
        if stage < ON_PROGRAMME:
            end_episode(p, life, q, s, t, ev.NOT_STARTED, rows, cursor)
        elif stop:
            end_episode(p, life, q, s, t, ev.REMOVED, rows, cursor)
    return rows


@compiled
def first_in_line(life, queue, n, stage, stream):
    """Drop those who no longer wait from the head of a queue; return how many rows are left."""
    while n > 0:
        s = queue[0, 5]
        me = life.person[s]
        if (
            me[S.STAGE] == stage
            and me[S.EPISODE] == queue[0, 3]
            and (stream < 0 or me[S.STREAM] == stream)
        ):
            break
        pop(queue, n)
        n -= 1
    return n


@compiled_with_memory
def give_assessments(key, p, days, life, q, t, heap, n_heap, rows, cursor):
    """Begin assessments while an assessor is free. Returns (rows, rows on the calendar)."""
    g = q.g
    limit = np.int64(days[D.ASSESSORS, rules.day_of(t)])
    while g[G.ASSESSING] < limit:
        g[G.N_ASSESS] = first_in_line(life, q.assess, g[G.N_ASSESS], QUEUING, -1)
        if g[G.N_ASSESS] == 0:
            break
        s = q.assess[0, 5]
        pop(q.assess, g[G.N_ASSESS])
        g[G.N_ASSESS] -= 1
        me = life.person[s]
        g[G.ASSESSING] += 1
        forget(life, s, ev.EPISODE_END)
        me[S.STAGE] = ASSESSING
        rows = grown(rows, cursor[0] + ROOM)
        emit(rows, cursor, t, ev.ASSESSMENT_START, me[S.PERSON], 0, me[S.EPISODE], 0, 0)
        length = rules.pathway(key, p, me[S.PERSON], me[S.EPISODE])[0]
        when = rules.after(p, t, length)
        expect(life, q, s, when, ev.ASSESSMENT_END, 0, me[S.EPISODE], 0)
        n_heap = remember(life, s, heap, n_heap)
    return rows, n_heap


@compiled
def move_line(life, source, n, target, m, stream):
    """Move those who wait from one line to the end of another's heap; they keep their order."""
    for i in range(n):
        s = source[i, 5]
        me = life.person[s]
        if me[S.STAGE] == WAITING and me[S.EPISODE] == source[i, 3] and me[S.STREAM] == 1 - stream:
            me[S.STREAM] = stream
            push(target, m, source[i, 0], source[i, 1], source[i, 2], source[i, 3], 0, s)
            m += 1
    return m


@compiled
def change_lines(days, life, q, t):
    """When the design changes, those who wait for a kind of place that is gone change lines."""
    g = q.g
    day = rules.day_of(t)
    if days[D.CAN_START, day] == 0.0:
        return  # between two designs
    alone = days[D.MODE, day] == ONE_TO_ONE
    if alone and g[G.N_GROUP] > 0:
        g[G.N_ONE] = move_line(life, q.group, g[G.N_GROUP], q.one, g[G.N_ONE], 1)
        g[G.N_GROUP] = 0
    elif not alone and days[D.PLACES_ONE, day] == 0.0 and g[G.N_ONE] > 0:
        g[G.N_GROUP] = move_line(life, q.one, g[G.N_ONE], q.group, g[G.N_GROUP], 0)
        g[G.N_ONE] = 0


@compiled
def affordable(p, days, q, t, stream, starts):
    """Say whether the contract still pays for so many more starts."""
    day = rules.day_of(t)
    spent = q.g[G.SPENT0 + np.int64(days[D.PHASE, day])]
    return spent + starts * rules.start_cost(p, stream) <= days[D.FUNDS, day]


@compiled_with_memory
def give_places(key, p, days, life, q, held, n_held, t, heap, n_heap, rows, cursor):
    """Start people while there are places and money: one stream, then the other.

    Returns (rows, rows on the calendar, groups that hold places).
    """
    g = q.g
    day = rules.day_of(t)
    if days[D.CAN_START, day] == 0.0:
        return rows, n_heap, n_held
    limit = np.int64(days[D.PLACES_ONE, day])
    while g[G.ONE] < limit and affordable(p, days, q, t, 1, 1):
        g[G.N_ONE] = first_in_line(life, q.one, g[G.N_ONE], WAITING, 1)
        if g[G.N_ONE] == 0:
            break
        s = q.one[0, 5]
        pop(q.one, g[G.N_ONE])
        g[G.N_ONE] -= 1
        g[G.ONE] += 1
        rows = grown(rows, cursor[0] + ROOM)
        start(key, p, days, life, q, s, t, 0, rows, cursor)
        n_heap = remember(life, s, heap, n_heap)
    limit = np.int64(days[D.PLACES, day])
    busy = g[G.GROUP]
    kept = 0
    for i in range(n_held):
        if held[i, 0] > t:
            held[kept] = held[i]
            kept += 1
            busy += held[kept - 1, 1]
    n_held = kept
    if days[D.MODE, day] != CLOSED:
        while busy < limit and affordable(p, days, q, t, 0, 1):
            g[G.N_GROUP] = first_in_line(life, q.group, g[G.N_GROUP], WAITING, 0)
            if g[G.N_GROUP] == 0:
                break
            s = q.group[0, 5]
            pop(q.group, g[G.N_GROUP])
            g[G.N_GROUP] -= 1
            g[G.GROUP] += 1
            busy += 1
            rows = grown(rows, cursor[0] + ROOM)
            start(key, p, days, life, q, s, t, 0, rows, cursor)
            n_heap = remember(life, s, heap, n_heap)
        return rows, n_heap, n_held
    if days[D.GROUP_DAY, day] == 0.0 or t != day * DAY + ORIGIN:
        return rows, n_heap, n_held
    # Closed groups: all start together on a group day, and hold their places to the group's end.
    waiting = 0
    for i in range(g[G.N_GROUP]):
        me = life.person[q.group[i, 5]]
        if me[S.STAGE] == WAITING and me[S.EPISODE] == q.group[i, 3] and me[S.STREAM] == 0:
            waiting += 1
    least = max(1, np.int64(days[D.GROUP_MINIMUM, day]))
    while True:
        size = min(np.int64(days[D.GROUP_SIZE, day]), limit - busy, waiting)
        while size >= least and not affordable(p, days, q, t, 0, size):
            size -= 1
        if size < least or n_held >= len(held):
            break
        for _ in range(size):
            g[G.N_GROUP] = first_in_line(life, q.group, g[G.N_GROUP], WAITING, 0)
            s = q.group[0, 5]
            pop(q.group, g[G.N_GROUP])
            g[G.N_GROUP] -= 1
            rows = grown(rows, cursor[0] + ROOM)
            start(key, p, days, life, q, s, t, 1, rows, cursor)
            n_heap = remember(life, s, heap, n_heap)
        length = np.int64(days[D.SESSIONS, day] * days[D.INTERVAL, day])
        held[n_held, 0] = rules.after(p, t, length)
        held[n_held, 1] = size
        n_held += 1
        busy += size
        waiting -= size
    return rows, n_heap, n_held


@compiled_with_memory
def give_support(p, days, life, q, t, heap, n_heap, rows, cursor):
    """Begin partner support while there is room. Returns (rows, rows on the calendar)."""
    g = q.g
    limit = np.int64(days[D.SUPPORT_PLACES, rules.day_of(t)])
    while g[G.SUPPORT] < limit and g[G.N_SUPPORT] > 0:
        s = q.support[0, 5]
        episode = q.support[0, 3]
        asked = q.support[0, 1]
        pop(q.support, g[G.N_SUPPORT])
        g[G.N_SUPPORT] -= 1
        me = life.person[s]
        if me[S.SUPPORT] != SUPPORT_WANTED:
            continue
        # The offer must be the one that stands, not an earlier one that has lapsed.
        r = me[S.SUPPORT_REL]
        stands = False
        for i in range(me[S.PENDING]):
            e = life.pending[s, i]
            if e[1] == ev.SUPPORT_END and e[3] == episode:
                stands = True
        if not stands or asked > t:
            continue
        forget(life, s, ev.SUPPORT_END)
        me[S.SUPPORT] = SUPPORTED
        g[G.SUPPORT] += 1
        until = rules.after(p, t, p[P.SUPPORT_LENGTH])
        life.case[s, r, R.SUP] = t
        life.case[s, r, R.SUP_END] = until
        rows = grown(rows, cursor[0] + ROOM)
        emit(rows, cursor, t, ev.SUPPORT_START, me[S.PERSON], r + 1, episode, 0, 0)
        expect(life, q, s, until, ev.SUPPORT_END, r + 1, episode, 0)
        n_heap = remember(life, s, heap, n_heap)
    return rows, n_heap
