"""What options share: whatever cannot differ between them is lived once.

That is everything until the first day on which the options differ, and from then on everybody by
themselves up to the first moment at which an option could refer them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.engines.heap import SLOT
from dapp_model.engines.order import ROOM, by_person, grown
from dapp_model.engines.state import (
    NO_SUPPORT,
    NONE,
    NOTED,
    G,
    Lives,
    Queues,
    S,
    X,
    copy_life,
    copy_lives,
    copy_of_queues,
    emit,
    empty_lives,
    first_of,
)
from dapp_model.engines.together import (
    ROW_TYPE,
    Joint,
    Rows,
    asking,
    begun,
    check_room,
    go_on,
    highest_referral,
    is_by_themselves,
    live_on,
    live_together,
    lived_on,
    no_rows,
    renewed,
)
from dapp_model.world import DAY, ORIGIN, D, P, World

AGREED = 2  # the answer at the first contact that leads on
LIVED_AGAIN = 1


@compiled_with_memory
def leave_alone(key, p, days, highest, horizon, life, q, joint, one, noted):
    """Live to the horizon, as if nobody were referred any more, whoever is by themselves.

    highest: tables by day with the highest chances of referral; one: room for one life; noted:
    queues that note where a referral could be. The lives themselves go on to the first of these.
    Returns (where all stand; rows of what is lived as if, unsorted; where a referral could be, as
    rows with the incident's relationship and ordinal, the route and the risk; whose each is).
    """
    rows = joint.rows
    cursor = joint.n[:1].copy()
    alone: Any = np.empty(65536, ROW_TYPE)
    n_alone = np.zeros(1, np.int64)
    could: Any = np.empty(4096, ROW_TYPE)
    whose = np.empty(4096, np.int64)
    n_could = 0
    for s in range(len(life.person)):
        if not is_by_themselves(life, s):
            continue
        copy_life(life, s, one, 0)
        first = n_alone[0]
        alone, _ = live_on(key, p, highest, one, noted, 0, horizon, alone, n_alone)
        until = horizon
        kept = first
        for i in range(first, n_alone[0]):
            if alone[i].kind != ev.REFERRAL:
                alone[kept] = alone[i]
                kept += 1
                continue
            until = min(until, alone[i].time)
            could = grown(could, n_could + 1)
            whose = grown(whose, n_could + 1)
            could[n_could] = alone[i]
            whose[n_could] = s
            n_could += 1
        n_alone[0] = kept
        if until < horizon:
            rows = grown(rows, cursor[0] + ROOM)
            rows, _ = live_on(key, p, days, life, q, s, until, rows, cursor)
    n = joint.n.copy()
    n[0] = cursor[0]
    where = Joint(rows, joint.heap, joint.held, n)
    return where, alone[: n_alone[0]], could[:n_could], whose[:n_could]


@compiled_with_memory
def mark_taken(key, p, days, calendar, horizon, life, alone, starts, could, whose, taken):
    """Set `taken` where the design may refer: 1 for whoever has to be lived again, 2 for the rest.

    These are never reached or refuse: they take no place and nothing works on them, so that their
    life is the one they live by themselves. alone, starts: these lives, those of slot s from
    starts[s] to before starts[s + 1]; could, whose: as `leave_alone` returns them. Returns the
    rows that the programme's attempts add, unsorted.
    """
    rows: Any = np.empty(ROOM, ROW_TYPE)
    cursor = np.zeros(1, np.int64)
    i = 0
    while i < len(could):
        s = whose[i]
        first = cursor[0]
        episode = life.person[s, S.EPISODE]
        ended = life.person[s, S.LAST_END]
        while i < len(could) and whose[i] == s:
            t, person = could[i].time, could[i].person
            i += 1
            if taken[s] == 1:
                continue
            if t == ended:  # the order within this instant would matter
                taken[s] = 1
                continue
            if not is_referred(key, p, days, life, could[i - 1], s, episode, ended):
                continue
            episode += 1
            route = could[i - 1].value
            wait, answer, _ = rules.contact(key, p, person, episode, route, life.person_x[s, X.Z])
            when = rules.after(p, t, wait)
            own = alone[starts[s] : starts[s + 1]]
            if answer == AGREED or when >= horizon or is_disturbed(days, calendar, own, t, when):
                taken[s] = 1
                continue
            taken[s] = 2
            rows = grown(rows, cursor[0] + 4)
            rel = could[i - 1].relationship
            emit(rows, cursor, t, ev.REFERRAL, person, 0, episode, route, rel)
            emit(rows, cursor, when, ev.CONTACT, person, 0, episode, answer, 0)
            outcome = ev.REFUSED if answer == 1 else ev.NOT_REACHED
            emit(rows, cursor, when, ev.EPISODE_END, person, 0, episode, outcome, 0)
            ended = when
        if taken[s] == 1:
            cursor[0] = first
    return rows[: cursor[0]]


@compiled
def is_referred(key, p, days, life, could, s, episode, ended):
    """Say whether the design refers somebody where a route could, as `pathway.refer` does.

    episode: how many they have had; ended: when the last one does, which may still be to come.
    """
    t = could.time
    if not rules.admits(days, t, ev.PARTNER, could.detail):
        return False
    if episode >= days[D.EPISODES, rules.day_of(t)]:
        return False
    if ended != rules.NEVER and np.float64(t - ended) < p[P.GAP]:
        return False
    rel, ordinal = could.relationship, could.ordinal
    z = life.person_x[s, X.Z]
    return rules.refers(key, p, days, could.person, rel, ordinal, t, z, could.value)


@compiled
def is_disturbed(days, calendar, own, since, until):
    """Say whether anything ends an episode from `since` to `until` but its contact.

    own: somebody's rows, of which custody and leaving do; a programme that closes does too.
    """
    for i in range(len(own)):
        if own[i].time > until:
            break
        if own[i].time >= since and (own[i].kind == ev.CUSTODY_START or own[i].kind == ev.EXIT):
            return True
    for i in range(len(calendar)):
        if since <= calendar[i] <= until:
            day = rules.day_of(calendar[i])
            if days[D.CLOSE, day] > 0.0 or days[D.STOP, day] > 0.0:
                return True
    return False


class Lived(NamedTuple):
    """What happens to those who can be reached under one option; rows person by person.

    own: of those whom the option may treat in its own way. alone: of everybody who could be left
    alone, the same array under every option; it holds here of those whose rows in it are from
    first [n] to before last [n].
    """

    own: Rows
    alone: Rows
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]

    @property
    def rows(self) -> Rows:
        """All rows, person by person."""
        holds = np.zeros(len(self.alone) + 1, np.int64)
        holds[self.first] += 1
        holds[self.last] -= 1
        return np.concatenate([self.own, self.alone[np.cumsum(holds[:-1]) > 0]])

    @property
    def left_alone(self) -> npt.NDArray[np.int64]:
        """Identifiers of those of whom `alone` holds."""
        found: npt.NDArray[np.int64] = self.alone["person"][self.first]
        return found


def of_rows(rows: Rows) -> Lived:
    """Return rows of people of whom nobody is left alone."""
    nobody = np.zeros(0, np.int64)
    return Lived(rows, rows[:0], nobody, nobody)


class Shared(NamedTuple):
    """Where people stand whom options may treat differently, once all else has been lived.

    people: int64 [n, 2]; rows: what has happened to them, person by person, each person's from
    starts [n + 1]; alone, alone_starts: the same of what happens up to the horizon to those by
    themselves if nobody refers them; could, whose: where somebody could, and whom.
    """

    people: npt.NDArray[np.int64]
    lives: Lives
    queues: Queues
    joint: Joint
    rows: Rows
    starts: npt.NDArray[np.int64]
    alone: Rows
    alone_starts: npt.NDArray[np.int64]
    could: Rows
    whose: npt.NDArray[np.int64]


def live_under_each(
    worlds: Sequence[World], people: npt.NDArray[np.int64], seed: int, replicate: int
) -> Iterator[Lived]:
    """Yield what `live_together` simulates under each option; options must share the county."""
    if len(worlds) < 2 or not len(people):
        for world in worlds:
            yield of_rows(live_together(world, people, seed, replicate))
        return
    key = rnd.stream_key(seed, replicate)
    shared = _shared(worlds, people, key)
    spare = empty_lives(len(people))
    every = np.concatenate([shared.rows, shared.alone])
    begins, ends = shared.alone_starts[:-1], shared.alone_starts[1:]
    for world in worlds:
        taken, attempts = _taken(world, shared, key)
        left = (taken == 0) & (begins < ends)
        own = shared.rows[:0]
        if taken.any():
            again, offset = taken == LIVED_AGAIN, len(shared.rows)
            added = [_live_again(world, shared, np.flatnonzero(again), spare, key), attempts]
            first = np.where(again, shared.starts[:-1], begins + offset)[taken > 0]
            last = np.where(again, shared.starts[1:], ends + offset)[taken > 0]
            own = by_person(np.concatenate(added), people[taken > 0], every, first, last)[0]
        yield Lived(own, shared.alone, begins[left], ends[left])


def _taken(world: World, shared: Shared, key: int) -> tuple[npt.NDArray[np.int64], Rows]:
    """Return [n] whom an option treats in its own way, and rows, as `mark_taken` does."""
    own = ~_by_themselves(shared.lives)
    # Who still stands in a line keeps a place, though it may no longer hold.
    for line, n in _lines(shared.queues):
        own[line[:n, SLOT]] = True
    taken = own.astype(np.int64) * LIVED_AGAIN
    when = world.calendar, world.horizon
    lives = shared.lives, shared.alone, shared.alone_starts
    could = shared.could, shared.whose
    return taken, mark_taken(key, world.p, world.days, *when, *lives, *could, taken)


def _live_again(
    world: World, shared: Shared, slots: npt.NDArray[np.int64], spare: Lives, key: int
) -> Rows:
    """Live those in some slots to the horizon; return their further rows, unsorted."""
    copy_lives(shared.lives, slots, spare)
    lives = first_of(spare, len(slots))
    queues = copy_of_queues(shared.queues)
    places = np.full(len(shared.people), -1)
    places[slots] = np.arange(len(slots))
    for line, n in _lines(queues):
        line[:n, SLOT] = places[line[:n, SLOT]]
    return lived_on(world, key, (lives, queues, renewed(lives, shared.joint)))


def _shared(worlds: Sequence[World], people: npt.NDArray[np.int64], key: int) -> Shared:
    """Live all that is the same under all options."""
    first, highest = worlds[0], highest_referral(worlds)
    lives, queues, joint = begun(worlds, people, key)
    moment = parting(worlds)
    joint = go_on(key, first.p, first.days, moment, first.calendar, lives, queues, joint)
    before = int(joint.n[0])
    noted = asking(NOTED)
    lived = lives, queues, joint, empty_lives(1), noted
    joint, alone, could, whose = leave_alone(
        key, first.p, first.days, highest, first.horizon, *lived
    )
    check_room(queues)
    check_room(noted)
    rows, starts = by_person(joint.rows[:before], people, *no_rows(len(people)))
    ahead = joint.rows[before : joint.n[0]]
    ends = np.where(_by_themselves(lives), starts[1:], starts[:-1])
    alone, alone_starts = by_person(alone, people, rows, starts[:-1], ends)
    rows, starts = by_person(ahead, people, rows, starts[:-1], starts[1:])
    return Shared(people, lives, queues, joint, rows, starts, alone, alone_starts, could, whose)


def _by_themselves(lives: Lives) -> npt.NDArray[np.bool_]:
    """Say of each life what `is_by_themselves` does."""
    person = lives.person
    found: npt.NDArray[np.bool_] = (person[:, S.STAGE] == NONE) & (
        person[:, S.SUPPORT] == NO_SUPPORT
    )
    return found


def _lines(queues: Queues) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Yield each line of those who wait, and how many stand in it."""
    lines = (queues.assess, queues.group, queues.one, queues.support)
    for line, counter in zip(lines, (G.N_ASSESS, G.N_GROUP, G.N_ONE, G.N_SUPPORT), strict=True):
        yield line, int(queues.g[counter])


def parting(worlds: Sequence[World]) -> int:
    """Return the first moment at which anything differs between options that share the county."""
    first, *others = worlds
    moments = [first.horizon]
    for other in others:
        days = np.flatnonzero((first.days != other.days).any(axis=0))
        moments += [int(day) * DAY + ORIGIN for day in days[:1]]
        moments += [int(t) for t in np.setxor1d(first.calendar, other.calendar)[:1]]
    return min(moments)
