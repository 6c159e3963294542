"""Are scenario files read, checked, extended and resolved as the scenarios' README says?"""

from __future__ import annotations

import dataclasses
import os
import pickle
import time
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dapp_model import fitted
from dapp_model.errors import InputErrors, Problem
from dapp_model.parameters import Inputs, registry
from dapp_model.quantities import UNITS, render
from dapp_model.scenario import (
    base_of,
    differences,
    load,
    locate,
    resolved_toml,
    shipped,
    template,
)

EXTENSION = shipped()["surrey_extension.toml"]
Write = Callable[..., Path]

HEAD = """\
title = "A title"
question = "A question?"
decision = "extension"
"""
STOP = """
[options.stop]
label = "Stop"
"""
EXTEND = """
[options.extend]
label = "Extend"
extension.length = "24 months"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str, name: str = "mine.toml") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write_file


def problems_of(file: Path, overrides: Mapping[str, object] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(InputErrors) as caught:
        load(file, overrides or {})
    return caught.value.problems


def line_of(file: Path, part: str) -> int:
    rows = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, row in enumerate(rows, 1) if part in row)


# -- shipped scenarios ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_each_shipped_scenario_loads_without_problem_or_warning(name: str) -> None:
    inputs = load(shipped()[name])
    assert inputs.warnings == ()
    assert inputs.name == Path(name).stem
    assert inputs.provisional == (not fitted.is_proved())
    for option in inputs.options:
        assert inputs.option(option).label
        assert inputs.option(option).description.endswith(".")


def test_the_two_decisions_and_their_comparators() -> None:
    pilot = load(shipped()["surrey_pilot.toml"])
    assert pilot.decision == "pilot"
    assert pilot.options[:2] == ("no_programme", "pilot_as_agreed")
    assert not pilot.option("no_programme").levers["programme.offered"]
    extension = load(EXTENSION)
    assert extension.decision == "extension"
    assert extension.options == (
        "stop",
        "extend",
        "extend_motivational",
        "extend_one_to_one_high_harm",
        "extend_larger",
        "pause_and_evaluate",
        "one_funder_withdraws",
    )
    assert extension.option("stop").levers["extension.length"] == 0.0


def test_every_lever_of_every_option_and_every_belief_is_resolved() -> None:
    inputs = load(EXTENSION)
    levers = {key for key, item in registry().items() if item.role == "lever"}
    assert set(inputs.values) == set(registry()) - levers
    for name in inputs.options:
        assert set(inputs.option(name).levers) == levers
        assert "as programme" not in inputs.option(name).levers.values()
    larger = inputs.option("extend_larger").levers
    assert larger["extension.annual_budget"] == 150_000.0
    assert larger["programme.annual_budget"] == 100_000.0
    assert larger["extension.sessions"] == larger["programme.sessions"] == 26
    assert inputs.option("pause_and_evaluate").levers["extension.gap"] == 365.25
    assert inputs.values["pathway.renege"] == pytest.approx(0.03 * 52.1786, rel=1e-6)


@pytest.mark.parametrize("name", shipped())
def test_the_option_levers_follow_the_registry_unless_a_file_says_otherwise(name: str) -> None:
    inputs = load(shipped()[name])
    for key, value in inputs.values.items():
        assert value == registry()[key].value


# -- frozen ---------------------------------------------------------------------------------------


def test_inputs_are_frozen_and_can_be_sent_to_a_worker() -> None:
    inputs = load(EXTENSION)
    with pytest.raises(dataclasses.FrozenInstanceError):
        inputs.title = "Another"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        inputs.option("stop").label = "Another"  # type: ignore[misc]
    for table in (inputs.values, inputs.option_table, inputs.origins, inputs.option("stop").levers):
        with pytest.raises(TypeError):
            table["programme.places"] = 3  # type: ignore[index]
    assert pickle.loads(pickle.dumps(inputs)) == inputs


def test_loading_twice_gives_equal_inputs() -> None:
    assert load(EXTENSION) == load(str(EXTENSION))


# -- overrides ------------------------------------------------------------------------------------


def test_overrides_stand_over_the_file() -> None:
    inputs = load(
        EXTENSION,
        overrides={
            "title": "Another",
            "population.share": 0.02,
            "programme.places": "12 places",
            "options.extend.extension.length": "12 months",
            "assume.effect.full_dose_hr": 0.95,
            "services.outreach": "false",
            "decision.date_month": "19 months",
        },
    )
    assert inputs.title == "Another"
    assert inputs.population_share == 0.02
    levers = inputs.option("extend").levers
    assert levers["population.share"] == 0.02
    assert levers["programme.places"] == levers["extension.places"] == 12
    assert levers["extension.length"] == 365.25
    assert levers["services.outreach"] is False
    assert inputs.values["effect.full_dose_hr"] == 0.95
    assert inputs.origins["assume.effect.full_dose_hr"] == "values given beside the file"
    assert inputs.text_hash != load(EXTENSION).text_hash


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"programme.places": 12}, ["12", "whole number of places"]),
        ({"programme.plces": "12 places"}, ["programme.places"]),
        ({"options.extnd.extension.length": "1 year"}, ["no option", "extend"]),
        ({"extends": "surrey_base.toml"}, ["cannot be given"]),
        ({"programme": 3}, ["heading"]),
        ({"": 3}, ["no setting"]),
        ({"programme.places": "1 place", "programme": {"places": "2 places"}}, ["cannot"]),
        ({"decision": "neither"}, ["pilot", "extension"]),
    ],
)
def test_bad_overrides(overrides: Mapping[str, object], words: list[str]) -> None:
    problems = problems_of(EXTENSION, overrides)
    assert all(problem.line is None for problem in problems)
    assert problems[0].file == "values given beside the file"
    for word in words:
        assert word in str(problems[0])


# -- extends --------------------------------------------------------------------------------------


def test_a_file_stands_over_what_it_extends(write: Write) -> None:
    write(f'{HEAD}[programme]\nplaces = "20 places"\nsessions = "24 sessions"\n{STOP}{EXTEND}')
    file = write(
        'extends = "mine.toml"\n[programme]\nplaces = "30 places"\n'
        '[options.more]\nlabel = "More"\nextension.length = "1 year"\n'
        '[options.extend]\nlabel = "Renamed"\n',
        "over.toml",
    )
    inputs = load(file)
    assert inputs.title == "A title"
    assert inputs.options == ("stop", "extend", "more")
    assert inputs.option("extend").label == "Renamed"
    assert inputs.option("extend").levers["extension.length"] == 730.5
    assert inputs.option("more").levers["programme.places"] == 30
    assert inputs.option("more").levers["programme.sessions"] == 24
    assert inputs.origins["programme.places"] == "over.toml:3"
    assert inputs.origins["programme.sessions"] == "mine.toml:6"


def test_an_inherited_option_can_be_left_out_and_named_anew(write: Write) -> None:
    write(f"{HEAD}{STOP}{EXTEND}")
    write('extends = "mine.toml"\noptions.extend.remove = true\n', "middle.toml")
    assert load(write('extends = "middle.toml"', "top.toml")).options == ("stop",)
    text = 'extends = "middle.toml"\n[options.extend]\nlabel = "Back"\nextension.length = "1 year"'
    levers = load(write(text, "back.toml")).option("extend").levers
    assert levers["extension.length"] == 365.25


def test_shipped_scenarios_are_found_by_name_from_anywhere(write: Write) -> None:
    file = write('extends = "surrey_extension.toml"\n')
    assert load(file).options == load(EXTENSION).options
    assert base_of(file) == EXTENSION
    assert base_of(shipped()["surrey_base.toml"]) is None


def test_a_file_beside_comes_before_a_shipped_one(write: Write) -> None:
    write(f"{HEAD}{STOP}{EXTEND}", "surrey_extension.toml")
    assert load(write('extends = "surrey_extension.toml"\n')).title == "A title"


def test_extends_may_lead_into_another_folder(write: Write) -> None:
    write(f"{HEAD}{STOP}{EXTEND}", "shared/base.toml")
    assert load(write('extends = "shared/base.toml"\n')).title == "A title"
    assert load(write('extends = "../shared/base.toml"\n', "own/mine.toml")).title == "A title"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("surrey_extensoin.toml", ["not there", "surrey_extension.toml"]),
        ("../../../etc/passwd", ["only another scenario", "../../../etc/passwd"]),
        ("/etc/passwd", ["only another scenario"]),
        ("link.toml", ["not a scenario"]),
        ("folder.toml", ["folder"]),
        ("", ["not named"]),
        ("mine.toml", ["circle", "mine.toml -> mine.toml"]),
        ("middle.toml", ["circle", "mine.toml -> middle.toml -> mine.toml"]),
    ],
)
def test_bad_extends(write: Write, tmp_path: Path, name: str, words: list[str]) -> None:
    secret = write("secret = 1\n", "secret.txt")
    (tmp_path / "link.toml").symlink_to(secret)
    (tmp_path / "folder.toml").mkdir()
    write('title = "x"\nextends = "mine.toml"\n', "middle.toml")
    file = write(f'title = "x"\n\nextends = "{name}"\n')
    (problem,) = problems_of(file)
    assert Path(problem.file).parent == tmp_path
    assert (problem.line is None) == (name == "folder.toml")
    assert problem.line in (2, 3, None)
    for word in words:
        assert word in str(problem)
    assert "secret" not in problem.message


def test_extends_has_to_be_a_text(write: Write) -> None:
    (problem,) = problems_of(write("extends = 3\n"))
    assert problem.line == 1
    assert "not named" in problem.message


def test_problems_of_every_file_of_the_chain_are_reported_at_once(write: Write) -> None:
    base = write(f"{HEAD}[programme]\nplaces = 20\n{STOP}{EXTEND}", "base.toml")
    file = write('extends = "base.toml"\n[programme]\nassessors = 1\nfunds = "x"\n')
    problems = problems_of(file)
    found = [(problem.file, problem.line, problem.key) for problem in problems]
    assert found == [
        (str(file), 3, "programme.assessors"),
        (str(file), 4, "programme.funds"),
        (str(base), 5, "programme.places"),
    ]


def test_a_missing_base_does_not_hide_other_problems(write: Write) -> None:
    file = write('extends = "nowhere.toml"\n[programme]\nassessors = 1\n')
    assert [problem.line for problem in problems_of(file)] == [1, 3]


# -- files that are no scenarios ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", None, ["empty"]),
        (b"  \n\n", None, ["empty"]),
        (b'title = "a"\nquestion = "\xff\xfe"\n', 2, ["UTF-8", "0xff"]),
        ("title = 'a'".encode("utf-16"), 1, ["UTF-8"]),
        (b"x" * 1_000_001, None, ["larger than 1 MB", "1,000,001"]),
        (b'title = "a"\nlength = 26 weeks\n', 2, ["TOML", "26 weeks", "quotation marks"]),
        ("[programme]\nannual_budget = £100,000\n".encode(), 2, ["quotation marks"]),
        ("title = “a”\n".encode(), 1, ["straight quotation marks"]),
        (b"title = 'a'\ntitle = 'b'\n", 2, ["once"]),
        (b"[a]\n[a]\n", 2, ["once"]),
        (b"hello world\n", 1, ["places ="]),
        (b"a = True\n", 1, ["small letters"]),
        (b'a = """\nnever closed\n', None, ["TOML"]),
        (b"a = " + b"[" * 20_000, None, ["brackets"]),
        (b"a = " + b"9" * 10_000, None, ["number"]),
    ],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, content: bytes, line: int | None, words: list[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    (problem,) = problems_of(file)
    assert problem.file == str(file)
    if line is not None:
        assert problem.line == line
    for word in words:
        assert word in str(problem)
    assert len(str(problem)) < 700


def test_missing_files_and_folders(tmp_path: Path, write: Write) -> None:
    write(HEAD, "mine.toml")
    (problem,) = problems_of(tmp_path / "mien.toml")
    assert "no such file" in str(problem)
    assert "mine.toml" in problem.expected
    (problem,) = problems_of(tmp_path)
    assert "folder" in str(problem)
    (problem,) = problems_of(tmp_path / ("x" * 5000))
    assert "cannot be read" in str(problem)
    (problem,) = problems_of(Path("a\0b.toml"))
    assert problem.message


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read(write: Write) -> None:
    file = write(HEAD)
    file.chmod(0)
    (problem,) = problems_of(file)
    assert "cannot be read" in problem.message


def test_marks_and_line_ends_of_other_systems_are_harmless(tmp_path: Path) -> None:
    text = f"{HEAD}{STOP}{EXTEND}"
    plain, other = tmp_path / "mine.toml", tmp_path / "windows" / "mine.toml"
    other.parent.mkdir()
    plain.write_bytes(text.encode())
    other.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load(plain).text_hash == load(other).text_hash
    assert load(plain).origins == load(other).origins


# -- values that make no sense --------------------------------------------------------------------

BAD_LINES = [
    # (a line of the file, the section that it stands in, words of the message)
    ('plces = "40 places"', "programme", ["programme.plces", "programme.places"]),
    ("places = 40", "programme", ["40", "no unit", '"40 places"']),
    ('places = "40 people"', "programme", ["whole number of places"]),
    ('places = "40.5 places"', "programme", ["part of one"]),
    ("length = 24", "programme", ["24", "no unit", "length of time"]),
    ('length = "£24"', "programme", ["length of time"]),
    ('length = "24"', "programme", ["no unit"]),
    ('length = "30 years"', "programme", ["not possible", "between", "30 years"]),
    ('annual_budget = "£1.5m"', "programme", ["in full"]),
    ("annual_budget = 100000", "programme", ["pounds"]),
    ('annual_budget = "-£5"', "programme", ["not possible"]),
    ("contract_start = 2017-01-01T12:00:00", "programme", ["time of day"]),
    ('contract_start = "1/1/2017"', "programme", ["year-month-day"]),
    ("contract_start = 2014-12-01", "programme", ["2014/15", "2015-04-01"]),
    ('priority = "by risc"', "programme", ["by risk", "first come"]),
    ('eligible_routes = ["self", "polis"]', "programme", ["polis", "police"]),
    ("eligible_routes = []", "programme", ["nobody could be referred"]),
    ("partner_support = 1", "programme", ["true or false"]),
    ("motivational_enhancement = 'yes'", "programme", ["true or false"]),
    ("funders = {surrey_police = 0.5, opcc = 0.25}", "programme", ["add up", "0.75"]),
    ("funders = {surrey_police = 1.5, opcc = -0.5}", "programme", ["add up"]),
    ("funders = 3", "programme", ["table"]),
    ("referral_effort = nan", "programme", ["finite"]),
    ("referral_effort = inf", "programme", ["finite"]),
    ("referral_effort = -0.0", "programme", ["Minus zero"]),
    ("referral_effort = 1e300", "programme", ["too large"]),
    ("referral_effort = true", "programme", ["not numbers"]),
    ('length = "0 months"', "programme", ["no time", "teach-out"]),
    ('mobilisation = "24 months"', "programme", ["no time in which anybody could start"]),
    ("share = 0", "population", ["not possible", "between"]),
    ("share = 1.5", "population", ["not possible"]),
    ('date_month = "30 months"', "decision", ["after the pilot's funding", "month 24"]),
    ('cut_off_month = "21 months"', "decision", ["before the data", "month 20"]),
    ('kind = "neither"', "decision", ["pilot", "extension"]),
    ("from = 2017-06-01", "services", ["before the decision", "decision"]),
    ('from = "now"', "services", ["decision"]),
    ("outreech = false", "services", ["services.outreach"]),
    ("full_dose_hr = '0.9 per year'", "assume.effect", ["hazard ratio"]),
    ("full_dose_hrr = 0.9", "assume.effect", ["assume.effect.full_dose_hr"]),
    ("half_life = 2.5", "assume.effect", ["length of time"]),
    ("renege = 0.03", "assume.pathway", ["period"]),
    ("family_share = 1.2", "assume.case", ["not possible"]),
    ("age_16_24 = 0.6", "assume.perpetrator", ["age bands", "sum"]),
    ("mix_coercive_control = 0.9", "assume.incident", ["behaviour", "sum"]),
    ("high_share = 0.9", "assume.dash", ["risk", "sum"]),
    ("growth_share_reporting = 0.9", "assume.county", ["growth", "sum"]),
    ("growth_until = 2013-01-01", "assume.county", ["ends before it begins"]),
    ("record_start = 2001-04-01", "assume.time", ["begin empty", "time.warm_up_start"]),
    ("record_start = 2014-10-01", "assume.time", ["before the year", "1 April 2014"]),
]


@pytest.mark.parametrize(("row", "section", "words"), BAD_LINES, ids=lambda value: str(value)[:40])
def test_a_bad_line_is_reported_with_its_place(
    write: Write, row: str, section: str, words: list[str]
) -> None:
    head = HEAD.replace('decision = "extension"\n', "") if section == "decision" else HEAD
    kind = 'kind = "extension"\n' if section == "decision" and "kind" not in row else ""
    file = write(f"{head}\n# a remark\n[{section}]\n{kind}{row}  # here\n{STOP}{EXTEND}")
    problems = problems_of(file)
    assert len(problems) == 1, [str(problem) for problem in problems]
    (problem,) = problems
    assert problem.file == str(file)
    assert problem.line == line_of(file, "# here")
    assert problem.key.startswith(f"{section}.")
    assert problem.found
    assert problem.expected
    assert problem.message.rstrip().endswith((".", "?"))
    for word in words:
        assert word in str(problem)


BAD_OPTIONS = [
    ('lable = "x"', ["options.extend.lable", "label"]),
    ("label = 3", ["words in quotation marks"]),
    ('label = " "', ["words in quotation marks"]),
    ("extension = 3", ["heading"]),
    ('extension.lngth = "1 year"', ["extension.length"]),
    ("extension.places = 3", ["whole number of places"]),
    ("population.share = 0.5", ["once for the whole scenario"]),
    ("assume.effect.full_dose_hr = 0.5", ["no setting"]),
    ('programme.places = "30 places"', ["already run", "extension"]),
    ("remove = 'yes'", ["remove = true"]),
    ("remove = true", ["removed and changed"]),
    ('extension.mobilisation = "24 months"', ["no time in which anybody could start"]),
    ("extension.funders = {opcc = 0.9}", ["The extension", "0.9"]),
]


@pytest.mark.parametrize(("row", "words"), BAD_OPTIONS, ids=lambda value: str(value)[:40])
def test_a_bad_line_of_an_option(write: Write, row: str, words: list[str]) -> None:
    label = "" if row.startswith("label") else 'label = "Extend"\n'
    length = 'extension.length = "24 months"\n'
    if row.startswith("extension ="):
        length = ""
    file = write(f"{HEAD}{STOP}\n[options.extend]\n{label}{length}{row}  # here\n")
    (problem,) = problems_of(file)
    assert problem.line == line_of(file, "# here")
    for word in words:
        assert word in str(problem)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("speed = 3", ["no setting called 'speed'"]),
        ("titel = 'x'", ["'title'"]),
        ('places = "3 places"', ["'programme.places'"]),
        ("programme = 3", ["heading", "[programme]"]),
        ("options = 3", ["heading"]),
        ("assume = 3", ["heading"]),
        ("assume.full_dose_hr = 0.9", ["'assume.effect.full_dose_hr'"]),
        ("[programm]\nplaces = '3 places'", ["'programme'"]),
        ("[case]\nlong_duration = '3 years'", ["'assume.case'"]),
        ("[assume.programme]\nplaces = '3 places'", ["'programme'"]),
        ("[assume.cse]\nlong_duration = '3 years'", ["'assume.case'"]),
        ("[[programme]]\nplaces = '3 places'", ["heading"]),
        ("[programme.places]\nnumber = 3", ["a table"]),
        ("[options.Stop-It]\nlabel = 'x'", ["small letters"]),
        ("[options.more]\nextension.length = '1 year'", ["has no label"]),
        ("[options.gone]\nremove = true", ["no option called 'gone'"]),
    ],
)
def test_headings_and_names_that_do_not_exist(write: Write, row: str, words: list[str]) -> None:
    if row.startswith("["):
        file = write(f"{HEAD}{STOP}{EXTEND}{row}\n")
    elif row.startswith("options"):
        file = write(f"{HEAD}{row}\n")
    else:
        file = write(f"{HEAD}{row}\n{STOP}{EXTEND}")
    problems = problems_of(file)
    assert len(problems) == 1, [str(problem) for problem in problems]
    first = row.splitlines()[0]
    line = line_of(file, first)
    assert problems[0].line in (line, line + 1)
    for word in words:
        assert word in str(problems[0])


