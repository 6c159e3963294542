"""Sentences about money: what each funder gets for its pounds, and how much of it is cash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dapp_model.report import origins, sources
from dapp_model.report.names import FUNDERS
from dapp_model.report.words import (
    NOT_APART,
    Decision,
    chance,
    listed,
    money,
    option_of,
    percent,
    quoted,
    with_pounds,
)

if TYPE_CHECKING:
    from dapp_model.report.totals import Totals

MATERIAL: Final = 1000.0  # GBP in present value from which a public body's change is told


def funder_name(name: str) -> str:
    """Return what a funder is called."""
    return FUNDERS.get(name, name.replace("_", " ").capitalize())


def pennies(value: float) -> str:
    """Print what comes back of a pound: 7p, £1.25."""
    if abs(value) >= 1:
        return money(value)
    pence = _pence(value)
    return origins.shown(value, f"{'-' if value < 0 and pence else ''}{pence:g}p")


def _pence(value: float) -> float:
    size = abs(float(value))
    return round(size * 100, 1 if size < 0.1 else 0)


def shown(decision: Decision) -> Mapping[str, Any]:
    """Return the money of the option that the pack shows."""
    found: Mapping[str, Any] = decision["money"][decision["shown_option"]]
    return found


def funders(decision: Decision) -> list[str]:
    """Say of each funder what it pays and what comes back to it, and how much of that is cash."""
    return [_funder(one, decision) for one in shown(decision)["funders"]]


def _funder(one: Mapping[str, Any], decision: Decision) -> str:
    name = funder_name(one["funder"])
    share = percent(one["share_paid"])
    pays = f"{name} pays {money(one['pays'])} in present value, {share} of the cost"
    if one["pays"] == 0:
        pays = f"{name} pays nothing"
    elif one["pays"] < 0:
        pays = f"{name} pays {money(-one['pays'])} less in present value than otherwise"
    if not one["own_lines"]:
        return (
            f"{pays}. It bears no costs of its own, so no part of its money comes back to it; what "
            "its members gain or bear stands on their own lines."
        )
    back = _comes_back(one)
    return f"{pays}. {back} {_balance(one, decision)}"


def _comes_back(one: Mapping[str, Any]) -> str:
    capacity, cash = one["capacity"], one["cash"]
    if round(abs(capacity)) == 0:
        text = "On its own lines that neither releases nor takes up capacity"
    elif capacity > 0:
        text = f"On its own lines that releases capacity valued at {about(capacity)}"
    else:
        text = f"On its own lines that takes up capacity valued at {about(-capacity)}"
    if round(abs(cash)) == 0:
        return f"{text}, and brings it no cash."
    if cash > 0:
        return f"{text}, and brings it {about(cash)} in cash."
    return f"{text}, and costs it {about(-cash)} more in cash."


def signed(amount: float) -> str:
    """Print an amount of either sign, without digits that nobody could know."""
    if round(abs(amount)) == 0:
        return "£0"
    if abs(amount) < 100:
        return origins.shown(amount, "under £100" if amount > 0 else "over -£100")
    return money(amount)


def about(amount: float) -> str:
    """Print a positive amount, without digits that nobody could know."""
    return origins.shown(amount, "under £100") if amount < 100 else money(amount)


def _balance(one: Mapping[str, Any], decision: Decision) -> str:
    if one["pays"] <= 0:
        return ""
    if one["break_even_share"] <= 0:
        return "It would break even at no share of the cost, however small."
    text = f"It would break even at {percent(one['break_even_share'])} of the cost"
    if one["payback"]:
        return f"{text}, and is back to where it was by the end of {one['payback']}."
    return f"{text}; it is not back to where it was by the end of {decision['last_year']}."


def bearers(totals: Totals) -> list[str]:
    """Say which public bodies gain or lose, funders or not, where it comes to something."""
    moved = {
        totals.bearer(name): origins.of(
            sum(tiers.get(tier, 0.0) for tier in ("cashable", "capacity")),
            f"{sources.ACCOUNT}:discounted, bearer {name}, cash and capacity, "
            f"option {totals.shown} less the comparator",
        )
        for name, tiers in totals.by_bearer(totals.shown).items()
        if not name.startswith("funder: ")
    }
    # No verb after a name: some are one body and some are several.
    gains = [f"{money(amount)} to {name}" for name, amount in moved.items() if amount >= MATERIAL]
    costs = [
        f"{money(-amount)} for {name}" for name, amount in moved.items() if -amount >= MATERIAL
    ]
    told = [f"gains of {listed(gains)}"] if gains else []
    told += [f"more to bear, {listed(costs)}"] if costs else []
    if not told:
        return [f"No public body's own lines change by {money(MATERIAL)} or more."]
    return [f"On public bodies' own lines, in cash and capacity together: {'; '.join(told)}."]


def for_each_pound(decision: Decision) -> str:
    """Say what comes back of each pound that the programme costs: to whom, and how much in cash."""
    found = shown(decision)
    cost = found["society"]["pays"]
    label = quoted(option_of(decision, decision["shown_option"])["label"])
    if cost <= 0:
        return f"{label} costs the funders no more than the comparator."
    public, society = found["public"], found["society"]
    gains = (public["cash"], public["capacity"], society["not_public_money"])
    cash, capacity, other = (amount / cost for amount in gains)
    return (
        f"For each pound that {label} costs, {_held('public bodies', 'cash', cash)} and "
        f"{_held('', 'capacity', capacity)}; what victims and lost output gain is worth "
        f"{pennies(other)}, and is no public money.{_upper(decision, cost)}"
    )


def _upper(decision: Decision, cost: float) -> str:
    """Say what would be cash in the upper view, which counts a part of staff time."""
    one = option_of(decision, decision["shown_option"])["measures"]
    upper = one["cashable_value_upper"]["mean"] / cost
    back = f"{pennies(upper)} would come back" if upper >= 0 else f"{pennies(-upper)} more be paid"
    return (
        " Staff time counts as capacity and not as cash; if the share of it could be cashed that "
        f"stands beside each unit cost as its upper case, {back} in cash for each pound."
    )


def _held(who: str, what: str, value: float) -> str:
    subject = f"{who} " if who else ""
    if what == "cash":
        if not _pence(value):
            return f"{subject}get nothing back in cash"
        if value >= 0:
            return f"{subject}get back {pennies(value)} in cash"
        return f"{subject}pay {pennies(-value)} more in cash"
    if value >= 0:
        return f"have capacity valued at {pennies(value)} released"
    return f"have capacity valued at {pennies(-value)} taken up"


def payback(decision: Decision) -> str:
    """Say by when the programme has paid back, to society and to the public purse."""
    found = shown(decision)

    def when(who: str) -> str:
        year = found[who]["payback"]
        back = chance(found[who], "chance_back", decision)
        if year:
            return f"by the end of {year} (chance of being so by the end of the window: {back})"
        return f"not by the end of {decision['last_year']} (chance that it is: {back})"

    return (
        f"Counting all that society gains, the cost is made good {when('society')}; counting "
        f"public money and capacity alone, {when('public')}."
    )


def low_case(decision: Decision) -> str:
    """Set the low case of harm beside the headline, and say whether it changes the advice."""
    one = option_of(decision, decision["shown_option"])
    headline, low = (
        with_pounds(found["mean"], found["monte_carlo_error"])
        for found in (
            one["measures"]["net_present_social_value"],
            one["measures"]["net_present_social_value_low_harm"],
        )
    )
    view = next(each for each in decision["views"] if each["view"] == "low_harm")
    text = (
        f"{quoted(one['label'])} is worth {headline} net in the headline, and {low} in the low "
        "case, which counts averted recorded crimes times their multiplier"
        f"{_reported_more(one)}"
    )
    if view["differs"]:
        other = quoted(option_of(decision, view["option"])["label"])
        apart = "" if view["told_apart"] else NOT_APART
        return f"{text}: the advice would then be {other}{apart}."
    return f"{text}; the advice is the same."


def _reported_more(one: Mapping[str, Any]) -> str:
    """Say why the low case can lie below losing the whole cost."""
    if one["measures"]["recorded_incidents_averted"]["mean"] >= 0:
        return ""
    return " and so takes abuse that is reported more often for more abuse"


def homicide(decision: Decision) -> str:
    """Say what homicide adds, as an expected value."""
    one = option_of(decision, decision["shown_option"])["measures"]
    with_it, without = (
        with_pounds(found["mean"], found["monte_carlo_error"])
        for found in (
            one["net_present_social_value"],
            one["net_present_social_value_without_homicide"],
        )
    )
    return (
        f"Homicide counts as an expected value and never as a simulated death: "
        f"{with_it} with it, {without} without."
    )


def contract(decision: Decision) -> list[str]:
    """Say how far modelled spending uses up each contract, and what the rule for grants does."""
    found = shown(decision)
    lines = _if_reopened(decision)
    for name in dict.fromkeys(row["contract"] for row in found["contract"]):
        rows = [row for row in found["contract"] if row["contract"] == name]
        unspent = sum(row["total"] for row in rows if row["unspent"])
        total = rows[0]["contract_sum"]
        whole = f"the {CONTRACTS.get(name, name)} of {money(total)} in cash"
        if not any(row["unspent"] for row in rows):
            lines.append(f"The model spends all of {whole}.")
        elif unspent >= 0:
            lines.append(
                f"The model spends {money(total - unspent)} of {whole}; {money(unspent)} is left."
            )
        else:
            lines.append(f"The model spends {money(-unspent)} more than {whole}.")
    lost = {one["contract"]: 0.0 for one in found["year_ends"]}
    for one in found["year_ends"]:
        lost[one["contract"]] += one["lost"]
    back = [
        f"{money(amount)} of the {CONTRACTS.get(name, name)}"
        for name, amount in lost.items()
        if amount
    ]
    kept = {
        "carried": "what is unspent then is carried into the next year of its contract",
        "lost": "what is unspent then is lost to the programme",
    }[decision["underspend"]]
    ends = f", and goes back to the funders when it ends: {listed(back)}" if back else ""
    lines.append(
        f"Grants end on 31 March: {kept}{ends}. The headline counts the whole contract sum as "
        "spent: what is left is no gain, and spending beyond the sum is no cost to anybody."
    )
    return lines


def _if_reopened(decision: Decision) -> list[str]:
    """Say what the contract of an option that pauses stands for; nothing of others."""
    pause = option_of(decision, decision["shown_option"]).get("later_choice")
    if pause is None or not pause["assessed"]:
        return []
    return [
        "The contracts and grants described here are those of the draws in which the programme is "
        f"reopened ({chance(pause, 'chance_of_reopening', decision)}); where it is closed for "
        "good, the extension's contract is not paid and the evaluation is. Counts and present "
        "values are means over all draws."
    ]


CONTRACTS: Mapping[str, str] = {
    "contract": "pilot's contract",
    "extension_contract": "extension's contract",
    "evaluation": "evaluation",
}


def affordability(decision: Decision) -> str:
    """Say which options some funder cannot pay for."""
    found = decision["advice"]["affordability"]
    if isinstance(found, str):
        return "Affordability against each year's budget: not assessed, since no ceiling is given."
    if not found:
        return "Every option stays within each funder's ceiling in every financial year."
    labels = ", ".join(quoted(option_of(decision, name)["label"]) for name in found)
    return f"Beyond some funder's ceiling in some financial year, and so not advised: {labels}."
