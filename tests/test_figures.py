"""Does each picture show what its data say, and can everybody read it?"""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import made_up
import numpy as np
import pandas as pd
import pytest
import small_study
from hypothesis import given
from hypothesis import strategies as st

from dapp_model import chart_style, cli, decision, trace
from dapp_model import events as ev
from dapp_model.analysis import files, pictures
from dapp_model.chart_style import (
    COLOURS,
    DARK,
    DARK_PAGE,
    MARK,
    MOST,
    PAGE,
    apart,
    bare,
    chart,
    contrast,
    standing,
    style,
)
from dapp_model.decision import change
from dapp_model.economics.results import Position
from dapp_model.parameters import Inputs
from dapp_model.report import (
    account_figures,
    figures,
    flow_figures,
    sure_figures,
    timeline,
    words,
)
from dapp_model.report.learning_figures import worth_of_studies
from dapp_model.scenario import load, shipped

N = 60


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return load(shipped()["surrey_extension.toml"])


def folder() -> Path:
    return small_study.finished().folder / "figures"


def rows(name: str) -> list[dict[str, str]]:
    with (folder() / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def said() -> dict[str, Any]:
    text = (small_study.finished().folder / "decision.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


# -- colours --------------------------------------------------------------------------------------


def test_neighbouring_colours_can_be_told_apart_on_light_and_dark_pages() -> None:
    for colours, page in ((COLOURS, PAGE), (tuple(DARK.values()), DARK_PAGE)):
        assert len(set(colours)) == MOST
        assert all(contrast(one, page) >= 3 for one in colours)
        assert all(contrast(one, other) >= 3 for one, other in pairwise(colours))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#FFFFFF", 21.0), ("#777777", "#FFFFFF", 4.48), ("#12436D", "#12436D", 1.0)],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_pictures_have_no_colour_of_their_own() -> None:
    allowed = {*COLOURS, chart_style.INK, chart_style.SOFT, chart_style.LINE, PAGE, "#000000"}
    for path in folder().glob("*.svg"):
        found = re.findall(r"(?:fill|stroke): ?(#[0-9a-fA-F]{6})", path.read_text("utf-8"))
        assert {one.upper() for one in found} <= {one.upper() for one in allowed}, path.name


def test_colours_on_a_page_follow_it(inputs: Inputs) -> None:
    text = figures.options(decided(inputs)).inline()
    assert not re.search("|".join(COLOURS), re.sub("<style>.*?</style>", "", text), re.IGNORECASE)
    assert "var(--chart-1)" in text
    assert "prefers-color-scheme:dark" in text
    assert all(colour in text for colour in DARK.values())


# -- every chart ----------------------------------------------------------------------------------


def test_names_are_stable_and_in_the_order_of_the_pack() -> None:
    assert len(set(figures.NAMES)) == len(figures.NAMES)
    assert {path.stem for path in folder().iterdir()} <= set(figures.NAMES)


def test_a_png_has_twice_the_size_of_the_picture_on_a_page() -> None:
    for path in folder().glob("*.svg"):
        width, height = _size(path)
        with path.with_suffix(".png").open("rb") as stream:
            pixels = struct.unpack(">II", stream.read(24)[16:24])
        assert pixels[0] == pytest.approx(2 * width, abs=1.5), path.name
        assert pixels[1] == pytest.approx(2 * height, abs=1.5), path.name


def _size(path: Path) -> tuple[float, float]:
    """Return the width and height of an SVG in pixels of a page, 96 to the inch."""
    head = path.read_text(encoding="utf-8").partition("<svg")[2].partition(">")[0]
    width, height = (re.search(rf'{side}="([\d.]+)pt"', head) for side in ("width", "height"))
    assert width
    assert height
    return float(width[1]) / 72 * 96, float(height[1]) / 72 * 96


MESSAGES = {
    "on_a_page": lambda d: [
        d["advice"]["label"],
        words.money(words.option_of(d, d["shown_option"])["measures"][decision.VALUE]["mean"]),
        words.percent(max(one["chance_best"] for one in d["options"])),
    ],
    "options": lambda d: [
        words.money(one["measures"][decision.VALUE]["mean"]) for one in d["options"][1:]
    ],
    "incidents": lambda d: [words.incidents(d["three_numbers"][0]["mean"])],
    "positions": lambda d: [
        words.money(one["net"]) for one in d["money"][d["shown_option"]]["funders"]
    ],
    "flips": lambda d: [words.option_of(d, d["flips"][0]["option"])["label"]],
}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_alternative_tells_the_main_message_in_numbers_of_the_run(name: str) -> None:
    text = (folder() / f"{name}.txt").read_text(encoding="utf-8")
    for part in MESSAGES[name](said()):
        assert part in text


def test_no_alternative_is_empty_or_holds_what_is_no_number() -> None:
    for path in folder().glob("*.txt"):
        title, empty, text = path.read_text(encoding="utf-8").split("\n")[:3]
        assert title
        assert not empty
        assert len(text) > 60
        assert re.search(r"\d", text), path.name
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text), path.name


def test_two_processes_draw_the_same_bytes() -> None:
    code = (
        "import hashlib, json, sys\n"
        "from dapp_model.chart_style import style\n"
        "from dapp_model.report import figures, sure_figures, flow_figures\n"
        "said = json.load(open(sys.argv[1], encoding='utf-8'))\n"
        "with style():\n"
        "    found = [figures.options(said), figures.on_a_page(said)]\n"
        "    found.append(sure_figures.acceptability(said))\n"
        "for one in found:\n"
        "    print(hashlib.sha256(one.svg.encode() + one.png).hexdigest())\n"
    )
    path = small_study.finished().folder / "decision.json"
    made = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        made.append(done.stdout.split())
    assert len(made[0]) == 3
    assert made[0] == made[1]
    svg = (folder() / "options.svg").read_bytes()
    assert b"<dc:date>" not in svg


# -- labels that do not overlap -------------------------------------------------------------------

HEIGHTS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 1)), min_size=1, max_size=6)


