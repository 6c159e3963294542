"""Tables of what the options do and of the money: outcomes, pathway, account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dapp_model.definitions import GROUPS, MEASURES
from dapp_model.report.totals import ENDS, GROUP_NAMES, VICTIMS, Totals
from dapp_model.spreadsheets import names
from dapp_model.spreadsheets.sheet import NOT_APPLICABLE, Cell, Column, Row, Sheet

SOURCE: Final = "simulation by dapp_model. Simulated counts, not counts of real people."
_OPTION: Final = Column("Option")
_SPREAD: Final = ("mean", "low", "low50", "high50", "high", "monte_carlo_error")
_SPREAD_NAMES: Final = (
    "Mean",
    "90% interval, lower limit",
    "50% interval, lower limit",
    "50% interval, upper limit",
    "90% interval, upper limit",
    "Monte Carlo error of the mean",
)


def sheets(totals: Totals) -> list[Sheet]:
    """Return the tables of results in their order."""
    return [
        _options(totals, names.COUNTS, "Options - outcomes", "number", "count"),
        _options(totals, names.POUNDS, "Options - money", "GBP", "pounds"),
        _by_year(totals),
        _true_and_recorded(totals),
        _by_group(totals),
        _pathway(totals),
        _money_by_year(totals),
        _funders(totals),
        _parties(totals),
        _account(totals),
    ]


def price(totals: Totals) -> str:
    """Return the unit of money in a heading."""
    return f"GBP, {totals.decision['price_year']} prices"


def compared(totals: Totals) -> list[Mapping[str, Any]]:
    """Return the options but the comparator, as the decision has them."""
    return [one for one in totals.decision["options"] if not one["is_comparator"]]


def against(totals: Totals) -> str:
    """Say what the options are compared with, and from when on."""
    first, last = totals.decision_years[0], totals.decision_years[-1]
    label = totals.label(totals.comparator)
    return (
        f"each option against {label!r}, {first} to {last}; averted is the comparator's count less "
        "the option's"
    )


def _options(totals: Totals, measures: Mapping[str, str], name: str, unit: str, form: str) -> Sheet:
    unit = price(totals) + ", present value" if form == "pounds" else unit
    rows = [
        (one["label"], label, *(one["measures"][measure][key] for key in _SPREAD))
        for one in compared(totals)
        for measure, label in measures.items()
    ]
    what = "What the options are worth" if form == "pounds" else "What the options change"
    columns = (_OPTION, Column("Measure"), *(Column(each, unit, form) for each in _SPREAD_NAMES))
    title = f"{what}: mean, 50% and 90% limits, Monte Carlo error"
    notes = (1, 2, 3) if form == "pounds" else (1, 2)
    return Sheet(name, title, SOURCE, against(totals), columns, tuple(rows), notes)


def _by_year(totals: Totals) -> Sheet:
    years = totals.gathered.years
    counts = totals.gathered.counts
    rows = [
        (totals.label(option), label, *counts[o, 0, MEASURES.index(measure)].tolist())
        for o, option in enumerate(totals.inputs.options)
        for measure, label in VICTIMS.items()
    ]
    columns = (_OPTION, Column("Outcome"), *(Column(year, "number", "count") for year in years))
    title = "Outcomes by financial year: mean number in the county"
    return Sheet("Outcomes by year", title, SOURCE, "everybody", columns, tuple(rows), (4,))


def _true_and_recorded(totals: Totals) -> Sheet:
    counts = totals.gathered.counts
    true, recorded = (MEASURES.index(f"{basis}.incidents") for basis in ("true", "recorded"))
    rows: list[Row] = []
    for o, option in enumerate(totals.inputs.options):
        for y, year in enumerate(totals.gathered.years):
            happened, known = (float(counts[o, 0, m, y]) for m in (true, recorded))
            averted = [float(counts[0, 0, m, y] - counts[o, 0, m, y]) for m in (true, recorded)]
            share = known / happened if happened else NOT_APPLICABLE
            cells: list[Cell] = list(averted) if o else [NOT_APPLICABLE] * 2
            rows.append((totals.label(option), year, happened, known, share, *cells))
    columns = (
        _OPTION,
        Column("Financial year"),
        Column("True incidents", "number", "count"),
        Column("Recorded incidents", "number", "count"),
        Column("Recorded for each true incident", "ratio", "share"),
        Column("True incidents averted", "number", "count"),
        Column("Recorded incidents averted", "number", "count"),
    )
    title = "True and recorded incidents side by side"
    scope = "everybody; averted is the comparator less the option, all years"
    return Sheet("True and recorded", title, SOURCE, scope, columns, tuple(rows), (1, 4))


def _by_group(totals: Totals) -> Sheet:
    counts = totals.gathered.counts[:, :, :, totals.skip :].sum(axis=-1)
    rows: list[Row] = []
    for o, option in enumerate(totals.inputs.options[1:], start=1):
        for measure, label in VICTIMS.items():
            m = MEASURES.index(measure)
            for g, group in enumerate(GROUPS):
                without, having = float(counts[0, g, m]), float(counts[o, g, m])
                group_name = GROUP_NAMES[group]
                rows.append(
                    (totals.label(option), label, group_name, without, having, without - having)
                )
    columns = (
        _OPTION,
        Column("Outcome"),
        Column("Group of the people who use abuse"),
        Column("With the comparator", "number", "count"),
        Column("With the option", "number", "count"),
        Column("Averted", "number", "count"),
    )
    title = "Outcomes by group of the people who use abuse: means over the years of the decision"
    scope = f"{against(totals)}; groups overlap, everybody is the whole"
    return Sheet("Outcomes by group", title, SOURCE, scope, columns, tuple(rows), (1, 4))


def _pathway(totals: Totals) -> Sheet:
    rows: list[Row] = []
    for option in totals.inputs.options:
        label = totals.label(option)
        rows += [
            (label, "Stage reached", stage, value)
            for stage, value in totals.pathway(option).items()
        ]
        ends = totals.ends(option)
        rows += [(label, "How it ended", stage, ends[stage]) for stage in ENDS.values()]
    columns = (_OPTION, Column("Part"), Column("Stage or end"), Column("People", "number", "count"))
    title = "The pathway: how many people reach each stage, and how their time ended"
    scope = "pilot and extension together, all years; means over draws"
    return Sheet("Pathway", title, SOURCE, scope, columns, tuple(rows))


def _money_by_year(totals: Totals) -> Sheet:
    rows: list[Row] = []
    for option in totals.inputs.options[1:]:
        years, kinds = totals.money_by_year(option)
        for i, year in enumerate(years):
            amounts = (float(values[i]) for values in kinds.values())
            rows.append((totals.label(option), year, *amounts))
    kinds = totals.money_by_year(totals.inputs.options[-1])[1]
    columns = (
        _OPTION,
        Column("Financial year"),
        *(Column(kind, price(totals), "pounds") for kind in kinds),
    )
    title = "Money by financial year and kind: differences from the comparator, gains positive"
    return Sheet("Money by year", title, SOURCE, against(totals), columns, tuple(rows), (1, 3))


def _funders(totals: Totals) -> Sheet:
    rows: list[Row] = []
    for option in totals.inputs.options[1:]:
        years, parts = totals.programme_cost(option)
        for funder, amounts in parts.items():
            rows += [
                (totals.label(option), funder, year, float(amount))
                for year, amount in zip(years, amounts, strict=True)
            ]
    columns = (
        _OPTION,
        Column("Funder"),
        Column("Financial year"),
        Column("Cost of the programme", f"{price(totals)}, not discounted", "pounds"),
    )
    title = "Cost of the programme by funder and financial year, beyond the comparator"
    scope = "what both have, such as a pilot that has run, drops out"
    rows = rows or [(NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE)]
    return Sheet("Cost by funder", title, SOURCE, scope, columns, tuple(rows), (1,))


def _parties(totals: Totals) -> Sheet:
    amounts = ("pays", "cash", "capacity", "not_public_money", "net", "net_low", "net_high")
    rows: list[Row] = []
    for one in compared(totals):
        found = totals.decision["money"][one["name"]]
        parties = [(totals.funder(each["funder"]), each) for each in found["funders"]]
        parties += [("All public bodies", found["public"]), ("Society", found["society"])]
        rows += [
            (
                one["label"],
                name,
                *(each[key] for key in amounts),
                each["chance_back"] if each["pays"] else NOT_APPLICABLE,
                each["payback"] or NOT_APPLICABLE,
            )
            for name, each in parties
        ]
    labels = (
        "Pays",
        "Cash back",
        "Capacity back, valued",
        "Not public money",
        "Net position",
        "Net position, 90% interval, lower limit",
        "Net position, 90% interval, upper limit",
    )
    unit = f"{price(totals)}, present value"
    columns = (
        _OPTION,
        Column("Who"),
        *(Column(label, unit, "pounds") for label in labels),
        Column("Chance of being paid back", "probability", "share"),
        Column("Paid back by the end of", "financial year"),
    )
    title = "Who pays and who gains: present values by funder"
    scope = f"{against(totals)}; [z] where nothing is paid, or nothing paid back in the years shown"
    return Sheet("Money by funder", title, SOURCE, scope, columns, tuple(rows), (1, 2, 3))


def _account(totals: Totals) -> Sheet:
    rows: list[Row] = []
    for option in totals.inputs.options[1:]:
        for bearer, tiers in totals.by_bearer(option).items():
            for tier, value in tiers.items():
                said = names.TIERS.get(tier, tier)
                rows.append((totals.label(option), totals.bearer(bearer), said, float(value)))
    columns = (
        _OPTION,
        Column("Who bears the cost or has the gain"),
        Column("Kind of money"),
        Column("Present value", price(totals), "pounds"),
    )
    title = "The account by bearer and kind of money, gains positive"
    return Sheet("Account", title, SOURCE, against(totals), columns, tuple(rows), (1, 3))


def not_assessed(columns: Sequence[Column], said: str) -> tuple[Row, ...]:
    """Return the one row of a table that the run cannot fill."""
    return ((said, *[NOT_APPLICABLE] * (len(columns) - 1)),)
