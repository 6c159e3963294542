"""Prove on a real Dask cluster what is said of one: `python -m robustness.cluster`, some minutes.

A scheduler and workers run as processes of their own on this machine, and `dapp run` uses them.
Workers are killed, the scheduler is killed and started again, and workers are offered that have
other sources, another numpy, or no package at all. The table goes to robustness/cluster.csv as it
grows. Names of cases (`worker_killed`) do these alone, and leave the rest of the table.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from robustness.small import SMALL

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"
TABLE = ROOT / "robustness" / "cluster.csv"
PATIENCE = 1800.0  # seconds
DRAWS = 4
# What model.md section 11 lists, and the record of what is run.
DATA = (
    "inputs.toml", "outcomes.parquet", "outcomes.csv", "account.parquet", "account.csv",
    "ledger.parquet", "draws.parquet", "parameters.csv", "costs.csv", "effects.csv",
    "without_luck.csv", "effect_prior.csv", "structural.csv", "acceptability.csv",
    "information.csv", "luck.csv", "monitoring.csv", "decision.json", "totals.npz",
)  # fmt: skip


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def environment(*paths: Path) -> dict[str, str]:
    """Return the environment of a process that imports from these folders first."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONWARNINGS": ""}


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


@dataclass
class Cluster:
    """A scheduler and its workers, each a process of its own on this machine."""

    space: Path
    port: int = field(default_factory=free_port)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Return where the scheduler listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def _start(self, words: Sequence[str], name: str, *paths: Path) -> subprocess.Popen[bytes]:
        with (self.space / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                cwd=self.space, env=environment(*paths), stdout=log, stderr=log,
            )  # fmt: skip

    def start(self, workers: int = 2) -> Cluster:
        """Start the scheduler, and workers with our sources."""
        words = ["scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = self._start(words, "scheduler", SOURCES)

        def listens() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", self.port)) == 0

        until(listens, "the scheduler does not begin")
        for _ in range(workers):
            self.add(SOURCES)
        self.wait_for(workers)
        return self

    def add(self, *paths: Path) -> subprocess.Popen[bytes]:
        """Start one more worker, which imports from these folders first."""
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        where = self.space / f"worker{len(self.workers)}"
        words += ["--host", "127.0.0.1", "--local-directory", str(where), "--death-timeout", "30"]
        self.workers.append(self._start(words, where.name, *paths))
        return self.workers[-1]

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers are known to the scheduler."""
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False) as client:
            until(lambda: len(client.nthreads()) == workers, f"not {workers} workers")

    def stop_scheduler(self) -> None:
        """Kill the scheduler at once."""
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()

    def stop(self) -> None:
        """Kill all of it."""
        for one in (*self.workers, self.scheduler):
            if one is not None:
                one.kill()
                one.wait()
        self.workers.clear()


@contextmanager
def cluster(space: Path, workers: int = 2) -> Iterator[Cluster]:
    """Lend a cluster, and kill it at the end."""
    space.mkdir(parents=True, exist_ok=True)
    one = Cluster(space)
    try:
        yield one.start(workers)
    finally:
        one.stop()


@dataclass(frozen=True)
class Command:
    """One `dapp run` of the small study, as a process of its own."""

    space: Path
    out: str
    more: tuple[str, ...] = ()

    def start(self) -> subprocess.Popen[str]:
        """Begin it."""
        scenario = self.space / "small.toml"
        scenario.write_text(SMALL, encoding="utf-8")
        words = ["run", str(scenario), "--quick", "--draws", str(DRAWS), "--no-base"]
        words += ["--out", str(self.space / self.out), *self.more]
        return subprocess.Popen(
            [sys.executable, "-m", "dapp_model", *words], cwd=self.space, text=True,
            env=environment(SOURCES), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self, started: subprocess.Popen[str] | None = None) -> tuple[int, str]:
        """Wait for it; return the exit status and the last that it says to the person."""
        process = started or self.start()
        _, said = process.communicate(timeout=PATIENCE)
        after = ("Safe:", "To go on", "To do it again", "Simulating:", "Please note:")
        lines = [one for one in said.splitlines() if one.strip() and not one.startswith(after)]
        return process.returncode, lines[-1].strip() if lines else ""

    def stored(self) -> dict[str, int]:
        """Return the parts that are stored so far, and when each was."""
        parts = (self.space / f".{self.out}.unfinished" / "draws").glob("*.parquet")
        return {path.name: path.stat().st_mtime_ns for path in parts}

    def until_stored(self, n: int) -> None:
        """Wait until some parts are stored and others are not."""
        until(lambda: len(self.stored()) >= n, f"{n} parts of {self.out}")


def same(space: Path, one: str, other: str) -> bool:
    """Say whether two runs have the same bytes."""
    return all(
        (space / one / name).read_bytes() == (space / other / name).read_bytes() for name in DATA
    )


# -- the cases ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What was done, what came of it, and whether that is what is said of it."""

    case: str
    exit_status: str
    said: str
    result: str
    holds: bool


def undisturbed(space: Path) -> Row:
    """A cluster of two workers against one process here, which is kept for the other cases."""
    assert Command(space, "local", ("--workers", "1")).finish()[0] == 0
    with cluster(space / "c1") as lent:
        status, _ = Command(space, "far", ("--cluster", lent.address)).finish()
    return _row("two workers of a cluster", [status], "", same(space, "local", "far"))


def worker_killed(space: Path) -> Row:
    """One of two workers is killed when parts are stored and others are not."""
    with cluster(space / "c2") as lent:
        command = Command(space, "killed", ("--cluster", lent.address))
        started = command.start()
        command.until_stored(2)
        lent.workers[0].kill()
        status, _ = command.finish(started)
    return _row("a worker killed (kill -9)", [status], "", same(space, "local", "killed"))


def scheduler_restarted(space: Path) -> Row:
    """The scheduler is killed when parts are stored; the same command goes on from there."""
    with cluster(space / "c3") as lent:
        command = Command(space, "restarted", ("--cluster", lent.address))
        started = command.start()
        command.until_stored(2)
        before = command.stored()
        lent.stop_scheduler()
        first, said = command.finish(started)
        kept = command.stored()
        lent.stop()
        lent.start()
        second, _ = command.finish()
    whole = before.items() <= kept.items() and same(space, "local", "restarted")
    return _row("the scheduler killed and started again", [first, second], said, whole, [3, 0])


def interrupted(space: Path) -> Row:
    """The command is interrupted as by Ctrl-C; the same command goes on from there."""
    with cluster(space / "c4") as lent:
        command = Command(space, "interrupted", ("--cluster", lent.address))
        started = command.start()
        command.until_stored(2)
        started.send_signal(signal.SIGINT)
        first, said = command.finish(started)
        second, _ = command.finish()
    whole = same(space, "local", "interrupted")
    return _row("the command interrupted", [first, second], said, whole, [130, 0])


def _refused(space: Path, case: str, out: str, *paths: Path) -> Row:
    """Offer a worker that has something else; nothing is to be written."""
    with cluster(space / out, workers=1) as lent:
        lent.add(*paths)
        lent.wait_for(2)
        status, said = Command(space, out, ("--cluster", lent.address)).finish()
    return _row(case, [status], said, not (space / out / "manifest.json").exists(), [3])


def other_sources(space: Path) -> Row:
    """A worker whose sources differ by a comment."""
    other = space / "other_sources"
    shutil.copytree(SOURCES, other, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "dapp_model" / "rules" / "times.py").open("a", encoding="utf-8") as stream:
        stream.write("# another version\n")
    return _refused(space, "a worker with other sources", "sources", other)


def other_version(space: Path) -> Row:
    """A worker with a version of the package that knows nothing of clusters."""
    other = space / "other_version" / "dapp_model"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text('__version__ = "0.0.9"\n', encoding="utf-8")
    return _refused(space, "a worker with an older version", "version", other.parent)


def other_library(space: Path) -> Row:
    """A worker whose numpy says that it is of another version."""
    record = space / "other_numpy" / "numpy-0.1.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n", "utf-8")
    return _refused(space, "a worker with another numpy", "numpy", record.parent, SOURCES)


