"""The programme in the reference engine: its pathway and its queues as processes.

No import of SimPy is needed here: events come from the calendar that the county holds.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.rules import INFINITE
from dapp_model.world import CLOSED, DAY, ONE_TO_ONE, D, P

if TYPE_CHECKING:
    from dapp_model.engines.reference import Case, County, Perpetrator

Process = Generator[Any, Any, None]


@dataclass(eq=False)
class Request:
    """Somebody who waits for an assessor, a place or partner support."""

    order: tuple[int, int, int, int]
    granted: Any  # a SimPy event
    waiting: bool = True

    def __lt__(self, other: Request) -> bool:
        return self.order < other.order


@dataclass(eq=False)
class Line:
    """A waiting line: the first in order that still waits comes next."""

    requests: list[Request] = field(default_factory=list)

    def join(self, request: Request) -> None:
        """Join the line."""
        heapq.heappush(self.requests, request)

    def waiting(self) -> int:
        """Return how many wait."""
        return sum(request.waiting for request in self.requests)

    def next(self) -> Request | None:
        """Take the next who still waits out of the line."""
        while self.requests:
            request = heapq.heappop(self.requests)
            if request.waiting:
                request.waiting = False
                return request
        return None


class Episode:
    """One referral's way through the programme."""

    def __init__(self, perpetrator: Perpetrator, case: Case, route: int, risk: int) -> None:
        self.him = perpetrator
        self.county = county = perpetrator.county
        self.env = county.env
        self.programme = county.programme
        self.number = perpetrator.episodes
        self.case = case
        self.route = route
        self.risk = risk
        self.ended = False
        self.stage = "referred"
        self.stream = 0
        self.in_closed_group = False
        self.attended = 0
        self.request: Request | None = None
        self.programme.episodes.append(self)
        self.log(ev.REFERRAL, route, case.rel)

    def log(self, kind: int, value: int = 0, detail: int = 0) -> None:
        """Write a row of the pathway."""
        self.county.log(kind, self.him.person, 0, self.number, value, detail)

    def at(self, time: int, kind: int) -> Any:
        """Return an event of the pathway."""
        return self.env.at(time, kind, self.him.person, 0, self.number)

    def pathway(self) -> Process:
        """Referral, contact, assessment, waiting list, programme."""
        county, him = self.county, self.him
        key, p = county.key, county.p
        wait, answer, suitable = rules.contact(key, p, him.person, self.number, self.route, him.z)
        length, patience1, patience2, u = rules.pathway(key, p, him.person, self.number)

        yield self.at(county.after(wait), ev.CONTACT)
        if self.ended:
            return
        self.log(ev.CONTACT, answer)
        if answer < 2:
            self.end(ev.REFUSED if answer == 1 else ev.NOT_REACHED)
            return

        yield from self.queue(self.programme.assessment_line, "queuing", patience1)
        if self.ended:
            return
        self.stage = "assessing"
        self.log(ev.ASSESSMENT_START)
        yield self.at(county.after(length), ev.ASSESSMENT_END)
        if self.ended:
            return
        self.risk = rules.risk_of(county.now, self.case.grade, self.case.heard)
        self.log(ev.ASSESSMENT_END, suitable, self.risk)
        self.offer_support()
        if not suitable:
            self.end(ev.UNSUITABLE)
            return
        self.programme.assessing -= 1
        self.programme.ask(ev.ASSESSMENT_START)

        alone = county.today(D.MODE) == ONE_TO_ONE or (
            self.risk == 2 and county.today(D.PLACES_ONE) > 0
        )
        self.stream = 1 if alone else 0
        self.log(ev.WAITING, self.stream, self.risk)
        line = self.programme.one_to_one_line if alone else self.programme.group_line
        yield from self.queue(line, "waiting", patience2)
        if self.ended:
            return
        yield from self.sessions(u)

    def queue(self, line: Line, stage: str, patience: float) -> Process:
        """Wait in a line until granted, out of patience, or ended by something else."""
        county = self.county
        self.stage = stage
        first = -self.risk if county.today(D.PRIORITY) else 0
        order = (first, county.now, self.him.person, self.number)
        self.request = Request(order, self.env.event())
        line.join(self.request)
        is_assessment = line is self.programme.assessment_line
        self.programme.ask(ev.ASSESSMENT_START if is_assessment else ev.START)
        gives_up = self.at(county.after(patience), ev.EPISODE_END)
        outcome = yield self.request.granted | gives_up
        if self.request.granted not in outcome and not self.ended:
            self.end(ev.RENEGED)

    def sessions(self, u: float) -> Process:
        """Attend week by week until completion or drop-out."""
        county, him = self.county, self.him
        p, t = county.p, county.now
        self.stage = "on programme"
        earlier, latest = him.doses
        if rules.dose_effect(p, t, *latest) >= rules.dose_effect(p, t, *earlier):
            earlier = latest
        him.doses = [earlier, (0.0, INFINITE)]
        interval = int(county.today(D.INTERVAL))
        will_attend, planned = rules.sessions_attended(
            county.key,
            p,
            county.days,
            him.person,
            t,
            self.route,
            him.z,
            him.code >> 3,
            self.stream,
            u,
        )
        self.log(ev.START, self.stream, planned)
        while True:
            yield self.at(county.after(interval), ev.SESSION)
            if self.ended:
                return
            if self.attended >= will_attend:
                self.end(ev.DROPPED_OUT)
                return
            self.attended += 1
            him.doses[1] = (self.attended / planned, INFINITE)
            self.log(ev.SESSION, self.attended)
            if self.attended >= planned:
                self.end(ev.COMPLETED)
                return

    def end(self, outcome: int) -> None:
        """End the episode: free what it holds and keep the effect that is left."""
        county, him = self.county, self.him
        self.ended = True
        if self.request:
            self.request.waiting = False
        if self.stage == "assessing":
            self.programme.assessing -= 1
            self.programme.ask(ev.ASSESSMENT_START)
        elif self.stage == "on programme":
            if not self.in_closed_group:
                self.programme.busy[self.stream] -= 1
            self.programme.ask(ev.START)
            him.doses[1] = (him.doses[1][0], county.now)
            if outcome == ev.DROPPED_OUT:
                him.dropped = county.now
        him.episode = None
        him.last_episode_end = county.now
        self.programme.episodes.remove(self)
        self.log(ev.EPISODE_END, outcome, self.attended)
        if outcome in (ev.COMPLETED, ev.DROPPED_OUT):
            self.env.process(self.follow_up())

    def follow_up(self) -> Process:
        """A contact some months after the end."""
        yield self.at(self.county.after(self.county.p[P.FOLLOW_UP]), ev.FOLLOW_UP)
        if not self.him.gone:
            self.log(ev.FOLLOW_UP)

    def offer_support(self) -> None:
        """Offer support to the victim of the latest case that is going on."""
        county, him = self.county, self.him
        cases = [case for case in him.cases if case.active and case.kind != ev.FAMILY]
        if not county.today(D.SUPPORT_PLACES) or him.support or not cases:
            return
        case = cases[-1]
        yes = rules.takes_support(county.key, county.p, him.person, self.number)
        county.log(ev.SUPPORT_OFFER, him.person, case.rel, self.number, yes)
        if yes:
            him.support = Support(him, case, self.number)
            self.env.process(him.support.run())


