"""Is a run written whole or not at all, the same however it was made, and reproducible?"""

from __future__ import annotations

import csv
import json
import multiprocessing
import re
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_study
from small_study import PLAN, finished, inputs, write_scenario

from dapp_model import compiled, difference, parallel, reproduction, runs, stored, study, tables
from dapp_model.definitions import GROUPS, MEASURES
from dapp_model.economics import value
from dapp_model.errors import InputErrors, RunError
from dapp_model.experiment import evaluate_options
from dapp_model.outcomes import BASELINE_YEAR, trimmed
from dapp_model.scenario import load

FILES = {
    "manifest.json",
    "report.html",
    "report.docx",
    "totals.npz",
    "README.txt",
    "account_check.xlsx",
    "tables.xlsx",
    "tables.ods",
    "figures",
    *stored.DATA_FILES,
}
OUTCOME_COLUMNS = [
    "option", "draw", "replicate", "financial_year", "basis", "group", "outcome", "unit", "value",
]  # fmt: skip
ACCOUNT_COLUMNS = [
    "option", "draw", "financial_year", "bearer", "funder", "tier", "basis", "offence", "item",
    "undiscounted", "discounted",
]  # fmt: skip


def outcomes() -> pd.DataFrame:
    return pd.read_parquet(finished().folder / "outcomes.parquet")


def test_the_folder_holds_every_file_and_nothing_else() -> None:
    assert {path.name for path in finished().folder.iterdir()} == FILES
    assert not runs.unfinished(finished().folder).exists()


def test_the_manifest_says_how_the_run_was_made() -> None:
    manifest = stored.read_manifest(finished().folder)
    assert manifest["seed"] == PLAN.seed
    assert manifest["draws"] == PLAN.draws
    assert manifest["replications"] == PLAN.replications
    assert manifest["engine"] == "fast"
    assert manifest["population_share"] == 0.02
    assert manifest["scenario_hash"] == inputs().text_hash
    assert manifest["green_book"]
    assert manifest["wall_time_seconds"] > 0
    for name, expected in manifest["data_files"].items():
        assert stored.file_hash(finished().folder / name) == expected


def test_tables_have_the_columns_that_are_promised() -> None:
    assert list(outcomes().columns) == OUTCOME_COLUMNS
    account = pd.read_parquet(finished().folder / "account.parquet")
    assert list(account.columns) == ACCOUNT_COLUMNS
    assessed = account["tier"] != "not assessed"
    assert not account[assessed].isna().any().any()
    outside = account[~assessed]
    assert set(outside["basis"]) == {"outside the contract"}
    assert {"participant_time", "referrer_time"} <= set(outside["item"])
    assert outside["undiscounted"].isna().all()
    assert "not applicable" in set(account["funder"])
    ledger = pd.read_parquet(finished().folder / "ledger.parquet")
    assert {"option", "person", "behaviour", "in_comparator", "in_option"} <= set(ledger.columns)
    assert ledger["recorded"].dtype == bool
    # Few incidents differ in so small a county: perhaps the police recorded none of them.
    assert ledger["recorded"].sum() < len(ledger)
    assert not (ledger["in_comparator"] & ledger["in_option"]).any()


def test_data_files_hold_neither_engine_nor_time_of_the_run() -> None:
    manifest = stored.read_manifest(finished().folder)
    day = manifest["finished"][:10]
    for name in stored.DATA_FILES:
        content = (finished().folder / name).read_bytes()
        assert day.encode() not in content
        assert b'"engine"' not in content


def test_a_row_is_what_simulating_that_draw_counts() -> None:
    draw, repetition = 1, 1
    drawn = study.draw_inputs(inputs(), draw, PLAN.seed)
    found = evaluate_options(drawn, seed=PLAN.seed, replicate=PLAN.replicate(draw, repetition))
    rows = outcomes()
    rows = rows[(rows["draw"] == draw) & (rows["replicate"] == repetition)]
    rows = rows[rows["group"] == "all"]
    for option, expected in found.items():
        for measure in ("true.incidents", "recorded.incidents", "programme.sessions"):
            own = rows[(rows["option"] == option) & (rows["outcome"] == measure)]
            by_year = dict(zip(own["financial_year"], own["value"], strict=True))
            counted = dict(zip(expected.years, expected.of(measure).tolist(), strict=True))
            kept = {year: n for year, n in counted.items() if n and year >= "2013/14"}
            assert by_year == kept


