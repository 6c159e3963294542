"""Does every parameter have a unit, a source, a range and an honest grade?"""

from __future__ import annotations

import csv
import dataclasses
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dapp_model import describe, parameters
from dapp_model.distributions import Beta, LogNormal, Mixture, Normal, draw, quantile
from dapp_model.parameters import AS_PROGRAMME, Inputs, Option, read_registry, registry
from dapp_model.quantities import UNITS, QuantityError, parse, render
from dapp_model.scenario import load

DATA = Path(parameters.__file__).parent / "data" / "evidence_ids.csv"
BEST_FIRST = ("verified_primary", "verified_secondary", "seed_document", "derived", "recalled")
GRADES = "ABCD"
LEVER_SECTIONS = {"population", "decision", "programme", "extension", "services"}

SMALL = """
[effect.floor]
label = "Combined effects never fall below this"
unit = "hazard ratio"
value = 0.2
possible = [0.01, 1]
plausible = [0.05, 0.6]
role = "convention"
source = "Modelling convention"
year = "-"
status = "convention"
grade = "-"
evidence = []
note = ""

[marac.cycle]
label = "Time between MARAC meetings"
unit = "duration"
value = "2 weeks"
distribution = {kind = "lognormal", median = "2 weeks", low = "1 week", high = "30 days"}
possible = ["1 day", "1 year"]
plausible = ["7 days", "5 weeks"]
role = "evidence"
with_calibration = true
source = "Judgement; general knowledge"
year = "2014-2017"
status = "recalled"
grade = "D"
evidence = []
note = "The interval is judgement."
"""


def evidence_rows() -> dict[str, tuple[str, str]]:
    with DATA.open(newline="", encoding="utf-8") as file:
        return {row["id"]: (row["status"], row["grade"]) for row in csv.DictReader(file)}


def make_inputs(origins: Mapping[str, str] = MappingProxyType({})) -> Inputs:
    """Build inputs from the registry's own values, without a scenario file."""
    levers = {
        name: registry()[name.replace("extension.", "programme.")].value
        if each.value == AS_PROGRAMME
        else each.value
        for name, each in registry().items()
        if each.role == "lever"
    }
    option = Option("stop", "Stop", "Stop after the pilot.", levers)
    return Inputs(
        name="small",
        title="Title",
        question="Question?",
        decision="extension",
        options=("stop",),
        option_table={"stop": option},
        values={name: each.value for name, each in registry().items() if each.role != "lever"},
        population_share=1.0,
        origins=dict(origins),
        warnings=(),
        provisional=False,
        path="small.toml",
        text_hash="0",
    )


# -- every parameter ------------------------------------------------------------------------------


def test_every_parameter_says_what_it_is_and_where_it_comes_from() -> None:
    for name, each in registry().items():
        for field in ("label", "unit", "role", "source", "year", "status", "grade"):
            assert getattr(each, field).strip(), f"{name} has no {field}"
        assert each.kind == UNITS[each.unit].kind, name
        assert each.name == name


def test_labels_are_plain_words_that_stand_alone() -> None:
    for name, each in registry().items():
        label = each.label
        assert label[0].isupper(), name
        assert not label.endswith("."), name
        assert "_" not in label, name
        assert len(label) <= 100, name
        jargon = re.search(r"\b(hazard|frailty|log|hr|odds ratio|prior)\b", label, re.IGNORECASE)
        assert not jargon, name


def test_values_are_plain_python_in_base_units() -> None:
    for name, each in registry().items():
        if each.value in (AS_PROGRAMME, UNITS[each.unit].word):
            continue
        types = {"count": int, "switch": bool, "choice": str, "date": date, "shares": tuple}
        assert type(each.value) is types.get(
            each.kind, tuple if each.kind == "choices" else float
        ), name
        # What a person reads back is what the model uses.
        if each.kind != "switch":
            assert each.read(render(each.value, each.unit)) == each.value, name


def test_numbers_have_ranges_and_the_value_lies_in_them() -> None:
    for name, each in registry().items():
        if each.kind not in ("duration", "money", "rate", "count", "number"):
            assert each.possible is None, name
            assert each.plausible is None, name
            continue
        assert each.possible is not None, name
        assert each.plausible is not None, name
        low, high = each.plausible
        assert each.possible[0] <= low < high <= each.possible[1], name
        if isinstance(each.value, int | float):
            assert low <= each.value <= high, name


