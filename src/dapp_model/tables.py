"""The data files of a run: outcomes, account and ledger, in fixed order and without any date."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.definitions import GROUPS, MEASURES, UNITS
from dapp_model.economics.prices import mapping
from dapp_model.economics.unit_costs import NOT_APPLICABLE
from dapp_model.outcomes import FIRST_YEAR, year_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dapp_model.economics import Line
    from dapp_model.valuation import Valued

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LINE_COLUMNS: Final = ("bearer", "funder", "tier", "basis", "offence", "item")
NOT_ASSESSED: Final = "not assessed"
_BASIS: Final = tuple(name.split(".")[0] for name in MEASURES)
_UNIT: Final = tuple(UNITS[name] for name in MEASURES)


# -- parquet --------------------------------------------------------------------------------------

_TEXT: Final = "text"
_OUTCOME_SCHEMA: Final = {
    "option": _TEXT,
    "draw": "int32",
    "replicate": "int32",
    "financial_year": _TEXT,
    "basis": _TEXT,
    "group": _TEXT,
    "outcome": _TEXT,
    "unit": _TEXT,
    "value": "int64",
}
_ACCOUNT_SCHEMA: Final = {
    "option": _TEXT,
    "draw": "int32",
    "financial_year": _TEXT,
    **dict.fromkeys(LINE_COLUMNS, _TEXT),
    "undiscounted": "float64",
    "discounted": "float64",
}


def _schema(columns: Mapping[str, str]) -> pa.Schema:
    import pyarrow as pa

    kinds = {
        _TEXT: pa.dictionary(pa.int32(), pa.string()),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "time": pa.timestamp("s"),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in columns.items()])


def _writer(path: Path, columns: Mapping[str, str]) -> Any:
    import pyarrow.parquet as pq

    return pq.ParquetWriter(path, _schema(columns), compression="zstd")


def _table(columns: Mapping[str, str], data: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    schema = _schema(columns)
    arrays = [
        pa.DictionaryArray.from_arrays(pa.array(data[name][0].astype(np.int32)), data[name][1])
        if kind == _TEXT
        else pa.array(data[name], schema.field(name).type)
        for name, kind in columns.items()
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


class DrawTables:
    """`outcomes.parquet` and `account.parquet`, written draw after draw."""

    def __init__(self, target: Path) -> None:
        """Begin both in a folder; to be used with `with`, which ends them."""
        self._outcomes = _writer(target / "outcomes.parquet", _OUTCOME_SCHEMA)
        self._account = _writer(target / "account.parquet", _ACCOUNT_SCHEMA)

    def __enter__(self) -> DrawTables:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End both files."""
        try:
            self._outcomes.close()
        finally:
            self._account.close()

    def append(self, draw: int, counts: Counts, valued: Valued) -> None:
        """Add a draw; counts are int64 [repetition, option, group, measure, year]."""
        names = list(valued.lines)
        self._outcomes.write_table(_outcome_table(names, draw, counts))
        for name in names:
            self._account.write_table(_account_table(name, draw, valued))


def _outcome_table(names: Sequence[str], draw: int, counts: Counts) -> pa.Table:
    """Return the rows of one draw that are not zero; a row that is absent is zero."""
    by_option = counts.transpose(1, 0, 2, 3, 4)
    option, repetition, group, measure, year = np.nonzero(by_option)
    years = [year_name(FIRST_YEAR + i) for i in range(counts.shape[-1])]
    return _table(
        _OUTCOME_SCHEMA,
        {
            "option": (option, list(names)),
            "draw": np.full(len(option), draw),
            "replicate": repetition,
            "financial_year": (year, years),
            "basis": _coded(_BASIS, measure),
            "group": (group, list(GROUPS)),
            "outcome": (measure, list(MEASURES)),
            "unit": _coded(_UNIT, measure),
            "value": by_option[option, repetition, group, measure, year],
        },
    )


def _account_table(name: str, draw: int, valued: Valued) -> pa.Table:
    """Return the rows of one option in one draw that hold money, means over repetitions.

    What is not assessed has a row without amounts.
    """
    undiscounted, discounted = valued.money[name]
    line, year = np.nonzero((undiscounted != 0) | (discounted != 0))
    lines, years = [*valued.lines[name], *_outside()], [*valued.years, NOT_APPLICABLE]
    beyond = np.arange(len(valued.lines[name]), len(lines))
    line = np.append(line, beyond)
    year = np.append(year, np.full(len(beyond), len(valued.years)))
    columns = {
        column: _coded([getattr(one, column) for one in lines], line) for column in LINE_COLUMNS
    }
    blank = np.full(len(beyond), np.nan)
    counted = slice(None, len(line) - len(beyond))
    amounts = {
        kind: np.append(found[line[counted], year[counted]], blank)
        for kind, found in (("undiscounted", undiscounted), ("discounted", discounted))
    }
    return _table(
        _ACCOUNT_SCHEMA,
        {
            "option": (np.zeros(len(line)), [name]),
            "draw": np.full(len(line), draw),
            "financial_year": (year, years),
            **columns,
            **amounts,
        },
    )


