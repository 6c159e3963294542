"""Is a hostile file read or refused in a sentence, quickly, and without reaching anything else?

The studies themselves, with far more files, are in the folder `robustness`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import finished, inputs

from dapp_model import cli, draws, kept, paths, since, stored
from dapp_model.calibration import recipe
from dapp_model.economics import evidence
from dapp_model.errors import InputErrors, Problem, QuantityError, RunError
from dapp_model.parameters import registry_in
from dapp_model.report import analyses
from dapp_model.scenario import load
from dapp_model.tables import write_csv
from robustness import fuzz, generated, guided, kinds
from robustness.small import SMALL

ROOT = Path(__file__).resolve().parents[1]
SHORT = {
    "targets": 1500, "priors": 200, "recipe": 300, "scenario": 150, "evidence": 40, "workbook": 10,
    "names": 4,
}  # fmt: skip


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(InputErrors) as found:
        load(path)
    return found.value.problems


def scenario(folder: Path, text: str, name: str = "given.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# -- by the thousand ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHORT)
def test_spoiled_files_are_read_or_refused_in_a_sentence(name: str) -> None:
    tally = fuzz.try_kind(kinds.BY_NAME[name], SHORT[name], seed=7)
    assert tally.faults == []
    assert tally.counts["refused"] > 0
    assert tally.inputs == SHORT[name]


def test_a_spoiled_run_is_read_or_refused_in_a_sentence() -> None:
    kinds.use_run(finished().folder)
    tally = fuzz.try_kind(kinds.BY_NAME["run"], 30, seed=7)
    assert tally.faults == []
    assert tally.counts["refused"] > 0


@pytest.mark.parametrize("name", ["scenario", "targets", "priors"])
def test_made_up_files_are_read_or_refused_in_a_sentence(name: str) -> None:
    tally = generated.try_kind(name, 100, 7)
    assert tally.faults == []
    assert tally.inputs >= 90


@pytest.mark.skipif(not guided.is_possible(), reason="atheris is not installed")
def test_bytes_that_look_for_new_paths_are_read_or_refused_in_a_sentence() -> None:
    tally = guided.try_kind("targets", 200, 7)
    assert tally.faults == []
    assert tally.inputs >= 100


@pytest.mark.long
def test_the_whole_study_finds_nothing(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "robustness.fuzz", "--out", str(tmp_path)]
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=False)
    assert done.returncode == 0


def test_the_committed_table_says_what_was_found() -> None:
    with (ROOT / "robustness" / "fuzz.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["kind"] for row in rows} == set(fuzz.PARTS)
    assert {row["way"] for row in rows} == {"mutated", "generated", "guided"}
    assert sum(int(row["inputs"]) for row in rows) >= 100_000
    assert sum(int(row["faults"]) for row in rows) == 0
    assert max(float(row["slowest_seconds"]) for row in rows) < 5


# -- what the study found, and how it was mended --------------------------------------------------


@pytest.mark.parametrize("odd", ["\x1b[2J", "\x00", "\x07", "\u202e"])
def test_what_a_file_holds_cannot_act_on_the_terminal(odd: str, tmp_path: Path) -> None:
    text = json.dumps(f"a{odd}b")
    (problem,) = problems_of(scenario(tmp_path, f"{SMALL}[programme]\nplaces = {text}\n"))
    assert odd not in str(problem)
    assert ascii(odd[0])[1:-1] in str(problem)
    assert odd not in str(QuantityError(f"a{odd}", "b"))


def test_what_a_file_holds_cannot_look_like_another_problem() -> None:
    problem = Problem("a.toml", 3, "x", "1\nb.toml, line 9: all is well", "2", "No.")
    assert str(problem).count("\n") == 2


def test_a_very_long_value_makes_no_very_long_message() -> None:
    problem = Problem("a.toml", 3, "k" * 10_000, "x" * 100_000, "2", "No." * 10_000)
    assert len(str(problem)) < 2_000


@pytest.mark.parametrize("odd", ["\\u0000", "\\u001b", "\\u202e", "\\uffff"])
@pytest.mark.parametrize("key", ["title", "question", "options.extend.label"])
def test_a_text_with_a_character_that_cannot_be_shown_is_refused(
    key: str, odd: str, tmp_path: Path
) -> None:
    text = "\n".join(line for line in SMALL.splitlines() if not line.startswith(key))
    (problem,) = problems_of(scenario(tmp_path, f'{key} = "a{odd}b"\n{text}'))
    assert "cannot be shown" in problem.message


@pytest.mark.parametrize("name", ["...toml", ". .toml", "....toml"])
def test_a_file_whose_name_is_the_folder_above_is_refused(name: str, tmp_path: Path) -> None:
    """Its results would have gone beside the results and not into them."""
    path = scenario(tmp_path, SMALL, name)
    assert not path.stem.strip(". ")
    assert any("letters or figures" in one.message for one in problems_of(path))
    with pytest.raises(InputErrors, match="letters or figures"):
        recipe.read(shutil.copy(ROOT / "calibration" / "surrey_2014_15.toml", tmp_path / name))


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "", "a\0b", "/x"])
def test_a_name_that_leads_elsewhere_is_no_plain_name(name: str) -> None:
    assert not paths.plain_name(name)
    assert paths.plain_name("surrey_extension.v2")


def test_thousands_of_options_are_refused_before_they_are_compared(tmp_path: Path) -> None:
    text = SMALL + "".join(f"[options.o{i}]\nlabel = 'x'\n" for i in range(3000))
    before = time.process_time()
    found = problems_of(scenario(tmp_path, text))
    assert time.process_time() - before < 5
    assert "at most 50 options" in found[-1].expected


def test_a_file_elsewhere_that_is_no_scenario_is_not_quoted(tmp_path: Path) -> None:
    scenario(tmp_path, "token = hunter2", "elsewhere/secret.toml")
    scenario(tmp_path, "token = hunter2", "own/near.toml")
    (far,) = problems_of(scenario(tmp_path, 'extends = "../elsewhere/secret.toml"', "own/x.toml"))
    there = tmp_path / "elsewhere" / "secret.toml"
    (placed,) = problems_of(scenario(tmp_path, f'extends = "{there}"', "own/x.toml"))
    assert "hunter2" not in str(placed)
    (near,) = problems_of(scenario(tmp_path, 'extends = "near.toml"', "own/x.toml"))
    assert "hunter2" not in str(far)
    assert "hunter2" in str(near)


# -- calibration and evidence ---------------------------------------------------------------------


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    for name, content in kinds.BY_NAME["recipe"].good().items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize(
    "value", ['[["A"]]', '["A", "A"]', "[]", "3", "[1979-05-27]", "{A = 1}", '[{A = 1}, "B"]']
)
def test_readings_of_another_shape_are_refused(value: str, calibration: Path) -> None:
    path = calibration / "recipe.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [f"readings = {value}" if one.startswith("readings") else one for one in lines]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputErrors, match="Readings of repeat"):
        recipe.read(path)


@pytest.mark.parametrize("name", ["recipe.toml", "priors.toml"])
@pytest.mark.parametrize("text", ["x = " + "9" * 5000, "x = " + "[" * 30_000, "x = [", "\xff"])
def test_a_recipe_beyond_use_is_refused(name: str, text: str, calibration: Path) -> None:
    (calibration / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(InputErrors, match="cannot be read"):
        recipe.read(calibration / "recipe.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("name", ["recipe.toml", "targets.csv", "priors.toml"])
def test_a_calibration_waits_for_no_pipe_and_reads_no_device(name: str, calibration: Path) -> None:
    (calibration / name).unlink()
    os.mkfifo(calibration / name)
    with pytest.raises(InputErrors, match="device or a pipe"):
        recipe.read(calibration / "recipe.toml")
    (calibration / name).unlink()
    (calibration / name).write_bytes(b"#" * 1_100_000)
    with pytest.raises(InputErrors, match="at most 1,000,000"):
        recipe.read(calibration / "recipe.toml")


def test_a_prior_that_is_no_table_is_refused(calibration: Path) -> None:
    (calibration / "priors.toml").write_text("[case]\nfrailty_sigma = 3\n", encoding="utf-8")
    with pytest.raises(InputErrors, match="not a table"):
        recipe.read(calibration / "recipe.toml")


@pytest.mark.parametrize(
    ("costs", "mapping"),
    [
        ("", ""),
        ("id,value\nx,1\n", "crime = 3\n"),
        ("id,value\nx,1,2,3\n", "x = 1\n"),
        ("a", "[crime]\nx = " + "9" * 5000),
        ("\0", "[[crime]]\noffence = 1\n"),
    ],
)
def test_evidence_of_another_shape_is_a_sentence(costs: str, mapping: str, tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text(costs, encoding="utf-8")
    (tmp_path / "unit_costs.toml").write_text(mapping, encoding="utf-8")
    found = evidence.problems_in(tmp_path / "costs.csv", tmp_path / "unit_costs.toml")
    assert found
    assert all(one.message for one in found)


@pytest.mark.parametrize("text", ["x", "x = 1", "[case]\nx = 3", "[case.x]\nlabel = 1", "[" * 9000])
def test_a_registry_that_does_not_hold_together_is_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "parameters.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputErrors, match="does not hold together"):
        registry_in(path)


# -- the folder of a run --------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    shutil.copytree(finished().folder, folder)
    return folder


@contextlib.contextmanager
def changed(path: Path) -> Iterator[dict[str, object]]:
    content = json.loads(path.read_text(encoding="utf-8"))
    yield content
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("name", ["../../elsewhere", "/elsewhere", "..", "a/b"])
def test_a_run_cannot_send_its_analyses_elsewhere_by_its_name(name: str, run: Path) -> None:
    with changed(run / "manifest.json") as manifest:
        manifest["scenario"] = name
    with pytest.raises(InputErrors, match="lacks something"):
        stored.read_run(run)


@pytest.mark.parametrize(
    ("key", "value"),
    [("draws", -1), ("replications", 0), ("seed", -1), ("draws", 1e400), ("versions", [1])],
)
def test_a_manifest_with_impossible_numbers_is_refused(key: str, value: object, run: Path) -> None:
    with changed(run / "manifest.json") as manifest:
        manifest[key] = value
    with pytest.raises(InputErrors, match="lacks something"):
        stored.read_run(run)


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "{", '{"a": ' + "9" * 5000 + "}", "\xff"])
def test_records_beyond_use_are_refused(text: str, run: Path) -> None:
    (run / "decision.json").write_bytes(text.encode("latin-1"))
    for read in (draws.read, stored.read_decision, lambda one: since.compare(inputs(), {}, one)):
        with pytest.raises(InputErrors):
            read(run)
    (run / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputErrors):
        stored.read_manifest(run)
    place = run / "analysis" / "voi"
    place.mkdir(parents=True)
    (place / "voi.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(RunError):
        analyses.read(run)


def test_a_decision_that_lacks_something_is_a_sentence(run: Path) -> None:
    with changed(run / "decision.json") as decided:
        del decided["options"]
        decided["advice"] = 3
    with pytest.raises(InputErrors, match="lacks something"):
        since.compare(inputs(), finished().decision, run)


@pytest.mark.parametrize("column", ["draw", "replicate"])
def test_a_small_table_of_draws_cannot_ask_for_a_huge_array(column: str, run: Path) -> None:
    """The numbers of draws and repetitions were taken from the largest number in the table."""
    table = pd.read_parquet(run / "draws.parquet")
    table[column] = 2**31 - 1
    table.iloc[:-1].to_parquet(run / "draws.parquet")
    with pytest.raises(InputErrors, match="cannot be read"):
        draws.read(run)


def test_totals_run_no_code_and_do_not_unfold_beyond_use(run: Path) -> None:
    np.savez(run / "totals.npz", tree=np.array([print], dtype=object))
    with pytest.raises(RunError, match="cannot be read"):
        kept.read(run)
    with zipfile.ZipFile(run / "totals.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tree.npy", b"\0" * 150_000_000)
    with pytest.raises(RunError, match="unfolds to"):
        kept.read(run)
    (run / "totals.npz").write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(RunError, match="cannot be read"):
        kept.read(run)


def test_outcomes_of_another_shape_are_a_sentence(run: Path) -> None:
    stored = draws.read(run)
    for text in ("a,b\n1,2\n", "\0", "option\n"):
        (run / "outcomes.csv").write_text(text, encoding="utf-8")
        with contextlib.suppress(InputErrors):
            draws.starts_by_year(run, stored)


# -- formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+1", "'+1+1"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("-", "-"),
        ("-£1,234.50", "-£1,234.50"),
        ("+12%", "+12%"),
        ("Extend", "Extend"),
        (-1.5, "-1.5"),
    ],
)
def test_a_text_in_a_csv_file_is_no_formula(cell: object, written: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_csv(path, ("what",), [(cell,)])
    assert list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))[1] == [written]


def test_a_name_on_the_command_line_cannot_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main(["check", str(tmp_path / "\x1b[2J.toml")]) == 2
    assert cli.main(["report", str(tmp_path / "\x1b[2J")]) == 2
    assert "\x1b" not in capsys.readouterr().err
