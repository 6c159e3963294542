"""Does value of information on plain arrays meet its closed forms, its orderings, and no leak?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

import dapp_model as dm
from dapp_model import voi
from dapp_model.errors import InputErrors

Floats = npt.NDArray[np.float64]
MEAN, WIDE, NARROW = -150.0, 600.0, 250.0  # of the second option's net benefit, GBP


def loss_integral(mean: float, sd: float) -> float:
    """Return E[max(0, X)] - max(0, E X) for a normal X, by formula."""
    if not sd > 0:
        return 0.0
    z = abs(mean) / sd
    return float(sd * stats.norm.pdf(z) - abs(mean) * stats.norm.sf(z))


def two_options(draws: int, seed: int) -> tuple[Floats, pd.DataFrame]:
    """Return net benefits 0 and MEAN + WIDE a + NARROW b, with a, b and an idle c normal."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((draws, 3)), columns=["a", "b", "c"])
    second = MEAN + WIDE * frame["a"] + NARROW * frame["b"]
    return np.column_stack([np.zeros(draws), second]), frame


# -- closed forms ---------------------------------------------------------------------------------


def test_perfect_information_meets_its_formula() -> None:
    truth = loss_integral(MEAN, np.hypot(WIDE, NARROW))
    misses = []
    for seed in range(40):
        found = voi.evpi_estimate(two_options(1000, seed)[0])
        misses.append((found.value - truth) / found.standard_error)
    assert np.abs(misses).max() < 4
    # The stated error is the error that is made. (The best option is chosen on the same draws.)
    assert 0.7 < np.std(misses) < 1.4
    assert abs(np.mean(misses)) < 0.6


def test_parameters_meet_their_formula_and_their_stated_error() -> None:
    truths = {"a": loss_integral(MEAN, WIDE), "b": loss_integral(MEAN, NARROW), "c": 0.0}
    misses = {name: [] for name in ("a", "b")}
    idle = []
    for seed in range(30):
        values, frame = two_options(1000, seed)
        table = voi.evppi_table(values, frame)
        for name in misses:
            row = table.loc[name]
            misses[name].append((row["evppi"] - truths[name]) / row["standard_error"])
        idle.append(bool(table.loc["c", "zero_within_noise"]))
    for name, found in misses.items():
        assert np.abs(found).max() < 4, name
        assert 0.6 < np.std(found) < 1.5, name
        assert abs(np.mean(found)) < 0.6, name
    assert np.mean(idle) >= 0.9


def test_a_curved_parameter_meets_its_formula() -> None:
    """The net benefit is 1,000 (x^2 - 1.3): E[max] by integration over a normal x."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal(4000)
    noise = 800 * rng.standard_normal(4000)
    grid = np.linspace(-8, 8, 200_001)
    gain = np.maximum(1000 * (grid**2 - 1.3), 0) * stats.norm.pdf(grid)
    truth = float(gain.sum() * (grid[1] - grid[0]))
    values = np.column_stack([np.zeros(4000), 1000 * (x**2 - 1.3) + noise])
    row = voi.evppi(values, pd.DataFrame({"x": x})).loc["x"]
    assert abs(row["evppi"] - truth) < 3 * row["standard_error"]
    assert row["standard_error"] < 0.1 * truth


def test_a_product_of_two_is_seen_by_their_group_alone() -> None:
    """The net benefit is 1,000 x y: each alone says nothing; both together are worth 1,000 / pi."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.standard_normal((3000, 2)), columns=["x", "y"])
    values = np.column_stack([np.zeros(3000), 1000 * frame["x"] * frame["y"]])
    table = voi.evppi_table(values, frame, groups={"both": ("x", "y")})
    assert table.loc[["x", "y"], "zero_within_noise"].all()
    both = table.loc["both"]
    assert abs(both["evppi"] - 1000 / np.pi) < 3 * both["standard_error"]


