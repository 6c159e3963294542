"""Does every count follow its definition: hand-made rows, edges of a year, sums over groups?"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from dapp_model import events as ev
from dapp_model.engines import simulate
from dapp_model.events import ROW, EventLog, in_order
from dapp_model.experiment import evaluate_options
from dapp_model.outcomes import GROUPS, MEASURES, UNITS, Outcomes, measure
from dapp_model.scenario import load

PILOT = Path(__file__).parents[1] / "scenarios" / "surrey_pilot.toml"
DAY = 86_400


def at(date: str) -> int:
    """Return a moment as seconds since 1970-01-01."""
    return int(np.datetime64(date, "s").astype(np.int64))


def row(
    date: str,
    kind: int,
    value: int = 0,
    detail: int = 0,
    *,
    rel: int = 1,
    person: int = 1,
    ordinal: int = 0,
) -> tuple[int, int, int, int, int, int, int]:
    """Return one row of a log, in the order of its fields."""
    return at(date), person, ordinal, value, detail, kind, rel


@cache
def pilot() -> Any:
    """Return the inputs whose dates the counts use: years from 2002/03, record from 2009-04-01."""
    return load(PILOT)


def count(*rows: tuple[int, ...], code: int = 0, children: int = 0) -> Outcomes:
    """Count rows of persons 1 and 2, each with two cases that began on 1 May 2008.

    code: sex, age band and needs of person 1; children: in their first household.
    """
    start = "2008-05-01"
    first = [
        row(start, ev.ENTRY, code, rel=0),
        row(start, ev.RELATIONSHIP_START, ev.PARTNER, children),
        row(start, ev.RELATIONSHIP_START, ev.PARTNER, 0, rel=2),
        row(start, ev.ENTRY, 0, rel=0, person=2),
        row(start, ev.RELATIONSHIP_START, ev.PARTNER, 0, person=2),
    ]
    array = in_order(np.array([*first, *rows], ROW))
    return measure(EventLog("no_programme", 1, 0, "fast", array), pilot())


def by_year(outcomes: Outcomes, name: str, group: str = "all") -> dict[str, int]:
    """Return a measure's counts by financial year, without the years of none."""
    found = zip(outcomes.years, outcomes.of(name, group).tolist(), strict=True)
    return {year: n for year, n in found if n}


def record(date: str, offence: int = ev.NONE, grade: int = 0, **where: int) -> tuple[int, ...]:
    """Return a record by the police."""
    return row(date, ev.RECORD, offence, grade, **where)


def referral(route: int, date: str = "2017-05-01", episode: int = 1) -> tuple[int, ...]:
    """Return a referral to the programme of the first case's perpetrator."""
    return row(date, ev.REFERRAL, route, 1, rel=0, ordinal=episode)


def ended(outcome: int, date: str = "2017-06-01") -> tuple[int, ...]:
    """Return the end of an episode."""
    return row(date, ev.EPISODE_END, outcome, 0, rel=0, ordinal=1)


# --- one small history for each measure ---

