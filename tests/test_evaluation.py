"""Do evaluations of the pilot err as often as they should, on the model's own people?"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from small_study import PLAN, finished, write_scenario
from small_study import inputs as small_inputs

from dapp_model import cli, model, study_designs, voi
from dapp_model import events as ev
from dapp_model.analysis import pilot, pilot_words
from dapp_model.analysis.model_runs import Run
from dapp_model.decision import chance, later, studies
from dapp_model.decision import learning as extension
from dapp_model.engines import fast, together
from dapp_model.errors import InputErrors
from dapp_model.evaluation import designs, lives, monitoring, outcomes, seen, split, study, trials
from dapp_model.evaluation.designs import FROM_START, MATCHED, RECORDED, REPORTED
from dapp_model.evaluation.lives import NOT, WITH, WITHOUT, Luck
from dapp_model.evaluation.trials import ANY, NUMBER
from dapp_model.experiment import evaluate_differences, with_share
from dapp_model.parameters import GRADES, STATUSES, Inputs, registry
from dapp_model.report import learning_words, words
from dapp_model.scenario import load, shipped
from dapp_model.study import draw_inputs

PILOTS = 6


@cache
def inputs() -> Inputs:
    """Return the pilot in a tenth of the county."""
    file = shipped()["surrey_extension.toml"]
    return lives.pilot_of(load(file, overrides={"population.share": 0.1}))


@cache
def one_life() -> lives.Lives:
    luck = Luck(1, 0)
    hoped = lives.with_effect(inputs(), 0.84)
    return lives.live(hoped, luck, lives.reached(hoped, luck))


@cache
def pool() -> study.Pool:
    effects = {"none": 1.0, "hoped": 0.84}
    jobs = [study.Job(inputs(), effects, Luck(1, number)) for number in range(PILOTS)]
    return study.gather([study.simulate(job) for job in jobs], 0.1)


def binary(share: float) -> trials.Sample:
    return trials.sample(np.array([0.0, 1.0]), np.array([1 - share, share]))


# -- closed forms ---------------------------------------------------------------------------------


def test_two_proportions_need_the_published_arm_and_have_its_power() -> None:
    assert trials.arm_for_proportions(0.3, 0.4) == pytest.approx(356, abs=1)
    found = trials.two_arms(
        binary(0.3), binary(0.4), 356, repetitions=8000, rng=np.random.default_rng(1)
    )
    verdict = trials.judge(found[ANY], -0.1, sign=-1)
    assert verdict.power == pytest.approx(0.8, abs=0.02)
    assert verdict.coverage == pytest.approx(0.95, abs=0.01)
    assert verdict.exaggeration == pytest.approx(1.12, abs=0.05)


def test_without_an_effect_a_sound_test_errs_five_times_in_a_hundred() -> None:
    rng = np.random.default_rng(2)
    counts = np.arange(6.0)
    same = trials.sample(counts, np.array([5, 4, 3, 2, 1, 1.0]))
    found = trials.two_arms(same, same, 400, repetitions=8000, rng=rng)
    for kind in (ANY, NUMBER):
        verdict = trials.judge(found[kind], 0.0, sign=0)
        assert verdict.power == pytest.approx(0.05, abs=0.01)
        assert verdict.coverage == pytest.approx(0.95, abs=0.01)
        assert verdict.wrong_sign is None
        assert verdict.exaggeration is None


@pytest.mark.parametrize("strength", [0.3, 1.0, 2.8])
def test_wrong_sign_and_exaggeration_follow_their_formula(strength: float) -> None:
    """Gelman and Carlin 2014, for a normal estimate `strength` standard errors from zero."""
    effect = strength + np.random.default_rng(3).standard_normal(400_000)
    found = trials.judge(trials.Estimates(effect, np.ones_like(effect)), strength, sign=1)
    z = norm.ppf(0.975)
    up, down = norm.sf(z - strength), norm.cdf(-z - strength)
    assert found.power == pytest.approx(up + down, abs=0.003)
    assert found.significant_wrong == pytest.approx(down / (up + down), abs=0.01)
    # The mean size of what is beyond the bounds of a normal around the strength.
    above = norm.pdf(z - strength) + strength * up
    below = norm.pdf(z + strength) - strength * down
    exaggeration = (above + below) / (up + down) / strength
    assert found.exaggeration == pytest.approx(exaggeration, rel=0.02)
    assert found.wrong_sign == pytest.approx(norm.cdf(-strength), abs=0.003)


def test_stated_errors_are_those_that_other_repetitions_make() -> None:
    rng = np.random.default_rng(13)
    arms = binary(0.33), binary(0.36)
    rows = []
    for _ in range(300):
        found = trials.two_arms(*arms, 150, repetitions=2000, rng=rng)[ANY]
        rows.append(trials.judge(found, -0.03, sign=-1).row())
    table = pd.DataFrame(rows)
    for name in (
        "significant_fall", "coverage", "wrong_sign", "significant_wrong", "exaggeration",
        "mean_estimate",
    ):  # fmt: skip
        stated = table[f"{name}_error"].mean()
        assert stated == pytest.approx(table[name].std(), rel=0.15), name
    assert table["monte_carlo_error"].mean() == pytest.approx(table["power"].std(), rel=0.15)
    always = trials.judge(trials.Estimates(np.full(9, 9.0), np.ones(9)), 9.0, sign=1).row()
    assert np.isnan(always["monte_carlo_error"]), "nine in nine tell no error"
    assert always["exaggeration"] == 1


def test_the_error_from_people_is_the_one_that_other_people_make() -> None:
    """Of 400 people in each world, the power of 200 an arm to find a ratio of three quarters."""
    rng = np.random.default_rng(14)
    powers, stated = [], []
    for _ in range(400):
        counts = [rng.poisson(rng.gamma(1.0, mean, 400)).astype(float) for mean in (1.5, 2.0)]
        made = [trials.sample(one, np.ones(400)) for one in counts]
        ratio, error = trials.expected_ratio(made[0], made[1], (400, 400))
        truth = designs.Truth(ratio, error, ratio, error, -1.0)
        arms = designs.Arms(made[0], made[1], {NUMBER: truth}, people=(400, 400))
        unit = trials.unit_variance(NUMBER, *made)
        powers.append(trials.power_for_arm(ratio, unit, 200))
        stated.append(study._from_people(NUMBER, arms, 200))
    assert np.mean(stated) == pytest.approx(np.std(powers), rel=0.15)
    once = replace(arms, control=None)
    assert np.isnan(study._from_people(NUMBER, once, 200))


def test_the_power_of_an_arm_is_the_reverse_of_the_arm_of_a_power() -> None:
    for effect in (0.05, -0.3):
        size = trials.arm_for_power(effect, 2.5)
        assert trials.power_for_arm(effect, 2.5, round(size)) == pytest.approx(0.8, abs=0.005)
    assert trials.power_for_arm(0.0, 2.5, 100) == pytest.approx(0.05)


def test_before_and_after_of_the_same_people_is_the_paired_test() -> None:
    rng = np.random.default_rng(4)
    level = rng.gamma(1.0, 3.0, 3000)
    values = rng.poisson(np.stack([level, 0.8 * level], axis=1)).astype(float)
    pairs = trials.sample(values, np.ones(len(values)))
    found = trials.before_after(pairs, 200, repetitions=4000, rng=rng)[NUMBER]
    truth = math.log(values[:, 1].mean() / values[:, 0].mean())
    assert np.nanmean(found.effect) == pytest.approx(truth, abs=0.01)
    # The stated error is the error made, and much smaller than that of two separate samples.
    made = float(np.nanstd(found.effect))
    assert float(np.sqrt(np.nanmean(found.error**2))) == pytest.approx(made, rel=0.06)
    apart = [trials.sample(values[:, k], np.ones(len(values))) for k in (1, 0)]
    separate = trials.two_arms(apart[0], apart[1], 200, repetitions=2000, rng=rng)[NUMBER]
    assert float(np.nanstd(separate.effect)) > 1.5 * made


def test_arm_for_power_agrees_with_the_power_of_that_arm() -> None:
    rng = np.random.default_rng(5)
    arms = [
        trials.sample(np.arange(8.0), np.array(weights, dtype=float))
        for weights in ([9, 4, 3, 2, 1, 1, 0, 0], [6, 4, 3, 2, 1, 1, 1, 1])
    ]
    for kind in (ANY, NUMBER):
        unit = trials.unit_variance(kind, arms[0], arms[1])
        parts = [one.chances @ (one.values[:, 0] > 0 if kind == ANY else one.values[:, 0])
                 for one in arms]  # fmt: skip
        effect = parts[0] - parts[1] if kind == ANY else math.log(parts[0] / parts[1])
        size = round(trials.arm_for_power(float(effect), unit))
        found = trials.two_arms(arms[0], arms[1], size, repetitions=4000, rng=rng)[kind]
        assert trials.judge(found, float(effect), sign=-1).power == pytest.approx(0.8, abs=0.025)


# -- who takes part, and what is seen of them -----------------------------------------------------


def test_windows_hold_the_events_that_the_log_has() -> None:
    rows, people = one_life().rows[WITH], outcomes.pool(one_life())
    started = people[people["started"] != NOT].head(5)
    assert len(started)
    for _, one in started.iterrows():
        begin = int(one["planned_end"])
        own = rows[(rows["person"] == one["person"]) & (rows["kind"] == ev.INCIDENT)]
        inside = (own["time"] >= begin) & (own["time"] < begin + 12 * seen.MONTH)
        assert one["incidents_landmark_with"] == inside.sum()
        assert (
            one["case_incidents_landmark_with"]
            == (inside & (own["relationship"] == one["case"])).sum()
        )
        start = rows[(rows["person"] == one["person"]) & (rows["kind"] == ev.START)]
        assert one["started"] in start["time"]
        assert one["planned_end"] - one["started"] == 26 * 7 * model.DAY


def test_nothing_differs_before_the_referral_and_nothing_at_all_without_effects() -> None:
    life = one_life()
    for world in (WITH, lives.QUIET):
        for _, one in life.people.head(20).iterrows():
            before = [
                life.rows[name][
                    (life.rows[name]["person"] == one["person"])
                    & (life.rows[name]["time"] < one["referred"])
                ]
                for name in (world, WITHOUT)
            ]
            assert (before[0] == before[1]).all()
    none = lives.with_effect(inputs(), 1.0)
    none = none.replace(values={"effect.reporting_ratio": 1.0})
    found = outcomes.pool(lives.live(none, Luck(1, 0), lives.reached(none, Luck(1, 0))))
    for measure in outcomes.MEASURES:
        for window in (outcomes.START, outcomes.LANDMARK, outcomes.ACCEPTED):
            with_it, without = (found[f"{measure}_{window}_{w}"] for w in (WITH, WITHOUT))
            assert (with_it == without).all()


def test_people_outside_are_never_referred_and_are_there_at_their_index_date() -> None:
    outside = pool().outside
    small = lives.reached(inputs(), Luck(1, 0))
    rows = fast.take_census([one_life().world], 1, 0, keep=True).rows
    found = outcomes.comparison(rows, replace(one_life(), people=outcomes.pool(one_life())))
    assert not set(found["person"]) & set(small[:, 0])
    assert len(found) > 500
    gone = rows[rows["kind"] == ev.EXIT]
    left = dict(zip(gone["person"].tolist(), gone["time"].tolist(), strict=True))
    assert all(left.get(p, 2**60) > t for p, t in zip(found["person"], found["when"], strict=True))
    # Whoever entered by a record has one in the year before the index date, but for a long wait.
    assert (outside["records_before_start"] > 0).mean() > 0.9


def test_matching_gives_others_the_strata_of_participants() -> None:
    own = np.array([0, 0, 1, 2, 2, 2])
    others = np.array([0, 1, 1, 1, 2, 2, 3])
    here, there = designs.matched_weights(own, others)
    assert here.tolist() == [1] * 6
    totals = np.bincount(others, weights=there)
    assert totals.tolist() == [2, 1, 3, 0]
    here, _ = designs.matched_weights(np.array([0, 5]), others)
    assert here.tolist() == [1, 0]


def test_interviews_lose_more_of_those_who_are_harmed() -> None:
    asked = seen.interviews()
    known = asked.known(np.array([0.0, 3.0]), 12)
    assert known[0] == pytest.approx(asked.recruited * asked.retained)
    assert known[1] < known[0]
    sample = designs.seen(np.array([0.0, 500.0]), np.ones(2), REPORTED, 12)
    lost = float(sample.chances[np.isnan(sample.values[:, 0])].sum())
    assert lost == pytest.approx(1 - known.mean())
    assert np.nanmax(sample.values) == asked.most_a_year
    spoke = float(sample.chances[sample.values[:, 0] > 0].sum())
    assert spoke == pytest.approx(known[1] / 2 * asked.disclosed)


# -- what the model's own people show -------------------------------------------------------------


def test_randomised_designs_see_the_true_effect_and_before_after_does_not() -> None:
    found = {
        (labels["design"], labels["follow_up"], labels["basis"]): arms
        for labels, arms in study.seen_by(pool().referred["none"], pool().outside)
    }
    rng = np.random.default_rng(6)
    own = found["randomised_at_start", FROM_START, REPORTED]
    estimate = study.estimates(own, 400, repetitions=2000, rng=rng)
    assert trials.judge(estimate[ANY], 0.0, sign=0).power == pytest.approx(0.05, abs=0.02)
    before = found["before_after", FROM_START, RECORDED]
    fall = trials.judge(study.estimates(before, 400, repetitions=500, rng=rng)[ANY], 0.0, sign=0)
    assert fall.significant_fall > 0.9
    assert fall.coverage < 0.1


def test_a_waiting_list_sees_less_than_a_year_of_follow_up() -> None:
    referred = pool().referred["hoped"]
    own = referred[referred["accepted"] != NOT]
    for world in (WITH, WITHOUT):
        assert (own[f"incidents_wait_{world}"] <= own[f"incidents_accepted_{world}"]).all()
    effects = {
        labels["design"]: arms.truth[NUMBER].effect
        for labels, arms in study.seen_by(referred, pool().outside)
        if labels["follow_up"] == FROM_START and labels["basis"] == RECORDED
    }
    # Not everybody accepted starts, and a wait is over before the programme has done its work.
    assert effects["randomised_at_start"] < effects["randomised"] < 0
    assert abs(effects["waiting_list"]) < abs(effects["randomised_at_start"])


def test_the_effect_of_those_who_start_is_weaker_than_that_of_those_who_complete() -> None:
    ratio, error = study.hazard_ratio_of_starters(pool(), "hoped")
    assert 0.84 * math.exp(-2 * error) < ratio < 1
    none, zero = study.hazard_ratio_of_starters(pool(), "none")
    assert (none, zero) == (1.0, 0.0)


@pytest.mark.parametrize("basis", designs.BASES)
@pytest.mark.parametrize("window", [outcomes.START, outcomes.LANDMARK])
def test_the_parts_of_a_fall_add_up_to_it(window: str, basis: str) -> None:
    found = split.split(pool().referred["hoped"], window, basis)["per_person"]
    assert float(found[list(split.PARTS)].sum()) == pytest.approx(found[split.WHOLE], abs=1e-9)
    assert found[split.WHOLE] == pytest.approx(found["before"] - found["after"])
    none = split.split(pool().referred["none"], window, basis)["per_person"]
    assert none["programme"] == pytest.approx(0, abs=1e-9)
    assert found["programme"] > 0
    # What would have happened anyway is the same whatever the programme does.
    for part in ("regression to the mean", "selection", "secular change"):
        assert none[part] == pytest.approx(found[part])
    assert none["regression to the mean"] > 3 * found["programme"]
    if basis == RECORDED:
        assert found["who is left to ask"] == pytest.approx(0, abs=1e-9)
        own = pool().referred["hoped"]
        own = own[own["started"] != NOT]
        change = own[f"records_{window}_{WITHOUT}"].mean() - own[f"records_{window}_{WITH}"].mean()
        assert found["programme"] + found["reporting change"] == pytest.approx(change)


def test_secular_change_is_the_growth_of_reporting_and_recording_alone() -> None:
    still = inputs().replace(values={"county.growth_total": 0.0})
    life = lives.live(still, Luck(1, 1), lives.reached(still, Luck(1, 1)))
    table = split.split(outcomes.pool(life), outcomes.START, RECORDED)["per_person"]
    assert abs(table["secular change"]) < 0.005
    grown = split.split(pool().referred["none"], outcomes.START, RECORDED)["per_person"]
    assert grown["secular change"] < -0.02  # growth raises what is counted afterwards


# -- monitoring -----------------------------------------------------------------------------------


def test_monitoring_sees_nothing_after_the_cut_off_and_no_incident_that_nobody_tells() -> None:
    rows, people = one_life().rows[WITH], one_life().people
    cut = monitoring.cut_off(inputs())

    def figures(rows: seen.Rows, people: pd.DataFrame) -> dict[str, float]:
        return monitoring.figures_of(rows, people, cut, np.random.default_rng(1))

    found = figures(rows, people)
    assert found[monitoring.STARTS] > 0
    early = rows[rows["time"] < cut]
    known = lives.people_of(early, one_life().world)
    assert figures(early, known) == found
    # Without interviews and records nothing of what happens shows.
    quiet = rows[~np.isin(rows["kind"], (ev.INCIDENT, ev.RECORD))]
    changed = {name for name, value in figures(quiet, people).items() if value != found[name]}
    assert changed <= {monitoring.REPORTED, monitoring.REPEATS, "partners asked"}
    # True incidents in other cases than the one asked about change nothing.
    other = rows[rows["kind"] == ev.INCIDENT].copy()
    other["relationship"] = 9
    assert figures(np.concatenate([rows, other]), people) == found
    assert not set(found) & set(registry())


@pytest.mark.parametrize("option", ["stop", "extend", "pause_and_evaluate"])
def test_what_monitoring_shows_is_the_same_under_every_option(option: str) -> None:
    file = shipped()["surrey_extension.toml"]
    whole = load(file, overrides={"population.share": 0.1})
    people = lives.reached(inputs(), Luck(1, 0))
    cut = monitoring.cut_off(inputs())
    theirs = together.live_together(model.tabulate(whole, option), people, 1, 0)
    ours = lives.live(inputs(), Luck(1, 0), people).rows[WITH]
    assert (theirs[theirs["time"] < cut] == ours[ours["time"] < cut]).all()


def test_the_matched_ratio_at_the_cut_off_is_of_records_seen_by_then() -> None:
    cut = monitoring.cut_off(inputs())
    rows, county = one_life().rows[WITH], fast.take_census([one_life().world], 1, 0, keep=True).rows

    def ratio(rows: seen.Rows, county: seen.Rows) -> float:
        life = replace(one_life(), rows={lives.PILOT: rows})
        return monitoring.matched(life, county[county["time"] < cut], cut)

    found = ratio(rows, county)
    assert abs(found) < 3
    early = rows[rows["time"] < cut]
    assert ratio(early, county) == found
    true = early[early["kind"] != ev.INCIDENT]
    assert ratio(true, county[county["kind"] != ev.INCIDENT]) == found
    # With no records of anybody after the start, those who start seem to have fewer.
    starts = dict(zip(*(one_life().people[name].tolist() for name in ("person", "started")),
                      strict=True))  # fmt: skip
    late = np.array([0 < starts.get(p, -1) <= t for p, t in zip(rows["person"], rows["time"],
                                                                 strict=True)])  # fmt: skip
    assert ratio(rows[~(late & (rows["kind"] == ev.RECORD))], county) < min(0.0, found + 1e-9)


def test_the_pilots_value_is_that_of_the_whole_comparison() -> None:
    from dapp_model.economics import summary, value
    from dapp_model.outcomes import BASELINE_YEAR, trimmed

    base = replace(inputs(), decision="pilot")
    counted = evaluate_differences(base, seed=1, replicate=3)
    accounts = [value(trimmed(counted[name], BASELINE_YEAR), base) for name in base.options]
    expected = summary(accounts[1], accounts[0]).net_present_social_value
    luck = Luck(1, 3)
    people = lives.reached(lives.pilot_of(inputs()), luck)
    found = monitoring.shown(monitoring.Job(inputs(), 0, luck, people))[monitoring.AS_A_SERVICE]
    assert found == pytest.approx(expected, abs=0.01)


def test_nobody_is_left_out_of_those_to_match_with_for_a_later_referral(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the cut-off nobody knows who will be referred after it."""
    busy = inputs()
    luck = Luck(1, 3)
    seen_people: list[set[int]] = []

    def kept(life: lives.Lives, county: seen.Rows, cut: int) -> float:
        assert county["time"].max() < cut
        seen_people.append(set(county["person"].tolist()))
        return 0.0

    monkeypatch.setattr(monitoring, "matched", kept)
    monitoring.shown(monitoring.Job(busy, 0, luck, lives.reached(lives.pilot_of(busy), luck)))
    pilot = lives.pilot_of(busy)
    few = with_share(pilot, min(monitoring.OUTSIDE_SHARE, busy.population_share))
    world = model.tabulate(few, lives.PILOT)
    cut = monitoring.cut_off(pilot)
    sooner = replace(world, horizon=cut)
    later = {
        int(person) for person, entered in fast.take_census([world], 1, 3).people if entered < cut
    } - set(fast.take_census([sooner], 1, 3).people[:, 0].tolist())
    begin, end = outcomes.time_of_referrals(model.phases(pilot, lives.PILOT)[0])
    rows = fast.take_census([sooner], 1, 3, keep=True).rows
    records = rows[(rows["kind"] == ev.RECORD) & (rows["time"] >= begin) & (rows["time"] < end)]
    recorded = later & set(records["person"].tolist())
    assert recorded
    assert recorded <= seen_people[0]


