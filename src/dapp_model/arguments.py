"""What may stand on the command line: the commands of `dapp`, their arguments and help."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from dapp_model import __version__, paths

WRONG_INPUT: Final = 2

DRAWS: Final = 128
MOST_DRAWS: Final = 100_000  # weeks of work; more is a slip of the finger
NESTED_DRAWS: Final = DRAWS
REPLICATIONS: Final = 2
PILOTS: Final = 24
CHOKE_DRAWS: Final = 64  # of a minute or two on two cores
PILOT_DRAWS: Final = 24

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


def _power(text: str) -> int:
    """Read a power of two, the size of a Sobol' sample."""
    found = _whole(16, 2**20)(text)
    if found & (found - 1):
        raise argparse.ArgumentTypeError(f"{found:,} is not a power of two, such as 64")
    return found


def _path(text: str) -> Path:
    """Read the name of a file or folder; refuse one that the system cannot even look for."""
    reason = paths.trouble(Path(text))
    if reason:
        raise argparse.ArgumentTypeError(f"{paths.shown(text)} cannot be used ({reason})")
    return Path(text)


def _run(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=_path, help="the scenario file")
    one.add_argument("--quick", action="store_true", help="a first, indicative answer")
    one.add_argument(
        "--draws", type=_whole(1, MOST_DRAWS), help=f"draws of what is not known (default {DRAWS})"
    )
    one.add_argument(
        "--replications",
        type=_whole(1),
        help="repetitions of the play of chance in each of the first draws, the others having one "
        f"(default {REPLICATIONS})",
    )
    one.add_argument(
        "--nested-draws", type=_whole(0, MOST_DRAWS), metavar="N", default=NESTED_DRAWS,
        help="draws that have all repetitions, from which luck is told from what is not known "
        f"(default {NESTED_DRAWS})",
    )  # fmt: skip
    _seed_and_engine(one)
    _workers(one)
    one.add_argument("--out", type=_path, metavar="DIR", help="the run's folder, new or empty")
    one.add_argument(
        "--no-base", action="store_true",
        help="do not say what the change does against the file that this one extends",
    )  # fmt: skip
    one.add_argument(
        "--since", type=_path, metavar="RUN", help="say what changed since this earlier run"
    )
    one.add_argument("--json", action="store_true", help="print decision.json")


def _voi(one: argparse.ArgumentParser) -> None:
    _of_a_run(one)


def _sensitivity(one: argparse.ArgumentParser) -> None:
    _of_a_run(one)
    one.add_argument(
        "--choke-draws", type=_whole(0, MOST_DRAWS), metavar="N", default=CHOKE_DRAWS,
        help="run the model anew in N draws for what one more place, referral and so on is worth "
        f"(default {CHOKE_DRAWS}; 0 for not at all)",
    )  # fmt: skip
    one.add_argument(
        "--trajectories", type=_whole(2), metavar="N",
        help="run the model anew for a Morris screening with N trajectories (takes long)",
    )  # fmt: skip
    one.add_argument(
        "--sobol-samples", type=_power, metavar="N",
        help="run the model anew for Sobol' indices of groups, N a power of two from 16 (takes "
        "much longer)",
    )  # fmt: skip
    one.add_argument(
        "--reading", action="append", default=[], metavar="NAME=RUN",
        help="another finished run of the scenario, under another reading of the evidence",
    )  # fmt: skip


def _evaluate_pilot(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "file", type=_path, help="a scenario file, or the folder of a run, to which it is written"
    )
    one.add_argument("--quick", action="store_true", help="a first, indicative answer")
    one.add_argument(
        "--replications", type=_whole(1), metavar="N",
        help=f"pilots to simulate at the best estimates (default {PILOTS})",
    )  # fmt: skip
    one.add_argument(
        "--draws", type=_whole(0, MOST_DRAWS), metavar="N",
        help=f"pilots to simulate in draws of what is not known (default {PILOT_DRAWS})",
    )  # fmt: skip
    one.add_argument("--seed", type=_whole(0), default=1, help="seed of all random numbers")
    _workers(one)
    one.add_argument("--out", type=_path, metavar="DIR", help="where to write, for a file")
    one.add_argument("--json", action="store_true", help="print what was found for machines")


def _calibrate(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=_path, help="the recipe")
    one.add_argument("--out", type=_path, metavar="DIR", help="where to write")
    one.add_argument("--proof", action="store_true", help="prove it as well (about as long again)")
    one.add_argument("--quick", action="store_true", help="tiny, to try the recipe out")
    one.add_argument("--fresh", action="store_true", help="begin anew, even if a part is finished")
    _workers(one)


def _check(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=_path, help="the scenario file, or a workbook of it")
    one.add_argument(
        "--all", action="store_true",
        help="list every value with unit and source on a screen too, as in a file or a pipe",
    )  # fmt: skip
    one.add_argument("--json", action="store_true", help="print for machines")


