"""The command line: `dapp`. It finds the command, and says in a sentence whatever goes wrong."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import Final

from dapp_model import __version__, commands
from dapp_model.arguments import WRONG_INPUT, parser_of
from dapp_model.commands import NOT_FINISHED, err
from dapp_model.errors import DappError, InputErrors, visible_lines

INTERRUPTED: Final = 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    return parser_of(commands.RUN)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _on_termination()
        given = parser().parse_args(arguments)
        given.words = words
        status: int = given.run(given)
        sys.stdout.flush()
    except InputErrors as error:
        err(str(error))
        return WRONG_INPUT
    except DappError as error:
        err(visible_lines(str(error)))
        if error.exit_status == NOT_FINISHED:
            err(_safe(error, words))
        return error.exit_status
    except MemoryError as error:
        err(f"There is not enough memory; fewer --workers need less.\n{_safe(error, words)}")
        return NOT_FINISHED
    except BrokenPipeError:
        # The reader of a pipe has gone; nothing more can be printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt as error:
        err(f"Interrupted.\n{_safe(error, words)}")
        return INTERRUPTED
    except OSError as error:
        what = " ".join(str(one) for one in (error.strerror or error, error.filename) if one)
        err(
            visible_lines(f"The system refused a file or a folder ({what}).\n{_safe(error, words)}")
        )
        _silence()
        return NOT_FINISHED
    except Exception as error:
        err(_unforeseen(error))
        return NOT_FINISHED
    return status


def _safe(error: BaseException, words: Sequence[str]) -> str:
    """Say what is safe, and the command that goes on from there."""
    notes = getattr(error, "__notes__", None)
    safe = notes or ["Safe: whatever had been written before; nothing of it was changed."]
    again = " ".join(["dapp", *(shlex.quote(word) for word in words)])
    what = "To go on from there" if notes else "To do it again"
    return "\n".join([*safe, f"{what}: {again}"])


def _silence() -> None:
    """Have nothing more printed where nothing can be: a full disk refuses a second time at exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
