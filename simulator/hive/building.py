"""Building farms as planned."""

from collections.abc import Callable

from .catalogue import ASIC_PLATFORM, ASICS, GPU_PLATFORM, GPUS
from .farm import SimulatedFarm, User
from .plan import Clock, FarmPlan
from .records import Timing

_DAY = 86_400.0
_KINDS_OF_ASICS = (0, 1, 2, 0)
"""Of a varied farm: the fourth is an S19 again, which sleeps."""


def build(
    plan: FarmPlan,
    *,
    number: int,
    owner: User,
    seed: int,
    clock: Clock,
    timing: Timing,
    next_id: Callable[[], int],
) -> SimulatedFarm:
    """Build a farm."""
    farm = SimulatedFarm(
        plan.name,
        number=number,
        owner=owner,
        seed=seed,
        clock=clock,
        timing=timing,
        next_id=next_id,
    )
    farm.role = plan.role
    for index in range(plan.gpu_rigs):
        farm.add_worker("gpu", cards=plan.cards, model=index % len(GPUS))
    for index in range(plan.asics):
        kind = _KINDS_OF_ASICS[index % 4] if plan.varied else index % len(ASICS)
        farm.add_worker("asic", model=kind)
    for worker in farm.workers[len(farm.workers) - plan.offline :]:
        worker.leave_long_ago(_DAY)
    if plan.varied:
        _vary(farm)
    return farm


def _vary(farm: SimulatedFarm) -> None:
    gpu = [worker for worker in farm.workers if worker.platform == GPU_PLATFORM]
    asic = [worker for worker in farm.workers if worker.platform == ASIC_PLATFORM]
    start = farm.workers[0].booted_at if farm.workers else 0.0
    for place, worker in enumerate(gpu):
        match place:
            case 0:
                worker.settings["watchdog"] = {
                    "enabled": True,
                    "restart_timeout": 5,
                    "reboot_timeout": 15,
                    "options": [{"miner": "lolminer", "minhash": 400_000}],
                }
                worker.tag_ids = [farm.tags[0].id]
                worker.set_overclock(farm.overclocks[0], worker.started_at)
                worker.say("Rig booted", "success", at=start)
            case 1:
                worker.set_sheet(farm.sheets[2], worker.started_at)
                worker.custom_overclock = {"amd": {"core_clock": "1250"}}
            case 2:
                worker.set_sheet(farm.sheets[1], worker.started_at)
                worker.set_overclock(farm.overclocks[1], worker.started_at)
            case 3:
                worker.leave_long_ago(_DAY)
                worker.say("Rig is offline", "danger", at=start)
            case 4:
                worker.change(reports=False, online=False)
            case 5:
                worker.change(heat=20, rejects=0.08, lost=1)
                worker.say("GPU 7 fell off the bus", "danger", at=start)
    for place, worker in enumerate(asic):
        match place:
            case 0:
                worker.change(dead_chips=1)
            case 2:
                worker.change(watts=3425)
            case 3:
                worker.set_mode("sleep", worker.started_at)
