"""The first event and the first number in which two runs differ."""

from __future__ import annotations

import csv
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model import stored
from dapp_model.errors import InputErrors, Problem
from dapp_model.experiment import with_share
from dapp_model.study import Plan

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

SMALL_SHARE: Final = 0.02
SETTINGS: Final = ("seed", "draws", "replications", "engine", "population_share")


def compare(run_a: Path, run_b: Path) -> dict[str, Any]:
    """Return what differs: settings, inputs, the first event, the first number in each file.

    Events are looked for in a small simulated county under the central values of both runs.
    Raises InputErrors if one of the folders is not a run.
    """
    from dapp_model.scenario import differences

    a, plan_a, manifest_a = stored.read_run(run_a)
    b, plan_b, manifest_b = stored.read_run(run_b)
    settings = {
        name: [manifest_a.get(name), manifest_b.get(name)]
        for name in SETTINGS
        if manifest_a.get(name) != manifest_b.get(name)
    }
    versions_a, versions_b = manifest_a.get("versions", {}), manifest_b.get("versions", {})
    versions = {
        name: [versions_a.get(name), versions_b.get(name)]
        for name in {**versions_a, **versions_b}
        if versions_a.get(name) != versions_b.get(name)
    }
    same_text = a.resolved_toml() == b.resolved_toml()
    apart = [] if same_text else differences(b, a)
    event = None
    if not same_text or plan_a.seed != plan_b.seed:
        event = _first_event((a, plan_a), (b, plan_b))
    numbers = [
        found
        for name in ("outcomes.csv", "account.csv")
        if (found := _first_row(run_a / name, run_b / name))
    ]
    files = [name for name in stored.DATA_FILES if _hash(run_a / name) != _hash(run_b / name)]
    return {
        "runs": [str(run_a), str(run_b)],
        "same": not files,
        "files_that_differ": files,
        "settings": settings,
        "versions": versions,
        "inputs": apart,
        "first_event": event,
        "first_numbers": numbers,
    }


def _hash(path: Path) -> str:
    return stored.file_hash(path) if path.is_file() else "missing"


def _first_event(first: tuple[Inputs, Plan], second: tuple[Inputs, Plan]) -> dict[str, Any] | None:
    """Return the first event that one small simulated county has and the other has not."""
    from dapp_model.engines import simulate
    from dapp_model.trace import words

    small = min(SMALL_SHARE, first[0].population_share, second[0].population_share)
    for option in [name for name in first[0].options if name in second[0].options]:
        logs = [
            simulate(with_share(inputs, small), option=option, seed=plan.seed).array
            for inputs, plan in (first, second)
        ]
        n = min(len(log) for log in logs)
        unequal = np.flatnonzero(logs[0][:n] != logs[1][:n])
        if not len(unequal) and len(logs[0]) == len(logs[1]):
            continue
        at = int(unequal[0]) if len(unequal) else n
        told = []
        for log in logs:
            if at >= len(log):
                told.append("the end: nothing more happens")
                continue
            row = log[at]
            date = np.datetime64(int(row["time"]), "s")
            told.append(f"{date}, person {row['person']}: {words(row)}")
        return {"option": option, "number": at, "share": small, "events": told}
    return None


def _first_row(first: Path, second: Path) -> dict[str, Any] | None:
    with (
        first.open(encoding="utf-8", newline="") as one,
        second.open(encoding="utf-8", newline="") as two,
    ):
        try:
            for line, (a, b) in enumerate(zip_longest(csv.reader(one), csv.reader(two)), 1):
                if a != b:
                    return {"file": first.name, "line": line, "rows": [a, b]}
        except csv.Error as error:
            message = "The table cannot be read."
            found = (Problem(f"{first} or {second}", None, "", str(error), "a CSV file", message),)
            raise InputErrors(found) from None
    return None


def lines(found: dict[str, Any]) -> list[str]:
    """Return what differs, in plain words."""
    if found["same"]:
        return ["The two runs have the same data, to the byte."]
    told = [f"Data files that differ: {', '.join(found['files_that_differ'])}"]
    for name, (a, b) in found["settings"].items():
        told.append(f"Setting {name}: {a} and {b}")
    for name, (a, b) in found["versions"].items():
        told.append(f"Version of {name}: {a} and {b}")
    told += found["inputs"]
    event = found["first_event"]
    if event:
        told += [
            "",
            f"First event that differs (option {event['option']}, event {event['number']}, in "
            f"{event['share']:.0%} of the county, central values):",
            *(f"  {run}: {text}" for run, text in zip("AB", event["events"], strict=True)),
        ]
    for number in found["first_numbers"]:
        told += ["", f"First number that differs: {number['file']}, line {number['line']}"]
        for run, row in zip("AB", number["rows"], strict=True):
            told.append(f"  {run}: {', '.join(row) if row else 'no such line'}")
    return told
