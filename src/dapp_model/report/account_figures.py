"""The charts of money: who pays, who gains, and who is out of pocket until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.chart_style import (
    COLOURS,
    DASHES,
    HATCHES,
    INK,
    LINE,
    MOST,
    PAGE,
    Chart,
    End,
    canvas,
    chart,
    label_ends,
    wrapped,
)
from dapp_model.report import account_words, words
from dapp_model.report.figures import pounds
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dapp_model.economics import Position

Floats = npt.NDArray[np.float64]

OTHERS: Final = "Other funders"
LEAST: Final = 100.0  # GBP in present value, below which a bearer has no bar of its own
SMALL: Final = f"Others, under {words.money(LEAST)} each"
TIERS: Final = {
    "cashable": "Cash",
    "capacity": "Capacity released",
    "non_fiscal": "Not public money",
}


def at_most(parts: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the largest parts as they are and, if there are too many, the rest as one."""
    if len(parts) <= MOST:
        return dict(parts)
    order = sorted(parts, key=lambda name: -float(np.abs(parts[name]).sum()))
    kept = [name for name in parts if name in order[: MOST - 1]]
    rest = sum((parts[name] for name in parts if name not in kept), np.zeros(1))
    return {**{name: parts[name] for name in kept}, OTHERS: np.asarray(rest)}


# -- what the programme costs ---------------------------------------------------------------------


def funders(totals: Totals) -> Chart:
    """Programme cost by funder and financial year."""
    years, parts = totals.programme_cost(totals.shown)
    drawn = at_most({name: values for name, values in parts.items() if values.any()})
    figure = canvas(8.0, 3.6)
    axes: Axes = figure.subplots()
    place = np.arange(len(years))
    high, low = np.zeros(len(years)), np.zeros(len(years))
    ends = []
    for i, (name, values) in enumerate(drawn.items()):
        bottom = np.where(values >= 0, high, low)
        axes.bar(place, values, 0.7, bottom=bottom, color=COLOURS[i], edgecolor=PAGE,
                 hatch=HATCHES[i], linewidth=1.5)  # fmt: skip
        high, low = high + np.maximum(values, 0), low + np.minimum(values, 0)
        if len(years):
            middle = float(bottom[-1] + values[-1] / 2)
            ends.append(
                End(middle, wrapped(f"{name}: {words.money(float(values.sum()))}", 24), INK)
            )
    axes.set_xticks(place, years)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.grid(axis="y", color=LINE)
    pounds(axes.yaxis)
    axes.set_ylabel(f"{totals.decision['price_year']} prices")
    if len(years):
        label_ends(axes, len(years) - 1 + 0.35, ends, inches=2.8)
    rows = [
        [funder, year, value]
        for funder, values in parts.items()
        for year, value in zip(years, values.tolist(), strict=True)
    ]
    total = sum(float(values.sum()) for values in parts.values())
    each = [f"{name} {words.money(float(values.sum()))}" for name, values in parts.items()]
    text = (
        f"What {words.quoted(totals.label(totals.shown))} costs each funder in each financial year "
        f"beyond {words.quoted(totals.label(totals.comparator))}: {words.money(total)} in all, "
        f"not discounted ({words.listed(each)}). What is spent or committed before the decision is "
        "in neither."
    )
    data = (("funder", "financial_year", "gbp"), rows)
    return chart(figure, "funders", "What the programme costs, by funder", text, data)


# -- who pays and who gains -----------------------------------------------------------------------


def gathered(table: Mapping[str, Mapping[str, float]]) -> dict[str, Mapping[str, float]]:
    """Return gains by bearer and tier, those that come to nearly nothing as one, most first."""
    small = [
        found
        for found in table.values()
        if max(abs(value) for value in (*found.values(), sum(found.values()))) < LEAST
    ]
    if len(small) < 2:
        return dict(table)
    both = {tier: sum(found.get(tier, 0.0) for found in small) for tier in TIERS}
    kept = {name: found for name, found in table.items() if found not in small} | {SMALL: both}
    return {name: kept[name] for name in sorted(kept, key=lambda n: -sum(kept[n].values()))}


