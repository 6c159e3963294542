"""Options, draws and shares meet the same people with the same luck.

What the statements rest on: every random number is keyed by who, what for and which one, so
neither an option nor a parameter nor another option in the file can move anybody else's luck.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from strategies import BUSY, EXTENSION, PILOT, QUICK, SCENARIOS, quick

from dapp_model import events as ev
from dapp_model import experiment, model
from dapp_model.engines import fast, sharing, simulate, together
from dapp_model.outcomes import measure
from dapp_model.parameters import Inputs
from dapp_model.scenario import load
from dapp_model.world import COUNTY_TABLES, DAY, ORIGIN, YEAR, D, P, World

CAMPAIGN = SCENARIOS / "surrey_self_referral_campaign.toml"  # an option changes the county
# What can follow from an incident follows late: long delays of the record, the court and MARAC.
LATE = {
    "assume.record.lag": "30 days",
    "assume.police.charge_delay": "120 days",
    "assume.police.conviction_delay": "300 days",
    "assume.police.charge": 0.9,
    "assume.police.conviction": 0.9,
    "assume.marac.cycle": "35 days",
    "assume.referral.court": 0.9,
    "assume.referral.marac": 0.9,
}

Rows = npt.NDArray[np.void]
Key = tuple[int, int, int]

NO_EFFECT: dict[str, object] = {
    "assume.effect.full_dose_hr": 1.0,
    "assume.effect.dropout_hr": 1.0,
    "assume.effect.support_hr": 1.0,
    "assume.effect.reporting_ratio": 1.0,
}
STRONG_EFFECT: dict[str, object] = {
    "assume.effect.full_dose_hr": 0.3,
    "assume.effect.dropout_hr": 0.9,
    "assume.effect.support_hr": 0.8,
    "assume.effect.reporting_ratio": 1.5,
    "assume.effect.threshold": 0.0,
}
NO_FEEDBACK: dict[str, object] = {
    "assume.feedback.custody": False,
    "assume.feedback.homicide": False,
    "assume.feedback.marac": False,
    "assume.feedback.police": False,
}
MANY_PLACES: dict[str, object] = {
    "programme.annual_budget": "£10,000,000",
    "programme.places": "200 places",
    "programme.assessors": "2 assessors",
    "assume.pathway.assessments_at_once": "40 assessments",
}
# Most attempts come to nothing, are made again, and last long enough for much to happen meanwhile.
REFUSING: dict[str, object] = {
    "assume.pathway.reached": 0.6,
    "assume.pathway.accept_agency": 0.3,
    "assume.pathway.accept_police": 0.1,
    "assume.pathway.contact_delay": "90 days",
    "assume.referral.gap": "30 days",
    "programme.max_episodes": "3 episodes",
}
DECISIONS = (PILOT, EXTENSION)
SHIPPED = sorted(SCENARIOS.glob("surrey_*.toml"))


def rows_of(inputs: Inputs, option: str, seed: int = 1, engine: str = "fast") -> Rows:
    """Simulate an option and return its rows."""
    return simulate(inputs, option=option, seed=seed, engine=engine).array


def incidents(rows: Rows) -> dict[Key, tuple[int, int]]:
    """Return the true incidents: (person, relationship, ordinal) to (time, behaviour)."""
    own = rows[rows["kind"] == ev.INCIDENT]
    keys = zip(
        own["person"].tolist(), own["relationship"].tolist(), own["ordinal"].tolist(), strict=True
    )
    return dict(
        zip(keys, zip(own["time"].tolist(), own["value"].tolist(), strict=True), strict=True)
    )


def people(rows: Rows, kind: int) -> set[int]:
    """Return who has a row of a kind."""
    return set(rows["person"][rows["kind"] == kind].tolist())


def other_options(inputs: Inputs) -> list[str]:
    """Return the options that differ from the comparator in the programme alone."""
    base = model.tabulate(inputs, inputs.options[0])
    return [name for name in inputs.options[1:] if model.tabulate(inputs, name).same_county(base)]


# --- zero effect ---


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_programme_without_effect_leaves_no_trace_outside_its_pathway(path: Path) -> None:
    inputs = quick(path, **MANY_PLACES, **NO_EFFECT)
    comparator = rows_of(inputs, inputs.options[0])
    county = comparator[comparator["kind"] < ev.FIRST_PROGRAMME_KIND]
    for option in other_options(inputs):
        rows = rows_of(inputs, option)
        assert len(people(rows, ev.START)) > len(people(comparator, ev.START))
        assert len(people(rows, ev.SUPPORT_START)) > 5
        assert np.array_equal(rows[rows["kind"] < ev.FIRST_PROGRAMME_KIND], county)
    outcomes = experiment.evaluate_options(inputs, seed=1, replicate=0)
    for name in ("true.incidents", "recorded.incidents", "children.referrals", "police.arrests"):
        first = outcomes[inputs.options[0]].of(name)
        assert all(np.array_equal(first, outcome.of(name)) for outcome in outcomes.values())


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("left", NO_EFFECT)
def test_each_of_the_effects_leaves_a_trace_where_it_should(path: Path, left: str) -> None:
    """The statement above has teeth: each multiplier alone changes the county's rows."""
    effects = {**NO_EFFECT, left: {**STRONG_EFFECT, "assume.effect.dropout_hr": 0.3}[left]}
    inputs = quick(path, **MANY_PLACES, **effects, **NO_FEEDBACK)
    first, option = inputs.options[0], other_options(inputs)[0]
    a, b = rows_of(inputs, first), rows_of(inputs, option)
    same_truth = incidents(a) == incidents(b)
    assert same_truth == (left == "assume.effect.reporting_ratio")
    if same_truth:
        assert (a["kind"] == ev.REPORT).sum() < (b["kind"] == ev.REPORT).sum()


