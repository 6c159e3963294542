"""Does the pack say what the run found, in every place the same, and in fitting words?"""

from __future__ import annotations

import csv
import html
import json
import re
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import small_study

from dapp_model import __version__, calibration, economics, fitted, kept
from dapp_model.economics import settings_of, tariff
from dapp_model.economics.prices import mapping
from dapp_model.economics.published import cost_rows
from dapp_model.parameters import registry
from dapp_model.report import (
    account_annex,
    account_words,
    bought,
    calibration_annex,
    cost_names,
    figures,
    origins,
    section_first,
    sure_words,
    words,
)
from dapp_model.report import page as tables_of_page
from dapp_model.report.totals import Totals


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
    text = re.sub(r'<a class="f"[^>]*>([^<]*)</a>(<sup>.</sup>)?', r"\1", text)  # a number's link
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_sentence_table_and_chart_name_the_same_option(page: str, decision: dict[str, Any]) -> None:
    label = decision["advice"]["label"]
    assert f"the best option is {words.quoted(label)}" in plain(page)
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
        "best option on present knowledge",
        words.FITTED if fitted.is_there() else "Provisional",
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
    # Two draws are too few for a regression.
    assert names == set(figures.NAMES) - {"tornado", "learning"}
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


def test_the_checks_on_level_are_in_every_run(page: str, decision: dict[str, Any]) -> None:
    first, terminal = plain(page[: page.index("<nav")]), " ".join(words.first_page(decision))
    sure = plain(page[page.index('id="s7"') : page.index('id="s8"')])
    for line in words.rests_on(decision)[:2]:
        assert plain(line) in sure
        assert line in terminal
    for name in ("harm_true_crimes", "police_bill"):
        error = decision["baseline"][f"{name}_monte_carlo_error"]
        assert words.with_pounds(decision["baseline"][name], error) in terminal
    assert "by victim-years" in sure
    assert "police bill" in sure
    assert plain(account_words.low_case(decision)) in first


def test_a_harm_index_without_a_source_is_left_out_and_the_pack_says_so(page: str) -> None:
    section = plain(page[page.index('id="s3"') : page.index('id="s4"')])
    assert "A harm index is left out" in section
    weights = Path(calibration.__file__).parents[1] / "data" / "harm_weights.csv"
    assert "the table was not seen" in weights.read_text(encoding="utf-8")


def test_the_page_says_what_each_funder_gets_for_its_pounds(
    page: str, decision: dict[str, Any]
) -> None:
    text = plain(page)
    found = decision["money"][decision["shown_option"]]
    lines = account_words.funders(decision)
    assert len(lines) == len(found["funders"]) == 3
    for one, line in zip(found["funders"], lines, strict=True):
        assert line in text
        assert (words.money(one["pays"]) if one["pays"] else "pays nothing") in line
        assert account_words.funder_name(one["funder"]) in line
    assert "It bears no costs of its own" in lines[0]
    assert "capacity" in lines[1]
    assert "cash" in lines[1]
    for line in (account_words.for_each_pound(decision), account_words.payback(decision)):
        assert " ".join(line.split()) in text
    total = sum(one["pays"] for one in found["funders"])
    assert total == pytest.approx(found["society"]["pays"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"capacity": -900.0}, "takes up capacity valued at £900"),
        ({"capacity": 900.0}, "releases capacity valued at £900"),
        ({"capacity": 0.0, "cash": 0.0}, "takes up capacity, and brings it no cash"),
        ({"cash": -500.0}, "costs it £500 more in cash"),
        ({"cash": 500.0}, "brings it £500 in cash"),
        ({"cash": 50.0}, "brings it under £100 in cash"),
        ({"pays": 0.0}, "Surrey Police pays nothing. On its own lines"),
        ({"pays": -10.0}, "pays £10 less in present value than otherwise"),
        ({"break_even_share": 0.0}, "break even at no share of the cost, however small"),
        ({"break_even_share": 0.08}, "It would break even at 8% of the cost"),
        ({"break_even_share": 1.2, "payback": "2020/21"}, "by the end of 2020/21"),
    ],
)
def test_words_follow_the_sign_of_what_comes_back(
    change: dict[str, Any], said: str, decision: dict[str, Any]
) -> None:
    found = {**decision["money"][decision["shown_option"]]["funders"][1], **change}
    assert found["own_lines"]
    assert said in account_words._funder(found, decision)
    assert not re.search(r"\bsav(?:e|es|ed|ing)", account_words._funder(found, decision))


