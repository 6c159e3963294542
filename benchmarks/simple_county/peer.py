"""Run one peer in a process of its own: module, function, people at the start, keys."""

from __future__ import annotations

import gc
import importlib
import json
import sys
import time

from benchmarks.measured import peak_memory
from benchmarks.simple_county.law import County

SMALL = 45


def main() -> None:
    """Print seconds and counts by key, and by how much memory grew, as JSON."""
    name, function, people, *keys = sys.argv[1:]
    simulate = getattr(importlib.import_module(f"benchmarks.simple_county.{name}"), function)
    simulate(County().scaled(SMALL), 1)  # what is compiled or loaded at first use is not timed
    county = County().scaled(int(people))
    before = peak_memory()
    seconds, counts = [], []
    for key in keys:
        gc.collect()
        start = time.process_time()
        found = simulate(county, int(key))
        seconds.append(time.process_time() - start)
        counts.append([int(n) for n in found])
    print(json.dumps({"seconds": seconds, "counts": counts, "grown": peak_memory() - before}))


if __name__ == "__main__":
    main()