def _outside() -> list[Line]:
    """Return a line for each cost outside the contract of which no source says how large it is."""
    from dapp_model.economics import Line

    return [
        Line(
            bearer=NOT_APPLICABLE,
            funder=NOT_APPLICABLE,
            tier=NOT_ASSESSED,
            basis="outside the contract",
            offence=NOT_APPLICABLE,
            item=item,
            group="outside",
            grade="-",
        )
        for item in mapping()["outside"]
    ]


def _coded(texts: Sequence[str], index: npt.NDArray[np.int64]) -> tuple[Any, list[str]]:
    """Return the places of texts in the list of distinct texts, and that list."""
    distinct = list(dict.fromkeys(texts))
    place = np.array([distinct.index(text) for text in texts])
    return place[index], distinct


_LEDGER_SCHEMA: Final = {
    "option": _TEXT,
    "draw": "int32",
    "replicate": "int32",
    "person": "int64",
    "relationship": "int32",
    "behaviour": _TEXT,
    "time": "time",
    "in_comparator": "bool",
    "in_option": "bool",
    "recorded": "bool",
    "referred": "bool",
}


def write_ledger(path: Path, frame: pd.DataFrame) -> None:
    """Write the incidents that are in the comparator or in an option and not in both."""
    import pyarrow.parquet as pq

    data: dict[str, Any] = {}
    for column, kind in _LEDGER_SCHEMA.items():
        if column in ("draw", "replicate"):
            data[column] = np.zeros(len(frame), np.int32)
        elif kind == _TEXT:
            data[column] = _coded(frame[column].tolist(), np.arange(len(frame)))
        else:
            data[column] = frame[column].to_numpy()
    pq.write_table(_table(_LEDGER_SCHEMA, data), path, compression="zstd")


# -- CSV ------------------------------------------------------------------------------------------


_LIKE_A_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![£\d.,]*%?$)")


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows with one line ending on all systems; numbers in full precision, nan as nothing."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow([_cell(cell) for cell in row])


def _cell(cell: object) -> object:
    if isinstance(cell, float):
        return "" if cell != cell else repr(float(cell))
    return as_text(cell) if isinstance(cell, str) else cell


def as_text(cell: str) -> str:
    """Return a text that a spreadsheet takes for a text, with a ' before what looks like a formula.

    So a label that somebody wrote cannot work anything out, or fetch anything, when the CSV is
    opened there. Numbers with a sign stay as they are.
    """
    return f"'{cell}" if _LIKE_A_FORMULA.match(cell) else cell


def units_of_measures() -> list[tuple[str, str]]:
    """Return the basis (true, recorded, ...) and the unit of every measure, in their order."""
    return list(zip(_BASIS, _UNIT, strict=True))


def write_outcome_csv(
    path: Path, names: Sequence[str], years: Sequence[str], columns: Sequence[Floats]
) -> None:
    """Write means of counts, and of their differences from the comparator's.

    `columns` are the mean, its Monte Carlo error, the mean difference and the error of that, each
    float64 [option, group, measure, year].
    """
    mean, _, difference, _ = columns
    header = ("option", "financial_year", "basis", "group", "outcome", "unit", "mean")
    more = ("monte_carlo_error", "difference", "difference_monte_carlo_error")

    def rows() -> Iterable[Sequence[object]]:
        for o, g, m, y in np.ndindex(*mean.shape):
            at = (o, g, m, y)
            if not mean[at] and not difference[at]:
                continue  # a row that is absent is zero
            yield (
                names[o], years[y], _BASIS[m], GROUPS[g], MEASURES[m], _UNIT[m],
                *(float(one[at]) for one in columns),
            )  # fmt: skip

    write_csv(path, (*header, *more), rows())


def write_account_csv(
    path: Path,
    years: Sequence[str],
    lines: Mapping[str, Sequence[Line]],
    money: Mapping[str, Sequence[Floats]],
) -> None:
    """Write means of undiscounted and discounted GBP by line and year, and their errors.

    `lines` and `money` are by option; `money` holds undiscounted and discounted means, then the
    Monte Carlo errors of both, each float64 [line, year].
    """
    header = ("option", "financial_year", *LINE_COLUMNS, "undiscounted", "discounted")
    errors = ("undiscounted_monte_carlo_error", "discounted_monte_carlo_error")

    def rows() -> Iterable[Sequence[object]]:
        for name, columns in money.items():
            for i, line in enumerate(lines[name]):
                own = [getattr(line, column) for column in LINE_COLUMNS]
                for y, year in enumerate(years):
                    if columns[0][i, y] or columns[1][i, y]:
                        yield (name, year, *own, *(float(one[i, y]) for one in columns))
            for line in _outside():
                own = [getattr(line, column) for column in LINE_COLUMNS]
                yield (name, NOT_APPLICABLE, *own, *[float("nan")] * len(columns))

    write_csv(path, (*header, *errors), rows())
