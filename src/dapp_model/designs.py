"""Evaluate designs: many rows, each kept when it finishes, by whoever does the work.

One way through for all long work: processes here, threads, a Dask cluster, or any executor of
`concurrent.futures`. Public as `experiment.evaluate`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dapp_model import parallel, parts
from dapp_model.errors import InputErrors, Problem


@dataclass(frozen=True, eq=False)
class Design:
    """What is to be evaluated, and never how: rows, and what is kept of each.

    `shared` is what all rows have in common; it travels with every row, so it is small. `rows` say
    in small values what is another in each. `work` is a function of a module: (shared, row) ->
    Part, which depends on nothing else. `names` are those under which rows are kept, in the same
    order. `key` is a hash of everything on which results depend but the rows' names.
    """

    shared: Any
    rows: Sequence[Any]
    work: Callable[[Any, Any], parts.Part]
    names: Sequence[str]
    key: str

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class How:
    """How a design is evaluated; nothing here changes a byte of what is kept.

    `chunk` rows are handed out together, which pays where a row takes less than a tenth of a
    second. `progress` is called with how many rows are kept, and how many there are.
    """

    workers: parallel.Workers = 1
    chunk: int = 1
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The rows of a design that has been evaluated, read from disk one at a time."""

    folder: Path
    names: Sequence[str]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, row: int) -> parts.Part:
        """Return what is kept of a row."""
        return parts.read(self.folder, self.names[row])

    def __iter__(self) -> Iterator[parts.Part]:
        """Read all rows in the order of the design."""
        return (parts.read(self.folder, name) for name in self.names)


_KEY: Final = "key"


def evaluate(design: Design, folder: Path | str, how: How | None = None) -> Evaluation:
    """Evaluate all rows that `folder` does not hold yet; each is stored whole when it finishes.

    In memory are only the rows that are being worked on, however many there are. It can be stopped
    at any moment, and goes on from there. Raises InputErrors if the folder holds another design,
    RunError if those who work are lost; what is stored stays.
    """
    how, folder = how or How(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _same_design(design, folder)
    there = parts.finished(folder)
    todo = [row for row, name in enumerate(design.names) if name not in there]
    done, total = len(design) - len(todo), len(design)
    if how.progress:
        how.progress(done, total)
    chunks = [todo[i : i + how.chunk] for i in range(0, len(todo), how.chunk)]
    for number, found in parallel.as_they_finish(_stored, _Jobs(design, chunks), how.workers):
        for row, content in zip(chunks[number], found, strict=True):
            parts.keep(folder, design.names[row], content)
        done += len(found)
        if how.progress:
            how.progress(done, total)
    return Evaluation(folder, design.names)


@dataclass(frozen=True)
class _Jobs(Sequence[tuple[Any, ...]]):
    """What to hand out, made when it is asked for: ten thousand jobs take no more room than one."""

    design: Design
    chunks: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return len(self.chunks)

    def __getitem__(self, number: Any) -> Any:
        rows = [self.design.rows[row] for row in self.chunks[number]]
        return self.design.work, self.design.shared, rows


def _stored(
    work: Callable[[Any, Any], parts.Part], shared: Any, rows: Sequence[Any]
) -> list[bytes]:
    """Return the bytes to be kept of each row."""
    return [parts.encoded(work(shared, row)) for row in rows]


def _same_design(design: Design, folder: Path) -> None:
    """Label a folder with the key of its design; raises InputErrors if it has another."""
    label = folder / _KEY
    try:
        found = label.read_text(encoding="utf-8")
    except FileNotFoundError:
        made = label.with_suffix(f".{os.getpid()}{parts.UNFINISHED}")
        made.write_text(design.key, encoding="utf-8")
        made.replace(label)  # half a label would be that of another design, for ever
        return
    if found != design.key:
        raise InputErrors(
            (
                Problem(
                    str(folder), None, "", found[:40], design.key,
                    "The folder holds rows of another design, which are not replaced.",
                ),
            )
        )  # fmt: skip