def _new(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", help="a name of letters, digits, - and _")
    one.add_argument("--out", type=_path, default=Path(), metavar="DIR", help="where to write it")


def _workbook(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=_path, help="the scenario file")
    one.add_argument("--out", type=_path, metavar="X.xlsx", help="the workbook, a new file")


def _parameters(one: argparse.ArgumentParser) -> None:
    one.add_argument("word", nargs="?", default="", help="only those that mention this word")
    one.add_argument("--json", action="store_true", help="print for machines")


def _trace(one: argparse.ArgumentParser) -> None:
    one.add_argument("file", type=_path, help="the scenario file")
    one.add_argument("--option", help="the option (default: the first after the comparator)")
    one.add_argument(
        "--person",
        type=_whole(0),
        metavar="N",
        help="the person (default: the first of those referred whose story the option changes)",
    )
    one.add_argument("--replicate", type=_whole(0), default=0, help="which play of chance")
    one.add_argument(
        "--out",
        type=_path,
        metavar="DIR",
        help="folder for the story as a picture (default: results/<scenario>/trace-...)",
    )
    _seed_and_engine(one)
    one.add_argument("--json", action="store_true", help="print for machines")


def _diff(one: argparse.ArgumentParser) -> None:
    one.add_argument("run_a", type=_path, help="the folder of one run")
    one.add_argument("run_b", type=_path, help="the folder of the other")
    one.add_argument("--json", action="store_true", help="print for machines")


def _report(one: argparse.ArgumentParser) -> None:
    one.add_argument("folder", type=_path, metavar="run", help="the folder of the run")


def _reproduce(one: argparse.ArgumentParser) -> None:
    one.add_argument("folder", type=_path, metavar="run", help="the folder of the run")
    _workers(one)
    one.add_argument("--json", action="store_true", help="print for machines")


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
    who = one.add_mutually_exclusive_group()
    who.add_argument(
        "--workers", type=_whole(1), metavar="N", help="processes at a time (default: all cores)"
    )
    who.add_argument(
        "--cluster", metavar="ADDRESS",
        help="work on a Dask cluster, by the address of its scheduler (tcp://127.0.0.1:8786)",
    )  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A command: what adds its arguments, what it does in a few words, and an example."""

    add: Callable[[argparse.ArgumentParser], None]
    words: str
    example: str


COMMANDS: Final[Mapping[str, Entry]] = {
    "run": Entry(
        _run,
        "simulate every option, value it, decide, and write the evidence pack",
        "dapp run scenarios/surrey_extension.toml --quick",
    ),
    "voi": Entry(
        _voi,
        "say how sure the choice is, and what it would be worth to know more",
        "dapp voi scenarios/surrey_extension.toml --draws 1000",
    ),
    "sensitivity": Entry(
        _sensitivity,
        "say what moves the difference between options, and what would change the advice",
        "dapp sensitivity scenarios/surrey_extension.toml --draws 1000 --choke-draws 4",
    ),
    "evaluate-pilot": Entry(
        _evaluate_pilot,
        "say what evaluations of the pilot would show, and how often they would be wrong",
        "dapp evaluate-pilot scenarios/surrey_extension.toml --quick",
    ),
    "calibrate": Entry(
        _calibrate,
        "turn what was counted into a joint posterior that every later analysis draws from",
        "dapp calibrate calibration/surrey_2014_15.toml",
    ),
    "check": Entry(
        _check,
        "check a scenario file and print what differs from the one it extends",
        "dapp check scenarios/surrey_extension.toml",
    ),
    "new": Entry(
        _new,
        "write a commented scenario file to edit",
        "dapp new my_idea",
    ),
    "workbook": Entry(
        _workbook,
        "write a scenario as a spreadsheet to edit; dapp check and dapp run read it back",
        "dapp workbook scenarios/surrey_extension.toml --out my_idea.xlsx",
    ),
    "parameters": Entry(
        _parameters,
        "list the parameters with unit, value, uncertainty, grade and source",
        "dapp parameters dropout",
    ),
    "trace": Entry(
        _trace,
        "tell one simulated person's story, with and without the option",
        "dapp trace scenarios/surrey_extension.toml --option extend",
    ),
    "diff": Entry(
        _diff,
        "find the first event and the first number in which two runs differ",
        "dapp diff results/surrey_extension/A results/surrey_extension/B",
    ),
    "report": Entry(
        _report,
        "write the documents of a run again, with what analyses of it have found since",
        "dapp report results/surrey_extension/A",
    ),
    "reproduce": Entry(
        _reproduce,
        "run again from a run's own record and compare to the byte",
        "dapp reproduce results/surrey_extension/A",
    ),
}


def parser_of(run: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of all commands; `run` says by name what carries each out."""
    top = _Parser(
        prog="dapp",
        description="Should a domestic abuse perpetrator programme be stopped, extended, changed "
        "or enlarged, and how sure can we be?",
        epilog="example: dapp run scenarios/surrey_extension.toml --quick",
    )
    top.add_argument("--version", action="version", version=f"dapp {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, entry in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=entry.words,
            description=entry.words[0].upper() + entry.words[1:] + ".",
            epilog=f"example: {entry.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.set_defaults(run=run[name])
        entry.add(one)
    return top
