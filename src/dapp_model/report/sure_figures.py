"""The charts of how sure the advice is: acceptability, what moves the value, what flips it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.chart_style import (
    BEHIND,
    COLOURS,
    DASHES,
    INK,
    LINE,
    MOST,
    PAGE,
    Chart,
    End,
    bare,
    canvas,
    chart,
    label_ends,
    wrapped,
)
from dapp_model.decision.change import RECORDED
from dapp_model.decision.worth import VALUE
from dapp_model.report import sure_words, words
from dapp_model.report.figures import pounds
from dapp_model.report.names import READINGS
from dapp_model.report.totals import Totals
from dapp_model.voi import over_replications

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Floats = npt.NDArray[np.float64]

FEWEST: Final = 50  # draws from which a regression on one parameter is worth reading
SHOWN: Final = 10  # parameters of the tornado


# -- acceptability --------------------------------------------------------------------------------


def acceptability(decision: Mapping[str, Any]) -> Chart | None:
    """Return the curves and the frontier; None if they were not assessed."""
    found = decision["acceptability"]
    if found == sure_words.NOT_ASSESSED:
        return None
    figure = canvas(6.8, 3.1)
    axes: Axes = figure.subplots()
    prices = found["thresholds"]
    chances: Mapping[str, list[float]] = found["probability_best"]
    lines = curves(chances, [decision["advice"]["option"], *found["frontier"]["option"]])
    ends = []
    for i, (name, values) in enumerate(lines.items()):
        axes.plot(prices, values, DASHES[i], color=COLOURS[i], linewidth=2)
        ends.append(End(float(values[-1]), wrapped(_called(decision, name), 24), COLOURS[i]))
    axes.plot(prices, found["frontier"]["probability_best"], color=INK, linewidth=5, alpha=0.25)
    axes.set_ylim(0, 1)
    axes.set_xlim(prices[0], prices[-1])
    pounds(axes.xaxis)
    axes.locator_params(axis="x", nbins=6)
    axes.yaxis.set_major_formatter(lambda value, _: words.percent(value))
    axes.set_xlabel(
        "Value put on averting one true incident\n"
        "Wide grey band: the option that is best on average"
    )
    axes.set_title("Chance of being best")
    axes.grid(axis="y", color=LINE)
    label_ends(axes, prices[-1], ends, inches=2.4)
    rows = [
        [name, price, chance, int(best == name), int(name in lines)]
        for name, own in chances.items()
        for price, chance, best in zip(prices, own, found["frontier"]["option"], strict=True)
    ]
    title = "How likely each option is best, by what averting an incident is worth"
    header = ("option", "threshold_gbp", "probability_best", "on_frontier", "own_line")
    text = sure_words.acceptability(decision)
    return chart(figure, "acceptability", title, text, (header, rows))


_REST: Final = ""


def curves(chances: Mapping[str, Sequence[float]], wanted: Sequence[str]) -> dict[str, list[float]]:
    """Return at most four curves: those wanted, the likeliest of the others, the rest added up."""
    if len(chances) <= MOST:
        return {name: list(values) for name, values in chances.items()}
    rank = {name: i for i, name in enumerate(dict.fromkeys(wanted))}
    order = sorted(chances, key=lambda name: (rank.get(name, len(rank)), -max(chances[name])))
    first = [name for name in chances if name in order[: MOST - 1]]
    rest = np.sum([chances[name] for name in chances if name not in first], axis=0)
    return {**{name: list(chances[name]) for name in first}, _REST: rest.tolist()}


def _called(decision: Mapping[str, Any], name: str) -> str:
    if name == _REST:
        return "Any of the other options"
    label = str(words.option_of(decision, name)["label"])
    return f"{label} (advised)" if name == decision["advice"]["option"] else label


# -- what moves the value -------------------------------------------------------------------------


def tornado(totals: Totals) -> Chart | None:
    """Return what moves the shown option's value most; None with too few draws to say."""
    from dapp_model import switching
    from dapp_model.draws import NOTHING_DRAWN

    parameters = totals.gathered.parameters
    value = over_replications(totals.gathered.worth[totals.shown].measures[VALUE])
    if len(value) < FEWEST or NOTHING_DRAWN in parameters or not value.std() > 0:
        return None
    table = switching.tornado(parameters, value)
    return tornado_of(table, float(value.mean()), totals) if len(table) else None


_TORNADO: Final = (
    "low", "high", "at_low", "at_high", "width", "standard_error", "at_low_error", "at_high_error",
)  # fmt: skip


