"""The later choice of options that pause, in every count and every pound of a run.

A draw simulates a pause as if the programme were always reopened after it. Here its later choice
is made (`decision/later.py`), and where it is to close for good the draw's counts become those of
the comparator, and its money that of the comparator with the evaluation paid. Where it is to reopen
the cost of reopening is added, as a line of its own. So tables, account, draws and advice all hold
what the option is worth with the choice that it leaves open, and still add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import study
from dapp_model.decision import later
from dapp_model.decision.later import Known, Later
from dapp_model.draws import varying
from dapp_model.economics import (
    Line,
    Position,
    Summary,
    deflator,
    discount_factor,
    settings_of,
    tax_uplift,
)
from dapp_model.economics.contract import EVALUATION
from dapp_model.economics.prices import PENCE, financial_year, split_pence, year_label
from dapp_model.economics.unit_costs import NOT_APPLICABLE
from dapp_model.pausing import pauses
from dapp_model.study_designs import data_file, figure

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from dapp_model.parameters import Inputs
    from dapp_model.valuation import Valued

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REOPENING: Final = "reopening"


@dataclass(frozen=True, eq=False)
class Paid:
    """What one option pays beside its contract, by funder and year: GBP positive, [funder, year].

    Both at the price year and as present values.
    """

    funders: tuple[str, ...]
    plain: Floats
    present: Floats

    @property
    def value(self) -> float:
        """Return all of it as a present value in GBP."""
        return float(self.present.sum())


# -- the choice -----------------------------------------------------------------------------------


def made(inputs: Inputs, own: Looked | None, others: Looked | None = None) -> dict[str, Later]:
    """Return what becomes of each option that pauses, from a run's own finished draws.

    Of `others`, draws under another reading of a repeat, it is what the rule fitted to the run's
    own draws says of them.
    """
    if own is None:
        return {}
    return {name: _of(inputs, name, own, others) for name in own.names}


def look(inputs: Inputs, plan: study.Plan, parts: Path, *, reading: str = "") -> Looked | None:
    """Return what a first look at the draws of one reading tells; None if no option pauses."""
    return Looked(inputs, plan, parts, reading) if pauses(inputs) else None


class Looked:
    """What is known of the draws of one reading, and what options that pause are worth there."""

    def __init__(self, inputs: Inputs, plan: study.Plan, parts: Path, reading: str) -> None:
        import pandas as pd

        self.names = names = pauses(inputs)
        drawn: list[Mapping[str, Any]] = []
        shown: list[Mapping[str, float]] = []
        raw: dict[str, list[float]] = {name: [] for name in names}
        paid: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        draws = study.reading_draws(inputs, plan) if reading else plan.draws
        for number in range(draws):
            valued = study.valued_of(parts, number, reading=reading)
            drawn.append({**inputs.values, **valued.parameters})
            shown.append(valued.shown)
            for name in names:
                worth = [one.net_present_social_value for one in valued.summaries[name]]
                raw[name].append(float(np.mean(worth)))
                paid[name].append(
                    (
                        _evaluation(valued, name).value,
                        _reopening(inputs, name, valued).value,
                    )
                )
        seen = pd.DataFrame(shown) if all(shown) else None
        self.known = Known(seen, _full(varying(drawn), drawn))
        self.raw = {name: np.array(values) for name, values in raw.items()}
        self.paid = {name: np.array(values).mean(axis=0).tolist() for name, values in paid.items()}


def _full(parameters: pd.DataFrame, drawn: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return what varies, and what studies measure whether or not it varies."""
    from dapp_model.decision.studies import INFORMS

    missing = {
        name: [float(one[name]) for one in drawn] for name in INFORMS if name not in parameters
    }
    return parameters.assign(**missing)


def _of(inputs: Inputs, name: str, own: Looked, others: Looked | None) -> Later:
    here = own if others is None else others
    evaluation, reopening = here.paid[name]
    reopened = here.raw[name] - reopening
    reason = later.too_little(own.known)
    if not reason and others is not None and others.known.shown is None:
        reason = "what the pilot shows is not known in these draws"
    looked_at = later.study_of(inputs, name, own.known)
    chosen = np.ones(len(reopened), np.bool_)
    if not reason:
        paid, opening = own.paid[name]
        values = own.raw[name] - opening
        acts = np.stack([np.full(len(values), -paid), values], axis=1)
        first, second = later.choose(
            inputs, own.known, acts, others.known if others else None, study=looked_at
        )
        chosen = first if others is None else second
    return Later(
        reopened=chosen,
        as_reopened=reopened,
        assessed=not reason,
        reason=reason,
        evaluation=evaluation,
        reopening=reopening,
        study=looked_at,
    )


# -- what comes of it -----------------------------------------------------------------------------


