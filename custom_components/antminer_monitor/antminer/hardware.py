"""What each Antminer model has in it and what it is rated to draw.

The table only hints: a model that is not in it is read all the same, without expected
numbers of boards, chips and fans and without an estimate of its power.

Boards, chips and fans: asic-rs and anselal/antminer-monitor (``models.json``). Where the
two disagree the figure is left out. Rated power at the wall, within 5 to 10 %: a seed
table built from asicminervalue, hashrateindex and Bitmain, compared with two other lists;
for other algorithms than SHA-256d general knowledge of Bitmain's data sheets. Figures that
those sources doubt themselves (L11, Z9, S19 at 84 and 90 TH/s) are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
import re

_TH, _GH, _MH, _KH, _KSOL = 1e12, 1e9, 1e6, 1e3, 1e3


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the ratings that a model is sold with."""

    hashrate: float
    """H/s (or solutions per second)."""
    power: float
    """W at the wall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """A model. ``None`` where the sources do not say."""

    model: str
    """As printed on the machine, without ``Antminer``: ``S19j Pro``."""
    algorithm: str
    unit: str
    """Unit of the rates on port 4028 where the reply names none; ``GHS 5s`` of an L3+
    holds MH/s."""
    boards: int | None = None
    chips: int | None = None
    """Chips on one board."""
    fans: int | None = None
    """0 for water-cooled models."""
    variants: tuple[Variant, ...] = ()
    inlet: tuple[int, ...] = ()
    """Which of a board's sensors (``temp_pcb``) are on the side where the air comes in."""
    outlet: tuple[int, ...] = ()


# Which sensor sits where is certain for these only (pyasic issue 295).
_SIDES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "S19j Pro": ((0, 1), (2, 3)),
    "S21": ((0, 1), (2, 3)),
    "T21": ((0, 1), (2, 3)),
    "S21+ Hyd": ((0,), (2,)),
}
_TABLE: list[Hardware] = []


def _add(
    algorithm: str,
    unit: str,
    scale: float,
    *rows: tuple[str, int | None, int | None, int | None, dict[float, float]],
) -> None:
    """Add models of one algorithm: name, boards, chips, fans, rated rate -> watts."""
    _TABLE.extend(
        Hardware(
            model=name,
            algorithm=algorithm,
            unit=unit,
            boards=boards,
            chips=chips,
            fans=fans,
            variants=tuple(
                Variant(rate * scale, power) for rate, power in rated.items()
            ),
            inlet=_SIDES.get(name, ((), ()))[0],
            outlet=_SIDES.get(name, ((), ()))[1],
        )
        for name, boards, chips, fans, rated in rows
    )


