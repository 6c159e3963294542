"""The fan of incidents by financial year, with the option and without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.chart_style import (
    COLOURS,
    INK,
    LINE,
    Chart,
    End,
    canvas,
    chart,
    label_ends,
    numbered,
)
from dapp_model.report import words
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

BASES: Final = {"true.incidents": "True incidents", "recorded.incidents": "Recorded incidents"}
ENDS: Final = ("low", "low50", "high50", "high")
_ALPHAS: Final = (0.22, 0.4)  # of the band of nine draws in ten, and of half of them


def incidents(totals: Totals) -> Chart:
    """Incidents by year with and without, true beside recorded; below, the difference."""
    figure = canvas(6.8, 4.4)
    axes = figure.subplots(2, 2, sharex=True)
    axes[1][1].sharey(axes[1][0])  # one scale, so that true and recorded can be compared
    years = totals.decision_years
    place = np.arange(len(years), dtype=np.float64)
    rows: list[list[object]] = []
    for column, (measure, title) in enumerate(BASES.items()):
        without, with_option = (
            totals.by_year(measure, name) for name in (totals.comparator, totals.shown)
        )
        fan = totals.level_fan(measure, totals.comparator)
        fan_with = totals.level_fan(measure, totals.shown)
        averted, fan_averted = totals.averted_fan(measure, totals.shown)
        top, bottom = axes[0][column], axes[1][column]
        _fan(top, place, fan, COLOURS[1])
        top.plot(place, without, color=COLOURS[1], linewidth=4)
        for edge in (fan_with[0], fan_with[-1]):
            top.plot(place, edge, ":", color=COLOURS[0], linewidth=1)
        top.plot(place, with_option, "--", color=COLOURS[0], linewidth=1.8)
        top.set_ylim(0, 1.1 * max(float(fan.max()), float(fan_with.max()), 1.0))
        top.set_xlim(place[0], place[-1] if len(place) > 1 else 1)
        top.set_title(title)
        numbered(top.yaxis, words.number)
        label_ends(
            top,
            float(place[-1]),
            [End(float(without[-1]), "without", COLOURS[1]),
             End(float(with_option[-1]), "with", COLOURS[0])],
            inches=1.6,
        )  # fmt: skip
        _fan(bottom, place, fan_averted, COLOURS[0])
        bottom.plot(place, averted, color=COLOURS[0])
        bottom.axhline(0, color=INK, linewidth=0.8)
        bottom.grid(axis="y", color=LINE)
        numbered(bottom.yaxis, words.number)
        bottom.set_title(f"{title} averted")
        step = 2 if len(years) > 6 else 1
        bottom.set_xticks(place[::step], years[::step], rotation=45, ha="right")
        for i, year in enumerate(years):
            rows.append(
                [measure, year, float(without[i]), *fan[:, i].tolist(), float(with_option[i]),
                 *fan_with[:, i].tolist(), float(averted[i]), *fan_averted[:, i].tolist()]
            )  # fmt: skip
    figure.supxlabel(
        "Line: mean. Inner band: half of the draws. Outer band, and dotted lines: nine in ten.",
        fontsize=8.5,
    )
    header = (
        "measure", "financial_year",
        *(f"{which}{end}" for which in ("without", "with", "averted")
          for end in ("", *(f"_{one}" for one in ENDS))),
    )  # fmt: skip
    title = "Incidents with and without"
    return chart(figure, "incidents", title, _said(totals), (header, rows))


def _fan(axes: Axes, place: Floats, fan: Floats, colour: str) -> None:
    """Draw the bands of nine draws in ten and of half of them; `fan` is [end, year]."""
    for (low, high), alpha in zip(((0, 3), (1, 2)), _ALPHAS, strict=True):
        axes.fill_between(place, fan[low], fan[high], color=colour, alpha=alpha, linewidth=0)
    for edge in (fan[0], fan[3]):
        axes.plot(place, edge, color=colour, linewidth=0.8)


def _said(totals: Totals) -> str:
    label = words.quoted(totals.label(totals.shown))
    without = float(totals.by_year("true.incidents", totals.comparator).sum())
    found = totals.averted("true.incidents", totals.shown)
    mean, low, high = (float(found[k] or 0.0) for k in ("mean", "low", "high"))
    share = abs(mean) / without if without else 0.0
    eye = (
        "so that the lines with and without cannot be told apart by eye, and what is averted "
        "stands below on its own scale"
        if share < 0.02
        else "and what is averted stands below on its own scale"
    )
    return (
        f"{label} {words.incidents(mean)} (90% interval {words.between(low, high, '')}) from "
        f"{totals.decision_years[0]} to {totals.decision_years[-1]}, of {words.whole(without)} in "
        f"the county: {_share(share)}, {eye}. True incidents on the left, recorded on the right. "
        f"Bands hold half of the draws and nine in ten; those of the county's level rest on "
        f"{totals.whole_draws} draws."
    )


def _share(share: float) -> str:
    if share == 0:
        return "none of them"
    return f"{words.number(100 * share, 2)}%" if share >= 1e-4 else "less than one in 10,000"
