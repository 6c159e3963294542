"""Read a scenario file over the file it extends, check all of it, and resolve it to Inputs.

Every problem is found before the first is reported. Neither tomllib nor tomlkit says on which
line a key stands (tomlkit keeps layout, not positions), so `locate` finds the lines itself.
"""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from dapp_model.errors import InputErrors, Problem, QuantityError
from dapp_model.parameters import AS_PROGRAMME, Inputs, Option, Parameter, registry
from dapp_model.quantities import UNITS, Value, parse, quote, render

__all__ = ["base_of", "differences", "load", "locate", "resolved_toml", "shipped", "template"]

LARGEST_FILE_BYTES: Final = 1_000_000
BASELINE_ENDS: Final = date(2015, 4, 1)  # the model is fitted to 2014/15: no option may act in it

_DECISIONS: Final = ("pilot", "extension")
_TEXTS: Final = ("title", "question")
_OPTION_TEXTS: Final = ("label", "description")
_ONCE: Final = ("population", "decision")  # sections of levers that all options share
_OPTION_NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TOLERANCE: Final = 1e-5  # of shares that add up: a third may be written 0.333333
_NO_OVERRIDES: Final[Mapping[str, object]] = MappingProxyType({})

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class _Layer:
    """One file, or the values given beside the files; a later layer stands over an earlier one."""

    order: int
    file: str
    table: Mapping[str, Any]
    lines: Mapping[Path_, int]
    text: str
    path: Path | None


@dataclass(frozen=True)
class _Setting:
    """One value and where it was written; keys as in the file, such as "programme.places"."""

    key: str
    value: Value
    layer: _Layer
    line: int | None


Settings = dict[str, _Setting]


# -- the verb -------------------------------------------------------------------------------------


def load(path: str | Path, overrides: Mapping[str, object] = _NO_OVERRIDES) -> Inputs:
    """Read and check a scenario; return it resolved and frozen.

    `overrides` are values by dotted key, such as "programme.places" or
    "options.extend.extension.length", and stand over the file. Raises InputErrors with every
    problem that was found.
    """
    problems: list[Problem] = []
    layers = _chain(Path(path), problems)
    complete = not problems
    if overrides:
        layers.append(_overrides_layer(len(layers), overrides, problems))
    settings: Settings = {}
    for layer in layers:
        _merge(settings, layer, problems)
    if not complete:
        # What stands in the missing file is not known, so nothing more can be said.
        raise InputErrors(_in_order(problems, layers))
    warnings: list[str] = []
    _check_ranges(settings, problems, warnings)
    problems += _missing(str(path), settings, problems)
    options = _resolve_options(settings)
    values = _resolve_values(settings)
    problems += _contradictions(str(path), settings, problems)
    if problems:
        raise InputErrors(_in_order(problems, layers))
    warnings += _pointless(options)
    warnings += _gaps(options, _text(settings, "decision.kind"))
    share = next(iter(options.values())).levers["population.share"]
    assert isinstance(share, float)
    return Inputs(
        name=Path(path).stem,
        title=_text(settings, "title"),
        question=_text(settings, "question"),
        decision=_text(settings, "decision.kind"),
        options=tuple(options),
        option_table=options,
        values=values,
        population_share=share,
        origins=_origins(settings),
        warnings=tuple(dict.fromkeys(warnings)),
        provisional=True,  # until a committed posterior replaces the first fit
        path=str(path),
        text_hash=_hash(layers),
    )


def base_of(path: str | Path) -> Path | None:
    """Return the file that a scenario extends, or None if it extends none.

    Raises InputErrors if the file cannot be read or the file it names is not there.
    """
    return _extended(_read(Path(path)))


def shipped() -> Mapping[str, Path]:
    """Return the scenario files that come with the package, by file name."""
    here = Path(__file__).resolve()
    for folder in (here.parents[2] / "scenarios", here.parent / "scenarios"):
        # In a checkout the files stand beside the package, in a wheel inside it.
        if (folder / "surrey_base.toml").is_file():
            return MappingProxyType({file.name: file for file in sorted(folder.glob("*.toml"))})
    return MappingProxyType({})


# -- reading --------------------------------------------------------------------------------------


def _chain(path: Path, problems: list[Problem]) -> list[_Layer]:
    """Read a file and all that it extends; return them from the bottom up."""
    layers: list[_Layer] = []
    following: Path | None = path
    while following is not None:
        try:
            layer = _read(following)
            layers.append(layer)
            following = _extended(layer)
        except InputErrors as error:
            problems += error.problems
            break
        seen = [step.path.resolve() for step in layers if step.path]
        if following is not None and following.resolve() in seen:
            names = " -> ".join([*(step.name for step in seen), following.name])
            message = "The files extend each other in a circle, so there is nothing to start from."
            expected = "a file that does not lead back to this one"
            problems.append(_problem(layer, ("extends",), names, expected, message))
            break
    return [replace(layer, order=order) for order, layer in enumerate(reversed(layers))]


