"""On which line of a TOML text each key stands.

Neither tomllib nor tomlkit says so (tomlkit keeps layout, not positions), and a problem in a
scenario file is of use only with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

KeyPath = tuple[str, ...]

_TOKEN: Final = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<text>\"\"\"(?:\\.|[^\\])*?\"{3,5} | '''.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<newline>\n)
    | (?P<space>[ \t\r]+)
    | (?P<mark>[][{}=,.])
    | (?P<bare>[^\s\#"'\[\]{}=,.]+)""",
    re.VERBOSE | re.DOTALL,
)


def locate(text: str) -> Mapping[KeyPath, int]:
    """Return the line on which each key and each table of a TOML text first stands.

    `text` has to be valid TOML. Keys are paths from the top, such as ("programme", "places").
    """
    lines: dict[KeyPath, int] = {}
    tables: list[KeyPath] = [()]  # the table of the last heading, then the inline tables inside it
    key: list[str] = []
    path: KeyPath = ()
    state = "key"  # of "key", "heading", "value", "done"
    depth = 0  # of brackets and braces inside an array
    line = 1

    def record(whole: KeyPath, first: int) -> None:
        for length in range(first + 1, len(whole) + 1):
            lines.setdefault(whole[:length], line)

    for token in _TOKEN.finditer(text):
        kind, word = token.lastgroup, token.group()
        if kind == "newline" and depth == 0 and len(tables) == 1:
            state, key = "key", []
        elif kind in ("text", "bare") and state in ("key", "heading"):
            key.append(_unquoted(word) if kind == "text" else word)
        elif kind == "mark" and state == "key" and word == "[":
            state = "heading"
        elif kind == "mark" and state == "heading" and word == "]":
            tables, state = [tuple(key)], "done"
            record(tables[0], 0)
        elif kind == "mark" and state == "key" and word == "=":
            path, state = (*tables[-1], *key), "value"
            record(path, len(tables[-1]))
        elif kind == "mark" and state == "key" and word == "}":
            tables, state = tables[:-1], "value"
        elif kind == "mark" and state == "value":
            if word == "[" or (word == "{" and depth):
                depth += 1
            elif word == "]" or (word == "}" and depth):
                depth -= 1
            elif word == "{":
                tables, state, key = [*tables, path], "key", []
            elif word == "}":
                tables = tables[:-1]
            elif word == "," and not depth:
                state, key = "key", []
        line += word.count("\n")
    return MappingProxyType(lines)


def _unquoted(word: str) -> str:
    return str(tomllib.loads(f"key = {word}")["key"])
