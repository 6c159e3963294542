"""The fast engine: one life after the other, and together only those who meet the programme.

Only people who reach the programme share anything that is limited. So the county is simulated one
perpetrator at a time; whoever would be referred is set aside and simulated with the others who
were, event by event, in the total order of events. The log is the reference engine's, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.definitions import GROUPS, MEASURES, SCRATCH, fold, fold_people, year_table
from dapp_model.engines.heap import pop, push
from dapp_model.engines.lives import (
    ASSESSING,
    NO_SUPPORT,
    NONE,
    ON_PROGRAMME,
    QUEUING,
    SUPPORT_WANTED,
    SUPPORTED,
    WAITING,
    G,

    Queues,
    R,
    S,
    begin,
    emit,
    empty_lives,
    empty_queues,
    end_episode,
    expect,
    forget,
    happen,
    next_own,
    start,
)
from dapp_model.events import ROW
from dapp_model.model import DAY, ENTRY_BAND, ORIGIN, PEOPLE_PER_BAND, D, P, World

import numba

ROW_TYPE = numba.from_dtype(ROW)
ROOM = 512  # more rows than any one event can write
HELD = 8192


@compiled_with_memory
def grown(rows, needed):  # type: ignore[no-untyped-def]
    """Return room for at least `needed` rows, with the old rows kept."""
    if needed <= len(rows):
        return rows
    bigger = np.empty(max(needed, 2 * len(rows)), rows.dtype)
    bigger[: len(rows)] = rows
    return bigger


@compiled_with_memory
def grown_heap(heap, needed):  # type: ignore[no-untyped-def]
    """Return a heap with room for at least `needed` rows."""
    if needed <= len(heap):
        return heap
    bigger = np.zeros((max(needed, 2 * len(heap)), heap.shape[1]), np.int64)
    bigger[: len(heap)] = heap
    return bigger


@compiled
def comes_before(a, b):  # type: ignore[no-untyped-def]
    """Say whether row a comes before row b in the total order of events."""
    if a.time != b.time:
        return a.time < b.time
    if a.kind != b.kind:
        return a.kind < b.kind
    if a.person != b.person:
        return a.person < b.person
    if a.relationship != b.relationship:
        return a.relationship < b.relationship
    return a.ordinal < b.ordinal


@compiled_with_memory
def sort_rows(rows, first, last):  # type: ignore[no-untyped-def]
    """Sort nearly sorted rows [first, last) by the total order, in place."""
    for i in range(first + 1, last):
        if comes_before(rows[i], rows[i - 1]):
            row = rows[i : i + 1].copy()
            j = i
            while j > first and comes_before(row[0], rows[j - 1]):
                rows[j] = rows[j - 1]
                j -= 1
            rows[j] = row[0]


@compiled_with_memory
def live_on(key, p, days, life, q, s, horizon, rows, cursor):  # type: ignore[no-untyped-def]
    """Live from event to event until the programme is reached or nothing more happens.

    Returns (rows, True if nothing more happens before the horizon).
    """
    while True:
        t, kind, rel, ordinal, index = next_own(life, s)
        if t >= horizon:
            return rows, True
        happen(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor)
        if life.person[s, S.STAGE] > NONE or life.person[s, S.SUPPORT] > NO_SUPPORT:
            return rows, False
        if cursor[0] + ROOM > len(rows):
            rows = grown(rows, cursor[0] + ROOM)


@compiled_with_memory
def county(key, p, days, warm_up, horizon, year_of_day, record_start, life, q, counts, keep):  # type: ignore[no-untyped-def]
    """Simulate everybody whom the programme cannot reach.

    `days` says for each route and day the highest chance of referral under any option. Returns
    (rows if `keep`, identifiers and entry times of those who can be reached, candidates seen).
    """
    out = np.empty(ROOM if keep == 0 else 65536, ROW_TYPE)
    n_out = 0
    rows = np.empty(8192, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    scratch = np.zeros(SCRATCH, np.int64)
    reached = np.zeros((1024, 2), np.int64)
    n_reached = 0
    top = days[D.ENTRY].max()
    band = 0
    while band * ENTRY_BAND < top:
        person = band * PEOPLE_PER_BAND
        t = ORIGIN
        while True:
            t, height, thinning = rules.next_entry(key, person, t)
            when = rules.on_tick(p, t)
            if when >= horizon:
                break
            if when >= warm_up and rules.enters(p, days, when, height, thinning):
                cursor[0] = 0
                begin(key, p, days, life, q, 0, person, when, rows, cursor)
                rows, done = live_on(key, p, days, life, q, 0, horizon, rows, cursor)
                if done:
                    sort_rows(rows, 0, cursor[0])
                    if keep == 1:
                        out = grown(out, n_out + cursor[0])
                        out[n_out : n_out + cursor[0]] = rows[: cursor[0]]
                        n_out += cursor[0]
                    else:
                        fold(rows, cursor[0], year_of_day, record_start, scratch, counts)
                else:
                    if n_reached >= len(reached):
                        bigger = np.zeros((2 * n_reached, 2), np.int64)
                        bigger[:n_reached] = reached
                        reached = bigger
                    reached[n_reached, 0] = person
                    reached[n_reached, 1] = when
                    n_reached += 1
            person += 1
        band += 1
    return out[:n_out], reached[:n_reached]


@compiled
def remember(life, s, heap, n):  # type: ignore[no-untyped-def]
    """Put a person's next event on the common calendar."""
    t, kind, rel, ordinal, _ = next_own(life, s)
    push(heap, n, t, kind, life.person[s, S.PERSON], rel, ordinal, s)
    return n + 1


