"""What is known of the model by arithmetic alone, to spare the emulator from learning it.

Rough closed forms of a county: how long cases last, how likely an incident is to be recorded, what
share of records are crimes. They enter the emulator as further terms, never as answers: what they
leave is learnt from simulations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration.recipe import Prior

Floats = npt.NDArray[np.float64]

YEAR: Final = 365.25
HISTORY: Final = 13.0  # years of history of the county at the baseline year, roughly
USED: Final = (
    "case.short_share",
    "case.short_duration",
    "case.long_duration",
    "case.frailty_mean",
    "case.frailty_sigma",
    "incident.raised_hazard",
    "incident.raised_hazard_time",
    "incident.mix_violence_with_injury",
    "incident.mix_violence_without_injury",
    "incident.mix_rape",
    "incident.mix_other_sexual",
    "incident.mix_stalking",
    "incident.mix_damage",
    "incident.mix_public_order",
    "report.probability",
    "report.severe_odds",
    "record.probability",
    "crime.probability",
    "perpetrator.next_relationship",
    "perpetrator.career_length",
    "dash.high_share",
    "marac.high_risk_referral",
    "marac.further_referral",
    "marac.agency_referral",
)
_OF_HISTORIES: Final = (
    "case.short_share",
    "case.short_duration",
    "case.long_duration",
    "case.frailty_mean",
    "case.frailty_sigma",
    "incident.raised_hazard",
    "incident.raised_hazard_time",
)
CAP: Final = 100.0  # incidents a year: that of the model is near, and few cases reach it
_NODES, _NODE_WEIGHTS = (np.asarray(x) for x in np.polynomial.hermite_e.hermegauss(7))
_NODE_WEIGHTS = _NODE_WEIGHTS / _NODE_WEIGHTS.sum()
_POINTS, _POINT_WEIGHTS = (np.asarray(x) / 2 for x in np.polynomial.legendre.leggauss(8))
_POINTS = _POINTS + 0.5
_STEP: Final = 0.01  # twice the grid's step, over which the tables are straight
_GRID: Final = np.linspace(-4.6, 4.6, 1841)


@dataclass(frozen=True)
class Tables:
    """Parameter values by normal score, on a fine grid: column of the scores, logarithms."""

    names: tuple[str, ...]
    columns: tuple[int, ...]
    logs: Floats  # [grid, parameter]

    def values(self, z: Floats) -> dict[str, Floats]:
        """Return values at scores [row, parameter], where the first parameter is left out."""
        return {
            name: np.exp(np.interp(z[:, column], _GRID, self.logs[:, k]))
            for k, (name, column) in enumerate(zip(self.names, self.columns, strict=True))
        }

    def terms(self, z: Floats) -> Floats:
        """Return the closed forms at scores [row, term]; no column if a parameter is lacking."""
        return closed_forms(self.values(z)) if self.names else np.empty((len(z), 0))

    def slopes(self, z: Floats) -> Floats:
        """Return how the closed forms move with the scores [row, term, parameter]."""
        if not self.names:
            return np.zeros((len(z), 0, z.shape[1]))
        values = self.values(z)
        recorded = _recorded(values)
        histories = _histories(values, recorded)
        by_records = (_histories(values, recorded * (1 + _STEP)) - histories) / np.log1p(_STEP)
        here = _forms(values, histories)
        out = np.zeros((*here.shape, z.shape[1]))
        for k, (name, column) in enumerate(zip(self.names, self.columns, strict=True)):
            moved = np.exp(np.interp(z[:, column] + _STEP, _GRID, self.logs[:, k]))
            other = {**values, name: moved}
            if name in _OF_HISTORIES:
                own = _histories(other, recorded)
            else:
                more = np.log(_recorded(other) / recorded)
                own = histories + by_records * more[:, None] if more.any() else histories
            out[:, :, column] = (_forms(other, own) - here) / _STEP
        return out


def tables(priors: Sequence[Prior]) -> Tables:
    """Tabulate the parameters that the closed forms use; `priors` without the first one."""
    at = {prior.name: k for k, prior in enumerate(priors)}
    if not set(USED) <= set(at):
        return Tables((), (), np.empty((len(_GRID), 0)))
    logs = [np.log(np.maximum(priors[at[name]].values(_GRID), 1e-9)) for name in USED]
    return Tables(USED, tuple(at[name] for name in USED), np.column_stack(logs))


def closed_forms(v: Mapping[str, Floats]) -> Floats:
    """Return logarithms and log odds [row, term] of rough expectations; values in base units."""
    return _forms(v, _histories(v, _recorded(v)))


def _reported(v: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats]:
    """Return the chances of a report: of a severe incident, of another, and of all together."""
    low, odds = v["report.probability"], v["report.severe_odds"]
    high = low * odds / (1 - low + low * odds)
    severe = v["incident.mix_violence_with_injury"] + v["incident.mix_rape"]
    severe = severe + v["incident.mix_other_sexual"]
    return high, low, severe * high + (1 - severe) * low


def _recorded(v: Mapping[str, Floats]) -> Floats:
    return np.asarray(_reported(v)[2] * v["record.probability"])


def _forms(v: Mapping[str, Floats], histories: Floats) -> Floats:
    short = v["case.short_share"]
    years = short * v["case.short_duration"] + (1 - short) * v["case.long_duration"]
    years = years / YEAR
    high, low, reported = _reported(v)
    recorded = reported * v["record.probability"]
    sexual = v["incident.mix_rape"] + v["incident.mix_other_sexual"]
    milder = v["incident.mix_violence_without_injury"] + v["incident.mix_stalking"]
    violence = v["incident.mix_violence_with_injury"] * high + milder * low
    other = (v["incident.mix_damage"] + v["incident.mix_public_order"]) * low
    crimes = (violence + sexual * high + other) / reported * v["crime.probability"]
    crimes = np.clip(crimes, 0.01, 0.99)
    careers = np.minimum(v["perpetrator.career_length"] / YEAR, HISTORY)
    cases = 1 + v["perpetrator.next_relationship"] * careers
    rate = v["case.frailty_mean"]
    boost = v["incident.raised_hazard"] * v["incident.raised_hazard_time"] / YEAR * rate
    # First referrals to MARAC for each true incident, and further ones for each of them.
    agency = v["marac.agency_referral"] / 1000
    first = np.log(v["dash.high_share"] * v["marac.high_risk_referral"] * recorded + agency)
    further = v["marac.further_referral"] * np.exp(histories[:, 3])
    return np.column_stack(
        [
            np.log(years),
            np.log(recorded),
            np.log(crimes / (1 - crimes)),
            np.log(cases),
            np.log1p(boost),
            np.log(violence),
            np.log(v["incident.mix_damage"] * low / violence),
            np.log(sexual * high / violence),
            np.log(v["incident.mix_public_order"] * low / violence),
            np.log1p(rate * recorded * years * (1 + boost)),
            histories,
            histories**2,
            first,
            np.log(further),
            np.log1p(further),
        ]
    )


def _histories(v: Mapping[str, Floats], recorded: Floats) -> Floats:
    """Return rough logarithms and log odds of what becomes of cases [row, term].

    Cases differ in their base rate (nodes of the log-normal) and class. With the raised risk after
    each incident, incidents are a renewal process of rate `base / I`, where I is the integral over
    v from 0 to 1 of exp(c (v^(1/k) - 1)), k the base rate times the time in which the raised risk
    fades and c that times its height. The number of records of a case is taken as geometric.
    """
    sigma = v["case.frailty_sigma"][:, None]
    base = np.exp(np.log(v["case.frailty_mean"])[:, None] - sigma**2 / 2 + sigma * _NODES)
    base = np.minimum(base, CAP)
    k = base * (v["incident.raised_hazard_time"] / YEAR)[:, None]
    c = v["incident.raised_hazard"][:, None] * k
    integral = np.zeros_like(k)
    for point, weight in zip(_POINTS, _POINT_WEIGHTS, strict=True):
        integral += weight * np.exp(c * (point ** (1 / k) - 1))
    actual = base / integral
    short = v["case.short_share"][:, None]
    classes = (
        (short, v["case.short_duration"][:, None] / YEAR),
        (1 - short, v["case.long_duration"][:, None] / YEAR),
    )
    true, any_ever, any_year, records, squares, fall = (np.zeros(len(sigma)) for _ in range(6))
    for share, length in classes:
        w = share * _NODE_WEIGHTS
        r = actual * recorded[:, None]
        within = length / (1 + length)  # of a year, of a case that ends at this pace
        true += (w * actual * length).sum(axis=1)
        records += (w * r * length).sum(axis=1)
        any_ever += (w * r * length / (1 + r * length)).sum(axis=1)
        any_year += (w * length * r / (1 + r * within)).sum(axis=1)
        squares += (w * r**2 * length * within).sum(axis=1)
        fall += (w * length * actual / (1 + actual * within)).sum(axis=1)
    return np.column_stack(
        [
            np.log(true),
            _odds(1 - any_ever / records),
            _odds(1 - any_year / records),
            np.log(squares / records),
            np.log(fall),
            np.log(any_year / fall),
        ]
    )


def _odds(share: Floats) -> Floats:
    share = np.clip(share, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(share / (1 - share)))
