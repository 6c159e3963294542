"""The committed posterior: joint rows of what is calibrated and of the evidence drawn with it.

Draw number k of a study takes row k, under the reading of "repeat" that the scenario names. A
parameter that the scenario sets itself keeps the scenario's value, and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model.parameters import registry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dapp_model.parameters import Inputs

FOLDER: Final = Path(__file__).with_name("data")
READING: Final = "calibration.repeat_reading"
RECORD: Final = "posterior.json"


@dataclass(frozen=True)
class Posterior:
    """Rows of parameters in base units [row, parameter], and how they were made."""

    reading: str
    names: tuple[str, ...]
    rows: npt.NDArray[np.float64]
    record: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """Return the start of the SHA-256 of the file."""
        return str(self.record["files"][file_name(self.reading)])[:12]


def file_name(reading: str) -> str:
    """Return the name of the file of one reading."""
    return f"posterior_{reading.lower()}.parquet"


def is_there(folder: Path = FOLDER) -> bool:
    """Say whether a posterior has been committed."""
    return (folder / RECORD).is_file()


def is_proved(folder: Path = FOLDER) -> bool:
    """Say whether the committed posterior has passed its proof; until then results are marked."""
    if not is_there(folder):
        return False
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return record.get("proved") is True


def checks(reading: str, folder: Path = FOLDER) -> tuple[Mapping[str, Any], ...]:
    """Return the posterior predictive checks of one reading, as the proof found them."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return tuple(row for row in record.get("checks", ()) if row["reading"] == reading)


def readings(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return the readings of a repeat under which a posterior has been committed."""
    if not is_there(folder):
        return ()
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    choices = registry()[READING].choices or ()
    return tuple(one for one in choices if file_name(one) in record["files"])


@cache
def load(reading: str, folder: Path = FOLDER) -> Posterior:
    """Read the committed posterior under one reading; read once.

    Raises ValueError if the file is not the one that its record names.
    """
    import hashlib

    import numpy as np
    import pyarrow.parquet as pq

    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    path = folder / file_name(reading)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != record["files"][path.name]:
        raise ValueError(f"{path.name} is not the file that {RECORD} names")
    table = pq.read_table(path)
    rows = np.column_stack([table[name].to_numpy() for name in table.column_names])
    return Posterior(reading, tuple(table.column_names), rows, record)


def own(inputs: Inputs) -> tuple[str, ...]:
    """Return the parameters of the posterior that the scenario sets itself."""
    joint = (name for name, parameter in registry().items() if parameter.fitted)
    return tuple(name for name in joint if f"assume.{name}" in inputs.origins)


def placed(inputs: Inputs, number: int) -> Inputs:
    """Return inputs with row `number` of the posterior; unchanged if none has been committed.

    Beyond the last row the rows begin anew.
    """
    if not is_there():
        return inputs
    found = load(str(inputs.values[READING]))
    row = found.rows[number % len(found.rows)]
    kept = {*own(inputs), *inputs.origins}
    values = {n: float(v) for n, v in zip(found.names, row, strict=True) if n not in kept}
    return inputs.replace(values=values)


def said(inputs: Inputs) -> dict[str, Any] | None:
    """Return what a result says about the posterior that it rests on; None if there is none."""
    if not is_there():
        return None
    found = load(str(inputs.values[READING]))
    return {
        "title": found.record["title"],
        "reading": found.reading,
        "rows": len(found.rows),
        "hash": found.hash,
        "recipe": found.record["recipe"],
        "set_by_the_scenario": list(own(inputs)),
    }
