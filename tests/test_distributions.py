"""Do the distributions say what the evidence says, and do draws depend on their keys alone?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dapp_model.distributions import (
    KINDS,
    PARTS,
    Beta,
    Distribution,
    LogNormal,
    Mixture,
    Normal,
    Part,
    Triangular,
    Uncertain,
    Uniform,
    bounded_quantile,
    cumulative,
    draw,
    quantile,
    read_distribution,
    uniform_of,
)
from dapp_model.parameters import registry
from dapp_model.quantities import Value

ONE_OF_EACH: tuple[Distribution, ...] = (
    Beta(0.35, 0.15, 0.60),
    LogNormal(0.03, 0.01, 0.06),
    Normal(0.5, 0.2),
    Uniform(2.0, 5.0),
    Triangular(1.0, 2.0, 5.0),
    Triangular(1.0, 1.0, 5.0),
    Triangular(1.0, 5.0, 5.0),
    Mixture((Part("low", 0.3, -1.0, 0.1), Part("high", 0.7, 1.0, 0.4))),
)
UNIFORMS = (0.3031603735120648, 0.894410410718162, 0.40479890973273924, 0.5735108744190504)
LEVELS = np.linspace(0.001, 0.999, 997)


@dataclass(frozen=True)
class Beliefs:
    """As little as `draw` asks for."""

    uncertain: Mapping[str, Uncertain]
    values: Mapping[str, Value] = field(default_factory=dict)

    def replace(self, *, values: Mapping[str, Value]) -> Beliefs:
        return replace(self, values={**self.values, **values})

    def number(self, name: str) -> float:
        value = self.values[name]
        assert isinstance(value, float)
        return value


def registered() -> dict[str, Uncertain]:
    return {
        name: Uncertain(each.distribution, each.possible)
        for name, each in registry().items()
        if each.distribution is not None and each.possible is not None
    }


def effect() -> Mixture:
    mixture = registry()["effect.full_dose_hr"].distribution
    assert isinstance(mixture, Mixture)
    return mixture


def column(draws: tuple[Beliefs, ...], name: str) -> list[float]:
    return [each.number(name) for each in draws]


# -- what the evidence states ---------------------------------------------------------------------


def test_the_programme_effect_is_the_stated_mixture() -> None:
    mixture = effect()
    assert [part.name for part in mixture.parts] == list(PARTS[1:])
    assert [part.weight for part in mixture.parts] == [0.45, 0.40, 0.15]
    assert quantile(mixture, 0.5) == pytest.approx(0.88, abs=0.005)
    assert quantile(mixture, 0.025) == pytest.approx(0.53, abs=0.005)
    assert quantile(mixture, 0.975) == pytest.approx(1.30, abs=0.005)
    assert cumulative(mixture, 1.0) == pytest.approx(0.73, abs=0.006)
    assert cumulative(mixture, 0.8) == pytest.approx(0.34, abs=0.005)
    assert 1 - cumulative(mixture, 1.1) == pytest.approx(0.14, abs=0.005)


@pytest.mark.parametrize(
    ("part", "median", "low", "high"),
    [
        ("sceptical", 0.97, 0.70, 1.35),
        ("central", 0.84, 0.57, 1.25),
        ("optimistic", 0.65, 0.44, 0.96),
    ],
)
def test_each_part_of_the_effect_is_as_stated(
    part: str, median: float, low: float, high: float
) -> None:
    (chosen,) = (each for each in effect().parts if each.name == part)
    alone = Mixture((replace(chosen, weight=1.0),))
    for level, stated in ((0.5, median), (0.025, low), (0.975, high)):
        assert quantile(alone, level) == pytest.approx(stated, abs=0.006)


def test_every_registered_distribution_hits_what_it_states() -> None:
    for name, uncertain in registered().items():
        distribution = uncertain.distribution
        low, high = quantile(distribution, 0.025), quantile(distribution, 0.975)
        match distribution:
            case Beta():
                middles = (np.arange(2000) + 0.5) / 2000
                mean = float(quantile(distribution, middles).mean())
                assert mean == pytest.approx(distribution.mean, rel=1e-3), name
                width = distribution.high - distribution.low
                assert high - low == pytest.approx(width, rel=1e-9), name
                # The ends may lie beside the stated ones, by at most 6% of the width.
                assert abs(low - distribution.low) < 0.06 * width, name
            case LogNormal():
                assert quantile(distribution, 0.5) == pytest.approx(distribution.median), name
                assert (low, high) == pytest.approx((distribution.low, distribution.high)), name
            case Normal():
                assert (low + high) / 2 == pytest.approx(distribution.mean), name
                assert (high - low) / 2 == pytest.approx(1.959964 * distribution.sd), name
            case _:
                assert name == "effect.full_dose_hr"


@pytest.mark.parametrize(
    ("name", "centre", "low", "high"),
    [
        ("effect.dropout_hr", 1.05, 0.85, 1.30),
        ("effect.reporting_ratio", 1.15, 0.90, 1.50),
        ("effect.half_life", 2.5 * 365.25, 0.8 * 365.25, 8 * 365.25),
        ("pathway.motivational_odds", 0.58, 0.42, 0.80),
        ("pathway.renege", 0.03 * 365.25 / 7, 0.01 * 365.25 / 7, 0.06 * 365.25 / 7),
        ("idva.hazard_ratio", 0.80, 0.55, 1.15),
        ("dvpo.hazard_ratio", 0.80, 0.60, 1.05),
    ],
)
def test_recommended_priors_are_taken_over(
    name: str, centre: float, low: float, high: float
) -> None:
    distribution = registered()[name].distribution
    found = [quantile(distribution, level) for level in (0.5, 0.025, 0.975)]
    assert found == pytest.approx([centre, low, high])


@pytest.mark.parametrize(
    ("name", "mean", "low", "high"),
    [
        ("pathway.complete_agency", 0.45, 0.30, 0.60),
        ("pathway.complete_self", 0.65, 0.50, 0.80),
        ("pathway.support_uptake", 0.50, 0.30, 0.70),
        ("children.pass_through", 0.50, 0.20, 0.80),
        ("dash.high_share", 0.11, 0.06, 0.16),
        ("case.children_share", 0.37, 0.32, 0.42),
    ],
)
def test_recommended_shares_are_taken_over(name: str, mean: float, low: float, high: float) -> None:
    distribution = registered()[name].distribution
    assert isinstance(distribution, Beta)
    assert distribution.mean == mean
    assert quantile(distribution, 0.025) == pytest.approx(low, abs=0.01)
    assert quantile(distribution, 0.975) == pytest.approx(high, abs=0.01)


# -- quantile functions ---------------------------------------------------------------------------


def test_a_beta_that_is_uniform_is_uniform() -> None:
    flat = Beta(0.5, 0.025, 0.975)
    assert quantile(flat, LEVELS) == pytest.approx(LEVELS, abs=1e-6)


def test_a_normal_is_the_textbooks() -> None:
    textbook = NormalDist(0.05, 0.04)
    for level in (0.01, 0.3, 0.5, 0.9):
        assert quantile(Normal(0.05, 0.04), level) == pytest.approx(textbook.inv_cdf(level))


def test_a_symmetric_log_normal_is_the_textbooks() -> None:
    sigma = math.log(2) / 1.959963984540054
    textbook = stats.lognorm(sigma, scale=3.0)
    assert quantile(LogNormal(3.0, 1.5, 6.0), LEVELS) == pytest.approx(textbook.ppf(LEVELS))


def test_an_asymmetric_log_normal_keeps_half_on_either_side() -> None:
    skewed = LogNormal(0.03, 0.01, 0.06)
    assert cumulative(skewed, 0.03) == pytest.approx(0.5)
    assert cumulative(skewed, 0.01) == pytest.approx(0.025)
    assert cumulative(skewed, 0.06) == pytest.approx(0.975)


def test_a_triangular_is_the_textbooks() -> None:
    textbook = stats.triang(0.25, loc=1.0, scale=4.0)
    assert quantile(Triangular(1.0, 2.0, 5.0), LEVELS) == pytest.approx(textbook.ppf(LEVELS))
    assert cumulative(Triangular(1.0, 2.0, 5.0), 3.0) == pytest.approx(textbook.cdf(3.0))


def test_a_mixture_of_one_is_that_one() -> None:
    alone = Mixture((Part("only", 1.0, -0.17, 0.20),))
    textbook = stats.lognorm(0.20, scale=math.exp(-0.17))
    assert quantile(alone, LEVELS) == pytest.approx(textbook.ppf(LEVELS))


@pytest.mark.parametrize("distribution", ONE_OF_EACH, ids=lambda each: type(each).__name__)
def test_quantile_and_cumulative_undo_each_other_and_rise(distribution: Distribution) -> None:
    values = quantile(distribution, LEVELS)
    assert cumulative(distribution, values) == pytest.approx(LEVELS, abs=1e-9)
    assert bool(np.all(np.diff(values) > 0))


@pytest.mark.parametrize("distribution", ONE_OF_EACH, ids=lambda each: type(each).__name__)
def test_a_number_gives_a_number_and_an_array_an_array(distribution: Distribution) -> None:
    single = quantile(distribution, 0.3)
    assert type(single) is float
    assert type(cumulative(distribution, 1.0)) is float
    grid = np.array([[0.3, 0.5], [0.7, 0.9]])
    assert quantile(distribution, grid).shape == (2, 2)
    assert quantile(distribution, grid)[0, 0] == single


@pytest.mark.parametrize("distribution", ONE_OF_EACH, ids=lambda each: type(each).__name__)
def test_the_ends_are_the_ends_of_the_distribution(distribution: Distribution) -> None:
    low, high = quantile(distribution, 0.0), quantile(distribution, 1.0)
    assert low < quantile(distribution, 1e-6)
    assert high > quantile(distribution, 1 - 1e-6)
    assert (cumulative(distribution, low), cumulative(distribution, high)) == (0.0, 1.0)


@pytest.mark.parametrize("level", [-0.01, 1.01, float("nan")])
def test_a_level_outside_0_to_1_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(Normal(0.0, 1.0), level)


# -- reading --------------------------------------------------------------------------------------


def test_each_kind_is_read_from_its_table() -> None:
    tables: list[dict[str, object]] = [
        {"kind": "beta", "mean": 0.35, "low": 0.15, "high": 0.6},
        {"kind": "lognormal", "median": 3, "low": 1.5, "high": 6},
        {"kind": "normal", "mean": 0.05, "sd": 0.04},
        {"kind": "uniform", "low": 2, "high": 5},
        {"kind": "triangular", "low": 1, "mode": 2, "high": 5},
        {
            "kind": "mixture",
            "parts": [{"name": "one", "weight": 1, "log_mean": 0, "log_sd": 0.1}],
        },
    ]
    assert [table["kind"] for table in tables] == list(KINDS)
    read = [read_distribution(table) for table in tables]
    assert read[0] == Beta(0.35, 0.15, 0.6)
    assert read[1] == LogNormal(3.0, 1.5, 6.0)
    assert read[5] == Mixture((Part("one", 1.0, 0.0, 0.1),))


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"kind": "cauchy", "mean": 0},
        {"kind": "normal", "mean": 0},
        {"kind": "normal", "mean": 0, "sd": 0},
        {"kind": "normal", "mean": 0, "sd": 1, "low": -1},
        {"kind": "normal", "mean": 0, "sd": "1"},
        {"kind": "normal", "mean": True, "sd": 1},
        {"kind": "normal", "mean": float("inf"), "sd": 1},
        {"kind": "beta", "mean": 0.5, "low": 0.6, "high": 0.7},
        {"kind": "beta", "mean": 0.5, "low": -0.1, "high": 0.7},
        {"kind": "lognormal", "median": 1, "low": 0, "high": 2},
        {"kind": "uniform", "low": 2, "high": 2},
        {"kind": "triangular", "low": 2, "mode": 1, "high": 3},
        {"kind": "mixture"},
        {"kind": "mixture", "parts": []},
        {"kind": "mixture", "parts": [{"name": "a", "weight": 0.9, "log_mean": 0, "log_sd": 1}]},
        {"kind": "mixture", "parts": [{"weight": 1, "log_mean": 0, "log_sd": 1}]},
        {
            "kind": "mixture",
            "parts": [{"name": "a", "weight": 0.5, "log_mean": 0, "log_sd": 1}] * 2,
        },
    ],
)
def test_a_table_that_makes_no_distribution_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_distribution(table)


def test_an_interval_that_no_single_peaked_beta_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no single-peaked beta"):
        quantile(Beta(0.9, 0.01, 0.99), 0.5)


# -- inside what is possible ----------------------------------------------------------------------


def test_truncation_is_the_distribution_given_that_it_is_possible() -> None:
    found = bounded_quantile(Normal(0.05, 0.04), LEVELS, (0.0, 0.1))
    textbook = stats.truncnorm(-1.25, 1.25, loc=0.05, scale=0.04)
    assert found == pytest.approx(textbook.ppf(LEVELS))


@pytest.mark.parametrize("distribution", ONE_OF_EACH, ids=lambda each: type(each).__name__)
def test_truncation_leaves_no_mass_at_the_ends(distribution: Distribution) -> None:
    possible = quantile(distribution, 0.2), quantile(distribution, 0.7)
    values = bounded_quantile(distribution, LEVELS, possible)
    assert bool(np.all((values > possible[0]) & (values < possible[1])))
    assert len(set(values.tolist())) == len(LEVELS)
    levels = cumulative(distribution, values)
    assert levels == pytest.approx(0.2 + 0.5 * LEVELS, abs=1e-9)


@given(
    st.floats(-3, 3),
    st.floats(0.01, 2),
    st.floats(-2, 2),
    st.floats(0.01, 3),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
)
def test_no_value_leaves_what_is_possible(
    mean: float, sd: float, low: float, width: float, u: float
) -> None:
    normal = Normal(mean, sd)
    mass = cumulative(normal, low + width) - cumulative(normal, low)
    level = np.array([u])
    if mass < 0.01:
        with pytest.raises(ValueError, match="almost nothing"):
            bounded_quantile(normal, level, (low, low + width))
    else:
        (value,) = bounded_quantile(normal, level, (low, low + width))
        assert low <= value <= low + width


def test_every_registered_distribution_lies_nearly_wholly_in_what_is_possible() -> None:
    for name, uncertain in registered().items():
        low, high = (cumulative(uncertain.distribution, end) for end in uncertain.possible)
        assert high - low > 0.98, name


# -- keyed uniforms and draws ---------------------------------------------------------------------


def test_a_uniform_is_a_pure_function_of_its_keys() -> None:
    """These numbers are the same on every machine, and in every version from now on."""
    assert uniform_of(1, "effect.full_dose_hr", 0) == UNIFORMS[0]
    assert uniform_of(1, "effect.full_dose_hr", 1) == UNIFORMS[1]
    assert uniform_of(2, "effect.full_dose_hr", 0) == UNIFORMS[2]
    assert uniform_of(1, "effect.half_life", 0) == UNIFORMS[3]


def test_uniforms_are_uniform_and_unrelated_between_names_and_seeds() -> None:
    n = 4000
    columns = np.array(
        [
            [uniform_of(seed, name, number) for number in range(n)]
            for seed in (1, 2)
            for name in ("effect.full_dose_hr", "effect.half_life", "budget.place")
        ]
    )
    assert columns.min() > 0
    assert columns.max() < 1
    for row in columns:
        assert stats.kstest(row, "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(row[:-1], row[1:])[0, 1]) < 4 / math.sqrt(n)
    related = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(related).max() < 4 / math.sqrt(n)


def test_draws_repeat_and_follow_the_seed() -> None:
    beliefs = Beliefs(registered())
    assert draw(beliefs, 5, seed=7) == draw(beliefs, 5, seed=7)
    one, two = draw(beliefs, 5, seed=7), draw(beliefs, 5, seed=8)
    for name in beliefs.uncertain:
        assert not set(column(one, name)) & set(column(two, name)), name


def test_a_parameter_more_or_less_never_changes_another_draw() -> None:
    everything = registered()
    names = list(everything)
    full = draw(Beliefs(everything), 6, seed=3)
    fewer = {name: everything[name] for name in reversed(names[::3])}
    added = {"a.newcomer": Uncertain(Uniform(0.0, 1.0), (0.0, 1.0)), **fewer}
    part = draw(Beliefs(added), 6, seed=3)
    for name in fewer:
        assert column(part, name) == column(full, name), name


@given(st.integers(0, 12), st.integers(0, 8))
def test_draws_made_in_several_goes_are_the_same(n: int, first: int) -> None:
    beliefs = Beliefs({name: registered()[name] for name in ("effect.half_life", "budget.place")})
    assert draw(beliefs, n, seed=3, first=first) == draw(beliefs, first + n, seed=3)[first:]


def test_draws_lie_in_what_is_possible_and_centre_on_what_is_stated() -> None:
    uncertain = registered()
    draws = draw(Beliefs(uncertain), 2000, seed=11)
    for name, each in uncertain.items():
        values = np.array(column(draws, name))
        low, high = each.possible
        assert bool(np.all((values >= low) & (values <= high))), name
        # 2,000 draws: the share below the median has a standard error of 0.011.
        middle = bounded_quantile(each.distribution, np.array([0.5]), each.possible)[0]
        assert np.mean(values < middle) == pytest.approx(0.5, abs=0.05), name


def test_parts_of_the_effect_are_drawn_apart_at_the_same_luck() -> None:
    name = "effect.full_dose_hr"
    beliefs = Beliefs({name: registered()[name], "budget.place": registered()["budget.place"]})
    drawn = {part: draw(beliefs, 3000, seed=5, part=part) for part in PARTS}
    medians = {part: float(np.median(column(draws, name))) for part, draws in drawn.items()}
    stated = {"mixture": 0.88, "sceptical": 0.97, "central": 0.84, "optimistic": 0.65}
    assert medians == pytest.approx(stated, abs=0.02)
    helps = np.mean(np.array(column(drawn["mixture"], name)) < 1)
    assert helps == pytest.approx(0.725, abs=0.03)
    for part in PARTS:
        # Only the effect feels the choice; order by luck is the same in every part.
        assert column(drawn[part], "budget.place") == column(drawn["mixture"], "budget.place")
        ranks = stats.rankdata(column(drawn[part], name))
        assert ranks.tolist() == stats.rankdata(column(drawn["mixture"], name)).tolist()


def test_no_draws_are_no_draws() -> None:
    assert draw(Beliefs(registered()), 0, seed=1) == ()
    assert draw(Beliefs({}), 2, seed=1) == (Beliefs({}), Beliefs({}))


@pytest.mark.parametrize(
    ("n", "part", "first"), [(1, "hopeful", 0), (-1, "central", 0), (1, "central", -1)]
)
def test_a_draw_that_makes_no_sense_is_refused(n: int, part: str, first: int) -> None:
    with pytest.raises(ValueError, match=r"part is one of|cannot be negative"):
        draw(Beliefs(registered()), n, seed=1, part=part, first=first)
