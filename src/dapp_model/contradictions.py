"""Values of a scenario that make sense alone and not together.

A contradiction is a problem and stops the run; an option that changes nothing, or an extension
that may come too late, is a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from dapp_model.errors import Problem
from dapp_model.parameters import AS_PROGRAMME, Option
from dapp_model.quantities import Value, render
from dapp_model.scenario_settings import (
    Settings,
    last_name,
    lever_parameters,
    problem_at,
    text_of,
)

BASELINE_ENDS: Final = date(2015, 4, 1)  # the model is fitted to 2014/15: no option may act in it
_TOLERANCE: Final = 1e-5  # of shares that add up: a third may be written 0.333333


@dataclass(frozen=True)
class _Doubt:
    """Values that contradict each other: the keys, as in the registry, and what to say."""

    wrong: bool
    keys: tuple[str, ...]
    found: str
    expected: str
    message: str


def contradictions(
    file: str,
    settings: Settings,
    options: Mapping[str, Option],
    values: Mapping[str, Value],
    problems: Sequence[Problem],
) -> list[Problem]:
    """Find values that make sense alone and not together."""
    # One slip is reported once: a value that could not be read, or that stands under a misspelt
    # name (`expected` is then the right one), contradicts nothing.
    broken = {last_name(text) for problem in problems for text in (problem.key, problem.expected)}
    found: dict[tuple[object, ...], Problem] = {}

    def report(doubts: Iterable[_Doubt], names: Mapping[str, str]) -> None:
        """Keep the doubts that hold; `names` leads from a parameter to the key that sets it."""
        for doubt in doubts:
            if doubt.wrong and not broken & {last_name(key) for key in doubt.keys}:
                problem = _placed(file, doubt, names, settings)
                # What all options share, and what an extension has from the pilot, is said once.
                place = (problem.file, problem.line, problem.key, problem.found)
                found.setdefault(place, problem)

    report(_doubts_of_values(values), {key: f"assume.{key}" for key in values})
    decision = text_of(settings, "decision.kind")
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
    return problem_at(last, doubt.found, doubt.expected, doubt.message)


# -- beliefs and levers ---------------------------------------------------------------------------


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
    yield add_up(("case.family_share", "case.ex_partner_share"), "The shares of kinds of case")
    yield add_up(("police.custody", "police.community_order"), "The shares of the sentences")
    yield add_up(("dash.high_share", "dash.medium_share"), "The shares of high and medium risk")
    yield in_order(
        "time.warm_up_start",
        "time.record_start",
        "The record begins before the simulated county does, so it would begin empty.",
    )
    paid = values["money.ceiling_funders"]
    total = sum(share for _, share in paid)
    yield _Doubt(
        abs(total - 1) > _TOLERANCE or any(share < 0 for _, share in paid),
        ("money.ceiling_funders",),
        f"{render(paid, 'shares')}: a sum of {total:.6g}",
        "shares from 0 to 1 with a sum of 1",
        "The funders' shares of the ceiling do not add up to the whole.",
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
            name = last_name(key)
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
    quiet = levers["programme.last_start_before_end"]
    yield _Doubt(
        decision == "extension" and quiet > 0 and length - quiet < decided <= length,
        ("programme.last_start_before_end", "decision.date_month"),
        f"last start {_months(length - quiet)} after the contract start, "
        f"decision at {_months(decided)}",
        "a last start no earlier than the decision",
        "The pilot would stop starting people before the decision, so the options would differ "
        "before it is taken.",
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
        'shares from 0 to 1 with a sum of 1, such as 0.5, or percentages, such as "50%"',
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
    if lever_parameters()[key].value == AS_PROGRAMME:
        return _written_as(key.replace("extension.", "programme."), option, settings)
    return key


# -- warnings -------------------------------------------------------------------------------------


def pointless(options: Mapping[str, Option]) -> list[str]:
    """Warn about options whose levers are the same as those of an earlier one.

    Levers that differ and still do not act are looked for in the room `sameness`.
    """
    first, *others = options.values()
    earlier = {_hashed(first): first}
    warnings = []
    for option in others:
        same = earlier.setdefault(_hashed(option), option)
        if same is first:
            warnings.append(
                f"The option '{option.label}' ({option.name}) changes nothing compared with "
                f"'{first.label}': every difference will be exactly zero."
            )
        elif same is not option:
            warnings.append(
                f"The options '{same.label}' ({same.name}) and '{option.label}' ({option.name}) "
                "are the same: they will have the same results."
            )
    if not others:
        warnings.append("There is only one option, so there is nothing to compare it with.")
    return warnings


def felt(option: Option) -> dict[str, Value]:
    """Return the levers that can make a difference: not those of a phase that never happens."""
    asleep: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    if not option.levers["programme.offered"]:
        asleep = ("programme", "extension")
    elif option.levers["extension.length"] == 0:
        asleep = ("extension",)
        if option.levers["extension.evaluation_cost"]:
            paid = ("extension.evaluation_cost", "extension.funders")  # as the pilot ends
    return {
        key: value
        for key, value in option.levers.items()
        if key.split(".")[0] not in asleep or key == "programme.offered" or key in paid
    }


def _hashed(option: Option) -> str:
    return repr(sorted(felt(option).items()))


def gaps(options: Mapping[str, Option], decision: str) -> list[str]:
    """Warn where a provider cannot be found again before the funding ends."""
    levers: Mapping[str, Any] = next(iter(options.values())).levers
    ready = levers["decision.date_month"] + levers["decision.retender_lead"]
    if decision != "extension" or ready <= levers["programme.length"]:
        return []
    decided, lead, end = (
        _months(levers[key])
        for key in ("decision.date_month", "decision.retender_lead", "programme.length")
    )
    text = (
        f"The decision at {decided} and a lead time of {lead} run past the end of the pilot's "
        f"funding at {end}: an extension without a gap may not be possible."
    )
    return [text]


def _days(value: float) -> str:
    return render(value, "duration")


def _months(value: float) -> str:
    months = round(value / 30.4375, 1)
    return f"month {months:g}"
