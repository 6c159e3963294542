"""What a parameter is, the registry of all of them, and the frozen inputs of a run.

Every parameter stands in `parameters.toml` beside this file, with its unit, source and grade. The
registry reads that file once and refuses it as a whole if one entry does not hold together.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from dapp_model import given
from dapp_model.distributions import Distribution, Uncertain, read_distribution
from dapp_model.errors import InputErrors, Problem, QuantityError
from dapp_model.quantities import UNITS, Value, parse

__all__ = [
    "AS_PROGRAMME",
    "GRADES",
    "ROLES",
    "STATUSES",
    "Inputs",
    "Option",
    "Parameter",
    "distribution_of",
    "read_registry",
    "registry",
]

AS_PROGRAMME: Final = "as programme"
"""The default of a lever of the extension that takes the pilot's value."""

ROLES: Final = ("lever", "evidence", "calibrated", "convention")
STATUSES: Final = (
    "verified_primary",
    "verified_secondary",
    "derived",
    "seed_document",
    "recalled",
    "convention",
)
GRADES: Final = ("A", "B", "C", "D", "-")

_FILE: Final = Path(__file__).with_name("parameters.toml")
_TEXTS: Final = ("label", "unit", "role", "source", "year", "status", "grade", "note")
_REQUIRED: Final = frozenset(_TEXTS) - {"note"} | {"value"}
_OPTIONAL: Final = frozenset(
    {"distribution", "possible", "plausible", "choices", "with_calibration", "evidence", "note"}
)
_NUMERIC: Final = ("duration", "money", "rate", "count", "number")
_LISTED: Final = ("choice", "choices")
_WITHOUT_UNIT: Final = ("kind", "name", "weight", "log_mean", "log_sd")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_TOLERANCE: Final = 1e-5  # of shares that add up: a third may be written 0.333333


@dataclass(frozen=True)
class Parameter:
    """One number, date, switch or choice of the model, with all that is known about it.

    `value`, `distribution`, `possible` and `plausible` are in base units (days, GBP, per year).
    `distribution` is None where the value is fixed; `possible`, `plausible` and `choices` are None
    where they do not apply. `with_calibration` marks what may be drawn only together with the
    calibrated parameters, since it moves the baseline year's recorded incidents, repeats or MARAC
    counts. `year` is the period of which the figure speaks.
    """

    name: str
    label: str
    unit: str
    kind: str
    value: Value
    distribution: Distribution | None
    possible: tuple[float, float] | None
    plausible: tuple[float, float] | None
    choices: tuple[str, ...] | None
    role: str
    with_calibration: bool
    source: str
    year: str
    status: str
    grade: str
    evidence: tuple[str, ...]
    note: str

    @property
    def fitted(self) -> bool:
        """Say whether the calibration's joint posterior holds this parameter."""
        return self.role == "calibrated" or self.with_calibration

    @property
    def drawn(self) -> bool:
        """Say whether each draw of what is not known may have its own value of this parameter."""
        known = self.distribution is not None and self.possible is not None
        return self.fitted or (self.role == "evidence" and known)

    def read(self, written: object) -> Value:
        """Read a value as a person writes it and return it in base units.

        Raises QuantityError if it cannot be read, and ValueError if it is not possible.
        """
        if written == AS_PROGRAMME and self.name.startswith("extension."):
            return AS_PROGRAMME
        value = parse(written, self.unit)
        self.check(value)
        return value

    def check(self, value: Value) -> None:
        """Raise ValueError if a value in base units is not possible for this parameter."""
        if value in (AS_PROGRAMME, UNITS[self.unit].word):
            return
        if self.choices is not None:
            odd = [item for item in _as_tuple(value) if item not in self.choices]
            if odd:
                raise ValueError(f"{self.name}: {odd[0]!r} is not one of {list(self.choices)}")
        elif self.possible is not None:
            low, high = self.possible
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{self.name}: {value!r} is not a number")
            if self.kind == "count" and not isinstance(value, int):
                raise ValueError(f"{self.name}: {value:g} is not a whole number")
            if not low <= value <= high:
                raise ValueError(f"{self.name}: {value:g} is outside {low:g} to {high:g}")
        elif not isinstance(value, _TYPES[self.kind]):
            raise ValueError(f"{self.name}: {value!r} is not a {self.kind}")


