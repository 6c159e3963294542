"""The charts of the pack: each with its data, a text alternative, and the same bytes always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model.chart_style import (
    BEHIND,
    COLOURS,
    INK,
    LINE,
    PAGE,
    SOFT,
    Chart,
    canvas,
    chart,
    numbered,
    style,
    wrapped,
)
from dapp_model.report import words
from dapp_model.report.totals import Totals
from dapp_model.tables import write_csv

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "COLOURS",
    "INK",
    "NAMES",
    "SOFT",
    "Chart",
    "canvas",
    "chart",
    "draw",
    "on_a_page",
    "options",
    "pounds",
    "save",
]

# Every chart that a run may have, in the order of the pack. Names are stable.
NAMES: Final = (
    "on_a_page",
    "options",
    "pathway",
    "incidents",
    "funders",
    "bearers",
    "positions",
    "acceptability",
    "tornado",
    "learning",
    "flips",
    "calibration",
)


def save(folder: Path, charts: Sequence[Chart]) -> None:
    """Write each chart as SVG and PNG, with its data and its text alternative."""
    folder.mkdir()
    for one in charts:
        write(folder, one)
        write_csv(folder / f"{one.name}.csv", one.header, one.rows)


def write(folder: Path, one: Chart, marks: Sequence[str] = ()) -> None:
    """Write a chart as SVG and PNG with its text alternative, and sentences that stand on it."""
    (folder / f"{one.name}.svg").write_text(one.svg, encoding="utf-8", newline="\n")
    (folder / f"{one.name}.png").write_bytes(one.png)
    text = "\n".join([one.title, "", one.alternative, *marks]) + "\n"
    (folder / f"{one.name}.txt").write_text(text, encoding="utf-8", newline="\n")


def draw(totals: Totals) -> list[Chart]:
    """Draw every chart that this run can have, in the order of the pack."""
    from dapp_model.report import calibration_annex
    from dapp_model.report.account_figures import bearers, funders, positions
    from dapp_model.report.flow_figures import pathway
    from dapp_model.report.learning_figures import learning
    from dapp_model.report.sure_figures import acceptability, flips, tornado
    from dapp_model.report.year_figures import incidents

    with style():
        charts = [
            on_a_page(totals.decision),
            options(totals.decision),
            pathway(totals),
            incidents(totals),
            funders(totals),
            bearers(totals),
            positions(totals),
            acceptability(totals.decision),
            tornado(totals),
            learning(totals),
            flips(totals.decision),
            calibration_annex.picture(totals),
        ]
    found = [one for one in charts if one is not None]
    return sorted(found, key=lambda one: NAMES.index(one.name))


def pounds(axis: Any) -> None:
    """Label an axis with amounts of money."""
    numbered(axis, words.money)


# -- the options ----------------------------------------------------------------------------------

KEY: Final = "Dot: mean. Thick bar: half of the draws. Thin line: nine draws in ten."


def options(decision: Mapping[str, Any]) -> Chart:
    """Net present social value of each option, with 50% and 90% intervals."""
    compared = [one for one in decision["options"] if not one["is_comparator"]]
    figure = canvas(8.0, 1.1 + 0.52 * len(compared))
    axes: Axes = figure.subplots()
    _intervals(axes, decision, compared)
    axes.set_xlabel(f"{_against(decision)}\n{KEY}")
    advised = decision["advice"]["option"]
    header = ("option", "label", "mean", "low", "low50", "high50", "high", "advised")
    rows = [
        [one["name"], one["label"], *_value(one), int(one["name"] == advised)] for one in compared
    ]
    best = words.quoted(decision["advice"]["label"])
    means = {one["label"]: _value(one)[0] for one in compared}
    text = (
        f"Advised: {best}. On average {words.listed([_said(*one) for one in means.items()])}, "
        f"against {words.quoted(decision['comparator']['label'])}. For each option a dot for the "
        "mean, a thick bar for the middle half of the draws and a thin line for nine draws in ten."
    )
    return chart(figure, "options", "What each option is worth", text, (header, rows))


def on_a_page(decision: Mapping[str, Any]) -> Chart:
    """Beside each other what each option is worth and how likely it is the best."""
    every = decision["options"]
    # As wide as the first page and as high as it has room for, so that words keep their size there.
    figure = canvas(7.0, 0.85 + 0.155 * len(every))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    _intervals(left, decision, every, tight=True)
    left.set_xlabel(f"{_against(decision)}\n{KEY}", fontsize=8, labelpad=1)
    chances = [float(one["chance_best"]) for one in every]
    for i, one in enumerate(every):
        colour = _colour(decision, one)
        may = bool(one["may_be_chosen"])
        right.barh([i], [chances[i]], 0.5, color=colour)
        out = "for reference" if one["is_reference"] else "ruled out"
        said = _in_a_bar(one, decision) if may else out
        right.text(chances[i] + 0.02, i, said, va="center", fontsize=8)
    right.set_xlim(0, max(0.6, 1.35 * max(chances)))
    right.set_xticks([])
    right.spines[["left", "bottom"]].set_visible(False)
    right.tick_params(left=False)
    right.set_title("Chance of being best", fontsize=8, pad=3)
    left.annotate("Mean", (1.0, 1.0), xycoords="axes fraction", xytext=(3, 2),
                  textcoords="offset points", fontsize=8)  # fmt: skip
    left.tick_params(axis="x", labelsize=8, pad=1)
    header = ("option", "label", "mean", "low", "low50", "high50", "high", "chance_best", "advised")
    advised = decision["advice"]["option"]
    rows = [
        [one["name"], one["label"], *_value(one), chance, int(one["name"] == advised)]
        for one, chance in zip(every, chances, strict=True)
    ]
    best = words.option_of(decision, advised)
    likeliest = max(every, key=lambda one: float(one["chance_best"]))
    shown = words.option_of(decision, decision["shown_option"])
    text = (
        f"Advised: {words.quoted(best['label'])}, the best "
        f"{words.often(best, 'chance_best', decision)}. "
        f"{words.quoted(shown['label'])} is worth "
        f"{words.estimate(shown['measures']['net_present_social_value'])} against "
        f"{words.quoted(decision['comparator']['label'])}. The likeliest to be best is "
        f"{words.quoted(likeliest['label'])}, {words.often(likeliest, 'chance_best', decision)}."
    )
    title = "What each option is worth, and how likely it is the best"
    return chart(figure, "on_a_page", title, text, (header, rows))


def _in_a_bar(one: Mapping[str, Any], decision: Mapping[str, Any]) -> str:
    """Print a chance beside its bar; how many draws there are stands on the page."""
    return (
        words.chance(one, "chance_best", decision)
        if 0 < one["chance_best"] < 1
        else ("in all draws" if one["chance_best"] else "in none")
    )


def _value(one: Mapping[str, Any]) -> list[float]:
    """Return the mean of an option's value and the ends of its intervals, from low to high."""
    found = one["measures"]["net_present_social_value"]
    return [float(found[k]) for k in ("mean", "low", "low50", "high50", "high")]


