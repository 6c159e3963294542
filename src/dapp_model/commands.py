"""What each command does: it reads, asks the library, and prints; it holds no arithmetic."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dapp_model import paths
from dapp_model.arguments import (
    DRAWS,
    PILOT_DRAWS,
    PILOTS,
    REPLICATIONS,
    Command,
)
from dapp_model.errors import InputErrors, Problem, RunError
from dapp_model.progress import shown as _progress

if TYPE_CHECKING:
    from dapp_model.parallel import Workers
    from dapp_model.parameters import Inputs
    from dapp_model.runs import Run
    from dapp_model.study import Plan

NOT_FINISHED: Final = 3

QUICK_DRAWS: Final = 16
QUICK_WHOLE: Final = 3  # draws of a quick run whose county is simulated whole
QUICK_REPLICATIONS: Final = 1
QUICK_PILOTS: Final = 6
QUICK_PILOT_DRAWS: Final = 4


def err(text: str) -> None:
    print(text, file=sys.stderr)


def _json(found: Any) -> int:
    import json

    print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    return 0


# -- the commands ---------------------------------------------------------------------------------


def plan_of(given: argparse.Namespace) -> Plan:
    from dapp_model.study import Plan

    draws, replications, whole = DRAWS, REPLICATIONS, Plan.whole
    if given.quick:
        draws, replications, whole = QUICK_DRAWS, QUICK_REPLICATIONS, QUICK_WHOLE
    return Plan(
        draws=given.draws or draws,
        replications=given.replications or replications,
        seed=given.seed,
        engine=given.engine,
        quick=given.quick,
        whole=whole,
        nested=given.nested_draws,
    )


def _workers(given: argparse.Namespace) -> Workers:
    """Return who does the work: a cluster, or as many processes as were asked for or fit."""
    if given.cluster:
        from dapp_model.parallel import Cluster

        return Cluster(given.cluster)
    if given.workers:
        return int(given.workers)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _engine_exists(engine: str) -> None:
    from importlib.util import find_spec

    if find_spec(f"dapp_model.engines.{engine}") is None:
        message = "This version has no such engine."
        raise InputErrors((Problem("--engine", None, "", engine, "fast", message),))


def _run(given: argparse.Namespace) -> int:
    from dapp_model import against_base, runs, sameness, stored
    from dapp_model.scenario import load

    inputs = sameness.warned(load(given.file))
    _engine_exists(given.engine)
    for warning in inputs.warnings:
        err(f"Please note: {warning}")
    plan = plan_of(given)
    if given.since is not None:
        stored.read_manifest(given.since)  # a slip is said before the work, not after it
    folder = runs.place(inputs, plan, given.out)
    with _progress("Simulating") as progress:
        how = runs.How(_workers(given), " ".join(["dapp", *given.words]), progress, err)
        done = runs.run(inputs, plan, folder, how)
    told = []
    if not given.no_base:
        with _progress("Simulating the base") as progress:
            how = runs.How(_workers(given), " ".join(["dapp", *given.words]), progress, err)
            told += against_base.tell(inputs, plan, done.folder, out=given.out, how=how)
    if given.since is not None:
        told += _since(given.since, inputs, plan, done)
    if told:
        runs.report_again(done.folder)  # so that the documents say it too
    if given.json:
        err(f"Written to {done.folder}")
        return _json(done.decision)
    from dapp_model.report import links

    for line in links.first_page(inputs, done.decision):
        print(line)
    for line in told:
        print(line)
    if done.already_there:
        print(f"\nThis run was already there; nothing was computed again: {done.folder}")
    else:
        print(f"\nWritten to {done.folder}")
    print(f"Read first: {done.folder / 'report.html'}")
    return 0


def _since(earlier: Path, inputs: Inputs, plan: Plan, done: Run) -> list[str]:
    """Write what changed since an earlier run into a run's folder; return it in words."""
    from dapp_model import labels, since

    found = since.compare(inputs, done.decision, earlier)
    since.write(done.folder, found, labels.standing(inputs, plan))
    return ["", *since.lines(found)]


def _run_of(given: argparse.Namespace) -> Path:
    """Return the folder of the run that an analysis is about; a file is run if it was not yet."""
    from dapp_model import runs, stored
    from dapp_model.scenario import load

    if given.file.is_dir():
        stored.read_manifest(given.file)
        return Path(given.file)
    inputs = load(given.file)
    _engine_exists(given.engine)
    plan = plan_of(given)
    folder = runs.place(inputs, plan, given.out)
    with _progress("Simulating") as progress:
        done = runs.run(inputs, plan, folder, runs.How(_workers(given), "", progress, err))
    err(f"Using the draws of {done.folder}")
    return done.folder


