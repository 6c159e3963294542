"""The evidence pack: one document of words, tables and charts from the run, and its renderers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model.errors import RunError

if TYPE_CHECKING:
    from dapp_model.all_draws import Gathered
    from dapp_model.parameters import Inputs
    from dapp_model.report.figures import Chart
    from dapp_model.report.totals import Totals

# The key under which the documents, and no data file, get when a run was finished.
FINISHED: Final = "finished"
# The key of the versions that the run was made with, where documents are written again.
MADE_WITH: Final = "made_with"

__all__ = ["FINISHED", "MADE_WITH", "again", "paragraph", "sentences", "write"]


def sentences(decision: Mapping[str, Any]) -> list[str]:
    """Return the sentences of the first page."""
    from dapp_model.report import (
        account_words,
        budget_words,
        change_words,
        learning_words,
        sure_words,
        words,
    )

    lines = [
        *words.standing(decision),
        *([words.calibrated(decision["posterior"])] if decision["posterior"] else []),
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
        budget_words.larger_budget(decision),
        budget_words.hurdle_decides(decision),
        words.victim_safety(decision),
        sure_words.without_rail(decision),
        sure_words.effect_prior(decision),
        sure_words.structures(decision),
        *change_words.switches(decision),
        *change_words.flips(decision),
        sure_words.information(decision),
        learning_words.rule(decision),
        *learning_words.values(decision),
        *learning_words.pauses(decision),
        *learning_words.closing(decision),
        sure_words.luck(decision),
        sure_words.acceptability(decision),
    ]
    return [line for line in lines if line]


def paragraph(decision: Mapping[str, Any]) -> str:
    """Return the advice and all that is said of it, in one paragraph."""
    from dapp_model.report import (
        account_words,
        budget_words,
        change_words,
        learning_words,
        sure_words,
        words,
    )

    # The low case has its own sentence.
    others = [one for one in decision["views"] if one["view"] != "low_harm"]
    lines = [
        *words.standing(decision),
        words.advice(decision),
        sure_words.numbers(decision),
        words.wrong(decision),
        words.told_apart(decision),
        account_words.low_case(decision),
        *words.views({**decision, "views": others}),
        budget_words.larger_budget(decision),
        budget_words.hurdle_decides(decision),
        words.victim_safety(decision),
        sure_words.without_rail(decision),
        sure_words.effect_prior(decision),
        sure_words.structures(decision),
        *change_words.switches(decision),
        *change_words.flips(decision),
        sure_words.information(decision),
        learning_words.rule(decision),
        *learning_words.pauses(decision),
        account_words.affordability(decision),
        words.present_knowledge(decision),
        words.expiry(decision),
    ]
    return " ".join(line for line in lines if line)


def write(folder: Path, inputs: Inputs, decision: Mapping[str, Any], gathered: Gathered) -> None:
    """Write report.html, report.docx and figures/ into the folder of a run.

    Raises RunError, before any of them is written, if a section of the pack is missing.
    """
    from dapp_model.report import figures, sure_tables
    from dapp_model.report.totals import Totals

    charts, documents = _made(folder, Totals(inputs, decision, gathered))
    figures.save(folder / "figures", charts)
    sure_tables.save(folder, decision)
    for name, content in documents.items():
        (folder / name).write_bytes(content)


def again(
    folder: Path, inputs: Inputs, decision: Mapping[str, Any], gathered: Gathered
) -> tuple[Path, ...]:
    """Write the documents of a finished run again, each at once; return where they are."""
    from dapp_model.report.totals import Totals

    _, documents = _made(folder, Totals(inputs, decision, gathered))
    written = []
    try:
        for name, content in documents.items():
            part = folder / f".{name}.part"
            part.write_bytes(content)
            part.replace(folder / name)
            written.append(folder / name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunError(f"The documents could not be written to {folder} ({reason}).") from error
    return tuple(written)


def _made(folder: Path, totals: Totals) -> tuple[Sequence[Chart], dict[str, bytes]]:
    """Return the charts, and the documents by the names of their files."""
    from dapp_model import chart_style
    from dapp_model.report import analyses, figures, grades, html, sections, word, words

    marks = words.standing(totals.decision)
    with chart_style.standing(grades.on_pictures(totals.inputs, marks)):
        charts = figures.draw(totals)
        document = sections.build(totals, charts, analyses.read(folder))
    content = {"report.html": html.render(document).encode(), "report.docx": word.render(document)}
    return charts, content
