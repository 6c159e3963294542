"""What a scenario changes in the file that it extends, one sentence for each change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from dapp_model.parameters import AS_PROGRAMME, registry
from dapp_model.quantities import render
from dapp_model.report import words
from dapp_model.report.names import FUNDERS

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs, Option
    from dapp_model.quantities import Value

ONCE: Final = ("population", "decision")  # sections of levers that all options share
PILOT: Final = "programme"
EXTENSION: Final = "extension"

# What a lever of the pilot or of its extension does; {who} is one of the two.
_LEVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contract_start": "{who} starts on {here} rather than on {there}",
        "length": "{who} is funded for {here} rather than {there}",
        "gap": "{who} begins after a pause of {here} rather than {there}",
        "annual_budget": "{who} has {here} a year rather than {there}",
        "funders": "{who} is paid by {here} rather than by {there}",
        "mobilisation": "{who} needs {here} until its first places rather than {there}",
        "delivery": "{who} is delivered as {here} rather than as {there}",
        "places": "{who} takes {here} rather than {there}",
        "one_to_one_places": "{who} keeps {here} one-to-one for people assessed as high risk, "
        "rather than {there}",
        "assessors": "{who} has {here} rather than {there}",
        "sessions": "{who} lasts {here} rather than {there}",
        "session_interval": "{who} has {here} between sessions rather than {there}",
        "group_size": "{who} has closed groups of {here} rather than {there}",
        "group_minimum": "{who} starts a closed group with {here} or more rather than {there}",
        "group_interval": "{who} can start a closed group every {here} rather than every {there}",
        "priority": "{who} gives a free place {here} rather than {there}",
        "eligible_risk": "{who} takes people of {here} rather than {there}",
        "eligible_routes": "{who} takes referrals by {here} rather than by {there}",
        "referral_effort": "{who} puts {here} times the usual effort into referrals, "
        "rather than {there} times",
        "needs_met": "{who} adapts to {here} rather than to {there}",
        "partner_support_places": "{who} supports victims in {here} at a time rather than {there}",
        "ending": "{who} ends with {here} rather than with {there}",
        "last_start_before_end": "{who} takes nobody new in its last {here} rather than {there}",
        "max_episodes": "{who} takes one person for up to {here} rather than {there}",
        "evaluation_cost": "{who} pays {here} for an evaluation rather than {there}",
    }
)
# Switches: what is so when they are on, and when they are off.
_SWITCHES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "offered": ("there is a programme", "there is no programme"),
        "motivational_enhancement": (
            "{who} has interviews that strengthen the wish to change",
            "{who} has no interviews that strengthen the wish to change",
        ),
        "partner_support": (
            "{who} offers support to partners and former partners",
            "{who} offers no support to partners and former partners",
        ),
    }
)
_RISK: Final[Mapping[str, str]] = MappingProxyType(
    {"any": "any risk", "high": "high risk alone", "not high": "less than high risk alone"}
)
_PRIORITY: Final[Mapping[str, str]] = MappingProxyType(
    {"first come": "to whoever has waited longest", "by risk": "to those at highest risk first"}
)
_OTHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "population.share": "{here} of the county is simulated rather than {there}",
        "decision.date_month": "The decision falls {here} after the contract's start rather than "
        "{there}",
        "decision.cut_off_month": "The decision can use data of the first {here} rather than of "
        "{there}",
        "decision.retender_lead": "Notice and finding a provider again take {here} rather than "
        "{there}",
        "services.from": "Changes to Surrey's services act from {here} rather than from {there}",
        "services.campaigns": "Communications campaigns run at {here} times what there is now, "
        "rather than {there} times",
    }
)


def sentences(inputs: Inputs, base: Inputs) -> list[str]:
    """Say what differs from the file that a scenario extends: what is done, then what is believed.

    Each sentence ends with the key of the file in square brackets, where there is one.
    """
    every = levers(inputs, base)
    options = _options(inputs, base, every)
    return [*_decision(inputs, base), *every, *options, *beliefs(inputs, base)]


def _decision(inputs: Inputs, base: Inputs) -> Iterator[str]:
    if inputs.decision != base.decision:
        yield (
            f"The decision is about the {inputs.decision}; in {_file(base)} it is about the "
            f"{base.decision}."
        )


def beliefs(inputs: Inputs, base: Inputs) -> list[str]:
    """Say which beliefs and ways of counting differ, and which are held that the base draws."""
    found = []
    for key, here in inputs.values.items():
        parameter, there = registry()[key], base.values[key]
        held, before = (f"assume.{key}" in one.origins for one in (inputs, base))
        if here == there and (held == before or not parameter.drawn):
            continue
        text = f"It is assumed to be {_said(key, here)}"
        if parameter.drawn and held and not before:
            text += f" in every draw; in {_file(base)} each draw has its own"
            text += f", typically {_said(key, there)}"
        elif parameter.drawn and before and not held:
            text += f" typically, and each draw has its own; in {_file(base)} all have "
            text += _said(key, there)
        else:
            text += f" rather than {_said(key, there)}"
        found.append(f"{parameter.label}: {_lower(text)}. [assume.{key}]")
    return found


def levers(inputs: Inputs, base: Inputs) -> list[str]:
    """Say which levers differ, for all options or for those of the same name."""
    common = [name for name in inputs.options if name in base.options]
    found = []
    for key, parameter in registry().items():
        if parameter.role != "lever":
            continue
        if key.split(".")[0] in ONCE:
            here, there = (one.option(one.options[0]).levers[key] for one in (inputs, base))
            found += [] if here == there else [_sentence(key, here, there)]
            continue
        pairs = {n: (own(inputs.option(n), key), own(base.option(n), key)) for n in common}
        if len(common) > 1 and len(set(pairs.values())) == 1:
            name = common[0]
            found += _lever(key, inputs.option(name), base.option(name))
            continue
        for name in common:
            label = words.quoted(inputs.option(name).label)
            texts = _lever(key, inputs.option(name), base.option(name))
            found += [f"{label}: {_lower(text)}" for text in texts]
    return found


def between(here: Option, there: Option) -> list[str]:
    """Say in which levers one option differs from another."""
    found = []
    for key, parameter in registry().items():
        if parameter.role == "lever":
            found += _lever(key, here, there)
    return found


def own(option: Option, key: str) -> Value:
    """Return a lever as a person would write it: AS_PROGRAMME where it only follows the pilot."""
    value: Value = option.levers[key]
    follows = registry()[key].value == AS_PROGRAMME
    if follows and value == option.levers[key.replace(f"{EXTENSION}.", f"{PILOT}.")]:
        return AS_PROGRAMME
    return value


def _options(inputs: Inputs, base: Inputs, every: Sequence[str]) -> Iterator[str]:
    """Say which options are new, which are left out, and what sets the new ones apart.

    `every` is what has been said of all options already.
    """
    first = inputs.option(inputs.options[0])
    for name in inputs.options:
        option = inputs.option(name)
        if name in base.options:
            continue
        label = words.quoted(option.label)
        if option is first:
            yield f"{label} is a new option, which the others are compared with."
            continue
        near = nearest(inputs, base, name)
        if near is None:
            yield f"{label} is a new option."
            continue
        apart = [one for one in between(option, base.option(near)) if one not in every]
        other = words.quoted(base.option(near).label)
        if not apart:
            yield f"{label} is a new option, the same as {other} of {_file(base)}."
            continue
        yield f"{label} is a new option, nearest to {other} of {_file(base)}. It differs so:"
        yield from (f"  {text}" for text in apart)
    gone = [words.quoted(base.option(n).label) for n in base.options if n not in inputs.options]
    if gone:
        yield f"Left out of {_file(base)}: {words.listed(gone)}."


def nearest(inputs: Inputs, base: Inputs, name: str) -> str | None:
    """Return the base's option that a new one differs from in the fewest levers; the first wins.

    One that the scenario has kept goes before one that it has left out. The base's comparator is
    never the one; None if the base has no other.
    """
    option = inputs.option(name)

    def apart(other: str) -> tuple[bool, int]:
        there = base.option(other)
        changed = sum(own(option, key) != own(there, key) for key in option.levers)
        return other not in inputs.options, changed

    return min(base.options[1:], key=apart, default=None)


def _lever(key: str, here: Option, there: Option) -> list[str]:
    if own(here, key) == own(there, key):
        return []
    return [_sentence(key, here.levers[key], there.levers[key])]


def _sentence(key: str, here: Value, there: Value) -> str:
    section, name = key.split(".")
    who = {PILOT: "the pilot", EXTENSION: "the extension"}.get(section, "")
    if isinstance(here, bool):
        on, off = _SWITCHES.get(name, ("{label} goes on", "{label} ends"))
        text = on if here else off
    elif name in _LEVERS and who:
        text = _LEVERS[name]
    else:
        text = _OTHERS.get(key, "{label}: {here} rather than {there}")
    label = registry()[key].label
    after, before = _said(key, here), _said(key, there)
    if after.partition(" ")[2] == before.partition(" ")[2] and isinstance(here, int):
        before = before.partition(" ")[0]  # 60 places rather than 40
    said = text.format(who=who, here=after, there=before, label=label)
    same = "" if here != there else ", which comes to the same here"
    return f"{said[0].upper()}{said[1:]}{same}. [{key}]"


def _said(key: str, value: Value) -> str:
    """Print a value inside a sentence."""
    unit, name = registry()[key].unit, key.split(".")[1]
    if value == AS_PROGRAMME:
        return "as in the pilot"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return words.day(value.isoformat())
    if value == "from budget":
        return "as many places as its budget buys"
    if name == "eligible_risk":
        return _RISK[str(value)]
    if name == "priority":
        return _PRIORITY[str(value)]
    if unit == "choices" and isinstance(value, tuple):
        return words.listed([str(one) for one in value]) or "none"
    if unit == "shares" and isinstance(value, tuple):
        pairs = cast(tuple[tuple[str, float], ...], value)
        return words.listed([f"{_funder(name)} ({100 * part:.3g}%)" for name, part in pairs])
    if unit == "share" and isinstance(value, float):
        return f"{100 * value:.4g}%"
    if isinstance(value, float) and registry()[key].kind == "number":
        value = float(f"{value:.6g}")
    return render(value, unit) or "none"


def _funder(name: str) -> str:
    return FUNDERS.get(name, name.replace("_", " "))


def _file(base: Inputs) -> str:
    return Path(base.path).name


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