@pytest.mark.parametrize("size", [5, 20, 100, 1000])
def test_a_study_meets_its_formula(size: int) -> None:
    """A mean of `size` measurements of a, each with standard deviation 3."""
    values, frame = two_options(4000, seed=size)
    seen = frame["a"] + 3 / np.sqrt(size) * np.random.default_rng(size).standard_normal(4000)
    truth = loss_integral(MEAN, WIDE * np.sqrt(1 / (1 + 9 / size)))
    found = voi.evsi(values, seen)
    assert abs(found.value - truth) < 3 * found.standard_error
    assert found.standard_error < 25


def test_a_two_stage_decision_by_hand() -> None:
    """A pilot of ten completes x times; extending is worth 1,000 p - 380, p from Beta(2, 3).

    By hand: after x completions the mean of p is (2 + x) / 15, and x is beta-binomial.
    """
    pilot = 10
    x = np.arange(pilot + 1)
    chance = stats.betabinom.pmf(x, pilot, 2, 3)
    after = 1000 * (2 + x) / 15 - 380
    best_now = max(0.0, 1000 * 2 / 5 - 380)
    learning = float(chance @ np.maximum(after, 0)) - best_now
    stopping = float(chance @ np.maximum(after, 0)) - (1000 * 2 / 5 - 380)
    assert (best_now, learning) == pytest.approx((20.0, stopping))

    rng = np.random.default_rng(8)
    p = rng.beta(2, 3, 6000)
    seen = rng.binomial(pilot, p)
    values = np.column_stack([np.zeros(6000), 1000 * p - 380])
    found = voi.evsi(values, seen)
    assert abs(found.value - learning) < 3 * found.standard_error
    by_rule = voi.rule_value(seen, values, folds=5)
    assert abs(by_rule.value - learning) < 3 * by_rule.standard_error
    # The same rule in words: extend from four completions on.
    extend = (seen >= 4).astype(int)
    stated = voi.stated_rule_value(extend, values)
    by_hand = float(chance[4:] @ after[4:]) - best_now
    assert abs(stated.value - by_hand) < 3 * stated.standard_error


def test_published_example_of_the_voi_package_for_r() -> None:
    """Two options, 0 and p1 - p2, with p1 normal (1, 1) and p2 normal (0, 2): its own overview."""
    misses = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"p1": rng.normal(1, 1, 2000), "p2": rng.normal(0, 2, 2000)})
        values = np.column_stack([np.zeros(2000), frame["p1"] - frame["p2"]])
        table = voi.evppi(values, frame)
        whole = voi.evpi_estimate(values)
        misses.append(
            [
                (whole.value - loss_integral(1, np.sqrt(5))) / whole.standard_error,
                *((table.loc[n, "evppi"] - loss_integral(1, sd)) / table.loc[n, "standard_error"]
                  for n, sd in (("p1", 1.0), ("p2", 2.0))),
            ]
        )  # fmt: skip
    assert (np.abs(np.mean(misses, axis=0)) < 3 / np.sqrt(12)).all()


# -- orderings and the promised form --------------------------------------------------------------


def test_the_promised_names_and_columns() -> None:
    values, frame = two_options(200, 1)
    assert isinstance(dm.voi.evpi(values), float)
    assert dm.voi.evpi(pd.DataFrame(values)) == dm.voi.evpi(values.tolist()) == dm.voi.evpi(values)
    table = dm.voi.evppi(values, frame)
    assert list(table.columns) == ["evppi", "standard_error"]
    assert list(table.index) == ["a", "b", "c"]
    assert table.equals(dm.voi.evppi(values, frame)), "the same arrays give the same numbers"


