"""What was bought: how many places, and what each funder spends of each contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dapp_model.economics.contract import CONTRACTS, UNSPENT, Cash, spending
from dapp_model.economics.prices import year_number
from dapp_model.phases import phases, places
from dapp_model.report import account_words, origins, sources, words
from dapp_model.report.table import Table
from dapp_model.report.totals import Totals

_STAGES: Final = {"programme": "pilot", "extension": "extension"}
_PENCE: Final = 100.0


def capacity(totals: Totals) -> list[str]:
    """Say how many places each funded stretch of the shown option has, and when."""
    found = []
    for stage in phases(totals.inputs, totals.shown):
        group, alone, _ = places(totals.inputs, totals.shown, stage)
        kinds = [
            f"{origins.of(n, f'{sources.INPUTS}:{stage.section}, {kind} places')} {kind} "
            f"{'place' if n == 1 else 'places'}"
            for n, kind in ((group, "group"), (alone, "one-to-one"))
            if n
        ]
        found.append(
            f"The {_STAGES[stage.section]} has {words.listed(kinds) or 'no place'} at a time, from "
            f"{words.day(stage.first_place.isoformat())} to {words.day(stage.end.isoformat())}."
        )
    return found


def spend(totals: Totals) -> Table | None:
    """Return what each funder grants, spends and has left of each contract, in cash of the day."""
    years = totals.gathered.money_years
    paid = spending(totals.inputs, totals.shown, year_number(years[0]), len(years))
    rows: list[tuple[str, ...]] = []
    for name in dict.fromkeys(one.contract for one in paid):
        if name not in CONTRACTS.values():  # an evaluation is spent whole
            continue
        own = [one for one in paid if one.contract == name]
        parts = {funder: _amounts(own, funder) for funder in dict.fromkeys(o.funder for o in own)}
        label = account_words.CONTRACTS[name]
        head = f"{label[0].upper()}{label[1:]}"
        rows += [
            (f"{head}: {totals.funder(funder)}", *(words.money(v) for v in amounts))
            for funder, amounts in parts.items()
        ]
        sums = [sum(column) for column in zip(*parts.values(), strict=True)]
        rows.append((f"Sum of the {label}", *(words.money(v) for v in sums)))
    if not rows:
        return None
    title = "What each funder pays and what is spent of it, in cash of the day"
    return Table(
        title, ("Contract and funder", "Pays", "Spent", "Left"), tuple(rows), sources.ACCOUNT
    )


def _amounts(own: Sequence[Cash], funder: str) -> tuple[float, float, float]:
    """Return what a funder pays under a contract, what is spent of it, and what is left, GBP."""
    mine = [one for one in own if one.funder == funder]
    pays = sum(float(one.nominal_pence.sum()) for one in mine) / _PENCE
    left = sum(float(one.nominal_pence.sum()) for one in mine if one.item.endswith(UNSPENT))
    return pays, pays - left / _PENCE, left / _PENCE
