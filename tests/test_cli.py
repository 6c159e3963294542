"""Does the command line do what its table says, and fail in sentences?"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_study import finished, write_scenario

from dapp_model import __version__, cli, commands, fitted, study, trace
from dapp_model.events import RELATIONSHIPS
from dapp_model.report import words
from dapp_model.scenario import shipped

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).resolve().parents[1])}
EXTENSION = str(shipped()["surrey_extension.toml"])
LONG = "x" * 300  # no folder can hold a file with such a name
COMMANDS = (
    "run", "calibrate", "evaluate-pilot",
    "voi", "sensitivity", "check", "new", "workbook", "parameters", "trace", "diff", "report",
    "reproduce",
)  # fmt: skip


def dapp(*arguments: str | Path) -> int:
    try:
        return cli.main([str(one) for one in arguments])
    except SystemExit as end:
        return int(end.code or 0)


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dapp_model", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


# -- help -----------------------------------------------------------------------------------------


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert dapp("--help") == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^    {command}\s", said, flags=re.MULTILINE)
    assert not re.search(r"^    (monitor|serve)\s", said, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dapp(command, "--help") == 0
    assert f"example: dapp {command}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert dapp("--version") == 0
    assert capsys.readouterr().out.strip() == f"dapp {__version__}"


def test_help_and_import_load_nothing_heavy() -> None:
    code = (
        "import sys, dapp_model, dapp_model.cli as cli; cli.parser().format_help(); "
        "heavy = ('numpy', 'pandas', 'numba', 'matplotlib', 'scipy'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    assert said.stdout.strip() == "[]"


def test_the_public_names_are_there() -> None:
    import dapp_model as dm

    for name in dm.__all__:
        assert getattr(dm, name) is not None
    assert dm.load is not None
    assert set(dm.__all__) <= set(dir(dm))
    with pytest.raises(AttributeError):
        dm.no_such_name  # noqa: B018


# -- wrong input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "no_such_file.toml"),
        ("check", "no_such_file.toml"),
        ("trace", "no_such_file.toml"),
        ("run", EXTENSION, "--draws", "0"),
        ("run", EXTENSION, "--draws", "many"),
        ("run", EXTENSION, "--draws", "100001"),
        ("run", EXTENSION, "--draws", "9" * 5000),
        ("voi", EXTENSION, "--draws", "1000000"),
        ("run", EXTENSION, "--workers", "-1"),
        ("run", EXTENSION, "--engine", "slow"),
        ("nonsense",),
        (),
        ("new", "../evil"),
        ("parameters", "zzzzzz"),
        ("diff", "no_run", "no_run"),
        ("reproduce", "no_run"),
        ("report", "no_run"),
        ("trace", EXTENSION, "--option", "no_such_option"),
        ("run", EXTENSION, "--out", LONG),
        ("run", EXTENSION, "--out", f"{LONG}/inside"),
        ("run", EXTENSION, "--out", LONG[:250], "--draws", "1"),  # no room for what is beside it
        ("reproduce", LONG),
        ("report", LONG),
        ("diff", LONG, LONG),
        ("voi", LONG),
        ("sensitivity", LONG),
        ("evaluate-pilot", LONG),
        ("sensitivity", EXTENSION, "--reading", f"other={LONG}"),
        ("check", f"{LONG}.toml"),
        ("new", "my_idea", "--out", LONG),
        ("calibrate", f"{LONG}.toml"),
    ],
)
def test_wrong_input_is_said_in_a_sentence_and_nothing_is_written(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dapp(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["{here}/a_file/sub", "{here}/new/{long}", "/proc/nope/x"])
def test_a_folder_that_cannot_be_made_is_said_before_anything_is_computed(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if place.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("There is no /proc here.")
    (tmp_path / "a_file").write_text("kept", encoding="utf-8")
    path = write_scenario(tmp_path)
    out = place.format(here=tmp_path, long=LONG[:250])
    assert dapp("run", path, "--draws", "1", "--out", out) == 2
    said = capsys.readouterr()
    assert "cannot be made" in said.err
    assert "nothing was computed" in said.err
    assert "is kept" not in said.err
    assert "Compiling" not in said.err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a_file", "small.toml"]


def test_a_file_cannot_extend_one_whose_name_is_too_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.toml"
    path.write_text(f'title = "A"\nextends = "{LONG}.toml"\n', encoding="utf-8")
    assert dapp("check", path) == 2
    said = capsys.readouterr().err
    assert "long.toml, line 2, extends" in said
    assert "too long" in said


def test_all_problems_of_a_file_are_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_scenario(tmp_path, "bad", "\n[extension]\nplaces = 40\nplacs = '40 places'\n")
    assert dapp("run", path, "--out", tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert said.count("bad.toml, line") == 2
    assert not (tmp_path / "out").exists()


# -- small commands -------------------------------------------------------------------------------


def test_check_prints_units_sources_and_what_differs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dapp("check", EXTENSION) == 0
    piped = capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert dapp("check", EXTENSION) == 0
    short = capsys.readouterr().out
    assert "What differs from surrey_base.toml" in short
    assert len(short.splitlines()) < 120
    assert dapp("check", EXTENSION, "--all") == 0
    said = capsys.readouterr().out
    assert said == piped
    assert said.index("What differs from surrey_base.toml") < said.index("What would be done")
    assert set(short.splitlines()[:-1]) <= set(said.splitlines())
    assert "£100,000" in said
    assert "Surrey decision notice" in said
    assert "grade" in said
    assert dapp("check", EXTENSION, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["options"]["extend"]["levers"]["programme.annual_budget"] == 100000


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_scenario_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dapp("check", shipped()[name]) == 0


def test_new_writes_a_scenario_that_passes_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dapp("new", "my_idea") == 0
    assert dapp("check", "my_idea.toml") == 0
    before = (tmp_path / "my_idea.toml").read_bytes()
    assert dapp("new", "my_idea") == 2
    assert (tmp_path / "my_idea.toml").read_bytes() == before


def test_parameters_are_listed_by_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert dapp("parameters", "dropout") == 0
    said = capsys.readouterr().out
    for part in ("value", "source", "grade", "role"):
        assert part in said
    assert dapp("parameters", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) > 100


# -- trace ----------------------------------------------------------------------------------------


def test_trace_tells_a_story_with_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_scenario(tmp_path)
    assert dapp("trace", path, "--option", "extend") == 0
    said = capsys.readouterr().out
    assert "Without: Stop after the pilot" in said
    assert "With: Extend as it is" in said
    assert "referred to the programme" in said
    assert re.search(r"^\d{4}-\d{2}-\d{2} ", said, flags=re.MULTILINE)
    assert dapp("trace", path, "--option", "extend", "--json") == 0
    story = json.loads(capsys.readouterr().out)
    dates = [one["date"] for one in story["moments"]]
    assert dates == sorted(dates)
    assert all(one["without"] or one["with_option"] for one in story["moments"])


def test_a_story_that_nobody_chose_differs_between_the_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help's example names nobody, so that it cannot fall out of date."""
    assert dapp("trace", write_scenario(tmp_path), "--option", "extend", "--json") == 0
    story = json.loads(capsys.readouterr().out)
    assert any(one["without"] != one["with_option"] for one in story["moments"])
    assert dapp("trace", "--help") == 0
    assert "--person N" in capsys.readouterr().out.partition("example:")[0]


