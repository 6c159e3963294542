"""Do results add up in every draw, do ratios behave, and who is out of pocket for how long?"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from fake_money import COUNTY, FIRST_YEAR, USUAL, YEARS, FakeInputs, FakeOutcomes, account, in_year
from hypothesis import given, settings
from hypothesis import strategies as st

from dapp_model import economics as ec
from dapp_model.definitions import GROUPS, MEASURES
from dapp_model.economics import results
from dapp_model.economics.distribution import KINDS, PARTITIONS
from dapp_model.parameters import registry

COSTS = [name.removeprefix("cost.") for name in registry() if name.startswith("cost.")]
COUNTS = st.dictionaries(
    st.sampled_from(MEASURES),
    st.lists(st.integers(0, 50_000), min_size=YEARS, max_size=YEARS),
    max_size=12,
)
DRAWS = st.dictionaries(st.sampled_from(COSTS), st.floats(0.0, 5.0), max_size=6)
WAYS: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda drawn, **routes: {"factors": tuple(drawn.items()), **routes},
    DRAWS,
    harm_route=st.sampled_from(registry()["money.harm_route"].choices or ()),
    justice_route=st.sampled_from(["average", "event"]),
    homicide=st.sampled_from(["expected value", "left out"]),
    harm_discounting=st.sampled_from(["standard", "health"]),
)
COLUMNS = ("bearer", "funder", "tier", "basis", "offence", "item", "financial_year")


# ------------------------------------------------------------ conservation in every draw


@given(counts=COUNTS, other=COUNTS, ways=WAYS)
@settings(max_examples=80, deadline=None)
def test_every_breakdown_adds_up_to_the_penny_in_every_draw(
    counts: Any, other: Any, ways: dict[str, Any]
) -> None:
    """Whatever unit costs a draw has, on every route: bearers, funders, years, offences, tiers."""
    pilot = account(counts, option="pilot", **ways)
    change = ec.incremental(pilot, account(other, **ways))
    frame = change.to_frame()
    for column in ("undiscounted", "discounted"):
        whole = int(getattr(change, f"{column}_pence").sum())
        for by in COLUMNS:
            parts = frame.groupby(by)[column].sum()
            assert int(np.rint(parts * 100).sum()) == whole, by
    found = ec.summary(pilot, account(other, **ways))
    assert found.social_value == pytest.approx(found.fiscal_value + found.non_fiscal_value)
    net = int(change.discounted_pence.sum()) / 100
    assert found.net_present_social_value == pytest.approx(net, abs=0.006)
    positions = {one.name: one for one in ec.positions(change)}
    assert positions["society"].cumulative[-1] == pytest.approx(net, abs=0.01)
    funders = [one for name, one in positions.items() if name not in ("public", "society")]
    assert sum(one.paid.sum() for one in funders) == pytest.approx(found.programme_cost, abs=0.01)
    assert -positions["public"].cumulative[-1] == pytest.approx(found.net_public_cost, abs=0.01)


@given(counts=COUNTS, ways=WAYS)
@settings(max_examples=40, deadline=None)
def test_nothing_averted_is_worth_exactly_minus_its_cost_in_every_draw(
    counts: Any, ways: dict[str, Any]
) -> None:
    found = ec.summary(account(counts, option="pilot", **ways), account(counts, **ways))
    assert found.social_value == found.fiscal_value == found.cashable_value == 0
    assert found.net_present_social_value == -found.programme_cost
    assert found.net_present_social_value_low_harm == -found.programme_cost
    assert found.programme_cost == ec.summary(account(option="pilot"), account()).programme_cost


@given(counts=COUNTS, ways=WAYS)
@settings(max_examples=30, deadline=None)
def test_relabelling_options_permutes_results_alone(counts: Any, ways: dict[str, Any]) -> None:
    levers = {"programme.annual_budget": 150_000.0}
    one = FakeInputs("pilot", {"larger": levers, "later": {}})
    two = FakeInputs("pilot", {"later": {}, "grande": levers})
    ours, theirs = account(counts, one, "larger", **ways), account(counts, two, "grande", **ways)
    assert ours.lines == theirs.lines
    assert np.array_equal(ours.discounted_pence, theirs.discounted_pence)
    base = account(COUNTY, **ways)
    a, b = (ec.summary(each, base) for each in (ours, theirs))
    assert dataclasses.replace(a, option="") == dataclasses.replace(b, option="")


@given(
    year=st.integers(0, 30),
    move=st.integers(0, 30),
    flow=st.floats(-1e7, 1e7, allow_nan=False),
)
def test_a_flow_moved_by_whole_years_is_worth_less_by_the_rate(
    year: int, move: int, flow: float
) -> None:
    later = min(30, year + move)
    one, other = (ec.present_value([flow], first_year=y) for y in (year, later))
    assert other == pytest.approx(one * 1.035 ** -(later - year), rel=1e-12, abs=1e-9)


def test_a_count_moved_by_whole_years_is_worth_less_by_the_rate() -> None:
    for k in range(1, 8):
        early = account(in_year(2017, true__rape=1_000)).total()
        late = account(in_year(2017 + k, true__rape=1_000)).total()
        assert late == pytest.approx(early * 1.035**-k, rel=1e-8)


@given(counts=COUNTS, base=st.sampled_from(["2010/11", "2016/17", "2024/25"]))
@settings(max_examples=30, deadline=None)
def test_real_and_nominal_agree(counts: Any, base: str) -> None:
    """Cash of the day, discounted by rate and inflation together, is the real present value."""
    made = account(counts, option="pilot", price_year=base)
    cash = ec.nominal(made).sum(axis=0)
    total = 0.0
    for i, label in enumerate(made.years):
        ahead = FIRST_YEAR + i - made.year_0
        if ahead >= 0:
            total += cash[i] / (1.035**ahead * ec.deflator(base, label))
    slack = 0.01 * made.discounted_pence.size
    assert total == pytest.approx(made.discounted_pence.sum() / 100, abs=slack)
    # The contract comes back to what the funders hand over.
    rows = [i for i, line in enumerate(made.lines) if line.group == "programme"]
    paid = -ec.nominal(made)[rows].sum()
    assert paid == pytest.approx(200_000, abs=0.01 * len(rows) * YEARS)


def test_the_price_base_changes_every_pound_alike() -> None:
    counts = in_year(2018, true__rape=10, recorded__rape=3, children__in_need=5)
    usual, later = (
        ec.summary(account(option="pilot", price_year=year), account(counts, price_year=year))
        for year in ("2016/17", "2024/25")
    )
    factor = ec.deflator("2016/17", "2024/25")
    for name in ("net_present_social_value", "net_public_cost", "programme_cost", "social_value"):
        assert getattr(later, name) == pytest.approx(getattr(usual, name) * factor, rel=1e-5)


# ------------------------------------------------------------ ratios


def test_a_ratio_is_one_of_expectations() -> None:
    found = ec.ratio(np.array([10.0, 30.0]), np.array([1.0, 9.0]))
    assert found.value == 4.0  # not the mean of 10 and 3.33
    assert not found.can_change_sign
    assert found.low is not None
    assert found.high is not None
    assert found.low < 4.0 < found.high


@pytest.mark.parametrize(
    ("top", "bottom"),
    [([5.0, -1.0, 3.0, 2.0], [1.0] * 4), ([1.0] * 4, [2.0, -1.0, 2.0, 2.0])],
)
def test_a_ratio_that_can_change_sign_has_a_chance_and_no_interval(
    top: list[float], bottom: list[float]
) -> None:
    found = ec.ratio(np.array(top), np.array(bottom))
    assert found.can_change_sign
    assert found.low is found.high is None
    assert found.chance_positive == 0.75


def test_a_ratio_below_which_nothing_stands_is_none() -> None:
    assert ec.ratio(np.array([1.0]), np.array([0.0])).value is None
    assert ec.ratio(np.array([1.0, 1.0]), np.array([1.0, -3.0])).value is None
    with pytest.raises(ValueError, match="same draws"):
        ec.ratio(np.array([1.0]), np.array([1.0, 2.0]))


def test_the_chance_of_getting_more_back_than_is_paid() -> None:
    assert ec.ratio(np.array([2.0, 0.5]), np.array([1.0, 1.0])).chance_above_one == 0.5


def test_every_ratio_is_of_fields_that_a_summary_has() -> None:
    found = ec.summary(account(option="pilot"), account(in_year(2018, true__rape=1)))
    for top, bottom in {**results.RETURNS, **results.UNIT_COSTS}.values():
        assert isinstance(getattr(found, top), float)
        assert isinstance(getattr(found, bottom), float)


def test_unit_costs_of_the_pathway_and_of_victim_years() -> None:
    done = in_year(
        2018, programme__assessments=60, programme__starts=40, programme__ended_completed=16
    )
    found = ec.summary(account(done, option="pilot"), account(in_year(2018, true__victims=5)))
    assert (found.assessments, found.starts, found.completions) == (60, 40, 16)
    assert found.victim_years_averted == 5
    assert found.cost_per_completion == pytest.approx(found.programme_cost / 16)
    assert found.cost_per_victim_year_free_of_abuse == pytest.approx(found.net_public_cost / 5)
    assert found.cashable_return == found.cashable_value / found.programme_cost


# ------------------------------------------------------------ who pays, who gains, and when


COMPARATOR = in_year(2019, recorded__violence_with_injury=60, recorded__incidents=60)


def test_a_funder_gets_back_what_its_own_lines_gain_and_no_more() -> None:
    change = ec.incremental(account(option="pilot"), account(COMPARATOR))
    found = {one.name: one for one in ec.positions(change)}
    assert list(found) == [
        "community_safety_board",
        "surrey_police",
        "opcc",
        "public",
        "society",
    ]
    police = change.total(lambda line: line.bearer == "police")
    assert found["surrey_police"].gained == pytest.approx(police) != 0
    assert found["community_safety_board"].gained == 0
    assert found["opcc"].gained == 0
    cost = float(found["society"].paid.sum())
    share = ec.break_even_share(found["surrey_police"], cost)
    assert share == pytest.approx(police / cost)
    # Paying just that share, it would be neither better nor worse off.
    assert share * cost - found["surrey_police"].gained == pytest.approx(0)
    assert ec.break_even_share(found["community_safety_board"], cost) == 0.0
    assert ec.break_even_share(found["surrey_police"], 0.0) == 0.0


def test_payback_is_the_year_from_which_nobody_is_out_of_pocket() -> None:
    years = ("2016/17", "2017/18", "2018/19", "2019/20")
    paid = np.array([5.0, 0.0, 0.0, 0.0])
    assert ec.payback(np.array([-5.0, -1.0, 2.0, 3.0]), paid, years) == "2018/19"
    # Back for a year and out of pocket again is not back.
    assert ec.payback(np.array([-5.0, 1.0, -2.0, 3.0]), paid, years) == "2019/20"
    assert ec.payback(np.array([-5.0, 1.0, 2.0, -3.0]), paid, years) is None
    assert ec.payback(np.array([5.0, 1.0, 2.0, 3.0]), paid * 0, years) is None


def test_cumulative_positions_end_at_the_net_value() -> None:
    change = ec.incremental(account(option="pilot"), account(COMPARATOR))
    society = ec.positions(change)[-1]
    assert society.cumulative[-1] == pytest.approx(change.total())
    assert (np.diff(society.cumulative)[:3] <= 0).all()


# ------------------------------------------------------------ distribution


class Grouped(FakeOutcomes):
    """Counts that differ by group, with groups that make up the whole."""

    def of(self, measure: str, group: str = "all") -> np.ndarray:
        whole = super().of(measure)
        if group == "all":
            return whole
        members = next(names for names in PARTITIONS.values() if group in names)
        place = members.index(group)
        part = whole // (len(members) + 1)
        return part if place else whole - part * (len(members) - 1)


@given(counts=COUNTS, ways=WAYS)
@settings(max_examples=25, deadline=None)
def test_groups_make_up_the_whole_and_the_whole_is_the_account(
    counts: Any, ways: dict[str, Any]
) -> None:
    used = dataclasses.replace(USUAL, **ways)
    outcomes = Grouped("none", counts)
    found = ec.value_by_group(outcomes, FakeInputs(), settings=used)  # type: ignore[arg-type]
    assert found.shape == (len(GROUPS), len(KINDS))
    whole = found[0]
    for members in PARTITIONS.values():
        parts = sum(found[GROUPS.index(name)] for name in members)
        assert parts == pytest.approx(whole, rel=1e-9, abs=1e-6)
    made = account(counts, **ways)
    slack = 0.02 * made.discounted_pence.size
    assert whole[0] == pytest.approx(made.total(), rel=1e-9, abs=slack)
    harm = made.total(lambda line: line.item == "harm")
    assert whole[1] == pytest.approx(harm, rel=1e-9, abs=slack)


def test_every_group_that_is_counted_is_in_one_partition() -> None:
    members = [name for names in PARTITIONS.values() for name in names]
    assert sorted(["all", *members]) == sorted(GROUPS)
