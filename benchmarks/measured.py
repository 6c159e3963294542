"""What a measurement is, and how time and memory are taken."""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCENARIO = ROOT / "scenarios" / "surrey_extension.toml"


@dataclass(frozen=True)
class Row:
    """One measured number: `value` in `unit`, of what (`detail`), and what it should be."""

    section: str
    name: str
    value: float
    unit: str
    detail: str = ""
    target: str = ""


@dataclass(frozen=True)
class Skipped:
    """A row that could not be measured here, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    name: str
    reference_share: float  # of the county, in the reference engine
    share: float  # of the county, elsewhere
    people: int  # of the simple county
    rounds: int
    replicates: int
    draws: int
    counties: tuple[int, ...]
    cold: bool


SIZES = {
    "short": Size("short", 0.02, 0.1, 900, 1, 4, 3, (3,), False),
    "default": Size("default", 0.1, 1.0, 9000, 3, 8, 10, (10,), True),
    "full": Size("full", 0.25, 1.0, 9000, 3, 32, 32, (10, 100), True),
}
Found = Iterator[Row | Skipped]
Suite = Callable[[Size], Found]


class Different(SystemExit):
    """Two that should do the same have not: no time means anything."""


def cpu(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the median processor seconds of some repeats of a piece of work."""
    return statistics.median(spent(work) for _ in range(repeats))


def spent(work: Callable[[], object]) -> float:
    """Return the processor seconds of a piece of work."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turns(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median processor seconds of each, taken in turns: what disturbs, disturbs all."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(spent(work))
    return {name: statistics.median(found) for name, found in seconds.items()}


def peak_memory() -> int:
    """Return the most memory that this process has had, in kB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike the system's own count this one forgets the process that started us.
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def children_cpu() -> float:
    """Return the processor seconds of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a child process that finds this package and these benchmarks."""
    paths = [str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p), **more}


def child(module: str, *arguments: object, env: dict[str, str] | None = None) -> dict[str, object]:
    """Run a module in a process of its own and return the JSON that it prints last."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=env or environment(), cwd=ROOT
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "nothing said").splitlines()[-1])
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
