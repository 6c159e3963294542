"""Show how far a long command has come: a bar in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def shown(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many draws are done, and an estimate from those done in this run."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    begun: list[tuple[float, int]] = []

    def left(done: int, total: int) -> str:
        if begun and done < begun[0][1]:
            begun.clear()  # another stage, with a pace of its own
        if not begun:
            begun.append((time.monotonic(), done))
        since, before = begun[0]
        if done == total:
            begun.clear()
            return "done"
        if done == before:
            return "estimating how long it takes"
        seconds = (time.monotonic() - since) / (done - before) * (total - done)
        return f"about {duration(seconds)} left"

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    if not console.is_terminal:
        last = [0.0]

        def plain(done: int, total: int) -> None:
            text = left(done, total)
            if time.monotonic() - last[0] > 15 or done == total:
                last[0] = time.monotonic()
                print(f"{what}: {done} of {total} parts, {text}", file=sys.stderr)

        yield plain
        return
    bar = Progress(*columns, TextColumn("{task.fields[left]}"), console=console, transient=True)
    with bar:
        task: list[Any] = []

        def show(done: int, total: int) -> None:
            if not task:
                task.append(bar.add_task(what, total=total, left=""))
            bar.update(task[0], completed=done, left=left(done, total))

        yield show


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"
