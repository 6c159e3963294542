"""Tables about how sure the advice is, what would change it and what knowing more is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dapp_model.report import sure_words, words
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.tables import write_csv

Decision = Mapping[str, Any]

WITHIN_NOISE = "zero within noise"
CSV = ("effect_prior.csv", "structural.csv", "acceptability.csv", "information.csv", "luck.csv")


def _three(one: Mapping[str, Any], decision: Decision) -> str:
    """Return value, incidents averted and chance of being best in one cell."""
    return (
        f"{words.money(one['mean'])}; {words.mean_count(one['true_incidents_averted'])} averted; "
        f"best {words.chance(one, 'chance_best', decision)}"
    )


def _label(decision: Decision, name: str) -> str:
    return str(words.option_of(decision, name)["label"])


def effect_prior(decision: Decision) -> Table | None:
    """Return results under each part of the prior on the effect; None if not assessed."""
    found = decision["by_effect_prior"]
    if not found["assessed"]:
        return None
    parts = found["parts"]
    rows = [
        ("Weight", *(words.percent(one["weight"]) for one in parts)),
        ("Effective draws", *(words.number(one["effective_draws"]) for one in parts)),
        ("Hazard ratio at full dose, mean", *(_given(one, "mean_of_the_effect") for one in parts)),
        ("Advice", *(one["label"] if one["assessed"] else NOT_ASSESSED for one in parts)),
    ]
    for i, option in enumerate(decision["options"]):
        cells = [
            _three(one["options"][i], decision) if one["assessed"] else NOT_ASSESSED
            for one in parts
        ]
        rows.append((option["label"], *cells))
    title = (
        "By school of thought on the programme's effect (mean net present social value; true "
        "incidents averted; chance of being best)"
    )
    return Table(title, ("", *(one["part"].capitalize() for one in parts)), tuple(rows))


def _given(one: Mapping[str, Any], name: str) -> str:
    return words.number(one[name]) if one["assessed"] else NOT_ASSESSED


def structural(decision: Decision) -> Table:
    """Return the advice and the shown option's numbers under each structure of the model."""
    shown = str(decision["shown_option"])
    rows: list[tuple[str, ...]] = []
    for axis in decision["structural"]["axes"]:
        if not axis["assessed"]:
            rows.append((axis["words"], f"{NOT_ASSESSED}: {axis['reason']}", "", "", "", "", ""))
            continue
        draws = words.number(axis["draws"])
        for one in axis["alternatives"]:
            rows.append(
                (axis["words"], one["words"], words.number(one["weight"]), draws, *_row(one, shown))
            )
        rows.append((axis["words"], "average", "", draws, *_row(axis["average"], shown)))
    whole = decision["structural"]["average"]
    draws = words.number(decision["draws"])
    rows.append(("All but what a repeat is", "average", "", draws, *_row(whole, shown)))
    columns = (
        "Question",
        "Answer",
        "Weight",
        "Draws",
        "Advice",
        f"Value of {words.quoted(_label(decision, shown))}",
        "True incidents averted by it, mean",
    )
    return Table("Other ways to build the model", columns, tuple(rows))


def _row(view: Mapping[str, Any], shown: str) -> tuple[str, str, str]:
    one = next(each for each in view["options"] if each["name"] == shown)
    return (
        str(view["label"]),
        words.money(one["mean"]),
        words.mean_count(one["true_incidents_averted"]),
    )


def luck(decision: Decision) -> Table | None:
    """Return the Monte Carlo error by repetitions per draw; None if it cannot be told."""
    found = decision["luck"]
    if not found["error_by_replications"]:
        return None
    compared = [one for one in decision["options"] if not one["is_comparator"]]
    shares = found["share_of_spread"]
    rows = [
        ("Share of luck in the spread", *(words.percent(shares[o["name"]]) for o in compared)),
        *(
            (
                f"Error with {one['replications']} in each of {decision['draws']:,} draws",
                *(words.money(one["error"][o["name"]]) for o in compared),
            )
            for one in found["error_by_replications"]
        ),
    ]
    title = "Luck, and the Monte Carlo error of the mean value by repetitions of each draw"
    return Table(title, ("", *(one["label"] for one in compared)), tuple(rows))


