"""What each counted event costs and who bears it, read from the data files and priced.

`data/costs.csv` holds the published figures, one row each, with source, status and grade.
`data/unit_costs.toml` says which rows price which event, how an amount is shared over bearers,
and which events are deliberately worth nothing. No figure is typed anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from math import fsum
from types import MappingProxyType
from typing import Any, Final

from dapp_model.economics.prices import deflator, mapping
from dapp_model.economics.published import bearer_of, figure, known_bearer, row_of, weakest
from dapp_model.economics.settings import Settings

NOT_APPLICABLE: Final = "not applicable"
EXPECTED_HOMICIDES: Final = "expected.homicides"
VICTIM_YEARS: Final = "true.victims"
TIERS: Final = ("cashable", "capacity", "non_fiscal")
# What each route of valuation leaves out on purpose is listed in the data file under these names.
_ZEROS_BY_ROUTE: Final = {
    ("justice_route", "average"): "zero_on_average_route",
    ("justice_route", "event"): "zero_on_event_route",
    ("harm_route", "recorded crimes"): "zero_on_recorded_harm_route",
    ("harm_route", "victim-years"): "zero_on_victim_year_route",
}


@dataclass(frozen=True)
class Part:
    """One bearer's share of a unit cost on one tier; a part with a `zero` reason is not charged.

    `cash_upper` is the share of this part that is cash in the upper view.
    """

    item: str
    bearer: str
    tier: str
    share: float
    zero: str = ""
    cash_upper: float = 0.0


@dataclass(frozen=True)
class UnitCost:
    """What one counted event costs, in GBP of its own price year, and how that is shared.

    Charged once for each count of `measure`: `value_gbp` x `times` (the recorded-to-actual
    multiplier, hours per case, ...), and x `duration` / `per_days` where a parameter in days sets
    how long it lasts. The shares of `parts` add up to 1. A receipt is a negative cost. `uncertain`
    names the parameters under `cost.*` that multiply it in a draw.
    """

    item: str
    offence: str
    measure: str
    basis: str
    group: str
    value_gbp: float
    times: float
    price_year: str
    parts: tuple[Part, ...]
    rows: tuple[str, ...]
    status: str
    grade: str
    duration: str = ""
    per_days: float = 1.0
    uncertain: tuple[str, ...] = ()

    def priced(self, price_year: str) -> float:
        """Return the cost of one count in the prices of another financial year, in GBP."""
        return self.value_gbp * self.times * deflator(self.price_year, price_year)


def tariff(settings: Settings) -> tuple[UnitCost, ...]:
    """Return every unit cost that is in force under the settings, in the data file's order.

    Amounts are as published: what a draw multiplies them by is `Settings.factor`.
    """
    return _tariff(settings.published)


@cache
def _tariff(settings: Settings) -> tuple[UnitCost, ...]:
    crimes = [cost for entry in mapping()["crime"] for cost in _crime(entry, settings)]
    years = [_victim_year(settings)] if settings.harm_route == "victim-years" else []
    services = [
        _service(entry, settings)
        for entry in mapping()["service"]
        if entry.get("route", settings.justice_route) == settings.justice_route
    ]
    return tuple(
        cost
        for cost in (*crimes, *years, *services)
        if settings.homicide != "left out" or cost.measure != EXPECTED_HOMICIDES
    )


def reasoned_zeros(settings: Settings) -> Mapping[str, str]:
    """Return measure -> reason for every measure that is deliberately worth nothing."""
    table = mapping()
    reasons = dict(table["zero"])
    for (name, choice), section in _ZEROS_BY_ROUTE.items():
        if getattr(settings, name) == choice:
            reasons.update(table[section])
    if settings.harm_route == "victim-years":
        del reasons[VICTIM_YEARS]
    return MappingProxyType(reasons)


def _cash_share(kind: str, view: str) -> float | None:
    """Return the share of an amount that is cash in a view, or None where it is no public money."""
    entry = mapping()["cash"][kind]
    match entry["rule"]:
        case "none":
            return None
        case "all":
            return 1.0
        case "share":
            return figure(entry["row"])
        case "staff time":
            upper = view == "upper" and "row" in entry
            return figure(entry["row"]) if upper else 0.0
    raise ValueError(f"[cash.{kind}] has an unknown rule {entry['rule']!r}.")


def _tiered(part: Part, kind: str, settings: Settings) -> tuple[Part, ...]:
    """Split one bearer's part over the tiers; the tiers are disjoint and add up to the part."""
    cash, most = (_cash_share(kind, view) for view in (settings.cashable_view, "upper"))
    if cash is None or most is None:
        tiers = {"non_fiscal": (1.0, 0.0)}
    else:
        later = (most - cash) / (1.0 - cash) if cash < 1 else 0.0
        tiers = {"cashable": (cash, 1.0), "capacity": (1.0 - cash, later)}
    return tuple(
        Part(part.item, known_bearer(part.bearer), tier, part.share * share, part.zero, upper)
        for tier, (share, upper) in tiers.items()
        if share > 0
    )


