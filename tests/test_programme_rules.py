"""Rules of the programme and of custody that hold person by person, in small busy counties.

What risk is known when, what a short budget leaves of a closed group, what a stop ends, how many
places money buys, and how many days two sentences take. Each is rebuilt from the rows alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from strategies import EXTENSION, PILOT, quick

from dapp_model import events as ev
from dapp_model import model, rules
from dapp_model.engines import simulate
from dapp_model.outcomes import measure
from dapp_model.parameters import Inputs
from dapp_model.scenario import load

DAY = 86_400
YEAR_OF_DAYS = 365 * DAY
AS_AGREED = "pilot_as_agreed"
ROOMY: Mapping[str, object] = {
    "programme.annual_budget": "£10,000,000",
    "programme.places": "200 places",
    "programme.assessors": "50 assessors",
    "programme.partner_support_places": "200 places",
}


def run(inputs: Inputs, option: str = AS_AGREED, seed: int = 1) -> Any:
    """Return the rows of one run."""
    return simulate(inputs, option=option, seed=seed).array


def of_kind(rows: Any, kind: int) -> Any:
    """Return the rows of one kind."""
    return rows[rows["kind"] == kind]


def at(date: str) -> int:
    """Return the first second of a day."""
    return int(np.datetime64(date, "s").astype(np.int64))


# --- risk ---

# Assessments take long and records are many, so that what is known often changes meanwhile.
CHANGING: Mapping[str, object] = {
    **ROOMY,
    "assume.county.new_perpetrators": "600 perpetrators per year",
    "assume.pathway.assessment_fixed": "90 days",
    "assume.pathway.contact_delay": "30 days",
    "assume.dash.high_share": 0.3,
    "assume.marac.high_risk_referral": 0.3,
}


def known_risk(rows: Any, person: int, case: int, until: int) -> int:
    """Return the risk of a case by the records and hearings up to a moment."""
    own = rows[(rows["person"] == person) & (rows["relationship"] == case)]
    own = own[own["time"] <= until]
    grades = of_kind(own, ev.RECORD)["detail"]
    heard = of_kind(own, ev.MARAC_HEARING)["time"]
    grade = int(grades[-1]) if len(grades) else 0
    recent = len(heard) > 0 and until - int(heard[-1]) <= YEAR_OF_DAYS
    return 2 if recent else grade


def risks(rows: Any) -> list[tuple[int, int, int]]:
    """Return the risk at each referral, at the end of its assessment, and the one written."""
    cases = {
        (p, o): (case, t)
        for t, p, o, case in of_kind(rows, ev.REFERRAL)[
            ["time", "person", "ordinal", "detail"]
        ].tolist()
    }
    found = []
    ended = of_kind(rows, ev.ASSESSMENT_END)[["time", "person", "ordinal", "detail"]]
    for t, p, o, written in ended.tolist():
        case, since = cases[p, o]
        found.append((known_risk(rows, p, case, since), known_risk(rows, p, case, t), written))
    return found


def test_risk_is_looked_at_again_when_the_assessment_ends() -> None:
    found = np.array(risks(run(quick(PILOT, **CHANGING))))
    assert (found[:, 1] == found[:, 2]).all()
    assert (found[:, 0] < found[:, 1]).sum() > 10
    assert (found[:, 0] > found[:, 1]).sum() > 10


def test_the_list_that_one_joins_goes_by_the_risk_as_assessed() -> None:
    """One-to-one places are for those at risk 2 then, whatever they were at the referral."""
    rows = run(quick(PILOT, **CHANGING, **{"programme.one_to_one_places": "20 places"}))
    waiting = of_kind(rows, ev.WAITING)
    assert ((waiting["value"] == 1) == (waiting["detail"] == 2)).all()
    assert 10 < (waiting["value"] == 1).sum() < len(waiting) - 10
    assessed = of_kind(rows, ev.ASSESSMENT_END)
    at_end = {(p, o): d for p, o, d in assessed[["person", "ordinal", "detail"]].tolist()}
    for p, o, d in waiting[["person", "ordinal", "detail"]].tolist():
        assert at_end[p, o] == d


def test_who_was_eligible_when_referred_stays_so() -> None:
    """Eligibility is of the referral; the assessment may find another risk, and they go on."""
    rows = run(quick(PILOT, **CHANGING, **{"programme.eligible_risk": "high"}))
    found = np.array(risks(rows))
    started = {(p, o) for p, o in of_kind(rows, ev.START)[["person", "ordinal"]].tolist()}
    ended = of_kind(rows, ev.ASSESSMENT_END)[["person", "ordinal", "detail"]].tolist()
    lower = {(p, o) for p, o, risk in ended if risk < 2}
    assert (found[:, 0] == 2).mean() > 0.9  # but for a record of the very instant
    assert lower & started


# --- custody ---

CUSTODY: Mapping[str, object] = {
    "assume.police.arrest": 1.0,
    "assume.police.charge": 1.0,
    "assume.police.conviction": 1.0,
    "assume.police.custody": 0.9,
    "assume.police.community_order": 0.1,
    "assume.police.custody_served": "150 days",
    "assume.report.probability": 0.8,
    "assume.case.frailty_mean": "8 incidents per year",
}


@pytest.mark.parametrize(
    ("held_until", "release", "days"),
    [
        (0, 30 * DAY, 30),
        (10 * DAY, 30 * DAY, 20),
        (30 * DAY, 30 * DAY, 0),
        (40 * DAY, 30 * DAY, 0),
        (-5 * DAY, 30 * DAY - 1, 29),
        (10 * DAY + 1, 30 * DAY, 19),
    ],
)
def test_a_sentence_adds_what_lies_beyond_the_term_that_runs(
    held_until: int, release: int, days: int
) -> None:
    t = at("2016-01-01")
    assert rules.further_custody(t, t + held_until, t + release) == days


def test_days_in_custody_that_overlap_count_once() -> None:
    """Up to each release, the days of all sentences are the days that passed since the first."""
    inputs = quick(PILOT, **CUSTODY)
    rows = run(inputs)
    terms: dict[int, list[tuple[int, int]]] = defaultdict(list)
    several = total = 0
    own = rows[np.isin(rows["kind"], (ev.CUSTODY_START, ev.CUSTODY_END))]
    for t, person, days, kind in own[["time", "person", "value", "kind"]].tolist():
        if kind == ev.CUSTODY_START:
            terms[person].append((t, days))
            total += days
            continue
        begun = terms.pop(person)
        passed = (t - begun[0][0]) / DAY
        assert passed - len(begun) < sum(days for _, days in begun) <= passed
        several += len(begun) > 1
    assert several > 20
    assert (
        measure(simulate(inputs, option=AS_AGREED), inputs).of("police.custody_days").sum() == total
    )


# --- closed groups ---


@cache
def group_starts(affordable: float) -> tuple[list[int], int]:
    """Return the sizes of the groups that start, and who waits at the second group day.

    affordable: starts that the year's money pays for; a group has 10 people, and at least 6.
    """
    settings = {
        "programme.delivery": "closed groups",
        "programme.places": "60 places",
        "programme.annual_budget": "£1,000,000",
        "programme.group_interval": "91 days",
        "programme.group_size": "10 people",
        "programme.group_minimum": "6 people",
        "assume.pathway.renege": "0 per week",
    }
    inputs = quick(PILOT, **settings)
    phase = model.phases(inputs, AS_AGREED)[0]
    pounds = model.places(inputs, AS_AGREED, phase)[2] / 100
    rows = run(quick(PILOT, **settings, **{"assume.budget.start": f"£{pounds / affordable:.2f}"}))
    first = at("2015-07-01")
    begun = of_kind(rows, ev.START)["time"]
    joined = of_kind(rows, ev.WAITING)["time"]
    day = first + 182 * DAY
    return np.unique(begun, return_counts=True)[1].tolist(), int(
        (joined < day).sum() - (begun < day).sum()
    )


@pytest.mark.parametrize(
    ("affordable", "sizes"),
    [
        (5.5, []),  # fewer than the least: nobody starts
        (6.5, [6]),
        (8.5, [8]),  # whole, but smaller than there are people and places for
        (14.5, [10]),  # the four that could still be paid for are no group
        (16.5, [10, 6]),
    ],
)
def test_a_closed_group_starts_whole_or_not_at_all(affordable: float, sizes: list[int]) -> None:
    found, waiting = group_starts(affordable)
    assert waiting > 10, "people wait, so that it is the money that is short"
    # Groups of one day start together, and more than one may.
    assert sum(found) == sum(sizes)
    assert found in (sizes, [sum(sizes)])


# --- a stop ---

STOPPED: Mapping[str, object] = {
    **ROOMY,
    "programme.ending": "stop",
    "assume.pathway.support_length": "39 weeks",
    "assume.pathway.support_uptake": 1.0,
}
END_OF_PILOT = at("2016-04-01")


def test_a_stop_ends_partner_support_with_the_funding() -> None:
    """Under a stop nobody is supported beyond the last day; taught out, support runs its course."""
    stopped = run(quick(PILOT, **STOPPED))
    taught = run(quick(PILOT, **{**STOPPED, "programme.ending": "teach-out"}))
    ends = of_kind(stopped, ev.SUPPORT_END)["time"]
    assert ends.max() == END_OF_PILOT
    assert (ends == END_OF_PILOT).sum() > 10
    assert len(ends) == len(of_kind(stopped, ev.SUPPORT_START))
    later = of_kind(taught, ev.SUPPORT_END)["time"]
    assert (later == END_OF_PILOT).sum() == 0
    assert (later > END_OF_PILOT).sum() == (ends == END_OF_PILOT).sum()
    # Nothing else that the county does before the end knows of it.
    a, b = (rows[rows["time"] < END_OF_PILOT] for rows in (stopped, taught))
    assert np.array_equal(a, b)


def test_what_support_does_fades_from_the_stop() -> None:
    """Supported cases have nearly no incidents; once it has stopped they have more than before."""
    strong = {"assume.effect.support_hr": 0.01, "assume.effect.floor": 0.01}
    strong |= {"assume.outreach.half_life": "14 days", "assume.effect.full_dose_hr": 1.0}
    strong |= {"assume.effect.dropout_hr": 1.0}
    counts = {}
    for ending in ("stop", "teach-out"):
        rows = run(quick(PILOT, **{**STOPPED, **strong, "programme.ending": ending}))
        begun = of_kind(rows, ev.SUPPORT_START)
        begun = begun[begun["time"] > END_OF_PILOT - 180 * DAY]
        cases = set(map(tuple, begun[["person", "relationship"]].tolist()))
        own = of_kind(rows, ev.INCIDENT)
        since = own["time"] - END_OF_PILOT
        own = own[(since >= 28 * DAY) & (since < 90 * DAY)]
        counts[ending] = sum(
            key in cases for key in map(tuple, own[["person", "relationship"]].tolist())
        )
    print(counts)
    assert counts["stop"] > 2 * counts["teach-out"] + 10


@pytest.mark.parametrize("ending", ["stop", "teach-out"])
def test_offers_of_support_lapse_at_a_stop(ending: str) -> None:
    """In a later phase nobody is supported on an offer from before the stop; taught out, some."""
    settings = {
        **STOPPED,
        "programme.ending": ending,
        "programme.partner_support_places": "3 places",
        "assume.pathway.support_patience": "1 year",
        "options.pause_and_evaluate.extension.gap": "2 months",
        "options.pause_and_evaluate.extension.partner_support_places": "100 places",
        "options.pause_and_evaluate.extension.annual_budget": "£10,000,000",
    }
    rows = run(quick(EXTENSION, **settings), "pause_and_evaluate")
    offers = of_kind(rows, ev.SUPPORT_OFFER)
    fields = ["time", "person", "ordinal"]
    offered = {(p, o): t for t, p, o in offers[offers["value"] == 1][fields].tolist()}
    begun = of_kind(rows, ev.SUPPORT_START)[fields].tolist()
    old = [t for t, p, o in begun if t > END_OF_PILOT and offered[p, o] < END_OF_PILOT]
    new = [t for t, p, o in begun if offered[p, o] >= END_OF_PILOT]
    assert len(new) > 5
    assert (len(old) == 0) if ending == "stop" else (len(old) > 5)


# --- places ---


def group_and_single(inputs: Inputs) -> tuple[int, int]:
    """Return the group places and one-to-one places of the pilot."""
    return model.places(inputs, AS_AGREED, model.phases(inputs, AS_AGREED)[0])[:2]


@pytest.mark.parametrize("delivery", ["rolling group", "one-to-one"])
@pytest.mark.parametrize("budget", ["£100,000", "£150,000", "£0"])
def test_places_are_no_more_than_the_budget_buys(budget: str, delivery: str) -> None:
    """Asking for more gives what is bought and a warning; asking for fewer gives those."""
    common = {"programme.annual_budget": budget, "programme.delivery": delivery}
    bought = group_and_single(load(PILOT, common))
    asked = load(PILOT, {**common, "programme.places": "200 places"})
    assert group_and_single(asked) == bought
    assert sum(bought) < 200
    said = [text for text in asked.warnings if "the rest do not exist" in text]
    assert any(AS_AGREED in text and f"buys {sum(bought)}" in text for text in said)
    if sum(bought) < 2:
        return
    fewer = load(PILOT, {**common, "programme.places": f"{sum(bought) - 1} places"})
    assert sum(group_and_single(fewer)) == sum(bought) - 1
    same = load(PILOT, {**common, "programme.places": f"{sum(bought)} places"})
    assert group_and_single(same) == bought
    for quiet in (fewer, same):
        assert not [t for t in quiet.warnings if f"({AS_AGREED})" in t and "do not exist" in t]


def test_nobody_holds_a_place_that_money_does_not_buy() -> None:
    """Of 200 places asked for no more are ever held than the budget buys, and those are."""
    settings = {"programme.annual_budget": "£100,000", "programme.places": "200 places"}
    settings |= {"assume.budget.start": "£10", "assume.pathway.renege": "0 per week"}
    settings |= {"assume.county.new_perpetrators": "600 perpetrators per year"}
    inputs = quick(PILOT, **settings)
    bought = sum(group_and_single(inputs))
    held: set[tuple[int, int]] = set()
    most = 0
    for person, ordinal, kind in run(inputs)[["person", "ordinal", "kind"]].tolist():
        if kind == ev.START:
            held.add((person, ordinal))
        elif kind == ev.EPISODE_END:
            held.discard((person, ordinal))
        most = max(most, len(held))
    assert 5 < most == bought < 50
