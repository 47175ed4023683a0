"""Telling rigs what to do, whoever asks: together where they can be told together, and on record."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util.hass_dict import HassKey

from .bus import async_fire_command
from .command import FOR_ADMINISTRATORS, Action, Command, Outcome, Result
from .confirmation import async_confirmations
from .const import DOMAIN
from .coordinator import RigCoordinator

MAX_SIMULTANEOUS = 8
"""Coordinators whose rigs are told something at the same time, over all calls."""

DEADLINE = 90.0
"""Seconds that a source may take to tell its rigs. A miner that serves one session at a time
may be held by somebody else for 60 of them."""

_SLOTS: HassKey[asyncio.Semaphore] = HassKey(f"{DOMAIN}_control_slots")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command for a rig."""

    coordinator: RigCoordinator
    rig_id: str
    command: Command
    refusal: str | None = None
    """Why it fails without being sent, where that is known before."""

    @property
    def device_id(self) -> str | None:
        """The rig's device; None if there is none yet."""
        device = self._device
        return device.id if device else None

    @property
    def name(self) -> str:
        """What its owner calls the rig."""
        device = self._device
        name = device and (device.name_by_user or device.name)
        return name or self.coordinator.label_of(self.rig_id)

    def reason(self, outcome: Outcome) -> str:
        """Give why it failed, without the name of the rig."""
        label = self.coordinator.label_of(self.rig_id)
        return (outcome.error or "").removeprefix(f"{label}: ")

    @property
    def _device(self) -> dr.DeviceEntry | None:
        return dr.async_get(self.coordinator.hass).async_get_device_by_identifier(
            (DOMAIN, self.rig_id), self.coordinator.config_entry.entry_id
        )


async def async_control(
    hass: HomeAssistant,
    orders: Sequence[Order],
    *,
    context: Context | None,
    stagger: float = 0.0,
) -> list[Outcome]:
    """Carry out orders; an outcome for each, in the same order. Raises nothing.

    Rigs of a coordinator that are told the same are told it at once. With ``stagger``,
    rigs are told one after the other, so many seconds apart.

    It returns when all is sent. Each outcome is told on the event bus in ``context``, and
    so is later whether the rig was seen doing it.
    """
    if stagger:
        return await _one_by_one(hass, orders, context, stagger)
    outcomes: dict[int, Outcome] = {}
    places: dict[RigCoordinator, list[tuple[Command, list[int]]]] = {}
    for place, order in enumerate(orders):
        if order.refusal:
            outcomes[place] = _refuse(order, order.refusal, context)
            continue
        told = places.setdefault(order.coordinator, [])
        for command, together in told:
            if command == order.command:
                together.append(place)
                break
        else:
            told.append((order.command, [place]))

    async def tell(
        coordinator: RigCoordinator, told: list[tuple[Command, list[int]]]
    ) -> None:
        for command, together in told:
            answers = await _async_send(
                hass,
                coordinator,
                command,
                [orders[place].rig_id for place in together],
                context,
            )
            outcomes.update(
                (place, answers[orders[place].rig_id]) for place in together
            )

    await asyncio.gather(*(tell(*item) for item in places.items()))
    return [outcomes[place] for place in range(len(orders))]


