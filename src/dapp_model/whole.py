"""Folders and files that appear whole or not at all, and the right to write one, held by one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dapp_model.errors import RunError


@contextmanager
def held(lock: Path, refusal: str) -> Iterator[None]:
    """Hold the only right to write; the system gives it back even if we are killed.

    The file stays: it is the system's lock on it that counts, so that none is ever stale. Raises
    RunError with `refusal` if another process holds it.
    """
    with lock.open("a+b") as stream:
        try:
            if sys.platform == "win32":
                import msvcrt

                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise RunError(refusal) from None
        yield


@contextmanager
def told(failed: str, safe: Callable[[], str]) -> Iterator[None]:
    """Say what is safe in a note on whatever breaks the work off.

    A disk that does not take it becomes a RunError that says `failed`, such as "The run could not
    be written to results/x", and why.
    """
    try:
        yield
    except OSError as error:
        broken = RunError(f"{failed} ({error.strerror or error}).")
        broken.add_note(safe())
        raise broken from error
    except (RunError, MemoryError, KeyboardInterrupt) as error:
        error.add_note(safe())
        raise


@contextmanager
def replaced(place: Path, what: str) -> Iterator[Path]:
    """Lend a hidden folder to write in, and put it in the place of an earlier one at the end.

    `what` is written, for the message: "The analysis". If anything goes wrong the earlier folder
    stays and the hidden one goes. Whoever is killed leaves a hidden folder, which goes when the
    same is written again; an earlier one that had just been moved aside is then put back first.
    Raises RunError if the disk does not take it.
    """
    before = place.with_name(f".{place.name}.before")
    with _hidden(place, place.with_name(f".{place.name}.{os.getpid()}.unfinished"), what) as made:
        try:
            _tidied(place, before)
            yield made
            if place.exists():
                place.rename(before)
            made.rename(place)
            shutil.rmtree(before, ignore_errors=True)
        except OSError:
            with suppress(OSError):
                if before.exists() and not place.exists():
                    before.rename(place)
            raise


@contextmanager
def added(place: Path, what: str) -> Iterator[Path]:
    """Lend a hidden folder to write in, and move its files into a folder at the end.

    The folder is made if it is not there; of what it holds only files of the same names are
    replaced, each at once. If anything goes wrong before that, nothing is. Raises RunError.
    """
    with _hidden(place, place / f".{os.getpid()}.unfinished", what) as made:
        yield made
        for path in sorted(made.iterdir()):
            path.replace(place / path.name)


@contextmanager
def _hidden(place: Path, made: Path, what: str) -> Iterator[Path]:
    try:
        made.mkdir(parents=True)
        yield made
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"{what} could not be written to {place} ({reason}).") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _tidied(place: Path, before: Path) -> None:
    """Put right what somebody left who was killed here."""
    if before.exists():
        if place.exists():
            shutil.rmtree(before)
        else:
            before.rename(place)
    for left in place.parent.glob(f".{place.name}.*.unfinished"):
        if not _lives(left.name.split(".")[-2]):
            shutil.rmtree(left, ignore_errors=True)


def _lives(process: str) -> bool:
    """Say whether a process may still be at work; where that cannot be told, it may."""
    if sys.platform == "win32" or not process.isdigit():
        return True
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
