"""What all draws of a run say together, kept in its folder: documents are written again from it.

One file, `totals.npz`: every array by a number, and a description of how they make up the whole,
as JSON. It holds no code, so that reading a run of somebody else's runs nothing.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.decision import Reading, Worth
from dapp_model.economics import Line, Position
from dapp_model.errors import RunError
from dapp_model.money import Purse
from dapp_model.tables import Gathered

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "totals.npz"
_TREE: Final = "tree"
_MOST_BYTES: Final = 100_000_000  # unpacked; a larger file may unfold to so many times its size
_MOST_FOLDED: Final = 200
_KNOWN: Final = {one.__name__: one for one in (Gathered, Worth, Purse, Position, Line, Reading)}

Arrays = list[npt.NDArray[Any]]


def write(folder: Path, gathered: Gathered) -> None:
    """Write `totals.npz`; the same totals have the same bytes."""
    arrays: Arrays = []
    tree = json.dumps(_packed(gathered, arrays), ensure_ascii=False)
    named = {str(i): array for i, array in enumerate(arrays)}
    held = io.BytesIO()
    np.savez_compressed(held, **{_TREE: np.frombuffer(tree.encode(), np.uint8)}, **named)  # type: ignore[arg-type]
    (folder / NAME).write_bytes(held.getvalue())


def read(folder: Path) -> Gathered:
    """Return what was written; raises RunError if it is not there or of another version."""
    path = folder / NAME
    try:
        with np.load(path, allow_pickle=False) as found:
            _bounded(path)
            tree = json.loads(found[_TREE].tobytes())
            gathered = _unpacked(tree, found)
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


def _packed(found: Any, arrays: Arrays) -> Any:
    """Return a value as JSON can hold it; arrays go to `arrays` and leave their number."""
    import pandas as pd

    if isinstance(found, np.ndarray):
        arrays.append(found)
        return {"array": len(arrays) - 1}
    if isinstance(found, pd.DataFrame):
        columns = [[str(name), _packed(found[name], arrays)] for name in found.columns]
        return {"frame": columns}
    if isinstance(found, pd.Series):
        values = found.to_numpy()
        plain = values.dtype != object
        return _packed(values if plain else values.tolist(), arrays)
    if is_dataclass(found) and not isinstance(found, type):
        kind = type(found).__name__
        parts = {one.name: _packed(getattr(found, one.name), arrays) for one in fields(found)}
        return {"kind": kind, "parts": parts}
    if isinstance(found, Mapping):
        return {"mapping": [[str(key), _packed(value, arrays)] for key, value in found.items()]}
    if isinstance(found, tuple | list):
        return {type(found).__name__: [_packed(one, arrays) for one in found]}
    if isinstance(found, np.generic):
        return found.item()
    return found


def _unpacked(tree: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        return arrays[str(tree["array"])]
    if "frame" in tree:
        return _frame({name: _unpacked(column, arrays) for name, column in tree["frame"]})
    if "kind" in tree:
        parts = {name: _unpacked(part, arrays) for name, part in tree["parts"].items()}
        return _KNOWN[tree["kind"]](**parts)
    if "mapping" in tree:
        return {key: _unpacked(value, arrays) for key, value in tree["mapping"]}
    if "tuple" in tree:
        return tuple(_unpacked(one, arrays) for one in tree["tuple"])
    return [_unpacked(one, arrays) for one in tree["list"]]


def _frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(dict(columns))
