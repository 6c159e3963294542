"""The history of what was measured: a file that is only ever added to, one JSON object a line."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmarks.measured import ROOT, Row

FILE = Path(__file__).with_name("history.jsonl")


@dataclass(frozen=True)
class Record:
    """A row, when and on what it was measured, and how much was measured."""

    date: str
    commit: str
    python: str
    processor: str
    cores: int
    size: str
    note: str
    section: str
    name: str
    value: float
    unit: str
    detail: str
    target: str


def processor() -> str:
    """Return the processor's own name."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def commit() -> str:
    """Return the commit that is measured, with a plus if files differ from it."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        name = git("rev-parse", "--short=12", "HEAD")
        changed = git("status", "--porcelain", "--", "src", "scenarios", "benchmarks/*.py")
    except OSError:
        return "unknown"
    return (name or "unknown") + ("+" if changed else "")


def company() -> str:
    """Return how busy the machine is, where it says."""
    if not hasattr(os, "getloadavg"):
        return ""
    return f"load {os.getloadavg()[0]:.1f} when begun"


def stamped(size: str, note: str) -> dict[str, str | int]:
    """Return what all records of a run share."""
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "commit": commit(),
        "python": platform.python_version(),
        "processor": processor(),
        "cores": os.cpu_count() or 0,
        "size": size,
        "note": ", ".join(part for part in (note, company()) if part),
    }


def append(stamp: dict[str, str | int], row: Row, file: Path = FILE) -> None:
    """Add a row to the history."""
    line = {**stamp, **asdict(row), "value": float(f"{row.value:.6g}")}
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def read(file: Path = FILE) -> list[Record]:
    """Return all records, oldest first."""
    if not file.is_file():
        return []
    names = {one.name for one in fields(Record)}
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        found.append(Record(**{k: v for k, v in json.loads(line).items() if k in names}))
    return found


def latest(records: Iterable[Record]) -> dict[str, Record]:
    """Return the last record of each row; a short one stands only where there is no other."""
    found: dict[str, Record] = {}
    for one in records:
        before = found.get(one.name)
        if before is None or before.size == "short" or one.size != "short":
            found[one.name] = one
    return found
