"""Everything that an evaluation study needs from the model, and the tables made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dapp_model import events as ev
from dapp_model.evaluation import designs, lives, outcomes, trials
from dapp_model.evaluation.designs import BASES, BEFORE_AFTER, DESIGNS, MATCHED, Arms, Design, Truth
from dapp_model.evaluation.lives import NOT, WITH, WITHOUT, Luck
from dapp_model.evaluation.trials import ANY, NUMBER
from dapp_model.study_designs import figure, pilot_figures

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

OUTSIDE_SHARE: Final = 0.1  # of the county, from which people outside are taken
FEWEST: Final = 5  # starters of a draw with which designs are run in it
KINDS: Final = (ANY, NUMBER)


@dataclass(frozen=True, eq=False)
class Pool:
    """People of several simulated pilots: those referred, by effect, and people outside.

    `starts` and `accepted` are what one pilot of the whole county has, on average.
    """

    referred: Mapping[str, pd.DataFrame]
    outside: pd.DataFrame
    pilots: int
    starts: float
    accepted: float


@dataclass(frozen=True)
class Job:
    """One simulated pilot: under which effects of the full programme, and with which luck.

    An effect of NaN is the one that the inputs hold.
    """

    inputs: Inputs
    effects: Mapping[str, float]
    luck: Luck


def effects() -> dict[str, float]:
    """Return the effects of the data file by name: hazard ratios of the full programme."""
    return {name: figure(one) for name, one in pilot_figures()["effects"].items()}


def effect_labels() -> dict[str, str]:
    """Return what each effect is called."""
    return {name: str(one["label"]) for name, one in pilot_figures()["effects"].items()}


def simulate(job: Job) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Simulate one pilot; return the referred by effect, and people outside to match with."""
    from dapp_model import model
    from dapp_model.engines import fast
    from dapp_model.experiment import with_share

    people = lives.reached(job.inputs, job.luck)
    found, last = {}, None
    for name, hazard_ratio in job.effects.items():
        inputs = job.inputs
        if np.isfinite(hazard_ratio):
            inputs = lives.with_effect(inputs, hazard_ratio)
        last = lives.live(inputs, job.luck, people)
        found[name] = outcomes.pool(last)
    if last is None:
        raise ValueError("A pilot is simulated under at least one effect.")
    share = min(OUTSIDE_SHARE, job.inputs.population_share)
    few = with_share(job.inputs, share)
    world = model.tabulate(few, lives.PILOT)
    referrals = outcomes.time_of_referrals(last.phase)
    rows = fast.live_recorded(world, *referrals, job.luck.seed, job.luck.replicate)
    return found, outcomes.comparison(rows, last)


def gather(found: Sequence[tuple[dict[str, pd.DataFrame], pd.DataFrame]], share: float) -> Pool:
    """Put simulated pilots together; `share` is that of the county which each held."""
    import pandas as pd

    names = list(found[0][0])
    referred = {
        name: pd.concat([one[0][name] for one in found], ignore_index=True) for name in names
    }
    first = referred[names[0]]
    return Pool(
        referred,
        pd.concat([one[1] for one in found], ignore_index=True),
        len(found),
        float((first["started"] != NOT).sum()) / len(found) / share,
        float((first["accepted"] != NOT).sum()) / len(found) / share,
    )


# -- tables ---------------------------------------------------------------------------------------


def seen_by(
    referred: pd.DataFrame, outside: pd.DataFrame, of: Sequence[Design] = DESIGNS
) -> Iterator[tuple[dict[str, str], Arms]]:
    """Give what each design sees, by follow-up and basis."""
    for design in of:
        others = outside if design is MATCHED else None
        if design is MATCHED and not len(outside):
            continue
        for follow_up, window in design.windows.items():
            for basis in BASES:
                labels = {"design": design.name, "follow_up": follow_up, "basis": basis}
                yield labels, designs.arms(design, window, basis, referred, others)


