"""A model of a domestic abuse perpetrator programme: load, simulate, measure, value, evaluate.

The names below are the public ones. They are imported when first used, so that `import
dapp_model` is quick.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, which `dapp` cannot wait for: see entry.py

if TYPE_CHECKING:
    from typing import Any

    from dapp_model import economics, experiment, sensitivity, switching, voi
    from dapp_model.designs import Design, How, evaluate
    from dapp_model.economics import Account, value
    from dapp_model.engines import simulate
    from dapp_model.events import EventLog
    from dapp_model.outcomes import Outcomes, measure
    from dapp_model.parameters import Inputs, Option, Parameter
    from dapp_model.scenario import load

__version__ = "0.1.0"
__all__ = [
    "Account",
    "Design",
    "EventLog",
    "How",
    "Inputs",
    "Option",
    "Outcomes",
    "Parameter",
    "__version__",
    "economics",
    "evaluate",
    "experiment",
    "load",
    "measure",
    "sensitivity",
    "simulate",
    "switching",
    "value",
    "voi",
]

_HOMES = {
    "Account": "economics",
    "Design": "designs",
    "EventLog": "events",
    "How": "designs",
    "Inputs": "parameters",
    "Option": "parameters",
    "Outcomes": "outcomes",
    "Parameter": "parameters",
    "evaluate": "designs",
    "load": "scenario",
    "measure": "outcomes",
    "simulate": "engines",
    "value": "economics",
}
_MODULES = ("economics", "experiment", "sensitivity", "switching", "voi")


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"dapp_model.{name}")
    if name in _HOMES:
        return getattr(import_module(f"dapp_model.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'dapp_model' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
