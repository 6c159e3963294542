"""The web page of the pack: one file, no requests, light and dark, for a keyboard and for paper."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING, Any

from dapp_model.report.document import Document, numeric, parts, plain

if TYPE_CHECKING:
    from dapp_model.report.document import Section


def render(document: Document) -> str:
    """Return the page."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"parts": parts, "plain": plain, "kind": _kind}
    text = (files("dapp_model.report") / "template.html").read_text(encoding="utf-8")
    first, *others = document.sections
    shown = environment.from_string(text).render(
        document=document,
        first=first,
        main=[one for one in others if not one.annex],
        annexes=[one for one in others if one.annex],
        next_of=_numbers(),
        short=_short,
        numeric=numeric,
    )
    return f"{shown}\n"


def _kind(block: object) -> str:
    return type(block).__name__


def _numbers() -> Callable[[str], int]:
    """Return a counter for each kind of thing that has a number: tables, figures."""
    counters: dict[str, Any] = {}

    def following(kind: str) -> int:
        return int(next(counters.setdefault(kind, count(1))))

    return following


def _short(section: Section) -> str:
    """Return a heading for the list of sections."""
    return f"{section.number} {section.title}"
