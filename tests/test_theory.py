"""Does the model meet theory where theory has an answer?

Each test reduces the model through a scenario's own values until a closed form holds, and compares
with it. Seeds are fixed. A tolerance of FOUR means four standard errors of the quantity compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.optimize import brentq

from dapp_model import events as ev
from dapp_model.engines import simulate
from dapp_model.errors import InputErrors
from dapp_model.mix import true_mix
from dapp_model.scenario import load

PILOT = Path(__file__).parents[1] / "scenarios" / "surrey_pilot.toml"
DAY = 86_400
YEAR = 365.25 * DAY
FOUR = 4.0
UNLIKELY = 1e-4  # p-value of a goodness-of-fit test below which a fit is refused

Numbers = npt.NDArray[np.float64]

# Constant rates, no exits, cases of a lifetime, and nothing that acts back on abuse.
CONSTANT: Mapping[str, object] = {
    "time.warm_up_start": "2013-04-01",
    "time.record_start": "2013-10-01",
    "time.window_after_last_start": "0 days",
    "county.growth_total": 0.0,
    "perpetrator.moves_away": "0 per year",
    "perpetrator.dies": "0 per year",
    "perpetrator.next_relationship": "0 per year",
    "case.family_share": 0.0,
    "case.frailty_sigma": 0.0,
    "case.short_share": 0.0,
    "case.long_duration": "60 years",
    "incident.raised_hazard": 0.0,
    "incident.weekend_ratio": 1.0,
    "incident.festive_ratio": 1.0,
    "report.probability": 1e-06,
    "marac.agency_referral": "0 per 1000",
    "linx.coverage": 0.0,
    "feedback.custody": False,
    "feedback.homicide": False,
    "feedback.marac": False,
    "feedback.police": False,
}
# Everybody is referred at the first incident at which they can be, is reached, and agrees at once.
REFERRED: Mapping[str, object] = {
    **CONSTANT,
    "programme.contract_start": "2015-04-01",
    "programme.length": "120 months",
    "programme.mobilisation": "0 months",
    "programme.annual_budget": "£100,000,000",
    "programme.partner_support": False,
    "programme.eligible_routes": ["self"],
    "programme.max_episodes": "1 episode",
    "incident.homicides_per_1000_recorded": 0.0,
    "referral.self": 1.0,
    "referral.self_motivation": 0.0,
    "pathway.contact_delay": "0 days",
    "pathway.reached": 1.0,
    "pathway.accept_self": 1.0,
    "pathway.assessment_fixed": "1 second",
    "budget.assessor": "£0",
    "budget.start": "£0",
}


def key_of(name: str) -> str:
    """Return a value's key in a scenario file."""
    levers = ("programme.", "extension.", "services.", "decision.", "population.", "options.")
    return name if name.startswith(levers) else f"assume.{name}"


@cache
def _run(settings: tuple[tuple[str, Any], ...], option: str, replicate: int) -> Any:
    overrides = {key_of(k): list(v) if isinstance(v, tuple) else v for k, v in settings}
    return simulate(load(PILOT, overrides), option=option, seed=20_161, replicate=replicate).array


def rows_of(
    base: Mapping[str, object],
    change: Mapping[str, object],
    option: str = "no_programme",
    replicate: int = 0,
) -> Any:
    """Return the rows of a run; the same run is made once."""
    merged = {**base, **change}
    return _run(
        tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in sorted(merged.items())),
        option,
        replicate,
    )


def seconds(date: str) -> int:
    """Return the first second of a day."""
    return int(np.datetime64(date, "s").astype(np.int64))


def of_kind(rows: Any, kind: int) -> Any:
    """Return the rows of one kind."""
    return rows[rows["kind"] == kind]


def near(observed: float, expected: float, standard_error: float) -> None:
    """Fail if an observed number is further than FOUR standard errors from the expected one."""
    off = (observed - expected) / standard_error
    assert abs(off) <= FOUR, f"{observed:.6g} against {expected:.6g}: {off:.1f} standard errors"


def near_poisson(observed: float, expected: float) -> None:
    """Fail if a Poisson count is far from its expectation."""
    near(observed, expected, np.sqrt(expected))


def fits(observed: Any, expected: Any) -> None:
    """Fail if counts in cells are far from independent Poisson counts of these expectations."""
    o, e = np.asarray(observed, float), np.asarray(expected, float)
    assert e.min() >= 5.0, "a cell is too small for the test"
    p = stats.chi2.sf(((o - e) ** 2 / e).sum(), len(e))
    assert p > UNLIKELY, f"p = {p:.2g}: {o} against {np.round(e, 1)}"


def spans(rows: Any, until: int) -> tuple[Any, Any, Any]:
    """Return (person, start, end) of every case; one case each, open cases end at `until`."""
    begun = of_kind(rows, ev.RELATIONSHIP_START)
    order = np.argsort(begun["person"])
    people, start = begun["person"][order], begun["time"][order]
    end = np.full(len(people), until)
    ended = of_kind(rows, ev.RELATIONSHIP_END)
    end[np.searchsorted(people, ended["person"])] = ended["time"]
    return people, start, end


def steady(rows: Any, first: int, last: int) -> tuple[int, Any]:
    """Return (number, incidents) of the cases that are active from `first` to `last`."""
    people, start, end = spans(rows, last)
    kept = people[(start <= first) & (end >= last)]
    own = of_kind(rows, ev.INCIDENT)
    own = own[(own["time"] >= first) & (own["time"] < last)]
    return len(kept), own[np.isin(own["person"], kept)]