_add(
    "sha256d",
    "GH/s",
    _TH,
    ("S7", 3, 45, 2, {4.73: 1293}),
    ("S7-LN", None, None, None, {2.7: 697}),
    ("S9", 3, 63, 2, {11.5: 1127, 12.5: 1225, 13: 1274, 13.5: 1323, 14: 1372}),
    ("S9i", 3, 63, 2, {13: 1280, 13.5: 1310, 14: 1320, 14.5: 1365}),
    ("S9j", 3, 63, 2, {14: 1314, 14.5: 1350}),
    ("S9k", 3, 60, 2, {13.5: 1148}),
    ("S9 SE", None, None, None, {16: 1280}),
    ("S9 Hyd", None, None, None, {18: 1728}),
    ("R4", None, None, None, {8.7: 845}),
    ("V9", None, None, None, {4: 1027}),
    ("T9", 3, None, 2, {11.5: 1450, 12.5: 1576}),
    ("T9+", 3, 54, 2, {10.5: 1432}),
    ("S11", 3, 84, 2, {20.5: 1530}),
    ("S15", None, None, None, {17: 850, 28: 1596}),
    ("T15", 3, 60, 2, {20: 1200, 23: 1541}),
    ("S17", 3, 48, 4, {53: 2385, 56: 2520}),
    ("S17 Pro", 3, 48, 4, {50: 1975, 53: 2094, 56: 2212}),
    ("S17+", 3, 65, 4, {73: 2920}),
    ("S17e", 3, 135, 4, {64: 2880}),
    ("T17", 3, 30, 4, {40: 2200}),
    ("T17+", 3, 44, 4, {58: 2920, 61: 3050, 64: 3200}),
    ("T17e", 3, 78, 4, {53: 2915}),
    ("S19", 3, 76, 4, {95: 3250}),
    ("S19L", 3, 76, 4, {}),
    ("S19 Pro", 3, 114, 4, {100: 2950, 105: 3098, 110: 3250}),
    ("S19 Pro+", 3, 120, 4, {120: 3360}),
    ("S19 Pro++", None, None, None, {115: 2990, 120: 3120, 125: 3250}),
    ("S19 Pro-A", None, None, None, {100: 2950}),
    ("T19", 3, 76, 4, {84: 3150, 88: 3344}),
    ("S19i", None, None, None, {90: 2970}),
    ("S19j", 3, 114, 4, {90: 3250}),
    (
        "S19j Pro",
        3,
        126,
        4,
        {84: 2478, 88: 2596, 92: 2714, 96: 2832, 100: 2950, 104: 3068},
    ),
    ("S19j Pro+", 3, 120, 4, {113: 3108, 117: 3218, 120: 3300}),
    ("S19j Pro++", None, None, None, {122: 3355}),
    ("S19j XP", None, None, None, {151: 3247}),
    ("S19k Pro", 3, 77, 4, {110: 2530, 115: 2645, 120: 2760}),
    ("S19a", 3, 72, None, {90: 3250, 96: 3312, 100: 3450}),
    ("S19a Pro", 3, 100, None, {102: 3009, 106: 3127, 110: 3245}),
    ("S19 XP", 3, 110, 4, {134: 2882, 140: 3010, 141: 3032}),
    ("S19 Hyd", 4, 104, 0, {158: 5451}),
    ("T19 Hyd", None, None, 0, {145: 5438}),
    ("S19 Pro Hyd", 4, 180, 0, {177: 5221}),
    ("S19 Pro+ Hyd", None, None, 0, {191: 5252, 198: 5445}),
    ("T19 Pro Hyd", None, None, 0, {235: 5170}),
    ("S19 XP Hyd", None, None, 0, {255: 5304, 257: 5346}),
    ("S19 XP+ Hyd", None, None, 0, {279: 5301, 293: 5567}),
    ("S21", 3, 108, 4, {200: 3500}),
    ("S21+", 3, 55, 4, {216: 3564, 225: 3712, 235: 3877}),
    ("S21 Pro", 3, 65, 4, {234: 3510, 245: 3675}),
    ("S21 XP", 3, 91, 4, {270: 3645}),
    ("S21 Imm", None, None, 0, {301: 5569}),
    ("S21 XP Imm", None, None, 0, {300: 4050}),
    ("T21", 3, 108, 4, {180: 3420, 190: 3610, 233: 5126}),
    ("S21 Hyd", 3, 216, 0, {335: 5360}),
    ("S21+ Hyd", 3, 95, 0, {319: 4785, 358: 5370}),
    ("S21 XP Hyd", None, None, 0, {473: 5676}),
    ("S21e Hyd", None, None, 0, {288: 4896}),
)
_add(
    "scrypt",
    "MH/s",
    _MH,
    ("L3", None, None, None, {}),
    ("L3+", 4, 72, 2, {504: 800}),
    ("L3++", 4, 72, 2, {580: 942}),
    ("L7", 3, 120, 4, {9050: 3260, 9500: 3425}),
    ("L9", 3, 110, 4, {16000: 3360, 17000: 3570}),
    ("L11", 3, 88, 4, {}),
)
_add("x11", "MH/s", _GH, ("D3", 3, 60, None, {17: 970, 19: 1200}))
_add(
    "x11",
    "GH/s",
    _GH,
    ("D7", 3, 70, None, {1286: 3148}),
    ("D9", 3, 126, None, {1770: 2839}),
)
_add(
    "equihash",
    "kSol/s",
    _KSOL,
    ("Z9 mini", 3, 4, None, {10: 300}),
    ("Z9", None, None, None, {}),
    ("Z11", 3, 3, None, {135: 1418}),
    ("Z15", 3, 3, None, {420: 1510}),
    ("Z15 Pro", 3, 6, None, {840: 2780}),
)
_add(
    "ethash",
    "MH/s",
    _MH,
    ("E3", 9, 2, None, {190: 760}),
    ("E9", None, None, None, {2400: 1920}),
    ("E9 Pro", 2, 8, None, {3680: 2200}),
)
_add(
    "kheavyhash",
    "GH/s",
    _TH,
    ("KS3", 3, 92, 4, {8.3: 3188, 9.4: 3500}),
    ("KS5", 3, 92, 4, {20: 3000}),
    ("KS5 Pro", None, None, None, {21: 3150}),
)
_add("eaglesong", "GH/s", _TH, ("K7", 3, 92, 4, {63.5: 3080}))
_add("blake2s", "GH/s", _TH, ("KA3", 3, 92, 4, {166: 3154}))
_add("blake2b-sha3", "GH/s", _TH, ("HS3", 3, 92, 4, {9: 2079}))
_add("blake256r14", "GH/s", _TH, ("DR5", 3, 72, None, {34: 1800}))
_add("blake2b", "GH/s", _GH, ("A3", None, None, None, {815: 1275}))
_add("tensority", "H/s", 1, ("B3", None, None, None, {780: 360}))
_add("cryptonight", "kH/s", _KH, ("X3", None, None, None, {220: 465}))
_add("randomx", "kH/s", _KH, ("X5", None, None, None, {212: 1350}))