# --- subset ---


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_feedback_a_protective_programme_only_takes_incidents_away(
    path: Path, seed: int
) -> None:
    inputs = quick(path, **MANY_PLACES, **STRONG_EFFECT, **NO_FEEDBACK)
    first = incidents(rows_of(inputs, inputs.options[0], seed))
    for option in other_options(inputs):
        rows = rows_of(inputs, option, seed)
        left = incidents(rows)
        assert left.items() <= first.items()
        averted = {person for person, _, _ in first.keys() - left.keys()}
        assert averted
        assert averted <= people(rows, ev.START) | people(rows, ev.SUPPORT_START)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_feedback_an_adverse_programme_only_adds_incidents(seed: int) -> None:
    """Effects above 1 have no bound to rescale by: the comparator's incidents all stay."""
    worse = {
        "assume.effect.full_dose_hr": 1.8,
        "assume.effect.dropout_hr": 1.5,
        "assume.effect.support_hr": 1.2,
        "assume.effect.threshold": 0.0,
    }
    inputs = quick(PILOT, **MANY_PLACES, **NO_FEEDBACK, **worse)
    first = incidents(rows_of(inputs, "no_programme", seed))
    more = incidents(rows_of(inputs, "pilot_as_agreed", seed))
    assert first.items() < more.items()


# --- the past and the neighbours ---


def first_difference(a: World, b: World) -> int:
    """Return the first second of the first day on which any table differs."""
    differ = np.flatnonzero((a.days != b.days).any(axis=0))
    return int(differ[0]) * DAY + ORIGIN if len(differ) else a.horizon


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_options_are_the_same_until_the_decision(path: Path) -> None:
    """No table of any shipped option differs before the date on which options may differ."""
    inputs = load(path)
    worlds = model.tabulate_all(inputs)
    first = worlds[inputs.options[0]]
    for option, world in worlds.items():
        decided = model.seconds(model.decision_date(inputs, inputs.option(option).levers))
        assert np.array_equal(world.p, first.p)
        assert first_difference(first, world) >= decided


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_rows_are_the_same_until_the_first_difference(path: Path, engine: str) -> None:
    inputs = quick(path)
    worlds = model.tabulate_all(inputs)
    first = inputs.options[0]
    before = rows_of(inputs, first, engine=engine)
    options = inputs.options[1:] if engine == "fast" else inputs.options[1:3]
    for option in options:
        rows = rows_of(inputs, option, engine=engine)
        t = first_difference(worlds[first], worlds[option])
        past = before[before["time"] < t]
        assert len(past) > 500
        assert np.array_equal(past, rows[rows["time"] < t])
        assert not np.array_equal(before, rows)


