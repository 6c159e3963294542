"""The pictures of an analysis, in the colours and the manner of the evidence pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dapp_model.chart_style import (
    BEHIND,
    COLOURS,
    INK,
    LINE,
    MOST,
    Chart,
    canvas,
    chart,
    curves,
    numbered,
    style,
    wrapped,
)
from dapp_model.report import words
from dapp_model.report.names import SECTIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Picture = Chart

_ALL: Final = "all of "  # how the label of a section of the registry begins
_IN_POUNDS: Final = "GBP"  # how a label of an axis with money begins


@dataclass(frozen=True)
class Bar:
    """One bar from `start` to `end`, with half the width of its 95% interval."""

    label: str
    start: float
    end: float
    half_width: float = 0.0


@dataclass(frozen=True)
class Words:
    """What a picture says about itself."""

    name: str
    title: str
    alternative: str
    x: str
    y: str = ""


def bars(said: Words, found: Sequence[Bar], *, pounds: bool) -> Picture:
    """Draw bars from top to bottom, in the order given, with their ends in figures."""
    say = words.money if pounds else words.number
    with style():
        figure = canvas(8.0, 1.2 + 0.36 * max(1, len(found)))
        axes: Axes = figure.subplots()
        for i, bar in enumerate(found):
            axes.plot([bar.start, bar.end], [i, i], color=COLOURS[0], linewidth=9,
                      solid_capstyle="butt")  # fmt: skip
            far = bar.end
            if bar.half_width > 0:
                ends = [bar.end - bar.half_width, bar.end + bar.half_width]
                axes.plot(ends, [i, i], color=INK, linewidth=1.2)
                far = ends[1] if bar.end >= bar.start else ends[0]
            _figure(axes, (far, i), say(bar.end), right=bar.end >= bar.start)
            if bar.start:
                _figure(axes, (bar.start, i), say(bar.start), right=bar.end < bar.start)
        labels = [wrapped(named(bar.label), 34) for bar in found]
        axes.set_yticks(range(len(found)), labels, fontsize=9)
        axes.set_ylim(max(len(found), 1) - 0.4, -0.6)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.margins(x=0.16)
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="x", color=LINE)
        axes.set_xlabel(said.x)
        numbered(axes.xaxis, say)
        rows = [[bar.label, bar.start, bar.end, bar.half_width] for bar in found]
        header = ("label", "start", "end", "half_width_95")
        return chart(figure, said.name, said.title, said.alternative, (header, rows))


def named(label: str) -> str:
    """Return what a parameter, or all of a section of the registry, is called; else the label."""
    from dapp_model.parameters import registry

    if label.startswith(_ALL):
        section = label.removeprefix(_ALL)
        return f"All of: {SECTIONS.get(section, section)}"
    known = registry().get(label)
    return known.label if known else label


def _figure(axes: Axes, at: tuple[float, float], text: str, *, right: bool) -> None:
    side = 4 if right else -4
    axes.annotate(text, at, xytext=(side, 0), textcoords="offset points", va="center",
                  ha="left" if right else "right", fontsize=8, bbox=BEHIND)  # fmt: skip


def lines(said: Words, x: Sequence[float], found: Mapping[str, Sequence[float]]) -> Picture:
    """Draw a line for each name over x, told apart by colour and dashes; x is in GBP or a count.

    At most four lines are told apart, those that reach highest; others are thin and grey.
    """
    with style():
        figure = canvas(8.0, 4.4)
        axes: Axes = figure.subplots()
        curves(axes, x, found, inches=3.4)
        _axes_in_words(axes, said)
        more = f"\nThin grey lines: {len(found) - MOST} others" if len(found) > MOST else ""
        axes.set_xlabel(said.x + more)
        axes.set_title(said.y)
        rows = [[name, at, value] for name, own in found.items()
                for at, value in zip(x, own, strict=True)]  # fmt: skip
        header = ("line", "x", "value")
        return chart(figure, said.name, said.title, said.alternative, (header, rows))


def _axes_in_words(axes: Axes, said: Words) -> None:
    axes.locator_params(axis="x", nbins=6)
    axes.grid(axis="y", color=LINE)
    for axis, label in ((axes.xaxis, said.x), (axes.yaxis, said.y)):
        if label.startswith(_IN_POUNDS):
            numbered(axis, words.money)
        else:
            numbered(axis, words.percent if label.startswith("Chance") else words.number)
