"""Does money do what it says: prices, discounting, unit costs, and accounts that add up?"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from fake_money import (
    COUNTY,
    FIRST_YEAR,
    MONTH,
    USUAL,
    VALUES,
    YEARS,
    FakeInputs,
    account,
    in_year,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from dapp_model import economics as ec
from dapp_model.definitions import MEASURES
from dapp_model.economics import prices, published
from dapp_model.economics import unit_costs as uc
from dapp_model.mix import true_mix
from dapp_model.parameters import registry

# ------------------------------------------------------------ prices and discounting


@pytest.mark.parametrize(
    ("year", "kind", "factor"),
    [
        (0, "standard", 1.0),
        (1, "standard", 1 / 1.035),
        (10, "standard", 0.7089),
        (30, "standard", 1.035**-30),
        (31, "standard", 1.035**-30 / 1.03),
        (40, "standard", 0.2651),
        (76, "standard", 1.035**-30 * 1.03**-45 / 1.025),
        (10, "health", 1.015**-10),
        (31, "health", 1.015**-30 / 1.0129),
    ],
)
def test_discount_factors_are_those_of_the_green_book(year: int, kind: str, factor: float) -> None:
    assert ec.discount_factor(year, kind) == pytest.approx(factor, abs=5e-5)


def test_present_value_of_an_annuity() -> None:
    assert round(ec.present_value([100_000, 100_000]), 2) == 196_618.36
    later = ec.present_value([100_000], first_year=1)
    assert later == pytest.approx(100_000 / 1.035)


def test_discounting_refuses_the_past_and_unknown_schedules() -> None:
    with pytest.raises(ValueError, match="before year 0"):
        ec.discount_factor(-1)
    with pytest.raises(ValueError, match="no discount schedule"):
        ec.discount_factor(1, "fancy")


@pytest.mark.parametrize(
    ("from_year", "to_year", "factor"),
    [
        ("2016/17", "2024/25", 1.3143),
        ("2019/20", "2016/17", 0.9407),
        ("2008/09", "2016/17", 1.1378),
        ("2016/17", "2016/17", 1.0),
    ],
)
def test_deflator_chains(from_year: str, to_year: str, factor: float) -> None:
    assert ec.deflator(from_year, to_year) == pytest.approx(factor, abs=5e-5)
    back = ec.deflator(from_year, to_year) * ec.deflator(to_year, from_year)
    assert back == pytest.approx(1.0)


@pytest.mark.parametrize("label", ["2016/18", "2016", "16/17", "1950/51"])
def test_a_price_year_is_a_financial_year_of_the_index(label: str) -> None:
    with pytest.raises(ValueError, match=r"financial year|No GDP deflator"):
        ec.deflator(label, "2016/17")


def test_years_turn_on_the_first_of_april() -> None:
    assert prices.financial_year(dt.date(2017, 3, 31)) == 2016
    assert prices.financial_year(dt.date(2017, 4, 1)) == 2017
    assert prices.year_label(1999) == "1999/00"
    assert prices.year_number("1999/00") == 1999


def test_a_published_programme_is_reproduced_by_its_parts() -> None:
    # Washington State Institute for Public Policy, programme 86: taxpayers, participants, others
    # and indirect, then the cost.
    parts = {"taxpayers": -2_074, "participants": 0, "others": -4_164, "indirect": -1_762}
    benefits, net, ratio = ec.benefit_cost(parts, 1_434)
    assert (benefits, net) == (-8_000, -9_434)
    assert abs(net - -9_433) <= 1  # as printed, from parts with pence
    assert ratio == pytest.approx(-5.58, abs=0.005)
    assert math.isnan(ec.benefit_cost(parts, 0.0)[2])


# ------------------------------------------------------------ the data files


def test_every_row_has_source_status_grade_and_a_use() -> None:
    text = str({k: v for k, v in prices.mapping().items() if k != "conventions"})
    for row in ec.cost_rows().values():
        assert row.source, row.id
        assert row.unit, row.id
        assert row.status in published.STATUSES, row.id
        assert row.grade in "ABCD", row.id
        assert f"'{row.id}'" in text, f"{row.id} prices nothing"
        if row.low is not None and row.high is not None:
            assert row.low <= row.value <= row.high, row.id
        if row.unit.startswith("GBP"):
            assert ec.deflator(row.price_year, "2016/17") > 0
    for bands in prices.mapping()["discounting"].values():
        assert all(band["source"] and band["status"] and band["grade"] for band in bands)


def test_a_judgement_is_never_presented_as_found() -> None:
    for row in ec.cost_rows().values():
        if row.source.startswith("Analyst"):
            assert (row.status, row.grade) == ("recalled", "D"), row.id


def test_an_earlier_average_adds_up_from_its_parts() -> None:
    checks = prices.mapping()["checks"]
    parts = [published.figure(row) for row in checks["incident_parts"]]
    assert parts == [1_171, 581, 415, 193, 110]
    assert sum(parts) == published.figure(checks["incident_total"]) == 2_470


@pytest.mark.parametrize("justice_route", ["average", "event"])
@pytest.mark.parametrize("harm_route", registry()["money.harm_route"].choices or ())
def test_every_measure_has_a_unit_cost_or_a_reasoned_zero(
    justice_route: str, harm_route: str
) -> None:
    how = dataclasses.replace(USUAL, justice_route=justice_route, harm_route=harm_route)
    costed = {cost.measure for cost in ec.tariff(how)} - {"expected.homicides"}
    zeros = dict(ec.reasoned_zeros(how))
    if (justice_route, harm_route) == ("event", "recorded crimes"):
        # Records carry harm here, if no justice.
        zeros = {m: why for m, why in zeros.items() if m not in costed}
    assert not costed & set(zeros)
    assert costed <= set(MEASURES) <= costed | set(zeros)
    assert all(reason.strip() for reason in zeros.values())


def test_unknown_bearer_is_an_error() -> None:
    assert ec.bearer_of("pcc") == "opcc"
    with pytest.raises(ValueError, match="Unknown bearer 'crown'"):
        ec.bearer_of("crown")
    with pytest.raises(ValueError, match="total over several bearers"):
        ec.bearer_of("multiple")
    cost = ec.tariff(USUAL)[0]
    with pytest.raises(ValueError, match="add up"):
        uc.cumulative_shares(dataclasses.replace(cost, parts=cost.parts[:1]))


def test_every_bearer_name_in_the_evidence_is_mapped_or_refused() -> None:
    table = prices.mapping()
    for row in ec.cost_rows().values():
        assert (row.bearer in table["bearer_map"]) != (row.bearer in table["bearer_unmapped"])
    bearers = {part.bearer for cost in ec.tariff(USUAL) for part in cost.parts}
    assert bearers <= set(table["bearers"])
    assert "community_safety_board" not in table["bearers"]


def test_routes_that_exclude_each_other_cannot_both_be_asked_for() -> None:
    with pytest.raises(ValueError, match="harm_route"):
        dataclasses.replace(USUAL, harm_route="true crimes and victim-years")
    average = {c.measure for c in ec.tariff(USUAL) if c.group == "justice"}
    by_event = dataclasses.replace(USUAL, justice_route="event")
    events = {c.measure for c in ec.tariff(by_event) if c.group == "justice"}
    assert average & events == {"expected.homicides"}


# ------------------------------------------------------------ unit costs


def per_crime(offence: str) -> dict[str, float]:
    """Cost per actual crime by item, 2016/17 prices, multiplier and zeros left aside."""
    found: dict[str, float] = {}
    for cost in ec.tariff(USUAL):
        if cost.offence == offence and cost.item in ("consequence", "response"):
            each = cost.value_gbp * ec.deflator(cost.price_year, "2016/17")
            for part in cost.parts:
                name = "courts" if part.item == "legal_aid" else part.item
                found[name] = found.get(name, 0.0) + each * part.share
    return found


ITEMS = [
    "harm",
    "output",
    "health",
    "victim_services",
    "police",
    "courts",
    "prison",
    "probation",
    "other_justice",
]


@pytest.mark.parametrize(
    ("offence", "total", "parts"),
    [
        ("violence_with_injury", 14_524, (9_209, 2_302, 1_028, 56, 806, 438, 263, 116, 306)),
        ("violence_without_injury", 6_603, (3_842, 916, 369, 27, 656, 361, 70, 89, 272)),
        ("rape", 44_390, (24_780, None, None, None, 3_918, 1_821, 1_848, 133, 831)),
        ("other_sexual", 6_030, (None, None, None, None, 345, 160, 163, None, None)),
        ("damage", 1_571, (1_345, None, None, None, 135, 27, 10, None, None)),
        ("stalking", 6_603, (3_842, 916, 369, 27, 656, 361, 70, 89, 272)),
        ("coercive_control", 6_603, (3_842, 916, 369, 27, 656, 361, 70, 89, 272)),
        (
            "homicide",
            3_083_485,
            (2_204_150, 269_598, None, None, 61_412, 33_347, 471_441, None, None),
        ),
    ],
)
def test_cost_of_an_actual_crime(offence: str, total: int, parts: tuple[int | None, ...]) -> None:
    found = per_crime(offence)
    for item, expected in zip(ITEMS, parts, strict=True):
        if expected is not None:
            assert found[item] == pytest.approx(expected, rel=2e-4, abs=0.6), item
    assert sum(found.values()) == pytest.approx(total, rel=1e-4, abs=0.6)


def test_rape_and_other_sexual_consequences() -> None:
    rape, other = per_crime("rape"), per_crime("other_sexual")
    rest = [rape[item] for item in ("output", "health", "victim_services")]
    assert sum(rest) == pytest.approx(11_060, abs=5)
    assert [round(100 * part / sum(rest)) for part in rest] == [78, 15, 7]
    assert sum(other[item] for item in ITEMS[:4]) == pytest.approx(5_277, abs=1)
    assert other["probation"] + other["other_justice"] == pytest.approx(85, abs=1)


@pytest.mark.parametrize(
    ("measure", "gbp"),
    [
        ("recorded.violence_with_injury", 1_322),
        ("recorded.violence_without_injury", 643),
        ("recorded.non_crime", 208),
        ("recorded.public_order", 208),
    ],
)
def test_police_cost_of_a_record(measure: str, gbp: int) -> None:
    made = account({measure: [1000] + [0] * (YEARS - 1)})
    charged = np.flatnonzero(made.undiscounted_pence.sum(axis=1))
    police = [i for i in charged if made.lines[i].bearer == "police"]
    assert made.undiscounted_pence[police].sum() / -100_000 == pytest.approx(gbp, abs=0.6)
    assert all(made.lines[i].tier == "capacity" for i in police)


@pytest.mark.parametrize(
    ("measure", "gbp"),
    [
        ("marac.hearings", 135),
        ("services.idva", 540),
        ("children.in_need", 1_611),
        ("children.looked_after", 57_000 + 31_200),
        ("police.dvpns", 1_000),
    ],
)
def test_cost_of_an_event(measure: str, gbp: float) -> None:
    made = account({measure: [1000] + [0] * (YEARS - 1)})
    assert made.undiscounted_pence.sum() / -100_000 == pytest.approx(gbp, rel=2e-3)


def test_a_child_with_a_plan_is_not_charged_as_in_need_as_well() -> None:
    """The model counts it as in need too: the plan's six months replace those in need."""
    n = [1000] + [0] * (YEARS - 1)
    made = account({"children.in_need": n, "children.plans": n})
    assert made.undiscounted_pence.sum() / -100_000 == pytest.approx(1.5 * 2_121 + 581, rel=2e-3)


