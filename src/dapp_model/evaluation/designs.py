"""The designs: whom each compares with whom, in which window, and what it can see of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.evaluation import outcomes as out
from dapp_model.evaluation.lives import NOT, WITH, WITHOUT
from dapp_model.evaluation.seen import interviews
from dapp_model.evaluation.trials import ANY, NUMBER, Sample, sample

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

RECORDED, REPORTED = "recorded", "victim-reported"
BASES: Final = (RECORDED, REPORTED)
FROM_START, FROM_LANDMARK = "from the start", "from the planned end"


@dataclass(frozen=True)
class Design:
    """A design of an evaluation: its name, and what it says of itself.

    `stage` is how far participants have come when they enter the evaluation.
    """

    name: str
    label: str
    stage: str
    windows: dict[str, str]  # a window of outcomes.py by follow-up


BEFORE_AFTER: Final = Design(
    "before_after",
    "Before and after, those who start",
    "started",
    {FROM_START: out.START, FROM_LANDMARK: out.LANDMARK},
)
MATCHED: Final = Design(
    "matched",
    "Matched comparison, those who start against people not referred",
    "started",
    {FROM_START: out.START, FROM_LANDMARK: out.LANDMARK},
)
WAITING_LIST: Final = Design(
    "waiting_list",
    "Waiting list, randomised among those accepted to begin now or later",
    "accepted",
    {FROM_START: out.WAIT},
)
RANDOMISED: Final = Design(
    "randomised",
    "Randomised among those accepted",
    "accepted",
    {FROM_START: out.ACCEPTED, FROM_LANDMARK: out.ACCEPTED_LANDMARK},
)
RANDOMISED_AT_START: Final = Design(
    "randomised_at_start",
    "Randomised when a place is given",
    "started",
    {FROM_START: out.START, FROM_LANDMARK: out.LANDMARK},
)
DESIGNS: Final = (BEFORE_AFTER, MATCHED, WAITING_LIST, RANDOMISED, RANDOMISED_AT_START)


@dataclass(frozen=True)
class Truth:
    """The effect by intention to treat on the same people with the programme and without it.

    `effect` is on the scale of the estimate: of the number, the log ratio of all true incidents,
    and of a share, the difference in what the basis would show if everybody were seen. `sign` is
    that of the effect on true incidents. `seen` is the effect on the basis's own outcome. Errors
    are standard errors from the number of people simulated.
    """

    effect: float
    effect_error: float
    seen: float
    seen_error: float
    sign: float

    @property
    def towards(self) -> float:
        """Return the size of what is seen, below zero where it points away from the truth."""
        return self.seen * self.sign if self.sign else abs(self.seen)


@dataclass(frozen=True, eq=False)
class Arms:
    """What a design sees: two arms, or the same people before and after where control is None.

    `truth` is by kind of outcome. `unmatched` is the share of participants for whom there is
    nobody like them outside. `people` are behind each arm, by weight; where the control arm is
    `others` than the treated, they are not the same.
    """

    treated: Sample
    control: Sample | None
    truth: dict[str, Truth]
    unmatched: float = 0.0
    people: tuple[float, float] = (0.0, 0.0)
    others: bool = False


def months_of(window: str) -> float:
    """Return the length of a window in months."""
    if window in (lengths := {out.window_of(n): n for n in out.study_months()}):
        return lengths[window]
    return out.months("wait_months" if window == out.WAIT else "follow_up_months")


def arms(
    design: Design, window: str, basis: str, pool: pd.DataFrame, outside: pd.DataFrame | None
) -> Arms:
    """Return what a design sees in a window; `outside` are the people of a matched comparison."""
    own = pool[pool[design.stage] != NOT]
    months = months_of(window)
    truth = truths(own, window, basis)
    weights = np.ones(len(own))
    if design is BEFORE_AFTER:
        measure = _measure(basis)
        table = own[[f"{measure}_before", f"{measure}_{window}_{WITH}"]].to_numpy(np.float64)
        return Arms(seen(table, weights, basis, months), None, truth)
    with_it = _column(own, basis, window, WITH)
    if design is not MATCHED:
        without = _column(own, basis, window, WITHOUT)
        found = [seen(one, weights, basis, months) for one in (with_it, without)]
        return Arms(found[0], found[1], truth, 0.0, (len(own), len(own)))
    if outside is None:
        raise ValueError("A matched comparison needs people outside the programme.")
    here, there = matched_weights(out.stratum(own), out.stratum(outside))
    found = [
        seen(with_it, here, basis, months),
        seen(_column(outside, basis, window, WITHOUT), there, basis, months),
    ]
    people = float(here.sum()), float(there.sum() ** 2 / max(1e-12, (there**2).sum()))
    return Arms(found[0], found[1], truth, float(1 - here.mean()), people, others=True)


def matched_weights(
    own: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return weights of participants and of others: others make up each stratum's share.

    A participant with nobody in the stratum has weight zero.
    """
    size = int(max(own.max(initial=0), others.max(initial=0))) + 1
    here, there = np.bincount(own, minlength=size), np.bincount(others, minlength=size)
    weights = (there[own] > 0).astype(np.float64)
    share = np.divide(here, there, out=np.zeros(size), where=there > 0)
    return weights, share[others]


