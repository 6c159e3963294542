"""Outcomes to Account: what counted events are worth, to whom, in which year, on which tier."""

from __future__ import annotations

from dapp_model.economics.accounts import Account, Line, incremental, nominal
from dapp_model.economics.appraisal import expected_homicides, value
from dapp_model.economics.contract import (
    Affordability,
    Cash,
    YearEnd,
    affordability,
    contract_cash,
    spending,
    year_ends,
)
from dapp_model.economics.distribution import value_by_group
from dapp_model.economics.evidence import check_data
from dapp_model.economics.pooled import Pooled
from dapp_model.economics.prices import (
    benefit_cost,
    deflator,
    deflator_source,
    discount_factor,
    present_value,
)
from dapp_model.economics.published import CostRow, bearer_of, cost_rows
from dapp_model.economics.results import (
    Position,
    Ratio,
    break_even_share,
    payback,
    positions,
    ratio,
)
from dapp_model.economics.settings import Settings, settings_of
from dapp_model.economics.summary import (
    Baseline,
    Summary,
    payback_year,
    pool,
    summary,
    tax_uplift,
    with_optimism_bias,
)
from dapp_model.economics.unit_costs import (
    UnitCost,
    reasoned_zeros,
    tariff,
)

__all__ = [
    "Account",
    "Affordability",
    "Baseline",
    "Cash",
    "CostRow",
    "Line",
    "Pooled",
    "Position",
    "Ratio",
    "Settings",
    "Summary",
    "UnitCost",
    "YearEnd",
    "affordability",
    "bearer_of",
    "benefit_cost",
    "break_even_share",
    "check_data",
    "contract_cash",
    "cost_rows",
    "deflator",
    "deflator_source",
    "discount_factor",
    "expected_homicides",
    "incremental",
    "nominal",
    "payback",
    "payback_year",
    "pool",
    "positions",
    "present_value",
    "ratio",
    "reasoned_zeros",
    "settings_of",
    "spending",
    "summary",
    "tariff",
    "tax_uplift",
    "value",
    "value_by_group",
    "with_optimism_bias",
    "year_ends",
]
