"""Learn from the bank what each figure is to be expected, and how far chance moves it.

Expected figures, on their log or log-odds scales, are a polynomial in the parameters' normal
scores and in a few closed forms (`shapes`): linear in all, with squares, products and cubes of
those that matter most for the figure, shrunk by a ridge that is chosen by leave-one-out error.
Chance is a covariance whose standard deviations depend on the parameters and whose correlations do
not. What the polynomial misses is measured on points that it has not seen and is part of the
likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.bank import SIZE_OF_BANK, Bank
from dapp_model.calibration.recipe import Prior
from dapp_model.calibration.shapes import Tables, tables
from dapp_model.calibration.targets import COUNTED, ON_LOG

Floats = npt.NDArray[np.float64]

# How many parameters have squares and products, and how many of these cubes: for each figure the
# pair that errs least on points that it has not seen.
SIZES: Final = ((4, 0), (6, 0), (8, 3), (10, 4), (14, 4))
FOLDS: Final = 8
# The logarithm of a squared standard normal has this mean: estimates of log variance need it back.
LOG_CHI2_1: Final = -1.2703628454614782
RIDGES: Final = tuple(10.0**k for k in np.arange(-3.0, 3.6, 0.5))


@dataclass(frozen=True)
class Emulator:
    """Expected figures and chance at scores [row, parameter]; the first parameter is the size.

    straight: [1 + parameter + form, S]; active, bent: for each figure its parameters and their
    quadratic form; cubed, twisted: the same for the cubic terms. log_variance: [1 + parameter, S]
    of the chance in a county of one person a year; correlation: [S, S]; missed: [S, S], covariance
    of what the polynomial misses; luck: chance that the pool of replicate numbers leaves in the
    fit, as a part of a county's.
    """

    tables: Tables
    straight: Floats
    active: tuple[npt.NDArray[np.int64], ...]
    bent: tuple[Floats, ...]
    cubed: tuple[npt.NDArray[np.int64], ...]
    twisted: tuple[Floats, ...]
    log_variance: Floats
    correlation: Floats
    missed: Floats
    luck: float

    def expected(self, scores: Floats, size: Floats) -> Floats:
        """Return the expected figures [row, S] on their scales for a county of this size."""
        z = scores[:, 1:]
        lines = np.column_stack([np.ones(len(z)), z, self.tables.terms(z)])
        found = np.asarray(lines @ self.straight)
        for s in range(found.shape[1]):
            own, few = z[:, self.active[s]], z[:, self.cubed[s]]
            found[:, s] += ((own @ self.bent[s]) * own).sum(axis=1)
            found[:, s] += ((few**2 @ self.twisted[s]) * few).sum(axis=1)
        return np.asarray(found + COUNTED * np.log(size / SIZE_OF_BANK)[:, None])

    def slopes(self, scores: Floats) -> Floats:
        """Return how expected figures move with the scores but for the size [row, S, parameter]."""
        z = scores[:, 1:]
        d = z.shape[1]
        forms = self.tables.slopes(z)
        found = np.einsum("nfd,fs->nsd", forms, self.straight[1 + d :])
        found += self.straight[1 : 1 + d].T
        for s in range(found.shape[1]):
            own, few = z[:, self.active[s]], z[:, self.cubed[s]]
            found[:, s, self.active[s]] += own @ (self.bent[s] + self.bent[s].T)
            twisted = self.twisted[s]
            found[:, s, self.cubed[s]] += 2 * few * (few @ twisted.T) + few**2 @ twisted
        return np.asarray(found)

    def chance(self, scores: Floats, size: Floats) -> Floats:
        """Return the standard deviations [row, S] by which chance moves a whole county."""
        log_v = self.log_variance[0] + scores[:, 1:] @ self.log_variance[1:]
        return np.asarray(np.exp(0.5 * (log_v - np.log(size)[:, None])))

    def shown(self, expected: Floats, chance: Floats) -> Floats:
        """Return the mean of the figures on their scales: chance bends a logarithm downwards."""
        return expected + bend(expected, chance**2)


def bend(expected: Floats, variance: Floats) -> Floats:
    """Return by how much the mean on the scale differs from the scale of the mean."""
    share = 1 / (1 + np.exp(-expected))
    return np.where(ON_LOG, -variance / 2, variance * (2 * share - 1) / 2)


def _curves(z: Floats, active: npt.NDArray[np.int64], cubed: npt.NDArray[np.int64]) -> Floats:
    """Return the terms that are not straight [row, term]: squares and products, then cubes."""
    own, few = z[:, active], z[:, cubed]
    i, j = np.triu_indices(len(active))
    cubes = (few[:, :, None] ** 2 * few[:, None, :]).reshape(len(z), -1)
    return np.concatenate([own[:, i] * own[:, j], cubes], axis=1)


def usable(bank: Bank) -> npt.NDArray[np.bool_]:
    """Say which points the model could simulate."""
    return np.asarray(np.isfinite(bank.figures).all(axis=(1, 2)), dtype=np.bool_)


# -- chance ---------------------------------------------------------------------------------------


def fit_chance(bank: Bank, weight: Floats) -> tuple[Floats, Floats]:
    """Return (log_variance [1 + parameter, S], correlation [S, S]) from differences of replicates.

    Two replicates at one point differ by chance alone. Their squared difference has the variance
    as its mean; its logarithm is regressed on the scores, lightly shrunk.
    """
    contrast = _contrasts(bank.figures) * np.sqrt(bank.people)[:, None, None]
    log_v = (np.log(contrast**2 + 1e-12) - LOG_CHI2_1).mean(axis=1)
    log_v = np.maximum(log_v, np.median(log_v, axis=0) - 8)  # two equal counts say little
    x = np.column_stack([np.ones(len(bank)), bank.scores[:, 1:]])
    penalty = np.diag([0.0] + [30.0] * (x.shape[1] - 1))
    a = x.T @ (weight[:, None] * x) + penalty
    slopes = np.linalg.solve(a, x.T @ (weight[:, None] * log_v))
    scaled = contrast / np.exp(0.5 * (x @ slopes))[:, None, :]
    # The level is set by the squares themselves, which need no law of chance.
    level = np.average((scaled**2).mean(axis=1), axis=0, weights=weight)
    slopes[0] += np.log(level)
    scaled = np.clip(scaled / np.sqrt(level), -4, 4)
    both = np.einsum("k,krs,krt->st", weight / weight.sum() / contrast.shape[1], scaled, scaled)
    d = np.sqrt(np.diag(both))
    return slopes, both / np.outer(d, d)


def _contrasts(figures: Floats) -> Floats:
    """Return independent contrasts of replicates, each with the variance of one replicate."""
    r = figures.shape[1]
    rows = []
    for k in range(1, r):
        row = np.zeros(r)
        row[:k], row[k] = 1.0 / k, -1.0
        rows.append(row / np.sqrt(1 / k + 1))
    return np.asarray(np.einsum("cr,krs->kcs", np.array(rows), figures))


# -- expectation ----------------------------------------------------------------------------------


def fit(
    bank: Bank,
    priors: Sequence[Prior],
    weight: Floats | None = None,
    *,
    share_numbers: float = 1.0,
) -> Emulator:
    """Learn from a bank; `weight` says how much each point counts.

    share_numbers: whole counties in the pool of replicate numbers (numbers times share).
    """
    good = usable(bank)
    weight = np.ones(len(bank)) if weight is None else weight
    bank, weight = bank.at(good), weight[good]
    log_variance, correlation = fit_chance(bank, weight)
    forms = tables(priors[1:])
    z = bank.scores[:, 1:]
    r = bank.figures.shape[1]
    x = np.column_stack([np.ones(len(bank)), z])
    variance = np.exp(x @ log_variance) / bank.people[:, None]
    mean = bank.figures.mean(axis=1)
    level = mean - bend(mean, variance)
    precision = weight[:, None] / (variance / r + _misfit(z, level, variance / r, weight))
    lines = np.column_stack([np.ones(len(z)), z, forms.terms(z)])
    learnt = [
        _learn_one(z, lines, level[:, s], precision[:, s], weight) for s in range(level.shape[1])
    ]
    error = np.column_stack([each.error for each in learnt])
    missed = _missed(error, variance / r, correlation, weight)
    return Emulator(
        forms,
        np.column_stack([each.straight for each in learnt]),
        tuple(each.active for each in learnt),
        tuple(each.bent for each in learnt),
        tuple(each.cubed for each in learnt),
        tuple(each.twisted for each in learnt),
        log_variance,
        correlation,
        missed,
        1 / share_numbers,
    )


@dataclass(frozen=True)
class _Learnt:
    """One figure's polynomial, and its errors on points that it had not seen."""

    straight: Floats
    active: npt.NDArray[np.int64]
    bent: Floats
    cubed: npt.NDArray[np.int64]
    twisted: Floats
    error: Floats


