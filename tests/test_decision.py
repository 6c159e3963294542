"""Is the advice formed as the rules say, whatever the numbers are?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import made_up
import numpy as np
import numpy.typing as npt
import pytest

from dapp_model import decision
from dapp_model.decision import chance
from dapp_model.parameters import Inputs
from dapp_model.report import budget_words, page, sure_words, words
from dapp_model.scenario import load, shipped

Floats = npt.NDArray[np.float64]

BASELINE = {
    "financial_year": "2014/15",
    "harm_true_crimes": 3e8,
    "harm_recorded_crimes": 6e7,
    "harm_victim_years": 5e8,
    "police_bill": 1e7,
    "police_bill_low": 7e6,
    "police_bill_high": 1.5e7,
    "homicides_per_1000_recorded": 0.16,
    "police_bill_in_range": True,
}
STUDY = {"draws": 4, "replications": 2, "seed": 1, "indicative": False}


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return load(shipped()["surrey_extension.toml"])


def worth(
    value: float, cost: float = 100_000.0, serious: float = 5.0, spread: float = 0.0, **other: float
) -> decision.Worth:
    """Return an option that is worth `value` on average, with four draws around it."""
    shape = np.array([[-1.5], [-0.5], [0.5], [1.5]]) * spread + np.array([[1.0, -1.0]]) * 0.01
    measures = {name: np.full((4, 2), 0.0) for name in decision.MEASURES}
    measures[decision.COST] += cost
    measures["social_value"] += value + cost + shape
    for name in decision.MEASURES:
        if name.startswith(decision.VALUE):
            measures[name] = value + shape
    for name, mean in other.items():
        measures[name] = mean + shape
    measures |= made_up.by_routes(measures)
    funders = {"opcc": {"2019/20": cost}}
    at_stake = np.full((4, 2), 100.0)
    return decision.Worth(measures, np.full((4, 2), serious), funders, BASELINE, at_stake)


def decided(inputs: Inputs, found: Mapping[str, decision.Worth]) -> dict[str, Any]:
    every = {name: worth(-1000.0) for name in inputs.options[1:]} | dict(found)
    return decision.decide(inputs, every, study=STUDY)


def test_the_option_worth_most_is_advised(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(50.0), "pause_and_evaluate": worth(90.0)})
    assert said["advice"]["option"] == "pause_and_evaluate"
    assert said["shown_option"] == "pause_and_evaluate"
    wrong = said["wrong"]
    assert (wrong["chance"], wrong["mean_loss"], wrong["against"]) == (0.0, 0.0, "stop")


def test_stopping_is_advised_where_nothing_is_worth_its_cost(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(-10.0, spread=20.0)})
    assert said["advice"]["option"] == "stop"
    assert said["shown_option"] == "extend"
    # Draws are -40, -20, 0 and 20: advice to stop is wrong in the last, perhaps in the third.
    assert 0.25 <= said["wrong"]["chance"] <= 0.5
    assert said["wrong"]["against"] == "extend"
    assert "Stop after the pilot" in words.advice(said)


def test_a_larger_budget_has_to_return_more_than_its_extra_pounds(inputs: Inputs) -> None:
    usual = worth(50_000.0, cost=200_000.0)
    passes = decided(inputs, {"extend": usual, "extend_larger": worth(60_000.0, cost=300_000.0)})
    fails = decided(inputs, {"extend": usual, "extend_larger": worth(40_000.0, cost=300_000.0)})
    assert passes["advice"]["option"] == "extend_larger"
    assert passes["larger_budget"]["return_on_extra_pounds"] == pytest.approx(1.1)
    assert not passes["larger_budget"]["passes_hurdle_shown"]
    assert fails["advice"]["option"] == "extend"
    assert fails["larger_budget"]["return_on_extra_pounds"] == pytest.approx(0.9)


def test_a_larger_budget_is_set_beside_the_same_design_too(inputs: Inputs) -> None:
    """Against stopping its pounds return much; its last ones, beyond the usual budget, little."""
    found = {
        "extend": worth(-10_000.0, cost=200_000.0),
        "extend_motivational": worth(-20_000.0, cost=200_000.0),
        "extend_larger": worth(-90_000.0, cost=300_000.0),
    }
    said = decided(inputs, found)["larger_budget"]
    assert (said["against"], said["same_design"]["against"]) == ("stop", "extend")
    assert said["return_on_extra_pounds"] == pytest.approx(0.7)
    assert said["same_design"]["return_on_extra_pounds"] == pytest.approx(0.2)
    sentence = budget_words.larger_budget(decided(inputs, found))
    assert "£0.70, and each beyond" in sentence
    assert "about £0.20; a larger budget is advised only if" in sentence
    assert "the hurdle of £1 both ways, which it does not;" in sentence
    assert sentence.endswith("the stricter hurdle of £1.50 it does not pass.")


def of_draws(value: Floats, cost: Floats) -> decision.Worth:
    """Return an option of one repetition that is worth and costs this much in each draw."""
    found = worth(0.0)
    measures = {name: np.zeros((len(value), 1)) for name in decision.MEASURES}
    measures |= {n: value[:, None] for n in measures if n.startswith(decision.VALUE)}
    measures |= {decision.COST: cost[:, None], "social_value": (value + cost)[:, None]}
    measures |= made_up.by_routes(measures)
    harm = np.full((len(value), 1), 5.0)
    funders = found.programme_cost_by_funder
    return decision.Worth(measures, harm, funders, BASELINE, np.full_like(harm, 100.0))


def test_what_an_extra_pound_returns_has_an_error_and_may_not_be_told_from_the_hurdle(
    inputs: Inputs,
) -> None:
    """Over many studies the returns spread as the error of each says."""
    returned, errors, apart = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        luck = rng.normal(0.0, 80_000.0, (2, 200))
        usual = of_draws(20_000.0 + luck[0], rng.normal(200_000.0, 10_000.0, 200))
        larger = of_draws(24_000.0 + 1.5 * luck[0] + luck[1], rng.normal(300_000.0, 10_000.0, 200))
        every = {
            name: of_draws(np.full(200, -1e5), np.full(200, 1e5)) for name in inputs.options[1:]
        }
        every |= {"extend": usual, "extend_larger": larger}
        found = decision.decide(inputs, every, study={**STUDY, "draws": 200})["larger_budget"]
        returned.append(found["return_on_extra_pounds"])
        errors.append(found["return_monte_carlo_error"])
        apart.append(found["told_apart_from_hurdle"])
        close = "though the draws do not tell them apart" in budget_words.not_clear(found)
        assert close == (not found["told_apart_from_hurdle"])
    assert np.mean(returned) == pytest.approx(1.04, abs=0.05)
    assert np.mean(errors) == pytest.approx(np.std(returned, ddof=1), rel=0.25)  # of 40: 11%
    assert np.mean(apart) < 0.3


@pytest.mark.parametrize(
    ("passes", "first", "second", "clear"),
    [(False, (0.7, True), (1.05, False), True), (False, (0.9, False), (1.3, True), False),
     (True, (1.5, True), (1.05, False), False), (True, (1.5, True), (1.4, True), True),
     (True, (1.5, True), (None, False), True)],
)  # fmt: skip
def test_a_hurdle_is_clearly_passed_by_all_and_clearly_missed_by_one(
    passes: bool, first: tuple[float, bool], second: tuple[float | None, bool], clear: bool
) -> None:
    names = ("return_on_extra_pounds", "told_apart_from_hurdle")
    one, twin = (dict(zip(names, pair, strict=True)) for pair in (first, second))
    found = {**one, "same_design": twin, "hurdle": 1.0, "passes": passes}
    assert (budget_words.not_clear(found) == "") == clear


def test_another_way_of_counting_turns_the_advice_only_beyond_its_error(inputs: Inputs) -> None:
    """With the same means, on draws that hardly differ and on draws that differ much."""
    for spread, apart in ((10.0, True), (100_000.0, False)):
        luck = np.linspace(-1.0, 1.0, 60) * spread
        option = of_draws(5_000.0 + luck, np.full(60, 1e5))
        low = f"{decision.VALUE}_low_harm"
        option.measures[low] = option.measures[decision.VALUE] - 8_000.0
        option.measures[made_up.by_route(decision.VALUE, "recorded crimes")] = option.measures[low]
        every = {name: of_draws(np.full(60, -1e5), np.full(60, 1e5)) for name in inputs.options[1:]}
        said = decision.decide(inputs, every | {"extend": option}, study={**STUDY, "draws": 60})
        assert said["advice"]["option"] == "extend"
        (view,) = [one for one in said["views"] if one["view"] == "low_harm"]
        assert (view["option"], view["differs"]) == ("stop", True)
        assert view["behind"] == pytest.approx(3_000.0)
        assert view["behind_monte_carlo_error"] == pytest.approx(luck.std(ddof=1) / 60**0.5)
        assert view["told_apart"] == apart
        axis = said["structural"]["axes"][0]
        assert [one["told_apart"] for one in axis["alternatives"]] == [False, apart, False, False]
        turned = sure_words.turned(said)
        assert ("1 would beyond Monte Carlo error turn the advice to ‘Stop" in turned) == apart


def test_the_largest_rise_in_harm_is_said(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(90_000.0, serious=-3.0)})
    harm = words.option_of(said, "extend")["serious_harm"]
    assert harm["largest_rise"] == pytest.approx(0.03)
    assert "The largest rise in any draw is 3%." in words.victim_safety(said)
    safe = decided(inputs, {"extend": worth(90_000.0, serious=3.0)})
    assert "largest rise" not in words.victim_safety(safe)


def test_an_option_that_endangers_victims_is_never_advised(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(90_000.0, serious=-6.0)})
    assert said["advice"]["option"] == "stop"
    assert said["advice"]["without_guard_rail"] == "extend"
    extend = words.option_of(said, "extend")
    assert extend["serious_harm"]["chance_of_rise_beyond_margin"] == 1.0
    assert not extend["admissible"]
    text = words.victim_safety({**said, "shown_option": "extend"})
    draws = said["draws"]
    rises = (
        "‘Extend as it is’ raises it by more than 5% among victims of those referred, accepted or "
        "started after the decision"
    )
    assert f"{rises} in all {draws} draws" in text
    assert f"‘Stop after the pilot’ is worse for victims in none of the {draws} draws." in text
    assert "100%" not in text
    assert " 0%" not in text
    assert words.in_draws(0.0, 1000) == "in none of the 1,000 draws"
    assert [words.in_draws(share, 16) for share in (0.0, 0.25, 1.0)] == [
        "in none of the 16 draws",
        "25%",
        "in all 16 draws",
    ]


def test_a_small_rise_in_serious_harm_stays_within_the_margin(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(90_000.0, serious=-4.0)})
    assert said["advice"]["option"] == "extend"


def test_another_advice_on_the_low_case_of_harm_is_said(inputs: Inputs) -> None:
    low = {f"{decision.VALUE}_low_harm": -5_000.0}
    said = decided(inputs, {"extend": worth(90_000.0, **low)})
    view = next(one for one in said["views"] if one["view"] == "low_harm")
    assert (view["option"], view["differs"]) == ("stop", True)
    assert any("recorded crimes" in line and "Stop" in line for line in words.views(said))


def test_the_hurdle_is_a_setting() -> None:
    strict = load(shipped()["surrey_extension.toml"], {"assume.money.hurdle": 1.2})
    found = {
        "extend": worth(50_000.0, cost=200_000.0),
        "extend_larger": worth(60_000.0, cost=300_000.0),
    }
    said = decided(strict, found)
    assert said["larger_budget"]["return_on_extra_pounds"] == pytest.approx(1.1)
    assert said["larger_budget"]["hurdle"] == 1.2
    assert said["advice"]["option"] == "extend"


def test_the_view_with_optimism_can_be_left_out(inputs: Inputs) -> None:
    without = load(shipped()["surrey_extension.toml"], {"assume.money.optimism_bias": "not shown"})
    kinds = [{one["view"] for one in decided(each, {})["views"]} for each in (inputs, without)]
    assert kinds[0] - kinds[1] == {"optimism"}


def test_what_a_funder_cannot_pay_is_never_advised(inputs: Inputs) -> None:
    poor = load(
        shipped()["surrey_extension.toml"],
        {"assume.money.ceiling": "£110,000"},
    )
    found = {"extend_larger": worth(90_000.0), "extend": worth(50_000.0)}
    said = decided(poor, found)
    assert said["advice"]["option"] == "extend"
    assert "extend_larger" in said["advice"]["affordability"]
    # Its two funders pay larger shares of a smaller budget, and stay below their ceilings.
    assert "one_funder_withdraws" not in said["advice"]["affordability"]
    assert not words.option_of(said, "extend_larger")["affordable"]
    assert decided(inputs, found)["advice"]["affordability"] == "not assessed"
    assert "no budget ceiling" in " ".join(decided(inputs, found)["not_assessed"])
    assert "no budget ceiling" not in " ".join(said["not_assessed"])


def test_a_ratio_has_an_interval_or_a_chance(inputs: Inputs) -> None:
    steady = worth(50_000.0, net_public_cost=40_000.0, true_incidents_averted=20.0)
    said = decided(inputs, {"extend": steady, "extend_larger": worth(1.0, spread=900_000.0)})
    ratios = words.option_of(said, "extend")["ratios"]
    assert ratios["cost_per_averted_true_incident"]["value"] == pytest.approx(2_000.0)
    assert ratios["cost_per_averted_true_incident"]["low"] is not None
    assert "chance_above_one" not in ratios["cost_per_start"]
    other = words.option_of(said, "extend_larger")["ratios"]["benefit_cost_ratio"]
    assert other["can_change_sign"]
    assert other["low"] is None
    assert 0 < other["chance_above_one"] < 1


def test_chances_of_being_best_add_up_to_one(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(10.0, spread=100.0)})
    assert sum(one["chance_best"] for one in said["options"]) == pytest.approx(1.0)


def test_the_advice_expires_a_year_after_the_decision(inputs: Inputs) -> None:
    said = decided(inputs, {})
    assert said["expires"]["decided"] == "2018-09-01"
    assert said["expires"]["date"] == "2019-09-01"


def test_the_pilot_decision_compares_with_no_programme() -> None:
    pilot = load(shipped()["surrey_pilot.toml"])
    said = decided(pilot, {"pilot_as_agreed": worth(10.0)})
    assert said["comparator"]["name"] == "no_programme"
    assert said["advice"]["option"] == "pilot_as_agreed"
    assert words.option_of(said, "pilot_larger")["larger_budget"]
    assert said["expires"]["date"] == "2017-10-09"


def test_luck_is_taken_out_of_the_spread_and_not_of_the_mean() -> None:
    generator = np.random.default_rng(1)
    truth = generator.normal(10.0, 3.0, (4000, 1))
    values = truth + generator.normal(0.0, 8.0, (4000, 2))
    found = chance.alone(values)
    without = found.values[:, 0]
    assert found.corrected
    assert chance.apart(np.stack([0 * values, values], axis=2)).removed
    assert without.mean() == pytest.approx(values.mean())
    assert without.std() == pytest.approx(3.0, rel=0.2)
    assert values.mean(axis=1).std() > 6.0


def test_luck_cannot_be_taken_out_without_repetitions() -> None:
    values = np.array([[1.0], [2.0], [4.0]])
    found = chance.apart(np.stack([0 * values, values], axis=2))
    assert not found.removed
    assert found.values[:, 1].tolist() == [1.0, 2.0, 4.0]
    assert chance.alone(values).values.tolist() == values.tolist()


def test_where_luck_explains_everything_chances_say_that_they_hold_it() -> None:
    """Else every draw would be the mean, and each chance 0 or 1 by accident."""
    values = 1.0 + np.random.default_rng(4).normal(0.0, 30.0, (20, 2))
    found = chance.apart(np.stack([0 * values, values], axis=2))
    assert not found.removed
    assert 0.2 < (found.values[:, 1] > 0).mean() < 0.8


def test_one_draw_has_no_monte_carlo_error() -> None:
    assert decision.spread(np.array([[2.0, 4.0]]))["monte_carlo_error"] is None
    assert decision.spread(np.array([[2.0], [4.0]]))["monte_carlo_error"] == pytest.approx(1.0)


def test_options_that_differ_less_than_the_error_are_not_told_apart(inputs: Inputs) -> None:
    said = decided(inputs, {"extend": worth(10.0, spread=1.0), "extend_motivational": worth(9.99)})
    assert said["advice"]["option"] == "extend"
    assert said["advice"]["not_told_apart"] == ["extend_motivational"]
    assert "Extend with motivational enhancement" in words.told_apart(said)
    close = [one["name"] for one in said["options"] if one["name"] != "extend"]
    said["advice"]["not_told_apart"] = close
    few, more = words.told_apart(said), words.told_apart({**said, "draws": 1000})
    assert more.endswith("cannot be told from that of any other option.")
    assert more.startswith("With 1,000 draws the expected")
    assert few.endswith("of any other option; more draws would tell more.")
    assert words.more_draws({**said, "draws": 1000}) == ""
    hint = "--draws 1000 would tell more: its Monte Carlo errors would be some 6% of these."
    assert words.more_draws(said).endswith(hint), "6% is the root of 4 over 1,000"
    assert words.more_draws(said) in words.first_page(said)


def test_weighted_quantiles_are_the_usual_ones_where_weights_are_equal() -> None:
    values = np.random.default_rng(5).standard_normal(37)
    for weights in (np.ones(37), np.full(37, 0.2)):
        found = chance.quantiles(values, weights, (0.05, 0.5, 0.95))
        assert found == pytest.approx(np.quantile(values, (0.05, 0.5, 0.95)).tolist())
    assert chance.quantiles(values, np.eye(37)[4], (0.05, 0.95)) == [values[4]] * 2


# -- what is shown and is no choice ---------------------------------------------------------------


def test_no_programme_is_no_choice_once_the_pilot_has_run(tmp_path: Path) -> None:
    """However much better it had been: in advice, chances, curves and values of knowing."""
    path = tmp_path / "reference.toml"
    path.write_text(
        'title = "T"\nquestion = "Q?"\nextends = "surrey_extension.toml"\n'
        '[options.none]\nlabel = "No programme"\nprogramme.offered = false\n',
        encoding="utf-8",
    )
    inputs = load(path)
    found = {"none": worth(900_000.0, spread=50.0), "extend": worth(10.0, spread=30.0)}
    with_it = decided(inputs, found)
    none = words.option_of(with_it, "none")
    assert none["is_reference"]
    assert not none["may_be_chosen"]
    assert with_it["advice"]["option"] == "extend" == with_it["advice"]["without_guard_rail"]
    assert with_it["shown_option"] == "extend"
    assert with_it["advice"]["lead"]["over"] != "none"
    assert "none" not in with_it["acceptability"]["probability_best"]
    assert "none" not in {row["option"] for row in with_it["flips"]}
    for one in with_it["structural"]["axes"]:
        assert "none" not in {each["option"] for each in one["alternatives"]}
    without = decided(load(shipped()["surrey_extension.toml"]), {"extend": found["extend"]})
    for name in ("information", "wrong", "three_numbers"):
        assert with_it[name] == without[name], name
    assert none["chance_worse"] is None
    for one in without["options"]:
        beside = words.option_of(with_it, one["name"])
        assert beside["chance_best"] == one["chance_best"]
        assert beside["expected_loss"] == one["expected_loss"]
    (row,) = [row for row in page.options(with_it).rows if "No programme" in row[0]]
    assert "for reference" in row[0]
    assert "‘No programme’" not in words.advice(with_it)
    assert "none" not in with_it["advice"]["not_told_apart"]
