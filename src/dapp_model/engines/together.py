"""Those who can meet the programme, in the fast engine: event by event, in the total order.

Only what they share, places, assessors, money and support, ties one life to another. So whatever
cannot differ between options is lived once: everything until the first day on which the options
differ, and from then on everybody by themselves until the first moment at which any option could
refer them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled_with_memory
from dapp_model.engines.allocation import (
    change_lines,
    close,
    give_assessments,
    give_places,
    give_support,
    grown_heap,
    remember,
)
from dapp_model.engines.heap import SLOT, WIDTH, pop
from dapp_model.engines.life import DONE, FULL, begin, happen, live
from dapp_model.engines.order import ROOM, by_person, grown
from dapp_model.engines.state import (
    NO_SUPPORT,
    NONE,
    G,
    Lives,
    Queues,
    S,
    copy_life,
    copy_lives,
    emit,
    empty_lives,
    empty_queues,
    next_own,
)
from dapp_model.errors import RunError
from dapp_model.events import ROW
from dapp_model.world import DAY, ORIGIN, D, World

ROW_TYPE = numba.from_dtype(ROW)
HELD = 8192  # closed groups that can hold places at once
T = TypeVar("T", bound=tuple[Any, ...])
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
        if life.person[s, S.STAGE] == NONE and life.person[s, S.SUPPORT] == NO_SUPPORT:
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
            if life.person[s, S.STAGE] == NONE and life.person[s, S.SUPPORT] == NO_SUPPORT:
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


@compiled_with_memory
def run_ahead(key, p, days, highest, horizon, life, q, joint, one, asked, alike):
    """Let those who are by themselves live on to where any option could first refer them.

    highest: tables by day with the highest chances of referral; one: room for one life; asked:
    queues that only ask who can be reached. Sets `alike` [n] to 1 for those whom no option can
    refer from here on. Returns where all stand.
    """
    rows = joint.rows
    cursor = joint.n[:1].copy()
    spare = np.empty(2 * ROOM, ROW_TYPE)
    written = np.zeros(1, np.int64)
    for s in range(len(life.person)):
        if life.person[s, S.STAGE] != NONE or life.person[s, S.SUPPORT] != NO_SUPPORT:
            continue
        copy_life(life, s, one, 0)
        end = FULL
        while end == FULL:
            written[0] = 0
            end = live(key, p, highest, one, asked, 0, horizon, spare, written)
        alike[s] = 1 if end == DONE else 0
        until = horizon if end == DONE else asked.g[G.REACHED_AT]
        rows = grown(rows, cursor[0] + ROOM)
        rows, _ = live_on(key, p, days, life, q, s, until, rows, cursor)
    n = joint.n.copy()
    n[0] = cursor[0]
    return Joint(rows, joint.heap, joint.held, n)


@compiled_with_memory
def renewed(life, joint):
    """Return where all stand with a new calendar, for lives that have changed their slots."""
    rows: Any = np.empty(16 * ROOM, ROW_TYPE)
    heap = np.zeros((len(life.person) + 4096, WIDTH), np.int64)
    n_heap = 0
    for s in range(len(life.person)):
        # The others are put on it when they are referred.
        if life.person[s, S.STAGE] != NONE or life.person[s, S.SUPPORT] != NO_SUPPORT:
            n_heap = remember(life, s, heap, n_heap)
    n = np.array([0, n_heap, joint.n[2], joint.n[3]], np.int64)
    return Joint(rows, heap, joint.held, n)


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


class Lived(NamedTuple):
    """What happens to those who can be reached under one option; rows person by person.

    own: of those to whom different options may do different things; alike: of all others, the same
    array under every option.
    """

    own: Rows
    alike: Rows

    @property
    def rows(self) -> Rows:
        """All rows, person by person."""
        return np.concatenate([self.own, self.alike]) if len(self.alike) else self.own


class Alike(NamedTuple):
    """Where those stand whose lives may differ, once all that cannot differ has been lived.

    people: int64 [n, 2]; rows: what has happened to them, person by person, where each person's
    begin: starts [n + 1]; others: rows of those who live alike under every option.
    """

    people: npt.NDArray[np.int64]
    lives: Lives
    queues: Queues
    joint: Joint
    rows: Rows
    starts: npt.NDArray[np.int64]
    others: Rows


def live_together(world: World, people: npt.NDArray[np.int64], seed: int, replicate: int) -> Rows:
    """Simulate under one option the people who can be reached; rows person by person."""
    return next(live_under_each([world], people, seed, replicate)).own


def live_under_each(
    worlds: Sequence[World], people: npt.NDArray[np.int64], seed: int, replicate: int
) -> Iterator[Lived]:
    """Yield what `live_together` simulates under each option; options must share the county."""
    key = rules.rnd.stream_key(seed, replicate)
    shared = _alike(worlds, _begun(worlds, people, key), key)
    every, spare = np.arange(len(shared.people)), empty_lives(len(shared.people))
    for number, world in enumerate(worlds):
        if not len(shared.people):
            yield Lived(shared.rows, shared.others)
            continue
        own = shared.lives, shared.queues, shared.joint
        if number < len(worlds) - 1:
            copy_lives(shared.lives, every, spare)
            own = spare, _copy(own[1]), _copy(own[2])
        lives, queues, _ = own
        joint = go_on(key, world.p, world.days, world.horizon, world.calendar, *own)
        check_room(queues)
        rows = close_books(world.horizon, lives, joint)
        yield Lived(by_person(rows, shared.people, shared.rows, shared.starts)[0], shared.others)


def _begun(worlds: Sequence[World], people: npt.NDArray[np.int64], key: int) -> Alike:
    """Return where people stand at their entry."""
    episodes = max(int(world.days[D.EPISODES].max()) for world in worlds)
    # A person who waits can change lines once at each change of the design.
    queues = empty_queues(len(people) * max(1, episodes) * 3)
    lives = empty_lives(len(people))
    joint = set_out(key, worlds[0].p, worlds[0].days, people, lives, queues)
    starts = np.zeros(len(people) + 1, np.int64)
    return Alike(people, lives, queues, joint, np.zeros(0, ROW), starts, np.zeros(0, ROW))


def _alike(worlds: Sequence[World], begun: Alike, key: int) -> Alike:
    """Live what is alike under all options; whom they can treat differently keep their places."""
    if len(worlds) < 2 or not len(begun.people):
        return begun
    first, highest = worlds[0], highest_referral(worlds)
    lives, queues = begun.lives, begun.queues
    joint = go_on(
        key, first.p, first.days, parting(worlds), first.calendar, lives, queues, begun.joint
    )
    done = np.zeros(len(begun.people), np.int64)
    room = empty_lives(1), asking()
    joint = run_ahead(
        key, first.p, first.days, highest, first.horizon, lives, queues, joint, *room, done
    )
    check_room(queues)
    rows, at = by_person(joint.rows[: joint.n[0]], begun.people, begun.rows, begun.starts)
    # Who still stands in a line keeps a place, though it may no longer hold.
    for line, n in _lines(queues):
        done[line[:n, SLOT]] = 0
    going = np.flatnonzero(done == 0)
    places = np.cumsum(done == 0) - 1
    for line, n in _lines(queues):
        line[:n, SLOT] = places[line[:n, SLOT]]
    sizes = np.diff(at)
    chosen = np.repeat(done == 0, sizes)
    places_taken = empty_lives(len(going))
    copy_lives(lives, going, places_taken)
    lives = places_taken
    return Alike(
        begun.people[going],
        lives,
        queues,
        renewed(lives, joint),
        rows[chosen],
        np.concatenate([[0], np.cumsum(sizes[going])]),
        rows[~chosen],
    )


def _lines(queues: Queues) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Yield each line of those who wait, and how many stand in it."""
    lines = (queues.assess, queues.group, queues.one, queues.support)
    for line, counter in zip(lines, (G.N_ASSESS, G.N_GROUP, G.N_ONE, G.N_SUPPORT), strict=True):
        yield line, int(queues.g[counter])


