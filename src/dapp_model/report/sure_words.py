"""Sentences about how sure the advice is, what would change it and what knowing more is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from dapp_model.decision.chance import beyond_noise
from dapp_model.report import origins
from dapp_model.report.names import SECTIONS
from dapp_model.report.words import (
    NOT_APART,
    Decision,
    estimate,
    listed,
    money,
    number,
    option_of,
    percent,
    quoted,
    share_of_draws,
    with_pounds,
)

NOT_ASSESSED = "not assessed"


def section(name: str) -> str:
    """Return what a section of the registry is called."""
    return SECTIONS.get(name, name)


def luck(decision: Decision) -> str:
    """Say how much of the spread is luck, and what the number of repetitions does to the error."""
    found = decision["luck"]
    made = found["replications"]
    if not found["error_by_replications"]:
        return (
            f"With {made} {_repetitions(made)} a draw and {decision['draws']} "
            f"{'draw' if decision['draws'] == 1 else 'draws'}, luck cannot be told from what is "
            "not known: that needs two repetitions in each of three draws."
        )
    share = found["largest_share"]
    shown = decision["shown_option"]
    errors = {
        one["replications"]: float(one["error"][shown]) for one in found["error_by_replications"]
    }
    more = next((n for n in errors if n > made), None)
    text = (
        f"In the mean of a draw's repetitions up to {percent(share)} of the spread between draws "
        "is luck"
    )
    text += (
        "; it is taken out of every chance. "
        if found["removed"]
        else ", too much for chances to be cleared of it in so few draws. "
    )
    text += "Two repetitions are the fewest that tell luck from what is not known"
    draws, several = decision["draws"], nested_draws(decision)
    if several < draws:
        text += f", so the first {several} draws have {made}, and the others one. The"
        own = found["monte_carlo_error"][shown]
        work = 1 + (made - 1) * several / draws
        more = made
    else:
        own = errors[min(errors, key=lambda n: abs(n - made))]
        work = made
        text += f". With {made} the"
    text += f" Monte Carlo error of the value of {_label(decision, shown)} is {money(own)}"
    if more is not None:
        text += (
            f", with {more} in as many draws it would be {money(errors[more])}, for "
            f"{number(more / work)} times the work; that many times the draws would make it "
            f"{money(own / (more / work) ** 0.5)}"
        )
    return text + "."


def nested_draws(decision: Decision) -> int:
    """Return how many draws have all repetitions; all of them in a run that does not say."""
    return int(decision.get("nested_draws", decision["draws"]))


def _repetitions(n: int) -> str:
    return "repetition" if n == 1 else "repetitions"


def effect_prior(decision: Decision) -> str:
    """Say what each school of thought on the programme's effect would advise."""
    found = decision["by_effect_prior"]
    if not found["assessed"]:
        return f"Results by school of thought on the effect: {NOT_ASSESSED} ({found['reason']})."
    parts = [one for one in found["parts"][1:] if one["assessed"]]
    silent = [one["part"] for one in found["parts"][1:] if not one["assessed"]]
    shown = str(decision["shown_option"])
    told = [
        f"{_worth(_of(one, shown))} under the {one['part']} one, where the advice is "
        f"{quoted(one['label'])}{_close(decision, one)}"
        for one in parts
    ]
    text = ""
    if told:
        text = (
            f"The evidence on such programmes allows more than one view. {_label(decision, shown)} "
            f"is worth {'; '.join(told)}."
        )
    if silent:
        which = "view" if len(silent) == 1 else "views"
        few = f"Too few draws speak for the {listed(silent)} {which}: {NOT_ASSESSED}."
        text = f"{text} {few}".strip()
    return text


def _worth(one: Mapping[str, Any]) -> str:
    return with_pounds(one["mean"], one["monte_carlo_error"])


def _close(decision: Decision, view: Mapping[str, Any]) -> str:
    """Say which options a view cannot tell from the one that it advises; nothing if none."""
    near = [
        _label(decision, one["name"])
        for one in view["options"]
        if one["may_be_chosen"]
        and one["name"] != view["option"]
        and not beyond_noise(one["behind"], one["behind_monte_carlo_error"])
    ]
    return f" (not told apart from {listed(near)})" if near else ""


def _label(decision: Decision, name: str) -> str:
    return quoted(option_of(decision, name)["label"])


def _of(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in view["options"] if one["name"] == name)
    return found


