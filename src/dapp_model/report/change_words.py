"""Sentences about what would change the advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dapp_model.decision.change import COUNT_ROUTE
from dapp_model.parameters import registry
from dapp_model.quantities import UNITS
from dapp_model.report.names import READINGS
from dapp_model.report.words import (
    Decision,
    chance,
    listed,
    money,
    number,
    option_of,
    quoted,
)

NOT_ASSESSED: Final = "not assessed"
TOLD: Final = 3  # switching values that the first page names


def switches(decision: Decision) -> list[str]:
    """Say at which values of single things stopping or going on becomes better, likeliest first."""
    found = decision["switching"]
    if found == NOT_ASSESSED:
        return [f"At which value of which single thing the better option changes: {NOT_ASSESSED}."]
    lines = [_switch(decision, one) for one in found["values"][:TOLD]]
    more = len(found["values"]) - TOLD
    noise = f"the noise of {decision['draws']:,} draws"
    if not lines:
        first, second = (_label(decision, name) for name in found["between"])
        lines = [
            f"No single thing stands out of {noise} as changing, within the range of its draws, "
            f"which of {first} and {second} is better on average."
        ]
    elif more > 0:
        lines.append(
            f"{more} more such {'value is' if more == 1 else 'values are'} in decision.json; of "
            f"{found['never_alone']} things none stands out of {noise} as changing this alone."
        )
    return lines


def _switch(decision: Decision, one: Mapping[str, Any]) -> str:
    known = registry()[one["parameter"]]
    others = [name for name in decision["switching"]["between"] if name != one["becomes"]]
    verb = "falls below" if one["side"] == "below" else "rises above"
    value, low, high = (amount(one[end], known.unit) for end in ("value", "low", "high"))
    label = known.label if known.label[1:2].isupper() else known.label[0].lower() + known.label[1:]
    return (
        f"{_label(decision, one['becomes'])} becomes better on average than "
        f"{_label(decision, others[0])} if this {verb} {value} (90% interval {low} to {high}; "
        f"{chance(one, 'share', decision)} of draws lie there): {label}."
    )


def amount(value: float, unit: str) -> str:
    """Print a value of the registry in its unit, with three significant figures."""
    kind = UNITS[unit].kind
    if kind == "money":
        return money(value)
    if kind == "duration":
        return f"{number(value)} days"
    if kind == "rate":
        noun = unit.rpartition("per ")[0]
        return f"{number(value)} {noun}per year"
    if unit == "share":
        return f"{number(100 * value)}%"
    if kind == "count" or unit == "per 1000":
        return f"{number(value)} {unit}"
    return number(value)


def _counted(reading: str) -> str:
    return f"counted {READINGS.get(reading, reading)}"


def _label(decision: Decision, name: str) -> str:
    return quoted(option_of(decision, name)["label"])


def _way(one: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """Name a perspective, and the harm route where it makes a difference to it."""
    same = [
        (each["option"], each["apart_from_advice"])
        for each in rows
        if (each["perspective"], each["reading"]) == (one["perspective"], one["reading"])
    ]
    if one["perspective"] != "social" and len(set(same)) == 1:
        return str(one["perspective"])
    return f"{one['perspective']}, harm by {one['harm_route']}"


def flips(decision: Decision) -> list[str]:
    """Say from which perspective, harm route and reading of a repeat another option is best."""
    if not decision["flips"]:
        return [
            f"Which option is best from other perspectives: {NOT_ASSESSED}, with a single draw."
        ]
    real = [one for one in decision["flips"] if not one["illustration"]]
    best: dict[tuple[str, str, bool], list[str]] = {}
    for one in real:
        if one["differs"]:
            ways = best.setdefault((one["option"], one["reading"], one["apart_from_advice"]), [])
            way = _way(one, real)
            if way not in ways:
                ways.append(way)
    headline = _label(decision, decision["advice"]["option"])
    if not best:
        return [
            f"{headline} has the highest mean from the social, the fiscal and the cashable "
            "perspective, by every harm route and however a repeat was counted in this run."
        ]
    lines = [
        f"Counted another way ({listed(ways)}; a repeat {_counted(reading)}), "
        f"{_label(decision, name)} has the highest mean instead of {headline}"
        f"{'' if apart else ', not told apart from it'}."
        for (name, reading, apart), ways in best.items()
    ]
    shown = {one["option"] for one in decision["flips"] if one["harm_route"] == COUNT_ROUTE}
    if shown != {decision["advice"]["option"]}:
        lines.append(
            "Illustration, not advice: by the count of recorded incidents averted, "
            f"{listed(sorted(_label(decision, name) for name in shown))} would look best."
        )
    return lines
