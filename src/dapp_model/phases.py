"""Dates, the funded stretches of an option, and the places that its budget buys."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dapp_model.world import DAY, ORIGIN_DATE, YEAR_DAYS

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs


def seconds(date: dt.date) -> int:
    """Return the first second of a day, counted from 1970-01-01."""
    return (date - dt.date(1970, 1, 1)).days * DAY


def day_number(date: dt.date) -> int:
    return (date - ORIGIN_DATE).days


def add_days(date: dt.date, days: float) -> dt.date:
    """Return the date that many days later, in whole calendar months where it comes to that."""
    months = round(days / (YEAR_DAYS / 12))
    if months and abs(days - months * YEAR_DAYS / 12) < 0.01:
        total = date.year * 12 + date.month - 1 + months
        first = dt.date(total // 12, total % 12 + 1, 1)
        following = (first + dt.timedelta(days=32)).replace(day=1)
        return first.replace(day=min(date.day, (following - first).days))
    return date + dt.timedelta(days=round(days))


def decision_date(inputs: Inputs, levers: Any) -> dt.date:
    """Return the date on which the scenario's decision is taken."""
    start: dt.date = levers["programme.contract_start"]
    if inputs.decision == "pilot":
        return start
    return add_days(start, levers["decision.date_month"])


@dataclass(frozen=True)
class Phase:
    """One funded stretch of the programme: the pilot or its extension."""

    number: int
    section: str
    start: dt.date
    first_place: dt.date
    last_start: dt.date  # no starts from this day on
    end: dt.date
    annual_budget_gbp: float
    years: float


def phases(inputs: Inputs, option: str) -> tuple[Phase, ...]:
    """Return the funded stretches of an option, in order of time."""
    levers = inputs.option(option).levers
    if not levers["programme.offered"]:
        return ()
    start = levers["programme.contract_start"]
    end = add_days(start, levers["programme.length"])
    extended = levers["extension.length"] > 0
    restart = add_days(end, levers["extension.gap"])
    continuous = extended and restart == end
    quiet = 0.0 if continuous else levers["programme.last_start_before_end"]
    found = [
        Phase(
            1,
            "programme",
            start,
            add_days(start, levers["programme.mobilisation"]),
            end - dt.timedelta(days=round(quiet)),
            end,
            levers["programme.annual_budget"],
            levers["programme.length"] / YEAR_DAYS,
        )
    ]
    if extended:
        finish = add_days(restart, levers["extension.length"])
        found.append(
            Phase(
                2,
                "extension",
                restart,
                add_days(restart, levers["extension.mobilisation"]),
                finish - dt.timedelta(days=round(levers["extension.last_start_before_end"])),
                finish,
                levers["extension.annual_budget"],
                levers["extension.length"] / YEAR_DAYS,
            )
        )
    return tuple(found)


def horizon_date(inputs: Inputs) -> dt.date:
    """Return the 1 April that ends the window: one end for all options (decision.md, Window)."""
    last = max(
        (stage.last_start for name in inputs.options for stage in phases(inputs, name)),
        default=add_days(inputs.option(inputs.options[0]).levers["programme.contract_start"], 731),
    )
    end = add_days(last, inputs.values["time.window_after_last_start"])
    year = end.year if end < dt.date(end.year, 4, 1) else end.year + 1
    return dt.date(year, 4, 1)


def scale_count(count: float, share: float) -> int:
    """Scale places or staff by the population share: nearest whole number, at least one."""
    return max(1, round(count * share)) if count > 0 else 0


def _left_for_places(inputs: Inputs, option: str, stage: Phase) -> float:
    """Return what a year's budget leaves for the places that are not kept for high risk, GBP."""
    levers, v = inputs.option(option).levers, inputs.values
    s = stage.section
    support = levers[f"{s}.partner_support_places"] if levers[f"{s}.partner_support"] else 0
    return float(
        stage.annual_budget_gbp * (1.0 - v["budget.fixed_share"])
        - levers[f"{s}.assessors"] * v["budget.assessor"]
        - support * v["budget.partner_support_place"]
        - levers[f"{s}.one_to_one_places"] * v["budget.one_to_one_place"]
    )


def places_bought(inputs: Inputs, option: str, stage: Phase) -> int:
    """Return how many places the budget buys beside those kept for people at high risk."""
    v = inputs.values
    staffed = max(0.0, _left_for_places(inputs, option, stage)) * (1.0 - v["budget.vacancy_share"])
    alone = inputs.option(option).levers[f"{stage.section}.delivery"] == "one-to-one"
    return int(staffed / v["budget.one_to_one_place" if alone else "budget.place"] + 0.5)


def places(inputs: Inputs, option: str, stage: Phase) -> tuple[int, int, int]:
    """Return (group places, one-to-one places, pence a year for starts) that a budget buys."""
    levers, v = inputs.option(option).levers, inputs.values
    s, share = stage.section, inputs.population_share
    one_places = levers[f"{s}.one_to_one_places"]
    left = _left_for_places(inputs, option, stage)
    alone = levers[f"{s}.delivery"] == "one-to-one"
    asked = levers[f"{s}.places"]
    # A place without money for it does not exist, asked for or not.
    bought = places_bought(inputs, option, stage)
    if asked != "from budget":
        bought = min(bought, int(asked))
    group = 0 if alone else bought
    single = int(one_places) + (bought if alone else 0)
    starts_gbp = max(0.0, left + one_places * v["budget.one_to_one_place"])
    return (
        scale_count(group, share),
        scale_count(single, share),
        round(starts_gbp * share * 100),
    )


def shortfalls(inputs: Inputs) -> tuple[str, ...]:
    """Say where more places are asked for than the budget buys: they do not exist."""
    found = []
    for option in inputs.options:
        levers = inputs.option(option).levers
        for stage in phases(inputs, option):
            asked = levers[f"{stage.section}.places"]
            if asked == "from budget":
                continue
            bought = places_bought(inputs, option, stage)
            if bought < int(asked):
                found.append(
                    f"'{inputs.option(option).label}' ({option}) asks for {int(asked)} places in "
                    f"its {stage.section}, and £{stage.annual_budget_gbp:,.0f} a year buys "
                    f"{bought}: the rest do not exist."
                )
    return tuple(dict.fromkeys(found))