def test_draws_do_not_share_their_luck() -> None:
    numbers = [PLAN.replicate(d, r) for d in range(5) for r in range(PLAN.replications)]
    assert len(set(numbers)) == len(numbers)
    assert PLAN.replicate(0, 0) == 0


def test_the_csv_holds_the_means_of_the_parquet_file() -> None:
    summary = pd.read_csv(finished().folder / "outcomes.csv")
    keys = ["option", "financial_year", "group", "outcome"]
    total = outcomes().groupby(keys, observed=True)["value"].sum() / 4
    mean = summary.set_index(keys)["mean"]
    both = pd.concat([total, mean], axis=1, keys=["a", "b"]).fillna(0.0)
    assert np.allclose(both["a"], both["b"], rtol=1e-12)
    assert (summary["monte_carlo_error"] >= 0).all()


def test_groups_add_up_to_everybody() -> None:
    rows = outcomes()
    assert set(rows["group"]) == set(GROUPS)
    assert set(rows["outcome"]) <= set(MEASURES)
    keys = ["option", "draw", "replicate", "financial_year", "outcome"]
    rows = rows[rows["outcome"] != "case.entries"]  # nobody has children when they enter
    total = rows[rows["group"] == "all"].groupby(keys, observed=True)["value"].sum()
    for groups in (("male", "female"), ("children", "no_children"), ("needs", "no_needs")):
        part = rows[rows["group"].isin(groups)].groupby(keys, observed=True)["value"].sum()
        pd.testing.assert_series_equal(total, part)


def test_the_account_holds_what_valuing_each_draw_gives() -> None:
    drawn = study.draw_inputs(inputs(), 0, PLAN.seed)
    total = 0.0
    for repetition in range(PLAN.replications):
        found = evaluate_options(drawn, seed=PLAN.seed, replicate=PLAN.replicate(0, repetition))
        kept = trimmed(found["extend"], BASELINE_YEAR)
        total += value(kept, drawn).total() / PLAN.replications
    account = pd.read_parquet(finished().folder / "account.parquet")
    own = account.query("option == 'extend' and draw == 0")
    assert own["discounted"].sum() == pytest.approx(total, abs=0.01)


def test_the_number_of_workers_changes_no_byte(tmp_path: Path) -> None:
    again = runs.run(inputs(), PLAN, tmp_path / "two", runs.How(workers=2))
    pictures = [f"figures/{path.name}" for path in (finished().folder / "figures").iterdir()]
    documents = ("report.html", "tables.xlsx", "tables.ods")
    for name in (*stored.DATA_FILES, *documents, *sorted(pictures)):
        assert (again.folder / name).read_bytes() == (finished().folder / name).read_bytes(), name


def test_a_run_is_reproduced_to_the_byte() -> None:
    found = reproduction.reproduce(finished().folder)
    assert found.different == ()
    assert set(found.same) == set(stored.DATA_FILES)


def test_a_changed_number_is_not_reproduced(tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(finished().folder, copy)
    path = copy / "account.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(\d)\n", lambda m: f"{9 - int(m[1])}\n", text, count=1), "utf-8")
    found = reproduction.reproduce(copy)
    assert found.different == ("account.csv",)


