"""The tables of the report's body, each generated from the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dapp_model.parameters import registry
from dapp_model.report import account_words, words
from dapp_model.report.sources import ACCOUNT, DECISION, OUTCOMES
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.report.totals import VICTIMS, Totals

PROTECTED: Final = (
    "age",
    "disability",
    "gender reassignment",
    "marriage and civil partnership",
    "pregnancy and maternity",
    "race",
    "religion or belief",
    "sex",
    "sexual orientation",
)
_SPLIT: Final = {
    "age": "effects are split by age band of the person who uses abuse (the table above)",
    "sex": "effects are split by sex of the person who uses abuse (the table above)",
}
GRADES: Final = {
    "A": "trial or official statistic",
    "B": "comparison group",
    "C": "before and after, or administrative",
    "D": "judgement or recalled",
}


def _cell(found: Mapping[str, Any], unit: str = "GBP") -> str:
    return words.estimate(found, unit)


def _named(one: Mapping[str, Any], decision: Mapping[str, Any]) -> str:
    """Return an option's label, marked if it is the one that is advised."""
    advised = one["name"] == decision["advice"]["option"]
    if one["is_reference"]:
        return f"{one['label']} (for reference: no choice once the pilot has run)"
    return f"{one['label']} (advised)" if advised else str(one["label"])


def options(decision: Mapping[str, Any]) -> Table:
    """Return what each option achieves and is worth; it marks the one that is advised."""
    rows = []
    for one in decision["options"]:
        label = _named(one, decision)
        if one["is_comparator"]:
            rows.append((label, *["-"] * 3))
            continue
        found = one["measures"]
        rows.append(
            (
                label,
                _cell(found["true_incidents_averted"], ""),
                _cell(found["net_public_cost"]),
                _cell(found["net_present_social_value"]),
            )
        )
    columns = ("Option", "True incidents averted", "Net public cost", "Net present social value")
    return Table("The options (mean ± Monte Carlo error, and 90% interval)", columns, tuple(rows))


def chances(decision: Mapping[str, Any]) -> Table:
    """Return how likely each option is the best or a loss, and whether it is safe for victims."""
    rows = []
    for one in decision["options"]:
        worse = "-" if one["chance_worse"] is None else words.chance(one, "chance_worse", decision)
        safe = "yes" if one["is_comparator"] or one["admissible"] else "no"
        rows.append((_named(one, decision), worse, *_best(one, decision), safe))
    columns = (
        "Option",
        "Chance of being worth less than it costs",
        "Chance of being best",
        "Lost on average against the best in each draw",
        "Within the guard-rail for victims",
    )
    return Table("How likely each option is the best, or a loss", columns, tuple(rows))


def _best(one: Mapping[str, Any], decision: Mapping[str, Any]) -> tuple[str, str]:
    """Return the chance of being best and the expected loss, of an option that may be chosen."""
    if not one["may_be_chosen"]:
        return ("for reference" if one["is_reference"] else "may not be chosen",) * 2
    return words.chance(one, "chance_best", decision), _lost(one)


def _lost(one: Mapping[str, Any]) -> str:
    """Return the expected loss with its Monte Carlo error, where it is known."""
    error = one.get("expected_loss_monte_carlo_error")
    return words.with_pounds(one["expected_loss"], error)


def ends(totals: Totals) -> Table:
    names = (totals.comparator, totals.shown)
    columns = [totals.ends(name) for name in names]
    rows = tuple(
        (label, *(words.whole(column[label]) for column in columns)) for label in columns[0]
    )
    heading = ("How the pathway ended", *(totals.label(name) for name in names))
    return Table("People by how their time with the programme ended", heading, rows, OUTCOMES)


def anyway(totals: Totals) -> Table:
    found = ("true.incidents", "recorded.incidents", "marac.referrals", "children.referrals")
    rows = tuple(
        (VICTIMS[name], words.whole(float(totals.by_year(name, totals.comparator).sum())))
        for name in found
    )
    title = (
        f"What would happen anyway, {totals.decision_years[0]} to {totals.decision_years[-1]}"
        f"{totals.from_few()}"
    )
    return Table(title, ("County", totals.label(totals.comparator)), rows, OUTCOMES)


def victims(totals: Totals) -> Table:
    rows = []
    for measure, label in VICTIMS.items():
        found = totals.averted(measure, totals.shown)
        without = float(totals.by_year(measure, totals.comparator).sum())
        rows.append((label, words.whole(without), _cell(found, "")))
    title = (
        f"What {words.quoted(totals.label(totals.shown))} changes, from the decision on"
        f"{totals.from_few()}"
    )
    columns = ("", "Without", "Averted (mean ± Monte Carlo error, and 90% interval)")
    return Table(title, columns, tuple(rows), OUTCOMES)


