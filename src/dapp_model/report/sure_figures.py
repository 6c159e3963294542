"""The chart of acceptability: curves of each option, and the frontier by which one chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dapp_model.report import sure_words, words
from dapp_model.report.figures import COLOURS, INK, SOFT, Chart, canvas, chart, pounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLES = ("-", "--")


def acceptability(decision: Mapping[str, Any]) -> Chart | None:
    """Return the curves and the frontier; None if they were not assessed."""
    found = decision["acceptability"]
    if found == sure_words.NOT_ASSESSED:
        return None
    figure = canvas(9.0, 4.2)
    axes: Axes = figure.subplots()
    prices = found["thresholds"]
    rows = []
    for i, (name, chances) in enumerate(found["probability_best"].items()):
        label = words.option_of(decision, name)["label"]
        advised = " (advised)" if name == decision["advice"]["option"] else ""
        style = _STYLES[(i // len(COLOURS)) % 2]
        axes.plot(prices, chances, style, color=COLOURS[i % len(COLOURS)], label=label + advised)
        rows += [
            [name, price, chance, int(best == name)]
            for price, chance, best in zip(
                prices, chances, found["frontier"]["option"], strict=True
            )
        ]
    axes.plot(prices, found["frontier"]["probability_best"], color=INK, linewidth=4, alpha=0.25,
              label="Frontier: the best on average")  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_xlim(prices[0], prices[-1])
    pounds(axes.xaxis)
    axes.set_xlabel("What averting one true incident is worth to public bodies")
    axes.set_ylabel("Chance of being best")
    axes.grid(axis="y", color=SOFT, alpha=0.25)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    title = "How likely each option is best, by what averting an incident is worth"
    header = ("option", "threshold_gbp", "probability_best", "on_frontier")
    text = sure_words.acceptability(decision)
    return chart(figure, "acceptability", title, text, (header, rows))
