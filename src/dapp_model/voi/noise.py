"""Which of many parameters stand out of noise, when all of them are looked at.

Among 160 parameters that say nothing some fit well by chance. So each is held against the best of
all of them on draws whose net benefits are shuffled (max-T, Westfall and Young 1993).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from dapp_model.voi.arrays import Floats
from dapp_model.voi.regression import forms_of_one, one_thread

if TYPE_CHECKING:
    import pandas as pd

SHUFFLES: Final = 999  # the chance of 5 in 100 is then known to within 0.7 in 100
_BLOCK: Final = 50  # shuffles at a time: a few megabytes
_RANK: Final = 1e-9  # of the largest singular value: features below it repeat others


def chance_of_noise(
    differences: Floats,
    parameters: pd.DataFrame,
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Floats:
    """Return how often noise alone stands out as each parameter does [parameter, difference].

    `differences` is [draw, difference]. The share of shuffles in which the strongest of all
    parameters, in any of the differences, explains as much: at most 0.05 in one of 20 sets of
    parameters that say nothing. 1 for what does not vary. How strong: the share of variance that a
    straight line or a cubic spline explains, whichever is the less likely under an F distribution,
    so that a bend and a slope count alike. Forms are the same for real and shuffled draws and do
    not look at net benefits, which makes the two exchangeable.
    """
    moving = differences - differences.mean(axis=0)
    length = np.sqrt((moving**2).sum(axis=0))
    varies = length > 1e-12 * np.maximum(1.0, np.abs(differences).max(axis=0))
    moving = np.where(varies, moving / np.where(varies, length, 1.0), 0.0)
    found = np.ones((parameters.shape[1], differences.shape[1]))
    n = len(moving)
    with one_thread():
        bases = _bases(parameters)
        if not bases or not varies.any():
            return found
        strength = np.zeros(found.shape)
        for degrees, (columns, basis) in bases.items():
            own = _surprise(_explained(basis, degrees, moving), degrees, n)
            strength[columns] = np.maximum(strength[columns], own)
        rng = np.random.default_rng(seed)
        largest: list[float] = []
        while len(largest) < SHUFFLES:
            many = min(_BLOCK, SHUFFLES - len(largest))
            order = np.stack([rng.permutation(n) for _ in range(many)], axis=1)
            shuffled = moving[order][:, :, varies].reshape(n, -1)
            best = np.zeros(many)
            for degrees, (_, basis) in bases.items():
                explained = _explained(basis, degrees, shuffled).max(axis=0)
                top = explained.reshape(many, -1).max(axis=1)
                best = np.maximum(best, _surprise(top, degrees, n))
            largest += best.tolist()
            if progress:
                progress(len(largest), SHUFFLES)
    reached = np.sort(np.array(largest))
    above = SHUFFLES - np.searchsorted(reached, strength[:, varies], side="left")
    found[:, varies] = (1 + above) / (SHUFFLES + 1)
    return found


def _bases(parameters: pd.DataFrame) -> dict[int, tuple[list[int], Floats]]:
    """Return by degrees of freedom the columns and their bases side by side [draw, feature].

    Each basis is orthonormal and has a mean of zero, so that what it explains is a sum of squares.
    """
    made: dict[int, tuple[list[int], list[Floats]]] = {}
    for i, name in enumerate(parameters):
        for features in forms_of_one(parameters[[name]]):
            left, size, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
            basis = left[:, size > _RANK * size.max(initial=0.0)]
            degrees = basis.shape[1]
            if 0 < degrees < len(parameters) - 1:
                columns, parts = made.setdefault(degrees, ([], []))
                columns.append(i)
                parts.append(basis)
    return {degrees: (columns, np.hstack(parts)) for degrees, (columns, parts) in made.items()}


def _explained(basis: Floats, degrees: int, moving: Floats) -> Floats:
    """Return shares of variance that each column's features explain [column, difference]."""
    squares = (basis.T @ moving) ** 2
    return np.asarray(squares.reshape(-1, degrees, moving.shape[1]).sum(axis=1))


def _surprise(explained: Floats, degrees: int, draws: int) -> Floats:
    """Return minus the log of the chance of an explained share, if errors were normal.

    Only puts straight lines and splines on one scale; what is too much, the shuffles say.
    """
    from scipy.special import betainc

    unexplained = np.clip(1 - explained, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(betainc((draws - 1 - degrees) / 2, degrees / 2, unexplained)))
