"""Evaluate every option under every draw of what is not known: in parallel, kept as it finishes.

One draw is one unit of work. It depends on the inputs, its number and the plan alone, so neither
the number of workers nor an interruption can change a result.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import valuation
from dapp_model.evaluation import monitoring
from dapp_model.evaluation.lives import Luck
from dapp_model.experiment import with_share
from dapp_model.outcomes import BASELINE_YEAR, FIRST_YEAR, trimmed
from dapp_model.parallel import as_they_finish, pool

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Counts = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """How often to simulate: joint draws of what is not known, and repetitions of luck in each."""

    draws: int
    replications: int
    seed: int
    engine: str = "fast"
    quick: bool = False
    whole: int = 16

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


@dataclass(frozen=True)
class Task:
    """One unit of work: a draw, or the ledger of the first; `reading` if not the run's own."""

    number: int
    reading: str = ""


def key(inputs: Inputs, plan: Plan) -> str:
    """Return a hash of everything that a draw's results depend on; 16 hexadecimal characters."""
    from dapp_model.compiled import source_hash

    parts = [
        inputs.resolved_toml(),
        inputs.name,
        *sorted(inputs.origins),
        str((plan.replications, plan.seed, plan.engine, plan.whole)),
        source_hash(),
        _registry_hash(),
    ]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _registry_hash() -> str:
    folder = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for path in [folder / "parameters.toml", *sorted((folder / "data").iterdir())]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def draw_inputs(inputs: Inputs, number: int, seed: int) -> Inputs:
    """Return the inputs under one joint draw of what is not known.

    What the posterior holds comes from its row of that number; other evidence from its priors.
    """
    from dapp_model import fitted
    from dapp_model.distributions import draw

    return fitted.placed(draw(inputs, 1, seed, first=number)[0], number)


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


def _draw_file(folder: Path, number: int) -> Path:
    return folder / f"draw_{number:06d}.npz"


def _valued_file(folder: Path, number: int) -> Path:
    return folder / f"draw_{number:06d}.valued"


def _reading_folder(folder: Path, reading: str) -> Path:
    return folder / f"reading_{reading.lower()}" if reading else folder


def simulate_draw(inputs: Inputs, plan: Plan, number: int, folder: Path) -> None:
    """Simulate and value all options under one draw; keep the counts and what they are worth.

    Counts are int64 [repetition, option, group, measure, year].
    """
    counts, valued = _one_draw(inputs, plan, number)
    target = _valued_file(folder, number)
    part = target.with_suffix(f".{os.getpid()}.part")
    valuation.write(part, valued)
    part.replace(target)
    target = _draw_file(folder, number)  # the last to appear: with it the draw is finished
    part = target.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as stream:
        np.savez_compressed(stream, counts=counts)
    part.replace(target)


def _one_draw(
    inputs: Inputs, plan: Plan, number: int, *, learn: bool = True
) -> tuple[Counts, valuation.Valued]:
    from dapp_model.experiment import evaluate

    drawn, whole = draw_inputs(inputs, number, plan.seed), plan.is_whole(number)
    every = evaluate(
        drawn,
        seed=plan.seed,
        replicates=[plan.replicate(number, r) for r in range(plan.replications)],
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


def value_reading(inputs: Inputs, plan: Plan, task: Task, folder: Path) -> None:
    """Simulate and value one draw under another reading of a repeat; keep what it is worth."""
    from dapp_model.fitted import READING

    other = inputs.replace(values={READING: task.reading})
    _, valued = _one_draw(other, replace(plan, whole=0), task.number, learn=False)
    place = _reading_folder(folder, task.reading)
    place.mkdir(exist_ok=True)
    target = _valued_file(place, task.number)
    part = target.with_suffix(f".{os.getpid()}.part")
    valuation.write(part, valued)
    part.replace(target)


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


def keep_ledger(inputs: Inputs, plan: Plan, folder: Path) -> None:
    """Keep the ledger of the first draw, its first repetition."""
    from dapp_model.experiment import ledger

    drawn = draw_inputs(inputs, 0, plan.seed)
    frame = ledger(drawn, seed=plan.seed, replicate=plan.replicate(0, 0))
    part = folder / f"ledger.{os.getpid()}.part"
    frame.to_pickle(part)
    part.replace(folder / _LEDGER)


def decision_year(inputs: Inputs) -> int:
    """Return the financial year of the decision, by its first calendar year."""
    from dapp_model.economics.prices import financial_year
    from dapp_model.model import decision_date

    date = decision_date(inputs, inputs.option(inputs.options[0]).levers)
    return financial_year(date)


# -- all of them ----------------------------------------------------------------------------------

_LEDGER_TASK: Final = Task(-1)
_LEDGER: Final = "ledger.pkl"


def tasks(inputs: Inputs, plan: Plan) -> list[Task]:
    """Return all that there is to do, in the order in which it is begun."""
    others = [
        Task(number, reading)
        for reading in other_readings(inputs, plan)
        for number in range(reading_draws(inputs, plan))
    ]
    return [_LEDGER_TASK, *(Task(number) for number in range(plan.draws)), *others]


def _is_done(task: Task, folder: Path) -> bool:
    if task == _LEDGER_TASK:
        return (folder / _LEDGER).is_file()
    if task.reading:
        return _valued_file(_reading_folder(folder, task.reading), task.number).is_file()
    return _draw_file(folder, task.number).is_file()


def compute(
    inputs: Inputs, plan: Plan, folder: Path, *, workers: int, progress: Progress | None = None
) -> None:
    """Do all that is not yet done; `folder` holds small files for each draw that is.

    Raises RunError if a worker is killed or a disk is full: what is finished stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for odd in folder.rglob("*.part"):
        odd.unlink()
    every = tasks(inputs, plan)
    todo = [task for task in every if not _is_done(task, folder)]
    finished = len(every) - len(todo)
    if progress:
        progress(finished, len(every))
    for _ in _each(inputs, plan, folder, todo, workers):
        finished += 1
        if progress:
            progress(finished, len(every))


def _work(inputs: Inputs, plan: Plan, task: Task, folder: Path) -> None:
    if task == _LEDGER_TASK:
        keep_ledger(inputs, plan, folder)
    elif task.reading:
        value_reading(inputs, plan, task, folder)
    else:
        simulate_draw(inputs, plan, task.number, folder)


def _each(
    inputs: Inputs, plan: Plan, folder: Path, todo: list[Task], workers: int
) -> Iterator[None]:
    jobs = [(inputs, plan, task, folder) for task in todo]
    for _ in as_they_finish(_work, jobs, workers):
        yield


def counts_of(folder: Path, number: int) -> Counts:
    """Return the counts of one draw: int64 [repetition, option, group, measure, year]."""
    with np.load(_draw_file(folder, number)) as stored:
        counts: Counts = stored["counts"]
    return counts


def valued_of(folder: Path, number: int, *, reading: str = "") -> valuation.Valued:
    """Return what one draw is worth, under the run's own reading of a repeat or another."""
    return valuation.read(_valued_file(_reading_folder(folder, reading), number))


def ledger_of(folder: Path) -> Any:
    """Return the ledger that was kept of the first draw, a data frame."""
    import pandas as pd

    return pd.read_pickle(folder / _LEDGER)
