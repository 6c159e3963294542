"""Simulate the options of a scenario together; evaluate designs of many rows of inputs.

Options share people, luck and work. `evaluate` and what it takes are those of `designs`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import model
from dapp_model.designs import Design as Design
from dapp_model.designs import Evaluation as Evaluation
from dapp_model.designs import How as How
from dapp_model.designs import evaluate as evaluate
from dapp_model.engines import simulate
from dapp_model.outcomes import Outcomes, measure, measure_some
from dapp_model.parts import Part

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.engines.sharing import Lived
    from dapp_model.model import World
    from dapp_model.parameters import Inputs


def with_share(inputs: Inputs, share: float) -> Inputs:
    """Return the inputs for another share of the county."""
    table = {
        name: replace(option, levers={**option.levers, "population.share": share})
        for name, option in inputs.option_table.items()
    }
    return replace(inputs, population_share=share, option_table=table)


_CAUSE = ("person", "relationship", "ordinal")


def families(worlds: Iterable[World]) -> list[list[World]]:
    """Group options that share the county: they differ in nothing but the programme."""
    found: list[list[World]] = []
    for world in worlds:
        for family in found:
            if world.same_county(family[0]):
                family.append(world)
                break
        else:
            found.append([world])
    return found


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Outcomes of each option in one replicate, and what is at stake for victims.

    `outcomes` are as `evaluate_options` or `evaluate_differences` gives them. `at_stake` holds, by
    option, what happens under the first option to the victims of those whom the decision concerns:
    who come a step further in the programme after it, under the first option or the other.
    `referred`: int64 [n, 2], number and entry time of those the first option refers.
    """

    outcomes: Mapping[str, Outcomes]
    at_stake: Mapping[str, Outcomes]
    referred: npt.NDArray[np.int64]


Counts = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]
_STEPS: Final = np.isin(
    np.arange(64), (ev.REFERRAL, ev.ASSESSMENT_START, ev.ASSESSMENT_END, ev.START)
)


class _Lived(NamedTuple):
    """One option: its outcomes, and what happens to all who are referred, at least.

    elsewhere: what those of them do under the first option of whom its own rows say nothing.
    """

    outcomes: Outcomes
    lived: Lived
    elsewhere: Rows


Lives = Iterator[_Lived]


def evaluate_options(
    inputs: Inputs,
    *,
    seed: int,
    replicate: int,
    engine: str = "fast",
    options: Sequence[str] | None = None,
) -> Mapping[str, Outcomes]:
    """Return the outcomes of each option in one replicate.

    The county of the options that differ only in the programme is simulated once; under each of
    them only the people whom any of them can reach are simulated again. Options that change
    county-wide rates are simulated whole.
    """
    names = tuple(options or inputs.options)
    key = (seed, replicate)
    if engine == "reference":
        lives = _by_reference(inputs, names, key)
    else:
        lives = _whole(families(model.tabulate_all(inputs, names).values()), key)
    found = {one.outcomes.option: one.outcomes for one in lives}
    return {name: found[name] for name in names}


def evaluate_differences(
    inputs: Inputs, *, seed: int, replicate: int, options: Sequence[str] | None = None
) -> Mapping[str, Outcomes]:
    """Return outcomes whose differences are those of `evaluate_options`, much sooner.

    The first option's are of those alone whom the programme can reach; those of the others differ
    from them by exactly what the whole county would. Options that change county-wide rates are
    simulated whole, and so is then the first option.
    """
    names = tuple(options or inputs.options)
    grouped = families(model.tabulate_all(inputs, names).values())
    lives = _reached(grouped, (seed, replicate))
    found = {one.outcomes.option: one.outcomes for one in lives}
    return {name: found[name] for name in names}


def replicated(
    inputs: Inputs,
    *,
    seed: int,
    replicates: Sequence[int],
    engine: str = "fast",
    whole: bool = True,
) -> tuple[Evaluated, ...]:
    """Return, for each replicate, outcomes of every option and what is at stake for victims.

    `whole` chooses between `evaluate_options` and `evaluate_differences`.
    """
    names = inputs.options
    if engine == "reference":
        return tuple(
            _with_stakes(inputs, _by_reference(inputs, names, (seed, r))) for r in replicates
        )
    grouped = families(model.tabulate_all(inputs, names).values())
    lives = _whole if whole else _reached
    return tuple(_with_stakes(inputs, lives(grouped, (seed, r))) for r in replicates)


