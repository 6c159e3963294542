"""Everything that a run says of its decision, as plain texts and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import fitted, voi
from dapp_model.decision import budget, chance, change, choice, curves, dates, known
from dapp_model.decision import later as later_choices
from dapp_model.decision.chance import Apart
from dapp_model.decision.choice import Candidate, advise
from dapp_model.decision.effect_prior import by_effect_prior, schools
from dapp_model.decision.later import Later
from dapp_model.decision.learning import Choice, learning
from dapp_model.decision.rail import assess, rail_of
from dapp_model.decision.structural import Reading, structural
from dapp_model.decision.view import Material, Standing, behind, material, told_apart
from dapp_model.decision.worth import (
    AVERTED,
    COST,
    MEASURES,
    PUBLIC_COST,
    VALUE,
    VIEWS,
    Worth,
    nested,
    ratio_of,
    spread,
)

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

INTERVALS: Final = (
    "A 90% interval holds nine draws in ten: what is not known, and the luck that is left in the "
    "mean of a draw's repetitions. Chances hold what is not known alone where luck could be taken "
    "out."
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was drawn (draws x names), and a few draws under other readings of a repeat.

    `shown` is what monitoring of the pilot would have shown by the decision, draws x figures;
    `later` what becomes of each option that pauses.
    """

    parameters: pd.DataFrame | None = None
    readings: tuple[Reading, ...] = ()
    shown: pd.DataFrame | None = None
    later: Mapping[str, Later] = field(default_factory=dict)


def decide(
    inputs: Inputs,
    found: Mapping[str, Worth],
    *,
    study: Mapping[str, Any],
    evidence: Evidence | None = None,
) -> dict[str, Any]:
    """Return everything that the first page says, as plain texts and numbers.

    `found` holds every option but the comparator. `study` says how the numbers were made: draws,
    replications, seed, indicative.
    """
    evidence = evidence or Evidence()
    comparator = inputs.options[0]
    options = [_option(inputs, name, found) for name in inputs.options]
    by_name = {one["name"]: one for one in options}
    candidates = _candidates(options, VALUE)
    hurdle = choice.hurdle_of(inputs)
    advised, larger = advise(candidates, hurdle)
    shown = choice.shown(candidates, advised)
    given = material(inputs, found, standings(inputs, options))
    values, sure = given.nested, given.apart
    able = [i for i, one in enumerate(candidates) if one.may]
    _add_later_choices(given, options, able, evidence.later)
    _add_chances(options, sure, able)
    learnt = _learning(inputs, values, (able, sure, shown), evidence)
    among = schools(inputs, evidence.parameters)
    return {
        "scenario": inputs.name,
        "title": inputs.title,
        "question": inputs.question,
        "decision": inputs.decision,
        "comparator": {"name": comparator, "label": inputs.option(comparator).label},
        "provisional": inputs.provisional,
        "posterior": fitted.said(inputs),
        "population_share": inputs.population_share,
        **study,
        **dates.conventions(inputs),
        "advice": {
            "option": advised,
            "label": by_name[advised]["label"],
            "basis": "best act on present knowledge",
            "provider_returns_read": False,
            "without_guard_rail": advise(candidates, hurdle, rail=False)[0],
            "not_told_apart": _not_told_apart(given, able, advised),
            "lead": _lead(given, able, advised),
            "affordability": _affordability(by_name),
            "decision_rule": _rule(learnt),
        },
        "three_numbers": _three_numbers(by_name[shown]),
        "shown_option": shown,
        "wrong": _wrong(inputs, sure, advised, shown),
        "larger_budget": budget.with_errors(inputs.options, (given.value, given.cost), larger),
        "learning": learnt,
        "switching": change.switches(
            values[:, :, [0, inputs.options.index(shown)]],
            (comparator, shown),
            evidence.parameters,
        ),
        "flips": change.flip_rows(
            inputs.options,
            able,
            found,
            evidence.readings,
            own=(str(inputs.values[fitted.READING]), str(inputs.values["money.harm_route"])),
            advised=advised,
        ),
        "views": _views(inputs, found, options, advised),
        "guard_rail": asdict(rail_of(inputs)),
        "intervals": f"{INTERVALS} {_error_of_chances(len(values), removed=sure.removed)}",
        "luck": known.luck_of(inputs.options, sure, values),
        "information": known.information(values[:, :, able], sure.among(able), evidence.parameters),
        "acceptability": curves.of_run(
            [inputs.options[i] for i in able], found, among.weights() if among else {}
        ),
        "by_effect_prior": by_effect_prior(given, among),
        "structural": structural(inputs, found, given, (evidence.parameters, evidence.readings)),
        "options": options,
        "expires": dates.expiry(inputs) | _triggers(learnt),
        "baseline": dict(_any(found).baseline),
        "not_assessed": _not_assessed(by_name[comparator]),
    }


