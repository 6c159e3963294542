"""Evaluations repeated many times on resampled participants: how often each is right, and wrong.

Participants are drawn with replacement from those whom the model made, so designs larger than the
pilot hold people like the pilot's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import fsum
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.voi import mean_error, share_error

Floats = npt.NDArray[np.float64]

LEVEL: Final = 0.05  # two-sided, as is usual
POWER: Final = 0.8
ANY, NUMBER = "any", "number"  # a share with at least one; a ratio of mean numbers


@dataclass(frozen=True, eq=False)
class Sample:
    """What participants of one kind show: value [kind, 1 or 2], and how likely each kind is.

    Two columns are before and after. NaN is an outcome that is not known. Chances add up to one.
    """

    values: Floats
    chances: Floats

    def counts(self, size: int, repetitions: int, rng: np.random.Generator) -> Floats:
        """Return how many of each kind are in each repetition: [repetition, kind]."""
        return rng.multinomial(size, self.chances, size=repetitions).astype(np.float64)


def sample(values: Floats, weights: Floats) -> Sample:
    """Return a sample with equal values put together; weights need not add up to one."""
    table = values.reshape(len(values), -1).astype(np.float64)
    kept = weights > 0
    kinds, place = np.unique(np.nan_to_num(table[kept], nan=-1.0), axis=0, return_inverse=True)
    total = np.bincount(place.ravel(), weights=weights[kept], minlength=len(kinds))
    kinds[kinds < 0] = np.nan
    return Sample(kinds, total / total.sum())


@dataclass(frozen=True, eq=False)
class Estimates:
    """An effect and its standard error in each repetition; NaN where there is none.

    `freedom` are the degrees of freedom of the error, infinite for shares, as is usual.
    """

    effect: Floats
    error: Floats
    freedom: Floats | float = np.inf


def two_arms(
    treated: Sample, control: Sample, size: int, *, repetitions: int, rng: np.random.Generator
) -> dict[str, Estimates]:
    """Return what two independent arms of a size estimate, by kind of outcome."""
    arms = [(one.counts(size, repetitions, rng), one.values[:, -1]) for one in (treated, control)]
    return {
        ANY: _risk_difference(*(_moments(n, np.where(y > 0, 1.0, y)) for n, y in arms)),
        NUMBER: _log_ratio(*(_moments(n, y) for n, y in arms)),
    }


def before_after(
    pairs: Sample, size: int, *, repetitions: int, rng: np.random.Generator
) -> dict[str, Estimates]:
    """Return what the same people before and after estimate, by kind of outcome."""
    n = pairs.counts(size, repetitions, rng)
    before, after = pairs.values.T
    seen = np.isfinite(before) & np.isfinite(after)
    n, before, after = n[:, seen], before[seen], after[seen]
    known = n.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (after > 0).astype(float) - (before > 0)
        mean = n @ change / known
        error = np.sqrt((n @ change**2 / known - mean**2) / known)
        first, last = n @ before / known, n @ after / known
        # Of log(last) - log(first): the relative deviations of one person belong together.
        spread = (
            n @ after**2 / known / last**2
            + n @ before**2 / known / first**2
            - 2 * (n @ (before * after)) / known / (first * last)
        )
        error_of_ratio = _finite(np.sqrt(spread / known))
        ratio = Estimates(_finite(np.log(last / first)), error_of_ratio, np.maximum(known - 1, 1))
    return {ANY: Estimates(_finite(mean), _finite(error)), NUMBER: ratio}


def _moments(n: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (known, mean, variance) in each repetition."""
    seen = np.isfinite(y)
    n, y = n[:, seen], y[seen]
    known = n.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = n @ y / known
        variance = (n @ y**2 / known - mean**2) * known / (known - 1)
    return known, mean, np.maximum(variance, 0.0)


def _risk_difference(
    treated: tuple[Floats, Floats, Floats], control: tuple[Floats, Floats, Floats]
) -> Estimates:
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(treated[2] / treated[0] + control[2] / control[0])
        return Estimates(_finite(treated[1] - control[1]), _finite(error))


