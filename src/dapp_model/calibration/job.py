"""The whole calibration: two waves of simulations, the emulator, one posterior for each reading."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration import bank, emulator, posterior
from dapp_model.calibration.bank import Bank, How
from dapp_model.calibration.emulator import Emulator
from dapp_model.calibration.posterior import NOT_IN_FORCE, Problems, Sampled
from dapp_model.calibration.recipe import Recipe
from dapp_model.calibration.targets import COUNTED, LEARNT
from dapp_model.parameters import registry

Floats = npt.NDArray[np.float64]

TEMPERED: Final = 2.5  # the second wave covers errors so many times as large as they are
NEAR: Final = 1.5  # errors so many times as large as they are still count as near
TRIAL: Final = posterior.Effort(24, 400, careful=False)  # this one only places points
LEAST: Final = 0.02  # weight of a point far from everything that was counted
QUICK: Final = {"bank.first": 64, "bank.second": 64, "posterior.steps": 240, "posterior.rows": 120}


@dataclass(frozen=True)
class Calibrated:
    """What a calibration found: the emulator, draws by reading, and the bank that it rests on."""

    recipe: Recipe
    bank: Bank
    emulator: Emulator
    problems: Problems
    sampled: Sampled

    def likelihood(self, problems: Problems | None = None) -> posterior.OfEmulator:
        """Return the likelihood of these or other problems."""
        own = self.problems if problems is None else problems
        return posterior.of_recipe(self.recipe, self.emulator, own)

    def rows(self, reading: str, count: int | None = None) -> Floats:
        """Return posterior rows of scores under one reading."""
        number = self.recipe.readings.index(reading)
        return self.sampled.rows(number, count or self.recipe.numbers["posterior.rows"])


def quick(recipe: Recipe) -> Recipe:
    """Return a recipe that is good for trying things out, and for nothing else."""
    smaller = {k: min(v, QUICK.get(k, v)) for k, v in recipe.numbers.items()}
    return dataclasses.replace(
        recipe, numbers=smaller, share=recipe.share / 4, hash=f"quick-{recipe.hash}"
    )


def effort(recipe: Recipe) -> posterior.Effort:
    """Return how long a recipe samples."""
    return posterior.Effort(recipe.numbers["posterior.chains"], recipe.numbers["posterior.steps"])


def problems_of(recipe: Recipe) -> Problems:
    """Return one problem for each reading, with its strong and weak targets."""
    return posterior.stacked(
        [posterior.problem(recipe.in_force(r, ("strong", "weak"))) for r in recipe.readings]
    )


def calibrate(recipe: Recipe, folder: Path, how: How) -> Calibrated:
    """Do all of it; what is finished lies in `folder` and is not done again."""
    from dapp_model import study
    from dapp_model.scenario import load

    how.say("Compiling the engine if it has changed (about a minute, once).")
    study.compile_engine(load(recipe.scenario))
    problems = problems_of(recipe)
    how.say("First wave: points spread over the priors.")
    first = bank.fill(recipe, bank.spread(recipe), 1, folder, how=how)
    both, learnt = first, _learn(recipe, first, None, problems)
    if recipe.numbers["bank.second"]:
        how.say("Second wave: points near a first posterior.")
        near = _near(recipe, learnt, problems)
        second = bank.fill(recipe, near, 2, folder, how=how)
        both = first.joined(second)
        learnt = _learn(recipe, both, learnt, problems)
    how.say("Sampling the posterior under each reading.")
    sampled = posterior.sample(
        posterior.of_recipe(recipe, learnt, problems),
        len(problems),
        effort=effort(recipe),
        seed=(recipe.seed, 5),
    )
    return Calibrated(recipe, both, learnt, problems, sampled)


def _learn(recipe: Recipe, points: Bank, before: Emulator | None, problems: Problems) -> Emulator:
    """Learn from points, those near what was counted before those that are far off."""
    counties = recipe.numbers["bank.numbers"] * recipe.share
    learnt = before or emulator.fit(points, recipe.priors, share_numbers=counties)
    for _ in range(2):
        weight = closeness(recipe, learnt, points, problems)
        learnt = emulator.fit(points, recipe.priors, weight, share_numbers=counties)
    return learnt


def closeness(recipe: Recipe, learnt: Emulator, points: Bank, problems: Problems) -> Floats:
    """Return weights of points by how near their expected figures come to what was counted.

    It is the expectation that counts, never the luck of a point, and of all readings the nearest.
    The size of the county is set so that the recorded incidents are met.
    """
    size = np.full(len(points), bank.SIZE_OF_BANK)
    expected = learnt.expected(points.scores, size)
    at = LEARNT.index("recorded_incidents")
    expected = expected + COUNTED * (problems.aim[0, 0, at] - expected[:, [at]])
    chance = learnt.chance(points.scores, size) ** 2 + np.diag(learnt.missed)
    best = np.full(len(points), np.inf)
    for k in range(len(problems)):
        used = problems.variance[k, 0] < NOT_IN_FORCE
        error = NEAR**2 * (problems.variance[k, 0] + chance)
        far = ((problems.aim[k, 0] - expected) ** 2 / error)[:, used].mean(axis=1)
        best = np.minimum(best, far)
    return np.asarray(np.maximum(LEAST, np.exp(-0.5 * best)))


def _near(recipe: Recipe, learnt: Emulator, problems: Problems) -> Floats:
    """Return points for the second wave: draws of a posterior with larger errors, all readings."""
    wide = dataclasses.replace(
        problems,
        variance=np.minimum(problems.variance * TEMPERED**2, NOT_IN_FORCE),
        bound_variance=problems.bound_variance * TEMPERED**2,
        chance=TEMPERED**2,
    )
    found = posterior.sample(
        posterior.of_recipe(recipe, learnt, wide),
        len(wide),
        effort=TRIAL,
        seed=(recipe.seed, 4),
    )
    n = recipe.numbers["bank.second"]
    each = -(-n // len(wide))
    rows = np.stack([found.rows(k, each) for k in range(len(wide))], axis=1)
    scores = np.clip(rows.reshape(-1, rows.shape[-1])[:n], -3.7, 3.7)
    scores[:, 0] = 0.0
    return scores


# -- what is kept ---------------------------------------------------------------------------------


def write(found: Calibrated, folder: Path) -> dict[str, Any]:
    """Write a parquet file for each reading, and the record that names them; return the record."""
    from dapp_model import fitted
    from dapp_model.compiled import source_hash
    from dapp_model.stored import versions

    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    diagnostics = {}
    for number, reading in enumerate(found.recipe.readings):
        values = found.recipe.values(found.rows(reading))
        content = _parquet(found.recipe.names, values)
        name = fitted.file_name(reading)
        files[name] = hashlib.sha256(content).hexdigest()
        _put(folder / name, content)
        diagnostics[reading] = quality(found.sampled, number)
    record = {
        "title": found.recipe.title,
        "recipe": found.recipe.hash,
        "seed": found.recipe.seed,
        "marac_repeat": found.recipe.marac_repeat,
        "rows": found.recipe.numbers["posterior.rows"],
        "points": len(found.bank),
        "refused": int(len(found.bank) - emulator.usable(found.bank).sum()),
        "source": source_hash(),
        "versions": {k: v for k, v in versions().items() if k not in ("matplotlib",)},
        "sampler": diagnostics,
        "typical": typical(found),
        "files": files,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    _put(folder / fitted.RECORD, text.encode())
    return record


def mark(folder: Path, record: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    """Add to the record whether the proof passed, and the posterior predictive checks.

    It passes if the ranks of known parameters are even and the likelihood that was broken on
    purpose is found out.
    """
    from dapp_model import fitted

    good, broken = summary["calibration"], summary["broken_likelihood"]
    proved = bool(good["passes"] and not broken["passes"])
    kept = ("target", "label", "reading", "weight", "side", "counted", "predicted")
    more = ("low_90", "high_90", "distance", "tail")
    checks = [{k: row[k] for k in (*kept, *more)} for row in summary["predictive"]]
    text = json.dumps({**record, "proved": proved, "checks": checks}, indent=2, ensure_ascii=False)
    _put(folder / fitted.RECORD, f"{text}\n".encode())


def typical(found: Calibrated) -> dict[str, float]:
    """Return the likeliest values of what is calibrated, with evidence at its registry's values.

    Under the first reading. The registry shows them: one county that holds together, which the
    middle of each parameter by itself would not.
    """
    recipe = found.recipe
    known = registry()
    held = np.full(len(recipe.priors), np.nan)
    for j, prior in enumerate(recipe.priors):
        value = known[prior.name].value
        if known[prior.name].role != "calibrated" and isinstance(value, int | float):
            held[j] = prior.score(float(value))
    mode = posterior.peak(posterior.Pinned(found.likelihood(), held), 1).mean
    scores = np.where(np.isnan(held), 0.0, held)
    scores[np.isnan(held)] = mode[0]
    values = recipe.values(scores[None])[0]
    return {
        n: float(f"{v:.3g}")
        for n, v in zip(recipe.names, values, strict=True)
        if known[n].role == "calibrated"
    }


def quality(sampled: Sampled, number: int) -> dict[str, float]:
    """Return the worst split R-hat, and the least and median effective number of draws."""
    draws = sampled.scores[number]
    size = posterior.effective_size(draws)
    return {
        "worst_split_r_hat": round(float(posterior.split_r_hat(draws).max()), 4),
        "least_effective_draws": round(float(size.min())),
        "median_effective_draws": round(float(np.median(size))),
    }


def _parquet(names: Sequence[str], values: Floats) -> bytes:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    # Nine digits are more than anything here is known to, and they pack well.
    rounded = {n: _digits(values[:, j]) for j, n in enumerate(names)}
    stream = io.BytesIO()
    pq.write_table(pa.table(rounded), stream, compression="zstd")
    return stream.getvalue()


def _digits(values: Floats) -> Floats:
    return np.array([float(f"{v:.9g}") for v in values.tolist()])


def _put(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(path.suffix + ".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
