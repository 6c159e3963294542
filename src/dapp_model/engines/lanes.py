"""Blocks of random words drawn for many at one stroke, as vectors.

No block waits for another here, so that the compiler draws several with one instruction: at about a
sixth of the time of one after the other. The words are those of `randomness.block`, to the bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model.compiled import compiled
from dapp_model.randomness import (
    block_here,
    is_central,
    log_here,
    normal_quantile,
    quantile_centre,
    unit,
)


class Lanes(NamedTuple):
    """Whose words are drawn, lane by lane: arguments of `randomness.block`. int64 [lanes].

    `ordinal` is its index.
    """

    person: npt.NDArray[np.int64]
    rel: npt.NDArray[np.int64]
    ordinal: npt.NDArray[np.int64]


class Words(NamedTuple):
    """The four words of each lane. uint64 [lanes]."""

    first: npt.NDArray[np.uint64]
    second: npt.NDArray[np.uint64]
    third: npt.NDArray[np.uint64]
    fourth: npt.NDArray[np.uint64]


def empty_lanes(n: int) -> Lanes:
    """Return n lanes."""
    return Lanes(*np.zeros((3, n), np.int64))


def empty_words(n: int) -> Words:
    """Return room for the words of n lanes."""
    return Words(*np.zeros((4, n), np.uint64))


@compiled
def draw(key, purpose, lanes, words, n):
    """Draw the words of the first n lanes for one purpose."""
    for i in range(n):
        w = block_here(key, lanes.person[i], lanes.rel[i], purpose, lanes.ordinal[i])
        words.first[i] = w[0]
        words.second[i] = w[1]
        words.third[i] = w[2]
        words.fourth[i] = w[3]


@compiled
def words_at(words, i):
    """Return the four words of a lane, as `randomness.block` does."""
    return words.first[i], words.second[i], words.third[i], words.fourth[i]


@compiled
def waits_here(words, mean, waits, n):
    """Put the exponential quantiles of n words, by their mean, into `waits`."""
    for i in range(n):
        waits[i] = -log_here(unit(words[i])) * mean


@compiled
def normals_here(words, z, n):
    """Put the normal quantiles of n words into `z`: the middle at one stroke, then the tails."""
    for i in range(n):
        z[i] = quantile_centre(unit(words[i]) - 0.5)
    for i in range(n):
        u = unit(words[i])
        if not is_central(u - 0.5):
            z[i] = normal_quantile(u)
