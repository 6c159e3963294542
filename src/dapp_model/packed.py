"""Nested values as arrays and a description in JSON: no code, and equal values have equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

Arrays = list[npt.NDArray[Any]]
Kinds = Mapping[str, Any]


def kinds(*classes: type) -> Kinds:
    """Return the data classes that values are made of, by name."""
    return {one.__name__: one for one in classes}


def pack(value: Any, known: Kinds) -> tuple[str, Arrays]:
    """Return a description and the arrays that it refers to by number.

    Raises TypeError if a data class is not among `known`: nobody could read it.
    """
    arrays: Arrays = []
    return json.dumps(_packed(value, arrays, known), ensure_ascii=False), arrays


def unpack(described: str, arrays: Mapping[str, npt.NDArray[Any]], known: Kinds) -> Any:
    """Return the value; `arrays` are by number as a text."""
    return _unpacked(json.loads(described), arrays, known)


def _packed(found: Any, arrays: Arrays, known: Kinds) -> Any:
    """Return a value as JSON can hold it; arrays go to `arrays` and leave their number."""
    import pandas as pd

    if isinstance(found, np.ndarray):
        arrays.append(found)
        return {"array": len(arrays) - 1}
    if isinstance(found, pd.DataFrame):
        columns = [[str(name), _packed(found[name], arrays, known)] for name in found.columns]
        return {"frame": columns}
    if isinstance(found, pd.Series):
        values = found.to_numpy()
        plain = values.dtype != object
        return _packed(values if plain else values.tolist(), arrays, known)
    if is_dataclass(found) and not isinstance(found, type):
        kind = type(found).__name__
        if known.get(kind) is not type(found):
            raise TypeError(f"{kind} is not among the kinds that can be read again")
        parts = {
            one.name: _packed(getattr(found, one.name), arrays, known) for one in fields(found)
        }
        return {"kind": kind, "parts": parts}
    if isinstance(found, Mapping):
        pairs = [[str(key), _packed(value, arrays, known)] for key, value in found.items()]
        return {"mapping": pairs}
    if isinstance(found, tuple | list):
        return {type(found).__name__: [_packed(one, arrays, known) for one in found]}
    if isinstance(found, np.generic):
        return found.item()
    return found


def _unpacked(tree: Any, arrays: Mapping[str, npt.NDArray[Any]], known: Kinds) -> Any:
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        return arrays[str(tree["array"])]
    if "frame" in tree:
        return _frame({name: _unpacked(column, arrays, known) for name, column in tree["frame"]})
    if "kind" in tree:
        parts = {name: _unpacked(part, arrays, known) for name, part in tree["parts"].items()}
        return known[tree["kind"]](**parts)
    if "mapping" in tree:
        return {key: _unpacked(value, arrays, known) for key, value in tree["mapping"]}
    if "tuple" in tree:
        return tuple(_unpacked(one, arrays, known) for one in tree["tuple"])
    return [_unpacked(one, arrays, known) for one in cast(list[Any], tree["list"])]


def _frame(columns: Mapping[str, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(dict(columns))
