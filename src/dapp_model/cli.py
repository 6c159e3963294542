"""The command line: `dapp`. It reads, asks the library, and prints; it holds no arithmetic."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dapp_model import __version__, paths
from dapp_model.errors import DappError, InputErrors, Problem, RunError
from dapp_model.progress import shown as _progress

if TYPE_CHECKING:
    from dapp_model.study import Plan

WRONG_INPUT: Final = 2
NOT_FINISHED: Final = 3
INTERRUPTED: Final = 130

DRAWS: Final = 128
MOST_DRAWS: Final = 100_000  # weeks of work; more is a slip of the finger
REPLICATIONS: Final = 2
QUICK_DRAWS: Final = 16
QUICK_WHOLE: Final = 3  # draws of a quick run whose county is simulated whole
QUICK_REPLICATIONS: Final = 1
PILOTS: Final = 24
PILOT_DRAWS: Final = 24
QUICK_PILOTS: Final = 6
QUICK_PILOT_DRAWS: Final = 4

Command = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in a sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_INPUT, f"{self.prog}: {message}\nSee {self.prog} --help.\n")


def _whole(lowest: int, highest: int = 2**31 - 1) -> Callable[[str], int]:
    def whole(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not lowest <= found <= highest:
            shown = f"{found:,}" if abs(found) < 1e15 else "this"
            limit = f"less than {lowest}" if found < lowest else f"more than {highest:,}"
            raise argparse.ArgumentTypeError(f"{shown} is {limit}")
        return found

    return whole


def _path(text: str) -> Path:
    """Read the name of a file or folder; refuse one that the system cannot even look for."""
    reason = paths.trouble(Path(text))
    if reason:
        raise argparse.ArgumentTypeError(f"{paths.shown(text)} cannot be used ({reason})")
    return Path(text)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = _Parser(
        prog="dapp",
        description="Should a domestic abuse perpetrator programme be stopped, extended, changed "
        "or enlarged, and how sure can we be?",
        epilog="example: dapp run scenarios/surrey_extension.toml --quick",
    )
    top.add_argument("--version", action="version", version=f"dapp {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, run: Command, words: str, example: str) -> argparse.ArgumentParser:
        found = commands.add_parser(
            name,
            help=words,
            description=words[0].upper() + words[1:] + ".",
            epilog=f"example: {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        found.set_defaults(run=run)
        return found

    one = command(
        "run",
        _run,
        "simulate every option, value it, decide, and write the evidence pack",
        "dapp run scenarios/surrey_extension.toml --quick",
    )
    one.add_argument("file", type=_path, help="the scenario file")
    one.add_argument("--quick", action="store_true", help="a first, indicative answer")
    one.add_argument(
        "--draws", type=_whole(1, MOST_DRAWS), help=f"draws of what is not known (default {DRAWS})"
    )
    one.add_argument(
        "--replications",
        type=_whole(1),
        help=f"repetitions of the play of chance in each draw (default {REPLICATIONS})",
    )
    _seed_and_engine(one)
    _workers(one)
    one.add_argument("--out", type=_path, metavar="DIR", help="the run's folder, new or empty")
    one.add_argument("--json", action="store_true", help="print decision.json")

    one = command(
        "voi",
        _voi,
        "say how sure the choice is, and what it would be worth to know more",
        "dapp voi scenarios/surrey_extension.toml --draws 1000 --learning-draws 200",
    )
    _of_a_run(one)
    one.add_argument(
        "--learning-draws", type=_whole(2), metavar="N",
        help="run the model anew in N draws for what monitoring would have shown by the decision",
    )  # fmt: skip

    one = command(
        "sensitivity",
        _sensitivity,
        "say what moves the difference between options, and what would change the advice",
        "dapp sensitivity scenarios/surrey_extension.toml --draws 1000 --choke-draws 4",
    )
    _of_a_run(one)
    one.add_argument(
        "--choke-draws", type=_whole(1, MOST_DRAWS), metavar="N",
        help="run the model anew in N draws for what one more place, referral and so on is worth",
    )  # fmt: skip
    one.add_argument(
        "--trajectories", type=_whole(2), metavar="N",
        help="run the model anew for a Morris screening with N trajectories (takes long)",
    )  # fmt: skip
    one.add_argument(
        "--reading", action="append", default=[], metavar="NAME=RUN",
        help="another finished run of the scenario, under another reading of the evidence",
    )  # fmt: skip

    one = command(
        "evaluate-pilot",
        _evaluate_pilot,
        "say what evaluations of the pilot would show, and how often they would be wrong",
        "dapp evaluate-pilot scenarios/surrey_extension.toml --quick",
    )
    one.add_argument(
        "file", type=Path, help="a scenario file, or the folder of a run, to which it is written"
    )
    one.add_argument("--quick", action="store_true", help="a first, indicative answer")
    one.add_argument(
        "--replications", type=_whole(1), metavar="N",
        help=f"pilots to simulate at the best estimates (default {PILOTS})",
    )  # fmt: skip
    one.add_argument(
        "--draws", type=_whole(0), metavar="N",
        help=f"pilots to simulate in draws of what is not known (default {PILOT_DRAWS})",
    )  # fmt: skip
    one.add_argument("--seed", type=_whole(0), default=1, help="seed of all random numbers")
    _workers(one)
    one.add_argument("--out", type=Path, metavar="DIR", help="where to write, for a file")
    one.add_argument("--json", action="store_true", help="print what was found for machines")

    one = command(
        "calibrate",
        _calibrate,
        "turn what was counted into a joint posterior that every later analysis draws from",
        "dapp calibrate calibration/surrey_2014_15.toml",
    )
    one.add_argument("file", type=_path, help="the recipe")
    one.add_argument("--out", type=_path, metavar="DIR", help="where to write")
    one.add_argument("--proof", action="store_true", help="prove it as well (about as long again)")
    one.add_argument("--quick", action="store_true", help="tiny, to try the recipe out")
    one.add_argument("--fresh", action="store_true", help="begin anew, even if a part is finished")
    _workers(one)

    one = command(
        "check",
        _check,
        "check a scenario file and print what it comes to",
        "dapp check scenarios/surrey_extension.toml",
    )
    one.add_argument("file", type=_path, help="the scenario file")
    one.add_argument("--json", action="store_true", help="print for machines")

    one = command("new", _new, "write a commented scenario file to edit", "dapp new my_idea")
    one.add_argument("name", help="a name of letters, digits, - and _")
    one.add_argument("--out", type=_path, default=Path(), metavar="DIR", help="where to write it")

    one = command(
        "parameters",
        _parameters,
        "list the parameters with unit, value, uncertainty, grade and source",
        "dapp parameters dropout",
    )
    one.add_argument("word", nargs="?", default="", help="only those that mention this word")
    one.add_argument("--json", action="store_true", help="print for machines")

    one = command(
        "trace",
        _trace,
        "tell one simulated person's story, with and without the option",
        "dapp trace scenarios/surrey_extension.toml --option extend",
    )
    one.add_argument("file", type=_path, help="the scenario file")
    one.add_argument("--option", help="the option (default: the first after the comparator)")
    one.add_argument(
        "--person",
        type=_whole(0),
        metavar="N",
        help="the person (default: the first of those referred whose story the option changes)",
    )
    one.add_argument("--replicate", type=_whole(0), default=0, help="which play of chance")
    _seed_and_engine(one)
    one.add_argument("--json", action="store_true", help="print for machines")

    one = command(
        "diff",
        _diff,
        "find the first event and the first number in which two runs differ",
        "dapp diff results/surrey_extension/A results/surrey_extension/B",
    )
    one.add_argument("run_a", type=_path, help="the folder of one run")
    one.add_argument("run_b", type=_path, help="the folder of the other")
    one.add_argument("--json", action="store_true", help="print for machines")

    one = command(
        "reproduce",
        _reproduce,
        "run again from a run's own record and compare to the byte",
        "dapp reproduce results/surrey_extension/A",
    )
    one.add_argument("folder", type=_path, metavar="run", help="the folder of the run")
    _workers(one)
    one.add_argument("--json", action="store_true", help="print for machines")
    return top


def _seed_and_engine(one: argparse.ArgumentParser) -> None:
    one.add_argument("--seed", type=_whole(0), default=1, help="seed of all random numbers")
    one.add_argument(
        "--engine",
        choices=("fast", "reference"),
        default="fast",
        help="both give the same events; reference is slow and easy to read",
    )


def _of_a_run(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "file", type=_path, help="a scenario file, or the folder of a run, whose draws are used"
    )
    one.add_argument("--quick", action="store_true", help="a first, indicative answer")
    one.add_argument(
        "--draws", type=_whole(1, MOST_DRAWS), help=f"draws, for a file (default {DRAWS})"
    )
    one.add_argument(
        "--replications", type=_whole(1), help=f"of each draw, for a file (default {REPLICATIONS})"
    )
    _seed_and_engine(one)
    _workers(one)
    one.add_argument("--out", type=_path, metavar="DIR", help="the run's folder, for a file")
    one.add_argument("--json", action="store_true", help="print what was found for machines")


def _workers(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--workers", type=_whole(1), metavar="N", help="processes at a time (default: all cores)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        _on_termination()
        given = parser().parse_args(arguments)
        given.words = list(sys.argv[1:] if arguments is None else arguments)
        status: int = given.run(given)
        sys.stdout.flush()
    except InputErrors as error:
        _err(str(error))
        return WRONG_INPUT
    except DappError as error:
        _err(str(error))
        return error.exit_status
    except MemoryError:
        _err("There is not enough memory. What was finished is kept; try fewer --workers.")
        return NOT_FINISHED
    except BrokenPipeError:
        # The reader of a pipe has gone; nothing more can be printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _err("Interrupted. What was finished is kept, and the same command goes on from there.")
        return INTERRUPTED
    except Exception as error:
        _err(_unforeseen(error))
        return NOT_FINISHED
    return status


def _unforeseen(error: Exception) -> str:
    """Keep what only a programmer can read in a file, and say in a sentence where it is."""
    import tempfile
    import traceback

    what = " ".join(f"{type(error).__name__}: {error}".split())
    text = f"Something went wrong that was not foreseen ({what[:200]})."
    try:
        handle, path = tempfile.mkstemp(prefix="dapp_error_", suffix=".txt")
        with open(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(f"dapp {__version__}: {' '.join(sys.argv[1:])}\n\n")
            stream.write("".join(traceback.format_exception(error)))
    except OSError:
        return f"{text} The details could not be written to a file either."
    return f"{text} What was finished is kept. The details are in {path}"


def _on_termination() -> None:
    """Treat a request to stop like an interruption from the keyboard."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, stop)
        # On Windows only Python's own wakes what waits.
        own = signal.default_int_handler if sys.platform == "win32" else stop
        signal.signal(signal.SIGINT, own)
    except ValueError:
        pass  # not the main thread: whoever calls us looks after signals


