"""The fast engine: one life after the other, and together only those who meet the programme.

Only people who reach the programme share anything that is limited. So the county is simulated one
perpetrator at a time; whoever would be referred is set aside and simulated with the others who
were, event by event, in the total order of events. The log is the reference engine's, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.definitions import GROUPS, MEASURES, SCRATCH, fold, fold_people, year_table
from dapp_model.engines.allocation import (
    change_lines,
    close,
    give_assessments,
    give_places,
    give_support,
    grown_heap,
    remember,
)
from dapp_model.engines.heap import pop
from dapp_model.engines.leads import Window
from dapp_model.engines.life import DONE, FULL, begin, happen, live
from dapp_model.engines.order import ROOM, by_person, grown, in_total_order, sort_rows
from dapp_model.engines.screen import PEOPLE, mark_crowd, room_for_crowd
from dapp_model.engines.state import (
    NO_SUPPORT,
    NONE,
    G,
    Queues,
    S,
    copy_of_lives,
    emit,
    empty_lives,
    empty_queues,
    next_own,
)
from dapp_model.errors import RunError
from dapp_model.events import ROW
from dapp_model.world import DAY, ENTRY_BAND, ORIGIN, PEOPLE_PER_BAND, D, P, World

ROW_TYPE = numba.from_dtype(ROW)
HELD = 8192  # closed groups that can hold places at once
T = TypeVar("T", bound=tuple[Any, ...])


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


@compiled_with_memory
def county(key, p, days, warm_up, horizon, year_of_day, record_start, life, q, counts, keep):
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
        person = band * PEOPLE_PER_BAND - 1
        t = ORIGIN
        while True:
            person, t, when = rules.next_person(key, p, days, person, t, warm_up, horizon)
            if when >= horizon:
                break
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
        band += 1
    return out[:n_out], reached[:n_reached]


@compiled
def gather(key, p, days, person, t, warm_up, until, crowd):
    """Gather the next people of a band, as many as there is room for.

    Returns (person and time of the last point looked at, number of people); with fewer people than
    there is room for, the band has no more.
    """
    n = 0
    while n < PEOPLE:
        person, t, when = rules.next_person(key, p, days, person, t, warm_up, until)
        if when >= until:
            break
        crowd.person[n] = person
        crowd.entry[n] = when
        n += 1
    return person, t, n


@compiled_with_memory
def reach(key, p, days, warm_up, window, life, q, room):
    """Find who can be referred in the window, hardly living the lives of others.

    Returns identifiers and entry times [n, 2], as `county` does.
    """
    rows = np.empty(8192, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    reached = np.zeros((1024, 2), np.int64)
    n = 0
    crowd = room.crowd
    until = window.until
    top = days[D.ENTRY].max()
    band = 0
    while band * ENTRY_BAND < top:
        person = band * PEOPLE_PER_BAND - 1
        t = ORIGIN
        here = PEOPLE
        while here == PEOPLE:
            person, t, here = gather(key, p, days, person, t, warm_up, until, crowd)
            mark_crowd(key, p, days, window, room, here)
            for i in range(here):
                if crowd.may[i] == 0:
                    continue
                cursor[0] = 0
                begin(key, p, days, life, q, 0, crowd.person[i], crowd.entry[i], rows, cursor)
                rows, done = live_on(key, p, days, life, q, 0, until, rows, cursor)
                if done:
                    continue
                if n >= len(reached):
                    bigger = np.zeros((2 * n, 2), np.int64)
                    bigger[:n] = reached
                    reached = bigger
                reached[n, 0] = crowd.person[i]
                reached[n, 1] = crowd.entry[i]
                n += 1
        band += 1
    return reached[:n]


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
    days = _highest_referral(worlds)
    first_year, n_years, years = year_table(world.warm_up, world.horizon)
    counts = np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
    queues = empty_queues(1)
    queues.g[G.CENSUS] = 1
    rows, people = county(
        rules.rnd.stream_key(seed, replicate),
        world.p,
        days,
        world.warm_up,
        world.horizon,
        years,
        world.record_start,
        empty_lives(1),
        queues,
        counts,
        1 if keep else 0,
    )
    _check(queues)
    return Census(counts, rows, people, first_year)


def find_reached(worlds: list[World], seed: int, replicate: int) -> npt.NDArray[np.int64]:
    """Return the people of `take_census` and nothing else, much sooner."""
    world = worlds[0]
    days = _highest_referral(worlds)
    open_days = np.flatnonzero((days[D.REF_SELF : D.REF_HEALTH + 1] > 0.0).any(axis=0))
    if not len(open_days):
        return np.zeros((0, 2), np.int64)
    window = Window(
        int(open_days[0]) * DAY + ORIGIN,
        min(world.horizon, (int(open_days[-1]) + 1) * DAY + ORIGIN),
        rules.longest_consequence(world.p),
        rules.exp(max(0.0, world.p[P.IDVA_REPORT_LOG])),
    )
    queues = empty_queues(1)
    queues.g[G.CENSUS] = 1
    people = reach(
        rules.rnd.stream_key(seed, replicate),
        world.p,
        days,
        world.warm_up,
        window,
        empty_lives(1),
        queues,
        room_for_crowd(),
    )
    _check(queues)
    return people


def _highest_referral(worlds: list[World]) -> npt.NDArray[np.float64]:
    """Return the tables by day with the highest chance of each referral under any option."""
    days = worlds[0].days.copy()
    for route in range(int(D.REF_SELF), int(D.REF_HEALTH) + 1):
        days[route] = np.max([other.days[route] for other in worlds], axis=0)
    return days


def live_together(
    world: World, people: npt.NDArray[np.int64], seed: int, replicate: int
) -> npt.NDArray[np.void]:
    """Simulate under one option the people who can be reached; rows person by person."""
    return next(live_under_each([world], people, seed, replicate))


def live_under_each(
    worlds: Sequence[World], people: npt.NDArray[np.int64], seed: int, replicate: int
) -> Iterator[npt.NDArray[np.void]]:
    """Yield the rows of `live_together` under each option; options must share the county.

    Until the first day on which anything differs between the options they are lived once.
    """
    if not len(people):
        yield from (np.zeros(0, ROW) for _ in worlds)
        return
    key, first = rules.rnd.stream_key(seed, replicate), worlds[0]
    episodes = max(int(world.days[D.EPISODES].max()) for world in worlds)
    # A person who waits can change lines once at each change of the design.
    queues = empty_queues(len(people) * max(1, episodes) * 3)
    lives = empty_lives(len(people))
    joint = set_out(key, first.p, first.days, people, lives, queues)
    if len(worlds) > 1:
        joint = go_on(
            key, first.p, first.days, parting(worlds), first.calendar, lives, queues, joint
        )
    for number, world in enumerate(worlds):
        last = number == len(worlds) - 1
        own, line, where = (
            (lives, queues, joint) if last else (copy_of_lives(lives), _copy(queues), _copy(joint))
        )
        where = go_on(key, world.p, world.days, world.horizon, world.calendar, own, line, where)
        _check(line)
        yield by_person(close_books(world.horizon, own, where), people)


def parting(worlds: Sequence[World]) -> int:
    """Return the first moment at which anything differs between options that share the county."""
    first, *others = worlds
    moments = [first.horizon]
    for other in others:
        days = np.flatnonzero((first.days != other.days).any(axis=0))
        moments += [int(day) * DAY + ORIGIN for day in days[:1]]
        moments += [int(t) for t in np.setxor1d(first.calendar, other.calendar)[:1]]
    return min(moments)


def _copy(state: T) -> T:
    return type(state)(*(one.copy() for one in state))


def _check(queues: Queues) -> None:
    if queues.g[G.OVERFLOW]:
        raise RunError(
            "One simulated person has more events due at once than the fast engine has room for. "
            "Rates this high are far from anything seen; the reference engine has no such limit."
        )


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