@compiled_with_memory
def close(p, life, q, t, stop, rows, cursor):  # type: ignore[no-untyped-def]
    """Stop taking people; with `stop`, also end what is going on. Returns rows."""
    for s in range(len(life.person)):
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
def first_in_line(life, queue, n, stage, stream):  # type: ignore[no-untyped-def]
    """Drop those who no longer wait from the head of a queue; return how many rows are left."""
    while n > 0:
        s = queue[0, 5]
        me = life.person[s]
        if me[S.STAGE] == stage and me[S.EPISODE] == queue[0, 3] and (
            stream < 0 or me[S.STREAM] == stream
        ):
            break
        pop(queue, n)
        n -= 1
    return n


@compiled_with_memory
def give_assessments(key, p, days, life, q, t, heap, n_heap, rows, cursor):  # type: ignore[no-untyped-def]
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
def affordable(p, days, q, t, stream):  # type: ignore[no-untyped-def]
    """Say whether the contract still pays for one more start."""
    day = rules.day_of(t)
    spent = q.g[G.SPENT0 + np.int64(days[D.PHASE, day])]
    return spent + rules.start_cost(p, stream) <= days[D.FUNDS, day]


@compiled_with_memory
def give_places(key, p, days, life, q, held, n_held, t, heap, n_heap, rows, cursor):  # type: ignore[no-untyped-def]
    """Start people while there are places and money: one stream, then the other.

    Returns (rows, rows on the calendar, groups that hold places).
    """
    g = q.g
    day = rules.day_of(t)
    if days[D.CAN_START, day] == 0.0:
        return rows, n_heap, n_held
    limit = np.int64(days[D.PLACES_ONE, day])
    while g[G.ONE] < limit and affordable(p, days, q, t, 1):
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
    if days[D.MODE, day] != 1.0:
        while busy < limit and affordable(p, days, q, t, 0):
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
        if (
            me[S.STAGE] == WAITING
            and me[S.EPISODE] == q.group[i, 3]
            and me[S.STREAM] == 0
        ):
            waiting += 1
    least = max(1, np.int64(days[D.GROUP_MINIMUM, day]))
    while True:
        size = min(np.int64(days[D.GROUP_SIZE, day]), limit - busy, waiting)
        if size < least:
            break
        started = 0
        while started < size and affordable(p, days, q, t, 0):
            g[G.N_GROUP] = first_in_line(life, q.group, g[G.N_GROUP], WAITING, 0)
            s = q.group[0, 5]
            pop(q.group, g[G.N_GROUP])
            g[G.N_GROUP] -= 1
            rows = grown(rows, cursor[0] + ROOM)
            start(key, p, days, life, q, s, t, 1, rows, cursor)
            n_heap = remember(life, s, heap, n_heap)
            started += 1
        if started > 0:
            length = np.int64(days[D.SESSIONS, day] * days[D.INTERVAL, day])
            held[n_held, 0] = rules.after(p, t, length)
            held[n_held, 1] = started
            n_held += 1
            busy += started
            waiting -= started
        if started < size or n_held >= len(held):
            break
    return rows, n_heap, n_held


@compiled_with_memory
def give_support(p, days, life, q, t, heap, n_heap, rows, cursor):  # type: ignore[no-untyped-def]
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


