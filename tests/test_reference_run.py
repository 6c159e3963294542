"""Does the run that is kept come out again: data, figures and documents?

Where a library's version is not that of the record, counts have to be equal all the same, and
pounds to `RELATIVE`, or to two pence: each line is rounded to the penny in each draw.
"""

from __future__ import annotations

import csv
import html
import json
import re
import runpy
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_study import space

from dapp_model import reproduction, runs, stored
from dapp_model.report import words
from dapp_model.scenario import load

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "results" / "reference" / "run"
MAKE = "python results/make_reference.py"
STALE = (
    f"The reference run is not what the sources give now. If that is meant, make it anew: {MAKE}"
)
RELATIVE = 1e-6
PENCE = 0.02
MOST = 4 * 2**20  # bytes of a folder that everybody downloads
COUNTS = ("outcomes.parquet", "ledger.parquet")
# What stands behind these labels in a table is another on another machine or day.
OF_THE_MACHINE = re.compile(
    r"(Version of )?(dapp-model|python|numpy|numba|scipy|pandas|pyarrow|matplotlib)$"
    r"|Hash of the |Source of this program|Wall time|Finished|Date finished|Run finished"
)
# A warning names the file that was run: the scenario, or the inputs of the run.
LINE = re.compile(r"\b\w+\.toml:\d+")
NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(e-?\d+)?")


@cache
def again() -> tuple[Path, reproduction.Comparison]:
    """Return the folder of the run made again as `dapp reproduce` does, and what that said."""
    target = space() / "reference_again"
    run = runs.run

    def noted(*given: Any) -> runs.Run:
        made = run(*given)
        shutil.copytree(made.folder, target)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "run", noted)
        return target, reproduction.reproduce(KEPT)


@cache
def libraries_differ() -> bool:
    """Say whether a library, or Python, has another version than in the record."""
    now, then = stored.versions(), stored.read_manifest(KEPT)["versions"]
    return any(then.get(name) != found for name, found in now.items() if name != "dapp-model")


# -- the record -----------------------------------------------------------------------------------


def test_the_record_holds_the_hashes_of_the_files() -> None:
    hashes = stored.read_manifest(KEPT)["data_files"]
    assert set(hashes) == set(stored.DATA_FILES)
    wrong = [name for name, found in hashes.items() if stored.file_hash(KEPT / name) != found]
    assert not wrong


def test_the_run_is_that_of_the_scenario_and_the_plan_beside_it() -> None:
    script = runpy.run_path(str(ROOT / "results" / "make_reference.py"))
    _, plan, manifest = stored.read_run(KEPT)
    assert plan == script["PLAN"]
    assert manifest["command"] == MAKE
    inputs = load(ROOT / script["SCENARIO"])
    kept = (KEPT / "inputs.toml").read_text(encoding="utf-8")
    assert inputs.resolved_toml() == kept, STALE


def test_the_folder_is_small_and_in_version_control() -> None:
    files = [path for path in KEPT.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "check-ignore", *map(str, files)]
        ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert ignored.stdout == ""


def test_it_is_a_whole_folder_but_for_pictures_that_are_there_twice() -> None:
    ours, kept = (
        {str(path.relative_to(one)) for path in one.rglob("*") if path.is_file()}
        for one in (again()[0], KEPT)
    )
    assert kept <= ours, STALE
    assert {Path(name).suffix for name in ours - kept} == {".png"}, STALE
    assert {name.replace(".png", ".svg") for name in ours - kept} <= kept


# -- data -----------------------------------------------------------------------------------------


def test_data_are_reproduced_to_the_byte_where_versions_are_those_of_the_record() -> None:
    different = again()[1].different
    if libraries_differ():
        pytest.skip(f"other versions of libraries than in the record; different: {different}")
    assert different == (), STALE


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_equal_whatever_the_versions(name: str) -> None:
    ours, kept = (pd.read_parquet(folder / name) for folder in (again()[0], KEPT))
    assert len(kept), "nothing to compare"
    pd.testing.assert_frame_equal(ours, kept, check_exact=True, obj=f"{STALE} {name}")


@pytest.mark.parametrize("name", [one for one in stored.DATA_FILES if one.endswith(".csv")])
def test_tables_agree_but_for_rounding(name: str) -> None:
    apart = different_cells(KEPT / name, again()[0] / name)
    assert not apart, f"{STALE} {name}: {apart[:5]}"


def test_pounds_of_each_draw_agree_but_for_rounding() -> None:
    ours, kept = (pd.read_parquet(one / "account.parquet") for one in (again()[0], KEPT))
    pd.testing.assert_frame_equal(ours, kept, rtol=RELATIVE, atol=PENCE, obj=STALE)


