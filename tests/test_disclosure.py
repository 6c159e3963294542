"""Can anybody work out a count that was withheld?"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from dapp_model import disclosure
from dapp_model.disclosure import CONFIDENTIAL

COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 40))
TABLES = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: st.lists(
        st.lists(COUNTS, min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def equations(n_rows: int, n_columns: int) -> np.ndarray:
    """Return the margins as equations in the cells of the grid, totals among them."""
    rows = []
    for r in range(n_rows):
        one = np.zeros((n_rows, n_columns))
        one[r, :-1], one[r, -1] = 1, -1
        rows.append(one.ravel())
    for c in range(n_columns):
        one = np.zeros((n_rows, n_columns))
        one[:-1, c], one[-1, c] = 1, -1
        rows.append(one.ravel())
    return np.array(rows)


def smallest_and_largest(shown: tuple[tuple[object, ...], ...]) -> dict[tuple[int, int], set[int]]:
    """Solve the margins for the smallest and the largest whole number of each withheld cell."""
    n_rows, n_columns = len(shown), len(shown[0])
    lower, upper = np.zeros((2, n_rows, n_columns))
    for r, c in product(range(n_rows), range(n_columns)):
        value = shown[r][c]
        hidden = value == CONFIDENTIAL
        lower[r, c] = 0 if hidden else value
        upper[r, c] = 10_000 if hidden else value
    ties = LinearConstraint(equations(n_rows, n_columns), 0, 0)
    found = {}
    for r, c in product(range(n_rows), range(n_columns)):
        if shown[r][c] == CONFIDENTIAL:
            ends = set()
            for sign in (1, -1):
                aim = np.zeros(n_rows * n_columns)
                aim[r * n_columns + c] = sign
                solved = milp(
                    aim, constraints=ties, integrality=np.ones(aim.size),
                    bounds=Bounds(lower.ravel(), upper.ravel()),
                )  # fmt: skip
                assert solved.success
                ends.add(round(solved.x[r * n_columns + c]))
            found[r, c] = ends
    return found


@settings(max_examples=150, deadline=None)
@given(TABLES)
@example([[1]])
@example([[3, 20], [30, 40]])
@example([[1, 0, 0], [0, 0, 0], [0, 0, 9]])
@example([[4, 4], [4, 4]])
def test_no_withheld_count_can_be_worked_out_from_the_rest(counts: list[list[int]]) -> None:
    shown = disclosure.table(counts)
    for cell, ends in smallest_and_largest(shown).items():
        assert len(ends) == 2, (cell, shown)


@settings(max_examples=200, deadline=None)
@given(TABLES)
def test_what_is_shown_is_true_and_never_small(counts: list[list[int]]) -> None:
    grid = np.array(counts)
    whole = np.block([[grid, grid.sum(1, keepdims=True)], [grid.sum(0), grid.sum()]])
    shown = disclosure.table(counts)
    assert (len(shown), len(shown[0])) == whole.shape
    for place, value in np.ndenumerate(whole):
        found = shown[place[0]][place[1]]
        assert found in (CONFIDENTIAL, value)
        if 0 < value < 5:
            assert found == CONFIDENTIAL


@given(st.lists(st.lists(st.integers(5, 99), min_size=3, max_size=3), min_size=1, max_size=3))
def test_nothing_is_withheld_where_nothing_is_small(counts: list[list[int]]) -> None:
    assert CONFIDENTIAL not in {value for row in disclosure.table(counts) for value in row}


def test_one_small_count_takes_three_others_and_no_total() -> None:
    shown = disclosure.table([[3, 20, 60], [30, 40, 70], [50, 80, 90]])
    hidden = [(r, c) for r, row in enumerate(shown) for c, v in enumerate(row) if v == CONFIDENTIAL]
    assert len(hidden) == 4
    assert all(r < 3 and c < 3 for r, c in hidden)


def test_primary_suppression_alone_would_not_do() -> None:
    shown = [list(row) for row in disclosure.table([[3, 20], [30, 40]])]
    grid = [[3, 20, 23], [30, 40, 70], [33, 60, 93]]
    naive = tuple(tuple(CONFIDENTIAL if value == 3 else value for value in row) for row in grid)
    assert smallest_and_largest(naive) == {(0, 0): {3}}
    assert sum(value == CONFIDENTIAL for row in shown for value in row) == 4


def test_counts_without_a_common_total_are_withheld_one_by_one() -> None:
    assert disclosure.single([0, 1, 4, 5, 600]) == (0, CONFIDENTIAL, CONFIDENTIAL, 5, 600)


@pytest.mark.parametrize("counts", [[], [[]], [[1, 2], [3]], [[-1]], [[1.0]], [[True]]])
def test_what_is_no_table_of_counts_is_refused(counts: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="count"):
        disclosure.table(counts)
