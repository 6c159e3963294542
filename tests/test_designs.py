"""Is a design evaluated to the same bytes by whoever does it, stopped anywhere, in little room?"""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dapp_model as dm
from dapp_model import parts
from dapp_model.errors import InputErrors, RunError
from dapp_model.parts import Part
from dapp_model.progress import Pace

ROWS = 23
LARGE = 250_000  # bytes of a large row


def squares(shared: int, row: int) -> Part:
    own = np.arange(row % 5, dtype=np.int64) ** 2 * shared
    return Part({"squares": own, "share": np.array([[row / 7]])}, f"row {row}")


def large(shared: int, row: Any) -> Part:
    return Part({"random": np.random.default_rng(len(row)).random(LARGE // 8)})


def killed(shared: int, row: int) -> Part:
    import os

    os._exit(1)


def design(rows: Sequence[Any] = range(ROWS), work: Any = squares, key: str = "k") -> dm.Design:
    return dm.Design(3, rows, work, [f"row_{i}" for i in range(len(rows))], key)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def executor(name: str) -> Iterator[int | Executor]:
    if name.isdigit():
        yield int(name)
        return
    kind = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}[name]
    with kind(2) as one:
        yield one


@pytest.mark.parametrize("who", ["1", "2", "threads", "processes"])
@pytest.mark.parametrize("chunk", [1, 4])
def test_bytes_do_not_depend_on_who_works_or_how_much_at_a_time(
    tmp_path: Path, who: str, chunk: int
) -> None:
    dm.evaluate(design(), tmp_path / "plain")
    with executor(who) as workers:
        found = dm.evaluate(design(), tmp_path / "other", dm.How(workers, chunk))
    assert content(tmp_path / "other") == content(tmp_path / "plain")
    assert len(found) == ROWS
    for row, part in enumerate(found):
        assert part.text == f"row {row}"
        assert part.arrays["squares"].tolist() == [3 * i * i for i in range(row % 5)]
        assert part.arrays["share"].tolist() == [[row / 7]]
    assert found[4].text == "row 4"


@pytest.mark.parametrize(("after", "workers"), [(0, 1), (1, 1), (9, 1), (ROWS, 1), (9, 2)])
def test_it_goes_on_from_wherever_it_was_stopped(tmp_path: Path, after: int, workers: int) -> None:
    def stop(done: int, total: int) -> None:
        if done == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dm.evaluate(design(), tmp_path / "stopped", dm.How(workers, progress=stop))
    stored = {p: p.stat().st_mtime_ns for p in (tmp_path / "stopped").glob("*.parquet")}
    assert len(stored) == after  # what was said to be stored is
    (tmp_path / "stopped" / "row_3.99.part").write_bytes(b"broken off")
    told: list[tuple[int, int]] = []
    how = dm.How(workers, progress=lambda done, total: told.append((done, total)))
    dm.evaluate(design(), tmp_path / "stopped", how)
    assert told == [(done, ROWS) for done in range(after, ROWS + 1)]
    assert all(path.stat().st_mtime_ns == when for path, when in stored.items())
    dm.evaluate(design(), tmp_path / "plain")
    assert content(tmp_path / "stopped") == content(tmp_path / "plain")


def test_the_folder_of_another_design_is_refused(tmp_path: Path) -> None:
    dm.evaluate(design(range(2)), tmp_path)
    before = content(tmp_path)
    with pytest.raises(InputErrors, match="another design"):
        dm.evaluate(design(range(3), key="other"), tmp_path)
    assert content(tmp_path) == before


def test_a_process_that_is_killed_is_said_in_a_sentence(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as workers, pytest.raises(RunError, match="stopped from outside"):
        dm.evaluate(design(work=killed), tmp_path, dm.How(workers))


@dataclass(frozen=True)
class Lazy(Sequence[bytes]):
    """Rows that are made when they are asked for."""

    n: int

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, row: Any) -> Any:
        if row >= self.n:
            raise IndexError(row)
        return bytes(LARGE)


def test_memory_holds_a_few_rows_however_many_there_are(tmp_path: Path) -> None:
    def peak(n: int) -> int:
        tracemalloc.start()
        found = dm.evaluate(design(Lazy(n), large, f"{n}"), tmp_path / f"{n}")
        assert sum(float(part.arrays["random"][0]) > 0 for part in found) == n
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(2)  # what is imported on the way
    assert peak(120) < peak(12) + 4 * LARGE


def test_parts_keep_arrays_to_the_bit() -> None:
    shapes = [(), (0,), (0, 3), (2, 3, 4)]
    arrays = {
        f"{kind.__name__} {shape}": np.full(shape, value, kind)
        for shape, (kind, value) in itertools.product(
            shapes, [(np.int64, -(2**63)), (np.int64, 7), (np.float64, 0.1), (np.float64, np.nan)]
        )
    }
    found = parts.decoded(parts.encoded(Part(arrays, "Texte, «ü»")))
    assert found.text == "Texte, «ü»"
    assert list(found.arrays) == list(arrays)
    for name, values in arrays.items():
        assert found.arrays[name].dtype == values.dtype
        assert found.arrays[name].shape == values.shape
        assert found.arrays[name].tobytes() == values.tobytes()


def test_what_cannot_be_kept_exactly_is_refused() -> None:
    with pytest.raises(TypeError, match="float32"):
        parts.encoded(Part({"short": np.zeros(3, np.float32)}))


def test_a_part_that_is_broken_is_said_in_a_sentence(tmp_path: Path) -> None:
    found = dm.evaluate(design(range(2)), tmp_path)
    (tmp_path / "row_1.parquet").write_bytes(b"half")
    with pytest.raises(RunError, match="cannot be read"):
        found[1]


def test_the_estimate_follows_the_pace_of_late() -> None:
    """Ten slow parts of 100 s and then quick ones of 1 s: soon the slow ones say nothing."""
    pace, now = Pace(), 0.0
    assert pace.said(now, 0, 110) == "estimating how long it takes"
    for done in range(1, 11):
        now += 100
        said = pace.said(now, done, 110)
    assert said == "about 2.8 hours left"
    for done in range(11, 61):
        now += 1
        said = pace.said(now, done, 110)
    assert said == "about 50 seconds left"
    assert pace.said(now + 30, 60, 110) != said  # a part that takes long counts while it does
    assert pace.said(now + 31, 110, 110) == "done"
    assert pace.said(now + 31, 0, 5) == "estimating how long it takes"


def test_marks_of_a_long_run_take_no_room() -> None:
    pace = Pace()
    for done in range(100_000):
        said = pace.said(float(done), done, 200_000)
    assert len(pace._marks) <= 1001
    assert said == "about 27.8 hours left"


def test_a_design_of_draws_counts_what_simulating_them_counts(tmp_path: Path) -> None:
    from small_study import inputs  # heavy, and each process here imports this file

    small, seed = inputs(), 5
    made = dm.experiment.of_draws(small, 2, seed=seed)
    found = dm.evaluate(made, tmp_path / "draws")
    drawn = dm.experiment.draw_inputs(small, 1, seed)
    expected = dm.experiment.evaluate_options(drawn, seed=seed, replicate=1)
    (counted,) = dm.experiment.counts_of(found[1], small.options)
    for name, outcomes in expected.items():
        assert counted[name].years == outcomes.years
        assert (counted[name].counts == outcomes.counts).all()
    rows = [dm.experiment.draw_inputs(small, number, seed) for number in range(2)]
    given = dm.evaluate(dm.experiment.of_inputs(rows, seed=seed), tmp_path / "inputs")
    for one, other in zip(found, given, strict=True):
        assert (one.arrays["counts"] == other.arrays["counts"]).all()


def test_every_public_name_is_there() -> None:
    for name in dm.__all__:
        assert getattr(dm, name) is not None
    assert dm.evaluate is dm.experiment.evaluate
    assert set(dm.__all__) <= set(dir(dm))
