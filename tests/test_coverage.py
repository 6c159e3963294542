"""Do a run's intervals and errors hold the truth as often as they say?"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from dapp_model import voi
from dapp_model.decision import chance

RESULTS = Path(__file__).parents[1] / "results"


@cache
def made_by() -> ModuleType:
    """Return the script that makes the committed table."""
    spec = importlib.util.spec_from_file_location("make_coverage", RESULTS / "make_coverage.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_the_committed_table_says_that_intervals_hold_what_they_should() -> None:
    found = pd.read_csv(RESULTS / "coverage.csv")
    assert set(found["measure"]) == set(made_by().MEASURES)
    assert len(set(found["option"])) >= 5
    for _, row in found.iterrows():
        assert row["truths"] >= 100
        assert row["in_90"] == pytest.approx(row["expected_90"], abs=2.5 * row["error_90"])
        spread = np.sqrt(0.1 * 0.9 / row["batches"])
        assert row["means_held"] == pytest.approx(row["means_expected"], abs=3 * spread)


def worlds(shift: float = 0.0, wider: float = 1.0, runs: int = 3, n: int = 200) -> list[np.ndarray]:
    """Return runs [draw, repetition] of one skewed truth, the last of them changed."""
    rng = np.random.default_rng(2)
    made = [np.exp(rng.normal(0, 0.7, (n, 1))) + rng.normal(0, 0.3, (n, 2)) for _ in range(runs)]
    made[-1] = shift + wider * made[-1]
    return made


def test_coverage_is_told_right_and_tells_what_is_wrong() -> None:
    """Sound runs are held as often as expected; runs of another world are seen not to be."""
    sound = made_by().intervals(worlds())
    assert sound["in_90"] == pytest.approx(sound["expected_90"], abs=0.03)
    assert sound["in_50"] == pytest.approx(sound["expected_50"], abs=0.05)
    assert made_by().intervals(worlds(wider=6.0))["in_90"] < sound["in_90"] - 0.1
    assert made_by().means(worlds())["means_held"] > 0.75
    assert made_by().means(worlds(shift=3.0))["means_held"] < 0.6


def test_the_error_of_the_chance_of_being_wrong_covers_the_truth() -> None:
    """With luck in every draw the chance is over what is not known, and its error is honest."""
    from scipy.stats import norm

    rng = np.random.default_rng(3)
    truth = float(norm.cdf(-0.3))
    inside = bare = 0
    repeats = 150
    for _ in range(repeats):
        effect = rng.normal(0.3, 1.0, (128, 1, 1))
        luck = rng.normal(0.0, 1.0, (128, 2, 1))
        nested = np.concatenate([np.zeros((128, 2, 1)), effect + luck], axis=2)
        sure = chance.apart(nested)
        assert sure.removed
        found, _ = voi.chance_wrong(sure.values, 1, 0)
        inside += abs(found.value - truth) <= 1.645 * found.standard_error
        bare += float((nested[:, :, 1].mean(axis=1) < 0).mean())
    assert 0.82 <= inside / repeats <= 1.0
    # Luck left in would draw the chance towards one half.
    assert bare / repeats > truth + 0.01


def test_draws_that_are_spread_evenly_would_show() -> None:
    """If each block covered the prior too well, its mean would be surer than it says."""
    q = (np.arange(16) + 0.5) / 16
    rng = np.random.default_rng(6)
    even = np.concatenate([rng.permutation(q) for _ in range(8)])[:, None] * np.ones(2)
    assert made_by().means(made_by().blocks(even))["means_held"] == 1.0


@pytest.mark.long
def test_intervals_of_a_small_run_hold_truths_under_another_seed(tmp_path: Path) -> None:
    """One small run's intervals against the draws of another, which share nothing."""
    from small_study import inputs

    from dapp_model import study

    made = []
    for seed in (1, 2):
        plan = study.Plan(draws=60, replications=2, seed=seed, whole=0, quick=True)
        folder = tmp_path / str(seed)
        study.compute(inputs(), plan, folder, workers=1)
        found = [study.valued_of(folder, n).summaries["extend"] for n in range(plan.draws)]
        made.append(np.array([[one.net_present_social_value for one in row] for row in found]))
    found = made_by().intervals(made)
    assert found["in_90"] == pytest.approx(found["expected_90"], abs=0.11)
    assert found["in_50"] == pytest.approx(found["expected_50"], abs=0.18)