def _write_analysis(given: argparse.Namespace, folder: Path, analysis: Any) -> int:
    from dapp_model import kept, labels, runs, stored
    from dapp_model.analysis import files
    from dapp_model.report import words
    from dapp_model.scenario import load

    if (folder / "decision.json").is_file():
        decided = stored.read_decision(folder)
        marks = words.standing(decided)  # as the run itself says, whatever holds today
    else:
        marks = labels.standing(load(given.file))  # an analysis of a scenario that was not run
    place = files.write(folder, analysis, marks)
    if (folder / kept.NAME).is_file():
        runs.report_again(folder)  # so that the documents say what was found
    if given.json:
        err(f"Written to {place}")
        return _json(files.plain(files.said(analysis, marks)))
    for sentence in (*marks, *analysis.sentences):
        print(sentence)
    print(f"\nWritten to {place}")
    return 0


def _on_pictures(inputs: Inputs, decided: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Return the context in which pictures say what holds of the run that they are about."""
    from dapp_model import chart_style
    from dapp_model.report import grades, words

    return chart_style.standing(grades.on_pictures(inputs, words.standing(decided)))


def _voi(given: argparse.Namespace) -> int:
    from dapp_model import draws, stored
    from dapp_model.analysis import learning

    folder = _run_of(given)
    drawn = draws.read(folder)
    inputs, _, _ = stored.read_run(folder)
    starts = draws.starts_by_year(folder, drawn)
    with _progress("Valuing information") as progress, _on_pictures(inputs, drawn.decision):
        found = learning.study(drawn, inputs.values, starts=starts, progress=progress)
    return _write_analysis(given, folder, found)


def _sensitivity(given: argparse.Namespace) -> int:
    from dapp_model import draws, stored
    from dapp_model.analysis import importance, model_runs

    pairs = [text.partition("=") for text in given.reading]
    problems = [
        Problem(
            "--reading", None, "", "=".join(p[::2]), "NAME=RUN", "This is not a name and a run."
        )
        for p in pairs
        if not p[0] or not p[2]
    ]
    problems += [
        Problem("--reading", None, name, paths.shown(place), "the folder of a run", f"{reason}.")
        for name, _, place in pairs
        if (reason := paths.trouble(Path(place)))
    ]
    if problems:
        raise InputErrors(tuple(problems))
    readings = {name: draws.read(Path(place)) for name, _, place in pairs}
    folder = _run_of(given)
    drawn = draws.read(folder)
    inputs, plan, _ = stored.read_run(folder)
    option = str(drawn.decision["shown_option"])
    choke = morris = sobol = None
    if given.choke_draws:
        with _progress("Running the model with one more of each") as progress:
            how = model_runs.Run(_workers(given), progress)
            choke = model_runs.choke_points(inputs, plan, option, draws=given.choke_draws, how=how)
    if given.trajectories:
        with _progress("Screening with the model") as progress:
            how = model_runs.Run(_workers(given), progress)
            morris = model_runs.morris(
                inputs, plan, option, trajectories=given.trajectories, how=how
            )
    if given.sobol_samples:
        with _progress("Sampling groups of parameters with the model") as progress:
            how = model_runs.Run(_workers(given), progress)
            sobol = model_runs.sobol(
                inputs, plan, option, base_samples=given.sobol_samples, how=how
            )
    looking = "Looking for what moves the difference"
    with _progress(looking) as progress, _on_pictures(inputs, drawn.decision):
        engine = importance.Engine(choke, given.choke_draws, morris, sobol)
        found = importance.study(drawn, readings=readings, engine=engine, progress=progress)
    return _write_analysis(given, folder, found)


def _evaluate_pilot(given: argparse.Namespace) -> int:
    from dapp_model.analysis import model_runs, pilot

    pilots, draws = (QUICK_PILOTS, QUICK_PILOT_DRAWS) if given.quick else (PILOTS, PILOT_DRAWS)
    draws = draws if given.draws is None else given.draws
    asked = pilot.Asked(given.replications or pilots, draws, given.seed, quick=given.quick)
    with _progress("Simulating pilots") as progress:
        how = model_runs.Run(_workers(given), progress)
        folder, found = pilot.command(given.file, given.out, asked, how, err)
    return _write_analysis(given, folder, found)


def _calibrate(given: argparse.Namespace) -> int:
    # Sums in one order, so that everybody gets the same bytes; numpy reads this when it is loaded.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    from dapp_model.calibration import bank, command, recipe

    wanted = recipe.read(given.file)
    with _progress("Simulating") as progress:
        how = bank.How(_workers(given), progress, err)
        asked = command.Asked(given.out, given.quick, given.proof, given.fresh)
        for line in command.run(wanted, asked, how):
            print(line)
    return 0


def _check(given: argparse.Namespace) -> int:
    from dapp_model import changes, describe, labels, sameness
    from dapp_model.scenario import base_of, load

    inputs = sameness.warned(load(given.file))
    base = base_of(given.file)
    apart = changes.sentences(inputs, load(base)) if base else []
    marks = labels.standing(inputs)
    if given.json:
        return _json({**describe.as_dict(inputs, apart), "standing": marks})
    # On a screen some hundred lines would push out what differs; a file or a pipe takes them all.
    everything = given.all or not sys.stdout.isatty()
    for line in [*marks, *describe.scenario(inputs, base, apart, everything=everything)]:
        print(line)
    return 0


def _new(given: argparse.Namespace) -> int:
    from dapp_model.scenario import template

    text = template(given.name)
    path = given.out / f"{given.name}.toml"

    def refuse(message: str, found: str, expected: str) -> NoReturn:
        raise InputErrors((Problem(str(path), None, "", found, expected, message),))

    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        refuse("The file is already there and is not replaced.", path.name, "another name")
    except OSError as error:
        refuse("The file cannot be written.", error.strerror or str(error), "a folder that exists")
    print(f"Written to {path}")
    print(f"Edit it, then: dapp check {path}")
    return 0


def _workbook(given: argparse.Namespace) -> int:
    from dapp_model import exchange, labels
    from dapp_model.scenario import load

    path = exchange.write(given.file, given.out, labels.standing(load(given.file)))
    print(f"Written to {path}")
    print(f"Change the yellow cells, save it, then: dapp check {path}")
    return 0


def _parameters(given: argparse.Namespace) -> int:
    from dapp_model import describe

    found = describe.matching(given.word)
    if not found:
        message = "No parameter mentions this word."
        expected = "a word such as dropout, or none for the whole list"
        raise InputErrors((Problem("dapp parameters", None, "", given.word, expected, message),))
    if given.json:
        return _json([describe.parameter_dict(one) for one in found])
    for line in describe.parameters(found):
        print(line)
    return 0


def _trace(given: argparse.Namespace) -> int:
    from dapp_model import labels, trace
    from dapp_model.report import timeline
    from dapp_model.scenario import load

    inputs = load(given.file)
    _engine_exists(given.engine)
    option = trace.choose_option(inputs, given.option)
    err("Simulating the county twice, with and without the option (under a minute).")
    told = trace.tell(
        inputs,
        option,
        given.person,
        trace.Luck(seed=given.seed, replicate=given.replicate, engine=given.engine),
    )
    marks = labels.standing(inputs)
    if given.json:
        if given.out:
            timeline.write(given.out, timeline.picture(inputs, told, marks), marks)
            err(f"Written to {given.out}")
        return _json({**trace.as_dict(told), "standing": marks})
    for line in [*marks, *trace.lines(inputs, told)]:
        print(line)
    where = given.out or timeline.place(inputs, told)
    timeline.write(where, timeline.picture(inputs, told, marks), marks)
    print(f"\nThe story as a picture: written to {where}")
    return 0


def _diff(given: argparse.Namespace) -> int:
    from dapp_model import difference

    found = difference.compare(given.run_a, given.run_b)
    if given.json:
        return _json(found)
    for line in difference.lines(found):
        print(line)
    return 0


def _report(given: argparse.Namespace) -> int:
    from dapp_model import runs

    for path in runs.report_again(given.folder):
        print(f"Written: {path}")
    return 0


def _reproduce(given: argparse.Namespace) -> int:
    from dapp_model import reproduction, runs

    with _progress("Simulating again") as progress:
        how = runs.How(_workers(given), "", progress, err)
        found = reproduction.reproduce(given.folder, how)
    if given.json:
        _json(reproduction.as_dict(found))
        return 0 if not found.different else NOT_FINISHED
    for text in found.versions_differ:
        print(f"Not as in the run's record: {text}.")
    for name in found.same:
        print(f"Equal to the byte: {name}")
    for name in found.different:
        print(f"Different: {name}")
    if found.different:
        if found.largest_difference is not None:
            print(f"Largest relative difference of a number: {found.largest_difference:.2g}")
        raise RunError(f"The run in {given.folder} was not reproduced.")
    print("The run is reproduced: all data files are equal to the byte.")
    return 0


RUN: Final[Mapping[str, Command]] = {
    "run": _run,
    "voi": _voi,
    "sensitivity": _sensitivity,
    "evaluate-pilot": _evaluate_pilot,
    "calibrate": _calibrate,
    "check": _check,
    "new": _new,
    "workbook": _workbook,
    "parameters": _parameters,
    "trace": _trace,
    "diff": _diff,
    "report": _report,
    "reproduce": _reproduce,
}