# --- who enters ---

GROWTH: Mapping[str, object] = {
    **CONSTANT,
    "time.warm_up_start": "2003-04-01",
    "case.frailty_mean": "0.01 incidents per year",
    "county.new_perpetrators": "10,000 perpetrators per year",
    "county.growth_total": 0.25,
    "county.growth_share_case_starts": 0.8,
    "county.growth_share_reporting": 0.1,
    "county.growth_from": "2006-04-01",
    "county.growth_until": "2016-04-01",
}


def expected_entries(edges: Any) -> Numbers:
    """Integrate the growing rate of entries between edges, in seconds, by midpoints of days."""
    low, high = seconds("2006-04-01"), seconds("2016-04-01")

    def rate(t: Numbers) -> Numbers:
        years = (np.clip(t, low, high) - seconds("2014-10-01")) / YEAR
        return np.asarray(10_000 * np.exp(np.log(1.25) * 0.8 * years))

    found = []
    for a, b in pairwise(edges):
        found.append(rate(np.arange(a + DAY / 2, b, DAY)).sum() * DAY / YEAR)
    return np.array(found)


def test_entries_are_a_poisson_process_with_the_stated_growth() -> None:
    """Counts by year and month against the integral of the rate; dispersion near one."""
    entries = of_kind(rows_of(GROWTH, {}), ev.ENTRY)["time"]
    months = np.arange(np.datetime64("2003-04"), np.datetime64("2019-05"))
    edges = months.astype("datetime64[s]").astype(np.int64)
    observed, expected = np.histogram(entries, edges)[0], expected_entries(edges)
    near_poisson(len(entries), expected.sum())
    by_year = observed.reshape(-1, 12).sum(axis=1), expected.reshape(-1, 12).sum(axis=1)
    fits(*by_year)
    fits(observed, expected)
    dispersion = ((observed - expected) ** 2 / expected).mean()
    near(dispersion, 1.0, np.sqrt(2.0 / len(observed)))
    # By the time that the rate measures, gaps are independent and exponential.
    fine = np.arange(edges[0], edges[-1] + DAY, DAY)
    clock = np.concatenate([[0.0], np.cumsum(expected_entries(fine))])
    gaps = np.diff(np.interp(entries, fine, clock))
    # Gaps are compared above the step of a day within which the rate is taken as constant.
    assert stats.kstest(gaps, "expon").pvalue > UNLIKELY
    near(float(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]), 0.0, 1 / np.sqrt(len(gaps)))


def test_a_share_of_the_county_is_a_thinned_subset() -> None:
    """A quarter of the county holds a quarter of the same people."""
    whole = of_kind(rows_of(GROWTH, {}), ev.ENTRY)
    part = of_kind(rows_of(GROWTH, {"population.share": 0.25}), ev.ENTRY)
    assert set(part["person"].tolist()) < set(whole["person"].tolist())
    near(len(part) / len(whole), 0.25, np.sqrt(0.25 * 0.75 / len(whole)))


# --- true incidents ---


def test_counts_are_mixed_poisson_with_capped_log_normal_frailty() -> None:
    """Mean, variance and P(0) of a case's incidents in a year, by quadrature over frailty."""
    mean, sigma, cap = 2.5, 1.1, 12.0
    change = {
        "county.new_perpetrators": "6,000 perpetrators per year",
        "case.frailty_mean": f"{mean} incidents per year",
        "case.frailty_sigma": sigma,
        "case.frailty_cap": f"{cap} incidents per year",
    }
    first, last = seconds("2018-04-01"), seconds("2019-04-01")
    n, own = steady(rows_of(CONSTANT, change), first, last)
    seen = np.bincount(np.unique(own["person"], return_counts=True)[1], minlength=1)
    counts = np.repeat(np.arange(len(seen)), seen)
    counts = np.concatenate([np.zeros(n - len(counts), int), counts])
    # The log-normal has the stated mean before the cap.
    z = (np.arange(200_000) + 0.5) / 200_000
    frailty = np.minimum(cap, np.exp(np.log(mean) - sigma**2 / 2 + sigma * stats.norm.ppf(z)))
    rate = frailty * (last - first) / YEAR
    near(counts.mean(), rate.mean(), counts.std() / np.sqrt(n))
    variance = rate.mean() + rate.var()
    fourth = ((counts - counts.mean()) ** 4).mean()
    near(counts.var(), variance, np.sqrt((fourth - variance**2) / n))
    zero = np.exp(-rate).mean()
    near((counts == 0).mean(), zero, np.sqrt(zero * (1 - zero) / n))
    top = 40
    expected = [stats.poisson.pmf(k, rate).mean() * n for k in range(top)]
    expected.append(n - sum(expected))
    observed = [*np.bincount(np.minimum(counts, top), minlength=top + 1)]
    while expected[-1] < 5:
        expected[-2:], observed[-2:] = [sum(expected[-2:])], [sum(observed[-2:])]
    fits(observed, expected)
    assert counts.var() > 2 * counts.mean()