def tornado_of(table: pd.DataFrame, mean: float, totals: Totals) -> Chart:
    """Draw the mean value with one parameter after the other at the ends of its 90% range."""
    top = table.head(SHOWN)
    figure = canvas(6.8, 0.95 + 0.27 * len(top))
    axes: Axes = figure.subplots()
    for i, (_, row) in enumerate(top.iterrows()):
        ends = (("low", COLOURS[0], ""), ("high", COLOURS[3], "///"))
        for end, colour, hatch in ends:
            at, amount = float(row[f"at_{end}"]), float(row[end])
            axes.barh([i], [at - mean], 0.62, left=mean, color=colour, hatch=hatch,
                      edgecolor=PAGE, linewidth=0)  # fmt: skip
            right = at >= mean
            said = f"{end} {words.number(amount)}" if i == 0 else words.number(amount)
            axes.annotate(said, (at, i), xytext=(4 if right else -4, 0), va="center", fontsize=8,
                          textcoords="offset points", ha="left" if right else "right",
                          bbox=BEHIND)  # fmt: skip
    labels = [
        wrapped(label_of(str(name)) + (" (within noise)" if row["zero_within_noise"] else ""), 46)
        for name, row in top.iterrows()
    ]
    axes.set_yticks(range(len(top)), labels, fontsize=8)
    axes.set_ylim(len(top) - 0.4, -0.7)
    axes.axvline(mean, color=INK, linewidth=1)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.margins(x=0.24)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color=LINE)
    pounds(axes.xaxis)
    axes.set_xlabel(
        f"Mean net present social value against {words.quoted(totals.label(totals.comparator))}\n"
        "Plain: at the low end of the quantity's 90% range. Striped: at the high end.",
        fontsize=8,
    )
    rows = [
        [str(name), label_of(str(name)),
         *(float(row[k]) for k in _TORNADO), int(row["zero_within_noise"])]
        for name, row in table.iterrows()
    ]  # fmt: skip
    first = top.iloc[0]
    quiet = int(table["zero_within_noise"].sum())
    text = (
        f"What moves the value of {words.quoted(totals.label(totals.shown))} most is "
        f"{words.quoted(label_of(str(top.index[0])))}: from one end of its 90% range to the other "
        f"the mean goes from {_end(first, 'at_low')} to {_end(first, 'at_high')}. Of "
        f"{len(table)} quantities, {quiet} move it by no more than noise in "
        f"{len(totals.gathered.parameters)} draws."
    )
    header = ("parameter", "label", *_TORNADO, "zero_within_noise")
    return chart(figure, "tornado", "What moves the value most", text, (header, rows))


def _end(row: pd.Series[Any], end: str) -> str:
    return words.with_pounds(float(row[end]), float(row[f"{end}_error"]))


def label_of(parameter: str) -> str:
    """Return what the registry calls a parameter."""
    from dapp_model.parameters import registry

    known = registry().get(parameter)
    return known.label if known else parameter


# -- what flips the advice ------------------------------------------------------------------------

_ACROSS: Final = 5.7  # inches of all cells side by side
_PERSPECTIVES: Final = {"social": "All of society", RECORDED: "A police count"}
_HOW: Final = {
    "fiscal": "cash and capacity, no harm to victims",
    "cashable": "cash alone",
    RECORDED: "recorded incidents averted: never advice",
}
Row = Mapping[str, Any]


