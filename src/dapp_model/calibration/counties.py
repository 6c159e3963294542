"""Whole counties simulated from posterior rows, with replicate numbers that no fit uses."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import designs, economics, model
from dapp_model import events as ev
from dapp_model.calibration.bank import PROOF_NUMBERS, How, county, sources
from dapp_model.calibration.recipe import Recipe, registry_of_the_county
from dapp_model.calibration.targets import READERS, read_all, to_scale
from dapp_model.designs import Design, evaluate
from dapp_model.engines import fast, together
from dapp_model.experiment import families, with_share
from dapp_model.outcomes import Outcomes, trimmed
from dapp_model.parameters import Inputs, registry
from dapp_model.parts import Part
from dapp_model.scenario import load

Floats = npt.NDArray[np.float64]

FIRST_YEAR: Final = 2013
LAST_YEAR: Final = 2026  # the forecast ends with 2026/27
MEASURES: Final = ("recorded.incidents", "recorded.crimes", "marac.referrals")
LATER_DAYS: Final = 730  # after a referral
OF_THE_PROGRAMME: Final = (
    "later_incidents",
    "later_records",
    "referred",
    "true_incidents_averted",
    "net_present_social_value",
)
FORECAST_COLUMNS: Final = (
    *(f"{m}/{y}" for m in MEASURES for y in range(FIRST_YEAR, LAST_YEAR + 1)),
    *OF_THE_PROGRAMME,
)


@dataclass(frozen=True)
class Job:
    """One whole county: inputs, and the seed and replicate number of its luck."""

    inputs: Inputs
    seed: int
    number: int


def _baseline(job: Job) -> list[float]:
    found = read_all(county(job.inputs, job.seed, job.number))
    return [float(to_scale(found[name], READERS[name].scale)) for name in READERS]


def _onwards(job: Job) -> list[float]:
    """Simulate the county with no programme and with the pilot to the end of the forecast."""
    inputs = job.inputs
    names = inputs.options[:2]
    ends = model.seconds(dt.date(LAST_YEAR + 1, 4, 1))
    worlds = [
        dataclasses.replace(w, horizon=min(ends, w.horizon))
        for w in families(model.tabulate_all(inputs, names).values())[0]
    ]
    census = fast.take_census(worlds, job.seed, job.number)
    lives = [together.live_together(w, census.people, job.seed, job.number) for w in worlds]
    outcomes = {}
    for world, rows in zip(worlds, lives, strict=True):
        counts, first = fast.count_rows(rows, world)
        outcomes[world.option] = Outcomes(world.option, first, census.counts + counts)
    without = outcomes[names[0]]
    years = range(FIRST_YEAR - without.first_year, LAST_YEAR + 1 - without.first_year)
    recorded = without.of("recorded.incidents")
    by_measure = {
        "recorded.incidents": recorded,
        "recorded.crimes": recorded - without.of("recorded.non_crime"),
        "marac.referrals": without.of("marac.referrals"),
    }
    out = [float(by_measure[m][y]) for m in MEASURES for y in years]
    later, recorded_later, referred = _later(lives[0], lives[-1])
    accounts = [economics.value(trimmed(outcomes[n]), inputs) for n in names]
    worth = economics.summary(accounts[-1], accounts[0])
    out += [later, recorded_later, referred]
    out += [worth.true_incidents_averted, worth.net_present_social_value]
    return out


def _later(without: Any, with_it: Any) -> tuple[float, float, float]:
    """Return incidents, and records, for each person referred in the two years after it.

    With no programme: what those do whom the pilot would have had referred, from that day on.
    """
    referral = with_it[with_it["kind"] == ev.REFERRAL]
    if not len(referral):
        return np.nan, np.nan, 0.0
    first: dict[int, int] = {}
    for person, time in zip(referral["person"].tolist(), referral["time"].tolist(), strict=True):
        first[person] = min(time, first.get(person, time))
    people = np.array(sorted(first))
    since = np.array([first[p] for p in people.tolist()])
    own = without[np.isin(without["person"], people)]
    begins = since[np.searchsorted(people, own["person"])]
    within = (own["time"] > begins) & (own["time"] <= begins + LATER_DAYS * model.DAY)
    found = own[within]["kind"]
    n = len(people)
    return float((found == ev.INCIDENT).sum() / n), float((found == ev.RECORD).sum() / n), float(n)


def _county(what: str, job: Job) -> Part:
    """Return what is kept of a county: what was read."""
    found = (_baseline if what == "baseline" else _onwards)(job)
    return Part({"read": np.array(found, np.float64)})


def simulate(
    recipe: Recipe, scores: Floats, what: str, folder: Path, *, how: How, first: int
) -> Floats:
    """Simulate a whole county for each row of scores; return what was read [row, figure].

    what: "baseline" gives every reader's figure on its scale; "onwards" FORECAST_COLUMNS, with all
    other evidence drawn as well. `first` keeps the replicate numbers of different uses apart.
    """
    from dapp_model.distributions import draw

    text = f"{registry_of_the_county()}|{sources()}|{recipe.seed}|{what}|{first}|".encode()
    if what == "onwards":  # the programme plays a part as well
        text += "\0".join(f"{n}={p.value}|{p.distribution}" for n, p in registry().items()).encode()
    values = recipe.values(scores)
    key = hashlib.blake2b(text + np.ascontiguousarray(values).tobytes(), digest_size=6).hexdigest()
    folder = folder / f"{what}-{key}"
    base = with_share(load(recipe.scenario), 1.0)
    if what == "onwards":
        base = base.replace(values={"time.window_after_last_start": 9 * model.YEAR_DAYS})
    jobs = []
    for k in range(len(scores)):
        own = draw(base, 1, recipe.seed, first=first + k)[0] if what == "onwards" else base
        row = {n: float(v) for n, v in zip(recipe.names, values[k], strict=True)}
        jobs.append(Job(own.replace(values=row), recipe.seed, PROOF_NUMBERS + first + k))
    names = [f"county_{k:06d}" for k in range(len(scores))]
    simulated = evaluate(
        Design(what, jobs, _county, names, folder.name),
        folder,
        designs.How(how.workers, progress=how.progress),
    )
    return np.stack([one.arrays["read"] for one in simulated])