def test_closed_groups_with_a_minimum_above_their_size(write: Write) -> None:
    rows = '[programme]\ngroup_size = "8 people"\ngroup_minimum = "9 people"\n'
    assert load(write(f"{HEAD}{rows}{STOP}{EXTEND}")).warnings == ()
    file = write(f'{HEAD}{rows}delivery = "closed groups"\n{STOP}{EXTEND}')
    # The extension has it from the pilot: said once.
    (problem,) = problems_of(file)
    assert problem.line == 7
    assert "never start" in problem.message
    assert "9 in groups of 8" in problem.found


def test_the_same_mistake_in_two_options_is_reported_twice(write: Write) -> None:
    bad = "extension.funders = {opcc = 0.9}\n"
    other = EXTEND.replace("extend]", "other]")
    file = write(f"{HEAD}{STOP}{EXTEND}{bad}{other}{bad}")
    assert [problem.key for problem in problems_of(file)] == [
        "options.extend.extension.funders",
        "options.other.extension.funders",
    ]


def test_a_contradiction_is_placed_where_somebody_wrote_last(write: Write) -> None:
    write(f'{HEAD}[programme]\nmobilisation = "6 months"\n{STOP}{EXTEND}')
    file = write('extends = "mine.toml"\n[programme]\nlength = "6 months"\n', "over.toml")
    problems = problems_of(file)
    assert {problem.line for problem in problems} == {3}
    assert {problem.file for problem in problems} == {str(file)}


