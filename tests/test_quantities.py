"""Does every quantity read and print as the list of units says, and is every odd one refused?"""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dapp_model.quantities import UNITS, QuantityError, Value, parse, render

FINITE = st.floats(min_value=1e-15, max_value=1e15, exclude_max=True)
NUMBERS = st.one_of(FINITE, FINITE.map(lambda value: -value), st.just(0.0))
WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz -", min_size=1).map(
    lambda text: " ".join(text.split())
)
NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1)


def values_of(kind: str) -> st.SearchStrategy[Value]:
    match kind:
        case "switch":
            return st.booleans()
        case "choice":
            return WORDS.filter(bool)
        case "choices":
            return st.lists(WORDS.filter(bool), unique=True).map(tuple)
        case "shares":
            pairs = st.dictionaries(NAMES, NUMBERS, min_size=1)
            return pairs.map(lambda shares: tuple(shares.items()))
        case "date":
            return st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
        case "count":
            return st.integers(min_value=-(10**15), max_value=10**15)
    return NUMBERS


@pytest.mark.parametrize("unit", UNITS)
@given(data=st.data())
def test_what_is_printed_reads_back_exactly(unit: str, data: st.DataObject) -> None:
    value = data.draw(values_of(UNITS[unit].kind))
    again = parse(render(value, unit), unit)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("unit", [unit for unit in UNITS.values() if unit.word])
def test_a_word_may_stand_in_place_of_a_value(unit: object) -> None:
    assert unit.word is not None  # type: ignore[attr-defined]
    name, word = unit.name, unit.word  # type: ignore[attr-defined]
    assert parse(word, name) == word == render(word, name)
    assert parse(f" {word.upper()} ", name) == word


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("26 weeks", "duration", 182.0),
        ("1 week", "duration", 7.0),
        ("3 months", "duration", 91.3125),
        ("24 months", "duration", 730.5),
        ("2 years", "duration", 730.5),
        ("2.5 years", "duration", 913.125),
        ("12 hours", "duration", 0.5),
        ("28 days", "duration", 28.0),
        ("1 second", "duration", 1 / 86400),
        ("0 weeks", "duration", 0.0),
        ("  26\u00a0weeks ", "duration", 182.0),
        ("26weeks", "duration", 182.0),
        ("£100,000", "money", 100_000.0),
        ("GBP 100000", "money", 100_000.0),
        ("gbp 1,234.56", "money", 1234.56),
        ("£0", "money", 0.0),
        ("-£5", "money", -5.0),
        ("0.03 per week", "per week", 0.03 * 365.25 / 7),
        ("0.03 per week", "per year", 0.03 * 365.25 / 7),
        ("70 a year", "per year", 70.0),
        ("20000 perpetrators per year", "perpetrators per year", 20_000.0),
        ("1 incident per month", "incidents per year", 12.0),
        ("40 places", "places", 40),
        ("1 place", "places", 1),
        ("1 places", "places", 1),
        ("1,200 people", "people", 1200),
        ("40 places", "places or from budget", 40),
        ("65%", "share", 0.65),
        ("0.65", "share", 0.65),
        (0.65, "share", 0.65),
        (1, "share", 1.0),
        ("50 %", "ratio", 0.5),
        ("5% per year", "share per year", 0.05),
        (0.05, "share per year", 0.05),
        ("1.5 per 1,000", "per 1000", 1.5),
        (True, "switch", True),
        ("false", "switch", False),
        (date(2017, 1, 1), "date", date(2017, 1, 1)),
        ("2017-01-01", "date", date(2017, 1, 1)),
        ("2018-09-01", "date or decision", date(2018, 9, 1)),
        (["self", "police"], "choices", ("self", "police")),
        ([], "choices", ()),
        ({"opcc": 0.25, "police": "75%"}, "shares", (("opcc", 0.25), ("police", 0.75))),
    ],
)
def test_reads(text: object, unit: str, value: Value) -> None:
    found = parse(text, unit)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (182.0, "duration", "26 weeks"),
        (730.5, "duration", "2 years"),
        (91.3125, "duration", "3 months"),
        (0.5, "duration", "12 hours"),
        (1 / 86400, "duration", "1 second"),
        (0.0, "duration", "0 days"),
        (100_000.0, "money", "£100,000"),
        (14_000.0, "perpetrators per year", "14,000 perpetrators per year"),
        (0.03 * 365.25 / 7, "per week", "0.03 per week"),
        (1, "places", "1 place"),
        (40, "places", "40 places"),
        (0.65, "share", "0.65"),
        (True, "switch", "true"),
        (date(2017, 1, 1), "date", "2017-01-01"),
        (("self", "police"), "choices", "self, police"),
    ],
)
def test_prints_as_a_person_would_write(value: Value, unit: str, text: str) -> None:
    assert render(value, unit) == text


BARE_KINDS = [unit for unit in UNITS.values() if unit.kind in ("number", "rate", "duration")]


