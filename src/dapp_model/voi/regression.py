"""Smooth regressions of net benefits on parameters, and the error of what is made of them.

A parameter enters by a cubic spline with knots at quantiles, a group also by products of pairs;
weights are drawn towards zero by as much as the data say (Bayesian ridge regression, whose two
variances are fitted by evidence). So the fit of pure noise is close to flat. Everything else here
is linear in the net benefit, so that many resamples cost little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model.voi.arrays import Estimate, Floats, not_from_zero

if TYPE_CHECKING:
    import pandas as pd

Statistic = Callable[[Floats, Floats], float]  # of fitted [draw, option] and weights [draw]

KNOTS: Final = 5
FEW_VALUES: Final = 8  # a parameter with no more distinct values enters by an indicator for each
WITH_PRODUCTS: Final = 12  # members of a group with splines and products; others are linear
RESAMPLES: Final = 100
SHUFFLES: Final = 99
NOISE_QUANTILE: Final = 0.95


@dataclass(frozen=True, eq=False)
class Smooth:
    """A fitted regression: features [draw, feature]; ridge [option]; fitted [draw, option].

    `targets` are the net benefits less those of the first option; a ridge of nan marks an option
    that does not differ from the first but by a constant.
    """

    features: Floats
    targets: Floats
    ridge: Floats
    fitted: Floats


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread: sums in one order, and quicker for small matrices."""
    import sklearn.linear_model  # noqa: F401 - loads the libraries that are to be limited

    with _libraries().limit(limits=1):
        yield


def smooth(net_benefit: Floats, parameters: pd.DataFrame) -> Smooth:
    """Regress differences from the first option on parameters; both have a row for each draw."""
    targets = net_benefit - net_benefit[:, :1]
    features = _features(parameters, targets)
    with _one_thread():
        ridge = np.array([_ridge(features, target) for target in targets.T])
        found = Smooth(features, targets, ridge, np.zeros_like(targets))
        fitted = _fit(found, np.full(len(targets), 1 / len(targets)), targets)
    return Smooth(features, targets, ridge, fitted)


def estimate(found: Smooth, statistic: Statistic, *, seed: int) -> tuple[Estimate, float]:
    """Return a statistic of the fit with its error, and the limit up to which it is noise.

    The error is that of a bootstrap over draws with the smoothing kept: it holds both the finite
    number of draws and the regression. The limit is the 95% quantile of the same statistic when
    net benefits are shuffled among draws, so that the parameters say nothing about them. Zero
    within noise: not above the limit, or not above two standard errors.
    """
    rng = np.random.default_rng(seed)
    n = len(found.targets)
    even = np.full(n, 1 / n)
    value = statistic(found.fitted, even)
    resampled, shuffled = [], []
    with _one_thread():
        for _ in range(RESAMPLES):
            weights = rng.multinomial(n, even) / n
            resampled.append(statistic(_fit(found, weights, found.targets), weights))
        solver = _Solver(found, even)
        for _ in range(SHUFFLES):
            shuffled.append(statistic(solver.fit(found.targets[rng.permutation(n)]), even))
    error = float(np.std(resampled, ddof=1))
    limit = float(np.quantile(shuffled, NOISE_QUANTILE))
    return Estimate(value, error, value <= limit or not_from_zero(value, error)), limit


def gain_of_choosing(fitted: Floats, weights: Floats) -> float:
    """Return the mean of the best fitted value less the best mean: what it is worth to know."""
    gain = float(weights @ fitted.max(axis=1) - (weights @ fitted).max())
    # Sums of equal numbers in another order may end below zero by a rounding.
    return gain if gain > 1e-12 * float(np.abs(fitted).max(initial=1.0)) else 0.0


def predictor(net_benefit: Floats, parameters: pd.DataFrame) -> Callable[[pd.DataFrame], Floats]:
    """Fit on some draws and return a function that predicts differences for others.

    Beyond the range of the draws that were fitted, features stay at its edge.
    """
    targets = net_benefit - net_benefit[:, :1]
    build, columns = _builder(parameters, targets)
    raw = build(parameters)
    centre, scale = _scaling(raw)
    features = (raw - centre) / scale
    with _one_thread():
        ridge = np.array([_ridge(features, target) for target in targets.T])
        even = np.full(len(targets), 1 / len(targets))
        solver = _Solver(Smooth(features, targets, ridge, targets), even)
        weights, mean = solver.weights(targets)
    low, high = parameters[columns].min(), parameters[columns].max()

    def predict(others: pd.DataFrame) -> Floats:
        inside = others[columns].clip(low, high, axis=1)
        return np.asarray(mean + ((build(inside) - centre) / scale) @ weights)

    return predict


