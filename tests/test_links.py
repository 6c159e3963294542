"""Does every number in prose lead to where it comes from, with the mark of what it rests on?"""

from __future__ import annotations

import json
import re
from functools import cache
from html import unescape
from typing import Any

import docx
import pytest
import small_study
from docx.oxml.ns import qn

from dapp_model import kept
from dapp_model.report import account_words, analyses, figures, links, origins, sections, sources
from dapp_model.report import words as said_as
from dapp_model.report.document import (
    DAGGER,
    Block,
    Bullets,
    Definitions,
    Document,
    Figure,
    Numbers,
    Paragraph,
    Picture,
    Words,
    blocks_of,
    parts,
    plain,
)
from dapp_model.report.grades import Rests
from dapp_model.report.table import Table
from dapp_model.report.totals import Totals

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# Dates, years, names of things and what is fixed in the sentence itself.
NO_FIGURE = re.compile(
    rf"(\d\d? )?({MONTHS})( 20\d\d)?|20\d\d/\d\d|20\d\d (prices|edition)|90% interval"
    r"|section \d+|\b(6|12) months|have 12\b|change by £1,000 or more"
)
# What somebody has written in the scenario, and what a data file says of its sources.
WRITTEN = "s4", "costs", "assumptions", "stress", "cheers"
SECURE = Rests({"A": 3}, 0)


@cache
def decision() -> dict[str, Any]:
    path = small_study.finished().folder / "decision.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def document() -> Document:
    folder = small_study.finished().folder
    totals = Totals(small_study.inputs(), decision(), kept.read(folder))
    return sections.build(totals, figures.draw(totals), analyses.read(folder))


def lines_of(block: Block) -> tuple[Words, ...]:
    match block:
        case Paragraph(words):
            return (words,)
        case Bullets(items):
            return items
        case Definitions(items):
            return tuple(words for _, words in items)
        case Numbers(items):
            return tuple(
                w for one in items for w in (one.value, one.interval, one.error, one.rests_on)
            )
    return ()


def prose(*without: str) -> list[Words]:
    chosen = [one for one in document().sections if one.key not in without]
    return [w for s in chosen for b in blocks_of(s.blocks) for w in lines_of(b)]


def figures_in(lines: list[Words]) -> list[Figure]:
    return [part for line in lines for part in parts(line) if isinstance(part, Figure)]


@cache
def annex() -> Table:
    (found,) = [one for one in document().section("numbers").blocks if isinstance(one, Table)]
    return found


# -- numbers that know where they stand -----------------------------------------------------------


def test_a_number_keeps_its_place_through_arithmetic_and_into_a_sentence() -> None:
    a, b = origins.of(-1234.5, "decision.json:a"), origins.of(2.0, "decision.json:b")
    assert [*origins.pieces(f"worth {said_as.money(-a)} more")] == [
        origins.Piece("worth "),
        origins.Piece("£1,230", ("decision.json:a",)),
        origins.Piece(" more"),
    ]
    (both,) = origins.pieces(account_words.pennies(abs(a) / (100 * b) / 20))
    assert both == origins.Piece("31p", ("decision.json:a", "decision.json:b"))
    for made in (a + 1, 1 + a, a - b, 1 - a, round(a, 1)):
        assert getattr(made, "origin", "").startswith("decision.json:a")
    assert f"{origins.of(1200, 'x:y'):,}" == origins.shown(origins.of(1, "x:y"), "1,200")
    assert origins.bare(said_as.percent(origins.of(0.001, "x:y"))) == "under 1%"


def test_numbers_without_a_place_are_printed_as_ever() -> None:
    for line in decision()["sentences"]:
        assert origins.bare(line) == line
    assert said_as.money(5.0) == "£5"


def test_no_text_of_a_scenario_can_pass_for_a_place() -> None:
    text = f"a {origins.OPEN}x:y{origins.MIDDLE}£1{origins.CLOSE} b"
    found = origins.sourced({"label": text}, "decision.json")
    assert [*origins.pieces(found["label"])] == [origins.Piece("a x:y£1 b")]


