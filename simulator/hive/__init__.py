"""A HiveOS service that is not there: its API, farms that mine, and every way to fail.

``async with HiveService() as hive:`` in a test, ``python -m simulator --hive-port 4080``
on a desk.
"""

from .farm import SimulatedFarm
from .faults import HiveFault
from .gate import RequestSeen
from .plan import FarmPlan
from .records import Message
from .service import HiveService
from .worker import SimulatedWorker

__all__ = [
    "FarmPlan",
    "HiveFault",
    "HiveService",
    "Message",
    "RequestSeen",
    "SimulatedFarm",
    "SimulatedWorker",
]
