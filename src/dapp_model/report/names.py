"""What funders and groups of people are called on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FUNDERS: Final = {
    "community_safety_board": "Community Safety Board",
    "surrey_police": "Surrey Police",
    "opcc": "Office of the Police and Crime Commissioner",
    "surrey_county_council": "Surrey County Council",
}

# Sections of the registry, as the value of knowing them is told.
SECTIONS: Final = {
    "bbr": "court-ordered programmes",
    "budget": "what places cost",
    "campaign": "campaigns",
    "case": "cases of abuse, how long they last and how they differ",
    "children": "children's services",
    "cost": "unit costs",
    "county": "how abuse in the county grows",
    "crime": "which abuse is a crime",
    "dash": "risk grades",
    "dvpo": "protection orders",
    "effect": "what the programme does to abuse",
    "idva": "IDVA support",
    "incident": "how incidents come about",
    "linx": "education of young people",
    "marac": "MARAC",
    "outreach": "outreach to victims",
    "pathway": "the way through the programme",
    "perpetrator": "people who use abuse",
    "police": "police response",
    "record": "recording",
    "referral": "referral to the programme",
    "report": "reporting to the police",
}
# What a repeat is, by the reading of the source that a posterior was fitted under.
READINGS: Final[Mapping[str, str]] = {
    "A": "in the same financial year",
    "B": "in the 365 days before",
    "C": "ever before",
}
# What the guard-rail looks at, by the setting rail.outcome.
HARMS: Final = {
    "serious harm": "Serious harm to victims (violence with injury, rape, homicide)",
    "violence with injury": "Violence with injury",
    "all abuse": "Abuse of every kind",
}

ROUTES: Final[Mapping[str, str]] = {
    "true crimes": "true crimes",
    "recorded crimes": "recorded crimes x multiplier",
    "victim-years": "victim-years",
    "QALYs": "QALYs",
}  # what harm is counted by
