"""The lives of those whom the pilot can reach: with it, and without it, under one luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from dapp_model import events as ev
from dapp_model import model
from dapp_model.errors import InputErrors, Problem
from dapp_model.evaluation.seen import Ints, Rows

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs
    from dapp_model.phases import Phase
    from dapp_model.world import World

PILOT: Final = "pilot"
NONE: Final = "no_programme"
NOT: Final = -1  # a time that there is none of
# Worlds of the same people: the pilot, the pilot with no change of reporting, and none.
WITH, QUIET, WITHOUT = "with", "quiet", "without"
NO_ABUSE_EFFECT: Final = ("effect.full_dose_hr", "effect.dropout_hr", "effect.support_hr")


@dataclass(frozen=True)
class Luck:
    """Which play of chance."""

    seed: int
    replicate: int


@dataclass(frozen=True, eq=False)
class Lives:
    """Rows by world of the same people, and who of them came how far in the pilot.

    `people` has one row for each person referred, sorted by number: person, case, route, risk, and
    the times (seconds, NOT if never) referred, assessed, accepted, started, planned_end, ended;
    outcome is the number of the end, NOT while open.
    """

    rows: Mapping[str, Rows]
    people: pd.DataFrame
    world: World
    phase: Phase

    @property
    def persons(self) -> Ints:
        """Return the numbers of those referred."""
        return np.asarray(self.people["person"], dtype=np.int64)


_PATHWAY: Final = (ev.REFERRAL, ev.ASSESSMENT_END, ev.WAITING, ev.START, ev.EPISODE_END)
_MOST_EPISODES: Final = 2**16


def pilot_of(inputs: Inputs) -> Inputs:
    """Return the inputs with two options alone: no programme, and the pilot without extension.

    The pilot is that of the first option that offers a programme. Raises InputErrors.
    """
    for name in inputs.options:
        option = inputs.option(name)
        if option.levers["programme.offered"]:
            break
    else:
        message = "No option offers a programme, so there is nothing to evaluate."
        expected = "an option with programme.offered = true"
        problem = Problem(
            inputs.path, None, "options", ", ".join(inputs.options), expected, message
        )
        raise InputErrors((problem,))
    levers = {**option.levers, "extension.length": 0.0}
    pilot = replace(option, name=PILOT, levers=levers)
    none = replace(option, name=NONE, levers={**levers, "programme.offered": False})
    return replace(inputs, options=(NONE, PILOT), option_table={NONE: none, PILOT: pilot})


def with_effect(inputs: Inputs, hazard_ratio: float) -> Inputs:
    """Return inputs with another effect of the full programme; at 1 no part of it changes abuse."""
    if hazard_ratio == 1.0:
        return inputs.replace(values=dict.fromkeys(NO_ABUSE_EFFECT, 1.0))
    return inputs.replace(values={"effect.full_dose_hr": hazard_ratio})


def reached(inputs: Inputs, luck: Luck) -> Ints:
    """Return whom the pilot of `pilot_of` can reach: int64 [n, 2], number and entry time."""
    from dapp_model.engines import fast

    world = model.tabulate(inputs, PILOT)
    return fast.find_reached([world], luck.seed, luck.replicate)


def live(inputs: Inputs, luck: Luck, people: Ints) -> Lives:
    """Live the lives of `people` (from `reached`) with and without the pilot of `pilot_of`."""
    from dapp_model.engines import together

    quiet = inputs.replace(values={"effect.reporting_ratio": 1.0})
    worlds = {
        WITH: model.tabulate(inputs, PILOT),
        QUIET: model.tabulate(quiet, PILOT),
        WITHOUT: model.tabulate(inputs, NONE),
    }
    rows = {
        name: together.live_together(world, people, luck.seed, luck.replicate)
        for name, world in worlds.items()
    }
    phase = model.phases(inputs, PILOT)[0]
    return Lives(rows, people_of(rows[WITH], worlds[WITH]), worlds[WITH], phase)


def people_of(rows: Rows, world: World) -> pd.DataFrame:
    """Return who was referred and how far they came: columns as in `Lives`.

    Of several referrals of a person the first that came furthest counts.
    """
    import pandas as pd

    episodes = _Episodes(rows)
    columns = {
        "person": episodes.referrals["person"],
        "referred": episodes.referrals["time"],
        "route": episodes.referrals["value"],
        "case": episodes.referrals["detail"],
        "assessed": episodes.column(ev.ASSESSMENT_END, "time"),
        "risk": episodes.column(ev.ASSESSMENT_END, "detail"),
        "accepted": episodes.column(ev.WAITING, "time"),
        "started": episodes.column(ev.START, "time"),
        "ended": episodes.column(ev.EPISODE_END, "time"),
        "outcome": episodes.column(ev.EPISODE_END, "value"),
    }
    found = pd.DataFrame({name: one.astype(np.int64) for name, one in columns.items()})
    begun = found["started"] != NOT
    interval = world.days[model.D.INTERVAL]
    day = np.clip((found["started"].to_numpy() - model.ORIGIN) // model.DAY, 0, len(interval) - 1)
    length = episodes.column(ev.START, "detail") * interval[day].astype(np.int64)
    found["planned_end"] = np.where(begun, found["started"] + length, NOT)
    far = sum((found[name] != NOT).astype(int) for name in ("assessed", "accepted", "started"))
    found = found.assign(far=-far).sort_values(["person", "far", "referred"], kind="stable")
    return found.drop_duplicates("person").drop(columns="far").reset_index(drop=True)


class _Episodes:
    """All referrals of a log, and what became of each."""

    def __init__(self, rows: Rows) -> None:
        """Keep the rows of the programme's pathway, the referrals in the order of the log."""
        own = rows[np.isin(rows["kind"], _PATHWAY)]
        self.rows = own[(own["kind"] != ev.EPISODE_END) | (own["value"] != ev.OPEN)]
        self.referrals = self.rows[self.rows["kind"] == ev.REFERRAL]
        self.people = np.unique(self.referrals["person"])
        keys = self._keys(self.referrals)
        self.order = np.argsort(keys)
        self.keys = keys[self.order]

    def _keys(self, rows: Rows) -> Ints:
        place = np.searchsorted(self.people, rows["person"])
        return np.asarray(place * _MOST_EPISODES + rows["ordinal"])

    def column(self, kind: int, field: str) -> Ints:
        """Return a field of each referral's event of a kind, NOT where there is none."""
        own = self.rows[self.rows["kind"] == kind]
        found = np.full(len(self.referrals), NOT, np.int64)
        found[self.order[np.searchsorted(self.keys, self._keys(own))]] = own[field]
        return found
