"""Sentences about what the pilot teaches, the rule for deciding, and being able to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dapp_model.evaluation.monitoring import COMPLETIONS, REPEATS, REPORTED, STARTS
from dapp_model.report.names import HARMS
from dapp_model.report.sure_words import section
from dapp_model.report.table import Table
from dapp_model.report.words import Decision, listed, money, option_of, percent, quoted, whole

NOT_ASSESSED = "not assessed"
SHARES = (REPORTED, REPEATS)
FIGURES = {
    "referrals": "Referrals",
    "assessed": "People assessed",
    STARTS: "People who have started",
    COMPLETIONS: "People who have completed",
    "days from referral to start": "Days from referral to start",
    "starters with 6 months": "Starters with 6 months of follow-up",
    "starters with 12 months": "Starters with 12 months of follow-up",
    "partners asked": "Partners who could be asked",
    REPORTED: "Of these, the share who report abuse",
    REPEATS: "Share of everybody assessed with a new police record",
}
REPEATS_ALONE = (
    " Police repeats are shown and are never decisive alone: they reward selection and silence."
)
_ENDS = ("mean", "low", "high")


def rule(decision: Decision) -> str:
    """Say the rule for deciding on what monitoring shows, with the chance of each act under it."""
    found = decision["learning"]
    if found == NOT_ASSESSED:
        return (
            f"A rule for deciding on what monitoring shows: {NOT_ASSESSED}, since there is no "
            "pilot to monitor yet."
        )
    if not found["assessed"]:
        return f"A rule for deciding on what monitoring shows: {NOT_ASSESSED}; {found['reason']}."
    one = found["rule"]
    if not any(limit is not None for limit in one["limits"].values()):
        return (
            "No figure from monitoring would change the choice by a rule in words: none that was "
            "tried does better than choosing now."
        )
    act, otherwise = _label(decision, one["act"]), _label(decision, one["otherwise"])
    chance = one["chance_of_act"]
    return (
        "A rule for the decision month, once monitoring has been read: "
        f"{_worded(decision)} Over what is not known, the chance of {act} under it is "
        f"{percent(chance)} and of {otherwise} {percent(1 - chance)}. On draws that it has not "
        f"seen the rule is worth {_against_now(one['value'])}.{REPEATS_ALONE}"
    )


def worth_knowing(decision: Decision) -> str:
    """Say in one sentence what it is worth to know more: all, one group of things, the returns."""
    found = decision["information"]
    if found["evpi"] == NOT_ASSESSED:
        return f"What it would be worth to know more before choosing: {NOT_ASSESSED}."
    text = f"Knowing everything before choosing would be worth {money(found['evpi']['value'])}"
    clear = found["evppi"] if found["evppi"] != NOT_ASSESSED else []
    clear = [one for one in clear if not one["zero_within_noise"]]
    if clear:
        text += f", knowing {section(clear[0]['section'])} {money(clear[0]['evppi'])}"
    learnt = decision["learning"]
    if learnt != NOT_ASSESSED and learnt["assessed"]:
        value = learnt["learning"]["value"]
        noise = " (zero within noise)" if value["zero_within_noise"] else ""
        text += f", and reading what monitoring of the pilot shows {money(value['value'])}{noise}"
    return f"{text}."


def _worded(decision: Decision) -> str:
    """Return the rule with its options as they are named elsewhere."""
    one = decision["learning"]["rule"]
    text = str(one["words"])
    for name in (one["act"], one["otherwise"]):
        label = option_of(decision, name)["label"]
        text = text.replace(f"Choose {label} if", f"Choose {quoted(label)} if")
        text = text.replace(f"; else {label}.", f"; else {quoted(label)}.")
    return text


def values(decision: Decision) -> list[str]:
    """Say the three values apart: the pilot as a service, learning, and being able to stop."""
    found = decision["learning"]
    if found == NOT_ASSESSED:
        return []
    lines = [_service(found["pilot_as_a_service"]), _followed(found["figures"])]
    if not found["assessed"]:
        return [*lines, f"Learning, and being able to stop: {NOT_ASSESSED}; {found['reason']}."]
    return [*lines, _learning(decision), _stopping(decision)]


def closing(decision: Decision) -> list[str]:
    """Say what closing and reopening cost, and what a pause to evaluate is worth."""
    found = decision["learning"]
    if found == NOT_ASSESSED or not found["assessed"]:
        return []
    one = found["closing"]
    lines = [
        f"Closing costs some {money(one['closing_cost'])} beyond the contract, now or at the end "
        f"of an extension, and reopening some {money(one['reopening_cost'])}: judgements, outside "
        "the other figures."
    ]
    for name, pause in one["pauses"].items():
        worth = pause["with_later_choice"]
        gap = worth["value"] - found["best_now"]
        lines.append(
            f"{_label(decision, name)} is worth {money(worth['value'])} (Monte Carlo error "
            f"{money(worth['standard_error'])}) with its later choice, the cost of reopening and "
            f"of the evaluation included: reopened in {percent(pause['chance_of_reopening'])} of "
            f"draws after a matched evaluation of {pause['evaluated_people']} people. That is "
            f"{money(abs(gap))} {'more' if gap > 0 else 'less'} than the best option now."
        )
    return lines


def expected(decision: Decision) -> Table | None:
    """Return what returns may be held against: each figure by the data cut-off, over all draws."""
    found = decision["learning"]
    if found == NOT_ASSESSED:
        return None
    rows = []
    for name, words in FIGURES.items():
        one = found["figures"][name]
        shares = name in SHARES
        said = [NOT_ASSESSED if one[k] is None else _said(one[k], share=shares) for k in _ENDS]
        rows.append((words, said[0], f"{said[1]} to {said[2]}"))
    title = "What the simulated pilot shows by the data cut-off, to hold returns against"
    return Table(title, ("Figure", "Mean", "Nine draws in ten"), tuple(rows))


def _said(value: float, *, share: bool) -> str:
    return percent(value) if share else whole(value)


def triggers(decision: Decision) -> list[str]:
    """Say which returns should bring the decision back before its time."""
    found = decision["learning"]
    if found == NOT_ASSESSED:
        return []
    lines = [
        "A return outside the range in which nine draws in ten lie says that this county or this "
        "programme is not the one that was simulated: the decision should then be looked at again."
    ]
    if found["assessed"] and any(one is not None for one in found["rule"]["limits"].values()):
        lines.append(f"For the decision month itself: {_worded(decision)}")
    rail = decision["guard_rail"]
    lines.append(
        f"{HARMS[rail['outcome']]} among victims of those referred, {percent(rail['margin'])} or "
        "more above what is expected without the programme, is looked at whenever it is seen."
    )
    return lines


def _label(decision: Decision, name: str) -> str:
    return quoted(option_of(decision, name)["label"])


def _service(found: Mapping[str, Any]) -> str:
    error = found["standard_error"]
    known = f"Monte Carlo error {money(error)}; " if error is not None else ""
    return (
        f"As a service alone, the pilot is worth {money(found['value'])} against no programme "
        f"({known}at its own decision, not the extension's)."
    )


def _followed(figures: Mapping[str, Any]) -> str:
    mean = {
        name: whole(0.0 if one["mean"] is None else one["mean"]) for name, one in figures.items()
    }
    return (
        f"By the data cut-off {mean[STARTS]} people have started and {mean[COMPLETIONS]} have "
        f"completed, on average; {mean['starters with 6 months']} starters have 6 months of "
        f"follow-up and {mean['starters with 12 months']} have 12. Of {mean['assessed']} people "
        f"assessed, the partners of {mean['partners asked']} could be asked about the months "
        "after it."
    )


def _against_now(found: Mapping[str, Any]) -> str:
    """Say what a rule is worth against choosing now; below zero it does harm."""
    error = f"Monte Carlo error {money(found['standard_error'])}"
    size = money(abs(found["value"]))
    if found["zero_within_noise"]:
        return f"{money(found['value'])} ({error}, zero within noise) against choosing now"
    if found["value"] < 0:
        return f"{size} less ({error}) than choosing now, so it should not be followed"
    return f"{size} more ({error}) than choosing now"


def _estimate(found: Mapping[str, Any]) -> str:
    text = f"{money(found['value'])} (Monte Carlo error {money(found['standard_error'])})"
    return f"{text}, zero within noise" if found["zero_within_noise"] else text


def _learning(decision: Decision) -> str:
    found = decision["learning"]["learning"]
    acts = [
        f"{_label(decision, name)} in {percent(chance)}"
        for name, chance in found["chance_of_each_act"].items()
        if chance > 0
    ]
    return (
        f"Learning from the pilot by the best use of what monitoring shows is worth "
        f"{_estimate(found['value'])}, of the {money(found['evpi']['value'])} that knowing "
        f"everything would be. That use, fitted on some draws, is worth "
        f"{_estimate(found['on_unseen_draws'])} on others; it leads to {listed(acts)} of draws."
    )


def _stopping(decision: Decision) -> str:
    found = decision["learning"]["able_to_stop"]
    one, known = found["with_monitoring"], found["knowing_everything"]
    noise = "; zero within noise" if abs(one["value"]) < 2 * one["standard_error"] else ""
    return (
        f"Being able to stop, rather than bound to {_label(decision, found['act'])}, is worth "
        f"{money(one['value'])} (Monte Carlo error {money(one['standard_error'])}{noise}) on what "
        f"monitoring shows, and {money(known['value'])} if everything were known."
    )
