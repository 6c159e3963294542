"""One simulated draw in pounds and in harm to victims: what a worker keeps beside its counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import packed
from dapp_model.definitions import MEASURES
from dapp_model.economics import (
    Baseline,
    Line,
    Position,
    Summary,
    expected_homicides,
    incremental,
    positions,
    settings_of,
    summary,
    value,
    value_by_group,
)
from dapp_model.economics.prices import PENCE
from dapp_model.outcomes import Outcomes
from dapp_model.parts import Part

if TYPE_CHECKING:
    from dapp_model.economics import Account
    from dapp_model.parameters import Inputs

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# What the guard-rail counts, by the setting rail.outcome; homicide only as an expected value.
RAIL_MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "serious harm": ("true.violence_with_injury", "true.rape"),
    "violence with injury": ("true.violence_with_injury",),
    "all abuse": ("true.incidents",),
}
_WITH_HOMICIDE: Final = "serious harm"


@dataclass(frozen=True, eq=False)
class Valued:
    """All options of one draw, valued; options that are compared are all but the first.

    parameters: what the draw changed of the inputs. By option: lines; undiscounted and discounted
    GBP [line, year], means over repetitions; by repetition, summaries and positions against the
    comparator; present value [group, kind] less the comparator's. homicides: expected, float64
    [option, year]. serious_averted and serious_at_stake, float64 [option, repetition], are harm
    that the guard-rail looks at, from the year of the decision: averted against the comparator,
    and what happens under the comparator to victims of those whom the decision concerns. `shown`
    is what monitoring of the pilot would have shown by the decision, by figure, if there is one.
    """

    parameters: Mapping[str, Any]
    years: tuple[str, ...]
    year_0: int
    lines: Mapping[str, tuple[Line, ...]]
    money: Mapping[str, tuple[Floats, Floats]]
    summaries: Mapping[str, tuple[Summary, ...]]
    positions: Mapping[str, tuple[tuple[Position, ...], ...]]
    groups: Mapping[str, Floats]
    homicides: Floats
    serious_averted: Floats
    serious_at_stake: Floats
    shown: Mapping[str, float]


@dataclass(frozen=True)
class Span:
    """First calendar years of the financial years with which counts, money and advice begin.

    `level` says whether the counts are of the whole county, whose size is then looked at.
    """

    counts: int
    money: int
    decision: int
    level: bool = True


def value_draw(
    drawn: Inputs, counts: Counts, at_stake: Counts, span: Span, *, given: Mapping[str, Any]
) -> Valued:
    """Value one draw.

    `counts` and `at_stake` (what happens under the comparator to victims of those concerned) are
    int64 [repetition, option, group, measure, year]; `given` are the values before the draw.
    """
    names = drawn.options
    published = settings_of(drawn.values).published
    accounts, splits, levels = [], [], []
    for repetition in counts:
        outcomes = {
            name: Outcomes(name, span.money, repetition[i, ..., span.money - span.counts :])
            for i, name in enumerate(names)
        }
        accounts.append({name: value(outcomes[name], drawn) for name in names})
        # Whether the county has the right size is asked of its counts, not of the draw.
        level = value(outcomes[names[0]], drawn, settings=published) if span.level else None
        levels.append(level)
        splits.append({name: value_by_group(outcomes[name], drawn) for name in names})
    first = names[0]
    summaries = {
        name: tuple(
            summary(one[name], one[first], level=level)
            for one, level in zip(accounts, levels, strict=True)
        )
        for name in names[1:]
    }
    return Valued(
        parameters={n: v for n, v in drawn.values.items() if given[n] != v},
        years=accounts[0][first].years,
        year_0=accounts[0][first].year_0,
        lines={name: accounts[0][name].lines for name in names},
        money={name: _mean_money([one[name] for one in accounts]) for name in names},
        summaries=summaries,
        positions={
            name: tuple(positions(incremental(one[name], one[first])) for one in accounts)
            for name in names[1:]
        },
        groups={
            name: np.mean([split[name] - split[first] for split in splits], axis=0)
            for name in names[1:]
        },
        homicides=np.mean([[one[name].homicides for name in names] for one in accounts], axis=0),
        serious_averted=np.array(
            [
                _averted(drawn, counts, i, (span, summaries.get(name)))
                for i, name in enumerate(names)
            ]
        ),
        serious_at_stake=_at_stake(drawn, at_stake, span),
        shown={},
    )


def _measures(drawn: Inputs) -> list[int]:
    return [MEASURES.index(name) for name in RAIL_MEASURES[str(drawn.values["rail.outcome"])]]


def _with_homicide(drawn: Inputs) -> bool:
    return str(drawn.values["rail.outcome"]) == _WITH_HOMICIDE


def _averted(
    drawn: Inputs, counts: Counts, option: int, of: tuple[Span, Sequence[Summary] | None]
) -> list[float]:
    """Return harm averted by repetition, from the year of the decision on.

    Homicides averted are expected values: a sampled one would swamp the rest.
    """
    span, summaries = of
    own = counts[:, :, 0, _measures(drawn)][..., span.decision - span.counts :].sum(axis=(2, 3))
    averted = own[:, 0] - own[:, option]
    deaths = [0.0] * len(averted)
    if summaries is not None and _with_homicide(drawn):
        deaths = [one.homicides_averted for one in summaries]
    return [float(n) + death for n, death in zip(averted, deaths, strict=True)]


def _at_stake(drawn: Inputs, counts: Counts, span: Span) -> Floats:
    """Return harm under the comparator by option and repetition, from the year of the decision."""
    later = counts[..., span.decision - span.counts :]
    harm = later[:, :, 0, _measures(drawn)].sum(axis=(2, 3)).astype(np.float64)
    if _with_homicide(drawn):
        # Years of all repetitions and options one after the other: what is expected is by year.
        r, o, g, m, y = later.shape
        joined = later.transpose(2, 3, 0, 1, 4).reshape(g, m, r * o * y)
        deaths = expected_homicides(Outcomes(drawn.options[0], span.decision, joined), drawn)
        harm = harm + deaths.reshape(r, o, y).sum(axis=2)
    return np.asarray(harm.T)


def _mean_money(accounts: Sequence[Account]) -> tuple[Floats, Floats]:
    """Return mean undiscounted and discounted GBP over repetitions, [line, year]."""
    n = PENCE * len(accounts)
    undiscounted = sum(one.undiscounted_pence for one in accounts)
    discounted = sum(one.discounted_pence for one in accounts)
    return np.asarray(undiscounted / n), np.asarray(discounted / n)


_KNOWN: Final = packed.kinds(Valued, Summary, Baseline, Position)
_LINE: Final = tuple(one.name for one in fields(Line))
_VALUED: Final = "valued "  # and a number: arrays of what the draw is worth


def part(valued: Valued, more: Mapping[str, npt.NDArray[Any]]) -> Part:
    """Return a valued draw as it is kept, with more arrays beside it."""
    text, arrays = packed.pack(replace(valued, lines={}), _KNOWN)
    every = dict.fromkeys(line for lines in valued.lines.values() for line in lines)
    places = {line: i for i, line in enumerate(every)}
    of_options = {n: [places[line] for line in lines] for n, lines in valued.lines.items()}
    said = json.dumps([[_values(line) for line in every], of_options])
    named = {f"{_VALUED}{i}": one for i, one in enumerate(arrays)}
    return Part({**more, **named}, f"{said}\n{text}")


def _values(line: Line) -> list[Any]:
    return [getattr(line, name) for name in _LINE]


def of_part(found: Part) -> Valued:
    """Return the valued draw that a part holds."""
    said, text = found.text.split("\n", 1)
    arrays = {name.removeprefix(_VALUED): one for name, one in found.arrays.items()}
    valued: Valued = packed.unpack(text, arrays, _KNOWN)
    return replace(valued, lines=_lines(said))


@lru_cache(maxsize=8)
def _lines(text: str) -> Mapping[str, tuple[Line, ...]]:
    """Return the lines of each option's account; most draws have the same."""
    said, of_options = json.loads(text)
    every = [Line(*values) for values in said]
    return {name: tuple(every[place] for place in places) for name, places in of_options.items()}
