"""Folders that appear whole or not at all."""

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
    made = place.with_name(f".{place.name}.{os.getpid()}.unfinished")
    try:
        made.mkdir(parents=True)
        yield made
        if place.exists():
            shutil.rmtree(place)
        made.rename(place)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"{what} could not be written to {place} ({reason}).") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
