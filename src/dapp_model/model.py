"""Turn Inputs into the arrays that the compiled rules read: numbers by name and tables by day.

Everything that depends on a date (season, growth, recording reform, services, the programme's
places and rules) is a table by day, so an option is data and the rules hold no dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import selection
from dapp_model.errors import InputErrors, Problem
from dapp_model.mix import report_probabilities, true_mix
from dapp_model.phases import (
    Phase,
    add_days,
    day_number,
    decision_date,
    horizon_date,
    phases,
    places,
    scale_count,
    seconds,
)
from dapp_model.world import (
    ANY_RISK,
    BASE_DATE,
    CLOSED,
    CONTROL_LAW,
    COUNTY_TABLES,
    DAY,
    HIGH_ONLY,
    HIGHEST_RATE,
    NOT_HIGH,
    ONE_TO_ONE,
    ORIGIN,
    ORIGIN_DATE,
    P_MIX,
    P_REPORT,
    P_SIZE,
    ROLLING,
    YEAR,
    YEAR_DAYS,
    D,
    P,
    World,
)

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

__all__ = [
    "COUNTY_TABLES",
    "DAY",
    "ORIGIN",
    "YEAR",
    "YEAR_DAYS",
    "D",
    "P",
    "Phase",
    "World",
    "add_days",
    "decision_date",
    "highest_rate",
    "horizon_date",
    "phases",
    "places",
    "seconds",
    "tabulate",
    "tabulate_all",
]


def _growth(inputs: Inputs, days: npt.NDArray[np.float64], share: float) -> Any:
    v = inputs.values
    low, high = day_number(v["county.growth_from"]), day_number(v["county.growth_until"])
    # Nothing grows against itself: the baseline year has factor one wherever growth begins.
    years = (np.clip(days, low, high) - np.clip(day_number(BASE_DATE), low, high)) / YEAR_DAYS
    return np.exp(np.log1p(v["county.growth_total"]) * share * years)


def _season(inputs: Inputs, n_days: int) -> npt.NDArray[np.float64]:
    """Return the season by day, with mean one over the calendar's whole cycle of 28 years.

    The cycle is the same whatever the horizon, so a longer study does not rescale a shorter one.
    """
    v = inputs.values
    cycle = 28 * 1461 // 4
    dates = np.arange(max(n_days, cycle)) + np.datetime64(ORIGIN_DATE, "D")
    weekday = (dates.astype(int) + 3) % 7  # Monday is 0
    month = dates.astype("datetime64[M]").astype(int) % 12 + 1
    day = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    festive = ((month == 12) & (day >= 17)) | ((month == 1) & (day <= 4))
    season = np.where(weekday >= 4, v["incident.weekend_ratio"], 1.0) * np.where(
        festive, v["incident.festive_ratio"], 1.0
    )
    return np.asarray((season / season[:cycle].mean())[:n_days])


def _numbers(inputs: Inputs, season_max: float) -> npt.NDArray[np.float64]:
    from scipy.special import ndtri

    v = inputs.values
    p = np.zeros(P_SIZE)

    def put(**named: float) -> None:
        for name, value in named.items():
            p[P[name]] = value

    def log(name: str) -> float:
        return float(np.log(v[name]))

    sec = float(DAY)
    yr = float(YEAR)
    sigma = v["case.frailty_sigma"]
    weight = v["dash.frailty_weight"]
    shift = weight * sigma / float(np.sqrt(1 + weight * weight))
    marac = v["feedback.marac"]
    police = v["feedback.police"]
    put(
        SHARE=inputs.population_share,
        MALE=v["perpetrator.male_share"],
        AGE1=v["perpetrator.age_16_24"],
        AGE2=v["perpetrator.age_16_24"] + v["perpetrator.age_25_34"],
        AGE3=v["perpetrator.age_16_24"] + v["perpetrator.age_25_34"] + v["perpetrator.age_35_49"],
        NEED1=v["perpetrator.need_substance"],
        NEED2=v["perpetrator.need_mental_health"],
        NEED3=v["perpetrator.need_language"],
        NEED4=v["perpetrator.need_employment"],
        MOTIVATION_RHO=v["perpetrator.motivation_correlation"],
        MOVES=v["perpetrator.moves_away"] / yr,
        DIES=v["perpetrator.dies"] / yr,
        NEXT=v["perpetrator.next_relationship"] / yr,
        CAREER=v["perpetrator.career_length"] * sec,
        FAMILY=v["case.family_share"],
        EX=v["case.ex_partner_share"],
        FRAILTY_MU=float(np.log(v["case.frailty_mean"])) - sigma * sigma / 2,
        FRAILTY_SIGMA=sigma,
        FRAILTY_CAP=v["case.frailty_cap"],
        FRAILTY_RHO=v["case.frailty_correlation"],
        SHORT_SHARE=v["case.short_share"],
        SHORT=v["case.short_duration"] * sec,
        LONG=v["case.long_duration"] * sec,
        SEPARATION=v["case.separation_share"],
        HIGH_HARM=v["case.high_harm_share"],
        CHILDREN=v["case.children_share"],
        SECOND=v["case.second_child"],
        THIRD=v["case.third_child"],
        RAISE=v["incident.raised_hazard"],
        RAISE_TIME=v["incident.raised_hazard_time"] * sec,
        CHILD_PRESENT=v["incident.child_present"],
        ATTENDED=v["report.attended"],
        LAG=v["record.lag"] * sec,
        # The shares are of records, and cases with more of them stand higher: under a log-normal
        # frailty the score of the case behind a record lies sigma above the mean of the cases.
        DASH_HIGH_Z=float(ndtri(1 - v["dash.high_share"])) + shift,
        DASH_MEDIUM_Z=float(ndtri(1 - v["dash.high_share"] - v["dash.medium_share"])) + shift,
        DASH_WEIGHT=v["dash.frailty_weight"],
        DVPO_GIVEN=v["police.dvpo_given_dvpn"],
        CHARGE=v["police.charge"],
        CHARGE_DELAY=v["police.charge_delay"] * sec,
        CONVICTION=v["police.conviction"],
        CONVICTION_DELAY=v["police.conviction_delay"] * sec,
        CUSTODY=v["police.custody"],
        SERVED=v["police.custody_served"] * sec,
        ORDER=v["police.community_order"],
        BBR_REQUIRED=v["bbr.requirement"],
        BBR_STARTED=v["bbr.started"],
        BBR_DELAY=v["bbr.delay"] * sec,
        BBR_LENGTH=v["bbr.length"] * sec,
        BBR_COMPLETED=v["bbr.completed"],
        BBR_LOG=log("bbr.hazard_ratio") if police else 0.0,
        MARAC_A=v["marac.high_risk_referral"],
        MARAC_B=v["marac.further_referral"],
        MARAC_C=v["marac.agency_referral"] / 1000,
        MARAC_CYCLE=v["marac.cycle"] * sec,
        MARAC_NOTICE=v["marac.notice"] * sec,
        MARAC_AREAS=float(v["marac.areas"]),
        MARAC_LOG=log("marac.hazard_ratio") if marac else 0.0,
        MARAC_HALF=v["marac.half_life"] * sec,
        IDVA_LENGTH=v["idva.length"] * sec,
        IDVA_LOG=log("idva.hazard_ratio") if marac else 0.0,
        IDVA_REPORT_LOG=log("idva.reporting_ratio") if marac else 0.0,
        OUTREACH_LENGTH=v["outreach.length"] * sec,
        OUTREACH_LOG=log("outreach.hazard_ratio") if marac else 0.0,
        SUPPORT_HALF=v["outreach.half_life"] * sec,
        DVPO_LENGTH=v["dvpo.length"] * sec,
        DVPO_LOG=log("dvpo.hazard_ratio") if police else 0.0,
        DVPO_HALF=v["dvpo.half_life"] * sec,
        LINX_COVERAGE=v["linx.coverage"],
        LINX_RATIO=v["linx.hazard_ratio"],
        CHILD_REF=v["children.referral"],
        PASS_THROUGH=v["children.pass_through"],
        CHILD_DELAY=v["children.assessment_delay"] * sec,
        IN_NEED=v["children.in_need"],
        PLAN=v["children.protection_plan"],
        PLAN_LENGTH=v["children.plan_length"] * sec,
        LOOKED_AFTER=v["children.looked_after"],
        SELF_MOTIVATION=v["referral.self_motivation"],
        GAP=v["referral.gap"] * sec,
        CONTACT_DELAY=v["pathway.contact_delay"] * sec,
        REACHED=v["pathway.reached"],
        ACCEPT_MOTIVATION=v["pathway.accept_motivation"],
        ASSESS_FIXED=v["pathway.assessment_fixed"] * sec,
        ASSESS_EXTRA=v["pathway.assessment_extra"] * sec,
        SUITABLE=v["pathway.suitable"],
        RENEGE=v["pathway.renege"] / yr,
        DROPOUT_SHAPE=v["pathway.dropout_shape"],
        COMPLETE_MOTIVATION=v["pathway.complete_motivation"],
        UNMET_LOG=log("pathway.unmet_need_odds"),
        MOTIVATIONAL_LOG=log("pathway.motivational_odds"),
        ONE_TO_ONE_LOG=log("pathway.one_to_one_odds"),
        FOLLOW_UP=v["pathway.follow_up"] * sec,
        SUPPORT_UPTAKE=v["pathway.support_uptake"],
        SUPPORT_PATIENCE=v["pathway.support_patience"] * sec,
        SUPPORT_LENGTH=v["pathway.support_length"] * sec,
        FULL_LOG=log("effect.full_dose_hr"),
        CONTROL=v["effect.control_factor"],
        THRESHOLD=v["effect.threshold"],
        HALF_LIFE=v["effect.half_life"] * sec,
        MAXIMUM=v["effect.maximum"] * sec,
        DROPOUT_LOG=log("effect.dropout_hr"),
        SUPPORT_LOG=log("effect.support_hr"),
        REPORT_LOG=log("effect.reporting_ratio"),
        REPORT_HALF=v["effect.reporting_half_life"] * sec,
        FLOOR_LOG=log("effect.floor"),
        CUSTODY_ON=float(v["feedback.custody"]),
        HOMICIDE_ON=float(v["feedback.homicide"]),
        SEASON_MAX=season_max,
        TICK=float(max(1, round(v["time.tick"] * sec))),
        START_COST=round(v["budget.start"] * 100),
        START_COST_ONE=round(
            v["budget.one_to_one_place"] / v["budget.place"] * v["budget.start"] * 100
        ),
    )
    put(**_chances_at_average_motivation(v))
    adverse = [
        p[P[n]]
        for n in (
            "BBR_LOG",
            "MARAC_LOG",
            "IDVA_LOG",
            "OUTREACH_LOG",
            "DVPO_LOG",
            "FULL_LOG",
            "DROPOUT_LOG",
            "SUPPORT_LOG",
        )
    ]
    # What the rate can rise to above its natural level: bands above it are never looked at.
    p[P["UP"]] = float(
        np.exp(sum(max(0.0, a) * max(1.0, v["effect.control_factor"]) for a in adverse))
    )
    p[P_REPORT : P_REPORT + 10] = report_probabilities(inputs)
    p[P_MIX : P_MIX + 20] = np.cumsum(true_mix(inputs), axis=1).ravel()
    p[[P_MIX + 9, P_MIX + 19]] = 2.0  # the last class takes what rounding leaves
    return p


def _chances_at_average_motivation(v: Mapping[str, Any]) -> dict[str, float]:
    """Turn the shares of those asked who accept, and of starters who complete, into chances."""
    # An incident leads to a referral, so the frail are referred more often (log-normal frailty).
    agency = (
        v["perpetrator.motivation_correlation"]
        * v["case.frailty_sigma"]
        * float(np.sqrt(v["case.frailty_correlation"]))
    )
    own = agency + v["referral.self_motivation"]
    needs = [v[f"perpetrator.need_{n}"] for n in ("substance", "mental_health", "language")]
    needs.append(v["perpetrator.need_employment"])
    unmet = (float(np.log(v["pathway.unmet_need_odds"])), needs)
    slope = v["pathway.accept_motivation"]
    found = {}
    for route, mean in (("self", own), ("agency", agency), ("police", agency)):
        chance = selection.acceptance(v[f"pathway.accept_{route}"], slope, mean)
        found[f"ACCEPT_{route.upper()}"] = chance
        if route != "police":
            found[f"COMPLETE_{route.upper()}"] = selection.completion(
                v[f"pathway.complete_{route}"],
                v["pathway.complete_motivation"],
                accepting=selection.shifted(chance, slope * selection.motivations(mean)[0]),
                mean_motivation=mean,
                unmet=unmet,
            )
    return found


def highest_rate(p: npt.NDArray[np.float64]) -> float:
    """Return the highest rate a year that any case could reach; it must stay in the bands."""
    capped = p[P.FRAILTY_CAP] * max(1.0, p[P.LINX_RATIO])
    return float(capped * p[P.SEASON_MAX] * (1 + p[P.RAISE]) * p[P.UP])


def _check_rate(inputs: Inputs, p: npt.NDArray[np.float64]) -> None:
    highest = highest_rate(p)
    if highest > HIGHEST_RATE:
        problem = Problem(
            file=inputs.path,
            line=None,
            key="assume.case.frailty_cap",
            found=f"up to {highest:,.0f} incidents a year",
            expected=f"at most {HIGHEST_RATE:,.0f}",
            message="The cap on frailty, the season, the raised hazard and harmful effects "
            "together allow a rate that the model does not represent.",
        )
        raise InputErrors((problem,))


def _county_tables(inputs: Inputs, option: str, days: npt.NDArray[np.float64]) -> None:
    v, levers = inputs.values, inputs.option(option).levers
    n = days.shape[1]
    day = np.arange(n, dtype=float)
    switch_on = (
        decision_date(inputs, levers)
        if levers["services.from"] == "decision"
        else max(levers["services.from"], decision_date(inputs, levers))
    )
    after = day >= day_number(switch_on)

    def table(name: str, values: Any) -> None:
        days[D[name]] = values

    campaigns = np.where(after, levers["services.campaigns"], 1.0) - 1.0
    proactive = np.where(after, levers["services.proactive"], True)
    reporting_share = v["county.growth_share_reporting"]
    starts_share = v["county.growth_share_case_starts"]
    table("ENTRY", v["county.new_perpetrators"] * _growth(inputs, day, starts_share))
    table(
        "REPORT",
        _growth(inputs, day, reporting_share)
        * v["campaign.reporting_ratio"] ** campaigns
        * np.where(proactive, 1.0, 1.0 / v["police.proactive_reporting_ratio"]),
    )
    rest = max(0.0, 1.0 - reporting_share - starts_share)
    table("RECORD", np.minimum(0.995, v["record.probability"] * _growth(inputs, day, rest)))
    mix, reporting = true_mix(inputs)[0], report_probabilities(inputs)
    named = mix.copy()
    named[[ev.NONE, ev.CONTROL]] = 0.0
    crimes_per_record = float((named * reporting).sum() / max((mix * reporting).sum(), 1e-12))
    low, high = day_number(v["county.growth_from"]), day_number(v["county.growth_until"])
    years = (np.clip(day, low, high) - np.clip(day_number(BASE_DATE), low, high)) / YEAR_DAYS
    rise = v["crime.annual_rise"] * years / max(crimes_per_record, 1e-12)
    table("CRIME", np.clip(v["crime.probability"] + rise, 0.0, 0.98))
    table(
        "CRIME_CONTROL", np.where(day >= day_number(CONTROL_LAW), v["crime.coercive_control"], 0.0)
    )
    table(
        "ARREST",
        v["police.arrest"] * np.where(proactive, 1.0, 1.0 / v["police.proactive_arrest_ratio"]),
    )
    dvpo = np.where(after, levers["services.dvpo"], True) & (
        day >= day_number(v["police.dvpn_from"])
    )
    table("DVPN", np.where(dvpo, v["police.dvpn"], 0.0))
    # Availability comes from parameters alone, never from the realised replicate, so that people
    # outside the programme stay independent of each other.
    demand = _growth(inputs, day, 1.0)
    idva = v["idva.workers"] * v["idva.cases_per_worker"]
    wanted = v["idva.expected_referrals"] * v["idva.uptake"] * demand
    served = np.minimum(1.0, idva / np.maximum(wanted, 1e-12))
    table("IDVA", np.where(after & (not levers["services.idva"]), 0.0, v["idva.uptake"] * served))
    reach = np.minimum(1.0, v["outreach.capacity"] / (v["outreach.expected_referrals"] * demand))
    offered = v["outreach.referral"] * reach
    table("OUTREACH", np.where(after & (not levers["services.outreach"]), 0.0, offered))
    table("BBR", np.where(after, levers["services.bbr"], True))
    table("LINX", np.where(after, levers["services.linx"], True))


def _programme_tables(inputs: Inputs, option: str, days: npt.NDArray[np.float64]) -> int:
    v, levers = inputs.values, inputs.option(option).levers
    n = days.shape[1]
    last = 0
    found = phases(inputs, option)
    switch = decision_date(inputs, levers)
    if levers["services.from"] != "decision":
        switch = max(switch, levers["services.from"])
    days_after = np.arange(n) >= day_number(switch)
    campaigns = np.where(days_after, levers["services.campaigns"], 1.0) - 1.0
    publicity = v["campaign.self_referral_ratio"] ** campaigns
    proactive = np.where(
        days_after & (not levers["services.proactive"]), 1.0 / v["referral.proactive_ratio"], 1.0
    )
    for stage in found:
        s = stage.section
        a, z = day_number(stage.start), day_number(stage.last_start)
        end = day_number(stage.end)
        # A design stays in force for those already on the programme until the next phase begins.
        until = n if stage is found[-1] else day_number(found[found.index(stage) + 1].start)
        group, single, pence = places(inputs, option, stage)
        # A year's money is released as each year of the contract begins; what is left is kept.
        years_begun = np.minimum(np.arange(until - a) // YEAR_DAYS + 1, stage.years)
        days[D["FUNDS"], a:until] = np.rint(pence * years_begun)
        last = max(last, seconds(stage.last_start))
        first = day_number(stage.first_place)
        routes = levers[f"{s}.eligible_routes"]
        effort = levers[f"{s}.referral_effort"]
        for route in ev.ROUTES:
            chance = v[f"referral.{route}"] * effort * (route in routes)
            extra = publicity if route == "self" else proactive if route == "police" else 1.0
            values = np.minimum(1.0, chance * extra * np.ones(n))
            days[D[f"REF_{route.upper()}"], a:z] = values[a:z]
        days[D["CAN_START"], first:z] = 1.0
        days[D["PHASE"], a:until] = stage.number
        days[D["SESSIONS"], a:until] = levers[f"{s}.sessions"]
        days[D["INTERVAL"], a:until] = levers[f"{s}.session_interval"] * DAY
        mode = {"rolling group": ROLLING, "closed groups": CLOSED, "one-to-one": ONE_TO_ONE}
        days[D["MODE"], a:until] = mode[levers[f"{s}.delivery"]]
        days[D["PRIORITY"], a:until] = levers[f"{s}.priority"] == "by risk"
        risk = {"any": ANY_RISK, "high": HIGH_ONLY, "not high": NOT_HIGH}
        days[D["RISK"], a:until] = risk[levers[f"{s}.eligible_risk"]]
        met = sum(1 << i for i, need in enumerate(ev.NEEDS) if need in levers[f"{s}.needs_met"])
        days[D["NEEDS"], a:until] = met
        days[D["MOTIVATIONAL"], a:until] = levers[f"{s}.motivational_enhancement"]
        days[D["PLACES"], first:z] = group
        days[D["PLACES_ONE"], first:z] = single
        share = inputs.population_share
        at_once = scale_count(levers[f"{s}.assessors"] * v["pathway.assessments_at_once"], share)
        days[D["ASSESSORS"], first:z] = at_once
        if levers[f"{s}.partner_support"]:
            support = scale_count(levers[f"{s}.partner_support_places"], share)
            days[D["SUPPORT_PLACES"], first:end] = support
        interval = max(1, round(levers[f"{s}.group_interval"]))
        days[D["GROUP_DAY"], first:z:interval] = 1.0
        days[D["GROUP_SIZE"], a:until] = scale_count(levers[f"{s}.group_size"], share)
        days[D["GROUP_MINIMUM"], a:until] = scale_count(levers[f"{s}.group_minimum"], share)
        days[D["EPISODES"], a:until] = levers[f"{s}.max_episodes"]
        goes_on = stage is not found[-1] and found[-1].start == stage.end
        if not goes_on:
            days[D["CLOSE"], z] = 1.0
            days[D["STOP"], end] = levers[f"{s}.ending"] == "stop"
    return last


def _calendar(days: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the first seconds of the days on which the programme's rules or places change."""
    rows = [
        D[n]
        for n in (
            "FUNDS",
            "CAN_START",
            "PLACES",
            "PLACES_ONE",
            "ASSESSORS",
            "SUPPORT_PLACES",
            "MODE",
            "PRIORITY",
            "PHASE",
        )
    ]
    changed = (np.diff(days[rows], axis=1) != 0).any(axis=0)
    when = np.flatnonzero(changed) + 1
    when = np.union1d(when, np.flatnonzero(days[D["GROUP_DAY"]] > 0))
    for name in ("CLOSE", "STOP"):
        when = np.union1d(when, np.flatnonzero(days[D[name]] > 0))
    return np.asarray(when * DAY + ORIGIN, dtype=np.int64)


def tabulate(inputs: Inputs, option: str) -> World:
    """Turn one option of the inputs into the arrays that the engines read."""
    return tabulate_all(inputs, (option,))[option]


def tabulate_all(inputs: Inputs, options: Sequence[str] | None = None) -> dict[str, World]:
    """Turn several options into arrays."""
    horizon = horizon_date(inputs)
    # A stretch that is funded beyond the window is cut off by it, not by the end of the tables.
    ends = [stage.end for name in inputs.options for stage in phases(inputs, name)]
    n = day_number(max([horizon, *ends])) + 2
    season = _season(inputs, n)
    p = _numbers(inputs, float(season.max()))
    _check_rate(inputs, p)
    found = {}
    for option in options or inputs.options:
        days = np.zeros((len(D), n))
        days[D["SEASON"]] = season
        _county_tables(inputs, option, days)
        last = _programme_tables(inputs, option, days)
        found[option] = World(
            option=option,
            p=p,
            days=days,
            warm_up=seconds(inputs.values["time.warm_up_start"]),
            horizon=seconds(horizon),
            record_start=seconds(inputs.values["time.record_start"]),
            calendar=_calendar(days),
            last_start=last,
        )
    return found
