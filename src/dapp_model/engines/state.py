"""State of the fast engine: many lives side by side in flat arrays, one slot a person.

The same compiled code so runs a county one person at a time in a single slot, or the people who
meet the programme together.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.compiled import compiled, compiled_inline, compiled_with_memory
from dapp_model.engines.heap import WIDTH
from dapp_model.rules import INFINITE
from dapp_model.world import BANDS, MOST_RELATIONSHIPS

PENDING = 256  # room on one person's own calendar

# Person, whole numbers.
S = IntEnum(
    "S",
    "PERSON CODE LINX CAUSE CAREER RELATIONSHIPS GONE CUSTODY BBR EPISODE STAGE ROUTE LAST_END "
    "STREAM RISK ATTENDED WILL_ATTEND PLANNED CLOSED END1 END2 DROPPED SUPPORT SUPPORT_REL "
    "PENDING INTERVAL REFERRED_AT REFERRED_REL SIZE",
    start=0,
)
# Person, fractions.
X = IntEnum("X", "Z DOSE1 DOSE2 SIZE", start=0)
# Case, whole numbers.
R = IntEnum(
    "R",
    "START END CAUSE KIND HIGH CHILDREN AREA ACTIVE LAST AWAKE GRADE HEARD HEARING IDVA IDVA_END "
    "OUT OUT_END DVPO SUP SUP_END CHILD_LAST PLAN_END SIZE",
    start=0,
)
# Case, fractions.
Y = IntEnum("Y", "FRAILTY SCORE SIZE", start=0)
# Shared state of the programme.
G = IntEnum(
    "G",
    "ASSESSING GROUP ONE SUPPORT ASK_ASSESS ASK_PLACE ASK_SUPPORT SPENT0 SPENT1 SPENT2 "
    "N_ASSESS N_GROUP N_ONE N_SUPPORT CENSUS OVERFLOW SIZE",
    start=0,
)
# What the programme does in a census: it is there; a life stops where it could refer; or it refers
# nobody, and where it could is written down.
LIVED, ASKED, NOTED = range(3)
# Stages of an episode.
NONE, REFERRED, QUEUING, ASSESSING, WAITING, ON_PROGRAMME = range(6)
# Stages of partner support.
NO_SUPPORT, SUPPORT_WANTED, SUPPORTED = range(3)


class Lives(NamedTuple):
    """State of the lives in a set of slots; shapes in the order of the fields.

    person [slot, S], person_x [slot, X], case [slot, relationship, R], case_y [.., Y],
    field [slot, relationship, 5, band], heights [.., band], pending [slot, n, 5].
    """

    person: npt.NDArray[np.int64]
    person_x: npt.NDArray[np.float64]
    case: npt.NDArray[np.int64]
    case_y: npt.NDArray[np.float64]
    field: npt.NDArray[np.int64]
    heights: npt.NDArray[np.float64]
    pending: npt.NDArray[np.int64]


class Queues(NamedTuple):
    """Shared state (index G) and the heaps of those who wait; rows of heap.WIDTH whole numbers."""

    g: npt.NDArray[np.int64]
    assess: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    one: npt.NDArray[np.int64]
    support: npt.NDArray[np.int64]


def empty_lives(slots: int) -> Lives:
    """Return room for that many lives."""
    n, r = slots, MOST_RELATIONSHIPS
    return Lives(
        np.zeros((n, S.SIZE), np.int64),
        np.zeros((n, X.SIZE)),
        np.zeros((n, r, R.SIZE), np.int64),
        np.zeros((n, r, Y.SIZE)),
        np.zeros((n, r, 5, BANDS), np.int64),
        np.zeros((n, r, BANDS)),
        np.zeros((n, PENDING, 5), np.int64),
    )


@compiled_with_memory
def copy_life(lives, s, others, slot):
    """Copy one life into a slot of others, where it goes its own way."""
    for i in range(S.SIZE):
        others.person[slot, i] = lives.person[s, i]
    for i in range(X.SIZE):
        others.person_x[slot, i] = lives.person_x[s, i]
    # Of relationships that have not begun, nothing holds.
    for r in range(lives.person[s, S.RELATIONSHIPS]):
        for i in range(R.SIZE):
            others.case[slot, r, i] = lives.case[s, r, i]
        for i in range(Y.SIZE):
            others.case_y[slot, r, i] = lives.case_y[s, r, i]
        for band in range(BANDS):
            for i in range(5):
                others.field[slot, r, i, band] = lives.field[s, r, i, band]
            others.heights[slot, r, band] = lives.heights[s, r, band]
    for i in range(lives.person[s, S.PENDING]):
        for k in range(5):
            others.pending[slot, i, k] = lives.pending[s, i, k]


@compiled_with_memory
def copy_lives(lives, slots, others):
    """Copy the lives in some slots into the first slots of others."""
    for i in range(len(slots)):
        copy_life(lives, slots[i], others, i)


def empty_queues(places: int) -> Queues:
    """Return empty queues with room for that many joinings each."""
    return Queues(
        np.zeros(G.SIZE, np.int64), *(np.zeros((places + 8, WIDTH), np.int64) for _ in range(4))
    )


def first_of(lives: Lives, n: int) -> Lives:
    """Return the first n slots, not copied."""
    return Lives(
        lives.person[:n],
        lives.person_x[:n],
        lives.case[:n],
        lives.case_y[:n],
        lives.field[:n],
        lives.heights[:n],
        lives.pending[:n],
    )


def copy_of_queues(queues: Queues) -> Queues:
    """Return queues that go their own way from here."""
    return Queues(*(one.copy() for one in queues))


@compiled
def emit(rows, cursor, t, kind, person, rel, ordinal, value, detail):
    """Append a row."""
    n = cursor[0]
    rows[n].time = t
    rows[n].person = person
    rows[n].ordinal = ordinal
    rows[n].value = value
    rows[n].detail = detail
    rows[n].kind = kind
    rows[n].relationship = rel
    cursor[0] = n + 1


@compiled
def expect(life, q, s, t, kind, rel, ordinal, a):
    """Put an event on a person's own calendar."""
    n = life.person[s, S.PENDING]
    if n >= PENDING:
        q.g[G.OVERFLOW] = 1
        return
    row = life.pending[s, n]
    row[0] = t
    row[1] = kind
    row[2] = rel
    row[3] = ordinal
    row[4] = a
    life.person[s, S.PENDING] = n + 1


