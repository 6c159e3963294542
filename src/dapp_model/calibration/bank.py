"""The bank: counties simulated at many parameter points, with replicate numbers common to all.

Points are rows of standard normal scores, one for each prior. The number of people who begin to
abuse is not among what is spread: everybody is independent of everybody, so it scales all counts
exactly, and it is chosen at each point so that points cost about the same. Each point takes some
of a pool of replicate numbers that all points share: the same luck meets different parameters,
while no few lucky numbers stand for chance as a whole.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import designs, model
from dapp_model.calibration.recipe import SIZE, Recipe, registry_of_the_county
from dapp_model.calibration.targets import (
    COUNTED,
    ENDS,
    LEARNT,
    READERS,
    County,
    read_all,
    to_scale,
)
from dapp_model.designs import Design, evaluate
from dapp_model.engines import fast
from dapp_model.errors import DappError, RunError
from dapp_model.experiment import with_share
from dapp_model.outcomes import Outcomes
from dapp_model.parallel import Workers
from dapp_model.parameters import Inputs
from dapp_model.parts import Part
from dapp_model.scenario import load

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

SIZE_OF_BANK: Final = 25_000.0  # people a year to which all counts of the bank are scaled
RECORDS: Final = 13_300.0  # of a county of the size that a point should cost
ROWS: Final = 4_500_000.0  # and at most so many events in a whole county
LARGEST: Final = 200_000.0  # people a year in a whole county
PILOT_PEOPLE: Final = 120.0  # people a year in the small county that tells the size
PILOT_NUMBER: Final = 999_999
CHUNK: Final = 8  # points in one unit of work
# Beside what compiled code can see: these say what is simulated and what is read off it.
SOURCES: Final = (
    "model.py",
    "phases.py",
    "selection.py",
    "calibration/bank.py",
    "calibration/targets.py",
)
PROOF_NUMBERS: Final = 1_000_000  # replicate numbers from here on belong to the proof, to no fit


@dataclass(frozen=True)
class Bank:
    """Simulated points: scores [point, parameter], figures on their scales [point, replicate, S].

    `people` is how many began to abuse a year in each simulated county, `numbers` the replicate
    numbers [point, replicate]. The first parameter, the size, has score zero throughout.
    """

    scores: Floats
    figures: Floats
    people: Floats
    numbers: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def joined(self, other: Bank) -> Bank:
        """Return the points of both."""
        return Bank(
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.figures, other.figures]),
            np.concatenate([self.people, other.people]),
            np.concatenate([self.numbers, other.numbers]),
        )

    def at(self, chosen: Any) -> Bank:
        """Return some of the points."""
        return Bank(
            self.scores[chosen], self.figures[chosen], self.people[chosen], self.numbers[chosen]
        )


# -- one county -----------------------------------------------------------------------------------


def county(inputs: Inputs, seed: int, number: int) -> County:
    """Simulate the county with no programme to the end of the baseline year."""
    option = inputs.options[0]
    world = dataclasses.replace(model.tabulate(inputs, option), horizon=ENDS)
    census = fast.take_census([world], seed, number, keep=True)
    if len(census.people):
        raise RunError("A programme reaches people before the end of the baseline year.")
    counts, first_year = fast.count_rows(census.rows, world)
    return County.of(Outcomes(option, first_year, counts), census.rows, inputs.population_share)


def inputs_at(base: Inputs, names: Sequence[str], values: Floats) -> Inputs:
    """Return inputs with these parameter values in base units."""
    return base.replace(values={name: float(v) for name, v in zip(names, values, strict=True)})


def size_of(inputs: Inputs, seed: int, share: float) -> float:
    """Return how many people a year make a county of the wanted cost and precision.

    share: of a whole county. A small county with luck of its own tells how many records and rows
    come of each person. The size is the number of people, not the share of them that is simulated:
    the two have the same law, and to thin out a large county takes its time.
    """
    found = county(inputs.replace(values={SIZE: PILOT_PEOPLE}), seed, PILOT_NUMBER)
    by_records = RECORDS * share / max(found.count("recorded.incidents"), 1.0)
    by_rows = ROWS * share / max(float(len(found.rows)), 1.0)
    return float(min(PILOT_PEOPLE * min(by_records, by_rows), LARGEST * share))


# -- designs --------------------------------------------------------------------------------------


def spread(recipe: Recipe) -> Floats:
    """Return the scores of the first points: a scrambled Sobol' sequence through the priors."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    n, d = recipe.numbers["bank.first"], len(recipe.priors) - 1
    power = int(np.ceil(np.log2(n)))
    uniform = qmc.Sobol(d, rng=np.random.default_rng([recipe.seed, 1])).random_base2(power)[:n]
    clipped = np.clip(uniform, 1e-4, 1 - 1e-4)
    return np.column_stack([np.zeros(n), np.asarray(ndtri(clipped))])