def test_units_are_converted_once_at_the_edge() -> None:
    values = {name: each.value for name, each in registry().items()}
    assert values["programme.length"] == 24 * 30.4375
    assert values["pathway.support_length"] == 39 * 7
    assert values["pathway.renege"] == pytest.approx(0.03 * 365.25 / 7)
    assert values["record.lag"] == 0.5
    assert values["effect.half_life"] == 2.5 * 365.25
    assert values["programme.contract_start"] == date(2017, 1, 1)
    assert values["programme.annual_budget"] == 100_000.0
    half_life = registry()["effect.half_life"].distribution
    assert half_life == LogNormal(2.5 * 365.25, 0.8 * 365.25, 8 * 365.25)


def test_levers_stand_in_the_sections_of_levers_and_nothing_else_does() -> None:
    for name, each in registry().items():
        assert (each.role == "lever") == (name.split(".")[0] in LEVER_SECTIONS), name


def test_the_contract_costs_what_the_source_documents_say() -> None:
    levers: Mapping[str, Any] = make_inputs().option("stop").levers
    total = levers["programme.length"] / 365.25 * levers["programme.annual_budget"]
    paid = {name: share * total for name, share in levers["programme.funders"]}
    assert paid == {
        "community_safety_board": 100_000.0,
        "surrey_police": 50_000.0,
        "opcc": 50_000.0,
    }


def test_an_extension_takes_the_pilots_value_unless_set() -> None:
    followers = [each for each in registry().values() if each.value == AS_PROGRAMME]
    assert len(followers) == 22
    for each in followers:
        twin = registry()[each.name.replace("extension.", "programme.")]
        assert each.role == twin.role == "lever"
        assert (each.unit, each.choices, each.possible) == (twin.unit, twin.choices, twin.possible)
        assert each.read(AS_PROGRAMME) == AS_PROGRAMME
        written = twin.value if twin.kind == "switch" else render(twin.value, twin.unit)
        assert each.read(written) == twin.value


def test_shares_that_are_parts_of_one_whole_do_not_exceed_it() -> None:
    values = make_inputs().values
    for start in ("perpetrator.age_", "incident.mix_", "county.growth_share_"):
        total = sum(float(str(value)) for name, value in values.items() if name.startswith(start))
        assert 0 < total < 1, start


# -- honesty --------------------------------------------------------------------------------------


def test_evidence_is_known_and_no_parameter_claims_more_than_it() -> None:
    rows = evidence_rows()
    for name, each in registry().items():
        assert set(each.evidence) <= set(rows), name
        if each.role not in ("evidence", "calibrated"):
            continue
        for row in each.evidence:
            status, grade = rows[row]
            assert GRADES.index(each.grade) >= GRADES.index(grade), f"{name}: {row} is {grade}"
            # The status of a calibrated value is that of the fit; its targets keep their own.
            if each.role == "evidence":
                weaker = BEST_FIRST.index(each.status) >= BEST_FIRST.index(status)
                assert weaker, f"{name}: {row} is {status}"


def test_a_recalled_figure_is_never_presented_as_found() -> None:
    for name, each in registry().items():
        if each.role != "evidence":
            continue
        if each.status == "recalled":
            assert each.grade == "D", name
            assert each.source.startswith("Judgement; "), name
        else:
            assert each.evidence, f"{name} names no row"
            assert not each.source.startswith("Judgement"), name
            assert (each.status == "derived") == each.source.startswith("Derived "), name


def test_role_status_and_grade_agree() -> None:
    for name, each in registry().items():
        if each.role == "calibrated":
            assert (each.status, each.grade, each.distribution) == ("derived", "D", None), name
            assert each.note.startswith("calibrated, likeliest under reading A"), name
        elif each.role in ("lever", "convention"):
            assert each.grade == "-", name
            assert each.distribution is None, name
            assert each.status in ("convention", "seed_document"), name
            assert (each.status == "seed_document") == (each.year == "2016"), name
        else:
            assert each.grade in GRADES, name
            assert each.status in BEST_FIRST, name


def test_the_list_of_evidence_rows_holds_what_is_used_and_no_more() -> None:
    used = {row for each in registry().values() for row in each.evidence}
    with DATA.open(newline="", encoding="utf-8") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert ids == sorted(used)
    for status, grade in evidence_rows().values():
        assert status in BEST_FIRST
        assert grade in GRADES


