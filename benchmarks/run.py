"""Measure the engines, their peers, and what is shared: one command, one table, one history.

python benchmarks/run.py              about a quarter of an hour
python benchmarks/run.py --short      about two minutes, and less to be relied on
python benchmarks/run.py --full       100 counties, a quarter of one in the reference engine
python benchmarks/run.py --only peers some of it
python benchmarks/run.py --quick      `dapp run --quick`, cold and warm: some minutes
python benchmarks/run.py --tables     write the tables again from the history

Libraries to compare with: pip install '.[bench]'; who is missing is left out, and said.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import (
    history,
    suite_decision,
    suite_engines,
    suite_peers,
    suite_scaling,
    tables,
)
from benchmarks.measured import (
    SCENARIO,
    SIZES,
    Found,
    Row,
    Size,
    Skipped,
    Suite,
    children_cpu,
    environment,
)


def quick_runs(size: Size) -> Found:
    """Measure `dapp run --quick` from the command to its end, with the engine yet to compile."""
    with tempfile.TemporaryDirectory() as space:
        for name in ("cold", "warm"):
            command = [sys.executable, "-m", "dapp_model", "run", str(SCENARIO), "--quick"]
            before, start = children_cpu(), time.perf_counter()
            subprocess.run(
                [*command, "--out", f"{space}/{name}"],
                check=True,
                env=environment(XDG_CACHE_HOME=f"{space}/cache"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            wall, used = time.perf_counter() - start, children_cpu() - before
            target = "at most 120" if name == "cold" else "at most 60"
            detail = f"{used:.0f} s of processor time"
            yield Row(
                "start", f"`dapp run --quick`, {name}", wall, "s by the clock", detail, target
            )


SUITES: dict[str, Suite] = {
    "start": suite_engines.start_up,
    "engines": suite_engines.engines,
    "limit": suite_engines.against_c,
    "peers": suite_peers.peers,
    "sharing": suite_engines.sharing,
    "pairing": suite_decision.pairing,
    "finding": suite_decision.finding,
    "counties": suite_scaling.counties,
    "memory": suite_scaling.memory,
    "workers": suite_scaling.workers,
    "pipeline": suite_decision.pipeline,
}


def write_tables() -> None:
    """Write the tables of the documents from the history."""
    for path, text in tables.documents(history.latest(history.read())).items():
        path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Measure, print, remember, and write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    how_much = parser.add_mutually_exclusive_group()
    how_much.add_argument("--short", action="store_true")
    how_much.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="+", choices=SUITES, default=list(SUITES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tables", action="store_true", help="measure nothing")
    parser.add_argument("--note", default="", help="what else the machine was doing")
    parser.add_argument("--forget", action="store_true", help="print only: no history, no tables")
    given = parser.parse_args()
    if given.tables:
        write_tables()
        return
    size = SIZES["short" if given.short else "full" if given.full else "default"]
    stamp = history.stamped(size.name, given.note)
    suites = {"quick": quick_runs} if given.quick else {n: SUITES[n] for n in given.only}
    print("| what | measured | wanted | of what |\n| --- | --- | --- | --- |", flush=True)
    begun = time.perf_counter()
    for suite in suites.values():
        for row in suite(size):
            if isinstance(row, Skipped):
                print(f"| {row.name} | left out | | {row.why} |", flush=True)
                continue
            if not given.forget:
                history.append(stamp, row)
            one = history.Record(**stamp, **vars(row))
            print(f"| {row.name} | {tables.shown(one)} | {row.target} | {row.detail} |", flush=True)
    print(f"\n{(time.perf_counter() - begun) / 60:.1f} minutes by the clock.")
    if not given.forget:
        write_tables()


if __name__ == "__main__":
    main()
