"""The charts: each with its data, a text alternative, and the same bytes whenever it is drawn."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.report import words
from dapp_model.report.totals import Totals
from dapp_model.tables import write_csv

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

Floats = npt.NDArray[np.float64]

# The categorical colours of the Government Analysis Function, and the ink of text and axes.
COLOURS: Final = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
INK: Final = "#0B0C0C"
SOFT: Final = "#777776"
_RC: Final[dict[Any, Any]] = {
    "svg.hashsalt": "dapp_model",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.axisbelow": True,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Chart:
    """A drawn chart: SVG and PNG bytes, its data as rows, and what it shows in words."""

    name: str
    title: str
    alternative: str
    header: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    svg: str
    png: bytes

    def inline(self) -> str:
        """Return the SVG for a page: own identifiers, and colours that follow the page's."""
        text = self.svg[self.svg.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r'\bid="', f'id="{self.name}-', text)
        text = re.sub(r'href="#', f'href="#{self.name}-', text)
        text = re.sub(r"url\(#", f"url(#{self.name}-", text)
        text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
        names = {INK: "var(--ink)", SOFT: "var(--soft)"}
        names |= {colour: f"var(--c{i})" for i, colour in enumerate(COLOURS, 1)}
        for colour, name in names.items():
            text = re.sub(colour, name, text, flags=re.IGNORECASE)
        label = f'<svg role="img" aria-labelledby="{self.name}-t"'
        text = text.replace("<svg", label, 1)
        head, _, rest = text.partition(">")
        return f'{head}><title id="{self.name}-t">{_escaped(self.alternative)}</title>{rest}'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def save(folder: Path, charts: Sequence[Chart]) -> None:
    """Write each chart as SVG and PNG, with its data and its text alternative."""
    folder.mkdir()
    for chart in charts:
        (folder / f"{chart.name}.svg").write_text(chart.svg, encoding="utf-8", newline="\n")
        (folder / f"{chart.name}.png").write_bytes(chart.png)
        write_csv(folder / f"{chart.name}.csv", chart.header, chart.rows)
        text = f"{chart.title}\n\n{chart.alternative}\n"
        (folder / f"{chart.name}.txt").write_text(text, encoding="utf-8", newline="\n")


def draw(totals: Totals) -> list[Chart]:
    """Draw every chart of the pack."""
    import matplotlib

    from dapp_model.report import calibration_annex
    from dapp_model.report.account_figures import positions
    from dapp_model.report.sure_figures import acceptability

    with matplotlib.rc_context(_RC):
        charts = [
            options(totals.decision),
            _pathway(totals),
            _incidents(totals),
            _funders(totals),
            _bearers(totals),
            positions(totals),
            acceptability(totals.decision),
            calibration_annex.picture(totals),
        ]
    return [one for one in charts if one is not None]


def canvas(width: float, height: float) -> Canvas:
    """Return an empty picture of that size in inches."""
    from matplotlib.figure import Figure as Canvas

    return Canvas(figsize=(width, height), layout="constrained")


def chart(
    figure: Canvas,
    name: str,
    title: str,
    alternative: str,
    data: tuple[Sequence[str], Sequence[Sequence[object]]],
) -> Chart:
    """Return a drawn picture as a chart: its data are a heading and rows."""
    svg, png = io.StringIO(), io.BytesIO()
    figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=150, facecolor="white", metadata={"Software": None})
    header, rows = data
    return Chart(
        name,
        title,
        alternative,
        tuple(header),
        tuple(tuple(row) for row in rows),
        svg.getvalue(),
        png.getvalue(),
    )


def _short(text: str, width: int = 26) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))


