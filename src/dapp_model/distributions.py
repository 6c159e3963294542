"""A distribution is a quantile function and its arguments; a draw is a keyed quantile.

Each kind takes the numbers by which evidence is usually stated: a mean or a median with a 95%
interval. numpy and scipy are imported inside the functions, so that start-up does not pay for
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dapp_model.quantities import Value

    FloatArray = NDArray[np.float64]

__all__ = [
    "KINDS",
    "PARTS",
    "Beta",
    "Distribution",
    "Drawable",
    "LogNormal",
    "Mixture",
    "Normal",
    "Part",
    "Triangular",
    "Uncertain",
    "Uniform",
    "bounded_quantile",
    "cumulative",
    "draw",
    "quantile",
    "read_distribution",
    "uniform_of",
]

PARTS: Final = ("mixture", "sceptical", "central", "optimistic")
"""What `draw` may take of a mixture: all of it, or one of its parts."""

# The standard normal quantile at 0.975: half the width of a 95% interval, in standard deviations.
_Z95: Final = 1.959963984540054
_BISECTIONS: Final = 64


@dataclass(frozen=True)
class Beta:
    """A share, by its mean and a 95% interval.

    Two numbers fix a beta distribution and three are stated, so the mean is kept exactly and
    the interval in its width; its ends may then lie a little beside the stated ones.
    """

    mean: float
    low: float
    high: float

    def __post_init__(self) -> None:
        _require(0 <= self.low < self.mean < self.high <= 1, "0 <= low < mean < high <= 1")


@dataclass(frozen=True)
class LogNormal:
    """A positive number, by its median and a 95% interval; all three are hit exactly.

    Where the interval is not symmetric about the median on the log scale, each side has its own
    spread, so that half of the probability lies on either side of the stated median.
    """

    median: float
    low: float
    high: float

    def __post_init__(self) -> None:
        _require(0 < self.low < self.median < self.high, "0 < low < median < high")


@dataclass(frozen=True)
class Normal:
    """A number of either sign, by its mean and standard deviation."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _require(self.sd > 0, "sd > 0")


@dataclass(frozen=True)
class Uniform:
    """Any value between two ends, all alike."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _require(self.low < self.high, "low < high")


@dataclass(frozen=True)
class Triangular:
    """A value between two ends, likeliest at the mode."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        ordered = self.low <= self.mode <= self.high and self.low < self.high
        _require(ordered, "low <= mode <= high and low < high")


@dataclass(frozen=True)
class Part:
    """One component of a mixture: normal on the log scale, with its weight."""

    name: str
    weight: float
    log_mean: float
    log_sd: float

    def __post_init__(self) -> None:
        _require(0 < self.weight <= 1 and self.log_sd > 0, "0 < weight <= 1 and log_sd > 0")