def _learn_one(z: Floats, lines: Floats, y: Floats, precision: Floats, weight: Floats) -> _Learnt:
    """Learn one figure [point] with the size of polynomial that errs least on unseen points."""
    order = _strongest(z, y, precision)
    fold = np.arange(len(z)) % FOLDS
    best: tuple[float, _Learnt | None] = (np.inf, None)
    for size in SIZES:
        a, c = min(size[0], z.shape[1]), min(size[1], z.shape[1])
        design = np.concatenate([lines, _curves(z, order[:a], order[:c])], axis=1)
        error = np.empty_like(y)
        for f in range(FOLDS):
            held = fold == f
            error[held] = y[held] - design[held] @ _ridge(design[~held], y[~held], precision[~held])
        score = float(weight @ error**2)
        if score < best[0]:
            b = _ridge(design, y, precision)
            n, m = lines.shape[1], a * (a + 1) // 2
            bent = np.zeros((a, a))
            bent[np.triu_indices(a)] = b[n : n + m]
            found = _Learnt(b[:n], order[:a], bent, order[:c], b[n + m :].reshape(c, c), error)
            best = (score, found)
    assert best[1] is not None
    return best[1]


def _misfit(z: Floats, y: Floats, noise: Floats, weight: Floats) -> Floats:
    """Return a first guess of the variance that a polynomial will miss, by figure."""
    x = np.column_stack([np.ones(len(z)), z, z**2])
    a = x.T @ (weight[:, None] * x) + 1e-3 * np.eye(x.shape[1])
    rest = y - x @ np.linalg.solve(a, x.T @ (weight[:, None] * y))
    excess = np.average(rest**2 - noise, axis=0, weights=weight)
    return np.asarray(np.maximum(0.05 * excess, 0.1 * np.median(noise, axis=0)))


