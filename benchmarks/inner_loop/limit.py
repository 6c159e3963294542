"""The same county in C: compiled when asked, compared to the bit, then timed beside the engine."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.inner_loop.compile_c import load
from benchmarks.measured import Different
from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules, world
from dapp_model.definitions import GROUPS, MEASURES, year_table
from dapp_model.engines import fast, order, state
from dapp_model.world import D, P, World

SOURCE = Path(__file__).with_name("county.c")
_KINDS = [
    "ENTRY",
    "RELATIONSHIP_START",
    "INCIDENT",
    "REPORT",
    "RECORD",
    "ARREST",
    "DVPN",
    "DVPO",
    "CHARGE",
    "CONVICTION",
    "CUSTODY_START",
    "CUSTODY_END",
    "COMMUNITY_ORDER",
    "BBR_START",
    "BBR_END",
    "MARAC_REFERRAL",
    "MARAC_HEARING",
    "IDVA_START",
    "OUTREACH_START",
    "CHILD_REFERRAL",
    "CHILD_IN_NEED",
    "CHILD_PLAN",
    "LOOKED_AFTER",
    "EXIT",
    "RELATIONSHIP_END",
    "INJURY",
    "RAPE",
    "STALKING",
    "CONTROL",
    "HOMICIDE",
    "NONE",
    "EX_PARTNER",
    "FAMILY",
    "PARTNER",
    "DESISTED",
    "SEPARATED",
    "KILLED",
    "DIED",
    "MOVED",
]
_PURPOSES = [
    "PERSON",
    "PERSON_NEEDS",
    "PERSON_EXIT",
    "CASE",
    "CASE_TIMES",
    "CASE_FAMILY",
    "FIELD",
    "MARKS",
    "OBSERVATION",
    "RESPONSE",
    "FOLLOWING",
    "JUSTICE",
    "SENTENCE",
    "CHILD",
    "ROUTES",
    "HEARING",
]


@dataclass(frozen=True)
class Counted:
    """What the C county found: counts [group, measure, year], people reached [n, 2], work done."""

    counts: npt.NDArray[np.int64]
    people: npt.NDArray[np.int64]
    candidates: int
    points: int


def header() -> str:
    """Return names.h: every number that the C source shares with the package, from the package."""
    numbers: dict[str, int] = {name: getattr(ev, name) for name in _KINDS}
    numbers |= {name: getattr(rnd, name) for name in _PURPOSES}
    numbers |= {f"P_{one.name}": int(one) for one in P}
    numbers |= {"P_REPORT": world.P_REPORT, "P_MIX": world.P_MIX}
    numbers |= {f"D_{one.name}": int(one) for one in D}
    numbers |= {f"M_{n.replace('.', '_').upper()}": i for i, n in enumerate(MEASURES)}
    numbers |= {
        "MEASURES": len(MEASURES),
        "ENTRY_PURPOSE": rnd.ENTRY,
        "ROOM": order.ROOM,
        "PENDING": state.PENDING,
    }
    for name in [
        "DAY",
        "YEAR",
        "ORIGIN",
        "BANDS",
        "CELL_YEARS",
        "PEOPLE_PER_BAND",
        "MOST_RELATIONSHIPS",
    ]:
        numbers[name] = getattr(world, name)
    lines = [f"#define {name} {number}" for name, number in numbers.items()]
    lines += [f"#define ENTRY_BAND {world.ENTRY_BAND!r}", f"#define LN2 {rules.LN2!r}"]
    lines += [f"#define LONGEST_DELAY {rules.LONGEST_DELAY!r}"]
    lines += [f"#define DVPO_SECONDS {float(world.DVPO_SECONDS)!r}"]
    return "\n".join(lines) + "\n"


@cache
def library() -> ctypes.CDLL:
    """Return the compiled county. Raises NoCompiler."""
    loaded = load(SOURCE, "names.h", header())
    loaded.blocks.restype = ctypes.c_uint64
    return loaded


def _pointer(array: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def county(given: World, seed: int, replicate: int) -> Counted:
    """Simulate, in C, all whom the programme cannot reach: what `fast.take_census` does."""
    c = library()
    _, n_years, years = year_table(given.warm_up, given.horizon)
    counts = np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
    reached = np.zeros((1 << 20, 2), np.int64)
    said = np.zeros(3, np.int64)
    p = np.ascontiguousarray(given.p, np.float64)
    days = np.ascontiguousarray(given.days, np.float64)
    years = np.ascontiguousarray(years, np.int64)
    times = np.array([given.warm_up, given.horizon, given.record_start], np.int64)
    status = c.county(
        ctypes.c_int64(int(rnd.stream_key(seed, replicate))),
        _pointer(p),
        _pointer(days),
        ctypes.c_int64(days.shape[1]),
        _pointer(times),
        _pointer(years),
        ctypes.c_int64(n_years),
        _pointer(counts),
        _pointer(reached),
        ctypes.c_int64(len(reached)),
        _pointer(said),
    )
    if status:
        raise SystemExit("The C county ran out of room.")
    return Counted(counts, reached[: said[2]].copy(), int(said[0]), int(said[1]))


def same(given: World, seed: int, replicate: int) -> Counted:
    """Return what the C county finds, or stop if the engine finds anything else."""
    census = fast.take_census([given], seed, replicate)
    found = county(given, seed, replicate)
    if not np.array_equal(census.counts, found.counts):
        raise Different("The C county counts other things than the engine: nothing is compared.")
    if not np.array_equal(census.people, found.people):
        raise Different("The C county reaches other people than the engine: nothing is compared.")
    return found
