"""What the ``stats`` of each classic model holds, and in which order.

A layout is a list of sections; a section is one run of keys (``temp1`` … ``temp16``). Order
and types follow raw captures of each model (foreman's integration tests).
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.snapshot import BoardState, Phase, Snapshot, grouped
from simulator.wire import Record, Value, fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a model's boards and fans sit, and what it reports."""

    id: str
    slots: tuple[int, ...]
    """Numbers of the chain slots in the order of the wire, populated or not."""
    boards: tuple[int, ...]
    """The slots of board 0, 1, 2 …"""
    fan_slots: int
    fans: tuple[int, ...]
    """The fan numbers in use."""
    sections: str
    comma: bool = True
    """Whether a comma stands between header and figures: :class:`simulator.wire.RunOn`."""
    version_key: str = "CGMiner"
    header_key: str = "CGMiner"
    api: str = "3.1"
    device: str = "BTM_SOC"
    """``Name`` in ``devs``."""

    @property
    def named(self) -> str:
        """What the daemon calls itself in messages."""
        return "BMMiner" if self.version_key == "BMMiner" else "CGMiner"


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot seen through a layout."""

    state: Snapshot
    layout: Layout

    @property
    def boards(self) -> dict[int, BoardState]:
        """Slot → board that was found; none are while the miner sleeps (T17+, S17+)."""
        if self.state.sleeping:
            return {}
        return {
            slot: board
            for slot, board in zip(self.layout.boards, self.state.boards, strict=True)
            if board.present
        }

    @property
    def starting(self) -> bool:
        """Boards are being brought up."""
        return self.state.phase is Phase.STARTING

    def each(
        self, key: str, absent: Value, of: Callable[[BoardState], Value]
    ) -> Record:
        """``key1`` … for every slot."""
        boards = self.boards
        return {
            f"{key}{slot}": of(boards[slot]) if slot in boards else absent
            for slot in self.layout.slots
        }

    def found(self, key: str, of: Callable[[BoardState], Value]) -> Record:
        """``key6`` … for the slots that this model can populate."""
        boards = self.boards
        return {
            f"{key}{slot}": of(boards[slot]) if slot in boards else ""
            for slot in self.layout.boards
        }


def _text_rate(view: View) -> str:
    return "" if view.starting else f"{view.state.units(view.state.rate):.2f}"


def _dashed(*values: int) -> str:
    return "-".join(str(value) for value in values)


def _fans(view: View) -> Record:
    speeds = dict(zip(view.layout.fans, view.state.fans, strict=True))
    return {
        "fan_num": sum(1 for speed in speeds.values() if speed),
        **{
            f"fan{number}": speeds.get(number, 0)
            for number in range(1, view.layout.fan_slots + 1)
        },
    }


def _hardware_percent(state: Snapshot) -> Value:
    difficulty = sum(pool.accepted * pool.difficulty for pool in state.pools)
    return fixed(100 * state.hardware_errors / difficulty if difficulty else 0.0, 4)


def _hottest(view: View, of: Callable[[BoardState], int]) -> int:
    return max((of(board) for board in view.boards.values()), default=0)


def _opposite(values: tuple[int, int, int, int]) -> str:
    """Inlet and outlet in turn, as S17 and T15 order their sensors."""
    return _dashed(values[0], values[2], values[1], values[3])


def _mean_frequency(view: View) -> float:
    found = [board.frequency for board in view.boards.values()]
    return sum(found) / len(found) if found else 0.0


def _head(view: View) -> Record:
    return {
        "STATS": 0,
        "ID": view.layout.id,
        "Elapsed": view.state.elapsed,
        "Calls": 0,
        "Wait": fixed(0, 6),
        "Max": fixed(0, 6),
        "Min": fixed(99999999, 6),
        "GHS 5s": _text_rate(view),
        "GHS av": view.state.units(view.state.average),
    }


def _rate(view: View) -> Record:
    return view.each(
        "chain_rate",
        "",
        lambda board: "" if view.starting else f"{view.state.units(board.rate):.2f}",
    )


def _late_chips(board: BoardState) -> str:
    late = [f"X{place}=1" for place, chip in enumerate(board.chips) if chip == "x"][:8]
    return "{" + ",".join(late) + "}"


def _consumption(view: View) -> Record:
    return {
        **view.found("chain_vol", lambda _: 920),
        **view.found("chain_consumption", lambda board: int(board.power)),
    }


def _hive_power(view: View) -> Record:
    watts = sum(board.power for board in view.boards.values())
    return {
        **view.each("chain_power", 0.0, lambda board: board.power),
        "chain_power": f"{watts:.2f} (AB)",
    }


def _acs(view: View) -> Record:
    size = view.state.profile.chip_group
    if view.layout.id == "BTM0":
        return view.each("chain_acs", "", lambda board: board.chips)
    return view.each(
        "chain_acs", "", lambda board: "" if view.starting else grouped(board, size)
    )


SECTIONS: dict[str, Callable[[View], Record]] = {
    "head": _head,
    "30m": lambda view: {"GHS 30m": view.state.units(view.state.averages[1800])},
    "voltage": lambda _: {"Voltage": "9.90"},
    "no_voltage": lambda _: {"Voltage": ""},
    "high": lambda _: {"Mode": "H"},
    "mode": lambda view: {"Mode": 254 if view.state.sleeping else 1},
    "count": lambda view: {"miner_count": len(view.boards)},
    "count3": lambda view: {"miner_count": -(-len(view.boards) // 3)},
    "frequency": lambda view: {"frequency": str(view.state.profile.frequency)},
    "frequency_low": lambda _: {"frequency": "300"},
    "frequency_none": lambda _: {"frequency": ""},
    "frequency_mhz": lambda view: {"frequency": f"{view.state.profile.frequency}M"},
    "frequency_each": lambda view: {
        f"frequency{slot}": str(view.state.profile.frequency)
        for slot in view.layout.slots
    },
    "frequency_int": lambda view: view.each(
        "frequency", 0, lambda board: board.frequency
    ),
    "freq8": lambda view: dict(
        list(view.each("freq", "0", lambda board: str(board.frequency)).items())[:8]
    ),
    "freq16": lambda view: view.each("freq", "0", lambda board: str(board.frequency)),
    "freq_int": lambda view: view.each("freq", 0, lambda board: board.frequency),
    "fans": _fans,
    "temp_num": lambda view: {"temp_num": len(view.boards)},
    "temp_num2": lambda view: {"temp_num": 2 * len(view.boards)},
    "temp": lambda view: view.each("temp", 0, lambda board: max(board.pcb)),
    "temp2": lambda view: view.each("temp2_", 0, lambda board: max(board.chip)),
    "temp2_inlet": lambda view: view.each("temp2_", 0, lambda board: board.chip[0]),
    "temp3": lambda view: view.each("temp3_", 0, lambda _: 0),
    "temp3_chip": lambda view: view.each("temp3_", 0, lambda board: max(board.chip)),
    "temp3_inlet": lambda view: view.each("temp3_", 0, lambda board: board.pcb[0]),
    "temp3_bare": lambda view: view.each("temp3", 0, lambda _: 0),
    "temp4": lambda view: view.each("temp4_", 0, lambda _: 0),
    "temp4_inlet": lambda view: view.each("temp4_", 0, lambda board: board.chip[0]),
    "pcb_zero": lambda view: view.each(
        "temp_pcb", "0-0-0-0", lambda board: _opposite(board.pcb)
    ),
    "chip_zero": lambda view: view.each(
        "temp_chip", "0-0-0-0", lambda board: _opposite(board.chip)
    ),
    "pcb_dash": lambda view: view.each(
        "temp_pcb", "-", lambda board: _opposite(board.pcb)
    ),
    "chip_dash": lambda view: view.each(
        "temp_chip", "-", lambda board: _opposite(board.chip)
    ),
    "pcb_two": lambda view: view.each(
        "temp_pcb", "-", lambda board: _dashed(board.pcb[0], board.pcb[3])
    ),
    "chip_two": lambda view: view.each(
        "temp_chip", "-", lambda board: _dashed(board.chip[0], board.chip[3])
    ),
    "freq_avg": lambda view: view.each(
        "freq_avg", 0.0, lambda board: float(board.frequency)
    ),
    "freq_avg_none": lambda view: view.each("freq_avg", 0.0, lambda _: 0.0),
    "ideal": lambda view: {"total_rateideal": view.state.units(view.state.nominal)},
    "unit": lambda view: {"rate_unit": view.state.profile.unit_name},
    "freq_mean": lambda view: {"total_freqavg": _mean_frequency(view)},
    "freq_mean_none": lambda _: {"total_freqavg": 0.0},
    "acn_sum": lambda view: {
        "total_acn": sum(len(board.chips) for board in view.boards.values())
    },
    "rate_sum": lambda view: {"total_rate": view.state.units(view.state.rate)},
    "ideals": lambda view: view.each(
        "chain_rateideal", 0.0, lambda board: view.state.units(board.ideal)
    ),
    "ideals_none": lambda view: view.each("chain_rateideal", 0.0, lambda _: 0.0),
    "temp_max_chip": lambda view: {
        "temp_max": _hottest(view, lambda board: max(board.chip))
    },
    "temp_max": lambda view: {"temp_max": _hottest(view, lambda board: max(board.pcb))},
    "temp_maxes": lambda view: {
        **view.each(
            "temp_max", 0, lambda board: board.pcb[0] if board.index >= 6 else 0
        ),
        **view.each(
            "temp_max2_", 0, lambda board: board.chip[0] if board.index >= 6 else 0
        ),
    },
    "hw_percent": lambda view: {"Device Hardware%": _hardware_percent(view.state)},
    "hw_sum": lambda view: {"no_matching_work": view.state.hardware_errors},
    "acn": lambda view: view.each("chain_acn", 0, lambda board: len(board.chips)),
    "acs": _acs,
    "hw": lambda view: view.each("chain_hw", 0, lambda board: board.hardware_errors),
    "rate": _rate,
    "bchips": lambda view: view.found("chain_bchips", lambda _: "Warm up"),
    "late": lambda view: {
        f"chain_xtime{slot}": _late_chips(board) for slot, board in view.boards.items()
    },
    "offside": lambda view: view.found("chain_offside_", lambda _: "0"),
    "offside_none": lambda view: view.found("chain_offside_", lambda _: ""),
    "opencore": lambda view: view.found("chain_opencore_", lambda _: "0"),
    "opencore_one": lambda view: view.found("chain_opencore_", lambda _: "1"),
    "consumption": _consumption,
    "version": lambda view: {"miner_version": view.state.profile.miner},
    "id": lambda view: {"miner_id": view.state.miner_id},
    "hive_power": _hive_power,
    "vnish": lambda _: {"manual_fan_mode": False, "build_version": "3.8.6"},
}

_16 = tuple(range(1, 17))
_4 = (1, 2, 3, 4)
_S9_START = "head count frequency fans temp_num temp temp2 temp3 freq_avg ideal freq_mean acn_sum rate_sum ideals"
_S9_END = "temp_max_chip hw_percent hw_sum acn acs hw rate"
_S9_TAIL = "late offside opencore"
_S9_LIKE = f"{_S9_START} {_S9_END} {_S9_TAIL} version"
_SOC_END = "hw_percent hw_sum acn acs hw rate late offside opencore version id"

LAYOUTS: dict[str, Layout] = {
    "s9": Layout(id="BC50", slots=_16, boards=(6, 7, 8), fan_slots=8, fans=(3, 6), sections=_S9_LIKE, comma=False,
                 version_key="BMMiner", header_key="BMMiner", device="BC5"),
    "hiveon": Layout(id="BC50", slots=_16, boards=(6, 7, 8), fan_slots=8, fans=(5, 6), comma=False,
                     sections=f"{_S9_LIKE} hive_power", version_key="BMMiner", header_key="BMMiner", device="BC5"),
    "vnish3": Layout(id="BC50", slots=_16, boards=(6, 7, 8), fan_slots=8, fans=(5, 6), comma=False,
                     sections=f"{_S9_START} {_S9_END} bchips {_S9_TAIL} consumption version vnish",
                     header_key="Cgminer", api="3.7", device="BC5"),
    "l3": Layout(id="L30", slots=_4, boards=_4, fan_slots=2, fans=(1, 2), comma=False, device="L3",
                 sections="head count frequency fans temp_num temp temp2 temp3_bare temp4 temp_max hw_percent hw_sum"
                          " acn acs hw rate"),
    "d3": Layout(id="D10", slots=_4, boards=(1, 2, 3), fan_slots=2, fans=(1, 2), comma=False, device="D1",
                 sections="head count frequency_each fans temp_num temp temp2 temp_max hw_percent hw_sum"
                          " acn acs hw rate"),
    "z11": Layout(id="ZCASH0", slots=_4, boards=(1, 2, 3), fan_slots=6, fans=(1, 2), comma=False, device="ZCASH",
                  sections="head count fans temp_num temp temp2 temp_max hw_percent hw_sum acn acs hw frequency_int"
                           " rate"),
    "e3": Layout(id="BTM0", slots=(1, 8, 9, 2, 10, 11, 3, 12, 13), boards=(1, 8, 9, 2, 10, 11, 3, 12, 13),
                 fan_slots=6, fans=(5, 6), device="BTM",
                 sections="head count3 frequency_mhz fans temp_num2 temp temp2 temp3_inlet temp4_inlet temp_maxes"
                          " acs acn hw rate"),
    "s9k": Layout(id="BTM_SOC0", slots=_16, boards=(1, 2, 3), fan_slots=8, fans=(1, 2), header_key="BMMiner",
                  sections="head voltage high count frequency_low freq8 fans temp_num2 temp temp2_inlet pcb_two"
                           " chip_two freq_avg_none ideal freq_mean_none acn_sum rate_sum ideals_none temp_max"
                           f" {_SOC_END}"),
    "t15": Layout(id="BTM_SOC0", slots=_16, boards=(1, 2, 3), fan_slots=8, fans=(1, 2), header_key="BMMiner",
                  sections="head 30m no_voltage high count frequency_none freq16 fans temp_num temp temp2_inlet"
                           " pcb_dash chip_dash freq_avg_none ideal unit freq_mean_none acn_sum rate_sum ideals_none"
                           f" temp_max {_SOC_END}"),
    "s17": Layout(id="BTM_SOC0", slots=_16, boards=(1, 2, 3), fan_slots=16, fans=(1, 2, 3, 4), header_key="BMMiner",
                  sections="head 30m mode count frequency_none fans temp_num temp temp2 temp3_chip pcb_zero chip_zero"
                           " ideal unit freq_mean_none acn_sum rate_sum ideals_none temp_max hw_sum acn acs hw rate"
                           " late offside_none opencore_one freq_int version id"),
}  # fmt: skip
"""One a classic model."""


def figures(state: Snapshot, layout: Layout) -> Record:
    """The second object of ``stats``."""
    view = View(state, layout)
    record: Record = {}
    for section in layout.sections.split():
        record |= SECTIONS[section](view)
    return record
