"""Do the commands in the documentation run, and print what the pages say they print?

A page is played from top to bottom in a folder of its own. A block marked `sh` holds `dapp`
commands; `text` behind it holds lines of what they print (… stands for anything); `python` is run;
`sh long` only with -m long. A remark `<!-- edit FILE: A => B -->` or `<!-- append FILE: TEXT -->`
does what the reader is told to do with an editor. The county is a fiftieth and draws are few.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dapp_model import cli
from dapp_model.reference import reference_markdown
from dapp_model.scenario import shipped

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PLAYED = sorted([*DOCS.glob("tutorial_*.md"), *(DOCS / "howto").glob("*.md")])
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "scenarios" / "README.md"])
STEP = re.compile(
    r"^```(?P<kind>[a-z]+)?(?P<long> long)?\n(?P<body>.*?)^```$|"
    r"^<!-- (?P<does>edit|append) (?P<file>\S+): (?P<what>.*?) ?-->$",
    flags=re.DOTALL | re.MULTILINE,
)
FEW = "2"  # draws of a quick run


@dataclass(frozen=True)
class Step:
    """One block or remark of a page."""

    kind: str
    body: str
    file: str = ""
    long: bool = False


def steps(page: Path) -> Iterator[Step]:
    for found in STEP.finditer(page.read_text(encoding="utf-8")):
        if found["does"]:
            text = found["what"].replace("\\n", "\n")
            yield Step(found["does"], text, found["file"])
        elif found["kind"]:
            yield Step(found["kind"], found["body"], long=bool(found["long"]))


def prepare(folder: Path) -> None:
    """Lay a small county where the shipped files are looked for first."""
    (folder / "scenarios").mkdir()
    for name, path in shipped().items():
        text = path.read_text(encoding="utf-8").replace("\nshare = 1.0 ", "\nshare = 0.02 ")
        (folder / name).write_text(text, encoding="utf-8")
        (folder / "scenarios" / name).write_text(text, encoding="utf-8")
    assert "\nshare = 0.02 " in (folder / "surrey_base.toml").read_text(encoding="utf-8")
    shutil.copytree(ROOT / "calibration", folder / "calibration")


def dapp(line: str, *, many: bool = False) -> str:
    """Run one command and return all that it prints; `many` keeps the draws that it asks for."""
    words = shlex.split(line)
    assert words[0] == "dapp", f"not a command of this program: {line}"
    if words[1] == "run":
        words += ["--workers", "1"]
        if not many or "--draws" not in words:
            # The last that is given counts; a quick run leaves out other readings of the evidence.
            words += ["--quick", "--draws", FEW, "--replications", "1"]
    if words[1] == "reproduce":
        words += ["--workers", "1"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = cli.main(words[1:])
    assert status == 0, f"{line}\n{out.getvalue()}"
    return out.getvalue()


def edit(step: Step) -> None:
    path = Path(step.file)
    text = path.read_text(encoding="utf-8")
    if step.kind == "append":
        path.write_text(text + step.body, encoding="utf-8")
        return
    before, _, after = step.body.partition(" => ")
    assert before in text, f"{step.file} has no {before!r}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def is_there(line: str, said: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in line.strip().split("…"))
    return any(re.search(pattern, one) for one in said.splitlines())


def play(page: Path, *, long: bool) -> None:
    said, skipped = "", False
    for step in steps(page):
        if step.kind == "sh":
            skipped = step.long and not long
            if not skipped:
                lines = [line for line in step.body.splitlines() if line]
                said = "".join(dapp(line, many=step.long) for line in lines)
        elif step.kind == "text":
            missing = [line for line in step.body.splitlines() if not is_there(line, said)]
            assert skipped or not missing, (
                f"{page.name} quotes {missing}, and this is printed:\n{said}"
            )
        elif step.kind == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(step.body, page.name, "exec"), {"__name__": "page"})
        elif step.kind in ("edit", "append"):
            edit(step)


@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run_and_print_what_it_quotes(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)
    play(page, long=False)


@pytest.mark.long
@pytest.mark.parametrize(
    "page", [page for page in PLAYED if any(s.long for s in steps(page))], ids=lambda p: p.stem
)
def test_the_long_commands_run_as_well(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)
    play(page, long=True)


@pytest.mark.parametrize("page", PLAYED, ids=lambda page: page.stem)
def test_pieces_of_scenario_files_are_toml(page: Path) -> None:
    for step in steps(page):
        if step.kind == "toml":
            tomllib.loads(step.body)


def test_the_first_tutorial_shows_the_file_as_it_is_written() -> None:
    from dapp_model.scenario import template

    (shown,) = [s for s in steps(DOCS / "tutorial_policy_officer.md") if s.kind == "toml"]
    assert set(shown.body.splitlines()) <= set(template("my_idea").splitlines())


def test_what_the_tutorial_says_of_slips_is_what_is_said() -> None:
    """The table of messages is quoted from tests/test_messages.py, in parts."""
    page = (DOCS / "tutorial_policy_officer.md").read_text(encoding="utf-8")
    source = "".join(
        (ROOT / "src" / "dapp_model" / f"{name}.py").read_text(encoding="utf-8")
        for name in ("quantities", "scenario", "scenario_layers", "scenario_settings")
    )
    for said in (
        "The amount has no pound sign.",
        "The number has no unit.",
        "Write the year first, then month and day: 1 April 2017 is 2017-04-01.",
        "stands in the file twice.",
        "This is not possible for",
        "There is no setting called",
        "a whole number of places",
    ):
        assert said in source
        assert said in page


# -- pages ----------------------------------------------------------------------------------------


def test_the_reference_is_what_the_code_renders() -> None:
    write = (
        "from dapp_model.reference import reference_markdown as text; "
        "open('docs/reference.md', 'w', encoding='utf-8', newline='\\n').write(text())"
    )
    committed = (DOCS / "reference.md").read_bytes().decode("utf-8")
    assert committed == reference_markdown(), f'docs/reference.md is behind: python -c "{write}"'


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        if page.name != "README.md":
            assert f"({page.relative_to(DOCS).as_posix()})" in index, page.name
