"""What would change the advice: one-way ranges, switching values, choke points, and flips.

Written against stored draws (the mean of net benefits given one parameter, by smooth regression)
and against a plain function of parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    frame_of,
    mean_net_benefits,
    not_from_zero,
    share_error,
)
from dapp_model.voi.noise import SHUFFLES, chance_of_noise
from dapp_model.voi.regression import along

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

LOW, HIGH = 0.05, 0.95  # of a one-way range
GRID: Final = 181  # steps between the quantiles at which a switch is looked for
RESAMPLES: Final = 100
SURE: Final = 0.95  # of resamples have to show a switch
NOISE: Final = 0.05  # the chance that any parameter of all stands out where none says anything
_BISECTIONS: Final = 60


# -- one-way ranges -------------------------------------------------------------------------------


def tornado(parameters: pd.DataFrame, difference: Floats, *, seed: int = 1) -> pd.DataFrame:
    """Return the mean difference with each parameter at the ends of its 90% range, widest first.

    From stored draws: all else is averaged over. Columns: low, high (of the parameter), at_low,
    at_high (GBP), width, standard_error (of the width, by bootstrap), zero_within_noise, and the
    errors of both ends.
    """
    import pandas as pd

    values = np.asarray(difference, np.float64)
    both = np.stack([np.zeros_like(values), values], axis=1)
    rows = {}
    for name in parameters:
        own = parameters[[name]]
        if own[name].nunique() < 2:
            continue
        ends = np.quantile(own[name].to_numpy(np.float64), [LOW, HIGH])
        means, again = along(both, own, ends, resamples=RESAMPLES, seed=seed)
        low, high = means[:, 1]
        error = float(np.std(again[:, 1, 1] - again[:, 0, 1], ddof=1))
        at_ends = np.std(again[:, :, 1], axis=0, ddof=1)
        width = abs(float(high - low))
        rows[name] = (
            float(ends[0]), float(ends[1]), float(low), float(high), width,
            error, not_from_zero(width, error), *at_ends.tolist(),
        )  # fmt: skip
    columns = ["low", "high", "at_low", "at_high", "width", "standard_error", "zero_within_noise",
               "at_low_error", "at_high_error"]  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table.index.name = "parameter"
    return table.sort_values("width", ascending=False, kind="stable")


def tornado_of(
    evaluate: Callable[[Floats], Floats],
    base: Mapping[str, float],
    ends: Mapping[str, tuple[float, float]],
) -> pd.DataFrame:
    """Return the difference with one parameter after the other at its ends, all else at `base`."""
    import pandas as pd

    names = list(base)
    points = []
    for name, pair in ends.items():
        for end in pair:
            points.append([end if other == name else base[other] for other in names])
    values = np.asarray(evaluate(np.array(points, np.float64)), np.float64).reshape(-1, 2)
    table = pd.DataFrame(
        {
            "low": [pair[0] for pair in ends.values()],
            "high": [pair[1] for pair in ends.values()],
            "at_low": values[:, 0],
            "at_high": values[:, 1],
            "width": np.abs(values[:, 1] - values[:, 0]),
        },
        index=pd.Index(list(ends), name="parameter"),
    )
    return table.sort_values("width", ascending=False, kind="stable")


# -- switching values -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Switch:
    """A value of one parameter at which another option becomes the best.

    `side` is "below" or "above"; `low` and `high` hold 90% of the switching values found in
    resampled draws. `share` of draws lie on the far side. `chance_of_noise`: how often noise alone
    lets the strongest of all parameters explain as much of the difference between the two options.
    """

    parameter: str
    side: str
    value: float
    low: float
    high: float
    becomes: int
    share: float
    share_monte_carlo_error: float | None
    chance_of_noise: float
    chance_of_noise_monte_carlo_error: float | None

    def words(self, name: str, unit: str, options: Sequence[str]) -> str:
        """Return the switch as a sentence."""
        verb = "falls below" if self.side == "below" else "rises above"
        value, low, high = (_three(x) for x in (self.value, self.low, self.high))
        said = f"The advice changes to {options[self.becomes]} if {name} {verb} {value} {unit}"
        said = f"{said.rstrip()} (90% interval {low} to {high})"
        error = self.share_monte_carlo_error
        known = f" (± {100 * error:.2g})" if error else ""
        return f"{said}; {self.share:.0%}{known} of draws lie there."


def _three(value: float) -> str:
    """Print three significant figures, without an exponent."""
    return f"{float(f'{value:.3g}'):,.10g}"


def switching_values(
    net_benefit: ArrayOrFrame,
    parameters: pd.DataFrame,
    *,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Switch], list[str]]:
    """Return where each parameter alone would change the advice, and those of which none is known.

    The advice is the option of the best mean. Looked for between the 1% and 99% quantiles of the
    draws, outwards from the value nearest the median at which the advice holds, in the mean net
    benefit given the parameter; beyond that nothing is said. Left out as noise: a parameter that
    does not explain more of the difference between the two options than the strongest of all
    parameters does in 95 of 100 shuffles of the draws (see `voi.noise`); and a switch that fewer
    than 95 in 100 resamples show.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(parameters, len(values), "parameter")
    advised = int(values.mean(axis=0).argmax())
    differences = values - values[:, [advised]]
    by_noise = chance_of_noise(differences, frame, seed=seed, progress=progress)
    found: list[Switch] = []
    never = []
    for name, chances in zip(map(str, frame), by_noise, strict=True):
        own = frame[[name]]
        if own[name].nunique() < 2:
            continue
        if chances.min() > NOISE:
            never.append(name)
            continue
        grid = np.quantile(own[name].to_numpy(np.float64), np.linspace(0.01, 0.99, GRID))
        means, resampled = along(values, own, grid, resamples=RESAMPLES, seed=seed, free=True)
        here = _switches(means, grid, advised)
        if not here:
            never.append(name)
            continue
        again = [_switches(one, grid, advised) for one in resampled]
        shown = False
        for side, (value, becomes) in here.items():
            others = [one[side][0] for one in again if side in one]
            if chances[becomes] > NOISE or len(others) < SURE * RESAMPLES:
                continue
            shown = True
            low, high = np.quantile(others, [0.05, 0.95])
            beyond = own[name] < value if side == "below" else own[name] > value
            share = float(beyond.mean())
            error = share_error(share, len(values))
            ends = float(low), float(high)
            chance = float(chances[becomes])
            told = chance, share_error(chance, SHUFFLES + 1)
            found.append(Switch(name, side, value, *ends, becomes, share, error, *told))
        if not shown:
            never.append(name)
    found.sort(key=lambda one: -one.share)
    return found, never


