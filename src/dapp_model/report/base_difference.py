"""The difference from the file that a scenario extends: one sentence an option, and one chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from dapp_model.chart_style import COLOURS, INK, SOFT, Chart, canvas, style
from dapp_model.chart_style import chart as drawn
from dapp_model.report import origins, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

_AVERTED: Final = "true_incidents_averted"
_VALUE: Final = "net_present_social_value"
_COST: Final = "net_public_cost"
_UNITS: Final = {_AVERTED: "incidents", _COST: "GBP", _VALUE: "GBP"}
_PANELS: Final = {
    _AVERTED: "True incidents averted",
    _COST: "Net public cost",
    _VALUE: "Net present social value",
}
_CLEAR: Final = 2.0  # Monte Carlo errors beyond which a mean is not put down to too few draws


def sentences(found: Found) -> list[str]:
    """Return what the change does, a sentence for each option, and what else must be known."""
    own = [one for one in found["options"] if not one["same"]]
    if not found["options"]:
        return [f"Nothing here can be set beside {found['base']}: no option is like one of its."]
    if not own:
        return [f"Every option is as in {found['base']}: there is no difference to show."]
    said = [_sentence(found, one) for one in own]
    unchanged = [words.quoted(one["label"]) for one in found["options"] if one["same"]]
    if unchanged:
        verb = "is" if len(unchanged) == 1 else "are"
        said.append(f"{words.listed(unchanged)} {verb} as in {found['base']}.")
    if not found["what_differs"]["done"]:
        said.append("Nothing is done differently: only what is assumed, or how it is counted.")
    elif found["what_differs"]["assumed"]:
        said.append("Both what is done and what is assumed differ, so this is the two together.")
    return [*said, *_window(found)]


def _window(found: Found) -> list[str]:
    """Say until when both are counted, where that is not what the base's own report counts."""
    ours, theirs, alone = found["window_ends"]
    if ours != theirs:
        return ["The two count until different days, which is part of the difference."]
    if ours == alone:
        return []
    return [
        f"Both are counted until {words.day(ours)}; {found['base']} by itself counts until "
        f"{words.day(alone)}, since its options do not start at the same times, so its own report "
        "has other numbers."
    ]


def _sentence(found: Found, one: Found) -> str:
    """Say what one option does against its like in the base, with intervals and error."""
    label = words.quoted(one["label"])
    same_name = one["option"] == one["base_option"]
    than = f"in {found['base']}" if same_name else words.quoted(one["base_label"])
    parts = []
    for name, texts in _TEXTS.items():
        spread, unit = one["measures"][name], _unit(name)
        size = _amount(abs(spread["mean"]), unit)
        nothing = origins.bare(size) in ("0", "\N{POUND SIGN}0")
        text = texts[2] if nothing else texts[0] if spread["mean"] > 0 else texts[1]
        turn = "" if nothing else ("fewer" if name == _AVERTED else "less")
        parts.append(f"{text.format(size=size, than=than)} ({_sure(spread, unit, turn)})")
    own = f", each against {words.quoted(found['comparator'])} of its own file" if same_name else ""
    return f"{label} {parts[0]}, {parts[1]}, and {parts[2]}{own}.{_clear(found, one)}"


_TEXTS: Final = {
    _AVERTED: (
        "averts {size} more incidents of abuse than {than}",
        "averts {size} fewer incidents of abuse than {than}",
        "averts as many incidents of abuse as {than}",
    ),
    _COST: (
        "costs public bodies {size} more net",
        "costs public bodies {size} less net",
        "costs public bodies as much net",
    ),
    _VALUE: (
        "with all costs and benefits counted is worth {size} more to society",
        "with all costs and benefits counted is worth {size} less to society",
        "with all costs and benefits counted is worth as much to society",
    ),
}


def _amount(value: float, unit: str) -> str:
    """Print a number; pence are below what rounding leaves in an account."""
    return words.amount(round(value, 0) if unit == "GBP" else value, unit)


def _unit(name: str) -> str:
    """Return what a number is followed or led by: pounds, or nothing."""
    return "GBP" if _UNITS[name] == "GBP" else ""