def truths(own: pd.DataFrame, window: str, basis: str) -> dict[str, Truth]:
    """Return the true effects by kind of outcome; zero where nobody has a true incident."""
    months = months_of(window)
    true = [own[f"incidents_{window}_{world}"].to_numpy(np.float64) for world in (WITH, WITHOUT)]
    shown = [_column(own, basis, window, world) for world in (WITH, WITHOUT)]
    told = 1.0
    if basis != RECORDED:
        asked = interviews()
        shown = [asked.told(one, months) for one in shown]
        told = asked.disclosed
    effect, effect_error = log_ratio(*true)
    ratio, ratio_error = log_ratio(*shown)
    change = told * ((shown[0] > 0).astype(float) - (shown[1] > 0))
    share = float(change.mean()) if len(own) else 0.0
    share_error = float(change.std() / np.sqrt(max(1, len(own))))
    sign = float(np.sign(effect))
    return {
        ANY: Truth(share, share_error, share, share_error, sign),
        NUMBER: Truth(effect, effect_error, ratio, ratio_error, sign),
    }


def log_ratio(treated: Floats, control: Floats) -> tuple[float, float]:
    """Return the log ratio of means of the same people in two worlds, and its standard error."""
    if not (treated.sum() > 0 and control.sum() > 0):
        return 0.0, 0.0
    apart = treated / treated.mean() - control / control.mean()
    error = float(apart.std() / np.sqrt(len(treated)))
    return float(np.log(treated.mean() / control.mean())), error


def seen(values: Floats, weights: Floats, basis: str, months: float) -> Sample:
    """Return what is seen of counts [person] or [person, before and after] on a basis.

    Records show all that was recorded. Of victims some are interviewed and some of these speak of
    what happened; who is still there to be asked depends on what happened in the follow-up.
    """
    table = values.reshape(len(values), -1)
    if basis == RECORDED:
        return sample(table, weights)
    asked = interviews()
    known = asked.known(table[:, -1], months)
    told = asked.told(table, months)
    rows = [told, np.zeros_like(told), np.full_like(told, np.nan)]
    chance = [known * asked.disclosed, known * (1 - asked.disclosed), 1 - known]
    return sample(np.concatenate(rows), np.concatenate([weights * part for part in chance]))


def _measure(basis: str) -> str:
    return "records" if basis == RECORDED else "case_incidents"


def _column(people: pd.DataFrame, basis: str, window: str, world: str) -> Floats:
    return people[f"{_measure(basis)}_{window}_{world}"].to_numpy(np.float64)