def test_the_court_fee_is_a_transfer() -> None:
    made = account(in_year(2014, police__dvpns=7))
    fee = [
        (line.bearer, int(pence[0]))
        for line, pence in zip(made.lines, made.undiscounted_pence, strict=True)
        if line.item == "dvpn_court_fee"
    ]
    assert fee == [("police", -7 * 20_500), ("cps_and_courts", 7 * 20_500)]


def test_victim_services_in_the_crime_cost_are_an_explicit_zero() -> None:
    zeros = [p for c in ec.tariff(USUAL) for p in c.parts if p.item == "victim_services"]
    assert zeros
    assert all(part.zero for part in zeros)
    assert not any(line.item == "victim_services" for line in account().lines)


def test_more_reporting_costs_agencies_and_harms_nobody() -> None:
    more = account(in_year(2018, recorded__violence_with_injury=10, recorded__incidents=10))
    change = ec.incremental(more, account())
    assert change.total(lambda line: line.group == "harm") == 0
    assert change.total(lambda line: line.group == "justice") < 0


@pytest.mark.parametrize("offence", ["coercive_control", "stalking"])
def test_a_course_of_conduct_is_priced_once_a_year_and_not_by_incident(offence: str) -> None:
    assert account(in_year(2018, **{f"true__{offence}": 9})).total() == account().total()
    first = account(in_year(2018, **{f"true__{offence}_first": 1}))
    like = account(in_year(2018, true__violence_without_injury=1))
    assert first.total() == like.total() < 0
    record = account(in_year(2018, **{f"recorded__{offence}": 1}))
    assert record.total(lambda line: line.group == "harm") == 0
    assert record.total(lambda line: line.group == "justice") < 0


