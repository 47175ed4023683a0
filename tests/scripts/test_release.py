"""The zip that HACS installs."""

import io
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from custom_components.antminer_monitor.const import DOMAIN
from scripts import _release as release

CHANGELOG = "# Changelog\n\n## [1.2.3] - 2026-11-21\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Make a small package with all that a release needs."""
    for name in release.NEEDED:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "1.2.3"}))
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "left.pyc").write_text("")
    return tmp_path


def test_ours() -> None:
    """What is in the repository now can be released, whole and nothing else."""
    content = release.build(release.PACKAGE)
    assert content == release.build(release.PACKAGE)
    version = release.check(content, None, "")
    with ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["domain"] == DOMAIN
    assert manifest["version"] == version
    assert not [name for name in names if "pycache" in name or name.startswith(DOMAIN)]
    hacs = json.loads((release.ROOT / "hacs.json").read_text())
    assert hacs["zip_release"] is True
    assert hacs["filename"] == release.TARGET.name


def test_tagged(package: Path) -> None:
    """Tag, manifest and changelog name one version."""
    assert release.check(release.build(package), "v1.2.3", CHANGELOG) == "1.2.3"
    empty = CHANGELOG.replace("## ", "## [Unreleased]\n\n## ")
    assert release.check(release.build(package), "v1.2.3", empty) == "1.2.3"


@pytest.mark.parametrize(
    ("tag", "changelog", "words"),
    [
        ("v1.2.4", CHANGELOG, "tag is v1.2.4"),
        ("1.2.3", CHANGELOG, "tag is 1.2.3"),
        ("v1.2.3", "", "does not begin with 1.2.3"),
        ("v1.2.3", "## [Unreleased]\n", "does not begin with 1.2.3"),
        ("v1.2.3", "## [1.2.3]\n", "does not begin with 1.2.3 and its date"),
        (
            "v1.2.3",
            "## [1.3.0] - 2026-11-22\n\n## [1.2.3] - 2026-11-21\n",
            "does not begin with 1.2.3",
        ),
        (
            "v1.2.3",
            "## [Unreleased]\n\n### Fixed\n\n## [1.2.3] - 2026-11-21\n",
            "changes that are not in 1.2.3",
        ),
    ],
)
def test_wrong_tag(package: Path, tag: str, changelog: str, words: str) -> None:
    """What would mislead those who install it is not released."""
    with pytest.raises(release.ReleaseError, match=words):
        release.check(release.build(package), tag, changelog)


@pytest.mark.parametrize("name", release.NEEDED)
def test_missing(package: Path, name: str) -> None:
    """A release without a part that it needs is none."""
    (package / name).unlink()
    with pytest.raises(release.ReleaseError, match=name.replace(".", r"\.")):
        release.check(release.build(package), None, "")


@pytest.mark.parametrize("name", ["secrets.txt", "notes.md", ".env"])
def test_left_over(package: Path, name: str) -> None:
    """A file that lies about is not shipped."""
    (package / name).write_text("")
    with pytest.raises(release.ReleaseError, match="does not belong"):
        release.build(package)


def test_link(package: Path) -> None:
    """A link would carry what it points to."""
    (package / "link.py").symlink_to("/etc/hostname")
    with pytest.raises(release.ReleaseError, match=r"link\.py"):
        release.build(package)


def test_said(
    package: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command says what it made, or why it made nothing."""
    root = tmp_path_factory.mktemp("root")
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    monkeypatch.setattr(release, "ROOT", root)
    monkeypatch.setattr(release, "PACKAGE", package)
    monkeypatch.setattr(release, "TARGET", root / "build" / "made.zip")
    assert release.main(["--tag", "v9"]) == 1
    assert "the tag is v9" in capsys.readouterr().err
    assert not release.TARGET.exists()
    assert release.main(["--tag", "v1.2.3"]) == 0
    assert "version 1.2.3" in capsys.readouterr().out
    with ZipFile(release.TARGET) as archive:
        assert "manifest.json" in archive.namelist()