_TYPES: Final[Mapping[str, type]] = MappingProxyType(
    {"date": date, "switch": bool, "shares": tuple}
)


@dataclass(frozen=True)
class Option:
    """One course of action: every lever with its value in base units, by "section.name"."""

    name: str
    label: str
    description: str
    levers: Mapping[str, Any]  # whole numbers, fractions, dates, names: as the registry says

    def __post_init__(self) -> None:
        """Keep a copy of the levers that nobody can change."""
        _freeze(self, "levers")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as plain dictionaries: a worker process gets an equal option."""
        return type(self), _plain_fields(self)


@dataclass(frozen=True)
class Inputs:
    """Everything that a run depends on, resolved and frozen.

    `options` are names in the file's order, the decision's comparator first. `values` holds every
    parameter that is not a lever, by "section.name" in base units. `origins` says, by the key of
    the file, where each value that is not the registry's was written.
    """

    name: str
    title: str
    question: str
    decision: str
    options: tuple[str, ...]
    option_table: Mapping[str, Option]
    values: Mapping[str, Any]  # as the registry says, in base units
    population_share: float
    origins: Mapping[str, str]
    warnings: tuple[str, ...]
    provisional: bool
    path: str
    text_hash: str

    def __post_init__(self) -> None:
        """Keep copies of the tables that nobody can change."""
        _freeze(self, "option_table", "values", "origins")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as plain dictionaries: a worker process gets equal inputs."""
        return type(self), _plain_fields(self)

    def option(self, name: str) -> Option:
        """Return an option by name; raises KeyError, with the names there are, if unknown."""
        if name not in self.option_table:
            raise KeyError(f"no option {name!r}; there are {', '.join(self.options)}")
        return self.option_table[name]

    def replace(self, *, values: Mapping[str, Value]) -> Inputs:
        """Return a copy with other values of some parameters, in base units.

        Levers belong to options and are not replaced here. Raises KeyError on a name that is not
        in `values`, and ValueError on a value that is not possible.
        """
        for name, value in values.items():
            if name not in self.values:
                raise KeyError(f"no value named {name!r} to replace")
            registry()[name].check(value)
        return dataclasses.replace(self, values={**self.values, **values})

    @property
    def uncertain(self) -> Mapping[str, Uncertain]:
        """What may be drawn: evidence with a distribution that the scenario has not set itself.

        Left out is what can be drawn only together with the calibrated parameters.
        """
        found = {}
        for name, parameter in registry().items():
            held = name in self.origins or f"assume.{name}" in self.origins
            if not parameter.drawn or parameter.fitted or held:
                continue
            assert parameter.distribution is not None
            assert parameter.possible is not None
            found[name] = Uncertain(parameter.distribution, parameter.possible)
        return MappingProxyType(found)

    def resolved_toml(self) -> str:
        """Return a complete scenario file that loads to the same values."""
        # Writing the notation belongs beside reading it, and that room stands on this one.
        from dapp_model.scenario import resolved_toml

        return resolved_toml(self)


@cache
def registry() -> Mapping[str, Parameter]:
    """Return every parameter by "section.name", in the order of the file; read once.

    Raises InputErrors, with the parameter's name, if the file does not hold together.
    """
    return registry_in(_FILE)


def registry_in(path: Path) -> Mapping[str, Parameter]:
    """Read a registry file; raises InputErrors with the first parameter that is wrong, and why."""
    try:
        return read_registry(given.text(path))
    except (ValueError, given.Unreadable) as error:
        message = "The registry of parameters does not hold together."
        expected = "parameters as docs/parameters.md lists them"
        problem = Problem(path.name, None, "", str(error), expected, message)
        raise InputErrors((problem,)) from None