MIX = {
    "violence_with_injury": 0.15,
    "violence_without_injury": 0.2,
    "rape": 0.03,
    "other_sexual": 0.04,
    "stalking": 0.1,
    "coercive_control": 0.15,
    "damage": 0.08,
    "public_order": 0.05,
}
HIGH_HARM, ODDS = 0.1, 5.0
PLAIN: Mapping[str, object] = {
    "county.new_perpetrators": "2,000 perpetrators per year",
    "case.frailty_mean": "6 incidents per year",
    "case.high_harm_share": HIGH_HARM,
    "case.high_harm_odds": ODDS,
    "case.children_share": 0.4,
    **{f"incident.mix_{name}": share for name, share in MIX.items()},
    "incident.homicides_per_1000_recorded": 10.0,
    "incident.child_present": 0.3,
    "report.probability": 0.2,
    "report.severe_odds": 4.0,
    "report.attended": 0.9,
    "record.probability": 0.8,
    "record.lag": "12 hours",
    "crime.probability": 0.7,
    "crime.annual_rise": 0.0,
    "crime.coercive_control": 0.25,
    "dash.high_share": 0.15,
    "dash.medium_share": 0.3,
    "police.proactive_reporting_ratio": 1.0,
}
SERIOUS = [ev.INJURY, ev.RAPE, ev.OTHER_SEXUAL, ev.HOMICIDE]
# Chance of a report by behaviour: 0.2 is odds of a quarter, and four times that is even.
REPORTED = np.full(10, 0.2)
REPORTED[[ev.INJURY, ev.RAPE, ev.OTHER_SEXUAL]] = 0.5
REPORTED[ev.HOMICIDE] = 1.0


@cache
def plain() -> Any:
    """Return the incidents of cases that are active throughout, with the run's rows."""
    rows = rows_of(CONSTANT, PLAIN)
    n, own = steady(rows, seconds("2015-04-01"), seconds("2019-04-01"))
    return rows, n, own


def test_one_frailty_gives_plain_poisson_counts_and_exponential_gaps() -> None:
    """With frailty the same for all, counts are Poisson and gaps exponential."""
    _, n, own = plain()
    years = (seconds("2019-04-01") - seconds("2015-04-01")) / YEAR
    people, counts = np.unique(own["person"], return_counts=True)
    assert len(people) == n  # exp(-24) of them have none
    near_poisson(counts.sum(), 6.0 * years * n)
    dispersion = counts.var(ddof=1) / counts.mean()
    near(dispersion, 1.0, np.sqrt(2.0 / n))
    # The first gap after a fixed date is censored for exp(-18) of them.
    order = np.lexsort((own["time"], own["person"]))
    times, who = own["time"][order], own["person"][order]
    first = np.searchsorted(who, people)
    gaps = (times[first + 1] - times[first]) / YEAR
    assert stats.kstest(gaps, "expon", args=(0, 1 / 6.0)).pvalue > UNLIKELY
    waits = (times[first] - seconds("2015-04-01")) / YEAR
    assert stats.kstest(waits, "expon", args=(0, 1 / 6.0)).pvalue > UNLIKELY
    near(float(np.corrcoef(waits, gaps)[0, 1]), 0.0, 1 / np.sqrt(n))


def stated_mix(
    high_harm_share: float, odds: float, shares: Mapping[str, float] = MIX
) -> tuple[Numbers, Numbers]:
    """Return the shares of behaviour in ordinary and in high-harm cases.

    Over both kinds of case they are as stated, and a serious behaviour has the stated odds
    against one that is not. Homicides are stated per recorded incident.
    """
    mix = np.array([*shares.values(), 0.0, 0.0])
    mix[ev.NONE] = 1.0 - mix.sum()
    killed = 10.0 / 1000 * (mix * REPORTED).sum() * 0.8
    mix[[ev.HOMICIDE, ev.NONE]] += killed, -killed
    weight = np.ones(10)
    weight[SERIOUS] = odds

    def ordinary(scale: float) -> Numbers:
        return np.asarray(mix / (1 - high_harm_share + high_harm_share * weight / scale))

    def error(scale: float) -> float:
        return float((weight * ordinary(scale)).sum() - scale)

    scale = brentq(error, 1e-6, 1e6)
    return ordinary(scale), weight * ordinary(scale) / scale


def test_behaviours_come_in_the_stated_mix() -> None:
    """Ordinary and high-harm cases, by chi-square."""
    _, _, own = plain()
    for high_harm in (False, True):
        seen = own["value"][(own["detail"] & 2 > 0) == high_harm]
        expected = stated_mix(HIGH_HARM, ODDS)[high_harm] * len(seen)
        assert stats.chisquare(np.bincount(seen, minlength=10), expected).pvalue > UNLIKELY
    n = len(own)
    near((own["detail"] & 1).mean(), 0.4 * 0.3, np.sqrt(0.12 * 0.88 / n) * 5)  # cases cluster


@pytest.mark.parametrize(
    ("share", "odds"),
    [
        (0.03, 8.0),
        (0.1, 5.0),
        (0.05, 50.0),
        (0.15, 20.0),
        (0.15, 50.0),
    ],
)
def test_the_mix_is_a_mix_wherever_it_is_plausible(share: float, odds: float) -> None:
    """Shares of behaviour are the stated ones, and none is negative."""
    rare = {**MIX, "violence_with_injury": 0.08, "rape": 0.004, "other_sexual": 0.008}
    change = {
        **PLAIN,
        **{f"incident.mix_{name}": part for name, part in rare.items()},
        "case.high_harm_share": share,
        "case.high_harm_odds": odds,
    }
    inputs = load(PILOT, {key_of(name): value for name, value in change.items()})
    found = true_mix(inputs)
    assert found.min() >= 0
    for mix, stated in zip(found, stated_mix(share, odds, rare), strict=True):
        assert mix == pytest.approx(stated, abs=1e-6)