def of_options(decision: dict[str, Any], chances: list[float]) -> dict[str, Any]:
    """Return the decision with these chances of being best, the second option advised."""
    advised = decision["options"][1]["name"]
    options = [
        {**one, "may_be_chosen": True, "chance_best": chance, "chance_best_monte_carlo_error": 0.1}
        for one, chance in zip(decision["options"], chances, strict=True)
    ]
    structural = decision["structural"]
    return {
        **decision,
        "options": options,
        "advice": {**decision["advice"], "option": advised},
        "views": [{**one, "option": advised} for one in decision["views"]],
        "by_effect_prior": {**decision["by_effect_prior"], "assessed": False},
        "structural": {**structural, "average": {**structural["average"], "option": advised}},
    }


def test_what_is_most_often_best_is_said_only_where_it_is_so(
    decision: dict[str, Any],
) -> None:
    first, *_ = (words.quoted(one["label"]) for one in decision["options"])
    assert section_first.most_often(of_options(decision, [0.2, 0.5, 0.3])) == ""
    said = section_first.most_often(of_options(decision, [0.5, 0.2, 0.3]))
    told = f"the advice is best in 20% (± 10) of draws, {first} in 50% (± 10) of draws."
    assert told in " ".join(said.split())


def test_which_ways_of_counting_turn_the_advice_is_said_only_beyond_their_error(
    decision: dict[str, Any],
) -> None:
    first, _, third = (words.quoted(one["label"]) for one in decision["options"])
    names = [one["name"] for one in decision["options"]]
    turned = {**decision, "advice": {**decision["advice"], "option": names[1]}}
    turned["by_effect_prior"] = {"assessed": False}
    turned["views"] = [
        {
            **one,
            "option": names[0] if i < 2 or i == 3 else names[2] if i == 2 else names[1],
            "told_apart": i != 3,
        }
        for i, one in enumerate(turned["views"])
    ]
    assert sure_words.turned(turned) == (
        f"Of {len(turned['views'])} other ways of counting and schools of thought, 2 would beyond "
        f"Monte Carlo error turn the advice to {first} and 1 to {third}."
    )
    still = [{**one, "told_apart": False} for one in turned["views"]]
    assert sure_words.turned({**turned, "views": still}) == ""


def test_the_first_page_says_what_its_option_is_and_for_which_month(
    page: str, decision: dict[str, Any]
) -> None:
    first = plain(page[: page.index("<nav")])
    shown = words.option_of(decision, decision["shown_option"])
    assert shown["description"][1:] in first
    assert "For a decision in September 2018." in first
    for jargon in ("posterior", " seed ", "The options:"):
        assert jargon not in first
    if fitted.is_there():
        whole = words.calibrated(decision["posterior"])
        assert decision["posterior"]["hash"] in whole
        assert whole in decision["sentences"]
        assert whole not in plain(page)


