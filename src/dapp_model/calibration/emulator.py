"""Learn from the bank what each figure is to be expected, and how far chance moves it.

Expected figures, on their log or log-odds scales, are a polynomial in the parameters' normal
scores: all linear terms, and squares, products and cubes of those that matter most, shrunk by a
ridge that is chosen by leave-one-out error. Chance is a covariance whose standard deviations
depend on the parameters and whose correlations do not. What the polynomial misses is measured on
points that it has not seen and is part of the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.bank import SIZE_OF_BANK, Bank
from dapp_model.calibration.targets import COUNTED, ON_LOG

Floats = npt.NDArray[np.float64]

ACTIVE: Final = 22  # parameters with squares and products
CUBED: Final = 10  # of these, with cubes and a product of square and line
FOLDS: Final = 8
# The logarithm of a squared standard normal has this mean: estimates of log variance need it back.
LOG_CHI2_1: Final = -1.2703628454614782
RIDGES: Final = tuple(10.0**k for k in np.arange(-3.0, 3.6, 0.5))


@dataclass(frozen=True)
class Emulator:
    """Expected figures and chance at scores [row, parameter]; the first parameter is the size.

    coefficients: [term, S]; log_variance: [1 + parameter, S] of the chance in a county of one
    person a year; correlation: [S, S]; missed: [S, S], covariance of what the polynomial misses;
    luck: chance that the pool of replicate numbers leaves in the fit, as a part of a county's.
    """

    active: npt.NDArray[np.int64]
    cubed: npt.NDArray[np.int64]
    centre: Floats
    spread: Floats
    coefficients: Floats
    log_variance: Floats
    correlation: Floats
    missed: Floats
    luck: float

    def expected(self, scores: Floats, size: Floats) -> Floats:
        """Return the expected figures [row, S] on their scales for a county of this size."""
        terms = features(scores[:, 1:], self.active, self.cubed)
        found: Floats = ((terms - self.centre) / self.spread) @ self.coefficients
        return found + COUNTED * np.log(size / SIZE_OF_BANK)[:, None]

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


def features(z: Floats, active: npt.NDArray[np.int64], cubed: npt.NDArray[np.int64]) -> Floats:
    """Return the terms of the polynomial [row, term]."""
    own = z[:, active]
    i, j = np.triu_indices(len(active))
    few = z[:, cubed]
    k, m = np.meshgrid(np.arange(len(cubed)), np.arange(len(cubed)), indexing="ij")
    cubes = few[:, k.ravel()] ** 2 * few[:, m.ravel()]
    return np.concatenate([np.ones((len(z), 1)), z, own[:, i] * own[:, j], cubes], axis=1)


def usable(bank: Bank) -> npt.NDArray[np.bool_]:
    """Say which points the model could simulate."""
    return np.asarray(np.isfinite(bank.figures).all(axis=(1, 2)), dtype=np.bool_)


# -- chance ---------------------------------------------------------------------------------------


def fit_chance(bank: Bank, weight: Floats) -> tuple[Floats, Floats]:
    """Return (log_variance [1 + parameter, S], correlation [S, S]) from differences of replicates.

    Two replicates at one point differ by chance alone. Their squared difference has the variance
    as its mean; its logarithm is regressed on the scores, lightly shrunk.
    """
    r = bank.figures.shape[1]
    deviation = bank.figures - bank.figures.mean(axis=1, keepdims=True)
    contrast = deviation[:, :-1] * np.sqrt(r / (r - 1)) if r == 2 else _contrasts(bank.figures)
    contrast = contrast * np.sqrt(bank.people)[:, None, None]
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
    return np.einsum("cr,krs->kcs", np.array(rows), figures)


# -- expectation ----------------------------------------------------------------------------------


def fit(bank: Bank, weight: Floats | None = None, *, share_numbers: float = 1.0) -> Emulator:
    """Learn from a bank; `weight` says how much each point counts.

    share_numbers: whole counties in the pool of replicate numbers (numbers times share).
    """
    good = usable(bank)
    weight = np.ones(len(bank)) if weight is None else weight
    bank, weight = bank.at(good), weight[good]
    log_variance, correlation = fit_chance(bank, weight)
    z = bank.scores[:, 1:]
    r = bank.figures.shape[1]
    x = np.column_stack([np.ones(len(bank)), z])
    variance = np.exp(x @ log_variance) / bank.people[:, None]
    mean = bank.figures.mean(axis=1)
    straight = mean - bend(mean, variance)
    precision = weight[:, None] / (variance / r + _misfit(z, straight, variance / r, weight))
    active, cubed = _which(z, straight, precision)
    terms = features(z, active, cubed)
    centre = np.average(terms, axis=0, weights=weight)
    centre[0] = 0.0
    spread = np.sqrt(np.average((terms - centre) ** 2, axis=0, weights=weight))
    spread[spread == 0] = 1.0
    design = (terms - centre) / spread
    coefficients = _ridge(design, straight, precision)
    fold = np.arange(len(z)) % FOLDS
    error = np.empty_like(straight)
    for f in range(FOLDS):
        held = fold == f
        error[held] = straight[held] - design[held] @ _ridge(
            design[~held], straight[~held], precision[~held]
        )
    missed = _missed(error, variance / r, correlation, weight)
    return Emulator(
        active,
        cubed,
        centre,
        spread,
        coefficients,
        log_variance,
        correlation,
        missed,
        1 / share_numbers,
    )


def _misfit(z: Floats, y: Floats, noise: Floats, weight: Floats) -> Floats:
    """Return a first guess of the variance that a polynomial will miss, by figure."""
    x = np.column_stack([np.ones(len(z)), z, z**2])
    a = x.T @ (weight[:, None] * x) + 1e-3 * np.eye(x.shape[1])
    rest = y - x @ np.linalg.solve(a, x.T @ (weight[:, None] * y))
    excess = np.average(rest**2 - noise, axis=0, weights=weight)
    return np.asarray(np.maximum(0.05 * excess, 0.1 * np.median(noise, axis=0)))


def _which(
    z: Floats, y: Floats, precision: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the parameters that matter most, all and the first few, in the order of the list."""
    strength = np.zeros(z.shape[1])
    x = np.column_stack([np.ones(len(z)), z])
    for s in range(y.shape[1]):
        w = precision[:, s]
        a = x.T @ (w[:, None] * x) + np.eye(x.shape[1])
        b = np.linalg.solve(a, x.T @ (w * y[:, s]))[1:]
        strength += np.minimum(b**2 * w.mean(), 1e4)  # no one figure decides alone
    order = np.argsort(-strength, kind="stable")
    return np.sort(order[:ACTIVE]), np.sort(order[:CUBED])


def _ridge(design: Floats, y: Floats, precision: Floats) -> Floats:
    """Return ridge coefficients [term, S], the penalty of each figure by leave-one-out error."""
    out = np.empty((design.shape[1], y.shape[1]))
    for s in range(y.shape[1]):
        w = np.sqrt(precision[:, s] / precision[:, s].mean())
        root = w[:, None] * design[:, 1:]
        # The constant is fitted first: it is not shrunk.
        one = w / np.linalg.norm(w)
        root = root - np.outer(one, one @ root)
        target = w * y[:, s]
        flat = target - one * (one @ target)
        u, d, vt = np.linalg.svd(root, full_matrices=False)
        inner = u.T @ flat
        best = (np.inf, None)
        for ridge in RIDGES:
            shrink = d**2 / (d**2 + ridge)
            leverage = (u**2) @ shrink + one**2
            rest = (flat - u @ (shrink * inner)) / np.maximum(1 - leverage, 1e-3)
            score = float(rest @ rest)
            if score < best[0]:
                best = (score, vt.T @ (d / (d**2 + ridge) * inner))
        b = best[1]
        assert b is not None
        out[1:, s] = b
        out[0, s] = (one @ (target - w * (design[:, 1:] @ b))) / (one @ w)
    return out


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
