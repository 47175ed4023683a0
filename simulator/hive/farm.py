"""A farm: its workers, what it can set them to, and what it tells of itself."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .catalogue import (
    ASIC_PLATFORM,
    ASICS,
    GPU_PLATFORM,
    GPUS,
    AsicKind,
    FlightSheet,
    Overclock,
    flight_sheets,
    overclocks,
)
from .data import Data, sparse
from .listing import message_item, worker_short
from .plan import Clock
from .records import Timing
from .totals import Totals
from .worker import SimulatedWorker

_MOST_EVENTS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with an account."""

    id: int
    login: str
    name: str

    def item(self, *, me: bool) -> Data:
        """As it stands in farms and events."""
        return {"id": self.id, "login": self.login, "name": self.name, "me": me}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A mark on workers."""

    id: int
    name: str
    color: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that somebody did in a farm."""

    id: int
    time: float
    type_id: int
    type: str
    user: User | None
    worker: SimulatedWorker | None
    details: Data


class SimulatedFarm:
    """A farm. ``role``, ``locked``, ``twofa_required``, ``paid`` … may be set at any time."""

    def __init__(
        self,
        name: str,
        *,
        number: int,
        owner: User,
        seed: int,
        clock: Clock,
        timing: Timing,
        next_id: Callable[[], int],
    ) -> None:
        """Found a farm without workers; ``number`` makes its ids."""
        self.id = 1_000_000 + number
        self.name = name
        self.role: str | None = None
        """That of whoever asks, where the token has none of its own; ``None``: the owner's."""
        self.locked = False
        self.twofa_required = False
        self.paid = True
        self.balance = 25.5
        self.power_price = 0.14
        self.currency = ("usd", "€")[number % 2 == 0]
        self.owner = owner
        self.workers: list[SimulatedWorker] = []
        self.events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        self.sheets: list[FlightSheet] = list(flight_sheets(3_000_000 + 100 * number))
        self.overclocks: list[Overclock] = list(overclocks(4_000_000 + 100 * number))
        self.tags = [
            Tag(id=5_000_000 + 10 * number, name="row 1", color=3),
            Tag(id=5_000_001 + 10 * number, name="row 2", color=7),
        ]
        self.revision = 0
        """Another whenever a worker came or went."""
        self._seed = seed
        self._clock = clock
        self._timing = timing
        self._next_id = next_id

    def worker(self, worker_id: int) -> SimulatedWorker:
        """The worker of that id; LookupError when there is none."""
        for worker in self.workers:
            if worker.id == worker_id:
                return worker
        raise LookupError(f"no worker {worker_id} in farm {self.id}")

    def add_worker(
        self,
        kind: str = "gpu",
        name: str | None = None,
        *,
        cards: int = 8,
        model: int = 0,
    ) -> SimulatedWorker:
        """Add a running ``gpu`` rig or ``asic``; ``model`` counts in the catalogue.

        ValueError for another kind, IndexError for a model that is not in it.
        """
        if kind not in ("gpu", "asic"):
            raise ValueError(f"no kind {kind!r}; there are: gpu, asic")
        machine = GPUS[model] if kind == "gpu" else ASICS[model]
        ours = [worker for worker in self.workers if type(worker.kind) is type(machine)]
        worker_id = 2_000_000 + self._next_id()
        worker = SimulatedWorker(
            id=worker_id,
            farm_id=self.id,
            name=name or f"{'rig' if kind == 'gpu' else 'asic'}-{len(ours) + 1:02}",
            kind=machine,
            cards=cards if kind == "gpu" else 0,
            sheet=self._first_sheet(machine.algorithm)
            if isinstance(machine, AsicKind)
            else self.sheets[0],
            seed=self._seed * 1009 + worker_id,
            timing=self._timing,
            clock=self._clock,
            next_id=self._next_id,
        )
        self.workers.append(worker)
        self.revision += 1
        return worker

    def remove_worker(self, worker_id: int) -> None:
        """Take a worker out; LookupError when there is none of that id."""
        self.workers.remove(self.worker(worker_id))
        self.revision += 1

    def record(
        self,
        type_id: int,
        type: str,
        user: User | None = None,
        worker: SimulatedWorker | None = None,
        details: Data | None = None,
    ) -> Event:
        """Put an event on record."""
        event = Event(
            id=self._next_id(),
            time=self._clock(),
            type_id=type_id,
            type=type,
            user=user,
            worker=worker,
            details=details or {},
        )
        self.events.append(event)
        return event

    def sheet(self, sheet_id: int) -> FlightSheet | None:
        """The flight sheet of that id."""
        return next((sheet for sheet in self.sheets if sheet.id == sheet_id), None)

    def overclock(self, overclock_id: int) -> Overclock | None:
        """The overclocking profile of that id."""
        return next(
            (found for found in self.overclocks if found.id == overclock_id), None
        )

    def settle(self) -> None:
        """Let happen to the workers what fell due."""
        now = self._clock()
        for worker in self.workers:
            worker.settle(now)

    def item(self, *, role: str | None, me: bool, paid: bool) -> Data:
        """The farm, as in the list of farms."""
        self.settle()
        gpu, asic = self._of(GPU_PLATFORM), self._of(ASIC_PLATFORM)
        sums = Totals(self.workers)
        return {
            "id": self.id,
            "name": self.name,
            "timezone": "Europe/Berlin",
            "nonfree": paid,
            **sparse(role=role),
            "twofa_required": self.twofa_required,
            "trusted": True,
            "locked": self.locked,
            "gpu_red_temp": 72,
            "asic_red_temp": 90,
            "gpu_red_fan": 100,
            "asic_red_fan": 100,
            "gpu_red_asr": 95,
            "asic_red_asr": 95,
            "gpu_red_la": 1,
            "asic_red_la": 3,
            "autocreate_hash": f"{self.id:040x}",
            "power_price": self.power_price,
            "power_price_currency": self.currency,
            "charge_on_pool": False,
            "tag_ids": [],
            "auto_tags": True,
            **self.counts(),
            "owner": self.owner.item(me=me),
            "money": self._money(paid=paid),
            "stats": sums.stats(gpu, asic, self.power_price),
            **sums.hashrates(),
            "hardware_power_draw": 60,
            "psu_efficiency": 92,
        }

    def counts(self) -> Data:
        """How many workers there are."""
        gpu, asic = self._of(GPU_PLATFORM), self._of(ASIC_PLATFORM)
        return {
            "workers_count": len(self.workers),
            "rigs_count": len(gpu),
            "asics_count": len(asic),
            "disabled_rigs_count": sum(not worker.active for worker in gpu),
            "disabled_asics_count": sum(not worker.active for worker in asic),
        }

    def tag_items(self) -> list[Data]:
        """Its tags, as they come with its workers."""
        return [
            {
                "id": tag.id,
                "type_id": 1,
                "farm_id": self.id,
                "name": tag.name,
                "color": tag.color,
                "is_auto": False,
                "workers_count": sum(tag.id in w.tag_ids for w in self.workers),
            }
            for tag in self.tags
        ]

    def sheet_items(self) -> list[Data]:
        """Its flight sheets."""
        return [
            {
                "id": sheet.id,
                "farm_id": self.id,
                "user_id": self.owner.id,
                "name": sheet.name,
                "is_favorite": False,
                "workers_count": sum(
                    worker.sheet is not None and worker.sheet.id == sheet.id
                    for worker in self.workers
                ),
                "items": [
                    {
                        **item.brief(),
                        "pool_ssl": False,
                        "pool_urls": [f"{item.pool}.invalid:3333"],
                        "miner_config": {"algo": item.algorithm},
                    }
                    for item in sheet.items
                ],
            }
            for sheet in self.sheets
        ]

    def overclock_items(self) -> list[Data]:
        """Its overclocking profiles."""
        return [
            {
                "id": profile.id,
                "farm_id": self.id,
                "name": profile.name,
                "is_favorite": False,
                "options": {"default": profile.settings(), "by_algo": []},
            }
            for profile in self.overclocks
        ]

    def message_items(self, since: float | None) -> list[Data]:
        """Messages of its workers, the newest first."""
        self.settle()
        found = [
            (message, worker)
            for worker in self.workers
            for message in worker.messages
            if since is None or message.time >= since
        ]
        found.sort(key=lambda pair: pair[0].id, reverse=True)
        return [message_item(worker, message) for message, worker in found]

    def event_items(self, me: int) -> list[Data]:
        """Its events, the newest first, for the user of that id."""
        return [
            {
                "id": event.id,
                "timestamp": int(event.time),
                "type_id": event.type_id,
                "type": event.type,
                "by_admin": False,
                **sparse(
                    details=event.details,
                    user=event.user.item(me=event.user.id == me)
                    if event.user
                    else None,
                    worker=worker_short(event.worker) if event.worker else None,
                ),
            }
            for event in reversed(self.events)
        ]

    def _first_sheet(self, algorithm: str) -> FlightSheet:
        return next(
            sheet for sheet in self.sheets if sheet.items[0].algorithm == algorithm
        )

    def _of(self, platform: int) -> list[SimulatedWorker]:
        return [worker for worker in self.workers if worker.platform == platform]

    def _money(self, *, paid: bool) -> Data:
        daily = round(0.1 * len(self.workers), 5)
        return {
            "is_paid": paid,
            "is_free": not paid,
            "balance": self.balance,
            "discount": 0,
            "daily_cost": daily,
            "monthly_cost": round(30 * daily, 5),
            "days_left": int(self.balance / daily) if daily else 0,
            "overdraft": self.balance < 0,
        }
