"""Benchmarks compare only what is the same, and the tables say what the history says."""

from __future__ import annotations

import ctypes
import json
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("benchmarks.run", reason="an installation has no benchmarks")

from benchmarks import history, suite_decision, suite_engines, suite_peers, tables
from benchmarks.inner_loop import limit
from benchmarks.inner_loop.compile_c import compiler
from benchmarks.measured import SIZES, Different, Row
from benchmarks.simple_county import law
from dapp_model import model
from dapp_model.randomness import block, stream_key
from dapp_model.scenario import load

ROOT = Path(__file__).parents[1]
needs_c = pytest.mark.skipif(compiler() is None, reason="no C compiler here")
KEYED = [peer for peer in suite_peers.PEERS if peer.keyed]


def record(name: str, value: float, size: str = "default") -> history.Record:
    stamp = {"date": "2026-01-01T00:00Z", "commit": "c", "python": "3", "processor": "p"}
    row = {"section": "engines", "name": name, "value": value, "unit": "times"}
    return history.Record(**stamp, cores=2, size=size, note="", **row, detail="", target="")


def small_world(share: float = 0.004) -> model.World:
    inputs = load(ROOT / "scenarios" / "surrey_extension.toml", {"population.share": share})
    return model.tabulate(inputs, "extend")


# -- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["README.md", "benchmarks/README.md"])
def test_the_tables_in_the_documents_are_the_latest_rows_of_the_history(name: str) -> None:
    records = history.latest(history.read())
    assert records, "nothing has been measured"
    expected = tables.documents(records)[ROOT / name]
    assert (ROOT / name).read_text(encoding="utf-8") == expected


def test_a_number_changed_by_hand_is_noticed() -> None:
    records = history.latest(history.read())
    name = next(one for one in tables.SHORT if one in records)
    changed = {**records, name: record(name, records[name].value * 3 + 1)}
    assert (
        tables.documents(changed)[ROOT / "README.md"]
        != tables.documents(records)[ROOT / "README.md"]
    )


def test_every_row_of_the_history_says_when_on_what_and_of_what() -> None:
    lines = history.FILE.read_text(encoding="utf-8").splitlines()
    dates = [json.loads(line)["date"] for line in lines]
    assert dates == sorted(dates), "the history is only ever added to"
    for one in history.read():
        assert one.commit
        assert one.python
        assert one.processor
        assert one.size in SIZES
        assert one.section in tables.SECTIONS
        assert np.isfinite(one.value)


def test_rows_are_added_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    stamp = history.stamped("short", "a note")
    history.append(stamp, Row("limit", "a", 1.23456789, "times", "of what", "at most 2"), file)
    before = file.read_bytes()
    history.append(stamp, Row("limit", "b", 2.0, "times"), file)
    assert file.read_bytes().startswith(before)
    first, second = history.read(file)
    assert (first.name, first.value, first.target) == ("a", 1.23457, "at most 2")
    assert second.note.startswith("a note")


def test_a_short_measurement_never_replaces_a_longer_one() -> None:
    rows = [record("a", 1.0), record("a", 2.0, "short"), record("b", 3.0, "short")]
    rows += [record("b", 4.0, "short"), record("c", 5.0, "short"), record("c", 6.0, "full")]
    found = {name: one.value for name, one in history.latest(rows).items()}
    assert found == {"a": 1.0, "b": 4.0, "c": 6.0}


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (51234.5, "times", "51,200 times"),
        (123.4, "times", "123 times"),
        (1.2345, "times", "1.23 times"),
        (83.26, "%", "83.3%"),
        (0.0, "bytes", "0 bytes"),
        (0.00002, "s", "0.0000 s"),
    ],
)
def test_numbers_are_shown_with_three_figures(value: float, unit: str, words: str) -> None:
    one = history.Record(**{**vars(record("a", value)), "unit": unit})
    assert tables.shown(one) == words


def test_a_document_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="benchmarks: begin"):
        tables.placed("no marks", "a table")


# -- the simple county ----------------------------------------------------------------------------


@pytest.mark.parametrize("peer", KEYED, ids=lambda peer: peer.name)
def test_every_peer_with_the_same_draws_counts_the_same(peer: suite_peers.Peer) -> None:
    if why := suite_peers.missing(peer):
        pytest.skip(why)
    standard = import_module("benchmarks.simple_county.plain_heap").simulate
    simulate = getattr(import_module(f"benchmarks.simple_county.{peer.module}"), peer.function)
    county = law.County().scaled(300)
    for key in suite_peers.keys(2):
        expected = standard(county, key)
        assert expected[law.RENEGES] > 0
        assert expected[law.COMPLETIONS] > 0
        np.testing.assert_array_equal(simulate(county, key), expected)


