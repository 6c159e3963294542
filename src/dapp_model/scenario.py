"""Read a scenario file over the files it extends, check all of it, and resolve it to Inputs.

Every problem is found before the first is reported. Beside this room stand the layers of files
(scenario_layers), the keys and their values (scenario_settings), the checks across keys
(contradictions) and a scenario as text (scenario_text).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from dapp_model import fitted
from dapp_model.contradictions import contradictions, gaps, pointless
from dapp_model.errors import ACTING, MOST_SHOWN, InputErrors, Problem, QuantityError
from dapp_model.parameters import AS_PROGRAMME, Inputs, Option, Parameter, registry
from dapp_model.paths import NO_NAME, plain_name
from dapp_model.pausing import late_evaluations
from dapp_model.phases import shortfalls
from dapp_model.quantities import Value, parse, quote, render
from dapp_model.scenario_layers import (
    Layer,
    base_of,
    chain,
    in_order,
    overrides_layer,
    problem_in,
    shipped,
    text_hash,
)
from dapp_model.scenario_settings import (
    ONCE,
    OPTION_TEXTS,
    TEXTS,
    Setting,
    Settings,
    is_parameter,
    known_keys,
    lever_parameters,
    nearest,
    option_names,
    parameter_of,
    problem_at,
    text_of,
    unknown_key,
    unknown_option,
    where,
)
from dapp_model.scenario_text import differences, resolved_toml, template
from dapp_model.toml_lines import KeyPath, locate
from dapp_model.workbook.layout import MOST_OPTIONS

__all__ = ["base_of", "differences", "load", "locate", "resolved_toml", "shipped", "template"]

_DECISIONS: Final = ("pilot", "extension")
MOST_LISTED: Final = 10  # choices that a message names one by one
_OPTION_NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_NO_OVERRIDES: Final[Mapping[str, object]] = MappingProxyType({})


def load(path: str | Path, overrides: Mapping[str, object] = _NO_OVERRIDES) -> Inputs:
    """Read and check a scenario; return it resolved and frozen.

    `overrides` are values by dotted key, such as "programme.places" or
    "options.extend.extension.length", and stand over the file. Raises InputErrors with every
    problem that was found.
    """
    problems: list[Problem] = []
    layers = chain(Path(path), problems)
    complete = not problems
    if overrides:
        layers.append(overrides_layer(len(layers), overrides, problems))
    settings: Settings = {}
    for layer in layers:
        _merge(settings, layer, problems)
    beyond = _beyond_use(Path(path), settings) if complete else []
    problems += beyond
    if not complete or beyond or len(problems) >= MOST_SHOWN:
        # What stands in a missing file is not known, so nothing more can be said; and of very many
        # problems only the first are shown.
        raise InputErrors(in_order(problems, layers))
    warnings: list[str] = []
    _check_ranges(settings, problems, warnings)
    problems += _missing(str(path), settings, problems)
    options = _resolve_options(settings)
    values = _resolve_values(settings)
    problems += contradictions(str(path), settings, options, values, problems)
    if problems:
        raise InputErrors(in_order(problems, layers))
    warnings += pointless(options)
    warnings += gaps(options, text_of(settings, "decision.kind"))
    warnings += _set_beside_posterior(settings)
    share = next(iter(options.values())).levers["population.share"]
    assert isinstance(share, float)
    inputs = Inputs(
        name=Path(path).stem,
        title=text_of(settings, "title"),
        question=text_of(settings, "question"),
        decision=text_of(settings, "decision.kind"),
        options=tuple(options),
        option_table=options,
        values=values,
        population_share=share,
        origins=_origins(settings),
        warnings=tuple(dict.fromkeys(warnings)),
        provisional=not fitted.is_proved(),
        path=str(path),
        text_hash=text_hash(layers),
    )
    return dataclasses.replace(
        inputs, warnings=inputs.warnings + shortfalls(inputs) + late_evaluations(inputs)
    )


def _beyond_use(path: Path, settings: Settings) -> list[Problem]:
    """Find what would make all that follows pointless, or endless."""
    found, options = [], option_names(settings)
    if not plain_name(path.stem):  # it names the folder of the results
        found.append(Problem(str(path), None, "", path.name, "NAME.toml", NO_NAME))
    if len(options) > MOST_OPTIONS:
        message = "The scenario has more options than can be compared."
        expected = f"at most {MOST_OPTIONS} options"
        found.append(Problem(str(path), None, "options", f"{len(options):,}", expected, message))
    return found


# -- what a layer says ----------------------------------------------------------------------------


def _merge(settings: Settings, layer: Layer, problems: list[Problem]) -> None:
    """Lay one layer over what is there, in place."""
    for name, value in layer.table.items():
        match name:
            case "extends":
                pass
            case "title" | "question":
                _merge_text(settings, layer, (name,), value, problems)
            case "decision" if not isinstance(value, dict):
                _merge_decision(settings, layer, (name,), value, problems)
            case "options":
                for option, table in _entries(layer, (name,), value, problems):
                    _merge_option(settings, layer, option, table, problems)
            case "assume":
                for section, table in _entries(layer, (name,), value, problems):
                    _merge_section(settings, layer, (name, section), table, problems)
            case _:
                _merge_section(settings, layer, (name,), value, problems)


def _merge_section(
    settings: Settings, layer: Layer, path: KeyPath, table: object, problems: list[Problem]
) -> None:
    """Merge the table of one section: [programme], [options.NAME.programme], [assume.case]."""
    known, start = known_keys(path), f"{'.'.join(path)}."
    if not any(key.startswith(start) for key in known):
        problems.append(unknown_key(layer, path, known, hint=len(problems) < MOST_SHOWN))
        return
    for name, value in _entries(layer, path, table, problems):
        here = (*path, name)
        if here == ("decision", "kind"):
            _merge_decision(settings, layer, here, value, problems)
        elif ".".join(here) not in known:
            problems.append(unknown_key(layer, here, known, hint=len(problems) < MOST_SHOWN))
        else:
            read = _read_value(layer, here, value, problems)
            if read is not None:
                _put(settings, layer, here, read)


def _merge_option(
    settings: Settings, layer: Layer, name: str, table: object, problems: list[Problem]
) -> None:
    path = ("options", name)
    if not _OPTION_NAME.fullmatch(name):
        expected = "small letters, digits and underscores, beginning with a letter"
        message = "An option's name cannot be written like this; its label can."
        problems.append(problem_in(layer, path, quote(name), expected, message))
        return
    entries = dict(_entries(layer, path, table, problems))
    if not isinstance(table, dict):
        return
    known = ".".join(path) in settings
    if layer.path is None and not known:
        problems.append(unknown_option(layer, path, settings))
        return
    if "remove" in entries:
        _remove_option(settings, layer, path, entries, problems)
        if entries["remove"] is True:
            return
        del entries["remove"]
    if not known and "label" not in entries:
        # Nearly always a slip in the name of an inherited option.
        names = option_names(settings) if len(problems) < MOST_SHOWN else []
        near = nearest(name, names)
        expected = f"a label, or the name of an option above: {near}" if near else "a label"
        message = f"The option '{name}' is new here and has no label."
        problems.append(problem_in(layer, path, "no label", expected, message))
    _put(settings, layer, path, name)
    for key, value in entries.items():
        here = (*path, key)
        if key in OPTION_TEXTS:
            _merge_text(settings, layer, here, value, problems)
        elif key in ONCE:
            expected = f"[{key}] at the top of the file"
            message = "This is set once for the whole scenario, not for one option."
            problems.append(problem_in(layer, here, ".".join(here), expected, message))
        else:
            _merge_section(settings, layer, here, value, problems)


def _remove_option(
    settings: Settings,
    layer: Layer,
    path: KeyPath,
    entries: Mapping[str, object],
    problems: list[Problem],
) -> None:
    key, here = ".".join(path), (*path, "remove")
    if not isinstance(entries["remove"], bool):
        message = "An option is removed with: remove = true."
        problems.append(problem_in(layer, here, quote(entries["remove"]), "true", message))
    elif entries["remove"] and len(entries) > 1:
        message = f"The option '{path[1]}' is removed and changed at the same time."
        others = ", ".join(name for name in entries if name != "remove")
        problems.append(problem_in(layer, here, f"remove, and {others}", "one of the two", message))
    elif entries["remove"] and key not in settings:
        problems.append(unknown_option(layer, path, settings))
    elif entries["remove"]:
        for gone in [name for name in settings if name == key or name.startswith(f"{key}.")]:
            del settings[gone]


def _merge_text(
    settings: Settings, layer: Layer, path: KeyPath, value: object, problems: list[Problem]
) -> None:
    if isinstance(value, str) and value.strip():
        text = " ".join(value.split())
        if odd := ACTING.search(text):
            message = f"The {path[-1]} holds a character that cannot be shown."
            expected = "words in quotation marks, without control characters"
            problems.append(problem_in(layer, path, ascii(odd.group()), expected, message))
            return
        _put(settings, layer, path, text)
        return
    message = f"The {path[-1]} is not a text."
    if isinstance(value, str):
        message = f"The {path[-1]} is empty."
    problems.append(problem_in(layer, path, quote(value), "words in quotation marks", message))


def _merge_decision(
    settings: Settings, layer: Layer, path: KeyPath, value: object, problems: list[Problem]
) -> None:
    if isinstance(value, str) and value in _DECISIONS:
        setting = Setting("decision.kind", value, layer, layer.lines.get(path))
        settings["decision.kind"] = setting
        return
    message = "A scenario is about one of two decisions: the pilot, or its extension."
    expected = '"pilot" or "extension"'
    problems.append(problem_in(layer, path, quote(value), expected, message))


def _read_value(
    layer: Layer, path: KeyPath, value: object, problems: list[Problem]
) -> Value | None:
    """Read a value in its parameter's unit; on failure add the problem and return None."""
    parameter = parameter_of(".".join(path))
    if value == AS_PROGRAMME and parameter.value == AS_PROGRAMME:
        return AS_PROGRAMME
    try:
        read = parse(value, parameter.unit)
    except QuantityError as error:
        hint, expected = error.hint, error.expected
        if parameter.unit == "choice" and 0 < len(parameter.choices or ()) <= MOST_LISTED:
            hint = "It takes one of its choices, never two at once."
            expected = "one of: " + ", ".join(f'"{one}"' for one in parameter.choices or ())
        message = f"This is not a value for '{parameter.label}'. {hint}".strip()
        problems.append(problem_in(layer, path, error.found, expected, message))
        return None
    if parameter.choices:
        return _read_choice(layer, path, parameter, read, problems)
    return read


