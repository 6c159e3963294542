"""Sentences about what would change the advice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dapp_model import describe
from dapp_model.decision.change import COUNT_ROUTE
from dapp_model.parameters import registry
from dapp_model.report.words import Decision, listed, option_of, percent, quoted, rounded

NOT_ASSESSED: Final = "not assessed"
TOLD: Final = 3  # switching values that the first page names


def switches(decision: Decision) -> list[str]:
    """Say at which values of single things the advice would change, the likeliest first."""
    found = decision["switching"]
    if found == NOT_ASSESSED:
        return [f"At which value of which single thing the advice changes: {NOT_ASSESSED}."]
    lines = [_switch(decision, one) for one in found["values"][:TOLD]]
    more = len(found["values"]) - TOLD
    if not lines:
        lines = ["No single thing changes the advice within the range of its draws."]
    elif more > 0:
        lines.append(
            f"{more} more such {'value is' if more == 1 else 'values are'} in decision.json; "
            f"{found['never_alone']} things change nothing alone within the range of their draws."
        )
    return lines


def _switch(decision: Decision, one: Mapping[str, Any]) -> str:
    known = registry()[one["parameter"]]
    verb = "falls below" if one["side"] == "below" else "rises above"
    value, low, high = (describe.said(known, rounded(one[end])) for end in ("value", "low", "high"))
    label = known.label[0].lower() + known.label[1:]
    if known.label[:2].isupper():
        label = known.label
    return (
        f"The option of the highest expected value becomes {_label(decision, one['becomes'])} if "
        f"this {verb} {value} (90% interval {low} to {high}): {label}. "
        f"{percent(one['share'])} of draws lie there."
    )


def _label(decision: Decision, name: str) -> str:
    return quoted(option_of(decision, name)["label"])


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
            # Fiscal and cashable values hold no victim harm: the route is the same to them.
            way = one["perspective"]
            if way == "social":
                way = f"social, harm by {one['harm_route']}"
            ways = best.setdefault((one["option"], one["reading"], one["told_apart"]), [])
            if way not in ways:
                ways.append(way)
    headline = _label(decision, real[0]["option"])
    if not best:
        return [
            f"{headline} has the highest mean from the social, the fiscal and the cashable "
            "perspective, by both harm routes and under every reading of a repeat that was run."
        ]
    lines = [
        f"Counted another way ({listed(ways)}; reading {reading} of a repeat), "
        f"{_label(decision, name)} has the highest mean instead of {headline}"
        f"{'' if apart else ', not told apart from the next'}."
        for (name, reading, apart), ways in best.items()
    ]
    shown = {one["option"] for one in decision["flips"] if one["harm_route"] == COUNT_ROUTE}
    if shown != {real[0]["option"]}:
        lines.append(
            "Illustration, not advice: by the count of recorded incidents averted, "
            f"{listed(sorted(_label(decision, name) for name in shown))} would look best."
        )
    return lines