def pounds(axis: Any) -> None:
    """Label an axis with amounts of money."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: words.money(value)))


def _thousands(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))


# -- the charts -----------------------------------------------------------------------------------


def options(decision: Mapping[str, Any]) -> Chart:
    """Net present social value of each option, with 50% and 90% intervals."""
    compared = [one for one in decision["options"] if not one["is_comparator"]]
    figure = canvas(8.0, 0.9 + 0.62 * len(compared))
    axes: Axes = figure.subplots()
    advised = decision["advice"]["option"]
    rows = []
    for i, one in enumerate(compared):
        value = one["measures"]["net_present_social_value"]
        colour = COLOURS[0] if one["name"] == advised else COLOURS[1]
        axes.plot([value["low"], value["high"]], [i, i], color=colour, linewidth=2.0)
        axes.plot([value["low50"], value["high50"]], [i, i], color=colour, linewidth=8.0, alpha=0.7)
        axes.plot([value["mean"]], [i], "o", color=INK, markersize=6)
        rows.append(
            [
                one["name"],
                one["label"],
                *(value[k] for k in ("mean", "low", "low50", "high50", "high")),
                int(one["name"] == advised),
            ]
        )
    labels = [
        _short(one["label"] + (" (advised)" if one["name"] == advised else "")) for one in compared
    ]
    axes.set_yticks(range(len(compared)), labels)
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=1)
    axes.grid(axis="x", color=SOFT, alpha=0.25)
    pounds(axes.xaxis)
    axes.set_xlabel(
        f"Net present social value against {words.quoted(decision['comparator']['label'])}, "
        f"{decision['price_year']} prices"
    )
    best = words.quoted(decision["advice"]["label"])
    text = (
        "For each option a dot for the mean, a thick bar for the middle half of the draws and a "
        f"thin line for nine draws in ten. Advised: {best}."
    )
    header = ("option", "label", "mean", "low", "low50", "high50", "high", "advised")
    return chart(figure, "options", "What each option is worth", text, (header, rows))


def _pathway(totals: Totals) -> Chart:
    """Where people are lost between referral and completion."""
    names = [totals.comparator, totals.shown]
    figure = canvas(8.0, 3.6)
    axes: Axes = figure.subplots()
    stages = list(totals.pathway(totals.shown))
    rows = []
    for i, name in enumerate(names):
        values = list(totals.pathway(name).values())
        place = np.arange(len(stages)) + (0.2 if i else -0.2)
        label = totals.label(name)
        bars = axes.barh(place, values, 0.38, color=COLOURS[1 - i], label=label)
        axes.bar_label(bars, [words.number(value) for value in values], padding=3)
        rows += [[name, stage, value] for stage, value in zip(stages, values, strict=True)]
    axes.set_yticks(range(len(stages)), stages)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set_xlabel("People, pilot and extension together (mean of draws)")
    axes.legend(loc="lower right")
    shown = totals.pathway(totals.shown)
    text = (
        f"Of {words.number(shown['Referred'])} people referred under "
        f"{words.quoted(totals.label(totals.shown))}, {words.number(shown['Started'])} start and "
        f"{words.number(shown['Completed'])} complete the programme."
    )
    data = (("option", "stage", "people"), rows)
    return chart(figure, "pathway", "Where people are lost", text, data)


def _incidents(totals: Totals) -> Chart:
    """Incidents by year with and without, true beside recorded; below, the difference."""
    figure = canvas(9.0, 5.6)
    axes = figure.subplots(2, 2, sharex=True)
    axes[1][1].sharey(axes[1][0])  # one scale, so that true and recorded can be compared
    bases = {"true.incidents": "True incidents", "recorded.incidents": "Recorded incidents"}
    years = totals.decision_years
    place = np.arange(len(years))
    rows = []
    for column, (measure, title) in enumerate(bases.items()):
        without, with_option = (
            totals.by_year(measure, name) for name in (totals.comparator, totals.shown)
        )
        low, mean, high = totals.averted_by_year(measure, totals.shown)
        top, bottom = axes[0][column], axes[1][column]
        top.plot(place, without, color=COLOURS[1], label="without", linewidth=4)
        top.plot(place, with_option, color=COLOURS[0], label="with", linewidth=1.6)
        top.set_ylim(0, 1.15 * max(without.max(), with_option.max(), 1))
        top.set_title(title)
        _thousands(top.yaxis)
        top.legend(loc="lower left")
        bottom.bar(place, mean, color=COLOURS[0])
        bottom.vlines(place, low, high, color=INK, linewidth=1.2)
        bottom.axhline(0, color=INK, linewidth=0.8)
        bottom.set_title("Averted (mean, 90% interval)")
        step = 2 if len(years) > 6 else 1
        bottom.set_xticks(place[::step], years[::step], rotation=45, ha="right")
        for i, year in enumerate(years):
            rows.append([measure, year, without[i], with_option[i], mean[i], low[i], high[i]])
    text = (
        "Incidents in the county by financial year, true on the left and recorded on the right. "
        "The lines with and without the option cannot be told apart by eye: what is averted, "
        "below, is small against the county."
    )
    header = ("measure", "financial_year", "without", "with", "averted", "low", "high")
    return chart(figure, "incidents", "Incidents with and without", text, (header, rows))


def _stacked(axes: Axes, years: Sequence[str], parts: Mapping[str, Floats]) -> None:
    bottom = np.zeros(len(years))
    for i, (name, values) in enumerate(parts.items()):
        colour = COLOURS[i % len(COLOURS)]
        axes.bar(np.arange(len(years)), values, bottom=bottom, color=colour, label=name)
        bottom = bottom + values
    axes.set_xticks(np.arange(len(years)), years)


def _funders(totals: Totals) -> Chart:
    """Programme cost by funder and financial year."""
    years, parts = totals.programme_cost(totals.shown)
    figure = canvas(8.0, 3.4)
    axes: Axes = figure.subplots()
    _stacked(axes, years, parts)
    pounds(axes.yaxis)
    axes.set_ylabel(f"{totals.decision['price_year']} prices")
    axes.grid(axis="y", color=SOFT, alpha=0.25)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    rows = [
        [funder, year, value]
        for funder, values in parts.items()
        for year, value in zip(years, values.tolist(), strict=True)
    ]
    total = sum(float(values.sum()) for values in parts.values())
    text = (
        f"What {words.quoted(totals.label(totals.shown))} costs each funder in each financial year "
        f"beyond {words.quoted(totals.label(totals.comparator))}: {words.money(total)} in all, "
        f"not discounted. What is spent or committed before the decision is in neither."
    )
    data = (("funder", "financial_year", "gbp"), rows)
    return chart(figure, "funders", "What the programme costs, by funder", text, data)


def _bearers(totals: Totals) -> Chart:
    """Who gains and who bears more, by bearer and tier."""
    tiers = {"cashable": "Cash", "capacity": "Capacity released", "non_fiscal": "Not public money"}
    table = totals.by_bearer(totals.shown)
    figure = canvas(9.0, 1.0 + 0.36 * len(table))
    axes: Axes = figure.subplots()
    place = np.arange(len(table))
    positive, negative = np.zeros(len(table)), np.zeros(len(table))
    rows = []
    for i, (tier, label) in enumerate(tiers.items()):
        values = np.array([by_tier.get(tier, 0.0) for by_tier in table.values()])
        left = np.where(values >= 0, positive, negative)
        axes.barh(place, values, left=left, color=COLOURS[(3, 1, 0)[i]], label=label)
        positive = positive + np.maximum(values, 0)
        negative = negative + np.minimum(values, 0)
        rows += [
            [bearer, tier, value] for bearer, value in zip(table, values.tolist(), strict=True)
        ]
    for i, net in enumerate((positive + negative).tolist()):
        at = positive[i] if net >= 0 else negative[i]
        side = 4 if net >= 0 else -4
        axes.annotate(words.money(net), (at, i), xytext=(side, 0), textcoords="offset points",
                      va="center", ha="left" if net >= 0 else "right", fontsize=9)  # fmt: skip
    axes.margins(x=0.2)
    axes.locator_params(axis="x", nbins=5)
    axes.set_yticks(place, [_short(totals.bearer(name), 34) for name in table])
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=1)
    axes.grid(axis="x", color=SOFT, alpha=0.25)
    pounds(axes.xaxis)
    axes.set_xlabel(f"Present value, {totals.decision['price_year']} prices; gains to the right")
    axes.legend(loc="lower right")
    text = (
        "Present value by who bears it, gains to the right and costs to the left, split into "
        "cash, capacity that is released and value that is not public money; the figure at each "
        "bar is the net of its parts."
    )
    data = (("bearer", "tier", "gbp"), rows)
    return chart(figure, "bearers", "Who pays and who gains", text, data)