def test_a_value_that_cannot_be_read_is_not_reported_as_a_contradiction_too(write: Write) -> None:
    text = '[decision]\nkind = "extension"\ndate_month = "30 months"\n[programme]\nlength = 36\n'
    head = HEAD.replace('decision = "extension"\n', "")
    (problem,) = problems_of(write(f"{head}{text}{STOP}{EXTEND}"))
    assert problem.key == "programme.length"


# -- the heading and the comparator ---------------------------------------------------------------


@pytest.mark.parametrize("what", ["title", "question", "decision"])
def test_what_every_scenario_has(write: Write, what: str) -> None:
    head = "".join(row for row in HEAD.splitlines(keepends=True) if not row.startswith(what))
    file = write(f"{head}{STOP}{EXTEND}")
    (problem,) = problems_of(file)
    assert (problem.file, problem.line, problem.key) == (str(file), None, what)
    assert f"no {what}" in problem.message


def test_a_scenario_without_options(write: Write) -> None:
    (problem,) = problems_of(write(HEAD))
    assert "no options" in problem.message


def test_the_first_option_of_the_extension_decision_stops(write: Write) -> None:
    file = write(f"{HEAD}{EXTEND}{STOP}")
    (problem,) = problems_of(file)
    assert problem.line == line_of(file, "extension.length")
    assert "pilot, then stop" in problem.message
    assert 'extension.length = "0 months"' in problem.expected


