"""A workbook of live formulas that works out the headline of a run again, from its counts.

Every pound is a formula: counts x unit cost x what the draw made of it, discounted by year, less
the contract. What is typed in are counts, published unit costs, indices and rates, and each
draw's multiples. So a reader can follow a pound in a spreadsheet, or change a figure and see what
comes of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model import later_choice, study
from dapp_model.definitions import MEASURES
from dapp_model.economics import contract_cash, settings_of, tariff
from dapp_model.economics.appraisal import multiple
from dapp_model.economics.contract import EVALUATION
from dapp_model.economics.prices import PENCE, mapping, year_label, year_number
from dapp_model.economics.published import cost_rows
from dapp_model.economics.unit_costs import EXPECTED_HOMICIDES, UnitCost

if TYPE_CHECKING:
    from dapp_model.all_draws import Gathered
    from dapp_model.economics import Settings
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]

NAME: Final = "account_check.xlsx"
TOLERANCE: Final = 1.0  # GBP: the account rounds every line of every year to a penny
_MARKS: Final = 6  # the row between the answer and the draws
SHEETS: Final = ("Result", "Prices", "Unit costs", "Contract", "Counts")


@dataclass(frozen=True, eq=False)
class Material:
    """What the workbook is made of, for one option against the comparator.

    averted: float64 [draw, unit cost, year], comparator less option, means over repetitions;
    multiples: [draw, unit cost]; contract: nominal GBP [item, year], option less comparator, by
    name of contract and funder; headline: the run's mean net present social value. `reopened`
    [draw] says where an option that pauses is opened again (True where it does not pause): where
    it is not, it pays for what is named in `paid_anyway` alone.
    """

    option: str
    comparator: str
    years: tuple[str, ...]
    year_0: str
    settings: Settings
    costs: tuple[UnitCost, ...]
    averted: Floats
    multiples: Floats
    contract: Mapping[tuple[str, str], Floats]
    headline: float
    reopened: npt.NDArray[np.bool_]
    paid_anyway: tuple[str, ...] = (EVALUATION,)


def material(
    inputs: Inputs, plan: study.Plan, gathered: Gathered, decided: Mapping[str, Any]
) -> Material:
    """Gather what the workbook needs of the option that the first page shows."""
    option, comparator = str(decided["shown_option"]), inputs.options[0]
    chosen = settings_of(inputs.values).published
    costs = tariff(chosen)
    place = inputs.options.index(option)
    skip = len(gathered.years) - len(gathered.money_years)
    counts = gathered.by_draw[..., skip:]

    def averted(cost: UnitCost) -> Floats:
        if cost.measure == EXPECTED_HOMICIDES:
            found = gathered.homicides[:, 0] - gathered.homicides[:, place]
        else:
            m = MEASURES.index(cost.measure)
            found = counts[:, 0, m] - counts[:, place, m]
        return np.asarray(found)

    multiples = []
    for draw in range(plan.draws):
        drawn = study.draw_inputs(inputs, draw, plan.seed)
        how = settings_of(drawn.values)
        multiples.append([multiple(cost, how, drawn.values) for cost in costs])
    shown = next(one for one in decided["options"] if one["name"] == option)
    pause = gathered.later.get(option)
    return Material(
        option=option,
        comparator=comparator,
        years=gathered.money_years,
        year_0=str(decided["year_0"]),
        settings=chosen,
        costs=costs,
        averted=np.stack([averted(cost) for cost in costs], axis=1),
        multiples=np.array(multiples),
        contract=_contract(inputs, (option, comparator), gathered),
        headline=float(shown["measures"]["net_present_social_value"]["mean"]),
        reopened=pause.reopened if pause else np.ones(plan.draws, np.bool_),
    )


def _contract(
    inputs: Inputs, names: tuple[str, str], gathered: Gathered
) -> Mapping[tuple[str, str], Floats]:
    found: dict[tuple[str, str], Floats] = {}
    years = gathered.money_years
    if names[0] in gathered.later:
        found |= {
            (later_choice.REOPENING, funder): amounts
            for funder, amounts in later_choice.reopening_cash(inputs, names[0], years).items()
        }
    for sign, name in zip((1, -1), names, strict=True):
        for one in contract_cash(inputs, name, year_number(years[0]), len(years)):
            at = (one.contract, one.funder)
            before = found.get(at, np.zeros(len(years)))
            found[at] = before + sign * one.nominal_pence / PENCE
    return found


def write(path: Path, found: Material, marks: Sequence[str] = ()) -> None:
    """Write the workbook, with sentences that stand on its first sheet.

    Equal material gives an equal file.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": "Check of the account",
                "comments": "Every pound here is a formula.",
                "created": dt.datetime(2000, 1, 1),
            }
        )
        book.set_calc_mode("auto")
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        forms = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "pounds": book.add_format({"num_format": "£#,##0.00;-£#,##0.00"}),
            "factor": book.add_format({"num_format": "0.000000"}),
            "typed": book.add_format({"font_color": "#12436D"}),
        }
        _prices(sheets["Prices"], forms, found)
        _unit_costs(sheets["Unit costs"], forms, found)
        _cash(sheets["Contract"], forms, found)
        _counts(sheets["Counts"], forms, found)
        _result(sheets["Result"], forms, found)
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        if marks:
            sheets["Result"].set_row(_MARKS, 16 * (1 + len(" ".join(marks)) // 110))
            sheets["Result"].merge_range(_MARKS, 0, _MARKS, 3, " ".join(marks), wrapped)


def _cell(row: int, column: int, fixed: str = "") -> str:
    """Return a cell's name; `fixed` holds r, c or both for what a dollar sign fixes."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column, row_abs="r" in fixed, col_abs="c" in fixed))


def _formula(sheet: Any, row: int, column: int, formula: str, form: Any) -> None:
    """Write a formula without a stored result: a reader's program has to work it out."""
    sheet.write_formula(row, column, formula, form, "")


# -- prices: index and discount factor of each year -----------------------------------------------

_YEAR_0, _BASE, _RATE, _HEALTH = 1, 2, 3, 4  # rows of the sheet Prices
_FIRST: Final = 7  # its first year


def _index(label: str) -> float:
    from dapp_model.economics.prices import indices

    return indices()[year_number(label)]


def _price_years(found: Material) -> list[str]:
    """Return every financial year whose prices are needed, in order."""
    named = {*found.years, found.settings.price_year, *(one.price_year for one in found.costs)}
    numbers = [year_number(label) for label in named]
    return [year_label(n) for n in range(min(numbers), max(numbers) + 1)]


def _prices(sheet: Any, forms: Mapping[str, Any], found: Material) -> None:
    bands = mapping()["discounting"]
    sheet.set_column(0, 0, 34)
    sheet.write(0, 0, "How pounds of different years are compared", forms["head"])
    rows = {
        _YEAR_0: ("Year 0 (financial year of the decision, first calendar year)",
                  year_number(found.year_0)),
        _BASE: ("Prices of", found.settings.price_year),
        _RATE: ("Discount rate, years 0 to 30", bands["standard"][0]["rate"]),
        _HEALTH: ("Discount rate of health effects", bands["health"][0]["rate"]),
    }  # fmt: skip
    for row, (label, value) in rows.items():
        sheet.write(row, 0, label)
        sheet.write(row, 1, value, forms["typed"])
    sheet.write_row(
        _FIRST - 1, 0, ("Financial year", "First year", "Deflator (2024/25 = 100)", "To the base",
                        "Discount factor", "Health factor"), forms["head"],
    )  # fmt: skip
    years = _price_years(found)
    base = _FIRST + years.index(found.settings.price_year)
    for i, label in enumerate(years):
        row = _FIRST + i
        sheet.write(row, 0, label)
        sheet.write(row, 1, year_number(label), forms["typed"])
        sheet.write(row, 2, _index(label), forms["typed"])
        _formula(sheet, row, 3, f"={_cell(base, 2, 'rc')}/{_cell(row, 2)}", forms["factor"])
        ahead = f"({_cell(row, 1)}-{_cell(_YEAR_0, 1, 'rc')})"
        for column, rate in ((4, _RATE), (5, _HEALTH)):
            factor = f"=IF({ahead}<0,0,(1+{_cell(rate, 1, 'rc')})^-{ahead})"
            _formula(sheet, row, column, factor, forms["factor"])


def _price(label: str, column: int, found: Material) -> str:
    """Return the cell of the sheet Prices for one financial year."""
    return f"Prices!{_cell(_FIRST + _price_years(found).index(label), column, 'rc')}"


# -- unit costs -----------------------------------------------------------------------------------

_HARM, _REST, _EACH = 8, 9, 10  # columns of the sheet Unit costs


def _unit_costs(sheet: Any, forms: Mapping[str, Any], found: Material) -> None:
    sheet.set_column(0, 2, 26)
    sheet.write_row(
        0, 0, ("Offence", "Item", "Counted by", "Published", "Price year", "Times", "To the base",
               "Status", "Share: victims' harm", "Share: all else charged", "Each, GBP", "Rows",
               "Grade", "Who bears it", "Source of the first row"),
        forms["head"],
    )  # fmt: skip
    for i, cost in enumerate(found.costs):
        row = i + 1
        harm = fsum(part.share for part in cost.parts if part.item == "harm" and not part.zero)
        rest = fsum(part.share for part in cost.parts if part.item != "harm" and not part.zero)
        sheet.write_row(row, 0, (cost.offence, cost.item, cost.measure))
        sheet.write(row, 3, cost.value_gbp, forms["typed"])
        sheet.write(row, 4, cost.price_year)
        sheet.write(row, 5, cost.times, forms["typed"])
        _formula(sheet, row, 6, f"={_price(cost.price_year, 3, found)}", forms["factor"])
        sheet.write(row, 7, cost.status)
        sheet.write(row, _HARM, harm, forms["typed"])
        sheet.write(row, _REST, rest, forms["typed"])
        product = "*".join(_cell(row, column) for column in (3, 5, 6))
        _formula(sheet, row, _EACH, f"={product}", forms["pounds"])
        bearers = ", ".join(dict.fromkeys(part.bearer for part in cost.parts if not part.zero))
        source = cost_rows()[cost.rows[0]].source
        sheet.write_row(row, 11, (", ".join(cost.rows), cost.grade, bearers, source))


# -- the contract ---------------------------------------------------------------------------------


def _cash(sheet: Any, forms: Mapping[str, Any], found: Material) -> None:
    sheet.set_column(0, 1, 26)
    sheet.write(0, 0, "Contract", forms["head"])
    sheet.write(0, 1, "Funder", forms["head"])
    n = len(found.years)
    sheet.write_row(0, 2, found.years, forms["head"])
    sheet.write_row(0, n + 2, ("Present value", "Paid even if closed"), forms["head"])
    for i, ((contract, funder), by_year) in enumerate(found.contract.items()):
        row = i + 1
        sheet.write_row(row, 0, (contract, funder))
        sheet.write_row(row, 2, by_year.tolist(), forms["typed"])
        terms = [
            f"{_cell(row, k + 2)}*{_price(label, 3, found)}*{_price(label, 4, found)}"
            for k, label in enumerate(found.years)
        ]
        _formula(sheet, row, n + 2, "=" + "+".join(terms), forms["pounds"])
        sheet.write(row, n + 3, int(contract in found.paid_anyway), forms["typed"])
    last = len(found.contract)
    value, anyway = (
        f"{_cell(1, column)}:{_cell(last, column)}" if last else "0" for column in (n + 2, n + 3)
    )
    sheet.write(last + 1, 0, "All", forms["head"])
    _formula(sheet, last + 1, n + 2, f"=SUM({value})", forms["pounds"])
    sheet.write(last + 2, 0, "If it is closed for good after a pause", forms["head"])
    _formula(sheet, last + 2, n + 2, f"=SUMPRODUCT({value},{anyway})", forms["pounds"])


# -- counts ---------------------------------------------------------------------------------------


def _counts(sheet: Any, forms: Mapping[str, Any], found: Material) -> None:
    n, n_costs = len(found.years), len(found.costs)
    sheet.set_column(1, 3, 24)
    sheet.write_row(0, 0, ("Draw", "Offence", "Item", "Counted by", "Times published"),
                    forms["head"])  # fmt: skip
    sheet.write_row(0, 5, [f"Averted {label}" for label in found.years], forms["head"])
    sheet.write(0, 5 + n, "Worth, present value", forms["head"])
    harm_column = 5 if found.settings.harm_discounting == "health" else 4
    first, last = found.years[0], found.years[-1]
    span = {
        column: f"{_price(first, column, found)}:{_price(last, column, found).split('!')[1]}"
        for column in {4, harm_column}
    }
    for draw in range(found.averted.shape[0]):
        for i, cost in enumerate(found.costs):
            row = 1 + draw * n_costs + i
            sheet.write_row(row, 0, (draw, cost.offence, cost.item, cost.measure))
            sheet.write(row, 4, found.multiples[draw, i], forms["typed"])
            sheet.write_row(row, 5, found.averted[draw, i].tolist(), forms["typed"])
            counts = f"{_cell(row, 5)}:{_cell(row, 4 + n)}"

            def flow(column: int, counts: str = counts) -> str:
                return f"SUMPRODUCT({counts},TRANSPOSE({span[column]}))"

            each = f"'Unit costs'!{_cell(i + 1, _EACH, 'rc')}"
            harm, rest = (f"'Unit costs'!{_cell(i + 1, c, 'rc')}" for c in (_HARM, _REST))
            shared = f"({harm}*{flow(harm_column)}+{rest}*{flow(4)})"
            formula = f"{{={each}*{_cell(row, 4)}*{shared}}}"
            sheet.write_array_formula(row, 5 + n, row, 5 + n, formula, forms["pounds"], "")


# -- the result -----------------------------------------------------------------------------------


def _result(sheet: Any, forms: Mapping[str, Any], found: Material) -> None:
    n_draws, n_costs = found.averted.shape[:2]
    column = 5 + len(found.years)
    last = n_draws * n_costs
    contract, closed = (
        f"Contract!{_cell(len(found.contract) + 1 + k, len(found.years) + 2, 'rc')}"
        for k in range(2)
    )
    sheet.set_column(0, 0, 60)
    sheet.set_column(1, 3, 20)
    title = f"Net present social value of {found.option} against {found.comparator}"
    sheet.write(0, 0, title, forms["head"])
    note = (
        "blue figures are typed, all others are formulas; a program that shows none of them has to "
        "be told to calculate (F9)"
    )
    sheet.write(1, 0, f"GBP, {found.settings.price_year} prices; {note}")
    rows: Sequence[tuple[str, str]] = (
        ("Mean over draws, worked out here", f"=AVERAGE({_cell(8, 3)}:{_cell(7 + n_draws, 3)})"),
        ("What the run says", ""),
        ("Difference", f"={_cell(2, 1)}-{_cell(3, 1)}"),
        ("Do they agree to the pound?", f'=IF(ABS({_cell(4, 1)})<{TOLERANCE:g},"yes","no")'),
    )
    for i, (label, formula) in enumerate(rows):
        sheet.write(2 + i, 0, label)
        if formula:
            _formula(sheet, 2 + i, 1, formula, forms["pounds"])
    sheet.write(3, 1, found.headline, forms["pounds"])
    sheet.write_row(
        7, 0, ("Draw", "Worth of what is averted", "Contract", "Net", "Goes on"), forms["head"]
    )
    draws = f"Counts!{_cell(1, 0, 'rc')}:{_cell(last, 0, 'rc')}"
    worth = f"Counts!{_cell(1, column, 'rc')}:{_cell(last, column, 'rc')}"
    for draw in range(n_draws):
        row = 8 + draw
        sheet.write(row, 0, draw)
        _formula(sheet, row, 1, f"=SUMIF({draws},{_cell(row, 0)},{worth})", forms["pounds"])
        sheet.write(row, 4, int(found.reopened[draw]), forms["typed"])
        _formula(sheet, row, 2, f"=IF({_cell(row, 4)}=1,{contract},{closed})", forms["pounds"])
        _formula(sheet, row, 3, f"={_cell(row, 1)}-{_cell(row, 2)}", forms["pounds"])