def test_what_was_bought_has_places_and_each_funders_spending(decision: dict[str, Any]) -> None:
    done = small_study.finished()
    totals = Totals(small_study.inputs(), done.decision, kept.read(done.folder))
    pilot, *_ = said = [origins.bare(line) for line in bought.capacity(totals)]
    assert re.search(r"The pilot has \d+ group places? at a time, from 1 \w+ 20\d\d to ", pilot)
    assert all(line.endswith(".") for line in said)
    table = bought.spend(totals)
    assert table is not None
    lines = decision["money"][decision["shown_option"]]["contract"]
    for name in ("contract", "extension_contract"):
        own = [row for row in lines if row["contract"] == name]
        left = sum(row["total"] for row in own if row["unspent"])
        label = account_words.CONTRACTS[name]
        (whole,) = (row for row in table.rows if row[0] == f"Sum of the {label}")
        total = own[0]["contract_sum"]
        assert whole[1:] == tuple(words.money(v) for v in (total, total - left, left))
        parts = [row for row in table.rows if row[0].startswith(f"{label[0].upper()}{label[1:]}:")]
        assert len(parts) == 3


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.6, "£1.60"), (1.56, "£1.56"), (0.53, "£0.53"), (4.0, "£4"), (-2.5, "-£2.50"),
     (9.999, "£10"), (12.5, "£12.5"), (340.0, "£340")],
)  # fmt: skip
def test_pounds_with_pence_have_two_decimals(value: float, said: str) -> None:
    assert words.money(value) == said


def test_another_advice_in_the_low_case_is_on_the_first_page(decision: dict[str, Any]) -> None:
    views = [
        {**one, "differs": True, "option": decision["options"][1]["name"]}
        if one["view"] == "low_harm"
        else one
        for one in decision["views"]
    ]
    label = words.quoted(decision["options"][1]["label"])
    assert f"the advice would then be {label}" in account_words.low_case(
        {**decision, "views": views}
    )


def test_views_that_change_the_advice_share_a_sentence(decision: dict[str, Any]) -> None:
    names = [one["name"] for one in decision["options"]]
    views = [
        {"words": "a charge", "option": names[1], "differs": True, "told_apart": True},
        {"words": "a cut", "option": names[0], "differs": True, "told_apart": False},
        {"words": "a rate", "option": names[1], "differs": True, "told_apart": True},
        {"words": "a guess", "option": names[0], "differs": False, "told_apart": False},
    ]
    first, second = (words.quoted(decision["options"][i]["label"]) for i in (1, 0))
    said = f"Counted otherwise, the advice would be {first} with a charge and a rate, or {second}"
    assert words.other_views({**decision, "views": views}) == (
        f"{said} with a cut (not told apart from the advice)."
    )
    assert words.other_views({**decision, "views": views[3:]}) == ""
    each = words.views({**decision, "views": views})
    assert [line.endswith("(not told apart from the advice).") for line in each] == [
        False,
        True,
        False,
    ]