Y2014, Y2015, Y2017, Y2018 = "2014/15", "2015/16", "2017/18", "2018/19"
RECORDED = {
    f"recorded.{name}": ([record("2014-06-01", number)], {Y2014: 1})
    for number, name in enumerate(ev.BEHAVIOURS[:-1])
}
TRUE = {
    f"true.{name}": ([row("2014-06-01", ev.INCIDENT, number)], {Y2014: 1})
    for number, name in enumerate(ev.BEHAVIOURS)
}
REFERRED = {
    f"programme.referrals_{name}": ([referral(number)], {Y2017: 1})
    for number, name in enumerate(ev.ROUTES)
}
ENDED = {
    f"programme.ended_{name}": ([referral(ev.SELF), ended(number)], {Y2017: 1})
    for number, name in enumerate(ev.OUTCOMES)
}
STARTED = [
    referral(ev.POLICE, "2018-03-01T12:00"),
    row("2018-03-02", ev.CONTACT, 2, rel=0, ordinal=1),
    row("2018-03-20", ev.ASSESSMENT_END, 1, 0, rel=0, ordinal=1),
    row("2018-04-10T11:00", ev.START, 1, 26, rel=0, ordinal=1),
    row("2018-04-17", ev.SESSION, 1, rel=0, ordinal=1),
    row("2018-04-24", ev.SESSION, 2, rel=0, ordinal=1),
    row("2018-04-25", ev.SUPPORT_START, ordinal=1),
]
HISTORIES: dict[str, tuple[list[tuple[int, ...]], dict[str, int]]] = {
    **TRUE,
    **RECORDED,
    **REFERRED,
    **ENDED,
    "true.incidents": (
        [
            row("2014-04-01", ev.INCIDENT, ev.NONE),
            row("2015-03-31T23:59:59", ev.INCIDENT, ev.RAPE),
            row("2015-04-01", ev.INCIDENT, ev.DAMAGE, rel=2),
        ],
        {Y2014: 2, Y2015: 1},
    ),
    "true.victims": (
        [
            row("2014-06-01", ev.INCIDENT, ev.NONE),
            row("2015-03-31T23:59:59", ev.INCIDENT, ev.RAPE),  # the same victim and year
            row("2015-04-01", ev.INCIDENT, ev.NONE),
            row("2015-04-02", ev.INCIDENT, ev.NONE, rel=2),
        ],
        {Y2014: 1, Y2015: 2},
    ),
    "true.coercive_control_first": (
        [
            row("2014-06-01T23:00", ev.INCIDENT, ev.CONTROL),
            row("2014-06-02", ev.INCIDENT, ev.CONTROL),
            row("2015-06-01", ev.INCIDENT, ev.CONTROL),  # 365 days later: within 12 months
            row("2015-06-02", ev.INCIDENT, ev.CONTROL),  # 366 days after the one that counted
            row("2015-06-03", ev.INCIDENT, ev.CONTROL, rel=2),  # another victim
            row("2015-06-03", ev.INCIDENT, ev.NO_INJURY, rel=2),
        ],
        {Y2014: 1, Y2015: 2},
    ),
    "true.stalking_first": (
        [
            row("2014-06-01T23:00", ev.INCIDENT, ev.STALKING),
            row("2015-06-01", ev.INCIDENT, ev.STALKING),
            row("2015-06-02", ev.INCIDENT, ev.STALKING),
            row("2015-06-03", ev.INCIDENT, ev.STALKING, rel=2),
            row("2015-06-03", ev.INCIDENT, ev.CONTROL, rel=2),
        ],
        {Y2014: 1, Y2015: 2},
    ),
    "true.high_harm": (
        [row("2014-06-01", ev.INCIDENT, 0, 2), row("2014-06-02", ev.INCIDENT, 0, 1)],
        {Y2014: 1},
    ),
    "true.child_present": (
        [row("2014-06-01", ev.INCIDENT, 0, 2), row("2014-06-02", ev.INCIDENT, 0, 3)],
        {Y2014: 1},
    ),
    "report.reports": (
        [row("2014-06-01", ev.REPORT, 1), row("2014-06-02", ev.REPORT, 0)],
        {Y2014: 2},
    ),
    "report.attended": (
        [row("2014-06-01", ev.REPORT, 1), row("2014-06-02", ev.REPORT, 0)],
        {Y2014: 1},
    ),
    "recorded.incidents": (
        # The incident is of March, the record of April: the date of a record is its own.
        [row("2015-03-31T22:00", ev.INCIDENT, 0), record("2015-04-01T03:00")],
        {Y2015: 1},
    ),
    "recorded.non_crime": (
        [record("2014-06-01"), record("2014-06-02", ev.DAMAGE)],
        {Y2014: 1},
    ),
    "recorded.repeat_a": (
        [
            record("2014-04-01"),
            record("2015-03-31"),  # the first and the last day of one financial year
            record("2015-04-01"),  # a day later, but another year
            record("2015-04-02"),
            record("2015-04-02", rel=2),  # another victim of the same perpetrator
            record("2015-04-03", person=2),
        ],
        {Y2014: 1, Y2015: 1},
    ),
    "recorded.repeat_b": (
        [
            record("2012-06-01T00:00"),
            record("2013-06-01T23:59"),  # 365 days later, by the day
            record("2014-06-02T00:00"),  # 366 days later
            record("2014-06-03T00:00"),
            record("2014-06-04", rel=2),
        ],
        {"2013/14": 1, Y2014: 1},
    ),
    "recorded.repeat_c": (
        [
            record("2009-03-31"),  # before the start of the record
            record("2009-04-01"),
            record("2014-06-01"),  # years later, still one ever before
            record("2014-06-01", rel=2),
        ],
        {Y2014: 1},
    ),
    "recorded.victims": (
        [
            record("2014-06-01"),
            record("2014-07-01"),
            record("2014-08-01", rel=2),
            record("2014-08-02", person=2),
            record("2015-04-01"),
        ],
        {Y2014: 3, Y2015: 1},
    ),
    "recorded.high_risk": (
        [record("2014-06-01", grade=2), record("2014-06-02", grade=1), record("2014-06-03")],
        {Y2014: 1},
    ),
    "police.arrests": ([row("2014-06-01", ev.ARREST, ev.DAMAGE)], {Y2014: 1}),
    "police.dvpns": ([row("2014-08-01", ev.DVPN)], {Y2014: 1}),
    "police.dvpos": ([row("2014-08-01", ev.DVPO)], {Y2014: 1}),
    "police.charges": ([row("2014-06-01", ev.CHARGE, ev.DAMAGE)], {Y2014: 1}),
    "police.convictions": (
        [row("2014-06-01", ev.CONVICTION, s, ordinal=s) for s in range(3)],
        {Y2014: 3},
    ),
    "police.custody": ([row("2014-06-01", ev.CUSTODY_START, 90)], {Y2014: 1}),
    # All days count in the year of the sentence.
    "police.custody_days": (
        [row("2015-03-30", ev.CUSTODY_START, 90), row("2015-04-05", ev.CUSTODY_START, 7)],
        {Y2014: 90, Y2015: 7},
    ),
    "police.community_orders": ([row("2014-06-01", ev.COMMUNITY_ORDER, 1)], {Y2014: 1}),
    "police.bbr_starts": ([row("2014-06-01", ev.BBR_START)], {Y2014: 1}),
    "police.bbr_completions": (
        [row("2014-06-01", ev.BBR_END, 1), row("2014-07-01", ev.BBR_END, 0)],
        {Y2014: 1},
    ),
    "marac.referrals": (
        [row("2014-06-01", ev.MARAC_REFERRAL, s, 0, ordinal=s) for s in range(3)],
        {Y2014: 3},
    ),
    # The flag is set when the referral is made: bit 0 within 365 days, bit 1 ever.
    "marac.repeats": (
        [row("2014-06-01", ev.MARAC_REFERRAL, 0, d, ordinal=d) for d in (0, 2, 3)],
        {Y2014: 1},
    ),
    "marac.repeats_ever": (
        [row("2014-06-01", ev.MARAC_REFERRAL, 0, d, ordinal=d) for d in (0, 2, 3)],
        {Y2014: 2},
    ),
    "marac.hearings": ([row("2014-06-01", ev.MARAC_HEARING)], {Y2014: 1}),
    "services.idva": ([row("2014-06-01", ev.IDVA_START, 121)], {Y2014: 1}),
    "services.outreach": ([row("2014-06-01", ev.OUTREACH_START, 91)], {Y2014: 1}),
    "children.referrals": (
        [row("2014-06-01", ev.CHILD_REFERRAL, 3), row("2014-07-01", ev.CHILD_REFERRAL, 3, 1)],
        {Y2014: 6},
    ),
    "children.rereferrals": (
        [
            row("2014-06-01", ev.CHILD_REFERRAL, 3),
            row("2014-07-01", ev.CHILD_REFERRAL, 3, 1),
            row("2014-08-01", ev.CHILD_REFERRAL, 3, 2),  # for other reasons, the first in a year
        ],
        {Y2014: 3},
    ),
    "children.in_need": ([row("2014-06-01", ev.CHILD_IN_NEED, 2)], {Y2014: 2}),
    "children.plans": ([row("2014-06-01", ev.CHILD_PLAN, 2, 270)], {Y2014: 2}),
    "children.looked_after": ([row("2014-06-01", ev.LOOKED_AFTER, 2)], {Y2014: 2}),
    "programme.contacted": (
        [row("2017-05-02", ev.CONTACT, answer, rel=0, ordinal=answer) for answer in range(3)],
        {Y2017: 2},  # not those who were not reached
    ),
    "programme.assessments": (STARTED, {Y2017: 1}),
    "programme.starts": (STARTED, {Y2018: 1}),
    "programme.one_to_one_starts": (STARTED, {Y2018: 1}),
    "programme.sessions": (STARTED, {Y2018: 2}),
    # From the referral to the start in whole days, counted in the year of the start.
    "programme.wait_days": (STARTED, {Y2018: 39}),
    "programme.support_starts": (STARTED, {Y2018: 1}),
    "programme.follow_ups": ([row("2018-06-01", ev.FOLLOW_UP, rel=0)], {Y2018: 1}),
    "case.begun": ([], {"2008/09": 3}),
    "case.ex_partners": (
        [
            row("2017-05-01", ev.RELATIONSHIP_START, kind, rel=3 + kind)
            for kind in (ev.PARTNER, ev.EX_PARTNER, ev.FAMILY)
        ],
        {Y2017: 1},
    ),
    "case.separated": (
        [
            row("2017-05-02", ev.RELATIONSHIP_END, ev.SEPARATED),
            row("2017-05-03", ev.RELATIONSHIP_END, ev.DESISTED),
        ],
        {Y2017: 1},
    ),
    "case.entries": ([], {"2008/09": 2}),
}


