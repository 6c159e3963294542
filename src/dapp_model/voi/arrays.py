"""What the analyses take and give: arrays that are checked once, and a number with its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
ArrayOrFrame: TypeAlias = Any  # an array, nested lists or a data frame

NOISE_ERRORS: Final = 2.0  # standard errors within which a number is not told from zero


@dataclass(frozen=True)
class Estimate:
    """A number in GBP with its standard error; `zero_within_noise` where it may as well be zero."""

    value: float
    standard_error: float
    zero_within_noise: bool

    def __str__(self) -> str:
        """Say the number, its error, and whether it is told from zero."""
        said = f"{self.value:,.0f} (standard error {self.standard_error:,.0f})"
        return f"{said}, zero within noise" if self.zero_within_noise else said


def not_from_zero(value: float, standard_error: float) -> bool:
    """Say whether a number lies within two standard errors of zero; an unknown error hides it."""
    return not abs(value) > NOISE_ERRORS * standard_error


def exceeds(
    smaller: tuple[str, float, float], larger: tuple[str, float, float], *, verb: str = "knowing"
) -> str:
    """Return a sentence where what cannot be larger is, beyond noise; nothing where it is not.

    Each is (name, value, standard error). Estimated by themselves: two standard errors of the
    difference, taken as independent, are allowed.
    """
    gap = smaller[1] - larger[1]
    allowed = NOISE_ERRORS * float(np.hypot(larger[2], smaller[2]))
    if not gap > allowed + 1e-9 * abs(larger[1]):
        return ""
    return (
        f"The value of {verb} {smaller[0]} ({smaller[1]:,.0f}) exceeds that of knowing "
        f"{larger[0]} ({larger[1]:,.0f}) by more than noise ({allowed:,.0f})."
    )


def share_error(share: float, draws: float) -> float | None:
    """Return the Monte Carlo error of a share of draws of equal weight.

    None at 0 and 1, of which no number of draws can tell how far off they are, and with one draw.
    """
    if not 0.0 < share < 1.0 or draws < 2:
        return None
    return float(np.sqrt(share * (1.0 - share) / (draws - 1)))


def mean_error(values: Floats, weights: Floats | None = None) -> float | None:
    """Return the Monte Carlo error of a mean over draws, of equal weight or not.

    Of a ratio of sums; where weights are equal, the spread over the root of the draws. None where
    one draw has all the weight.
    """
    share = weights_of(weights, len(values))
    share = share / share.sum()
    spare = 1 - (share**2).sum()  # so that equal weights give what none give
    if not spare > 0:
        return None
    return float(np.sqrt(((share * (values - share @ values)) ** 2).sum() / spare))


def net_benefits(given: ArrayOrFrame) -> Floats:
    """Return net benefits as float64 [draw, option], the luck of replications taken out.

    Raises ValueError unless it has draws x options or draws x replications x options, at least two
    draws and one option, and finite numbers only (see `nested_numbers` for those not made).
    """
    found = nested_numbers(given)
    if found.ndim == 3:
        from dapp_model.voi.luck import separate_luck

        found = separate_luck(found).values
    if found.ndim != 2:
        raise ValueError(
            "A net benefit has draws x options, or draws x replications x options; "
            f"this one has the shape {found.shape}."
        )
    _enough(found, "net benefit")
    return found


def mean_net_benefits(given: ArrayOrFrame) -> Floats:
    """Return net benefits as float64 [draw, option], plain means over replications.

    For regressions, which see through luck themselves. Raises ValueError as `net_benefits` does.
    """
    found = nested_numbers(given)
    return net_benefits(over_replications(found) if found.ndim == 3 else found)


def over_replications(nested: Floats) -> Floats:
    """Return means over the replications that were made, [draw, ...] of [draw, replication, ...].

    A replication that was not made is nan: draws need not have equally many.
    """
    made = ~np.isnan(nested)
    if made.all():
        return np.asarray(nested.mean(axis=1))
    return np.asarray(np.where(made, nested, 0.0).sum(axis=1) / made.sum(axis=1))


def nested_numbers(given: ArrayOrFrame) -> Floats:
    """Return net benefits as float64 [draw, option] or [draw, replication, option].

    Draws may have different numbers of replications: one that was not made is nan under every
    option, and the first of every draw is there. Raises ValueError if numbers are not finite
    otherwise.
    """
    what = "net benefit"
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        return as_numbers(given, what)  # which says what is wrong
    if found.ndim != 3 or 0 in found.shape:
        return as_numbers(found, what)
    missing = np.asarray(np.isnan(found).all(axis=2, keepdims=True))
    missing[:, :1] = False  # somebody forgot it
    as_numbers(np.where(missing, 0.0, found), what)
    return found


def as_numbers(given: ArrayOrFrame, what: str) -> Floats:
    """Return finite float64 numbers of any shape; raises ValueError."""
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"The {what} holds something that is not a number.") from None
    odd = int(np.size(found) - np.isfinite(found).sum())
    if odd:
        raise ValueError(f"The {what} has {odd} values that are missing or not finite.")
    return found


def frame_of(given: ArrayOrFrame, draws: int, what: str) -> pd.DataFrame:
    """Return a frame of draws x names with finite numbers; columns of an array are numbered.

    Raises ValueError if it has another number of draws, a name twice or odd numbers.
    """
    import pandas as pd

    if isinstance(given, pd.Series):
        given = given.to_frame()
    if not isinstance(given, pd.DataFrame):
        numbers = np.asarray(given)
        given = pd.DataFrame(numbers[:, None] if numbers.ndim == 1 else numbers)
        given.columns = [f"{what} {i + 1}" for i in range(given.shape[1])]
    if len(given) != draws:
        raise ValueError(
            f"The {what} has {len(given)} draws and the net benefit {draws}; a row is one draw."
        )
    if given.columns.has_duplicates:
        twice = given.columns[given.columns.duplicated()][0]
        raise ValueError(f"The {what} has two columns of the same name, {twice!r}.")
    numbers = as_numbers(given, what)
    return pd.DataFrame(numbers, columns=[str(name) for name in given.columns])


def option_names(given: ArrayOrFrame) -> list[str]:
    """Return the names of the options, numbered where they have none."""
    columns = getattr(given, "columns", None)
    if columns is not None:
        return [str(name) for name in columns]
    return [f"option {i + 1}" for i in range(np.shape(given)[-1])]


def _enough(found: Floats, what: str) -> None:
    if found.shape[0] < 2 or found.shape[1] < 1:
        raise ValueError(
            f"The {what} needs at least two draws and one option; its shape is {found.shape}."
        )


def weights_of(weights: Floats | None, draws: int) -> Floats:
    """Return weights on draws, all 1 by default; raises ValueError."""
    if weights is None:
        return np.ones(draws)
    found = np.asarray(weights, dtype=np.float64)
    if found.shape != (draws,) or not (found >= 0).all() or not 0 < found.sum() < np.inf:
        raise ValueError(f"Weights are {draws} numbers of at least 0 that are not all 0.")
    return found
