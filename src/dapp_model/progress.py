"""Show how far a long command has come: a bar in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_MOST_MARKS: Final = 1000


class Pace:
    """How fast parts are finished of late, and how long the rest takes at that pace.

    Of late: in the later half of those finished since this began. The first parts of a run may take
    longer (compiling on workers elsewhere), and would say too much of the rest.
    """

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._marks: list[tuple[float, int]] = []

    def said(self, now: float, done: int, total: int) -> str:
        """Note how many parts of how many are finished, and say how long the rest takes."""
        if self._marks and done < self._marks[-1][1]:
            self._marks.clear()  # another stage, with a pace of its own
        if not self._marks or done > self._marks[-1][1]:
            self._marks.append((now, done))
        if len(self._marks) > _MOST_MARKS:
            del self._marks[1::2]
        if done == total:
            self._marks.clear()
            return "done"
        first = self._marks[0][1]
        if done == first:
            return "estimating how long it takes"
        middle = first + (done - first) // 2
        since, before = next(mark for mark in reversed(self._marks) if mark[1] <= middle)
        seconds = (now - since) / (done - before) * (total - done)
        return f"about {duration(seconds)} left"


@contextmanager
def shown(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how many draws are done, and an estimate from those done in this run."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    pace = Pace()

    def left(done: int, total: int) -> str:
        return pace.said(time.monotonic(), done, total)

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