def _with_stakes(inputs: Inputs, lives: Lives) -> Evaluated:
    """Gather outcomes, and count what is at stake: what happens under the first option to victims.

    Of those whom the decision concerns under it or under the other option (`_concerned`). Those
    whom another option concerns besides are few, so they alone are counted anew for it.
    """
    comparator = inputs.options[0]
    since = model.seconds(model.decision_date(inputs, inputs.option(comparator).levers))

    def counted(rows: Rows, people: npt.NDArray[np.int64]) -> Outcomes:
        return measure_some(rows, people, comparator, inputs)

    def under_it(people: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        left = np.intersect1d(people, base.left_alone)
        return counted(base.own, people).counts + counted(base.alone, left).counts

    outcomes: dict[str, Outcomes] = {}
    at_stake: dict[str, Outcomes] = {}
    alone = _Alone(since)
    for one, lived, elsewhere in lives:
        concerned = np.union1d(_concerned(lived.own, since), alone.concerned(lived))
        outcomes[one.option] = one
        if not at_stake:  # the comparator comes first
            base = lived
            everyone = concerned
            first = replace(one, counts=under_it(concerned))
            entries = _entries_of_referred(lived)
            at_stake[one.option] = first
            continue
        others = np.setdiff1d(concerned, everyone, assume_unique=True)
        counts = first.counts + under_it(others)
        if len(elsewhere):
            counts = counts + counted(_by_person(elsewhere), others).counts
        at_stake[one.option] = replace(first, counts=counts)
    names = inputs.options
    return Evaluated(
        {n: outcomes[n] for n in names},
        {n: at_stake[n] for n in names},
        entries,
    )


def _entries_of_referred(lived: Lived) -> npt.NDArray[np.int64]:
    """Return everybody who is referred, by number, and when they entered: int64 [n, 2]."""
    found = []
    for rows, among in ((lived.own, None), (lived.alone, lived.left_alone)):
        people = _referred(rows)
        people = people if among is None else np.intersect1d(people, among)
        entries = rows[rows["kind"] == ev.ENTRY]
        entries = entries[np.isin(entries["person"], people)]
        found.append(np.stack([entries["person"], entries["time"]], axis=1))
    every = np.concatenate(found).astype(np.int64)
    return every[np.argsort(every[:, 0])]


class _Alone:
    """Whom a decision concerns of those left alone, whose lives many options share."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.rows: Rows | None = None
        self.found = np.zeros(0, np.int64)

    def concerned(self, lived: Lived) -> npt.NDArray[np.int64]:
        """Return what `_concerned` does of those left alone under an option."""
        if self.rows is not lived.alone:
            self.rows, self.found = lived.alone, _concerned(lived.alone, self.since)
        return np.intersect1d(self.found, lived.left_alone)


def _referred(rows: Rows) -> npt.NDArray[np.int64]:
    return np.unique(rows["person"][rows["kind"] == ev.REFERRAL])


def _concerned(rows: Rows, since: int) -> npt.NDArray[np.int64]:
    """Return whom a decision at second `since` concerns: who comes a step further from then on.

    Whoever is referred, assessed, accepted or started after it. Cohorts that have started by then
    are the same in every option, and whoever has dropped out of an earlier cohort is too, so their
    victims' harm is no part of what is at stake.
    """
    step = _STEPS[rows["kind"]] & (rows["time"] >= since)
    return np.unique(rows["person"][step])


def _by_person(rows: Rows) -> Rows:
    """Return rows in the order of people's numbers."""
    return rows[np.argsort(rows["person"], kind="stable")]


def _by_reference(inputs: Inputs, names: Sequence[str], key: tuple[int, int]) -> Lives:
    """Yield outcomes of the whole county by the reference engine, with its rows."""
    from dapp_model.engines.sharing import of_rows

    seed, replicate = key
    for name in names:
        log = simulate(inputs, option=name, seed=seed, replicate=replicate, engine="reference")
        yield _Lived(measure(log, inputs), of_rows(_by_person(log.array)), log.array[:0])


def _whole(grouped: Sequence[Sequence[World]], key: tuple[int, int]) -> Lives:
    """Yield outcomes of the whole county, with the rows of those who can be reached."""
    from dapp_model.engines import fast, together

    comparator = grouped[0][0]
    for number, family in enumerate(grouped):
        census = fast.take_census(list(family), *key)
        if not number:
            known = census.people[:, 0]
        for one, lived in _under_each(family, census.people, key):
            elsewhere = lived.own[:0]
            if number:
                # Whom the first option's programme cannot reach lives there by themselves.
                strangers = np.setdiff1d(_referred(lived.rows), known)
                chosen = census.people[np.isin(census.people[:, 0], strangers)]
                elsewhere = together.live_together(comparator, chosen, *key)
            counts = census.counts + one.counts
            yield _Lived(replace(one, counts=counts), lived, elsewhere)


def _under_each(
    family: Sequence[World], people: npt.NDArray[np.int64], key: tuple[int, int]
) -> Iterator[tuple[Outcomes, Lived]]:
    """Yield, under each option, the outcomes of these people and what happens to them."""
    from dapp_model.engines import fast, sharing

    for world, lived in zip(family, sharing.live_under_each(family, people, *key), strict=True):
        counts, first_year = fast.count(lived, world)
        yield Outcomes(world.option, first_year, counts), lived


def _reached(grouped: Sequence[Sequence[World]], key: tuple[int, int]) -> Lives:
    """Yield outcomes whose differences are those of the county, with the rows behind them."""
    from dapp_model.engines import fast

    ours, *others = grouped
    people = fast.find_reached(list(ours), *key)
    first: Outcomes | None = None
    for one, lived in _under_each(ours, people, key):
        first = first or one
        yield _Lived(one, lived, lived.own[:0])
    if not others or first is None:
        return
    comparator: Outcomes | None = None
    for whole in _whole([ours[:1], *others], key):
        if comparator is None:
            comparator = whole.outcomes
            continue
        counts = first.counts + whole.outcomes.counts - comparator.counts
        yield whole._replace(outcomes=replace(whole.outcomes, counts=counts))


def find_reached(inputs: Inputs, *, seed: int, replicate: int) -> npt.NDArray[np.int64]:
    """Return whom the programme can reach under any option: int64 [n, 2], number and entry time.

    Options that change county-wide rates are left out.
    """
    from dapp_model.engines import fast

    ours = families(model.tabulate_all(inputs).values())[0]
    return fast.find_reached(ours, seed, replicate)


def ledger(
    inputs: Inputs, *, seed: int, replicate: int, options: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return the counterfactual ledger of everyone whom a programme-only option can reach.

    One row for each true incident that is in the comparator or in the option and not in both:
    option, person, relationship, behaviour, time, in_comparator, in_option, recorded, referred.
    Recorded means that the police recorded it where it happened, be it on a day on which they had
    recorded the victim already. Options that change the whole county are left out. One person's
    place displaces another's.
    """
    import pandas as pd

    from dapp_model.engines import fast, together

    names = tuple(options or inputs.options)
    comparator = inputs.options[0]
    worlds = model.tabulate_all(inputs, tuple({comparator, *names}))
    base = worlds[comparator]
    family = [w for w in worlds.values() if w.same_county(base)]
    people = fast.take_census(family, seed, replicate).people

    def incidents(world: World) -> tuple[pd.DataFrame, set[int]]:
        rows = together.live_together(world, people, seed, replicate)
        own = rows[rows["kind"] == ev.INCIDENT]
        referred = set(rows["person"][rows["kind"] == ev.REFERRAL].tolist())
        keys = ("person", "relationship", "ordinal", "time", "value")
        frame = pd.DataFrame({k: own[k] for k in keys})
        # A record has the ordinal of the incident that it is about.
        records = rows[rows["kind"] == ev.RECORD]
        known = pd.MultiIndex.from_arrays([records[k] for k in _CAUSE])
        frame["recorded"] = pd.MultiIndex.from_arrays([own[k] for k in _CAUSE]).isin(known)
        return frame, referred

    first, referred_first = incidents(base)
    frames = []
    for name in names:
        if name == comparator or not worlds[name].same_county(base):
            continue
        other, referred = incidents(worlds[name])
        keys = [name for name in first.columns if name != "recorded"]
        both = first.merge(other, how="outer", on=keys, indicator=True, suffixes=("", "_other"))
        changed = both[both["_merge"] != "both"].copy()
        here = changed["_merge"] == "left_only"
        changed["recorded"] = changed["recorded"].where(here, changed["recorded_other"])
        changed["recorded"] = changed["recorded"].astype(bool)
        changed.insert(0, "option", name)
        changed["in_comparator"] = changed["_merge"] == "left_only"
        changed["in_option"] = changed["_merge"] == "right_only"
        changed["referred"] = changed["person"].isin(referred | referred_first)
        changed["behaviour"] = np.array(ev.BEHAVIOURS)[changed["value"].to_numpy()]
        changed["time"] = changed["time"].to_numpy().astype("datetime64[s]")
        frames.append(changed.drop(columns=["_merge", "value", "ordinal", "recorded_other"]))
    if not frames:
        columns = ["option", "person", "relationship", "time", "in_comparator", "in_option"]
        return pd.DataFrame(columns=[*columns, "recorded", "referred", "behaviour"])
    return pd.concat(frames, ignore_index=True).sort_values(
        ["option", "time", "person", "relationship"], ignore_index=True
    )


# -- designs that only count ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Counting:
    """What all rows of a design share that keeps the counts of each option."""

    inputs: Inputs
    seed: int
    replications: int
    engine: str


def draw_inputs(inputs: Inputs, number: int, seed: int) -> Inputs:
    """Return the inputs under one joint draw of what is not known.

    What the posterior holds comes from its row of that number; other evidence from its priors.
    """
    from dapp_model import fitted
    from dapp_model.distributions import draw

    return fitted.placed(draw(inputs, 1, seed, first=number)[0], number)


def of_draws(
    inputs: Inputs, draws: int, *, seed: int = 1, replications: int = 1, engine: str = "fast"
) -> Design:
    """Return the design that counts every option under joint draws of what is not known."""
    shared = _Counting(inputs, seed, replications, engine)
    text = f"draws|{inputs.resolved_toml()}"
    return _counted(shared, range(draws), text)


def of_inputs(
    rows: Sequence[Inputs], *, seed: int = 1, replications: int = 1, engine: str = "fast"
) -> Design:
    """Return the design that counts every option under each of many inputs, with its own luck.

    All rows have the same options.
    """
    shared = _Counting(rows[0], seed, replications, engine)
    text = "inputs|" + "\0".join(one.resolved_toml() for one in rows)
    return _counted(shared, list(enumerate(rows)), text)


def _counted(shared: _Counting, rows: Sequence[Any], text: str) -> Design:
    from dapp_model.made_with import what_counts

    how = (shared.seed, shared.replications, shared.engine, sorted(what_counts().items()))
    key = hashlib.blake2b(f"{text}|{how}".encode(), digest_size=8).hexdigest()
    names = [f"row_{number:06d}" for number in range(len(rows))]
    return Design(shared, rows, _count_row, names, key)


def _count_row(shared: _Counting, row: int | tuple[int, Inputs]) -> Part:
    if isinstance(row, tuple):
        number, drawn = row
    else:
        number, drawn = row, draw_inputs(shared.inputs, row, shared.seed)
    options = drawn.options
    counts = []
    for repetition in range(shared.replications):
        replicate = number * shared.replications + repetition
        found = evaluate_options(drawn, seed=shared.seed, replicate=replicate, engine=shared.engine)
        counts.append(np.stack([found[name].counts for name in options]))
    first_year = found[options[0]].first_year
    return Part({"counts": np.stack(counts), "first_year": np.array([first_year])})


def counts_of(part: Part, options: Sequence[str]) -> list[Mapping[str, Outcomes]]:
    """Return the outcomes by option of each repetition, of a row that a counting design kept."""
    first_year = int(part.arrays["first_year"][0])
    return [
        {name: Outcomes(name, first_year, own) for name, own in zip(options, one, strict=True)}
        for one in part.arrays["counts"]
    ]
