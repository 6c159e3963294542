"""Weigh the priors by the targets: the likelihood, and a sampler that copes with ridges.

The likelihood of what was counted holds chance at the size of the whole county, the error of the
figure itself (rounding; and, where it comes from elsewhere, transfer), and what the emulator
misses. Many problems (readings, targets left out, synthetic counties) are sampled side by side.

The sampler is Hamiltonian: each chain is carried along the slope of the posterior, on axes that
are learnt while it warms up, and the end of its path is accepted or refused by the exact density.
`docs/design.md` says what it was compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.emulator import Emulator
from dapp_model.calibration.recipe import Prior, Recipe, Target
from dapp_model.calibration.targets import COUNTED, LEARNT

Floats = npt.NDArray[np.float64]

NOT_IN_FORCE: Final = 1e4  # variance of a figure that is left out, on its scale
WIDER: Final = 1.1
FARTHEST: Final = 4.5  # standard deviations of a prior beyond which nothing is looked at
NEWTON: Final = 40
PATH: Final = (1.0, 2.2)  # length of a path in standard deviations: a quarter turn is 1.57
PATH_STEPS: Final = (2, 16)
SLOW: Final = 0.1  # share of paths with a tenth of the pace, so that no chain is stuck for good
DEEPEST: Final = 1.0  # log density for each parameter by which a start may lie below the peak
HALVES: Final = 30
ACCEPTED: Final = 0.8  # share of paths whose end should be accepted


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

    def part(self, first: int, last: int) -> Problems:
        """Return some of the problems: from `first` to before `last`."""
        own = slice(first, last)
        return Problems(
            self.aim[own],
            self.variance[own],
            self.bound[own],
            self.bound_aim[own],
            self.bound_variance[own],
            self.chance,
        )


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

    @property
    def dimension(self) -> int:
        """Return how many parameters there are."""

    def weigh(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the log likelihood of each row, and its slope [row, parameter].

        `which` is the row's problem. The slope may be rough: it steers and does not decide.
        """

    def curvature(self, scores: Floats, which: npt.NDArray[np.int64]) -> Floats:
        """Return minus the second derivatives of the log likelihood, roughly [row, d, d]."""

    def expected(self, scores: Floats) -> Floats:
        """Return what the rows expect of the figures [row, S]."""


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

    def weigh(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the log likelihood and its slope; how chance moves with the scores is left out."""
        total, slope, _ = self._parts(scores, which)
        jacobian = self._jacobian(scores)
        return total, np.einsum("nsd,ns->nd", jacobian, slope)

    def curvature(self, scores: Floats, which: npt.NDArray[np.int64]) -> Floats:
        """Return minus the second derivatives of the log likelihood, roughly [row, d, d]."""
        _, _, curve = self._parts(scores, which)
        jacobian = self._jacobian(scores)
        return np.asarray(jacobian.transpose(0, 2, 1) @ curve @ jacobian)

    def _jacobian(self, scores: Floats) -> Floats:
        step = 1e-3
        low, high = (self.size.values(scores[:, 0] + move) for move in (-step, step))
        by_size = COUNTED * (np.log(high / low) / (2 * step))[:, None]
        return np.concatenate([by_size[:, :, None], self.emulator.slopes(scores)], axis=2)

    def _parts(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        """Return log likelihood, its slope and its curvature in the expected figures."""
        from scipy.special import log_ndtr

        p = self.problems
        mean, base = self.expected(scores), self.covariance(scores)
        s = np.arange(mean.shape[1])
        total = np.zeros(len(scores))
        slope, curve = np.zeros_like(mean), np.zeros_like(base)
        for k in range(p.aim.shape[1]):
            own = base.copy()
            own[:, s, s] += p.variance[which, k]
            out = p.variance[which, k] >= NOT_IN_FORCE
            apart = np.where(out, 0.0, p.aim[which, k] - mean)
            inverse = np.linalg.inv(own)
            pull = (inverse @ apart[:, :, None])[:, :, 0]
            total += -0.5 * (apart * pull).sum(axis=1) - 0.5 * np.linalg.slogdet(own)[1]
            slope += pull
            curve += inverse
        bound = p.bound[which]
        if bound.any():
            spread = np.sqrt(p.bound_variance[which] + base[:, s, s])
            x = bound * (p.bound_aim[which] - mean) / spread
            inside = log_ndtr(x)
            total += np.where(bound != 0, inside, 0.0).sum(axis=1)
            mills = np.exp(-0.5 * x**2 - 0.5 * np.log(2 * np.pi) - inside)
            slope -= bound * mills / spread
            curve[:, s, s] += np.where(bound != 0, mills * (mills + x), 0) / spread**2
        return np.where(np.isfinite(total), total, -np.inf), slope, curve


@dataclass(frozen=True)
class Pinned:
    """A likelihood in which some scores are held: `held` [parameter] is NaN where they are free."""

    whole: Likelihood
    held: Floats

    @property
    def dimension(self) -> int:
        """Return how many parameters are free."""
        return int(np.isnan(self.held).sum())

    def _filled(self, scores: Floats) -> Floats:
        out = np.repeat(self.held[None], len(scores), axis=0)
        out[:, np.isnan(self.held)] = scores
        return out

    def weigh(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the log likelihood and its slope in the free scores."""
        value, slope = self.whole.weigh(self._filled(scores), which)
        return value, slope[:, np.isnan(self.held)]

    def curvature(self, scores: Floats, which: npt.NDArray[np.int64]) -> Floats:
        """Return minus the second derivatives of the log likelihood in the free scores."""
        free = np.flatnonzero(np.isnan(self.held))
        return self.whole.curvature(self._filled(scores), which)[:, free[:, None], free]

    def expected(self, scores: Floats) -> Floats:
        """Return what the rows expect of the figures [row, S]."""
        return self.whole.expected(self._filled(scores))


# -- sampling -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """Where posteriors lie, roughly: mean [problem, d], root of covariance [problem, d, d]."""

    mean: Floats
    root: Floats


def peak(likelihood: Likelihood, count: int) -> Reference:
    """Find each posterior's peak by damped Newton steps, and its spread from the curvature."""
    d = likelihood.dimension
    which = np.arange(count)
    z = np.zeros((count, d))
    value, slope = _density(likelihood, z, which)
    damping = np.ones(count)
    for _ in range(NEWTON):
        eased = likelihood.curvature(z, which) + (1 + damping)[:, None, None] * np.eye(d)
        step = np.linalg.solve(eased, slope[:, :, None])[:, :, 0]
        trial = np.clip(z + step, -FARTHEST, FARTHEST)
        found, its_slope = _density(likelihood, trial, which)
        better = found > value
        z = np.where(better[:, None], trial, z)
        value = np.where(better, found, value)
        slope = np.where(better[:, None], its_slope, slope)
        damping = np.where(better, damping / 4, np.minimum(damping * 6, 1e8))
    precision = likelihood.curvature(z, which) + np.eye(d)
    return Reference(z, np.linalg.cholesky(np.linalg.inv(precision)) * WIDER)


def _density(
    likelihood: Likelihood, z: Floats, which: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Return the log density of the posterior, up to a constant, and its slope."""
    value, slope = likelihood.weigh(z, which)
    inside = (np.abs(z) <= FARTHEST).all(axis=1)
    return np.where(inside, value - 0.5 * (z**2).sum(axis=1), -np.inf), slope - z


@dataclass(frozen=True)
class Sampled:
    """Draws [problem, chain, step, parameter] after the first third, and their log likelihoods."""

    scores: Floats
    likelihood: Floats

    def flat(self, number: int) -> Floats:
        """Return all draws of one problem [draw, parameter]."""
        return np.asarray(self.scores[number].reshape(-1, self.scores.shape[-1]))

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


@dataclass(frozen=True)
class Effort:
    """How many chains for each problem, and how many steps of each.

    Not careful, a chain that begins far out may stay there: good enough to place points.
    """

    chains: int
    steps: int
    careful: bool = True


def sample(likelihood: Likelihood, count: int, *, effort: Effort, seed: Sequence[int]) -> Sampled:
    """Sample `count` problems side by side; the result depends on nothing but the arguments."""
    chains, steps = effort.chains, effort.steps
    rng = np.random.default_rng(list(seed))
    d = likelihood.dimension
    reference = peak(likelihood, count)
    which = np.repeat(np.arange(count), chains)
    start = rng.standard_normal((count * chains, d))
    z = reference.mean[which] + np.einsum("nij,nj->ni", reference.root[which], start)
    z = np.clip(z, -FARTHEST + 0.1, FARTHEST - 0.1)
    if effort.careful:
        state = _nearer(likelihood, reference, z, which)
    else:
        state = (z, *_density(likelihood, z, which))
    slow = SLOW if effort.careful else 0.0
    pace = np.full(count, 0.25)
    warm = steps // 3
    kept = np.empty((steps - warm, count * chains, d))
    kept_value = np.empty((steps - warm, count * chains))
    past: list[Floats] = []
    for step in range(steps):
        state, chance = _path(likelihood, reference, state, (pace, slow), (which, rng))
        if step < warm:
            # The pace settles where most paths are accepted, and then stays.
            accepted = chance.reshape(count, chains).mean(axis=1)
            pace = np.clip(pace * np.exp((accepted - ACCEPTED) / (1 + 0.03 * step)), 1e-3, 0.6)
            past.append(state[0])
            # Twice the axes are learnt from the second half of what was seen so far.
            if step in (warm // 3, 2 * warm // 3):
                reference = _learnt(np.array(past[len(past) // 2 :]), count, chains)
                past = []
        else:
            kept[step - warm] = state[0]
            kept_value[step - warm] = state[1] + 0.5 * (state[0] ** 2).sum(axis=1)
    shape = (steps - warm, count, chains)
    return Sampled(
        kept.reshape(*shape, d).transpose(1, 2, 0, 3),
        kept_value.reshape(shape).transpose(1, 2, 0),
    )


def _nearer(
    likelihood: Likelihood, reference: Reference, z: Floats, which: npt.NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return the chains' starts, those far below their posterior's peak drawn towards it by halves.

    Far out, where the posterior is steep, a path of the usual pace would never be accepted.
    """
    count = np.arange(len(reference.mean))
    highest = _density(likelihood, reference.mean, count)[0][which]
    value, slope = _density(likelihood, z, which)
    for _ in range(HALVES):
        far = ~(value > highest - DEEPEST * z.shape[1])
        if not far.any():
            break
        z = np.where(far[:, None], (z + reference.mean[which]) / 2, z)
        value, slope = _density(likelihood, z, which)
    return z, value, slope


def _path(
    likelihood: Likelihood,
    reference: Reference,
    state: tuple[Floats, Floats, Floats],
    going: tuple[Floats, float],
    rest: tuple[npt.NDArray[np.int64], np.random.Generator],
) -> tuple[tuple[Floats, Floats, Floats], Floats]:
    """Carry each chain along a path; return where it is then, and the chance of acceptance."""
    which, rng = rest
    pace, slow = going
    z, value, slope = state
    root = reference.root
    count = len(root)
    back = root.transpose(0, 2, 1)

    def turned(by: Floats, vectors: Floats) -> Floats:
        """Return every chain's vector times its problem's matrix; chains lie problem by problem."""
        return np.asarray((vectors.reshape(count, -1, z.shape[1]) @ by).reshape(z.shape))

    momentum = rng.standard_normal(z.shape)
    length = pace[which] * rng.uniform(0.7, 1.3, size=len(z))
    if slow > 0:
        length = np.where(rng.random(len(z)) < slow, 0.1 * length, length)
    energy = value - 0.5 * (momentum**2).sum(axis=1)
    at, its_value, its_slope, moving = z, value, slope, momentum
    for _ in range(int(np.clip(round(rng.uniform(*PATH) / float(pace.mean())), *PATH_STEPS))):
        moving = moving + 0.5 * length[:, None] * turned(root, its_slope)
        at = at + length[:, None] * turned(back, moving)
        held = np.clip(at, -FARTHEST - 0.09, FARTHEST + 0.09)  # beyond, nothing is accepted
        its_value, its_slope = _density(likelihood, held, which)
        its_value = np.where((held == at).all(axis=1), its_value, -np.inf)
        moving = moving + 0.5 * length[:, None] * turned(root, its_slope)
    gain = its_value - 0.5 * (moving**2).sum(axis=1) - energy
    chance = np.exp(np.minimum(np.where(np.isfinite(gain), gain, -np.inf), 0))
    taken = rng.random(len(z)) < chance
    row = taken[:, None]
    new = (
        np.where(row, at, z),
        np.where(taken, its_value, value),
        np.where(row, its_slope, slope),
    )
    return new, chance


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
