"""Does every part act? Each lever and each parameter moves what it should, in its direction.

A parameter that nothing feels is a defect, and so is one that is missing here. The county is small
and referrals are many, so that a few seconds show what a whole county would. Two runs that differ
in one value share people and luck, so most differences are certain and not a matter of chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dapp_model import events as ev
from dapp_model import model
from dapp_model.economics import contract_cash
from dapp_model.engines import simulate
from dapp_model.errors import InputErrors
from dapp_model.outcomes import MEASURES, Outcomes, measure
from dapp_model.parameters import Inputs, registry
from dapp_model.scenario import load

SCENARIOS = Path(__file__).parents[1] / "scenarios"
DAY = 86_400
LEVERS = ("population.", "decision.", "programme.", "extension.", "services.", "options.")

# The extension begins on 1 January 2019, the decision about it is taken on 1 September 2018.
BASE: Mapping[str, object] = {
    "time.warm_up_start": "2012-04-01",
    "time.record_start": "2013-04-01",
    "time.window_after_last_start": "1 year",
    "county.new_perpetrators": "300 perpetrators per year",
    "perpetrator.next_relationship": "0.4 per year",
    # What is fitted to the county is held, so that a new fit moves nothing here.
    "perpetrator.career_length": "6 years",
    "case.frailty_mean": "2.5 incidents per year",
    "case.frailty_sigma": 1.1,
    "case.short_share": 0.5,
    "case.short_duration": "90 days",
    "case.long_duration": "3 years",
    "case.high_harm_share": 0.05,
    "incident.raised_hazard": 3.0,
    "incident.raised_hazard_time": "60 days",
    "incident.mix_violence_with_injury": 0.08,
    "incident.mix_violence_without_injury": 0.2,
    "incident.mix_rape": 0.01,
    "incident.mix_other_sexual": 0.01,
    "incident.mix_stalking": 0.045,
    "incident.mix_coercive_control": 0.12,
    "incident.mix_damage": 0.03,
    "incident.mix_public_order": 0.018,
    "incident.homicides_per_1000_recorded": 5.0,
    "report.probability": 0.15,
    "crime.probability": 0.78,
    "police.dvpn": 0.3,
    "bbr.requirement": 0.8,
    "marac.high_risk_referral": 0.6,
    "marac.further_referral": 0.3,
    "marac.agency_referral": "1 per 1000",
    "children.protection_plan": 0.22,
    "children.looked_after": 0.5,
    "decision.cut_off_month": "12 months",
    "programme.annual_budget": "£4,000,000",
    "programme.places": "400 places",
    "programme.assessors": "40 assessors",
    "programme.partner_support_places": "300 places",
    "referral.self": 0.02,
    "referral.police": 0.2,
    "referral.marac": 0.4,
    "referral.children": 0.2,
    "referral.court": 0.4,
    "referral.health": 0.05,
    "pathway.accept_police": 0.4,
}
TIGHT: Mapping[str, object] = {
    "programme.annual_budget": "£100,000",
    "programme.places": "from budget",
    "programme.assessors": "1 assessor",
    "programme.partner_support_places": "15 places",
}
STRONG: Mapping[str, object] = {"effect.full_dose_hr": 0.3, "effect.dropout_hr": 1.0}


@dataclass(frozen=True)
class Seen:
    """One run: its inputs, the option, all rows and all counts."""

    inputs: Inputs
    option: str
    rows: Any
    outcomes: Outcomes

    def total(self, name: str, group: str = "all") -> int:
        """Return a measure summed over the years."""
        return int(self.outcomes.of(name, group).sum())

    def of(self, kind: int) -> Any:
        """Return the rows of one kind."""
        return self.rows[self.rows["kind"] == kind]


Metric = Callable[[Seen], float]
Check = Callable[[Seen, Seen], bool]


def key_of(name: str) -> str:
    """Return a value's key in a scenario file."""
    return name if name.startswith(LEVERS) else f"assume.{name}"


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return frozenset(value.items())
    return tuple(value) if isinstance(value, list) else value


def _thawed(value: object) -> object:
    if isinstance(value, frozenset):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


@cache
def _see(file: str, option: str, settings: tuple[tuple[str, Any], ...]) -> Seen:
    inputs = load(SCENARIOS / file, {key_of(k): _thawed(v) for k, v in settings})
    log = simulate(inputs, option=option, seed=11)
    return Seen(inputs, option, log.array, measure(log, inputs))


def see(
    *changes: Mapping[str, object],
    file: str = "surrey_extension.toml",
    option: str = "extend",
) -> Seen:
    """Run an option with changes on top of the base; the same run is made once."""
    merged: dict[str, Any] = dict(BASE)
    for change in changes:
        merged.update(change)
    return _see(file, option, tuple((k, _frozen(v)) for k, v in sorted(merged.items())))


# --- what is looked at ---


def _metric(what: str | Metric) -> Metric:
    return (lambda seen: seen.total(what)) if isinstance(what, str) else what


def up(*whats: str | Metric) -> Check:
    """Say whether all of these rise."""
    return lambda old, new: all(_metric(w)(new) > _metric(w)(old) for w in whats)


def down(*whats: str | Metric) -> Check:
    """Say whether all of these fall."""
    return lambda old, new: all(_metric(w)(new) < _metric(w)(old) for w in whats)


def only(*names: str) -> Check:
    """Say whether no other measure moves in any year or group."""

    def check(old: Seen, new: Seen) -> bool:
        differ = (old.outcomes.counts != new.outcomes.counts).any(axis=(0, 2))
        return {MEASURES[i] for i in np.flatnonzero(differ)} <= set(names)

    return check


def programme_only(old: Seen, new: Seen) -> bool:
    """Say whether nothing but the pathway's own rows differs."""
    a, b = (seen.rows[seen.rows["kind"] < ev.FIRST_PROGRAMME_KIND] for seen in (old, new))
    return np.array_equal(a, b)


def group(name: str, who: str) -> Metric:
    """Return a measure in one group."""
    return lambda seen: seen.total(name, who)


def share(part: str, whole: str) -> Metric:
    """Return the ratio of two measures."""
    return lambda seen: seen.total(part) / seen.total(whole)


def in_year(name: str, year: str) -> Metric:
    """Return a measure in one financial year."""
    return lambda seen: int(seen.outcomes.of(name)[seen.outcomes.years.index(year)])


