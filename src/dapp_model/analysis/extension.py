"""Extension as an option: what the pilot is worth as a service, to learn from, and to stop.

Under each draw the model itself makes what monitoring would have shown by the decision
(`evaluation/monitoring.py`). A rule is fitted on some draws and valued on others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import voi
from dapp_model.analysis import designs
from dapp_model.decision import VALUE
from dapp_model.draws import NOTHING_DRAWN, Draws
from dapp_model.errors import InputErrors, Problem
from dapp_model.evaluation import monitoring
from dapp_model.evaluation.lives import Luck
from dapp_model.evaluation.monitoring import COMPLETIONS, MATCHED, REPEATS, REPORTED, RULE, STARTS
from dapp_model.evaluation.seen import data_file, figure
from dapp_model.report.words import money

if TYPE_CHECKING:
    import pandas as pd

    from dapp_model.analysis.model_runs import Run
    from dapp_model.parameters import Inputs
    from dapp_model.study import Plan

Floats = npt.NDArray[np.float64]

FEWEST: Final = 50  # draws with which a rule is fitted on some and valued on others
NO_ANSWER: Final = "partners could be asked"  # 0 where nobody could be
SPAN_MONTHS: Final = 12.0


@dataclass(frozen=True, eq=False)
class Shown:
    """What monitoring showed, draws x figures, and what the pilot was worth against none (GBP)."""

    figures: pd.DataFrame
    pilot: Floats


@dataclass(frozen=True, eq=False)
class Found:
    """What the analysis adds to `dapp voi`: sentences, a part for machines, and tables."""

    sentences: tuple[str, ...]
    found: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]


def check(inputs: Inputs) -> None:
    """See that there is a pilot to learn from; raises InputErrors."""
    if inputs.decision != "extension":
        message = "Only the extension decision can learn from the pilot."
        expected = 'a scenario whose decision is "extension"'
        problem = Problem(inputs.path, None, "decision", inputs.decision, expected, message)
        raise InputErrors((problem,))


def show(inputs: Inputs, plan: Plan, draws: int, how: Run) -> Shown:
    """Run the pilot in the first draws of a run, with the luck of each draw's first repetition."""
    import pandas as pd

    from dapp_model.study import draw_inputs

    jobs = [
        monitoring.Job(
            draw_inputs(inputs, number, plan.seed),
            number,
            Luck(plan.seed, plan.replicate(number, 0)),
        )
        for number in range(min(draws, plan.draws))
    ]
    found = how.each(monitoring.shown, jobs)
    return Shown(pd.DataFrame([one[0] for one in found]), np.array([one[1] for one in found]))


def data_of(figures: pd.DataFrame) -> pd.DataFrame:
    """Return figures with which a regression can work: what nobody could answer is set apart.

    A share without answers takes the mean of the draws that have one, and a column says so. What
    is the same in all draws says nothing and is left out.
    """
    frame = figures[[*RULE, REPEATS, MATCHED]].copy()
    frame[NO_ANSWER] = frame[REPORTED].notna().astype(float)
    frame = frame.fillna(frame.mean()).fillna(0.0)
    return frame.loc[:, frame.nunique() > 1]


def study(stored: Draws, inputs: Inputs, shown: Shown) -> Found:
    """Return the three values, the rule in words, and what closing, pausing, reopening cost."""
    n = len(shown.figures)
    able = stored.able()
    names = [stored.options[i] for i in able]
    labels = [stored.labels[i] for i in able]
    nested = stored.measures[VALUE][:n][:, :, able]
    tables: dict[str, pd.DataFrame] = {
        "monitoring": shown.figures.assign(pilot_against_none=shown.pilot)
    }
    said = [_service(shown.pilot), _followed(shown.figures)]
    found: dict[str, Any] = {
        "draws": n,
        "a_pilot_as_a_service": _with_error(shown.pilot),
        "figures": {
            name: {
                "mean": float(shown.figures[name].mean()),
                "sd": float(shown.figures[name].std()),
            }
            for name in shown.figures
        },
    }
    if n < FEWEST or NOTHING_DRAWN in stored.parameters or len(able) < 2:
        found["learning"] = found["being_able_to_stop"] = "not assessed"
        said.append(
            f"Learning, and being able to stop, are not assessed: they need {FEWEST} draws and two "
            f"options that may be chosen, and there are {n} and {len(able)}."
        )
        return Found(tuple(said), found, tables)
    data = data_of(shown.figures)
    chosen = learn(data, nested, names)
    found["learning"] = chosen
    shown_option = str(stored.decision["shown_option"])
    act = names.index(shown_option) if shown_option in names else 1
    act = max(1, act)
    found["being_able_to_stop"] = stopping(data, nested[:, :, [0, act]])
    rule = voi.threshold_rule(
        data, nested, {k: v for k, v in RULE.items() if k in data}, acts=(act, 0)
    )
    found["rule"] = {
        "words": rule.words(labels),
        "limits": rule.limits,
        "chance_of_act": {names[act]: rule.chance, names[0]: 1 - rule.chance},
        "value": rule.value,
    }
    tables["chance_of_each_act"] = _acts(chosen, rule, names, labels, act)
    said += _learning_words(chosen, labels)
    said += _stopping_words(found["being_able_to_stop"], labels[act])
    said += _rule_words(rule, labels, act)
    found["closing"], more = _closing(stored, inputs, data, nested)
    said += more
    return Found(tuple(said), found, tables)