def _not_assessed(comparator: Mapping[str, Any]) -> list[str]:
    """Return what nobody has looked at; the comparator knows whether there is a ceiling."""
    money = "whether the money is there (no budget ceiling is given)"
    return [
        *([money] if comparator["affordable"] is None else []),
        "what the provider's returns show",
        "procurement, the extension clause, and notice or transfer of staff",
        "the chief finance officer's comment",
    ]


def _add_later_choices(
    given: Material,
    options: list[dict[str, Any]],
    able: list[int],
    later: Mapping[str, Later],
) -> None:
    """Add to each option that pauses what its later choice is; None to the others.

    And what it is worth beyond the best of the others, of those that may be chosen (`able`).
    """
    of_draws, names = given.value, given.names
    worth = {name: of_draws[:, names.index(name)] for name in later}
    found = later_choices.said(later, worth)
    for one in options:
        one["later_choice"] = found.get(one["name"])
    for name, own in worth.items():
        others = [i for i in able if names[i] != name]
        best = max(others, key=lambda i: float(of_draws[:, i].mean()))
        found[name]["beyond_best_of_others"] = {
            "option": names[best],
            **chance.estimate(own - of_draws[:, best]),
        }


def _learning(
    inputs: Inputs, values: Floats, among: tuple[list[int], Apart, str], evidence: Evidence
) -> dict[str, Any] | str:
    """Return what the pilot teaches; a pilot that has yet to be decided on has taught nothing."""
    if inputs.decision != "extension" or evidence.shown is None or evidence.parameters is None:
        return known.NOT_ASSESSED
    able, sure, shown = among
    choice_of = Choice(tuple(able), sure.among(able), shown)
    return learning(inputs, values, choice_of, (evidence.shown, evidence.parameters))


def _triggers(learnt: dict[str, Any] | str) -> dict[str, Any]:
    """Return which returns bring the decision back, and the chance that any does by luck alone."""
    if isinstance(learnt, str):
        return {"triggers": []}
    found = learnt["triggers"]
    chance_of_any = {
        f"chance_of_any_trigger{end}": found[f"chance_of_any{end}"]
        for end in ("", "_monte_carlo_error")
    }
    ranges = [{"figure": name, **ends} for name, ends in found["ranges"].items()]
    return {"triggers": ranges, **chance_of_any}


_ERROR: Final = (
    "After \N{PLUS-MINUS SIGN} stands the Monte Carlo error: of a mean in its own unit, of a "
    "chance in percentage points,"
)


def _error_of_chances(draws: int, *, removed: bool) -> str:
    """Say what the sign before an error is, and what it can be told from."""
    if draws < 2:
        return "From one draw no Monte Carlo error can be told."
    if removed:
        return (
            f"{_ERROR} from {voi.RESAMPLES} resamples of the draws, out of each of which luck is "
            "taken anew. So it holds that luck itself is told from a few draws. Where something "
            "is so in none of n draws whose luck is taken out, that is no bound: without luck "
            "draws lie closer together than those that were simulated."
        )
    points = 100 * float(np.sqrt(0.25 / (draws - 1)))
    return (
        f"{_ERROR} with {draws:,} draws {points:.1f} at most. Where something is so in none of n "
        "draws, its chance is below 3/n with 95% confidence."
    )


def _rule(learnt: dict[str, Any] | str) -> dict[str, Any] | str:
    """Return the rule for deciding on what monitoring shows, with the chance of each act."""
    if isinstance(learnt, str) or not learnt["assessed"]:
        return known.NOT_ASSESSED
    rule: dict[str, Any] = learnt["rule"]
    return rule


def standings(inputs: Inputs, options: list[dict[str, Any]]) -> tuple[Standing, ...]:
    """Return what holds of each option whatever the draws are."""
    return tuple(
        Standing(
            one["name"],
            one["label"],
            one["affordable"],
            one["larger_budget"],
            one["name"] == inputs.options[0],
            one["same_but_for_budget"],
            one["is_reference"],
        )
        for one in options
    )