# -- what is uncertain ----------------------------------------------------------------------------


def test_the_value_is_the_centre_of_its_distribution() -> None:
    for name, each in registry().items():
        match each.distribution:
            case Beta(mean=centre) | LogNormal(median=centre) | Normal(mean=centre):
                assert each.value == centre, name
            case Mixture() as mixture:
                assert each.value == pytest.approx(quantile(mixture, 0.5), abs=0.005), name
            case other:
                assert other is None, name


def test_what_is_thought_likely_is_also_called_plausible() -> None:
    for name, each in registry().items():
        if each.distribution is not None and each.plausible is not None:
            low, high = quantile(each.distribution, 0.025), quantile(each.distribution, 0.975)
            assert each.plausible[0] <= low * (1 + 1e-9), name
            assert high <= each.plausible[1] * (1 + 1e-9), name


def test_every_belief_is_uncertain_or_says_why_not() -> None:
    fixed = {
        name
        for name, each in registry().items()
        if each.role == "evidence" and each.distribution is None
    }
    assert fixed == {
        "perpetrator.age_16_24",  # shares that must add up
        "perpetrator.age_25_34",
        "perpetrator.age_35_49",
        "police.dvpn_from",  # a date
        "idva.expected_referrals",  # counts of one year, for planning
        "outreach.expected_referrals",
        "marac.areas",  # whole numbers
        "idva.workers",
        "pathway.assessments_at_once",
        "dvpo.length",  # the full term is assumed
        "campaign.reporting_ratio",  # left alone unless told otherwise
    }


def test_what_moves_the_baseline_year_waits_for_the_calibration() -> None:
    """Drawn alone, these would leave the 13,300, the repeats or the 814 behind."""
    waiting = {name for name, each in registry().items() if each.with_calibration}
    assert {
        "county.growth_total",
        "report.severe_odds",
        "record.probability",
        "dash.high_share",
        "case.separation_share",
        "perpetrator.moves_away",
        "marac.hazard_ratio",
        "idva.hazard_ratio",
        "outreach.hazard_ratio",
    } <= waiting
    sections = {name.split(".")[0] for name in waiting}
    assert not sections & {"effect", "pathway", "referral", "budget", "children", "bbr", "linx"}


def test_only_evidence_that_stands_alone_is_drawn() -> None:
    uncertain = make_inputs().uncertain
    assert len(uncertain) > 80
    for name in uncertain:
        each = registry()[name]
        assert each.role == "evidence"
        assert not each.with_calibration
        assert uncertain[name].possible == each.possible
    assert "effect.full_dose_hr" in uncertain
    assert "report.probability" not in uncertain
    assert "county.growth_total" not in uncertain


@pytest.mark.parametrize("key", ["assume.effect.full_dose_hr", "effect.full_dose_hr"])
def test_what_the_scenario_sets_itself_is_not_drawn(key: str) -> None:
    inputs = make_inputs(origins={key: "small.toml, line 3"})
    assert set(make_inputs().uncertain) - set(inputs.uncertain) == {"effect.full_dose_hr"}


# -- a file that does not hold together -----------------------------------------------------------


