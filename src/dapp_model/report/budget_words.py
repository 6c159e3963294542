"""What is said of a larger budget: what its extra pounds return, and whether the hurdle decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dapp_model.report.words import Decision, money, option_of, quoted, with_pounds


def larger_budget(decision: Decision) -> str:
    """Say what the extra pounds of a larger budget return, or nothing if none is considered."""
    found = decision["larger_budget"]
    if found is None:
        return ""
    label = quoted(option_of(decision, found["option"])["label"])
    against = quoted(option_of(decision, found["against"])["label"])
    returned = found["return_on_extra_pounds"]
    if returned is None:
        return f"{label} costs no more than {against} although its yearly budget is larger."
    verdict = "does" if found["passes"] else "does not"
    both = " both ways" if found["same_design"] is not None else ""
    return (
        f"Each extra pound that {label} spends beyond {against} returns about "
        f"{_returned(found)}{_same_design(decision, found)}; a larger budget is advised only if "
        f"its extra pounds return more than the hurdle of {money(found['hurdle'])}{both}, which it "
        f"{verdict}{not_clear(found)}; the stricter hurdle of {money(found['hurdle_shown'])} it "
        f"{'passes' if found['passes_hurdle_shown'] else 'does not pass'}."
    )


def hurdle_decides(decision: Decision) -> str:
    """Say that the hurdle decides against the option of the highest mean, or would at a stricter.

    Nothing where it changes nothing.
    """
    found = decision["larger_budget"]
    if found is None:
        return ""
    label = quoted(option_of(decision, found["option"])["label"])
    means = {
        one["name"]: float(one["measures"]["net_present_social_value"]["mean"])
        for one in decision["options"]
        if one["may_be_chosen"]
    }
    highest = max(means, key=lambda name: means[name]) if means else ""
    if not found["passes"] and highest == found["option"] != decision["advice"]["option"]:
        return (
            f"{label} has the highest expected value and is not advised: its extra pounds do not "
            f"return more than the hurdle of {money(found['hurdle'])} each{not_clear(found)}."
        )
    if found["passes"] and not found["passes_hurdle_shown"]:
        return (
            f"The hurdle decides: the extra pounds of {label} return more than "
            f"{money(found['hurdle'])} each, but not more than "
            f"{money(found['hurdle_shown'])}{not_clear(found)}."
        )
    return ""


def _same_design(decision: Decision, found: Mapping[str, Any]) -> str:
    """Say what the extra pounds return against the same design at the usual budget."""
    twin = found["same_design"]
    if twin is None or twin["return_on_extra_pounds"] is None:
        return ""
    against = quoted(option_of(decision, twin["against"])["label"])
    return (
        f", and each beyond {against}, the same design at the usual budget, about {_returned(twin)}"
    )


def _returned(found: Mapping[str, Any]) -> str:
    """Print what an extra pound returns with its Monte Carlo error."""
    told = with_pounds(found["return_on_extra_pounds"], found["return_monte_carlo_error"])
    return told if found["told_apart_from_hurdle"] else f"{told}, not told apart from the hurdle"


def not_clear(found: Mapping[str, Any]) -> str:
    """Say where the draws do not tell whether the hurdle is passed; nothing where they do.

    Every return has to pass, so one that clearly does not is enough.
    """
    # Whoever costs no more has no return on extra pounds, and passes.
    pair = [
        one
        for one in (found, found["same_design"])
        if one is not None and one["return_on_extra_pounds"] is not None
    ]
    told = [one for one in pair if one["told_apart_from_hurdle"]]
    if found["passes"]:
        clear = len(told) == len(pair)
    else:
        clear = any(one["return_on_extra_pounds"] < found["hurdle"] for one in told)
    return "" if clear else ", though the draws do not tell them apart"
