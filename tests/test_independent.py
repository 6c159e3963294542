"""The package against the second implementation in independent.py.

Both obey the probability laws of docs/model.md with different random numbers, so their means
over replicates must agree within their standard errors. The cases below boost what is rare, so
that a small share of the county shows it.
"""

import datetime as dt
from collections import Counter
from pathlib import Path

import independent
import numpy as np
import pytest
from scipy import stats

import dapp_model as dm

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
SEED = 2014
DAY = 86_400

COUNTY = (
    "case.begun",
    "case.entries",
    "true.incidents",
    "true.victims",
    "true.violence_with_injury",
    "true.violence_without_injury",
    "true.rape",
    "true.coercive_control",
    "true.coercive_control_first",
    "true.stalking_first",
    "true.high_harm",
    "true.child_present",
    "report.reports",
    "report.attended",
    "recorded.incidents",
    "recorded.violence_with_injury",
    "recorded.violence_without_injury",
    "recorded.non_crime",
    "recorded.repeat_a",
    "recorded.repeat_b",
    "recorded.repeat_c",
    "recorded.victims",
    "recorded.high_risk",
    "police.arrests",
    "police.dvpns",
    "police.dvpos",
    "police.charges",
    "police.convictions",
    "police.custody",
    "police.custody_days",
    "police.community_orders",
    "police.bbr_starts",
    "police.bbr_completions",
    "marac.referrals",
    "marac.repeats",
    "marac.repeats_ever",
    "marac.hearings",
    "services.idva",
    "services.outreach",
    "children.referrals",
    "children.rereferrals",
    "children.in_need",
    "children.plans",
    "children.looked_after",
)
PATHWAY = (
    "true.incidents",
    "recorded.incidents",
    "children.referrals",
    "programme.referrals_self",
    "programme.referrals_police",
    "programme.referrals_marac",
    "programme.referrals_children",
    "programme.referrals_court",
    "programme.referrals_health",
    "programme.contacted",
    "programme.assessments",
    "programme.starts",
    "programme.one_to_one_starts",
    "programme.sessions",
    "programme.wait_days",
    "programme.support_starts",
    "programme.ended_refused",
    "programme.ended_not_reached",
    "programme.ended_unsuitable",
    "programme.ended_reneged",
    "programme.ended_not_started",
    "programme.ended_completed",
    "programme.ended_dropped_out",
    "programme.ended_removed",
    "programme.ended_open",
    "rows.waiting",
    "rows.support_offered",
    "rows.support_taken_up",
    "rows.support_ended",
    "rows.assessments_begun",
    "rows.followed_up",
    "rows.children_other_reasons",
)
MONEY = (*PATHWAY, "police.custody_days", "rows.starts_at_once")
# What happens after an event, to the case or to the person: incidents, and controlling ones.
EVENTS = {
    8: ("order", False),
    17: ("hearing", False),
    18: ("idva", False),
    19: ("outreach", False),
    50: ("start", True),
    51: ("support", False),
}
FOLLOWED = ("order", "hearing", "idva", "outreach", "start", "support", "bbr")
AFTER = (
    *(
        f"after.{event}{what}"
        for event in (*FOLLOWED, "completed", "dropped_out")
        for what in ("", "_control", "_late")
    ),
    "after.idva_reports",
    "after.support_reports",
)

