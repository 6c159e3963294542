"""Evaluate every option under every draw of what is not known: in parallel, kept as it finishes.

One draw is one unit of work. It depends on the inputs, its number and the plan alone, so neither
the number of workers nor an interruption can change a result.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import parts, valuation
from dapp_model.designs import Design, How, evaluate
from dapp_model.evaluation import monitoring
from dapp_model.evaluation.lives import Luck
from dapp_model.experiment import draw_inputs as draw_inputs
from dapp_model.experiment import ledger, replicated, with_share
from dapp_model.outcomes import BASELINE_YEAR, FIRST_YEAR, trimmed
from dapp_model.parallel import Workers, pool
from dapp_model.parts import Part
from dapp_model.pausing import pauses

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Counts = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """How often to simulate: joint draws of what is not known, and repetitions of luck in each.

    The first `nested` draws have all repetitions, from which luck is told from what is not known;
    the others have one, since for the same work more draws say more than more repetitions.
    """

    draws: int
    replications: int
    seed: int
    engine: str = "fast"
    quick: bool = False
    whole: int = 16
    nested: int = 128

    def repetitions(self, draw: int) -> int:
        """Return how many repetitions a draw has."""
        return self.replications if draw < self.nested else 1

    def is_whole(self, draw: int) -> bool:
        """Say whether a draw's county is simulated whole.

        In the later draws only those live whom the programme can reach: the counts of options
        differ as those of the whole county do, to the bit (pounds but for rounding to pence), and
        take half the time.
        """
        return draw < self.whole or self.engine == "reference"

    def replicate(self, draw: int, number: int) -> int:
        """Return the replicate of the random numbers for one repetition in one draw.

        No two draws share their luck: averaged over draws, luck averages out as well. Within a
        draw all options have the same, so that they are compared person by person.
        """
        return draw * self.replications + number


def key(inputs: Inputs, plan: Plan) -> str:
    """Return a hash of everything that a draw's results depend on; 16 hexadecimal characters."""
    from dapp_model.compiled import source_hash
    from dapp_model.made_with import data_hash

    made_of = [
        inputs.resolved_toml(),
        inputs.name,
        *sorted(inputs.origins),
        str((plan.replications, plan.seed, plan.engine, plan.whole, plan.nested)),
        source_hash(),
        data_hash(),
    ]
    return hashlib.blake2b("\0".join(made_of).encode(), digest_size=8).hexdigest()


def is_compiled() -> bool:
    """Say whether the engine's machine code is ready, or about a minute of compiling is due."""
    from dapp_model.compiled import is_warm

    return is_warm()


def compile_engine(inputs: Inputs) -> None:
    """Compile the engine by simulating a handful of people, so that workers need not.

    The two halves that take longest are compiled side by side, in a process each.
    """
    from dapp_model.compiled import mark_warm
    from dapp_model.experiment import evaluate_options

    few = with_share(inputs, 0.02)
    if is_compiled() or (os.cpu_count() or 1) < 2:
        evaluate_options(few, seed=1, replicate=0)
    else:
        with pool(1) as other:
            search = other.submit(_compile_search, few)
            evaluate_options(few, seed=1, replicate=0)
            search.result()
    _compile_search(few)  # from what the other has left on disk, if there was one
    mark_warm()


def _compile_search(inputs: Inputs) -> None:
    from dapp_model.experiment import find_reached

    find_reached(inputs, seed=1, replicate=0)


# -- units of work --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """One unit of work: a draw, or the ledger of the first; `reading` if not the run's own."""

    number: int
    reading: str = ""

    @property
    def name(self) -> str:
        """Return the name under which it is kept."""
        if self == _LEDGER:
            return "ledger"
        first = f"reading_{self.reading.lower()}_" if self.reading else ""
        return f"{first}draw_{self.number:06d}"


_LEDGER: Final = Task(-1)
_COUNTS: Final = "counts"


def work(shared: tuple[Inputs, Plan], task: Task) -> Part:
    """Do one unit of work: what a worker is asked for."""
    inputs, plan = shared
    return _ledger(inputs, plan) if task == _LEDGER else _of_the_draw(inputs, plan, task)


def _of_the_draw(inputs: Inputs, plan: Plan, task: Task) -> Part:
    """Simulate and value all options under one draw.

    Counts are int64 [repetition, option, group, measure, year]. Under another reading of a repeat
    only what it is worth is kept.
    """
    from dapp_model.fitted import READING

    if not task.reading:
        counts, valued = _one_draw(inputs, plan, task.number)
        return valuation.part(valued, {_COUNTS: counts})
    other = inputs.replace(values={READING: task.reading})
    # What monitoring shows there is needed only where a later choice is made on it.
    learn = bool(pauses(inputs))
    _, valued = _one_draw(other, replace(plan, whole=0), task.number, learn=learn)
    return valuation.part(valued, {})


