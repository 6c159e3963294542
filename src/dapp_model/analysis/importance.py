"""`dapp sensitivity`: which parameters move a finished run's decision, and what would change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import sensitivity, switching, voi
from dapp_model.analysis import surrogate
from dapp_model.analysis.files import Analysis
from dapp_model.analysis.learning import FEWEST, SHOWN
from dapp_model.analysis.pictures import Bar, Picture, Words, bars
from dapp_model.decision import VALUE, change
from dapp_model.draws import NOTHING_DRAWN, Draws
from dapp_model.report import change_words, sure_words
from dapp_model.report.words import listed, money, with_pounds

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

BASE_SAMPLES: Final = 512  # of the Sobol' design on the regression: no run of the model
TRAJECTORIES: Final = 40
LEAST_FORETOLD: Final = 0.2  # of the variance, for indices on a regression to be read
_PARTS: Final = 20  # of a step, as progress shows it
THIS_READING: Final = "as in this run"
ALL: Final = "all options"


@dataclass(frozen=True, eq=False)
class Engine:
    """What was found by running the model itself; empty tables where it was not asked for."""

    choke_points: pd.DataFrame | None = None
    choke_draws: int = 0
    morris: pd.DataFrame | None = None
    sobol: pd.DataFrame | None = None


def study(
    draws: Draws,
    *,
    readings: Mapping[str, Draws],
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Return what moves the difference between the shown option and the comparator.

    `readings` are other runs of the same scenario by their name, under another reading of the
    evidence: they stand in for the few draws under other readings that the run itself holds.
    `engine` holds what was found by running the model.
    """
    engine = engine or Engine()
    tick = _Ticks(progress, 6)
    shown = draws.options.index(str(draws.decision["shown_option"]))
    difference = voi.over_replications(draws.measures[VALUE][:, :, shown])
    enough = len(difference) >= FEWEST and NOTHING_DRAWN not in draws.parameters
    tables: dict[str, pd.DataFrame] = {}
    pictures: list[Picture] = []
    pair = f"{draws.labels[shown]} against {draws.labels[0]}"
    found: dict[str, Any] = {
        "option": draws.options[shown],
        "comparator": draws.options[0],
        "draws": len(difference),
        "unit": "GBP, net present social value, paired difference",
    }
    sentences = [f"What moves the difference of {pair}.", *draws.part_of_county()]
    tick()
    if enough:
        _from_draws(draws, difference, (tables, pictures, sentences, found), tick)
    else:
        sentences.append(
            f"Indices, ranges and switching values are not assessed: they need {FEWEST} draws, and "
            f"this run has {len(difference)}."
        )
    tables["flips"], said = _flips(draws, readings)
    sentences += said
    for name, table in (
        ("choke_points", engine.choke_points),
        ("morris_model", engine.morris),
        ("sobol_model", engine.sobol),
    ):
        if table is None:
            found[name] = "not assessed: the model was not run for it"
        else:
            tables[name] = table
    chokes = _choke_sentences(engine)
    found["choke_draws"] = engine.choke_draws
    found["choke_point_sentences"] = chokes if engine.choke_points is not None else []
    sentences += [*chokes, *_of_a_pause(draws, shown)]
    found |= {name: _records(table) for name, table in tables.items()}
    tick.all_done()
    return Analysis("sensitivity", tuple(sentences), found, tables, tuple(pictures))


Collected = tuple["dict[str, pd.DataFrame]", "list[Picture]", "list[str]", "dict[str, Any]"]


