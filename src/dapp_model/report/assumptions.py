"""The assumptions log and the table of all parameters, as Markdown from the registry alone.

`docs/assumptions.md` and `docs/parameters.md` hold this output; a test fails when they fall behind
the registry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Final

from dapp_model import describe
from dapp_model.distributions import (
    Beta,
    Distribution,
    LogNormal,
    Mixture,
    Normal,
    Triangular,
    Uniform,
)
from dapp_model.parameters import AS_PROGRAMME, STATUSES, Parameter, registry
from dapp_model.quantities import UNITS, render

__all__ = ["NOT_ASSESSED", "assumptions_markdown", "parameters_markdown"]

NOT_ASSESSED: Final = "not assessed"

_GRADES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A": "trial or official statistic",
        "B": "quasi-experiment",
        "C": "before-and-after study or administrative data",
        "D": "judgement, or derived from weak inputs",
    }
)
_STATUS_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "verified_primary": "found in the publication itself",
        "verified_secondary": "found where another source quotes it",
        "derived": "calculated or fitted from other figures",
        "seed_document": "stated by the decision notice or its annex",
        "recalled": "general knowledge or judgement; no page was found that says it",
        "convention": "a choice of how to count or what to do, not a belief",
    }
)
_ROLE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lever": "what we would do",
        "evidence": "what we believe",
        "calibrated": "fitted to the Surrey counts",
        "convention": "how we count",
    }
)
_ORIGIN: Final = (
    "Rendered from the registry of parameters, `src/dapp_model/parameters.toml`; do not edit."
)
_NO_IMPACT: Final[Mapping[str, str]] = MappingProxyType({})


def assumptions_markdown(impact: Mapping[str, str] = _NO_IMPACT) -> str:
    """Return the assumptions log: every belief and convention, the weakest evidence first.

    `impact` says, by parameter name, how far the results feel an assumption; where nothing has
    been measured the log says "not assessed". Raises KeyError on a name the registry has not.
    """
    for name in impact:
        if name not in registry():
            raise KeyError(f"no parameter {name!r} to state an impact of")
    held = [each for each in registry().values() if each.role != "lever"]
    beliefs = [each for each in held if each.role == "evidence"]
    fitted = [each for each in held if each.role == "calibrated"]
    conventions = [each for each in held if each.role == "convention"]
    parts = [
        "# Assumptions log",
        (
            f"{_ORIGIN} It lists what the model believes and how it counts. What the programme "
            "would do (the levers) is a choice, not an assumption: see `parameters.md`. "
            "Assumptions of structure, with no number of their own, are in `model.md` under "
            '"Stated limits".'
        ),
        (
            "**Quality** is the grade of the evidence. **Impact** is how far the results feel the "
            f'assumption; "{NOT_ASSESSED}" means that nobody has measured it, never that there is '
            "none."
        ),
        "## Summary",
        _summary(held),
        _legend("Grade", _GRADES, used={each.grade for each in held}),
        _legend("Status", _STATUS_WORDS, used={each.status for each in held}),
    ]
    for grade in sorted(_GRADES, reverse=True):
        chosen = [each for each in beliefs if each.grade == grade]
        if chosen:
            parts += [f"## Quality {grade}: {_GRADES[grade]}", _log_table(chosen, impact)]
    parts += [
        "## Fitted to the Surrey counts",
        (
            "Values that the calibration sets. Their quality is D throughout: each leans on the "
            "targets named in its note, and on everything above."
        ),
        _log_table(fitted, impact),
        "## Conventions",
        "How time is cut and how effects are bounded. They have no grade; they can still matter.",
        _log_table(conventions, impact),
    ]
    return "\n\n".join(parts) + "\n"


def parameters_markdown() -> str:
    """Return the table of every parameter, by section and in the order of the registry."""
    parts = [
        "# Parameters",
        (
            f"{_ORIGIN} There are {len(registry())}. Values stand in the units in which a "
            "scenario file writes them. Outside the *possible* range a value is refused; outside "
            "the *plausible* range it is accepted with a warning. An extension's lever that is "
            "`as programme` takes the pilot's value. What each one does is said in `model.md`."
        ),
        _legend("Role", _ROLE_WORDS, used={each.role for each in registry().values()}),
        _legend("Grade", _GRADES, used={each.grade for each in registry().values()}),
        _legend("Status", _STATUS_WORDS, used={each.status for each in registry().values()}),
        (
            '"With calibration" marks evidence that is drawn only together with the fitted '
            "parameters, since it moves the counts to which they are fitted."
        ),
    ]
    headings = (
        "Parameter",
        "Meaning",
        "Value",
        "Uncertainty",
        "Possible; plausible",
        "Role",
        "Quality",
        "Source and period",
        "Note",
    )
    for section, members in groupby(registry().values(), key=_section):
        rows = [
            (
                f"`{each.name}`",
                each.label,
                _value(each),
                _uncertainty(each),
                _ranges(each),
                each.role + (", with calibration" if each.with_calibration else ""),
                _quality(each),
                _source(each),
                each.note,
            )
            for each in members
        ]
        parts += [f"## {section}", _table(headings, rows)]
    return "\n\n".join(parts) + "\n"


def _section(each: Parameter) -> str:
    return each.name.split(".")[0]


def _log_table(chosen: Iterable[Parameter], impact: Mapping[str, str]) -> str:
    headings = (
        "Parameter",
        "Assumption",
        "Value",
        "Uncertainty",
        "Status",
        "Basis and period",
        "Impact",
        "Note",
    )
    rows = [
        (
            f"`{each.name}`",
            each.label,
            _value(each),
            _uncertainty(each),
            each.status.replace("_", " "),
            _source(each),
            impact.get(each.name, NOT_ASSESSED),
            each.note,
        )
        for each in chosen
    ]
    return _table(headings, rows)


def _summary(held: Sequence[Parameter]) -> str:
    """Count assumptions by role and status: how much rests on what was seen."""
    counts = Counter((each.role, each.status) for each in held)
    roles = [role for role in _ROLE_WORDS if any(each.role == role for each in held)]
    rows: list[tuple[str, ...]] = []
    for status in STATUSES:
        numbers = [counts[role, status] for role in roles]
        if any(numbers):
            rows.append((status.replace("_", " "), *map(str, numbers), str(sum(numbers))))
    totals = [sum(counts[role, status] for status in STATUSES) for role in roles]
    rows.append(("all", *map(str, totals), str(sum(totals))))
    return _table(("Status", *roles, "all"), rows)


def _legend(what: str, words: Mapping[str, str], *, used: set[str]) -> str:
    rows = [(key.replace("_", " "), text) for key, text in words.items() if key in used]
    return _table((what, "Meaning"), rows)


def _value(each: Parameter) -> str:
    if each.value == AS_PROGRAMME:
        return AS_PROGRAMME
    text = render(each.value, each.unit)
    if UNITS[each.unit].bare and each.unit not in ("number", "ratio"):
        return f"{text} ({each.unit})"
    return text


def _uncertainty(each: Parameter) -> str:
    if each.distribution is None:
        return "fixed" if each.role == "evidence" else "-"
    return _in_words(each.distribution, each)


def _in_words(distribution: Distribution, of: Parameter) -> str:
    def say(value: float) -> str:
        return describe.alike(of, value)

    match distribution:
        case Beta(mean, low, high):
            return f"beta, mean {say(mean)}, 95% {say(low)} to {say(high)}"
        case LogNormal(median, low, high):
            return f"log-normal, median {say(median)}, 95% {say(low)} to {say(high)}"
        case Normal(mean, sd):
            return f"normal, mean {say(mean)}, standard deviation {say(sd)}"
        case Uniform(low, high):
            return f"uniform, {say(low)} to {say(high)}"
        case Triangular(low, mode, high):
            return f"triangular, {say(low)} to {say(high)}, mode {say(mode)}"
        case Mixture(parts):
            texts = [
                f"{part.name} {part.weight:g} (log mean {part.log_mean:g}, log standard "
                f"deviation {part.log_sd:g})"
                for part in parts
            ]
            return f"mixture of log-normals by weight: {'; '.join(texts)}"


def _ranges(each: Parameter) -> str:
    if each.choices is not None:
        return ", ".join(each.choices)
    if each.possible is None or each.plausible is None:
        return "-"
    possible, plausible = (
        " to ".join(render(_whole(end, each.kind), each.unit) for end in ends)
        for ends in (each.possible, each.plausible)
    )
    return f"{possible}; {plausible}"


def _whole(end: float, kind: str) -> float:
    return int(end) if kind == "count" else end


def _quality(each: Parameter) -> str:
    status = each.status.replace("_", " ")
    return status if each.grade == "-" else f"{each.grade}, {status}"


def _source(each: Parameter) -> str:
    text = each.source if each.year == "-" else f"{each.source} ({each.year})"
    rows = ", ".join(f"`{row}`" for row in each.evidence)
    return f"{text}; {rows}" if rows else text


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell would end it, so bars are escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
