"""Run a study and write its folder whole or not at all.

Beside the run's folder a hidden one, `.<run>.unfinished`, holds a lock and the draws that are
finished. The folder itself appears by one rename when everything in it is on disk.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dapp_model import paths, whole
from dapp_model.parallel import Cluster, Workers, said
from dapp_model.stored import (
    DATA_FILES,
    file_hash,
    read_decision,
    read_manifest,
    read_run,
    refusal,
    usable,
    versions,
)
from dapp_model.study import Plan, Progress

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, what the first page says, and whether it was there before."""

    folder: Path
    decision: Mapping[str, Any]
    already_there: bool


# -- where a run goes -----------------------------------------------------------------------------


def run_name(inputs: Inputs, plan: Plan) -> str:
    """Return a folder name that says how the run was made; equal for equal runs."""
    from dapp_model import study

    kind = "quick" if plan.quick else "run"
    return f"{kind}-{plan.draws}x{plan.replications}-seed{plan.seed}-{study.key(inputs, plan)[:8]}"


def place(inputs: Inputs, plan: Plan, out: Path | None) -> Path:
    """Return the folder of a run.

    Without `out` it is results/<scenario>/<run>. A new or empty `out`, or one that holds a run,
    is the folder itself; in a folder that holds other things the run gets its own place. Raises
    InputErrors if no folder can have that name.
    """
    usual = Path(inputs.name) / run_name(inputs, plan)
    if out is not None:
        usable(out)
    if out is None:
        return Path("results") / usual
    if out.is_dir() and any(out.iterdir()) and not (out / "manifest.json").is_file():
        return out / usual
    return out


def unfinished(folder: Path) -> Path:
    """Return the hidden folder beside a run in which it is made."""
    folder = folder.resolve()
    return folder.with_name(f".{folder.name}.unfinished")


def _begun(folder: Path) -> Path:
    """Return the hidden folder of a run, made if it is not there; raises InputErrors.

    If it cannot be made, no folder above it stays that was not there before.
    """
    work = unfinished(folder)
    new = [work, *work.parents]
    new = new[: next((i for i, one in enumerate(new) if one.parent.is_dir()), -1) + 1]
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for one in new:
            with suppress(OSError):
                one.rmdir()
        reason = error.strerror or str(error)
        message = f"The folder of the run cannot be made ({reason}); nothing was computed."
        expected = "a place where folders can be made"
        raise refusal(paths.shown(folder), message, "", expected) from None
    return work


def _locked(work: Path) -> AbstractContextManager[None]:
    """Hold the only right to write a run."""
    return whole.held(
        work / "lock",
        f"Another run is writing to the same folder ({work.parent}). Wait until it has finished, "
        "or choose another folder with --out.",
    )


def _safe(work: Path) -> str:
    """Say what of an unfinished run is stored."""
    if not work.is_dir():
        return f"Nothing of it is stored any more: {work} was removed."
    done = sum(1 for _ in (work / "draws").glob("*.parquet"))
    return f"Safe: all that was finished ({done} parts), in {work}."


# -- the main job ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class How:
    """How a run is carried out; nothing here changes a result."""

    workers: Workers = 1
    command: str = ""
    progress: Progress | None = None
    say: Any = None  # called with a sentence about what comes next


def run(inputs: Inputs, plan: Plan, folder: Path, how: How | None = None) -> Run:
    """Simulate, value and decide; write the run's folder. Raises InputErrors or RunError."""
    from dapp_model import economics, study

    economics.check_data()
    how = how or How()
    say = how.say or (lambda sentence: None)
    if len(inputs.options) < 2:
        raise refusal(
            inputs.path,
            "There is nothing to compare: the scenario has a single option.",
            inputs.options[0],
            "at least two options, the first of which the others are compared with",
        )
    made_of = study.key(inputs, plan) + f"-{plan.draws}-{int(plan.quick)}"
    earlier = _earlier(folder, made_of)
    if earlier is not None:
        return earlier
    begun = time.monotonic()
    work = _begun(folder)
    failed = f"The run could not be written to {folder.parent}"
    with whole.told(failed, lambda: _safe(work)), _locked(work):
        done = _earlier(folder, made_of)  # somebody else may just have finished
        if done is None:
            parts = _parts(work, study.key(inputs, plan))
            if not isinstance(how.workers, Cluster):  # whose workers compile for themselves
                if not study.is_compiled():
                    say("Compiling the engine (about a minute, once).")
                study.compile_engine(inputs)
            study.compute(inputs, plan, parts, workers=how.workers, progress=how.progress)
            made = work / "writing"
            if made.exists():
                shutil.rmtree(made)
            made.mkdir()
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            decided = _write(inputs, plan, parts, made, say=say, finished=when)
            took = round(time.monotonic() - begun, 1)
            times = {"wall_time_seconds": took, "finished": when}
            _write_manifest(inputs, plan, made, how, times | {"made_of": made_of})
            _sync(made)
            if folder.is_dir():
                folder.rmdir()  # it was empty when the place was chosen
            made.rename(folder)
            _sync_folder(folder.resolve().parent)
            done = Run(folder, decided, False)
        if sys.platform != "win32":
            shutil.rmtree(work, ignore_errors=True)  # while nobody else can begin in it
    if sys.platform == "win32":
        shutil.rmtree(work, ignore_errors=True)  # an open file cannot be removed there
    return done


