"""Write results/coverage.csv: how often a run's own intervals hold truths that it has not used.

    dapp run scenarios/surrey_extension.toml --out FOLDER
    python results/make_coverage.py FOLDER

Every draw of a run is a truth: all that is not known comes from prior and posterior, and the county
is simulated with luck of its own. The draws are cut, in their order, into blocks, each of which is
what a smaller run would have drawn. The intervals of a block, told as `decision.spread` tells them
in every run, are held against the draws of all other blocks, and so are means with their Monte
Carlo errors, in batches as large as a quick run. Draws that were not independent of each other, as
under a scheme that spreads them evenly, or luck that draws shared, would show. Nothing is simulated
here.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dapp_model import decision, draws, runs

Floats = npt.NDArray[np.float64]

BLOCKS, BATCH = 4, 16
MEASURES = ("true_incidents_averted", "net_public_cost", "net_present_social_value")
WITHIN = 1.6448536269514722  # standard errors on both sides that hold nine in ten
COLUMNS = (
    "option", "measure", "truths", "in_90", "expected_90", "in_50", "expected_50", "error_90",
    "means_held", "means_expected", "batches", "source",
)  # fmt: skip


def blocks(values: Floats, number: int = BLOCKS) -> list[Floats]:
    """Return draws cut into blocks in their order; `values` are [draw, repetition]."""
    size = len(values) // number
    return [values[i * size : (i + 1) * size] for i in range(number)]


def intervals(made: list[Floats]) -> dict[str, float]:
    """Return how often the interval of one block holds the draws of the others.

    Blocks are [draw, repetition]. `expected` is exact for an interval between quantiles of so few
    draws, which is narrower than that of many.
    """
    inside: dict[str, list[float]] = {"in_90": [], "in_50": []}
    for i, own in enumerate(made):
        told = decision.spread(own)
        truths = np.concatenate([one.mean(axis=1) for k, one in enumerate(made) if k != i])
        for name, low, high in (("in_90", "low", "high"), ("in_50", "low50", "high50")):
            inside[name].append(float(((truths >= told[low]) & (truths <= told[high])).mean()))
    n = len(made[0])
    return {
        "truths": float(sum(len(one) for one in made)),
        "in_90": float(np.mean(inside["in_90"])),
        "in_50": float(np.mean(inside["in_50"])),
        "expected_90": 0.9 * (n - 1) / (n + 1),
        "expected_50": 0.5 * (n - 1) / (n + 1),
    }


def means(made: list[Floats]) -> dict[str, float]:
    """Return how often a batch's mean with its Monte Carlo error holds the mean of all others."""
    from scipy.stats import t

    every = np.concatenate([one.mean(axis=1) for one in made])
    held = []
    for begin in range(0, len(every) - BATCH + 1, BATCH):
        own = every[begin : begin + BATCH]
        others = np.delete(every, np.s_[begin : begin + BATCH])
        error = decision.monte_carlo_error(own) or 0.0
        held.append(abs(float(own.mean() - others.mean())) <= WITHIN * error)
    wider = float(np.sqrt(1 + BATCH / (len(every) - BATCH)))
    expected = 2 * float(t.cdf(WITHIN / wider, BATCH - 1)) - 1
    return {"means_held": float(np.mean(held)), "means_expected": expected,
            "batches": float(len(held))}  # fmt: skip


def row(made: list[Floats]) -> dict[str, float]:
    """Return the numbers of one row of the table."""
    found = intervals(made) | means(made)
    # Truths are shared between blocks, and the ends of an interval err together for all of them.
    error = np.sqrt(0.09 / found["truths"] + 0.09 / (len(made) * len(made[0])))
    return {name: round(value, 4) for name, value in (found | {"error_90": float(error)}).items()}


def main(folder: Path, target: Path) -> None:
    """Write the table for a finished run."""
    stored, manifest = draws.read(folder), stored.read_manifest(folder)
    source = (
        f"dapp run {manifest['scenario']}.toml ({manifest['draws']} draws x "
        f"{manifest['replications']}, seed {manifest['seed']}); python results/make_coverage.py"
    )
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for i, option in enumerate(stored.options[1:], 1):
            for name in MEASURES:
                numbers = row(blocks(stored.measures[name][:, :, i]))
                writer.writerow({"option": option, "measure": name, **numbers, "source": source})
    print(target.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent / "coverage.csv")