def _read(path: Path) -> _Layer:
    """Read one file; raises InputErrors."""
    file = str(path)
    wanted = "a scenario file (TOML text)"

    def refusal(
        message: str, found: str, expected: str = wanted, line: int | None = None
    ) -> InputErrors:
        return InputErrors((Problem(file, line, "", found, expected, message),))

    try:
        if path.is_dir():
            raise refusal("This is a folder, not a file.", "a folder")
        if not path.exists():
            near = _nearest_file(path)
            hint = f"a file that exists; the nearest name is {near}" if near else wanted
            raise refusal("There is no such file.", path.name, hint)
        if not path.is_file():
            raise refusal("This is a device or a pipe, not a file.", path.name)
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            message = "The file is larger than 1 MB, so it cannot be a scenario."
            raise refusal(message, f"{size:,} bytes", "at most 1 MB of text")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refusal("The file cannot be read.", reason) from None
    try:
        # Some editors put an invisible mark before the first character; it is harmless.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = "The file is not plain text in UTF-8; save it again with the encoding UTF-8."
        found = f"the byte {content[error.start]:#04x}"
        raise refusal(message, found, "text in UTF-8", line) from None
    if not text.strip():
        message = "The file is empty."
        raise refusal(message, "nothing", "at least a title, a question and options")
    try:
        return _Layer(0, file, tomllib.loads(text), locate(text), text, path)
    except tomllib.TOMLDecodeError as error:
        problem = _not_toml(file, text, str(error))
        raise InputErrors((problem,)) from None
    except (ValueError, RecursionError):
        message = (
            "The file holds a number that is too long, or brackets inside brackets beyond use."
        )
        raise refusal(message, "text that cannot be read") from None


def _not_toml(file: str, text: str, reason: str) -> Problem:
    """Say in plain words why a line is not TOML."""
    rows = text.splitlines()
    place = re.search(r"\(at line (\d+), column \d+\)", reason)
    line = min(int(place[1]), len(rows)) if place else len(rows)
    row = rows[line - 1].strip()
    reason = re.sub(r" \(at .*\)$", "", reason)
    if re.search("[\u201c\u201d\u2018\u2019]", row):
        hint = 'straight quotation marks, as in "26 weeks"'
    elif re.search(r"overwrite|twice|mutate|Duplicate", reason):
        hint = "each setting and each heading once in a file"
    elif "=" not in row and not row.startswith("["):
        hint = 'a line such as: places = "40 places"'
    elif re.search(r"=\s*(true|false)$", row, re.IGNORECASE):
        hint = "true or false in small letters"
    else:
        hint = 'a value with a unit in quotation marks, such as "26 weeks" or "£100,000"'
    message = f"This line cannot be read as TOML, the notation of scenario files ({reason})."
    return Problem(file, line, "", _short(row), hint, message)


def _extended(layer: _Layer) -> Path | None:
    """Return the file that a layer extends, or None; raises InputErrors."""
    if "extends" not in layer.table:
        return None
    name = layer.table["extends"]
    assert layer.path is not None
    wanted = "the name of another scenario file, ending in .toml"

    def refusal(message: str, expected: str = wanted) -> InputErrors:
        return InputErrors((_problem(layer, ("extends",), quote(name), expected, message),))

    if not isinstance(name, str) or not name.strip():
        raise refusal("The file that this one extends is not named.")
    if "\0" in name or Path(name).suffix != ".toml":
        raise refusal("A scenario can extend only another scenario file.")
    found = layer.path.parent / name
    if not found.is_file() and Path(name).name == name and name in shipped():
        found = shipped()[name]
    if not found.exists():
        near = _nearest_file(found)
        hint = f"{wanted}; the nearest name is {near}" if near else wanted
        raise refusal("The file that this one extends is not there.", hint)
    if found.resolve().suffix != ".toml":
        raise refusal("The file that this one extends leads to something that is not a scenario.")
    return found


def _nearest_file(path: Path) -> str | None:
    beside = [file.name for file in path.parent.glob("*.toml")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, [*beside, *shipped()], 1)
    return near[0] if near else None


def _overrides_layer(
    order: int, overrides: Mapping[str, object], problems: list[Problem]
) -> _Layer:
    """Turn dotted keys into nested tables, as they would stand in a file."""
    layer = _Layer(order, "values given beside the file", {}, {}, repr(overrides), None)
    table: dict[str, Any] = {}
    for key, value in overrides.items():
        *parents, last = key.split(".")
        inner = table
        for name in parents:
            step = inner.setdefault(name, {})
            inner = step if isinstance(step, dict) else {}
        if last in inner or key == "extends":
            message = "This value cannot be given beside the file."
            found = quote(value)
            problems.append(_problem(layer, (key,), found, "each value once", message))
        inner[last] = value
    return _Layer(order, layer.file, table, {}, layer.text, None)


# -- lines ----------------------------------------------------------------------------------------

