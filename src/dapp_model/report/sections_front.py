"""Sections 1 to 5: what was bought, what happens anyway, victims, options, value."""

from __future__ import annotations

from dataclasses import replace

from dapp_model.report import (
    account_tables,
    account_words,
    analyses,
    base_difference,
    budget_words,
    learning_words,
    origins,
    page,
    words,
)
from dapp_model.report import bought as bought_words
from dapp_model.report.document import (
    Block,
    Bullets,
    Code,
    Definitions,
    Link,
    Paragraph,
    Picture,
    not_assessed,
)
from dapp_model.report.pack import Pack
from dapp_model.report.table import Table

FULL = Link("Annex B", "tables")


def bought(pack: Pack) -> tuple[Block, ...]:
    """Return section 1: the pathway, places and spending."""
    record = (
        "The pilot's contract is shown for the record. It is the same in every option, so no part "
        "of it is in any difference."
    )
    return (
        *([Paragraph(" ".join(said))] if (said := bought_words.capacity(pack.totals)) else []),
        *(Paragraph(line) for line in account_words.contract(pack.decision)),
        *([Paragraph(record)] if pack.decision["decision"] == "extension" else []),
        *([spent] if (spent := bought_words.spend(pack.totals)) else []),
        page.ends(pack.totals),
        *pack.picture("pathway", height=7.5),
        page.funders(pack.totals),
        Paragraph(
            (
                "The contracts line by line, the grants by financial year, what falls outside the "
                "contract and what is not in the model stand in ",
                FULL,
                ".",
            )
        ),
    )


def anyway(pack: Pack) -> tuple[Block, ...]:
    """Return section 2: what is no effect of the programme."""
    evaluated = [line for line in pack.evaluated if "before and after" in line.casefold()]
    silent = not_assessed("Regression to the mean as an evaluation of this pilot would see it")
    return (
        Paragraph(
            f"Every comparison here is made person by person against {pack.comparator}: the same "
            "simulated people with the same chance events. What happens anyway is therefore never "
            "counted as an effect of the programme."
        ),
        page.anyway(pack.totals),
        Bullets(tuple(evaluated)) if evaluated else Paragraph(silent),
    )


def victims(pack: Pack) -> tuple[Block, ...]:
    """Return section 3: victims and children, then re-offending; true beside recorded."""
    return (
        page.victims(pack.totals),
        Paragraph(
            "Negative numbers are increases. More reporting raises what is recorded without any "
            "more abuse, so recorded numbers can rise while harm falls; advice rests on true "
            "incidents alone."
        ),
        Paragraph(not_assessed("How safe, empowered and well victims and children feel")),
        Paragraph(
            "A harm index is left out: no source of the weights of the Cambridge Crime Harm Index "
            "was seen. Two shares of harm in Annex C, which the county was held against, are "
            "weighted by it from memory."
        ),
        *pack.picture("incidents", height=9.0),
    )


def options(pack: Pack) -> tuple[Block, ...]:
    """Return section 4: what the options are and how they compare."""
    larger = budget_words.larger_budget(pack.decision)
    described = tuple(
        (_named(one["label"], bool(one["is_comparator"])), str(one["description"]))
        for one in pack.decision["options"]
    )
    return (
        Definitions(described),
        *([Paragraph(larger)] if larger else []),
        *([Paragraph(decides)] if (decides := budget_words.hurdle_decides(pack.decision)) else []),
        page.options(pack.decision),
        page.chances(pack.decision),
        *(Paragraph(line) for line in learning_words.pauses(pack.decision)),
        *_against_base(pack),
    )


def _against_base(pack: Pack) -> tuple[Block, ...]:
    """Return what the scenario changes against the file that it extends, if that was looked at."""
    found = pack.analyses.get(analyses.BASE)
    if found is None:
        return ()
    chart = base_difference.chart(found)
    said = base_difference.sentences(origins.sourced(found, f"{analyses.BASE}.json"))
    return (
        Bullets(tuple(said)),
        *([Picture(chart, 7.0)] if chart else []),
    )


def _named(label: str, is_comparator: bool) -> str:
    return f"{label} (the others are compared with it)" if is_comparator else label


def value(pack: Pack) -> tuple[Block, ...]:
    """Return section 5: what the shown option is worth."""
    decision, measures = pack.decision, pack.shown["measures"]
    worth = words.worth(measures["net_present_social_value"]["mean"])
    cost = words.public_cost(measures["net_public_cost"]["mean"])
    return (
        Paragraph(
            f"Against {pack.comparator}, {pack.label} {worth} and {cost}. Benefits are positive. "
            f"Values are discounted at the Green Book's standard rate ({decision['green_book']} "
            f"edition) to {decision['year_0']}. Pounds are of {decision['price_year']} prices. "
            "Only what is marked as cash could ever be spent elsewhere; staff time is not."
        ),
        page.value_of_shown(pack.totals),
        _ratios_of_shown(pack),
        Paragraph(account_words.homicide(decision)),
        Paragraph(("The same for every option stands in ", FULL, ".")),
    )


def _ratios_of_shown(pack: Pack) -> Table:
    """Return the ratios of the shown option alone."""
    whole = account_tables.ratios(pack.decision)
    at = [origins.bare(one) for one in whole.columns].index(str(pack.shown["label"]))
    rows = tuple((row[0], row[at]) for row in whole.rows)
    return replace(whole, columns=("", whole.columns[at]), rows=rows)


def who_pays(pack: Pack) -> tuple[Block, ...]:
    """Return section 6: who pays and who gains, cashable or not."""
    decision, totals = pack.decision, pack.totals
    funders = [*account_words.funders(decision), *account_words.bearers(totals)]
    return (
        Paragraph(f"{account_words.for_each_pound(decision)} {account_words.payback(decision)}"),
        Bullets(tuple(funders)),
        Paragraph(account_words.affordability(decision)),
        _parties(pack),
        *pack.picture("positions", height=7.5),
        *pack.picture("bearers", height=7.5),
        Paragraph(
            (
                "What is paid and gained in each financial year, cash in pounds of the day, who "
                "bears what, and each funder's payback stand in ",
                FULL,
                ". The account is worked out again from the counts, by formulas that can be "
                "followed and changed, in ",
                Code("account_check.xlsx"),
                " beside this document.",
            )
        ),
    )


def _parties(pack: Pack) -> Table:
    """Return what each party pays and gets back, without the columns about payback."""
    whole = account_tables.parties(pack.totals)
    keep = range(6)
    rows = tuple(tuple(row[i] for i in keep) for row in whole.rows)
    return replace(whole, columns=tuple(whole.columns[i] for i in keep), rows=rows)
