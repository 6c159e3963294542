"""Chances over a selected group, turned into the chance of a person of average motivation.

The evidence says what share of the referred accept and what share of the starters complete. Both
are selected: the motivated refer themselves, accept and complete more, and incidents lead to
referrals, so the frail are over-represented. The rules ask for the chance at average motivation
that gives the stated share over those who are selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

NODES = 60  # of Gauss and Hermite; 40 give the same to twelve figures

Reals = npt.NDArray[np.float64]


def shifted(chance: float, shift: Reals) -> Reals:
    """Return a chance whose log odds are shifted; impossible and certain stay what they are."""
    if not 0.0 < chance < 1.0:
        return np.full_like(shift, chance)
    logit = np.log(chance) - np.log1p(-chance) + shift
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def motivations(mean: float) -> tuple[Reals, Reals]:
    """Return (motivation, weight) of a quadrature over a normal motivation with unit spread."""
    nodes, weights = _quadrature()
    return nodes + mean, weights


@cache
def _quadrature() -> tuple[Reals, Reals]:
    """Return nodes and weights of a quadrature over a standard normal law; weights add up to 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    for one in (nodes, weights):
        one.flags.writeable = False  # everybody is given the same
    return nodes, weights


def base_chance(share: float, shift: Reals, weight: Reals) -> float:
    """Return the chance whose shifted values have the weighted mean `share`.

    share: 0 to 1; shift: log odds; weight: the same shape, adds up to one.
    """
    from scipy.optimize import brentq

    if not 0.0 < share < 1.0:
        return share

    def gap(logit: float) -> float:
        return float((shifted(1.0 / (1.0 + np.exp(-logit)), shift) * weight).sum()) - share

    logit: float = brentq(gap, -60.0, 60.0, xtol=1e-13)
    return float(1.0 / (1.0 + np.exp(-logit)))


def number_of_needs(chances: Sequence[float]) -> Reals:
    """Return the chance of having 0, 1, ... of some independent needs."""
    counts = np.ones(1)
    for chance in chances:
        counts = np.convolve(counts, [1.0 - chance, chance])
    return counts


@lru_cache(maxsize=64)
def acceptance(share: float, slope: float, mean_motivation: float) -> float:
    """Return the chance of accepting at average motivation, given the share of those asked."""
    m, weight = motivations(mean_motivation)
    return base_chance(share, slope * m, weight)


def completion(
    share: float,
    slope: float,
    *,
    accepting: Reals,
    mean_motivation: float,
    unmet: tuple[float, Sequence[float]],
) -> float:
    """Return the chance of completing at average motivation with every need met.

    share: of the starters of a design that meets no need in particular; accepting: chance of
    accepting at each motivation of `motivations(mean_motivation)`; unmet: (log odds for each
    unmet need, chances of the needs).
    """
    m, weight = motivations(mean_motivation)
    weight = weight * accepting
    if weight.sum() == 0.0:  # nobody agrees, so nobody starts
        return share
    needs = number_of_needs(unmet[1])
    shift = slope * m[:, None] + unmet[0] * np.arange(len(needs))
    both = weight[:, None] * needs / weight.sum()
    return base_chance(share, shift, both)
