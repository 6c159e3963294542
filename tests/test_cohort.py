"""Victim-years free of abuse, by hand and on a small county."""

from __future__ import annotations

import numpy as np

from dapp_model import events as ev
from dapp_model import model
from dapp_model.cohort import count_victim_years

START = 1_500_000_000
YEAR = model.YEAR


def rows(*events: tuple[int, int, int, int]) -> np.ndarray:
    """Make rows of one person from (seconds after START, kind, relationship, value)."""
    return np.array([(START + t, 7, 0, v, 0, kind, rel) for t, kind, rel, v in events], ev.ROW)


def test_years_are_counted_from_the_first_referral_under_any_option() -> None:
    common = [(0, ev.RELATIONSHIP_START, 1, 0), (100, ev.REFERRAL, 0, 0)]
    logs = {
        "stop": rows(*common, (200, ev.INCIDENT, 1, 9), (YEAR + 200, ev.INCIDENT, 1, 9)),
        "extend": rows(*common, (200, ev.INCIDENT, 1, 9)),
    }
    frame = count_victim_years(logs, START + 4 * YEAR, 5).set_index(["option", "year"])
    assert frame.loc[("stop", 1), "free"] == 0
    assert frame.loc[("stop", 2), "free"] == 0
    assert frame.loc[("stop", 3), "free"] == 1
    assert frame.loc[("extend", 2), "free"] == 1
    assert frame["victim_years"].tolist() == [1, 1, 1, 0, 0] * 2


def test_no_contact_and_deaths_stand_apart() -> None:
    common = [(0, ev.RELATIONSHIP_START, 1, 0), (100, ev.REFERRAL, 0, 0)]
    logs = {
        "ended": rows(*common, (YEAR, ev.RELATIONSHIP_END, 1, 0)),
        "held": rows(*common, (YEAR + 500, ev.CUSTODY_START, 1, 90)),
        "killed": rows(*common, (YEAR + 900, ev.INCIDENT, 1, ev.HOMICIDE)),
    }
    frame = count_victim_years(logs, START + 4 * YEAR, 3).set_index(["option", "year"])
    assert frame.loc["ended"]["free"].tolist() == [0, 0, 0]
    assert frame.loc["ended"]["free_without_contact"].tolist() == [1, 1, 1]
    assert frame.loc["held"]["free"].tolist() == [1, 0, 1]
    assert frame.loc["held"]["free_without_contact"].tolist() == [0, 1, 0]
    assert frame.loc["killed"]["victim_years"].tolist() == [1, 1, 0]
    assert frame.loc["killed"]["free"].tolist() == [1, 0, 0]
    assert frame.loc["killed"]["victims_killed"].tolist() == [0, 1, 0]


def test_a_case_that_had_ended_has_no_victim_in_the_cohort() -> None:
    log = rows(
        (0, ev.RELATIONSHIP_START, 1, 0),
        (50, ev.RELATIONSHIP_END, 1, 0),
        (60, ev.RELATIONSHIP_START, 2, 0),
        (100, ev.REFERRAL, 0, 0),
    )
    frame = count_victim_years({"only": log}, START + 2 * YEAR, 1)
    assert frame["victim_years"].tolist() == [1]