def test_tables_and_chart_of_money_agree(page: str, decision: dict[str, Any]) -> None:
    text = plain(page)
    found = decision["money"][decision["shown_option"]]
    for name in ("community_safety_board", "surrey_police", "opcc"):
        one = next(each for each in found["funders"] if each["funder"] == name)
        assert words.money(one["net"]) in text
    with (small_study.finished().folder / "figures" / "positions.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        rows = list(csv.DictReader(stream))
    last = {row["party"]: float(row["cumulative_gbp"]) for row in rows}
    for one in found["funders"]:
        assert last[one["funder"]] == pytest.approx(one["net"])
    assert last["society"] == pytest.approx(decision["three_numbers"][2]["mean"], abs=0.05)
    assert -last["public"] == pytest.approx(decision["three_numbers"][1]["mean"], abs=0.05)


def test_costs_outside_the_contract_are_rows_that_say_not_assessed(page: str) -> None:
    for cost in ("Participants' time and travel", "The time of those who refer"):
        assert f"{cost} not assessed" in plain(page)


def test_the_county_stands_beside_what_was_counted(page: str) -> None:
    """From the proof of the committed posterior: each figure, and what is not met."""
    rows = fitted.checks("A")
    assert {"strong", "weak"} <= {row["weight"] for row in rows}
    text = plain(page)
    part = text[text.index("How the simulated county compares with what was counted") :]
    renamed = {
        "Victims who carry 80% of recorded harm": (
            "Share of victims who suffer 80% of recorded harm"
        ),
        "Perpetrators who carry 90% of recorded harm": (
            "Share of perpetrators who do 90% of recorded harm"
        ),
        "Repeat share, reading A": "Share of repeats in the same financial year",
        "Repeat share, reading B": "Share of repeats in the 365 days before",
        "Repeat share, reading C": "Share of repeats ever before",
    }
    assert set(renamed) & {row["label"] for row in rows}
    assert "who carry" not in text
    for row in rows:
        label = renamed.get(row["label"], row["label"])
        side = {"both": "", "high": "at most ", "low": "at least "}[row["side"]]
        assert f"{label} {row['weight']} {side}{words.number(row['counted'])}" in part
    far = [row for row in rows if row["weight"] == "strong" and abs(row["distance"]) > 1]
    assert ("Not met within one standard error" in part) == bool(far)
    with (small_study.finished().folder / "figures" / "calibration.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        assert len(list(csv.DictReader(stream))) == len(rows)


def test_public_bodies_are_told_without_a_verb_that_their_number_would_bend() -> None:
    moved = {"cps": {"capacity": -2290.0}, "children": {"cashable": 1290.0}, "nhs": {"cashable": 9}}
    of: Any = SimpleNamespace(bearer=str.upper, by_bearer=lambda _: moved, shown="extend")
    assert [origins.bare(line) for line in account_words.bearers(of)] == [
        "On public bodies' own lines, in cash and capacity together: gains of £1,290 to CHILDREN; "
        "more to bear, £2,290 for CPS."
    ]


def test_the_comparator_is_named_once_and_has_no_differences(decision: dict[str, Any]) -> None:
    for table in (tables_of_page.options(decision), tables_of_page.chances(decision)):
        row = next(row for row in table.rows if row[0].startswith(decision["comparator"]["label"]))
        assert row[1] == "-"
        assert "compared with" not in row


def test_a_bound_that_holds_is_no_figure_that_is_met_or_missed() -> None:
    bound = {"label": "Outreach", "weight": "weak", "side": "high", "counted": 3460.0}
    bound |= {"predicted": 2140.0, "low_90": 1500.0, "high_90": 2900.0, "distance": 0.0}
    bound["tail"] = 0.002
    figure = {**bound, "label": "Incidents", "side": "both", "distance": 1.5}
    wrong = {**bound, "label": "Plans", "side": "low", "distance": 0.4}
    assert calibration_annex.distance(bound) == "bound holds"
    assert calibration_annex.distance(wrong) == "+0.4"
    said = calibration_annex.within([bound, figure, wrong])
    assert said == "0 of 1 within one standard error; 1 of 2 bounds hold"
    first, second = calibration_annex.missed([bound, figure, wrong])
    assert first.startswith("Incidents (counted 3,460, simulated 2,140, 1.5")
    assert second.startswith("Plans (counted at least 3,460")
    of: Any = SimpleNamespace(decision={"posterior": {"reading": "A"}})
    table = calibration_annex.checks(of)
    assert table is not None
    held = [row for row in table.rows if row[5] == "bound holds"]
    assert len(held) == sum(row["side"] != "both" for row in fitted.checks("A")) > 0
    assert {row[6] for row in held} == {"-"}


def test_the_offences_add_up_to_the_benefits(page: str, decision: dict[str, Any]) -> None:
    run = small_study.finished()
    with (run.folder / "account.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["discounted"]]
    shown, other = decision["shown_option"], decision["comparator"]["name"]
    sign = {shown: 1.0, other: -1.0}
    by_offence: dict[str, float] = {}
    for row in rows:
        if row["option"] in sign and row["basis"] != "programme":
            value = sign[row["option"]] * float(row["discounted"])
            by_offence[row["offence"]] = by_offence.get(row["offence"], 0.0) + value
    text = plain(page)
    table = text[text.index("By offence (homicide") :]
    said = f"Abuse that is not a crime {{}} {words.money(by_offence['non_crime'])}"
    assert re.search(said.format(r"\S+ \S+"), table)
    services = words.money(by_offence["not applicable"])
    assert f"Services, whatever the offence {services}" in table
    benefits = words.option_of(decision, shown)["measures"]["social_value"]["mean"]
    assert sum(by_offence.values()) == pytest.approx(benefits, abs=0.05)
    assert f"All benefits to society {words.money(benefits)}" in table


def test_every_unit_cost_stands_in_the_report_with_bearer_source_and_grade(page: str) -> None:
    text = plain(page)
    costs = text[text.index("Unit costs as published") :]
    chosen = economics.settings_of({})
    for cost in economics.tariff(chosen):
        row = cost_rows()[cost.rows[0]]
        assert f"(row {row.id})" in costs
        assert words.money(cost.priced(chosen.price_year)) in costs
    for said in ("GDP deflator", "3.5% a year", "Creative Commons Attribution 4.0"):
        assert said in text
    for reason in mapping()["not_modelled"].values():
        assert plain(reason) in text


def test_what_is_priced_is_named_in_words() -> None:
    """Under every route, with one name for each and none from the data file."""
    counted: dict[str, str] = {}
    money = registry()
    routes = (money[f"money.{name}_route"].choices or () for name in ("harm", "justice"))
    for harm, justice in product(*routes):
        values = {"money.harm_route": harm, "money.justice_route": justice}
        for cost in tariff(economics.settings_of(values).published):
            measure = counted.setdefault(cost.measure, cost_names.measure(cost.measure))
            for text in (cost_names.item(cost), measure):
                assert re.match(r"[A-Z]", text), text
                raw = r"_|\w\.\w|\b(?:dvpns?|Dvpns?|Childrens|true|non crime)\b"
                assert not re.search(raw, text), text
    assert len(set(counted.values())) == len(counted) > 20


def test_the_split_by_group_stands_under_equality(page: str) -> None:
    equality = plain(page[page.index('id="s9"') : page.index('id="s10"')])
    assert "Who gains, by group" in equality
    for name in ("Men who use abuse", "Aged 16 to 24", "Children in the household"):
        assert name in equality
    assert "Race not assessed" in equality


@pytest.mark.parametrize(
    ("value", "text"), [(0.07, "7p"), (0.001, "0.1p"), (-0.2, "-20p"), (0.0, "0p"), (1.25, "£1.25")]
)
def test_what_comes_back_of_a_pound_is_in_pence(value: float, text: str) -> None:
    assert account_words.pennies(value) == text


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


@pytest.mark.parametrize(
    ("value", "whole", "mean"),
    [
        (0.0, "0", "0"),
        (0.3, "under 1", "0.3"),
        (0.5, "under 1", "0.5"),
        (0.01, "under 1", "under 0.1"),
        (-0.01, "0", "over -0.1"),
        (1.6, "2", "1.6"),
        (3.0, "3", "3"),
        (-2.4, "-2", "-2.4"),
        (12.4, "12", "12"),
        (1254.4, "1,250", "1,250"),
    ],
)
def test_people_come_whole_and_means_of_few_have_one_decimal(
    value: float, whole: str, mean: str
) -> None:
    assert words.whole(value) == whole
    assert words.mean_count(value) == mean


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "averts no incident of abuse"),
        (0.4, "averts less than one incident of abuse"),
        (1.2, "averts 1 incident of abuse"),
        (11.6, "averts 12 incidents of abuse"),
        (-0.4, "comes with less than one more incident of abuse"),
        (-7.7, "comes with 8 more incidents of abuse"),
    ],
)
def test_incidents_in_a_sentence_are_whole(value: float, said: str) -> None:
    assert words.incidents(value) == said