def _log_ratio(
    treated: tuple[Floats, Floats, Floats], control: tuple[Floats, Floats, Floats]
) -> Estimates:
    """Return the log ratio of means; its variance allows for people who differ in their rates.

    Degrees of freedom by Welch and Satterthwaite.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (v / (n * m**2) for n, m, v in (treated, control))
        effect = np.log(treated[1] / control[1])
        freedom = (a + b) ** 2 / (a**2 / (treated[0] - 1) + b**2 / (control[0] - 1))
        freedom = np.where(np.isfinite(freedom), np.maximum(freedom, 1), 1)
        return Estimates(_finite(effect), _finite(np.sqrt(a + b)), freedom)


def _finite(found: Floats) -> Floats:
    return np.where(np.isfinite(found), found, np.nan)


# -- how good it is -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """How often an evaluation is right, over repetitions; shares, and a ratio of sizes.

    `no_effect` is how often nothing significant is found. `wrong_sign` counts all estimates that
    point the other way than the truth, `significant_wrong` those that are significant as well.
    `exaggeration` is by how much a significant estimate overstates the truth, on average. What is
    against the truth is None where the truth is no effect. `errors` are the Monte Carlo errors by
    name, NaN where they are not known: of shares that are 0 or 1, and of what is None.
    """

    power: float
    no_effect: float
    significant_fall: float
    significant_rise: float
    coverage: float
    wrong_sign: float | None
    significant_wrong: float | None
    exaggeration: float | None
    mean_estimate: float
    no_estimate: float
    errors: Mapping[str, float]

    def row(self) -> dict[str, float | None]:
        """Return the numbers by name, and each error as `<name>_error` but for that of power.

        The error of power is `monte_carlo_error`, and that of no effect the same.
        """
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "errors"}
        errors = dict(self.errors)
        found["monte_carlo_error"] = errors.pop("power")
        return found | {f"{name}_error": error for name, error in errors.items()}


def judge(found: Estimates, truth: float, *, sign: float, resolved: bool = True) -> Verdict:
    """Return how an evaluation fares against the true effect, on the scale of its estimate.

    `sign` is that of the effect on true abuse, 0 for none. Where the truth is not `resolved` by
    the people simulated, no exaggeration is given. An evaluation without an estimate (nobody with
    the outcome in an arm) finds no effect.
    """
    from scipy.stats import norm, t

    bound: Floats | float = float(norm.ppf(1 - LEVEL / 2))
    if np.isfinite(found.freedom).all():
        bound = t.ppf(1 - LEVEL / 2, found.freedom)
    given = np.isfinite(found.effect) & np.isfinite(found.error)
    effect, error = np.where(given, found.effect, 0.0), np.where(given, found.error, np.inf)
    # An estimate without spread says nothing unless it is not zero.
    significant = given & (np.abs(effect) > bound * error)
    inside = given & (np.abs(effect - truth) <= bound * error)
    total = max(1, int(given.sum()))
    wrong = given & (effect * sign < 0)
    fell, rose = significant & (effect < 0), significant & (effect > 0)
    chosen = int(significant.sum())
    size = np.abs(effect[significant])
    overstated = bool(sign and resolved and truth and chosen)
    errors = {
        "power": _share_error(significant),
        "significant_fall": _share_error(fell),
        "significant_rise": _share_error(rose),
        "coverage": _share_error(inside[given]),
        "wrong_sign": _share_error(wrong[given]) if sign else np.nan,
        "significant_wrong": _share_error(wrong[significant]) if sign else np.nan,
        "exaggeration": _mean_error(size) / abs(truth) if overstated else np.nan,
        "mean_estimate": _mean_error(effect[given]),
    }
    return Verdict(
        power=float(significant.mean()),
        no_effect=float(1 - significant.mean()),
        significant_fall=float(fell.mean()),
        significant_rise=float(rose.mean()),
        coverage=float(inside.sum() / total),
        wrong_sign=float(wrong.sum() / total) if sign else None,
        significant_wrong=float((wrong & significant).sum() / chosen) if sign and chosen else None,
        exaggeration=float(size.mean() / abs(truth)) if overstated else None,
        mean_estimate=float(effect[given].mean()) if given.any() else float("nan"),
        no_estimate=float(1 - given.mean()),
        errors=errors,
    )


def _share_error(chosen: npt.NDArray[np.bool_]) -> float:
    error = share_error(float(chosen.mean()), len(chosen)) if len(chosen) else None
    return np.nan if error is None else error


def _mean_error(values: Floats) -> float:
    error = mean_error(values) if len(values) else None
    return np.nan if error is None else error


# -- closed forms ---------------------------------------------------------------------------------


def arm_for_power(effect: float, unit_variance: float, power: float = POWER) -> float:
    """Return the size of each of two arms that finds an effect with a chance.

    `unit_variance` is the variance of the estimate times the size of an arm. Infinite if there is
    no effect.
    """
    from scipy.stats import norm

    if effect == 0.0:
        return float("inf")
    reach = float(norm.ppf(1 - LEVEL / 2) + norm.ppf(power))
    return unit_variance * (reach / effect) ** 2


def power_for_arm(effect: float, unit_variance: float, size: int) -> float:
    """Return the chance that two arms of a size find an effect, either way, in large samples.

    `unit_variance` as in `arm_for_power`, of which this is the reverse.
    """
    from scipy.stats import norm

    bound = float(norm.ppf(1 - LEVEL / 2))
    far = abs(effect) / np.sqrt(unit_variance / size)
    return float(norm.sf(bound - far) + norm.sf(bound + far))


def arm_for_proportions(treated: float, control: float, power: float = POWER) -> float:
    """Return the size of each of two arms that tells two shares apart.

    The usual formula: the pooled share under no difference, each arm's own under the difference
    (Fleiss 1981). .40 against .30 at 80% takes about 356 an arm.
    """
    from scipy.stats import norm

    middle = (treated + control) / 2
    null = float(norm.ppf(1 - LEVEL / 2)) * np.sqrt(2 * middle * (1 - middle))
    own = treated * (1 - treated) + control * (1 - control)
    return float(((null + float(norm.ppf(power)) * np.sqrt(own)) / (treated - control)) ** 2)


def unit_variance(kind: str, treated: Sample, control: Sample) -> float:
    """Return the variance of the estimate times the size of an arm, in large samples."""
    parts = [_known(one, positive=kind == ANY) for one in (treated, control)]
    if kind == ANY:
        return fsum(variance / share for share, _, variance in parts)
    if not all(mean > 0 for _, mean, _ in parts):
        return float("inf")
    return fsum(variance / mean**2 / share for share, mean, variance in parts)


def expected_ratio(
    treated: Sample, control: Sample, people: tuple[float, float]
) -> tuple[float, float]:
    """Return the log ratio of means that large arms of these samples show, and its error.

    The error is that of the number of `people` behind each sample.
    """
    parts = [_known(one, positive=False) for one in (treated, control)]
    if not all(mean > 0 for _, mean, _ in parts):
        return 0.0, 0.0
    ratio = float(np.log(parts[0][1] / parts[1][1]))
    spread = sum(
        variance / mean**2 / (share * n)
        for (share, mean, variance), n in zip(parts, people, strict=True)
    )
    return ratio, float(np.sqrt(spread))


def _known(one: Sample, *, positive: bool) -> tuple[float, float, float]:
    """Return (share known, mean, variance) of those whose outcome is known."""
    y = one.values[:, -1]
    seen = np.isfinite(y)
    share = float(one.chances[seen].sum())
    y = (y[seen] > 0).astype(float) if positive else y[seen]
    chances = one.chances[seen] / share
    mean = float(chances @ y)
    return share, mean, float(chances @ y**2) - mean**2
