"""Chances over what is not known and not over luck, with or without weights on draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision.worth import nothing_of
from dapp_model.voi.arrays import not_from_zero

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


_SURE: Final = 0.95  # of the test that draws differ by more than luck


@dataclass(frozen=True, eq=False)
class Apart:
    """Values by draw and option, float64, the luck of repetitions taken out where `removed`.

    It cannot be where there are too few repetitions or draws to tell what is not known from luck:
    chances then hold luck as well, and are nearer to one half than they should be. `again` are
    resamples of the draws, luck taken out of each anew, from which errors are told: what is taken
    for luck errs itself. None where luck stays in, whose shares of draws need no resamples.
    """

    values: Floats
    removed: bool
    luck: voi.Luck
    again: voi.Resampled | None = None

    def among(self, options: Sequence[int]) -> Apart:
        """Return some of the options alone, luck taken out of all together as before."""
        again = self.again.among(options) if self.again is not None else None
        return replace(self, values=self.values[:, list(options)], again=again)


def apart(nested: Floats, certain: Flags | None = None, weights: Floats | None = None) -> Apart:
    """Take the luck of repetitions out of [draw, repetition, option].

    `certain` [draw, option] is where there is none (`worth.certain`). Under `weights` on draws
    mean, spread and luck are theirs, so that what is said of a part of the draws is what a run of
    that part alone would say. Whether luck can be taken out at all is told from all draws alike.
    """
    luck = voi.separate_luck(nested, weights=weights, certain=certain)
    removed = luck.corrected and _more_than_luck(nested)
    if not removed:
        return Apart(voi.over_replications(nested), removed, luck)
    return Apart(
        luck.values, removed, luck, voi.resampled(nested, weights=weights, certain=certain)
    )


def _more_than_luck(nested: Floats) -> bool:
    """Say whether draws differ by more than luck in every option that differs from the first.

    By the F test of an analysis of variance (draws need not have equally many repetitions: the test
    of one-way layouts that are not balanced). Where it fails, what is left after luck is taken out
    may be nothing or next to nothing, and chances would be 0 or 1 by accident.
    """
    from scipy import special

    made = voi.replications_made(nested)
    difference = nested - nested[:, :, :1]
    means = voi.over_replications(difference)
    apart = means - np.average(means, axis=0, weights=made)
    between = (made[:, None] * apart**2).sum(axis=0) / (len(made) - 1)
    spare = int((made - 1).sum())
    within = np.nansum((difference - means[:, None]) ** 2, axis=(0, 1)) / spare
    least = float(special.fdtri(len(made) - 1, spare, _SURE))
    return bool((between >= least * within).all())


def alone(values: Floats, certain: Flags | None = None) -> voi.Luck:
    """Take the luck of repetitions out of one quantity [draw, repetition]; values are [draw, 1].

    `certain` [draw] is where there is none. Unlike `apart` it does so however little is left: what
    is asked is what is expected in a draw, and where luck is nearly all of the spread, that is
    nearly the mean.
    """
    found = voi.separate_luck(_beside_nothing(values), certain=_beside_none(certain))
    return replace(found, values=found.values[:, 1:], luck_share=found.luck_share[1:])


def alone_again(values: Floats, certain: Flags | None = None) -> voi.Resampled | None:
    """Return resamples of what `alone` returns; None where it cannot take luck out."""
    found = voi.resampled(_beside_nothing(values), certain=_beside_none(certain))
    return found.among([1]) if found is not None else None


def _beside_nothing(values: Floats) -> Floats:
    return np.stack([nothing_of(values), values], axis=2)


def _beside_none(certain: Flags | None) -> Flags | None:
    return None if certain is None else np.stack([np.zeros_like(certain), certain], axis=1)


def mean(values: Floats, weights: Floats | None = None) -> float:
    """Return the mean over draws, of equal weight or not."""
    return float(np.average(values, weights=weights))


def error(values: Floats, weights: Floats | None = None) -> float | None:
    """Return the Monte Carlo error of `mean`; None with a single draw."""
    return voi.mean_error(values, weights)


def estimate(values: Floats) -> dict[str, float | None]:
    """Return the mean over draws and its standard error, None with a single draw."""
    return {"value": mean(values), "standard_error": error(values)}


def said(name: str, share: float, draws: float) -> dict[str, float | None]:
    """Return a share of draws and its error as decision.json has them, under its name."""
    return with_error(name, share, voi.share_error(share, draws))


def with_error(name: str, value: float, error: float | None) -> dict[str, float | None]:
    """Return a number and its Monte Carlo error as decision.json has them, under its name."""
    return {name: value, f"{name}_monte_carlo_error": error}


def beyond_noise(value: float, error: float | None) -> bool:
    """Say whether a number is told from zero: more than two Monte Carlo errors from it."""
    return error is not None and not not_from_zero(value, error)


def known_error(error: float) -> float | None:
    """Return an error from resamples, None where it is not known or no resample told otherwise."""
    return float(error) if error > 0 else None


def error_above(
    again: voi.Resampled | None, share: float, draws: float, weights: Floats | None = None
) -> float | None:
    """Return the error of the share of draws in which one quantity is above zero."""
    if again is None:
        return voi.share_error(share, draws)
    even = 1.0 if weights is None else weights

    def above(counts: Floats, values: Floats) -> float:
        own = counts * even
        whole = float(own.sum())
        return float(own @ (values[:, 0] > 0)) / whole if whole > 0 else np.nan

    return known_error(float(again.error(above)))


def effective(weights: Floats | None, draws: int) -> float:
    """Return how many draws of equal weight would say as much (Kish): the square of sums."""
    return draws if weights is None else float(weights.sum() ** 2 / (weights**2).sum())


def quantiles(values: Floats, weights: Floats, at: tuple[float, ...]) -> list[float]:
    """Return quantiles of weighted draws, between draws as numpy's are where weights are equal."""
    order = np.argsort(values, kind="stable")
    order = order[weights[order] > 0]
    before = np.cumsum(weights[order]) - weights[order]
    if len(order) == 1:  # all the weight lies on one draw
        return [float(values[order[0]])] * len(at)
    return [float(x) for x in np.interp(at, before / before[-1], values[order])]


