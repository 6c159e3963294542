"""The data files of a run: outcomes, account and ledger, in fixed order and without any date."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import later_choice, study
from dapp_model.decision import Later, Reading, Worth, by_repetition, gathering, worth
from dapp_model.definitions import GROUPS, MEASURES, UNITS
from dapp_model.draws import Drawn
from dapp_model.economics.prices import mapping
from dapp_model.economics.unit_costs import NOT_APPLICABLE
from dapp_model.money import Positions, Purse, purse
from dapp_model.outcomes import BASELINE_YEAR, FIRST_YEAR, year_name
from dapp_model.parts import RowsOnDisk

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dapp_model.economics import Line
    from dapp_model.parameters import Inputs
    from dapp_model.valuation import Valued

Floats = npt.NDArray[np.float64]

LINE_COLUMNS: Final = ("bearer", "funder", "tier", "basis", "offence", "item")
NOT_ASSESSED: Final = "not assessed"
_BASIS: Final = tuple(name.split(".")[0] for name in MEASURES)
_UNIT: Final = tuple(UNITS[name] for name in MEASURES)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What all draws of a study say together; `parameters` is what was drawn, draws x names.

    counts: mean over draws, float64 [option, group, measure, year]; by_draw: of everybody, mean
    over repetitions, float64 [draw, option, measure, year]; lines and money by option: mean
    undiscounted and discounted GBP [line, year] from `money_years[0]`; homicides: expected, float64
    [draw, option, money year]. `worth` and `purses` leave out the comparator. `shown`: what
    monitoring of the pilot would have shown by the decision, draws x figures, if there is one.
    `later`: what becomes of each option that pauses; all else here holds it.
    """

    parameters: pd.DataFrame
    years: tuple[str, ...]
    counts: Floats
    by_draw: Floats
    money_years: tuple[str, ...]
    lines: Mapping[str, tuple[Line, ...]]
    undiscounted: Mapping[str, Floats]
    discounted: Mapping[str, Floats]
    worth: Mapping[str, Worth]
    homicides: Floats
    purses: Mapping[str, Purse]
    shown: pd.DataFrame | None
    later: Mapping[str, Later]


def readings(inputs: Inputs, plan: study.Plan, parts: Path) -> tuple[Reading, ...]:
    """Return what the draws under other readings of a repeat are worth; none if none were made."""
    found = []
    for reading in study.other_readings(inputs, plan):
        chosen = later_choice.made(inputs, plan, parts, reading=reading)
        draws = []
        for draw in range(study.reading_draws(inputs, plan)):
            valued = study.valued_of(parts, draw, reading=reading)
            draws.append(later_choice.valued_with(inputs, chosen, draw, valued))
        worths = {
            name: worth(
                [one.summaries[name] for one in draws],
                by_repetition([one.serious_averted[i] for one in draws]),
                by_repetition([one.serious_at_stake[i] for one in draws]),
            )
            for i, name in enumerate(inputs.options)
            if i
        }
        found.append(Reading(reading, worths))
    return tuple(found)


class _Moments:
    """Running mean and standard error of arrays that arrive one draw at a time, in their order."""

    def __init__(self) -> None:
        self.n = 0
        self.total: Any = 0.0
        self.squares: Any = 0.0

    def add(self, values: Floats) -> None:
        """Add one draw."""
        self.n += 1
        self.total = self.total + values
        self.squares = self.squares + values**2

    def mean(self) -> Floats:
        """Return the mean over draws."""
        return np.asarray(self.total / self.n)

    def error(self) -> Floats:
        """Return the Monte Carlo error of the mean; nan with a single draw."""
        if self.n < 2:
            return np.full_like(self.total, np.nan)
        variance = (self.squares - self.total**2 / self.n) / (self.n - 1)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0) / self.n))


