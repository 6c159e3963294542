"""Options that pause: the choice that follows the pause, made on what is known by then.

Whoever pauses to evaluate decides again: the programme is reopened, or closed for good with the
evaluation paid. Under each draw the evaluation shows what a matched study of those who have started
by the data cut-off would, beside what monitoring showed: if it is paid for, and if its results are
there before the pause ends. The rule is fitted on some draws and used on others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision import chance, studies
from dapp_model.decision.known import FEWEST, NOTHING_DRAWN
from dapp_model.economics import deflator
from dapp_model.economics.prices import financial_year, year_label
from dapp_model.evaluation.monitoring import MATCHED, RULE, STARTS
from dapp_model.evaluation.monitoring import REPEATS as POLICE_REPEATS
from dapp_model.evaluation.monitoring import REPORTED as PARTNERS_REPORT
from dapp_model.pausing import follow_up
from dapp_model.phases import phases

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NO_ANSWER: Final = "partners could be asked"  # 0 where nobody could be
_SEED: Final = 1  # of what the evaluation shows, and of the folds
_REOPEN: Final = 1  # place of the act; closing is the other


@dataclass(frozen=True, eq=False)
class Later:
    """What becomes of one option that pauses, draw by draw.

    `reopened` [draw] says where the programme is opened again; in all draws where the later choice
    is not `assessed`, for the `reason` given. `as_reopened` [draw] is the net present social value
    if it were opened whatever is seen, with the cost of reopening. `evaluation` and `reopening` are
    what these two cost, present values in GBP. `study` is the evaluation, None if there is none.
    """

    reopened: Flags
    as_reopened: Floats
    assessed: bool
    reason: str
    evaluation: float
    reopening: float
    study: Study | None


@dataclass(frozen=True)
class Study:
    """The evaluation of a pause: people in both arms together, months of follow-up.

    `priced` is what such a study costs by the data file of study designs, in cash of the day on
    which it reports, as contracts are written; of a part of the county, that part of it.
    """

    people: int
    months: float
    priced: float


@dataclass(frozen=True, eq=False)
class Known:
    """What may be known when a pause ends: what monitoring showed, and what was drawn.

    Both are draws x names. What was drawn is used for what an evaluation would show of it, and for
    nothing else.
    """

    shown: pd.DataFrame | None
    parameters: pd.DataFrame


def too_little(known: Known) -> str:
    """Return why no choice can be fitted to these draws, or nothing."""
    if known.shown is None:
        return "what the pilot shows is not known in these draws"
    draws = len(known.parameters)
    if draws < FEWEST:
        return f"this needs at least {FEWEST} draws, and the run has {draws}"
    return "nothing differs between draws" if NOTHING_DRAWN in known.parameters else ""


def choose(
    inputs: Inputs,
    known: Known,
    acts: Floats,
    elsewhere: Known | None = None,
    *,
    study: Study | None,
) -> tuple[Flags, Flags]:
    """Return where the programme is reopened, by draw here and by draw elsewhere.

    `study` is the evaluation that is read by then. `acts` is the net present social value of
    closing and of reopening, [draw, 2] in GBP. Elsewhere are draws of the same numbers under
    another reading of the evidence: the k-th of them is decided by the rule that has not seen
    draw k.
    """
    if known.shown is None:
        raise ValueError("Nothing was shown that a choice could be made on.")
    like = known.shown
    data = _seen(inputs, known, like, study)
    others = None
    if elsewhere is not None and elsewhere.shown is not None:
        others = _seen(inputs, elsewhere, like, study)
    here, there = voi.choices_for(data, acts, others, seed=_SEED)
    return here == _REOPEN, there == _REOPEN


def _seen(inputs: Inputs, known: Known, like: pd.DataFrame, study: Study | None) -> pd.DataFrame:
    """Return what is known when the pause ends: monitoring, and the evaluation's own figures."""
    if known.shown is None:
        raise ValueError("Nothing was shown that a choice could be made on.")
    figures = data_of(known.shown, like).reset_index(drop=True)
    if study is None:
        return figures
    truths = studies.truths(known.parameters, inputs.values)
    rng = np.random.default_rng(_SEED)
    found = _matched().summaries(truths, study.people, study.months, rng)
    return figures.assign(**{f"evaluation: {name}": found[name].to_numpy() for name in found})


def study_of(inputs: Inputs, name: str, known: Known) -> Study | None:
    """Return the evaluation of a pause, None if none is paid for, or none can report in time.

    It follows those who on average have started by the data cut-off, and as many to compare with:
    of the whole county, also where a part of it is simulated.
    """
    months = follow_up(inputs, name)
    if not months or known.shown is None:
        return None
    people = 2 * max(1, round(float(known.shown[STARTS].mean()) / inputs.population_share))
    design = _matched()
    paid = year_label(financial_year(phases(inputs, name)[-1].start))
    inflated = deflator(design.price_year, paid)
    return Study(people, months, design.cost(people, months) * inflated * inputs.population_share)


def _matched() -> studies.Design:
    return studies.designs()["matched"]


def data_of(figures: pd.DataFrame, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return figures with which a regression can work: what nobody could answer is set apart.

    A share without answers takes the mean of the draws that have one, and a column says so. What
    is the same in all draws says nothing and is left out. Columns and means are those of `like`
    (default: of the figures themselves).
    """
    like = figures if like is None else like
    names = [*RULE, POLICE_REPEATS, MATCHED]

    def marked(frame: pd.DataFrame) -> pd.DataFrame:
        kept = frame[names].copy()
        kept[NO_ANSWER] = kept[PARTNERS_REPORT].notna().astype(float)
        return kept

    usual = marked(like)
    means = usual.mean().fillna(0.0)
    filled = usual.fillna(means)
    return marked(figures).fillna(means).loc[:, filled.nunique() > 1]


def said(found: Mapping[str, Later], values: Mapping[str, Floats]) -> dict[str, Any]:
    """Return what decision.json says of each pause; `values` are its worth by draw, in GBP."""
    return {
        name: {
            "assessed": one.assessed,
            **({} if one.assessed else {"reason": one.reason}),
            "evaluated_people": one.study.people if one.study else None,
            "follow_up_months": one.study.months if one.study else None,
            "evaluation_priced_at": one.study.priced if one.study else None,
            "evaluation_cost": one.evaluation,
            "reopening_cost": one.reopening,
            "reopened_whatever_it_shows": chance.estimate(one.as_reopened),
            "with_later_choice": chance.estimate(values[name]),
            **_reopened(one),
        }
        for name, one in found.items()
    }


def _reopened(one: Later) -> dict[str, float | None]:
    found = chance.said("chance_of_reopening", float(one.reopened.mean()), len(one.reopened))
    return found if one.assessed else dict.fromkeys(found)
