"""What a number's place in the run's files is in words, and on which evidence it rests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dapp_model.report.names import FUNDERS
from dapp_model.report.origins import WHICH

INCIDENTS, PUBLIC, SOCIETY = (
    "true_incidents_averted",
    "net_public_cost",
    "net_present_social_value",
)
HOW: Final = "how the run was made"
CHOSEN: Final = "a choice, in inputs.toml"
COUNTED: Final = "a count of inputs"
PUBLISHED: Final = "a published count"

DECISION: Final = "decision.json"
INPUTS: Final = "inputs.toml"
OUTCOMES: Final = "outcomes.csv"
ACCOUNT: Final = "account.csv"

# The first that fits says what a number rests on; what fits none rests on everything.
_RULES: Final = tuple(
    (re.compile(pattern), basis)
    for pattern, basis in (
        (r"^inputs\.toml:inputs behind", COUNTED),
        (r"^calibration/.*\.counted$", PUBLISHED),
        (r"^calibration/", INCIDENTS),
        (r"^inputs\.toml:", CHOSEN),
        # How far more draws could move a number says nothing of what the number rests on.
        (r"(monte_carlo|standard|chance)_error\b|error_by_replications", HOW),
        (r"(^|[:.])(draws|replications|\w+_draws|seed|effective_draws|weight)$", HOW),
        (r":(posterior|population_share|intervals)\b|\.reason$|:structural\.axes$", HOW),
        (r":views\b.*\.words$", CHOSEN),
        (r":guard_rail\.|\.(hurdle|contract_sum|evaluated_people)$|optimism_cut$", CHOSEN),
        (r"\.learning\.figures|:learning\.figures|:outcomes|^outcomes\.csv|ledger", INCIDENTS),
        (r"serious_harm|chance_of_rise_beyond_margin|victim_years_averted|homicides", INCIDENTS),
        (r"_incidents_averted\b|\.(starts|assessments|completions)\.", INCIDENTS),
        (r":three_numbers\[0\]", INCIDENTS),
        (r"net_public_cost|fiscal|cashable|programme_cost|police_bill|^account", PUBLIC),
        (r":three_numbers\[1\]|:money\.\w+\.(public|funders|contract|year_ends)\b", PUBLIC),
        (r":acceptability\.", PUBLIC),
    )
)
# How the last step of a place is called, where the step itself does not say it.
_ENDS: Final[Mapping[str, str]] = {
    "low": "lower end of the 90% interval",
    "high": "upper end of the 90% interval",
    "low50": "lower end of the 50% interval",
    "high50": "upper end of the 50% interval",
    "net_low": "net, lower end of the 90% interval",
    "net_high": "net, upper end of the 90% interval",
    "evpi": "knowing everything",
    "evppi": "value of knowing it",
    "monte_carlo_error": "Monte Carlo error",
    "standard_error": "Monte Carlo error",
    "chance_error": "Monte Carlo error of the chance",
}
_SILENT: Final = frozenset({"options", "measures", "parts", "axes", "values", "three_numbers"})
_STEP: Final = re.compile(r'"([^"]*)"|(\w+)|\[(\d+)\]')
_NAMES: Final = ("label", "part", "funder", "parameter", "section", "name", "financial_year")


def basis(place: str) -> str:
    """Return on what a number at a place rests: a measure of page one, or why on no evidence."""
    return next((found for pattern, found in _RULES if pattern.search(place)), SOCIETY)


def meaning(place: str, decision: Mapping[str, Any]) -> str:
    """Return in words what stands at a place."""
    file, _, at = place.partition(":")
    if file != DECISION:
        return at.replace("_", " ") or "how many there are"
    at, _, which = at.partition(WHICH)
    here: Any = decision
    said: list[str] = []
    for quoted, key, number in _STEP.findall(at):
        if number:
            here = here[int(number)]
            said.append(_named(here, int(number), decision))
            continue
        step = quoted or key
        here = here[step]
        if step not in _SILENT:
            said.append(_ENDS.get(step) or _option(step, decision) or step.replace("_", " "))
    return ", ".join(part for part in (*said, which) if part)


def _named(here: Any, number: int, decision: Mapping[str, Any]) -> str:
    """Return what an entry of a list is called."""
    if isinstance(here, Mapping):
        found = next((here[key] for key in _NAMES if isinstance(here.get(key), str)), None)
        if found is not None:
            return _option(found, decision) or str(FUNDERS.get(found, found))
    return f"number {number + 1}"


def _option(step: str, decision: Mapping[str, Any]) -> str:
    """Return an option's label if the step is its name."""
    found = (one["label"] for one in decision["options"] if one["name"] == step)
    return str(next(found, ""))
