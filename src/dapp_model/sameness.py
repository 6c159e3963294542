"""Options that come to the same, whatever their levers say.

Two options may differ in a lever that does not act: the size of closed groups where the group is
a rolling one, a date beyond the window. So what is compared is what an engine reads and what the
funders pay, not what is written.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np

from dapp_model.contradictions import felt
from dapp_model.economics.contract import spending
from dapp_model.model import tabulate
from dapp_model.parameters import Inputs
from dapp_model.world import CLOSED, D

# Financial years that hold every contract there can be.
FIRST_YEAR: Final = 1990
YEARS: Final = 150
SHOWN: Final = 3  # levers in a warning
_OF_CLOSED_GROUPS: Final = ("GROUP_DAY", "GROUP_SIZE", "GROUP_MINIMUM")


def effect(inputs: Inputs, option: str) -> bytes:
    """Return all of an option that can make a difference: equal bytes mean equal results."""
    world = tabulate(inputs, option)
    days = world.days.copy()
    for name in _OF_CLOSED_GROUPS:
        days[D[name], days[D["MODE"]] != CLOSED] = 0.0
    # The calendar follows from the tables.
    window = np.array([world.warm_up, world.horizon, world.record_start])
    money = [
        (one.contract, one.item, one.funder, one.nominal_pence.tolist())
        for one in spending(inputs, option, FIRST_YEAR, YEARS)
        if one.nominal_pence.any()
    ]
    return b"|".join([world.p.tobytes(), days.tobytes(), window.tobytes(), repr(money).encode()])


def warned(inputs: Inputs) -> Inputs:
    """Return the inputs with a warning for each option that comes to the same as an earlier one.

    Options whose levers are the same have their warning already. Raises InputErrors if an option
    cannot be tabulated.
    """
    first_of: dict[bytes, str] = {}
    found = []
    for name in inputs.options:
        earlier = first_of.setdefault(effect(inputs, name), name)
        option, same = inputs.option(name), inputs.option(earlier)
        if felt(option) == felt(same):
            continue
        apart = [key for key in option.levers if option.levers[key] != same.levers[key]]
        more = f" and {len(apart) - SHOWN} more" if len(apart) > SHOWN else ""
        found.append(
            f"The option '{option.label}' ({name}) comes to the same as '{same.label}' "
            f"({earlier}), so every difference between them will be exactly zero: what sets it "
            f"apart ({', '.join(apart[:SHOWN])}{more}) does not act."
        )
    return dataclasses.replace(inputs, warnings=(*inputs.warnings, *found))
