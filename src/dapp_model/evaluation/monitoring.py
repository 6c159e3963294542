"""What monitoring would have shown at the data cut-off in one simulated county, and no more.

It passes through the observation and follow-up layers: counts that a provider returns, what
partners of everybody assessed say who can be asked, police records, and a matched comparison of
these. Never a true incident that
nobody reported, never a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from dapp_model import events as ev
from dapp_model import model
from dapp_model.evaluation import lives, outcomes
from dapp_model.evaluation.designs import matched_weights
from dapp_model.evaluation.lives import NONE, NOT, PILOT, Lives, Luck
from dapp_model.evaluation.outcomes import months
from dapp_model.evaluation.seen import MONTH, Ints, Rows, Tally, interviews, records_of, tallies

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs
    from dapp_model.world import World

STARTS, COMPLETIONS = "starts", "completions"
REPORTED: Final = "abuse reported by partners of everybody assessed"
REPEATS: Final = "police repeats of everybody assessed"
MATCHED: Final = "police records of starters, matched comparison"
RULE: Final = {STARTS: True, COMPLETIONS: True, REPORTED: False}  # whether more speaks for it
OTHERS: Final = ("referrals", "assessed", "days from referral to start", "partners asked")
FOLLOWED: Final = (6, 12)  # months of follow-up of which it is said who has them at the cut-off
FIGURES: Final = (
    *RULE,
    REPEATS,
    MATCHED,
    *OTHERS,
    *(f"starters with {n} months" for n in FOLLOWED),
)
AS_A_SERVICE: Final = "the pilot against no programme, GBP"
# Of the county, from which people to match with are taken: `benchmarks/run.py --only finding` says
# what error the ratio then has, and how much it differs between draws.
OUTSIDE_SHARE: Final = 0.2
_INTERVIEWS: Final = 7_001  # keeps their luck apart from that of other analyses


@dataclass(frozen=True)
class Job:
    """One draw of what is not known (`inputs`), its number, and the luck of its county.

    people: int64 [n, 2], number and entry time of everybody whom the pilot sees referred.
    """

    inputs: Inputs
    number: int
    luck: Luck
    people: Ints


def shown(job: Job) -> dict[str, float]:
    """Return the figures by name, and under AS_A_SERVICE what the pilot is worth against none.

    Counts are those of a whole county. NaN is a figure that nobody could give. The value is net
    present social value in GBP at the pilot's own decision: the pilot with no extension.
    """
    from dapp_model.engines import fast, sharing
    from dapp_model.experiment import with_share

    inputs, people = lives.pilot_of(job.inputs), job.people
    worlds = model.tabulate_all(inputs, (NONE, PILOT))
    luck = (job.luck.seed, job.luck.replicate)
    every = sharing.live_under_each(list(worlds.values()), people, *luck)
    rows = {name: lived.rows for name, lived in zip(worlds, every, strict=True)}
    cut = cut_off(inputs)
    # Who came how far is what was known then: a later referral must not show.
    early = rows[PILOT][rows[PILOT]["time"] < cut]
    found = lives.people_of(early, worlds[PILOT])
    rng = np.random.default_rng([job.luck.seed, _INTERVIEWS, job.number])
    figures = figures_of(early, found, cut, rng)
    life = Lives({PILOT: early}, found, worlds[PILOT], model.phases(inputs, PILOT)[0])
    few = with_share(inputs, min(OUTSIDE_SHARE, inputs.population_share))
    # Whom to match with is known then, too: nobody is left out because of a later referral.
    until = replace(model.tabulate(few, PILOT), horizon=cut)
    referrals = outcomes.time_of_referrals(life.phase)
    figures[MATCHED] = matched(life, fast.live_recorded(until, *referrals, *luck), cut)
    share = inputs.population_share
    counted = (STARTS, COMPLETIONS, *OTHERS[:2], OTHERS[3])
    for name in (*counted, *(f"starters with {n} months" for n in FOLLOWED)):
        figures[name] /= share
    return figures | {AS_A_SERVICE: _value(replace(inputs, decision="pilot"), worlds, rows)}


def cut_off(inputs: Inputs) -> int:
    """Return the second at which data for the decision end."""
    levers = inputs.option(PILOT).levers
    date = model.add_days(levers["programme.contract_start"], levers["decision.cut_off_month"])
    return model.seconds(date)


def figures_of(
    rows: Rows, people: pd.DataFrame, cut: int, rng: np.random.Generator
) -> dict[str, float]:
    """Return what is known at `cut` (seconds) of people as `lives.people_of` lists them.

    Rows from `cut` on are not looked at, and of incidents only what a partner is asked for.
    """
    rows = rows[rows["time"] < cut]

    def known(name: str) -> pd.DataFrame:
        return people[(people[name] != NOT) & (people[name] < cut)]

    started, assessed = known("started"), known("assessed")
    ended = known("ended")
    waited = (started["started"] - started["referred"]).to_numpy() / model.DAY
    found = {
        STARTS: float(len(started)),
        COMPLETIONS: float((ended["outcome"] == ev.COMPLETED).sum()),
        "referrals": float(len(known("referred"))),
        "assessed": float(len(assessed)),
        "days from referral to start": float(waited.mean()) if len(waited) else float("nan"),
    }
    for n in FOLLOWED:
        whole = started["started"] + n * MONTH <= cut
        found[f"starters with {n} months"] = float(whole.sum())
    length = months("monitoring_months")
    asked = assessed[assessed["assessed"] + round(length * MONTH) <= cut].sort_values("person")
    begin = np.asarray(asked["assessed"], dtype=np.int64)
    tally = tallies(
        rows,
        np.asarray(asked["person"], dtype=np.int64),
        np.asarray(asked["case"], dtype=np.int64),
    )
    end = begin + round(length * MONTH)
    found |= _from_partners(tally.case_incidents.between(begin, end), length, rng)
    again = tally.records.between(begin, end) > 0
    found[REPEATS] = float(again.mean()) if len(again) else float("nan")
    return found


def matched(life: Lives, county: Rows, cut: int) -> float:
    """Return what a matched evaluation would report at the cut-off, or NaN without anybody.

    The log ratio of police records in the first months after the start, of starters with that much
    follow-up against people of `county` who were not referred, matched as in `designs.py`. Half a
    record is added on both sides, so that few records have a logarithm.
    """
    length = months("monitoring_months")
    follow_up = round(length * MONTH)
    people = life.people
    own = people[(people["started"] != NOT) & (people["started"] + follow_up <= cut)]
    own = own.sort_values("person")
    outside, theirs = outcomes.outside(county, life)
    index = np.asarray(outside["when"], dtype=np.int64)
    outside = outside.assign(records=theirs.records.between(index, index + follow_up))
    outside = outside[index + follow_up <= cut]
    if not len(own) or not len(outside):
        return float("nan")
    persons = np.asarray(own["person"], dtype=np.int64)
    start = np.asarray(own["started"], dtype=np.int64)
    known = records_of(life.rows[PILOT])
    records = Tally(persons, known["person"], known["time"])
    before = round(months("before_months") * MONTH)
    own = own.assign(
        records_before_start=records.between(start - before, start),
        grade=outcomes.latest_grade(known, persons, start),
    )
    here, there = matched_weights(outcomes.stratum(own), outcomes.stratum(outside))
    if not here.sum():
        return float("nan")
    # Sums, as a matrix product may differ in the last digit from one run to the next.
    seen = float((here * records.between(start, start + follow_up)).sum())
    expected = float((there * outside["records"].to_numpy()).sum()) * here.sum() / there.sum()
    return float(np.log((seen + 0.5) / (expected + 0.5)))


def _from_partners(incidents: Ints, length: float, rng: np.random.Generator) -> dict[str, float]:
    """Return the share of partners asked who report abuse, and how many could be asked."""
    asked = interviews()
    luck = rng.random((2, len(incidents)))
    answers = luck[0] < asked.known(incidents.astype(np.float64), length)
    speaks = luck[1] < asked.disclosed
    number = int(answers.sum())
    share = float(((incidents > 0) & speaks)[answers].mean()) if number else float("nan")
    return {REPORTED: share, "partners asked": float(number)}


def _value(inputs: Inputs, worlds: Mapping[str, World], rows: Mapping[str, Rows]) -> float:
    """Return the net present social value of the pilot against no programme, GBP."""
    from dapp_model.economics import summary, value
    from dapp_model.engines import fast
    from dapp_model.outcomes import BASELINE_YEAR, Outcomes, trimmed

    accounts = {}
    for name, own in rows.items():
        counts, first_year = fast.count_rows(own, worlds[name])
        counted = Outcomes(name, first_year, counts)
        accounts[name] = value(trimmed(counted, BASELINE_YEAR), inputs)
    return float(summary(accounts[PILOT], accounts[NONE]).net_present_social_value)