def test_every_measure_has_a_history() -> None:
    """No measure is without an example, and each has a unit."""
    assert set(HISTORIES) == set(MEASURES) == set(UNITS)


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_counts_what_its_definition_says(name: str) -> None:
    """Counts by financial year of a history of a few rows."""
    rows, expected = HISTORIES[name]
    assert by_year(count(*rows), name) == expected


@pytest.mark.parametrize("name", [*TRUE, *RECORDED, *REFERRED, *ENDED])
def test_a_row_counts_under_its_own_name_alone(name: str) -> None:
    """No other measure of the same sort moves."""
    outcomes = count(*HISTORIES[name][0])
    stem = name.split("_")[0] if name.startswith("programme") else name.split(".")[0]
    family = {**TRUE, **RECORDED, **REFERRED, **ENDED}
    others = [m for m in family if m.startswith(stem) and m != name]
    assert len(others) >= 5
    assert all(not by_year(outcomes, other) for other in others)


# --- edges ---


def test_records_of_one_victim_on_one_day_count_once() -> None:
    """Also as crimes, high risk and repeats; the first of the day stands for it."""
    outcomes = count(
        record("2014-06-01T00:00", ev.NO_INJURY, 2),
        record("2014-06-01T23:59:59", ev.DAMAGE, 2, ordinal=1),
        record("2014-06-01T12:00", ev.NO_INJURY, rel=2),
        record("2014-06-02T00:00", ev.NONE),
    )
    assert by_year(outcomes, "recorded.incidents") == {Y2014: 3}
    assert by_year(outcomes, "recorded.violence_without_injury") == {Y2014: 2}
    assert by_year(outcomes, "recorded.damage") == {}
    assert by_year(outcomes, "recorded.high_risk") == {Y2014: 1}
    for reading in "abc":
        assert by_year(outcomes, f"recorded.repeat_{reading}") == {Y2014: 1}
    assert by_year(outcomes, "recorded.victims") == {Y2014: 2}


