"""What the sections of the pack are made from: the run's totals, its charts, analyses of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dapp_model.report import grades, words
from dapp_model.report.document import DAGGER, Picture
from dapp_model.report.grades import Rests

if TYPE_CHECKING:
    from dapp_model.report.figures import Chart
    from dapp_model.report.totals import Totals


@dataclass(frozen=True)
class Pack:
    """One run, as the sections need it; `charts` by name, `analyses` as their files hold them."""

    totals: Totals
    charts: Mapping[str, Chart]
    analyses: Mapping[str, Mapping[str, Any]]

    @property
    def decision(self) -> Mapping[str, Any]:
        """Return what the run says of its decision."""
        return self.totals.decision

    @property
    def shown(self) -> Mapping[str, Any]:
        """Return the option that the pack shows."""
        return words.option_of(self.decision, self.totals.shown)

    @property
    def label(self) -> str:
        """Return the shown option's label, quoted."""
        return words.quoted(str(self.shown["label"]))

    @property
    def comparator(self) -> str:
        """Return the label of what the others are compared with, quoted."""
        return words.quoted(str(self.decision["comparator"]["label"]))

    @cached_property
    def rests(self) -> Mapping[str, Rests]:
        """Return what each of the three numbers rests on."""
        return grades.of_measures(self.totals.inputs)

    def marked(self, sentence: str) -> str:
        """Return a sentence whose figures come out of the headline, with its mark.

        Every such figure rests at least on what true incidents rest on, and most on all.
        """
        has_figure = "£" in sentence or "%" in sentence
        if has_figure and self.rests["net_present_social_value"].marked:
            return f"{sentence}\N{NO-BREAK SPACE}{DAGGER}"
        return sentence

    def picture(self, *names: str, height: float = 9.0) -> tuple[Picture, ...]:
        """Return the pictures of these names that the run has."""
        return tuple(Picture(self.charts[name], height) for name in names if name in self.charts)
