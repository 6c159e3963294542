"""Do `dapp voi` and `dapp sensitivity` use the draws of a run, and write whole and alike?"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import by_routes
from small_study import PLAN, finished, inputs

from dapp_model import cli, decision, draws, phases, sensitivity, study, study_designs, voi
from dapp_model.analysis import files, importance, learning, model_runs, surrogate
from dapp_model.decision import Worth, change, studies
from dapp_model.parameters import Inputs, registry
from dapp_model.report import origins, sensitivity_annex, words

OPTIONS = ("stop", "extend", "extend_larger")
LABELS = ("Stop", "Extend", "Enlarge")


def made_up(n_draws: int, replications: int = 2, *, admissible: bool = True) -> draws.Draws:
    """Return draws whose answer is known: extending is worth more the lower the hazard ratio."""
    rng = np.random.default_rng(n_draws)
    frame = pd.DataFrame(
        {
            "effect.full_dose_hr": np.exp(rng.normal(-0.2, 0.25, n_draws)),
            "effect.dropout_hr": np.exp(rng.normal(0.05, 0.1, n_draws)),
            "pathway.complete_agency": rng.beta(9, 11, n_draws),
            "pathway.suitable": rng.beta(90, 10, n_draws),
        }
    )
    log = np.log(frame["effect.full_dose_hr"].to_numpy())
    benefit = -2e6 * log * (0.3 + 0.7 * frame["pathway.complete_agency"].to_numpy())
    luck = 8e4 * rng.standard_normal((n_draws, replications, 3)) * [0, 1, 1]
    social = np.stack([0 * benefit, benefit - 1.5e5, 1.2 * benefit - 2.4e5], axis=1)
    nested = social[:, None, :] + luck
    cost = np.zeros_like(nested)
    cost[:, :, 1:] = [1.6e5, 2.6e5]
    measures = {name: np.zeros_like(nested) for name in decision.MEASURES}
    measures |= {
        decision.VALUE: nested,
        f"{decision.VALUE}_low_harm": 0.1 * nested - [0, 1e5, 2e5],
        draws.COST: cost,
        "programme_cost": 1.1 * cost,
        draws.EFFECT: (nested + cost) / 2000,
        "recorded_incidents_averted": (nested + cost) / 9000,
    }
    measures |= by_routes(measures)
    said = {
        "shown_option": "extend",
        "advice": {"option": "extend"},
        "learning": "not assessed",
        "year_0": "2017/18",
        "draws": n_draws,
        "harm_route": "true crimes",
        "switching": change.switches(nested[:, :, :2], OPTIONS[:2], frame),
        "options": [
            {"name": name, "label": label, "may_be_chosen": admissible or name != "extend_larger"}
            for name, label in zip(OPTIONS, LABELS, strict=True)
        ],
    }
    return draws.Draws(OPTIONS, LABELS, frame, measures, said)


# -- what a run keeps -----------------------------------------------------------------------------


def test_a_run_keeps_its_draws_and_the_parameters_of_each() -> None:
    folder = finished().folder
    found = draws.read(folder)
    assert found.options == inputs().options
    drawn = study.draw_inputs(inputs(), 1, 3)
    for name in ("effect.full_dose_hr", "pathway.complete_agency"):
        assert found.parameters.loc[1, name] == drawn.values[name]
    assert set(found.parameters) <= set(registry())
    said = {one["name"]: one for one in found.decision["options"]}
    for i, name in enumerate(found.options):
        for measure in (decision.VALUE, draws.COST):
            mean = float(found.measures[measure][:, :, i].mean())
            assert mean == pytest.approx(said[name]["measures"][measure]["mean"])
    triple = voi.read_savi(folder)
    assert triple.costs.to_numpy() == pytest.approx(found.measures[draws.COST].mean(axis=1))
    assert triple.effects.to_numpy() == pytest.approx(found.measures[draws.EFFECT].mean(axis=1))
    assert (triple.costs[found.options[0]] == 0).all()


def test_draws_are_written_and_read_back_as_they_were(tmp_path: Path) -> None:
    given = made_up(6, 3)
    worth = {
        name: Worth(
            {m: v[:, :, i] for m, v in given.measures.items()},
            np.zeros((6, 3)),
            {},
            {},
            np.zeros((6, 3)),
        )
        for i, name in enumerate(OPTIONS)
        if i
    }

    class Names:
        options = OPTIONS

    draws.write(tmp_path, Names(), given.parameters, worth)  # type: ignore[arg-type]
    (tmp_path / "decision.json").write_text(json.dumps(given.decision))
    back = draws.read(tmp_path)
    for name, values in given.measures.items():
        assert (back.measures[name] == values).all(), name
    pd.testing.assert_frame_equal(back.parameters, given.parameters, check_exact=True)


def test_nothing_drawn_is_said_in_the_table() -> None:
    assert list(draws.varying([{"a.b": 1.0}])) == [draws.NOTHING_DRAWN]
    assert list(draws.varying([{"a.b": 1.0, "c.d": 2.0}, {"a.b": 1.0, "c.d": 3.0}])) == ["c.d"]


# -- the analyses on draws that are there ---------------------------------------------------------


def test_value_of_information_of_known_draws() -> None:
    given = made_up(600)
    found = learning.study(given, {}, starts=[40.0, 40.0])
    table = found.tables["evppi"]
    assert table.index[0] in ("all of effect", "effect.full_dose_hr")
    assert table.loc["pathway.suitable", "zero_within_noise"]
    assert found.found["orderings_that_fail_beyond_noise"] == []
    whole = found.found["evpi"].value
    assert whole < found.found["evpi_with_luck"].value, "luck cannot be learnt"
    means = voi.over_replications(given.measures[decision.VALUE])
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    assert found.tables["options"]["monte_carlo_error"].to_numpy() == pytest.approx(error)
    studies = found.tables["evsi"]
    assert set(studies["design"]) == {"matched", "randomised"}
    for name, own in studies.groupby("design"):
        best = own.loc[own["this_programme"].idxmax()]
        told = next(s for s in found.found["study_sentences"] if name in s.lower() and "size" in s)
        loses = "no size looked at is worth its cost; the one that loses least is"
        assert (loses in told) == (best["this_programme"] <= 0)
        assert ("the best size looked at is" in told) == (best["this_programme"] > 0)
    noise = 2 * studies["standard_error"].max()
    assert studies["evsi"].max() <= studies["informs_evppi"].iloc[0] + noise
    assert studies["informs_evppi"].iloc[0] <= whole + noise
    at_12 = studies[studies["follow_up"] == 12.0].set_index(["design", "size"])["evsi"]
    assert at_12["randomised"].is_monotonic_increasing
    assert at_12["randomised", 6000] > at_12["matched", 6000], "bias does not average out"
    apart = ["starts_left_in_this_programme", "one_later_round_alike", "one_other_force_area_alike"]
    assert (studies["starts_left_in_this_programme"] < studies["evsi"]).all()
    assert set(apart) <= set(studies.columns)
    assert (studies["this_programme"] == studies["evsi"] - studies["cost"]).all()


def test_an_inadmissible_option_is_never_chosen() -> None:
    found = learning.study(made_up(100, admissible=False), {})
    assert found.found["options"] == ["stop", "extend"]
    assert found.found["left_out"] == ["extend_larger"]
    assert set(found.tables["frontier"]["option"]) <= {"stop", "extend"}


def test_sensitivity_of_known_draws() -> None:
    given = made_up(600)
    steps: list[tuple[int, int]] = []
    found = importance.study(
        given,
        readings={"reading B": made_up(100)},
        progress=lambda done, total: steps.append((done, total)),
    )
    # Whoever waits sees it move, within long steps too, and come to its end.
    assert {total for _, total in steps} == {6 * 20}
    done = [one for one, _ in steps]
    assert done == sorted(done)
    assert done[-1] == 6 * 20
    assert len(set(done)) > 20
    assert found.tables["tornado"].index[0] == "effect.full_dose_hr"
    switches = found.tables["switching"]
    # Between the two options of the first page as the run has it, and between all.
    two = switches[switches["between"] == "stop and extend"]
    (own,) = (one for one in given.decision["switching"]["values"] if one["side"] == "above")
    assert two[["parameter", "value", "becomes"]].to_numpy().tolist() == [
        [own["parameter"], own["value"], "stop"]
    ]
    assert f"rises above {own['value']:.3g}" in " ".join(found.sentences)
    switch = switches[switches["between"] == importance.ALL].set_index(["parameter", "side"])
    assert switch["share_of_draws_beyond_monte_carlo_error"].gt(0).all()
    # Worth nothing where -2e6 ln(hr) (0.3 + 0.7 x 0.45) = 150,000.
    expected = float(np.exp(-1.5e5 / 2e6 / (0.3 + 0.7 * 0.45)))
    row = switch.loc[("effect.full_dose_hr", "above")]
    assert row["value"] == pytest.approx(expected, abs=0.06)
    assert row["becomes"] == "stop"
    # And enlarging is better from where a fifth more benefit is worth 90,000.
    expected = float(np.exp(-4.5e5 / 2e6 / (0.3 + 0.7 * 0.45)))
    row = switch.loc[("effect.full_dose_hr", "below")]
    assert row["value"] == pytest.approx(expected, abs=0.06)
    assert row["becomes"] == "extend_larger"
    assert found.found["regression_r2_out_of_fold"] > 0.8
    groups = found.tables["sobol_regression"]
    assert groups[groups["samples"] == 512].set_index("parameter")["total"].idxmax() == "effect"
    flips = found.tables["flips"].set_index(["perspective", "harm_route", "reading"])
    assert flips.loc[("social", change.TRUE_ROUTE, "reading B"), "option"] in OPTIONS
    assert flips.loc[("fiscal", change.TRUE_ROUTE, importance.THIS_READING), "option"] == "stop"
    assert flips["illustration"].sum() == 2
    assert any("not assessed: the model was not run" in sentence for sentence in found.sentences)


def sections(draws: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return 15 sections of four parameters, and a sum of the first parameters of three of them.

    Their shares of the variance are 0.6, 0.3 and 0.1.
    """
    rng = np.random.default_rng(seed)
    names = [f"s{i:02d}.p{k}" for i in range(15) for k in range(4)]
    frame = pd.DataFrame(rng.normal(size=(draws, len(names))), columns=names)
    weights = pd.Series({f"s0{i}.p0": share**0.5 for i, share in enumerate((0.6, 0.3, 0.1))})
    return frame, (1e6 * frame[weights.index] @ weights).to_numpy()