def rows(kind: int, **fields: int) -> Metric:
    """Return the number of rows of a kind whose fields have these values."""

    def count(seen: Seen) -> float:
        found = seen.of(kind)
        for name, value in fields.items():
            found = found[found[name] == value]
        return len(found)

    return count


def mean(kind: int, name: str) -> Metric:
    """Return the mean of a field of the rows of a kind."""
    return lambda seen: float(seen.of(kind)[name].mean())


def delay(first: int, second: int) -> Metric:
    """Return the mean days between two rows of one cause (person and ordinal)."""

    def days(seen: Seen) -> float:
        begun, ended = seen.of(first), seen.of(second)
        since = {(p, o): t for t, p, o in begun[["time", "person", "ordinal"]].tolist()}
        ends = ended[["time", "person", "ordinal"]].tolist()
        found = [t - since[p, o] for t, p, o in ends if (p, o) in since]
        return float(np.mean(found)) / DAY

    return days


def earliest(kind: int, after: str = "2011-01-01") -> Metric:
    """Return the time of the first row of a kind from a date on."""
    moment = int(np.datetime64(after, "s").astype(np.int64))
    return lambda seen: float(min(t for t in seen.of(kind)["time"].tolist() if t >= moment))


def latest(kind: int) -> Metric:
    """Return the time of the last row of a kind."""
    return lambda seen: float(seen.of(kind)["time"].max())


def moments(kind: int) -> Metric:
    """Return at how many different times there are rows of a kind."""
    return lambda seen: len(np.unique(seen.of(kind)["time"]))


def group_places(seen: Seen) -> float:
    """Return the places for groups in the first phase."""
    return model.places(seen.inputs, seen.option, model.phases(seen.inputs, seen.option)[0])[0]


def completion(seen: Seen, route: int | None = None) -> float:
    """Return the share of starters who complete, of one route if given."""
    referred = seen.of(ev.REFERRAL)
    if route is not None:
        referred = referred[referred["value"] == route]
    chosen = set(map(tuple, referred[["person", "ordinal"]].tolist()))
    ends = seen.of(ev.EPISODE_END)
    ends = ends[np.isin(ends["value"], (ev.COMPLETED, ev.DROPPED_OUT))]
    own = [v for p, o, v in ends[["person", "ordinal", "value"]].tolist() if (p, o) in chosen]
    return float(np.mean(np.array(own) == ev.COMPLETED))


def completion_of_self_referred(seen: Seen) -> float:
    """Return the share of self-referred starters who complete."""
    return completion(seen, ev.SELF)


def attended_by_drop_outs(seen: Seen) -> float:
    """Return the mean sessions that people attend before they drop out."""
    ends = seen.of(ev.EPISODE_END)
    return float(ends["detail"][ends["value"] == ev.DROPPED_OUT].mean())


def shortest_return(seen: Seen) -> float:
    """Return the least days between the end of an episode and a re-referral."""
    ended: dict[int, int] = {}
    gaps = []
    for time, person, kind in seen.rows[["time", "person", "kind"]].tolist():
        if kind == ev.EPISODE_END:
            ended[person] = time
        elif kind == ev.REFERRAL and person in ended:
            gaps.append(time - ended[person])
    return min(gaps) / DAY


def wait_of_high_risk(seen: Seen) -> float:
    """Return the mean wait for a place of those at high risk, in days, relative to the others'."""
    waiting = seen.of(ev.WAITING)
    started = {(p, o): t for t, p, o in seen.of(ev.START)[["time", "person", "ordinal"]].tolist()}
    waits: dict[bool, list[int]] = {True: [], False: []}
    for t, p, o, risk in waiting[["time", "person", "ordinal", "detail"]].tolist():
        if (p, o) in started:
            waits[risk == 2].append(started[p, o] - t)
    return float(np.mean(waits[True]) / np.mean(waits[False]))


def serious_in_high_harm(seen: Seen) -> float:
    """Return the share of incidents with injury or sexual violence in high-harm cases."""
    own = seen.of(ev.INCIDENT)
    own = own[own["detail"] & 2 > 0]
    return float(np.isin(own["value"], (ev.INJURY, ev.RAPE, ev.OTHER_SEXUAL)).mean())


def weekend_share(seen: Seen) -> float:
    """Return the share of incidents from Friday to Sunday."""
    day = seen.of(ev.INCIDENT)["time"] // DAY
    return float(((day + 3) % 7 >= 4).mean())


def festive_share(seen: Seen) -> float:
    """Return the share of incidents from 17 December to 4 January."""
    date = seen.of(ev.INCIDENT)["time"].astype("datetime64[s]")
    month = date.astype("datetime64[M]").astype(int) % 12 + 1
    day = (date.astype("datetime64[D]") - date.astype("datetime64[M]")).astype(int) + 1
    return float((((month == 12) & (day >= 17)) | ((month == 1) & (day <= 4))).mean())


def likeness_of_cases(seen: Seen) -> float:
    """Return the correlation of incidents between the first two cases of a person."""
    own = seen.of(ev.INCIDENT)
    begun = seen.of(ev.RELATIONSHIP_START)
    people = np.intersect1d(
        begun["person"][begun["relationship"] == 1], begun["person"][begun["relationship"] == 2]
    )
    counts = []
    for rel in (1, 2):
        mine = own["person"][own["relationship"] == rel]
        counts.append(np.log1p([np.count_nonzero(mine == person) for person in people]))
    return float(np.corrcoef(counts)[0, 1])


def cases_without_incident(seen: Seen) -> float:
    """Return the share of cases in which nothing happens."""
    own = seen.of(ev.INCIDENT)
    cases = set(map(tuple, own[["person", "relationship"]].tolist()))
    return 1 - len(cases) / len(seen.of(ev.RELATIONSHIP_START))


def gap_after_incident(seen: Seen) -> float:
    """Return the share of incidents that are followed by another in the same case in a week."""
    own = seen.of(ev.INCIDENT)
    own = own[np.lexsort((own["time"], own["relationship"], own["person"]))]
    same = (np.diff(own["person"]) == 0) & (np.diff(own["relationship"]) == 0)
    return float((np.diff(own["time"])[same] < 7 * DAY).mean())


