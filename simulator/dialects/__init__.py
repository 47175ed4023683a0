"""How each firmware speaks on port 4028."""

from .base import Dialect
from .braiins import Braiins
from .classic import Classic
from .luxos import LuxOs
from .vnish import Vnish
from .x19 import X19

DIALECTS: dict[str, Dialect] = {
    "classic": Classic(),
    "x19": X19(),
    "vnish": Vnish(),
    "luxos": LuxOs(),
    "braiins": Braiins(),
}
"""One speaker a dialect; they hold no state."""

__all__ = ["DIALECTS", "Dialect"]
