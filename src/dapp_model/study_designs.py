"""The data file of study designs: what evaluations and monitoring see, cost and take."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def data_file() -> Mapping[str, Any]:
    """Return the data file of study designs as it stands."""
    path = Path(__file__).parent / "data" / "study_designs.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def pilot_figures() -> Mapping[str, Any]:
    """Return the section of the data file about the pilot's own evaluation."""
    found: Mapping[str, Any] = data_file()["pilot"]
    return found


def reporting_months() -> float:
    """Return the time from the last follow-up to results, in months."""
    return figure(data_file()["sizes"]["reporting_months"])


def figure(entry: Mapping[str, Any]) -> float:
    """Return the number of an entry of the data file."""
    return float(entry["value"])
