"""One small finished run that several tests look at, made once a session."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

from dapp_model import runs
from dapp_model.parameters import Inputs
from dapp_model.scenario import load
from dapp_model.study import Plan
from robustness.small import SMALL

PLAN = Plan(draws=2, replications=2, seed=3)


def write_scenario(folder: Path, name: str = "small", more: str = "") -> Path:
    """Write a small scenario and return its path."""
    path = folder / f"{name}.toml"
    path.write_text(SMALL + more, encoding="utf-8")
    return path


@cache
def space() -> Path:
    """Return a folder that is removed at the end of the session."""
    folder = Path(tempfile.mkdtemp(prefix="dapp_tests_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def inputs() -> Inputs:
    """Return the inputs of the small study."""
    return load(write_scenario(space()))


@cache
def finished() -> runs.Run:
    """Return the small study's run."""
    return runs.run(inputs(), PLAN, space() / "finished")


def sleep_long(inputs: Inputs) -> None:
    """Do nothing for longer than any test waits, in a worker process."""
    time.sleep(300)
