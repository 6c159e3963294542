"""First fit of the county to what was counted in Surrey and elsewhere: measure it, or search again.

    python calibration/first_fit.py                 measures the values that ship with the model
    python calibration/first_fit.py --refit 260     repeats the search, 260 counties for each start

Simulated figures follow the definitions of `dapp_model.definitions`; those that need a person's
history are read off the same rows. What the fit can and cannot say stands in README.md here.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import datetime as dt
import math
import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import economics, model, study
from dapp_model import events as ev
from dapp_model.definitions import year_table
from dapp_model.engines import fast
from dapp_model.outcomes import Outcomes
from dapp_model.parameters import Inputs
from dapp_model.scenario import load

HERE: Final = Path(__file__).resolve().parent
SCENARIO: Final = HERE.parent / "scenarios" / "surrey_base.toml"
YEAR: Final = 2014  # the baseline year 2014/15
BEGINS: Final = model.seconds(dt.date(YEAR, 4, 1))
ENDS: Final = model.seconds(dt.date(YEAR + 1, 4, 1))  # nothing later is simulated
RECORD_BEGINS: Final = model.seconds(dt.date(2009, 4, 1))
CRIME_INTAKE_BEGINS: Final = model.seconds(dt.date(2010, 1, 1))
HOMICIDE_YEARS: Final = 5
CASES_PER_PERSON: Final = 16  # more than the cases that one perpetrator can have

SEARCH_SEED: Final = 1
CHECK_SEED: Final = 2  # what is measured shares no luck with what was searched
SEARCH_SHARE: Final = 0.1
SCALING_SHARE: Final = 0.25
SCALING_ROUNDS: Final = 5

Numbers = Mapping[str, float]
Times = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Target:
    """One row of targets.csv: a figure of a source, and what is compared with it.

    use: strong, weak, check or other reading. `aim` is what the search aims at, `scale` how far
    off counts as one; a target without a scale has no part in the search. `value` may be missing
    where the source gives a range alone.
    """

    name: str
    label: str
    evidence: str
    value: float | None
    low: float | None
    high: float | None
    source: str
    status: str
    grade: str
    use: str
    aim: float | None
    scale: float | None

    def misfit(self, simulated: float) -> float | None:
        """Return how far the simulated figure lies from the source's, as a share of the latter."""
        return None if self.value is None else simulated / self.value - 1


def targets() -> tuple[Target, ...]:
    """Return the targets in the order of the file."""

    def number(text: str) -> float | None:
        return float(text) if text else None

    with (HERE / "targets.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Target(
                name=row["name"],
                label=row["label"],
                evidence=row["evidence"],
                value=number(row["value"]),
                low=number(row["low"]),
                high=number(row["high"]),
                source=row["source"],
                status=row["status"],
                grade=row["grade"],
                use=row["use"],
                aim=number(row["aim"] or row["value"]),
                scale=number(row["scale"]),
            )
            for row in csv.DictReader(file)
        )


# -- the simulated county -------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Records:
    """Recorded incidents, those of one victim on one day once: time in s, who, which case, crime.

    Sorted by case and time. As in `definitions.fold`, the first record of the day stands for it.
    """

    time: Times
    person: Times
    case: Times
    crime: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: npt.NDArray[np.void]) -> Records:
        """Return the recorded incidents among a county's rows."""
        own = rows[rows["kind"] == ev.RECORD]
        case = _case(own)
        order = np.lexsort((own["time"], case))
        own, case = own[order], case[order]
        day = own["time"] // model.DAY
        first = np.ones(len(own), bool)
        first[1:] = (case[1:] != case[:-1]) | (day[1:] != day[:-1])
        own = own[first]
        crime = np.asarray(own["value"] != ev.NONE, dtype=np.bool_)
        return cls(own["time"], own["person"], case[first], crime)

    def at(self, chosen: npt.NDArray[Any]) -> Records:
        """Return some of the records (a mask), or the records in another order (indices)."""
        return Records(
            self.time[chosen], self.person[chosen], self.case[chosen], self.crime[chosen]
        )

    def between(self, begins: int, ends: int) -> Records:
        """Return the records from one moment up to another."""
        return self.at((self.time >= begins) & (self.time < ends))


@dataclasses.dataclass(frozen=True)
class Followed:
    """Perpetrators followed from a first record: days to the next (infinite if there is none).

    `other` says whether the next record has another victim.
    """

    gap: npt.NDArray[np.float64]
    other: npt.NDArray[np.bool_]

    def share_within(self, days: int) -> float:
        """Return the share with a next record within so many days."""
        return float(np.mean(self.gap <= days))


