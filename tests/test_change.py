"""Does a run say rightly what would change its advice?"""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_study import finished, inputs

from dapp_model.decision import Worth, change
from dapp_model.decision.structural import Reading
from dapp_model.decision.worth import DOES
from dapp_model.economics.settings import HARM_ROUTES
from dapp_model.economics.summary import by_route
from dapp_model.parameters import registry
from dapp_model.report import change_words, section_first, sure_figures, sure_words, words
from dapp_model.report.names import ROUTES

EFFECT = "effect.full_dose_hr"
SHARE = "pathway.complete_agency"


def known_draws(n: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Going on is worth nothing where the hazard ratio is 0.9, and more below it."""
    rng = np.random.default_rng(3)
    ratio = rng.uniform(0.7, 1.0, n)
    values = np.zeros((n, 2, 2))
    values[:, :, 1] = 1e6 * (0.9 - ratio)[:, None] + 2e4 * rng.standard_normal((n, 2))
    return values, pd.DataFrame({EFFECT: ratio, SHARE: rng.uniform(0.3, 0.6, n)})


def said_of(found: Any) -> dict[str, Any]:
    options = [{"name": "stop", "label": "Stop"}, {"name": "extend", "label": "Extend"}]
    return {"switching": found, "options": options, "draws": 400}


def test_the_value_at_which_stopping_becomes_better_is_found_and_said() -> None:
    values, parameters = known_draws(400)
    found = change.switches(values, ("stop", "extend"), parameters)
    assert isinstance(found, dict)
    assert len(found["values"]) == 1
    one = found["values"][0]
    assert (one["parameter"], one["side"], one["becomes"]) == (EFFECT, "above", "stop")
    assert one["value"] == pytest.approx(0.9, abs=0.01)
    assert one["low"] < 0.9 < one["high"]
    assert one["share"] == pytest.approx(float((parameters[EFFECT] > one["value"]).mean()))
    assert found["never_alone"] == 1
    line = change_words.switches(said_of(found))[0]
    told = change_words.amount(one["value"], "hazard ratio")
    assert f"‘Stop’ becomes better on average than ‘Extend’ if this rises above {told}" in line
    label = registry()[EFFECT].label
    assert label[1:] in line
    assert words.percent(one["share"]) in line


def test_nothing_is_said_from_few_draws_or_where_nothing_was_drawn() -> None:
    values, parameters = known_draws(20)
    assert change.switches(values, ("stop", "extend"), parameters) == "not assessed"
    assert change.switches(values, ("stop", "extend"), None) == "not assessed"
    assert "not assessed" in change_words.switches(said_of("not assessed"))[0]


def test_where_no_single_thing_matters_it_is_said() -> None:
    values, parameters = known_draws(200)
    found = change.switches(values + np.array([0, 1e6]), ("stop", "extend"), parameters)
    assert isinstance(found, dict)
    assert found["values"] == []
    said = change_words.switches({**said_of(found), "draws": 1200})[0]
    assert said.startswith("No single thing stands out of the noise of 1,200 draws")


def test_noise_is_not_said_to_change_the_advice() -> None:
    """Two options that differ by luck alone, 60 things drawn; in 1 of 20 sets something is said.

    In more than 2 of 6 sets that happens once in 450 times.
    """
    names = [name for name, one in registry().items() if isinstance(one.value, float)][:60]
    listed = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        values = np.zeros((128, 2, 2))
        values[:, :, 1] = rng.normal(5e3, 1e5, (128, 2))
        parameters = pd.DataFrame(rng.random((128, 60)), columns=names)
        found = change.switches(values, ("stop", "extend"), parameters)
        assert isinstance(found, dict)
        listed += bool(found["values"])
        if not found["values"]:
            assert found["never_alone"] == 60
            assert "stands out of the noise" in change_words.switches(said_of(found))[0]
    assert listed <= 2


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.4614, "share", "46.1%"),
        (56.25, "duration", "56.2 days"),
        (12345.0, "money", "£12,300"),
        (25123.0, "perpetrators per year", "25,100 perpetrators per year"),
        (0.12, "per year", "0.12 per year"),
        (3.0, "assessors", "3 assessors"),
        (0.8442, "hazard ratio", "0.844"),
        (1.5, "per 1000", "1.5 per 1000"),
    ],
)
def test_values_are_said_in_their_unit(value: float, unit: str, expected: str) -> None:
    assert change_words.amount(value, unit) == expected


def test_every_unit_of_the_registry_can_be_said() -> None:
    for one in registry().values():
        if isinstance(one.value, float):
            assert change_words.amount(one.value, one.unit)


def worth_of(**measures: float) -> Worth:
    nothing = {name: np.zeros((4, 2)) for name in (*change.USED, *DOES)}
    given = {name: np.full((4, 2), value) for name, value in measures.items()}
    luck = np.arange(8.0).reshape(4, 2) * 1e-6
    found = {name: value + luck for name, value in (nothing | given).items()}
    return Worth(found, np.zeros((4, 2)), {}, {}, np.zeros((4, 2)))


def test_the_map_of_flips_names_the_best_from_each_perspective() -> None:
    value, cost = "net_present_social_value", "net_public_cost"

    def by(true: float) -> dict[str, float]:
        """Worth less than nothing by recorded crimes; public money pays by victim-years alone."""
        routes = {"true crimes": true, "recorded crimes": -1.0, "victim-years": 2.0, "QALYs": true}
        found = {value: true} | {by_route(value, k): v for k, v in routes.items()}
        costs = {by_route(cost, route): 5.0 for route in routes}
        return found | costs | {by_route(cost, "victim-years"): -5.0}

    own, other = ({"extend": worth_of(**by(true))} for true in (10.0, -10.0))
    rows = change.flip_rows(
        ("stop", "extend"),
        (0, 1),
        own,
        (Reading("B", other),),
        own=("A", "true crimes"),
        advised="extend",
    )
    best = {(one["perspective"], one["harm_route"], one["reading"]): one["option"] for one in rows}
    assert best["social", change.TRUE_ROUTE, "A"] == "extend"
    assert best["social", change.LOW_ROUTE, "A"] == "stop"
    assert best["social", "victim-years", "A"] == best["social", "QALYs", "A"] == "extend"
    assert best["social", "victim-years", "B"] == "extend"
    assert best["fiscal", change.TRUE_ROUTE, "A"] == "stop"
    assert best["fiscal", "victim-years", "A"] == "extend"
    assert sure_figures.ways(rows) == [
        *(("social", ROUTES[route]) for route in HARM_ROUTES),
        ("fiscal", change.TRUE_ROUTE),
        ("fiscal", "victim-years"),
        ("cashable", change.TRUE_ROUTE),
        (change.RECORDED, change.COUNT_ROUTE),
    ]
    assert best["social", change.TRUE_ROUTE, "B"] == "stop"
    assert best[change.RECORDED, change.COUNT_ROUTE, "A"] in {"stop", "extend"}
    advice = {"advice": {"option": "extend"}}
    lines = change_words.flips(said_of(None) | {"flips": rows} | advice)
    text = " ".join(lines)
    for how in ("in the same financial year", "in the 365 days before"):
        said = f"a repeat counted {how}), ‘Stop’ has the highest mean instead of ‘Extend’"
        assert said in text
    for one in rows:
        if one["perspective"] in {"social", "fiscal"}:
            assert one["apart_from_advice"] == (one["option"] == "stop")
    # What is hardly behind is not told apart from the advice, whatever the next best is.
    near = [{**one, "apart_from_advice": False, "told_apart": True} for one in rows]
    for line in change_words.flips(said_of(None) | {"flips": near} | advice)[:-1]:
        assert line.endswith(", not told apart from it.")
    public = words.for_public_bodies(said_of(None) | {"flips": rows})
    assert public.startswith("For public bodies alone, no advice: ‘Stop’ is best in")
    assert "by cash alone" in public
    assert words.for_public_bodies(said_of(None) | {"flips": []}) == ""


def test_by_the_runs_own_way_of_counting_the_advice_is_the_runs() -> None:
    """Also where the hurdle for a larger budget keeps the option of the highest mean from it."""
    value = "net_present_social_value"
    own = {
        name: worth_of(**{value: mean, by_route(value, "true crimes"): mean})
        for name, mean in (("extend", 10.0), ("extend_larger", 11.0))
    }
    rows = change.flip_rows(
        ("stop", "extend", "extend_larger"),
        (0, 1, 2),
        own,
        (),
        own=("A", "true crimes"),
        advised="extend",
    )
    first = rows[0]
    assert (first["perspective"], first["harm_route"]) == ("social", change.TRUE_ROUTE)
    assert first["option"] == "extend_larger"
    assert not first["differs"]
    assert first["behind"] == pytest.approx(1.0)


def test_a_run_says_its_flips_and_writes_them_for_machines() -> None:
    decided = finished().decision
    stored = json.loads((finished().folder / "decision.json").read_text(encoding="utf-8"))
    assert stored["flips"] == decided["flips"]
    route = (change.TRUE_ROUTE, "A")
    social = [
        one
        for one in stored["flips"]
        if one["perspective"] == "social" and (one["harm_route"], one["reading"]) == route
    ]
    # From the headline's own way of counting, the best mean is that of the table of options.
    may = [one for one in stored["options"] if one["may_be_chosen"]]
    best = max(may, key=lambda one: one["measures"]["net_present_social_value"]["mean"])
    assert [one["option"] for one in social] == [best["name"]]
    assert not social[0]["differs"]
    assert set(inputs().options) >= {one["option"] for one in stored["flips"]}
    for line in change_words.flips(stored):
        assert line in stored["sentences"]


def structural(own: str, best: dict[str, str]) -> dict[str, Any]:
    """Return what a decision says of one axis: which option each alternative leads to."""
    alternatives = [
        {"name": name, "words": f"way {name}", "option": option, "label": option.title(),
         "differs": option != best[own], "told_apart": True}
        for name, option in best.items()
    ]  # fmt: skip
    axis = {"axis": "repeat_reading", "assessed": True, "own": own, "alternatives": alternatives}
    average = {"label": "Extend", "options": [{"name": "extend", "mean": 5.0}]}
    return {"axes": [axis], "average": average}


def test_a_structure_changes_the_advice_only_if_it_is_another_and_leads_elsewhere() -> None:
    advice = {"advice": {"option": "extend"}}
    # On the few draws of other readings the run's own reading leads to stopping by itself.
    few = {"structural": structural("A", {"A": "stop", "B": "extend", "C": "stop"})}
    assert sure_words.alternatives(few | advice) == (2, [])
    real = {"structural": structural("A", {"A": "extend", "B": "stop", "C": "extend"})}
    asked, changed = sure_words.alternatives(real | advice)
    assert (asked, [one["name"] for one in changed]) == (2, ["B"])


def test_the_first_page_counts_the_structures_that_section_7_does() -> None:
    said = finished().decision
    axes = [dict(one) for one in said["structural"]["axes"]]
    first = next(one for one in axes if one["assessed"] and len(one["alternatives"]) > 1)
    others = [one for one in said["options"] if one["name"] != said["advice"]["option"]]
    for clear, told in ((True, "1 of them beyond"), (False, "none of them beyond")):
        turned = [
            {**one, "option": others[0]["name"], "label": others[0]["label"], "differs": True,
             "told_apart": clear}
            for one in first["alternatives"][-1:]
        ]  # fmt: skip
        own = {"assessed": True, "words": first["words"], "axis": first["axis"], "own": ""}
        decision = {
            **said,
            "structural": {**said["structural"], "axes": [{**own, "alternatives": turned}]},
        }
        page = section_first._structures(SimpleNamespace(decision=decision))  # type: ignore[arg-type]
        section = sure_words.structures(decision)
        assert "1 would change the advice" in page
        assert "1 would change the advice" in section
        assert f"{told} Monte Carlo error" in page
        assert ("not told apart" in section.partition(";")[0]) == (not clear)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0%"), (0.004, "under 1%"), (0.005, "under 1%"), (0.0051, "1%"), (0.995, "over 99%"),
     (0.9949, "99%"), (1.0, "100%")],
)  # fmt: skip
def test_a_chance_is_never_rounded_to_none_or_all(share: float, expected: str) -> None:
    assert words.percent(share) == expected


def test_an_option_that_is_ruled_out_is_not_praised_without_saying_so() -> None:
    measures = {"measures": {"net_present_social_value": {"mean": 5e5}}}
    stop = {"name": "stop", "label": "Stop", "admissible": True, "affordable": None, **measures}
    other = {"name": "extend", "label": "Extend", "affordable": True, **measures}
    said = {
        "advice": {"option": "stop", "label": "Stop"},
        "comparator": {"name": "stop", "label": "Stop"},
        "shown_option": "extend",
    }
    unsafe = said | {"options": [stop, other | {"admissible": False}]}
    assert "ruled out for the safety of victims" in words.advice(unsafe)
    dear = said | {"options": [stop, other | {"admissible": True, "affordable": False}]}
    assert "cannot be afforded" in words.advice(dear)
    free = said | {"options": [stop, other | {"admissible": True}]}
    assert words.advice(free).endswith("against it.")
