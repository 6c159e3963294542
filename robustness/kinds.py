"""The kinds of file that somebody hands in: good ones to begin with, how they go wrong, who reads.

Reading goes as far as the command that reads such a file goes before anything is simulated.
"""

from __future__ import annotations

import contextlib
import io
import random
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from robustness import mutations as m
from robustness.small import SMALL
from robustness.watch import ACTS

ROOT: Final = Path(__file__).resolve().parents[1]
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Kind:
    """One kind of input: `good` are files that are read without a word; `make` spoils one of them.

    `make` returns the name of one file and its new content; `read` reads the folder that holds all.
    """

    name: str
    words: str
    good: Callable[[], Files]
    make: Callable[[random.Random, Files], tuple[str, bytes]]
    read: Callable[[Path], None]


def spoil_text(rng: random.Random, text: str, structured: Callable[[], str]) -> bytes:
    """Return a text with its structure changed, or now and then its bytes."""
    if rng.random() < 0.8:
        return structured().encode("utf-8", "surrogatepass")
    return m.of_bytes(rng, text.encode())


# -- scenario files -------------------------------------------------------------------------------


@cache
def scenario_keys() -> tuple[str, ...]:
    """Return every key that a scenario may hold."""
    from dapp_model.parameters import registry

    known = registry()
    levers = [name for name, one in known.items() if one.role == "lever"]
    beliefs = [f"assume.{name}" for name, one in known.items() if one.role != "lever"]
    own = [f"options.extend.{name}" for name in levers]
    return ("title", "question", "extends", "decision.kind", *levers, *beliefs, *own)


def _scenarios() -> Files:
    folder = ROOT / "scenarios"
    shipped = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    return {"small.toml": SMALL.encode(), **{f"own_{name}": text for name, text in shipped.items()}}


def _make_scenario(rng: random.Random, good: Files) -> tuple[str, bytes]:
    name = rng.choice(sorted(good))
    text = good[name].decode()
    return "given.toml", spoil_text(rng, text, lambda: m.of_toml(rng, text, scenario_keys()))


def check(path: Path) -> None:
    """Do what `dapp check` does with a file, and lay the place of its run."""
    from dapp_model import changes, describe, labels, runs
    from dapp_model.scenario import base_of, load
    from dapp_model.study import Plan

    inputs = load(path)
    said = [inputs.title, inputs.question, *inputs.warnings]
    if zlib.crc32(path.read_bytes()) % 4 == 0:  # to put all into words takes longest
        base = base_of(path)
        apart = changes.sentences(inputs, load(base)) if base else []
        said += [*describe.scenario(inputs, base, apart), *labels.standing(inputs)]
    odd = [line for line in said if ACTS.search(line)]
    if odd:
        raise AssertionError(f"A line acts on the terminal: {odd[0]!r}")
    place = runs.place(inputs, Plan(1, 1, 1), None).resolve()
    if (Path.cwd() / "results") not in place.parents:
        raise AssertionError(f"The run would lie in {place}")


def _read_scenario(folder: Path) -> None:
    check(folder / "given.toml")


# -- workbooks ------------------------------------------------------------------------------------

_ROWS: Final = 14  # of each sheet: few, so that many workbooks can be read


@cache
def _parts() -> Mapping[str, bytes]:
    from dapp_model.scenario import load, shipped
    from dapp_model.workbook.writing import workbook

    content = workbook(load(shipped()["surrey_extension.toml"]), "surrey_base.toml")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in ("xl/worksheets/sheet3.xml", "xl/worksheets/sheet4.xml"):
        rows = re.findall(rb"<row .*?</row>|<row [^>]*/>", parts[name], re.DOTALL)
        kept = rows[: 3 * _ROWS if name.endswith("3.xml") else _ROWS]
        head, tail = parts[name].split(rows[0], 1)[0], parts[name].rsplit(rows[-1], 1)[1]
        parts[name] = head + b"".join(kept) + tail
    return parts


