"""The fast engine: one life after the other, and together only those who meet the programme.

Only people who reach the programme share anything that is limited. So the county is simulated one
perpetrator at a time; whoever would be referred is set aside and simulated with the others who
were, event by event, in the total order of events. The log is the reference engine's, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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
from dapp_model.engines.screen import gather, mark_crowd
from dapp_model.engines.state import empty_lives
from dapp_model.engines.together import (
    ROW_TYPE,
    Lived,
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
        more = True
        while more:
            person, t, here, more = gather(key, p, days, person, t, warm_up, until, room)
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


@compiled_with_memory
def lives_of_recorded(key, p, days, warm_up, window, horizon, life, q, room):
    """Live, up to the horizon, whoever could have a record in the window and is never referred.

    Returns rows person by person.
    """
    out: Any = np.empty(65536, ROW_TYPE)
    n_out = 0
    rows = np.empty(8192, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    crowd = room.crowd
    until = window.until
    top = days[D.ENTRY].max()
    band = 0
    while band * ENTRY_BAND < top:
        person = band * PEOPLE_PER_BAND - 1
        t = ORIGIN
        more = True
        while more:
            person, t, here, more = gather(key, p, days, person, t, warm_up, until, room)
            mark_crowd(key, p, days, window, room, here)
            for i in range(here):
                if crowd.may[i] == 0:
                    continue
                cursor[0] = 0
                begin(key, p, days, life, q, 0, crowd.person[i], crowd.entry[i], rows, cursor)
                rows, done = live_on(key, p, days, life, q, 0, horizon, rows, cursor)
                if done:
                    sort_rows(rows, 0, cursor[0])
                    out = grown(out, n_out + cursor[0])
                    out[n_out : n_out + cursor[0]] = rows[: cursor[0]]
                    n_out += cursor[0]
        band += 1
    return out[:n_out]


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
    check_room(queues)
    return Census(counts, rows, people, first_year)


def find_reached(worlds: list[World], seed: int, replicate: int) -> npt.NDArray[np.int64]:
    """Return the people of `take_census` and nothing else, much sooner."""
    world = worlds[0]
    days = highest_referral(worlds)
    open_days = np.flatnonzero((days[D.REF_SELF : D.REF_HEALTH + 1] > 0.0).any(axis=0))
    if not len(open_days):
        return np.zeros((0, 2), np.int64)
    since, last = (int(day) * DAY + ORIGIN for day in (open_days[0], open_days[-1] + 1))
    window = window_of(world.p, days, REFERRALS, since, min(world.horizon, last))
    queues = asking()
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
    check_room(queues)
    return people


def live_recorded(
    world: World, since: int, until: int, seed: int, replicate: int
) -> npt.NDArray[np.void]:
    """Return those rows of `take_census` that are of people with a record in a stretch of time.

    since, until: seconds; a record at `until` is outside. The record is about a partner or a former
    partner. A few others may be among them.
    """
    queues = asking()
    rows: npt.NDArray[np.void] = lives_of_recorded(
        rules.rnd.stream_key(seed, replicate),
        world.p,
        world.days,
        world.warm_up,
        window_of(world.p, world.days, RECORDS, since, min(until, world.horizon)),
        world.horizon,
        empty_lives(1),
        queues,
        room_for_crowd(),
    )
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
    nobody = np.zeros(0, np.int64)
    return count(Lived(rows, rows[:0], nobody, nobody), world)
