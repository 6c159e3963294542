"""The pictures of an analysis, in the colours and the manner of the evidence pack."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.report import words
from dapp_model.report.figures import COLOURS, INK, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

_DASHES: Final = ("-", "--", ":", "-.")
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
class Picture:
    """A drawn picture: SVG, and what it shows in words."""

    name: str
    title: str
    alternative: str
    svg: str


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
    """Draw bars from top to bottom, in the order given."""
    import matplotlib

    with matplotlib.rc_context(_RC):
        figure, axes = _canvas(8.0, 1.2 + 0.32 * max(1, len(found)))
        for i, bar in enumerate(found):
            axes.plot([bar.start, bar.end], [i, i], color=COLOURS[0], linewidth=8, alpha=0.8,
                      solid_capstyle="butt")  # fmt: skip
            if bar.half_width > 0:
                ends = [bar.end - bar.half_width, bar.end + bar.half_width]
                axes.plot(ends, [i, i], color=INK, linewidth=1.2)
        axes.set_yticks(range(len(found)), [bar.label for bar in found])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlabel(said.x)
        if pounds:
            _pounds(axes.xaxis)
        return _picture(figure, said)


def lines(said: Words, x: Sequence[float], found: Mapping[str, Sequence[float]]) -> Picture:
    """Draw a line for each name over x, told apart by colour and dashes; x is in GBP or a count."""
    import matplotlib

    with matplotlib.rc_context(_RC):
        figure, axes = _canvas(8.0, 4.5)
        for i, (name, values) in enumerate(found.items()):
            style = _DASHES[i // len(COLOURS) % len(_DASHES)]
            axes.plot(x, values, style, color=COLOURS[i % len(COLOURS)], label=name)
        axes.set_xlabel(said.x)
        axes.set_ylabel(said.y)
        figure.legend(loc="outside lower center", ncols=2)
        return _picture(figure, said)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _pounds(axis: Any) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: words.money(value)))


def _picture(figure: Figure, said: Words) -> Picture:
    svg = io.StringIO()
    figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return Picture(said.name, said.title, said.alternative, svg.getvalue())
