"""The evaluation that a pause pays for: for how long it follows people, and whether in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dapp_model.phases import add_days, phases
from dapp_model.study_designs import data_file, figure, pilot_figures, reporting_months
from dapp_model.world import YEAR_DAYS

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

_MONTH_DAYS: Final = YEAR_DAYS / 12
_COST: Final = "extension.evaluation_cost"


def pauses(inputs: Inputs) -> tuple[str, ...]:
    """Return the options with a pause before the programme goes on, in the scenario's order."""
    if inputs.decision != "extension":
        return ()
    return tuple(
        name
        for name in inputs.options[1:]
        if inputs.option(name).levers["extension.gap"] > 0
        and inputs.option(name).levers["extension.length"] > 0
    )


def follow_up(inputs: Inputs, option: str) -> float:
    """Return for how many months an evaluation follows people before a pause ends; 0 if none can.

    It follows those who have started by the data cut-off, as long as evaluations usually do or as
    long as there is time: results have to be there for the choice, and that has to be made as long
    before the contract that ends the pause as it takes to find a provider again. No shorter
    follow-up is looked at than the shortest whose precision is known.
    """
    levers = inputs.option(option).levers
    if not levers[_COST] > 0:
        return 0.0
    there = round(months_until_choice(inputs, option) - reporting_months(), 1)
    shortest = float(min(data_file()["sizes"]["follow_up_months"]))
    usual = figure(pilot_figures()["follow_up_months"])
    return min(usual, there) if there >= shortest else 0.0


def months_until_choice(inputs: Inputs, option: str) -> float:
    """Return the months from the data cut-off to the choice that follows an option's pause."""
    levers = inputs.option(option).levers
    cut_off = add_days(levers["programme.contract_start"], levers["decision.cut_off_month"])
    lead = float(levers["decision.retender_lead"]) / _MONTH_DAYS
    return (phases(inputs, option)[-1].start - cut_off).days / _MONTH_DAYS - lead


def late_evaluations(inputs: Inputs) -> tuple[str, ...]:
    """Say which pauses pay for an evaluation that reports too late for the choice they are for."""
    shortest = float(min(data_file()["sizes"]["follow_up_months"])) + reporting_months()
    return tuple(
        f"'{inputs.option(name).label}' ({name}) pays for an evaluation, and the choice after its "
        f"pause is made {months_until_choice(inputs, name):.1f} months after the data cut-off (the "
        "time to find a provider again comes before the new contract); follow-up and "
        f"reporting take {shortest:g} months at least. Its later choice is then made without the "
        "evaluation's results, on what monitoring shows."
        for name in pauses(inputs)
        if inputs.option(name).levers[_COST] > 0 and not follow_up(inputs, name)
    )