def test_an_interval_of_few_has_the_decimals_of_its_mean() -> None:
    assert words.between(-0.2, 1.44, "") == "-0.2 to 1.4"
    assert words.between(-3.3, 12.4, "") == "-3 to 12"
    assert words.between(-3.3, 12.4, "GBP") == "-£3.30 to £12.4"


def test_no_part_of_a_person_is_counted_on_the_page(page: str) -> None:
    text = plain(page[: page.index('id="assumptions"')])
    assert not re.search(r"\d\.\d+ (?:people|incidents|places|starters|partners)", text)
    ends = text[text.index("People by how their time with the programme ended") :]
    assert not re.search(r"\d\.\d", ends[: ends.index("Figure ")])
    said = (small_study.finished().folder / "figures" / "pathway.txt").read_text("utf-8")
    assert not re.search(r"\d\.\d", said)


def test_no_letter_stands_for_what_a_repeat_is(page: str) -> None:
    text = plain(page[: page.index('id="assumptions"')])
    assert not re.search(r"\b[Rr]eadings? [ABC]\b", text)
    assert "counted in the same financial year" in text
    for path in (small_study.finished().folder / "figures").glob("flips.*"):
        if path.suffix in (".svg", ".txt"):
            said = path.read_text("utf-8")
            assert "in the same financial year" in said
            assert not re.search(r"\b[Rr]eadings? [ABC]\b", said)


