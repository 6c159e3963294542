"""Extension as an option: what the pilot is worth as a service, to learn from, and to stop.

Under each draw the model itself makes what monitoring would have shown by the decision
(`evaluation/monitoring.py`). A rule is fitted on some draws and valued on others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.decision import chance
from dapp_model.decision.chance import Apart
from dapp_model.decision.known import NOT_ASSESSED, ONLY_ONE
from dapp_model.decision.later import Known, data_of, too_little
from dapp_model.evaluation.monitoring import (
    AS_A_SERVICE,
    COMPLETIONS,
    MATCHED,
    REPEATS,
    REPORTED,
    RULE,
    STARTS,
)
from dapp_model.study_designs import data_file, figure

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

POLICE: Final = (REPEATS, MATCHED)  # figures from police records
OUTSIDE: Final = 0.1  # of draws may lie outside any of the ranges that bring a decision back
_TAILS: Final = 501  # of a hundredth of a per cent each
IN_WORDS: Final[Mapping[str, str]] = {
    STARTS: "the number of people who have started",
    COMPLETIONS: "the number who have completed",
    REPORTED: "the share of the partners of everybody assessed who report abuse",
}


@dataclass(frozen=True, eq=False)
class Choice:
    """What there is to choose between: places of the options that may be chosen, and their values.

    `sure` holds their values with luck taken out as for all that is said of chances; `shown` is the
    option that is advised, or the best of the others.
    """

    able: tuple[int, ...]
    sure: Apart
    shown: str


def learning(
    inputs: Inputs, values: Floats, among: Choice, seen: tuple[pd.DataFrame, pd.DataFrame]
) -> dict[str, Any]:
    """Return the three values, the rule in words, and what closing and reopening cost.

    `values` is [draw, repetition, option] in GBP, `seen` what monitoring showed and what was drawn,
    draws x names.
    """
    able = list(among.able)
    shown, parameters = seen
    pilot = shown[AS_A_SERVICE].to_numpy(np.float64)
    figures = shown.drop(columns=AS_A_SERVICE)
    found: dict[str, Any] = {
        "assessed": False,
        "draws": len(shown),
        "pilot_as_a_service": chance.estimate(pilot),
        "figures": {str(name): _spread(figures[name]) for name in figures},
        "triggers": triggers(figures),
    }
    names = [inputs.options[i] for i in able]
    reason = ONLY_ONE if len(able) < 2 else ""
    reason = reason or too_little(Known(shown, parameters))
    if reason:
        return found | {"reason": reason, "learning": NOT_ASSESSED, "able_to_stop": NOT_ASSESSED}
    data = data_of(figures)
    nested = values[:, :, able]
    # The act that the rule is about: the advised, or the best of the others.
    act = names.index(among.shown) if among.shown in names[1:] else 1
    known = among.sure
    rule = voi.threshold_rule(
        data, nested, {k: v for k, v in RULE.items() if k in data}, acts=(act, 0)
    )
    labels = [inputs.option(name).label for name in names]
    in_words = replace(
        rule,
        limits={IN_WORDS[name]: limit for name, limit in rule.limits.items()},
        above={IN_WORDS[name]: above for name, above in rule.above.items()},
    )
    return found | {
        "assessed": True,
        "learning": learn(data, nested, names, known=known)
        | {"luck_removed_from_evpi": among.sure.removed},
        "able_to_stop": {
            "act": names[act],
            **stopping(data, nested[:, :, [0, act]], known=known.among([0, act])),
        },
        "rule": {
            "words": in_words.words(labels),
            "act": names[act],
            "otherwise": names[0],
            "limits": {k: v if np.isfinite(v) else None for k, v in rule.limits.items()},
            **chance.said("chance_of_act", rule.chance, len(shown)),
            "value": asdict(rule.value),
            "worth_following": rule.value.value > 0 and not rule.value.zero_within_noise,
        },
        "closing": _closing(),
        "best_now": float(voi.over_replications(nested).mean(axis=0).max()),
    }


# -- the three values -----------------------------------------------------------------------------


def learn(
    data: pd.DataFrame,
    net_benefit: Floats,
    names: Sequence[str],
    *,
    known: Apart | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Return what data are worth: E[max E(value given data)] less max E(value), in GBP.

    `value` is the optimal use by regression, which cannot be below zero and is compared with what
    shuffled data would give; `on_unseen_draws` is what the same regression is worth on draws that
    it has not seen, below zero where there are too few to learn from. Beside them stand the value
    of knowing everything, which no data exceed, and how often each act is chosen. `known` is
    [draw, option] with luck taken out (default: by these draws alone).
    """
    chosen, without = voi.choices_by_data(data, net_benefit, seed=seed)
    known = known or _without_luck(net_benefit)
    acts = {name: float((chosen == place).mean()) for place, name in enumerate(names)}
    return {
        "value": asdict(voi.evsi(net_benefit, data, seed=seed)),
        "on_unseen_draws": asdict(voi.rule_value(data, net_benefit, seed=seed)),
        "evpi": asdict(voi.evpi_estimate(known.values, again=known.again)),
        "chance_of_each_act": acts,
        "chance_of_each_act_monte_carlo_error": {
            name: voi.share_error(share, len(chosen)) for name, share in acts.items()
        },
        "without_data": names[int(np.bincount(without).argmax())],
    }