# ------------------------------------------------------------ homicide


def test_homicide_is_an_expected_value_and_never_a_sampled_death() -> None:
    deaths = account(in_year(2018, true__homicide=3, recorded__homicide=3))
    assert deaths.total() == 0
    made = account(in_year(2018, true__incidents=1000, true__high_harm=100))
    ordinary, high = true_mix(FakeInputs())[:, 8]  # type: ignore[arg-type]
    assert made.homicides.sum() == pytest.approx(900 * ordinary + 100 * high)
    # Over both kinds of case the rate is the stated one per recorded incident; injury, rape and
    # other sexual offences (9.2% of incidents) are reported at three times the odds.
    severe = 3 * 0.08 / (0.92 + 3 * 0.08)
    recorded = 0.9 * (0.908 * 0.08 + 0.092 * severe)
    assert 0.97 * ordinary + 0.03 * high == pytest.approx(0.16 / 1000 * recorded)
    assert high > ordinary
    paid = -made.undiscounted_pence.sum() / 100 / made.homicides.sum()
    assert paid == pytest.approx(3_083_485 - 5_800 + 12_070, rel=1e-3)


def test_results_with_and_without_homicide() -> None:
    fewer, more = account(), account(in_year(2018, true__incidents=5000))
    found = ec.summary(fewer, more)
    assert found.homicides_averted > 0
    assert found.net_present_social_value > 0
    assert found.net_present_social_value_without_homicide == pytest.approx(0.0, abs=0.01)
    assert found.net_public_cost < 0
    assert found.net_public_cost_without_homicide == pytest.approx(0.0, abs=0.01)


