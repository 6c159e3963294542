"""Files that somebody hands in: read whole and within bounds, or refused with a reason.

A reason is a short phrase for the `found` of a problem; whoever asks makes the sentence.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

LARGEST_BYTES: Final = 20_000_000  # of a text: a run's largest has some 2 MB


class Unreadable(Exception):
    """A file or a text that cannot be used; `reason` says why, `line` where if that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        """Keep why, and where."""
        super().__init__(reason)
        self.reason = reason
        self.line = line


def text(path: Path, most_bytes: int = LARGEST_BYTES) -> str:
    """Return a text in UTF-8; raises Unreadable for a device, a huge file and what is no text."""
    try:
        if path.is_dir():
            raise Unreadable("a folder")
        if path.exists() and not path.is_file():
            raise Unreadable("a device or a pipe")
        size = path.stat().st_size
        if size > most_bytes:
            raise Unreadable(f"{size:,} bytes, where at most {most_bytes:,} are read")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", None) or str(error)) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"the byte {content[error.start]:#04x}, not text in UTF-8", line) from None


def toml(content: str) -> dict[str, Any]:
    """Return the table of a TOML text; raises Unreadable."""
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        raise Unreadable(str(error), int(place[1]) if place else None) from None
    except (ValueError, RecursionError):
        raise Unreadable(
            "a number that is too long, or brackets inside brackets beyond use"
        ) from None


def json_table(path: Path) -> dict[str, Any]:
    """Return the table that a JSON file holds; raises Unreadable."""
    try:
        found = json.loads(text(path))
    except ValueError as error:
        raise Unreadable(str(error)) from None
    except RecursionError:
        raise Unreadable("brackets inside brackets beyond use") from None
    if not isinstance(found, dict):
        raise Unreadable("no table")
    return found