_TOKEN: Final = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<text>\"\"\"(?:\\.|[^\\])*?\"{3,5} | '''.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<newline>\n)
    | (?P<space>[ \t\r]+)
    | (?P<mark>[][{}=,.])
    | (?P<bare>[^\s\#"'\[\]{}=,.]+)""",
    re.VERBOSE | re.DOTALL,
)


def locate(text: str) -> Mapping[Path_, int]:
    """Return the line on which each key and each table of a TOML text first stands.

    `text` has to be valid TOML. Keys are paths from the top, such as ("programme", "places").
    """
    lines: dict[Path_, int] = {}
    tables: list[Path_] = [()]  # the table of the last heading, then the inline tables inside it
    key: list[str] = []
    path: Path_ = ()
    state = "key"  # of "key", "heading", "value", "done"
    depth = 0  # of brackets and braces inside an array
    line = 1

    def record(whole: Path_, first: int) -> None:
        for length in range(first + 1, len(whole) + 1):
            lines.setdefault(whole[:length], line)

    for token in _TOKEN.finditer(text):
        kind, word = token.lastgroup, token.group()
        if kind == "newline" and depth == 0 and len(tables) == 1:
            state, key = "key", []
        elif kind in ("text", "bare") and state in ("key", "heading"):
            key.append(_unquoted(word) if kind == "text" else word)
        elif kind == "mark" and state == "key" and word == "[":
            state = "heading"
        elif kind == "mark" and state == "heading" and word == "]":
            tables, state = [tuple(key)], "done"
            record(tables[0], 0)
        elif kind == "mark" and state == "key" and word == "=":
            path, state = (*tables[-1], *key), "value"
            record(path, len(tables[-1]))
        elif kind == "mark" and state == "key" and word == "}":
            tables, state = tables[:-1], "value"
        elif kind == "mark" and state == "value":
            if word == "[" or (word == "{" and depth):
                depth += 1
            elif word == "]" or (word == "}" and depth):
                depth -= 1
            elif word == "{":
                tables, state, key = [*tables, path], "key", []
            elif word == "}":
                tables = tables[:-1]
            elif word == "," and not depth:
                state, key = "key", []
        line += word.count("\n")
    return MappingProxyType(lines)


def _unquoted(word: str) -> str:
    return str(tomllib.loads(f"key = {word}")["key"])


# -- what a layer says ----------------------------------------------------------------------------


def _merge(settings: Settings, layer: _Layer, problems: list[Problem]) -> None:
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
    settings: Settings, layer: _Layer, path: Path_, table: object, problems: list[Problem]
) -> None:
    """Merge the table of one section: [programme], [options.NAME.programme], [assume.case]."""
    known = _known(path)
    if not any(key.startswith(f"{'.'.join(path)}.") for key in known):
        problems.append(_unknown(layer, path, known))
        return
    for name, value in _entries(layer, path, table, problems):
        here = (*path, name)
        if here == ("decision", "kind"):
            _merge_decision(settings, layer, here, value, problems)
        elif ".".join(here) not in known:
            problems.append(_unknown(layer, here, known))
        else:
            read = _read_value(layer, here, value, problems)
            if read is not None:
                _put(settings, layer, here, read)


def _merge_option(
    settings: Settings, layer: _Layer, name: str, table: object, problems: list[Problem]
) -> None:
    path = ("options", name)
    if not _OPTION_NAME.fullmatch(name):
        expected = "small letters, digits and underscores, beginning with a letter"
        message = "An option's name cannot be written like this; its label can."
        problems.append(_problem(layer, path, quote(name), expected, message))
        return
    entries = dict(_entries(layer, path, table, problems))
    if not isinstance(table, dict):
        return
    known = ".".join(path) in settings
    if layer.path is None and not known:
        problems.append(_unknown_option(layer, path, settings))
        return
    if "remove" in entries:
        _remove_option(settings, layer, path, entries, problems)
        if entries["remove"] is True:
            return
        del entries["remove"]
    if not known and "label" not in entries:
        # Nearly always a slip in the name of an inherited option.
        near = _near(name, _option_names(settings))
        expected = f"a label, or the name of an option above: {near}" if near else "a label"
        message = f"The option '{name}' is new here and has no label."
        problems.append(_problem(layer, path, "no label", expected, message))
    _put(settings, layer, path, name)
    for key, value in entries.items():
        here = (*path, key)
        if key in _OPTION_TEXTS:
            _merge_text(settings, layer, here, value, problems)
        elif key in _ONCE:
            expected = f"[{key}] at the top of the file"
            message = "This is set once for the whole scenario, not for one option."
            problems.append(_problem(layer, here, ".".join(here), expected, message))
        else:
            _merge_section(settings, layer, here, value, problems)


def _remove_option(
    settings: Settings,
    layer: _Layer,
    path: Path_,
    entries: Mapping[str, object],
    problems: list[Problem],
) -> None:
    key, here = ".".join(path), (*path, "remove")
    if not isinstance(entries["remove"], bool):
        message = "An option is removed with: remove = true."
        problems.append(_problem(layer, here, quote(entries["remove"]), "true", message))
    elif entries["remove"] and len(entries) > 1:
        message = f"The option '{path[1]}' is removed and changed at the same time."
        others = ", ".join(name for name in entries if name != "remove")
        problems.append(_problem(layer, here, f"remove, and {others}", "one of the two", message))
    elif entries["remove"] and key not in settings:
        problems.append(_unknown_option(layer, path, settings))
    elif entries["remove"]:
        for gone in [name for name in settings if name == key or name.startswith(f"{key}.")]:
            del settings[gone]


def _merge_text(
    settings: Settings, layer: _Layer, path: Path_, value: object, problems: list[Problem]
) -> None:
    if isinstance(value, str) and value.strip():
        _put(settings, layer, path, " ".join(value.split()))
        return
    message = f"The {path[-1]} is not a text."
    problems.append(_problem(layer, path, quote(value), "words in quotation marks", message))


def _merge_decision(
    settings: Settings, layer: _Layer, path: Path_, value: object, problems: list[Problem]
) -> None:
    if isinstance(value, str) and value in _DECISIONS:
        setting = _Setting("decision.kind", value, layer, _line(layer, path))
        settings["decision.kind"] = setting
        return
    message = "A scenario is about one of two decisions: the pilot, or its extension."
    expected = '"pilot" or "extension"'
    problems.append(_problem(layer, path, quote(value), expected, message))


def _read_value(layer: _Layer, path: Path_, value: object, problems: list[Problem]) -> Value | None:
    """Read a value in its parameter's unit; on failure add the problem and return None."""
    parameter = _parameter(".".join(path))
    if value == AS_PROGRAMME and parameter.value == AS_PROGRAMME:
        return AS_PROGRAMME
    try:
        read = parse(value, parameter.unit)
    except QuantityError as error:
        message = f"This is not a value for '{parameter.label}'. {error.hint}".strip()
        problems.append(_problem(layer, path, error.found, error.expected, message))
        return None
    if parameter.choices:
        return _read_choice(layer, path, parameter, read, problems)
    return read


