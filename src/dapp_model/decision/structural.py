"""Other structures of the model: the advice under each, and under their average.

An axis is one question about structure; its alternatives are answers to it. Weights are equal
unless the scenario sets others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.decision import chance
from dapp_model.decision.effect_prior import FEWEST
from dapp_model.decision.view import Material, Standing, averaged, is_told_apart, material, view
from dapp_model.decision.worth import PUBLIC_COST, VALUE, Worth
from dapp_model.economics.settings import HARM_ROUTES
from dapp_model.economics.summary import by_route
from dapp_model.report.names import READINGS, ROUTES

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

DAYS_OF_A_YEAR: Final = 365.25
WEIGHTS: Final = {
    "recorded crimes": "recorded_harm",
    "victim-years": "victim_year_harm",
    "QALYs": "qaly_harm",
}  # of harm routes, under structural.*
HALVES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "frailty": (
        "case.frailty_sigma",
        "structural.more_frailty",
        "cases differ less in their level of abuse",
        "cases differ more in their level of abuse",
    ),
    "state_dependence": (
        "incident.raised_hazard",
        "structural.more_raised_hazard",
        "incidents bring on fewer others",
        "incidents bring on more others",
    ),
}
RIVALS: Final = "frailty_against_state_dependence"
QUESTIONS: Final[Mapping[str, str]] = {
    "harm_route": "What harm is counted by",
    RIVALS: "Where repeats come from: frailty against state dependence",
    "frailty": "How far cases differ in their level of abuse",
    "state_dependence": "How far one incident brings on others",
    "repeat_reading": "What the source calls a repeat",
}


@dataclass(frozen=True, eq=False)
class Reading:
    """What a few draws under another reading of a repeat are worth; draws as the run's first."""

    name: str
    found: Mapping[str, Worth]


def structural(
    inputs: Inputs,
    found: Mapping[str, Worth],
    given: Material,
    evidence: tuple[pd.DataFrame | None, tuple[Reading, ...]],
) -> dict[str, Any]:
    """Return what each structural alternative says, axis by axis, and the average of three.

    `evidence` holds the parameters of the draws and the draws under other readings of a repeat.
    """
    parameters, readings = evidence
    axes = [
        _harm_route(inputs, found, given),
        _rivals(inputs, given, parameters),
        *(_halves(inputs, axis, given, parameters) for axis in HALVES),
        _readings(inputs, found, given.standings, readings),
    ]
    headline = view(given)["option"]
    for axis in axes:
        # On fewer draws another option may come first by chance: readings are held against the
        # run's own on the same draws.
        own = [one["option"] for one in axis["alternatives"] if one["name"] == axis.get("own")]
        for one in axis["alternatives"]:
            one["differs"] = one["option"] != (own[0] if own else headline)
            one["told_apart"] = is_told_apart(one, headline)
    average = _together(inputs, found, given, parameters)
    return {
        "axes": axes,
        "average": {**average, "told_apart": is_told_apart(average, headline)},
        "note": "Halves of the draws average back to the run itself unless the scenario gives them "
        "other weights; readings of a repeat are averaged apart, on fewer draws. "
        "Frailty and state dependence are two explanations of the same repeats, between which the "
        "counts hardly decide: they are compared as the two ends of one posterior, in which more "
        "of one goes with less of the other, and not as two models fitted apart.",
    }


def _alternative(name: str, words: str, weight: float, found: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "words": words, "weight": weight, **found}


def _half(
    name: str, words: str, weight: float, of: tuple[Material, npt.NDArray[np.bool_]]
) -> dict[str, Any]:
    """Return what some of the draws say, and how many they are."""
    given, own = of
    found = view(given, own.astype(np.float64))
    return {**_alternative(name, words, weight, found), "draws": int(own.sum())}


def _axis(
    axis: str,
    given: Material,
    alternatives: list[dict[str, Any]],
    draws: int,
    *,
    apart: bool = False,
) -> dict[str, Any]:
    weights = [float(one["weight"]) for one in alternatives]
    if not fsum(weights) > 0:
        weights = [1.0] * len(weights)
    return {
        "axis": axis,
        "words": QUESTIONS[axis],
        "assessed": True,
        "draws": draws,
        "alternatives": alternatives,
        "average": averaged(given, alternatives, weights, apart=apart),
    }


