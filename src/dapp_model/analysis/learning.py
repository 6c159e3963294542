"""`dapp voi`: how sure the choice of a finished run is, and what it would be worth to know more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import decision, voi
from dapp_model.analysis.files import Analysis
from dapp_model.analysis.pictures import Bar, Picture, Words, bars, lines
from dapp_model.decision import VALUE, chance, studies
from dapp_model.draws import COST, EFFECT, NOTHING_DRAWN, Draws
from dapp_model.report import learning_words
from dapp_model.report.learning_figures import worth_of_studies
from dapp_model.report.sure_figures import label_of
from dapp_model.report.words import money, quoted, share_of_draws, with_pounds
from dapp_model.study_designs import reporting_months

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

FEWEST: Final = 50  # draws with which a regression is worth reading
SHOWN: Final = 15  # bars in a picture
REPLICATIONS: Final = (1, 2, 4, 8, 16)


def study(
    draws: Draws,
    values: Mapping[str, Any],
    *,
    starts: Sequence[float] = (),
    progress: Progress | None = None,
) -> Analysis:
    """Return the value of information of a run's decision.

    `values` are the run's parameters, for those that were not drawn. `starts` counts the starts
    that the shown option adds, by year from the decision; without it what a study is worth to
    later rounds is not assessed. What the pilot itself teaches is the run's own.
    """
    able = draws.able()
    options = [draws.options[i] for i in able]
    nested = draws.measures[VALUE][:, :, able]
    sure = chance.apart(draws.measures[VALUE], draws.certain()).among(able)
    luck = _luck_of(sure, able)
    found: dict[str, Any] = {
        "draws": nested.shape[0],
        "replications": nested.shape[1],
        "options": options,
        "left_out": [name for name in draws.options if name not in options],
        "luck_removed": luck.corrected,
        "luck_share": dict(zip(options, luck.luck_share, strict=True)),
        "unit": "GBP for this programme, present value; no population multiplier",
    }
    whole = voi.evpi_estimate(luck.values, again=sure.again)
    found["evpi"] = whole
    found["evpi_with_luck"] = voi.evpi_estimate(voi.over_replications(nested))
    found["probability_best"] = dict(zip(options, voi.probability_best(luck.values), strict=True))
    found["expected_loss"] = dict(zip(options, voi.expected_loss(luck.values), strict=True))
    tables = {"options": _options_table(options, nested, luck, sure)}
    if luck.corrected:
        tables["replications"] = voi.error_by_replications(luck, nested.shape[0], REPLICATIONS)
    pictures: list[Picture] = []
    sentences = [
        f"Knowing everything before choosing would be worth {_pounds(whole)}.",
        _luck_sentence(luck),
    ]
    sentences += draws.part_of_county()
    sentences += draws.other_than_advised(able[int(luck.values.mean(axis=0).argmax())])
    tables |= _acceptability(draws, able, pictures)
    enough = nested.shape[0] >= FEWEST and NOTHING_DRAWN not in draws.parameters
    if len(able) < 2:
        sentences.append(
            "Only one option may be chosen, so knowing more, of whatever kind, would be worth "
            "nothing to this decision."
        )
        found["evppi"] = found["evsi"] = "not assessed"
    elif not enough:
        sentences.append(
            f"The value of knowing single parameters and of studies is not assessed: regressions "
            f"need {FEWEST} draws, and this run has {nested.shape[0]}."
        )
        found["evppi"] = found["evsi"] = "not assessed"
    else:
        groups = by_section(draws.parameters)
        table = voi.evppi_table(nested, draws.parameters, groups=groups, progress=progress)
        tables["evppi"] = table.sort_values("evppi", ascending=False, kind="stable")
        found["evppi"] = _records(tables["evppi"])
        tables["evsi"], said, odd = _studies(draws, nested, values, starts)
        odd = [*voi.orderings(luck.values, table, groups, again=sure.again), *odd]
        found["orderings_that_fail_beyond_noise"] = odd
        found["study_sentences"] = [*_evppi_sentences(table), *_odd_sentences(odd, draws), *said]
        sentences += found["study_sentences"]
        pictures += [_evppi_picture(table), _evsi_picture(tables["evsi"], draws)]
        found["evsi"] = _records(tables["evsi"])
    taught = draws.decision["learning"]
    found["extension_as_an_option"] = taught
    sentences += learning_words.values(draws.decision)
    sentences += [line for line in [learning_words.rule(draws.decision)] if line]
    sentences += learning_words.pauses(draws.decision)
    sentences += learning_words.closing(draws.decision)
    if taught != "not assessed" and taught["assessed"]:
        tables["chance_of_each_act"] = _acts(taught, options)
    return Analysis("voi", tuple(sentences), found, tables, tuple(pictures))


def _luck_of(sure: chance.Apart, able: Sequence[int]) -> voi.Luck:
    """Return the options that may be chosen with luck taken out as the run does: of all together.

    `corrected` says whether it was taken out.
    """
    both = np.ix_(able, able)
    return replace(
        sure.luck,
        values=sure.values,
        parameters=sure.luck.parameters[both],
        luck=sure.luck.luck[both],
        luck_share=sure.luck.luck_share[list(able)],
        corrected=sure.removed,
    )


def by_section(parameters: pd.DataFrame) -> Mapping[str, tuple[str, ...]]:
    """Return the groups of parameters: sections of the registry with at least two of them."""
    found: dict[str, list[str]] = {}
    for name in parameters:
        found.setdefault(str(name).split(".")[0], []).append(str(name))
    return {f"all of {k}": tuple(names) for k, names in found.items() if len(names) > 1}


def _acts(taught: Mapping[str, Any], options: Sequence[str]) -> pd.DataFrame:
    """Return how often each option is chosen by the best use of the data, and by the rule."""
    import pandas as pd

    rule = taught["rule"]
    stated = {rule["otherwise"]: 1 - rule["chance_of_act"], rule["act"]: rule["chance_of_act"]}
    best = taught["learning"]["chance_of_each_act"]
    return pd.DataFrame(
        {
            "option": list(options),
            "best_use_of_the_data": [best[name] for name in options],
            "rule_in_words": [stated.get(name, 0.0) for name in options],
        }
    )


# -- how sure -------------------------------------------------------------------------------------


def _options_table(
    options: Sequence[str], nested: Floats, luck: voi.Luck, sure: chance.Apart
) -> pd.DataFrame:
    import pandas as pd

    values = voi.over_replications(nested)  # of a mean that holds luck, so does the error
    chances = chance.of_options(sure, [True] * len(options))
    lost, lost_errors, _ = chance.losses(sure)
    return pd.DataFrame(
        {
            "mean_net_benefit": values.mean(axis=0),
            "monte_carlo_error": values.std(axis=0, ddof=1) / np.sqrt(len(values)),
            "probability_best": [one["chance_best"] for one in chances],
            "probability_best_monte_carlo_error": [
                one["chance_best_monte_carlo_error"] for one in chances
            ],
            "expected_loss": lost,
            "expected_loss_monte_carlo_error": lost_errors,
            "luck_share": luck.luck_share,
        },
        index=pd.Index(options, name="option"),
    )


def _luck_sentence(luck: voi.Luck) -> str:
    if not luck.corrected:
        return (
            "Chances and values hold the luck of the simulation as well as what is not known: the "
            "two cannot be told apart in so few draws and replications."
        )
    share = float(np.nanmax(luck.luck_share))
    return (
        "The luck that is left in the mean of a draw's replications makes up to "
        f"{share:.0%} of the spread between draws; it is taken out of chances and of the value of "
        "knowing everything."
    )


def _acceptability(
    draws: Draws, able: Sequence[int], pictures: list[Picture]
) -> dict[str, pd.DataFrame]:
    """Return curve and frontier, by what averting one true incident is worth to the public."""
    names = [draws.options[i] for i in able]
    costs, effects = (draws.measures[one][:, :, able] for one in (COST, EFFECT))
    certain = draws.certain()
    still = None if certain is None else certain[:, able]
    ((curve, best),) = decision.acceptability(costs, effects, names, still=still)
    errors, _ = decision.curve_errors(costs, effects, curve.iloc[-1:], still=still)
    thresholds = curve.index.tolist()
    top = thresholds[-1]
    labels = {draws.options[i]: draws.labels[i] for i in able}
    at_top = dict(zip(names, curve.iloc[-1].tolist(), strict=True))
    likeliest = max(names, key=lambda name: float(at_top[name]))
    how_likely = share_of_draws(
        float(at_top[likeliest]), errors[names.index(likeliest)][0], len(costs)
    )
    said = Words(
        "acceptability",
        "Chance that each option is best, by what averting one true incident is worth",
        f"At {money(top)} for each true incident averted, {labels[likeliest]} is the likeliest to "
        f"be best ({how_likely}).",
        "GBP for each true incident averted",
        "Chance of being best",
    )
    pictures.append(lines(said, thresholds, {labels[n]: curve[n].tolist() for n in names}))
    return {"acceptability": curve, "frontier": best}


# -- what to know ---------------------------------------------------------------------------------


def _evppi_sentences(table: pd.DataFrame) -> list[str]:
    clear = table[~table["zero_within_noise"]]
    found = []
    for kind, words in (("group", "group"), ("parameter", "single parameter")):
        own = clear[clear["kind"] == kind].sort_values("evppi", ascending=False, kind="stable")
        if len(own):
            first = own.iloc[0]
            name = str(own.index[0])
            called = name if kind == "group" else f"{quoted(label_of(name))} ({name})"
            found.append(
                f"Of every {words}, {called} is the most valuable to know: "
                f"{money(float(first['evppi']))} (standard error "
                f"{money(float(first['standard_error']))})."
            )
    silent = int((table["zero_within_noise"] & (table["kind"] == "parameter")).sum())
    total = int((table["kind"] == "parameter").sum())
    found.append(f"Of {total} parameters, {silent} are worth nothing within noise, each alone.")
    return found


def _odd_sentences(odd: Sequence[str], draws: Draws) -> list[str]:
    if not odd:
        return []
    return [
        f"{len(odd)} values exceed that of knowing more by more than noise, which cannot be: "
        f"{len(draws.parameters)} draws do not resolve them. The first: {odd[0]}"
    ]


def _evppi_picture(table: pd.DataFrame) -> Picture:
    top = table.sort_values("evppi", ascending=False, kind="stable").head(SHOWN)
    said = Words(
        "evppi",
        "What it would be worth to know a parameter, or a group, before choosing",
        f"The largest is {top.index[0]}: {money(float(top['evppi'].iloc[0]))}. Lines are 95% "
        "intervals.",
        "GBP for this programme",
    )
    drawn = [
        Bar(str(name), 0.0, float(row["evppi"]), 1.96 * float(row["standard_error"]))
        for name, row in top.iterrows()
    ]
    return bars(said, drawn, pounds=True)


# -- what a study is worth ------------------------------------------------------------------------


def _studies(
    draws: Draws, nested: Floats, values: Mapping[str, Any], starts: Sequence[float]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return what studies are worth, what is said of them, and what cannot be but for noise."""
    import pandas as pd

    from dapp_model.economics import discount_factor

    truths = studies.truths(draws.parameters, values)
    participants, months = studies.sizes()
    bound = voi.evsi(nested, truths)
    tables, said, odd = [], [], []
    for name, design in studies.designs().items():
        seen = partial(design.summaries, truths)
        table = voi.not_decreasing(voi.evsi_table(nested, seen, participants, months))
        table = voi.net_benefit_of_sampling(
            table,
            design.cost,
            arrives=lambda follow: follow / studies.MONTHS + reporting_months() / studies.MONTHS,
            lines=_lines(starts),
            discount=lambda year: discount_factor(int(year)),
        )
        odd += [f"{design.label}: {line}" for line in voi.study_orderings(table, bound)]
        table.insert(0, "design", name)
        tables.append(table)
        best = table.iloc[int(table["this_programme"].to_numpy().argmax())]
        if not draws.part_of_county():  # a part of the county cannot be set against a whole cost
            said.append(_best_size(design.label, best))
    said.append(
        "No study of these can be worth more than "
        f"{with_pounds(bound.value, bound.standard_error)} to this programme: the value of knowing "
        "all that they inform. How precise they are is what "
        "`dapp evaluate-pilot` finds on the model's own people (study_precision.csv); their sizes "
        "and costs are judgements."
    )
    found = pd.concat(tables, ignore_index=True)
    found["informs_evppi"], found["informs_evppi_error"] = bound.value, bound.standard_error
    return found, said, odd


