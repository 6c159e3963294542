"""What priced events and their unit costs are called where people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dapp_model.economics.unit_costs import NOT_APPLICABLE

if TYPE_CHECKING:
    from dapp_model.economics.unit_costs import UnitCost

_CAPITALS: Final = {
    "dvpn": "DVPN",
    "dvpo": "DVPO",
    "idva": "IDVA",
    "marac": "MARAC",
    "nhs": "NHS",
}
_ITEMS: Final[Mapping[str, str]] = {
    "attendance": "Police attendance",
    "childrens_assessment": "Assessment by children's services",
    "childrens_referral": "Referral to children's services",
    "homicide_review": "Domestic homicide review",
    "looked_after_year": "Year in which a child is looked after",
    "non_crime_incident": "Incident that is not a crime",
    "outreach_case": "Case of outreach support",
}
_MEASURES: Final[Mapping[str, str]] = {
    "children.in_need": "Children in need",
    "children.looked_after": "Children looked after",
    "children.plans": "Child protection plans",
    "children.referrals": "Referrals of children to social care",
    "expected.homicides": "Homicides, as an expectation",
    "marac.hearings": "MARAC hearings",
    "police.arrests": "Arrests",
    "police.charges": "Charges",
    "police.community_orders": "Community orders",
    "police.custody_days": "Days in custody",
    "police.dvpns": "DVPNs",
    "recorded.non_crime": "Incidents recorded as no crime",
    "report.attended": "Call-outs that the police attend",
    "services.idva": "Victims who start IDVA support",
    "services.outreach": "Victims who start outreach support",
    "true.coercive_control_first": "Coercive control, once a year for each victim, reported or not",
    "true.stalking_first": "Stalking, once a year for each victim, reported or not",
    "true.victims": "Victims in a year, reported or not",
}
_BASES: Final = {"true": "reported or not", "recorded": "recorded by the police"}


def item(cost: UnitCost) -> str:
    """Return what a unit cost is of: the offence with its part, or the service."""
    name = _ITEMS.get(cost.item)
    if name is None:
        about = "" if cost.offence == NOT_APPLICABLE else f"{plain(cost.offence)}: "
        name = headed(f"{about}{plain(cost.item)}")
    return name


def measure(name: str) -> str:
    """Return what is counted under a name such as recorded.rape."""
    basis, _, offence = name.partition(".")
    return _MEASURES.get(name) or f"{headed(plain(offence))}, {_BASES[basis]}"


def plain(name: str) -> str:
    """Return a name of a data file as words."""
    return name.replace("_", " ").replace(".", ": ")


def headed(text: str) -> str:
    """Begin with a capital letter, and write abbreviations as they are written."""
    first, _, rest = text.partition(" ")
    return f"{_CAPITALS.get(first.casefold(), first.capitalize())} {rest}".strip()