class Support:
    """Partner support: for the victim, from the programme's own worker."""

    def __init__(self, perpetrator: Perpetrator, case: Case, episode: int) -> None:
        self.him = perpetrator
        self.case = case
        self.episode = episode
        # The programme ends with its money.
        self.stopped = perpetrator.county.programme.support_stopped

    def run(self) -> Process:
        """Wait for a support worker, be supported, make room."""
        him, case = self.him, self.case
        county, programme = him.county, him.county.programme
        order = (0, county.now, him.person, self.episode)
        request = Request(order, him.env.event())
        programme.support_line.join(request)
        programme.ask(ev.SUPPORT_START)
        lapses = case.at(county.after(county.p[P.SUPPORT_PATIENCE]), ev.SUPPORT_END, self.episode)
        outcome = yield request.granted | lapses | self.stopped
        if request.granted not in outcome:
            request.waiting = False
            him.support = None
            return
        until = county.after(county.p[P.SUPPORT_LENGTH])
        case.support = (county.now, until)
        case.log(ev.SUPPORT_START, self.episode)
        yield case.at(until, ev.SUPPORT_END, self.episode) | self.stopped
        case.support = (case.support[0], county.now)
        case.log(ev.SUPPORT_END, self.episode)
        programme.supporting -= 1
        programme.ask(ev.SUPPORT_START)
        him.support = None


