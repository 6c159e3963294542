"""A second implementation of the model, written from docs/model.md alone.

It shares nothing with the package but the resolved inputs: plain Python with a binary heap as
calendar and its own random numbers. It obeys the same probability laws, so that only
distributions can be compared, never single runs.

`simulate` returns rows (time, kind, person, case, value, detail); `count` turns rows into counts
by measure, group and financial year. Section numbers are those of docs/model.md.
"""

import bisect
import datetime as dt
import heapq
import math
import random
from collections import Counter
from statistics import NormalDist

DAY = 86_400
YEAR = 365.25 * DAY
SPAN = 365 * DAY  # "365 days"
EPOCH = dt.date(2000, 1, 1)
T2000 = 946_684_800
FOREVER = 3_000_000_000  # seconds: the longest of lives, careers and patiences

BEHAVIOURS = (
    "violence_with_injury",
    "violence_without_injury",
    "rape",
    "other_sexual",
    "stalking",
    "coercive_control",
    "damage",
    "public_order",
    "homicide",
    "none",
)
INJURY, RAPE, SEXUAL, STALKING, CONTROL, HOMICIDE, NONE = 0, 2, 3, 4, 5, 8, 9
NOT_CRIME = 9
PARTNER, EX_PARTNER, FAMILY = 0, 1, 2
ROUTES = ("self", "police", "marac", "children", "court", "health")
SELF, POLICE, MARAC, CHILDREN, COURT, HEALTH = range(6)
NEEDS = ("substance use", "mental health", "language", "employment")
OUTCOMES = (
    "refused",
    "not_reached",
    "unsuitable",
    "reneged",
    "not_started",
    "completed",
    "dropped_out",
    "removed",
    "open",
)
REFUSED, NOT_REACHED, UNSUITABLE, RENEGED, NOT_STARTED, COMPLETED, DROPPED, REMOVED, OPEN = range(9)
# Stages of an open episode.
REFERRED, QUEUING, ASSESSING, WAITING, ON_PROGRAMME = range(5)


def index_of(date):
    """Return the number of a day, counted from 2000-01-01."""
    return (date - EPOCH).days


def second_of(date):
    return T2000 + index_of(date) * DAY


def plus(date, days):
    """Return date + a length: in calendar months where it comes to whole months (section 2.5)."""
    months = days / (365.25 / 12)
    if abs(months - round(months)) < 1e-9:
        number = date.year * 12 + date.month - 1 + round(months)
        year, month = divmod(number, 12)
        last = (dt.date(year + (month == 11), (month + 1) % 12 + 1, 1) - dt.timedelta(1)).day
        return dt.date(year, month + 1, min(date.day, last))
    return date + dt.timedelta(round(days))


def odds_times(p, ratio):
    """Multiply the odds of a chance."""
    odds = p / (1 - p) * ratio
    return odds / (1 + odds)


def shift_log_odds(p, shift):
    """Shift the log odds of a chance; 0 and 1 stay."""
    if p <= 0 or p >= 1:
        return p
    return 1 / (1 + math.exp(-(math.log(p / (1 - p)) + shift)))


def expit(x):
    return 1 / (1 + math.exp(-x))


