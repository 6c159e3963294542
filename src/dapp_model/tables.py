"""The data files of a run: outcomes, account and ledger, in fixed order and without any date."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import study
from dapp_model.decision import Worth, worth
from dapp_model.definitions import GROUPS, MEASURES, UNITS
from dapp_model.economics import (
    incremental,
    positions,
    settings_of,
    summary,
    value,
    value_by_group,
)
from dapp_model.economics.prices import PENCE, mapping
from dapp_model.economics.unit_costs import NOT_APPLICABLE
from dapp_model.money import Purse, purse
from dapp_model.outcomes import year_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dapp_model.economics import Account, Line, Position, Summary
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

LINE_COLUMNS: Final = ("bearer", "funder", "tier", "basis", "offence", "item")
NOT_ASSESSED: Final = "not assessed"
_BASIS: Final = tuple(name.split(".")[0] for name in MEASURES)
_UNIT: Final = tuple(UNITS[name] for name in MEASURES)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What all draws of a study say together.

    counts: mean over draws, float64 [option, group, measure, year]; by_draw: of everybody, mean
    over repetitions, float64 [draw, option, measure, year]; lines and money by option: mean
    undiscounted and discounted GBP [line, year] from `money_years[0]`; homicides: expected, float64
    [draw, option, money year]. `worth` and `purses` leave out the comparator.
    """

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
    """Value every draw, write outcomes and account (parquet and CSV) and return what they say.

    Draws pass through memory one at a time, in their order.
    """
    names = inputs.options
    counts_seen, differences, by_draw = _Moments(), _Moments(), []
    money = {name: (_Moments(), _Moments()) for name in names}
    lines: dict[str, tuple[Line, ...]] = {}
    summaries: dict[str, list[list[Summary]]] = {name: [] for name in names[1:]}
    serious: dict[str, list[list[float]]] = {name: [] for name in names[1:]}
    held: dict[str, list[list[tuple[Position, ...]]]] = {name: [] for name in names[1:]}
    groups: dict[str, list[Floats]] = {name: [] for name in names[1:]}
    homicides: list[Floats] = []
    skip = study.decision_year(inputs) - study.FIRST_YEAR
    with ExitStack() as stack:
        outcome_rows = stack.enter_context(_writer(target / "outcomes.parquet", _OUTCOME_SCHEMA))
        account_rows = stack.enter_context(_writer(target / "account.parquet", _ACCOUNT_SCHEMA))
        for draw in range(plan.draws):
            drawn = study.draw_inputs(inputs, draw, plan.seed)
            counts = study.counts_of(parts, draw)
            outcome_rows.write_table(_outcome_table(names, draw, counts))
            accounts, splits, levels = [], [], []
            published = settings_of(drawn.values).published
            for repetition in counts:
                outcomes = {
                    name: study.trimmed(one, study.BASELINE_YEAR)
                    for name, one in study.outcomes_of(inputs, repetition).items()
                }
                accounts.append({name: value(outcomes[name], drawn) for name in names})
                # Whether the county has the right size is asked of its counts, not of the draw.
                levels.append(value(outcomes[names[0]], drawn, settings=published))
                splits.append({name: value_by_group(outcomes[name], drawn) for name in names})
            homicides.append(
                np.mean([[one[name].homicides for name in names] for one in accounts], axis=0)
            )
            for name in names:
                lines[name] = accounts[0][name].lines
                flows = _mean_money([one[name] for one in accounts])
                for moments, flow in zip(money[name], flows, strict=True):
                    moments.add(flow)
                account_rows.write_table(_account_table(name, draw, accounts[0][name], *flows))
            for name in names[1:]:
                own = [
                    summary(one[name], one[names[0]], level=level)
                    for one, level in zip(accounts, levels, strict=True)
                ]
                summaries[name].append(own)
                held[name].append(
                    [positions(incremental(one[name], one[names[0]])) for one in accounts]
                )
                apart = [split[name] - split[names[0]] for split in splits]
                groups[name].append(np.mean(apart, axis=0))
                deaths = [one.homicides_averted for one in own]
                serious[name].append(_serious_averted(counts, names.index(name), skip, deaths))
            mean = counts.mean(axis=0)
            counts_seen.add(mean)
            differences.add(mean - mean[:1])
            by_draw.append(mean[:, 0])
    n_years = counts.shape[-1]
    years = tuple(year_name(study.FIRST_YEAR + i) for i in range(n_years))
    skipped = study.BASELINE_YEAR - study.FIRST_YEAR
    _write_outcome_csv(target / "outcomes.csv", names, years, counts_seen, differences)
    _write_account_csv(target / "account.csv", names, years[skipped:], lines, money)
    return Gathered(
        years=years,
        counts=counts_seen.mean(),
        by_draw=np.stack(by_draw),
        money_years=years[skipped:],
        lines=lines,
        undiscounted={name: money[name][0].mean() for name in names},
        discounted={name: money[name][1].mean() for name in names},
        worth={name: worth(summaries[name], np.array(serious[name])) for name in names[1:]},
        homicides=np.stack(homicides),
        purses={
            name: purse(
                held[name],
                groups[name],
                years=years[skipped:],
                year_0=year_name(accounts[0][name].year_0),
            )
            for name in names[1:]
        },
    )