SERVICES = {
    "assume.bbr.hazard_ratio": 0.3,
    "assume.marac.hazard_ratio": 0.4,
    "assume.idva.hazard_ratio": 0.4,
    "assume.outreach.hazard_ratio": 0.5,
    "assume.dvpo.hazard_ratio": 0.4,
}
EFFECTS = {
    "assume.effect.full_dose_hr": 0.3,
    "assume.effect.dropout_hr": 2.0,
    "assume.effect.support_hr": 0.5,
    "assume.effect.reporting_ratio": 2.5,
    "assume.effect.control_factor": 0.4,
    "assume.effect.half_life": "8 months",
    "assume.children.pass_through": 0.3,
}
BUSY = {
    "population.share": 0.02,
    "assume.time.warm_up_start": dt.date(2009, 4, 1),
    "assume.time.record_start": dt.date(2011, 4, 1),
    "assume.time.window_after_last_start": "2 months",
    "assume.report.probability": 0.35,
    "assume.report.severe_odds": 6.0,
    "assume.record.probability": 0.8,
    "assume.record.lag": "6 days",
    "assume.incident.homicides_per_1000_recorded": 10.0,
    "assume.incident.mix_coercive_control": 0.2,
    "assume.incident.mix_rape": 0.03,
    "assume.case.high_harm_share": 0.1,
    "assume.police.arrest": 0.8,
    "assume.police.dvpn": 0.2,
    "assume.police.dvpn_from": dt.date(2011, 4, 1),
    "assume.police.charge": 0.8,
    "assume.police.custody": 0.3,
    "assume.police.custody_served": "200 days",
    "assume.bbr.requirement": 0.7,
    "assume.bbr.started": 0.8,
    "assume.bbr.completed": 0.9,
    "assume.marac.agency_referral": "20 per 1000",
    "assume.marac.high_risk_referral": 0.5,
    "assume.idva.reporting_ratio": 2.0,
    "assume.outreach.referral": 0.5,
    "assume.children.referral": 0.6,
    "assume.perpetrator.dies": "0.03 per year",
    "assume.perpetrator.moves_away": "0.08 per year",
    "assume.linx.coverage": 0.5,
    "assume.linx.hazard_ratio": 0.5,
    "assume.dash.frailty_weight": 0.8,
    "assume.county.growth_total": 0.1,
    **SERVICES,
}
PILOT = {
    "population.share": 0.02,
    "assume.time.warm_up_start": dt.date(2010, 4, 1),
    "assume.time.record_start": dt.date(2011, 4, 1),
    "assume.time.window_after_last_start": "26 months",
    "assume.referral.self": 0.03,
    "assume.referral.police": 0.3,
    "assume.referral.marac": 0.5,
    "assume.referral.children": 0.3,
    "assume.referral.court": 0.6,
    "assume.referral.health": 0.15,
    "assume.referral.gap": "40 days",
    "assume.pathway.accept_police": 0.4,
    "assume.report.probability": 0.25,
    "assume.police.custody": 0.4,
    "assume.children.referral": 0.6,
    "assume.marac.agency_referral": "10 per 1000",
    "assume.perpetrator.moves_away": "0.06 per year",
    "programme.annual_budget": "£40,000,000",
    "programme.places": "500 places",
    "programme.assessors": "50 assessors",
    "programme.partner_support_places": "500 places",
    **EFFECTS,
}
# By risk, with one-to-one places and too little money; then extended without a gap in another
# design, with services switched off.
EXTENSION = {
    **PILOT,
    **{
        f"options.{option}.remove": True
        for option in (
            "extend_motivational",
            "extend_one_to_one_high_harm",
            "extend_larger",
            "pause_and_evaluate",
            "one_funder_withdraws",
        )
    },
}
EXTENDED = {
    **EXTENSION,
    "programme.priority": "by risk",
    "programme.one_to_one_places": "200 places",
    "programme.annual_budget": "£5,000,000",
    "programme.eligible_routes": ["self", "police", "court", "marac"],
    "programme.max_episodes": "3 episodes",
    "programme.needs_met": ["mental health"],
    "assume.pathway.unmet_need_odds": 0.4,
    "assume.campaign.reporting_ratio": 1.3,
    "assume.police.dvpn": 0.1,
    "options.extend.extension.motivational_enhancement": True,
    "options.extend.extension.places": "800 places",
    "options.extend.extension.sessions": "15 sessions",
    "options.extend.extension.session_interval": "10 days",
    "options.extend.extension.annual_budget": "£9,000,000",
    "options.extend.extension.last_start_before_end": "2 months",
    "options.extend.extension.referral_effort": 0.5,
    "options.extend.extension.ending": "stop",
    "options.extend.services.campaigns": 2.0,
    "options.extend.services.proactive": False,
    "options.extend.services.dvpo": False,
    "options.extend.services.idva": False,
    "options.extend.services.bbr": False,
}
# Closed groups that stop with the money; a pause; then one-to-one work for those at high risk.
PAUSED = {
    **EXTENSION,
    "programme.delivery": "closed groups",
    "programme.group_size": "500 people",
    "programme.group_minimum": "300 people",
    "programme.group_interval": "5 weeks",
    "programme.ending": "stop",
    "programme.last_start_before_end": "1 month",
    "programme.needs_met": [],
    "programme.eligible_risk": "not high",
    "programme.annual_budget": "£50,000,000",
    "options.extend.extension.length": "12 months",
    "options.extend.extension.gap": "6 months",
    "options.extend.extension.mobilisation": "2 months",
    "options.extend.extension.delivery": "one-to-one",
    "options.extend.extension.eligible_risk": "high",
    "options.extend.extension.places": "1000 places",
    "options.extend.services.outreach": False,
    "options.extend.services.linx": False,
}
# As before, with money for seven or eight starts a year, so that groups are small or do not start.
SHORT = {
    **PAUSED,
    "programme.annual_budget": "£6,000,000",
    "programme.places": "2000 places",
    "programme.eligible_risk": "any",
    "assume.budget.start": "£9,000",
    "assume.police.custody": 0.4,
    "assume.police.custody_served": "300 days",
}
# Cases that are long and alike, so that effects on incidents stand out from chance.
ALIKE = {
    **PILOT,
    "population.share": 0.006,
    "assume.time.warm_up_start": dt.date(2013, 4, 1),
    "assume.time.record_start": dt.date(2013, 10, 1),
    "assume.case.frailty_sigma": 0.3,
    "assume.case.frailty_mean": "10 incidents per year",
    "assume.case.short_share": 0.1,
    "assume.case.long_duration": "6 years",
    "assume.case.children_share": 0.9,
    "assume.incident.raised_hazard": 0.4,
    "assume.incident.mix_coercive_control": 0.4,
    "assume.report.probability": 0.1,
    "assume.police.dvpn": 0.1,
    "assume.police.charge": 0.9,
    "assume.police.custody": 0.1,
    "assume.police.community_order": 0.8,
    "assume.bbr.requirement": 0.9,
    "assume.bbr.started": 0.9,
    "assume.bbr.delay": "20 days",
    "assume.bbr.length": "60 days",
    "assume.idva.expected_referrals": "100 per year",
    "assume.idva.reporting_ratio": 2.5,
    "assume.outreach.expected_referrals": "100 per year",
    "assume.children.referral": 0.9,
    "assume.referral.police": 0.05,
    "assume.referral.marac": 0.04,
    "assume.referral.children": 0.02,
    "assume.referral.court": 0.03,
    "assume.referral.health": 0.001,
    "assume.pathway.support_length": "20 weeks",
    "programme.annual_budget": "£80,000,000",
    "programme.places": "12000 places",
    "programme.assessors": "3000 assessors",
    "programme.partner_support_places": "8000 places",
    **SERVICES,
}