def numbers_for(recipe: Recipe, n: int, wave: int) -> npt.NDArray[np.int64]:
    """Return replicate numbers [n, replicates] out of the common pool, each about equally often."""
    pool, r = recipe.numbers["bank.numbers"], recipe.numbers["bank.replicates"]
    rng = np.random.default_rng([recipe.seed, 2, wave])
    rounds = -(-n * r // (pool // r * r))
    order = [rng.permutation(pool)[: pool // r * r] for _ in range(rounds)]
    return np.concatenate(order)[: n * r].reshape(n, r).astype(np.int64)


# -- filling it -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Shared:
    base: Inputs
    names: tuple[str, ...]
    seed: int
    share: float


@dataclass(frozen=True, eq=False)
class _Chunk:
    values: Floats  # [point, parameter]
    numbers: npt.NDArray[np.int64]


def _fill(shared: _Shared, chunk: _Chunk) -> tuple[Floats, Floats]:
    """Return (figures [point, replicate, S], people [point]) of a chunk; what is refused is NaN."""
    n, r = chunk.numbers.shape
    figures = np.full((n, r, len(LEARNT)), np.nan)
    people = np.zeros(n)
    for i in range(n):
        values = dict(zip(shared.names, chunk.values[i].tolist(), strict=True))
        try:
            own = shared.base.replace(values=values)
            people[i] = size_of(own, shared.seed, shared.share)
            own = own.replace(values={SIZE: people[i]})
            for j in range(r):
                found = read_all(county(own, shared.seed, int(chunk.numbers[i, j])))
                figures[i, j] = [to_scale(found[name], READERS[name].scale) for name in LEARNT]
        except (DappError, ValueError):
            figures[i] = np.nan  # far out in the priors: a rate that the model refuses
            continue
        figures[i] += COUNTED * np.log(SIZE_OF_BANK / people[i])
    return figures, people


def _simulated(shared: _Shared, chunk: _Chunk) -> Part:
    """Return what is kept of a chunk: figures [point, replicate, S] and people [point]."""
    figures, people = _fill(shared, chunk)
    return Part({"figures": figures, "people": people})


def fill(
    recipe: Recipe,
    scores: Floats,
    wave: int,
    folder: Path,
    *,
    how: How,
) -> Bank:
    """Simulate all points that `folder` does not hold yet, and return the bank.

    Neither the number of workers nor an interruption changes a byte of it. Raises RunError if a
    worker is stopped from outside.
    """
    folder = folder / key_of(recipe, scores, wave)
    base = with_share(load(recipe.scenario), 1.0)
    numbers = numbers_for(recipe, len(scores), wave)
    values = recipe.values(scores)
    chunks = [
        _Chunk(values[i : i + CHUNK], numbers[i : i + CHUNK]) for i in range(0, len(scores), CHUNK)
    ]
    names = [f"points_{i:06d}" for i in range(0, len(scores), CHUNK)]
    shared = _Shared(base, recipe.names, recipe.seed, recipe.share)
    filled = evaluate(
        Design(shared, chunks, _simulated, names, folder.name),
        folder,
        designs.How(how.workers, progress=how.progress),
    )
    kept = [one.arrays for one in filled]
    return Bank(
        scores,
        np.concatenate([one["figures"] for one in kept]),
        np.concatenate([one["people"] for one in kept]),
        numbers,
    )


@dataclass(frozen=True)
class How:
    """How work is carried out; nothing here changes a result."""

    workers: Workers = 1
    progress: Progress | None = None
    say: Callable[[str], None] = lambda sentence: None


def sources() -> str:
    """Return a hash of the code on which a simulated county and its figures depend."""
    from dapp_model.compiled import cache_key

    package = Path(__file__).parents[1]
    digest = hashlib.blake2b(cache_key().encode(), digest_size=8)
    for name in SOURCES:
        digest.update((package / name).read_bytes())
    return digest.hexdigest()


def key_of(recipe: Recipe, scores: Floats, wave: int) -> str:
    """Return a name that differs when anything differs on which the simulated points depend."""
    numbers = [recipe.numbers[f"bank.{key}"] for key in ("replicates", "numbers")]
    text = f"{registry_of_the_county()}|{sources()}|{recipe.seed}|{recipe.share}|{numbers}|{wave}"
    digest = hashlib.blake2b(text.encode(), digest_size=6)
    digest.update(np.ascontiguousarray(recipe.values(scores)).tobytes())
    return f"wave{wave}-{digest.hexdigest()}"
