"""Draw the pictures of the committed proof again from its tables: python calibration/redraw.py.

Of use when the manner of charts has changed and no number has: a proof takes hours, this a second.
"""

from __future__ import annotations

from pathlib import Path

from dapp_model.calibration import pictures

RESULTS = Path(__file__).resolve().parent / "results"

if __name__ == "__main__":
    for name, content in pictures.redrawn(RESULTS).items():
        (RESULTS / f"{name}.svg").write_bytes(content)
        print(f"Written to {RESULTS / f'{name}.svg'}")
