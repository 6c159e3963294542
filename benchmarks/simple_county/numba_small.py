"""numba, our own way in small: with one heap for everybody, and with only the referred together."""

from __future__ import annotations

import numba
import numpy as np

from benchmarks.simple_county.law import (
    AFTER,
    ASSESSMENTS,
    CANDIDATES,
    COMPLETIONS,
    DROP_OUTS,
    DROPS_OUT,
    DURING,
    ENTRIES,
    HEARINGS,
    HORIZON,
    INCIDENTS,
    KINDS,
    REFERRALS,
    REFERRED,
    REFERRED_BY_MARAC,
    RENEGES,
    REPORTED,
    REPORTS,
    SEATS,
    SESSIONS,
    SESSIONS_HELD,
    SIZE,
    TO_MARAC,
    WEEK,
    YEARLY,
    County,
    candidate_draws,
    entry_gap,
    episode_draws,
    person_draws,
    report_draws,
    session_draw,
)

CANDIDATE, RENEGE, ASSESSED, SESSION, ENTRY = range(5)
FREE, WAITING, SEATED, TREATED = range(4)
compiled = numba.njit(error_model="numpy", nogil=True, cache=False)


@compiled
def push(times, codes, n, t, code):
    """Put an event on a heap of n."""
    i = n
    while i > 0:
        parent = (i - 1) >> 1
        if times[parent] <= t:
            break
        times[i] = times[parent]
        codes[i] = codes[parent]
        i = parent
    times[i] = t
    codes[i] = code


@compiled
def pop(times, codes, n):
    """Take the first of n events off a heap; the caller has read it."""
    n -= 1
    t, code = times[n], codes[n]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and times[child + 1] < times[child]:
            child += 1
        if times[child] >= t:
            break
        times[i] = times[child]
        codes[i] = codes[child]
        i = child
    times[i] = t
    codes[i] = code


@compiled
def incident(key, person, index, now, u_kind, u_report, counts):
    """Count an incident and what follows; returns whether it leads to a referral."""
    counts[INCIDENTS] += 1
    counts[YEARLY + np.int64(now)] += 1
    kind = 0 if u_kind < KINDS[0] else 1 if u_kind < KINDS[1] else 2
    if u_report >= REPORTED[kind]:
        return False
    counts[REPORTS] += 1
    u_marac, u_referral = report_draws(key, person, index)
    heard = u_marac < TO_MARAC
    if heard:
        counts[HEARINGS] += 1
    return u_referral < (REFERRED_BY_MARAC if heard else REFERRED)


@compiled
def alone(key, person, entry, mine):
    """Live until the end; returns False at the first referral. `mine` counts from zero."""
    mine[:] = 0
    mine[ENTRIES] = 1
    rate, stay = person_draws(key, person)
    last = min(entry + stay, HORIZON)
    now = entry
    index = 0
    while True:
        gap, _, u_kind, u_report = candidate_draws(key, person, index)
        now += gap / rate
        if now >= last:
            return True
        mine[CANDIDATES] += 1
        if incident(key, person, index, now, u_kind, u_report, mine):
            return False
        index += 1