# -- the three values -----------------------------------------------------------------------------


def learn(
    data: pd.DataFrame, net_benefit: Floats, names: Sequence[str], *, seed: int = 1
) -> dict[str, Any]:
    """Return what data are worth: E[max E(value given data)] less max E(value), in GBP.

    `value` is the optimal use by regression, which cannot be below zero and is compared with what
    shuffled data would give; `on_unseen_draws` is what the same regression is worth on draws that
    it has not seen, below zero where there are too few to learn from. Beside them stand the value
    of knowing everything, which no data exceed, and how often each act is chosen.
    """
    chosen, without = voi.choices_by_data(data, net_benefit, seed=seed)
    luck = voi.separate_luck(net_benefit)
    return {
        "value": voi.evsi(net_benefit, data, seed=seed),
        "on_unseen_draws": voi.rule_value(data, net_benefit, seed=seed),
        "evpi": voi.evpi_estimate(luck.values),
        "luck_removed_from_evpi": luck.corrected,
        "chance_of_each_act": {
            name: float((chosen == place).mean()) for place, name in enumerate(names)
        },
        "without_data": names[int(np.bincount(without).argmax())],
    }


def stopping(data: pd.DataFrame, net_benefit: Floats, *, seed: int = 1) -> dict[str, Any]:
    """Return what being able to stop is worth: E[max(stop, extend)] less E(extend), in GBP.

    `net_benefit` is [draw, repetition, (stop, extend)]. On what is known at the cut-off, by the
    best use of the data on draws that it has not seen, and if everything were known. Both hold
    that extending was bound to happen otherwise.
    """
    values = net_benefit.mean(axis=1) if net_benefit.ndim == 3 else net_benefit
    chosen, _ = voi.choices_by_data(data, values, seed=seed)
    row = np.arange(len(values))
    known = voi.separate_luck(net_benefit).values if net_benefit.ndim == 3 else values
    return {
        "with_monitoring": _with_error(values[row, chosen] - values[:, 1]),
        "knowing_everything": _with_error(known.max(axis=1) - known[:, 1]),
        "stop_without_data": float(max(0.0, (values[:, 0] - values[:, 1]).mean())),
        "chance_of_stopping": float((chosen == 0).mean()),
    }


def _with_error(values: Floats) -> dict[str, float]:
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return {"value": float(values.mean()), "standard_error": error}


def _acts(
    chosen: Mapping[str, Any],
    rule: voi.ThresholdRule,
    names: Sequence[str],
    labels: Sequence[str],
    act: int,
) -> pd.DataFrame:
    import pandas as pd

    stated = {names[act]: rule.chance, names[0]: 1 - rule.chance}
    return pd.DataFrame(
        {
            "option": list(names),
            "label": list(labels),
            "best_use_of_the_data": [chosen["chance_of_each_act"][name] for name in names],
            "rule_in_words": [stated.get(name, 0.0) for name in names],
        }
    )


# -- closing, pausing, reopening ------------------------------------------------------------------


def _closing(
    stored: Draws, inputs: Inputs, data: pd.DataFrame, nested: Floats
) -> tuple[dict[str, Any], list[str]]:
    """Return what ending and reopening cost, and what a pause to evaluate is worth with its choice.

    A pause is valued with the choice that follows it: after the evaluation the programme is
    reopened, or closed for good with the evaluation paid.
    """
    costs = data_file()["closing"]
    closing, reopening = figure(costs["closing_cost"]), figure(costs["reopening_cost"])
    found: dict[str, Any] = {"closing_cost": closing, "reopening_cost": reopening}
    said = [
        f"Closing costs some {money(closing)} beyond the contract, now or at the end of an "
        f"extension, and reopening some {money(reopening)}: judgements, outside the figures above."
    ]
    pauses = [
        name
        for name in stored.options[1:]
        if name in inputs.option_table and inputs.option(name).levers["extension.gap"] > 0
    ]
    for name in pauses:
        one, text = _pause(stored, inputs, name, (data, reopening * inputs.population_share))
        found[name] = one
        best = float(nested.mean(axis=(0, 1)).max())
        one["against_the_best_act_now"] = one["with_later_choice"] - best
        gap = one["against_the_best_act_now"]
        word = "more" if gap > 0 else "less"
        said.append(f"{text} That is {money(abs(gap))} {word} than the best act now without data.")
    return found, said


