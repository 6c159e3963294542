"""A scenario as text: written out in full, told apart from another in words, and the template."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from dapp_model.errors import InputErrors, Problem
from dapp_model.parameters import AS_PROGRAMME, Inputs, Option, registry
from dapp_model.quantities import UNITS, Value, quote, render
from dapp_model.scenario_layers import shortened
from dapp_model.scenario_settings import ONCE, OPTION_TEXTS, TEXTS, lever_parameters


def resolved_toml(inputs: Inputs) -> str:
    """Write the scenario out in full: a file that extends nothing and loads to equal values.

    What is drawn afresh in each draw stands behind a #: to write it plainly would be to hold it.
    """
    options = [inputs.option(name) for name in inputs.options]
    sections: dict[str, list[str]] = {"decision": [f'kind = "{inputs.decision}"']}
    shared: dict[str, Value] = {}
    for key, parameter in lever_parameters().items():
        section, name = key.split(".")
        if parameter.value != AS_PROGRAMME:
            values = [option.levers[key] for option in options]
            shared[key] = max(values, key=values.count)
            row = f"{name} = {_toml(shared[key], parameter.unit)}"
            sections.setdefault(section, []).append(row)
    for key, value in inputs.values.items():
        section, name = key.split(".")
        parameter = registry()[key]
        row = f"{name} = {_toml(value, parameter.unit)}"
        held = f"assume.{key}" in inputs.origins or value != parameter.value
        if parameter.drawn and not held:
            row = f"# {row}  # typical; each draw has its own"
        sections.setdefault(f"assume.{section}", []).append(row)
    heading = [f"{text} = {_toml_text(getattr(inputs, text))}" for text in TEXTS]
    blocks = ["\n".join(heading)]
    for section, rows in sections.items():
        blocks.append("\n".join([f"[{section}]", *rows]))
    for option in options:
        texts = {text: getattr(option, text) for text in OPTION_TEXTS}
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
    for key in lever_parameters():
        once = key.split(".")[0] in ONCE
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
            for key in lever_parameters()
            if _own(option, key) != _own(first, key)
        ]
        found.append(f"New option: {option.label} ({'; '.join(apart) or 'as the first option'}).")
    for name in base.options:
        if name not in inputs.options:
            found.append(f"Left out: {base.option(name).label}, an option of {there}.")
    return found


def _own(option: Option, key: str) -> Value:
    """Return a lever as a person would write it: "as programme" where it only follows the pilot."""
    value: Value = option.levers[key]
    follows = lever_parameters()[key].value == AS_PROGRAMME
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
        raise InputErrors((Problem(name, None, "", shortened(quote(name)), expected, message),))
    title = re.sub("[_-]+", " ", name).strip()
    return _TEMPLATE.replace("NAME", title[0].upper() + title[1:])


_TEMPLATE: Final = """\
# A scenario: what could be done, compared with stopping after the pilot.
#
# 1. Change what stands below, with any text editor, and save. What you do not name stays as in
#    the file that this one extends.
# 2. dapp check FILE          says whether it makes sense, and what you changed, in words.
# 3. dapp run FILE --quick    gives a first answer, and what your change does.
#
# A line that begins with # is switched off. Take the # away to use it.
# A value with a unit stands in quotation marks: "26 weeks", "£100,000", "40 places".

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

# extension.places = "8 places"             # or "from budget": as many as the money buys, the most
# extension.one_to_one_places = "4 places"  # kept for people assessed as high risk
# extension.assessors = "2 assessors"       # more of them shorten the wait for an assessment
# extension.sessions = "30 sessions"        # how many make up the programme
# extension.delivery = "closed groups"      # or "rolling group", or "one-to-one"
# extension.priority = "by risk"            # or "first come": who starts next from the waiting list
# extension.eligible_risk = "high"          # or "any", or "not high": who may be referred
# extension.eligible_routes = ["self", "police", "marac", "children", "court", "health"]
# extension.motivational_enhancement = true # interviews that strengthen the wish to change
# extension.partner_support_places = "20 places"    # victims supported at the same time
# extension.gap = "12 months"               # a pause between the pilot and the extension
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
