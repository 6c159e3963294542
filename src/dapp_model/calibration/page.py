"""The calibration's report: one page of plain statements, tables and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from dapp_model.calibration.forecast import LABELS
from dapp_model.parameters import registry

Rows = Sequence[Mapping[str, Any]]

NAMED: Final = {
    "later_incidents": "true incidents in the two years after a referral, for each person referred",
    "later_records": "of them recorded",
    "referred": "people referred",
    "true_incidents_averted": "true incidents averted by the pilot",
    "net_present_social_value": "net present social value of the pilot, GBP",
}
MOVED: Final = 0.1  # a parameter whose spread shrank by less is called hardly moved


def write(folder: Path, summary: Mapping[str, Any], tables: Mapping[str, Rows]) -> None:
    """Write report.md."""
    text = "\n".join(lines(summary, tables)) + "\n"
    (folder / "report.md").write_text(text, encoding="utf-8", newline="\n")


def lines(summary: Mapping[str, Any], tables: Mapping[str, Rows]) -> Iterator[str]:
    """Return the lines of the page."""
    yield "# What the calibration shows"
    yield ""
    yield (
        f"Written by `dapp calibrate --proof`; recipe `{summary['recipe']}`. Figures are simulated "
        "whole counties with luck that no fit has used, unless said otherwise."
    )
    yield from _targets(tables["predictive"])
    yield from _proof(summary)
    yield from _identified(summary, tables)
    yield from _forecast(tables["forecast"])
    yield from _sensitivity(summary, tables["sensitivity"])


def _targets(rows: Rows) -> Iterator[str]:
    yield ""
    yield "## Against what was counted"
    yield ""
    yield "![Simulated against counted, by target and reading](predictive.svg)"
    yield ""
    far = [r for r in rows if r["weight"] == "strong" and abs(r["distance"]) > 1]
    if far:
        yield "Not met within one standard error of chance and rounding together:"
        yield ""
        for r in far:
            yield (
                f"- conflict: {r['target']}, reading {r['reading']}: counted {r['counted']:g}, "
                f"simulated {r['predicted']:g}, {abs(r['distance']):.2f} standard errors"
            )
    else:
        yield (
            "Under each reading every strong target lies within one standard error, of chance and "
            "rounding together, of the posterior predictive mean."
        )
    yield ""
    yield (
        "*Distance* is counted less simulated in standard errors of chance, rounding and transfer; "
        "*tail* is twice the smaller chance of a figure as far out (for a bound, the chance on its "
        "wrong side)."
    )
    yield ""
    yield from _table(
        ("reading", "target", "weight", "counted", "simulated", "90%", "distance", "tail"),
        [
            (
                r["reading"],
                r["label"],
                r["weight"],
                f"{r['counted']:g}",
                f"{r['predicted']:g}",
                f"{r['low_90']:g} to {r['high_90']:g}",
                f"{r['distance']:+.2f}",
                f"{r['tail']:.2f}",
            )
            for r in rows
        ],
    )


def _proof(summary: Mapping[str, Any]) -> Iterator[str]:
    good, bad = summary["calibration"], summary["broken_likelihood"]
    yield ""
    yield "## Synthetic Surreys"
    yield ""
    yield (
        f"{good['sets']} sets of parameters were drawn from the posterior under reading "
        f"{summary['reading_of_the_synthetic_sets']}, a whole county simulated for each, the "
        "errors of the figures added, and the figures weighed together with the real ones. If the "
        "likelihood is right, the known values rank evenly among the draws of the new posterior."
    )
    yield ""
    yield "![Ranks of known values, with chance in the likelihood and without](ranks.svg)"
    yield ""
    for one, words in ((good, "The likelihood in use"), (bad, "Chance left out on purpose")):
        yield (
            f"- {words}: over {one['quantities']} quantities the least p is "
            f"{one['least_chi_square_p']:.2g} (chi-square, {one['least_chi_square_of']}) and "
            f"{one['least_ks_p']:.2g} (Kolmogorov-Smirnov, {one['least_ks_of']}); corrected for "
            f"their number {one['corrected_p']:.2g}: {'passes' if one['passes'] else 'fails'}."
        )
    yield ""
    yield "Recovery of each known parameter stands in `recovery.csv`, all ranks in `ranks.csv`."
    yield ""
    yield (
        "Another seed of the sampler moves means and ends of 90% intervals by at most: "
        + "; ".join(
            f"reading {k}: {v['worst_mean']:.3f} and {v['worst_end']:.3f}"
            for k, v in summary["repeatability"].items()
        )
        + " posterior standard deviations."
    )
    yield ""
    yield "The emulator on whole counties that it has not seen (0 and 1 if it is right):"
    yield ""
    yield from _table(
        ("figure", "bias", "spread", "within 90%", "chance (sd)", "emulator's own error (sd)"),
        [
            (k, v["bias"], v["spread"], v["within_90"], v["chance"], v["own_error"])
            for k, v in summary["emulator"].items()
        ],
    )


def _identified(summary: Mapping[str, Any], tables: Mapping[str, Rows]) -> Iterator[str]:
    yield ""
    yield "## What is identified, and what is not"
    yield ""
    product = next(iter(summary["products"].values()))
    yield (
        "- **Reporting and true incidence are identified only as a product.** A posteriori the "
        f"standard deviation of the logarithm is {product['sd_log_true_incidents']:.2f} for true "
        f"incidents, {product['sd_log_records_per_true_incident']:.2f} for records per true "
        f"incident, and {product['sd_log_records']:.3f} for their product, the records; the first "
        f"two correlate at {product['correlation']:.2f}. What divides them is the prior on "
        "reporting and the survey's count of victims."
    )
    yield (
        "- **The effect of the programme is not identified at all.** Nothing counted before it "
        "says anything about it, and no parameter of it is in this table."
    )
    yield (
        "- **How long cases last, and frailty against state dependence, are identified only "
        "through the weak targets** on repeats elsewhere; the four Surrey counts leave them open."
    )
    later = summary["later"]
    for reading, own in later.items():
        x = own["later_incidents"]
        ratio = x["high_90"] / x["low_90"]
        yield (
            f"- Reading {reading}: what remains open leaves {x['low_90']:.3g} to "
            f"{x['high_90']:.3g} {NAMED['later_incidents']} (90%; {ratio:.1f}-fold)."
        )
    yield ""
    yield (
        "*Shrunk* is the part of the prior's spread that is gone; *moved by* names the targets "
        "whose leaving out moves the parameter most. First reading; all in `identifiability.csv`, "
        "pairs that stand in for each other in `ridges.csv`."
    )
    yield ""
    known = registry()
    rows = [r for r in tables["identifiability"] if r["reading"] == "A"] or tables[
        "identifiability"
    ]
    yield from _table(
        ("parameter", "prior 95%", "posterior 95%", "shrunk", "moved by"),
        [
            (
                f"`{r['parameter']}` ({known[r['parameter']].role})",
                f"{r['prior_low']:g} to {r['prior_high']:g}",
                f"{r['posterior_low']:g} to {r['posterior_high']:g}",
                f"{r['shrunk']:.2f}",
                r["moved_by"],
            )
            for r in rows
            if r["shrunk"] >= MOVED or known[r["parameter"]].role == "calibrated"
        ],
    )
    rest = [
        f"`{r['parameter']}`"
        for r in rows
        if r["shrunk"] < MOVED and known[r["parameter"]].role != "calibrated"
    ]
    yield ""
    yield f"Hardly moved from their priors: {', '.join(rest)}."


def _forecast(rows: Rows) -> Iterator[str]:
    yield ""
    yield "## Forecast without a programme"
    yield ""
    yield "![Fan chart of records, crimes and MARAC referrals](forecast.svg)"
    yield ""
    yield (
        "Bands hold what is not known of the parameters, chance, growth and the reform of "
        "recording. The model's growth ends in April 2019; from then on the prior's spread of "
        "yearly growth is added. 2013/14 is a back-cast; red points were counted. Later figures "
        "of the county will be compared with these, and are not used here."
    )
    yield ""
    for measure, label in LABELS.items():
        yield f"**{label}**"
        yield ""
        yield from _table(
            ("financial year", "median", "50%", "90%"),
            [
                (
                    r["financial_year"],
                    f"{r['median']:,.0f}",
                    f"{r['low_50']:,.0f} to {r['high_50']:,.0f}",
                    f"{r['low_90']:,.0f} to {r['high_90']:,.0f}",
                )
                for r in rows
                if r["measure"] == measure
            ],
        )
        yield ""


def _sensitivity(summary: Mapping[str, Any], rows: Rows) -> Iterator[str]:
    yield "## What it does to the headline"
    yield ""
    yield (
        "Of the pilot as agreed against no programme, over posterior rows with all other evidence "
        "drawn as well; in brackets the Monte Carlo error. A mean over so few counties is rough: "
        "differences within the errors say nothing."
    )
    yield ""
    for reading, own in summary["later"].items():
        yield f"Reading {reading}:"
        yield ""
        for name, words in NAMED.items():
            x = own[name]
            yield (
                f"- {words}: {x['mean']:,.4g} ({x['monte_carlo_error']:,.2g}), 90% of draws "
                f"{x['low_90']:,.4g} to {x['high_90']:,.4g}"
            )
        yield ""
    yield (
        "Leaving a target out weighs the same counties anew; where few effective rows are left, "
        "it cannot be told from them."
    )
    yield ""
    yield from _table(
        ("reading", "case", "later incidents", "averted", "net value, GBP", "effective rows"),
        [
            (
                r["reading"],
                r["case"],
                f"{r['later_incidents']:.3g} ({r['later_incidents_error']:.2g})",
                f"{r['true_incidents_averted']:.3g} ({r['true_incidents_averted_error']:.2g})",
                f"{r['net_present_social_value']:,.3g} "
                f"({r['net_present_social_value_error']:,.2g})",
                r["effective_rows"],
            )
            for r in rows
        ],
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "| " + " | ".join("---" for _ in heads) + " |"
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