def different_cells(first: Path, second: Path) -> list[tuple[str, str]]:
    """Return the pairs of cells that differ by more than rounding; rows have to be the same."""
    pairs = []
    with (
        first.open(encoding="utf-8", newline="") as one,
        second.open(encoding="utf-8", newline="") as two,
    ):
        rows = list(csv.reader(one)), list(csv.reader(two))
    if [len(row) for row in rows[0]] != [len(row) for row in rows[1]]:
        return [(f"{len(rows[0])} rows", f"{len(rows[1])} rows")]
    for a, b in zip(*rows, strict=True):
        pairs += [(x, y) for x, y in zip(a, b, strict=True) if not close(x, y)]
    return pairs


def close(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return float(one) == pytest.approx(float(other), rel=RELATIVE, abs=PENCE)
    except ValueError:
        return False


def test_a_penny_is_rounding_and_a_pound_is_not(tmp_path: Path) -> None:
    files = []
    for place, text in enumerate(("a,1000.00\n", "a,1000.01\n", "a,1001.00\n", "b,1000.00\n")):
        files.append(tmp_path / str(place))
        files[-1].write_text(text, encoding="utf-8")
    found = [different_cells(files[0], other) for other in files]
    assert found == [[], [], [("1000.00", "1001.00")], [("a", "b")]]


# -- figures and documents ------------------------------------------------------------------------


def texts_of(path: Path) -> list[str]:
    """Return the texts of a document in order, without tags, pictures and styles."""
    if path.suffix == ".html":
        found = re.sub(r"(?s)<(svg|style|script)\b.*?</\1>", "", path.read_text(encoding="utf-8"))
    elif path.suffix == ".svg":
        marked = re.findall(r"(?s)<text\b.*?</text>", path.read_text(encoding="utf-8"))
        found = "".join(marked)
    elif path.suffix in (".docx", ".xlsx", ".ods"):
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if is_content(name))
            found = "".join(archive.read(name).decode("utf-8") for name in names)
    else:
        found = "\n".join(f"<>{line}" for line in path.read_text(encoding="utf-8").splitlines())
    texts = [html.unescape(one).strip() for one in re.split(r"<[^<>]*>", found)]
    return [one for one in texts if one]


def is_content(name: str) -> bool:
    """Say whether a part of a document holds what people read."""
    sheet = r"xl/(sharedStrings|worksheets/sheet\d+)\.xml"
    return re.fullmatch(rf"content\.xml|word/(document|footer\d*)\.xml|{sheet}", name) is not None


def said(path: Path, folder: Path) -> Iterator[str]:
    """Yield the texts of a document without what is of the machine or the day."""
    manifest = stored.read_manifest(folder)
    day = str(manifest["finished"])[:10]
    own = [*manifest["versions"].values(), manifest["scenario_hash"], manifest["made_of"]]
    marks = {str(manifest["finished"]), day, words.day(day)}
    marks |= {str(one) for one in own if len(str(one)) >= 16}
    before = ""
    for text in texts_of(path):
        for mark in marks:
            text = text.replace(mark, "…")
        text = LINE.sub("…", text)
        if not OF_THE_MACHINE.match(before):
            yield NUMBER.sub("#", text) if libraries_differ() else text
        before = text


def documents() -> list[str]:
    """Return what people read in the folder, by its name there."""
    kinds = (".html", ".docx", ".xlsx", ".ods", ".svg", ".txt")
    every = (path for path in KEPT.rglob("*") if path.suffix in kinds)
    return sorted(str(path.relative_to(KEPT)) for path in every)


@pytest.mark.parametrize("name", documents())
def test_documents_and_figures_say_the_same(name: str) -> None:
    ours, kept = (list(said(folder / name, folder)) for folder in (again()[0], KEPT))
    assert len(kept) > 2, "nothing to compare"
    pairs = enumerate(zip_longest(ours, kept, fillvalue="nothing"))
    apart = [(place, *pair) for place, pair in pairs if pair[0] != pair[1]][:3]
    assert not apart, f"{STALE} {name}: {apart}"  # lists as long as these take minutes to explain


@pytest.mark.parametrize("path", sorted((KEPT / "figures").glob("*.csv")), ids=lambda p: p.stem)
def test_charts_have_the_same_data(path: Path) -> None:
    apart = different_cells(path, again()[0] / "figures" / path.name)
    assert not apart, f"{STALE} {path.name}: {apart[:5]}"


def test_the_decision_is_the_same() -> None:
    texts = ((one / "decision.json").read_text(encoding="utf-8") for one in (again()[0], KEPT))
    ours, kept = (json.loads(text) for text in texts)
    assert ours["advice"]["option"] == kept["advice"]["option"], STALE
    assert [one["name"] for one in ours["options"]] == [one["name"] for one in kept["options"]]