def _candidates(options: list[dict[str, Any]], measure: str) -> list[Candidate]:
    return [
        Candidate(
            name=one["name"],
            value=float(one["measures"][measure]["mean"]),
            cost=float(one["measures"][COST]["mean"]),
            admissible=one["admissible"],
            affordable=one["affordable"],
            larger=one["larger_budget"],
            comparator=one["is_comparator"],
            twin=one["same_but_for_budget"],
            reference=one["is_reference"],
        )
        for one in options
    ]


def _add_chances(options: list[dict[str, Any]], sure: Apart, able: list[int]) -> None:
    """Add to each option how likely it is best or worth less than it costs, and its loss.

    Best of those that may be chosen; the expected loss against the best of them in each draw.
    """
    may = [i in able for i in range(len(options))]
    chances = chance.of_options(sure, may)
    found, errors, _ = chance.losses(sure.among(able))
    lost = dict(zip(able, zip(found, errors, strict=True), strict=True))
    for i, one in enumerate(options):
        one["may_be_chosen"] = may[i]
        value, error = lost.get(i, (None, None))
        one["expected_loss"] = None if value is None else float(value)
        one["expected_loss_monte_carlo_error"] = error
        one |= chances[i]
        if one["is_comparator"] or one["is_reference"]:
            one |= {"chance_worse": None, "chance_worse_monte_carlo_error": None}


def _affordability(options: Mapping[str, Any]) -> str | list[str]:
    """Return the options that some funder cannot pay for, or that no ceiling is known."""
    if any(one["affordable"] is None for one in options.values()):
        return known.NOT_ASSESSED
    return [name for name, one in options.items() if not one["affordable"]]


def _any(found: Mapping[str, Worth]) -> Worth:
    return next(iter(found.values()))


def _option(inputs: Inputs, name: str, found: Mapping[str, Worth]) -> dict[str, Any]:
    option = inputs.option(name)
    one: dict[str, Any] = {
        "name": name,
        "label": option.label,
        "description": option.description,
        "is_comparator": name not in found,
        "is_reference": is_reference(inputs, name),
        "larger_budget": budget.is_larger(inputs, name),
        "same_but_for_budget": budget.twin(inputs, name),
        "admissible": True,
        **_can_afford(inputs, name),
    }
    if name not in found:
        nothing = spread(np.zeros((2, 1)))
        return one | {
            "measures": {measure: dict(nothing) for measure in MEASURES},
            "serious_harm": None,
            "cost_per_averted_true_incident": None,
            "cost_per_averted_recorded_incident": None,
            "benefit_cost_ratio": None,
            "ratios": {},
            "programme_cost_by_funder": {},
        }
    worth_of = found[name]
    measures = {measure: spread(worth_of.measures[measure]) for measure in MEASURES}
    average = {
        name: float(voi.over_replications(values).mean())
        for name, values in worth_of.measures.items()
    }
    harm = assess(worth_of, rail_of(inputs))
    return one | {
        "admissible": harm["admissible"],
        "measures": measures,
        "serious_harm": harm,
        "cost_per_averted_true_incident": ratio_of(average[PUBLIC_COST], average[AVERTED]),
        "cost_per_averted_recorded_incident": ratio_of(
            average[PUBLIC_COST], average["recorded_incidents_averted"]
        ),
        "benefit_cost_ratio": ratio_of(average["social_value"], average[COST]),
        "ratios": _ratios(worth_of),
        "programme_cost_by_funder": {
            funder: dict(by_year) for funder, by_year in worth_of.programme_cost_by_funder.items()
        },
    }


def _ratios(found: Worth) -> dict[str, Any]:
    """Return ratios of expectations, each with an interval or, if it can change sign, a chance."""
    from dapp_model.economics.results import RETURNS, UNIT_COSTS, ratio

    by_draw = {name: voi.over_replications(one) for name, one in found.measures.items()}
    found_ratios = {
        name: asdict(ratio(by_draw[top], by_draw[bottom]))
        for name, (top, bottom) in {**RETURNS, **UNIT_COSTS}.items()
    }
    for one in found_ratios.values():
        for name in ("chance_positive", "chance_above_one"):
            one |= chance.said(name, one[name], len(by_draw[COST]))
    for name in UNIT_COSTS:
        del found_ratios[name]["chance_above_one_monte_carlo_error"]
        del found_ratios[name]["chance_above_one"]  # a price is compared with no pound
    return found_ratios