def test_a_change_of_services_acts_from_the_decision() -> None:
    """A switch that is county-wide changes no row before the decision, and rows after it."""
    inputs = quick(
        **{"options.extend.services.outreach": False, "options.extend.services.bbr": False}
    )
    t = model.seconds(model.decision_date(inputs, inputs.option("extend").levers))
    a, b = rows_of(inputs, "stop"), rows_of(inputs, "extend")
    assert np.array_equal(a[a["time"] < t], b[b["time"] < t])
    assert not (b["kind"][b["time"] >= t] == ev.OUTREACH_START).any()
    assert (a["kind"][a["time"] >= t] == ev.OUTREACH_START).any()


MORE_OPTION = """
extends = "{base}"
[options.another]
label = "Another"
description = "Another."
{levers}
"""


def with_another_option(folder: Path, path: Path, levers: str) -> Inputs:
    """Load the quick county with one more option in the file."""
    file = folder / "more.toml"
    file.write_text(MORE_OPTION.format(base=path.as_posix(), levers=levers), encoding="utf-8")
    return load(file, overrides={**QUICK, **BUSY})


@pytest.mark.parametrize(
    ("path", "levers"),
    [
        (PILOT, 'programme.annual_budget = "£900,000"\nprogramme.places = "99 places"'),
        (PILOT, "services.outreach = false\nprogramme.referral_effort = 50.0"),
        (EXTENSION, 'extension.length = "6 months"\nextension.delivery = "closed groups"'),
        (EXTENSION, 'extension.length = "24 months"\nextension.referral_effort = 50.0'),
    ],
)
def test_another_option_in_the_file_changes_no_other(
    tmp_path: Path, path: Path, levers: str
) -> None:
    before, after = quick(path), with_another_option(tmp_path, path, levers)
    assert after.options == (*before.options, "another")
    for option in before.options:
        assert np.array_equal(rows_of(before, option), rows_of(after, option))
    a = experiment.evaluate_options(before, seed=1, replicate=0)
    b = experiment.evaluate_options(after, seed=1, replicate=0)
    assert all(np.array_equal(a[option].counts, b[option].counts) for option in before.options)


def test_an_option_that_lengthens_the_window_adds_to_the_others_and_changes_nothing(
    tmp_path: Path,
) -> None:
    """All options share one horizon; what lies before it is the same whatever its date."""
    before = quick(EXTENSION)
    after = with_another_option(tmp_path, EXTENSION, 'extension.length = "60 months"')
    a, b = model.tabulate(before, "extend"), model.tabulate(after, "extend")
    assert a.horizon < b.horizon
    n = (a.horizon - ORIGIN) // DAY
    assert np.array_equal(a.days[:, :n], b.days[:, :n])
    rows, longer = rows_of(before, "extend"), rows_of(after, "extend")
    assert np.array_equal(rows[rows["time"] < a.horizon], longer[longer["time"] < a.horizon])


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_options_evaluated_together_or_alone_count_the_same(path: Path) -> None:
    """Whom the census sets aside depends on the options; what is counted does not."""
    inputs = quick(path)
    together = experiment.evaluate_options(inputs, seed=4, replicate=2)
    assert tuple(together) == inputs.options
    for option in inputs.options:
        alone = experiment.evaluate_options(inputs, seed=4, replicate=2, options=[option])
        assert np.array_equal(together[option].counts, alone[option].counts)
        log = simulate(inputs, option=option, seed=4, replicate=2)
        assert np.array_equal(together[option].counts, measure(log, inputs).counts)


