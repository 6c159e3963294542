"""Is what is said of uncertainty what the draws say, and is it said alike everywhere?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import made_up
import numpy as np
import pandas as pd
import pytest
import small_study

from dapp_model import (
    all_draws,
    decision,
    experiment,
    fitted,
    report,
    stored,
    study,
    valuation,
    voi,
)
from dapp_model import events as ev
from dapp_model.decision import chance, effect_prior, rail
from dapp_model.decision.rail import Rail, chance_of_rise, expected
from dapp_model.decision.worth import certain, nested
from dapp_model.distributions import Mixture, draw
from dapp_model.economics import expected_homicides
from dapp_model.outcomes import trimmed
from dapp_model.parameters import Inputs, registry
from dapp_model.report import (
    account_words,
    budget_words,
    change_words,
    figures,
    learning_words,
    origins,
    page,
    sure_figures,
    sure_tables,
    sure_words,
    words,
)
from dapp_model.scenario import load, shipped

N = 400


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return load(shipped()["surrey_extension.toml"])


def frame(n: int = N, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({made_up.EFFECT: made_up.effects(n), **more})


def part(said: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(o for o in said["by_effect_prior"]["parts"] if o["part"] == name)
    return found


def axis(said: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(o for o in said["structural"]["axes"] if o["axis"] == name)
    return found


def option(view: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in view["options"] if one["name"] == name)
    return found


# -- the guard-rail, draw by draw -----------------------------------------------------------------

SERIOUS = Rail("serious harm", 0.05, 0.25)


def test_each_draw_has_its_own_margin() -> None:
    """The same rise is too much where little is at stake, and not where much is."""
    rise = np.full((4, 2), -6.0)
    stake = np.array([100.0, 100.0, 150.0, 150.0])[:, None] * np.ones(2)
    found = dataclasses.replace(
        made_up.worth(np.zeros((4, 2)), serious=rise), serious_at_stake=stake
    )
    assert chance_of_rise(expected(found, SERIOUS)) == 0.5
    assert chance_of_rise(expected(found, dataclasses.replace(SERIOUS, margin=0.03))) == 1.0
    assert chance_of_rise(expected(found, dataclasses.replace(SERIOUS, margin=0.07))) == 0.0


def test_the_guard_rail_is_about_what_is_expected_and_not_about_luck() -> None:
    """A rise of 2 in 100 in every draw is within the margin however luck scatters around it."""
    rng = np.random.default_rng(3)
    truth = rng.normal(-2.0, 1.5, (2000, 1))  # a rise of more than 5 has a chance of 0.023
    seen = truth + rng.normal(0.0, 6.0, (2000, 2))
    found = made_up.worth(np.zeros((2000, 2)), serious=seen)
    assert (seen.mean(axis=1) < -5).mean() > 0.2
    assert chance_of_rise(expected(found, SERIOUS)) == pytest.approx(0.023, abs=0.02)


def test_margin_limit_and_outcome_are_settings(inputs: Inputs) -> None:
    value = made_up.by_effect(N, scale=3e6)
    rise = np.where(np.arange(N) < 0.3 * N, -6.0, 6.0)[:, None] * np.ones(2)
    found = {"extend": made_up.worth(value, serious=rise)}
    said = made_up.decided(inputs, found)
    assert said["guard_rail"] == {"outcome": "serious harm", "margin": 0.05, "limit": 0.25}
    assert said["advice"]["option"] == "stop"
    assert said["advice"]["without_guard_rail"] == "extend"
    assert "would be ‘Extend as it is’" in sure_words.without_rail(said)
    wide = load(
        shipped()["surrey_extension.toml"],
        {"assume.rail.limit": 0.35, "assume.rail.outcome": "violence with injury"},
    )
    said = made_up.decided(wide, found)
    assert said["advice"]["option"] == "extend"
    assert words.victim_safety(said).startswith("Violence with injury: ")
    assert "the advice is the same" in sure_words.without_rail(said)


def test_what_is_ruled_out_is_never_best(inputs: Inputs) -> None:
    value = made_up.by_effect(N, scale=3e6)
    said = made_up.decided(inputs, {"extend": made_up.worth(value, serious=-20.0)})
    extend = words.option_of(said, "extend")
    assert (extend["may_be_chosen"], extend["chance_best"], extend["expected_loss"]) == (
        False, 0.0, None,
    )  # fmt: skip
    assert "extend" not in said["acceptability"]["probability_best"]
    assert sum(one["chance_best"] for one in said["options"]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "name", ["surrey_extension.toml", "surrey_pilot.toml", "surrey_self_referral_campaign.toml"]
)
def test_what_is_at_stake_is_the_same_however_a_county_is_simulated(name: str) -> None:
    inputs = load(shipped()[name], {"population.share": 0.004, "assume.referral.police": 0.5})
    (whole,) = experiment.replicated(inputs, seed=5, replicates=[1])
    reference = whole
    if "campaign" in name:  # where an option changes the whole county; the others take too long
        (reference,) = experiment.replicated(inputs, seed=5, replicates=[1], engine="reference")
    (apart,) = experiment.replicated(inputs, seed=5, replicates=[1], whole=False)
    for name in inputs.options:
        own = whole.at_stake[name].counts
        assert (own == reference.at_stake[name].counts).all()
        assert (own == apart.at_stake[name].counts).all()
        assert own.any() or not whole.outcomes[name].of("programme.referrals_police").any()
        comparator = whole.outcomes[inputs.options[0]].counts
        assert (own[0] <= comparator[0]).all(), "part of what happens under the comparator"
        assert (own[0] < comparator[0]).any()
    assert sum(one.counts.any() for one in whole.at_stake.values()) >= len(inputs.options) - 1
    referred, started = "programme.referrals_police", "programme.starts"
    first = inputs.options[0]
    skip = study.decision_year(inputs) + 1 - whole.outcomes[first].first_year
    for name in (referred, started):  # nobody who is referred, or starts, after it is left out
        every, base = whole.outcomes[first].of(name), whole.at_stake[first].of(name)
        assert (base[skip:] == every[skip:]).all()
        assert (base <= every).all()


def test_whoever_started_before_the_decision_is_not_at_stake() -> None:
    """Their victims' harm is alike in every option: it would hide a rise among the others."""
    inputs = load(shipped()["surrey_extension.toml"], {"population.share": 0.1})
    (found,) = experiment.replicated(inputs, seed=5, replicates=[1], whole=False)
    first = inputs.options[0]
    before = study.decision_year(inputs) - found.outcomes[first].first_year
    every, base = (one[first].of("programme.starts") for one in (found.outcomes, found.at_stake))
    assert every[:before].sum() > 3
    assert base[:before].sum() < 0.5 * every[:before].sum()
    rows = [(1, ev.REFERRAL, 10), (1, ev.START, 20), (1, ev.EPISODE_END, 200),
            (2, ev.REFERRAL, 10), (2, ev.START, 120), (3, ev.REFERRAL, 110),
            (4, ev.REFERRAL, 10), (4, ev.START, 20), (4, ev.REFERRAL, 100)]  # fmt: skip
    log = np.zeros(len(rows), dtype=ev.ROW)
    for i, (person, kind, time) in enumerate(rows):
        log[i]["person"], log[i]["kind"], log[i]["time"] = person, kind, time
    assert experiment._concerned(log, 100).tolist() == [2, 3, 4]
    pilot = load(shipped()["surrey_pilot.toml"], {"population.share": 0.03})
    (found,) = experiment.replicated(pilot, seed=5, replicates=[1], whole=False)
    name = pilot.options[1]
    referred = found.outcomes[name].of("programme.referrals_police").sum()
    assert referred > 0
    assert found.at_stake[name].of("true.incidents").sum() > 0