def test_orderings_hold_and_a_breach_is_said() -> None:
    values, frame = two_options(1000, 2)
    groups = {"both": ("a", "b"), "all": ("a", "b", "c")}
    table = voi.evppi_table(values, frame, groups=groups)
    assert voi.orderings(values, table, groups) == []
    assert (table["evppi"] >= 0).all()
    # With both known everything is known.
    whole = voi.evpi(values)
    assert table.loc["both", "evppi"] == pytest.approx(whole, rel=0.02)
    broken = table.copy()
    broken.loc["a", "evppi"] = 2 * whole
    said = voi.orderings(values, broken, groups)
    assert len(said) == 3
    assert all("a (" in sentence for sentence in said)


def test_larger_nested_studies_are_worth_more_and_none_more_than_what_they_inform() -> None:
    values, frame = two_options(2000, 3)

    def study(size: int, months: float, rng: np.random.Generator) -> Floats:
        luck = rng.standard_normal(len(frame))
        return np.asarray(frame["a"] + luck * np.sqrt(9 / size * 12 / months))

    table = voi.evsi_table(values, study, [10, 40, 160, 640], [6.0, 24.0])
    limit = voi.evppi(values, frame).loc["a", "evppi"]
    for _, own in table.groupby("follow_up"):
        assert own["evsi"].is_monotonic_increasing
        assert own["evsi"].max() <= limit + 2 * own["standard_error"].max()
        assert (own["evsi"] >= 0).all()
    short, long = (table[table["follow_up"] == m]["evsi"].to_numpy() for m in (6.0, 24.0))
    assert (long >= short).all()
    bound = voi.evsi(values, frame[["a"]])
    assert voi.study_orderings(table, bound) == []
    broken = table.assign(evsi=np.where(table["size"] == 640, 2 * limit, table["evsi"]))
    said = voi.study_orderings(broken, bound)
    assert len(said) == 2
    assert "studying 640 people for 6 months" in said[0]
    assert "exceeds that of knowing all that it informs" in said[0]


def test_net_benefit_of_sampling_keeps_other_people_apart() -> None:
    table = pd.DataFrame({"size": [100, 400], "follow_up": [12.0, 12.0], "evsi": [9e4, 1.2e5]})
    found = voi.net_benefit_of_sampling(
        table,
        lambda size, months: 5e4 + 200.0 * size,
        arrives=lambda months: months / 12 + 0.5,
        lines=[voi.PopulationLine("later round", (40.0, 40.0, 40.0), 80.0)],
        discount=lambda year: 1.035**-year,
    )
    assert found["this_programme"].tolist() == [2e4, -1e4]
    # Results arrive after a year and a half: half of year 1 and all of year 2 count.
    scale = (0.5 * 40 / 1.035 + 40 / 1.035**2) / 80
    assert found["later round"].tolist() == pytest.approx([9e4 * scale, 1.2e5 * scale])


# -- luck -----------------------------------------------------------------------------------------


