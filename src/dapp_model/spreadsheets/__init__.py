"""The tables of a run in the layout of government statistics: tables.xlsx and tables.ods.

Both files are made from one list of sheets, so they hold the same. Their bytes depend on the run
alone: no date, no name of a machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dapp_model.all_draws import Gathered
    from dapp_model.parameters import Inputs

__all__ = ["NAMES", "write"]

NAMES: Final = ("tables.xlsx", "tables.ods")


def write(
    folder: Path, run: tuple[Inputs, Mapping[str, Any], Gathered], marks: Sequence[str] = ()
) -> None:
    """Write both files into the folder of a run; `run` is its inputs, decision and results."""
    from dapp_model.report.totals import Totals
    from dapp_model.spreadsheets import contents, ods, xlsx

    book = contents.book(Totals(*run), marks)
    (folder / NAMES[0]).write_bytes(xlsx.workbook(book))
    (folder / NAMES[1]).write_bytes(ods.workbook(book))
