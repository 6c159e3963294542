"""When the decision is taken, when the advice expires, and how money is counted until then."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dapp_model.parameters import Inputs

EXPIRY_MONTHS: Final = 12


def conventions(inputs: Inputs) -> dict[str, Any]:
    """Return how money is counted, from which year, and until when."""
    from dapp_model.economics.prices import financial_year, year_label
    from dapp_model.model import horizon_date
    from dapp_model.money import conventions

    end = horizon_date(inputs) - dt.timedelta(days=1)
    return {
        **conventions(inputs),
        "year_0": year_label(_decision_year(inputs)),
        "last_year": year_label(financial_year(end)),
        "window_ends": end.isoformat(),
        "underspend": str(inputs.values["money.underspend"]),
    }


def _decision_day(inputs: Inputs) -> dt.date:
    from dapp_model.economics.prices import mapping
    from dapp_model.model import decision_date

    if inputs.decision == "pilot":
        day: dt.date = mapping()["conventions"]["pilot_decision_date"]
        return day
    return decision_date(inputs, inputs.option(inputs.options[0]).levers)


def _decision_year(inputs: Inputs) -> int:
    from dapp_model.economics.prices import financial_year

    return financial_year(_decision_day(inputs))


def expiry(inputs: Inputs) -> dict[str, str]:
    """Return when the advice expires, and why."""
    from dapp_model.model import YEAR_DAYS, add_days

    decided = _decision_day(inputs)
    expires = add_days(decided, EXPIRY_MONTHS * YEAR_DAYS / 12)
    return {
        "decided": decided.isoformat(),
        "date": expires.isoformat(),
        "reason": "twelve months after the decision, when the provider's next return arrives, or "
        "when a trigger of section 10 is met",
    }
