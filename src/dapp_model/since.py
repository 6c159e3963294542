"""What changed since an earlier pack: its settings, what it was told, its advice, its numbers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model import changes, stored, whole
from dapp_model.report import words

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

NAME: Final = "since_earlier_pack"
_SETTINGS: Final = {
    "draws": "Draws",
    "replications": "Repetitions in each draw",
    "seed": "Seed",
    "indicative": "A quick, indicative run",
    "population_share": "Share of the county",
    "price_year": "Prices of",
    "window_ends": "Counted until",
}
_OUTSIDE: Final = (
    "Made from two runs' records; `dapp reproduce` does not compare these files. `dapp run` with "
    "the same --since makes them again."
)
Row = tuple[str, str, str]


def compare(inputs: Inputs, decision: Mapping[str, Any], earlier: Path) -> dict[str, Any]:
    """Return what changed against an earlier run, for machines; `rows` is for tables.

    Raises InputErrors if `earlier` is not the folder of a run, or holds no decision.
    """
    before, _, manifest = stored.read_run(earlier)
    path = earlier / "decision.json"
    decided = stored.read_decision(earlier)
    named = dataclasses.replace(before, path="the earlier pack")
    try:
        rows = [
            *_versions(manifest),
            *_settings(decision, decided),
            *((text, "", "") for text in changes.sentences(inputs, named)),
            *_advice(decision, decided),
            *_numbers(decision, decided),
        ]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        message = "The decision of the earlier run lacks something."
        found = f"{type(error).__name__}: {error}"
        raise stored.refusal(str(path), message, found, "decision.json of a run") from None
    return {
        "earlier": {
            "scenario": str(manifest["scenario"]),
            "finished": str(manifest.get("finished", "an unknown date")),
            "decision": stored.file_hash(path),
        },
        "rows": [list(row) for row in rows],
    }


def _versions(manifest: Mapping[str, Any]) -> Iterator[Row]:
    from dapp_model.compiled import source_hash

    then, now = manifest.get("versions", {}), stored.versions() | {"source": source_hash()}
    for name, found in now.items():
        if then.get(name) != found:
            yield f"Version of {name}", str(then.get(name, "-")), found


def _settings(now: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[Row]:
    for key, label in _SETTINGS.items():
        if now.get(key) != then.get(key):
            yield label, _plain(then.get(key)), _plain(now.get(key))
    hashes = [(one.get("posterior") or {}).get("hash", "none") for one in (then, now)]
    if hashes[0] != hashes[1]:
        yield "Calibration", hashes[0], hashes[1]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _advice(now: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[Row]:
    labels = [words.quoted(one["advice"]["label"]) for one in (then, now)]
    if now["advice"]["option"] != then["advice"]["option"]:
        yield "The advice", labels[0], labels[1]
    else:
        yield "The advice (as before)", labels[0], labels[1]
    chances = [words.percent(one["wrong"]["chance"]) for one in (then, now)]
    yield "The chance that it is wrong", chances[0], chances[1]


def _numbers(now: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the three numbers of the first page, of each option that both have."""
    earlier = {one["name"]: one for one in then["options"]}
    for one in now["options"]:
        before = earlier.get(one["name"])
        if one["is_comparator"] or before is None or before["is_comparator"]:
            continue
        for number in now["three_numbers"]:
            measure, unit = number["measure"], number["unit"]
            unit = unit if unit == "GBP" else ""
            texts = [_number(found["measures"][measure], unit) for found in (before, one)]
            if texts[0] != texts[1]:
                yield f"{number['label']}, {words.quoted(one['label'])}", texts[0], texts[1]


def _number(found: Mapping[str, Any], unit: str) -> str:
    interval = words.between(found["low"], found["high"], unit)
    return f"{words.amount(found['mean'], unit)} ({interval})"


def lines(found: Mapping[str, Any]) -> list[str]:
    """Return what changed, in plain words."""
    told = [f"Since the pack of {found['earlier']['finished']}:"]
    for what, before, now in found["rows"]:
        told.append(f"  {what}: {before} before, {now} now" if before or now else f"  {what}")
    return told


def write(run: Path, found: Mapping[str, Any], marks: list[str]) -> Path:
    """Write what changed into a run's folder and return where; an earlier one is replaced.

    Raises RunError if the disk does not take it; then the earlier one stays.
    """
    from dapp_model.tables import write_csv

    place = run / NAME
    with whole.replaced(place, "What changed") as made:
        text = json.dumps({**found, "standing": marks}, indent=2, ensure_ascii=False)
        (made / f"{NAME}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        write_csv(made / f"{NAME}.csv", ("what", "before", "now"), found["rows"])
        said = "\n".join([*lines(found), "", *marks, _OUTSIDE]) + "\n"
        (made / "README.txt").write_text(said, encoding="utf-8", newline="\n")
    return place
