"""Does the county of the baseline year have the size that the sources say?

Six counties at full size with the values that ship. The four strong counts have to come within 5%;
the others are held to looser ranges, and the known misfits to what calibration/README.md says.
"""

from __future__ import annotations

import csv
import importlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dapp_model.events import NONE, RECORD, ROW
from dapp_model.outcomes import measure as count
from dapp_model.parameters import registry

CALIBRATION = Path(__file__).resolve().parents[1] / "calibration"
IDS = Path(__file__).resolve().parents[1] / "src" / "dapp_model" / "data" / "evidence_ids.csv"
REPLICATES = 6
STRONG = ("recorded_incidents", "repeat_share_a", "marac_referrals", "marac_repeats")
# What the others may be. Where the range is not the source's own, the reason stands beside it.
RANGES: Mapping[str, tuple[float, float]] = {
    "no_repeat_five_years": (0.68, 0.78),  # conflicts with a third of repeats in the year
    "no_later_crime_731_days": (0.746, 0.806),
    "repeat_three_years": (0.33, 0.552),  # the source's perpetrators came to notice more often
    "new_partner_share": (0.15, 0.267),
    "repeats_in_six_months": (0.55, 0.70),  # the source counts what partners report
    "true_victims": (32_000, 43_000),
    "crime_share": (0.27, 0.42),
    "convictions_per_incident": (0.05, 0.08),
    "children_on_plan": (440, 570),
    "homicides_per_1000": (0.08, 0.27),  # some sixty homicides in all, so chance alone gives 13%
    "outreach_starts": (1_700, 3_455),  # the model has those who come by way of the police
    "growth": (1.02, 1.17),
    "police_bill": (7e6, 15e6),
}


def recipe() -> Any:
    """Return the module calibration/first_fit.py; worker processes find it by the same path."""
    if str(CALIBRATION) not in sys.path:
        sys.path.insert(0, str(CALIBRATION))
    return importlib.import_module("first_fit")


@cache
def simulated() -> tuple[Mapping[str, float], Mapping[str, float]]:
    """Return mean and Monte Carlo error of every figure."""
    first_fit = recipe()
    found = first_fit.measure_all({}, 1.0, range(REPLICATES), workers=2)
    return first_fit.means(found), first_fit.errors(found)


@cache
def target(name: str) -> Any:
    return next(each for each in recipe().targets() if each.name == name)


def shown(value: float) -> str:
    return str(recipe().number(value))


# -- the level ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRONG)
def test_a_strong_count_of_the_baseline_year_is_met(name: str) -> None:
    mean, error = simulated()
    said = f"{target(name).label}: {shown(mean[name])} (chance {shown(error[name])})"
    print(said, "target", shown(target(name).value))
    assert mean[name] == pytest.approx(target(name).value, rel=0.05), said


@pytest.mark.parametrize("name", RANGES)
def test_another_figure_lies_where_it_is_known_to_lie(name: str) -> None:
    mean, error = simulated()
    low, high = RANGES[name]
    said = f"{target(name).label}: {shown(mean[name])} (chance {shown(error[name])})"
    print(said, "range", shown(low), "to", shown(high))
    assert low <= mean[name] <= high, said


def test_every_figure_has_a_target_and_every_target_a_check_or_another_reading() -> None:
    names = [each.name for each in recipe().targets()]
    assert sorted(simulated()[0]) == sorted(names)
    other = {each.name for each in recipe().targets() if each.use == "other reading"}
    assert {*STRONG, *RANGES} == set(names) - other


def test_wider_readings_of_a_repeat_give_more_repeats() -> None:
    mean, _ = simulated()
    assert mean["repeat_share_a"] < mean["repeat_share_b"] < mean["repeat_share_c"]
    assert mean["marac_repeats"] <= mean["marac_repeats_ever"]


# -- the committed files --------------------------------------------------------------------------