def _from_draws(draws: Draws, difference: Floats, into: Collected, tick: _Ticks) -> None:
    tables, pictures, sentences, found = into
    parameters = draws.parameters
    tables["given_data"] = sensitivity.given_data(parameters, difference)
    tick()
    tables["tornado"] = switching.tornado(parameters, difference)
    pictures.append(_tornado_picture(tables["tornado"]))
    tick()
    able = draws.able()
    values = draws.measures[VALUE][:, :, able]
    labels = [draws.labels[i] for i in able]
    best = int(voi.over_replications(values).mean(axis=0).argmax())
    sentences += draws.other_than_advised(able[best])
    switches, never = switching.switching_values(values, parameters, progress=tick.within)
    tables["switching"] = _switch_tables(draws, switches, [draws.options[i] for i in able])
    found["never_switch_alone"] = never
    tick()
    quality, sobol, morris = on_regression(parameters, difference, progress=tick.within)
    found["regression_r2_out_of_fold"] = quality
    found["regression_holds"] = quality >= LEAST_FORETOLD
    tables["sobol_regression"], tables["morris_regression"] = sobol, morris
    tick()
    sentences += _index_sentences(tables["given_data"], tables["tornado"], sobol, quality)
    sentences += _switch_sentences(draws, switches, labels, len(never))


