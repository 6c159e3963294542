"""What analyses of a run have left in its folder; the pack quotes them where it would be silent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dapp_model import given
from dapp_model.errors import RunError

SINCE: Final = "since_earlier_pack"
BASE: Final = "difference_from_base"


def read(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return each analysis under `analysis/<name>/<name>.json` by its name; empty if none is there.

    So are the comparisons that stand beside `analysis`: with an earlier pack, and with the base.
    Raises RunError if a file cannot be read: what is there is never passed over.
    """
    found: dict[str, Mapping[str, Any]] = {}
    beside = [folder / name / f"{name}.json" for name in (BASE, SINCE)]
    there = [*sorted((folder / "analysis").glob("*/*.json")), *(p for p in beside if p.is_file())]
    for path in there:
        if path.stem != path.parent.name:
            continue
        try:
            found[path.stem] = given.json_table(path)
        except given.Unreadable as error:
            raise RunError(f"The analysis {path} cannot be read ({error.reason}).") from None
    return found


def sentences(found: Mapping[str, Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """Return what an analysis says, or nothing."""
    said = found.get(name, {}).get("sentences", ())
    return tuple(str(line) for line in said)