@pytest.mark.parametrize(
    "strain",
    [
        BUSY,
        MANY_PLACES,
        {**BUSY, "assume.time.tick": "1 day"},
        {**BUSY, **STRONG_EFFECT},
        {**BUSY, "programme.delivery": "closed groups"},
        {**BUSY, **REFUSING},
        {**BUSY, **REFUSING, "assume.time.tick": "1 day", "assume.pathway.contact_delay": "2 days"},
    ],
    ids=[
        "busy",
        "many places",
        "whole days",
        "strong effect",
        "closed groups",
        "refusing",
        "refusing, whole days",
    ],
)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_options_that_part_late_live_as_each_would_alone(
    path: Path, strain: dict[str, object]
) -> None:
    """Lived once until the first day on which options differ, and then each by itself.

    Whom an option cannot treat in its own way lives once for all of them.
    """
    inputs = load(path, overrides={"population.share": 0.02, **strain})
    for family in experiment.families([model.tabulate(inputs, one) for one in inputs.options]):
        people = fast.find_reached(family, 5, 2)
        every = list(sharing.live_under_each(family, people, 5, 2))
        assert len(every) == len(family)
        for world, lived in zip(family, every, strict=True):
            alone = together.live_together(world, people, 5, 2)
            left = np.isin(alone["person"], lived.left_alone)
            assert np.array_equal(alone[~left], lived.own)
            assert np.array_equal(np.concatenate([lived.own, alone[left]]), lived.rows)
            counts, first = fast.count_rows(alone, world)
            assert first == fast.count(lived, world)[1]
            assert np.array_equal(counts, fast.count(lived, world)[0])


def test_most_people_are_left_alone_by_an_option_that_ends_the_programme() -> None:
    """Otherwise the test above would not see those who live once for all options."""
    inputs = load(EXTENSION, overrides={"population.share": 0.05})
    worlds = list(model.tabulate_all(inputs).values())
    people = fast.find_reached(worlds, 5, 2)
    left = {
        world.option: len(lived.left_alone) / len(people)
        for world, lived in zip(worlds, sharing.live_under_each(worlds, people, 5, 2), strict=True)
    }
    assert left["stop"] > 0.8
    assert 0.1 < left["extend"] < left["stop"]


def test_the_options_of_the_extension_part_after_the_decision() -> None:
    """And not before any of them does anything else: a day's difference parts them."""
    inputs = quick(EXTENSION)
    worlds = [model.tabulate(inputs, one) for one in inputs.options]
    parting = sharing.parting(worlds)
    assert parting > model.seconds(model.decision_date(inputs, inputs.option("extend").levers))
    day = (parting - ORIGIN) // DAY
    before = [world.days[:, :day] for world in worlds]
    assert all(np.array_equal(one, before[0]) for one in before)
    assert any((world.days[:, day] != worlds[0].days[:, day]).any() for world in worlds)
    assert sharing.parting(worlds[:1]) == worlds[0].horizon


ROUTES = ("self", "police", "marac", "children", "court", "health")


def alone(route: str) -> dict[str, object]:
    """One route open, and often taken; nothing comes by another."""
    return {f"assume.referral.{one}": 0.3 if one == route else 0.0 for one in ROUTES}


SOON: dict[str, object] = {
    "assume.record.lag": "1 day",
    "assume.police.charge_delay": "1 day",
    "assume.police.conviction_delay": "1 day",
}
STRAINS = {
    "as it is": {},
    "whole days": {"assume.time.tick": "1 day"},
    "late": LATE,
    "agencies to MARAC, nothing recorded": {
        **alone("marac"),
        "assume.record.probability": 0.0,
        "assume.marac.agency_referral": "60 per 1000",
    },
    "further records to MARAC": {
        **alone("marac"),
        "assume.marac.high_risk_referral": 0.05,
        "assume.marac.further_referral": 0.95,
    },
    "a hazard much raised": {
        **alone("police"),
        "assume.incident.raised_hazard": 4.0,
        "assume.incident.raised_hazard_time": "90 days",
    },
    # Nothing takes long, so cases begun before the time looked at are many.
    "heard before the time looked at": {
        **alone("marac"),
        **SOON,
        "assume.marac.high_risk_referral": 0.3,
        "assume.marac.further_referral": 0.95,
        "assume.referral.marac": 0.9,
    },
    "a hazard raised before the time looked at": {
        **alone("police"),
        **SOON,
        "assume.incident.raised_hazard": 6.0,
        "assume.incident.raised_hazard_time": "180 days",
        "assume.referral.police": 0.9,
    },
    "support raises reports": {**alone("police"), "assume.idva.reporting_ratio": 5.0},
    **{route: alone(route) for route in ROUTES},
}


