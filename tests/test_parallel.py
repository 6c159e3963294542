"""Does work in several processes come back whole, in order, and stop when something is wrong?"""

from __future__ import annotations

import os

import pytest

from dapp_model import parallel
from dapp_model.errors import RunError


def squared(number: int) -> int:
    return number * number


def refused(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def killed(number: int) -> int:
    os._exit(number)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    told: list[tuple[int, int]] = []
    jobs = [(number,) for number in range(7)]
    found = parallel.in_order(squared, jobs, workers, lambda done, of: told.append((done, of)))
    assert found == [0, 1, 4, 9, 16, 25, 36]
    assert told == [(done, 7) for done in range(8)]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_jobs_give_no_results(workers: int) -> None:
    assert parallel.in_order(squared, [], workers) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_job_ends_the_work(workers: int) -> None:
    with pytest.raises(ValueError, match="three"):
        parallel.in_order(refused, [(number,) for number in range(5)], workers)


def test_a_worker_that_is_killed_is_said_in_a_sentence() -> None:
    with pytest.raises(RunError, match="stopped from outside"):
        parallel.in_order(killed, [(1,), (2,)], 2)
