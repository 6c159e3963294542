"""The page in headless Chromium, without a network: what axe-core and the browser itself say of it.

axe-core (tests/axe, Mozilla Public License 2.0) is put into a copy of the page, which writes what
it finds into itself; the browser prints the page as it stands then.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SECONDS = 120

_ASK = """
document.querySelectorAll("details").forEach(one => one.open = true);
axe.run(document, {resultTypes: ["violations", "incomplete"]}).then(found => {
  const short = one => ({id: one.id, impact: one.impact, help: one.help,
                         nodes: one.nodes.map(node => node.html.slice(0, 200))});
  const stops = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
  const out = document.createElement("pre");
  out.id = "said";
  out.textContent = JSON.stringify({
    violations: found.violations.map(short),
    passes: found.passes.length,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    fetched: performance.getEntriesByType("resource").map(one => one.name),
    first_stop: stops[0].getAttribute("href"),
    unreached: stops.filter(one => { one.focus(); return document.activeElement !== one; })
                    .map(one => one.outerHTML.slice(0, 100)),
    background: getComputedStyle(document.body).backgroundColor,
  });
  document.body.append(out);
});
"""


def chromium() -> str | None:
    """Return the program, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def look(page: Path, folder: Path, *, dark: bool) -> dict[str, Any]:
    """Return what axe-core finds in a page and what the browser says of it."""
    program = chromium()
    assert program is not None
    text = page.read_text(encoding="utf-8")
    script = f"<script>{AXE.read_text(encoding='utf-8')}</script><script>{_ASK}</script>"
    copy = folder / f"with_axe_{dark}.html"
    copy.write_text(text.replace("</body>", f"{script}</body>"), encoding="utf-8")
    options = (f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom")
    command = [*_command(program, folder / f"profile_{dark}"), *options, copy.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    said = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert said, f"Chromium said nothing:\n{done.stderr[-2000:]}"
    found: dict[str, Any] = json.loads(unescape(said[1]))
    return found


def printed(run: Path, folder: Path) -> Path:
    """Return the page of a run as it is printed, a PDF."""
    program = chromium()
    assert program is not None
    made = folder / "printed.pdf"
    options = ("--no-pdf-header-footer", f"--print-to-pdf={made}")
    page = (run / "report.html").as_uri()
    command = [*_command(program, folder / "profile_print"), *options, page]
    subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
    return made


def _command(program: str, profile: Path) -> list[str]:
    return [
        program,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={profile}",
        "--window-size=1000,1400",
        "--virtual-time-budget=60000",
    ]
