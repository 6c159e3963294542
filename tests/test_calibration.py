"""Is the calibration honest: are recipes checked, figures read right, posteriors right?"""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dapp_model import events as ev
from dapp_model import fitted, study
from dapp_model.calibration import bank, emulator, posterior, proof, recipe, shapes
from dapp_model.calibration.targets import (
    BEGINS,
    COUNTED,
    ENDS,
    LEARNT,
    READERS,
    RECORD_BEGINS,
    YEAR,
    Records,
    follow,
    from_scale,
    read_all,
    to_scale,
)
from dapp_model.errors import InputErrors
from dapp_model.experiment import with_share
from dapp_model.outcomes import BASELINE_YEAR
from dapp_model.parameters import registry
from dapp_model.scenario import load

Floats = npt.NDArray[np.float64]
HERE = Path(__file__).resolve().parents[1] / "calibration"
RECIPE = HERE / "surrey_2014_15.toml"
RESULTS = HERE / "results"
SCENARIO = HERE.parent / "scenarios" / "surrey_base.toml"


@cache
def shipped() -> recipe.Recipe:
    return recipe.read(RECIPE)


def copied(folder: Path, name: str, old: str, new: str) -> Path:
    """Copy the recipe's files, with one text replaced in one of them; return the recipe's path."""
    for each in ("surrey_2014_15.toml", "targets.csv", "priors.toml"):
        text = (HERE / each).read_text(encoding="utf-8")
        text = text.replace("../scenarios/surrey_base.toml", str(SCENARIO))
        if each == name:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / each).write_text(text, encoding="utf-8")
    return folder / "surrey_2014_15.toml"


# -- the recipe -----------------------------------------------------------------------------------


def test_the_shipped_recipe_covers_all_that_waits_for_it() -> None:
    known = registry()
    waiting = {n for n, p in known.items() if p.role == "calibrated" or p.with_calibration}
    assert set(shipped().names) == waiting
    assert shipped().names[0] == recipe.SIZE


def test_priors_are_inside_what_is_possible_and_nearly_all_inside_what_is_plausible() -> None:
    rng = np.random.default_rng(1)
    values = shipped().values(rng.standard_normal((4000, len(shipped().priors))))
    for j, name in enumerate(shipped().names):
        low, high = registry()[name].possible or (-np.inf, np.inf)
        assert low <= values[:, j].min(), name
        assert values[:, j].max() <= high, name


def test_the_recorded_mix_leaves_room_for_what_is_no_crime_at_every_prior_draw() -> None:
    mix = [j for j, name in enumerate(shipped().names) if name.startswith("incident.mix_")]
    assert len(mix) == 8
    scores = bank.spread(shipped())
    assert shipped().values(scores)[:, mix].sum(axis=1).max() < 1


def test_every_target_has_a_definition_a_status_and_a_reason_for_its_error() -> None:
    for target in shipped().targets:
        assert target.reader in READERS
        assert target.status in (
            "seed_document",
            "verified_primary",
            "verified_secondary",
            "derived",
            "recalled",
        )
        if target.weight == "weak":
            assert target.error > 0, target.name
    strong = {t.reader for t in shipped().in_force("A", ("strong",))}
    assert strong == {"recorded_incidents", "repeat_share_a", "marac_referrals", "marac_repeats"}
    assert {t.reader for t in shipped().in_force("B", ("strong",))} == strong - {
        "repeat_share_a"
    } | {"repeat_share_b"}


