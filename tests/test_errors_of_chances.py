"""Does every chance that a run prints have its Monte Carlo error beside it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import made_up
import numpy as np
import pandas as pd
import pytest

from dapp_model import report, voi
from dapp_model.decision import chance, effect_prior
from dapp_model.distributions import Mixture
from dapp_model.parameters import Inputs, registry
from dapp_model.report import figures, learning_words, page, section_first, sure_tables, words
from dapp_model.scenario import load, shipped

N = 400
PRINTED = re.compile(r"(?:under |over )?\d+% \(±\u00a0[\d.]+\)")


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return load(shipped()["surrey_extension.toml"])


@pytest.fixture(scope="module")
def said(inputs: Inputs) -> dict[str, Any]:
    found = {
        "extend": made_up.worth(made_up.by_effect(N, scale=1.1e6)),
        "extend_larger": made_up.worth(made_up.by_effect(N, scale=1.5e6, cost=1.6e5, seed=2)),
    }
    parameters = pd.DataFrame(
        {made_up.EFFECT: made_up.effects(N), "case.frailty_sigma": np.linspace(1, 2, N)}
    )
    return made_up.decided(inputs, found, parameters)


def chances(tree: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield where a chance stands, the table that holds it, and its key."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if re.match(r"chance|probability", key) and not key.endswith("error"):
                yield f"{path}.{key}", tree, key
            yield from chances(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from chances(value, f"{path}[{i}]")


def means(tree: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where a mean over draws stands, with an interval or as an option of a view."""
    if isinstance(tree, dict):
        if "mean" in tree:
            yield path, tree
        for key, value in tree.items():
            yield from means(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from means(value, f"{path}[{i}]")


def numbers(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [x for one in found.values() for x in numbers(one)]
    return [x for one in found for x in numbers(one)] if isinstance(found, list) else [found]


def test_every_chance_in_decision_json_has_its_error(said: dict[str, Any]) -> None:
    own = {k: v for k, v in said.items() if k != "money"}  # made up, not told from draws
    places = list(chances(own))
    assert len(places) > 60
    for place, table, key in places:
        shares = numbers(table[key])
        name = "chance_error" if key == "chance" else f"{key}_monte_carlo_error"
        assert name in table, place
        for share, error in zip(shares, numbers(table[name]), strict=True):
            if share is None:
                assert error is None, place
            elif share in (0.0, 1.0):
                # Known only where luck is taken out and other draws would have told otherwise.
                assert error is None or 0 < error <= 0.5, place
            else:
                assert 0 < error <= 0.5, place


def test_every_mean_in_decision_json_has_its_error(said: dict[str, Any]) -> None:
    places = list(means(said))
    assert len(places) > 100
    for place, one in places:
        assert "monte_carlo_error" in one, place
        if one["mean"]:
            assert one["monte_carlo_error"] is not None, place
    assert said["wrong"]["mean_loss_when_wrong_error"] > 0
    for option in said["options"]:
        for name, ratio in option["ratios"].items():
            assert (ratio["monte_carlo_error"] is None) == (ratio["value"] is None), name


def test_with_next_to_no_luck_the_error_is_that_of_a_share_of_draws(said: dict[str, Any]) -> None:
    """From resamples, whose number leaves an error of a twentieth; three of them are allowed."""
    assert said["luck"]["removed"]
    assert said["luck"]["largest_share"] < 0.01
    one = words.option_of(said, "extend_larger")
    share = one["chance_worse"]
    assert 0.1 < share < 0.9
    expected = np.sqrt(share * (1 - share) / (N - 1))
    near = 3 / np.sqrt(2 * voi.RESAMPLES)
    assert one["chance_worse_monte_carlo_error"] == pytest.approx(expected, rel=near)
    flags = np.arange(N) < share * N
    spread = flags.std(ddof=1) / np.sqrt(N)
    assert expected == pytest.approx(spread, rel=0.01)
    # Under a part of the prior draws count by their weight, those on either side of nought too.
    mixture = registry()[made_up.EFFECT].distribution
    assert isinstance(mixture, Mixture)
    place = next(k for k, one in enumerate(mixture.parts) if one.name == "sceptical")
    weights = effect_prior.membership(made_up.effects(N), mixture)[:, place]
    worse = made_up.by_effect(N, scale=1.5e6, cost=1.6e5, seed=2).mean(axis=1) < 0
    part = next(o for o in said["by_effect_prior"]["parts"] if o["part"] == "sceptical")
    view = next(o for o in part["options"] if o["name"] == "extend_larger")
    assert 0.1 < view["chance_worse"] < 0.95
    expected = chance.error(worse.astype(float), weights)
    assert view["chance_worse_monte_carlo_error"] == pytest.approx(expected, rel=near)
    assert voi.share_error(0.0, 100) is voi.share_error(1.0, 100) is None
    assert voi.share_error(0.5, 1) is None


def test_errors_scatter_as_they_say() -> None:
    """The stated error of a chance is how far chances from other draws differ."""
    rng = np.random.default_rng(4)
    many = (rng.random((2000, 150)) < 0.3).mean(axis=1)
    stated = np.mean([voi.share_error(p, 150) for p in many])
    assert many.std() == pytest.approx(stated, rel=0.06)


def test_every_chance_in_words_and_tables_has_its_error(said: dict[str, Any]) -> None:
    texts = {
        "safety": words.victim_safety(said),
        "wrong": words.wrong(said),
        "paragraph": report.paragraph(said),
        "most often": section_first.most_often(said),
        "flip": " ".join(" ".join(map(str, row)) for row in page.chances(said).rows),
        "sureness": " ".join(" ".join(row) for row in page.sureness(said).rows),
        "page chart": figures.on_a_page(said).alternative,
    }
    prior = sure_tables.effect_prior(said)
    assert prior is not None
    texts["prior"] = " ".join(" ".join(row) for row in prior.rows[4:])
    for name, text in texts.items():
        chance = r"(?:chance[^.;]{0,120}? is|best|chance of) (\d+%)"
        bare = re.findall(rf"{chance}(?! \(±| \(Monte| would rule)", text)
        assert not bare, (name, bare)
    told = " ".join(texts.values())
    assert PRINTED.search(told)
    assert "Monte Carlo error" in texts["wrong"]
    safety = texts["safety"]
    assert "in none of the 400 draws" in safety or PRINTED.search(safety)


def test_what_no_draw_shows_is_not_called_impossible(inputs: Inputs) -> None:
    found = {"extend": made_up.worth(made_up.by_effect(N, scale=4e7))}
    said = made_up.decided(inputs, found, pd.DataFrame({made_up.EFFECT: made_up.effects(N)}))
    row = next(r for r in page.chances(said).rows if "one funder" in r[0].lower())
    assert row[1] == "in all 400 draws"
    assert row[2] == "in none of the 400 draws"
    assert words.share_of_draws(0.0, None, 16) == "in none of the 16 draws"
    assert words.in_share_of_draws(1.0, None, 16) == "in all 16 draws"
    assert words.in_share_of_draws(0.25, 0.11, 16) == "in 25% (±\u00a011) of draws"
    assert "below 3/n" not in said["intervals"]  # luck is taken out, so it would be no bound
    assert "that is no bound" in said["intervals"]


def test_the_rule_of_three_stands_only_where_luck_stays_in(inputs: Inputs) -> None:
    found = {"extend": made_up.worth(made_up.by_effect(N)[:, :1])}
    said = made_up.decided(inputs, found)
    assert not said["luck"]["removed"]
    assert "below 3/n" in said["intervals"]
    share = words.option_of(said, "extend")["chance_worse"]
    expected = voi.share_error(share, N)
    assert words.option_of(said, "extend")["chance_worse_monte_carlo_error"] == expected


def test_a_chance_of_none_has_an_error_where_luck_hid_that_it_is_some() -> None:
    """An option that is best in some draws by luck alone, and in a few other draws without it."""
    rng = np.random.default_rng(8)
    nested = np.zeros((1000, 2, 3))
    nested[:, :, 1] = rng.normal(1.0, 1.0, (1000, 1)) + rng.normal(0.0, 0.1, (1000, 2))
    nested[:, :, 2] = 0.8 * nested[:, :, 1] + rng.normal(0.0, 0.05, (1000, 1))
    nested[:, :, 2] += rng.normal(-0.18, 0.2, (1000, 2))
    nested[128:, 1] = np.nan
    sure = chance.apart(nested)
    assert sure.removed
    raw = (voi.over_replications(nested).argmax(axis=1) == 2).mean()
    told = chance.of_options(sure, [True] * 3)[2]
    assert raw > 0.01
    assert told["chance_best"] < raw / 2
    assert told["chance_best_monte_carlo_error"] > 0.001
    told_so = words.share_of_draws(0.0, 0.009, 1000)
    assert told_so == "in none of the 1,000 draws (±\u00a00.9 points)"


def test_options_worth_the_same_are_not_told_apart_by_rounding() -> None:
    """The first of them counts, in every resample as in the draws."""
    rng = np.random.default_rng(9)
    nested = np.zeros((200, 2, 4))
    nested[:, :, 1] = 1e5 * rng.normal(0.1, 1.0, (200, 1)) + rng.normal(0.0, 3e4, (200, 2))
    nested[:, :, 2] = -5e4 / 3
    nested[:, :, 3] = -5e4 / 3
    found = chance.of_options(chance.apart(nested), [False, True, True, True])
    assert found[2]["chance_best"] > 0.3
    assert (found[3]["chance_best"], found[3]["chance_best_monte_carlo_error"]) == (0.0, None)


def test_one_chance_has_one_number_wherever_it_stands(said: dict[str, Any]) -> None:
    """The best option of the headline's own way of counting, and its chance in the options."""
    flip = said["flips"][0]
    one = words.option_of(said, flip["option"])
    mixture = said["by_effect_prior"]["parts"][0]
    own = next(o for o in mixture["options"] if o["name"] == flip["option"])
    for name in ("chance_best", "chance_best_monte_carlo_error"):
        assert flip[name] == one[name] == own[name]
    assert 0 < flip["chance_best"] < 1


def test_errors_are_the_same_whenever_they_are_told() -> None:
    rng = np.random.default_rng(10)
    nested = rng.normal(0.0, 1.0, (60, 1, 3)) + rng.normal(0.0, 0.5, (60, 2, 3))
    one, other = voi.resampled(nested), voi.resampled(nested)
    assert one is not None
    assert other is not None
    assert one.error(voi.losses).tolist() == other.error(voi.losses).tolist()
    assert voi.resampled(nested[:, :1]) is None


def test_a_resample_is_what_luck_taken_out_of_those_draws_gives() -> None:
    """Draws with pairs and draws without are resampled apart, and luck is taken out anew."""
    rng = np.random.default_rng(11)
    nested = rng.normal(0.0, 1.0, (40, 1, 3)) + rng.normal(0.0, 0.5, (40, 2, 3))
    nested[15:, 1] = np.nan
    again = voi.resampled(nested, resamples=5)
    assert again is not None
    for counts, values in again:
        assert counts[:15].sum() == 15
        assert counts[15:].sum() == 25
        rows = np.repeat(np.arange(40), counts.astype(int))
        found = voi.separate_luck(nested[rows])
        assert values[rows] == pytest.approx(found.values, abs=1e-9)


def test_the_line_on_what_is_worth_knowing_has_its_errors(said: dict[str, Any]) -> None:
    line = learning_words.worth_knowing(said)
    evpi = said["information"]["evpi"]
    told = f"{words.money(evpi['value'])} (±\u00a0{words.money(evpi['standard_error'])})"
    assert told in line
