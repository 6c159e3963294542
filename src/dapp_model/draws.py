"""What a run keeps of each draw, so that later analyses need no further simulation.

`draws.parquet` holds what each option is worth by draw and repetition; `parameters.csv`,
`costs.csv` and `effects.csv` the same as one row a draw, for tools elsewhere.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import given
from dapp_model.decision import known
from dapp_model.errors import InputErrors, Problem
from dapp_model.voi import over_replications

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.decision import Worth
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

FILE: Final = "draws.parquet"
FILES: Final = (FILE, "parameters.csv", "costs.csv", "effects.csv")
MONITORING: Final = "monitoring.csv"
WITHOUT_LUCK: Final = "without_luck.csv"
COST: Final = "net_public_cost"  # of the acceptability axis: no victim harm, no lost output
EFFECT: Final = "true_incidents_averted"
NOTHING_DRAWN: Final = known.NOTHING_DRAWN


@dataclass(frozen=True, eq=False)
class Draws:
    """What a run stored: `parameters` is draws x names; measures are [draw, repetition, option].

    Later draws may have fewer repetitions: one that was not made is nan under every option.
    The comparator is the first option and is worth zero in every measure, as all are against it.
    """

    options: tuple[str, ...]
    labels: tuple[str, ...]
    parameters: pd.DataFrame
    measures: Mapping[str, Floats]
    decision: Mapping[str, Any]

    def able(self) -> list[int]:
        """Return the places of the options that may be chosen."""
        said = {one["name"]: one for one in self.decision["options"]}
        return [i for i, name in enumerate(self.options) if i == 0 or said[name]["may_be_chosen"]]

    def certain(self) -> npt.NDArray[np.bool_] | None:
        """Return where an option differs from the comparator by no luck, as `worth.certain`."""
        from dapp_model.decision.worth import DOES, does_nothing

        columns = [np.zeros(len(self.parameters), np.bool_)]
        columns += [
            does_nothing([self.measures[name][:, :, i] for name in DOES])
            for i in range(1, len(self.options))
        ]
        found = np.stack(columns, axis=1)
        return found if found.any() else None

    def part_of_county(self) -> list[str]:
        """Return a sentence if only a share of the county was simulated."""
        share = float(self.decision.get("population_share", 1.0))
        if share >= 1:
            return []
        return [
            f"Only {share:.3g} of the county was simulated, so pounds are those of this share, and "
            "cannot be set against what an evaluation costs."
        ]

    def other_than_advised(self, best: int) -> list[str]:
        """Return a sentence if the option of the highest mean is not the one that is advised."""
        advised = str(self.decision["advice"]["option"])
        if self.options[best] == advised:
            return []
        label = self.labels[self.options.index(advised)]
        return [
            f"The run advises {label}, though {self.labels[best]} has the highest mean here. "
            "Advice also looks at the return on a larger budget; what follows looks at the mean "
            f"alone, and starts from {self.labels[best]}."
        ]


class Drawn:
    """The numbers that draws hold, as they come: a column for each that is not always the same."""

    def __init__(self) -> None:
        self.n = 0
        self._first: Mapping[str, Any] = {}
        self._columns: dict[str, array[float]] = {}

    def append(self, values: Mapping[str, Any]) -> None:
        """Add the values of one draw."""
        if not self.n:
            self._first = values
        for name, first in self._first.items():
            if name in self._columns:
                self._columns[name].append(float(values[name]))
            elif isinstance(first, float) and values[name] != first:
                self._columns[name] = array("d", [first]) * self.n
                self._columns[name].append(float(values[name]))
        self.n += 1

    def frame(self) -> pd.DataFrame:
        """Return the numbers that differ between draws, one row for each draw."""
        import pandas as pd

        if not self._columns:
            return pd.DataFrame({NOTHING_DRAWN: np.zeros(self.n)})
        names = [name for name in self._first if name in self._columns]
        return pd.DataFrame({name: np.array(self._columns[name]) for name in names})


def varying(drawn: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the numbers that differ between draws, one row for each draw."""
    found = Drawn()
    for one in drawn:
        found.append(one)
    return found.frame()


