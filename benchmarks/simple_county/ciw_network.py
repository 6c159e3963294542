"""Ciw: two nodes. Candidates arrive as one stream; those referred queue at the programme.

Ciw looks at every customer of a node at every event, so people cannot live in a node. Candidates
are therefore the superposed process (the same law), drawn beforehand and put in order, and
assessment and sessions are one service.
"""

from __future__ import annotations

from math import exp

import ciw
import numpy as np

from benchmarks.simple_county import law
from benchmarks.simple_county.law import County


class State:
    """What is remembered of people. Ciw copies distributions; this it must share."""

    def __init__(self, county: County, key: int) -> None:
        self.key = key
        self.counts = np.zeros(law.SIZE, np.int64)
        self.candidates = self.drawn(county)
        self.episodes: dict[int, int] = {}
        self.gives_up: dict[int, float] = {}  # of those who are in the queue
        self.programme: dict[int, tuple[float, float]] = {}  # assessed, end
        self.completed: dict[int, float] = {}

    def __deepcopy__(self, memory: object) -> State:
        return self

    def drawn(self, county: County) -> list[tuple[float, int, int, float, float, float]]:
        """Return everybody's candidates in order: time, person, index, three uniforms."""
        found = []
        person, now = 0, 0.0
        while True:
            if person >= county.people:
                now += law.entry_gap(self.key, person) / county.arrivals
            if now >= law.HORIZON:
                return sorted(found)
            self.counts[law.ENTRIES] += 1
            rate, stay = law.person_draws(self.key, person)
            when, last, index = now, min(now + stay, law.HORIZON), 0
            while True:
                gap, *marks = law.candidate_draws(self.key, person, index)
                when += gap / rate
                if when >= last:
                    break
                found.append((when, person, index, *marks))
                index += 1
            person += 1


class Candidates(ciw.dists.Distribution):
    """Gaps between candidates."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.next = 0

    def sample(self, t=None, ind=None):
        """Return the time to the next candidate."""
        i = self.next
        self.next += 1
        times = self.state.candidates
        if i >= len(times):
            return float("inf")
        return times[i][0] - (times[i - 1][0] if i else 0.0)


class Patience(ciw.dists.Distribution):
    """How long a referred person waits."""

    def __init__(self, state: State) -> None:
        self.state = state

    def sample(self, t=None, ind=None):
        """Return the patience of whoever has just joined the queue."""
        s, person = self.state, ind.person
        patience = law.episode_draws(s.key, person, s.episodes[person])[0]
        s.gives_up[person] = t + patience
        return patience


class Episode(ciw.dists.Distribution):
    """Assessment and sessions: one service."""

    def __init__(self, state: State) -> None:
        self.state = state

    def sample(self, t=None, ind=None):
        """Return the length of the stay on the programme."""
        s, person = self.state, ind.person
        del s.gives_up[person]
        s.counts[law.SEATS] += 1
        episode = s.episodes[person]
        now = assessed = t + law.episode_draws(s.key, person, episode)[1]
        s.counts[law.ASSESSMENTS] += assessed < law.HORIZON
        for session in range(law.SESSIONS):
            now += law.WEEK
            within = now < law.HORIZON
            if law.session_draw(s.key, person, episode, session) < law.DROPS_OUT:
                s.counts[law.DROP_OUTS] += within
                break
            s.counts[law.SESSIONS_HELD] += within
        else:
            s.counts[law.COMPLETIONS] += within
            s.completed[person] = now
        s.programme[person] = (assessed, now)
        return now - t


class Referral(ciw.routing.NodeRouting):
    """What follows from a candidate: the programme, or nothing more."""

    def __init__(self, state: State) -> None:
        self.state = state

    def next_node(self, ind):
        """Return the programme for those who are referred, else the exit."""
        referred = self.referred(ind)
        return self.simulation.nodes[2 if referred else -1]

    def referred(self, ind) -> bool:
        """Count a candidate and all that follows from it at once."""
        s = self.state
        now, person, index, u_happens, u_kind, u_report = s.candidates[ind.id_number - 1]
        s.counts[law.CANDIDATES] += 1
        assessed, end = s.programme.get(person, (-1.0, -1.0))
        chance = 1.0
        if assessed <= now < end:
            chance = law.DURING
        elif s.completed.get(person, now) < now:
            chance = 1.0 - law.AFTER * exp(s.completed[person] - now)
        if u_happens >= chance:
            return False
        s.counts[law.INCIDENTS] += 1
        s.counts[law.YEARLY + int(now)] += 1
        kind = 0 if u_kind < law.KINDS[0] else 1 if u_kind < law.KINDS[1] else 2
        if u_report >= law.REPORTED[kind]:
            return False
        s.counts[law.REPORTS] += 1
        u_marac, u_referral = law.report_draws(s.key, person, index)
        heard = u_marac < law.TO_MARAC
        s.counts[law.HEARINGS] += heard
        if u_referral >= (law.REFERRED_BY_MARAC if heard else law.REFERRED):
            return False
        if now < end or now < s.gives_up.get(person, 0.0):
            return False
        s.counts[law.REFERRALS] += 1
        s.episodes[person] = s.episodes.get(person, -1) + 1
        ind.person = person
        return True


class Programme(ciw.Node):
    """The programme's queue: whoever gives up is counted."""

    def renege(self):
        """Count somebody who gives up."""
        super().renege()
        self.counts[law.RENEGES] += 1


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county; returns its counts."""
    state = State(county, key)
    network = ciw.create_network(
        arrival_distributions=[Candidates(state), None],
        service_distributions=[ciw.dists.Deterministic(0.0), Episode(state)],
        reneging_time_distributions=[None, Patience(state)],
        number_of_servers=[float("inf"), county.places],
        routing=ciw.routing.NetworkRouting(routers=[Referral(state), ciw.routing.Leave()]),
    )
    simulation = ciw.Simulation(network, node_class=[ciw.Node, Programme])
    simulation.nodes[2].counts = state.counts
    simulation.simulate_until_max_time(law.HORIZON)
    return state.counts