def follow(records: Records, begins: int, days: int) -> Followed:
    """Follow all whose first record since `begins` lies at least `days` before the end."""
    since = records.between(begins, ENDS)
    since = since.at(np.lexsort((since.time, since.person)))
    same = since.person[1:] == since.person[:-1]
    first = np.concatenate([[True], ~same])
    gap = np.full(len(since.time), np.inf)
    gap[:-1][same] = np.diff(since.time)[same] / model.DAY
    other = np.zeros(len(since.time), bool)
    other[:-1] = same & (since.case[1:] != since.case[:-1])
    intake = first & (since.time < ENDS - days * model.DAY)
    return Followed(gap[intake], other[intake])


def _case(rows: npt.NDArray[np.void]) -> Times:
    """Return one number for each victim."""
    return np.asarray(rows["person"] * CASES_PER_PERSON + rows["relationship"], dtype=np.int64)


def baseline(values: Numbers, share: float) -> Inputs:
    """Return the inputs of the county with other values (base units) and a share of its people."""
    inputs = study.with_share(load(SCENARIO), share)
    return inputs.replace(values=dict(values)) if values else inputs


def measure(
    values: Numbers, share: float, replicate: int, *, seed: int = CHECK_SEED
) -> dict[str, float]:
    """Simulate the county with no programme to the end of the baseline year and measure it.

    Returns a figure for every target by name, scaled up to the whole county.
    """
    inputs = baseline(values, share)
    option = inputs.options[0]
    whole = model.tabulate(inputs, option)
    world = dataclasses.replace(whole, horizon=ENDS)
    census = fast.take_census([world], seed, replicate, keep=True)
    if len(census.people):
        raise ValueError("a programme reaches people before the end of the baseline year")
    counts, first_year = fast.count(census.rows, world)
    outcomes = Outcomes(option, first_year, counts)
    found = counted(outcomes, share) | followed(census.rows, share)
    found["police_bill"] = police_bill(
        outcomes, inputs, year_table(whole.warm_up, whole.horizon)[1]
    )
    return found


def counted(outcomes: Outcomes, share: float) -> dict[str, float]:
    """Return the figures that are counts by year, or ratios of such."""

    def of(measure: str, year: int = YEAR) -> float:
        return float(outcomes.of(measure)[year - outcomes.first_year])

    def in_years(measure: str) -> float:
        return sum(of(measure, YEAR - back) for back in range(HOMICIDE_YEARS))

    recorded = of("recorded.incidents")
    return {
        "recorded_incidents": recorded / share,
        "repeat_share_a": of("recorded.repeat_a") / recorded,
        "repeat_share_b": of("recorded.repeat_b") / recorded,
        "repeat_share_c": of("recorded.repeat_c") / recorded,
        "marac_referrals": of("marac.referrals") / share,
        "marac_repeats": of("marac.repeats") / share,
        "marac_repeats_ever": of("marac.repeats_ever") / share,
        "crime_share": 1 - of("recorded.non_crime") / recorded,
        "convictions_per_incident": of("police.convictions") / recorded,
        "homicides_per_1000": 1000 * in_years("true.homicide") / in_years("recorded.incidents"),
        "outreach_starts": of("services.outreach", YEAR - 1) / share,
        "growth": recorded / of("recorded.incidents", YEAR - 1),
    }


def followed(rows: npt.NDArray[np.void], share: float) -> dict[str, float]:
    """Return the figures that need a victim's or a perpetrator's history."""
    records = Records.of(rows)
    window = records.between(RECORD_BEGINS, BEGINS)
    _, per_victim = np.unique(window.case, return_counts=True)
    crimes = follow(records.at(records.crime), CRIME_INTAKE_BEGINS, 731)
    incidents = follow(records, RECORD_BEGINS, 1096)
    true = rows[rows["kind"] == ev.INCIDENT]
    in_year = true[(true["time"] >= BEGINS) & (true["time"] < ENDS)]
    plans = rows[rows["kind"] == ev.CHILD_PLAN]
    lasts_to = plans["time"] + plans["detail"].astype(np.int64) * model.DAY
    return {
        "no_repeat_five_years": float(np.mean(per_victim == 1)),
        "no_later_crime_731_days": 1 - crimes.share_within(731),
        "repeat_three_years": incidents.share_within(1096),
        "new_partner_share": float(np.mean(incidents.other[incidents.gap <= 1096])),
        "repeats_in_six_months": incidents.share_within(183) / incidents.share_within(913),
        "true_victims": len(np.unique(_case(in_year))) / share,
        "children_on_plan": float(plans["value"][lasts_to >= ENDS].sum()) / share,
    }


def police_bill(outcomes: Outcomes, inputs: Inputs, years: int) -> float:
    """Return what the baseline year costs the police, in GBP a year at the account's prices.

    years: how many the scenario has. The contract's own must be there, though empty.
    """
    counts = np.zeros((*outcomes.counts.shape[:2], years), np.int64)
    counts[:, :, : outcomes.counts.shape[2]] = outcomes.counts
    whole = study.trimmed(Outcomes(outcomes.option, outcomes.first_year, counts), YEAR)
    account = economics.value(whole, inputs)
    return economics.summary(account, account).baseline.police_bill


