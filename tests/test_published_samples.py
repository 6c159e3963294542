"""Do published samples, given to dm.voi as plain arrays, give the published answers?"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dapp_model import voi

SAMPLE = Path(__file__).parent / "published" / "chemotherapy.csv.gz"
EVPI = 368.6051  # vignette of the R package voi, evpi(chemo_nb)
EVPPI = {"gam": 262.1109, "other basis": 261.8708, "earth": 265.1299}  # the package's own tests


@cache
def chemotherapy() -> tuple[np.ndarray, pd.DataFrame]:
    """Return net benefits [draw, option] and parameters of the published chemotherapy sample."""
    found = pd.read_csv(SAMPLE)
    difference = found["net_benefit_difference"].to_numpy(np.float64)
    values = np.stack([np.zeros(len(found)), difference], axis=1)
    return values, found[["p_side_effects_t2"]]


def test_the_value_of_perfect_information_is_the_published_one() -> None:
    values, _ = chemotherapy()
    assert len(values) == 10_000
    assert voi.evpi(values) == pytest.approx(EVPI, abs=0.05)
    # An added constant of both options changes nothing.
    assert voi.evpi(values + 20_000.0) == pytest.approx(EVPI, abs=0.05)


def test_the_value_of_one_parameter_is_the_published_one() -> None:
    """Three published methods lie within 1.3% of each other; ours within its error of them."""
    values, parameters = chemotherapy()
    found = voi.evppi(values, parameters).iloc[0]
    assert found["standard_error"] < 0.05 * EVPPI["gam"]
    for published in EVPPI.values():
        assert found["evppi"] == pytest.approx(published, abs=2 * found["standard_error"])
        assert found["evppi"] == pytest.approx(published, rel=0.02)
    assert found["evppi"] < EVPI
