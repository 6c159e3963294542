"""The reference engine: the county as SimPy processes, written to be read.

Each perpetrator's case is a process that meets its candidate incidents one by one; police response,
MARAC and children's services are processes of their own, and so is the programme's pathway (see
`reference_programme`). Chances, times and rates come from `rules`, as in the fast engine; calendar,
queues and flow of control are SimPy's and these two files'. Ties are broken by the written total
order of events.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from dapp_model import events as ev
from dapp_model import randomness as rnd
from dapp_model import rules
from dapp_model.engines.reference_programme import Episode, Programme, Support
from dapp_model.events import ROW
from dapp_model.rules import INFINITE, NEVER
from dapp_model.world import (
    BANDS,
    DAY,
    DVPO_SECONDS,
    ENTRY_BAND,
    MOST_RELATIONSHIPS,
    ORIGIN,
    PEOPLE_PER_BAND,
    D,
    P,
    World,
)

Process = Generator[simpy.Event, Any, None]
AT_ONCE = (0, 0, 0, 0)


class Calendar(simpy.Environment):
    """A SimPy environment whose ties follow the total order of events, not order of creation."""

    def schedule(self, event: simpy.Event, priority: int = 1, delay: float = 0) -> None:  # type: ignore[override]
        """Schedule SimPy's own events: what follows at once precedes all else of its instant."""
        heapq.heappush(self._queue, (self._now + delay, AT_ONCE, next(self._eid), event))  # type: ignore[misc]

    def at(self, time: int, kind: int, person: int = -1, rel: int = 0, ordinal: int = 0) -> Any:
        """Return an event that happens at a time, in its place within that instant."""
        event = simpy.Event(self)
        event._ok = True
        event._value = None
        key = (kind, person, rel, ordinal)
        heapq.heappush(self._queue, (time, key, next(self._eid), event))  # type: ignore[misc]
        return event


@dataclass(frozen=True)
class Point:
    """A point of a case's field: its identity, its height as a rate, and two random words."""

    ordinal: int
    height: float
    word: int
    report_word: int