def measure_all(
    values: Numbers, share: float, replicates: Sequence[int], *, workers: int = 2
) -> list[dict[str, float]]:
    """Measure several replicates in parallel; the result does not depend on `workers`."""
    with _pool(min(workers, len(replicates))) as pool:
        return list(pool.map(partial(measure, dict(values), share), replicates))


def _pool(workers: int) -> ProcessPoolExecutor:
    study.compile_engine(load(SCENARIO))  # once, and not in every worker
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def means(found: Iterable[Numbers]) -> dict[str, float]:
    """Return the mean of each figure over replicates."""
    rows = list(found)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def errors(found: Iterable[Numbers]) -> dict[str, float]:
    """Return the Monte Carlo standard error of each mean; not a number for one replicate."""
    rows = list(found)
    if len(rows) < 2:
        return dict.fromkeys(rows[0], math.nan)
    return {
        name: float(np.std([row[name] for row in rows], ddof=1)) / math.sqrt(len(rows))
        for name in rows[0]
    }


# -- the search -----------------------------------------------------------------------------------

# What the search moves: three starting points, and how far the first simplex reaches from the
# start and from the best point of the three searches (on the log scale; a share: log odds).
SEARCHED: Final[Mapping[str, tuple[tuple[float, float, float], float, float]]] = {
    "county.new_perpetrators": ((14_000, 30_000, 35_000), 0.2, 0.25),
    "case.frailty_mean": ((3.0, 3.0, 2.0), 0.3, -0.3),
    "case.frailty_sigma": ((1.1, 1.7, 1.9), 0.2, 0.15),
    "case.short_share": ((0.574, 0.731, 0.5), 0.6, -0.7),
    "case.short_duration": ((60, 30, 20), 0.5, 0.5),
    "case.long_duration": ((600, 700, 300), 0.5, -0.5),
    "incident.raised_hazard": ((3.0, 3.0, 6.0), 0.4, 0.6),
    "incident.raised_hazard_time": ((45, 30, 20), 0.5, -0.6),
}
SHARES: Final = frozenset({"case.short_share"})
# What is scaled afterwards, each in proportion to the one figure that it moves most: where it
# starts, the figure, and the highest value that makes sense.
SCALED: Final[Mapping[str, tuple[float, str, float]]] = {
    "marac.high_risk_referral": (0.35, "marac_first", 0.95),
    "marac.agency_referral": (1.0, "marac_first", 30.0),
    "marac.further_referral": (0.30, "marac_repeats", 0.95),
    "crime.probability": (0.78, "crime_share", 0.97),
    "children.protection_plan": (0.22, "children_on_plan", 0.95),
    "police.charge": (0.45, "convictions_per_incident", 0.95),
    "perpetrator.next_relationship": (0.12, "new_partner_share", 2.0),
}


def distance(found: Numbers) -> float:
    """Return the sum of squared misfits of the targets that the search uses, in their scales."""
    total = 0.0
    for target in targets():
        if target.scale is not None and target.aim is not None:
            total += ((found[target.name] - target.aim) / target.scale) ** 2
    return total


def _moved(name: str, value: float) -> float:
    return math.log(value / (1 - value)) if name in SHARES else math.log(value)


def _back(name: str, x: float) -> float:
    return 1 / (1 + math.exp(-x)) if name in SHARES else math.exp(x)


def plausible(values: Numbers) -> bool:
    """Say whether the search may try these values; far off, a county takes long to simulate."""
    return (
        values["incident.raised_hazard"] <= 8
        and values["case.frailty_sigma"] <= 2
        and values["case.frailty_mean"] <= 25
        and values["case.short_duration"] >= 3
    )


def search(
    begin: Numbers, steps: Numbers, evaluations: int, share: float = SEARCH_SHARE
) -> tuple[float, dict[str, float]]:
    """Search by Nelder and Mead with the same luck throughout; return (distance, values)."""
    from scipy.optimize import minimize

    def loss(x: npt.NDArray[np.float64]) -> float:
        values = {name: _back(name, float(a)) for name, a in zip(SEARCHED, x, strict=True)}
        if not plausible(values):
            return 1e4 + 10 * float(np.abs(x).sum())
        return distance(measure(held | values, share, 0, seed=SEARCH_SEED))

    held = {name: start for name, (start, _, _) in SCALED.items()}
    x0 = np.array([_moved(name, begin[name]) for name in SEARCHED])
    simplex = np.vstack([x0, x0 + np.diag([steps[name] for name in SEARCHED])])
    options: Any = {"maxfev": evaluations, "adaptive": True, "initial_simplex": simplex}
    result: Any = minimize(loss, x0, method="Nelder-Mead", options=options)
    values = {name: _back(name, float(a)) for name, a in zip(SEARCHED, result.x, strict=True)}
    return float(result.fun), values


