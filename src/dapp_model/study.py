"""Evaluate every option under every draw of what is not known: in parallel, kept as it finishes.

One draw is one unit of work. It depends on the inputs, its number and the plan alone, so neither
the number of workers nor an interruption can change a result.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.errors import RunError
from dapp_model.outcomes import Outcomes

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Counts = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]

FIRST_YEAR: Final = 2013  # results begin with 2013/14, the year before the baseline
BASELINE_YEAR: Final = 2014  # money begins with 2014/15, the year the model is set to
SERIOUS: Final = ("true.violence_with_injury", "true.rape")  # and homicide, as an expected value


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
class CloseLook:
    """What one simulated county shows person by person: the first draw, its first repetition.

    `ledger` lists the incidents that differ; `serious` counts true serious incidents from the year
    of the decision to victims of those referred, under the comparator.
    """

    ledger: Any
    serious: int
    referred: int


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


def trimmed(outcomes: Outcomes, first_year: int = FIRST_YEAR) -> Outcomes:
    """Return outcomes without the years in which the county only fills up."""
    skip = max(0, first_year - outcomes.first_year)
    return Outcomes(outcomes.option, outcomes.first_year + skip, outcomes.counts[:, :, skip:])


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
        with _pool(1) as other:
            search = other.submit(_compile_search, few)
            evaluate_options(few, seed=1, replicate=0)
            search.result()
    _compile_search(few)  # from what the other has left on disk, if there was one
    mark_warm()


def _compile_search(inputs: Inputs) -> None:
    from dapp_model.experiment import find_reached

    find_reached(inputs, seed=1, replicate=0)


def with_share(inputs: Inputs, share: float) -> Inputs:
    """Return the inputs for another share of the county."""
    table = {
        name: replace(option, levers={**option.levers, "population.share": share})
        for name, option in inputs.option_table.items()
    }
    return replace(inputs, population_share=share, option_table=table)


# -- units of work --------------------------------------------------------------------------------


def _draw_file(folder: Path, number: int) -> Path:
    return folder / f"draw_{number:06d}.npz"


def simulate_draw(inputs: Inputs, plan: Plan, number: int, folder: Path) -> None:
    """Simulate all options under one draw and keep the counts: int64 [repetition, option, ...]."""
    from dapp_model.experiment import evaluate_differences, evaluate_options

    drawn = draw_inputs(inputs, number, plan.seed)
    found = []
    for repetition in range(plan.replications):
        replicate = plan.replicate(number, repetition)
        if plan.is_whole(number):
            outcomes = evaluate_options(
                drawn, seed=plan.seed, replicate=replicate, engine=plan.engine
            )
        else:
            outcomes = evaluate_differences(drawn, seed=plan.seed, replicate=replicate)
        found.append(np.stack([trimmed(outcomes[name]).counts for name in inputs.options]))
    target = _draw_file(folder, number)
    part = target.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as stream:
        np.savez_compressed(stream, counts=np.stack(found))
    part.replace(target)


def look_closely(inputs: Inputs, plan: Plan, folder: Path) -> None:
    """Keep the ledger of the first draw, and the serious harm that those referred would do."""
    from dapp_model import model
    from dapp_model.engines import fast
    from dapp_model.events import REFERRAL
    from dapp_model.experiment import families, ledger

    drawn = draw_inputs(inputs, 0, plan.seed)
    replicate = plan.replicate(0, 0)
    frame = ledger(drawn, seed=plan.seed, replicate=replicate)
    worlds = families([model.tabulate(drawn, name) for name in inputs.options])[0]
    people = fast.take_census(worlds, plan.seed, replicate).people
    lives = [fast.live_together(world, people, plan.seed, replicate) for world in worlds]
    referred = np.unique(np.concatenate([r["person"][r["kind"] == REFERRAL] for r in lives]))
    own = lives[0][np.isin(lives[0]["person"], referred)]
    counts, first_year = fast.count(own, worlds[0])
    outcomes = Outcomes(inputs.options[0], first_year, counts)
    skip = decision_year(inputs) - first_year
    serious = sum(int(outcomes.of(name)[skip:].sum()) for name in SERIOUS)
    part = folder / f"ledger.{os.getpid()}.part"
    frame.to_pickle(part)
    part.replace(folder / "ledger.pkl")
    part.write_text(json.dumps({"serious": serious, "referred": len(referred)}))
    part.replace(folder / "close_look.json")


def decision_year(inputs: Inputs) -> int:
    """Return the financial year of the decision, by its first calendar year."""
    from dapp_model.economics.prices import financial_year
    from dapp_model.model import decision_date

    date = decision_date(inputs, inputs.option(inputs.options[0]).levers)
    return financial_year(date)


# -- all of them ----------------------------------------------------------------------------------

_CLOSE_LOOK: Final = -1


def compute(
    inputs: Inputs, plan: Plan, folder: Path, *, workers: int, progress: Progress | None = None
) -> None:
    """Do all that is not yet done; `folder` holds one small file for each draw that is.

    Raises RunError if a worker is killed or a disk is full: what is finished stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for odd in folder.glob("*.part"):
        odd.unlink()
    todo = [n for n in range(plan.draws) if not _draw_file(folder, n).is_file()]
    if not (folder / "close_look.json").is_file():
        todo.insert(0, _CLOSE_LOOK)
    total = plan.draws + 1
    finished = total - len(todo)
    if progress:
        progress(finished, total)
    for _ in _each(inputs, plan, folder, todo, workers):
        finished += 1
        if progress:
            progress(finished, total)


