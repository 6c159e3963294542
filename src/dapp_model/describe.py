"""A scenario and its parameters in plain words, for `dapp check` and `dapp parameters`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model import fitted
from dapp_model.parameters import AS_PROGRAMME, Parameter, registry
from dapp_model.quantities import Value, parse, render

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

WIDTH: Final = 100
_PERIOD: Final = re.compile(r"\b(hour|day|week|month|year)s?$")
_STATUS: Final = {
    "verified_primary": "checked in the source itself",
    "verified_secondary": "checked in a source that quotes it",
    "derived": "derived",
    "seed_document": "from the documents of the decision",
    "recalled": "recalled: no page was found that says it",
    "convention": "convention",
}


def said(parameter: Parameter, value: Value) -> str:
    """Print a value with its unit."""
    if value == AS_PROGRAMME:
        return "as in the pilot"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and parameter.kind == "number":
        value = float(f"{value:.6g}")
    return render(value, parameter.unit) or "none"


def uncertainty(parameter: Parameter, reading: str | None = None) -> str:
    """Print what is not known, or "fixed": the central 95%, or 90% of what the calibration holds.

    `reading` is how a repeat is read in the calibration; without one, as the registry has it.
    """
    if parameter.fitted and fitted.is_there():
        return _calibrated(parameter, reading or str(registry()[fitted.READING].value))
    if parameter.distribution is None or parameter.possible is None:
        return "fixed"
    import numpy as np

    from dapp_model.distributions import bounded_quantile

    ends = bounded_quantile(parameter.distribution, np.array([0.025, 0.975]), parameter.possible)
    low, high = (alike(parameter, float(end)) for end in ends)
    return f"95% from {low} to {high}"


def alike(parameter: Parameter, value: float) -> str:
    """Print a value of three figures in the unit in which the registry's own value is printed.

    A row with a month, a week and a day in it cannot be compared by eye.
    """
    shown = said(parameter, parameter.value)
    found = _PERIOD.search(shown)
    if parameter.kind not in ("rate", "duration") or found is None:
        return said(parameter, float(f"{value:.3g}"))
    length = parse(f"1 {found[1]}", "duration")
    assert isinstance(length, float | int)
    if parameter.kind == "duration":
        size = _figures(value / length)
        return f"{size} {found[1]}{'' if size == '1' else 's'}"
    noun = shown.partition(" ")[2]
    year = parse("1 year", "duration")
    assert isinstance(year, float | int)
    return f"{_figures(value * length / year)} {noun}"


def _figures(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.10g}"


def _calibrated(parameter: Parameter, reading: str) -> str:
    import numpy as np

    joint = fitted.load(reading)
    ends = np.quantile(joint.rows[:, joint.names.index(parameter.name)], (0.05, 0.95))
    low, high = (alike(parameter, float(end)) for end in ends)
    return f"drawn from the calibration, 90% from {low} to {high}"


def matching(word: str) -> list[Parameter]:
    """Return the parameters that mention a word in name, label, source or note."""
    wanted = word.casefold()
    return [
        one
        for one in registry().values()
        if wanted in " ".join((one.name, one.label, one.source, one.note)).casefold()
    ]


def parameters(found: Sequence[Parameter]) -> list[str]:
    """Return lines that say all that is known of some parameters."""
    lines = []
    for one in found:
        lines += [
            f"{one.label}  [{one.name}]",
            f"    value        {said(one, one.value)} ({uncertainty(one)})",
            f"    role, grade  {one.role}, {one.grade}; {_STATUS[one.status]}",
            *_wrapped(f"    source       {one.source} ({one.year})"),
        ]
        if one.choices:
            lines += _wrapped(f"    choices      {', '.join(one.choices)}")
        if one.note:
            lines += _wrapped(f"    note         {one.note}")
        lines.append("")
    lines.append(f"{len(found)} parameters")
    return lines


def parameter_dict(one: Parameter) -> dict[str, Any]:
    """Return one parameter for machines; value in base units."""
    return {
        "name": one.name,
        "label": one.label,
        "unit": one.unit,
        "value": one.value,
        "written": said(one, one.value),
        "uncertainty": uncertainty(one),
        "possible": one.possible,
        "plausible": one.plausible,
        "choices": one.choices,
        "role": one.role,
        "grade": one.grade,
        "status": one.status,
        "source": one.source,
        "year": one.year,
        "note": one.note,
    }


def scenario(
    inputs: Inputs, base: Path | None, apart: Sequence[str], *, everything: bool = False
) -> list[str]:
    """Return lines that say what a scenario comes to: options, and what differs from its base.

    With `everything`, every lever and belief follows, with unit and source.
    """
    lines = [inputs.title, inputs.question, f"Decision: {inputs.decision}", "", "Options"]
    for i, name in enumerate(inputs.options):
        option = inputs.option(name)
        first = " (the others are compared with it)" if i == 0 else ""
        lines.append(f"  {option.label}{first}  [{name}]")
        if option.description:
            lines += _wrapped(f"      {option.description}")
    lines += ["", f"What differs from {base.name}" if base else "The file extends no other."]
    if base:
        lines += [line for text in apart or ["nothing"] for line in _wrapped(f"  {text}")]
    lines.append("")
    lines += [line for text in inputs.warnings for line in _wrapped(f"Please note: {text}")]
    lines.append("Everything makes sense." if not inputs.warnings else "Nothing is wrong.")
    if not everything:
        return [*lines, f"All {_size(inputs)} values with unit and source: add --all."]
    return [*lines, *_everything(inputs)]


def _size(inputs: Inputs) -> int:
    """Return how many levers, beliefs and conventions there are."""
    return sum(one.role == "lever" for one in registry().values()) + len(inputs.values)


def _everything(inputs: Inputs) -> list[str]:
    """Return every lever, belief and convention with its unit and its source."""
    lines = ["", "What would be done"]
    for key, parameter in registry().items():
        if parameter.role == "lever":
            lines += _lever(inputs, key, parameter)
    lines += ["", "What is believed, and how things are counted"]
    for key, value in inputs.values.items():
        parameter = registry()[key]
        where = _origin(inputs, key)
        lines += _wrapped(f"  {parameter.label}: {said(parameter, value)}{where}  [{key}]")
        lines += _wrapped(
            f"      {parameter.source}; {_STATUS[parameter.status]}; grade {parameter.grade}"
        )
    return lines


def _origin(inputs: Inputs, key: str) -> str:
    where = inputs.origins.get(key) or inputs.origins.get(f"assume.{key}")
    return f" (set in {where})" if where else ""


def _lever(inputs: Inputs, key: str, parameter: Parameter) -> list[str]:
    values = {name: inputs.option(name).levers[key] for name in inputs.options}
    usual = max(values.values(), key=list(values.values()).count)
    lines = _wrapped(f"  {parameter.label}: {said(parameter, usual)}  [{key}]")
    lines += _wrapped(f"      {parameter.source}")
    for name, value in values.items():
        if value != usual:
            lines.append(f"      {inputs.option(name).label}: {said(parameter, value)}")
    return lines


def as_dict(inputs: Inputs, apart: Sequence[str]) -> dict[str, Any]:
    """Return what a scenario comes to, for machines; values in base units."""
    return {
        "name": inputs.name,
        "title": inputs.title,
        "question": inputs.question,
        "decision": inputs.decision,
        "options": {
            name: {
                "label": inputs.option(name).label,
                "description": inputs.option(name).description,
                "levers": dict(inputs.option(name).levers),
            }
            for name in inputs.options
        },
        "values": {
            key: {
                "value": value,
                "written": said(registry()[key], value),
                "unit": registry()[key].unit,
                "source": registry()[key].source,
                "grade": registry()[key].grade,
            }
            for key, value in inputs.values.items()
        },
        "differs": list(apart),
        "warnings": list(inputs.warnings),
    }


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False) or [text]
