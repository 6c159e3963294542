"""Work in several processes that end at once when something goes wrong or somebody interrupts."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from dapp_model.errors import RunError


class _DeafProcess(SpawnProcess):
    """A process that no interruption reaches, not even while it begins."""

    def start(self) -> None:
        """Begin with the interruption blocked; what is blocked stays so in the new process."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Deaf(SpawnContext):
    Process = _DeafProcess


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Lend out processes; if something goes wrong, or is interrupted, they are ended at once.

    Raises RunError if one of them is killed.
    """
    before = set(multiprocessing.active_children())
    lent = ProcessPoolExecutor(workers, mp_context=_Deaf(), initializer=_quiet_worker)
    try:
        yield lent
        lent.shutdown()
    except BaseException as error:
        lent.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
            child.join(5)
        if isinstance(error, BrokenProcessPool):
            raise RunError(
                "A worker process was stopped from outside, perhaps for lack of memory. What was "
                "finished is kept. Fewer --workers need less memory."
            ) from None
        raise


def _quiet_worker() -> None:
    """Leave an interruption to the parent, which stops its workers itself, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """Wait for the parent's end: killed, it could not end its workers, which would wait forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def as_they_finish(
    work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], workers: int
) -> Iterator[tuple[int, Any]]:
    """Yield each job's number and result as it finishes; with one worker, here and in order.

    Only a few jobs are handed out at a time, since what they need travels with each.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        for number, job in enumerate(jobs):
            yield number, work(*job)
        return
    with pool(workers) as lent:
        waiting = iter(enumerate(jobs))
        running: dict[Future[Any], int] = {}
        while True:
            for number, job in waiting:
                running[lent.submit(work, *job)] = number
                if len(running) >= 2 * workers:
                    break
            if not running:
                break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                yield running.pop(one), one.result()


def in_order(
    work: Callable[..., Any],
    jobs: Sequence[tuple[Any, ...]],
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Any]:
    """Return what each job gives, in the order of the jobs, however they finish."""
    found: dict[int, Any] = {}
    if progress:
        progress(0, len(jobs))
    for number, one in as_they_finish(work, jobs, workers):
        found[number] = one
        if progress:
            progress(len(found), len(jobs))
    return [found[number] for number in range(len(jobs))]
