"""SimPy as its users write it: a process for each person, one for each episode, a Resource."""

from __future__ import annotations

from math import exp

import numpy as np
import simpy

from benchmarks.simple_county import law
from benchmarks.simple_county.law import County


class Perpetrator:
    """One person who uses abuse."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.episodes = 0
        self.in_pathway = False
        self.treated = False
        self.completed: float | None = None


class SimpleCounty:
    """The county and its programme."""

    def __init__(self, county: County, key: int) -> None:
        self.county = county
        self.key = key
        self.env = simpy.Environment()
        self.places = simpy.Resource(self.env, capacity=county.places)
        self.counts = np.zeros(law.SIZE, np.int64)
        for number in range(county.people):
            self.env.process(self.abuse(Perpetrator(number)))
        self.env.process(self.arrivals())

    def arrivals(self):
        """Let new people begin."""
        number = self.county.people
        while True:
            yield self.env.timeout(law.entry_gap(self.key, number) / self.county.arrivals)
            self.env.process(self.abuse(Perpetrator(number)))
            number += 1

    def abuse(self, person: Perpetrator):
        """Live from candidate to candidate."""
        self.counts[law.ENTRIES] += 1
        rate, stay = law.person_draws(self.key, person.number)
        leaves = self.env.now + stay
        index = 0
        while True:
            gap, u_happens, u_kind, u_report = law.candidate_draws(self.key, person.number, index)
            if self.env.now + gap / rate >= leaves:
                return
            yield self.env.timeout(gap / rate)
            self.counts[law.CANDIDATES] += 1
            if u_happens < self.chance(person):
                self.incident(person, index, u_kind, u_report)
            index += 1

    def chance(self, person: Perpetrator) -> float:
        """Return the chance that a candidate happens."""
        if person.treated:
            return law.DURING
        if person.completed is not None:
            return 1.0 - law.AFTER * exp(person.completed - self.env.now)
        return 1.0

    def incident(self, person: Perpetrator, index: int, u_kind: float, u_report: float) -> None:
        """Count an incident and what follows from it at once."""
        self.counts[law.INCIDENTS] += 1
        self.counts[law.YEARLY + int(self.env.now)] += 1
        kind = 0 if u_kind < law.KINDS[0] else 1 if u_kind < law.KINDS[1] else 2
        if u_report >= law.REPORTED[kind]:
            return
        self.counts[law.REPORTS] += 1
        u_marac, u_referral = law.report_draws(self.key, person.number, index)
        heard = u_marac < law.TO_MARAC
        if heard:
            self.counts[law.HEARINGS] += 1
        if u_referral < (law.REFERRED_BY_MARAC if heard else law.REFERRED) and not (
            person.in_pathway
        ):
            self.counts[law.REFERRALS] += 1
            self.env.process(self.attend(person, person.episodes))
            person.in_pathway = True
            person.episodes += 1

    def attend(self, person: Perpetrator, episode: int):
        """Wait for a place, be assessed, come to sessions."""
        patience, assessment = law.episode_draws(self.key, person.number, episode)
        with self.places.request() as place:
            result = yield place | self.env.timeout(patience)
            if place not in result:
                self.counts[law.RENEGES] += 1
                person.in_pathway = False
                return
            self.counts[law.SEATS] += 1
            yield self.env.timeout(assessment)
            self.counts[law.ASSESSMENTS] += 1
            person.treated = True
            for session in range(law.SESSIONS):
                yield self.env.timeout(law.WEEK)
                u = law.session_draw(self.key, person.number, episode, session)
                if u < law.DROPS_OUT:
                    self.counts[law.DROP_OUTS] += 1
                    break
                self.counts[law.SESSIONS_HELD] += 1
            else:
                self.counts[law.COMPLETIONS] += 1
                person.completed = self.env.now
            person.treated = False
            person.in_pathway = False


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county; returns its counts."""
    model = SimpleCounty(county, key)
    model.env.run(until=law.HORIZON)
    return model.counts