def _serious_averted(
    counts: npt.NDArray[np.int64], option: int, skip: int, deaths: Sequence[float]
) -> list[float]:
    """Return true serious incidents averted by repetition, from the year of the decision on.

    `deaths` are the homicides averted, as expected values: a sampled one would swamp the rest.
    """
    measures = [MEASURES.index(name) for name in study.SERIOUS]
    own = counts[:, :, 0, measures][..., skip:].sum(axis=(2, 3))
    averted = own[:, 0] - own[:, option]
    return [float(n) + death for n, death in zip(averted, deaths, strict=True)]


def _mean_money(accounts: Sequence[Account]) -> tuple[Floats, Floats]:
    """Return mean undiscounted and discounted GBP over repetitions, [line, year]."""
    n = PENCE * len(accounts)
    undiscounted = sum(one.undiscounted_pence for one in accounts)
    discounted = sum(one.discounted_pence for one in accounts)
    return np.asarray(undiscounted / n), np.asarray(discounted / n)


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
    years = [year_name(study.FIRST_YEAR + i) for i in range(counts.shape[-1])]
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


def _account_table(
    name: str, draw: int, account: Account, undiscounted: Floats, discounted: Floats
) -> pa.Table:
    """Return the rows of one option in one draw that hold money, means over repetitions.

    What is not assessed has a row without amounts.
    """
    line, year = np.nonzero((undiscounted != 0) | (discounted != 0))
    lines, years = [*account.lines, *_outside()], [*account.years, NOT_APPLICABLE]
    beyond = np.arange(len(account.lines), len(lines))
    line = np.append(line, beyond)
    year = np.append(year, np.full(len(beyond), len(account.years)))
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
    return cell


def _write_outcome_csv(
    path: Path, names: Sequence[str], years: Sequence[str], seen: _Moments, apart: _Moments
) -> None:
    mean, error = seen.mean(), seen.error()
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
    money: Mapping[str, tuple[_Moments, _Moments]],
) -> None:
    header = ("option", "financial_year", *LINE_COLUMNS, "undiscounted", "discounted")
    errors = ("undiscounted_monte_carlo_error", "discounted_monte_carlo_error")

    def rows() -> Iterable[Sequence[object]]:
        for name in names:
            plain, present = money[name]
            columns = (plain.mean(), present.mean(), plain.error(), present.error())
            for i, line in enumerate(lines[name]):
                own = [getattr(line, column) for column in LINE_COLUMNS]
                for y, year in enumerate(years):
                    if columns[0][i, y] or columns[1][i, y]:
                        yield (name, year, *own, *(float(one[i, y]) for one in columns))
            for line in _outside():
                own = [getattr(line, column) for column in LINE_COLUMNS]
                yield (name, NOT_APPLICABLE, *own, *[float("nan")] * len(columns))

    write_csv(path, (*header, *errors), rows())
