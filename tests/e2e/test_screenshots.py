"""scripts/screenshots: what it makes of the pictures that the tests leave."""

from io import BytesIO
import os
from pathlib import Path

from PIL import Image
import pytest

from scripts import _screenshots


def noise(path: Path, side: int) -> None:
    """Leave a picture that cannot be packed."""
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(path)


def test_pictures_are_made_small(tmp_path: Path) -> None:
    """Fewer colours where need be, and an error where that does not help."""
    picture = tmp_path / "picture.png"
    noise(picture, 200)
    assert Image.open(BytesIO(_screenshots.small(picture))).mode == "RGB"
    noise(picture, 400)
    assert Image.open(BytesIO(_screenshots.small(picture))).mode == "P"
    noise(picture, 800)
    with pytest.raises(ValueError, match=r"picture.png has .* and 200,000 are allowed"):
        _screenshots.small(picture)


def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are copied all the same."""
    monkeypatch.setattr(_screenshots, "TAKEN", tmp_path)
    monkeypatch.setattr(_screenshots, "SHOWN", tmp_path)
    monkeypatch.setattr(_screenshots, "PICTURES", {"here": "shown", "gone": "lost"})
    noise(tmp_path / "here.png", 10)
    assert _screenshots.main() == 1
    assert "gone.png is not there" in capsys.readouterr().err
    assert (tmp_path / "shown.png").is_file()
