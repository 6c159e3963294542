"""Make the reference run anew: `python results/make_reference.py`, a quarter of a minute.

It takes the place of results/reference/run. Two draws, repeated twice, are few on purpose. The
pictures as PNG are left out: each is there as SVG, and in report.docx.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dapp_model import runs
from dapp_model.scenario import load
from dapp_model.study import Plan

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = Path("results/reference/reference.toml")
KEPT = Path("results/reference/run")
PLAN = Plan(draws=2, replications=2, seed=3)


def main() -> None:
    """Run, leave out the pictures as PNG, and put the folder in the place of the one before."""
    os.chdir(ROOT)  # so that the record names no folder of this machine
    made = KEPT.with_name("made")
    shutil.rmtree(made, ignore_errors=True)  # of a time when this was interrupted
    runs.run(load(SCENARIO), PLAN, made, runs.How(1, "python results/make_reference.py"))
    for path in (made / "figures").glob("*.png"):
        path.unlink()
    if KEPT.exists():
        shutil.rmtree(KEPT)
    made.rename(KEPT)
    print(f"Written to {KEPT}")


if __name__ == "__main__":
    main()