# name: scenario, option, overrides, first and last year, outcomes, replicates, replicates (long)
CASES = {
    "baseline year": (
        "surrey_base",
        "pilot_as_agreed",
        {"population.share": 0.02},
        (2014, 2014),
        COUNTY,
        10,
        100,
    ),
    "busy county": (
        "surrey_base",
        "pilot_as_agreed",
        BUSY,
        (2013, 2014),
        COUNTY,
        10,
        80,
    ),
    "pilot": (
        "surrey_base",
        "pilot_as_agreed",
        PILOT,
        (2016, 2020),
        PATHWAY,
        8,
        60,
    ),
    "extended": ("surrey_extension", "extend", EXTENDED, (2016, 2022), PATHWAY, 7, 40),
    "paused": ("surrey_extension", "extend", PAUSED, (2016, 2022), PATHWAY, 7, 40),
    "short of money": ("surrey_extension", "extend", SHORT, (2016, 2022), MONEY, 7, 40),
    "effects": ("surrey_base", "pilot_as_agreed", ALIKE, (2013, 2020), PATHWAY + AFTER, 7, 40),
}


def rows_of(log):
    """Return the package's log in the form of the second implementation's rows."""
    names = ("time", "kind", "person", "relationship", "value", "detail")
    return list(zip(*(log.array[name].tolist() for name in names), strict=True))


def from_rows(rows):
    """Count what the package has no measure for."""
    counts = Counter()
    names = {44: "waiting", 48: "support_ended", 49: "assessments_begun", 52: "followed_up"}
    incidents, reports = {}, {}
    for row in rows:
        if row[1] == 3:
            incidents.setdefault(row[2], []).append(row)
        elif row[1] == 4:
            reports.setdefault(row[2], []).append(row)
    started = Counter(row[0] for row in rows if row[1] == 50)
    counts["rows.starts_at_once"] = sum(number**2 for number in started.values())
    for t, kind, person, case, value, detail in rows:
        if kind in names:
            counts["rows." + names[kind]] += 1
        elif kind == 43:
            counts["rows.support_offered"] += 1
            counts["rows.support_taken_up"] += value
        elif kind == 20 and detail & 2:
            counts["rows.children_other_reasons"] += 1
        event, whole = EVENTS.get(kind, (None, False))
        if kind == 15 and value:
            event, whole = "bbr", True
        elif kind == 47 and value in (5, 6):
            event, whole = ("completed", "dropped_out")[value - 5], True
        if event is None:
            continue
        for at, _, _, other, behaviour, _ in incidents.get(person, ()):
            if t < at <= t + 365 * DAY and (whole or other == case):
                late = "_late" if at > t + 120 * DAY else ""
                counts[f"after.{event}{late}"] += 1
                if behaviour == independent.CONTROL:
                    counts[f"after.{event}_control"] += 1
        if event in ("idva", "support"):
            for at, _, _, other, _, _ in reports.get(person, ()):
                if t < at <= t + 120 * DAY and other == case:
                    counts[f"after.{event}_reports"] += 1
    return counts


