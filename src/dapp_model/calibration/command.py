"""What `dapp calibrate` does: calibrate, write, prove if asked, and say what came out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dapp_model import fitted
from dapp_model.calibration import job, prove
from dapp_model.calibration.bank import How
from dapp_model.calibration.recipe import Recipe

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
    if asked.fresh:
        shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True, exist_ok=True)
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