def test_counts_of_the_simple_county_hold_together() -> None:
    simulate = import_module("benchmarks.simple_county.plain_heap").simulate
    n = simulate(law.County().scaled(900), suite_peers.keys(1)[0])
    assert n[law.YEARLY :].sum() == n[law.INCIDENTS] <= n[law.CANDIDATES]
    assert n[law.HEARINGS] < n[law.REPORTS] < n[law.INCIDENTS]
    assert n[law.RENEGES] + n[law.SEATS] <= n[law.REFERRALS]
    assert n[law.COMPLETIONS] + n[law.DROP_OUTS] <= n[law.ASSESSMENTS] <= n[law.SEATS]
    # Gamma with shape a half and mean three, abusing for a year and a half on average.
    years = 900 * law.HORIZON
    assert abs(n[law.CANDIDATES] / (years * law.RATE) - 1) < 0.1


def test_a_peer_that_counts_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def ran(peer: suite_peers.Peer, people: int, keys: list[int]) -> dict[str, object]:
        counts = [[100 + (peer.name == "Ciw")] * law.SIZE for _ in keys]
        return {"counts": counts, "seconds": [1.0] * len(keys), "grown": 1024}

    monkeypatch.setattr(suite_peers, "ran", ran)
    monkeypatch.setattr(
        suite_peers, "missing", lambda peer: "not here" if peer.name == "salabim" else ""
    )
    monkeypatch.setattr(suite_peers, "in_distribution", lambda *_: ("", "near enough"))
    rows = {row.name: row for row in suite_peers.peers(SIZES["short"])}
    assert "refused" in rows["Ciw"].why
    assert rows["salabim"].why == "not here"
    assert rows["plain Python heap"].value == 1.0
    assert "near enough" in rows["Starsim, weekly steps"].detail


def test_luck_that_is_not_shared_is_compared_within_its_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(1)
    off = 0.0

    def ran(peer: suite_peers.Peer, people: int, keys: list[int]) -> dict[str, object]:
        shift = 0.0 if peer is suite_peers.STANDARD else off
        return {"counts": rng.normal(100 + shift, 10, (len(keys), law.SIZE)).tolist()}

    monkeypatch.setattr(suite_peers, "ran", ran)
    starsim = next(peer for peer in suite_peers.PEERS if not peer.keyed)
    assert suite_peers.in_distribution(starsim, SIZES["default"])[0] == ""
    off = 15.0
    assert "refused" in suite_peers.in_distribution(starsim, SIZES["default"])[0]


def test_what_is_missing_is_said_with_the_command_that_brings_it() -> None:
    for peer in suite_peers.PEERS:
        if peer.needs not in ("", "cc") and find_spec(peer.needs) is None:
            assert "pip install '.[bench]'" in suite_peers.missing(peer)


# -- C --------------------------------------------------------------------------------------------


@needs_c
def test_the_county_in_c_is_the_engines_to_the_bit() -> None:
    world = small_world()
    found = limit.same(world, 1, 0)
    assert found.counts.sum() > 0
    assert found.points > found.candidates > 1000
    other = limit.county(world, 2, 0)
    assert not np.array_equal(found.counts, other.counts)


@needs_c
def test_a_county_in_c_that_counts_otherwise_is_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = small_world()
    own = limit.county

    def wrong(*arguments: object) -> limit.Counted:
        found = own(*arguments)
        found.counts[0, 0, 0] += 1
        return found

    monkeypatch.setattr(limit, "county", wrong)
    with pytest.raises(Different, match="counts other things"):
        limit.same(world, 1, 0)


@needs_c
def test_random_numbers_in_c_are_the_packages() -> None:
    n = 50
    key = int(stream_key(3, 1))
    ours = 0
    for i in range(n):
        a, b, c, d = (int(word) for word in block(key, i, 1, limit.rnd.FIELD, i))
        ours += a ^ b ^ c ^ d
    assert limit.library().blocks(ctypes.c_int64(key), ctypes.c_int64(n)) == ours


def test_the_meter_counts_each_second_once_and_iterators_too() -> None:
    def busy() -> int:
        start = time.process_time()
        while time.process_time() - start < 0.02:
            pass
        return 1

    def several(n: int) -> Iterator[int]:
        for _ in range(n):
            yield busy()

    meter = suite_decision.Meter()
    inner = meter.counted(busy)
    assert meter.counted(inner)() == 1  # within another call: once
    assert meter.seconds == pytest.approx(0.02, rel=0.5)
    walked = meter.counted(several)(3)
    assert meter.seconds < 0.04, "nothing is done before it is asked for"
    for _ in walked:
        busy()  # outside
    assert meter.seconds == pytest.approx(0.08, rel=0.5)


def test_the_meter_leaves_the_engine_as_it_was() -> None:
    before = suite_decision.fast.take_census
    with suite_decision.metered():
        assert suite_decision.fast.take_census is not before
    assert suite_decision.fast.take_census is before


def test_rows_that_differ_stop_the_comparison_of_engines() -> None:
    rows = np.zeros(3, [("time", "i8")])
    suite_engines.same_log(rows, rows.copy())
    with pytest.raises(Different):
        suite_engines.same_log(rows, rows[:2])
