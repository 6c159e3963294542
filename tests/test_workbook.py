"""Does a scenario come back whole from a spreadsheet, and is a wrong cell named?"""

from __future__ import annotations

import io
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dapp_model import exchange
from dapp_model.cli import main
from dapp_model.errors import Cell, InputErrors
from dapp_model.parameters import Inputs, registry
from dapp_model.quantities import UNITS
from dapp_model.scenario import base_of, load, resolved_toml, shipped
from dapp_model.workbook import layout
from dapp_model.workbook.writing import workbook

EXTENSION = shipped()["surrey_extension.toml"]
PLAIN = """\
title = "A plain scenario"
question = "What if?"
decision = "pilot"
[options.nothing]
label = "Nothing"
programme.offered = false
[options.something]
label = "Something"
"""


def written(folder: Path, inputs: Inputs, base: str = "", name: str = "") -> Path:
    path = folder / f"{name or inputs.name}.xlsx"
    path.write_bytes(workbook(inputs, base))
    return path


def what_counts(inputs: Inputs) -> dict[str, object]:
    """Return everything of a scenario that a result can depend on, or that is shown."""
    return {
        "title": inputs.title,
        "question": inputs.question,
        "decision": inputs.decision,
        "options": inputs.options,
        "option_table": dict(inputs.option_table),
        "values": dict(inputs.values),
        "share": inputs.population_share,
        "uncertain": dict(inputs.uncertain),
        "held": {key for key in inputs.origins if key.startswith("assume.")},
        "provisional": inputs.provisional,
        "warnings": len(inputs.warnings),
        "resolved": resolved_toml(inputs),
    }


def same(one: Inputs, other: Inputs) -> None:
    here, there = what_counts(one), what_counts(other)
    assert [key for key in here if here[key] != there[key]] == []


def cell_of(path: Path, sheet: str, key: str, column: int) -> str:
    book = openpyxl.load_workbook(path)
    for row in book[sheet].iter_rows():
        if row[0].value == key:
            return str(row[column].coordinate)
    raise KeyError(key)


def changed(path: Path, cells: dict[tuple[str, str, int], object]) -> Path:
    """Change cells of a workbook by sheet, key and column, as a person would."""
    places = {where: cell_of(path, *where) for where in cells}
    book = openpyxl.load_workbook(path)
    for where, value in cells.items():
        book[where[0]][places[where]].value = value
    book.save(path)
    return path


# -- nothing is lost ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_comes_back_whole(name: str, tmp_path: Path) -> None:
    path = exchange.write(shipped()[name], tmp_path / "copy.xlsx")
    same(load(shipped()[name]), load(path))
    assert base_of(path) == base_of(shipped()[name])


def test_a_workbook_leads_to_the_run_of_its_file(tmp_path: Path) -> None:
    from dapp_model import study

    path = exchange.write(EXTENSION, tmp_path / EXTENSION.with_suffix(".xlsx").name)
    plan = study.Plan(draws=2, replications=1, seed=1)
    assert study.key(load(path), plan) == study.key(load(EXTENSION), plan)


def _levers() -> st.SearchStrategy[dict[str, object]]:
    """Values at which reading and writing could differ, by lever."""
    kinds: dict[str, st.SearchStrategy[object]] = {
        "duration": st.sampled_from(["26 weeks", "7.3 months", "100.123 days", "0 days"]),
        "money": st.sampled_from(["£100,000", "£1234.56", "£0", "£0.1"]),
        "switch": st.booleans(),
        "date": st.sampled_from(["2017-01-01", "2019-12-31"]),
    }
    found: dict[str, st.SearchStrategy[object]] = {}
    for key, one in registry().items():
        if one.role == "lever" and key.startswith(("programme.", "extension.")):
            if one.choices and one.kind == "choices":
                found[key] = st.lists(st.sampled_from(one.choices), unique=True)
            elif one.choices:
                found[key] = st.sampled_from(one.choices)
            elif one.kind in kinds:
                found[key] = kinds[one.kind]
            elif one.kind == "number":
                found[key] = st.floats(0.3, 3.0) | st.sampled_from([1 / 3, 0.1 + 0.2, 1.0])
            elif one.kind == "count":
                noun = UNITS[one.unit].noun or ("", "")
                found[key] = st.integers(1, 40).map(lambda n, noun=noun: f"{n} {noun[n != 1]}")
    return st.lists(st.sampled_from(sorted(found)), max_size=8, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: found[key] for key in keys})
    )


