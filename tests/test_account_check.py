"""Does the workbook come to the run's headline when a spreadsheet program works it out?"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import small_study

from dapp_model import account_check, all_draws, study
from dapp_model.account_check import Material
from dapp_model.stored import read_manifest
from robustness.small import scenario

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_office = pytest.mark.skipif(
    OFFICE is None,
    reason="LibreOffice is not installed, so nothing here can work out the formulas of "
    "account_check.xlsx (apt-get install libreoffice-calc)",
)
SCENARIO = scenario("Whether to go on", "Stop or extend?", ("pause_and_evaluate",))


def worked_out(path: Path, folder: Path) -> list[list[str]]:
    """Return the sheet Result as a spreadsheet program works it out."""
    assert OFFICE is not None
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [OFFICE, profile, "--headless", "--convert-to", "csv", "--outdir", str(folder)]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=240)
    with (folder / f"{path.stem}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def made(folder: Path, **money: str) -> Material:
    """Return what the workbook of a small study is made of, with the study's own headline."""
    from dapp_model import decision
    from dapp_model.scenario import load

    rows = "".join(f"{name} = '{value}'\n" for name, value in money.items())
    path = folder / "small.toml"
    path.write_text(f"{SCENARIO}[assume.money]\n{rows}", encoding="utf-8")
    inputs = load(path)
    plan, parts, target = small_study.PLAN, folder / "parts", folder / "tables"
    target.mkdir()
    study.compute(inputs, plan, parts, workers=1)
    gathered = all_draws.gather(inputs, plan, parts, target)
    how = {"draws": 2, "replications": 2, "seed": 3, "indicative": False}
    decided = decision.decide(inputs, gathered.worth, study=how)
    return account_check.material(inputs, plan, gathered, decided)


@needs_office
def test_the_headline_of_the_shipped_study_follows_from_its_counts(tmp_path: Path) -> None:
    finished = small_study.finished()
    rows = worked_out(finished.folder / account_check.NAME, tmp_path)
    said = {row[0]: row[1] for row in rows if len(row) > 1}
    headline = finished.decision["three_numbers"][2]
    assert headline["measure"] == "net_present_social_value"
    assert float(said["What the run says"]) == pytest.approx(headline["mean"])
    assert float(said["Mean over draws, worked out here"]) == pytest.approx(
        headline["mean"], abs=account_check.TOLERANCE
    )
    assert abs(headline["mean"]) > 100
    assert said["Do they agree to the pound?"] == "yes"
    assert read_manifest(finished.folder)["scenario"] == "small"


@needs_office
@pytest.mark.parametrize(
    "money",
    [
        {"price_year": "2024/25", "harm_discounting": "health"},
        {"harm_route": "victim-years", "justice_route": "event"},
        {"harm_route": "QALYs", "green_book": "2018", "homicide": "left out"},
    ],
)
def test_it_holds_on_every_route_and_price_base(money: dict[str, str], tmp_path: Path) -> None:
    found = made(tmp_path, **money)
    account_check.write(tmp_path / "book.xlsx", found)
    said = {row[0]: row[1] for row in worked_out(tmp_path / "book.xlsx", tmp_path) if row[0]}
    assert said["Do they agree to the pound?"] == "yes"
    assert float(said["Mean over draws, worked out here"]) == pytest.approx(found.headline, abs=1)


@needs_office
def test_the_workbook_is_alive_and_not_a_copy(tmp_path: Path) -> None:
    """One more rape averted in one draw and year is worth what the unit cost says."""
    found = made(tmp_path)
    which = next(
        i
        for i, cost in enumerate(found.costs)
        if (cost.offence, cost.item) == ("rape", "consequence")
    )
    year = found.years.index(found.year_0) + 1
    averted = found.averted.copy()
    averted[0, which, year] += 1
    account_check.write(tmp_path / "more.xlsx", replace(found, averted=averted))
    rows = worked_out(tmp_path / "more.xlsx", tmp_path)
    said = {row[0]: row[1] for row in rows if row[0]}
    cost = found.costs[which]
    each = cost.priced(found.settings.price_year) * found.multiples[0, which]
    kept = sum(part.share for part in cost.parts if not part.zero)
    assert float(said["Difference"]) == pytest.approx(each * kept / 1.035 / 2, abs=1.0)
    assert said["Do they agree to the pound?"] == "no"


def test_every_pound_is_a_formula() -> None:
    """What is stored of formulas is nothing: whoever opens the book works them out."""
    with zipfile.ZipFile(small_study.finished().folder / account_check.NAME) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(names) == len(account_check.SHEETS)
        formulas = [
            cell
            for name in names
            for cell in re.findall(r"<c [^>]*>(<f.*?)</c>", book.read(name).decode())
        ]
    assert len(formulas) > 100
    assert all(cell.endswith(("<v></v>", "<v/>")) for cell in formulas)


def test_the_same_material_gives_the_same_file(tmp_path: Path) -> None:
    found = made(tmp_path)
    for name in ("one.xlsx", "two.xlsx"):
        account_check.write(tmp_path / name, found)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert np.isfinite(found.averted).all()