def _err(text: str) -> None:
    print(text, file=sys.stderr)


def _json(found: Any) -> int:
    import json

    print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    return 0


# -- the commands ---------------------------------------------------------------------------------


def _plan(given: argparse.Namespace) -> Plan:
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
    )


def _cores(given: argparse.Namespace) -> int:
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
    from dapp_model import runs, sameness
    from dapp_model.scenario import load

    inputs = sameness.warned(load(given.file))
    _engine_exists(given.engine)
    for warning in inputs.warnings:
        _err(f"Please note: {warning}")
    plan = _plan(given)
    folder = runs.place(inputs, plan, given.out)
    with _progress("Simulating") as progress:
        how = runs.How(_cores(given), " ".join(["dapp", *given.words]), progress, _err)
        done = runs.run(inputs, plan, folder, how)
    if given.json:
        _err(f"Written to {done.folder}")
        return _json(done.decision)
    from dapp_model.report import words

    for line in words.first_page(done.decision):
        print(line)
    if done.already_there:
        print(f"\nThis run was already there; nothing was computed again: {done.folder}")
    else:
        print(f"\nWritten to {done.folder}")
    print(f"Read first: {done.folder / 'report.html'}")
    return 0


def _run_of(given: argparse.Namespace) -> Path:
    """Return the folder of the run that an analysis is about; a file is run if it was not yet."""
    from dapp_model import runs
    from dapp_model.scenario import load

    if given.file.is_dir():
        runs.read_manifest(given.file)
        return Path(given.file)
    inputs = load(given.file)
    _engine_exists(given.engine)
    plan = _plan(given)
    folder = runs.place(inputs, plan, given.out)
    with _progress("Simulating") as progress:
        done = runs.run(inputs, plan, folder, runs.How(_cores(given), "", progress, _err))
    _err(f"Using the draws of {done.folder}")
    return done.folder