# ------------------------------------------------------------ the programme's own cost


def nominal(inputs: FakeInputs, option: str) -> dict[tuple[str, str], list[int]]:
    cash = ec.contract_cash(inputs, option, FIRST_YEAR, YEARS)  # type: ignore[arg-type]
    return {(one.item, one.funder): one.nominal_pence.tolist() for one in cash}


def test_the_contract_is_cash_by_date_and_funder() -> None:
    found = nominal(FakeInputs(), "pilot")
    assert [sum(pence) for pence in found.values()] == [10_000_000, 5_000_000, 5_000_000]
    by_year = np.sum(list(found.values()), axis=0)
    days = [90, 365, 275]  # 1 January 2017 to 31 December 2018
    assert by_year[2:5] / by_year.sum() == pytest.approx(np.array(days) / 730, abs=1e-6)
    assert by_year.sum() == by_year[2:5].sum() == 20_000_000
    assert not nominal(FakeInputs(), "none")


def test_the_contract_is_deflated_before_it_is_discounted() -> None:
    change = ec.incremental(account(option="pilot"), account())
    frame = change.to_frame()
    rows = frame[frame["basis"] == "programme"]
    by_year = rows.groupby("financial_year")[["undiscounted", "discounted"]].sum()
    nominal_gbp = np.sum(list(nominal(FakeInputs(), "pilot").values()), axis=0) / 100
    for i, label in enumerate(change.years):
        real = nominal_gbp[i] * ec.deflator(label, "2016/17")
        assert by_year.loc[label, "undiscounted"] == pytest.approx(-real, abs=0.006)
        factor = ec.discount_factor(max(0, i - 2))
        assert by_year.loc[label, "discounted"] == pytest.approx(-real * factor, abs=0.03)
    assert set(rows["bearer"]) == {"not applicable"}
    assert set(rows["tier"]) == {"cashable"}
    assert by_year["discounted"].sum() == pytest.approx(-188_000, abs=500)