def _switches(means: Floats, grid: Floats, advised: int) -> dict[str, tuple[float, int]]:
    """Return by side the nearest value at which an option other than the advised is best."""
    best = means.argmax(axis=1)
    agreeing = np.flatnonzero(best == advised)
    found: dict[str, tuple[float, int]] = {}
    if not len(agreeing):
        return found  # the advice rests on an average over a bent curve, not on any one value
    # At the median another option may be best: the advice then rests on one tail.
    middle = int(agreeing[np.abs(agreeing - len(grid) // 2).argmin()])
    for side, places in (("below", range(middle, -1, -1)), ("above", range(middle, len(grid)))):
        for place in places:
            if best[place] != advised:
                near = grid[place + 1] if side == "below" else grid[place - 1]
                found[side] = (float((grid[place] + near) / 2), int(best[place]))
                break
    return found


def switching_value_of(evaluate: Callable[[float], float], low: float, high: float) -> float | None:
    """Return the value between two ends at which a difference changes sign; None if it does not."""
    at_low, at_high = evaluate(low), evaluate(high)
    if at_low == 0:
        return low
    if not np.sign(at_low) * np.sign(at_high) < 0:
        return high if at_high == 0 else None
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        at = evaluate(middle)
        if np.sign(at) == np.sign(at_low):
            low = middle
        else:
            high = middle
    return (low + high) / 2


# -- choke points ---------------------------------------------------------------------------------


def choke_points(change: Callable[[str], Floats], steps: Mapping[str, str]) -> pd.DataFrame:
    """Return what one more of each scarce thing is worth: one place, a week less wait, and so on.

    `steps` says each step in words, and `change` gives its worth by draw: the net benefit with the
    step less that without, with the same luck. Columns: step, value, standard_error,
    zero_within_noise; largest first.
    """
    import pandas as pd

    rows = {}
    for name, words in steps.items():
        draws = np.asarray(change(name), np.float64)
        error = float(draws.std(ddof=1) / np.sqrt(len(draws))) if len(draws) > 1 else float("nan")
        value = float(draws.mean())
        rows[name] = (words, value, error, not_from_zero(value, error))
    columns = ["step", "value", "standard_error", "zero_within_noise"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table.index.name = "choke_point"
    return table.sort_values("value", ascending=False, kind="stable")


# -- decision flips -------------------------------------------------------------------------------

Case = tuple[str, str, str]  # perspective, harm route, reading


def flip_map(
    cases: Mapping[Case, ArrayOrFrame],
    options: Sequence[str],
    *,
    headline: Case,
    illustrations: Sequence[str] = (),
    chances: Callable[[Case, int], tuple[float, float | None]] | None = None,
) -> pd.DataFrame:
    """Return the best option by perspective, harm route and reading, and where it differs.

    `cases` are net benefits (draws x options) against the comparator. Columns: perspective,
    harm_route, reading, option, value (mean, GBP) and chance_best with their Monte Carlo errors,
    margin over the next best with its standard error, told_apart, differs (from the headline case)
    and illustration, for routes that are shown and never advise. `chances` says of a case how
    likely an option is best and its error, where draws hold luck; without it the share of draws
    serves.
    """
    import pandas as pd

    if headline not in cases:
        raise ValueError(f"The headline case {headline} is not among the cases.")

    def best(case: Case) -> int:
        return int(mean_net_benefits(cases[case]).mean(axis=0).argmax())

    usual = best(headline)
    rows = []
    for case, given in cases.items():
        values = mean_net_benefits(given)
        chosen = best(case)
        others = np.delete(np.arange(values.shape[1]), chosen)
        second = int(others[values[:, others].mean(axis=0).argmax()]) if len(others) else chosen
        apart = values[:, chosen] - values[:, second]
        error = float(apart.std(ddof=1) / np.sqrt(len(apart)))
        often = float((values.argmax(axis=1) == chosen).mean())
        sure = chances(case, chosen) if chances else (often, share_error(often, len(values)))
        rows.append(
            (
                *case, options[chosen], float(values[:, chosen].mean()),
                float(values[:, chosen].std(ddof=1) / np.sqrt(len(values))),
                *sure, options[second],
                float(apart.mean()), error, not not_from_zero(float(apart.mean()), error),
                chosen != usual, case[1] in illustrations,
            )
        )  # fmt: skip
    columns = [
        "perspective", "harm_route", "reading", "option", "value", "value_monte_carlo_error",
        "chance_best", "chance_best_monte_carlo_error", "next_best", "margin", "margin_error",
        "told_apart", "differs", "illustration",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
