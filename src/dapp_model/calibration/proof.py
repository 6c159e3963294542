"""Can the posterior be trusted? Synthetic Surreys, known parameters, and what was counted.

Simulation-based calibration is done where it matters, around the posterior: parameters are drawn
from the posterior, a whole county is simulated for each with luck that no fit has seen, errors of
the figures are added, and the county's figures are weighed together with the real ones. Then the
known parameters are one more draw from the new posterior, and their ranks among its draws are
uniform, if chance, errors and emulator are what the likelihood says (Säilynoja and others, 2025,
"Posterior SBC").
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration import posterior
from dapp_model.calibration.bank import How
from dapp_model.calibration.job import Calibrated
from dapp_model.calibration.posterior import NOT_IN_FORCE, Likelihood, Problems
from dapp_model.calibration.recipe import Target
from dapp_model.calibration.targets import LEARNT, READERS
from dapp_model.parallel import in_order

Floats = npt.NDArray[np.float64]

BINS: Final = 10
EFFORT: Final = posterior.Effort(8, 240)
BLOCK: Final = 25  # synthetic sets that one process weighs together
ALARM: Final = 0.01  # the least p value over all quantities, after Bonferroni, that still passes


@dataclass(frozen=True)
class Ranks:
    """Ranks of known values among posterior draws [set, quantity], of so many draws."""

    quantities: tuple[str, ...]
    ranks: npt.NDArray[np.int64]
    draws: int

    def chi_square(self) -> Floats:
        """Return the p value of uniformity of each quantity's rank histogram."""
        from scipy.stats import chi2

        width = (self.draws + 1) / BINS
        bins = np.minimum((self.ranks / width).astype(np.int64), BINS - 1)
        counts = np.stack([(bins == b).sum(axis=0) for b in range(BINS)])
        expected = len(self.ranks) / BINS
        statistic = ((counts - expected) ** 2 / expected).sum(axis=0)
        return np.asarray(chi2.sf(statistic, BINS - 1))

    def kolmogorov(self) -> Floats:
        """Return the p value of the Kolmogorov-Smirnov statistic of each quantity."""
        from scipy.stats import kstest

        place = (self.ranks + 0.5) / (self.draws + 1)
        return np.array([kstest(place[:, j], "uniform").pvalue for j in range(place.shape[1])])

    def histogram(self) -> npt.NDArray[np.int64]:
        """Return how many ranks fall in each bin [bin, quantity]."""
        width = (self.draws + 1) / BINS
        bins = np.minimum((self.ranks / width).astype(np.int64), BINS - 1)
        return np.stack([(bins == b).sum(axis=0) for b in range(BINS)])

    def verdict(self) -> dict[str, Any]:
        """Return the least p values over all quantities, corrected for their number."""
        n = len(self.quantities)
        chi, ks = self.chi_square(), self.kolmogorov()
        least = min(1.0, n * float(min(chi.min(), ks.min())) * 2)
        return {
            "sets": len(self.ranks),
            "quantities": n,
            "least_chi_square_p": float(chi.min()),
            "least_chi_square_of": self.quantities[int(chi.argmin())],
            "least_ks_p": float(ks.min()),
            "least_ks_of": self.quantities[int(ks.argmin())],
            "corrected_p": least,
            "passes": bool(least >= ALARM),
        }


def rank(
    likelihood: Likelihood, known: Floats, names: Sequence[str], draws: int, seed: Sequence[int]
) -> tuple[Ranks, Floats]:
    """Rank known scores [set, d] among the draws of each set's posterior.

    Besides the parameters the expected figures are ranked, and the log likelihood, which looks at
    all of them together. Returns the ranks and the draws of the scores [set, draw, d].
    """
    n, d = known.shape
    found = posterior.sample(likelihood, n, effort=EFFORT, seed=seed)
    rng = np.random.default_rng([*seed, 1])
    out = []
    rows = np.stack([found.rows(k, draws) for k in range(n)])
    which = np.arange(n)
    flat = rows.reshape(-1, d)
    own = np.repeat(which, draws)
    drawn = [
        rows,
        likelihood.expected(flat).reshape(n, draws, -1),
        likelihood.weigh(flat, own)[0].reshape(n, draws, 1),
    ]
    truth = [known, likelihood.expected(known), likelihood.weigh(known, which)[0][:, None]]
    for a, b in zip(drawn, truth, strict=True):
        below = (a < b[:, None]).sum(axis=1)
        tied = (a == b[:, None]).sum(axis=1)
        out.append(below + rng.integers(0, tied + 1))
    figures = [f"expected {name}" for name in LEARNT[: truth[1].shape[1]]]
    if truth[1].shape[1] != len(LEARNT):
        figures = [f"expected figure {k + 1}" for k in range(truth[1].shape[1])]
    quantities = (*names, *figures, "log likelihood")
    return Ranks(quantities, np.concatenate(out, axis=1).astype(np.int64), draws), rows


def synthetic(found: Calibrated, figures: Floats, reading: str, seed: Sequence[int]) -> Problems:
    """Return problems in which each simulated county is weighed together with the real figures.

    figures: [set, S] of whole counties, on their scales. The errors of the figures are added. A
    figure that only bounds the county has no law of its own, so it stays with the real ones.
    """
    recipe = found.recipe
    real = posterior.problem(recipe.in_force(reading, ("strong", "weak")))
    n = len(figures)
    rng = np.random.default_rng(list(seed))
    variance = np.repeat(real.variance, n, axis=0)[:, 0]
    error = np.where(variance < NOT_IN_FORCE, np.sqrt(variance), 0.0)
    seen = figures + error * rng.standard_normal(figures.shape)
    return Problems(
        np.stack([np.repeat(real.aim, n, axis=0)[:, 0], seen], axis=1),
        np.stack([variance, variance], axis=1),
        np.repeat(real.bound, n, axis=0),
        np.repeat(real.bound_aim, n, axis=0),
        np.repeat(real.bound_variance, n, axis=0),
    )