def packed(parts: Mapping[str, bytes], way: int = zipfile.ZIP_STORED) -> bytes:
    """Return the parts as one file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", way) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _workbooks() -> Files:
    return {"given.xlsx": packed(_parts())}


def _make_workbook(rng: random.Random, good: Files) -> tuple[str, bytes]:
    parts = dict(_parts())
    kind = rng.random()
    if kind < 0.12:
        return "given.xlsx", m.of_bytes(rng, good["given.xlsx"])
    if kind < 0.2:
        return "given.xlsx", _bomb(rng, parts)
    likely = [n for n in parts if "sheet" in n or "shared" in n.lower() or "workbook" in n]
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice(likely if rng.random() < 0.8 else sorted(parts))
        text = parts[name]
        if rng.random() < 0.85:
            parts[name] = m.of_xml(rng, text.decode("utf-8", "replace")).encode("utf-8", "replace")
        else:
            parts[name] = m.of_bytes(rng, text)
    return "given.xlsx", packed(parts)


def _bomb(rng: random.Random, parts: dict[str, bytes]) -> bytes:
    """Return a small file that unfolds to much, in one of several ways."""
    sheet, n = "xl/worksheets/sheet3.xml", rng.choice((100, 10_000, 400_000))
    end = b"</sheetData>"
    add = {
        0: ("xl/media/x.bin", b"\0" * n * 100),
        1: (sheet, parts[sheet].replace(end, b"<row/>" * n + end)),
        2: (sheet, parts[sheet].replace(end, b'<row r="9"><c r="A9"/></row>' * (n // 10) + end)),
        3: (sheet, b"<a>" * n + b"</a>" * n),
        4: (f"../../x{n}.xml", b"x"),
        5: ("xl/sharedStrings.xml", b"<sst>" + b"<si><t>x</t></si>" * (n // 10) + b"</sst>"),
        6: ("xl/styles.xml", parts["xl/styles.xml"].replace(b"</cellXfs>", b"<xf/>" * n)),
        7: (
            "xl/workbook.xml",
            parts["xl/workbook.xml"].replace(
                b"</workbook>",
                b"<definedNames>" + b"<definedName name='a'>A</definedName>" * (n // 40)
                + b"</definedNames></workbook>",
            ),
        ),
    }  # fmt: skip
    name, content = add[rng.randrange(len(add))]
    out = packed(parts | {name: content}, zipfile.ZIP_DEFLATED)
    if rng.random() < 0.3:  # a header that says less than there is
        out = out.replace(len(content).to_bytes(4, "little"), (9).to_bytes(4, "little"))
    return out


def _read_workbook(folder: Path) -> None:
    check(folder / "given.xlsx")


# -- calibration ----------------------------------------------------------------------------------


def _calibration() -> Files:
    folder = ROOT / "calibration"
    recipe = (folder / "surrey_2014_15.toml").read_text(encoding="utf-8")
    scenario = re.escape(re.search(r'^scenario = "(.*)"', recipe, re.MULTILINE)[1])  # type: ignore[index]
    recipe = re.sub(scenario, "own.toml", recipe)
    return {
        "recipe.toml": recipe.encode(),
        "own.toml": (ROOT / "scenarios" / "surrey_base.toml").read_bytes(),
        **{name: (folder / name).read_bytes() for name in ("targets.csv", "priors.toml")},
    }


_RECIPE_KEYS: Final = (
    *("title", "scenario", "targets", "priors", "readings", "marac_repeat", "seed", "bank.first"),
    *("bank.second", "bank.replicates", "bank.numbers", "bank.share", "posterior.rows"),
    *("posterior.chains", "posterior.steps", "proof.sets", "proof.draws", "case.frailty_sigma"),
)


def _make_recipe(rng: random.Random, good: Files) -> tuple[str, bytes]:
    text = good["recipe.toml"].decode()
    return "recipe.toml", spoil_text(rng, text, lambda: m.of_toml(rng, text, _RECIPE_KEYS))


def _make_targets(rng: random.Random, good: Files) -> tuple[str, bytes]:
    text = good["targets.csv"].decode()
    return "targets.csv", spoil_text(rng, text, lambda: m.of_csv(rng, text))


def _make_priors(rng: random.Random, good: Files) -> tuple[str, bytes]:
    text = good["priors.toml"].decode()
    keys = ("distribution", "reason", "source", "status", "grade", "case.frailty_sigma", "x.y")
    if rng.random() < 0.3:
        words = ("kind", "mean", "sd", "low", "high", "mode", "median", "parts", "shape", "x")
        inner = ", ".join(f"{rng.choice(words)} = {m.value(rng)}" for _ in range(rng.randrange(5)))
        begin = rng.choice([one.start() for one in re.finditer("distribution = ", text)])
        end = text.find("\n", begin)
        return "priors.toml", (text[:begin] + f"distribution = {{{inner}}}" + text[end:]).encode(
            "utf-8", "surrogatepass"
        )
    return "priors.toml", spoil_text(rng, text, lambda: m.of_toml(rng, text, keys))


def _read_calibration(folder: Path) -> None:
    from dapp_model.calibration import command, recipe

    found = recipe.read(folder / "recipe.toml")
    place = command.place(found, command.Asked()).resolve()
    if (Path.cwd() / "results") not in place.parents:
        raise AssertionError(f"The calibration would lie in {place}")


def _read_targets(folder: Path) -> None:
    _read_alone(folder, "targets.csv")


def _read_priors(folder: Path) -> None:
    _read_alone(folder, "priors.toml")


def _read_alone(folder: Path, name: str) -> None:
    """Read one file as the recipe's reader does; whole recipes are read where that is good."""
    from dapp_model.calibration import recipe
    from dapp_model.errors import InputErrors, Problem

    problems: list[Problem] = []
    read = recipe.read_targets if name == "targets.csv" else recipe.read_priors
    read(folder / name, problems)
    if problems:
        raise InputErrors(tuple(problems))
    _read_calibration(folder)