def _one_draw(
    inputs: Inputs, plan: Plan, number: int, *, learn: bool = True
) -> tuple[Counts, valuation.Valued]:
    drawn, whole = draw_inputs(inputs, number, plan.seed), plan.is_whole(number)
    every = replicated(
        drawn,
        seed=plan.seed,
        replicates=[plan.replicate(number, r) for r in range(plan.repetitions(number))],
        engine=plan.engine,
        whole=whole,
    )
    names = inputs.options
    counts = [np.stack([trimmed(one.outcomes[n]).counts for n in names]) for one in every]
    at_stake = [np.stack([trimmed(one.at_stake[n]).counts for n in names]) for one in every]
    span = valuation.Span(FIRST_YEAR, BASELINE_YEAR, decision_year(inputs), whole)
    both = np.stack(counts), np.stack(at_stake)
    valued = valuation.value_draw(drawn, *both, span, given=inputs.values)
    if learn and inputs.decision == "extension":
        luck = Luck(plan.seed, plan.replicate(number, 0))
        seen = monitoring.shown(monitoring.Job(drawn, number, luck, every[0].referred))
        valued = replace(valued, shown=seen)
    return both[0], valued


def _ledger(inputs: Inputs, plan: Plan) -> Part:
    """Return the ledger of the first draw, its first repetition."""
    drawn = draw_inputs(inputs, 0, plan.seed)
    frame = ledger(drawn, seed=plan.seed, replicate=plan.replicate(0, 0))
    if "time" in frame:
        frame["time"] = frame["time"].to_numpy().astype("datetime64[s]").astype(np.int64)
    return Part({}, json.dumps(frame.to_dict("list")))


def simulate_draw(inputs: Inputs, plan: Plan, number: int, folder: Path) -> None:
    """Simulate and value all options under one draw, and keep it."""
    task = Task(number)
    parts.keep(folder, task.name, parts.encoded(work((inputs, plan), task)))


def other_readings(inputs: Inputs, plan: Plan) -> tuple[str, ...]:
    """Return the readings of a repeat beside the run's own that have a posterior to draw from."""
    from dapp_model import fitted

    if not reading_draws(inputs, plan):
        return ()
    return tuple(one for one in fitted.readings() if one != inputs.values[fitted.READING])


def reading_draws(inputs: Inputs, plan: Plan) -> int:
    """Return how many draws are made under each other reading; none in a quick run."""
    if plan.quick:
        return 0
    return min(plan.draws, int(inputs.values["structural.reading_draws"]))


def decision_year(inputs: Inputs) -> int:
    """Return the financial year of the decision, by its first calendar year."""
    from dapp_model.economics.prices import financial_year
    from dapp_model.model import decision_date

    date = decision_date(inputs, inputs.option(inputs.options[0]).levers)
    return financial_year(date)


# -- all of them ----------------------------------------------------------------------------------


def tasks(inputs: Inputs, plan: Plan) -> list[Task]:
    """Return all that there is to do, in the order in which it is begun.

    Draws that take long are spread among the others, so that the pace tells how long the rest takes
    from the beginning.
    """
    kinds: dict[tuple[int, bool], list[Task]] = {}
    for number in range(plan.draws):
        kind = plan.repetitions(number), plan.is_whole(number)
        kinds.setdefault(kind, []).append(Task(number))
    others = [
        Task(number, reading)
        for reading in other_readings(inputs, plan)
        for number in range(reading_draws(inputs, plan))
    ]
    return [_LEDGER, *evenly([*kinds.values(), others])]


def evenly(groups: Sequence[Sequence[Task]]) -> list[Task]:
    """Return the tasks of all groups in one row, those of each spread evenly, in their order."""
    placed = [
        ((i + 0.5) / len(group), g, task)
        for g, group in enumerate(groups)
        for i, task in enumerate(group)
    ]
    return [task for _, _, task in sorted(placed, key=lambda one: one[:2])]


def design(inputs: Inputs, plan: Plan) -> Design:
    """Return the design of a study: every draw of a plan, and what is kept of each."""
    rows = tasks(inputs, plan)
    return Design((inputs, plan), rows, work, [task.name for task in rows], key(inputs, plan))


def compute(
    inputs: Inputs, plan: Plan, folder: Path, *, workers: Workers, progress: Progress | None = None
) -> None:
    """Do all that is not yet done; `folder` holds a file for each draw that is.

    Raises RunError if a worker is killed or a disk is full: what is finished stays.
    """
    evaluate(design(inputs, plan), folder, How(workers, progress=progress))


def counts_of(folder: Path, number: int) -> Counts:
    """Return the counts of one draw: int64 [repetition, option, group, measure, year]."""
    return _kept(folder, Task(number)).arrays[_COUNTS]


def valued_of(folder: Path, number: int, *, reading: str = "") -> valuation.Valued:
    """Return what one draw is worth, under the run's own reading of a repeat or another."""
    return valuation.of_part(_kept(folder, Task(number, reading)))


def _kept(folder: Path, task: Task) -> Part:
    path = parts.path_of(folder, task.name)
    when = path.stat().st_mtime_ns if path.is_file() else 0
    return _read(folder, task.name, when)


@lru_cache(maxsize=1)
def _read(folder: Path, name: str, when: int) -> Part:
    """Read a part; who asks for its counts asks for its worth next."""
    return parts.read(folder, name)


def ledger_of(folder: Path) -> Any:
    """Return the ledger that was kept of the first draw, a data frame."""
    import pandas as pd

    frame = pd.DataFrame(json.loads(parts.read(folder, _LEDGER.name).text))
    if "time" in frame:
        frame["time"] = frame["time"].to_numpy(np.int64).astype("datetime64[s]")
    return frame
