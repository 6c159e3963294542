"""The settings of a scenario: values by key, what keys there are, and which one was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from dapp_model.errors import Problem
from dapp_model.parameters import Parameter, registry
from dapp_model.quantities import Value
from dapp_model.scenario_layers import Layer, problem_in
from dapp_model.toml_lines import KeyPath

TEXTS: Final = ("title", "question")
OPTION_TEXTS: Final = ("label", "description")
ONCE: Final = ("population", "decision")  # sections of levers that all options share


@dataclass(frozen=True)
class Setting:
    """One value and where it was written; keys as in the file, such as "programme.places"."""

    key: str
    value: Value
    layer: Layer
    line: int | None


Settings = dict[str, Setting]


# -- keys -----------------------------------------------------------------------------------------


@cache
def lever_parameters() -> Mapping[str, Parameter]:
    """Return the parameters that an option may set, in the registry's order."""
    return {key: item for key, item in registry().items() if item.role == "lever"}


def known_keys(path: KeyPath) -> list[str]:
    """Return every key that may stand where the path stands."""
    if path[0] == "options":
        start = ".".join(path[:2])
        levers = [key for key in lever_parameters() if key.split(".")[0] not in ONCE]
        return [f"{start}.{key}" for key in (*OPTION_TEXTS, "remove", *levers)]
    beliefs = [f"assume.{key}" for key, item in registry().items() if item.role != "lever"]
    return [*TEXTS, "extends", "decision.kind", *lever_parameters(), *beliefs]


def parameter_of(key: str) -> Parameter:
    """Return the parameter that a key of the file sets."""
    section, name = key.split(".")[-2:]
    return registry()[f"{section}.{name}"]


def is_parameter(key: str) -> bool:
    """Say whether a key sets a parameter, and not a text or an option's name."""
    return ".".join(key.split(".")[-2:]) in registry()


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that was probably meant."""
    tail = last_name(name)
    for key in known:
        if key.endswith(f".{name}") or (key.endswith(f".{tail}") and "." in name):
            return key
    close = difflib.get_close_matches(name, known, 1, 0.7)
    if close:
        return close[0]
    tails = {last_name(key): key for key in known}
    close = difflib.get_close_matches(tail, list(tails), 1, 0.7)
    return tails[close[0]] if close else None


def last_name(key: str) -> str:
    """Return what a key is called inside its section."""
    return key.rsplit(".", 1)[-1]


def unknown_key(layer: Layer, path: KeyPath, known: Sequence[str]) -> Problem:
    """Return the problem of a key that does not exist, with the one that was probably meant."""
    key = ".".join(path)
    sections = {name.split(".")[0]: item.role == "lever" for name, item in registry().items()}
    near: str | None
    if path[0] in sections and not sections[path[0]]:
        # Beliefs stand apart from what we would do.
        near = f"assume.{key}"
    elif path[0] == "assume" and sections.get(path[1], False):
        near = ".".join(path[1:])
    else:
        headings = dict.fromkeys(name.rpartition(".")[0] for name in known if "." in name)
        near = nearest(key, [*known, *headings])
    message = f"There is no setting called '{key}'."
    if near:
        message += f" Did you mean '{near}'?"
    expected = near or "a setting that 'dapp parameters' lists"
    return problem_in(layer, path, path[-1], expected, message)


def unknown_option(layer: Layer, path: KeyPath, settings: Settings) -> Problem:
    """Return the problem of an option that does not exist."""
    names = option_names(settings)
    near = nearest(path[1], names)
    message = f"There is no option called '{path[1]}'."
    if near:
        message += f" Did you mean '{near}'?"
    return problem_in(layer, path, path[1], f"one of: {', '.join(names)}", message)


def option_names(settings: Settings) -> list[str]:
    """Return the names of the options, the comparator first."""
    return [str(item.value) for key, item in settings.items() if re.fullmatch(r"options\.\w+", key)]


# -- what is set ----------------------------------------------------------------------------------


def problem_at(item: Setting, found: str, expected: str, message: str) -> Problem:
    """Return a problem at the place where a value was written."""
    return Problem(item.layer.file, item.line, item.key, found, expected, message)


def where(item: Setting) -> str:
    """Say where a value stands without naming folders, so that a run folder can be moved."""
    if item.layer.path is None:
        return item.layer.file
    return f"{item.layer.path.name}:{item.line}"


def text_of(settings: Settings, key: str) -> str:
    """Return a text that was set, or an empty one."""
    return str(settings[key].value) if key in settings else ""
