"""The chart of what an evaluation would teach, by its size and its length."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dapp_model.chart_style import INK, LINE, Chart, canvas, chart, curves, style, wrapped
from dapp_model.decision.worth import VALUE, nested
from dapp_model.report import words
from dapp_model.report.figures import pounds
from dapp_model.report.totals import Totals

if TYPE_CHECKING:
    import pandas as pd

_BOUND: Final = ["informs_evppi", "informs_evppi_error"]
FEWEST: Final = 50  # draws from which a regression is worth reading


def learning(totals: Totals) -> Chart | None:
    """Return what evaluations would teach of the run's decision; None with too few draws."""
    from dapp_model.decision import studies
    from dapp_model.draws import NOTHING_DRAWN

    parameters = totals.gathered.parameters
    able = [i for i, one in enumerate(totals.decision["options"]) if one["may_be_chosen"]]
    if len(parameters) < FEWEST or NOTHING_DRAWN in parameters or len(able) < 2:
        return None
    values = nested(totals.inputs.options, totals.gathered.worth, VALUE)[:, :, able]
    table = _table(values, parameters, totals)
    labels = {name: one.label for name, one in studies.designs().items()}
    whole = totals.inputs.population_share >= 1
    return worth_of_studies("learning", table, labels, whole=whole)


def _table(values: Any, parameters: pd.DataFrame, totals: Totals) -> pd.DataFrame:
    """Return the value of each design by size and length, its cost, and what none can exceed."""
    import pandas as pd

    from dapp_model import voi
    from dapp_model.decision import studies

    truths = studies.truths(parameters, totals.inputs.values)
    tables = []
    for name, design in studies.designs().items():
        seen = partial(design.summaries, truths)
        table = voi.not_decreasing(voi.evsi_table(values, seen, *studies.sizes()))
        table["cost"] = [
            design.cost(int(size), float(months))
            for size, months in zip(table["size"], table["follow_up"], strict=True)
        ]
        table["design"] = name
        tables.append(table)
    found = pd.concat(tables, ignore_index=True)
    bound = voi.evsi(values, truths)
    found["informs_evppi"], found["informs_evppi_error"] = bound.value, bound.standard_error
    return found


def worth_of_studies(
    name: str, table: pd.DataFrame, labels: Mapping[str, str], *, whole: bool
) -> Chart:
    """Draw what a study is worth against its size and its length, a panel for each design.

    `table` has design, size, follow_up (months), evsi, cost and informs_evppi (GBP). `whole`: the
    value is that of the whole county, so that it can be set against what a study costs.
    """
    designs = [str(one) for one in table["design"].unique()]
    bound = float(table["informs_evppi"].iloc[0])
    top = 1.12 * max(bound, float(table["evsi"].max()), 1.0)
    with style():
        figure = canvas(6.8, 3.1)
        panels: Any = figure.subplots(1, len(designs), sharey=True, squeeze=False)[0]
        for axes, design in zip(panels, designs, strict=True):
            own = table[table["design"] == design]
            wide = own.pivot(index="size", columns="follow_up", values="evsi")
            sizes = [float(n) for n in wide.index]
            axes.set_xscale("log")
            axes.set_ylim(0, top)
            axes.set_xticks(sizes, [words.number(n) for n in sizes], rotation=45)
            axes.minorticks_off()
            found = {f"{months:.0f} months": wide[months].tolist() for months in wide}
            curves(axes, sizes, found, inches=1.9)
            axes.axhline(bound, color=INK, linewidth=1, linestyle="-.")
            axes.annotate(f"no study is worth more: {words.money(bound)}", (sizes[0], bound),
                          xytext=(3, 3), textcoords="offset points", fontsize=8)  # fmt: skip
            axes.set_title(wrapped(labels[design], 30))
            axes.grid(axis="y", color=LINE)
            axes.set_xlabel("Participants in both arms")
            pounds(axes.yaxis)
        panels[0].set_ylabel("Worth to this programme,\nbefore the study's cost")
        columns = ("design", "size", "follow_up", "evsi", "standard_error", "cost", "informs_evppi",
                   "informs_evppi_error")  # fmt: skip
        rows = [[one[column] for column in columns] for one in table.to_dict("records")]
        title = "What an evaluation would teach is worth, by its size and its length"
        return chart(figure, name, title, _said(table, labels, whole), (columns, rows))


def _said(table: pd.DataFrame, labels: Mapping[str, str], whole: bool) -> str:
    best = table.iloc[int(table["evsi"].to_numpy().argmax())]
    paid = int((table["evsi"] > table["cost"]).sum())
    against = (
        f"{paid} of {len(table)} sizes and lengths looked at are worth more than they cost; costs "
        "and precision are judgements."
        if whole
        else "Only a share of the county was simulated, so this cannot be set against what a study "
        "costs."
    )
    worth = words.with_pounds(float(best["evsi"]), float(best["standard_error"]))
    bound = words.with_pounds(*map(float, table[_BOUND].iloc[0]))
    return (
        f"The most that a study looked at would teach is worth {worth} to this programme, before "
        f"its cost of {words.money(float(best['cost']))}: {labels[str(best['design'])]}, "
        f"{words.number(float(best['size']))} participants, {float(best['follow_up']):.0f} months. "
        f"No study can be worth more than {bound}. {against}"
    )
