"""The event row, what its fields mean for each kind of event, and the total order of events.

Rows are ordered by (time, kind, person, relationship, ordinal). A kind's number is its rank: along
every chain of causes within one instant the ranks rise. `ordinal` is an identity that depends on
the keyed cause alone (the candidate of an incident, the number of an episode), never on a counter
of rows, so a row keeps its place when other rows come or go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

ROW = np.dtype(
    [
        ("time", "i8"),  # whole seconds since 1970-01-01, civil time without summer time
        ("person", "i8"),
        ("ordinal", "i8"),
        ("value", "i4"),
        ("detail", "i4"),
        ("kind", "i4"),
        ("relationship", "i4"),
    ]
)
ORDER = ("time", "kind", "person", "relationship", "ordinal")

# --- kinds: the county ---
ENTRY = 1
RELATIONSHIP_START = 2
INCIDENT = 3
REPORT = 4
RECORD = 5
ARREST = 6
DVPN = 7
DVPO = 8
CHARGE = 9
CONVICTION = 10
CUSTODY_START = 11
CUSTODY_END = 12
COMMUNITY_ORDER = 13
BBR_START = 14
BBR_END = 15
MARAC_REFERRAL = 16
MARAC_HEARING = 17
IDVA_START = 18
OUTREACH_START = 19
CHILD_REFERRAL = 20
CHILD_IN_NEED = 21
CHILD_PLAN = 22
LOOKED_AFTER = 23
EXIT = 29  # before the ends of the cases that it brings about
RELATIONSHIP_END = 30
# --- kinds: the programme's pathway ---
REFERRAL = 40
CONTACT = 41
ASSESSMENT_END = 42
SUPPORT_OFFER = 43
WAITING = 44
SESSION = 45
CLOSE = 46  # the programme stops taking people; no row
EPISODE_END = 47
SUPPORT_END = 48
ASSESSMENT_START = 49
START = 50
SUPPORT_START = 51
FOLLOW_UP = 52

FIRST_PROGRAMME_KIND = REFERRAL

BEHAVIOURS = (
    "violence_with_injury",
    "violence_without_injury",
    "rape",
    "other_sexual",
    "stalking",
    "coercive_control",
    "damage",
    "public_order",
    "homicide",
    "none",
)
INJURY, NO_INJURY, RAPE, OTHER_SEXUAL, STALKING, CONTROL, DAMAGE, PUBLIC_ORDER, HOMICIDE, NONE = (
    range(10)
)
ROUTES = ("self", "police", "marac", "children", "court", "health")
SELF, POLICE, MARAC, CHILDREN, COURT, HEALTH = range(6)
OUTCOMES = (
    "refused",
    "not_reached",
    "unsuitable",
    "reneged",
    "not_started",
    "completed",
    "dropped_out",
    "removed",
    "open",
)
(
    REFUSED,
    NOT_REACHED,
    UNSUITABLE,
    RENEGED,
    NOT_STARTED,
    COMPLETED,
    DROPPED_OUT,
    REMOVED,
    OPEN,
) = range(9)
GRADES = ("standard", "medium", "high")
RELATIONSHIPS = ("partner", "ex-partner", "other family")
PARTNER, EX_PARTNER, FAMILY = range(3)
NEEDS = ("substance use", "mental health", "language", "employment")
AGE_BANDS = ("16-24", "25-34", "35-49", "50 and over")
SEXES = ("female", "male")
ENDS = ("desistance", "separation", "homicide", "perpetrator died", "perpetrator moved away")
DESISTED, SEPARATED, KILLED, DIED, MOVED = range(5)
SENTENCES = ("other", "custody", "community order")
STREAMS = ("group", "one-to-one")
MARAC_SOURCES = ("high-risk record", "further record", "other agency")


@dataclass(frozen=True)
class Kind:
    """What one kind of event is called and what its `value` and `detail` hold."""

    name: str
    words: str
    value: str = ""
    detail: str = ""


KINDS: Mapping[int, Kind] = {
    ENTRY: Kind(
        "entry",
        "perpetrator's first case begins",
        "sex (bit 0: 1 male) + age band (bits 1-2) + needs (bits 3-6)",
        "1 if reached by linx",
    ),
    RELATIONSHIP_START: Kind(
        "relationship_start",
        "case begins",
        "kind: 0 partner, 1 ex-partner, 2 other family",
        "children (bits 0-1) + high harm (bit 2) + class that ends soon (bit 3)",
    ),
    INCIDENT: Kind(
        "incident", "true incident", "behaviour", "child present (bit 0), high harm (1)"
    ),
    REPORT: Kind("report", "report to the police", "1 if attended (a call-out)"),
    RECORD: Kind("record", "recorded by the police", "offence (9: not a crime)", "DASH grade"),
    ARREST: Kind("arrest", "arrest", "offence"),
    DVPN: Kind("dvpn", "Domestic Violence Protection Notice"),
    DVPO: Kind("dvpo", "Domestic Violence Protection Order"),
    CHARGE: Kind("charge", "charge", "offence"),
    CONVICTION: Kind("conviction", "conviction", "sentence: 0 other, 1 custody, 2 community order"),
    CUSTODY_START: Kind("custody_start", "taken into custody", "days to be served"),
    CUSTODY_END: Kind("custody_end", "released"),
    COMMUNITY_ORDER: Kind("community_order", "community order", "1 if it carries BBR"),
    BBR_START: Kind("bbr_start", "Building Better Relationships begins"),
    BBR_END: Kind("bbr_end", "Building Better Relationships ends", "1 if completed"),
    MARAC_REFERRAL: Kind(
        "marac_referral",
        "referral to MARAC",
        "source: 0 high-risk record, 1 further record, 2 other agency",
        "repeat within 365 days (bit 0), ever (bit 1)",
    ),
    MARAC_HEARING: Kind("marac_hearing", "MARAC hears the case"),
    IDVA_START: Kind("idva_start", "IDVA support begins", "days"),
    OUTREACH_START: Kind("outreach_start", "outreach support begins", "days"),
    CHILD_REFERRAL: Kind(
        "child_referral",
        "referral to children's social care",
        "children",
        "re-referral within 12 months (bit 0), for other reasons (bit 1)",
    ),
    CHILD_IN_NEED: Kind("child_in_need", "child in need", "children"),
    CHILD_PLAN: Kind("child_plan", "child protection plan", "children", "days"),
    LOOKED_AFTER: Kind("looked_after", "child looked after", "children"),
    RELATIONSHIP_END: Kind("relationship_end", "case ends", "cause, see ENDS"),
    EXIT: Kind(
        "exit", "perpetrator leaves the county's record", "2 after a homicide, 3 died, 4 moved away"
    ),
    REFERRAL: Kind("referral", "referred to the programme", "route", "relationship"),
    CONTACT: Kind("contact", "first contact", "0 not reached, 1 refused, 2 agreed"),
    ASSESSMENT_END: Kind("assessment_end", "assessed", "1 if suitable", "risk: 0, 1, 2"),
    SUPPORT_OFFER: Kind("support_offer", "partner support offered", "1 if taken up"),
    WAITING: Kind("waiting", "joins the waiting list", "stream", "risk: 0, 1, 2"),
    SESSION: Kind("session", "session attended", "number of the session"),
    EPISODE_END: Kind("episode_end", "episode ends", "outcome, see OUTCOMES", "sessions attended"),
    SUPPORT_END: Kind("support_end", "partner support ends"),
    ASSESSMENT_START: Kind("assessment_start", "assessment begins"),
    START: Kind("start", "starts the programme", "stream", "sessions planned"),
    SUPPORT_START: Kind("support_start", "partner support begins"),
    FOLLOW_UP: Kind("follow_up", "follow-up contact"),
}


@dataclass(frozen=True)
class EventLog:
    """Every event of one option in one replicate, in the total order of events.

    `array` has dtype `ROW`; times are whole seconds since 1970-01-01.
    """

    option: str
    seed: int
    replicate: int
    engine: str
    array: npt.NDArray[np.void]

    def __len__(self) -> int:
        return len(self.array)

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the rows' bytes."""
        import hashlib

        return hashlib.sha256(np.ascontiguousarray(self.array).tobytes()).hexdigest()

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame with dates and names; units are in `attrs["units"]`."""
        import pandas as pd

        rows = self.array
        names = {number: kind.name for number, kind in KINDS.items()}
        frame = pd.DataFrame(
            {
                "time": rows["time"].astype("datetime64[s]"),
                "person": rows["person"],
                "relationship": rows["relationship"],
                "kind": pd.Categorical([names[int(k)] for k in rows["kind"]]),
                "ordinal": rows["ordinal"],
                "value": rows["value"],
                "detail": rows["detail"],
            }
        )
        frame.attrs["units"] = {
            "time": "civil time, whole seconds",
            "person": "identifier of a simulated perpetrator",
            "relationship": "ordinal of the perpetrator's case; 0 for the programme's own rows",
            "kind": "name of the event",
            "ordinal": "identity of the cause",
            "value": "see meaning",
            "detail": "see meaning",
        }
        frame.attrs["meaning"] = {
            kind.name: {"value": kind.value, "detail": kind.detail} for kind in KINDS.values()
        }
        return frame


def in_order(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return rows sorted by the total order of events."""
    keys = tuple(rows[name] for name in reversed(ORDER))
    return rows[np.lexsort(keys)]
