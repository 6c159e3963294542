"""Work on a Dask cluster: only by workers who have what gives the same bytes.

Each unit of work travels with a record of what counts (sources, data, versions of libraries). A
worker that has anything else does not begin, and the run ends with a sentence that says what
differs. The function that looks travels whole, so that it runs where there is another version of
this package, or none.
"""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from dapp_model.errors import InputErrors, Problem, RunError
from dapp_model.made_with import what_counts
from dapp_model.parallel import Hands

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS: Final = 15
NOBODY_SECONDS: Final = 60.0  # how long a cluster may be without any worker
_DONE: Final = "done"


def _on_the_worker() -> Callable[[Mapping[str, str], bytes], tuple[str, Any]]:
    """Return the function that a worker calls: it looks first, and works if all is the same.

    A function inside a function travels by its content and not by its name.
    """

    def carried_out(expected: Any, payload: Any) -> tuple[str, Any]:
        import contextlib
        import importlib
        import pickle
        import socket

        where = socket.gethostname()
        with contextlib.suppress(ImportError, ValueError, AttributeError):
            where = str(importlib.import_module("distributed").get_worker().address)
        try:
            found = importlib.import_module("dapp_model.made_with").what_counts()
            apart = {n: (found.get(n, "?"), v) for n, v in expected.items() if found.get(n) != v}
        except ImportError:
            try:
                other = importlib.import_module("dapp_model").__version__
                apart = {"dapp-model": (f"version {other}", "another")}
            except ImportError:
                apart = {"dapp-model": ("not installed", "installed")}
        if apart:
            return ("refused", (where, apart))
        if not payload:
            return ("done", None)
        work, job = pickle.loads(payload)
        return ("done", work(*job))

    return carried_out


def _given(answer: tuple[str, Any]) -> Any:
    """Return what a worker has found; raises RunError if it has something else than we have."""
    status, content = answer
    if status == _DONE:
        return content
    where, apart = content
    said = "; ".join(f"{name} is {found}, here {ours}" for name, (found, ours) in apart.items())
    raise RunError(
        f"The worker at {where} was refused, because its results could differ from those here: "
        f"{said}. Give all workers the same installation and start them again."
    )


@contextmanager
def lent(address: str) -> Iterator[Hands]:
    """Lend out the workers of the cluster whose scheduler is at an address.

    Raises InputErrors if dask.distributed is not installed or the address makes no sense, RunError
    if nobody answers, a worker has another version, or the cluster is lost.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise _refusal(
            address,
            "A cluster needs an extra that is not installed.",
            "pip install 'dapp-model[cluster]'",
        ) from None
    quiet = logging.getLogger("distributed")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)  # what it has to say is said in a sentence below
    client = None
    try:
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, RuntimeError) as error:
            raise RunError(f"No Dask scheduler answers at {address} ({_reason(error)}).") from None
        except (ValueError, TypeError) as error:
            raise _refusal(
                address,
                f"This is not the address of a Dask scheduler ({_reason(error)}).",
                "an address such as tcp://127.0.0.1:8786",
            ) from None
        yield _hands(client, address)
    except KilledWorker:
        raise RunError(
            f"Workers of the cluster at {address} were stopped from outside several times at the "
            "same part, perhaps for lack of memory."
        ) from None
    except (CancelledError, OSError, TimeoutError) as error:
        if client is None or (isinstance(error, OSError) and error.errno):
            raise  # a disk of ours, not the cluster
        raise RunError(f"The cluster at {address} was lost.") from None
    finally:
        if client is not None:
            with suppress(Exception):
                client.close(timeout=2)
        quiet.setLevel(level)


def _hands(client: Client, address: str) -> Hands:
    carried_out, expected = _on_the_worker(), dict(what_counts())
    for answer in client.run(carried_out, expected, b"").values():
        _given(answer)
    executor = client.get_executor(pure=False)
    since = [time.monotonic()]
    slots = [_slots(client)]

    def submit(work: Callable[..., Any], *job: Any) -> Future[Any]:
        payload = pickle.dumps((work, job), pickle.HIGHEST_PROTOCOL)
        taken: Future[Any] = executor.submit(carried_out, expected, payload)
        return taken

    def look() -> None:
        if client.status != "running":
            raise RunError(f"The cluster at {address} was lost.")
        slots[0] = _slots(client)
        if slots[0]:
            since[0] = time.monotonic()
        elif time.monotonic() - since[0] > NOBODY_SECONDS:
            raise RunError(
                f"The cluster at {address} has had no worker for {NOBODY_SECONDS:.0f} seconds. "
                f"Start one with: dask worker {address}"
            )

    return Hands(submit, lambda: max(2, 2 * slots[0]), _given, look)


def _slots(client: Client) -> int:
    """Return how many units of work the cluster takes at a time."""
    return int(sum(client.nthreads().values()))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _refusal(address: str, message: str, expected: str) -> InputErrors:
    return InputErrors((Problem("--cluster", None, "", address, expected, message),))
