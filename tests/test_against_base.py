"""Does the difference from the base say what the change does, and nothing else?"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from small_study import finished, inputs, space

from dapp_model import against_base, changes, cli, draws, runs
from dapp_model.report import base_difference
from dapp_model.scenario import load, shipped
from dapp_model.study import Plan

PLAN = Plan(draws=2, replications=1, seed=5, quick=True, whole=1)
KEPT = """\
title = "An idea"
question = "Is it better?"
extends = "surrey_extension.toml"
options.extend_motivational.remove = true
options.extend_one_to_one_high_harm.remove = true
options.extend_larger.remove = true
options.pause_and_evaluate.remove = true
options.one_funder_withdraws.remove = true
population.share = 0.05
"""
MINE = """
[options.mine]
label = "Mine"
extension.length = "24 months"
extension.annual_budget = "£300,000"
"""
DEARER = """
[options.extend]
extension.annual_budget = "£300,000"
"""
WEAKER = """
[assume.effect]
full_dose_hr = 1.0
"""


def write(folder: Path, more: str, name: str = "idea") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(KEPT + more, encoding="utf-8")
    return path


def asked(path: Path) -> against_base.Comparison:
    found = against_base.plan_of(load(path))
    assert found is not None
    return found


def compared(folder: Path, more: str, name: str) -> tuple[dict[str, object], Path, Path | None]:
    """Run a scenario and, where it is needed, its base; return what was found, and both runs."""
    path = write(folder, more, name)
    what = asked(path)
    run = runs.run(load(path), PLAN, folder / f"{name}_run").folder
    base = None
    if what.base is not None:
        base = runs.run(what.base, PLAN, folder / f"{name}_base").folder
    return against_base.compare(run, base, what), run, base


# -- what is compared with what -------------------------------------------------------------------


def test_a_new_option_beside_unchanged_ones_needs_no_other_run(tmp_path: Path) -> None:
    found = asked(write(tmp_path, MINE))
    assert found.base is None
    assert found.pairs == (
        against_base.Pair("extend", "extend", True),
        against_base.Pair("mine", "extend", False),
    )


def test_a_new_option_is_set_beside_one_that_was_kept(tmp_path: Path) -> None:
    like_a_larger_one = MINE.replace("£300,000", "£150,000")  # as `extend_larger`, left out here
    assert asked(write(tmp_path, like_a_larger_one)).pairs[1].base == "extend"


def test_a_changed_option_needs_the_base_with_that_option_alone(tmp_path: Path) -> None:
    found = asked(write(tmp_path, DEARER))
    assert found.base is not None
    assert found.base.options == ("stop", "extend")
    assert found.base.option("extend").levers["extension.annual_budget"] == 100_000
    assert found.pairs == (against_base.Pair("extend", "extend", False),)


def test_both_are_counted_until_the_same_day(tmp_path: Path) -> None:
    later = DEARER + 'extension.gap = "18 months"\n'
    for more in (DEARER, later):
        path = write(tmp_path, more)
        base = asked(path).base
        assert base is not None
        assert against_base.horizon_date(base) == against_base.horizon_date(load(path))


def test_a_window_that_the_scenario_sets_is_part_of_the_difference(tmp_path: Path) -> None:
    path = write(tmp_path, DEARER + '[assume.time]\nwindow_after_last_start = "9 years"\n')
    base = asked(path).base
    assert base is not None
    assert against_base.horizon_date(base) < against_base.horizon_date(load(path))


def test_the_share_of_the_county_is_that_of_the_scenario(tmp_path: Path) -> None:
    base = asked(write(tmp_path, DEARER)).base
    assert base is not None
    assert base.population_share == 0.05


def test_a_belief_that_is_held_at_its_usual_value_differs_still(tmp_path: Path) -> None:
    from dapp_model.parameters import registry

    usual = registry()["effect.full_dose_hr"].value
    found = asked(write(tmp_path, f"[assume.effect]\nfull_dose_hr = {usual}\n"))
    assert found.beliefs
    assert found.base is not None
    assert not found.levers


def test_where_files_extend_files_the_base_is_the_one_named(tmp_path: Path) -> None:
    write(tmp_path, DEARER, "first")
    second = tmp_path / "second.toml"
    second.write_text(
        'title = "Two"\nquestion = "Deep?"\nextends = "first.toml"\n'
        '[options.extend]\nextension.annual_budget = "£310,000"\n',
        encoding="utf-8",
    )
    found = asked(second)
    assert found.file == "first.toml"
    assert any("£310,000 a year rather than £300,000" in one for one in found.changed)


def test_the_two_decisions_are_never_mixed() -> None:
    found = asked(shipped()["surrey_extension.toml"])
    assert "never mixed" in found.refused
    assert found.base is None


def test_a_file_that_extends_none_is_compared_with_none() -> None:
    assert against_base.plan_of(load(shipped()["surrey_base.toml"])) is None


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_file_knows_what_to_compare(name: str) -> None:
    found = against_base.plan_of(load(shipped()[name]))
    if found is not None and not found.refused:
        assert any(not pair.same for pair in found.pairs)


# -- the numbers ----------------------------------------------------------------------------------


def test_the_bases_options_are_in_the_scenarios_own_run_to_the_bit(tmp_path: Path) -> None:
    """What `plan_of` leaves out of the base's run, because this run holds it, it does hold."""
    more = asked(write(tmp_path, MINE + "[assume.effect]\nfull_dose_hr = 1.0\n")).base
    assert more is not None
    run = runs.run(load(write(tmp_path, MINE)), PLAN, tmp_path / "run").folder
    base = runs.run(more, PLAN, tmp_path / "base").folder
    ours, theirs = draws.read(run), draws.read(base)
    i, j = ours.options.index("extend"), theirs.options.index("extend")
    for name in against_base.MEASURES:
        np.testing.assert_array_equal(ours.measures[name][:, :, i], theirs.measures[name][:, :, j])


