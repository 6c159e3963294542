"""Where `dapp` begins: a request to stop is heard before anything heavy is loaded.

It has to stay the smallest module of all: what it imports, nobody can interrupt in peace.
"""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130


def _stop_at_once(number: int, frame: object) -> None:
    # Nothing has begun, or all is done: there is nothing to clear up, and nobody to catch an error.
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)


def listen() -> None:
    """End the process at once, with the status 130, when it is asked to stop."""
    try:
        signal.signal(signal.SIGINT, _stop_at_once)
        signal.signal(signal.SIGTERM, _stop_at_once)
    except ValueError:
        pass  # not the main thread: whoever calls us looks after signals


def main() -> int:
    """Run the command line and return its exit status."""
    listen()
    from dapp_model.cli import main as run

    status = run()
    sys.stdout.flush()
    listen()  # what is left is to go
    return status


if __name__ == "__main__":
    sys.exit(main())