def test_high_harm_cases_are_of_the_stated_share() -> None:
    """High harm and children are drawn by case with the stated shares."""
    rows, _, _ = plain()
    begun = of_kind(rows, ev.RELATIONSHIP_START)
    n = len(begun)
    near((begun["detail"] & 4 > 0).mean(), HIGH_HARM, np.sqrt(HIGH_HARM * (1 - HIGH_HARM) / n))
    near((begun["detail"] & 3 > 0).mean(), 0.4, np.sqrt(0.24 / n))


def matched(later: Any, earlier: Any) -> Any:
    """Return for each of the later rows the earlier row of the same incident."""
    key = np.dtype([("person", "i8"), ("ordinal", "i8")])

    def keys(rows: Any) -> Any:
        found = np.empty(len(rows), key)
        found["person"], found["ordinal"] = rows["person"], rows["ordinal"]
        return found

    known = keys(earlier)
    order = np.argsort(known)
    return earlier[order[np.searchsorted(known[order], keys(later))]]


def test_reports_and_records_are_thinned_as_stated() -> None:
    """P(report) by behaviour, attended, recorded, and as which offence, all binomial."""
    rows, _, _ = plain()
    incidents = of_kind(rows, ev.INCIDENT)
    reports, records = of_kind(rows, ev.REPORT), of_kind(rows, ev.RECORD)
    reported = matched(reports, incidents)["value"]
    for b in range(10):
        n, p = (incidents["value"] == b).sum(), REPORTED[b]
        near((reported == b).sum(), n * p, np.sqrt(n * p * (1 - p)) or 0.1)
    n = len(reports)
    near(reports["value"].mean(), 0.9, np.sqrt(0.09 / n))
    # The last records may be due after the horizon.
    settled = reports["time"] < seconds("2019-03-01")
    n = (settled & (reported != ev.HOMICIDE)).sum()
    whence = matched(records, reports)
    behaviour = matched(records, incidents)["value"]
    kept = (whence["time"] < seconds("2019-03-01")) & (behaviour != ev.HOMICIDE)
    near(kept.sum() / n, 0.8, np.sqrt(0.16 / n))
    lags = (records["time"] - whence["time"]) / DAY
    assert stats.kstest(lags, "expon", args=(0, 0.5)).pvalue > UNLIKELY
    named = (behaviour < ev.HOMICIDE) & (behaviour != ev.CONTROL)
    crime = records["value"] == behaviour
    near(crime[named].mean(), 0.7, np.sqrt(0.21 / named.sum()))
    law = records["time"] >= seconds("2015-12-29")
    control = behaviour == ev.CONTROL
    assert not crime[control & ~law].any()
    near(crime[control & law].mean(), 0.25, np.sqrt(0.1875 / (control & law).sum()))
    assert not ((records["value"] != behaviour) & (records["value"] != ev.NONE)).any()
    shares = np.bincount(records["detail"], minlength=3) / len(records)
    for grade, share in enumerate((0.55, 0.3, 0.15)):
        near(shares[grade], share, np.sqrt(share * (1 - share) / len(records)))


def test_recording_and_reporting_grow_by_their_parts_of_the_growth() -> None:
    """Reports per incident and records per report rise by the stated parts a year."""
    change = {
        **PLAIN,
        "county.growth_total": 0.08,
        "county.growth_share_case_starts": 0.25,
        "county.growth_share_reporting": 0.5,
        "county.growth_from": "2013-04-01",
        "county.growth_until": "2018-04-01",
        "record.probability": 0.7,
    }
    rows = rows_of(CONSTANT, change)
    incidents = of_kind(rows, ev.INCIDENT)
    incidents = incidents[incidents["value"] == ev.NO_INJURY]
    reports, records = of_kind(rows, ev.REPORT), of_kind(rows, ev.RECORD)
    reports = reports[matched(reports, of_kind(rows, ev.INCIDENT))["value"] == ev.NO_INJURY]
    whence = matched(records, of_kind(rows, ev.INCIDENT))
    whence = whence[whence["value"] == ev.NO_INJURY]
    for year in (2013, 2015, 2017, 2018):
        first, last = seconds(f"{year}-04-01"), seconds(f"{year + 1}-04-01")

        def within(found: Any, first: int = first, last: int = last) -> Any:
            return found[(found["time"] >= first) & (found["time"] < last)]

        days = np.minimum(np.arange(first, last, DAY), seconds("2018-04-01"))
        years = (days - seconds("2014-10-01")) / YEAR
        # More incidents happen late in a year, but too few more to matter here.
        p = 0.2 * np.exp(np.log(1.08) * 0.5 * years).mean()
        q = 0.7 * np.exp(np.log(1.08) * 0.25 * years).mean()
        n, m = len(within(incidents)), len(within(reports))
        near(m, n * p, np.sqrt(n * p * (1 - p)) * 1.05)
        if year < 2018:  # the last records may be due after the horizon
            near(len(within(whence)), m * q, np.sqrt(m * q * (1 - q)) * 1.05)


