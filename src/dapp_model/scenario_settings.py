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


@cache
def _is_of_levers() -> Mapping[str, bool]:
    """Say of each section of the registry whether it holds levers, or beliefs."""
    return {key.split(".")[0]: item.role == "lever" for key, item in registry().items()}


@cache
def _keys_of_all_options() -> tuple[str, ...]:
    beliefs = [f"assume.{key}" for key, item in registry().items() if item.role != "lever"]
    return (*TEXTS, "extends", "decision.kind", *lever_parameters(), *beliefs)


def known_keys(path: KeyPath) -> Sequence[str]:
    """Return every key that may stand where the path stands."""
    if path[0] == "options":
        start = ".".join(path[:2])
        levers = [key for key in lever_parameters() if key.split(".")[0] not in ONCE]
        return [f"{start}.{key}" for key in (*OPTION_TEXTS, "remove", *levers)]
    return _keys_of_all_options()


def parameter_of(key: str) -> Parameter:
    """Return the parameter that a key of the file sets."""
    section, name = key.split(".")[-2:]
    return registry()[f"{section}.{name}"]


def is_parameter(key: str) -> bool:
    """Say whether a key sets a parameter, and not a text or an option's name."""
    return ".".join(key.split(".")[-2:]) in registry()


def nearest(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that was probably meant, one in the same section if there is one."""
    tail = last_name(name)
    near = _in_the_section(name, known)
    if near:
        return near
    for key in known:
        if key.endswith(f".{name}") or (key.endswith(f".{tail}") and "." in name):
            return key
    tails = {last_name(key): key for key in known}
    close = difflib.get_close_matches(tail, list(tails), 1, 0.7)
    if close:
        return tails[close[0]]
    section = name.rpartition(".")[0]
    if section and any(key.startswith(f"{section}.") for key in known):
        return None  # the section is right, so all its names would look alike
    close = difflib.get_close_matches(name, known, 1, 0.7)
    return close[0] if close else None


def _in_the_section(name: str, known: Sequence[str]) -> str | None:
    """Return a known name of the same section that resembles a name, or holds all its words."""
    section, _, tail = name.rpartition(".")
    tails = [last_name(key) for key in known if section and key.rpartition(".")[0] == section]
    close = difflib.get_close_matches(tail, tails, 1, 0.7)
    if not close:
        words = set(tail.split("_"))
        whole = [one for one in tails if words <= set(one.split("_"))]
        close = difflib.get_close_matches(tail, whole, 1, 0.0)
    return f"{section}.{close[0]}" if close else None


def last_name(key: str) -> str:
    """Return what a key is called inside its section."""
    return key.rsplit(".", 1)[-1]


def unknown_key(layer: Layer, path: KeyPath, known: Sequence[str], *, hint: bool = True) -> Problem:
    """Return the problem of a key that does not exist, with the one that was probably meant.

    To look for that one takes a while, so with `hint` False it is left out.
    """
    key = ".".join(path)
    message = f"There is no setting called '{key}'."
    elsewhere = "a setting that 'dapp parameters' lists"
    sections = _is_of_levers()
    near: str | None = None
    if (
        path[0] == "options"
        and len(path) > 2
        and (path[2] == "assume" or not sections.get(path[2], True))
    ):
        # What we believe is not one option's own.
        near = None if path[2] == "assume" else ".".join(["assume", *path[2:]])
        message += " Beliefs hold for all options and stand under [assume]."
        elsewhere = "a section such as [assume.effect], outside the options"
    elif path[0] in sections and not sections[path[0]]:
        # Beliefs stand apart from what we would do.
        near = f"assume.{key}"
    elif path[0] == "assume" and sections.get(path[1], False):
        near = ".".join(path[1:])
    elif hint:
        headings = dict.fromkeys(name.rpartition(".")[0] for name in known if "." in name)
        near = nearest(key, [*known, *headings])
    if near:
        message += f" Did you mean '{near}'?"
    expected = near or elsewhere
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
