"""Does money hold on simulated counties: zero effect, the ledger, and years of abuse?"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from dapp_model import economics as ec
from dapp_model import events as ev
from dapp_model import model, study
from dapp_model.engines import simulate
from dapp_model.experiment import evaluate_options, ledger
from dapp_model.outcomes import trimmed
from dapp_model.parameters import Inputs
from dapp_model.scenario import load, shipped

NO_EFFECT: dict[str, object] = {
    "population.share": 0.02,
    "assume.effect.full_dose_hr": 1.0,
    "assume.effect.dropout_hr": 1.0,
    "assume.effect.support_hr": 1.0,
    "assume.effect.reporting_ratio": 1.0,
}
# Nobody's reporting changes with the option, so what is recorded follows what happens.
SAME_REPORTING: dict[str, object] = {
    "population.share": 0.1,
    "extension.annual_budget": "£5,000,000",
    "extension.places": "600 places",
    "extension.assessors": "40 assessors",
    "assume.referral.police": 0.5,
    "assume.effect.threshold": 0.0,
    "assume.effect.full_dose_hr": 0.3,
    "assume.effect.reporting_ratio": 1.0,
    "assume.idva.reporting_ratio": 1.0,
}


@cache
def inputs_of(name: str, **changes: object) -> Inputs:
    return load(shipped()[name], dict(changes))


@pytest.mark.parametrize("name", ["surrey_extension.toml", "surrey_pilot.toml"])
def test_zero_effect_is_worth_exactly_minus_its_cost_in_every_draw(name: str) -> None:
    inputs = load(shipped()[name], NO_EFFECT)
    costs = set()
    for draw in range(3):
        drawn = study.draw_inputs(inputs, draw, 5)
        found = evaluate_options(drawn, seed=5, replicate=draw)
        accounts = {option: ec.value(found[option], drawn) for option in inputs.options}
        base = accounts[inputs.options[0]]
        for option in inputs.options[1:]:
            one = ec.summary(accounts[option], base)
            assert one.social_value == one.fiscal_value == one.cashable_value == 0
            assert one.net_present_social_value == -one.programme_cost < 0
            assert one.net_present_social_value_low_harm == -one.programme_cost
            assert one.victim_years_averted == one.true_incidents_averted == 0
            costs.add((option, one.programme_cost))
        harm = base.total(lambda line: line.group == "harm")
        costs.add(("harm", harm))
    # The contract is the same in every draw; the county's harm is not.
    assert len(costs) == len(inputs.options) - 1 + 3


def test_the_ledger_says_what_the_police_recorded() -> None:
    inputs = load(shipped()["surrey_extension.toml"], SAME_REPORTING)
    frame = ledger(inputs, seed=2, replicate=0, options=["extend"])
    rows = {option: simulate(inputs, option=option, seed=2).array for option in ("stop", "extend")}
    for side, option in (("in_comparator", "stop"), ("in_option", "extend")):
        own = rows[option]
        records = own[own["kind"] == ev.RECORD]
        incidents = own[own["kind"] == ev.INCIDENT]
        key = ["person", "relationship", "ordinal"]
        known = {tuple(row) for row in zip(*(records[k].tolist() for k in key), strict=True)}
        by_time = {
            (int(r["person"]), int(r["relationship"]), int(r["time"])): (
                (int(r["person"]), int(r["relationship"]), int(r["ordinal"])) in known
            )
            for r in incidents
        }
        part = frame[frame[side]]
        seconds = part["time"].astype("datetime64[s]").astype(np.int64)
        for person, case, time, recorded in zip(
            part["person"], part["relationship"], seconds, part["recorded"], strict=True
        ):
            assert by_time[int(person), int(case), int(time)] == recorded
    assert len(frame) > 20
    assert 0 < frame["recorded"].sum() < len(frame)
    with_ledger = frame["recorded"]
    n = [int((frame[side] & with_ledger).sum()) for side in ("in_comparator", "in_option")]
    totals = [int((rows[option]["kind"] == ev.RECORD).sum()) for option in ("stop", "extend")]
    assert n[0] - n[1] == totals[0] - totals[1]


def test_victims_of_a_year_are_those_of_the_log() -> None:
    inputs = inputs_of("surrey_extension.toml", **{"population.share": 0.02})
    log = simulate(inputs, option="stop", seed=3)
    incidents = log.array[log.array["kind"] == ev.INCIDENT]
    frame = pd.DataFrame({k: incidents[k] for k in ("person", "relationship", "time")})
    date = frame["time"].to_numpy().astype("datetime64[s]")
    months = date.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    frame["year"] = (months - 3) // 12
    expected = frame.groupby("year")[["person", "relationship"]].apply(
        lambda own: len(own.drop_duplicates())
    )
    outcomes = trimmed(evaluate_options(inputs, seed=3, replicate=0)["stop"], 2013)
    for i, n in enumerate(outcomes.of("true.victims")):
        assert n == expected.get(2013 + i, 0)
    assert model.horizon_date(inputs).year == 2013 + len(outcomes.years)
