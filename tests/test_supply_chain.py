"""Does the package rest on what it says, install without a compiler, and call nobody?"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from small_study import space, write_scenario

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "dapp_model"
LOCK = ROOT / "results" / "reference" / "requirements.txt"
PERMISSIVE = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause",
    "CC0-1.0", "MIT", "MIT-CMU", "PSF-2.0", "Zlib",
}  # fmt: skip
# Names that speak to others over a network; `far` does so for whoever asks for a cluster.
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "urllib"}
# Refuse every connection of a command, and say so.
REFUSING = """\
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        print("CALLED SOMEBODY:", event, arguments, file=sys.stderr, flush=True)
        raise OSError("no network")
sys.addaudithook(refuse)
from dapp_model.cli import main
sys.exit(main(sys.argv[1:]))
"""


def plain(name: str) -> str:
    """Return a distribution's name as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(lines: list[str]) -> set[str]:
    return {plain(re.split(r"[\s<>=!~;\[]", line, maxsplit=1)[0]) for line in lines}


@cache
def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@cache
def extras() -> dict[str, set[str]]:
    found = project()["optional-dependencies"]
    assert isinstance(found, dict)
    return {name: needed(lines) for name, lines in found.items()}


@cache
def core() -> set[str]:
    found = project()["dependencies"]
    assert isinstance(found, list)
    return needed(found)


@cache
def reasons() -> dict[str, str]:
    """Return the rows of the table of dependencies in docs/design.md: names to their reason."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    part = text.split("\n## 10 ")[1].split("\n## 11 ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", part, flags=re.MULTILINE)
    found: dict[str, str] = {}
    for names, _, why in rows:
        for name in re.split(r", ", re.sub(r"\(.*?\)", "", names)):
            for one in name.split(" and "):
                found.setdefault(plain(one.strip()), why)
    return found


@cache
def listed() -> dict[str, tuple[str, str, str]]:
    """Return the rows of docs/dependencies.md: library to version, licence and why."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+?) \| (.+?) \|$", text, flags=re.MULTILINE)
    return {name: (version, licence, why) for name, version, licence, why in rows[2:]}


# -- what is said ---------------------------------------------------------------------------------


def test_each_dependency_has_a_reason() -> None:
    for name in core().union(*extras().values()):
        assert len(reasons().get(name, "")) > 10, f"docs/design.md, choice 10, says nothing: {name}"


def test_no_reason_is_given_for_what_is_not_used() -> None:
    used = core().union(*extras().values())
    assert set(reasons()) - used <= {"axe-core", "chromium", "library", "-"}


def test_no_dependency_is_unused() -> None:
    """Each library of the core is imported somewhere, or stands in for one that is not there."""
    modules = {"python-docx": "docx", "salib": "SALib", "scikit-learn": "sklearn"}
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    for name in core() - {"defusedxml"}:
        module = re.escape(modules.get(name, name))
        assert re.search(rf"^\s*(import|from) {module}\b", text, flags=re.MULTILINE), name


def test_tests_install_what_the_extras_bring() -> None:
    assert extras()["cluster"] <= extras()["test"]


def test_every_library_is_listed_with_its_licence() -> None:
    """The list is closed: whatever a listed library needs is listed too."""
    from packaging.requirements import Requirement

    assert core() | extras()["cluster"] <= set(listed())
    for name in listed():
        try:
            found = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # not on this machine: an extra, or another Python
        for one in map(Requirement, found):
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                assert plain(one.name) in listed(), f"{name} needs {one.name}"


def test_every_licence_is_permissive_and_that_of_the_installed_files() -> None:
    said = {"BSD License": "BSD", "MIT License": "MIT", "Apache Software License": "Apache"}
    for name, (_, licence, _) in listed().items():
        parts = re.split(r" AND | OR | or ", licence)
        assert set(parts) <= PERMISSIVE, (name, licence)
        try:
            metadata = distribution(name).metadata
        except PackageNotFoundError:
            continue
        expression = metadata.get("License-Expression")
        kinds = [one for one in metadata.get_all("Classifier", []) if one.startswith("License")]
        if expression:
            assert expression == licence, name
        for kind in kinds:
            family = said.get(kind.split("::")[-1].strip(), "")
            assert family in licence, (name, kind, licence)


def test_the_lock_holds_every_library_with_hashes() -> None:
    text = LOCK.read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, flags=re.MULTILINE))
    assert {name: version for name, (version, _, _) in listed().items()} == {
        name: version for name, version in locked.items() if name in listed()
    }
    assert core() | extras()["cluster"] <= set(locked)
    for block in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in block, block[:60]


def test_the_lock_holds_the_versions_of_the_reference_run() -> None:
    from dapp_model import stored

    versions = stored.read_manifest(LOCK.parent / "run")["versions"]
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text("utf-8"), flags=re.MULTILINE))
    for name in stored._LIBRARIES:
        assert versions[name] == locked[name], name


