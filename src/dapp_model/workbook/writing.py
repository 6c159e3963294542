"""Write a scenario as a workbook that somebody edits in a spreadsheet program and hands back."""

from __future__ import annotations

import datetime as dt
import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dapp_model.errors import InputErrors, Problem
from dapp_model.parameters import AS_PROGRAMME, Inputs, Option, Parameter, registry
from dapp_model.quantities import UNITS, Value, render
from dapp_model.scenario_settings import ONCE, lever_parameters
from dapp_model.workbook import layout, pages
from dapp_model.workbook.layout import Found, to_cell

_HEADER: Final = 4  # row of the headings in every sheet that is read
_NUMERIC: Final = ("count", "money", "number")
_LONGEST_LIST: Final = 250  # characters of a drop-down's choices
_LINE: Final = 13.5  # points
_WIDTHS: Final = {  # of columns, in characters; the last holds for all that follow
    layout.SCENARIO: (14, 20, 80, 60),
    layout.LEVERS: (22, 44, 32, 26, 24, 24),
    layout.ASSUMPTIONS: (24, 46, 20, 32, 26, 24, 24, 11, 7, 18, 70, 14),
}
_WRAPPED: Final = ("said", "input_text", "head")
_SECTIONS: Final = {
    "population": "The county",
    "decision": "The decision",
    "programme": "The pilot",
    "extension": "The extension: what follows the pilot",
    "services": "Services that are there already",
}


def workbook(inputs: Inputs, base: str, marks: Sequence[str] = ()) -> bytes:
    """Return the workbook of a scenario; equal inputs give equal bytes.

    `base` names the scenario file that it is compared with, or is empty; `marks` are the standing
    sentences of its cover. Raises InputErrors if something does not fit into cells.
    """
    import xlsxwriter

    _check_fits(inputs)
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties(
            {
                "title": "Scenario of a perpetrator programme",
                "comments": "Written by dapp workbook; dapp check and dapp run read it.",
                "created": dt.datetime(2000, 1, 1),
            }
        )
        forms = pages.formats(book)
        sheets = {name: book.add_worksheet(name) for name in layout.SHEETS}
        pages.cover(sheets[layout.COVER], forms, inputs, marks)
        _scenario(_Sheet(sheets[layout.SCENARIO], forms), inputs, base)
        _levers(_Sheet(sheets[layout.LEVERS], forms), inputs)
        _assumptions(_Sheet(sheets[layout.ASSUMPTIONS], forms), inputs)
        pages.notes(sheets[layout.NOTES], forms)
        for sheet in sheets.values():
            pages.finish(sheet)
    return stream.getvalue()


def _check_fits(inputs: Inputs) -> None:
    def problem(what: str, found: str, expected: str) -> Problem:
        return Problem(inputs.path, None, what, found, expected, "This does not fit a workbook.")

    problems = []
    if len(inputs.options) > layout.MOST_OPTIONS - layout.SPARE_OPTIONS:
        most = layout.MOST_OPTIONS - layout.SPARE_OPTIONS
        problems.append(problem("options", str(len(inputs.options)), f"at most {most} options"))
    texts = {"title": inputs.title, "question": inputs.question}
    for name, option in inputs.option_table.items():
        texts |= {f"options.{name}.label": option.label, f"options.{name}": name}
        texts[f"options.{name}.description"] = option.description
    for key, text in texts.items():
        if len(text) > layout.LONGEST_CELL:
            expected = f"at most {layout.LONGEST_CELL:,} characters"
            problems.append(problem(key, f"{len(text):,} characters", expected))
    if problems:
        raise InputErrors(tuple(problems))


