"""Compile to machine code with a cache that notices every change.

numba's own on-disk cache looks only at the file of the function that is called. An edit to a rule
in another file, or to a module constant, would silently give the old answer. So the cache lives in
a folder named by a hash of every source of this package that compiled code can see (the modules
that compile and all that these import), numba's version and the settings that change what is
compiled.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import llvmlite.binding
import numba

F = TypeVar("F", bound=Callable[..., Any])


_IMPORT = re.compile(
    r"^[ \t]*from dapp_model(?:\.(?P<module>[\w.]+))? import (?P<names>\([^)]*\)|[^\n(]*)"
    r"|^[ \t]*import dapp_model\.(?P<whole>[\w.]+)",
    re.MULTILINE,
)


def _imported(text: str) -> set[str]:
    """Return the names of the modules of this package that a source may import."""
    found = set()
    for match in _IMPORT.finditer(text):
        module = match["whole"] or match["module"]
        if module:
            found.add(module)
        for name in re.findall(r"\w+", match["names"] or ""):
            found.add(f"{module}.{name}" if module else name)
    return found


def compiled_sources(folder: Path) -> list[Path]:
    """Return, sorted, the sources that compiled code can see: all that those who compile import."""
    texts = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    modules = {".".join(path.relative_to(folder).with_suffix("").parts): path for path in texts}
    modules |= {name.removesuffix(".__init__"): path for name, path in modules.items()}
    decorators = {f"compiled.{n}" for n in ("compiled", "compiled_inline", "compiled_with_memory")}
    due = [path for path, text in texts.items() if decorators & _imported(text)]
    seen: set[Path] = set()
    while due:
        path = due.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in _imported(texts[path]):
            due += [modules[part] for part in (name, name.rpartition(".")[0]) if part in modules]
    return sorted(seen)


def source_hash(folder: Path | None = None) -> str:
    """Hash all of the package's Python sources: who wants to know which code made a result.

    Returns 16 hexadecimal characters. `folder` is the package folder (default: this one).
    """
    folder = folder or Path(__file__).parent
    return _hash(folder, sorted(folder.rglob("*.py")))


def cache_key(folder: Path | None = None) -> str:
    """Hash the sources that compiled code can see, numba's version and its compile settings."""
    folder = folder or Path(__file__).parent
    settings = [os.environ.get(name, "") for name in ("NUMBA_BOUNDSCHECK", "NUMBA_OPT")]
    return _hash(folder, compiled_sources(folder), numba.__version__, *settings)


def _hash(folder: Path, paths: list[Path], *others: str) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    digest.update("|".join(others).encode())
    return digest.hexdigest()


@cache
def cache_folder() -> Path:
    """Return the folder that holds this version's compiled code, creating it if it can be."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    for base in (Path(root) / "dapp_model", Path(tempfile.gettempdir()) / "dapp_model_cache"):
        folder = base / cache_key()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="dapp_model_"))


def use_wide_vectors() -> None:
    """Let the compiler use the processor's widest vectors where they cost no speed otherwise.

    It keeps to half their width by default, since the first processors that had them slowed down
    with them; those with VBMI2 do not. Drawing for many at one stroke so takes a sixth less. The
    width changes no result: no operation is reordered.
    """
    features = llvmlite.binding.get_host_cpu_features()
    if numba.config.CPU_FEATURES is None and features.get("avx512vbmi2"):  # type: ignore[attr-defined]
        numba.config.CPU_FEATURES = features.flatten() + ",-prefer-256-bit"  # type: ignore[attr-defined]


use_wide_vectors()


_COMPLETE: Final = "complete"  # the marker's name; a compilation that was broken off leaves none


def is_warm() -> bool:
    """Say whether all of the engine's compiled code is already on disk."""
    return (cache_folder() / _COMPLETE).is_file()


def mark_warm() -> None:
    """Note that all of the engine's compiled code is on disk."""
    with suppress(OSError):  # a folder that cannot be written holds no compiled code either
        (cache_folder() / _COMPLETE).touch()


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


def compiled_inline(function: F) -> F:
    """Compile a function that allocates nothing into each of its callers: the innermost loop."""
    return _compile(function, _nrt=False, forceinline=True)


def compiled_with_memory(function: F) -> F:
    """Compile a function that allocates arrays."""
    return _compile(function)
