"""From what each option is worth in each draw to one advice, and the chance that it is wrong.

The rules are those of docs/design.md: the admissible option with the highest expected net present
social value against the comparator, over what is not known. Everything that the first page says
is in the dictionary that `decide` returns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import fitted

if TYPE_CHECKING:
    from dapp_model.economics import Summary
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

RAIL_MARGIN: Final = 0.05  # rise in serious harm to victims of those referred
RAIL_LIMIT: Final = 0.25  # chance of such a rise from which an option is inadmissible
EXPIRY_MONTHS: Final = 12

VALUE: Final = "net_present_social_value"
COST: Final = "programme_cost"
VIEWS: Final = {
    "low_harm": "harm counted as averted recorded crimes times their multiplier",
    "without_homicide": "homicide left out",
    "optimism": "benefits cut for optimism by the grade of the evidence",
    "tax_uplift": "a charge of 20% for raising taxes",
    "health_discounting": "the harm to victims discounted at the lower rate for health",
}
MEASURES: Final = (
    "true_incidents_averted",
    "recorded_incidents_averted",
    "homicides_averted",
    "victim_years_averted",
    "assessments",
    "starts",
    "completions",
    "net_public_cost",
    VALUE,
    COST,
    "social_value",
    "fiscal_value",
    "non_fiscal_value",
    "cashable_value",
    "cashable_value_upper",
    "net_public_cost_without_homicide",
    *(f"{VALUE}_{view}" for view in VIEWS),
)


@dataclass(frozen=True)
class Worth:
    """What one option is worth in each draw and repetition; every array is [draw, repetition].

    `measures` are fields of `economics.Summary`, present values in GBP with benefits positive.
    `serious_averted` counts true serious incidents from the year of the decision.
    """

    measures: Mapping[str, Floats]
    serious_averted: Floats
    programme_cost_by_funder: Mapping[str, Mapping[str, float]]
    baseline: Mapping[str, Any]


def worth(
    summaries: Sequence[Sequence[Summary]], serious_averted: Floats, *, whole: int | None = None
) -> Worth:
    """Gather the summaries of one option by draw and repetition.

    The level of the county is that of the first `whole` draws (default: all).
    """
    from dapp_model.economics import pool, with_optimism_bias

    level = pool([one for row in summaries[:whole] for one in row]).baseline
    pooled = pool([one for row in summaries for one in row])
    measures = {
        name: np.array([[getattr(one, name) for one in row] for row in summaries], dtype=np.float64)
        for name in MEASURES
    }
    measures[f"{VALUE}_optimism"] = np.array(with_optimism_bias(summaries))
    baseline = asdict(level) | {"police_bill_in_range": level.police_bill_in_range}
    return Worth(measures, serious_averted, pooled.programme_cost_by_funder, baseline)


# -- numbers over draws ---------------------------------------------------------------------------


def spread(values: Floats) -> dict[str, float | None]:
    """Return mean, 50% and 90% intervals over draws, and the Monte Carlo error of the mean.

    `values` is [draw, repetition]. The intervals hold what is not known and the luck that is left
    after averaging repetitions. The error is None with a single draw.
    """
    draws = values.mean(axis=1)
    low, low50, high50, high = (float(q) for q in np.quantile(draws, (0.05, 0.25, 0.75, 0.95)))
    return {
        "mean": float(draws.mean()),
        "low": low,
        "high": high,
        "low50": low50,
        "high50": high50,
        "monte_carlo_error": monte_carlo_error(draws),
    }


def monte_carlo_error(draws: Floats) -> float | None:
    """Return the standard error of the mean over draws, or None with a single draw."""
    if len(draws) < 2:
        return None
    return float(draws.std(ddof=1) / np.sqrt(len(draws)))


def without_luck(values: Floats) -> tuple[Floats, bool]:
    """Return one value a draw with the spread that luck adds taken out, and whether it could be.

    `values` is [draw, repetition]. Means of draws are drawn in towards the overall mean until
    their variance is that between draws alone (a random-effects estimate). That needs repetitions;
    without them, or where luck explains everything, the plain means are returned and the chance
    that follows holds luck as well.
    """
    means = values.mean(axis=1)
    n_draws, n_repetitions = values.shape
    if n_repetitions < 2 or n_draws < 3:
        return means, False
    total = float(means.var(ddof=1))
    luck = float(values.var(axis=1, ddof=1).mean()) / n_repetitions
    if total <= luck:
        return means, False
    return means.mean() + (means - means.mean()) * np.sqrt((total - luck) / total), True


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if bottom > 0 else None


# -- the advice -----------------------------------------------------------------------------------


def decide(
    inputs: Inputs,
    found: Mapping[str, Worth],
    *,
    serious_of_referred: float,
    study: Mapping[str, Any],
) -> dict[str, Any]:
    """Return everything that the first page says, as plain texts and numbers.

    `found` holds every option but the comparator. `serious_of_referred` is the number of true
    serious incidents to victims of those referred under the comparator. `study` says how the
    numbers were made: draws, replications, seed, indicative.
    """
    comparator = inputs.options[0]
    options = [_option(inputs, name, found, serious_of_referred) for name in inputs.options]
    by_name = {one["name"]: one for one in options}
    n_draws = len(_any(found).serious_averted)
    values = {name: _param_values(found, name, n_draws) for name in inputs.options}
    best = np.argmax(np.stack([values[name] for name in inputs.options]), axis=0)
    for i, one in enumerate(options):
        one["chance_best"] = float((best == i).mean())
    advised, larger = _advise(inputs, by_name, VALUE)
    unrailed, _ = _advise(inputs, by_name, VALUE, rail=False)
    unknown = by_name[comparator]["affordable"] is None
    views = []
    for view, words in VIEWS.items():
        if view == "optimism" and inputs.values["money.optimism_bias"] != "shown":
            continue
        name, _ = _advise(inputs, by_name, f"{VALUE}_{view}")
        views.append({"view": view, "words": words, "option": name, "differs": name != advised})
    return {
        "scenario": inputs.name,
        "title": inputs.title,
        "question": inputs.question,
        "decision": inputs.decision,
        "comparator": {"name": comparator, "label": inputs.option(comparator).label},
        "provisional": inputs.provisional,
        "posterior": fitted.said(inputs),
        "population_share": inputs.population_share,
        **study,
        **_conventions(inputs),
        "advice": {
            "option": advised,
            "label": by_name[advised]["label"],
            "basis": "best act on present knowledge",
            "provider_returns_read": False,
            "without_guard_rail": unrailed,
            "not_told_apart": _not_told_apart(inputs, found, advised, n_draws),
            "affordability": _affordability(by_name),
            "decision_rule": "not assessed",
        },
        "three_numbers": _three_numbers(by_name[_shown(inputs, by_name, advised)]),
        "shown_option": _shown(inputs, by_name, advised),
        "wrong": _wrong(inputs, by_name, found, advised),
        "larger_budget": larger,
        "views": views,
        "guard_rail": {"margin": RAIL_MARGIN, "limit": RAIL_LIMIT},
        "options": options,
        "expires": _expiry(inputs),
        "baseline": dict(_any(found).baseline),
        "not_assessed": [
            *(["whether the money is there (no budget ceiling is given)"] if unknown else []),
            "what the provider's returns show",
            "procurement, the extension clause, and notice or transfer of staff",
            "the chief finance officer's comment",
        ],
    }


def _affordability(options: Mapping[str, Any]) -> str | list[str]:
    """Return the options that some funder cannot pay for, or that no ceiling is known."""
    if any(one["affordable"] is None for one in options.values()):
        return "not assessed"
    return [name for name, one in options.items() if not one["affordable"]]


def _any(found: Mapping[str, Worth]) -> Worth:
    return next(iter(found.values()))


def _param_values(found: Mapping[str, Worth], name: str, n_draws: int) -> Floats:
    """Return an option's value against the comparator by draw; the comparator's own is zero."""
    if name not in found:
        return np.zeros(n_draws)
    return without_luck(found[name].measures[VALUE])[0]


def _option(
    inputs: Inputs, name: str, found: Mapping[str, Worth], serious_of_referred: float
) -> dict[str, Any]:
    option = inputs.option(name)
    one: dict[str, Any] = {
        "name": name,
        "label": option.label,
        "description": option.description,
        "is_comparator": name not in found,
        "larger_budget": _is_larger(inputs, name),
        "admissible": True,
        **_can_afford(inputs, name),
    }
    if name not in found:
        nothing = spread(np.zeros((2, 1)))
        return one | {
            "measures": {measure: dict(nothing) for measure in MEASURES},
            "chance_worse": None,
            "serious_harm": None,
            "cost_per_averted_true_incident": None,
            "cost_per_averted_recorded_incident": None,
            "benefit_cost_ratio": None,
            "ratios": {},
            "programme_cost_by_funder": {},
        }
    worth_of = found[name]
    measures = {measure: spread(worth_of.measures[measure]) for measure in MEASURES}
    mean = {measure: float(worth_of.measures[measure].mean()) for measure in MEASURES}
    harm = _serious_harm(worth_of.serious_averted, serious_of_referred)
    return one | {
        "admissible": harm["admissible"],
        "measures": measures,
        "chance_worse": float((without_luck(worth_of.measures[VALUE])[0] < 0).mean()),
        "serious_harm": harm,
        "cost_per_averted_true_incident": _ratio(
            mean["net_public_cost"], mean["true_incidents_averted"]
        ),
        "cost_per_averted_recorded_incident": _ratio(
            mean["net_public_cost"], mean["recorded_incidents_averted"]
        ),
        "benefit_cost_ratio": _ratio(mean["social_value"], mean[COST]),
        "ratios": _ratios(worth_of),
        "programme_cost_by_funder": {
            funder: dict(by_year) for funder, by_year in worth_of.programme_cost_by_funder.items()
        },
    }


def _ratios(found: Worth) -> dict[str, Any]:
    """Return ratios of expectations, each with an interval or, if it can change sign, a chance."""
    from dapp_model.economics.results import RETURNS, UNIT_COSTS, ratio

    by_draw = {name: values.mean(axis=1) for name, values in found.measures.items()}
    found_ratios = {
        name: asdict(ratio(by_draw[top], by_draw[bottom]))
        for name, (top, bottom) in {**RETURNS, **UNIT_COSTS}.items()
    }
    for name in UNIT_COSTS:
        del found_ratios[name]["chance_above_one"]  # a price is compared with no pound
    return found_ratios


def _can_afford(inputs: Inputs, name: str) -> dict[str, Any]:
    from dapp_model.money import can_afford

    said = _conventions(inputs)
    found = can_afford(inputs, name, (said["year_0"], said["last_year"]))
    return {"affordable": found["affordable"], "affordability": found["rows"]}


def _serious_harm(averted: Floats, base: float) -> dict[str, Any]:
    """Apply the victim-safety guard-rail to true serious incidents averted, [draw, repetition]."""
    expected, luck_removed = without_luck(averted)
    margin = RAIL_MARGIN * base
    chance = float((expected < -margin).mean())
    return {
        "averted": spread(averted),
        "among_victims_of_those_referred": float(base),
        "chance_of_rise_beyond_margin": chance,
        "chance_comparator_is_worse_for_victims": float((expected > 0).mean()),
        "luck_removed": luck_removed,
        "admissible": chance <= RAIL_LIMIT,
    }


def _budget(inputs: Inputs, name: str) -> float:
    """Return the yearly budget in GBP of what the decision is about."""
    levers: Mapping[str, Any] = inputs.option(name).levers
    if inputs.decision == "extension":
        return float(levers["extension.annual_budget"]) if levers["extension.length"] > 0 else 0.0
    return float(levers["programme.annual_budget"]) if levers["programme.offered"] else 0.0


def _is_larger(inputs: Inputs, name: str) -> bool:
    """Say whether an option has a larger yearly budget than the programme as it is or as agreed."""
    if inputs.decision == "extension":
        levers: Mapping[str, Any] = inputs.option(name).levers
        return _budget(inputs, name) > float(levers["programme.annual_budget"])
    budgets = [_budget(inputs, other) for other in inputs.options[1:]]
    return bool(budgets) and _budget(inputs, name) > budgets[0]


def _advise(
    inputs: Inputs, options: Mapping[str, Any], measure: str, *, rail: bool = True
) -> tuple[str, dict[str, Any] | None]:
    """Return the option with the highest expected value, and how a larger budget fared."""

    def value(name: str) -> float:
        return float(options[name]["measures"][measure]["mean"])

    able = [
        n
        for n in inputs.options
        if (options[n]["admissible"] or not rail) and options[n]["affordable"] is not False
    ]
    usual = [n for n in able if not options[n]["larger_budget"]]
    best = max(usual, key=value)  # the first in the file's order where several are equal
    larger = [n for n in able if options[n]["larger_budget"]]
    if not larger:
        return best, None
    bigger = max(larger, key=value)

    def cost(name: str) -> float:
        return float(options[name]["measures"][COST]["mean"])

    extra_cost = cost(bigger) - cost(best)
    extra_value = value(bigger) - value(best) + extra_cost
    returned = _ratio(extra_value, extra_cost)
    hurdle, shown = (float(inputs.values[f"money.{name}"]) for name in ("hurdle", "hurdle_shown"))
    passes = value(bigger) > value(best) and (returned is None or returned > hurdle)
    report = {
        "option": bigger,
        "against": best,
        "extra_programme_cost": extra_cost,
        "extra_social_value": extra_value,
        "return_on_extra_pounds": returned,
        "hurdle": hurdle,
        "hurdle_shown": shown,
        "passes": passes,
        "passes_hurdle_shown": passes and (returned is None or returned > shown),
    }
    return (bigger if passes else best), report


def _shown(inputs: Inputs, options: Mapping[str, Any], advised: str) -> str:
    """Return the option whose three numbers are shown: the advised, or the best of the others."""
    able = [
        n
        for n in inputs.options[1:]
        if options[n]["admissible"] and options[n]["affordable"] is not False
    ]
    others = able or inputs.options[1:]
    if advised != inputs.options[0]:
        return advised
    return max(others, key=lambda name: float(options[name]["measures"][VALUE]["mean"]))


def _not_told_apart(
    inputs: Inputs, found: Mapping[str, Worth], advised: str, n_draws: int
) -> list[str]:
    """Return the options whose value does not differ from the advised beyond Monte Carlo error.

    Options are compared draw by draw; two standard errors of the mean difference are the limit.
    """

    def draws(name: str) -> Floats:
        if name not in found:
            return np.zeros(n_draws)
        return np.asarray(found[name].measures[VALUE].mean(axis=1))

    close = []
    for name in inputs.options:
        apart = draws(advised) - draws(name)
        error = monte_carlo_error(apart)
        if name != advised and (error is None or abs(float(apart.mean())) < 2 * error):
            close.append(name)
    return close


def _three_numbers(option: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the three numbers of the first page, in their order."""
    names = {
        "true_incidents_averted": ("True incidents averted", "incidents"),
        "net_public_cost": ("Net public cost", "GBP"),
        VALUE: ("Net present social value", "GBP"),
    }
    return [
        {"measure": name, "label": label, "unit": unit, **option["measures"][name]}
        for name, (label, unit) in names.items()
    ]