class _Sheet:
    """A sheet that is read back, and how its cells look."""

    def __init__(self, sheet: Any, forms: Mapping[str, Any]) -> None:
        self.sheet = sheet
        self.forms = forms
        self.widths = _WIDTHS[sheet.get_name()]
        self.lines: dict[int, int] = {}
        for column, width in enumerate(self.widths):
            self.sheet.set_column(column, column, width)
        self.sheet.set_column(len(self.widths), layout.MOST_COLUMNS, self.widths[-1])

    def write(self, row: int, column: int, text: str, form: str) -> None:
        """Write a text, never as anything else, and make the row high enough for it."""
        self.sheet.write_string(row, column, text, self.forms[form])
        width = self.widths[min(column, len(self.widths) - 1)]
        wrapped = textwrap.wrap(text, max(1, int(width * 1.15))) if form in _WRAPPED else [text]
        lines = max(self.lines.get(row, 1), len(wrapped))
        if lines > self.lines.get(row, 1):
            self.lines[row] = lines
            self.sheet.set_row(row, min(_LINE * lines, 400))

    def head(self, title: str, lines: Sequence[str], columns: Sequence[str]) -> None:
        """Write title, instructions and the headings of the columns."""
        self.write(0, 1, title, "title")
        self.sheet.set_row(0, 24)
        for i, line in enumerate(lines):
            self.write(1 + i, 1, line, "plain")
        for column, text in enumerate(columns):
            self.write(_HEADER, column, text, "key_head" if column == layout.KEY else "head")
        self.sheet.repeat_rows(_HEADER)

    def texts(self, row: int, texts: Sequence[str]) -> None:
        """Write the key of a row and what is said beside it."""
        for column, text in enumerate(texts):
            self.write(row, column, text, "key" if column == layout.KEY else "said")

    def value(self, row: int, column: int, parameter: Parameter, value: Found) -> None:
        """Write an input cell: yellow, unlocked, with drop-down or limits."""
        form = self.forms[f"input_{_look(parameter)}"]
        if value is None:
            self.sheet.write_blank(row, column, None, form)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(row, column, value, form)
        elif isinstance(value, str):
            self.write(row, column, value, "input_text")
        elif isinstance(value, int | float):
            self.sheet.write_number(row, column, value, form)
        rule = _rule(parameter)
        if rule:
            self.sheet.data_validation(row, column, row, column, rule)

    def text(self, row: int, column: int, text: str, choices: Sequence[str] = ()) -> None:
        """Write an input cell that holds words."""
        if text:
            self.write(row, column, text, "input_text")
        else:
            self.sheet.write_blank(row, column, None, self.forms["input_text"])
        if choices:
            rule = {"validate": "list", "source": list(choices)}
            self.sheet.data_validation(row, column, row, column, rule)


def _look(parameter: Parameter) -> str:
    """Return which number format an input cell has."""
    due = UNITS[parameter.unit]
    if due.kind == "count" and due.noun is not None:
        return f"count_{due.noun[1]}"
    if due.kind in ("money", "date"):
        return due.kind
    return "number" if due.bare else "text"


def _rule(parameter: Parameter) -> dict[str, Any] | None:
    """Return what a cell accepts: a drop-down, or limits, with a message."""
    due = UNITS[parameter.unit]
    follows = [AS_PROGRAMME] if parameter.value == AS_PROGRAMME else []
    if due.kind == "switch":
        return {"validate": "list", "source": [layout.YES, layout.NO, *follows]}
    if due.kind == "choice":
        source = [*(parameter.choices or ()), *follows]
        fits = len(",".join(source)) <= _LONGEST_LIST
        return {"validate": "list", "source": source} if fits else None
    words = [*([due.word] if due.word else []), *follows]
    if words:
        # Other values are as good: the list only offers what is written as a word.
        return {"validate": "list", "source": words, "show_error": False}
    if (
        due.kind in _NUMERIC
        and parameter.possible is not None
        and (due.bare or due.kind != "number")
    ):
        low, high = parameter.possible
        return {
            "validate": "decimal",
            "criteria": "between",
            "minimum": low,
            "maximum": high,
            "error_title": "Not possible",
            "error_message": f"Expected between {_range(parameter, parameter.possible)}."[:255],
        }
    return None


def _range(parameter: Parameter, limits: tuple[float, float] | None) -> str:
    if limits is None:
        return ""
    return " and ".join(render(limit, parameter.unit) for limit in limits)


