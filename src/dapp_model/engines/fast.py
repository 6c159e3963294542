"""The fast engine: one life after the other, and together only those who meet the programme.

Only people who reach the programme share anything that is limited. So the county is simulated one
perpetrator at a time; whoever would be referred is set aside and simulated with the others who
were, event by event, in the total order of events. The log is the reference engine's, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled_with_memory
from dapp_model.definitions import (
    GROUPS,
    MEASURES,
    SCRATCH,
    fold,
    fold_people,
    fold_some,
    year_table,
)
from dapp_model.engines.crowds import room_for_crowd
from dapp_model.engines.leads import RECORDS, REFERRALS, window_of
from dapp_model.engines.life import begin
from dapp_model.engines.order import ROOM, grown, in_total_order, sort_rows
from dapp_model.engines.screen import marked
from dapp_model.engines.sharing import Lived, of_rows
from dapp_model.engines.state import empty_lives
from dapp_model.engines.together import (
    ROW_TYPE,
    asking,
    check_room,
    highest_referral,
    live_on,
    live_together,
)
from dapp_model.world import DAY, ENTRY_BAND, ORIGIN, PEOPLE_PER_BAND, D, World


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


@compiled_with_memory
def live_each(key, p, days, people, horizon, life, q, keep):
    """Live some people one by one up to the horizon, or until the programme is reached.

    Returns (if `keep`, the rows of those who never reach it, person by person; identifiers and
    entry times of those who do).
    """
    out: Any = np.empty(ROOM if keep == 0 else 65536, ROW_TYPE)
    n_out = 0
    rows = np.empty(8192, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    reached = np.empty_like(people)
    n = 0
    for i in range(len(people)):
        cursor[0] = 0
        begin(key, p, days, life, q, 0, people[i, 0], people[i, 1], rows, cursor)
        rows, done = live_on(key, p, days, life, q, 0, horizon, rows, cursor)
        if not done:
            reached[n] = people[i]
            n += 1
        elif keep == 1:
            sort_rows(rows, 0, cursor[0])
            out = grown(out, n_out + cursor[0])
            out[n_out : n_out + cursor[0]] = rows[: cursor[0]]
            n_out += cursor[0]
    return out[:n_out], reached[:n]


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
    days = highest_referral(worlds)
    first_year, n_years, years = year_table(world.warm_up, world.horizon)
    counts = np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
    queues = asking()
    rows, people = county(
        rnd.stream_key(seed, replicate),
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
    check_room(queues)
    return Census(counts, rows, people, first_year)


class Sought(NamedTuple):
    """Whom the search lives to see whether they are reached, and how: see `may_be_reached`.

    people: int64 [n, 2], identifier and entry time; days: the tables by day with the highest
    chances of referral; until: the second from which no route is open.
    """

    people: npt.NDArray[np.int64]
    days: npt.NDArray[np.float64]
    until: int


def may_be_reached(worlds: list[World], seed: int, replicate: int) -> Sought:
    """Return all whom one of these options can reach, told from the keyed chances, and others."""
    world = worlds[0]
    days = highest_referral(worlds)
    open_days = np.flatnonzero((days[D.REF_SELF : D.REF_HEALTH + 1] > 0.0).any(axis=0))
    if not len(open_days):
        return Sought(np.zeros((0, 2), np.int64), days, world.warm_up)
    since, last = (int(day) * DAY + ORIGIN for day in (open_days[0], open_days[-1] + 1))
    window = window_of(world.p, days, REFERRALS, since, min(world.horizon, last))
    key = rnd.stream_key(seed, replicate)
    people = marked(key, world.p, days, world.warm_up, window, room_for_crowd())
    return Sought(people, days, window.until)


def find_reached(worlds: list[World], seed: int, replicate: int) -> npt.NDArray[np.int64]:
    """Return the people of `take_census` and nothing else, much sooner."""
    found = may_be_reached(worlds, seed, replicate)
    if not len(found.people):
        return found.people
    key, queues = rnd.stream_key(seed, replicate), asking()
    lived = found.people, found.until, empty_lives(1), queues, 0
    people: npt.NDArray[np.int64] = live_each(key, worlds[0].p, found.days, *lived)[1]
    check_room(queues)
    return people


def live_recorded(
    world: World, since: int, until: int, seed: int, replicate: int
) -> npt.NDArray[np.void]:
    """Return those rows of `take_census` that are of people with a record in a stretch of time.

    since, until: seconds; a record at `until` is outside. The record is about a partner or a former
    partner. A few others may be among them.
    """
    window = window_of(world.p, world.days, RECORDS, since, min(until, world.horizon))
    key, queues = rnd.stream_key(seed, replicate), asking()
    found = marked(key, world.p, world.days, world.warm_up, window, room_for_crowd())
    lived = found, world.horizon, empty_lives(1), queues, 1
    rows: npt.NDArray[np.void] = live_each(key, world.p, world.days, *lived)[0]
    check_room(queues)
    return rows


def simulate(world: World, seed: int, replicate: int) -> npt.NDArray[np.void]:
    """Simulate one option and return its rows in the total order of events."""
    census = take_census([world], seed, replicate, keep=True)
    reached = live_together(world, census.people, seed, replicate)
    rows = np.concatenate([census.rows, reached])
    return in_total_order(rows, world.warm_up, world.horizon)


def count(lived: Lived, world: World) -> tuple[npt.NDArray[np.int64], int]:
    """Count what happened to people; return (counts [group, measure, year], first year)."""
    first_year, n_years, years = year_table(world.warm_up, world.horizon)
    counts = np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
    fold_people(lived.own, years, world.record_start, counts)
    fold_some(lived.alone, lived.first, lived.last, years, world.record_start, counts)
    return counts, first_year


def count_rows(rows: npt.NDArray[np.void], world: World) -> tuple[npt.NDArray[np.int64], int]:
    """Count rows that lie person by person, as `count` does."""
    return count(of_rows(rows), world)