def write(
    target: Path, inputs: Inputs, parameters: pd.DataFrame, worth: Mapping[str, Worth]
) -> None:
    """Write what each draw is worth, and the three tables for tools elsewhere."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dapp_model.voi.savi import Savi, write_savi

    names = inputs.options[1:]
    first = next(iter(worth.values())).serious_averted
    n_draws = len(first)
    draw, repetition = np.nonzero(~np.isnan(first))  # those that were made
    rows: dict[str, Any] = {
        "option": pa.DictionaryArray.from_arrays(
            pa.array(np.repeat(np.arange(len(names)), len(draw)).astype(np.int32)),
            list(names),
        ),
        "draw": np.tile(draw, len(names)).astype(np.int32),
        "replicate": np.tile(repetition, len(names)).astype(np.int32),
    }
    columns: dict[str, list[Floats]] = {
        measure: [worth[name].measures[measure] for name in names]
        for measure in worth[names[0]].measures
    }
    columns["serious_averted"] = [worth[name].serious_averted for name in names]
    columns["serious_at_stake"] = [worth[name].serious_at_stake for name in names]
    for measure, found in columns.items():
        rows[measure] = np.concatenate([one[draw, repetition] for one in found])
    pq.write_table(pa.table(rows), target / FILE, compression="zstd")

    def by_option(measure: str) -> pd.DataFrame:
        columns = {inputs.options[0]: np.zeros(n_draws)}
        columns |= {name: over_replications(worth[name].measures[measure]) for name in names}
        return pd.DataFrame(columns)

    write_savi(target, Savi(parameters, by_option(COST), by_option(EFFECT)))


def write_without_luck(target: Path, inputs: Inputs, worth: Mapping[str, Worth]) -> None:
    """Write each draw's net present social value with luck taken out as for all chances.

    One row a draw, one column an option, GBP; plain means over repetitions where luck stays in.
    """
    import pandas as pd

    from dapp_model.decision.chance import apart
    from dapp_model.decision.worth import VALUE, certain, nested

    values = nested(inputs.options, worth, VALUE)
    found = apart(values, certain(inputs.options, worth)).values
    table = pd.DataFrame(found, columns=list(inputs.options))
    text = table.to_csv(index_label="draw", lineterminator="\n")
    (target / WITHOUT_LUCK).write_text(text, encoding="utf-8", newline="\n")


def write_monitoring(target: Path, shown: pd.DataFrame | None) -> None:
    """Write what monitoring would have shown, one row a draw; empty without a pilot to monitor."""
    text = "draw\n" if shown is None else shown.to_csv(index_label="draw", lineterminator="\n")
    (target / MONITORING).write_text(text, encoding="utf-8", newline="\n")


def read(folder: Path) -> Draws:
    """Read what a finished run stored of its draws; raises InputErrors if it stored nothing."""
    import pandas as pd

    from dapp_model.voi.savi import read_savi

    if not (folder / FILE).is_file():
        message = "This run did not store its draws; it was made by an earlier version."
        expected = "a run with draws.parquet and parameters.csv: run the scenario again"
        raise InputErrors((Problem(str(folder), None, "", f"no {FILE}", expected, message),))
    parameters = read_savi(folder).parameters
    try:
        decision = given.json_table(folder / "decision.json")
        options = tuple(str(one["name"]) for one in decision["options"])
        labels = tuple(str(one["label"]) for one in decision["options"])
        measures = _measures(pd.read_parquet(folder / FILE), options, len(parameters))
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise _not_stored(folder, str(error)) from None
    except given.Unreadable as error:
        raise _not_stored(folder, error.reason) from None
    return Draws(options, labels, parameters, measures, decision)


def _measures(table: pd.DataFrame, options: Sequence[str], n_draws: int) -> dict[str, Floats]:
    """Return each measure as [draw, repetition, option]; raises ValueError if rows do not fit."""
    n_others = len(options) - 1
    wrong = ValueError(f"{len(table):,} rows for {n_draws:,} draws of {n_others} options")
    if n_others < 1:
        raise wrong
    if list(table.columns[:3]) != ["option", "draw", "replicate"]:
        raise ValueError("the columns are not option, draw, replicate and measures")
    named = table["option"].astype(str)
    of_option = {option: table[named == option] for option in options[1:]}
    first = of_option[options[1]]
    if not len(first):
        raise wrong
    draw, repetition = (first[name].to_numpy(np.int64) for name in ("draw", "replicate"))
    if min(draw.min(), repetition.min()) < 0 or repetition.max() >= len(first):
        raise wrong
    made = np.zeros((n_draws, int(repetition.max()) + 1), np.bool_)
    made[draw, repetition] = True
    same = all(
        np.array_equal(one["draw"], draw) and np.array_equal(one["replicate"], repetition)
        for one in of_option.values()
    )
    if not same or made.sum() != len(first) or not made[:, 0].all():
        raise wrong
    measures = {}
    for measure in table.columns[3:]:
        found = np.where(made[:, :, None], np.zeros(len(options)), np.nan)
        for i, option in enumerate(options[1:], 1):
            found[draw, repetition, i] = of_option[option][measure].to_numpy(np.float64)
        measures[str(measure)] = found
    return measures


def _not_stored(folder: Path, reason: str) -> InputErrors:
    message = "What the run stored of its draws cannot be read."
    expected = "decision.json, draws.parquet and parameters.csv as the run wrote them"
    found = " ".join(reason.split())[:200]
    return InputErrors((Problem(str(folder), None, "", found, expected, message),))


def starts_by_year(folder: Path, draws: Draws) -> list[float]:
    """Return the mean starts that the shown option adds, by year from the decision's."""
    import csv

    found: dict[str, float] = {}
    try:
        option, first = str(draws.decision["shown_option"]), str(draws.decision["year_0"])
        wanted = (option, "programme.starts", "all")
        for row in csv.DictReader(given.text(folder / "outcomes.csv").splitlines()):
            if (row["option"], row["outcome"], row["group"]) == wanted:
                found[row["financial_year"]] = float(row["difference"])
        later = sorted(year for year in found if year >= first)
        if not later:
            return []
        begin, end = int(first[:4]), int(later[-1][:4])
        by_number = {int(year[:4]): count for year, count in found.items()}
    except (csv.Error, LookupError, TypeError, ValueError) as error:
        raise _not_stored(folder, f"outcomes.csv: {error!r}") from None
    except given.Unreadable as error:
        raise _not_stored(folder, f"outcomes.csv: {error.reason}") from None
    return [by_number.get(year, 0.0) for year in range(begin, end + 1)]
