"""Bad luck on purpose: kill, interrupt, fill the disk, take folders away, and go on afterwards.

    python -m robustness.faults                    the whole study; writes robustness/faults.csv
    python -m robustness.faults --only run --kills 3 --out .    a part of it

Studies are tiny, so that a run takes seconds. After each fault the same command is given again
until it has finished, and its files are compared byte by byte with those of an undisturbed one.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from robustness.kinds import ROOT
from robustness.small import SMALL

HERE: Final = Path(__file__).resolve().parent
SEED: Final = 20_161_122
PATIENCE_SECONDS: Final = 600
ENVIRONMENT: Final = {
    **os.environ,
    "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    "MPLBACKEND": "Agg",
}
RECIPE: Final = """\
title = "A tiny calibration"
scenario = "{scenarios}/surrey_base.toml"
targets = "{calibration}/targets.csv"
priors = "{calibration}/priors.toml"
readings = ["A"]
marac_repeat = "year"
seed = 20150331
[bank]
first = 32
second = 0
replicates = 2
numbers = 8
share = 0.02
[posterior]
rows = 10
chains = 4
steps = 30
[proof]
sets = 0
draws = 9
counties = 0
forecast = 0
"""


@dataclass
class Row:
    """What came of one fault, over all the times that it happened."""

    fault: str
    command: str
    times: int = 0
    statuses: set[int] = field(default_factory=set)
    different: int = 0
    lost: int = 0
    left_behind: int = 0
    odd: list[str] = field(default_factory=list)

    def table(self) -> dict[str, object]:
        """Return a row of the table."""
        return {
            "fault": self.fault,
            "command": self.command,
            "times": self.times,
            "exit_statuses": " ".join(str(one) for one in sorted(self.statuses)),
            "files_that_differ": self.different,
            "stored_and_lost": self.lost,
            "processes_left": self.left_behind,
            "odd": len(self.odd),
        }

    def is_good(self) -> bool:
        """Say whether nothing was wrong."""
        return not (self.different or self.lost or self.left_behind or self.odd) and self.times > 0


@dataclass(frozen=True)
class Command:
    """A command, where it keeps what is finished, and where its result appears."""

    name: str
    words: tuple[str, ...]
    parts: Path
    result: Path
    compared: Callable[[Path], list[Path]]


def hash_of(path: Path) -> str:
    """Return a hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def bytes_of(command: Command) -> dict[str, str]:
    """Return a hash of each file of a result that has to be the same."""
    return {
        str(path.relative_to(command.result)): hash_of(path)
        for path in command.compared(command.result)
    }


def stored(command: Command) -> dict[Path, str]:
    """Return a hash of each finished part; what is being written has another ending."""
    found = {}
    for path in everything_in(command.parts):
        if path.suffix in (".npz", ".valued", ".pkl", ".parquet", ".npy"):
            with contextlib.suppress(FileNotFoundError):
                found[path] = hash_of(path)
    return found


def everything_in(folder: Path) -> Iterator[Path]:
    """Yield the files and folders in a folder that somebody may be taking away while we look."""
    for place, folders, files in os.walk(folder):  # which passes over folders that are gone
        yield from (Path(place, name) for name in (*folders, *files))


# -- commands -------------------------------------------------------------------------------------


def run_of(place: Path, name: str = "out", *, draws: int = 2) -> Command:
    """Return the command that runs a small study."""
    scenario = place / "small.toml"
    if not scenario.exists():
        scenario.write_text(SMALL, encoding="utf-8")
    out = place / name
    words = ("run", str(scenario), "--draws", str(draws), "--replications", "1", "--seed", "3")
    words = (*words, "--workers", "2", "--no-base", "--out", str(out))
    return Command("run", words, place / f".{name}.unfinished" / "draws", out, _files_of_run)


def _files_of_run(folder: Path) -> list[Path]:
    from dapp_model.stored import DATA_FILES

    return [folder / name for name in DATA_FILES]


def calibration_of(place: Path, name: str = "fit") -> Command:
    """Return the command that does a tiny calibration."""
    recipe = place / "tiny.toml"
    text = RECIPE.format(scenarios=ROOT / "scenarios", calibration=ROOT / "calibration")
    recipe.write_text(text, encoding="utf-8")
    out = place / name
    words = ("calibrate", str(recipe), "--workers", "2", "--out", str(out))
    return Command("calibrate", words, out / "parts", out, _files_of_calibration)