class Programme:
    """What is limited: assessors, places, money for starts, partner support."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.assessment_line = Line()
        self.group_line = Line()
        self.one_to_one_line = Line()
        self.support_line = Line()
        self.assessing = 0
        self.busy = [0, 0]  # places held in rolling groups and one to one
        self.groups: list[tuple[int, int]] = []  # closed groups: (end, places held)
        self.supporting = 0
        self.support_stopped = county.env.event()
        self.spent_pence = [0, 0, 0]
        self.episodes: list[Episode] = []

    def ask(self, kind: int) -> None:
        """Ask for an allocation later in this instant, after all who leave and all who join."""
        give = {
            ev.ASSESSMENT_START: self.give_assessments,
            ev.START: self.give_places,
            ev.SUPPORT_START: self.give_support,
        }[kind]
        event = self.county.env.at(self.county.now, kind)
        event.callbacks.append(lambda _: give())

    def change(self, time: int) -> Process:
        """A day on which places, rules or groups change, or the programme closes."""
        county = self.county
        yield county.env.at(time, ev.CLOSE)
        stop = county.today(D.STOP) > 0
        if stop:
            self.support_stopped.succeed()
            self.support_stopped = county.env.event()
        if stop or county.today(D.CLOSE):
            for episode in list(self.episodes):
                if episode.stage != "on programme":
                    episode.end(ev.NOT_STARTED)
                elif stop:
                    episode.end(ev.REMOVED)
        self.change_lines()
        for kind in (ev.ASSESSMENT_START, ev.START, ev.SUPPORT_START):
            self.ask(kind)

    def change_lines(self) -> None:
        """When the design changes, those who wait for a kind of place that is gone change lines."""
        if not self.county.today(D.CAN_START):
            return  # between two designs
        alone = self.county.today(D.MODE) == ONE_TO_ONE
        if alone:
            source, target, stream = self.group_line, self.one_to_one_line, 1
        elif not self.county.today(D.PLACES_ONE):
            source, target, stream = self.one_to_one_line, self.group_line, 0
        else:
            return
        for request in source.requests:
            if request.waiting:
                target.join(request)
        source.requests.clear()
        for episode in self.episodes:
            if episode.stage == "waiting":
                episode.stream = stream

    def give_assessments(self) -> None:
        """Begin assessments while an assessor is free."""
        while self.assessing < self.county.today(D.ASSESSORS):
            request = self.assessment_line.next()
            if request is None:
                return
            self.assessing += 1
            request.granted.succeed()

    def affordable(self, stream: int, starts: int = 1) -> bool:
        """Say whether the contract still pays for so many more starts."""
        phase = int(self.county.today(D.PHASE))
        cost = starts * rules.start_cost(self.county.p, stream)
        return bool(self.spent_pence[phase] + cost <= self.county.today(D.FUNDS))

    def grant(self, request: Request, stream: int) -> None:
        """Give a place and commit the money for a start."""
        self.spent_pence[int(self.county.today(D.PHASE))] += rules.start_cost(self.county.p, stream)
        request.granted.succeed()

    def give_places(self) -> None:
        """Start people while there are places and money: one stream, then the other."""
        county = self.county
        if not county.today(D.CAN_START):
            return
        while self.busy[1] < county.today(D.PLACES_ONE) and self.affordable(1):
            request = self.one_to_one_line.next()
            if request is None:
                break
            self.busy[1] += 1
            self.grant(request, 1)
        limit = int(county.today(D.PLACES))
        self.groups = [group for group in self.groups if group[0] > county.now]
        held = sum(places for _, places in self.groups)
        if county.today(D.MODE) != CLOSED:
            while self.busy[0] + held < limit and self.affordable(0):
                request = self.group_line.next()
                if request is None:
                    break
                self.busy[0] += 1
                self.grant(request, 0)
        elif county.today(D.GROUP_DAY) and county.now % DAY == 0:
            self.form_groups(limit - self.busy[0] - held)

    def form_groups(self, free: int) -> None:
        """Closed groups: all start together and hold their places to the group's end."""
        county = self.county
        least = max(1, int(county.today(D.GROUP_MINIMUM)))
        while True:
            size = min(int(county.today(D.GROUP_SIZE)), free, self.group_line.waiting())
            while size >= least and not self.affordable(0, size):
                size -= 1
            if size < least:
                return
            for _ in range(size):
                request = self.group_line.next()
                assert request is not None
                for episode in self.episodes:
                    if episode.request is request:
                        episode.in_closed_group = True
                self.grant(request, 0)
            length = county.today(D.SESSIONS) * county.today(D.INTERVAL)
            self.groups.append((county.after(length), size))
            free -= size

    def give_support(self) -> None:
        """Begin partner support while there is room."""
        while self.supporting < self.county.today(D.SUPPORT_PLACES):
            request = self.support_line.next()
            if request is None:
                return
            self.supporting += 1
            request.granted.succeed()

    def end_of_window(self) -> None:
        """Note the episodes that are still open at the horizon."""
        for episode in self.episodes:
            self.county.rows.append(
                (
                    self.county.world.horizon,
                    episode.him.person,
                    episode.number,
                    ev.OPEN,
                    episode.attended,
                    ev.EPISODE_END,
                    0,
                )
            )
