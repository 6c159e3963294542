"""What lets a reader follow a pound: unit costs with sources, offences, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dapp_model.economics import settings_of, tariff
from dapp_model.economics.prices import discount_factor, mapping
from dapp_model.economics.published import cost_rows
from dapp_model.report import cost_names, words
from dapp_model.report.cost_names import headed, plain
from dapp_model.report.sources import ACCOUNT
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    from dapp_model.economics.unit_costs import UnitCost

_NOT_A_CRIME: Final = ("none", "non_crime")  # the behaviour's name, and its name once recorded
_CREDIT: Final = (
    "Figures named as from the Unit Cost Database are by New Economy, now Greater Manchester "
    "Combined Authority, used under the Creative Commons Attribution 4.0 licence and brought to "
    "other prices here."
)


def rules(totals: Totals) -> list[str]:
    """Say how pounds of different years are compared, and whose figures they are."""
    money = totals.decision
    rate = 1 / discount_factor(1) - 1
    return [
        f"Each amount is a count times a published unit cost, brought from its own price year to "
        f"{money['price_year']} by the GDP deflator ({money['deflator']}) and discounted at "
        f"{rate:.1%} a year (Green Book, {money['green_book']} edition) to {money['year_0']}. "
        f"Harm is counted by the route '{money['harm_route']}', justice by "
        f"'{money['justice_route']}'.",
        _CREDIT,
    ]


def unit_costs(totals: Totals) -> Table:
    """Return every unit cost in use: what is counted, pounds, who bears it, source and grade."""
    chosen = settings_of(totals.inputs.values).published
    rows = tuple(_unit_cost(totals, cost, chosen.price_year) for cost in tariff(chosen))
    columns = ("What", "Counted by", f"Each, {chosen.price_year} prices", "Price year of source",
               "Who bears it", "Grade", "Status", "Source")  # fmt: skip
    return Table("Unit costs as published, before they are drawn", columns, rows)


def _unit_cost(totals: Totals, cost: UnitCost, price_year: str) -> tuple[str, ...]:
    charged = [part for part in cost.parts if not part.zero]
    shares: dict[str, float] = {}
    for part in charged:
        shares[part.bearer] = shares.get(part.bearer, 0.0) + part.share
    bearers = "; ".join(
        f"{totals.bearer(name)} {words.percent(share)}" for name, share in shares.items()
    )
    zeros = sum(part.share for part in cost.parts if part.zero)
    if zeros > 0.005:
        bearers += f"; not charged, since counted elsewhere, {words.percent(zeros)}"
    capacity = [part for part in charged if part.tier == "capacity"]
    if upper := sum(part.share * part.cash_upper for part in capacity):
        most = upper / sum(part.share for part in capacity)
        bearers += f"; in the upper case {words.percent(most)} of staff time is cash"
    each = "" if not cost.duration else f" for each {cost.per_days:g} days that it lasts"
    source = cost_rows()[cost.rows[0]]
    return (
        cost_names.item(cost),
        cost_names.measure(cost.measure),
        f"{words.money(cost.priced(price_year))}{each}",
        cost.price_year,
        bearers,
        cost.grade,
        plain(cost.status),
        f"{source.source} (row {source.id})",
    )


def by_offence(totals: Totals) -> Table:
    """Return what each offence averts and is worth; the rows add up to the benefits to society."""
    values = dict(totals.by_offence(totals.shown))
    whole = sum(values.values())
    rows = []
    for name in totals.behaviours():
        recorded = _NOT_A_CRIME[1] if name == _NOT_A_CRIME[0] else name
        true = totals.averted(f"true.{name}", totals.shown)["mean"] or 0.0
        found = totals.averted(f"recorded.{recorded}", totals.shown)["mean"] or 0.0
        label = "abuse that is not a crime" if name == _NOT_A_CRIME[0] else plain(name)
        seen = [words.mean_count(true), words.mean_count(found)]
        if name == "homicide":
            expected = totals.decision["options"]
            one = words.option_of({"options": expected}, totals.shown)["measures"]
            seen = [f"{one['homicides_averted']['mean']:.2g} expected", "as true"]
        value = values.pop(recorded, None)
        worth = "no cost of its own" if value is None else words.money(value)
        rows.append((headed(label), *seen, worth))
    rest = sum(values.values())
    rows.append(("Services, whatever the offence", "", "", words.money(rest)))
    rows.append(("All benefits to society", "", "", words.money(whole)))
    columns = ("Offence", "True averted, mean", "Recorded averted, mean", "Present value")
    title = "By offence (homicide is valued as an expectation)"
    return Table(title, columns, tuple(rows), ACCOUNT)


def not_modelled() -> Table:
    """Return what the model holds no events of, and so counts as nothing, each with its reason."""
    rows = tuple(
        (headed(plain(name)), reason) for name, reason in mapping()["not_modelled"].items()
    )
    return Table("Not in the model, and so not in the account", ("What", "Why"), rows)


def outside() -> Table:
    """Return what falls outside the contract and has no source."""
    reasons = mapping()["outside"].values()
    rows = tuple((reason.partition(":")[0].capitalize(), NOT_ASSESSED) for reason in reasons)
    return Table("Costs outside the contract", ("Cost", "Amount"), rows)
