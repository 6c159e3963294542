"""What would change the advice: values of single parameters, and other ways of counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import switching
from dapp_model.decision import chance
from dapp_model.decision.chance import apart
from dapp_model.decision.known import FEWEST, NOT_ASSESSED, NOTHING_DRAWN
from dapp_model.decision.structural import Reading
from dapp_model.decision.worth import COST, PUBLIC_COST, VALUE, Worth, certain, nested
from dapp_model.economics.settings import HARM_ROUTES
from dapp_model.economics.summary import CASH, by_route
from dapp_model.report.names import ROUTES
from dapp_model.voi import over_replications

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Measures = Mapping[str, Floats]  # by name: [draw, repetition, option]

TRUE_ROUTE, LOW_ROUTE = ROUTES["true crimes"], ROUTES["recorded crimes"]
COUNT_ROUTE: Final = "count of recorded incidents"
RECORDED: Final = "recorded incidents averted, not GBP"
USED: Final = (
    VALUE, COST, "recorded_incidents_averted",
    *(by_route(one, route) for one in (VALUE, PUBLIC_COST, CASH) for route in HARM_ROUTES),
)  # fmt: skip


def switches(
    values: Floats, names: Sequence[str], parameters: pd.DataFrame | None
) -> dict[str, Any] | str:
    """Return at which value of each parameter alone the other of two options becomes better.

    `values` is [draw, repetition, option] in GBP: of the comparator and the option that is shown,
    since other options differ too little to be told apart by one parameter.
    """
    if parameters is None or len(values) < FEWEST or NOTHING_DRAWN in parameters:
        return NOT_ASSESSED
    found, never = switching.switching_values(values, parameters)
    return {
        "between": list(names),
        "values": [{**asdict(one), "becomes": names[one.becomes]} for one in found],
        "never_alone": len(never),
    }


def flip_rows(
    options: Sequence[str],
    able: Sequence[int],
    found: Mapping[str, Worth],
    readings: Sequence[Reading],
    *,
    own: tuple[str, str],
    advised: str,
) -> list[dict[str, Any]]:
    """Return the best option by perspective, harm route and reading of a repeat, row by row.

    `own` are the run's reading and harm route, by which the advice is what it is: it looks at the
    hurdle for larger budgets too. Elsewhere a row differs where its option is not the advised one,
    and in other readings only where it is not the best of the run's own reading on the same draws
    either. No rows from a single draw, which tells nothing apart.
    """
    if len(next(iter(found.values())).serious_averted) < 2:
        return []
    reading, route = own
    by_reading = {reading: found, **{one.name: one.found for one in readings}}
    measures = {
        name: {used: nested(options, worth, used) for used in USED}
        for name, worth in by_reading.items()
    }
    rows = [
        _plain(row)
        for row in flips(
            measures,
            options,
            able,
            (route, advised),
            without_luck=True,
            still=certain(options, found),
        ).to_dict("records")
    ]
    fewest = min(len(one[VALUE]) for one in measures.values())
    alike = {reading: {used: values[:fewest] for used, values in measures[reading].items()}}
    usual = {
        (row["perspective"], row["harm_route"]): row["option"]
        for row in map(_plain, flips(alike, options, able, (route, advised)).to_dict("records"))
    }
    for row in rows:
        way = row["perspective"], row["harm_route"]
        headline = way == ("social", ROUTES[route])
        # On the run's own draws nothing else is advised, on its first ones only by luck.
        same = headline and (row["reading"] == reading or usual[way] == row["option"])
        row["differs"] = row["option"] != advised and not same
    return rows


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON can hold it: what is not a number is None."""
    return {str(key): None if value != value else value for key, value in row.items()}


def flips(
    measures: Mapping[str, Measures],
    options: Sequence[str],
    able: Sequence[int],
    usual: tuple[str, str],
    *,
    without_luck: bool = False,
    still: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return the best option by perspective, harm route and reading, and by a police count.

    Best of those that may be chosen (`able`); how likely it is best is told as in the table of
    options, with luck taken out of all options together where draws allow it and it is asked for.
    `measures` holds those of USED by reading; `usual` are the headline's harm route and the advised
    option, the first reading is its reading, and `still` [draw, option] says where in it there is
    no luck (`worth.certain`). `behind` is by how much the advised option is worth less than the
    best, with its error, and `apart_from_advice` whether that is beyond noise. What the NHS does
    for victims goes by the route too, so fiscal values do. The count of recorded incidents averted
    is an illustration: it rewards silence.
    """
    route, advised = usual
    cases: dict[switching.Case, Floats] = {}
    for reading, own in measures.items():
        for each in (route, *(one for one in HARM_ROUTES if one != route)):
            value, cost, cash = (own[by_route(n, each)] for n in (VALUE, PUBLIC_COST, CASH))
            cases["social", ROUTES[each], reading] = value
            cases["fiscal", ROUTES[each], reading] = -cost
            cases["cashable", ROUTES[each], reading] = cash - own[COST]
        cases[RECORDED, COUNT_ROUTE, reading] = own["recorded_incidents_averted"]
    headline = ("social", ROUTES[route], next(iter(measures)))
    places = list(able)

    def chances(case: switching.Case, chosen: int) -> tuple[float, float | None]:
        own = still[:, places] if still is not None and case[2] == headline[2] else None
        sure = apart(cases[case][:, :, places], own)
        one = chance.of_options(sure, [True] * len(places))[chosen]
        return float(one["chance_best"] or 0.0), one["chance_best_monte_carlo_error"]

    found = switching.flip_map(
        {case: values[:, :, places] for case, values in cases.items()},
        [options[i] for i in places],
        headline=headline,
        illustrations=(COUNT_ROUTE,),
        chances=chances if without_luck else None,
    )
    names = list(options)
    leads = [
        over_replications(values[:, :, names.index(best)] - values[:, :, names.index(advised)])
        for best, values in zip(found["option"], cases.values(), strict=True)
    ]
    found["behind"] = [float(lead.mean()) for lead in leads]
    found["behind_monte_carlo_error"] = [chance.error(lead) for lead in leads]
    found["apart_from_advice"] = [_apart(lead) for lead in leads]
    return found


def _apart(lead: Floats) -> bool:
    return chance.beyond_noise(float(lead.mean()), chance.error(lead))
