"""Write an analysis into its run's folder, whole or not at all: CSV, JSON and pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dapp_model import whole
from dapp_model.report.figures import write as write_chart
from dapp_model.tables import write_csv

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.analysis.pictures import Picture


@dataclass(frozen=True, eq=False)
class Analysis:
    """What an analysis found: sentences to read first, what machines read, tables, pictures."""

    name: str
    sentences: tuple[str, ...]
    found: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    pictures: tuple[Picture, ...]


def said(analysis: Analysis, marks: Sequence[str] = ()) -> dict[str, Any]:
    """Return an analysis for machines, with the sentences that stand on all of its run."""
    return {"standing": list(marks), "sentences": list(analysis.sentences), **analysis.found}


def write(run: Path, analysis: Analysis, marks: Sequence[str] = ()) -> Path:
    """Write `analysis/<name>` in the run's folder and return it; an earlier one is replaced.

    `marks` are the sentences that stand on all of the run.
    Raises RunError if the disk does not take it; then the earlier one stays.
    """
    place = run / "analysis" / analysis.name
    with whole.replaced(place, "The analysis") as made:
        for name, table in analysis.tables.items():
            _write_table(made / f"{name}.csv", table)
        for picture in analysis.pictures:
            write_chart(made, picture, marks)
            if picture.name not in analysis.tables:  # a table of that name holds the data
                write_csv(made / f"{picture.name}.csv", picture.header, picture.rows)
        found = plain(said(analysis, marks))
        text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
        (made / f"{analysis.name}.json").write_text(text + "\n", "utf-8", newline="\n")
    return place


def _write_table(path: Path, table: pd.DataFrame) -> None:
    named = table.reset_index() if table.index.name else table
    rows = ([plain(cell) for cell in row] for row in named.itertuples(index=False))
    write_csv(path, [str(name) for name in named.columns], rows)


def plain(found: Any) -> Any:
    """Return the same in plain lists, tables, texts and numbers; what is not finite is None."""
    if is_dataclass(found) and not isinstance(found, type):
        return plain(asdict(found))
    if isinstance(found, Mapping):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [plain(value) for value in found]
    if isinstance(found, np.ndarray):
        return plain(found.tolist())
    if isinstance(found, np.bool_):
        return bool(found)
    if isinstance(found, np.integer):
        return int(found)
    if isinstance(found, float | np.floating):
        return float(found) if math.isfinite(found) else None
    return found
