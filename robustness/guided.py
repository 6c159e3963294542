"""Coverage-guided inputs: atheris (libFuzzer) looks for bytes that reach code not yet reached.

    python -m robustness.guided scenario 5000 1 tally.json    one kind, in a process of its own

Atheris is a development extra: without it, or where it cannot be installed, this part is left out.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from robustness import fuzz, kinds, mutations, watch

KINDS: Final = {
    "scenario": "given.toml",
    "recipe": "recipe.toml",
    "targets": "targets.csv",
    "priors": "priors.toml",
    "workbook": "given.xlsx",
}
# What is watched for new paths: what reads files. What numba compiles has to stay as it is.
WATCHED: Final = (
    *("tomllib", "dapp_model.toml_lines", "dapp_model.quantities", "dapp_model.given"),
    *("dapp_model.scenario", "dapp_model.scenario_layers", "dapp_model.scenario_settings"),
    *("dapp_model.contradictions", "dapp_model.workbook", "dapp_model.calibration.recipe"),
    *("dapp_model.distributions", "openpyxl.worksheet._reader"),
)
SHEET: Final = "xl/worksheets/sheet3.xml"


def is_possible() -> bool:
    """Say whether atheris is there."""
    return importlib.util.find_spec("atheris") is not None


def study(inputs: int, number: int, keep: Path | None = None) -> Iterator[fuzz.Tally]:
    """Let atheris make so many inputs in all; yield what came of each kind."""
    if not is_possible():
        print("atheris is not installed: no coverage-guided inputs (pip install '.[fuzz]').")
        return
    for name in KINDS:
        each = inputs // 20 if name == "workbook" else inputs * 19 // 20 // (len(KINDS) - 1)
        yield try_kind(name, max(each, 20), number, keep)


def try_kind(name: str, inputs: int, number: int, keep: Path | None = None) -> fuzz.Tally:
    """Let atheris make so many inputs of one kind, in a process of its own."""
    tally = fuzz.Tally(name, "guided", number)
    with tempfile.TemporaryDirectory(prefix="dapp_guided_") as space:
        out = Path(space) / "tally.json"
        words = [
            sys.executable,
            "-m",
            "robustness.guided",
            name,
            str(inputs),
            str(number),
            str(out),
        ]
        path = os.pathsep.join([str(kinds.ROOT / "src"), str(kinds.ROOT)])
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            cwd=kinds.ROOT,
            env={**os.environ, "PYTHONPATH": path, "KEEP": str(keep or "")},
        )
        if not out.is_file():
            raise SystemExit(f"atheris did not begin: {done.stderr[-2000:]}")
        found = json.loads(out.read_text(encoding="utf-8"))
    tally.counts = Counter(found["counts"])
    tally.slowest, tally.seconds = found["slowest"], found["seconds"]
    tally.faults = found["faults"]
    if done.returncode:
        tally.counts["ended"] += 1
        tally.faults.append(
            f"{name}: the process ended with {done.returncode}: {done.stderr[-800:]}"
        )
    return tally


def _content(name: str, data: bytes) -> bytes:
    """Return the file that the bytes stand for: of a workbook, one of its sheets."""
    if name != "workbook":
        return data
    parts = dict(kinds._parts())
    parts[SHEET] = data
    return kinds.packed(parts)


def _corpus(name: str, folder: Path) -> None:
    """Write good files for atheris to begin with."""
    if name == "workbook":
        (folder / "sheet").write_bytes(kinds._parts()[SHEET])
        return
    good = kinds.BY_NAME[name].good()
    begin = good if name == "scenario" else {KINDS[name]: good[KINDS[name]]}
    for label, content in begin.items():
        (folder / label).write_bytes(content)


def _dictionary(path: Path) -> None:
    words = [
        one for one in mutations.TEXTS if one.isascii() and one.isprintable() and len(one) < 60
    ]
    lines = (json.dumps(word) for word in (*words, *kinds.scenario_keys()) if word)
    path.write_text("".join(f"{line}\n" for line in lines if "\\u" not in line), encoding="ascii")


def main() -> None:
    """Let atheris loose on one kind; never returns."""
    import atheris

    name, inputs, number, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    with atheris.instrument_imports(include=list(WATCHED)):
        import dapp_model.calibration.recipe
        import dapp_model.scenario
        import dapp_model.workbook.reading  # noqa: F401
    tally = fuzz.Tally(name, "guided", int(number))
    kind, file = kinds.BY_NAME[name], KINDS[name]
    keep = Path(os.environ["KEEP"]) if os.environ.get("KEEP") else None
    space = Path(tempfile.mkdtemp(prefix="dapp_guided_"))
    folder, corpus = space / "given", space / "corpus"
    for one in (folder, corpus):
        one.mkdir()
    for label, content in kind.good().items():
        (folder / label).write_bytes(content)
    os.chdir(space)
    fuzz.kind_is_good(kind, folder)
    _corpus(name, corpus)
    _dictionary(space / "words.dict")

    def once(data: bytes) -> None:
        content = _content(name, data)
        (folder / file).write_bytes(content)
        seen = watch.look(lambda: kind.read(folder), folder)
        fuzz.note(tally, seen, (tally.inputs, file, content), keep)
        if tally.inputs % 50 == 0 or tally.inputs >= inputs - 2 or seen.is_fault:
            found = {
                "counts": tally.counts,
                "slowest": tally.slowest,
                "seconds": tally.seconds,
                "faults": tally.faults[:100],
            }
            out.write_text(json.dumps(found), encoding="utf-8")

    words = [
        sys.argv[0], f"-runs={inputs}", f"-seed={int(number) % 2**31}", "-max_len=60000",
        "-len_control=0", "-handle_alrm=0", "-timeout=200", "-rss_limit_mb=4000",
        f"-dict={space / 'words.dict'}", "-verbosity=0", str(corpus),
    ]  # fmt: skip
    atheris.Setup(words, once)
    with contextlib.suppress(SystemExit):
        atheris.Fuzz()


if __name__ == "__main__":
    main()
