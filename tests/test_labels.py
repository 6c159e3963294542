"""Does every output say by itself what it rests on: provisional, and a part of the county?"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_study import PLAN, finished, inputs, write_scenario

from dapp_model import cli, labels, stored
from dapp_model.report import words

MARKS = labels.standing(inputs(), PLAN)
OF_THE_SCENARIO = labels.standing(inputs())


def test_there_is_something_to_say() -> None:
    """The small study has a part of the county, and its parameters are not proved or are fitted."""
    assert any("2% of the county" in mark for mark in MARKS)
    assert any(mark.startswith(("Provisional", words.FITTED)) for mark in MARKS)
    quick = labels.standing(inputs(), replace(PLAN, quick=True))
    assert [mark for mark in quick if mark.startswith("Indicative: a quick run")]
    assert [mark for mark in MARKS if mark.startswith("Indicative: a run with 2 draws")]
    enough = labels.standing(inputs(), replace(PLAN, draws=words.FEW))
    assert enough == OF_THE_SCENARIO
    assert labels.standing(replace(inputs(), provisional=True))[0].startswith("Provisional")


def texts(run: Path) -> dict[str, str]:
    """Return what each output of a run says, by its name."""
    found = {
        "manifest.json": "\n".join(stored.read_manifest(run)["standing"]),
        "decision.json": "\n".join(json.loads((run / "decision.json").read_text())["sentences"]),
        "README.txt": (run / "README.txt").read_text(encoding="utf-8"),
        "report.html": unescape(
            re.sub(r"</?a[^>]*>", "", (run / "report.html").read_text(encoding="utf-8"))
        ),
    }
    for path in run.glob("*.parquet"):
        found[path.name] = pq.read_schema(path).metadata[labels.METADATA].decode()
    for path in run.rglob("*.txt"):
        found[path.relative_to(run).as_posix()] = path.read_text(encoding="utf-8")
    with zipfile.ZipFile(run / "report.docx") as document:
        found["report.docx"] = unescape(
            re.sub(r"<[^>]+>", "", document.read("word/document.xml").decode())
        )
    with zipfile.ZipFile(run / "account_check.xlsx") as book:
        first = book.read("xl/worksheets/sheet1.xml").decode()
        shared = book.read("xl/sharedStrings.xml").decode().split("<si>")[1:]
        cells = first.partition('<c r="A7"')[2]
        number = int(cells.partition("<v>")[2].partition("</v>")[0])
        found["account_check.xlsx"] = unescape(shared[number])
    return found


def test_every_file_of_a_run_says_what_it_rests_on() -> None:
    found = texts(finished().folder)
    assert len([name for name in found if name.endswith(".parquet")]) == 4
    assert len([name for name in found if name.startswith("figures/")]) > 2
    for name, text in found.items():
        for mark in MARKS:
            assert mark in text, name
    manifest = stored.read_manifest(finished().folder)
    assert manifest["provisional"] == inputs().provisional


def test_the_text_beside_a_run_names_every_file_and_says_what_it_holds() -> None:
    said = (finished().folder / "README.txt").read_text(encoding="utf-8")
    for path in finished().folder.iterdir():
        assert f"\n{path.name}: " in said
    assert "a table of this run" not in said


def test_every_command_that_prints_a_number_says_what_it_rests_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(finished().folder, tmp_path / "run"))
    path = write_scenario(tmp_path)
    for command in (
        ["voi", run],
        ["sensitivity", run, "--choke-draws", "0"],
        ["check", path],
        ["trace", path],
    ):
        arguments = [str(one) for one in command]
        for more in ([], ["--json"]):
            assert cli.main([*arguments, *more]) == 0
            said = capsys.readouterr().out
            marks = json.loads(said)["standing"] if more else said
            for mark in MARKS if command[1] == run else OF_THE_SCENARIO:
                assert mark in marks, command
    for name in ("voi", "sensitivity"):
        analysis = run / "analysis" / name
        assert json.loads((analysis / f"{name}.json").read_text())["standing"] == MARKS
        for picture in analysis.glob("*.txt"):
            assert MARKS[0] in picture.read_text(encoding="utf-8")