def _read_choice(
    layer: Layer, path: KeyPath, parameter: Parameter, read: Value, problems: list[Problem]
) -> Value | None:
    choices = [str(choice) for choice in parameter.choices or ()]
    chosen = read if isinstance(read, tuple) else (read,)
    odd = [str(item) for item in chosen if item not in choices]
    if odd:
        near = nearest(odd[0], choices)
        message = f"'{odd[0]}' is not one of the choices for '{parameter.label}'."
        if near:
            message += f" Did you mean '{near}'?"
        expected = "one of: " if isinstance(read, str) else "some of: "
        expected += ", ".join(f'"{choice}"' for choice in choices)
        problems.append(problem_in(layer, path, f'"{odd[0]}"', expected, message))
        return None
    if isinstance(read, tuple):
        # One order, so that the same choices are the same value however they were listed.
        return tuple(choice for choice in choices if choice in read)
    return read


def _entries(
    layer: Layer, path: KeyPath, table: object, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    if isinstance(table, dict):
        yield from table.items()
        return
    name = ".".join(path)
    message = f"'{name}' is a heading with settings under it, not a setting itself."
    expected = f"a heading [{name}] with one setting on each line"
    problems.append(problem_in(layer, path, quote(table), expected, message))


def _put(settings: Settings, layer: Layer, path: KeyPath, value: Value) -> None:
    key = ".".join(path)
    settings[key] = Setting(key, value, layer, layer.lines.get(path))


# -- resolving ------------------------------------------------------------------------------------


def _resolve_options(settings: Settings) -> Mapping[str, Option]:
    options = {}
    for name in option_names(settings):
        start = f"options.{name}"
        levers: dict[str, Value] = {}
        for key, parameter in lever_parameters().items():
            found = settings.get(f"{start}.{key}") or settings.get(key)
            levers[key] = parameter.value if found is None else found.value
        for key, value in levers.items():
            if value == AS_PROGRAMME:
                levers[key] = levers[key.replace("extension.", "programme.")]
        label, description = (settings.get(f"{start}.{text}") for text in OPTION_TEXTS)
        options[name] = Option(
            name=name,
            label=str(label.value) if label else name,
            description=str(description.value) if description else "",
            levers=MappingProxyType(levers),
        )
    return MappingProxyType(options)


def _resolve_values(settings: Settings) -> Mapping[str, Value]:
    values = {}
    for key, parameter in registry().items():
        if parameter.role != "lever":
            found = settings.get(f"assume.{key}")
            values[key] = parameter.value if found is None else found.value
    return MappingProxyType(values)


def _set_beside_posterior(settings: Settings) -> Iterator[str]:
    """Say which fitted parameters the scenario sets itself, which the posterior then does not."""
    if not fitted.is_there():
        return
    for key, item in settings.items():
        each = parameter_of(key) if key.startswith("assume.") and is_parameter(key) else None
        if each is not None and each.fitted:
            yield (
                f"{where(item)}, {key}: set here, so every draw has this value and not that of "
                "the calibration; the county may no longer match what was counted in Surrey."
            )


def _origins(settings: Settings) -> Mapping[str, str]:
    """Say where each value that is not the registry's was written, as file name and line.

    A belief that would be drawn counts even if it is the registry's own: it is then held there.
    """
    found = {}
    for key, item in settings.items():
        if is_parameter(key):
            held = key.startswith("assume.") and parameter_of(key).drawn
            if held or item.value != parameter_of(key).value:
                found[key] = where(item)
    return MappingProxyType(found)


# -- checking -------------------------------------------------------------------------------------


def _check_ranges(settings: Settings, problems: list[Problem], warnings: list[str]) -> None:
    for key, item in settings.items():
        if not is_parameter(key) or isinstance(item.value, bool | str | tuple | date):
            continue
        parameter = parameter_of(key)
        if not _within(item.value, parameter.possible):
            expected = _range(parameter, parameter.possible)
            message = f"This is not possible for '{parameter.label}'."
            if parameter.unit == "share" and 1 < item.value <= 100:
                message += f' For a percentage, write "{render(item.value, "number")}%".'
            found = render(item.value, parameter.unit)
            problems.append(problem_at(item, found, expected, message))
        elif not _within(item.value, parameter.plausible):
            warnings.append(
                f"{where(item)}, {key}: {render(item.value, parameter.unit)} is unusual for "
                f"'{parameter.label}'; expected {_range(parameter, parameter.plausible)}."
            )


def _within(value: float, limits: tuple[float, float] | None) -> bool:
    return limits is None or limits[0] <= value <= limits[1]


def _range(parameter: Parameter, limits: tuple[float, float] | None) -> str:
    assert limits is not None
    low, high = (render(limit, parameter.unit) for limit in limits)
    return f"between {low} and {high}"


def _missing(file: str, settings: Settings, problems: Sequence[Problem]) -> Iterator[Problem]:
    """Find what every scenario has and this one has not."""
    wrong = {problem.key for problem in problems}
    for key, what in (*((text, text) for text in TEXTS), ("decision.kind", "decision")):
        if key not in settings and not wrong & {key, what}:
            expected = "words in quotation marks"
            if what == "decision":
                expected = '"pilot" or "extension"'
            message = f"The scenario has no {what}."
            yield Problem(file, None, what, f"no {what}", expected, message)
    if not option_names(settings) and not any(key.startswith("options") for key in wrong):
        expected = "at least one option, the first of which the others are compared with"
        message = "The scenario has no options."
        yield Problem(file, None, "options", "no options", expected, message)