def test_a_run_keeps_what_is_at_stake_in_each_draw(tmp_path: Path) -> None:
    from dapp_model import draws

    inputs, plan = small_study.inputs(), small_study.PLAN
    stored = draws.read(small_study.finished().folder).measures["serious_at_stake"]
    assert stored.shape == (plan.draws, plan.replications, len(inputs.options))
    drawn = study.draw_inputs(inputs, 1, plan.seed)
    (found,) = experiment.replicated(drawn, seed=plan.seed, replicates=[plan.replicate(1, 1)])
    for i, name in enumerate(inputs.options[1:], 1):
        one = trimmed(found.at_stake[name], study.decision_year(inputs))
        harm = sum(one.of(m).sum() for m in valuation.RAIL_MEASURES["serious harm"])
        assert stored[1, 1, i] == pytest.approx(harm + expected_homicides(one, drawn).sum())
    said = words.option_of(small_study.finished().decision, "extend")["serious_harm"]
    mean = stored[:, :, inputs.options.index("extend")].mean()
    assert said["among_victims_of_those_referred"] == pytest.approx(mean)


# -- luck -----------------------------------------------------------------------------------------


def test_chances_and_losses_are_those_of_the_arrays(inputs: Inputs) -> None:
    values = {
        "extend": made_up.by_effect(N),
        "extend_larger": made_up.by_effect(N, scale=1.4e6, cost=1.5e5),
    }
    found = {
        "extend": made_up.worth(values["extend"]),
        "extend_larger": made_up.worth(values["extend_larger"], cost=1.5e5),
    }
    said = made_up.decided(inputs, found, frame())
    every = [
        np.zeros((N, 2)) if name == "stop" else values.get(name, np.full((N, 2), -5e4))
        for name in inputs.options
    ]
    nested = np.stack(every, axis=2)
    luck = voi.separate_luck(nested)
    assert said["luck"]["removed"]
    for i, name in enumerate(inputs.options):
        one = words.option_of(said, name)
        assert one["chance_best"] == pytest.approx(voi.probability_best(luck.values)[i])
        assert one["expected_loss"] == pytest.approx(voi.expected_loss(luck.values)[i])
        assert said["luck"]["share_of_spread"][name] == luck.luck_share[i]
    assert said["information"]["evpi"]["value"] == pytest.approx(voi.evpi(luck.values))
    wrong = said["wrong"]
    chance_, loss = voi.chance_wrong(nested, inputs.options.index(said["advice"]["option"]), 0)
    assert (wrong["chance"], wrong["mean_loss"]) == (chance_.value, loss.value)
    assert wrong["chance_error"] == chance_.standard_error
    assert said["information"]["evpi"] == dataclasses.asdict(voi.evpi_estimate(nested))
    assert said["information"]["evpi_with_luck"] == dataclasses.asdict(
        voi.evpi_estimate(nested.mean(axis=1))
    )
    again = voi.resampled(nested)
    assert again is not None
    for i, name in enumerate(inputs.options):
        one = words.option_of(said, name)
        loss_error = again.error(voi.losses)[i]
        assert one["expected_loss_monte_carlo_error"] == pytest.approx(loss_error)
    errors = {
        o["replications"]: o["error"]["extend"] for o in said["luck"]["error_by_replications"]
    }
    assert errors[1] > errors[2] > errors[16] > 0
    text = sure_words.luck(said)
    assert words.money(errors[2]) in text
    assert words.percent(said["luck"]["largest_share"]) in text


def test_without_repetitions_luck_is_said_to_be_in_it(inputs: Inputs) -> None:
    value = made_up.by_effect(N)[:, :1]
    said = made_up.decided(inputs, {"extend": made_up.worth(value)}, frame())
    assert not said["luck"]["removed"]
    assert "cannot be told" in sure_words.luck(said)
    assert "over the play of chance together" in words.wrong(said)


# -- schools of thought on the effect -------------------------------------------------------------


def test_memberships_are_those_of_the_mixture() -> None:
    mixture = registry()[made_up.EFFECT].distribution
    assert isinstance(mixture, Mixture)
    values = made_up.effects(20_000)
    shares = effect_prior.membership(values, mixture)
    assert shares.sum(axis=1) == pytest.approx(1.0)
    for k, one in enumerate(mixture.parts):
        assert shares[:, k].mean() == pytest.approx(one.weight, abs=1e-3)
        logs = np.log(values)
        mean = np.average(logs, weights=shares[:, k])
        assert mean == pytest.approx(one.log_mean, abs=2e-3)
        spread = np.sqrt(np.average((logs - mean) ** 2, weights=shares[:, k]))
        assert spread == pytest.approx(one.log_sd, abs=3e-3)


def test_parts_by_weights_are_parts_by_draws_of_their_own(inputs: Inputs) -> None:
    """The mean under a part is what drawing from that part alone gives."""
    value = made_up.by_effect(2000, scale=1e6)
    said = made_up.decided(inputs, {"extend": made_up.worth(value)}, frame(2000))
    for name in ("sceptical", "central", "optimistic"):
        own = [one.values[made_up.EFFECT] for one in draw(inputs, 4000, 7, part=name)]
        found = part(said, name)
        assert found["mean_of_the_effect"] == pytest.approx(np.mean(own), abs=0.01)
        direct = 1e6 * (1 - np.mean(own)) - 1e5
        assert option(found, "extend")["mean"] == pytest.approx(direct, abs=1e4)
        assert found["differs"] == (found["option"] != said["advice"]["option"])
    weighted = sum(
        one["weight"] * option(one, "extend")["mean"]
        for one in said["by_effect_prior"]["parts"][1:]
    )
    mean = words.option_of(said, "extend")["measures"][decision.VALUE]["mean"]
    assert weighted == pytest.approx(mean, abs=3e3)
    assert option(part(said, "mixture"), "extend")["mean"] == pytest.approx(mean)
    sceptical, optimistic = (option(part(said, n), "extend") for n in ("sceptical", "optimistic"))
    assert sceptical["chance_best"] < optimistic["chance_best"]
    assert (part(said, "sceptical")["option"], part(said, "optimistic")["option"]) == (
        "stop", "extend",
    )  # fmt: skip


