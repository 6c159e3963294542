"""What happens as counties, incidents, workers and draws grow."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measured import SCENARIO, Found, Row, Size, Skipped, child, peak_memory
from dapp_model import model, study
from dapp_model.definitions import MEASURES
from dapp_model.engines import fast
from dapp_model.parallel import as_they_finish, pool
from dapp_model.scenario import load

TRUE = MEASURES.index("true.incidents")
CASES = MEASURES.index("case.entries")
MORE = 4  # times as many incidents for each case, where memory is looked at
WORKERS = 2


def counties(size: Size) -> Found:
    """Compare time and memory at many counties with those at one."""
    one = child("benchmarks.suite_scaling", "census", size.share, 1, 1)
    for n in size.counties:
        many = child("benchmarks.suite_scaling", "census", size.share, n, 1)
        each, first = (f["seconds"] / f["incidents"] for f in (many, one))
        part = "" if size.share == 1 else f" of {size.share:g} of the county"
        yield Row(
            "scaling",
            f"time per incident at {n} counties",
            each / first,
            "times one county",
            f"{many['people']:,} people, {many['incidents']:,} true incidents{part}; "
            f"{each * 1e9:.0f} and {first * 1e9:.0f} ns",
            "at most 1.5",
        )
        yield Row(
            "memory",
            f"memory at {n} counties",
            (many["grown"] - one["grown"]) / 1024,
            "MB more than at one",
            "counting, no log",
        )


def memory(size: Size) -> Found:
    """Compare the memory of counting when the same people do more, without a log."""
    share = 0.3 * size.share
    few, many = (child("benchmarks.suite_scaling", "census", share, 1, m) for m in (1, MORE))
    times = many["incidents"] / few["incidents"]
    yield Row(
        "memory",
        "memory of a further incident",
        (many["grown"] - few["grown"]) * 1024 / (many["incidents"] - few["incidents"]),
        "bytes",
        f"the same {few['people']:,} people with {times:.1f} times the incidents",
        "0",
    )


def census(share: float, n: int, times: float) -> None:
    """Print what a count of n counties takes and finds, from a process of its own."""
    inputs = load(SCENARIO, {"population.share": share})
    few = model.tabulate(load(SCENARIO, {"population.share": 0.001}), "extend")
    fast.take_census([few], 1, 0)  # so that loading the engine is not counted
    values = {
        "case.frailty_mean": inputs.values["case.frailty_mean"] * times,
        "county.new_perpetrators": inputs.values["county.new_perpetrators"] * n,
    }
    world = model.tabulate(inputs.replace(values=values), "extend")
    before, start = peak_memory(), time.process_time()
    counts = fast.take_census([world], 1, 0).counts[0].sum(axis=1)
    found = {
        "seconds": time.process_time() - start,
        "grown": peak_memory() - before,
        "incidents": int(counts[TRUE]),
        "people": int(counts[CASES]),
    }
    print(json.dumps(found))


# -- workers --------------------------------------------------------------------------------------


def workers(size: Size) -> Found:
    """Compare two workers with one, and a Dask cluster with both, on the same draws."""
    inputs = load(SCENARIO, {"population.share": size.share})
    draws = max(4, size.draws - size.draws % WORKERS)
    plan = study.Plan(draws=draws, replications=2, seed=1, whole=0)
    with tempfile.TemporaryDirectory() as space:
        jobs = [(inputs, plan, number, Path(space)) for number in range(draws)]
        study.simulate_draw(*jobs[0])

        def here(n: int) -> None:
            for _ in as_they_finish(study.simulate_draw, jobs, n):
                pass

        with pool(WORKERS) as lent:
            ready(lent, jobs)
            alone = by_the_clock(lambda: here(1))
            both = by_the_clock(lambda: given_to(lent, jobs))
        cold = by_the_clock(lambda: here(WORKERS))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        detail = (
            f"{draws} draws by the clock: {alone:.1f} s, {both:.1f} s, and {cold:.1f} s with the "
            f"start of the workers; {cores} cores"
        )
        yield Row(
            "scaling",
            "efficiency of two workers",
            100 * alone / both / WORKERS,
            "% of twice as fast",
            detail,
        )
        if find_spec("distributed") is None:
            yield Skipped("a Dask cluster", "dask.distributed is not installed")
            return
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,
        ):
            lent = client.get_executor()
            ready(lent, jobs)
            dask = by_the_clock(lambda: given_to(lent, jobs))
        yield Row(
            "scaling",
            "a Dask cluster",
            dask / both,
            "times the time of as many processes",
            f"the same {draws} draws, {WORKERS} workers here, both started before",
        )


def ready(lent: Executor, jobs: list[tuple[object, ...]]) -> None:
    """Let every worker load the engine before anything is timed."""
    given_to(lent, jobs[: 2 * WORKERS])


def given_to(lent: Executor, jobs: list[tuple[object, ...]]) -> None:
    """Do the jobs through an executor."""
    for _ in as_they_finish(study.simulate_draw, jobs, lent):
        pass


def by_the_clock(work: Callable[[], object]) -> float:
    """Return the seconds of a piece of work by the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1] == "census":
        census(float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