def test_season_has_the_stated_ratios_and_a_mean_of_one() -> None:
    """Festive weeks and weekends against other days, and the mean over whole years."""
    change = {
        "county.new_perpetrators": "3,000 perpetrators per year",
        "case.frailty_mean": "20 incidents per year",
        "incident.weekend_ratio": 1.5,
        "incident.festive_ratio": 2.0,
    }
    first, last = seconds("2014-04-01"), seconds("2019-04-01")
    n, own = steady(rows_of(CONSTANT, change), first, last)
    days = np.arange(first // DAY, last // DAY)
    counts = np.bincount(own["time"] // DAY - first // DAY, minlength=len(days))
    dates = days.astype("datetime64[D]")
    weekend = np.array([date.weekday() in (4, 5, 6) for date in dates.tolist()])
    month_day = [(date.month, date.day) for date in dates.tolist()]
    festive = np.array([(12, 17) <= d or d <= (1, 4) for d in month_day])

    def rate(where: Any) -> tuple[float, float]:
        return counts[where].mean(), 1.0 / counts[where].sum()

    for chosen, other, ratio in (
        (weekend & ~festive, ~weekend & ~festive, 1.5),
        (festive & ~weekend, ~festive & ~weekend, 2.0),
        (festive & weekend, ~festive & ~weekend, 3.0),
    ):
        (a, va), (b, vb) = rate(chosen), rate(other)
        near(np.log(a / b), np.log(ratio), np.sqrt(va + vb))
    # A year's mean moves a little with the days of the week on which it begins.
    expected = 20.0 * n * (last - first) / YEAR
    near(counts.sum(), expected, np.sqrt(expected) + 0.0005 * expected)


def test_raised_hazard_after_an_incident() -> None:
    """The hazard right after an incident is raised as stated, fades as stated, and is reset."""
    base, extra, fade = 3.0, 4.0, 45.0  # a year, ratio, days
    change = {
        "county.new_perpetrators": "1,500 perpetrators per year",
        "case.frailty_mean": f"{base} incidents per year",
        "incident.raised_hazard": extra,
        "incident.raised_hazard_time": f"{fade} days",
    }
    rows = rows_of(CONSTANT, change)
    horizon = seconds("2019-04-01")
    people, start, end = spans(rows, horizon)
    own = of_kind(rows, ev.INCIDENT)
    own = own[np.lexsort((own["time"], own["person"]))]
    until = end[np.searchsorted(people, own["person"])]
    again = np.append(own["person"][1:] == own["person"][:-1], False)
    following = np.where(again, np.append(own["time"][1:], 0), until)
    gap = (following - own["time"]) / DAY
    daily = base / 365.25

    def cumulative(days: Numbers) -> Numbers:
        return np.asarray(daily * (days + extra * fade * (1 - np.exp(-days / fade))))

    edges = np.array([0, 0.25, 1, 3, 7, 14, 30, 45, 60, 90, 135, 180, 270, 365, 730.0])
    observed = np.histogram(gap[again], edges)[0]
    reached = cumulative(np.minimum(gap[:, None], edges))
    expected = np.diff(reached, axis=1).sum(axis=0)
    fits(observed, expected)
    # The ratio of the hazard in the first day to that of cases before their first incident.
    exposed = np.minimum(gap, 1.0).sum()
    first_of = own[np.append(True, own["person"][1:] != own["person"][:-1])]
    fresh = np.minimum(end, horizon).astype(float)
    fresh[np.searchsorted(people, first_of["person"])] = first_of["time"]
    before = (fresh - start).sum() / DAY
    near_poisson(len(first_of), daily * before)
    ratio = (observed[:2].sum() / exposed) / (len(first_of) / before)
    stated = (cumulative(np.array([1.0]))[0] / daily - 1.0) + 1.0
    spread = np.sqrt(1 / observed[:2].sum() + 1 / len(first_of))
    near(np.log(ratio), np.log(stated), float(spread))
    assert 1 + 0.97 * extra < stated < 1 + extra


def test_no_rate_is_cut_without_a_word() -> None:
    """A rate near the highest band is met in full, and one beyond it is refused."""
    change = {
        "time.warm_up_start": "2014-01-01",
        "time.record_start": "2014-02-01",
        "county.new_perpetrators": "5 perpetrators per year",
        "case.frailty_mean": "100 incidents per year",
        "incident.raised_hazard": 19.0,
        "incident.raised_hazard_time": "1,826 days",
    }
    rows = rows_of(CONSTANT, change)
    n, own = steady(rows, seconds("2018-04-01"), seconds("2019-04-01"))
    expected = 2_000.0 * n * 365 / 365.25
    assert abs(len(own) / expected - 1) < 0.02
    with pytest.raises(InputErrors, match="rate"):
        rows_of(CONSTANT, {**change, "incident.raised_hazard": 60.0})


def test_length_of_cases_and_of_lives_in_the_county() -> None:
    """Cases end as a mixture of exponentials; leaving has the stated rate; so has serial abuse."""
    change = {
        "county.new_perpetrators": "4,000 perpetrators per year",
        "case.frailty_mean": "0.01 incidents per year",
        "case.short_share": 0.4,
        "case.short_duration": "60 days",
        "case.long_duration": "2 years",
        "perpetrator.next_relationship": "0.5 per year",
        "perpetrator.career_length": "3 years",
    }
    rows = rows_of(CONSTANT, change)
    begun = of_kind(rows, ev.RELATIONSHIP_START)
    first = begun[(begun["relationship"] == 1) & (begun["time"] < seconds("2014-04-01"))]
    n = len(first)
    near((first["detail"] & 8 > 0).mean(), 0.4, np.sqrt(0.24 / n))
    ended = of_kind(rows, ev.RELATIONSHIP_END)
    ended = ended[ended["relationship"] == 1]
    order = np.argsort(ended["person"])
    at = np.searchsorted(ended["person"][order], first["person"])
    at = np.minimum(at, len(ended) - 1)
    over = ended["person"][order][at] == first["person"]
    length = np.where(over, ended["time"][order][at] - first["time"], 100 * YEAR) / DAY
    for days in (10, 60, 200, 500, 1000, 1800):
        p = 0.4 * np.exp(-days / 60) + 0.6 * np.exp(-days / 730.5)
        near((length > days).mean(), p, np.sqrt(p * (1 - p) / n))
    # A second case within four years: rate 0.5, cut by the career's rate 1/3.
    second = begun[begun["relationship"] == 2]
    started = dict(zip(second["person"].tolist(), second["time"].tolist(), strict=True))
    soon = [started.get(p, 1 << 60) - t < 4 * YEAR for p, t in first[["person", "time"]].tolist()]
    rate = 0.5 + 1 / 3
    p = 0.5 / rate * (1 - np.exp(-rate * 4))
    near(np.mean(soon), p, np.sqrt(p * (1 - p) / n))


# --- waiting: the assessors as a queue ---

SERVERS, SERVICE_DAYS = 3, 0.5
QUEUE: Mapping[str, object] = {
    **REFERRED,
    "time.warm_up_start": "2013-04-01",
    "case.frailty_mean": "50 incidents per year",
    "case.long_duration": "60 days",
    "incident.mix_coercive_control": 0.0,
    "programme.places": "0 places",
    "pathway.assessments_at_once": f"{SERVERS} assessments",
    "pathway.assessment_extra": "12 hours",
    "pathway.suitable": 0.0,
}
ENDS_PER_YEAR = 365.25 / 60
REFERRED_SHARE = 50.0 / (50.0 + ENDS_PER_YEAR)  # of those who enter: an incident before the end
FROM, UNTIL = seconds("2015-10-01"), seconds("2025-03-01")


def queue_of(load_of_servers: float, renege_per_day: float, replicate: int) -> dict[str, Numbers]:
    """Return arrivals, waits in days (served only) and outcomes at the queue for assessment."""
    entries = load_of_servers * SERVERS / SERVICE_DAYS * 365.25 / REFERRED_SHARE
    change = {
        "county.new_perpetrators": f"{entries:.3f} perpetrators per year",
        "pathway.renege": f"{renege_per_day * 7:.6f} per week",
    }
    rows = rows_of(QUEUE, change, "pilot_as_agreed", replicate)
    joined = of_kind(rows, ev.CONTACT)
    joined = joined[(joined["time"] >= FROM) & (joined["time"] < UNTIL)]
    begun = of_kind(rows, ev.ASSESSMENT_START)
    begun = begun[np.isin(begun["person"], joined["person"])]
    wait = (begun["time"] - matched(begun, joined)["time"]) / DAY
    ended = of_kind(rows, ev.EPISODE_END)
    ended = ended[np.isin(ended["person"], joined["person"])]
    return {"arrivals": joined["time"], "waits": wait, "ended": ended["value"]}


def erlang_c(servers: int, offered: float) -> float:
    """Return the chance of waiting in an M/M/c queue with that many erlangs offered."""
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def over_replicates(values: list[float], expected: float) -> None:
    """Compare a mean over independent replicates with what is expected."""
    near(float(np.mean(values)), expected, float(stats.sem(values)))


def test_arrivals_at_the_assessors_are_poisson() -> None:
    """Many independent people, each referred once: a stationary Poisson process."""
    arrivals = np.asarray(queue_of(0.75, 0.0, 0)["arrivals"], float)
    rate = 0.75 * SERVERS / SERVICE_DAYS
    span = (UNTIL - FROM) / DAY
    near_poisson(len(arrivals), rate * span)
    assert stats.kstest(np.diff(arrivals) / DAY, "expon", args=(0, 1 / rate)).pvalue > UNLIKELY
    weeks = np.histogram(arrivals, np.arange(FROM, UNTIL, 7 * DAY))[0]
    near(weeks.var(ddof=1) / weeks.mean(), 1.0, np.sqrt(2 / len(weeks)))


def test_waits_for_assessment_are_those_of_erlang_c() -> None:
    """Mean wait, chance of waiting and mean wait of those who wait in an M/M/c queue."""
    load_of_servers = 0.75
    runs = [queue_of(load_of_servers, 0.0, replicate) for replicate in range(8)]
    waiting = erlang_c(SERVERS, load_of_servers * SERVERS)
    excess = SERVERS / SERVICE_DAYS * (1 - load_of_servers)  # per day
    over_replicates([float((run["waits"] > 0).mean()) for run in runs], waiting)
    over_replicates([float(run["waits"].mean()) for run in runs], waiting / excess)
    over_replicates([float(run["waits"][run["waits"] > 0].mean()) for run in runs], 1 / excess)
    for run in runs:
        assert (run["ended"] == ev.UNSUITABLE).all()


def erlang_a(servers: int, arrivals: float, service: float, patience: float) -> tuple[float, float]:
    """Return (share who renege, chance of waiting) in an M/M/c+M queue; rates a day."""
    n = np.arange(0, 400)
    leaving = np.minimum(n, servers) * service + np.maximum(0, n - servers) * patience
    weight = np.cumprod(np.concatenate([[1.0], arrivals / leaving[1:]]))
    p = weight / weight.sum()
    queue = (p * np.maximum(0, n - servers)).sum()
    return patience * queue / arrivals, p[n >= servers].sum()


def test_reneging_is_that_of_erlang_a() -> None:
    """With exponential patience the share who leave is that of an M/M/c+M queue."""
    load_of_servers, patience = 1.1, 1.0  # more arrive than can be assessed; leaving rate a day
    runs = [queue_of(load_of_servers, patience, replicate) for replicate in range(4)]
    arrivals = load_of_servers * SERVERS / SERVICE_DAYS
    reneged, waiting = erlang_a(SERVERS, arrivals, 1 / SERVICE_DAYS, patience)
    assert reneged > 0.1
    over_replicates([float((run["ended"] == ev.RENEGED).mean()) for run in runs], reneged)
    # Those served at once, of all.
    at_once = [float((run["waits"] == 0).sum() / len(run["ended"])) for run in runs]
    over_replicates(at_once, 1 - waiting)


# --- the programme ---

SESSIONS, COMPLETE, SHAPE = 26, 0.5, 0.7
RATE, FULL, CONTROL_PART, DROPOUT = 12.0, 0.5, 0.5, 1.3
HALF_LIFE, MAXIMUM, THRESHOLD = 365.25, 1095.75, 0.25  # days, days, share
TREATED: Mapping[str, object] = {
    **REFERRED,
    "time.window_after_last_start": "3 years",
    "county.new_perpetrators": "700 perpetrators per year",
    "case.frailty_mean": f"{RATE} incidents per year",
    "programme.length": "48 months",
    "programme.places": "100,000 places",
    "programme.assessors": "1000 assessors",
    "programme.sessions": f"{SESSIONS} sessions",
    "pathway.assessment_extra": "0 days",
    "pathway.suitable": 1.0,
    "pathway.complete_self": COMPLETE,
    "pathway.dropout_shape": SHAPE,
    "pathway.complete_motivation": 0.0,
    "pathway.unmet_need_odds": 1.0,  # else the chance with all needs met is above the share
    "pathway.renege": "0 per week",
    "incident.mix_coercive_control": 0.3,
    "incident.mix_violence_without_injury": 0.3,
    "effect.full_dose_hr": FULL,
    "effect.control_factor": CONTROL_PART,
    "effect.threshold": THRESHOLD,
    "effect.half_life": "1 year",
    "effect.maximum": "3 years",
    "effect.dropout_hr": DROPOUT,
    "effect.floor": 0.01,
}


def test_drop_out_is_weibull_over_the_sessions() -> None:
    """The chance of attending at least k of n sessions is c to the power (k/n) to the shape."""
    ended = of_kind(rows_of(TREATED, {}, "pilot_as_agreed"), ev.EPISODE_END)
    known = ended[np.isin(ended["value"], (ev.COMPLETED, ev.DROPPED_OUT))]
    known = known[known["time"] < seconds("2019-04-01")]
    begun = of_kind(rows_of(TREATED, {}, "pilot_as_agreed"), ev.START)
    begun = begun[begun["time"] < seconds("2018-09-01")]  # all of them have come to an end
    known = known[np.isin(known["person"], begun["person"])]
    n = len(known)
    assert n == len(begun)
    near((known["value"] == ev.COMPLETED).mean(), COMPLETE, np.sqrt(COMPLETE * (1 - COMPLETE) / n))
    stays = COMPLETE ** ((np.arange(SESSIONS + 1) / SESSIONS) ** SHAPE)
    share = np.append(stays[:-1] - stays[1:], stays[-1])
    observed = np.bincount(known["detail"], minlength=SESSIONS + 1)
    fits(observed, share * n)
    assert (known["detail"][known["value"] == ev.COMPLETED] == SESSIONS).all()
    # The hazard of dropping out falls with time.
    hazard = observed[:-1] / (n - np.concatenate([[0], np.cumsum(observed[:-2])]))
    assert hazard[:5].mean() > 1.5 * hazard[-10:].mean()


@cache
def afterwards() -> dict[str, Any]:
    """Return the treated, when their episodes ended and how, and their incidents."""
    rows = rows_of(TREATED, {}, "pilot_as_agreed")
    horizon = int(rows["time"].max())
    ended = of_kind(rows, ev.EPISODE_END)
    ended = ended[np.isin(ended["value"], (ev.COMPLETED, ev.DROPPED_OUT))]
    ended = ended[np.argsort(ended["person"])]
    people, _, last = spans(rows, horizon)
    until = last[np.searchsorted(people, ended["person"])]
    own = of_kind(rows, ev.INCIDENT)
    own = own[np.isin(own["person"], ended["person"])]
    since = (own["time"] - ended["time"][np.searchsorted(ended["person"], own["person"])]) / DAY
    return {"rows": rows, "ended": ended, "until": until, "own": own, "since": since}


def compare_after(outcome: int, doses: Any, control: bool, edges: Any) -> None:
    """Compare the incidents after an end, by time since it, with the stated hazard."""
    found = afterwards()
    ended, own, since = found["ended"], found["own"], found["since"]
    at = np.searchsorted(ended["person"], own["person"])
    dose = ended["detail"] / SESSIONS
    chosen = (ended["value"] == outcome) & (dose >= doses[0]) & (dose < doses[1])
    mine = own[chosen[at] & ((own["value"] == ev.CONTROL) == control)]
    mine_since = since[chosen[at] & ((own["value"] == ev.CONTROL) == control)]
    assert len(mine)
    observed = np.histogram(mine_since, edges)[0]
    middle = np.arange(0.5, edges[-1])
    fading = 0.5 ** (middle / HALF_LIFE) * (middle < MAXIMUM)
    part = np.where(dose[chosen] >= THRESHOLD, dose[chosen], 0.0) * (CONTROL_PART if control else 1)
    log_ratio = np.log(FULL) * part[:, None] * fading
    if outcome == ev.DROPPED_OUT:
        log_ratio = log_ratio + np.log(DROPOUT) * fading
    exposed = (found["until"][chosen] - ended["time"][chosen]) / DAY
    day = np.clip(exposed[:, None] - np.floor(middle), 0.0, 1.0)
    rate = RATE * (0.3 if control else 0.7) / 365.25
    daily = (rate * np.exp(log_ratio) * day).sum(axis=0)
    expected = np.histogram(middle, edges, weights=daily)[0]
    fits(observed, expected)
    near_poisson(observed.sum(), expected.sum())


YEARS = np.array([0, 30, 90, 182, 365, 548, 730, 913, 1095.75, 1200, 1461])


def test_completers_incidents_fall_by_the_stated_ratio_and_the_effect_halves() -> None:
    """Of those who complete: full dose, half-life and the longest time of an effect."""
    compare_after(ev.COMPLETED, (1.0, 1.1), False, YEARS)


def test_the_effect_on_coercive_control_is_the_stated_part() -> None:
    """The same for controlling and coercive behaviour, with a part of the log hazard ratio."""
    compare_after(ev.COMPLETED, (1.0, 1.1), True, YEARS)


@pytest.mark.parametrize("doses", [(0.0, 0.25), (0.25, 0.7), (0.7, 1.0)])
def test_drop_outs_have_the_effect_of_their_dose_and_of_dropping_out(
    doses: tuple[float, float],
) -> None:
    """Below the threshold no effect of the dose, above it in proportion; dropping out adds."""
    compare_after(ev.DROPPED_OUT, doses, False, YEARS[[0, 3, 5, 7, 8, 10]])


def test_the_effect_grows_with_the_dose_while_on_the_programme() -> None:
    """Week by week after the start: nothing below the threshold, then the dose so far."""
    rows = afterwards()["rows"]
    begun = of_kind(rows, ev.START)
    begun = begun[np.argsort(begun["person"])]
    ended = of_kind(rows, ev.EPISODE_END)
    ended = ended[np.isin(ended["person"], begun["person"])]
    ended = ended[np.argsort(ended["person"])]
    people, _, last = spans(rows, int(rows["time"].max()))
    until = np.minimum(last[np.searchsorted(people, begun["person"])], ended["time"])
    own = of_kind(rows, ev.INCIDENT)
    own = own[np.isin(own["person"], begun["person"]) & (own["value"] != ev.CONTROL)]
    at = np.searchsorted(begun["person"], own["person"])
    on = (own["time"] > begun["time"][at]) & (own["time"] <= until[at])
    weeks = np.arange(SESSIONS + 1)
    observed = np.histogram((own["time"] - begun["time"][at])[on] / (7 * DAY), weeks)[0]
    exposed = (until - begun["time"]) / (7 * DAY)
    exposure = np.clip(exposed[:, None] - weeks[:-1], 0, 1).sum(axis=0)
    dose = weeks[:-1] / SESSIONS
    ratio = np.where(dose >= THRESHOLD, FULL**dose, 1.0)
    fits(observed, RATE * 0.7 * 7 / 365.25 * exposure * ratio)
    assert begun["time"].min() >= seconds("2015-04-01")


def test_treated_people_have_the_stated_part_of_the_comparators_incidents() -> None:
    """Paired with no programme: the completers' own incidents fall to the ratio, and are a subset.

    The effect hardly fades here and acts alike on all behaviours, so that one number says all.
    """
    change = {
        "effect.half_life": "100 years",
        "effect.maximum": "30 years",
        "effect.control_factor": 1.0,
        "effect.dropout_hr": 1.0,
        "pathway.complete_self": 1.0,
    }
    with_it = rows_of(TREATED, change, "pilot_as_agreed")
    without = rows_of(TREATED, change)
    ended = of_kind(with_it, ev.EPISODE_END)
    ended = ended[(ended["value"] == ev.COMPLETED)]
    end = dict(zip(ended["person"].tolist(), ended["time"].tolist(), strict=True))

    def after(rows: Any) -> set[tuple[int, ...]]:
        own = of_kind(rows, ev.INCIDENT)[["person", "time", "ordinal", "value"]].tolist()
        return {row for row in own if row[1] > end.get(row[0], 1 << 60)}

    fewer, more = after(with_it), after(without)
    assert fewer < more
    share = len(fewer) / len(more)
    # Over four years on average 2% of the log of the ratio has faded: allowed for below.
    times = np.array([row[1] - end[row[0]] for row in more]) / DAY
    expected = float(np.mean(FULL ** (0.5 ** (times / 36_525))))
    near(share, expected, np.sqrt(0.25 / len(more)))
    assert abs(expected - FULL) < 0.01