def extend_or_stop(inputs: Inputs, value: made_up.Floats) -> dict[str, decision.Worth]:
    """Return what extending is worth; no other option is ever a choice."""
    others = {name: made_up.worth(np.full_like(value, -1e7)) for name in inputs.options[1:]}
    return {**others, "extend": made_up.worth(value)}


def test_under_each_part_it_is_said_how_sure_its_own_advice_is(inputs: Inputs) -> None:
    """Loss, chance of being wrong and worth of knowing, as draws from that part alone give them."""
    value = made_up.by_effect(2000, scale=1e6)
    said = made_up.decided(inputs, extend_or_stop(inputs, value), frame(2000))
    for name in ("sceptical", "central", "optimistic"):
        found = part(said, name)
        own = [one.values[made_up.EFFECT] for one in draw(inputs, 4000, 7, part=name)]
        worth = 1e6 * (1 - np.array(own)) - 1e5
        extends = found["option"] == "extend"
        assert extends == (worth.mean() > 0)
        lost = np.maximum(-worth if extends else worth, 0)
        assert found["against"] == ("stop" if extends else "extend")
        assert found["chance_wrong"] == pytest.approx((lost > 0).mean(), abs=0.03)
        assert found["mean_loss"] == pytest.approx(lost.mean(), abs=4e3)
        assert found["evpi"] == pytest.approx(lost.mean(), abs=4e3)  # of two options that matter
        stop, extend = option(found, "stop"), option(found, "extend")
        assert stop["expected_loss"] == pytest.approx(np.maximum(worth, 0).mean(), abs=4e3)
        assert extend["expected_loss"] == pytest.approx(np.maximum(-worth, 0).mean(), abs=4e3)
        assert extend["net_public_cost"] == pytest.approx(9e4)
        for number in (found["chance_wrong"], found["mean_loss"], found["evpi"]):
            assert number > 0
        for error in ("chance_wrong", "mean_loss", "evpi"):
            assert 0 < found[f"{error}_monte_carlo_error"] < 0.2 * found[error]
    mixture = part(said, "mixture")
    assert mixture["evpi"] == pytest.approx(said["information"]["evpi"]["value"])
    assert mixture["chance_wrong"] == said["wrong"]["chance"]
    assert mixture["mean_loss"] == said["wrong"]["mean_loss"]
    for one in said["options"]:
        assert option(mixture, one["name"])["expected_loss"] == one["expected_loss"]
    table = sure_tables.effect_prior(said)
    assert table is not None
    cells = {row[0]: row[1:] for row in table.rows}
    for name, cell in (("evpi", sure_tables.KNOWING), ("mean_loss", sure_tables.WRONG)):
        told = words.with_pounds(mixture[name], mixture[f"{name}_monte_carlo_error"])
        assert cells[cell][0].endswith(told)


def test_under_each_part_it_is_said_what_a_larger_budget_returns(inputs: Inputs) -> None:
    """Twice the harm averted for three times the money: each school asks its own draws."""
    found = {
        "extend": made_up.worth(made_up.by_effect(2000, scale=1e6), cost=1e5),
        "extend_larger": made_up.worth(
            made_up.by_effect(2000, scale=1.6e6, cost=3e5, seed=2), cost=3e5
        ),
    }
    said = made_up.decided(inputs, found, frame(2000))
    assert part(said, "mixture")["larger_budget"] == said["larger_budget"]
    own = made_up.effects(2000)
    for name in ("mixture", "sceptical", "central", "optimistic"):
        one = part(said, name)
        larger = one["larger_budget"]
        best = max(option(one, "stop")["mean"], option(one, "extend")["mean"])
        gain = option(one, "extend_larger")["mean"] - best
        against = larger["against"]
        more = 3e5 if against == "stop" else 2e5
        assert larger["return_on_extra_pounds"] == pytest.approx((gain + more) / more)
        assert larger["passes"] == (one["option"] == "extend_larger")
        slope = 1.6e6 if against == "stop" else 0.6e6
        if name == "mixture":
            error = slope * own.std(ddof=1) / np.sqrt(2000) / more
            assert larger["return_monte_carlo_error"] == pytest.approx(error, rel=0.05)
        else:
            assert larger["return_monte_carlo_error"] > 0
    table = sure_tables.effect_prior(said)
    assert table is not None
    told = {row[0]: row[1:] for row in table.rows}[sure_tables.RETURNS]
    for cell, name in zip(told, ("mixture", "sceptical", "central", "optimistic"), strict=True):
        passes = part(said, name)["larger_budget"]["passes"]
        assert cell.endswith(": passes" if passes else ": does not pass")
        returned = part(said, name)["larger_budget"]["return_on_extra_pounds"]
        assert cell.startswith(words.money(returned))


def test_under_each_part_the_curve_leads_to_its_own_choices(inputs: Inputs) -> None:
    """By what averting an incident is worth: the threshold at which a part begins to extend."""
    value = made_up.by_effect(2000, scale=1e6)
    said = made_up.decided(inputs, extend_or_stop(inputs, value), frame(2000))
    found = said["acceptability"]
    for name in ("sceptical", "central", "optimistic"):
        own = [one.values[made_up.EFFECT] for one in draw(inputs, 4000, 7, part=name)]
        averted = 1000 * (1 - np.array(own))  # at a net public cost of 90,000
        one = found["by_effect_prior"][name]
        for i, price in enumerate(found["thresholds"]):
            assert sum(best[i] for best in one["probability_best"].values()) == pytest.approx(1.0)
            chance_ = (price * averted > 9e4).mean()
            assert one["probability_best"]["extend"][i] == pytest.approx(chance_, abs=0.04)
            if abs(price * averted.mean() - 9e4) > 1e4:
                best = "extend" if price * averted.mean() > 9e4 else "stop"
                assert one["frontier"]["option"][i] == best
        assert max(one["frontier"]["evpi_monte_carlo_error"]) > 0
    prices = {
        name: next((p for p, o in zip(found["thresholds"], one["frontier"]["option"], strict=True)
                    if o == "extend"), np.inf)
        for name, one in found["by_effect_prior"].items()
    }  # fmt: skip
    assert prices["optimistic"] < prices["central"] < prices["sceptical"]


