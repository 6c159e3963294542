"""What a matched or a randomised evaluation would report under each draw, and what it costs.

A likelihood, not a simulation of the study: what it shows in police records, and in what partners
report, is normal around what such a design shows on average of the draw's own effect, with the
variance that `dapp evaluate-pilot` finds on the model's own people (`data/study_precision.csv`).
What nobody can adjust for comes on top. The completion that was seen comes beside it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dapp_model.study_designs import data_file, figure

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

INFORMS = ("effect.full_dose_hr", "effect.dropout_hr", "pathway.complete_agency")
MONTHS = 12.0


@dataclass(frozen=True)
class Precision:
    """What a design shows of a log ratio on one basis after some months; see evaluation.precision.

    `pilot_arm` are those who start in one pilot, `arm_for_80` those who find the hoped effect.
    """

    design: str
    basis: str
    months: float
    unit_variance: float
    seen_share: float
    shift: float
    shift_sd: float
    mismatch: float
    true_share: float
    completed: float
    arm_for_80: float
    pilot_arm: int


@dataclass(frozen=True)
class Design:
    """An evaluation with two equal arms; GBP, and standard deviations on the log scale.

    `found` are its precisions by basis and length of follow-up.
    """

    name: str
    label: str
    found: tuple[Precision, ...]
    dropout_dose: float
    bias_sd: float
    fixed_cost: float
    cost_per_participant: float
    price_year: str

    @property
    def bases(self) -> tuple[str, ...]:
        """Return the bases on which outcomes are seen."""
        return tuple(dict.fromkeys(one.basis for one in self.found))

    def at(self, basis: str, months: float, name: str) -> float:
        """Return a figure of the precision on a basis, between the lengths that were looked at."""
        own = sorted((one for one in self.found if one.basis == basis), key=lambda one: one.months)
        values = [float(getattr(one, name)) for one in own]
        return float(np.interp(np.log(months), np.log([one.months for one in own]), values))

    def chance_error(self, participants: int, months: float, basis: str) -> float:
        """Return the standard error of the log ratio that is seen, from the number of people."""
        unit = self.at(basis, months, "unit_variance")
        return float(np.sqrt(unit / (participants / 2)))

    def standard_error(self, participants: int, months: float, basis: str) -> float:
        """Return the error of the log ratio that is seen, what nobody can adjust for included.

        A comparison is at least as biased as it is found to be on the model's own people.
        """
        bias = max(self.bias_sd, abs(self.at(basis, months, "mismatch")))
        spread = self.at(basis, months, "shift_sd")
        return float(
            np.sqrt(self.chance_error(participants, months, basis) ** 2 + spread**2 + bias**2)
        )

    def cost(self, participants: int, months: float) -> float:
        """Return what the evaluation costs in GBP; each 12 months of follow-up cost alike."""
        waves = max(1.0, months / MONTHS)
        return self.fixed_cost + participants * self.cost_per_participant * waves

    def summaries(
        self, truths: pd.DataFrame, participants: int, months: float, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Return what the study would report under each draw: log ratios by basis, completion.

        `truths` has the columns INFORMS. The same generator gives a larger study the same luck in
        proportion, so that sizes are nested.
        """
        import pandas as pd

        full, dropout, completed = (truths[name].to_numpy(np.float64) for name in INFORMS)
        luck = rng.standard_normal((1 + len(self.bases), len(truths)))
        columns = {}
        for i, basis in enumerate(self.bases):
            usual = self.at(basis, months, "completed")
            # Of the whole dose as much as those who start are found to have, by how many complete.
            share = self.at(basis, months, "true_share") / self._dose(usual)
            effect = share * self._dose(completed) * np.log(full)
            effect = effect + (1 - completed) * np.log(dropout)
            on_average = (
                self.at(basis, months, "shift") + self.at(basis, months, "seen_share") * effect
            )
            error = self.standard_error(participants, months, basis)
            columns[f"log ratio, {basis}"] = on_average + error * luck[i]
        spread = np.sqrt(completed * (1 - completed) / (participants / 2))
        columns["completed"] = np.clip(completed + spread * luck[-1], 0.0, 1.0)
        return pd.DataFrame(columns)

    def _dose(self, completed: Any) -> Any:
        return completed + (1 - completed) * self.dropout_dose


@cache
def designs() -> Mapping[str, Design]:
    """Return the designs of the data file by name."""
    table = data_file()
    return {
        name: Design(
            name=name,
            label=str(one["label"]),
            found=tuple(each for each in precisions() if each.design == name),
            dropout_dose=figure(table["outcome"]["dropout_dose"]),
            bias_sd=figure(one["bias_sd"]),
            fixed_cost=figure(one["fixed_cost"]),
            cost_per_participant=figure(one["cost_per_participant"]),
            price_year=str(one["fixed_cost"]["year"]),
        )
        for name, one in table["designs"].items()
    }


@cache
def precisions() -> tuple[Precision, ...]:
    """Return how precise designs are, as the committed table has it."""
    path = Path(__file__).parents[1] / "data" / "study_precision.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return tuple(
        Precision(
            design=row["design"],
            basis=row["basis"],
            months=float(row["months"]),
            unit_variance=float(row["unit_variance"]),
            seen_share=float(row["seen_share"]),
            shift=float(row["shift"]),
            shift_sd=float(row["shift_sd"]),
            mismatch=float(row["mismatch"]),
            true_share=float(row["true_share"]),
            completed=float(row["completed"]),
            arm_for_80=float(row["arm_for_80"]),
            pilot_arm=int(row["pilot_arm"]),
        )
        for row in rows
    )


def sizes() -> tuple[list[int], list[float]]:
    """Return the numbers of participants and the follow-ups in months to look at.

    The first number is that of an evaluation at the pilot's own size: those who start it, and as
    many to compare them with.
    """
    found = data_file()["sizes"]
    own = 2 * precisions()[0].pilot_arm
    larger = [int(n) for n in found["participants"] if n > own]
    return [own, *larger], [float(x) for x in found["follow_up_months"]]


def truths(parameters: pd.DataFrame, values: Mapping[str, Any]) -> pd.DataFrame:
    """Return what the studies measure under each draw; what was not drawn has its one value."""
    import pandas as pd

    return pd.DataFrame(
        {name: parameters[name] if name in parameters else float(values[name]) for name in INFORMS},
        index=parameters.index,
    )
