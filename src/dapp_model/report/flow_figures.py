"""The pathway as a flow: bands as wide as people are many, and where people are lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dapp_model.chart_style import COLOURS, INK, PAGE, Chart, bare, chart, wrapped
from dapp_model.report import words
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas
    from matplotlib.path import Path

# Losses that happen in one step alone, by the later stage of the step. The others may happen at
# any stage: who gives up or finds the programme closed may be waiting for a contact, an assessment
# or a place, and who is removed may have started or not.
OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "Reached": ("Could not be reached",),
    "Assessed": ("Refused",),
    "Started": ("Not suitable",),
    "Completed": ("Dropped out",),
}
BEFORE: Final = "Gave up waiting, no place, or removed"
REST: Final[Mapping[str, str]] = {
    "Reached": BEFORE,
    "Assessed": BEFORE,
    "Started": BEFORE,
    "Completed": "Removed",
}
OPEN: Final = "Still open at the end"  # at any stage; no stage is known for it either
_LEAST: Final = 0.05  # people on average, below which a loss has no band

_WIDE: Final = 2.1  # inches of the widest band
_THIN: Final = 0.04  # inches
_BEND: Final = 0.10  # inches, the inner radius where a loss turns off
_GAP: Final = 0.13  # inches between losses
_ROW: Final = 0.24  # inches down that the name of a loss needs
_SIDE: Final = 0.45  # inches from the edge of the flow to the end of a loss
_ROUND: Final = 0.5522847498307936  # of a radius, the handles of a quarter of a circle
_LEFT, _RIGHT, _TOP, _FOOT = 1.35, 3.7, 0.3, 0.75  # inches around the bands, for words


@dataclass(frozen=True)
class Step:
    """From one stage to the next: how many there were, how many go on, and who is lost by name."""

    before: str
    after: str
    people: float
    on: float
    lost: tuple[tuple[str, float], ...]


def steps(reached: Mapping[str, float], ends: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the steps of the pathway; the losses of a step add up to it.

    `reached` counts people by stage, `ends` by how their episode ended.
    """
    found = []
    still = f", or {OPEN.lower()}" if ends.get(OPEN, 0.0) > 0 else ""
    for before, after in pairwise(reached):
        people, on = reached[before], reached[after]
        own = [(name, ends[name]) for name in OWN[after]]
        rest = people - on - sum(count for _, count in own)
        found.append(Step(before, after, people, on, (*own, (REST[after] + still, rest))))
    return tuple(found)


@dataclass(frozen=True)
class Band:
    """A loss as drawn, in inches: `left` to `left + width` across, turning off `down` the page.

    It leaves the flow at `start` down the page, and ends at `end` across.
    """

    name: str
    people: float
    start: float
    left: float
    width: float
    down: float
    end: float


def bands(flow: Sequence[Step]) -> tuple[list[float], list[Band], float]:
    """Return how far down the stages stand, the bands of losses, and inches for each person.

    The part at the right of a step turns off first, so that no two cross.
    """
    scale = _WIDE / max(flow[0].people, 1e-9)
    down = 0.0
    stages = [down]
    found = []
    for step in flow:
        right = step.people * scale
        end = right + _BEND + _SIDE
        at = down + 0.22
        for name, people in step.lost:
            if people <= _LEAST:
                continue
            width = people * scale
            right -= width
            found.append(Band(name, people, down, right, width, at, end))
            at += max(_ROW, width) + _GAP
        down = max(at, down + 0.7)
        stages.append(down)
    return stages, found, scale