# -- every number leads to its row ----------------------------------------------------------------


def test_every_number_in_prose_is_a_link() -> None:
    numbers = figures_in(prose())
    assert len(numbers) > 100
    left = [
        part
        for line in prose(*WRITTEN)
        for part in parts(line)
        if isinstance(part, str)
        and re.search(r"\d", NO_FIGURE.sub("", part))
        and not any(str(one["description"])[1:] in part for one in decision()["options"])
    ]
    assert left == []


def test_links_of_numbers_lead_to_rows_that_quote_them() -> None:
    rows = dict(zip(annex().keys, annex().rows, strict=True))
    found = figures_in(prose())
    assert {one.to for one in found} == set(rows)
    for one in found:
        assert one.text in rows[one.to][0].split("; ")


def at(place: str) -> Any:
    here: Any = decision()
    for quoted, key, number in re.findall(r'"([^"]*)"|(\w+)|\[(\d+)\]', place):
        here = here[int(number)] if number else here[quoted or key]
    return here


SAY = (
    said_as.money,
    said_as.percent,
    said_as.whole,
    said_as.nearest,
    said_as.mean_count,
    account_words.signed,
)


def test_the_place_that_a_row_names_holds_the_number() -> None:
    checked = 0
    for printed, _, where, _ in annex().rows:
        file, _, place = where.partition(": ")
        if file != sources.DECISION or "; " in where or origins.WHICH in where:
            continue
        value = at(place)
        if isinstance(value, list | str):
            continue
        ways = {origins.bare(say(x)) for say in SAY for x in (value, -value, 1 - value)}
        ways |= {said_as.number(x, n) for x in (value, -value, 100 * value) for n in (2, 3)}
        assert set(printed.split("; ")) <= ways, where
        checked += 1
    assert checked > 40


def test_both_documents_have_the_links() -> None:
    folder = small_study.finished().folder
    page = (folder / "report.html").read_text(encoding="utf-8")
    keys = set(annex().keys)
    assert set(re.findall(r'<a class="f" href="#(\w+)">', page)) == keys
    assert set(re.findall(r'<tr id="(\w+)">', page)) == keys
    body = docx.Document(str(folder / "report.docx")).element.body
    marks = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    anchors = [one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))]
    assert keys <= marks
    assert keys <= set(anchors)
    numbers = [one.get(qn("w:id")) for one in body.iter(qn("w:bookmarkStart"))]
    assert len(numbers) == len(set(numbers))


def test_no_sign_of_a_place_is_left_in_a_file_for_people() -> None:
    folder = small_study.finished().folder
    for path in [folder / "report.html", folder / "decision.json", *folder.glob("figures/*.txt")]:
        assert not re.search("[\ue000-\ue0ff]", path.read_text(encoding="utf-8")), path.name
    body = docx.Document(str(folder / "report.docx")).element.body
    assert not re.search("[\ue000-\ue0ff]", "".join(one.text or "" for one in body.iter(qn("w:t"))))


# -- the mark -------------------------------------------------------------------------------------


def test_what_rests_on_weak_evidence_carries_its_mark_wherever_it_is_printed() -> None:
    rows = dict(zip(annex().keys, annex().rows, strict=True))
    for line in prose():
        found = parts(line)
        for i, part in enumerate(found):
            if isinstance(part, Figure):
                weak = rows[part.to][3].endswith(DAGGER)
                opens = found[i + 1 : i + 2] == (" to ",) and isinstance(found[i + 2], Figure)
                assert part.marked == weak or (opens and weak), plain(line)
    assert any(row[3].endswith(DAGGER) for row in rows.values())
    assert any(not row[3].endswith(DAGGER) for row in rows.values()), "draws rest on no evidence"
    page = (small_study.finished().folder / "report.html").read_text(encoding="utf-8")
    marks = re.findall(r'<a class="f" href="#\w+">[^<]*</a><sup>', page)
    assert len(marks) == sum(one.marked for one in figures_in(prose()))


