"""`dapp evaluate-pilot`: what evaluations of the pilot would show, and how often they would err."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model.analysis import pilot_words as words
from dapp_model.analysis.files import Analysis
from dapp_model.analysis.model_runs import Run
from dapp_model.analysis.pictures import Bar, Picture, Words, bars, lines
from dapp_model.analysis.pilot_words import HOPED
from dapp_model.errors import InputErrors, Problem
from dapp_model.evaluation import designs, lives, outcomes, precision, split
from dapp_model.evaluation import study as made
from dapp_model.evaluation.designs import (
    DESIGNS,
    FROM_LANDMARK,
    FROM_START,
    RANDOMISED_AT_START,
    RECORDED,
)
from dapp_model.evaluation.lives import Luck
from dapp_model.evaluation.trials import ANY
from dapp_model.study_designs import pilot_figures

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

NAME: Final = "evaluation"
DRAW_LUCK: Final = 100_000  # replicates of draws lie beyond those of the pilots at best estimates
FEWEST: Final = 30  # starters in all pilots together with whom anything is said
WINDOWS: Final = {FROM_START: outcomes.START, FROM_LANDMARK: outcomes.LANDMARK}


@dataclass(frozen=True)
class Asked:
    """How much to simulate: pilots at the best estimates, draws of what is not known, luck.

    `repetitions` is how often each evaluation is repeated on resampled participants.
    """

    pilots: int
    draws: int
    seed: int
    repetitions: int = 2000
    quick: bool = False  # so that pictures say it


def place(inputs: Inputs, asked: Asked) -> Path:
    """Return where a study of a scenario file goes: a name that says how it was made."""
    kind = f"evaluation-{asked.pilots}+{asked.draws}-seed{asked.seed}-{inputs.text_hash[:8]}"
    return Path("results") / inputs.name / kind


def command(
    file: Path, out: Path | None, asked: Asked, how: Run, say: Callable[[str], None]
) -> tuple[Path, Analysis]:
    """Study a scenario file, or the scenario of a run; return where it belongs, and what it is."""
    from dapp_model import chart_style, labels, stored
    from dapp_model import study as runner
    from dapp_model.report import grades
    from dapp_model.scenario import load

    if file.is_dir():
        folder, (inputs, _, _) = file, stored.read_run(file)
    else:
        inputs = load(file)
        folder = out or place(inputs, asked)
    for warning in inputs.warnings:
        say(f"Please note: {warning}")
    lives.pilot_of(inputs)  # whether there is a pilot is said before anything is compiled
    if not runner.is_compiled():
        say("Compiling the engine (about a minute, once).")
    runner.compile_engine(inputs)
    marks = [*labels.standing(inputs), *(["Indicative: a quick study."] if asked.quick else [])]
    with chart_style.standing(grades.on_pictures(inputs, marks)):
        return folder, study(inputs, asked, how)


def study(inputs: Inputs, asked: Asked, how: Run) -> Analysis:
    """Simulate the pilot, evaluate it by every design, and say what a commissioner needs.

    Raises InputErrors if no option has a programme, or hardly anybody starts in all pilots.
    """
    pilot = lives.pilot_of(inputs)
    found = how.each(made.simulate, _jobs(inputs, pilot, asked))
    at_best, drawn = found[: asked.pilots], found[asked.pilots :]
    pool = made.gather(at_best, inputs.population_share)
    _enough(inputs, pool)
    own = max(2, round(pool.starts))
    sizes = [own, *(int(size) for size in pilot_figures()["arm_sizes"])]
    power = made.power_table(pool, sizes, repetitions=asked.repetitions, seed=asked.seed)
    arm = made.size_table(pool)
    parts = _splits(pool.referred[HOPED])
    by_draw = made.draws_table(
        [(referred[_DRAWN], outside) for referred, outside in drawn],
        own,
        repetitions=max(100, asked.repetitions // 10),
        seed=asked.seed,
    )
    completers = made.completers_table(pool.referred[HOPED])
    ratio, error = made.hazard_ratio_of_starters(pool, HOPED)
    compared = words.compared(ratio, error, power, arm, own)
    effects = made.effects()
    exact = precision.table(pool, [referred[_DRAWN] for referred, _ in drawn], effects[HOPED])
    tables = {
        "precision": exact,
        "power": power,
        "arms_for_80_percent": arm,
        "fall_split": parts,
        "completers": completers,
        "compared_with_design_figures": compared,
    }
    if len(by_draw):
        tables["over_draws"] = by_draw
    said = [
        *words.headline(power, own),
        *([f"Indicative: a quick study of {pool.pilots} pilots."] if asked.quick else []),
        *words.before_after_words(power, parts, own),
        *words.sizes_words(power, arm),
        *words.completers_words(completers),
        *words.over_draws_words(by_draw),
        *words.compared_words(compared),
        *words.basis_words(inputs.population_share, pool, asked.repetitions, power),
    ]
    result: dict[str, Any] = {
        "headline": said[0],
        "pilots_simulated": pool.pilots,
        "draws": asked.draws,
        "repetitions": asked.repetitions,
        "seed": asked.seed,
        "indicative": asked.quick,
        "scenario": inputs.name,
        "evaluated": f"the pilot of '{pilot.option(lives.PILOT).label}'",
        "scenario_hash": inputs.text_hash,
        "population_share": inputs.population_share,
        "starts_in_one_pilot": pool.starts,
        "accepted_in_one_pilot": pool.accepted,
        "starters_simulated": round(pool.starts * pool.pilots * inputs.population_share),
        "designs": {one.name: one.label for one in DESIGNS},
        "effects": made.effects(),
        "ratio_of_true_incidents_of_starters": {"as_hoped": ratio, "relative_error": error},
        "power_at_the_pilots_size": _records(power[power["arm_size"] == own]),
        "fall_split": _records(parts),
    }
    return Analysis(NAME, tuple(said), result, tables, tuple(_pictures(power, parts)))


_DRAWN: Final = "drawn"


def _jobs(inputs: Inputs, pilot: Inputs, asked: Asked) -> list[made.Job]:
    from dapp_model.study import draw_inputs

    effects = made.effects()
    found = [made.Job(pilot, effects, Luck(asked.seed, k)) for k in range(asked.pilots)]
    for number in range(asked.draws):
        one = lives.pilot_of(draw_inputs(inputs, number, asked.seed))
        luck = Luck(asked.seed, DRAW_LUCK + number)
        found.append(made.Job(one, {_DRAWN: float("nan")}, luck))
    return found


def _enough(inputs: Inputs, pool: made.Pool) -> None:
    started = int((pool.referred[HOPED]["started"] != lives.NOT).sum())
    if started < FEWEST:
        message = "Too few people start in the simulated pilots to say what an evaluation shows."
        expected = f"at least {FEWEST} in all; more --replications, or a larger population.share"
        problem = Problem(inputs.path, None, "", f"{started} who start", expected, message)
        raise InputErrors((problem,))


def _splits(referred: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    found = []
    for follow_up, window in WINDOWS.items():
        for basis in designs.BASES:
            table = split.split(referred, window, basis).reset_index()
            table.insert(0, "basis", basis)
            table.insert(0, "follow_up", follow_up)
            found.append(table)
    return pd.concat(found, ignore_index=True)


# -- pictures -------------------------------------------------------------------------------------


def _pictures(power: pd.DataFrame, parts: pd.DataFrame) -> list[Picture]:
    chosen = power[
        (power["effect"] == HOPED)
        & (power["follow_up"] == FROM_START)
        & power["design"].isin([RANDOMISED_AT_START.name])
    ]
    drawn: dict[str, Sequence[float]] = {}
    x: list[float] = []
    for (basis, outcome), own in chosen.groupby(["basis", "outcome"], sort=False):
        what = "any" if outcome == ANY else "number"
        drawn[f"{basis}, {what}"] = own["significant_fall"].tolist()
        x = [float(size) for size in own["arm_size"]]
    said = Words(
        "power",
        "Chance of a significant fall if the programme works as hoped, by size",
        f"Randomised when a place is given, followed from the start. At {int(x[0])} an arm, the "
        f"pilot's own size, the chance is between {min(v[0] for v in drawn.values()):.0%} and "
        f"{max(v[0] for v in drawn.values()):.0%}.",
        "Participants in each arm",
        "Chance of a significant fall",
    )
    found = [lines(said, x, drawn)]
    own = parts[(parts["follow_up"] == FROM_START) & (parts["basis"] == RECORDED)]
    size = dict(zip(own["part"], own["per_person"].tolist(), strict=True))
    error = dict(zip(own["part"], own["standard_error"].tolist(), strict=True))
    steps = []
    at = 0.0
    for name in split.PARTS:
        if abs(size[name]) <= words.NOTHING:
            continue
        step, half = size[name], 1.96 * error[name]
        steps.append(Bar(name.capitalize(), at, at + step, half))
        at += step
    steps.append(Bar("The whole fall", 0.0, at))
    said = Words(
        "fall_split",
        "What the fall in police records from before to after is made of",
        f"Records {'fall' if at >= 0 else 'rise'} by {abs(at):.2f} for each person who starts; the "
        f"programme's part is {size['programme']:.2f}. Lines are 95% intervals.",
        "Police records for each person who starts, fewer than in the year before",
    )
    return [*found, bars(said, steps, pounds=False)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
