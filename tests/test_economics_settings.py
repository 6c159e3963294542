"""Is one route of each pair taken, does each setting move the account, and is bad data refused?"""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_money import COUNTY, USUAL, VALUES, FakeInputs, account, in_year

from dapp_model import economics as ec
from dapp_model.distributions import LogNormal, Normal
from dapp_model.economics import evidence, prices, published
from dapp_model.economics.settings import HARM_ROUTES
from dapp_model.errors import InputErrors
from dapp_model.parameters import registry
from dapp_model.scenario import load, shipped

EXTENSION = shipped()["surrey_extension.toml"]
SECTIONS = ("money", "cost")
OF_MONEY = [name for name in registry() if name.split(".")[0] in SECTIONS]

# What each setting is changed to. Those of advice and of grants act outside the account.
CHANGED: dict[str, object] = {
    "money.price_year": "2024/25",
    "money.green_book": "2018",
    "money.harm_route": "victim-years",
    "money.justice_route": "event",
    "money.homicide": "left out",
    "money.cashable_view": "upper",
    "money.harm_discounting": "health",
}
ELSEWHERE = {
    "money.optimism_bias",  # test_decision.py
    "money.hurdle",
    "money.hurdle_shown",
    "money.underspend",  # test_economics_contract.py
    "money.ceiling",
    "money.ceiling_funders",
}
# The route on which a unit cost is used at all.
GIVEN: dict[str, dict[str, object]] = {
    "cost.victim_year": {"money.harm_route": "victim-years"},
    "cost.qaly": {"money.harm_route": "QALYs"},
    "cost.justice_event": {"money.justice_route": "event"},
    "money.green_book": {"money.harm_route": "QALYs"},
}
BUSY = {
    name: [n, *[n // 2 + 7] * 11]
    for name, (n, *_) in {
        **COUNTY,
        **{
            measure: [900]
            for measure in (
                "true.victims",
                "services.idva",
                "services.outreach",
                "children.referrals",
                "children.in_need",
                "children.plans",
                "children.looked_after",
                "police.arrests",
                "police.charges",
                "police.custody_days",
                "police.community_orders",
                "report.attended",
                "recorded.coercive_control",
            )
        },
    }.items()
}


def valued(**values: object) -> ec.Account:
    named = {name.replace("__", ".", 1): value for name, value in values.items()}
    inputs = FakeInputs(values={**VALUES, **named})
    return account(BUSY, inputs)


def same(one: ec.Account, other: ec.Account) -> bool:
    return one.lines == other.lines and np.array_equal(one.discounted_pence, other.discounted_pence)


# ------------------------------------------------------------ every setting


def test_every_setting_is_changed_here_or_elsewhere() -> None:
    settings = {name for name in OF_MONEY if name.startswith("money.")}
    assert set(CHANGED) | ELSEWHERE == settings
    assert not set(CHANGED) & ELSEWHERE


@pytest.mark.parametrize("name", [*CHANGED, *(n for n in OF_MONEY if n.startswith("cost."))])
def test_the_account_feels_each_setting_and_each_unit_cost(name: str) -> None:
    given = {key.replace(".", "__", 1): value for key, value in GIVEN.get(name, {}).items()}
    value = CHANGED.get(name, 1.5)
    assert not same(valued(**given), valued(**{**given, name.replace(".", "__", 1): value}))


def test_a_price_year_may_be_every_year_of_the_deflator_and_no_other() -> None:
    years = [prices.year_label(year) for year in prices.indices()]
    assert list(registry()["money.price_year"].choices or ()) == years
    assert all(prices.deflator_source(year) for year in years)
    with pytest.raises(ValueError, match="No GDP deflator"):
        prices.deflator_source("1999/00")


def test_routes_are_those_that_the_registry_offers() -> None:
    for route in registry()["money.harm_route"].choices or ():
        assert ec.tariff(dataclasses.replace(USUAL, harm_route=route))
    for edition in registry()["money.green_book"].choices or ():
        assert edition in prices.mapping()["qaly"]


@pytest.mark.parametrize(
    ("parameter", "row", "whole"),
    [
        ("conduct", "proxy_stalking_harassment_threats", 1.0),
        ("non_crime", "police_noncrime_incident_bottom_up", 1.0),
        ("outreach_case", "outreach_hours_per_case", 1.0),
        ("dvpn", "dvpo_process_cost", 1.0),
        ("homicide_review", "dhr_direct_cost", 1.0),
    ],
)
def test_an_interval_is_that_of_the_row_it_is_about(parameter: str, row: str, whole: float) -> None:
    found, cost = registry()[f"cost.{parameter}"].distribution, ec.cost_rows()[row]
    assert isinstance(found, LogNormal)
    assert cost.low is not None
    assert cost.high is not None
    assert found.low * cost.value == pytest.approx(cost.low, rel=1e-3)
    assert found.high * cost.value == pytest.approx(cost.high, rel=1e-3)


def test_the_spread_of_official_costs_moves_no_mean() -> None:
    for name in ("harm", "response", "childrens_services", "justice_event", "qaly"):
        found = registry()[f"cost.{name}"].distribution
        assert isinstance(found, Normal)
        assert found.mean == 1.0


def test_unit_costs_are_drawn_by_draw_and_by_nothing_else() -> None:
    from dapp_model.experiment import with_share
    from dapp_model.study import draw_inputs

    inputs = load(EXTENSION)
    first, second = (draw_inputs(inputs, number, 1) for number in (0, 1))
    again = draw_inputs(with_share(inputs, 0.02), 0, 1)
    for name in (n for n in OF_MONEY if n.startswith("cost.")):
        assert first.values[name] != second.values[name]
        assert first.values[name] == again.values[name]
    drawn = ec.settings_of(first.values)
    assert len(drawn.factors) == 15
    # One draw of harm for all crimes; the stand-in for courses of conduct varies beyond it.
    factors = {cost.offence: drawn.factor(cost.uncertain) for cost in ec.tariff(drawn)
               if cost.item == "consequence"}  # fmt: skip
    assert factors["rape"] == factors["damage"] == first.values["cost.harm"]
    both = first.values["cost.harm"] * first.values["cost.conduct"]
    assert factors["stalking"] == factors["coercive_control"] == pytest.approx(both)


# ------------------------------------------------------------ as a scenario is read


def write(folder: Path, rows: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(f'extends = "surrey_extension.toml"\n{rows}\n', encoding="utf-8")
    return path


def test_a_scenario_sets_how_money_is_counted(tmp_path: Path) -> None:
    rows = '[assume.money]\nprice_year = "2024/25"\nharm_route = "QALYs"\nceiling = "£90,000"\n'
    inputs = load(write(tmp_path, rows + "[assume.cost]\nharm = 0.8"))
    how = ec.settings_of(inputs.values)
    assert (how.price_year, how.harm_route) == ("2024/25", "QALYs")
    assert how.factors == (("harm", 0.8),)
    assert inputs.values["money.ceiling"] == 90_000.0
    assert "cost.harm" not in inputs.uncertain


@pytest.mark.parametrize(
    ("row", "found", "expected"),
    [
        ('harm_route = ["true crimes", "victim-years"]', "a list", '"true crimes", "rec'),
        ('harm_route = "true crimes, victim-years"', "true crimes, victim-years", '"QALYs"'),
        ('justice_route = "average and event"', "average and event", "event"),
        ('price_year = "2045/46"', "2045/46", "2030/31"),
        ('price_year = ""', "", "listed choices"),
        ('price_year = "2016"', "2016", "2016/17"),
        ("ceiling_funders = {opcc = 1.5, surrey_police = -0.5}", "1.5", "0"),
        ("ceiling_funders = {opcc = 0.5, surrey_police = 0.4}", "0.9", "sum of 1"),
        ('ceiling = "€90,000"', "€90,000", "pounds"),
        ("hurdle = -1", "-1", "between 0"),
        ('homicide = "sampled deaths"', "sampled deaths", "left out"),
    ],
)
def test_a_wrong_setting_is_one_plain_error(
    row: str, found: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(InputErrors) as caught:
        load(write(tmp_path, f"[assume.money]\n{row}"))
    (problem,) = caught.value.problems
    assert problem.line == 3
    assert found in problem.found
    assert expected in problem.expected
    assert problem.message.endswith((".", "?"))


@pytest.mark.parametrize(
    "shares", ["opcc = 0.5, surrey_police = 0.4", "opcc = 1.2, surrey_police = -0.2"]
)
def test_funders_whose_shares_do_not_make_up_the_cost_are_refused(
    shares: str, tmp_path: Path
) -> None:
    with pytest.raises(InputErrors) as caught:
        load(write(tmp_path, f"[extension]\nfunders = {{{shares}}}"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (3, "extension.funders")
    assert "share" in problem.message or "share" in problem.expected


# ------------------------------------------------------------ the ten traps of double counting


def harm_of(**changes: Any) -> float:
    made = account(BUSY, **changes)
    return made.total(lambda line: line.group == "harm" and line.offence != "homicide")


def charged(**changes: Any) -> set[str]:
    costs = ec.tariff(dataclasses.replace(USUAL, **changes))
    return {cost.measure for cost in costs if any(not part.zero for part in cost.parts)}


def test_trap_1_a_victim_is_not_an_incident() -> None:
    """A year of abuse costs the same however many incidents it holds."""
    few = account(in_year(2018, true__victims=3, true__rape=3), harm_route="victim-years")
    many = account(in_year(2018, true__victims=3, true__rape=300), harm_route="victim-years")
    assert few.total() == many.total() < 0


def test_trap_2_a_spell_of_three_years_is_not_a_year() -> None:
    (year,) = (
        cost
        for cost in ec.tariff(dataclasses.replace(USUAL, harm_route="victim-years"))
        if cost.offence == "year_of_abuse"
    )
    parts = {part.item: part.share * year.value_gbp for part in year.parts}
    assert parts == pytest.approx({"harm": 8_100, "output": 2_415, "health": 1_200})
    assert year.value_gbp == pytest.approx(11_715)


def test_trap_3_police_and_justice_follow_records_and_harm_true_crimes() -> None:
    for cost in ec.tariff(USUAL):
        if cost.offence == "homicide" or cost.group == "services":
            continue
        assert cost.measure.startswith("true." if cost.group == "harm" else "recorded.")
        assert (cost.times > 1.0) <= (cost.basis == "recorded")


def test_trap_4_the_old_average_of_all_agencies_prices_nothing() -> None:
    used = {row for cost in ec.tariff(USUAL) for row in cost.rows}
    assert not {row for row in used if row.startswith("ucd_dv_incident")}
    by_event = dataclasses.replace(USUAL, justice_route="event", harm_route="victim-years")
    used = {row for cost in ec.tariff(by_event) for row in cost.rows}
    assert not {row for row in used if row.startswith("ucd_dv_incident")}


def test_trap_5_the_harm_of_a_crime_is_never_there_beside_its_qalys() -> None:
    by_crime = {c.offence: c for c in ec.tariff(USUAL) if c.item == "consequence"}
    by_qaly = ec.tariff(dataclasses.replace(USUAL, harm_route="QALYs", green_book="2022"))
    for cost in by_qaly:
        if cost.item == "consequence" and cost.offence != "homicide":
            assert not any(part.item == "harm" for part in cost.parts)
        if cost.item == "consequence_harm":
            assert {part.item for part in cost.parts} == {"harm"}
            crime = by_crime[cost.offence]
            share = sum(part.share for part in crime.parts if part.item == "harm")
            # £70,000 of 2020/21 for each QALY that was valued at £70,000 of 2015/16.
            ratio = ec.deflator("2020/21", "2015/16")
            assert cost.value_gbp == pytest.approx(crime.value_gbp * share * ratio)
    assert "child_maltreatment_lifetime" not in ec.cost_rows()
    assert not any("wellby" in row for row in ec.cost_rows())


def test_trap_6_a_year_of_abuse_takes_the_place_of_the_crimes_in_it() -> None:
    found = charged(harm_route="victim-years")
    crimes = {name for name in found if name.startswith("true.")}
    assert crimes == {"true.victims"}
    assert "recorded.rape" in found, "police and justice stay on their own route"
    assert not charged() & {"true.victims"}


def test_trap_7_defensive_spending_is_nowhere() -> None:
    rows = {row for cost in ec.tariff(USUAL) for row in cost.rows}
    assert not {row for row in rows if "anticipation" in row or "defensive" in row}
    assert "anticipation" in prices.mapping()["not_modelled"]


def test_trap_8_a_transfer_is_two_rows_that_cancel() -> None:
    fee = [c for c in ec.tariff(USUAL) if c.item == "dvpn_court_fee"]
    assert sum(cost.value_gbp for cost in fee) == 0
    assert [cost.parts[0].bearer for cost in fee] == ["police", "cps_and_courts"]
    assert "refuge_stay" in prices.mapping()["not_modelled"]


def test_trap_9_one_value_of_homicide_with_the_review_beside_it() -> None:
    costs = [c for c in ec.tariff(USUAL) if c.measure == "expected.homicides"]
    assert [c.item for c in costs] == ["consequence", "response", "homicide_review"]
    assert not any("rr107_homicide" in row for c in costs for row in c.rows)
    without = account(BUSY, homicide="left out")
    assert not any(line.offence == "homicide" for line in without.lines)


@pytest.mark.parametrize(
    ("route", "absent"),
    [
        ("average", {"police.arrests", "police.charges", "police.custody_days"}),
        ("event", {"recorded.rape", "recorded.violence_with_injury", "recorded.non_crime"}),
    ],
)
def test_trap_10_average_response_or_events_but_not_both(route: str, absent: set[str]) -> None:
    found = charged(justice_route=route)
    assert not found & absent
    assert absent <= set(ec.reasoned_zeros(dataclasses.replace(USUAL, justice_route=route)))
    services = [p for c in ec.tariff(USUAL) for p in c.parts if p.item == "victim_services"]
    assert all(part.zero for part in services)


def test_the_low_case_is_the_same_whatever_the_route() -> None:
    usual, years = account(BUSY), account(BUSY, harm_route="victim-years")
    for route in HARM_ROUTES:
        assert usual.harm[route].discounted == years.harm[route].discounted
        assert np.array_equal(usual.harm[route].undiscounted, years.harm[route].undiscounted)
    assert harm_of() < harm_of(harm_route="recorded crimes") < 0


def test_every_route_that_may_be_chosen_stands_beside_the_others() -> None:
    assert registry()["money.harm_route"].choices == HARM_ROUTES


@pytest.mark.parametrize("route", HARM_ROUTES)
@pytest.mark.parametrize("ways", [{}, {"cashable_view": "upper"}, {"homicide": "left out"}])
def test_numbers_by_another_route_are_those_of_a_run_that_takes_it(
    route: str, ways: dict[str, Any]
) -> None:
    """In every run beside its own route, to the penny."""
    for own in HARM_ROUTES:
        beside = ec.summary(
            account(option="pilot", harm_route=own, **ways), account(BUSY, harm_route=own, **ways)
        ).by_harm_route[route]
        taken = ec.summary(
            account(option="pilot", harm_route=route, **ways),
            account(BUSY, harm_route=route, **ways),
        )
        for name, value in beside.items():
            assert value == pytest.approx(getattr(taken, name), abs=0.005), (own, name)
        exact = {name: getattr(taken, name) for name in beside}
        assert taken.by_harm_route[route] == exact, "its own route leaves its numbers as they are"
        low = taken.by_harm_route["recorded crimes"]["net_present_social_value"]
        assert taken.net_present_social_value_low_harm == low


# ------------------------------------------------------------ bad data


COSTS = (files("dapp_model") / "data" / "costs.csv").read_text(encoding="utf-8")
MAPPING = (files("dapp_model") / "data" / "unit_costs.toml").read_text(encoding="utf-8")


def with_row(**changes: str) -> str:
    """Return the costs with some fields of the IDVA case changed."""
    rows = list(csv.reader(COSTS.splitlines()))
    head = rows[0]
    for row in rows:
        if row[0] == "idva_case_cost":
            for name, value in changes.items():
                row[head.index(name)] = value
    out: list[str] = []

    class Lines:
        def write(self, text: str) -> None:
            out.append(text)

    csv.writer(Lines(), lineterminator="\n").writerows(rows)
    return "".join(out)


def test_the_data_of_the_package_are_sound() -> None:
    assert evidence.problems(COSTS, MAPPING) == ()
    ec.check_data()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"price_year": ""}, "no price year"),
        ({"price_year": "1950/51"}, "no price year"),
        ({"unit": "EUR per case"}, "another currency"),
        ({"unit": "$ per case"}, "another currency"),
        ({"value": "many"}, "not a number"),
        ({"value": "-3"}, "below zero"),
        ({"unit": "share of a case", "value": "-0.1"}, "no share"),
        ({"bearer": "crown"}, "no such bearer"),
        ({"status": "heard"}, "no such status"),
        ({"grade": "E"}, "no such grade"),
        ({"status": "recalled", "grade": "A"}, "has the grade D"),
        ({"source": " "}, "no source"),
        ({"low": "600"}, "outside its range"),
    ],
)
def test_a_bad_unit_cost_is_a_plain_error(changes: dict[str, str], message: str) -> None:
    (problem,) = evidence.problems(with_row(**changes), MAPPING)
    assert message in problem.message
    assert problem.file == "costs.csv"
    assert problem.line is not None
    assert COSTS.splitlines()[problem.line - 1].startswith("idva_case_cost")


SWAPS: list[tuple[Callable[[str], str], str]] = [
    (lambda t: t.replace('"services.idva"\n', '"services.ivda"\n', 1), "no such event"),
    (lambda t: t.replace('true = "true.rape"', 'true = "true.raep"'), "no such event"),
    (lambda t: t.replace('"true.none" =', '"true.nobody" ='), "no such event"),
    (lambda t: t.replace('row = "idva_case_cost"', 'row = "idva_cost"'), "no such row"),
    (lambda t: t.replace('bearer = "nhs", share', 'bearer = "hospital", share'), "no such bearer"),
    (lambda t: t.replace('uncertain = ["idva_case"]', 'uncertain = ["idva"]'), "no such parameter"),
    (
        lambda t: t.replace("[zero]\n", '[zero]\n"marac.hearings" = "free"\n'),
        "priced and called worth nothing",
    ),
    (lambda t: t + "\n[", "cannot be read"),
]


@pytest.mark.parametrize(("swap", "message"), SWAPS)
def test_a_bad_map_is_a_plain_error(swap: Callable[[str], str], message: str) -> None:
    found = evidence.problems(COSTS, swap(MAPPING))
    assert any(message in problem.message for problem in found), found


def test_both_routes_of_a_pair_for_one_event_are_an_error() -> None:
    entry = (
        '\n[[service]]\nitem = "arrest"\nmeasure = "police.arrests"\ngroup = "justice"\n'
        'route = "average"\nrow = "ucd_arrest_detained_police"\ncash = "police"\n'
    )
    (problem,) = evidence.problems(COSTS, MAPPING + entry)
    assert "priced twice" in problem.message
    assert problem.found == "average, event"


def test_settings_made_by_hand_are_checked_too() -> None:
    with pytest.raises(ValueError, match="not a financial year"):
        dataclasses.replace(USUAL, price_year="")
    with pytest.raises(ValueError, match="no unit cost called 'harms'"):
        dataclasses.replace(USUAL, factors=(("harms", 1.0),))
    with pytest.raises(ValueError, match="below 0"):
        dataclasses.replace(USUAL, factors=(("harm", -1.0),))
    with pytest.raises(ValueError, match="justice_route"):
        dataclasses.replace(USUAL, justice_route="average, event")


def test_a_weak_row_makes_a_weak_amount() -> None:
    for cost in ec.tariff(USUAL):
        rows = [ec.cost_rows()[row] for row in cost.rows]
        assert cost.grade == max(row.grade for row in rows)
        order = published.STATUSES.index
        assert order(cost.status) == max(order(row.status) for row in rows)