@compiled
def together(key, people, entries, places, counts):
    """Simulate these people (in the order of their entries) event by event."""
    n_people = len(people)
    rate = np.zeros(n_people)
    last = np.zeros(n_people)
    completed = np.full(n_people, -1.0)
    state = np.zeros(n_people, np.int8)
    episode = np.full(n_people, -1, np.int64)
    done = np.zeros(n_people, np.int64)
    index = np.zeros(n_people, np.int64)
    marks = np.zeros((n_people, 3))
    times = np.empty(4096)
    codes = np.empty(4096, np.int64)
    n = 0
    queue = np.empty(4096, np.int64)
    head = 0
    tail = 0
    free = places
    if n_people > 0:
        push(times, codes, n, entries[0], ENTRY)
        n += 1
    while n > 0:
        now = times[0]
        code = codes[0]
        pop(times, codes, n)
        n -= 1
        if now >= HORIZON:
            break
        if n + 8 > len(times):
            times = np.concatenate((times, np.empty(len(times))))
            codes = np.concatenate((codes, np.empty(len(codes), np.int64)))
        s = code >> 16
        what = code & 7
        person = people[s]
        freed = False
        drawn = False
        if what == CANDIDATE:
            counts[CANDIDATES] += 1
            u_happens, u_kind, u_report = marks[s, 0], marks[s, 1], marks[s, 2]
            i = index[s]
            index[s] += 1
            drawn = True
            chance = 1.0
            if state[s] == TREATED:
                chance = DURING
            elif completed[s] >= 0.0:
                chance = 1.0 - AFTER * np.exp(completed[s] - now)
            if (
                u_happens < chance
                and incident(key, person, i, now, u_kind, u_report, counts)
                and state[s] == FREE
            ):
                counts[REFERRALS] += 1
                episode[s] += 1
                patience, assessment = episode_draws(key, person, episode[s])
                if free > 0:
                    free -= 1
                    counts[SEATS] += 1
                    state[s] = SEATED
                    push(times, codes, n, now + assessment, (s << 16) | ASSESSED)
                else:
                    state[s] = WAITING
                    number = (s << 16) | (episode[s] << 3)
                    if tail == len(queue):
                        queue = np.concatenate((queue, np.empty(len(queue), np.int64)))
                    queue[tail] = number
                    tail += 1
                    push(times, codes, n, now + patience, number | RENEGE)
                n += 1
        elif what == ENTRY:
            counts[ENTRIES] += 1
            r, stay = person_draws(key, person)
            rate[s] = r
            last[s] = min(now + stay, HORIZON)
            drawn = True
            if s + 1 < n_people:
                push(times, codes, n, entries[s + 1], ((s + 1) << 16) | ENTRY)
                n += 1
        elif what == RENEGE:
            if state[s] == WAITING and episode[s] == (code & 0xFFFF) >> 3:
                state[s] = FREE
                counts[RENEGES] += 1
        elif what == ASSESSED:
            counts[ASSESSMENTS] += 1
            state[s] = TREATED
            done[s] = 0
            push(times, codes, n, now + WEEK, (s << 16) | SESSION)
            n += 1
        elif session_draw(key, person, episode[s], done[s]) < DROPS_OUT:
            counts[DROP_OUTS] += 1
            freed = True
        else:
            counts[SESSIONS_HELD] += 1
            done[s] += 1
            if done[s] == SESSIONS:
                counts[COMPLETIONS] += 1
                completed[s] = now
                freed = True
            else:
                push(times, codes, n, now + WEEK, (s << 16) | SESSION)
                n += 1
        if drawn:
            gap, a, b, c = candidate_draws(key, person, index[s])
            when = now + gap / rate[s]
            if when < last[s]:
                marks[s, 0], marks[s, 1], marks[s, 2] = a, b, c
                push(times, codes, n, when, (s << 16) | CANDIDATE)
                n += 1
        if freed:
            state[s] = FREE
            free += 1
            while free > 0 and head < tail:
                other = queue[head] >> 16
                number = (queue[head] & 0xFFFF) >> 3
                head += 1
                if state[other] == WAITING and episode[other] == number:
                    state[other] = SEATED
                    free -= 1
                    counts[SEATS] += 1
                    length = episode_draws(key, people[other], number)[1]
                    push(times, codes, n, now + length, (other << 16) | ASSESSED)
                    n += 1


@compiled
def run(key, start, arrivals, places, all_together):
    """Simulate a county; with `all_together` everybody is on one heap."""
    counts = np.zeros(SIZE, np.int64)
    mine = np.zeros(SIZE, np.int64)
    people = np.empty(1024, np.int64)
    entries = np.empty(1024)
    n = 0
    person = 0
    t = 0.0
    while True:
        if person >= start:
            t += entry_gap(key, person) / arrivals
        if t >= HORIZON:
            break
        if not all_together and alone(key, person, t, mine):
            counts += mine
        else:
            if n == len(people):
                people = np.concatenate((people, np.empty(n, np.int64)))
                entries = np.concatenate((entries, np.empty(n)))
            people[n] = person
            entries[n] = t
            n += 1
        person += 1
    together(key, people[:n], entries[:n], places, counts)
    return counts


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county, everybody on one heap; returns its counts."""
    return run(key, county.people, county.arrivals, county.places, True)


def simulate_apart(county: County, key: int) -> np.ndarray:
    """Simulate one simple county, only the referred on a heap; returns its counts."""
    return run(key, county.people, county.arrivals, county.places, False)
