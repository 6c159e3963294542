"""Folders, and files in a folder that is there, that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dapp_model.errors import RunError


@contextmanager
def replaced(place: Path, what: str) -> Iterator[Path]:
    """Lend a hidden folder to write in, and put it in the place of an earlier one at the end.

    `what` is written, for the message: "The analysis". If anything goes wrong the earlier folder
    stays and the hidden one goes. Raises RunError if the disk does not take it.
    """
    with _hidden(place, place.with_name(f".{place.name}.{os.getpid()}.unfinished"), what) as made:
        yield made
        if place.exists():
            shutil.rmtree(place)
        made.rename(place)


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
