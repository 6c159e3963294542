"""What each school of thought on the programme's effect would advise, from the same draws.

The prior on the effect is a mixture of parts. A draw does not belong to one part: each part takes
every draw with the chance that a value like its own came from that part, which is exact importance
weighting of draws of the mixture, so that no further simulation is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.decision import chance
from dapp_model.decision.view import Material, is_told_apart, view
from dapp_model.distributions import Mixture

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


def by_effect_prior(
    inputs: Inputs, given: Material, parameters: pd.DataFrame | None
) -> dict[str, Any]:
    """Return results under each part of the prior on the effect, and under the mixture."""
    mixtures = {
        name: one.distribution
        for name, one in inputs.uncertain.items()
        if isinstance(one.distribution, Mixture)
    }
    drawn = [name for name in mixtures if parameters is not None and name in parameters]
    if parameters is None or not drawn:
        reason = "the effect is held by the scenario, or all draws have the same"
        return {"assessed": False, "reason": reason, "parts": []}
    name = drawn[0]
    values = parameters[name].to_numpy(np.float64)
    mixture = mixtures[name]
    shares = membership(values, mixture)
    headline = view(given)
    parts = [_part(MIXTURE, 1.0, headline, (values, np.ones(len(values))), headline)]
    for k, part in enumerate(mixture.parts):
        weights = shares[:, k]
        parts.append(
            _part(part.name, part.weight, view(given, weights), (values, weights), headline)
        )
    return {
        "assessed": True,
        "parameter": name,
        "fewest_effective_draws": FEWEST,
        "parts": parts,
    }


def _part(
    name: str,
    weight: float,
    found: dict[str, Any],
    drawn: tuple[Floats, Floats],
    headline: dict[str, Any],
) -> dict[str, Any]:
    values, weights = drawn
    size = chance.effective(weights, len(weights))
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