@pytest.mark.parametrize(
    ("second", "a", "b", "c"),
    [
        ("2014-04-01T00:00", 0, 0, 0),  # the same day: no second record at all
        ("2014-04-02T00:00", 1, 1, 1),
        ("2015-03-31T23:59", 1, 1, 1),  # day 364, the last of the year
        ("2015-04-01T00:00", 0, 1, 1),  # day 365
        ("2015-04-01T23:59", 0, 1, 1),  # still day 365, whatever the hour
        ("2015-04-02T00:00", 0, 0, 1),  # day 366
        ("2020-04-02T00:00", 0, 0, 1),
    ],
)
def test_three_readings_of_a_repeat(second: str, a: int, b: int, c: int) -> None:
    """In the same financial year; at most 365 days before; ever before."""
    outcomes = count(record("2014-04-01T13:00"), record(second, ordinal=1))
    for reading, expected in (("a", a), ("b", b), ("c", c)):
        assert outcomes.of(f"recorded.repeat_{reading}").sum() == expected


def test_a_gap_over_a_leap_day_is_counted_in_days() -> None:
    """1 March 2015 to 29 February 2016 are 365 days; to 1 March 2016 they are 366."""
    assert count(record("2015-03-01"), record("2016-02-29")).of("recorded.repeat_b").sum() == 1
    assert count(record("2015-03-01"), record("2016-03-01")).of("recorded.repeat_b").sum() == 0


