"""What each headline number rests on: how many inputs, of which grades, how many only recalled.

True incidents rest on what the model holds of people, abuse, services and the programme. Public
cost rests on the same and on every unit cost with a fiscal part; net present social value on all
unit costs. Levers and conventions are choices and count for nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dapp_model.economics import settings_of, tariff
from dapp_model.parameters import Inputs, Parameter, registry
from dapp_model.report import origins, sources, words
from dapp_model.report.document import DAGGER, Link, Words

MONEY_ONLY: Final = ("cost",)  # sections of the registry that price what happens, and no more
FISCAL: Final = ("cashable", "capacity")
WEAKEST: Final = "D"


@dataclass(frozen=True)
class Rests:
    """The inputs behind one number: by grade, and how many of them are recalled."""

    grades: Mapping[str, int]
    recalled: int

    @property
    def worst(self) -> str:
        """Return the worst grade."""
        return max(self.grades)

    @property
    def inputs(self) -> int:
        """Return how many inputs there are."""
        return sum(self.grades.values())

    @property
    def marked(self) -> bool:
        """Say whether the number carries a mark: something recalled, or of the lowest grade."""
        return self.recalled > 0 or self.worst == WEAKEST


def _counted(found: Iterable[tuple[str, str]]) -> Rests:
    every = list(found)
    grades = Counter(grade for grade, _ in every)
    recalled = sum(status == "recalled" for _, status in every)
    return Rests(dict(sorted(grades.items())), recalled)


def _believed(inputs: Inputs) -> list[Parameter]:
    held = (registry()[name] for name in inputs.values)
    return [one for one in held if one.role in ("evidence", "calibrated")]


def of_measures(inputs: Inputs) -> Mapping[str, Rests]:
    """Return what each of the three numbers of the first page rests on, by its measure."""
    beliefs = _believed(inputs)
    world = [(one.grade, one.status) for one in beliefs if one.name.split(".")[0] not in MONEY_ONLY]
    prices = [(one.grade, one.status) for one in beliefs if one.name.split(".")[0] in MONEY_ONLY]
    costs = tariff(settings_of(inputs.values).published)
    fiscal = [
        (cost.grade, cost.status)
        for cost in costs
        if any(part.tier in FISCAL and not part.zero for part in cost.parts)
    ]
    every = [(cost.grade, cost.status) for cost in costs]
    return {
        "true_incidents_averted": _counted(world),
        "net_public_cost": _counted([*world, *prices, *fiscal]),
        "net_present_social_value": _counted([*world, *prices, *every]),
    }


def _counts(rests: Rests, measure: str) -> tuple[float, float, float]:
    """Return how many inputs there are, are recalled and have the lowest grade, with places."""
    behind = f"{sources.INPUTS}:inputs behind {measure.replace('_', ' ')}"
    found = (rests.inputs, "all"), (rests.recalled, "recalled"), (rests.grades.get(WEAKEST, 0), "D")
    all_of_them, recalled, low = (origins.of(n, f"{behind}, {which}") for n, which in found)
    return all_of_them, recalled, low


def beside(rests: Rests, measure: str) -> Words:
    """Return what stands beside a number: its mark, worst grade, and where to look."""
    mark = f" {DAGGER}" if rests.marked else ""
    inputs, recalled, _ = _counts(rests, measure)
    share = f"{recalled} of {inputs} inputs recalled"
    return (Link(f"Grade {rests.worst}{mark}", "assumptions"), f" ({share})")


def on_pictures(inputs: Inputs, marks: Sequence[str]) -> list[str]:
    """Return what stands at the foot of a picture file: marks in short, and the dagger's meaning.

    `marks` are the standing sentences of the run.
    """
    said = words.on_pictures(marks)
    if of_measures(inputs)[sources.SOCIETY].marked:
        said.append(f"{DAGGER} Results rest on inputs that are recalled or of grade {WEAKEST}")
    return said


def note(rests: Rests) -> Words:
    """Say what the mark means."""
    inputs, recalled, low = _counts(rests, sources.SOCIETY)
    return (
        f"{DAGGER} Rests on inputs of grade {WEAKEST} ({low} of {inputs} behind the value "
        f"to society), among them {recalled} that are recalled: no page was found that says "
        "them. Each is in the ",
        Link("assumptions log", "assumptions"),
        " or among the ",
        Link("unit costs", "costs"),
        ".",
    )
