"""The evidence pack: words, figures and one self-contained page, all generated from the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs
    from dapp_model.tables import Gathered

__all__ = ["sentences", "write"]


def sentences(decision: Mapping[str, Any]) -> list[str]:
    """Return the sentences of the first page."""
    from dapp_model.report import account_words, words

    return [
        *words.standing(decision),
        words.advice(decision),
        words.told_apart(decision),
        words.wrong(decision),
        words.present_knowledge(decision),
        words.expiry(decision),
        account_words.low_case(decision),
        *words.rests_on(decision),
        account_words.for_each_pound(decision),
        *account_words.funders(decision),
        account_words.payback(decision),
        account_words.homicide(decision),
        account_words.affordability(decision),
        *words.views(decision),
        words.larger_budget(decision),
        words.victim_safety(decision),
    ]


def write(folder: Path, inputs: Inputs, decision: Mapping[str, Any], gathered: Gathered) -> None:
    """Write report.html and figures/ into the folder of a run."""
    from dapp_model.report import figures, page
    from dapp_model.report.totals import Totals

    totals = Totals(inputs, decision, gathered)
    charts = figures.draw(totals)
    figures.save(folder / "figures", charts)
    text = page.render(totals, charts)
    (folder / "report.html").write_text(text, encoding="utf-8", newline="\n")