def cash(item: str = "", funder: str = "") -> Metric:
    """Return what is paid under a contract, or by a funder, in pence."""

    def paid(seen: Seen) -> float:
        found = contract_cash(
            seen.inputs, seen.option, seen.outcomes.first_year, len(seen.outcomes.years)
        )
        chosen = [c for c in found if item in c.item and funder in c.funder]
        return float(sum(c.nominal_pence.sum() for c in chosen))

    return paid


def decision_day(seen: Seen) -> float:
    """Return the date of the decision as a number."""
    return model.decision_date(seen.inputs, seen.inputs.option(seen.option).levers).toordinal()


def warned(words: str) -> Check:
    """Say whether the scenario's warnings now speak of something."""

    def check(old: Seen, new: Seen) -> bool:
        before, after = (" ".join(seen.inputs.warnings) for seen in (old, new))
        return words in after and words not in before

    return check


def all_on(seconds: int) -> Check:
    """Say whether all times are whole multiples, and were not before."""
    return lambda old, new: bool(
        (new.rows["time"] % seconds == 0).all() and (old.rows["time"] % seconds != 0).any()
    )


def routes_are(*routes: int) -> Check:
    """Say whether only these routes lead to the programme, and others did before."""
    return lambda old, new: (
        set(new.of(ev.REFERRAL)["value"].tolist()) == set(routes)
        and set(old.of(ev.REFERRAL)["value"].tolist()) > set(routes)
    )


def same_before(date: str) -> Check:
    """Say whether every row before a date is the same."""
    return lambda old, new: identical_before(old, new, date)


def identical_before(old: Seen, new: Seen, date: str) -> bool:
    """Say whether every row before a date is the same."""
    moment = int(np.datetime64(date, "s").astype(np.int64))
    a, b = (seen.rows[seen.rows["time"] < moment] for seen in (old, new))
    return len(a) > 0 and np.array_equal(a, b)


@dataclass(frozen=True)
class Change:
    """A new value of a parameter, the setting in which it acts, and what has to move."""

    value: object
    checks: tuple[Check, ...]
    given: Mapping[str, object] = field(default_factory=dict)


def change(value: object, *checks: Check, given: Mapping[str, object] | None = None) -> Change:
    """Return an entry of the table."""
    return Change(value, checks, given or {})


# --- the table ---

CLOSED: Mapping[str, object] = {
    "programme.delivery": "closed groups",
    "programme.places": "24 places",
}
UNMET: Mapping[str, object] = {"programme.needs_met": []}
NO_PROACTIVE: Mapping[str, object] = {"services.proactive": False}
NO_OUTREACH: Mapping[str, object] = {"services.outreach": False}
MANY_IDVAS: Mapping[str, object] = {
    "idva.hazard_ratio": 0.3,
    "idva.uptake": 1.0,
    "idva.workers": "100 workers",
}
MUCH_OUTREACH: Mapping[str, object] = {"outreach.hazard_ratio": 0.3, "outreach.referral": 0.8}
STRONG_DVPO: Mapping[str, object] = {"dvpo.hazard_ratio": 0.3}
STRONG_LINX: Mapping[str, object] = {"linx.hazard_ratio": 0.3, "linx.coverage": 0.5}
CAMPAIGN: Mapping[str, object] = {"services.campaigns": 2.0}
TRUE = "true.incidents"
STARTS = "programme.starts"
COMPLETED = "programme.ended_completed"
EXTENSION = "2019-01-01"
DECISION = "2018-09-01"

_PHASE: dict[str, Change] = {
    # The levers that the pilot and its extension both have, by their short names.
    "annual_budget": change("£50,000", down(STARTS, cash()), given=TIGHT),
    "delivery": change("one-to-one", up("programme.one_to_one_starts"), down(STARTS), given=TIGHT),
    "places": change("20 places", down(STARTS), up(share("programme.wait_days", STARTS))),
    "one_to_one_places": change("4 places", up("programme.one_to_one_starts"), given=TIGHT),
    "assessors": change("1 assessor", down("programme.assessments"), up("programme.ended_reneged")),
    "sessions": change("13 sessions", down("programme.sessions", mean(ev.START, "detail"))),
    "session_interval": change("14 days", up(delay(ev.START, ev.EPISODE_END))),
    "group_size": change("8 people", up(STARTS), given=CLOSED),
    "group_minimum": change("1 person", up(STARTS), given=CLOSED),
    "group_interval": change("52 weeks", down(moments(ev.START), STARTS), given=CLOSED),
    "priority": change("by risk", down(wait_of_high_risk), given={"programme.places": "12 places"}),
    "eligible_risk": change(
        "high",
        down("programme.referrals_police", rows(ev.ASSESSMENT_END, detail=0)),
    ),
    "eligible_routes": change(
        ["self", "court"], down("programme.referrals_police", "programme.referrals_marac")
    ),
    "referral_effort": change(
        0.3, down("programme.referrals_police", "programme.referrals_self", STARTS)
    ),
    "needs_met": change([], down(COMPLETED, completion)),
    "motivational_enhancement": change(True, up(COMPLETED, completion)),
    "partner_support": change(False, down("programme.support_starts", rows(ev.SUPPORT_OFFER))),
    "partner_support_places": change("10 places", down("programme.support_starts")),
    "ending": change("stop", up("programme.ended_removed"), down("programme.sessions")),
    "last_start_before_end": change("13 weeks", down(STARTS, latest(ev.START))),
    "max_episodes": change(
        "1 episode", down(rows(ev.REFERRAL, ordinal=2)), down("programme.referrals_police")
    ),
    "funders": change(
        {"surrey_police": 1.0},
        up(cash(funder="surrey_police")),
        down(cash(funder="opcc"), cash(funder="community_safety_board")),
        lambda old, new: np.array_equal(old.rows, new.rows),
    ),
}