KINDS: Final = {
    "programme_cost": "Cost of the programme",
    "cashable_value": "Other cash released (positive) or spent",
    "fiscal_value": "Public money and capacity released, valued",
    "social_value": "All benefits to society, valued",
    "net_public_cost": "Net public cost",
    "net_public_cost_without_homicide": "... without homicide",
    "net_present_social_value": "Net present social value",
    "net_present_social_value_without_homicide": "... without homicide",
    "net_present_social_value_low_harm": "... harm by recorded crimes",
    "net_present_social_value_optimism": "... benefits cut for optimism",
    "net_present_social_value_tax_uplift": "... with a charge for raising taxes",
    "net_present_social_value_health_discounting": "... victims' harm discounted at 1.5%",
}


def value(decision: Mapping[str, Any]) -> Table:
    """Return the present values of every option."""
    compared = [one for one in decision["options"] if not one["is_comparator"]]
    rows = [
        (label, *(_mean(one["measures"][kind]) for one in compared))
        for kind, label in KINDS.items()
    ]
    title = f"Present values against the comparator, {decision['price_year']} prices"
    return Table(title, ("", *(one["label"] for one in compared)), tuple(rows))


def _mean(found: Mapping[str, Any]) -> str:
    return words.with_pounds(found["mean"], found["monte_carlo_error"])


def value_of_shown(totals: Totals) -> Table:
    """Return the present values of the option that the pack shows, with their intervals."""
    decision = totals.decision
    found = words.option_of(decision, totals.shown)["measures"]
    rows = tuple(
        (
            label,
            words.money(found[kind]["mean"]),
            words.error_in_table(found[kind]["monte_carlo_error"]),
            words.between(found[kind]["low"], found[kind]["high"], "GBP"),
        )
        for kind, label in KINDS.items()
    )
    title = (
        f"What {words.quoted(totals.label(totals.shown))} costs and is worth: present values, "
        f"{decision['price_year']} prices"
    )
    return Table(title, ("", "Mean", "Monte Carlo error", "90% interval"), rows, DECISION)


def protected() -> Table:
    """Return every protected characteristic with the evidence there is in the model."""
    rows = tuple((name.capitalize(), _SPLIT.get(name, NOT_ASSESSED)) for name in PROTECTED)
    return Table("The nine protected characteristics", ("Characteristic", "Evidence here"), rows)


def funders(totals: Totals) -> Table:
    years, parts = totals.programme_cost(totals.shown)
    rows = [
        (name, *(words.money(v) for v in values), words.money(float(values.sum())))
        for name, values in parts.items()
    ]
    title = f"Cost of the programme by funder, {totals.decision['price_year']} prices"
    return Table(title, ("Funder", *years, "All years"), tuple(rows), ACCOUNT)


def bearers(totals: Totals) -> Table:
    tiers = ("cashable", "capacity", "non_fiscal")
    rows = [
        (totals.bearer(name), *(account_words.signed(found.get(tier, 0.0)) for tier in tiers))
        for name, found in totals.by_bearer(totals.shown).items()
    ]
    title = f"Present value by who bears it, {totals.decision['price_year']} prices"
    columns = ("", "Cash", "Capacity released, valued", "Not public money")
    return Table(title, columns, tuple(rows), ACCOUNT)


def sureness(decision: Mapping[str, Any]) -> Table:
    rows = []
    for one in decision["options"]:
        if one["is_comparator"]:
            continue
        value, harm = one["measures"]["net_present_social_value"], one["serious_harm"]
        error = value["monte_carlo_error"]
        rows.append(
            (
                one["label"],
                words.between(value["low50"], value["high50"], "GBP"),
                words.between(value["low"], value["high"], "GBP"),
                words.error_in_table(error),
                words.chance(harm, "chance_of_rise_beyond_margin", decision),
                words.chance(harm, "chance_comparator_is_worse_for_victims", decision),
            )
        )
    columns = (
        "Option",
        "Value: middle half of draws",
        "Value: nine draws in ten",
        "Monte Carlo error of the mean",
        "Chance of more serious harm beyond the margin",
        "Chance that the comparator is worse for victims",
    )
    return Table("How sure we can be", columns, tuple(rows))


def by_year(totals: Totals) -> Table:
    rows = []
    columns = [
        totals.averted_by_year(measure, totals.shown)[1]
        for measure in ("true.incidents", "recorded.incidents", "report.attended")
    ]
    starts = totals.by_year("programme.starts", totals.shown)
    for i, year in enumerate(totals.decision_years):
        averted = (words.mean_count(float(column[i])) for column in columns)
        rows.append((year, *averted, words.whole(float(starts[i]))))
    heading = (
        "Financial year",
        "True incidents averted",
        "Recorded incidents averted",
        "Call-outs averted",
        "People who start",
    )
    return Table("By financial year, means over the draws", heading, tuple(rows), OUTCOMES)


def money_by_year(totals: Totals) -> Table:
    years, kinds = totals.money_by_year(totals.shown)
    rows = tuple(
        (year, *(words.money(float(values[i])) for values in kinds.values()))
        for i, year in enumerate(years)
    )
    title = (
        f"Money by financial year against the comparator, {totals.decision['price_year']} prices, "
        "not discounted but for the last column; gains positive"
    )
    return Table(title, ("Financial year", *kinds), rows, ACCOUNT)


def recalled(name: str) -> bool:
    return registry()[name].status == "recalled"