def test_a_difference_is_paired_draw_by_draw(tmp_path: Path) -> None:
    found, run, base = compared(tmp_path, DEARER, "dearer")
    assert base is not None
    ours, theirs = draws.read(run), draws.read(base)
    one = found["options"][0]  # type: ignore[index]
    for name, spread in one["measures"].items():
        apart = (ours.measures[name] - theirs.measures[name])[:, :, 1].mean(axis=1)
        assert spread["mean"] == pytest.approx(apart.mean())
        assert spread["monte_carlo_error"] == pytest.approx(apart.std(ddof=1) / np.sqrt(2))
    assert one["measures"]["net_public_cost"]["mean"] > 0  # three times the budget


def test_without_an_effect_less_is_averted_and_only_beliefs_differ(tmp_path: Path) -> None:
    found, _, base = compared(tmp_path, WEAKER, "weaker")
    assert base is not None
    said = " ".join(base_difference.sentences(found))
    assert "Nothing is done differently" in said
    assert "each against ‘Stop after the pilot’ of its own file" in said


def test_the_folder_is_whole_says_what_covers_it_and_is_the_same_twice(tmp_path: Path) -> None:
    found, run, _ = compared(tmp_path, MINE, "mine")
    place = against_base.write(run, found, ["A mark."])
    first = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
    assert set(first) == {
        *(f"difference_from_base.{kind}" for kind in ("json", "csv", "svg", "png", "txt")),
        "README.txt",
    }
    again = against_base.write(run, found, ["A mark."])
    assert {path.name: path.read_bytes() for path in sorted(again.iterdir())} == first
    assert "`dapp reproduce` does not compare them" in first["README.txt"].decode()
    assert not list(run.glob(".*unfinished"))
    for name in ("README.txt", "difference_from_base.txt", "difference_from_base.json"):
        assert "A mark." in first[name].decode()
    rows = list(csv.DictReader(first["difference_from_base.csv"].decode().splitlines()))
    stored = json.loads(first["difference_from_base.json"])
    assert float(rows[-1]["mean"]) == pytest.approx(
        stored["options"][-1]["measures"]["net_present_social_value"]["mean"]
    )


# -- sentences ------------------------------------------------------------------------------------


def made(mean: float, error: float | None = 1.0) -> dict[str, object]:
    spread = {
        "mean": mean, "low": mean - 9, "high": mean + 9,
        "low50": mean - 4, "high50": mean + 4, "monte_carlo_error": error,
    }  # fmt: skip
    one = {
        "option": "mine", "label": "Mine", "base_option": "extend", "base_label": "Extend",
        "same": False, "measures": dict.fromkeys(against_base.MEASURES, spread),
    }  # fmt: skip
    return {
        "base": "base.toml", "options": [one], "draws": 16, "comparator": "Stop",
        "what_differs": {"done": True, "assumed": False},
        "window_ends": ["2026-03-31"] * 3,
    }  # fmt: skip


def test_the_sentence_has_three_numbers_with_interval_and_error() -> None:
    (said,) = base_difference.sentences(made(120))
    assert said.count("90% interval") == said.count("Monte Carlo error") == 3
    assert "averts 120 more incidents of abuse than ‘Extend’" in said
    assert "costs public bodies £120 more net" in said
    assert "saves" not in said


@pytest.mark.parametrize(
    ("mean", "words"),
    [(-120, "120 fewer incidents"), (0, "averts as many incidents"), (120, "120 more incidents")],
)
def test_more_fewer_and_as_many(mean: float, words: str) -> None:
    assert words in base_difference.sentences(made(mean))[0]


