"""What each school of thought on the programme's effect would advise, from the same draws.

The prior on the effect is a mixture of parts. A draw does not belong to one part: each part takes
every draw with the chance that a value like its own came from that part, which is exact importance
weighting of draws of the mixture, so that no further simulation is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.decision import chance
from dapp_model.decision.view import Material, is_told_apart, view
from dapp_model.distributions import Mixture, Part

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

FEWEST: Final = 30  # effective draws from which a part is worth reading
MIXTURE: Final = "mixture"


def membership(values: Floats, mixture: Mixture) -> Floats:
    """Return the chance that each value came from each part, float64 [draw, part]; rows add to 1.

    w_k(x) = p_k f_k(x) / sum_j p_j f_j(x), with normal densities on the log scale. What lies
    outside the possible range is cut off from all parts alike, and cancels.
    """
    logs = np.log(values)[:, None]
    means = np.array([part.log_mean for part in mixture.parts])
    spreads = np.array([part.log_sd for part in mixture.parts])
    weights = np.array([part.weight for part in mixture.parts])
    height = np.log(weights) - np.log(spreads) - 0.5 * ((logs - means) / spreads) ** 2
    height -= height.max(axis=1, keepdims=True)
    found = np.exp(height)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Schools:
    """The parts of the prior on the effect; `values` are its draws and `shares` [draw, part]."""

    parameter: str
    values: Floats
    parts: tuple[Part, ...]
    shares: Floats

    def weights(self) -> dict[str, Floats]:
        """Return the weights on draws of each part that enough draws speak for."""
        found = {part.name: self.shares[:, k] for k, part in enumerate(self.parts)}
        return {name: own for name, own in found.items() if _size(own) >= FEWEST}


def schools(inputs: Inputs, parameters: pd.DataFrame | None) -> Schools | None:
    """Return the parts of the prior on the effect; None where all draws have the same effect."""
    if parameters is None:
        return None
    for name, one in inputs.uncertain.items():
        if isinstance(one.distribution, Mixture) and name in parameters:
            values = parameters[name].to_numpy(np.float64)
            shares = membership(values, one.distribution)
            return Schools(name, values, one.distribution.parts, shares)
    return None


def by_effect_prior(given: Material, among: Schools | None) -> dict[str, Any]:
    """Return results under each part of the prior on the effect, and under the mixture."""
    if among is None:
        reason = "the effect is held by the scenario, or all draws have the same"
        return {"assessed": False, "reason": reason, "parts": []}
    headline = view(given)
    values = among.values
    parts = [_part(MIXTURE, 1.0, headline, (values, np.ones(len(values))), headline)]
    for k, part in enumerate(among.parts):
        weights = among.shares[:, k]
        parts.append(
            _part(part.name, part.weight, view(given, weights), (values, weights), headline)
        )
    return {
        "assessed": True,
        "parameter": among.parameter,
        "fewest_effective_draws": FEWEST,
        "parts": parts,
    }


def _size(weights: Floats) -> float:
    return chance.effective(weights, len(weights))


def _part(
    name: str,
    weight: float,
    found: dict[str, Any],
    drawn: tuple[Floats, Floats],
    headline: dict[str, Any],
) -> dict[str, Any]:
    values, weights = drawn
    size = _size(weights)
    said = {"part": name, "weight": weight, "effective_draws": size}
    if name != MIXTURE and size < FEWEST:
        return said | {"assessed": False}
    return said | {
        "assessed": True,
        "mean_of_the_effect": float(np.average(values, weights=weights)),
        **found,
        "differs": found["option"] != headline["option"],
        "told_apart": is_told_apart(found, headline["option"]),
    }
