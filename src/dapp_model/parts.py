"""Results of units of work, each kept in a Parquet file that appears whole or not at all.

A file has one row for each array: its name, its shape and its numbers, whole or real. What is not
an array is a description, the text of a last row. It holds no code.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.errors import RunError

SUFFIX: Final = ".parquet"
UNFINISHED: Final = ".part"
_COLUMNS: Final = ("name", "shape", "whole", "real", "text")
_FLUSHED: Final = 64  # rows


@dataclass(frozen=True, eq=False)
class Part:
    """What one unit of work has found: arrays of numbers by name, and a text about them."""

    arrays: Mapping[str, npt.NDArray[Any]]
    text: str = ""


def encoded(part: Part) -> bytes:
    """Return the bytes of the file; int64 and float64 arrays of any shape are kept exactly."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wholes, reals = [], []
    for name, values in part.arrays.items():
        if values.dtype not in (np.int64, np.float64):
            raise TypeError(f"{name} is {values.dtype}; int64 and float64 can be kept")
        is_whole = values.dtype == np.int64
        wholes.append(values.ravel() if is_whole else None)
        reals.append(None if is_whole else values.ravel())
    shapes = [list(values.shape) for values in part.arrays.values()]
    n = len(shapes)
    columns = [
        pa.array([*part.arrays, ""], pa.string()),
        pa.array([*shapes, None], pa.list_(pa.int32())),
        pa.array([*wholes, None], pa.list_(pa.int64())),
        pa.array([*reals, None], pa.list_(pa.float64())),
        pa.array([*[None] * n, part.text], pa.string()),
    ]
    held = io.BytesIO()
    pq.write_table(
        pa.table(columns, names=_COLUMNS), held,
        compression="zstd", use_dictionary=False, write_statistics=False,
        column_encoding={"whole.list.element": "DELTA_BINARY_PACKED"},
    )  # fmt: skip
    return held.getvalue()


def decoded(content: bytes) -> Part:
    """Return what the bytes of a file hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False).combine_chunks()
    names, shapes, wholes, reals, texts = (table[name].combine_chunks() for name in _COLUMNS)
    held = [(one.offsets.to_numpy(), one.values.to_numpy()) for one in (wholes, reals)]
    is_real = wholes.is_null().to_pylist()
    arrays = {}
    for i, (name, shape) in enumerate(
        zip(names.to_pylist()[:-1], shapes.to_pylist()[:-1], strict=True)
    ):
        offsets, values = held[is_real[i]]
        arrays[name] = values[offsets[i] : offsets[i + 1]].reshape(shape).copy()
    return Part(arrays, texts[-1].as_py())


def path_of(folder: Path, name: str) -> Path:
    """Return the file of a unit of work."""
    return folder / f"{name}{SUFFIX}"


def keep(folder: Path, name: str, content: bytes) -> None:
    """Put a file in its place when all of it is on disk; until then there is none."""
    target = path_of(folder, name)
    made = target.with_suffix(f".{os.getpid()}{UNFINISHED}")
    try:
        with made.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        made.replace(target)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise


def read(folder: Path, name: str) -> Part:
    """Return what is kept of a unit of work; raises RunError if it is not there or is broken."""
    path = path_of(folder, name)
    try:
        return decoded(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(
            f"A stored part cannot be read ({path}: {error}). Remove it, and give the same command "
            "again: the part is simulated anew."
        ) from None


def finished(folder: Path) -> frozenset[str]:
    """Return the names of all units of work that are kept, and remove what was broken off."""
    for odd in folder.glob(f"*{UNFINISHED}"):
        with suppress(FileNotFoundError):
            odd.unlink()
    return frozenset(one.name.removesuffix(SUFFIX) for one in folder.glob(f"*{SUFFIX}"))


class RowsOnDisk:
    """Rows of numbers as they come, in a file and not in memory."""

    def __init__(self, path: Path, rows: int) -> None:
        """Make room for so many rows at a path; an earlier file there is replaced."""
        self._path, self._of, self._n = path, rows, 0
        self._rows: Any = None

    def append(self, row: npt.NDArray[np.float64]) -> None:
        """Add a row; all are alike in shape."""
        if self._rows is None:
            shape = (self._of, *row.shape)
            self._rows = np.lib.format.open_memmap(self._path, "w+", np.dtype(np.float64), shape)
        self._rows[self._n] = row
        self._n += 1
        if self._n % _FLUSHED == 0:
            # What is mapped counts as memory until it is let go.
            self._rows.flush()
            self._rows = np.load(self._path, mmap_mode="r+")

    def rows(self) -> npt.NDArray[np.float64]:
        """Return all rows, read from the file where they are looked at."""
        self._rows.flush()
        self._rows = None
        found: npt.NDArray[np.float64] = np.load(self._path, mmap_mode="r")
        return found