def valued_with(inputs: Inputs, found: Mapping[str, Later], number: int, valued: Valued) -> Valued:
    """Return one draw's money and harm with the later choice of each pause made."""
    for name, one in found.items():
        valued = _with_reopening_line(inputs, name, valued)
        if one.reopened[number]:
            valued = _charged(valued, name, _reopening(inputs, name, valued))
        else:
            valued = _closed(inputs, name, valued)
    return valued


def counted_with(inputs: Inputs, found: Mapping[str, Later], number: int, counts: Counts) -> Counts:
    """Return one draw's counts with the later choice of each pause made.

    `counts` are int64 [repetition, option, group, measure, year].
    """
    counts = counts.copy()
    for name, one in found.items():
        if not one.reopened[number]:
            counts[:, inputs.options.index(name)] = counts[:, 0]
    return counts


def _closed(inputs: Inputs, name: str, valued: Valued) -> Valued:
    """Return a draw in which an option does nothing but pay for its evaluation."""
    place, first = inputs.options.index(name), inputs.options[0]
    paid = _evaluation(valued, name)
    lines, theirs = valued.lines[name], valued.lines[first]
    at = {line: i for i, line in enumerate(theirs)}
    money = []
    for kind in range(2):
        flow = np.zeros_like(valued.money[name][kind])
        for i, line in enumerate(lines):
            if line.item == EVALUATION:
                flow[i] = valued.money[name][kind][i]
            elif line in at:
                flow[i] = valued.money[first][kind][at[line]]
        money.append(flow)
    homicides = valued.homicides.copy()
    homicides[place] = homicides[0]
    averted, stake = valued.serious_averted.copy(), valued.serious_at_stake.copy()
    averted[place], stake[place] = 0.0, stake[0]
    nothing = replace(
        valued,
        money={**valued.money, name: (money[0], money[1])},
        summaries={
            **valued.summaries,
            name: tuple(_nothing(one) for one in valued.summaries[name]),
        },
        positions={
            **valued.positions,
            name: tuple(tuple(_empty(p) for p in each) for each in valued.positions[name]),
        },
        groups={**valued.groups, name: np.zeros_like(valued.groups[name])},
        homicides=homicides,
        serious_averted=averted,
        serious_at_stake=stake,
    )
    return _summed(nothing, name, paid)


def _charged(valued: Valued, name: str, paid: Paid) -> Valued:
    """Return a draw in which an option pays for reopening as well."""
    money = tuple(flow.copy() for flow in valued.money[name])
    for i, line in enumerate(valued.lines[name]):
        if line.item == REOPENING:
            k = paid.funders.index(line.funder)
            money[0][i] -= paid.plain[k]
            money[1][i] -= paid.present[k]
    both = (money[0], money[1])
    return _summed(replace(valued, money={**valued.money, name: both}), name, paid)


def _summed(valued: Valued, name: str, paid: Paid) -> Valued:
    """Return a draw whose summaries and positions hold what an option pays beside its contract."""
    return replace(
        valued,
        summaries={
            **valued.summaries,
            name: tuple(_with_cost(one, paid, valued.years) for one in valued.summaries[name]),
        },
        positions={
            **valued.positions,
            name: tuple(
                tuple(_paying(position, paid) for position in each)
                for each in valued.positions[name]
            ),
        },
    )


_COUNTED: Final = (
    "true_incidents_averted", "recorded_incidents_averted", "homicides_averted",
    "victim_years_averted", "assessments", "starts", "completions", "social_value",
    "fiscal_value", "cashable_value", "cashable_value_upper",
)  # fmt: skip
_COSTS: Final = ("programme_cost", "net_public_cost", "net_public_cost_without_homicide")
_VALUES: Final = (
    "net_present_social_value", "net_present_social_value_without_homicide",
    "net_present_social_value_low_harm", "net_present_social_value_health_discounting",
)  # fmt: skip
_UPLIFTED: Final = "net_present_social_value_tax_uplift"


def _nothing(one: Summary) -> Summary:
    """Return a summary of an option that is its comparator."""
    fields: dict[str, Any] = dict.fromkeys((*_COUNTED, *_COSTS, *_VALUES, _UPLIFTED), 0.0)
    funders = {
        funder: dict.fromkeys(by_year, 0.0)
        for funder, by_year in one.programme_cost_by_funder.items()
    }
    return replace(
        one,
        **fields,
        by_harm_route={name: dict.fromkeys(own, 0.0) for name, own in one.by_harm_route.items()},
        programme_cost_by_funder=funders,
        value_by_grade=dict.fromkeys(one.value_by_grade, 0.0),
    )