def _limits(parameter: Parameter) -> tuple[str, str]:
    """Return the possible and the usual range in words, or the choices."""
    if parameter.choices:
        many = "any of: " if parameter.kind == "choices" else "one of: "
        return many + ", ".join(parameter.choices), ""
    if parameter.kind == "switch":
        return f"{layout.YES} or {layout.NO}", ""
    possible, usual = (_range(parameter, one) for one in (parameter.possible, parameter.plausible))
    return possible.replace(" and ", " to "), usual.replace(" and ", " to ")


def _how(parameter: Parameter) -> str:
    """Say how a value is written, with an example."""
    due = UNITS[parameter.unit]
    follows = f', or "{AS_PROGRAMME}"' if parameter.value == AS_PROGRAMME else ""
    match due.kind:
        case "switch" | "choice":
            said = "choose from the list"
        case "choices":
            said = f'words with commas between them, or "{layout.NONE}"'
        case "shares":
            said = "name and share, with commas between: opcc 0.25, surrey_police 0.75"
        case "date":
            said = "a date, such as 2017-01-01" + (f', or "{due.word}"' if due.word else "")
        case "money":
            said = "pounds, such as 100000"
        case "count":
            said = f"how many {due.noun[1] if due.noun else due.name}"
            said += f', or "{due.word}"' if due.word else ""
        case "duration":
            said = "time with its unit, such as 26 weeks"
        case "number" if due.name.startswith("share"):
            said = "0 to 1, or a percentage, such as 65%"
        case _:
            example = due.example.replace('"', "")
            said = f"{due.expected}, such as {example}"
    return said + follows


# -- the sheets that are read back ----------------------------------------------------------------


def _scenario(page: _Sheet, inputs: Inputs, base: str) -> None:
    lines = ("What the scenario is called and what it asks. Yellow cells can be changed.",)
    page.head("The scenario", lines, (layout.HEADING, "What", "Text", "How to write it"))
    rows = (
        ("title", "Title", inputs.title, "a few words; they stand on the first page"),
        ("question", "Question", inputs.question, "what is to be decided, as a question"),
        (
            "decision.kind",
            "Decision",
            inputs.decision,
            "pilot: before it starts; extension: near its end",
        ),
        (
            "extends",
            "Compared with",
            base,
            "a scenario file; dapp check says what differs from it. May be empty",
        ),
    )
    for i, (key, label, text, how) in enumerate(rows):
        row = _HEADER + 1 + i
        page.texts(row, (key, label))
        page.text(row, layout.VALUE, text, ("pilot", "extension") if key == "decision.kind" else ())
        page.write(row, layout.VALUE + 1, how, "said")


def _levers(page: _Sheet, inputs: Inputs) -> None:
    n = len(inputs.options) + layout.SPARE_OPTIONS
    options = ["Option 1: all others are compared with it"]
    options += [f"Option {i + 1}" for i in range(1, n)]
    lines = (
        'What would be done. "All options" holds for every option; a yellow cell under an option '
        "stands over it, for that option alone.",
        "Leave a cell under an option empty to take the value of all options. An empty column is "
        "no option: fill one in to add an option.",
    )
    columns = (layout.HEADING, "Lever", "How to write it", "Possible", "Usual", "All options")
    page.head("Options and levers", lines, (*columns, *options))
    row = _option_texts(page, inputs, n)
    values = _shared(inputs)
    section = ""
    for key, parameter in lever_parameters().items():
        if key.split(".")[0] != section:
            section = key.split(".")[0]
            page.write(row, 1, _SECTIONS.get(section, section), "section")
            row += 1
        page.texts(row, (key, parameter.label, _how(parameter), *_limits(parameter)))
        page.value(row, layout.ALL_OPTIONS, parameter, to_cell(parameter, values[key]))
        for i in range(n):
            column = layout.FIRST_OPTION + i
            if section in ONCE:
                page.sheet.write_blank(row, column, None, page.forms["closed"])
                continue
            own = None
            if i < len(inputs.options):
                own = _own(inputs, inputs.option(inputs.options[i]), key, values)
            page.value(row, column, parameter, None if own is None else to_cell(parameter, own))
        row += 1
    page.sheet.freeze_panes(_HEADER + 1, 2)