def _item_parts(item: str, share: float, settings: Settings) -> tuple[Part, ...]:
    """Split one item of a crime's cost over bearers and tiers."""
    entry = mapping()["items"][item]
    off = entry.get("split_off")
    taken = figure(off["share"]) if off else 0.0
    main = Part(item, entry["bearer"], "", share * (1.0 - taken), entry.get("zero", ""))
    found = _tiered(main, entry["cash"], settings)
    if off:
        rest = Part(off["item"], off["bearer"], "", share * taken)
        found += _tiered(rest, off["cash"], settings)
    return found


def _shares(table: Mapping[str, Any]) -> tuple[dict[str, float], list[str]]:
    """Return item -> share of a crime's consequence or response, and the rows that say so."""
    if "shares_of" in table:
        other = next(c for c in mapping()["crime"] if c["offence"] == table["shares_of"])
        return _shares(other["consequence"])
    first = {
        item: figure(row) / figure(table["row"]) for item, row in table.get("first", {}).items()
    }
    rest = 1.0 - fsum(first.values())
    total = fsum(figure(row) for row in table["parts"].values())
    shared = {item: rest * figure(row) / total for item, row in table["parts"].items()}
    return {**first, **shared}, [*table.get("first", {}).values(), *table["parts"].values()]


def _crime(entry: Mapping[str, Any], settings: Settings) -> Iterable[UnitCost]:
    """Return the consequence and, on the average route, the response of one crime."""
    # Expected homicides stand for true and recorded deaths alike, on either route: every homicide
    # is recorded, and no sampled event of the justice system carries its cost.
    expected = entry.get("expected", False)
    low = settings.harm_route == "recorded crimes" and not expected
    if expected or settings.harm_route != "victim-years":
        found = _side(entry, "consequence", "recorded" if low else "true", settings)
        by_qaly = settings.harm_route == "QALYs" and not expected
        yield from _harm_by_qaly(found, settings) if by_qaly else (found,)
    if settings.justice_route == "average" or expected:
        yield _side(entry, "response", "true" if expected else "recorded", settings)


def _side(entry: Mapping[str, Any], side: str, basis: str, settings: Settings) -> UnitCost:
    """Return the consequence or the response of one crime; recorded crimes are multiplied."""
    multiplied = basis == "recorded" or side == "response"
    table = entry[side]
    shares, share_rows = _shares(table)
    rows = [table["row"], *share_rows]
    rows += [entry["multiplier"]] if multiplied else []
    rows += [entry["proxy"]] if "proxy" in entry else []
    status, grade = weakest(rows)
    parts = (part for item, share in shares.items() for part in _item_parts(item, share, settings))
    return UnitCost(
        item=side,
        offence=entry["offence"],
        measure=entry["true"] if basis == "true" else entry["recorded"],
        basis=basis,
        group="harm" if side == "consequence" else "justice",
        value_gbp=figure(table["row"]),
        times=figure(entry["multiplier"]) if multiplied else 1.0,
        price_year=row_of(table["row"]).price_year,
        parts=tuple(parts),
        rows=tuple(dict.fromkeys(rows)),
        status=status,
        grade=grade,
        uncertain=tuple(entry["uncertain"][side]),
    )


def _harm_by_qaly(cost: UnitCost, settings: Settings) -> Iterable[UnitCost]:
    """Split a consequence into the victim's harm, valued anew by QALYs, and the rest as it was.

    The published harm is so many QALYs at the value that its authors used; each is worth what the
    edition of the Green Book says.
    """
    behind = row_of(mapping()["qaly_behind_harm"]["row"])
    row = row_of(mapping()["qaly"][settings.green_book])
    used = behind.value * deflator(behind.price_year, row.price_year)
    share = fsum(part.share for part in cost.parts if part.item == "harm")
    rows = (*cost.rows, behind.id, row.id)
    status, grade = weakest(rows)
    yield replace(
        cost,
        item="consequence_harm",
        value_gbp=cost.value_gbp * share * row.value / used,
        parts=tuple(replace(p, share=p.share / share) for p in cost.parts if p.item == "harm"),
        rows=rows,
        status=status,
        grade=grade,
        uncertain=("qaly", *(name for name in cost.uncertain if name != "harm")),
    )
    others = tuple(
        replace(p, share=p.share / (1.0 - share)) for p in cost.parts if p.item != "harm"
    )
    if others:
        yield replace(cost, value_gbp=cost.value_gbp * (1.0 - share), parts=others)