def _write_analysis(given: argparse.Namespace, folder: Path, analysis: Any) -> int:
    import json

    from dapp_model import labels
    from dapp_model.analysis import files
    from dapp_model.report import words
    from dapp_model.scenario import load

    if (folder / "decision.json").is_file():
        decided = json.loads((folder / "decision.json").read_text(encoding="utf-8"))
        marks = words.standing(decided)  # as the run itself says, whatever holds today
    else:
        marks = labels.standing(load(given.file))  # an analysis of a scenario that was not run
    place = files.write(folder, analysis, marks)
    if given.json:
        _err(f"Written to {place}")
        return _json(files.plain(files.said(analysis, marks)))
    for sentence in (*marks, *analysis.sentences):
        print(sentence)
    print(f"\nWritten to {place}")
    return 0


def _voi(given: argparse.Namespace) -> int:
    from dapp_model import draws, runs
    from dapp_model.analysis import extension, learning, model_runs

    folder = _run_of(given)
    stored = draws.read(folder)
    inputs, plan, _ = runs.read_run(folder)
    starts = draws.starts_by_year(folder, stored)
    taught = None
    if given.learning_draws:
        extension.check(inputs)
        with _progress("Running the pilot as monitoring sees it") as progress:
            how = model_runs.Run(_cores(given), progress)
            shown = extension.show(inputs, plan, given.learning_draws, how)
        taught = extension.study(stored, inputs, shown)
    with _progress("Valuing information") as progress:
        found = learning.study(
            stored, inputs.values, starts=starts, extension=taught, progress=progress
        )
    return _write_analysis(given, folder, found)


