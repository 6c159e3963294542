"""Who gains by sex, age band, children and needs: the value of what happens, split by group.

Groups are those by which the model counts; nothing is made up for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.definitions import GROUPS
from dapp_model.economics.appraisal import homicides_by_group, multiple, year_zero
from dapp_model.economics.prices import discount_factor
from dapp_model.economics.settings import Settings, settings_of
from dapp_model.economics.unit_costs import EXPECTED_HOMICIDES, tariff

if TYPE_CHECKING:
    from dapp_model.outcomes import Outcomes
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

KINDS: Final = ("all", "victims")
PARTITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "sex": ("male", "female"),
    "age": ("age_16_24", "age_25_34", "age_35_49", "age_50_plus"),
    "children": ("children", "no_children"),
    "needs": ("needs", "no_needs"),
}


def value_by_group(
    outcomes: Outcomes, inputs: Inputs, *, settings: Settings | None = None
) -> Floats:
    """Return the present value of what happens by group of the people who use abuse.

    float64 [GROUPS, KINDS] in GBP, costs negative: all bearers, and victims' harm alone. The
    programme's own cost has no group. The groups of each partition add up to everybody.
    """
    chosen = settings or settings_of(inputs.values)
    n_years = len(outcomes.of("true.incidents"))
    ahead = np.arange(n_years) + outcomes.first_year - year_zero(inputs, outcomes.option)
    factors = {
        kind: np.array([discount_factor(int(y), kind) if y >= 0 else 0.0 for y in ahead])
        for kind in ("standard", "health")
    }
    found = np.zeros((len(GROUPS), len(KINDS)))
    deaths = np.stack(list(homicides_by_group(outcomes, inputs, GROUPS)))
    for cost in tariff(chosen):
        each = cost.priced(chosen.price_year) * multiple(cost, chosen, inputs.values)
        harm = fsum(part.share for part in cost.parts if part.item == "harm" and not part.zero)
        rest = fsum(part.share for part in cost.parts if part.item != "harm" and not part.zero)
        if cost.measure == EXPECTED_HOMICIDES:
            counts = deaths
        else:
            own = [outcomes.of(cost.measure, group) for group in GROUPS]
            counts = np.array(own, dtype=np.float64)  # [group, year]
        suffered = (counts * factors[chosen.harm_discounting]).sum(axis=1) * each * harm
        found[:, 0] -= suffered + (counts * factors["standard"]).sum(axis=1) * each * rest
        found[:, 1] -= suffered
    return found