def is_reference(inputs: Inputs, name: str) -> bool:
    """Say whether an option is shown beside the others and is no choice.

    Once the pilot has run, nobody can choose that there had been none.
    """
    return inputs.decision == "extension" and not inputs.option(name).levers["programme.offered"]


def _can_afford(inputs: Inputs, name: str) -> dict[str, Any]:
    from dapp_model.money import can_afford

    said = dates.conventions(inputs)
    found = can_afford(inputs, name, (said["year_0"], said["last_year"]))
    return {"affordable": found["affordable"], "affordability": found["rows"]}


def _views(
    inputs: Inputs, found: Mapping[str, Worth], options: list[dict[str, Any]], advised: str
) -> list[dict[str, Any]]:
    """Return the advice under each other way of counting, and how far it stands from the run's."""
    views = []
    for view, words in VIEWS.items():
        if view == "optimism" and inputs.values["money.optimism_bias"] != "shown":
            continue
        measure = f"{VALUE}_{view}"
        name, _ = advise(_candidates(options, measure), choice.hurdle_of(inputs))
        worth_of = voi.over_replications(nested(inputs.options, found, measure))
        here, own = (worth_of[:, inputs.options.index(one)] for one in (name, advised))
        lead = behind(here - own)
        views.append(
            {
                "view": view,
                "words": words,
                "option": name,
                "differs": name != advised,
                **lead,
                "told_apart": told_apart(lead),
            }
        )
    return views


def _not_told_apart(given: Material, able: list[int], advised: str) -> list[str]:
    """Return the options whose value does not differ from the advised beyond Monte Carlo error.

    Options are compared draw by draw; two standard errors of the mean difference are the limit.
    """
    own = given.value[:, given.names.index(advised)]
    return [
        name
        for i, name in enumerate(given.names)
        if i in able and name != advised and not _clear(own - given.value[:, i])
    ]


def _clear(difference: Floats) -> bool:
    return chance.beyond_noise(float(difference.mean()), chance.error(difference))


def _lead(given: Material, able: list[int], advised: str) -> dict[str, Any] | None:
    """Return by how much the advised leads the next of those that may be chosen, in GBP."""
    of_draws, names = given.value, given.names
    means = of_draws.mean(axis=0)
    others = [i for i in able if names[i] != advised]
    if not others or advised not in names:
        return None
    following = max(others, key=lambda i: float(means[i]))
    lead = of_draws[:, names.index(advised)] - of_draws[:, following]
    return {
        "over": names[following],
        **chance.with_error("value", float(lead.mean()), chance.error(lead)),
    }


def _three_numbers(option: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the three numbers of the first page, in their order."""
    names = {
        AVERTED: ("True incidents averted", "incidents"),
        PUBLIC_COST: ("Net public cost", "GBP"),
        VALUE: ("Net present social value", "GBP"),
    }
    return [
        {"measure": name, "label": label, "unit": unit, **option["measures"][name]}
        for name, (label, unit) in names.items()
    ]


def _wrong(inputs: Inputs, sure: Apart, advised: str, shown: str) -> dict[str, Any]:
    """Return the chance that the advice is wrong, and what is lost then on average.

    Wrong means: stopping is better; or, where the advice is to stop, the best other option is.
    `mean_loss` is over all draws, zero where the advice is right.
    """
    against = shown if advised == inputs.options[0] else inputs.options[0]
    places = inputs.options.index(advised), inputs.options.index(against)
    said: dict[str, Any] = {"against": against, "luck_removed": sure.removed}
    if len(sure.values) < 2:
        lost = max(0.0, float(sure.values[0, places[1]] - sure.values[0, places[0]]))
        return said | {
            "chance": float(lost > 0),
            "mean_loss": lost,
            "mean_loss_when_wrong": lost,
            **dict.fromkeys(("chance_error", "mean_loss_error", "mean_loss_when_wrong_error")),
        }
    wrong, loss = voi.chance_wrong(sure.values, *places, again=sure.again)
    then = voi.loss_when_wrong(sure.values, *places, again=sure.again)
    return said | {
        "chance": wrong.value,
        "mean_loss": loss.value,
        "mean_loss_when_wrong": then.value if then else 0.0,
        "chance_error": chance.known_error(wrong.standard_error),
        "mean_loss_error": loss.standard_error,
        "mean_loss_when_wrong_error": chance.known_error(then.standard_error) if then else None,
    }
