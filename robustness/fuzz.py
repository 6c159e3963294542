"""Hand in hostile files by the thousand and see that each is read or refused in a sentence.

    python -m robustness.fuzz                       the whole study; writes robustness/fuzz.csv
    python -m robustness.fuzz --inputs 2000 --out . a short one

Nothing is simulated but one small run, whose folder is among what is spoiled.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import os
import platform
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from robustness import kinds, watch
from robustness.small import SMALL

HERE: Final = Path(__file__).resolve().parent
SEED: Final = 20_161_122
_WAYS: Final = ("mutated", "generated", "guided")
# Of 1,000 inputs, how many are of each kind: the quicker a kind is read, the more of it.
PARTS: Final = {
    "targets": 480, "priors": 160, "recipe": 170, "scenario": 110, "evidence": 50, "run": 15,
    "workbook": 12, "names": 3,
}  # fmt: skip


@dataclass
class Tally:
    """What came of the inputs of one kind."""

    kind: str
    way: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """Return how many inputs there were."""
        return sum(self.counts.values())

    def row(self) -> dict[str, object]:
        """Return a row of the table."""
        good = self.counts["read"] + self.counts["refused"]
        return {
            "kind": self.kind,
            "way": self.way,
            "seed": self.seed,
            "inputs": self.inputs,
            "read": self.counts["read"],
            "refused": self.counts["refused"],
            "faults": self.inputs - good,
            "slowest_seconds": f"{self.slowest:.1f}",
        }


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """Lend a folder of its own to work in, in memory if there is such a place."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="dapp_fuzz_", dir=shared) as name:
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def try_kind(kind: kinds.Kind, inputs: int, seed: int, keep: Path | None = None) -> Tally:
    """Spoil good files of one kind in so many ways, and read each."""
    tally = Tally(kind.name, "mutated", seed)
    rng = random.Random(f"{kind.name} {seed}")
    good = kind.good()
    with workplace() as place:
        folder = place / "given"
        folder.mkdir()
        for name, content in good.items():
            (folder / name).write_bytes(content)
        kind_is_good(kind, folder)
        for number in range(inputs):
            name, content = kind.make(rng, good)
            (folder / name).write_bytes(content)
            note(tally, watch.look(lambda: kind.read(folder), place), (number, name, content), keep)
            if name in good:
                (folder / name).write_bytes(good[name])
            else:
                (folder / name).unlink(missing_ok=True)
    return tally


def kind_is_good(kind: kinds.Kind, folder: Path) -> None:
    """Read the good files once, so that everything is loaded; they have to be read in silence."""
    if kind.name in ("scenario", "names"):
        for path in sorted(folder.glob("*.toml")):
            kinds.check(path)
        if kind.name == "names":
            (folder / "name.txt").write_text("dropout", encoding="utf-8")
            kind.read(folder)
        return
    kind.read(folder)


def note(
    tally: Tally, seen: watch.Seen, given: tuple[int, str, bytes], keep: Path | None = None
) -> None:
    """Count what one input did; keep it if it is a fault."""
    number, name, content = given
    tally.counts[seen.what] += 1
    tally.slowest = max(tally.slowest, seen.seconds)
    tally.seconds += seen.seconds
    if seen.is_fault:
        tally.faults.append(f"{tally.kind} {number}: {seen.what}: {seen.details}")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            label = hashlib.sha256(content).hexdigest()[:8]
            (keep / f"{tally.kind}-{seen.what}-{label}-{Path(name).name}").write_bytes(content)
            (keep / f"{tally.kind}-{seen.what}-{label}.txt").write_text(seen.details, "utf-8")


def finished_run(folder: Path) -> Path:
    """Return the folder of a small finished run, made if it is not there."""
    from dapp_model import runs
    from dapp_model.scenario import load
    from dapp_model.study import Plan

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return runs.run(load(path), Plan(draws=2, replications=1, seed=3), folder / "run").folder


def main() -> int:
    """Do the study and write its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=100_000, help="spoiled files (100,000)")
    parser.add_argument("--kinds", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--guided", type=int, default=6_000, help="more by atheris (6,000)")
    parser.add_argument("--generated", type=int, default=3_000, help="more by hypothesis (3,000)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=HERE, help="where fuzz.csv goes")
    parser.add_argument("--keep", type=Path, help="where inputs go that are not handled well")
    parser.add_argument("--run", type=Path, help="a finished small run, if there is one")
    given = parser.parse_args()
    begun = time.perf_counter()
    out, keep = given.out.resolve(), given.keep and given.keep.resolve()
    with tempfile.TemporaryDirectory(prefix="dapp_fuzz_run_") as space:
        if "run" in given.kinds:
            kinds.use_run(given.run.resolve() if given.run else finished_run(Path(space)))
        watch.limit_memory()
        tallies = []
        for name in given.kinds:
            each = max(1, given.inputs * PARTS[name] // 1000)
            tallies.append(try_kind(kinds.BY_NAME[name], each, given.seed, keep))
            say(tallies[-1])
        if given.generated:
            from robustness import generated

            for tally in generated.study(given.generated, given.seed, keep):
                tallies.append(tally)
                say(tally)
        if given.guided:
            from robustness import guided

            for tally in guided.study(given.guided, given.seed, keep):
                tallies.append(tally)
                say(tally)
    write(out / "fuzz.csv", tallies)
    total, faults = sum(t.inputs for t in tallies), sum(len(t.faults) for t in tallies)
    print(f"{total:,} inputs, {faults} faults, {time.perf_counter() - begun:.0f} s.")
    return 1 if faults else 0


def say(tally: Tally) -> None:
    """Print what came of one kind, the first of its faults at length."""
    print(tally.row(), dict(tally.counts), f"{tally.seconds:.0f} s", flush=True)
    shown: set[str] = set()
    for fault in tally.faults:
        last = fault.strip().splitlines()[-1][:160]
        if last not in shown and len(shown) < 12:
            shown.add(last)
            print("  !", fault[-900:], flush=True)


def write(path: Path, tallies: list[Tally]) -> None:
    """Write the table, and beside it with what it was made."""
    rows = [tally.row() for tally in tallies]
    done = {(row["kind"], row["way"]) for row in rows}
    if path.is_file():  # a study of some kinds leaves what was found of the others
        with path.open(encoding="utf-8", newline="") as stream:
            rows += [row for row in csv.DictReader(stream) if (row["kind"], row["way"]) not in done]
    rows.sort(key=lambda row: (_WAYS.index(row["way"]), list(PARTS).index(str(row["kind"]))))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = [f"python {platform.python_version()}", *versions()]
    path.with_suffix(".txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def versions() -> list[str]:
    """Return the versions of what reads and what spoils."""
    from importlib.metadata import PackageNotFoundError, version

    from dapp_model import __version__

    found = [f"dapp-model {__version__}"]
    for name in ("atheris", "hypothesis", "numpy", "openpyxl", "pandas", "pyarrow"):
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
