"""A binary heap of rows of whole numbers, for the fast engine's calendar and queues.

A row is (a, b, c, d, e, slot), ordered by its first five numbers. Rows are never removed from the
middle: who pops one checks whether it still holds.
"""

from __future__ import annotations

from dapp_model.compiled import compiled

WIDTH = 6
SLOT = 5  # the last


@compiled
def before(heap, i, j):
    """Say whether row i comes before row j."""
    for k in range(5):
        if heap[i, k] != heap[j, k]:
            return heap[i, k] < heap[j, k]
    return False


@compiled
def swap(heap, i, j):
    """Exchange two rows."""
    for k in range(WIDTH):
        heap[i, k], heap[j, k] = heap[j, k], heap[i, k]


@compiled
def push(heap, n, a, b, c, d, e, slot):
    """Put a row into a heap of n rows; the caller counts."""
    heap[n, 0] = a
    heap[n, 1] = b
    heap[n, 2] = c
    heap[n, 3] = d
    heap[n, 4] = e
    heap[n, 5] = slot
    i = n
    while i > 0:
        parent = (i - 1) >> 1
        if not before(heap, i, parent):
            break
        swap(heap, i, parent)
        i = parent


@compiled
def pop(heap, n):
    """Move the first of n rows to place n - 1 and mend the rest; the caller counts."""
    swap(heap, 0, n - 1)
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n - 1:
            break
        if child + 1 < n - 1 and before(heap, child + 1, child):
            child += 1
        if not before(heap, child, i):
            break
        swap(heap, i, child)
        i = child
