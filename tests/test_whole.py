"""Does a folder appear whole, in the place of an earlier one, or not at all?"""

from __future__ import annotations

from pathlib import Path

import pytest

from dapp_model import whole
from dapp_model.errors import RunError


def earlier(tmp_path: Path) -> Path:
    place = tmp_path / "inside" / "found"
    place.mkdir(parents=True)
    (place / "old.txt").write_text("old")
    return place


def write_and_fail(place: Path, error: BaseException) -> None:
    with whole.replaced(place, "The analysis") as made:
        (made / "new.txt").write_text("new")
        raise error


def test_an_earlier_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    place = earlier(tmp_path)
    with whole.replaced(place, "It") as made:
        (made / "new.txt").write_text("new")
        assert (place / "old.txt").exists()
    assert [path.name for path in place.iterdir()] == ["new.txt"]
    assert [path.name for path in place.parent.iterdir()] == ["found"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_the_earlier_folder_stays_if_anything_goes_wrong(
    tmp_path: Path, error: BaseException
) -> None:
    place = earlier(tmp_path)
    expected = RunError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as found:
        write_and_fail(place, error)
    if expected is RunError:
        assert "The analysis could not be written to" in str(found.value)
        assert "No space left" in str(found.value)
    assert [path.name for path in place.iterdir()] == ["old.txt"]
    assert [path.name for path in place.parent.iterdir()] == ["found"]
