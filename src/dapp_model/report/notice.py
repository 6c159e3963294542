"""Annex A: the headings of a PCC decision notice, ready to paste, filled from the run."""

from __future__ import annotations

from dapp_model.events import NEEDS
from dapp_model.report import (
    account_words,
    grades,
    learning_words,
    origins,
    sources,
    sure_words,
    words,
)
from dapp_model.report.document import Block, Bullets, Group, Paragraph, Prompt
from dapp_model.report.pack import Pack
from dapp_model.report.sections_back import CANNOT_USE


def notice(pack: Pack) -> tuple[Block, ...]:
    """Return every heading, in the order of the notices: generated, or a prompt for people."""
    rests = pack.rests["net_present_social_value"]
    return (
        Paragraph(
            "The text under each heading is generated from this run and can be pasted into a "
            "decision notice. Where it says \N{LEFT SINGLE QUOTATION MARK}not assessed"
            "\N{RIGHT SINGLE QUOTATION MARK}, somebody has to write it: the model knows nothing "
            "of it, which does not mean that there is nothing."
        ),
        *(Paragraph(mark, "mark") for mark in words.standing(pack.decision)),
        Group("Executive summary", _summary(pack)),
        Group("Background", _background(pack)),
        Group("Recommendation", _recommendation(pack)),
        Group(
            "Consultation",
            (Prompt("Who was consulted", "who was asked, when, and what they said: victims and the "
                    "services that support them, the provider, funders, partners"),),
        ),
        Group("Financial implications", _financial(pack)),
        Group(
            "Legal implications",
            (
                Prompt("Powers", "the power under which the grant is made, and its conditions"),
                Prompt(
                    "Contract",
                    "procurement, the extension clause, and notice or transfer of staff",
                ),
            ),
        ),
        Group("Risks", _risks(pack)),
        Group("Equality and diversity", _equality(pack)),
        Group(
            "Human rights",
            (Prompt("Rights engaged", "which rights the decision engages, of victims, children and "
                    "those referred, and whether any interference is justified"),),
        ),
        *([Paragraph(grades.note(rests), "note")] if rests.marked else []),
    )  # fmt: skip


def _summary(pack: Pack) -> tuple[Block, ...]:
    decision = pack.decision
    return (
        Paragraph(f"{decision['question']} {words.advice(decision)}"),
        Paragraph(sure_words.numbers(decision)),
        Paragraph(f"{words.wrong(decision)} {words.told_apart(decision)}"),
        Paragraph(f"{words.present_knowledge(decision)} {words.expiry(decision)}"),
    )


def _background(pack: Pack) -> tuple[Block, ...]:
    decision, totals = pack.decision, pack.totals
    place = f"{sources.OUTCOMES}:option {totals.comparator}, all years, people who are"
    reached = {
        name: origins.of(people, f"{place} {name.lower()}")
        for name, people in totals.pathway(totals.comparator).items()
    }
    ways = tuple(
        f"{words.quoted(one['label'])}: {one['description']}" for one in decision["options"]
    )
    return (
        Paragraph(
            f"Under {pack.comparator}, simulated, {words.whole(reached['Referred'])} people are "
            f"referred, {words.whole(reached['Started'])} start and "
            f"{words.whole(reached['Completed'])} complete the programme."
        ),
        Paragraph("The options compared are:"),
        Bullets(ways),
        Paragraph(account_words.contract(decision)[0]),
        Prompt(
            "Local need and history",
            "why the programme was commissioned, and what the provider's returns show",
        ),
    )


def _recommendation(pack: Pack) -> tuple[Block, ...]:
    decision = pack.decision
    return (
        Paragraph(words.advice(decision)),
        Paragraph(
            f"{words.present_knowledge(decision)} {sure_words.without_rail(decision)} "
            f"{words.expiry(decision)}"
        ),
        *_rule(pack),
        Prompt(
            "Decision sought",
            "what the Commissioner is asked to approve, and for which sum and period",
        ),
    )


def _rule(pack: Pack) -> tuple[Block, ...]:
    """Return the rule for deciding on what monitoring shows; nothing unless it was assessed."""
    learnt = pack.decision["learning"]
    if isinstance(learnt, str) or not learnt["assessed"]:
        return ()
    return (Paragraph(learning_words.rule_in_short(pack.decision)),)


def _financial(pack: Pack) -> tuple[Block, ...]:
    decision = pack.decision
    years, by_funder = pack.totals.programme_cost(pack.totals.shown)
    place = f"{sources.ACCOUNT}:cost of the programme beyond the comparator"
    cost = tuple(
        f"{name}: "
        + words.listed(
            [
                f"{words.money(origins.of(float(v), f'{place}, {name}, {y}'))} in {y}"
                for y, v in zip(years, values, strict=True)
            ]
        )
        for name, values in by_funder.items()
    )
    return (
        Paragraph(
            f"Cost of {pack.label} beyond {pack.comparator}, in {decision['price_year']} prices, "
            "by funder:"
        ),
        Bullets(cost or ("it costs no funder anything beyond the comparator",)),
        Paragraph(account_words.for_each_pound(decision)),
        Bullets(tuple(account_words.funders(decision))),
        Paragraph(account_words.payback(decision)),
        Paragraph(account_words.affordability(decision)),
        Prompt("Chief finance officer's comment", "whether the money is there, and from where"),
    )


def _risks(pack: Pack) -> tuple[Block, ...]:
    decision = pack.decision
    lines = (
        words.wrong(decision),
        f"{words.victim_safety(decision)} {sure_words.without_rail(decision)}",
        sure_words.effect_prior(decision),
        account_words.low_case(decision),
        words.told_apart(decision),
    )
    return (
        Bullets(tuple(line for line in lines if line)),
        Prompt(
            "Other risks",
            "delivery by the provider, staff, safeguarding in practice, reputation, and who owns "
            "each risk",
        ),
    )


def _equality(pack: Pack) -> tuple[Block, ...]:
    return (
        Paragraph(
            "Effects are split by sex and age band of the person who uses abuse, by children in "
            f"the household and by further needs ({words.listed(NEEDS)}), which is what the model "
            "holds; the evidence pack shows them under risks and equality. For the other protected "
            "characteristics: not assessed."
        ),
        Paragraph(CANNOT_USE.replace("This page", "This pack")),
        Prompt("Equality impact assessment", "its date, and what it found"),
    )
