"""The rules by which one option is advised: pure functions on a few numbers of each option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dapp_model.decision.worth import ratio_of

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs


@dataclass(frozen=True)
class Candidate:
    """What the advice looks at of one option: expected value and programme cost in GBP.

    `affordable` is None where no ceiling is known. The comparator may always be chosen.
    """

    name: str
    value: float
    cost: float
    admissible: bool
    affordable: bool | None
    larger: bool
    comparator: bool

    @property
    def may(self) -> bool:
        """Say whether it may be chosen."""
        return self.comparator or (self.admissible and self.affordable is not False)


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
    """Return the option with the highest expected value, and how a larger budget fared."""
    able = [one for one in candidates if one.may or (not rail and one.affordable is not False)]
    value: Callable[[Candidate], float] = lambda one: one.value  # noqa: E731
    # The first in the file's order where several are equal.
    best = max((one for one in able if not one.larger or one.comparator), key=value)
    larger = [one for one in able if one.larger and not one.comparator]
    if not larger:
        return best.name, None
    bigger = max(larger, key=value)
    extra_cost = bigger.cost - best.cost
    extra_value = bigger.value - best.value + extra_cost
    returned = ratio_of(extra_value, extra_cost)
    passes = bigger.value > best.value and (returned is None or returned > hurdle.asked)
    report = {
        "option": bigger.name,
        "against": best.name,
        "extra_programme_cost": extra_cost,
        "extra_social_value": extra_value,
        "return_on_extra_pounds": returned,
        "hurdle": hurdle.asked,
        "hurdle_shown": hurdle.shown,
        "passes": passes,
        "passes_hurdle_shown": passes and (returned is None or returned > hurdle.shown),
    }
    return (bigger.name if passes else best.name), report


def shown(candidates: Sequence[Candidate], advised: str) -> str:
    """Return the option whose numbers are shown: the advised, or the best of the others."""
    others = [one for one in candidates if not one.comparator]
    if advised in [one.name for one in others]:
        return advised
    able = [one for one in others if one.may]
    return max(able or others, key=lambda one: one.value).name
