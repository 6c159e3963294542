"""What the counts say about each parameter, which of them says it, and what nothing here says."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration import posterior
from dapp_model.calibration.job import Calibrated
from dapp_model.calibration.posterior import Problems
from dapp_model.calibration.recipe import SIZE
from dapp_model.calibration.targets import LEARNT

Floats = npt.NDArray[np.float64]

EFFORT: Final = posterior.Effort(8, 300)


def without(found: Calibrated, reading: str) -> tuple[tuple[str, ...], Problems]:
    """Return one problem for each target of a reading, with that target left out."""
    targets = found.recipe.in_force(reading, ("strong", "weak"))
    problems = [posterior.problem([t for t in targets if t.name != out.name]) for out in targets]
    return tuple(t.name for t in targets), posterior.stacked(problems)


def table(found: Calibrated, reading: str) -> tuple[list[dict[str, Any]], dict[str, Floats]]:
    """Return the identifiability table, and the draws with each target left out.

    shrunk: one less the ratio of posterior to prior spread, on the scale of normal scores. A
    target moves a parameter by as much as leaving it out changes mean and spread, in prior
    standard deviations.
    """
    recipe = found.recipe
    names, problems = without(found, reading)
    left_out = posterior.sample(
        found.likelihood(problems),
        len(names),
        effort=EFFORT,
        seed=(recipe.seed, 9, recipe.readings.index(reading)),
    )
    full = found.sampled.flat(recipe.readings.index(reading))
    mean, spread = full.mean(axis=0), full.std(axis=0)
    draws = {name: left_out.flat(k) for k, name in enumerate(names)}
    moved = np.stack(
        [np.hypot(d.mean(axis=0) - mean, d.std(axis=0) - spread) for d in draws.values()]
    )
    noise = spread / np.sqrt(posterior.effective_size(found.sampled.scores[0]).min())
    prior = np.random.default_rng([recipe.seed, 10]).standard_normal((20_000, full.shape[1]))
    before, after = recipe.values(prior), recipe.values(full)
    rows = []
    for j, name in enumerate(recipe.names):
        order = np.argsort(-moved[:, j], kind="stable")
        strongest = [names[k] for k in order[:3] if moved[k, j] > max(0.1, 5 * noise[j])]
        a, b = _interval(before[:, j]), _interval(after[:, j])
        rows.append(
            {
                "reading": reading,
                "parameter": name,
                "prior_low": _r(a[0]),
                "prior_median": _r(a[1]),
                "prior_high": _r(a[2]),
                "posterior_low": _r(b[0]),
                "posterior_median": _r(b[1]),
                "posterior_high": _r(b[2]),
                "shrunk": round(float(1 - spread[j]), 3),
                "moved": round(float(mean[j]), 3),
                "moved_by": " ".join(strongest) or "nothing here",
            }
        )
    return rows, draws


def products(found: Calibrated, reading: str) -> dict[str, float]:
    """Return how far apart and together reporting and true incidence are known.

    Standard deviations of logarithms, a posteriori: of true incidents, of the chance of a report,
    and of the records that are their product; and the correlation of the first two.
    """
    recipe = found.recipe
    scores = found.sampled.flat(recipe.readings.index(reading))
    values = recipe.values(scores)
    expected = found.emulator.expected(scores, values[:, recipe.names.index(SIZE)])
    true = expected[:, LEARNT.index("true_incidents")]
    records = expected[:, LEARNT.index("recorded_incidents")]
    chance = records - true
    return {
        "sd_log_true_incidents": _r(true.std()),
        "sd_log_records_per_true_incident": _r(chance.std()),
        "sd_log_records": _r(records.std()),
        "correlation": _r(np.corrcoef(true, chance)[0, 1]),
    }


def ridges(found: Calibrated, reading: str, least: float = 0.4) -> list[dict[str, Any]]:
    """Return pairs of parameters that stand in for each other: strongly correlated scores."""
    names = found.recipe.names
    scores = found.sampled.flat(found.recipe.readings.index(reading))
    r = np.asarray(np.corrcoef(scores.T), dtype=np.float64).reshape(len(names), -1)
    i, j = np.triu_indices(len(names), 1)
    strong = np.flatnonzero(np.abs(r[i, j]) >= least)
    order = strong[np.argsort(-np.abs(r[i, j][strong]), kind="stable")]
    return [
        {
            "reading": reading,
            "one": names[i[k]],
            "other": names[j[k]],
            "correlation": round(float(r[i[k], j[k]]), 3),
        }
        for k in order
    ]


def reweighted(found: Calibrated, scores: Floats, reading: str) -> dict[str, Floats]:
    """Return weights of posterior rows for each target left out, by importance.

    They say how a result moves that was simulated for these rows, with no new simulation. Weights
    add up to one; few large ones mean that the rows cannot tell.
    """
    names, problems = without(found, reading)
    real = posterior.problem(found.recipe.in_force(reading, ("strong", "weak")))
    zero = np.zeros(len(scores), np.int64)
    whole = found.likelihood(real).weigh(scores, zero)[0]
    out = {}
    for k, name in enumerate(names):
        log_w = found.likelihood(problems).weigh(scores, zero + k)[0] - whole
        w = np.exp(np.clip(log_w - log_w.max(), -50, 0))
        w = np.minimum(w, np.sqrt(len(w)) * w.mean())
        out[name] = w / w.sum()
    return out


def _interval(x: Floats) -> list[float]:
    return [float(np.quantile(x, q)) for q in (0.025, 0.5, 0.975)]


def _r(value: Any) -> float:
    return float(f"{float(value):.4g}")