def test_draws_without_the_whole_county_say_the_same_of_every_option(tmp_path: Path) -> None:
    """Differences are the same to the bit; levels are those of the draws that have the county.

    But for the programme's own people, whom every draw has.
    """
    thin = runs.run(inputs(), replace(PLAN, whole=1), tmp_path / "thin")
    full = finished()
    for one, other in zip(thin.decision["options"], full.decision["options"], strict=True):
        own, its = one["measures"], other["measures"]
        assert own["true_incidents_averted"] == its["true_incidents_averted"]
        # Lines of an account are whole pence, rounded from different totals.
        for measure in ("net_public_cost", "net_present_social_value"):
            assert own[measure]["mean"] == pytest.approx(its[measure]["mean"], abs=5)
    assert (thin.decision["whole_county_draws"], full.decision["whole_county_draws"]) == (1, 2)
    few, all_of_them = (
        pd.read_csv(run.folder / "outcomes.csv").set_index(
            ["option", "financial_year", "group", "outcome"]
        )
        for run in (thin, full)
    )
    both = few.index.intersection(all_of_them.index)
    assert len(both) > 1000
    assert np.allclose(few.loc[both, "difference"], all_of_them.loc[both, "difference"])
    first = pd.read_parquet(full.folder / "outcomes.parquet").query("draw == 0")
    comparator = inputs().options[0]
    own = (
        first[first["option"] == comparator]
        .groupby(["financial_year", "group", "outcome"], observed=True)["value"]
        .sum()
    )
    level = few.loc[comparator]["mean"]
    people = both.get_level_values("outcome").str.startswith("programme.")
    assert people.sum() > 100
    columns = ["mean", "monte_carlo_error"]
    told = (each.loc[both[people], columns] for each in (few, all_of_them))
    assert np.allclose(*told)
    shared = level.index.intersection(own.index)
    shared = shared[~shared.get_level_values("outcome").str.startswith("programme.")]
    assert len(shared) > 1000
    assert np.allclose(level.loc[shared], own.loc[shared] / PLAN.replications)
    drawn = pd.read_parquet(thin.folder / "outcomes.parquet")["draw"].unique()
    assert drawn.tolist() == [0]


def test_the_same_run_is_not_made_twice() -> None:
    again = runs.run(inputs(), PLAN, finished().folder)
    assert again.already_there
    assert again.decision == json.loads(json.dumps(finished().decision))


def test_another_run_is_never_replaced() -> None:
    other = study.Plan(draws=1, replications=1, seed=9)
    with pytest.raises(InputErrors, match="another run"):
        runs.run(inputs(), other, finished().folder)


def test_a_second_run_at_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "busy"
    work = runs.unfinished(folder)
    work.mkdir()
    with runs._locked(work), pytest.raises(RunError, match="Another run"):
        runs.run(inputs(), PLAN, folder)
    assert not folder.exists()


def test_a_full_disk_leaves_no_folder_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    finished()  # while nothing is broken yet
    folder = tmp_path / "full"
    with monkeypatch.context() as patch:
        patch.setattr(tables, "write_ledger", full)
        with pytest.raises(RunError, match="No space left"):
            runs.run(inputs(), PLAN, folder)
    assert not folder.exists()
    kept = {path.stem for path in (runs.unfinished(folder) / "draws").glob("*.parquet")}
    assert kept == {task.name for task in study.tasks(inputs(), PLAN)}
    monkeypatch.setattr(study, "work", full)  # nothing may be simulated again
    runs.run(inputs(), PLAN, folder)
    for name in stored.DATA_FILES:
        assert (folder / name).read_bytes() == (finished().folder / name).read_bytes()
    assert not runs.unfinished(folder).exists()


def test_long_draws_are_spread_among_the_others() -> None:
    """So that the pace of any part of a run is that of the whole."""
    plan = study.Plan(draws=400, replications=2, seed=1, whole=20, nested=100)
    order = [task.number for task in study.tasks(inputs(), plan)[1:] if not task.reading]
    assert sorted(order) == list(range(400))
    for quarter in np.array_split(np.array(order), 4):
        assert (quarter < 20).sum() == 5
        assert abs((quarter < 100).sum() - 25) <= 1


@pytest.mark.parametrize(
    "county",
    [
        "share = 0.000001\n",
        "share = 0.02\n[assume.county]\nnew_perpetrators = '0 perpetrators per year'\n",
    ],
)
def test_a_county_with_nobody_in_it_is_written_like_any_other(tmp_path: Path, county: str) -> None:
    path = write_scenario(tmp_path, "empty")
    text = path.read_text(encoding="utf-8").replace("share = 0.02\n", county)
    path.write_text(text, encoding="utf-8")
    made = runs.run(load(path), study.Plan(draws=1, replications=1, seed=3), tmp_path / "empty_run")
    decided = json.loads((made.folder / "decision.json").read_text(encoding="utf-8"))
    assert decided["baseline"]["homicides_per_1000_recorded"] is None
    assert (made.folder / "report.html").is_file()


