"""What happened to each participant before and after, and to people like them outside.

Columns of a pool are `<measure>_<window>_<world>`; measures are records, incidents (true, of all
victims) and case_incidents (true, of the victim interviewed). Windows of the follow-up begin at
the start, at the planned end, at the acceptance, or as long after the acceptance as the planned
end lies after it on average; the shorter window of a waiting list begins at the acceptance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import model
from dapp_model.evaluation.lives import NOT, WITHOUT, Lives
from dapp_model.evaluation.seen import (
    MONTH,
    Floats,
    Ints,
    Rows,
    Tallies,
    Tally,
    keys_of,
    records_of,
    tallies,
)
from dapp_model.study_designs import data_file, figure, pilot_figures

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.world import World

MEASURES: Final = ("records", "incidents", "case_incidents")
START, LANDMARK = "start", "landmark"  # from the start; from the planned end
ACCEPTED, ACCEPTED_LANDMARK, WAIT = "accepted", "accepted_landmark", "wait"
# As long after the referral as starts, and planned ends, lie after it on average.
REFERRED, REFERRED_LANDMARK = "referred", "referred_landmark"
MOST_RECORDS: Final = 3  # matched as three or more


def months(name: str) -> float:
    """Return a length of the data file in months."""
    return figure(pilot_figures()[name])


def study_months() -> tuple[float, ...]:
    """Return the lengths of follow-up from the start that studies may have, in months."""
    return tuple(float(n) for n in data_file()["sizes"]["follow_up_months"])


def window_of(months: float) -> str:
    """Return the name of the window from the start of some months."""
    return f"{START}_{months:g}"


def pool(lives: Lives) -> pd.DataFrame:
    """Return one row for each person referred: who they are, and their counts by window and world.

    Counts of a window that a person does not have are zero; the times say who has it.
    """
    import pandas as pd

    people = lives.people
    persons, cases = lives.persons, np.asarray(people["case"], dtype=np.int64)
    before, after = (
        round(months("before_months") * MONTH),
        round(months("follow_up_months") * MONTH),
    )
    started = people[people["started"] != NOT]
    lag = _mean(started["started"] - started["referred"])
    late = _mean(started["planned_end"] - started["referred"])
    on_average = _mean(started["planned_end"] - started["accepted"])
    begins: dict[str, Ints] = {
        START: _times(people, "started"),
        LANDMARK: _times(people, "planned_end"),
        ACCEPTED: _times(people, "accepted"),
        ACCEPTED_LANDMARK: _times(people, "accepted") + on_average,
        REFERRED: _times(people, "referred") + lag,
        REFERRED_LANDMARK: _times(people, "referred") + late,
    }
    windows = {name: (begin, begin + after) for name, begin in begins.items()}
    wait = round(months("wait_months") * MONTH)
    windows[WAIT] = (begins[ACCEPTED], begins[ACCEPTED] + wait)
    windows |= {
        window_of(n): (begins[START], begins[START] + round(n * MONTH)) for n in study_months()
    }
    columns: dict[str, Ints] = {}
    for world, rows in lives.rows.items():
        found = tallies(rows, persons, cases)
        for measure in MEASURES:
            tally: Tally = getattr(found, measure)
            for name, (begin, end) in windows.items():
                columns[f"{measure}_{name}_{world}"] = tally.between(begin, end)
    found = tallies(lives.rows[WITHOUT], persons, cases)
    referred = _times(people, "referred")
    for measure in MEASURES:
        # What led to the referral belongs to the time before it, even at the same second.
        tally = getattr(found, measure)
        columns[f"{measure}_before"] = tally.between(referred - before + 1, referred + 1)
    columns["lag"] = np.full(len(people), lag)
    columns["records_before_start"] = found.records.between(begins[START] - before, begins[START])
    columns["grade"] = latest_grade(records_of(lives.rows[WITHOUT]), persons, begins[START])
    levels: dict[str, Floats] = {}
    span = before / model.DAY, after / model.DAY
    for name, table in (("recording", _known), ("season", _season)):
        level = _Levels(table(lives.world))
        first = level(referred - before, span[0])
        for window in (START, LANDMARK, REFERRED, REFERRED_LANDMARK):
            levels[f"{name}_{window}"] = level(begins[window], span[1]) / first
    more = pd.DataFrame({**columns, **levels}, index=people.index)
    return pd.concat([people, more], axis=1)


def _times(people: pd.DataFrame, name: str) -> Ints:
    """Return times by person; who never came so far has that of the referral, and is not used."""
    return np.where(people[name] == NOT, people["referred"], people[name]).astype(np.int64)


def _mean(found: pd.Series[int]) -> int:
    return round(float(found.mean())) if len(found) else 0


def _known(world: World) -> Floats:
    """Return how likely a true incident was to happen and be recorded, by day."""
    days = world.days
    return np.asarray(days[model.D.SEASON] * days[model.D.REPORT] * days[model.D.RECORD])


def _season(world: World) -> Floats:
    return np.asarray(world.days[model.D.SEASON])


class _Levels:
    """The mean of a table by day over windows."""

    def __init__(self, table: Floats) -> None:
        self.total = np.concatenate([[0.0], np.cumsum(table)])

    def __call__(self, begin: Ints, days: float) -> Floats:
        first = (begin - model.ORIGIN) // model.DAY
        last = np.clip(first + round(days), 0, len(self.total) - 1)
        first = np.clip(first, 0, len(self.total) - 2)
        return np.asarray((self.total[last] - self.total[first]) / np.maximum(1, last - first))


def latest_grade(records: Rows, persons: Ints, when: Ints) -> Ints:
    """Return the risk grade of each person's latest record before a time; 0 if there is none.

    records: from `records_of`. Of records at the same second the last of them counts.
    """
    people, asked = np.unique(persons, return_inverse=True)
    known = records[np.isin(records["person"], people)]
    keys = keys_of(np.searchsorted(people, known["person"]), known["time"])
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], keys_of(asked, when))
    none = place == np.searchsorted(keys[order], keys_of(asked, np.zeros_like(when)))
    if not len(known):
        return np.zeros(len(persons), np.int64)
    grades = known["detail"][order].astype(np.int64)
    return np.where(none, 0, grades[np.maximum(place - 1, 0)])


# -- people outside the programme -----------------------------------------------------------------


def time_of_referrals(phase: model.Phase) -> tuple[int, int]:
    """Return from when, and until before when, people are referred; seconds."""
    return model.seconds(phase.start), model.seconds(phase.last_start)


def outside(rows: Rows, lives: Lives) -> tuple[pd.DataFrame, Tallies]:
    """Return people with a police record who were not referred, to match participants with.

    `rows` is a county without those whom the pilot can reach, or at least those who have a record
    in the time of referrals. The index date (`when`) of each lies
    as long after their first record in the time of referrals as starts lie after referrals on
    average; partners and former partners only, in the county and not in custody at the index date.
    With them what happened to them, and in the table their records in the time before and the
    grade of the latest.
    """
    import pandas as pd

    begin, end = time_of_referrals(lives.phase)
    started = lives.people[lives.people["started"] != NOT]
    lag = _mean(started["started"] - started["referred"])
    families = rows[(rows["kind"] == ev.RELATIONSHIP_START) & (rows["value"] == ev.FAMILY)]
    records = records_of(rows)
    keyed = records["person"] * 16 + records["relationship"]
    own = ~np.isin(keyed, families["person"] * 16 + families["relationship"])
    own &= (records["time"] >= begin) & (records["time"] < end)
    first = pd.DataFrame(
        {
            "person": records["person"][own],
            "case": records["relationship"][own].astype(np.int64),
            "when": records["time"][own] + lag,
        }
    )
    first = first.drop_duplicates("person").sort_values("person", ignore_index=True)
    first = first[~_away(rows, first)].reset_index(drop=True)
    persons = np.asarray(first["person"], dtype=np.int64)
    found = tallies(rows, persons, np.asarray(first["case"], dtype=np.int64), records)
    index = np.asarray(first["when"], dtype=np.int64)
    before = round(months("before_months") * MONTH)
    first = first.assign(
        records_before_start=found.records.between(index - before, index),
        grade=latest_grade(records, persons, index),
    )
    return first, found


def comparison(rows: Rows, lives: Lives) -> pd.DataFrame:
    """Return the people of `outside` with what each measure shows in each window."""
    import pandas as pd

    first, found = outside(rows, lives)
    index = np.asarray(first["when"], dtype=np.int64)
    started = lives.people[lives.people["started"] != NOT]
    after = round(months("follow_up_months") * MONTH)
    length = _mean(started["planned_end"] - started["started"])
    columns = {}
    for measure in MEASURES:
        tally: Tally = getattr(found, measure)
        for window, begins in ((START, index), (LANDMARK, index + length)):
            columns[f"{measure}_{window}_{WITHOUT}"] = tally.between(begins, begins + after)
        for n in study_months():
            until = index + round(n * MONTH)
            columns[f"{measure}_{window_of(n)}_{WITHOUT}"] = tally.between(index, until)
    return pd.concat([first, pd.DataFrame(columns, index=first.index)], axis=1)


def _away(rows: Rows, people: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Say who has gone, or is in custody, at their index date."""
    import pandas as pd

    gone = rows[rows["kind"] == ev.EXIT]
    held = rows[rows["kind"] == ev.CUSTODY_START]
    spans = pd.DataFrame(
        {
            "person": np.concatenate([gone["person"], held["person"]]),
            "from": np.concatenate([gone["time"], held["time"]]),
            "until": np.concatenate(
                [
                    np.full(len(gone), np.iinfo(np.int64).max),
                    held["time"] + held["value"].astype(np.int64) * model.DAY,
                ]
            ),
        }
    )
    both = people.assign(place=np.arange(len(people))).merge(spans, on="person")
    hit = both[(both["from"] <= both["when"]) & (both["until"] > both["when"])]
    away = np.zeros(len(people), np.bool_)
    away[np.unique(hit["place"].to_numpy(np.int64))] = True
    return away


def stratum(people: pd.DataFrame) -> Ints:
    """Return on what people are matched: records in the year before (0 to 3) and the grade."""
    records = np.minimum(people["records_before_start"].to_numpy(), MOST_RECORDS)
    return np.asarray(records * 3 + people["grade"].to_numpy(), dtype=np.int64)