def _work(inputs: Inputs, plan: Plan, number: int, folder: Path) -> None:
    if number == _CLOSE_LOOK:
        look_closely(inputs, plan, folder)
    else:
        simulate_draw(inputs, plan, number, folder)


def _each(
    inputs: Inputs, plan: Plan, folder: Path, todo: list[int], workers: int
) -> Iterator[None]:
    workers = min(workers, len(todo))
    if workers <= 1:
        for number in todo:
            _work(inputs, plan, number, folder)
            yield
        return
    with _pool(workers) as pool:
        # Only a few are handed out at a time: the inputs travel with each.
        waiting = iter(todo)
        running: set[Future[None]] = set()
        while True:
            for number in waiting:
                running.add(pool.submit(_work, inputs, plan, number, folder))
                if len(running) >= 2 * workers:
                    break
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                one.result()
                yield


class _DeafProcess(SpawnProcess):
    """A process that no interruption reaches, not even while it begins."""

    def start(self) -> None:
        """Begin with the interruption blocked; what is blocked stays so in the new process."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Deaf(SpawnContext):
    Process = _DeafProcess


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Lend out processes; if something goes wrong, or is interrupted, they are ended at once.

    Raises RunError if one of them is killed.
    """
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=_Deaf(), initializer=_quiet_worker)
    try:
        yield pool
        pool.shutdown()
    except BaseException as error:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
            child.join(5)
        if isinstance(error, BrokenProcessPool):
            raise RunError(
                "A worker process was stopped from outside, perhaps for lack of memory. What was "
                "finished is kept; the same command goes on from there (try fewer --workers)."
            ) from None
        raise


def _quiet_worker() -> None:
    """Leave an interruption to the parent, which stops its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def counts_of(folder: Path, number: int) -> Counts:
    """Return the counts of one draw: int64 [repetition, option, group, measure, year]."""
    with np.load(_draw_file(folder, number)) as stored:
        counts: Counts = stored["counts"]
    return counts


def outcomes_of(inputs: Inputs, counts: Counts) -> Mapping[str, Outcomes]:
    """Return the outcomes by option of one repetition: counts [option, group, measure, year]."""
    return {name: Outcomes(name, FIRST_YEAR, counts[i]) for i, name in enumerate(inputs.options)}


def close_look_of(folder: Path) -> CloseLook:
    """Return what was kept of the first draw."""
    import pandas as pd

    kept = json.loads((folder / "close_look.json").read_text())
    return CloseLook(pd.read_pickle(folder / "ledger.pkl"), kept["serious"], kept["referred"])