def _strongest(z: Floats, y: Floats, precision: Floats) -> npt.NDArray[np.int64]:
    """Return the parameters in the order in which they move one figure, the strongest first."""
    x = np.column_stack([np.ones(len(z)), z])
    a = x.T @ (precision[:, None] * x) + precision.mean() * np.eye(x.shape[1])
    b = np.linalg.solve(a, x.T @ (precision * y))[1:]
    return np.argsort(-np.abs(b), kind="stable")


def _ridge(design: Floats, y: Floats, precision: Floats) -> Floats:
    """Return ridge coefficients [term], with the penalty that is best at leaving one point out.

    The first term is one and is not shrunk; the others are shrunk on the scale of their spread.
    """
    share = precision / precision.sum()
    centre = share @ design
    apart = design - centre
    spread = np.sqrt(share @ apart**2)
    spread[spread < 1e-12] = 1.0
    root = np.sqrt(share * len(y))
    scaled = root[:, None] * (apart / spread)[:, 1:]
    flat = root * (y - share @ y)
    u, d, vt = np.linalg.svd(scaled, full_matrices=False)
    inner, one = u.T @ flat, root / np.sqrt(len(y))
    best, chosen = np.inf, 1.0
    for ridge in RIDGES:
        shrink = d**2 / (d**2 + ridge)
        leverage = (u**2) @ shrink + one**2
        rest = (flat - u @ (shrink * inner)) / np.maximum(1 - leverage, 1e-3)
        if float(rest @ rest) < best:
            best, chosen = float(rest @ rest), ridge
    b = np.zeros(design.shape[1])
    b[1:] = (vt.T @ (d / (d**2 + chosen) * inner)) / spread[1:]
    b[0] = share @ y - centre[1:] @ b[1:]
    return b


def _missed(error: Floats, noise: Floats, correlation: Floats, weight: Floats) -> Floats:
    """Return the covariance of errors on unseen points, less what chance put into them."""
    w = weight / weight.sum()
    far = 9 * np.sqrt(np.median(error**2, axis=0))
    clipped = np.clip(error, -far, far)  # a few points far out do not decide for all
    whole = np.einsum("k,ks,kt->st", w, clipped, clipped)
    sd = np.sqrt(noise)
    chance = np.einsum("k,ks,kt->st", w, sd, sd) * correlation
    values, vectors = np.linalg.eigh(whole - chance)
    floor = 1e-6
    found: Floats = (vectors * np.maximum(values, floor)) @ vectors.T
    return found
