"""The cards of a rig and the boards of an ASIC, with what is told of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..antminer.hardware import Hardware
from ..json_value import Json
from ..rig import Board, Fan, Gpu
from .values import count, list_of, number, object_of, positive, rate, temperature, text

_MAX_CHIPS = 1024
_MAX_UNITS = 64
_NOT_MINING = frozenset({"internal", "cpu"})
"""Brands of graphics units that sit in a processor."""
_CHIP_MARKS = {0: "-", 1: "o", 2: "x"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What the miner programs told of each card or board."""

    by_bus: Mapping[int, tuple[Json, Json]]
    """Rate and invalid shares by the number of the bus."""
    in_order: list[Json]
    """Rates in the order of the units, where they come without numbers."""
    invalid_in_order: list[Json]


def read_figures(entries: Iterable[dict[str, Json]]) -> Figures:
    """Read the entries of ``miners_stats`` that mine the main algorithm."""
    by_bus: dict[int, tuple[Json, Json]] = {}
    in_order: list[Json] = []
    invalid_in_order: list[Json] = []
    for entry in entries:
        rates = list_of(entry.get("hashes"))
        invalid = list_of(entry.get("invalid_shares"))
        buses = list_of(entry.get("bus_numbers"))
        if not buses:
            in_order += rates
            invalid_in_order += invalid
            continue
        for place, bus in enumerate(buses[: len(rates)]):
            if type(bus) is int:
                by_bus[bus] = (
                    rates[place],
                    invalid[place] if place < len(invalid) else None,
                )
    return Figures(by_bus, in_order, invalid_in_order)


def read_gpus(
    worker: Mapping[str, Json], figures: Figures, *, online: bool
) -> tuple[Gpu, ...]:
    """Read the cards of a rig; of one that is offline only which there are."""
    stats: dict[int, dict[str, Json]] = {}
    for entry in list_of(worker.get("gpu_stats"))[:_MAX_UNITS]:
        entry = object_of(entry)
        if (bus := _bus(entry)) is not None:
            stats[bus] = entry
    cards: dict[int, str | None] = {}
    for entry in list_of(worker.get("gpu_info"))[:_MAX_UNITS]:
        entry = object_of(entry)
        bus = _bus(entry)
        if text(entry.get("brand")) in _NOT_MINING:
            stats.pop(-1 if bus is None else bus, None)
        elif bus is not None:
            cards[bus] = text(entry.get("short_name")) or text(entry.get("model"))
    for bus in stats:
        cards.setdefault(bus, None)
    if not online:
        return tuple([Gpu(index=bus, name=name) for bus, name in cards.items()])
    fits = len(figures.in_order) == len(cards)
    invalid_fits = fits and len(figures.invalid_in_order) == len(cards)
    gpus: list[Gpu] = []
    for place, (bus, name) in enumerate(cards.items()):
        stat = stats.get(bus, {})
        told, invalid = figures.by_bus.get(bus, (None, None))
        if fits:
            told = figures.in_order[place]
            invalid = figures.invalid_in_order[place] if invalid_fits else None
        hashrate = rate(stat.get("hash"))
        if hashrate is None:
            hashrate = rate(told)
        gpus.append(
            Gpu(
                index=bus,
                name=name,
                hashrate=hashrate,
                core_temperature=temperature(stat.get("temp")),
                memory_temperature=temperature(stat.get("memtemp")),
                fan_duty=_duty(stat.get("fan")),
                power=number(stat.get("power")),
                core_clock=positive(stat.get("coreclk")),
                memory_clock=positive(stat.get("memclk")),
                invalid_shares=count(invalid),
            )
        )
    return tuple(gpus)


def _bus(entry: Mapping[str, Json]) -> int | None:
    """Give the number of a card's bus, which is the first part of the bus's id."""
    for key in ("bus_number", "bus_num"):
        bus = entry.get(key)
        if type(bus) is int and 0 <= bus < 65536:
            return bus
    first = (text(entry.get("bus_id"), 20) or "").partition(":")[0]
    try:
        return int(first, 16) if first.isalnum() and len(first) <= 4 else None
    except ValueError:
        return None


def _duty(value: Json) -> float | None:
    duty = number(value)
    return duty if duty is not None and duty <= 100.0 else None


def read_boards(
    stats: Mapping[str, Json],
    figures: Figures,
    hardware: Hardware | None,
    *,
    online: bool,
) -> tuple[Board, ...]:
    """Read the boards of an ASIC; of one that is offline only which there are."""
    told = [object_of(entry) for entry in list_of(stats.get("boards"))[:_MAX_UNITS]]
    boards: dict[int, Board] = {}
    rates = figures.in_order if len(figures.in_order) == len(told) else []
    expected = hardware.chips if hardware else None
    for place, entry in enumerate(told):
        index = count(entry.get("chain"))
        if index is None:
            index = place
        if not online:
            boards[index] = Board(index=index, chips_expected=expected)
            continue
        chip_map, working, faulty = _chips(entry, expected)
        millivolts = positive(entry.get("chain_voltage"))
        boards[index] = Board(
            index=index,
            hashrate=rate(rates[place]) if rates else None,
            board_temperature=temperature(entry.get("board_temp")),
            chip_temperature=temperature(entry.get("temp")),
            chips_expected=expected,
            chips_working=working,
            chips_faulty=faulty,
            chip_map=chip_map,
            frequency=positive(entry.get("freq")),
            voltage=None if millivolts is None else millivolts / 1000.0,
            power=positive(entry.get("power")),
            hardware_errors=count(entry.get("hw_errors")),
        )
    return tuple(boards.values())


def _chips(
    entry: Mapping[str, Json], expected: int | None
) -> tuple[str | None, int | None, int | None]:
    """Give the map of a board's chips, and how many of them work and do not."""
    states = list_of(entry.get("status"))[:_MAX_CHIPS]
    found = count(entry.get("acn"))
    if not states or (found is not None and len(states) < found):
        # No state of each chip: what is counted answers.
        if found is None:
            return None, None, None
        faulty = None if expected is None else max(expected - found, 0)
        return None, found, faulty
    chip_map = "".join(
        _CHIP_MARKS.get(state, "x") if type(state) is int else "x" for state in states
    )
    working = chip_map.count("o")
    return chip_map, working, max(expected or 0, len(chip_map)) - working


def read_fans(stats: Mapping[str, Json], *, online: bool) -> tuple[Fan, ...]:
    """Read the fans of an ASIC; of one that is offline only which there are."""
    fans: dict[int, Fan] = {}
    for place, entry in enumerate(list_of(stats.get("fans"))[:_MAX_UNITS]):
        entry = object_of(entry)
        index = count(entry.get("index"))
        if index is None:
            index = place
        fans[index] = (
            Fan(
                index=index,
                speed=count(entry.get("fan_rpm")),
                duty=_duty(entry.get("fan")),
            )
            if online
            else Fan(index=index)
        )
    return tuple(fans.values())
