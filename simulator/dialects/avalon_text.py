"""The long text that an AvalonMiner's ``stats`` holds: key after key, each with its value in brackets.

Where its keys and figures are from is said in :mod:`simulator.dialects.avalon`.
"""

from collections.abc import Iterable

from simulator.snapshot import BoardState, Phase, Snapshot

_SYSTEM = {
    Phase.STARTING: "In Init",
    Phase.RAMPING: "In Work",
    Phase.HASHING: "In Work",
    Phase.SLEEPING: "In Idle",
    Phase.OVERHEATED: "In Fault",
}
_SOFT_OFF = 5
_BOARD_VOLTS = 13.4
_EFFICIENCY = 0.932
"""Output of the power supply over what it takes from the wall."""
_ERROR_RATE = 1.3
"""Per cent of the work that is wrong, as a sound machine has it."""
_SPREAD = 37
"""With no divisor in common with 120: it scatters a board's temperatures over its chips."""


def uptime(state: Snapshot) -> int:
    """Its clock: it started a little before the miner program."""
    return state.elapsed + 12


def dna(state: Snapshot) -> str:
    """The number of its control board."""
    return f"02010000{state.miner_id[2:10]}"


def _giga(rate: float) -> str:
    return f"{rate / 1e9:.2f}"


def _busy(state: Snapshot) -> bool:
    return state.phase in {Phase.RAMPING, Phase.HASHING}


def _row(values: Iterable[object]) -> str:
    return " ".join(str(value) for value in values)


def _chips(board: BoardState) -> list[int]:
    """The temperature of every chip, between the coolest and the hottest; 0 where none answers."""
    count, low, high = len(board.chips), min(board.chip), max(board.chip)
    return [
        round(low + (high - low) * (place * _SPREAD % count) / max(1, count - 1))
        if works == "o"
        else 0
        for place, works in enumerate(board.chips)
    ]


def _supply(state: Snapshot) -> str:
    output = state.power * _EFFICIENCY
    if state.sleeping or state.phase is Phase.OVERHEATED:
        return _row([0, 1198, 0, 0, 0, round(100 * _BOARD_VOLTS), round(state.power)])
    volts = round(100 * _BOARD_VOLTS) - 1
    amperes = round(100 * output / volts)
    watts = [round(output), round(100 * _BOARD_VOLTS), round(state.power)]
    return _row([0, 1220, volts, amperes, *watts])


def text(state: Snapshot) -> str:
    """``MM ID0``."""
    profile, boards, present = state.profile, state.boards, state.present
    busy = _busy(state)
    zeros = _row(0 for _ in boards)
    chips = [value for board in present for value in board.chip]
    works = sum(board.chips.count("o") for board in present)
    errors = _ERROR_RATE if state.rate else 0.0
    ideal = sum(board.ideal for board in present) / (1 - _ERROR_RATE / 100)
    steps = _row(profile.frequency - 20 * step for step in (3, 2, 1, 0))
    fields = [
        ("Ver", f"{profile.model}-{profile.compiled}"),
        ("DNA", dna(state)),
        ("MEMFREE", "1298896.0"),
        ("NETFAIL", "0 0 0 0 0 0 0 0"),
        ("SYSTEMSTATU", f"Work: {_SYSTEM[state.phase]}, Hash Board: {len(present)} "),
        ("Elapsed", uptime(state)),
        ("BOOTBY", "0x01.00000000"),
        ("LW", state.accepted * 480),
        ("MH", _row(board.hardware_errors for board in boards)),
        ("HW", state.hardware_errors),
        ("DH", f"{errors:.3f}%"),
        ("Temp", round(state.ambient)),
        ("TMax", max(chips, default=0)),
        ("TAvg", round(sum(chips) / len(chips)) if chips else 0),
        *((f"Fan{place}", speed) for place, speed in enumerate(state.fans, 1)),
        ("FanR", f"{state.fan_duty}%"),
        ("Vo", 334 if busy else 0),
        ("PS", _supply(state)),
        ("GHSspd", _giga(state.rate)),
        ("DHspd", f"{errors:.3f}%"),
        ("GHSmm", _giga(ideal if busy else 0)),
        ("GHSavg", _giga(state.average)),
        ("WU", f"{state.average * 60 / 2**32:.2f}"),
        ("Freq", f"{profile.frequency if busy else 0:.2f}"),
        ("Led", int(state.locating)),
        ("MGHS", _row(_giga(state.average * state.part(board)) for board in boards)),
        ("MTmax", _row(max(board.chip) for board in boards)),
        ("MTavg", _row(round(sum(board.chip) / len(board.chip)) for board in boards)),
        ("TA", works),
        ("Core", "A3201"),
        ("PING", 108),
        ("POWS", 0),
        ("HASHS", zeros),
        ("POOLS", 0),
        ("SoftOFF", _SOFT_OFF if state.sleeping else 0),
        ("ECHU", zeros),
        ("ECMM", 0),
        *((f"SF{board.index}", steps) for board in boards),
        *((f"PVT_T{board.index}", f" {_row(_chips(board))}") for board in present),
        *((f"PVT_V{board.index}", _row(_each(board, 330))) for board in present),
        *((f"MW{board.index}", _row(_each(board, 3600))) for board in present),
        ("CRC", zeros),
        ("WORKMODE", 1),
        ("MPO", round(profile.power)),
    ]
    return " ".join(f"{name}[{value}]" for name, value in fields)


def _each(board: BoardState, value: int) -> list[int]:
    """Figures of the chips about ``value``, 0 where none answers."""
    return [
        value + place * _SPREAD % 13 - 6 if works == "o" else 0
        for place, works in enumerate(board.chips)
    ]