def test_a_small_file_that_holds_together_is_read() -> None:
    found = read_registry(SMALL)
    assert list(found) == ["effect.floor", "marac.cycle"]
    assert found["marac.cycle"].value == 14.0
    assert found["marac.cycle"].distribution == LogNormal(14.0, 7.0, 30.0)
    assert found["marac.cycle"].with_calibration
    assert not found["effect.floor"].with_calibration


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('label = "Time between MARAC meetings"\n', "", "has no label"),
        ('source = "Judgement; general knowledge"\n', "", "has no source"),
        ('source = "Judgement; general knowledge"', 'source = " "', "source is empty"),
        ('year = "2014-2017"', "year = 2014", "year is not a text"),
        ('value = "2 weeks"\n', "", "has no value"),
        ('value = "2 weeks"', "value = 14", "has no unit"),
        ('value = "2 weeks"', 'value = "2 places"', "length of time"),
        ('value = "2 weeks"', 'value = "2 years"', "outside 1 to 365.25"),
        ('value = "2 weeks"', 'value = "2 days"', "not plausible"),
        ('unit = "duration"', 'unit = "fortnights"', "closed list"),
        ('possible = ["1 day", "1 year"]', "possible = [1, 365]", "has no unit"),
        ('possible = ["1 day", "1 year"]', 'possible = ["1 year", "1 day"]', "does not rise"),
        ('possible = ["1 day", "1 year"]', 'possible = ["10 days", "1 year"]', "plausible should"),
        ('possible = ["1 day", "1 year"]\n', "", "range belong to numbers"),
        ('"recalled"', '"remembered"', "the status 'remembered' is not one"),
        ('"recalled"', '"convention"', "cannot be a convention"),
        ('grade = "D"', 'grade = "C"', "recalled has the grade D"),
        ('grade = "D"', 'grade = "E"', "the grade 'E' is not one"),
        ('grade = "D"', 'grade = "-"', "have the grade -"),
        ('role = "evidence"', 'role = "guess"', "the role 'guess' is not one"),
        ('role = "evidence"', 'role = "calibrated"', "what is calibrated is derived"),
        ('kind = "lognormal"', 'kind = "cauchy"', "the kind of a distribution"),
        ('low = "1 week"', 'low = "3 weeks"', "low < median < high"),
        ('low = "1 week", ', "", "takes median, low, high"),
        ('low = "1 week"', "low = 7", "has no unit"),
        ("with_calibration = true", 'with_calibration = "yes"', "neither true nor false"),
        ('evidence = []\nnote = "The', 'evidence = ["a", "a"]\nnote = "The', "evidence is not"),
        ('note = "The', 'colour = "red"\nnote = "The', "no parameter has: colour"),
        ('unit = "duration"', 'unit = "duration"\nchoices = ["a"]', "choices belong to"),
        ('"Time between MARAC', '"Combined effects never fall below this"#', "same label"),
        ("[marac.cycle]", "[marac.Cycle]", "small letters"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(old: str, new: str, reason: str) -> None:
    head, tail = SMALL.split("[marac.cycle]")
    tail = "[marac.cycle]" + tail
    assert tail.count(old) == 1
    with pytest.raises(ValueError, match=re.escape(reason)) as error:
        read_registry(head + tail.replace(old, new))
    assert str(error.value).lower().startswith("marac.cycle: ")
    assert str(error.value).lower().count("marac.cycle") == 1


def test_a_parameter_that_stands_there_twice_is_refused_by_name() -> None:
    twice = SMALL + SMALL.split("\n\n")[1]
    with pytest.raises(ValueError, match=r"marac\.cycle: "):
        read_registry(twice)


def test_a_field_that_stands_there_twice_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"effect\.floor: "):
        read_registry(SMALL.replace("value = 0.2", "value = 0.2\nvalue = 0.3"))


def test_a_calibrated_parameter_cannot_have_a_distribution() -> None:
    text = SMALL.replace('role = "evidence"\nwith_calibration = true', 'role = "calibrated"')
    with pytest.raises(ValueError, match=r"marac\.cycle: only evidence has a distribution"):
        read_registry(text.replace('"recalled"', '"derived"'))


def test_an_extension_lever_needs_a_twin_in_the_pilot() -> None:
    text = SMALL.replace("effect.floor", "extension.floor").replace("= 0.2", '= "as programme"')
    with pytest.raises(ValueError, match=r"extension\.floor: there is no programme lever"):
        read_registry(text)


# -- reading a value ------------------------------------------------------------------------------


def test_a_value_is_read_in_its_unit_and_checked() -> None:
    places, length = registry()["programme.places"], registry()["programme.length"]
    assert places.read("40 places") == 40
    assert places.read("from budget") == "from budget"
    assert length.read("26 weeks") == 182.0
    with pytest.raises(QuantityError):
        length.read(26)
    with pytest.raises(ValueError, match=re.escape("programme.length: ")):
        length.read("200 years")
    with pytest.raises(ValueError, match="'sauna' is not one of"):
        registry()["programme.needs_met"].read(["language", "sauna"])
    with pytest.raises(QuantityError):
        length.read(AS_PROGRAMME)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("effect.full_dose_hr", 0.0),
        ("effect.full_dose_hr", float("nan")),
        ("effect.full_dose_hr", "0.9"),
        ("effect.full_dose_hr", True),
        ("idva.workers", 8.5),
        ("feedback.custody", 1),
        ("county.growth_from", "2013-04-01"),
    ],
)
def test_a_value_that_is_not_possible_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=re.escape(name)):
        make_inputs().replace(values={name: value})  # type: ignore[dict-item]