async def _one_by_one(
    hass: HomeAssistant,
    orders: Sequence[Order],
    context: Context | None,
    stagger: float,
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    was_sent = False
    for order in orders:
        if order.refusal:
            outcomes.append(_refuse(order, order.refusal, context))
            continue
        if was_sent:
            await asyncio.sleep(stagger)
        # This may take hours: the entry may have been set up anew meanwhile, or removed.
        if (coordinator := _current(order)) is None:
            outcomes.append(_refuse(order, "it is not set up any more", context))
            continue
        answers = await _async_send(
            hass, coordinator, order.command, [order.rig_id], context
        )
        outcomes.append(answers[order.rig_id])
        was_sent = True
    return outcomes


def _current(order: Order) -> RigCoordinator | None:
    entry = order.coordinator.config_entry
    if entry.state is not ConfigEntryState.LOADED:
        return None
    found: RigCoordinator | None = entry.runtime_data.coordinator_of(order.rig_id)
    return found


async def _async_send(
    hass: HomeAssistant,
    coordinator: RigCoordinator,
    command: Command,
    rig_ids: Sequence[str],
    context: Context | None,
) -> dict[str, Outcome]:
    """Tell rigs of a coordinator the same, and everybody what became of it."""
    before = {rig_id: coordinator.data.get(rig_id) for rig_id in rig_ids}
    missing = "nothing was said about it"
    outcomes: dict[str, Outcome] = {}
    async with hass.data.setdefault(_SLOTS, asyncio.Semaphore(MAX_SIMULTANEOUS)):
        try:
            async with asyncio.timeout(DEADLINE):
                answers = await coordinator.async_execute(command, rig_ids)
        except TimeoutError:
            missing = f"no answer within {DEADLINE:g} s: it may have been done or not"
        else:
            outcomes = {outcome.rig_id: outcome for outcome in answers}
    confirmations = async_confirmations(hass, coordinator)
    for rig_id, rig in before.items():
        outcome = outcomes.setdefault(rig_id, _failed(rig_id, missing))
        if command.action is Action.LOCATE and outcome.result is Result.SENT:
            # No reading shows a light: that it was taken is all that can be known.
            outcome = replace(outcome, result=Result.DONE)
            outcomes[rig_id] = outcome
        _tell(coordinator, command, outcome, context)
        if outcome.result is Result.SENT:
            confirmations.async_wait(
                rig_id,
                command,
                outcome.command_ids,
                before=rig,
                context=context,
            )
    if command.action is not Action.LOCATE and any(
        outcome.result is Result.DONE for outcome in outcomes.values()
    ):
        coordinator.config_entry.async_create_background_task(
            hass,
            coordinator.async_request_refresh(),
            f"{DOMAIN} reading {coordinator.name} after a command",
        )
    return outcomes


def _failed(rig_id: str, error: str) -> Outcome:
    return Outcome(rig_id=rig_id, result=Result.FAILED, error=error)


def _refuse(order: Order, reason: str, context: Context | None) -> Outcome:
    outcome = _failed(order.rig_id, reason)
    _tell(order.coordinator, order.command, outcome, context)
    return outcome


def _tell(
    coordinator: RigCoordinator,
    command: Command,
    outcome: Outcome,
    context: Context | None,
) -> None:
    async_fire_command(
        coordinator,
        outcome.rig_id,
        command.action,
        outcome.result,
        command_ids=outcome.command_ids,
        error=outcome.error,
        context=context,
    )


@dataclass(slots=True)
class _Batch:
    """Orders of one caller that go out together."""

    orders: list[Order] = field(default_factory=list)
    sending: asyncio.Task[list[Outcome]] | None = None


_BATCHES: HassKey[dict[str | None, _Batch]] = HassKey(f"{DOMAIN}_control_batches")
"""By the id of the context."""


async def async_order(
    hass: HomeAssistant, order: Order, *, context: Context | None
) -> None:
    """Carry out the order of an entity. Raises HomeAssistantError if it fails.

    Whether the user may control the entity was seen to; Unauthorized where that is not enough.

    One call for many entities comes here once for each, all in the same turn of the event
    loop: they go out together.
    """
    if order.command.action in FOR_ADMINISTRATORS and context and context.user_id:
        user = await hass.auth.async_get_user(context.user_id)
        if user is None or not user.is_admin:
            raise Unauthorized(context=context)
    batches = hass.data.setdefault(_BATCHES, {})
    key = context.id if context else None
    if (batch := batches.get(key)) is None:
        batch = batches[key] = _Batch()

        async def send(batch: _Batch) -> list[Outcome]:
            await asyncio.sleep(0)
            del batches[key]
            return await async_control(hass, batch.orders, context=context)

        batch.sending = hass.async_create_task(
            send(batch), f"{DOMAIN} commands of entities", eager_start=False
        )
    place = len(batch.orders)
    batch.orders.append(order)
    assert batch.sending is not None
    # One caller that gives up must not take the others' orders with it.
    outcome = (await asyncio.shield(batch.sending))[place]
    if outcome.result is Result.FAILED:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="command_failed",
            translation_placeholders={
                "rig": order.name,
                "reason": order.reason(outcome),
            },
        )
