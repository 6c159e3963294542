"""What a change is worth to whom, and ratios over draws: pure functions on accounts and arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.economics.accounts import Account, Line
from dapp_model.economics.prices import PENCE, mapping
from dapp_model.economics.unit_costs import TIERS

Floats = npt.NDArray[np.float64]

# Ratios over draws: what is divided by what, as fields of Summary; returns are compared with 1.
RETURNS: Final[Mapping[str, tuple[str, str]]] = {
    "benefit_cost_ratio": ("social_value", "programme_cost"),
    "fiscal_return": ("fiscal_value", "programme_cost"),
    "cashable_return": ("cashable_value", "programme_cost"),
    "cashable_return_upper": ("cashable_value_upper", "programme_cost"),
    "public_value_ratio": ("non_fiscal_value", "net_public_cost"),
}
UNIT_COSTS: Final[Mapping[str, tuple[str, str]]] = {
    "cost_per_averted_true_incident": ("net_public_cost", "true_incidents_averted"),
    "cost_per_averted_recorded_incident": ("net_public_cost", "recorded_incidents_averted"),
    "cost_per_victim_year_free_of_abuse": ("net_public_cost", "victim_years_averted"),
    "cost_per_assessment": ("programme_cost", "assessments"),
    "cost_per_start": ("programme_cost", "starts"),
    "cost_per_completion": ("programme_cost", "completions"),
}


@dataclass(frozen=True)
class Ratio:
    """A ratio of expectations; an interval over draws only where it cannot change sign.

    `value` is None where the mean below is not above zero. `chance_positive` is the share of draws
    in which both parts are above zero, `chance_above_one` in which more comes back than is paid.
    """

    value: float | None
    low: float | None
    high: float | None
    can_change_sign: bool
    chance_positive: float
    chance_above_one: float
    monte_carlo_error: float | None


def ratio(top: Floats, bottom: Floats) -> Ratio:
    """Return the ratio of means of two arrays by draw, with an interval or a chance.

    Raises ValueError unless both have the same number of draws, one at least.
    """
    if top.shape != bottom.shape or not top.size:
        raise ValueError(f"A ratio needs the same draws, not {top.shape} over {bottom.shape}.")
    below = float(bottom.mean())
    both = (top > 0) & (bottom > 0)
    steady = bool(both.all() or ((top < 0) & (bottom > 0)).all())
    low, high = np.quantile(top / bottom, (0.05, 0.95)) if steady else (None, None)
    return Ratio(
        value=float(top.mean()) / below if below > 0 else None,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        can_change_sign=not steady,
        chance_positive=float(both.mean()),
        chance_above_one=float((top > bottom).mean()),
        monte_carlo_error=_error(top, bottom),
    )


def _error(top: Floats, bottom: Floats) -> float | None:
    """Return the Monte Carlo error of a ratio of means; None of no ratio, and of one draw."""
    below = float(bottom.mean())
    if len(top) < 2 or not below > 0:
        return None
    left = top - float(top.mean()) / below * bottom
    return float(left.std(ddof=1) / np.sqrt(len(left)) / below)


@dataclass(frozen=True, eq=False)
class Position:
    """What one party pays for the programme and gets back on its own lines, by year.

    float64 [year] in GBP, present values: `paid` positive; `cash`, `capacity` and `other` (value
    that is not public money) positive where the party gains.
    """

    name: str
    paid: Floats
    cash: Floats
    capacity: Floats
    other: Floats

    @property
    def gained(self) -> float:
        """Return all that the party gains."""
        return float((self.cash + self.capacity + self.other).sum())

    @property
    def cumulative(self) -> Floats:
        """Return the net position at the end of each year."""
        return np.asarray((self.cash + self.capacity + self.other - self.paid).cumsum())

    def payback(self, years: tuple[str, ...]) -> str | None:
        """Return the year by whose end a party that has paid is no longer out of pocket."""
        return payback(self.cumulative, self.paid, years)


def payback(cumulative: Floats, paid: Floats, years: tuple[str, ...]) -> str | None:
    """Return the first year by whose end a net position is not negative, and stays so.

    None where it never comes back, or where nothing was paid.
    """
    spent = np.flatnonzero(paid > 0)
    if not len(spent):
        return None
    behind = np.flatnonzero(cumulative < 0)
    first = int(behind[-1]) + 1 if len(behind) else int(spent[0])
    return years[first] if first < len(years) else None


def positions(change: Account) -> tuple[Position, ...]:
    """Return the position of each funder, of all public bodies and of society.

    `change` is an option less its comparator. A funder's own lines are those of the bearers that
    the data file names for it; what other bodies gain is not its own.
    """
    lines, values = change.lines, change.discounted_pence / PENCE
    everybody = {line.bearer for line in lines}
    table = mapping()["funder_bearers"]
    funders = dict.fromkeys(line.funder for line in lines if line.group == "programme")
    public = tuple(tier for tier in TIERS if tier != "non_fiscal")
    return (
        *(
            _position(name, lines, values, ({name}, set(table.get(name, ())), TIERS))
            for name in funders
        ),
        _position("public", lines, values, (set(funders), everybody, public)),
        _position("society", lines, values, (set(funders), everybody, TIERS)),
    )


def _position(
    name: str,
    lines: Sequence[Line],
    values: Floats,
    whose: tuple[set[str], set[str], Sequence[str]],
) -> Position:
    """Return a position: who pays, whose lines count, and on which tiers."""
    funders, bearers, tiers = whose

    def total(chosen: Iterable[int]) -> Floats:
        return np.asarray(values[list(chosen)].sum(axis=0))

    def own(tier: str) -> Floats:
        return total(
            i
            for i, line in enumerate(lines)
            if line.group != "programme"
            and line.bearer in bearers
            and line.tier == tier
            and tier in tiers
        )

    paid = total(
        i for i, line in enumerate(lines) if line.group == "programme" and line.funder in funders
    )
    return Position(name, 0.0 - paid, own("cashable"), own("capacity"), own("non_fiscal"))


def break_even_share(position: Position, programme_cost: float) -> float:
    """Return the share of the programme's cost at which a funder gets back what it pays.

    0 where its own lines gain nothing; above 1 it would break even paying for all of it.
    """
    gained = float((position.cash + position.capacity).sum())
    return max(0.0, gained) / programme_cost if programme_cost > 0 else 0.0
