"""The reference page of the documentation, `docs/reference.md`, rendered from the code."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, Final

from dapp_model import labels
from dapp_model.arguments import COMMANDS, parser_of
from dapp_model.definitions import GROUPS, MEASURES
from dapp_model.parameters import AS_PROGRAMME, Parameter, registry
from dapp_model.quantities import UNITS, render
from dapp_model.tables import units_of_measures

_ORIGIN: Final = (
    "Rendered from the code; do not edit. Every parameter with its uncertainty and source stands "
    "in [parameters.md](parameters.md); what each one does is said in [model.md](model.md)."
)


def reference_markdown() -> str:
    """Return the reference: commands, settings of a scenario, measures, files of a run."""
    parts = [
        "# Reference",
        _ORIGIN,
        "## Commands",
        (
            "Exit status: 0 done; 2 the input is wrong (nothing is written); 3 the run could not "
            "finish (what was finished is kept); 130 interrupted (the same)."
        ),
        *_commands(),
        "## Settings of a scenario",
        (
            "What would be done. Under a heading such as `[extension]` a setting holds for every "
            "option; under `[options.NAME]`, as `extension.sessions = \"30 sessions\"`, for that "
            "option alone. `[population]` and `[decision]` are set once. Outside the possible "
            "range a value is refused; outside the plausible range it is taken with a warning."
        ),
        _table(("Setting", "Meaning", "How it is written", "Usual", "Possible", "Plausible"),
               (_setting(one) for one in registry().values() if one.role == "lever")),
        "## What is counted",
        (
            "`outcome` in `outcomes.csv` and `outcomes.parquet`, by option, financial year and "
            "group. Definitions stand in [model.md](model.md), section 2.9. Groups: "
            + ", ".join(f"`{name}`" for name in GROUPS)
            + "."
        ),
        _table(("Outcome", "Basis", "Unit"),
               ((f"`{name}`", basis, unit)
                for name, (basis, unit) in zip(MEASURES, units_of_measures(), strict=True))),
        "## Files of a run",
        "In `results/<scenario>/<run>/`. Written whole or not at all.",
        _table(("File", "Holds"), ((f"`{name}`", text) for name, text in labels.HOLDS.items())),
        "Written later, when asked for:",
        _table(("Folder", "Holds"),
               ((f"`{name}`", text) for name, _, text in (line.partition(": ")
                                                          for line in labels.LATER))),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _commands() -> Iterable[str]:
    top = parser_of(dict.fromkeys(COMMANDS, _nothing))
    found = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction))
    for name, entry in COMMANDS.items():
        parser = found.choices[name]
        yield f"### dapp {name}"
        yield f"{entry.words[0].upper()}{entry.words[1:]}."
        yield f"```\n{entry.example}\n```"
        # Not argparse's own text: its form differs between versions of Python and by width.
        rows = [_argument(one) for one in parser._actions if one.dest != "help"]
        yield _table(("Argument", "Does"), rows)


def _nothing(given: argparse.Namespace) -> int:
    return 0


def _argument(one: argparse.Action) -> tuple[str, str]:
    if one.option_strings:
        name = one.option_strings[-1]
        if one.nargs != 0:
            name += f" {_value(one)}"
    else:
        name = _value(one)
    if not one.required and not one.option_strings:
        name = f"[{name}]"
    return f"`{name}`", _cell(one.help or "")


def _value(one: argparse.Action) -> str:
    if one.choices:
        return " or ".join(str(choice) for choice in one.choices)
    metavar = one.metavar if isinstance(one.metavar, str) else one.dest
    return metavar.upper()


def _setting(one: Parameter) -> tuple[str, ...]:
    due = UNITS[one.unit]
    written = due.expected
    if one.choices:
        choices = ", ".join(f'"{choice}"' for choice in one.choices)
        written = f"{'one' if due.kind == 'choice' else 'some'} of {choices}"
    else:
        written += f", such as `{due.example}`"
    usual = "as in the pilot" if one.value == AS_PROGRAMME else render(one.value, one.unit)
    return (
        f"`{one.name}`",
        _cell(one.label),
        _cell(written),
        _cell(usual or "none"),
        _range(one, one.possible),
        _range(one, one.plausible),
    )


def _range(one: Parameter, limits: tuple[float, float] | None) -> str:
    if limits is None:
        return ""
    return " to ".join(render(limit, one.unit) for limit in limits)


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(headings)} |", f"| {' | '.join('---' for _ in headings)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