@given(HEIGHTS)
def test_labels_keep_their_order_and_never_overlap(labels: list[tuple[float, float]]) -> None:
    wanted, tall = [one[0] for one in labels], [one[1] for one in labels]
    found = apart(wanted, tall)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    for below, above in pairwise(order):
        assert found[above] - found[below] >= (tall[above] + tall[below]) / 2 - 1e-9


def test_labels_with_room_stay_where_they_are() -> None:
    assert apart([3.0, 0.0, 9.0], [1.0, 1.0, 1.0]) == [3.0, 0.0, 9.0]
    assert apart([1.0, 1.0], [1.0, 1.0]) == [0.5, 1.5]


# -- the options ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["options", "on_a_page"])
def test_the_intervals_are_those_of_the_decision(name: str) -> None:
    found = rows(name)
    expected = said()["options"][1 if name == "options" else 0 :]
    assert [row["option"] for row in found] == [one["name"] for one in expected]
    for row, one in zip(found, expected, strict=True):
        value = one["measures"][decision.VALUE]
        for end in ("mean", "low", "low50", "high50", "high"):
            assert float(row[end]) == value[end]
        if name == "on_a_page":
            assert float(row["chance_best"]) == one["chance_best"]
    text = (folder() / f"{name}.svg").read_text("utf-8")
    assert all(words.money(float(row["mean"])) in text for row in found)


def test_bars_are_as_long_as_the_intervals_are_wide(inputs: Inputs) -> None:
    """Read back from the picture: thin lines hold nine draws in ten, thick bars half of them."""
    with chart_style.style():
        found = figures.options(decided(inputs))
    numbers = [dict(zip(found.header, row, strict=True)) for row in found.rows]
    for stroke, low, high in (("2", "low", "high"), ("8", "low50", "high50")):
        drawn = re.findall(
            r'd="M ([\d.]+) [\d.]+ \s*L ([\d.]+) [\d.]+ \s*"[^>]*?style="fill: none; '
            rf"stroke: (?:{COLOURS[0]}|{COLOURS[1]}); stroke-width: {stroke}[;\"]",
            found.svg,
            re.IGNORECASE,
        )
        wide = np.array([float(one[high]) - float(one[low]) for one in numbers])  # type: ignore[arg-type]
        long = np.array([float(right) - float(left) for left, right in drawn])
        assert len(long) == len(wide) == len(inputs.options) - 1
        scale = long.max() / wide.max()
        np.testing.assert_allclose(long, wide * scale, atol=0.01)


# -- the pathway ----------------------------------------------------------------------------------

PEOPLE = st.floats(0, 500)