def nothing_installed(space: Path) -> Row:
    """A worker without the package."""
    hidden = space / "hidden" / "dapp_model"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text('raise ImportError("not here")\n', encoding="utf-8")
    return _refused(space, "a worker without the package", "nothing", hidden.parent)


def nobody_there(space: Path) -> Row:
    """An address at which nobody listens."""
    address = f"tcp://127.0.0.1:{free_port()}"
    status, said = Command(space, "nobody", ("--cluster", address)).finish()
    return _row("no scheduler at the address", [status], said, True, [3])


CASES = (
    undisturbed, worker_killed, scheduler_restarted, interrupted, other_sources, other_version,
    other_library, nothing_installed, nobody_there,
)  # fmt: skip


def _row(
    case: str, statuses: list[int], said: str, good: bool, expected: Sequence[int] = (0,)
) -> Row:
    refused = 0 not in expected
    result = "nothing written" if refused else "same bytes as local"
    holds = good and statuses == list(expected)
    return Row(case, ", then ".join(map(str, statuses)), said, result if good else "NOT SO", holds)


HEADER = ("case", "exit status", "result", "what is said")


def table() -> dict[str, list[str]]:
    """Return the rows of the table by what was done."""
    if not TABLE.is_file():
        return {}
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return {row[0]: row for row in csv.reader(stream) if tuple(row) != HEADER}


def write(rows: Sequence[Row], space: Path) -> None:
    """Put rows into the table in place of earlier ones, and leave the others."""
    found = table()
    for row in rows:
        said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:…", row.said.replace(str(space), "…"))
        said = re.sub(r"\b[0-9a-f]{16}\b", "…", said)  # hashes of sources
        found[row.case] = [row.case, row.exit_status, row.result, said]
    with TABLE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(found.values())


def main(names: Sequence[str]) -> int:
    """Try all cases, or those that are named; print each, and write it into the table."""
    with tempfile.TemporaryDirectory(prefix="dapp_cluster_") as folder:
        space = Path(folder)
        for case in CASES:
            if names and case.__name__ not in names and case is not undisturbed:
                continue
            row = case(space)
            said = row.said if row.holds else f"{row.said} <- NOT AS SAID"
            print(row.case, row.exit_status, row.result, said, sep=" | ", flush=True)
            if not row.holds:
                return 1
            write([row], space)
    print(f"Written to {TABLE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
