"""Two engines that give the same event log: SimPy to read, numba to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dapp_model import model
from dapp_model.events import EventLog

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

ENGINES = ("fast", "reference")


def simulate(
    inputs: Inputs, *, option: str, seed: int = 1, replicate: int = 0, engine: str = "fast"
) -> EventLog:
    """Simulate one option of the inputs and return every event in the total order of events.

    seed, replicate: whole numbers from 0; engine: "fast" or "reference", with the same log bit
    for bit. Raises KeyError for an unknown option and ValueError for an unknown engine.
    """
    if option not in inputs.options:
        raise KeyError(f"unknown option {option!r}; there are {', '.join(inputs.options)}")
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}; there are {' and '.join(ENGINES)}")
    world = model.tabulate(inputs, option)
    if engine == "fast":
        from dapp_model.engines import fast

        rows = fast.simulate(world, seed, replicate)
    else:
        from dapp_model.engines import reference

        rows = reference.simulate(world, seed, replicate)
    return EventLog(option, seed, replicate, engine, rows)