def _not_assessed(axis: str, reason: str) -> dict[str, Any]:
    return {
        "axis": axis,
        "words": QUESTIONS[axis],
        "assessed": False,
        "reason": reason,
        "alternatives": [],
    }


def _harm_route(inputs: Inputs, found: Mapping[str, Worth], given: Material) -> dict[str, Any]:
    own = str(inputs.values["money.harm_route"])
    routes = (own, *(route for route in HARM_ROUTES if route != own))
    made = [
        _alternative(
            _slug(route),
            f"by {ROUTES[route]}",
            _weight(inputs, route),
            view(
                material(
                    inputs,
                    found,
                    given.standings,
                    by_route(VALUE, route),
                    by_route(PUBLIC_COST, route),
                )
            ),
        )
        for route in routes
    ]
    found_axis = _axis("harm_route", given, made, len(given.value))
    # Routes value the same draws: what their average errs is told from it draw by draw.
    average = material(inputs, _over_routes(inputs, found), given.standings).value
    for i, one in enumerate(found_axis["average"]["options"]):
        one["monte_carlo_error"] = chance.error(average[:, i])
    return {**found_axis, "own": _slug(own)}


def _over_routes(inputs: Inputs, found: Mapping[str, Worth]) -> Mapping[str, Worth]:
    """Return what options are worth with value and net public cost averaged over harm routes."""
    of_routes = {route: _weight(inputs, route) for route in HARM_ROUTES}
    total = fsum(of_routes.values())
    if not total > 0:
        return found

    def average(one: Worth, measure: str) -> Floats:
        whole = np.zeros_like(one.measures[VALUE])
        for route, weight in of_routes.items():
            whole = whole + weight * one.measures[by_route(measure, route)]
        return whole / total

    return {
        name: replace(
            one,
            measures={
                **one.measures,
                **{measure: average(one, measure) for measure in (VALUE, PUBLIC_COST)},
            },
        )
        for name, one in found.items()
    }


def _slug(route: str) -> str:
    return by_route("", route).removeprefix("_by_")


def _weight(inputs: Inputs, route: str) -> float:
    """Return the weight of a harm route in the average; that by true crimes has 1."""
    name = WEIGHTS.get(route)
    return float(inputs.values[f"structural.{name}"]) if name else 1.0


