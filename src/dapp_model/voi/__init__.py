"""Value of information on plain arrays: what it is worth to know more before deciding.

Net benefits are arrays or frames of draws x options in GBP, larger is better; parameters are
frames of draws x names. Nothing here knows the model. An array of draws x replications x options
is taken for nested draws: the luck of the replications is taken out first (`separate_luck`). Draws
may have different numbers of replications; one that was not made is nan under every option.
"""

from __future__ import annotations

from dapp_model.voi.arrays import Estimate, mean_error, over_replications, share_error
from dapp_model.voi.curves import (
    acceptability,
    chance_wrong,
    expected_loss,
    frontier,
    loss_when_wrong,
    probability_best,
)
from dapp_model.voi.luck import (
    Luck,
    error_by_replications,
    replications_made,
    separate_luck,
)
from dapp_model.voi.perfect import evpi, evpi_estimate, evppi, evppi_groups, evppi_table, orderings
from dapp_model.voi.resampling import (
    RESAMPLES,
    Resampled,
    losses,
    resampled,
    shares_best,
    shares_worse,
)
from dapp_model.voi.rules import (
    ThresholdRule,
    choices_by_data,
    choices_for,
    rule_value,
    stated_rule_value,
    threshold_rule,
)
from dapp_model.voi.samples import (
    PopulationLine,
    evsi,
    evsi_table,
    later_value,
    net_benefit_of_sampling,
    not_decreasing,
    study_orderings,
)
from dapp_model.voi.savi import Savi, read_savi, write_savi

__all__ = [
    "RESAMPLES",
    "Estimate",
    "Luck",
    "PopulationLine",
    "Resampled",
    "Savi",
    "ThresholdRule",
    "acceptability",
    "chance_wrong",
    "choices_by_data",
    "choices_for",
    "error_by_replications",
    "evpi",
    "evpi_estimate",
    "evppi",
    "evppi_groups",
    "evppi_table",
    "evsi",
    "evsi_table",
    "expected_loss",
    "frontier",
    "later_value",
    "loss_when_wrong",
    "losses",
    "mean_error",
    "net_benefit_of_sampling",
    "not_decreasing",
    "orderings",
    "over_replications",
    "probability_best",
    "read_savi",
    "replications_made",
    "resampled",
    "rule_value",
    "separate_luck",
    "share_error",
    "shares_best",
    "shares_worse",
    "stated_rule_value",
    "study_orderings",
    "threshold_rule",
    "write_savi",
]
