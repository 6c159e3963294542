"""Acceptability: how likely each option is best, by what averting one true incident is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision.chance import apart, effective, error, known_error
from dapp_model.decision.worth import AVERTED, PUBLIC_COST, Worth, certain, nested

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

THRESHOLDS: Final = 41


def acceptability(
    costs: Floats,
    effects: Floats,
    names: Sequence[str],
    weights: Sequence[Floats | None] = (None,),
    still: Flags | None = None,
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Return curve and frontier, by what averting one true incident is worth to the public.

    `costs` (net public cost, GBP) and `effects` (true incidents averted) are [draw, repetition,
    option]; at least two draws. One pair for each of the weights on draws, None for equal ones.
    """
    import pandas as pd

    top = highest_threshold(*(voi.over_replications(one).mean(axis=0) for one in (costs, effects)))
    thresholds = np.linspace(0, top, THRESHOLDS).tolist()
    pairs = []
    for own in weights:
        cost, effect = (
            pd.DataFrame(apart(one, still, own).values, columns=list(names))
            for one in (costs, effects)
        )
        pairs.append(
            (
                voi.acceptability(cost, effect, thresholds, own),
                voi.frontier(cost, effect, thresholds, own),
            )
        )
    return pairs


def curve_errors(
    costs: Floats,
    effects: Floats,
    curve: pd.DataFrame,
    weights: Floats | None = None,
    still: Flags | None = None,
) -> tuple[list[list[float | None]], list[float]]:
    """Return the error of each chance of being best, [option][threshold], and of each EVPI.

    From resamples of draws, costs and effects resampled alike, luck taken out anew of those out of
    which `acceptability` takes it. Where it takes it out of neither, shares of draws need none.
    """
    thresholds = curve.index.to_numpy(np.float64)[:, None, None]
    even = np.ones(len(costs)) if weights is None else weights
    removed = [apart(one, still, weights).removed for one in (costs, effects)]
    pair = [
        voi.resampled(one, taken_out=out, weights=weights, certain=still)
        for one, out in zip((costs, effects), removed, strict=True)
    ]
    if pair[0] is None or pair[1] is None or not any(removed):
        values = thresholds * voi.over_replications(effects) - voi.over_replications(costs)
        return _plain(curve, values, even)
    rows, options = curve.shape
    place = options * np.arange(rows)[:, None]  # of a threshold's first option among all
    found = np.empty((len(pair[0].counts), rows, options + 1))
    for row, ((counts, cost), (_, effect)) in enumerate(zip(*pair, strict=True)):
        values = thresholds * effect - cost
        best = values.argmax(axis=2)
        top = np.take_along_axis(values, best[:, :, None], axis=2)[:, :, 0]
        own = counts * even
        whole = own.sum()
        shared = np.broadcast_to(own, best.shape).ravel()
        often = np.bincount((best + place).ravel(), shared, rows * options)
        found[row, :, :-1] = often.reshape(rows, options) / whole
        means = thresholds[:, 0] * (own @ effect) - own @ cost
        found[row, :, -1] = (top @ own - means.max(axis=1)) / whole
    spread = found.std(axis=0, ddof=1)
    return [[known_error(x) for x in one] for one in spread[:, :-1].T], spread[:, -1].tolist()


def _plain(
    curve: pd.DataFrame, values: Floats, weights: Floats
) -> tuple[list[list[float | None]], list[float]]:
    """Return what `curve_errors` does of [threshold, draw, option] that need no resamples."""
    draws = effective(weights, len(weights))
    shares = [[voi.share_error(one, draws) for one in curve[name]] for name in curve.columns]
    lost = values.max(axis=2, keepdims=True) - values
    best = np.average(values, axis=1, weights=weights).argmax(axis=1)
    knowing = [error(one[:, i], weights) or 0.0 for one, i in zip(lost, best, strict=True)]
    return shares, knowing


def highest_threshold(costs: Floats, effects: Floats) -> float:
    """Return an end of the axis: three times the dearest price of an incident, rounded up."""
    prices = [c / e for c, e in zip(costs, effects, strict=True) if e > 0 and c > 0]
    top = 3 * max(prices, default=1000.0)
    step = float(10 ** np.floor(np.log10(top)))
    return float(np.ceil(top / step) * step)


def of_run(
    names: Sequence[str], found: Mapping[str, Worth], among: Mapping[str, Floats]
) -> dict[str, Any] | str:
    """Return what decision.json says of acceptability, of the options that may be chosen.

    `among` holds the weights on draws of each school of thought on the effect.
    """
    costs, effects = (nested(names, found, one) for one in (PUBLIC_COST, AVERTED))
    if len(costs) < 2:
        return "not assessed"
    weights: list[Floats | None] = [None, *among.values()]
    still = certain(names, found)
    pairs = acceptability(costs, effects, names, weights, still)
    errors = [
        curve_errors(costs, effects, curve, own, still)
        for (curve, _), own in zip(pairs, weights, strict=True)
    ]
    whole, *schools = (_told(names, pair, own) for pair, own in zip(pairs, errors, strict=True))
    return {
        "cost": PUBLIC_COST,
        "effect": AVERTED,
        "unit": "GBP for each true incident averted",
        "thresholds": pairs[0][0].index.tolist(),
        **whole,
        "by_effect_prior": dict(zip(among, schools, strict=True)),
    }


def _told(
    names: Sequence[str],
    pair: tuple[pd.DataFrame, pd.DataFrame],
    errors: tuple[list[list[float | None]], list[float]],
) -> dict[str, Any]:
    """Return a curve and its frontier by threshold, each number with its Monte Carlo error."""
    curve, frontier = pair
    likely = dict(zip(names, errors[0], strict=True))
    return {
        "probability_best": {name: curve[name].tolist() for name in names},
        "probability_best_monte_carlo_error": likely,
        "frontier": {
            "option": frontier["option"].tolist(),
            "probability_best": frontier["probability_best"].tolist(),
            "probability_best_monte_carlo_error": [
                likely[name][i] for i, name in enumerate(frontier["option"])
            ],
            "evpi": frontier["evpi"].tolist(),
            "evpi_monte_carlo_error": errors[1],
        },
    }