TABLE: dict[str, Change] = {
    # --- levers ---
    "population.share": change(0.5, down("case.entries", TRUE)),
    "decision.date_month": change(
        "14 months", down(decision_day, "services.outreach"), given=NO_OUTREACH
    ),
    "decision.cut_off_month": change("18 months", lambda old, new: refused_before_its_data()),
    "decision.retender_lead": change("12 months", warned("lead time")),
    "programme.offered": change(
        {"options.extend.programme.offered": False}, down(STARTS, "programme.referrals_police")
    ),
    "programme.contract_start": change("2017-07-01", up(earliest(ev.REFERRAL), latest(ev.START))),
    "programme.length": change("36 months", up(latest(ev.START), STARTS)),
    "programme.mobilisation": change("9 months", up(earliest(ev.START))),
    **{f"programme.{name}": entry for name, entry in _PHASE.items()},
    "extension.length": change(
        {"options.extend.extension.length": "12 months"},
        down(latest(ev.START), STARTS, cash("extension")),
    ),
    "extension.gap": change("12 months", up(earliest(ev.START, EXTENSION), latest(ev.START))),
    "extension.mobilisation": change("6 months", up(earliest(ev.START, EXTENSION))),
    "extension.evaluation_cost": change("£60,000", up(cash("evaluation"))),
    **{f"extension.{name}": entry for name, entry in _PHASE.items()},
    "services.from": change("2020-01-01", up("services.outreach"), given=NO_OUTREACH),
    "services.campaigns": change(
        2.0, up("programme.referrals_self"), given={"pathway.accept_self": 0.1}
    ),
    "services.outreach": change(False, down("services.outreach"), up(TRUE), given=MUCH_OUTREACH),
    "services.idva": change(False, down("services.idva"), up(TRUE), given=MANY_IDVAS),
    "services.linx": change(False, down(rows(ev.ENTRY, detail=1)), up(TRUE), given=STRONG_LINX),
    "services.dvpo": change(
        False, down("police.dvpns", "police.dvpos"), up(TRUE), given=STRONG_DVPO
    ),
    "services.bbr": change(
        False,
        down("police.bbr_starts"),
        up(TRUE),
        given={"bbr.hazard_ratio": 0.3, "police.community_order": 0.8},
    ),
    "services.proactive": change(
        False, down("police.arrests", "report.reports", "programme.referrals_police")
    ),
    # --- conventions of time ---
    "time.warm_up_start": change("2011-04-01", up("case.entries", TRUE)),
    "time.record_start": change("2014-03-01", down("recorded.repeat_c"), only("recorded.repeat_c")),
    "time.tick": change("1 hour", all_on(3600)),
    "time.window_after_last_start": change(
        "3 years", up(lambda seen: len(seen.outcomes.years), TRUE)
    ),
    # --- county ---
    "county.new_perpetrators": change("600 perpetrators per year", up("case.entries", TRUE)),
    "county.growth_total": change(
        0.15, up(in_year("recorded.incidents", "2018/19"), in_year("case.entries", "2018/19"))
    ),
    "county.growth_share_case_starts": change(
        0.6, up(in_year("case.entries", "2018/19")), given={"county.growth_total": 0.2}
    ),
    "county.growth_share_reporting": change(
        0.8,
        lambda old, new: per_incident(new) > per_incident(old),
        given={"county.growth_total": 0.2},
    ),
    "county.growth_from": change(
        "2012-04-01", down(in_year("case.entries", "2012/13")), given={"county.growth_total": 0.4}
    ),
    "county.growth_until": change(
        "2015-04-01",
        down(in_year("case.entries", "2020/21"), in_year("recorded.incidents", "2020/21")),
        given={"county.growth_total": 0.2},
    ),
    # --- perpetrator ---
    "perpetrator.male_share": change(0.6, down(group("case.entries", "male"))),
    "perpetrator.age_16_24": change(0.3, up(group("case.entries", "age_16_24"))),
    "perpetrator.age_25_34": change(0.4, up(group("case.entries", "age_25_34"))),
    "perpetrator.age_35_49": change(0.4, up(group("case.entries", "age_35_49"))),
    **{
        f"perpetrator.need_{name}": change(
            0.9, up(group("case.entries", "needs"), COMPLETED, completion)
        )
        for name in ("substance", "mental_health", "language", "employment")
    },
    "perpetrator.motivation_correlation": change(
        0.8, up("programme.referrals_self"), given={"referral.self": 0.002}
    ),
    "perpetrator.moves_away": change("0.2 per year", up(rows(ev.EXIT, value=ev.MOVED)), down(TRUE)),
    "perpetrator.dies": change("0.2 per year", up(rows(ev.EXIT, value=ev.DIED)), down(TRUE)),
    "perpetrator.next_relationship": change("1 per year", up("case.begun", TRUE)),
    "perpetrator.career_length": change("30 years", up("case.begun", TRUE)),
    # --- case ---
    "case.family_share": change(0.5, down("programme.referrals_police", STARTS)),
    "case.ex_partner_share": change(0.5, up(rows(ev.RELATIONSHIP_START, value=ev.EX_PARTNER))),
    "case.frailty_mean": change("5 incidents per year", up(TRUE, "recorded.incidents")),
    "case.frailty_sigma": change(2.0, up(cases_without_incident)),
    "case.frailty_cap": change("4 incidents per year", down(TRUE)),
    "case.frailty_correlation": change(
        1.0, up(likeness_of_cases), given={"case.frailty_correlation": 0.0}
    ),
    "case.short_share": change(0.9, down(TRUE)),
    "case.short_duration": change("1 year", up(TRUE)),
    "case.long_duration": change("9 years", up(TRUE)),
    "case.separation_share": change(0.8, up(rows(ev.RELATIONSHIP_END, value=ev.SEPARATED))),
    "case.high_harm_share": change(0.1, up("true.high_harm")),
    "case.high_harm_odds": change(20.0, up(serious_in_high_harm)),
    "case.children_share": change(0.8, up("children.referrals", "true.child_present")),
    "case.second_child": change(0.9, up("children.referrals")),
    "case.third_child": change(0.9, up("children.referrals")),
    # --- incident ---
    "incident.raised_hazard": change(8.0, up(TRUE, gap_after_incident)),
    "incident.raised_hazard_time": change("240 days", up(TRUE)),
    "incident.weekend_ratio": change(3.0, up(weekend_share)),
    "incident.festive_ratio": change(3.0, up(festive_share)),
    **{
        f"incident.mix_{name}": change(0.4, up(f"true.{name}"), down("true.none"))
        for name in ev.BEHAVIOURS[: ev.HOMICIDE]
    },
    "incident.homicides_per_1000_recorded": change(
        10.0, up("true.homicide", "recorded.homicide", rows(ev.EXIT, value=ev.KILLED))
    ),
    "incident.child_present": change(0.6, up("true.child_present"), only("true.child_present")),
    # --- observation ---
    "report.probability": change(0.4, up("report.reports", "recorded.incidents")),
    "report.severe_odds": change(8.0, up("report.reports", "recorded.violence_with_injury")),
    "report.attended": change(0.5, down("report.attended"), only("report.attended")),
    "record.probability": change(0.6, down("recorded.incidents")),
    "record.lag": change("5 days", up(delay(ev.REPORT, ev.RECORD))),
    "crime.probability": change(0.5, up("recorded.non_crime"), down("police.arrests")),
    "crime.annual_rise": change(0.06, down(in_year("recorded.non_crime", "2018/19"))),
    "crime.coercive_control": change(0.6, up("recorded.coercive_control")),
    "dash.high_share": change(0.3, up("recorded.high_risk", "marac.referrals")),
    "dash.medium_share": change(
        0.6,
        up(rows(ev.RECORD, detail=1)),
        lambda old, new: not np.array_equal(old.of(ev.START), new.of(ev.START)),
        given={"programme.priority": "by risk", "programme.places": "12 places"},
    ),
    "dash.frailty_weight": change(1.0, up("recorded.high_risk")),
    # --- police, courts and probation ---
    "police.arrest": change(0.8, up("police.arrests", "police.charges")),
    "police.dvpn": change(0.6, up("police.dvpns", "police.dvpos")),
    "police.dvpn_from": change("2016-07-01", down("police.dvpns")),
    "police.dvpo_given_dvpn": change(0.4, down("police.dvpos")),
    "police.charge": change(0.8, up("police.charges", "police.convictions")),
    "police.charge_delay": change("90 days", up(delay(ev.ARREST, ev.CHARGE))),
    "police.conviction": change(0.95, up("police.convictions")),
    "police.conviction_delay": change("300 days", up(delay(ev.CHARGE, ev.CONVICTION))),
    "police.custody": change(0.5, up("police.custody", "police.custody_days")),
    "police.custody_served": change("2 years", up(mean(ev.CUSTODY_START, "value")), down(TRUE)),
    "police.community_order": change(0.8, up("police.community_orders", "police.bbr_starts")),
    "police.proactive_arrest_ratio": change(2.0, down("police.arrests"), given=NO_PROACTIVE),
    "police.proactive_reporting_ratio": change(1.5, down("report.reports"), given=NO_PROACTIVE),
    "bbr.requirement": change(0.3, down("police.bbr_starts", rows(ev.COMMUNITY_ORDER, value=1))),
    "bbr.started": change(0.9, up("police.bbr_starts")),
    "bbr.delay": change("300 days", up(delay(ev.COMMUNITY_ORDER, ev.BBR_START))),
    "bbr.length": change("60 weeks", up(delay(ev.BBR_START, ev.BBR_END))),
    "bbr.completed": change(0.9, up("police.bbr_completions")),
    "bbr.hazard_ratio": change(0.3, down(TRUE)),
    # --- MARAC and victim services ---
    "marac.high_risk_referral": change(0.2, down("marac.referrals")),
    "marac.further_referral": change(0.8, up("marac.referrals", "marac.repeats")),
    "marac.agency_referral": change(
        "20 per 1000", up("marac.referrals", rows(ev.MARAC_REFERRAL, value=2))
    ),
    "marac.cycle": change("56 days", up(delay(ev.MARAC_REFERRAL, ev.MARAC_HEARING))),
    "marac.notice": change("28 days", up(delay(ev.MARAC_REFERRAL, ev.MARAC_HEARING))),
    "marac.areas": change("1 area", down(moments(ev.MARAC_HEARING))),
    "marac.hazard_ratio": change(0.4, down(TRUE)),
    "marac.half_life": change("4 years", down(TRUE), given={"marac.hazard_ratio": 0.4}),
    "idva.uptake": change(0.2, down("services.idva")),
    "idva.cases_per_worker": change("10 per year", down("services.idva")),
    "idva.workers": change("1 worker", down("services.idva")),
    "idva.expected_referrals": change("4000 per year", down("services.idva")),
    "idva.length": change("1 year", down(TRUE), up(mean(ev.IDVA_START, "value")), given=MANY_IDVAS),
    "idva.hazard_ratio": change(0.3, down(TRUE)),
    "idva.reporting_ratio": change(3.0, up("report.reports")),
    "outreach.referral": change(0.5, up("services.outreach")),
    "outreach.expected_referrals": change("10000 per year", down("services.outreach")),
    "outreach.capacity": change("1000 per year", down("services.outreach")),
    "outreach.length": change(
        "1 year", down(TRUE), up(mean(ev.OUTREACH_START, "value")), given=MUCH_OUTREACH
    ),
    "outreach.hazard_ratio": change(0.3, down(TRUE)),
    "outreach.half_life": change("4 years", down(TRUE), given=MUCH_OUTREACH),
    "dvpo.length": change("1 year", down(TRUE), given=STRONG_DVPO),
    "dvpo.hazard_ratio": change(0.3, down(TRUE)),
    "dvpo.half_life": change("3 years", down(TRUE), given=STRONG_DVPO),
    "linx.coverage": change(0.4, up(rows(ev.ENTRY, detail=1)), down(TRUE)),
    "linx.hazard_ratio": change(0.5, down(TRUE)),
    "campaign.self_referral_ratio": change(4.0, up("programme.referrals_self"), given=CAMPAIGN),
    "campaign.reporting_ratio": change(1.5, up("report.reports"), given=CAMPAIGN),
    # --- children ---
    "children.referral": change(0.7, up("children.referrals", "children.rereferrals")),
    "children.pass_through": change(1.0, down("children.referrals"), given=STRONG),
    "children.assessment_delay": change("90 days", up(delay(ev.CHILD_REFERRAL, ev.CHILD_IN_NEED))),
    "children.in_need": change(0.8, up("children.in_need"), only("children.in_need")),
    "children.protection_plan": change(0.5, up("children.plans")),
    "children.plan_length": change("3 years", up(mean(ev.CHILD_PLAN, "detail"))),
    "children.looked_after": change(
        0.9, up("children.looked_after"), only("children.looked_after")
    ),
    # --- routes to the programme ---
    "referral.self": change(0.06, up("programme.referrals_self")),
    # The frail are less motivated, and it is they who have incidents to come forward after.
    "referral.self_motivation": change(3.0, down("programme.referrals_self")),
    "referral.police": change(0.5, up("programme.referrals_police")),
    "referral.marac": change(0.9, up("programme.referrals_marac")),
    "referral.children": change(0.6, up("programme.referrals_children")),
    "referral.court": change(0.9, up("programme.referrals_court")),
    "referral.health": change(0.3, up("programme.referrals_health")),
    "referral.proactive_ratio": change(3.0, down("programme.referrals_police"), given=NO_PROACTIVE),
    "referral.gap": change("300 days", up(shortest_return), down(rows(ev.REFERRAL, ordinal=2))),
    # --- pathway ---
    "pathway.contact_delay": change("40 days", up(delay(ev.REFERRAL, ev.CONTACT))),
    "pathway.reached": change(0.5, up("programme.ended_not_reached")),
    "pathway.accept_self": change(0.4, up("programme.ended_refused")),
    "pathway.accept_agency": change(0.4, up("programme.ended_refused")),
    "pathway.accept_police": change(0.1, up("programme.ended_refused")),
    "pathway.accept_motivation": change(
        3.0, up(completion), given={"pathway.complete_motivation": 2.0}
    ),
    "pathway.assessments_at_once": change(
        "1 assessment", down("programme.assessments"), given={"programme.assessors": "4 assessors"}
    ),
    "pathway.assessment_fixed": change(
        "40 days", up(delay(ev.ASSESSMENT_START, ev.ASSESSMENT_END))
    ),
    "pathway.assessment_extra": change(
        "40 days", up(delay(ev.ASSESSMENT_START, ev.ASSESSMENT_END))
    ),
    "pathway.suitable": change(0.5, up("programme.ended_unsuitable"), down(STARTS)),
    "pathway.renege": change("0.2 per week", up("programme.ended_reneged"), given=TIGHT),
    "pathway.complete_agency": change(0.8, up(COMPLETED, completion)),
    "pathway.complete_self": change(0.9, up(COMPLETED, completion_of_self_referred)),
    "pathway.dropout_shape": change(1.5, up(attended_by_drop_outs)),
    "pathway.complete_motivation": change(
        2.0, up(completion), given={"pathway.complete_agency": 0.2, "pathway.complete_self": 0.2}
    ),
    "pathway.unmet_need_odds": change(0.2, up(COMPLETED, completion)),
    "pathway.motivational_odds": change(
        0.2, up(completion), given={"programme.motivational_enhancement": True}
    ),
    "pathway.one_to_one_odds": change(
        0.2, up(completion), given={"programme.delivery": "one-to-one"}
    ),
    "pathway.follow_up": change(
        "12 months", up(delay(ev.EPISODE_END, ev.FOLLOW_UP)), programme_only
    ),
    "pathway.support_uptake": change(0.9, up("programme.support_starts")),
    "pathway.support_patience": change(
        "1 year",
        up(delay(ev.SUPPORT_OFFER, ev.SUPPORT_START)),
        given={"programme.partner_support_places": "10 places"},
    ),
    "pathway.support_length": change("13 weeks", down(delay(ev.SUPPORT_START, ev.SUPPORT_END))),
    # --- money that makes places ---
    "budget.fixed_share": change(0.5, down(group_places, STARTS), given=TIGHT),
    "budget.partner_support_place": change("£2,500", down(group_places, STARTS), given=TIGHT),
    "budget.assessor": change("£40,000", down(group_places, STARTS), given=TIGHT),
    "budget.place": change("£4,800", down(group_places), given=TIGHT),
    "budget.one_to_one_place": change(
        "£9,000", down(group_places), given={**TIGHT, "programme.one_to_one_places": "3 places"}
    ),
    "budget.vacancy_share": change(0.5, down(group_places), given=TIGHT),
    "budget.start": change("£6,000", down(STARTS), given=TIGHT),
    # --- effects ---
    "effect.full_dose_hr": change(0.4, down(TRUE)),
    "effect.control_factor": change(1.0, down("true.coercive_control"), given=STRONG),
    "effect.threshold": change(0.95, up(TRUE), given=STRONG),
    "effect.half_life": change("60 days", up(TRUE), given=STRONG),
    "effect.maximum": change("90 days", up(TRUE), given=STRONG),
    "effect.dropout_hr": change(2.0, up(TRUE)),
    "effect.support_hr": change(0.3, down(TRUE)),
    "effect.reporting_ratio": change(2.5, up("report.reports")),
    "effect.reporting_half_life": change(
        "8 years", up("report.reports"), given={"effect.reporting_ratio": 2.5}
    ),
    "effect.floor": change(0.9, up(TRUE), given=STRONG),
    # --- feedback ---
    "feedback.custody": change(False, up(TRUE), given={"police.custody": 0.5}),
    "feedback.homicide": change(False, up(TRUE), down(rows(ev.EXIT, value=ev.KILLED))),
    "feedback.marac": change(False, up(TRUE)),
    "feedback.police": change(False, up(TRUE), given=STRONG_DVPO),
}


