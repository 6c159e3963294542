"""Do the pages in docs/ say what the registry and the model say?"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dapp_model.events import KINDS
from dapp_model.parameters import registry
from dapp_model.report.assumptions import (
    NOT_ASSESSED,
    assumptions_markdown,
    parameters_markdown,
)

DOCS = Path(__file__).resolve().parents[1] / "docs"
RENDERED: dict[str, Callable[[], str]] = {
    "assumptions": assumptions_markdown,
    "parameters": parameters_markdown,
}
LEVERS = [name for name, each in registry().items() if each.role == "lever"]


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_bytes().decode("utf-8")


def quoted(text: str) -> set[str]:
    """Return every name in `code type`."""
    return set(re.findall(r"`([^`\n]+)`", text))


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of every row of every table, headings and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in lines]


# -- pages that the registry writes ---------------------------------------------------------------


@pytest.mark.parametrize("name", RENDERED)
def test_the_committed_page_is_what_the_registry_renders(name: str) -> None:
    write = (
        f"from dapp_model.report.assumptions import {name}_markdown as text; "
        f"open('docs/{name}.md', 'w', encoding='utf-8', newline='\\n').write(text())"
    )
    assert page(name) == RENDERED[name](), f'docs/{name}.md is behind: python -c "{write}"'


def test_every_parameter_has_one_row_in_the_full_table() -> None:
    rows = rows_of(parameters_markdown())
    assert [row[0].strip("`") for row in rows] == list(registry())
    assert {len(row) for row in rows} == {9}
    assert all(cell for row in rows for cell in row[:-1]), "only a note may be empty"


def test_the_log_holds_all_but_the_levers_once_and_with_an_impact() -> None:
    rows = rows_of(assumptions_markdown())
    names = [row[0].strip("`") for row in rows]
    assert sorted(names) == sorted(set(registry()) - set(LEVERS))
    assert {row[6] for row in rows} == {NOT_ASSESSED}


def test_an_impact_that_was_measured_is_shown_at_its_assumption_alone() -> None:
    rows = rows_of(assumptions_markdown({"effect.half_life": "third of 40"}))
    shown = {row[0]: row[6] for row in rows if row[6] != NOT_ASSESSED}
    assert shown == {"`effect.half_life`": "third of 40"}


def test_an_impact_of_nothing_known_is_refused() -> None:
    with pytest.raises(KeyError, match=r"effect\.half_live"):
        assumptions_markdown({"effect.half_live": "large"})


def test_what_is_recalled_is_never_shown_without_saying_so() -> None:
    recalled = {name for name, each in registry().items() if each.status == "recalled"}
    for row in rows_of(assumptions_markdown()):
        assert (row[4] == "recalled") == (row[0].strip("`") in recalled), row[0]


# -- the description of the model -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_is_described_with_its_rank(kind: int) -> None:
    assert f"| {kind} | `{KINDS[kind].name}` |" in page("model")


def test_every_lever_is_described() -> None:
    missing = sorted(set(LEVERS) - quoted(page("model")))
    assert not missing, f"docs/model.md does not say what these levers do: {missing}"


def test_the_description_names_no_parameter_that_is_gone() -> None:
    sections = {name.split(".")[0] for name in registry()}
    names = {
        name
        for name in quoted(page("model"))
        if re.fullmatch(r"[a-z]+\.[a-z0-9_]*[a-z0-9]", name) and name.split(".")[0] in sections
    }
    # Measures are named in the same manner, and some share a section's name.
    from dapp_model.definitions import MEASURES

    unknown = sorted(names - set(registry()) - set(MEASURES))
    assert not unknown, f"docs/model.md names parameters that do not exist: {unknown}"


def test_the_pictures_of_the_proof_are_in_the_manner_of_now() -> None:
    """Drawn again from the tables beside them they say the same; else python calibration/redraw.py.

    The ranks are not: their table does not hold those of the likelihood that is broken on purpose.
    """
    from dapp_model.calibration import pictures

    folder = DOCS.parent / "calibration" / "results"
    made = pictures.redrawn(folder)
    assert set(made) == {"predictive", "forecast"}
    for name, content in made.items():
        committed = (folder / f"{name}.svg").read_text(encoding="utf-8")
        for pattern in (r">([^<>]+)</text>", r"(?:fill|stroke): (#\w{6})"):
            ours = re.findall(pattern, content.decode("utf-8"))
            assert ours == re.findall(pattern, committed), name
            assert len(ours) > 20
