"""The guard-rail for victims: what is expected in each draw, against what is at stake in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision.chance import alone, alone_again, error_above, mean, with_error
from dapp_model.decision.worth import DOES, Worth, does_nothing, spread
from dapp_model.voi import over_replications

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rail:
    """The harm looked at, the rise of it that is too much (a share), and the chance beyond which.

    An option is ruled out where the chance of such a rise is above the limit.
    """

    outcome: str
    margin: float
    limit: float


@dataclass(frozen=True, eq=False)
class Expected:
    """What is expected in each draw, float64 [draw], without luck where it could be taken out.

    `beyond` is the rise in harm beyond the margin, `averted` the harm averted; `luck_share` is how
    much of the spread of the means of draws was luck, None where it cannot be told. The resamples
    of both tell errors, None where luck stays in.
    """

    beyond: Floats
    averted: Floats
    luck_removed: bool
    luck_share: float | None
    beyond_again: voi.Resampled | None
    averted_again: voi.Resampled | None


def rail_of(inputs: Inputs) -> Rail:
    """Return the guard-rail that the inputs set."""
    values = inputs.values
    return Rail(
        str(values["rail.outcome"]), float(values["rail.margin"]), float(values["rail.limit"])
    )


def expected(found: Worth, rail: Rail) -> Expected:
    """Return what an option does to victims of those whom the decision concerns, draw by draw.

    Each draw has its own margin: a share of what happens to them in it under the comparator.
    Those who started before the decision are in every option alike and are not among them.
    """
    rise = -found.serious_averted - rail.margin * found.serious_at_stake
    none = does_nothing([found.measures[name] for name in DOES])
    beyond, averted = alone(rise), alone(found.serious_averted, none)
    share = float(beyond.luck_share[0]) if beyond.corrected else None
    return Expected(
        beyond.values[:, 0],
        averted.values[:, 0],
        beyond.corrected,
        share,
        alone_again(rise),
        alone_again(found.serious_averted, none),
    )


def chance_of_rise(found: Expected, weights: Floats | None = None) -> float:
    """Return the chance that harm rises beyond the margin, draws of equal weight or not."""
    return mean((found.beyond > 0).astype(np.float64), weights)


def assess(found: Worth, rail: Rail) -> dict[str, Any]:
    """Return what decision.json says of the guard-rail for one option."""
    each = expected(found, rail)
    chance = chance_of_rise(each)
    at_stake, draws = spread(found.serious_at_stake), len(each.averted)
    worse = mean((each.averted > 0).astype(np.float64))
    stake = over_replications(found.serious_at_stake)
    rises = -each.averted[stake > 0] / stake[stake > 0]
    return {
        "averted": spread(found.serious_averted),
        "among_victims_of_those_referred": at_stake["mean"],
        "at_stake": at_stake,
        **with_error(
            "chance_of_rise_beyond_margin", chance, error_above(each.beyond_again, chance, draws)
        ),
        **with_error(
            "chance_comparator_is_worse_for_victims",
            worse,
            error_above(each.averted_again, worse, draws),
        ),
        "largest_rise": float(rises.max()) if len(rises) else None,
        "luck_removed": each.luck_removed,
        "luck_share": each.luck_share,
        "admissible": chance <= rail.limit,
    }
