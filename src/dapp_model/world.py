"""The arrays that the engines read, and the constants that the keyed fields rest on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

DAY = 86_400
YEAR_DAYS = 365.25
YEAR = int(YEAR_DAYS * DAY)
ORIGIN_DATE = dt.date(2000, 1, 1)  # of the keyed fields and the tables; no meaning in the world
ORIGIN = 946_684_800
BASE_DATE = dt.date(2014, 10, 1)  # the middle of the baseline year 2014/15
CONTROL_LAW = dt.date(2015, 12, 29)  # coercive control is an offence from this day

# Fixed edges of the rate bands, a year. They depend on no option, parameter or draw.
# Band 0 is [0, 1), band b is [2**(b - 1), 2**b).
BANDS = 13
HIGHEST_RATE = 4096.0
# A cell of a band holds four points on average: few enough to find a place, enough to waste little.
CELL_YEARS = 4
ENTRY_BAND = 4096.0  # perpetrators a year in one band of the field of entries
PEOPLE_PER_BAND = 1_000_000  # room for identifiers in one band
MOST_RELATIONSHIPS = 8  # a stated limit; the ninth and later relationships do not begin
DVPO_SECONDS = 2 * DAY  # a court hears a DVPO within 48 hours of the notice (statute)


# Names of the numbers in `World.p`; times in seconds, rates per second.
P = IntEnum(
    "P",
    "SHARE MALE AGE1 AGE2 AGE3 NEED1 NEED2 NEED3 NEED4 MOTIVATION_RHO MOVES DIES NEXT CAREER "
    "FAMILY EX FRAILTY_MU FRAILTY_SIGMA FRAILTY_CAP FRAILTY_RHO SHORT_SHARE SHORT LONG SEPARATION "
    "HIGH_HARM CHILDREN SECOND THIRD RAISE RAISE_TIME CHILD_PRESENT ATTENDED LAG "
    "DASH_HIGH_Z DASH_MEDIUM_Z DASH_WEIGHT DVPO_GIVEN CHARGE CHARGE_DELAY CONVICTION "
    "CONVICTION_DELAY CUSTODY SERVED ORDER BBR_REQUIRED BBR_STARTED BBR_DELAY BBR_LENGTH "
    "BBR_COMPLETED BBR_LOG MARAC_A MARAC_B MARAC_C MARAC_CYCLE MARAC_NOTICE MARAC_AREAS MARAC_LOG "
    "MARAC_HALF IDVA_LENGTH IDVA_LOG IDVA_REPORT_LOG OUTREACH_LENGTH OUTREACH_LOG SUPPORT_HALF "
    "DVPO_LENGTH DVPO_LOG DVPO_HALF LINX_COVERAGE LINX_RATIO CHILD_REF PASS_THROUGH CHILD_DELAY "
    "IN_NEED PLAN PLAN_LENGTH LOOKED_AFTER SELF_MOTIVATION GAP CONTACT_DELAY REACHED ACCEPT_SELF "
    "ACCEPT_AGENCY ACCEPT_POLICE ACCEPT_MOTIVATION ASSESS_FIXED ASSESS_EXTRA SUITABLE RENEGE "
    "COMPLETE_AGENCY COMPLETE_SELF DROPOUT_SHAPE COMPLETE_MOTIVATION UNMET_LOG MOTIVATIONAL_LOG "
    "ONE_TO_ONE_LOG FOLLOW_UP SUPPORT_UPTAKE SUPPORT_PATIENCE SUPPORT_LENGTH FULL_LOG CONTROL "
    "THRESHOLD HALF_LIFE MAXIMUM DROPOUT_LOG SUPPORT_LOG REPORT_LOG REPORT_HALF FLOOR_LOG "
    "CUSTODY_ON HOMICIDE_ON SEASON_MAX UP TICK START_COST START_COST_ONE",
    start=0,
)
P_REPORT = len(P)  # by behaviour
P_MIX = P_REPORT + 10  # cumulative mix: ordinary cases, then high-harm cases
P_SIZE = P_MIX + 20

# Names of the tables by day in `World.days`.
D = IntEnum(
    "D",
    # the county: an option that changes one of these is simulated whole
    "ENTRY SEASON REPORT RECORD CRIME CRIME_CONTROL ARREST DVPN IDVA OUTREACH BBR LINX "
    # the programme
    "REF_SELF REF_POLICE REF_MARAC REF_CHILDREN REF_COURT REF_HEALTH CAN_START PHASE SESSIONS "
    "INTERVAL MODE PRIORITY RISK NEEDS MOTIVATIONAL PLACES PLACES_ONE ASSESSORS "
    "SUPPORT_PLACES GROUP_DAY GROUP_SIZE GROUP_MINIMUM EPISODES FUNDS CLOSE STOP",
    start=0,
)
COUNTY_TABLES = int(D.LINX) + 1
ROLLING, CLOSED, ONE_TO_ONE = range(3)
ANY_RISK, HIGH_ONLY, NOT_HIGH = range(3)


@dataclass(frozen=True)
class World:
    """All that the engines read of one option: float64 `p` [P_SIZE], `days` [table, day].

    Times are whole seconds since 1970-01-01. `calendar` lists the
    days on which places, money, rules or groups change.
    """

    option: str
    p: npt.NDArray[np.float64]
    days: npt.NDArray[np.float64]
    warm_up: int
    horizon: int
    record_start: int
    calendar: npt.NDArray[np.int64]
    last_start: int

    def same_county(self, other: World) -> bool:
        """Say whether the two options differ in nothing but the programme."""
        n = COUNTY_TABLES
        return np.array_equal(self.p, other.p) and np.array_equal(self.days[:n], other.days[:n])