def read_registry(text: str) -> Mapping[str, Parameter]:
    """Read the text of a registry file and check all of it.

    Raises ValueError with the name of the first parameter that is wrong, and why.
    """
    try:
        sections = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{_heading_above(text, str(error))}: {error}") from None
    except RecursionError:
        raise ValueError("brackets inside brackets beyond use") from None
    found = {}
    for section, tables in sections.items():
        if not isinstance(tables, dict):
            raise ValueError(f"{section}: stands outside any parameter")
        for short, table in tables.items():
            name = f"{section}.{short}"
            if not isinstance(table, dict):
                raise ValueError(f"{name}: is a value where a table is due")
            try:
                found[name] = _read_parameter(name, table)
            except (ValueError, QuantityError) as error:
                reason = str(error).removeprefix(f"{name}: ")
                raise ValueError(f"{name}: {reason}") from None
    _check_labels(found)
    _check_extension(found)
    return MappingProxyType(found)


def _read_parameter(name: str, table: Mapping[str, Any]) -> Parameter:
    _check_fields(name, table)
    unit = table["unit"]
    kind = UNITS[unit].kind
    distribution = table.get("distribution")
    choices = table.get("choices")
    parameter = Parameter(
        name=name,
        label=table["label"],
        unit=unit,
        kind=kind,
        value=AS_PROGRAMME,
        distribution=None if distribution is None else distribution_of(distribution, unit),
        possible=_read_range(table.get("possible"), unit),
        plausible=_read_range(table.get("plausible"), unit),
        choices=None if choices is None else tuple(choices),
        role=table["role"],
        with_calibration=table.get("with_calibration", False),
        source=table["source"],
        year=table["year"],
        status=table["status"],
        grade=table["grade"],
        evidence=tuple(table.get("evidence", ())),
        note=table.get("note", ""),
    )
    _check_limits(parameter)
    _check_standing(parameter)
    parameter = dataclasses.replace(parameter, value=parameter.read(table["value"]))
    _check_value(parameter)
    return parameter


def _check_fields(name: str, table: Mapping[str, Any]) -> None:
    """See that the fields are those of a parameter, each of the right type."""
    missing, unknown = _REQUIRED - set(table), set(table) - _REQUIRED - _OPTIONAL
    _require(not missing, f"has no {', '.join(sorted(missing))}")
    _require(not unknown, f"has a field that no parameter has: {', '.join(sorted(unknown))}")
    _require(all(map(_NAME.fullmatch, name.split("."))), "the name is not in small letters")
    for field in _TEXTS:
        text = table.get(field, "")
        _require(isinstance(text, str), f"{field} is not a text")
        _require(bool(text.strip()) or field == "note", f"{field} is empty")
    _require(table["unit"] in UNITS, f"the unit {table['unit']!r} is not one of the closed list")
    for field in ("choices", "evidence"):
        texts = table.get(field, [])
        right = isinstance(texts, list) and all(isinstance(item, str) for item in texts)
        _require(right and len(set(texts)) == len(texts), f"{field} is not a list of texts")
    right = isinstance(table.get("with_calibration", False), bool)
    _require(right, "with_calibration is neither true nor false")


def _read_range(ends: object, unit: str) -> tuple[float, float] | None:
    if ends is None:
        return None
    if not isinstance(ends, list) or len(ends) != 2:
        raise ValueError("a range has a lowest and a highest value")
    low, high = (parse(end, unit) for end in ends)
    if not isinstance(low, int | float) or not isinstance(high, int | float) or low >= high:
        raise ValueError(f"the range {ends} does not rise")
    return low, high


def distribution_of(table: object, unit: str) -> Distribution:
    """Read a distribution whose arguments are written in a unit; it is in base units.

    Raises ValueError or QuantityError.
    """
    if not isinstance(table, dict):
        raise ValueError("the distribution is not a table")
    return read_distribution(
        {
            key: value if key in _WITHOUT_UNIT or key == "parts" else parse(value, unit)
            for key, value in table.items()
        }
    )