def alternatives(
    decision: Decision, *, halves: bool = False
) -> tuple[int, list[Mapping[str, Any]]]:
    """Return how many other structures were compared, and those that would change the advice.

    Or how many `halves` of the run's own draws, which average back to the run itself. One that is
    the run's own is no alternative; and one that leads back to the advice, where fewer draws by
    themselves led elsewhere, changes nothing.
    """
    others = [
        one
        for axis in decision["structural"]["axes"]
        if axis["assessed"] and (axis["axis"] in _HALVES) == halves
        for one in axis["alternatives"]
        if one["name"] != axis.get("own")
    ]
    advised = decision["advice"]["option"]
    which = "halves of the draws" if halves else "other harm routes and readings"
    asked = origins.at(len(others), decision["structural"]["axes"], which)
    return asked, [one for one in others if one["differs"] and one["option"] != advised]


_HALVES = ("frailty", "state_dependence", "frailty_against_state_dependence")


def other_ways(asked: int) -> str:
    """Say how many other structures were compared."""
    if asked == 1:
        return "Of one other way to count harm, or what a repeat is,"
    return f"Of {asked} other ways to count harm, or what a repeat is,"


def in_halves(decision: Decision) -> str:
    """Say what halves of the draws by where repeats come from would advise; nothing without any."""
    asked, changed = alternatives(decision, halves=True)
    if not asked:
        return ""
    text = (
        f" Of {asked} halves of this run's own draws by where repeats come from (how cases differ, "
        "how far one incident brings on the next), "
    )
    if not changed:
        return f"{text}none would change the advice."
    told = _to_each(decision["structural"]["axes"], changed)
    count = origins.at(len(changed), decision["structural"]["axes"], "halves that change it")
    return f"{text}{count} would, to {listed(told)}."


def on_average(decision: Decision) -> str:
    """Say what the average of structures advises, of what it is one, and with what error."""
    average = decision["structural"]["average"]
    shown = _of(average, str(decision["shown_option"]))
    differs = average["option"] != decision["advice"]["option"]
    apart = NOT_APART if differs and not average["told_apart"] else ""
    averaged = [
        axis
        for axis in decision["structural"]["axes"]
        if axis["assessed"] and axis["axis"] == "harm_route"
    ]
    over = " over what harm is counted by" if averaged else ""
    return (
        f"on the average{over} it is {quoted(average['label'])}{apart}, and "
        f"{_label(decision, str(shown['name']))} is worth "
        f"{with_pounds(shown['mean'], shown['monte_carlo_error'])}"
    )


def structures(decision: Decision) -> str:
    """Say whether the advice hangs on how the model is built."""
    found = decision["structural"]
    asked, others = alternatives(decision)
    changed = _to_each(found["axes"], others)
    count = origins.at(len(others), found["axes"], "that change the advice")
    silent = [
        axis["words"][0].lower() + axis["words"][1:]
        for axis in found["axes"]
        if not axis["assessed"]
    ]
    text = f"{other_ways(asked)} "
    text += (
        f"{count} would change the advice, to {listed(changed)}"
        if changed
        else "none would change the advice"
    )
    text += f"; {on_average(decision)}."
    text += in_halves(decision)
    if fewer := fewer_draws(decision):
        text += f" {fewer}"
    if silent:
        text += f" Not assessed: {listed(silent)}."
    return text


_SETTING = {"harm_route": "harm ", "repeat_reading": "a repeat counted "}  # before an answer


