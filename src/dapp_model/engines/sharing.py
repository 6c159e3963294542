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
    ended,
    go_on,
    highest_referral,
    is_by_themselves,
    live_on,
    live_together,
    no_rows,
    renewed,
)
from dapp_model.world import DAY, ORIGIN, World


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


@compiled
def mark_taken(key, p, days, life, could, whose, taken):
    """Set `taken` to 1 for those whom the design may refer where it could (`leave_alone`).

    It may still not: they may have had as many episodes as it allows.
    """
    for i in range(len(could)):
        s = whose[i]
        t = could[i].time
        person, rel, ordinal = could[i].person, could[i].relationship, could[i].ordinal
        if taken[s] == 0 and rules.admits(days, t, ev.PARTNER, could[i].detail):
            z = life.person_x[s, X.Z]
            if rules.refers(key, p, days, person, rel, ordinal, t, z, could[i].value):
                taken[s] = 1


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
    key = rules.rnd.stream_key(seed, replicate)
    shared = _shared(worlds, people, key)
    spare = empty_lives(len(people))
    for world in worlds:
        own = _own(world, shared, key)
        begins, ends = shared.alone_starts[:-1], shared.alone_starts[1:]
        left = (own == 0) & (begins < ends)
        rows = shared.rows[:0]
        if own.any():
            slots = np.flatnonzero(own)
            copy_lives(shared.lives, slots, spare)
            lives = first_of(spare, len(slots))
            queues = copy_of_queues(shared.queues)
            places = np.cumsum(own) - 1
            for line, n in _lines(queues):
                line[:n, SLOT] = places[line[:n, SLOT]]
            state = lives, queues, renewed(lives, shared.joint)
            earlier = shared.rows, shared.starts[:-1][slots], shared.starts[1:][slots]
            rows = ended(world, key, shared.people[slots], state, earlier)
        yield Lived(rows, shared.alone, begins[left], ends[left])


def _own(world: World, shared: Shared, key: int) -> npt.NDArray[np.int64]:
    """Return [n] 1 for those whom an option may treat in its own way, else 0."""
    own = ~_by_themselves(shared.lives)
    # Who still stands in a line keeps a place, though it may no longer hold.
    for line, n in _lines(shared.queues):
        own[line[:n, SLOT]] = True
    taken = own.astype(np.int64)
    mark_taken(key, world.p, world.days, shared.lives, shared.could, shared.whose, taken)
    return taken


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
