"""What all draws of a run say together, kept in its folder: documents are written again from it.

One file, `totals.npz`: every array by a number, and a description of how they make up the whole,
as JSON. It holds no code, so that reading a run of somebody else's runs nothing.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from dapp_model import packed
from dapp_model.all_draws import Gathered
from dapp_model.decision import Later, Reading, Study, Worth
from dapp_model.economics import Line, Position
from dapp_model.errors import RunError
from dapp_model.money import Purse

NAME: Final = "totals.npz"
_TREE: Final = "tree"
_MOST_BYTES: Final = 100_000_000  # unpacked; a larger file may unfold to so many times its size
_MOST_FOLDED: Final = 200
_KNOWN: Final = packed.kinds(Gathered, Worth, Purse, Position, Line, Reading, Later, Study)


def write(folder: Path, gathered: Gathered) -> None:
    """Write `totals.npz`; the same totals have the same bytes."""
    tree, arrays = packed.pack(gathered, _KNOWN)
    named = {str(i): array for i, array in enumerate(arrays)}
    held = io.BytesIO()
    np.savez_compressed(held, **{_TREE: np.frombuffer(tree.encode(), np.uint8)}, **named)  # type: ignore[arg-type]
    (folder / NAME).write_bytes(held.getvalue())


def read(folder: Path) -> Gathered:
    """Return what was written; raises RunError if it is not there or of another version."""
    path = folder / NAME
    try:
        # Opened here, since numpy leaves a file open that is no archive after all.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            _bounded(path)
            tree = found[_TREE].tobytes().decode()
            gathered = packed.unpack(tree, found, _KNOWN)
            if not isinstance(gathered, Gathered):
                raise ValueError("no totals of a run")
            return gathered
    except Exception as error:  # a spoiled archive breaks in every way there is
        reason = " ".join(f"{error}".split())[:200] or type(error).__name__
        raise RunError(
            f"The totals of the run cannot be read ({path}: {reason}); run the scenario again."
        ) from None


def _bounded(path: Path) -> None:
    """Raise ValueError for a file that would unfold beyond use."""
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > max(_MOST_BYTES, _MOST_FOLDED * path.stat().st_size):
        raise ValueError(f"it unfolds to {size:,} bytes")