class _Ticks:
    """Steps that are finished, and how much of a long one is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def __call__(self) -> None:
        """Finish a step."""
        self.done = min(self.done + 1, self.total)
        self.within(0, 1)

    def all_done(self) -> None:
        """Finish whatever is left."""
        self.done = self.total
        self.within(0, 1)

    def within(self, done: int, total: int) -> None:
        """Say how much of the step under way is finished."""
        if self.progress:
            part = _PARTS * done // total
            self.progress(min(self.done * _PARTS + part, self.total * _PARTS), self.total * _PARTS)


# -- designs on a regression of stored draws ------------------------------------------------------


def on_regression(
    parameters: pd.DataFrame,
    difference: Floats,
    *,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[float, pd.DataFrame, pd.DataFrame]:
    """Return how well a regression foretells draws, and Sobol' and Morris of groups on it.

    The regression stands for the model, so no run is needed; parameters are taken from their own
    stored values, one independently of another. The share of variance foretold out of fold says
    how far the indices are the model's: where it is too small, the tables hold no numbers and
    `regression_holds` is False. Errors hold the design's and the regression's. Zero within noise:
    not above two of them, or not above what shuffled draws give (`surrogate.told_from_noise`).
    """
    space = surrogate.space_of(parameters)
    quality = surrogate.foretold(parameters, difference)
    if not quality >= LEAST_FORETOLD:
        return quality, _no_sobol(space), _no_morris(space)
    told = surrogate.told_from_noise(parameters, difference, space, seed=seed, progress=progress)
    evaluate, refits = surrogate.fitted(parameters, difference, seed=seed)
    sobol = sensitivity.sobol(evaluate, space, BASE_SAMPLES, seed=seed, refits=refits)
    morris = sensitivity.morris(evaluate, space, TRAJECTORIES, seed=seed, refits=refits)
    sobol["zero_within_noise"] |= ~sobol["parameter"].isin(told)
    morris["zero_within_noise"] |= ~morris.index.isin(told)
    return quality, sobol.assign(regression_holds=True), morris.assign(regression_holds=True)


def _no_sobol(space: sensitivity.Space) -> pd.DataFrame:
    """Return the table of a regression that does not hold: no index, none told from zero."""
    import pandas as pd

    numbers = ("first_order", "first_order_error", "total", "total_error")
    rows = [
        {"samples": samples, "parameter": name, **dict.fromkeys(numbers, np.nan)}
        for samples in sensitivity.halved(BASE_SAMPLES)
        for name in space.rows
    ]
    return pd.DataFrame(rows).assign(zero_within_noise=True, regression_holds=False)


def _no_morris(space: sensitivity.Space) -> pd.DataFrame:
    import pandas as pd

    numbers = ("mean_effect", "mean_absolute_effect", "standard_error", "spread")
    named = pd.Index(space.rows, name="parameter")
    table = pd.DataFrame(np.nan, index=named, columns=list(numbers))
    return table.assign(zero_within_noise=True, regression_holds=False)


# -- decision flips -------------------------------------------------------------------------------


def _flips(draws: Draws, readings: Mapping[str, Draws]) -> tuple[pd.DataFrame, list[str]]:
    """Return the map of what is best counted otherwise, and its sentences: the run's own map.

    Made anew where other runs are given, or where the run has none.
    """
    import pandas as pd

    own = draws.decision.get("flips")
    if readings or not own:
        table = flips({THIS_READING: draws, **readings})
        return table, _other_runs(table, draws, bool(readings))
    fewer = sure_words.fewer_draws(draws.decision)
    return pd.DataFrame(own), [*change_words.flips(draws.decision), *([fewer] if fewer else [])]


def flips(readings: Mapping[str, Draws]) -> pd.DataFrame:
    """Return the best option by perspective, harm route and reading, and by a police count."""
    first = next(iter(readings.values()))
    able = first.able()
    for reading, draws in readings.items():
        if draws.options != first.options:
            raise ValueError(f"The run for the reading {reading!r} has other options.")
    measures = {
        reading: {name: draws.measures[name] for name in change.USED}
        for reading, draws in readings.items()
    }
    usual = str(first.decision["harm_route"]), str(first.decision["advice"]["option"])
    return change.flips(
        measures, first.options, able, usual, without_luck=True, still=first.certain()
    )


# -- words and pictures ---------------------------------------------------------------------------


def _index_sentences(
    indices: pd.DataFrame, tornado: pd.DataFrame, sobol: pd.DataFrame, quality: float
) -> list[str]:
    last = indices[indices["samples"] == indices["samples"].max()]
    clear = last[~last["zero_within_noise"]].sort_values("first_order", ascending=False)
    quiet = len(last) - len(clear)
    found = []
    if len(clear):
        top = clear.iloc[0]
        found.append(
            f"{top['parameter']} alone explains {max(0.0, float(top['first_order'])):.0%} of the "
            f"variance of the difference (standard error {float(top['first_order_error']):.0%}), "
            "more than any other; luck is part of the variance."
        )
    found.append(f"Of {len(last)} parameters, {quiet} are zero within noise.")
    wide = tornado.iloc[0]
    found.append(
        f"From one end of its 90% range to the other, {tornado.index[0]} moves the mean difference "
        f"from {_end(wide, 'at_low')} to {_end(wide, 'at_high')}."
    )
    if quality < LEAST_FORETOLD:
        found.append(
            f"By groups nothing can be said: a regression on all parameters foretells "
            f"{max(0.0, quality):.0%} of the variance of draws it has not seen, and has to "
            f"foretell {LEAST_FORETOLD:.0%}. Its tables hold no numbers. More draws or "
            "replications are needed."
        )
        return found
    groups = sobol[sobol["samples"] == sobol["samples"].max()]
    standing = groups[~groups["zero_within_noise"]].sort_values("total", ascending=False)
    how = f"on a regression that foretells {quality:.0%} of the variance of draws it has not seen"
    if not len(standing):
        found.append(f"By groups, {how}, none of {len(groups)} stands out of noise.")
        return found
    group = standing.iloc[0]
    found.append(
        f"By groups, {how}, {group['parameter']} has the largest total index "
        f"({float(group['total']):.2f}, standard error {float(group['total_error']):.2f}); "
        f"{len(groups) - len(standing)} of {len(groups)} groups are zero within noise."
    )
    return found


def _end(row: pd.Series[Any], end: str) -> str:
    return with_pounds(float(row[end]), float(row[f"{end}_error"]))


def _switch_sentences(
    draws: Draws, switches: Sequence[switching.Switch], labels: Sequence[str], never: int
) -> list[str]:
    """Say what switches between the two options of the first page, and then between all."""
    from dapp_model.parameters import registry

    found = change_words.switches(draws.decision)
    found.append("Between all options that may be chosen:")
    for one in switches:
        known = registry().get(one.parameter)
        name = f"{known.label} ({one.parameter})" if known else one.parameter
        found.append(one.words(name, _base_unit(known.unit) if known else "", labels))
    made = len(draws.parameters)
    within = "anywhere between the 1% and the 99% of its draws"
    if not switches:
        found.append(
            f"No single parameter stands out of the noise of {made:,} draws as changing the "
            f"best option, {within}: {never} were looked at."
        )
    else:
        found.append(
            f"No other parameter ({never}) stands out of the noise of {made:,} draws as changing "
            f"it alone, {within}."
        )
    return found


def _base_unit(unit: str) -> str:
    """Return the unit in which stored values are: durations are days, whatever the file wrote."""
    return {"duration": "days", "money": "GBP", "share": "", "ratio": "", "number": ""}.get(
        unit, unit
    )


def _other_runs(table: pd.DataFrame, draws: Draws, other_readings: bool) -> list[str]:
    """Say of a map that is made of other runs what is best counted otherwise."""
    rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    said = change_words.flips({**draws.decision, "flips": rows})
    if other_readings:
        return said
    return [
        *said,
        "Other readings of the evidence are not assessed: give runs made under them with "
        "--reading.",
    ]


def _of_a_pause(draws: Draws, shown: int) -> list[str]:
    """Say what runs of the model leave out of an option that pauses."""
    if not draws.decision["options"][shown].get("later_choice"):
        return []
    return [
        "What is told by running the model anew counts this option as reopened whatever its "
        "evaluation shows, without the later choice that its draws hold."
    ]


def _choke_sentences(engine: Engine) -> list[str]:
    table = engine.choke_points
    if table is None:
        return ["Choke points are not assessed: the model was not run for them (--choke-draws)."]
    found = []
    for _, row in table.iterrows():
        noise = ", zero within noise" if row["zero_within_noise"] else ""
        error = "unknown" if row["standard_error"] != row["standard_error"] else money(
            float(row["standard_error"])
        )  # fmt: skip
        found.append(
            f"{row['step']} is worth {money(float(row['value']))} (standard error {error}){noise}."
        )
    quiet = table[table["zero_within_noise"] & (table["standard_error"] > 0)]
    if len(quiet):
        least = [
            f"{row['step'][0].lower()}{row['step'][1:]} would have to be worth "
            f"{money(2 * float(row['standard_error']))} or more to be told"
            for _, row in quiet.iterrows()
        ]
        found.append(
            f"Zero within noise does not mean worth nothing. From {engine.choke_draws} draws "
            f"{listed(least)}; four times the draws (--choke-draws) halve that."
        )
    return found


def _switch_tables(
    draws: Draws, switches: Sequence[switching.Switch], options: Sequence[str]
) -> pd.DataFrame:
    """Return switching values between the two options of the first page, and between all."""
    import pandas as pd

    several = _switch_table(switches, options)
    several.insert(0, "between", ALL)
    first = draws.decision.get("switching")
    if not isinstance(first, Mapping):
        return several
    two = pd.DataFrame(first["values"]).rename(
        columns={
            "share": "share_of_draws_beyond",
            "share_monte_carlo_error": "share_of_draws_beyond_monte_carlo_error",
        }
    )
    two = two.reindex(columns=[name for name in several if name != "between"])
    two.insert(0, "between", " and ".join(first["between"]))
    return pd.concat([one for one in (two, several) if len(one)] or [several], ignore_index=True)


def _switch_table(switches: Sequence[switching.Switch], options: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (
            one.parameter, one.side, one.value, one.low, one.high, options[one.becomes], one.share,
            one.share_monte_carlo_error, one.chance_of_noise,
            one.chance_of_noise_monte_carlo_error,
        )
        for one in switches
    ]  # fmt: skip
    columns = [
        "parameter", "side", "value", "low", "high", "becomes", "share_of_draws_beyond",
        "share_of_draws_beyond_monte_carlo_error", "chance_of_noise",
        "chance_of_noise_monte_carlo_error",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _tornado_picture(table: pd.DataFrame) -> Picture:
    top = table.head(SHOWN)
    said = Words(
        "tornado",
        "The mean difference with one parameter at a time at the ends of its 90% range",
        f"The widest is {top.index[0]}: from {money(float(top['at_low'].iloc[0]))} to "
        f"{money(float(top['at_high'].iloc[0]))}.",
        "Net present social value against the comparator",
    )
    drawn = [
        Bar(str(name), float(row["at_low"]), float(row["at_high"])) for name, row in top.iterrows()
    ]
    return bars(said, drawn, pounds=True)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    named = table.reset_index() if table.index.name else table
    return [{str(key): value for key, value in row.items()} for row in named.to_dict("records")]
