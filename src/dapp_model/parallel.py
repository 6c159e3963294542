"""Work done elsewhere: in processes here, on a Dask cluster, or wherever an executor takes it.

Processes of ours end at once when something goes wrong or somebody interrupts.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from dapp_model.errors import RunError

LOOK_SECONDS = 2.0  # how often to ask whether those who work are still there


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster, by the address of its scheduler; its workers are as many as it has."""

    address: str


# Processes here, a cluster, or any executor of the standard library's kind.
Workers = int | Cluster | Executor


def said(workers: Workers) -> int | str:
    """Return who works, for a run's record."""
    if isinstance(workers, int):
        return workers
    return "a Dask cluster" if isinstance(workers, Cluster) else type(workers).__name__


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
    work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], workers: Workers
) -> Iterator[tuple[int, Any]]:
    """Yield each job's number and result as it finishes; with one worker, here and in order.

    Only a few jobs are handed out at a time, since what they need travels with each. Raises
    RunError if those who work are lost.
    """
    if isinstance(workers, int):
        workers = min(workers, len(jobs))
        if workers <= 1:
            for number, job in enumerate(jobs):
                yield number, work(*job)
            return
        with pool(workers) as lent:
            yield from _through(Hands(lent.submit, lambda: 2 * workers), work, jobs)
    elif not jobs:
        return
    elif isinstance(workers, Cluster):
        from dapp_model import far

        with far.lent(workers.address) as hands:
            yield from _through(hands, work, jobs)
    else:
        most = 2 * int(getattr(workers, "_max_workers", 0) or os.cpu_count() or 1)
        try:
            yield from _through(Hands(workers.submit, lambda: most), work, jobs)
        except (BrokenExecutor, CancelledError):
            raise RunError(
                "Those who did the work were stopped from outside. What was finished is kept; the "
                "same command goes on from there."
            ) from None


@dataclass(frozen=True)
class Hands:
    """Who takes jobs: how to hand one out, how many to hand out, and a look whether all is well.

    `given` turns what comes back into the result; `look` raises RunError if nobody works any more.
    """

    submit: Callable[..., Future[Any]]
    most: Callable[[], int]
    given: Callable[[Any], Any] = lambda result: result
    look: Callable[[], None] = lambda: None


def _through(
    hands: Hands, work: Callable[..., Any], jobs: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, Any]]:
    waiting = iter(enumerate(jobs))
    running: dict[Future[Any], int] = {}
    try:
        while True:
            while len(running) < hands.most():
                following = next(waiting, None)
                if following is None:
                    break
                number, job = following
                running[hands.submit(work, *job)] = number
            if not running:
                return
            done, _ = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if not done:
                hands.look()
            for one in done:
                yield running.pop(one), hands.given(one.result())
    finally:
        for one in running:
            one.cancel()


def in_order(
    work: Callable[..., Any],
    jobs: Sequence[tuple[Any, ...]],
    workers: Workers,
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