def power_table(pool: Pool, sizes: Sequence[int], *, repetitions: int, seed: int) -> pd.DataFrame:
    """Return how each design fares by effect, follow-up, basis, outcome and size of an arm."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for e, (effect, referred) in enumerate(pool.referred.items()):
        for d, (labels, arms) in enumerate(seen_by(referred, pool.outside)):
            for size in sizes:
                rng = np.random.default_rng([seed, e, d, size])
                found = estimates(arms, size, repetitions=repetitions, rng=rng)
                for kind in KINDS:
                    rows.append(
                        {"effect": effect, **labels, "outcome": kind, "arm_size": size}
                        | _judged(found[kind], arms.truth[kind], effect != "none").row()
                        | {"error_from_people": _from_people(kind, arms, size)}
                    )
    return pd.DataFrame(rows)


def _from_people(kind: str, arms: Arms, size: int) -> float:
    """Return the error of the power from the number of people simulated, by its slope.

    NaN for before and after. In large samples; that of the repetitions comes on top.
    """
    if arms.control is None:
        return float("nan")
    truth = arms.truth[kind]
    unit = trials.unit_variance(kind, arms.treated, arms.control)
    if not 0 < unit < np.inf:
        return float("nan")
    ends = (truth.seen + truth.seen_error, truth.seen - truth.seen_error)
    higher, lower = (trials.power_for_arm(end, unit, size) for end in ends)
    return abs(higher - lower) / 2


def estimates(
    arms: Arms, size: int, *, repetitions: int, rng: np.random.Generator
) -> dict[str, trials.Estimates]:
    """Return what repetitions of a design estimate with arms of a size."""
    if arms.control is None:
        return trials.before_after(arms.treated, size, repetitions=repetitions, rng=rng)
    return trials.two_arms(arms.treated, arms.control, size, repetitions=repetitions, rng=rng)


def _judged(found: trials.Estimates, truth: Truth, effective: bool) -> trials.Verdict:
    """Judge by the truth; it is exactly none where no part of the programme changes abuse."""
    if not effective:
        return trials.judge(found, 0.0, sign=0.0)
    resolved = abs(truth.effect) > 2 * truth.effect_error
    return trials.judge(found, truth.effect, sign=truth.sign, resolved=resolved)


def size_table(pool: Pool) -> pd.DataFrame:
    """Return the true effect, what the basis would show of it, and the arm for 80% power.

    The arm is given for randomised designs alone, since what others see is partly something else;
    it rests on the effect on the basis's own outcome, and is infinite where that points the other
    way than the effect on abuse: a larger evaluation would only be surer of what is wrong.
    `arm_low` and `arm_high` are those of the effect plus and less two standard errors from the
    number of people simulated; the latter is infinite where the effect is not told apart from none.
    """
    import pandas as pd

    rows = []
    for effect, referred in pool.referred.items():
        for labels, arms in seen_by(referred, pool.outside):
            for kind in KINDS:
                truth = arms.truth[kind]
                row: dict[str, Any] = {"effect": effect, **labels, "outcome": kind}
                row |= {"true_effect": truth.effect, "true_effect_error": truth.effect_error}
                row |= {"seen_effect": truth.seen, "seen_effect_error": truth.seen_error}
                row["unmatched"] = arms.unmatched
                sized = arms.control is not None and labels["design"] != MATCHED.name
                row |= dict.fromkeys(("arm_for_80", "arm_low", "arm_high"), float("nan"))
                if sized and arms.control is not None:
                    unit = trials.unit_variance(kind, arms.treated, arms.control)
                    row |= _arm_sizes(truth, unit)
                rows.append(row)
    return pd.DataFrame(rows)


def _arm_sizes(truth: Truth, unit: float) -> dict[str, float]:
    size, two = truth.towards, 2 * truth.seen_error
    ends = {"arm_for_80": size, "arm_low": size + two, "arm_high": size - two}
    return {name: trials.arm_for_power(max(0.0, each), unit) for name, each in ends.items()}


def hazard_ratio_of_starters(pool: Pool, effect: str) -> tuple[float, float]:
    """Return the ratio of true incidents of starters with and without, and its relative error."""
    referred = pool.referred[effect]
    started = referred[referred["started"] != NOT]
    counts = [
        started[f"incidents_{outcomes.START}_{world}"].to_numpy(np.float64)
        for world in (WITH, WITHOUT)
    ]
    found, error = designs.log_ratio(*counts)
    return float(np.exp(found)), error


def completers_table(referred: pd.DataFrame) -> pd.DataFrame:
    """Return means per person of those who complete and who do not, by follow-up.

    From the start, and from the planned end for everybody: the time on the programme counts for
    nobody. Beside them stands what the same people would have done without it.
    """
    import pandas as pd

    started = referred[referred["started"] != NOT]
    rows = []
    groups = {"completed": started["outcome"] == ev.COMPLETED}
    groups["did not complete"] = ~groups["completed"]
    for name, chosen in groups.items():
        own = started[chosen]
        for label, window in BEFORE_AFTER.windows.items():
            rows.append(
                {
                    "group": name,
                    "people": len(own),
                    "follow_up": label,
                    "records_before": own["records_before"].mean(),
                    "records_after": own[f"records_{window}_{WITH}"].mean(),
                    "records_without_programme": own[f"records_{window}_{WITHOUT}"].mean(),
                    "true_incidents_after": own[f"incidents_{window}_{WITH}"].mean(),
                    "true_incidents_without_programme": own[f"incidents_{window}_{WITHOUT}"].mean(),
                }
            )
    return pd.DataFrame(rows)


def draws_table(
    pools: Sequence[tuple[pd.DataFrame, pd.DataFrame]], size: int, *, repetitions: int, seed: int
) -> pd.DataFrame:
    """Return how designs of one size fare on average over draws of all that is not known.

    Each mean has its error beside it, `<name>_error`, NaN of one draw.

    `pools` holds the referred and the people outside of each draw. Draws with hardly anybody who
    starts are left out; `draws` says how many were used.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for number, (referred, outside) in enumerate(pools):
        if int((referred["started"] != NOT).sum()) < FEWEST:
            continue
        for d, (labels, arms) in enumerate(seen_by(referred, outside)):
            rng = np.random.default_rng([seed, 1000 + number, d])
            found = estimates(arms, size, repetitions=repetitions, rng=rng)
            for kind in KINDS:
                verdict = _judged(found[kind], arms.truth[kind], effective=True)
                rows.append({**labels, "outcome": kind, "draw": number} | verdict.row())
    if not rows:
        return pd.DataFrame()
    table = pd.DataFrame(rows)
    keys = ["design", "follow_up", "basis", "outcome"]
    grouped = table.groupby(keys, sort=False)
    shown = [c for c in table.columns if c not in (*keys, "draw") and not c.endswith("_error")]
    means = grouped[shown].mean()
    # Of the mean over draws: how they differ, the luck of their repetitions included.
    errors = grouped[shown].sem().add_suffix("_error")
    means = means.join(errors)
    means["draws"] = grouped["draw"].nunique()
    means["arm_size"] = size
    return means.reset_index()
