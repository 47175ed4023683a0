"""Builds the zip that HACS installs, and checks it: python scripts/_release.py [--tag TAG]."""

import argparse
from collections.abc import Iterator
import io
import json
from pathlib import Path, PurePosixPath
import re
import sys
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "custom_components" / "antminer_monitor"
TARGET = ROOT / "build" / "antminer_monitor.zip"

KINDS = frozenset({".py", ".js", ".json", ".yaml", ".png"})
"""What belongs into a release; any other file is a mistake that should not be shipped."""

NEEDED = (
    "__init__.py",
    "manifest.json",
    "config_flow.py",
    "services.yaml",
    "icons.json",
    "translations/en.json",
    "brand/icon.png",
)

MOST_BYTES = 4 << 20
"""Of the zip: far more than it takes, and far less than a file that got in by accident."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


class ReleaseError(Exception):
    """The release must not be made. The text says why."""


def build(package: Path) -> bytes:
    """Make the zip: the same bytes from the same files, whenever and wherever it is made.

    Raises ReleaseError where a file stands in the package that does not belong into one.
    """
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path in sorted(_files(package)):
            if path.is_symlink() or path.suffix not in KINDS:
                raise ReleaseError(
                    f"{path.relative_to(package)} does not belong into a release"
                )
            item = ZipInfo(path.relative_to(package).as_posix(), _EPOCH)
            item.external_attr = 0o644 << 16
            archive.writestr(item, path.read_bytes(), ZIP_DEFLATED, 9)
    return buffer.getvalue()


def check(content: bytes, tag: str | None, changelog: str) -> str:
    """Check the zip as HACS finds it, with its manifest at the top; give its version.

    Raises ReleaseError with the first thing that is wrong.
    """
    if len(content) > MOST_BYTES:
        raise ReleaseError(f"the zip has {len(content)} bytes, {MOST_BYTES} at most")
    with ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if bad := archive.testzip():
            raise ReleaseError(f"{bad} is damaged")
        for name in NEEDED:
            if name not in names:
                raise ReleaseError(f"{name} is not in the zip")
        for name in names:
            if ".." in PurePosixPath(name).parts or name.startswith("/"):
                raise ReleaseError(f"{name} leaves the folder")
        version = str(json.loads(archive.read("manifest.json"))["version"])
    if tag is not None:
        if tag != f"v{version}":
            raise ReleaseError(f"the tag is {tag}, and the manifest says {version}")
        _check_changelog(version, changelog)
    return version


def _check_changelog(version: str, changelog: str) -> None:
    """Raise ReleaseError unless the newest section is that of the version, with its date."""
    _, *sections = re.split(r"(?m)^## ", changelog)
    if sections and sections[0].startswith("[Unreleased]"):
        if sections[0].removeprefix("[Unreleased]").strip():
            raise ReleaseError(f"CHANGELOG.md has changes that are not in {version}")
        del sections[0]
    newest = rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    if not sections or not re.match(newest, sections[0]):
        raise ReleaseError(f"CHANGELOG.md does not begin with {version} and its date")


def _files(package: Path) -> Iterator[Path]:
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def main(arguments: list[str] | None = None) -> int:
    """Build and check; return 1 with one line that says why if it must not be released."""
    parser = argparse.ArgumentParser(description="Builds the zip that HACS installs.")
    parser.add_argument("--tag", help="of the release, such as v1.2.3")
    tag = parser.parse_args(arguments).tag
    try:
        content = build(PACKAGE)
        version = check(content, tag, (ROOT / "CHANGELOG.md").read_text())
    except ReleaseError as err:
        print(f"No release: {err}.", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(content)
    print(f"{TARGET.relative_to(ROOT)}: version {version}, {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