def _sure(spread: Found, unit: str, fewer: str) -> str:
    """Return interval and error; beside a mean below zero, in the words that the mean is told in.

    `fewer` is how less of it is called; empty where the mean is told without a direction.
    """
    text = f"90% interval {_between(spread, unit, fewer)}"
    error = spread["monte_carlo_error"]
    if error is None:
        return f"{text}, Monte Carlo error not known from one draw"
    return f"{text}, Monte Carlo error {_amount(error, unit)}"


def _between(spread: Found, unit: str, fewer: str) -> str:
    low, high = _amount(spread["low"], unit), _amount(spread["high"], unit)
    if not fewer or spread["mean"] > 0:
        return f"{low} to {high}"
    less, least = _amount(abs(spread["low"]), unit), _amount(abs(spread["high"]), unit)
    if spread["high"] > 0:
        return f"{less} {fewer} to {least} more"
    return f"{least} to {less} {fewer}"


def _clear(found: Found, one: Found) -> str:
    """Say whether the number of draws can tell the difference in value from none."""
    spread = one["measures"][_VALUE]
    error = spread["monte_carlo_error"]
    if error is not None and abs(spread["mean"]) > _CLEAR * error:
        return ""
    return (
        f" With {found['draws']} {'draw' if found['draws'] == 1 else 'draws'} the difference in "
        "value cannot be told from none."
    )


def table(found: Found) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return a heading and rows: each option and measure, with intervals and error."""
    kinds = ("mean", "low", "low50", "high50", "high", "monte_carlo_error")
    rows: list[list[object]] = [
        [one["option"], one["base_option"], name, _UNITS[name], *(spread[k] for k in kinds)]
        for one in found["options"]
        for name, spread in one["measures"].items()
    ]
    return ("option", "base_option", "measure", "unit", *kinds), rows


def chart(found: Found) -> Chart | None:
    """Draw what the change does to the three numbers of page one; None if nothing differs."""
    own = [one for one in found["options"] if not one["same"]]
    if not own:
        return None
    with style():
        return _drawn(found, own)


def _drawn(found: Found, own: Sequence[Found]) -> Chart:
    figure = canvas(10.0, 1.9 + 0.75 * len(own))
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (name, title) in zip(panels, _PANELS.items(), strict=True):
        _panel(axes, own, name, title)
    places = range(len(own))
    panels[0].set_yticks(places, [_label(one) for one in own])
    panels[0].set_ylim(len(own) - 0.4, -0.65)
    title = f"What the change does, against {found['base']}"
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11)
    figure.supxlabel(
        "Dot: mean of the draws. Thick bar: middle half of them. Thin line: nine in ten.",
        x=0.01, ha="left", fontsize=9, color=SOFT,
    )  # fmt: skip
    alternative = (
        "For each option three panels, each with a dot for the mean difference, a thick bar for "
        "the middle half of the draws and a thin line for nine draws in ten; zero is no "
        f"difference. {' '.join(sentences(found))}"
    )
    return drawn(figure, "difference_from_base", title, alternative, table(found))


def _panel(axes: Axes, own: Sequence[Found], name: str, title: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    unit = _unit(name)
    for i, one in enumerate(own):
        value = one["measures"][name]
        axes.plot([value["low"], value["high"]], [i, i], color=COLOURS[0], linewidth=2.0)
        axes.plot([value["low50"], value["high50"]], [i, i], color=COLOURS[0], linewidth=9.0,
                  solid_capstyle="butt")  # fmt: skip
        axes.plot([value["mean"]], [i], "o", color="white", markeredgecolor=INK, markersize=7)
        axes.annotate(
            _signed(value["mean"], unit), (value["mean"], i), (0, 10),
            textcoords="offset points", ha="center", va="bottom", fontsize=10, fontweight="bold",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1)
    axes.grid(axis="x", color=SOFT, alpha=0.25)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_title(title, fontsize=10)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: words.money(x) if unit else words.number(x))
    )
    axes.set_xlabel("less \N{LEFTWARDS ARROW}   \N{RIGHTWARDS ARROW} more", color=SOFT)


def _label(one: Found) -> str:
    import textwrap

    text = one["label"]
    if one["option"] != one["base_option"]:
        text += f", against {one['base_label']}"
    return "\n".join(textwrap.wrap(text, 24))


def _signed(value: float, unit: str) -> str:
    text = _amount(value, unit)
    return text if value <= 0 else f"+{text}"