def test_an_extension_a_gap_and_an_evaluation() -> None:
    later = {
        "extension.length": 12 * MONTH,
        "extension.gap": 6 * MONTH,
        "extension.annual_budget": 150_000.0,
        "extension.funders": (("surrey_police", 0.333333), ("opcc", 0.666667)),
        "extension.evaluation_cost": 30_000.0,
    }
    inputs = FakeInputs("extension", {"pause": later, "stop": {}})
    found = nominal(inputs, "pause")
    extension = {f: p for (item, f), p in found.items() if item == "extension_contract"}
    assert [sum(pence) for pence in extension.values()] == [4_999_995, 10_000_005]
    assert all(pence[5] and pence[6] and not any(pence[:5]) for pence in extension.values())
    evaluation = np.sum([p for (item, _), p in found.items() if item == "evaluation"], axis=0)
    assert evaluation.sum() == 3_000_000  # January to June 2019: two financial years
    assert evaluation[4] / evaluation.sum() == pytest.approx(90 / 181, abs=1e-6)
    change = ec.incremental(account({}, inputs, "pause"), account({}, inputs, "stop"))
    assert change.year_0 == 2018
    assert {
        line.item for i, line in enumerate(change.lines) if change.discounted_pence[i].any()
    } == {
        "evaluation",
        *(f"extension_{name}" for name in ("management", "assessment", "group_places")),
        *(f"extension_{name}" for name in ("partner_support", "unspent")),
    }
    paid = ec.summary(account({}, inputs, "pause"), account({}, inputs, "stop"))
    assert paid.programme_cost_by_funder["community_safety_board"]["2016/17"] == 0


def test_money_scales_with_the_population_share() -> None:
    tenth = FakeInputs(population_share=0.1)
    found = nominal(tenth, "pilot")
    assert sum(map(sum, found.values())) == 2_000_000


