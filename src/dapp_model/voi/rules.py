"""What a rule is worth that turns data into a choice: fitted on some draws, valued on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    Estimate,
    Floats,
    frame_of,
    mean_net_benefits,
    not_from_zero,
)
from dapp_model.voi.regression import predictor

if TYPE_CHECKING:
    import pandas as pd

Choices = npt.NDArray[np.int64]

FOLDS: Final = 5
_CUTS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # quantiles tried
_ROUNDS: Final = 3


def rule_value(
    data: ArrayOrFrame, net_benefit: ArrayOrFrame, folds: int = FOLDS, *, seed: int = 1
) -> Estimate:
    """Return what the best use of data is worth, in GBP, against choosing without them.

    `data` is draws x what would be seen. In each fold, a regression on the other draws predicts
    which option is best from the data, and the choice is valued by the fold's own net benefit,
    against the option that is best on average among the other draws. No draw is valued by a rule
    that has seen it: pure noise is worth nothing within the error, and may come out below zero.
    """
    values = mean_net_benefits(net_benefit)
    chosen, without = choices_by_data(data, values, folds, seed=seed)
    row = np.arange(len(values))
    return _mean(values[row, chosen] - values[row, without])


def choices_by_data(
    data: ArrayOrFrame, net_benefit: ArrayOrFrame, folds: int = FOLDS, *, seed: int = 1
) -> tuple[Choices, Choices]:
    """Return the option chosen in each draw by the best use of data, and the one without data.

    Both are chosen on draws of the other folds.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(data, len(values), "data")
    chosen, without = np.zeros((2, len(values)), np.int64)
    for own in _folds(len(values), folds, seed):
        others = ~own
        without[own] = int(values[others].mean(axis=0).argmax())
        choose = predictor(values[others], frame[others])
        chosen[own] = choose(frame[own]).argmax(axis=1)
    return chosen, without


def choices_for(
    data: ArrayOrFrame,
    net_benefit: ArrayOrFrame,
    elsewhere: pd.DataFrame | None = None,
    *,
    folds: int = FOLDS,
    seed: int = 1,
) -> tuple[Choices, Choices]:
    """Return the option chosen by the best use of data in each draw, and in draws elsewhere.

    `elsewhere` are what would be seen in further draws, the k-th of which has something in common
    with draw k and is decided by the fold's rule that has not seen that draw. Raises ValueError if
    there are more of them than draws.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(data, len(values), "data")
    more = 0 if elsewhere is None else len(elsewhere)
    if more > len(values):
        raise ValueError(f"There are {more} draws elsewhere and only {len(values)} here.")
    chosen, there = np.zeros(len(values), np.int64), np.zeros(more, np.int64)
    for own in _folds(len(values), folds, seed):
        choose = predictor(values[~own], frame[~own])
        chosen[own] = choose(frame[own]).argmax(axis=1)
        if elsewhere is not None and own[:more].any():
            there[own[:more]] = choose(elsewhere[own[:more]]).argmax(axis=1)
    return chosen, there


def stated_rule_value(choices: Sequence[int] | Choices, net_benefit: ArrayOrFrame) -> Estimate:
    """Return what a rule in words is worth, in GBP, given the option it chooses in each draw.

    Against the option that is best on average; below zero where the rule does harm.
    """
    values = mean_net_benefits(net_benefit)
    chosen = values[np.arange(len(values)), np.asarray(choices, dtype=np.int64)]
    return _mean(chosen - values[:, int(values.mean(axis=0).argmax())])


@dataclass(frozen=True)
class ThresholdRule:
    """A rule that people can use: one act if every figure lies on the right side of its limit.

    `limits` maps a figure to its limit. `value` is against the better of the two acts without
    data, from draws that the rule has not seen; `chance` is how often the act is chosen.
    """

    act: int
    otherwise: int
    limits: Mapping[str, float]
    above: Mapping[str, bool]
    chance: float
    value: Estimate

    def words(self, names: Sequence[str]) -> str:
        """Return the rule as a sentence."""
        parts = [
            f"{figure} is {'above' if self.above[figure] else 'below'} {limit:.3g}"
            for figure, limit in self.limits.items()
            if np.isfinite(limit)
        ]
        if not parts:
            return f"Choose {names[self.act]} whatever the figures say."
        return f"Choose {names[self.act]} if {' and '.join(parts)}; else {names[self.otherwise]}."


def threshold_rule(
    data: ArrayOrFrame,
    net_benefit: ArrayOrFrame,
    above: Mapping[str, bool],
    *,
    acts: tuple[int, int],
    seed: int = 1,
) -> ThresholdRule:
    """Fit limits for a rule in words, and value it on draws that it has not seen.

    `above` names the figures and whether more of each speaks for the first of `acts`. Limits are
    quantiles of the figures, or none, found one figure after the other in three rounds; they are
    fitted on all draws, and valued by refitting in each of five folds on the other draws.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(data, len(values), "data")
    missing = [name for name in above if name not in frame.columns]
    if missing:
        raise ValueError(f"The data have no column {missing[0]!r}.")
    act, otherwise = acts
    gain = values[:, act] - values[:, otherwise]
    signed = np.stack([frame[n].to_numpy() * (1 if up else -1) for n, up in above.items()], axis=1)
    held = np.zeros(len(values))
    for own in _folds(len(values), FOLDS, seed):
        limits = _fit_limits(signed[~own], gain[~own])
        without = float(gain[~own].mean()) > 0
        held[own] = gain[own] * ((signed[own] > limits).all(axis=1).astype(float) - without)
    limits = _fit_limits(signed, gain)
    chosen = (signed > limits).all(axis=1)
    signs = np.array([1.0 if up else -1.0 for up in above.values()])
    return ThresholdRule(
        act=act,
        otherwise=otherwise,
        limits=dict(zip(above, (signs * limits).tolist(), strict=True)),
        above=dict(above),
        chance=float(chosen.mean()),
        value=_mean(held),
    )


def _fit_limits(signed: Floats, gain: Floats) -> Floats:
    limits = np.full(signed.shape[1], -np.inf)
    for _ in range(_ROUNDS):
        before = limits.copy()
        for j in range(len(limits)):
            others = np.delete(signed, j, axis=1) > np.delete(limits, j)
            allowed = others.all(axis=1)
            tried = [-np.inf, *np.quantile(signed[:, j], _CUTS)]
            worth = [float((gain * (allowed & (signed[:, j] > cut))).mean()) for cut in tried]
            limits[j] = tried[int(np.argmax(worth))]
        if (limits == before).all():
            break
    return limits


def _folds(draws: int, folds: int, seed: int) -> list[npt.NDArray[np.bool_]]:
    """Return masks of equal shares of the draws, at random: draws may come in an order."""
    if not 2 <= folds <= draws // 2:
        raise ValueError(f"{draws} draws can be split into 2 to {draws // 2} folds, not {folds}.")
    place = np.random.default_rng(seed).permutation(draws) % folds
    return [place == fold for fold in range(folds)]


def _mean(gains: Floats) -> Estimate:
    error = float(gains.std(ddof=1) / np.sqrt(len(gains)))
    return Estimate(float(gains.mean()), error, not_from_zero(float(gains.mean()), error))