def per_incident(seen: Seen) -> float:
    """Return reports per true incident in a late year."""
    reports, incidents = in_year("report.reports", "2018/19"), in_year(TRUE, "2018/19")
    return reports(seen) / incidents(seen)


def refused_before_its_data() -> bool:
    """Say whether a decision before the cut-off of its data is refused."""
    early = {"decision.cut_off_month": "18 months", "decision.date_month": "16 months"}
    try:
        load(SCENARIOS / "surrey_extension.toml", early)
    except InputErrors:
        return True
    return False


# These are felt by the account alone: tests/test_economics_settings.py asks that of each.
OF_MONEY = {"money", "cost"}
OF_DRAWS = {"calibration"}  # felt by every draw: tests/test_calibration.py
OF_ADVICE = {"rail", "structural"}  # felt by the advice: tests/test_sure.py


def test_every_parameter_is_in_the_table() -> None:
    """No parameter is forgotten, and none is there that does not exist."""
    elsewhere = {
        name for name in registry() if name.split(".")[0] in OF_MONEY | OF_DRAWS | OF_ADVICE
    }
    assert not set(TABLE) & elsewhere
    assert set(TABLE) | elsewhere == set(registry())


@cache
def pair_of(name: str) -> tuple[Seen, Seen]:
    """Return the runs before and after a change: pilot levers where the pilot stops at its end."""
    entry = TABLE[name]
    several = isinstance(entry.value, dict) and not name.endswith(".funders")
    settings = entry.value if several else {name: entry.value}
    assert isinstance(settings, dict)
    alone = name.startswith("programme.") and not several
    option = "stop" if alone else "extend"
    return see(entry.given, option=option), see(entry.given, settings, option=option)


