"""Annexes B to I: tables, calibration, costs, assumptions, standards, quality, run record."""

from __future__ import annotations

from collections.abc import Iterable

from dapp_model import __version__
from dapp_model.report import (
    account_annex,
    account_tables,
    account_words,
    analyses,
    calibration_annex,
    change_words,
    origins,
    page,
    sensitivity_annex,
    standards,
    sure_tables,
    sure_words,
)
from dapp_model.report.document import (
    DAGGER,
    Block,
    Bullets,
    Code,
    Definitions,
    Group,
    Paragraph,
    Picture,
)
from dapp_model.report.pack import MOST_FINDINGS, Pack
from dapp_model.report.table import Table


def tables(pack: Pack, unplaced: Iterable[Picture]) -> tuple[Block, ...]:
    """Return annex B: every table that the report leaves out, and charts with no other place."""
    decision, totals = pack.decision, pack.totals
    warnings = totals.inputs.warnings
    bought = [
        account_tables.contract(totals),
        account_tables.year_ends(totals),
        account_annex.outside(),
        account_annex.not_modelled(),
    ]
    money = [
        page.value(decision),
        account_tables.ratios(decision),
        account_tables.by_basis(totals),
        account_tables.parties(totals),
        page.bearers(totals),
        page.money_by_year(totals),
        account_tables.cash(totals),
        account_tables.affordability(totals),
    ]
    sure = [
        sure_tables.effect_prior(decision),
        sure_tables.structural(decision),
        sure_tables.luck(decision),
        sure_tables.information(decision),
    ]
    counts = [page.by_year(totals), account_annex.by_offence(totals)]
    left = tuple(unplaced)
    moved = sensitivity_annex.tables(pack.analyses.get("sensitivity", {}), decision)
    return (
        *([Group("Values outside their plausible range, and other notes",
                 (Bullets(tuple(warnings)),))] if warnings else []),
        Group("Counts", _there(counts)),
        Group("The contracts, and what lies outside them", _there(bought)),
        Group("Money", _there(money)),
        Group(
            "How sure we are, and what finding out is worth",
            (
                *_there(sure),
                Paragraph(sure_words.acceptability(decision)),
                Bullets(tuple(change_words.flips(decision))),
            ),
        ),
        *([Group("What moves the value, in full", _there(moved))] if moved else []),
        *([Group("What evaluations of several designs and sizes could detect",
                 (Bullets(more),))] if (more := pack.detectable[MOST_FINDINGS:]) else []),
        *([Group("Further charts", left)] if left else []),
    )  # fmt: skip


def _there(found: Iterable[Table | None]) -> tuple[Table, ...]:
    return tuple(table for table in found if table is not None and table.rows)


def county(pack: Pack) -> tuple[Block, ...]:
    """Return annex C: how the simulated county compares with what was counted."""
    table = calibration_annex.checks(pack.totals)
    found = calibration_annex.checks_of(pack.totals)
    said = calibration_annex.sentence_of(origins.sourced(found, calibration_annex.CHECKS))
    return (
        Group(
            "How the simulated county compares with what was counted",
            (
                Paragraph(said),
                *pack.picture("calibration", height=11.0),
                *([Group("Each figure", (table,), folded=True)] if table else []),
            ),
        ),
    )


def costs(pack: Pack) -> tuple[Block, ...]:
    """Return annex D: every unit cost with who bears it and its source."""
    return (
        *(Paragraph(line) for line in account_annex.rules(pack.totals)),
        Group(
            "Unit costs, with who bears them and their sources",
            (account_annex.unit_costs(pack.totals),),
            folded=True,
        ),
    )


def assumptions(pack: Pack) -> tuple[Block, ...]:
    """Return annex E: every belief with its grade; what is recalled carries its mark."""
    values = pack.totals.inputs.values
    recalled = sum(page.recalled(name) for name in values)
    rests = {one["measure"]: one["label"] for one in pack.decision["three_numbers"]}
    grades = "; ".join(f"{grade} {text}" for grade, text in page.GRADES.items())
    rows = tuple(
        (
            rests[name],
            *(str(found.grades.get(grade, 0)) for grade in page.GRADES),
            str(found.recalled),
            str(found.inputs),
        )
        for name, found in pack.rests.items()
    )
    columns = ("", *(f"Grade {grade}" for grade in page.GRADES), f"Recalled {DAGGER}", "All")
    return (
        Paragraph(f"Grades: {grades}."),
        Paragraph(
            "A headline number rests on every input that can move it: true incidents on what the "
            "model holds of people, abuse, services and the programme; net public cost on these "
            "and on the unit costs of public bodies; net present social value on all unit costs "
            "besides. Choices (what would be done, how things are counted) are no evidence and "
            "have no grade."
        ),
        Table("What the three numbers rest on: inputs by grade", columns, rows),
        Group(
            f"Assumptions, graded: {len(values)} of them; {recalled} are recalled ({DAGGER}: no "
            "page was found that says it)",
            (standards.assumptions(pack.totals),),
            folded=True,
        ),
    )


def _where() -> Paragraph:
    """Say where the files are that a checklist points to."""
    return Paragraph(
        ("What stands in ", Code("docs/"), f" is part of the source of dapp_model {__version__}.")
    )


def stress(pack: Pack) -> tuple[Block, ...]:
    """Return annex F: where each item of the standard for simulation studies is found."""
    return (_where(), standards.checklist("stress_des"))


def cheers(pack: Pack) -> tuple[Block, ...]:
    """Return annex G: where each item of the standard for economic evaluations is found."""
    return (_where(), standards.checklist("cheers_2022"))


def quality(pack: Pack) -> tuple[Block, ...]:
    """Return annex H: what was checked, who answers for it, what changed since the last pack."""
    return (
        standards.validation(pack.totals),
        standards.signatures(),
        standards.changed(pack.analyses.get(analyses.SINCE)),
    )


def record(pack: Pack) -> tuple[Block, ...]:
    """Return annex I: what it takes to make this run again."""
    return (
        standards.record(pack.totals),
        Definitions((("Underspend", account_words.contract(pack.decision)[-1]),)),
        Paragraph(
            (
                "Every number here is generated from this run. The full scenario is in ",
                Code("inputs.toml"),
                ", all that the first page says in ",
                Code("decision.json"),
                "; wall time and hashes are in ",
                Code("manifest.json"),
                " beside this document. ",
                Code("dapp reproduce"),
                " runs it again and compares to the byte.",
            )
        ),
    )
