"""A finished run made again from what its folder says of it, and compared to the byte."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dapp_model import runs
from dapp_model.stored import DATA_FILES, file_hash, read_run, versions


@dataclass(frozen=True)
class Comparison:
    """What reproducing a run showed: files equal to the byte, and files that differ."""

    same: tuple[str, ...]
    different: tuple[str, ...]
    versions_differ: tuple[str, ...]
    largest_difference: float | None  # of the numbers in the CSV files, relative


def reproduce(folder: Path, how: runs.How | None = None) -> Comparison:
    """Run again from the manifest and inputs.toml, and compare the data files byte by byte."""
    from dapp_model.compiled import source_hash

    inputs, plan, manifest = read_run(folder)
    with tempfile.TemporaryDirectory(prefix="dapp_reproduce_") as space:
        again = runs.run(inputs, plan, Path(space) / "run", how).folder
        same: list[str] = []
        different: list[str] = []
        for name in DATA_FILES:
            ours, theirs = again / name, folder / name
            equal = theirs.is_file() and file_hash(ours) == file_hash(theirs)
            (same if equal else different).append(name)
        largest = _largest_difference(folder, again) if different else None
    now = versions() | {"source": source_hash()}
    then = manifest.get("versions", {})
    apart = [f"{name} {then.get(name, '-')}, now {now[name]}" for name in now]
    return Comparison(
        tuple(same),
        tuple(different),
        tuple(text for text, name in zip(apart, now, strict=True) if then.get(name) != now[name]),
        largest,
    )


def _largest_difference(first: Path, second: Path) -> float | None:
    """Return the largest relative difference of numbers in the CSV files, None if rows differ."""
    import csv

    largest = 0.0
    for name in ("outcomes.csv", "account.csv"):
        try:
            with (
                (first / name).open(encoding="utf-8", newline="") as one,
                (second / name).open(encoding="utf-8", newline="") as two,
            ):
                for a, b in zip(csv.reader(one), csv.reader(two), strict=True):
                    for x, y in zip(a, b, strict=True):
                        if x != y:
                            u, v = float(x), float(y)
                            largest = max(largest, abs(u - v) / max(abs(u), abs(v), 1e-300))
        except (OSError, ValueError, csv.Error):
            return None
    return largest


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison for machines."""
    return asdict(comparison)
