"""How the calibrated county compares with what was counted: a table and a chart of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dapp_model import fitted
from dapp_model.chart_style import COLOURS, INK, PAGE, SOFT, Chart, canvas, chart
from dapp_model.report import origins, words
from dapp_model.report.names import READINGS
from dapp_model.report.table import Table
from dapp_model.report.totals import Totals

Rows = Sequence[Mapping[str, Any]]

# What a committed posterior calls a figure, and what people are told that it is.
_SAID = {
    "Victims who carry 80% of recorded harm": "Share of victims who suffer 80% of recorded harm",
    "Perpetrators who carry 90% of recorded harm": (
        "Share of perpetrators who do 90% of recorded harm"
    ),
    **{
        f"Repeat share, reading {name}": f"Share of repeats {how}" for name, how in READINGS.items()
    },
}
CHECKS = "calibration/results/predictive.csv"  # where the checks stand
_WIDEST = 4.0  # standard errors that the chart shows


def checks_of(totals: Totals) -> Rows:
    """Return the posterior predictive checks of the posterior in use; none where there is none."""
    found = totals.decision["posterior"]
    rows: Rows = () if found is None else fitted.checks(str(found["reading"]))
    return tuple({**row, "label": _SAID.get(row["label"], row["label"])} for row in rows)


def is_bound(row: Mapping[str, Any]) -> bool:
    """Say whether a figure bounds the county from one side alone."""
    return bool(row["side"] != "both")


def counted(row: Mapping[str, Any], figure: str) -> str:
    """Print what was counted, or what it bounds: at most 3,460."""
    return {"both": "", "high": "at most ", "low": "at least "}[row["side"]] + figure


def distance(row: Mapping[str, Any]) -> str:
    """Print how far the county lies from a figure in standard errors, or that a bound holds."""
    if is_bound(row) and row["distance"] == 0:
        return "bound holds"
    return f"{row['distance']:+.1f}"


def is_met(row: Mapping[str, Any]) -> bool:
    """Say whether a figure is met within one standard error, or a bound holds."""
    return bool(row["distance"] == 0 if is_bound(row) else abs(row["distance"]) <= 1)


def within(rows: Rows) -> str:
    """Count the figures that are met within one standard error and, apart, the bounds that hold."""
    said = []
    for what, bound in (("within one standard error", False), ("bounds hold", True)):
        own = [row for row in rows if is_bound(row) == bound]
        said += [f"{sum(map(is_met, own))} of {len(own)} {what}"] if own else []
    return "; ".join(said)


def missed(rows: Rows) -> list[str]:
    """Say of each figure that is not met how far it is missed."""
    return [
        f"{row['label']} (counted {counted(row, words.number(row['counted']))}, simulated "
        f"{words.number(row['predicted'])}, {abs(row['distance']):.1f} standard errors apart)"
        for row in rows
        if not is_met(row)
    ]


def checks(totals: Totals) -> Table | None:
    """Return each figure that the county was fitted to beside what simulated counties show."""
    rows = tuple(
        (
            row["label"],
            row["weight"],
            counted(row, words.number(row["counted"])),
            words.number(row["predicted"]),
            f"{words.number(row['low_90'])} to {words.number(row['high_90'])}",
            distance(row),
            "-" if is_bound(row) else words.percent(row["tail"]),
        )
        for row in checks_of(totals)
    )
    if not rows:
        return None
    columns = ("Figure", "Weight", "Counted", "Simulated", "90% of counties",
               "Counted less simulated, standard errors", "Chance of being as far out")  # fmt: skip
    reading = totals.decision["posterior"]["reading"]
    return Table(
        f"The simulated county against what was counted, with a repeat counted {READINGS[reading]}",
        columns,
        rows,
        CHECKS,
    )


def sentence(totals: Totals) -> str:
    """Say how the strong figures are met, with each that is not and by how much."""
    return sentence_of(checks_of(totals))


def sentence_of(found: Rows) -> str:
    """Say it of these checks."""
    rows = [row for row in found if row["weight"] == "strong"]
    if not rows:
        return "How the simulated county compares with what was counted: not assessed."
    if far := missed(rows):
        return f"Not met within one standard error of chance and rounding: {words.listed(far)}."
    return (
        f"All {origins.at(len(rows), found)} figures that count most lie within one standard "
        "error, of chance and rounding together, of what simulated counties show on average."
    )


def picture(totals: Totals) -> Chart | None:
    """Draw how far simulated counties lie from each figure, in its standard errors."""
    rows = checks_of(totals)
    if not rows:
        return None
    figure = canvas(9.0, 0.28 * len(rows) + 1.4)
    axes = figure.subplots()
    axes.axvspan(-1, 1, color=SOFT, alpha=0.15, linewidth=0)
    axes.axvline(0, color=INK, linewidth=0.8)
    place = np.arange(len(rows), 0, -1)
    for y, row in zip(place, rows, strict=True):
        strong = row["weight"] == "strong"
        x = float(np.clip(-row["distance"], -_WIDEST, _WIDEST))
        axes.plot(x, y, "o", color=COLOURS[0], markersize=7 if strong else 6,
                  markerfacecolor=COLOURS[0] if strong else PAGE)  # fmt: skip
    axes.set_yticks(place, [row["label"] for row in rows])
    axes.set_xlim(-_WIDEST - 0.2, _WIDEST + 0.2)
    axes.set_xlabel("Simulated less counted, in standard errors")
    figure.supxlabel(
        "Full dot: a figure that counts most. Open dot: weak, or a check alone. Grey: within one "
        "standard error.\nA bound that holds lies at zero.",
        fontsize=9,
    )
    header = ("figure", "weight", "counted", "simulated", "low_90", "high_90", "distance", "tail")
    data = [
        [row[k] for k in ("label", "weight", "counted", "predicted")]
        + [row[k] for k in ("low_90", "high_90", "distance", "tail")]
        for row in rows
    ]
    text = f"Each dot is a figure of the county. {sentence(totals)}"
    return chart(
        figure, "calibration", "The simulated county against what was counted", text, (header, data)
    )