# -- evidence -------------------------------------------------------------------------------------

_EVIDENCE: Final = ("costs.csv", "unit_costs.toml", "parameters.toml")


def _evidence() -> Files:
    package = ROOT / "src" / "dapp_model"
    return {
        name: (package / ("." if name == "parameters.toml" else "data") / name).read_bytes()
        for name in _EVIDENCE
    }


def _make_evidence(rng: random.Random, good: Files) -> tuple[str, bytes]:
    name = rng.choice(sorted(good))
    text = good[name].decode()
    if name.endswith(".csv"):
        return name, spoil_text(rng, text, lambda: m.of_csv(rng, text))
    keys = ("value", "unit", "row", "offence", "zero", "bearer_map.x", "crime", "case.x", "items.x")
    return name, spoil_text(rng, text, lambda: m.of_toml(rng, text, keys))


def _read_evidence(folder: Path) -> None:
    from dapp_model.economics import evidence
    from dapp_model.errors import InputErrors
    from dapp_model.parameters import registry_in

    changed = [name for name in _EVIDENCE if (folder / name).read_bytes() != _evidence_held()[name]]
    if not changed:
        return
    if changed[0] == "parameters.toml":
        registry_in(folder / "parameters.toml")
        return
    found = evidence.problems_in(folder / "costs.csv", folder / "unit_costs.toml")
    if found:
        raise InputErrors(found)


@cache
def _evidence_held() -> Files:
    return _evidence()


# -- the folder of a run --------------------------------------------------------------------------

RUN_FILES: Final = (
    *("manifest.json", "decision.json", "inputs.toml", "parameters.csv", "costs.csv"),
    *("effects.csv", "draws.parquet", "outcomes.csv", "totals.npz"),
)
_RUN: dict[str, Path] = {}


def use_run(folder: Path) -> None:
    """Say where a finished run lies, of which copies are spoiled."""
    _RUN["folder"] = folder


def _run_files() -> Files:
    return {name: (_RUN["folder"] / name).read_bytes() for name in RUN_FILES}


def _make_run(rng: random.Random, good: Files) -> tuple[str, bytes]:
    likely = [*RUN_FILES, "manifest.json", "decision.json", "inputs.toml", "draws.parquet"]
    name = rng.choice(likely)
    content = good[name]
    if name == "draws.parquet" and rng.random() < 0.5:
        return name, _draws(rng, content)
    if name == "totals.npz" and rng.random() < 0.5:
        return name, _totals(rng, content)
    if name.endswith(".json"):
        return name, spoil_text(rng, content.decode(), lambda: m.of_json(rng, content.decode()))
    if name.endswith(".csv"):
        return name, spoil_text(rng, content.decode(), lambda: m.of_csv(rng, content.decode()))
    if name.endswith(".toml"):
        text = content.decode()
        return name, spoil_text(rng, text, lambda: m.of_toml(rng, text, scenario_keys()))
    return name, m.of_bytes(rng, content)


def _draws(rng: random.Random, content: bytes) -> bytes:
    """Return a table of draws that is a good file with bad content."""
    import pandas as pd

    table = pd.read_parquet(io.BytesIO(content))
    kind = rng.randrange(6)
    if kind == 0:
        table = table.drop(columns=rng.choice(list(table.columns)))
    elif kind == 1:
        table["draw"] = rng.choice((-1, 2**31 - 1, 10**6, 0))
    elif kind == 2:
        table["replicate"] = rng.choice((-1, 2**31 - 1, 10**6, 0))
    elif kind == 3:
        table = table.iloc[: rng.randrange(len(table))]
    elif kind == 4:
        table[rng.choice(list(table.columns))] = rng.choice(
            ("x", None, float("nan"), [[1]] * 0 or 1)
        )
    else:
        table = pd.concat([table] * rng.randrange(2, 4))
    stream = io.BytesIO()
    table.to_parquet(stream)
    return stream.getvalue()


