"""The options and the advice under some weighting of the draws, one measure of value, one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision import chance
from dapp_model.decision.budget import with_errors
from dapp_model.decision.chance import Apart, apart
from dapp_model.decision.choice import Candidate, Hurdle, advise, hurdle_of, shown
from dapp_model.decision.rail import Rail, expected, rail_of
from dapp_model.decision.worth import (
    AVERTED,
    COST,
    PUBLIC_COST,
    VALUE,
    Worth,
    certain,
    nested,
)
from dapp_model.voi import Resampled, over_replications

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# What a view says of its own advice, each with its Monte Carlo error.
WRONG: Final = (
    "chance_wrong", "chance_wrong_monte_carlo_error",
    "mean_loss", "mean_loss_monte_carlo_error",
)  # fmt: skip
AGAINST: Final = ("chance_worse", "chance_of_rise_beyond_margin")  # the comparator


@dataclass(frozen=True)
class Standing:
    """What the inputs say of an option whatever the draws are; `affordable` None if not known."""

    name: str
    label: str
    affordable: bool | None
    larger: bool
    comparator: bool
    twin: str
    reference: bool


@dataclass(frozen=True, eq=False)
class Material:
    """What each draw says of every option; the comparator is the first and worth zero.

    `value`, `cost`, `public_cost` and `averted` are float64 [draw, option], means over repetitions;
    `nested` float64 [draw, repetition, option] are values with luck, of which there is none where
    `certain`, and `apart` holds values without it; what is no choice counts there as the first.
    `beyond` is the rise in harm beyond the guard-rail's margin [draw, option], and `beyond_again`
    its resamples by option, None where luck stays in.
    """

    standings: tuple[Standing, ...]
    value: Floats
    cost: Floats
    public_cost: Floats
    averted: Floats
    nested: Floats
    certain: Flags | None
    apart: Apart
    beyond: Floats
    beyond_again: tuple[Resampled | None, ...]
    rail: Rail
    hurdle: Hurdle

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the options."""
        return tuple(one.name for one in self.standings)


def material(
    inputs: Inputs,
    found: Mapping[str, Worth],
    standings: tuple[Standing, ...],
    measure: str = VALUE,
    public_cost: str = PUBLIC_COST,
) -> Material:
    """Return what each draw says, with value and net public cost of an option by these measures."""
    names = inputs.options
    rail = rail_of(inputs)
    values = nested(names, found, measure)
    # What is no choice has no part in how luck is taken out of those that are.
    counted = values.copy()
    for i, one in enumerate(standings):
        if one.reference:
            counted[:, :, i] = values[:, :, 0]
    harm = {name: expected(found[name], rail) for name in names if name in found}
    nothing = np.zeros(len(values))
    rises = [harm[name].beyond if name in harm else nothing for name in names]
    return Material(
        standings=standings,
        value=over_replications(values),
        cost=over_replications(nested(names, found, COST)),
        public_cost=over_replications(nested(names, found, public_cost)),
        averted=over_replications(nested(names, found, AVERTED)),
        nested=counted,
        certain=certain(names, found),
        apart=apart(counted, certain(names, found)),
        beyond=np.stack(rises, axis=1),
        beyond_again=tuple(harm[name].beyond_again if name in harm else None for name in names),
        rail=rail,
        hurdle=hurdle_of(inputs),
    )


def candidates(
    given: Material, values: list[float], costs: list[float], rises: list[float]
) -> list[Candidate]:
    """Return what the advice looks at; `rises` are chances of a rise beyond the margin."""
    return [
        Candidate(
            name=one.name,
            value=values[i],
            cost=costs[i],
            admissible=one.comparator or rises[i] <= given.rail.limit,
            affordable=one.affordable,
            larger=one.larger,
            comparator=one.comparator,
            twin=one.twin,
            reference=one.reference,
        )
        for i, one in enumerate(given.standings)
    ]


