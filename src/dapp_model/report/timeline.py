"""One simulated person's story as a picture: two lanes, without the option and with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from dapp_model import events as ev
from dapp_model import whole
from dapp_model.chart_style import (
    BEHIND,
    COLOURS,
    INK,
    LINE,
    PAGE,
    Chart,
    canvas,
    chart,
    standing,
    style,
    wrapped,
)
from dapp_model.report import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dapp_model.parameters import Inputs
    from dapp_model.trace import Moment, Story

NAME: Final = "timeline"
ABUSE, POLICE, VICTIMS, PROGRAMME = range(4)
GROUPS: Final = (
    "Abuse",
    "Police and courts",
    "Victims and children: support",
    "The programme",
)
# What is a case's own frame, and belongs to none of the groups.
_CASE: Final = frozenset({ev.ENTRY, ev.RELATIONSHIP_START, ev.RELATIONSHIP_END, ev.EXIT})
_OF_VICTIMS: Final = frozenset(
    {
        ev.MARAC_REFERRAL, ev.MARAC_HEARING, ev.IDVA_START, ev.OUTREACH_START, ev.CHILD_REFERRAL,
        ev.CHILD_IN_NEED, ev.CHILD_PLAN, ev.LOOKED_AFTER, ev.SUPPORT_OFFER, ev.SUPPORT_START,
        ev.SUPPORT_END,
    }
)  # fmt: skip
_MARKS: Final = ("X", "s", "D", "o")  # by group, so that colour is not needed
_SIDES: Final = ("without", "with_option")
_NAMED: Final[Mapping[int, str]] = {
    ev.REFERRAL: "referred",
    ev.START: "starts",
    ev.EPISODE_END: "ends",
}
_BY_NAME: Final = {kind.name: number for number, kind in ev.KINDS.items()}


def group_of(kind: int) -> int | None:
    """Return to which group an event belongs; None for the beginning and end of a case."""
    if kind in _CASE:
        return None
    if kind == ev.INCIDENT:
        return ABUSE
    if kind in _OF_VICTIMS:
        return VICTIMS
    return PROGRAMME if kind >= ev.FIRST_PROGRAMME_KIND else POLICE


def picture(inputs: Inputs, story: Story, marks: Sequence[str] = ()) -> Chart:
    """Return the timeline of a story. What happens in one lane alone has a full mark.

    `marks` are sentences that hold of everything from this scenario.
    """
    labels = [inputs.option(name).label for name in (story.comparator, story.option)]
    first, last = _span(story)
    with style(), standing(words.on_pictures(marks)):
        figure = canvas(9.0, 5.2)
        axes: Sequence[Axes] = figure.subplots(2, 1, sharex=True)
        for side, (one, label) in enumerate(zip(axes, labels, strict=True)):
            _lane(one, story, side)
            one.set_title(f"{('Without', 'With')[side]}: {label}")
        axes[1].set_xlim(first, last)
        _years(axes[1], first, last)
        axes[1].set_xlabel(
            "Full mark: happens in this lane alone. Upright line: happens in both. "
            "Dotted: a case begins or ends.\n"
            f"Person {story.person} of a simulated county, victims too: nobody real is described."
        )
        header = ("date", "without", "with_option", "kind", "group", "in_one_alone")
        rows = [
            [m.date, m.without, m.with_option, m.kind, _group_name(m), int(_alone(m))]
            for m in story.moments
        ]
        title = f"A simulated person's timeline, person {story.person}"
        return chart(figure, NAME, title, _said(story, labels), (header, rows))


def _group_name(moment: Moment) -> str:
    group = group_of(_BY_NAME[moment.kind])
    return "" if group is None else GROUPS[group]


def _alone(moment: Moment) -> bool:
    return moment.without != moment.with_option


def _day(date: str) -> float:
    return float(np.datetime64(date, "D").astype(np.int64))


def _span(story: Story) -> tuple[float, float]:
    """Return the first and last day of the picture, in days, with room at both ends."""
    days = [_day(m.date) for m in story.moments]
    room = max(30.0, 0.03 * (max(days) - min(days)))
    return min(days) - room, max(days) + room


def _lane(axes: Axes, story: Story, side: int) -> None:
    own = [m for m in story.moments if getattr(m, _SIDES[side])]
    for group in range(len(GROUPS)):
        y = -group
        axes.axhline(y, color=LINE, linewidth=0.8, zorder=0)
        found = [m for m in own if group_of(_BY_NAME[m.kind]) == group]
        both, alone = ([_day(m.date) for m in found if _alone(m) == one] for one in (False, True))
        axes.plot(both, [y] * len(both), "|", markersize=11, color=COLOURS[group],
                  markeredgewidth=1.0, alpha=0.75)  # fmt: skip
        axes.plot(alone, [y] * len(alone), _MARKS[group], linestyle="none", markersize=6.5,
                  color=COLOURS[group], markeredgecolor=PAGE, markeredgewidth=0.4)  # fmt: skip
        count = f"{len(found):,} {'event' if len(found) == 1 else 'events'}"
        axes.annotate(count, (1.0, y), xycoords=("axes fraction", "data"), xytext=(6, 0),
                      textcoords="offset points", va="center", fontsize=9)  # fmt: skip
        if group == PROGRAMME:
            _programme_words(axes, found, y)
    for moment in own:
        if _BY_NAME[moment.kind] in _CASE:
            axes.axvline(_day(moment.date), color=INK, linewidth=0.8, linestyle=":", zorder=0)
    axes.set_yticks([-g for g in range(len(GROUPS))], [wrapped(name, 20) for name in GROUPS])
    axes.set_ylim(-len(GROUPS) + 0.1, 0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _programme_words(axes: Axes, found: Sequence[Moment], y: float) -> None:
    """Name the landmarks of the programme once each, where they do not lie on each other."""
    last = -1e9
    low, high = _day(found[0].date) if found else 0.0, _day(found[-1].date) if found else 0.0
    for moment in found:
        word = _NAMED.get(_BY_NAME[moment.kind])
        at = _day(moment.date)
        if word and at - last > max(240.0, 0.08 * (high - low)):
            axes.annotate(word, (at, y), xytext=(0, -7), textcoords="offset points", ha="center",
                          va="top", fontsize=8, bbox=BEHIND)  # fmt: skip
            last = at


def _years(axes: Axes, first: float, last: float) -> None:
    begin, end = (int(str(np.datetime64(int(day), "D"))[:4]) for day in (first, last))
    step = max(1, (end - begin + 1) // 8)
    shown = list(range(begin, end + 2, step))
    places = [_day(f"{year}-01-01") for year in shown]
    kept = [(p, str(y)) for p, y in zip(places, shown, strict=True) if first <= p <= last]
    axes.set_xticks([p for p, _ in kept], [y for _, y in kept])


def _said(story: Story, labels: Sequence[str]) -> str:
    counts = []
    for side in _SIDES:
        own = [m for m in story.moments if getattr(m, side)]
        kinds = [_BY_NAME[m.kind] for m in own]
        counts.append(
            {
                "incidents of abuse": kinds.count(ev.INCIDENT),
                "recorded by the police": kinds.count(ev.RECORD),
                "sessions attended": kinds.count(ev.SESSION),
            }
        )
    each = [
        f"{('without', 'with')[i]} the option (\N{LEFT SINGLE QUOTATION MARK}{labels[i]}"
        f"\N{RIGHT SINGLE QUOTATION MARK}) "
        + ", ".join(f"{number} {name}" for name, number in one.items())
        for i, one in enumerate(counts)
    ]
    when = (
        f"First referred to the programme on {story.first_referral}."
        if story.first_referral
        else "Never referred to the programme."
    )
    apart = sum(_alone(m) for m in story.moments)
    return (
        f"Person {story.person} of a simulated county, and simulated victims: nobody real is "
        f"described. {when} The story has, {'; '.join(each)}. Of {len(story.moments)} events, "
        f"{apart} happen in one of the two alone."
    )


# -- writing --------------------------------------------------------------------------------------


def place(inputs: Inputs, story: Story) -> Path:
    """Return the folder of a timeline if none is named."""
    return Path("results") / inputs.name / f"trace-{story.option}-person{story.person}"


def write(folder: Path, found: Chart, marks: Sequence[str]) -> Path:
    """Write a timeline with its data and its text alternative, and return the folder.

    The files of an earlier timeline are replaced and others left alone. Raises RunError.
    """
    from dapp_model.report.figures import write as write_chart
    from dapp_model.tables import write_csv

    with whole.added(folder, "The timeline") as made:
        write_chart(made, found, marks)
        write_csv(made / f"{NAME}.csv", found.header, found.rows)
    return folder