def _upper(axis: str, parameters: pd.DataFrame | None) -> npt.NDArray[np.bool_] | None:
    """Return which draws lie in the upper half of what the axis is about; None if all are alike."""
    name = HALVES[axis][0]
    if parameters is None or name not in parameters or len(parameters) < 2:
        return None
    order = np.argsort(parameters[name].to_numpy(np.float64), kind="stable")
    upper = np.zeros(len(order), dtype=np.bool_)
    upper[order[len(order) // 2 :]] = True
    return upper


def _halves(
    inputs: Inputs, axis: str, given: Material, parameters: pd.DataFrame | None
) -> dict[str, Any]:
    upper = _upper(axis, parameters)
    name, weight, less, more = HALVES[axis]
    if upper is None:
        return _not_assessed(axis, f"{name} is the same in all draws")
    if len(upper) < 2 * FEWEST:
        return _not_assessed(axis, f"halves of {len(upper)} draws are too few; {FEWEST} are needed")
    both = [
        _half("less", less, 1.0, (given, ~upper)),
        _half("more", more, float(inputs.values[weight]), (given, upper)),
    ]
    return {**_axis(axis, given, both, len(upper), apart=True), "parameter": name}


def _rivals(inputs: Inputs, given: Material, parameters: pd.DataFrame | None) -> dict[str, Any]:
    """Set frailty against state dependence: the two explanations of the same repeats.

    Draws are ordered by how much of abuse earlier incidents bring on, by rank, less how far cases
    differ, by rank; each half stands for one of the two. Each alternative says what share of
    incidents earlier ones bring on in it, in a case of the mean rate.
    """
    frailty, hazard = HALVES["frailty"], HALVES["state_dependence"]
    for name in (frailty[0], hazard[0]):
        if parameters is None or name not in parameters:
            return _not_assessed(RIVALS, f"{name} is the same in all draws")
    if parameters is None or len(parameters) < 2 * FEWEST:
        number = 0 if parameters is None else len(parameters)
        reason = f"halves of {number} draws are too few; {FEWEST} are needed"
        return _not_assessed(RIVALS, reason)
    brought, differ = brought_on(parameters, inputs.values), parameters[frailty[0]].to_numpy()
    index = _ranks(brought) - _ranks(differ)
    state = np.zeros(len(index), np.bool_)
    state[np.argsort(index, kind="stable")[len(index) // 2 :]] = True
    both = []
    for name, words, weight, own in (
        ("frailty", "repeats come more from how cases differ", frailty[1], ~state),
        ("state_dependence", "repeats come more from one incident bringing on the next", hazard[1],
         state),
    ):  # fmt: skip
        share = float(brought[own].mean())
        told = f"{words} (earlier incidents bring on some {share:.0%} of incidents)"
        one = _half(name, told, float(inputs.values[weight]), (given, own))
        both.append({**one, "brought_on_by_earlier_incidents": share})
    against = float(np.corrcoef(_ranks(brought), _ranks(differ))[0, 1])
    return {**_axis(RIVALS, given, both, len(index), apart=True), "rank_correlation": against}


def brought_on(parameters: pd.DataFrame, values: Mapping[str, Any]) -> Floats:
    """Return the share of incidents that earlier ones bring on by draw, in a case of mean rate.

    The raised hazard fades with a time constant, so that an incident brings on rate x rise x time
    others on average.
    """
    rate, rise, days = (
        parameters[name].to_numpy(np.float64) if name in parameters else float(values[name])
        for name in ("case.frailty_mean", "incident.raised_hazard", "incident.raised_hazard_time")
    )
    others = np.asarray(rate * rise * days / DAYS_OF_A_YEAR, dtype=np.float64)
    return others / (1.0 + others)


def _ranks(values: Floats) -> Floats:
    return np.asarray(np.argsort(np.argsort(values, kind="stable")), dtype=np.float64)


def _readings(
    inputs: Inputs,
    found: Mapping[str, Worth],
    standings: tuple[Standing, ...],
    readings: tuple[Reading, ...],
) -> dict[str, Any]:
    own = str(inputs.values["calibration.repeat_reading"])
    if not readings:
        reason = (
            f"the run counts a repeat {READINGS[own]}, and there is no posterior that counts it "
            "otherwise to draw from, or no such draws were asked for"
        )
        return {**_not_assessed("repeat_reading", reason), "own": own}
    n = len(next(iter(readings[0].found.values())).serious_averted)
    every: dict[str, Mapping[str, Worth]] = {}
    every[own] = {name: first(one, n) for name, one in found.items()}
    every |= {one.name: one.found for one in readings}
    weights = {"A": 1.0} | {
        name: float(inputs.values[f"structural.reading_{name.lower()}"]) for name in ("B", "C")
    }
    made = {name: material(inputs, worths, standings) for name, worths in sorted(every.items())}
    alternatives = [
        _alternative(name, READINGS[name], weights[name], view(one)) for name, one in made.items()
    ]
    return {**_axis("repeat_reading", made[own], alternatives, n), "own": own}


def first(found: Worth, n: int) -> Worth:
    """Return what an option is worth in the first n draws."""
    return replace(
        found,
        measures={name: values[:n] for name, values in found.measures.items()},
        serious_averted=found.serious_averted[:n],
        serious_at_stake=found.serious_at_stake[:n],
    )


def _together(
    inputs: Inputs, found: Mapping[str, Worth], given: Material, parameters: pd.DataFrame | None
) -> dict[str, Any]:
    """Return the average over harm routes, frailty and state dependence at once."""
    weights = np.ones(len(given.value))
    for axis in HALVES:
        upper = _upper(axis, parameters)
        if upper is not None:
            weights = weights * np.where(upper, float(inputs.values[HALVES[axis][1]]), 1.0)
    if not weights.sum() > 0:
        weights = np.ones(len(given.value))
    both = _over_routes(inputs, found)
    return view(material(inputs, both, given.standings), weights)
