"""Plain Python: one heap of everybody's next event."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import exp

import numpy as np

from benchmarks.simple_county import law
from benchmarks.simple_county.law import County

ENTRY, CANDIDATE, RENEGE, ASSESSED, SESSION = range(5)


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county; returns its counts."""
    counts = [0] * law.SIZE
    heap: list[tuple[float, int, int, int]] = []
    free = county.places
    queue: deque[tuple[int, int]] = deque()
    rate: dict[int, float] = {}
    leaves: dict[int, float] = {}
    upcoming: dict[int, tuple[int, float, float, float]] = {}  # index and marks of a candidate
    episode: dict[int, int] = {}
    waiting: set[int] = set()
    attending: dict[int, int] = {}  # sessions so far
    treated: set[int] = set()  # assessed, and still on the programme
    completed: dict[int, float] = {}

    def plan_candidate(person: int, now: float, index: int) -> None:
        gap, *marks = law.candidate_draws(key, person, index)
        when = now + gap / rate[person]
        if when < leaves[person] and when < law.HORIZON:
            upcoming[person] = (index, *marks)
            heappush(heap, (when, CANDIDATE, person, 0))

    def enter(person: int, now: float) -> None:
        counts[law.ENTRIES] += 1
        rate[person], stay = law.person_draws(key, person)
        leaves[person] = now + stay
        plan_candidate(person, now, 0)

    def seat(person: int, now: float) -> None:
        counts[law.SEATS] += 1
        length = law.episode_draws(key, person, episode[person])[1]
        heappush(heap, (now + length, ASSESSED, person, 0))

    def leave_place(person: int, now: float) -> None:
        nonlocal free
        treated.discard(person)
        del attending[person]
        free += 1
        while queue and free:
            other, number = queue.popleft()
            if other in waiting and episode[other] == number:
                waiting.discard(other)
                attending[other] = 0
                free -= 1
                seat(other, now)

    for person in range(county.people):
        enter(person, 0.0)
    first = law.entry_gap(key, county.people) / county.arrivals
    heappush(heap, (first, ENTRY, county.people, 0))
    while heap:
        now, what, person, number = heappop(heap)
        if now >= law.HORIZON:
            break
        if what == CANDIDATE:
            counts[law.CANDIDATES] += 1
            index, u_happens, u_kind, u_report = upcoming.pop(person)
            plan_candidate(person, now, index + 1)
            if person in treated:
                chance = law.DURING
            elif person in completed:
                chance = 1.0 - law.AFTER * exp(completed[person] - now)
            else:
                chance = 1.0
            if u_happens >= chance:
                continue
            counts[law.INCIDENTS] += 1
            counts[law.YEARLY + int(now)] += 1
            kind = 0 if u_kind < law.KINDS[0] else 1 if u_kind < law.KINDS[1] else 2
            if u_report >= law.REPORTED[kind]:
                continue
            counts[law.REPORTS] += 1
            u_marac, u_referral = law.report_draws(key, person, index)
            heard = u_marac < law.TO_MARAC
            counts[law.HEARINGS] += heard
            if u_referral >= (law.REFERRED_BY_MARAC if heard else law.REFERRED):
                continue
            if person in waiting or person in attending:
                continue
            counts[law.REFERRALS] += 1
            episode[person] = mine = episode.get(person, -1) + 1
            if free:
                free -= 1
                attending[person] = 0
                seat(person, now)
            else:
                waiting.add(person)
                queue.append((person, mine))
                patience = law.episode_draws(key, person, mine)[0]
                heappush(heap, (now + patience, RENEGE, person, mine))
        elif what == ENTRY:
            enter(person, now)
            gap = law.entry_gap(key, person + 1) / county.arrivals
            heappush(heap, (now + gap, ENTRY, person + 1, 0))
        elif what == RENEGE:
            if person in waiting and episode[person] == number:
                waiting.discard(person)
                counts[law.RENEGES] += 1
        elif what == ASSESSED:
            counts[law.ASSESSMENTS] += 1
            treated.add(person)
            heappush(heap, (now + law.WEEK, SESSION, person, 0))
        else:
            done = attending[person]
            if law.session_draw(key, person, episode[person], done) < law.DROPS_OUT:
                counts[law.DROP_OUTS] += 1
                leave_place(person, now)
                continue
            counts[law.SESSIONS_HELD] += 1
            attending[person] = done + 1
            if done + 1 == law.SESSIONS:
                counts[law.COMPLETIONS] += 1
                completed[person] = now
                leave_place(person, now)
            else:
                heappush(heap, (now + law.WEEK, SESSION, person, 0))
    return np.array(counts)
