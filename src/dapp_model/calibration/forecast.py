"""Recorded incidents, crimes and MARAC referrals by year without a programme, with honest bands.

Each simulated county carries a row of the posterior (growth and its parts among it), a draw of all
other evidence (recording reform among it) and luck of its own. The model lets records grow until
`county.growth_until`; what may happen after it is not in the model, so from then on the spread of
yearly growth that the prior has is added, year by year and independently.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.counties import FIRST_YEAR, FORECAST_COLUMNS, LAST_YEAR, MEASURES
from dapp_model.outcomes import year_name
from dapp_model.parameters import Inputs, registry

Floats = npt.NDArray[np.float64]

LABELS: Final = {
    "recorded.incidents": "Recorded incidents",
    "recorded.crimes": "Recorded crimes",
    "marac.referrals": "Referrals to MARAC",
}
LEVELS: Final = (0.5, 0.9)


def drift(inputs: Inputs) -> Floats:
    """Return the standard deviation, by year, of log growth that the model does not hold."""
    distribution = registry()["county.growth_total"].distribution
    sd = float(getattr(distribution, "sd", 0.04))
    until = inputs.values["county.growth_until"]
    last = until.year - 1 if until.month <= 4 else until.year  # last financial year with growth
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    return np.asarray(sd * np.sqrt(np.maximum(0, years - last)))


def fan(counted: Floats, inputs: Inputs) -> list[dict[str, Any]]:
    """Return medians and predictive intervals by measure and year from counties [row, column].

    A log-normal with Student's quantiles is laid through the counties: few dozens tell a mean and
    a spread, not the ends of an interval.
    """
    from scipy.stats import t

    n = len(counted)
    beyond = drift(inputs)
    out = []
    for measure in MEASURES:
        for k, year in enumerate(range(FIRST_YEAR, LAST_YEAR + 1)):
            own = np.log(counted[:, FORECAST_COLUMNS.index(f"{measure}/{year}")])
            sd = float(np.sqrt(own.var(ddof=1) * (1 + 1 / n) + beyond[k] ** 2))
            row: dict[str, Any] = {
                "measure": measure,
                "financial_year": year_name(year),
                "median": _r(np.exp(own.mean())),
            }
            for level in LEVELS:
                far = float(t.ppf((1 + level) / 2, n - 1)) * sd
                row[f"low_{level * 100:.0f}"] = _r(np.exp(own.mean() - far))
                row[f"high_{level * 100:.0f}"] = _r(np.exp(own.mean() + far))
            out.append(row)
    return out


def shares(counted: Floats, inputs: Inputs) -> list[dict[str, Any]]:
    """Return the standard deviations of the log of recorded incidents, simulated and added."""
    beyond = drift(inputs)
    out = []
    for k, year in enumerate(range(FIRST_YEAR, LAST_YEAR + 1)):
        own = np.log(counted[:, FORECAST_COLUMNS.index(f"recorded.incidents/{year}")])
        out.append(
            {
                "financial_year": year_name(year),
                "simulated_sd": _r(own.std(ddof=1)),
                "added_sd": _r(beyond[k]),
            }
        )
    return out


def _r(value: Any) -> float:
    return float(f"{float(value):.4g}")