def test_every_python_that_is_named_is_allowed() -> None:
    found = project()["classifiers"]
    assert isinstance(found, list)
    named = [one.rpartition(" ")[2] for one in found if re.search(r":: 3\.\d+$", one)]
    assert named == ["3.11", "3.12", "3.13"]
    assert project()["requires-python"] == ">=3.11"


def test_pounds_are_added_alike_in_every_python() -> None:
    """From Python 3.12 on `sum` adds floats otherwise; `math.fsum` is the same in all.

    What is added with `sum` all the same is whole, or an array.
    """
    allowed = {
        "days.values()", "one.undiscounted_pence", "one.discounted_pence", "plan.is_whole(draw)",
    }  # fmt: skip
    rooms = [SOURCES / "decision", SOURCES / "economics"]
    paths = [path for room in rooms for path in room.rglob("*.py")]
    paths += [SOURCES / f"{name}.py" for name in ("account_check", "money", "tables", "valuation")]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "sum":
                added = ast.unparse(node.args[0]).removeprefix("(").split(" for ")[0]
                assert added in allowed, f"{path.name}: {ast.unparse(node)}"


# -- no network -----------------------------------------------------------------------------------


def test_no_module_speaks_to_a_network() -> None:
    for path in SOURCES.rglob("*.py"):
        if path.name == "far.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found = {name.split(".")[0] for name in names} & NETWORK
            assert found <= ({"urllib"} if "urllib.parse" in names else set()), (path, names)


def without_network() -> list[str]:
    """Return the words that take the network away, where the system allows it."""
    program = shutil.which("unshare")
    if program is None:
        return []
    tried = subprocess.run([program, "--net", sys.executable, "-c", ""], capture_output=True)
    return [] if tried.returncode else [program, "--net"]


def test_a_run_calls_nobody(tmp_path: Path) -> None:
    """With every connection refused, and where the system allows it with no network at all."""
    scenario = write_scenario(tmp_path)
    words = ["run", str(scenario), "--quick", "--draws", "1", "--workers", "1", "--no-base"]
    words += ["--out", str(tmp_path / "out")]
    ran = subprocess.run(
        [*without_network(), sys.executable, "-c", REFUSING, *words],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "CALLED SOMEBODY" not in ran.stderr
    assert (tmp_path / "out" / "report.docx").is_file()


# -- the wheel ------------------------------------------------------------------------------------


@cache
def wheel() -> Path:
    """Build the wheel, without any network and any compiler."""
    target = space() / "wheel"
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    pip = [sys.executable, "-m", "pip", *words, "--wheel-dir", str(target), str(ROOT)]
    built = subprocess.run(pip, capture_output=True, text=True, env=os.environ | {"CC": "/none"})
    assert built.returncode == 0, built.stderr
    (found,) = target.glob("*.whl")
    return found


@cache
def installed() -> Path:
    """Return the Python of an empty environment that has the wheel, and libraries but not us."""
    folder = space() / "environment"
    venv.create(folder)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    where = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    with zipfile.ZipFile(wheel()) as content:
        content.extractall(where)
    libraries = [one for one in sys.path if one.endswith(("site-packages", "dist-packages"))]
    (Path(where) / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return python


def dapp(place: Path, *words: str) -> str:
    """Run the installed command outside of the source tree, with no network and no compiler."""
    kept = {name: v for name, v in os.environ.items() if name not in ("PYTHONPATH", "PATH")}
    ran = subprocess.run(
        [*without_network(), str(installed()), "-m", "dapp_model", *words], cwd=place,
        env=kept | {"PATH": "/nothing", "CC": "/none", "CXX": "/none"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_wheel_is_pure_and_holds_all_data() -> None:
    pytest.importorskip("hatchling", reason="the extra `test` is not installed")
    assert wheel().name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel()) as content:
        names = set(content.namelist())
    data = {
        f"dapp_model/{path.relative_to(SOURCES).as_posix()}"
        for path in SOURCES.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    data |= {f"dapp_model/scenarios/{path.name}" for path in (ROOT / "scenarios").glob("*.toml")}
    assert data <= names
    assert {"dapp_model/parameters.toml", "dapp_model/report/template.html"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests", "results", "docs"))]


def test_the_wheel_works_outside_of_the_source_tree(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the extra `test` is not installed")
    assert dapp(tmp_path, "--version").startswith("dapp ")
    dapp(tmp_path, "new", "my_idea")
    assert "extend" in dapp(tmp_path, "check", "my_idea.toml")
    where = "import dapp_model; print(dapp_model.__file__)"
    found = subprocess.check_output([installed(), "-c", where], cwd=tmp_path, text=True)
    assert str(ROOT) not in found


@pytest.mark.long
def test_a_run_from_the_wheel_is_written_whole(tmp_path: Path) -> None:
    """Compiles the engine anew, since it is another installation: a minute."""
    pytest.importorskip("hatchling", reason="the extra `test` is not installed")
    scenario = write_scenario(tmp_path)
    words = ("run", scenario.name, "--quick", "--draws", "1", "--workers", "1", "--out", "out")
    assert "Written to out" in dapp(tmp_path, *words)
    assert (tmp_path / "out" / "decision.json").is_file()
