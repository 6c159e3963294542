"""Annexes B to G: full tables, data and calibration, unit costs, assumptions, quality, record."""

from __future__ import annotations

from collections.abc import Iterable

from dapp_model.report import (
    account_annex,
    account_tables,
    account_words,
    calibration_annex,
    change_words,
    page,
    sure_tables,
    sure_words,
    words,
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
    Prompt,
)
from dapp_model.report.pack import Pack
from dapp_model.report.table import NOT_ASSESSED, Table

ROLES = {
    "Commissioner": "asks the question and accepts what the analysis is fit for",
    "Analyst": "made the run and checked it",
    "Assurer": "independent of the analyst; reproduced the run and tested what it rests on",
    "Approver": "signs that it may be used for this decision",
}


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
        *([Group("Further charts", left)] if left else []),
    )  # fmt: skip


def _there(found: Iterable[Table | None]) -> tuple[Table, ...]:
    return tuple(table for table in found if table is not None and table.rows)


def county(pack: Pack) -> tuple[Block, ...]:
    """Return annex C: how the simulated county compares with what was counted."""
    table = calibration_annex.checks(pack.totals)
    return (
        Group(
            "How the simulated county compares with what was counted",
            (
                Paragraph(calibration_annex.sentence(pack.totals)),
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
            (page.assumptions(pack.totals),),
            folded=True,
        ),
    )


def quality(pack: Pack) -> tuple[Block, ...]:
    """Return annex F: who answers for this analysis, and what changed since the last pack."""
    rows = tuple((role, does, NOT_ASSESSED, "") for role, does in ROLES.items())
    return (
        Table("Quality-assurance log: to be signed", ("Role", "Does", "Name and date", "Signed"),
              rows),
        Prompt(
            "What changed since the last pack",
            "what differs from the pack that was last put forward, and why",
        ),
    )  # fmt: skip


def record(pack: Pack) -> tuple[Block, ...]:
    """Return annex G: what it takes to make this run again."""
    decision = pack.decision
    posterior = decision["posterior"]
    made = decision["replications"]
    fitted = (
        f"{posterior['hash']}: {posterior['title']}, {posterior['rows']:,} rows, reading "
        f"{posterior['reading']} of a repeat"
        if posterior
        else "no posterior; fitted parameters held at one set of values"
    )
    return (
        Definitions(
            (
                ("Scenario", str(decision["scenario"])),
                ("Decision", f"{decision['decision']}, against {pack.comparator}"),
                ("Draws", f"{decision['draws']}, with {made} "
                 f"{'repetition' if made == 1 else 'repetitions'} each"),
                ("Seed", str(decision["seed"])),
                ("Share of the county", words.percent(decision["population_share"])),
                ("Calibration", fitted),
                ("Money", f"{decision['price_year']} prices, discounted to {decision['year_0']} "
                 f"by the Green Book, {decision['green_book']} edition; ends on "
                 f"{words.day(decision['window_ends'])}"),
                ("Underspend", account_words.contract(decision)[-1]),
            )
        ),
        Paragraph(
            (
                "Every number here is generated from this run. The full scenario is in ",
                Code("inputs.toml"),
                ", all that the first page says in ",
                Code("decision.json"),
                "; versions, wall time and hashes are in ",
                Code("manifest.json"),
                " beside this document. ",
                Code("dapp reproduce"),
                " runs it again and compares to the byte.",
            )
        ),
    )  # fmt: skip
