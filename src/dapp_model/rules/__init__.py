"""What happens next to one perpetrator and the people around them: pure compiled scalar functions.

Both engines call these and nothing else for every chance, time and rate. Arguments that recur:
`key` of the replicate (int64), `p` numbers by name and `days` tables by day (model.World), `t`
time in whole seconds, `person` and `rel` (identifier, and ordinal of the case from 1), `ordinal`
identity of the candidate incident. "Never" is the time NEVER, "not yet" is INFINITE. A function
`x_by` says the same as `x` from the four words w that `x` draws: for who draws many at a stroke.

The rooms below say one thing each; this one only gathers them, so that a rule has one name.
"""

from __future__ import annotations

from dapp_model.rules.field import (
    F_BEHAVIOUR,
    F_ORDINAL,
    F_RAW,
    F_REPORT,
    F_TIME,
    UNSEEN,
    band_edge,
    band_width,
    bands_needed,
    cell_seconds,
    field_advance,
    field_first,
    field_step,
    field_wake,
)
from dapp_model.rules.known import (
    LONGEST_DELAY,
    YEAR_DAY_SECONDS,
    child_assessment,
    following,
    following_by,
    further_custody,
    hearing,
    is_reported,
    justice,
    longest_consequence,
    longest_to_record,
    marac_hearing,
    marac_source,
    marks,
    marks_by,
    observation,
    observation_by,
    offence_of,
    report_ratio,
    response,
    route_uniforms,
    sentence_of,
)
from dapp_model.rules.people import (
    ENTRY_GAP,
    case,
    case_by,
    case_times,
    case_times_by,
    children,
    enters,
    exit_by,
    exit_of,
    frailty_at,
    frailty_by,
    is_reached_by_linx,
    kind_of,
    motivation,
    next_entry,
    next_person,
    risk_traits_by,
    traits,
)
from dapp_model.rules.programme import (
    MOST_MOTIVATED,
    admits,
    contact,
    odds_shift,
    pathway,
    refers,
    refers_self,
    risk_of,
    sessions_attended,
    start_cost,
    takes_support,
)
from dapp_model.rules.rate import (
    LN2,
    behaviour_of,
    dose_effect,
    fading,
    log_programme,
    log_services,
    multiplier,
    raised,
    rate_bound,
    rates,
    window,
)
from dapp_model.rules.times import INFINITE, NEVER, after, day_of, exponential, on_tick
