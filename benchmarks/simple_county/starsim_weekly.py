"""Starsim: one module, steps of a week, arrays of people.

A step draws how often each person abuses in the week and when; the law within the week is kept
where arrays allow. Luck is Starsim's own, so it agrees with the others in distribution, not count
by count; and whoever is referred takes a place at the end of the week, if one is free.
"""

from __future__ import annotations

import numpy as np
import starsim as ss

from benchmarks.simple_county import law
from benchmarks.simple_county.law import County

NEVER = np.inf


class Abuse(ss.Module):
    """People who use abuse, and the programme."""

    def __init__(self, county: County) -> None:
        super().__init__(name="abuse")
        self.county = county
        self.counts = np.zeros(law.SIZE, np.int64)
        self.define_states(
            ss.FloatArr("rate"),
            ss.FloatArr("entered", default=NEVER),
            ss.FloatArr("leaves", default=-NEVER),
            ss.FloatArr("gives_up", default=-NEVER),
            ss.FloatArr("assessed", default=NEVER),
            ss.FloatArr("ends", default=-NEVER),
            ss.FloatArr("completed", default=NEVER),
        )
        self.newcomers = ss.poisson(lam=county.arrivals * law.WEEK)
        self.frailty = ss.normal()
        self.stay = ss.expon(scale=law.STAY)
        self.when = ss.random()
        self.candidates = ss.poisson(lam=Abuse.expected)
        self.luck = ss.random()
        self.patience = ss.expon(scale=law.PATIENCE)
        self.assessment = ss.expon(scale=law.ASSESSMENT)
        self.attends = ss.random()
        self.places = np.full(county.places, -NEVER)  # since when each is free
        self.queue: list[tuple[float, int]] = []
        self.open = 0.0

    def expected(self, sim, uids):
        """Return how many candidates to expect of each in this week."""
        until = np.minimum(np.minimum(self.leaves[uids], self.open + law.WEEK), law.HORIZON)
        since = np.maximum(self.entered[uids], self.open)
        return self.rate[uids] * np.maximum(until - since, 0.0)

    def begin(self, uids, times) -> None:
        """Let people begin to abuse."""
        self.counts[law.ENTRIES] += len(uids)
        self.rate[uids] = law.RATE * self.frailty.rvs(uids) ** 2
        self.entered[uids] = times
        self.leaves[uids] = times + self.stay.rvs(uids)

    def init_post(self) -> None:
        """Let those begin who are there at the start."""
        super().init_post()
        self.begin(self.sim.people.auids, 0.0)

    def step(self) -> None:
        """Live through a week."""
        self.open = self.ti * law.WEEK
        length = min(law.WEEK, law.HORIZON - self.open)
        n = self.newcomers.rvs(1)[0]
        new = self.sim.people.grow(int(n))
        if len(new):
            times = self.open + law.WEEK * self.when.rvs(new)
            inside = times < law.HORIZON
            self.begin(new[inside], times[inside])
        uids = (self.leaves > self.open).uids
        each = np.repeat(uids, self.candidates.rvs(uids).astype(int))
        u = self.luck.rvs(6 * len(each)).reshape(6, -1)
        since = np.maximum(self.entered[each], self.open)
        until = np.minimum(self.leaves[each], self.open + length)
        self.live(each, since + (until - since) * u[0], u[1:])
        self.allocate(self.open + length)

    def live(self, who, times, u) -> None:
        """Decide which candidates happen and what follows: u, uniforms [5, candidate]."""
        order = np.argsort(times)
        who, times, u = who[order], times[order], u[:, order]
        treated = (self.assessed[who] <= times) & (times < self.ends[who])
        since = times - self.completed[who]
        fading = np.where(since > 0, 1 - law.AFTER * np.exp(-np.maximum(since, 0)), 1.0)
        chance = np.where(treated, law.DURING, fading)
        happens = u[0] < chance
        kind = np.searchsorted(law.KINDS, u[1], side="right")
        reported = happens & (u[2] < np.array(law.REPORTED)[kind])
        heard = reported & (u[3] < law.TO_MARAC)
        wanted = reported & (u[4] < np.where(heard, law.REFERRED_BY_MARAC, law.REFERRED))
        for what, found in (
            (law.CANDIDATES, times),
            (law.INCIDENTS, times[happens]),
            (law.REPORTS, times[reported]),
            (law.HEARINGS, times[heard]),
        ):
            self.counts[what] += len(found)
        years = np.bincount(times[happens].astype(int), minlength=int(law.HORIZON))
        self.counts[law.YEARLY :] += years
        busy = (times < self.gives_up[who]) | (times < self.ends[who])
        chosen = np.flatnonzero(wanted & ~busy)
        _, first = np.unique(who[chosen], return_index=True)  # one referral in a week
        chosen = np.sort(chosen[first])
        uids = ss.uids(who[chosen])
        self.counts[law.REFERRALS] += len(uids)
        self.gives_up[uids] = times[chosen] + self.patience.rvs(uids)
        self.queue += zip(times[chosen].tolist(), uids.tolist(), strict=True)

    def allocate(self, now: float) -> None:
        """Give places that have been free since some time of the week, first come first served."""
        seated, starts = [], []
        while self.queue:
            place = int(np.argmin(self.places))
            since, uid = self.queue[0]
            start = max(self.places[place], since)
            if start < now and self.gives_up[uid] > start:
                seated.append(uid)
                starts.append(start)
                self.places[place] = NEVER
            elif self.gives_up[uid] < now:
                self.counts[law.RENEGES] += 1
            else:
                break
            self.queue.pop(0)
            if seated and self.places.min() == NEVER:
                self.attend(seated, starts)
                seated, starts = [], []
        self.attend(seated, starts)

    def attend(self, seated, starts) -> None:
        """Let people take their places: assessment, sessions, drop-out."""
        if not seated:
            return
        uids = ss.uids(seated)
        n = len(uids)
        assessed = np.array(starts) - np.log(1.0 - self.attends.rvs(n)) * law.ASSESSMENT
        drops = self.attends.rvs(n * law.SESSIONS).reshape(n, law.SESSIONS) < law.DROPS_OUT
        done = np.where(drops.any(axis=1), drops.argmax(axis=1), law.SESSIONS)
        ends = assessed + law.WEEK * np.minimum(done + 1, law.SESSIONS)
        completes = done == law.SESSIONS
        held = np.minimum(np.ceil((law.HORIZON - assessed) / law.WEEK) - 1, done)
        self.counts[law.SEATS] += n
        self.counts[law.ASSESSMENTS] += (assessed < law.HORIZON).sum()
        self.counts[law.SESSIONS_HELD] += int(np.maximum(held, 0).sum())
        self.counts[law.COMPLETIONS] += (completes & (ends < law.HORIZON)).sum()
        self.counts[law.DROP_OUTS] += (~completes & (ends < law.HORIZON)).sum()
        self.gives_up[uids] = -NEVER
        self.assessed[uids] = assessed
        self.ends[uids] = ends
        self.completed[uids] = np.where(completes, ends, self.completed[uids])
        self.places[np.flatnonzero(self.places == NEVER)[:n]] = ends


def simulate(county: County, key: int) -> np.ndarray:
    """Simulate one simple county; returns its counts."""
    module = Abuse(county)
    weeks = int(np.ceil(law.HORIZON / law.WEEK))
    sim = ss.Sim(
        n_agents=county.people,
        modules=[module],
        start=ss.date("2000-01-01"),
        dur=ss.weeks(weeks - 1),
        dt=ss.weeks(1),
        rand_seed=key % (1 << 31),
        verbose=0,
    )
    sim.run()
    done = sim.get_module(Abuse)
    done.counts[law.RENEGES] += sum(done.gives_up[uid] < law.HORIZON for _, uid in done.queue)
    return done.counts
