"""Do other programs read the pack as it is meant: LibreOffice, a browser without a network?"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import browser
import docx
import pytest
import small_study
from docx.oxml.ns import qn

from dapp_model import kept, runs, scenario
from dapp_model.errors import InputErrors, RunError
from dapp_model.report import analyses, grades, html, sections_back, words
from dapp_model.report.document import (
    DAGGER,
    NOTICE,
    SECTIONS,
    Document,
    Group,
    Section,
    Table,
    checked,
    numeric,
)
from dapp_model.report.pack import MOST_FINDINGS
from dapp_model.report.word import render

FONT = "Liberation Sans"  # as wide as Arial, letter by letter


@cache
def decision() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder() / "decision.json").read_text(encoding="utf-8"))
    return found


def folder() -> Path:
    return small_study.finished().folder


@cache
def word() -> Any:
    return docx.Document(str(folder() / "report.docx"))


@cache
def page() -> str:
    return (folder() / "report.html").read_text(encoding="utf-8")


def text_of(paragraph: Any) -> str:
    """Return all words of a paragraph, of fields and links too."""
    return unmarked("".join(one.text or "" for one in paragraph._p.iter(qn("w:t"))))


def unmarked(text: str) -> str:
    """Return words without the marks of numbers; those of headings stand behind a space."""
    return re.sub(rf"(?<=[\w%]){DAGGER}", "", text.replace("\N{NO-BREAK SPACE}", " "))


def paragraphs(style: str) -> list[str]:
    return [text_of(one) for one in word().paragraphs if one.style.name.startswith(style)]


def words_of_page(text: str) -> str:
    from html import unescape

    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", text, flags=re.DOTALL)
    text = text.replace(f"<sup>{DAGGER}</sup>", "")
    return " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())


def everything() -> str:
    """Return all words of the Word document, of tables too, in one line."""
    body = word().element.body
    lines = ["".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p"))]
    return " ".join(unmarked(" ".join(lines)).split())


# -- headings, tables, pictures -------------------------------------------------------------------


def test_every_section_has_a_heading_in_both_documents() -> None:
    expected = [
        title
        if key == "first"
        else f"{'Annex ' * (not n.isdigit())}{n}{':' * (not n.isdigit())} {title}"
        for n, key, title in SECTIONS
    ]
    assert paragraphs("Heading 1") == expected
    shown = [words_of_page(one) for one in re.findall(r"<h2[^>]*>(.*?)</h2>", page())]
    assert shown == expected
    assert paragraphs("Title") == [decision()["title"]]


def test_the_headings_of_a_decision_notice_are_there_and_none_is_called_none() -> None:
    found = paragraphs("Heading 2")
    first = found.index(NOTICE[0])
    assert tuple(found[first : first + len(NOTICE)]) == NOTICE
    text = everything()
    notice = text[text.index("Annex A: Headings") : text.index("Annex B: Full")]
    for heading in ("Who was consulted", "Powers", "Rights engaged", "Chief finance officer"):
        assert re.search(rf"{heading}[^:]*: not assessed\. To be said here", notice)
    said = text[: text.index("Annex C: ")]
    assert not re.search(r"\bno (?:financial|legal|equality) implications|: none\b", said)


def test_no_level_of_heading_is_skipped() -> None:
    levels = [
        int(one.style.name[-1]) for one in word().paragraphs if one.style.name.startswith("Heading")
    ]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    on_page = [int(n) for n in re.findall(r"<h(\d)", page())]
    assert on_page[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(on_page))


def test_the_contents_name_every_section_with_a_field_for_its_page() -> None:
    lines = [one for one in word().paragraphs if one.style.name == "Pack Contents"]
    others = [one for one in SECTIONS if one[1] != "first"]
    assert [text_of(one) for one in lines] == ["Contents", *(f"{n} {t}" for n, _, t in others)]
    fields = [
        "".join(code.text for code in one._p.iter(qn("w:instrText"))).split() for one in lines[1:]
    ]
    assert fields == [["PAGEREF", key, "\\h"] for _, key, _ in others]
    (stop,) = lines[1].style.paragraph_format.tab_stops
    assert stop.leader is not None
    settings = word().settings.element
    assert settings.find(qn("w:updateFields")).get(qn("w:val")) == "true", "Word fills them in"


def test_every_table_marks_its_header_row_and_says_what_it_is() -> None:
    tables = word().tables
    assert len(tables) > 25
    titles = set()
    for table in tables:
        rows = table._tbl.findall(qn("w:tr"))
        heads = [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows]
        assert heads == [True] + [False] * (len(rows) - 1)
        assert all(row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for row in rows)
        n = len(table._tbl.tblGrid.findall(qn("w:gridCol")))
        assert all(len(row.findall(qn("w:tc"))) == n for row in rows)
        caption = table._tbl.tblPr.find(qn("w:tblCaption"))
        titles.add(unmarked(caption.get(qn("w:val"))))
    captions = paragraphs("Caption")
    said = [text.partition(": ")[2] for text in captions if text.startswith("Table ")]
    assert set(said) == titles - {"The three numbers"}, "that one stands under its own sentence"


def test_tables_and_figures_have_the_same_numbers_in_both_documents() -> None:
    captions = paragraphs("Caption")
    for kind, pattern in (
        ("Table", r"<caption[^>]*>(Table \d+: .*?)</caption>"),
        ("Figure", r"<strong>(Figure \d+: .*?)\.</strong>"),
    ):
        own = [text for text in captions if text.startswith(f"{kind} ")]
        numbers = [int(text.split(":")[0].split()[1]) for text in own]
        assert numbers == list(range(1, len(own) + 1))
        shown = [words_of_page(one) for one in re.findall(pattern, page())]
        assert len(shown) == len(own)
        assert all(b.startswith(a) for a, b in zip(shown, own, strict=True))


def test_cells_read_back_as_the_page_shows_them() -> None:
    table = next(one for one in word().tables if one.rows[0].cells[0].text == "Option")
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert [row[0].removesuffix(" (advised)") for row in rows[1:]] == [
        one["label"] for one in decision()["options"]
    ]
    mean = words.option_of(decision(), "extend")["measures"]["net_public_cost"]["mean"]
    own = next(row for row in rows if row[0].startswith("Extend as it is"))
    assert own[2].startswith(words.money(mean))


def test_every_picture_has_a_text_alternative_that_is_its_own() -> None:
    found = list(word().element.body.iter(qn("wp:docPr")))
    names = {path.stem for path in (folder() / "figures").glob("*.png")}
    assert {one.get("name").removeprefix("Chart ") for one in found} == names
    assert len(found) == len(names), "each chart stands once, and none is left out"
    for one in found:
        name = one.get("name").removeprefix("Chart ")
        text = (folder() / "figures" / f"{name}.txt").read_text(encoding="utf-8")
        assert one.get("descr")
        assert one.get("descr") in text
    assert len({one.get("id") for one in found}) == len(found)


def test_links_lead_somewhere() -> None:
    body = word().element.body
    marks = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    links = {one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))}
    assert links
    assert links <= marks
    there = set(re.findall(r'\bid="([^"]+)"', page()))
    assert set(re.findall(r'href="#([^"]+)"', page())) <= there


# -- what the file says of itself -----------------------------------------------------------------


def test_the_document_names_its_language_and_no_person_and_no_time() -> None:
    found = word().core_properties
    assert found.title == decision()["title"]
    assert found.language == "en-GB"
    people_and_times = (found.author, found.last_modified_by, found.created, found.modified)
    assert not any(people_and_times)
    content = (folder() / "report.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        styles = package.read("word/styles.xml").decode()
        assert {one.date_time for one in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in package.namelist() if "thumbnail" in name]
    assert set(re.findall(r'<w:lang w:val="([^"]+)"', styles)) == {"en-GB"}
    for text in word().sections[0].header.paragraphs:
        assert "Only 2% of the county is simulated" in text.text


def test_the_same_document_has_the_same_bytes() -> None:
    table = Table("A table", ("", "Number"), (("one", "1"), ("two", "22")))
    section = Section("0", "first", "First", (table,))
    document = Document("Title", "Question?", "run", (section, replace(section, number="1")))
    assert render(document) == render(document)
    assert html.render(document) == html.render(document)


# -- numbers --------------------------------------------------------------------------------------


def test_numbers_in_both_documents_are_those_of_the_decision() -> None:
    said = decision()
    first = next(one for one in word().tables if one.rows[0].cells[0].text == "Number")
    for row, one in zip(first.rows[1:], said["three_numbers"], strict=True):
        cells = [unmarked(cell.text) for cell in row.cells]
        assert cells[0] == one["label"]
        assert cells[1] == words.amount(one["mean"], one["unit"])
        assert cells[2] == words.between(one["low"], one["high"], one["unit"])
    for text in (words_of_page(page()), everything()):
        for line in (words.advice(said), words.wrong(said), *words.rests_on(said)):
            assert " ".join(line.split()) in text
        for one in said["options"]:
            for name in ("net_public_cost", "net_present_social_value"):
                if not one["is_comparator"]:
                    assert words.money(one["measures"][name]["mean"]) in text


def test_both_documents_say_the_same() -> None:
    """Every paragraph of the Word document stands on the page, but for its list of contents."""
    shown = re.sub(r"[\s:]", "", words_of_page(page()))  # a term has a colon in one of them
    missing = [
        text
        for text in map(text_of, word().paragraphs)
        if not text.startswith(("Contents", "Figure ")) and re.sub(r"[\s:]", "", text) not in shown
    ]
    assert missing == []


def test_what_rests_on_weak_evidence_carries_its_mark_on_the_first_page() -> None:
    found = grades.of_measures(small_study.inputs())
    first = words_of_page(page()[: page().index("<nav")])
    for one in decision()["three_numbers"]:
        rests = found[one["measure"]]
        assert rests.marked
        said = f"Grade {rests.worst} {DAGGER} ({rests.recalled} of {rests.inputs} inputs recalled)"
        assert said in first
        assert said in everything()
    assert f"{DAGGER} Rests on inputs of grade D" in first
    link = re.findall(r'<a href="#(\w+)">([^<]*)</a>', page()[: page().index("<nav")])
    assert ("record", "run record") in link
    assert ("assumptions", "assumptions log") in link


def test_more_rests_behind_pounds_than_behind_incidents() -> None:
    found = grades.of_measures(small_study.inputs())
    order = ["true_incidents_averted", "net_public_cost", "net_present_social_value"]
    sizes = [found[name].inputs for name in order]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1]
    sure = grades.Rests({"A": 3, "B": 1}, 0)
    assert sure.worst == "B"
    assert not sure.marked
    assert DAGGER not in "".join(str(part) for part in grades.beside(sure, "net_public_cost"))
    assert grades.Rests({"C": 1}, 1).marked, "a recalled figure is never shown as found"


# -- what is missing ------------------------------------------------------------------------------


def whole() -> Document:
    notice = tuple(Group(title, ()) for title in NOTICE)
    table = Table("A table", ("", "Number"), (("one", "1"),))
    return Document(
        "Title",
        "Question?",
        "run",
        tuple(
            Section(n, key, t, notice if key == "notice" else (table,)) for n, key, t in SECTIONS
        ),
    )


def test_a_whole_document_passes() -> None:
    assert checked(whole()) == whole()


@pytest.mark.parametrize("key", [key for _, key, _ in SECTIONS])
def test_a_missing_or_empty_section_stops_the_build(key: str) -> None:
    document = whole()
    title = document.section(key).title
    left = tuple(one for one in document.sections if one.key != key)
    with pytest.raises(RunError, match=f"'{re.escape(title)}', is missing"):
        checked(replace(document, sections=left))
    emptied = tuple(replace(s, blocks=()) if s.key == key else s for s in document.sections)
    with pytest.raises(RunError, match=f"'{re.escape(title)}', is empty"):
        checked(replace(document, sections=emptied))


def test_a_missing_heading_of_the_notice_and_an_empty_table_stop_the_build() -> None:
    document = whole()
    short = tuple(
        replace(one, blocks=one.blocks[1:]) if one.key == "notice" else one
        for one in document.sections
    )
    with pytest.raises(RunError, match="heading 'Executive summary'"):
        checked(replace(document, sections=short))
    bare = Group("Inside", (Table("Bare", ("",), ()),))
    sections = tuple(
        replace(one, blocks=(bare,)) if one.key == "s5" else one for one in document.sections
    )
    with pytest.raises(RunError, match="the table 'Bare' in 'Value' has no rows"):
        checked(replace(document, sections=sections))
    turned = replace(document, sections=document.sections[::-1])
    with pytest.raises(RunError, match="not in their order"):
        checked(turned)


# -- what analyses left, options that change the county -------------------------------------------


def test_analyses_of_a_run_are_read_and_a_broken_one_is_named(tmp_path: Path) -> None:
    assert analyses.read(tmp_path) == {}
    place = tmp_path / "analysis" / "evaluation"
    place.mkdir(parents=True)
    (place / "evaluation.json").write_text('{"sentences": ["One."]}', encoding="utf-8")
    (place / "other.json").write_text("[]", encoding="utf-8")
    found = analyses.read(tmp_path)
    assert analyses.sentences(found, "evaluation") == ("One.",)
    assert analyses.sentences(found, "voi") == ()
    (place / "evaluation.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=r"evaluation\.json cannot be read"):
        analyses.read(tmp_path)


def test_options_that_change_the_county_are_named(tmp_path: Path) -> None:
    inputs = small_study.inputs()
    assert sections_back.simulated_whole(inputs) == ()
    assert "in the programme alone" in words_of_page(page())
    more = "[options.extend]\nservices.idva = false\n"
    path = small_study.write_scenario(tmp_path, "county", more)
    assert sections_back.simulated_whole(scenario.load(path)) == ("extend",)


@pytest.mark.parametrize(
    ("cells", "flush"),
    [
        (("£1,200", "-£3.4 million", "under £100"), True),
        (("12%", "under 1%", "over 99%"), True),
        (("6.8p", "12"), True),
        (("12", "not assessed"), False),
        (("1 to 2", "3"), False),
    ],
)
def test_columns_of_single_numbers_stand_flush_right(cells: tuple[str, ...], flush: bool) -> None:
    table = Table("", ("", "n"), tuple(("row", cell) for cell in cells))
    assert numeric(table) == (False, flush)


# -- a finished run, written again ----------------------------------------------------------------


def test_documents_are_written_again_without_simulating(tmp_path: Path) -> None:
    """Byte for byte from what the run has kept; then with what an analysis has found since."""
    copy = Path(shutil.copytree(folder(), tmp_path / "run"))
    before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    for name in ("report.html", "report.docx"):
        (copy / name).unlink()
    written = runs.report_again(copy)
    assert [path.name for path in written] == ["report.html", "report.docx"]
    assert {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before
    place = copy / "analysis" / "evaluation"
    place.mkdir(parents=True)
    lines = ["No effect would appear 93 times in 100.", "Before and after, records fall by 40%."]
    others = [f"Design {n} would find it." for n in range(MOST_FINDINGS)]
    found = {"sentences": lines + others}
    (place / "evaluation.json").write_text(json.dumps(found), encoding="utf-8")
    (copy / "analysis" / "voi").mkdir()
    said = {"study_sentences": ["A study of 160 would be worth £46,500."]}
    (copy / "analysis" / "voi" / "voi.json").write_text(json.dumps(said), encoding="utf-8")
    runs.report_again(copy)
    text = words_of_page((copy / "report.html").read_text(encoding="utf-8"))
    assert "analysis/evaluation/evaluation.json: sentences" in text
    body = text.index("1 What was bought", text.index("1 What was bought") + 1)  # not the contents
    anyway = text[text.index("2 What would", body) :]
    assert anyway.index(lines[1]) < anyway.index("3 Victims and children") < anyway.index(lines[0])
    assert "Regression to the mean as an evaluation" not in text
    assert "What an evaluation of the pilot could detect" not in text
    back, annex = text.index("9 Risks", body), text.index("Annex B: Full tables", body)
    assert anyway.index(lines[0]) < anyway.index("9 Risks")
    assert text.index("A study of 160 would be worth £46,500.", body) < back
    assert "What single parameters and studies of several sizes are worth" not in text
    assert text.index(others[-2], body) < back < annex < text.index(others[-1], body)


def test_documents_written_again_say_what_made_the_run_and_what_wrote_them(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder(), tmp_path / "run"))
    runs.report_again(copy)
    again = "Documents written again by source"
    assert again not in (copy / "report.html").read_text(encoding="utf-8")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    now = manifest["versions"]["source"]
    manifest["versions"] |= {"source": "0123456789abcdef", "numpy": "1.2.3"}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    runs.report_again(copy)
    text = words_of_page((copy / "report.html").read_text(encoding="utf-8"))
    record = text[text.rindex("Run record") :].replace(" ", "")
    for line in ("Source of this program 0123456789abcdef", "numpy 1.2.3", f"{again} {now}"):
        assert line.replace(" ", "") in record


def test_a_run_without_its_totals_or_of_another_version_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder(), tmp_path / "run"))
    before = (copy / "report.html").read_bytes()
    (copy / kept.NAME).write_bytes(b"not an archive")
    with pytest.raises(RunError, match="totals of the run cannot be read"):
        runs.report_again(copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    manifest["versions"]["dapp-model"] = "0.0.0"
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputErrors, match="another version"):
        runs.report_again(copy)
    assert (copy / "report.html").read_bytes() == before


# -- other programs -------------------------------------------------------------------------------


@cache
def pdf() -> list[str]:
    """Return the words of each page as LibreOffice lays them out."""
    from pypdf import PdfReader

    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    if shutil.which("fc-match") is None:
        pytest.skip("fc-match is not installed, so nobody knows in which font pages are counted")
    matched = subprocess.run(
        ["fc-match", "-f", "%{family}", "Arial"], capture_output=True, text=True, check=False
    ).stdout
    if not re.search(rf"{FONT}|Arial|Arimo", matched):
        pytest.skip(
            f"no font as wide as Arial is installed ({matched}), so pages cannot be counted"
        )
    place = small_study.space() / "pdf"
    command = [
        program,
        "--headless",
        f"-env:UserInstallation={(small_study.space() / 'office').as_uri()}",
        "--convert-to",
        "pdf",
        "--outdir",
        str(place),
        str(folder() / "report.docx"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if "source file could not be loaded" in done.stderr + done.stdout:
        pytest.skip("LibreOffice is installed without Writer, which reads Word documents")
    assert (place / "report.pdf").is_file(), done.stderr
    return [one.extract_text() for one in PdfReader(place / "report.pdf").pages]


def test_the_decision_is_on_one_page_and_the_report_on_twelve() -> None:
    pages = pdf()
    assert decision()["title"] in " ".join(pages[0].split())
    assert "Rests on inputs of grade D" in pages[0]
    assert "Not assessed:" in pages[0].replace("\n", " "), "the last line of the first page"
    assert "1 What was bought" in pages[1]
    annex = next(i for i, one in enumerate(pages) if re.search(r"^Annex A: ", one, re.MULTILINE))
    contents = pages[1][: pages[1].index("1 What was bought", 200)]
    assert re.search(rf"^A Headings of a decision notice\W*{annex + 1}$", contents, re.MULTILINE)
    for number, _, title in SECTIONS[1:]:
        (place,) = re.findall(rf"^{number} {title}\W*(\d+)$", contents, re.MULTILINE)
        heading = title if number.isdigit() else f"Annex {number}: {title}"
        assert heading in " ".join(pages[int(place) - 1].split()), title
    assert annex <= 12
    assert re.search(r"^10 Monitoring", "\n".join(pages[:annex]), re.MULTILINE)
    for number in range(1, 11):
        assert re.search(rf"^{number} [A-Z]", "\n".join(pages[:annex]), re.MULTILINE)


def test_the_page_prints_its_decision_on_one_page(tmp_path: Path) -> None:
    from pypdf import PdfReader

    if browser.chromium() is None:
        pytest.skip("Chromium is not installed")
    pages = [one.extract_text() for one in PdfReader(browser.printed(folder(), tmp_path)).pages]
    assert "finance officer's comment." in " ".join(pages[0].split())
    assert "1 What was bought" in pages[1]
    assert any("Unit costs as published" in text for text in pages), "what is folded is printed"


def test_the_page_has_no_serious_fault_works_by_keyboard_and_fetches_nothing(
    tmp_path: Path,
) -> None:
    if browser.chromium() is None:
        pytest.skip("Chromium is not installed")
    grounds = set()
    for dark in (False, True):
        found = browser.look(folder() / "report.html", tmp_path, dark=dark)
        bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert bad == []
        assert found["passes"] > 20, "axe-core has looked"
        assert found["fetched"] == []
        assert found["dark"] is dark
        assert found["first_stop"] == "#main"
        assert found["unreached"] == []
        grounds.add(found["background"])
    assert len(grounds) == 2, "light and dark differ"


def test_axe_would_find_a_fault(tmp_path: Path) -> None:
    if browser.chromium() is None:
        pytest.skip("Chromium is not installed")
    faulty = tmp_path / "faulty.html"
    faulty.write_text(
        '<html><head><title>x</title></head><body><a href="#x"><img src="http://nowhere.invalid/x.png"></a></body></html>',
        encoding="utf-8",
    )
    found = browser.look(faulty, tmp_path, dark=False)
    assert any(one["impact"] == "critical" for one in found["violations"])
    assert found["fetched"]


def test_a_chart_that_no_section_asks_for_stands_in_the_annex() -> None:
    text = words_of_page(page())
    assert text.index("Annex B: Full tables") < text.index(
        f": What the programme costs, by funder {DAGGER}."
    )
    body = text[text.index(f": Where people are lost {DAGGER}.") :]
    assert "2 What would have happened anyway" in body
