"""Is every pound of a contract on a line, in a year and with a funder; and can they afford it?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from fake_money import FIRST_YEAR, FUNDERS, MONTH, VALUES, YEARS, FakeInputs, account
from hypothesis import given, settings
from hypothesis import strategies as st

from dapp_model import economics as ec
from dapp_model.economics.contract import LINES
from dapp_model.money import can_afford, contract_lines, grants

PILOT = FakeInputs()
LABELS = tuple(f"{FIRST_YEAR + i}/{(FIRST_YEAR + i + 1) % 100:02d}" for i in range(YEARS))


def lines_of(inputs: FakeInputs, option: str) -> tuple[ec.Cash, ...]:
    return ec.spending(inputs, option, FIRST_YEAR, YEARS)  # type: ignore[arg-type]


def by_item(inputs: FakeInputs, option: str) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for one in lines_of(inputs, option):
        found[one.item] = found.get(one.item, np.zeros(YEARS, np.int64)) + one.nominal_pence
    return found


def test_the_pilot_line_by_line_by_hand() -> None:
    found = {item: pence.sum() / 100 for item, pence in by_item(PILOT, "pilot").items()}
    first, days = 90, 730  # 1 January to 1 April 2017, of two years
    open_years = 2 * (days - first) / days
    # Of £100,000 a quarter is fixed, £12,000 an assessor, £15,000 fifteen support places; 92% of
    # the £48,000 left buys 18 places at £2,400.
    assert found == pytest.approx(
        {
            "pilot_mobilisation": 25_000 * 2 * first / days,
            "pilot_management": 25_000 * open_years,
            "pilot_assessment": 24_000,
            "pilot_group_places": 18 * 2_400 * open_years,
            "pilot_one_to_one_places": 0,
            "pilot_partner_support": 15_000 * open_years,
            "pilot_closure": 0,
            "pilot_unspent": 200_000 - 50_000 - 24_000 - (18 * 2_400 + 15_000) * open_years,
        },
        abs=0.02,
    )


def test_years_are_straddled_by_date() -> None:
    places = by_item(PILOT, "pilot")["pilot_group_places"]
    assert places[2] == 0  # none before 1 April 2017
    assert places[3] / places.sum() == pytest.approx(365 / 640, abs=1e-6)
    assert places[4] / places.sum() == pytest.approx(275 / 640, abs=1e-6)
    mobilisation = by_item(PILOT, "pilot")["pilot_mobilisation"]
    assert np.flatnonzero(mobilisation).tolist() == [2]


def test_a_quiet_end_is_closure_and_one_to_one_places_have_their_line() -> None:
    changes = {
        "programme.last_start_before_end": 4 * MONTH,
        "programme.one_to_one_places": 3,
    }
    found = by_item(FakeInputs("pilot", {"quiet": changes}), "quiet")
    last = 122  # days from 1 September 2018 on
    closure = found["pilot_closure"].sum() / 100
    assert closure == pytest.approx(25_000 * 2 * last / 730, rel=0.02)
    single = found["pilot_one_to_one_places"].sum() / 100
    assert single == pytest.approx(18_000 * 2 * 640 / 730)
    assert found["pilot_group_places"].sum() < by_item(PILOT, "pilot")["pilot_group_places"].sum()


def test_more_places_than_the_money_buys_are_an_overspend_that_shows() -> None:
    inputs = FakeInputs("pilot", {"many": {"programme.places": 60}})
    assert by_item(inputs, "many")["pilot_unspent"].sum() < 0
    found = ec.year_ends(lines_of(inputs, "many"), FIRST_YEAR, "carried")
    assert found[-1].overspent > 0
    assert found[-1].lost == 0
    # The contract is a fixed sum: the funders pay no more for it.
    one, other = account({}, inputs, "many"), account({}, inputs, "pilot")
    assert one.total() == other.total()


@given(
    budget=st.integers(0, 30_000_000),
    months=st.integers(1, 60),
    start=st.dates(dt.date(2015, 4, 1), dt.date(2019, 3, 31)),
    cut=st.floats(0.0, 1.0),
    share=st.floats(0.001, 1.0),
    fixed=st.floats(0.0, 1.0),
    places=st.one_of(st.just("from budget"), st.integers(0, 200)),
)
@settings(max_examples=80, deadline=None)
def test_the_lines_are_the_contract_to_the_penny(
    budget: int, months: int, start: dt.date, cut: float, share: float, fixed: float, places: Any
) -> None:
    """By contract, funder and year, in cash and in real pounds."""
    changes = {
        "programme.annual_budget": budget / 100,
        "programme.length": months * MONTH,
        "programme.contract_start": start,
        "programme.places": places,
        "programme.funders": (("opcc", cut), ("surrey_police", 1.0 - cut)),
        "programme.last_start_before_end": 2 * MONTH,
        "extension.length": 6 * MONTH,
        "extension.gap": 3 * MONTH,
        "extension.evaluation_cost": 20_000.0,
    }
    values = {**VALUES, "budget.fixed_share": fixed}
    inputs = FakeInputs("pilot", {"other": changes}, values, share)
    whole = ec.contract_cash(inputs, "other", FIRST_YEAR, YEARS)  # type: ignore[arg-type]
    lines = lines_of(inputs, "other")
    for one in whole:
        own = [
            line.nominal_pence
            for line in lines
            if (line.contract, line.funder) == (one.contract, one.funder)
        ]
        assert (np.sum(own, axis=0) == one.nominal_pence).all()
    assert len(lines) == len({(line.item, line.funder) for line in lines})
    made = account({}, inputs, "other")
    for i, label in enumerate(made.years):
        for contract in dict.fromkeys(one.contract for one in whole):
            items = {line.item for line in lines if line.contract == contract}
            cash = sum(int(one.nominal_pence[i]) for one in whole if one.contract == contract)
            real = round(cash * ec.deflator(label, "2016/17"))
            rows = [k for k, line in enumerate(made.lines) if line.item in items]
            assert -made.undiscounted_pence[rows, i].sum() == real


# ------------------------------------------------------------ grants


def test_what_is_unspent_on_31_march_is_carried_or_lost() -> None:
    lines = lines_of(PILOT, "pilot")
    carried = ec.year_ends(lines, FIRST_YEAR, "carried")
    lost = ec.year_ends(lines, FIRST_YEAR, "lost")
    assert [one.financial_year for one in carried] == ["2016/17", "2017/18", "2018/19"]
    unspent = sum(int(line.nominal_pence.sum()) for line in lines if line.item == "pilot_unspent")
    assert carried[0].carried_out == carried[1].carried_in > 0
    assert [one.lost for one in carried[:2]] == [0, 0]
    assert carried[-1].lost == pytest.approx(unspent / 100)
    assert all(one.carried_in == 0 for one in lost)
    assert sum(one.lost for one in lost) == pytest.approx(unspent / 100)
    for one in (*carried, *lost):
        left = one.granted + one.carried_in - one.spent
        assert one.carried_out + one.lost == pytest.approx(left)
    with pytest.raises(ValueError, match="carried or lost"):
        ec.year_ends(lines, FIRST_YEAR, "burnt")


def test_the_rule_is_a_setting() -> None:
    for rule in ("carried", "lost"):
        inputs = FakeInputs(values={**VALUES, "money.underspend": rule})
        found = grants(inputs, "pilot", LABELS)  # type: ignore[arg-type]
        assert (found[0].lost > 0) == (rule == "lost")


def test_lines_for_the_record_say_what_they_add_up_to() -> None:
    found = contract_lines(PILOT, "pilot", LABELS)  # type: ignore[arg-type]
    assert [row["item"] for row in found] == [
        *(f"pilot_{name}" for name in LINES),
        "pilot_unspent",
    ]
    assert sum(row["total"] for row in found) == pytest.approx(200_000)
    assert {row["contract_sum"] for row in found} == {200_000}
    assert [row["unspent"] for row in found] == [False] * 7 + [True]


# ------------------------------------------------------------ affordability


def with_ceiling(pounds: float, **shares: float) -> FakeInputs:
    values = {
        **VALUES,
        "money.ceiling": pounds,
        "money.ceiling_funders": tuple(shares.items()) or FUNDERS,
    }
    return FakeInputs(values=values)


def test_without_a_ceiling_nothing_is_said() -> None:
    found = can_afford(with_ceiling(0.0), "pilot", ("2016/17", "2025/26"))  # type: ignore[arg-type]
    assert found == {"affordable": None, "rows": []}


def test_each_funder_is_held_to_its_ceiling_in_each_year() -> None:
    years = ("2016/17", "2025/26")
    enough = can_afford(with_ceiling(100_000.0), "pilot", years)  # type: ignore[arg-type]
    assert enough["affordable"] is True
    assert len(enough["rows"]) == 9  # three funders in three years
    short = can_afford(with_ceiling(99_000.0), "pilot", years)  # type: ignore[arg-type]
    assert short["affordable"] is False
    assert {row["financial_year"] for row in short["rows"] if not row["affordable"]} == {"2017/18"}
    # What was paid before the decision is no question any more.
    later = can_afford(with_ceiling(99_000.0), "pilot", ("2018/19", "2025/26"))  # type: ignore[arg-type]
    assert later["affordable"] is True
    nobody = with_ceiling(200_000.0, opcc=1.0)
    assert can_afford(nobody, "pilot", years)["affordable"] is False  # type: ignore[arg-type]
    assert can_afford(with_ceiling(1.0), "none", years)["affordable"] is True  # type: ignore[arg-type]


def test_a_pilot_that_all_options_share_drops_out_of_the_extension_to_the_penny() -> None:
    """Its lines may differ from the decision on, since another end follows; its cost may not."""
    quiet = {"programme.last_start_before_end": 2 * MONTH}
    later = {"extension.length": 24 * MONTH, **quiet}
    inputs = FakeInputs("extension", {"stop": quiet, "extend": later})
    change = ec.incremental(account({}, inputs, "extend"), account({}, inputs, "stop"))
    pilot = [i for i, line in enumerate(change.lines) if line.item.startswith("pilot_")]
    for pence in (change.undiscounted_pence, change.discounted_pence):
        assert pence[pilot].any(), "the end of the pilot is another"
        assert not pence[pilot].sum(axis=0).any()
    before = change.year_0 - change.first_year
    assert not change.undiscounted_pence[:, :before].any()
    extension = ec.incremental(
        account({}, FakeInputs("extension", {"stop": {}, "extend": later}), "extend"),
        account({}, FakeInputs("extension", {"stop": {}, "extend": later}), "stop"),
    )
    assert extension.discounted_pence.sum() == change.discounted_pence.sum()
