"""An account: lines of money by year in whole pence, and the difference of two of them.

Sign: an account's rows are what society gains, so costs are negative. The account of one option
is therefore mostly negative, and option minus comparator is positive where the option does good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.economics.prices import PENCE, deflator, year_label
from dapp_model.economics.unit_costs import VICTIM_YEARS

if TYPE_CHECKING:
    import pandas as pd

Pence = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Counts that an account holds beside its money, and their measures.
COUNTED: Final[Mapping[str, str]] = {
    "victim_years": VICTIM_YEARS,
    "assessments": "programme.assessments",
    "starts": "programme.starts",
    "completions": "programme.ended_completed",
}


@dataclass(frozen=True)
class Line:
    """What one row of an account is about, apart from its year.

    A row has a bearer or a funder, never both: the programme's contract is shown by funder.
    `group` is harm, justice, services or programme; `grade` is that of the weakest figure used;
    `cash_upper` is the share of the row that is cash in the upper view.
    """

    bearer: str
    funder: str
    tier: str
    basis: str
    offence: str
    item: str
    group: str
    grade: str
    cash_upper: float = 0.0


Row = tuple[Line, Pence]


@dataclass(frozen=True, eq=False)
class Harm:
    """The harm of crimes other than homicide by one route, in pence, costs negative.

    int64 [year] before discounting, and the discounted sum by tier.
    """

    undiscounted: Pence
    discounted: Mapping[str, int]

    def __sub__(self, other: Harm) -> Harm:
        """Return what one harm is beyond another."""
        tiers = dict.fromkeys((*self.discounted, *other.discounted))
        return Harm(
            self.undiscounted - other.undiscounted,
            {t: self.discounted.get(t, 0) - other.discounted.get(t, 0) for t in tiers},
        )

    def total(self, *tiers: str) -> int:
        """Return the discounted sum, of some tiers or of all."""
        own = [pence for tier, pence in self.discounted.items() if not tiers or tier in tiers]
        return int(np.sum(own, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Account:
    """The money of one option, or of an option less its comparator.

    `undiscounted_pence` and `discounted_pence` are int64 [line, year], costs negative, in pence of
    `price_year`; years run from financial year `first_year`. `year_0` is the financial year of the
    decision: what comes before it is sunk and has no discounted value. The counts behind ratios
    are float64 [year], victim-years those that hold abuse; `harm` is the harm of crimes by each
    route, the account's own among them.
    """

    option: str
    first_year: int
    year_0: int
    price_year: str
    population_share: float
    lines: tuple[Line, ...]
    undiscounted_pence: Pence
    discounted_pence: Pence
    true_incidents: Floats
    recorded_incidents: Floats
    homicides: Floats
    victim_years: Floats
    assessments: Floats
    starts: Floats
    completions: Floats
    harm: Mapping[str, Harm]

    @property
    def years(self) -> tuple[str, ...]:
        """Return the financial years, as "2016/17"."""
        return tuple(year_label(self.first_year + i) for i in range(len(self.homicides)))

    def total(self, keep: Callable[[Line], bool] | None = None) -> float:
        """Return the discounted value in GBP, of all lines or of those that `keep` chooses."""
        chosen = [i for i, line in enumerate(self.lines) if keep is None or keep(line)]
        return int(self.discounted_pence[chosen].sum()) / PENCE

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each line and financial year; GBP at `price_year` prices.

        Costs are negative. "not applicable" stands where a column does not apply.
        """
        import pandas as pd

        names = ("bearer", "funder", "tier", "basis", "offence", "item")
        n_years, n_lines = len(self.years), len(self.lines)
        columns: dict[str, Any] = {"financial_year": np.tile(self.years, n_lines)}
        for name in names:
            columns[name] = np.repeat([getattr(line, name) for line in self.lines], n_years)
        columns["undiscounted"] = self.undiscounted_pence.ravel() / PENCE
        columns["discounted"] = self.discounted_pence.ravel() / PENCE
        frame = pd.DataFrame(columns)
        frame.attrs["units"] = dict.fromkeys(
            ("undiscounted", "discounted"), f"GBP, {self.price_year} prices, costs negative"
        )
        return frame


def incremental(account: Account, comparator: Account) -> Account:
    """Return the account of an option less that of its comparator: positive is better.

    Lines that only one of them has are kept. Raises ValueError if the two differ in years, year 0,
    price year or population share.
    """
    for name in ("first_year", "years", "year_0", "price_year", "population_share"):
        ours, theirs = getattr(account, name), getattr(comparator, name)
        if ours != theirs:
            raise ValueError(f"The accounts differ in {name}: {ours} and {theirs}.")
    lines = tuple(dict.fromkeys((*account.lines, *comparator.lines)))
    place = {line: i for i, line in enumerate(lines)}

    def difference(name: str) -> Pence:
        out = np.zeros((len(lines), len(account.years)), dtype=np.int64)
        out[[place[line] for line in account.lines]] += getattr(account, name)
        out[[place[line] for line in comparator.lines]] -= getattr(comparator, name)
        return out

    plain = {
        name: getattr(account, name) - getattr(comparator, name)
        for name in (
            "true_incidents",
            "recorded_incidents",
            "homicides",
            *COUNTED,
        )
    }
    return Account(
        option=f"{account.option} less {comparator.option}",
        first_year=account.first_year,
        year_0=account.year_0,
        price_year=account.price_year,
        population_share=account.population_share,
        lines=lines,
        undiscounted_pence=difference("undiscounted_pence"),
        discounted_pence=difference("discounted_pence"),
        harm={route: one - comparator.harm[route] for route, one in account.harm.items()},
        **plain,
    )


def nominal(account: Account) -> Floats:
    """Return an account in pounds of the day: GBP [line, year], not discounted.

    What a treasurer budgets in; brought back to the price year it is the account again.
    """
    factors = [deflator(account.price_year, label) for label in account.years]
    return np.asarray(account.undiscounted_pence / PENCE * np.array(factors))


def is_crime_harm(line: Line) -> bool:
    """Say whether a line is the harm of a crime other than homicide."""
    return line.group == "harm" and line.offence != "homicide"
