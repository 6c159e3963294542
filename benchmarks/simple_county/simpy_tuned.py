"""SimPy tuned: the collector off, plain numbers, and a queue of events in place of a Resource."""

from __future__ import annotations

import gc
from collections import deque
from math import exp

import numpy as np
import simpy
from simpy.events import Event, Timeout

from benchmarks.simple_county import law
from benchmarks.simple_county.law import County


class Perpetrator:
    """One person who uses abuse."""

    __slots__ = ("completed", "episodes", "in_pathway", "number", "treated")

    def __init__(self, number: int) -> None:
        self.number = number
        self.episodes = 0
        self.in_pathway = False
        self.treated = False
        self.completed = -1.0


def _run(county: County, key: int) -> np.ndarray:
    env = simpy.Environment()
    process = env.process
    counts = [0] * law.SIZE
    # Who waits: an event that succeeds with a place, or by its own timeout, whichever is first.
    queue: deque[Event] = deque()
    free = county.places
    horizon = law.HORIZON

    def arrivals():
        number = county.people
        while True:
            yield Timeout(env, law.entry_gap(key, number) / county.arrivals)
            process(abuse(Perpetrator(number)))
            number += 1

    def abuse(person):
        counts[law.ENTRIES] += 1
        number = person.number
        rate, stay = law.person_draws(key, number)
        last = min(env.now + stay, horizon)
        index = 0
        draws = law.candidate_draws
        while True:
            gap, u_happens, u_kind, u_report = draws(key, number, index)
            gap /= rate
            if env.now + gap >= last:
                return
            yield Timeout(env, gap)
            counts[law.CANDIDATES] += 1
            if person.treated:
                chance = law.DURING
            elif person.completed >= 0.0:
                chance = 1.0 - law.AFTER * exp(person.completed - env.now)
            else:
                chance = 1.0
            if u_happens < chance:
                counts[law.INCIDENTS] += 1
                counts[law.YEARLY + int(env.now)] += 1
                kind = 0 if u_kind < law.KINDS[0] else 1 if u_kind < law.KINDS[1] else 2
                if u_report < law.REPORTED[kind]:
                    report(person, index)
            index += 1

    def report(person, index):
        counts[law.REPORTS] += 1
        u_marac, u_referral = law.report_draws(key, person.number, index)
        heard = u_marac < law.TO_MARAC
        counts[law.HEARINGS] += heard
        if u_referral < (law.REFERRED_BY_MARAC if heard else law.REFERRED) and not (
            person.in_pathway
        ):
            counts[law.REFERRALS] += 1
            process(attend(person, person.episodes))
            person.in_pathway = True
            person.episodes += 1

    def attend(person, episode):
        nonlocal free
        patience, assessment = law.episode_draws(key, person.number, episode)
        if free:
            free -= 1
        else:
            turn = Event(env)
            queue.append(turn)
            lapse = Timeout(env, patience)
            lapse.callbacks.append(lambda _: turn.triggered or turn.succeed(False))
            if not (yield turn):
                counts[law.RENEGES] += 1
                person.in_pathway = False
                return
        counts[law.SEATS] += 1
        yield Timeout(env, assessment)
        counts[law.ASSESSMENTS] += 1
        person.treated = True
        for session in range(law.SESSIONS):
            yield Timeout(env, law.WEEK)
            if law.session_draw(key, person.number, episode, session) < law.DROPS_OUT:
                counts[law.DROP_OUTS] += 1
                break
            counts[law.SESSIONS_HELD] += 1
        else:
            counts[law.COMPLETIONS] += 1
            person.completed = env.now
        person.treated = False
        person.in_pathway = False
        while queue:
            turn = queue.popleft()
            if not turn.triggered:
                turn.succeed(True)
                return
        free += 1

    for number in range(county.people):
        process(abuse(Perpetrator(number)))
    process(arrivals())
    env.run(until=horizon)
    return np.array(counts)


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county; returns its counts."""
    gc.disable()
    try:
        return _run(county, key)
    finally:
        gc.enable()
        gc.collect()
