"""The reference and the fast engine write the same event log, and the log is sound.

The default run takes a fixed handful of generated scenarios; `pytest -m long` takes thousands.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import log_checks
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, assume, given, settings
from strategies import BUSY, EXTENSION, PILOT, QUICK, SCENARIOS, Case, extensions, pilots, quick

from dapp_model import events as ev
from dapp_model import experiment, model
from dapp_model.engines import simulate
from dapp_model.errors import InputErrors, RunError
from dapp_model.outcomes import measure
from dapp_model.parameters import Inputs
from dapp_model.scenario import load
from dapp_model.world import DAY, ORIGIN, D, P

Rows = npt.NDArray[np.void]


ENGINES = ("fast", "reference")


def count(rows: Rows, kind: int, value: int | None = None) -> int:
    """Return how many rows are of a kind (and hold a value)."""
    chosen = rows["kind"] == kind
    return int((chosen if value is None else chosen & (rows["value"] == value)).sum())


def agreed(inputs: Inputs, option: str, seed: int = 1) -> Rows:
    """Run both engines, assert that all is well, and return the rows."""
    fast = simulate(inputs, option=option, seed=seed)
    reference = simulate(inputs, option=option, seed=seed, engine="reference")
    assert fast.array.dtype == reference.array.dtype == ev.ROW
    if not np.array_equal(fast.array, reference.array):
        pytest.fail(first_difference(fast.array, reference.array))
    assert fast.sha256 == reference.sha256
    assert not log_checks.problems(fast.array, model.tabulate(inputs, option))
    counted = measure(reference, inputs)
    inside = experiment.evaluate_options(inputs, seed=seed, replicate=0, options=[option])[option]
    assert counted.first_year == inside.first_year
    assert np.array_equal(counted.counts, inside.counts)
    recorded, true = counted.of("recorded.incidents").sum(), counted.of("true.incidents").sum()
    assert recorded <= counted.of("report.reports").sum() <= true
    return fast.array


def first_difference(fast: Rows, reference: Rows) -> str:
    """Say where two logs part."""
    n = min(len(fast), len(reference))
    unequal = np.flatnonzero(fast[:n] != reference[:n])
    i = int(unequal[0]) if len(unequal) else n
    return (
        f"logs of {len(fast)} and {len(reference)} rows part at row {i}: "
        f"fast {fast[i : i + 1]}, reference {reference[i : i + 1]}"
    )


# --- the shipped scenarios ---

SHIPPED = sorted(SCENARIOS.glob("surrey_*.toml"))
_SEEN: dict[bytes, Rows] = {}


def content(inputs: Inputs, option: str) -> bytes:
    """Return all that an engine reads of an option."""
    w = model.tabulate(inputs, option)
    arrays = (w.p, w.days, w.calendar, np.array([w.warm_up, w.horizon]))
    return b"|".join(array.tobytes() for array in arrays)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_engines_agree_on_every_option_that_is_shipped(path: Path) -> None:
    """Few people and many referrals, so that the places that the money buys are busy.

    Options that hold the same numbers as one that was run already are not run again.
    """
    few = {**BUSY, "assume.county.new_perpetrators": "30 perpetrators per year"}
    inputs = load(path, overrides=few)
    started = 0
    for option in inputs.options:
        key = content(inputs, option)
        if key not in _SEEN:
            _SEEN[key] = agreed(inputs, option)
        started += count(_SEEN[key], ev.START)
    assert started > 0


@pytest.mark.long
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_engines_agree_on_every_option_of_a_tenth_of_the_county(path: Path) -> None:
    """As they are shipped, but for the share: what is rare in a small county happens here."""
    inputs = load(path, overrides={"population.share": 0.1})
    for option in inputs.options:
        key = content(inputs, option)
        if key not in _SEEN:
            _SEEN[key] = agreed(inputs, option)
        assert count(_SEEN[key], ev.INCIDENT) > 100_000


@pytest.mark.parametrize("full", [("fast",), ("reference",), ENGINES], ids=" ".join)
def test_an_engine_that_has_no_room_where_the_other_has_is_a_fault(
    full: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_room(*arguments: object, engine: str = "fast", **named: object) -> None:
        if engine in full:
            raise RunError("no room")

    left_aside = []
    monkeypatch.setitem(globals(), "simulate", without_room)
    monkeypatch.setitem(globals(), "assume", left_aside.append)
    case = Case(PILOT, {**QUICK, **BUSY}, "pilot_as_agreed", 1)
    if full == ENGINES:
        try_out(case)
        assert left_aside == [False]
    else:
        with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
            try_out(case)


@pytest.mark.parametrize(
    ("path", "option"), [(PILOT, "pilot_as_agreed"), (EXTENSION, "pause_and_evaluate")]
)
def test_the_engines_agree_on_a_scenario_as_it_is_shipped(path: Path, option: str) -> None:
    agreed(load(path, overrides={"population.share": 0.003}), option)


# --- scenarios that strain one thing ---


@dataclass(frozen=True)
class Strain:
    """A scenario that strains one thing, and how to see in the log that it did."""

    overrides: dict[str, object]
    seen: Callable[[Rows, Inputs], bool] = lambda rows, inputs: count(rows, ev.START) > 20
    path: Path = PILOT
    option: str = "pilot_as_agreed"
    also: dict[str, object] = field(default_factory=dict)


def _many_ties(rows: Rows, inputs: Inputs) -> bool:
    at_once = np.unique(rows["time"], return_counts=True)[1]
    return bool((rows["time"] % DAY == 0).all()) and int(at_once.max()) > 20


def _share_of(outcome: int, least: float) -> Callable[[Rows, Inputs], bool]:
    def seen(rows: Rows, inputs: Inputs) -> bool:
        return count(rows, ev.EPISODE_END, outcome) > least * count(rows, ev.EPISODE_END)

    return seen


def _budget_exhausted(rows: Rows, inputs: Inputs) -> bool:
    world = model.tabulate(inputs, "pilot_as_agreed")
    costs = world.p[P.START_COST] * count(rows, ev.START)
    left = world.days[D.FUNDS].max() - costs
    return bool(0 <= left < world.p[P.START_COST]) and count(rows, ev.START) > 3


def _several_streams(rows: Rows, inputs: Inputs) -> bool:
    return count(rows, ev.START, 0) > 5 and count(rows, ev.START, 1) > 5


def _repeat_episodes(rows: Rows, inputs: Inputs) -> bool:
    return int(rows["ordinal"][rows["kind"] == ev.REFERRAL].max(initial=0)) == 3


WHOLE_DAYS: dict[str, object] = {
    "assume.time.tick": "1 day",
    "assume.pathway.contact_delay": "0 days",
    "assume.pathway.assessment_fixed": "1 day",
    "assume.pathway.assessment_extra": "0 days",
    "assume.record.lag": "0 days",
    "assume.police.charge_delay": "0 days",
    "assume.police.conviction_delay": "0 days",
    "assume.marac.cycle": "1 day",
    "assume.marac.notice": "0 days",
    "assume.children.assessment_delay": "0 days",
    "programme.session_interval": "1 day",
}
MANY_PLACES: dict[str, object] = {
    "programme.annual_budget": "£10,000,000",
    "programme.places": "200 places",
    "programme.assessors": "50 assessors",
}
CUSTODY: dict[str, object] = {
    "assume.police.arrest": 1.0,
    "assume.police.charge": 1.0,
    "assume.police.conviction": 1.0,
    "assume.police.custody": 0.9,
    "assume.police.community_order": 0.1,
    "assume.police.custody_served": "3 years",
}

STRAINS: dict[str, Strain] = {
    "ties": Strain(WHOLE_DAYS, _many_ties),
    "ties and many places": Strain({**WHOLE_DAYS, **MANY_PLACES}, _many_ties),
    "ties in closed groups": Strain(
        {**WHOLE_DAYS, "programme.delivery": "closed groups", "programme.group_interval": "7 days"},
        _many_ties,
    ),
    "no places": Strain(
        {"programme.places": "0 places"},
        lambda rows, inputs: count(rows, ev.START) == 0 < count(rows, ev.WAITING),
    ),
    "no assessors": Strain(
        {"programme.assessors": "0 assessors"},
        lambda rows, inputs: count(rows, ev.ASSESSMENT_START) == 0 < count(rows, ev.CONTACT, 2),
    ),
    "nobody arriving": Strain(
        {"assume.county.new_perpetrators": "0 perpetrators per year"},
        lambda rows, inputs: len(rows) == 0,
    ),
    "nobody referred": Strain(
        {"programme.referral_effort": 0.0},
        lambda rows, inputs: count(rows, ev.REFERRAL) == 0 < count(rows, ev.RECORD),
    ),
    "by risk": Strain(
        {
            "programme.priority": "by risk",
            "programme.places": "3 places",
            "assume.pathway.renege": "0 per week",
        },
        _share_of(ev.NOT_STARTED, 0.2),
        option="pilot_highest_risk_first",
    ),
    "high risk only": Strain(
        {"programme.eligible_risk": "high", "assume.dash.high_share": 0.7, **MANY_PLACES}
    ),
    "not high risk": Strain({"programme.eligible_risk": "not high", **MANY_PLACES}),
    "closed groups": Strain(
        {"programme.delivery": "closed groups", "programme.places": "30 places"}
    ),
    "one-to-one alone": Strain(
        {**MANY_PLACES, "programme.delivery": "one-to-one", "programme.places": "12 places"},
        lambda rows, inputs: count(rows, ev.START, 1) > 10 and count(rows, ev.START, 0) == 0,
    ),
    "group and one-to-one": Strain(
        {
            "programme.one_to_one_places": "6 places",
            "programme.annual_budget": "£500,000",
            "assume.dash.high_share": 0.5,
        },
        _several_streams,
        option="pilot_one_to_one_high_harm",
    ),
    "everything is short": Strain(
        {
            "programme.annual_budget": "£1,000,000",
            "programme.assessors": "1 assessor",
            "assume.pathway.assessments_at_once": "2 assessments",
            "assume.pathway.assessment_fixed": "7 days",
            "programme.places": "3 places",
            "programme.one_to_one_places": "1 place",
            "programme.partner_support_places": "1 place",
            "programme.sessions": "5 sessions",
            "assume.pathway.support_length": "2 weeks",
            "assume.pathway.support_uptake": 1.0,
            "assume.dash.high_share": 0.5,
        },
        lambda rows, inputs: count(rows, ev.START, 1) > 0 and count(rows, ev.SUPPORT_START) > 1,
        option="pilot_one_to_one_high_harm",
    ),
    "one support place": Strain(
        {
            **MANY_PLACES,
            "programme.partner_support_places": "1 place",
            "assume.pathway.support_uptake": 1.0,
            "assume.pathway.support_patience": "3 weeks",
            "assume.pathway.support_length": "2 weeks",
        },
        lambda rows, inputs: 5 < count(rows, ev.SUPPORT_START) < count(rows, ev.SUPPORT_OFFER, 1),
    ),
    "referred again": Strain(
        {
            **MANY_PLACES,
            "programme.max_episodes": "3 episodes",
            "assume.referral.gap": "0 days",
            "assume.case.frailty_mean": "6 incidents per year",
            "programme.sessions": "2 sessions",
        },
        _repeat_episodes,
    ),
    "everybody reneges": Strain(
        {
            "assume.pathway.renege": "10 per week",
            "assume.pathway.assessments_at_once": "1 assessment",
        },
        _share_of(ev.RENEGED, 0.4),
    ),
    "nobody reneges": Strain(
        {"assume.pathway.renege": "0 per week"},
        lambda rows, inputs: count(rows, ev.EPISODE_END, ev.RENEGED) == 0 < count(rows, ev.START),
    ),
    "money runs out": Strain({**MANY_PLACES, "assume.budget.start": "£500,000"}, _budget_exhausted),
    "no money": Strain(
        {"programme.annual_budget": "£0"},
        lambda rows, inputs: count(rows, ev.START) == 0 < count(rows, ev.REFERRAL),
    ),
    "ending with a stop": Strain(
        {**MANY_PLACES, "programme.ending": "stop"},
        lambda rows, inputs: (
            len(
                np.unique(
                    rows["time"][(rows["kind"] == ev.EPISODE_END) & (rows["value"] == ev.REMOVED)],
                    return_counts=True,
                )[1]
            )
            > 0
        ),
    ),
    "open at the horizon": Strain(
        {
            **MANY_PLACES,
            "programme.sessions": "60 sessions",
            "assume.time.window_after_last_start": "0 years",
            "assume.pathway.complete_agency": 1.0,
            "assume.pathway.complete_self": 1.0,
        },
        lambda rows, inputs: count(rows, ev.EPISODE_END, ev.OPEN) > 3,
    ),
    "long and frequent custody": Strain(
        {**MANY_PLACES, **CUSTODY},
        lambda rows, inputs: (
            count(rows, ev.EPISODE_END, ev.REMOVED) > 3 and count(rows, ev.CUSTODY_START) > 50
        ),
    ),
    "frequent homicide": Strain(
        {
            "assume.incident.homicides_per_1000_recorded": 10.0,
            "assume.report.probability": 0.9,
            "assume.case.frailty_mean": "6 incidents per year",
        },
        lambda rows, inputs: count(rows, ev.EXIT, ev.KILLED) > 10,
    ),
    "no feedback": Strain(
        {
            **MANY_PLACES,
            **CUSTODY,
            "assume.feedback.custody": False,
            "assume.feedback.homicide": False,
            "assume.feedback.marac": False,
            "assume.feedback.police": False,
        },
    ),
    "adverse effects": Strain(
        {
            **MANY_PLACES,
            "assume.effect.full_dose_hr": 1.8,
            "assume.effect.dropout_hr": 1.5,
            "assume.effect.support_hr": 1.2,
            "assume.effect.control_factor": 1.0,
            "assume.effect.threshold": 0.0,
            "assume.marac.hazard_ratio": 1.2,
            "assume.idva.hazard_ratio": 1.2,
            "assume.outreach.hazard_ratio": 1.2,
        },
    ),
    "many bands": Strain(
        {
            "assume.case.frailty_mean": "12 incidents per year",
            "assume.case.frailty_cap": "300 incidents per year",
            "assume.case.frailty_sigma": 1.8,
            "assume.incident.raised_hazard": 2.0,
            "assume.county.new_perpetrators": "20 perpetrators per year",
        },
        lambda rows, inputs: bool(
            ((rows["ordinal"][rows["kind"] == ev.INCIDENT] >> 27) >= 8).any()
        ),
    ),
    "new relationships all the time": Strain(
        {
            "assume.perpetrator.next_relationship": "8 per year",
            "assume.perpetrator.career_length": "60 years",
            "assume.county.new_perpetrators": "40 perpetrators per year",
        },
        lambda rows, inputs: int(rows["relationship"].max()) == 8,
    ),
    "stop after the pilot": Strain({}, path=EXTENSION, option="stop"),
    "a pause and an extension": Strain(
        {"options.pause_and_evaluate.extension.gap": "2 months"},
        path=EXTENSION,
        option="pause_and_evaluate",
    ),
    "closed groups, then rolling ones": Strain(
        {
            "programme.delivery": "closed groups",
            "programme.places": "30 places",
            "programme.annual_budget": "£300,000",
            "programme.group_interval": "28 days",
            "options.extend.extension.delivery": "rolling group",
            "options.extend.extension.places": "8 places",
        },
        path=EXTENSION,
        option="extend",
    ),
    "rolling groups, then closed ones": Strain(
        {
            "options.extend.extension.delivery": "closed groups",
            "options.extend.extension.places": "20 places",
            "options.extend.extension.annual_budget": "£300,000",
            "options.extend.extension.group_interval": "28 days",
        },
        path=EXTENSION,
        option="extend",
    ),
    "closed groups whose places are fewer in the extension": Strain(
        {
            "programme.delivery": "closed groups",
            "programme.places": "40 places",
            "programme.annual_budget": "£300,000",
            "programme.group_interval": "28 days",
            "options.extend.extension.places": "10 places",
            "options.extend.extension.group_size": "6 people",
            "options.extend.extension.group_minimum": "3 people",
            "options.extend.extension.sessions": "5 sessions",
        },
        path=EXTENSION,
        option="extend",
    ),
    "closed groups, then one-to-one": Strain(
        {
            "programme.delivery": "closed groups",
            "programme.places": "30 places",
            "programme.annual_budget": "£300,000",
            "options.extend.extension.delivery": "one-to-one",
            "options.extend.extension.places": "8 places",
            "options.extend.extension.priority": "by risk",
        },
        lambda rows, inputs: _several_streams(rows, inputs),
        path=EXTENSION,
        option="extend",
    ),
}


@pytest.mark.parametrize("name", STRAINS)
def test_the_engines_agree_under_strain(name: str) -> None:
    """Each scenario strains one thing, and the log shows that it did."""
    strain = STRAINS[name]
    inputs = quick(strain.path, **strain.overrides)
    rows = agreed(inputs, strain.option)
    assert strain.seen(rows, inputs), "the scenario does not strain what it should"


def test_hundreds_of_people_reach_the_programme() -> None:
    """With boosted referrals the shared queues are busy even in a small county."""
    inputs = quick(
        PILOT,
        **MANY_PLACES,
        **{
            "assume.county.new_perpetrators": "600 perpetrators per year",
            "assume.report.probability": 0.8,
        },
    )
    rows = agreed(inputs, "pilot_as_agreed")
    assert count(rows, ev.REFERRAL) > 300
    assert count(rows, ev.START) > 100


def test_closed_groups_start_together_on_group_days() -> None:
    """All starts of an instant are one or more whole groups, at the first second of a group day."""
    inputs = quick(
        PILOT,
        **{
            "programme.delivery": "closed groups",
            "programme.places": "60 places",
            "programme.annual_budget": "£1,000,000",
            "programme.group_interval": "28 days",
        },
    )
    world = model.tabulate(inputs, "pilot_as_agreed")
    rows = simulate(inputs, option="pilot_as_agreed").array
    times, together = np.unique(rows["time"][rows["kind"] == ev.START], return_counts=True)
    assert len(times) > 3
    assert (times % DAY == 0).all()
    assert (world.days[D.GROUP_DAY, (times - ORIGIN) // DAY] == 1).all()
    assert (together >= 6).all()


# --- generated scenarios ---


def try_out(case: Case) -> None:
    """Run a generated scenario; one that contradicts itself is left aside.

    So is one that has no room in an engine, but only if neither engine has room for it.
    """
    try:
        inputs = load(case.path, overrides=case.overrides)
        model.tabulate(inputs, case.option)
    except InputErrors:
        assume(False)
    try:
        agreed(inputs, case.option, case.seed)
    except RunError:
        for engine in ENGINES:
            with pytest.raises(RunError):
                simulate(inputs, option=case.option, seed=case.seed, engine=engine)
        assume(False)
    with suppress(RunError):  # another option of the file may have no room
        lived_together(inputs, case)


def lived_together(inputs: Inputs, case: Case) -> None:
    """Assert that an option counts the same beside the others, lived once until they part."""
    every = experiment.evaluate_options(inputs, seed=case.seed, replicate=0)
    alone = experiment.evaluate_options(inputs, seed=case.seed, replicate=0, options=[case.option])
    assert np.array_equal(every[case.option].counts, alone[case.option].counts)


def generated(examples: int) -> Callable[[Any], Any]:
    """Return the settings of a run over generated scenarios."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


