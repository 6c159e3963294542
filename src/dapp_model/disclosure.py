"""Keep small counts of real people out of what is handed on.

A count from 1 to 4 is withheld (primary suppression). In a table with margins it could be worked
out from the others, so further cells are withheld (secondary suppression) until no withheld count
is the only one that fits: whoever solves the margins for whole numbers finds, for each withheld
cell, at least two values. Counts of a simulation are nobody's and are marked as simulated instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

CONFIDENTIAL: Final = "[c]"
SMALLEST: Final = 5  # the smallest count of real people, but none, that is shown
SIMULATED: Final = "Simulated: these are counts of simulated people, not of anybody."
LEGEND: Final = (
    f"{CONFIDENTIAL} = withheld so that nobody can be recognised: a count from 1 to "
    f"{SMALLEST - 1}, or one from which it could be worked out."
)

Counts = Sequence[Sequence[int]]
Shown = int | str
Cell = tuple[int, int]


def single(counts: Sequence[int]) -> tuple[Shown, ...]:
    """Return counts that stand in no common total, small ones withheld. Raises ValueError."""
    _check([counts])
    return tuple(CONFIDENTIAL if _small(count) else count for count in counts)


def table(counts: Counts) -> tuple[tuple[Shown, ...], ...]:
    """Return a two-way table with its margins: the last row and column are totals.

    Withheld are small counts and small totals, and as many more as it takes. Raises ValueError if
    a count is not a whole number from 0, or if rows have different lengths.
    """
    _check(counts)
    grid = [[*row, sum(row)] for row in counts]
    grid.append([sum(column) for column in zip(*grid, strict=True)])
    hidden = _hidden(grid)
    return tuple(
        tuple(CONFIDENTIAL if (r, c) in hidden else value for c, value in enumerate(row))
        for r, row in enumerate(grid)
    )


def _small(count: int) -> bool:
    return 0 < count < SMALLEST


def _check(counts: Counts) -> None:
    if not counts or not counts[0] or len({len(row) for row in counts}) != 1:
        raise ValueError("a table of counts has rows of one length, at least one count in each")
    for count in (value for row in counts for value in row):
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError(f"{count!r} is not a count")


def _hidden(grid: Sequence[Sequence[int]]) -> set[Cell]:
    """Return the cells that are withheld, margins among them.

    With totals as further cells, every row and every column of the grid is an equation. A withheld
    cell is safe if it lies on a closed walk of withheld cells, alternately along a row and a
    column: one may be added and taken away along the walk without any total noticing.
    """
    hidden = {(r, c) for r, row in enumerate(grid) for c, value in enumerate(row) if _small(value)}
    while True:
        exposed = next((cell for cell in sorted(hidden) if not _safe(grid, hidden, cell)), None)
        if exposed is None:
            return hidden
        hidden |= _walk(grid, hidden, exposed)


def _safe(grid: Sequence[Sequence[int]], hidden: set[Cell], cell: Cell) -> bool:
    """Say whether a closed walk of withheld cells through a cell lets its value move."""
    return any(
        _moves(grid, corners)
        for corners in _rectangles(grid, cell)
        if all(corner in hidden for corner in corners)
    )


def _rectangles(grid: Sequence[Sequence[int]], cell: Cell) -> Iterator[tuple[Cell, ...]]:
    r, c = cell
    for other_r, other_c in product(range(len(grid)), range(len(grid[0]))):
        if other_r != r and other_c != c:
            yield cell, (r, other_c), (other_r, other_c), (other_r, c)


def _signs(grid: Sequence[Sequence[int]], corners: Sequence[Cell]) -> list[int]:
    """Return by how much each corner changes if the first one grows by one.

    A total grows with what it sums, so along its line its sign is turned round.
    """
    last_r, last_c = len(grid) - 1, len(grid[0]) - 1
    signs = []
    for (r, c), sign in zip(corners, (1, -1, 1, -1), strict=True):
        margins = (r == last_r) + (c == last_c)
        signs.append(sign * (-1) ** margins)
    return [sign * signs[0] for sign in signs]


def _moves(grid: Sequence[Sequence[int]], corners: Sequence[Cell]) -> bool:
    """Say whether the corners can change together, up or down, and none falls below zero."""
    signs = _signs(grid, corners)
    values = [grid[r][c] for r, c in corners]
    up = all(value + sign >= 0 for value, sign in zip(values, signs, strict=True))
    down = all(value - sign >= 0 for value, sign in zip(values, signs, strict=True))
    return up or down


def _walk(grid: Sequence[Sequence[int]], hidden: set[Cell], cell: Cell) -> set[Cell]:
    """Return cells to withhold with one that is exposed: those that lose the least.

    Fewest further cells (a total counts as three more), then the smallest counts. There always is
    such a walk: a cell, its two totals and the total of all may grow together.
    """
    last_r, last_c = len(grid) - 1, len(grid[0]) - 1

    def loss(corners: tuple[Cell, ...]) -> tuple[int, int, tuple[Cell, ...]]:
        new = [corner for corner in corners if corner not in hidden]
        totals = sum((r == last_r) + (c == last_c) for r, c in new)
        return len(new) + 3 * totals, sum(grid[r][c] for r, c in new), corners

    fitting = [corners for corners in _rectangles(grid, cell) if _moves(grid, corners)]
    best: tuple[Cell, ...] = min(fitting, key=loss)
    return set(best)