def test_the_first_option_of_the_extension_decision_has_had_the_pilot(write: Write) -> None:
    file = write(f"{HEAD}{STOP}programme.offered = false\n{EXTEND}")
    (problem,) = problems_of(file)
    assert problem.line == line_of(file, "offered")
    assert "pilot, then stop" in problem.message


def test_the_first_option_of_the_pilot_decision_has_no_programme(write: Write) -> None:
    head = HEAD.replace("extension", "pilot")
    file = write(f'{head}[options.pilot]\nlabel = "Pilot"\n')
    (problem,) = problems_of(file)
    assert problem.line == line_of(file, "[options.pilot]")
    assert "no programme" in problem.message
    assert "programme.offered = false" in problem.expected


def test_no_programme_may_be_shown_for_reference(write: Write) -> None:
    reference = '[options.none]\nlabel = "No programme"\nprogramme.offered = false\n'
    inputs = load(write(f"{HEAD}{STOP}{EXTEND}{reference}"))
    assert inputs.warnings == ()
    assert inputs.option("none").levers["programme.offered"] is False


# -- warnings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        ('[options.same]\nlabel = "Same"\n', ["changes nothing", "same", "zero"]),
        (
            # A lever of an extension that never happens is not felt.
            '[options.same]\nlabel = "Same"\nextension.places = "30 places"\n',
            ["changes nothing"],
        ),
        (
            '[options.again]\nlabel = "Again"\nextension.length = "2 years"\n',
            ["Extend", "Again", "the same"],
        ),
        ('[programme]\nplaces = "3000 places"\n', ["mine.toml:", "unusual", "3,000 places"]),
        ("[assume.effect]\nfull_dose_hr = 0.05\n", ["unusual", "assume.effect.full_dose_hr"]),
        ('[programme]\nlength = "21 months"\n', ["lead time", "month 21"]),
    ],
)
def test_what_is_odd_but_possible_is_a_warning(
    write: Write, addition: str, words: list[str]
) -> None:
    warnings = load(write(f"{HEAD}{STOP}{EXTEND}{addition}")).warnings
    # Places beyond the budget bring a warning of their own; see test_programme_rules.py.
    (warning,) = [text for text in warnings if "the rest do not exist" not in text]
    for word in words:
        assert word in warning
    assert str(Path.home()) not in warning