@pytest.mark.parametrize("strain", list(STRAINS.values()), ids=list(STRAINS))
@pytest.mark.parametrize("path", [PILOT, EXTENSION], ids=lambda path: path.stem)
def test_those_who_can_be_reached_are_found_without_living_every_life(
    path: Path, strain: dict[str, object]
) -> None:
    """The quick search finds the very people whom a census of the county sets aside."""
    inputs = load(path, overrides={"population.share": 0.05, **strain})
    worlds = [model.tabulate(inputs, name) for name in inputs.options]
    for family in experiment.families(worlds):
        people = fast.find_reached(family, 3, 1)
        assert np.array_equal(people, fast.take_census(family, 3, 1).people)
        assert len(people) > 5


def test_a_point_that_only_a_raised_hazard_reaches_needs_an_incident_before_it() -> None:
    """So hardly more lives are lived in vain than if no incident raised the hazard of the next."""
    inputs = load(EXTENSION, overrides={"population.share": 0.2})
    still = load(
        EXTENSION, overrides={"population.share": 0.2, "assume.incident.raised_hazard": 0.0}
    )

    def share_in_vain(inputs: Inputs) -> float:
        worlds = list(model.tabulate_all(inputs).values())
        found = fast.may_be_reached(worlds, 3, 1).people
        reached = fast.find_reached(worlds, 3, 1)
        assert set(reached[:, 0]) <= set(found[:, 0])
        return 1 - len(reached) / len(found)

    assert share_in_vain(inputs) < share_in_vain(still) + 0.1


@pytest.mark.parametrize(
    "strain",
    [
        {},
        LATE,
        {"assume.time.tick": "1 day"},
        {"assume.idva.reporting_ratio": 5.0},
        {
            "population.share": 0.3,
            "assume.record.probability": 0.1,
            "assume.incident.homicides_per_1000_recorded": 10.0,
        },
    ],
    ids=["as it is", "late", "whole days", "support raises reports", "all homicides are recorded"],
)
def test_those_with_a_record_are_found_without_living_every_life(strain: dict[str, object]) -> None:
    """And what happens to them is what a census of the county has of them."""
    inputs = load(PILOT, overrides={"population.share": 0.05, **strain})
    world = model.tabulate(inputs, "pilot_as_agreed")
    since, until = (world.record_start + year * YEAR for year in (1, 2))
    every = fast.take_census([world], 3, 1, keep=True).rows
    cases = every["person"] * 16 + every["relationship"]
    families = cases[(every["kind"] == ev.RELATIONSHIP_START) & (every["value"] == ev.FAMILY)]
    records = (every["kind"] == ev.RECORD) & (every["time"] >= since) & (every["time"] < until)
    recorded = np.unique(every["person"][records & ~np.isin(cases, families)])
    found = fast.live_recorded(world, since, until, 3, 1)
    own = found[np.isin(found["person"], recorded)]
    assert np.array_equal(own, every[np.isin(every["person"], recorded)])
    assert 50 < len(recorded) <= len(np.unique(found["person"])) < 4 * len(recorded)
    assert len(found) < len(every) / 2


@pytest.mark.parametrize("path", [PILOT, EXTENSION, CAMPAIGN], ids=lambda path: path.stem)
def test_differences_alone_are_those_of_the_whole_county(path: Path) -> None:
    inputs = load(path, overrides={"population.share": 0.02, **BUSY})
    whole = experiment.evaluate_options(inputs, seed=2, replicate=5)
    quick_ones = experiment.evaluate_differences(inputs, seed=2, replicate=5)
    first = inputs.options[0]
    moved = 0
    for name in inputs.options:
        expected = whole[name].counts - whole[first].counts
        found = quick_ones[name].counts - quick_ones[first].counts
        assert np.array_equal(expected, found)
        moved += np.abs(expected).sum()
    assert moved > 100
    assert quick_ones[first].of("true.incidents").sum() < whole[first].of("true.incidents").sum()


def test_nobody_can_be_reached_where_there_is_no_programme() -> None:
    inputs = load(PILOT, overrides={"population.share": 0.01})
    assert len(fast.find_reached([model.tabulate(inputs, inputs.options[0])], 1, 0)) == 0


