"""What funders and groups of people are called on the page."""

from __future__ import annotations

from typing import Final

FUNDERS: Final = {
    "community_safety_board": "Community Safety Board",
    "surrey_police": "Surrey Police",
    "opcc": "Office of the Police and Crime Commissioner",
    "surrey_county_council": "Surrey County Council",
}
