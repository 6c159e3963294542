"""The value of a study: what its data would be worth, how large it should be, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dapp_model.voi.arrays import ArrayOrFrame, Estimate, exceeds, frame_of, mean_net_benefits
from dapp_model.voi.regression import estimate, gain_of_choosing, smooth

if TYPE_CHECKING:
    import pandas as pd

# A study of some size and follow-up: simulated summaries of its data, draws x statistics.
Study = Callable[[int, float, np.random.Generator], ArrayOrFrame]


def evsi(net_benefit: ArrayOrFrame, summaries: ArrayOrFrame, *, seed: int = 1) -> Estimate:
    """Return the expected value of sample information of one study, in GBP.

    `summaries` holds what the study would report under each draw, simulated once: draws x
    statistics. Net benefits are regressed on them (Strong, Oakley, Brennan and Breeze 2015), so
    the data are used as well as they can be and the value cannot be negative. It holds for the
    decision for which the data come in time.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(summaries, len(values), "summary")
    return estimate(smooth(values, frame), gain_of_choosing, seed=seed)[0]


def evsi_table(
    net_benefit: ArrayOrFrame,
    study: Study,
    sizes: Sequence[int],
    follow_ups: Sequence[float],
    *,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the value of a study by size and follow-up: size, follow_up, evsi and its error.

    `study` gives simulated summaries for a size, a follow-up and a generator of random numbers.
    Every design gets the same generator, so that designs differ in size and not in luck.
    """
    import pandas as pd

    rows = []
    for follow_up in follow_ups:
        for size in sizes:
            found = evsi(net_benefit, study(size, follow_up, np.random.default_rng(seed)))
            rows.append(
                (size, follow_up, found.value, found.standard_error, found.zero_within_noise)
            )
    columns = ["size", "follow_up", "evsi", "standard_error", "zero_within_noise"]
    return pd.DataFrame(rows, columns=columns)


def not_decreasing(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of `evsi_table` whose values do not fall with size or length.

    A larger study holds the smaller one, and one that goes on for longer has been through the
    shorter follow-up, so a fall is the error of the estimate, or data that are not used.
    `evsi_as_estimated` keeps what was found; errors are those of it.
    """
    found = table.sort_values(["follow_up", "size"], kind="stable", ignore_index=True)
    found["evsi_as_estimated"] = found["evsi"]
    found["evsi"] = found.groupby("follow_up")["evsi"].cummax()
    found["evsi"] = found.groupby("size")["evsi"].cummax()
    return found


def study_orderings(table: pd.DataFrame, informs: Estimate) -> list[str]:
    """Return a sentence for each study that is worth more than all that it informs, beyond noise.

    `table` is that of `evsi_table`, `informs` the value of knowing what its studies measure.
    """
    bound = ("all that it informs", informs.value, informs.standard_error)
    found = zip(
        table["size"], table["follow_up"], table["evsi"], table["standard_error"], strict=True
    )
    odd = [
        exceeds(
            (f"{int(size):,} people for {months:g} months", float(worth), float(error)),
            bound,
            verb="studying",
        )
        for size, months, worth, error in found
    ]
    return [line for line in odd if line]


@dataclass(frozen=True)
class PopulationLine:
    """Decisions other than this programme's for which a study would still be news.

    `starts_by_year` counts starts by year after the decision (year 0 is the decision's own);
    `of_programme` is how many starts the programme's own value of information is about.
    """

    name: str
    starts_by_year: tuple[float, ...]
    of_programme: float

    def __post_init__(self) -> None:
        """Refuse a line that cannot be scaled."""
        if not self.of_programme > 0 or min(self.starts_by_year, default=0.0) < 0:
            raise ValueError(f"The line {self.name!r} needs starts that are positive.")


def later_value(
    value: float,
    line: PopulationLine,
    arrives_years: float,
    discount: Callable[[float], float],
) -> float:
    """Return what information that arrives later is worth to one line, in GBP.

    Only starts after the results arrive count; of the year in which they arrive, the share that is
    left. Each year is discounted by `discount(year)`. The value is scaled by starts, which takes
    the other programme for one like this.
    """
    counted = 0.0
    for year, starts in enumerate(line.starts_by_year):
        share = min(1.0, max(0.0, year + 1 - arrives_years))
        counted += share * starts * discount(float(year))
    return value * counted / line.of_programme


def net_benefit_of_sampling(
    table: pd.DataFrame,
    cost: Callable[[int, float], float],
    *,
    arrives: Callable[[float], float],
    lines: Sequence[PopulationLine] = (),
    discount: Callable[[float], float] = lambda year: 1.0,
) -> pd.DataFrame:
    """Return the expected net benefit of sampling by design: value to the programme less cost.

    `table` is that of `evsi_table`; `cost(size, follow_up)` in GBP; `arrives(follow_up)` in years
    after the decision. Added are the columns `cost`, `arrives`, `this_programme` = evsi - cost for
    a decision that waits for the results, and one column for each line with what the study is
    worth to it, never added to the programme's own.
    """
    found = table.copy()
    designs = list(zip(found["size"], found["follow_up"], found["evsi"], strict=True))
    found["cost"] = [float(cost(int(size), float(follow))) for size, follow, _ in designs]
    found["arrives"] = [float(arrives(float(follow))) for _, follow, _ in designs]
    found["this_programme"] = found["evsi"] - found["cost"]
    for line in lines:
        found[line.name] = [
            later_value(float(worth), line, float(arrives(float(follow))), discount)
            for _, follow, worth in designs
        ]
    return found


def best_design(table: pd.DataFrame) -> Mapping[str, float] | None:
    """Return the row of the largest net benefit of sampling; None where no study is worth it."""
    row = table.iloc[int(table["this_programme"].to_numpy().argmax())]
    found = {str(name): float(value) for name, value in row.items() if name != "design"}
    return found if found["this_programme"] > 0 else None
