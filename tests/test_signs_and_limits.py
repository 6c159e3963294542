"""Are signs, limits and defaults said as they are, also where they are not the usual ones?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dapp_model import cli
from dapp_model.analysis import importance, pilot_words
from dapp_model.arguments import CHOKE_DRAWS
from dapp_model.decision import chance, known
from dapp_model.evaluation import designs, study
from dapp_model.report import learning_words, words


def test_an_effect_seen_the_wrong_way_round_is_found_by_no_size() -> None:
    """More reporting can hide a fall in abuse: then a larger study is only surer of a rise."""
    fall = designs.Truth(effect=-0.1, effect_error=0.01, seen=-0.05, seen_error=0.01, sign=-1.0)
    rise = designs.Truth(effect=-0.1, effect_error=0.01, seen=0.05, seen_error=0.01, sign=-1.0)
    found = study._arm_sizes(fall, 10.0)
    assert found["arm_low"] < found["arm_for_80"] < found["arm_high"] < np.inf
    assert found["arm_for_80"] == pytest.approx(10.0 * ((1.95996 + 0.84162) / 0.05) ** 2, rel=1e-4)
    assert set(study._arm_sizes(rise, 10.0).values()) == {np.inf}
    weak = designs.Truth(effect=-0.1, effect_error=0.01, seen=0.005, seen_error=0.01, sign=-1.0)
    sizes = study._arm_sizes(weak, 10.0)
    assert sizes["arm_low"] < np.inf
    assert sizes["arm_for_80"] == np.inf


def test_the_words_of_sizes_say_what_no_size_finds() -> None:
    rows = []
    for basis, low, size in ((designs.RECORDED, np.inf, np.inf), (designs.REPORTED, 4e3, 5e3)):
        key = pilot_words._key("hoped", "randomised_at_start", basis, "number")
        rows.append({**key, "arm_for_80": size, "arm_low": low, "arm_high": 2 * size})
    key = pilot_words._key("hoped", "randomised_at_start", designs.RECORDED, "number")
    power = pd.DataFrame([{**key, "arm_size": 6000, "power": 0.02}])
    first, second, _ = pilot_words.sizes_words(power, pd.DataFrame(rows))
    assert "no evaluation, however large, would find" in first
    assert "nan" not in first + second
    assert "about 5,000 (4,000 to 10,000)" in second


def test_what_the_programme_adds_is_not_called_averted() -> None:
    table = pd.DataFrame(
        [
            {"group": name, "follow_up": follow_up, "people": 10, "records_after": after,
             "true_incidents_after": 11.0, "true_incidents_without_programme": 10.0}
            for name, after in (("completed", 3.0), ("did not complete", 2.0))
            for follow_up in (designs.FROM_START, designs.FROM_LANDMARK)
        ]
    )  # fmt: skip
    (line,) = pilot_words.completers_words(table)
    assert "have 10% more abuse in that year than without it" in line
    assert "50% more police records" in line
    assert "-" not in line.replace("re-", "")


def test_knowing_is_worth_nothing_where_there_is_nothing_to_choose() -> None:
    rng = np.random.default_rng(1)
    nested = rng.normal(0, 1e5, (80, 2, 1))
    parameters = pd.DataFrame({"effect.full_dose_hr": rng.uniform(0.7, 1.0, 80)})
    whole = np.concatenate([np.zeros((80, 2, 1)), nested], axis=2)
    sure = chance.apart(whole)
    alone = chance.Apart(sure.values[:, :1], sure.removed, sure.luck)
    found = known.information(nested, alone, parameters)
    assert found["evpi"]["value"] == 0.0
    assert found["evppi"] == "not assessed"
    line = "Knowing more before choosing would be worth nothing: only one option may be chosen."
    assert learning_words.worth_knowing({"information": found}) == line


def test_a_part_of_the_county_is_said_to_make_monitoring_noisier() -> None:
    figures = {name: {"mean": 1.0, "low": 0.0, "high": 2.0} for name in learning_words.FIGURES}
    learnt = {
        "assessed": False,
        "reason": "few draws",
        "figures": figures,
        "pilot_as_a_service": {"value": 1.0, "standard_error": 1.0},
    }
    part = {"learning": learnt, "population_share": 0.05}
    noisier = "what they show is noisier than in the whole county"
    assert any(noisier in line for line in learning_words.values(part))
    whole = {"learning": learnt, "population_share": 1.0}
    assert not any(noisier in line for line in learning_words.values(whole))


def test_a_choke_point_within_noise_is_not_said_to_be_worth_nothing() -> None:
    table = pd.DataFrame(
        {
            "step": ["one more place", "a week less wait"],
            "value": [6_000.0, 90_000.0],
            "standard_error": [37_000.0, 10_000.0],
            "zero_within_noise": [True, False],
        }
    )
    engine = importance.Engine(choke_points=table, choke_draws=4)
    lines = importance._choke_sentences(engine)
    assert lines[0].endswith("(standard error £37,000), zero within noise.")
    assert "From 4 draws one more place would have to be worth £74,000 or more" in lines[-1]
    assert "would have to be worth £74,000 or more to be told" in lines[-1]
    clear = importance.Engine(choke_points=table[1:], choke_draws=4)
    assert len(importance._choke_sentences(clear)) == 1


def test_choke_points_are_told_unless_they_are_not_wanted() -> None:
    assert cli.parser().parse_args(["sensitivity", "."]).choke_draws == CHOKE_DRAWS > 1
    assert cli.parser().parse_args(["sensitivity", ".", "--choke-draws", "0"]).choke_draws == 0


def test_who_the_guard_rail_is_about_depends_on_the_decision() -> None:
    extension = words.concerned({"decision": "extension"})
    assert "after the decision" in extension
    assert words.concerned({"decision": "pilot"}) == "those referred"
