"""The tables in README.md and in benchmarks/README.md, written from the history alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.history import Record
from benchmarks.measured import ROOT

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
SECTIONS = {
    "engines": "The engines, on the extension study",
    "limit": "The engine against C",
    "peers": "The simple county in other libraries",
    "sharing": "Options share work",
    "luck": "Options share luck: precision",
    "finding": "Who can be reached, and with whom to match",
    "scaling": "Counties, workers",
    "memory": "Memory",
    "pipeline": "From a draw to the decision",
    "start": "Start",
}
# Rows of the short table, with the words for them there.
SHORT = {
    "with the full log": "fast engine against the reference engine, same full event log",
    "counting": "the same, counting without a log",
    "the engine against C": "fast engine against the same loop in C",
    "SimPy, tuned, collector off": "a simpler county: SimPy tuned",
    "Ciw": "a simpler county: Ciw",
    "salabim": "a simpler county: salabim",
    "Starsim, weekly steps": "a simpler county: Starsim, weekly steps",
    "plain Python heap": "a simpler county: plain Python",
    "numba, our way": "a simpler county: as the fast engine does it",
    "C, our way": "a simpler county: the same in C",
    "all options together": "the extension study's options together",
    "variance of averted incidents, unpaired over paired": "variance of averted incidents, "
    "unpaired over paired",
    "standard error of averted incidents under 1%: over chance, one set of parameters": "standard "
    "error of averted incidents under 1% (chance alone)",
    "time per incident at 100 counties": "time per incident at 100 counties",
    "efficiency of two workers": "two workers",
    "share inside the engine, draw to decision.json": "share of the time inside the engine, draw "
    "to decision",
    "first compilation of the engine": "first compilation, once",
    "`dapp --help`": "`dapp --help`",
}


def shown(one: Record) -> str:
    """Return a value with its unit: three figures, thousands apart."""
    value = one.value
    if value == 0:
        text = "0"
    elif abs(value) >= 1000:
        text = f"{float(f'{value:.3g}'):,.0f}"
    elif abs(value) >= 100:
        text = f"{value:.0f}"
    else:
        text = f"{value:.3g}"
        if "e" in text:
            text = f"{value:.4f}"
    joined = "" if one.unit.startswith("%") else " "
    return f"{text}{joined}{one.unit}"


def where(records: Mapping[str, Record]) -> str:
    """Return on what, when and in what company the rows were measured."""
    runs: dict[tuple[str, ...], int] = {}
    for one in records.values():
        note = ", ".join(part for part in (f"{one.size} measurement", one.note) if part)
        key = (one.date[:10], one.commit, one.python, one.processor, str(one.cores), note)
        runs[key] = runs.get(key, 0) + 1
    lines = [
        f"{date}, commit `{commit}`, Python {python}, {cores} cores of {processor}, {note} "
        f"({n} row{'s' if n > 1 else ''})"
        for (date, commit, python, processor, cores, note), n in runs.items()
    ]
    return "Measured " + "; ".join(lines) + "."


def short_table(records: Mapping[str, Record]) -> str:
    """Return the table of README.md."""
    lines = ["| what | measured | wanted |", "| --- | --- | --- |"]
    used = {}
    for name, words in SHORT.items():
        if name in records:
            one = used[name] = records[name]
            lines.append(f"| {words} | {shown(one)} | {one.target} |")
    return "\n".join([*lines, "", where(used)])


def whole_table(records: Mapping[str, Record]) -> str:
    """Return the tables of benchmarks/README.md."""
    parts = []
    for section, title in SECTIONS.items():
        own = [one for one in records.values() if one.section == section]
        if not own:
            continue
        lines = [f"### {title}", "", "| what | measured | wanted | of what |"]
        lines.append("| --- | --- | --- | --- |")
        lines += [
            f"| {one.name} | {shown(one)}{' (short)' if one.size == 'short' else ''} | "
            f"{one.target} | {one.detail} |"
            for one in own
        ]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, where(records)])


def placed(text: str, table: str) -> str:
    """Return a document with the table between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"The document has no {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def documents(records: Mapping[str, Record]) -> dict[Path, str]:
    """Return the text of each document with its table as the records have it."""
    made = {
        ROOT / "README.md": short_table(records),
        ROOT / "benchmarks" / "README.md": whole_table(records),
    }
    return {path: placed(path.read_text(encoding="utf-8"), t) for path, t in made.items()}
