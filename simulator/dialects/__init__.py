"""How each firmware speaks on port 4028."""

from .avalon import Avalon
from .base import Dialect
from .braiins import Braiins
from .classic import Classic
from .luxos import LuxOs
from .vnish import Vnish
from .whatsminer import Whatsminer
from .x19 import X19

DIALECTS: dict[str, Dialect] = {
    "classic": Classic(),
    "x19": X19(),
    "vnish": Vnish(),
    "luxos": LuxOs(),
    "braiins": Braiins(),
    "whatsminer": Whatsminer(),
    "avalon": Avalon(),
}
"""One speaker a dialect; they hold no state."""

__all__ = ["DIALECTS", "Dialect"]
