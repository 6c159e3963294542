"""Reporting standards, logs and records of a run, as tables for whoever shows them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from dapp_model import describe, fitted
from dapp_model.parameters import Parameter, registry
from dapp_model.report import calibration_annex, words
from dapp_model.report.sure_words import nested_draws
from dapp_model.report.table import NOT_ASSESSED, Table
from dapp_model.report.totals import Totals
from dapp_model.voi import over_replications

SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "first": "the first page, the decision on a page",
        "s1": "section 1, what was bought",
        "s2": "section 2, what would have happened anyway",
        "s3": "section 3, victims and children first",
        "s4": "section 4, the options",
        "s5": "section 5, value",
        "s6": "section 6, who pays and who gains",
        "s7": "section 7, how sure we are",
        "s8": "section 8, what we do not know",
        "s9": "section 9, risks, safeguarding, equality",
        "s10": "section 10, monitoring",
    }
)
ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Commissioner": "asks the question, and says what the analysis is fit to be used for",
        "Analyst": "makes the run and checks it",
        "Assurer": "independent of the analyst: reproduces the run and tests what it rests on",
        "Approver": "signs that it may be used for this decision",
    }
)
FEWEST: Final = 40  # draws below which no impact is estimated
ALARM: Final = (
    0.025  # chance that any of all parameters that say nothing is taken for one that does
)
_IMPACT: Final = "Impact: share of the spread of value"
_NONE_GIVEN: Final[Mapping[tuple[str, Any], str]] = {("money.ceiling", 0.0): "none given"}
_QUALITY: Final = {"D": 0, "C": 1, "B": 2, "A": 3, "-": 4}  # the weakest first


@dataclass(frozen=True)
class Item:
    """One item of a checklist: its number, a short name, its places, and what is said beside."""

    number: str
    name: str
    where: tuple[str, ...]
    said: str

    def place(self) -> str:
        """Return the places in words."""
        found = "; ".join(place_in_words(one) for one in self.where)
        return "; ".join(text for text in (found, self.said) if text)


@cache
def _data() -> Mapping[str, Any]:
    text = (files("dapp_model.report") / "standards.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))


def items(checklist: str) -> tuple[Item, ...]:
    """Return the items of a checklist: "stress_des" or "cheers_2022"."""
    return tuple(
        Item(one["number"], one["name"], tuple(one["where"]), one.get("said", ""))
        for one in _data()[checklist]["items"]
    )


def place_in_words(place: str) -> str:
    """Return a place of the data file in words."""
    kind, _, rest = place.partition(" ")
    if kind == "section":
        return SECTIONS[rest]
    if kind == "run":
        return f"{rest} of the run"
    page, _, heading = place.partition(": ")
    return f"{page}, \N{LEFT DOUBLE QUOTATION MARK}{heading}\N{RIGHT DOUBLE QUOTATION MARK}"


def tables(totals: Totals, since: Mapping[str, Any] | None = None) -> tuple[Table, ...]:
    """Return every table of standards of a run, in the order in which they are shown.

    `since` is what `dapp_model.since.compare` found against an earlier pack, if one was named.
    """
    return (
        checklist("stress_des"),
        checklist("cheers_2022"),
        assumptions(totals),
        validation(totals),
        signatures(),
        record(totals),
        changed(since),
    )


def checklist(name: str) -> Table:
    """Return a published checklist with where each item is found."""
    said = _data()[name]
    rows = tuple((one.number, one.name, one.place()) for one in items(name))
    return Table(f"{said['title']} ({said['source']})", ("Item", "About", "Where"), rows)


# -- the assumptions log --------------------------------------------------------------------------


def impacts(totals: Totals) -> Mapping[str, tuple[float, float, bool]]:
    """Return, by parameter that was drawn, its share of the spread of the shown option's value.

    The share is the squared rank correlation over draws. Each is (share, its standard error,
    whether it is above what any of so many parameters that say nothing would reach in one run of
    forty). Empty where there are fewer than 40 draws or nothing varies: then it is not assessed.
    """
    from scipy.stats import norm, rankdata

    from dapp_model.decision.worth import VALUE

    value = over_replications(totals.gathered.worth[totals.shown].measures[VALUE])
    drawn = totals.gathered.parameters
    names = [str(name) for name in drawn if name in registry() and drawn[name].nunique() > 1]
    if len(value) < FEWEST or not float(np.std(value)) > 0 or not names:
        return {}
    n = len(value)
    ranks = rankdata(drawn[names].to_numpy(np.float64), axis=0)
    ours = rankdata(value)
    r = ((ranks - ranks.mean(axis=0)) * (ours - ours.mean())[:, None]).mean(axis=0)
    r = r / (ranks.std(axis=0) * ours.std())
    noise = float(norm.isf(ALARM / (2 * len(names)))) / np.sqrt(n - 1)
    error = 2 * np.abs(r) * (1 - r**2) / np.sqrt(n - 1)
    return {
        name: (float(r[i] ** 2), float(error[i]), bool(abs(r[i]) > noise))
        for i, name in enumerate(names)
    }


def assumptions(totals: Totals) -> Table:
    """Return the assumptions log: quality from the registry, impact from this run."""
    felt = impacts(totals)
    reading = str(totals.inputs.values[fitted.READING])
    rows = []
    for name, value in totals.inputs.values.items():
        one = registry()[name]
        own = " (set by the scenario)" if f"assume.{name}" in totals.inputs.origins else ""
        share = felt.get(name, (0.0, 0.0, False))
        order = (-share[0] if share[2] else 0.0, _QUALITY[one.grade])
        rows.append(
            (
                order,
                (
                    one.label,
                    f"{_NONE_GIVEN.get((name, value)) or describe.said(one, value)}{own}",
                    "fixed" if own else describe.uncertainty(one, reading),
                    _quality(one),
                    _impact(felt.get(name)),
                    one.source if one.year == "-" else f"{one.source} ({one.year})",
                ),
            )
        )
    rows.sort(key=lambda pair: pair[0])
    option = words.quoted(totals.label(totals.shown))
    title = (
        f"Assumptions log, by impact on what {option} is worth and then by quality, the weakest "
        "first"
    )
    columns = ("Assumption", "Value", "Uncertainty", "Quality", _IMPACT, "Source")
    return Table(title, columns, tuple(cells for _, cells in rows))


def _quality(one: Parameter) -> str:
    if one.grade == "-":
        return "a convention"
    mark = " \N{DAGGER}" if one.status == "recalled" else ""
    return f"{one.grade}{mark}"


def _impact(found: tuple[float, float, bool] | None) -> str:
    if found is None:
        return NOT_ASSESSED
    share, error, above = found
    if not above:
        return "not above noise"
    return (
        f"{words.percent(max(0.0, share))} (standard error {words.number(100 * error, 2)} points)"
    )


# -- the validation record ------------------------------------------------------------------------


def validation(totals: Totals) -> Table:
    """Return what was compared with what, and how it came out."""
    rows = [*_county(totals), *_levels(totals.decision)]
    for one in _data()["validation"]["tests"]:
        tested = f"tested whenever the code changes: {one['where']}"
        rows.append((one["what"], one["against"], tested))
    rows += [
        (
            "The headline of this run",
            "the same worked out again in live formulas, from the run's counts",
            "account_check.xlsx of the run; whoever opens it sees the difference",
        ),
        ("This run", "the same run on another machine", f"{NOT_ASSESSED} until `dapp reproduce`"),
        ("What the pilot did", "the provider's returns", f"{NOT_ASSESSED}: none has been read"),
    ]
    columns = ("What was compared", "With what", "How it came out")
    return Table("Validation record", columns, tuple(rows))


def _county(totals: Totals) -> list[tuple[str, str, str]]:
    """Return how the calibrated county compares with what was counted."""
    posterior = totals.decision["posterior"]
    if posterior is None:
        return [("The simulated county", "what was counted in Surrey", NOT_ASSESSED)]
    rows = calibration_annex.checks_of(totals)
    found = []
    for weight, name in (
        ("strong", "Figures of Surrey that the county was fitted to, counting most"),
        ("weak", "Further figures that it was fitted to"),
        ("check", "Figures that took no part in the fit"),
    ):
        own = [row for row in rows if row["weight"] == weight]
        outcome = calibration_annex.within(own)
        if far := calibration_annex.missed(own):
            outcome += f"; not met: {words.listed(far)}"
        found.append((name, "simulated counties, by luck that no fit has seen", outcome))
    proof = "passed" if fitted.is_proved() else "not passed: results are marked provisional"
    found.append(
        (
            "The method of the calibration",
            "synthetic counties whose parameters are known, and a likelihood broken on purpose",
            f"{proof}; calibration/results/report.md",
        )
    )
    return found


def _levels(decision: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return how the county's level of harm and cost compares with benchmarks."""
    base = decision["baseline"]
    year = base["financial_year"]
    true = base["harm_true_crimes"]
    inside = "inside" if base["police_bill_in_range"] else "outside"
    return [
        (
            f"The police's bill for domestic abuse, {year}",
            words.between(base["police_bill_low"], base["police_bill_high"], "GBP"),
            f"{words.money(base['police_bill'])}: {inside}",
        ),
        *(
            (
                f"The county's harm by true crimes, {year}",
                f"{name}: {words.money(base[key])}",
                f"{words.money(true)}, {words.number(true / base[key])} times as much",
            )
            for key, name in (
                ("harm_recorded_crimes", "recorded crimes times their multiplier"),
                ("harm_victim_years", "victim-years scaled from the Home Office's total"),
            )
            if base[key]
        ),
    ]