def view(given: Material, weights: Floats | None = None) -> dict[str, Any]:
    """Return the advice and each option's numbers under weights on draws (default: equal).

    Means are over plain draws, chances over draws without luck. `low` and `high` are the ends of a
    90% interval, which holds the luck that averaging repetitions has left. `behind` is how much
    less an option is worth than the advised, compared draw by draw. `expected_loss` is against the
    best in each draw of those that may be chosen, and `evpi` the smallest of them; `chance_wrong`
    and `mean_loss` are those of its own advice.
    """
    n = range(len(given.standings))
    even = np.ones(len(given.value)) if weights is None else weights
    values = [chance.mean(given.value[:, i], weights) for i in n]
    costs = [chance.mean(given.cost[:, i], weights) for i in n]
    rises = [
        chance.mean((given.beyond[:, i] > 0).astype(np.float64), weights) if i else 0.0 for i in n
    ]
    able = candidates(given, values, costs, rises)
    advised, larger = advise(able, given.hurdle)
    place = given.names.index(advised)
    may = [one.may for one in able]
    sure = given.apart
    if weights is not None:
        sure = apart(given.nested, given.certain, weights)
    chances = chance.of_options(sure, may, weights)
    free = [i for i in n if may[i]]
    *lost, evpi = chance.losses(sure.among(free), weights)
    losses = dict(zip(free, zip(*lost, strict=True), strict=True))
    draws = chance.effective(weights, len(given.value))
    options = []
    for i, one in enumerate(able):
        low, high = chance.quantiles(given.value[:, i], even, (0.05, 0.95))
        options.append(
            {
                "name": one.name,
                "mean": values[i],
                "low": low,
                "high": high,
                "monte_carlo_error": chance.error(given.value[:, i], weights),
                **behind(given.value[:, place] - given.value[:, i], weights),
                "true_incidents_averted": chance.mean(given.averted[:, i], weights),
                "net_public_cost": chance.mean(given.public_cost[:, i], weights),
                "programme_cost": costs[i],
                **chance.with_error("expected_loss", *losses.get(i, (None, None))),
                **chances[i],
                **chance.with_error(
                    "chance_of_rise_beyond_margin",
                    rises[i],
                    chance.error_above(given.beyond_again[i], rises[i], draws, weights),
                ),
                **_not_of(one, AGAINST),
                "may_be_chosen": one.may,
            }
        )
    label = next(one.label for one in given.standings if one.name == advised)
    return {
        "option": advised,
        "label": label,
        "without_guard_rail": advise(able, given.hurdle, rail=False)[0],
        **_wrong(given.names, able, advised, (sure, weights)),
        **evpi,
        "larger_budget": with_errors(given.names, (given.value, given.cost), larger, weights),
        "options": options,
    }


def _wrong(
    names: tuple[str, ...],
    able: list[Candidate],
    advised: str,
    among: tuple[Apart, Floats | None],
) -> dict[str, Any]:
    """Return the chance that another choice is better than the advised, and the mean loss.

    The other is the comparator; or, where that is advised, the best of the others.
    """
    first = names[0]
    against = shown(able, advised) if advised == first else first
    said: dict[str, Any] = {"against": against}
    sure, weights = among
    if len(sure.values) < 2:
        return said | dict.fromkeys(WRONG)
    places = names.index(advised), names.index(against)
    wrong, loss = voi.chance_wrong(sure.values, *places, again=sure.again, weights=weights)
    of_chance, of_loss = chance.known_error(wrong.standard_error), loss.standard_error
    said |= chance.with_error("chance_wrong", wrong.value, of_chance)
    said |= chance.with_error("mean_loss", loss.value, of_loss)
    return said


def behind(lead: Floats, weights: Floats | None = None) -> dict[str, float | None]:
    """Return the mean of a lead by draw in GBP, with its Monte Carlo error."""
    return {
        "behind": chance.mean(lead, weights),
        "behind_monte_carlo_error": chance.error(lead, weights),
    }


def told_apart(found: Mapping[str, Any]) -> bool:
    """Say whether what `behind` returned is above zero beyond noise."""
    lead = found["behind"]
    return lead > 0 and chance.beyond_noise(lead, found["behind_monte_carlo_error"])


def is_told_apart(found: Mapping[str, Any], option: str) -> bool:
    """Say whether what a view advises is worth more in it than an option, beyond its error."""
    return told_apart(next(one for one in found["options"] if one["name"] == option))


def _not_of(one: Candidate, chances: tuple[str, ...]) -> dict[str, None]:
    """Return nothing for chances against the comparator, which it has none of itself."""
    if not one.comparator and not one.reference:
        return {}
    return {name: None for kind in chances for name in (kind, f"{kind}_monte_carlo_error")}


def averaged(
    given: Material, views: list[dict[str, Any]], weights: list[float], *, apart: bool = False
) -> dict[str, Any]:
    """Return the average of several views and the advice on it; weights need not add up to 1.

    Views of the same draws err together, so errors are added up: at most so large are those of the
    averages. Views of draws that stand `apart` err each by itself: their squares are.
    """
    share = np.array(weights) / fsum(weights)

    def error(i: int, name: str) -> float | None:
        found = [one["options"][i][name] for one in views]
        if any(each is None for each in found):
            return None
        parts = [float(w) * float(each) for w, each in zip(share, found, strict=True)]
        return float(np.hypot.reduce(parts)) if apart else fsum(parts)

    def mean(i: int, name: str) -> float:
        found = [one["options"][i][name] or 0.0 for one in views]
        return float(np.dot(share, found))

    n = range(len(given.standings))
    values = [mean(i, "mean") for i in n]
    costs = [mean(i, "programme_cost") for i in n]
    rises = [mean(i, "chance_of_rise_beyond_margin") for i in n]
    advised, _ = advise(candidates(given, values, costs, rises), given.hurdle)
    label = next(one.label for one in given.standings if one.name == advised)
    options = [
        {
            "name": one.name,
            "mean": values[i],
            "monte_carlo_error": error(i, "monte_carlo_error"),
            "true_incidents_averted": mean(i, "true_incidents_averted"),
            "chance_best": mean(i, "chance_best"),
            "chance_best_monte_carlo_error": mean(i, "chance_best_monte_carlo_error") or None,
        }
        for i, one in enumerate(given.standings)
    ]
    return {"option": advised, "label": label, "options": options}
