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
from math import fsum
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model.voi.arrays import Estimate, Floats, not_from_zero

if TYPE_CHECKING:
    import pandas as pd

Statistic = Callable[[Floats, Floats], float]  # of fitted [draw, option] and weights [draw]

KNOTS: Final = 5
_HARDLY: Final = 0.01  # of the smoothing that the evidence asks for
FEW_VALUES: Final = 8  # a parameter with no more distinct values enters by an indicator for each
WITH_PRODUCTS: Final = 12  # members of a group with splines and products; others are linear
RESAMPLES: Final = 100
SHUFFLES: Final = 99
REFITTED: Final = 19  # the largest of 19 is a 95% quantile
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
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread: sums in one order, and quicker for small matrices."""
    import sklearn.linear_model  # noqa: F401 - loads the libraries that are to be limited

    with _libraries().limit(limits=1):
        yield


def smooth(net_benefit: Floats, parameters: pd.DataFrame) -> Smooth:
    """Regress differences from the first option on parameters; both have a row for each draw."""
    targets = net_benefit - net_benefit[:, :1]
    form = _form(parameters, targets)
    with one_thread():
        return _refit(Smooth(form.features(parameters), targets, form.ridge, targets), targets)


def _refit(found: Smooth, targets: Floats) -> Smooth:
    ridge = np.array([_ridge(found.features, target)[0] for target in targets.T])
    made = Smooth(found.features, targets, ridge, targets)
    fitted = _fit(made, np.full(len(targets), 1 / len(targets)), targets)
    return Smooth(found.features, targets, ridge, fitted)


def estimate(found: Smooth, statistic: Statistic, *, seed: int) -> tuple[Estimate, float]:
    """Return a statistic of the fit with its error, and the limit up to which it is noise.

    The error is that of a bootstrap over draws with the smoothing kept: it holds both the finite
    number of draws and the regression. The limit is the 95% quantile of the same statistic when
    net benefits are shuffled among draws, so that the parameters say nothing about them. Zero
    within noise: not above the limit, or not above two standard errors. Where the error does not
    decide, the limit is found with the smoothing of each shuffle: with the smoothing kept it is
    quicker, and too high for what is slight and too low for what was fitted closely.
    """
    rng = np.random.default_rng(seed)
    n = len(found.targets)
    even = np.full(n, 1 / n)
    value = statistic(found.fitted, even)
    resampled, shuffled = [], []
    with one_thread():
        for _ in range(RESAMPLES):
            weights = rng.multinomial(n, even) / n
            resampled.append(statistic(_fit(found, weights, found.targets), weights))
        solver = _Solver(found, even)
        for _ in range(SHUFFLES):
            shuffled.append(statistic(solver.fit(found.targets[rng.permutation(n)]), even))
        error = float(np.std(resampled, ddof=1))
        limit = float(np.quantile(shuffled, NOISE_QUANTILE))
        if not not_from_zero(value, error):
            limit = max(
                statistic(_refit(found, found.targets[rng.permutation(n)]).fitted, even)
                for _ in range(REFITTED)
            )
    return Estimate(value, error, value <= limit or not_from_zero(value, error)), limit


def gain_of_choosing(fitted: Floats, weights: Floats) -> float:
    """Return the mean of the best fitted value less the best mean: what it is worth to know."""
    gain = float(weights @ fitted.max(axis=1) - (weights @ fitted).max())
    # Sums of equal numbers in another order may end below zero by a rounding.
    return gain if gain > 1e-12 * float(np.abs(fitted).max(initial=1.0)) else 0.0


def along(
    net_benefit: Floats,
    parameter: pd.DataFrame,
    points: Floats,
    *,
    resamples: int,
    seed: int,
    free: bool = False,
) -> tuple[Floats, Floats]:
    """Return the mean differences from the first option given one parameter, at some of its values.

    [point, option], and the same [resample, point, option] in a bootstrap over draws with the
    smoothing kept. Points beyond the draws are taken at their edge. `free`: by a spline that is
    hardly drawn in, of a parameter that is known to matter: where it crosses zero, what smoothing
    draws in is a bias that no resample shows.
    """
    import pandas as pd

    name = str(parameter.columns[0])
    targets = net_benefit - net_benefit[:, :1]
    form = _form(parameter, targets, richest=free)
    inside = np.clip(points, parameter[name].min(), parameter[name].max())
    at = form.features(pd.DataFrame({name: inside}))
    rng = np.random.default_rng(seed)
    n = len(targets)
    even = np.full(n, 1 / n)
    with one_thread():
        found = Smooth(
            form.features(parameter), targets, form.ridge * (_HARDLY if free else 1.0), targets
        )
        made = []
        for weights in [even, *(rng.multinomial(n, even) / n for _ in range(resamples))]:
            slopes, intercept = _Solver(found, weights).weights(targets)
            made.append(intercept + at @ slopes)
    return made[0], np.stack(made[1:])


def predictor(net_benefit: Floats, parameters: pd.DataFrame) -> Callable[[pd.DataFrame], Floats]:
    """Fit on some draws and return a function that predicts differences [draw, option] for others.

    Beyond the range of the draws that were fitted, features stay at its edge.
    """
    every = predictors(net_benefit, parameters, resamples=0, seed=0)
    return lambda others: np.asarray(every(others)[0])


def predictors(
    net_benefit: Floats, parameters: pd.DataFrame, *, resamples: int, seed: int
) -> Callable[[pd.DataFrame], Floats]:
    """Return a function that predicts differences [1 + resample, draw, option] for other draws.

    First by the fit of all draws, then by fits of a bootstrap over them with the smoothing kept.
    """
    targets = net_benefit - net_benefit[:, :1]
    form = _form(parameters, targets)
    n = len(targets)
    even = np.full(n, 1 / n)
    rng = np.random.default_rng(seed)
    fits = []
    with one_thread():
        found = Smooth(form.features(parameters), targets, form.ridge, targets)
        for weights in [even, *(rng.multinomial(n, even) / n for _ in range(resamples))]:
            fits.append(_Solver(found, weights).weights(targets))
    low, high = parameters[form.columns].min(), parameters[form.columns].max()

    def predict(others: pd.DataFrame) -> Floats:
        features = form.features(others[form.columns].clip(low, high, axis=1))
        return np.stack([mean + features @ slopes for slopes, mean in fits])

    return predict


def forms_of_one(parameter: pd.DataFrame) -> list[Floats]:
    """Return the features of one parameter, [draw, feature] for each form: straight and bent.

    Nothing for a parameter that does not vary.
    """
    build, columns, widths = _builder(parameter, np.zeros((len(parameter), 1)))
    features = build(parameter)
    return [features[:, :width] for width in sorted(set(widths))] if columns else []


# -- features -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Form:
    """What a regression looks like: columns that vary, features to be scaled, ridge [option]."""

    columns: list[str]
    build: Callable[[pd.DataFrame], Floats]
    centre: Floats
    scale: Floats
    ridge: Floats

    def features(self, frame: pd.DataFrame) -> Floats:
        """Return the features of other draws, scaled by those of the fit."""
        return np.asarray((self.build(frame)[:, : len(self.centre)] - self.centre) / self.scale)


def _form(parameters: pd.DataFrame, targets: Floats, *, richest: bool = False) -> _Form:
    """Choose between straight lines, splines, and splines with products, by their evidence.

    The log marginal likelihoods of all options are added up. Too rich a form would not fit noise,
    but draw in what is real together with what is not. `richest` takes the last of these.
    """
    build, columns, widths = _builder(parameters, targets)
    raw = build(parameters)
    centre, scale = _scaling(raw)
    features = (raw - centre) / scale
    best: tuple[float, int, Floats] | None = None
    with one_thread():
        for width in sorted(set(widths))[-1:] if richest else sorted(set(widths)):
            found = [_ridge(features[:, :width], target) for target in targets.T]
            evidence = float(fsum(one[1] for one in found))
            if best is None or evidence > best[0]:
                best = evidence, width, np.array([one[0] for one in found])
    assert best is not None
    _, width, ridge = best
    return _Form(columns, build, centre[:width], scale[:width], ridge)


def _scaling(raw: Floats) -> tuple[Floats, Floats]:
    spread = raw.std(axis=0)
    return raw.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _builder(
    parameters: pd.DataFrame, targets: Floats
) -> tuple[Callable[[pd.DataFrame], Floats], list[str], tuple[int, ...]]:
    """Return a function that makes features, the columns that vary, and the widths of each form."""
    from sklearn.preprocessing import SplineTransformer

    distinct = _distinct(parameters)
    columns = [name for name, many in distinct.items() if many > 1]
    if not columns:
        return (lambda frame: np.zeros((len(frame), 0))), [], (0,)
    few = min(FEW_VALUES, len(parameters) // 10)
    levels = {name: np.unique(parameters[name]) for name in columns if distinct[name] <= few}
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
        parts = [plain]
        for name, values in levels.items():
            parts.append((frame[name].to_numpy()[:, None] == values[1:]).astype(np.float64))
        if bent:
            parts.append(splines.transform(frame[bent].to_numpy()))
        return np.hstack([*parts, _products(plain[:, paired])])

    straight = len(columns) + sum(len(values) - 1 for values in levels.values())
    curved = straight + (splines.n_features_out_ if bent else 0)
    return build, columns, (straight, curved, curved + len(paired) * (len(paired) - 1) // 2)


def _distinct(parameters: pd.DataFrame) -> dict[str, int]:
    """Return how many distinct values each column has."""
    ordered = np.sort(parameters.to_numpy(np.float64), axis=0)
    many = 1 + (np.diff(ordered, axis=0) != 0).sum(axis=0)
    return dict(zip(map(str, parameters), many.tolist(), strict=True))


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


def _ridge(features: Floats, target: Floats) -> tuple[float, float]:
    """Return the variance of the noise over that of the weights, and the log evidence.

    nan and 0 if nothing varies.
    """
    from sklearn.linear_model import BayesianRidge

    spread = float(target.std())
    if not spread > 1e-12 * max(1.0, float(np.abs(target).max())) or not features.shape[1]:
        return float("nan"), 0.0
    found = BayesianRidge(compute_score=True).fit(features, (target - target.mean()) / spread)
    return float(found.lambda_ / found.alpha_), float(found.scores_[-1])


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