def _victim_year(settings: Settings) -> UnitCost:
    """Return what a year of abuse costs its victim, output and health care."""
    amounts = {
        one["item"]: figure(one["row"]) / (figure(one["years"]) if "years" in one else 1.0)
        for one in mapping()["victim_year"]
    }
    entries = mapping()["victim_year"]
    rows = [one[name] for one in entries for name in ("row", "years") if name in one]
    total = fsum(amounts.values())
    status, grade = weakest(rows)
    return UnitCost(
        item="consequence",
        offence="year_of_abuse",
        measure=VICTIM_YEARS,
        basis="true",
        group="harm",
        value_gbp=total,
        times=1.0,
        price_year=_one_price_year(one["row"] for one in entries),
        parts=tuple(
            part
            for item, amount in amounts.items()
            for part in _item_parts(item, amount / total, settings)
        ),
        rows=tuple(dict.fromkeys(rows)),
        status=status,
        grade=grade,
        uncertain=("victim_year",),
    )


def _one_price_year(rows: Iterable[str]) -> str:
    years = {row_of(row).price_year for row in rows}
    if len(years) > 1:
        raise ValueError(f"A year of abuse is priced in several years: {', '.join(sorted(years))}.")
    return years.pop()


def _service_parts(
    entry: Mapping[str, Any], settings: Settings
) -> tuple[tuple[Part, ...], list[str]]:
    """Split an event's cost over bearers: by named shares, by named rows, or all to one bearer."""
    item, row = entry["item"], row_of(entry["row"])
    if "shares" in entry:
        split = [(p, figure(p["share"])) for p in entry["shares"]]
        used = [p["share"] for p in entry["shares"]]
        if "rest" in entry:
            split.append(({"bearer": entry["rest"]}, 1.0 - fsum(share for _, share in split)))
    elif "parts" in entry:
        total = fsum(figure(p["row"]) for p in entry["parts"])
        split = [(p, figure(p["row"]) / total) for p in entry["parts"]]
        used = [p["row"] for p in entry["parts"]]
    else:
        bearer = entry["bearer"] if "bearer" in entry else bearer_of(row.bearer)
        split, used = [({"bearer": bearer}, 1.0)], []
    parts = (
        part
        for p, share in split
        for part in _tiered(
            Part(p.get("item", item), p["bearer"], "", share),
            p.get("cash", entry["cash"]),
            settings,
        )
    )
    return tuple(parts), used


def _service(entry: Mapping[str, Any], settings: Settings) -> UnitCost:
    """Return the unit cost of one event that is no crime."""
    row = row_of(entry["row"])
    parts, used = _service_parts(entry, settings)
    rows = [row.id, *used, *([entry["times"]] if "times" in entry else [])]
    times = figure(entry["times"]) if "times" in entry else 1.0
    status, grade = weakest(rows)
    return UnitCost(
        item=entry["item"],
        offence=entry.get("offence", NOT_APPLICABLE),
        measure=entry["measure"],
        basis="true" if entry["measure"].startswith("expected.") else "recorded",
        group=entry["group"],
        value_gbp=-row.value if entry.get("receipt") else row.value,
        times=times / entry.get("divide", 1.0),
        price_year=row.price_year,
        parts=parts,
        rows=tuple(rows),
        status=status,
        grade=grade,
        duration=entry.get("duration", ""),
        per_days=entry.get("per_days", 1.0),
        uncertain=tuple(entry.get("uncertain", ())),
    )


def cumulative_shares(cost: UnitCost) -> tuple[float, ...]:
    """Return the running sum of a unit cost's shares, ending in exactly 1.

    The last part takes the remainder. Raises ValueError if the shares do not add up to 1.
    """
    running = list(accumulate(part.share for part in cost.parts))
    if abs(running[-1] - 1.0) > 1e-9:
        raise ValueError(f"The shares of {cost.offence} {cost.item} add up to {running[-1]}.")
    return (*running[:-1], 1.0)
