"""Read a calibration's recipe, targets and priors, and say everything that is wrong at once."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import given
from dapp_model.calibration.targets import READERS, slope, to_scale
from dapp_model.distributions import Distribution, bounded_quantile, cumulative
from dapp_model.errors import InputErrors, Problem, QuantityError
from dapp_model.parameters import Parameter, distribution_of, registry
from dapp_model.paths import NO_NAME, plain_name, trouble
from dapp_model.quantities import quote
from dapp_model.scenario_layers import LARGEST_FILE_BYTES
from dapp_model.toml_lines import locate

SIZE: Final = "county.new_perpetrators"  # all counts are in proportion to it
SIDES: Final = ("both", "low", "high")
WEIGHTS: Final = ("strong", "weak", "check")
READINGS: Final = ("A", "B", "C")
MARAC: Final = ("year", "ever")
TOO_FAR: Final = 3.0  # two figures for one thing contradict each other beyond so many errors
MOST_OUTSIDE: Final = 0.01  # of a prior's probability may lie outside what is possible
# Sections of the registry that move no event before there is a programme.
OF_THE_PROGRAMME: Final = (
    *("pathway", "effect", "referral", "budget", "campaign", "calibration", "money", "cost"),
    *("rail", "structural"),
)
_WHOLE: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "bank": {
        "first": (8, 100_000),
        "second": (0, 100_000),
        "replicates": (2, 16),
        "numbers": (2, 100_000),
    },
    "posterior": {"rows": (10, 100_000), "chains": (4, 4096), "steps": (30, 1_000_000)},
    "proof": {
        "sets": (0, 100_000),
        "draws": (9, 10_000),
        "counties": (0, 10_000),
        "forecast": (0, 10_000),
    },
}
_TOP: Final = ("title", "scenario", "targets", "priors", "readings", "marac_repeat", "seed")
_COLUMNS: Final = [
    *("name", "label", "reader", "value", "rounding", "rounding_reason"),
    *("transfer", "transfer_reason", "side", "weight", "reading", "unit"),
    *("population_place", "period", "evidence", "source", "url", "status", "grade", "note"),
]


@dataclass(frozen=True)
class Target:
    """One figure of a source, how it is read off a county, and how far it may be off.

    `rounding` is a standard error in the figure's own unit; `transfer` one on the reader's scale
    (log or log odds), for what was counted elsewhere, at another time or by another definition.
    side: both, or the one on which the figure bounds the county. reading: in force under which
    reading of repeat (A, B, C) or of MARAC repeat (year, ever); empty for all.
    """

    name: str
    label: str
    reader: str
    value: float
    rounding: float
    rounding_reason: str
    transfer: float
    transfer_reason: str
    side: str
    weight: str
    reading: str
    unit: str
    population_place: str
    period: str
    evidence: str
    source: str
    url: str
    status: str
    grade: str
    note: str

    @property
    def scale(self) -> str:
        """Return log or logit."""
        return READERS[self.reader].scale

    @property
    def aim(self) -> float:
        """Return the figure on its scale."""
        return float(to_scale(self.value, self.scale))

    @property
    def error(self) -> float:
        """Return the standard error on the scale, of rounding and transfer together."""
        return math.hypot(self.rounding * slope(self.value, self.scale), self.transfer)


@dataclass(frozen=True)
class Prior:
    """What is believed of one parameter before the calibration, in base units."""

    name: str
    distribution: Distribution
    possible: tuple[float, float]

    def values(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the values at standard normal scores."""
        from scipy.special import ndtr

        return bounded_quantile(self.distribution, np.asarray(ndtr(z)), self.possible)

    def score(self, value: float) -> float:
        """Return the standard normal score of a value: the inverse of `values`."""
        from scipy.special import ndtri

        low, here, high = (
            cumulative(self.distribution, x) for x in (self.possible[0], value, self.possible[1])
        )
        return float(ndtri((here - low) / (high - low)))


@dataclass(frozen=True)
class Recipe:
    """Everything that a posterior depends on, but for the model."""

    path: Path
    title: str
    scenario: Path
    targets: tuple[Target, ...]
    priors: tuple[Prior, ...]
    readings: tuple[str, ...]
    marac_repeat: str
    seed: int
    share: float
    numbers: Mapping[str, int]  # "bank.first" and so on
    hash: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return the parameters that are fitted, the size of the county first."""
        return tuple(prior.name for prior in self.priors)

    def in_force(self, reading: str, weights: Sequence[str] = WEIGHTS) -> tuple[Target, ...]:
        """Return the targets of these weights under one reading of "repeat"."""
        applies = ("", reading, self.marac_repeat)
        return tuple(t for t in self.targets if t.reading in applies and t.weight in weights)

    def values(self, z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return parameter values in base units at standard normal scores [row, parameter]."""
        return np.column_stack([p.values(z[:, j]) for j, p in enumerate(self.priors)])