def test_the_committed_table_is_of_the_values_that_ship() -> None:
    mean, _ = simulated()
    with (CALIBRATION / "first_fit.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert list(rows) == [each.name for each in recipe().targets()]
    for name, row in rows.items():
        rel = 0.25 if name == "homicides_per_1000" else 0.05
        said = f"{name}: run python calibration/first_fit.py again"
        assert float(row["simulated_mean"]) == pytest.approx(mean[name], rel=rel), said


def test_targets_name_evidence_with_its_status_and_grade() -> None:
    with IDS.open(encoding="utf-8", newline="") as file:
        known = {row["id"]: (row["status"], row["grade"]) for row in csv.DictReader(file)}
    checked = [each for each in recipe().targets() if each.evidence in known]
    assert len(checked) > 10
    for each in checked:
        assert (each.status, each.grade) == known[each.evidence], each.name


def test_the_recipe_moves_only_parameters_that_the_registry_has() -> None:
    first_fit = recipe()
    moved = {*first_fit.SEARCHED, *first_fit.SCALED}
    assert moved <= set(registry())
    fitted = {name for name in moved if registry()[name].role == "calibrated"}
    assert moved - fitted == {"police.charge"}


# -- the recipe's own arithmetic ------------------------------------------------------------------


def rows_of(*records: tuple[str, int, int, int]) -> Any:
    """Return rows of records: moment, person, case, offence."""
    rows = np.zeros(len(records), ROW)
    for row, (moment, person, case, offence) in zip(rows, records, strict=True):
        row["time"] = np.datetime64(moment, "s").astype(np.int64)
        row["person"], row["relationship"], row["value"] = person, case, offence
        row["kind"] = RECORD
    return rows


def test_two_records_of_one_victim_on_one_day_count_once() -> None:
    records = recipe().Records.of(
        rows_of(
            ("2012-05-01T10:00", 1, 1, NONE),
            ("2012-05-01T22:00", 1, 1, 0),
            ("2012-05-01T23:00", 1, 2, 0),
            ("2012-05-02T00:00", 1, 1, 0),
        )
    )
    assert len(records.time) == 3
    assert sorted(records.crime.tolist()) == [False, True, True]


def test_only_who_can_be_followed_to_the_end_is_followed() -> None:
    first_fit = recipe()
    records = first_fit.Records.of(
        rows_of(
            ("2009-03-31", 1, 1, 0),  # before the record begins
            ("2010-01-01", 1, 1, 0),
            ("2010-04-11", 1, 2, 0),  # the next, 100 days later, against another victim
            ("2010-05-01", 1, 1, 0),
            ("2011-01-01", 2, 1, 0),  # no other record
            ("2014-01-01", 3, 1, 0),  # too late
            ("2014-02-01", 3, 1, 0),
        )
    )
    found = first_fit.follow(records, first_fit.RECORD_BEGINS, 1096)
    assert found.gap.tolist() == [100, np.inf]
    assert found.other.tolist() == [True, False]
    assert found.share_within(99) == 0
    assert found.share_within(100) == 0.5


def test_victim_days_are_the_recorded_incidents_of_the_engine() -> None:
    first_fit = recipe()
    inputs = first_fit.baseline({}, 0.02)
    from dapp_model.engines import simulate

    log = simulate(inputs, option=inputs.options[0])
    outcomes = count(log, inputs)
    records = first_fit.Records.of(log.array)
    year = records.between(first_fit.BEGINS, first_fit.ENDS)
    of = {
        name: outcomes.of(name)[first_fit.YEAR - outcomes.first_year]
        for name in ("recorded.incidents", "recorded.victims", "recorded.non_crime")
    }
    assert len(year.time) == of["recorded.incidents"] > 100
    assert len(np.unique(year.case)) == of["recorded.victims"]
    assert int((~year.crime).sum()) == of["recorded.non_crime"]


def test_scaling_moves_each_value_towards_its_own_figure() -> None:
    first_fit = recipe()
    values = {"county.new_perpetrators": 100.0}
    values |= {name: start for name, (start, _, _) in first_fit.SCALED.items()}
    found = {each.name: each.value for each in first_fit.targets()}
    assert first_fit.scaled(values, found) == pytest.approx(values)
    found["recorded_incidents"] /= 2
    found["marac_repeats"] *= 1.25
    found["marac_referrals"] += 0.25 * 327
    moved = first_fit.scaled(values, found)
    assert moved["county.new_perpetrators"] == pytest.approx(200)
    assert moved["marac.further_referral"] == pytest.approx(0.24)
    assert moved["marac.high_risk_referral"] == pytest.approx(values["marac.high_risk_referral"])


def test_the_search_gets_no_worse_than_its_start() -> None:
    first_fit = recipe()
    begin = {name: each[0][0] for name, each in first_fit.SEARCHED.items()}
    steps = {name: each[1] for name, each in first_fit.SEARCHED.items()}
    held = {name: start for name, (start, _, _) in first_fit.SCALED.items()}
    at_start = first_fit.measure(held | begin, 0.02, 0, seed=first_fit.SEARCH_SEED)
    fun, values = first_fit.search(begin, steps, 12, 0.02)
    assert fun <= first_fit.distance(at_start)
    assert first_fit.plausible(values)
