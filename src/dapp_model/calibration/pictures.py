"""The pictures of a calibration: the same bytes whenever they are drawn."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from dapp_model.calibration.forecast import LABELS
from dapp_model.calibration.proof import Ranks
from dapp_model.calibration.targets import READERS, to_scale
from dapp_model.chart_style import (
    COLOURS,
    DASHES,
    INK,
    LINE,
    PNG_DPI,
    SOFT,
    canvas,
    numbered,
    style,
)
from dapp_model.report import words
from dapp_model.report.names import READINGS

BLUE, TEAL, RED, ORANGE = COLOURS
_SHAPES: Final = {"A": (BLUE, "o"), "B": (TEAL, "s"), "C": (ORANGE, "^")}  # by reading
Rows = Sequence[Mapping[str, Any]]


def write(folder: Path, predictive: Rows, ranks: tuple[Ranks, Ranks], fan: Rows) -> None:
    """Draw and write all of them, as SVG and PNG."""
    with style():
        made = {"ranks": _ranks(*ranks), **_of_tables(predictive, fan)}
        for name, figure in made.items():
            (folder / f"{name}.svg").write_bytes(_svg(figure))
            figure.savefig(folder / f"{name}.png", dpi=PNG_DPI, metadata={"Software": None})


def redrawn(folder: Path) -> Mapping[str, bytes]:
    """Return as SVG, by name, the pictures that the tables of a proof hold all of.

    The ranks of known values are not among them: of the likelihood that is broken on purpose the
    tables hold what the test says and not the ranks.
    """
    with style():
        made = _of_tables(_read(folder / "predictive.csv"), _read(folder / "forecast.csv"))
        return {name: _svg(figure) for name, figure in made.items()}


def _of_tables(predictive: Rows, fan: Rows) -> dict[str, Any]:
    return {"predictive": _predictive(predictive), "forecast": _fan(fan)}


def _svg(figure: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _read(path: Path) -> Rows:
    """Return the rows of a table, numbers as numbers."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [{k: _number(v) for k, v in row.items()} for row in csv.DictReader(stream)]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _predictive(rows: Rows) -> Any:
    """Draw each target against whole counties simulated from the posterior, by reading.

    Zero is what was counted; the unit is the standard error of chance, rounding and transfer.
    """
    names = list(dict.fromkeys(row["target"] for row in rows))
    labels = {row["target"]: row["label"] for row in rows}
    figure = canvas(8, 0.3 * len(names) + 1.2)
    axes = figure.subplots()
    axes.axvspan(-1, 1, color=SOFT, alpha=0.15, linewidth=0, zorder=0)
    axes.axvline(0, color=INK, lw=0.8)
    for row in rows:
        y: float = len(names) - names.index(row["target"])
        y += {"A": 0.22, "B": 0.0, "C": -0.22}[row["reading"]]
        scale = READERS[_reader(row)].scale
        aim, mean = (float(to_scale(row[k], scale)) for k in ("counted", "predicted"))
        apart = mean - aim
        unit = abs(apart / row["distance"]) if row["distance"] else 0.0
        x = -row["distance"]
        if unit:
            low, high = (float(to_scale(row[k], scale)) for k in ("low_90", "high_90"))
            axes.plot([(low - aim) / unit, (high - aim) / unit], [y, y], color=SOFT, lw=1)
        colour, shape = _SHAPES[row["reading"]]
        axes.plot(x, y, shape, ms=4, color=colour)
    for reading, (colour, shape) in _SHAPES.items():
        axes.plot([], [], shape, ms=4, color=colour, label=READINGS[reading])
    axes.set_yticks(range(len(names), 0, -1), [_label(labels[n]) for n in names])
    axes.set_xlim(-6, 6)
    axes.set_xlabel("simulated less counted, in standard errors")
    figure.supxlabel("A bound that holds lies at zero.", fontsize=9)
    figure.legend(loc="outside upper center", ncols=len(_SHAPES), title="A repeat counted")
    return figure


def _label(text: str) -> str:
    """Return what a target is called, with what a repeat is in words."""
    head, found, reading = text.partition(", reading ")
    return f"{head} {READINGS[reading]}" if found else text


def _reader(row: Mapping[str, Any]) -> str:
    name = str(row["target"])
    return name if name in READERS else name.rsplit("_", 1)[0]


def _ranks(good: Ranks, broken: Ranks) -> Any:
    """Draw, over all quantities, how the ranks of known values spread: flat if calibrated."""
    figure = canvas(8, 4.2)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, one, said in zip(
        panels, (good, broken), ("The likelihood in use", "Chance left out"), strict=True
    ):
        counts = one.histogram()
        x = np.arange(1, len(counts) + 1)
        axes.plot(x, counts, color=LINE, lw=0.6)
        for name, colour, dash in (
            ("expected recorded_incidents", BLUE, DASHES[0]),
            ("expected marac_referrals", RED, DASHES[1]),
            ("expected marac_repeats", ORANGE, DASHES[2]),
        ):
            if name in one.quantities:
                j = one.quantities.index(name)
                label = name.removeprefix("expected ").replace("_", " ").replace("marac", "MARAC")
                axes.plot(x, counts[:, j], dash, color=colour, label=label)
        mean = len(one.ranks) / len(counts)
        axes.axhline(mean, color=INK, lw=0.8, ls=":")
        wide = 2.6 * np.sqrt(mean)
        axes.axhspan(mean - wide, mean + wide, color=SOFT, alpha=0.15, linewidth=0, zorder=0)
        axes.set_title(f"{said}: corrected p {one.verdict()['corrected_p']:.2g}")
        axes.set_xlabel("rank of the known value, in tenths")
    panels[0].set_ylabel("synthetic counties")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _fan(rows: Rows) -> Any:
    """Draw medians, 50% and 90% predictive intervals by financial year."""
    figure = canvas(8, 7)
    panels = figure.subplots(len(LABELS), 1, sharex=True)
    counted = {
        "recorded.incidents": {"2013/14": 12000.0, "2014/15": 13300.0},
        "marac.referrals": {"2014/15": 814.0},
    }
    for axes, (measure, label) in zip(panels, LABELS.items(), strict=True):
        own = [row for row in rows if row["measure"] == measure]
        years = [row["financial_year"] for row in own]
        x = np.arange(len(own))
        for low, high, alpha in (("low_90", "high_90", 0.22), ("low_50", "high_50", 0.4)):
            ends = [[r[low] for r in own], [r[high] for r in own]]
            axes.fill_between(x, *ends, color=BLUE, alpha=alpha, linewidth=0)
            for end in ends:
                axes.plot(x, end, color=BLUE, linewidth=0.6)
        axes.plot(x, [row["median"] for row in own], color=BLUE)
        for year, value in counted.get(measure, {}).items():
            axes.plot(years.index(year), value, "o", color=RED, ms=5)
        axes.set_ylim(0, None)
        numbered(axes.yaxis, words.number)
        axes.set_title(label)
        axes.set_xticks(x, years, rotation=45)
    return figure