def test_the_run_record_says_when_the_run_was_finished(page: str) -> None:
    folder = small_study.finished().folder
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert f"Run finished {words.day(manifest['finished'][:10])}" in plain(page)
    assert "finished" not in json.loads((folder / "decision.json").read_text(encoding="utf-8"))


def test_undiscounted_and_discounted_stand_side_by_side(
    page: str, decision: dict[str, Any]
) -> None:
    table = page[page.index("Money by financial year") :]
    table = table[: table.index("</table>")]
    assert "All, not discounted" in table
    assert "All, present value" in table
    assert decision["deflator"]
    assert decision["green_book"] == "2022"


def test_the_upper_share_of_staff_time_stands_beside_each_unit_cost() -> None:
    done = small_study.finished()
    found = Totals(small_study.inputs(), done.decision, kept.read(done.folder))
    table = account_annex.unit_costs(found)
    said = [row for row in table.rows if "of staff time is cash" in row[4]]
    assert len(said) > 10
    costs = tariff(settings_of(found.inputs.values).published)
    for cost, row in zip(costs, table.rows, strict=True):
        upper = [part for part in cost.parts if part.tier == "capacity" and part.cash_upper > 0]
        charged = [part for part in upper if not part.zero]
        assert ("of staff time is cash" in row[4]) == bool(charged), row[0]


def test_what_is_pasted_into_a_notice_stands_by_itself(page: str, decision: dict[str, Any]) -> None:
    """No rule that was not assessed, no pointer into the pack, and the mark is explained."""
    notice = plain(page[page.index('id="notice"') : page.index('id="tables"')])
    assert not decision["learning"]["assessed"]
    assert "A rule for deciding on what monitoring shows" not in notice
    assert "this guard-rail" not in notice
    assert "section 9" not in notice
    assert "\N{DAGGER} Rests on inputs of grade D" in notice
    assert "further needs (substance use, mental health, language and employment)" in notice


def test_the_report_names_no_command_for_the_panel_to_run(page: str) -> None:
    body = plain(page[page.index('id="s1"') : page.index('id="tables"')])
    assert "dapp voi" not in body
    assert "--since" not in plain(page)
    assert "those live whom" not in body


def test_both_checklists_say_where_the_files_are_that_they_point_to(page: str) -> None:
    for start, end in (("stress", "cheers"), ("cheers", "quality")):
        part = plain(page[page.index(f'id="{start}"') : page.index(f'id="{end}"')])
        assert f"is part of the source of dapp_model {__version__}" in part
