"""Whether a path that somebody gave can be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

NO_NAME: Final = "The file's name has to have letters or figures before its ending."
SHOWN: Final = 60  # characters of a path, in a message about one that cannot be used


def trouble(path: Path) -> str:
    """Say why the system cannot look at a path; empty if it can, whether or not it is there.

    A name of some 300 letters, for one, is too long for any folder to hold.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def plain_name(name: str) -> bool:
    """Say whether a name can stand in a path without leading elsewhere.

    "...toml" is a file whose name without its ending is "..", the folder above.
    """
    return bool(name.strip(". ")) and "\0" not in name and Path(name).name == name


def shown(path: Path | str) -> str:
    """Return the beginning of a path in quotation marks."""
    text = str(path)
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")
