"""What is counted and how each word is defined: one compiled fold over one perpetrator's rows.

The same fold runs over a stored log and inside the fast engine, so a fitted and a reported number
can never differ in definition. Definitions: docs/model.md, "What is counted".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model.compiled import compiled, compiled_with_memory
from dapp_model.world import DAY, ORIGIN

_CRIMES = ev.BEHAVIOURS[:-1]
MEASURES: tuple[str, ...] = (
    "true.incidents",
    *(f"true.{name}" for name in ev.BEHAVIOURS),
    "true.coercive_control_first",
    "true.stalking_first",
    "true.high_harm",
    "true.child_present",
    "report.reports",
    "report.attended",
    "recorded.incidents",
    *(f"recorded.{name}" for name in _CRIMES),
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
    *(f"programme.referrals_{name}" for name in ev.ROUTES),
    "programme.contacted",
    "programme.assessments",
    "programme.starts",
    "programme.one_to_one_starts",
    "programme.sessions",
    "programme.wait_days",
    "programme.support_starts",
    *(f"programme.ended_{name}" for name in ev.OUTCOMES),
    "programme.follow_ups",
    "case.begun",
    "case.ex_partners",
    "case.separated",
    "case.entries",
    "true.victims",
)
M = IntEnum("M", [name.replace(".", "_").upper() for name in MEASURES], start=0)
UNITS: Mapping[str, str] = {
    name: {
        "true": "incidents",
        "report": "reports",
        "recorded": "records",
        "police": "events",
        "marac": "cases",
        "services": "cases",
        "children": "children",
        "programme": "people",
        "case": "cases",
    }[name.split(".")[0]]
    for name in MEASURES
} | {
    "recorded.victims": "victims",
    "true.victims": "victims",
    "police.custody_days": "days",
    "programme.sessions": "sessions",
    "programme.wait_days": "days",
    "programme.support_starts": "victims",
    "case.entries": "perpetrators",
}
GROUPS: tuple[str, ...] = (
    "all",
    "male",
    "female",
    "age_16_24",
    "age_25_34",
    "age_35_49",
    "age_50_plus",
    "children",
    "no_children",
    "needs",
    "no_needs",
)
_ALL, _MALE, _FEMALE, _AGE = 0, 1, 2, 3
_WITH, _WITHOUT, _NEEDS, _NO_NEEDS = 7, 8, 9, 10
SCRATCH = (16, 8)
_DAY_OF_RECORD, _YEAR_OF_RECORD, _CONTROL, _STALKING, _CHILDREN, _YEAR_OF_ABUSE = range(6)
_LONG_AGO = -(1 << 40)


@compiled
def _add(counts, who, measure, year, n):
    for g in who:
        counts[g, measure, year] += n


@compiled
def fold(rows, n, year_of_day, record_start, scratch, counts):
    """Count one perpetrator's rows, in order, into whole numbers.

    rows: the person's rows (ROW) in the total order, the first n count; year_of_day: index of the
    financial year by day; scratch: int64 SCRATCH; counts: int64 [group, measure, year].
    """
    if n == 0:
        return
    scratch[:, :] = _LONG_AGO
    scratch[:, _CHILDREN] = 0
    who = scratch[SCRATCH[0] - 2, :5]
    me = scratch[SCRATCH[0] - 1, :4]
    referred = 0
    referred_case = 1
    for i in range(n):
        row = rows[i]
        kind = row.kind
        t = row.time
        day = (t - ORIGIN) // DAY
        year = year_of_day[day]
        rel = row.relationship
        if kind == ev.ENTRY:
            code = row.value
            me[0] = _ALL
            me[1] = _MALE if code & 1 else _FEMALE
            me[2] = _AGE + ((code >> 1) & 3)
            me[3] = _NEEDS if (code >> 3) > 0 else _NO_NEEDS
            for k in range(4):
                who[k] = me[k]
            who[4] = _WITHOUT
            continue
        case = scratch[rel]
        if kind == ev.RELATIONSHIP_START:
            case[_CHILDREN] = row.detail & 3
        who[4] = _WITH if rel > 0 and case[_CHILDREN] > 0 else _WITHOUT
        if kind >= ev.FIRST_PROGRAMME_KIND and rel == 0:
            # The pathway's rows belong to the person: the case that was referred stands for it.
            if kind == ev.REFERRAL:
                referred_case = row.detail
            who[4] = _WITH if scratch[referred_case, _CHILDREN] > 0 else _WITHOUT
        if kind == ev.INCIDENT:
            b = row.value
            _add(counts, who, M.TRUE_INCIDENTS, year, 1)
            _add(counts, who, M.TRUE_INCIDENTS + 1 + b, year, 1)
            if case[_YEAR_OF_ABUSE] != year:
                case[_YEAR_OF_ABUSE] = year
                _add(counts, who, M.TRUE_VICTIMS, year, 1)
            if row.detail & 1:
                _add(counts, who, M.TRUE_CHILD_PRESENT, year, 1)
            if row.detail & 2:
                _add(counts, who, M.TRUE_HIGH_HARM, year, 1)
            if b == ev.CONTROL and day - case[_CONTROL] > 365:
                case[_CONTROL] = day
                _add(counts, who, M.TRUE_COERCIVE_CONTROL_FIRST, year, 1)
            if b == ev.STALKING and day - case[_STALKING] > 365:
                case[_STALKING] = day
                _add(counts, who, M.TRUE_STALKING_FIRST, year, 1)
        elif kind == ev.REPORT:
            _add(counts, who, M.REPORT_REPORTS, year, 1)
            _add(counts, who, M.REPORT_ATTENDED, year, row.value)
        elif kind == ev.RECORD:
            last = case[_DAY_OF_RECORD]
            if last == day:
                continue  # records of one victim on one day count once
            _add(counts, who, M.RECORDED_INCIDENTS, year, 1)
            _add(counts, who, M.RECORDED_VIOLENCE_WITH_INJURY + row.value, year, 1)
            if row.detail == 2:
                _add(counts, who, M.RECORDED_HIGH_RISK, year, 1)
            if case[_YEAR_OF_RECORD] == year:
                _add(counts, who, M.RECORDED_REPEAT_A, year, 1)
            else:
                _add(counts, who, M.RECORDED_VICTIMS, year, 1)
            if day - last <= 365:
                _add(counts, who, M.RECORDED_REPEAT_B, year, 1)
            if last * DAY + ORIGIN >= record_start:
                _add(counts, who, M.RECORDED_REPEAT_C, year, 1)
            case[_DAY_OF_RECORD] = day
            case[_YEAR_OF_RECORD] = year
        elif kind == ev.ARREST:
            _add(counts, who, M.POLICE_ARRESTS, year, 1)
        elif kind == ev.DVPN:
            _add(counts, who, M.POLICE_DVPNS, year, 1)
        elif kind == ev.DVPO:
            _add(counts, who, M.POLICE_DVPOS, year, 1)
        elif kind == ev.CHARGE:
            _add(counts, who, M.POLICE_CHARGES, year, 1)
        elif kind == ev.CONVICTION:
            _add(counts, who, M.POLICE_CONVICTIONS, year, 1)
        elif kind == ev.CUSTODY_START:
            _add(counts, who, M.POLICE_CUSTODY, year, 1)
            _add(counts, who, M.POLICE_CUSTODY_DAYS, year, row.value)
        elif kind == ev.COMMUNITY_ORDER:
            _add(counts, who, M.POLICE_COMMUNITY_ORDERS, year, 1)
        elif kind == ev.BBR_START:
            _add(counts, who, M.POLICE_BBR_STARTS, year, 1)
        elif kind == ev.BBR_END:
            _add(counts, who, M.POLICE_BBR_COMPLETIONS, year, row.value)
        elif kind == ev.MARAC_REFERRAL:
            _add(counts, who, M.MARAC_REFERRALS, year, 1)
            _add(counts, who, M.MARAC_REPEATS, year, row.detail & 1)
            _add(counts, who, M.MARAC_REPEATS_EVER, year, row.detail >> 1)
        elif kind == ev.MARAC_HEARING:
            _add(counts, who, M.MARAC_HEARINGS, year, 1)
        elif kind == ev.IDVA_START:
            _add(counts, who, M.SERVICES_IDVA, year, 1)
        elif kind == ev.OUTREACH_START:
            _add(counts, who, M.SERVICES_OUTREACH, year, 1)
        elif kind == ev.CHILD_REFERRAL:
            _add(counts, who, M.CHILDREN_REFERRALS, year, row.value)
            if row.detail & 1:
                _add(counts, who, M.CHILDREN_REREFERRALS, year, row.value)
        elif kind == ev.CHILD_IN_NEED:
            _add(counts, who, M.CHILDREN_IN_NEED, year, row.value)
        elif kind == ev.CHILD_PLAN:
            _add(counts, who, M.CHILDREN_PLANS, year, row.value)
        elif kind == ev.LOOKED_AFTER:
            _add(counts, who, M.CHILDREN_LOOKED_AFTER, year, row.value)
        elif kind == ev.RELATIONSHIP_START:
            _add(counts, who, M.CASE_BEGUN, year, 1)
            if row.value == ev.EX_PARTNER:
                _add(counts, who, M.CASE_EX_PARTNERS, year, 1)
            if rel == 1:
                _add(counts, who, M.CASE_ENTRIES, year, 1)
        elif kind == ev.RELATIONSHIP_END:
            if row.value == ev.SEPARATED:
                _add(counts, who, M.CASE_SEPARATED, year, 1)
        elif kind == ev.REFERRAL:
            referred = t
            _add(counts, who, M.PROGRAMME_REFERRALS_SELF + row.value, year, 1)
        elif kind == ev.CONTACT:
            if row.value > 0:
                _add(counts, who, M.PROGRAMME_CONTACTED, year, 1)
        elif kind == ev.ASSESSMENT_END:
            _add(counts, who, M.PROGRAMME_ASSESSMENTS, year, 1)
        elif kind == ev.START:
            _add(counts, who, M.PROGRAMME_STARTS, year, 1)
            _add(counts, who, M.PROGRAMME_ONE_TO_ONE_STARTS, year, row.value)
            _add(counts, who, M.PROGRAMME_WAIT_DAYS, year, (t - referred) // DAY)
        elif kind == ev.SESSION:
            _add(counts, who, M.PROGRAMME_SESSIONS, year, 1)
        elif kind == ev.SUPPORT_START:
            _add(counts, who, M.PROGRAMME_SUPPORT_STARTS, year, 1)
        elif kind == ev.FOLLOW_UP:
            _add(counts, who, M.PROGRAMME_FOLLOW_UPS, year, 1)
        elif kind == ev.EPISODE_END:
            _add(counts, who, M.PROGRAMME_ENDED_REFUSED + row.value, year, 1)


@compiled_with_memory
def fold_people(rows, year_of_day, record_start, counts):
    """Fold rows sorted by person (and in order within each) person by person."""
    scratch = np.zeros(SCRATCH, np.int64)
    n = len(rows)
    first = 0
    while first < n:
        last = first + 1
        while last < n and rows[last].person == rows[first].person:
            last += 1
        fold(rows[first:last], last - first, year_of_day, record_start, scratch, counts)
        first = last


@compiled_with_memory
def fold_some(rows, first, last, year_of_day, record_start, counts):
    """Fold the rows of some people alone: those from first [n] to before last [n], in order."""
    scratch = np.zeros(SCRATCH, np.int64)
    for i in range(len(first)):
        own = rows[first[i] : last[i]]
        fold(own, len(own), year_of_day, record_start, scratch, counts)


def financial_year(date: np.datetime64) -> int:
    """Return the first calendar year of the financial year (1 April to 31 March) of a date."""
    months = int(date.astype("datetime64[M]").astype(int)) + 1970 * 12
    return (months - 3) // 12


@lru_cache(maxsize=16)
def year_table(warm_up: int, horizon: int) -> tuple[int, int, npt.NDArray[np.int64]]:
    """Return (first financial year, number of years, index of the year by day since ORIGIN).

    Days before the warm-up count in the first year, days from the horizon on in the last. The array
    is not to be written to.
    """
    n = (horizon - ORIGIN) // DAY + 2
    dates = np.arange(n) + np.datetime64(ORIGIN // DAY, "D")
    months = dates.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    years = (months - 3) // 12
    first = int(years[(warm_up - ORIGIN) // DAY])
    last = int(years[(horizon - ORIGIN) // DAY - 1])
    index = np.clip(years - first, 0, last - first).astype(np.int64)
    return first, last - first + 1, index
