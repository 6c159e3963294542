"""Do tables.xlsx and tables.ods hold the run, the same in both, and nothing that runs?"""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import subprocess
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from small_study import PLAN, finished, inputs, space

from dapp_model import labels
from dapp_model.spreadsheets import NAMES, contents, evidence, ods, xlsx
from dapp_model.spreadsheets.sheet import Book, Column, Sheet, cleaned, said

SKIPPED = ("Cover", "Contents", "Notes")


@cache
def from_xlsx(path: Path) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


@cache
def from_ods(path: Path) -> dict[str, list[list[Any]]]:
    """Read the cells with a library that had no part in writing them."""
    from odf import opendocument, table, teletype, text

    found: dict[str, list[list[Any]]] = {}
    for sheet in opendocument.load(str(path)).spreadsheet.getElementsByType(table.Table):
        rows = found.setdefault(sheet.getAttribute("name"), [])
        for row in sheet.getElementsByType(table.TableRow):
            cells: list[Any] = []
            for cell in row.getElementsByType(table.TableCell):
                if cell.getAttribute("valuetype") == "float":
                    number = float(cell.getAttribute("value"))
                    cells.append(int(number) if number.is_integer() else number)
                else:
                    lines = cell.getElementsByType(text.P)
                    cells.append("\n".join(teletype.extractText(line) for line in lines))
            rows.append(cells)
    return found


def tables() -> tuple[Path, Path]:
    first, second = (finished().folder / name for name in NAMES)
    return first, second


def frame(name: str) -> pd.DataFrame:
    """Return a table of the workbook, by the first line of its headings."""
    rows = from_xlsx(tables()[0])[name]
    start = next(i for i, row in enumerate(rows) if all(cell is not None for cell in row))
    headings = [str(cell).split("\n")[0] for cell in rows[start]]
    return pd.DataFrame(rows[start + 1 :], columns=headings)


def decision() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (finished().folder / "decision.json").read_text(encoding="utf-8")
    )
    return found


def plain(rows: list[list[Any]]) -> list[list[Any]]:
    kept = [[cell for cell in row if cell is not None] for row in rows]
    return [row for row in kept if row]


# -- what stands in them --------------------------------------------------------------------------


def test_both_hold_the_same_cells() -> None:
    one, other = from_xlsx(tables()[0]), from_ods(tables()[1])
    assert list(one) == list(other)
    for name, rows in one.items():
        assert plain(rows) == plain(other[name]), name


def test_every_sheet_has_title_source_and_units() -> None:
    book = from_xlsx(tables()[0])
    assert list(book)[:3] == list(SKIPPED)
    for name, rows in book.items():
        assert rows[0][0], name
        if name not in SKIPPED:
            texts = [str(row[0]) for row in rows[:8]]
            assert any(text.startswith("Source: ") for text in texts), name
            assert any(text.startswith("Scope: ") for text in texts), name
            start = next(i for i, row in enumerate(rows) if all(cell for cell in row))
            for column, heading in enumerate(rows[start]):
                cells = [row[column] for row in rows[start + 1 :]]
                if any(isinstance(cell, int | float) for cell in cells):
                    assert "\n(" in heading, (name, heading)


def test_the_contents_name_every_sheet_and_lead_to_it() -> None:
    book = openpyxl.load_workbook(tables()[0])
    sheet = book["Contents"]
    listed = [row[0] for row in sheet.iter_rows(min_row=4) if row[0].value]
    assert [cell.value for cell in listed] == book.sheetnames[2:]
    for cell in listed:
        assert cell.hyperlink.location == f"'{cell.value}'!A1"


def test_shorthand_is_explained_where_it_stands_and_notes_are_there() -> None:
    notes = [row[0] for row in from_xlsx(tables()[0])["Notes"]]
    for name, rows in from_xlsx(tables()[0]).items():
        above = "\n".join(str(row[0]) for row in rows[:8])
        for mark in ("[x]", "[z]", "[c]"):
            used = any(cell == mark for row in rows for cell in row)
            assert used == (f"{mark} = " in above), (name, mark)
        for number in range(1, 10):
            if f"[note {number}]" in str(rows[0][0]):
                assert f"note {number}" in notes


