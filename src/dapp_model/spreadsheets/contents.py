"""The tables of a run: which there are, and the book that they make with its cover and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dapp_model import __version__
from dapp_model.disclosure import SIMULATED
from dapp_model.report.totals import Totals
from dapp_model.spreadsheets import evidence, results, sureness
from dapp_model.spreadsheets.sheet import NOTES, Book, Column, Sheet

_NOTES: Final = (
    "Differences are against the comparator and benefits are positive: what is averted is the "
    "comparator's count less the option's. A mean is over all draws of what is not known.",
    "A 90% interval holds nine draws in ten, a 50% interval five in ten. The Monte Carlo error "
    "says how far the mean itself may be off, because the draws are not endless.",
    "Present values are in pounds of the price year in the heading, discounted to the year of the "
    "decision by the Green Book. Value that is not cash is no money that anybody can spend: "
    "capacity is what released time is worth, and the rest is worth to victims and society.",
    "True incidents are all that happen in the simulation; recorded incidents are those that the "
    "simulated police record. Most abuse is never reported.",
    "A cell or column that rests on a recalled figure (status recalled, grade D) is a judgement: "
    "no page was found that says it. The sheet Assumptions names each one.",
    "Grades: A trial or official statistic, B comparison group, C before and after or "
    "administrative, D judgement or recalled, - a choice of how to count.",
)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def book(totals: Totals, marks: Sequence[str]) -> Book:
    """Return everything that the spreadsheets of a run hold."""
    sheets = (
        *results.sheets(totals),
        *sureness.sheets(totals),
        *evidence.sheets(totals),
    )
    notes = Sheet(
        NOTES,
        "Notes",
        "dapp_model",
        "What the tables rest on; numbers in square brackets lead here.",
        (Column("Note"), Column("Text", widest=110)),
        tuple((f"note {i + 1}", text) for i, text in enumerate(_NOTES)),
    )
    decision = totals.decision
    intro = (
        *marks,
        str(decision["question"]),
        f"The options are compared with: {totals.label(totals.comparator)}.",
        SIMULATED,
    )
    about = (
        f"{_count(decision['draws'], 'draw')} of what is not known, "
        f"{_count(decision['replications'], 'repetition')} of the play of chance in each, seed "
        f"{decision['seed']}.",
        f"Money is in pounds (GBP), prices of {decision['price_year']}, unless a heading says "
        "otherwise. Financial years run from April to March.",
        "Numbers are held in full and shown rounded. Shorthand in square brackets is explained "
        "above the table in which it stands.",
        "report.html in the same folder says what the tables mean; outcomes.csv and account.csv "
        "hold every row.",
    )
    return Book(
        title=totals.inputs.title,
        intro=intro,
        about=about,
        contact=(f"Made by dapp_model {__version__}; the person who ran it answers for its use.",),
        sheets=(notes, *sheets),
    )
