"""Acceptability: how likely each option is best, by what averting one true incident is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision.chance import apart, known_error
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


def curve_errors(
    costs: Floats, effects: Floats, curve: pd.DataFrame
) -> tuple[list[list[float | None]], list[float]]:
    """Return the error of each chance of being best, [option][threshold], and of each EVPI.

    From resamples of draws, costs and effects resampled alike, luck taken out anew of those out of
    which `acceptability` takes it. Where it takes it out of neither, shares of draws need none.
    """
    thresholds = curve.index.to_numpy(np.float64)[:, None, None]
    removed = [apart(one).removed for one in (costs, effects)]
    pair = [
        voi.resampled(one, taken_out=out)
        for one, out in zip((costs, effects), removed, strict=True)
    ]
    if pair[0] is None or pair[1] is None or not any(removed):
        cost, effect = (voi.over_replications(one) for one in (costs, effects))
        shares = [
            [voi.share_error(one, len(costs)) for one in curve[name]] for name in curve.columns
        ]
        values = thresholds * effect - cost
        knowing = [voi.evpi_estimate(one).standard_error for one in values]
        return shares, knowing
    (rows, options), draws = curve.shape, len(costs)
    place = options * np.arange(rows)[:, None]  # of a threshold's first option among all
    found = np.empty((len(pair[0].counts), rows, options + 1))
    for row, ((counts, cost), (_, effect)) in enumerate(zip(*pair, strict=True)):
        values = thresholds * effect - cost
        best = values.argmax(axis=2)
        top = np.take_along_axis(values, best[:, :, None], axis=2)[:, :, 0]
        weights = np.broadcast_to(counts, best.shape).ravel()
        often = np.bincount((best + place).ravel(), weights, rows * options)
        found[row, :, :-1] = often.reshape(rows, options) / draws
        means = thresholds[:, 0] * (counts @ effect) - counts @ cost
        found[row, :, -1] = (top @ counts - means.max(axis=1)) / draws
    error = found.std(axis=0, ddof=1)
    return [[known_error(x) for x in one] for one in error[:, :-1].T], error[:, -1].tolist()


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
    best, knowing = curve_errors(costs, effects, curve)
    likely = dict(zip(names, best, strict=True))
    return {
        "cost": PUBLIC_COST,
        "effect": AVERTED,
        "unit": "GBP for each true incident averted",
        "thresholds": curve.index.tolist(),
        "probability_best": {name: curve[name].tolist() for name in names},
        "probability_best_monte_carlo_error": likely,
        "frontier": {
            "option": frontier["option"].tolist(),
            "probability_best": frontier["probability_best"].tolist(),
            "probability_best_monte_carlo_error": [
                likely[name][i] for i, name in enumerate(frontier["option"])
            ],
            "evpi": frontier["evpi"].tolist(),
            "evpi_monte_carlo_error": knowing,
        },
    }
