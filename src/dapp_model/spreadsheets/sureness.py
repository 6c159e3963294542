"""Tables about how sure the advice is and what it would be worth to know more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dapp_model.report import sure_words
from dapp_model.report.totals import Totals
from dapp_model.spreadsheets import names
from dapp_model.spreadsheets.results import SOURCE, against, not_assessed, price
from dapp_model.spreadsheets.sheet import NOT_APPLICABLE, Cell, Column, Row, Sheet

_OPTION: Final = Column("Option")
_NOT: Final = "not assessed"


def sheets(totals: Totals) -> list[Sheet]:
    """Return the tables in their order."""
    return [
        _probabilities(totals),
        _acceptability(totals),
        _information(totals),
        _structures(totals),
        _effect_prior(totals),
        _acceptability_by_prior(totals),
    ]


def _probabilities(totals: Totals) -> Sheet:
    rows: list[Row] = []
    for one in totals.decision["options"]:
        free, first = one["may_be_chosen"], one["is_comparator"]
        harm: Mapping[str, Any] = one.get("serious_harm") or {}
        rows.append(
            (
                one["label"],
                "yes" if one["name"] == totals.decision["advice"]["option"] else "no",
                "yes" if one["admissible"] else "no",
                one["chance_best"] if free else NOT_APPLICABLE,
                one["expected_loss"] if free else NOT_APPLICABLE,
                _or_none(one.get("expected_loss_monte_carlo_error")),
                NOT_APPLICABLE if one["chance_worse"] is None else one["chance_worse"],
                NOT_APPLICABLE if first else harm.get("chance_of_rise_beyond_margin"),
            )
        )
    columns = (
        _OPTION,
        Column("Advised", "yes or no"),
        Column("Within the guard-rail for victims", "yes or no"),
        Column("Chance of being best", "probability", "share"),
        Column("Lost on average against the best", price(totals), "pounds"),
        Column("Monte Carlo error of that", price(totals), "pounds"),
        Column("Chance of being worth less than it costs", "probability", "share"),
        Column("Chance that serious harm rises beyond the margin", "probability", "share"),
    )
    title = "Chances of each option, and what is lost on average by choosing it"
    scope = f"{against(totals)}; [z] for the comparator and for what may not be chosen"
    return Sheet("Probabilities", title, SOURCE, scope, columns, tuple(rows), (2, 3))


def _or_none(value: float | None) -> Any:
    return NOT_APPLICABLE if value is None else value


def _acceptability(totals: Totals) -> Sheet:
    found = totals.decision["acceptability"]
    columns = _curve_columns(totals)
    rows = [] if found == _NOT else _curve(totals, found, found["thresholds"])
    title = "How sure the choice is by what averting an incident is worth"
    kept = tuple(rows) or not_assessed(columns, _NOT)
    return Sheet("Acceptability", title, SOURCE, against(totals), columns, kept, (2, 3))


def _acceptability_by_prior(totals: Totals) -> Sheet:
    found = totals.decision["acceptability"]
    columns = (Column("School of thought on the effect"), *_curve_columns(totals))
    rows: list[Row] = []
    for part, one in found["by_effect_prior"].items() if found != _NOT else ():
        rows += [(part.capitalize(), *row) for row in _curve(totals, one, found["thresholds"])]
    title = "How sure the choice is by school of thought, by what averting an incident is worth"
    scope = f"{against(totals)}; a part with fewer than 30 effective draws is not assessed"
    kept = tuple(rows) or not_assessed(columns, _NOT)
    return Sheet("Acceptability by prior", title, SOURCE, scope, columns, kept, (2, 3))


def _curve_columns(totals: Totals) -> tuple[Column, ...]:
    unit = price(totals)
    return (
        _OPTION,
        Column("Worth of averting one true incident", unit, "pounds"),
        Column("Chance of being best", "probability", "share"),
        Column("Best on average at this worth", "yes or no"),
        Column("Worth of knowing everything", unit, "pounds"),
    )


def _curve(totals: Totals, found: Mapping[str, Any], thresholds: Sequence[float]) -> list[Row]:
    frontier = found["frontier"]
    return [
        (
            totals.label(name),
            worth,
            chances[i],
            "yes" if name == frontier["option"][i] else "no",
            frontier["evpi"][i],
        )
        for name, chances in found["probability_best"].items()
        for i, worth in enumerate(thresholds)
    ]


def _information(totals: Totals) -> Sheet:
    found = totals.decision["information"]
    unit = price(totals)
    columns = (
        Column("What would be known"),
        Column("Parameters", "number", "whole"),
        Column("Worth", unit, "pounds"),
        Column("Monte Carlo error", unit, "pounds"),
        Column("Told from zero", "yes or no"),
    )
    rows: list[Row] = []
    if found["evpi"] != _NOT:
        whole = found["evpi"]
        rows.append(
            (
                names.EVERYTHING_SAID,
                NOT_APPLICABLE,
                whole["value"],
                whole["standard_error"],
                "no" if whole["zero_within_noise"] else "yes",
            )
        )
    if found["evppi"] != _NOT:
        rows += [
            (
                sure_words.section(one["section"]).capitalize(),
                one["parameters"],
                one["evppi"],
                one["standard_error"],
                "no" if one["zero_within_noise"] else "yes",
            )
            for one in found["evppi"]
        ]
    title = "What it would be worth to know more before choosing"
    scope = "for this programme, once; a study costs money and finds out less"
    kept = tuple(rows) or not_assessed(columns, _NOT)
    return Sheet("Value of information", title, SOURCE, scope, columns, kept, (2, 3))


def _view_columns(totals: Totals) -> tuple[Column, ...]:
    return (
        _OPTION,
        Column("Advised", "yes or no"),
        Column("Net present social value", price(totals), "pounds"),
        Column("True incidents averted", "number", "count"),
        Column("Chance of being best", "probability", "share"),
    )


def _view(totals: Totals, view: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    return [
        (
            totals.label(one["name"]),
            "yes" if one["name"] == view["option"] else "no",
            one["mean"],
            one["true_incidents_averted"],
            one["chance_best"],
        )
        for one in view["options"]
    ]


def _structures(totals: Totals) -> Sheet:
    found = totals.decision["structural"]
    view = _view_columns(totals)
    columns = (
        Column("Question"),
        Column("Answer"),
        Column("Weight", "share", "share"),
        Column("Draws", "number", "whole"),
        *view,
    )
    rows: list[Row] = []
    for axis in found["axes"]:
        if not axis["assessed"]:
            blank = [NOT_APPLICABLE] * (len(columns) - 2)
            rows.append((axis["words"], f"{_NOT}: {axis['reason']}", *blank))
            continue
        for one in axis["alternatives"]:
            draws = one.get("draws", axis["draws"])
            head = (axis["words"], one["words"], one["weight"], draws)
            rows += [(*head, *row) for row in _view(totals, one)]
        head = (axis["words"], "average", NOT_APPLICABLE, axis["draws"])
        rows += [(*head, *row) for row in _view(totals, axis["average"])]
    head = ("All but the reading", "average", NOT_APPLICABLE, totals.decision["draws"])
    rows += [(*head, *row) for row in _view(totals, found["average"])]
    title = "Other ways to build the model: the advice and what it rests on under each"
    return Sheet(
        "Structural alternatives", title, SOURCE, against(totals), columns, tuple(rows), (1, 3)
    )


def _effect_prior(totals: Totals) -> Sheet:
    found = totals.decision["by_effect_prior"]
    columns = (
        Column("School of thought on the effect"),
        Column("Weight", "share", "share"),
        Column("Effective draws", "number", "count"),
        Column("Hazard ratio at full dose, mean", "ratio; 1 = no effect", "number"),
        *_view_columns(totals),
        Column("Lost on average against the best", price(totals), "pounds"),
        Column("Chance that the advice is wrong", "probability", "share"),
        Column("Lost by the advice on average", price(totals), "pounds"),
        Column("Worth of knowing everything", price(totals), "pounds"),
    )
    rows: list[Row] = []
    for part in found["parts"] if found["assessed"] else ():
        head = (part["part"].capitalize(), part["weight"], part["effective_draws"])
        if not part["assessed"]:
            rows.append((*head, *[None] * (len(columns) - len(head))))
            continue
        of_advice = (part["chance_wrong"], part["mean_loss"], part["evpi"])
        rows += [
            (
                *head,
                part["mean_of_the_effect"],
                *row,
                one["expected_loss"] if one["may_be_chosen"] else NOT_APPLICABLE,
                *of_advice,
            )
            for row, one in zip(_view(totals, part), part["options"], strict=True)
        ]
    title = "The advice by school of thought on the programme's effect"
    scope = f"{against(totals)}; a part with fewer than 30 effective draws is not assessed"
    kept = tuple(rows) or not_assessed(columns, _NOT)
    return Sheet("Effect priors", title, SOURCE, scope, columns, kept, (1, 3))
