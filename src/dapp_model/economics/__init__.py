"""Outcomes to Account: what counted events are worth, to whom, in which year, on which tier."""

from __future__ import annotations

from dapp_model.economics.appraisal import (
    Account,
    Line,
    expected_homicides,
    incremental,
    value,
)
from dapp_model.economics.prices import (
    Cash,
    benefit_cost,
    contract_cash,
    deflator,
    discount_factor,
    present_value,
)
from dapp_model.economics.summary import (
    Baseline,
    Summary,
    payback_year,
    pool,
    summary,
)
from dapp_model.economics.unit_costs import (
    Settings,
    UnitCost,
    bearer_of,
    cost_rows,
    reasoned_zeros,
    settings_of,
    tariff,
)

__all__ = [
    "Account",
    "Baseline",
    "Cash",
    "Line",
    "Settings",
    "Summary",
    "UnitCost",
    "bearer_of",
    "benefit_cost",
    "contract_cash",
    "cost_rows",
    "deflator",
    "discount_factor",
    "expected_homicides",
    "incremental",
    "payback_year",
    "pool",
    "present_value",
    "reasoned_zeros",
    "settings_of",
    "summary",
    "tariff",
    "value",
]