# -- who signs, what was run, what changed --------------------------------------------------------


def signatures() -> Table:
    """Return the quality-assurance log: four roles, to be signed by people."""
    rows = tuple((role, does, "", "", "") for role, does in ROLES.items())
    columns = ("Role", "Does", "Name", "Date", "Signed")
    return Table("Quality-assurance log: to be signed", columns, rows)


def record(totals: Totals) -> Table:
    """Return what it takes to make this run again."""
    from dapp_model import stored
    from dapp_model.compiled import source_hash
    from dapp_model.report import MADE_WITH

    decision, inputs = totals.decision, totals.inputs
    now = stored.versions() | {"source": source_hash()}
    made: Mapping[str, Any] = decision.get(MADE_WITH, now)
    posterior = decision["posterior"]
    against = words.quoted(totals.label(totals.comparator))
    fit = f"{posterior['hash']}, {posterior['title']}" if posterior else NOT_ASSESSED
    money = f"{decision['price_year']} prices, discounted to {decision['year_0']}, "
    rows = [
        ("Scenario", str(decision["scenario"])),
        ("Hash of the scenario's files", inputs.text_hash),
        ("Decision", f"{decision['decision']}, against {against}"),
        ("Draws of what is not known", str(decision["draws"])),
        ("Repetitions of the play of chance in each", str(decision["replications"])),
        ("Draws with so many repetitions (others have one)", str(nested_draws(decision))),
        ("Draws whose county is simulated whole", str(decision["whole_county_draws"])),
        ("Seed", str(decision["seed"])),
        ("Share of the county", words.percent(decision["population_share"])),
        ("Calibration", fit),
        ("Prices and discounting", f"{money}Green Book of {decision['green_book']}"),
        ("Counted until", words.day(decision["window_ends"])),
        ("Source of this program", str(made["source"])),
        *((name, str(found)) for name, found in made.items() if name != "source"),
        ("Run finished", _when(decision)),
        *([("Documents written again by source", now["source"])]
          if made["source"] != now["source"] else []),
        ("Wall time, platform, hash of every data file", "manifest.json of the run"),
    ]  # fmt: skip
    return Table("Run record", ("What", "Which"), tuple(rows))


def _when(decision: Mapping[str, Any]) -> str:
    """Return on which day the run was finished; documents alone are told."""
    from dapp_model.report import FINISHED

    found = decision.get(FINISHED)
    return words.day(str(found)[:10]) if found else NOT_ASSESSED


def changed(since: Mapping[str, Any] | None) -> Table:
    """Return what changed since an earlier pack, or that none was named."""
    columns = ("What changed", "Before", "Now")
    if since is None:
        row = (
            "since an earlier pack",
            NOT_ASSESSED,
            "no earlier pack was named",
        )
        return Table("What changed since the last pack", columns, (row,))
    rows: Sequence[Sequence[str]] = since["rows"] or [("nothing", "-", "-")]
    title = f"What changed since the pack of {since['earlier']['finished']}"
    return Table(title, columns, tuple((str(a), str(b), str(c)) for a, b, c in rows))
