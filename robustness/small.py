"""One small study for all that has to be quick: a fiftieth of the county and a few options."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_OTHERS: Final = (
    "extend_motivational",
    "extend_one_to_one_high_harm",
    "extend_larger",
    "pause_and_evaluate",
    "one_funder_withdraws",
)


def scenario(title: str, question: str, keeps: Iterable[str]) -> str:
    """Return the text of a scenario with stopping, extending and the options that it keeps."""
    kept = set(keeps)
    removed = "".join(f"options.{one}.remove = true\n" for one in _OTHERS if one not in kept)
    head = f'title = "{title}"\nquestion = "{question}"\nextends = "surrey_extension.toml"\n'
    return f"{head}{removed}[population]\nshare = 0.02\n"


SMALL: Final = scenario("A small study", "Stop or extend?", ("extend_larger",))
