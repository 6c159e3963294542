"""One simulated person's story as a timeline, with and without an option.

The person is simulated, and so are the victims: nobody's life is told here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model.errors import InputErrors, Problem

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Rows = npt.NDArray[np.void]
COLUMN: Final = 42
NAMED: Final = 3  # how many people a message names as examples


@dataclass(frozen=True)
class Luck:
    """Which play of chance, and which engine tells it."""

    seed: int = 1
    replicate: int = 0
    engine: str = "fast"


@dataclass(frozen=True)
class Moment:
    """What happens at one time with the option and without; empty where nothing does.

    `kind` is the name of the event.
    """

    date: str
    without: str
    with_option: str
    kind: str


@dataclass(frozen=True)
class Story:
    """One person under the comparator and under an option."""

    person: int
    option: str
    comparator: str
    first_referral: str
    moments: tuple[Moment, ...]


def choose_option(inputs: Inputs, name: str | None) -> str:
    """Return the option to trace, the first after the comparator if none is named."""
    if name is None:
        return inputs.options[min(1, len(inputs.options) - 1)]
    if name not in inputs.options:
        expected = f"one of {', '.join(inputs.options)}"
        message = "The scenario has no such option."
        raise InputErrors((Problem(inputs.path, None, "--option", name, expected, message),))
    return name


def tell(inputs: Inputs, option: str, person: int | None, luck: Luck) -> Story:
    """Simulate the county with the option and with the comparator and follow one person.

    Without `person` the first is followed, of those referred, whose story the option changes; if
    it changes none, the first who is referred. Raises InputErrors if there is no such person.
    """
    comparator = inputs.options[0]
    logs = [_rows(inputs, name, luck) for name in (comparator, option)]
    referrals = np.concatenate([log[log["kind"] == ev.REFERRAL] for log in logs])
    order = np.lexsort((referrals["person"], referrals["time"]))
    referred = list(dict.fromkeys(referrals["person"][order].tolist()))
    if person is None:
        if not referred:
            message = "Nobody is referred in this scenario, so there is no story to choose."
            expected = "--person N, or a larger population.share"
            raise InputErrors((Problem(inputs.path, None, "--person", "", expected, message),))
        stories = ((one, *(log[log["person"] == one] for log in logs)) for one in referred)
        changed = (one for one, a, b in stories if not np.array_equal(a, b))
        person = int(next(changed, referred[0]))
    without, with_option = (log[log["person"] == person] for log in logs)
    if not len(without) and not len(with_option):
        examples = ", ".join(str(one) for one in referred[:NAMED])
        expected = f"somebody who was referred, such as {examples}" if examples else "somebody else"
        message = "There is no such person in this simulated county."
        raise InputErrors((Problem(inputs.path, None, "--person", str(person), expected, message),))
    own = referrals[order][referrals["person"][order] == person]
    first = _date(int(own["time"][0])) if len(own) else ""
    return Story(person, option, comparator, first, _moments(without, with_option))


def _rows(inputs: Inputs, option: str, luck: Luck) -> Rows:
    from dapp_model.engines import simulate

    log = simulate(
        inputs, option=option, seed=luck.seed, replicate=luck.replicate, engine=luck.engine
    )
    return log.array


def _moments(without: Rows, with_option: Rows) -> tuple[Moment, ...]:
    """Lay two stories side by side in the total order of events."""
    sides: dict[tuple[int, ...], list[str]] = {}
    for side, rows in enumerate((without, with_option)):
        for row in rows:
            key = tuple(int(row[name]) for name in (*ev.ORDER, "value", "detail"))
            sides.setdefault(key, ["", ""])[side] = words(row)
    kind = ev.ORDER.index("kind")
    return tuple(
        Moment(_date(key[0]), sides[key][0], sides[key][1], ev.KINDS[key[kind]].name)
        for key in sorted(sides)
    )


def _date(seconds: int) -> str:
    return str(np.datetime64(seconds, "s").astype("datetime64[D]"))


# -- events in words ------------------------------------------------------------------------------


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _entry(value: int, detail: int) -> str:
    needs = [need for i, need in enumerate(ev.NEEDS) if value >> (3 + i) & 1]
    who = "a man" if value & 1 else "a woman"
    text = f"{who} aged {ev.AGE_BANDS[value >> 1 & 3]}"
    return f"{text}, with needs: {', '.join(needs)}" if needs else text


def _case(value: int, detail: int) -> str:
    children = detail & 3
    whom = ev.RELATIONSHIPS[value] if value < 2 else ""
    article = "an" if whom[:1] in "aeiou" else "a"
    text = f"against {article} {whom}" if whom else "against another family member"
    if children:
        text += f", {_counted(children, 'child', 'children')} in the household"
    return text + (", a high-harm case" if detail & 4 else "")


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _offence(value: int) -> str:
    return "not a crime" if value == ev.NONE else _plain(ev.BEHAVIOURS[value])


def _incident(value: int, detail: int) -> str:
    what = "abuse that is not a crime" if value == ev.NONE else _plain(ev.BEHAVIOURS[value])
    return what + (", a child present" if detail & 1 else "")


_DETAILS: Final[Mapping[int, Callable[[int, int], str]]] = {
    ev.ENTRY: _entry,
    ev.RELATIONSHIP_START: _case,
    ev.INCIDENT: _incident,
    ev.REPORT: lambda v, d: "police attend" if v else "",
    ev.RECORD: lambda v, d: f"{_offence(v)}, risk graded {ev.GRADES[d]}",
    ev.CONVICTION: lambda v, d: ev.SENTENCES[v] if v else "",
    ev.CUSTODY_START: lambda v, d: _counted(v, "day", "days"),
    ev.COMMUNITY_ORDER: lambda v, d: "with Building Better Relationships" if v else "",
    ev.BBR_END: lambda v, d: "completed" if v else "not completed",
    ev.MARAC_REFERRAL: lambda v, d: ev.MARAC_SOURCES[v] + (", a repeat" if d & 1 else ""),
    ev.IDVA_START: lambda v, d: _counted(v, "day", "days"),
    ev.OUTREACH_START: lambda v, d: _counted(v, "day", "days"),
    ev.CHILD_REFERRAL: lambda v, d: _counted(v, "child", "children"),
    ev.RELATIONSHIP_END: lambda v, d: ev.ENDS[v],
    ev.EXIT: lambda v, d: ev.ENDS[v],
    ev.REFERRAL: lambda v, d: f"route: {ev.ROUTES[v]}",
    ev.CONTACT: lambda v, d: ("not reached", "refuses", "agrees")[v],
    ev.ASSESSMENT_END: lambda v, d: "suitable" if v else "not suitable",
    ev.SUPPORT_OFFER: lambda v, d: "taken up" if v else "not taken up",
    ev.WAITING: lambda v, d: ev.STREAMS[v],
    ev.SESSION: lambda v, d: f"number {v}",
    ev.EPISODE_END: lambda v, d: (
        f"{_plain(ev.OUTCOMES[v])}, {_counted(d, 'session', 'sessions')} attended"
    ),
    ev.START: lambda v, d: f"{ev.STREAMS[v]}, {d} sessions planned",
}


def words(row: np.void) -> str:
    """Say in plain words what an event is."""
    kind, value, detail = (int(row[name]) for name in ("kind", "value", "detail"))
    text = ev.KINDS[kind].words
    try:
        more = _DETAILS[kind](value, detail) if kind in _DETAILS else ""
    except IndexError:
        more = f"{value}, {detail}"
    return f"{text}: {more}" if more else text


# -- printing -------------------------------------------------------------------------------------


def lines(inputs: Inputs, story: Story) -> list[str]:
    """Return a timeline in two columns: without the option, and with it."""
    left, right = inputs.option(story.comparator).label, inputs.option(story.option).label
    heading = f"Person {story.person} of a simulated county; nobody real is described."
    referred = f"First referred to the programme on {story.first_referral}."
    found = [heading, referred if story.first_referral else "Never referred to the programme.", ""]
    found += _columns("date", f"Without: {left}", f"With: {right}")
    found.append("-" * (12 + 2 * COLUMN))
    last = ""
    for one in story.moments:
        found += _columns("" if one.date == last else one.date, one.without, one.with_option)
        last = one.date
    apart = sum(one.without != one.with_option for one in story.moments)
    found += ["", f"{len(story.moments)} events, of which {apart} are in one of the two only."]
    return found


def _columns(date: str, left: str, right: str) -> list[str]:
    sides = [textwrap.wrap(text, COLUMN - 2) or [""] for text in (left, right)]
    rows = zip_longest([date], *sides, fillvalue="")
    return [f"{a:<12}{b:<{COLUMN}}{c}".rstrip() for a, b, c in rows]


def as_dict(story: Story) -> dict[str, Any]:
    """Return a story for machines."""
    return asdict(story)
