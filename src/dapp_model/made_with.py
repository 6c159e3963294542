"""What a result depends on beside its inputs: sources, data, and the libraries that compute."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

SOURCES: Final = "sources of dapp-model"
LIBRARIES: Final = ("numpy", "numba", "scipy", "pandas")


@cache
def data_hash() -> str:
    """Hash the registry and all data of this package; 16 hexadecimal characters."""
    folder = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for path in [folder / "parameters.toml", *sorted((folder / "data").iterdir())]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def what_counts() -> Mapping[str, str]:
    """Return what has to be the same for the same bytes: who works elsewhere is asked for it."""
    from dapp_model.compiled import source_hash

    found = {
        SOURCES: source_hash(),
        "data of dapp-model": data_hash(),
        "Python": ".".join(map(str, sys.version_info[:2])),
    }
    return found | installed(LIBRARIES)


def installed(libraries: Iterable[str]) -> dict[str, str]:
    """Return the version of each library."""
    found = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
