"""What parameters do and what luck does, told apart from nested draws x replications.

Being wrong is about parameters: about what could be known. The mean of a few replications still
holds luck, so options look further apart from draw to draw than they are: probability best and
expected value of information would count luck as if somebody could learn it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    Floats,
    nested_numbers,
    over_replications,
    weights_of,
)

if TYPE_CHECKING:
    import pandas as pd

FEWEST_NESTED: Final = 3  # draws of several replications from which luck can be told
_BITS: Final = 40
_NOTHING: Final = 1e-12  # of the largest eigenvalue: directions in which options do not differ


@dataclass(frozen=True, eq=False)
class Luck:
    """Nested net benefits taken apart.

    `values` float64 [draw, option] are means of draws from which luck is taken out; their mean is
    that of the plain means. `parameters` and `luck` are covariances [option, option] of differences
    from the first option: between draws, and of one replication. `luck_share` [option] is how much
    of the variance of a plain mean is luck. `replications` are the most in any draw, `mean_share`
    the mean of one over their number: the luck that is left in a plain mean, as a share of that of
    one replication. `corrected` is False where it could not be done.
    """

    values: Floats
    parameters: Floats
    luck: Floats
    luck_share: Floats
    replications: int
    mean_share: float
    corrected: bool


def separate_luck(
    net_benefit: ArrayOrFrame,
    *,
    weights: Floats | None = None,
    certain: npt.NDArray[np.bool_] | None = None,
) -> Luck:
    """Separate parameter from chance variance of net benefits [draw, replication, option].

    Differences from the first option are drawn in towards their mean until their covariance is
    that between draws alone: by the least movement that does it (the optimal transport between two
    normal distributions; with two options, a plain shrinkage by the square root of the reliable
    share). The covariance, and not only the mean, has to be right: full shrinkage to the best
    guess of each draw (empirical Bayes) would draw in too far and understate the chance of being
    wrong. Without two replications in each of three draws nothing can be told apart, and the plain
    means come back with `corrected` False.

    Draws may have different numbers of replications, those not made being nan: luck is then told
    from the draws that have several, and the covariance of all means holds as much of it as is
    left in them on average. Which draws have several must not depend on what they are worth.

    `weights` float64 [draw] on draws, equal by default: mean, spread and luck are those of draws
    that count so, as under one part of a prior, where luck may be larger or smaller than over all.
    `certain` [draw, option] is True where an option differs from the first by no luck at all, as
    where it comes to nothing whatever happens: it stays as it is there, and its luck elsewhere is
    told from the other draws alone.
    """
    found = nested_numbers(net_benefit)
    if found.ndim != 3 or 0 in found.shape:
        raise ValueError(
            f"Nested net benefits have draws x replications x options, not {found.shape}."
        )
    even = weights_of(weights, len(found))
    whole = _separated(found, even)
    if certain is None or not whole.corrected:
        return whole
    values = whole.values.copy()
    plain = over_replications(found)
    for column in np.flatnonzero(certain.any(axis=0)):
        moves = ~certain[:, column]
        values[~moves, column] = plain[~moves, column]
        if moves.any():
            values[moves, column] = _separated(found[moves], even[moves]).values[:, column]
    return replace(whole, values=values)


def _separated(found: Floats, weights: Floats) -> Luck:
    n_replications, n_options = found.shape[1:]
    plain = over_replications(found)
    made = replications_made(found)
    left = float(np.average(1.0 / made, weights=weights)) if weights.any() else np.nan
    if ((made > 1) & (weights > 0)).sum() < FEWEST_NESTED:
        nothing = np.full((n_options, n_options), np.nan)
        unknown = np.full(n_options, np.nan)
        return Luck(plain, nothing, nothing, unknown, n_replications, left, False)
    apart = plain - plain[:, :1]
    moments = moments_of(apart, products_of(found), made, weights, np.ones((1, len(found))))
    centre, total, luck, between = (one[0] for one in moments)
    variance = np.diag(total)
    share = np.divide(np.diag(luck) * left, variance, out=np.zeros(n_options), where=variance > 0)
    values = plain[:, :1] + centre + (apart - centre) @ transport(total, between)
    step = step_of(plain)
    return Luck(
        values=np.rint(values / step) * step,
        parameters=between,
        luck=luck,
        luck_share=np.minimum(share, 1.0),
        replications=n_replications,
        mean_share=left,
        corrected=True,
    )


def step_of(values: Floats) -> float:
    """Return a power of two some 1e-12 of the largest value: what values are rounded to.

    Options that are worth the same must not be told apart by how sums were rounded.
    """
    largest = float(np.abs(values).max(initial=0.0))
    return float(2.0 ** (np.floor(np.log2(largest)) - _BITS)) if largest > 0 else 1.0


def products_of(nested: Floats) -> Floats:
    """Return by draw the products of what replications differ from their mean by.

    [draw, option, option], in differences from the first option.
    """
    apart = nested - nested[:, :, :1]
    within = np.nan_to_num(apart - over_replications(apart)[:, None, :])
    return np.asarray(np.einsum("drj,drk->djk", within, within))


def moments_of(
    apart: Floats,
    products: Floats,
    made: npt.NDArray[np.int64],
    weights: Floats,
    counts: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return mean difference, its covariance, that of luck and that between draws, by resample.

    `apart` [draw, option] are differences of means from the first option, `counts` [resample, draw]
    how often each draw is in a resample, of which it has `weights` each time. Returns [resample,
    option] and three [resample, option, option].
    """
    n, options = apart.shape
    own = counts * weights
    whole = np.maximum(own.sum(axis=1), np.finfo(np.float64).tiny)
    middle = np.average(apart, axis=0, weights=weights)
    near = apart - middle  # so that nothing is lost in the difference of squares
    squares = (near[:, :, None] * near[:, None, :]).reshape(n, -1)
    shift = own @ near / whole[:, None]
    total = (own @ squares / whole[:, None]).reshape(-1, options, options)
    share = weights / weights.sum()
    total = (total - shift[:, :, None] * shift[:, None, :]) / (1 - (share**2).sum())
    several = made > 1
    spare = (own[:, several] @ (made[several] - 1.0))[:, None]
    luck = own[:, several] @ products[several].reshape(int(several.sum()), -1)
    # A resample may hold none of a few draws with several replications: it tells no luck.
    luck = np.divide(luck, spare, out=np.zeros_like(luck), where=spare > 0)
    luck = luck.reshape(-1, options, options)
    left = own @ (1.0 / made) / whole
    between = non_negative(total - luck * left[:, None, None])
    return middle + shift, total, luck, between