def scaled(values: Numbers, found: Numbers) -> dict[str, float]:
    """Return the values after one round of scaling, each in proportion to its own figure."""
    aims = {target.name: target.aim for target in targets() if target.aim is not None}
    aims["marac_first"] = aims["marac_referrals"] - aims["marac_repeats"]
    simulated = dict(found)
    simulated["marac_first"] = found["marac_referrals"] - found["marac_repeats"]
    out = dict(values)
    out["county.new_perpetrators"] *= aims["recorded_incidents"] / found["recorded_incidents"]
    for name, (_, figure, highest) in SCALED.items():
        out[name] = min(highest, values[name] * aims[figure] / simulated[figure])
    return out


def refit(evaluations: int, workers: int) -> dict[str, float]:
    """Repeat the first fit: search from three starts, again from the best, then scale."""
    starts = [{name: each[0][k] for name, each in SEARCHED.items()} for k in range(3)]
    first = {name: each[1] for name, each in SEARCHED.items()}
    again = {name: each[2] for name, each in SEARCHED.items()}
    with _pool(workers) as pool:
        jobs = [pool.submit(search, start, first, evaluations) for start in starts]
        ends = [job.result() for job in jobs]
    for fun, _ in ends:
        print(f"search from a start: distance {fun:.1f}", flush=True)
    fun, best = search(min(ends, key=lambda end: end[0])[1], again, evaluations)
    print(f"search from the best of them: distance {fun:.1f}", flush=True)
    values = best | {name: start for name, (start, _, _) in SCALED.items()}
    with _pool(2) as pool:
        for turn in range(SCALING_ROUNDS):
            job = partial(measure, values, SCALING_SHARE, seed=SEARCH_SEED)
            values = scaled(values, means(pool.map(job, (2 * turn + 1, 2 * turn + 2))))
    return values


# -- what it prints -------------------------------------------------------------------------------


def number(value: float | None) -> str:
    """Return a figure as text; nothing if there is none."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(found: Sequence[Numbers]) -> list[dict[str, str]]:
    """Return one row for each target with what was simulated."""
    mean, error = means(found), errors(found)
    rows = []
    for target in targets():
        misfit = target.misfit(mean[target.name])
        rows.append(
            {
                "name": target.name,
                "target": target.label,
                "use": target.use,
                "evidence": target.evidence,
                "source": target.source,
                "status": target.status,
                "grade": target.grade,
                "target_value": number(target.value),
                "low": number(target.low),
                "high": number(target.high),
                "simulated_mean": number(mean[target.name]),
                "monte_carlo_error": number(error[target.name]),
                "misfit": "" if misfit is None else f"{misfit:+.3f}",
            }
        )
    return rows


def printed(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the table for the screen."""
    heads = {
        "target": "target",
        "source": "source [status, grade]",
        "target_value": "target value",
        "simulated_mean": "simulated mean",
        "monte_carlo_error": "Monte Carlo error",
        "misfit": "misfit",
    }
    shown = [heads]
    for row in rows:
        text = {name: row[name] for name in heads}
        text["source"] = f"{row['source'][:40]} [{row['status']}, {row['grade']}]"
        text["target_value"] = row["target_value"] or f"{row['low']} to {row['high']}"
        shown.append(text)
    wide = {name: max(len(row[name]) for row in shown) for name in heads}
    return "\n".join(
        " | ".join(
            row[name].ljust(wide[name])
            if name in ("target", "source")
            else row[name].rjust(wide[name])
            for name in heads
        )
        for row in shown
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the shipped values, or search again and measure what was found."""
    parser = argparse.ArgumentParser(description="First fit of the county, measured or repeated.")
    parser.add_argument("--replicates", type=int, default=6, help="counties to measure (6)")
    parser.add_argument("--share", type=float, default=1.0, help="share of the county (1)")
    parser.add_argument("--refit", type=int, metavar="N", help="search, N counties for each start")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument(
        "--output",
        type=Path,
        help="where the table goes (first_fit.csv here; with --refit nowhere)",
    )
    asked = parser.parse_args(arguments)
    values: dict[str, float] = {}
    output: Path | None = asked.output or HERE / "first_fit.csv"
    if asked.refit is not None:
        values = refit(asked.refit, asked.workers)
        output = asked.output
        shipped = load(SCENARIO).values
        for name, value in values.items():
            print(f"{name:32} {value:12.4g}   shipped {shipped[name]:12.4g}")
    found = measure_all(values, asked.share, range(asked.replicates), workers=asked.workers)
    rows = table(found)
    print(printed(rows))
    if output is not None:
        with output.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
