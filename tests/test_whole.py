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


def test_files_are_added_to_a_folder_and_others_left_alone(tmp_path: Path) -> None:
    place = earlier(tmp_path)
    (place / "new.txt").write_text("before")
    with whole.added(place, "It") as made:
        (made / "new.txt").write_text("new")
        assert (place / "new.txt").read_text() == "before"
    assert {path.name: path.read_text() for path in place.iterdir()} == {
        "old.txt": "old",
        "new.txt": "new",
    }


def fail_to_add(place: Path, error: BaseException) -> None:
    with whole.added(place, "The timeline") as made:
        (made / "old.txt").write_text("new")
        raise error


def test_nothing_is_added_if_anything_goes_wrong(tmp_path: Path) -> None:
    place = earlier(tmp_path)
    with pytest.raises(RunError, match="The timeline could not be written"):
        fail_to_add(place, OSError(28, "No space left on device"))
    assert {path.name: path.read_text() for path in place.iterdir()} == {"old.txt": "old"}