@generated(20)
@given(case=pilots())
def test_the_engines_agree_on_generated_pilots(case: Case) -> None:
    try_out(case)


@generated(20)
@given(case=extensions())
def test_the_engines_agree_on_generated_extensions(case: Case) -> None:
    try_out(case)


@pytest.mark.long
@generated(2000)
@given(case=pilots())
def test_the_engines_agree_on_thousands_of_pilots(case: Case) -> None:
    try_out(case)


@pytest.mark.long
@generated(2000)
@given(case=extensions())
def test_the_engines_agree_on_thousands_of_extensions(case: Case) -> None:
    try_out(case)


# --- the verbs ---


def test_unknown_names_are_refused() -> None:
    inputs = quick(PILOT)
    with pytest.raises(KeyError, match="nobody"):
        simulate(inputs, option="nobody")
    with pytest.raises(ValueError, match="steam"):
        simulate(inputs, option="pilot_as_agreed", engine="steam")


def test_the_same_luck_gives_the_same_log_and_other_luck_another() -> None:
    inputs = quick(PILOT)
    logs = {
        (seed, replicate): simulate(
            inputs, option="pilot_as_agreed", seed=seed, replicate=replicate
        ).sha256
        for seed in (1, 2, 2**62)
        for replicate in (0, 1, 2**62)
    }
    assert len(set(logs.values())) == 9
    again = simulate(inputs, option="pilot_as_agreed", seed=2, replicate=1)
    assert again.sha256 == logs[2, 1]