def replications_made(nested: Floats) -> npt.NDArray[np.int64]:
    """Return how many replications each draw has, int64 [draw], of [draw, replication, option]."""
    return np.asarray((~np.isnan(nested[:, :, 0])).sum(axis=1))


def error_by_replications(found: Luck, draws: int, replications: Sequence[int]) -> pd.DataFrame:
    """Return the Monte Carlo error of each mean difference, by replications per draw.

    Rows are numbers of replications; columns options, and `runs` = draws x replications. A number
    of replications is chosen where the next does little: what is left is the spread of parameters,
    which only more draws reduce.
    """
    import pandas as pd

    rows = {}
    for n in replications:
        variance = np.diag(found.parameters) + np.diag(found.luck) / n
        rows[n] = [draws * n, *np.sqrt(variance / draws)]
    names = ["runs", *(f"option {i + 1}" for i in range(len(found.parameters)))]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    table.index.name = "replications"
    return table


def non_negative(matrix: Floats) -> Floats:
    """Return the nearest covariance: negative eigenvalues, which are noise, become zero.

    Of one matrix [option, option] or of many [..., option, option], like all below.
    """
    values, vectors = np.linalg.eigh(matrix)
    return _of_eigen(np.maximum(values, 0.0), vectors)


def _of_eigen(values: Floats, vectors: Floats) -> Floats:
    """Return the matrix of these eigenvalues and vectors."""
    return np.asarray((vectors * values[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def _power(matrix: Floats, power: float) -> Floats:
    """Return a power of a covariance over the directions in which it has any spread."""
    values, vectors = np.linalg.eigh(matrix)
    largest = values.max(axis=-1, initial=0.0, keepdims=True)
    kept = values > _NOTHING * np.maximum(largest, np.finfo(np.float64).tiny)
    return _of_eigen(np.where(kept, np.where(kept, values, 1.0) ** power, 0.0), vectors)


def transport(total: Floats, between: Floats) -> Floats:
    """Return the symmetric map that turns one covariance into the other with least movement."""
    root, inverse = _power(total, 0.5), _power(total, -0.5)
    return np.asarray(inverse @ _power(root @ between @ root, 0.5) @ inverse)