def _read_choice(
    layer: _Layer, path: Path_, parameter: Parameter, read: Value, problems: list[Problem]
) -> Value | None:
    choices = [str(choice) for choice in parameter.choices or ()]
    chosen = read if isinstance(read, tuple) else (read,)
    odd = [str(item) for item in chosen if item not in choices]
    if odd:
        near = _near(odd[0], choices)
        message = f"'{odd[0]}' is not one of the choices for '{parameter.label}'."
        if near:
            message += f" Did you mean '{near}'?"
        expected = "one of: " if isinstance(read, str) else "some of: "
        expected += ", ".join(f'"{choice}"' for choice in choices)
        problems.append(_problem(layer, path, f'"{odd[0]}"', expected, message))
        return None
    if isinstance(read, tuple):
        # One order, so that the same choices are the same value however they were listed.
        return tuple(choice for choice in choices if choice in read)
    return read


def _entries(
    layer: _Layer, path: Path_, table: object, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    if isinstance(table, dict):
        yield from table.items()
        return
    name = ".".join(path)
    message = f"'{name}' is a heading with settings under it, not a setting itself."
    expected = f"a heading [{name}] with one setting on each line"
    problems.append(_problem(layer, path, quote(table), expected, message))


def _put(settings: Settings, layer: _Layer, path: Path_, value: Value) -> None:
    key = ".".join(path)
    settings[key] = _Setting(key, value, layer, _line(layer, path))


# -- names ----------------------------------------------------------------------------------------


@cache
def _levers() -> Mapping[str, Parameter]:
    return {key: item for key, item in registry().items() if item.role == "lever"}


def _known(path: Path_) -> list[str]:
    """Return every key that may stand where the path stands."""
    if path[0] == "options":
        start = ".".join(path[:2])
        levers = [key for key in _levers() if key.split(".")[0] not in _ONCE]
        return [f"{start}.{key}" for key in (*_OPTION_TEXTS, "remove", *levers)]
    beliefs = [f"assume.{key}" for key, item in registry().items() if item.role != "lever"]
    return [*_TEXTS, "extends", "decision.kind", *_levers(), *beliefs]


def _parameter(key: str) -> Parameter:
    """Return the parameter that a key of the file sets."""
    section, name = key.split(".")[-2:]
    return registry()[f"{section}.{name}"]


def _is_parameter(key: str) -> bool:
    return ".".join(key.split(".")[-2:]) in registry()


def _near(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that was probably meant."""
    tail = _tail(name)
    for key in known:
        if key.endswith(f".{name}") or (key.endswith(f".{tail}") and "." in name):
            return key
    close = difflib.get_close_matches(name, known, 1, 0.7)
    if close:
        return close[0]
    tails = {_tail(key): key for key in known}
    close = difflib.get_close_matches(tail, list(tails), 1, 0.7)
    return tails[close[0]] if close else None


def _tail(key: str) -> str:
    return key.rsplit(".", 1)[-1]


def _unknown(layer: _Layer, path: Path_, known: Sequence[str]) -> Problem:
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
        near = _near(key, [*known, *headings])
    message = f"There is no setting called '{key}'."
    if near:
        message += f" Did you mean '{near}'?"
    expected = near or "a setting that 'dapp parameters' lists"
    return _problem(layer, path, path[-1], expected, message)


def _unknown_option(layer: _Layer, path: Path_, settings: Settings) -> Problem:
    names = _option_names(settings)
    near = _near(path[1], names)
    message = f"There is no option called '{path[1]}'."
    if near:
        message += f" Did you mean '{near}'?"
    return _problem(layer, path, path[1], f"one of: {', '.join(names)}", message)


def _option_names(settings: Settings) -> list[str]:
    return [str(item.value) for key, item in settings.items() if re.fullmatch(r"options\.\w+", key)]


# -- resolving ------------------------------------------------------------------------------------


def _resolve_options(settings: Settings) -> Mapping[str, Option]:
    options = {}
    for name in _option_names(settings):
        start = f"options.{name}"
        levers: dict[str, Value] = {}
        for key, parameter in _levers().items():
            found = settings.get(f"{start}.{key}") or settings.get(key)
            levers[key] = parameter.value if found is None else found.value
        for key, value in levers.items():
            if value == AS_PROGRAMME:
                levers[key] = levers[key.replace("extension.", "programme.")]
        label, description = (settings.get(f"{start}.{text}") for text in _OPTION_TEXTS)
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


def _origins(settings: Settings) -> Mapping[str, str]:
    """Say where each value that is not the registry's was written, as file name and line."""
    found = {
        key: _where(item)
        for key, item in settings.items()
        if _is_parameter(key) and item.value != _parameter(key).value
    }
    return MappingProxyType(found)


def _hash(layers: Sequence[_Layer]) -> str:
    """Hash what was read; the same text has the same hash on every system and in every folder."""
    texts = [layer.text.replace("\r\n", "\n") for layer in layers]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


# -- checking -------------------------------------------------------------------------------------


def _check_ranges(settings: Settings, problems: list[Problem], warnings: list[str]) -> None:
    for key, item in settings.items():
        if not _is_parameter(key) or isinstance(item.value, bool | str | tuple | date):
            continue
        parameter = _parameter(key)
        if not _within(item.value, parameter.possible):
            expected = _range(parameter, parameter.possible)
            message = f"This is not possible for '{parameter.label}'."
            found = render(item.value, parameter.unit)
            problems.append(_problem_at(item, found, expected, message))
        elif not _within(item.value, parameter.plausible):
            warnings.append(
                f"{_where(item)}, {key}: {render(item.value, parameter.unit)} is unusual for "
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
    for key, what in (*((text, text) for text in _TEXTS), ("decision.kind", "decision")):
        if key not in settings and not wrong & {key, what}:
            expected = "words in quotation marks"
            if what == "decision":
                expected = '"pilot" or "extension"'
            message = f"The scenario has no {what}."
            yield Problem(file, None, what, f"no {what}", expected, message)
    if not _option_names(settings) and not any(key.startswith("options") for key in wrong):
        expected = "at least one option, the first of which the others are compared with"
        message = "The scenario has no options."
        yield Problem(file, None, "options", "no options", expected, message)


@dataclass(frozen=True)
class _Doubt:
    """Values that contradict each other: the keys, as in the registry, and what to say."""

    wrong: bool
    keys: tuple[str, ...]
    found: str
    expected: str
    message: str


def _contradictions(file: str, settings: Settings, problems: Sequence[Problem]) -> list[Problem]:
    """Find values that make sense alone and not together."""
    # One slip is reported once: a value that could not be read, or that stands under a misspelt
    # name (`expected` is then the right one), contradicts nothing.
    broken = {_tail(text) for problem in problems for text in (problem.key, problem.expected)}
    options = _resolve_options(settings)
    found: dict[tuple[object, ...], Problem] = {}

    def report(doubts: Iterable[_Doubt], names: Mapping[str, str]) -> None:
        """Keep the doubts that hold; `names` leads from a parameter to the key that sets it."""
        for doubt in doubts:
            if doubt.wrong and not broken & {_tail(key) for key in doubt.keys}:
                problem = _placed(file, doubt, names, settings)
                # What all options share, and what an extension has from the pilot, is said once.
                place = (problem.file, problem.line, problem.key, problem.found)
                found.setdefault(place, problem)

    values = _resolve_values(settings)
    report(_doubts_of_values(values), {key: f"assume.{key}" for key in values})
    decision = _text(settings, "decision.kind")
    for place, option in enumerate(options.values()):
        names = {key: _written_as(key, option.name, settings) for key in option.levers}
        report(_doubts_of_option(option, decision), names)
        report(_doubts_of_pilot(option, decision, settings), names)
        if place == 0:
            # Where nobody wrote the value, the option itself is the place to put it right.
            start = f"options.{option.name}"
            names = {key: name if name in settings else start for key, name in names.items()}
            report(_doubts_of_comparator(option, decision), names)
    return list(found.values())


def _placed(file: str, doubt: _Doubt, names: Mapping[str, str], settings: Settings) -> Problem:
    """Turn a contradiction into a problem at the value that was written last."""
    keys = [names.get(key, key) for key in doubt.keys]
    written = [settings[key] for key in keys if key in settings]
    if not written:
        return Problem(file, None, keys[0], doubt.found, doubt.expected, doubt.message)
    # That is the one that somebody just changed.
    last = max(written, key=lambda item: (item.layer.order, item.line or 0))
    return _problem_at(last, doubt.found, doubt.expected, doubt.message)


def _doubts_of_values(values: Mapping[str, Any]) -> Iterator[_Doubt]:
    """Compare beliefs with each other."""

    def add_up(keys: tuple[str, ...], what: str) -> _Doubt:
        total = sum(values[key] for key in keys)
        message = f"{what} add up to more than the whole."
        return _Doubt(
            total > 1 + _TOLERANCE, keys, f"a sum of {total:.6g}", "a sum of at most 1", message
        )

    def in_order(first: str, second: str, message: str) -> _Doubt:
        found = f"{values[first]} and {values[second]}"
        expected = f"{first} before {second}"
        return _Doubt(values[first] >= values[second], (first, second), found, expected, message)

    ages = tuple(key for key in values if key.startswith("perpetrator.age_"))
    mix = tuple(key for key in values if key.startswith("incident.mix_"))
    growth = ("county.growth_share_case_starts", "county.growth_share_reporting")
    yield add_up(ages, "The shares of the age bands")
    yield add_up(mix, "The shares of the kinds of behaviour")
    yield add_up(growth, "The parts of the growth")
    yield add_up(("dash.high_share", "dash.medium_share"), "The shares of high and medium risk")
    yield in_order(
        "time.warm_up_start",
        "time.record_start",
        "The record begins before the simulated county does, so it would begin empty.",
    )
    yield in_order("county.growth_from", "county.growth_until", "The growth ends before it begins.")
    yield _Doubt(
        values["time.record_start"] >= BASELINE_ENDS.replace(year=BASELINE_ENDS.year - 1),
        ("time.record_start",),
        str(values["time.record_start"]),
        "a date before the baseline year, which begins on 1 April 2014",
        "The record has to begin before the year that the model is fitted to.",
    )


def _doubts_of_option(option: Option, decision: str) -> Iterator[_Doubt]:
    """Compare the levers of one option with each other."""
    levers: Mapping[str, Any] = option.levers
    extended = levers["extension.length"] > 0
    yield from _timing(levers, decision, extended)
    if levers["programme.offered"]:
        yield from _phase(levers, "programme", "The programme")
        if extended:
            yield from _phase(levers, "extension", "The extension")


def _doubts_of_pilot(option: Option, decision: str, settings: Settings) -> Iterator[_Doubt]:
    """See that options of the extension decision share the pilot, which lies in the past."""
    start = f"options.{option.name}.programme."
    for key in settings:
        if decision == "extension" and key.startswith(start) and key != f"{start}offered":
            name = _tail(key)
            yield _Doubt(
                True,
                (key,),
                f"programme.{name} in one option",
                f"extension.{name} in the option, or {name} under [programme] for all options",
                "At the extension decision the pilot has already run, so one option cannot have "
                "had a different pilot from the others.",
            )


def _timing(levers: Mapping[str, Any], decision: str, extended: bool) -> Iterator[_Doubt]:
    start = levers["programme.contract_start"]
    yield _Doubt(
        start < BASELINE_ENDS,
        ("programme.contract_start",),
        str(start),
        f"{BASELINE_ENDS} or later",
        "The contract starts before the end of the year that the model is fitted to (2014/15).",
    )
    cut_off, decided, length = (
        levers[key] for key in ("decision.cut_off_month", "decision.date_month", "programme.length")
    )
    yield _Doubt(
        cut_off > decided,
        ("decision.cut_off_month", "decision.date_month"),
        f"data until {_months(cut_off)}, decision at {_months(decided)}",
        "a cut-off no later than the decision",
        "The decision would be taken before the data that it rests on are there.",
    )
    yield _Doubt(
        (decision == "extension" or extended) and 0 < length < decided,
        ("decision.date_month", "programme.length"),
        f"decision at {_months(decided)}, funding until {_months(length)}",
        "a decision no later than the end of the pilot's funding",
        "The decision would be taken after the pilot's funding has ended.",
    )
    first = start if decision == "pilot" else start + timedelta(days=int(decided))
    acts_from = levers["services.from"]
    yield _Doubt(
        # A few days are allowed for months of different length.
        isinstance(acts_from, date) and acts_from < first - timedelta(days=3),
        ("services.from", "programme.contract_start", "decision.date_month"),
        str(acts_from),
        f'"decision", or a date from {first} on',
        "Services would change before the decision is taken, when the options are still the same.",
    )


def _phase(levers: Mapping[str, Any], section: str, what: str) -> Iterator[_Doubt]:
    """Find contradictions inside one funded stretch: the pilot or its extension."""

    def keys(*names: str) -> tuple[str, ...]:
        return tuple(f"{section}.{name}" for name in names)

    def lever(name: str) -> Any:
        return levers[f"{section}.{name}"]

    length, ending = lever("length"), lever("ending")
    yield _Doubt(
        length == 0,
        keys("length", "ending"),
        f"a length of 0 days with the ending {ending}",
        "a length above 0",
        f"{what} is offered but funded for no time, so there is nothing that could end.",
    )
    yield _Doubt(
        lever("delivery") == "closed groups" and lever("group_minimum") > lever("group_size"),
        keys("group_minimum", "group_size", "delivery"),
        f"at least {lever('group_minimum')} in groups of {lever('group_size')}",
        "a minimum no larger than the size of the group",
        f"{what}: a group could never start, because it needs more people than it has room for.",
    )
    idle = lever("mobilisation") + lever("last_start_before_end")
    yield _Doubt(
        0 < length <= idle,
        keys("mobilisation", "last_start_before_end", "length"),
        f"{_days(lever('mobilisation'))} before the first start and "
        f"{_days(lever('last_start_before_end'))} after the last, out of {_days(length)}",
        "some time in between",
        f"{what} leaves no time in which anybody could start.",
    )
    total = sum(share for _, share in lever("funders"))
    yield _Doubt(
        abs(total - 1) > _TOLERANCE or any(share < 0 for _, share in lever("funders")),
        keys("funders"),
        f"{render(lever('funders'), 'shares')}: a sum of {total:.6g}",
        "shares from 0 to 1 with a sum of 1",
        f"{what}: the funders' shares do not add up to the whole cost.",
    )
    yield _Doubt(
        not lever("eligible_routes"),
        keys("eligible_routes"),
        "no routes",
        "at least one route",
        f"{what}: nobody could be referred.",
    )


def _doubts_of_comparator(first: Option, decision: str) -> Iterator[_Doubt]:
    """See that the first option is the decision's comparator."""
    levers: Mapping[str, Any] = first.levers
    start = f"The first option, '{first.label}', is what the others are compared with."
    offered = levers["programme.offered"]
    yield _Doubt(
        decision == "pilot" and offered,
        ("programme.offered",),
        "a programme is offered",
        "programme.offered = false in the first option",
        f"{start} For the pilot decision that is having no programme.",
    )
    yield _Doubt(
        decision == "extension" and levers["extension.length"] > 0,
        ("extension.length",),
        f"an extension of {_days(levers['extension.length'])}",
        'extension.length = "0 months" in the first option',
        f"{start} For the extension decision that is the pilot, then stop.",
    )
    yield _Doubt(
        decision == "extension" and not offered,
        ("programme.offered",),
        "no programme is offered",
        "programme.offered = true in the first option",
        f"{start} For the extension decision that is the pilot, then stop.",
    )


def _written_as(key: str, option: str, settings: Settings) -> str:
    """Return the key in the file that decides a lever of an option."""
    for name in (f"options.{option}.{key}", key):
        if name in settings:
            if settings[name].value == AS_PROGRAMME:
                break
            return name
    if _levers()[key].value == AS_PROGRAMME:
        return _written_as(key.replace("extension.", "programme."), option, settings)
    return key


def _pointless(options: Mapping[str, Option]) -> list[str]:
    """Warn about options that are the same as the first, or as each other."""
    first, *others = options.values()
    same = {option.name for option in others if _felt(option) == _felt(first)}
    warnings = [
        f"The option '{option.label}' ({option.name}) changes nothing compared with "
        f"'{first.label}': every difference will be exactly zero."
        for option in others
        if option.name in same
    ]
    for one, two in itertools.combinations(others, 2):
        if one.name not in same and two.name not in same and _felt(one) == _felt(two):
            warnings.append(
                f"The options '{one.label}' ({one.name}) and '{two.label}' ({two.name}) are the "
                "same: they will have the same results."
            )
    if not others:
        warnings.append("There is only one option, so there is nothing to compare it with.")
    return warnings


def _felt(option: Option) -> dict[str, Value]:
    """Return the levers that can make a difference: not those of a phase that never happens."""
    asleep: tuple[str, ...] = ()
    if not option.levers["programme.offered"]:
        asleep = ("programme", "extension")
    elif option.levers["extension.length"] == 0:
        asleep = ("extension",)
    return {
        key: value
        for key, value in option.levers.items()
        if key.split(".")[0] not in asleep or key == "programme.offered"
    }


def _gaps(options: Mapping[str, Option], decision: str) -> list[str]:
    """Warn where a provider cannot be found again before the funding ends."""
    levers: Mapping[str, Any] = next(iter(options.values())).levers
    ready = levers["decision.date_month"] + levers["decision.retender_lead"]
    if decision != "extension" or ready <= levers["programme.length"]:
        return []
    return [
        f"The decision at {_months(levers['decision.date_month'])} and a lead time of "
        f"{_months(levers['decision.retender_lead'])} run past the end of the pilot's funding at "
        f"{_months(levers['programme.length'])}: an extension without a gap may not be possible."
    ]


# -- where and what -------------------------------------------------------------------------------


def _problem(layer: _Layer, path: Path_, found: str, expected: str, message: str) -> Problem:
    key = ".".join(path)
    return Problem(layer.file, _line(layer, path), key, found, expected, message)


def _problem_at(item: _Setting, found: str, expected: str, message: str) -> Problem:
    return Problem(item.layer.file, item.line, item.key, found, expected, message)


def _line(layer: _Layer, path: Path_) -> int | None:
    return layer.lines.get(path)


def _where(item: _Setting) -> str:
    """Say where a value stands without naming folders, so that a run folder can be moved."""
    if item.layer.path is None:
        return item.layer.file
    return f"{item.layer.path.name}:{item.line}"


def _in_order(problems: Sequence[Problem], layers: Sequence[_Layer]) -> tuple[Problem, ...]:
    """Sort by file, the one that was asked for first, and by line."""
    files = [layer.file for layer in reversed(layers)]

    def place(problem: Problem) -> tuple[int, int]:
        order = files.index(problem.file) if problem.file in files else len(files)
        return order, problem.line or 0

    return tuple(sorted(dict.fromkeys(problems), key=place))


def _text(settings: Settings, key: str) -> str:
    return str(settings[key].value) if key in settings else ""


def _days(value: float) -> str:
    return render(value, "duration")


def _months(value: float) -> str:
    months = round(value / 30.4375, 1)
    return f"month {months:g}"


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}..."


# -- writing --------------------------------------------------------------------------------------


def resolved_toml(inputs: Inputs) -> str:
    """Write the scenario out in full: a file that extends nothing and loads to equal values."""
    options = [inputs.option(name) for name in inputs.options]
    sections: dict[str, list[str]] = {"decision": [f'kind = "{inputs.decision}"']}
    shared: dict[str, Value] = {}
    for key, parameter in _levers().items():
        section, name = key.split(".")
        if parameter.value != AS_PROGRAMME:
            values = [option.levers[key] for option in options]
            shared[key] = max(values, key=values.count)
            row = f"{name} = {_toml(shared[key], parameter.unit)}"
            sections.setdefault(section, []).append(row)
    for key, value in inputs.values.items():
        section, name = key.split(".")
        row = f"{name} = {_toml(value, registry()[key].unit)}"
        sections.setdefault(f"assume.{section}", []).append(row)
    heading = [f"{text} = {_toml_text(getattr(inputs, text))}" for text in _TEXTS]
    blocks = ["\n".join(heading)]
    for section, rows in sections.items():
        blocks.append("\n".join([f"[{section}]", *rows]))
    for option in options:
        texts = {text: getattr(option, text) for text in _OPTION_TEXTS}
        rows = [f"{key} = {_toml_text(text)}" for key, text in texts.items() if text]
        for key, value in option.levers.items():
            inherited = shared.get(key)
            if key not in shared:
                inherited = option.levers[key.replace("extension.", "programme.")]
            if value != inherited:
                rows.append(f"{key} = {_toml(value, registry()[key].unit)}")
        blocks.append("\n".join([f"[options.{option.name}]", *rows]))
    return "\n\n".join(blocks) + "\n"


def _toml(value: Value, unit: str) -> str:
    due = UNITS[unit]
    text = render(value, unit)
    if value == due.word:
        return _toml_text(text)
    if due.bare or due.kind in ("switch", "date"):
        return text
    if isinstance(value, tuple) and due.kind == "choices":
        return f"[{', '.join(_toml_text(str(item)) for item in value)}]"
    if due.kind == "shares":
        pairs = (pair.rpartition(" ") for pair in text.split(", "))
        return f"{{{', '.join(f'{name} = {share}' for name, _, share in pairs)}}}"
    return _toml_text(text)


def _toml_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda odd: f"\\u{ord(odd[0]):04x}", escaped) + '"'


def differences(inputs: Inputs, base: Inputs) -> list[str]:
    """Say in plain words what differs from another scenario, with both values."""
    there = Path(base.path).name
    found = []
    if inputs.decision != base.decision:
        found.append(f"The decision: {inputs.decision} here, {base.decision} in {there}.")
    for key in inputs.values:
        found += _difference(key, inputs.values[key], base.values[key], there)
    common = [name for name in inputs.options if name in base.options]
    for key in _levers():
        once = key.split(".")[0] in _ONCE
        pairs = {
            name: (_own(inputs.option(name), key), _own(base.option(name), key)) for name in common
        }
        if once:
            # All options have it, so options with different names can be compared.
            here, before = (case.option(case.options[0]) for case in (inputs, base))
            found += _difference(key, here.levers[key], before.levers[key], there)
        elif len(common) > 1 and len(set(pairs.values())) == 1:
            found += _difference(key, *pairs[common[0]], there)
        else:
            for name, pair in pairs.items():
                label = inputs.option(name).label
                found += [f"{label}: {text}" for text in _difference(key, *pair, there)]
    found += _option_differences(inputs, base)
    return found


def _option_differences(inputs: Inputs, base: Inputs) -> list[str]:
    """Say which options are new, which are left out, and what sets the new ones apart."""
    there = Path(base.path).name
    found = []
    first = inputs.option(inputs.options[0])
    for name in inputs.options:
        option = inputs.option(name)
        if name in base.options:
            continue
        if option is first:
            found.append(f"New option, which the others are compared with: {option.label}.")
            continue
        apart = [
            f"{registry()[key].label}: {_said(key, _own(option, key))}"
            for key in _levers()
            if _own(option, key) != _own(first, key)
        ]
        found.append(f"New option: {option.label} ({'; '.join(apart) or 'as the first option'}).")
    for name in base.options:
        if name not in inputs.options:
            found.append(f"Left out: {base.option(name).label}, an option of {there}.")
    return found


def _own(option: Option, key: str) -> Value:
    """Return a lever as a person would write it: "as programme" where it only follows the pilot."""
    value = option.levers[key]
    follows = _levers()[key].value == AS_PROGRAMME
    if follows and value == option.levers[key.replace("extension.", "programme.")]:
        return AS_PROGRAMME
    return value


def _difference(key: str, here: Value, before: Value, there: str) -> list[str]:
    if here == before:
        return []
    label = registry()[key].label
    return [f"{label} ({key}): {_said(key, here)} here, {_said(key, before)} in {there}."]


def _said(key: str, value: Value) -> str:
    if value == AS_PROGRAMME:
        return "as in the pilot"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return render(value, registry()[key].unit) or "none"


def template(name: str) -> str:
    """Return the commented scenario file that a person starts from; NAME becomes its title.

    Raises InputErrors if the name cannot be a file's name.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,59}", name, re.ASCII):
        message = "This cannot be the name of a scenario."
        expected = "letters, digits, - and _, beginning with a letter, without .toml"
        raise InputErrors((Problem(name, None, "", _short(quote(name)), expected, message),))
    title = re.sub("[_-]+", " ", name).strip()
    return _TEMPLATE.replace("NAME", title[0].upper() + title[1:])


_TEMPLATE: Final = """\
# A scenario: what could be done, compared with stopping after the pilot.
# It changes only what it names; everything else comes from the file that it extends.
# A line that begins with # is switched off. Take the # away to use it.
# A value with a unit stands in quotation marks. See what you changed with: dapp check FILE

title = "NAME"
question = "Should the programme be extended in this form?"
extends = "surrey_extension.toml"

# Options of surrey_extension.toml that you do not need; "stop" and "extend" stay for comparison.
options.extend_motivational.remove = true
options.extend_one_to_one_high_harm.remove = true
options.extend_larger.remove = true
options.pause_and_evaluate.remove = true
options.one_funder_withdraws.remove = true

[options.my_option]
label = "My option"                         # a few words, for charts
description = "What would be done, in a sentence."
extension.length = "24 months"              # how long it is funded; "0 months" is to stop
extension.annual_budget = "£120,000"        # a year, in cash

# Who pays which share of each year; the shares add up to 1.
# extension.funders = {community_safety_board = 0.5, surrey_police = 0.25, opcc = 0.25}

# extension.places = "30 places"            # or "from budget": as many as the money buys
# extension.one_to_one_places = "4 places"  # kept for people assessed as high risk
# extension.assessors = "2 assessors"       # more of them shorten the wait for an assessment
# extension.sessions = "30 sessions"        # how many make up the programme
# extension.delivery = "closed groups"      # or "rolling group", or "one-to-one"
# extension.priority = "by risk"            # or "first come": who starts next from the waiting list
# extension.eligible_risk = "high"          # or "any", or "not high": who may be referred
# extension.eligible_routes = ["self", "police", "marac", "children", "court", "health"]
# extension.motivational_enhancement = true # interviews that strengthen the wish to change
# extension.partner_support_places = "20 places"    # victims supported at the same time
# extension.gap = "6 months"                # a pause between the pilot and the extension
# extension.evaluation_cost = "£40,000"     # an evaluation during the pause or the extension
# extension.ending = "stop"                 # or "teach-out": those who have started may finish
# services.campaigns = 2.0                  # 0 none, 1 as now, 2 one more, for self-referral
# services.outreach = false                 # victim outreach ends at the decision

# [decision]
# date_month = "20 months"                  # the decision, counted from the contract's start
# cut_off_month = "18 months"               # the last month whose data it can use

# What we believe, as opposed to what we would do; dapp parameters lists all of it.
# [assume.effect]
# full_dose_hr = 0.95                       # hazard of abuse after a full programme; 1 = no effect
# half_life = "2 years"                     # how fast the effect fades after the end
"""