@pytest.mark.parametrize("unit", BARE_KINDS, ids=lambda unit: unit.name)
@pytest.mark.parametrize(
    "odd",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        -0.0,
        1e300,
        1e-300,
        True,
        False,
        None,
        [1],
        {"a": 1},
        date(2017, 1, 1),
        "",
        "nan",
        "inf",
        "-0",
        "1e3",
        "1e400",
        "٣",
        "\uff11\uff12",
        "²",
        "\u22121",
        "0,5",
        "1,00",
        "1_000",
        ".5",
        "5.",
        "0x10",
        "1/2",
        "9" * 10_000,
        "65%%",
        "1 furlong",
    ],
)
def test_odd_values_are_refused(unit: object, odd: object) -> None:
    with pytest.raises(QuantityError):
        parse(odd, unit.name)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        (26, "duration", ["Found 26", "length of time", "26 weeks", "no unit"]),
        ("26", "duration", ["no unit"]),
        (100_000, "money", ["pounds", "£100,000", "no unit"]),
        ("100000", "money", ["pound sign"]),
        ("£1.5m", "money", ["in full"]),
        ("£100k", "money", ["in full"]),
        ("£1,00", "money", ["pounds"]),
        ("$100", "money", ["pounds"]),
        ("-£0", "money", ["Minus zero"]),
        ("26 weeks", "money", ["pounds"]),
        ("£100,000", "duration", ["length of time"]),
        ("26 wks", "duration", ["length of time"]),
        ("26 weeks 3 days", "duration", ["length of time"]),
        ("1e3 weeks", "duration", ["without an exponent"]),
        ("-0 weeks", "duration", ["Minus zero"]),
        ("9999999999999999999 weeks", "duration", ["too large"]),
        ("0." + "0" * 30 + "1 weeks", "duration", ["close to zero"]),
        ("٢٦ weeks", "duration", ["length of time"]),
        (40, "places", ["whole number of places", "no unit"]),
        ("40 assessors", "places", ["places"]),
        ("40.5 places", "places", ["A part of one"]),
        ("from money", "places or from budget", ["from budget"]),
        ("from budget", "places", ["places"]),
        ("0.03", "per week", ["no unit"]),
        (0.03, "per week", ["period"]),
        ("0.03 per fortnight", "per week", ["period"]),
        ("3 incidents per year", "perpetrators per year", ["perpetrators"]),
        ("3 per year", "incidents per year", ["incidents"]),
        ("3 incidents per year", "per year", ["period"]),
        (True, "share", ["true", "not numbers"]),
        ("65 percent", "share", ["percentage"]),
        (1.0, "per 1000", ["per 1000"]),
        (1, "switch", ["true or false"]),
        ("yes", "switch", ["true or false"]),
        (datetime(2017, 1, 1, 12), "date", ["time of day"]),
        ("01/01/2017", "date", ["year-month-day"]),
        ("2017-02-30", "date", ["no such day"]),
        ("20170101", "date", ["year-month-day"]),
        ("1017-01-01", "date", ["1900"]),
        (2017, "date", ["year-month-day"]),
        ("soon", "date or decision", ["decision"]),
        ("", "choice", ["choices"]),
        (3, "choice", ["choices"]),
        ("self,police", "choice", ["choices"]),
        (["self", "self"], "choices", ["twice"]),
        (["self", 3], "choices", ["choices"]),
        (3, "choices", ["square brackets"]),
        ({}, "shares", ["shares"]),
        ({"opcc": "lots"}, "shares", ["lots", "share"]),
        ({"The Board": 1.0}, "shares", ["small letters"]),
        ("opcc 0.5, opcc 0.5", "shares", ["once"]),
        (0.5, "shares", ["table"]),
    ],
)
def test_refusals_say_what_was_found_and_expected(
    text: object, unit: str, words: list[str]
) -> None:
    with pytest.raises(QuantityError) as caught:
        parse(text, unit)
    assert caught.value.found
    assert caught.value.expected
    for word in words:
        assert word in str(caught.value)


@given(text=st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.none()))
@pytest.mark.parametrize("unit", UNITS)
def test_anything_else_is_refused_or_read_and_nothing_worse(unit: str, text: object) -> None:
    try:
        value = parse(text, unit)
    except QuantityError as error:
        assert len(str(error)) < 600
    else:
        assert parse(render(value, unit), unit) == value


@pytest.mark.parametrize(
    ("value", "unit"),
    [(float("nan"), "duration"), (-0.0, "share"), (1e300, "money"), ("x", "share"), (1, "switch")],
)
def test_values_that_cannot_be_read_are_not_printed(value: Value, unit: str) -> None:
    with pytest.raises(QuantityError):
        render(value, unit)


def test_the_list_of_units_is_closed_and_frozen() -> None:
    with pytest.raises(KeyError):
        parse("1 furlong", "furlongs")
    with pytest.raises(TypeError):
        UNITS["furlongs"] = UNITS["duration"]  # type: ignore[index]


@pytest.mark.parametrize("unit", UNITS.values(), ids=lambda unit: unit.name)
def test_each_unit_says_truly_whether_a_bare_number_is_fine(unit: object) -> None:
    name, bare = unit.name, unit.bare  # type: ignore[attr-defined]
    if bare:
        assert parse(0.5, name) == 0.5
    else:
        with pytest.raises(QuantityError):
            parse(0.5, name)
