"""Read and print the quantities of a scenario file, such as "26 weeks" or "£100,000".

The list of units is closed. Inside the package every value is plain Python in base units:
durations in days, money in pounds, rates per year. Conversion happens here and nowhere else.
Arithmetic is exact until the last step, so that `parse(render(value, unit), unit) == value`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from dapp_model.errors import QuantityError

__all__ = ["UNITS", "QuantityError", "Shares", "Unit", "Value", "parse", "quote", "render"]

Shares = tuple[tuple[str, float], ...]
Value = bool | int | float | str | date | tuple[str, ...] | Shares


@dataclass(frozen=True)
class Unit:
    """One unit of the closed list.

    `kind` decides the Python type inside the package, `base` names the unit of that value,
    `expected` is how a message asks for it, `example` is something that may be written,
    `bare` says whether a number without a unit is fine, `noun` is what a count or rate counts
    (singular, plural), `word` is a word that may stand in place of a value.
    """

    name: str
    kind: str
    base: str
    expected: str
    example: str
    bare: bool = False
    noun: tuple[str, str] | None = None
    word: str | None = None


def _number(name: str, expected: str, example: str) -> Unit:
    return Unit(name, "number", "number", expected, example, bare=True)


def _count(singular: str, plural: str, example: str) -> Unit:
    expected = f"a whole number of {plural}"
    return Unit(plural, "count", plural, expected, example, noun=(singular, plural))


def _rate(name: str, example: str, noun: tuple[str, str] | None = None) -> Unit:
    what = f"a number of {noun[1]} in a period" if noun else "a rate with its period"
    return Unit(name, "rate", "per year", what, example, noun=noun)


_ALL: Final = (
    Unit("duration", "duration", "days", "a length of time with its unit", '"26 weeks"'),
    Unit("money", "money", "GBP", "an amount of money in pounds", '"£100,000"'),
    _rate("per year", '"70 per year"'),
    _rate("per week", '"0.03 per week"'),
    _rate(
        "perpetrators per year", '"14,000 perpetrators per year"', ("perpetrator", "perpetrators")
    ),
    _rate("incidents per year", '"2.5 incidents per year"', ("incident", "incidents")),
    _count("place", "places", '"40 places"'),
    _count("assessor", "assessors", '"1 assessor"'),
    _count("session", "sessions", '"26 sessions"'),
    _count("person", "people", '"10 people"'),
    _count("episode", "episodes", '"2 episodes"'),
    _count("assessment", "assessments", '"4 assessments"'),
    _count("area", "areas", '"4 areas"'),
    _count("worker", "workers", '"8 workers"'),
    Unit(
        "places or from budget",
        "count",
        "places",
        'a whole number of places, or "from budget"',
        '"40 places"',
        noun=("place", "places"),
        word="from budget",
    ),
    Unit("date", "date", "date", "a date as year-month-day", "2017-01-01"),
    Unit(
        "date or decision",
        "date",
        "date",
        'a date as year-month-day, or "decision"',
        "2018-09-01",
        word="decision",
    ),
    _number("share", "a share between 0 and 1, or a percentage", '0.65 or "65%"'),
    _number("share per year", "a share, or a percentage, per year", '0.05 or "5% per year"'),
    _number("ratio", "a number", "1.5"),
    _number("hazard ratio", "a hazard ratio (1 = no effect)", "0.85"),
    _number("odds ratio", "an odds ratio (1 = no effect)", "0.58"),
    _number("number", "a number", "1.5"),
    Unit("per 1000", "number", "per 1000", 'a number "per 1000"', '"1.5 per 1000"'),
    Unit("switch", "switch", "true or false", "true or false", "true"),
    Unit("choice", "choice", "text", "one of the listed choices, in quotation marks", '"by risk"'),
    Unit(
        "choices",
        "choices",
        "list of text",
        "a list of choices in square brackets",
        '["self", "police"]',
    ),
    Unit(
        "shares",
        "shares",
        "table of shares",
        "a table of names and shares",
        "{surrey_police = 0.25, opcc = 0.75}",
    ),
)

UNITS: Final[Mapping[str, Unit]] = MappingProxyType({unit.name: unit for unit in _ALL})

_SECONDS: Final = {
    "year": 31_557_600,  # 365.25 days
    "month": 2_629_800,  # a twelfth of that, 30.4375 days
    "week": 604_800,
    "day": 86_400,
    "hour": 3_600,
    "minute": 60,
    "second": 1,
}
_PERIODS: Final = ("year", "month", "week", "day")
_IN_FULL: Final = "Write a number in figures, and days, weeks, months or years in full."
_YEAR_LAST: Final = "Write the year first, then month and day: 1 April 2017 is 2017-04-01."
_LARGEST: Final = 1e15
_SMALLEST: Final = 1e-15
_LONGEST_TEXT: Final = 100
_NUMBER: Final = r"(?P<number>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)"
_FLAGS: Final = re.ASCII | re.IGNORECASE
_QUANTITY: Final = re.compile(_NUMBER + r" ?(?P<rest>%?(?: ?[a-z].*)?)", _FLAGS)
_POUNDS: Final = re.compile(r"(?P<sign>-?)(?:£|GBP ?)" + _NUMBER.replace("[+-]?", ""), _FLAGS)
_LOOKS_LIKE_EXPONENT: Final = re.compile(r"[0-9.]e[+-]?[0-9]", _FLAGS)
_RATE: Final = re.compile(r"(?:(?P<noun>[a-z]+) )?(?:per|a) (?P<period>[a-z]+)", _FLAGS)
_PER_1000: Final = re.compile(r"per 1,?000", _FLAGS)
_NAME: Final = re.compile(r"[a-z0-9_]+", re.ASCII)
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse(text: object, unit: str) -> Value:
    """Read a value as written in a file, in the named unit, and return it in base units.

    `text` is a string or a native TOML value. Raises QuantityError if it cannot be read, and
    KeyError if the unit is not one of UNITS. Choices are not checked against a list here.
    """
    due = UNITS[unit]
    if isinstance(text, str):
        text = " ".join(text.split())
        if due.word is not None and text.casefold() == due.word:
            return due.word
    match due.kind:
        case "switch":
            return _parse_switch(text, due)
        case "choice":
            return _parse_choice(text, due)
        case "choices":
            return _parse_choices(text, due)
        case "shares":
            return _parse_shares(text, due)
        case "date":
            return _parse_date(text, due)
    if isinstance(text, str):
        return _parse_text(text, due)
    return _parse_bare(text, due)


def render(value: Value, unit: str) -> str:
    """Print a value in base units as a person would write it; `parse` reads it back exactly.

    Raises QuantityError if the value is not one that `parse` could have returned.
    """
    due = UNITS[unit]
    if due.word is not None and value == due.word:
        return due.word
    match due.kind:
        case "switch" if isinstance(value, bool):
            return "true" if value else "false"
        case "choice" if isinstance(value, str):
            return value
        case "choices" if isinstance(value, tuple):
            return ", ".join(str(item) for item in value)
        case "shares" if isinstance(value, tuple):
            return ", ".join(" ".join(_name_and_share(pair, due)) for pair in value)
        case "date" if isinstance(value, date):
            return value.isoformat()
    numeric = due.kind in ("duration", "money", "rate", "count", "number")
    if not numeric or isinstance(value, bool) or not isinstance(value, int | float):
        raise _error(value, due)
    return _render_number(_checked(value, value, due), due)


def quote(found: object) -> str:
    """Show what was found as it would stand in the file, shortened if it is long."""
    match found:
        case bool():
            text = "true" if found else "false"
        case str():
            text = f'"{found}"'
        case datetime() | date():
            text = found.isoformat()
        case list() | tuple():
            text = "a list"
        case Mapping():
            text = "a table"
        case _:
            text = str(found)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."


def _render_number(value: float, due: Unit) -> str:
    match due.kind:
        case "duration":
            return _shortest(value, tuple(_SECONDS), due)
        case "rate":
            own = due.name.split()[-1]
            return _shortest(value, (own, *(p for p in _PERIODS if p != own)), due)
        case "money":
            return f"{'-' if value < 0 else ''}£{_plain(abs(value))}"
        case "count" if due.noun is not None:
            return f"{_plain(value)} {due.noun[0] if value == 1 else due.noun[1]}"
    if due.name == "per 1000":
        return f"{_plain(value)} per 1000"
    # A percentage or a thousands separator would say more than the file needs.
    return _plain(value).replace(",", "")


def _shortest(value: float, periods: tuple[str, ...], due: Unit) -> str:
    """Print in the period that needs the fewest characters and still reads back exactly."""
    texts = []
    for period in periods:
        exact = Fraction(value) * _factor(period, due) ** -1
        for number in (float(exact), round(float(exact), 9)):
            text = _with_period(number, period, due)
            if abs(number) >= _SMALLEST and parse(text, due.name) == value:
                texts.append((len(_plain(number)), text))
    if not texts:
        # Zero; and days and years, in which a value is held, always read back.
        held_in = "day" if due.kind == "duration" else "year"
        return _with_period(value, held_in, due)
    return min(texts, key=lambda pair: pair[0])[1]


def _with_period(number: float, period: str, due: Unit) -> str:
    plain = _plain(number)
    if due.kind == "duration":
        return f"{plain} {period if plain == '1' else period + 's'}"
    if due.noun is None:
        return f"{plain} per {period}"
    return f"{plain} {due.noun[0] if plain == '1' else due.noun[1]} per {period}"


def _factor(period: str, due: Unit) -> Fraction:
    """How many base units one of this period is worth: days in it, or how many in a year."""
    if due.kind == "duration":
        return Fraction(_SECONDS[period], _SECONDS["day"])
    return Fraction(_SECONDS["year"], _SECONDS[period])


def _parse_text(text: str, due: Unit) -> Value:
    if due.kind == "money":
        return _parse_money(text, due)
    found = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        raise _error(text, due, _IN_FULL if due.kind == "duration" else "")
    number = _fraction(found["number"])
    rest = found["rest"].strip().lower()
    if number == 0 and found["number"].startswith("-"):
        raise _error(text, due, "Minus zero is not a value; write 0.")
    if not rest and not due.bare:
        raise _error(text, due, "The number has no unit.")
    match due.kind:
        case "duration":
            period = _singular(rest)
            if period not in _SECONDS:
                raise _error(text, due, _IN_FULL)
            return _as_float(number * _factor(period, due), text, due)
        case "rate":
            return _parse_rate(number, rest, text, due)
        case "count":
            return _parse_count(number, rest, text, due)
    if due.name == "share per year":
        rest = rest.removesuffix("per year").strip()
    elif due.name == "per 1000":
        rest = _PER_1000.sub("", rest)
    if rest not in (("", "%") if due.bare else ("",)):
        said = rest.startswith(("per cent", "percent"))
        raise _error(text, due, "Write a percentage with its sign: 60%." if said else "")
    return _as_float(number / 100 if rest == "%" else number, text, due)


def _parse_rate(number: Fraction, rest: str, text: str, due: Unit) -> float:
    found = _RATE.fullmatch(rest)
    if found is None or found["period"] not in _PERIODS:
        raise _error(text, due)
    nouns = due.noun or (None,)
    if found["noun"] not in nouns:
        raise _error(text, due)
    return _as_float(number * _factor(found["period"], due), text, due)


def _parse_count(number: Fraction, rest: str, text: str, due: Unit) -> int:
    if due.noun is None or rest not in due.noun:
        raise _error(text, due)
    if number.denominator != 1:
        raise _error(text, due, "A part of one makes no sense here.")
    _as_float(number, text, due)
    return int(number)


def _parse_money(text: str, due: Unit) -> float:
    found = _POUNDS.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        hint = ""
        if re.fullmatch(_NUMBER + "( ?(pounds|gbp))?", text, _FLAGS):
            hint = "The amount has no pound sign."
        elif re.search(r"[0-9],", text):
            hint = "A comma stands between thousands alone, as in £12,000."
        elif re.search(r"[0-9] ?(k|m|bn|million|thousand)$", text, _FLAGS):
            hint = "Write the amount out in full, in pounds."
        raise _error(text, due, hint)
    number = _fraction(found["number"])
    if found["sign"] and number == 0:
        raise _error(text, due, "Minus zero is not a value; write £0.")
    return _as_float(-number if found["sign"] else number, text, due)


def _parse_bare(value: object, due: Unit) -> Value:
    if isinstance(value, bool):
        raise _error(value, due, "True and false are not numbers.")
    if not isinstance(value, int | float):
        raise _error(value, due)
    if not due.bare:
        raise _error(value, due, "The number has no unit.")
    return float(_checked(value, value, due))


def _parse_date(value: object, due: Unit) -> date:
    if isinstance(value, datetime):
        raise _error(value, due, "Leave out the time of day.")
    if isinstance(value, str):
        if not _ISO_DATE.fullmatch(value):
            raise _error(value, due, _YEAR_LAST)
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise _error(value, due, "There is no such day in the calendar.") from None
    if not isinstance(value, date):
        raise _error(value, due)
    if not 1900 <= value.year <= 2100:
        raise _error(value, due, "The year should lie between 1900 and 2100.")
    return value


def _parse_switch(value: object, due: Unit) -> bool:
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    if not isinstance(value, bool):
        said = isinstance(value, str) and value.casefold() in ("yes", "no", "on", "off")
        raise _error(value, due, "Write true for yes and false for no." if said else "")
    return value


def _parse_choice(value: object, due: Unit) -> str:
    if not isinstance(value, str) or not value.strip() or "," in value:
        raise _error(value, due)
    return " ".join(value.split())


def _parse_choices(value: object, due: Unit) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",")] if value else []
    if not isinstance(value, list | tuple):
        raise _error(value, due)
    items = tuple(_parse_choice(item, due) for item in value)
    if len(set(items)) < len(items):
        raise _error(value, due, "One of them is named twice.")
    return items


def _parse_shares(value: object, due: Unit) -> Shares:
    pairs: list[tuple[object, object]]
    if isinstance(value, str):
        pairs = [_split_share(item) for item in value.split(",")]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        raise _error(value, due)
    shares = []
    for key, part in pairs:
        name = str(key)
        if not _NAME.fullmatch(name):
            raise _error(value, due, "Names are small letters, digits and underscores.")
        share = parse(part, "share")
        assert isinstance(share, float)
        shares.append((name, share))
    if not shares or len({name for name, _ in shares}) < len(shares):
        raise _error(value, due, "Each name should stand there once.")
    return tuple(shares)


def _split_share(text: str) -> tuple[str, str]:
    name, _, share = text.strip().rpartition(" ")
    return name, share


def _name_and_share(pair: object, due: Unit) -> tuple[str, str]:
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise _error(pair, due)
    return str(pair[0]), render(pair[1], "share")


def _fraction(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))


def _as_float(number: Fraction, found: object, due: Unit) -> float:
    """Round an exact number to the nearest float, once, at the end."""
    if abs(number) > _LARGEST:
        raise _error(found, due, "The number is too large.")
    return float(_checked(float(number), found, due))


def _checked(number: float, found: object, due: Unit) -> float:
    """Refuse numbers that nobody means: not finite, minus zero, absurdly large or small."""
    if isinstance(number, float) and not math.isfinite(number):
        raise _error(found, due, "It has to be a finite number.")
    if abs(number) > _LARGEST:
        raise _error(found, due, "The number is too large.")
    if number != 0 and abs(number) < _SMALLEST:
        raise _error(found, due, "The number is too close to zero; write 0 if that is meant.")
    if number == 0 and math.copysign(1.0, number) < 0:
        raise _error(found, due, "Minus zero is not a value; write 0.")
    return number


def _plain(number: float) -> str:
    """Print a number in full, without exponent, with commas between thousands."""
    text = f"{Decimal(repr(number)):,f}"
    return text.removesuffix(".0")


def _singular(period: str) -> str:
    return period.removesuffix("s")


def _error(found: object, due: Unit, hint: str = "") -> QuantityError:
    if isinstance(found, str) and hint in ("", _IN_FULL) and _LOOKS_LIKE_EXPONENT.search(found):
        hint = "Write the number out in full, without an exponent."
    return QuantityError(quote(found), f"{due.expected}, such as {due.example}", hint)
