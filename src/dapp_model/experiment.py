"""Simulate the options of a scenario together, so that they share people, luck and work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import model
from dapp_model.engines import simulate
from dapp_model.outcomes import Outcomes, measure

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.model import World
    from dapp_model.parameters import Inputs


_CAUSE = ("person", "relationship", "ordinal")


def families(worlds: Sequence[World]) -> list[list[World]]:
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
    if engine == "reference":
        return {
            name: measure(
                simulate(inputs, option=name, seed=seed, replicate=replicate, engine=engine), inputs
            )
            for name in names
        }
    from dapp_model.engines import fast

    found: dict[str, Outcomes] = {}
    for family in families([model.tabulate(inputs, name) for name in names]):
        census = fast.take_census(family, seed, replicate)
        for world in family:
            rows = fast.live_together(world, census.people, seed, replicate)
            counts, first_year = fast.count(rows, world)
            found[world.option] = Outcomes(world.option, first_year, census.counts + counts)
    return {name: found[name] for name in names}


def evaluate_differences(
    inputs: Inputs, *, seed: int, replicate: int, options: Sequence[str] | None = None
) -> Mapping[str, Outcomes]:
    """Return outcomes whose differences are those of `evaluate_options`, much sooner.

    The first option's are of those alone whom the programme can reach; those of the others differ
    from them by exactly what the whole county would. Options that change county-wide rates are
    simulated whole, and so is then the first option.
    """
    from dapp_model.engines import fast

    names = tuple(options or inputs.options)
    worlds = [model.tabulate(inputs, name) for name in names]
    ours, *others = families(worlds)
    people = fast.find_reached(ours, seed, replicate)
    found: dict[str, Outcomes] = {}
    for world in ours:
        counts, first_year = fast.count(fast.live_together(world, people, seed, replicate), world)
        found[world.option] = Outcomes(world.option, first_year, counts)
    if others:
        first = found[names[0]]
        different = [names[0], *(world.option for family in others for world in family)]
        whole = evaluate_options(inputs, seed=seed, replicate=replicate, options=different)
        for name in different[1:]:
            counts = first.counts + whole[name].counts - whole[names[0]].counts
            found[name] = Outcomes(name, first.first_year, counts)
    return {name: found[name] for name in names}


def find_reached(inputs: Inputs, *, seed: int, replicate: int) -> npt.NDArray[np.int64]:
    """Return whom the programme can reach under any option: int64 [n, 2], number and entry time.

    Options that change county-wide rates are left out.
    """
    from dapp_model.engines import fast

    ours = families([model.tabulate(inputs, name) for name in inputs.options])[0]
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

    from dapp_model.engines import fast

    names = tuple(options or inputs.options)
    comparator = inputs.options[0]
    worlds = {n: model.tabulate(inputs, n) for n in {comparator, *names}}
    base = worlds[comparator]
    family = [w for w in worlds.values() if w.same_county(base)]
    people = fast.take_census(family, seed, replicate).people

    def incidents(world: World) -> tuple[pd.DataFrame, set[int]]:
        rows = fast.live_together(world, people, seed, replicate)
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
