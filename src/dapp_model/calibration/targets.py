"""Read off a simulated county what the targets are about, by the definitions of the reports.

Counts by year come from the fold of `dapp_model.definitions`; what needs a history comes from the
same rows, records of one victim on one day counted once, as there.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import model
from dapp_model.outcomes import Outcomes

YEAR: Final = 2014  # the baseline year 2014/15
BEGINS: Final = model.seconds(dt.date(YEAR, 4, 1))
ENDS: Final = model.seconds(dt.date(YEAR + 1, 4, 1))  # nothing later is simulated for the bank
RECORD_BEGINS: Final = model.seconds(dt.date(2009, 4, 1))
CRIME_INTAKE_BEGINS: Final = model.seconds(dt.date(2010, 1, 1))
FESTIVE_FROM: Final = 2010  # winters from 2010/11 on; the source has the three up to it
HOMICIDE_YEARS: Final = 5
CASES_PER_PERSON: Final = 16  # more than the cases that one perpetrator can have
FEW: Final = 1e-4  # a share is held this far from 0 and 1, so that its log odds exist

Times = npt.NDArray[np.int64]
_DATA: Final = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Records:
    """Recorded incidents, those of one victim on one day once.

    time in s, who, which case, offence (9: no crime). Sorted by case and time; as in
    `definitions.fold`, the first record of the day stands for it.
    """

    time: Times
    person: Times
    case: Times
    offence: Times

    @classmethod
    def of(cls, rows: npt.NDArray[np.void]) -> Records:
        """Return the recorded incidents among a county's rows."""
        own = rows[rows["kind"] == ev.RECORD]
        case = case_of(own)
        order = np.lexsort((own["time"], case))
        own, case = own[order], case[order]
        day = own["time"] // model.DAY
        first = np.ones(len(own), bool)
        first[1:] = (case[1:] != case[:-1]) | (day[1:] != day[:-1])
        own = own[first]
        return cls(own["time"], own["person"], case[first], own["value"].astype(np.int64))

    @property
    def crime(self) -> npt.NDArray[np.bool_]:
        """Say which records are crimes."""
        return np.asarray(self.offence != ev.NONE, dtype=np.bool_)

    def at(self, chosen: npt.NDArray[Any]) -> Records:
        """Return some of the records (a mask), or the records in another order (indices)."""
        return Records(
            self.time[chosen], self.person[chosen], self.case[chosen], self.offence[chosen]
        )

    def between(self, begins: int, ends: int) -> Records:
        """Return the records from one moment up to another."""
        return self.at((self.time >= begins) & (self.time < ends))


@dataclass(frozen=True)
class Followed:
    """Perpetrators followed from a first record: days to the next (infinite if there is none).

    `other` says whether the next record has another victim.
    """

    gap: npt.NDArray[np.float64]
    other: npt.NDArray[np.bool_]

    def share_within(self, days: int) -> float:
        """Return the share with a next record within so many days."""
        return _mean(self.gap <= days)


def case_of(rows: npt.NDArray[np.void]) -> Times:
    """Return one number for each case: a perpetrator and one of their relationships."""
    return np.asarray(rows["person"] * CASES_PER_PERSON + rows["relationship"], dtype=np.int64)


def follow(records: Records, begins: int, days: int) -> Followed:
    """Follow all whose first record since `begins` lies at least `days` before the end."""
    since = records.between(begins, ENDS)
    since = since.at(np.lexsort((since.time, since.person)))
    same = since.person[1:] == since.person[:-1]
    first = np.concatenate([[True], ~same]) if len(since.time) else np.zeros(0, bool)
    gap = np.full(len(since.time), np.inf)
    gap[:-1][same] = np.diff(since.time)[same] / model.DAY
    other = np.zeros(len(since.time), bool)
    other[:-1] = same & (since.case[1:] != since.case[:-1])
    intake = first & (since.time < ENDS - days * model.DAY)
    return Followed(gap[intake], other[intake])