class County:
    """The county, its programme and its log."""

    def __init__(self, world: World, seed: int, replicate: int) -> None:
        self.world = world
        self.p = world.p
        self.days = world.days
        self.key = rnd.stream_key(seed, replicate)
        self.env = Calendar(initial_time=ORIGIN)
        self.rows: list[tuple[int, int, int, int, int, int, int]] = []
        self.programme = Programme(self)

    @property
    def now(self) -> int:
        """Return the present second."""
        return int(self.env.now)

    def after(self, seconds: float) -> int:
        """Return the time that many seconds from now, at least one tick."""
        return int(rules.after(self.p, self.now, float(seconds)))

    def today(self, table: D) -> float:
        """Return what a table by day holds today."""
        return float(self.days[table, (self.now - ORIGIN) // DAY])

    def log(
        self, kind: int, person: int, rel: int, ordinal: int, value: int = 0, detail: int = 0
    ) -> None:
        """Write a row."""
        self.rows.append((self.now, person, ordinal, int(value), int(detail), kind, rel))

    def arrivals(self, band: int) -> Process:
        """Perpetrators of one band of the field of entries, one after the other."""
        person = band * PEOPLE_PER_BAND
        t = ORIGIN
        while True:
            t, height, thinning = rules.next_entry(self.key, person, t)
            when = rules.on_tick(self.p, t)
            if when >= self.world.horizon:
                return
            if when >= self.world.warm_up and rules.enters(
                self.p, self.days, when, height, thinning
            ):
                yield self.env.at(when, ev.ENTRY, person)
                Perpetrator(self, person)
            person += 1

    def run(self) -> npt.NDArray[np.void]:
        """Run to the horizon and return the rows in the total order of events."""
        for band in range(int(np.ceil(self.days[D.ENTRY].max() / ENTRY_BAND))):
            self.env.process(self.arrivals(band))
        for time in self.world.calendar:
            self.env.process(self.programme.change(int(time)))
        self.env.run(until=self.world.horizon)
        self.programme.end_of_window()
        return ev.in_order(np.array(self.rows, dtype=ROW))


class Perpetrator:
    """A perpetrator and the ordered list of their cases."""

    def __init__(self, county: County, person: int) -> None:
        self.county = county
        self.env = county.env
        self.person = person
        p, t = county.p, county.now
        self.code, self.linx, self.z = rules.traits(county.key, p, county.days, person, t)
        leaves, self.exit_cause, self.career_end = rules.exit_of(county.key, p, person, t)
        self.cases: list[Case] = []
        self.gone = False
        self.custody_until = 0
        self.bbr_end = NEVER
        self.episodes = 0
        self.last_episode_end = NEVER
        self.episode: Episode | None = None
        self.doses = [(0.0, NEVER), (0.0, NEVER)]  # (dose, end) of the two episodes in memory
        self.dropped = NEVER
        self.support: Support | None = None
        county.log(ev.ENTRY, person, 0, 0, self.code, self.linx)
        if leaves != INFINITE:
            self.env.process(self.leaving(leaves))
        self.begin_case()

    @property
    def in_custody(self) -> bool:
        """Say whether the perpetrator is held."""
        return self.county.now < self.custody_until

    def begin_case(self) -> None:
        """Begin the next relationship."""
        case = Case(self, len(self.cases) + 1)
        self.cases.append(case)
        case.begin()

    def leaving(self, when: int) -> Process:
        """Die or move away on a keyed date."""
        yield self.env.at(when, ev.EXIT, self.person)
        if not self.gone:
            self.leave(self.exit_cause)

    def leave(self, cause: int) -> None:
        """Be gone for good: all cases end, and so does an episode of the programme."""
        self.gone = True
        for case in self.cases:
            case.end(cause)
        self.county.log(ev.EXIT, self.person, 0, 0, cause)
        if self.episode:
            self.episode.end(ev.REMOVED)

    def refer(self, case: Case, route: int) -> None:
        """Be referred to the programme, if the design takes this case and one is free."""
        county = self.county
        t = county.now
        if self.episode or self.gone or self.in_custody:
            return
        risk = rules.risk_of(t, case.grade, case.heard)
        if not rules.admits(county.days, t, case.kind, risk):
            return
        if self.episodes >= county.today(D.EPISODES):
            return
        if self.last_episode_end != NEVER and t - self.last_episode_end < county.p[P.GAP]:
            return
        self.episodes += 1
        self.episode = Episode(self, case, route, risk)
        self.env.process(self.episode.pathway())


class Case:
    """One relationship: a victim, the children of the household, and what happens to them."""

    def __init__(self, perpetrator: Perpetrator, rel: int) -> None:
        self.perpetrator = perpetrator
        self.county = county = perpetrator.county
        self.env = county.env
        self.person = perpetrator.person
        self.rel = rel
        key, p = county.key, county.p
        self.frailty, self.score, self.kind, self.high, self.short = rules.case(
            key, p, self.person, rel, perpetrator.z, perpetrator.linx
        )
        self.children = rules.children(key, p, self.person, rel)
        self.active = True
        self.last_incident = NEVER
        self.grade = 0
        self.heard = NEVER
        self.awaits_hearing = False
        self.idva = (NEVER, NEVER)
        self.outreach = (NEVER, NEVER)
        self.dvpo = NEVER
        self.support = (NEVER, NEVER)
        self.children_referred = NEVER
        self.plan_end = NEVER
        # The keyed field of candidates over time x rate, by band.
        self.field = np.zeros((5, BANDS), np.int64)
        self.field[rules.F_ORDINAL] = rules.UNSEEN
        self.heights = np.zeros(BANDS)
        self.awake = 0

    def log(self, kind: int, ordinal: int, value: int = 0, detail: int = 0) -> None:
        """Write a row of this case."""
        self.county.log(kind, self.person, self.rel, ordinal, value, detail)

    def at(self, time: int, kind: int, ordinal: int) -> Any:
        """Return an event of this case."""
        return self.env.at(time, kind, self.person, self.rel, ordinal)

    def begin(self) -> None:
        """The case begins, its end and the next relationship are on the calendar."""
        county, t = self.county, self.county.now
        end, cause, following, self.area = rules.case_times(
            county.key, county.p, self.person, self.rel, t, self.short
        )
        detail = self.children + 4 * self.high + 8 * self.short
        self.log(ev.RELATIONSHIP_START, 0, self.kind, detail)
        self.env.process(self.ending(end, cause))
        if following <= self.perpetrator.career_end and self.rel < MOST_RELATIONSHIPS:
            self.env.process(self.next_relationship(following))
        self.env.process(self.incidents(t))

    def ending(self, end: int, cause: int) -> Process:
        """The case ends by desistance or separation."""
        yield self.at(end, ev.RELATIONSHIP_END, 0)
        self.end(cause)

    def end(self, cause: int) -> None:
        """End the case if it is still going on."""
        if self.active:
            self.active = False
            self.log(ev.RELATIONSHIP_END, 0, cause)

    def next_relationship(self, when: int) -> Process:
        """The perpetrator begins another relationship on a keyed date."""
        yield self.env.at(when, ev.RELATIONSHIP_START, self.person, self.rel + 1)
        if not self.perpetrator.gone:
            self.perpetrator.begin_case()

    # --- true incidents ---

    def bound(self) -> float:
        """Return a rate that is not exceeded until the next incident."""
        return float(
            rules.rate_bound(self.county.p, self.county.now, self.frailty, self.last_incident)
        )

    def wake(self, ordinal: int) -> None:
        """Look at every band of the field below a rate that has just risen."""
        county = self.county
        needed = rules.bands_needed(self.bound())
        for band in range(self.awake, needed):
            rules.field_wake(
                county.key,
                county.p,
                self.person,
                self.rel,
                band,
                county.now,
                ordinal,
                self.field,
                self.heights,
            )
        self.awake = max(self.awake, needed)

    def incidents(self, start: int) -> Process:
        """Meet candidate after candidate: an incident if it lies below the rate in force."""
        county = self.county
        self.wake(INFINITE)
        while self.active:
            band = rules.field_first(self.field, self.awake)
            when, ordinal, _, word, report_word = self.field[:, band].tolist()
            height = self.heights[band]
            yield self.at(when, ev.INCIDENT, ordinal)
            if not self.active:
                return
            rules.field_advance(
                county.key, county.p, self.person, self.rel, band, self.field, self.heights
            )
            rate, bound = rules.rates(
                county.p, county.days, county.now, self.frailty, self.last_incident
            )
            if height >= bound:
                while self.awake > 1 and rules.band_edge(self.awake - 1) >= bound:
                    self.awake -= 1
            elif not self.perpetrator.in_custody:
                self.candidate(Point(ordinal, height, word, report_word), rate)

    def candidate(self, point: Point, rate: float) -> None:
        """Decide whether a candidate happens, with and without the programme's effect."""
        county, him, t = self.county, self.perpetrator, self.county.now
        p = county.p
        behaviour = rules.behaviour_of(p, point.word, self.high)
        control = 1 if behaviour == ev.CONTROL else 0
        services = rules.log_services(
            p, t, control, him.bbr_end, self.heard, *self.idva, *self.outreach, self.dvpo
        )
        (dose1, end1), (dose2, end2) = him.doses
        programme = rules.log_programme(
            p, t, control, dose1, end1, dose2, end2, him.dropped, *self.support
        )
        without = point.height < rate * rules.multiplier(p, services)
        if point.height < rate * rules.multiplier(p, services + programme):
            self.incident(point, behaviour, without)
        elif without and self.children:
            self.averted(point, behaviour)

    def averted(self, point: Point, behaviour: int) -> None:
        """Children's referrals rest on an averted incident only by the pass-through share."""
        ordinal = point.ordinal
        county, t = self.county, self.county.now
        key, p = county.key, county.p
        if rules.route_uniforms(key, self.person, self.rel, ordinal)[3] < p[P.PASS_THROUGH]:
            return
        ratio = rules.report_ratio(p, t, NEVER, NEVER, *self.idva)
        if not rules.is_reported(p, county.days, t, behaviour, point.report_word, ratio):
            return
        when = rules.observation(key, p, county.days, self.person, self.rel, ordinal, t, behaviour)[
            1
        ]
        if when < INFINITE and rules.following(key, p, self.person, self.rel, ordinal)[3]:
            self.env.process(self.referral_of_children_all_the_same(when, ordinal))

    def referral_of_children_all_the_same(self, when: int, ordinal: int) -> Process:
        """The children are referred for other reasons."""
        yield self.at(when, ev.CHILD_REFERRAL, ordinal)
        if not self.perpetrator.gone:
            self.refer_children(ordinal, 1)

    def incident(self, point: Point, behaviour: int, without: bool) -> None:
        """A true incident, and what is known of it at once."""
        ordinal = point.ordinal
        county, him, t = self.county, self.perpetrator, self.county.now
        key, p, days = county.key, county.p, county.days
        present, agency, u_self, u_health = rules.marks(key, p, self.person, self.rel, ordinal)
        seen = 1 if present and self.children else 0
        self.log(ev.INCIDENT, ordinal, behaviour, seen + 2 * self.high)
        self.last_incident = t
        self.wake(ordinal)
        ratio = rules.report_ratio(p, t, *self.support, *self.idva)
        if rules.is_reported(p, days, t, behaviour, point.report_word, ratio):
            attended, when, u_crime = rules.observation(
                key, p, days, self.person, self.rel, ordinal, t, behaviour
            )
            self.log(ev.REPORT, ordinal, attended)
            if when < INFINITE:
                self.env.process(self.recording(when, ordinal, behaviour, u_crime, without))
        if agency:
            self.refer_to_marac(ordinal, 2)
        if behaviour == ev.HOMICIDE and p[P.HOMICIDE_ON]:
            him.leave(ev.KILLED)
            return
        if rules.refers_self(key, p, days, self.person, t, him.z, u_self):
            him.refer(self, ev.SELF)
        if behaviour in (ev.INJURY, ev.RAPE) and u_health < county.today(D.REF_HEALTH):
            him.refer(self, ev.HEALTH)

    # --- police ---

    def recording(
        self, when: int, ordinal: int, behaviour: int, u_crime: float, without: bool
    ) -> Process:
        """The police record a report, and respond."""
        yield self.at(when, ev.RECORD, ordinal)
        county, him, t = self.county, self.perpetrator, self.county.now
        key, p, days = county.key, county.p, county.days
        who = (self.person, self.rel, ordinal)
        offence = rules.offence_of(p, days, t, behaviour, u_crime)
        self.grade, arrest, dvpn, outreach = rules.response(key, p, days, *who, t, self.score)
        self.log(ev.RECORD, ordinal, offence, self.grade)
        if him.gone:
            return
        dvpo, charged, u_marac, children = rules.following(key, p, *who)
        at_large = not him.in_custody
        if arrest and offence != ev.NONE and at_large:
            self.log(ev.ARREST, ordinal, offence)
            if charged:
                self.env.process(self.prosecution(ordinal, offence))
        if dvpn and at_large:
            self.log(ev.DVPN, ordinal)
            if dvpo:
                self.env.process(self.protection_order(ordinal))
        if outreach and t >= self.outreach[1]:
            self.outreach = (t, county.after(p[P.OUTREACH_LENGTH]))
            self.log(ev.OUTREACH_START, ordinal, int(p[P.OUTREACH_LENGTH]) // DAY)
        source = rules.marac_source(p, t, self.grade, self.heard, u_marac)
        if source >= 0:
            self.refer_to_marac(ordinal, source)
        u_police, _, _, u_pass = rules.route_uniforms(key, *who)
        if self.children and children and (without or u_pass < p[P.PASS_THROUGH]):
            self.refer_children(ordinal, 0)
        if u_police < county.today(D.REF_POLICE):
            him.refer(self, ev.POLICE)

    def protection_order(self, ordinal: int) -> Process:
        """A court makes the notice an order."""
        yield self.at(self.county.after(DVPO_SECONDS), ev.DVPO, ordinal)
        if not self.perpetrator.gone:
            self.dvpo = self.county.now
            self.log(ev.DVPO, ordinal)

    def prosecution(self, ordinal: int, offence: int) -> Process:
        """Charge, conviction and sentence after an arrest."""
        county, him = self.county, self.perpetrator
        key, p = county.key, county.p
        who = (self.person, self.rel, ordinal)
        to_charge, convicted, to_conviction, sentence = rules.justice(key, p, *who)
        yield self.at(county.after(to_charge), ev.CHARGE, ordinal)
        if him.gone:
            return
        self.log(ev.CHARGE, ordinal, offence)
        if not convicted:
            return
        yield self.at(county.after(to_conviction), ev.CONVICTION, ordinal)
        if him.gone:
            return
        self.log(ev.CONVICTION, ordinal, sentence)
        t = county.now
        served, required, started, completed = rules.sentence_of(key, p, *who)
        if sentence == 1:
            release = county.after(served)
            further = rules.further_custody(t, him.custody_until, release)
            self.log(ev.CUSTODY_START, ordinal, further)
            if p[P.CUSTODY_ON]:
                him.custody_until = max(him.custody_until, release)
                if him.episode:
                    him.episode.end(ev.REMOVED)
            self.env.process(self.release(release, ordinal))
        elif sentence == 2:
            self.log(ev.COMMUNITY_ORDER, ordinal, required)
            if required and started and county.today(D.BBR):
                self.env.process(self.building_better_relationships(ordinal, completed))
        if rules.route_uniforms(key, *who)[1] < county.today(D.REF_COURT):
            him.refer(self, ev.COURT)

    def release(self, when: int, ordinal: int) -> Process:
        """Release from custody, unless another term goes on."""
        yield self.at(when, ev.CUSTODY_END, ordinal)
        if not self.perpetrator.gone and not self.perpetrator.in_custody:
            self.log(ev.CUSTODY_END, ordinal)

    def building_better_relationships(self, ordinal: int, completed: bool) -> Process:
        """The court-ordered programme that was already there."""
        county, him = self.county, self.perpetrator
        yield self.at(county.after(county.p[P.BBR_DELAY]), ev.BBR_START, ordinal)
        if him.gone or him.in_custody:
            return
        self.log(ev.BBR_START, ordinal)
        yield self.at(county.after(county.p[P.BBR_LENGTH]), ev.BBR_END, ordinal)
        if him.gone:
            return
        self.log(ev.BBR_END, ordinal, completed)
        if completed:
            him.bbr_end = county.now

    # --- MARAC and children's services ---

    def refer_to_marac(self, ordinal: int, source: int) -> None:
        """Refer the victim to MARAC; a referral while one awaits its hearing is merged."""
        if self.awaits_hearing:
            return
        t = self.county.now
        ever = self.heard != NEVER
        recent = ever and t - self.heard <= rules.YEAR_DAY_SECONDS
        self.log(ev.MARAC_REFERRAL, ordinal, source, recent + 2 * ever)
        self.awaits_hearing = True
        self.env.process(self.hearing(rules.marac_hearing(self.county.p, t, self.area), ordinal))

    def hearing(self, when: int, ordinal: int) -> Process:
        """MARAC hears the case: a safety plan, an IDVA, perhaps a referral to the programme."""
        yield self.at(when, ev.MARAC_HEARING, ordinal)
        county, him, t = self.county, self.perpetrator, self.county.now
        if him.gone:
            return
        self.awaits_hearing = False
        self.heard = t
        self.log(ev.MARAC_HEARING, ordinal)
        idva, u = rules.hearing(county.key, county.days, self.person, self.rel, ordinal, t)
        if idva and t >= self.idva[1]:
            self.idva = (t, county.after(county.p[P.IDVA_LENGTH]))
            self.log(ev.IDVA_START, ordinal, int(county.p[P.IDVA_LENGTH]) // DAY)
        if u < county.today(D.REF_MARAC):
            him.refer(self, ev.MARAC)

    def refer_children(self, ordinal: int, other: int) -> None:
        """Refer the children of the household to social care."""
        county, t = self.county, self.county.now
        again = (
            self.children_referred != NEVER and t - self.children_referred <= rules.YEAR_DAY_SECONDS
        )
        self.children_referred = t
        self.log(ev.CHILD_REFERRAL, ordinal, self.children, again + 2 * other)
        self.env.process(self.assessment_of_children(ordinal))
        u = rules.route_uniforms(county.key, self.person, self.rel, ordinal)[2]
        if u < county.today(D.REF_CHILDREN):
            self.perpetrator.refer(self, ev.CHILDREN)

    def assessment_of_children(self, ordinal: int) -> Process:
        """Children in need, a protection plan, care."""
        county = self.county
        p = county.p
        yield self.at(county.after(p[P.CHILD_DELAY]), ev.CHILD_IN_NEED, ordinal)
        if self.perpetrator.gone:
            return
        need, plan, away, length = rules.child_assessment(
            county.key, p, self.person, self.rel, ordinal
        )
        if need or plan:
            self.log(ev.CHILD_IN_NEED, ordinal, self.children)
        if plan and county.now >= self.plan_end:
            self.plan_end = county.after(length)
            days = (self.plan_end - county.now) // DAY
            self.log(ev.CHILD_PLAN, ordinal, self.children, days)
            if away:
                self.log(ev.LOOKED_AFTER, ordinal, self.children)


def simulate(world: World, seed: int, replicate: int) -> npt.NDArray[np.void]:
    """Simulate one option and return its rows in the total order of events."""
    return County(world, seed, replicate).run()