def _option_texts(page: _Sheet, inputs: Inputs, n: int) -> int:
    """Write what the options are called; return the next free row."""
    said = {
        layout.OPTION_INCLUDED: ("Is it compared?", "no leaves the option out"),
        layout.OPTION_LABEL: ("Label", "a few words, for charts"),
        layout.OPTION_DESCRIPTION: ("Description", "a sentence; may be empty"),
        layout.OPTION_NAME: ("Short name", "small letters and _; may be empty for a new option"),
    }
    for i, (key, texts) in enumerate(said.items()):
        row = _HEADER + 1 + i
        page.texts(row, (key, *texts, "", ""))
        page.sheet.write_blank(row, layout.ALL_OPTIONS, None, page.forms["closed"])
        for k in range(n):
            option = inputs.option(inputs.options[k]) if k < len(inputs.options) else None
            text = _option_text(option, key)
            choices = (layout.YES, layout.NO) if key == layout.OPTION_INCLUDED else ()
            page.text(row, layout.FIRST_OPTION + k, text, choices)
    return _HEADER + 1 + len(said)


def _option_text(option: Option | None, key: str) -> str:
    if option is None:
        return ""
    texts = {
        layout.OPTION_INCLUDED: layout.YES,
        layout.OPTION_LABEL: option.label,
        layout.OPTION_DESCRIPTION: option.description,
        layout.OPTION_NAME: option.name,
    }
    return texts[key]


def _shared(inputs: Inputs) -> Mapping[str, Value]:
    """Return what holds for all options: as set, else the registry's value."""
    options = [inputs.option(name) for name in inputs.options]
    found: dict[str, Value] = {}
    for key, parameter in lever_parameters().items():
        found[key] = parameter.value
        if key in inputs.origins:
            free = [one for one in options if f"options.{one.name}.{key}" not in inputs.origins]
            values = [one.levers[key] for one in free or options]
            found[key] = max(values, key=values.count)
        elif key.split(".")[0] in ONCE:
            found[key] = options[0].levers[key]
    return found


def _own(inputs: Inputs, option: Option, key: str, shared: Mapping[str, Value]) -> Value | None:
    """Return what an option sets itself, or None where it takes what holds for all options."""
    inherited = shared[key]
    if inherited == AS_PROGRAMME:
        inherited = option.levers[key.replace("extension.", "programme.")]
    value: Value = option.levers[key]
    if f"options.{option.name}.{key}" in inputs.origins:
        return value
    return None if _equal(value, inherited) else value


def _equal(value: Value, other: Value) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _assumptions(page: _Sheet, inputs: Inputs) -> None:
    lines = (
        "What is believed, as opposed to what would be done. Most people leave this sheet alone.",
        "An empty yellow cell is not zero: it leaves the model its own value, and what is not "
        "known about it is part of the result. A value written here is held fixed.",
    )
    columns = (layout.HEADING, "Assumption", "Held at", "How to write it", "Possible", "Usual")
    more = ("The model's own value", "Role", "Grade", "Status", "Source", "Period")
    page.head("Assumptions", lines, (*columns, *more))
    beliefs = [key for key, one in registry().items() if one.role != "lever"]
    held = [
        key
        for key in beliefs
        if f"assume.{key}" in inputs.origins or inputs.values[key] != registry()[key].value
    ]
    row = _HEADER + 1
    for title, keys in (
        ("Set by this scenario", held),
        ("Left as the model has them", [key for key in beliefs if key not in held]),
    ):
        if keys:
            page.write(row, 1, title, "section")
            row += 1
        for key in keys:
            one = registry()[key]
            own = render(one.value, one.unit) or layout.NONE
            said = (own, one.role, one.grade, one.status.replace("_", " "), one.source, one.year)
            page.texts(row, (f"assume.{key}", one.label))
            page.value(
                row, layout.VALUE, one, to_cell(one, inputs.values[key]) if key in held else None
            )
            for i, text in enumerate((_how(one), *_limits(one), *said)):
                page.write(row, layout.VALUE + 1 + i, text, "said")
            row += 1
    page.sheet.freeze_panes(_HEADER + 1, 2)