def last_of(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["samples"] == table["samples"].max()].set_index("parameter")


@pytest.mark.parametrize("draws", [128, 400])
def test_on_a_regression_of_noise_no_section_stands_out(
    draws: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its poor fit is not looked at: with these seeds; in general in 19 of 20 sets."""
    frame, _ = sections(draws, 1)
    noise = 1e6 * np.random.default_rng(2).standard_normal(draws)
    monkeypatch.setattr(importance, "LEAST_FORETOLD", -np.inf)
    quality, sobol, morris = importance.on_regression(frame, noise)
    assert quality < 0.2
    assert sobol["total"].notna().all()
    assert last_of(sobol)["zero_within_noise"].all()
    assert morris["zero_within_noise"].all()


def test_a_regression_that_does_not_hold_has_tables_without_numbers(tmp_path: Path) -> None:
    given = made_up(100)
    value = given.measures[decision.VALUE]
    value[:, :, 1] = 1e5 * np.random.default_rng(3).standard_normal(value.shape[:2])
    found = importance.study(given, readings={})
    assert found.found["regression_holds"] is False
    assert any("By groups nothing can be said" in sentence for sentence in found.sentences)
    place = files.write(tmp_path, found)
    for name in ("sobol_regression", "morris_regression"):
        said = json.loads((place / "sensitivity.json").read_text("utf-8"))[name]
        for rows in (said, pd.read_csv(place / f"{name}.csv").to_dict("records")):
            assert len(rows) >= 2
            for row in rows:
                assert row.pop("parameter") in ("effect", "pathway")
                assert row.pop("samples", 512) in (64, 128, 256, 512)
                assert row.pop("zero_within_noise") is True
                assert row.pop("regression_holds") is False
                assert all(cell is None or np.isnan(cell) for cell in row.values())


def test_on_a_regression_of_a_sum_its_sections_stand_out_and_no_other() -> None:
    frame, difference = sections(300, 4)
    noisy = difference + 5e5 * np.random.default_rng(5).standard_normal(300)
    quality, sobol, morris = importance.on_regression(frame, noisy)
    assert quality > 0.6
    last = last_of(sobol)
    big = ["s00", "s01", "s02"]
    assert not last.loc[big, "zero_within_noise"].any()
    assert last.drop(big)["zero_within_noise"].all()
    assert not morris.loc[big, "zero_within_noise"].any()
    assert morris.drop(big)["zero_within_noise"].all()
    assert sobol["regression_holds"].all()
    assert morris["regression_holds"].all()
    for name, share in zip(big, (0.6, 0.3, 0.1), strict=True):
        assert abs(last.loc[name, "total"] - share) < 3 * last.loc[name, "total_error"]
    again = importance.on_regression(frame, noisy)
    assert again[1].equals(sobol), "a seed gives the same numbers"


def test_errors_hold_those_of_the_regression() -> None:
    """Fewer draws, less sure: the design alone would give the same errors."""
    errors = []
    for many in (150, 600):
        frame, difference = sections(many, 6)
        noisy = difference + 1e6 * np.random.default_rng(7).standard_normal(many)
        _, sobol, morris = importance.on_regression(frame, noisy)
        errors.append((last_of(sobol).loc["s00", "total_error"], morris["standard_error"].mean()))
    assert errors[0][1] > 1.4 * errors[1][1]
    space = surrogate.space_of(frame)
    evaluate, refits = surrogate.fitted(frame, noisy, seed=1)
    alone = last_of(sensitivity.sobol(evaluate, space, 512))["total_error"]
    both = last_of(sensitivity.sobol(evaluate, space, 512, refits=refits))["total_error"]
    assert (both > alone).all()


def test_few_draws_are_said_to_be_too_few() -> None:
    given = made_up(10)
    assert any("not assessed" in s for s in learning.study(given, {}).sentences)
    assert any("not assessed" in s for s in importance.study(given, readings={}).sentences)


def test_an_analysis_is_written_whole_and_alike(tmp_path: Path) -> None:
    found = learning.study(made_up(60), {}, starts=[10.0])
    first = files.write(tmp_path, found)
    assert first == tmp_path / "analysis" / "voi"
    before = {path.name: path.read_bytes() for path in sorted(first.iterdir())}
    assert {"voi.json", "evppi.csv", "evppi.svg", "evppi.txt", "acceptability.svg"} <= set(before)
    again = files.write(tmp_path, learning.study(made_up(60), {}, starts=[10.0]))
    assert {path.name: path.read_bytes() for path in sorted(again.iterdir())} == before
    assert [path.name for path in (tmp_path / "analysis").iterdir()] == ["voi"]
    said = json.loads(before["voi.json"])
    assert said["evpi"]["value"] > 0
    assert not re.search(rb"NaN|Infinity", before["voi.json"])


# -- the designs of studies -----------------------------------------------------------------------


def test_a_study_errs_less_the_larger_it_is_down_to_what_nobody_adjusts_for() -> None:
    randomised, matched = (studies.designs()[name] for name in ("randomised", "matched"))
    for basis in randomised.bases:
        errors = [randomised.standard_error(n, 12.0, basis) for n in (160, 400, 6000, 10**9)]
        assert errors == sorted(errors, reverse=True)
        chance = [randomised.chance_error(n, 12.0, basis) for n in (160, 640)]
        assert chance[0] == pytest.approx(2 * chance[1])
        assert errors[-1] == pytest.approx(randomised.at(basis, 12.0, "shift_sd"), abs=1e-3)
        assert matched.standard_error(10**9, 12.0, basis) > matched.bias_sd
    nine = randomised.at("recorded", 9.0, "unit_variance")
    ends = sorted(randomised.at("recorded", n, "unit_variance") for n in (6.0, 12.0))
    assert ends[0] <= nine <= ends[1]


def test_every_figure_of_the_designs_has_its_source_and_grade() -> None:
    table = study_designs.data_file()
    entries = [
        entry
        for part in (table["outcome"], *table["designs"].values(), table["sizes"])
        for entry in part.values()
        if isinstance(entry, dict)
    ]
    assert len(entries) == 8
    for entry in entries:
        assert {"value", "low", "high", "year", "status", "grade", "source"} == set(entry)
        assert (entry["status"] == "recalled") <= (entry["grade"] == "D")


# -- what runs the model --------------------------------------------------------------------------


def test_a_step_changes_what_it_says_and_nothing_else() -> None:
    base = inputs()
    place = model_runs.stepped(base, "extend", "place")
    before, after = base.option("extend").levers, place.option("extend").levers
    assert {n for n in before if before[n] != after[n]} == {"extension.annual_budget"}
    bought = [
        phases.places_bought(one, "extend", phases.phases(one, "extend")[1])
        for one in (base, place)
    ]
    assert bought[1] - bought[0] == 50, "at a share of 0.02 one place stands for fifty"
    assert place.option("stop") == base.option("stop")
    for step, names in (
        ("wait", {"pathway.assessment_fixed"}),
        ("completion", {"pathway.complete_agency", "pathway.complete_self"}),
    ):
        moved = model_runs.stepped(base, "extend", step)
        assert {n for n in base.values if base.values[n] != moved.values[n]} == names
    assert moved.values["pathway.complete_self"] == pytest.approx(
        base.values["pathway.complete_self"] + 0.01
    )


def known_difference(job: tuple[Inputs, str, int, int]) -> float:
    """Two sections move it, and no other does."""
    given = job[0].values
    completes = (given["pathway.complete_agency"] - 0.5) / 0.1
    return 4e5 * (0.85 - given["effect.full_dose_hr"]) / 0.1 + 1e5 * completes


def test_screening_with_the_model_finds_the_sections_that_move_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_runs, "_difference", known_difference)
    how = model_runs.Run(1)
    screened = model_runs.morris(inputs(), PLAN, "extend", trajectories=8, how=how)
    by_group = screened["mean_absolute_effect"]
    assert list(by_group.index[:2]) == ["effect", "pathway"]
    assert by_group.drop(["effect", "pathway"]).max() == 0
    found = model_runs.sobol(inputs(), PLAN, "extend", base_samples=256, how=how)
    last = found[found["samples"] == 256].set_index("parameter")
    assert set(last.index) == {name.split(".")[0] for name in inputs().uncertain}
    # Additive in two sections: their indices are their shares of the variance and add up to one.
    assert last.loc[["effect", "pathway"], "total"].sum() == pytest.approx(1, abs=0.1)
    assert last.loc["effect", "total"] > last.loc["pathway", "total"] > 0.002
    assert last.drop(["effect", "pathway"])["total"].max() == pytest.approx(0, abs=1e-9)


# -- the command line -----------------------------------------------------------------------------


def dapp(*arguments: str | Path) -> int:
    try:
        return cli.main([str(one) for one in arguments])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a copy of the small finished run, to which analyses may be added."""
    return Path(shutil.copytree(finished().folder, tmp_path / "run"))


def test_the_commands_read_a_run_and_write_beside_it(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dapp("voi", run) == 0
    said = capsys.readouterr().out
    assert "Knowing everything before choosing would be worth" in said
    assert "regressions need 50 draws, and this run has 2" in said
    assert (run / "analysis" / "voi" / "voi.json").is_file()
    assert (
        dapp("sensitivity", run, "--reading", f"reading A={run}", "--json", "--choke-draws", "0")
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert {row["reading"] for row in found["flips"]} == {"as in this run", "reading A"}
    assert dapp("sensitivity", run, "--json", "--choke-draws", "0") == 0
    alone = json.loads(capsys.readouterr().out)
    own = json.loads((run / "decision.json").read_text(encoding="utf-8"))
    assert alone["flips"] == own["flips"], "without other runs the map is that of the report"
    assert (run / "analysis" / "sensitivity" / "flips.csv").is_file()
    assert dapp("voi", run) == 0, "an analysis that is there is replaced"


def test_choke_points_run_the_model(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dapp("sensitivity", run, "--choke-draws", "1", "--workers", "1") == 0
    assert "One more place, after paying for it, is worth" in capsys.readouterr().out
    table = pd.read_csv(run / "analysis" / "sensitivity" / "choke_points.csv")
    assert set(table["choke_point"]) == set(model_runs.STEPS)


def test_a_run_without_draws_is_refused_in_a_sentence(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / draws.FILE).unlink()
    for command in ("voi", "sensitivity"):
        assert dapp(command, run) == 2
        assert "run the scenario again" in capsys.readouterr().err
    assert not (run / "analysis").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("voi", "no_such_file.toml"),
        ("sensitivity", "no_such_file.toml"),
        ("voi", "."),
        ("sensitivity", ".", "--reading", "B"),
        ("sensitivity", ".", "--trajectories", "1"),
        ("sensitivity", ".", "--sobol-samples", "24"),
    ],
)
def test_wrong_input_is_said_and_nothing_is_written(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dapp(*arguments) == 2
    said = capsys.readouterr()
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert not list(tmp_path.iterdir())


def test_the_annex_of_the_report_holds_what_the_analysis_found() -> None:
    given = made_up(600)
    chokes = pd.DataFrame(
        [
            {
                "choke_point": "completion", "step": "One more point of completion",
                "value": 2400.0, "standard_error": 900.0, "zero_within_noise": False,
            }
        ]
    )  # fmt: skip
    engine = importance.Engine(choke_points=chokes, choke_draws=4)
    found = importance.study(given, readings={}, engine=engine)
    read = json.loads(json.dumps(found.found, default=float))
    made = {origins.bare(one.title): one for one in sensitivity_annex.tables(read, given.decision)}
    single, groups, morris, switches, scarce = made.values()
    assert {one.of for one in made.values()} == {sensitivity_annex.PLACE}
    data = last_of(found.tables["given_data"]).loc["effect.full_dose_hr"]
    first = [origins.bare(cell) for cell in single.rows[0]]
    assert first[0] == registry()["effect.full_dose_hr"].label
    error = words.number(data["first_order_error"], 2)
    assert first[1] == f"{words.number(data['first_order'], 2)} (±\u00a0{error})"
    assert first[3] == "told from zero"
    told = last_of(found.tables["sobol_regression"])
    told = told[~told["zero_within_noise"]]
    assert len(groups.rows) == len(told) >= 1
    assert len(morris.rows) == int((~found.tables["morris_regression"]["zero_within_noise"]).sum())
    assert len(switches.rows) == len(found.tables["switching"])
    assert {origins.bare(row[1]) for row in switches.rows} == {
        "the two of the first page",
        "all options",
    }
    assert origins.bare(scarce.rows[0][1]) == "£2,400 (±\u00a0£900)"
    # A regression that does not hold, and what was not asked for, have no table.
    for row in read["sobol_regression"] + read["morris_regression"]:
        row["regression_holds"] = False
    assert len(sensitivity_annex.tables(read, given.decision)) == 3
    assert sensitivity_annex.tables({}, given.decision) == ()


def test_what_a_step_would_have_to_be_worth_is_said_for_each_by_its_error() -> None:
    steps = [
        {
            "choke_point": name, "step": name, "value": 100.0, "standard_error": error,
            "zero_within_noise": True,
        }
        for name, error in (("completion", 900.0), ("wait", 26_000.0))
    ]  # fmt: skip
    engine = importance.Engine(choke_points=pd.DataFrame(steps), choke_draws=64)
    found = importance.study(made_up(60), readings={}, engine=engine)
    said = " ".join(found.sentences)
    for name, least in (("completion", "£1,800"), ("wait", "£52,000")):
        assert f"{name} would have to be worth {least} or more to be told" in said
    assert "From 64 draws" in said
    assert found.found["choke_draws"] == 64