def _said(label: str, mean: float) -> str:
    return f"{words.quoted(label)} is worth {words.money(mean)}"


def _colour(decision: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    return COLOURS[0] if one["name"] == decision["advice"]["option"] else COLOURS[1]


def _against(decision: Mapping[str, Any]) -> str:
    return (
        f"Net present social value against {words.quoted(decision['comparator']['label'])}, "
        f"{decision['price_year']} prices"
    )


def _intervals(
    axes: Axes,
    decision: Mapping[str, Any],
    shown: Sequence[Mapping[str, Any]],
    *,
    tight: bool = False,
) -> None:
    """Draw the value of options from top to bottom, with intervals and the mean in words.

    If `tight`, the words are small and stand beside the axes, since rows are low.
    """
    for i, one in enumerate(shown):
        mean, low, low50, high50, high = _value(one)
        colour = _colour(decision, one)
        axes.plot([low, high], [i, i], color=colour, linewidth=2.0, solid_capstyle="butt")
        thick, dot = (6.0, 5) if tight else (8.0, 7)
        axes.plot([low50, high50], [i, i], color=colour, linewidth=thick, solid_capstyle="butt")
        axes.plot([mean], [i], "o", color=INK, markeredgecolor=PAGE, markersize=dot)
        if tight:
            axes.annotate(words.money(mean), (1.0, i), xycoords=("axes fraction", "data"),
                          xytext=(3, 0), textcoords="offset points", va="center",
                          fontsize=8)  # fmt: skip
        else:
            axes.annotate(words.money(mean), (mean, i), xytext=(0, 8), textcoords="offset points",
                          ha="center", fontsize=8, bbox=BEHIND)  # fmt: skip
    advised = decision["advice"]["option"]
    labels = [
        wrapped(
            one["label"] + (" (advised)" if one["name"] == advised else ""), 42 if tight else 30
        )
        for one in shown
    ]
    axes.set_yticks(range(len(shown)), labels, fontsize=8 if tight else None)
    axes.set_ylim(len(shown) - 0.5, -0.6)
    axes.axvline(0, color=INK, linewidth=1, zorder=0.5)
    axes.grid(axis="x", color=LINE)
    axes.locator_params(axis="x", nbins=4 if tight else 6)
    pounds(axes.xaxis)
