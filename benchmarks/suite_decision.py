"""From a draw to the decision: luck that is shared, precision, and the share of the engine."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.measured import (
    SCENARIO,
    Found,
    Row,
    Size,
    Skipped,
    child,
    peak_memory,
    spent,
)
from dapp_model import model, parts, runs, study
from dapp_model.definitions import MEASURES
from dapp_model.engines import fast, sharing, together
from dapp_model.evaluation import monitoring
from dapp_model.evaluation.lives import Luck
from dapp_model.experiment import evaluate_differences, evaluate_options, replicated
from dapp_model.parameters import Inputs
from dapp_model.scenario import load

OPTION = "extend"
TRUE = MEASURES.index("true.incidents")
PRECISE = 0.01  # standard error over the mean
MANY = 1000  # draws of a whole study
ENOUGH = 8  # draws to reckon a spread from
ENGINE = {
    fast: ("take_census", "find_reached", "count", "simulate"),
    together: ("live_together",),
    sharing: ("live_under_each",),
}


def pairing(size: Size) -> Found:
    """Compare the variance of averted incidents with and without shared luck; reckon precision."""
    inputs = load(SCENARIO, {"population.share": size.share})
    names = (inputs.options[0], OPTION)
    found = []
    for replicate in range(size.replicates):
        every = evaluate_options(inputs, seed=1, replicate=replicate, options=names)
        found.append([every[name].of("true.incidents").sum() for name in names])
    without, with_it = np.array(found, float).T
    averted = without - with_it
    paired = float(np.var(averted, ddof=1))
    unpaired = float(np.var(without, ddof=1) + np.var(with_it, ddof=1))
    yield Row(
        "luck",
        "variance of averted incidents, unpaired over paired",
        unpaired / paired,
        "times",
        f"{size.replicates} replicates of {size.share:g} of the county",
        "at least 1,000",
    )
    mean = float(averted.mean())
    each = median(
        spent(lambda r=r: evaluate_differences(inputs, seed=1, replicate=r, options=names))
        for r in range(3)
    )
    needed = paired / (PRECISE * mean) ** 2
    apart = unpaired / (PRECISE * mean) ** 2
    yield Row(
        "luck",
        "standard error of averted incidents under 1%: over chance, one set of parameters",
        needed * each,
        "s of processor time",
        f"{needed:,.0f} replicates of {each:.2f} s (averted {mean:,.0f}, sd {paired**0.5:,.0f}); "
        f"unpaired it would take {apart:,.0f}",
    )


def finding(size: Size) -> Found:
    """Say how few are lived to find those who can be reached, and what a part of the county costs.

    The part is that from which monitoring takes people to match with.
    """
    inputs = load(SCENARIO, {"population.share": size.share})
    everybody, marked, reached = (np.array(n) for n in zip(*searched(inputs, size), strict=True))
    of = f"{size.draws} draws, {size.share:g} of the county"
    yield Row(
        "finding",
        "people whom the search for those who can be reached lives",
        100 * marked.sum() / everybody.sum(),
        "%",
        f"{marked.sum():,} of {everybody.sum():,}; {of}",
    )
    yield Row(
        "finding",
        "of these, people who can be",
        100 * reached.sum() / marked.sum(),
        "%",
        f"{reached.sum():,}; {of}",
    )
    if size.share < 1:
        yield Skipped("a matched comparison from a part of the county", "it needs the whole county")
        return
    few, whole = (log_ratios(inputs, size, at) for at in (monitoring.OUTSIDE_SHARE, 1.0))
    yield Row(
        "finding",
        "matched comparison at the cut-off, error of people from a part of the county",
        float(np.sqrt(np.mean((few - whole) ** 2))),
        "(log scale)",
        f"{monitoring.OUTSIDE_SHARE:g} against all of it, {len(few)} draws; between draws it "
        f"differs by {whole.std(ddof=1):.2f}",
    )


def searched(inputs: Inputs, size: Size) -> Iterator[tuple[int, int, int]]:
    """Yield of some draws the numbers of people: all, those lived to find out, those reached."""
    for number in range(size.draws):
        drawn = study.draw_inputs(inputs, number, 1)
        worlds = list(model.tabulate_all(drawn).values())
        census = fast.take_census(worlds, 1, number, keep=True)
        others = np.unique(census.rows["person"])
        lived = fast.may_be_reached(worlds, 1, number).people
        yield len(others) + len(census.people), len(lived), len(census.people)


def log_ratios(inputs: Inputs, size: Size, share: float) -> np.ndarray:
    """Return [4 * draws] what a matched comparison shows with people from a share of the county."""
    found = []
    with mock.patch.object(monitoring, "OUTSIDE_SHARE", share):
        for number in range(4 * size.draws):
            drawn = study.draw_inputs(inputs, number, 1)
            people = replicated(drawn, seed=1, replicates=[number], whole=False)[0].referred
            job = monitoring.Job(drawn, number, Luck(1, number), people)
            found.append(monitoring.shown(job)[monitoring.MATCHED])
    return np.array(found)


class Meter:
    """Processor seconds inside the fast engine: calls from outside, each counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.depth = 0

    @contextmanager
    def on(self) -> Iterator[None]:
        """Count while this lasts."""
        self.depth += 1
        start = time.process_time()
        try:
            yield
        finally:
            self.depth -= 1
            if not self.depth:
                self.seconds += time.process_time() - start

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts, also while what it returns is iterated over."""

        def call(*arguments: Any, **named: Any) -> Any:
            with self.on():
                found = function(*arguments, **named)
            return self.each(found) if isinstance(found, Iterator) else found

        return call

    def each(self, found: Iterator[Any]) -> Iterator[Any]:
        """Yield what an iterator yields, and count what that takes."""
        while True:
            with self.on():
                one = next(found, self)
            if one is self:
                return
            yield one


@contextmanager
def metered() -> Iterator[Meter]:
    """Lend a meter that counts in every function by which the fast engine is entered."""
    meter = Meter()
    originals = {
        (room, name): getattr(room, name) for room, names in ENGINE.items() for name in names
    }
    for (room, name), original in originals.items():
        setattr(room, name, meter.counted(original))
    try:
        yield meter
    finally:
        for (room, name), original in originals.items():
            setattr(room, name, original)


def pipeline(size: Size) -> Found:
    """Time draws, what follows them, and the engine's share of all.

    The draws are of the later ones, which have one repetition; what the first ones have more of is
    the same once again.
    """
    inputs = load(SCENARIO, {"population.share": size.share})
    plan = study.Plan(draws=MANY, replications=2, seed=1, whole=0)
    names = inputs.options
    seconds, engine, averted = [], [], []
    with tempfile.TemporaryDirectory() as space:
        folder = Path(space)
        study.simulate_draw(inputs, plan, plan.nested, folder)
        with metered() as inside:
            for number in range(plan.nested + 1, plan.nested + 1 + size.draws):
                before = inside.seconds
                seconds.append(spent(lambda n=number: study.simulate_draw(inputs, plan, n, folder)))
                engine.append(inside.seconds - before)
                counts = study.counts_of(folder, number)[:, :, 0, TRUE].sum(axis=-1)
                averted.append(counts[:, 0] - counts[:, names.index(OPTION)])
    each, within = float(np.mean(seconds)), float(np.mean(engine)) / float(np.mean(seconds))
    made = MANY + plan.nested * (plan.replications - 1)
    yield Row(
        "pipeline",
        "a draw, valued",
        each,
        "s of processor time",
        f"{len(names)} options, one repetition, {size.share:g} of the county; "
        f"{each * made / 2 / 60:.0f} minutes on two cores for {MANY:,} draws of which "
        f"{plan.nested} have {plan.replications}",
        f"at most {10 * 60 * 2 / made:.2f}" if size.share == 1 else "",
    )
    yield Row("pipeline", "a draw: share inside the engine", 100 * within, "%")
    if size.draws >= ENOUGH:
        yield over_parameters(np.array(averted, float).mean(axis=1), each)
    if size.cold:
        yield from to_decision(each * made, within)


def to_decision(draws: float, within: float) -> Found:
    """Time what follows the draws, of so many seconds, of which the engine has a share."""
    few, many = (child("benchmarks.suite_decision", n) for n in (100, MANY))
    rest = many["seconds"]
    yield Row(
        "pipeline",
        "from stored draws to decision.json",
        rest,
        "s of processor time",
        f"{MANY:,} draws (copies of {many['made']}; how long it takes hangs on their number)",
    )
    yield Row(
        "pipeline",
        "share inside the engine, draw to decision.json",
        100 * within * draws / (draws + rest),
        "%",
        f"{MANY:,} draws: {draws:,.0f} s of draws and {rest:.0f} s of the rest",
        "at least 70",
    )
    yield Row(
        "memory",
        "memory of a further draw, from stored draws to decision.json",
        (many["grown"] - few["grown"]) / (MANY - 100),
        "kB",
        f"{few['grown'] / 1024:.0f} MB at 100 draws, {many['grown'] / 1024:.0f} MB at {MANY:,}",
    )


def over_parameters(averted: np.ndarray, each: float) -> Row:
    """Reckon precision over what is not known from a few draws: averted incidents of each."""
    mean, spread = averted.mean(), averted.std(ddof=1)
    needed = float((spread / (PRECISE * mean)) ** 2)
    return Row(
        "luck",
        "standard error of averted incidents under 1%: over parameters too",
        needed * each / 3600,
        "hours of processor time",
        f"{needed:,.0f} draws, reckoned from the spread of {len(averted)} (mean {mean:,.0f}, "
        f"sd {spread:,.0f}); more draws do not narrow what is not known",
    )


class Enough(Exception):
    """The decision is written; nobody times the documents here."""


def decide(draws: int) -> None:
    """Print what it takes to read that many stored draws and to write decision.json."""
    inputs = load(SCENARIO, {"population.share": 0.02})
    plan = study.Plan(draws=draws, replications=2, seed=1, whole=2, nested=6)
    made = 12
    with tempfile.TemporaryDirectory() as space:
        folder, target = Path(space, "draws"), Path(space, "written")
        target.mkdir()
        folder.mkdir()
        every = study.tasks(inputs, plan)
        own = [task for task in every if not task.reading and task.number < made]
        for task in own:
            parts.keep(folder, task.name, parts.encoded(study.work((inputs, plan), task)))
        others = range(plan.nested, made)  # those of one repetition, whose county is not whole
        for task in every:
            if task not in own:
                like = study.Task(others[task.number % len(others)])
                target_of = parts.path_of(folder, task.name)
                os.link(parts.path_of(folder, like.name), target_of)

        def say(sentence: str) -> None:
            if (target / "decision.json").is_file():
                raise Enough

        before, start = peak_memory(), time.process_time()
        try:
            runs._write(inputs, plan, folder, target, say=say, finished="2026-01-01T00:00:00Z")
        except Enough:
            used = time.process_time() - start
        print(json.dumps({"seconds": used, "grown": peak_memory() - before, "made": made}))


if __name__ == "__main__":
    decide(int(sys.argv[1]))
