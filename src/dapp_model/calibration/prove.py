"""Carry out the proof and write it: tables, pictures and one page."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dapp_model.calibration import counties, forecast, identify, posterior, proof
from dapp_model.calibration.bank import How
from dapp_model.calibration.counties import OF_THE_PROGRAMME
from dapp_model.calibration.job import Calibrated, effort
from dapp_model.calibration.targets import LEARNT, READERS, from_scale
from dapp_model.parallel import in_order
from dapp_model.tables import as_text

Floats = npt.NDArray[np.float64]
Rows = list[dict[str, Any]]

# Replicate numbers of the uses of whole counties, kept apart.
CHECKED: Final = 0
ONWARDS: Final = 100_000
APART: Final = 10_000


def expected(found: Calibrated) -> Rows:
    """Compare each target with what the emulator expects under each reading."""
    out = []
    for number, reading in enumerate(found.recipe.readings):
        scores = found.sampled.flat(number)
        mean = found.likelihood().expected(scores).mean(axis=0)
        size = found.recipe.priors[0].values(scores[:, 0])
        chance = found.emulator.chance(scores, size).mean(axis=0)
        for target in found.recipe.in_force(reading, ("strong", "weak")):
            j = LEARNT.index(target.reader)
            distance = (target.aim - mean[j]) / np.hypot(chance[j], target.error)
            if target.side != "both":
                right = distance < 0 if target.side == "low" else distance > 0
                distance = 0.0 if right else distance
            out.append(
                {
                    "target": target.name,
                    "label": target.label,
                    "reading": reading,
                    "weight": target.weight,
                    "counted": target.value,
                    "predicted": float(f"{from_scale(mean[j], target.scale):.4g}"),
                    "distance": round(float(distance), 2),
                }
            )
    return out


def prove(found: Calibrated, folder: Path, parts: Path, how: How) -> dict[str, Any]:
    """Prove, write tables and pictures to `folder`, and return the summary."""
    from dapp_model.calibration import page, pictures

    recipe = found.recipe
    main = recipe.readings[0]
    sets, few = recipe.numbers["proof.sets"], recipe.numbers["proof.counties"]
    figures: dict[str, Floats] = {}
    for k, reading in enumerate(recipe.readings):
        how.say(f"Whole counties from the posterior, reading {reading}.")
        scores = found.rows(reading, sets if reading == main else few)
        figures[reading] = counties.simulate(
            recipe, scores, "baseline", parts, how=how, first=CHECKED + k * APART
        )
    how.say("Synthetic Surreys: ranks of known parameters.")
    known = found.rows(main, sets)
    learnt = figures[main][:, [list(READERS).index(name) for name in LEARNT]]
    problems = proof.synthetic(found, learnt, main, (recipe.seed, 7))
    ranks, draws = proof.calibration_of(found, known, problems, how=how)
    how.say("The same with chance left out of the likelihood, which has to be found out.")
    broken, _ = proof.calibration_of(found, known, problems, how=how, broken=True)
    predictive = [
        row
        for k, reading in enumerate(recipe.readings)
        for row in proof.predictive(found, figures[reading], reading, (recipe.seed, 11, k))
    ]
    how.say("The sampler with another seed; targets left out one by one.")
    jobs = [(found, reading) for reading in ("", *recipe.readings)]
    repeated, *moved = in_order(_sampled_beside, jobs, how.workers)
    table = [row for one in moved for row in one]
    how.say("Whole counties to the end of the forecast, with and without the pilot.")
    later, onwards = _onwards(found, parts, how)
    base = _inputs(found)
    fan = forecast.fan(onwards[main], base)
    summary = {
        "recipe": recipe.hash,
        "reading_of_the_synthetic_sets": main,
        "calibration": ranks.verdict(),
        "broken_likelihood": broken.verdict(),
        "repeatability": repeated,
        "products": {r: identify.products(found, r) for r in recipe.readings},
        "emulator": emulator_error(found, figures[main]),
        "predictive": predictive,
        "later": later,
    }
    tables: dict[str, Rows] = {
        "expected": expected(found),
        "predictive": predictive,
        "ranks": _rank_rows(ranks, broken),
        "recovery": proof.recovery(known, draws, recipe.names),
        "identifiability": table,
        "ridges": [r for k in recipe.readings for r in identify.ridges(found, k)],
        "forecast": fan,
        "forecast_spread": forecast.shares(onwards[main], base),
        "sensitivity": _sensitivity(found, onwards),
    }
    for name, rows in tables.items():
        _csv(folder / f"{name}.csv", rows)
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    (folder / "proof.json").write_text(text, encoding="utf-8", newline="\n")
    pictures.write(folder, predictive, (ranks, broken), fan)
    page.write(folder, summary, tables)
    return summary


def _sampled_beside(found: Calibrated, reading: str) -> Any:
    """Return how the sampler repeats itself or, for a reading, what each target moves."""
    if reading:
        return identify.table(found, reading)[0]
    recipe = found.recipe
    again = posterior.sample(
        found.likelihood(), len(recipe.readings), effort=effort(recipe), seed=(recipe.seed, 6)
    )
    return {
        name: proof.repeatability(found.sampled.flat(k), again.flat(k))
        for k, name in enumerate(recipe.readings)
    }


def _inputs(found: Calibrated) -> Any:
    from dapp_model.scenario import load

    return load(found.recipe.scenario)


def emulator_error(found: Calibrated, figures: Floats) -> dict[str, Any]:
    """Compare the emulator with whole counties that it has never seen, figure by figure.

    bias and spread of (county - expected) over the standard deviation that the emulator states,
    chance and its own error together: 0 and 1 if it is right.
    """
    reading = found.recipe.readings[0]
    scores = found.rows(reading, len(figures))
    likelihood = found.likelihood()
    mean, covariance = likelihood.expected(scores), likelihood.covariance(scores)
    sd = np.sqrt(covariance[:, np.arange(len(LEARNT)), np.arange(len(LEARNT))])
    seen = figures[:, [list(READERS).index(name) for name in LEARNT]]
    apart = (seen - mean) / sd
    own = np.sqrt(np.diag(found.emulator.missed))
    size = found.recipe.priors[0].values(scores[:, 0])
    chance = found.emulator.chance(scores, size).mean(axis=0)
    return {
        name: {
            "bias": round(float(apart[:, j].mean()), 2),
            "spread": round(float(apart[:, j].std()), 2),
            "within_90": round(float((np.abs(apart[:, j]) < 1.645).mean()), 3),
            "chance": round(float(chance[j]), 4),
            "own_error": round(float(own[j]), 4),
        }
        for j, name in enumerate(LEARNT)
    }


def _onwards(found: Calibrated, parts: Path, how: How) -> tuple[dict[str, Any], dict[str, Floats]]:
    n = found.recipe.numbers["proof.forecast"]
    later, onwards = {}, {}
    for k, reading in enumerate(found.recipe.readings):
        scores = found.rows(reading, n if k == 0 else n // 2)
        onwards[reading] = counties.simulate(
            found.recipe, scores, "onwards", parts, how=how, first=ONWARDS + k * APART
        )
        own = onwards[reading][:, -len(OF_THE_PROGRAMME) :]
        later[reading] = {
            name: {
                "mean": _r(np.nanmean(own[:, j])),
                "low_90": _r(np.nanquantile(own[:, j], 0.05)),
                "high_90": _r(np.nanquantile(own[:, j], 0.95)),
                "monte_carlo_error": _r(np.nanstd(own[:, j], ddof=1) / np.sqrt(len(own))),
            }
            for j, name in enumerate(OF_THE_PROGRAMME)
        }
    return later, onwards


def _sensitivity(found: Calibrated, onwards: Mapping[str, Floats]) -> Rows:
    """Return later incidents of a referred person, and the headline, when targets are left out.

    Rows are weighed anew, not simulated anew; `effective_rows` says how many then count. And by
    halves of the posterior: less or more of the spread between cases, of the extra risk after an
    incident, of the length of cases.
    """
    out = []
    for reading, counted in onwards.items():
        own = counted[:, -len(OF_THE_PROGRAMME) :]
        good = np.isfinite(own).all(axis=1)
        scores = found.rows(reading, len(counted))[good]
        own = own[good]
        weights = {"all targets": np.full(len(own), 1 / len(own))}
        for name, w in identify.reweighted(found, scores, reading).items():
            weights[f"without {name}"] = w
        names = found.recipe.names
        for name in ("case.frailty_sigma", "incident.raised_hazard", "case.long_duration"):
            z = scores[:, names.index(name)]
            for word, chosen in (("lower", z <= np.median(z)), ("upper", z > np.median(z))):
                weights[f"{word} half of {name}"] = chosen / chosen.sum()
        for what, w in weights.items():
            mean = w @ own
            spread = np.sqrt((w**2) @ (own - mean) ** 2)
            row: dict[str, Any] = {"reading": reading, "case": what}
            for j, name in enumerate(OF_THE_PROGRAMME):
                row[name] = _r(mean[j])
                row[f"{name}_error"] = _r(spread[j])
            row["effective_rows"] = round(float(1 / (w**2).sum()), 1)
            out.append(row)
    return out


def _rank_rows(ranks: proof.Ranks, broken: proof.Ranks) -> Rows:
    chi, ks, histogram = ranks.chi_square(), ranks.kolmogorov(), ranks.histogram()
    chi_broken, ks_broken = broken.chi_square(), broken.kolmogorov()
    return [
        {
            "quantity": name,
            "chi_square_p": _r(chi[j]),
            "ks_p": _r(ks[j]),
            "broken_chi_square_p": _r(chi_broken[j]),
            "broken_ks_p": _r(ks_broken[j]),
            **{f"bin_{b + 1}": int(histogram[b, j]) for b in range(len(histogram))},
        }
        for j, name in enumerate(ranks.quantities)
    ]


def lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Say what the proof shows."""
    good, bad = summary["calibration"], summary["broken_likelihood"]
    yield (
        f"Simulation-based calibration on {good['sets']} synthetic counties: "
        f"{'passes' if good['passes'] else 'FAILS'} (corrected p {good['corrected_p']:.2g}); "
        f"with chance left out it {'PASSES, so it proves nothing' if bad['passes'] else 'fails'} "
        f"(corrected p {bad['corrected_p']:.2g})."
    )
    for row in summary["predictive"]:
        if row["weight"] != "strong":
            continue
        met = "met" if abs(row["distance"]) <= 1 else "NOT MET"
        yield (
            f"Reading {row['reading']}: {row['label']}: {met}, counted {row['counted']:g}, "
            f"simulated {row['predicted']:g}, {abs(row['distance']):.2f} standard errors off."
        )


def _csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]) if rows else ["nothing"], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            texts = {key: as_text(cell) for key, cell in row.items() if isinstance(cell, str)}
            writer.writerow({**row, **texts})


def _r(value: Any) -> float:
    return float(f"{float(value):.4g}")