HINTS = {
    "[programme]\nstart = 2017-01-01\n": "Did you mean 'programme.contract_start'?",
    "[programme]\nplacs = 3\n": "Did you mean 'programme.places'?",
    "[programme]\nbudget = 3\n": "Did you mean 'programme.annual_budget'?",
    "[programme]\nzzz = 3\n": "'programme.zzz'.\n",  # nothing resembles it
    "extension.budget = 3\n": "'options.extend.extension.annual_budget'",
    "placs = 3\n": "'options.extend.extension.places'",
    "[options.extend.assume.effect]\nfull_dose_hr = 0.5\n": "stand under [assume].\n",
    "[options.extend.effect]\nfull_dose_hr = 0.5\n": "Did you mean 'assume.effect'?",
    "[assume.effect]\nhalf = 0.5\n": "Did you mean 'assume.effect.half_life'?",
}


@pytest.mark.parametrize("addition", HINTS)
def test_a_hint_names_a_setting_of_the_same_section_first(write: Write, addition: str) -> None:
    with pytest.raises(InputErrors) as caught:
        load(write(f"{HEAD}{STOP}{EXTEND}{addition}"))
    (problem,) = caught.value.problems
    assert HINTS[addition] in str(problem)


@pytest.mark.parametrize("heading", ["[programme]\n", ""])
def test_very_many_problems_are_counted_and_not_listed(write: Write, heading: str) -> None:
    keys = "".join(f"key_{i} = {i}\n" for i in range(5_000))
    begun = time.process_time()
    with pytest.raises(InputErrors) as caught:
        load(
            write(
                f"{'' if heading else keys}{HEAD}{STOP}{EXTEND}{heading}{keys if heading else ''}"
            )
        )
    assert time.process_time() - begun < 4  # with a hint for each it was more than ten
    said = str(caught.value)
    assert said.count("There is no setting") == 50
    assert said.endswith("And 4,950 more.")


