"""Puts the best screenshots of the tests in a browser into the documentation, small enough for a repository.

python scripts/_screenshots.py
"""

from io import BytesIO
from pathlib import Path
import sys

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TAKEN = ROOT / "build" / "screenshots"
SHOWN = ROOT / "docs" / "images"

LARGEST = 200_000
"""Bytes of a picture."""

COLOURS = 256
"""Of a picture that would be too large; pages of Home Assistant have hardly more."""

PICTURES = {
    "setup-dashboard": "dashboard-home",
    "setup-added": "dashboard-add",
    "fleet-filtered": "dashboard-fleet",
    "rig": "dashboard-rig",
    "menu-editor": "dashboard-menu",
    "logs": "dashboard-logs",
    "dark-home": "dashboard-dark",
    "phone-miners": "dashboard-phone",
    "blueprint": "blueprint",
    "pack": "pack",
}
"""By the name of the screenshot: what it is called in docs/images."""


def small(picture: Path) -> bytes:
    """Return a picture as PNG; ValueError when it cannot be made small enough."""
    with Image.open(picture) as image:
        plain = image.convert("RGB")
    for version in (plain, plain.quantize(COLOURS)):
        packed = BytesIO()
        version.save(packed, "PNG", optimize=True)
        if packed.tell() <= LARGEST:
            return packed.getvalue()
    raise ValueError(
        f"{picture.name} has {packed.tell():,} bytes even with {COLOURS} colours, and {LARGEST:,} are allowed"
    )


def main() -> int:
    """Copy them; return 1 when one is missing or too large."""
    failed = 0
    for source, target in PICTURES.items():
        taken = TAKEN / f"{source}.png"
        try:
            content = small(taken)
        except FileNotFoundError:
            print(f"{taken} is not there: run scripts/test tests/e2e", file=sys.stderr)
            failed = 1
        except ValueError as error:
            print(error, file=sys.stderr)
            failed = 1
        else:
            (SHOWN / f"{target}.png").write_bytes(content)
            print(f"{target}.png: {len(content):,} bytes")
    return failed


if __name__ == "__main__":
    sys.exit(main())