def nested(draws: int, replications: int, seed: int) -> tuple[Floats, Floats]:
    """Return net benefits [draw, replication, option] with much luck, and what they expect."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, draws))
    mean = np.stack([0 * a, 100 + 300 * a, 50 + 200 * a + 200 * b], axis=1)
    luck = rng.standard_normal((draws, replications, 3)) @ np.diag([0.0, 700.0, 500.0])
    shared = 5000 * rng.standard_normal((draws, replications, 1))
    return mean[:, None, :] + luck + shared, mean


def test_luck_is_taken_out_of_chances_and_values() -> None:
    seen, mean = nested(4000, 4, 1)
    found = voi.separate_luck(seen)
    assert found.corrected
    truth_value, truth_best = voi.evpi(mean), voi.probability_best(mean)
    naive = voi.evpi(seen.mean(axis=1))
    assert naive > 1.25 * truth_value, "luck looks like something that one could learn"
    assert voi.evpi(seen) == pytest.approx(truth_value, rel=0.08)
    assert np.abs(voi.probability_best(seen) - truth_best).max() < 0.03
    assert found.values.mean(axis=0) == pytest.approx(seen.mean(axis=(0, 1)))
    assert np.diag(found.parameters)[1:] == pytest.approx([300**2, 2 * 200**2], rel=0.1)
    assert np.diag(found.luck)[1:] == pytest.approx([700**2, 500**2], rel=0.05)
    share = 700**2 / 4 / (700**2 / 4 + 300**2)
    assert found.luck_share[1] == pytest.approx(share, abs=0.03)


def test_the_chance_of_being_wrong_is_over_parameters() -> None:
    rng = np.random.default_rng(2)
    mean = 200 + 300 * rng.standard_normal(5000)
    seen = np.zeros((5000, 2, 2))
    seen[:, :, 1] = mean[:, None] + 600 * rng.standard_normal((5000, 2))
    truth = stats.norm.cdf(-200 / 300)
    chance, loss = voi.chance_wrong(seen, advised=1, against=0)
    assert chance.value == pytest.approx(truth, abs=0.02)
    assert loss.value == pytest.approx(loss_integral(200, 300), rel=0.2)
    naive, _ = voi.chance_wrong(seen.mean(axis=1), advised=1, against=0)
    assert naive.value > truth + 0.05


def test_a_draw_of_weight_three_counts_as_three_draws() -> None:
    rng = np.random.default_rng(12)
    cost, effect = rng.normal(0, 100, (60, 3)), rng.normal(1, 2, (60, 3))
    weights = rng.integers(0, 4, 60).astype(np.float64)
    many = np.repeat(np.arange(60), weights.astype(int))
    value = 50 * effect - cost
    assert voi.probability_best(value, weights) == pytest.approx(voi.probability_best(value[many]))
    assert voi.expected_loss(value, weights) == pytest.approx(voi.expected_loss(value[many]))
    ours, plain = (
        voi.chance_wrong(value, 1, 0, weights=weights), voi.chance_wrong(value[many], 1, 0)
    )  # fmt: skip
    assert [one.value for one in ours] == pytest.approx([one.value for one in plain])
    for weighted, repeated in (
        (voi.acceptability(cost, effect, (0, 50), weights),
         voi.acceptability(cost[many], effect[many], (0, 50))),
        (voi.frontier(cost, effect, (0, 50), weights),
         voi.frontier(cost[many], effect[many], (0, 50))),
    ):  # fmt: skip
        pd.testing.assert_frame_equal(weighted, repeated)
    tenfold = voi.chance_wrong(value, 1, 0, weights=np.full(60, 10.0))
    for ten, one in zip(tenfold, voi.chance_wrong(value, 1, 0), strict=True):
        assert ten.value == pytest.approx(one.value)  # weights are shares: they add no draws
        assert ten.standard_error == pytest.approx(one.standard_error)
    for wrong in (np.ones(59), -np.ones(60), np.zeros(60), np.full(60, np.nan)):
        with pytest.raises(ValueError, match="60 numbers of at least 0"):
            voi.probability_best(value, wrong)


def test_luck_alone_leaves_nothing_to_know() -> None:
    rng = np.random.default_rng(3)
    seen = 100 * rng.standard_normal((500, 3, 3)) + [0, 50, -50]
    found = voi.separate_luck(seen)
    assert voi.evpi(seen) < 0.2 * voi.evpi(seen.mean(axis=1))
    assert found.luck_share[1:].min() > 0.7


@pytest.mark.parametrize("shape", [(2, 5, 2), (50, 1, 2)])
def test_what_cannot_be_told_apart_is_said(shape: tuple[int, int, int]) -> None:
    seen = np.random.default_rng(1).standard_normal(shape)
    found = voi.separate_luck(seen)
    assert not found.corrected
    assert (found.values == seen.mean(axis=1)).all()


def with_few_nested(seen: Floats, several: int) -> Floats:
    """Leave one replication in every draw but the first few."""
    few = seen.copy()
    few[several:, 1:] = np.nan
    return few


def test_luck_is_told_from_a_part_of_the_draws_without_bias() -> None:
    """The mean of many estimates is the truth, to within three standard errors of that mean."""
    every = [
        voi.separate_luck(with_few_nested(nested(3000, 2, seed)[0], 1000)) for seed in range(40)
    ]
    for found, truth in (
        ([np.diag(one.luck)[1:] for one in every], [700**2, 500**2]),
        ([np.diag(one.parameters)[1:] for one in every], [300**2, 2 * 200**2]),
    ):
        error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
        assert (error < 0.06 * np.array(truth)).all()
        assert (np.abs(np.mean(found, axis=0) - truth) < 3 * error).all()


def test_luck_is_taken_out_of_draws_with_one_replication_too() -> None:
    seen, mean = nested(6000, 2, 7)
    few = with_few_nested(seen, 1500)
    found = voi.separate_luck(few)
    assert found.mean_share == pytest.approx(0.875)
    left = found.values - found.values[:, :1]
    assert np.cov(left, rowvar=False) == pytest.approx(found.parameters, rel=1e-6, abs=1e-6)
    truth, naive = voi.evpi(mean), voi.evpi(voi.over_replications(few))
    assert abs(voi.evpi(few) - truth) < 0.25 * abs(naive - truth)
    assert voi.evpi(few) == voi.evpi(found.values)


def test_draws_of_few_and_of_many_replications_count_the_same() -> None:
    seen, _ = nested(40, 3, 8)
    few = with_few_nested(seen, 10)
    plain = np.concatenate([seen[:10].mean(axis=1), seen[10:, 0]])
    assert voi.over_replications(few) == pytest.approx(plain)
    assert voi.replications_made(few).tolist() == [3] * 10 + [1] * 30
    assert voi.separate_luck(few).values.mean(axis=0) == pytest.approx(plain.mean(axis=0))
    parameters = np.random.default_rng(1).standard_normal((40, 1))
    assert voi.evppi(few, parameters).equals(voi.evppi(plain, parameters))


@pytest.mark.parametrize("place", [(3, 0, slice(None)), (3, 1, 1), (20, 1, 2)])
def test_a_number_that_is_missing_otherwise_is_refused(place: tuple[int, int, int]) -> None:
    few = with_few_nested(nested(30, 2, 9)[0], 10)
    few[place] = np.nan if few[place].ndim or place[0] == 3 else 1.0
    with pytest.raises(ValueError, match="missing or not finite"):
        voi.evpi(few)


def test_two_draws_of_several_replications_do_not_tell_luck() -> None:
    few = with_few_nested(nested(30, 2, 9)[0], 2)
    found = voi.separate_luck(few)
    assert not found.corrected
    assert (found.values == voi.over_replications(few)).all()


def test_more_replications_leave_the_spread_of_parameters() -> None:
    seen, _ = nested(2000, 4, 5)
    table = voi.error_by_replications(voi.separate_luck(seen), 2000, [1, 4, 1000])
    assert table["option 2"].is_monotonic_decreasing
    assert table.loc[1000, "option 2"] == pytest.approx(300 / np.sqrt(2000), rel=0.1)
    plain = seen[:, :, 1].mean(axis=1) - seen[:, :, 0].mean(axis=1)
    assert table.loc[4, "option 2"] == pytest.approx(plain.std() / np.sqrt(2000), rel=0.05)


# -- leaks ----------------------------------------------------------------------------------------


def test_pure_noise_is_worth_nothing_to_a_rule() -> None:
    misses = []
    for seed in range(30):
        values, _ = two_options(400, seed)
        noise = np.random.default_rng(1000 + seed).standard_normal((400, 4))
        found = voi.rule_value(noise, values, folds=5)
        misses.append(found.value / max(found.standard_error, 1e-9))
        assert found.value < 3 * found.standard_error + 1e-9
    assert np.mean(misses) < 0.3, "on average noise gains nothing"
    # The same chooser, valued on the draws that it was fitted on, would be flattered.


def test_the_truth_is_worth_what_perfect_information_is() -> None:
    values, _ = two_options(2000, 6)
    found = voi.rule_value(values, values, folds=5)
    assert found.value == pytest.approx(voi.evpi(values), rel=0.01)
    three = np.random.default_rng(7).normal([0, 50, 80], [100, 300, 500], (2000, 3))
    assert voi.rule_value(three, three, folds=4).value == pytest.approx(voi.evpi(three), rel=0.02)


def test_a_rule_in_words_is_fitted_valued_and_said() -> None:
    values, frame = two_options(3000, 8)
    rng = np.random.default_rng(9)
    data = pd.DataFrame(
        {
            "starts": frame["a"] + 0.5 * rng.standard_normal(3000),
            "abuse": -frame["b"] + 0.5 * rng.standard_normal(3000),
            "weather": rng.standard_normal(3000),
        }
    )
    signs = {"starts": True, "abuse": False, "weather": True}
    rule = voi.threshold_rule(data, values, signs, acts=(1, 0))
    best = voi.rule_value(data, values)
    assert 0.5 * best.value < rule.value.value <= best.value + 2 * best.standard_error
    words = rule.words(["stop", "extend"])
    assert words.startswith("Choose extend if starts is above")
    assert "else stop" in words
    assert 0 < rule.chance < 1
    noise = voi.threshold_rule(data[["weather"]], values, {"weather": True}, acts=(1, 0))
    assert noise.value.value < 3 * noise.value.standard_error + 1e-9


# -- curves ---------------------------------------------------------------------------------------


def test_acceptability_frontier_and_losses_agree() -> None:
    rng = np.random.default_rng(10)
    effects = pd.DataFrame({"stop": np.zeros(1000), "extend": rng.normal(20, 15, 1000)})
    costs = pd.DataFrame({"stop": np.zeros(1000), "extend": rng.normal(1e5, 1e4, 1000)})
    curve = voi.acceptability(costs, effects, [0, 5000, 20_000])
    assert curve.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert curve["extend"].is_monotonic_increasing
    best = voi.frontier(costs, effects, [0, 5000, 20_000])
    assert best["option"].tolist()[0] == "stop"
    assert best["option"].tolist()[2] == "extend"
    for threshold, row in best.iterrows():
        values = threshold * effects.to_numpy() - costs.to_numpy()
        assert row["evpi"] == pytest.approx(voi.evpi(values))
        assert row["probability_best"] == curve.loc[threshold, row["option"]]
    assert voi.expected_loss(values).min() == pytest.approx(voi.evpi(values))


# -- tables for tools elsewhere -------------------------------------------------------------------


def test_the_savi_triple_comes_back_as_it_was(tmp_path: Path) -> None:
    values, frame = two_options(50, 11)
    names = ["stop", "extend, with more"]
    costs = pd.DataFrame(values / 3, columns=names)
    effects = pd.DataFrame(values * 1e-7, columns=names)
    voi.write_savi(tmp_path, voi.Savi(frame, costs, effects))
    back = voi.read_savi(tmp_path)
    pd.testing.assert_frame_equal(back.parameters, frame, check_exact=True)
    pd.testing.assert_frame_equal(back.costs, costs, check_exact=True)
    pd.testing.assert_frame_equal(back.effects, effects, check_exact=True)
    assert voi.evpi(back.net_benefit(2e6)) == voi.evpi(2e6 * effects - costs)
    for name in ("parameters.csv", "costs.csv", "effects.csv"):
        assert len((tmp_path / name).read_text().splitlines()) == 51


def test_everything_wrong_with_the_triple_is_said_at_once(tmp_path: Path) -> None:
    values, frame = two_options(3, 1)
    options = pd.DataFrame(values, columns=["stop", "extend"])
    voi.write_savi(tmp_path, voi.Savi(frame, options, options))
    (tmp_path / "costs.csv").write_text("stop,extend\n1,2\n3,many\n4\n")
    (tmp_path / "effects.csv").unlink()
    with pytest.raises(InputErrors) as caught:
        voi.read_savi(tmp_path)
    problems = caught.value.problems
    assert [(Path(p.file).name, p.line) for p in problems] == [
        ("costs.csv", 3),
        ("costs.csv", 4),
        ("effects.csv", None),
    ]


def test_tables_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    values, frame = two_options(4, 1)
    options = pd.DataFrame(values, columns=["stop", "extend"])
    with pytest.raises(ValueError, match="different numbers of draws"):
        voi.Savi(frame.head(3), options, options)
    with pytest.raises(ValueError, match="same options"):
        voi.Savi(frame, options, options[["extend", "stop"]])


# -- arrays that make no sense --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1.0, np.nan], [0.0, 1.0]], "1 values that are missing"),
        ([[1.0, 2.0]], "at least two draws"),
        ([1.0, 2.0], "draws x options"),
        ([["a", "b"], ["c", "d"]], "not a number"),
        (np.zeros((2, 2, 2, 2)), "draws x options"),
    ],
)
def test_odd_net_benefits_are_refused_in_words(values: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        voi.evpi(values)


def test_odd_parameters_are_refused_in_words() -> None:
    values, frame = two_options(30, 1)
    with pytest.raises(ValueError, match="29 draws and the net benefit 30"):
        voi.evppi(values, frame.head(29))
    with pytest.raises(ValueError, match="not there: z"):
        voi.evppi(values, frame, groups={"g": ("a", "z")})
    with pytest.raises(ValueError, match="same name"):
        voi.evppi(values, pd.concat([frame, frame], axis=1))
    with pytest.raises(ValueError, match="2 to 15 folds"):
        voi.rule_value(frame, values, folds=16)


def test_a_parameter_that_never_varies_and_options_that_never_differ() -> None:
    values, frame = two_options(100, 1)
    assert voi.evppi(values, frame.assign(a=3.0)).loc["a", "evppi"] == 0
    same = np.repeat(values[:, 1:], 3, axis=1)
    assert voi.evpi(same) == 0
    table = voi.evppi_table(same, frame)
    assert (table["evppi"] == 0).all()
    assert table["zero_within_noise"].all()


def test_noise_in_many_figures_about_many_options_is_seldom_taken_for_news() -> None:
    """Seven options that move together and six figures that say nothing about them."""
    taken = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        common = 1e5 * rng.standard_normal((128, 1))
        values = np.concatenate(
            [np.zeros((128, 1)), common + 3e4 * rng.standard_normal((128, 6))], axis=1
        )
        noise = pd.DataFrame(rng.standard_normal((128, 6)), columns=list("abcdef"))
        taken += not voi.evsi(values, noise).zero_within_noise
    assert taken <= 3  # one in twenty is meant; more than three of twelve has a chance of 1 in 400


def test_a_larger_or_longer_study_is_worth_no_less_than_what_it_holds() -> None:
    sizes, months = [10, 40, 160], [6.0, 12.0, 24.0]
    rows = [(size, month) for month in months for size in sizes]
    found = [10.0, 9.0, 30.0, 12.0, 25.0, 28.0, 11.0, 40.0, 20.0]
    table = pd.DataFrame(rows, columns=["size", "follow_up"]).assign(evsi=found)
    mended = voi.not_decreasing(table.sample(frac=1.0, random_state=1))
    assert mended["evsi_as_estimated"].tolist() == found
    wide = mended.pivot(index="size", columns="follow_up", values="evsi")
    assert (wide.diff().iloc[1:] >= 0).all(axis=None)
    assert (wide.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert mended["evsi"].tolist() == [10.0, 10.0, 30.0, 12.0, 25.0, 30.0, 12.0, 40.0, 40.0]
