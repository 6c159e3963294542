"""The simple county that every peer simulates: one law, one set of keyed draws, one list of counts.

Nine thousand people use abuse at the start and 6,000 more begin each year, for ten years. Each has
a rate of candidate incidents, Gamma with shape a half, and abuses for an exponential time. A
candidate happens with a chance that is one, less while its perpetrator is on the programme, and
less for a time after completing it. What happens may be reported, heard by a MARAC and referred to
one programme of forty places, first come first served: the referred lose patience, or take a
place, are assessed, and come to weekly sessions until they drop out or complete. Nobody is
referred who waits or is on the programme. Its numbers are made up: it resembles no county.

Times are in years. Every draw is a function of the seed and of what it is for, so that peers can
be compared count by count, whatever the order in which they ask.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dapp_model.compiled import compiled
from dapp_model.randomness import block, log, normal_quantile, unit

HORIZON = 10.0
RATE = 3.0  # mean candidates a year of one person
STAY = 1.5  # mean years of abusing
KINDS = (0.25, 0.6)  # cumulative: injury, control; the rest is other
REPORTED = (0.25, 0.15, 0.2)  # chance of a report by kind
TO_MARAC = 0.1  # of a report
REFERRED = 0.18  # of a report
REFERRED_BY_MARAC = 0.5  # of a report that goes to MARAC
PATIENCE = 80 / 365.25  # mean wait before giving up
ASSESSMENT = 14 / 365.25  # mean length
WEEK = 7 / 365.25
SESSIONS = 26
DROPS_OUT = 0.05  # before each session
DURING = 0.7  # chance that a candidate happens while on the programme
AFTER = 0.4  # by which completing lowers the chance, fading with a mean of one year

COUNTED = [
    "entries",
    "candidates",
    "incidents",
    "reports",
    "hearings",
    "referrals",
    "reneges",
    "seats",
    "assessments",
    "sessions",
    "drop_outs",
    "completions",
]
(
    ENTRIES,
    CANDIDATES,
    INCIDENTS,
    REPORTS,
    HEARINGS,
    REFERRALS,
    RENEGES,
    SEATS,
    ASSESSMENTS,
    SESSIONS_HELD,
    DROP_OUTS,
    COMPLETIONS,
) = range(len(COUNTED))
YEARLY = len(COUNTED)  # incidents by year follow
SIZE = YEARLY + int(HORIZON)
EVENTS = (ENTRIES, CANDIDATES, REFERRALS, RENEGES, SEATS, ASSESSMENTS, SESSIONS_HELD)


@dataclass(frozen=True)
class County:
    """The size of a simple county: people at the start, new ones a year, places."""

    people: int = 9000
    arrivals: float = 6000.0
    places: int = 40

    def scaled(self, people: int) -> County:
        """Return a county of another size with the same law."""
        ratio = people / self.people
        return County(people, self.arrivals * ratio, max(1, round(self.places * ratio)))


def events_of(counts: np.ndarray) -> int:
    """Return the number of model events: the same in every peer, however it simulates them."""
    return int(counts[list(EVENTS)].sum())


# Purposes of the draws; none is shared with the model's own.
_ENTRY, _PERSON, _CANDIDATE, _REPORT, _EPISODE, _SESSION = range(101, 107)


@compiled
def entry_gap(key, person):
    """Return the exponential gap, of mean one, between a new person and the one before."""
    return -log(unit(block(key, person, 0, _ENTRY, 0)[0]))


@compiled
def person_draws(key, person):
    """Return (candidates a year, years of abusing)."""
    w = block(key, person, 0, _PERSON, 0)
    z = normal_quantile(unit(w[0]))
    return RATE * z * z, -log(unit(w[1])) * STAY


@compiled
def candidate_draws(key, person, index):
    """Return (gap of mean one, uniforms: happens, kind, reported)."""
    w = block(key, person, 0, _CANDIDATE, index)
    return -log(unit(w[0])), unit(w[1]), unit(w[2]), unit(w[3])


@compiled
def report_draws(key, person, index):
    """Return (uniforms: MARAC, referral)."""
    w = block(key, person, 0, _REPORT, index)
    return unit(w[0]), unit(w[1])


@compiled
def episode_draws(key, person, episode):
    """Return (patience, length of assessment) in years."""
    w = block(key, person, 0, _EPISODE, episode)
    return -log(unit(w[0])) * PATIENCE, -log(unit(w[1])) * ASSESSMENT


@compiled
def session_draw(key, person, episode, session):
    """Return the uniform of dropping out before a session."""
    return unit(block(key, person, episode, _SESSION, session)[0])