@compiled_with_memory
def together(key, p, days, horizon, calendar, people, life, q):  # type: ignore[no-untyped-def]
    """Simulate the people who can reach the programme, in the total order of events.

    people: int64 [n, 2], identifier and entry time. Returns their rows, unsorted.
    """
    g = q.g
    rows = np.empty(65536, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    heap = np.zeros((4096, 6), np.int64)
    n_heap = 0
    held = np.zeros((HELD, 2), np.int64)
    n_held = 0
    g[G.ASK_ASSESS] = -1
    g[G.ASK_PLACE] = -1
    g[G.ASK_SUPPORT] = -1
    for s in range(len(people)):
        rows = grown(rows, cursor[0] + ROOM)
        begin(key, p, days, life, q, s, people[s, 0], people[s, 1], rows, cursor)
        rows, done = live_on(key, p, days, life, q, s, horizon, rows, cursor)
        if not done:
            heap = grown_heap(heap, n_heap + 8)
            n_heap = remember(life, s, heap, n_heap)
    n_calendar = 0
    while True:
        # What is next: a person's event, a change of the calendar, or places asked for just now.
        t = heap[0, 0] if n_heap > 0 else rules.INFINITE
        rank = heap[0, 1] if n_heap > 0 else 0
        what = 0
        if n_calendar < len(calendar):
            due = calendar[n_calendar]
            if due < t or (due == t and rank >= ev.CLOSE):
                t, rank, what = due, ev.CLOSE, 1
        for ask in range(3):
            due = g[G.ASK_ASSESS + ask]
            if due >= 0 and (due < t or (due == t and rank >= ev.ASSESSMENT_START + ask)):
                t, rank, what = due, ev.ASSESSMENT_START + ask, 2 + ask
        if t >= horizon:
            break
        rows = grown(rows, cursor[0] + ROOM)
        waiting = g[G.N_ASSESS] + g[G.N_GROUP] + g[G.N_ONE] + g[G.N_SUPPORT]
        heap = grown_heap(heap, n_heap + waiting + len(life.person) + 64)
        if what == 0:
            s = heap[0, 5]
            person = heap[0, 2]
            rel = heap[0, 3]
            ordinal = heap[0, 4]
            pop(heap, n_heap)
            n_heap -= 1
            now, kind, now_rel, now_ordinal, index = next_own(life, s)
            if now != t or kind != rank or now_rel != rel or now_ordinal != ordinal:
                continue  # the person's calendar has changed since; their entry is further down
            happen(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor)
            if life.person[s, S.STAGE] == NONE and life.person[s, S.SUPPORT] == NO_SUPPORT:
                rows, done = live_on(key, p, days, life, q, s, horizon, rows, cursor)
                if done:
                    continue
            n_heap = remember(life, s, heap, n_heap)
        elif what == 1:
            day = rules.day_of(t)
            n_calendar += 1
            if days[D.CLOSE, day] > 0.0 or days[D.STOP, day] > 0.0:
                rows = close(p, life, q, t, days[D.STOP, day] > 0.0, rows, cursor)
                for s in range(len(life.person)):
                    if life.person[s, S.PENDING] > 0:
                        n_heap = remember(life, s, heap, n_heap)
            g[G.ASK_ASSESS] = t
            g[G.ASK_PLACE] = t
            g[G.ASK_SUPPORT] = t
        elif what == 2:
            g[G.ASK_ASSESS] = -1
            rows, n_heap = give_assessments(
                key, p, days, life, q, t, heap, n_heap, rows, cursor
            )
        elif what == 3:
            g[G.ASK_PLACE] = -1
            rows, n_heap, n_held = give_places(
                key, p, days, life, q, held, n_held, t, heap, n_heap, rows, cursor
            )
        else:
            g[G.ASK_SUPPORT] = -1
            rows, n_heap = give_support(p, days, life, q, t, heap, n_heap, rows, cursor)
    for s in range(len(life.person)):
        me = life.person[s]
        if me[S.STAGE] > NONE:
            rows = grown(rows, cursor[0] + ROOM)
            emit(
                rows, cursor, horizon, ev.EPISODE_END, me[S.PERSON], 0, me[S.EPISODE], ev.OPEN,
                me[S.ATTENDED],
            )
    return rows[: cursor[0]]


@compiled_with_memory
def by_person(rows, people):  # type: ignore[no-untyped-def]
    """Return rows person by person (in the order of `people`), each in the total order."""
    place = {people[0, 0]: 0}
    for i in range(len(people)):
        place[people[i, 0]] = i
    first = np.zeros(len(people) + 1, np.int64)
    for i in range(len(rows)):
        first[place[rows[i].person] + 1] += 1
    for i in range(len(people)):
        first[i + 1] += first[i]
    out = np.empty_like(rows)
    at = first.copy()
    for i in range(len(rows)):
        k = place[rows[i].person]
        out[at[k]] = rows[i]
        at[k] += 1
    for i in range(len(people)):
        sort_rows(out, first[i], first[i + 1])
    return out


@compiled_with_memory
def in_total_order(rows, warm_up, horizon):  # type: ignore[no-untyped-def]
    """Return rows in the total order of events: by stretches of time, then within each."""
    n = len(rows)
    buckets = max(1, n // 4)
    width = (horizon - warm_up) // buckets + 1
    first = np.zeros(buckets + 1, np.int64)
    for i in range(n):
        first[(rows[i].time - warm_up) // width + 1] += 1
    for i in range(buckets):
        first[i + 1] += first[i]
    at = first[:-1].copy()
    out = np.empty_like(rows)
    for i in range(n):
        k = (rows[i].time - warm_up) // width
        out[at[k]] = rows[i]
        at[k] += 1
    spare = np.empty(64, rows.dtype)
    for k in range(buckets):
        size = first[k + 1] - first[k]
        if size <= 24:
            sort_rows(out, first[k], first[k + 1])
        else:
            if size > len(spare):
                spare = np.empty(2 * size, rows.dtype)
            merge_sort(out, first[k], first[k + 1], spare)
    return out


@compiled
def merge_sort(rows, first, last, spare):  # type: ignore[no-untyped-def]
    """Sort rows [first, last) by the total order with room to spare."""
    width = 1
    n = last - first
    while width < n:
        left = 0
        while left < n:
            middle = min(left + width, n)
            right = min(left + 2 * width, n)
            i = left
            j = middle
            for k in range(left, right):
                take_right = i >= middle or (
                    j < right and comes_before(rows[first + j], rows[first + i])
                )
                if take_right:
                    spare[k] = rows[first + j]
                    j += 1
                else:
                    spare[k] = rows[first + i]
                    i += 1
            left = right
        for k in range(n):
            rows[first + k] = spare[k]
        width *= 2


@dataclass(frozen=True)
class Census:
    """The part of a county that no option can touch, and who can be reached.

    counts: int64 [group, measure, year]; people: int64 [n, 2], identifier and entry time.
    """

    counts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.void]
    people: npt.NDArray[np.int64]
    first_year: int


def take_census(worlds: list[World], seed: int, replicate: int, *, keep: bool = False) -> Census:
    """Simulate all whom none of these options can reach; options must share the county.

    With `keep` the rows are returned and nothing is counted.
    """
    world = worlds[0]
    days = world.days.copy()
    for route in range(int(D.REF_SELF), int(D.REF_HEALTH) + 1):
        days[route] = np.max([other.days[route] for other in worlds], axis=0)
    first_year, n_years, years = year_table(world.warm_up, world.horizon)
    counts = np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
    queues = empty_queues(1)
    queues.g[G.CENSUS] = 1
    rows, people = county(
        rules.rnd.stream_key(seed, replicate), world.p, days, world.warm_up, world.horizon, years,
        world.record_start, empty_lives(1), queues, counts, 1 if keep else 0,
    )
    _check(queues)
    return Census(counts, rows, people, first_year)


def live_together(
    world: World, people: npt.NDArray[np.int64], seed: int, replicate: int
) -> npt.NDArray[np.void]:
    """Simulate under one option the people who can be reached; rows person by person."""
    if not len(people):
        return np.zeros(0, ROW)
    episodes = int(world.days[D.EPISODES].max())
    queues = empty_queues(len(people) * max(1, episodes))
    lives = empty_lives(len(people))
    rows = together(
        rules.rnd.stream_key(seed, replicate), world.p, world.days, world.horizon,
        world.calendar, people, lives, queues,
    )
    _check(queues)
    return by_person(rows, people)


def _check(queues: Queues) -> None:
    if queues.g[G.OVERFLOW]:
        raise OverflowError("a simulated person has more events due at once than there is room for")


def simulate(world: World, seed: int, replicate: int) -> npt.NDArray[np.void]:
    """Simulate one option and return its rows in the total order of events."""
    census = take_census([world], seed, replicate, keep=True)
    reached = live_together(world, census.people, seed, replicate)
    rows = np.concatenate([census.rows, reached])
    return in_total_order(rows, world.warm_up, world.horizon)


def count(rows: npt.NDArray[np.void], world: World) -> tuple[npt.NDArray[np.int64], int]:
    """Count rows that lie person by person; return (counts [group, measure, year], first year)."""
    first_year, n_years, years = year_table(world.warm_up, world.horizon)
    counts = np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
    if len(rows):
        fold_people(rows, years, world.record_start, counts)
    return counts, first_year



