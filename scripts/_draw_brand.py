"""Draws the icon and the logo that Home Assistant and HACS show for the integration.

The icon is an ant on a hexagon: its legs are the traces of a circuit, on its back runs a pulse. Everything is drawn
in units of a square of 512, four times as large as the largest image, and then scaled down.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, pi, sin
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

BRAND = (
    Path(__file__).resolve().parent.parent
    / "custom_components"
    / "antminer_monitor"
    / "brand"
)

SIZE = 512
OVERSAMPLING = 4

type Point = tuple[float, float]
type Colour = tuple[int, int, int]

BADGE_TOP: Colour = (44, 56, 74)
BADGE_BOTTOM: Colour = (20, 27, 38)
RIM: Colour = (247, 147, 26)
ANT_TOP: Colour = (255, 190, 74)
ANT_BOTTOM: Colour = (242, 120, 20)
PULSE: Colour = (255, 255, 255)
INK: Colour = (28, 36, 48)
INK_ON_DARK: Colour = (240, 244, 248)
SECOND_WORD: Colour = (236, 124, 18)

# The ant, seen from above; of what comes in pairs, the right one.
HEAD = (256, 141, 44, 40)
THORAX = (256, 222, 38, 48)
ABDOMEN = (256, 355, 84, 103)
LEGS: Sequence[Sequence[Point]] = (
    ((277, 203), (333, 185), (362, 130)),
    ((286, 223), (362, 229), (419, 192)),
    ((278, 243), (344, 271), (384, 346), (384, 383)),
)
ANTENNA: Sequence[Point] = ((271, 117), (291, 82), (318, 69))
PULSE_LINE: Sequence[Point] = (
    (186, 364),
    (223, 364),
    (240, 324),
    (263, 408),
    (282, 342),
    (293, 364),
    (326, 364),
)


class Canvas:
    """A mask of the large square: shapes are drawn white, and become the coverage of a colour."""

    def __init__(self) -> None:
        """Start with nothing drawn."""
        side = SIZE * OVERSAMPLING
        self.mask = Image.new("L", (side, side), 0)
        self._draw = ImageDraw.Draw(self.mask)

    def disc(self, centre: Point, radius: float) -> None:
        """Draw a filled circle."""
        self.ellipse((*centre, radius, radius))

    def ellipse(self, shape: tuple[float, float, float, float]) -> None:
        """Draw a filled ellipse: centre and both radii."""
        x, y, width, height = (OVERSAMPLING * value for value in shape)
        self._draw.ellipse((x - width, y - height, x + width, y + height), fill=255)

    def line(self, points: Sequence[Point], width: float) -> None:
        """Draw a line of straight pieces with round joints and ends."""
        for start, end in pairwise(points):
            scaled = [OVERSAMPLING * value for point in (start, end) for value in point]
            self._draw.line(scaled, fill=255, width=round(width * OVERSAMPLING))
        for point in points:
            self.disc(point, width / 2)

    def hexagon(self, radius: float, corner: float) -> None:
        """Draw a filled hexagon that stands on a rounded corner, in the middle."""
        centre, inner = SIZE / 2, radius - corner
        corners = [
            (centre + inner * sin(turn), centre - inner * cos(turn))
            for turn in (step * pi / 3 for step in range(6))
        ]
        self._draw.polygon(
            [(OVERSAMPLING * x, OVERSAMPLING * y) for x, y in corners], fill=255
        )
        self.line([*corners, corners[0]], 2 * corner)


def _mirrored(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    yield points
    yield [(SIZE - x, y) for x, y in points]


def _fill(image: Image.Image, mask: Image.Image, top: Colour, bottom: Colour) -> None:
    """Lay a colour that changes from top to bottom over what the mask covers."""
    column = Image.new("RGB", (1, 256))
    for row in range(256):
        share = row / 255
        column.putpixel(
            (0, row),
            tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)),
        )
    image.paste(column.resize(image.size), mask=mask)


def icon() -> Image.Image:
    """Return the icon, four times as large as its largest image."""
    side = SIZE * OVERSAMPLING
    image = Image.new("RGBA", (side, side))

    rim, badge = Canvas(), Canvas()
    rim.hexagon(252, 44)
    badge.hexagon(238, 36)
    _fill(image, rim.mask, ANT_TOP, RIM)
    _fill(image, badge.mask, BADGE_TOP, BADGE_BOTTOM)

    ant = Canvas()
    for leg in LEGS:
        for side_of_leg in _mirrored(leg):
            ant.line(side_of_leg, 17)
            ant.disc(side_of_leg[-1], 17)
    for antenna in _mirrored(ANTENNA):
        ant.line(antenna, 13)
        ant.disc(antenna[-1], 12)
    # Each part of the body stands clear of the one before it.
    for x, y, width, height in (THORAX, HEAD, ABDOMEN):
        gap = Canvas()
        gap.ellipse((x, y, width + 8, height + 8))
        ant.mask.paste(0, mask=gap.mask)
        ant.ellipse((x, y, width, height))
    _fill(image, ant.mask, ANT_TOP, ANT_BOTTOM)

    pulse, body = Canvas(), Canvas()
    pulse.line(PULSE_LINE, 17)
    body.ellipse(ABDOMEN)
    _fill(image, ImageChops.multiply(pulse.mask, body.mask), PULSE, PULSE)
    return image


def logo(mark: Image.Image, ink: Colour) -> Image.Image:
    """Return the icon with the name beside it, cut to what is drawn."""
    unit = OVERSAMPLING
    image = Image.new("RGBA", (1700 * unit, SIZE * unit))
    image.alpha_composite(mark)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(218 * unit)
    for word, baseline, colour, weight in (
        ("Antminer", 244, ink, 5),
        ("Monitor", 450, SECOND_WORD, 2),
    ):
        draw.text(
            (545 * unit, baseline * unit),
            word,
            colour,
            font,
            anchor="ls",
            stroke_width=weight * unit,
            stroke_fill=colour,
        )
    return image.crop(image.getbbox())


def save(image: Image.Image, name: str) -> None:
    """Write an image 256 high, and twice as large for dense screens."""
    for suffix, height in (("", 256), ("@2x", 512)):
        width = round(image.width * height / image.height)
        scaled = image.resize((width, height), Image.Resampling.LANCZOS)
        scaled.save(BRAND / f"{name}{suffix}.png", optimize=True)


def main() -> None:
    """Draw every image anew."""
    BRAND.mkdir(exist_ok=True)
    mark = icon()
    save(mark, "icon")
    save(logo(mark, INK), "logo")
    save(logo(mark, INK_ON_DARK), "dark_logo")


if __name__ == "__main__":
    main()
