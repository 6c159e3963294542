"""Tables of what moves the value, as `dapp sensitivity` has left them in a run's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from dapp_model.parameters import registry
from dapp_model.report import change_words, origins, words
from dapp_model.report.sure_figures import label_of
from dapp_model.report.sure_tables import WITHIN_NOISE
from dapp_model.report.sure_words import section
from dapp_model.report.table import Table

MOST: Final = 12  # single things in a table; all stand in the analysis's own files
PLACE: Final = "analysis/sensitivity/sensitivity.json"
_TOLD: Final = "told from zero"
Row = Mapping[str, Any]


def tables(found: Mapping[str, Any], decision: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the tables of an analysis; those that it has no numbers for are left out."""
    found = origins.sourced(found, PLACE)
    made = [
        _single(_last(_rows(found, "given_data"))),
        _groups(_last(_rows(found, "sobol_regression")), "a regression of this run's draws"),
        _groups(_last(_rows(found, "sobol_model")), "runs of the model itself"),
        _effects(_rows(found, "morris_regression"), "a regression of this run's draws"),
        _effects(_rows(found, "morris_model"), "runs of the model itself"),
        _switching(_rows(found, "switching"), decision),
        _choke_points(_rows(found, "choke_points")),
    ]
    return tuple(one for one in made if one is not None)


def _rows(found: Mapping[str, Any], name: str) -> Sequence[Row]:
    """Return the rows of a table; none where it was not asked for, or no regression holds."""
    rows = found.get(name, ())
    if isinstance(rows, str) or (rows and not rows[0].get("regression_holds", True)):
        return ()
    return list(rows)


def _last(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows of the largest sample: the others show whether indices have settled."""
    most = max((one["samples"] for one in rows), default=0)
    return [one for one in rows if one["samples"] == most]


def _single(rows: Sequence[Row]) -> Table | None:
    if not rows:
        return None
    ranked = sorted(rows, key=lambda one: (one["zero_within_noise"], -float(one["first_order"])))
    quiet = sum(one["zero_within_noise"] for one in rows)
    cells = tuple(
        (
            label_of(str(one["parameter"])),
            _share(one, "first_order"),
            words.number(one["pawn"], 2),
            _noise(one),
        )
        for one in ranked[:MOST]
    )
    title = (
        f"What single things explain of the value's variance ({len(rows)} were looked at, "
        f"{quiet} of which are {WITHIN_NOISE})"
    )
    columns = ("Quantity", "First-order index (± standard error)", "PAWN index", "")
    return Table(title, columns, cells, PLACE)


def _groups(rows: Sequence[Row], how: str) -> Table | None:
    if not rows:
        return None
    ranked = sorted(rows, key=lambda one: (one["zero_within_noise"], -_number(one["total"])))
    cells = tuple(
        (
            section(str(one["parameter"])).capitalize(),
            _share(one, "first_order"),
            _share(one, "total"),
            _noise(one),
        )
        for one in ranked
        if not one["zero_within_noise"]
    )
    if not cells:
        return None
    title = f"Sobol' indices of groups, on {how}: groups that are told from zero"
    columns = ("Group", "First-order (± standard error)", "Total (± standard error)", "")
    return Table(title, columns, cells, PLACE)


def _effects(rows: Sequence[Row], how: str) -> Table | None:
    ranked = sorted(
        (one for one in rows if not one["zero_within_noise"]),
        key=lambda one: -_number(one["mean_absolute_effect"]),
    )
    if not ranked:
        return None
    cells = tuple(
        (
            _name(str(one["parameter"])),
            words.with_pounds(one["mean_absolute_effect"], one["standard_error"]),
            words.money(one["mean_effect"]),
        )
        for one in ranked[:MOST]
    )
    title = f"Morris screening, on {how}: what is told from zero, largest first"
    columns = ("Moved across its range", "Mean size of effect (± standard error)", "Mean effect")
    return Table(title, columns, cells, PLACE)


def _switching(rows: Sequence[Row], decision: Mapping[str, Any]) -> Table | None:
    if not rows:
        return None
    known = registry()
    cells = []
    for one in rows:
        unit = known[one["parameter"]].unit if one["parameter"] in known else "number"
        value, low, high = (change_words.amount(one[k], unit) for k in ("value", "low", "high"))
        error = one["share_of_draws_beyond_monte_carlo_error"]
        cells.append(
            (
                label_of(str(one["parameter"])),
                "all options" if one["between"] == "all options" else "the two of the first page",
                f"{one['side']} {value} ({low} to {high})",
                str(words.option_of(decision, one["becomes"])["label"]),
                words.share_of_draws(one["share_of_draws_beyond"], error, decision["draws"]),
            )
        )
    title = "At which value of one thing alone another option is best on average"
    columns = ("Quantity", "Between", "Best changes (90% interval)", "To", "Draws beyond it")
    return Table(title, columns, tuple(cells), PLACE)


def _choke_points(rows: Sequence[Row]) -> Table | None:
    if not rows:
        return None
    cells = tuple(
        (str(one["step"]), words.with_pounds(one["value"], one["standard_error"]), _noise(one))
        for one in rows
    )
    title = "What one more of each scarce thing is worth, by running the model anew"
    return Table(title, ("Step", "Worth (± standard error)", ""), cells, PLACE)


def _name(group: str) -> str:
    """Return what a section or a parameter is called."""
    return label_of(group) if "." in group else section(group).capitalize()


def _share(one: Row, name: str) -> str:
    error = _number(one[f"{name}_error"])
    told = f" (±\N{NO-BREAK SPACE}{words.number(error, 2)})" if error else ""
    return f"{words.number(max(0.0, _number(one[name])), 2)}{told}"


def _noise(one: Row) -> str:
    return WITHIN_NOISE if one["zero_within_noise"] else _TOLD


def _number(value: float | None) -> float:
    """Return a number of a file, in which one that is not known is None."""
    return 0.0 if value is None or not isfinite(value) else float(value)