def test_under_each_part_losses_and_curves_are_those_of_its_own_means(inputs: Inputs) -> None:
    """Luck is taken out of a part by the part's own mean: one row must not hold two of them."""
    rng = np.random.default_rng(5)
    found = {}
    for i, name in enumerate(("extend", "extend_motivational", "extend_larger")):
        luck = (
            rng.normal(0.0, 3e5, (1000, 2))
            * (0.3 + 2 * np.abs(np.log(made_up.effects(1000))))[:, None]
        )
        found[name] = made_up.worth((1 + i / 4) * (made_up.by_effect(1000, seed=i) + luck))
    others = {name: made_up.worth(np.full((1000, 2), -1e7)) for name in inputs.options[1:]}
    said = made_up.decided(inputs, {**others, **found}, frame(1000))
    assert said["luck"]["removed"]
    prices = said["acceptability"]["thresholds"]
    for one in said["by_effect_prior"]["parts"]:
        advised = option(one, one["option"])
        for other in one["options"]:
            gap = other["expected_loss"] - advised["expected_loss"]
            assert gap == pytest.approx(other["behind"], abs=1)
        if one["part"] == "mixture":
            continue
        frontier = said["acceptability"]["by_effect_prior"][one["part"]]["frontier"]["option"]
        for price, best in zip(prices, frontier, strict=True):
            worth = {
                o["name"]: price * o["true_incidents_averted"] - o["net_public_cost"]
                if o["name"] != "stop"
                else 0.0
                for o in one["options"]
            }
            assert worth[best] == pytest.approx(max(worth.values()), abs=1)


def test_an_advice_that_a_part_cannot_tell_from_another_says_so(inputs: Inputs) -> None:
    """Also where it is that of the whole: two options that differ by noise alone under each."""
    noise = np.random.default_rng(8).normal(0.0, 3e4, (1000, 2))
    value = made_up.by_effect(1000)
    found = {**extend_or_stop(inputs, value), "extend_motivational": made_up.worth(value + noise)}
    said = made_up.decided(inputs, found, frame(1000))
    told = sure_words.effect_prior(said)
    near = {"extend": "Extend as it is", "extend_motivational": "Extend with motivational"}
    for name in ("central", "optimistic"):
        advised = part(said, name)["option"]
        other = next(o for o in near if o != advised)
        after = told.partition(f"{name} one, where the advice is")[2]
        assert f"(not told apart from ‘{near[other]}" in after.partition(";")[0]
    clear = made_up.decided(inputs, extend_or_stop(inputs, value), frame(1000))
    assert "not told apart" not in sure_words.effect_prior(clear)


def test_the_lead_over_the_next_is_said_in_pounds_with_its_error(inputs: Inputs) -> None:
    value = made_up.by_effect(N)
    found = {**extend_or_stop(inputs, value), "extend_motivational": made_up.worth(value + 3e4)}
    said = made_up.decided(inputs, found)
    assert said["advice"]["option"] == "extend_motivational"
    lead = said["advice"]["lead"]
    assert (lead["over"], lead["value"]) == ("extend", pytest.approx(3e4))
    assert lead["value_monte_carlo_error"] == pytest.approx(0.0, abs=1e-3)
    value = value + 1e5  # well above stopping
    against = made_up.decided(inputs, extend_or_stop(inputs, value))
    lead = against["advice"]["lead"]
    means = value.mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(N)
    assert (lead["over"], lead["value"]) == ("stop", pytest.approx(means.mean()))
    assert lead["value_monte_carlo_error"] == pytest.approx(error)
    assert against["advice"]["not_told_apart"] == []
    told = words.told_apart(against).replace("\N{NO-BREAK SPACE}", " ")
    assert f"by {words.money(means.mean())} (± {words.money(error)})" in told
    assert "says nothing of what is not known" in told


def test_where_luck_is_larger_under_one_part_it_is_told_there(inputs: Inputs) -> None:
    """Strong effects with much luck: the chance under the optimistic part is that of the truth."""
    n = 4000
    effect = made_up.effects(n)
    truth = 1e6 * (1 - effect) - 2e5
    spread = 3e5 * np.abs(np.log(effect))
    luck = np.random.default_rng(6).normal(0.0, 1.0, (n, 2)) * spread[:, None]
    found = extend_or_stop(inputs, truth[:, None] + luck)
    said = made_up.decided(inputs, found, frame(n))
    weights = effect_prior.schools(inputs, frame(n)).weights()["optimistic"]
    pooled = chance.apart(nested(("stop", "extend"), found, decision.VALUE)).values[:, 1]
    right, before = (float(np.average(v < 0, weights=weights)) for v in (truth, pooled))
    worse = option(part(said, "optimistic"), "extend")["chance_worse"]
    assert worse == pytest.approx(right, abs=0.03)
    assert abs(worse - right) < abs(before - right), "nearer than with the luck of all draws"


def test_a_draw_in_which_an_option_does_nothing_has_no_luck_to_take_out(inputs: Inputs) -> None:
    """As where a pause ends for good: what is paid is certain, whatever other draws hold."""
    rng = np.random.default_rng(7)
    closed = rng.random(N) < 0.25
    value = made_up.by_effect(N) + rng.normal(0.0, 2e5, (N, 2))
    value[closed] = -5e4
    pause = made_up.worth(value)
    pause.measures["social_value"][closed] = 0.0
    pause.measures["true_incidents_averted"][closed] = 0.0
    pause.serious_averted[closed] = 0.0
    found = {"extend": made_up.worth(made_up.by_effect(N)), "pause_and_evaluate": pause}
    still = certain(("stop", "extend", "pause_and_evaluate"), found)
    assert still is not None
    assert still.tolist() == [[False, False, bool(one)] for one in closed]
    values = nested(("stop", "extend", "pause_and_evaluate"), found, decision.VALUE)
    sure = chance.apart(values, still)
    assert sure.removed
    assert (sure.values[closed, 2] == -5e4).all()
    moved = chance.apart(values).values[closed, 2]
    assert moved.std() > 1e4, "taken for luck all the same, closed draws move"
    assert sure.values[:, 2].mean() == pytest.approx(values[:, :, 2].mean())
    own = chance.apart(values[~closed]).values[:, 2]
    assert sure.values[~closed, 2] == pytest.approx(own)
    assert sure.again is not None
    for _, drawn in sure.again:
        assert drawn[closed, 2] == pytest.approx(-5e4)
        break
    harm = rail.expected(pause, SERIOUS)
    assert (harm.averted[closed] == 0).all()
    # Nothing in one repetition and something in the other is luck, and none is then certain.
    for array in (pause.measures["social_value"], pause.serious_averted):
        array[np.flatnonzero(~closed)[0], 0] = 0.0
    pause.measures["true_incidents_averted"][np.flatnonzero(~closed)[0], 0] = 0.0
    assert certain(("stop", "extend", "pause_and_evaluate"), found) is None


