"""`dapp evaluate-pilot`: what evaluations of the pilot would show, and how often they would err."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model.analysis.files import Analysis
from dapp_model.analysis.model_runs import Run
from dapp_model.analysis.pictures import Bar, Picture, Words, bars, lines
from dapp_model.errors import InputErrors, Problem
from dapp_model.evaluation import designs, lives, outcomes, split
from dapp_model.evaluation import study as made
from dapp_model.evaluation.designs import (
    BEFORE_AFTER,
    DESIGNS,
    FROM_LANDMARK,
    FROM_START,
    RANDOMISED_AT_START,
    RECORDED,
    REPORTED,
)
from dapp_model.evaluation.lives import Luck
from dapp_model.evaluation.seen import figure, pilot_figures
from dapp_model.evaluation.trials import ANY, NUMBER

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

NAME: Final = "evaluation"
HOPED, NONE = "hoped", "none"
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


def place(inputs: Inputs, asked: Asked) -> Path:
    """Return where a study of a scenario file goes: a name that says how it was made."""
    kind = f"evaluation-{asked.pilots}+{asked.draws}-seed{asked.seed}-{inputs.text_hash[:8]}"
    return Path("results") / inputs.name / kind


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
    compared = _compared(ratio, error, power, arm, own)
    tables = {
        "power": power,
        "arms_for_80_percent": arm,
        "fall_split": parts,
        "completers": completers,
        "compared_with_design_figures": compared,
    }
    if len(by_draw):
        tables["over_draws"] = by_draw
    said = [
        *_headline(power, own),
        *_before_after(power, parts, own),
        *_sizes(power, arm),
        *_completers(completers),
        *_over_draws(by_draw),
        *_compared_words(compared),
        *_basis_words(inputs, pool, asked),
    ]
    result: dict[str, Any] = {
        "pilots_simulated": pool.pilots,
        "draws": asked.draws,
        "repetitions": asked.repetitions,
        "seed": asked.seed,
        "scenario": inputs.name,
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


# -- one cell of a table --------------------------------------------------------------------------


def pick(table: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.Series[Any]:
    """Return the one row with these values."""
    chosen = np.ones(len(table), np.bool_)
    for name, value in wanted.items():
        chosen &= (table[name] == value).to_numpy()
    found = table[chosen]
    if len(found) != 1:
        raise KeyError(f"{len(found)} rows with {dict(wanted)}")
    return found.iloc[0]


def _key(effect: str, design: str, basis: str, outcome: str) -> dict[str, Any]:
    return {
        "effect": effect,
        "design": design,
        "basis": basis,
        "outcome": outcome,
        "follow_up": FROM_START,
    }


def in_100(share: float) -> str:
    """Return a share as times in 100: whole, and never 0 or 100 unless it is."""
    times = round(100 * share)
    if times == 0 and share > 0:
        return "less than once in 100"
    if times == 100 and share < 1:
        return "more than 99 times in 100"
    return "once in 100" if times == 1 else f"{times} times in 100"


# -- sentences ------------------------------------------------------------------------------------


def _headline(power: pd.DataFrame, own: int) -> list[str]:
    row = pick(power, {**_key(HOPED, RANDOMISED_AT_START.name, REPORTED, ANY), "arm_size": own})
    randomised = power[
        (power["effect"] == HOPED)
        & (power["arm_size"] == own)
        & power["design"].isin(["waiting_list", "randomised", "randomised_at_start"])
    ]
    low, high = float(randomised["no_effect"].min()), float(randomised["no_effect"].max())
    hazard_ratio = made.effects()[HOPED]
    found = [
        f"With this many participants ({own} who start the pilot, and {own} like them who do not), "
        f"a result of no effect would appear {in_100(row['no_effect'])} even if the programme "
        f"works as hoped (a hazard ratio of {hazard_ratio:.2f} for those who complete it): "
        f"randomised when a place is given, abuse reported by partners in the year after.",
        f"Over all randomised designs and outcomes looked at, it would appear between "
        f"{round(100 * low)} and {round(100 * high)} times in 100. So no effect found is no "
        "evidence of no effect at this size.",
    ]
    if row["significant_wrong"] is not None and row["power"] > 0:
        number = pick(power, {**_key(HOPED, RANDOMISED_AT_START.name, RECORDED, NUMBER),
                              "arm_size": own})  # fmt: skip
        text = (
            f"If such an evaluation counts police records and finds a significant result, it "
            f"points the wrong way {in_100(float(number['significant_wrong']))}"
        )
        if _given(number["exaggeration"]):
            text += f", and overstates the effect {float(number['exaggeration']):.0f}-fold"
        found.append(f"{text}.")
    return found


def _before_after(power: pd.DataFrame, parts: pd.DataFrame, own: int) -> list[str]:
    row = pick(power, {**_key(NONE, BEFORE_AFTER.name, RECORDED, NUMBER), "arm_size": own})
    recorded = parts[(parts["follow_up"] == FROM_START) & (parts["basis"] == RECORDED)]
    by_part = recorded.set_index("part")["per_person"]
    error = recorded.set_index("part")["standard_error"]
    fall = by_part[split.WHOLE] / by_part["before"]
    named = "; ".join(
        f"{name} {by_part[name]:+.2f} (standard error {error[name]:.2f})"
        for name in split.PARTS
        if abs(by_part[name]) > 0
    )
    return [
        f"Before and after, police records of those who start fall by {fall:.0%} in the year from "
        f"the start, from {by_part['before']:.2f} to {by_part['after']:.2f} a person. The fall of "
        f"{by_part[split.WHOLE]:.2f} is made of: {named}.",
        f"With a programme that changes no abuse at all, a comparison of before and after would "
        f"still find a significant fall {in_100(float(row['significant_fall']))}.",
    ]


def _sizes(power: pd.DataFrame, arm: pd.DataFrame) -> list[str]:
    found = []
    for basis in (RECORDED, REPORTED):
        row = pick(arm, _key(HOPED, RANDOMISED_AT_START.name, basis, NUMBER))
        found.append(
            f"To find the hoped effect 80 times in 100 in the number of {_of(basis)}, a "
            f"randomised evaluation needs {_arm(row)} in each arm."
        )
    largest = int(power["arm_size"].max())
    row = pick(power, {**_key(HOPED, RANDOMISED_AT_START.name, RECORDED, NUMBER),
                       "arm_size": largest})  # fmt: skip
    found.append(
        f"With {largest:,} in each arm it would be found {in_100(float(row['power']))} in police "
        "records."
    )
    return found


def _of(basis: str) -> str:
    return "police records" if basis == RECORDED else "incidents that partners report"


def _arm(row: pd.Series[Any]) -> str:
    low, high = float(row["arm_low"]), float(row["arm_high"])
    if not np.isfinite(high):
        return (
            f"at least {_round(low)} (the effect on this outcome is not told apart from none by "
            "the people simulated)"
        )
    return f"about {_round(float(row['arm_for_80']))} ({_round(low)} to {_round(high)})"


def _round(number: float) -> str:
    if not np.isfinite(number):
        return "no size"
    digits = max(0, len(str(int(number))) - 2)
    return f"{int(round(number, -digits)):,}"


def _completers(table: pd.DataFrame) -> list[str]:
    rows = {
        name: pick(table, {"group": name, "follow_up": FROM_LANDMARK})
        for name in ("completed", "did not complete")
    }
    done, left = rows["completed"], rows["did not complete"]
    if not (done["people"] and left["people"] and left["records_after"] > 0):
        return []
    naive = 1 - done["records_after"] / left["records_after"]
    own = 1 - done["true_incidents_after"] / done["true_incidents_without_programme"]
    word = "fewer" if naive >= 0 else "more"
    return [
        f"Those who complete have {abs(naive):.0%} {word} police records in the year from the "
        f"planned end than those who do not; of the abuse of those who complete, the programme "
        f"itself averts {own:.0%}. The rest is who completes."
    ]


def _over_draws(table: pd.DataFrame) -> list[str]:
    if not len(table):
        return ["Over what is not known, nothing was looked at: no draws were asked for."]
    wanted = _key("", RANDOMISED_AT_START.name, REPORTED, ANY)
    wanted.pop("effect")
    row = pick(table, wanted)
    return [
        f"Over {int(row['draws'])} draws of all that is not known, the same evaluation would find "
        f"no effect {in_100(float(row['no_effect']))}, whatever the programme does."
    ]


def _compared(
    ratio: float, error: float, power: pd.DataFrame, arm: pd.DataFrame, own: int
) -> pd.DataFrame:
    import pandas as pd

    figures = pilot_figures()["compared"]
    any_reported = _key(HOPED, RANDOMISED_AT_START.name, REPORTED, ANY)
    recorded = _key(HOPED, RANDOMISED_AT_START.name, RECORDED, NUMBER)
    found = pick(power, {**any_reported, "arm_size": own})
    needed = float(pick(arm, recorded)["arm_for_80"])
    rows = [
        ("hazard_ratio_of_starters", ratio, ratio * error),
        ("power_at_pilot_size", float(found["power"]), float(found["monte_carlo_error"])),
        ("arm_for_80_low", needed, float("nan")),
        ("arm_for_80_high", needed, float("nan")),
    ]
    table = pd.DataFrame(rows, columns=["figure", "model", "standard_error"])
    table["design_figure"] = [figure(figures[name]) for name in table["figure"]]
    table["status"] = [str(figures[name]["status"]) for name in table["figure"]]
    table["source"] = [str(figures[name]["source"]) for name in table["figure"]]
    return table


def _compared_words(table: pd.DataFrame) -> list[str]:
    own = table.set_index("figure")["model"]
    theirs = table.set_index("figure")["design_figure"]
    return [
        f"In the model those who start have {own['hazard_ratio_of_starters']:.2f} times the true "
        f"incidents in the year from the start that they would have had, partner support included "
        f"(earlier design figures, from memory: {theirs['hazard_ratio_of_starters']:.2f}); the "
        f"power at the pilot's size is {own['power_at_pilot_size']:.0%} "
        f"({theirs['power_at_pilot_size']:.0%}), and 80% takes {_round(own['arm_for_80_low'])} an "
        f"arm by the number of police records ({theirs['arm_for_80_low']:,.0f} to "
        f"{theirs['arm_for_80_high']:,.0f} by a share of 30% with any abuse). Nothing was fitted "
        "to those figures.",
    ]


def _basis_words(inputs: Inputs, pool: made.Pool, asked: Asked) -> list[str]:
    share = inputs.population_share
    part = "" if share == 1 else f" of {share:.0%} of the county each"
    started = round(pool.starts * pool.pilots * share)
    return [
        f"Participants are drawn with replacement from {started:,} people who start in "
        f"{pool.pilots} simulated pilots{part}, so larger designs hold people like the pilot's "
        f"own; each evaluation is repeated {asked.repetitions:,} times. What interviews and "
        "follow-up see of abuse rests on judgements (study_designs.toml)."
    ]


def _given(found: Any) -> bool:
    return found is not None and bool(np.isfinite(found))


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
        drawn[f"{basis}, {what}"] = own["power"].tolist()
        x = [float(size) for size in own["arm_size"]]
    said = Words(
        "power",
        "Chance of a significant result if the programme works as hoped, by size",
        f"Randomised when a place is given, followed from the start. At {int(x[0])} an arm, the "
        f"pilot's own size, the chance is between {min(v[0] for v in drawn.values()):.0%} and "
        f"{max(v[0] for v in drawn.values()):.0%}.",
        "Participants in each arm",
        "Chance of a significant result",
    )
    found = [lines(said, x, drawn)]
    own = parts[(parts["follow_up"] == FROM_START) & (parts["basis"] == RECORDED)]
    size = dict(zip(own["part"], own["per_person"].tolist(), strict=True))
    error = dict(zip(own["part"], own["standard_error"].tolist(), strict=True))
    steps = []
    at = 0.0
    for name in split.PARTS:
        step, half = size[name], 1.96 * error[name]
        steps.append(Bar(name.capitalize(), at, at + step, half))
        at += step
    steps.append(Bar("The whole fall", 0.0, at))
    said = Words(
        "fall_split",
        "What the fall in police records from before to after is made of",
        f"Records fall by {at:.2f} for each person who starts; the programme's part is "
        f"{size['programme']:.2f}. Lines are 95% intervals.",
        "Police records for each person who starts, fewer than in the year before",
    )
    return [*found, bars(said, steps, pounds=False)]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