def test_ever_looks_back_to_the_start_of_the_record_and_not_further() -> None:
    """A record on the first day is seen, one on the day before is not."""
    assert count(record("2009-04-01"), record("2014-06-01")).of("recorded.repeat_c").sum() == 1
    assert count(record("2009-03-31"), record("2014-06-01")).of("recorded.repeat_c").sum() == 0


def test_reading_a_is_one_less_victims_over_incidents() -> None:
    """The share of repeats is 1 - victims/incidents in every year."""
    outcomes = count(
        *(record(f"2014-{month:02d}-03", ordinal=month) for month in range(4, 13)),
        *(record(f"2015-{month:02d}-03", ordinal=month) for month in range(1, 13)),
        record("2014-11-05", rel=2),
        record("2015-11-05", person=2),
    )
    incidents, victims = outcomes.of("recorded.incidents"), outcomes.of("recorded.victims")
    assert (outcomes.of("recorded.repeat_a") == incidents - victims).all()
    assert by_year(outcomes, "recorded.victims") == {Y2014: 2, Y2015: 2}


def test_what_happens_at_the_horizon_counts_in_the_last_year() -> None:
    """An episode that is open at the horizon ends on its first second, in the last year."""
    last = count().years[-1]
    outcomes = count(referral(ev.SELF), ended(ev.OPEN, f"{int(last[:4]) + 1}-04-01"))
    assert by_year(outcomes, "programme.ended_open") == {last: 1}


def test_a_second_episode_waits_from_its_own_referral() -> None:
    """The wait of a re-referred person starts anew."""
    outcomes = count(
        referral(ev.SELF, "2017-05-01"),
        ended(ev.REFUSED, "2017-05-11"),
        referral(ev.POLICE, "2017-11-01", episode=2),
        row("2017-11-15", ev.START, 0, 26, rel=0, ordinal=2),
    )
    assert by_year(outcomes, "programme.wait_days") == {Y2017: 14}


@pytest.mark.parametrize("bits", range(2 * 4 * 16))
def test_who_belongs_to_which_group(bits: int) -> None:
    """Sex, age band and needs come from the person, children from the case."""
    outcomes = count(row("2014-06-01", ev.INCIDENT, ev.NONE), code=bits, children=2)
    expected = {
        "all",
        "male" if bits & 1 else "female",
        ("age_16_24", "age_25_34", "age_35_49", "age_50_plus")[(bits >> 1) & 3],
        "needs" if bits >> 3 else "no_needs",
        "children",
    }
    found = {group for group in GROUPS if outcomes.of("true.incidents", group).sum()}
    assert found == expected


def test_children_are_those_of_the_case() -> None:
    """Another case of the same person without children counts apart."""
    outcomes = count(
        row("2014-06-01", ev.INCIDENT, ev.NONE),
        row("2014-06-02", ev.INCIDENT, ev.NONE, rel=2),
        row("2014-06-03", ev.INCIDENT, ev.NONE, rel=2),
        children=1,
    )
    assert outcomes.of("true.incidents", "children").sum() == 1
    assert outcomes.of("true.incidents", "no_children").sum() == 2


def test_the_pathway_counts_under_the_household_of_the_case_that_was_referred() -> None:
    """The last referral decides, from its own row on; before any it is the first case."""
    again = {"rel": 0, "ordinal": 2}
    outcomes = count(
        row("2008-06-01", ev.RELATIONSHIP_START, ev.PARTNER, 2, rel=3),
        row("2017-05-01", ev.REFERRAL, ev.POLICE, 3, rel=0, ordinal=1),
        row("2017-05-05", ev.CONTACT, 2, rel=0, ordinal=1),
        row("2017-06-01", ev.START, 0, 26, rel=0, ordinal=1),
        row("2017-06-08", ev.SESSION, 1, rel=0, ordinal=1),
        row("2017-06-15", ev.EPISODE_END, ev.DROPPED_OUT, 1, rel=0, ordinal=1),
        row("2017-06-15", ev.INCIDENT, ev.NONE, rel=1),  # a case's own row keeps its own household
        row("2017-11-01", ev.REFERRAL, ev.SELF, 2, **again),
        row("2017-11-15", ev.CONTACT, 1, **again),
        row("2017-11-15", ev.EPISODE_END, ev.REFUSED, 0, **again),
        row("2017-12-15", ev.FOLLOW_UP, rel=0, ordinal=1),
    )
    with_children = {
        "programme.referrals_police": 1,
        "programme.contacted": 1,
        "programme.starts": 1,
        "programme.sessions": 1,
        "programme.wait_days": 31,
        "programme.ended_dropped_out": 1,
    }
    without = {
        "programme.referrals_self": 1,
        "programme.contacted": 1,
        "programme.ended_refused": 1,
        "programme.follow_ups": 1,
        "true.incidents": 1,
    }
    for group, expected in (("children", with_children), ("no_children", without)):
        names = {name for name in MEASURES if name.startswith("programme.")} | {"true.incidents"}
        assert {n: int(outcomes.of(n, group).sum()) for n in names} == {
            n: expected.get(n, 0) for n in names
        }


