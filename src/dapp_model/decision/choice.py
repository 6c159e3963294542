"""The rules by which one option is advised: pure functions on a few numbers of each option."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from dapp_model.decision.worth import ratio_of

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs


@dataclass(frozen=True)
class Candidate:
    """What the advice looks at of one option: expected value and programme cost in GBP.

    `affordable` is None where no ceiling is known. The comparator may always be chosen. `twin` is
    the option that differs from a larger one in the budget alone, if there is one. A `reference` is
    shown beside the others and is no choice: no programme, once the pilot has run.
    """

    name: str
    value: float
    cost: float
    admissible: bool
    affordable: bool | None
    larger: bool
    comparator: bool
    twin: str = ""
    reference: bool = False

    @property
    def may(self) -> bool:
        """Say whether it may be chosen."""
        free = self.admissible and self.affordable is not False and not self.reference
        return self.comparator or free


@dataclass(frozen=True)
class Hurdle:
    """What each extra pound of a larger budget has to return, and a stricter return shown."""

    asked: float
    shown: float


def hurdle_of(inputs: Inputs) -> Hurdle:
    """Return the hurdle that the inputs set."""
    return Hurdle(float(inputs.values["money.hurdle"]), float(inputs.values["money.hurdle_shown"]))


def advise(
    candidates: Sequence[Candidate], hurdle: Hurdle, *, rail: bool = True
) -> tuple[str, dict[str, Any] | None]:
    """Return the option with the highest expected value, and how a larger budget fared.

    The extra pounds of a larger budget have to pass the hurdle twice: against the best of the
    others and, where there is one, against the same design at the usual budget. Otherwise a good
    first pound would carry a poor last one.
    """
    able = [one for one in candidates if one.may or (not rail and _may_without_rail(one))]
    value = attrgetter("value")
    # The first in the file's order where several are equal.
    best = max((one for one in able if not one.larger or one.comparator), key=value)
    larger = [one for one in able if one.larger and not one.comparator]
    if not larger:
        return best.name, None
    bigger = max(larger, key=value)
    twin = next((one for one in candidates if one.name == bigger.twin != best.name), None)
    extras = [_extra(bigger, one) for one in (best, twin) if one is not None]

    def passes(asked: float) -> bool:
        returns = [one["return_on_extra_pounds"] for one in extras]
        enough = all(one is None or one > asked for one in returns)
        return bigger.value > best.value and enough

    report = {
        "option": bigger.name,
        **extras[0],
        "same_design": extras[1] if len(extras) > 1 else None,
        "hurdle": hurdle.asked,
        "hurdle_shown": hurdle.shown,
        "passes": passes(hurdle.asked),
        "passes_hurdle_shown": passes(hurdle.asked) and passes(hurdle.shown),
    }
    return (bigger.name if report["passes"] else best.name), report


def _may_without_rail(one: Candidate) -> bool:
    return one.affordable is not False and not one.reference


def _extra(bigger: Candidate, other: Candidate) -> dict[str, Any]:
    """Return what an option costs and is worth to society beyond another."""
    cost = bigger.cost - other.cost
    value = bigger.value - other.value + cost
    return {
        "against": other.name,
        "extra_programme_cost": cost,
        "extra_social_value": value,
        "return_on_extra_pounds": ratio_of(value, cost),
    }


def shown(candidates: Sequence[Candidate], advised: str) -> str:
    """Return the option whose numbers are shown: the advised, or the best of the others."""
    others = [one for one in candidates if not one.comparator and not one.reference]
    if advised in [one.name for one in others]:
        return advised
    able = [one for one in others if one.may]
    return max(able or others, key=lambda one: one.value).name