def _pause(
    stored: Draws, inputs: Inputs, name: str, given: tuple[pd.DataFrame, float]
) -> tuple[dict[str, Any], str]:
    data, reopening = given
    place = stored.options.index(name)
    reopened = stored.measures[VALUE][: len(data), :, place].mean(axis=1) - reopening
    cost = float(inputs.option(name).levers["extension.evaluation_cost"]) * inputs.population_share
    acts = np.stack([np.full(len(reopened), -cost), reopened], axis=1)
    truths = designs.truths(stored.parameters[: len(data)], inputs.values)
    design = designs.designs()["matched"]
    size = designs.sizes()[0][0]
    rng = np.random.default_rng(1)
    seen = design.summaries(truths, size, SPAN_MONTHS, rng).reset_index(drop=True)
    known = data.reset_index(drop=True).assign(
        **{f"evaluation: {column}": seen[column] for column in seen}
    )
    chosen, _ = voi.choices_by_data(known, acts)
    worth = acts[np.arange(len(acts)), chosen]
    one: dict[str, Any] = {
        "reopened_whatever_it_shows": _with_error(reopened),
        "evaluation_cost": cost,
        "with_later_choice": float(worth.mean()),
        "standard_error": _with_error(worth)["standard_error"],
        "chance_of_reopening": float((chosen == 1).mean()),
    }
    label = stored.labels[place]
    text = (
        f"'{label}' is worth {money(one['with_later_choice'])} (standard error "
        f"{money(one['standard_error'])}) with its later choice, cost of reopening and of the "
        f"evaluation included: reopened in {one['chance_of_reopening']:.0%} of draws after a "
        f"matched evaluation of {size} people."
    )
    return one, text


# -- sentences ------------------------------------------------------------------------------------


def _service(pilot: Floats) -> str:
    found = _with_error(pilot)
    return (
        f"As a service alone, the pilot is worth {money(found['value'])} against no programme "
        f"(standard error {money(found['standard_error'])}; at its own decision, not the "
        "extension's)."
    )


def _followed(figures: pd.DataFrame) -> str:
    mean = {str(name): float(value) for name, value in figures.mean().items()}
    return (
        f"By the data cut-off {mean[STARTS]:.0f} people have started and {mean[COMPLETIONS]:.0f} "
        f"have completed, on average; {mean['starters with 6 months']:.0f} starters have 6 months "
        f"of follow-up and {mean['starters with 12 months']:.0f} have 12. Of "
        f"{mean['assessed']:.0f} people assessed, the partners of {mean['partners asked']:.0f} "
        "could be asked about the months after it."
    )


def _estimate(found: voi.Estimate) -> str:
    text = f"{money(found.value)} (standard error {money(found.standard_error)})"
    return f"{text}, zero within noise" if found.zero_within_noise else text


def _learning_words(found: Mapping[str, Any], labels: Sequence[str]) -> list[str]:
    acts = [
        f"{label} in {chance:.0%}"
        for label, chance in zip(labels, found["chance_of_each_act"].values(), strict=True)
        if chance > 0
    ]
    return [
        f"Learning from the pilot by the best use of what monitoring shows is worth "
        f"{_estimate(found['value'])}, of the {money(found['evpi'].value)} that knowing everything "
        f"would be. That use, fitted on some draws, is worth {_estimate(found['on_unseen_draws'])} "
        f"on others; it leads to {', '.join(acts)} of draws."
    ]


def _stopping_words(found: Mapping[str, Any], label: str) -> list[str]:
    one, all_known = found["with_monitoring"], found["knowing_everything"]
    return [
        f"Being able to stop, rather than bound to '{label}', is worth {money(one['value'])} "
        f"(standard error {money(one['standard_error'])}{_noise(one)}) on what monitoring shows, "
        f"and {money(all_known['value'])} if everything were known."
    ]


def _noise(found: Mapping[str, float]) -> str:
    lost = abs(found["value"]) < 2 * found["standard_error"]
    return "; zero within noise" if lost else ""


def _rule_words(rule: voi.ThresholdRule, labels: Sequence[str], act: int) -> list[str]:
    return [
        f"A rule in words: {rule.words(labels)} Under it the chance of '{labels[act]}' is "
        f"{rule.chance:.0%}, and of '{labels[0]}' {1 - rule.chance:.0%}; on draws that it has not "
        f"seen it is worth {_estimate(rule.value)} against choosing without data. Police repeats "
        "are shown and are never decisive alone: they reward selection and silence."
    ]