def test_cash_outside_the_years_is_refused() -> None:
    with pytest.raises(ValueError, match="Contract cash falls in 2016/17"):
        ec.contract_cash(FakeInputs(), "pilot", 2017, 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not to 1"):
        prices.split_pence(100, [0.5, 0.4])


def test_what_comes_before_the_decision_is_sunk() -> None:
    inputs = FakeInputs("extension")
    made = account(in_year(2016, true__rape=1), inputs, "pilot")
    before = made.year_0 - made.first_year
    assert made.year_0 == 2018
    assert not made.discounted_pence[:, :before].any()
    assert made.undiscounted_pence[:, :before].any()


# ------------------------------------------------------------ accounts


def test_no_difference_in_counts_is_worth_exactly_minus_the_cost() -> None:
    pilot, none = account(COUNTY, option="pilot"), account(COUNTY)
    found = ec.summary(pilot, none)
    assert found.social_value == found.fiscal_value == found.cashable_value == 0
    assert found.net_present_social_value == -found.programme_cost < -187_000
    assert found.net_public_cost == found.programme_cost
    assert found.net_present_social_value_low_harm == found.net_present_social_value
    assert found.net_present_social_value_optimism == pytest.approx(-found.programme_cost)
    assert found.cost_per_averted_true_incident is None
    assert ec.payback_year(ec.incremental(pilot, none)) is None


def test_summary_signs_and_ratios() -> None:
    comparator = account(
        in_year(
            2018,
            true__incidents=200,
            true__violence_with_injury=60,
            recorded__incidents=20,
            recorded__violence_with_injury=8,
        )
    )
    found = ec.summary(account(option="pilot"), comparator)
    assert found.true_incidents_averted == 200
    assert found.recorded_incidents_averted == 20
    assert found.social_value > found.fiscal_value > found.cashable_value > 0
    assert found.net_present_social_value == pytest.approx(
        found.social_value - found.programme_cost
    )
    assert found.net_public_cost == pytest.approx(found.programme_cost - found.fiscal_value)
    assert found.cost_per_averted_true_incident == pytest.approx(found.net_public_cost / 200)
    assert found.cost_per_averted_recorded_incident == pytest.approx(found.net_public_cost / 20)
    assert found.benefit_cost_ratio == pytest.approx(found.social_value / found.programme_cost)
    assert found.net_present_social_value_low_harm < found.net_present_social_value
    assert found.net_present_social_value_optimism < found.net_present_social_value
    assert found.net_present_social_value_tax_uplift < found.net_present_social_value
    assert found.price_year == found.year_0 == "2016/17"


def test_optimism_bias_moves_the_mean_and_chance_does_not() -> None:
    """Noise around the same benefit changes no cut, and none exceeds the largest of a grade."""
    pilot = account(option="pilot")

    def against(n: int, plans: int) -> ec.Summary:
        counts = in_year(2018, true__violence_with_injury=50 + n, children__plans=50 + plans)
        return ec.summary(
            account(in_year(2018, children__plans=50), option="pilot"), account(counts)
        )

    calm, stormy = ([[against(n, n)] for n in noise] for noise in ((0, 0), (-200, 200)))
    means = []
    for found in (calm, stormy):
        cut = np.mean(ec.with_optimism_bias(found))
        whole = np.mean([one.net_present_social_value for row in found for one in row])
        benefit = np.mean([one.social_value for row in found for one in row])
        means.append(cut)
        assert 0 < whole - cut <= 0.40 * benefit + 0.01
    assert means[0] == pytest.approx(means[1], abs=1.0)
    assert ec.with_optimism_bias([[ec.summary(pilot, account())]])[0][0] == pytest.approx(
        -ec.summary(pilot, account()).programme_cost
    )


def test_pooled_ratios_are_ratios_of_expectations() -> None:
    pilot = account(option="pilot")
    few = ec.summary(pilot, account(in_year(2018, true__incidents=10)))
    many = ec.summary(pilot, account(in_year(2018, true__incidents=190)))
    both = ec.pool([few, many])
    assert both.true_incidents_averted == 100
    assert both.cost_per_averted_true_incident == pytest.approx(both.net_public_cost / 100)
    mean = (few.net_public_cost + many.net_public_cost) / 2
    assert both.net_public_cost == pytest.approx(mean)
    assert both.programme_cost_by_funder == few.programme_cost_by_funder
    with pytest.raises(ValueError, match="differ in option"):
        ec.pool([few, ec.summary(account(), pilot)])


def test_accounts_that_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="differ in year_0"):
        ec.incremental(account(), account(inputs=FakeInputs("extension")))
    with pytest.raises(ValueError, match="differ in price_year"):
        ec.incremental(account(), account(price_year="2024/25"))


def test_price_year_health_discounting_and_multiples() -> None:
    counts = in_year(2018, true__rape=4)
    usual = account(counts).total()
    assert account(counts, price_year="2024/25").total() / usual == pytest.approx(1.3143, abs=1e-4)
    harm = account(counts).total(lambda line: line.item == "harm")
    shown = ec.summary(account(), account(counts))
    asked = ec.summary(
        account(harm_discounting="health"), account(counts, harm_discounting="health")
    )
    view = shown.net_present_social_value_health_discounting
    assert view == pytest.approx(asked.net_present_social_value, abs=0.02)
    assert asked.net_present_social_value_health_discounting == pytest.approx(view, abs=0.02)
    lower = account(counts, harm_discounting="health").total(lambda line: line.item == "harm")
    assert lower / harm == pytest.approx((1.035 / 1.015) ** 2)
    twice = account(counts, factors=(("harm", 2.0),))
    assert twice.total() == pytest.approx(2 * usual, abs=0.1)
    assert account(counts, factors=(("response", 2.0),)).total() == usual
    named = ec.settings_of({"cost.harm": 0.5, "money.justice_route": "event"})
    assert (named.factors, named.justice_route) == ((("harm", 0.5),), "event")