def read(path: Path) -> Recipe:
    """Read and check a recipe with its files. Raises InputErrors with every problem found."""
    problems: list[Problem] = []
    text = _text(path, problems)
    table = _toml(path, text, problems)
    if problems:
        raise InputErrors(tuple(problems))
    lines = locate(text)
    if not plain_name(path.stem):
        problems.append(Problem(str(path), None, "", path.name, "NAME.toml", NO_NAME))

    def wrong(key: str, found: str, expected: str, message: str) -> None:
        line = lines.get(tuple(key.split(".")))
        problems.append(Problem(str(path), line, key, found, expected, message))

    for key in table:
        if key not in (*_TOP, *_WHOLE):
            wrong(key, key, ", ".join((*_TOP, *_WHOLE)), "A recipe has no such key.")
    for key in ("title", "scenario", "targets", "priors"):
        if not isinstance(table.get(key), str):
            wrong(key, quote(table.get(key, "nothing")), "a text", f"The recipe has no {key}.")
        elif key != "title" and (reason := trouble(path.parent / table[key])):
            wrong(key, quote(table[key]), "the name of a file", f"It cannot be read ({reason}).")
    numbers = _numbers(table, wrong)
    readings = table.get("readings", [])
    if not _are_readings(readings):
        wrong("readings", quote(readings), "some of A, B, C", "Readings of repeat are a list.")
    marac = table.get("marac_repeat", "year")
    if marac not in MARAC:
        wrong("marac_repeat", quote(marac), " or ".join(MARAC), "This reading is not known.")
    seed = table.get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        wrong("seed", quote(seed), "a whole number", "The recipe has no seed.")
    share = table.get("bank", {}).get("share") if isinstance(table.get("bank"), dict) else None
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
        wrong("bank.share", quote(share), "above 0 and at most 1", "The share is not possible.")
    files = {
        key: path.parent / str(table.get(key, "")) for key in ("scenario", "targets", "priors")
    }
    if problems:
        raise InputErrors(tuple(problems))
    if not files["scenario"].is_file():
        wrong("scenario", str(table["scenario"]), "a scenario file", "There is no such file.")
    targets = read_targets(files["targets"], problems)
    priors = read_priors(files["priors"], problems)
    if problems:
        raise InputErrors(tuple(problems))
    found = Recipe(
        path=path,
        title=str(table["title"]),
        scenario=files["scenario"],
        targets=targets,
        priors=priors,
        readings=tuple(readings),
        marac_repeat=str(marac),
        seed=int(seed or 0),
        share=float(share or 0),
        numbers=numbers,
        hash=_hash(table, [_text(files[key], problems) for key in ("targets", "priors")]),
    )
    problems += _contradictions(files["targets"], found)
    if problems:
        raise InputErrors(tuple(problems))
    return found


def _hash(table: Mapping[str, Any], texts: Sequence[str]) -> str:
    """Return a hash of all that the posterior depends on, but for the model's code.

    How much is simulated to prove it plays no part.
    """
    own = json.dumps({k: v for k, v in table.items() if k != "proof"}, sort_keys=True, default=str)
    whole = "\0".join([own, *texts, registry_of_the_county()])
    return hashlib.blake2b(whole.encode(), digest_size=8).hexdigest()


def registry_of_the_county() -> str:
    """Return what the registry says that a county without a programme depends on, as a text.

    The registry's own values of what is calibrated are replaced by the fit.
    """
    return "\0".join(
        f"{name}={'' if each.role == 'calibrated' else each.value}|{each.distribution}"
        for name, each in registry().items()
        if each.role != "lever" and name.split(".")[0] not in OF_THE_PROGRAMME
    )


def _are_readings(found: object) -> bool:
    """Say whether these are different readings of "repeat", at least one."""
    if not isinstance(found, list) or not found or any(one not in READINGS for one in found):
        return False
    return len(set(found)) == len(found)


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        return given.text(path, LARGEST_FILE_BYTES)
    except given.Unreadable as error:
        message = "It cannot be read."
        problems.append(Problem(str(path), error.line, "", error.reason, "a file", message))
        return ""