def bearers(totals: Totals) -> Chart:
    """Who gains and who bears more, by bearer and tier."""
    whole = totals.by_bearer(totals.shown)
    table = gathered(whole)
    # About as wide as a page, so that the words keep their size on it.
    figure = canvas(6.8, 0.9 + 0.19 * len(table))
    axes: Axes = figure.subplots()
    place = np.arange(len(table))
    positive, negative = np.zeros(len(table)), np.zeros(len(table))
    rows = []
    for i, (tier, label) in enumerate(TIERS.items()):
        values = np.array([by_tier.get(tier, 0.0) for by_tier in table.values()])
        left = np.where(values >= 0, positive, negative)
        axes.barh(place, values, 0.72, left=left, color=COLOURS[i], edgecolor=PAGE,
                  hatch=HATCHES[i], linewidth=1.0, label=label)  # fmt: skip
        positive = positive + np.maximum(values, 0)
        negative = negative + np.minimum(values, 0)
        rows += [[bearer, tier, found.get(tier, 0.0)] for bearer, found in whole.items()]
    net = (positive + negative).tolist()
    for i, value in enumerate(net):
        at = positive[i] if value >= 0 else negative[i]
        side = 4 if value >= 0 else -4
        ends = "left" if value >= 0 else "right"
        axes.annotate(account_words.signed(value), (at, i), xytext=(side, 0), ha=ends,
                      textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    axes.margins(x=0.3)  # room for the words at the ends of bars
    axes.locator_params(axis="x", nbins=5)
    names = [name if name == SMALL else totals.bearer(name) for name in table]
    axes.set_yticks(place, [wrapped(name, 46) for name in names], fontsize=8)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.axvline(0, color=INK, linewidth=1)
    axes.grid(axis="x", color=LINE)
    pounds(axes.xaxis)
    axes.set_xlabel(f"Present value, {totals.decision['price_year']} prices; gains to the right")
    # Parts of a bar lie on either side of zero and may be thin, so a key names them.
    figure.legend(loc="outside upper center", ncols=len(TIERS))
    ends = ""
    if table:
        first, last = names[0], names[-1]
        ends = f"The largest gain is {words.money(net[0])} ({first}), "
        ends += f"the largest loss {words.money(net[-1])} ({last}). "
    text = (
        f"{ends}Present value by who bears it, gains to the right and costs to the left, split "
        "into cash, capacity that is released and value that is not public money; the figure at "
        "each bar is the net of its parts."
    )
    data = (("bearer", "tier", "gbp"), rows)
    return chart(figure, "bearers", "Who pays and who gains", text, data)


# -- who is out of pocket -------------------------------------------------------------------------


def positions(totals: Totals) -> Chart:
    """Cumulative net position by funder, beside all public bodies and society, with payback."""
    purse = totals.purse(totals.shown)
    own = [one for one in purse.positions if one.name not in ("public", "society")]
    wider = [one for one in purse.positions if one.name in ("public", "society")]
    figure = canvas(6.8, 3.3)
    axes = figure.subplots(1, 2)
    rows: list[list[object]] = []
    said = []
    for place, (panel, title) in enumerate(
        ((own, "Funders: own money, own lines"), (wider, "Public bodies, and society"))
    ):
        _panel(axes[place], panel, totals)
        axes[place].set_title(title)
        for one in panel:
            back = one.payback(purse.years)
            rows += [
                [one.name, year, float(value), back or ""]
                for year, value in zip(purse.years, one.cumulative, strict=True)
            ]
            name = totals.party(one.name)
            end = words.money(float(one.cumulative[-1]))
            said.append(f"{name}: {end}, {paid_back(one, purse.years)}")
    axes[0].set_ylabel(f"Cumulative present value, {totals.decision['price_year']} prices")
    text = (
        "Net position at the end of each financial year: what a party gains on its own lines less "
        f"what it pays. At the end of the window: {'; '.join(said)}."
    )
    data = (("party", "financial_year", "cumulative_gbp", "paid_back_by"), rows)
    return chart(figure, "positions", "Cumulative net position, and payback", text, data)


def paid_back(one: Position, years: tuple[str, ...]) -> str:
    """Say by when a party has back what it pays; who pays nothing has nothing to get back."""
    if not np.any(one.paid):
        return "pays nothing"
    back = one.payback(years)
    return f"paid back by the end of {back}" if back else "not paid back in the window"


def _panel(axes: Axes, parties: Sequence[Position], totals: Totals) -> None:
    years = totals.purse(totals.shown).years
    place = np.arange(len(years))
    backs = {totals.party(one.name): one.payback(years) for one in parties}
    drawn = at_most({totals.party(one.name): np.asarray(one.cumulative) for one in parties})
    ends = []
    for i, (name, line) in enumerate(drawn.items()):
        axes.plot(place, line, DASHES[i], color=COLOURS[i], linewidth=2.2)
        back = backs.get(name)
        paid = f"\npaid back by end of {back}" if back else ""
        if back is not None:
            at = years.index(back)
            axes.plot([at], [line[at]], "o", color=INK, markersize=7)
        end = f"{wrapped(name, 20)}\n{words.money(float(line[-1]))}{paid}"
        ends.append(End(float(line[-1]), end, COLOURS[i]))
    axes.axhline(0, color=INK, linewidth=1)
    axes.grid(axis="y", color=LINE)
    step = 2 if len(years) > 6 else 1
    axes.set_xticks(place[::step], years[::step], rotation=45, ha="right")
    axes.set_xlim(0, max(len(years) - 1, 1))
    pounds(axes.yaxis)
    label_ends(axes, len(years) - 1, ends, inches=2.5)
