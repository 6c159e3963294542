"""What `dapp evaluate-pilot` says in sentences, each made from the numbers of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model.evaluation import split
from dapp_model.evaluation import study as made
from dapp_model.evaluation.designs import (
    BEFORE_AFTER,
    FROM_LANDMARK,
    FROM_START,
    MATCHED,
    RANDOMISED_AT_START,
    RECORDED,
    REPORTED,
)
from dapp_model.evaluation.trials import ANY, NUMBER
from dapp_model.study_designs import figure, pilot_figures

if TYPE_CHECKING:
    import pandas as pd

HOPED, NONE = "hoped", "none"
NOTHING: Final = 1e-9  # what rounding leaves of a part that there is not
COVERED: Final = {
    BEFORE_AFTER.name: "before and after",
    MATCHED.name: "in a matched comparison",
    RANDOMISED_AT_START.name: "in a randomised evaluation",
}
RANDOM: Final = ("waiting_list", "randomised", "randomised_at_start")


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


def headline(power: pd.DataFrame, own: int) -> list[str]:
    """Say how often no effect would be found at the size of the pilot, an arm of `own`."""
    row = pick(power, {**_key(HOPED, RANDOMISED_AT_START.name, REPORTED, ANY), "arm_size": own})
    randomised = power[
        (power["effect"] == HOPED) & (power["arm_size"] == own) & power["design"].isin(RANDOM)
    ]
    by_effect = {
        name: float(
            pick(
                power, {**_key(name, RANDOMISED_AT_START.name, RECORDED, NUMBER), "arm_size": own}
            )["no_effect"]
        )
        for name in (HOPED, "optimistic", "sceptical")
    }
    low, high = float(randomised["no_effect"].min()), float(randomised["no_effect"].max())
    hazard_ratio = made.effects()[HOPED]
    found = [
        f"With this many participants ({own} who start the pilot, as the model has it at the best "
        f"estimates, and {own} like them who do not), "
        f"a result of no effect would appear {in_100(row['no_effect'])} even if the programme "
        f"works as hoped (a hazard ratio of {hazard_ratio:.2f} for those who complete it): "
        f"randomised when a place is given, abuse reported by partners in the year after.",
        f"By the number of police records it would appear {in_100(by_effect[HOPED])}; if the "
        f"effect is as the optimistic believe ({made.effects()['optimistic']:.2f}), "
        f"{in_100(by_effect['optimistic'])}, and as the sceptical believe "
        f"({made.effects()['sceptical']:.2f}), {in_100(by_effect['sceptical'])}.",
        f"Over all randomised designs and outcomes looked at, with the hoped effect it would "
        f"appear between {round(100 * low)} and {round(100 * high)} times in 100. So no "
        "effect found is no evidence of no effect at this size.",
    ]
    false = power[
        (power["effect"] == NONE) & (power["arm_size"] == own) & power["design"].isin(RANDOM)
    ]
    found.append(
        f"With a programme that changes no abuse, the same evaluations would find something "
        f"significant {round(100 * float(false['power'].min()))} to "
        f"{round(100 * float(false['power'].max()))} times in 100, where a sound test does 5: so "
        "few people with so few incidents, and some with very many, are more than the usual tests "
        "bear."
    )
    if row["significant_wrong"] is not None and row["power"] > 0:
        number = pick(power, {**_key(HOPED, RANDOMISED_AT_START.name, RECORDED, NUMBER),
                              "arm_size": own})  # fmt: skip
        text = (
            f"If such an evaluation counts police records and finds a significant result, it "
            f"points the wrong way {in_100(float(number['significant_wrong']))}"
        )
        if _given(number["exaggeration"]):
            error = float(number["exaggeration_error"])
            known = f" (± {error:.1f})" if np.isfinite(error) else ""
            text += f", and overstates the effect {float(number['exaggeration']):.1f}-fold{known}"
        found.append(f"{text}.")
    return found


def before_after_words(power: pd.DataFrame, parts: pd.DataFrame, own: int) -> list[str]:
    """Say what a fall from before to after is made of, and how often it misleads."""
    row = pick(power, {**_key(NONE, BEFORE_AFTER.name, RECORDED, NUMBER), "arm_size": own})
    recorded = parts[(parts["follow_up"] == FROM_START) & (parts["basis"] == RECORDED)]
    by_part = recorded.set_index("part")["per_person"]
    error = recorded.set_index("part")["standard_error"]
    fall = by_part[split.WHOLE] / by_part["before"]
    named = "; ".join(
        f"{name} {by_part[name]:+.2f} (standard error {error[name]:.2f})"
        for name in split.PARTS
        if abs(by_part[name]) > NOTHING
    )
    return [
        f"Before and after, police records of those who start {'fall' if fall >= 0 else 'rise'} by "
        f"{abs(fall):.0%} in the year from the start, from {by_part['before']:.2f} to "
        f"{by_part['after']:.2f} a person. The difference of {by_part[split.WHOLE]:+.2f} (before "
        f"less after) is made of: {named}.",
        f"With a programme that changes no abuse at all, a comparison of before and after would "
        f"still find a significant fall {in_100(float(row['significant_fall']))}.",
        f"The 95% interval around the change in the number of police records holds the true "
        f"effect of the hoped programme {_coverage(power, own)}.",
    ]


def _coverage(power: pd.DataFrame, own: int) -> str:
    found = []
    for design, label in COVERED.items():
        row = pick(power, {**_key(HOPED, design, RECORDED, NUMBER), "arm_size": own})
        found.append(f"{in_100(float(row['coverage']))} {label}")
    return ", ".join(found[:-1]) + f", and {found[-1]}"


def sizes_words(power: pd.DataFrame, arm: pd.DataFrame) -> list[str]:
    """Say how large an evaluation would have to be."""
    found = []
    for basis in (RECORDED, REPORTED):
        row = pick(arm, _key(HOPED, RANDOMISED_AT_START.name, basis, NUMBER))
        found.append(
            f"To find the hoped effect 80 times in 100 in the number of {_of(basis)}, a "
            f"randomised evaluation needs {_arm(row)} in each arm."
            if np.isfinite(row["arm_low"])
            else f"In the number of {_of(basis)} no evaluation, however large, would find the "
            "hoped effect: what is seen of it points the other way, since reporting changes too."
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


def completers_words(table: pd.DataFrame) -> list[str]:
    """Say what comparing those who complete with those who do not shows."""
    fewer = {}
    for follow_up in (FROM_START, FROM_LANDMARK):
        done, left = (
            pick(table, {"group": name, "follow_up": follow_up})
            for name in ("completed", "did not complete")
        )
        if not (done["people"] and left["people"] and left["records_after"] > 0):
            return []
        fewer[follow_up] = 1 - done["records_after"] / left["records_after"]
        averted = 1 - done["true_incidents_after"] / done["true_incidents_without_programme"]
    return [
        f"Those who complete have {_fewer(fewer[FROM_START])} police records than those who do not "
        f"if both are followed from the start, when to complete they have to stay at large and in "
        f"the county, and {_fewer(fewer[FROM_LANDMARK])} from the planned end on; "
        f"{_averts(averted)} The rest is who completes."
    ]


def _averts(share: float) -> str:
    if share < 0:
        return f"those who complete have {-share:.0%} more abuse in that year than without it."
    return (
        f"of the abuse of those who complete, the programme itself averts {share:.0%} in that year."
    )


def _fewer(share: float) -> str:
    return f"{abs(share):.0%} {'fewer' if share >= 0 else 'more'}"


def over_draws_words(table: pd.DataFrame) -> list[str]:
    """Say the same over all that is not known."""
    if not len(table):
        return ["Over what is not known, nothing was looked at: no draws were asked for."]
    wanted = _key("", RANDOMISED_AT_START.name, REPORTED, ANY)
    wanted.pop("effect")
    row = pick(table, wanted)
    return [
        f"Over {int(row['draws'])} draws of all that is not known, the same evaluation would find "
        f"no effect {in_100(float(row['no_effect']))}{_known(row, 'no_effect')}, whatever the "
        "programme does."
    ]


def _known(row: pd.Series[Any], name: str) -> str:
    """Print the error of a share in points; nothing where it is not known."""
    error = 100 * float(row[f"{name}_error"])
    return f" (± {error:.1f})" if np.isfinite(error) else ""


def compared(
    ratio: float, error: float, power: pd.DataFrame, arm: pd.DataFrame, own: int
) -> pd.DataFrame:
    """Return the figures of the model beside earlier design figures."""
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


def compared_words(table: pd.DataFrame) -> list[str]:
    """Say how the model differs from earlier design figures."""
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


def basis_words(share: float, pool: made.Pool, repetitions: int, power: pd.DataFrame) -> list[str]:
    """Say where the participants come from; `share` is that of the county in each pilot."""
    part = "" if share == 1 else f" of {share:.0%} of the county each"
    started = round(pool.starts * pool.pilots * share)
    return [
        f"Participants are drawn with replacement from {started:,} people who start in "
        f"{pool.pilots} simulated pilots{part}, so larger designs hold people like the pilot's "
        f"own. Each evaluation is repeated {repetitions:,} times, which leaves a number of times "
        f"in 100 evaluations known to within {100 * np.sqrt(0.25 / repetitions):.1f} (Monte Carlo "
        "error); one of those that come out significant, which are fewer, less well. "
        f"{_from_people(power)} What interviews and "
        "follow-up see of abuse rests on judgements (study_designs.toml)."
    ]


def _from_people(power: pd.DataFrame) -> str:
    """Say how far other people of the same kind would move the power, at the ends of the sizes."""
    key = _key(HOPED, RANDOMISED_AT_START.name, RECORDED, NUMBER)
    sizes = sorted(power["arm_size"].unique())
    of_sizes = {
        size: float(pick(power, {**key, "arm_size": size})["error_from_people"]) for size in sizes
    }
    most = max(sizes, key=lambda size: of_sizes[size])
    if not np.isfinite(of_sizes[most]):
        return "How far other people of the same kind would move these numbers is not known."
    return (
        "That they are so many and no more leaves more open: other people of the same kind would "
        "move the power to find the hoped effect in police records by "
        f"{100 * of_sizes[sizes[0]]:.1f} points at the pilot's own size and by "
        f"{100 * of_sizes[most]:.0f} at {most:,} in each arm (standard errors)."
    )


def _given(found: Any) -> bool:
    return found is not None and bool(np.isfinite(found))
