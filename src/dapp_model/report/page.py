"""The web page of the pack: one file, no requests, generated from the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from dapp_model import describe
from dapp_model.parameters import registry
from dapp_model.report import (
    account_annex,
    account_tables,
    account_words,
    sure_tables,
    sure_words,
    words,
)
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.report.totals import VICTIMS, Totals

if TYPE_CHECKING:
    from dapp_model.report.figures import Chart

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
_GRADES: Final = {
    "A": "trial or official statistic",
    "B": "comparison group",
    "C": "before and after, or administrative",
    "D": "judgement or recalled",
}


def render(totals: Totals, charts: Sequence[Chart]) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = (files("dapp_model.report") / "template.html").read_text(encoding="utf-8")
    return environment.from_string(text).render(**contents(totals, charts)) + "\n"


def contents(totals: Totals, charts: Sequence[Chart]) -> dict[str, Any]:
    """Return everything that the template shows."""
    decision = totals.decision
    shown = words.option_of(decision, totals.shown)
    return {
        "decision": decision,
        "shown": shown,
        "marks": words.standing(decision),
        "advice": words.advice(decision),
        "present": words.present_knowledge(decision),
        "wrong": words.wrong(decision),
        "told_apart": words.told_apart(decision),
        "window_ends": words.day(decision["window_ends"]),
        "expiry": words.expiry(decision),
        "safety": words.victim_safety(decision),
        "larger": words.larger_budget(decision),
        "views": words.views(decision),
        "rests_on": [account_words.low_case(decision), *words.rests_on(decision)],
        "without_rail": sure_words.without_rail(decision),
        "luck": sure_words.luck(decision),
        "luck_table": sure_tables.luck(decision),
        "effect_prior": sure_words.effect_prior(decision),
        "effect_prior_table": sure_tables.effect_prior(decision),
        "structures": sure_words.structures(decision),
        "structural_table": sure_tables.structural(decision),
        "information": sure_words.information(decision),
        "information_table": sure_tables.information(decision),
        "numbers": [_number(one) for one in decision["three_numbers"]],
        "value": words.worth(shown["measures"]["net_present_social_value"]["mean"]),
        "public_cost": words.public_cost(shown["measures"]["net_public_cost"]["mean"]),
        "charts": {chart.name: chart for chart in charts},
        "options": options(decision),
        "ends": _ends(totals),
        "anyway": _anyway(totals),
        "victims": _victims(totals),
        "value_table": _value(decision),
        "funders": _funders(totals),
        "bearers": _bearers(totals),
        "sureness": _sureness(decision),
        "by_year": _by_year(totals),
        "money_by_year": _money_by_year(totals),
        "by_offence": account_annex.by_offence(totals),
        "unit_costs": account_annex.unit_costs(totals),
        "money_rules": account_annex.rules(totals),
        "not_modelled": account_annex.not_modelled(),
        "by_group": account_tables.by_group(totals),
        "for_each_pound": account_words.for_each_pound(decision),
        "funders_get": [*account_words.funders(decision), *account_words.bearers(totals)],
        "payback": account_words.payback(decision),
        "homicide": account_words.homicide(decision),
        "contract_words": account_words.contract(decision),
        "affordable": account_words.affordability(decision),
        "ratios": account_tables.ratios(decision),
        "parties": account_tables.parties(totals),
        "contract_table": account_tables.contract(totals),
        "year_ends": account_tables.year_ends(totals),
        "affordability_table": account_tables.affordability(totals),
        "outside": account_annex.outside(),
        "by_basis": account_tables.by_basis(totals),
        "cash": account_tables.cash(totals),
        "assumptions": assumptions(totals),
        "recalled": sum(_recalled(name) for name in totals.inputs.values),
        "n_values": len(totals.inputs.values),
        "grades": _GRADES,
        "warnings": totals.inputs.warnings,
        "protected": [(name, _SPLIT.get(name, NOT_ASSESSED)) for name in PROTECTED],
        "not_assessed": decision["not_assessed"],
    }


def _number(one: Mapping[str, Any]) -> dict[str, str]:
    unit = one["unit"]
    error = one["monte_carlo_error"]
    return {
        "label": one["label"],
        "mean": words.amount(one["mean"], unit),
        "interval": words.between(one["low"], one["high"], unit),
        "error": "not known from one draw" if error is None else words.amount(error, unit),
    }


def _cell(found: Mapping[str, Any], unit: str = "GBP") -> str:
    mean = words.amount(found["mean"], unit)
    return f"{mean} ({words.between(found['low'], found['high'], unit)})"


def options(decision: Mapping[str, Any]) -> Table:
    """Return the comparison of options; it marks the one that is advised."""
    rows = []
    for one in decision["options"]:
        label = one["label"]
        if one["name"] == decision["advice"]["option"]:
            label += " (advised)"
        if one["is_comparator"]:
            rows.append((label, *["compared with"] * 4, *_best(one), "yes"))
            continue
        found = one["measures"]
        rows.append(
            (
                label,
                _cell(found["true_incidents_averted"], ""),
                _cell(found["net_public_cost"]),
                _cell(found["net_present_social_value"]),
                words.percent(one["chance_worse"]),
                *_best(one),
                "yes" if one["admissible"] else "no",
            )
        )
    columns = (
        "Option",
        "True incidents averted",
        "Net public cost",
        "Net present social value",
        "Chance of being worth less than it costs",
        "Chance of being best",
        "Lost on average against the best in each draw",
        "Safe for victims by the guard-rail",
    )
    return Table("The options (mean and 90% interval)", columns, tuple(rows))


def _best(one: Mapping[str, Any]) -> tuple[str, str]:
    """Return the chance of being best and the expected loss, of an option that may be chosen."""
    if not one["may_be_chosen"]:
        return ("may not be chosen",) * 2
    return words.percent(one["chance_best"]), words.money(one["expected_loss"])


def _ends(totals: Totals) -> Table:
    names = (totals.comparator, totals.shown)
    columns = [totals.ends(name) for name in names]
    rows = tuple(
        (label, *(words.number(column[label]) for column in columns)) for label in columns[0]
    )
    heading = ("How the pathway ended", *(totals.label(name) for name in names))
    return Table("People by how their time with the programme ended", heading, rows)


def _anyway(totals: Totals) -> Table:
    found = ("true.incidents", "recorded.incidents", "marac.referrals", "children.referrals")
    rows = tuple(
        (VICTIMS[name], words.number(float(totals.by_year(name, totals.comparator).sum())))
        for name in found
    )
    title = f"What would happen anyway, {totals.decision_years[0]} to {totals.decision_years[-1]}"
    return Table(title, ("County", totals.label(totals.comparator)), rows)


def _victims(totals: Totals) -> Table:
    rows = []
    for measure, label in VICTIMS.items():
        found = totals.averted(measure, totals.shown)
        without = float(totals.by_year(measure, totals.comparator).sum())
        rows.append((label, words.number(without), _cell(found, "")))
    title = f"What {words.quoted(totals.label(totals.shown))} changes, from the decision on"
    columns = ("", "Without", "Averted (mean and 90% interval)")
    return Table(title, columns, tuple(rows))


def _value(decision: Mapping[str, Any]) -> Table:
    kinds = {
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
    compared = [one for one in decision["options"] if not one["is_comparator"]]
    rows = [
        (label, *(words.money(one["measures"][kind]["mean"]) for one in compared))
        for kind, label in kinds.items()
    ]
    title = f"Present values against the comparator, {decision['price_year']} prices"
    return Table(title, ("", *(one["label"] for one in compared)), tuple(rows))


def _funders(totals: Totals) -> Table:
    years, parts = totals.programme_cost(totals.shown)
    rows = [
        (name, *(words.money(v) for v in values), words.money(float(values.sum())))
        for name, values in parts.items()
    ]
    title = f"Cost of the programme by funder, {totals.decision['price_year']} prices"
    return Table(title, ("Funder", *years, "All years"), tuple(rows))


def _bearers(totals: Totals) -> Table:
    tiers = ("cashable", "capacity", "non_fiscal")
    rows = [
        (totals.bearer(name), *(account_words.signed(found.get(tier, 0.0)) for tier in tiers))
        for name, found in totals.by_bearer(totals.shown).items()
    ]
    title = f"Present value by who bears it, {totals.decision['price_year']} prices"
    columns = ("", "Cash", "Capacity released, valued", "Not public money")
    return Table(title, columns, tuple(rows))


def _sureness(decision: Mapping[str, Any]) -> Table:
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
                NOT_ASSESSED if error is None else words.money(error),
                words.percent(harm["chance_of_rise_beyond_margin"]),
                words.percent(harm["chance_comparator_is_worse_for_victims"]),
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


def _by_year(totals: Totals) -> Table:
    rows = []
    columns = [
        totals.averted_by_year(measure, totals.shown)[1]
        for measure in ("true.incidents", "recorded.incidents", "report.attended")
    ]
    starts = totals.by_year("programme.starts", totals.shown)
    for i, year in enumerate(totals.decision_years):
        averted = (words.number(float(column[i])) for column in columns)
        rows.append((year, *averted, words.number(float(starts[i]))))
    heading = (
        "Financial year",
        "True incidents averted",
        "Recorded incidents averted",
        "Call-outs averted",
        "People who start",
    )
    return Table("By financial year", heading, tuple(rows))


def _money_by_year(totals: Totals) -> Table:
    years, kinds = totals.money_by_year(totals.shown)
    rows = tuple(
        (year, *(words.money(float(values[i])) for values in kinds.values()))
        for i, year in enumerate(years)
    )
    title = (
        f"Money by financial year against the comparator, {totals.decision['price_year']} prices, "
        "not discounted but for the last column; gains positive"
    )
    return Table(title, ("Financial year", *kinds), rows)


_NONE_GIVEN: Mapping[tuple[str, Any], str] = {("money.ceiling", 0.0): "none given"}


def _recalled(name: str) -> bool:
    return registry()[name].status == "recalled"


def assumptions(totals: Totals) -> Table:
    """Return every belief with its value, uncertainty, grade and source; recalled ones marked."""
    rows = []
    for name, value in totals.inputs.values.items():
        one = registry()[name]
        mark = " \N{DAGGER}" if one.status == "recalled" else ""
        changed = " (set by the scenario)" if f"assume.{name}" in totals.inputs.origins else ""
        rows.append(
            (
                f"{one.label}{mark}",
                f"{_NONE_GIVEN.get((name, value)) or describe.said(one, value)}{changed}",
                describe.uncertainty(one),
                one.grade,
                f"{one.source} ({one.year})",
            )
        )
    columns = ("What is assumed", "Value", "Uncertainty", "Grade", "Source")
    return Table("Assumptions", columns, tuple(rows))