def _files_of_calibration(folder: Path) -> list[Path]:
    return sorted(folder.glob("posterior*"))


def voi_of(run: Path) -> Command:
    """Return the command that values information from a finished run."""
    place = run / "analysis" / "voi"
    return Command("voi", ("voi", str(run)), place / "nothing", run, _files_of_voi)


def _files_of_voi(folder: Path) -> list[Path]:
    return [*sorted((folder / "analysis" / "voi").iterdir()), *_files_of_run(folder)]


# -- starting and ending --------------------------------------------------------------------------


def start(words: Sequence[str], **more: str) -> subprocess.Popen[str]:
    """Start a command in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "dapp_model", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**ENVIRONMENT, **more},
        process_group=0,
    )


def finished(words: Sequence[str], **more: str) -> tuple[int, str]:
    """Run a command to its end; return its status and all that it said."""
    process = start(words, **more)
    try:
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return -1, "did not end"
    return process.returncode, said


def children(pid: int) -> list[int]:
    """Return the processes whose group is that of a command, but for itself."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            fields = entry.read_text().rpartition(")")[2].split()
            if int(fields[2]) == pid and int(entry.parent.name) != pid and fields[0] != "Z":
                found.append(int(entry.parent.name))
    return found


def undisturbed(command: Command) -> dict[str, str]:
    """Let a command finish in peace and return a hash of each file that counts."""
    status, said = finished(command.words)
    if status:
        raise SystemExit(f"The undisturbed {command.name} ended with {status}: {said[-2000:]}")
    return bytes_of(command)


def _wait_for_moment(
    rng: random.Random, command: Command, process: subprocess.Popen[str], usual: float
) -> None:
    """Wait for a moment that nobody can foresee: by the clock, or soon after something appears."""
    way, begun = rng.choice(("clock", "part", "writing", "part")), time.monotonic()
    before = len(stored(command))
    limit = rng.uniform(0.0, usual) if way == "clock" else usual
    while process.poll() is None and time.monotonic() - begun < limit:
        if way == "part" and len(stored(command)) > before:
            break
        if way == "writing" and _is_written(command):
            break
        time.sleep(0.002)
    time.sleep(rng.choice((0.0, 0.0, 0.01, 0.1, 1.0)) * rng.random())


def _is_written(command: Command) -> bool:
    if command.name == "run":
        return (command.parts.parent / "writing").is_dir()
    names = [path.name for path in everything_in(command.result)]
    return any(name.endswith((".unfinished", ".part")) for name in names)


def kill_until_done(
    command: Command, whole: dict[str, str], rng: random.Random, kills: int, usual: float
) -> Iterator[Row]:
    """Kill a command again and again, then let it finish; yield what came of each way to kill."""
    rows = {
        way: Row(f"kill -9 of {way}", command.name)
        for way in ("the command", "the command and its workers", "one worker")
    }
    resumed = Row("kill -9 while it goes on from an earlier kill", command.name)
    kept: dict[Path, str] = {}
    done = 0
    shutil.rmtree(command.result / "analysis", ignore_errors=True)
    while done < kills:
        process = start(command.words)
        _wait_for_moment(rng, command, process, usual)
        if process.poll() is not None:  # it had finished before: begin anew
            said, _ = process.communicate()
            row = rows["the command"]
            _compare(row, command, whole, process.returncode, said)
            _forget(command)
            kept = {}
            continue
        own = children(process.pid)
        way = rng.choice(list(rows)) if own else "the command"
        row = rows[way]
        if way == "one worker":
            # The newest: the first helper that starts keeps the books for all and does no work.
            os.kill(max(own), signal.SIGKILL)
        else:
            targets = [process.pid, *(own if way.endswith("workers") else [])]
            for one in targets:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        row.times += 1
        row.statuses.add(process.returncode)
        if kept:
            resumed.times += 1
            resumed.statuses.add(process.returncode)
        done += 1
        _check_stored(row, command, kept, said)
        if way == "one worker" and process.returncode not in (0, 3):
            row.odd.append(f"status {process.returncode}: {said[-500:]}")
        if process.returncode == 3 and not _says_how_to_go_on(said):
            row.odd.append(said[-500:])
        _all_gone(row, process.pid)
        if process.returncode == 0:
            _compare(row, command, whole, 0, said)
            _forget(command)
            kept = {}
            continue
        kept = stored(command)
    status, said = finished(command.words)
    last = next(row for row in rows.values() if row.times)
    _check_stored(last, command, kept, said)
    _compare(last, command, whole, status, said)
    yield from (row for row in (*rows.values(), resumed) if row.times)


