"""What each operation of the contract answers."""

from collections.abc import Callable, Mapping
from typing import cast

from .accounts import Account
from .data import Data
from .edits import RejectedError, check_edit, edit
from .farm import SimulatedFarm
from .replies import RefusedError, Reply, invalid, json_reply, problem
from .worker import SimulatedWorker

COMMAND_EVENT = 20
EDIT_EVENT = 21
_MOST_PER_PAGE = 1000


class Endpoints:
    """Answers for the farms of a service."""

    def __init__(self, farms: list[SimulatedFarm], next_id: Callable[[], int]) -> None:
        """Answer from these farms, as they are whenever somebody asks."""
        self._farms = farms
        self._next_id = next_id
        self.announcements: list[Data] = []
        self.newer = False

    def account(self, account: Account) -> Reply:
        """Who he is."""
        user = account.user
        profile: Data = {
            "login": user.login,
            "name": user.name,
            "email": f"{user.login}@example.com",
            "timezone": "Europe/Berlin",
        }
        farms: list[Data] = [
            {
                "id": farm.id,
                "name": farm.name,
                **({"role": role} if (role := account.role_in(farm)) else {}),
                **farm.counts(),
            }
            for farm in self._farms
        ]
        return json_reply(
            {
                "user_id": user.id,
                "profile": profile,
                "balance": 25.5,
                "2fa_enabled": True,
                "whitelist_ips": [],
                "ip": "203.0.113.7",
                "recent_commands": [],
                "farms": farms,
            }
        )

    def farm_list(self, account: Account, *, unpaid: bool) -> Reply:
        """All farms with their totals."""
        items = [
            farm.item(
                role=account.role_in(farm),
                me=account.owns(farm),
                paid=farm.paid and not unpaid,
            )
            for farm in self._farms
        ]
        return json_reply({"data": items, "tags": []})

    def messages(self, farm: SimulatedFarm, query: Mapping[str, str]) -> Reply:
        """A page of messages."""
        since = query.get("start_time", "")
        items = farm.message_items(float(since) if since.isdecimal() else None)
        return paged(items, query)

    def command(
        self, account: Account, farm: SimulatedFarm, worker: SimulatedWorker, body: Data
    ) -> Reply:
        """Tell one."""
        command_id = 6_000_000 + self._next_id()
        sent = _order(worker, body, command_id)
        self._record(account, farm, worker, body)
        return json_reply({"id": command_id, "commands": [sent]}, 201)

    def command_many(self, account: Account, farm: SimulatedFarm, body: Data) -> Reply:
        """Tell many; the command has the same id for all of them."""
        workers = _chosen(farm, body)
        inner = cast("Data", body["data"])
        command_id = 6_000_000 + self._next_id()
        answer = [
            {"worker_id": worker.id, "commands": [_order(worker, inner, command_id)]}
            for worker in workers
        ]
        self._record(account, farm, workers[0] if len(workers) == 1 else None, inner)
        return json_reply({"id": command_id, "commands": answer})

    def edit(
        self, account: Account, farm: SimulatedFarm, worker: SimulatedWorker, body: Data
    ) -> Reply:
        """Change one."""
        self._check(farm, [worker], body)
        commands = edit(farm, worker, body, merge=False, next_id=self._next_id)
        self._record_edit(account, farm, worker, body)
        return json_reply({"commands": commands})

    def edit_many(
        self, account: Account, farm: SimulatedFarm, body: Data, *, merge: bool
    ) -> Reply:
        """Change many."""
        workers = _chosen(farm, body)
        inner = cast("Data", body["data"])
        self._check(farm, workers, inner)
        answer: list[Data] = [
            {
                "worker_id": worker.id,
                "commands": edit(
                    farm, worker, inner, merge=merge, next_id=self._next_id
                ),
            }
            for worker in workers
        ]
        self._record_edit(
            account, farm, workers[0] if len(workers) == 1 else None, inner
        )
        if self.newer:
            return json_reply({"id": 6_000_000 + self._next_id(), "commands": answer})
        return json_reply({"data": answer})

    def _check(
        self, farm: SimulatedFarm, workers: list[SimulatedWorker], body: Data
    ) -> None:
        try:
            for worker in workers:
                check_edit(farm, worker, body)
        except RejectedError as err:
            raise RefusedError(invalid(err.errors)) from None

    def _record(
        self,
        account: Account,
        farm: SimulatedFarm,
        worker: SimulatedWorker | None,
        body: Data,
    ) -> None:
        details: Data = {"command": body["command"]}
        farm.record(COMMAND_EVENT, "Command sent", account.user, worker, details)

    def _record_edit(
        self,
        account: Account,
        farm: SimulatedFarm,
        worker: SimulatedWorker | None,
        body: Data,
    ) -> None:
        details: Data = {"fields": sorted(body)}
        farm.record(EDIT_EVENT, "Worker changed", account.user, worker, details)


def may_write(account: Account, farm: SimulatedFarm) -> None:
    """Raise RefusedError where the user may only look."""
    if account.role_in(farm) == "monitor":
        raise RefusedError(problem(403, "This action is unauthorized.", 403_001))
    if farm.locked:
        raise RefusedError(problem(403, "The farm is locked.", 403_002))
    if farm.twofa_required and not account.owns(farm):
        raise RefusedError(problem(403, "Security code is required", 403_003))


def _order(worker: SimulatedWorker, body: Data, command_id: int) -> Data:
    command = str(body["command"])
    data = cast("Data", body.get("data") or {})
    worker.order(command, data, command_id)
    sent: Data = {"command": command, "id": command_id}
    return sent | {"data": data} if data else sent


def _chosen(farm: SimulatedFarm, body: Data) -> list[SimulatedWorker]:
    by_id = {worker.id: worker for worker in farm.workers}
    wanted = cast("list[int]", body["worker_ids"])
    if any(worker_id not in by_id for worker_id in wanted):
        errors = {"worker_ids": ["The selected worker_ids is invalid."]}
        raise RefusedError(invalid(errors))
    return [by_id[worker_id] for worker_id in wanted]


def paged(items: list[Data], query: Mapping[str, str]) -> Reply:
    """A page of these items."""
    number, size = _positive(query.get("page"), 1), _positive(query.get("per_page"), 15)
    size = min(size, _MOST_PER_PAGE)
    shown = items[(number - 1) * size : number * size]
    return json_reply(
        {
            "data": shown,
            "pagination": {
                "total": len(items),
                "count": len(shown),
                "per_page": size,
                "current_page": number,
                "total_pages": max(1, -(-len(items) // size)),
            },
        }
    )


def _positive(text: str | None, default: int) -> int:
    if text is None or not (text.isascii() and text.isdecimal()):
        return default
    return int(text) or default
