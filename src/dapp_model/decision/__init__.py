"""From what each option is worth in each draw to one advice, and how sure it is.

The rules are those of docs/design.md: the admissible option with the highest expected net present
social value against the comparator, over what is not known. Everything that the first page says
is in the dictionary that `decide` returns.
"""

from __future__ import annotations

from dapp_model.decision.curves import acceptability, curve_errors, highest_threshold
from dapp_model.decision.later import Later, Study
from dapp_model.decision.said import Evidence, decide
from dapp_model.decision.structural import Reading
from dapp_model.decision.worth import (
    COST,
    MEASURES,
    VALUE,
    VIEWS,
    Worth,
    by_repetition,
    gathering,
    monte_carlo_error,
    spread,
    worth,
)

__all__ = [
    "COST",
    "MEASURES",
    "VALUE",
    "VIEWS",
    "Evidence",
    "Later",
    "Reading",
    "Study",
    "Worth",
    "acceptability",
    "by_repetition",
    "curve_errors",
    "decide",
    "gathering",
    "highest_threshold",
    "monte_carlo_error",
    "spread",
    "worth",
]
