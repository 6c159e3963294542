"""What all draws of a study say together: gathered draw by draw, in little room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import later_choice, study, tables
from dapp_model.decision import Later, Reading, Worth, by_repetition, gathering, worth
from dapp_model.definitions import MEASURES
from dapp_model.draws import Drawn
from dapp_model.money import Positions, Purse, purse
from dapp_model.outcomes import BASELINE_YEAR, FIRST_YEAR, year_name
from dapp_model.parts import RowsOnDisk

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.economics import Line
    from dapp_model.parameters import Inputs
    from dapp_model.valuation import Valued

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
PROGRAMME: Final = [i for i, name in enumerate(MEASURES) if name.startswith("programme.")]


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


def readings(
    inputs: Inputs, plan: study.Plan, parts: Path, own: later_choice.Looked | None = None
) -> tuple[Reading, ...]:
    """Return what the draws under other readings of a repeat are worth; none if none were made.

    own: what a first look at the run's own draws told, if it has been taken.
    """
    found = []
    for reading in study.other_readings(inputs, plan):
        own = own or later_choice.look(inputs, plan, parts)
        others = later_choice.look(inputs, plan, parts, reading=reading)
        chosen = later_choice.made(inputs, own, others)
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


class _Money:
    """Pounds of one option by line and year: levels of whole counties, and less the comparator.

    Undiscounted and discounted, each as one of a pair.
    """

    def __init__(self) -> None:
        self.levels = (_Moments(), _Moments())
        self.apart = (_Moments(), _Moments())

    def add(
        self, own: Sequence[Floats], first: Sequence[Floats], places: Places, *, whole: bool
    ) -> None:
        """Add a draw; `places` are those of the option's lines among the comparator's."""
        for kind, flow in enumerate(own):
            self.apart[kind].add(flow - first[kind][places] * (places >= 0)[:, None])
            if whole:
                self.levels[kind].add(flow)


class _Compared:
    """What an option other than the comparator is worth, draw after draw."""

    def __init__(self, whole: int) -> None:
        """Hold nothing yet; the level of the county is that of the first `whole` draws."""
        self.summaries = gathering(whole=whole)
        self.positions = Positions()
        self.groups: list[Floats] = []
        self.serious: list[Floats] = []
        self.at_stake: list[Floats] = []

    def add(self, name: str, place: int, valued: Valued) -> None:
        """Add a draw of the option of this name and place."""
        self.summaries.append(valued.summaries[name])
        self.positions.append(valued.positions[name])
        self.groups.append(valued.groups[name])
        self.serious.append(valued.serious_averted[place])
        self.at_stake.append(valued.serious_at_stake[place])

    def worth(self) -> Worth:
        """Return what it is worth in each draw and repetition."""
        return worth(self.summaries, by_repetition(self.serious), by_repetition(self.at_stake))


class _Gathering:
    """What draws say, one after the other, in their order."""

    def __init__(self, inputs: Inputs, plan: study.Plan, parts: Path) -> None:
        self.inputs = inputs
        self.names = inputs.options
        self.drawn = Drawn()
        self.counts, self.differences = _Moments(), _Moments()
        # Whom the programme can reach is simulated in every draw.
        self.programme = _Moments()
        self.by_draw = RowsOnDisk(parts / "by_draw.npy", plan.draws)
        self.money = {name: _Money() for name in self.names}
        wholes = sum(plan.is_whole(draw) for draw in range(plan.draws))
        self.compared = {name: _Compared(wholes) for name in self.names[1:]}
        self.homicides: list[Floats] = []
        self.shown: list[Mapping[str, float]] = []
        self.lines: Mapping[str, tuple[Line, ...]] = {}
        self.year_0 = 0

    def add(self, counts: Counts, valued: Valued, *, whole: bool) -> None:
        """Add a draw; counts are int64 [repetition, option, group, measure, year]."""
        self.drawn.append({**self.inputs.values, **valued.parameters})
        self.homicides.append(valued.homicides)
        self.shown.append(valued.shown)
        self.lines, self.year_0 = valued.lines, valued.year_0
        first = self.names[0]
        for name in self.names:
            places = _places(valued.lines[name], valued.lines[first])
            self.money[name].add(valued.money[name], valued.money[first], places, whole=whole)
        for place, name in enumerate(self.names[1:], 1):
            self.compared[name].add(name, place, valued)
        mean = counts.mean(axis=0)
        if whole:
            self.counts.add(mean)
        self.differences.add(mean - mean[:1])
        self.programme.add(mean[:, :, PROGRAMME])
        self.by_draw.append(mean[:, 0])

    def pounds(self) -> dict[str, tuple[Floats, Floats]]:
        """Return mean undiscounted and discounted GBP of each option, [line, year]."""
        first = self.names[0]

        def mean(name: str, kind: int) -> Floats:
            money, own = self.money[name], self.lines[name]
            level = self.money[first].levels[kind].mean()
            return _level(
                money.levels[kind], money.apart[kind], _aligned(level, own, self.lines[first])
            )

        return {name: (mean(name, 0), mean(name, 1)) for name in self.names}

    def errors(self) -> Floats:
        """Return the Monte Carlo errors of mean counts."""
        found = self.counts.error().copy()
        found[:, :, PROGRAMME] = self.programme.error()
        return found

    def gathered(self, later: Mapping[str, Later]) -> Gathered:
        """Return what all draws say together."""
        import pandas as pd

        counts = _level(self.counts, self.differences, self.counts.mean()[:1])
        counts[:, :, PROGRAMME] = self.programme.mean()
        years = tuple(year_name(FIRST_YEAR + i) for i in range(counts.shape[-1]))
        money_years = years[BASELINE_YEAR - FIRST_YEAR :]
        pounds, year_0 = self.pounds(), year_name(self.year_0)
        return Gathered(
            parameters=self.drawn.frame(),
            years=years,
            counts=counts,
            by_draw=self.by_draw.rows(),
            money_years=money_years,
            lines=self.lines,
            undiscounted={name: pounds[name][0] for name in self.names},
            discounted={name: pounds[name][1] for name in self.names},
            worth={name: one.worth() for name, one in self.compared.items()},
            homicides=np.stack(self.homicides),
            purses={
                name: purse(one.positions, one.groups, years=money_years, year_0=year_0)
                for name, one in self.compared.items()
            },
            shown=pd.DataFrame(self.shown) if all(self.shown) else None,
            later=later,
        )


def gather(
    inputs: Inputs,
    plan: study.Plan,
    parts: Path,
    target: Path,
    own: later_choice.Looked | None = None,
) -> Gathered:
    """Read every draw, write outcomes and account (parquet and CSV) and return what they say.

    Draws pass through memory one at a time, in their order. Differences between options are means
    over all draws, and so are counts of the programme's own people; other levels are those of the
    comparator in the draws whose county is simulated whole, plus the differences. The parquet files
    hold these draws.
    """
    found = _Gathering(inputs, plan, parts)
    later = later_choice.made(inputs, own or later_choice.look(inputs, plan, parts))
    with tables.DrawTables(target) as rows:
        for draw in range(plan.draws):
            raw, valued = study.counts_of(parts, draw), study.valued_of(parts, draw)
            counts = later_choice.counted_with(inputs, later, draw, raw)
            valued = later_choice.valued_with(inputs, later, draw, valued)
            found.add(counts, valued, whole=plan.is_whole(draw))
            if plan.is_whole(draw):
                rows.append(draw, counts, valued)
    every = found.gathered(later)
    tables.write_outcome_csv(
        target / "outcomes.csv",
        inputs.options,
        every.years,
        (
            every.counts,
            found.errors(),
            found.differences.mean(),
            found.differences.error(),
        ),
    )
    money = {
        name: (
            every.undiscounted[name],
            every.discounted[name],
            *(one.error() for one in found.money[name].levels),
        )
        for name in inputs.options
    }
    tables.write_account_csv(target / "account.csv", every.money_years, every.lines, money)
    return every


def _level(whole: _Moments, apart: _Moments, first: Floats) -> Floats:
    """Return the mean of an option: the comparator's level plus the mean difference from it."""
    return whole.mean() if whole.n == apart.n else np.asarray(first + apart.mean())


def _places(lines: Sequence[Line], others: Sequence[Line]) -> Places:
    """Return the place of each line among other lines, -1 where it is not there."""
    at = {line: i for i, line in enumerate(others)}
    return np.array([at.get(line, -1) for line in lines], dtype=np.int64)


def _aligned(values: Floats, lines: Sequence[Line], others: Sequence[Line]) -> Floats:
    """Return values [other line, year] in the order of `lines`; zero for a line that is new."""
    places = _places(lines, others)
    return np.asarray(values[places] * (places >= 0)[:, None])
