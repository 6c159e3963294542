"""Tables about money: who pays and what comes back, the contract by line, and for which people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dapp_model.economics.distribution import PARTITIONS
from dapp_model.report import account_words, words
from dapp_model.report.sources import ACCOUNT, DECISION
from dapp_model.report.table import Table
from dapp_model.report.totals import GROUP_NAMES, Totals

_LINES: Final = {
    "mobilisation": "mobilisation",
    "management": "management, rooms and data",
    "assessment": "assessment",
    "group_places": "group places",
    "one_to_one_places": "one-to-one places",
    "partner_support": "partner support",
    "closure": "closure",
    "unspent": "left (below zero: overspent)",
}
_RATIOS: Final = {
    "benefit_cost_ratio": "Value to society for each pound of the contract",
    "fiscal_return": "Public money and capacity for each pound",
    "cashable_return": "Cash for each pound",
    "cashable_return_upper": "Cash for each pound, in the upper case for staff time",
    "public_value_ratio": "Value that is not public money, for each pound of net public cost",
    "cost_per_averted_true_incident": "Net public cost per true incident averted",
    "cost_per_averted_recorded_incident": "Net public cost per recorded incident averted",
    "cost_per_victim_year_free_of_abuse": "Net public cost per victim-year free of abuse gained",
    "cost_per_assessment": "Cost of the programme per assessment",
    "cost_per_start": "Cost of the programme per start",
    "cost_per_completion": "Cost of the programme per completion",
}


def ratios(decision: Mapping[str, Any]) -> Table:
    """Return the ratios of each option: an interval, or a chance where the sign can change."""
    compared = [one for one in decision["options"] if not one["is_comparator"]]
    rows = [
        (label, *(_ratio(one["ratios"][name], decision) for one in compared))
        for name, label in _RATIOS.items()
    ]
    title = "Ratios of expectations; a chance stands where a ratio can change sign"
    return Table(title, ("", *(one["label"] for one in compared)), tuple(rows), DECISION)


def _ratio(found: Mapping[str, Any], decision: Mapping[str, Any]) -> str:
    returns = "chance_above_one" in found
    say = account_words.pennies if returns else words.money
    error = found["monte_carlo_error"]
    value = "no ratio" if found["value"] is None else say(found["value"])
    print_error = words.money if returns and abs(found["value"] or 0.0) >= 1 else say
    value += f" \N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{print_error(error)}" if error else ""
    if not found["can_change_sign"]:
        return f"{value} ({say(found['low'])} to {say(found['high'])})"
    if returns:
        return (
            f"{value} (chance of more than £1: {words.chance(found, 'chance_above_one', decision)})"
        )
    both = words.chance(found, "chance_positive", decision)
    return f"{value} (chance of both parts above zero: {both})"


def parties(totals: Totals) -> Table:
    """Return what each funder, all public bodies and society pay and get back."""
    found = account_words.shown(totals.decision)
    rows = []
    for one in found["funders"]:
        share = words.percent(one["break_even_share"]) if one["own_lines"] else "no line of its own"
        share = "pays nothing" if one["pays"] == 0 else share
        rows.append(_party(totals.funder(one["funder"]), one, share, totals.decision))
    rows.append(_party("All public bodies", found["public"], "", totals.decision))
    rows.append(_party("Society", found["society"], "", totals.decision))
    columns = (
        "",
        "Pays",
        "Cash back",
        "Capacity back, valued",
        "Not public money",
        "Net position (mean ± Monte Carlo error, and 90% interval)",
        "Breaks even at this share of the cost",
        "Paid back by the end of",
        "Chance of being paid back",
    )
    price_year = totals.decision["price_year"]
    title = f"What each funder gets for its pounds: present values, {price_year} prices"
    return Table(title, columns, tuple(rows), DECISION)


_SPREAD: Final = ("low", "high", "monte_carlo_error")


def _party(
    name: str, one: Mapping[str, Any], share: str, decision: Mapping[str, Any]
) -> tuple[str, ...]:
    amounts = ("pays", "cash", "capacity", "not_public_money")
    return (
        name,
        *(account_words.signed(one[key]) for key in amounts),
        words.estimate({"mean": one["net"], **{k: one[f"net_{k}"] for k in _SPREAD}}),
        share,
        *(
            (one["payback"] or "not in the window", words.chance(one, "chance_back", decision))
            if one["pays"]
            else ("-", "-")
        ),
    )


def contract(totals: Totals) -> Table:
    """Return each contract line by line in cash of the day, reconciled to its sum."""
    rows: list[tuple[str, ...]] = []
    found = account_words.shown(totals.decision)["contract"]
    years = sorted({year for row in found for year in row["by_year"]})
    for name in dict.fromkeys(row["contract"] for row in found):
        own = [row for row in found if row["contract"] == name]
        sums = dict.fromkeys(years, 0.0)
        label = account_words.CONTRACTS.get(name, name)
        for row in own:
            for year, amount in row["by_year"].items():
                sums[year] += amount
            if len(own) > 1:
                cells = (words.money(row["by_year"].get(year, 0.0)) for year in years)
                title = _LINES.get(row["item"].partition("_")[2], row["item"])
                rows.append((f"{label}: {title}", *cells, words.money(row["total"])))
        cells = (words.money(sums[year]) for year in years)
        rows.append((f"Sum of the {label}", *cells, words.money(own[0]["contract_sum"])))
    title = "The contracts line by line, in cash of the day, at central costs of staff and places"
    return Table(title, ("Line", *years, "All years"), tuple(rows), DECISION)


def year_ends(totals: Totals) -> Table:
    """Return how the grants are used up by each 31 March."""
    rows = tuple(
        (
            f"{account_words.CONTRACTS.get(one['contract'], one['contract'])}, "
            f"{one['financial_year']}",
            *(
                words.money(one[key])
                for key in ("granted", "carried_in", "spent", "carried_out", "lost")
            ),
        )
        for one in account_words.shown(totals.decision)["year_ends"]
    )
    columns = ("Grant and year", "Granted", "Carried in", "Spent", "Left on 31 March", "Lost")
    return Table("Grants by financial year, in cash of the day", columns, rows, DECISION)


def affordability(totals: Totals) -> Table | None:
    """Return what each funder pays in each year against its ceiling; nothing without ceilings."""
    rows = [
        (
            f"{totals.label(one['name'])}: {totals.funder(row['funder'])}, {row['financial_year']}",
            words.money(row["pays"]),
            words.money(row["ceiling"]),
            "yes" if row["affordable"] else "no",
        )
        for one in totals.decision["options"]
        for row in one["affordability"]
    ]
    if not rows:
        return None
    columns = ("Option, funder and year", "Pays", "Ceiling", "Affordable")
    return Table(
        "Affordability against each year's budget, in cash", columns, tuple(rows), DECISION
    )


def by_basis(totals: Totals) -> Table:
    """Return present value by what it rests on: true events, recorded ones, or the contract."""
    names = {"true": "True incidents", "recorded": "Recorded events", "programme": "The contract"}
    rows = tuple(
        (names.get(name, name), words.money(value))
        for name, value in totals.by_basis(totals.shown).items()
    )
    return Table("Present value by what it rests on", ("Basis", "Present value"), rows, ACCOUNT)


def cash(totals: Totals) -> Table:
    """Return the cash of public bodies by year in pounds of the day: a view for budgets."""
    years, kinds = totals.cash_by_year(totals.shown)
    rows = tuple(
        (year, *(words.money(float(values[i])) for values in kinds.values()))
        for i, year in enumerate(years)
    )
    title = "Cash by financial year against the comparator, in pounds of the day; gains positive"
    return Table(title, ("Financial year", *kinds), rows, ACCOUNT)


def by_group(totals: Totals) -> Table:
    """Return who gains by group of the people who use abuse, without the programme's own cost."""
    found = totals.value_by_group(totals.shown)
    groups = ("all", *(group for groups in PARTITIONS.values() for group in groups))
    rows = tuple(
        (
            GROUP_NAMES[group],
            words.mean_count(totals.averted_in_group("true.incidents", totals.shown, group)),
            words.mean_count(totals.averted_in_group("recorded.incidents", totals.shown, group)),
            words.money(found[group]["victims"]),
            words.money(found[group]["all"]),
        )
        for group in groups
    )
    columns = (
        "People who use abuse",
        "True averted, mean",
        "Recorded averted, mean",
        "Worth to their victims",
        "Worth to everybody",
    )
    title = "Who gains, by group: present values, without the programme's own cost"
    return Table(title, columns, rows, ACCOUNT)
