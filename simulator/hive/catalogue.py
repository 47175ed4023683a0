"""What simulated farms are made of: cards, ASICs, flight sheets, overclocking profiles.

Rates are in kH/s and power in watts, as the service writes them. The names of miner
programs are those that the published specification lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .data import Data, sparse

GPU_PLATFORM = 1
ASIC_PLATFORM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuKind:
    """A graphics card."""

    brand: str
    model: str
    short_name: str
    memory: int
    """GiB."""
    memory_type: str
    watts: int
    core_clock: int
    memory_clock: int
    rates: Mapping[str, float]
    """kH/s by algorithm; half of it for the second of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsicKind:
    """An ASIC and its firmware."""

    model: str
    short_name: str
    algorithm: str
    rate: float
    """kH/s of the whole machine."""
    watts: int
    boards: int
    chips: int
    """Of a board."""
    frequency: int
    millivolts: int
    hiveon: bool
    """Hiveon's firmware, which measures power; the maker's own does not."""
    firmware: str
    control_board: str = "xilinx"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetItem:
    """What one miner program does."""

    coin: str
    algorithm: str
    pool: str
    miner: str
    version: str
    wallet: int
    second_coin: str | None = None
    second_algorithm: str | None = None
    processor: bool = False
    """Runs on the processor, not on the cards."""

    def brief(self) -> Data:
        """As it stands in a worker."""
        return sparse(
            coin=self.coin,
            pool=self.pool,
            wal_id=self.wallet,
            dcoin=self.second_coin,
            dpool=self.pool if self.second_coin else None,
            dwal_id=self.wallet + 1 if self.second_coin else None,
            miner=self.miner,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightSheet:
    """What a worker is set to mine."""

    id: int
    name: str
    platform: int
    items: tuple[SheetItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overclock:
    """An overclocking profile."""

    id: int
    name: str
    nvidia: Mapping[str, str] = field(default_factory=dict)
    amd: Mapping[str, str] = field(default_factory=dict)
    power: float = 1.0
    """Times the watts of the card."""
    speed: float = 1.0
    """Times the rate of the card."""

    def settings(self) -> Data:
        """By brand."""
        return sparse(nvidia=dict(self.nvidia), amd=dict(self.amd))


GPUS: tuple[GpuKind, ...] = (
    GpuKind(
        brand="nvidia",
        model="GeForce RTX 3070",
        short_name="RTX 3070",
        memory=8,
        memory_type="Micron GDDR6",
        watts=128,
        core_clock=1140,
        memory_clock=8001,
        rates={"etchash": 61_500, "autolykos2": 172_000, "kheavyhash": 430_000},
    ),
    GpuKind(
        brand="amd",
        model="Radeon RX 6700 XT",
        short_name="RX 6700 XT",
        memory=12,
        memory_type="Samsung GDDR6",
        watts=104,
        core_clock=1300,
        memory_clock=1075,
        rates={"etchash": 47_200, "autolykos2": 98_000, "kheavyhash": 310_000},
    ),
    GpuKind(
        brand="nvidia",
        model="GeForce GTX 1660 SUPER",
        short_name="GTX 1660 SUPER",
        memory=6,
        memory_type="Hynix GDDR6",
        watts=78,
        core_clock=1090,
        memory_clock=7001,
        rates={"etchash": 31_300, "autolykos2": 72_000, "kheavyhash": 180_000},
    ),
)
ASICS: tuple[AsicKind, ...] = (
    AsicKind(
        model="Antminer S19",
        short_name="S19",
        algorithm="sha256",
        rate=95e9,
        watts=3250,
        boards=3,
        chips=76,
        frequency=675,
        millivolts=13_200,
        hiveon=True,
        firmware="Hiveon 1.03 (Thu Sep 21 12:00:00 UTC 2023)",
    ),
    AsicKind(
        model="Antminer S19j Pro",
        short_name="S19j Pro",
        algorithm="sha256",
        rate=100e9,
        watts=3068,
        boards=3,
        chips=126,
        frequency=525,
        millivolts=13_700,
        hiveon=False,
        firmware="Fri Nov 17 17:37:49 CST 2023",
        control_board="bb",
    ),
    AsicKind(
        model="Antminer L7",
        short_name="L7",
        algorithm="scrypt",
        rate=9.5e6,
        watts=3425,
        boards=4,
        chips=120,
        frequency=550,
        millivolts=12_600,
        hiveon=False,
        firmware="Tue Mar 14 10:12:33 CST 2023",
    ),
)

_ETC = SheetItem(
    coin="ETC",
    algorithm="etchash",
    pool="2miners",
    miner="lolminer",
    version="1.88",
    wallet=501,
)
_ERG = SheetItem(
    coin="ERG",
    algorithm="autolykos2",
    pool="herominers",
    miner="lolminer",
    version="1.88",
    wallet=503,
)
_ERG_KAS = SheetItem(
    coin="ERG",
    algorithm="autolykos2",
    pool="herominers",
    miner="lolminer",
    version="1.88",
    wallet=503,
    second_coin="KAS",
    second_algorithm="kheavyhash",
)
_XMR = SheetItem(
    coin="XMR",
    algorithm="randomx",
    pool="supportxmr",
    miner="xmrig",
    version="6.21.3",
    wallet=505,
    processor=True,
)
_BTC = SheetItem(
    coin="BTC",
    algorithm="sha256",
    pool="hiveon",
    miner="asicminer",
    version="2.0",
    wallet=506,
)
_LTC = SheetItem(
    coin="LTC",
    algorithm="scrypt",
    pool="litecoinpool",
    miner="asicminer",
    version="2.0",
    wallet=507,
)


def flight_sheets(first: int) -> tuple[FlightSheet, ...]:
    """Those of a farm, numbered from ``first``."""
    kinds = (
        ("ETC at 2Miners", GPU_PLATFORM, (_ETC,)),
        ("ERG and KAS", GPU_PLATFORM, (_ERG_KAS,)),
        ("ETC and XMR", GPU_PLATFORM, (_ETC, _XMR)),
        ("ERG", GPU_PLATFORM, (_ERG,)),
        ("BTC at Hiveon", ASIC_PLATFORM, (_BTC,)),
        ("LTC", ASIC_PLATFORM, (_LTC,)),
    )
    return tuple(
        FlightSheet(id=first + index, name=name, platform=platform, items=items)
        for index, (name, platform, items) in enumerate(kinds)
    )


def overclocks(first: int) -> tuple[Overclock, ...]:
    """Those of a farm, numbered from ``first``."""
    return (
        Overclock(
            id=first,
            name="Efficient",
            nvidia={"core_clock": "1100", "mem_clock": "2000", "power_limit": "120"},
            amd={"core_clock": "1250", "mem_clock": "1075", "core_vddc": "650"},
        ),
        Overclock(
            id=first + 1,
            name="Fast",
            nvidia={"core_clock": "1400", "mem_clock": "2600", "power_limit": "150"},
            amd={"core_clock": "1450", "mem_clock": "1100", "core_vddc": "750"},
            power=1.18,
            speed=1.06,
        ),
    )
