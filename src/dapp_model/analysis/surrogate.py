"""A regression of stored draws that stands for the model: how well it does, and what it tells.

A regression of 160 parameters on a hundred draws gives every one of them some weight. So its
indices carry the error of the regression itself, and a group counts as told from zero only where
draws in which it says nothing do not give it as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import sensitivity
from dapp_model.voi.regression import predictor, predictors

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

REFITS: Final = 40  # of the regression, for its share of the error of an index
SHUFFLES: Final = 19  # the largest of 19 is a 95% quantile
POINTS: Final = 200  # at which two fits are held against each other
_EDGE: Final = 0.005  # quantiles beyond which stored draws say little
_ENDS: Final = (0.05, 0.95)  # of a Morris step


def space_of(parameters: pd.DataFrame) -> sensitivity.Space:
    """Return the space of stored draws, one parameter independently of another, by section."""
    ordered = np.sort(parameters.to_numpy(np.float64), axis=0)
    marks = (np.arange(len(ordered)) + 0.5) / len(ordered)

    def values(shares: Floats) -> Floats:
        inside = np.clip(shares, _EDGE, 1 - _EDGE)
        return np.stack(
            [np.interp(inside[:, j], marks, ordered[:, j]) for j in range(ordered.shape[1])], axis=1
        )

    groups = tuple(str(name).split(".")[0] for name in parameters)
    if len(set(groups)) < 2:
        groups = ()
    return sensitivity.Space(tuple(map(str, parameters)), values, groups, _ENDS)


def fitted(
    parameters: pd.DataFrame, difference: Floats, *, seed: int
) -> tuple[sensitivity.Evaluate, sensitivity.Refits]:
    """Return the regression as a function of parameters [run, parameter], and its refits."""
    import pandas as pd

    every = predictors(_paired(difference), parameters, resamples=REFITS, seed=seed)

    def refits(points: Floats) -> Floats:
        return np.asarray(every(pd.DataFrame(points, columns=parameters.columns))[1:, :, 1])

    def evaluate(points: Floats) -> Floats:
        return np.asarray(every(pd.DataFrame(points, columns=parameters.columns))[0, :, 1])

    return evaluate, refits


def foretold(parameters: pd.DataFrame, difference: Floats) -> float:
    """Return the share of variance that a regression on four fifths foretells of the last fifth."""
    both = _paired(difference)
    place = np.random.default_rng(1).permutation(len(both)) % 5
    missed = np.zeros(len(both))
    for fold in range(5):
        own = place == fold
        predict = predictor(both[~own], parameters[~own])
        missed[own] = both[own, 1] - predict(parameters[own])[:, 1]
    return float(1 - missed.var() / both[:, 1].var())


def told_from_noise(
    parameters: pd.DataFrame,
    difference: Floats,
    space: sensitivity.Space,
    *,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Return the groups whose weight in the regression is more than noise, heaviest first.

    One after the other: a group's total variance is held against the largest that any group, out
    of it and the lighter ones, has in regressions of 19 sets of draws in which the rows of all of
    these are shuffled, the heavier ones staying in place (step-down max-T). The first that is not
    above ends it. So the chance that any group is told that says nothing is 1 in 20. Each set is
    fitted anew, with its own smoothing and its own choice of splines, as the real one is.
    """
    rng = np.random.default_rng(seed)
    columns = _columns(space)
    pair = [space.values(rng.random((POINTS, len(space.names)))) for _ in range(2)]

    def totals(frame: pd.DataFrame, names: list[str]) -> dict[str, float]:
        return _total_variances(frame, difference, [columns[name] for name in names], names, pair)

    real = totals(parameters, list(space.rows))
    rest = sorted(space.rows, key=lambda name: -real[name])
    told: list[str] = []
    while rest:
        moved = sorted(i for name in rest for i in columns[name])
        for number in range(SHUFFLES):
            if progress:
                progress(len(told) * SHUFFLES + number, len(space.rows) * SHUFFLES)
            table = parameters.to_numpy(np.float64, copy=True)
            table[:, moved] = table[rng.permutation(len(table))][:, moved]
            shuffled = parameters.copy()
            shuffled[:] = table
            if not max(totals(shuffled, rest).values()) < real[rest[0]]:
                return told
        told.append(rest.pop(0))
    return told


def _total_variances(
    parameters: pd.DataFrame,
    difference: Floats,
    members: list[list[int]],
    names: list[str],
    pair: list[Floats],
) -> dict[str, float]:
    """Return by group how much the regression varies with it alone, interactions included.

    Jansen's estimate: half the mean squared change between two points that differ in the group.
    """
    import pandas as pd

    first, second = pair
    points = [first]
    for own in members:
        moved = first.copy()
        moved[:, own] = second[:, own]
        points.append(moved)
    predict = predictor(_paired(difference), parameters)
    frame = pd.DataFrame(np.vstack(points), columns=parameters.columns)
    values = predict(frame)[:, 1].reshape(len(points), -1)
    found = ((values[1:] - values[0]) ** 2).mean(axis=1) / 2
    return dict(zip(names, found.tolist(), strict=True))


def _columns(space: sensitivity.Space) -> dict[str, list[int]]:
    """Return the places of each group's parameters."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(space.groups or space.names):
        found.setdefault(name, []).append(i)
    return found


def _paired(difference: Floats) -> Any:
    """Return net benefits [draw, option] of two options that differ so."""
    return np.stack([np.zeros_like(difference), difference], axis=1)
