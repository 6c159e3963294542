"""Look at what reading one input does: errors, time, memory, files, network, other programs."""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dapp_model.errors import DappError

SLOW_SECONDS: Final = 5.0
HANGS_SECONDS: Final = 100  # on a busy machine; of a wall clock
MOST_MEMORY_MB: Final = 200  # more than before, for one input
LONGEST_MESSAGE: Final = 60_000
# What a terminal or a text direction would act upon.
ACTS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OF_FILES: Final = (
    *("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile"),
)
_NEVER: Final = (
    *("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system"),
    *("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pickle.find_class"),
    *("ctypes.dlopen", "webbrowser.open", "urllib.Request", "ftplib.connect", "smtplib.connect"),
)


@dataclass(frozen=True)
class Seen:
    """What one input did: "read", "refused", or what went wrong, with the details."""

    what: str
    details: str = ""
    seconds: float = 0.0

    @property
    def is_fault(self) -> bool:
        """Say whether it is something to mend."""
        return self.what not in ("read", "refused")


class _Hang(BaseException):
    """Reading took so long that it was ended."""


class _Watch:
    def __init__(self) -> None:
        self.on = False
        self.allowed: tuple[str, ...] = ()
        self.found: list[str] = []

    def inside(self, path: object) -> bool:
        if isinstance(path, int):
            return True
        place = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]
        return any(place == one or place.startswith(one + os.sep) for one in self.allowed)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = any(c in (mode or "") for c in "wax+") or bool((flags or 0) & _WRITES)
            if writes and path is not None and path != os.devnull and not self.inside(path):
                self.found.append(f"{event} {path!r} {mode}")
        elif event in _OF_FILES:
            paths = [one for one in arguments[:2] if isinstance(one, str | bytes | Path)]
            self.found += [f"{event} {path!r}" for path in paths if not self.inside(path)]
        elif event in _NEVER:
            self.found.append(f"{event} {arguments!r}"[:300])


_WATCH: Final = _Watch()


@contextmanager
def watching(*allowed: Path) -> Iterator[None]:
    """Note what happens to files outside these folders, and any use of network or programs."""
    if not getattr(_watch_once, "done", False):
        _watch_once()
    _WATCH.allowed = tuple(os.path.realpath(one) for one in allowed)
    _WATCH.found = []
    _WATCH.on = True
    try:
        yield
    finally:
        _WATCH.on = False


def _watch_once() -> None:
    sys.addaudithook(_WATCH.hook)
    sys.dont_write_bytecode = True  # what Python writes for itself is nobody's reach
    _watch_once.done = True  # type: ignore[attr-defined]


def limit_memory(more_mb: int = 4000) -> None:
    """Let this process have so much more address space than it has now, and no more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + more_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _hang(number: int, frame: object) -> None:
    raise _Hang


def look(read: Callable[[], None], *allowed: Path) -> Seen:
    """Read one input and say what it did."""
    before, peak = time.process_time(), _peak_mb()  # other programs do not make an input slow
    earlier = signal.signal(signal.SIGALRM, _hang)
    signal.alarm(HANGS_SECONDS)
    what, details = "read", ""
    try:
        with watching(*allowed):
            read()
    except DappError as error:
        what, details = "refused", ""
        said = str(error)
        if not said.strip() or len(said) > LONGEST_MESSAGE:
            what, details = "message", f"{len(said)} characters"
        elif odd := ACTS.search(said):
            what, details = "message", f"{odd.group()!r} in: {said[:300]!r}"
    except _Hang:
        what, details = "hang", "".join(traceback.format_stack()[-3:])
    except MemoryError as error:
        what, details = "memory", "".join(traceback.format_exception(error)[-3:])
    except (Exception, SystemExit) as error:
        what, details = "traceback", "".join(traceback.format_exception(error)[-4:])
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)
    seconds = time.process_time() - before
    if what in ("read", "refused"):
        if _WATCH.found:
            what, details = "reach", "; ".join(_WATCH.found[:5])
        elif seconds > SLOW_SECONDS:
            what, details = "slow", f"{seconds:.1f} s"
        elif _peak_mb() - peak > MOST_MEMORY_MB:
            what, details = "memory", f"{_peak_mb() - peak:.0f} MB more"
    return Seen(what, details, seconds)