@pytest.mark.parametrize("name", TABLE)
def test_each_parameter_moves_what_it_should(name: str) -> None:
    """One value changed, all else alike: the stated measures move in the stated direction."""
    old, new = pair_of(name)
    for number, check in enumerate(TABLE[name].checks):
        assert check(old, new), f"check {number} of {name}"
    if name.startswith("extension."):
        assert identical_before(old, new, EXTENSION)
    if name.startswith("services."):
        assert identical_before(old, new, DECISION)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pathway.unmet_need_odds", 0.2),
        ("perpetrator.need_substance", 0.9),
        ("perpetrator.need_language", 0.9),
        ("perpetrator.motivation_correlation", 0.6),
        ("referral.self_motivation", 2.0),
        ("case.frailty_sigma", 1.6),
    ],
)
def test_stated_shares_hold_whatever_selects(name: str, value: float) -> None:
    """With no need met, the shares who agree and complete stay what the evidence says."""
    common = {"pathway.accept_motivation": 0.8, "pathway.complete_motivation": 1.0}
    common |= {
        "programme.eligible_routes": ["health", "self"],
        "case.frailty_cap": "400 incidents per year",
    }
    common |= {"referral.self": 0.004, "referral.health": 0.04, "incident.raised_hazard": 0.0}
    common |= {"county.new_perpetrators": "3000 perpetrators per year"}
    old, new = see(UNMET, common), see(UNMET, common, {name: value})
    stated = old.inputs.values["pathway.complete_agency"]
    for seen in (old, new):
        assert completion(seen, ev.HEALTH) == pytest.approx(stated, abs=0.08)
    assert not np.array_equal(old.of(ev.EPISODE_END), new.of(ev.EPISODE_END))


