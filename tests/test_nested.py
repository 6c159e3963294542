"""Do runs hold whose first draws alone are repeated, and do all draws count the same in them?"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_study
from scipy import stats

from dapp_model import decision, draws, runs, stored, study, valuation, voi
from dapp_model.decision import chance

EVEN = study.Plan(draws=6, replications=2, seed=4, whole=2)
MIXED = replace(EVEN, nested=3)
OPTION = "extend"


@cache
def finished(plan: study.Plan) -> Path:
    folder = small_study.space() / f"nested_{plan.nested}"
    return runs.run(small_study.inputs(), plan, folder).folder


def rows_of(plan: study.Plan) -> pd.DataFrame:
    return pd.read_parquet(finished(plan) / draws.FILE)


def shown(folder: Path) -> str:
    """Return the words of a run's report."""
    return re.sub("<[^>]+>", "", (folder / "report.html").read_text(encoding="utf-8"))


def test_later_draws_have_the_first_repetition_alone() -> None:
    even, mixed = rows_of(EVEN), rows_of(MIXED)
    kept = (even["draw"] < MIXED.nested) | (even["replicate"] == 0)
    assert len(mixed) == len(even) * 9 // 12
    # What is cut for optimism depends on all draws together.
    together = [name for name in even if name.endswith("_optimism")]
    one, other = (frame.drop(columns=together) for frame in (even[kept], mixed))
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other)


def test_what_is_stored_is_read_back_as_it_was() -> None:
    found = draws.read(finished(MIXED)).measures[decision.VALUE]
    assert np.isnan(found[3:, 1]).all()
    assert not np.isnan(found[:3]).any()
    assert not np.isnan(found[3:, 0]).any()
    assert (found[:, 0, 0] == 0).all()


def test_every_draw_counts_the_same_in_every_mean() -> None:
    said = json.loads((finished(MIXED) / "decision.json").read_text(encoding="utf-8"))
    one = next(o for o in said["options"] if o["name"] == OPTION)
    table = rows_of(MIXED)
    own = table[table["option"] == OPTION].groupby("draw").mean(numeric_only=True)
    for measure in decision.MEASURES:
        assert one["measures"][measure]["mean"] == pytest.approx(own[measure].mean(), rel=1e-9)
    paid = sum(sum(by_year.values()) for by_year in one["programme_cost_by_funder"].values())
    cash = pd.read_csv(finished(MIXED) / "account.csv")
    cash = cash[cash["basis"] == "programme"].groupby("option")["undiscounted"].sum()
    assert paid == pytest.approx(-(cash[OPTION] - cash["stop"]), abs=1.0)
    assert (said["draws"], said["replications"], said["nested_draws"]) == (6, 2, 3)


def test_levels_and_costs_are_means_of_means() -> None:
    part = study.work((small_study.inputs(), EVEN), study.Task(0))
    both = valuation.of_part(part).summaries[OPTION]
    pooled = decision.gathering()
    pooled.append(both)
    pooled.append(both[:1])
    first, second = (one.baseline.harm_true_crimes for one in both)
    assert first != second
    assert pooled.level().harm_true_crimes == pytest.approx(0.75 * first + 0.25 * second)
    for funder, by_year in pooled.programme_cost_by_funder().items():
        for year, cost in by_year.items():
            first, second = (one.programme_cost_by_funder[funder][year] for one in both)
            assert cost == pytest.approx(0.75 * first + 0.25 * second)


def test_what_is_told_without_luck_can_be_worked_out_again() -> None:
    """From the table of values by draw for losses, and from all draws for what holds luck."""
    said = json.loads((finished(MIXED) / "decision.json").read_text(encoding="utf-8"))
    table = pd.read_csv(finished(MIXED) / draws.WITHOUT_LUCK, index_col="draw")
    assert len(table) == MIXED.draws
    may = [one["name"] for one in said["options"] if one["may_be_chosen"]]
    own = table[may].to_numpy()
    for i, name in enumerate(may):
        one = next(o for o in said["options"] if o["name"] == name)
        assert one["expected_loss"] == pytest.approx((own.max(axis=1) - own[:, i]).mean())
        assert one["chance_best"] == pytest.approx((own.argmax(axis=1) == i).mean())
    found = rows_of(MIXED).groupby(["draw", "option"], observed=True)[decision.VALUE].mean()
    plain = found.unstack().assign(stop=0.0)[may].to_numpy()
    knowing = plain.max(axis=1).mean() - plain.mean(axis=0).max()
    assert said["information"]["evpi_with_luck"]["value"] == pytest.approx(knowing)


def test_the_report_says_which_draws_are_repeated() -> None:
    text = shown(finished(MIXED))
    assert "2 repetitions of the play of chance in each of the first 3 and one in each" in text
    assert "of the play of chance in each. " in shown(finished(EVEN))


def test_a_run_is_made_again_with_the_same_repetitions() -> None:
    _, plan, _ = stored.read_run(finished(MIXED))
    assert plan == MIXED
    assert study.key(small_study.inputs(), plan) != study.key(small_study.inputs(), EVEN)


def test_rows_that_fit_no_design_are_refused(tmp_path: Path) -> None:
    options, table = ("stop", *dict.fromkeys(rows_of(MIXED)["option"])), rows_of(MIXED)
    rows = {
        "a draw without its first": table[(table["draw"] != 4)],
        "an option without a repetition": table.drop(index=table.index[-1]),
        "a draw twice": pd.concat([table, table[table["draw"] == 5]]),
        "below zero": table.assign(draw=table["draw"].replace(5, -1)),
        "far beyond": table.assign(replicate=table["replicate"].replace(1, 10**9)),
    }
    for wrong in rows.values():
        with pytest.raises(ValueError, match="rows for 6 draws"):
            draws._measures(wrong, options, 6)


def test_luck_is_told_apart_by_the_test_of_layouts_that_are_not_balanced() -> None:
    """Against the F statistic by its sums of squares, written out group by group."""
    rng = np.random.default_rng(5)
    seen = np.zeros((12, 3, 2))
    seen[:, :, 1] = rng.standard_normal((12, 1)) + rng.standard_normal((12, 3))
    seen[5:, 1:] = np.nan
    groups = [row[~np.isnan(row)] for row in seen[:, :, 1]]
    every = np.concatenate(groups)
    between = sum(len(g) * (g.mean() - every.mean()) ** 2 for g in groups) / 11
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (len(every) - 12)
    least = stats.f.ppf(0.95, 11, len(every) - 12)
    for times in (0.99, 1.01):
        apart = seen.copy()
        means = voi.over_replications(seen)
        wanted = np.sqrt(times * least * within / between)
        apart[:, :, 1] += ((wanted - 1) * (means[:, 1] - every.mean()))[:, None]
        assert chance._more_than_luck(apart) == (times > 1)
