"""Compile a C source of the benchmarks, if there is a compiler, and load it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", "-Wall", "-Wextra")


class NoCompiler(Exception):
    """There is no C compiler here."""


def compiler() -> str | None:
    """Return the C compiler, if there is one."""
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)


def load(source: Path, header: str, text: str) -> ctypes.CDLL:
    """Compile a source with a header of that name and text beside it. Raises NoCompiler."""
    found = compiler()
    if found is None:
        raise NoCompiler("no C compiler (cc, gcc or clang)")
    space = Path(tempfile.mkdtemp(prefix="dapp_benchmarks_"))
    try:
        (space / header).write_text(text, encoding="utf-8")
        target = space / "loaded.so"
        command = [found, *FLAGS, f"-I{space}", f"-I{Path(__file__).parent}", str(source)]
        subprocess.run([*command, "-o", str(target), "-lm"], check=True)
        return ctypes.CDLL(str(target))
    finally:
        shutil.rmtree(space, ignore_errors=True)