def test_under_each_part_the_guard_rail_is_its_own(inputs: Inputs) -> None:
    """Harm that rises where the effect is weak rules an option out for the sceptic alone."""
    value = made_up.by_effect(N, scale=4e7)
    harm = np.where(made_up.effects(N) > 0.93, -20.0, 5.0)[:, None] * np.ones(2)
    said = made_up.decided(inputs, {"extend": made_up.worth(value, serious=harm)}, frame())
    sceptical, optimistic = part(said, "sceptical"), part(said, "optimistic")
    assert option(sceptical, "extend")["chance_of_rise_beyond_margin"] > 0.25
    assert option(optimistic, "extend")["chance_of_rise_beyond_margin"] < 0.25
    assert (sceptical["option"], sceptical["without_guard_rail"]) == ("stop", "extend")
    assert (optimistic["option"], optimistic["without_guard_rail"]) == ("extend", "extend")
    assert option(sceptical, "extend")["expected_loss"] is None


def test_a_part_that_few_draws_speak_for_is_not_assessed(inputs: Inputs) -> None:
    value = made_up.by_effect(60)
    said = made_up.decided(inputs, {"extend": made_up.worth(value)}, frame(60))
    optimistic = part(said, "optimistic")
    assert not optimistic["assessed"]
    assert optimistic["effective_draws"] < effect_prior.FEWEST
    assert part(said, "sceptical")["assessed"]
    assert "optimistic view: not assessed" in sure_words.effect_prior(said)
    table = sure_tables.effect_prior(said)
    assert table is not None
    assert table.rows[3][-1] == "not assessed"


def test_an_effect_that_the_scenario_holds_has_no_parts() -> None:
    held = load(shipped()["surrey_extension.toml"], {f"assume.{made_up.EFFECT}": 0.9})
    said = made_up.decided(held, {"extend": made_up.worth(made_up.by_effect(N))}, frame())
    assert not said["by_effect_prior"]["assessed"]
    assert "not assessed" in sure_words.effect_prior(said)
    assert sure_tables.effect_prior(said) is None


def test_the_guard_rail_is_asked_under_each_part(inputs: Inputs) -> None:
    """Where a low effect endangers victims, the sceptical part rules the option out by itself."""
    harm = np.where(made_up.effects(N) > 0.95, -20.0, 20.0)[:, None] * np.ones(2)
    value = made_up.by_effect(N, scale=3e6)
    said = made_up.decided(inputs, {"extend": made_up.worth(value, serious=harm)}, frame())
    for name in ("sceptical", "optimistic"):
        one = option(part(said, name), "extend")
        assert one["may_be_chosen"] == (one["chance_of_rise_beyond_margin"] <= 0.25)
    assert not option(part(said, "sceptical"), "extend")["may_be_chosen"]
    assert option(part(said, "optimistic"), "extend")["may_be_chosen"]


# -- other structures of the model ----------------------------------------------------------------


def test_harm_routes_are_compared_and_averaged(inputs: Inputs) -> None:
    value = made_up.by_effect(N, scale=2e6)
    found = {"extend": made_up.worth(value)}
    said = made_up.decided(inputs, found, frame())
    both = axis(said, "harm_route")
    means = [option(one, "extend")["mean"] for one in both["alternatives"]]
    low = 0.1 * (value.mean() + 1e5) - 1e5
    assert [one["name"] for one in both["alternatives"]] == [
        "true_crimes",
        "recorded_crimes",
        "victim_years",
        "qalys",
    ]
    assert means == pytest.approx([value.mean(), low, value.mean(), value.mean()])
    assert option(both["average"], "extend")["mean"] == pytest.approx(np.mean(means))
    assert option(said["structural"]["average"], "extend")["mean"] == pytest.approx(np.mean(means))
    assert [one["option"] for one in both["alternatives"]] == ["extend", "stop", "extend", "extend"]
    assert [one["differs"] for one in both["alternatives"]] == [False, True, False, False]
    low = next(one for one in said["views"] if one["view"] == "low_harm")
    assert low["option"] == both["alternatives"][1]["option"]
    weights = {"recorded_harm": 3, "victim_year_harm": 0, "qaly_harm": 0.5}
    heavy = load(
        shipped()["surrey_extension.toml"],
        {f"assume.structural.{name}": weight for name, weight in weights.items()},
    )
    said = made_up.decided(heavy, found, frame())
    average = option(axis(said, "harm_route")["average"], "extend")["mean"]
    assert average == pytest.approx((1.5 * means[0] + 3 * means[1]) / 4.5)
    assert option(said["structural"]["average"], "extend")["mean"] == pytest.approx(average)