@pytest.mark.parametrize("text", ['""', '"  "'])
def test_an_empty_title_is_said_to_be_empty(write: Write, text: str) -> None:
    title = next(line for line in HEAD.splitlines() if line.startswith("title"))
    with pytest.raises(InputErrors, match="The title is empty"):
        load(write(f"{HEAD}{STOP}{EXTEND}".replace(title, f"title = {text}")))


def test_a_single_option_is_a_warning(write: Write) -> None:
    (warning,) = load(write(f"{HEAD}{STOP}")).warnings
    assert "only one option" in warning


# -- lines ----------------------------------------------------------------------------------------

TRICKY = '''\
# [not.a.heading]
title = "a # no remark [x] = 1"
a.b."c.d".'e f' = 1   # dotted and quoted
text = """
[no.heading]
no = "key"
\\"""  # still text
end"""
after = [ # a list
  "x", { inner = 1, more = [1, 2] },
  "]", # ]
]
literal = \'\'\'
x = 1\'\'\'\'
last = 1979-05-27T07:32:00.5Z

[table.sub]   # remark
x = { y = { z = 1 }, "w" = """
two lines""", v = {} }
1.5 = 2
  [ spaced . out ]
  k="v"
[[array]]
n = 1
[[array]]
n = 2
m = 3
'''


