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

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    Floats,
    nested_numbers,
    over_replications,
    weights_of,
)
from dapp_model.voi.luck import (
    FEWEST_NESTED,
    moments_of,
    products_of,
    replications_made,
    step_of,
    transport,
)

RESAMPLES: Final = 200  # their number errs a standard error by a twentieth of it
SEED: Final = 1


@dataclass(frozen=True, eq=False)
class Resampled:
    """What values without luck would have been from other draws of the same kind.

    `counts` float64 [resample, draw] are how often each draw is in a resample: draws are resampled
    among those that have as many replications, so that each resample is laid out as the draws are.
    `plain` float64 [draw, option] are means over replications and `products` [draw, option, option]
    those of what replications differ from them by, in differences from the first option; `made`
    [draw] how many replications each has, and `weights` float64 [draw] how much each counts.
    `chosen` are the options that are looked at. Where not `taken_out` values are plain means,
    resampled alike. `apart_from` holds, of options that are certain in some draws, their place,
    the other draws, and resamples of these alone.
    """

    counts: Floats
    plain: Floats
    products: Floats
    made: npt.NDArray[np.int64]
    weights: Floats
    chosen: tuple[int, ...]
    taken_out: bool
    apart_from: tuple[tuple[int, npt.NDArray[np.bool_], Resampled], ...] = ()

    def among(self, options: Sequence[int]) -> Resampled:
        """Return some of the options alone, luck taken out of all together as before."""
        return replace(self, chosen=tuple(self.chosen[i] for i in options))

    def __iter__(self) -> Iterator[tuple[Floats, Floats]]:
        """Go through resamples: how often each draw is in it, and values [draw, option].

        Options that are worth the same must not be told apart by how sums were rounded.
        """
        chosen, step = list(self.chosen), step_of(self.plain)
        for number, counts in enumerate(self.counts):
            yield counts, np.rint(self._values(number)[:, chosen] / step) * step

    def _values(self, number: int) -> Floats:
        """Return values [draw, option] of one resample."""
        centre, map_ = (one[number] for one in self._moves)
        values = self.plain[:, :1] + centre + (self.plain - self.plain[:, :1] - centre) @ map_
        for column, moves, others in self.apart_from:
            values[~moves, column] = self.plain[~moves, column]
            values[moves, column] = others._values(number)[:, column]
        return np.asarray(values)

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
        apart = self.plain - self.plain[:, :1]
        given = self.products, self.made, self.weights, self.counts
        centre, total, _, between = moments_of(apart, *given)
        if not self.taken_out:
            options = apart.shape[1]
            return centre, np.broadcast_to(np.eye(options), (len(centre), options, options))
        return centre, transport(total, between)


def resampled(
    net_benefit: ArrayOrFrame,
    *,
    taken_out: bool = True,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    weights: Floats | None = None,
    certain: npt.NDArray[np.bool_] | None = None,
) -> Resampled | None:
    """Return resamples of net benefits [draw, replication, option].

    None where `separate_luck` cannot tell luck apart either; `weights` and `certain` as there.
    Draws that are laid out alike are resampled alike under one seed, so that resamples of two
    quantities go together.
    """
    found = nested_numbers(net_benefit)
    made = replications_made(found)
    even = weights_of(weights, len(found))
    if ((made > 1) & (even > 0)).sum() < FEWEST_NESTED:
        return None
    whole = Resampled(
        counts=_counts(made, resamples, seed),
        plain=over_replications(found),
        products=products_of(found),
        made=made,
        weights=even,
        chosen=tuple(range(found.shape[2])),
        taken_out=taken_out,
    )
    if certain is None or not taken_out:
        return whole
    apart_from = []
    for column in map(int, np.flatnonzero(certain.any(axis=0))):
        moves = ~certain[:, column]
        several = ((made > 1) & (even > 0))[moves].sum() >= FEWEST_NESTED
        others = replace(
            whole,
            counts=whole.counts[:, moves],
            plain=whole.plain[moves],
            products=whole.products[moves],
            made=made[moves],
            weights=even[moves],
            taken_out=bool(several),
        )
        apart_from.append((column, moves, others))
    return replace(whole, apart_from=tuple(apart_from))


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
