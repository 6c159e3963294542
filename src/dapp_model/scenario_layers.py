"""The layers of a scenario: its file, the files that it extends, and values given beside them.

A layer is read as it stands. What its keys mean is for the rooms above.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from dapp_model.errors import InputErrors, Problem
from dapp_model.paths import trouble
from dapp_model.quantities import quote
from dapp_model.toml_lines import KeyPath, locate
from dapp_model.workbook import reading

LARGEST_FILE_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class Layer:
    """One file, or the values given beside the files; a later layer stands over an earlier one."""

    order: int
    file: str
    table: Mapping[str, Any]
    lines: Mapping[KeyPath, int]
    text: str
    path: Path | None


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


def chain(path: Path, problems: list[Problem]) -> list[Layer]:
    """Read a file and all that it extends; return them from the bottom up."""
    layers: list[Layer] = []
    following: Path | None = path
    while following is not None:
        try:
            layer = _read(following, quoted=not layers or _is_near(following, path))
            layers.append(layer)
            following = _extended(layer)
            if layer.path and layer.path.suffix.lower() in reading.SUFFIXES:
                following = None  # a workbook holds its whole scenario; that file is its base
        except InputErrors as error:
            problems += error.problems
            break
        seen = [step.path.resolve() for step in layers if step.path]
        if following is not None and following.resolve() in seen:
            names = " -> ".join([*(step.name for step in seen), following.name])
            message = "The files extend each other in a circle, so there is nothing to start from."
            expected = "a file that does not lead back to this one"
            problems.append(problem_in(layer, ("extends",), names, expected, message))
            break
    return [replace(layer, order=order) for order, layer in enumerate(reversed(layers))]


def _is_near(other: Path, path: Path) -> bool:
    """Say whether a file lies in the folder of another, or below it.

    Nobody learns from a message what stands in a file elsewhere that is no scenario.
    """
    return other.resolve().is_relative_to(path.resolve().parent)


def _read(path: Path, *, quoted: bool = True) -> Layer:
    """Read one file; raises InputErrors, which quote a line that is no TOML if `quoted`."""
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
        if path.suffix.lower() in reading.SUFFIXES:
            return Layer(0, file, *reading.tables(file, content), path)
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
        return Layer(0, file, tomllib.loads(text), locate(text), text, path)
    except tomllib.TOMLDecodeError as error:
        problem = _not_toml(file, text, str(error))
        if not quoted:
            problem = replace(problem, found="")
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
    if re.search(r"overwrite|twice|mutate|Duplicate", reason):
        what = "heading" if row.startswith("[") else "setting"
        message = f"This {what} stands in the file twice."
        return Problem(
            file, line, "", shortened(row), "each setting and each heading once", message
        )
    hint = _hint(row, row.partition("=")[2].partition("#")[0].strip())
    message = "This line cannot be read as TOML, the notation of scenario files."
    return Problem(file, line, "", shortened(row), hint, message)


def _hint(row: str, value: str) -> str:
    """Return what was probably meant by a line that is not TOML; `value` is behind its =."""
    if re.search("[\u201c\u201d\u2018\u2019]", row):
        return 'straight quotation marks, as in "26 weeks"'
    if row.startswith("["):
        return "a heading in square brackets, without blanks: [options.my_option]"
    if "=" not in row:
        return 'a setting, =, and a value: places = "40 places"'
    if re.fullmatch("true|false|yes|no|on|off", value, re.IGNORECASE):
        return "true for yes or false for no, in small letters"
    if re.fullmatch(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}", value):
        return "a date with the year first, then month and day: 2017-04-01"
    if value.count('"') == 1:
        return 'quotation marks before and after the value, as in "26 weeks"'
    if re.match(r'"[^"]*" ', value):
        return "nothing after the value, or a # before what is only a remark"
    return 'a value with a unit in quotation marks, such as "26 weeks" or "£100,000"'


def _extended(layer: Layer) -> Path | None:
    """Return the file that a layer extends, or None; raises InputErrors."""
    if "extends" not in layer.table:
        return None
    name = layer.table["extends"]
    assert layer.path is not None
    wanted = "the name of another scenario file, ending in .toml"

    def refusal(message: str, expected: str = wanted) -> InputErrors:
        return InputErrors((problem_in(layer, ("extends",), quote(name), expected, message),))

    if not isinstance(name, str) or not name.strip():
        raise refusal("The file that this one extends is not named.")
    if "\0" in name or Path(name).suffix != ".toml":
        raise refusal("A scenario can extend only another scenario file.")
    found = layer.path.parent / name
    if reason := trouble(found):
        raise refusal(f"The file that this one extends cannot be looked for ({reason}).")
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


def overrides_layer(order: int, overrides: Mapping[str, object], problems: list[Problem]) -> Layer:
    """Turn dotted keys into nested tables, as they would stand in a file."""
    layer = Layer(order, "values given beside the file", {}, {}, repr(overrides), None)
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
            problems.append(problem_in(layer, (key,), found, "each value once", message))
        inner[last] = value
    return Layer(order, layer.file, table, {}, layer.text, None)


# -- problems and identity ------------------------------------------------------------------------


def problem_in(layer: Layer, path: KeyPath, found: str, expected: str, message: str) -> Problem:
    """Return a problem at the line on which a key of a layer stands."""
    key = ".".join(path)
    return Problem(layer.file, layer.lines.get(path), key, found, expected, message)


def in_order(problems: Sequence[Problem], layers: Sequence[Layer]) -> tuple[Problem, ...]:
    """Sort by file, the one that was asked for first, and by line."""
    files = [layer.file for layer in reversed(layers)]

    def place(problem: Problem) -> tuple[int, int]:
        order = files.index(problem.file) if problem.file in files else len(files)
        return order, problem.line or 0

    return tuple(sorted(dict.fromkeys(problems), key=place))


def shortened(text: str) -> str:
    """Return a text cut to a length that fits in a message."""
    return text if len(text) <= 100 else f"{text[:100]}..."


def text_hash(layers: Sequence[Layer]) -> str:
    """Hash what was read; the same text has the same hash on every system and in every folder."""
    texts = [layer.text.replace("\r\n", "\n") for layer in layers]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