WORDS = st.one_of(
    st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "yes", "none", "12", "_x0041_", "ä"]),
    st.text(st.characters(blacklist_categories=["Cs", "Cc", "Co", "Cn"]), min_size=1, max_size=20),
).filter(lambda text: text.strip())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shared=_levers(),
    own=_levers(),
    texts=st.tuples(WORDS, WORDS, WORDS),
    hazard=st.none() | st.floats(0.5, 1.2),
)
def test_generated_scenarios_come_back_whole(
    shared: dict[str, object],
    own: dict[str, object],
    texts: tuple[str, str, str],
    hazard: float | None,
) -> None:
    overrides = dict(shared) | {f"options.extend.{key}": value for key, value in own.items()}
    overrides |= {"title": texts[0], "question": texts[1], "options.extend.label": texts[2]}
    if hazard is not None:
        overrides["assume.effect.full_dose_hr"] = hazard
    try:
        inputs = load(EXTENSION, overrides)
    except InputErrors:
        return  # values that contradict each other are no scenario
    with tempfile_folder() as folder:
        try:
            back = load(written(folder, inputs, "surrey_base.toml"))
        except InputErrors as error:
            raise AssertionError(str(error)) from None
        same(inputs, back)


class tempfile_folder:
    """A folder for one example."""

    def __enter__(self) -> Path:
        import tempfile

        self.path = Path(tempfile.mkdtemp(prefix="dapp_workbook_"))
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def test_the_hash_is_of_what_the_cells_hold_and_not_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, load(EXTENSION))
    first = load(path).text_hash
    again = tmp_path / "again.xlsx"
    book = openpyxl.load_workbook(path)
    book["Notes"]["A1"] = "my own remark"
    book["Levers"]["F30"].fill = openpyxl.styles.PatternFill("solid", fgColor="FF0000")
    book.save(again)
    assert again.read_bytes() != path.read_bytes()
    assert load(again).text_hash == first
    other = changed(again, {("Levers", "programme.sessions", layout.ALL_OPTIONS): 30})
    assert load(other).text_hash != first


def test_equal_scenarios_give_equal_bytes() -> None:
    inputs = load(EXTENSION)
    assert workbook(inputs, "surrey_base.toml") == workbook(load(EXTENSION), "surrey_base.toml")


def test_what_cannot_be_held_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    odd = tmp_path / "odd.toml"
    odd.write_text(PLAIN.replace("A plain scenario", "A \\u0001 plain"), encoding="utf-8")
    before = set(tmp_path.iterdir())
    try:
        exchange.write(odd, tmp_path / "odd.xlsx")
    except InputErrors as error:
        assert "title" in str(error)
        assert set(tmp_path.iterdir()) == before
    else:
        same(load(odd), load(tmp_path / "odd.xlsx"))


def test_a_workbook_of_a_file_elsewhere_finds_its_base(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "mine.toml").write_text(PLAIN, encoding="utf-8")
    child = tmp_path / "there" / "child.toml"
    child.write_text(
        'extends = "mine.toml"\ntitle = "Child"\n[programme]\nsessions = "30 sessions"\n',
        encoding="utf-8",
    )
    path = exchange.write(child, tmp_path / "here" / "child.xlsx")
    found = base_of(path)
    assert found is not None
    assert found.resolve() == (tmp_path / "there" / "mine.toml").resolve()
    same(load(child), load(path))


# -- what a person does with it -------------------------------------------------------------------


def test_changed_cells_are_read_as_a_person_means_them(tmp_path: Path) -> None:
    import datetime as dt

    path = written(tmp_path, load(EXTENSION), "surrey_base.toml")
    n = layout.FIRST_OPTION
    changed(
        path,
        {
            ("Levers", "programme.annual_budget", layout.ALL_OPTIONS): 90000,
            ("Levers", "programme.contract_start", layout.ALL_OPTIONS): dt.datetime(2017, 2, 1),
            ("Levers", "programme.partner_support", layout.ALL_OPTIONS): "no",
            ("Levers", "extension.places", n + 1): 12,
            ("Levers", "extension.length", n + 1): "18 months",
            ("Levers", "extension.eligible_routes", n + 1): "Police, self".lower(),
            ("Levers", "option.included", n + 2): "no",
            ("Levers", "option.label", n + 7): "A new one",
            ("Levers", "extension.length", n + 7): "6 months",
            ("Assumptions", "assume.effect.full_dose_hr", layout.VALUE): 0.9,
        },
    )
    before, after = load(EXTENSION), load(path)
    assert after.options == (
        *(o for o in before.options if o != "extend_motivational"),
        "a_new_one",
    )
    extend = after.option("extend").levers
    assert extend["programme.annual_budget"] == 90000
    assert extend["programme.contract_start"] == dt.date(2017, 2, 1)
    assert extend["programme.partner_support"] is False
    assert extend["extension.places"] == 12
    assert extend["extension.length"] == 18 * 30.4375
    assert extend["extension.eligible_routes"] == ("self", "police")
    assert after.values["effect.full_dose_hr"] == 0.9
    assert "effect.full_dose_hr" in before.uncertain
    assert "effect.full_dose_hr" not in after.uncertain
    assert after.origins["assume.effect.full_dose_hr"].startswith(f"{path.name}:Assumptions!C")


