"""Which parameters move the difference between options: published designs and indices of SALib.

Everything is written against a plain function of parameters [run, parameter] that gives a
difference [run], or against stored draws; what the model has to do with it stands elsewhere. The
difference is that of two options with the same luck, so most of the noise is gone from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Evaluate = Callable[[Floats], Floats]
Refits = Callable[[Floats], Floats]  # parameters [run, parameter] to differences [refit, run]

LEVELS: Final = 4  # of a Morris design
RESAMPLES: Final = 200
HALVINGS: Final = 3  # sample sizes at which convergence is shown: all, 1/2, 1/4, 1/8
HARMONICS: Final = 10  # of RBD-FAST, SALib's own choice
SLICES: Final = 10  # of PAWN, SALib's own choice
SHUFFLES: Final = 399  # a parameter that says nothing is then told in 5 of 100, give or take 1
NOISE_QUANTILE: Final = 0.975  # of each of two indices, so that together about 95 in 100
_Z95: Final = 1.959963984540054  # SALib gives half-widths of 95% intervals
_EDGE: Final = 1e-6  # the ends of a distribution without ends are not asked for


@dataclass(frozen=True)
class Space:
    """The parameters of an analysis: names, how a share becomes a value, and groups.

    `values` turns shares within [0, 1] into parameter values, both [run, parameter]: the quantile
    of each distribution. `groups` names the group of each parameter, or is empty. A Morris design
    steps between the shares `ends`.
    """

    names: tuple[str, ...]
    values: Callable[[Floats], Floats]
    groups: tuple[str, ...] = ()
    ends: tuple[float, float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        """Refuse groups that do not fit."""
        if self.groups and len(self.groups) != len(self.names):
            raise ValueError(
                f"There are {len(self.names)} parameters and {len(self.groups)} groups of them."
            )

    @property
    def rows(self) -> tuple[str, ...]:
        """Return what indices are about: the groups if there are any, else the parameters."""
        return tuple(dict.fromkeys(self.groups or self.names))


def box(bounds: Mapping[str, tuple[float, float]], groups: Sequence[str] = ()) -> Space:
    """Return the space of parameters that are uniform between two ends."""
    low, high = (np.array([pair[i] for pair in bounds.values()]) for i in (0, 1))
    return Space(tuple(bounds), lambda u: np.asarray(low + (high - low) * u), tuple(groups))


# -- designs that run the model -------------------------------------------------------------------


def morris(
    evaluate: Evaluate,
    space: Space,
    trajectories: int,
    *,
    seed: int = 1,
    refits: Refits | None = None,
) -> pd.DataFrame:
    """Return elementary effects by parameter or group, largest first: a screening.

    Columns: mean_effect, mean_absolute_effect, its standard error (bootstrap), spread, and
    zero_within_noise. Effects are changes of the difference from one end of the parameter's range
    to the other. Runs the model trajectories x (rows + 1) times. Groups have no sign: their mean
    effect and spread are nan. Where the function was itself fitted, `refits` gives it fitted to
    other draws: what effects differ by between them is part of the error.
    """
    import pandas as pd
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as sampling

    problem = _problem(space, space.ends)
    shares = sampling.sample(problem, trajectories, num_levels=LEVELS, seed=seed)
    values = _run(evaluate, space, shares)
    found = analysis.analyze(
        problem, shares, values, num_resamples=RESAMPLES, num_levels=LEVELS, seed=seed
    )
    error = np.asarray(found["mu_star_conf"], np.float64) / _Z95
    absolute = np.asarray(found["mu_star"], np.float64)
    if refits:
        again = [
            analysis.analyze(problem, shares, own, num_resamples=2, num_levels=LEVELS, seed=seed)
            for own in np.asarray(refits(space.values(shares)), np.float64)
        ]
        error = np.hypot(error, np.std([one["mu_star"] for one in again], axis=0, ddof=1))
    table = pd.DataFrame(
        {
            "mean_effect": np.ma.filled(np.ma.asarray(found["mu"], np.float64), np.nan),
            "mean_absolute_effect": absolute,
            "standard_error": error,
            "spread": np.ma.filled(np.ma.asarray(found["sigma"], np.float64), np.nan),
            "zero_within_noise": ~(absolute > 2 * error),
        },
        index=pd.Index(found["names"], name="parameter"),
    )
    return table.sort_values("mean_absolute_effect", ascending=False, kind="stable")


def sobol(
    evaluate: Evaluate,
    space: Space,
    base_samples: int,
    *,
    seed: int = 1,
    refits: Refits | None = None,
) -> pd.DataFrame:
    """Return Sobol' indices by parameter or group, at several sample sizes, to show convergence.

    Columns: samples, parameter, first_order, first_order_error, total, total_error and
    zero_within_noise (of the total); errors are standard errors by bootstrap. The last sample size
    is `base_samples`, a power of two; it costs base_samples x (rows + 2) runs, and the smaller
    sizes nothing, since they are its beginning. With groups, the indices are theirs. Where the
    function was itself fitted, `refits` gives it fitted to other draws: what indices differ by
    between them is part of the error.
    """
    import pandas as pd
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as sampling

    if base_samples < 2**HALVINGS * 2 or base_samples & (base_samples - 1):
        raise ValueError(f"A Sobol' sample is a power of two of at least 16, not {base_samples}.")
    if seed < 1:
        raise ValueError("A seed is at least 1 here: SALib takes 0 for none.")
    problem = _problem(space, (0.0, 1.0))
    shares = sampling.sample(problem, base_samples, calc_second_order=False, seed=seed)
    shares = np.clip(shares, _EDGE, 1 - _EDGE)
    values = _run(evaluate, space, shares)
    again = np.asarray(refits(space.values(shares)), np.float64) if refits else None
    rows = space.rows
    tables = []
    for samples in halved(base_samples):
        own = values[: samples * (len(rows) + 2)]
        if not own.std() > 0:
            raise ValueError("The difference is the same in every run: nothing moves it.")
        found = analysis.analyze(
            problem, own, calc_second_order=False, num_resamples=RESAMPLES, seed=seed
        )
        total, error = np.asarray(found["ST"]), np.asarray(found["ST_conf"]) / _Z95
        first_error = np.asarray(found["S1_conf"]) / _Z95
        if again is not None:
            spreads = _spread_of_indices(again[:, : len(own)], len(rows))
            first_error, error = np.hypot(first_error, spreads[0]), np.hypot(error, spreads[1])
        tables.append(
            pd.DataFrame(
                {
                    "samples": samples,
                    "parameter": _rows_of(problem),
                    "first_order": np.asarray(found["S1"]),
                    "first_order_error": first_error,
                    "total": total,
                    "total_error": error,
                    "zero_within_noise": ~(total > 2 * error),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _spread_of_indices(again: Floats, rows: int) -> tuple[Floats, Floats]:
    """Return standard deviations over refits [refit, run] of first-order and total indices."""
    from SALib.analyze import sobol as analysis

    parts = again.reshape(len(again), -1, rows + 2)  # by base sample: A, A with a row of B, B
    parts = parts - parts.mean(axis=(1, 2), keepdims=True)
    first, last = parts[:, :, 0].T, parts[:, :, -1].T
    mixed = [parts[:, :, 1 + j].T for j in range(rows)]
    return (
        np.std([analysis.first_order(first, one, last) for one in mixed], axis=1, ddof=1),
        np.std([analysis.total_order(first, one, last) for one in mixed], axis=1, ddof=1),
    )


# -- indices from draws that are there ------------------------------------------------------------


def given_data(parameters: pd.DataFrame, difference: Floats, *, seed: int = 1) -> pd.DataFrame:
    """Return indices of stored draws at several numbers of draws, without another run.

    Columns: samples, parameter, first_order (RBD-FAST, corrected for bias), first_order_error (by
    bootstrap), pawn (the median distance between the distribution of the difference and that
    within a tenth of the parameter's range), noise_first_order and noise_pawn (what a parameter
    that says nothing stays below in 97.5 of 100 shuffles), and
    zero_within_noise: neither is above.
    First-order indices are shares of the whole variance, of which luck is a part.
    """
    import pandas as pd

    values = np.asarray(difference, np.float64)
    if len(values) != len(parameters):
        raise ValueError(f"There are {len(parameters)} draws and {len(values)} differences.")
    if len(values) < 40:
        raise ValueError(f"Indices need at least 40 draws; there are {len(values)}.")
    if not values.std() > 0:
        raise ValueError("The difference is the same in every draw: nothing moves it.")
    rng = np.random.default_rng(seed)
    columns = [name for name in parameters if parameters[name].nunique() > 1]
    order = rng.permutation(len(values))  # so that the smaller samples are fair ones
    table = parameters[columns].to_numpy(np.float64)[order]
    values = values[order]
    tables = []
    for samples in [n for n in halved(len(values)) if n >= 40]:
        part, own = table[:samples], values[:samples]
        first, error = _rbd_fast(part, own, seed)
        pawn = _pawn(part, own)
        # One parameter with shuffled differences stands for any that says nothing.
        dummies = np.stack([rng.permutation(samples) for _ in range(SHUFFLES)], axis=1)
        noise_first = float(
            np.quantile(_rbd_fast(dummies, own, seed, resamples=2)[0], NOISE_QUANTILE)
        )
        noise_pawn = float(np.quantile(_pawn(dummies.astype(np.float64), own), NOISE_QUANTILE))
        tables.append(
            pd.DataFrame(
                {
                    "samples": samples,
                    "parameter": columns,
                    "first_order": first,
                    "first_order_error": error,
                    "noise_first_order": noise_first,
                    "pawn": pawn,
                    "noise_pawn": noise_pawn,
                    "zero_within_noise": (first <= noise_first) & (pawn <= noise_pawn),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _rbd_fast(
    table: npt.NDArray[Any], values: Floats, seed: int, *, resamples: int = RESAMPLES // 2
) -> tuple[Floats, Floats]:
    """Return first-order indices and their standard errors.

    SALib resamples half of the draws; the error of all of them is smaller by the root of two.
    """
    from SALib.analyze import rbd_fast

    harmonics = min(HARMONICS, len(values) // 8)
    found = rbd_fast.analyze(
        _columns(table), table, values, M=harmonics, num_resamples=resamples, seed=seed
    )
    half_width = np.asarray(found["S1_conf"], np.float64)
    return np.asarray(found["S1"], np.float64), half_width / _Z95 / np.sqrt(2)


def _pawn(table: Floats, values: Floats) -> Floats:
    from SALib.analyze import pawn

    found = pawn.analyze(_columns(table), table, values, S=SLICES)
    return np.asarray(found["median"], np.float64)


def _columns(table: npt.NDArray[Any]) -> dict[str, Any]:
    names = [f"x{i}" for i in range(table.shape[1])]
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


# -- what all of them need ------------------------------------------------------------------------


def _problem(space: Space, ends: tuple[float, float]) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "num_vars": len(space.names),
        "names": list(space.names),
        "bounds": [list(ends)] * len(space.names),
    }
    if space.groups:
        problem["groups"] = list(space.groups)
    return problem


def _rows_of(problem: Mapping[str, Any]) -> list[str]:
    """Return names in SALib's own order of the indices."""
    from SALib.util import extract_group_names

    return [str(name) for name in extract_group_names(dict(problem))[0]]


def _run(evaluate: Evaluate, space: Space, shares: Floats) -> Floats:
    values = np.asarray(evaluate(space.values(shares)), np.float64)
    if values.shape != (len(shares),) or not np.isfinite(values).all():
        raise ValueError("The function evaluated should give one finite number for each run.")
    return values


def halved(samples: int) -> list[int]:
    """Return the sample sizes at which convergence is shown, smallest first."""
    return [samples >> k for k in range(HALVINGS, -1, -1)]
