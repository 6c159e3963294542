"""Draws as three tables that value-of-information tools elsewhere read (SAVI, BCEA, voi for R)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from dapp_model.errors import InputErrors, Problem
from dapp_model.voi.arrays import Floats, as_numbers

if TYPE_CHECKING:
    import pandas as pd

FILES: Final = ("parameters.csv", "costs.csv", "effects.csv")


@dataclass(frozen=True, eq=False)
class Savi:
    """One row for each draw: parameters, and costs (GBP) and effects (one unit) by option."""

    parameters: pd.DataFrame
    costs: pd.DataFrame
    effects: pd.DataFrame

    def __post_init__(self) -> None:
        """Refuse tables that do not belong together."""
        draws = {len(self.parameters), len(self.costs), len(self.effects)}
        if len(draws) > 1:
            raise ValueError(f"The three tables have different numbers of draws: {sorted(draws)}.")
        if list(self.costs.columns) != list(self.effects.columns):
            raise ValueError("Costs and effects do not have the same options in the same order.")

    def net_benefit(self, threshold: float) -> Floats:
        """Return net benefits [draw, option] in GBP when a unit of effect is worth `threshold`."""
        effects, costs = as_numbers(self.effects, "effects"), as_numbers(self.costs, "costs")
        return np.asarray(threshold * effects - costs)


def write_savi(folder: Path, tables: Savi) -> None:
    """Write the three files: a heading, then one row for each draw, in full precision."""
    frames = (tables.parameters, tables.costs, tables.effects)
    for name, frame in zip(FILES, frames, strict=True):
        numbers = as_numbers(frame, name)
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(list(frame.columns))
            writer.writerows([repr(float(x)) for x in row] for row in numbers)


def read_savi(folder: Path) -> Savi:
    """Read the three files back; raises InputErrors with everything that is wrong in them."""
    import pandas as pd

    problems: list[Problem] = []
    frames = [_read(folder / name, problems) for name in FILES]
    if not problems:
        try:
            return Savi(*(pd.DataFrame(numbers, columns=names) for names, numbers in frames))
        except ValueError as error:
            problems.append(Problem(str(folder), None, "", "", "", str(error)))
    raise InputErrors(tuple(problems))


def _read(path: Path, problems: list[Problem]) -> tuple[list[str], Floats]:
    wanted = "a heading of names, then one row of numbers for each draw"
    rows: list[list[float]] = []
    names: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            names = next(reader, [])
            if len(set(names)) < len(names):
                raise csv.Error("a name stands in the heading twice")
            for row in reader:
                if not row:
                    continue
                try:
                    numbers = [float(cell) for cell in row]
                    if len(numbers) != len(names) or not np.isfinite(numbers).all():
                        raise ValueError
                    rows.append(numbers)
                except ValueError:
                    message = "This row is not one finite number for each name."
                    found = ", ".join(row)[:60]
                    problems.append(Problem(str(path), reader.line_num, "", found, wanted, message))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = "The file cannot be read."
        problems.append(Problem(str(path), None, "", str(reason), wanted, message))
    else:
        if not names or not rows:
            message = "The file has no draws."
            problems.append(Problem(str(path), None, "", f"{len(rows)} rows", wanted, message))
    return names, np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