@pytest.mark.parametrize("kind", range(len(RELATIONSHIPS)))
def test_a_case_is_told_with_the_right_article(kind: int) -> None:
    said = trace._case(kind, 0)
    assert re.search(r"\ba [aeiou]", said) is None
    assert re.search(r"\ban [^aeiou]", said) is None


def test_trace_of_nobody_names_three_who_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_scenario(tmp_path)
    assert dapp("trace", path, "--option", "extend", "--person", "999999999") == 2
    said = capsys.readouterr().err
    people = re.findall(r"\d{2,}", said.partition("such as")[2])
    assert len(people) == 3
    assert dapp("trace", path, "--option", "extend", "--person", people[0]) == 0


# -- run ------------------------------------------------------------------------------------------


def test_run_prints_the_advice_and_where_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_scenario(tmp_path)
    settings = ("--draws", "2", "--replications", "1", "--workers", "1", "--quick")
    assert dapp("run", path, *settings) == 0
    said = capsys.readouterr()
    assert "On present knowledge the best option is" in said.out
    assert "Indicative" in said.out
    assert (words.FITTED in said.out) == fitted.is_there()
    assert ("Provisional" in said.out) == (not fitted.is_proved())
    folder = Path(re.findall(r"Written to (.*)", said.out)[0])
    assert folder.parent == Path("results/small")
    assert (folder / "report.html").is_file()
    assert dapp("run", path, *settings, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["draws"] == 2
    assert found["indicative"] is True


def test_reproduce_and_diff_say_what_they_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert dapp("reproduce", finished().folder, "--workers", "1") == 0
    assert "equal to the byte" in capsys.readouterr().out
    assert dapp("diff", finished().folder, finished().folder) == 0
    assert "the same data" in capsys.readouterr().out


def test_plans_follow_the_options_given() -> None:
    def plan(*arguments: str) -> study.Plan:
        return commands.plan_of(cli.parser().parse_args(["run", "x.toml", *arguments]))

    assert plan("--quick") == study.Plan(16, 1, 1, "fast", quick=True, whole=3)
    assert plan("--draws", "7", "--seed", "4").draws == 7
    assert plan().replications > 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_half_written_and_resumes(
    number: signal.Signals, tmp_path: Path
) -> None:
    finished()  # so that the engine is compiled
    path = write_scenario(tmp_path)
    out = tmp_path / "out"
    parts = tmp_path / ".out.unfinished" / "draws"
    process = start("run", path, "--draws", "2000", "--workers", "2", "--out", out)
    deadline = time.monotonic() + 400  # another edit of the sources means compiling again
    while not list(parts.glob("draw_*.parquet")) and time.monotonic() < deadline:
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Interrupted" in said
    assert not out.exists()
    kept = list(parts.glob("draw_*.parquet"))
    assert kept
    assert dapp("run", path, "--draws", "1", "--workers", "1", "--out", out) == 0
    assert (out / "manifest.json").is_file()
    assert not parts.parent.exists()
    assert not _children_of(process.pid)


def _children_of(pid: int) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(pid):
            found.append(entry.parent.name)
    return found


AT_ONCE = """
import os, signal, sys

class Asked:
    def find_spec(self, name, path=None, target=None):
        if name == "argparse":
            os.kill(os.getpid(), signal.{signal})
            for _ in range(1000):
                pass

sys.meta_path.insert(0, Asked())
assert "argparse" not in sys.modules
sys.argv = ["dapp", "--version"]
{start}
"""
STARTS = {
    "the installed command": "from dapp_model.entry import main; sys.exit(main())",
    "python -m dapp_model": "import runpy; runpy.run_module('dapp_model', run_name='__main__')",
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("how", STARTS)
def test_a_request_to_stop_is_heard_while_the_command_still_loads(how: str, number: str) -> None:
    code = AT_ONCE.format(signal=number, start=STARTS[how])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


def test_what_nobody_foresaw_is_said_in_a_sentence_with_the_place_of_its_details(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("a fault\nof ours")

    monkeypatch.setattr("dapp_model.describe.matching", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert dapp("parameters", "dropout") == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "not foreseen (ZeroDivisionError: a fault of ours)" in said.err
    details = Path(said.err.split("The details are in ")[1].strip())
    assert details.parent == tmp_path
    text = details.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "in broken" in text
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert dapp("parameters", "dropout") == 3
    assert "could not be written" in capsys.readouterr().err


# -- the README -----------------------------------------------------------------------------------


def test_the_quick_start_has_two_commands_of_one_line_each() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start_of = text.index("## Quick start")
    section = text[start_of : text.index("\n## ", start_of + 5)]
    blocks = re.findall(r"^```sh\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    assert re.findall(r"^```sh\n", text, flags=re.MULTILINE) == ["```sh\n"] * 2
    assert all(block.count("\n") == 1 for block in blocks)
    assert "dapp run scenarios/surrey_extension.toml" in blocks[0]
    assert "pytest" in blocks[1]
    assert len(re.findall(r"^```powershell\n", section, flags=re.MULTILINE)) == 2


def test_the_readme_lists_the_commands_there_are() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `dapp ([a-z][a-z-]*)", text, flags=re.MULTILINE)
    assert listed == list(COMMANDS)


def test_the_ci_script_is_one_that_bash_can_read() -> None:
    script = ROOT / ".ci" / "run"
    if os.name == "posix":
        subprocess.run(["bash", "-n", str(script)], check=True)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