def test_lines_are_found_whatever_the_layout() -> None:
    lines = locate(TRICKY)
    assert dict(lines) == {
        ("title",): 2,
        ("a",): 3,
        ("a", "b"): 3,
        ("a", "b", "c.d"): 3,
        ("a", "b", "c.d", "e f"): 3,
        ("text",): 4,
        ("after",): 9,
        ("literal",): 13,
        ("last",): 15,
        ("table",): 17,
        ("table", "sub"): 17,
        ("table", "sub", "x"): 18,
        ("table", "sub", "x", "y"): 18,
        ("table", "sub", "x", "y", "z"): 18,
        ("table", "sub", "x", "w"): 18,
        ("table", "sub", "x", "v"): 19,
        ("table", "sub", "1"): 20,
        ("table", "sub", "1", "5"): 20,
        ("spaced",): 21,
        ("spaced", "out"): 21,
        ("spaced", "out", "k"): 22,
        ("array",): 23,
        ("array", "n"): 24,
        ("array", "m"): 27,
    }
    assert paths_of(tomllib.loads(TRICKY)) <= set(lines)


def paths_of(table: Mapping[str, Any], start: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    paths = set()
    for key, value in table.items():
        paths.add((*start, key))
        if isinstance(value, dict):
            paths |= paths_of(value, (*start, key))
    return paths


KEYS = st.one_of(
    st.text("abz019_-", min_size=1, max_size=4),
    st.text("ab.#=[]{} '\u00e9", max_size=4).map(lambda text: f'" {text}"'),
)
TEXTS = st.text("ab#=[]{}\"'\\\n,. ", max_size=12).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
)
LONG = st.text("ab#=[]{}'\n,. ", max_size=12).map(lambda text: f'"""{text}"""')
VALUES = st.recursive(
    st.one_of(TEXTS, LONG, st.sampled_from(["1", "1.5", "true", "2017-01-01", "'#'"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, max_size=3).map(lambda items: "[ # [\n" + ",\n".join(items) + "\n]"),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {item}" for key, item in table.items()) + "}"
        ),
    ),
    max_leaves=5,
)


@given(rows=st.dictionaries(KEYS, VALUES, min_size=1, max_size=6))
def test_each_key_of_any_file_is_found_on_its_line(rows: dict[str, str]) -> None:
    text, expected = "", {}
    for key, value in rows.items():
        expected[key.strip('"')] = text.count("\n") + 1
        text += f"{key} = {value} # remark = [\n\n"
    table = tomllib.loads(text)
    lines = locate(text)
    assert {key: lines[(key,)] for key in table} == expected
    assert paths_of(table) == {path for path in lines if path in paths_of(table)}


# -- writing --------------------------------------------------------------------------------------


def same(one: Inputs, two: Inputs) -> bool:
    fields = ("title", "question", "decision", "options", "option_table", "values")
    return all(getattr(one, field) == getattr(two, field) for field in fields)


@pytest.mark.parametrize("name", shipped())
def test_what_is_written_in_full_loads_to_the_same(name: str, tmp_path: Path) -> None:
    inputs = load(shipped()[name])
    file = tmp_path / "inputs.toml"
    file.write_text(resolved_toml(inputs), encoding="utf-8")
    again = load(file)
    assert same(again, inputs)
    assert again.warnings == ()
    assert again.population_share == inputs.population_share
    assert resolved_toml(again) == resolved_toml(inputs)
    assert set(again.uncertain) == set(inputs.uncertain)


@pytest.mark.parametrize("key", ["effect.full_dose_hr", "case.frailty_sigma"])
def test_a_belief_that_is_stated_is_held_even_if_it_is_the_usual_one(
    key: str, write: Write, tmp_path: Path
) -> None:
    """One of evidence, one of calibration; written in full only what is stated is held again."""
    section, name = key.split(".")
    row = f"[assume.{section}]\n{name} = {registry()[key].value!r}\n"
    inputs = load(write(f"{HEAD}{row}{STOP}{EXTEND}"))
    assert f"assume.{key}" in inputs.origins
    assert key not in inputs.uncertain
    file = tmp_path / "inputs.toml"
    file.write_text(resolved_toml(inputs), encoding="utf-8")
    again = load(file)
    believed = {name for name in again.origins if name.startswith("assume.")}
    held = {name for name in believed if registry()[name.removeprefix("assume.")].drawn}
    assert held == {f"assume.{key}"}
    assert set(again.uncertain) == set(inputs.uncertain)


