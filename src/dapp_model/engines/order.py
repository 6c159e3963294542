"""Rows in order: room for more, the total order, and sorts that are quick on sorted rows."""

from __future__ import annotations

import numpy as np

from dapp_model.compiled import compiled, compiled_with_memory

ROOM = 512  # more rows than any one event can write


@compiled_with_memory
def grown(rows, needed):
    """Return room for at least `needed` rows, with the old rows kept."""
    if needed <= len(rows):
        return rows
    bigger = np.empty(max(needed, 2 * len(rows)), rows.dtype)
    bigger[: len(rows)] = rows
    return bigger


@compiled
def comes_before(a, b):
    """Say whether row a comes before row b in the total order of events."""
    if a.time != b.time:
        return a.time < b.time
    if a.kind != b.kind:
        return a.kind < b.kind
    if a.person != b.person:
        return a.person < b.person
    if a.relationship != b.relationship:
        return a.relationship < b.relationship
    return a.ordinal < b.ordinal


@compiled_with_memory
def sort_rows(rows, first, last):
    """Sort nearly sorted rows [first, last) by the total order, in place."""
    for i in range(first + 1, last):
        if comes_before(rows[i], rows[i - 1]):
            row = rows[i : i + 1].copy()
            j = i
            while j > first and comes_before(row[0], rows[j - 1]):
                rows[j] = rows[j - 1]
                j -= 1
            rows[j] = row[0]


@compiled
def merge_sort(rows, first, last, spare):
    """Sort rows [first, last) by the total order with room to spare."""
    width = 1
    n = last - first
    while width < n:
        left = 0
        while left < n:
            middle = min(left + width, n)
            right = min(left + 2 * width, n)
            i = left
            j = middle
            for k in range(left, right):
                take_right = i >= middle or (
                    j < right and comes_before(rows[first + j], rows[first + i])
                )
                if take_right:
                    spare[k] = rows[first + j]
                    j += 1
                else:
                    spare[k] = rows[first + i]
                    i += 1
            left = right
        for k in range(n):
            rows[first + k] = spare[k]
        width *= 2


@compiled_with_memory
def by_person(rows, people, earlier, begins, ends):
    """Return (rows person by person, each in the total order; where each person's begin [n + 1]).

    people: int64 [n, 2], identifiers in the order wanted; earlier: rows that are in order already,
    to which these are added: each person's from `begins` to before `ends`, int64 [n].
    """
    n = len(people)
    place = {people[0, 0]: 0}
    for i in range(n):
        place[people[i, 0]] = i
    first = np.zeros(n + 1, np.int64)
    last = people[0, 0]
    k = 0
    for i in range(len(rows)):
        if rows[i].person != last:  # rows come in long runs of one person
            last = rows[i].person
            k = place[last]
        first[k + 1] += 1
    for i in range(n):
        first[i + 1] += first[i] + ends[i] - begins[i]
    out = np.empty(first[n], rows.dtype)
    at = first[:-1].copy()
    for i in range(n):
        size = ends[i] - begins[i]
        out[at[i] : at[i] + size] = earlier[begins[i] : ends[i]]
        at[i] += size
    last = people[0, 0]
    k = 0
    for i in range(len(rows)):
        if rows[i].person != last:
            last = rows[i].person
            k = place[last]
        out[at[k]] = rows[i]
        at[k] += 1
    for i in range(n):
        sort_rows(out, first[i], first[i + 1])
    return out, first


@compiled_with_memory
def in_total_order(rows, warm_up, horizon):
    """Return rows in the total order of events: by stretches of time, then within each."""
    n = len(rows)
    buckets = max(1, n // 4)
    width = (horizon - warm_up) // buckets + 1
    first = np.zeros(buckets + 1, np.int64)
    for i in range(n):
        first[(rows[i].time - warm_up) // width + 1] += 1
    for i in range(buckets):
        first[i + 1] += first[i]
    at = first[:-1].copy()
    out = np.empty_like(rows)
    for i in range(n):
        k = (rows[i].time - warm_up) // width
        out[at[k]] = rows[i]
        at[k] += 1
    spare = np.empty(64, rows.dtype)
    for k in range(buckets):
        size = first[k + 1] - first[k]
        if size <= 24:
            sort_rows(out, first[k], first[k + 1])
        else:
            if size > len(spare):
                spare = np.empty(2 * size, rows.dtype)
            merge_sort(out, first[k], first[k + 1], spare)
    return out
