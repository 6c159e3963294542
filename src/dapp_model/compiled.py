"""Compile to machine code with a cache that notices every change.

numba's own on-disk cache looks only at the file of the function that is called. An edit to a rule
in another file, or to a module constant, would silently give the old answer. So the cache lives in
a folder named by a hash of all of this package's sources, numba's version and the settings that
change what is compiled.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def source_hash(folder: Path | None = None) -> str:
    """Hash the package's Python sources, numba's version and its compile settings.

    Returns 16 hexadecimal characters. `folder` is the package folder (default: this one).
    """
    folder = folder or Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    settings = [os.environ.get(name, "") for name in ("NUMBA_BOUNDSCHECK", "NUMBA_OPT")]
    digest.update("|".join([numba.__version__, *settings]).encode())
    return digest.hexdigest()


@cache
def cache_folder() -> Path:
    """Return the folder that holds this version's compiled code, creating it if it can be."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    for base in (Path(root) / "dapp_model", Path(tempfile.gettempdir()) / "dapp_model_cache"):
        folder = base / source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="dapp_model_"))


def is_warm() -> bool:
    """Say whether the engine's compiled code is already on disk."""
    return any(cache_folder().rglob("fast.*.nbc"))


def _compile(function: F, **options: bool) -> F:
    before = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    try:
        decorated: F = numba.njit(  # type: ignore[call-overload]
            cache=True, error_model="numpy", nogil=True, **options
        )(function)
    finally:
        numba.config.CACHE_DIR = before  # type: ignore[attr-defined]
    _forget_literals(decorated)
    return decorated


def _forget_literals(dispatcher: Any) -> None:
    """Compile one version for all whole numbers.

    numba would compile another for every pattern of constants among the arguments, which
    doubled the time to compile and gained nothing.
    """
    plain = dispatcher.get_call_template
    unliteral: Any = numba.types.unliteral

    def get_call_template(args: Any, kws: Any) -> Any:
        named = {name: unliteral(a) for name, a in kws.items()}
        return plain(tuple(unliteral(a) for a in args), named)

    dispatcher.get_call_template = get_call_template


def compiled(function: F) -> F:
    """Compile a function that allocates nothing: no fast maths, no threads, cached.

    Reference counting of arrays is left out; counted, it took three quarters of the time.
    """
    return _compile(function, _nrt=False)


def compiled_with_memory(function: F) -> F:
    """Compile a function that allocates arrays."""
    return _compile(function)
