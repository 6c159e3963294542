"""Tables of what the results rest on: assumptions, unit costs and the record of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dapp_model import describe, disclosure, fitted
from dapp_model.economics.published import cost_rows
from dapp_model.economics.settings import settings_of
from dapp_model.economics.unit_costs import NOT_APPLICABLE as NO_OFFENCE
from dapp_model.economics.unit_costs import UnitCost, tariff
from dapp_model.parameters import Parameter, registry
from dapp_model.report import calibration_annex, cost_names
from dapp_model.report.totals import Totals
from dapp_model.spreadsheets.sheet import NOT_APPLICABLE, Column, Row, Sheet

_SIDES: Final = {"both": "counted", "high": "at most", "low": "at least"}
_RUN: Final = "dapp_model; the scenario and its settings"


def sheets(totals: Totals) -> list[Sheet]:
    """Return the tables in their order."""
    return [*_counted(totals), _assumptions(totals), _unit_costs(totals), _record(totals)]


def _counted(totals: Totals) -> list[Sheet]:
    """Return the figures that the county was fitted to beside simulated ones; none if not fitted.

    These are the only counts of real people in a run: published totals, small ones withheld.
    """
    keys = ("predicted", "low_90", "high_90")
    rows = tuple(
        (
            row["label"],
            row["weight"],
            _SIDES[row["side"]],
            _published(row["counted"]),
            *(row[key] for key in keys),
            *_apart(row),
        )
        for row in calibration_annex.checks_of(totals)
    )
    unit = "number or share"
    columns = (
        Column("Figure"),
        Column("Weight in the calibration"),
        Column("What the figure says"),
        Column("Counted in the county", unit, "mixed"),
        Column("Simulated, mean", unit, "mixed"),
        Column("90% of simulated counties, lower limit", unit, "mixed"),
        Column("90% of simulated counties, upper limit", unit, "mixed"),
        Column("Counted less simulated", "standard errors", "number"),
        Column("Chance of being as far out", "probability", "share"),
    )
    title = "The simulated county against what was counted"
    source = (
        "counted: published totals, as the calibration's targets quote them; all else simulated"
    )
    scope = (
        "a figure speaks of a whole county; counts of 1 to 4 people would be withheld; [z] where "
        "the figure is a bound that holds, and for the chance of a bound"
    )
    return [Sheet("Counted and simulated", title, source, scope, columns, rows)] if rows else []


def _apart(row: Mapping[str, Any]) -> tuple[float | str, float | str]:
    """Return how far a figure is missed and the chance of it; a bound that holds has neither."""
    if not calibration_annex.is_bound(row):
        return row["distance"], row["tail"]
    return row["distance"] or NOT_APPLICABLE, NOT_APPLICABLE


def _published(value: float) -> int | float | str:
    """Return a published figure; a small whole number of people is withheld, a share is not."""
    whole = float(value).is_integer()
    return disclosure.single([int(value)])[0] if whole and value >= 0 else value


def _assumptions(totals: Totals) -> Sheet:
    rows = [_assumption(totals, registry()[key]) for key in totals.inputs.values]
    columns = (
        Column("Assumption"),
        Column("Key"),
        Column("Value", "as written"),
        Column("What is not known", "as written"),
        Column("Set by the scenario", "yes or no"),
        Column("Role"),
        Column("Grade"),
        Column("Status"),
        Column("Source"),
        Column("Period"),
    )
    title = "Assumptions: what is believed and how things are counted"
    scope = "all that is not a lever; each value with its unit, as a scenario file has it"
    source = "the sources in the table, as the registry of the model quotes them"
    return Sheet("Assumptions", title, source, scope, columns, tuple(rows), (5, 6))


def _assumption(totals: Totals, one: Parameter) -> Row:
    held = f"assume.{one.name}" in totals.inputs.origins
    reading = str(totals.inputs.values[fitted.READING])
    return (
        one.label,
        one.name,
        describe.said(one, totals.inputs.values[one.name]),
        "fixed by the scenario" if held else describe.uncertainty(one, reading),
        "yes" if held else "no",
        one.role,
        NOT_APPLICABLE if one.grade == "-" else one.grade,
        one.status.replace("_", " "),
        one.source,
        NOT_APPLICABLE if one.year == "-" else one.year,
    )


def _unit_costs(totals: Totals) -> Sheet:
    chosen = settings_of(totals.inputs.values).published
    rows = [_unit_cost(totals, cost, chosen.price_year) for cost in tariff(chosen)]
    columns = (
        Column("What"),
        Column("Offence"),
        Column("Counted by"),
        Column("Basis"),
        Column("Each, as published", "GBP of the source's price year", "number"),
        Column("Times", "ratio", "number"),
        Column("Each, as charged", f"GBP, {chosen.price_year} prices", "number"),
        Column("Price year of the source"),
        Column("Who bears it", "share of the whole"),
        Column("Grade"),
        Column("Status"),
        Column("Source"),
    )
    title = "Unit costs as published, before they are drawn"
    scope = f"harm counted by {chosen.harm_route}; justice by the {chosen.justice_route} route"
    source = "the publications in the table"
    return Sheet("Unit costs", title, source, scope, columns, tuple(rows), (5, 6))


def _unit_cost(totals: Totals, cost: UnitCost, price_year: str) -> Row:
    shares: dict[str, float] = {}
    for part in cost.parts:
        name = "not charged, since counted elsewhere" if part.zero else totals.bearer(part.bearer)
        shares[name] = shares.get(name, 0.0) + part.share
    source = cost_rows()[cost.rows[0]]
    times = cost.times / cost.per_days if cost.duration else cost.times
    return (
        cost_names.item(cost),
        NOT_APPLICABLE if cost.offence == NO_OFFENCE else cost_names.plain(cost.offence),
        cost_names.measure(cost.measure) + (", each day that it lasts" if cost.duration else ""),
        cost.basis,
        cost.value_gbp,
        times,
        cost.priced(price_year) / (cost.per_days if cost.duration else 1.0),
        cost.price_year,
        "; ".join(f"{name} {share:.3g}" for name, share in shares.items() if share),
        cost.grade,
        cost.status.replace("_", " "),
        f"{source.source} (row {source.id})",
    )


def _record(totals: Totals) -> Sheet:
    from dapp_model.compiled import source_hash
    from dapp_model.stored import versions

    decision = totals.decision
    posterior = decision["posterior"]
    said: dict[str, str | int | float] = {
        "Scenario": totals.inputs.name,
        "Title": totals.inputs.title,
        "Hash of the scenario": totals.inputs.text_hash,
        "Decision": totals.inputs.decision,
        "Draws": decision["draws"],
        "Draws whose county is simulated whole": decision["whole_county_draws"],
        "Repetitions in each draw": decision["replications"],
        "Seed": decision["seed"],
        "Quick and indicative": "yes" if decision["indicative"] else "no",
        "Share of the county that is simulated": decision["population_share"],
        "Posterior": posterior["hash"] if posterior else "none",
        "Price year": decision["price_year"],
        "Year of the decision": decision["year_0"],
        "Last year of the account": decision["last_year"],
        "Green Book": decision["green_book"],
        "Deflator": decision["deflator"],
        **{f"Version of {name}": number for name, number in versions().items()},
        "Hash of the program": source_hash(),
    }
    columns = (Column("What"), Column("Value", "as recorded", "plain"))
    title = "Record of the run: what it takes to make it again"
    scope = "manifest.json in the same folder has it for machines, with times and machine"
    return Sheet("Run record", title, _RUN, scope, columns, tuple(said.items()))