def test_compiling_that_is_interrupted_ends_at_once_and_is_not_taken_for_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **named: object) -> None:
        deadline = time.monotonic() + 60
        while not multiprocessing.active_children() and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyboardInterrupt

    def instant(*arguments: object, **named: object) -> None:
        pass

    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    (tmp_path / "fast.some_function.nbc").write_bytes(b"one of the many")
    assert not study.is_compiled()
    with monkeypatch.context() as patch:
        patch.setattr("dapp_model.experiment.evaluate_options", interrupted)
        patch.setattr(study, "_compile_search", small_study.sleep_long)
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            study.compile_engine(inputs())
        assert time.monotonic() - begun < 30
    while multiprocessing.active_children() and time.monotonic() - begun < 60:
        time.sleep(0.1)  # until the system has noted that they are gone
    assert not multiprocessing.active_children()
    assert not study.is_compiled()
    monkeypatch.setattr("dapp_model.experiment.evaluate_options", instant)
    monkeypatch.setattr("dapp_model.experiment.find_reached", instant)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    study.compile_engine(inputs())
    assert study.is_compiled()


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no such mask")
def test_an_interruption_reaches_no_worker_even_while_it_begins() -> None:
    """The keyboard interrupts all processes at once, and only one of them has to answer."""
    with parallel.pool(1) as pool:
        mask = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
    assert signal.SIGINT in mask
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_parts_of_another_scenario_are_not_used(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    parts = runs._parts(work, "one")
    (parts / "draw_000000.parquet").write_bytes(b"")
    assert list(runs._parts(work, "one").iterdir())
    assert not list(runs._parts(work, "two").iterdir())


def test_a_run_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    name = runs.run_name(inputs(), PLAN)
    assert runs.place(inputs(), PLAN, None) == Path("results/small") / name
    assert runs.place(inputs(), PLAN, tmp_path / "new") == tmp_path / "new"
    assert runs.place(inputs(), PLAN, tmp_path) == tmp_path
    (tmp_path / "other.txt").write_text("kept")
    assert runs.place(inputs(), PLAN, tmp_path) == tmp_path / "small" / name


def test_a_run_has_no_difference_from_itself() -> None:
    found = difference.compare(finished().folder, finished().folder)
    assert found["same"]
    assert found["first_event"] is None


def test_two_runs_differ_first_in_an_event_and_in_a_number(tmp_path: Path) -> None:
    more = "\n[assume.effect]\nfull_dose_hr = 0.5\n\n[assume.referral]\npolice = 0.2\n"
    path = write_scenario(tmp_path, "other", more)
    plan = study.Plan(draws=1, replications=1, seed=PLAN.seed)
    other = runs.run(load(path), plan, tmp_path / "other_run")
    found = difference.compare(finished().folder, other.folder)
    assert not found["same"]
    assert found["first_event"]["option"] in inputs().options
    assert len(found["first_event"]["events"]) == 2
    assert {one["file"] for one in found["first_numbers"]} == {"outcomes.csv", "account.csv"}
    assert any("full" in line or "dose" in line for line in found["inputs"])
    text = "\n".join(difference.lines(found))
    assert "First event that differs" in text
    assert "First number that differs: outcomes.csv" in text


def test_what_is_not_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputErrors, match="not the folder of a run"):
        stored.read_run(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(InputErrors):
        stored.read_run(tmp_path)


def test_csv_files_have_the_same_line_ends_everywhere() -> None:
    for name in ("outcomes.csv", "account.csv"):
        content = (finished().folder / name).read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        rows = list(csv.reader(content.decode().splitlines()))
        assert len({len(row) for row in rows}) == 1


def test_the_resolved_inputs_give_the_same_run() -> None:
    again, plan, _ = stored.read_run(finished().folder)
    assert plan == PLAN
    assert again.resolved_toml() == inputs().resolved_toml()
    assert again.name == inputs().name
