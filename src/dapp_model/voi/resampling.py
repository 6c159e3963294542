"""Errors of what is told without luck: draws are resampled, and luck is taken out anew each time.

What luck is taken for comes from a few draws with several repetitions. A value from which it has
been taken out errs because there are only so many draws, and because luck itself is not known
exactly; the values of all draws then move together. The spread over draws holds the first alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.voi.arrays import ArrayOrFrame, Floats, nested_numbers, over_replications
from dapp_model.voi.luck import FEWEST_NESTED, non_negative, replications_made, transport

RESAMPLES: Final = 200  # their number errs a standard error by a twentieth of it
SEED: Final = 1
_BITS: Final = 40


@dataclass(frozen=True, eq=False)
class Resampled:
    """What values without luck would have been from other draws of the same kind.

    `counts` float64 [resample, draw] are how often each draw is in a resample: draws are resampled
    among those that have as many replications, so that each resample is laid out as the draws are.
    `plain` float64 [draw, option] are means over replications and `products` [draw, option, option]
    those of what replications differ from them by, in differences from the first option; `made`
    float64 [draw] how many replications each has. `chosen` are the options that are looked at.
    Where not `taken_out` values are plain means, resampled alike.
    """

    counts: Floats
    plain: Floats
    products: Floats
    made: Floats
    chosen: tuple[int, ...]
    taken_out: bool

    def among(self, options: Sequence[int]) -> Resampled:
        """Return some of the options alone, luck taken out of all together as before."""
        return replace(self, chosen=tuple(self.chosen[i] for i in options))

    def __iter__(self) -> Iterator[tuple[Floats, Floats]]:
        """Go through resamples: how often each draw is in it, and values [draw, option].

        Options that are worth the same must not be told apart by how sums were rounded.
        """
        chosen, step = list(self.chosen), _rounded_to(self.plain)
        first, apart = self.plain[:, :1], self.plain - self.plain[:, :1]
        for counts, centre, map_ in zip(self.counts, *self._moves, strict=True):
            moved = first + centre[chosen] + (apart - centre) @ map_[:, chosen]
            yield counts, np.rint(moved / step) * step

    def each(self, statistic: Callable[[Floats, Floats], ArrayOrFrame]) -> Floats:
        """Return a statistic of each resample, float64 [resample, ...]: of counts and values."""
        return np.array([statistic(*one) for one in self], dtype=np.float64)

    def error(self, statistic: Callable[[Floats, Floats], ArrayOrFrame]) -> Floats:
        """Return the standard error of a statistic, float64 [...].

        Resamples in which it is not a number, as where draws of no weight alone are in one, are
        left out; nan where fewer than two are left.
        """
        found = self.each(statistic)
        known = np.isfinite(found).reshape(len(found), -1).all(axis=1)
        if known.sum() < 2:
            return np.full(found.shape[1:], np.nan)
        return np.asarray(found[known].std(axis=0, ddof=1))

    @cached_property
    def _moves(self) -> tuple[Floats, Floats]:
        """Return the mean difference [resample, option] and how those of draws are drawn in.

        As `separate_luck` does it, for all resamples at once: the second is [resample, option,
        option].
        """
        n, options = self.plain.shape
        apart = self.plain - self.plain[:, :1]
        middle = apart.mean(axis=0)
        near = apart - middle  # so that nothing is lost in the difference of squares
        squares = (near[:, :, None] * near[:, None, :]).reshape(n, -1)
        shift = self.counts @ near / n
        if not self.taken_out:
            return middle + shift, np.broadcast_to(np.eye(options), (len(shift), options, options))
        total = (self.counts @ squares).reshape(-1, options, options)
        total = (total - n * shift[:, :, None] * shift[:, None, :]) / (n - 1)
        several = self.made > 1
        luck = self.counts[:, several] @ self.products[several].reshape(int(several.sum()), -1)
        luck = luck.reshape(-1, options, options) / (self.made - 1).sum()
        between = non_negative(total - luck * float((1.0 / self.made).mean()))
        return middle + shift, transport(total, between)


def resampled(
    net_benefit: ArrayOrFrame,
    *,
    taken_out: bool = True,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Resampled | None:
    """Return resamples of net benefits [draw, replication, option].

    None where `separate_luck` cannot tell luck apart either. Draws that are laid out alike are
    resampled alike under one seed, so that resamples of two quantities go together.
    """
    found = nested_numbers(net_benefit)
    made = replications_made(found)
    if (made > 1).sum() < FEWEST_NESTED:
        return None
    apart = found - found[:, :, :1]
    within = np.nan_to_num(apart - over_replications(apart)[:, None, :])
    return Resampled(
        counts=_counts(made, resamples, seed),
        plain=over_replications(found),
        products=np.einsum("drj,drk->djk", within, within),
        made=made.astype(np.float64),
        chosen=tuple(range(found.shape[2])),
        taken_out=taken_out,
    )


def resamples_of(given: ArrayOrFrame) -> Resampled | None:
    """Return resamples of what has replications; None of plain draws x options."""
    return resampled(given) if np.ndim(given) == 3 else None


def _counts(made: npt.NDArray[np.int64], resamples: int, seed: int) -> Floats:
    """Return how often each draw is in each resample, float64 [resample, draw]."""
    rng = np.random.default_rng(seed)
    found = np.zeros((resamples, len(made)))
    before = np.arange(resamples)[:, None]
    for number in np.unique(made):
        own = np.flatnonzero(made == number)
        size = len(own)
        drawn = (rng.integers(0, size, (resamples, size)) + size * before).ravel()
        found[:, own] = np.bincount(drawn, minlength=resamples * size).reshape(resamples, size)
    return found


def _rounded_to(values: Floats) -> float:
    """Return a power of two some 1e-12 of the largest value."""
    largest = float(np.abs(values).max(initial=0.0))
    return float(2.0 ** (np.floor(np.log2(largest)) - _BITS)) if largest > 0 else 1.0


# -- statistics of one resample -------------------------------------------------------------------


def shares_best(weights: Floats, values: Floats) -> Floats:
    """Return the weight of draws in which each option is best, as a share of all, [option]."""
    best = values.argmax(axis=1)
    sums = np.asarray(np.bincount(best, weights, values.shape[1]), dtype=np.float64)
    return _over(sums, weights)


def shares_worse(weights: Floats, values: Floats) -> Floats:
    """Return the weight of draws in which each option is worse than the first, [option]."""
    return over_draws((values < values[:, :1]).T.astype(np.float64), weights)


def losses(weights: Floats, values: Floats) -> Floats:
    """Return what each option loses on average against the best in each draw, [option]."""
    return over_draws((values.max(axis=1, keepdims=True) - values).T, weights)


def over_draws(values: Floats, weights: Floats) -> Floats:
    """Return means over draws of values [..., draw], nan where no draw has any weight."""
    return _over(values @ weights, weights)


def _over(sums: Floats, weights: Floats) -> Floats:
    """Return sums over draws as means, nan where no draw has any weight."""
    whole = float(weights.sum())
    return np.asarray(sums / whole) if whole > 0 else np.full(np.shape(sums), np.nan)
