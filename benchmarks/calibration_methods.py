"""Which emulator and which sampler: time and accuracy on the bank of the shipped calibration.

    python benchmarks/calibration_methods.py results/calibration/surrey_2014_15/parts

Needs scikit-learn and emcee, which the package itself does not. The folder is that of a
finished `dapp calibrate`; its points are read, none is simulated.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dapp_model.calibration import bank, emulator, job, posterior, recipe, shapes
from dapp_model.calibration.targets import LEARNT

HERE = Path(__file__).resolve().parents[1]
FIGURES = (
    "recorded_incidents",
    "repeat_share_a",
    "marac_referrals",
    "marac_repeats",
    "true_victims",
    "no_repeat_five_years",
    "no_later_crime",
)


def points(parts: Path) -> tuple[recipe.Recipe, bank.Bank, Any, Any]:
    """Return the recipe, its bank, and the emulator and problems that it leads to."""
    wanted = recipe.read(HERE / "calibration" / "surrey_2014_15.toml")
    problems = job.problems_of(wanted)
    how = bank.How(1)
    first = bank.fill(wanted, bank.spread(wanted), 1, parts, how=how)
    learnt = job._learn(wanted, first, None, problems)
    second = bank.fill(wanted, job._near(wanted, learnt, problems), 2, parts, how=how)
    both = first.joined(second)
    return wanted, both, job._learn(wanted, both, learnt, problems), problems


def emulators(wanted: recipe.Recipe, own: bank.Bank, learnt: Any) -> None:
    """Compare polynomial and Gaussian process on held-out points of the second wave."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    warnings.simplefilter("ignore")
    good = emulator.usable(own)
    own = own.at(good)
    n = len(own)
    near = np.arange(n) >= wanted.numbers["bank.first"] - (~good).sum()
    held = near & (np.arange(n) % 4 == 0)
    z = own.scores[:, 1:]
    x = np.column_stack([np.ones(n), z])
    variance = np.exp(x @ learnt.log_variance) / own.people[:, None]
    y = own.figures.mean(axis=1)
    y = y - emulator.bend(y, variance)
    noise = np.sqrt(variance / own.figures.shape[1])
    forms = shapes.tables(wanted.priors[1:])
    begun = time.perf_counter()
    weight = np.where(near, 1.0, 0.1)
    fitted = emulator.fit(own.at(~held), wanted.priors, weight[~held])
    seconds = (time.perf_counter() - begun) / len(LEARNT)
    size = np.full(n, bank.SIZE_OF_BANK)
    poly = fitted.expected(own.scores, size)
    print("figure | method | seconds | rmse beyond chance | standardised sd | within 90%")
    for name in FIGURES:
        s = LEARNT.index(name)
        error = (y - poly)[held, s]
        sd = np.sqrt(noise[held, s] ** 2 + fitted.missed[s, s])
        _line(name, "polynomial", seconds, error, noise[held, s], sd)
        active = fitted.active[s]
        for method, inputs in (
            ("GP, ten inputs and forms", np.column_stack([z[:, active], forms.terms(z)])),
            ("GP, all inputs", z),
        ):
            if inputs is z and name != FIGURES[0]:
                continue  # minutes each: once is enough to see it
            begun = time.perf_counter()
            lines = np.column_stack([np.ones(n), z, forms.terms(z)])
            b, *_ = np.linalg.lstsq(lines[~held], y[~held, s], rcond=None)
            rest = y[:, s] - lines @ b
            kernel = ConstantKernel(0.1) * RBF(np.full(inputs.shape[1], 4.0), (0.3, 100))
            kernel = kernel + WhiteKernel(0.01, (1e-6, 1))
            gp = GaussianProcessRegressor(kernel, normalize_y=True)
            gp.fit(inputs[~held], rest[~held])
            mean, spread = gp.predict(inputs[held], return_std=True)
            seconds_gp = time.perf_counter() - begun
            _line(name, method, seconds_gp, rest[held] - mean, noise[held, s], spread)


def _line(name: str, method: str, seconds: float, error: Any, noise: Any, sd: Any) -> None:
    beyond = np.sqrt(max(0.0, (error**2 - noise**2).mean()))
    inside = (np.abs(error / sd) < 1.645).mean()
    print(
        f"{name} | {method} | {seconds:.1f} | {beyond:.4f} | {(error / sd).std():.2f} | "
        f"{inside:.2f}",
        flush=True,
    )


def samplers(wanted: recipe.Recipe, learnt: Any, problems: Any) -> None:
    """Compare samplers on the posterior of reading A: time, effective draws, mean and spread."""
    import emcee

    one = dataclasses.replace(
        problems,
        aim=problems.aim[:1],
        variance=problems.variance[:1],
        bound=problems.bound[:1],
        bound_aim=problems.bound_aim[:1],
        bound_variance=problems.bound_variance[:1],
    )
    likelihood = posterior.of_recipe(wanted, learnt, one)
    d = likelihood.dimension

    def density(z: Any) -> Any:
        return posterior._density(likelihood, z, np.zeros(len(z), np.int64))[0]

    def timed(what: str, work: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        draws = work()
        seconds = time.perf_counter() - begun
        size = posterior.effective_size(draws)
        hat = posterior.split_r_hat(draws).max()
        print(
            f"{what} | {seconds:.0f} s | least effective {size.min():.0f} | median "
            f"{np.median(size):.0f} | {size.min() / seconds:.1f} a second | R-hat {hat:.3f}",
            flush=True,
        )
        return draws.reshape(-1, d)

    ours = timed(
        "Hamiltonian, 24 chains",
        lambda: posterior.sample(likelihood, 1, effort=posterior.Effort(24, 600), seed=(1,)).scores[
            0
        ],
    )
    reference = posterior.peak(likelihood, 1)

    def stretch(moves: Any) -> Any:
        rng = np.random.default_rng(2)
        start = reference.mean[0] + rng.standard_normal((128, d)) @ reference.root[0].T
        ensemble = emcee.EnsembleSampler(128, d, density, vectorize=True, moves=moves)
        ensemble.random_state = np.random.RandomState(2).get_state()
        ensemble.run_mcmc(start, 3000)
        return ensemble.get_chain(discard=1000).transpose(1, 0, 2)

    theirs = timed("emcee, stretch", lambda: stretch(None))
    moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]
    again = timed("emcee, differential evolution", lambda: stretch(moves))
    for what, other in (("stretch", theirs), ("differential evolution", again)):
        apart = np.abs(ours.mean(0) - other.mean(0)) / ours.std(0)
        print(f"worst difference of means, {what}: {apart.max():.2f} standard deviations")
    begun = time.perf_counter()
    rng = np.random.default_rng(3)
    free = 8.0
    white = rng.standard_normal((40_000, d)) / np.sqrt(rng.chisquare(free, (40_000, 1)) / free)
    trial = np.clip(reference.mean[0] + white @ reference.root[0].T, -4.49, 4.49)
    log_q = -(free + d) / 2 * np.log1p((white**2).sum(axis=1) / free)
    log_w = density(trial) - log_q
    w = np.exp(log_w - log_w.max())
    print(
        f"importance, 40,000 draws | {time.perf_counter() - begun:.0f} s | effective "
        f"{w.sum() ** 2 / (w**2).sum():.0f}"
    )


def main() -> None:
    """Compare both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path, help="folder of a finished calibration's points")
    given = parser.parse_args()
    wanted, own, learnt, problems = points(given.parts)
    samplers(wanted, learnt, problems)
    emulators(wanted, own, learnt)


if __name__ == "__main__":
    main()