def pathway(totals: Totals) -> Chart:
    """Return the flow of people under the shown option; its data hold the comparator's too."""
    flows = {
        name: steps(totals.pathway(name), totals.ends(name))
        for name in (totals.comparator, totals.shown)
    }
    rows: list[list[object]] = []
    for name, flow in flows.items():
        rows.append([name, "", flow[0].before, "stage", flow[0].people])
        for step in flow:
            rows += [[name, step.before, lost, "lost", people] for lost, people in step.lost]
            rows.append([name, step.before, step.after, "stage", step.on])
    shown = flows[totals.shown]
    label, other = (words.quoted(totals.label(n)) for n in (totals.shown, totals.comparator))
    figure = _picture(
        shown,
        f"People under {label}, pilot and extension together (mean of draws).\n"
        "A band is as wide as people are many.",
    )
    losses = sorted(
        ((people, lost) for step in shown for lost, people in step.lost if people > _LEAST),
        key=lambda one: (-one[0], one[1]),
    )
    most = ""
    if losses:
        most = f" Most are lost here: {losses[0][1].lower()} ({words.whole(losses[0][0])})."
    text = (
        f"Of {words.whole(shown[0].people)} people referred under {label}, "
        f"{words.whole(shown[2].on)} start and {words.whole(shown[-1].on)} complete the "
        f"programme.{most} Under {other}, {words.whole(flows[totals.comparator][-1].on)} complete "
        f"it of {words.whole(flows[totals.comparator][0].people)} referred."
    )
    header = ("option", "from", "name", "what", "people")
    return chart(figure, "pathway", "Where people are lost", text, (header, rows))


def _picture(flow: Sequence[Step], note: str) -> Canvas:
    from matplotlib.patches import PathPatch, Rectangle

    stages, lost, scale = bands(flow)
    height = _TOP + stages[-1] + _FOOT
    figure, axes = bare(_LEFT + _WIDE + _RIGHT, height)
    top = height - _TOP
    for i, step in enumerate(flow):
        tall = stages[i + 1] - stages[i]
        axes.add_patch(Rectangle((_LEFT, top - stages[i + 1]), step.on * scale, tall,
                                 facecolor=COLOURS[0], linewidth=0))  # fmt: skip
    for one in lost:
        gap = one.width > _THIN  # a gap around a thin band would hide it
        edge = PAGE if gap else COLOURS[3]
        axes.add_patch(
            PathPatch(_turn(one, top), facecolor=COLOURS[3], edgecolor=edge, linewidth=1.0)
        )
        middle = top - one.down - _BEND - one.width / 2
        name = wrapped(f"{_count(one.people)}  {one.name.lower()}", 44)
        axes.text(_LEFT + one.end + 0.2, middle, name, va="center", fontsize=9)  # fmt: skip
    people = [flow[0].people, *(step.on for step in flow)]
    names = [flow[0].before, *(step.after for step in flow)]
    for at, count, name in zip(stages, people, names, strict=True):
        axes.plot([_LEFT, _LEFT + count * scale], [top - at] * 2, color=INK, linewidth=2.5,
                  solid_capstyle="butt")  # fmt: skip
        axes.text(_LEFT - 0.1, top - at, f"{name}\n{_count(count)}", ha="right", va="center",
                  fontweight="bold", linespacing=1.15)  # fmt: skip
    axes.text(0.1, 0.12, note, fontsize=8.5, va="bottom")
    return figure


def _turn(one: Band, top: float) -> Path:
    """Return the outline of a loss: down with the flow, a quarter turn, and to the right."""
    from matplotlib.path import Path

    left, right = _LEFT + one.left, _LEFT + one.left + one.width
    turn, end = top - one.down, _LEFT + one.end
    high, low = turn - _BEND, turn - _BEND - one.width
    inner, outer = _BEND * _ROUND, (_BEND + one.width) * _ROUND
    tip = (high + low) / 2
    line, curve = Path.LINETO, Path.CURVE4
    outline = [
        (Path.MOVETO, right, top - one.start),
        (line, right, turn),
        (curve, right, turn - inner),
        (curve, right + _BEND - inner, high),
        (curve, right + _BEND, high),
        (line, end, high),
        (line, end + min(0.12, one.width / 2), tip),
        (line, end, low),
        (line, right + _BEND, low),
        (curve, right + _BEND - outer, low),
        (curve, left, turn - outer),
        (curve, left, turn),
        (line, left, top - one.start),
        (Path.CLOSEPOLY, right, top - one.start),
    ]
    return Path([(x, y) for _, x, y in outline], [code for code, _, _ in outline])


def _count(people: float) -> str:
    """Print people, of whom there are no parts."""
    return words.whole(people)