def _to_each(axes: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each option that other structures would advise, and which of them."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for axis in axes:
        for one in axis["alternatives"]:
            if any(one is other for other in others):
                clear, near = found.setdefault(str(one["label"]), ([], []))
                said = f"{_SETTING.get(axis['axis'], '')}{one['words']}"
                (clear if one["told_apart"] else near).append(said)
    told = []
    for label, (clear, near) in found.items():
        parts = [listed(clear)] if clear else []
        parts += [f"{listed(near)}, not told apart from the advice"] if near else []
        told.append(f"{quoted(label)} ({'; '.join(parts)})")
    return told


def turned(decision: Decision) -> str:
    """Say which other options views and schools of thought would advise, beyond their error.

    Nothing where none does. Structures have a sentence of their own.
    """
    schools = decision["by_effect_prior"]
    views = list(decision["views"])
    if schools["assessed"]:
        views += [one for one in schools["parts"][1:] if one["assessed"]]
    advised = decision["advice"]["option"]
    found = Counter(
        one["option"] for one in views if one["option"] != advised and one["told_apart"]
    ).most_common()
    if not found:
        return ""
    (name, most), *others = [
        (name, origins.at(n, decision["views"], "and schools of thought that turn the advice"))
        for name, n in found
    ]
    each = [f"to {_label(decision, name)}"]
    each += [f"{n} to {_label(decision, other)}" for other, n in others]
    return (
        f"Of {len(views)} other ways of counting and schools of thought, {most} would beyond Monte "
        f"Carlo error turn the advice {listed(each)}."
    )


def fewer_draws(decision: Decision) -> str:
    """Say on how many draws other readings of a repeat rest, and what the run's own advises there.

    Nothing where they were not looked at.
    """
    found = [one for one in decision["structural"]["axes"] if one["axis"] == "repeat_reading"]
    if not found or not found[0]["assessed"]:
        return ""
    axis = found[0]
    own = next(one for one in axis["alternatives"] if one["name"] == axis["own"])
    same = own["option"] == decision["advice"]["option"]
    shown = _of(axis["average"], str(decision["shown_option"]))
    of_these = (
        f"advises {quoted(own['label'])} too"
        if same
        else f"would advise {quoted(own['label'])}, which only shows how few they are"
    )
    return (
        f"Other readings of a repeat rest on the first {axis['draws']} draws alone, on which the "
        f"run's own reading {of_these}. On their average the best is "
        f"{quoted(axis['average']['label'])}, and {_label(decision, str(shown['name']))} is worth "
        f"{_worth(shown)}."
    )


def information(decision: Decision) -> str:
    """Say what it would be worth to know everything, or one group of things, before choosing."""
    found = decision["information"]
    if found["evpi"] == NOT_ASSESSED:
        return f"The value of knowing more before choosing: {NOT_ASSESSED}, with a single draw."
    if "reason" in found:
        return f"Knowing more before choosing would be worth nothing: {found['reason']}."
    whole = found["evpi"]
    text = (
        f"Knowing everything before choosing would be worth {money(whole['value'])} to this "
        f"programme (Monte Carlo error {money(whole['standard_error'])})"
    )
    text += ", which is not told from nothing." if whole["zero_within_noise"] else "."
    if not found["luck_removed"]:
        text += " It holds luck that nobody could learn, so it is too high."
    if found["evppi"] == NOT_ASSESSED:
        return f"{text} The value of knowing a part of it: {NOT_ASSESSED}, with so few draws."
    clear = [one for one in found["evppi"] if not one["zero_within_noise"]]
    if not clear:
        return f"{text} No group of things alone is worth anything to know, within noise."
    first = clear[0]
    return (
        f"{text} Of what could be known, {section(first['section'])} is worth most: "
        f"{money(first['evppi'])} (error {money(first['standard_error'])})."
    )


def acceptability(decision: Decision) -> str:
    """Say which option is best by what averting an incident is worth to public bodies."""
    found = decision["acceptability"]
    if found == NOT_ASSESSED:
        return f"Which option is best by what averting an incident is worth: {NOT_ASSESSED}."
    names, prices = found["frontier"]["option"], found["thresholds"]
    stretches: list[tuple[str, float]] = []
    for name, price in zip(names, prices, strict=True):
        if not stretches or stretches[-1][0] != name:
            stretches.append((name, price))
    first = quoted(option_of(decision, stretches[0][0])["label"])
    text = f"If averting an incident were worth nothing, {first} would be best"
    for (before, _), (name, price) in pairwise(stretches):
        exact = _overtakes(option_of(decision, before), option_of(decision, name), price)
        text += (
            f"; from about {money(exact)} for each, {quoted(option_of(decision, name)['label'])}"
        )
    top = option_of(decision, names[-1])
    chance = share_of_draws(
        found["frontier"]["probability_best"][-1],
        found["frontier"]["probability_best_monte_carlo_error"][-1],
        int(decision["draws"]),
    )
    return (
        f"{text}. At {money(prices[-1])}, the end of the chart, {quoted(top['label'])} is best "
        f"with a chance of {chance}. This counts public money alone, and is no advice."
    )


def _overtakes(before: Mapping[str, Any], after: Mapping[str, Any], price: float) -> float:
    """Return what an incident averted is worth where one option overtakes another, in GBP.

    From their means; the point of the grid where they do not tell.
    """
    cost, averted = (
        after["measures"][name]["mean"] - before["measures"][name]["mean"]
        for name in ("net_public_cost", "true_incidents_averted")
    )
    return float(price) if averted == 0 else cost / averted


def without_rail(decision: Decision) -> str:
    """Say what the advice would be without the guard-rail for victims."""
    name = decision["advice"]["without_guard_rail"]
    if name == decision["advice"]["option"]:
        return "Without the guard-rail the advice is the same."
    return (
        f"Without the guard-rail the advice would be {quoted(option_of(decision, name)['label'])}."
    )


def numbers(decision: Decision) -> str:
    """Say the three numbers of the first page with their intervals, in one sentence."""
    shown = option_of(decision, decision["shown_option"])
    parts = []
    for one in decision["three_numbers"]:
        label = one["label"][0].lower() + one["label"][1:]
        parts.append(f"{label} {estimate(one, one['unit'])}")
    return (
        f"For {quoted(shown['label'])} against {quoted(decision['comparator']['label'])}, means "
        f"with their Monte Carlo errors and 90% intervals: {listed(parts)}."
    )
