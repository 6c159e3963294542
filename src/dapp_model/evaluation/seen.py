"""The observation layer: what records and interviews show of what happened in a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model.study_designs import figure, pilot_figures
from dapp_model.world import DAY, YEAR

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.void]

MONTH: Final = YEAR // 12  # seconds
MONTHS_A_YEAR: Final = 12.0
_MOST_DAYS: Final = 2**18
_SPAN: Final = 2**34  # more seconds than any time or window has


class Tally:
    """When one kind of event happened to each of some people, for counting in windows."""

    def __init__(self, people: Ints, who: Ints, when: Ints) -> None:
        """Keep the events of `people` (sorted, unique); `who` and `when` (seconds) are events."""
        self.number = len(people)
        place = np.searchsorted(people, who)
        inside = place < len(people)
        inside[inside] = people[place[inside]] == who[inside]
        self._keys = np.sort(keys_of(place[inside], when[inside]))

    def between(self, begin: Ints, end: Ints) -> Ints:
        """Count each person's events from `begin` to before `end`, both seconds by person."""
        base = np.arange(self.number, dtype=np.int64) * _SPAN
        found = np.searchsorted(self._keys, base + end) - np.searchsorted(self._keys, base + begin)
        return np.asarray(found, dtype=np.int64)


@dataclass(frozen=True)
class Tallies:
    """What one world holds about some people: police records, true incidents, those of one case."""

    records: Tally
    incidents: Tally
    case_incidents: Tally


def keys_of(who: Ints, when: Ints) -> Ints:
    """Return numbers in the order of `who` (from 0), and of times (seconds) within each."""
    return np.asarray(who * _SPAN + when)


def records_of(rows: Rows) -> Rows:
    """Return the records, of one victim on one day the first alone, as the counts have it.

    In the order of time.
    """
    own = rows[rows["kind"] == ev.RECORD]
    own = own[np.argsort(own["time"], kind="stable")]
    days = (own["person"] * 16 + own["relationship"]) * _MOST_DAYS + own["time"] // DAY
    _, first = np.unique(days, return_index=True)
    return np.asarray(own[np.sort(first)])


def tallies(rows: Rows, people: Ints, cases: Ints, records: Rows | None = None) -> Tallies:
    """Return tallies of people (sorted, unique); `cases` is the case each is interviewed about.

    records: from `records_of`, for who has them already.
    """
    if records is None:
        records = records_of(rows)
    true = rows[rows["kind"] == ev.INCIDENT]
    place = np.clip(np.searchsorted(people, true["person"]), 0, max(0, len(people) - 1))
    of_case = true[true["relationship"] == cases[place]] if len(people) else true[:0]
    return Tallies(
        Tally(people, records["person"], records["time"]),
        Tally(people, true["person"], true["time"]),
        Tally(people, of_case["person"], of_case["time"]),
    )


# -- interviews -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interviews:
    """How much an interview of a victim shows; shares, and incidents a year."""

    recruited: float
    retained: float
    odds_if_abused: float
    disclosed: float
    most_a_year: float

    def known(self, incidents: Floats, months: float) -> Floats:
        """Return each victim's chance of being interviewed about a window of some months."""
        stays = self.retained ** (months / MONTHS_A_YEAR)
        odds = stays / max(1e-12, 1 - stays) * np.where(incidents > 0, self.odds_if_abused, 1.0)
        return np.asarray(self.recruited * odds / (1 + odds))

    def told(self, incidents: Floats, months: float) -> Floats:
        """Return what a victim who speaks of abuse reports: the incidents, up to the most."""
        return np.minimum(incidents, round(self.most_a_year * months / MONTHS_A_YEAR))


def interviews() -> Interviews:
    """Return the interviews of the data file."""
    found = pilot_figures()
    return Interviews(
        recruited=figure(found["recruited"]),
        retained=figure(found["retained"]),
        odds_if_abused=figure(found["odds_retained_if_abused"]),
        disclosed=figure(found["disclosed"]),
        most_a_year=figure(found["most_reported"]),
    )