@pytest.mark.parametrize(
    ("name", "old", "new", "key", "words"),
    [
        ("targets.csv", "recorded_incidents,Recorded incidents,recorded_incidents",
         "recorded_incidents,Recorded incidents,recorded_arrows", "recorded_incidents",
         "no definition"),
        ("targets.csv", ",327,0,", ",900,0,", "marac_repeats", "contradict"),
        ("targets.csv", "repeat_share_a,0.333333", "repeat_share_a,1.333", "repeat_share_a",
         "not possible"),
        ("targets.csv", ",814,0,", ",many,0,", "marac_referrals", "not a number"),
        ("targets.csv", ',0.15,"national', ',-0.15,"national', "true_victims", "not possible"),
        ("priors.toml", 'low = "7 days"', 'low = "90 years"', "incident.raised_hazard_time",
         "cannot be read"),
        ("priors.toml", "median = 1.25, low = 0.7, high = 2.2",
         "median = 1.25, low = 0.1, high = 22", "case.frailty_sigma", "outside what is possible"),
        ("priors.toml", "[case.short_share]", "[case.tall_share]", "case.short_share",
         "has no prior"),
        ("surrey_2014_15.toml", "replicates = 2", "replicates = 1", "bank.replicates",
         "not possible"),
        ("surrey_2014_15.toml", 'readings = ["A", "B", "C"]', 'readings = ["A", "D"]',
         "readings", "list"),
        ("surrey_2014_15.toml", "seed = ", "sead = ", "sead", "no such key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, name: str, old: str, new: str, key: str, words: str
) -> None:
    with pytest.raises(InputErrors) as caught:
        recipe.read(copied(tmp_path, name, old, new))
    found = [p for p in caught.value.problems if key in p.key and words in p.message]
    assert found, str(caught.value)
    assert name in found[0].file


def test_two_figures_for_one_thing_that_differ_too_much_contradict_each_other(
    tmp_path: Path,
) -> None:
    row = next(
        line
        for line in (HERE / "targets.csv").read_text(encoding="utf-8").splitlines()
        if line.startswith("recorded_incidents")
    )
    other = row.replace("recorded_incidents,", "another_count,", 1).replace(",13300,", ",14300,")
    with pytest.raises(InputErrors, match="contradict") as caught:
        recipe.read(copied(tmp_path, "targets.csv", row, f"{row}\n{other}"))
    assert "standard errors apart" in caught.value.problems[0].expected


def test_nothing_is_simulated_for_a_recipe_that_is_wrong(tmp_path: Path) -> None:
    from dapp_model import cli

    path = copied(tmp_path, "targets.csv", ",814,0,", ",-814,0,")
    assert cli.main(["calibrate", str(path), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


# -- reading figures off a county -----------------------------------------------------------------


@cache
def small_county() -> bank.County:
    inputs = with_share(load(SCENARIO), 1.0)
    return bank.county(inputs.replace(values={recipe.SIZE: 900.0}), 7, 0)


def test_records_are_counted_as_the_reports_count_them() -> None:
    county = small_county()
    year = county.records.between(BEGINS, ENDS)
    assert county.count("recorded.incidents") == len(year.time) > 200
    assert county.count("recorded.victims") == len(np.unique(year.case))
    repeats = len(year.time) - len(np.unique(year.case))
    assert county.count("recorded.repeat_a") == repeats
    assert county.count("recorded.non_crime") == (~year.crime).sum()
    # Readings B and C once more, by hand, from the same records.
    records = county.records
    gap = np.full(len(records.time), np.inf)
    same = records.case[1:] == records.case[:-1]
    gap[1:][same] = np.diff(records.time // 86_400)[same]
    in_year = (records.time >= BEGINS) & (records.time < ENDS)
    assert county.count("recorded.repeat_b") == (in_year & (gap <= 365)).sum()
    since = np.flatnonzero(in_year & np.isfinite(gap))
    ever = (records.time[since - 1] // 86_400 * 86_400 >= RECORD_BEGINS).sum()
    assert county.count("recorded.repeat_c") == ever


def test_a_perpetrator_is_followed_from_the_first_record_to_the_next() -> None:
    day = 86_400
    rows = np.zeros(5, dtype=small_county().rows.dtype)
    rows["kind"] = ev.RECORD
    rows["value"] = ev.NONE
    rows["person"] = [1, 1, 1, 2, 3]
    rows["relationship"] = [1, 1, 2, 1, 1]
    rows["time"] = BEGINS - np.array([1500, 1500, 1400, 1500, 100]) * day + [0, 60, 0, 0, 0]
    found = follow(Records.of(rows), RECORD_BEGINS, 1096)
    assert sorted(found.gap.tolist()) == [100.0, np.inf]  # person 3 is not followed for long enough
    assert found.other[np.isfinite(found.gap)].tolist() == [True]
    assert found.share_within(99) == 0
    assert found.share_within(100) == 0.5


def test_every_figure_is_read_and_is_possible() -> None:
    found = read_all(small_county())
    assert set(found) == set(READERS)
    for name, value in found.items():
        assert 0 < value < (1 if READERS[name].scale == "logit" else np.inf), name
        scale = READERS[name].scale
        assert from_scale(to_scale(value, scale), scale) == pytest.approx(value, rel=1e-6), name


def test_counts_are_in_proportion_to_people_and_nothing_else_is() -> None:
    """The bank leaves the size of the county out, so this has to hold beyond chance."""
    inputs = with_share(load(SCENARIO), 1.0)
    found = {
        size: np.array(
            [
                [to_scale(read_all(county)[n], READERS[n].scale) for n in LEARNT]
                for county in (
                    bank.county(inputs.replace(values={recipe.SIZE: size}), 11, k) for k in range(6)
                )
            ]
        )
        for size in (1000.0, 2000.0)
    }
    small, large = found[1000.0], found[2000.0]
    apart = large.mean(axis=0) - small.mean(axis=0) - COUNTED * np.log(2.0)
    error = np.sqrt(small.var(axis=0, ddof=1) / 6 + large.var(axis=0, ddof=1) / 6)
    assert np.abs(apart / error).max() < 5


# -- the bank -------------------------------------------------------------------------------------


def tiny() -> recipe.Recipe:
    numbers = {**shipped().numbers, "bank.first": 10, "bank.numbers": 8, "bank.replicates": 2}
    return dataclasses.replace(shipped(), share=0.01, numbers=numbers)


def test_the_bank_resumes_and_has_the_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    wanted = tiny()
    scores = bank.spread(wanted)
    seen: list[tuple[int, int]] = []
    how = bank.How(2, lambda done, total: seen.append((done, total)))
    two = bank.fill(wanted, scores, 1, tmp_path / "two", how=how)
    assert seen[-1] == (2, 2)
    one = bank.fill(wanted, scores, 1, tmp_path / "one", how=bank.How(1))
    files = sorted(p.relative_to(tmp_path / "two") for p in (tmp_path / "two").rglob("*.parquet"))
    assert len(files) == 2
    for name in files:
        first = (tmp_path / "one" / name).read_bytes()
        assert first == (tmp_path / "two" / name).read_bytes(), name
    # Lose one part: only that part is simulated again, and nothing changes.
    (tmp_path / "one" / files[1]).unlink()
    seen.clear()
    again = bank.fill(wanted, scores, 1, tmp_path / "one", how=how)
    assert seen == [(1, 2), (2, 2)]  # one was there, and one is simulated
    np.testing.assert_array_equal(again.figures, one.figures)
    np.testing.assert_array_equal(two.figures, one.figures)


def test_replicate_numbers_are_common_spread_evenly_and_apart_from_the_proofs() -> None:
    wanted = shipped()
    numbers = bank.numbers_for(wanted, 1000, 1)
    assert (numbers[:, 0] != numbers[:, 1]).all()
    counts = np.bincount(numbers.ravel(), minlength=wanted.numbers["bank.numbers"])
    assert len(counts) == wanted.numbers["bank.numbers"]
    assert counts.max() - counts.min() <= 1
    assert numbers.max() < bank.PILOT_NUMBER < bank.PROOF_NUMBERS


# -- the emulator ---------------------------------------------------------------------------------

D = 6


def made_up_bank(n: int, noise: float) -> tuple[bank.Bank, Floats]:
    """Return a bank of a known quadratic with known chance, and its noiseless figures."""
    rng = np.random.default_rng(5)
    z = np.column_stack([np.zeros(n), rng.standard_normal((n, D))])
    slopes = rng.standard_normal((D, len(LEARNT))) * 0.3
    truth = z[:, 1:] @ slopes + 0.2 * z[:, [1]] ** 2 - 0.1 * z[:, [2]] * z[:, [3]]
    people = np.full(n, 1000.0)
    chance = noise * rng.standard_normal((n, 2, len(LEARNT)))
    return bank.Bank(z, truth[:, None] + chance, people, np.zeros((n, 2), np.int64)), truth


def made_up_priors() -> tuple[recipe.Prior, ...]:
    from dapp_model.distributions import LogNormal, Normal

    size = recipe.Prior(recipe.SIZE, LogNormal(25_000, 5_000, 120_000), (0, 1e9))
    rest = (recipe.Prior(f"x{k}", Normal(0, 1), (-100, 100)) for k in range(D))
    return (size, *rest)


def test_the_emulator_recovers_a_known_quadratic_and_the_chance_around_it() -> None:
    points, truth = made_up_bank(500, 0.05)
    learnt = emulator.fit(points, made_up_priors())
    size = np.full(500, bank.SIZE_OF_BANK)
    found = learnt.expected(points.scores, size)
    chance = learnt.chance(points.scores, np.full(500, 1000.0))
    # The bank's figures are logs or log odds of noisy counts: the emulator undoes the bend.
    bent = found + emulator.bend(found, chance**2)
    assert np.abs(bent - truth).max() < 0.1
    assert np.sqrt(((bent - truth) ** 2).mean()) < 0.012
    assert chance.mean() == pytest.approx(0.05, rel=0.05)
    assert np.sqrt(np.diag(learnt.missed)).max() < 0.03
    far = learnt.chance(points.scores, np.full(500, 4000.0))
    np.testing.assert_allclose(far * 2, chance)


def test_the_emulators_slopes_are_those_of_its_expectations() -> None:
    points, _ = made_up_bank(300, 0.02)
    learnt = emulator.fit(points, made_up_priors())
    z, size = points.scores[:5], np.full(5, bank.SIZE_OF_BANK)
    slopes = learnt.slopes(z)
    for k in range(D):
        step = np.zeros(D + 1)
        step[k + 1] = 1e-5
        apart = learnt.expected(z + step, size) - learnt.expected(z - step, size)
        np.testing.assert_allclose(slopes[:, :, k], apart / 2e-5, atol=1e-6)


def test_closed_forms_are_finite_over_all_priors() -> None:
    forms = shapes.tables(shipped().priors[1:])
    z = bank.spread(shipped())[:, 1:]
    assert np.isfinite(forms.terms(z)).all()
    exact = shipped().values(bank.spread(shipped()))
    tabled = forms.values(z)
    for name, values in tabled.items():
        j = shipped().names.index(name)
        np.testing.assert_allclose(values, exact[:, j], rtol=1e-4)


# -- the posterior --------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Straight:
    """A simulator whose posterior is known: figures = M z + noise, one problem for each row."""

    matrix: Floats
    noise: Floats
    counted: Floats
    stated: float = 1.0  # the spread that the likelihood states, over the true one

    @property
    def dimension(self) -> int:
        return self.matrix.shape[1]

    def weigh(self, scores: Floats, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        sd = self.noise * self.stated
        apart = (self.counted[which] - scores @ self.matrix.T) / sd
        return -0.5 * (apart**2).sum(axis=1), (apart / sd) @ self.matrix

    def curvature(self, scores: Floats, which: npt.NDArray[np.int64]) -> Floats:
        sd = self.noise * self.stated
        own = (self.matrix / sd[:, None]).T @ (self.matrix / sd[:, None])
        return np.broadcast_to(own, (len(scores), *own.shape)).copy()

    def expected(self, scores: Floats) -> Floats:
        return scores @ self.matrix.T


def straight(sets: int, stated: float = 1.0) -> tuple[Straight, Floats]:
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((4, 6))  # fewer figures than parameters: ridges
    noise = np.array([0.02, 0.1, 0.5, 1.0])
    known = rng.standard_normal((sets, 6))
    counted = known @ matrix.T + noise * rng.standard_normal((sets, 4))
    return Straight(matrix, noise, counted, stated), known


def test_the_posterior_of_a_straight_simulator_is_its_closed_form() -> None:
    toy, _ = straight(2)
    found = posterior.sample(toy, 2, effort=posterior.Effort(24, 600), seed=(1,))
    precision = toy.curvature(np.zeros((1, 6)), np.zeros(1, np.int64))[0] + np.eye(6)
    covariance = np.linalg.inv(precision)
    for k in range(2):
        mean = covariance @ (toy.matrix.T @ (toy.counted[k] / toy.noise**2))
        own = found.flat(k)
        sd = np.sqrt(np.diag(covariance))
        assert np.abs((own.mean(axis=0) - mean) / sd).max() < 0.08
        np.testing.assert_allclose(own.std(axis=0), sd, rtol=0.06)
        apart = np.abs(np.cov(own.T) - covariance) / np.outer(sd, sd)
        assert apart.max() < 0.1
        assert posterior.split_r_hat(found.scores[k]).max() < 1.02
        assert posterior.effective_size(found.scores[k]).min() > 2000
        rows = found.rows(k, 1000)
        assert rows.shape == (1000, 6)
        assert np.abs((rows.mean(axis=0) - mean) / sd).max() < 0.15


def test_with_some_scores_held_the_peak_is_the_conditional_one() -> None:
    toy, _ = straight(1)
    held = np.array([np.nan, 0.7, np.nan, -0.2, np.nan, np.nan])
    free = np.isnan(held)
    found = posterior.peak(posterior.Pinned(toy, held), 1).mean[0]
    own = toy.matrix[:, free] / toy.noise[:, None]
    rest = (toy.counted[0] - toy.matrix[:, ~free] @ held[~free]) / toy.noise
    wanted = np.linalg.solve(own.T @ own + np.eye(4), own.T @ rest)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_no_chain_is_left_where_it_began() -> None:
    """A chain that begins far out, where the posterior is steep, has to come in."""
    toy, _ = straight(1)
    steep = dataclasses.replace(toy, noise=toy.noise / 20)
    reference = posterior.peak(steep, 1)
    far = reference.mean + 3 * np.random.default_rng(1).standard_normal((40, 6))
    which = np.zeros(40, np.int64)
    _, value, _ = posterior._nearer(steep, reference, far, which)
    assert (value > posterior._density(steep, reference.mean, which[:1])[0] - 6.1).all()
    found = posterior.sample(steep, 1, effort=posterior.Effort(40, 90), seed=(2,))
    moved = (np.diff(found.scores[0][:, :, 0], axis=1) != 0).mean(axis=1)
    assert moved.min() > 0.3


def test_what_is_sampled_depends_on_nothing_but_the_arguments() -> None:
    toy, _ = straight(2)
    one, other = (
        posterior.sample(toy, 2, effort=posterior.Effort(6, 60), seed=(4, 2)) for _ in range(2)
    )
    np.testing.assert_array_equal(one.scores, other.scores)


def test_the_effective_number_of_draws_sees_what_is_dependent() -> None:
    rng = np.random.default_rng(2)
    free = rng.standard_normal((8, 500, 2))
    assert posterior.effective_size(free).min() > 2500
    slow = np.empty((8, 500, 1))
    slow[:, 0] = rng.standard_normal((8, 1))
    for t in range(1, 500):
        slow[:, t] = 0.9 * slow[:, t - 1] + np.sqrt(1 - 0.81) * rng.standard_normal((8, 1))
    assert posterior.effective_size(slow)[0] == pytest.approx(4000 / 19, rel=0.4)
    apart = free + np.arange(8)[:, None, None]
    assert posterior.split_r_hat(apart).min() > 1.5


def ranked(stated: float) -> proof.Ranks:
    toy, known = straight(200, stated)
    names = [f"x{k}" for k in range(6)]
    return proof.rank(toy, known, names, 99, (9,))[0]


def test_ranks_are_uniform_on_a_known_simulator_and_a_broken_likelihood_is_caught() -> None:
    good = ranked(1.0)
    assert good.ranks.shape == (200, 6 + 4 + 1)
    assert good.ranks.min() >= 0
    assert good.ranks.max() <= 99
    assert good.verdict()["passes"], good.verdict()
    assert not ranked(0.5).verdict()["passes"]
    assert not ranked(2.0).verdict()["passes"]


def test_a_target_left_out_has_no_say_and_a_bound_has_one_side() -> None:
    points, _ = made_up_bank(300, 0.02)
    learnt = emulator.fit(points, made_up_priors())
    by_name = {t.name: t for t in shipped().targets}

    def log_likelihood(names: tuple[str, ...], scores: Floats, **moved: float) -> Floats:
        used = [
            dataclasses.replace(by_name[n], value=moved.get(n, by_name[n].value), rounding=0.0)
            for n in names
        ]
        own = posterior.OfEmulator(learnt, made_up_priors()[0], posterior.problem(used), D + 1)
        return own.weigh(scores, np.zeros(len(scores), np.int64))[0]

    z = np.random.default_rng(8).standard_normal((40, D + 1))
    plan = "children_on_plan"
    expected = posterior.OfEmulator(
        learnt, made_up_priors()[0], posterior.problem([]), D + 1
    ).expected(z)[:, LEARNT.index(plan)]
    low = log_likelihood((plan,), z, children_on_plan=float(np.exp(expected.min() - 9)))
    none = log_likelihood((), z)
    np.testing.assert_allclose(low, none, atol=1e-6)  # every county lies above the bound
    high = log_likelihood((plan,), z, children_on_plan=float(np.exp(expected.max() + 9)))
    assert (high < none - 5).all()


# -- the committed posterior ----------------------------------------------------------------------


def test_the_committed_posterior_is_proved() -> None:
    assert fitted.is_there()
    assert fitted.is_proved()
    assert not load(SCENARIO).provisional


@pytest.mark.parametrize("reading", ["A", "B", "C"])
def test_the_committed_posterior_is_whole_possible_and_of_this_recipe(reading: str) -> None:
    found = fitted.load(reading)
    assert found.record["recipe"] == shipped().hash
    assert found.names == shipped().names
    assert len(found.rows) >= 1000
    assert np.isfinite(found.rows).all()
    for j, name in enumerate(found.names):
        low, high = registry()[name].possible or (-np.inf, np.inf)
        assert low <= found.rows[:, j].min(), name
        assert found.rows[:, j].max() <= high, name
    quality = found.record["sampler"][reading]
    assert quality["worst_split_r_hat"] < 1.03
    assert quality["least_effective_draws"] > 800


def test_the_readings_differ_in_their_counties() -> None:
    one, other = (fitted.load(r).rows for r in ("A", "C"))
    apart = np.abs(one.mean(axis=0) - other.mean(axis=0)) / one.std(axis=0)
    assert apart.max() > 0.3


def test_a_run_takes_the_row_of_its_draw_and_the_reading_that_is_asked_for() -> None:
    inputs = load(SCENARIO)
    assert inputs.provisional == (not fitted.is_proved())
    drawn = study.draw_inputs(inputs, 3, 1)
    found = fitted.load("A")
    for name, value in zip(found.names, found.rows[3], strict=True):
        assert drawn.values[name] == value, name
    assert drawn.values["effect.full_dose_hr"] != inputs.values["effect.full_dose_hr"]
    other = load(SCENARIO, {"assume.calibration.repeat_reading": "C"})
    assert study.draw_inputs(other, 3, 1).values[recipe.SIZE] == fitted.load("C").rows[3, 0]
    assert fitted.said(other)["reading"] == "C"  # type: ignore[index]


def test_what_the_scenario_sets_stands_over_the_posterior_and_is_said() -> None:
    inputs = load(SCENARIO, {"assume.report.probability": 0.05})
    drawn = study.draw_inputs(inputs, 3, 1)
    assert drawn.values["report.probability"] == 0.05
    assert (
        drawn.values["case.frailty_mean"]
        == dict(zip(fitted.load("A").names, fitted.load("A").rows[3], strict=True))[
            "case.frailty_mean"
        ]
    )
    assert any("report.probability" in text for text in inputs.warnings)
    assert fitted.said(inputs)["set_by_the_scenario"] == ["report.probability"]  # type: ignore[index]


def committed(name: str) -> list[dict[str, str]]:
    with (RESULTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary() -> dict[str, object]:
    found: dict[str, object] = json.loads((RESULTS / "proof.json").read_text(encoding="utf-8"))
    return found


def test_the_committed_proof_is_of_this_recipe_and_passes() -> None:
    found = summary()
    assert found["recipe"] == shipped().hash
    good, broken = found["calibration"], found["broken_likelihood"]
    assert isinstance(good, dict)
    assert isinstance(broken, dict)
    assert good["sets"] >= 200
    assert good["passes"]
    assert not broken["passes"]


def test_each_strong_target_is_met_or_its_conflict_is_in_the_committed_proof() -> None:
    rows = [row for row in committed("predictive.csv") if row["weight"] == "strong"]
    assert {row["reading"] for row in rows} == {"A", "B", "C"}
    assert len(rows) == 12
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for row in rows:
        if abs(float(row["distance"])) > 1:
            assert f"conflict: {row['target']}, reading {row['reading']}" in readme


def test_the_registry_shows_the_committed_typical_county() -> None:
    typical = fitted.load("A").record["typical"]
    for name, each in registry().items():
        if each.role == "calibrated":
            assert each.value == pytest.approx(typical[name], rel=5e-3), name


@pytest.mark.long
def test_the_committed_posterior_is_made_again_to_the_byte(tmp_path: Path) -> None:
    # In a process of its own, where numpy has not been loaded with more threads.
    command = [sys.executable, "-m", "dapp_model", "calibrate", str(RECIPE)]
    subprocess.run([*command, "--out", str(tmp_path), "--workers", "2"], check=True)
    record = json.loads((tmp_path / fitted.RECORD).read_text(encoding="utf-8"))
    wanted = json.loads((fitted.FOLDER / fitted.RECORD).read_text(encoding="utf-8"))
    assert record["files"] == wanted["files"]


def test_the_year_of_the_targets_is_the_baseline_year() -> None:
    assert YEAR == BASELINE_YEAR


def test_the_table_of_the_calibration_is_that_of_its_proof() -> None:
    """Every row that people read equals the file it came from, and no row is left out."""
    folder = Path(__file__).parents[1] / "calibration"
    text = (folder / "README.md").read_text(encoding="utf-8")
    found = set(re.findall(r"^\| ([ABC]) \| ([^|]+) \| (\S+) \| (\S+) \|[^|]*\| (\S+)", text, re.M))
    rows = rows_of(folder / "results" / "predictive.csv")
    expected = {
        (
            row["reading"],
            row["label"],
            f"{float(row['counted']):g}",
            f"{float(row['predicted']):g}",
            f"{float(row['distance']):+.2f}",
        )
        for row in rows
        if row["weight"] == "strong"
    }
    assert len(expected) == 12
    assert found == expected
    alone = {
        (row["reading"], row["target"]): row for row in rows_of(folder / "results" / "expected.csv")
    }
    for target, reading, value, distance in re.findall(
        r"^- conflict: (\w+), reading (\w): .*expects (\S+): (\S+) off\)", text, re.M
    ):
        row = alone[reading, target]
        assert float(value) == float(row["predicted"])
        assert float(distance) == abs(float(row["distance"]))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
