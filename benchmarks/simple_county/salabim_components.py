"""salabim: a component for each person and for each episode, a resource for the places."""

from __future__ import annotations

from math import exp

import numpy as np
import salabim

from benchmarks.simple_county import law
from benchmarks.simple_county.law import County


class Arrivals(salabim.Component):
    """New people begin."""

    def setup(self, county, key, counts):
        """Remember the county."""
        self.county, self.key, self.counts = county, key, counts

    def process(self):
        """Let one after the other begin."""
        number = self.county.people
        while True:
            self.hold(law.entry_gap(self.key, number) / self.county.arrivals)
            Perpetrator(number=number, key=self.key, counts=self.counts)
            number += 1


class Perpetrator(salabim.Component):
    """One person who uses abuse."""

    def setup(self, number, key, counts):
        """Begin with no episode."""
        self.number, self.key, self.counts = number, key, counts
        self.episodes = 0
        self.in_pathway = False
        self.treated = False
        self.completed = None

    def process(self):
        """Live from candidate to candidate."""
        self.counts[law.ENTRIES] += 1
        rate, stay = law.person_draws(self.key, self.number)
        leaves = self.env.now() + stay
        index = 0
        while True:
            gap, u_happens, u_kind, u_report = law.candidate_draws(self.key, self.number, index)
            if self.env.now() + gap / rate >= leaves:
                return
            self.hold(gap / rate)
            self.counts[law.CANDIDATES] += 1
            if u_happens < self.chance():
                self.incident(index, u_kind, u_report)
            index += 1

    def chance(self):
        """Return the chance that a candidate happens."""
        if self.treated:
            return law.DURING
        if self.completed is not None:
            return 1.0 - law.AFTER * exp(self.completed - self.env.now())
        return 1.0

    def incident(self, index, u_kind, u_report):
        """Count an incident and what follows from it at once."""
        self.counts[law.INCIDENTS] += 1
        self.counts[law.YEARLY + int(self.env.now())] += 1
        kind = 0 if u_kind < law.KINDS[0] else 1 if u_kind < law.KINDS[1] else 2
        if u_report >= law.REPORTED[kind]:
            return
        self.counts[law.REPORTS] += 1
        u_marac, u_referral = law.report_draws(self.key, self.number, index)
        heard = u_marac < law.TO_MARAC
        self.counts[law.HEARINGS] += heard
        if u_referral < (law.REFERRED_BY_MARAC if heard else law.REFERRED) and not (
            self.in_pathway
        ):
            self.counts[law.REFERRALS] += 1
            Episode(person=self, episode=self.episodes)
            self.in_pathway = True
            self.episodes += 1


class Episode(salabim.Component):
    """From referral to the end of the programme."""

    def setup(self, person, episode):
        """Remember whose episode it is."""
        self.person, self.episode = person, episode

    def process(self):
        """Wait for a place, be assessed, come to sessions."""
        person, counts = self.person, self.person.counts
        patience, assessment = law.episode_draws(person.key, person.number, self.episode)
        self.request(self.env.places, fail_delay=patience)
        if self.failed():
            counts[law.RENEGES] += 1
            person.in_pathway = False
            return
        counts[law.SEATS] += 1
        self.hold(assessment)
        counts[law.ASSESSMENTS] += 1
        person.treated = True
        for session in range(law.SESSIONS):
            self.hold(law.WEEK)
            u = law.session_draw(person.key, person.number, self.episode, session)
            if u < law.DROPS_OUT:
                counts[law.DROP_OUTS] += 1
                break
            counts[law.SESSIONS_HELD] += 1
        else:
            counts[law.COMPLETIONS] += 1
            person.completed = self.env.now()
        person.treated = False
        person.in_pathway = False
        self.release(self.env.places)


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county; returns its counts."""
    counts = np.zeros(law.SIZE, np.int64)
    env = salabim.Environment(yieldless=True)
    env.places = salabim.Resource("places", capacity=county.places)
    for number in range(county.people):
        Perpetrator(number=number, key=key, counts=counts)
    Arrivals(county=county, key=key, counts=counts)
    env.run(till=law.HORIZON)
    return counts
