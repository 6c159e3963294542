"""Section 0: the decision on a page."""

from __future__ import annotations

from dapp_model.report import (
    account_words,
    change_words,
    grades,
    learning_words,
    sure_words,
    words,
)
from dapp_model.report.document import Block, Bullets, Link, Number, Numbers, Paragraph, Strong
from dapp_model.report.pack import Pack
from dapp_model.report.table import NOT_ASSESSED

_NONE = "none would change the advice"
CALIBRATED = "Calibrated"  # says where numbers come from, and warns of nothing


def first(pack: Pack) -> tuple[Block, ...]:
    """Return the question, options, advice, numbers, chance of error, and when it expires."""
    decision = pack.decision
    marks = words.standing(decision)
    warnings = [mark for mark in marks if not mark.startswith(CALIBRATED)]
    return (
        *(Paragraph(mark, "mark") for mark in warnings),
        Paragraph(str(decision["question"]), "question"),
        Paragraph(pack.marked(words.advice(decision)), "lead"),
        Paragraph(f"{words.told_apart(decision)} {pack.marked(words.wrong(decision))}", "beside"),
        Paragraph(f"{words.present_knowledge(decision)} {words.expiry(decision)}", "beside"),
        Paragraph(
            (
                "Three numbers for ",
                Strong(pack.label),
                " against ",
                Strong(pack.comparator),
                f", from {decision['year_0']} until {words.day(decision['window_ends'])}, "
                "simulated:",
            )
        ),
        Numbers(tuple(_number(pack, i) for i in range(len(decision["three_numbers"])))),
        *pack.picture(*_chart(pack), height=9.0),
        Paragraph(_options(pack)),
        Paragraph((Strong("What would change it, and what it rests on"),), "heading"),
        Bullets(tuple(pack.marked(line) for line in _changes(pack) if line)),
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
        grades.beside(pack.rests[one["measure"]]),
    )


def _chart(pack: Pack) -> list[str]:
    """Return the chart of the first page: the one drawn for it, or that of the options."""
    return [name for name in ("on_a_page", "options") if name in pack.charts][:1]


def _options(pack: Pack) -> str:
    advised = pack.decision["advice"]["option"]
    named = []
    for one in pack.decision["options"]:
        text = words.quoted(one["label"])
        if one["name"] == advised:
            text += " (advised)"
        named.append(text)
    return f"The options: {words.listed(named)}."


def _changes(pack: Pack) -> tuple[str, ...]:
    decision = pack.decision
    # The low case has its own sentence.
    others = [one for one in decision["views"] if one["view"] != "low_harm"]
    differ = [one for one in others if one["differs"]]
    switches_known = decision["switching"] != NOT_ASSESSED
    return (
        account_words.low_case(decision),
        *(words.views({**decision, "views": differ}) if differ else ()),
        *(change_words.switches(decision)[:1] if switches_known else ()),
        sure_words.effect_prior(decision),
        _structures(pack),
        f"{words.victim_safety(decision)} {sure_words.without_rail(decision)}",
        learning_words.rule(decision),
        learning_words.worth_knowing(decision),
    )


def _structures(pack: Pack) -> str:
    """Say in short how far the advice hangs on how the model is built; section 7 says which way."""
    found = pack.decision["structural"]
    asked, others = sure_words.alternatives(pack.decision)
    changed = len(others)
    average = found["average"]
    mean = next(one["mean"] for one in average["options"] if one["name"] == pack.totals.shown)
    which = f"{changed} would change the advice (section 7 says which)" if changed else _NONE
    return (
        f"Of {asked} other ways to build the model that were compared, {which}; on their average "
        f"it is {words.quoted(average['label'])}, and {pack.label} is worth {words.money(mean)}."
    )


def _note(pack: Pack, marks: list[str]) -> Paragraph:
    """Return what the mark means, where numbers come from, and what was not assessed."""
    rests = pack.rests["net_present_social_value"]
    head = grades.note(rests) if rests.marked else ()
    decision = pack.decision
    return Paragraph(
        (
            *(head if isinstance(head, tuple) else (head,)),
            f" {' '.join(marks)} Every number comes from one run of the scenario "
            f"{decision['scenario']}, with "
            f"{decision['draws']} draws and seed {decision['seed']}: ",
            Link("run record", "record"),
            f". Not assessed: {'; '.join(decision['not_assessed'])}.",
        ),
        "note",
    )