def test_the_reference_engine_evaluates_options_too() -> None:
    inputs = quick(PILOT, **{"assume.county.new_perpetrators": "40 perpetrators per year"})
    fast = experiment.evaluate_options(inputs, seed=1, replicate=0)
    reference = experiment.evaluate_options(inputs, seed=1, replicate=0, engine="reference")
    assert list(fast) == list(reference)
    assert all(np.array_equal(fast[name].counts, reference[name].counts) for name in fast)


def test_options_that_change_the_county_are_told_apart() -> None:
    inputs = quick(**{"options.extend_larger.services.idva": False})
    worlds = list(model.tabulate_all(inputs).values())
    families = experiment.families(worlds)
    assert [len(family) for family in families] == [len(worlds) - 1, 1]
    assert families[1][0].option == "extend_larger"
    assert COUNTY_TABLES == D.LINX + 1


# --- one more place ---


@pytest.mark.parametrize("places", [1, 4, 12])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_one_more_place_lengthens_nobody_s_wait(places: int, seed: int) -> None:
    """First come, rolling places, fixed holding times, and nothing else that is limited."""

    def waits(n: int) -> dict[int, int]:
        inputs = quick(
            PILOT,
            **{
                **MANY_PLACES,
                "programme.places": f"{n} places",
                "programme.priority": "first come",
                "programme.max_episodes": "1 episode",
                "programme.partner_support": False,
                "assume.pathway.renege": "0 per week",
                "assume.feedback.custody": False,
                "assume.feedback.homicide": False,
                "assume.perpetrator.moves_away": "0 per year",
                "assume.perpetrator.dies": "0 per year",
            },
        )
        rows = rows_of(inputs, "pilot_as_agreed", seed)
        starts = rows[rows["kind"] == ev.START]
        referrals = rows[rows["kind"] == ev.REFERRAL]
        referred = dict(zip(referrals["person"].tolist(), referrals["time"].tolist(), strict=True))
        return {
            person: t - referred[person]
            for person, t in zip(starts["person"].tolist(), starts["time"].tolist(), strict=True)
        }

    fewer, more = waits(places), waits(places + 1)
    assert fewer.keys() <= more.keys()
    assert all(more[person] <= wait for person, wait in fewer.items())
    assert len(more) > len(fewer) or any(more[p] < fewer[p] for p in fewer)


# --- shares and draws ---


def test_a_smaller_share_is_a_subset_of_a_larger_one() -> None:
    """The same people, and outside the programme the same lives."""

    def county(share: float) -> Rows:
        inputs = quick(
            PILOT,
            **{
                "population.share": share,
                "assume.county.new_perpetrators": "14000 perpetrators per year",
                "programme.annual_budget": "£10,000,000",
            },
        )
        return rows_of(inputs, "pilot_as_agreed")

    small, large = county(0.004), county(0.012)
    entered = people(small, ev.ENTRY)
    assert entered < people(large, ev.ENTRY)
    assert 2 < len(people(large, ev.ENTRY)) / len(entered) < 4
    referred = people(small, ev.REFERRAL)
    assert referred
    assert referred == people(large, ev.REFERRAL) & entered
    outside = np.array(sorted(entered - referred))
    assert np.array_equal(
        small[np.isin(small["person"], outside)], large[np.isin(large["person"], outside)]
    )


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("assume.case.frailty_mean", "2 incidents per year", "3.5 incidents per year"),
        ("assume.case.frailty_cap", "5 incidents per year", "100 incidents per year"),
        ("assume.incident.raised_hazard", 0.5, 4.0),
        ("assume.incident.raised_hazard_time", "10 days", "90 days"),
    ],
)
def test_a_higher_rate_keeps_the_incidents_of_a_lower_one(
    name: str, low: object, high: object
) -> None:
    """Candidates are points of a field over time and rate: another draw rescales nothing."""
    a = incidents(rows_of(quick(PILOT, **NO_FEEDBACK, **{name: low}), "no_programme"))
    b = incidents(rows_of(quick(PILOT, **NO_FEEDBACK, **{name: high}), "no_programme"))
    assert a.items() < b.items()