@compiled
def forget(life, s, kind):
    """Take all events of one kind off a person's own calendar."""
    n = life.person[s, S.PENDING]
    i = 0
    while i < n:
        if life.pending[s, i, 1] == kind:
            n -= 1
            for k in range(5):
                life.pending[s, i, k] = life.pending[s, n, k]
        else:
            i += 1
    life.person[s, S.PENDING] = n


@compiled_inline
def next_own(life, s):
    """Return (time, kind, relationship, ordinal, index) of a person's next event.

    `index` is the place on the calendar, or for a candidate incident -1 less its rate band.
    """
    t = INFINITE
    kind = 0
    rel = 0
    ordinal = 0
    index = 0
    for i in range(life.person[s, S.PENDING]):
        e = life.pending[s, i]
        if e[0] < t or (
            e[0] == t
            and (e[1] < kind or (e[1] == kind and (e[2] < rel or (e[2] == rel and e[3] < ordinal))))
        ):
            t, kind, rel, ordinal, index = e[0], e[1], e[2], e[3], i
    for r in range(life.person[s, S.RELATIONSHIPS]):
        case = life.case[s, r]
        if case[R.ACTIVE] == 0:
            continue
        field = life.field[s, r]
        band = rules.field_first(field, case[R.AWAKE])
        when = field[rules.F_TIME, band]
        number = field[rules.F_ORDINAL, band]
        if when < t or (
            when == t
            and (
                ev.INCIDENT < kind
                or (kind == ev.INCIDENT and (r + 1 < rel or (r + 1 == rel and number < ordinal)))
            )
        ):
            t, kind, rel, ordinal, index = when, ev.INCIDENT, r + 1, number, -1 - band
    return t, kind, rel, ordinal, index


@compiled
def case_person(life, s):
    """Return the identifier of the person in a slot."""
    return life.person[s, S.PERSON]


@compiled
def in_custody(life, s, t):
    """Say whether the perpetrator is held."""
    return t < life.person[s, S.CUSTODY]