# The model does not read these: they bear on what may be decided when.
OF_THE_DECISION = {"decision.cut_off_month", "decision.retender_lead"}
# These move who pays what and when, and nothing that happens.
OF_THE_ACCOUNT = {"programme.funders", "extension.funders", "extension.evaluation_cost"}


@pytest.mark.parametrize(
    "name",
    [name for name in TABLE if name not in OF_THE_DECISION | OF_THE_ACCOUNT],
)
def test_some_measure_feels_each_parameter(name: str) -> None:
    """Counts differ in some year and group."""
    old, new = pair_of(name)
    a, b = old.outcomes.counts, new.outcomes.counts
    assert a.shape != b.shape or not np.array_equal(a, b)


@pytest.mark.parametrize("name", sorted(OF_THE_DECISION | OF_THE_ACCOUNT))
def test_money_and_dates_of_the_decision_change_nobodys_life(name: str) -> None:
    """Who pays and what may be decided when leave every row as it was."""
    old, new = pair_of(name)
    assert np.array_equal(old.rows, new.rows)


AT_THE_ENDS = [
    (name, end)
    for name, parameter in registry().items()
    if parameter.role != "lever" and parameter.possible is not None
    for end in parameter.possible
]
REFUSED = {("dash.high_share", 1.0), ("dash.medium_share", 1.0)}  # as a scenario is read


@cache
def pilot() -> Inputs:
    """Return the pilot's inputs as shipped."""
    return load(SCENARIOS / "surrey_pilot.toml")


@pytest.mark.parametrize(
    ("name", "end"),
    [case for case in AT_THE_ENDS if case not in REFUSED],
)
def test_the_ends_of_what_is_possible_give_tables_that_are_numbers(name: str, end: float) -> None:
    """What is called possible can be tabulated, or is refused with a reason."""
    value = int(end) if registry()[name].kind == "count" else end
    try:
        world = model.tabulate(pilot().replace(values={name: value}), "pilot_as_agreed")
    except InputErrors:
        return
    assert np.isfinite(world.days).all()
    assert not np.isnan(world.p).any()


# --- what Surrey already had ---

OFF: dict[str, tuple[object, Check, Mapping[str, object]]] = {
    "campaigns": (0.0, down("programme.referrals_self"), {"campaign.self_referral_ratio": 4.0}),
    "outreach": (False, down("services.outreach"), {}),
    "idva": (False, down("services.idva"), {}),
    "linx": (False, down(rows(ev.ENTRY, detail=1)), {"linx.coverage": 0.5}),
    "dvpo": (False, down("police.dvpns", "police.dvpos"), {}),
    "bbr": (False, down("police.bbr_starts", "police.bbr_completions"), {}),
    "proactive": (
        False,
        down("police.arrests", "report.reports", "programme.referrals_police"),
        {"police.proactive_reporting_ratio": 1.2},
    ),
}
DECISIONS = {
    "surrey_extension.toml": ("extend", DECISION),
    "surrey_pilot.toml": ("pilot_as_agreed", "2017-01-01"),
}


def after(date: str, metric: Metric, seen: Seen) -> float:
    """Return a metric of the rows from a date on."""
    moment = int(np.datetime64(date, "s").astype(np.int64))
    later = seen.rows[seen.rows["time"] >= moment]
    return metric(Seen(seen.inputs, seen.option, later, seen.outcomes))


@pytest.mark.parametrize("file", DECISIONS)
@pytest.mark.parametrize("service", OFF)
def test_a_service_that_ends_in_an_option_moves_its_measures_from_then_on(
    service: str, file: str
) -> None:
    """Up to the date of the decision every row is the same; from then on its measures fall."""
    value, check, given = OFF[service]
    option, date = DECISIONS[file]
    settings = {f"options.{option}.services.{service}": value}
    old = see(given, file=file, option=option)
    new = see(given, settings, file=file, option=option)
    assert check(old, new)
    assert identical_before(old, new, date)
    # In the other options the service goes on.
    others = [name for name in new.inputs.options if name != option]
    for other in others:
        assert new.inputs.option(other).levers == old.inputs.option(other).levers


@pytest.mark.parametrize(
    ("service", "kinds"),
    [
        ("outreach", (ev.OUTREACH_START,)),
        ("idva", (ev.IDVA_START,)),
        ("dvpo", (ev.DVPN,)),
    ],
)
def test_a_service_that_has_ended_takes_nobody_on(service: str, kinds: tuple[int, ...]) -> None:
    """From the date on there is not one such row, and before it there were."""
    seen = see({f"options.extend.services.{service}": False})
    for kind in kinds:
        assert after(DECISION, rows(kind), seen) == 0
        assert rows(kind)(seen) > 0


