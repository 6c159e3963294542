"""Outcomes: counts by group, measure and financial year, from a log or from inside an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model import model
from dapp_model.definitions import GROUPS, MEASURES, UNITS, fold_people, fold_some, year_table
from dapp_model.events import EventLog

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

__all__ = [
    "BASELINE_YEAR",
    "FIRST_YEAR",
    "GROUPS",
    "MEASURES",
    "UNITS",
    "Outcomes",
    "measure",
    "trimmed",
    "year_name",
]

FIRST_YEAR: Final = 2013  # results begin with 2013/14, the year before the baseline
BASELINE_YEAR: Final = 2014  # money begins with 2014/15, the year the model is set to


def year_name(first: int) -> str:
    """Return the name of a financial year: 2014 gives 2014/15."""
    return f"{first}/{(first + 1) % 100:02d}"


@dataclass(frozen=True)
class Outcomes:
    """Counts of one option in one replicate: int64 [group, measure, financial year]."""

    option: str
    first_year: int
    counts: npt.NDArray[np.int64]

    @property
    def years(self) -> tuple[str, ...]:
        """Return the names of the financial years."""
        return tuple(year_name(self.first_year + i) for i in range(self.counts.shape[2]))

    def of(self, measure: str, group: str = "all") -> npt.NDArray[np.int64]:
        """Return one measure by financial year; raises KeyError for an unknown name."""
        if measure not in MEASURES:
            raise KeyError(f"unknown measure {measure!r}")
        if group not in GROUPS:
            raise KeyError(f"unknown group {group!r}")
        found: npt.NDArray[np.int64] = self.counts[GROUPS.index(group), MEASURES.index(measure)]
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return a long data frame: financial_year, basis, group, outcome, unit, value."""
        import pandas as pd

        g, m, y = np.indices(self.counts.shape)
        basis = np.array([name.split(".")[0] for name in MEASURES])
        return pd.DataFrame(
            {
                "option": self.option,
                "financial_year": np.array(self.years)[y.ravel()],
                "basis": basis[m.ravel()],
                "group": np.array(GROUPS)[g.ravel()],
                "outcome": np.array(MEASURES)[m.ravel()],
                "unit": np.array([UNITS[name] for name in MEASURES])[m.ravel()],
                "value": self.counts.ravel(),
            }
        )


def trimmed(outcomes: Outcomes, first_year: int = FIRST_YEAR) -> Outcomes:
    """Return outcomes without the years in which the county only fills up."""
    skip = max(0, first_year - outcomes.first_year)
    return Outcomes(outcomes.option, outcomes.first_year + skip, outcomes.counts[:, :, skip:])


def measure(log: EventLog, inputs: Inputs) -> Outcomes:
    """Count what happened in a log by the definitions of `definitions.fold`."""
    rows = log.array[np.argsort(log.array["person"], kind="stable")]
    first_year, years, record, counts = _nothing(inputs)
    if len(rows):
        fold_people(rows, years, record, counts)
    return Outcomes(log.option, first_year, counts)


def measure_some(
    rows: npt.NDArray[np.void], people: npt.NDArray[np.int64], option: str, inputs: Inputs
) -> Outcomes:
    """Count what happened to some people; `rows` lie person by person, in the order of numbers."""
    whose = rows["person"]
    first, last = (np.searchsorted(whose, people, side) for side in ("left", "right"))
    first_year, years, record, counts = _nothing(inputs)
    fold_some(rows, first, last, years, record, counts)
    return Outcomes(option, first_year, counts)


def _nothing(inputs: Inputs) -> tuple[int, npt.NDArray[np.int64], int, npt.NDArray[np.int64]]:
    """Return the first year, the years by day, when records begin, and counts of nothing."""
    warm_up = model.seconds(inputs.values["time.warm_up_start"])
    horizon = model.seconds(model.horizon_date(inputs))
    record = model.seconds(inputs.values["time.record_start"])
    first_year, n_years, years = year_table(warm_up, horizon)
    return first_year, years, record, np.zeros((len(GROUPS), len(MEASURES), n_years), np.int64)