def test_all_wrong_cells_are_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, load(EXTENSION), "surrey_base.toml")
    cells: dict[tuple[str, str, int], object] = {
        ("Scenario", "title", layout.VALUE): None,
        ("Scenario", "decision.kind", layout.VALUE): "perhaps",
        ("Levers", "programme.length", layout.ALL_OPTIONS): 24,
        ("Levers", "programme.delivery", layout.ALL_OPTIONS): "by post",
        ("Levers", "extension.sessions", layout.FIRST_OPTION + 1): 26.5,
        ("Levers", "extension.annual_budget", layout.FIRST_OPTION + 2): "=SUM(F1:F9)",
        ("Assumptions", "assume.effect.full_dose_hr", layout.VALUE): -3,
    }
    places = {where: cell_of(path, *where) for where in cells}
    changed(path, cells)
    assert main(["check", str(path)]) == 2
    said = capsys.readouterr().err
    for (sheet, _, _), cell in places.items():
        assert f"{path}, sheet {sheet}, cell {cell}" in said
    assert "a formula, which is not worked out (=SUM(F1:F9))" in said
    assert "Traceback" not in said


def test_a_cell_is_a_number_in_order_and_a_place_in_words() -> None:
    import pickle

    cell = Cell(7, "Levers", "C7")
    assert f"{cell}" == "Levers!C7"
    assert sorted([Cell(9, "a", "b"), cell])[0] is cell
    back = pickle.loads(pickle.dumps(cell))
    assert (int(back), back.sheet, back.name) == (7, "Levers", "C7")


# -- hostile files --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@x", '=HYPERLINK("http://x")'])
def test_a_text_that_looks_like_a_formula_is_written_and_read_as_a_text(
    text: str, tmp_path: Path
) -> None:
    inputs = load(EXTENSION, {"title": text, "options.extend.label": text})
    path = written(tmp_path, inputs)
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    assert load(path).title == text


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "nothing.toml", "x.xlsx", "=1"]
)
def test_a_workbook_extends_a_scenario_file_or_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, load(EXTENSION), name)
    assert main(["check", str(path)]) == 2
    place = cell_of(path, "Scenario", "extends", layout.VALUE)
    assert f"sheet Scenario, cell {place}" in capsys.readouterr().err


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _bomb(parts: dict[str, bytes]) -> bytes:
    return packed(parts | {"xl/media/much.bin": b"\0" * 50_000_000})


def _many(parts: dict[str, bytes]) -> bytes:
    return packed(parts | {f"x{i}": b"" for i in range(1000)})


def _entities(parts: dict[str, bytes]) -> bytes:
    text = parts["xl/sharedStrings.xml"].replace(
        b"?>", b'?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', 1
    )
    return packed(parts | {"xl/sharedStrings.xml": text})


def _far_cell(parts: dict[str, bytes]) -> bytes:
    name = "xl/worksheets/sheet3.xml"
    text = parts[name].replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    return packed(parts | {name: text})


def _wide_merge(parts: dict[str, bytes]) -> bytes:
    name = "xl/worksheets/sheet3.xml"
    text = parts[name].replace(
        b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    )
    return packed(parts | {name: text})


def _huge_dimension(parts: dict[str, bytes]) -> bytes:
    name = "xl/worksheets/sheet3.xml"
    head, _, rest = parts[name].partition(b'<dimension ref="')
    text = head + b'<dimension ref="A1:XFD1048576' + rest[rest.index(b'"') :]
    return packed(parts | {name: text})