def _sensitivity(given: argparse.Namespace) -> int:
    from dapp_model import draws, runs
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
    stored = draws.read(folder)
    inputs, plan, _ = runs.read_run(folder)
    option = str(stored.decision["shown_option"])
    choke = morris = None
    if given.choke_draws:
        with _progress("Running the model with one more of each") as progress:
            how = model_runs.Run(_cores(given), progress)
            choke = model_runs.choke_points(inputs, plan, option, draws=given.choke_draws, how=how)
    if given.trajectories:
        with _progress("Screening with the model") as progress:
            how = model_runs.Run(_cores(given), progress)
            morris = model_runs.morris(
                inputs, plan, option, trajectories=given.trajectories, how=how
            )
    with _progress("Looking for what moves the difference") as progress:
        engine = importance.Engine(choke, morris)
        found = importance.study(stored, readings=readings, engine=engine, progress=progress)
    return _write_analysis(given, folder, found)


def _evaluate_pilot(given: argparse.Namespace) -> int:
    from dapp_model.analysis import model_runs, pilot

    pilots, draws = (QUICK_PILOTS, QUICK_PILOT_DRAWS) if given.quick else (PILOTS, PILOT_DRAWS)
    draws = draws if given.draws is None else given.draws
    asked = pilot.Asked(given.replications or pilots, draws, given.seed)
    with _progress("Simulating pilots") as progress:
        how = model_runs.Run(_cores(given), progress)
        folder, found = pilot.command(given.file, given.out, asked, how, _err)
    return _write_analysis(given, folder, found)


def _calibrate(given: argparse.Namespace) -> int:
    # Sums in one order, so that everybody gets the same bytes; numpy reads this when it is loaded.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    from dapp_model.calibration import bank, command, recipe

    wanted = recipe.read(given.file)
    with _progress("Simulating") as progress:
        how = bank.How(_cores(given), progress, _err)
        asked = command.Asked(given.out, given.quick, given.proof, given.fresh)
        for line in command.run(wanted, asked, how):
            print(line)
    return 0


def _check(given: argparse.Namespace) -> int:
    from dapp_model import describe, labels, sameness
    from dapp_model.scenario import base_of, differences, load

    inputs = sameness.warned(load(given.file))
    base = base_of(given.file)
    apart = differences(inputs, load(base)) if base else []
    marks = labels.standing(inputs)
    if given.json:
        return _json({**describe.as_dict(inputs, apart), "standing": marks})
    for line in [*describe.scenario(inputs, base, apart), *marks]:
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
    from dapp_model.scenario import load

    inputs = load(given.file)
    _engine_exists(given.engine)
    option = trace.choose_option(inputs, given.option)
    _err("Simulating the county twice, with and without the option (under a minute).")
    told = trace.tell(
        inputs,
        option,
        given.person,
        trace.Luck(seed=given.seed, replicate=given.replicate, engine=given.engine),
    )
    marks = labels.standing(inputs)
    if given.json:
        return _json({**trace.as_dict(told), "standing": marks})
    for line in [*marks, *trace.lines(inputs, told)]:
        print(line)
    return 0


def _diff(given: argparse.Namespace) -> int:
    from dapp_model import difference

    found = difference.compare(given.run_a, given.run_b)
    if given.json:
        return _json(found)
    for line in difference.lines(found):
        print(line)
    return 0


def _reproduce(given: argparse.Namespace) -> int:
    from dapp_model import runs

    with _progress("Simulating again") as progress:
        how = runs.How(_cores(given), "", progress, _err)
        found = runs.reproduce(given.folder, how)
    if given.json:
        _json(runs.as_dict(found))
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


if __name__ == "__main__":
    sys.exit(main())
