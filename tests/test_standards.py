"""Is every item of the standards there, with a place that exists, and do logs say what holds?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import PLAN, finished, inputs, write_scenario

from dapp_model import cli, draws, fitted, labels, since, stored
from dapp_model.decision.worth import VALUE
from dapp_model.parameters import registry
from dapp_model.report import standards
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.report.totals import Totals

ROOT = Path(__file__).resolve().parents[1]
STRESS = [
    "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.5",
    "3.1", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.1", "5.2", "5.3", "5.4", "6.1",
]  # fmt: skip


def decision() -> dict[str, Any]:
    text = (finished().folder / "decision.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def totals(parameters: pd.DataFrame | None = None, value: Any = None) -> Totals:
    """Return what standards read of a run: its inputs, its decision, its draws."""
    decided, stored = decision(), draws.read(finished().folder)
    shown = decided["shown_option"]
    if parameters is None:
        parameters = stored.parameters
        value = stored.measures[VALUE][:, :, stored.options.index(shown)]
    worth = {shown: SimpleNamespace(measures={VALUE: value})}
    gathered: Any = SimpleNamespace(parameters=parameters, worth=worth)
    return Totals(inputs(), decided, gathered)


def every() -> dict[str, Table]:
    return {table.title: table for table in standards.tables(totals())}


# -- checklists -----------------------------------------------------------------------------------


def test_stress_des_has_every_item_once_and_in_order() -> None:
    assert [one.number for one in standards.items("stress_des")] == STRESS


def test_cheers_has_its_28_items_once_and_in_order() -> None:
    assert [one.number for one in standards.items("cheers_2022")] == [str(n) for n in range(1, 29)]


@pytest.mark.parametrize("checklist", ["stress_des", "cheers_2022"])
def test_no_item_has_an_empty_place(checklist: str) -> None:
    for one in standards.items(checklist):
        assert one.place(), one.number
        if not one.where:
            assert re.match(r"not (reported|assessed|applicable):", one.said), one.number
    table = standards.checklist(checklist)
    assert "doi:" in table.title
    assert all(all(row) for row in table.rows)


def places() -> list[str]:
    return sorted(
        {
            place
            for name in ("stress_des", "cheers_2022")
            for one in standards.items(name)
            for place in one.where
        }
    )


@pytest.mark.parametrize("place", places())
def test_a_place_that_is_named_exists(place: str) -> None:
    kind, _, rest = place.partition(" ")
    if kind == "section":
        page = (finished().folder / "report.html").read_text(encoding="utf-8")
        assert rest == "first" or f'id="{rest}"' in page
        assert rest in standards.SECTIONS
    elif kind == "run":
        assert rest in labels.HOLDS
        assert (finished().folder / rest).exists()
    else:
        page_name, _, heading = place.partition(": ")
        text = (ROOT / page_name).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        assert heading in headings


def test_every_test_that_the_validation_record_names_exists() -> None:
    for one in standards._data()["validation"]["tests"]:
        assert (ROOT / one["where"]).is_file()


# -- the assumptions log --------------------------------------------------------------------------


def test_every_belief_is_in_the_log_once_with_quality_and_impact() -> None:
    table = standards.assumptions(totals())
    beliefs = [one for one in registry().values() if one.role != "lever"]
    assert sorted(row[0] for row in table.rows) == sorted(one.label for one in beliefs)
    assert all(all(row) for row in table.rows)
    assert {row[4] for row in table.rows} == {NOT_ASSESSED}  # two draws tell nothing


def test_impact_finds_the_one_that_moves_the_value_and_no_other() -> None:
    rng = np.random.default_rng(4)
    names = ["effect.full_dose_hr", "effect.half_life", "report.probability", "case.frailty_mean"]
    parameters = pd.DataFrame(rng.uniform(size=(256, len(names))), columns=names)
    value = 5.0 * parameters["report.probability"].to_numpy() + 0.2 * rng.normal(size=256)
    found = totals(parameters, value[:, None])
    felt = standards.impacts(found)
    assert felt["report.probability"][0] > 0.8
    assert felt["report.probability"][2]
    assert max(share for name, (share, _, _) in felt.items() if name != "report.probability") < 0.2
    first = standards.assumptions(found).rows[0]
    assert first[0] == registry()["report.probability"].label
    assert "%" in first[4]


def test_among_many_that_say_nothing_hardly_any_is_taken_for_one_that_does() -> None:
    names = [one.name for one in registry().values() if one.drawn]
    alarms = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        parameters = pd.DataFrame(rng.uniform(size=(128, len(names))), columns=names)
        felt = standards.impacts(totals(parameters, rng.normal(size=(128, 1))))
        assert len(felt) == len(names) > 100
        alarms += any(above for _, _, above in felt.values())
    assert alarms <= 3  # one in forty of twenty runs, and room for chance


def test_what_is_recalled_is_marked_in_the_log() -> None:
    marks = {row[0]: "\N{DAGGER}" in row[3] for row in standards.assumptions(totals()).rows}
    for one in registry().values():
        if one.role != "lever" and one.grade != "-":
            assert marks[one.label] == (one.status == "recalled"), one.name


def test_what_each_draw_has_its_own_value_of_is_never_called_fixed() -> None:
    said = {row[0]: row[2] for row in standards.assumptions(totals()).rows}
    own = {name for name in inputs().values if f"assume.{name}" in inputs().origins}
    for name in inputs().values:
        one = registry()[name]
        assert (said[one.label] == "fixed") == (name in own or not one.drawn), name
    joint = fitted.load(str(inputs().values[fitted.READING]))
    share = joint.rows[:, joint.names.index("report.probability")]
    text = said[registry()["report.probability"].label]
    assert "drawn from the calibration" in text
    low, high = (float(end) for end in re.findall(r"\d\.\d+", text))
    assert np.mean((share >= low) & (share <= high)) == pytest.approx(0.9, abs=0.02)


# -- records --------------------------------------------------------------------------------------


def test_the_validation_record_says_what_is_missed_and_what_nobody_has_done() -> None:
    table = standards.validation(totals())
    outcomes = " ".join(row[2] for row in table.rows)
    assert "within one standard error" in outcomes
    assert outcomes.count(NOT_ASSESSED) >= 2
    base = decision()["baseline"]
    bill = next(row for row in table.rows if row[0].startswith("The police's bill"))
    assert ("inside" in bill[2]) == base["police_bill_in_range"]


def test_four_roles_sign_and_nobody_has_signed() -> None:
    table = standards.signatures()
    assert [row[0] for row in table.rows] == ["Commissioner", "Analyst", "Assurer", "Approver"]
    assert all(row[2:] == ("", "", "") for row in table.rows)


def test_the_run_record_is_that_of_the_manifest() -> None:
    record = dict(standards.record(totals()).rows)
    manifest = stored.read_manifest(finished().folder)
    assert record["Seed"] == str(manifest["seed"]) == str(PLAN.seed)
    assert record["Draws of what is not known"] == str(manifest["draws"])
    assert record["Hash of the scenario's files"] == manifest["scenario_hash"]
    for name, version in stored.versions().items():
        assert record[name] == version == manifest["versions"][name]


def test_every_row_is_as_wide_as_its_heading() -> None:
    found = every()
    assert len(found) == 7
    for table in found.values():
        assert table.rows
        assert all(len(row) == len(table.columns) for row in table.rows)


# -- since an earlier pack ------------------------------------------------------------------------


def test_against_itself_only_the_advice_is_repeated() -> None:
    found = since.compare(inputs(), decision(), finished().folder)
    assert [row[0] for row in found["rows"]] == [
        "The advice (as before)",
        "The chance that it is wrong",
    ]
    assert all(before == now for _, before, now in found["rows"])


def test_without_an_earlier_pack_nothing_is_said_to_have_changed() -> None:
    assert NOT_ASSESSED in standards.changed(None).rows[0]


def test_changed_inputs_settings_and_numbers_are_all_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    more = '[options.extend]\nextension.annual_budget = "£150,000"\n'
    path = write_scenario(tmp_path, "later", more)
    settings = ("--draws", "2", "--replications", "1", "--seed", "4", "--workers", "1", "--no-base")
    command = ["run", str(path), *settings, "--since", str(finished().folder)]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "Seed: 3 before, 4 now" in said
    assert "the extension has £150,000 a year rather than £100,000." in said
    assert "Net public cost, ‘Extend as it is’" in said
    (place,) = tmp_path.glob("results/later/*/since_earlier_pack")
    assert {one.name for one in place.iterdir()} == {
        "since_earlier_pack.json", "since_earlier_pack.csv", "README.txt"
    }  # fmt: skip
    found = json.loads((place / "since_earlier_pack.json").read_text(encoding="utf-8"))
    table = standards.changed(found)
    assert ("Seed", "3", "4") in table.rows
    assert "`dapp reproduce` does not compare" in (place / "README.txt").read_text("utf-8")


def test_a_folder_that_is_no_run_is_said_before_anything_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_scenario(tmp_path)
    assert cli.main(["run", str(path), "--since", str(tmp_path)]) == 2
    assert "not the folder of a run" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
