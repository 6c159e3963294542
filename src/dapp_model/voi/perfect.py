"""The value of knowing everything, or some parameters, before choosing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from dapp_model.voi.arrays import (
    ArrayOrFrame,
    Estimate,
    Floats,
    exceeds,
    frame_of,
    mean_net_benefits,
    net_benefits,
    not_from_zero,
)
from dapp_model.voi.regression import estimate, gain_of_choosing, smooth
from dapp_model.voi.resampling import Resampled, losses, resamples_of

if TYPE_CHECKING:
    import pandas as pd

Groups = Mapping[str, Sequence[str]]
_NO_GROUPS: Final[Groups] = {}


def evpi(net_benefit: ArrayOrFrame) -> float:
    """Return the expected value of perfect information in GBP.

    The mean over draws of the best option's net benefit less the best mean. `net_benefit` is draws
    x options, or draws x replications x options, whose luck is then taken out first.
    """
    return evpi_estimate(net_benefit).value


def evpi_estimate(net_benefit: ArrayOrFrame, *, again: Resampled | None = None) -> Estimate:
    """Return the expected value of perfect information with its Monte Carlo standard error.

    Where luck has been taken out the error holds that of taking it out: `again` are resamples of
    what `net_benefit` was told from, made here where replications are given.
    """
    values = net_benefits(net_benefit)
    best = int(values.mean(axis=0).argmax())
    lost = values.max(axis=1) - values[:, best]
    error = float(lost.std(ddof=1) / np.sqrt(len(lost)))
    value = float(lost.mean())
    again = again or resamples_of(net_benefit)
    if again is not None:
        error = float(again.error(lambda counts, drawn: losses(counts, drawn).min()))
    return Estimate(value, error, not_from_zero(value, error))


def evppi(
    net_benefit: ArrayOrFrame, parameters: ArrayOrFrame, *, groups: Groups = _NO_GROUPS
) -> pd.DataFrame:
    """Return the expected value of perfect information on each parameter, and on each group.

    A frame by name with the columns `evppi` and `standard_error`, in GBP. `parameters` is draws x
    names; `groups` names sets of its columns. `evppi_table` says more of each.
    """
    return evppi_table(net_benefit, parameters, groups=groups)[["evppi", "standard_error"]]


def evppi_table(
    net_benefit: ArrayOrFrame,
    parameters: ArrayOrFrame,
    *,
    groups: Groups = _NO_GROUPS,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return what `evppi` does, with the limit of noise and what is zero within it.

    Columns: kind (parameter or group), members, evppi, standard_error, noise_limit (the 95%
    quantile for a parameter that says nothing) and zero_within_noise. By regression of the net
    benefit on the parameters (Strong, Oakley and Brennan 2014). Raises ValueError on names that
    are not there.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(parameters, len(values), "parameter")
    return _table(values, frame, _sets(frame, groups), seed=seed, progress=progress)


def evppi_groups(
    net_benefit: ArrayOrFrame, parameters: ArrayOrFrame, groups: Groups, *, seed: int = 1
) -> pd.DataFrame:
    """Return what `evppi_table` does for groups alone, of one parameter or more, and much sooner.

    Raises ValueError on names that are not there.
    """
    values = mean_net_benefits(net_benefit)
    frame = frame_of(parameters, len(values), "parameter")
    sets = {name: one for name, one in _sets(frame, groups).items() if one[0] == "group"}
    return _table(values, frame, sets, seed=seed, progress=None)


def _table(
    values: Floats,
    frame: pd.DataFrame,
    sets: Mapping[str, tuple[str, tuple[str, ...]]],
    *,
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for done, (name, (kind, members)) in enumerate(sets.items()):
        if progress:
            progress(done, len(sets))
        fit = smooth(values, frame[list(members)])
        found, limit = estimate(fit, gain_of_choosing, seed=seed)
        rows.append(
            (
                name,
                kind,
                ", ".join(members),
                found.value,
                found.standard_error,
                limit,
                found.zero_within_noise,
            )
        )
    if progress:
        progress(len(sets), len(sets))
    columns = ["parameter", "kind", "members", "evppi", "standard_error", "noise_limit"]
    table = pd.DataFrame(rows, columns=[*columns, "zero_within_noise"])
    return table.set_index("parameter")


def orderings(
    net_benefit: ArrayOrFrame,
    table: pd.DataFrame,
    groups: Groups,
    *,
    again: Resampled | None = None,
) -> list[str]:
    """Return a sentence for each ordering that fails beyond noise; none is as it should be.

    EVPI >= EVPPI of a group >= EVPPI of any member, but for noise (`exceeds`).
    `again` is that of `evpi_estimate`.
    """
    whole = evpi_estimate(net_benefit, again=again)
    worth, errors = table["evppi"].to_dict(), table["standard_error"].to_dict()
    odd = []

    def check(larger: tuple[str, float, float], smaller: tuple[str, float, float]) -> None:
        if said := exceeds(smaller, larger):
            odd.append(said)

    def row(name: str) -> tuple[str, float, float]:
        return name, float(worth[name]), float(errors[name])

    for name in table.index:
        check(("everything", whole.value, whole.standard_error), row(name))
    for group, members in groups.items():
        for member in members:
            if member in table.index and group in table.index:
                check(row(group), row(member))
    return odd


def _sets(frame: pd.DataFrame, groups: Groups) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    sets: dict[str, tuple[str, tuple[str, ...]]] = {
        str(name): ("parameter", (str(name),)) for name in frame.columns
    }
    for group, members in groups.items():
        missing = [name for name in members if name not in frame.columns]
        if missing or not members:
            named = ", ".join(missing) or "none at all"
            raise ValueError(f"The group {group!r} names parameters that are not there: {named}.")
        if group in sets:
            raise ValueError(f"The group {group!r} has the name of a parameter.")
        sets[group] = ("group", tuple(members))
    return sets
