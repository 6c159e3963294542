"""Does an option that pauses hold its later choice, in every number, and do they add up?"""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import small_study

from dapp_model import account_check, all_draws, decision, later_choice, pausing, runs, study
from dapp_model.decision import VALUE, later, studies
from dapp_model.decision.later import Known
from dapp_model.definitions import MEASURES
from dapp_model.economics import deflator
from dapp_model.economics.contract import EVALUATION
from dapp_model.evaluation import monitoring
from dapp_model.parameters import Inputs
from dapp_model.report import learning_words, words
from dapp_model.scenario import load, shipped
from robustness.small import scenario

PAUSE = "pause_and_evaluate"
PLAN = study.Plan(draws=6, replications=2, seed=3, whole=2)
SCENARIO = f"""\
{scenario("Whether to pause", "Stop, extend or pause?", (PAUSE,))}[assume]
structural.reading_draws = 2
"""


@cache
def inputs() -> Inputs:
    path = small_study.space() / "pausing.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return load(path)


@cache
def parts() -> Path:
    folder = small_study.space() / "pausing"
    study.compute(inputs(), PLAN, folder, workers=1)
    return folder


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Let every third draw close for good, whatever is seen."""
    opened = np.arange(PLAN.draws) % 3 > 0

    def choose(
        inputs: Any, known: Known, acts: Any, elsewhere: Known | None = None, *, study: Any
    ) -> Any:
        return opened, opened[: 0 if elsewhere is None else len(elsewhere.parameters)]

    monkeypatch.setattr(later, "choose", choose)
    monkeypatch.setattr(later, "too_little", lambda known: "")
    return opened


def raw(measure: str) -> np.ndarray:
    """Return what the pause is worth as simulated, reopened whatever is seen."""
    found = [study.valued_of(parts(), n).summaries[PAUSE] for n in range(PLAN.draws)]
    return np.array([[getattr(one, measure) for one in row] for row in found])


# -- every number holds it ------------------------------------------------------------------------


def test_each_draw_is_worth_what_its_act_is(chosen: np.ndarray, tmp_path: Path) -> None:
    found = all_draws.gather(inputs(), PLAN, parts(), tmp_path)
    pause, worth = found.later[PAUSE], found.worth[PAUSE].measures
    assert pause.evaluation > 0
    assert pause.reopening > 0
    value = worth[VALUE]
    assert value[~chosen] == pytest.approx(-pause.evaluation)
    assert value[chosen] == pytest.approx(raw(VALUE)[chosen] - pause.reopening)
    assert pause.as_reopened == pytest.approx(raw(VALUE).mean(axis=1) - pause.reopening)
    for name in ("true_incidents_averted", "starts", "social_value", "fiscal_value"):
        assert (worth[name][~chosen] == 0).all()
        assert worth[name][chosen] == pytest.approx(raw(name)[chosen])
    assert value == pytest.approx(worth["social_value"] - worth["programme_cost"], abs=0.02)
    assert worth["net_public_cost"] == pytest.approx(
        worth["programme_cost"] - worth["fiscal_value"], abs=0.02
    )
    assert worth[f"{VALUE}_tax_uplift"] == pytest.approx(
        value - 0.2 * worth["net_public_cost"], abs=0.05
    )
    assert (found.worth[PAUSE].serious_averted[~chosen] == 0).all()
    untouched = study.valued_of(parts(), 0).summaries["extend"][0]
    assert found.worth["extend"].measures[VALUE][0, 0] == untouched.net_present_social_value


def test_account_counts_and_purses_add_up(chosen: np.ndarray, tmp_path: Path) -> None:
    found = all_draws.gather(inputs(), PLAN, parts(), tmp_path)
    mean = float(found.worth[PAUSE].measures[VALUE].mean())
    lines = found.lines[PAUSE]
    total = found.discounted[PAUSE].sum() - found.discounted["stop"].sum()
    assert total == pytest.approx(mean, abs=0.05)
    reopening = [i for i, line in enumerate(lines) if line.item == later_choice.REOPENING]
    opened = chosen.mean() * found.later[PAUSE].reopening
    assert -found.discounted[PAUSE][reopening].sum() == pytest.approx(opened, abs=0.02)
    evaluation = [i for i, line in enumerate(lines) if line.item == EVALUATION]
    paid = found.later[PAUSE].evaluation
    assert -found.discounted[PAUSE][evaluation].sum() == pytest.approx(paid, abs=0.02)
    society = found.purses[PAUSE].position("society")
    assert society.cumulative[-1] == pytest.approx(mean, abs=0.05)
    funders = [
        one for one in found.purses[PAUSE].positions if one.name not in ("public", "society")
    ]
    assert sum(one.paid.sum() for one in funders) == pytest.approx(society.paid.sum())
    by_funder = found.worth[PAUSE].programme_cost_by_funder
    undiscounted = -sum(
        found.undiscounted[PAUSE][i].sum()
        for i, line in enumerate(lines)
        if line.group == "programme"
    ) + sum(
        found.undiscounted["stop"][i].sum()
        for i, line in enumerate(found.lines["stop"])
        if line.group == "programme"
    )
    assert sum(sum(one.values()) for one in by_funder.values()) == pytest.approx(
        undiscounted, abs=0.05
    )
    place, measure = inputs().options.index(PAUSE), MEASURES.index("true.incidents")
    first = study.decision_year(inputs()) - 2014
    averted = (found.counts[0] - found.counts[place])[0, measure].sum()
    assert first > 0
    assert averted == pytest.approx(
        float(found.worth[PAUSE].measures["true_incidents_averted"].mean())
    )
    account = pd.read_csv(tmp_path / "account.csv")
    told = account[account["item"] == later_choice.REOPENING]
    assert set(told["option"]) == {PAUSE}
    assert -told["discounted"].sum() == pytest.approx(opened, abs=0.02)


def test_advice_charts_and_values_of_information_see_the_later_choice(
    chosen: np.ndarray, tmp_path: Path
) -> None:
    found = all_draws.gather(inputs(), PLAN, parts(), tmp_path)
    how = {"draws": PLAN.draws, "replications": 2, "seed": 3, "indicative": False}
    evidence = decision.Evidence(found.parameters, (), found.shown, found.later)
    said = decision.decide(inputs(), found.worth, study=how, evidence=evidence)
    pause = words.option_of(said, PAUSE)
    value = found.worth[PAUSE].measures[VALUE]
    assert pause["measures"][VALUE]["mean"] == pytest.approx(value.mean())
    assert pause["later_choice"]["with_later_choice"]["value"] == pytest.approx(value.mean())
    assert pause["later_choice"]["chance_of_reopening"] == pytest.approx(chosen.mean())
    assert words.option_of(said, "extend")["later_choice"] is None
    best = decision.decide(
        inputs(),
        {**found.worth, PAUSE: replace(
            found.worth[PAUSE],
            measures={**found.worth[PAUSE].measures, VALUE: np.abs(value) + 1e9},
        )},
        study=how,
        evidence=evidence,
    )  # fmt: skip
    assert best["advice"]["option"] == PAUSE
    (line,) = learning_words.pauses({**said, "options": said["options"]})
    assert words.money(pause["later_choice"]["with_later_choice"]["value"]) in line
    assert "closed for good" in line


def test_with_few_draws_the_later_choice_is_not_assessed(tmp_path: Path) -> None:
    found = all_draws.gather(inputs(), PLAN, parts(), tmp_path)
    pause = found.later[PAUSE]
    assert not pause.assessed
    assert "needs at least 50 draws" in pause.reason
    assert pause.reopened.all()
    assert found.worth[PAUSE].measures[VALUE] == pytest.approx(raw(VALUE) - pause.reopening)
    how = {"draws": PLAN.draws, "replications": 2, "seed": 3, "indicative": False}
    evidence = decision.Evidence(found.parameters, (), found.shown, found.later)
    said = decision.decide(inputs(), found.worth, study=how, evidence=evidence)
    (line,) = learning_words.pauses(said)
    assert "later choice is not assessed; this needs at least 50 draws" in line
    assert words.option_of(said, PAUSE)["later_choice"]["chance_of_reopening"] is None


OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_the_workbook_comes_to_the_value_with_the_later_choice(
    chosen: np.ndarray, tmp_path: Path
) -> None:
    found = all_draws.gather(inputs(), PLAN, parts(), tmp_path)
    mean = float(found.worth[PAUSE].measures[VALUE].mean())
    shown = {
        "shown_option": PAUSE,
        "year_0": "2018/19",
        "options": [{"name": PAUSE, "measures": {VALUE: {"mean": mean}}}],
    }
    how = {"draws": PLAN.draws, "replications": 2, "seed": 3, "indicative": False}
    shown["year_0"] = decision.decide(inputs(), found.worth, study=how)["year_0"]
    account_check.write(
        tmp_path / "book.xlsx", account_check.material(inputs(), PLAN, found, shown)
    )
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [str(OFFICE), profile, "--headless", "--convert-to", "csv", "--outdir",
               str(tmp_path), str(tmp_path / "book.xlsx")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    with (tmp_path / "book.csv").open(encoding="utf-8", newline="") as stream:
        said = {row[0]: row[1] for row in csv.reader(stream) if len(row) > 1 and row[0]}
    assert float(said["Mean over draws, worked out here"]) == pytest.approx(mean, abs=1.0)
    assert said["Do they agree to the pound?"] == "yes"


def test_a_run_writes_one_value_everywhere(chosen: np.ndarray, tmp_path: Path) -> None:
    target = tmp_path / "run"
    done = runs.run(inputs(), PLAN, target, runs.How())
    mean = words.option_of(done.decision, PAUSE)["measures"][VALUE]["mean"]
    rows = pd.read_parquet(target / "draws.parquet")
    own = rows[rows["option"].astype(str) == PAUSE]
    assert own[VALUE].mean() == pytest.approx(mean)
    costs = pd.read_csv(target / "costs.csv")
    assert costs[PAUSE].mean() == pytest.approx(own["net_public_cost"].mean())
    readings = {one["axis"]: one for one in done.decision["structural"]["axes"]}["repeat_reading"]
    assert readings["assessed"]
    account = pd.read_csv(target / "account.csv")
    total = account.groupby("option")["discounted"].sum()
    assert total[PAUSE] - total["stop"] == pytest.approx(mean, abs=0.05)
    ledger = pd.read_parquet(target / "ledger.parquet")
    assert PAUSE not in set(ledger["option"].astype(str)), "the first draw closes for good"
    assert "extend" in set(ledger["option"].astype(str))
    page = (target / "report.html").read_text(encoding="utf-8")
    assert "closed for good in the others" in page
    assert "Panel scrutinises and does not approve" in page
    again = runs.report_again(target)
    assert again


# -- the choice itself ----------------------------------------------------------------------------


STUDY = later.Study(people=160, months=12.0, priced=92_000.0)


def world(n: int, seed: int = 1) -> tuple[Known, np.ndarray]:
    """Return what is known, and acts worth the more the lower the hazard ratio of the programme."""
    rng = np.random.default_rng(seed)
    hazard = np.exp(rng.normal(-0.2, 0.35, n))
    figures = pd.DataFrame({name: rng.normal(50, 5, n) for name in monitoring.FIGURES})
    drawn = pd.DataFrame(
        {
            "effect.full_dose_hr": hazard,
            "effect.dropout_hr": np.ones(n),
            "pathway.complete_agency": rng.uniform(0.4, 0.7, n),
        }
    )
    acts = np.stack([np.full(n, -5e4), 1e6 * (1 - hazard) - 1e5], axis=1)
    return Known(figures, drawn), acts


def test_the_choice_is_made_on_what_is_seen_and_valued_on_other_draws() -> None:
    known, acts = world(600)
    opened, none = later.choose(inputs(), known, acts, study=STUDY)
    assert not len(none)
    value = acts[np.arange(600), opened.astype(int)].mean()
    perfect = acts.max(axis=1).mean()
    assert acts[:, 1].mean() < value <= perfect, "some of what could be gained by knowing is gained"
    hazard = known.parameters["effect.full_dose_hr"].to_numpy()
    assert hazard[opened].mean() < hazard[~opened].mean()


def test_a_choice_on_noise_is_worth_no_more_than_none() -> None:
    """The rule is not valued on the draws that it was fitted to."""
    gains = []
    for seed in range(12):
        known, acts = world(120, seed)
        shuffled = known.parameters.sample(frac=1.0, random_state=seed).reset_index(drop=True)
        opened, _ = later.choose(inputs(), Known(known.shown, shuffled), acts, study=STUDY)
        value = acts[np.arange(120), opened.astype(int)].mean()
        gains.append(value - acts.mean(axis=0).max())
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    assert np.mean(gains) < 2 * error + 1


def test_draws_of_another_reading_are_decided_by_the_rule_of_the_run() -> None:
    known, acts = world(300)
    others, _ = world(40, seed=9)
    _, there = later.choose(inputs(), known, acts, others, study=STUDY)
    assert there.shape == (40,)
    hazard = others.parameters["effect.full_dose_hr"].to_numpy()
    assert hazard[there].mean() < hazard[~there].mean()


def test_what_a_choice_may_not_see_changes_nothing() -> None:
    """Of what was drawn the choice sees what an evaluation would show of it, and no more."""
    known, acts = world(200)
    leaked = known.parameters.assign(**{"case.frailty_sigma": acts[:, 1]})
    plain, _ = later.choose(inputs(), known, acts, study=STUDY)
    again, _ = later.choose(inputs(), Known(known.shown, leaked), acts, study=STUDY)
    assert (plain == again).all()


def test_without_an_evaluation_the_choice_is_made_on_monitoring_alone() -> None:
    known, acts = world(300)
    opened, _ = later.choose(inputs(), known, acts, study=None)
    blind = known.parameters.assign(**{"effect.full_dose_hr": 1.0})
    again, _ = later.choose(inputs(), Known(known.shown, blind), acts, study=None)
    assert (opened == again).all(), "nothing of what was drawn reaches it"


# -- the evaluation that a pause pays for ---------------------------------------------------------


def with_levers(**levers: object) -> Inputs:
    """Return the shipped study with levers of its pause set otherwise."""
    usual = load(shipped()["surrey_extension.toml"])
    option = usual.option(PAUSE)
    set_so = {f"extension.{name}": value for name, value in levers.items()}
    other = replace(option, levers={**option.levers, **set_so})
    return replace(usual, option_table={**usual.option_table, PAUSE: other})


def test_the_shipped_pause_pays_what_its_evaluation_costs_and_its_results_are_in_time() -> None:
    usual = load(shipped()["surrey_extension.toml"])
    assert pausing.late_evaluations(usual) == ()
    levers = usual.option(PAUSE).levers
    funded, ready = (levers[f"programme.{name}"] for name in ("length", "mobilisation"))
    # Of those who start in one pilot, as many as the time until the cut-off has of all places.
    share = (levers["decision.cut_off_month"] - ready) / (funded - ready)
    people = 2 * studies.precisions()[0].pilot_arm * share
    priced = studies.designs()["matched"].cost(round(people), pausing.follow_up(usual, PAUSE))
    priced *= deflator("2016/17", "2019/20")  # the contract is cash of the day
    assert levers["extension.evaluation_cost"] == pytest.approx(priced, rel=0.05)


@pytest.mark.parametrize(
    ("gap", "cost", "months"),
    [(12, 87_000, 8.0), (24, 87_000, 12.0), (14, 87_000, 10.0), (9, 87_000, 0.0), (12, 0, 0.0)],
)
def test_an_evaluation_follows_people_as_long_as_there_is_time(
    gap: int, cost: int, months: float
) -> None:
    """From the cut-off in month 18 to reporting, half a year before the choice.

    The choice comes four months before the pause ends, as long as it takes to find a provider.
    """
    given = with_levers(gap=gap * 30.4375, evaluation_cost=float(cost))
    assert pausing.follow_up(given, PAUSE) == pytest.approx(months, abs=0.06)
    late = pausing.late_evaluations(given)
    assert bool(late) == (gap < 10)
    if late:
        assert "11.0 months after the data cut-off" in late[0]
        assert "12 months at least" in late[0]


def test_a_scenario_whose_evaluation_comes_too_late_says_so(tmp_path: Path) -> None:
    path = tmp_path / "hasty.toml"
    path.write_text(
        'title = "Hasty"\nquestion = "Pause?"\nextends = "surrey_extension.toml"\n'
        f'[options.{PAUSE}]\nextension.gap = "9 months"\n',
        encoding="utf-8",
    )
    assert any("on what monitoring shows" in one for one in load(path).warnings)


def test_the_evaluation_follows_those_who_have_started_in_the_whole_county() -> None:
    known, _ = world(50)  # 50 starts on average
    assert known.shown is not None
    starts = known.shown[monitoring.STARTS].mean()
    whole, part = (
        replace(load(shipped()["surrey_extension.toml"]), population_share=share)
        for share in (1.0, 0.5)
    )
    one, half = (later.study_of(given, PAUSE, known) for given in (whole, part))
    assert one is not None
    assert half is not None
    assert one.people == 2 * round(starts)
    assert half.people == 2 * round(starts / 0.5)
    whole_price = studies.designs()["matched"].cost(half.people, 8.0)
    assert half.priced == pytest.approx(0.5 * whole_price * deflator("2016/17", "2019/20"))
    assert half.months == one.months == 8
