"""Make hostile inputs out of good ones: bytes, lines, cells, and values that mean harm."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Final

MARKUP: Final = (
    "<script>window.hostile=1</script>",
    '"><img src=x onerror="window.hostile=1">',
    "</title></style></script><svg onload=window.hostile=1>",
    "javascript:window.hostile=1",
    "<![CDATA[<script>window.hostile=1</script>]]>",
    "<!--", "]]>", "&lt;script&gt;", "&#60;script&#62;", "{{ 7 * 7 }}{% include 'x' %}",
    "$\\mathrm{x}$ \\input{/etc/passwd}", "'; DROP TABLE options; --",
    '<a href="https://example.org">here</a>',
)  # fmt: skip
FORMULAS: Final = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://example.org","x")',
    "=cmd|'/c calc'!A1", "\t=1+1", "\r=1+1", "=WEBSERVICE(\"http://example.org\")",
    "{=1+1}", "of:=1+1", "'=1+1", "＝1+1",
)  # fmt: skip
PATHS: Final = (
    "../../../../etc/passwd", "/etc/passwd", "..", ".", "/", "~/x", "..\\..\\x", "C:\\x", "x/../y",
    "/dev/zero", "/dev/stdin", "/proc/self/mem", "file:///etc/passwd", "con", "nul.toml",
    "../x.toml", "/tmp/x.toml", "a/b/c.toml", "x\0.toml", "%2e%2e%2fx.toml", "....//x.toml",
)  # fmt: skip
ODD_TEXTS: Final = (
    "", " ", "\0", "\x1b[2J\x1b]0;x\x07", "\u202eabc", "\u200b", "\ufeff", "\u2028", "a\u0301" * 9,
    "\U0001f600", "\ud7ff", "\ufffe", "\uffff", "ﬀ", "İ", "ß" * 40, "x" * 300, "x" * 100_000,
    "\n\nscenario.toml, line 1: all is well", "%s%n%x", "{0}{x!r}", "\\", "\\u0041", "٣", "null",
    "None", "nan", "true", "NaN", "inf", "-inf", "0x", "1_000", "١٢ weeks", "1e5 weeks",
)  # fmt: skip
NUMBERS: Final = (
    "0", "-0.0", "-1", "1", "0.02", "1e-300", "1e300", "1e308", "1e400", "nan", "inf", "-inf",
    "9" * 30, "9" * 400, "9" * 5000, "0x" + "f" * 40, "0b" + "1" * 70, "1_0", "1.5", "2147483648",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809",
    "1979-05-27", "1979-05-27T07:32:00Z", "0001-01-01", "9999-12-31", "07:32:00", "true", "false",
)  # fmt: skip
QUANTITIES: Final = (
    "26 weeks", "1000000000 weeks", "0 weeks", "-1 weeks", "0.0000000001 weeks", "1 fortnight",
    "£100,000", "£1", "£0", "-£5", "£999,999,999,999,999,999", "£1e9", "40 places", "1 place",
    "1000000000 places", "1000000000000000000000 places", "0 places", "65%", "100%", "101%", "-1%",
    "0.0000001%", "3 months", "0.03 per week", "70 per year", "1000000000 per second",
    "1000000000 perpetrators per year", "200000 sessions", "2016-02-30", "2100-12-31",
    "1900-01-01", "from budget", "as programme", "self, police", "opcc 0.5, surrey_police 0.5",
)  # fmt: skip
TEXTS: Final = (*MARKUP, *FORMULAS, *PATHS, *ODD_TEXTS, *NUMBERS, *QUANTITIES)


def quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif ord(c) < 32 or ord(c) == 127:
            out.append(f"\\u{ord(c):04x}")
        else:
            out.append(c)
    return '"' + "".join(out) + '"'


def deep(rng: random.Random) -> str:
    """Return a TOML value that is nested, long, or both."""
    n = rng.choice((2, 2, 2, 30, 30, 300, 300, 3000, 30_000))
    return rng.choice(
        (
            "[" * n + "]" * n,
            "{a=" * n + "1" + "}" * n,
            "[" * n,
            "[" + "1," * n + "]",
            "{" + ",".join(f"a{i}=1" for i in range(min(n, 3000))) + "}",
            '"' + "x" * n * 10 + '"',
            '"""' + '"' * (n % 5) + "x\n" * n + '"""',
            "'" + "é" * n + "'",
        )
    )


def value(rng: random.Random) -> str:
    """Return something to stand behind an = in TOML."""
    kind = rng.random()
    if kind < 0.35:
        return quoted(rng.choice(TEXTS))
    if kind < 0.55:
        return rng.choice(NUMBERS)
    if kind < 0.75:
        return quoted(rng.choice(QUANTITIES))
    if kind < 0.85:
        return "[" + ", ".join(value(rng) for _ in range(rng.randrange(4))) + "]"
    if kind < 0.92:
        return "{" + ", ".join(f"k{i} = {value(rng)}" for i in range(rng.randrange(3))) + "}"
    return deep(rng)


# -- bytes ----------------------------------------------------------------------------------------