@given(st.lists(PEOPLE, min_size=9, max_size=9), st.lists(PEOPLE, min_size=6, max_size=6))
def test_bands_of_a_step_are_as_wide_as_its_people(ended: list[float], early: list[float]) -> None:
    """Whoever waits in vain or is removed may be before a contact, an assessment or a place."""
    refused, missed, unfit, waited, late, dropped, removed, done, still = ended
    started = done + dropped + removed + still
    gone = early[3:]
    assessed = started + unfit + early[0] + gone[0]
    reached = assessed + refused + early[1] + gone[1]
    referred = reached + missed + early[2] + gone[2]
    stages = {"Referred": referred, "Reached": reached, "Assessed": assessed}
    stages |= {"Started": started, "Completed": done}
    ends = {"Could not be reached": missed, "Refused": refused, "Not suitable": unfit}
    ends |= {"Dropped out": dropped, "Removed": removed + sum(gone)}
    ends |= {"Gave up waiting": waited + late, "Still open at the end": still}
    flow = flow_figures.steps(stages, ends)
    assert all(people >= -1e-6 for step in flow for _, people in step.lost)
    names = {name for step in flow for name, _ in step.lost}
    assert any(flow_figures.OPEN.lower() in name for name in names) == (still > 0)
    places, bands, scale = flow_figures.bands(flow)
    for i, step in enumerate(flow):
        assert step.on + sum(people for _, people in step.lost) == pytest.approx(step.people)
        own = [one for one in bands if one.start == places[i]]
        drawn = sum(one.width for one in own)
        assert drawn == pytest.approx((step.people - step.on) * scale, abs=4 * 0.05 * scale)
        for one, other in pairwise(own):
            assert other.left + other.width == pytest.approx(one.left)  # side by side
            assert other.down >= one.down + one.width  # and below each other where they turn
        assert all(one.down + one.width <= places[i + 1] + 1e-9 for one in own)


def test_a_loss_is_as_wide_after_its_turn_as_before() -> None:
    band = flow_figures.Band("Refused", 40.0, start=0.5, left=1.0, width=0.4, down=0.9, end=2.6)
    x, y = flow_figures._turn(band, 6.0).vertices.T
    up, across = y == y.max(), x == np.sort(x)[-2]
    assert np.ptp(x[up]) == pytest.approx(0.4)
    assert np.ptp(y[across]) == pytest.approx(0.4)


