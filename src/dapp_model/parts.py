"""Results of units of work, each kept in a Parquet file that appears whole or not at all.

A file has one row for each array: its name, its shape and its numbers, whole or real. What is not
an array is a description, kept with the file as text. It holds no code.
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
_TEXT: Final = b"described"


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
    shapes = [np.array(values.shape, np.int32) for values in part.arrays.values()]
    table = pa.table(
        {
            "name": pa.array(list(part.arrays), pa.string()),
            "shape": pa.array(shapes, pa.list_(pa.int32())),
            "whole": pa.array(wholes, pa.list_(pa.int64())),
            "real": pa.array(reals, pa.list_(pa.float64())),
        }
    ).replace_schema_metadata({_TEXT: part.text.encode()})
    held = io.BytesIO()
    pq.write_table(table, held, compression="zstd", write_statistics=False)
    return held.getvalue()


def decoded(content: bytes) -> Part:
    """Return what the bytes of a file hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(content))
    names, shapes = table["name"].to_pylist(), table["shape"].to_pylist()
    columns = [table[kind].combine_chunks() for kind in ("whole", "real")]
    arrays = {}
    for i, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        held = next(column for column in columns if column[i].is_valid)
        arrays[name] = np.array(held[i].values.to_numpy(zero_copy_only=False)).reshape(shape)
    return Part(arrays, (table.schema.metadata or {}).get(_TEXT, b"").decode())


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
