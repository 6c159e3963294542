"""What a matched or a randomised evaluation would report under each draw, and what it costs.

A likelihood, not a simulation of the study: the estimated log hazard ratio by intention to treat
is normal around the draw's own, with the variance of its counted events, and a matched comparison
also carries what it cannot adjust for. The completion that was seen comes beside it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

INFORMS = ("effect.full_dose_hr", "effect.dropout_hr", "pathway.complete_agency")
MONTHS = 12.0


@dataclass(frozen=True)
class Design:
    """An evaluation with two equal arms; GBP, and shares after 12 months of follow-up."""

    name: str
    label: str
    outcome_share: float
    dropout_dose: float
    retention: float
    bias_sd: float
    fixed_cost: float
    cost_per_participant: float

    def standard_error(self, participants: int, months: float) -> float:
        """Return the standard error of the log hazard ratio, what is unadjusted included.

        The variance of a log hazard ratio is the sum of one over the events of each arm.
        """
        outcome = 1 - (1 - self.outcome_share) ** (months / MONTHS)
        events = participants / 2 * self.retention ** (months / MONTHS) * outcome
        return float(np.sqrt(2 / events + self.bias_sd**2))

    def cost(self, participants: int, months: float) -> float:
        """Return what the evaluation costs in GBP; each 12 months of follow-up cost alike."""
        waves = max(1.0, months / MONTHS)
        return self.fixed_cost + participants * self.cost_per_participant * waves

    def summaries(
        self, truths: pd.DataFrame, participants: int, months: float, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Return what the study would report under each draw: log hazard ratio, completion.

        `truths` has the columns INFORMS. The same generator gives a larger study the same luck in
        proportion, so that sizes are nested.
        """
        import pandas as pd

        full, dropout, completed = (truths[name].to_numpy(np.float64) for name in INFORMS)
        dose = completed + (1 - completed) * self.dropout_dose
        effect = dose * np.log(full) + (1 - completed) * np.log(dropout)
        luck = rng.standard_normal((2, len(truths)))
        spread = np.sqrt(completed * (1 - completed) / (participants / 2))
        return pd.DataFrame(
            {
                "log_hazard_ratio": effect + self.standard_error(participants, months) * luck[0],
                "completed": np.clip(completed + spread * luck[1], 0.0, 1.0),
            }
        )


@cache
def designs() -> Mapping[str, Design]:
    """Return the designs of the data file by name."""
    table = figures()
    common = {
        "outcome_share": _number(table["outcome"]["share_12_months"]),
        "dropout_dose": _number(table["outcome"]["dropout_dose"]),
        "retention": _number(table["outcome"]["retention_12_months"]),
    }
    return {
        name: Design(
            name=name,
            label=str(one["label"]),
            bias_sd=_number(one["bias_sd"]),
            fixed_cost=_number(one["fixed_cost"]),
            cost_per_participant=_number(one["cost_per_participant"]),
            **common,
        )
        for name, one in table["designs"].items()
    }


@cache
def figures() -> Mapping[str, Any]:
    """Return the data file of study designs as it stands."""
    path = Path(__file__).parents[1] / "data" / "study_designs.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def reporting_years() -> float:
    """Return the time from the last follow-up to results, in years."""
    return _number(figures()["sizes"]["reporting_months"]) / MONTHS


def sizes() -> tuple[list[int], list[float]]:
    """Return the numbers of participants and the follow-ups in months to look at."""
    found = figures()["sizes"]
    return list(found["participants"]), [float(x) for x in found["follow_up_months"]]


def truths(parameters: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """Return what the studies measure under each draw; what was not drawn has its one value."""
    import pandas as pd

    return pd.DataFrame(
        {name: parameters[name] if name in parameters else float(values[name]) for name in INFORMS},
        index=parameters.index,
    )


def _number(entry: Mapping[str, Any]) -> float:
    return float(entry["value"])