@dataclass(frozen=True)
class County:
    """A simulated county up to the end of the baseline year: counts, rows, share of the people."""

    outcomes: Outcomes
    rows: npt.NDArray[np.void]
    records: Records
    share: float

    @classmethod
    def of(cls, outcomes: Outcomes, rows: npt.NDArray[np.void], share: float) -> County:
        """Return a county from its counts and rows."""
        return cls(outcomes, rows, Records.of(rows), share)

    def count(self, measure: str, year: int = YEAR) -> float:
        """Return one measure of one financial year as it was counted, not scaled up."""
        return float(self.outcomes.of(measure)[year - self.outcomes.first_year])

    def whole(self, measure: str, year: int = YEAR) -> float:
        """Return one measure of one financial year for the whole county; half of one at least."""
        return max(self.count(measure, year), 0.5) / self.share

    def ratio(self, above: str, below: str, year: int = YEAR) -> float:
        """Return one measure over another."""
        return self.count(above, year) / max(self.count(below, year), 0.5)


def _mean(values: npt.NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _children_on_plan(county: County) -> float:
    plans = county.rows[county.rows["kind"] == ev.CHILD_PLAN]
    lasts_to = plans["time"] + plans["detail"].astype(np.int64) * model.DAY
    return max(float(plans["value"][lasts_to >= ENDS].sum()), 0.5) / county.share


def _no_repeat(county: County) -> float:
    window = county.records.between(RECORD_BEGINS, BEGINS)
    _, per_victim = np.unique(window.case, return_counts=True)
    return _mean(per_victim == 1)


def _no_later_crime(county: County) -> float:
    crimes = county.records.at(county.records.crime)
    return 1 - follow(crimes, CRIME_INTAKE_BEGINS, 731).share_within(731)


def _repeat_three_years(county: County) -> float:
    return follow(county.records, RECORD_BEGINS, 1096).share_within(1096)


def _new_partner(county: County) -> float:
    found = follow(county.records, RECORD_BEGINS, 1096)
    return _mean(found.other[found.gap <= 1096])


def _in_six_months(county: County) -> float:
    found = follow(county.records, RECORD_BEGINS, 1096)
    return found.share_within(183) / max(found.share_within(913), FEW)


def _to_violence(*offences: str) -> Callable[[County], float]:
    """Return a reader of recorded offences over violence against the person, as it was in 2014."""

    def read(county: County) -> float:
        violence = sum(
            county.count(f"recorded.{name}")
            for name in ("violence_with_injury", "violence_without_injury", "stalking", "homicide")
        )
        own = sum(county.count(f"recorded.{name}") for name in offences)
        return max(own, 0.5) / max(violence, 0.5)

    return read


@cache
def harm_weights() -> npt.NDArray[np.float64]:
    """Return days of harm by behaviour, nothing for what is no crime; from harm_weights.csv."""
    with (_DATA / "harm_weights.csv").open(encoding="utf-8", newline="") as file:
        found = {row["behaviour"]: float(row["days"]) for row in csv.DictReader(file)}
    return np.array([found.get(name, 0.0) for name in ev.BEHAVIOURS])


def _carriers(owner: Times, harm: npt.NDArray[np.float64], part: float) -> float:
    """Return the smallest share of owners who carry this part of the harm."""
    if not len(owner):
        return 0.0
    _, index = np.unique(owner, return_inverse=True)
    total = np.sort(np.bincount(index, weights=harm))[::-1]
    reached = np.searchsorted(np.cumsum(total), part * total.sum()) + 1
    return float(reached) / len(total)


def _harm_of_perpetrators(county: County) -> float:
    crimes = county.records.at(county.records.crime).between(CRIME_INTAKE_BEGINS, ENDS)
    return _carriers(crimes.person, harm_weights()[crimes.offence], 0.9)


def _harm_of_victims(county: County) -> float:
    window = county.records.between(RECORD_BEGINS, BEGINS)
    return _carriers(window.case, harm_weights()[window.offence], 0.8)


def _festive(county: County) -> float:
    begins = model.seconds(dt.date(FESTIVE_FROM, 4, 1))
    time = county.records.between(begins, ENDS).time
    dates = (time // model.DAY).astype("datetime64[D]")
    days = np.arange(begins // model.DAY, ENDS // model.DAY).astype("datetime64[D]")

    def festive(when: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        month = when.astype("datetime64[M]").astype(np.int64) % 12 + 1
        day = (when - when.astype("datetime64[M]")).astype(np.int64) + 1
        return np.asarray(((month == 12) & (day >= 17)) | ((month == 1) & (day <= 4)))

    within, all_days = festive(dates), festive(days)
    rate = within.sum() / all_days.sum()
    other = (~within).sum() / (~all_days).sum()
    return float(rate / max(other, FEW))


def _children_per_case(county: County) -> float:
    rows = county.rows
    cases = rows[rows["kind"] == ev.RELATIONSHIP_START]
    children = dict(zip(case_of(cases).tolist(), (cases["detail"] & 3).tolist(), strict=True))
    begins = model.seconds(dt.date(YEAR - 1, 4, 1))
    own = rows[(rows["kind"] == ev.OUTREACH_START) & (rows["time"] >= begins)]
    own = own[own["time"] < BEGINS]
    return _mean(np.array([children.get(case, 0) for case in case_of(own).tolist()]))


def _homicides(county: County) -> float:
    years = range(YEAR - HOMICIDE_YEARS + 1, YEAR + 1)
    killed = sum(county.count("true.homicide", year) for year in years)
    return 1000 * max(killed, 0.5) / sum(county.count("recorded.incidents", y) for y in years)


@dataclass(frozen=True)
class Reader:
    """How one figure is read off a county, and on which scale it is compared.

    scale: log or logit. `counts` says that the figure is in proportion to the people who begin to
    abuse; all others do not depend on their number. `learnt` says that the emulator learns it.
    """

    read: Callable[[County], float]
    scale: str
    words: str
    counts: bool = False
    learnt: bool = True


def _per(above: str, below: str) -> Callable[[County], float]:
    return lambda county: county.ratio(above, below)


def _of(measure: str, year: int = YEAR) -> Callable[[County], float]:
    return lambda county: county.whole(measure, year)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "recorded_incidents": Reader(
            _of("recorded.incidents"),
            "log",
            "records of 2014/15; those of one victim on one day count once",
            counts=True,
        ),
        "repeat_share_a": Reader(
            _per("recorded.repeat_a", "recorded.incidents"),
            "logit",
            "records whose victim already has one in the same financial year",
        ),
        "repeat_share_b": Reader(
            _per("recorded.repeat_b", "recorded.incidents"),
            "logit",
            "records whose victim has one at most 365 days before",
        ),
        "repeat_share_c": Reader(
            _per("recorded.repeat_c", "recorded.incidents"),
            "logit",
            "records whose victim has one ever before, back to 1 April 2009",
        ),
        "marac_referrals": Reader(
            _of("marac.referrals"), "log", "MARAC referrals of 2014/15", counts=True
        ),
        "marac_repeats": Reader(
            _of("marac.repeats"),
            "log",
            "MARAC referrals of 2014/15 whose last hearing was at most 365 days before",
            counts=True,
        ),
        "marac_repeats_ever": Reader(
            _of("marac.repeats_ever"),
            "log",
            "MARAC referrals of 2014/15 of cases ever heard before",
            counts=True,
        ),
        "children_on_plan": Reader(
            _children_on_plan, "log", "plans in force at the end of 31 March 2015", counts=True
        ),
        "growth": Reader(
            lambda c: (
                c.count("recorded.incidents") / max(c.count("recorded.incidents", YEAR - 1), 0.5)
            ),
            "log",
            "records of 2014/15 over those of 2013/14",
        ),
        "true_victims": Reader(
            _of("true.victims"),
            "log",
            "cases with a true incident of any kind in 2014/15",
            counts=True,
        ),
        "true_incidents": Reader(
            _of("true.incidents"), "log", "true incidents of 2014/15", counts=True
        ),
        "told_police": Reader(
            _per("recorded.victims", "true.victims"),
            "logit",
            "victims with a record in 2014/15 over cases with a true incident in it",
        ),
        "crime_share": Reader(
            lambda c: 1 - c.ratio("recorded.non_crime", "recorded.incidents"),
            "logit",
            "records of 2014/15 that are crimes",
        ),
        "outreach_starts": Reader(
            _of("services.outreach", YEAR - 1),
            "log",
            "starts of outreach support in 2013/14 that follow a record",
            counts=True,
        ),
        "no_repeat_five_years": Reader(
            _no_repeat,
            "logit",
            "of the cases on record from April 2009 to March 2014, those with exactly one record",
        ),
        "no_later_crime": Reader(
            _no_later_crime,
            "logit",
            "perpetrators from their first recorded crime since 2010 without another in 731 days, "
            "any victim",
        ),
        "repeat_three_years": Reader(
            _repeat_three_years,
            "logit",
            "perpetrators from their first record since April 2009 with another in 1,096 days",
        ),
        "new_partner_share": Reader(
            _new_partner, "logit", "of those repeats, the share against another victim"
        ),
        "repeats_in_six_months": Reader(
            _in_six_months, "logit", "first repeats within 183 days over those within 913"
        ),
        "harm_concentration": Reader(
            _harm_of_perpetrators,
            "logit",
            "fewest perpetrators who carry 90% of the harm of crimes recorded from 2010",
        ),
        "mix_damage": Reader(
            _to_violence("damage"), "log", "damage over violence against the person, records"
        ),
        "mix_sexual": Reader(
            _to_violence("rape", "other_sexual"),
            "log",
            "sexual offences over violence against the person, records",
        ),
        "mix_public_order": Reader(
            _to_violence("public_order"), "log", "public order over violence against the person"
        ),
        # What the fit does not use is read off whole counties alone.
        "level_2013_14": Reader(
            _of("recorded.incidents", YEAR - 1),
            "log",
            "records of 2013/14",
            counts=True,
            learnt=False,
        ),
        "festive": Reader(
            _festive,
            "log",
            "records a day from 17 December to 4 January over other days, from April 2010",
            learnt=False,
        ),
        "children_per_case": Reader(
            _children_per_case,
            "log",
            "children of the cases that start outreach in 2013/14",
            learnt=False,
        ),
        "homicides": Reader(
            _homicides, "log", "homicides per 1,000 records, five years to 2014/15", learnt=False
        ),
        "convictions": Reader(
            _per("police.convictions", "recorded.incidents"),
            "log",
            "convictions of 2014/15 over records of 2014/15",
            learnt=False,
        ),
        "harm_80_victims": Reader(
            _harm_of_victims,
            "logit",
            "fewest victims who carry 80% of recorded harm, April 2009 to March 2014",
            learnt=False,
        ),
    }
)
LEARNT: Final = tuple(name for name, reader in READERS.items() if reader.learnt)
COUNTED: Final = np.array([READERS[name].counts for name in LEARNT])
ON_LOG: Final = np.array([READERS[name].scale == "log" for name in LEARNT])


def read_all(county: County) -> dict[str, float]:
    """Return every figure of a county by the name of its reader, in natural units."""
    return {name: reader.read(county) for name, reader in READERS.items()}


def to_scale(value: Any, scale: str) -> Any:
    """Return a figure on its scale: the logarithm, or the log odds of a share."""
    if scale == "log":
        return np.log(value)
    share = np.clip(value, FEW, 1 - FEW)
    return np.log(share / (1 - share))


def from_scale(x: Any, scale: str) -> Any:
    """Return a figure in natural units: the inverse of `to_scale`."""
    return np.exp(x) if scale == "log" else 1 / (1 + np.exp(-np.asarray(x)))


def slope(value: float, scale: str) -> float:
    """Return how fast the scale moves with the figure: a standard error times this is one on it."""
    return 1 / value if scale == "log" else 1 / (value * (1 - value))
