"""What all draws say about money: who pays, who gains, when, and for which groups of people."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.economics import (
    Position,
    affordability,
    break_even_share,
    settings_of,
    spending,
    year_ends,
)
from dapp_model.economics.contract import UNSPENT
from dapp_model.economics.prices import PENCE, mapping, year_number
from dapp_model.voi import mean_error, share_error

if TYPE_CHECKING:
    from dapp_model.economics import YearEnd
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

_FIELDS: Final = ("paid", "cash", "capacity", "other")


@dataclass(frozen=True, eq=False)
class Purse:
    """One option less the comparator, over draws.

    `positions` are means over draws, by financial year from that of the decision, present values.
    `net` is each party's net position at the end, by draw; `by_group` is the present value of what
    happens by draw, group and kind (see economics.value_by_group).
    """

    years: tuple[str, ...]
    positions: tuple[Position, ...]
    net: Mapping[str, Floats]
    by_group: Floats

    def position(self, name: str) -> Position:
        """Return the position of one party."""
        return next(one for one in self.positions if one.name == name)


class Positions:
    """The positions of an option less its comparator as they come, draw after draw."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[str, Floats]] = {}
        self._net: dict[str, array[float]] = {}

    def append(self, repetitions: Sequence[Sequence[Position]]) -> None:
        """Add what each party pays and gains in the repetitions of one draw."""
        parties: dict[str, list[Position]] = {}
        for parts in repetitions:
            for one in parts:
                parties.setdefault(one.name, []).append(one)
        for name, own in parties.items():
            sums = self._sums.setdefault(name, {})
            for field in _FIELDS:
                mean = np.mean([getattr(p, field) for p in own], axis=0)
                sums[field] = sums[field] + mean if field in sums else mean
            net = float(np.mean([p.cumulative[-1] for p in own]))
            self._net.setdefault(name, array("d")).append(net)

    def means(self, skip: int) -> tuple[Position, ...]:
        """Return the mean position of each party over draws, without the first `skip` years."""
        return tuple(
            Position(
                name, **{f: np.asarray(sums[f] / len(self._net[name]))[skip:] for f in _FIELDS}
            )
            for name, sums in self._sums.items()
        )

    def net(self) -> Mapping[str, Floats]:
        """Return each party's net position at the end, by draw."""
        return {name: np.array(found) for name, found in self._net.items()}


def purse(
    drawn: Sequence[Sequence[Sequence[Position]]] | Positions,
    by_group: Sequence[Floats],
    *,
    years: tuple[str, ...],
    year_0: str,
) -> Purse:
    """Gather the positions of an option less its comparator, by draw and repetition.

    `years` are those of the positions; those before `year_0` are left out.
    """
    if not isinstance(drawn, Positions):
        rows, drawn = drawn, Positions()
        for row in rows:
            drawn.append(row)
    skip = max(0, year_number(year_0) - year_number(years[0]))
    return Purse(years[skip:], drawn.means(skip), drawn.net(), np.stack(by_group))


def report(inputs: Inputs, name: str, found: Purse, years: tuple[str, ...]) -> Mapping[str, Any]:
    """Return what decision.json says of an option's money.

    `years` are the financial years of the account: the first and all that follow.
    """
    society = found.position("society")
    cost = float(society.paid.sum())
    return {
        "payback": {
            "society": society.payback(found.years),
            "public": found.position("public").payback(found.years),
        },
        "funders": [
            _funder(one, found, cost)
            for one in found.positions
            if one.name not in ("public", "society")
        ],
        "public": _party(found.position("public"), found),
        "society": _party(society, found),
        "contract": contract_lines(inputs, name, years),
        "year_ends": [_year_end(one) for one in grants(inputs, name, years)],
        "outside_contract": dict.fromkeys(mapping()["outside"], "not assessed"),
    }


def _party(one: Position, found: Purse) -> dict[str, Any]:
    low, high = np.quantile(found.net[one.name], (0.05, 0.95))
    back = float((found.net[one.name] >= 0).mean())
    return {
        "pays": float(one.paid.sum()),
        "cash": float(one.cash.sum()),
        "capacity": float(one.capacity.sum()),
        "not_public_money": float(one.other.sum()),
        "net": float(one.cumulative[-1]),
        "net_monte_carlo_error": mean_error(found.net[one.name]),
        "net_low": float(low),
        "net_high": float(high),
        "payback": one.payback(found.years),
        "chance_back": back,
        "chance_back_monte_carlo_error": share_error(back, len(found.net[one.name])),
    }


def _funder(one: Position, found: Purse, programme_cost: float) -> dict[str, Any]:
    bearers = mapping()["funder_bearers"].get(one.name, ())
    return {
        "funder": one.name,
        "own_lines": [mapping()["bearers"][bearer] for bearer in bearers],
        "share_paid": float(one.paid.sum()) / programme_cost if programme_cost else 0.0,
        "break_even_share": break_even_share(one, programme_cost),
        **_party(one, found),
    }


def _year_end(one: YearEnd) -> dict[str, Any]:
    return {**asdict(one), "overspent": one.overspent}


def grants(inputs: Inputs, name: str, years: tuple[str, ...]) -> tuple[YearEnd, ...]:
    """Return how an option's grants are used up by 31 March of each year, in cash."""
    first = year_number(years[0])
    lines = spending(inputs, name, first, len(years))
    return year_ends(lines, first, str(inputs.values["money.underspend"]))


def contract_lines(inputs: Inputs, name: str, years: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return each contract line by line in cash: the sum of the lines is the contract."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    totals: dict[str, float] = {}
    for one in spending(inputs, name, year_number(years[0]), len(years)):
        row = found.setdefault((one.contract, one.item), {})
        totals[one.contract] = totals.get(one.contract, 0.0) + int(one.nominal_pence.sum()) / PENCE
        for year, pence in zip(years, one.nominal_pence.tolist(), strict=True):
            if pence:
                row[year] = round(row.get(year, 0.0) + pence / PENCE, 2)
    return [
        {
            "contract": contract,
            "item": item,
            "by_year": by_year,
            "total": round(fsum(by_year.values()), 2),
            "unspent": item.endswith(f"_{UNSPENT}"),
            "contract_sum": round(totals[contract], 2),
        }
        for (contract, item), by_year in found.items()
    ]


def can_afford(inputs: Inputs, name: str, years: tuple[str, str]) -> dict[str, Any]:
    """Return whether every funder can pay its part in each year, as far as a ceiling is known.

    `years` are the financial year of the decision and the last that counts.
    """
    rows = affordability(inputs, name, (year_number(years[0]), year_number(years[1])))
    if not float(inputs.values.get("money.ceiling", 0.0)):
        return {"affordable": None, "rows": []}
    return {
        "affordable": all(one.affordable for one in rows),
        "rows": [{**asdict(one), "affordable": one.affordable} for one in rows],
    }


def conventions(inputs: Inputs) -> dict[str, str]:
    """Return how money is counted in a run, for its record."""
    from dapp_model.economics.prices import deflator_source

    chosen = settings_of(inputs.values)
    return {
        "price_year": chosen.price_year,
        "green_book": chosen.green_book,
        "deflator": deflator_source(chosen.price_year),
        "harm_route": chosen.harm_route,
        "justice_route": chosen.justice_route,
        "homicide": chosen.homicide,
        "cashable_view": chosen.cashable_view,
        "harm_discounting": chosen.harm_discounting,
    }
