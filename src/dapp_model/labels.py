"""The standing sentences (provisional, indicative, part of the county) on all that is handed on.

A file that is copied out of its folder has to say by itself what it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dapp_model import fitted
from dapp_model.report import words

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs
    from dapp_model.study import Plan

README: Final = "README.txt"
METADATA: Final = b"dapp_model.standing"  # the key in a parquet file
HOLDS: Final[Mapping[str, str]] = {
    "report.html": "the evidence pack, for any browser: read this first",
    "report.docx": "the same pack for Word and LibreOffice, the report in twelve pages",
    "decision.json": "everything that the first page says, for machines",
    "outcomes.csv": "counts by option, financial year and group: means with their error",
    "outcomes.parquet": "the same counts in every draw whose county is simulated whole",
    "account.csv": "pounds by option, financial year, bearer, funder, tier and offence: means",
    "account.parquet": "the same pounds in every draw whose county is simulated whole",
    "ledger.parquet": "the incidents that differ between options, in one simulated county",
    "draws.parquet": "what each option is worth, draw by draw",
    "parameters.csv": "what was drawn, draw by draw",
    "costs.csv": "what each option costs, draw by draw, for tools elsewhere",
    "effects.csv": "what each option achieves, draw by draw, for tools elsewhere",
    "without_luck.csv": "what each option is worth, draw by draw, with luck taken out",
    "effect_prior.csv": "how sure the advice is, by school of thought on the effect",
    "effect_prior_acceptability.csv": "the same by what averting an incident is worth",
    "structural.csv": "how sure it is by other ways to build the model",
    "luck.csv": "how sure it is with the luck of the simulation apart",
    "acceptability.csv": "how sure it is by what averting an incident is worth",
    "information.csv": "what it would be worth to know more",
    "monitoring.csv": "what monitoring of the pilot would have shown by the decision, draw by draw",
    "tables.xlsx": "every table of the run in one workbook, for any spreadsheet program",
    "tables.ods": "the same tables in the open document format",
    "account_check.xlsx": "the headline worked out again in live formulas",
    "totals.npz": "sums over all draws, from which `dapp report` writes the documents again",
    "figures": "each chart with its data and a text that says what it shows",
    "inputs.toml": "the scenario, written out in full",
    "manifest.json": "versions, hashes and seed: what it takes to run it again",
    README: "this text",
}
LATER: Final = (
    "analysis: what `dapp voi`, `dapp sensitivity` and `dapp evaluate-pilot` write, if asked to; "
    "the last, given this folder, fills in what the report calls not assessed until then: "
    "regression to the mean, and what an evaluation could detect",
    "difference_from_base: what the change does against the file that this one extends, where it "
    "extends one; made from the draws of both runs, and not among what `dapp reproduce` compares",
    "since_earlier_pack: what changed since an earlier run, where --since named one; not among "
    "what `dapp reproduce` compares either",
)


def standing(inputs: Inputs, plan: Plan | None = None) -> list[str]:
    """Return the standing sentences of a scenario, or of a run of it."""
    return words.standing(
        {
            "provisional": inputs.provisional,
            "posterior": fitted.said(inputs),
            "indicative": plan is not None and plan.quick,
            "draws": plan.draws if plan else 0,
            "population_share": inputs.population_share,
        }
    )


def recorded(inputs: Inputs, plan: Plan) -> list[str]:
    """Return the standing sentences of a run, and which posterior it rests on, for its record."""
    found = fitted.said(inputs)
    return [*standing(inputs, plan), *([words.calibrated(found)] if found else [])]


def label(folder: Path, inputs: Inputs, marks: Sequence[str]) -> None:
    """Label what is in a run's folder, and say in a text file what each file holds."""
    if marks:
        for path in sorted(folder.glob("*.parquet")):
            _label_table(path, marks)
        for path in sorted((folder / "figures").glob("*.txt")):
            _write(path, [path.read_text(encoding="utf-8"), *marks])
    _write(folder / README, _readme(folder, inputs, marks))


def _readme(folder: Path, inputs: Inputs, marks: Sequence[str]) -> list[str]:
    names = sorted({path.name for path in folder.iterdir()} | {README, "manifest.json"})
    known = [name for name in HOLDS if name in names]
    listed = [f"{name}: {HOLDS[name]}" for name in known]
    listed += [f"{name}: a table of this run" for name in names if name not in HOLDS]
    heading = [f"{inputs.title}: a run of dapp_model", ""]
    if marks:
        everywhere = "This holds for every file here, and for every number taken out of one."
        heading += [line for mark in (*marks, everywhere) for line in (mark, "")]
    return [*heading, *listed, *LATER]


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _label_table(path: Path, marks: Sequence[str]) -> None:
    """Write a parquet file anew with the sentences in its metadata; its rows stay as they are."""
    import pyarrow.parquet as pq

    part = path.with_suffix(".part")
    with pq.ParquetFile(path) as table:
        schema = table.schema_arrow
        metadata: dict[bytes, Any] = {**(schema.metadata or {}), METADATA: " ".join(marks).encode()}
        with pq.ParquetWriter(part, schema.with_metadata(metadata), compression="zstd") as writer:
            for i in range(table.num_row_groups):
                writer.write_table(table.read_row_group(i).replace_schema_metadata(metadata))
    part.replace(path)