def _with_cost(one: Summary, paid: Paid, years: Sequence[str]) -> Summary:
    """Return a summary with a cost of the programme added to it."""
    uplift = tax_uplift()
    fields: dict[str, Any] = {name: getattr(one, name) + paid.value for name in _COSTS}
    fields |= {name: getattr(one, name) - paid.value for name in _VALUES}
    fields[_UPLIFTED] = getattr(one, _UPLIFTED) - (1 + uplift) * paid.value
    funders = {funder: dict(by_year) for funder, by_year in one.programme_cost_by_funder.items()}
    for k, funder in enumerate(paid.funders):
        own = funders.setdefault(funder, dict.fromkeys(years, 0.0))
        for year, amount in zip(years, paid.plain[k].tolist(), strict=True):
            own[year] = round(own[year] + amount, 2)
    more = dict.fromkeys(_COSTS, paid.value) | dict.fromkeys(_VALUES, -paid.value)
    routes = {
        route: {name: value + more.get(name, 0.0) for name, value in own.items()}
        for route, own in one.by_harm_route.items()
    }
    return replace(one, **fields, by_harm_route=routes, programme_cost_by_funder=funders)


def _empty(one: Position) -> Position:
    nothing = np.zeros_like(one.paid)
    return Position(one.name, nothing, nothing, nothing, nothing)


def _paying(one: Position, paid: Paid) -> Position:
    """Return a position with what its party pays: its own part, or all of it."""
    if one.name in ("public", "society"):
        return replace(one, paid=one.paid + paid.present.sum(axis=0))
    if one.name not in paid.funders:
        return one
    return replace(one, paid=one.paid + paid.present[paid.funders.index(one.name)])


# -- what is paid beside the contract -------------------------------------------------------------


def _evaluation(valued: Valued, name: str) -> Paid:
    """Return what an option pays for its evaluation, from its account."""
    own = [i for i, line in enumerate(valued.lines[name]) if line.item == EVALUATION]
    funders = tuple(dict.fromkeys(valued.lines[name][i].funder for i in own))

    def by_funder(flow: Floats) -> Floats:
        found = np.zeros((len(funders), flow.shape[1]))
        for i in own:
            found[funders.index(valued.lines[name][i].funder)] -= flow[i]
        return found

    plain, present = (by_funder(flow) for flow in valued.money[name])
    return Paid(funders, plain, present)


def reopening_cash(inputs: Inputs, name: str, years: Sequence[str]) -> Mapping[str, Floats]:
    """Return what each funder pays for reopening, in GBP of the day by year: float64 [year].

    In the year of it, shared as the funders share the extension. Whoever pauses and reopens closes
    twice, before the pause and at the end of the extension, and all others once: so closing is in
    it too.
    """
    shares = dict(inputs.option(name).levers["extension.funders"])
    costs = data_file()["closing"]
    label = year_label(financial_year(reopens(inputs, name)))
    gbp = fsum(
        figure(entry) * deflator(str(entry["year"]), label) * inputs.population_share
        for entry in (costs["reopening_cost"], costs["closing_cost"])
    )
    parts = split_pence(round(gbp * PENCE), list(shares.values()))
    at = np.array([year == label for year in years], np.float64)
    return {funder: part / PENCE * at for funder, part in zip(shares, parts, strict=True)}


def _reopening(inputs: Inputs, name: str, valued: Valued) -> Paid:
    """Return what reopening costs, in whole pence at the price year and as a present value."""
    prices = settings_of(inputs.values).price_year
    cash = reopening_cash(inputs, name, valued.years)
    to_base = np.array([deflator(year, prices) for year in valued.years])
    ahead = [int(year[:4]) - valued.year_0 for year in valued.years]
    factors = np.array([discount_factor(n) if n >= 0 else 0.0 for n in ahead])
    plain = np.stack(list(cash.values())) * to_base
    return Paid(tuple(cash), _pence(plain), _pence(plain * factors))


def _pence(pounds: Floats) -> Floats:
    return np.asarray(np.round(pounds * PENCE) / PENCE)


def reopens(inputs: Inputs, name: str) -> dt.date:
    """Return the day on which the programme of an option that pauses is opened again."""
    from dapp_model.phases import phases

    return phases(inputs, name)[-1].start


def _with_reopening_line(inputs: Inputs, name: str, valued: Valued) -> Valued:
    """Return a draw whose account has a line of an option's reopening, with nothing in it yet."""
    new = tuple(
        Line(
            bearer=NOT_APPLICABLE,
            funder=funder,
            tier="cashable",
            basis="programme",
            offence=NOT_APPLICABLE,
            item=REOPENING,
            group="programme",
            grade=str(data_file()["closing"]["reopening_cost"]["grade"]),
            cash_upper=1.0,
        )
        for funder in dict(inputs.option(name).levers["extension.funders"])
    )
    flows = tuple(
        np.concatenate([flow, np.zeros((len(new), flow.shape[1]))]) for flow in valued.money[name]
    )
    return replace(
        valued,
        lines={**valued.lines, name: (*valued.lines[name], *new)},
        money={**valued.money, name: (flows[0], flows[1])},
    )


def still_there(found: Mapping[str, Later], frame: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger of the first draw without options that it closes for good."""
    closed = [name for name, one in found.items() if not one.reopened[0]]
    return frame[~frame["option"].isin(closed)].reset_index(drop=True)