def _totals(rng: random.Random, content: bytes) -> bytes:
    """Return totals whose description says something else, or whose arrays hide code."""
    import numpy as np

    with np.load(io.BytesIO(content)) as found:
        held = {name: found[name] for name in found.files}
    if rng.random() < 0.2:
        held[rng.choice(sorted(held))] = np.array([{"a": 1}, print], dtype=object)
    else:
        tree = m.of_json(rng, held["tree"].tobytes().decode())
        held["tree"] = np.frombuffer(tree.encode("utf-8", "surrogatepass"), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **held)  # type: ignore[arg-type]
    return stream.getvalue()


def _read_run(folder: Path) -> None:
    from dapp_model import draws, kept, runs, since, stored
    from dapp_model.report import analyses, timeline
    from dapp_model.study import Plan

    inputs, plan, _ = stored.read_run(folder)
    stored = draws.read(folder)
    draws.starts_by_year(folder, stored)
    kept.read(folder)
    analyses.read(folder)
    if plan == Plan(0, 0, 0):
        raise AssertionError("no plan")
    since.compare(inputs, _decided(), folder)
    place = runs.place(inputs, plan, None).resolve()
    if (Path.cwd() / "results") not in place.parents:
        raise AssertionError(f"What follows would lie in {place}")
    assert timeline.place


@cache
def _decided() -> Mapping[str, object]:
    import json

    text = (_RUN["folder"] / "decision.json").read_text(encoding="utf-8")
    found: Mapping[str, object] = json.loads(text)
    return found


# -- names ----------------------------------------------------------------------------------------


def _names() -> Files:
    return {"small.toml": SMALL.encode()}


def _make_name(rng: random.Random, good: Files) -> tuple[str, bytes]:
    text = rng.choice(m.TEXTS)
    if rng.random() < 0.7:
        pieces = (text[:20], ".", "/", "..", "x", " ", "\n", "=", "é", "-")
        text = "".join(rng.choice(pieces) for _ in range(rng.randrange(1, 6)))
    return "name.txt", text.encode("utf-8", "surrogatepass")


def _read_name(folder: Path) -> None:
    """Give one text to each command that takes a name, and use it as the name of a file."""
    from dapp_model import cli, runs
    from dapp_model.errors import RunError
    from dapp_model.scenario import load
    from dapp_model.study import Plan

    name = (folder / "name.txt").read_bytes().decode("utf-8", "surrogatepass")
    small = str(folder / "small.toml")
    statuses = set()
    for words in (
        ("new", name, "--out", str(folder / "new")),
        ("check", name),
        ("parameters", name),
        ("trace", small, "--option", name),
        ("report", name),
        ("voi", name),
        ("sensitivity", small, "--reading", name),
        ("run", small, "--engine", name),
        ("run", small, "--since", name),
        ("workbook", str(folder / "nothing.toml"), "--out", name),
        ("calibrate", name),
        ("diff", name, name),
    ):
        said, noted = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(noted):
            try:
                status = cli.main(words)
            except SystemExit as end:
                status = int(end.code or 0)
        if status not in (0, 2) or "Traceback" in noted.getvalue():
            raise AssertionError(f"{words}: {status}: {noted.getvalue()[:300]}")
        statuses.add(status)
    own = folder / f"{name}.toml"
    try:
        inside = own.resolve().parent == folder.resolve()
        if inside:
            own.write_bytes(SMALL.encode())
    except (OSError, ValueError):
        inside = False
    if inside:
        try:
            inputs = load(own)
            place = runs.place(inputs, Plan(1, 1, 1), None).resolve()
        finally:
            own.unlink()
        if (Path.cwd() / "results") not in place.parents:
            raise AssertionError(f"The run of {own.name!r} would lie in {place}")
    if 0 not in statuses:
        raise RunError("Every command refused the name.")


KINDS: Final = (
    Kind("scenario", "a scenario file", _scenarios, _make_scenario, _read_scenario),
    Kind("workbook", "a scenario's workbook", _workbooks, _make_workbook, _read_workbook),
    Kind("recipe", "a calibration's recipe", _calibration, _make_recipe, _read_calibration),
    Kind("targets", "a calibration's targets", _calibration, _make_targets, _read_targets),
    Kind("priors", "a calibration's priors", _calibration, _make_priors, _read_priors),
    Kind("evidence", "the registry and the costs", _evidence, _make_evidence, _read_evidence),
    Kind("run", "the folder of a run", _run_files, _make_run, _read_run),
    Kind("names", "names on the command line", _names, _make_name, _read_name),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
assert sys.version_info >= (3, 11)