@pytest.mark.parametrize(
    ("mean", "words"),
    [
        (-120, "averts 120 fewer incidents of abuse than ‘Extend’ (90% interval 111 to 129 fewer"),
        (-5, "averts 5 fewer incidents of abuse than ‘Extend’ (90% interval 14 fewer to 4 more"),
        (-9, "averts 9 fewer incidents of abuse than ‘Extend’ (90% interval 0 to 18 fewer"),
        (-5, "£5 less to society (90% interval £14 less to £4 more"),
        (5, "averts 5 more incidents of abuse than ‘Extend’ (90% interval -4 to 14,"),
    ],
)
def test_an_interval_is_told_in_the_words_of_its_mean(mean: float, words: str) -> None:
    """Never "1 fewer, -4 to 0": where the verb turns, the interval turns with it."""
    assert words in base_difference.sentences(made(mean))[0]


@pytest.mark.parametrize(("mean", "error", "told"), [(3, 1, True), (2, 1, False), (9, None, False)])
def test_it_says_when_draws_are_too_few(mean: float, error: float | None, told: bool) -> None:
    said = base_difference.sentences(made(mean, error))[0]
    assert ("cannot be told from none" not in said) == told


def test_the_chart_shows_every_number_it_is_about() -> None:
    chart = base_difference.chart(made(120))
    assert chart is not None
    assert "+120" in chart.svg
    assert "+£120" in chart.svg
    assert "90% interval" in chart.alternative


# -- what differs, in words -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            '[options.extend]\nextension.places = "6 places"\n',
            "‘Extend as it is’: the extension takes 6 places rather than as many places as its "
            "budget buys.",
        ),
        ('[programme]\nsessions = "20 sessions"\n', "The pilot lasts 20 sessions rather than 26."),
        ("[services]\noutreach = false\n", "Outreach for victims ends."),
        ('[options.extend]\nextension.eligible_risk = "high"\n', "takes people of high risk alone"),
        (WEAKER, "each draw has its own, typically"),
        ("[programme]\nmotivational_enhancement = true\n", "The pilot has interviews"),
    ],
)
def test_a_change_is_said_in_a_sentence(tmp_path: Path, more: str, sentence: str) -> None:
    path = write(tmp_path, more)
    said = changes.sentences(load(path), load(shipped()["surrey_extension.toml"]))
    assert any(sentence in one for one in said), said


def test_every_lever_has_a_sentence_of_its_own(tmp_path: Path) -> None:
    """A key whose words nobody wrote would be shown by its label alone."""
    from dapp_model.parameters import registry

    for key, one in registry().items():
        if one.role == "lever" and one.kind != "switch":
            name = key.split(".")[1]
            assert name in changes._LEVERS or key in changes._OTHERS, key


def test_nothing_changed_is_said_as_nothing(tmp_path: Path) -> None:
    base = load(shipped()["surrey_extension.toml"])
    assert changes.sentences(base, base) == []


# -- the command ----------------------------------------------------------------------------------


def test_the_command_prints_it_and_no_base_leaves_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, DEARER)
    settings = ["run", str(path), "--quick", "--draws", "1", "--workers", "1"]
    assert cli.main([*settings, "--no-base"]) == 0
    assert "Against surrey_extension.toml" not in capsys.readouterr().out
    assert not list(tmp_path.glob("results/surrey_extension*"))
    assert cli.main(settings) == 0
    said = capsys.readouterr()
    assert "is run as well, once" in said.err
    assert "the extension has £300,000 a year rather than £100,000." in said.out
    assert "‘Extend as it is’ averts" in said.out
    chart = Path(said.out.split("Chart: ")[1].splitlines()[0])
    assert chart.is_file()
    assert cli.main(settings) == 0
    said = capsys.readouterr()
    assert "is run as well" not in said.err
    assert "Comparing with surrey_extension.toml" in said.err


def test_beside_a_run_put_elsewhere_the_base_is_put_beside_it(tmp_path: Path) -> None:
    run = tmp_path / "mine"
    place = against_base.base_place(inputs(), PLAN, run, run)
    assert place.parent.parent == tmp_path
    assert finished().folder.parent == space()


def test_the_shipped_study_says_nothing_of_the_other_decision(tmp_path: Path) -> None:
    """A reader's first run should not end with a puzzle; a file of their own is told why."""
    path = shipped()["surrey_extension.toml"]
    how = runs.How()
    assert against_base.plan_of(load(path)).refused  # type: ignore[union-attr]
    assert against_base.tell(load(path), PLAN, tmp_path, out=None, how=how) == []
    copy = tmp_path / path.name  # as in the sources, beside an installed package
    copy.write_bytes(path.read_bytes())
    assert against_base.tell(load(copy), PLAN, tmp_path, out=None, how=how) == []
    own = tmp_path / "own.toml"
    own.write_bytes(path.read_bytes())
    told = against_base.tell(load(own), PLAN, tmp_path, out=None, how=how)
    assert "never mixed" in told[1]
