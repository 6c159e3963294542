"""Hostile inputs that hypothesis makes up from nothing but the notation of a kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from robustness import fuzz, kinds, mutations, watch

_TEXT: Final = st.one_of(
    st.sampled_from(mutations.TEXTS), st.text(max_size=40), st.sampled_from(mutations.QUANTITIES)
)


def _toml_text(text: str) -> str:
    return mutations.quoted(text.encode("utf-8", "replace").decode("utf-8"))


_VALUE: Final = st.recursive(
    st.one_of(
        _TEXT.map(_toml_text),
        st.sampled_from(mutations.NUMBERS),
        st.integers().map(str),
        st.floats().map(lambda x: repr(x)),
        st.dates().map(lambda day: day.isoformat()),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda found: f"[{', '.join(found)}]"),
        st.dictionaries(_TEXT.map(_toml_text), inner, max_size=3).map(
            lambda found: "{" + ", ".join(f"{k} = {v}" for k, v in found.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@st.composite
def scenarios(draw: st.DrawFn) -> str:
    """Return the text of a scenario file: known keys and others, with any values."""
    known = st.sampled_from(kinds.scenario_keys())
    key = st.one_of(known, known, known, _TEXT.map(_toml_text))
    settings_ = draw(st.dictionaries(key, _VALUE, max_size=8))
    lines = [f"{name} = {value}" for name, value in settings_.items()]
    if draw(st.booleans()):
        lines.insert(0, 'extends = "surrey_extension.toml"')
    for name in draw(st.lists(st.one_of(st.sampled_from(["stop", "aux"]), _TEXT), max_size=3)):
        lines.append(f"[options.{_toml_text(name)}]\nlabel = {draw(_VALUE)}")
        lines += [f"{key} = {draw(_VALUE)}" for key in draw(st.lists(known, max_size=2))]
    return "\n".join(lines) + "\n"


@st.composite
def targets(draw: st.DrawFn) -> str:
    """Return the text of a file of targets with the right heading and any cells."""
    heading = (kinds.ROOT / "calibration" / "targets.csv").read_text("utf-8").splitlines()[0]
    wide = heading.count(",") + 1
    cell = st.one_of(_TEXT, st.sampled_from(["recorded_incidents", "both", "weak", "0.5", "A"]))
    rows = draw(st.lists(st.lists(cell, min_size=wide, max_size=wide), max_size=4))
    lines = (",".join('"' + one.replace('"', '""') + '"' for one in row) for row in rows)
    return "\n".join([heading, *lines]) + "\n"


@st.composite
def priors(draw: st.DrawFn) -> str:
    """Return the text of a file of priors with known names and any distributions."""
    from dapp_model.parameters import registry

    names = [name for name, one in registry().items() if one.role == "calibrated"]
    words = ("kind", "mean", "sd", "low", "high", "mode", "median", "parts")
    lines = []
    for name in draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
        shape = draw(st.dictionaries(st.sampled_from(words), _VALUE, max_size=4))
        inner = ", ".join(f"{key} = {value}" for key, value in shape.items())
        lines += [f"[{name}]", f"distribution = {{{inner}}}", f"reason = {draw(_VALUE)}"]
    return "\n".join(lines) + "\n"


_MADE: Final[dict[str, tuple[str, Callable[[], st.SearchStrategy[str]]]]] = {
    "scenario": ("given.toml", scenarios),
    "targets": ("targets.csv", targets),
    "priors": ("priors.toml", priors),
}


def study(inputs: int, number: int, keep: Path | None = None) -> Iterator[fuzz.Tally]:
    """Make so many inputs, a third of each kind, and read each; yield what came of them."""
    for name in _MADE:
        yield try_kind(name, inputs // len(_MADE), number, keep)


def try_kind(name: str, inputs: int, number: int, keep: Path | None = None) -> fuzz.Tally:
    """Make so many inputs of one kind and read each."""
    kind, (file, strategy) = kinds.BY_NAME[name], _MADE[name]
    tally = fuzz.Tally(name, "generated", number)
    with fuzz.workplace() as place:
        folder = place / "given"
        folder.mkdir()
        for other, content in kind.good().items():
            (folder / other).write_bytes(content)
        fuzz.kind_is_good(kind, folder)

        def once(text: str) -> None:
            content = text.encode("utf-8", "replace")
            (folder / file).write_bytes(content)
            seen = watch.look(lambda: kind.read(folder), place)
            fuzz.note(tally, seen, (tally.inputs, file, content), keep)

        calm: Any = settings(
            max_examples=inputs,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        calm(seed(number)(given(strategy())(once)))()
    return tally
