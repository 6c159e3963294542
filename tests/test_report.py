"""Does the pack say what the run found, in every place the same, and in fitting words?"""

from __future__ import annotations

import csv
import html
import json
import re
from typing import Any

import pytest
import small_study

from dapp_model.report import words


@pytest.fixture(scope="module")
def page() -> str:
    return (small_study.finished().folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def decision() -> dict[str, Any]:
    text = (small_study.finished().folder / "decision.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def plain(page: str) -> str:
    """Return the page's words without style, pictures and tags."""
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_sentence_table_and_chart_name_the_same_option(page: str, decision: dict[str, Any]) -> None:
    label = decision["advice"]["label"]
    assert f"the best act is {words.quoted(label)}" in plain(page)
    assert set(re.findall(r'<th scope="row">([^<]*) \(advised\)</th>', page)) == {label}
    folder = small_study.finished().folder / "figures"
    with (folder / "options.csv").open(encoding="utf-8", newline="") as stream:
        marked = [row["option"] for row in csv.DictReader(stream) if row["advised"] == "1"]
    comparator = decision["comparator"]["name"]
    assert marked == [n for n in [decision["advice"]["option"]] if n != comparator]
    assert f"Advised: {words.quoted(label)}" in (folder / "options.txt").read_text("utf-8")


def test_the_first_page_has_all_its_parts(page: str, decision: dict[str, Any]) -> None:
    first = plain(page[: page.index("<nav")])
    for part in (
        decision["question"],
        words.advice(decision),
        words.wrong(decision),
        words.expiry(decision),
        "provider's returns have not been read",
        "best act on present knowledge",
        "Calibrated",
        "2% of the county",
    ):
        assert part in first
    order = [first.index(one["label"]) for one in decision["three_numbers"]]
    assert order == sorted(order)
    for one in decision["three_numbers"]:
        assert words.amount(one["mean"], one["unit"]) in first


def test_the_page_stands_alone(page: str) -> None:
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert not re.search(r"@import|url\((?!#)|<script", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_identifiers_on_the_page_are_unique(page: str) -> None:
    found = re.findall(r'\bid="([^"]+)"', page)
    assert len(found) == len(set(found))


def test_nothing_is_said_to_be_saved_and_nothing_is_none(page: str) -> None:
    text = plain(page).casefold()
    assert not re.search(r"\bsav(?:e|es|ed|ing|ings)\b", text)
    assert "not assessed" in text
    assert not re.search(r"\bnan\b|\binf\b|undefined|£-|--£", text)


def test_victims_and_children_come_before_money(page: str) -> None:
    assert page.index('id="s3"') < page.index('id="s5"')
    assert "Incidents with a child present" in page


def test_recalled_figures_are_marked(page: str) -> None:
    assert "\N{DAGGER}" in page
    assert "no page was found that says it" in page


def test_every_chart_has_data_words_and_two_forms() -> None:
    folder = small_study.finished().folder / "figures"
    names = {path.stem for path in folder.iterdir()}
    assert names == {"options", "pathway", "incidents", "funders", "bearers"}
    for name in names:
        forms = {path.suffix for path in folder.glob(f"{name}.*")}
        assert forms == {".svg", ".png", ".csv", ".txt"}
        assert "<dc:date>" not in (folder / f"{name}.svg").read_text("utf-8")


def test_the_page_is_one_that_a_browser_can_read(page: str) -> None:
    from html.parser import HTMLParser

    void = {"meta", "br", "link", "img", "input", "hr"}
    stack: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in void:
                stack.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert stack.pop() == tag

    Reader().feed(page)
    assert not stack


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1254.05, "1,250"),
        (999.6, "1,000"),
        (9.996, "10"),
        (0.012345, "0.0123"),
        (-1450.0, "-1,450"),
        (196189.51, "196,000"),
        (17.1, "17.1"),
    ],
)
def test_numbers_have_three_significant_figures(value: float, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (196189.51, "£196,000"),
        (-641481.0, "-£641,000"),
        (1_254_000.0, "£1.25 million"),
        (999_700.0, "£1 million"),
        (340.4, "£340"),
        (0.0, "£0"),
    ],
)
def test_money_reads_as_people_write_it(value: float, text: str) -> None:
    assert words.money(value) == text


def test_chances_are_never_rounded_to_certainty() -> None:
    assert [words.percent(p) for p in (0.0, 0.002, 0.25, 0.998, 1.0)] == [
        "0%",
        "under 1%",
        "25%",
        "over 99%",
        "100%",
    ]
