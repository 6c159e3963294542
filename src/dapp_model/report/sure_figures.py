"""The charts of how sure the advice is: acceptability, what moves the value, what flips it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from dapp_model.decision.view import material, view
from dapp_model.decision.worth import COST, PUBLIC_COST, VALUE, Worth
from dapp_model.report import sure_words, words
from dapp_model.report.figures import pounds
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dapp_model.decision.view import Standing
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

FEWEST: Final = 50  # draws from which a regression on one parameter is worth reading
SHOWN: Final = 10  # parameters of the tornado


# -- acceptability --------------------------------------------------------------------------------


def acceptability(decision: Mapping[str, Any]) -> Chart | None:
    """Return the curves and the frontier; None if they were not assessed."""
    found = decision["acceptability"]
    if found == sure_words.NOT_ASSESSED:
        return None
    figure = canvas(8.0, 4.4)
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
        "What averting one true incident is worth to public bodies\n"
        "Wide grey band: the option that is best on average"
    )
    axes.set_title("Chance of being best")
    axes.grid(axis="y", color=LINE)
    label_ends(axes, prices[-1], ends, inches=3.5)
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
    value = totals.gathered.worth[totals.shown].measures[VALUE].mean(axis=1)
    if len(value) < FEWEST or NOTHING_DRAWN in parameters or not value.std() > 0:
        return None
    table = switching.tornado(parameters, value)
    return tornado_of(table, float(value.mean()), totals) if len(table) else None


def tornado_of(table: pd.DataFrame, mean: float, totals: Totals) -> Chart:
    """Draw the mean value with one parameter after the other at the ends of its 90% range."""
    top = table.head(SHOWN)
    figure = canvas(8.5, 1.5 + 0.42 * len(top))
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
        wrapped(label_of(str(name)) + (" (within noise)" if row["zero_within_noise"] else ""), 40)
        for name, row in top.iterrows()
    ]
    axes.set_yticks(range(len(top)), labels, fontsize=8.5)
    axes.set_ylim(len(top) - 0.4, -0.7)
    axes.axvline(mean, color=INK, linewidth=1)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.margins(x=0.16)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color=LINE)
    pounds(axes.xaxis)
    axes.set_xlabel(
        f"Mean net present social value against {words.quoted(totals.label(totals.comparator))}\n"
        "with one quantity at the low (plain) or the high end (striped) of its 90% range"
    )
    rows = [
        [str(name), label_of(str(name)),
         *(float(row[k]) for k in ("low", "high", "at_low", "at_high", "width", "standard_error")),
         int(row["zero_within_noise"])]
        for name, row in table.iterrows()
    ]  # fmt: skip
    first = top.iloc[0]
    quiet = int(table["zero_within_noise"].sum())
    text = (
        f"What moves the value of {words.quoted(totals.label(totals.shown))} most is "
        f"{words.quoted(label_of(str(top.index[0])))}: from one end of its 90% range to the other "
        f"the mean goes from {words.money(float(first['at_low']))} to "
        f"{words.money(float(first['at_high']))}. Of {len(table)} quantities, {quiet} move it by "
        f"no more than noise in {len(totals.gathered.parameters)} draws."
    )
    header = ("parameter", "label", "low", "high", "at_low", "at_high", "width", "standard_error",
              "zero_within_noise")  # fmt: skip
    return chart(figure, "tornado", "What moves the value most", text, (header, rows))


def label_of(parameter: str) -> str:
    """Return what the registry calls a parameter."""
    from dapp_model.parameters import registry

    known = registry().get(parameter)
    return known.label if known else parameter


# -- what flips the advice ------------------------------------------------------------------------

_SOCIETY: Final = "All of society"
_ACROSS: Final = 5.7  # inches of all cells side by side
_CASH: Final = "cash"
_COUNT: Final = "recorded_incidents_averted"
_READINGS: Final = {  # of what a source of the calibration calls a repeat
    "A": "repeat: in the same financial year",
    "B": "repeat: in the 365 days before",
    "C": "repeat: ever before",
}


@dataclass(frozen=True)
class Way:
    """A way of counting: whose view, how harm is counted, and the measure that it looks at."""

    perspective: str
    route: str
    measure: str
    advises: bool = True


@dataclass(frozen=True)
class Cell:
    """The best option in one way of counting under one reading, over so many draws.

    `differs` from the run's own first way; `flips` from what that gives on the same draws, since
    fewer draws may have another option first by chance.
    """

    way: Way
    reading: str
    option: str
    mean: float
    draws: int
    differs: bool
    flips: bool


def ways(inputs: Inputs) -> tuple[Way, ...]:
    """Return the ways of counting, the headline first and a police count, never advice, last."""
    route = str(inputs.values["money.harm_route"])
    found = [Way(_SOCIETY, f"harm by {route}", VALUE)]
    if route != "recorded crimes":
        found.append(Way(_SOCIETY, "harm by recorded crimes x multiplier", f"{VALUE}_low_harm"))
    found += [
        Way(_SOCIETY, "homicide left out", f"{VALUE}_without_homicide"),
        Way("Public bodies", "cash and capacity, no harm to victims", PUBLIC_COST),
        Way("Public bodies", "cash alone", _CASH),
        Way("A police count", "recorded incidents averted: never advice", _COUNT, advises=False),
    ]
    return tuple(found)


def cells(totals: Totals) -> tuple[Cell, ...]:
    """Return the best option for each way of counting and each reading of a repeat in the run."""
    from dapp_model.decision.said import standings
    from dapp_model.decision.structural import first

    inputs = totals.inputs
    stand = standings(inputs, list(totals.decision["options"]))
    own = str(inputs.values["calibration.repeat_reading"])
    every: dict[str, Mapping[str, Worth]] = {own: totals.gathered.worth}
    every |= {one.name: one.found for one in totals.gathered.readings}
    advice, _ = _best(inputs, totals.gathered.worth, stand, ways(inputs)[0])
    found = []
    for reading, worths in every.items():
        draws = len(next(iter(worths.values())).serious_averted)
        same = {name: first(one, draws) for name, one in totals.gathered.worth.items()}
        headline, _ = _best(inputs, same, stand, ways(inputs)[0])
        for way in ways(inputs):
            option, mean = _best(inputs, worths, stand, way)
            found.append(
                Cell(way, reading, option, mean, draws, option != advice, option != headline)
            )
    return tuple(found)


def _best(
    inputs: Inputs, found: Mapping[str, Worth], stand: tuple[Standing, ...], way: Way
) -> tuple[str, float]:
    """Return the option that the rules of advice take with this measure as value, and its mean.

    A count of incidents has no return on a pound, so there the highest mean is taken.
    """
    measured = {name: _with_value(one, way.measure) for name, one in found.items()}
    given = view(material(inputs, measured, stand))
    means = {one["name"]: float(one["mean"]) for one in given["options"]}
    if way.advises:
        name = str(given["option"])
    else:
        able = [one["name"] for one in given["options"] if one["may_be_chosen"]]
        name = max(able, key=means.__getitem__)
    return name, means[name]


def _with_value(one: Worth, measure: str) -> Worth:
    if measure == PUBLIC_COST:
        value = -one.measures[PUBLIC_COST]
    elif measure == _CASH:
        value = one.measures["cashable_value"] - one.measures[COST]
    else:
        value = one.measures[measure]
    return replace(one, measures={**one.measures, VALUE: value})


def flips(totals: Totals) -> Chart | None:
    """Return the map of what the advice would be, by perspective, harm route and reading."""
    found = cells(totals)
    own = str(totals.inputs.values["calibration.repeat_reading"])
    columns = list(dict.fromkeys(one.reading for one in found))
    missing = [name for name in _READINGS if name not in columns]
    rows = ways(totals.inputs)
    left, top, tall = 2.55, 0.62, 0.6
    wide = _ACROSS / len(columns)
    figure, axes = bare(left + _ACROSS + 0.1, top + tall * len(rows) + 0.56)
    height = figure.get_figheight()
    at = {(one.way, one.reading): one for one in found}
    for j, reading in enumerate(columns):
        draws = next(one.draws for one in found if one.reading == reading)
        name = f"Reading {reading}" + (" (this run)" if reading == own else "")
        centre = left + wide * (j + 0.5)
        axes.text(centre, height - 0.1, name, ha="center", va="top", fontsize=9)
        axes.text(centre, height - 0.28, f"{_READINGS[reading]}\n{draws} draws", ha="center",
                  va="top", fontsize=7.5, linespacing=1.1)  # fmt: skip
        for i, way in enumerate(rows):
            low = height - top - tall * (i + 1)
            _draw_cell(axes, (left + wide * j, low, wide, tall), at[way, reading], totals)
    for i, way in enumerate(rows):
        middle = height - top - tall * (i + 0.5)
        axes.text(0.1, middle + 0.1, way.perspective, va="center", fontsize=9, fontweight="bold")
        axes.text(0.1, middle - 0.11, wrapped(way.route, 42), va="center", fontsize=8)
    note = (
        "Each cell names the best option and what it is worth. Thick frame and bold: "
        "another option than the first cell.\n"
        f"{' '.join([*_by_chance(found), _not_assessed(missing)])}"
    )
    axes.text(0.1, 0.12, note.strip(), fontsize=8, va="bottom", linespacing=1.3)
    title = "What the advice would be, counted otherwise"
    header = ("perspective", "harm_route", "reading", "option", "value", "unit", "draws", "differs",
              "differs_on_same_draws", "advice")  # fmt: skip
    data = [
        [one.way.perspective, one.way.route, one.reading, one.option, one.mean, _unit(one.way),
         one.draws, int(one.differs), int(one.flips), int(one.way.advises)]
        for one in found
    ]  # fmt: skip
    return chart(figure, "flips", title, _flips_said(totals, found, missing), (header, data))


def _not_assessed(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    which = "Reading" if len(missing) == 1 else "Readings"
    return f"{which} {words.listed(missing)} of a repeat: not assessed in this run."


def _unit(way: Way) -> str:
    return "incidents" if way.measure == _COUNT else "GBP"


def _draw_cell(
    axes: Axes, box: tuple[float, float, float, float], cell: Cell, totals: Totals
) -> None:
    from matplotlib.patches import Rectangle

    x, y, wide, tall = box
    inner = 0.05
    axes.add_patch(
        Rectangle((x + inner, y + inner), wide - 2 * inner, tall - 2 * inner, fill=False,
                  edgecolor=COLOURS[3] if cell.differs else LINE,
                  linewidth=3 if cell.differs else 1)
    )  # fmt: skip
    amount = words.amount(cell.mean, _unit(cell.way))
    amount = amount if _unit(cell.way) == "GBP" else f"{amount} averted"
    said = f"{wrapped(totals.label(cell.option), int(13 * wide))}\n{amount}"
    axes.text(x + wide / 2, y + tall / 2, said, ha="center", va="center", fontsize=8,
              fontweight="bold" if cell.differs else "normal", linespacing=1.1)  # fmt: skip


def _by_chance(found: Sequence[Cell]) -> list[str]:
    """Say under which readings the run's own draws, were they so few, would say something else."""
    said = []
    for reading in dict.fromkeys(one.reading for one in found):
        own = [one for one in found if one.reading == reading]
        if any(one.differs != one.flips for one in own):
            said.append(
                f"Reading {reading} has {own[0].draws} draws, and on as few this run's own first "
                "cell would be another."
            )
    return said


def _flips_said(totals: Totals, found: Sequence[Cell], missing: Sequence[str]) -> str:
    counted = [one for one in found if one.way.advises]
    other = [one for one in counted if one.differs]
    advised = words.quoted(totals.decision["advice"]["label"])
    text = (
        f"The advice, {advised}, is the same in {len(counted) - len(other)} of {len(counted)} ways "
        "of counting."
    )
    groups: dict[tuple[str, str], list[str]] = {}
    for one in other:
        way = f"{one.way.perspective.lower()} ({one.way.route})"
        groups.setdefault((one.reading, one.option), []).append(way)
    for (reading, option), found_in in groups.items():
        text += (
            f" Under reading {reading} it would be {words.quoted(totals.label(option))} for "
            f"{words.listed(found_in)}."
        )
    more = [*_by_chance(found), _not_assessed(missing)]
    text = " ".join([text, *(line for line in more if line)])
    return f"{text} A count of recorded incidents rewards silence and is never advice."