def test_an_error_of_the_simulation_rests_on_how_often_it_was_made() -> None:
    """The number beside it carries the mark, so that a line is not full of them."""
    rows = annex().rows
    errors = [row for row in rows if row[2].endswith(("monte_carlo_error", "standard_error"))]
    assert len(errors) > 3
    assert {row[3] for row in errors} == {sources.HOW}
    line = "".join(plain(one) for one in prose())
    assert f"{DAGGER} (Monte Carlo error " in line
    assert not re.search(rf"(?:± |Monte Carlo error )£?[\d,.]+{DAGGER}", line.replace("\xa0", " "))


def test_tables_and_charts_of_results_carry_it_in_their_headings() -> None:
    every = [b for s in document().sections for b in blocks_of(s.blocks)]
    tables = [one for one in every if isinstance(one, Table)]
    without = {one.title for one in tables if not one.title.endswith(DAGGER)}
    assert without == {
        "The nine protected characteristics",
        "Costs outside the contract",
        "Not in the model, and so not in the account",
        "Unit costs as published, before they are drawn",
        "What the three numbers rest on: inputs by grade",
        "Quality-assurance log: to be signed",
        "What changed since the last pack",
        "Run record",
        "Validation record",
        "Numbers in the text",
    } | {
        one.title for one in tables if one.columns[0] == "Item" or one.title[:12] == "Assumptions "
    }
    assert all(one.marked for one in every if isinstance(one, Picture))


def test_a_terminal_shows_the_mark_as_well() -> None:
    *lines, note = links.first_page(small_study.inputs(), decision())
    assert [line.replace(DAGGER, "") for line in lines] == said_as.first_page(decision())
    assert any(f"£{n}{DAGGER}" in line for line in lines for n in ("659", "660"))
    assert note.startswith(f"{DAGGER} Rests on inputs of grade D")


def test_nothing_is_marked_that_rests_on_good_evidence() -> None:
    evidence = links.Evidence(
        decision(), {one["measure"]: SECURE for one in decision()["three_numbers"]}
    )
    found = origins.sourced(decision(), sources.DECISION)
    linker = links.Linker(evidence)
    line = linker.line(said_as.wrong(found))
    assert figures_in([line])
    assert DAGGER not in plain(line)
    table = linker.table(Table("A table", ("a",), ((said_as.money(found["wrong"]["chance"]),),)))
    assert (table.title, table.rows) == ("A table", (("£0.50",),))
    assert DAGGER not in "".join(cell for row in linker.annex()[-1].rows for cell in row)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("place", "basis"),
    [
        ("decision.json:draws", sources.HOW),
        ("decision.json:guard_rail.margin", sources.CHOSEN),
        ("decision.json:options[1].measures.true_incidents_averted.low", sources.INCIDENTS),
        ("decision.json:options[1].measures.net_public_cost.mean", sources.PUBLIC),
        ("decision.json:baseline.police_bill", sources.PUBLIC),
        ("decision.json:baseline.harm_victim_years", sources.SOCIETY),
        ("decision.json:something.new", sources.SOCIETY),
        ("outcomes.csv:option stop, people who are started", sources.INCIDENTS),
        ("calibration/results/predictive.csv:[0].counted", sources.PUBLISHED),
        ("calibration/results/predictive.csv:[0].predicted", sources.INCIDENTS),
    ],
)
def test_what_a_number_rests_on_follows_from_its_place(place: str, basis: str) -> None:
    assert sources.basis(place) == basis


def test_the_page_shows_marks_to_readers_and_not_only_to_machines() -> None:
    page = unescape((small_study.finished().folder / "report.html").read_text(encoding="utf-8"))
    (found,) = re.findall(r'<p class="lead">(.*?)</p>', page)
    assert re.search(rf">£[\d,]+</a><sup>{DAGGER}</sup>", found)
