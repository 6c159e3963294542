"""The cache of compiled code notices every change of the sources and of the settings.

Each test works on a copy of the package in a temporary folder, with a cache of its own, and asks
one small rule in a process of its own: the whole engine would take a minute to compile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from strategies import SCENARIOS, quick
from test_engines import STRAINS

from dapp_model import compiled
from dapp_model.engines import simulate

PACKAGE = Path(compiled.__file__).parent

ASK = """
from dapp_model import compiled, rules
print(compiled.cache_folder(), rules.fading(20, 10, 10.0), rules.odds_shift(0.5, 0.0))
print(len(list(compiled.cache_folder().rglob("rate.fading*.nbc"))))
"""


def copied(folder: Path) -> Path:
    """Copy the package and return the copy's folder."""
    copy = folder / "src" / "dapp_model"
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PACKAGE, copy, ignore=ignored))


def run(copy: Path, code: str, **settings: str) -> str:
    """Run code with the copy in a process of its own and return what it prints."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")
    }
    environment |= {
        "PYTHONPATH": str(copy.parent),
        "XDG_CACHE_HOME": str(copy.parents[1] / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(copy: Path, **settings: str) -> tuple[str, float, float, int]:
    """Return (cache folder, what is left of an effect after a half-life, odds, files cached)."""
    folder, half, odds, files = run(copy, ASK, **settings).split()
    return folder, float(half), float(odds), int(files)


def edit(path: Path, before: str, after: str) -> None:
    """Replace a piece of source that stands there once, and keep the file's time."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{before!r} is not in {path.name} once"
    times = path.stat()
    path.write_text(text.replace(before, after), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_edit_of_any_source_changes_the_folder_and_the_answer(tmp_path: Path) -> None:
    """A constant of the same file, then one of another file that numba itself does not watch."""
    copy = copied(tmp_path)
    folder, half, odds, files = ask(copy)
    assert (half, odds, files) == (pytest.approx(0.5, rel=1e-15), 0.5, 1)
    assert Path(folder).parent == tmp_path / "cache" / "dapp_model"
    assert Path(folder).name == compiled.cache_key(copy)
    assert ask(copy) == (folder, half, odds, 1)

    edit(copy / "rules" / "rate.py", "LN2 = 0.6931471805599453", "LN2 = 1.3862943611198906")
    other, half, odds, _ = ask(copy)
    assert other != folder
    assert (half, odds) == (pytest.approx(0.25, rel=1e-15), 0.5)

    edit(
        copy / "randomness.py",
        "    if x == 0.0:\n        return 1.0",
        "    if x == 0.0:\n        return 3.0",
    )
    third, half, odds, _ = ask(copy)
    assert third not in (folder, other)
    assert (half, odds) == (pytest.approx(0.25, rel=1e-15), 0.75)


def test_the_compile_settings_have_a_folder_of_their_own(tmp_path: Path) -> None:
    copy = copied(tmp_path)
    plain, *_ = ask(copy)
    checked, *_ = ask(copy, NUMBA_BOUNDSCHECK="1")
    quick, *_ = ask(copy, NUMBA_OPT="1")
    assert len({plain, checked, quick}) == 3


@pytest.mark.parametrize("hashed", ["source_hash", "cache_key"])
def test_the_hash_sees_every_source_and_nothing_else(tmp_path: Path, hashed: str) -> None:
    """The record of a run sees all sources; the cache all that compiled code can reach."""
    copy = copied(tmp_path)
    take = getattr(compiled, hashed)
    before = take(copy)
    assert before == take(copy)
    assert len(before) == 16
    (copy / "notes.txt").write_text("nothing to compile", encoding="utf-8")
    assert take(copy) == before
    every = sorted(copy.rglob("*.py"))
    watched = every if hashed == "source_hash" else compiled.compiled_sources(copy)
    seen = {before}
    for path in every:
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "\n", encoding="utf-8")
        assert (take(copy) != before) == (path in watched), path.name
        seen.add(take(copy))
        path.write_text(text, encoding="utf-8")
    assert len(seen) == 1 + len(watched)
    (copy / "engines" / "heap.py").rename(copy / "engines" / "pile.py")
    assert take(copy) not in seen


def test_the_cache_watches_whatever_a_compiled_module_imports() -> None:
    """By the interpreter itself: what is loaded with the engine is watched, or compiles nothing."""
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, dapp_model.engines.fast; print(*(m for m in sys.modules))",
        ],
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    names = {name.removeprefix("dapp_model.") for name in loaded if name.startswith("dapp_model.")}
    watched = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        for path in compiled.compiled_sources(PACKAGE)
    }
    assert {"rules", "world", "events", "engines.life", "engines.fast"} <= names
    assert names - watched == set()
    assert not {"cli", "study", "runs", "economics.prices"} & watched


def test_a_cache_that_cannot_be_written_is_replaced(tmp_path: Path) -> None:
    """A file where the folder should be: the code is compiled into another place."""
    copy = copied(tmp_path)
    (tmp_path / "cache").write_text("not a folder", encoding="utf-8")
    spare = tmp_path / "spare"
    spare.mkdir()
    folder, half, _, _ = ask(copy, TMPDIR=str(spare))
    assert half == pytest.approx(0.5, rel=1e-15)
    assert spare in Path(folder).parents


STRAINED = """
from strategies import quick
from test_engines import STRAINS
from dapp_model.engines import simulate
for strain in STRAINS.values():
    inputs = quick(strain.path, **strain.overrides)
    print(simulate(inputs, option=strain.option, seed=5).sha256)
"""


@pytest.mark.long
def test_the_fast_engine_stays_inside_its_arrays(tmp_path: Path) -> None:
    """Compiled with checks of every index it writes the same logs, under every strain."""
    copy = copied(tmp_path)
    shutil.copytree(SCENARIOS, tmp_path / "scenarios")
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("strategies.py", "log_checks.py", "test_engines.py"):
        shutil.copy(Path(__file__).parent / name, tests)
    here = f"import sys; sys.path.insert(0, {str(tests)!r})\n"
    checked = run(copy, here + STRAINED, NUMBA_BOUNDSCHECK="1").split()
    plain = [
        simulate(quick(strain.path, **strain.overrides), option=strain.option, seed=5).sha256
        for strain in STRAINS.values()
    ]
    assert checked == plain
