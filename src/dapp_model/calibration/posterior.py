"""Weigh the priors by the targets: the likelihood, and a sampler that copes with ridges.

The likelihood of what was counted holds chance at the size of the whole county, the error of the
figure itself (rounding; and, where it comes from elsewhere, transfer), and what the emulator
misses. Many problems (readings, targets left out, synthetic counties) are sampled side by side.

The sampler is generalised elliptical slice sampling (Nishihara, Murray, Adams 2014): a step moves
on an ellipse through a draw from a wide Student distribution that is fitted to the posterior, and
needs no step size. `docs/design.md` says what it was compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.emulator import Emulator
from dapp_model.calibration.recipe import Prior, Recipe, Target
from dapp_model.calibration.targets import LEARNT

Floats = npt.NDArray[np.float64]

NOT_IN_FORCE: Final = 1e4  # variance of a figure that is left out, on its scale
FREEDOM: Final = 8.0  # degrees of freedom of the Student distribution that steers the sampler
WIDER: Final = 1.15
MOST_SHRINKS: Final = 60
NEWTON: Final = 40
STEP: Final = 1e-4


@dataclass(frozen=True)
class Problems:
    """What was counted, in several problems at once.

    aim, variance: [problem, observation, S] on the figures' scales; a figure that is not in force
    has the variance NOT_IN_FORCE. bound: [problem, S], -1 where the figure bounds the county from
    below, 1 from above, 0 else; its value is that of the first observation.
    """

    aim: Floats
    variance: Floats
    bound: Floats
    bound_aim: Floats
    bound_variance: Floats
    chance: float = 1.0  # 0 leaves chance out: the broken likelihood that the proof has to catch

    def __len__(self) -> int:
        return len(self.aim)


def problem(targets: Sequence[Target]) -> Problems:
    """Return one problem with these targets."""
    s = len(LEARNT)
    aim, variance = np.zeros((1, 1, s)), np.full((1, 1, s), NOT_IN_FORCE)
    bound, bound_aim, bound_variance = np.zeros((1, s)), np.zeros((1, s)), np.ones((1, s))
    for target in targets:
        j = LEARNT.index(target.reader)
        if target.side == "both":
            aim[0, 0, j], variance[0, 0, j] = target.aim, target.error**2
        else:
            bound[0, j] = -1.0 if target.side == "low" else 1.0
            bound_aim[0, j], bound_variance[0, j] = target.aim, target.error**2
    return Problems(aim, variance, bound, bound_aim, bound_variance)


def stacked(problems: Sequence[Problems]) -> Problems:
    """Return problems side by side."""
    return Problems(
        np.concatenate([p.aim for p in problems]),
        np.concatenate([p.variance for p in problems]),
        np.concatenate([p.bound for p in problems]),
        np.concatenate([p.bound_aim for p in problems]),
        np.concatenate([p.bound_variance for p in problems]),
        problems[0].chance,
    )


class Likelihood(Protocol):
    """Log likelihoods of rows of scores, each in its own problem."""

    dimension: int

    def __call__(self, scores: Floats, which: npt.NDArray[np.int64]) -> Floats:
        """Return the log likelihood of each row; `which` is the row's problem."""

    def expected(self, scores: Floats) -> Floats:
        """Return what the rows expect of the figures [row, S]."""

    def information(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return (gradient [row, S], curvature [row, S, S]) in the expected figures."""


@dataclass(frozen=True)
class OfEmulator:
    """The likelihood of counted figures under an emulator."""

    emulator: Emulator
    size: Prior
    problems: Problems
    dimension: int

    def expected(self, scores: Floats) -> Floats:
        """Return the mean of the figures on their scales [row, S], chance included."""
        size = self.size.values(scores[:, 0])
        found = self.emulator.expected(scores, size)
        return self.emulator.shown(found, self.emulator.chance(scores, size))

    def covariance(self, scores: Floats) -> Floats:
        """Return the covariance of what is counted, without the figures' own errors."""
        e = self.emulator
        sd = e.chance(scores, self.size.values(scores[:, 0]))
        chance = sd[:, :, None] * sd[:, None, :] * e.correlation
        return np.asarray(chance * (self.problems.chance + e.luck) + e.missed)

    def __call__(self, scores: Floats, which: npt.NDArray[np.int64]) -> Floats:
        """Return the log likelihood of each row; `which` is the row's problem."""
        from scipy.special import log_ndtr

        p = self.problems
        mean, base = self.expected(scores), self.covariance(scores)
        s = mean.shape[1]
        total = np.zeros(len(scores))
        for k in range(p.aim.shape[1]):
            own = base.copy()
            own[:, np.arange(s), np.arange(s)] += p.variance[which, k]
            out = p.variance[which, k] >= NOT_IN_FORCE
            apart = np.where(out, 0.0, p.aim[which, k] - mean)
            root = np.linalg.cholesky(own)
            scaled = np.linalg.solve(root, apart[:, :, None])[:, :, 0]
            diagonal = root[:, np.arange(s), np.arange(s)]
            total += -0.5 * (scaled**2).sum(axis=1) - np.log(diagonal).sum(axis=1)
        bound = p.bound[which]
        if bound.any():
            spread = np.sqrt(p.bound_variance[which] + base[:, np.arange(s), np.arange(s)])
            inside = log_ndtr(bound * (p.bound_aim[which] - mean) / spread)
            total += np.where(bound != 0, inside, 0.0).sum(axis=1)
        return np.where(np.isfinite(total), total, -np.inf)

    def information(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return (gradient [row, S], curvature [row, S, S]) in the expected figures."""
        from scipy.special import log_ndtr

        p = self.problems
        mean, base = self.expected(scores), self.covariance(scores)
        s = mean.shape[1]
        slope = np.zeros_like(mean)
        curve = np.zeros_like(base)
        for k in range(p.aim.shape[1]):
            own = base.copy()
            own[:, np.arange(s), np.arange(s)] += p.variance[which, k]
            out = p.variance[which, k] >= NOT_IN_FORCE
            apart = np.where(out, 0.0, p.aim[which, k] - mean)
            inverse = np.linalg.inv(own)
            slope += np.einsum("nst,nt->ns", inverse, apart)
            curve += inverse
        spread = np.sqrt(p.bound_variance[which] + base[:, np.arange(s), np.arange(s)])
        x = p.bound[which] * (p.bound_aim[which] - mean) / spread
        mills = np.exp(-0.5 * x**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(x))
        bound = p.bound[which] != 0
        slope += np.where(bound, -p.bound[which] * mills / spread, 0.0)
        curve[:, np.arange(s), np.arange(s)] += np.where(bound, mills * (mills + x), 0) / spread**2
        return slope, curve


# -- sampling -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """Where each posterior lies, roughly: mean [problem, d] and root of covariance [problem, d, d].
    """

    mean: Floats
    root: Floats


def peak(likelihood: Likelihood, count: int) -> Reference:
    """Find each posterior's peak by damped Newton steps, and its spread from the curvature there."""
    d = likelihood.dimension
    which = np.arange(count)
    z = np.zeros((count, d))
    value = likelihood(z, which) - 0.5 * (z**2).sum(axis=1)
    damping = np.full(count, 1.0)
    precision = np.broadcast_to(np.eye(d), (count, d, d)).copy()
    for _ in range(NEWTON):
        jacobian = _jacobian(likelihood, z)
        slope, curve = likelihood.information(z, which)
        gradient = np.einsum("nsd,ns->nd", jacobian, slope) - z
        precision = np.einsum("nsd,nst,nte->nde", jacobian, curve, jacobian) + np.eye(d)
        eased = precision + damping[:, None, None] * np.eye(d)
        step = np.linalg.solve(eased, gradient[:, :, None])[:, :, 0]
        trial = np.clip(z + step, -4.5, 4.5)
        found = likelihood(trial, which) - 0.5 * (trial**2).sum(axis=1)
        better = found > value
        z = np.where(better[:, None], trial, z)
        value = np.where(better, found, value)
        damping = np.where(better, damping / 4, damping * 6)
    return Reference(z, np.linalg.cholesky(np.linalg.inv(precision)) * WIDER)


def _jacobian(likelihood: Likelihood, z: Floats) -> Floats:
    count, d = z.shape
    shift = np.concatenate([np.eye(d), -np.eye(d)]) * STEP
    moved = (z[:, None, :] + shift).reshape(-1, d)
    found = likelihood.expected(moved).reshape(count, 2 * d, -1)
    return np.asarray((found[:, :d] - found[:, d:]).transpose(0, 2, 1) / (2 * STEP))


@dataclass(frozen=True)
class Sampled:
    """Draws [problem, chain, step, parameter] after the first third, and their log likelihoods."""

    scores: Floats
    likelihood: Floats

    def flat(self, number: int) -> Floats:
        """Return all draws of one problem [draw, parameter]."""
        return self.scores[number].reshape(-1, self.scores.shape[-1])

    def rows(self, number: int, count: int) -> Floats:
        """Return draws of one problem evenly spread over chains and steps; or as many as there are.

        The order goes through all chains before it goes on in each, so that the first rows are as
        good a sample as any.
        """
        chains, steps, d = self.scores.shape[1:]
        each = -(-count // chains)
        taken = np.linspace(0, steps - 1, min(each, steps)).round().astype(np.int64)
        kept = self.scores[number][:, taken].transpose(1, 0, 2).reshape(-1, d)
        return np.asarray(kept[:count])


def sample(
    likelihood: Likelihood,
    count: int,
    *,
    chains: int,
    steps: int,
    seed: Sequence[int],
) -> Sampled:
    """Sample `count` problems side by side; the result depends on nothing but the arguments."""
    rng = np.random.default_rng(list(seed))
    d = likelihood.dimension
    reference = peak(likelihood, count)
    which = np.repeat(np.arange(count), chains)
    start = rng.standard_normal((count * chains, d))
    z = reference.mean[which] + 1.2 * np.einsum("nij,nj->ni", reference.root[which], start)
    z = np.clip(z, -4.5, 4.5)
    value = likelihood(z, which)
    warm = steps // 3
    kept = np.empty((steps - warm, count * chains, d))
    kept_value = np.empty((steps - warm, count * chains))
    past: list[Floats] = []
    for step in range(steps):
        z, value = _slice_step(likelihood, reference, (z, value, which), rng)
        if step < warm:
            past.append(z)
            # Twice the reference learns from the second half of what was seen so far.
            if step in (warm // 2, warm - 1):
                reference = _learnt(np.array(past[len(past) // 2 :]), count, chains)
                past = []
        else:
            kept[step - warm], kept_value[step - warm] = z, value
    shape = (steps - warm, count, chains)
    return Sampled(
        kept.reshape(*shape, d).transpose(1, 2, 0, 3),
        kept_value.reshape(shape).transpose(1, 2, 0),
    )


def _learnt(past: Floats, count: int, chains: int) -> Reference:
    steps, _, d = past.shape
    own = past.reshape(steps, count, chains, d).transpose(1, 0, 2, 3).reshape(count, -1, d)
    mean = own.mean(axis=1)
    apart = own - mean[:, None]
    n = own.shape[1]
    covariance = np.einsum("pni,pnj->pij", apart, apart) / max(n - 1, 1)
    trust = n / (n + 5.0 * d)  # few draws: lean on their variances alone
    diagonal = covariance * np.eye(d)
    mixed = trust * covariance + (1 - trust) * diagonal + 1e-9 * np.eye(d)
    return Reference(mean, np.linalg.cholesky(mixed) * WIDER)


def _slice_step(
    likelihood: Likelihood,
    reference: Reference,
    state: tuple[Floats, Floats, npt.NDArray[np.int64]],
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    z, value, which = state
    n, d = z.shape
    mean, root = reference.mean[which], reference.root[which]

    def steering(x: Floats, rows: npt.NDArray[np.int64]) -> Floats:
        """Return the log density of the Student distribution, up to a constant."""
        own = np.linalg.solve(root[rows], (x - mean[rows])[:, :, None])[:, :, 0]
        return np.asarray(-(FREEDOM + d) / 2 * np.log1p((own**2).sum(axis=1) / FREEDOM))

    everyone = np.arange(n)
    white = np.linalg.solve(root, (z - mean)[:, :, None])[:, :, 0]
    rate = (FREEDOM + (white**2).sum(axis=1)) / 2
    scale = rate / rng.gamma((FREEDOM + d) / 2, size=n)
    other = np.einsum("nij,nj->ni", root, rng.standard_normal((n, d))) * np.sqrt(scale)[:, None]

    def rest(x: Floats, found: Floats, rows: npt.NDArray[np.int64]) -> Floats:
        return found - 0.5 * (x**2).sum(axis=1) - steering(x, rows)

    height = rest(z, value, everyone) + np.log(rng.random(n))
    angle = rng.random(n) * 2 * np.pi
    low, high = angle - 2 * np.pi, angle.copy()
    out, out_value = z.copy(), value.copy()
    waiting = everyone
    for _ in range(MOST_SHRINKS):
        a = angle[waiting][:, None]
        trial = (z[waiting] - mean[waiting]) * np.cos(a) + other[waiting] * np.sin(a)
        trial = trial + mean[waiting]
        found = likelihood(trial, which[waiting])
        taken = rest(trial, found, waiting) > height[waiting]
        out[waiting[taken]], out_value[waiting[taken]] = trial[taken], found[taken]
        waiting = waiting[~taken]
        if not len(waiting):
            break
        again = angle[waiting]
        low[waiting] = np.where(again < 0, again, low[waiting])
        high[waiting] = np.where(again >= 0, again, high[waiting])
        angle[waiting] = rng.uniform(low[waiting], high[waiting])
    return out, out_value


# -- how good the sample is -----------------------------------------------------------------------


def split_r_hat(draws: Floats) -> Floats:
    """Return the split R-hat of draws [chain, step, parameter] by parameter; near 1 is good."""
    half = draws.shape[1] // 2
    parts = np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = parts.mean(axis=1).var(axis=0, ddof=1)
    return np.asarray(np.sqrt((half - 1) / half + between / within))


def effective_size(draws: Floats) -> Floats:
    """Return the effective number of draws by parameter (Geyer's initial monotone sequence)."""
    m, n, d = draws.shape
    apart = draws - draws.mean(axis=1, keepdims=True)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(apart, size, axis=1)
    auto = np.fft.irfft((spectrum * spectrum.conj()).real, size, axis=1)[:, :n].mean(axis=0) / n
    within = auto[0] * n / (n - 1)
    between = draws.mean(axis=1).var(axis=0, ddof=1) if m > 1 else np.zeros(d)
    pooled = within * (n - 1) / n + between
    rho = 1 - (within - auto * n / (n - 1)) / pooled
    rho[0] = 1.0
    pairs = rho[: n // 2 * 2].reshape(-1, 2, d).sum(axis=1)
    out = np.empty(d)
    for j in range(d):
        own = pairs[:, j]
        negative = np.flatnonzero(own < 0)
        upto = negative[0] if len(negative) else len(own)
        out[j] = 2 * np.minimum.accumulate(own[:upto]).sum() - 1
    return np.asarray(m * n / np.maximum(out, 1 / np.log10(max(m * n, 10))))


def of_recipe(recipe: Recipe, emulator: Emulator, problems: Problems) -> OfEmulator:
    """Return the likelihood of problems under a recipe's priors."""
    return OfEmulator(emulator, recipe.priors[0], problems, len(recipe.priors))