def gather(inputs: Inputs, plan: study.Plan, parts: Path, target: Path) -> Gathered:
    """Read every draw, write outcomes and account (parquet and CSV) and return what they say.

    Draws pass through memory one at a time, in their order. Differences between options are means
    over all draws; levels are those of the comparator in the draws whose county is simulated whole,
    plus the differences. The parquet files hold these draws.
    """
    import pandas as pd

    names = inputs.options
    drawn_values = Drawn()
    counts_seen, differences = _Moments(), _Moments()
    by_draw = RowsOnDisk(parts / "by_draw.npy", plan.draws)
    money = {name: (_Moments(), _Moments()) for name in names}
    money_apart = {name: (_Moments(), _Moments()) for name in names}
    wholes = sum(plan.is_whole(draw) for draw in range(plan.draws))
    summaries = {name: gathering(whole=wholes) for name in names[1:]}
    serious: list[Floats] = []
    at_stake: list[Floats] = []
    held = {name: Positions() for name in names[1:]}
    groups: dict[str, list[Floats]] = {name: [] for name in names[1:]}
    homicides: list[Floats] = []
    shown: list[Mapping[str, float]] = []
    later = later_choice.made(inputs, plan, parts)
    with ExitStack() as stack:
        outcome_rows = stack.enter_context(_writer(target / "outcomes.parquet", _OUTCOME_SCHEMA))
        account_rows = stack.enter_context(_writer(target / "account.parquet", _ACCOUNT_SCHEMA))
        for draw in range(plan.draws):
            raw, valued = study.counts_of(parts, draw), study.valued_of(parts, draw)
            counts = later_choice.counted_with(inputs, later, draw, raw)
            valued = later_choice.valued_with(inputs, later, draw, valued)
            drawn_values.append({**inputs.values, **valued.parameters})
            whole = plan.is_whole(draw)
            if whole:
                outcome_rows.write_table(_outcome_table(names, draw, counts))
            homicides.append(valued.homicides)
            shown.append(valued.shown)
            lines = valued.lines
            for name in names:
                places = _places(lines[name], lines[names[0]])
                for kind in range(2):
                    flow, first = valued.money[name][kind], valued.money[names[0]][kind]
                    money_apart[name][kind].add(flow - first[places] * (places >= 0)[:, None])
                    if whole:
                        money[name][kind].add(flow)
                if whole:
                    account_rows.write_table(_account_table(name, draw, valued))
            for name in names[1:]:
                summaries[name].append(valued.summaries[name])
                held[name].append(valued.positions[name])
                groups[name].append(valued.groups[name])
            serious.append(valued.serious_averted)
            at_stake.append(valued.serious_at_stake)
            mean = counts.mean(axis=0)
            if whole:
                counts_seen.add(mean)
            differences.add(mean - mean[:1])
            by_draw.append(mean[:, 0])
    n_years = counts.shape[-1]
    years = tuple(year_name(FIRST_YEAR + i) for i in range(n_years))
    skipped = BASELINE_YEAR - FIRST_YEAR
    levels_of_counts = _level(counts_seen, differences, counts_seen.mean()[:1])
    pounds = {
        name: tuple(
            _level(
                money[name][kind],
                money_apart[name][kind],
                _aligned(money[names[0]][kind].mean(), lines[name], lines[names[0]]),
            )
            for kind in range(2)
        )
        for name in names
    }
    errors = {name: (money[name][0].error(), money[name][1].error()) for name in names}
    _write_outcome_csv(
        target / "outcomes.csv", names, years, levels_of_counts, (counts_seen, differences)
    )
    _write_account_csv(target / "account.csv", names, years[skipped:], lines, (pounds, errors))
    return Gathered(
        parameters=drawn_values.frame(),
        years=years,
        counts=levels_of_counts,
        by_draw=by_draw.rows(),
        money_years=years[skipped:],
        lines=lines,
        undiscounted={name: pounds[name][0] for name in names},
        discounted={name: pounds[name][1] for name in names},
        worth={
            name: worth(
                summaries[name],
                by_repetition([one[i] for one in serious]),
                by_repetition([one[i] for one in at_stake]),
            )
            for i, name in enumerate(names)
            if i
        },
        homicides=np.stack(homicides),
        purses={
            name: purse(
                held[name],
                groups[name],
                years=years[skipped:],
                year_0=year_name(valued.year_0),
            )
            for name in names[1:]
        },
        shown=pd.DataFrame(shown) if all(shown) else None,
        later=later,
    )


def _level(whole: _Moments, apart: _Moments, first: Floats) -> Floats:
    """Return the mean of an option: the comparator's level plus the mean difference from it."""
    return whole.mean() if whole.n == apart.n else np.asarray(first + apart.mean())


def _places(lines: Sequence[Line], others: Sequence[Line]) -> npt.NDArray[np.int64]:
    """Return the place of each line among other lines, -1 where it is not there."""
    at = {line: i for i, line in enumerate(others)}
    return np.array([at.get(line, -1) for line in lines], dtype=np.int64)


def _aligned(values: Floats, lines: Sequence[Line], others: Sequence[Line]) -> Floats:
    """Return values [other line, year] in the order of `lines`; zero for a line that is new."""
    places = _places(lines, others)
    return np.asarray(values[places] * (places >= 0)[:, None])


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


def _outcome_table(names: Sequence[str], draw: int, counts: npt.NDArray[np.int64]) -> pa.Table:
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


def _write_outcome_csv(
    path: Path,
    names: Sequence[str],
    years: Sequence[str],
    mean: Floats,
    moments: tuple[_Moments, _Moments],
) -> None:
    seen, apart = moments
    error = seen.error()
    difference, difference_error = apart.mean(), apart.error()
    header = ("option", "financial_year", "basis", "group", "outcome", "unit", "mean")
    more = ("monte_carlo_error", "difference", "difference_monte_carlo_error")

    def rows() -> Iterable[Sequence[object]]:
        for o, g, m, y in np.ndindex(*mean.shape):
            at = (o, g, m, y)
            if not mean[at] and not difference[at]:
                continue  # a row that is absent is zero
            yield (
                names[o], years[y], _BASIS[m], GROUPS[g], MEASURES[m], _UNIT[m],
                float(mean[at]), float(error[at]), float(difference[at]),
                float(difference_error[at]),
            )  # fmt: skip

    write_csv(path, (*header, *more), rows())


def _write_account_csv(
    path: Path,
    names: Sequence[str],
    years: Sequence[str],
    lines: Mapping[str, Sequence[Line]],
    money: tuple[Mapping[str, tuple[Floats, ...]], Mapping[str, tuple[Floats, ...]]],
) -> None:
    """Write means of undiscounted and discounted GBP by line and year, and their errors."""
    means, spreads = money
    header = ("option", "financial_year", *LINE_COLUMNS, "undiscounted", "discounted")
    errors = ("undiscounted_monte_carlo_error", "discounted_monte_carlo_error")

    def rows() -> Iterable[Sequence[object]]:
        for name in names:
            columns = (*means[name], *spreads[name])
            for i, line in enumerate(lines[name]):
                own = [getattr(line, column) for column in LINE_COLUMNS]
                for y, year in enumerate(years):
                    if columns[0][i, y] or columns[1][i, y]:
                        yield (name, year, *own, *(float(one[i, y]) for one in columns))
            for line in _outside():
                own = [getattr(line, column) for column in LINE_COLUMNS]
                yield (name, NOT_APPLICABLE, *own, *[float("nan")] * len(columns))

    write_csv(path, (*header, *errors), rows())