# -- features -------------------------------------------------------------------------------------


def _features(parameters: pd.DataFrame, targets: Floats) -> Floats:
    build, _ = _builder(parameters, targets)
    raw = build(parameters)
    centre, scale = _scaling(raw)
    return np.asarray((raw - centre) / scale)


def _scaling(raw: Floats) -> tuple[Floats, Floats]:
    spread = raw.std(axis=0)
    return raw.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _builder(
    parameters: pd.DataFrame, targets: Floats
) -> tuple[Callable[[pd.DataFrame], Floats], list[str]]:
    """Return a function that makes features of a frame, and the columns that vary at all."""
    from sklearn.preprocessing import SplineTransformer

    columns = [str(name) for name in parameters if parameters[name].nunique() > 1]
    if not columns:
        return (lambda frame: np.zeros((len(frame), 0))), []
    few = min(FEW_VALUES, len(parameters) // 10)
    levels = {
        name: np.unique(parameters[name]) for name in columns if parameters[name].nunique() <= few
    }
    splines = SplineTransformer(
        n_knots=KNOTS, degree=3, knots="quantile", extrapolation="constant", include_bias=False
    )
    centre, scale = parameters[columns].mean(), parameters[columns].std(ddof=0)
    linear = ((parameters[columns] - centre) / scale).to_numpy()
    strongest = _strongest(linear, targets)
    paired = strongest if len(columns) > 1 else []
    bent = [columns[i] for i in strongest if columns[i] not in levels]
    if bent:
        splines.fit(parameters[bent].to_numpy())

    def build(frame: pd.DataFrame) -> Floats:
        plain = ((frame[columns] - centre) / scale).to_numpy()
        parts = [plain, _products(plain[:, paired])]
        if bent:
            parts.append(splines.transform(frame[bent].to_numpy()))
        for name, values in levels.items():
            parts.append((frame[name].to_numpy()[:, None] == values[1:]).astype(np.float64))
        return np.hstack(parts)

    return build, columns


def _strongest(linear: Floats, targets: Floats) -> list[int]:
    """Return columns with splines and products: all of a few, else those that correlate most."""
    if linear.shape[1] <= WITH_PRODUCTS:
        return list(range(linear.shape[1]))
    spread = targets.std(axis=0)
    moving = (targets[:, spread > 0] - targets[:, spread > 0].mean(axis=0)) / spread[spread > 0]
    strength = np.abs(linear.T @ moving).max(axis=1, initial=0.0)
    return sorted(np.argsort(-strength, kind="stable")[:WITH_PRODUCTS].tolist())


def _products(plain: Floats) -> Floats:
    first, second = np.triu_indices(plain.shape[1], k=1)
    return np.asarray(plain[:, first] * plain[:, second])


# -- ridge regression -----------------------------------------------------------------------------


def _ridge(features: Floats, target: Floats) -> float:
    """Return the variance of the noise over that of the weights; nan if nothing varies."""
    from sklearn.linear_model import BayesianRidge

    spread = float(target.std())
    if not spread > 1e-12 * max(1.0, float(np.abs(target).max())) or not features.shape[1]:
        return float("nan")
    found = BayesianRidge().fit(features, (target - target.mean()) / spread)
    return float(found.lambda_ / found.alpha_)


class _Solver:
    """Normal equations of weighted ridge regressions, taken apart once for all options."""

    def __init__(self, found: Smooth, weights: Floats) -> None:
        self.found, self.row_weights = found, weights
        self.centre = weights @ found.features
        self.centred = found.features - self.centre
        gram = (self.centred * weights[:, None]).T @ self.centred
        self.values, self.vectors = np.linalg.eigh(gram)

    def weights(self, targets: Floats) -> tuple[Floats, Floats]:
        """Return the weights [feature, option] and the intercepts at the features' own zero."""
        n = len(targets)
        mean = self.row_weights @ targets
        ridge = self.found.ridge
        plain = np.where(np.isnan(ridge), 1.0, ridge) / n
        product = self.centred.T @ (self.row_weights[:, None] * (targets - mean))
        scaled = (self.vectors.T @ product) / (np.maximum(self.values, 0.0)[:, None] + plain)
        weights = np.where(np.isnan(ridge), 0.0, self.vectors @ scaled)
        return weights, mean - self.centre @ weights

    def fit(self, targets: Floats) -> Floats:
        """Return fitted values of all draws."""
        weights, intercept = self.weights(targets)
        return np.asarray(intercept + self.found.features @ weights)


def _fit(found: Smooth, weights: Floats, targets: Floats) -> Floats:
    return _Solver(found, weights).fit(targets)
