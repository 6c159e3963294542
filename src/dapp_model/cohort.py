"""Victim-years free of abuse, in a cohort that is the same whatever the option.

The cohort is everybody referred under any of the options compared, from the day of the first
referral under any of them; its victims are those of the cases that go on on that day. Until then
lives are the same under all options, so the cohort is fixed before they differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import model

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

COLUMNS = ("option", "year", "victim_years", "free", "free_without_contact", "victims_killed")


def victim_years(inputs: Inputs, *, seed: int, replicate: int, years: int = 5) -> pd.DataFrame:
    """Count victim-years free of true abuse by option and year since the index date.

    Only options that differ from the comparator in the programme alone are compared. Returns
    columns COLUMNS: year 1 is the first year from the index date; `free` had no true incident with
    the victim alive throughout and contact possible; `free_without_contact` had none either, but
    the case had ended or the perpetrator was in custody for part of it.
    """
    from dapp_model.engines import fast, together

    worlds = model.tabulate_all(inputs)
    base = worlds[inputs.options[0]]
    family = [world for world in worlds.values() if world.same_county(base)]
    people = fast.take_census(family, seed, replicate).people
    logs = {w.option: together.live_together(w, people, seed, replicate) for w in family}
    return count_victim_years(logs, base.horizon, years)


def count_victim_years(
    logs: Mapping[str, npt.NDArray[np.void]], horizon: int, years: int
) -> pd.DataFrame:
    """Count from rows by option (ROW, any order); `horizon` in seconds ends the window."""
    import pandas as pd

    index: dict[int, int] = {}
    for rows in logs.values():
        for row in rows[rows["kind"] == ev.REFERRAL]:
            person, time = int(row["person"]), int(row["time"])
            index[person] = min(time, index.get(person, time))
    found = []
    for option, rows in logs.items():
        counts = np.zeros((years, 4), np.int64)
        order = np.argsort(rows["person"], kind="stable")
        ordered = rows[order]
        starts = np.searchsorted(ordered["person"], list(index))
        ends = np.searchsorted(ordered["person"], list(index), side="right")
        for (_, when), a, z in zip(index.items(), starts, ends, strict=True):
            counts += _of_person(ordered[a:z], when, horizon, years)
        found += [(option, k + 1, *counts[k].tolist()) for k in range(years)]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _of_person(
    rows: npt.NDArray[np.void], when: int, horizon: int, years: int
) -> npt.NDArray[np.int64]:
    """Count one perpetrator's victims: [year, (victim-years, free, without contact, killed)]."""
    counts = np.zeros((years, 4), np.int64)
    begun = rows[(rows["kind"] == ev.RELATIONSHIP_START) & (rows["time"] <= when)]
    ended = rows[rows["kind"] == ev.RELATIONSHIP_END]
    held = [
        (int(r["time"]), int(r["time"]) + int(r["value"]) * model.DAY)
        for r in rows[rows["kind"] == ev.CUSTODY_START]
    ]
    for case in begun["relationship"]:
        own_end = ended[ended["relationship"] == case]
        end = int(own_end["time"][0]) if len(own_end) else horizon
        if end <= when:
            continue
        own = rows[(rows["kind"] == ev.INCIDENT) & (rows["relationship"] == case)]
        times = own["time"]
        deaths = times[own["value"] == ev.HOMICIDE]
        killed = int(deaths[0]) if len(deaths) else horizon + 1
        for k in range(years):
            a, z = when + k * model.YEAR, when + (k + 1) * model.YEAR
            if z > horizon or killed < a:
                break
            counts[k, 0] += 1
            counts[k, 3] += killed < z
            if not ((times >= a) & (times < z)).any():
                apart = end < z or any(start < z and stop > a for start, stop in held)
                counts[k, 2 if apart else 1] += 1
    return counts
