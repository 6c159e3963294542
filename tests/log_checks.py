"""What must be true of every event log, rebuilt from its rows alone and without the engines.

`problems(rows, world)` returns sentences; an empty list is a sound log. The limits (places, money,
rules by day) come from `model.World`, who holds what comes from the rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dapp_model import events as ev
from dapp_model import rules
from dapp_model.world import CLOSED, DAY, HIGH_ONLY, NOT_HIGH, ONE_TO_ONE, ORIGIN, D, P, World

DVPO_SECONDS = 2 * DAY
CAUSES = {
    ev.SELF: ev.INCIDENT,
    ev.HEALTH: ev.INCIDENT,
    ev.POLICE: ev.RECORD,
    ev.MARAC: ev.MARAC_HEARING,
    ev.CHILDREN: ev.CHILD_REFERRAL,
    ev.COURT: ev.CONVICTION,
}
# (later kind, kind that it comes from, 0 if in the same instant or 1 if later)
CHAINS = (
    (ev.REPORT, ev.INCIDENT, 0),
    (ev.RECORD, ev.REPORT, 1),
    (ev.ARREST, ev.RECORD, 0),
    (ev.DVPN, ev.RECORD, 0),
    (ev.OUTREACH_START, ev.RECORD, 0),
    (ev.DVPO, ev.DVPN, 1),
    (ev.CHARGE, ev.ARREST, 1),
    (ev.CONVICTION, ev.CHARGE, 1),
    (ev.CUSTODY_START, ev.CONVICTION, 0),
    (ev.COMMUNITY_ORDER, ev.CONVICTION, 0),
    (ev.CUSTODY_END, ev.CUSTODY_START, 1),
    (ev.BBR_START, ev.COMMUNITY_ORDER, 1),
    (ev.BBR_END, ev.BBR_START, 1),
    (ev.MARAC_HEARING, ev.MARAC_REFERRAL, 1),
    (ev.IDVA_START, ev.MARAC_HEARING, 0),
    (ev.CHILD_IN_NEED, ev.CHILD_REFERRAL, 1),
    (ev.CHILD_PLAN, ev.CHILD_IN_NEED, 0),
    (ev.LOOKED_AFTER, ev.CHILD_PLAN, 0),
)
AFTER_EXIT = {ev.RECORD, ev.EPISODE_END, ev.SUPPORT_START, ev.SUPPORT_END}


class Row(NamedTuple):
    """One row as plain whole numbers."""

    time: int
    person: int
    ordinal: int
    value: int
    detail: int
    kind: int
    rel: int


def problems(rows: npt.NDArray[np.void], world: World, most: int = 20) -> list[str]:
    """Return what is wrong with a log, at most the first findings."""
    return list(islice(_all(rows, world), most))


def _all(rows: npt.NDArray[np.void], world: World) -> Iterator[str]:
    yield from _order(rows, world)
    listed = [Row(*row) for row in rows.tolist()]
    yield from _county(listed, world)
    yield from _Programme(listed, world).problems()


def _order(rows: npt.NDArray[np.void], world: World) -> Iterator[str]:
    less = np.zeros(max(0, len(rows) - 1), bool)
    equal = np.ones(max(0, len(rows) - 1), bool)
    for name in ev.ORDER:
        less |= equal & (rows[name][:-1] < rows[name][1:])
        equal &= rows[name][:-1] == rows[name][1:]
    for i in np.flatnonzero(~less):
        how = "equal" if equal[i] else "out of order"
        yield f"rows {i} and {i + 1} are {how}: {rows[i : i + 2]}"
    still_open = (rows["kind"] == ev.EPISODE_END) & (rows["value"] == ev.OPEN)
    outside = (rows["time"] < world.warm_up) | (rows["time"] > world.horizon)
    outside |= (rows["time"] == world.horizon) != still_open
    for row in rows[outside]:
        yield f"outside the window: {row}"
    for row in rows[~np.isin(rows["kind"], list(ev.KINDS))]:
        yield f"unknown kind: {row}"


def _county(rows: list[Row], world: World) -> Iterator[str]:
    """What happens to one case comes from what came before it."""
    by_kind: dict[int, dict[tuple[int, int, int], list[Row]]] = defaultdict(dict)
    for row in rows:
        by_kind[row.kind].setdefault((row.person, row.rel, row.ordinal), []).append(row)
    for kind, cause, later in CHAINS:
        causes = by_kind[cause]
        for key, found in by_kind[kind].items():
            before = [row.time for row in causes.get(key, [])]
            for row in found:
                if not any(t < row.time if later else t == row.time for t in before):
                    yield f"{ev.KINDS[kind].name} without {ev.KINDS[cause].name}: {row}"
    for kind in (ev.INCIDENT, ev.REPORT, ev.RECORD, ev.ARREST, ev.CHILD_REFERRAL):
        for found in by_kind[kind].values():
            if len(found) > 1:
                yield f"twice: {found}"
    for key, found in by_kind[ev.RECORD].items():
        incidents = by_kind[ev.INCIDENT].get(key)
        if incidents and found[0].value not in (incidents[0].value, ev.NONE):
            yield f"recorded as another offence: {found[0]}"
    for found in by_kind[ev.ARREST].values():
        if found[0].value == ev.NONE:
            yield f"arrest without a crime: {found[0]}"
    for key, found in by_kind[ev.DVPO].items():
        if found[0].time != rules.after(world.p, by_kind[ev.DVPN][key][0].time, DVPO_SECONDS):
            yield f"DVPO not 48 hours after the notice: {found[0]}"
    yield from _lives(rows, world)


def _lives(rows: list[Row], world: World) -> Iterator[str]:
    """Nobody acts before they enter, after they are gone, after a case ends, or from custody."""
    custody_counts = world.p[P.CUSTODY_ON] > 0
    for _, group in groupby(sorted(rows, key=lambda row: row.person), key=lambda row: row.person):
        own = list(group)
        terms = _terms(own) if custody_counts else []
        if custody_counts:
            yield from _custody_days(own)
        exits = {row.time for row in own if row.kind == ev.EXIT}
        active: set[int] = set()
        begun: set[int] = set()
        hearing: set[int] = set()
        entered = gone = False
        gone_at = -1
        for row in own:
            what = f"{ev.KINDS[row.kind].name}: {row}"
            if row.kind == ev.ENTRY:
                if entered:
                    yield f"second {what}"
                entered = True
            if not entered:
                yield f"before the entry, {what}"
            # Of the same instant, a referral came before the exit, and cases end by it.
            with_it = row.kind in (ev.REFERRAL, ev.RELATIONSHIP_END) and row.time == gone_at
            if gone and row.kind not in AFTER_EXIT and not with_it:
                yield f"after the exit, {what}"
            if gone and row.kind == ev.EPISODE_END and row.time != gone_at:
                yield f"an episode outlives the exit, {what}"
            if row.kind in (ev.INCIDENT, ev.REFERRAL, ev.START):
                late = row.kind == ev.START  # custody of the same instant comes before it
                if any(a < row.time + late and row.time < b for a, b in terms):
                    yield f"from custody, {what}"
            if row.kind in (ev.INCIDENT, ev.RELATIONSHIP_END) and row.rel not in active:
                yield f"case that is not going on, {what}"
            if row.kind == ev.RELATIONSHIP_START:
                if row.rel != len(begun) + 1:
                    yield f"out of order, {what}"
                begun.add(row.rel)
                active.add(row.rel)
            elif row.kind == ev.RELATIONSHIP_END:
                active.discard(row.rel)
                if row.value >= ev.KILLED and row.time not in exits:
                    yield f"no exit with {what}"
            elif row.kind == ev.MARAC_REFERRAL:
                if row.rel in hearing:
                    yield f"while another awaits its hearing, {what}"
                hearing.add(row.rel)
            elif row.kind == ev.MARAC_HEARING:
                hearing.discard(row.rel)
            elif row.kind == ev.EXIT:
                if gone:
                    yield f"second {what}"
                gone, gone_at = True, row.time
        if gone and active:
            yield f"cases {active} go on after the exit of {own[0].person}"


def _terms(own: list[Row]) -> list[tuple[int, int]]:
    """Return the terms of custody; one whose release is not written lasts its whole days.

    The days of a sentence are those that it adds to the term that runs.
    """
    releases = {(row.rel, row.ordinal): row.time for row in own if row.kind == ev.CUSTODY_END}
    terms, until = [], 0
    for row in own:
        if row.kind == ev.CUSTODY_START:
            least = max(until, row.time) + row.value * DAY
            until = releases.get((row.rel, row.ordinal), least)
            terms.append((row.time, until))
    return terms


def _custody_days(own: list[Row]) -> Iterator[str]:
    """The days of all sentences up to a release are those that passed, each rounded down."""
    begun: list[Row] = []
    for row in own:
        if row.kind == ev.CUSTODY_START:
            begun.append(row)
        elif row.kind == ev.CUSTODY_END and begun:
            passed = (row.time - begun[0].time) / DAY
            days = sum(each.value for each in begun)
            if not passed - len(begun) < days <= passed:
                yield f"{days} days of custody in {passed}: {begun}, {row}"
            begun = []


@dataclass
class _Episode:
    """What the rows so far say of one episode."""

    referred: int
    case: int
    stage: str = "referred"
    answer: int = -1
    suitable: int = -1
    risk: int = -1
    stream: int = -1
    joined: tuple[int, int, int, int] | None = None
    started: int = -1
    interval: int = 0
    planned: int = 0
    sessions: int = 0
    next_session: int = -1
    closed_group: bool = False
    since: int = -1


@dataclass
class _Programme:
    """The programme's rows in order, with everything that is limited counted along."""

    rows: list[Row]
    world: World
    episodes: dict[int, _Episode] = field(default_factory=dict)
    last: dict[int, tuple[int, int]] = field(default_factory=dict)  # person: (number, end)
    held: list[tuple[int, int]] = field(default_factory=list)
    offers: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)  # person: order
    lapses: dict[int, int] = field(default_factory=dict)
    supported: dict[int, int] = field(default_factory=dict)
    spent: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    done: set[tuple[int, int]] = field(default_factory=set)
    changes: int = 0  # of the calendar that lie behind

    def day(self, table: D, t: int) -> float:
        return float(self.world.days[table, (t - ORIGIN) // DAY])

    def problems(self) -> Iterator[str]:
        ours = [row for row in self.rows if row.kind >= ev.FIRST_PROGRAMME_KIND]
        self.causes = {(row.time, row.kind, row.person, row.rel) for row in self.rows}
        self.kinds = {
            (row.person, row.rel): row.value
            for row in self.rows
            if row.kind == ev.RELATIONSHIP_START
        }
        self.grades: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        self.hearings: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row in self.rows:
            if row.kind == ev.RECORD:
                self.grades[row.person, row.rel].append((row.time, row.detail))
            elif row.kind == ev.MARAC_HEARING:
                self.hearings[row.person, row.rel].append(row.time)
        for t, instant in groupby(ours, key=lambda row: row.time):
            together = list(instant)
            if t < self.world.horizon:
                self.lapse(t)
                self.change_lines(t - 1)
            for row in together:
                if row.kind > ev.CLOSE and t < self.world.horizon:
                    self.change_lines(t)
                for finding in self.take(row):
                    yield f"{finding}: {ev.KINDS[row.kind].name} {row}"
            if t < self.world.horizon:
                for finding in self.after_the_instant(t, together):
                    yield f"{finding} at {t}: {together[:4]}"
        for person, episode in self.episodes.items():
            yield f"episode of {person} never ends: {episode}"
        for person, until in self.supported.items():
            if until < self.world.horizon:
                yield f"support of {person} never ends"

    def lapse(self, t: int) -> None:
        """Take away the offers of support that nobody could take up in time."""
        for person in [person for person, when in self.lapses.items() if when <= t]:
            del self.lapses[person], self.offers[person]

    def change_lines(self, t: int) -> None:
        """Let those who wait for a kind of place that is gone wait for the other kind."""
        while self.changes < len(self.world.calendar) and self.world.calendar[self.changes] <= t:
            when = int(self.world.calendar[self.changes])
            self.changes += 1
            if self.day(D.CAN_START, when) == 0:
                continue  # between two designs nobody changes lines
            alone = self.day(D.MODE, when) == ONE_TO_ONE
            if alone or self.day(D.PLACES_ONE, when) == 0:
                for e in self.episodes.values():
                    if e.stage == "waiting":
                        e.stream = int(alone)

    # --- one row ---

    def take(self, row: Row) -> Iterator[str]:
        e = self.episodes.get(row.person)
        if row.kind == ev.REFERRAL:
            yield from self.referral(row)
        elif row.kind == ev.FOLLOW_UP:
            if (row.person, row.ordinal) not in self.done:
                yield "follow-up of an episode that has not ended by completion or drop-out"
        elif row.kind in (ev.SUPPORT_START, ev.SUPPORT_END):
            yield from self.support(row)
        elif e is None or row.ordinal != self.last[row.person][0]:
            yield "row of no open episode"
        elif row.kind == ev.CONTACT:
            if e.stage != "referred" or row.time <= e.referred:
                yield "contact out of order"
            e.answer, e.stage = row.value, "queuing" if row.value == 2 else "contacted"
            first = -e.risk if self.day(D.PRIORITY, row.time) else 0
            # An unknown risk says nothing of the turn.
            e.joined = (first, row.time, row.person, row.ordinal) if first <= 0 else None
            e.since = row.time
        elif row.kind == ev.ASSESSMENT_START:
            if e.stage != "queuing":
                yield "assessment out of order"
            e.stage, e.since = "assessing", row.time
        elif row.kind == ev.ASSESSMENT_END:
            if e.stage != "assessing" or row.time <= e.since:
                yield "end of an assessment out of order or in no time"
            # It is looked at anew: records and hearings of the same instant come before.
            risk = self.known(row.time, (row.person, e.case))
            if row.detail != risk:
                yield f"risk is not {risk}"
            e.suitable, e.risk, e.stage = row.value, row.detail, "assessed"
        elif row.kind == ev.SUPPORT_OFFER:
            if e.stage != "assessed" or self.day(D.SUPPORT_PLACES, row.time) == 0:
                yield "offer of support out of order"
            if self.kinds[row.person, row.rel] == ev.FAMILY:
                yield "offer of partner support in another kind of case"
            if row.person in self.offers or row.person in self.supported:
                yield "second offer of support"
            if row.value:
                self.offers[row.person] = (0, row.time, row.person, row.ordinal)
                patience = self.world.p[P.SUPPORT_PATIENCE]
                self.lapses[row.person] = self.unless_stopped(row.time, patience)
        elif row.kind == ev.WAITING:
            if e.stage != "assessed" or row.time < e.since or not e.suitable:
                yield "waiting out of order"
            if row.detail != e.risk:
                yield "risk has changed"
            first = -e.risk if self.day(D.PRIORITY, row.time) else 0
            e.joined = (first, row.time, row.person, row.ordinal)
            e.stream, e.stage, e.since = row.value, "waiting", row.time
        elif row.kind == ev.START:
            yield from self.start(row, e)
        elif row.kind == ev.SESSION:
            if e.stage != "started" or row.time != e.next_session:
                yield f"session out of time, due {e.next_session}"
            e.sessions += 1
            if row.value != e.sessions or e.sessions > e.planned:
                yield f"session out of order, {e.sessions} of {e.planned}"
            e.next_session = rules.after(self.world.p, row.time, e.interval)
            e.since = row.time
        elif row.kind == ev.EPISODE_END:
            yield from self.end(row, e)

    def referral(self, row: Row) -> Iterator[str]:
        number, ended = self.last.get(row.person, (0, None))
        if row.person in self.episodes:
            yield "referral during an episode"
        if row.ordinal != number + 1 or row.ordinal > self.day(D.EPISODES, row.time):
            yield "episode out of order or one too many"
        if ended is not None and row.time - ended < self.world.p[P.GAP]:
            yield "referral too soon after the last"
        if self.kinds[row.person, row.detail] == ev.FAMILY:
            yield "referral for a case outside the remit"
        if self.day(D(D.REF_SELF + row.value), row.time) == 0:
            yield "referral by a route that is closed"
        if (row.time, CAUSES[row.value], row.person, row.detail) not in self.causes:
            yield "referral without its cause"
        rule = int(self.day(D.RISK, row.time))
        risk = self.risk(row)
        if (rule == HIGH_ONLY and risk in (0, 1)) or (rule == NOT_HIGH and risk == 2):
            yield "risk that the design does not take"
        self.episodes[row.person] = _Episode(row.time, row.detail, risk=risk)
        self.last[row.person] = (row.ordinal, ended)

    def risk(self, row: Row) -> int:
        """Return the risk as the agencies know it, -1 if what they learn just now decides."""
        key = (row.person, row.detail)
        grades, hearings = self.grades[key], self.hearings[key]
        i = bisect_right(grades, (row.time, 9))
        j = bisect_right(hearings, row.time)
        just_now = (i and grades[i - 1][0] == row.time) or (j and hearings[j - 1] == row.time)
        if just_now and self.world.p[P.TICK] > 1:
            return -1
        if row.value in (ev.SELF, ev.HEALTH) and just_now:
            return -1
        return self.known(row.time, key)

    def known(self, t: int, key: tuple[int, int]) -> int:
        """Return the risk of a case by all records and hearings up to a moment."""
        grades, hearings = self.grades[key], self.hearings[key]
        i = bisect_right(grades, (t, 9))
        j = bisect_right(hearings, t)
        grade = grades[i - 1][1] if i else 0
        heard = j > 0 and t - hearings[j - 1] <= rules.YEAR_DAY_SECONDS
        return 2 if grade == 2 or heard else grade

    def start(self, row: Row, e: _Episode) -> Iterator[str]:
        if e.stage != "waiting" or row.time < e.since or row.value != e.stream:
            yield "start out of order"
        if self.day(D.CAN_START, row.time) == 0:
            yield "start on a day without starts"
        e.started, e.planned, e.stage = row.time, row.detail, "started"
        if e.planned != self.day(D.SESSIONS, row.time):
            yield "start with another number of sessions than the design's"
        e.interval = int(self.day(D.INTERVAL, row.time))
        e.next_session = rules.after(self.world.p, row.time, e.interval)
        e.closed_group = e.stream == 0 and self.day(D.MODE, row.time) == CLOSED
        phase = int(self.day(D.PHASE, row.time))
        self.spent[phase] += int(rules.start_cost(self.world.p, e.stream))
        if self.spent[phase] > self.day(D.FUNDS, row.time):
            yield f"start without money in phase {phase}"
        if e.closed_group and (self.day(D.GROUP_DAY, row.time) == 0 or row.time % DAY):
            yield "start of a closed group on another day"

    def end(self, row: Row, e: _Episode) -> Iterator[str]:
        t, outcome = row.time, row.value
        removed_by = {
            (t, kind, row.person, rel) for kind in (ev.EXIT, ev.CUSTODY_START) for rel in range(9)
        } & self.causes
        stopped = self.day(D.STOP, t) > 0 and t % DAY == 0
        closing = (self.day(D.CLOSE, t) > 0 or stopped) and t % DAY == 0
        sound = {
            ev.REFUSED: e.stage == "contacted" and e.answer == 1,
            ev.NOT_REACHED: e.stage == "contacted" and e.answer == 0,
            ev.UNSUITABLE: e.stage == "assessed" and e.suitable == 0,
            ev.RENEGED: e.stage in ("queuing", "waiting") and t > e.since,
            ev.NOT_STARTED: e.stage in ("referred", "queuing", "assessing", "waiting") and closing,
            ev.COMPLETED: e.stage == "started" and e.sessions == e.planned and t == e.since,
            ev.DROPPED_OUT: e.stage == "started"
            and t == e.next_session < self.world.horizon
            and e.sessions < e.planned,
            ev.REMOVED: bool(removed_by) or (stopped and e.stage == "started"),
            ev.OPEN: t == self.world.horizon,
        }
        if not sound.get(outcome, False):
            yield f"ends as {ev.OUTCOMES[outcome]} at stage {e}"
        if row.detail != e.sessions:
            yield f"says another number of sessions than {e.sessions}"
        if e.started >= t:
            yield "holds a place for no time"
        if outcome in (ev.COMPLETED, ev.DROPPED_OUT):
            self.done.add((row.person, row.ordinal))
        self.last[row.person] = (row.ordinal, t)
        del self.episodes[row.person]

    def support(self, row: Row) -> Iterator[str]:
        if row.kind == ev.SUPPORT_START:
            if self.offers.pop(row.person, (0, 0, 0, 0))[3] != row.ordinal:
                yield "support without an offer"
            self.lapses.pop(row.person, None)
            length = self.world.p[P.SUPPORT_LENGTH]
            self.supported[row.person] = self.unless_stopped(row.time, length)
        elif self.supported.pop(row.person, None) != row.time:
            yield "support ends out of time"

    def unless_stopped(self, t: int, length: float) -> int:
        """Return when support or an offer of it ends: in time, or with the money before that."""
        ends = rules.after(self.world.p, t, length)
        days = np.flatnonzero(self.world.days[D.STOP] > 0)
        stops = [ORIGIN + int(day) * DAY for day in days]
        return int(min([ends, *(stop for stop in stops if stop > t)]))

    # --- one instant ---

    def after_the_instant(self, t: int, rows: list[Row]) -> Iterator[str]:
        """Capacity, order of service and work that is not left lying, once an instant is over."""
        kinds = {row.kind for row in rows}
        now = list(self.episodes.values())
        yield from self.assessors(t, kinds, rows, now)
        yield from self.places(t, rows, now)
        if kinds & {ev.SUPPORT_START, ev.SUPPORT_OFFER, ev.SUPPORT_END}:
            limit = self.day(D.SUPPORT_PLACES, t)
            began = [row for row in rows if row.kind == ev.SUPPORT_START]
            if began and len(self.supported) > limit:
                yield f"{len(self.supported)} supported with {limit} places"
            if self.offers and len(self.supported) < limit:
                yield "support place left empty"

    def assessors(
        self, t: int, kinds: set[int], rows: list[Row], now: list[_Episode]
    ) -> Iterator[str]:
        limit = self.day(D.ASSESSORS, t)
        busy = sum(e.stage == "assessing" for e in now)
        queue = [e for e in now if e.stage == "queuing"]
        began = [self.episodes[row.person] for row in rows if row.kind == ev.ASSESSMENT_START]
        if began and busy > limit:
            yield f"{busy} assessed at once with room for {limit}"
        yield from _turns(began, queue)
        if kinds & {ev.CONTACT, ev.ASSESSMENT_END} and busy < limit and queue:
            yield "assessor left idle"

    def places(self, t: int, rows: list[Row], now: list[_Episode]) -> Iterator[str]:
        began = [row for row in rows if row.kind == ev.START]
        asked = began or {row.kind for row in rows} & {ev.WAITING, ev.EPISODE_END}
        if not asked:
            return
        self.held = [(end, n) for end, n in self.held if end > t]
        closed = self.day(D.MODE, t) == CLOSED
        phase = int(self.day(D.PHASE, t))
        for stream, table in ((0, D.PLACES), (1, D.PLACES_ONE)):
            own = [row for row in began if row.value == stream]
            limit = self.day(table, t)
            busy = sum(
                e.stage == "started" and e.stream == stream and not e.closed_group for e in now
            )
            if stream == 0:
                if closed and own:
                    length = self.day(D.SESSIONS, t) * self.day(D.INTERVAL, t)
                    self.held.append((rules.after(self.world.p, t, length), len(own)))
                busy += sum(n for _, n in self.held)
            if own and busy > limit:
                yield f"{busy} on stream {stream} with {limit} places"
            queue = [e for e in now if e.stage == "waiting" and e.stream == stream]
            yield from _turns([self.episodes[row.person] for row in own], queue)
            cost = int(rules.start_cost(self.world.p, stream))
            left = self.day(D.FUNDS, t) - self.spent[phase]
            may_start = self.day(D.CAN_START, t) > 0 and cost <= left
            if stream == 0 and closed:
                least = max(1, int(self.day(D.GROUP_MINIMUM, t)))
                if own and len(own) < least:
                    yield f"a group of {len(own)}, fewer than {least}"
                room = min(self.day(D.GROUP_SIZE, t), limit - busy, len(queue))
                group_day = self.day(D.GROUP_DAY, t) > 0 and t % DAY == 0
                if group_day and may_start and room >= least and least * cost <= left:
                    yield "a group left unformed"
            elif may_start and busy < limit and queue:
                yield f"place left empty on stream {stream}: {busy} of {limit}, {queue[:3]}"


def _turns(served: list[_Episode], waiting: list[_Episode]) -> Iterator[str]:
    """Nobody is served while somebody before them waits on."""
    turns = [e.joined for e in served if e.joined]
    left = [e.joined for e in waiting if e.joined]
    if turns and left and max(turns) > min(left):
        yield f"out of turn: {max(turns)} before {min(left)}"