def information(decision: Decision) -> Table | None:
    """Return the value of knowing each section of the registry; None if not assessed."""
    found = decision["information"]["evppi"]
    if found == NOT_ASSESSED:
        return None
    rows = [
        (
            sure_words.section(one["section"]).capitalize(),
            str(one["parameters"]),
            words.money(one["evppi"]),
            words.money(one["standard_error"]),
            WITHIN_NOISE if one["zero_within_noise"] else "told from zero",
        )
        for one in found
    ]
    columns = ("What would be known", "Parameters", "Worth", "Monte Carlo error", "")
    return Table("What knowing more before choosing would be worth", columns, tuple(rows))


# -- for machines ---------------------------------------------------------------------------------


def save(folder: Path, decision: Decision) -> None:
    """Write the tables in full precision, one CSV file each; only headings where not assessed."""
    files: dict[str, tuple[Sequence[str], list[Sequence[object]]]] = {
        "effect_prior.csv": (("part", "weight", "effective_draws", *_VIEW), _parts(decision)),
        "structural.csv": (("axis", "alternative", "weight", "draws", *_VIEW), _axes(decision)),
        "acceptability.csv": (
            ("threshold", "option", "probability_best", "on_frontier", "evpi"),
            _curve(decision),
        ),
        "information.csv": (
            ("section", "parameters", "evppi", "standard_error", "zero_within_noise"),
            _known(decision),
        ),
        "luck.csv": (
            ("option", "share_of_spread", "replications", "monte_carlo_error"),
            _lucky(decision),
        ),
    }
    for name in CSV:
        write_csv(folder / name, *files[name])


_VIEW = (
    "advised",
    "option",
    "net_present_social_value",
    "true_incidents_averted",
    "chance_best",
    "net_present_social_value_monte_carlo_error",
    "chance_best_monte_carlo_error",
    "behind",
    "behind_monte_carlo_error",
)
_ERRORS = _VIEW[6:]  # an average of views has not all of them


def _view(view: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [
        (
            int(one["name"] == view["option"]),
            one["name"],
            one["mean"],
            one["true_incidents_averted"],
            one["chance_best"],
            one.get("monte_carlo_error", ""),
            *(one.get(name, "") for name in _ERRORS),
        )
        for one in view["options"]
    ]


def _parts(decision: Decision) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for one in decision["by_effect_prior"]["parts"]:
        if one["assessed"]:
            head = (one["part"], one["weight"], one["effective_draws"])
            rows += [(*head, *row) for row in _view(one)]
    return rows


def _axes(decision: Decision) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for axis in decision["structural"]["axes"]:
        if not axis["assessed"]:
            continue
        for one in axis["alternatives"]:
            draws = one.get("draws", axis["draws"])
            head = (axis["axis"], one["name"], one["weight"], draws)
            rows += [(*head, *row) for row in _view(one)]
        head = (axis["axis"], "average", "", axis["draws"])
        rows += [(*head, *row) for row in _view(axis["average"])]
    head = ("all_but_the_reading", "average", "", decision["draws"])
    return [*rows, *((*head, *row) for row in _view(decision["structural"]["average"]))]


def _curve(decision: Decision) -> list[Sequence[object]]:
    found = decision["acceptability"]
    if found == NOT_ASSESSED:
        return []
    rows: list[Sequence[object]] = []
    for i, price in enumerate(found["thresholds"]):
        best, evpi = found["frontier"]["option"][i], found["frontier"]["evpi"][i]
        for name, chances in found["probability_best"].items():
            rows.append((price, name, chances[i], int(name == best), evpi))
    return rows


def _known(decision: Decision) -> list[Sequence[object]]:
    found = decision["information"]
    if found["evpi"] == NOT_ASSESSED:
        return []
    whole = found["evpi"]
    zero = int(whole["zero_within_noise"])
    rows: list[Sequence[object]] = [
        ("everything", "", whole["value"], whole["standard_error"], zero)
    ]
    if found["evppi"] != NOT_ASSESSED:
        rows += [
            (
                one["section"],
                one["parameters"],
                one["evppi"],
                one["standard_error"],
                int(one["zero_within_noise"]),
            )
            for one in found["evppi"]
        ]
    return rows


def _lucky(decision: Decision) -> list[Sequence[object]]:
    found = decision["luck"]
    return [
        (name, found["share_of_spread"][name], one["replications"], error)
        for one in found["error_by_replications"]
        for name, error in one["error"].items()
    ]