def test_the_cover_says_what_the_run_rests_on_and_that_counts_are_simulated() -> None:
    texts = [row[0] for row in from_xlsx(tables()[0])["Cover"]]
    marks = labels.standing(inputs(), PLAN)
    assert marks
    assert set(marks) <= set(texts)
    assert any("Simulated: these are counts of simulated people" in text for text in texts)


def test_numbers_are_those_of_the_decision_in_full() -> None:
    for name, kinds in (
        ("Options - outcomes", {"True incidents averted": "true_incidents_averted"}),
        ("Options - money", {"Net present social value": "net_present_social_value"}),
    ):
        found = frame(name)
        for one in decision()["options"]:
            for label, measure in kinds.items():
                if one["is_comparator"]:
                    continue
                rows = found[(found["Option"] == one["label"]) & (found["Measure"] == label)]
                expected = one["measures"][measure]
                columns = ["Mean", "90% interval, lower limit", "50% interval, lower limit",
                           "50% interval, upper limit", "90% interval, upper limit",
                           "Monte Carlo error of the mean"]  # fmt: skip
                keys = ["mean", "low", "low50", "high50", "high", "monte_carlo_error"]
                for column, key in zip(columns, keys, strict=True):
                    value = rows[column].iloc[0]
                    assert math.isclose(value, expected[key], rel_tol=1e-15, abs_tol=1e-300)


def test_a_count_near_nought_is_shown_with_decimals_enough_to_see_it() -> None:
    sheet = openpyxl.load_workbook(tables()[0])["Options - outcomes"]
    forms = set()
    for row in sheet.iter_rows():
        for cell in row[2:]:
            if isinstance(cell.value, int | float):
                near = 0 < abs(cell.value) < 0.1
                forms.add(near)
                assert cell.number_format == ("0.0000" if near else "#,##0.0"), cell.coordinate
    assert forms == {True, False}
    above = [str(row[0]) for row in from_xlsx(tables()[0])["Options - outcomes"][:8]]
    assert any(line.endswith("the comparator's count less the option's") for line in above)
    assert contents._count(1, "repetition") == "1 repetition"
    assert contents._count(4, "draw") == "4 draws"


def test_the_account_adds_up_to_the_net_present_social_value() -> None:
    found = frame("Account").groupby("Option")["Present value"].sum()
    for one in decision()["options"]:
        if not one["is_comparator"]:
            mean = one["measures"]["net_present_social_value"]["mean"]
            assert math.isclose(found[one["label"]], mean, abs_tol=0.02)


def test_outcomes_by_year_are_those_of_the_csv_file() -> None:
    found = frame("Outcomes by year").set_index(["Option", "Outcome"])
    rows = pd.read_csv(finished().folder / "outcomes.csv")
    rows = rows[(rows["outcome"] == "recorded.incidents") & (rows["group"] == "all")]
    for row in rows.itertuples():
        label = inputs().option(str(row.option)).label
        value = found.loc[(label, "Incidents recorded by the police"), row.financial_year]
        assert math.isclose(float(value), float(row.mean), rel_tol=1e-14)


def test_the_tables_asked_for_are_there_with_rows() -> None:
    names = {
        "Options - outcomes", "Options - money", "Outcomes by year", "Outcomes by group",
        "True and recorded", "Pathway", "Money by year", "Money by funder", "Cost by funder",
        "Account", "Probabilities", "Value of information", "Structural alternatives",
        "Effect priors", "Assumptions", "Unit costs", "Run record",
    }  # fmt: skip
    assert names <= set(from_xlsx(tables()[0]))
    for name in names:
        assert len(frame(name)) > 0
    assert set(frame("Assumptions")["Key"]) == set(inputs().values)