def stopping(
    data: pd.DataFrame, net_benefit: Floats, *, known: Apart | None = None, seed: int = 1
) -> dict[str, Any]:
    """Return what being able to stop is worth: E[max(stop, extend)] less E(extend), in GBP.

    `net_benefit` is [draw, repetition, (stop, extend)]. On what is known at the cut-off, by the
    best use of the data on draws that it has not seen, and if everything were known. Both hold
    that extending was bound to happen otherwise.
    """
    values = voi.over_replications(net_benefit) if net_benefit.ndim == 3 else net_benefit
    chosen, _ = voi.choices_by_data(data, values, seed=seed)
    row = np.arange(len(values))
    known = known or _without_luck(net_benefit if net_benefit.ndim == 3 else values[:, None])
    return {
        "with_monitoring": chance.estimate(values[row, chosen] - values[:, 1]),
        "knowing_everything": _knowing(known),
        "stop_without_data": float(max(0.0, (values[:, 0] - values[:, 1]).mean())),
        **chance.said("chance_of_stopping", float((chosen == 0).mean()), len(chosen)),
    }


def _without_luck(net_benefit: Floats) -> Apart:
    """Return [draw, repetition, option] with luck taken out, however little is left."""
    found = voi.separate_luck(net_benefit)
    return Apart(found.values, found.corrected, found, voi.resampled(net_benefit))


def _knowing(known: Apart) -> dict[str, float | None]:
    """Return what choosing the better of two in each draw is worth beyond the second."""
    told = chance.estimate(known.values.max(axis=1) - known.values[:, 1])
    if known.again is not None:
        told["standard_error"] = float(known.again.error(voi.losses)[1])
    return told


def _spread(values: pd.Series[float]) -> dict[str, float | None]:
    """Return the mean of a figure with its error, and the ends that hold 90% of draws.

    Over draws that have one; None if none has.
    """
    if not values.notna().any():
        return dict.fromkeys(("mean", "low", "high", "monte_carlo_error"))
    low, high = values.quantile([0.05, 0.95])
    return {
        "mean": float(values.mean()),
        "low": float(low),
        "high": float(high),
        "monte_carlo_error": chance.error(np.asarray(values.dropna(), np.float64)),
    }


def triggers(figures: pd.DataFrame) -> dict[str, Any]:
    """Return the ranges that bring a decision back, and the chance that any does by luck alone.

    So wide that at most one draw in ten lies outside any of them, all alike: ranges of 90% each
    would bring back most decisions of a county and programme just as simulated. Police records are
    no trigger, as they reward selection and silence.
    """
    seen = figures.drop(columns=[name for name in POLICE if name in figures])
    seen = seen.loc[:, seen.notna().any()]
    table = seen.to_numpy(np.float64)
    low, high = np.nanmin(table, axis=0), np.nanmax(table, axis=0)

    def outside(low: Floats, high: Floats) -> float:
        return float(((table < low) | (table > high)).any(axis=1).mean())

    for tail in np.linspace(0.05, 0.0, _TAILS):
        ends = np.nanquantile(table, [tail, 1 - tail], axis=0)
        if outside(*ends) <= OUTSIDE:
            low, high = ends
            break
    return {
        "ranges": {
            str(name): {"below": float(a), "above": float(b)}
            for name, a, b in zip(seen, low, high, strict=True)
        },
        **chance.said("chance_of_any", outside(low, high), len(table)),
    }


# -- closing and reopening ------------------------------------------------------------------------


def _closing() -> dict[str, float]:
    """Return what ending and reopening cost beyond the contract, in GBP."""
    costs = data_file()["closing"]
    return {name: figure(costs[name]) for name in ("closing_cost", "reopening_cost")}
