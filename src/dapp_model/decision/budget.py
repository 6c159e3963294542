"""Larger budgets: which options have one, and how surely their extra pounds pass the hurdle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.decision import chance

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

MONEY_LEVERS: Final = (".annual_budget", ".places", ".funders")  # what a larger budget may change


def yearly(inputs: Inputs, name: str) -> float:
    """Return the yearly budget in GBP of what the decision is about."""
    levers: Mapping[str, Any] = inputs.option(name).levers
    if inputs.decision == "extension":
        return float(levers["extension.annual_budget"]) if levers["extension.length"] > 0 else 0.0
    return float(levers["programme.annual_budget"]) if levers["programme.offered"] else 0.0


def is_larger(inputs: Inputs, name: str) -> bool:
    """Say whether an option has a larger yearly budget than the programme as it is or as agreed."""
    if inputs.decision == "extension":
        levers: Mapping[str, Any] = inputs.option(name).levers
        return yearly(inputs, name) > float(levers["programme.annual_budget"])
    budgets = [yearly(inputs, other) for other in inputs.options[1:]]
    return bool(budgets) and yearly(inputs, name) > budgets[0]


def twin(inputs: Inputs, name: str) -> str:
    """Return the option that a larger one differs from in its budget alone, "" if none."""
    if not is_larger(inputs, name):
        return ""

    def design(option: str) -> dict[str, Any]:
        levers = inputs.option(option).levers
        return {key: value for key, value in levers.items() if not key.endswith(MONEY_LEVERS)}

    others = (one for one in inputs.options[1:] if not is_larger(inputs, one))
    return next((one for one in others if design(one) == design(name)), "")


def with_errors(
    names: Sequence[str],
    worth: tuple[Floats, Floats],
    larger: dict[str, Any] | None,
    weights: Floats | None = None,
) -> dict[str, Any] | None:
    """Return how a larger budget fared, with the Monte Carlo error of what its pounds return.

    `worth` holds value and cost of the programme, [draw, option] in GBP; `weights` [draw] are those
    under which the budget was looked at.
    """
    if larger is None:
        return None
    value, cost = worth
    own = names.index(larger["option"])

    def error(one: dict[str, Any]) -> dict[str, Any]:
        other = names.index(one["against"])
        more = cost[:, own] - cost[:, other]
        returned = one["return_on_extra_pounds"]
        error = None
        if returned is not None:
            # A ratio of means: what is left of each draw once its own cost is allowed for.
            rest = value[:, own] - value[:, other] + more - returned * more
            spread_of = chance.error(rest, weights)
            error = None if spread_of is None else spread_of / chance.mean(more, weights)
        apart = returned is not None and chance.beyond_noise(returned - larger["hurdle"], error)
        return one | {"return_monte_carlo_error": error, "told_apart_from_hurdle": apart}

    twin = larger["same_design"]
    return error(larger) | {"same_design": None if twin is None else error(twin)}
