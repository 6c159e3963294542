"""Those who can meet the programme, in the fast engine: event by event, in the total order.

Only what they share, places, assessors, money and support, ties one life to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.engines.allocation import (
    change_lines,
    close,
    give_assessments,
    give_places,
    give_support,
    grown_heap,
    remember,
)
from dapp_model.engines.heap import WIDTH, pop
from dapp_model.engines.life import DONE, FULL, begin, happen, live
from dapp_model.engines.order import ROOM, by_person, grown
from dapp_model.engines.state import (
    ASKED,
    NO_SUPPORT,
    NONE,
    G,
    Lives,
    Queues,
    S,
    emit,
    empty_lives,
    empty_queues,
    next_own,
)
from dapp_model.errors import RunError
from dapp_model.events import ROW
from dapp_model.world import D, World

ROW_TYPE = numba.from_dtype(ROW)
HELD = 8192  # closed groups that can hold places at once
Rows = npt.NDArray[np.void]


@compiled_with_memory
def live_on(key, p, days, life, q, s, horizon, rows, cursor):
    """Live from event to event until the programme is reached or nothing more happens.

    Returns (rows, True if nothing more happens before the horizon).
    """
    while True:
        end = live(key, p, days, life, q, s, horizon, rows, cursor)
        if end != FULL:
            return rows, end == DONE
        rows = grown(rows, cursor[0] + ROOM)


class Joint(NamedTuple):
    """Where those who can be reached stand, besides their lives and the queues.

    rows: so far, unsorted, with room; heap: int64 [n, 6], the common calendar; held: int64 [n, 2],
    places that closed groups hold; n: int64 [4], how many rows, entries of the calendar and held
    places there are, and how many changes of the programme's calendar have been.
    """

    rows: npt.NDArray[np.void]
    heap: npt.NDArray[np.int64]
    held: npt.NDArray[np.int64]
    n: npt.NDArray[np.int64]


@compiled_with_memory
def set_out(key, p, days, people, life, q):
    """Begin the lives of the people who can reach the programme.

    people: int64 [n, 2], identifier and entry time.
    """
    rows: Any = np.empty(65536, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    for s in range(len(people)):
        rows = grown(rows, cursor[0] + ROOM)
        begin(key, p, days, life, q, s, people[s, 0], people[s, 1], rows, cursor)
    for ask in range(3):
        q.g[G.ASK_ASSESS + ask] = -1
    n = np.zeros(4, np.int64)
    n[0] = cursor[0]
    return Joint(rows, np.zeros((4096, 6), np.int64), np.zeros((HELD, 2), np.int64), n)


@compiled_with_memory
def go_on(key, p, days, until, calendar, life, q, joint):
    """Let happen, in the total order of events, all that is due before `until`."""
    g = q.g
    rows = joint.rows
    heap = joint.heap
    held = joint.held
    cursor = joint.n[:1].copy()
    n_heap = joint.n[1]
    n_held = joint.n[2]
    n_calendar = joint.n[3]
    for s in range(len(life.person)):
        if is_by_themselves(life, s):
            rows = grown(rows, cursor[0] + ROOM)
            rows, done = live_on(key, p, days, life, q, s, until, rows, cursor)
            if not done:
                heap = grown_heap(heap, n_heap + 8)
                n_heap = remember(life, s, heap, n_heap)
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
        if t >= until:
            break
        rows = grown(rows, cursor[0] + ROOM)
        waiting = g[G.N_ASSESS] + g[G.N_GROUP] + g[G.N_ONE] + g[G.N_SUPPORT]
        heap = grown_heap(heap, n_heap + waiting + len(life.person) + 64)
        if what == 0:
            s = heap[0, 5]
            rel = heap[0, 3]
            ordinal = heap[0, 4]
            pop(heap, n_heap)
            n_heap -= 1
            now, kind, now_rel, now_ordinal, index = next_own(life, s)
            if now != t or kind != rank or now_rel != rel or now_ordinal != ordinal:
                continue  # the person's calendar has changed since; their entry is further down
            happen(key, p, days, life, q, s, t, kind, rel, ordinal, index, rows, cursor)
            if is_by_themselves(life, s):
                rows, done = live_on(key, p, days, life, q, s, until, rows, cursor)
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
            change_lines(days, life, q, t)
            g[G.ASK_ASSESS] = t
            g[G.ASK_PLACE] = t
            g[G.ASK_SUPPORT] = t
        elif what == 2:
            g[G.ASK_ASSESS] = -1
            rows, n_heap = give_assessments(key, p, days, life, q, t, heap, n_heap, rows, cursor)
        elif what == 3:
            g[G.ASK_PLACE] = -1
            rows, n_heap, n_held = give_places(
                key, p, days, life, q, held, n_held, t, heap, n_heap, rows, cursor
            )
        else:
            g[G.ASK_SUPPORT] = -1
            rows, n_heap = give_support(p, days, life, q, t, heap, n_heap, rows, cursor)
    n = np.array([cursor[0], n_heap, n_held, n_calendar], np.int64)
    return Joint(rows, heap, held, n)


@compiled
def is_by_themselves(life, s):
    """Say whether a person neither is in an episode nor has anything to do with support."""
    return life.person[s, S.STAGE] == NONE and life.person[s, S.SUPPORT] == NO_SUPPORT


@compiled_with_memory
def renewed(life, joint):
    """Return where all stand, for lives that have changed their slots and go their own way."""
    rows: Any = np.empty(16 * ROOM, ROW_TYPE)
    heap = np.zeros((len(life.person) + 4096, WIDTH), np.int64)
    n_heap = 0
    for s in range(len(life.person)):
        # The others are put on it when they are referred.
        if not is_by_themselves(life, s):
            n_heap = remember(life, s, heap, n_heap)
    n = np.array([0, n_heap, joint.n[2], joint.n[3]], np.int64)
    return Joint(rows, heap, joint.held.copy(), n)


@compiled_with_memory
def close_books(horizon, life, joint):
    """Return all rows, unsorted, with those of the episodes that are open at the horizon."""
    rows = joint.rows
    cursor = joint.n[:1].copy()
    for s in range(len(life.person)):
        me = life.person[s]
        if me[S.STAGE] > NONE:
            rows = grown(rows, cursor[0] + ROOM)
            emit(
                rows,
                cursor,
                horizon,
                ev.EPISODE_END,
                me[S.PERSON],
                0,
                me[S.EPISODE],
                ev.OPEN,
                me[S.ATTENDED],
            )
    return rows[: cursor[0]]


def live_together(world: World, people: npt.NDArray[np.int64], seed: int, replicate: int) -> Rows:
    """Simulate under one option the people who can be reached; rows person by person."""
    if not len(people):
        return np.zeros(0, ROW)
    key = rnd.stream_key(seed, replicate)
    state = begun([world], people, key)
    rows: Rows = by_person(lived_on(world, key, state), people, *no_rows(len(people)))[0]
    return rows


def begun(
    worlds: Sequence[World], people: npt.NDArray[np.int64], key: int
) -> tuple[Lives, Queues, Joint]:
    """Return where people stand at their entry."""
    episodes = max(int(world.days[D.EPISODES].max()) for world in worlds)
    # A person who waits can change lines once at each change of the design.
    queues = empty_queues(len(people) * max(1, episodes) * 3)
    lives = empty_lives(len(people))
    return lives, queues, set_out(key, worlds[0].p, worlds[0].days, people, lives, queues)


def lived_on(world: World, key: int, state: tuple[Lives, Queues, Joint]) -> Rows:
    """Let people live to the horizon; return the rows since they began, unsorted."""
    lives, queues, _ = state
    joint = go_on(key, world.p, world.days, world.horizon, world.calendar, *state)
    check_room(queues)
    rows: Rows = close_books(world.horizon, lives, joint)
    return rows


def no_rows(n: int) -> tuple[Rows, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return no earlier rows of n people, as `by_person` takes them."""
    return np.zeros(0, ROW), np.zeros(n, np.int64), np.zeros(n, np.int64)


def asking(census: int = ASKED) -> Queues:
    """Return queues with which a life is lived only to ask whether the programme can reach it."""
    queues = empty_queues(1)
    queues.g[G.CENSUS] = census
    return queues


def check_room(queues: Queues) -> None:
    """Raise RunError if a life had more due at once than there is room for."""
    if queues.g[G.OVERFLOW]:
        raise RunError(
            "One simulated person has more events due at once than the fast engine has room for. "
            "Rates this high are far from anything seen; the reference engine has no such limit."
        )


def highest_referral(worlds: Sequence[World]) -> npt.NDArray[np.float64]:
    """Return the tables by day with the highest chance of each referral under any option."""
    days = worlds[0].days.copy()
    for route in range(int(D.REF_SELF), int(D.REF_HEALTH) + 1):
        days[route] = np.max([other.days[route] for other in worlds], axis=0)
    return days
