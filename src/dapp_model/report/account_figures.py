"""The chart of who is out of pocket, by how much and until when."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dapp_model.report import words
from dapp_model.report.figures import COLOURS, INK, SOFT, Chart, canvas, chart, pounds
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dapp_model.economics import Position

_STYLES = ("-", "--", ":", "-.")


def positions(totals: Totals) -> Chart:
    """Cumulative net position by funder, beside all public bodies and society, with payback."""
    purse = totals.purse(totals.shown)
    funders = [one for one in purse.positions if one.name not in ("public", "society")]
    wider = [one for one in purse.positions if one.name in ("public", "society")]
    figure = canvas(10.0, 4.6)
    axes = figure.subplots(1, 2)
    rows: list[list[object]] = []
    said = []
    for place, (panel, title) in enumerate(
        ((funders, "Funders: own money, own lines"), (wider, "Public bodies, and society"))
    ):
        _panel(axes[place], panel, totals, first_colour=3 * place)
        axes[place].set_title(title)
        for one in panel:
            back = one.payback(purse.years)
            rows += [
                [one.name, year, float(value), back or ""]
                for year, value in zip(purse.years, one.cumulative, strict=True)
            ]
            name = totals.party(one.name)
            end = words.money(float(one.cumulative[-1]))
            said.append(f"{name}: {end}, {_paid_back(one, purse.years)}")
    axes[0].set_ylabel(f"Cumulative present value, {totals.decision['price_year']} prices")
    text = (
        "Net position at the end of each financial year: what a party gains on its own lines less "
        f"what it pays. At the end of the window: {'; '.join(said)}."
    )
    data = (("party", "financial_year", "cumulative_gbp", "paid_back_by"), rows)
    return chart(figure, "positions", "Cumulative net position, and payback", text, data)


def _paid_back(one: Position, years: tuple[str, ...]) -> str:
    back = one.payback(years)
    return f"paid back by the end of {back}" if back else "not paid back in the window"


def _panel(axes: Axes, parties: list[Position], totals: Totals, first_colour: int) -> None:
    years = totals.purse(totals.shown).years
    place = np.arange(len(years))
    rows = [len(_wrapped(totals.party(one.name))) for one in parties]
    ends = _apart([float(one.cumulative[-1]) for one in parties], parties, rows)
    for i, one in enumerate(parties):
        colour = COLOURS[(first_colour + i) % len(COLOURS)]
        line = one.cumulative
        axes.plot(place, line, _STYLES[i % len(_STYLES)], color=colour, linewidth=2.2)
        label = totals.party(one.name)
        axes.plot([place[-1], place[-1] + 0.5], [line[-1], ends[i]], color=colour, linewidth=0.8)
        axes.text(
            place[-1] + 0.6,
            ends[i],
            "\n".join(_wrapped(label)),
            color=colour,
            va="center",
            fontsize=9,
            linespacing=0.95,
        )
        back = one.payback(years)
        if back is not None:
            at = years.index(back)
            axes.plot([at], [line[at]], "o", color=INK, markersize=7)
            axes.annotate(
                f"paid back by the end of {back}",
                (at, line[at]),
                xytext=(9, -9),
                fontsize=8,
                textcoords="offset points",
                va="top",
            )
    axes.axhline(0, color=INK, linewidth=1)
    axes.grid(axis="y", color=SOFT, alpha=0.25)
    axes.set_xticks(place, years, rotation=45, ha="right")
    axes.set_xlim(0, len(years) - 1 + 0.42 * len(years))
    pounds(axes.yaxis)


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 18)


def _apart(ends: list[float], parties: list[Position], tall: list[int]) -> list[float]:
    """Return heights for labels that do not overlap, near the lines' ends and in their order.

    `tall` is how many rows of text each label has.
    """
    lines = [one.cumulative for one in parties]
    low = min(0.0, *(float(line.min()) for line in lines))
    high = max(0.0, *(float(line.max()) for line in lines))
    height = (high - low) or 1.0
    order = sorted(range(len(ends)), key=ends.__getitem__)
    found = list(ends)
    for before, after in pairwise(order):
        room = 0.06 * max(tall[before], tall[after]) * height
        found[after] = max(found[after], found[before] + room)
    shift = (sum(found) - sum(ends)) / len(found)
    return [at - shift for at in found]
