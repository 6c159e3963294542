"""Measure the engines, the sharing of work and of luck: one command, one table.

python benchmarks/run.py            about five minutes
python benchmarks/run.py --full     the whole county in the reference engine, 100 counties
python benchmarks/run.py --quick    `dapp run --quick` alone, cold and warm: some minutes
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from dapp_model import model, study
from dapp_model.definitions import MEASURES
from dapp_model.engines import fast, reference
from dapp_model.events import INCIDENT
from dapp_model.experiment import evaluate_options
from dapp_model.scenario import load

SCENARIO = Path(__file__).parents[1] / "scenarios" / "surrey_extension.toml"
TRUE = MEASURES.index("true.incidents")
CASES = MEASURES.index("case.entries")
MORE = 4  # times as many incidents for each case, where memory is looked at


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
    written = []
    slow = cpu(lambda: written.append(reference.simulate(world, 1, 0)), 1)
    log_of_fast = fast.simulate(world, 1, 0)
    same_log(log_of_fast, written[0])
    rows = len(log_of_fast)
    met = candidates_of_an_incident(share / 10) * int((log_of_fast["kind"] == INCIDENT).sum())
    row(f"with the full log (share {share})", f"{slow / log:.0f} times", "at least 30")
    row("counting", f"{slow / count:.0f} times", "at least 100")
    row("reference engine", f"{slow / rows * 1e9:.0f} ns a row", "-")
    row("fast engine, log", f"{log / rows * 1e9:.0f} ns a row", "-")
    row("fast engine, counting", f"{count / rows * 1e9:.0f} ns a row", "-")
    row("fast engine, counting", f"{count / met * 1e9:.0f} ns a candidate", "-")
    row("candidates looked at", f"{met:,.0f} for {rows:,} rows", "-")


def same_log(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Stop unless both engines have written the same rows: what differs cannot be compared."""
    if not np.array_equal(ours, theirs):
        raise SystemExit("The two engines have written different rows, so no time means anything.")


def candidates_of_an_incident(share: float) -> float:
    """Return how many candidates an engine looks at for each that becomes an incident.

    They are counted in the reference engine, which meets the same ones, in a smaller county.
    """
    world = model.tabulate(load(SCENARIO, {"population.share": share}), "extend")
    own = reference.rules
    met = 0

    def counted(*arguments: object) -> object:
        nonlocal met
        met += 1
        return own.field_advance(*arguments)

    reference.rules = SimpleNamespace(**{**vars(own), "field_advance": counted})
    try:
        rows = reference.simulate(world, 1, 0)
    finally:
        reference.rules = own
    same_log(fast.simulate(world, 1, 0), rows)
    return met / int((rows["kind"] == INCIDENT).sum())


def sharing() -> None:
    """Compare all options together with the first alone."""
    inputs = load(SCENARIO)
    first = cpu(lambda: evaluate_options(inputs, seed=1, replicate=0, options=inputs.options[:1]))
    every = cpu(lambda: evaluate_options(inputs, seed=1, replicate=0))
    row(f"{len(inputs.options)} options together", f"{every / first:.2f} of one", "at most 1.5")


def draws() -> None:
    """Compare the search for those whom the programme can reach with a census; time whole draws."""
    inputs = load(SCENARIO)
    worlds = [model.tabulate(inputs, name) for name in inputs.options]
    found = fast.find_reached(worlds, 1, 0)
    if not np.array_equal(found, fast.take_census(worlds, 1, 0).people):
        raise SystemExit("The search has found other people than the census: nothing is compared.")
    search = cpu(lambda: fast.find_reached(worlds, 1, 0))
    census = cpu(lambda: fast.take_census(worlds, 1, 0))
    row("those who can be reached", f"{search / census:.2f} of a census", "-")
    plan = study.Plan(draws=1000, replications=2, seed=1, whole=0)
    with tempfile.TemporaryDirectory() as space:
        numbers = iter(range(100))
        one = cpu(lambda: study.simulate_draw(inputs, plan, next(numbers), Path(space)), 5)
    minutes = one * plan.draws / 2 / 60
    row(
        f"a draw: {len(inputs.options)} options, {plan.replications} repetitions, valued",
        f"{one:.2f} s, so {minutes:.0f} minutes for 1,000 draws on two cores like this one",
        "at most 10",
    )


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


def census(share: float, times: float) -> None:
    """Print, from a process of its own, the cases, the incidents and the memory of a count."""
    inputs = load(SCENARIO, {"population.share": share})
    few = model.tabulate(load(SCENARIO, {"population.share": 0.001}), "extend")
    fast.take_census([few], 1, 0)  # so that loading the engine is not counted
    rate = inputs.values["case.frailty_mean"] * times
    world = model.tabulate(inputs.replace(values={"case.frailty_mean": rate}), "extend")
    before = peak_memory()
    counts = fast.take_census([world], 1, 0).counts[0].sum(axis=1)
    grown = peak_memory() - before
    print(json.dumps([int(counts[CASES]), int(counts[TRUE]), grown]))


def peak_memory() -> int:
    """Return the most memory that this process has had, in kB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike the system's own count this one forgets the process that started us.
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def memory(share: float) -> None:
    """Compare the memory of counting when the same people do more, without a log."""
    found = []
    for times in (1, MORE):
        command = [sys.executable, __file__, "--census", str(share), str(times)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found.append(json.loads(said))
    (cases, few, grown), (same, many, grown_more) = found
    row(
        f"memory at {many / few:.1f} times the incidents",
        f"{grown / 1024:.1f} and {grown_more / 1024:.1f} MB for {cases:,} and {same:,} cases",
        "no more",
    )
    row("memory of a further incident", f"{(grown_more - grown) * 1024 / (many - few):.2f} B", "0")


def quick_runs() -> None:
    """Measure `dapp run --quick` from the command to its end, with the engine yet to compile."""
    with tempfile.TemporaryDirectory() as space:
        for name in ("cold", "warm"):
            environment = {**os.environ, "XDG_CACHE_HOME": f"{space}/cache"}
            command = [sys.executable, "-m", "dapp_model", "run", str(SCENARIO), "--quick"]
            start = time.perf_counter()
            subprocess.run(
                [*command, "--out", f"{space}/{name}"],
                check=True,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            spent = time.perf_counter() - start
            row(f"dapp run --quick, {name}", f"{spent:.0f} s on {os.cpu_count()} cores", "-")


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
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--share", type=float, default=0.1, help="of the county, for the engines")
    parser.add_argument("--census", type=float, nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.census:
        census(*chosen.census)
        return
    print("| measure | here | target |\n| --- | --- | --- |")
    if chosen.quick:
        quick_runs()
        return
    start_up()
    engines(1.0 if chosen.full else chosen.share)
    memory(3 * chosen.share)
    sharing()
    draws()
    pairing(chosen.replicates)
    counties(100 if chosen.full else 5)


if __name__ == "__main__":
    main()