def test_staff_time_is_cash_only_in_the_upper_view() -> None:
    counts = in_year(2018, recorded__violence_with_injury=100, children__looked_after=5)
    headline, upper = account(counts), account(counts, cashable_view="upper")

    def cash(made: ec.Account, bearer: str) -> float:
        total = made.total(lambda line: line.bearer == bearer)
        return made.total(lambda line: line.bearer == bearer and line.tier == "cashable") / total

    assert cash(headline, "police") == 0
    assert cash(upper, "police") == pytest.approx(0.10)
    assert cash(headline, "legal_aid") == pytest.approx(0.80)
    assert 0.7 < cash(headline, "council_children") < 0.85
    assert headline.total() == pytest.approx(upper.total(), abs=0.2)


def test_the_upper_view_of_cash_stands_beside_the_headline() -> None:
    counts = in_year(2018, recorded__violence_with_injury=100, children__looked_after=5)
    nothing = in_year(2018)
    headline, upper = (
        ec.summary(
            account(nothing, option="pilot", cashable_view=view),
            account(counts, cashable_view=view),
        )
        for view in ("headline", "upper")
    )
    assert headline.cashable_value < headline.cashable_value_upper < headline.fiscal_value
    assert headline.cashable_value_upper == pytest.approx(upper.cashable_value, abs=0.5)
    assert upper.cashable_value_upper == pytest.approx(upper.cashable_value, abs=0.5)


def test_the_upper_view_of_cash_is_the_same_number_every_time() -> None:
    counts = in_year(2018, recorded__violence_with_injury=100, children__looked_after=5)
    nothing, something = account(in_year(2018), option="pilot"), account(counts)
    rng = np.random.default_rng(4)
    for _ in range(20):  # a matrix product gives another last digit in some of them
        pence = rng.integers(0, 10**9, something.discounted_pence.shape)
        other = dataclasses.replace(something, discounted_pence=pence)
        change = ec.incremental(nothing, other)
        own = zip(change.lines, change.discounted_pence.sum(axis=1), strict=True)
        parts = [line.cash_upper * int(sum_) for line, sum_ in own if line.group != "programme"]
        assert ec.summary(nothing, other).cashable_value_upper == math.fsum(parts) / 100


def test_the_level_of_the_baseline_county() -> None:
    found = ec.summary(account(COUNTY, option="pilot"), account(COUNTY)).baseline
    assert found.financial_year == "2014/15"
    assert found.police_bill_low == 7e6 < found.police_bill < 15e6 == found.police_bill_high
    assert found.police_bill_in_range
    assert found.harm_recorded_crimes == pytest.approx(40e6, rel=0.6)
    assert found.harm_true_crimes == pytest.approx(400e6, rel=0.25)
    assert found.harm_victim_years == pytest.approx(490e6, rel=0.05)
    assert found.homicides_per_1000_recorded == pytest.approx(0.16, rel=0.2)
    charged = sum(
        COUNTY[f"true.{name}"][0] * per_crime(name)["police"]
        for name in ("violence_with_injury", "violence_without_injury", "rape", "other_sexual")
    )
    assert charged > found.police_bill_high  # response costs on true crimes: the error avoided


def test_the_checks_on_level_do_not_move_with_the_draw_of_unit_costs() -> None:
    drawn = account(COUNTY, factors=(("harm", 2.0), ("response", 2.0)))
    asked = ec.summary(drawn, drawn, level=account(COUNTY)).baseline
    assert asked == ec.summary(account(COUNTY), account(COUNTY)).baseline
    assert ec.summary(drawn, drawn).baseline.harm_true_crimes > 1.5 * asked.harm_true_crimes