def test_an_empty_log_counts_nothing() -> None:
    """No rows, no counts, all years."""
    log = EventLog("no_programme", 1, 0, "fast", np.zeros(0, ROW))
    outcomes = measure(log, pilot())
    assert not outcomes.counts.any()
    assert outcomes.counts.shape == (len(GROUPS), len(MEASURES), len(outcomes.years))


def test_unknown_names_are_refused() -> None:
    """A misspelt measure or group is an error, not a zero."""
    with pytest.raises(KeyError, match="unknown measure"):
        count().of("true.incident")
    with pytest.raises(KeyError, match="unknown group"):
        count().of("true.incidents", "men")


# --- sums, on a simulated county ---

SMALL = {
    "assume.county.new_perpetrators": "900 perpetrators per year",
    "assume.time.warm_up_start": "2010-04-01",
    "assume.time.record_start": "2012-04-01",
    "assume.time.window_after_last_start": "2 years",
    "assume.incident.homicides_per_1000_recorded": 5.0,
    "assume.police.dvpn": 0.2,
    "assume.case.high_harm_share": 0.08,
    "assume.case.frailty_mean": "3 incidents per year",
    "assume.case.long_duration": "3 years",
    "assume.incident.raised_hazard": 3.0,
    "assume.report.probability": 0.15,
    "assume.marac.high_risk_referral": 0.5,
    "programme.referral_effort": 20.0,
    "programme.one_to_one_places": "3 places",
}


@cache
def simulated() -> tuple[EventLog, Outcomes]:
    """Return a small county with a busy programme, and its counts."""
    inputs = load(PILOT, SMALL)
    log = simulate(inputs, option="pilot_as_agreed", seed=3)
    return log, measure(log, inputs)


def counts_of(name: str, *groups: str) -> npt.NDArray[np.int64]:
    """Return a measure by year, summed over groups."""
    outcomes = simulated()[1]
    return np.sum([outcomes.of(name, group) for group in groups or ("all",)], axis=0)


BREAKDOWNS = {
    "sex": ("male", "female"),
    "age": ("age_16_24", "age_25_34", "age_35_49", "age_50_plus"),
    "children": ("children", "no_children"),
    "needs": ("needs", "no_needs"),
}
SPLITS = [(m, b) for m in MEASURES for b in BREAKDOWNS]


def test_the_breakdowns_use_every_group_once() -> None:
    """No group is outside a breakdown."""
    assert sorted(("all", *(g for gs in BREAKDOWNS.values() for g in gs))) == sorted(GROUPS)


@pytest.mark.parametrize(("name", "breakdown"), SPLITS)
def test_groups_add_up_to_all(name: str, breakdown: str) -> None:
    """In every year, for every measure and each way to split the people."""
    assert (counts_of(name, *BREAKDOWNS[breakdown]) == counts_of(name)).all()


_NONE_OPEN = {"programme.ended_open"}  # two years after the last start nobody is left


def test_every_measure_is_met_in_the_simulated_county() -> None:
    """The sums above are not sums of nothing, but for what is rare or had no cause."""
    nothing = {name for name in MEASURES if not counts_of(name).any()}
    assert nothing <= {"children.looked_after", "programme.ended_not_started", *_NONE_OPEN}


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("true.incidents", [f"true.{name}" for name in ev.BEHAVIOURS]),
        (
            "recorded.incidents",
            [*(f"recorded.{name}" for name in ev.BEHAVIOURS[:-1]), "recorded.non_crime"],
        ),
        ("recorded.incidents", ["recorded.victims", "recorded.repeat_a"]),
    ],
)
@pytest.mark.parametrize("group", GROUPS)
def test_parts_add_up_to_the_whole(whole: str, parts: list[str], group: str) -> None:
    """In every year and group."""
    assert (sum(counts_of(part, group) for part in parts) == counts_of(whole, group)).all()