def test_the_flow_holds_the_people_of_the_run() -> None:
    found = rows("pathway")
    with (small_study.finished().folder / "outcomes.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        counted = [row for row in csv.DictReader(stream) if row["group"] == "all"]

    def total(option: str, start: str) -> float:
        return sum(
            float(row["mean"])
            for row in counted
            if row["option"] == option and row["outcome"].startswith(start)
        )

    for option in {row["option"] for row in found}:
        own = [row for row in found if row["option"] == option]
        stage = {row["name"]: float(row["people"]) for row in own if row["what"] == "stage"}
        lost = {row["name"]: 0.0 for row in own if row["what"] == "lost"}
        for row in own:
            if row["what"] == "lost":
                assert float(row["people"]) >= -1e-9
                lost[row["name"]] += float(row["people"])
        assert stage["Referred"] == pytest.approx(total(option, "programme.referrals_"))
        assert stage["Completed"] == pytest.approx(total(option, "programme.ended_completed"))
        assert lost["Refused"] == pytest.approx(total(option, "programme.ended_refused"))
        started = stage["Started"] - stage["Completed"]
        assert lost["Dropped out"] == pytest.approx(total(option, "programme.ended_dropped_out"))
        assert lost["Dropped out"] + lost["Removed"] == pytest.approx(started)
        waiting = ("reneged", "not_started", "removed")
        assert lost[flow_figures.BEFORE] + lost["Removed"] == pytest.approx(
            sum(total(option, f"programme.ended_{end}") for end in waiting)
        )
        assert stage["Completed"] + sum(lost.values()) == pytest.approx(stage["Referred"])


def test_the_flow_as_drawn_narrows_as_people_are_lost() -> None:
    """Read back from the picture: the bands of those who go on, from above to below."""
    text = (folder() / "pathway.svg").read_text("utf-8")
    style = rf'style="fill: {COLOURS[0].lower()}'
    drawn = re.findall(rf'<path d="([^"]+)"[^>]*{style}', text)
    wide = []
    for one in drawn:
        across = [float(x) for x in re.findall(r"[ML] ([\d.]+) [\d.]+", one)]
        wide.append(max(across) - min(across))
    option = said()["shown_option"]
    people = [
        float(row["people"])
        for row in rows("pathway")
        if row["option"] == option and row["what"] == "stage"
    ]
    scale = flow_figures._WIDE * 72 / people[0]
    assert wide == pytest.approx([count * scale for count in people[1:]], abs=0.01)


# -- incidents ------------------------------------------------------------------------------------


def test_the_fan_of_incidents_holds_the_numbers_of_the_first_page() -> None:
    found = [row for row in rows("incidents") if row["measure"] == "true.incidents"]
    total = sum(float(row["averted"]) for row in found)
    assert total == pytest.approx(said()["three_numbers"][0]["mean"])
    for row in rows("incidents"):
        for which in ("without", "with", "averted"):
            ends = [float(row[f"{which}_{end}"]) for end in ("low", "low50", "high50", "high")]
            assert ends == sorted(ends)
        apart_by = float(row["without"]) - float(row["with"])
        assert apart_by == pytest.approx(float(row["averted"]), abs=1e-6)


def test_bearers_of_next_to_nothing_are_one_bar_and_nothing_is_lost() -> None:
    tiers = account_figures.TIERS
    table = {
        "victims": dict.fromkeys(tiers, 0.0) | {"non_fiscal": 9000.0},
        "opcc": dict.fromkeys(tiers, 0.0) | {"cashable": 40.0},
        "housing": dict.fromkeys(tiers, 0.0) | {"capacity": -90.0},
        "offset": dict.fromkeys(tiers, 0.0) | {"cashable": 500.0, "capacity": -499.0},
        "police": dict.fromkeys(tiers, 0.0) | {"capacity": -3000.0},
    }
    found = account_figures.gathered(table)
    assert list(found) == ["victims", "offset", account_figures.SMALL, "police"]
    for tier in tiers:
        whole = sum(one[tier] for one in table.values())
        assert sum(one[tier] for one in found.values()) == pytest.approx(whole)
    alone = {name: one for name, one in table.items() if name != "housing"}
    assert account_figures.gathered(alone) == alone


def test_a_picture_that_is_taken_out_of_the_pack_says_that_it_is_simulated() -> None:
    page = (folder().parent / "report.html").read_text("utf-8")
    assert MARK not in re.sub(r"<(?!text).*?>", "", page)  # the page says it in its own words
    for path in folder().glob("*.svg"):
        assert path.read_text("utf-8").count(MARK) == 1, path.name


def test_what_holds_of_a_run_stands_on_its_pictures_and_not_only_beside_them() -> None:
    """On the SVG as words; the PNG is drawn from the same picture, and taller by these lines."""
    expected = (
        "Indicative: a run with 2 draws, too few for chances and intervals to be used",
        "Only 2% of the county is simulated",
        "\N{DAGGER} Results rest on inputs that are recalled or of grade D",
    )
    for path in folder().glob("*.svg"):
        foot = path.read_text("utf-8").partition('id="foot-mark"')[2]
        said = " ".join(re.findall(r">([^<>]+)</text>", foot))
        for sentence in expected:
            assert sentence in said, path.name
    with style():
        figure, _ = bare(3.0, 1.0)
        alone = chart(figure, "x", "x", "x", ((), ()))
        with standing(expected):
            figure, _ = bare(3.0, 1.0)
            marked = chart(figure, "x", "x", "x", ((), ()))
    assert height_of(marked.png) > height_of(alone.png)
    assert "Indicative" not in alone.svg


def height_of(png: bytes) -> int:
    return int.from_bytes(png[20:24], "big")


def test_a_quick_run_is_called_indicative_and_a_full_one_is_not() -> None:
    marks = words.standing({**said(), "indicative": True, "population_share": 1.0, "draws": 16})
    assert words.on_pictures(marks) == ["Indicative: a quick run with 16 draws"]
    marks = words.standing({**said(), "indicative": False, "population_share": 1.0, "draws": 400})
    assert words.on_pictures(marks) == []


def test_who_pays_nothing_is_not_said_to_wait_for_it() -> None:
    none, some = np.zeros(2), np.array([-5.0, -5.0])
    years = ("2018/19", "2019/20")
    party = Position("opcc", none, none, some, none)
    assert account_figures.paid_back(party, years) == "pays nothing"
    payer = Position("opcc", -some, none, some, none)
    assert account_figures.paid_back(payer, years) == "not paid back in the window"


# -- at most four ---------------------------------------------------------------------------------


def test_more_than_four_funders_are_drawn_as_four_with_the_same_sum() -> None:
    parts = {f"funder {i}": np.full(3, float(i)) for i in range(7)}
    found = account_figures.at_most(parts)
    assert len(found) == MOST
    assert set(found) == {"funder 6", "funder 5", "funder 4", account_figures.OTHERS}
    np.testing.assert_allclose(sum(found.values()), sum(parts.values()))
    four = dict(list(parts.items())[:4])
    assert account_figures.at_most(four) == four


def test_more_than_four_options_are_drawn_as_four_curves_that_add_up_to_one() -> None:
    chances = {f"option {i}": [0.1, 0.2 - 0.02 * i] for i in range(7)}
    found = sure_figures.curves(chances, ["option 5", "option 6"])
    assert len(found) == MOST
    assert {"option 5", "option 6", "option 0"} < set(found)
    total = np.sum(list(chances.values()), axis=0)
    np.testing.assert_allclose(np.sum(list(found.values()), axis=0), total)


@pytest.mark.parametrize("name", ["funders", "bearers"])
def test_parts_that_touch_are_told_apart_without_colour(name: str) -> None:
    kinds = {row["funder" if name == "funders" else "tier"] for row in rows(name)}
    assert len(kinds) <= MOST
    text = (folder() / f"{name}.svg").read_text("utf-8")
    assert len(set(re.findall(r'<pattern id="(\w+)"', text))) >= len(kinds) - 1


# -- acceptability --------------------------------------------------------------------------------


def test_the_curves_are_those_of_the_decision() -> None:
    found = said()["acceptability"]
    for name, chances in found["probability_best"].items():
        own = [row for row in rows("acceptability") if row["option"] == name]
        assert [float(row["probability_best"]) for row in own] == chances
        assert [float(row["threshold_gbp"]) for row in own] == found["thresholds"]


# -- what flips the advice ------------------------------------------------------------------------


def decided(inputs: Inputs, value: float = 1.1e6) -> dict[str, Any]:
    found = {"extend": made_up.worth(made_up.by_effect(N, scale=value))}
    return made_up.decided(inputs, found)


def totals(inputs: Inputs, parameters: pd.DataFrame | None = None) -> Any:
    """Return what the charts of sureness look at, made up, with a reading B that says stop."""
    found = {"extend": made_up.worth(made_up.by_effect(N, scale=1.1e6))}
    every = {name: made_up.worth(np.full((N, 2), -5e4)) for name in inputs.options[1:]} | found
    other = {name: made_up.worth(np.full((20, 2), -5e4)) for name in inputs.options[1:]}
    text = made_up.decided(inputs, found)
    flips = change.flip_rows(
        inputs.options,
        range(len(inputs.options)),
        every,
        (decision.Reading("B", other),),
        own=("A", "true crimes"),
        advised=text["advice"]["option"],
    )
    return SimpleNamespace(
        inputs=inputs,
        decision={**text, "flips": flips},
        gathered=SimpleNamespace(
            worth=every, parameters=pd.DataFrame() if parameters is None else parameters
        ),
        shown="extend",
        comparator=inputs.options[0],
        label=lambda name: inputs.option(name).label,
    )


def test_the_map_is_that_of_the_decision() -> None:
    found = said()["flips"]
    assert len(found) == len(rows("flips"))
    for row, one in zip(rows("flips"), found, strict=True):
        assert row["option"] == one["option"]
        assert float(row["value"]) == one["value"]
        assert row["differs"] == str(one["differs"])
    text = (folder() / "flips.svg").read_text("utf-8")
    for one in found:
        assert words.money(one["value"]) in text or one["illustration"]


def test_each_cell_of_the_map_names_the_best_option_and_frames_those_that_differ(
    inputs: Inputs,
) -> None:
    made = totals(inputs)
    with chart_style.style():
        chart = sure_figures.flips(made.decision)
    assert chart is not None
    shown = sure_figures.ways(made.decision["flips"])
    assert [one[0] for one in shown[:6]] == [*["social"] * 4, "fiscal", "cashable"]
    assert len(shown) == 7
    cells = [
        one for one in made.decision["flips"] if (one["perspective"], one["harm_route"]) in shown
    ]
    assert len(cells) == 14
    frames = re.findall(rf"stroke: {COLOURS[3]}; stroke-width: 3", chart.svg, re.IGNORECASE)
    assert 0 < len(frames) == sum(one["differs"] for one in cells) < len(cells)
    named = sum(one["option"] == "extend" for one in cells)
    assert 0 < named == chart.svg.count(f">{inputs.option('extend').label}<")


def test_the_map_says_what_was_not_assessed(inputs: Inputs) -> None:
    made = totals(inputs)
    chart = sure_figures.flips(made.decision)
    assert chart is not None
    for text in (chart.svg, chart.alternative):
        assert "A repeat counted ever before: not assessed" in text
    shown = sure_figures.ways(made.decision["flips"])
    counted = [
        one
        for one in made.decision["flips"]
        if (one["perspective"], one["harm_route"]) in shown and not one["illustration"]
    ]
    same = sum(not one["differs"] for one in counted)
    assert f"best on average: in {same} of {len(counted)} ways" in chart.alternative
    assert "never advice" in chart.svg
    assert sure_figures.flips({**made.decision, "flips": []}) is None


# -- what moves the value -------------------------------------------------------------------------


def test_the_tornado_begins_with_what_moves_the_value_most(inputs: Inputs) -> None:
    rng = np.random.default_rng(1)
    parameters = pd.DataFrame(
        {made_up.EFFECT: made_up.effects(N), "pathway.suitable": rng.random(N)}
    )
    chart = sure_figures.tornado(totals(inputs, parameters))
    assert chart is not None
    first = dict(zip(chart.header, chart.rows[0], strict=True))
    assert first["parameter"] == made_up.EFFECT
    assert first["at_low"] > 0 > first["at_high"]  # type: ignore[operator]
    assert words.money(float(first["at_low"])) in chart.alternative  # type: ignore[arg-type]
    assert sure_figures.label_of(made_up.EFFECT) in chart.alternative
    assert len(chart.rows) == 2


def test_few_draws_have_no_tornado(inputs: Inputs) -> None:
    made = totals(inputs, pd.DataFrame({made_up.EFFECT: made_up.effects(N)}))
    few = {
        name: dataclasses.replace(one, measures={k: v[:49] for k, v in one.measures.items()})
        for name, one in made.gathered.worth.items()
    }
    made.gathered.worth = few
    made.gathered.parameters = made.gathered.parameters[:49]
    assert sure_figures.tornado(made) is None


# -- analyses -------------------------------------------------------------------------------------


def evsi() -> pd.DataFrame:
    rows = [
        (design, size, months, 100.0 * np.log(size) * months / 12 * scale, 5.0 * size, 2e3)
        for design, scale in (("randomised", 1.0), ("matched", 0.7))
        for size in (160, 1000, 6000)
        for months in (6.0, 12.0, 24.0)
    ]
    columns = ["design", "size", "follow_up", "evsi", "cost", "informs_evppi"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(standard_error=50.0, informs_evppi_error=70.0)


def test_the_value_of_learning_is_drawn_by_size_and_by_length() -> None:
    labels = {"randomised": "By lot", "matched": "Matched"}
    found = worth_of_studies("evsi", evsi(), labels, whole=True)
    assert len(found.rows) == len(evsi())
    assert found.svg.count("24 months") >= 2
    for label in labels.values():
        assert label in found.svg
    assert "By lot, 6,000 participants, 24 months" in found.alternative
    assert "would teach is worth £1,740 (±\u00a0£50)" in found.alternative
    assert "worth more than £2,000 (±\u00a0£70)" in found.alternative
    paid = int((evsi()["evsi"] > evsi()["cost"]).sum())
    assert f"{paid} of 18 sizes and lengths" in found.alternative
    part = worth_of_studies("evsi", evsi(), labels, whole=False)
    assert "cannot be set against what a study costs" in part.alternative
    assert "of 18" not in part.alternative


@pytest.mark.parametrize(("draws", "drawn"), [(N, True), (49, False)])
def test_a_run_with_draws_enough_says_what_an_evaluation_would_teach(
    inputs: Inputs, draws: int, drawn: bool
) -> None:
    from dapp_model.decision import studies
    from dapp_model.report.learning_figures import learning

    made = totals(inputs, pd.DataFrame({made_up.EFFECT: made_up.effects(N)})[:draws])
    found = learning(made)
    assert (found is not None) == drawn
    if found:
        sizes, months = studies.sizes()
        assert len(found.rows) == len(studies.designs()) * len(sizes) * len(months)
        top = dict(zip(found.header, found.rows[0], strict=True))["informs_evppi"]
        assert words.money(float(top)) in found.alternative  # type: ignore[arg-type]


def test_an_analysis_draws_at_most_four_lines_in_colour() -> None:
    found = {f"line {i}": [0.0, float(i)] for i in range(7)}
    told = pictures.Words("many", "Many lines", "Line 6 is the highest.", "GBP", "Chance")
    chart = pictures.lines(told, [0.0, 1.0], found)
    assert [f"line {i}" in chart.svg for i in range(7)] == [False] * 3 + [True] * 4
    assert "3 others" in chart.svg
    assert {row[0] for row in chart.rows} == set(found)


def test_an_analysis_writes_all_forms_of_a_picture(tmp_path: Path) -> None:
    told = pictures.Words("bars", "Bars", "One bar, 3 long.", "people")
    picture = pictures.bars(told, [pictures.Bar(made_up.EFFECT, 0.0, 3.0, 1.0)], pounds=False)
    assert sure_figures.label_of(made_up.EFFECT).split()[0] in picture.svg
    place = files.write(tmp_path, files.Analysis("a", ("s",), {}, {}, (picture,)), ("Mark.",))
    assert {path.name for path in place.iterdir()} == {
        "bars.svg", "bars.png", "bars.csv", "bars.txt", "a.json",
    }  # fmt: skip
    assert "Mark." in (place / "bars.txt").read_text("utf-8")


# -- a person's timeline --------------------------------------------------------------------------


def story(inputs: Inputs) -> trace.Story:
    return trace.tell(inputs, "extend", None, trace.Luck(seed=2))


def test_every_kind_of_event_has_its_lane() -> None:
    alone = {kind for kind in ev.KINDS if timeline.group_of(kind) is None}
    assert alone == {ev.ENTRY, ev.EXIT, ev.RELATIONSHIP_START, ev.RELATIONSHIP_END}
    assert timeline.group_of(ev.INCIDENT) == timeline.ABUSE
    assert timeline.group_of(ev.ARREST) == timeline.POLICE
    assert timeline.group_of(ev.IDVA_START) == timeline.VICTIMS
    assert timeline.group_of(ev.SUPPORT_START) == timeline.VICTIMS
    assert timeline.group_of(ev.SESSION) == timeline.PROGRAMME


def test_the_timeline_shows_the_story_and_says_that_it_is_simulated() -> None:
    told = story(small_study.inputs())
    chart = timeline.picture(small_study.inputs(), told)
    assert re.search(r">\d+ events?<", chart.svg)
    assert len(chart.rows) == len(told.moments)
    assert [row[:3] for row in chart.rows] == [
        (one.date, one.without, one.with_option) for one in told.moments
    ]
    for text in (chart.svg, chart.alternative):
        assert "nobody real is" in text
    abuse = sum(bool(one.without) and one.kind == "incident" for one in told.moments)
    assert f"{abuse} incidents of abuse" in chart.alternative
    changed = sum(one.without != one.with_option for one in told.moments)
    assert f"{changed} happen in one of the two alone" in chart.alternative
    assert chart.png == timeline.picture(small_study.inputs(), told).png


def test_trace_writes_its_picture_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = small_study.write_scenario(tmp_path)
    forms = {f"timeline.{form}" for form in ("svg", "png", "csv", "txt")}
    for more in (["--out", "here"], ["--out", "there", "--json"], []):
        assert cli.main(["trace", str(path), "--option", "extend", *more]) == 0
    text = capsys.readouterr().out
    assert "written to here" in text
    default = list((tmp_path / "results" / "small").iterdir())
    assert len(default) == 1
    assert re.fullmatch(r"trace-extend-person\d+", default[0].name)
    for place in (tmp_path / "here", tmp_path / "there", default[0]):
        assert {one.name for one in place.iterdir()} == forms
    assert "Only 2% of the county" in (tmp_path / "here" / "timeline.txt").read_text("utf-8")


def test_a_picture_that_cannot_be_written_is_a_plain_sentence(tmp_path: Path) -> None:
    from dapp_model.errors import RunError

    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    chart = figures.Chart("timeline", "t", "a", ("x",), ((1,),), "<svg/>", b"")
    with pytest.raises(RunError, match="could not be written"):
        timeline.write(tmp_path / "file", chart, ())