def of_bytes(rng: random.Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Change, cut, double or join some of the bytes."""
    out = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(8)
        if kind == 0 and out:
            out[at % len(out)] = rng.randrange(256)
        elif kind == 1 and out:
            out[at % len(out)] ^= 1 << rng.randrange(8)
        elif kind == 2:
            out[at:at] = rng.randbytes(rng.choice((1, 2, 4, 64)))
        elif kind == 3:
            del out[at : at + rng.choice((1, 2, 8, 100))]
        elif kind == 4:
            size = rng.choice((1, 10, 100, 1000))
            out[at:at] = out[at : at + size] * rng.choice((1, 2, 50))
        elif kind == 5:
            del out[at:]
        elif kind == 6:
            out[at:at] = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
        elif others:
            other = rng.choice(others)
            begin = rng.randrange(len(other) + 1)
            out[at:] = other[begin:]
    return bytes(out[:1_200_000])


# -- TOML -----------------------------------------------------------------------------------------

_SETTING: Final = re.compile(r"^(?P<key>[^#\[=\n]+)=(?P<value>.*)$")


def of_toml(rng: random.Random, text: str, keys: Sequence[str]) -> str:
    """Change settings and headings of a TOML text; most results are still TOML."""
    lines = text.splitlines()
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at = rng.randrange(len(lines) + 1)
        kind = rng.randrange(11)
        settings = [i for i, line in enumerate(lines) if _SETTING.match(line)]
        if kind <= 3 and settings:
            i = rng.choice(settings)
            lines[i] = f"{_SETTING.match(lines[i])['key']}= {value(rng)}"  # type: ignore[index]
        elif kind == 4:
            lines.insert(at, f"{rng.choice(keys)} = {value(rng)}")
        elif kind == 5:
            lines.insert(at, f"[{rng.choice(keys).rpartition('.')[0] or 'x'}]")
        elif kind == 6 and lines:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif kind == 7 and lines:
            del lines[at % len(lines)]
        elif kind == 8:
            name = rng.choice((rng.choice(TEXTS), "x", "aux", "options", "__class__", "remove"))
            what = rng.choice(("label", "description", "remove", "programme.places", "x"))
            lines.append(f"[options.{quoted(name)}]\n{what} = {value(rng)}")
        elif kind == 9:
            lines.insert(0, f"{rng.choice(('title', 'question', 'extends'))} = {value(rng)}")
        else:
            many = rng.choice((60, 500, 3000))
            form = rng.choice(
                ("[options.o{}]\nlabel = 'x'", "a{} = 1", "[a{}.b]", "[[a{}]]", "[x.a.b.c.d{}]")
            )
            lines += [form.format(i) for i in range(many)]
    return "\n".join(lines) + "\n"


# -- CSV ------------------------------------------------------------------------------------------


def of_csv(rng: random.Random, text: str) -> str:
    """Change cells, rows and headings of a CSV text."""
    lines = text.splitlines()
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(lines)) if lines else 0
        kind = rng.randrange(8)
        if not lines or kind == 0:
            lines.insert(at, ",".join(rng.choice(TEXTS) for _ in range(rng.randrange(30))))
        elif kind <= 4:
            cells = lines[at].split(",")
            chosen = rng.choice((*TEXTS, "", "nan", "-1", "1e400"))
            if '"' in chosen or "," in chosen or "\n" in chosen:
                chosen = '"' + chosen.replace('"', '""') + '"'
            cells[rng.randrange(len(cells))] = chosen
            lines[at] = ",".join(cells)
        elif kind == 5:
            del lines[at]
        elif kind == 6:
            lines.insert(at, lines[rng.randrange(len(lines))])
        else:
            lines[at] += rng.choice((",x", '"', "," * 500, "\0", "\r"))
    return "\n".join(lines) + "\n"


# -- XML and JSON ---------------------------------------------------------------------------------

_XML_TEXT: Final = re.compile(r">([^<>]+)<|\"([^\"<>]*)\"")
_JSON_VALUE: Final = re.compile(r"(?<=: )(\"(?:[^\"\\]|\\.)*\"|-?[0-9.eE+-]+|true|false|null)")


def _replaced(rng: random.Random, text: str, found: re.Pattern[str], new: Callable[[], str]) -> str:
    places = [one.span(max(one.lastindex or 0, 0)) for one in found.finditer(text)]
    for begin, end in sorted(rng.sample(places, min(len(places), rng.choice((1, 1, 3)))))[::-1]:
        text = text[:begin] + new() + text[end:]
    return text


def of_xml(rng: random.Random, text: str) -> str:
    """Change texts and attributes of an XML text, and now and then its tags."""

    def new() -> str:
        chosen = rng.choice(
            (*TEXTS, "A1", "XFD1048576", "A1:XFD1048576", "s", "str", "b", "e", "d")
        )
        if rng.random() < 0.9:
            chosen = chosen.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
            chosen = re.sub("[\x00-\x08\x0b-\x1f]", "", chosen)
        return chosen

    if rng.random() < 0.15:
        tags = re.findall(r"<[^<>]+>", text)
        one, other = rng.choice(tags), rng.choice(tags)
        return text.replace(one, rng.choice(("", other, one * 2, one * 500)), 1)
    return _replaced(rng, text, _XML_TEXT, new)


def of_json(rng: random.Random, text: str) -> str:
    """Change values of a JSON text; most results are still JSON."""
    import json

    def new() -> str:
        kind = rng.random()
        if kind < 0.4:
            return json.dumps(rng.choice(TEXTS))
        if kind < 0.7:
            return rng.choice(
                ("0", "-1", "1e400", "NaN", "null", "true", "9" * 400, "0.5", "2147483648")
            )
        n = rng.choice((1, 10, 5000))
        return rng.choice(("[]", "{}", "[" * n + "]" * n, '{"a":' * n + "1" + "}" * n, '["x"]'))

    if rng.random() < 0.15:
        keys = re.findall(r"\"[A-Za-z_0-9]+\": ", text)
        return text.replace(rng.choice(keys), '"gone": ', rng.choice((1, -1))) if keys else text
    return _replaced(rng, text, _JSON_VALUE, new)
