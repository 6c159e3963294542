"""Hand a scenario out as a workbook, and make sure first that it comes back whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dapp_model import paths
from dapp_model.errors import InputErrors, Problem
from dapp_model.scenario import base_of, load, shipped

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

SUFFIX: Final = ".xlsx"
_EQUAL: Final = ("title", "question", "decision", "options", "values", "population_share")


def write(file: Path, out: Path | None, marks: Sequence[str] = ()) -> Path:
    """Write the workbook of a scenario file and return its path; nothing is replaced.

    Without `out` it stands in the current folder under the scenario's name. Before it is there it
    has been read back and found equal. Raises InputErrors.
    """
    from dapp_model.workbook.writing import workbook

    inputs, base = load(file), base_of(file)
    path = Path(f"{file.stem}{SUFFIX}") if out is None else out
    if path.suffix.lower() != SUFFIX:
        raise _refusal(path, "A workbook has a name that ends in .xlsx.", path.name, "NAME.xlsx")
    if reason := paths.trouble(path):
        raise _refusal(path, f"This cannot be the name of a file ({reason}).", "", "another name")
    if path.exists():
        message = "The file is already there and is not replaced."
        raise _refusal(path, message, path.name, "another name, with --out")
    content = workbook(inputs, _beside(base, path), marks)
    try:
        handle, name = tempfile.mkstemp(suffix=SUFFIX, prefix=".", dir=path.parent)
        made = Path(name)
        try:
            with open(handle, "wb") as stream:
                stream.write(content)
            odd = _lost(inputs, load(made))
            if odd:
                message = "Some text of the scenario cannot be held by a workbook."
                raise _refusal(file, message, ", ".join(odd), "texts without control characters")
            made.chmod(0o644)
            os.replace(made, path)
        finally:
            with suppress(OSError):
                made.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        expected = "a folder that exists and can be written to"
        raise _refusal(path, "The file cannot be written.", reason, expected) from None
    return path


def _beside(base: Path | None, path: Path) -> str:
    """Return the name by which a workbook finds the file that it is compared with."""
    if base is None:
        return ""
    there = shipped().get(base.name)
    if there is not None and there.resolve() == base.resolve():
        return base.name
    try:
        return Path(os.path.relpath(base.resolve(), path.resolve().parent)).as_posix()
    except ValueError:  # another drive, to which no way leads
        return ""


def _lost(inputs: Inputs, back: Inputs) -> list[str]:
    """Return what a workbook did not bring back as it was."""
    odd = [name for name in _EQUAL if getattr(inputs, name) != getattr(back, name)]
    odd += [
        f"option {name}"
        for name in inputs.options
        if name in back.options and inputs.option(name) != back.option(name)
    ]
    return odd + ([] if _held(inputs) == _held(back) else ["what is held"])


def _held(inputs: Inputs) -> set[str]:
    return {key for key in inputs.origins if key.startswith("assume.")}


def _refusal(path: Path, message: str, found: str, expected: str) -> InputErrors:
    return InputErrors((Problem(paths.shown(path), None, "", found, expected, message),))