def _earlier(folder: Path, made_of: str) -> Run | None:
    """Return the run that is already there, if it is the same; refuse to replace another."""
    usable(folder)
    if folder.exists() and not folder.is_dir():
        raise refusal(str(folder), "This is a file, so no run can be written there.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    manifest = read_manifest(folder)
    if manifest.get("made_of") != made_of:
        raise refusal(
            str(folder),
            "The folder holds another run, which is not replaced.",
            f"a run of {manifest.get('scenario', 'another scenario')}",
            "a new folder; or remove the old run first",
        )
    return Run(folder, read_decision(folder), True)


def _parts(work: Path, wanted: str) -> Path:
    """Return the folder of finished draws, emptied if they belong to another run."""
    parts = work / "draws"
    label = work / "key"
    if not label.is_file() or label.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(parts, ignore_errors=True)
        label.write_text(wanted, encoding="utf-8")
    parts.mkdir(exist_ok=True)
    return parts


def _write(
    inputs: Inputs,
    plan: Plan,
    parts: Path,
    target: Path,
    *,
    say: Callable[[str], None],
    finished: str,
) -> Mapping[str, Any]:
    """Write all files but the manifest; documents alone hold when the draws were finished."""
    from dapp_model import (
        account_check,
        all_draws,
        decision,
        draws,
        kept,
        labels,
        later_choice,
        money,
        report,
        spreadsheets,
        study,
        tables,
    )

    marks = labels.standing(inputs, plan)
    say("Valuing the results (1 of 3).")
    (target / "inputs.toml").write_text(inputs.resolved_toml(), encoding="utf-8", newline="\n")
    looked = later_choice.look(inputs, plan, parts)
    gathered = all_draws.gather(inputs, plan, parts, target, looked)
    draws.write(target, inputs, gathered.parameters, gathered.worth)
    draws.write_without_luck(target, inputs, gathered.worth)
    draws.write_monitoring(target, gathered.shown)
    ledger = later_choice.still_there(gathered.later, study.ledger_of(parts))
    tables.write_ledger(target / "ledger.parquet", ledger)
    decided = decision.decide(
        inputs,
        gathered.worth,
        evidence=decision.Evidence(
            gathered.parameters,
            all_draws.readings(inputs, plan, parts, looked),
            gathered.shown,
            gathered.later,
        ),
        study={
            "draws": plan.draws,
            "replications": plan.replications,
            "nested_draws": min(plan.nested, plan.draws),
            "whole_county_draws": sum(plan.is_whole(draw) for draw in range(plan.draws)),
            "seed": plan.seed,
            "indicative": plan.quick,
        },
    )
    decided["money"] = {
        name: money.report(inputs, name, found, gathered.money_years)
        for name, found in gathered.purses.items()
    }
    decided["sentences"] = report.sentences(decided)
    decided["paragraph"] = report.paragraph(decided)
    text = json.dumps(decided, indent=2, ensure_ascii=False, allow_nan=False)
    (target / "decision.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    say("Writing the report and its figures (2 of 3).")
    kept.write(target, gathered)
    report.write(target, inputs, {**decided, report.FINISHED: finished}, gathered)
    say("Writing the workbook that checks the account (3 of 3).")
    account_check.write(
        target / account_check.NAME, account_check.material(inputs, plan, gathered, decided), marks
    )
    spreadsheets.write(target, (inputs, decided, gathered), marks)
    labels.label(target, inputs, marks)
    return decided


def _write_manifest(
    inputs: Inputs, plan: Plan, target: Path, how: How, own: Mapping[str, Any]
) -> None:
    """Write what it takes to run again; `own` holds what it is made of, and its times."""
    from dapp_model import labels
    from dapp_model.compiled import source_hash
    from dapp_model.money import conventions

    manifest = {
        "scenario": inputs.name,
        "title": inputs.title,
        "scenario_hash": inputs.text_hash,
        "made_of": own["made_of"],
        "seed": plan.seed,
        "engine": plan.engine,
        "draws": plan.draws,
        "replications": plan.replications,
        "nested_draws": plan.nested,
        "whole_draws": plan.whole,
        "quick": plan.quick,
        "population_share": inputs.population_share,
        "provisional": inputs.provisional,
        "standing": labels.recorded(inputs, plan),
        "workers": said(how.workers),
        **conventions(inputs),
        "versions": versions() | {"source": source_hash()},
        "platform": platform.platform(),
        "wall_time_seconds": own["wall_time_seconds"],
        "command": how.command,
        "finished": own["finished"],
        "warnings": list(inputs.warnings),
        "data_files": {name: file_hash(target / name) for name in DATA_FILES},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (target / "manifest.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
        else:
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # a folder cannot be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def report_again(folder: Path) -> tuple[Path, ...]:
    """Write the documents of a finished run again, with what analyses of it have found since.

    Nothing is simulated, and no other file changes. Raises InputErrors if there is no run, or it
    was made by another version; RunError if a document cannot be written.
    """
    from dapp_model import kept, report

    inputs, _, manifest = read_run(folder)
    now = versions()["dapp-model"]
    then = manifest.get("versions", {}).get("dapp-model", "unknown")
    if then != now:
        message = "The run was made by another version, whose words would not fit its numbers."
        raise refusal(str(folder), message, then, now)
    decided = read_decision(folder)
    if "finished" in manifest:
        decided[report.FINISHED] = manifest["finished"]
    if "source" in manifest.get("versions", {}):
        decided[report.MADE_WITH] = manifest["versions"]
    return report.again(folder, inputs, decided, kept.read(folder))
