"""C, as numba_small.py has it: compiled when asked."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.inner_loop.compile_c import load
from benchmarks.simple_county import law
from benchmarks.simple_county.law import County

_NUMBERS = [
    "HORIZON",
    "RATE",
    "STAY",
    "TO_MARAC",
    "REFERRED",
    "REFERRED_BY_MARAC",
    "PATIENCE",
    "ASSESSMENT",
    "WEEK",
]
_MORE = ["SESSIONS", "DROPS_OUT", "DURING", "AFTER", "YEARLY", "SIZE"]
_PURPOSES = ["ENTRY", "PERSON", "CANDIDATE", "REPORT", "EPISODE", "SESSION"]


def header() -> str:
    """Return law.h: every number that the C source shares with the law, from the law."""
    numbers = {name: getattr(law, name) for name in (*_NUMBERS, *_MORE)}
    numbers |= {f"L_{name}": getattr(law, f"_{name}") for name in _PURPOSES}
    numbers |= {f"KINDS{i}": share for i, share in enumerate(law.KINDS)}
    numbers |= {f"REPORTED{i}": share for i, share in enumerate(law.REPORTED)}
    counted = [name.upper() for name in law.COUNTED]
    counted[counted.index("SESSIONS")] = "SESSIONS_HELD"
    numbers |= {name: i for i, name in enumerate(counted)}
    return "".join(f"#define {name} {number!r}\n" for name, number in numbers.items())


@cache
def library() -> ctypes.CDLL:
    """Return the compiled county. Raises NoCompiler."""
    return load(Path(__file__).with_name("small.c"), "law.h", header())


def _run(county: County, key: int, together: bool) -> np.ndarray:
    counts = np.zeros(law.SIZE, np.int64)
    library().run(
        ctypes.c_int64(key),
        ctypes.c_int64(county.people),
        ctypes.c_double(county.arrivals),
        ctypes.c_int64(county.places),
        ctypes.c_int(together),
        ctypes.c_void_p(counts.ctypes.data),
    )
    return counts


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county, everybody on one heap; returns its counts."""
    return _run(county, key, True)


def simulate_apart(county: County, key: int) -> np.ndarray:
    """Simulate one simple county, only the referred on a heap; returns its counts."""
    return _run(county, key, False)
