"""How much of the spread is luck, and what it would be worth to know more before choosing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision.chance import Apart

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

FEWEST: Final = 50  # draws with which a regression is worth reading
REPLICATIONS: Final = (1, 2, 4, 8, 16)
NOTHING_DRAWN: Final = "nothing_drawn"  # the only column of parameters where all draws are alike
NOT_ASSESSED: Final = "not assessed"
ONLY_ONE: Final = "only one option may be chosen"


def luck_of(names: Sequence[str], found: Apart, nested: Floats) -> dict[str, Any]:
    """Return how much of the spread between draws is luck, and what repetitions would do to it.

    `nested` is [draw, repetition, option].
    """
    luck, draws = found.luck, len(nested)
    said: dict[str, Any] = {"removed": found.removed, "replications": luck.replications}
    if not luck.corrected:
        return said | {
            "share_of_spread": None,
            "largest_share": None,
            "monte_carlo_error": None,
            "error_by_replications": [],
        }
    shares = dict(zip(names, luck.luck_share.tolist(), strict=True))
    table = voi.error_by_replications(luck, draws, REPLICATIONS)
    rows = [
        {
            "replications": n,
            "runs": int(row["runs"]),
            "error": dict(zip(names, row.iloc[1:].tolist(), strict=True)),
        }
        for n, (_, row) in zip(REPLICATIONS, table.iterrows(), strict=True)
    ]
    made = voi.over_replications(nested).std(axis=0, ddof=1) / np.sqrt(draws)
    return said | {
        "share_of_spread": shares,
        "monte_carlo_error": dict(zip(names, made.tolist(), strict=True)),
        "largest_share": max(list(shares.values())[1:], default=None),
        "error_by_replications": rows,
    }


def by_section(parameters: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    """Return the names of parameters by section of the registry."""
    found: dict[str, list[str]] = {}
    for name in parameters:
        found.setdefault(str(name).split(".")[0], []).append(str(name))
    return {section: tuple(names) for section, names in found.items()}


def information(nested: Floats, found: Apart, parameters: pd.DataFrame | None) -> dict[str, Any]:
    """Return the value of perfect information: of everything, and by section of the registry.

    `nested` is [draw, repetition, option] of the options that may be chosen and `found` the same
    without luck.
    """
    unit = "GBP for this programme, present value; no population multiplier"
    if nested.shape[2] < 2:
        # Whatever becomes known, there is nothing else to choose.
        return {
            "evpi": asdict(voi.Estimate(0.0, 0.0, True)),
            "evpi_with_luck": asdict(voi.Estimate(0.0, 0.0, True)),
            "evppi": NOT_ASSESSED,
            "luck_removed": found.removed,
            "reason": ONLY_ONE,
            "unit": unit,
        }
    if len(nested) < 2:
        return {
            "evpi": NOT_ASSESSED, "evpi_with_luck": NOT_ASSESSED, "evppi": NOT_ASSESSED,
            "unit": unit,
        }  # fmt: skip
    whole = voi.evpi_estimate(found.values, again=found.again)
    said: dict[str, Any] = {
        "evpi": asdict(whole),
        # Of the plain means of draws, to be had from draws.parquet alone.
        "evpi_with_luck": asdict(voi.evpi_estimate(voi.over_replications(nested))),
        "luck_removed": found.removed,
        "unit": unit,
    }
    if parameters is None or len(nested) < FEWEST or NOTHING_DRAWN in parameters:
        return said | {"evppi": NOT_ASSESSED}
    table = voi.evppi_groups(nested, parameters, by_section(parameters))
    table = table.sort_values("evppi", ascending=False, kind="stable")
    rows = [
        {
            "section": str(section),
            "parameters": len(str(row["members"]).split(", ")),
            "evppi": float(row["evppi"]),
            "standard_error": float(row["standard_error"]),
            "noise_limit": float(row["noise_limit"]),
            "zero_within_noise": bool(row["zero_within_noise"]),
        }
        for section, row in table.iterrows()
    ]
    return said | {"evppi": rows}
