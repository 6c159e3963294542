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
_LOSS_ERROR = "expected_loss_monte_carlo_error"
WRONG = "Chance that the advice is wrong; lost by it on average"
RETURNS = (
    "Returned by each extra pound of the larger budget, beyond the best of the others and beyond "
    "the same design"
)
KNOWING = "Worth of knowing everything"
CSV = (
    "effect_prior.csv",
    "effect_prior_acceptability.csv",
    "structural.csv",
    "acceptability.csv",
    "information.csv",
    "luck.csv",
)


def _three(one: Mapping[str, Any], decision: Decision) -> str:
    """Return value, incidents averted, chance of being best and expected loss in one cell."""
    lost = one["expected_loss"]
    return (
        f"{words.with_pounds(one['mean'], one['monte_carlo_error'])}; "
        f"{words.mean_count(one['true_incidents_averted'])} averted; "
        f"best {words.chance(one, 'chance_best', decision)}"
        f"{'' if lost is None else f'; loses {words.with_pounds(lost, one[_LOSS_ERROR])}'}"
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
        (WRONG, *(_wrong(one, decision) for one in parts)),
        (
            KNOWING,
            *(
                words.with_pounds(one["evpi"], one["evpi_monte_carlo_error"])
                if one["assessed"]
                else NOT_ASSESSED
                for one in parts
            ),
        ),
    ]
    if any(one["assessed"] and one["larger_budget"] for one in parts):
        rows.append((RETURNS, *(_returns(one) for one in parts)))
    for i, option in enumerate(decision["options"]):
        cells = [
            _three(one["options"][i], decision) if one["assessed"] else NOT_ASSESSED
            for one in parts
        ]
        rows.append((option["label"], *cells))
    title = (
        "By school of thought on the programme's effect (mean net present social value; true "
        "incidents averted; chance of being best; lost on average against the best)"
    )
    return Table(title, ("", *(one["part"].capitalize() for one in parts)), tuple(rows))


def _returns(one: Mapping[str, Any]) -> str:
    """Say what each extra pound of a larger budget returns: against the best of the others, and
    against the same design where that is another.
    """
    found = one["larger_budget"] if one["assessed"] else None
    if found is None:
        return NOT_ASSESSED
    told = [
        words.with_pounds(each["return_on_extra_pounds"], each["return_monte_carlo_error"])
        for each in (found, found["same_design"])
        if each is not None and each["return_on_extra_pounds"] is not None
    ]
    if not told:
        return "costs no more"
    return f"{'; '.join(told)}: {'passes' if found['passes'] else 'does not pass'}"


def _wrong(one: Mapping[str, Any], decision: Decision) -> str:
    """Say how likely the advice is wrong, and what is lost by it on average over all draws."""
    if not one["assessed"] or one["chance_wrong"] is None:
        return NOT_ASSESSED
    chance = words.chance(one, "chance_wrong", decision)
    lost = words.with_pounds(one["mean_loss"], one["mean_loss_monte_carlo_error"])
    return f"{chance}; loses {lost}"


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
            own = words.number(one.get("draws", axis["draws"]))
            rows.append(
                (axis["words"], one["words"], words.number(one["weight"]), own, *_row(one, shown))
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
        words.with_pounds(one["mean"], one.get("monte_carlo_error")),
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
        "effect_prior.csv": (
            ("part", "weight", "effective_draws", *_VIEW, *_MORE, *_OF_ADVICE, *_OF_LARGER),
            _parts(decision),
        ),
        "effect_prior_acceptability.csv": (("part", *_CURVE), _curves_by_prior(decision)),
        "structural.csv": (("axis", "alternative", "weight", "draws", *_VIEW), _axes(decision)),
        "acceptability.csv": (_CURVE, _curve(decision)),
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
_MORE = (
    "low",
    "high",
    "net_public_cost",
    "expected_loss",
    "expected_loss_monte_carlo_error",
    "chance_worse",
    "chance_worse_monte_carlo_error",
    "chance_of_rise_beyond_margin",
    "chance_of_rise_beyond_margin_monte_carlo_error",
)
_OF_ADVICE = (
    "without_guard_rail",
    "chance_wrong",
    "chance_wrong_monte_carlo_error",
    "mean_loss",
    "mean_loss_monte_carlo_error",
    "evpi",
    "evpi_monte_carlo_error",
)
_OF_LARGER = ("return_on_extra_pounds", "return_monte_carlo_error", "passes")
_CURVE = ("threshold", "option", "probability_best", "on_frontier", "evpi")


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
            advice = tuple(one[name] for name in _OF_ADVICE)
            advice += tuple((one["larger_budget"] or {}).get(name, "") for name in _OF_LARGER)
            rows += [
                (*head, *row, *(option[name] for name in _MORE), *advice)
                for row, option in zip(_view(one), one["options"], strict=True)
            ]
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
    return [] if found == NOT_ASSESSED else _rows_of(found, found["thresholds"])


def _curves_by_prior(decision: Decision) -> list[Sequence[object]]:
    found = decision["acceptability"]
    if found == NOT_ASSESSED:
        return []
    return [
        (part, *row)
        for part, one in found["by_effect_prior"].items()
        for row in _rows_of(one, found["thresholds"])
    ]


def _rows_of(found: Mapping[str, Any], thresholds: Sequence[float]) -> list[Sequence[object]]:
    rows: list[Sequence[object]] = []
    for i, price in enumerate(thresholds):
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
