"""What the measures of an option are called in the tables."""

from __future__ import annotations

from typing import Final

COUNTS: Final = {
    "true_incidents_averted": "True incidents averted",
    "recorded_incidents_averted": "Recorded incidents averted",
    "homicides_averted": "Homicides averted, expected",
    "victim_years_averted": "Victim-years with abuse averted",
    "assessments": "Assessments beyond the comparator",
    "starts": "Starts beyond the comparator",
    "completions": "Completions beyond the comparator",
}
POUNDS: Final = {
    "programme_cost": "Cost of the programme",
    "cashable_value": "Other cash released",
    "cashable_value_upper": "Other cash released, if the upper share of staff time could be cashed",
    "fiscal_value": "Public money and capacity released, valued",
    "non_fiscal_value": "Value that is not public money",
    "social_value": "All benefits to society, valued",
    "net_public_cost": "Net public cost",
    "net_public_cost_without_homicide": "Net public cost without homicide",
    "net_present_social_value": "Net present social value",
    "net_present_social_value_without_homicide": "Net present social value without homicide",
    "net_present_social_value_low_harm": "Net present social value, harm by recorded crimes",
    "net_present_social_value_optimism": "Net present social value, benefits cut for optimism",
    "net_present_social_value_tax_uplift": "Net present social value, with a charge for taxes",
    "net_present_social_value_health_discounting": (
        "Net present social value, victims' harm discounted at the rate of health"
    ),
}
TIERS: Final = {
    "cashable": "Cash",
    "capacity": "Capacity, valued",
    "non_fiscal": "Not public money",
}
STAGES: Final = ("Referred", "Reached", "Assessed", "Started", "Completed")
EVERYBODY: Final = "all"
EVERYTHING: Final = "everything"
EVERYTHING_SAID: Final = "Everything that is not known"
