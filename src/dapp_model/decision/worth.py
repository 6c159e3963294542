"""What one option is worth in each draw and repetition, and numbers over draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.economics.summary import ROUTED
from dapp_model.voi import over_replications

if TYPE_CHECKING:
    from dapp_model.economics import Pooled, Summary

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

VALUE: Final = "net_present_social_value"
COST: Final = "programme_cost"
AVERTED: Final = "true_incidents_averted"
PUBLIC_COST: Final = "net_public_cost"
VIEWS: Final = {
    "low_harm": "harm counted as averted recorded crimes times their multiplier",
    "without_homicide": "homicide left out",
    "optimism": "benefits cut for optimism by the grade of the evidence",
    "tax_uplift": "a charge of 20% for raising taxes",
    "health_discounting": "the harm to victims discounted at the lower rate for health",
}
MEASURES: Final = (
    AVERTED,
    "recorded_incidents_averted",
    "homicides_averted",
    "victim_years_averted",
    "assessments",
    "starts",
    "completions",
    PUBLIC_COST,
    VALUE,
    COST,
    "social_value",
    "fiscal_value",
    "non_fiscal_value",
    "cashable_value",
    "cashable_value_upper",
    "net_public_cost_without_homicide",
    *(f"{VALUE}_{view}" for view in VIEWS),
)
_OPTIMISM: Final = f"{VALUE}_optimism"  # depends on all draws together


@dataclass(frozen=True)
class Worth:
    """What one option is worth in each draw and repetition; every array is [draw, repetition].

    Draws may have different numbers of repetitions: one that was not made is nan in every array.
    `measures` are numbers of `economics.Summary`, present values in GBP with benefits positive.
    `serious_averted` counts the harm that the guard-rail looks at, from the year of the decision;
    `serious_at_stake` what of it happens under the comparator to victims of those whom the decision
    concerns.
    """

    measures: Mapping[str, Floats]
    serious_averted: Floats
    programme_cost_by_funder: Mapping[str, Mapping[str, float]]
    baseline: Mapping[str, Any]
    serious_at_stake: Floats


def gathering(*, whole: int | None = None) -> Pooled:
    """Return what summaries of one option can be appended to, draw after draw, for `worth`.

    The level of the county is that of the first `whole` draws (default: all).
    """
    from dapp_model.economics import Pooled

    names = [*MEASURES, *ROUTED]
    return Pooled([name for name in names if name != _OPTIMISM], whole=whole)


def worth(
    summaries: Sequence[Sequence[Summary]] | Pooled,
    serious_averted: Floats,
    serious_at_stake: Floats,
    *,
    whole: int | None = None,
) -> Worth:
    """Gather the summaries of one option by draw and repetition, or take them gathered.

    The level of the county is that of the first `whole` draws (default: all).
    """
    from dapp_model.economics import Pooled

    if not isinstance(summaries, Pooled):
        rows, summaries = summaries, gathering(whole=whole)
        for row in rows:
            summaries.append(row)
    level = summaries.level()
    baseline = asdict(level) | {"police_bill_in_range": level.police_bill_in_range}
    errors = summaries.level_errors()
    baseline |= {f"{name}_monte_carlo_error": error for name, error in errors.items()}
    found = summaries.measures() | {_OPTIMISM: summaries.with_optimism_bias()}
    measures = {name: found[name] for name in (*MEASURES, *ROUTED)}
    return Worth(
        measures,
        serious_averted,
        summaries.programme_cost_by_funder(),
        baseline,
        serious_at_stake,
    )


def by_repetition(draws: Sequence[Sequence[float] | Floats]) -> Floats:
    """Return the numbers of each draw as [draw, repetition], nan where one was not made."""
    found = np.full((len(draws), max(len(row) for row in draws)), np.nan)
    for i, row in enumerate(draws):
        found[i, : len(row)] = row
    return found


# -- numbers over draws ---------------------------------------------------------------------------


def spread(values: Floats) -> dict[str, float | None]:
    """Return mean, 50% and 90% intervals over draws, and the Monte Carlo error of the mean.

    `values` is [draw, repetition]. The intervals hold what is not known and the luck that is left
    after averaging repetitions. The error is None with a single draw.
    """
    draws = over_replications(values)
    low, low50, high50, high = (float(q) for q in np.quantile(draws, (0.05, 0.25, 0.75, 0.95)))
    return {
        "mean": float(draws.mean()),
        "low": low,
        "high": high,
        "low50": low50,
        "high50": high50,
        "monte_carlo_error": monte_carlo_error(draws),
    }


def monte_carlo_error(draws: Floats) -> float | None:
    """Return the standard error of the mean over draws, or None with a single draw."""
    if len(draws) < 2:
        return None
    return float(draws.std(ddof=1) / np.sqrt(len(draws)))


def nothing_of(values: Floats) -> Floats:
    """Return zero for each repetition that was made."""
    return np.where(np.isnan(values), np.nan, 0.0)


def ratio_of(top: float, bottom: float) -> float | None:
    """Return a ratio, or None where what is below is not above zero."""
    return top / bottom if bottom > 0 else None


def nested(options: Sequence[str], found: Mapping[str, Worth], measure: str) -> Floats:
    """Return one measure as float64 [draw, repetition, option]; the comparator's own is zero."""
    nothing = nothing_of(next(iter(found.values())).measures[measure])
    return np.stack(
        [found[name].measures[measure] if name in found else nothing for name in options], axis=2
    )


# An option that changes none of these in a draw does nothing there.
DOES: Final = ("social_value", AVERTED)


def does_nothing(outcomes: Sequence[Floats]) -> Flags:
    """Return the draws [draw] in which an option does nothing, whatever the play of chance.

    `outcomes` [draw, repetition] are those of DOES. So it is where a pause ends for good: what is
    paid is then known. Nothing in one repetition and something in another of the same draw is
    luck, and no draw is then told to be without.
    """
    made = ~np.isnan(outcomes[0])
    nothing = np.all([one == 0 for one in outcomes], axis=0)
    every = (nothing | ~made).all(axis=1)
    by_luck = ((nothing & made).any(axis=1) != every).any()
    seen = (every & (made.sum(axis=1) > 1)).any()
    return every if seen and not by_luck else np.zeros(len(made), np.bool_)


def certain(options: Sequence[str], found: Mapping[str, Worth]) -> Flags | None:
    """Return where an option differs from the comparator by no luck, bool [draw, option].

    None where there is luck in every draw of every option.
    """
    flags = {
        name: does_nothing([one.measures[outcome] for outcome in DOES])
        for name, one in found.items()
    }
    nobody = np.zeros(len(next(iter(flags.values()))), np.bool_)
    columns = np.stack([flags.get(name, nobody) for name in options], axis=1)
    return columns if columns.any() else None
