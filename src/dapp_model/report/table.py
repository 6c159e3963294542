"""A table of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOT_ASSESSED: Final = "not assessed"


@dataclass(frozen=True)
class Table:
    """A table of the page: heading, columns, rows of texts; the first column names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