def calibration_of(
    found: Calibrated,
    known: Floats,
    problems: Problems,
    *,
    how: How,
    broken: bool = False,
) -> tuple[Ranks, Floats]:
    """Return the ranks of known scores in these problems; `broken` leaves chance out.

    The sets are weighed block by block, each with a seed of its own, so that the number of
    processes changes nothing.
    """
    recipe = found.recipe
    if broken:
        problems = dataclasses.replace(problems, chance=0.0)
    jobs = []
    for block, first in enumerate(range(0, len(known), BLOCK)):
        part = slice(first, first + BLOCK)
        likelihood = found.likelihood(problems.part(first, first + BLOCK))
        seed = (recipe.seed, 8, block)
        jobs.append((likelihood, known[part], recipe.names, recipe.numbers["proof.draws"], seed))
    parts = in_order(rank, jobs, how.workers, how.progress)
    ranks = np.concatenate([one.ranks for one, _ in parts])
    rows = np.concatenate([drawn for _, drawn in parts])
    return Ranks(parts[0][0].quantities, ranks, parts[0][0].draws), rows


def recovery(known: Floats, draws: Floats, names: Sequence[str]) -> list[dict[str, Any]]:
    """Say for each parameter how often intervals hold the known value, and how far off means are.

    Scores are standard normal under the prior: `error` 1 is as bad as knowing nothing.
    """
    out = []
    for j, name in enumerate(names):
        own = draws[:, :, j]
        inside = {}
        for level in (0.5, 0.9):
            low, high = np.quantile(own, [(1 - level) / 2, (1 + level) / 2], axis=1)
            inside[level] = float(((low <= known[:, j]) & (known[:, j] <= high)).mean())
        mean = own.mean(axis=1)
        out.append(
            {
                "parameter": name,
                "held_by_50": round(inside[0.5], 3),
                "held_by_90": round(inside[0.9], 3),
                "error": round(float(np.sqrt(((mean - known[:, j]) ** 2).mean())), 3),
                "spread": round(float(own.std(axis=1).mean()), 3),
            }
        )
    return out


def predictive(
    found: Calibrated, figures: Floats, reading: str, seed: Sequence[int]
) -> list[dict[str, Any]]:
    """Compare each target with whole counties simulated from the posterior [row, all readers].

    tail: twice the smaller chance of a figure as far out as the counted one, errors included; for
    a bound the chance on its wrong side. distance: how far the counted figure lies from the
    predictive mean, in standard errors of chance and rounding together (and transfer, if weak).
    """
    recipe = found.recipe
    scores = found.rows(reading)
    size = recipe.priors[0].values(scores[:, 0])
    chance = found.emulator.chance(scores, size).mean(axis=0)
    rng = np.random.default_rng(list(seed))
    order = list(READERS)
    out = []
    for target in recipe.in_force(reading):
        simulated = figures[:, order.index(target.reader)]
        noise = np.repeat(simulated, 200)
        noise = noise + target.error * rng.standard_normal(len(noise))
        below = float((noise < target.aim).mean())
        luck = float(chance[LEARNT.index(target.reader)]) if target.reader in LEARNT else 0.0
        mean = float(simulated.mean())
        error = float(np.hypot(luck, target.error)) or float("nan")
        out.append(_compared(target, reading, simulated, (below, mean, error)))
    return out


def _compared(
    target: Target, reading: str, simulated: Floats, found: tuple[float, float, float]
) -> dict[str, Any]:
    from dapp_model.calibration.targets import from_scale

    below, mean, error = found
    distance = (target.aim - mean) / error
    if target.side == "low":
        tail = 1 - below  # the county should lie above the figure
        tail, distance = 1 - tail, max(0.0, distance)
    elif target.side == "high":
        tail, distance = 1 - below, min(0.0, distance)
    else:
        tail = 2 * min(below, 1 - below)
    low, high = np.quantile(simulated, [0.05, 0.95])
    return {
        "target": target.name,
        "label": target.label,
        "reading": reading,
        "weight": target.weight,
        "side": target.side,
        "counted": target.value,
        "predicted": _round(from_scale(mean, target.scale)),
        "low_90": _round(from_scale(low, target.scale)),
        "high_90": _round(from_scale(high, target.scale)),
        "monte_carlo_error": _round(float(simulated.std(ddof=1)) / np.sqrt(len(simulated)) / error),
        "distance": round(float(distance), 2),
        "tail": round(float(tail), 3),
    }


def _round(value: Any) -> float:
    return float(f"{float(value):.4g}")


def repeatability(one: Floats, other: Floats) -> dict[str, float]:
    """Compare two samples [draw, d] of one posterior drawn with different seeds.

    Differences of means and of the 5% and 95% points, in standard deviations: the worst of all.
    """
    sd = one.std(axis=0)
    ends = [np.quantile(x, [0.05, 0.95], axis=0) for x in (one, other)]
    return {
        "worst_mean": round(float((np.abs(one.mean(0) - other.mean(0)) / sd).max()), 3),
        "worst_end": round(float((np.abs(ends[0] - ends[1]) / sd).max()), 3),
    }