def test_counted_figures_are_beside_simulated_ones_and_small_counts_are_withheld() -> None:
    found = frame("Counted and simulated").set_index("Figure")
    assert found.loc["Recorded incidents", "Counted in the county"] == 13300
    assert isinstance(found.loc["Recorded incidents", "Simulated, mean"], float | int)
    row = found.loc["Victims who start outreach support"]
    assert row["What the figure says"] == "at most"
    assert row["Chance of being as far out"] == "[z]"
    assert [evidence._published(value) for value in (0, 4, 5, 0.21)] == [0, "[c]", 5, 0.21]


def test_bytes_hold_no_date_and_no_machine() -> None:
    manifest = json.loads((finished().folder / "manifest.json").read_text(encoding="utf-8"))
    for path in tables():
        with zipfile.ZipFile(path) as archive:
            assert {part.date_time[0] for part in archive.infolist()} <= {1980, 2000}
            for name in archive.namelist():
                assert manifest["finished"][:10].encode() not in archive.read(name)
                assert manifest["platform"].encode() not in archive.read(name)


# -- what comes from an input ---------------------------------------------------------------------

HOSTILE = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "{=1}", "=HYPERLINK(\"http://x\",\"y\")", "[a](http://x)",
    "[a](b) and [c](d)", "$$note$$", "$$$$", "http://example.org", "</text:p><x>&amp;", "!!!",
    "\u5f00\u653e", "_x0041_", "a\x01b", "x" * 40_000, "[x]", "1e5", "  two  spaces ", "'quoted",
)  # fmt: skip


def hostile_book() -> Book:
    rows = tuple((text, i + 0.1, text) for i, text in enumerate(HOSTILE))
    columns = (Column("Label"), Column("Number", "GBP", "pounds"), Column("Again"))
    sheets = tuple(
        Sheet(f"Sheet {i}", f"Title {i}", "a test", text, columns, rows)
        for i, text in enumerate(HOSTILE)
    )
    return Book("=1+1", HOSTILE, HOSTILE, ("me",), sheets)


def test_texts_of_inputs_stay_texts_in_both_and_are_the_same() -> None:
    paths = space() / "hostile.xlsx", space() / "hostile.ods"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths[0].write_bytes(xlsx.workbook(hostile_book()))
    paths[1].write_bytes(ods.workbook(hostile_book()))
    for sheet in openpyxl.load_workbook(paths[0]):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
                assert cell.hyperlink is None or sheet.title == "Contents"
    with zipfile.ZipFile(paths[1]) as archive:
        content = archive.read("content.xml").decode()
    assert "table:formula" not in content
    assert content.count("xlink:href") == len(HOSTILE)
    one, other = from_xlsx(paths[0]), from_ods(paths[1])
    for name, rows in one.items():
        assert plain(rows) == plain(other[name]), name


@pytest.mark.parametrize("text", HOSTILE)
def test_cleaning_twice_is_cleaning_once_and_keeps_words(text: str) -> None:
    assert said(said(text)) == said(text)
    assert "](" not in said(text)
    assert "$$" not in said(text)


def test_nothing_known_is_shorthand_and_whole_numbers_are_whole() -> None:
    assert cleaned(None) == cleaned(float("nan")) == "[x]"
    assert cleaned(3.0) == 3
    assert isinstance(cleaned(3.0), int)
    assert cleaned(True) == "yes"


def test_an_equal_book_gives_equal_bytes_and_another_does_not() -> None:
    book = hostile_book()
    other = dataclasses.replace(book, title="another")
    for writer in (xlsx, ods):
        assert writer.workbook(book) == writer.workbook(hostile_book())
        assert writer.workbook(book) != writer.workbook(other)


# -- other programs -------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_libreoffice_opens_the_tables_and_finds_the_same_cells(name: str, tmp_path: Path) -> None:
    command = [
        "soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
        "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path),
        str(finished().folder / name),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    found, expected = from_xlsx(tmp_path / "tables.xlsx"), from_xlsx(tables()[0])
    assert list(found) == list(expected)
    for sheet, rows in expected.items():
        for row, other in zip(plain(rows), plain(found[sheet]), strict=True):
            for one, two in zip(row, other, strict=True):
                if isinstance(one, float):
                    assert math.isclose(one, two, rel_tol=1e-13), sheet
                else:
                    assert one == two, sheet
