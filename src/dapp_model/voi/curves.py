"""How sure a choice is: probability best, expected loss, acceptability, frontier, chance wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    Estimate,
    Floats,
    net_benefits,
    not_from_zero,
    option_names,
)
from dapp_model.voi.resampling import Resampled, resamples_of

if TYPE_CHECKING:
    import pandas as pd


def probability_best(net_benefit: ArrayOrFrame) -> Floats:
    """Return the share of draws in which each option is best, float64 [option]; adds up to 1.

    Where several are equally good, the first of them counts.
    """
    values = net_benefits(net_benefit)
    return np.asarray(np.bincount(values.argmax(axis=1), minlength=values.shape[1]) / len(values))


def expected_loss(net_benefit: ArrayOrFrame) -> Floats:
    """Return what is lost on average by each option against the best in each draw, in GBP.

    The smallest of them is the expected value of perfect information.
    """
    values = net_benefits(net_benefit)
    return np.asarray((values.max(axis=1, keepdims=True) - values).mean(axis=0))


def chance_wrong(
    net_benefit: ArrayOrFrame, advised: int, against: int, *, again: Resampled | None = None
) -> tuple[Estimate, Estimate]:
    """Return the chance that another option is better than the advised, and the mean loss in GBP.

    Over parameters and not over luck if replications are given. The loss is a mean over all draws,
    zero where the advice is right. `again` are resamples of what `net_benefit` was told from where
    luck has been taken out, made here where replications are given: errors come from them.
    """
    values = net_benefits(net_benefit)

    def both(drawn: Floats) -> Floats:
        lost = np.maximum(drawn[:, against] - drawn[:, advised], 0.0)
        return np.stack([lost > 0, lost])

    wrong, loss = both(values)
    again = again or resamples_of(net_benefit)
    if again is None:
        return _mean(wrong), _mean(loss)
    errors = again.error(lambda counts, drawn: both(drawn) @ counts / counts.sum())
    return _estimate(wrong, float(errors[0])), _estimate(loss, float(errors[1]))


def acceptability(
    costs: ArrayOrFrame, effects: ArrayOrFrame, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Return the probability that each option is best, by what a unit of effect is worth.

    Costs in GBP and effects in one unit, both draws x options. Rows are thresholds in GBP for a
    unit, columns options.
    """
    import pandas as pd

    cost, effect = _pair(costs, effects)
    rows = [probability_best(threshold * effect - cost) for threshold in thresholds]
    index = pd.Index(list(thresholds), name="threshold", dtype=np.float64)
    return pd.DataFrame(np.array(rows), index=index, columns=option_names(costs))


def frontier(
    costs: ArrayOrFrame, effects: ArrayOrFrame, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Return, by threshold, the option with the best mean, how likely it is best, and the EVPI.

    The option of the best mean is not always the likeliest to be best: so the frontier, and not
    the highest curve, is read for a choice.
    """
    import pandas as pd

    cost, effect = _pair(costs, effects)
    names = option_names(costs)
    rows = []
    for threshold in thresholds:
        values = threshold * effect - cost
        best = int(values.mean(axis=0).argmax())
        rows.append(
            (names[best], probability_best(values)[best], float(expected_loss(values).min()))
        )
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


def _mean(values: Floats) -> Estimate:
    return _estimate(values, float(values.std(ddof=1) / np.sqrt(len(values))))


def _estimate(values: Floats, error: float) -> Estimate:
    return Estimate(float(values.mean()), error, not_from_zero(float(values.mean()), error))
