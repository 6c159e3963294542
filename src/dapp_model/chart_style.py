"""How every chart looks: colours, type and size, and the same bytes whenever it is drawn.

Colours and manner are those of the Government Analysis Function, as `afcharts` has them.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from afcharts.af_colours import get_af_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

MOST: Final = 4  # categories that colours tell apart in one chart
COLOURS: Final[tuple[str, ...]] = tuple(
    str(one) for one in get_af_colours("categorical", number_of_colours=MOST)
)
INK: Final = "#0B0C0C"  # text, axes
SOFT: Final = "#777776"  # what is said beside
LINE: Final = "#CCCCCC"  # lines of a grid, which carry no meaning
PAGE: Final = "#FFFFFF"  # gaps between fills that touch
# Behind words that would lie on a line.
BEHIND: Final[dict[str, Any]] = {"facecolor": PAGE, "edgecolor": "none", "pad": 0.8}
HATCHES: Final = ("", "///", "...", "xx")  # told apart without colour, as dashes tell lines
DASHES: Final = ("-", "--", ":", "-.")
CSS_DPI: Final = 96
MARK: Final = "Simulated by dapp_model"
# What else stands on each picture that is drawn now: see `standing`.
_STANDING: Final[ContextVar[tuple[str, ...]]] = ContextVar("standing", default=())
_MARK: Final = "foot-mark"
_FOOT: Final = 0.16  # inches
_LINE_HIGH: Final = 0.105  # inches
_LETTER: Final = 0.053  # inches
PNG_DPI: Final = 2 * CSS_DPI  # twice the size at which a page shows the chart

# On a dark page: each at least 3:1 against the page and against its neighbours in the order.
DARK: Final[Mapping[str, str]] = dict(
    zip(COLOURS, ("#2E7FC4", "#A9EBE3", "#C2408C", "#FFD0B5"), strict=True)
)
DARK_PAGE: Final = "#16181B"
_NAMES: Final[Mapping[str, str]] = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    PAGE: "var(--page)",
    **{colour: f"var(--chart-{i})" for i, colour in enumerate(COLOURS, 1)},
}
_OWN: Final[dict[Any, Any]] = {
    "svg.hashsalt": "dapp_model",
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,  # on paper too: pictures are about as wide as its text
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.grid": False,
    "axes.spines.left": True,
    "grid.color": LINE,
    "hatch.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
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
        text = re.sub(rf'<g id="{_MARK}">.*?</g>', "", text, flags=re.DOTALL)  # the page says it
        text = re.sub(r'\bid="', f'id="{self.name}-', text)
        text = re.sub(r'href="#', f'href="#{self.name}-', text)
        text = re.sub(r"url\(#", f"url(#{self.name}-", text)
        text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
        for colour, name in _NAMES.items():
            text = re.sub(colour, name, text, flags=re.IGNORECASE)
        label = f'<svg class="af-chart" role="img" aria-labelledby="{self.name}-t"'
        text = text.replace("<svg", label, 1)
        head, _, rest = text.partition(">")
        title = f'<title id="{self.name}-t">{_escaped(self.alternative)}</title>'
        return f"{head}>{title}<style>{_sheet()}</style>{rest}"


def _sheet() -> str:
    """Return the colours of charts on a page, light and dark."""

    def colours(of: Sequence[str]) -> str:
        return ";".join(f"--chart-{i}:{colour}" for i, colour in enumerate(of, 1))

    # Not in print, where pages are light.
    dark = f".af-chart{{{colours(tuple(DARK.values()))}}}"
    return f".af-chart{{{colours(COLOURS)}}}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as #12436D, 1 to 21.

    Source: Web Content Accessibility Guidelines 2.2, relative luminance.
    """
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# -- drawing --------------------------------------------------------------------------------------


def style() -> AbstractContextManager[None]:
    """Return the context in which charts are drawn."""
    import matplotlib

    sheet = files("afcharts") / "afcharts.mplstyle"
    found = matplotlib.rc_params_from_file(str(sheet), use_default_template=False)
    both: dict[Any, Any] = {**found, **_OWN}
    return matplotlib.rc_context(both)


@contextmanager
def standing(sentences: Sequence[str]) -> Iterator[None]:
    """Write these sentences on every picture drawn in this context, below the mark."""
    token = _STANDING.set(tuple(sentences))
    try:
        yield
    finally:
        _STANDING.reset(token)


def canvas(width: float, height: float) -> Canvas:
    """Return an empty picture of that size in inches of the page."""
    from matplotlib.figure import Figure as Canvas

    return Canvas(figsize=(width, height), layout="constrained")