def test_every_referral_ends_once() -> None:
    """Over all years there are as many ends as referrals, by whatever route."""
    routes = [counts_of(f"programme.referrals_{name}") for name in ev.ROUTES]
    ends = [counts_of(f"programme.ended_{name}") for name in ev.OUTCOMES]
    assert np.sum(routes) == np.sum(ends) > 0


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("report.reports", "true.incidents"),
        ("report.attended", "report.reports"),
        ("recorded.repeat_b", "recorded.incidents"),
        ("recorded.repeat_c", "recorded.incidents"),
        ("recorded.repeat_b", "recorded.repeat_c"),
        ("recorded.high_risk", "recorded.incidents"),
        ("true.coercive_control_first", "true.coercive_control"),
        ("true.stalking_first", "true.stalking"),
        ("true.high_harm", "true.incidents"),
        ("true.victims", "true.incidents"),
        ("true.child_present", "true.incidents"),
        ("marac.repeats", "marac.repeats_ever"),
        ("marac.repeats_ever", "marac.referrals"),
        ("police.custody", "police.convictions"),
        ("children.rereferrals", "children.referrals"),
        ("programme.one_to_one_starts", "programme.starts"),
    ],
)
@pytest.mark.parametrize("group", GROUPS)
def test_a_part_is_no_more_than_the_whole(part: str, whole: str, group: str) -> None:
    """In every year and group, once the record has begun."""
    years = slice(3, None)
    assert (counts_of(part, group)[years] <= counts_of(whole, group)[years]).all()


def test_flags_of_maracs_and_children_follow_the_log() -> None:
    """A repeat has a hearing of that victim at most 365 days before; ever has one at all."""
    log, _ = simulated()
    heard: dict[tuple[int, int], int] = {}
    children: dict[tuple[int, int], int] = {}
    met = {"repeat": 0, "ever": 0, "again": 0}
    for time, person, _, _, detail, kind, rel in log.array.tolist():
        victim = (person, rel)
        if kind == ev.MARAC_HEARING:
            heard[victim] = time
        elif kind == ev.MARAC_REFERRAL:
            gap = time - heard.get(victim, -(1 << 40))
            assert (detail & 1) == (gap <= 365 * DAY)
            assert (detail >> 1) == (victim in heard)
            met["repeat"] += detail & 1
            met["ever"] += detail >> 1
        elif kind == ev.CHILD_REFERRAL:
            gap = time - children.get(victim, -(1 << 40))
            assert (detail & 1) == (gap <= 365 * DAY)
            children[victim] = time
            met["again"] += detail & 1
    assert min(met.values()) > 10
    assert met["ever"] > met["repeat"]


def test_waits_are_from_the_referral_to_the_start() -> None:
    """The summed days are those of the log, and by the stream's own rows."""
    log, outcomes = simulated()
    referred: dict[int, int] = {}
    days = 0
    for time, person, _, _, _, kind, _ in log.array.tolist():
        if kind == ev.REFERRAL:
            referred[person] = time
        elif kind == ev.START:
            days += (time - referred[person]) // DAY
    assert outcomes.of("programme.wait_days").sum() == days > 0


def test_a_stored_log_and_the_engine_count_the_same() -> None:
    """The fold inside the engine gives what the fold over the log gives."""
    inputs = load(PILOT, SMALL)
    inside = evaluate_options(inputs, seed=3, replicate=0, options=["pilot_as_agreed"])
    assert (inside["pilot_as_agreed"].counts == simulated()[1].counts).all()


def test_an_independent_count_of_recorded_days() -> None:
    """Victims' days with a record, by a few lines of another kind."""
    log, outcomes = simulated()
    rows = log.array[log.array["kind"] == ev.RECORD]
    seen = {(p, r, t // DAY) for p, r, t in rows[["person", "relationship", "time"]].tolist()}
    dates = np.array([day for _, _, day in seen]).astype("datetime64[D]")
    months = dates.astype("datetime64[M]").astype(int) + 1970 * 12
    years = (months - 3) // 12 - outcomes.first_year
    expected = np.bincount(years, minlength=len(outcomes.years))
    assert (outcomes.of("recorded.incidents") == expected).all()