def ways(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return perspectives and harm routes that differ: of public money only those that matter."""
    found = list(dict.fromkeys((str(one["perspective"]), str(one["harm_route"])) for one in rows))
    first = dict(reversed(found))

    def best(way: tuple[str, str]) -> list[str]:
        return [one["option"] for one in rows if (one["perspective"], one["harm_route"]) == way]

    kept = [
        (who, route)
        for who, route in found
        if who == "social" or first[who] == route or best((who, route)) != best((who, first[who]))
    ]
    order = list(dict.fromkeys(who for who, _ in found))
    return sorted(kept, key=lambda one: order.index(one[0]))


def flips(decision: Mapping[str, Any]) -> Chart | None:
    """Return the map of which option is best by perspective, harm route and reading."""
    if not decision["flips"]:
        return None
    down = ways(decision["flips"])
    rows = sorted(
        (one for one in decision["flips"] if (one["perspective"], one["harm_route"]) in down),
        key=lambda one: down.index((one["perspective"], one["harm_route"])),
    )
    columns = list(dict.fromkeys(str(one["reading"]) for one in rows))
    missing = [name for name in READINGS if name not in columns]
    left, top, tall = 2.55, 0.5, 0.66
    wide = _ACROSS / len(columns)
    figure, axes = bare(left + _ACROSS + 0.1, top + tall * len(down) + 0.56)
    height = figure.get_figheight()
    for j, reading in enumerate(columns):
        name = "A repeat counted" + ("" if j else ", as in this run,")
        centre = left + wide * (j + 0.5)
        axes.text(centre, height - 0.1, name, ha="center", va="top", fontsize=8)
        axes.text(centre, height - 0.26, READINGS.get(reading, reading), ha="center", va="top",
                  fontsize=8, fontweight="bold")  # fmt: skip
    for one in rows:
        i, j = down.index((one["perspective"], one["harm_route"])), columns.index(one["reading"])
        low = height - top - tall * (i + 1)
        _draw_cell(axes, (left + wide * j, low, wide, tall), one, decision)
    for i, (perspective, route) in enumerate(down):
        middle = height - top - tall * (i + 0.5)
        who = _PERSPECTIVES.get(perspective, "Public bodies")
        axes.text(0.1, middle + 0.1, who, va="center", fontsize=9, fontweight="bold")
        axes.text(0.1, middle - 0.11, _how(perspective, route), va="center", fontsize=8)
    unclear = "Unclear: cannot be told from the next best. "
    note = (
        "Each cell names the best option on average and what it is worth. Thick frame and bold: "
        "another option than the first cell.\n"
        f"{'' if all(one['told_apart'] for one in rows) else unclear}{_not_assessed(missing)}"
    )
    axes.text(0.1, 0.12, note.strip(), fontsize=8, va="bottom", linespacing=1.3)
    header = tuple(decision["flips"][0])
    data = [[one[column] for column in header] for one in decision["flips"]]
    title = "Which option is best, counted otherwise"
    return chart(figure, "flips", title, _flips_said(decision, rows, missing), (header, data))


def _how(perspective: str, route: str) -> str:
    return _HOW.get(perspective, f"harm by {route}")


def _not_assessed(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    return f"A repeat counted {_or(missing)}: not assessed in this run."


def _or(readings: Sequence[str]) -> str:
    return " or ".join(READINGS[one] for one in readings)


def _draw_cell(
    axes: Axes, box: tuple[float, float, float, float], one: Row, decision: Mapping[str, Any]
) -> None:
    from matplotlib.patches import Rectangle

    x, y, wide, tall = box
    inner = 0.05
    differs = bool(one["differs"])
    axes.add_patch(
        Rectangle((x + inner, y + inner), wide - 2 * inner, tall - 2 * inner, fill=False,
                  edgecolor=COLOURS[3] if differs else LINE, linewidth=3 if differs else 1)
    )  # fmt: skip
    value = float(one["value"])
    amount = f"{words.number(value)} averted" if one["illustration"] else words.money(value)
    if not one["told_apart"]:
        amount += " (unclear)"
    label = str(words.option_of(decision, one["option"])["label"])
    axes.text(x + wide / 2, y + tall / 2, f"{wrapped(label, int(13 * wide))}\n{amount}",
              ha="center", va="center", fontsize=8, linespacing=1.1,
              fontweight="bold" if differs else "normal")  # fmt: skip


def _ways_said(rows: Sequence[Row], readings: Sequence[str]) -> str:
    """List ways of counting, those of the same readings together."""
    by_way: dict[str, list[str]] = {}
    for one in rows:
        who = _PERSPECTIVES.get(one["perspective"], "Public bodies").lower()
        way = f"{who} ({_how(one['perspective'], one['harm_route'])})"
        by_way.setdefault(way, []).append(one["reading"])
    together: dict[tuple[str, ...], list[str]] = {}
    for way, found in by_way.items():
        together.setdefault(tuple(found), []).append(way)
    parts = []
    for found_in, which in together.items():
        every = len(found_in) == len(readings) > 1
        how = "however a repeat is counted" if every else f"with a repeat counted {_or(found_in)}"
        parts.append(f"{words.listed(which)}, {how}")
    return "; ".join(parts)


def _flips_said(decision: Mapping[str, Any], rows: Sequence[Row], missing: Sequence[str]) -> str:
    counted = [one for one in rows if not one["illustration"]]
    other = [one for one in counted if one["differs"]]

    def label(name: str) -> str:
        return words.quoted(str(words.option_of(decision, name)["label"]))

    first = counted[0]
    text = (
        f"Counted for all of society, harm by {first['harm_route']}, {label(first['option'])} is "
        f"best on average: in {len(counted) - len(other)} of {len(counted)} ways of counting."
    )
    readings = list(dict.fromkeys(one["reading"] for one in counted))
    for option in dict.fromkeys(one["option"] for one in other):
        own = [one for one in other if one["option"] == option]
        text += f" {label(option)} is best in {len(own)}: {_ways_said(own, readings)}."
    unclear = sum(not one["told_apart"] for one in counted)
    if unclear:
        text += f" In {unclear} of all the best cannot be told from the next best."
    if fewer := sure_words.fewer_draws(decision):
        text += f" {fewer}"
    if missing:
        text += f" {_not_assessed(missing)}"
    return f"{text} A count of recorded incidents rewards silence and is never advice."
