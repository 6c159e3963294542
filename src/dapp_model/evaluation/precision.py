"""How precise a matched and a randomised evaluation are, by length of follow-up.

Found on the people whom `study.simulate` gives, in large samples: what a study of any size shows on
average, and with which variance. The value of sample information rests on this table, as it is
committed for the shipped study (`data/study_precision.csv`), so that it is worth no more than what
the pilot's own evaluation could see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model import events as ev
from dapp_model.evaluation import designs, outcomes, trials
from dapp_model.evaluation.designs import BASES, MATCHED, RANDOMISED_AT_START
from dapp_model.evaluation.lives import NOT
from dapp_model.evaluation.trials import NUMBER

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.evaluation.study import Pool

OF: Final = {"matched": MATCHED, "randomised": RANDOMISED_AT_START}
NONE, HOPED, MOST = "none", "hoped", "optimistic"
COLUMNS: Final = (
    "design",
    "basis",
    "months",
    "unit_variance",
    "seen_share",
    "shift",
    "shift_sd",
    "mismatch",
    "mismatch_error",
    "true_share",
    "completed",
    "arm_for_80",
    "pilot_arm",
    "starters",
)


def table(pool: Pool, drawn: Sequence[pd.DataFrame], hazard_ratio: float) -> pd.DataFrame:
    """Return how precise each design is about the number of incidents, by basis and follow-up.

    What a study shows on average is `shift` + `seen_share` x the true log ratio of its starters;
    the variance of its estimate is `unit_variance` over the size of an arm. `shift` comes from
    reporting that changes and, in a matched comparison, from who is compared (`mismatch`, with its
    error from the number of people simulated); `shift_sd` is how far the former differs between
    draws of what is not known (`drawn`: the referred of each). `true_share` is the part of the full
    effect, a log hazard ratio of `hazard_ratio`, that those who start have; `completed` of them
    complete, and `pilot_arm` of them are in one pilot. `arm_for_80` is the arm that finds the
    hoped effect 80 times in 100; for the matched design, if nothing biased it.
    """
    import pandas as pd

    rows = []
    for name, design in OF.items():
        outside = pool.outside if design is MATCHED else None
        if design is MATCHED and not len(pool.outside):
            continue
        for basis in BASES:
            for months in outcomes.study_months():
                window = outcomes.window_of(months)
                found = {
                    effect: designs.arms(design, window, basis, pool.referred[effect], outside)
                    for effect in (NONE, HOPED, MOST)
                }
                row = _row(found, hazard_ratio)
                row |= {"shift_sd": _shift_sd(drawn, window, basis, row)}
                rows.append({"design": name, "basis": basis, "months": months, **row})
    started = pool.referred[HOPED]
    started = started[started["started"] != NOT]
    completed = float((started["outcome"] == ev.COMPLETED).mean())
    made = pd.DataFrame(rows).assign(
        completed=completed, pilot_arm=max(2, round(pool.starts)), starters=len(started)
    )
    return made[list(COLUMNS)]


def _row(found: dict[str, designs.Arms], hazard_ratio: float) -> dict[str, Any]:
    """Return one row, from what the design sees under no effect, the hoped and a large one."""
    none, hoped = found[NONE], found[HOPED]
    truth = {name: arms.truth[NUMBER] for name, arms in found.items()}
    change = truth[MOST].effect - truth[NONE].effect
    share = (truth[MOST].seen - truth[NONE].seen) / change if change else 1.0
    reporting = truth[NONE].seen - share * truth[NONE].effect
    mismatch, error = _mismatch(none)
    unit = trials.unit_variance(NUMBER, hoped.treated, _control(hoped))
    return {
        "unit_variance": unit,
        "seen_share": share,
        "shift": reporting + mismatch,
        "mismatch": mismatch,
        "mismatch_error": error,
        "true_share": (truth[HOPED].effect - truth[NONE].effect) / np.log(hazard_ratio),
        "arm_for_80": trials.arm_for_power(max(0.0, truth[HOPED].towards), unit),
    }


def _control(arms: designs.Arms) -> trials.Sample:
    if arms.control is None:
        raise ValueError("A precision is that of two arms.")
    return arms.control


def _mismatch(arms: designs.Arms) -> tuple[float, float]:
    """Return what a design shows beyond the effect seen on the same people, and its error.

    Where both arms are the same people, there is no such error.
    """
    expected, error = trials.expected_ratio(arms.treated, _control(arms), arms.people)
    return expected - arms.truth[NUMBER].seen, error if arms.others else 0.0


def _shift_sd(drawn: Sequence[pd.DataFrame], window: str, basis: str, row: dict[str, Any]) -> float:
    """Return the spread between draws of what is seen beyond its share of the true effect.

    What comes of the number of people simulated is taken off.
    """
    left, noise = [], []
    for referred in drawn:
        own = referred[referred["started"] != NOT]
        truth = designs.truths(own, window, basis)[NUMBER]
        if not truth.seen_error > 0:
            continue
        left.append(truth.seen - row["seen_share"] * truth.effect)
        noise.append(truth.seen_error**2)
    if len(left) < 2:
        return float("nan")
    return float(np.sqrt(max(0.0, np.var(left, ddof=1) - np.mean(noise))))
