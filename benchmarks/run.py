"""Measure the engines, the sharing of work and of luck: one command, one table.

python benchmarks/run.py            about five minutes
python benchmarks/run.py --full     the whole county in the reference engine, 100 counties
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dapp_model import model
from dapp_model.definitions import MEASURES
from dapp_model.engines import fast, reference
from dapp_model.experiment import evaluate_options
from dapp_model.scenario import load

SCENARIO = Path(__file__).parents[1] / "scenarios" / "surrey_extension.toml"
TRUE = MEASURES.index("true.incidents")


def cpu(work: Callable[[], object], repeats: int = 3) -> float:
    """Return the median processor seconds of some repeats of a piece of work."""
    seconds = []
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def row(name: str, value: str, target: str) -> None:
    """Print a row of the table."""
    print(f"| {name} | {value} | {target} |", flush=True)


def engines(share: float) -> None:
    """Compare the engines on one option of the extension study."""
    inputs = load(SCENARIO, {"population.share": share})
    world = model.tabulate(inputs, "extend")
    fast.simulate(world, 1, 0)
    census = fast.take_census([world], 1, 0)
    fast.live_together(world, census.people, 1, 0)

    def counting() -> None:
        people = fast.take_census([world], 1, 0).people
        fast.count(fast.live_together(world, people, 1, 0), world)

    log = cpu(lambda: fast.simulate(world, 1, 0))
    count = cpu(counting)
    slow = cpu(lambda: reference.simulate(world, 1, 0), 1)
    rows = len(fast.simulate(world, 1, 0))
    row(f"with the full log (share {share})", f"{slow / log:.0f} times", "at least 30")
    row("counting", f"{slow / count:.0f} times", "at least 100")
    row("reference engine", f"{slow / rows * 1e9:.0f} ns a row", "-")
    row("fast engine, log", f"{log / rows * 1e9:.0f} ns a row", "-")
    row("fast engine, counting", f"{count / rows * 1e9:.0f} ns a row", "-")


def sharing() -> None:
    """Compare all options together with the first alone."""
    inputs = load(SCENARIO)
    first = cpu(lambda: evaluate_options(inputs, seed=1, replicate=0, options=inputs.options[:1]))
    every = cpu(lambda: evaluate_options(inputs, seed=1, replicate=0))
    row(f"{len(inputs.options)} options together", f"{every / first:.2f} of one", "at most 1.5")


def counties(n: int) -> None:
    """Compare the time and memory an event at many counties with those at one."""
    inputs = load(SCENARIO)
    many = inputs.replace(
        values={"county.new_perpetrators": inputs.values["county.new_perpetrators"] * n}
    )
    found = []
    for chosen in (inputs, many):
        world = model.tabulate(chosen, "extend")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        census = fast.take_census([world], 1, 0)
        spent = time.process_time() - start
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        people = int(census.counts[0, MEASURES.index("case.entries")].sum())
        found.append((spent, int(census.counts[0, TRUE].sum()), people, grown))
    (one, events, *_), (all_of_them, more, people, grown) = found
    ratio = (all_of_them / more) / (one / events)
    row(f"time per incident at {n} counties", f"{ratio:.2f} of one county", "at most 1.5")
    row("memory", f"{grown / 1024:.0f} MB more for {people:,} people, {more:,} incidents", "-")


def pairing(replicates: int) -> None:
    """Compare the variance of averted incidents with and without shared luck."""
    inputs = load(SCENARIO)
    option = "extend"
    runs = [
        evaluate_options(inputs, seed=1, replicate=r, options=(inputs.options[0], option))
        for r in range(replicates)
    ]
    without = np.array([o[inputs.options[0]].of("true.incidents").sum() for o in runs], float)
    with_it = np.array([o[option].of("true.incidents").sum() for o in runs], float)
    paired = np.var(without - with_it, ddof=1)
    unpaired = np.var(without, ddof=1) + np.var(with_it, ddof=1)
    row(
        f"variance unpaired over paired ({replicates} replicates)",
        f"{unpaired / paired:,.0f} times",
        "at least 1,000",
    )
    error = np.sqrt(paired / replicates)
    row("averted true incidents", f"{(without - with_it).mean():.0f} +- {error:.0f}", "-")


def start_up() -> None:
    """Measure `dapp --help`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "dapp_model", "--help"], check=True, stdout=subprocess.DEVNULL
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row("dapp --help", f"{spent:.2f} s of processor time", "under 0.5")


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--replicates", type=int, default=8)
    chosen = parser.parse_args()
    print("| measure | here | target |\n| --- | --- | --- |")
    start_up()
    engines(1.0 if chosen.full else 0.1)
    sharing()
    pairing(chosen.replicates)
    counties(100 if chosen.full else 5)


if __name__ == "__main__":
    main()