def _wrong(
    inputs: Inputs, options: Mapping[str, Any], found: Mapping[str, Worth], advised: str
) -> dict[str, Any]:
    """Return the chance that the advice is wrong, and what is lost then on average.

    Wrong means: stopping is better; or, where the advice is to stop, the best other option is.
    """
    shown = _shown(inputs, options, advised)
    values, luck_removed = without_luck(found[shown].measures[VALUE])
    stopping = advised == inputs.options[0]
    lost = np.maximum(values if stopping else -values, 0.0)
    wrong = lost > 0
    return {
        "chance": float(wrong.mean()),
        "mean_loss": float(lost.mean()),
        "mean_loss_when_wrong": float(lost[wrong].mean()) if wrong.any() else 0.0,
        "against": shown if stopping else inputs.options[0],
        "luck_removed": luck_removed,
    }


def _conventions(inputs: Inputs) -> dict[str, Any]:
    from dapp_model.economics.prices import financial_year, year_label
    from dapp_model.model import horizon_date
    from dapp_model.money import conventions

    end = horizon_date(inputs) - dt.timedelta(days=1)
    return {
        **conventions(inputs),
        "year_0": year_label(_decision_year(inputs)),
        "last_year": year_label(financial_year(end)),
        "window_ends": end.isoformat(),
        "underspend": str(inputs.values["money.underspend"]),
    }


def _decision_day(inputs: Inputs) -> dt.date:
    from dapp_model.economics.prices import mapping
    from dapp_model.model import decision_date

    if inputs.decision == "pilot":
        day: dt.date = mapping()["conventions"]["pilot_decision_date"]
        return day
    return decision_date(inputs, inputs.option(inputs.options[0]).levers)


def _decision_year(inputs: Inputs) -> int:
    from dapp_model.economics.prices import financial_year

    return financial_year(_decision_day(inputs))


def _expiry(inputs: Inputs) -> dict[str, str]:
    from dapp_model.model import YEAR_DAYS, add_days

    decided = _decision_day(inputs)
    expires = add_days(decided, EXPIRY_MONTHS * YEAR_DAYS / 12)
    return {
        "decided": decided.isoformat(),
        "date": expires.isoformat(),
        "reason": "twelve months after the decision, or when the provider's next return arrives",
    }
