"""What is known of the model by arithmetic alone, to spare the emulator from learning it.

Rough closed forms of a county: how long cases last, how likely an incident is to be recorded, what
share of records are crimes. They enter the emulator as further terms, never as answers: what they
leave is learnt from simulations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.recipe import Prior

Floats = npt.NDArray[np.float64]

YEAR: Final = 365.25
HISTORY: Final = 13.0  # years of history of the county at the baseline year, roughly
USED: Final = (
    "case.short_share",
    "case.short_duration",
    "case.long_duration",
    "case.frailty_mean",
    "incident.raised_hazard",
    "incident.raised_hazard_time",
    "incident.mix_violence_with_injury",
    "incident.mix_violence_without_injury",
    "incident.mix_rape",
    "incident.mix_other_sexual",
    "incident.mix_stalking",
    "incident.mix_damage",
    "incident.mix_public_order",
    "report.probability",
    "report.severe_odds",
    "record.probability",
    "crime.probability",
    "perpetrator.next_relationship",
    "perpetrator.career_length",
)
_STEP: Final = 0.01  # twice the grid's step, over which the tables are straight
_GRID: Final = np.linspace(-4.6, 4.6, 1841)


@dataclass(frozen=True)
class Tables:
    """Parameter values by normal score, on a fine grid: column of the scores, logarithms."""

    names: tuple[str, ...]
    columns: tuple[int, ...]
    logs: Floats  # [grid, parameter]

    def values(self, z: Floats) -> dict[str, Floats]:
        """Return values at scores [row, parameter], where the first parameter is left out."""
        return {
            name: np.exp(np.interp(z[:, column], _GRID, self.logs[:, k]))
            for k, (name, column) in enumerate(zip(self.names, self.columns, strict=True))
        }

    def terms(self, z: Floats) -> Floats:
        """Return the closed forms at scores [row, term]; no column if a parameter is lacking."""
        return closed_forms(self.values(z)) if self.names else np.empty((len(z), 0))

    def slopes(self, z: Floats) -> Floats:
        """Return how the closed forms move with the scores [row, term, parameter]."""
        here = self.terms(z)
        out = np.zeros((*here.shape, z.shape[1]))
        if not self.names:
            return out
        values = self.values(z)
        for k, (name, column) in enumerate(zip(self.names, self.columns, strict=True)):
            moved = np.exp(np.interp(z[:, column] + _STEP, _GRID, self.logs[:, k]))
            out[:, :, column] = (closed_forms({**values, name: moved}) - here) / _STEP
        return out


def tables(priors: Sequence[Prior]) -> Tables:
    """Tabulate the parameters that the closed forms use; `priors` without the first one."""
    at = {prior.name: k for k, prior in enumerate(priors)}
    if not set(USED) <= set(at):
        return Tables((), (), np.empty((len(_GRID), 0)))
    logs = [np.log(np.maximum(priors[at[name]].values(_GRID), 1e-9)) for name in USED]
    return Tables(USED, tuple(at[name] for name in USED), np.column_stack(logs))


def closed_forms(v: Mapping[str, Floats]) -> Floats:
    """Return logarithms and log odds [row, term] of rough expectations; values in base units."""
    short = v["case.short_share"]
    years = short * v["case.short_duration"] + (1 - short) * v["case.long_duration"]
    years = years / YEAR
    low, odds = v["report.probability"], v["report.severe_odds"]
    high = low * odds / (1 - low + low * odds)
    sexual = v["incident.mix_rape"] + v["incident.mix_other_sexual"]
    severe = v["incident.mix_violence_with_injury"] + sexual
    reported = severe * high + (1 - severe) * low
    recorded = reported * v["record.probability"]
    milder = v["incident.mix_violence_without_injury"] + v["incident.mix_stalking"]
    violence = v["incident.mix_violence_with_injury"] * high + milder * low
    other = (v["incident.mix_damage"] + v["incident.mix_public_order"]) * low
    crimes = (violence + sexual * high + other) / reported * v["crime.probability"]
    crimes = np.clip(crimes, 0.01, 0.99)
    careers = np.minimum(v["perpetrator.career_length"] / YEAR, HISTORY)
    cases = 1 + v["perpetrator.next_relationship"] * careers
    rate = v["case.frailty_mean"]
    boost = v["incident.raised_hazard"] * v["incident.raised_hazard_time"] / YEAR * rate
    return np.column_stack(
        [
            np.log(years),
            np.log(recorded),
            np.log(crimes / (1 - crimes)),
            np.log(cases),
            np.log1p(boost),
            np.log(violence),
            np.log(v["incident.mix_damage"] * low / violence),
            np.log(sexual * high / violence),
            np.log(v["incident.mix_public_order"] * low / violence),
            np.log1p(rate * recorded * years * (1 + boost)),
        ]
    )
