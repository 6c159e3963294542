"""Does anything run, work itself out or fetch something because of what stands in a scenario?"""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from small_study import space

from dapp_model import exchange, runs
from dapp_model.scenario import load
from dapp_model.study import Plan
from robustness.mutations import FORMULAS, MARKUP, quoted
from robustness.small import SMALL

OURS = "hostile"  # in every script of the mutations
SHOWN = [one for one in (*MARKUP, *FORMULAS) if not re.search(r"[\t\r]", one)]


@cache
def made() -> Path:
    """Return the folder of a run whose every text means harm."""
    path = space() / "hostile.toml"
    text = re.sub(r"^(title|question) = .*\n", "", SMALL, flags=re.MULTILINE)
    texts = [f"title = {quoted(' '.join(MARKUP))}", f"question = {quoted(MARKUP[1])}"]
    options = [
        f"[options.extend]\nlabel = {quoted(MARKUP[0])}\ndescription = {quoted(' '.join(MARKUP))}",
        f"[options.stop]\nlabel = {quoted('=HYPERLINK(1)' + MARKUP[2])}",
    ]
    path.write_text("\n".join([*texts, text, *options]) + "\n", encoding="utf-8")
    plan = Plan(draws=2, replications=1, seed=3)
    return runs.run(load(path), plan, space() / "hostile_run").folder


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.odd: list[str] = []
        self.texts: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.odd.append(f"{tag} {name}={value}")
            if OURS in name:
                self.odd.append(f"{tag} {name}")
        if tag in ("iframe", "object", "embed", "base") or (
            tag == "a" and "example.org" in str(attrs)
        ):
            self.odd.append(tag)

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style") and OURS in data:
            self.odd.append(f"{self.inside}: {data[:80]}")
        self.texts.append(data)


def test_no_text_of_a_scenario_becomes_part_of_the_page() -> None:
    page = _Page()
    page.feed((made() / "report.html").read_text(encoding="utf-8"))
    assert page.odd == []
    assert OURS in "".join(page.texts)  # it is shown, as the text that it is


def test_no_text_of_a_scenario_becomes_part_of_a_picture() -> None:
    pictures = sorted((made() / "figures").glob("*.svg"))
    assert pictures
    seen = False
    for path in pictures:
        root = ET.fromstring(path.read_text(encoding="utf-8"))  # well-formed whatever was written
        for one in root.iter():
            assert not one.tag.lower().endswith(("script", "foreignobject", "image"))
            assert not [name for name in one.attrib if name.lower().startswith("on")]
            seen = seen or OURS in (one.text or "")
    assert seen


@pytest.mark.parametrize("name", ["report.docx", "tables.xlsx", "tables.ods", "account_check.xlsx"])
def test_documents_are_well_formed_and_fetch_nothing(name: str) -> None:
    with zipfile.ZipFile(made() / name) as archive:
        for part in archive.namelist():
            if not part.endswith((".xml", ".rels")):
                continue
            root = ET.fromstring(archive.read(part))
            for one in root.iter():
                if one.attrib.get("TargetMode") == "External":
                    assert OURS not in str(one.attrib)
                    assert "example.org" not in str(one.attrib)
                assert not one.tag.endswith(("}hyperlink", "}instrText")) or OURS not in "".join(
                    one.itertext()
                )


def test_only_our_own_cells_are_formulas() -> None:
    for cell in _cells(made() / "tables.xlsx"):
        assert cell.data_type != "f"
    own = {
        str(cell.value) for cell in _cells(made() / "account_check.xlsx") if cell.data_type == "f"
    }
    assert own
    assert not [text for text in own if OURS in text or "HYPERLINK" in text]
    with zipfile.ZipFile(made() / "tables.ods") as archive:
        assert b"table:formula" not in archive.read("content.xml")


def _cells(path: Path) -> list[openpyxl.cell.Cell]:
    book = openpyxl.load_workbook(path)
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


def test_no_cell_of_a_csv_file_is_a_formula() -> None:
    files = sorted(made().rglob("*.csv"))
    assert len(files) > 10
    labels = 0
    for path in files:
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            for cell in row:
                labels += "HYPERLINK" in cell
                assert not cell.startswith(("=", "@", "\t", "\r")), path.name
                if cell.startswith(("+", "-")) and cell != "-":
                    assert re.fullmatch(r"[+-][£\d.,]*(e[+-]?\d+)?%?", cell), (path.name, cell)
    assert labels


@pytest.mark.parametrize("text", SHOWN)
def test_a_hostile_text_goes_through_a_workbook_and_back_as_it_was(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "given.toml"
    path.write_text(f"{SMALL}[options.extend]\nlabel = {quoted(text)}\n", encoding="utf-8")
    book = exchange.write(path, tmp_path / "given.xlsx")
    assert load(book).option("extend").label == " ".join(text.split())
    assert all(cell.data_type != "f" for cell in _cells(book))
