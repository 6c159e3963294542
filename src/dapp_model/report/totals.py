"""What the pack shows, taken from what all draws say together. No number is made up here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.decision import spread
from dapp_model.definitions import GROUPS, MEASURES
from dapp_model.economics.distribution import KINDS
from dapp_model.economics.prices import deflator, mapping, year_number
from dapp_model.events import BEHAVIOURS, NEEDS, ROUTES
from dapp_model.report.names import FUNDERS

if TYPE_CHECKING:
    from dapp_model.all_draws import Gathered
    from dapp_model.economics import Line
    from dapp_model.money import Purse
    from dapp_model.parameters import Inputs

Floats = npt.NDArray[np.float64]
Spread = Mapping[str, float | None]

FAN: Final = (0.05, 0.25, 0.75, 0.95)  # the ends of 90% and 50% intervals

GROUP_NAMES: Final = {
    "all": "Everybody",
    "male": "Men who use abuse",
    "female": "Women who use abuse",
    "age_16_24": "Aged 16 to 24",
    "age_25_34": "Aged 25 to 34",
    "age_35_49": "Aged 35 to 49",
    "age_50_plus": "Aged 50 and over",
    "children": "Children in the household",
    "no_children": "No children in the household",
    "needs": f"With further needs ({', '.join(NEEDS)})",
    "no_needs": "Without further needs",
}
ENDS: Final = {
    "programme.ended_not_reached": "Could not be reached",
    "programme.ended_refused": "Refused",
    "programme.ended_unsuitable": "Not suitable",
    "programme.ended_reneged": "Gave up waiting",
    "programme.ended_not_started": "No place before the programme closed",
    "programme.ended_dropped_out": "Dropped out",
    "programme.ended_removed": "Removed",
    "programme.ended_completed": "Completed",
    "programme.ended_open": "Still open at the end",
}
VICTIMS: Final = {
    "true.incidents": "Incidents of abuse",
    "true.high_harm": "Incidents in high-harm cases",
    "true.violence_with_injury": "Violence with injury",
    "true.rape": "Rape",
    "true.child_present": "Incidents with a child present",
    "children.referrals": "Referrals of children to social care",
    "children.rereferrals": "Re-referrals of children",
    "children.in_need": "Children in need",
    "children.plans": "Child protection plans",
    "children.looked_after": "Children looked after",
    "recorded.incidents": "Incidents recorded by the police",
    "recorded.repeat_b": "Recorded repeats within a year",
    "report.attended": "Police call-outs",
    "marac.referrals": "MARAC referrals",
    "marac.repeats": "MARAC repeat referrals",
    "police.arrests": "Arrests",
}


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums and differences of a study, from the year of the decision on unless said otherwise."""

    inputs: Inputs
    decision: Mapping[str, Any]
    gathered: Gathered

    @property
    def comparator(self) -> str:
        """Return the name of the option that the others are compared with."""
        return self.inputs.options[0]

    @property
    def shown(self) -> str:
        """Return the option that the pack shows: the advised, or the best of the others."""
        return str(self.decision["shown_option"])

    @property
    def skip(self) -> int:
        """Return how many years lie before the year of the decision."""
        first = year_number(self.gathered.years[0])
        return max(0, year_number(str(self.decision["year_0"])) - first)

    @property
    def decision_years(self) -> tuple[str, ...]:
        """Return the financial years from that of the decision on."""
        return self.gathered.years[self.skip :]

    def label(self, option: str) -> str:
        """Return an option's label."""
        return self.inputs.option(option).label

    def bearer(self, name: str) -> str:
        """Return what a bearer of costs is called."""
        if name.startswith("funder: "):
            return f"Funds the programme: {self.funder(name.removeprefix('funder: '))}"
        return str(mapping()["bearers"].get(name, name))

    def funder(self, name: str) -> str:
        """Return what a funder is called."""
        return FUNDERS.get(name, name.replace("_", " ").capitalize())

    def _option(self, name: str) -> int:
        return self.inputs.options.index(name)

    def total(self, measure: str, option: str) -> float:
        """Return the mean count of a measure over all years shown."""
        return float(self.gathered.counts[self._option(option), 0, MEASURES.index(measure)].sum())

    def by_year(self, measure: str, option: str) -> Floats:
        """Return the mean count by year from the decision on."""
        counts = self.gathered.counts[self._option(option), 0, MEASURES.index(measure)]
        return np.asarray(counts[self.skip :])

    def _averted(self, measure: str, option: str) -> Floats:
        """Return what is averted: [draw, year] from the decision on."""
        m = MEASURES.index(measure)
        by_draw = self.gathered.by_draw
        return np.asarray((by_draw[:, 0, m] - by_draw[:, self._option(option), m])[:, self.skip :])

    def averted(self, measure: str, option: str) -> Spread:
        """Return how much is averted, mean and intervals over draws."""
        return spread(self._averted(measure, option).sum(axis=1, keepdims=True))

    def averted_by_year(self, measure: str, option: str) -> tuple[Floats, Floats, Floats]:
        """Return (low, mean, high) of what is averted by year, a 90% interval over draws."""
        mean, fan = self.averted_fan(measure, option)
        return fan[0], mean, fan[3]

    def averted_fan(self, measure: str, option: str) -> tuple[Floats, Floats]:
        """Return the mean by year of what is averted, and its fan over draws [end, year]."""
        found = self._averted(measure, option)
        return found.mean(axis=0), np.quantile(found, FAN, axis=0)

    @property
    def whole_draws(self) -> int:
        """Return of how many draws the whole county was simulated."""
        return int(self.decision.get("whole_county_draws", len(self.gathered.by_draw)))

    def from_few(self) -> str:
        """Say on how many draws the level of the county rests, where not on all."""
        few = self.whole_draws < int(self.decision["draws"])
        return f" (the county's level: means over {self.whole_draws} draws)" if few else ""

    def level_fan(self, measure: str, option: str) -> Floats:
        """Return the fan of a measure by year [end, year], over draws of the whole county."""
        found = self.gathered.by_draw[: self.whole_draws]
        levels = found[:, self._option(option), MEASURES.index(measure), self.skip :]
        return np.quantile(levels, FAN, axis=0)

    def averted_in_group(self, measure: str, option: str, group: str) -> float:
        """Return the mean averted in a group of the people who use abuse."""
        counts = self.gathered.counts[:, GROUPS.index(group), MEASURES.index(measure), self.skip :]
        return float(counts[0].sum() - counts[self._option(option)].sum())

    def pathway(self, option: str) -> Mapping[str, float]:
        """Return how many people reach each stage, pilot and extension together."""
        return {
            "Referred": sum(self.total(f"programme.referrals_{route}", option) for route in ROUTES),
            "Reached": self.total("programme.contacted", option),
            "Assessed": self.total("programme.assessments", option),
            "Started": self.total("programme.starts", option),
            "Completed": self.total("programme.ended_completed", option),
        }

    def ends(self, option: str) -> Mapping[str, float]:
        """Return how the episodes of the pathway ended."""
        return {label: self.total(measure, option) for measure, label in ENDS.items()}

    def behaviours(self) -> tuple[str, ...]:
        """Return the behaviours that are counted."""
        return BEHAVIOURS

    def programme_cost(self, option: str) -> tuple[tuple[str, ...], Mapping[str, Floats]]:
        """Return years and, by funder, what the option costs beyond the comparator.

        Undiscounted GBP. What is the same in both, such as a pilot that has run, drops out.
        """
        by_funder: dict[str, Floats] = {}
        years = self.gathered.money_years
        for line, money, _ in self._changes(option):
            if line.group == "programme":
                name = self.funder(line.funder)
                by_funder[name] = by_funder.get(name, np.zeros(len(money))) - money
        by_funder = {name: np.round(values, 2) for name, values in by_funder.items()}
        used = sum((values != 0 for values in by_funder.values()), np.zeros(len(years))) != 0
        kept = tuple(y for y, keep in zip(years, used, strict=True) if keep)
        return kept, {name: values[used] for name, values in by_funder.items()}

    def purse(self, option: str) -> Purse:
        """Return who pays and who gains under an option."""
        return self.gathered.purses[option]

    def party(self, name: str) -> str:
        """Return what a party to the money is called."""
        wider = {"public": "All public bodies", "society": "Society"}
        return wider.get(name) or self.funder(name)

    def by_basis(self, option: str) -> Mapping[str, float]:
        """Return present value by what it rests on."""
        found: dict[str, float] = {}
        for line, _, present in self._changes(option):
            found[line.basis] = found.get(line.basis, 0.0) + float(present.sum())
        return found

    def cash_by_year(self, option: str) -> tuple[tuple[str, ...], Mapping[str, Floats]]:
        """Return years and, by funder and for all others, cash in pounds of the day."""
        years = self.gathered.money_years
        base = str(self.decision["price_year"])
        today = np.array([deflator(base, year) for year in years])
        first = years.index(str(self.decision["year_0"]))
        found: dict[str, Floats] = {}
        for line, plain, _ in self._changes(option):
            if line.tier == "cashable":
                own = line.group == "programme"
                name = f"Paid by {self.funder(line.funder)}" if own else "Other public cash"
                found[name] = found.get(name, np.zeros(len(years))) + plain * today
        return years[first:], {name: values[first:] for name, values in found.items()}

    def value_by_group(self, option: str) -> Mapping[str, Mapping[str, float]]:
        """Return the mean present value by group: to their victims, and to everybody."""
        mean = self.purse(option).by_group.mean(axis=0)
        return {
            group: {kind: float(mean[g, k]) for k, kind in enumerate(KINDS)}
            for g, group in enumerate(GROUPS)
        }

    def _changes(self, option: str) -> list[tuple[Any, Floats, Floats]]:
        """Return (line, undiscounted, discounted) of the option less the comparator, by year."""
        g = self.gathered
        found: dict[Any, list[Floats]] = {}
        for sign, name in ((1, option), (-1, self.comparator)):
            rows = zip(g.lines[name], g.undiscounted[name], g.discounted[name], strict=True)
            for line, plain, present in rows:
                both = found.setdefault(line, [np.zeros(len(plain)), np.zeros(len(plain))])
                both[0] = both[0] + sign * plain
                both[1] = both[1] + sign * present
        return [(line, both[0], both[1]) for line, both in found.items()]

    def by_bearer(self, option: str) -> Mapping[str, Mapping[str, float]]:
        """Return present value by bearer and tier; the programme's cost by funder."""
        found: dict[str, dict[str, float]] = {}
        for line, _, present in self._changes(option):
            name = f"funder: {line.funder}" if line.group == "programme" else line.bearer
            tiers = found.setdefault(name, {})
            tiers[line.tier] = tiers.get(line.tier, 0.0) + float(present.sum())
        kept = {name: tiers for name, tiers in found.items() if any(tiers.values())}
        order = sorted(kept, key=lambda n: -sum(kept[n].values()))
        return {name: kept[name] for name in order}

    def by_offence(self, option: str) -> Mapping[str, float]:
        """Return present value by offence, without the programme's own cost."""
        found: dict[str, float] = {}
        for line, _, present in self._changes(option):
            if line.group != "programme":
                found[line.offence] = found.get(line.offence, 0.0) + float(present.sum())
        return found

    def money_by_year(self, option: str) -> tuple[tuple[str, ...], Mapping[str, Floats]]:
        """Return years and, by kind of money, the difference in each; discounted at the end."""
        kinds: dict[str, Callable[[Line], bool]] = {
            "Programme": lambda line: line.group == "programme",
            "Cash, other": lambda line: line.group != "programme" and line.tier == "cashable",
            "Capacity": lambda line: line.group != "programme" and line.tier == "capacity",
            "Not public money": lambda line: line.tier == "non_fiscal",
        }
        first = self.gathered.money_years.index(str(self.decision["year_0"]))
        changes = self._changes(option)
        zero = np.zeros(len(self.gathered.money_years))
        found = {
            kind: sum((plain for line, plain, _ in changes if chosen(line)), zero)[first:]
            for kind, chosen in kinds.items()
        }
        found["All, not discounted"] = sum((plain for _, plain, _ in changes), zero)[first:]
        found["All, present value"] = sum((present for _, _, present in changes), zero)[first:]
        return self.gathered.money_years[first:], found
