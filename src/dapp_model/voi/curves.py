"""How sure a choice is: probability best, expected loss, acceptability, frontier, chance wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    Estimate,
    Floats,
    mean_error,
    net_benefits,
    not_from_zero,
    option_names,
    weights_of,
)
from dapp_model.voi.resampling import Resampled, over_draws, resamples_of

if TYPE_CHECKING:
    import pandas as pd


def probability_best(net_benefit: ArrayOrFrame, weights: Floats | None = None) -> Floats:
    """Return the share of draws in which each option is best, float64 [option]; adds up to 1.

    Where several are equally good, the first of them counts. `weights` float64 [draw] on draws,
    equal by default, need not add up to 1. Raises ValueError on others.
    """
    values = net_benefits(net_benefit)
    even = weights_of(weights, len(values))
    best = np.bincount(values.argmax(axis=1), even, minlength=values.shape[1])
    return np.asarray(best / best.sum())  # 1 and not next to it where one is best in every draw


def expected_loss(net_benefit: ArrayOrFrame, weights: Floats | None = None) -> Floats:
    """Return what is lost on average by each option against the best in each draw, in GBP.

    The smallest of them is the expected value of perfect information. `weights` as in
    `probability_best`.
    """
    values = net_benefits(net_benefit)
    lost = values.max(axis=1, keepdims=True) - values
    return np.asarray(np.average(lost, axis=0, weights=weights_of(weights, len(lost))))


def chance_wrong(
    net_benefit: ArrayOrFrame,
    advised: int,
    against: int,
    *,
    again: Resampled | None = None,
    weights: Floats | None = None,
) -> tuple[Estimate, Estimate]:
    """Return the chance that another option is better than the advised, and the mean loss in GBP.

    Over parameters and not over luck if replications are given. The loss is a mean over all draws,
    zero where the advice is right. `again` are resamples of what `net_benefit` was told from where
    luck has been taken out, made here where replications are given: errors come from them.
    `weights` as in `probability_best`.
    """
    values = net_benefits(net_benefit)
    even = weights_of(weights, len(values))

    def both(drawn: Floats) -> Floats:
        lost = np.maximum(drawn[:, against] - drawn[:, advised], 0.0)
        return np.stack([lost > 0, lost])

    found = both(values)
    means = np.average(found, axis=1, weights=even)
    again = again or resamples_of(net_benefit)
    if again is not None:
        errors = again.error(lambda counts, drawn: over_draws(both(drawn), counts * even))
    else:
        errors = np.array([mean_error(one, even) for one in found], np.float64)
    wrong, loss = (_estimate(*one) for one in zip(means.tolist(), errors.tolist(), strict=True))
    return wrong, loss


def loss_when_wrong(
    net_benefit: ArrayOrFrame, advised: int, against: int, *, again: Resampled | None = None
) -> Estimate | None:
    """Return what is lost on average where another option is better than the advised, in GBP.

    None where it is better in no draw. A ratio of means; its error is from resamples as in
    `chance_wrong`, and else that of a ratio of sums.
    """
    values = net_benefits(net_benefit)
    lost = np.maximum(values[:, against] - values[:, advised], 0.0)
    wrong = lost > 0
    if not wrong.any():
        return None
    mean = float(lost[wrong].mean())
    again = again or resamples_of(net_benefit)
    if again is None:
        spread = mean_error(lost - mean * wrong)
        return _estimate(mean, np.nan if spread is None else spread / float(wrong.mean()))

    def of(counts: Floats, drawn: Floats) -> float:
        lost = np.maximum(drawn[:, against] - drawn[:, advised], 0.0)
        there = float(counts @ (lost > 0))
        return float(counts @ lost) / there if there > 0 else np.nan

    return _estimate(mean, float(again.error(of)))


def acceptability(
    costs: ArrayOrFrame,
    effects: ArrayOrFrame,
    thresholds: Sequence[float],
    weights: Floats | None = None,
) -> pd.DataFrame:
    """Return the probability that each option is best, by what a unit of effect is worth.

    Costs in GBP and effects in one unit, both draws x options. Rows are thresholds in GBP for a
    unit, columns options. `weights` as in `probability_best`.
    """
    import pandas as pd

    cost, effect = _pair(costs, effects)
    rows = [probability_best(threshold * effect - cost, weights) for threshold in thresholds]
    index = pd.Index(list(thresholds), name="threshold", dtype=np.float64)
    return pd.DataFrame(np.array(rows), index=index, columns=option_names(costs))


def frontier(
    costs: ArrayOrFrame,
    effects: ArrayOrFrame,
    thresholds: Sequence[float],
    weights: Floats | None = None,
) -> pd.DataFrame:
    """Return, by threshold, the option with the best mean, how likely it is best, and the EVPI.

    The option of the best mean is not always the likeliest to be best: so the frontier, and not
    the highest curve, is read for a choice. `weights` as in `probability_best`.
    """
    import pandas as pd

    cost, effect = _pair(costs, effects)
    names = option_names(costs)
    rows = []
    for threshold in thresholds:
        values = threshold * effect - cost
        even = weights_of(weights, len(values))
        best = int(np.average(values, axis=0, weights=even).argmax())
        likely, lost = probability_best(values, weights), expected_loss(values, weights)
        rows.append((names[best], likely[best], float(lost.min())))
    index = pd.Index(list(thresholds), name="threshold", dtype=np.float64)
    return pd.DataFrame(rows, index=index, columns=["option", "probability_best", "evpi"])


def _pair(costs: ArrayOrFrame, effects: ArrayOrFrame) -> tuple[Floats, Floats]:
    cost, effect = net_benefits(costs), net_benefits(effects)
    if cost.shape != effect.shape:
        raise ValueError(
            f"Costs and effects have the same draws and options; these have the shapes "
            f"{cost.shape} and {effect.shape}."
        )
    return cost, effect


def _estimate(value: float, error: float) -> Estimate:
    return Estimate(value, error, not_from_zero(value, error))
