"""What needs the model itself: choke points, and a Morris screening of groups of parameters.

Every comparison has the same draw and the same luck on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from dapp_model import sensitivity, switching
from dapp_model.parallel import Workers, in_order
from dapp_model.parameters import registry

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs
    from dapp_model.study import Plan

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
T = TypeVar("T")

PLACE: Final = "place"
STEPS: Final[Mapping[str, str]] = {
    PLACE: "One more place, after paying for it,",
    "wait": "A week less from acceptance to the end of assessment",
    "referral": "One more referral a month",
    "completion": "One more point of completion",
}
_WEEK_DAYS: Final = 7.0
_POINT: Final = 0.01


def choke_points(inputs: Inputs, plan: Plan, option: str, *, draws: int, how: Run) -> pd.DataFrame:
    """Return what one more of each scarce thing is worth to an option, GBP, over a few draws.

    The change of the option's net present social value against the comparator.
    """
    from dapp_model.study import draw_inputs

    names = [None, *STEPS]
    jobs = []
    for number in range(draws):
        drawn = draw_inputs(inputs, number, plan.seed)
        jobs += [(drawn, option, name, plan.seed, plan.replicate(number, 0)) for name in names]
    values = np.array(how.each(_one_step, jobs)).reshape(draws, len(names))
    worth = {name: values[:, i + 1] - values[:, 0] for i, name in enumerate(STEPS)}
    return switching.choke_points(lambda name: worth[name], STEPS)


def _one_step(job: tuple[Inputs, str, str | None, int, int]) -> float:
    """Return the net present social value of an option with one step taken, in GBP."""
    from dapp_model.experiment import evaluate_differences

    drawn, option, step, seed, replicate = job
    if step == "referral":
        pair = (drawn.options[0], option)
        counted = evaluate_differences(drawn, seed=seed, replicate=replicate, options=pair)
        drawn = more_referrals(drawn, counted[option])
    elif step is not None:
        drawn = stepped(drawn, option, step)
    return _difference((drawn, option, seed, replicate))


def stepped(inputs: Inputs, option: str, step: str) -> Inputs:
    """Return the inputs with one more place, a week less wait, or a point more completion."""
    values: Mapping[str, Any] = inputs.values
    if step == PLACE:
        chosen = inputs.option(option)
        levers: dict[str, Any] = dict(chosen.levers)
        section = "extension" if inputs.decision == "extension" else "programme"
        # In a thinned county one place stands for more; money and places scale alike.
        more = 1 / inputs.population_share
        alone = levers[f"{section}.delivery"] == "one-to-one"
        price = float(values["budget.one_to_one_place" if alone else "budget.place"])
        staffed = (1 - float(values["budget.vacancy_share"])) * (
            1 - float(values["budget.fixed_share"])
        )
        levers[f"{section}.annual_budget"] += more * price / staffed
        if levers[f"{section}.places"] != "from budget":
            levers[f"{section}.places"] = int(levers[f"{section}.places"]) + round(more)
        table = {**inputs.option_table, option: replace(chosen, levers=levers)}
        return replace(inputs, option_table=table)
    if step == "wait":
        shorter = float(values["pathway.assessment_fixed"]) - _WEEK_DAYS
        return _moved(inputs, {"pathway.assessment_fixed": shorter})
    if step == "completion":
        names = ("pathway.complete_agency", "pathway.complete_self")
        return _moved(inputs, {name: float(values[name]) + _POINT for name in names})
    raise KeyError(f"no step {step!r}; there are {', '.join(STEPS)}")


def more_referrals(inputs: Inputs, outcomes: Any) -> Inputs:
    """Return the inputs with every route of referral raised alike until there is one more a month.

    `outcomes` are the option's: by the mean number a month in the years in which it has any.
    """
    routes = ("self", "police", "marac", "children", "court", "health")
    by_year = sum(outcomes.of(f"programme.referrals_{route}") for route in routes)
    running = by_year[by_year > 0]
    monthly = float(running.mean()) / 12 if len(running) else 0.0
    if not monthly > 0:
        return inputs
    ratio = 1 + 1 / monthly
    values: Mapping[str, Any] = inputs.values
    return _moved(
        inputs,
        {f"referral.{route}": float(values[f"referral.{route}"]) * ratio for route in routes},
    )


def _moved(inputs: Inputs, values: Mapping[str, float]) -> Inputs:
    """Return inputs with other values, kept within what is possible."""
    inside = {}
    for name, value in values.items():
        low, high = registry()[name].possible or (-np.inf, np.inf)
        inside[name] = float(np.clip(value, low, high))
    return inputs.replace(values=inside)


def morris(inputs: Inputs, plan: Plan, option: str, *, trajectories: int, how: Run) -> pd.DataFrame:
    """Screen groups of parameters (sections of the registry) by running the model itself.

    Each run is the paired difference of the option and the comparator under one set of values and
    one luck, the same in all.
    """
    evaluate = _evaluate(inputs, plan, option, how)
    return sensitivity.morris(evaluate, _space(inputs, (0.05, 0.95)), trajectories)


def sobol(inputs: Inputs, plan: Plan, option: str, *, base_samples: int, how: Run) -> pd.DataFrame:
    """Return Sobol' indices of groups of parameters by running the model itself, as `morris` does.

    Costs base_samples x (groups + 2) runs; what the posterior joins is taken as independent here.
    """
    evaluate = _evaluate(inputs, plan, option, how)
    return sensitivity.sobol(evaluate, _space(inputs, (0.0, 1.0)), base_samples)


def _space(inputs: Inputs, ends: tuple[float, float]) -> sensitivity.Space:
    """Return what is not known, by section of the registry, from shares of its distributions."""
    from dapp_model.distributions import bounded_quantile

    uncertain = inputs.uncertain

    def values(shares: Floats) -> Floats:
        columns = [
            bounded_quantile(one.distribution, np.ascontiguousarray(shares[:, j]), one.possible)
            for j, one in enumerate(uncertain.values())
        ]
        return np.stack(columns, axis=1)

    groups = tuple(name.split(".")[0] for name in uncertain)
    return sensitivity.Space(tuple(uncertain), values, groups, ends)


def _evaluate(inputs: Inputs, plan: Plan, option: str, how: Run) -> sensitivity.Evaluate:
    names = tuple(inputs.uncertain)

    def evaluate(points: Floats) -> Floats:
        jobs = [
            (inputs.replace(values=dict(zip(names, row, strict=True))), option, plan.seed, 0)
            for row in points.tolist()
        ]
        return np.array(how.each(_difference, jobs))

    return evaluate


def _difference(job: tuple[Inputs, str, int, int]) -> float:
    """Return the net present social value of an option against the comparator, in GBP."""
    from dapp_model.economics import summary, value
    from dapp_model.experiment import evaluate_differences
    from dapp_model.outcomes import BASELINE_YEAR, trimmed

    inputs, option, seed, replicate = job
    pair = (inputs.options[0], option)
    found = evaluate_differences(inputs, seed=seed, replicate=replicate, options=pair)
    accounts = [value(trimmed(found[name], BASELINE_YEAR), inputs) for name in pair]
    return float(summary(accounts[1], accounts[0]).net_present_social_value)


class Run:
    """How runs of the model are carried out; nothing here changes a result."""

    def __init__(self, workers: Workers, progress: Progress | None = None) -> None:
        """Keep who works and whom to tell."""
        self.workers, self.progress = workers, progress

    def each(self, work: Callable[[Any], T], jobs: list[Any]) -> list[T]:
        """Return what each job gives, in the order of the jobs."""
        return in_order(work, [(job,) for job in jobs], self.workers, self.progress)
