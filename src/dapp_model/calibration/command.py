"""What `dapp calibrate` does: calibrate, write, prove if asked, and say what came out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dapp_model import fitted, whole
from dapp_model.calibration import job, prove
from dapp_model.calibration.bank import How
from dapp_model.calibration.recipe import Recipe
from dapp_model.errors import InputErrors, Problem
from dapp_model.paths import shown

_BUSY: Final = (
    "Another calibration is writing to the same folder ({}). Wait until it has finished, or choose "
    "another folder with --out."
)
FAR: Final = {"strong": 1.0, "weak": 2.0}  # standard errors from which a target is called unmet


@dataclass(frozen=True)
class Asked:
    """What was asked for beside the recipe."""

    out: Path | None = None
    quick: bool = False
    proof: bool = False
    fresh: bool = False


def place(recipe: Recipe, asked: Asked) -> Path:
    """Return the folder of a calibration: results/calibration/<recipe>, or what was asked for."""
    name = recipe.path.stem + ("-quick" if asked.quick else "")
    return asked.out or Path("results") / "calibration" / name


def run(recipe: Recipe, asked: Asked, how: How) -> Iterator[str]:
    """Calibrate and write; yield what to print."""
    wanted = job.quick(recipe) if asked.quick else recipe
    folder = place(recipe, asked)
    parts = folder / "parts"
    _begin(folder, parts)
    told = whole.told(f"The calibration could not be written to {folder}", lambda: _safe(parts))
    with told, whole.held(parts / "lock", _BUSY.format(folder)):
        if asked.fresh:
            for old in parts.iterdir():
                if old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
        yield from _all_of_it(wanted, asked, folder, how)


def _begin(folder: Path, parts: Path) -> None:
    try:
        parts.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"The folder of the calibration cannot be made ({reason}); nothing was computed."
        expected = "a place where folders can be made"
        raise InputErrors((Problem(shown(folder), None, "", "", expected, message),)) from None


def _safe(parts: Path) -> str:
    if not parts.is_dir():
        return f"Nothing of it is stored any more: {parts} was removed."
    done = sum(1 for path in parts.rglob("*") if path.suffix in (".parquet", ".npy"))
    return f"Safe: all that was simulated ({done} files), in {parts}."


def _all_of_it(wanted: Recipe, asked: Asked, folder: Path, how: How) -> Iterator[str]:
    parts = folder / "parts"
    found = job.calibrate(wanted, parts, how)
    record = job.write(found, folder)
    yield from _lines(record, folder)
    for row in prove.expected(found):
        yield sentence(row)
    if not asked.quick:
        yield _against_committed(record)
    if asked.proof:
        summary = prove.prove(found, folder, parts, how)
        job.mark(folder, record, summary)
        yield from prove.lines(summary)
    yield f"Written to {folder}"


def sentence(row: dict[str, Any]) -> str:
    """Say how a target is met, plainly: the target and the distance."""
    where = f"reading {row['reading']}: {row['label']}: counted {row['counted']:g}, "
    text = where + f"expected {row['predicted']:g}, {abs(row['distance']):.2f} standard errors off"
    if row["weight"] in FAR and abs(row["distance"]) > FAR[row["weight"]]:
        return f"NOT MET, {text}."
    return f"Met, {text}."


def _lines(record: dict[str, Any], folder: Path) -> Iterator[str]:
    yield f"{record['points']} points simulated, {record['refused']} of them refused by the model."
    for reading, how_good in record["sampler"].items():
        yield f"Reading {reading}: " + ", ".join(
            f"{k.replace('_', ' ')} {v:g}" for k, v in how_good.items()
        )


def _against_committed(record: dict[str, Any]) -> str:
    if not fitted.is_there():
        return "No posterior has been committed yet."
    committed = json.loads((fitted.FOLDER / fitted.RECORD).read_text(encoding="utf-8"))
    if committed["files"] == record["files"]:
        return "Equal to the committed posterior, to the byte."
    apart = [
        f"{k} {committed.get(k)}, now {record[k]}"
        for k in ("recipe", "source")
        if committed.get(k) != record[k]
    ]
    return "Not the committed posterior: " + ("; ".join(apart) or "the versions differ") + "."