def _toml(path: Path, text: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        return given.toml(text)
    except given.Unreadable as error:
        message = "It cannot be read."
        problems.append(Problem(str(path), error.line, "", error.reason, "TOML", message))
        return {}


def _numbers(table: Mapping[str, Any], wrong: Any) -> dict[str, int]:
    found = {}
    for section, keys in _WHOLE.items():
        own = table.get(section)
        if not isinstance(own, dict):
            wrong(section, "nothing", ", ".join(keys), f"The recipe has no [{section}].")
            continue
        for key in own:
            if key not in keys and (section, key) != ("bank", "share"):
                wrong(f"{section}.{key}", key, ", ".join(keys), "A recipe has no such key.")
        for key, (low, high) in keys.items():
            value = own.get(key)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                expected = f"a whole number from {low} to {high:,}"
                wrong(f"{section}.{key}", quote(value), expected, "The number is not possible.")
            else:
                found[f"{section}.{key}"] = value
    return found


# -- targets --------------------------------------------------------------------------------------


def read_targets(path: Path, problems: list[Problem]) -> tuple[Target, ...]:
    """Read the targets; what is wrong is added to `problems`."""
    text = _text(path, problems)
    if not text:
        return ()
    rows = csv.DictReader(text.splitlines())
    try:
        names = list(rows.fieldnames or ())
        numbered = [(rows.line_num, row) for row in rows]
    except csv.Error as error:
        message = "The table cannot be read."
        problems.append(Problem(str(path), rows.line_num, "", str(error), "a CSV file", message))
        return ()
    if names != _COLUMNS:
        found = ", ".join(names)
        problems.append(
            Problem(str(path), 1, "", found, ", ".join(_COLUMNS), "The columns are not these.")
        )
        return ()
    out: list[Target] = []
    for line, row in numbered:
        before = len(problems)
        problems += _row_problems(str(path), line, row)
        if len(problems) == before:
            if any(row["name"] == one.name for one in out):
                message = "Two targets have the same name."
                problems.append(
                    Problem(str(path), line, row["name"], row["name"], "another name", message)
                )
                continue
            out.append(_target(row))
    return tuple(out)


def _target(row: Mapping[str, str]) -> Target:
    numbers = {key: float(row[key]) for key in ("value", "rounding", "transfer")}
    cells: dict[str, Any] = {**row, **numbers}
    return Target(**cells)


def _row_problems(file: str, line: int, row: Mapping[str, Any]) -> Iterator[Problem]:
    name = str(row["name"])

    def wrong(found: str, expected: str, message: str) -> Problem:
        return Problem(file, line, name, found, expected, message)

    if any(value is None for value in row.values()) or None in row:
        yield wrong("another number of cells", f"{len(_COLUMNS)} cells", "The row does not fit.")
        return
    reader = row["reader"]
    if reader not in READERS:
        yield wrong(
            reader, ", ".join(READERS), "The model has no definition for what this target counts."
        )
        return
    numbers = {}
    for key in ("value", "rounding", "transfer"):
        try:
            numbers[key] = float(row[key])
        except ValueError:
            yield wrong(row[key], "a number", f"The {key} is not a number.")
            return
    value, scale = numbers["value"], READERS[reader].scale
    if not (0 < value < (1 if scale == "logit" else math.inf)):
        expected = "between 0 and 1" if scale == "logit" else "above 0"
        yield wrong(row["value"], expected, "The value is not possible for what is counted.")
    for key in ("rounding", "transfer"):
        if not (0 <= numbers[key] < math.inf):
            yield wrong(row[key], "0 or more", f"The {key} error is not possible.")
        if numbers[key] > 0 and not row[f"{key}_reason"].strip():
            yield wrong("nothing", "a reason", f"The {key} error has no reason.")
    for key, allowed in (
        ("side", SIDES),
        ("weight", WEIGHTS),
        ("reading", ("", *READINGS, *MARAC)),
    ):
        if row[key] not in allowed:
            yield wrong(row[key], " or ".join(a or "nothing" for a in allowed), f"No such {key}.")
    for key in ("label", "source", "status", "grade", "period", "population_place", "unit"):
        if not row[key].strip():
            yield wrong("nothing", "a text", f"The target has no {key}.")
    if row["weight"] != "check" and not READERS[reader].learnt:
        yield wrong(row["weight"], "check", "This figure is checked alone: no fit can use it.")
    if row["weight"] == "weak" and numbers["rounding"] == numbers["transfer"] == 0:
        yield wrong("no error", "an error", "A weak target needs a stated error.")


def _contradictions(file: Path, recipe: Recipe) -> Iterator[Problem]:
    """Find targets under one reading that no county can meet together."""
    said: set[tuple[str, str]] = set()
    for reading in recipe.readings:
        active = recipe.in_force(reading, ("strong", "weak"))
        for i, one in enumerate(active):
            for other in active[i + 1 :]:
                text = _contradict(one, other)
                if text and (one.name, other.name) not in said:
                    said.add((one.name, other.name))
                    yield Problem(
                        str(file),
                        None,
                        f"{one.name}, {other.name}",
                        f"{one.value:g} and {other.value:g}",
                        text,
                        "These targets contradict each other.",
                    )
        if not any(t.weight == "strong" for t in active):
            message = "No strong target is in force."
            yield Problem(str(file), None, reading, "none", "at least one", message)


def _contradict(one: Target, other: Target) -> str:
    if one.reader == other.reader and one.side == other.side == "both":
        error = math.hypot(one.error, other.error)
        apart = abs(one.aim - other.aim)
        if apart > TOO_FAR * error or apart > 0 == error:
            far = "no error at all" if error == 0 else f"{apart / error:.1f} standard errors apart"
            return f"figures for one thing that agree; these are {far}"
    pairs = (("marac_repeats", "marac_referrals"), ("marac_repeats_ever", "marac_referrals"))
    for part, whole in pairs:
        by = {one.reader: one, other.reader: other}
        if {part, whole} == set(by) and by[part].value > by[whole].value:
            return "no more repeats than referrals"
    return ""


# -- priors ---------------------------------------------------------------------------------------


def read_priors(path: Path, problems: list[Problem]) -> tuple[Prior, ...]:
    """Return the priors of what is fitted: calibrated parameters, then evidence drawn with them."""
    text = _text(path, problems)
    table = _toml(path, text, problems)
    lines = locate(text) if table else {}
    known = registry()
    wanted = [name for name, each in known.items() if each.role == "calibrated"]
    given: dict[str, Prior] = {}

    def wrong(name: str, found: str, expected: str, message: str) -> None:
        line = lines.get(tuple(name.split(".")))
        problems.append(Problem(str(path), line, name, found, expected, message))

    for section, entries in table.items():
        for short, entry in entries.items() if isinstance(entries, dict) else ():
            name = f"{section}.{short}"
            if name not in wanted:
                wrong(name, name, "a calibrated parameter", "This parameter is not calibrated.")
                continue
            if not isinstance(entry, dict):
                wrong(name, quote(entry), f"a heading [{name}]", "The prior is not a table.")
                continue
            for key in ("reason", "source", "status", "grade"):
                if not isinstance(entry.get(key), str) or not entry[key].strip():
                    wrong(name, "nothing", "a text", f"The prior has no {key}.")
            try:
                distribution = distribution_of(entry.get("distribution"), known[name].unit)
            except (ValueError, QuantityError) as error:
                wrong(name, str(error), "a distribution", "The prior cannot be read.")
                continue
            outside = _outside(distribution, known[name])
            if outside > MOST_OUTSIDE:
                low, high = known[name].possible or (-math.inf, math.inf)
                wrong(
                    name,
                    f"{outside:.0%} of the prior outside",
                    f"nearly all of it between {low:g} and {high:g}",
                    "The prior lies outside what is possible.",
                )
            given[name] = Prior(name, distribution, known[name].possible or (-math.inf, math.inf))
    for name in wanted:
        if name not in given and not any(p.key == name for p in problems):
            wrong(name, "nothing", "a prior", "This calibrated parameter has no prior.")
    with_it = [
        Prior(name, each.distribution, each.possible)
        for name, each in known.items()
        if each.with_calibration and each.distribution is not None and each.possible is not None
    ]
    first = [given[name] for name in wanted if name in given]
    first.sort(key=lambda prior: prior.name != SIZE)  # the size of the county first
    return (*first, *with_it)


def _outside(distribution: Distribution, parameter: Parameter) -> float:
    low, high = parameter.possible or (-math.inf, math.inf)
    return 1 - (cumulative(distribution, high) - cumulative(distribution, low))
