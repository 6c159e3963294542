"""Section 0: the decision on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dapp_model.report import (
    account_words,
    budget_words,
    change_words,
    grades,
    learning_words,
    origins,
    sure_words,
    words,
)
from dapp_model.report.document import Block, Bullets, Link, Number, Numbers, Paragraph, Strong
from dapp_model.report.pack import Pack
from dapp_model.report.table import NOT_ASSESSED

_NONE = "none would change the advice"


def first(pack: Pack) -> tuple[Block, ...]:
    """Return the question, options, advice, numbers, chance of error, and when it expires."""
    decision = pack.decision
    marks = words.standing(decision)
    warnings = [mark for mark in marks if not mark.startswith(words.FITTED)]
    return (
        *(Paragraph(mark, "mark") for mark in warnings),
        Paragraph(f"{decision['question']} {words.decided(decision)}", "question"),
        Paragraph(words.advice(decision), "lead"),
        Paragraph(_meant(pack), "beside"),
        Paragraph(f"{words.told_apart(decision)} {words.wrong(decision)}", "beside"),
        Paragraph(f"{words.present_knowledge(decision)} {words.expiry(decision)}", "beside"),
        Paragraph(
            (
                Strong(pack.label),
                " against ",
                Strong(pack.comparator),
                f", {decision['year_0']} to {words.day(decision['window_ends'])}, simulated:",
            )
        ),
        Numbers(tuple(_number(pack, i) for i in range(len(decision["three_numbers"])))),
        *pack.picture(*_chart(pack), height=9.0),
        *([Paragraph(often)] if (often := most_often(decision)) else []),
        Paragraph((Strong("What would change it, and what it rests on"),), "heading"),
        Bullets(tuple(line for line in _changes(pack) if line)),
        _note(pack, [mark for mark in marks if mark not in warnings]),
    )


def _number(pack: Pack, i: int) -> Number:
    one = pack.decision["three_numbers"][i]
    unit, error = one["unit"], one["monte_carlo_error"]
    return Number(
        one["label"],
        words.amount(one["mean"], unit),
        words.between(one["low"], one["high"], unit),
        "not known from one draw" if error is None else words.amount(error, unit),
        grades.beside(pack.rests[one["measure"]], one["measure"]),
    )


def _chart(pack: Pack) -> list[str]:
    """Return the chart of the first page: the one drawn for it, or that of the options."""
    return [name for name in ("on_a_page", "options") if name in pack.charts][:1]


def _meant(pack: Pack) -> str:
    """Say what the option is that the advice names: the advised, or the best of the others."""
    described = str(pack.shown["description"])
    if pack.totals.shown != pack.decision["advice"]["option"]:
        return f"{pack.label}: {described}"
    return f"What it is: {described[:1].lower()}{described[1:]}"


def most_often(decision: Mapping[str, Any]) -> str:
    """Say which option is more often best than the advice, which is best on average; or nothing."""
    advised = words.option_of(decision, decision["advice"]["option"])
    able = [one for one in decision["options"] if one["may_be_chosen"]]
    often = max(able, key=lambda one: float(one["chance_best"]))
    if advised["may_be_chosen"] and often["chance_best"] > advised["chance_best"]:
        return (
            "Best on average is not most often best: the advice is best "
            f"{words.often(advised, 'chance_best', decision)}, "
            f"{words.quoted(often['label'])} {words.often(often, 'chance_best', decision)}."
        )
    return ""


def _changes(pack: Pack) -> tuple[str, ...]:
    decision = pack.decision
    # The low case has its own sentence.
    others = [one for one in decision["views"] if one["view"] != "low_harm"]
    switches_known = decision["switching"] != NOT_ASSESSED
    return (
        budget_words.hurdle_decides(decision),
        account_words.low_case(decision),
        f"{words.other_views({**decision, 'views': others})} "
        f"{words.for_public_bodies(decision)}".strip(),
        *(change_words.switches(decision)[:1] if switches_known else ()),
        sure_words.effect_prior(decision),
        _structures(pack),
        f"{words.victim_safety(decision)} {sure_words.without_rail(decision)}",
        learning_words.rule_in_short(decision),
        learning_words.worth_knowing(decision),
    )


def _structures(pack: Pack) -> str:
    """Say in short how far the advice hangs on how the model is built; section 7 says which way."""
    found = pack.decision["structural"]
    asked, others = sure_words.alternatives(pack.decision)
    apart = [one for one in others if one["told_apart"]]
    which = _NONE
    if others:
        changed, clear = (
            origins.at(len(some), found["axes"], f"that change the advice{how}")
            for some, how in ((others, ""), (apart, " beyond Monte Carlo error"))
        )
        beyond = f"{clear} of them" if apart else "none of them"
        which = f"{changed} would change the advice, {beyond} beyond Monte Carlo error"
    return f"{sure_words.other_ways(asked)} {which}; {sure_words.on_average(pack.decision)}."


_PLUS_MINUS: Final = (
    "After \N{PLUS-MINUS SIGN} stands the Monte Carlo error (of chances in percentage points). "
)


def _note(pack: Pack, marks: list[str]) -> Paragraph:
    """Return what the mark means, where numbers come from, and what was not assessed."""
    rests = pack.rests["net_present_social_value"]
    head = grades.note(rests) if rests.marked else ()
    decision = pack.decision
    return Paragraph(
        (
            *(head if isinstance(head, tuple) else (head,)),
            f" {' '.join(marks)} {_PLUS_MINUS}Every number comes from one run of "
            f"{decision['draws']:,} draws: ",
            Link("run record", "record"),
            "; each leads to ",
            Link("where it comes from", "numbers"),
            f". Not assessed: {'; '.join(decision['not_assessed'])}.",
        ),
        "note",
    )