def test_a_tenth_of_the_county_is_scaled_up_for_the_check() -> None:
    tenth = {name: [n // 10 for n in counts] for name, counts in COUNTY.items()}
    small = account(tenth, FakeInputs(population_share=0.1))
    whole = account(COUNTY)
    assert ec.summary(small, small).baseline.police_bill == pytest.approx(
        ec.summary(whole, whole).baseline.police_bill, rel=0.01
    )


def test_where_nothing_is_recorded_the_share_of_homicides_is_not_assessed() -> None:
    """None, not a number that is none: decision.json cannot hold such a one."""
    nobody = {name: [0 for _ in counts] for name, counts in COUNTY.items()}
    empty = ec.summary(account(nobody), account(nobody))
    assert empty.baseline.homicides_per_1000_recorded is None
    some = ec.summary(account(COUNTY), account(COUNTY))
    assert ec.pool([empty, some]).baseline.homicides_per_1000_recorded is None
    assert ec.pool([some, some]).baseline == some.baseline


COUNTS = st.dictionaries(
    st.sampled_from(MEASURES),
    st.lists(st.integers(0, 50_000), min_size=YEARS, max_size=YEARS),
    max_size=12,
)
WAYS: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    harm_route=st.sampled_from(["true crimes", "recorded crimes"]),
    justice_route=st.sampled_from(["average", "event"]),
    cashable_view=st.sampled_from(["headline", "upper"]),
)


@given(counts=COUNTS, other=COUNTS, ways=WAYS)
@settings(max_examples=60, deadline=None)
def test_every_breakdown_adds_up_to_the_penny(
    counts: Any, other: Any, ways: dict[str, Any]
) -> None:
    pilot = account(counts, option="pilot", **ways)
    change = ec.incremental(pilot, account(other, **ways))
    for made in (pilot, change):
        assert len(set(made.lines)) == len(made.lines)
        frame = made.to_frame()
        for column in ("undiscounted", "discounted"):
            pence = getattr(made, f"{column}_pence")
            whole = int(pence.sum())
            assert np.rint(frame[column] * 100).astype(np.int64).sum() == whole
            for by in ("bearer", "funder", "tier", "basis", "offence", "item", "financial_year"):
                parts = frame.groupby(by)[column].sum()
                assert int(np.rint(parts * 100).sum()) == whole, by
        assert set(frame["tier"]) <= set(uc.TIERS)
        assert (
            (frame["bearer"] == "not applicable") != (frame["funder"] == "not applicable")
        ).all()


@given(counts=COUNTS, ways=WAYS)
@settings(max_examples=40, deadline=None)
def test_an_account_is_counts_times_unit_costs(counts: Any, ways: dict[str, Any]) -> None:
    made = account(counts, **ways)
    how = dataclasses.replace(USUAL, **ways)
    expected = 0.0
    for cost in ec.tariff(how):
        if cost.measure == "expected.homicides":
            n = made.homicides.sum()
        else:
            n = sum(counts.get(cost.measure, [0]))
        each = cost.priced("2016/17")
        if cost.duration:
            each *= VALUES[cost.duration] / cost.per_days
        expected -= n * each * sum(part.share for part in cost.parts if not part.zero)
    # Each unit cost is rounded once in a year; a zeroed part may leave one penny more.
    slack = 0.015 * len(ec.tariff(how)) * YEARS
    assert made.undiscounted_pence.sum() / 100 == pytest.approx(expected, rel=1e-9, abs=slack)


@given(
    budget=st.integers(0, 100_000_000),
    share=st.floats(0.001, 1.0),
    cut=st.floats(0.0, 1.0),
    months=st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_a_contract_splits_to_the_penny(budget: int, share: float, cut: float, months: int) -> None:
    funders = (("opcc", cut), ("surrey_police", 1.0 - cut))
    levers = {
        "programme.annual_budget": budget / 100,
        "programme.length": months * MONTH,
        "programme.funders": funders,
    }
    inputs = FakeInputs("pilot", {"other": levers}, VALUES, share)
    found = nominal(inputs, "other")
    total = round(budget / 100 * (months * MONTH / 365.25) * share * 100)
    assert sum(map(sum, found.values())) == total
    assert all(pence >= 0 for by_year in found.values() for pence in by_year)
    made = account({}, inputs, "other")
    for i, label in enumerate(made.years):
        cash = sum(by_year[i] for by_year in found.values())
        real = round(cash * ec.deflator(label, "2016/17"))
        assert -made.undiscounted_pence[:, i].sum() == real


def test_the_frame_has_the_columns_of_the_account_file() -> None:
    frame = account(option="pilot").to_frame()
    assert list(frame.columns) == (
        [
            "financial_year",
            "bearer",
            "funder",
            "tier",
            "basis",
            "offence",
            "item",
            "undiscounted",
            "discounted",
        ]
    )
    assert not frame.isna().any().any()
    assert (frame["undiscounted"] <= 0).all()
    assert set(frame["basis"]) == {"true", "recorded", "programme"}