def _check_limits(parameter: Parameter) -> None:
    """See that numbers have ranges, one inside the other, and choices their list."""
    possible, plausible = parameter.possible, parameter.plausible
    numeric, listed = parameter.kind in _NUMERIC, parameter.kind in _LISTED
    given = possible is not None and plausible is not None
    absent = possible is None and plausible is None
    _require(given if numeric else absent, "a possible and a plausible range belong to numbers")
    _require(bool(parameter.choices) == listed, "choices belong to a choice or a list of them")
    if possible is not None and plausible is not None:
        inside = possible[0] <= plausible[0] and plausible[1] <= possible[1]
        _require(inside, "what is plausible should be possible")


def _check_value(parameter: Parameter) -> None:
    """See that the value itself is plausible, and fits what is said about it."""
    value, plausible = parameter.value, parameter.plausible
    if plausible is not None and isinstance(value, int | float):
        _require(plausible[0] <= value <= plausible[1], "the value itself is not plausible")
    if parameter.kind == "shares" and isinstance(value, tuple):
        total = sum(float(pair[1]) for pair in value)
        _require(abs(total - 1) <= _TOLERANCE, "the shares do not add up to 1")
    if parameter.distribution is not None:
        _require(isinstance(value, float), "a distribution needs a number that need not be whole")


def _check_standing(parameter: Parameter) -> None:
    """See that role, status and grade say the same about how far the value can be trusted."""
    role, status, grade = parameter.role, parameter.status, parameter.grade
    _require(role in ROLES, f"the role {role!r} is not one of {', '.join(ROLES)}")
    _require(status in STATUSES, f"the status {status!r} is not one of {', '.join(STATUSES)}")
    _require(grade in GRADES, f"the grade {grade!r} is not one of {', '.join(GRADES)}")
    chosen = role in ("lever", "convention")
    _require((grade == "-") == chosen, "levers and conventions, and they alone, have the grade -")
    _require(status != "convention" or chosen, "what we believe cannot be a convention")
    _require(status != "recalled" or grade == "D", "what is recalled has the grade D")
    _require(role != "calibrated" or status == "derived", "what is calibrated is derived")
    _require(not parameter.with_calibration or role == "evidence", "only evidence is drawn")
    if parameter.distribution is not None:
        _require(role == "evidence", "only evidence has a distribution")


def _check_labels(found: Mapping[str, Parameter]) -> None:
    """See that no two parameters are called the same."""
    named: dict[str, str] = {}
    for name, parameter in found.items():
        other = named.setdefault(parameter.label.casefold(), name)
        if other != name:
            raise ValueError(f"{name}: has the same label as {other}")


def _check_extension(found: Mapping[str, Parameter]) -> None:
    """See that each lever that takes the pilot's value has one of the same kind to take."""
    for name, parameter in found.items():
        if parameter.value == AS_PROGRAMME:
            twin = found.get(name.replace("extension.", "programme.", 1))
            if twin is None or (twin.unit, twin.choices) != (parameter.unit, parameter.choices):
                raise ValueError(f"{name}: there is no programme lever of the same kind")


def _heading_above(text: str, reason: str) -> str:
    """Return the heading under which a line stands that cannot be read."""
    place = re.search(r"at line (\d+)", reason)
    lines = text.splitlines()[: int(place[1]) if place else None]
    headings = [line.strip(" []") for line in lines if line.startswith("[")]
    return headings[-1] if headings else "the first line"


def _as_tuple(value: Value) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _freeze(instance: Option | Inputs, *names: str) -> None:
    for name in names:
        object.__setattr__(instance, name, MappingProxyType(dict(getattr(instance, name))))


def _plain_fields(instance: Option | Inputs) -> tuple[Any, ...]:
    fields = (getattr(instance, field.name) for field in dataclasses.fields(instance))
    return tuple(dict(field) if isinstance(field, MappingProxyType) else field for field in fields)


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise ValueError(reason)
