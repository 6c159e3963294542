"""The engines: against each other, against C, and what options share."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
import time
from types import SimpleNamespace

import numpy as np

from benchmarks.inner_loop import limit
from benchmarks.inner_loop.compile_c import NoCompiler
from benchmarks.measured import (
    SCENARIO,
    Different,
    Found,
    Row,
    Size,
    Skipped,
    children_cpu,
    cpu,
    environment,
    in_turns,
    spent,
)
from dapp_model import model
from dapp_model.engines import fast, reference, together
from dapp_model.events import INCIDENT
from dapp_model.experiment import evaluate_options
from dapp_model.scenario import load

BLOCKS = 5_000_000


def start_up(size: Size) -> Found:
    """Measure how long a command takes to answer, and the first compilation."""
    command = [sys.executable, "-m", "dapp_model", "--help"]
    seconds = []
    for _ in range(3):
        before = children_cpu()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
        seconds.append(children_cpu() - before)
    yield Row("start", "`dapp --help`", sorted(seconds)[1], "s of processor time", "", "under 0.5")
    if not size.cold:
        return
    code = (
        "from dapp_model import study; from dapp_model.scenario import load; "
        f"study.compile_engine(load({str(SCENARIO)!r}))"
    )
    with tempfile.TemporaryDirectory() as space:
        found = []
        for _ in range(2):
            before, start = children_cpu(), time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", code], check=True, env=environment(XDG_CACHE_HOME=space)
            )
            found.append((children_cpu() - before, time.perf_counter() - start))
    (cold, wall), (warm, _) = found
    detail = f"{wall:.0f} s by the clock in two processes; {warm:.1f} s once it is on disk"
    yield Row("start", "first compilation of the engine", cold, "s of processor time", detail)


def engines(size: Size) -> Found:
    """Compare the fast engine with the reference engine on one option of the extension study."""
    share = size.reference_share
    world = model.tabulate(load(SCENARIO, {"population.share": share}), "extend")
    fast.simulate(world, 1, 0)

    def counting() -> None:
        people = fast.take_census([world], 1, 0).people
        fast.count_rows(together.live_together(world, people, 1, 0), world)

    counting()
    written: list[np.ndarray] = []
    slow = spent(lambda: written.append(reference.simulate(world, 1, 0)))
    quick = in_turns({"log": lambda: fast.simulate(world, 1, 0), "count": counting}, 5)
    log_of_fast = fast.simulate(world, 1, 0)
    same_log(log_of_fast, written[0])
    rows = len(log_of_fast)
    met = candidates_of_an_incident(share / 5) * int((log_of_fast["kind"] == INCIDENT).sum())
    what = f"{share:g} of the county, {rows:,} rows, equal to the bit"
    yield Row("engines", "with the full log", slow / quick["log"], "times", what, "at least 30")
    yield Row("engines", "counting", slow / quick["count"], "times", what, "at least 100")
    yield Row("engines", "reference engine", slow / rows * 1e9, "ns a row", what)
    yield Row("engines", "fast engine, log", quick["log"] / rows * 1e9, "ns a row", what)
    yield Row("engines", "fast engine, counting", quick["count"] / rows * 1e9, "ns a row", what)
    detail = f"{met:,.0f} candidates, reckoned from those that the reference engine meets"
    yield Row(
        "engines", "fast engine, a candidate", quick["count"] / met * 1e9, "ns a candidate", detail
    )


def same_log(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Stop unless both engines have written the same rows: what differs cannot be compared."""
    if not np.array_equal(ours, theirs):
        raise Different("The two engines have written different rows, so no time means anything.")


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


def against_c(size: Size) -> Found:
    """Compare the engine with the same loop in C, after both have counted the same."""
    world = model.tabulate(load(SCENARIO, {"population.share": 0.3 * size.share}), "extend")
    try:
        found = limit.same(world, 1, 0)
    except NoCompiler as reason:
        yield Skipped("the engine against C", str(reason))
        return
    ours = lambda: fast.take_census([world], 1, 0)  # noqa: E731
    seconds = in_turns({"ours": ours, "c": lambda: limit.county(world, 1, 0)}, 5)
    n = found.candidates
    what = (
        f"a county without its programme, {n:,} candidates, {found.points:,} points of the field; "
        "all counts equal to the bit"
    )
    yield Row(
        "limit",
        "the engine against C",
        seconds["ours"] / seconds["c"],
        "times the time of C",
        what,
        "at most 1.5",
    )
    yield Row("limit", "the engine, the same loop", seconds["ours"] / n * 1e9, "ns a candidate")
    yield Row("limit", "C, the same loop", seconds["c"] / n * 1e9, "ns a candidate")
    blocks = limit.library().blocks
    block = cpu(lambda: blocks(ctypes.c_int64(7), ctypes.c_int64(BLOCKS)), 5) / BLOCKS
    yield Row(
        "limit",
        "C, random numbers alone",
        found.points * block / n * 1e9,
        "ns a candidate",
        f"{block * 1e9:.1f} ns a Philox block where none waits for another, "
        f"{found.points / n:.1f} points a candidate",
    )


def sharing(size: Size) -> Found:
    """Compare all options together with the first alone, and the search with a census."""
    inputs = load(SCENARIO, {"population.share": size.share})
    names = inputs.options
    seconds = in_turns(
        {
            "first": lambda: evaluate_options(inputs, seed=1, replicate=0, options=names[:1]),
            "every": lambda: evaluate_options(inputs, seed=1, replicate=0),
        },
        3,
    )
    what = f"{len(names)} options that differ in the programme, {size.share:g} of the county"
    ratio = seconds["every"] / seconds["first"]
    yield Row(
        "sharing", "all options together", ratio, "times the first alone", what, "at most 1.5"
    )
    worlds = [model.tabulate(inputs, name) for name in names]
    found = fast.find_reached(worlds, 1, 0)
    if not np.array_equal(found, fast.take_census(worlds, 1, 0).people):
        raise Different("The search has found other people than the census.")
    seconds = in_turns(
        {
            "search": lambda: fast.find_reached(worlds, 1, 0),
            "census": lambda: fast.take_census(worlds, 1, 0),
        },
        3,
    )
    yield Row(
        "sharing",
        "the search for those who can be reached",
        seconds["search"] / seconds["census"],
        "times a census",
        f"{len(found):,} people, the same",
    )