def test_a_service_can_end_later_than_the_decision() -> None:
    """With a date of its own the switch acts from that date, and not before."""
    later = {"services.from": "2019-10-01"}
    old, new = see(later), see(later, {"options.extend.services.outreach": False})
    assert identical_before(old, new, "2019-10-01")
    assert not identical_before(old, new, "2019-12-01")
    assert after("2019-10-01", rows(ev.OUTREACH_START), new) == 0


def test_a_campaign_for_self_referral_leaves_reporting_alone() -> None:
    """Unless told otherwise: nobody who is not referred lives otherwise than before."""
    old, new = see(), see({"options.extend.services.campaigns": 3.0})
    met = set(new.of(ev.REFERRAL)["person"].tolist()) | set(old.of(ev.REFERRAL)["person"].tolist())
    a, b = (seen.rows[~np.isin(seen.rows["person"], list(met))] for seen in (old, new))
    assert np.array_equal(a, b)
    assert new.total("programme.referrals_self") > old.total("programme.referrals_self")


# --- how parts act together ---


@pytest.mark.parametrize("route", ev.ROUTES)
def test_each_route_alone_brings_people_in(route: str) -> None:
    """With one eligible route all referrals are by that route, and there are some."""
    seen = see({"programme.eligible_routes": [route]})
    assert set(seen.of(ev.REFERRAL)["value"].tolist()) == {ev.ROUTES.index(route)}


@pytest.mark.parametrize(("rule", "risks"), [("high", {2}), ("not high", {0, 1})])
def test_eligible_risk_admits_that_risk_alone(rule: str, risks: set[int]) -> None:
    """Who is referred at a hearing is known to be at risk 2; assessed, most are as they were."""
    seen = see({"programme.eligible_risk": rule})
    assert (rows(ev.REFERRAL, value=ev.MARAC)(seen) > 0) == (2 in risks)
    detail = seen.of(ev.ASSESSMENT_END)["detail"]
    assert np.isin(detail, list(risks)).mean() > 0.75


def test_family_cases_are_outside_the_remit() -> None:
    """Nobody is referred for abuse of another family member."""
    seen = see()
    begun = seen.of(ev.RELATIONSHIP_START)[["person", "relationship", "value"]].tolist()
    kinds = {(person, rel): kind for person, rel, kind in begun}
    referred = seen.of(ev.REFERRAL)[["person", "detail"]].tolist()
    found = {kinds[person, rel] for person, rel in referred}
    assert found == {ev.PARTNER, ev.EX_PARTNER}


def test_closed_groups_start_together_on_the_groups_days() -> None:
    """Between the least and the largest size, every 91 days from the first place."""
    seen = see(CLOSED, option="stop")
    begun = seen.of(ev.START)["time"]
    first = int(np.datetime64("2017-04-01", "s").astype(np.int64))
    times, sizes = np.unique(begun, return_counts=True)
    assert len(times) > 2
    assert ((times - first) % (91 * DAY) == 0).all()
    assert (sizes >= 6).all()
    assert (sizes <= 24).all()


@pytest.mark.parametrize(
    ("delivery", "fullest"), [("rolling group", 15), ("one-to-one", 15), ("closed groups", 10)]
)
def test_places_are_never_overfull(delivery: str, fullest: int) -> None:
    """No more people hold a place than there are, nor are more assessed at once.

    A second group would need six of the five places that a group of ten leaves.
    """
    settings = {"programme.places": "15 places", "programme.assessors": "2 assessors"}
    seen = see(settings, {"programme.delivery": delivery})
    on: dict[int, set[tuple[int, int]]] = {ev.START: set(), ev.ASSESSMENT_START: set()}
    most = {ev.START: 0, ev.ASSESSMENT_START: 0}
    for person, ordinal, kind in seen.rows[["person", "ordinal", "kind"]].tolist():
        if kind in on:
            on[kind].add((person, ordinal))
            most[kind] = max(most[kind], len(on[kind]))
        if kind in (ev.ASSESSMENT_END, ev.EPISODE_END):
            on[ev.ASSESSMENT_START].discard((person, ordinal))
        if kind == ev.EPISODE_END:
            on[ev.START].discard((person, ordinal))
    assert most == {ev.START: fullest, ev.ASSESSMENT_START: 8}


def test_starts_stop_where_the_contracts_money_ends() -> None:
    """What all starts commit is no more than what the contract leaves for them."""
    seen = see(TIGHT, {"budget.start": "£6,000"})
    for phase in model.phases(seen.inputs, "extend"):
        pence = round(model.places(seen.inputs, "extend", phase)[2] * phase.years)
        low, high = model.seconds(phase.start), model.seconds(phase.end)
        times = seen.of(ev.START)["time"]
        spent = ((times >= low) & (times < high)).sum() * 600_000
        assert spent <= pence < spent + 600_000


def test_a_longer_option_beside_it_changes_no_option() -> None:
    """Up to the earlier horizon an option's rows are the same, whatever other options are."""
    old, new = see(), see({"options.extend_larger.extension.length": "60 months"})
    assert identical_before(old, new, "2023-04-01")


@pytest.mark.parametrize(
    ("pilot", "extension"),
    [
        ({"programme.delivery": "one-to-one"}, {"extension.delivery": "rolling group"}),
        ({"programme.one_to_one_places": "1 place"}, {"extension.one_to_one_places": "0 places"}),
    ],
)
def test_those_who_wait_when_the_design_changes_are_offered_what_there_is(
    pilot: Mapping[str, object], extension: Mapping[str, object]
) -> None:
    """Whoever waits at the pilot's end, with more places than people, starts in the extension."""
    seen = see(
        pilot,
        extension,
        {"programme.places": "12 places", "extension.places": "400 places"},
        {"pathway.renege": "0 per week"},
    )
    moment = int(np.datetime64(EXTENSION, "s").astype(np.int64))
    fields = ["time", "person", "ordinal"]
    waiting = {(p, o) for t, p, o in seen.of(ev.WAITING)[fields].tolist() if t < moment}
    gone = {(p, o) for t, p, o in seen.of(ev.EPISODE_END)[fields].tolist() if t < moment}
    started = {(p, o): t for t, p, o in seen.of(ev.START)[fields].tolist()}
    left = {who for who in waiting - gone if started.get(who, moment) >= moment}
    assert len(left) >= 2
    assert all(who in started for who in left)
