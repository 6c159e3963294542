"""Does a cluster that is started as the page says give the same bytes, and refuse what it must?

A scheduler and workers are processes of their own on this machine. All cases: `-m long`, or
`python -m robustness.cluster`.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_study import PLAN, finished, inputs

from dapp_model import far, parallel, runs, stored
from dapp_model.errors import InputErrors, RunError
from robustness import cluster

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "howto" / "cluster.md"


def needs_the_extra() -> None:
    """Skip where the extra `cluster` is not installed; `test` holds it."""
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


def commands() -> tuple[list[str], list[str]]:
    """Return the two commands of the page that start a cluster."""
    text = PAGE.read_text(encoding="utf-8")
    scheduler, worker = re.findall(r"^dask .*$", text, flags=re.MULTILINE)
    return shlex.split(scheduler), shlex.split(worker)


def test_the_commands_of_the_page_are_those_that_are_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each word of the page's commands is among those with which the proof starts its cluster."""
    started: list[list[str]] = []

    class Idle:
        def __init__(self, words: list[str], **_: object) -> None:
            started.append(words[3:])

    monkeypatch.setattr(cluster.subprocess, "Popen", Idle)
    monkeypatch.setattr(cluster, "until", lambda holds, what: None)
    monkeypatch.setattr(cluster.Cluster, "wait_for", lambda self, workers: None)
    cluster.Cluster(tmp_path, port=8786).start(1)
    for page, ours in zip(commands(), started, strict=True):
        of_the_page = [w for w in page[1:] if w not in ("--nworkers", "4")]
        assert set(of_the_page) <= set(ours), (page, ours)


def test_two_workers_of_a_cluster_give_the_bytes_of_one_process(tmp_path: Path) -> None:
    """One of them is killed when a part is stored; the other does what is left."""
    needs_the_extra()
    killed: list[int] = []
    with cluster.cluster(tmp_path / "cluster") as lent:

        def kill(done: int, total: int) -> None:
            if done >= 1 and not killed:
                lent.workers[0].kill()
                killed.append(done)

        how = runs.How(parallel.Cluster(lent.address), progress=kill)
        made = runs.run(inputs(), PLAN, tmp_path / "far", how)
    assert killed == [1]
    for name in (*stored.DATA_FILES, "totals.npz"):
        assert (made.folder / name).read_bytes() == (finished().folder / name).read_bytes(), name
    assert stored.read_manifest(made.folder)["workers"] == "a Dask cluster"


def test_a_worker_with_other_sources_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    needs_the_extra()
    row = cluster.other_sources(tmp_path)
    assert row.holds, row
    assert "was refused" in row.said
    assert "sources of dapp-model" in row.said


def test_an_address_at_which_nobody_listens_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs_the_extra()
    monkeypatch.setattr(far, "CONNECT_SECONDS", 2)
    address = f"tcp://127.0.0.1:{cluster.free_port()}"
    with pytest.raises(RunError, match="No Dask scheduler answers at tcp"):
        list(parallel.as_they_finish(abs, [(1,)], parallel.Cluster(address)))


def test_what_is_no_address_is_wrong_input() -> None:
    needs_the_extra()
    with pytest.raises(InputErrors, match="not the address of a Dask scheduler"):
        list(parallel.as_they_finish(abs, [(1,)], parallel.Cluster("pigeon://roof")))


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputErrors, match=r"dapp-model\[cluster\]"):
        list(parallel.as_they_finish(abs, [(1,)], parallel.Cluster("tcp://127.0.0.1:1")))


def test_what_the_table_says_came_out_as_said() -> None:
    rows = cluster.table()
    assert len(rows) == len(cluster.CASES)
    for _, _, result, _ in rows.values():
        assert result in ("same bytes as local", "nothing written")


@pytest.mark.long
def test_all_cases_come_out_as_said(tmp_path: Path) -> None:
    needs_the_extra()
    rows = [case(tmp_path) for case in cases()]
    assert [row for row in rows if not row.holds] == []


def cases() -> tuple[Callable[[Path], cluster.Row], ...]:
    return cluster.CASES