def test_with_feedback_the_incidents_in_common_are_the_same() -> None:
    """Where custody, homicide and services intervene, what both draws share is still the same."""
    low = incidents(
        rows_of(quick(**{"assume.case.frailty_mean": "2 incidents per year"}), "extend")
    )
    high = incidents(
        rows_of(quick(**{"assume.case.frailty_mean": "3 incidents per year"}), "extend")
    )
    both = low.keys() & high.keys()
    assert len(both) > 0.9 * len(low)
    assert all(low[key] == high[key] for key in both)


def test_more_arrivals_keep_those_who_arrive_with_fewer() -> None:
    few = quick(PILOT, **{"assume.county.new_perpetrators": "60 perpetrators per year"})
    many = quick(PILOT, **{"assume.county.new_perpetrators": "90 perpetrators per year"})
    a, b = rows_of(few, "no_programme"), rows_of(many, "no_programme")
    assert people(a, ev.ENTRY) < people(b, ev.ENTRY)
    assert np.array_equal(a, b[np.isin(b["person"], list(people(a, ev.ENTRY)))])


def test_a_longer_past_leaves_those_who_enter_later_alone() -> None:
    long = quick(PILOT, **{"assume.time.warm_up_start": "2008-04-01"})
    a, b = rows_of(quick(PILOT), "no_programme"), rows_of(long, "no_programme")
    assert people(a, ev.ENTRY) < people(b, ev.ENTRY)
    assert np.array_equal(a, b[np.isin(b["person"], list(people(a, ev.ENTRY)))])


# --- the ledger ---


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_the_ledger_adds_up_to_the_difference_of_the_counts(path: Path) -> None:
    inputs = quick(path, **MANY_PLACES, **{"assume.effect.full_dose_hr": 0.5})
    ledger = experiment.ledger(inputs, seed=1, replicate=0)
    outcomes = experiment.evaluate_options(inputs, seed=1, replicate=0)
    first = outcomes[inputs.options[0]]
    assert len(ledger) > 10
    assert set(ledger["option"]) <= set(inputs.options[1:])
    assert (ledger["in_comparator"] != ledger["in_option"]).all()
    for option in inputs.options[1:]:
        own = ledger[ledger["option"] == option]
        averted = int(own["in_comparator"].sum() - own["in_option"].sum())
        fewer = first.of("true.incidents").sum() - outcomes[option].of("true.incidents").sum()
        assert averted == fewer
        for behaviour in ev.BEHAVIOURS:
            mine = own[own["behaviour"] == behaviour]
            fewer = first.of(f"true.{behaviour}").sum()
            fewer -= outcomes[option].of(f"true.{behaviour}").sum()
            assert mine["in_comparator"].sum() - mine["in_option"].sum() == fewer
        a, b = rows_of(inputs, inputs.options[0]), rows_of(inputs, option)
        gone, new = (
            incidents(a).keys() - incidents(b).keys(),
            incidents(b).keys() - incidents(a).keys(),
        )
        assert len(own) == len(gone) + len(new)
        assert own["referred"].all()


def test_the_ledger_of_a_programme_without_effect_is_empty() -> None:
    inputs = quick(PILOT, **MANY_PLACES, **NO_EFFECT)
    assert experiment.ledger(inputs, seed=1, replicate=0).empty


def test_the_ledger_of_an_empty_county_is_empty() -> None:
    inputs = quick(PILOT, **{"assume.county.new_perpetrators": "0 perpetrators per year"})
    assert experiment.ledger(inputs, seed=1, replicate=0).empty
    outcomes = experiment.evaluate_options(inputs, seed=1, replicate=0)
    assert all(outcome.counts.sum() == 0 for outcome in outcomes.values())


def test_the_rate_bound_is_a_bound() -> None:
    """Bands that are never looked at hold no incident: doubling the bound changes nothing."""
    inputs = quick(PILOT, **MANY_PLACES, **{"assume.effect.dropout_hr": 1.5})
    world = model.tabulate(inputs, "pilot_as_agreed")
    rows = fast.simulate(world, 1, 0)
    p = world.p.copy()
    p[P.UP] *= 2
    p[P.SEASON_MAX] *= 1.5
    assert np.array_equal(rows, fast.simulate(dataclasses.replace(world, p=p), 1, 0))
