"""The pack of one run as a document: every section in its order, or an error that names the gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dapp_model.report import annexes, notice, section_first, sections_back, sections_front
from dapp_model.report.document import (
    SECTIONS,
    Block,
    Document,
    Picture,
    Section,
    blocks_of,
    checked,
)
from dapp_model.report.links import Evidence, Linker
from dapp_model.report.pack import Pack

if TYPE_CHECKING:
    from dapp_model.report.figures import Chart
    from dapp_model.report.totals import Totals


def build(
    totals: Totals, charts: Sequence[Chart], analyses: Mapping[str, Mapping[str, Any]]
) -> Document:
    """Return the document of a run; raises RunError if a section is missing or empty."""
    pack = Pack(totals, {chart.name: chart for chart in charts}, analyses)
    blocks: dict[str, tuple[Block, ...]] = {
        "first": section_first.first(pack),
        "s1": sections_front.bought(pack),
        "s2": sections_front.anyway(pack),
        "s3": sections_front.victims(pack),
        "s4": sections_front.options(pack),
        "s5": sections_front.value(pack),
        "s6": sections_front.who_pays(pack),
        "s7": sections_back.how_sure(pack),
        "s8": sections_back.finding_out(pack),
        "s9": sections_back.risks(pack),
        "s10": sections_back.monitoring(pack),
        "notice": notice.notice(pack),
        "county": annexes.county(pack),
        "costs": annexes.costs(pack),
        "assumptions": annexes.assumptions(pack),
        "stress": annexes.stress(pack),
        "cheers": annexes.cheers(pack),
        "quality": annexes.quality(pack),
        "record": annexes.record(pack),
    }
    placed = {
        block.chart.name
        for found in blocks.values()
        for block in blocks_of(found)
        if isinstance(block, Picture)
    }
    left = [Picture(chart) for chart in charts if chart.name not in placed]
    blocks["tables"] = annexes.tables(pack, left)
    decision = totals.decision
    linker = Linker(Evidence(decision, pack.rests))
    *seen, (last, key, title) = SECTIONS
    sections = [
        linker.section(Section(n, key, title, blocks.get(key, ()))) for n, key, title in seen
    ]
    sections.append(Section(last, key, title, linker.annex()))
    return checked(
        Document(str(decision["title"]), str(decision["question"]), "simulated", tuple(sections))
    )