def differences(name, replicates, seed):
    """Return (outcome, the package's mean, the second implementation's, z) for each outcome."""
    scenario, option, overrides, (first, last), outcomes, _, _ = CASES[name]
    inputs = dm.load(SCENARIOS / f"{scenario}.toml", overrides)
    record_start = inputs.values["time.record_start"]
    last_year = independent.horizon_of(inputs).year - 1
    until = None if "programme.starts" in outcomes else dt.date(last + 1, 4, 1)
    more = any(o.startswith(("rows.", "after.")) for o in outcomes)
    ours, theirs = [], []
    for k in range(replicates):
        log = dm.simulate(inputs, option=option, seed=seed, replicate=k)
        measured = dm.measure(log, inputs)
        counts = from_rows(rows_of(log)) if more else Counter()
        for outcome in outcomes:
            if not outcome.startswith(("rows.", "after.")):
                start = first - measured.first_year
                values = measured.of(outcome)[start : last - measured.first_year + 1]
                counts[outcome] = int(values.sum())
        theirs.append([counts[o] for o in outcomes])

        rows = independent.simulate(inputs, option, seed * 1000 + k, until)
        counts = from_rows(rows) if more else Counter()
        for (outcome, group, year), number in independent.count(
            rows, record_start, last_year
        ).items():
            if group == "all" and first <= year <= last:
                counts[outcome] += number
        ours.append([counts[o] for o in outcomes])
    a, b = np.array(theirs, float), np.array(ours, float)
    squares = np.stack([a.var(axis=0, ddof=1), b.var(axis=0, ddof=1)]) / replicates
    error = np.sqrt(squares.sum(axis=0))
    gap = a.mean(axis=0) - b.mean(axis=0)
    # Few replicates: the ratio has Student's law (Welch), so take it to the normal's scale.
    freedom = (replicates - 1) * error**4 / np.maximum(1e-300, (squares**2).sum(axis=0))
    ratio = np.divide(gap, error, out=np.where(gap == 0, 0.0, 99.0), where=error > 0)
    z = np.sign(gap) * stats.norm.isf(stats.t.sf(np.abs(ratio), np.maximum(1, freedom)))
    return list(zip(outcomes, a.mean(axis=0), b.mean(axis=0), z, strict=True))


def check(found):
    # What hardly ever happens says nothing about a mean.
    kept = [row for row in found if max(row[1], row[2]) >= 1]
    z = np.array([row[3] for row in kept])
    rms = float(np.sqrt((z**2).mean()))
    table = "\n".join(
        f"{outcome:36} {a:12.2f} {b:12.2f} z {z:6.2f}"
        for outcome, a, b, z in sorted(kept, key=lambda row: -abs(row[3]))
    )
    message = f"rms z {rms:.2f}; outcome, package, second implementation:\n{table}"
    print(message)
    assert rms < 1.5, message
    assert np.abs(z).max() < 4.5, message


@pytest.mark.parametrize("name", CASES)
def test_means_agree(name):
    check(differences(name, CASES[name][5], SEED))


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_means_agree_with_many_replicates(name):
    check(differences(name, CASES[name][6], SEED + 1))


def counted_otherwise(name):
    """Return the measures that differ between the package and a plain count of the same log."""
    scenario, option, overrides = CASES[name][:3]
    inputs = dm.load(SCENARIOS / f"{scenario}.toml", {**overrides, "population.share": 0.01})
    log = dm.simulate(inputs, option=option, seed=SEED)
    measured = dm.measure(log, inputs).to_frame()
    last_year = independent.horizon_of(inputs).year - 1
    counts = independent.count(rows_of(log), inputs.values["time.record_start"], last_year)
    assert {outcome for outcome, _, _ in counts} <= set(measured.outcome)
    return [
        (row.outcome, row.group, row.financial_year, row.value)
        for row in measured.itertuples()
        if counts[row.outcome, row.group, int(row.financial_year[:4])] != row.value
    ]


@pytest.mark.parametrize("name", ["baseline year", "extended"])
def test_the_same_log_is_counted_the_same(name):
    """Counting by docs/model.md, section 2.9, gives the package's measures exactly."""
    wrong = counted_otherwise(name)
    assert not wrong, wrong[:20]