def asking() -> Queues:
    """Return queues with which a life is lived only to ask whether the programme can reach it."""
    queues = empty_queues(1)
    queues.g[G.CENSUS] = 1
    return queues


def highest_referral(worlds: Sequence[World]) -> npt.NDArray[np.float64]:
    """Return the tables by day with the highest chance of each referral under any option."""
    days = worlds[0].days.copy()
    for route in range(int(D.REF_SELF), int(D.REF_HEALTH) + 1):
        days[route] = np.max([other.days[route] for other in worlds], axis=0)
    return days


def _copy(state: T) -> T:
    return type(state)(*(one.copy() for one in state))


def parting(worlds: Sequence[World]) -> int:
    """Return the first moment at which anything differs between options that share the county."""
    first, *others = worlds
    moments = [first.horizon]
    for other in others:
        days = np.flatnonzero((first.days != other.days).any(axis=0))
        moments += [int(day) * DAY + ORIGIN for day in days[:1]]
        moments += [int(t) for t in np.setxor1d(first.calendar, other.calendar)[:1]]
    return min(moments)


def check_room(queues: Queues) -> None:
    """Raise RunError if a life had more due at once than there is room for."""
    if queues.g[G.OVERFLOW]:
        raise RunError(
            "One simulated person has more events due at once than the fast engine has room for. "
            "Rates this high are far from anything seen; the reference engine has no such limit."
        )