# Some firmware reports the name of its boards in place of the model's (asic-rs, foreman).
# BHB42XXX stands for several models and is in no table.
_BOARD_NAMES = {"bhb42601": "S19j Pro", "bhb68601": "S21", "bhb68606": "S21"}

# What firmware other than Bitmain's adds to the model's name.
_ADDED = re.compile(
    r"""\s*(?: [\r\n(\[].* | \b(?:hiveon|vnish|braiins|luxos|rwglr|asicseer|blissz|chipless
        |kaonsu|hashmaster|7miners|bitfufu|sdminer|pitbit)\b.* )$""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# A revision (L7_I, V1.3), or the rating (104T): no part of the model's name.
_REVISION = re.compile(r"(?:_\w+|\s+v\d[\w.]*|\s*[- ]\d+(?:\.\d+)?\s*th?)\.?$")


def _key(name: str) -> str:
    """Make one spelling of a model's name: ``S19Pro+`` and ``s19 pro plus`` are ``s19pro+``."""
    name = name.lower().replace("antminer", "").replace("hydro", "hyd")
    return re.sub(r"[^a-z0-9+]", "", name.replace("plus", "+"))


_MODELS = {_key(entry.model): entry for entry in _TABLE}
_MODELS |= {board: _MODELS[_key(model)] for board, model in _BOARD_NAMES.items()}

# The first letters of a name that is in no table: (algorithm, unit on port 4028).
_FAMILIES: tuple[tuple[str, str, str | None], ...] = (
    (r"(?:s|t|r)\d|bhb", "sha256d", None),
    (r"l\d", "scrypt", "MH/s"),
    (r"d\d", "x11", None),
    (r"z\d", "equihash", "kSol/s"),
    (r"e\d", "ethash", "MH/s"),
    (r"ks\d", "kheavyhash", None),
)


@lru_cache(maxsize=512)
def clean_model(model_type: str | None) -> str | None:
    r"""Give a ``Type`` without what firmware added to it; ``None`` where nothing is left.

    ``Antminer S9\nV1.3.58`` and ``Antminer S9 (vnish 3.8.6)`` are an ``Antminer S9``.
    """
    if not model_type:
        return None
    return _ADDED.sub("", model_type).strip() or None


@lru_cache(maxsize=512)
def find(model_type: str | None) -> Hardware | None:
    """Find the model that a firmware's ``Type`` names.

    The whole name counts: an ``S19 Pro`` is no S19, and a name that goes on with a word
    unknown to the table is an unknown model, because its boards may be others.
    """
    name = clean_model(model_type)
    if name is None:
        return None
    if found := _MODELS.get(_key(name)):
        return found
    shorter = _REVISION.sub("", name.lower())
    return _MODELS.get(_key(shorter))


@lru_cache(maxsize=512)
def family_of(model_type: str | None) -> tuple[str | None, str | None]:
    """Tell algorithm and unit on port 4028 of a model; by its letter if it is unknown.

    The unit is that of replies without ``rate_unit``; ``None`` where the letter does not
    tell.
    """
    if found := find(model_type):
        return found.algorithm, found.unit
    key = _key(clean_model(model_type) or "")
    for pattern, algorithm, unit in _FAMILIES:
        if re.match(pattern, key):
            return algorithm, unit
    return None, None


class Models:
    """The models of the table, and those that extensions teach; the table comes first."""

    def __init__(self, taught: Iterable[tuple[str, Hardware]] = ()) -> None:
        """Take names, each with the model that it means."""
        self._taught = {_key(name): hardware for name, hardware in taught}

    def find(self, model_type: str | None) -> Hardware | None:
        """Find the model that a firmware's ``Type`` names, as the function of that name does."""
        if (found := find(model_type)) or not self._taught:
            return found
        name = clean_model(model_type)
        if name is None:
            return None
        return self._taught.get(_key(name)) or self._taught.get(
            _key(_REVISION.sub("", name.lower()))
        )

    def family_of(self, model_type: str | None) -> tuple[str | None, str | None]:
        """Tell algorithm and unit of a model, as the function of that name does."""
        if self._taught and (found := self.find(model_type)):
            return found.algorithm, found.unit
        return family_of(model_type)


TABLE = Models()
"""The table alone."""


def estimate_power(
    hardware: Hardware | None, nominal: float | None, hashrate: float | None
) -> float | None:
    """Estimate the watts of a rig that hashes, from the rating nearest to its nominal rate.

    ``None`` for a model without rating, and for a rig that does not hash: what it draws
    then nobody has rated.
    """
    if hardware is None or not hardware.variants or not hashrate or hashrate < 0:
        return None
    wanted = nominal or hashrate
    rating = min(hardware.variants, key=lambda entry: abs(entry.hashrate - wanted))
    return rating.power / rating.hashrate * hashrate
