"""Sentences about what the pilot teaches, the rule for deciding, and being able to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dapp_model.evaluation.monitoring import COMPLETIONS, REPEATS, REPORTED, STARTS
from dapp_model.report.names import HARMS
from dapp_model.report.sure_words import section
from dapp_model.report.table import Table
from dapp_model.report.words import (
    ERROR,
    Decision,
    concerned,
    error_of_count,
    in_share_of_draws,
    listed,
    money,
    number,
    often,
    option_of,
    percent,
    quoted,
    share_of_draws,
    whole,
    with_pounds,
)

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
NO_TRIGGER = "alone, never"
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
    share, error = one["chance_of_act"], one[f"chance_of_act{ERROR}"]
    does, does_not = (share_of_draws(x, error, found["draws"]) for x in (share, 1 - share))
    return (
        "A rule for the decision month, once monitoring has been read: "
        f"{_worded(decision)} Over what is not known, the chance of {act} under it is "
        f"{does} and of {otherwise} {does_not}. On unseen draws "
        f"the rule is worth {_against_now(one['value'])}.{REPEATS_ALONE}"
    )


def rule_in_short(decision: Decision) -> str:
    """Say the rule for the first page with the chance of each act, and whether to act on it."""
    found = decision["learning"]
    if found == NOT_ASSESSED or not found["assessed"]:
        return rule(decision)
    one = found["rule"]
    none = not any(limit is not None for limit in one["limits"].values())
    if none or not one["value"]["zero_within_noise"]:
        return rule(decision).removesuffix(REPEATS_ALONE)
    share = in_share_of_draws(one["chance_of_act"], one[f"chance_of_act{ERROR}"], found["draws"])
    return (
        "Nothing that monitoring shows is shown to be worth acting on: the best rule "
        f"({_inside(_worded(decision))}: the first {share}) is, on unseen draws, worth "
        f"{_against_now(one['value'])}."
    )


def _inside(sentence: str) -> str:
    """Return a sentence to stand inside another."""
    return f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}"


def worth_knowing(decision: Decision) -> str:
    """Say in one sentence what it is worth to know more: all, one group of things, the returns."""
    found = decision["information"]
    if found["evpi"] == NOT_ASSESSED:
        return f"What it would be worth to know more before choosing: {NOT_ASSESSED}."
    if "reason" in found:
        return f"Knowing more before choosing would be worth nothing: {found['reason']}."
    text = f"Knowing everything before choosing would be worth {_with_error(found['evpi'])}"
    clear = found["evppi"] if found["evppi"] != NOT_ASSESSED else []
    clear = [one for one in clear if not one["zero_within_noise"]]
    if clear:
        part = {"value": clear[0]["evppi"], "standard_error": clear[0]["standard_error"]}
        text += f", knowing {section(clear[0]['section'])} {_with_error(part)}"
    learnt = decision["learning"]
    if learnt != NOT_ASSESSED and learnt["assessed"]:
        value = learnt["learning"]["value"]
        noise = ", zero within noise" if value["zero_within_noise"] else ""
        seen = _with_error(value).removesuffix(")")
        text += f", and reading what monitoring of the pilot shows {seen}{noise})"
    return f"{text}."


def _with_error(found: Mapping[str, Any]) -> str:
    """Print pounds with their Monte Carlo error after the sign for it: £1,230 (± £150)."""
    error = f"\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{money(found['standard_error'])}"
    return f"{money(found['value'])} ({error})"


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
    if (share := decision.get("population_share", 1.0)) < 1:
        lines.append(
            f"Only {number(share * 100)}% of the county is simulated, so few people are monitored "
            "and what they show is noisier than in the whole county: learning is worth less here."
        )
    if not found["assessed"]:
        return [*lines, f"Learning, and being able to stop: {NOT_ASSESSED}; {found['reason']}."]
    return [*lines, _learning(decision), _stopping(decision)]


def closing(decision: Decision) -> list[str]:
    """Say what closing and reopening cost."""
    found = decision["learning"]
    if found == NOT_ASSESSED or not found["assessed"]:
        return []
    one = found["closing"]
    return [
        f"Closing costs some {money(one['closing_cost'])} beyond the contract, now or at the end "
        "of an extension: a judgement, and the same in all options but a pause, which closes twice "
        f"if it reopens. Reopening after a pause costs some {money(one['reopening_cost'])} beyond "
        "it, a judgement too. Both are part of what a pause is worth."
    ]


def pauses(decision: Decision) -> list[str]:
    """Say of each option that pauses what it is worth, its later choice included."""
    return [
        _pause(decision, one) for one in decision["options"] if one.get("later_choice") is not None
    ]


def _pause(decision: Decision, option: Mapping[str, Any]) -> str:
    pause, label = option["later_choice"], quoted(str(option["label"]))
    costs = (
        f"the evaluation ({money(pause['evaluation_cost'])}) and of reopening and closing once "
        f"more ({money(pause['reopening_cost'])}), at present value"
    )
    whatever = pause["reopened_whatever_it_shows"]
    if not pause["assessed"]:
        return (
            f"{label} counts as reopened whatever the evaluation shows, with the cost of {costs}: "
            f"its later choice is {NOT_ASSESSED}; {pause['reason']}. With it the option is worth "
            "no less."
        )
    worth, opened = pause["with_later_choice"], often(pause, "chance_of_reopening", decision)
    beyond = pause["beyond_best_of_others"]
    gap, best = beyond["value"], option_of(decision, beyond["option"])
    lead = with_pounds(abs(gap), beyond["standard_error"])
    return (
        f"{label} is worth {_known(worth)} with its later choice, the cost of {costs}, included "
        f"wherever it arises: {_on_what(pause)} it is reopened {opened} and closed for good in "
        "the others. Reopened "
        f"whatever is found it would be worth {_known(whatever)}. That choice is in every figure "
        f"of this option. It is worth {lead} {'more' if gap > 0 else 'less'} than "
        f"{quoted(str(best['label']))}, the best of the others."
    )


def _on_what(pause: Mapping[str, Any]) -> str:
    """Say what the choice that follows a pause is made on."""
    if pause["evaluated_people"] is None:
        return "on what monitoring shows, since no evaluation of it reports in time,"
    return (
        f"after a matched evaluation of {pause['evaluated_people']} people (those who have started "
        f"by the data cut-off, and as many to compare with; {pause['follow_up_months']:g} months "
        f"of follow-up, which leaves time to report and to find a provider again; "
        f"{money(pause['evaluation_priced_at'])} in cash of the day by the table of study designs)"
    )


def _known(found: Mapping[str, Any]) -> str:
    """Say a value with its Monte Carlo error."""
    return f"{money(found['value'])} (Monte Carlo error {money(found['standard_error'])})"


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
        ends = found["triggers"]["ranges"].get(name)
        back = NO_TRIGGER
        if ends is not None:
            below, above = (_said(ends[k], share=shares) for k in ("below", "above"))
            # Nothing lies below none.
            back = f"below {below} or above {above}" if ends["below"] > 0 else f"above {above}"
        error = one["monte_carlo_error"]
        if error:
            told = number(100 * error, 2) if shares else error_of_count(error)
            said[0] += f" \N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{told}"
        rows.append((words, said[0], f"{said[1]} to {said[2]}", back))
    title = "What the simulated pilot shows by the data cut-off, to hold returns against"
    columns = (
        "Figure",
        "Mean (± Monte Carlo error)",
        "Nine draws in ten",
        "Brings the decision back",
    )
    return Table(title, columns, tuple(rows))


def _said(value: float, *, share: bool) -> str:
    return percent(value) if share else whole(value)


def triggers(decision: Decision) -> list[str]:
    """Say which returns should bring the decision back before its time."""
    found = decision["learning"]
    if found == NOT_ASSESSED:
        return []
    back = found["triggers"]
    often_ = share_of_draws(back["chance_of_any"], back[f"chance_of_any{ERROR}"], found["draws"])
    lines = [
        "A return outside the range in the last column brings the decision back before its time: "
        "it would be unusual, and a reason to ask whether this county and this programme are "
        "those that were simulated. It is no proof that they are not: where they are, any of "
        f"these figures still lies outside its range in {often_} of draws. Police records alone "
        "bring nothing back: they reward selection and silence."
    ]
    if found["assessed"]:
        lines.append(f"For the decision month itself: {rule_in_short(decision)}")
    rail = decision["guard_rail"]
    lines.append(
        f"{HARMS[rail['outcome']]} among victims of {concerned(decision)}, "
        f"{percent(rail['margin'])} or more above what is expected without the programme, is "
        "looked at whenever it is seen."
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
    error = f"\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{money(found['standard_error'])}"
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
    errors = found[f"chance_of_each_act{ERROR}"]
    draws = decision["learning"]["draws"]
    acts = [
        f"{_label(decision, name)} {in_share_of_draws(share, errors[name], draws)}"
        for name, share in found["chance_of_each_act"].items()
        if share > 0
    ]
    return (
        f"Learning from the pilot by the best use of what monitoring shows is worth "
        f"{_estimate(found['value'])}, of the {money(found['evpi']['value'])} that knowing "
        f"everything would be. That use, fitted on some draws, is worth "
        f"{_estimate(found['on_unseen_draws'])} on others; it leads to {listed(acts)}."
    )


def _stopping(decision: Decision) -> str:
    found = decision["learning"]["able_to_stop"]
    one, known = found["with_monitoring"], found["knowing_everything"]
    head = f"Being able to stop, rather than bound to {_label(decision, found['act'])}, is"
    seen = with_pounds(one["value"], one["standard_error"])
    if not one["value"] > 2 * one["standard_error"]:
        told = f"not shown to be worth anything on what monitoring shows: {seen}, zero within noise"
        if one["value"] < -2 * one["standard_error"]:
            told = f"worth nothing on what monitoring shows, whose best use loses: {seen}"
    else:
        told = f"worth {seen} on what monitoring shows"
    everything = with_pounds(known["value"], known["standard_error"])
    return f"{head} {told}; if everything were known it would be worth {everything}."