def _many_formats(parts: dict[str, bytes]) -> bytes:
    text = parts["xl/styles.xml"].replace(b"</cellXfs>", b"<xf/>" * 500_000 + b"</cellXfs>")
    return packed(parts | {"xl/styles.xml": text})


def _no_sheets(parts: dict[str, bytes]) -> bytes:
    return packed({name: text for name, text in parts.items() if "worksheets" not in name})


@pytest.mark.parametrize(
    "attack",
    [_bomb, _many, _many_formats, _entities, _far_cell, _wide_merge, _huge_dimension, _no_sheets],
)
def test_a_hostile_workbook_is_refused_or_harmless_and_quickly(
    attack: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, load(EXTENSION))
    path.write_bytes(attack(parts_of(path)))  # type: ignore[operator]
    before = time.monotonic()
    status = main(["check", str(path)])
    assert time.monotonic() - before < 5
    assert status == 2 or attack in (_wide_merge, _far_cell)
    assert "Traceback" not in capsys.readouterr().err


def test_macros_are_not_looked_at(tmp_path: Path) -> None:
    path = written(tmp_path, load(EXTENSION))
    plain = load(path)
    path.write_bytes(packed(parts_of(path) | {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 macro"}))
    same(plain, load(path))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_a_sentence(data: st.DataObject) -> None:
    content = bytearray(workbook(load(EXTENSION), ""))
    kind = data.draw(st.sampled_from(["bytes", "cut", "part"]))
    if kind == "cut":
        content = content[: data.draw(st.integers(0, len(content)))]
    elif kind == "bytes":
        for _ in range(data.draw(st.integers(1, 20))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    else:
        with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = data.draw(st.sampled_from(sorted(parts)))
        text = bytearray(parts[name])
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, len(text) - 1))
            text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=6))
        content = bytearray(packed(parts | {name: bytes(text)}))
    with tempfile_folder() as folder:
        path = folder / "damaged.xlsx"
        path.write_bytes(bytes(content))
        before = time.monotonic()
        try:
            load(path)
        except InputErrors as error:
            assert str(path) in str(error)
        assert time.monotonic() - before < 5


# -- the command ----------------------------------------------------------------------------------


def test_the_command_writes_a_workbook_that_the_others_read_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["workbook", str(EXTENSION)]) == 0
    path = tmp_path / "surrey_extension.xlsx"
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert main(["check", path.name]) == 0
    said = capsys.readouterr().out
    assert "What differs from surrey_base.toml" in said
    content = path.read_bytes()
    assert main(["workbook", str(EXTENSION)]) == 2
    assert main(["workbook", str(EXTENSION), "--out", "x.toml"]) == 2
    assert main(["workbook", str(EXTENSION), "--out", "no/folder/x.xlsx"]) == 2
    assert path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_only_yellow_cells_are_unlocked_and_choices_have_lists(tmp_path: Path) -> None:
    path = written(tmp_path, load(EXTENSION))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == list(layout.SHEETS)
    for sheet in book:
        assert sheet.protection.sheet
        assert not sheet.protection.password
        for row in sheet.iter_rows():
            for cell in row:
                yellow = cell.fill.fgColor.rgb == "FFFFF2CC"
                assert cell.protection.locked != yellow, (sheet.title, cell.coordinate)
    place = cell_of(path, "Levers", "programme.delivery", layout.ALL_OPTIONS)
    rules = [
        rule
        for rule in book["Levers"].data_validations.dataValidation
        if place in rule.sqref and rule.type == "list"
    ]
    assert [rule.formula1 for rule in rules] == ['"rolling group,closed groups,one-to-one"']


def test_long_notes_have_rows_as_high_as_their_text(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path, load(EXTENSION)))
    for name, column in ((layout.NOTES, 1), (layout.SHEETS[0], 0)):
        sheet = book[name]
        long = [
            (row[column].value, sheet.row_dimensions[row[column].row].height)
            for row in sheet.iter_rows(min_row=4)
            if isinstance(row[column].value, str) and len(row[column].value) > 120
        ]
        assert long
        assert all(height and height > 12.5 * (len(text) / 120) for text, height in long)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_a_workbook_saved_by_libreoffice_is_the_same_scenario(tmp_path: Path) -> None:
    path = exchange.write(EXTENSION, tmp_path / "mine.xlsx")
    command = [
        "soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
        "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "saved"),
        str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    same(load(EXTENSION), load(tmp_path / "saved" / "mine.xlsx"))
    assert load(tmp_path / "saved" / "mine.xlsx").text_hash == load(path).text_hash
