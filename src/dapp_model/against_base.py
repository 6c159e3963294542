"""What a scenario's change does: its run against that of the file it extends, draw by draw.

Both have the same draws of what is not known and the same play of chance, so what differs between
them is what was changed. `decision.md`'s window (one end for all options of a study) is that of
the scenario in both, and of the base only those options are simulated that something is compared
with. The folder `difference_from_base` is written into the run's folder when that is finished; it
is made of the two runs' draws alone and is no part of what `dapp reproduce` compares.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model import changes, runs, stored, whole
from dapp_model.contradictions import felt
from dapp_model.decision.worth import AVERTED, PUBLIC_COST, VALUE, spread
from dapp_model.phases import horizon_date

if TYPE_CHECKING:
    from dapp_model.draws import Draws
    from dapp_model.parameters import Inputs
    from dapp_model.study import Plan

NAME: Final = "difference_from_base"
MEASURES: Final = (AVERTED, PUBLIC_COST, VALUE)  # in the order of page one
SPREAD: Final = ("mean", "low", "high", "low50", "high50", "monte_carlo_error")
OUTSIDE: Final = (
    "These files are made from the draws of two runs, this one and that of the file it extends. "
    "`dapp reproduce` does not compare them: it reproduces each run by itself, and `dapp run` "
    "makes these files again from what the two hold."
)
_WINDOW: Final = "time.window_after_last_start"


@dataclass(frozen=True)
class Pair:
    """An option and the one of the base that it is compared with; `same` if nothing differs."""

    option: str
    base: str
    same: bool


@dataclass(frozen=True)
class Comparison:
    """What is compared with what: `base` holds only what is needed, None if nothing is to be run.

    `window_ends` is the last day that the base counts by itself. `refused` is a sentence on why
    nothing can be compared, or empty. `file` is the base's name.
    """

    file: str
    changed: tuple[str, ...]
    pairs: tuple[Pair, ...]
    base: Inputs | None
    levers: bool
    beliefs: bool
    window_ends: str = ""
    refused: str = ""


def tell(inputs: Inputs, plan: Plan, run: Path, *, out: Path | None, how: runs.How) -> list[str]:
    """Write what the change does into a finished run's folder, and return it in words.

    The base is run with the same plan if it is needed and not there yet; `out` is where the run was
    asked to be. Raises InputErrors or RunError; the run itself stays as it is.
    """
    from dapp_model import labels
    from dapp_model.report import base_difference
    from dapp_model.scenario import shipped

    compared = plan_of(inputs)
    if compared is None:
        return []
    if compared.refused:
        # The shipped studies of the two decisions share what is believed, and no more.
        path = Path(inputs.path)
        own = shipped().get(path.name)  # the package has a copy of its own
        if own is not None and own.read_bytes() == path.read_bytes():
            return []
        return ["", compared.refused]
    base = None
    if compared.base is not None:
        base = base_place(compared.base, plan, run, out)
        if how.say:
            there = (base / "manifest.json").is_file()
            how.say(
                f"Comparing with {compared.file}, whose run is in {base}."
                if there
                else f"To say what the change does, {compared.file} is run as well, once, into "
                f"{base} (leave this out with --no-base)."
            )
        base = runs.run(compared.base, plan, base, how).folder
    found = compare(run, base, compared)
    place = write(run, found, labels.standing(inputs, plan))
    lines = ["", f"Against {compared.file}, which this file extends:"]
    lines += [f"  {one}" for one in (*compared.changed, *base_difference.sentences(found))]
    chart = place / f"{NAME}.png"
    return [*lines, f"  Chart: {chart}"] if chart.is_file() else lines


# -- what to compare ------------------------------------------------------------------------------


def plan_of(inputs: Inputs) -> Comparison | None:
    """Return what a scenario's options are compared with, or None if its file extends none.

    Raises InputErrors if the file that it extends cannot be read.
    """
    from dapp_model.scenario import base_of, load

    path = base_of(inputs.path)
    if path is None:
        return None
    base = load(path, {"population.share": inputs.population_share})
    changed = tuple(changes.sentences(inputs, base))
    believed = bool(changes.beliefs(inputs, base))
    done = bool(changes.levers(inputs, base)) or any(n not in base.options for n in inputs.options)
    last = (horizon_date(base) - dt.timedelta(days=1)).isoformat()
    empty = Comparison(path.name, changed, (), None, done, believed, last)
    if refused := _refusal(inputs, base):
        return dataclasses.replace(empty, refused=refused)
    alike = not believed and _same(inputs, inputs.options[0], base, base.options[0])
    pairs = [_pair(inputs, name, base, alike) for name in inputs.options[1:]]
    found = tuple(pair for pair in pairs if pair is not None)
    if all(pair.same for pair in found):
        return dataclasses.replace(empty, pairs=found)
    needed = [pair.base for pair in found if not pair.same]
    if alike and all(_here(inputs, name, base) for name in needed):
        return dataclasses.replace(empty, pairs=found)  # this run holds the base's options itself
    return dataclasses.replace(empty, pairs=found, base=_twin(inputs, base, needed))


def _refusal(inputs: Inputs, base: Inputs) -> str:
    """Say why nothing can be compared, or nothing."""
    there = Path(base.path).name
    if inputs.decision != base.decision:
        return (
            f"Not compared with {there}: that is about the {base.decision} and this about the "
            f"{inputs.decision}, and the two are never mixed."
        )
    if inputs.options[0] != base.options[0]:
        ours, theirs = (words_of(one, one.options[0]) for one in (inputs, base))
        return (
            f"Not compared with {there}: here the options are compared with {ours}, and there "
            f"with {theirs}."
        )
    if inputs.values["money.price_year"] != base.values["money.price_year"]:
        return f"Not compared with {there}: the two count in pounds of different years."
    return ""


def words_of(inputs: Inputs, name: str) -> str:
    """Return an option's label in quotation marks."""
    from dapp_model.report import words

    return words.quoted(inputs.option(name).label)