@given(data=st.data())
def test_odd_values_survive_being_written_in_full(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    pool = [
        key
        for key, item in registry().items()
        if item.plausible and item.kind != "count" and item.role == "evidence"
    ]
    key = data.draw(st.sampled_from(pool))
    low, high = registry()[key].plausible or (0.0, 0.0)
    value = data.draw(st.floats(max(low, 1e-9), high))
    title = data.draw(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1))
    inputs = load(EXTENSION).replace(values={key: value})
    inputs = dataclasses.replace(inputs, title=" ".join(f"x{title}".split()))
    file = tmp_path_factory.mktemp("written") / "inputs.toml"
    file.write_text(resolved_toml(inputs), encoding="utf-8")
    try:
        again = load(file)
    except InputErrors as error:
        # A value that is plausible alone may still not fit with the others.
        assert all("sum" in problem.found for problem in error.problems)
    else:
        assert same(again, inputs)


def test_levers_of_an_extension_that_never_happens_survive_too(
    write: Write, tmp_path: Path
) -> None:
    rows = '[extension]\nplaces = "30 places"\nfunders = {opcc = 0.333333, police = 0.666667}\n'
    inputs = load(write(f"{HEAD}{rows}{STOP}{EXTEND}"))
    assert inputs.option("stop").levers["extension.places"] == 30
    file = tmp_path / "inputs.toml"
    file.write_text(resolved_toml(inputs), encoding="utf-8")
    assert same(load(file), inputs)


def test_an_option_can_go_back_to_what_the_pilot_has(write: Write) -> None:
    shared = '[extension]\nplaces = "30 places"\n'
    file = write(f'{HEAD}{shared}{STOP}{EXTEND}extension.places = "as programme"\n')
    assert load(file).option("extend").levers["extension.places"] == "from budget"


# -- differences and templates --------------------------------------------------------------------


def test_differences_are_told_in_plain_words_with_both_values(write: Write) -> None:
    file = write(
        'extends = "surrey_extension.toml"\n'
        'decision.date_month = "19 months"\n'
        "options.extend_motivational.remove = true\n"
        '[programme]\nplaces = "30 places"\n'
        '[options.extend]\nextension.length = "12 months"\n'
        '[options.mine]\nlabel = "Mine"\nextension.length = "6 months"\n'
        '[assume.case]\nlong_duration = "4 years"\n'
    )
    told = differences(load(file), load(EXTENSION))
    text = "\n".join(told)
    assert "(case.long_duration): 4 years here, 58 weeks in surrey_extension.toml." in text
    assert "(decision.date_month): 19 months here, 20 months in surrey_extension.toml." in text
    assert "(programme.places): 30 places here, from budget in surrey_extension.toml." in text
    assert "Extend as it is: " in text
    assert "(extension.length): 1 year here, 2 years in surrey_extension.toml." in text
    assert "New option: Mine (Length of the extension: 6 months)." in text
    assert "Left out: Extend with motivational enhancement" in text
    # Places in the extension only follow the pilot's.
    assert "extension.places" not in text
    assert len(told) == 6


def test_no_differences(write: Write) -> None:
    file = write('extends = "surrey_extension.toml"\n')
    assert differences(load(file), load(EXTENSION)) == []


def test_the_template_loads_as_written_and_with_every_line_switched_on(write: Write) -> None:
    text = template("my_first-idea")
    inputs = load(write(text))
    assert inputs.title == "My first idea"
    assert inputs.options == ("stop", "extend", "my_option")
    assert inputs.warnings == ()
    on = [
        row.removeprefix("# ") if " = " in row or row.startswith("# [") else row
        for row in text.splitlines()
    ]
    everything = load(write("\n".join(on), "on.toml"))
    assert everything.warnings == ()
    levers = everything.option("my_option").levers
    assert levers["extension.delivery"] == "closed groups"
    assert levers["services.outreach"] is False
    assert everything.values["effect.full_dose_hr"] == 0.95
    assert len(differences(everything, load(EXTENSION))) >= 8


@pytest.mark.parametrize("name", ["", "../x", "a b", "x.toml", "é", "a" * 61, "1x", "-x"])
def test_names_that_no_file_should_have(name: str) -> None:
    with pytest.raises(InputErrors) as caught:
        template(name)
    assert "letters" in str(caught.value)


def test_every_message_reads_as_a_sentence_with_its_place(write: Write) -> None:
    file = write(f"{HEAD}[programme]\nplaces = 40\n{STOP}{EXTEND}")
    text = str(InputErrors(problems_of(file)))
    assert text.startswith(f"{file}, line 5, programme.places: ")
    assert "found:    40" in text
    assert "expected: a whole number of places" in text


def test_dates_are_read_as_dates() -> None:
    inputs = load(EXTENSION)
    assert inputs.option("stop").levers["programme.contract_start"] == date(2017, 1, 1)
    for key, item in registry().items():
        if item.role != "lever" and UNITS[item.unit].kind == "date":
            assert render(inputs.values[key], item.unit) == str(inputs.values[key])