def _check_stored(row: Row, command: Command, kept: dict[Path, str], said: str) -> None:
    """Count parts that were there and are not any more, unless the result has appeared."""
    if command.name == "run" and command.result.is_dir():
        return
    now = stored(command)
    row.lost += sum(now.get(path) != content for path, content in kept.items())
    told = re.findall(r"(\d+) of (\d+) parts", said)
    if told and command.name == "run" and len(now) < int(told[-1][0]):
        row.lost += 1


def _compare(row: Row, command: Command, whole: dict[str, str], status: int, said: str) -> None:
    """Count files that are not as they would have been."""
    if status != 0:
        row.odd.append(f"{status}: {said[-800:]}")
        return
    now = bytes_of(command)
    row.different += sum(now.get(name) != content for name, content in whole.items())
    row.different += len(set(now) - set(whole))


def _forget(command: Command) -> None:
    """Take away a result, so that the next command begins anew."""
    if command.name == "voi":
        shutil.rmtree(command.result / "analysis", ignore_errors=True)
    else:
        shutil.rmtree(command.result, ignore_errors=True)
        if command.name == "run":  # what a kill while it tidied up has left of a finished run
            shutil.rmtree(command.parts.parent, ignore_errors=True)


def _all_gone(row: Row, pid: int) -> None:
    """Count processes that live on 20 seconds after the command is gone, and end them."""
    deadline = time.monotonic() + 20
    while children(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    for one in children(pid):
        row.left_behind += 1
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _says_how_to_go_on(said: str) -> bool:
    good = "Traceback" not in said and ("Safe: " in said or "Nothing of it is stored" in said)
    return good and ("To go on from there: dapp" in said or "To do it again: dapp" in said)


# -- other misfortunes ----------------------------------------------------------------------------


def interrupted(place: Path, whole: dict[str, str], number: signal.Signals, usual: float) -> Row:
    """Interrupt a run in the middle, see what it says, and let it go on."""
    row = Row(number.name, "run")
    command = run_of(place, f"out_{number.name}")
    process = start(command.words)
    begun = time.monotonic()
    while not stored(command) and process.poll() is None and time.monotonic() - begun < 10 * usual:
        time.sleep(0.01)
    process.send_signal(number)
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    row.times, row.statuses = 1, {process.returncode}
    if process.returncode != 130 or not _says_how_to_go_on(said):
        row.odd.append(f"{process.returncode}: {said[-500:]}")
    kept = stored(command)
    _all_gone(row, process.pid)
    status, said = finished(command.words)
    _check_stored(row, command, kept, said)
    _compare(row, command, whole, status, said)
    return row


@contextlib.contextmanager
def small_disk(place: Path, megabytes: float) -> Iterator[Path]:
    """Lend a disk of so many megabytes; needs root."""
    place.mkdir(parents=True, exist_ok=True)
    size = f"size={int(megabytes * 1024)}k"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def can_mount(place: Path) -> bool:
    """Say whether this process may mount a disk."""
    try:
        with small_disk(place / "try", 1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def full_disk(place: Path, whole: dict[str, str], megabytes: float) -> Row:
    """Run where the disk is too small, then make room and give the same command again."""
    row = Row(f"disk full ({megabytes:g} MB)", "run", 1)
    disk = place / f"disk_{megabytes:g}"
    with small_disk(disk, megabytes):
        command = run_of(disk)
        status, said = finished(command.words)
        row.statuses.add(status)
        if status not in (2, 3) or (status == 3 and not _says_how_to_go_on(said)):
            row.odd.append(f"{status}: {said[-800:]}")
        if command.result.exists():
            row.odd.append("a folder appeared")
        kept = stored(command)
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        status, said = finished(command.words)
        _check_stored(row, command, kept, said)
        _compare(row, command, whole, status, said)
    return row


def full_disk_of_others(place: Path, run: Path) -> Iterator[Row]:
    """Calibrate, and value information, where the disk is too small."""
    with small_disk(place / "disk_fit", 0.15) as disk:
        (disk / "x").write_bytes(b"x" * 100_000)
        row = Row("disk full", "calibrate", 1)
        status, said = finished(calibration_of(disk).words)
        row.statuses.add(status)
        if status not in (2, 3) or "Traceback" in said or "not foreseen" in said:
            row.odd.append(f"{status}: {said[-800:]}")
        yield row
    with small_disk(place / "disk_voi", 60) as disk:
        row = Row("disk full", "voi", 1)
        shutil.copytree(run, disk / "run")
        shutil.rmtree(disk / "run" / "analysis", ignore_errors=True)
        before = {path: hash_of(path) for path in _files_of_run(disk / "run")}
        free = shutil.disk_usage(disk).free
        (disk / "fill").write_bytes(b"x" * max(0, free - 20_000))
        status, said = finished(voi_of(disk / "run").words)
        row.statuses.add(status)
        if status != 3 or not _says_how_to_go_on(said):
            row.odd.append(f"{status}: {said[-800:]}")
        row.different += sum(hash_of(path) != content for path, content in before.items())
        yield row


def read_only(place: Path, run: Path) -> Iterator[Row]:
    """Give commands a folder that cannot be written to."""
    with small_disk(place / "disk_ro", 60) as disk:
        shutil.copytree(run, disk / "run")
        shutil.rmtree(disk / "run" / "analysis", ignore_errors=True)
        commands = (run_of(disk), calibration_of(disk), voi_of(disk / "run"))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for command in commands:
            row = Row("folder that cannot be written to", command.name, 1)
            status, said = finished(command.words)
            row.statuses.add(status)
            if status not in (2, 3) or "Traceback" in said or "not foreseen" in said:
                row.odd.append(f"{status}: {said[-800:]}")
            yield row


def removed(place: Path, whole: dict[str, str], usual: float) -> Row:
    """Take the folder of what is finished away while a run is at work."""
    row = Row("folder removed while at work", "run", 1)
    command = run_of(place, "out_removed")
    process = start(command.words)
    begun = time.monotonic()
    while not stored(command) and process.poll() is None and time.monotonic() - begun < 10 * usual:
        time.sleep(0.01)
    shutil.rmtree(command.parts.parent, ignore_errors=True)
    shutil.rmtree(command.parts.parent, ignore_errors=True)
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    row.statuses.add(process.returncode)
    if process.returncode != 3 or not _says_how_to_go_on(said):
        row.odd.append(f"{process.returncode}: {said[-800:]}")
    shutil.rmtree(command.result, ignore_errors=True)
    status, said = finished(command.words)
    _compare(row, command, whole, status, said)
    return row


def two_at_once(place: Path, command: Command, whole: dict[str, str], usual: float) -> Row:
    """Give the same command twice; the second is refused, and the first does not notice."""
    row = Row("two at the same folder", command.name, 1)
    first = start(command.words)
    begun = time.monotonic()
    lock = command.parts.parent / "lock" if command.name == "run" else command.parts / "lock"
    while not lock.exists() and first.poll() is None and time.monotonic() - begun < 10 * usual:
        time.sleep(0.01)
    time.sleep(0.2)
    status, said = finished(command.words)
    row.statuses.add(status)
    if status != 3 or "Another" not in said or "Wait until it has finished" not in said:
        row.odd.append(f"{status}: {said[-500:]}")
    told, _ = first.communicate(timeout=PATIENCE_SECONDS)
    _compare(row, command, whole, first.returncode, told)
    return row


LITTLE_MEMORY: Final = """
import resource, sys
import numba, numpy, pandas, scipy.stats
from dapp_model import cli, experiment, report
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 60_000_000,) * 2)
sys.exit(cli.main({words!r}))
"""


def alone(command: Command) -> list[str]:
    """Return the words of a command for one worker, which is the command itself."""
    words = list(command.words)
    words[words.index("--workers") + 1] = "1"
    return words


def done_in(script: str, command: Command) -> subprocess.CompletedProcess[str]:
    """Do a command with one worker in a Python that a script has changed first."""
    return subprocess.run(
        [sys.executable, "-c", script.format(words=alone(command))],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def no_memory(place: Path, whole: dict[str, str]) -> Row:
    """Let a run have so little memory that numbers do not fit, then enough."""
    row = Row("out of memory (address space limited)", "run", 1)
    command = run_of(place, "out_memory")
    done = done_in(LITTLE_MEMORY, command)
    row.statuses.add(done.returncode)
    if done.returncode != 3 or "Traceback" in done.stderr:
        row.odd.append(f"{done.returncode}: {done.stderr[-800:]}")
    status, said = finished(command.words)
    _compare(row, command, whole, status, said)
    return row


BACKWARDS: Final = """
import itertools, sys, time
now, count = time.time(), itertools.count()
time.time = lambda: now - 86_400.0 * next(count)
time.time_ns = lambda: int(time.time() * 1e9)
from dapp_model import cli
sys.exit(cli.main({words!r}))
"""


def clock(place: Path, whole: dict[str, str]) -> Row:
    """Run while the clock steps back a day whenever it is read; parts have times yet to come."""
    row = Row("clock that steps back", "run", 1)
    command = run_of(place, "out_clock")
    process = start(command.words)
    while not stored(command) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    for i, path in enumerate(sorted(stored(command))):
        os.utime(path, (4e9, 4e9) if i % 2 else (1.0, 1.0))
    done = done_in(BACKWARDS, command)
    row.statuses.add(done.returncode)
    _compare(row, command, whole, done.returncode, done.stdout + done.stderr)
    return row


# -- the study ------------------------------------------------------------------------------------

PARTS: Final = ("run", "calibrate", "voi", "signals", "disk", "folders", "two", "memory", "clock")


def study(only: Sequence[str], kills: int, place: Path, seed: int) -> Iterator[Row]:
    """Do the study; yield what came of each fault."""
    rng = random.Random(seed)
    begun = time.monotonic()
    quiet = run_of(place, "quiet")
    whole = undisturbed(quiet) if set(only) != {"calibrate"} else {}
    usual = time.monotonic() - begun
    each = {"run": kills * 5 // 10, "calibrate": kills * 3 // 10, "voi": kills * 2 // 10}
    if "run" in only:
        yield from kill_until_done(run_of(place), whole, rng, max(1, each["run"]), usual)
    if "calibrate" in only:
        begun = time.monotonic()
        fitted = undisturbed(calibration_of(place, "quiet_fit"))
        took = time.monotonic() - begun
        fit = calibration_of(place)
        yield from kill_until_done(fit, fitted, rng, max(1, each["calibrate"]), took)
        if "two" in only:
            shutil.rmtree(fit.result)
            yield two_at_once(place, fit, fitted, took)
    if "voi" in only:
        begun = time.monotonic()
        valued = undisturbed(voi_of(quiet.result))
        took = time.monotonic() - begun
        yield from kill_until_done(voi_of(quiet.result), valued, rng, max(1, each["voi"]), took)
    if "signals" in only:
        for number in (signal.SIGINT, signal.SIGTERM):
            yield interrupted(place, whole, number, usual)
    if {"disk", "folders"} & set(only) and not can_mount(place):
        print("No disk can be mounted here: full disks and read-only folders are left out.")
        only = [one for one in only if one not in ("disk", "folders")]
    if "disk" in only:
        for megabytes in (0.3, 3.0):
            yield full_disk(place, whole, megabytes)
        yield from full_disk_of_others(place, quiet.result)
    if "folders" in only:
        yield from read_only(place, quiet.result)
        yield removed(place, whole, usual)
    if "two" in only:
        yield two_at_once(place, run_of(place, "out_two"), whole, usual)
    if "memory" in only:
        yield no_memory(place, whole)
    if "clock" in only:
        yield clock(place, whole)


def main() -> int:
    """Do the study and write its table."""
    plain = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--kills", type=int, default=60, help="in all (60)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HERE, help="where faults.csv goes")
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="dapp_faults_") as space:
        for row in study(given.only, given.kills, Path(space), given.seed):
            rows.append(row)
            print(row.table(), *row.odd[:3], sep="\n  ", flush=True)
            write(given.out / "faults.csv", rows)  # at once: a study of faults may have one itself
    print(f"{len(rows)} faults, {sum(not row.is_good() for row in rows)} of them handled badly.")
    return 0 if all(row.is_good() for row in rows) else 1


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write the table; faults that were not tried now keep what was found of them before."""
    table = [row.table() for row in rows]
    done = {(row["fault"], row["command"]) for row in table}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as stream:
            found = csv.DictReader(stream)
            table = [
                *(row for row in found if (row["fault"], row["command"]) not in done),
                *table,
            ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


if __name__ == "__main__":
    sys.exit(main())