def _same(inputs: Inputs, name: str, base: Inputs, other: str) -> bool:
    return felt(inputs.option(name)) == felt(base.option(other))


def _here(inputs: Inputs, name: str, base: Inputs) -> bool:
    """Say whether an option of the base is an option of the scenario as well, unchanged."""
    return name in inputs.options and _same(inputs, name, base, name)


def _pair(inputs: Inputs, name: str, base: Inputs, alike: bool) -> Pair | None:
    other = name if name in base.options[1:] else changes.nearest(inputs, base, name)
    if other is None:
        return None
    return Pair(name, other, alike and _same(inputs, name, base, other))


def _twin(inputs: Inputs, base: Inputs, needed: list[str]) -> Inputs:
    """Return the base with the options that are needed, and with the scenario's own window.

    One end of the window holds for all options of a study, so an option that starts later, here
    or there, would else move what all others are worth.
    """
    names = tuple(n for n in base.options if n == base.options[0] or n in needed)
    twin = dataclasses.replace(
        base, options=names, option_table={name: base.option(name) for name in names}
    )
    if inputs.values[_WINDOW] == base.values[_WINDOW]:
        twin = _ending(twin, horizon_date(inputs))
    if twin.resolved_toml() == base.resolved_toml():
        return base
    return dataclasses.replace(twin, name=f"{base.name}_for_comparison")


def _ending(twin: Inputs, end: dt.date) -> Inputs:
    """Return the inputs with a window that ends on that 1 April."""
    if horizon_date(twin) == end:
        return twin
    days = float(twin.values[_WINDOW]) + (end - horizon_date(twin)).days
    return twin.replace(values={_WINDOW: max(0.0, days)})


# -- the base's run -------------------------------------------------------------------------------


def base_place(base: Inputs, plan: Plan, run: Path, out: Path | None) -> Path:
    """Return the folder of the base's run: among the results, or beside a run put elsewhere."""
    usual = runs.place(base, plan, None)
    if out is None or (usual / "manifest.json").is_file():
        return usual
    name = runs.run_name(base, plan)
    beside = run.parent if run == out else out
    return beside / base.name / name


# -- what differs ---------------------------------------------------------------------------------


def compare(run: Path, base_run: Path | None, compared: Comparison) -> dict[str, Any]:
    """Return the differences, for machines; the base's draws are in `run` if there is no other.

    Raises InputErrors if a run holds no draws.
    """
    from dapp_model import draws

    ours = draws.read(run)
    theirs = ours if base_run is None else draws.read(base_run)
    decided = ours.decision
    return {
        "base": compared.file,
        "changed": list(compared.changed),
        "what_differs": {"done": compared.levers, "assumed": compared.beliefs},
        "comparator": decided["comparator"]["label"],
        "draws": decided["draws"],
        "replications": decided["replications"],
        "seed": decided["seed"],
        "price_year": decided["price_year"],
        "window_ends": [
            *(one.decision["window_ends"] for one in (ours, theirs)),
            compared.window_ends,
        ],
        "draws_of": {
            "this_run": stored.file_hash(run / draws.FILE),
            "base": stored.file_hash((base_run or run) / draws.FILE),
        },
        "options": [_one(ours, theirs, pair) for pair in compared.pairs],
    }


def _one(ours: Draws, theirs: Draws, pair: Pair) -> dict[str, Any]:
    here, there = ours.options.index(pair.option), _index(theirs, pair.base)
    found = {
        "option": pair.option,
        "label": ours.labels[here],
        "base_option": pair.base,
        "base_label": None if there is None else theirs.labels[there],
        "same": pair.same,
    }
    if pair.same or there is None:
        nothing = dict.fromkeys(SPREAD, 0.0)
        return {**found, "measures": dict.fromkeys(MEASURES, nothing)}
    apart = {
        name: spread(ours.measures[name][:, :, here] - theirs.measures[name][:, :, there])
        for name in MEASURES
    }
    return {**found, "measures": apart}


def _index(found: Draws, option: str) -> int | None:
    return found.options.index(option) if option in found.options else None


# -- files ----------------------------------------------------------------------------------------


def write(run: Path, found: Mapping[str, Any], marks: list[str]) -> Path:
    """Write the folder of the difference into a run's folder; an earlier one is replaced.

    `marks` are the sentences that stand on all of the run. Raises RunError if the disk does not
    take it; then the earlier one stays.
    """
    from dapp_model import chart_style
    from dapp_model.report import base_difference, words
    from dapp_model.tables import write_csv

    place = run / NAME
    sentences = base_difference.sentences(found)
    with whole.replaced(place, "The difference") as made:
        text = json.dumps({**found, "standing": marks, "sentences": sentences}, indent=2,
                          ensure_ascii=False, allow_nan=False)  # fmt: skip
        _text(made / f"{NAME}.json", [text])
        header, rows = base_difference.table(found)
        write_csv(made / f"{NAME}.csv", header, rows)
        with chart_style.standing(words.on_pictures(marks)):
            chart = base_difference.chart(found)
        if chart is not None:
            (made / f"{NAME}.svg").write_text(chart.svg, encoding="utf-8", newline="\n")
            (made / f"{NAME}.png").write_bytes(chart.png)
            _text(made / f"{NAME}.txt", [chart.title, "", chart.alternative, "", *marks])
        _text(made / "README.txt", [*sentences, "", *marks, *([""] if marks else []), OUTSIDE])
    return place


def _text(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
