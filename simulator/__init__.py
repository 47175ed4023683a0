"""A farm that is not there: Antminers of every dialect on real sockets.

``async with Farm(["s9", "s21_2024"]) as farm:`` in a test, ``python -m simulator`` on a desk.
The HiveOS API is in ``simulator.hive``; the miners do without what it needs.
"""

from .configuration import Configuration
from .farm import Farm
from .faults import Fault, WriteFault
from .miner import SimulatedMiner
from .orders import Delays, Written
from .profiles import (
    DEFAULT_MIX,
    OTHERS,
    PROFILES,
    Conditions,
    PoolSetting,
    Profile,
    mix,
)
from .snapshot import BoardTruth, Phase, PoolTruth, Truth

__all__ = [
    "DEFAULT_MIX",
    "OTHERS",
    "PROFILES",
    "BoardTruth",
    "Conditions",
    "Configuration",
    "Delays",
    "Farm",
    "Fault",
    "Phase",
    "PoolSetting",
    "PoolTruth",
    "Profile",
    "SimulatedMiner",
    "Truth",
    "WriteFault",
    "Written",
    "mix",
]
