"""What a fall from before to after is made of: the parts add up to the whole, person by person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.evaluation import outcomes as out
from dapp_model.evaluation.designs import RECORDED, months_of
from dapp_model.evaluation.lives import NOT, QUIET, WITH, WITHOUT
from dapp_model.evaluation.seen import interviews

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

WHOLE: Final = "the whole fall"
PARTS: Final = (
    "regression to the mean",
    "selection",
    "secular change",
    "reporting change",
    "programme",
    "who is left to ask",
)
RESAMPLES: Final = 200
# The window of everybody referred that lies as late as that of those who start.
ALL_REFERRED: Final = {out.START: out.REFERRED, out.LANDMARK: out.REFERRED_LANDMARK}


def split(pool: pd.DataFrame, window: str, basis: str, *, seed: int = 1) -> pd.DataFrame:
    """Return the fall of those who start, per person, and its parts with standard errors.

    Regression to the mean is the fall of everybody referred without the programme, growth and
    season taken out; selection is by how much that of those who start differs from it; secular
    change is what growth and season add (below zero: they raise what is counted); reporting change
    is what the programme's effect on reporting adds; programme is what it changes in abuse. An
    interview is only of those who are left to ask. Rows are WHOLE and PARTS, and before and after.
    """
    import pandas as pd

    people = {name: pool[name].to_numpy() for name in _needed(pool, window, basis)}
    rng = np.random.default_rng(seed)
    found = _parts(people, window, basis)
    again = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(0, len(pool), len(pool))
        some = {name: column[chosen] for name, column in people.items()}
        if (some["started"] != NOT).any():
            again.append(list(_parts(some, window, basis).values()))
    error = np.std(again, axis=0) if again else np.full(len(found), np.nan)
    table = pd.DataFrame({"per_person": found.values(), "standard_error": error}, index=list(found))
    whole = found[WHOLE]
    table["share_of_fall"] = [
        value / whole if whole and name in (WHOLE, *PARTS) else np.nan
        for name, value in found.items()
    ]
    table.index.name = "part"
    return table


def _needed(pool: pd.DataFrame, window: str, basis: str) -> list[str]:
    measure, level = _names(basis)
    return [
        "started",
        f"{measure}_before",
        *(f"{measure}_{window}_{world}" for world in (WITH, QUIET, WITHOUT)),
        f"{measure}_{ALL_REFERRED[window]}_{WITHOUT}",
        f"{level}_{window}",
        f"{level}_{ALL_REFERRED[window]}",
    ]


def _names(basis: str) -> tuple[str, str]:
    return ("records", "recording") if basis == RECORDED else ("case_incidents", "season")


def _parts(people: dict[str, npt.NDArray[np.int64]], window: str, basis: str) -> dict[str, float]:
    measure, level = _names(basis)
    started = people["started"] != NOT
    months = months_of(window)
    asked = interviews()

    def told(name: str) -> Floats:
        counts = people[name].astype(np.float64)
        return counts if basis == RECORDED else asked.disclosed * asked.told(counts, months)

    before = told(f"{measure}_before")
    with_it, quiet, without = (
        told(f"{measure}_{window}_{world}") for world in (WITH, QUIET, WITHOUT)
    )
    referred = told(f"{measure}_{ALL_REFERRED[window]}_{WITHOUT}")
    own_level, all_level = people[f"{level}_{window}"], people[f"{level}_{ALL_REFERRED[window]}"]
    everybody = float(before.mean() - (referred / all_level).mean())
    own = started
    steady = float((without[own] / own_level[own]).mean())
    starters = float(before[own].mean()) - steady
    known = np.ones(len(before))
    if basis != RECORDED:
        known = asked.known(people[f"{measure}_{window}_{WITH}"].astype(np.float64), months)
    left = known[own] / known[own].sum()
    first, last = float((left * before[own]).sum()), float((left * with_it[own]).sum())
    all_fall = float((before[own] - with_it[own]).mean())
    return {
        "before": first,
        "after": last,
        WHOLE: first - last,
        "regression to the mean": everybody,
        "selection": starters - everybody,
        "secular change": steady - float(without[own].mean()),
        "reporting change": float((quiet[own] - with_it[own]).mean()),
        "programme": float((without[own] - quiet[own]).mean()),
        "who is left to ask": (first - last) - all_fall,
    }