# -- learning, and being able to stop -------------------------------------------------------------


def net_benefits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a normal effect of extending, GBP, and net benefits [draw, (stop, extend)]."""
    effect = 2e4 + 1e5 * np.random.default_rng(7).standard_normal(n)
    return effect, np.stack([np.zeros(n), effect], axis=1)


def test_noise_teaches_nothing_and_the_truth_everything() -> None:
    effect, values = net_benefits(2000)
    noise = pd.DataFrame({"a": np.random.default_rng(8).standard_normal(2000)})
    found = extension.learn(noise, values[:, None, :], ("stop", "extend"))
    unseen = found["on_unseen_draws"]
    assert abs(unseen["value"]) < 3 * unseen["standard_error"] + 1
    assert found["value"]["zero_within_noise"]
    assert 0 <= found["value"]["value"] < 0.05 * found["evpi"]["value"]
    found = extension.learn(pd.DataFrame({"a": effect}), values[:, None, :], ("stop", "extend"))
    for how in ("value", "on_unseen_draws"):
        assert found[how]["value"] == pytest.approx(found["evpi"]["value"], rel=0.02)
    assert found["chance_of_each_act"]["stop"] == pytest.approx(norm.cdf(-0.2), abs=0.03)


def test_being_able_to_stop_is_the_conjugate_answer() -> None:
    mean, sd, noise = 2e4, 1e5, 1.5e5
    effect, values = net_benefits(6000)
    data = effect + noise * np.random.default_rng(9).standard_normal(len(effect))
    found = extension.stopping(pd.DataFrame({"seen": data}), values[:, None, :])
    # The posterior mean is normal around the prior's with this spread.
    spread = sd**2 / math.hypot(sd, noise)
    for key, size in (("with_monitoring", spread), ("knowing_everything", sd)):
        z = mean / size
        expected = size * (norm.pdf(z) + z * norm.cdf(z)) - mean
        tolerance = 4 * found[key]["standard_error"]
        assert found[key]["value"] == pytest.approx(expected, abs=tolerance)
    assert found["with_monitoring"]["value"] < found["knowing_everything"]["value"]


def pilot_seen(n: int) -> tuple[np.ndarray, list[int], tuple[pd.DataFrame, pd.DataFrame]]:
    """Return draws whose extension is worth more the more start, and what monitoring showed."""
    rng = np.random.default_rng(10)
    level = rng.standard_normal(n)
    names = small_inputs().options
    values = np.zeros((n, 2, len(names)))
    values[:, :, 1] = (1e5 * level - 1e4)[:, None] + 1e4 * rng.standard_normal((n, 2))
    for i in range(2, len(names)):
        values[:, :, i] = 1.1 * values[:, :, 1] - 1e4 * i
    figures = pd.DataFrame({name: rng.random(n) for name in monitoring.FIGURES})
    figures[monitoring.STARTS] = 60 + 10 * level + rng.standard_normal(n)
    figures.loc[0, monitoring.REPORTED] = np.nan
    figures[monitoring.AS_A_SERVICE] = -1e4 + 5e4 * level
    drawn = pd.DataFrame({"effect.full_dose_hr": np.exp(-0.1 * level)})
    return values, [0, 1, 2], (figures, drawn)


def choice(values: np.ndarray, able: list[int]) -> extension.Choice:
    shown = small_inputs().options[1]
    sure = chance.apart(values[:, :, able])
    return extension.Choice(tuple(able), sure, shown)


def test_what_brings_a_decision_back_is_unusual_where_all_is_as_simulated() -> None:
    figures = pilot_seen(1000)[2][0].drop(columns=monitoring.AS_A_SERVICE)
    found = extension.triggers(figures)
    ranges = found["ranges"]
    assert set(ranges) == set(monitoring.FIGURES) - {monitoring.REPEATS, monitoring.MATCHED}
    outside = np.zeros(len(figures), dtype=bool)
    alone = {}
    for name, ends in ranges.items():
        own = (figures[name] < ends["below"]) | (figures[name] > ends["above"])
        alone[name] = own.mean()
        outside |= own
    assert 0.08 < outside.mean() <= 0.1
    assert found["chance_of_any"] == pytest.approx(outside.mean())
    error = math.sqrt(outside.mean() * (1 - outside.mean()) / 999)
    assert found["chance_of_any_monte_carlo_error"] == pytest.approx(error)
    assert max(alone.values()) < 0.02  # all alike
    narrow = figures.quantile([0.05, 0.95])
    nine = ((figures < narrow.loc[0.05]) | (figures > narrow.loc[0.95])).any(axis=1)
    assert nine.mean() > 0.5, "ranges of nine in ten each would bring back most decisions"


def test_extension_as_an_option_keeps_its_three_values_apart() -> None:
    values, able, seen = pilot_seen(300)
    found = extension.learning(small_inputs(), values, choice(values, able), seen)
    learnt, stop = found["learning"], found["able_to_stop"]
    assert 0 < learnt["value"]["value"] <= learnt["evpi"]["value"] * 1.05
    assert stop["with_monitoring"]["value"] <= stop["knowing_everything"]["value"] * 1.01
    service = found["pilot_as_a_service"]["value"]
    assert service == pytest.approx(seen[0][monitoring.AS_A_SERVICE].mean())
    rule = found["rule"]
    assert rule["worth_following"] == (rule["value"]["value"] > 0)
    assert not rule["value"]["zero_within_noise"]
    assert "the number of people who have started is above" in rule["words"]
    assert 0 < rule["chance_of_act"] < 1
    assert monitoring.REPEATS not in rule["limits"]
    assert sum(learnt["chance_of_each_act"].values()) == pytest.approx(1)
    assert {rule["act"], rule["otherwise"]} <= set(learnt["chance_of_each_act"])
    assert found["closing"]["closing_cost"] > 0


def test_what_is_learnt_is_said_in_sentences() -> None:
    values, able, seen = pilot_seen(300)
    found = extension.learning(small_inputs(), values, choice(values, able), seen)
    names = small_inputs().options
    options = [{"name": n, "label": small_inputs().option(n).label} for n in names]
    said = {"learning": found, "options": options, "draws": 300}
    rule = learning_words.rule(said)
    assert "never decisive alone" in rule
    assert words.percent(found["rule"]["chance_of_act"]) in rule
    # The first page gives a rule to act on only if it is worth something.
    for noise in (False, True):
        worth_of = {**found["rule"]["value"], "zero_within_noise": noise}
        shown = {**said, "learning": {**found, "rule": {**found["rule"], "value": worth_of}}}
        short = learning_words.rule_in_short(shown)
        assert short.startswith("Nothing that monitoring shows") == noise
        whole = learning_words.rule(shown).removesuffix(learning_words.REPEATS_ALONE)
        assert (short == whole) != noise
    for value, words_ in (
        (5e4, "is worth £50,000 ("),
        (-3e3, "is not shown to be worth anything on what monitoring shows: -£3,000 ("),
        (-5e4, "is worth nothing on what monitoring shows, whose best use loses: -£50,000 ("),
    ):
        seen_ = {
            **found["able_to_stop"],
            "with_monitoring": {"value": value, "standard_error": 2e3},
        }
        told = learning_words.values(said | {"learning": found | {"able_to_stop": seen_}})
        assert words_ in told[3]
    three = learning_words.values(said)
    assert three[0].startswith("As a service alone, the pilot is worth")
    assert words.money(found["learning"]["evpi"]["value"]) in three[2]
    assert three[3].startswith("Being able to stop, rather than bound to")
    assert len(learning_words.closing(said)) == 1
    information = {
        "evpi": {"value": 4.56e4, "standard_error": 2e3},
        "evppi": [
            {
                "section": "effect",
                "evppi": 1.23e4,
                "standard_error": 1e3,
                "zero_within_noise": False,
            },
            {"section": "cost", "evppi": 1.1e4, "standard_error": 1e3, "zero_within_noise": False},
        ],
    }
    worth = learning_words.worth_knowing(said | {"information": information})
    taught = words.money(found["learning"]["value"]["value"])
    everything = "Knowing everything before choosing would be worth £45,600"
    for text in (everything, "knowing what the programme does to abuse £12,300", taught):
        assert text in worth
    assert "£11,000" not in worth
    table = learning_words.expected(said)
    assert table is not None
    assert [row[0] for row in table.rows] == list(learning_words.FIGURES.values())
    starts = seen[0][monitoring.STARTS]
    error = words.error_of_count(float(starts.std() / len(starts) ** 0.5))
    assert table.rows[2][1] == f"{words.whole(float(starts.mean()))} ±\u00a0{error}"
    low, high = (float(starts.quantile(q)) for q in (0.05, 0.95))
    assert table.rows[2][2] == f"{words.whole(low)} to {words.whole(high)}"
    assert "% ±" in table.rows[8][1]
    rail = {"guard_rail": {"outcome": "serious harm", "margin": 0.05}, "decision": "extension"}
    back, quoted, _ = learning_words.triggers(said | rail)
    assert quoted == f"For the decision month itself: {learning_words.rule_in_short(said | rail)}"
    assert f"{found['triggers']['chance_of_any']:.0%}" in back
    nothing = {"learning": "not assessed", "options": options}
    assert learning_words.expected(nothing) is None
    assert learning_words.triggers(nothing) == []
    assert "not assessed" in learning_words.rule(nothing)
    assert learning_words.values(nothing) == learning_words.closing(nothing) == []


def test_few_draws_teach_nothing_and_it_is_said() -> None:
    values, able, (figures, drawn) = pilot_seen(10)
    found = extension.learning(small_inputs(), values, choice(values, able), (figures, drawn))
    assert found["learning"] == "not assessed"
    said = {"learning": found, "options": []}
    assert "not assessed" in learning_words.rule(said)
    assert "not assessed" in learning_words.values(said)[-1]


def test_a_run_keeps_what_monitoring_would_have_shown_in_every_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(finished().folder, tmp_path / "run"))
    table = pd.read_csv(folder / "monitoring.csv", index_col="draw")
    assert len(table) == PLAN.draws
    learnt = finished().decision["learning"]
    assert learnt["pilot_as_a_service"]["value"] == pytest.approx(
        table[monitoring.AS_A_SERVICE].mean()
    )
    assert learnt["figures"][monitoring.STARTS]["mean"] == pytest.approx(
        table[monitoring.STARTS].mean()
    )
    drawn = draw_inputs(small_inputs(), 1, PLAN.seed)
    luck = Luck(PLAN.seed, PLAN.replicate(1, 0))
    people = lives.reached(lives.pilot_of(drawn), luck)
    again = monitoring.shown(monitoring.Job(drawn, 1, luck, people))
    for name, value in again.items():
        assert table.loc[1, name] == pytest.approx(value, nan_ok=True)
    assert cli.main(["voi", str(folder)]) == 0
    assert "As a service alone, the pilot is worth" in capsys.readouterr().out


# -- the command ----------------------------------------------------------------------------------


def test_the_number_of_workers_changes_nothing() -> None:
    jobs = [study.Job(inputs(), {"hoped": 0.84}, Luck(1, number)) for number in range(2)]
    alone, side_by_side = (Run(workers).each(study.simulate, jobs) for workers in (1, 2))
    for one, other in zip(alone, side_by_side, strict=True):
        pd.testing.assert_frame_equal(one[0]["hoped"], other[0]["hoped"])
        pd.testing.assert_frame_equal(one[1], other[1])


def test_the_command_writes_whole_and_says_what_its_tables_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = write_scenario(tmp_path, "tenth").read_text(encoding="utf-8").replace("0.02", "0.1")
    file = tmp_path / "tenth.toml"
    file.write_text(text, encoding="utf-8")
    words = ["evaluate-pilot", str(file), "--replications", "6", "--draws", "1", "--json"]
    out = tmp_path / "out"
    assert cli.main([*words, "--workers", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    folder = out / "analysis" / pilot.NAME
    names = {one.name for one in folder.iterdir()}
    assert {"evaluation.json", "power.csv", "fall_split.csv", "power.svg"} <= names
    found = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    power = pd.read_csv(folder / "power.csv")
    own = power["arm_size"].min()
    row = power[
        (power["effect"] == "hoped")
        & (power["design"] == "randomised_at_start")
        & (power["basis"] == REPORTED)
        & (power["outcome"] == ANY)
        & (power["follow_up"] == FROM_START)
        & (power["arm_size"] == own)
    ]
    times = f"would appear {pilot_words.in_100(float(row['no_effect'].iloc[0]))} even if"
    assert times in found["sentences"][0]
    assert times in said
    assert own == round(found["starts_in_one_pilot"])
    assert set(power["design"]) == {one.name for one in designs.DESIGNS}
    # What `dapp voi` takes for the precision of studies is what this command finds.
    arms = pd.read_csv(folder / "arms_for_80_percent.csv")
    exact = pd.read_csv(folder / "precision.csv")
    for basis in designs.BASES:
        needed = arms[
            (arms["effect"] == "hoped")
            & (arms["design"] == "randomised_at_start")
            & (arms["follow_up"] == FROM_START)
            & (arms["basis"] == basis)
            & (arms["outcome"] == NUMBER)
        ]["arm_for_80"].iloc[0]
        row = exact[
            (exact["basis"] == basis) & (exact["design"] == "randomised") & (exact["months"] == 12)
        ].iloc[0]
        assert row["arm_for_80"] == pytest.approx(needed)
        assert row["mismatch"] == pytest.approx(0, abs=1e-9)
    assert exact["pilot_arm"].iloc[0] == own


def test_studies_are_as_precise_as_the_pilots_own_evaluation_finds() -> None:
    """A study of the size that finds the hoped effect 80 times in 100 has the error for that."""
    hoped = study.effects()["hoped"]
    design = studies.designs()["randomised"]
    assert studies.sizes()[0][0] == 2 * studies.precisions()[0].pilot_arm
    for basis in design.bases:
        arm = design.at(basis, 12.0, "arm_for_80")
        truth = pd.DataFrame(
            {
                "effect.full_dose_hr": np.full(4000, hoped),
                "effect.dropout_hr": 1.0,
                "pathway.complete_agency": design.at(basis, 12.0, "completed"),
            }
        )
        given = design.summaries(truth, 10**9, 12.0, np.random.default_rng(1))
        effect = float(given[f"log ratio, {basis}"].mean())
        reach = float(norm.ppf(0.975) + norm.ppf(0.8))
        assert design.chance_error(round(2 * arm), 12.0, basis) == pytest.approx(
            abs(effect) / reach, rel=0.15
        )
    # By the model's own people a matched comparison errs more than is usually allowed for it.
    matched = studies.designs()["matched"]
    for basis in matched.bases:
        least = max(matched.bias_sd, abs(matched.at(basis, 12.0, "mismatch")))
        assert matched.standard_error(10**9, 12.0, basis) >= least
    path = Path(studies.__file__).parents[1] / "data" / "study_precision.csv"
    table = pd.read_csv(path)
    assert set(table["status"]) == {"derived"}
    assert table["source"].str.startswith("dapp evaluate-pilot scenarios/").all()


def test_a_scenario_without_a_programme_has_nothing_to_evaluate() -> None:
    none = replace(inputs(), options=(lives.NONE,))
    with pytest.raises(InputErrors, match="nothing to evaluate"):
        lives.pilot_of(none)
    tiny = replace(inputs(), population_share=0.1)
    with pytest.raises(InputErrors, match="Too few people start"):
        pilot.study(tiny, pilot.Asked(1, 0, 1, 50), Run(1))


def test_a_run_with_too_few_people_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(finished().folder, tmp_path / "run"))
    before = sorted(folder.rglob("*"))
    words = ["evaluate-pilot", str(folder), "--replications", "1", "--draws", "0"]
    assert cli.main([*words, "--workers", "1"]) == 2
    assert "Too few people start" in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before


def test_times_in_a_hundred_are_never_rounded_to_certainty() -> None:
    assert pilot_words.in_100(0.934) == "93 times in 100"
    assert pilot_words.in_100(0.9999) == "more than 99 times in 100"
    assert pilot_words.in_100(0.001) == "less than once in 100"
    assert pilot_words.in_100(0.0) == "0 times in 100"


def test_every_figure_of_the_data_file_has_its_source_and_standing() -> None:
    def entries(table: object) -> list[dict[str, object]]:
        if not isinstance(table, dict):
            return []
        own = [table] if "value" in table else []
        return own + [one for part in table.values() for one in entries(part)]

    data = study_designs.data_file()
    found = entries(data["pilot"]) + entries(data["closing"])
    assert len(found) > 15
    for one in found:
        assert one["status"] in STATUSES
        assert one["grade"] in GRADES
        assert one["source"]
        assert one["status"] != "recalled" or one["grade"] == "D"
        if "low" in one:
            assert one["low"] <= one["value"] <= one["high"]  # type: ignore[operator]


def test_knowing_all_is_worth_as_much_as_any_data() -> None:
    values, able, (figures, _) = pilot_seen(300)
    nested = values[:, :, able]
    data = later.data_of(figures)
    assert data.notna().all().all()
    learnt = voi.rule_value(data, nested)
    assert learnt.value <= voi.evpi_estimate(nested.mean(axis=1)).value + 1e-6


def test_a_matched_comparison_needs_people_outside() -> None:
    with pytest.raises(ValueError, match="people outside"):
        designs.arms(MATCHED, outcomes.START, RECORDED, pool().referred["hoped"], None)
