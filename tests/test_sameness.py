"""Is an option that comes to the same as another said to, and only such a one?"""

from __future__ import annotations

from pathlib import Path

import pytest
from small_study import write_scenario

from dapp_model import cli, sameness
from dapp_model.engines import simulate
from dapp_model.scenario import load, shipped

LATE = 'extension.length = "0 months"\nservices.from = 2090-04-01\nservices.campaigns = 2.0\n'
SIZE = 'extension.length = "2 years"\nextension.group_size = "20 people"\n'
OFTEN = 'extension.length = "2 years"\nextension.group_interval = "7 days"\n'
EVALUATION = 'extension.length = "0 months"\nextension.evaluation_cost = "£40,000"\n'
CLOSED = 'extension.length = "2 years"\nextension.delivery = "closed groups"\n'
SOON = 'extension.length = "0 months"\nservices.campaigns = 2.0\n'


def one_more(folder: Path, levers: str) -> Path:
    return write_scenario(folder, more=f'\n[options.more]\nlabel = "One more"\n{levers}')


@pytest.mark.parametrize(
    ("levers", "equal", "apart"),
    [
        (LATE, "stop", "services.from, services.campaigns"),
        (SIZE, "extend", "extension.group_size"),
        (OFTEN, "extend", "extension.group_interval"),
    ],
)
def test_levers_that_do_not_act_bring_a_warning_that_names_the_equal_option(
    tmp_path: Path, levers: str, equal: str, apart: str
) -> None:
    inputs = load(one_more(tmp_path, levers))
    (warning,) = set(sameness.warned(inputs).warnings) - set(inputs.warnings)
    assert f"({equal})" in warning
    assert f"({apart}) does not act" in warning
    logs = [simulate(inputs, option=name, seed=1) for name in (equal, "more")]
    assert logs[0].sha256 == logs[1].sha256


@pytest.mark.parametrize("levers", [EVALUATION, CLOSED, SOON])
def test_levers_that_act_bring_no_warning(tmp_path: Path, levers: str) -> None:
    """An evaluation is paid for even where nothing is extended."""
    inputs = load(one_more(tmp_path, levers))
    assert sameness.warned(inputs).warnings == inputs.warnings
    assert not any("One more" in text for text in inputs.warnings)


def test_an_evaluation_that_costs_nothing_is_the_same_as_stopping(tmp_path: Path) -> None:
    inputs = load(one_more(tmp_path, EVALUATION.replace("£40,000", "£0")))
    assert sum("One more" in text for text in sameness.warned(inputs).warnings) == 1


@pytest.mark.parametrize("name", sorted(shipped()))
def test_no_shipped_option_comes_to_the_same_as_another(name: str) -> None:
    inputs = load(shipped()[name])
    assert sameness.warned(inputs).warnings == inputs.warnings


def test_check_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(one_more(tmp_path, SIZE))]) == 0
    assert "comes to the same as" in " ".join(capsys.readouterr().out.split())
