"""A finished run as it lies in its folder: how it was made, what it decided, and its files."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model import given, paths
from dapp_model.errors import InputErrors, Problem
from dapp_model.made_with import installed
from dapp_model.study import Plan

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

DATA_FILES: Final = (
    "inputs.toml",
    "outcomes.parquet",
    "outcomes.csv",
    "account.parquet",
    "account.csv",
    "ledger.parquet",
    "draws.parquet",
    "parameters.csv",
    "costs.csv",
    "effects.csv",
    "without_luck.csv",
    "effect_prior.csv",
    "effect_prior_acceptability.csv",
    "structural.csv",
    "acceptability.csv",
    "information.csv",
    "luck.csv",
    "monitoring.csv",
    "decision.json",
)
_LIBRARIES: Final = ("numpy", "numba", "scipy", "pandas", "pyarrow", "matplotlib")


def refusal(where: str, message: str, found: str = "", expected: str = "") -> InputErrors:
    """Return an error about something that was asked for, to be shown as a sentence."""
    return InputErrors((Problem(where, None, "", found, expected, message),))


def usable(folder: Path) -> None:
    """Raise InputErrors if the system cannot look at a folder, as with a name of 300 letters."""
    if reason := paths.trouble(folder):
        raise refusal(paths.shown(folder), f"This cannot be the name of a folder ({reason}).")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run; raises InputErrors if there is none."""
    usable(folder)
    path = folder / "manifest.json"
    wanted = "the folder of a run, with manifest.json in it"
    if not path.is_file():
        raise refusal(str(folder), "This is not the folder of a run.", "no manifest.json", wanted)
    try:
        return given.json_table(path)
    except given.Unreadable as error:
        raise refusal(str(path), "The manifest cannot be read.", error.reason, wanted) from None


def read_decision(folder: Path) -> dict[str, Any]:
    """Return what a run decided; raises InputErrors."""
    path = folder / "decision.json"
    try:
        return given.json_table(path)
    except given.Unreadable as error:
        message, wanted = "The decision of the run cannot be read.", "decision.json of a run"
        raise refusal(str(path), message, error.reason, wanted) from None


def read_run(folder: Path) -> tuple[Inputs, Plan, dict[str, Any]]:
    """Return the inputs, the plan and the manifest of a run; raises InputErrors."""
    from dapp_model.scenario import load

    manifest = read_manifest(folder)
    inputs = load(folder / "inputs.toml")
    try:
        plan = Plan(
            draws=int(manifest["draws"]),
            replications=int(manifest["replications"]),
            seed=int(manifest["seed"]),
            engine=str(manifest["engine"]),
            quick=bool(manifest["quick"]),
            whole=int(manifest["whole_draws"]),
            nested=int(manifest.get("nested_draws", manifest["draws"])),
        )
        name = str(manifest["scenario"])
        versions_then = manifest.get("versions", {})
        if not paths.plain_name(name) or not isinstance(versions_then, dict):
            raise ValueError(f"a scenario called {name!r}, or no table of versions")
        if min(plan.draws, plan.replications) < 1 or min(plan.seed, plan.nested) < 0:
            raise ValueError("fewer than one draw, or a number below zero")
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise refusal(
            str(folder / "manifest.json"), "The manifest lacks something.", str(error)
        ) from None
    # inputs.toml is the scenario written out in full: its files had another hash.
    hashed = str(manifest.get("scenario_hash", inputs.text_hash))
    return replace(inputs, name=name, text_hash=hashed), plan, manifest


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries that count."""
    from dapp_model import __version__

    own = {"dapp-model": __version__, "python": platform.python_version()}
    return own | installed(_LIBRARIES)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