def chance_best(values: Floats, may: list[bool], weights: Floats | None = None) -> list[float]:
    """Return how likely each option is best of those that may be chosen; 0 for the others.

    `values` are [draw, option]. Where several are equally good, the first of them counts.
    """
    able = [i for i, one in enumerate(may) if one]
    own = values[:, able]
    found = voi.probability_best(own, weights) if len(own) > 1 else _best(own)
    chances = dict(zip(able, found.tolist(), strict=True))
    return [float(chances.get(i, 0.0)) for i in range(len(may))]


def of_options(
    sure: Apart, may: list[bool], weights: Floats | None = None
) -> list[dict[str, float | None]]:
    """Return by option how likely it is best, or worse than the first, each with its error.

    Best of those that may be chosen. Errors are those of resamples where luck has been taken out,
    and of shares of draws where it stays in.
    """
    best = chance_best(sure.values, may, weights)
    below = (sure.values < sure.values[:, :1]).astype(np.float64)
    worse = [mean(below[:, i], weights) for i in range(len(may))]
    errors = _errors(sure, may, (best, worse), weights)
    return [
        with_error("chance_best", best[i], errors[0][i])
        | with_error("chance_worse", worse[i], errors[1][i])
        for i in range(len(may))
    ]


def _errors(
    sure: Apart, may: list[bool], shares: tuple[list[float], ...], weights: Floats | None
) -> list[list[float | None]]:
    """Return the errors of both chances by option."""
    if sure.again is None:
        draws = effective(weights, len(sure.values))
        return [[voi.share_error(share, draws) for share in one] for one in shares]
    even = 1.0 if weights is None else weights
    able = [i for i, one in enumerate(may) if one]

    def chances(counts: Floats, values: Floats) -> Floats:
        own, found = counts * even, np.zeros((2, len(may)))
        found[0, able] = voi.shares_best(own, values[:, able])
        found[1] = voi.shares_worse(own, values)
        return found

    return [[known_error(x) for x in row] for row in sure.again.error(chances).tolist()]


def losses(
    sure: Apart, weights: Floats | None = None
) -> tuple[Floats, list[float | None], dict[str, float | None]]:
    """Return what each option loses on average against the best in each draw, and its error.

    And the smallest of them as decision.json has it, which is what knowing everything is worth.
    """
    lost = sure.values.max(axis=1, keepdims=True) - sure.values
    found = np.average(lost, axis=0, weights=weights)
    least = int(found.argmin())
    if sure.again is None:
        errors = [error(one, weights) for one in lost.T]
        return found, errors, with_error("evpi", float(found[least]), errors[least])
    even = 1.0 if weights is None else weights

    def again(counts: Floats, values: Floats) -> Floats:
        own = voi.losses(counts * even, values)
        return np.append(own, own.min())

    *several, smallest = sure.again.error(again).tolist()
    return found, several, with_error("evpi", float(found[least]), smallest)


def _best(values: Floats) -> Floats:
    """Return the chance of being best from one draw, which plain arrays do not take."""
    return np.asarray(np.eye(values.shape[1])[values.argmax(axis=1)].mean(axis=0))