def bare(width: float, height: float) -> tuple[Canvas, Axes]:
    """Return an empty picture without axes, in whose coordinates an inch is one."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height))
    axes: Axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    return figure, axes


def chart(
    figure: Canvas,
    name: str,
    title: str,
    alternative: str,
    data: tuple[Sequence[str], Sequence[Sequence[object]]],
) -> Chart:
    """Return a drawn picture as a chart: its data are a heading and rows."""
    svg, png = io.StringIO(), io.BytesIO()
    _mark(figure)
    figure.savefig(svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=PNG_DPI, facecolor=PAGE, metadata={"Software": None})
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


def _mark(figure: Canvas) -> None:
    """Write at the foot what a picture is, for whoever meets it without the words around it."""
    wide, high = (float(inches) for inches in figure.get_size_inches())
    # A letter of this size is some 0.05 inches wide.
    lines = textwrap.wrap(". ".join((MARK, *_STANDING.get())), max(20, int(wide / _LETTER)))
    foot_high = _FOOT + _LINE_HIGH * (len(lines) - 1)
    tall = high + foot_high
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()  # laid out as if there were no foot
        figure.set_layout_engine("none")
    figure.set_size_inches(wide, tall)
    for axes in figure.axes:
        left, low, across, up = axes.get_position().bounds
        axes.set_position((left, (foot_high + low * high) / tall, across, up * high / tall))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((x, (foot_high + y * high) / tall))
    foot = figure.text(0.02 / wide, 0.02 / tall, "\n".join(lines), fontsize=6.5, color=SOFT,
                       va="bottom", linespacing=1.1)  # fmt: skip
    foot.set_gid(_MARK)
    foot.set_in_layout(False)


def numbered(axis: Any, say: Callable[[float], str]) -> None:
    """Label an axis with numbers as `say` words them."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: say(value)))


def wrapped(text: str, width: int = 26) -> str:
    """Break a label into lines of about so many letters."""
    return "\n".join(textwrap.wrap(text, width))


def apart(wanted: Sequence[float], tall: Sequence[float]) -> list[float]:
    """Return heights near those wanted, in their order, at which labels do not overlap.

    `tall` is the height of each label, in the same unit.
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    found = list(wanted)
    # Labels that touch move as one block, so that none is pushed further than it has to be.
    blocks: list[list[int]] = []
    for i in order:
        blocks.append([i])
        _lay(blocks[-1], wanted, tall, found)
        while len(blocks) > 1 and _touch(blocks[-2][-1], blocks[-1][0], tall, found):
            last = blocks.pop()
            blocks[-1] += last
            _lay(blocks[-1], wanted, tall, found)
    return found


def _below_top(places: Sequence[float], tall: Sequence[float]) -> list[float]:
    """Push labels down that would stand above the axes, where the title is."""
    found = list(places)
    limit = 1.0
    for i in sorted(range(len(found)), key=lambda i: (-found[i], i)):
        found[i] = min(found[i], limit - tall[i] / 2)
        limit = found[i] - tall[i] / 2
    return found


def _touch(below: int, above: int, tall: Sequence[float], at: Sequence[float]) -> bool:
    return at[above] - at[below] < (tall[above] + tall[below]) / 2 - 1e-12


def _lay(
    block: Sequence[int], wanted: Sequence[float], tall: Sequence[float], found: list[float]
) -> None:
    """Lay labels on each other, their mean where it is wanted."""
    at, places = 0.0, [0.0]
    for below, above in pairwise(block):
        at += (tall[below] + tall[above]) / 2
        places.append(at)
    shift = sum(wanted[i] - place for i, place in zip(block, places, strict=True)) / len(block)
    for i, place in zip(block, places, strict=True):
        found[i] = place + shift


@dataclass(frozen=True)
class End:
    """Where a line ends, what it is called, and its colour."""

    y: float
    label: str
    colour: str


def label_ends(axes: Axes, x: float, ends: Sequence[End], *, inches: float) -> None:
    """Write the name of each line beside its end, so that no legend is needed.

    `inches` is about how tall the axes are. Call it when the limits of the axes are set.
    """
    low, high = axes.get_ylim()
    span = (high - low) or 1.0
    row = 0.15 / inches
    tall = [row * (one.label.count("\n") + 1) + 0.25 * row for one in ends]
    places = _below_top(apart([(one.y - low) / span for one in ends], tall), tall)
    for one, place in zip(ends, places, strict=True):
        axes.annotate(
            one.label,
            (x, one.y),
            xytext=(1.05, place),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            linespacing=1.0,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": one.colour,
                "linewidth": 1.2,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0.0, 0.5),
            },
        )


def curves(
    axes: Axes, x: Sequence[float], found: Mapping[str, Sequence[float]], *, inches: float
) -> None:
    """Draw a line for each name over x, with its name at its end; at most four have a colour."""
    kept = sorted(found, key=lambda name: -max(found[name]))[:MOST]
    ends = []
    for name in [one for one in found if one not in kept]:
        axes.plot(x, found[name], color=SOFT, linewidth=0.8)
    for i, name in enumerate(one for one in found if one in kept):
        axes.plot(x, found[name], DASHES[i], color=COLOURS[i], linewidth=2)
        ends.append(End(float(found[name][-1]), wrapped(name, 22), COLOURS[i]))
    axes.set_xlim(x[0], x[-1] if x[-1] > x[0] else x[0] + 1)
    axes.set_ylim(min(0.0, *(min(own) for own in found.values())), axes.get_ylim()[1])
    label_ends(axes, x[-1], ends, inches=inches)
