"""Would a policy officer understand what is said of the slips that people make?"""

from __future__ import annotations

from pathlib import Path

import pytest

from dapp_model.errors import InputErrors
from dapp_model.scenario import load, template

BUDGET = 'extension.annual_budget = "£120,000"'
LENGTH = 'extension.length = "24 months"'
END = "\n[programme]\n"
SLIPS = {
    # what is written in place of what, and what has to be said
    "money without a pound sign": (BUDGET, BUDGET.replace("£", ""), "no pound sign"),
    "money in words": (BUDGET, BUDGET.replace("£120,000", "120,000 pounds"), "no pound sign"),
    "money in thousands": (BUDGET, BUDGET.replace("120,000", "120k"), "out in full"),
    "a comma out of place": (BUDGET, BUDGET.replace("120,000", "12,0000"), "between thousands"),
    "money without quotation marks": (BUDGET, BUDGET.replace('"', ""), "in quotation marks"),
    "one quotation mark": (BUDGET, BUDGET.removesuffix('"'), "before and after"),
    "curly quotation marks": (BUDGET, BUDGET.replace('"', "”"), "straight quotation marks"),
    "a colon": (BUDGET, BUDGET.replace(" =", ":"), "a setting, =, and a value"),
    "a remark without its sign": (BUDGET, f"{BUDGET} a year", "a # before"),
    "a setting twice": (BUDGET, f"{BUDGET}\n{BUDGET}", "stands in the file twice"),
    "an option twice": ("[options.my_option]", "[options.my_option]\n[options.my_option]", "twice"),
    "a blank in a name": ("[options.my_option]", "[options.My option]", "without blanks"),
    "a number without its unit": (LENGTH, "extension.length = 24", "no unit"),
    "a unit cut short": (LENGTH, LENGTH.replace("24 months", "2 yrs"), "in full"),
    "a number in words": (LENGTH, LENGTH.replace("24", "two"), "in figures"),
    "places without a unit": (LENGTH, f'{LENGTH}\nextension.places = "40"', '"40 places"'),
    "people for places": (LENGTH, f'{LENGTH}\nextension.places = "40 people"', "of places"),
    "a setting misspelt": (LENGTH, f'{LENGTH}\nextension.plases = "4 places"', "Did you mean"),
    "yes": (LENGTH, f"{LENGTH}\nextension.partner_support = yes", "true for yes"),
    "yes in quotation marks": (LENGTH, f'{LENGTH}\nextension.partner_support = "yes"', "true for"),
    "True": (LENGTH, f"{LENGTH}\nextension.partner_support = True # remark", "small letters"),
    "a date the wrong way": ("", f'{END}contract_start = "01/04/2017"', "year first"),
    "a date bare and the wrong way": ("", f"{END}contract_start = 01/04/2017", "year first"),
    "a date in words": ("", f'{END}contract_start = "1 April 2017"', "2017-04-01"),
    "a percentage as 60": ("", "\n[assume.pathway]\nreached = 60", '"60%"'),
    "a percentage in words": ("", '\n[assume.pathway]\nreached = "60 per cent"', "60%"),
    "funders in hundredths": (
        LENGTH, f"{LENGTH}\nextension.funders = {{surrey_police = 50, opcc = 50}}", '"50%"',
    ),
}  # fmt: skip
RIGHT = {
    "a percentage with its sign": '\n[assume.pathway]\nreached = "60%"',
    "funders in per cent": '\n[programme]\nfunders = {surrey_police = "50%", opcc = "50%"}',
    "true in quotation marks": '\n[services]\noutreach = "true"',
    "capital letters in a unit": '\n[programme]\nlength = "2 Years"',
}


def write(folder: Path, text: str) -> Path:
    path = folder / "my_idea.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_said_in_words_that_help(tmp_path: Path, slip: str) -> None:
    right, wrong, said = SLIPS[slip]
    text = template("my_idea")
    text = text.replace(right, wrong, 1) if right else text + wrong + "\n"
    with pytest.raises(InputErrors) as caught:
        load(write(tmp_path, text))
    message = str(caught.value)
    assert said in message
    assert "my_idea.toml, line" in message
    for technical in ("Traceback", "statement", "overwrite", "Illegal", "token", "parse"):
        assert technical not in message


@pytest.mark.parametrize("name", RIGHT)
def test_what_people_write_that_is_clear_is_taken(tmp_path: Path, name: str) -> None:
    load(write(tmp_path, template("my_idea") + RIGHT[name] + "\n"))