def log_odds_for(share, mean):
    """Return the log odds at which an increasing `mean` of the log odds is the share."""
    low, high = -60.0, 60.0
    for _ in range(100):
        middle = (low + high) / 2
        if mean(middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def referred_motivation(v, route_self):
    """Return points and weights of the motivation of those referred (section 2.4.3)."""
    mean = v["perpetrator.motivation_correlation"] * v["case.frailty_sigma"]
    mean *= math.sqrt(v["case.frailty_correlation"])
    if route_self:
        mean += v["referral.self_motivation"]
    points = [mean + k / 40 for k in range(-320, 321)]
    weights = [math.exp(-((m - mean) ** 2) / 2) for m in points]
    total = sum(weights)
    return points, [w / total for w in weights]


def agreeing_at_average(v, name):
    """Return the chance of agreeing at average motivation (section 2.4.3)."""
    share, slope = v["pathway.accept_" + name], v["pathway.accept_motivation"]
    if share <= 0 or share >= 1:
        return share
    points, weights = referred_motivation(v, name == "self")

    def mean(x):
        return sum(w * expit(x + slope * m) for m, w in zip(points, weights, strict=True))

    return expit(log_odds_for(share, mean))


def completing_at_average(v, name):
    """Return the chance of completing at average motivation and no unmet need (section 2.4.6)."""
    share, slope = v["pathway.complete_" + name], v["pathway.complete_motivation"]
    if share <= 0 or share >= 1:
        return share
    points, weights = referred_motivation(v, name == "self")
    agree = agreeing_at_average(v, name)
    weights = [
        w * shift_log_odds(agree, v["pathway.accept_motivation"] * m)
        for m, w in zip(points, weights, strict=True)
    ]
    total = sum(weights)
    number = [1.0]  # chance of 0, 1, ... needs
    for need in ("substance", "mental_health", "language", "employment"):
        p = v["perpetrator.need_" + need]
        without, with_it = [*number, 0.0], [0.0, *number]
        number = [(1 - p) * a + p * b for a, b in zip(without, with_it, strict=True)]
    unmet = math.log(v["pathway.unmet_need_odds"])

    def mean(x):
        return sum(
            w * q * expit(x + slope * m + n * unmet)
            for m, w in zip(points, weights, strict=True)
            for n, q in enumerate(number)
        )

    return expit(log_odds_for(share * total, mean))


class Phase:
    """A pilot or an extension: dates, design, and what the budget buys (section 2.5)."""

    def __init__(self, levers, section, start, values, follows, gap_after):
        def lever(name):
            return levers[f"{section}.{name}"]

        self.lever = lever
        self.start = start
        self.first = plus(start, lever("mobilisation"))
        self.end = plus(start, lever("length"))
        self.last = plus(self.end, -lever("last_start_before_end"))
        self.followed = follows and gap_after <= 0
        if self.followed:
            self.last = self.end
        share = levers["population.share"]

        def scaled(number):
            return max(1, round(number * share)) if number > 0 and share < 1 else number

        support = lever("partner_support_places") if lever("partner_support") else 0
        one_to_one = lever("one_to_one_places")
        left = (
            lever("annual_budget") * (1 - values["budget.fixed_share"])
            - lever("assessors") * values["budget.assessor"]
            - support * values["budget.partner_support_place"]
            - one_to_one * values["budget.one_to_one_place"]
        )
        alone = lever("delivery") == "one-to-one"
        price = values["budget.one_to_one_place" if alone else "budget.place"]
        bought = math.floor(max(0, left) * (1 - values["budget.vacancy_share"]) / price + 0.5)
        if lever("places") != "from budget":
            bought = min(bought, lever("places"))
        self.group_places = 0 if alone else scaled(bought)
        self.one_to_one_places = scaled(one_to_one + (bought if alone else 0))
        self.slots = scaled(lever("assessors") * values["pathway.assessments_at_once"])
        self.support_places = scaled(support)
        self.group_size = scaled(lever("group_size"))
        self.group_minimum = scaled(lever("group_minimum"))
        money = max(0, left + one_to_one * values["budget.one_to_one_place"])
        self.yearly_pence = 100 * money * min(1, share)
        self.years = lever("length") / 365.25
        self.committed = 0
        self.sessions = lever("sessions")
        self.interval = lever("session_interval")
        self.delivery = lever("delivery")
        self.by_risk = lever("priority") == "by risk"
        self.met = lever("needs_met")
        self.motivational = lever("motivational_enhancement")
        self.start_t, self.first_t = second_of(self.start), second_of(self.first)
        self.end_t, self.last_t = second_of(self.end), second_of(self.last)

    def released(self, t):
        """Return the money for starts released so far, in pence."""
        k = math.floor((t - self.start_t) // DAY / 365.25) + 1
        return round(self.yearly_pence * min(k, self.years))


def phases_of(levers, values):
    if not levers["programme.offered"]:
        return []
    extended = levers["extension.length"] > 0
    gap = levers["extension.gap"]
    pilot = Phase(levers, "programme", levers["programme.contract_start"], values, extended, gap)
    if not extended:
        return [pilot]
    return [pilot, Phase(levers, "extension", plus(pilot.end, gap), values, False, 0)]


def horizon_of(inputs):
    """Return the first day after the window, common to all options (section 2.6)."""
    last = dt.date.min
    for name in inputs.options:
        for phase in phases_of(inputs.option(name).levers, inputs.values):
            last = max(last, phase.last)
    day = plus(last, inputs.values["time.window_after_last_start"])
    april = dt.date(day.year, 4, 1)
    return april if april > day else dt.date(day.year + 1, 4, 1)


class Tables:
    """What depends on the day (section 2.2)."""

    def __init__(self, inputs, option):
        v = inputs.values
        levers = inputs.option(option).levers
        horizon = horizon_of(inputs)
        days = index_of(horizon) + 1
        self.days = days
        first_options = levers["programme.contract_start"]
        if inputs.decision == "extension":
            first_options = plus(first_options, levers["decision.date_month"])
        if levers["services.from"] != "decision":
            first_options = max(first_options, levers["services.from"])
        switch = index_of(first_options)

        def off(service, d):
            return d >= switch and not levers["services." + service]

        middle = index_of(dt.date(2014, 10, 1))
        growth_from, growth_until = (
            index_of(v["county.growth_from"]),
            index_of(v["county.growth_until"]),
        )

        def growing(d):
            return min(max(d, growth_from), growth_until)

        y = [(growing(d) - growing(middle)) / 365.25 for d in range(days)]
        a, b = v["county.growth_share_case_starts"], v["county.growth_share_reporting"]
        grow = 1 + v["county.growth_total"]

        weights = []
        for d in range(max(days, 10_227)):
            date = EPOCH + dt.timedelta(d)
            festive = (date.month, date.day) >= (12, 17) or (date.month, date.day) <= (1, 4)
            weights.append(
                (v["incident.weekend_ratio"] if date.weekday() >= 4 else 1)
                * (v["incident.festive_ratio"] if festive else 1)
            )
        mean = sum(weights[:10_227]) / 10_227
        self.season = [w / mean for w in weights]
        self.season_max = max(self.season)

        self.entry = [v["county.new_perpetrators"] * grow ** (a * y[d]) for d in range(days)]
        self.report, self.record, self.crime, self.control = [], [], [], []
        self.arrest, self.notice, self.idva, self.outreach = [], [], [], []
        self.bbr, self.linx, self.self_ratio, self.police_ratio = [], [], [], []
        mix, _, report = mix_of(v)
        crimes = [j for j in range(10) if j not in (CONTROL, NONE)]
        k = sum(mix[j] * report[j] for j in crimes) / sum(mix[j] * report[j] for j in range(10))
        control_from = index_of(dt.date(2015, 12, 29))
        dvpn_from = index_of(v["police.dvpn_from"])
        u = v["idva.uptake"]
        for d in range(days):
            level = levers["services.campaigns"] if d >= switch else 1
            reporting = grow ** (b * y[d]) * v["campaign.reporting_ratio"] ** (level - 1)
            arrest, police = v["police.arrest"], 1.0
            if off("proactive", d):
                reporting /= v["police.proactive_reporting_ratio"]
                arrest /= v["police.proactive_arrest_ratio"]
                police /= v["referral.proactive_ratio"]
            self.report.append(reporting)
            rest = max(0, 1 - a - b)
            self.record.append(min(0.995, v["record.probability"] * grow ** (rest * y[d])))
            rise = v["crime.probability"] + v["crime.annual_rise"] * y[d] / k
            self.crime.append(min(0.98, max(0, rise)))
            self.control.append(v["crime.coercive_control"] if d >= control_from else 0)
            self.arrest.append(arrest)
            dvpn = d >= dvpn_from and not off("dvpo", d)
            self.notice.append(v["police.dvpn"] if dvpn else 0)
            growth = grow ** y[d]
            staffed = v["idva.workers"] * v["idva.cases_per_worker"]
            need = v["idva.expected_referrals"] * u * growth
            self.idva.append(0 if off("idva", d) else u * min(1, staffed / need))
            room = v["outreach.capacity"] / (v["outreach.expected_referrals"] * growth)
            self.outreach.append(0 if off("outreach", d) else v["outreach.referral"] * min(1, room))
            self.bbr.append(not off("bbr", d))
            self.linx.append(not off("linx", d))
            self.self_ratio.append(v["campaign.self_referral_ratio"] ** (level - 1))
            self.police_ratio.append(police)


SERIOUS = (INJURY, RAPE, SEXUAL, HOMICIDE)


def mix_of(v):
    """Return the mixes of ordinary and of high-harm cases, and the chances of a report."""
    report = [v["report.probability"]] * 10
    for j in (INJURY, RAPE, SEXUAL):
        report[j] = odds_times(v["report.probability"], v["report.severe_odds"])
    report[HOMICIDE] = 1.0
    stated = [v["incident.mix_" + name] for name in BEHAVIOURS[:8]]
    stated += [0.0, 1 - sum(stated)]
    recorded = v["record.probability"] * sum(p * r for p, r in zip(stated, report, strict=True))
    stated[HOMICIDE] = v["incident.homicides_per_1000_recorded"] / 1000 * recorded
    stated[NONE] -= stated[HOMICIDE]

    # Find the serious share S of ordinary cases: with it, high-harm weights are divided by
    # 1 + (odds - 1) S, and the mean over both kinds of case has to be the stated mix.
    share, odds = v["case.high_harm_share"], v["case.high_harm_odds"]
    serious = sum(stated[j] for j in SERIOUS)

    def factors(s):
        scale = 1 + (odds - 1) * s
        return 1 - share + share * odds / scale, 1 - share + share / scale

    low, high = 0.0, 1.0
    for _ in range(200):
        s = (low + high) / 2
        if s * factors(s)[0] < serious:
            low = s
        else:
            high = s
    grave, other = factors(s)
    ordinary = [stated[j] / (grave if j in SERIOUS else other) for j in range(10)]
    scale = 1 + (odds - 1) * s
    harm = [ordinary[j] * (odds if j in SERIOUS else 1) / scale for j in range(10)]
    return ordinary, harm, report


class Person:
    __slots__ = (
        "bbr_from",
        "career_end",
        "cases",
        "custody_until",
        "dropped",
        "episode",
        "episodes",
        "gone",
        "id",
        "last_end",
        "linx",
        "motivation",
        "needs",
        "offer",
        "started",
        "z",
    )


class Case:
    __slots__ = (
        "area",
        "children",
        "class_short",
        "cuts",
        "dvpo_from",
        "end",
        "ended",
        "family_last",
        "grade",
        "heard",
        "high_harm",
        "idva_from",
        "idva_until",
        "kind",
        "last",
        "number",
        "outreach_from",
        "outreach_until",
        "person",
        "phi",
        "plan_until",
        "referred",
        "score",
        "support_from",
        "support_until",
        "touched",
    )


class Episode:
    __slots__ = (
        "attended",
        "case",
        "ended",
        "holds",
        "number",
        "person",
        "phase",
        "planned",
        "referred",
        "risk",
        "route",
        "stage",
        "token",
    )


class Support:
    """Support of one victim that goes on."""

    __slots__ = ("case",)


class Simulation:
    """One county under one option."""

    def __init__(self, inputs, option, seed, until=None):
        self.v = v = inputs.values
        levers = inputs.option(option).levers
        self.share = levers["population.share"]
        self.random = random.Random(seed)
        self.tables = Tables(inputs, option)
        self.horizon = second_of(min(horizon_of(inputs), until or dt.date.max))
        self.whole = self.horizon == second_of(horizon_of(inputs))
        self.phases = phases_of(levers, v)
        self.heap = []
        self.sequence = 0
        self.rows = []
        self.everybody = {}

        ordinary, harm, self.report = mix_of(v)
        self.mixes = [self.cumulative(ordinary), self.cumulative(harm)]
        quantile = NormalDist().inv_cdf
        high, medium = v["dash.high_share"], v["dash.medium_share"]
        w = v["dash.frailty_weight"]
        self.grade_scale = math.sqrt(1 + w * w)
        delta = w * v["case.frailty_sigma"] / self.grade_scale
        self.high_above = quantile(1 - high) + delta
        self.medium_above = quantile(1 - high - medium) + delta
        self.mu = math.log(v["case.frailty_mean"]) - v["case.frailty_sigma"] ** 2 / 2

        logs = {
            name: math.log(v[name])
            for name in (
                "bbr.hazard_ratio",
                "marac.hazard_ratio",
                "idva.hazard_ratio",
                "outreach.hazard_ratio",
                "dvpo.hazard_ratio",
                "effect.full_dose_hr",
                "effect.dropout_hr",
                "effect.support_hr",
            )
        }
        if not v["feedback.police"]:
            logs["bbr.hazard_ratio"] = logs["dvpo.hazard_ratio"] = 0.0
        if not v["feedback.marac"]:
            for name in ("marac", "idva", "outreach"):
                logs[name + ".hazard_ratio"] = 0.0
        self.log_bbr = logs["bbr.hazard_ratio"]
        self.log_marac = logs["marac.hazard_ratio"]
        self.log_idva = logs["idva.hazard_ratio"]
        self.log_outreach = logs["outreach.hazard_ratio"]
        self.log_dvpo = logs["dvpo.hazard_ratio"]
        self.log_dose = logs["effect.full_dose_hr"]
        self.log_dropout = logs["effect.dropout_hr"]
        self.log_support = logs["effect.support_hr"]
        self.factor = v["effect.control_factor"]
        self.largest = math.exp(sum(max(0.0, x) for x in logs.values()) * max(1.0, self.factor))
        self.log_idva_report = math.log(v["idva.reporting_ratio"]) if v["feedback.marac"] else 0.0
        self.log_support_report = math.log(v["effect.reporting_ratio"])

        # The programme.
        self.agree = {name: agreeing_at_average(v, name) for name in ("self", "police", "agency")}
        self.complete = {name: completing_at_average(v, name) for name in ("self", "agency")}
        self.assessment_queue, self.group_list, self.one_to_one_list = [], [], []
        self.support_queue = []
        self.supports = []
        self.assessing = self.in_group = self.in_one_to_one = self.supported = 0
        self.requested = set()

    # ---- Calendar and random numbers ----

    def at(self, t, rank, act, *what):
        if t < self.horizon:
            self.sequence += 1
            heapq.heappush(self.heap, (t, rank, self.sequence, act, what))

    def after(self, days):
        """Return a length of time in whole seconds, at least one."""
        return max(1, round(days * DAY))

    def exponential(self, mean_days):
        return min(FOREVER, self.after(self.random.expovariate(1.0) * mean_days))

    def chance(self, p):
        return self.random.random() < p

    @staticmethod
    def cumulative(weights):
        out, total = [], 0.0
        for w in weights:
            total += w
            out.append(total)
        out[-1] = 1.0
        return out

    @staticmethod
    def day(t):
        return (t - T2000) // DAY

    def log(self, t, kind, person, case=0, value=0, detail=0):
        self.rows.append((t, kind, person.id, case, value, detail))

    # ---- Entries, people and cases (sections 2.3.1 and 2.3.2) ----

    def run(self):
        first = index_of(self.v["time.warm_up_start"])
        last = self.day(self.horizon - 1)
        number = 0
        for d in range(first, last + 1):
            # A Poisson number of points, each uniform within the day.
            rate = self.tables.entry[d] * self.share / 365.25
            gap = self.random.expovariate(rate)
            while gap < 1:
                number += 1
                self.at(T2000 + d * DAY + int(gap * DAY), 1, self.enter, number)
                gap += self.random.expovariate(rate)
        self.plan_calendar()
        heap = self.heap
        while heap:
            t, _, _, act, what = heapq.heappop(heap)
            act(t, *what)
        if self.whole:
            for person in self.everybody.values():
                if person.episode is not None:
                    self.log(self.horizon, 47, person, 0, OPEN, person.episode.attended)
        return self.rows

    def enter(self, t, number):
        v, rnd = self.v, self.random
        p = Person()
        p.id = number
        self.everybody[number] = p
        male = self.chance(v["perpetrator.male_share"])
        u, band = rnd.random(), 3
        for k, name in enumerate(("age_16_24", "age_25_34", "age_35_49")):
            u -= v["perpetrator." + name]
            if u < 0:
                band = k
                break
        p.needs = [
            self.chance(v["perpetrator.need_" + name])
            for name in ("substance", "mental_health", "language", "employment")
        ]
        p.z = rnd.gauss(0, 1)
        r = v["perpetrator.motivation_correlation"]
        p.motivation = r * p.z + math.sqrt(1 - r * r) * rnd.gauss(0, 1)
        linx = band == 0 and self.tables.linx[self.day(t)]
        p.linx = linx and self.chance(v["linx.coverage"])
        p.cases = []
        p.gone = False
        p.custody_until = 0
        p.bbr_from = None
        p.episode = None
        p.episodes = 0
        p.started = []
        p.last_end = None
        p.dropped = None
        p.offer = False
        p.career_end = t + self.exponential(v["perpetrator.career_length"])
        bits = male + 2 * band + sum(8 << k for k in range(4) if p.needs[k])
        self.log(t, 1, p, 0, bits, int(p.linx))
        moves, dies = v["perpetrator.moves_away"], v["perpetrator.dies"]
        if moves + dies > 0:
            how = 3 if self.chance(dies / (moves + dies)) else 4
            self.at(t + self.exponential(365.25 / (moves + dies)), 29, self.exit, p, how)
        self.begin_case(t, p)

    def begin_case(self, t, p):
        if p.gone:
            return
        v, rnd = self.v, self.random
        c = Case()
        c.person = p
        q = v["case.frailty_correlation"]
        c.score = math.sqrt(q) * p.z + math.sqrt(1 - q) * rnd.gauss(0, 1)
        c.phi = min(math.exp(self.mu + v["case.frailty_sigma"] * c.score), v["case.frailty_cap"])
        if p.linx:
            c.phi *= v["linx.hazard_ratio"]
        u = rnd.random()
        c.kind = PARTNER
        if u < v["case.family_share"]:
            c.kind = FAMILY
        elif u < v["case.family_share"] + v["case.ex_partner_share"]:
            c.kind = EX_PARTNER
        c.high_harm = self.chance(v["case.high_harm_share"])
        short = self.chance(v["case.short_share"])
        c.end = t + self.exponential(v["case.short_duration" if short else "case.long_duration"])
        separation = self.chance(v["case.separation_share"])
        c.children = 0
        if self.chance(v["case.children_share"]):
            c.children = 1
            if self.chance(v["case.second_child"]):
                c.children = 3 if self.chance(v["case.third_child"]) else 2
        c.area = rnd.randrange(v["marac.areas"])
        c.ended = False
        c.last = c.heard = c.family_last = None
        c.referred = False
        c.grade = 0
        c.idva_from = c.outreach_from = c.dvpo_from = c.support_from = None
        c.idva_until = c.outreach_until = c.support_until = 0
        c.plan_until = 0
        c.touched = False
        p.cases.append(c)
        c.number = len(p.cases)
        self.log(
            t,
            2,
            p,
            c.number,
            c.kind,
            c.children + 4 * c.high_harm + 8 * short,
        )
        self.at(c.end, 30, self.end_case, c, 1 if separation else 0)
        rate = v["perpetrator.next_relationship"]
        if rate > 0 and c.number < 8:
            begin = t + self.exponential(365.25 / rate)
            if begin <= p.career_end:
                self.at(begin, 2, self.begin_case, p)
        self.next_candidate(t, c)

    def end_case(self, t, c, how):
        if not c.ended:
            c.ended = True
            self.log(t, 30, c.person, c.number, how)

    def exit(self, t, p, how):
        if p.gone:
            return
        p.gone = True
        self.log(t, 29, p, 0, how)
        for c in p.cases:
            self.end_case(t, c, how)
        if p.episode is not None:
            self.end_episode(t, p.episode, REMOVED)

    # ---- Incidents (sections 2.3.3 and 2.3.4) ----

    def raised(self, c, t):
        if c.last is None:
            return 1.0
        days = (t - c.last) / DAY
        v = self.v
        return 1 + v["incident.raised_hazard"] * math.exp(-days / v["incident.raised_hazard_time"])

    def next_candidate(self, t, c):
        """Find the next point below season, raised hazard and the largest multiplier."""
        rnd, tables = self.random, self.tables
        begin = t
        real = float(t)
        while True:
            bound = c.phi * tables.season_max * self.raised(c, real)
            real += rnd.expovariate(1.0) * YEAR / (bound * self.largest)
            if real >= c.end or real >= self.horizon - 1:
                return
            base = c.phi * tables.season[int((real - T2000) // DAY)] * self.raised(c, real)
            if rnd.random() * bound < base:
                self.at(max(begin + 1, round(real)), 3, self.candidate, c, base)
                return

    def multipliers(self, c, t, control):
        """Return m(L) and m(L + P)."""
        p, v = c.person, self.v
        kappa = self.factor if control else 1.0

        def fade(end, half_days):
            return 1.0 if t <= end else 2.0 ** (-(t - end) / (half_days * DAY))

        services = 0.0
        if p.bbr_from is not None:
            services += self.log_bbr * kappa * fade(p.bbr_from, v["effect.half_life"])
        if c.heard is not None:
            services += self.log_marac * fade(c.heard, v["marac.half_life"])
        if c.idva_from is not None:
            services += self.log_idva * fade(c.idva_until, v["outreach.half_life"])
        if c.outreach_from is not None:
            services += self.log_outreach * fade(c.outreach_until, v["outreach.half_life"])
        if c.dvpo_from is not None:
            end = c.dvpo_from + v["dvpo.length"] * DAY
            services += self.log_dvpo * fade(end, v["dvpo.half_life"])
        programme = 0.0
        longest = v["effect.maximum"] * DAY
        dose = 0.0
        for e in p.started:
            share = e.attended / e.planned
            if share == 0 or share < v["effect.threshold"]:
                continue
            if e.ended is None:
                dose = max(dose, share)
            elif t - e.ended <= longest:
                dose = max(dose, share * fade(e.ended, v["effect.half_life"]))
        programme += self.log_dose * kappa * dose
        if p.dropped is not None and t - p.dropped <= longest:
            programme += self.log_dropout * fade(p.dropped, v["effect.half_life"])
        if c.support_from is not None:
            programme += self.log_support * fade(c.support_until, v["outreach.half_life"])

        def multiplier(x):
            return 1.0 if x == 0 else max(v["effect.floor"], math.exp(x))

        return multiplier(services), multiplier(services + programme)

    def candidate(self, t, c, base):
        p = c.person
        if c.ended or p.gone:
            return
        if t >= p.custody_until:
            mix = self.mixes[c.high_harm]
            j = bisect.bisect_right(mix, self.random.random())
            without, now = self.multipliers(c, t, j == CONTROL)
            height = self.random.random() * base * self.largest
            if height < min(1024.0, base * now):
                self.incident(t, c, j, height >= min(1024.0, base * without))
                if p.gone:
                    return
            elif height < min(1024.0, base * without):
                self.averted(t, c, j)
        self.next_candidate(t, c)

    def reporting_effect(self, c, t):
        total = 0.0
        half = self.v["effect.reporting_half_life"] * DAY
        if c.support_from is not None:
            late = max(0, t - c.support_until)
            total += self.log_support_report * 2.0 ** (-late / half)
        if c.idva_from is not None:
            late = max(0, t - c.idva_until)
            total += self.log_idva_report * 2.0 ** (-late / half)
        return math.exp(total)

    def incident(self, t, c, j, added):
        v, p, d = self.v, c.person, self.day(t)
        c.last = t
        seen = c.children > 0 and self.chance(v["incident.child_present"])
        self.log(t, 3, p, c.number, j, int(seen) + 2 * c.high_harm)
        chance = self.report[j] * self.tables.report[d] * self.reporting_effect(c, t)
        if j == HOMICIDE or self.chance(min(0.99, chance)):
            self.log(t, 4, p, c.number, int(self.chance(v["report.attended"])))
            if j == HOMICIDE or self.chance(self.tables.record[d]):
                lag = self.exponential(v["record.lag"])
                self.at(t + lag, 5, self.record, c, j, added)
        if self.chance(v["marac.agency_referral"] / 1000):
            self.refer_to_marac(t, c, 2)
        if j == HOMICIDE:
            if v["feedback.homicide"]:
                self.exit(t, p, 2)
            return
        self.refer(t, c, SELF)
        if j in (INJURY, RAPE):
            self.refer(t, c, HEALTH)

    def averted(self, t, c, j):
        """Do what an averted incident would still have led to (section 2.3.9)."""
        if not c.children:
            return
        v, d = self.v, self.day(t)
        reported = recorded = 1.0
        if j != HOMICIDE:
            reported = min(0.99, self.report[j] * self.tables.report[d])
            recorded = self.tables.record[d]
        chance = (1 - v["children.pass_through"]) * reported * recorded * v["children.referral"]
        if self.chance(chance):
            lag = self.exponential(v["record.lag"])
            self.at(t + lag, 5, self.refer_children, c, True)

    # ---- Records and what follows (sections 2.3.5 to 2.3.9) ----

    def record(self, t, c, j, added):
        v, p, d = self.v, c.person, self.day(t)
        offence = NOT_CRIME
        if j == HOMICIDE:
            offence = HOMICIDE
        elif j == CONTROL:
            if self.chance(self.tables.control[d]):
                offence = CONTROL
        elif j != NONE and self.chance(self.tables.crime[d]):
            offence = j
        w = v["dash.frailty_weight"]
        level = (self.random.gauss(0, 1) + w * c.score) / self.grade_scale
        grade = 2 if level > self.high_above else int(level > self.medium_above)
        c.grade = grade
        self.log(t, 5, p, c.number, offence, grade)
        if p.gone:
            return
        at_large = t >= p.custody_until
        if at_large and offence != NOT_CRIME and self.chance(self.tables.arrest[d]):
            self.log(t, 6, p, c.number, offence)
            if self.chance(v["police.charge"]):
                delay = self.exponential(v["police.charge_delay"])
                self.at(t + delay, 9, self.charge, c, offence)
        if at_large and self.chance(self.tables.notice[d]):
            self.log(t, 7, p, c.number)
            if self.chance(v["police.dvpo_given_dvpn"]):
                self.at(t + 2 * DAY, 8, self.order, c)
        if self.chance(self.tables.outreach[d]) and t >= c.outreach_until:
            length = v["outreach.length"]
            c.outreach_from, c.outreach_until = t, t + self.after(length)
            self.log(t, 19, p, c.number, int(length))
        h = v["marac.high_risk_referral"] if grade == 2 else 0.0
        f = 0.0
        if c.heard is not None and t - c.heard <= SPAN:
            f = v["marac.further_referral"]
        if self.chance(max(h, f)):
            self.refer_to_marac(t, c, 1 if f > 0 and (grade != 2 or f >= h) else 0)
        if c.children:
            chance = v["children.referral"] * (v["children.pass_through"] if added else 1)
            if self.chance(chance):
                self.refer_children(t, c, False)
        self.refer(t, c, POLICE)

    def order(self, t, c):
        if not c.person.gone:
            c.dvpo_from = t
            self.log(t, 8, c.person, c.number)

    def charge(self, t, c, offence):
        if c.person.gone:
            return
        self.log(t, 9, c.person, c.number, offence)
        if self.chance(self.v["police.conviction"]):
            delay = self.exponential(self.v["police.conviction_delay"])
            self.at(t + delay, 10, self.convict, c)

    def convict(self, t, c):
        v, p = self.v, c.person
        if p.gone:
            return
        u = self.random.random()
        if u < v["police.custody"]:
            self.log(t, 10, p, c.number, 1)
            served = self.exponential(v["police.custody_served"])
            added = max(0, t + served - max(t, p.custody_until))
            self.log(t, 11, p, c.number, added // DAY)
            if p.episode is not None:
                self.end_episode(t, p.episode, REMOVED)
            p.custody_until = max(p.custody_until, t + served)
        elif u < v["police.custody"] + v["police.community_order"]:
            self.log(t, 10, p, c.number, 2)
            required = self.chance(v["bbr.requirement"])
            self.log(t, 13, p, c.number, int(required))
            if required and self.chance(v["bbr.started"]) and self.tables.bbr[self.day(t)]:
                self.at(t + self.after(v["bbr.delay"]), 14, self.begin_bbr, c)
        else:
            self.log(t, 10, p, c.number, 0)
        self.refer(t, c, COURT)

    def begin_bbr(self, t, c):
        if not c.person.gone and t >= c.person.custody_until:
            self.log(t, 14, c.person, c.number)
            self.at(t + self.after(self.v["bbr.length"]), 15, self.end_bbr, c)

    def end_bbr(self, t, c):
        if c.person.gone:
            return
        completed = self.chance(self.v["bbr.completed"])
        self.log(t, 15, c.person, c.number, int(completed))
        if completed:
            c.person.bbr_from = t

    def refer_to_marac(self, t, c, source):
        if c.referred:
            return
        c.referred = True
        within = c.heard is not None and t - c.heard <= SPAN
        detail = int(within) + 2 * (c.heard is not None)
        self.log(t, 16, c.person, c.number, source, detail)
        cycle = self.v["marac.cycle"] * DAY
        first = T2000 + cycle * c.area / self.v["marac.areas"]
        earliest = t + self.after(self.v["marac.notice"])
        meeting = first + math.ceil((earliest - first) / cycle) * cycle
        self.at(round(meeting), 17, self.hear, c)

    def hear(self, t, c):
        p = c.person
        c.referred = False
        if p.gone:
            return
        self.log(t, 17, p, c.number)
        c.heard = t
        if self.chance(self.tables.idva[self.day(t)]) and t >= c.idva_until:
            length = self.v["idva.length"]
            c.idva_from, c.idva_until = t, t + self.after(length)
            self.log(t, 18, p, c.number, int(length))
        self.refer(t, c, MARAC)

    def refer_children(self, t, c, other_reasons):
        p = c.person
        if p.gone:
            return
        again = c.family_last is not None and t - c.family_last <= SPAN
        c.family_last = t
        self.log(t, 20, p, c.number, c.children, int(again) + 2 * other_reasons)
        delay = self.after(self.v["children.assessment_delay"])
        self.at(t + delay, 21, self.assess_children, c)
        self.refer(t, c, CHILDREN)

    def assess_children(self, t, c):
        v, p = self.v, c.person
        if p.gone:
            return
        plan = self.chance(v["children.protection_plan"])
        if self.chance(v["children.in_need"]) or plan:
            self.log(t, 21, p, c.number, c.children)
        if plan and t >= c.plan_until:
            length = self.exponential(v["children.plan_length"])
            c.plan_until = t + length
            self.log(t, 22, p, c.number, c.children, length // DAY)
            if self.chance(v["children.looked_after"]):
                self.log(t, 23, p, c.number, c.children)

    # ---- The programme's pathway (section 2.4) ----

    def phase(self, t):
        """Return the phase whose design holds."""
        holds = None
        for phase in self.phases:
            if phase.start_t <= t:
                holds = phase
        return holds

    def phase_open(self, t, what):
        """Return the phase if its window for referrals, starts or support holds t."""
        phase = self.phase(t)
        if phase is None:
            return None
        begin = phase.start_t if what == "referrals" else phase.first_t
        end = phase.end_t if what == "support" else phase.last_t
        return phase if begin <= t < end else None

    def plan_calendar(self):
        for phase in self.phases:
            for t in (phase.start_t, phase.first_t, phase.last_t, phase.end_t):
                self.at(t, 46, self.calendar_day)
            for k in range(1, math.ceil(phase.years)):
                t = phase.start_t + math.ceil(k * 365.25) * DAY
                self.at(t, 46, self.calendar_day)
            if not phase.followed:
                self.at(phase.last_t, 45.9, self.close, phase)
                if phase.lever("ending") == "stop":
                    self.at(phase.end_t, 45.9, self.stop, phase)
            if phase.delivery == "closed groups":
                t = phase.first_t
                while t < phase.last_t:
                    self.at(t, 46, self.calendar_day)
                    t += round(phase.lever("group_interval")) * DAY

    def calendar_day(self, t):
        phase = self.phase(t)
        if phase.delivery == "one-to-one":
            self.move(self.group_list, self.one_to_one_list)
        elif not phase.first_t <= t < phase.last_t or phase.one_to_one_places == 0:
            self.move(self.one_to_one_list, self.group_list)
        for rank in (49, 50, 51):
            self.request(t, rank)

    @staticmethod
    def move(from_list, to_list):
        """Let all who wait change lists; they keep their place in the order and patience."""
        for entry in from_list:
            heapq.heappush(to_list, entry)
        from_list.clear()

    def request(self, t, rank):
        if (t, rank) not in self.requested:
            self.requested.add((t, rank))
            act = {49: self.give_slots, 50: self.give_places, 51: self.give_support}[rank]
            self.at(t, rank, act)

    def close(self, t, phase):
        for p in self.everybody.values():
            if p.episode is not None and p.episode.stage != ON_PROGRAMME:
                self.end_episode(t, p.episode, NOT_STARTED)

    def stop(self, t, phase):
        for p in self.everybody.values():
            if p.episode is not None and p.episode.stage == ON_PROGRAMME:
                self.end_episode(t, p.episode, REMOVED)
        for support in list(self.supports):
            support.case.support_until = t
            self.end_support(t, support)
        for *_, offer in self.support_queue:
            self.lapse(t, offer)
        self.support_queue.clear()

    def risk(self, t, c):
        if c.grade == 2 or (c.heard is not None and t - c.heard <= SPAN):
            return 2
        return c.grade

    def refer(self, t, c, route):
        phase = self.phase_open(t, "referrals")
        if phase is None or ROUTES[route] not in phase.lever("eligible_routes"):
            return
        v, p, d = self.v, c.person, self.day(t)
        x = 1.0
        if route == SELF:
            x = self.tables.self_ratio[d]
        elif route == POLICE:
            x = self.tables.police_ratio[d]
        chance = min(1.0, v["referral." + ROUTES[route]] * phase.lever("referral_effort") * x)
        if route == SELF:
            beta = v["referral.self_motivation"]
            chance *= min(30.0, math.exp(beta * p.motivation - beta * beta / 2))
        if not self.chance(chance):
            return
        if p.episode is not None or p.gone or t < p.custody_until or c.kind == FAMILY:
            return
        risk = self.risk(t, c)
        wanted = phase.lever("eligible_risk")
        if (wanted == "high" and risk != 2) or (wanted == "not high" and risk == 2):
            return
        if p.episodes >= phase.lever("max_episodes"):
            return
        if p.last_end is not None and t - p.last_end < v["referral.gap"] * DAY:
            return
        p.episodes += 1
        e = Episode()
        e.person, e.number, e.route, e.risk, e.referred = p, p.episodes, route, risk, t
        e.stage, e.token, e.attended, e.planned, e.ended, e.holds = REFERRED, 0, 0, 0, None, None
        e.phase = None
        e.case = c
        p.episode = e
        self.log(t, 40, p, 0, route, c.number)
        self.at(t + self.exponential(v["pathway.contact_delay"]), 41, self.contact, e)

    def contact(self, t, e):
        if e.ended is not None:
            return
        v, p = self.v, e.person
        if not self.chance(v["pathway.reached"]):
            self.log(t, 41, p, 0, 0)
            self.end_episode(t, e, NOT_REACHED)
            return
        name = {SELF: "self", POLICE: "police"}.get(e.route, "agency")
        shift = v["pathway.accept_motivation"] * p.motivation
        if not self.chance(shift_log_odds(self.agree[name], shift)):
            self.log(t, 41, p, 0, 1)
            self.end_episode(t, e, REFUSED)
            return
        self.log(t, 41, p, 0, 2)
        self.join(t, e, QUEUING, self.assessment_queue, 49)

    def join(self, t, e, stage, queue, rank):
        e.stage = stage
        e.token += 1
        key = 2 - e.risk if self.phase(t).by_risk else 0
        heapq.heappush(queue, (key, t, e.person.id, e.token, e))
        rate = self.v["pathway.renege"]
        if rate > 0:
            patience = self.exponential(365.25 / rate)
            self.at(t + patience, 47, self.renege, e, e.token)
        self.request(t, rank)

    def renege(self, t, e, token):
        if e.ended is None and e.token == token and e.stage in (QUEUING, WAITING):
            self.end_episode(t, e, RENEGED)

    @staticmethod
    def clean(queue, stage):
        """Drop from the head of a queue those who have left it."""
        while queue:
            _, _, _, token, e = queue[0]
            if e.ended is None and e.stage == stage and e.token == token:
                return e
            heapq.heappop(queue)
        return None

    def give_slots(self, t):
        phase = self.phase_open(t, "starts")
        if phase is None:
            return
        v = self.v
        while self.assessing < phase.slots:
            e = self.clean(self.assessment_queue, QUEUING)
            if e is None:
                return
            heapq.heappop(self.assessment_queue)
            e.stage = ASSESSING
            self.assessing += 1
            self.log(t, 49, e.person)
            extra = self.random.expovariate(1.0) * v["pathway.assessment_extra"]
            length = self.after(v["pathway.assessment_fixed"] + extra)
            self.at(t + length, 42, self.end_assessment, e)

    def end_assessment(self, t, e):
        if e.ended is not None:
            return
        p, phase = e.person, self.phase(t)
        self.assessing -= 1
        self.request(t, 49)
        suitable = self.chance(self.v["pathway.suitable"])
        e.stage = REFERRED  # holds no slot any more
        e.risk = self.risk(t, e.case)
        self.log(t, 42, p, 0, int(suitable), e.risk)
        self.offer_support(t, p)
        if not suitable:
            self.end_episode(t, e, UNSUITABLE)
            return
        open_places = phase.first_t <= t < phase.last_t
        alone = phase.delivery == "one-to-one" or (
            e.risk == 2 and open_places and phase.one_to_one_places > 0
        )
        self.log(t, 44, p, 0, int(alone), e.risk)
        line = self.one_to_one_list if alone else self.group_list
        self.join(t, e, WAITING, line, 50)

    def give_places(self, t):
        phase = self.phase_open(t, "starts")
        if phase is None:
            return
        v, money = self.v, phase.released(t)
        group_cost = round(100 * v["budget.start"])
        alone_cost = round(
            100 * v["budget.start"] * v["budget.one_to_one_place"] / v["budget.place"]
        )

        def affordable(cost):
            return phase.committed + cost <= money

        while self.in_one_to_one < phase.one_to_one_places and affordable(alone_cost):
            e = self.clean(self.one_to_one_list, WAITING)
            if e is None:
                break
            heapq.heappop(self.one_to_one_list)
            self.in_one_to_one += 1
            self.begin(t, e, phase, True, alone_cost)
        if phase.delivery != "closed groups":
            while self.in_group < phase.group_places and affordable(group_cost):
                e = self.clean(self.group_list, WAITING)
                if e is None:
                    break
                heapq.heappop(self.group_list)
                self.in_group += 1
                self.begin(t, e, phase, False, group_cost)
            return
        step = round(phase.lever("group_interval")) * DAY
        if (t - phase.first_t) % step:
            return
        while True:
            waiting = sum(
                1
                for _, _, _, token, e in self.group_list
                if e.ended is None and e.stage == WAITING and e.token == token
            )
            size = min(phase.group_size, phase.group_places - self.in_group, waiting)
            while size > 0 and not affordable(size * group_cost):
                size -= 1
            if size < max(1, phase.group_minimum):
                return
            for _ in range(size):
                e = self.clean(self.group_list, WAITING)
                heapq.heappop(self.group_list)
                self.begin(t, e, phase, False, group_cost)
                e.holds = None
            self.in_group += size
            length = phase.sessions * self.after(phase.interval)
            self.at(t + length, 47, self.end_group, size)

    def end_group(self, t, places):
        self.in_group -= places
        self.request(t, 50)

    def begin(self, t, e, phase, alone, cost):
        v, p = self.v, e.person
        phase.committed += cost
        e.stage, e.phase = ON_PROGRAMME, phase
        e.planned = phase.sessions
        e.holds = "alone" if alone else "group"
        p.started.append(e)
        self.log(t, 50, p, 0, int(alone), e.planned)
        shift = v["pathway.complete_motivation"] * p.motivation
        unmet = sum(1 for k in range(4) if p.needs[k] and NEEDS[k] not in phase.met)
        shift += math.log(v["pathway.unmet_need_odds"]) * unmet
        if phase.motivational:
            shift -= math.log(v["pathway.motivational_odds"])
        if alone:
            shift -= math.log(v["pathway.one_to_one_odds"])
        name = "self" if e.route == SELF else "agency"
        complete = shift_log_odds(self.complete[name], shift)
        to_attend = e.planned
        if complete <= 0:
            to_attend = 0
        elif complete < 1:
            u = 1 - self.random.random()
            part = (math.log(u) / math.log(complete)) ** (1 / v["pathway.dropout_shape"])
            if part < 1:
                to_attend = min(e.planned - 1, math.floor(e.planned * part))
        self.at(t + self.after(phase.interval), 45, self.session, e, to_attend)

    def session(self, t, e, to_attend):
        if e.ended is not None:
            return
        if e.attended == to_attend:
            e.person.dropped = t
            self.end_episode(t, e, DROPPED)
            return
        e.attended += 1
        self.log(t, 45, e.person, 0, e.attended)
        if e.attended == e.planned:
            self.end_episode(t, e, COMPLETED)
        else:
            self.at(t + self.after(e.phase.interval), 45, self.session, e, to_attend)

    def end_episode(self, t, e, outcome):
        p = e.person
        e.ended = t
        p.episode = None
        p.last_end = t
        self.log(t, 47, p, 0, outcome, e.attended)
        if e.stage == ASSESSING:
            self.assessing -= 1
            self.request(t, 49)
        elif e.holds == "alone":
            self.in_one_to_one -= 1
            self.request(t, 50)
        elif e.holds == "group":
            self.in_group -= 1
            self.request(t, 50)
        if outcome in (COMPLETED, DROPPED):
            self.at(t + self.after(self.v["pathway.follow_up"]), 52, self.follow_up, p)

    def follow_up(self, t, p):
        if not p.gone:
            self.log(t, 52, p)

    # ---- Partner support (section 2.4.8) ----

    def offer_support(self, t, p):
        phase = self.phase_open(t, "support")
        if phase is None or phase.support_places == 0 or p.offer:
            return
        open_cases = [c for c in p.cases if not c.ended and c.kind != FAMILY]
        if not open_cases:
            return
        c = open_cases[-1]
        taken = self.chance(self.v["pathway.support_uptake"])
        self.log(t, 43, p, c.number, int(taken))
        if taken:
            p.offer = True
            offer = [c, True]
            self.sequence += 1
            heapq.heappush(self.support_queue, (t, p.id, self.sequence, offer))
            patience = self.after(self.v["pathway.support_patience"])
            self.at(t + patience, 48, self.lapse, offer)
            self.request(t, 51)

    def lapse(self, t, offer):
        if offer[1]:
            offer[1] = False
            offer[0].person.offer = False

    def give_support(self, t):
        phase = self.phase_open(t, "support")
        if phase is None:
            return
        while self.supported < phase.support_places and self.support_queue:
            offer = heapq.heappop(self.support_queue)[-1]
            if not offer[1]:
                continue
            offer[1] = False
            c = offer[0]
            self.supported += 1
            length = self.after(self.v["pathway.support_length"])
            c.support_from, c.support_until = t, t + length
            support = Support()
            support.case = c
            self.supports.append(support)
            self.log(t, 51, c.person, c.number)
            self.at(t + length, 48, self.end_support, support)

    def end_support(self, t, support):
        if support not in self.supports:
            return
        self.supports.remove(support)
        c = support.case
        self.supported -= 1
        c.person.offer = False
        self.log(t, 48, c.person, c.number)
        self.request(t, 51)


def simulate(inputs, option, seed, until=None):
    """Return the rows of one run, in order of time; `until` stops it before the horizon."""
    return Simulation(inputs, option, seed, until).run()


# ---- What is counted (section 2.9) ----

COUNTED = {
    4: "report.reports",
    6: "police.arrests",
    7: "police.dvpns",
    8: "police.dvpos",
    9: "police.charges",
    10: "police.convictions",
    11: "police.custody",
    13: "police.community_orders",
    14: "police.bbr_starts",
    16: "marac.referrals",
    17: "marac.hearings",
    18: "services.idva",
    19: "services.outreach",
    42: "programme.assessments",
    45: "programme.sessions",
    50: "programme.starts",
    51: "programme.support_starts",
    1: "case.entries",
    2: "case.begun",
    52: "programme.follow_ups",
}
COUNTED_CHILDREN = {
    20: "children.referrals",
    21: "children.in_need",
    22: "children.plans",
    23: "children.looked_after",
}


def count(rows, record_start, last_year=None):
    """Return a counter by (measure, group, first calendar year of the financial year).

    Rows in a year later than `last_year` count in it.
    """
    counts = Counter()
    groups = {}  # person -> groups of the person
    # (person, case) -> group of the household
    families = {
        (person, case): "children" if detail & 3 else "no_children"
        for _, kind, person, case, _, detail in rows
        if kind == 2
    }
    last_first, last_record, first_records, in_year = {}, {}, set(), {}
    referred, household = {}, {}  # person -> time and case of the last referral
    abused: set[tuple[tuple[int, int], int]] = set()
    years = {}
    record_from = index_of(record_start)

    for t, kind, person, case, value, detail in rows:
        d = (t - T2000) // DAY
        year = years.get(d)
        if year is None:
            date = EPOCH + dt.timedelta(d)
            year = date.year if date.month >= 4 else date.year - 1
            if last_year is not None:
                year = min(year, last_year)
            years[d] = year
        victim = (person, case)
        if kind == 1:
            age = ("age_16_24", "age_25_34", "age_35_49", "age_50_plus")[value >> 1 & 3]
            groups[person] = [
                "all",
                "male" if value & 1 else "female",
                age,
                "needs" if value >> 3 else "no_needs",
            ]
        names = []

        if kind in COUNTED:
            names.append((COUNTED[kind], 1))
        elif kind in COUNTED_CHILDREN:
            names.append((COUNTED_CHILDREN[kind], value))
        if kind == 3:
            names.append(("true.incidents", 1))
            names.append(("true." + BEHAVIOURS[value], 1))
            if (victim, year) not in abused:
                abused.add((victim, year))
                names.append(("true.victims", 1))
            if detail & 1:
                names.append(("true.child_present", 1))
            if detail & 2:
                names.append(("true.high_harm", 1))
            if value in (STALKING, CONTROL):
                before = last_first.get((victim, value))
                if before is None or d - before > 365:
                    last_first[victim, value] = d
                    names.append((f"true.{BEHAVIOURS[value]}_first", 1))
        elif kind == 2 and value == 1:
            names.append(("case.ex_partners", 1))
        elif kind == 30 and value == 1:
            names.append(("case.separated", 1))
        elif kind == 4 and value:
            names.append(("report.attended", 1))
        elif kind == 5:
            before = last_record.get(victim)
            if before != d:
                last_record[victim] = d
                names.append(("recorded.incidents", 1))
                offence = "non_crime" if value == NOT_CRIME else BEHAVIOURS[value]
                names.append(("recorded." + offence, 1))
                if in_year.get(victim) == year:
                    names.append(("recorded.repeat_a", 1))
                else:
                    names.append(("recorded.victims", 1))
                in_year[victim] = year
                if before is not None and d - before <= 365:
                    names.append(("recorded.repeat_b", 1))
                if victim in first_records:
                    names.append(("recorded.repeat_c", 1))
                if d >= record_from:
                    first_records.add(victim)
                if detail == 2:
                    names.append(("recorded.high_risk", 1))
        elif kind == 11:
            names.append(("police.custody_days", value))
        elif kind == 15 and value:
            names.append(("police.bbr_completions", 1))
        elif kind == 16:
            if detail & 1:
                names.append(("marac.repeats", 1))
            if detail & 2:
                names.append(("marac.repeats_ever", 1))
        elif kind == 20 and detail & 1:
            names.append(("children.rereferrals", value))
        elif kind == 40:
            referred[person] = t
            household[person] = detail
            names.append(("programme.referrals_" + ROUTES[value], 1))
        elif kind == 41 and value:
            names.append(("programme.contacted", 1))
        elif kind == 47:
            names.append(("programme.ended_" + OUTCOMES[value], 1))
        elif kind == 50:
            names.append(("programme.wait_days", (t - referred[person]) // DAY))
            if value:
                names.append(("programme.one_to_one_starts", 1))

        if names:
            family = families[person, case or household.get(person, 1)]
            for name, number in names:
                for group in groups[person]:
                    counts[name, group, year] += number
                counts[name, family, year] += number
    return counts