@dataclass(frozen=True)
class Mixture:
    """A positive number about which several schools of thought differ."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        total = math.fsum(part.weight for part in self.parts)
        _require(math.isclose(total, 1.0, abs_tol=1e-9), "weights that add up to 1")
        names = {part.name for part in self.parts}
        _require(len(names) == len(self.parts), "a different name for each part")


Distribution = Beta | LogNormal | Normal | Uniform | Triangular | Mixture

_BY_NUMBERS: Final[Mapping[str, type[Beta | LogNormal | Normal | Uniform | Triangular]]] = (
    MappingProxyType(
        {
            "beta": Beta,
            "lognormal": LogNormal,
            "normal": Normal,
            "uniform": Uniform,
            "triangular": Triangular,
        }
    )
)

KINDS: Final = (*_BY_NUMBERS, "mixture")


@dataclass(frozen=True)
class Uncertain:
    """A distribution with the lowest and highest value that is possible at all."""

    distribution: Distribution
    possible: tuple[float, float]


class Drawable(Protocol):
    """What `draw` needs of the inputs: what is uncertain, and a copy with other values."""

    @property
    def uncertain(self) -> Mapping[str, Uncertain]:
        """What is uncertain, by parameter name."""

    def replace(self: _Inputs, *, values: Mapping[str, Value]) -> _Inputs:
        """Return a copy that has these values."""


_Inputs = TypeVar("_Inputs", bound=Drawable)


def read_distribution(table: Mapping[str, object]) -> Distribution:
    """Build a distribution from a table with its kind and arguments, numbers in base units.

    Raises ValueError on an unknown kind, a missing or unknown argument, or numbers out of order.
    """
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"the kind of a distribution is one of {', '.join(KINDS)}, not {kind!r}")
    arguments = {name: value for name, value in table.items() if name != "kind"}
    if kind == "mixture":
        parts = arguments.pop("parts", None)
        if arguments or not isinstance(parts, list | tuple):
            raise ValueError("a mixture has a list of parts and nothing else")
        return Mixture(tuple(_read_part(part) for part in parts))
    wanted = _BY_NUMBERS[kind]
    return wanted(**_numbers(arguments, tuple(field.name for field in fields(wanted)), kind))


def _read_part(table: Mapping[str, object]) -> Part:
    numbers = dict(table)
    name = numbers.pop("name", None)
    if not isinstance(name, str) or not name:
        raise ValueError("each part of a mixture has a name")
    return Part(name, **_numbers(numbers, ("weight", "log_mean", "log_sd"), "a mixture's part"))


def _numbers(given: Mapping[str, object], wanted: tuple[str, ...], what: str) -> dict[str, float]:
    if set(given) != set(wanted):
        raise ValueError(f"{what} takes {', '.join(wanted)}; found {', '.join(given) or 'nothing'}")
    numbers = {}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} should be a number, not {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"{name} should be a finite number")
        numbers[name] = float(value)
    return numbers


@overload
def quantile(distribution: Distribution, u: float) -> float: ...
@overload
def quantile(distribution: Distribution, u: FloatArray) -> FloatArray: ...
def quantile(distribution: Distribution, u: float | FloatArray) -> float | FloatArray:
    """Return the value below which a share u of the probability lies; u within [0, 1].

    A number gives a number and an array an array of the same shape. Raises ValueError if u lies
    outside [0, 1].
    """
    import numpy as np

    share = np.asarray(u, dtype=np.float64)
    if not bool(np.all((share >= 0) & (share <= 1))):
        raise ValueError("u has to lie between 0 and 1")
    value = _quantile(distribution, share)
    return value if isinstance(u, np.ndarray) else float(value)


def _quantile(distribution: Distribution, u: FloatArray) -> FloatArray:
    import numpy as np
    from scipy import special

    match distribution:
        case Beta(mean, low, high):
            a, b = _beta_shapes(mean, low, high)
            return np.asarray(special.betaincinv(a, b, u))
        case LogNormal(median, low, high):
            z = _normal_quantile(u)
            spread = np.where(z < 0, math.log(median / low), math.log(high / median)) / _Z95
            return np.asarray(median * np.exp(z * spread))
        case Normal(mean, sd):
            return np.asarray(mean + sd * _normal_quantile(u))
        case Uniform(low, high):
            return np.asarray(low + (high - low) * u)
        case Triangular(low, mode, high):
            rising = low + np.sqrt(u * (high - low) * (mode - low))
            falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
            return np.asarray(np.where(u * (high - low) < mode - low, rising, falling))
        case Mixture(parts):
            return _mixture_quantile(parts, u)


def _mixture_quantile(parts: tuple[Part, ...], u: FloatArray) -> FloatArray:
    """Bisect on the log scale: a mixture's quantile lies between those of its parts."""
    import numpy as np

    z = _normal_quantile(u)
    of_parts = np.stack([part.log_mean + part.log_sd * z for part in parts])
    low, high = of_parts.min(axis=0), of_parts.max(axis=0)
    for _ in range(_BISECTIONS):
        # Halves are added, not ends subtracted: at u = 0 and 1 both ends are the same infinity.
        middle = low / 2 + high / 2
        below = _mixture_cumulative(parts, middle) < u
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(np.exp(high))


def _mixture_cumulative(parts: tuple[Part, ...], log_x: FloatArray) -> FloatArray:
    import numpy as np
    from scipy import special

    total = np.zeros_like(log_x)
    for part in parts:
        z = (log_x - part.log_mean) / part.log_sd
        total = total + part.weight * np.asarray(special.ndtr(z))
    return total


@overload
def cumulative(distribution: Distribution, x: float) -> float: ...
@overload
def cumulative(distribution: Distribution, x: FloatArray) -> FloatArray: ...
def cumulative(distribution: Distribution, x: float | FloatArray) -> float | FloatArray:
    """Return the probability of a value of at most x: the inverse of `quantile`."""
    import numpy as np

    value = _cumulative(distribution, np.asarray(x, dtype=np.float64))
    return value if isinstance(x, np.ndarray) else float(value)


def _cumulative(distribution: Distribution, x: FloatArray) -> FloatArray:
    import numpy as np
    from scipy import special

    match distribution:
        case Beta(mean, low, high):
            a, b = _beta_shapes(mean, low, high)
            return np.asarray(special.betainc(a, b, np.clip(x, 0, 1)))
        case LogNormal(median, low, high):
            distance = _log(x) - math.log(median)
            spread = np.where(distance < 0, math.log(median / low), math.log(high / median)) / _Z95
            return np.asarray(special.ndtr(distance / spread))
        case Normal(mean, sd):
            return np.asarray(special.ndtr((x - mean) / sd))
        case Uniform(low, high):
            return np.asarray(np.clip((x - low) / (high - low), 0, 1))
        case Triangular(low, mode, high):
            inside = np.clip(x, low, high)
            width = high - low
            # The unused branch of np.where must not divide by zero when the mode is an end.
            rising = (inside - low) ** 2 / (width * max(mode - low, math.ulp(width)))
            falling = 1 - (high - inside) ** 2 / (width * max(high - mode, math.ulp(width)))
            return np.asarray(np.where(inside < mode, rising, falling))
        case Mixture(parts):
            return _mixture_cumulative(parts, _log(x))