# --- the checks themselves ---


def _first(rows: Rows, kind: int, value: int | None = None) -> int:
    chosen = rows["kind"] == kind
    return int(np.flatnonzero(chosen if value is None else chosen & (rows["value"] == value))[0])


def _cause(rows: Rows, kind: int, effect: int) -> int:
    """Return the place of the row of a kind that the first row of `effect` comes from."""
    row = rows[_first(rows, effect)]
    same = rows["kind"] == kind
    for name in ("person", "relationship", "ordinal"):
        same &= rows[name] == row[name]
    return int(np.flatnonzero(same)[0])


def _without(rows: Rows, i: int) -> Rows:
    return np.delete(rows, i)


def _moved(rows: Rows, i: int, seconds: int) -> Rows:
    rows["time"][i] += seconds
    return ev.in_order(rows)


def _changed(rows: Rows, i: int, name: str, value: int) -> Rows:
    rows[name][i] = value
    return rows


SPOILT: dict[str, tuple[Callable[[Rows], Rows], str]] = {
    "a row twice": (lambda r: np.repeat(r, 1 + (np.arange(len(r)) == 5)), "are equal"),
    "backwards": (lambda r: r[::-1].copy(), "out of order"),
    "too early": (lambda r: _moved(r, _first(r, ev.ENTRY), -9999 * DAY), "outside the window"),
    "no end": (lambda r: _without(r, _first(r, ev.EPISODE_END)), "never ends|during an episode"),
    "no incident": (lambda r: _without(r, _cause(r, ev.INCIDENT, ev.REPORT)), "without incident"),
    "no report": (lambda r: _without(r, _cause(r, ev.REPORT, ev.RECORD)), "without report"),
    "no record": (lambda r: _without(r, _cause(r, ev.RECORD, ev.ARREST)), "without record"),
    "no contact": (lambda r: _without(r, _cause(r, ev.CONTACT, ev.START)), "out of order"),
    "no session": (lambda r: _without(r, _first(r, ev.SESSION)), "session out of"),
    "no exit": (lambda r: _without(r, _first(r, ev.EXIT)), "no exit"),
    "no end of support": (lambda r: _without(r, _first(r, ev.SUPPORT_END)), "never ends"),
    "session too late": (lambda r: _moved(r, _first(r, ev.SESSION), 1), "session out of time"),
    "start too early": (lambda r: _moved(r, _first(r, ev.START), -9 * DAY), "start out of"),
    "still open": (lambda r: _changed(r, _first(r, ev.EPISODE_END), "value", ev.OPEN), "as open"),
    "sessions": (lambda r: _changed(r, _first(r, ev.EPISODE_END), "detail", 99), "another number"),
    "route": (lambda r: _changed(r, _first(r, ev.REFERRAL), "value", ev.COURT), "its cause"),
    "risk": (lambda r: _changed(r, _first(r, ev.ASSESSMENT_END), "detail", 3), "risk is not"),
    "days of custody": (
        lambda r: _changed(r, _cause(r, ev.CUSTODY_START, ev.CUSTODY_END), "value", 9999),
        "days of custody in",
    ),
    "idle places": (lambda r: r[r["kind"] != ev.START], "left empty"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_checks_find_what_is_spoilt(name: str) -> None:
    """Spoil a sound log in one way, and the checks must say so."""
    spoil, finding = SPOILT[name]
    inputs = quick(PILOT, **{"assume.perpetrator.dies": "0.5 per year"})
    rows = simulate(inputs, option="pilot_as_agreed").array.copy()
    world = model.tabulate(inputs, "pilot_as_agreed")
    assert not log_checks.problems(rows, world)
    found = log_checks.problems(spoil(rows), world, most=10_000)
    assert any(re.search(finding, text) for text in found), found[:20]


LIMITS = {
    D.ASSESSORS: "assessed at once with room for 1",
    D.PLACES: "on stream 0 with 1",
    D.PLACES_ONE: "on stream 1 with 1",
    D.SUPPORT_PLACES: "supported with 1",
    D.EPISODES: "one too many",
    D.CAN_START: "day without starts",
}


@pytest.mark.parametrize("table", LIMITS, ids=lambda table: table.name)
def test_the_checks_find_what_is_too_much(table: D) -> None:
    """A sound log does not stand up to tighter limits than those it was made with."""
    inputs = quick(PILOT, **{**MANY_PLACES, "programme.one_to_one_places": "50 places"})
    rows = simulate(inputs, option="pilot_as_agreed").array
    world = model.tabulate(inputs, "pilot_as_agreed")
    assert not log_checks.problems(rows, world)
    days = world.days.copy()
    days[table] = np.minimum(days[table], 0.0 if table in (D.EPISODES, D.CAN_START) else 1.0)
    found = log_checks.problems(rows, dataclasses.replace(world, days=days), most=10_000)
    assert any(LIMITS[table] in text for text in found), found[:20]
