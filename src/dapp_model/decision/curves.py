"""Acceptability: how likely each option is best, by what averting one true incident is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision.chance import apart
from dapp_model.decision.worth import AVERTED, PUBLIC_COST, Worth, nested

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

THRESHOLDS: Final = 41


def acceptability(
    costs: Floats, effects: Floats, names: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return curve and frontier, by what averting one true incident is worth to the public.

    `costs` (net public cost, GBP) and `effects` (true incidents averted) are [draw, repetition,
    option]; at least two draws.
    """
    import pandas as pd

    cost, effect = (
        pd.DataFrame(apart(one).values, columns=list(names)) for one in (costs, effects)
    )
    top = highest_threshold(*(voi.over_replications(one).mean(axis=0) for one in (costs, effects)))
    thresholds = np.linspace(0, top, THRESHOLDS).tolist()
    return voi.acceptability(cost, effect, thresholds), voi.frontier(cost, effect, thresholds)


def highest_threshold(costs: Floats, effects: Floats) -> float:
    """Return an end of the axis: three times the dearest price of an incident, rounded up."""
    prices = [c / e for c, e in zip(costs, effects, strict=True) if e > 0 and c > 0]
    top = 3 * max(prices, default=1000.0)
    step = float(10 ** np.floor(np.log10(top)))
    return float(np.ceil(top / step) * step)


def of_run(names: Sequence[str], found: Mapping[str, Worth]) -> dict[str, Any] | str:
    """Return what decision.json says of acceptability, of the options that may be chosen."""
    costs, effects = (nested(names, found, one) for one in (PUBLIC_COST, AVERTED))
    if len(costs) < 2:
        return "not assessed"
    curve, frontier = acceptability(costs, effects, names)
    draws = len(costs)

    def errors(chances: list[float]) -> list[float | None]:
        return [voi.share_error(one, draws) for one in chances]

    return {
        "cost": PUBLIC_COST,
        "effect": AVERTED,
        "unit": "GBP for each true incident averted",
        "thresholds": curve.index.tolist(),
        "probability_best": {name: curve[name].tolist() for name in names},
        "probability_best_monte_carlo_error": {
            name: errors(curve[name].tolist()) for name in names
        },
        "frontier": {
            "option": frontier["option"].tolist(),
            "probability_best": frontier["probability_best"].tolist(),
            "probability_best_monte_carlo_error": errors(frontier["probability_best"].tolist()),
            "evpi": frontier["evpi"].tolist(),
        },
    }