def bounded_quantile(
    distribution: Distribution, u: FloatArray, possible: tuple[float, float]
) -> FloatArray:
    """Return the quantile of the distribution *given* that the value is possible.

    The distribution is truncated, not clipped: u runs over the probability between the two
    ends, quantile(F(low) + u (F(high) - F(low))), so what lies outside is shared out over the
    inside in proportion, and no mass piles up at an end. Raises ValueError where the
    distribution puts less than one per cent on what is possible: it is then not about this
    parameter.
    """
    import numpy as np

    low, high = possible
    below, upto = _between(distribution, low, high)
    if upto - below < 0.01:
        raise ValueError(f"the distribution puts almost nothing between {low:g} and {high:g}")
    value = quantile(distribution, np.asarray(below + u * (upto - below), dtype=np.float64))
    # Rounding alone is caught here: the last digit of a value that is already inside.
    return np.clip(value, low, high)


@lru_cache(maxsize=1024)
def _between(distribution: Distribution, low: float, high: float) -> tuple[float, float]:
    """Return the probabilities below the two ends of what is possible."""
    return cumulative(distribution, low), cumulative(distribution, high)


def uniform_of(seed: int, name: str, number: int) -> float:
    """Return a uniform strictly between 0 and 1 that depends on nothing but its three keys."""
    digest = blake2b(f"{seed}/{name}/{number}".encode(), digest_size=8).digest()
    # 52 bits and a half: every such number is a float, and neither 0 nor 1 can come out.
    return ((int.from_bytes(digest, "big") >> 12) + 0.5) / 2.0**52


def draw(
    inputs: _Inputs, n: int, seed: int, *, part: str = "mixture", first: int = 0
) -> tuple[_Inputs, ...]:
    """Draw n joint sets of everything that the inputs call uncertain.

    Draw number `first` + i of a parameter is the quantile at a uniform keyed by (seed, name,
    draw number): adding a parameter, or drawing in several goes, never changes another draw.
    `part` is one of PARTS: all of the mixture on the programme's effect, or one part of it, at
    the same uniforms. Raises ValueError on an unknown part or a negative n.
    """
    import numpy as np

    if part not in PARTS:
        raise ValueError(f"part is one of {', '.join(PARTS)}, not {part!r}")
    if n < 0 or first < 0:
        raise ValueError("the number of draws and the first draw cannot be negative")
    columns: dict[str, list[float]] = {}
    for name, uncertain in inputs.uncertain.items():
        numbers = range(first, first + n)
        u = np.array([uniform_of(seed, name, number) for number in numbers], dtype=np.float64)
        distribution = _of_part(uncertain.distribution, part)
        columns[name] = bounded_quantile(distribution, u, uncertain.possible).tolist()
    return tuple(inputs.replace(values=values) for values in _rows(columns, n))


def _rows(columns: Mapping[str, list[float]], n: int) -> Iterator[dict[str, float]]:
    for row in range(n):
        yield {name: column[row] for name, column in columns.items()}


def _of_part(distribution: Distribution, part: str) -> Distribution:
    if part == "mixture" or not isinstance(distribution, Mixture):
        return distribution
    chosen = [each for each in distribution.parts if each.name == part]
    if not chosen:
        raise ValueError(f"this mixture has no part named {part}")
    return Mixture((Part(part, 1.0, chosen[0].log_mean, chosen[0].log_sd),))


@lru_cache(maxsize=1024)
def _beta_shapes(mean: float, low: float, high: float) -> tuple[float, float]:
    """Return the shapes (a, b) that keep the mean, and the width of the 95% interval."""
    from scipy import optimize, special

    def excess_width(log_size: float) -> float:
        a, b = mean * math.exp(log_size), (1 - mean) * math.exp(log_size)
        ends = [float(special.betaincinv(a, b, end)) for end in (0.025, 0.975)]
        return ends[1] - ends[0] - (high - low)

    # From the widest that has no peak at an end, where the smaller shape is 1, to a spike; between
    # them the interval narrows as the size grows.
    least, most = -math.log(min(mean, 1 - mean)), math.log(1e8)
    if excess_width(least) < 0 or excess_width(most) > 0:
        raise ValueError(
            f"no single-peaked beta has mean {mean:g} and an interval from {low:g} to {high:g}"
        )
    size = math.exp(float(optimize.brentq(excess_width, least, most, xtol=1e-12)))
    return mean * size, (1 - mean) * size


def _normal_quantile(u: FloatArray) -> FloatArray:
    import numpy as np
    from scipy import special

    return np.asarray(special.ndtri(u))


def _log(x: FloatArray) -> FloatArray:
    """Return the logarithm, minus infinity for zero and below, without a warning."""
    import numpy as np

    positive = x > 0
    return np.where(positive, np.log(np.where(positive, x, 1.0)), -math.inf)


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"a distribution needs {rule}")
