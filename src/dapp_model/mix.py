"""What true incidents are: the mix of behaviours, and how each is reported."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs


def true_mix(inputs: Inputs) -> npt.NDArray[np.float64]:
    """Return the true mix of behaviours [ordinary or high harm, behaviour]; rows add up to one.

    The mix over both kinds of case is as stated; high-harm cases have higher odds of a serious
    behaviour. The homicide share is the rate per recorded incident times the chance that an
    incident is recorded. The array is not to be written to.
    """
    v = inputs.values
    return _mix(
        tuple(v[f"incident.mix_{name}"] for name in ev.BEHAVIOURS[: ev.HOMICIDE]),
        v["incident.homicides_per_1000_recorded"],
        tuple(report_probabilities(inputs).tolist()),
        v["record.probability"],
        v["case.high_harm_odds"],
        v["case.high_harm_share"],
    )


@lru_cache(maxsize=64)
def _mix(
    stated: tuple[float, ...],
    homicides: float,
    reported: tuple[float, ...],
    record: float,
    odds: float,
    high: float,
) -> npt.NDArray[np.float64]:
    row = np.array([*stated, 0.0, 0.0])
    row[ev.NONE] = 1.0 - row.sum()
    recorded = float((row * np.array(reported)).sum()) * record
    killed = homicides / 1000 * recorded
    row[ev.HOMICIDE] = killed
    row[ev.NONE] -= killed
    weight = np.ones(10)
    weight[[ev.INJURY, ev.RAPE, ev.OTHER_SEXUAL, ev.HOMICIDE]] = odds
    # The mix over both kinds of case is the stated one. With Z the ordinary mix's mean weight,
    # ordinary = stated / (1 - h + h weight / Z); Z is where that adds up to one.
    low, top = float(weight.min()), float(weight.max())
    for _ in range(200):
        before = low, top
        scale = (low + top) / 2
        ordinary = row / (1.0 - high + high * weight / scale)
        if ordinary.sum() < 1.0:
            low = scale
        else:
            top = scale
        if (low, top) == before:
            break
    ordinary /= ordinary.sum()
    tilted = ordinary * weight
    mix = np.array([ordinary, tilted / tilted.sum()])
    mix.flags.writeable = False  # it is kept for who asks next
    return mix


def report_probabilities(inputs: Inputs) -> npt.NDArray[np.float64]:
    """Return P(report | behaviour) in the baseline year, for the ten behaviours."""
    v = inputs.values
    base = v["report.probability"]
    ratio = v["report.severe_odds"]
    out = np.full(10, base)
    # The odds times the ratio, written so that certainty and impossibility stay what they are.
    out[[ev.INJURY, ev.RAPE, ev.OTHER_SEXUAL]] = base * ratio / (1 - base + base * ratio)
    out[ev.HOMICIDE] = 1.0
    return out