def _best_size(label: str, best: pd.Series[Any]) -> str:
    pays = best["this_programme"] > 0
    head = (
        "the best size looked at is"
        if pays
        else "no size looked at is worth its cost; the one that loses least is"
    )
    worth = with_pounds(float(best["evsi"]), float(best["standard_error"]))
    return (
        f"{label}: {head} {int(best['size']):,} participants with {best['follow_up']:.0f} months "
        f"of follow-up; its results would be worth {worth} to this programme if the decision "
        f"could wait for them, and it would cost {money(float(best['cost']))}."
    )


def _lines(starts: Sequence[float]) -> tuple[voi.PopulationLine, ...]:
    """Return whom a study may serve: the rest of this programme, a later round, another area."""
    total = float(sum(starts))
    if not total > 0:
        return ()
    own = tuple(max(0.0, float(n)) for n in starts)
    length = max(i for i, n in enumerate(own) if n > 0) + 1
    later = (0.0,) * length + own[:length]
    return (
        voi.PopulationLine("starts_left_in_this_programme", own, sum(own)),
        voi.PopulationLine("one_later_round_alike", later, sum(own)),
        voi.PopulationLine("one_other_force_area_alike", own, sum(own)),
    )


def _evsi_picture(table: pd.DataFrame, draws: Draws) -> Picture:
    labels = {name: one.label for name, one in studies.designs().items()}
    return worth_of_studies("evsi", table, labels, whole=not draws.part_of_county())


def _pounds(found: voi.Estimate) -> str:
    said = f"{money(found.value)} (standard error {money(found.standard_error)})"
    return f"{said}, zero within noise" if found.zero_within_noise else said


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    named = table.reset_index() if table.index.name else table
    return [{str(key): value for key, value in row.items()} for row in named.to_dict("records")]