def test_halves_by_frailty_and_state_dependence(inputs: Inputs) -> None:
    value = made_up.by_effect(N)
    found = {"extend": made_up.worth(value)}
    rng = np.random.default_rng(2)
    sigma = rng.uniform(0.8, 2.0, N)
    parameters = frame(**{"case.frailty_sigma": sigma})
    said = made_up.decided(inputs, found, parameters)
    halves = axis(said, "frailty")
    upper = sigma > np.median(sigma)
    means = value.mean(axis=1)
    assert [option(o, "extend")["mean"] for o in halves["alternatives"]] == pytest.approx(
        [means[~upper].mean(), means[upper].mean()]
    )
    assert option(halves["average"], "extend")["mean"] == pytest.approx(means.mean())
    assert [one["draws"] for one in halves["alternatives"]] == [N // 2, N // 2]
    rows = [row for row in sure_tables._axes(said) if row[:2] == ("frailty", "more")]
    assert {row[3] for row in rows} == {N // 2}
    assert not axis(said, "state_dependence")["assessed"]
    assert "same in all draws" in axis(said, "state_dependence")["reason"]
    assert not axis(said, "repeat_reading")["assessed"]
    text = sure_words.structures(said)
    assert "how far one incident brings on others" in text.split("Not assessed: ")[1]
    heavy = load(shipped()["surrey_extension.toml"], {"assume.structural.more_frailty": 0})
    said = made_up.decided(heavy, found, parameters)
    assert option(axis(said, "frailty")["average"], "extend")["mean"] == pytest.approx(
        means[~upper].mean()
    )


def test_frailty_is_set_against_state_dependence(inputs: Inputs) -> None:
    """The two explanations of the same repeats, as ends of a posterior in which they trade off."""
    rng = np.random.default_rng(5)
    sigma = rng.uniform(0.8, 2.0, N)
    rise = np.clip(4.0 - 2.0 * sigma + rng.normal(0, 0.5, N), 0.05, None)
    value = 1e5 * (rise - rise.mean())[:, None] + rng.normal(0, 2e4, (N, 2))
    parameters = frame(**{"case.frailty_sigma": sigma, "incident.raised_hazard": rise})
    said = made_up.decided(inputs, {"extend": made_up.worth(value)}, parameters)
    found = axis(said, "frailty_against_state_dependence")
    frailty, state = found["alternatives"]
    assert found["rank_correlation"] < -0.5
    assert option(frailty, "extend")["mean"] < 0 < option(state, "extend")["mean"]
    assert (frailty["option"], state["option"]) == ("stop", "extend")
    shares = [one["brought_on_by_earlier_incidents"] for one in (frailty, state)]
    assert shares[0] < shares[1] < 1
    both = (option(frailty, "extend")["mean"] + option(state, "extend")["mean"]) / 2
    assert option(found["average"], "extend")["mean"] == pytest.approx(both)
    assert both == pytest.approx(value.mean(), abs=1.0)
    assert "two ends of one posterior" in said["structural"]["note"]
    alone = made_up.decided(
        inputs, {"extend": made_up.worth(value)}, frame(**{"case.frailty_sigma": sigma})
    )
    assert not axis(alone, "frailty_against_state_dependence")["assessed"]
    only = load(shipped()["surrey_extension.toml"], {"assume.structural.more_raised_hazard": 0})
    said = made_up.decided(only, {"extend": made_up.worth(value)}, parameters)
    average = axis(said, "frailty_against_state_dependence")["average"]
    assert option(average, "extend")["mean"] == pytest.approx(option(frailty, "extend")["mean"])


def test_the_share_brought_on_is_that_of_a_plain_simulation() -> None:
    """In a case of the mean rate whose hazard rises after each incident and fades."""
    from dapp_model.decision.structural import brought_on

    rate, rise, days = 2.0, 1.0, 30.0
    told = brought_on(pd.DataFrame({"incident.raised_hazard": [rise]}),
                      {"case.frailty_mean": rate, "incident.raised_hazard_time": days})  # fmt: skip
    rng = np.random.default_rng(1)
    own = brought = 0
    step = 0.5 / 365.25
    since = np.full(4000, np.inf)
    for _ in range(2 * 730):
        raised = rise * np.exp(-since * 365.25 / days)
        happens = rng.random(4000) < rate * (1 + raised) * step
        by = rng.random(4000) < raised / (1 + raised)
        own += int((happens & ~by).sum())
        brought += int((happens & by).sum())
        since = np.where(happens, 0.0, since + step)
    assert told[0] == pytest.approx(brought / (own + brought), abs=0.02)


def test_few_draws_have_no_halves(inputs: Inputs) -> None:
    parameters = frame(40, **{"case.frailty_sigma": np.linspace(1, 2, 40)})
    said = made_up.decided(inputs, {"extend": made_up.worth(made_up.by_effect(40))}, parameters)
    assert "too few" in axis(said, "frailty")["reason"]


def test_readings_are_compared_on_the_same_draws(inputs: Inputs) -> None:
    own, other = made_up.by_effect(N), made_up.by_effect(20, scale=2e6)

    def every(value: Any) -> dict[str, decision.Worth]:
        return {name: made_up.worth(value) for name in inputs.options[1:]}

    said = decision.decide(
        inputs,
        every(own),
        study={"draws": N, "replications": 2, "seed": 1, "indicative": False},
        evidence=decision.Evidence(frame(), (decision.Reading("B", every(other)),)),
    )
    readings = axis(said, "repeat_reading")
    assert (readings["own"], readings["draws"]) == ("A", 20)
    means = [option(one, "extend")["mean"] for one in readings["alternatives"]]
    assert means == pytest.approx([own[:20].mean(), other.mean()])
    assert [one["name"] for one in readings["alternatives"]] == ["A", "B"]
    assert not readings["alternatives"][0]["differs"], (
        "the run's own reading is what is compared with"
    )
    assert option(readings["average"], "extend")["mean"] == pytest.approx(np.mean(means))


def test_a_run_draws_under_the_readings_that_have_a_posterior(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each other reading gets its few draws, under its own name, kept and used once."""
    inputs = small_study.inputs()
    asked: list[str] = []

    def placed(given: Inputs, number: int) -> Inputs:
        reading = str(given.values[fitted.READING])
        asked.append(reading)
        return given.replace(values={"effect.full_dose_hr": 0.5 if reading == "B" else 0.9})

    monkeypatch.setattr(fitted, "readings", lambda: ("A", "B"))
    monkeypatch.setattr(fitted, "placed", placed)
    plan = study.Plan(draws=2, replications=2, seed=3)
    assert study.other_readings(inputs, plan) == ("B",)
    assert study.other_readings(inputs, dataclasses.replace(plan, quick=True)) == ()
    study.compute(inputs, plan, tmp_path, workers=1)
    assert asked.count("B") == 2
    before = len(asked)
    study.compute(inputs, plan, tmp_path, workers=1)
    assert len(asked) == before, "nothing is done twice"
    (reading,) = all_draws.readings(inputs, plan, tmp_path)
    assert reading.name == "B"
    averted = reading.found["extend"].measures["true_incidents_averted"]
    assert averted.shape == (2, 2)
    first = study.valued_of(tmp_path, 0, reading="B").parameters
    assert first["effect.full_dose_hr"] == 0.5
    assert study.valued_of(tmp_path, 0).parameters["effect.full_dose_hr"] == 0.9


# -- acceptability, information, and one option everywhere ----------------------------------------


def test_acceptability_is_that_of_the_arrays(inputs: Inputs) -> None:
    value = made_up.by_effect(N)
    said = made_up.decided(inputs, {"extend": made_up.worth(value)}, frame())
    found = said["acceptability"]
    assert list(found["probability_best"]) == list(inputs.options)
    totals = np.sum(list(found["probability_best"].values()), axis=0)
    assert totals == pytest.approx(1.0)
    assert found["frontier"]["option"][0] == "stop", "worth nothing, the cheapest is best"
    assert len(found["thresholds"]) == len(totals)
    for i, name in enumerate(found["frontier"]["option"]):
        chance_ = found["frontier"]["probability_best"][i]
        assert chance_ == found["probability_best"][name][i]


def test_knowing_a_part_is_never_worth_more_than_everything(inputs: Inputs) -> None:
    rng = np.random.default_rng(1)
    parameters = frame(**{"pathway.suitable": rng.uniform(0, 1, N)})
    said = made_up.decided(inputs, {"extend": made_up.worth(made_up.by_effect(N))}, parameters)
    found = said["information"]
    rows = {one["section"]: one for one in found["evppi"]}
    error = 2 * (found["evpi"]["standard_error"] + rows["effect"]["standard_error"])
    assert rows["effect"]["evppi"] <= found["evpi"]["value"] + error
    assert rows["effect"]["evppi"] >= 0.8 * found["evpi"]["value"], "the effect is all there is"
    assert rows["pathway"]["zero_within_noise"]
    assert not rows["effect"]["zero_within_noise"]
    assert "what the programme does to abuse is worth most" in sure_words.information(said)


def test_groups_alone_have_the_worth_that_the_whole_table_gives() -> None:
    parameters = frame(**{"pathway.suitable": np.linspace(0, 1, N)})
    values = np.stack([np.zeros(N), made_up.by_effect(N).mean(axis=1)], axis=1)
    groups = {"both": tuple(parameters)}
    whole = voi.evppi_table(values, parameters, groups=groups)
    alone = voi.evppi_groups(values, parameters, groups)
    assert alone.index.tolist() == ["both"]
    assert alone.loc["both", "evppi"] == whole.loc["both", "evppi"]


@pytest.mark.parametrize("larger_value", [1e6, 4e6])
@pytest.mark.parametrize("serious", [5.0, -20.0])
@pytest.mark.parametrize(
    "best", ["stop", "extend", "extend_larger", "pause_and_evaluate", "one_funder_withdraws"]
)
def test_table_chart_and_every_sentence_name_the_same_option(
    inputs: Inputs, best: str, serious: float, larger_value: float
) -> None:
    found = {"extend": made_up.worth(made_up.by_effect(N, scale=1.1e6), serious=serious)}
    if best != "stop":
        value = made_up.by_effect(N, scale=larger_value, seed=2)
        found[best] = made_up.worth(value, serious=serious)
    said = made_up.decided(inputs, found, frame())
    advised = said["advice"]["option"]
    label = words.option_of(said, advised)["label"]
    means = {name: float(one.measures[decision.VALUE].mean()) for name, one in found.items()}
    highest = max(means, key=lambda name: means[name])
    if serious < 0 or not means[highest] > 0:
        assert advised == "stop"
    elif highest == "extend_larger":  # unless its extra pounds do not return enough
        assert advised == (highest if said["larger_budget"]["passes"] else "extend")
    else:
        assert advised == highest
    assert label == said["advice"]["label"]
    assert f"the best option is {words.quoted(label)}" in words.advice(said)
    table = page.options(said)
    marked = [row[0] for row in table.rows if row[0].endswith("(advised)")]
    assert marked == [f"{label} (advised)"]
    chart = figures.options(said)
    drawn = [row[0] for row in chart.rows if row[-1] == 1]
    assert drawn == [name for name in [advised] if name != inputs.options[0]]
    assert f"Advised: {words.quoted(label)}" in chart.alternative
    mixture = part(said, "mixture")
    assert (mixture["option"], mixture["label"]) == (advised, label)
    prior = sure_tables.effect_prior(said)
    assert prior is not None
    assert prior.rows[3][:2] == ("Advice", label)
    assert axis(said, "harm_route")["alternatives"][0]["option"] == advised
    curves = sure_figures.acceptability(said)
    assert curves is not None
    text = report.paragraph(said)
    assert f"the best option is {words.quoted(label)}" in text
    shown = words.option_of(said, said["shown_option"])["label"]
    assert f"For {words.quoted(shown)} against" in text
    assert shown == label or advised == inputs.options[0]
    against = words.option_of(said, said["wrong"]["against"])["label"]
    assert f"that {words.quoted(against)} is better" in text


def names_everywhere(said: dict[str, Any]) -> set[str]:
    """Return every option that a table, chart or sentence gives as the advice."""
    label = {one["label"]: one["name"] for one in said["options"]}

    def of(text: str, before: str) -> str:
        return label[text.split(f"{before}‘", 1)[1].split("’")[0]]

    found = {said["advice"]["option"], label[said["advice"]["label"]]}
    paragraph = report.paragraph(said)
    for text in (words.advice(said), paragraph, " ".join(report.sentences(said))):
        found.add(of(text, "the best option is "))
    page_one = " ".join(words.first_page(said))
    found.add(of(page_one, "the best option is "))
    for table in (page.options(said), page.chances(said)):
        marked = [row[0] for row in table.rows if row[0].endswith("(advised)")]
        found |= {label[one.removesuffix(" (advised)")] for one in marked}
        assert len(marked) == 1
    for chart in (figures.on_a_page(said), figures.options(said)):
        assert "Advised: " in chart.alternative
        found.add(of(chart.alternative, "Advised: "))
        place = list(chart.header).index("advised")
        drawn = [row[0] for row in chart.rows if row[place] == 1]
        found |= set(drawn)
        assert len(drawn) <= 1
    mixture = next((p for p in said["by_effect_prior"]["parts"] if p["part"] == "mixture"), None)
    if mixture:
        found |= {mixture["option"], label[mixture["label"]]}
    told = words.told_apart(said)
    assert words.quoted(said["advice"]["label"]) in told
    larger = said["larger_budget"]
    if larger is not None and larger["passes"]:
        found.add(larger["option"])
    shown = said["shown_option"]
    assert f"For {words.quoted(words.option_of(said, shown)['label'])} against" in paragraph
    advised = said["advice"]["option"]
    assert advised in (shown, said["options"][0]["name"])
    assert words.option_of(said, advised)["may_be_chosen"]
    return found


def hurdles() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return settings of the scenario, and what options are worth, by what is put in the way."""
    good = made_up.by_effect(N, scale=1.5e6)
    better = made_up.by_effect(N, scale=2.4e6, cost=1.6e5, seed=2)
    luck = np.random.default_rng(8).normal(0, 2e4, (N, 2))
    bad = np.full((N, 2), -2e5) + luck
    every_bad = {name: made_up.worth(bad - 1e3 * i) for i, name in enumerate(
        ("extend", "extend_motivational", "extend_one_to_one_high_harm", "extend_larger",
         "pause_and_evaluate", "one_funder_withdraws"))}  # fmt: skip
    one = {"extend": made_up.worth(good)}
    larger = {**one, "extend_larger": made_up.worth(better, cost=1.6e5)}
    small = made_up.worth(good + 1e3, cost=1.6e5)
    unsafe = {**larger, "extend_larger": made_up.worth(better, cost=1.6e5, serious=-30.0)}
    twins = {**one, "one_funder_withdraws": made_up.worth(good)}
    all_unsafe = {name: dataclasses.replace(made, serious_averted=np.full((N, 2), -30.0))
                  for name, made in every_bad.items()}  # fmt: skip
    return {
        "a larger budget that passes": ({}, larger),
        "a stricter hurdle": ({"assume.money.hurdle": 60.0}, larger),
        "extra pounds that return too little": (
            {"assume.money.hurdle": 1.5},
            {**one, "extend_larger": small},
        ),
        "extra pounds that return just enough": ({}, {**one, "extend_larger": small}),
        "the best is excluded by the guard-rail": ({}, unsafe),
        "the guard-rail fallen": ({"assume.rail.limit": 1.0}, unsafe),
        "two equally good": ({}, twins),
        "no programme is best": ({}, every_bad),
        "one option only may be chosen": ({}, all_unsafe),
        "harm by recorded crimes": ({"assume.money.harm_route": "recorded crimes"}, larger),
        "nobody can pay for more": ({"assume.money.ceiling": "£50,000"}, larger),
    }


@pytest.mark.parametrize("case", sorted(hurdles()))
def test_whatever_is_put_in_the_way_one_option_is_named_everywhere(case: str) -> None:
    settings, found = hurdles()[case]
    given = load(shipped()["surrey_extension.toml"], settings)
    said = made_up.decided(given, found, frame())
    advised = said["advice"]["option"]
    assert names_everywhere(said) == {advised}
    expected = {
        "a larger budget that passes": "extend_larger",
        "a stricter hurdle": "extend",
        "extra pounds that return too little": "extend",
        "extra pounds that return just enough": "extend_larger",
        "the best is excluded by the guard-rail": "extend",
        "the guard-rail fallen": "extend_larger",
        "two equally good": "extend",
        "no programme is best": "stop",
        "one option only may be chosen": "stop",
        "harm by recorded crimes": "extend_larger",
        "nobody can pay for more": "stop",
    }
    assert advised == expected[case]
    decides = budget_words.hurdle_decides(said)
    if case in ("a stricter hurdle", "extra pounds that return too little"):
        assert "has the highest expected value and is not advised" in decides
        assert decides in report.paragraph(said)
    elif case == "extra pounds that return just enough":
        assert "more than £1 each, but not more than £1.50" in decides
    else:
        assert "highest expected value and is not advised" not in decides
    if case == "one option only may be chosen":
        assert said["information"]["evpi"]["value"] == 0.0
        line = "Knowing more before choosing would be worth nothing: only one option may be chosen."
        assert sure_words.information(said) == line
        assert learning_words.worth_knowing(said) == line
        assert said["options"][0]["chance_best"] == 1.0
    # The average of other perspectives never names what may not be chosen.
    for row in said["flips"]:
        assert words.option_of(said, row["option"])["may_be_chosen"]
    for view in said["views"]:
        assert view["differs"] == (view["option"] != advised)


def test_one_option_alone_is_named_everywhere() -> None:
    """A scenario that has stopping and one way to go on."""
    inputs = small_study.inputs()
    few = dataclasses.replace(inputs, options=("stop", "extend"))
    for scale, best in ((1.5e6, "extend"), (1e5, "stop")):
        value = made_up.by_effect(N, scale=scale)
        said = made_up.decided(few, {"extend": made_up.worth(value)}, frame())
        assert names_everywhere(said) == {best}


def test_the_paragraph_holds_all_that_is_said_of_the_advice() -> None:
    said = small_study.finished().decision
    text = said["paragraph"]
    for line in (
        words.advice(said), words.wrong(said), words.victim_safety(said), words.expiry(said),
        words.present_knowledge(said), sure_words.effect_prior(said), sure_words.structures(said),
        sure_words.information(said), sure_words.without_rail(said), sure_words.numbers(said),
        words.told_apart(said), account_words.low_case(said), budget_words.larger_budget(said),
        learning_words.rule(said),  *change_words.switches(said),
        *change_words.flips(said), *learning_words.pauses(said),
    ):  # fmt: skip
        assert line
        assert origins.bare(line) in text
    assert "None" not in text
    assert text.count("\n") == 0


def test_tables_are_files_of_the_run() -> None:
    folder = small_study.finished().folder
    assert set(sure_tables.CSV) <= set(stored.DATA_FILES)
    said = small_study.finished().decision
    rows = pd.read_csv(folder / "effect_prior.csv")
    mixture = rows[(rows["part"] == "mixture") & (rows["option"] == "extend")].iloc[0]
    mean = words.option_of(said, "extend")["measures"][decision.VALUE]["mean"]
    assert mixture["net_present_social_value"] == pytest.approx(mean)
    advised = rows[(rows["part"] == "mixture") & (rows["advised"] == 1)]["option"].tolist()
    assert advised == [said["advice"]["option"]]
    schools = [one for one in said["by_effect_prior"]["parts"] if one["assessed"]]
    for part in schools:
        own = rows[rows["part"] == part["part"]].set_index("option")
        for one in part["options"]:
            for name, column in (
                ("monte_carlo_error", "net_present_social_value_monte_carlo_error"),
                ("behind", "behind"),
                ("behind_monte_carlo_error", "behind_monte_carlo_error"),
            ):
                assert own.loc[one["name"], column] == pytest.approx(one[name])
            of_part = ("net_public_cost", "expected_loss", "chance_worse", "low", "high")
            for name in of_part:
                told = np.nan if one[name] is None else one[name]
                assert own.loc[one["name"], name] == pytest.approx(told, nan_ok=True)
            for name in ("chance_wrong", "mean_loss", "evpi"):
                assert own.loc[one["name"], name] == pytest.approx(part[name])
    curves = pd.read_csv(folder / "effect_prior_acceptability.csv")
    told = said["acceptability"]["by_effect_prior"]
    assert set(curves["part"]) == set(told) == {one["part"] for one in schools} - {"mixture"}
    for name, one in told.items():
        for label, chances in one["probability_best"].items():
            own = curves[(curves["part"] == name) & (curves["option"] == label)]
            assert own["probability_best"].to_numpy() == pytest.approx(chances)
            best = [o == label for o in one["frontier"]["option"]]
            assert own["on_frontier"].tolist() == best
    curve = pd.read_csv(folder / "acceptability.csv")
    assert curve.groupby("threshold")["probability_best"].sum().to_numpy() == pytest.approx(1.0)


def test_weighted_quantiles_of_equal_weights_are_plain() -> None:
    values = np.arange(1000.0)[::-1].copy()
    low, high = chance.quantiles(values, np.ones(1000), (0.05, 0.95))
    assert (low, high) == pytest.approx(tuple(np.quantile(values, (0.05, 0.95))), abs=1.0)
    half = np.where(values < 500, 1.0, 0.0)
    assert chance.quantiles(values, half, (0.5,))[0] == pytest.approx(249.5, abs=1.0)
