"""What a worker measures at a moment: numbers that depend on its state and the clock alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..chance import draw, noise
from .catalogue import AsicKind, GpuKind, Overclock, SheetItem

HOST_WATTS = 60
CARD_IDLE_WATTS = 18
ASIC_IDLE_WATTS = 14
PROCESSOR_RATE = 8.4
"""kH/s of a processor at RandomX."""
CARDS_A_BUS_GROUP = 4
RED_TEMP = {1: 72, 2: 90}
"""°C by platform."""
RED_ASR = 95
POWER_MODES: Mapping[str, float] = {
    "sleep": 0.0,
    "low": 0.76,
    "normal": 1.0,
    "high": 1.12,
}
"""Rate in each mode of an ASIC, as a share of the normal one."""
SECONDS_A_SHARE = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything about a worker that its figures depend on, besides the time."""

    seed: int
    kind: GpuKind | AsicKind
    cards: int = 0
    items: tuple[SheetItem, ...] = ()
    overclock: Overclock | None = None
    hashing: bool = True
    since: float = 0.0
    """When the miner program started."""
    mode: str = "normal"
    heat: int = 0
    """°C on top of what is normal."""
    rejects: float = 0.004
    """Share of the shares that the pool rejects."""
    lost: int = 0
    """Cards or boards, from the end, that are not found."""
    dead_chips: int = 0
    """Of the last board."""
    watts: int | None = None
    """What its owner entered, for an ASIC that does not measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What one miner program does."""

    item: SheetItem
    rates: tuple[float, ...]
    """kH/s of each card, board or processor."""
    second_rates: tuple[float, ...] = ()
    accepted: int = 0
    rejected: int = 0
    invalid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A card or a board."""

    number: int
    """Of its bus or its chain."""
    temp: int
    second_temp: int
    """Of the memory or of the board."""
    fan: int
    """Per cent."""
    power: float
    rate: float
    """kH/s of the first program."""
    hardware_errors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a worker measured."""

    streams: tuple[Stream, ...]
    units: tuple[Unit, ...]
    power: float | None
    load: float

    @property
    def hottest(self) -> int | None:
        """°C of the hottest chip."""
        return max((unit.temp for unit in self.units), default=None)

    @property
    def shares(self) -> tuple[int, int, int]:
        """Accepted, rejected and invalid, of all programs."""
        return (
            sum(stream.accepted for stream in self.streams),
            sum(stream.rejected for stream in self.streams),
            sum(stream.invalid for stream in self.streams),
        )

    @property
    def accepted_ratio(self) -> float | None:
        """Per cent of the shares that were accepted; ``None`` before the first."""
        accepted, rejected, invalid = self.shares
        total = accepted + rejected + invalid
        return round(100 * accepted / total, 2) if total else None


def bus_number(index: int) -> int:
    """Of a card: they do not count through, since the bridges between them count, too."""
    return 1 + index + 2 * (index // CARDS_A_BUS_GROUP)


def measure(state: State, now: float) -> Figures:
    """What a worker in that state measures at ``now``."""
    if isinstance(state.kind, GpuKind):
        return _cards(state, state.kind, now)
    return _boards(state, state.kind, now)


def _around(state: State, unit: int, kind: int, now: float, width: float) -> float:
    """Close to 1, a little different at each moment."""
    return 1 + width * noise(state.seed, unit, kind, int(now) // 10)


def _stream(
    state: State,
    item: SheetItem,
    rates: tuple[float, ...],
    second: tuple[float, ...],
    now: float,
) -> Stream:
    shares = int(max(0.0, now - state.since) / SECONDS_A_SHARE * max(1, len(rates)))
    rejected = int(shares * state.rejects)
    return Stream(
        item=item,
        rates=rates,
        second_rates=second,
        accepted=shares - rejected,
        rejected=rejected,
    )


def _cards(state: State, kind: GpuKind, now: float) -> Figures:
    speed = state.overclock.speed if state.overclock else 1.0
    present = range(state.cards - state.lost)
    streams: list[Stream] = []
    if state.hashing:
        for place, item in enumerate(state.items):
            if item.processor:
                rate = PROCESSOR_RATE * _around(state, 99, place, now, 0.02)
                streams.append(_stream(state, item, (rate,), (), now))
                continue
            rates = tuple(
                kind.rates[item.algorithm] * speed * _around(state, card, 1, now, 0.01)
                for card in present
            )
            second = tuple(
                kind.rates[item.second_algorithm]
                * speed
                / 2
                * _around(state, card, 2, now, 0.01)
                for card in present
                if item.second_algorithm
            )
            streams.append(_stream(state, item, rates, second, now))
    on_cards = next((s for s in streams if not s.item.processor), None)
    draws = (state.overclock.power if state.overclock else 1.0) * kind.watts
    units: list[Unit] = []
    for card in present:
        busy = on_cards is not None
        temp = round(
            (54 if busy else 31)
            + 8 * draw(state.seed, card, 3)
            + 2 * noise(state.seed, card, 4, int(now) // 10)
            + state.heat
        )
        units.append(
            Unit(
                number=bus_number(card),
                temp=temp,
                second_temp=temp + (22 if busy else 4),
                fan=min(100, max(30, round(temp * 1.4 - 35))) if busy else 30,
                power=round(draws * _around(state, card, 5, now, 0.02))
                if busy
                else CARD_IDLE_WATTS,
                rate=on_cards.rates[card] if on_cards else 0.0,
            )
        )
    return Figures(
        streams=tuple(streams),
        units=tuple(units),
        power=HOST_WATTS + sum(unit.power for unit in units),
        load=round((0.8 if streams else 0.1) * _around(state, 98, 6, now, 0.2), 2),
    )


def _boards(state: State, kind: AsicKind, now: float) -> Figures:
    factor = POWER_MODES[state.mode] if state.hashing else 0.0
    present = range(kind.boards - state.lost)
    rates = [
        kind.rate / kind.boards * factor * _around(state, board, 1, now, 0.01)
        for board in present
    ]
    if rates and state.dead_chips:
        rates[-1] *= 1 - state.dead_chips / kind.chips
    streams = (
        tuple(
            _stream(state, item, tuple(rates), (), now)
            for item in state.items
            if not item.processor
        )[:1]
        if factor
        else ()
    )
    share = kind.watts * factor / kind.boards
    units: list[Unit] = []
    for board in present:
        temp = round(
            (68 if factor else 29)
            + 5 * draw(state.seed, board, 3)
            + 2 * noise(state.seed, board, 4, int(now) // 10)
            + state.heat
        )
        units.append(
            Unit(
                number=board + 1,
                temp=temp,
                second_temp=temp - (14 if factor else 1),
                fan=74 if factor else 20,
                power=round(share * _around(state, board, 5, now, 0.01), 1),
                rate=rates[board] if factor else 0.0,
                hardware_errors=int(
                    max(0.0, now - state.since) / 3600 * draw(state.seed, board, 7) * 4
                ),
            )
        )
    power: float | None = None
    if kind.hiveon:
        power = round(ASIC_IDLE_WATTS + sum(unit.power for unit in units), 1)
    elif state.watts is not None:
        power = state.watts
    return Figures(
        streams=streams,
        units=tuple(units),
        power=power,
        load=round(0.5 * _around(state, 98, 6, now, 0.2), 2),
    )
