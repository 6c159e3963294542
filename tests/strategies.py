"""Generated scenarios that put the engines under strain, for the property tests.

A scenario is a shipped file with overrides, on a small county with a short window, so that each
takes about a second in the reference engine. Every key is optional, so that a failing example
shrinks to the few overrides that matter. Values are extreme on purpose and mean nothing for Surrey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

from dapp_model.parameters import Inputs
from dapp_model.scenario import load

SCENARIOS = Path(__file__).parents[1] / "scenarios"
PILOT = SCENARIOS / "surrey_pilot.toml"
EXTENSION = SCENARIOS / "surrey_extension.toml"

# A county of a few hundred perpetrators that reaches the decision after a year. The fitted
# parameters are written out, so that another fit does not change what these tests strain.
QUICK: Mapping[str, object] = {
    "assume.time.warm_up_start": "2014-01-01",
    "assume.time.record_start": "2014-02-01",
    "assume.time.window_after_last_start": "1 year",
    "programme.contract_start": "2015-04-01",
    "programme.length": "12 months",
    "decision.date_month": "10 months",
    "decision.cut_off_month": "8 months",
    "assume.county.new_perpetrators": "120 perpetrators per year",
    "assume.perpetrator.next_relationship": "0.12 per year",
    "assume.perpetrator.career_length": "6 years",
    "assume.case.frailty_mean": "2.5 incidents per year",
    "assume.case.frailty_sigma": 1.1,
    "assume.case.frailty_cap": "100 incidents per year",
    "assume.case.short_share": 0.5,
    "assume.case.short_duration": "90 days",
    "assume.case.long_duration": "3 years",
    "assume.case.high_harm_odds": 8.0,
    "assume.incident.raised_hazard": 3.0,
    "assume.incident.raised_hazard_time": "60 days",
    "assume.incident.mix_violence_with_injury": 0.08,
    "assume.incident.mix_violence_without_injury": 0.2,
    "assume.incident.mix_rape": 0.004,
    "assume.incident.mix_other_sexual": 0.008,
    "assume.incident.mix_stalking": 0.045,
    "assume.incident.mix_coercive_control": 0.12,
    "assume.incident.mix_damage": 0.03,
    "assume.incident.mix_public_order": 0.018,
    "assume.crime.probability": 0.78,
    "assume.marac.high_risk_referral": 0.35,
    "assume.marac.further_referral": 0.3,
    "assume.marac.agency_referral": "1 per 1000",
    "assume.children.protection_plan": 0.22,
}
# Nearly everybody who comes to notice is referred, agrees and is suitable.
BUSY: Mapping[str, object] = {
    "assume.referral.self": 0.3,
    "assume.referral.police": 1.0,
    "assume.referral.marac": 1.0,
    "assume.referral.children": 1.0,
    "assume.referral.court": 1.0,
    "assume.referral.health": 0.5,
    "assume.report.probability": 0.4,
    "assume.pathway.reached": 1.0,
    "assume.pathway.accept_agency": 0.95,
    "assume.pathway.accept_police": 0.9,
}


def _of(*values: object) -> st.SearchStrategy[object]:
    return st.sampled_from(values)


_CHANCE = _of(0.0, 0.3, 1.0)
_PHASE: Mapping[str, st.SearchStrategy[object]] = {
    "annual_budget": _of("£100,000", "£10,000,000", "£30,000", "£0"),
    "delivery": _of("rolling group", "closed groups", "one-to-one"),
    "places": _of("10 places", "3 places", "1 place", "0 places", "200 places", "from budget"),
    "one_to_one_places": _of("0 places", "1 place", "4 places"),
    "assessors": _of("1 assessor", "5 assessors", "0 assessors"),
    "sessions": _of("26 sessions", "1 session", "2 sessions", "5 sessions"),
    "session_interval": _of("7 days", "1 day"),
    "group_size": _of("10 people", "6 people", "1000 people"),
    "group_minimum": _of("6 people", "1 person", "3 people"),
    "group_interval": _of("13 weeks", "1 day", "20 days"),
    "priority": _of("first come", "by risk"),
    "eligible_risk": _of("any", "high", "not high"),
    "eligible_routes": _of(["self"], ["police", "court"], ["marac", "children", "health"]),
    "referral_effort": _of(1.0, 0.0, 3.0),
    "needs_met": _of([], ["language"]),
    "motivational_enhancement": st.booleans(),
    "partner_support": st.booleans(),
    "partner_support_places": _of("15 places", "1 place", "0 places"),
    "ending": _of("teach-out", "stop"),
    "last_start_before_end": _of("0 weeks", "3 weeks", "20 weeks"),
    "max_episodes": _of("2 episodes", "1 episode", "3 episodes"),
    "mobilisation": _of("3 months", "0 months", "1 month"),
}
_SHARED: Mapping[str, st.SearchStrategy[object]] = {
    "assume.time.tick": _of("1 second", "1 day", "1 hour"),
    "assume.time.window_after_last_start": _of("1 year", "0 years"),
    "assume.county.new_perpetrators": _of(
        "120 perpetrators per year",
        "0 perpetrators per year",
        "3 perpetrators per year",
        "240 perpetrators per year",
    ),
    "services.from": _of("decision"),
    "services.campaigns": _of(0.0, 3.0),
    "services.outreach": st.booleans(),
    "services.idva": st.booleans(),
    "services.linx": st.booleans(),
    "services.dvpo": st.booleans(),
    "services.bbr": st.booleans(),
    "services.proactive": st.booleans(),
    "assume.perpetrator.moves_away": _of("0.02 per year", "2 per year"),
    "assume.perpetrator.dies": _of("0 per year", "2 per year"),
    "assume.perpetrator.next_relationship": _of("0 per year", "8 per year"),
    "assume.perpetrator.career_length": _of("6 years", "1 month", "60 years"),
    "assume.case.family_share": _of(0.0, 0.5),
    "assume.case.frailty_mean": _of("2.5 incidents per year", "6 incidents per year"),
    "assume.case.frailty_sigma": _of(1.1, 0.0, 1.6),
    "assume.case.frailty_cap": _of("100 incidents per year", "20 incidents per year"),
    "assume.case.short_duration": _of("90 days", "1 day"),
    "assume.case.long_duration": _of("3 years", "30 days"),
    "assume.case.high_harm_share": _of(0.03, 1.0),
    "assume.case.high_harm_odds": _of(8.0, 1000.0),
    "assume.case.children_share": _of(0.37, 1.0),
    "assume.incident.raised_hazard": _of(3.0, 0.0, 6.0),
    "assume.incident.raised_hazard_time": _of("60 days", "1 hour", "2 years"),
    "assume.incident.homicides_per_1000_recorded": _of(0.16, 10.0),
    "assume.report.probability": _of(0.08, 0.9),
    "assume.record.lag": _of("12 hours", "0 days", "60 days"),
    "assume.dash.high_share": _of(0.11, 0.6),
    "assume.police.arrest": _CHANCE,
    "assume.police.dvpn": _CHANCE,
    "assume.police.charge": _CHANCE,
    "assume.police.charge_delay": _of("30 days", "0 days"),
    "assume.police.conviction": _CHANCE,
    "assume.police.conviction_delay": _of("100 days", "0 days"),
    "assume.police.custody": _of(0.14, 0.5),
    "assume.police.community_order": _of(0.4, 0.5),
    "assume.police.custody_served": _of("90 days", "1 day", "3 years"),
    "assume.bbr.requirement": _CHANCE,
    "assume.bbr.started": _CHANCE,
    "assume.bbr.delay": _of("90 days", "0 days"),
    "assume.bbr.length": _of("30 weeks", "1 week"),
    "assume.bbr.hazard_ratio": _of(0.87, 0.01, 1.2),
    "assume.marac.high_risk_referral": _CHANCE,
    "assume.marac.further_referral": _CHANCE,
    "assume.marac.agency_referral": _of("1 per 1000", "300 per 1000"),
    "assume.marac.cycle": _of("14 days", "1 day"),
    "assume.marac.notice": _of("8 days", "0 days"),
    "assume.marac.hazard_ratio": _of(0.9, 0.01, 1.2),
    "assume.idva.hazard_ratio": _of(0.8, 1.2),
    "assume.idva.length": _of("4 months", "1 day"),
    "assume.idva.reporting_ratio": _of(1.1, 5.0),
    "assume.outreach.hazard_ratio": _of(0.9, 1.2),
    "assume.outreach.length": _of("3 months", "1 day"),
    "assume.dvpo.hazard_ratio": _of(0.8, 1.2),
    "assume.linx.hazard_ratio": _of(0.9, 0.01, 3.0),
    "assume.children.referral": _CHANCE,
    "assume.children.pass_through": _CHANCE,
    "assume.children.assessment_delay": _of("45 days", "0 days"),
    "assume.children.plan_length": _of("9 months", "1 day"),
    "assume.referral.self": _of(0.3, 0.0, 1.0),
    "assume.referral.self_motivation": _of(1.0, -3.0),
    "assume.referral.police": _CHANCE,
    "assume.referral.marac": _CHANCE,
    "assume.referral.children": _CHANCE,
    "assume.referral.court": _CHANCE,
    "assume.referral.health": _CHANCE,
    "assume.referral.gap": _of("90 days", "0 days", "1 day"),
    "assume.pathway.contact_delay": _of("10 days", "0 days"),
    "assume.pathway.reached": _of(1.0, 0.6),
    "assume.pathway.accept_agency": _of(0.95, 0.4),
    "assume.pathway.accept_police": _of(0.9, 0.1),
    "assume.pathway.assessments_at_once": _of("4 assessments", "1 assessment"),
    "assume.pathway.assessment_fixed": _of("14 days", "1 second", "1 day"),
    "assume.pathway.assessment_extra": _of("7 days", "0 days"),
    "assume.pathway.suitable": _of(0.9, 0.3, 1.0),
    "assume.pathway.renege": _of("0 per week", "0.03 per week", "10 per week"),
    "assume.pathway.complete_agency": _CHANCE,
    "assume.pathway.complete_self": _CHANCE,
    "assume.pathway.dropout_shape": _of(0.7, 0.05, 10.0),
    "assume.pathway.follow_up": _of("6 months", "0 days"),
    "assume.pathway.support_uptake": _CHANCE,
    "assume.pathway.support_patience": _of("12 weeks", "1 day"),
    "assume.pathway.support_length": _of("39 weeks", "1 day"),
    "assume.budget.start": _of("£1,800", "£0", "£20,000"),
    "assume.effect.full_dose_hr": _of(0.88, 0.01, 1.5),
    "assume.effect.control_factor": _of(0.5, 0.0, 1.5),
    "assume.effect.threshold": _of(0.25, 0.0, 1.0),
    "assume.effect.half_life": _of("2.5 years", "1 day"),
    "assume.effect.maximum": _of("5 years", "0 years", "30 days"),
    "assume.effect.dropout_hr": _of(1.05, 0.1, 1.5),
    "assume.effect.support_hr": _of(0.9, 0.01, 1.2),
    "assume.effect.reporting_ratio": _of(1.15, 0.01, 20.0),
    "assume.effect.floor": _of(0.2, 0.01, 1.0),
    "assume.feedback.custody": st.booleans(),
    "assume.feedback.homicide": st.booleans(),
    "assume.feedback.marac": st.booleans(),
    "assume.feedback.police": st.booleans(),
}
_EXTENDED = {
    "extension.length": _of("12 months", "8 months"),
    "extension.gap": _of("0 months", "2 months"),
}


@dataclass(frozen=True)
class Case:
    """A generated scenario: what to load, which option to simulate, and with which luck."""

    path: Path
    overrides: Mapping[str, object]
    option: str
    seed: int


def _levers(before: str) -> dict[str, st.SearchStrategy[object]]:
    return {f"{before}.{name}": values for name, values in _PHASE.items()}


@st.composite
def _cases(draw: st.DrawFn, path: Path, options: tuple[str, ...]) -> Case:
    option = draw(st.sampled_from(options))
    optional = dict(_SHARED) | _levers("programme")
    if path == EXTENSION and option != "stop":
        optional |= _levers(f"options.{option}.extension")
        optional |= {f"options.{option}.{name}": values for name, values in _EXTENDED.items()}
    # Few, some or many of the keys are set: few show what one does, many how all go together.
    often = draw(st.sampled_from([0.06, 0.2, 0.5]))
    keys = [key for key in optional if draw(st.floats(0, 1)) > 1 - often]
    overrides = {**QUICK, **BUSY, **{key: draw(optional[key]) for key in keys}}
    return Case(path, overrides, option, draw(st.integers(1, 1000)))


def pilots() -> st.SearchStrategy[Case]:
    """Scenarios of the pilot decision."""
    options = (
        "pilot_as_agreed",
        "pilot_one_to_one_high_harm",
        "pilot_highest_risk_first",
        "no_programme",
    )
    return _cases(PILOT, options)


def extensions() -> st.SearchStrategy[Case]:
    """Scenarios of the extension decision: the design may change in mid-run."""
    options = ("extend", "extend_one_to_one_high_harm", "pause_and_evaluate", "stop")
    return _cases(EXTENSION, options)


def quick(path: Path = EXTENSION, **overrides: object) -> Inputs:
    """Load the small busy county; `__` in a name stands for a dot, None takes a setting away."""
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    settings = {**QUICK, **BUSY, **named}
    return load(path, overrides={k: v for k, v in settings.items() if v is not None})
