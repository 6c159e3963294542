"""A table of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOT_ASSESSED: Final = "not assessed"


@dataclass(frozen=True)
class Table:
    """A table of the page: heading, columns, rows of texts; the first column names the row.

    `of` is the file of the run that holds its numbers, where these do not say it themselves; `keys`
    are names of its rows, to which links lead.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    of: str = ""
    keys: tuple[str, ...] = ()
