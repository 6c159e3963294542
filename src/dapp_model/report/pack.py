"""What the sections of the pack are made from: the run's totals, its charts, analyses of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from dapp_model.report import analyses, grades, origins, sources, words
from dapp_model.report.document import Picture
from dapp_model.report.grades import Rests

if TYPE_CHECKING:
    from dapp_model.report.figures import Chart
    from dapp_model.report.totals import Totals

MOST_FINDINGS: Final = 6  # on evaluations, in the report itself; annex B has the others


@dataclass(frozen=True)
class Pack:
    """One run, as the sections need it; `charts` by name, `analyses` as their files hold them."""

    totals: Totals
    charts: Mapping[str, Chart]
    analyses: Mapping[str, Mapping[str, Any]]

    @cached_property
    def decision(self) -> Mapping[str, Any]:
        """Return what the run says of its decision; its numbers know where they stand."""
        found: Mapping[str, Any] = origins.sourced(self.totals.decision, sources.DECISION)
        return found

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

    @property
    def evaluated(self) -> tuple[str, ...]:
        """Return what an analysis of evaluations says of this run; its numbers stand there."""
        place = "analysis/evaluation/evaluation.json:sentences"
        said = analyses.sentences(self.analyses, "evaluation")
        return tuple(origins.each(line, f"{place}[{i}]") for i, line in enumerate(said))

    @property
    def detectable(self) -> tuple[str, ...]:
        """Return what it says of designs that compare with other people, the main things first."""
        return tuple(line for line in self.evaluated if "before and after" not in line.casefold())

    @property
    def studied(self) -> tuple[str, ...]:
        """Return what `dapp voi` says single things and studies are worth; numbers stand there."""
        said = self.analyses.get("voi", {}).get("study_sentences", ())
        place = "analysis/voi/voi.json:study_sentences"
        return tuple(origins.each(str(line), f"{place}[{i}]") for i, line in enumerate(said))

    def picture(self, *names: str, height: float = 9.0) -> tuple[Picture, ...]:
        """Return the pictures of these names that the run has."""
        return tuple(Picture(self.charts[name], height) for name in names if name in self.charts)