# -- inputs ---------------------------------------------------------------------------------------


def test_replacing_values_makes_a_copy_and_leaves_the_rest() -> None:
    inputs = make_inputs()
    other = inputs.replace(values={"effect.full_dose_hr": 0.7})
    assert other.values["effect.full_dose_hr"] == 0.7
    assert inputs.values["effect.full_dose_hr"] == 0.88
    changed = {name for name in inputs.values if inputs.values[name] != other.values[name]}
    assert changed == {"effect.full_dose_hr"}
    assert other.option_table == inputs.option_table


@pytest.mark.parametrize("name", ["effect.full_dose", "programme.places", ""])
def test_only_known_values_are_replaced(name: str) -> None:
    with pytest.raises(KeyError):
        make_inputs().replace(values={name: 1.0})


def test_nothing_can_be_changed_in_place() -> None:
    inputs, levers = make_inputs(), {"programme.places": 3}
    option = Option("a", "A", "", levers)
    levers["programme.places"] = 4
    assert option.levers["programme.places"] == 3
    for table in (registry(), inputs.values, inputs.origins, inputs.option_table, option.levers):
        assert isinstance(table, MappingProxyType)
    with pytest.raises(dataclasses.FrozenInstanceError):
        inputs.name = "other"  # type: ignore[misc]


def test_a_draw_changes_what_is_uncertain_and_nothing_else() -> None:
    inputs = make_inputs(origins={"assume.effect.half_life": "small.toml, line 3"})
    (drawn,) = draw(inputs, 1, seed=1)
    changed = {name for name in inputs.values if inputs.values[name] != drawn.values[name]}
    assert changed == set(inputs.uncertain)
    assert "effect.half_life" not in changed
    assert "effect.full_dose_hr" in changed
    assert dataclasses.replace(drawn, values=inputs.values) == inputs


def test_inputs_written_out_in_full_load_to_the_same_values(tmp_path: Path) -> None:
    inputs = make_inputs().replace(values={"effect.full_dose_hr": 0.7, "marac.cycle": 10.25})
    path = tmp_path / "whole.toml"
    path.write_text(inputs.resolved_toml(), encoding="utf-8")
    back = load(path)
    assert back.values == inputs.values
    assert back.option("stop").levers == inputs.option("stop").levers
    # What was set stays set: it is not drawn again.
    assert "effect.full_dose_hr" not in back.uncertain
    assert set(inputs.uncertain) - set(back.uncertain) == {"effect.full_dose_hr"}


def test_inputs_travel_to_another_process_unchanged() -> None:
    inputs = make_inputs(origins={"programme.places": "a.toml, line 2"})
    back = pickle.loads(pickle.dumps(inputs))
    assert back == inputs
    assert isinstance(back.values, MappingProxyType)
    assert isinstance(back.option("stop").levers, MappingProxyType)


def test_an_unknown_option_is_named_beside_those_there_are() -> None:
    with pytest.raises(KeyError, match="no option 'extend'; there are stop"):
        make_inputs().option("extend")


def test_importing_and_reading_the_registry_is_quick_and_light() -> None:
    code = (
        "import sys, dapp_model.parameters as p; p.registry();"
        "print([m for m in ('numpy', 'scipy', 'pandas', 'numba') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_file_is_plain_utf8_and_reads_the_same_each_time() -> None:
    text = Path(parameters.__file__).with_name("parameters.toml").read_text(encoding="utf-8")
    assert read_registry(text) == registry()
    assert parse("24 months", "duration") == registry()["programme.length"].value


def test_a_value_and_its_uncertainty_are_told_in_one_unit() -> None:
    """A rate a year with an interval a month, or weeks with days, cannot be compared by eye."""
    period = re.compile(r"\b(hour|day|week|month|year)s?\b")
    seen = 0
    for each in registry().values():
        if each.kind in ("rate", "duration"):
            value, told = describe.said(each, each.value), describe.uncertainty(each)
            ends = told.partition(" from ")[2]
            assert {one[1] for one in period.finditer(ends)} <= {
                one[1] for one in period.finditer(value)
            }, (each.name, value, told)
            seen += bool(ends)
    assert seen > 20
    charge, outreach = registry()["police.charge_delay"], registry()["outreach.capacity"]
    assert describe.alike(charge, 14.0) == "14 days"
    assert describe.alike(outreach, 365.25) == "365 per year"
