"""The rewritten cgminer of the X19 generation and later (jansson): S19 … S21, T21, L7 and unknown ones.

JSON with blanks after the separators, five commands and Code 14 for all others, no joins;
newer firmware also answers ``"new_api": true`` with the objects of its web pages. Figures of
a sleeping or starting miner differ between the Zynq boards (floats, idling fans, ``x``) and
the newer ones (integers, fans off, ``o``).
"""

from collections.abc import Mapping
from typing import ClassVar, override

from simulator.model import MinerModel
from simulator.snapshot import BoardState, Phase, Snapshot
from simulator.wire import JANSSON, Record, Request, Value, ago, suffixed

from .base import Dialect, Handler
from .new_api import OBJECTS, chips_of, reload, sensors, zynq

_SLOTS = 4
_MOST_IN_ARRAY = 11


def _dashed(values: tuple[int, ...]) -> str:
    return "-".join(str(value) for value in values)


def _resting(state: Snapshot) -> bool:
    return state.phase in {Phase.SLEEPING, Phase.STARTING}


def _number(state: Snapshot, rate: float) -> Value:
    """A rate: the newer boards write the integer 0 while they rest."""
    if _resting(state) and not rate:
        return 0.0 if zynq(state) else 0
    return state.units(rate)


def _chain_rate(state: Snapshot, board: BoardState) -> str:
    if state.phase is Phase.STARTING:
        return ""
    if state.sleeping and not zynq(state):
        return "0"
    return f"{state.units(board.rate):.2f}"


def _version(state: Snapshot) -> Record:
    profile = state.profile
    record: Record = {
        "BMMiner": profile.daemon,
        "API": "3.1",
        "Miner": profile.miner,
        "CompileTime": profile.compiled,
        "Type": profile.model,
    }
    return _SPEAKER.success(state, 22, "CGMiner versions", "VERSION", [record])


def _stats(state: Snapshot) -> Record:
    profile = state.profile
    header: Record = {
        "BMMiner": profile.daemon,
        "Miner": profile.miner,
        "CompileTime": profile.compiled,
        "Type": profile.model,
    }
    return _SPEAKER.success(
        state, 70, "CGMiner stats", "STATS", [header, _figures(state)]
    )


def _figures(state: Snapshot) -> Record:
    profile = state.profile
    off = state.sleeping and not zynq(state)
    frequency = 0 if off else profile.frequency
    slots = max(_SLOTS, profile.boards)
    boards = {board.index + 1: board for board in state.present}
    record: Record = {
        "STATS": 0, "ID": "BTM_SOC0", "Elapsed": state.elapsed, "Calls": 0, "Wait": 0, "Max": 0, "Min": 99999999,
        "GHS 5s": _number(state, state.rate), "GHS av": _number(state, state.average),
        "rate_30m": _number(state, state.averages[1800]), "Mode": 2, "miner_count": len(boards),
        "frequency": profile.frequency, "fan_num": profile.fans,
    }  # fmt: skip
    record |= {f"fan{number}": speed for number, speed in enumerate(state.fans, 1)}
    record["temp_num"] = len(boards)
    for slot, board in boards.items():
        pcb, chip, _ = sensors(state, board)
        record[f"temp{slot}"] = 0 if off else max(pcb)
        record[f"temp2_{slot}"] = 0 if off else max(chip)
    for place, key in enumerate(("temp_pcb", "temp_chip", "temp_pic")):
        for slot in range(1, slots + 1):
            record[f"{key}{slot}"] = (
                _dashed(sensors(state, boards[slot])[place])
                if slot in boards
                else "0-0-0-0"
            )
    record |= {
        "total_rateideal": state.units(sum(board.ideal for board in boards.values())),
        "rate_unit": profile.unit_name,
        "total_freqavg": frequency,
        "total_acn": sum(len(board.chips) for board in boards.values()),
        "total rate": _number(state, state.average),
        "temp_max": 0,
        "no_matching_work": state.hardware_errors,
    }
    numbers = range(1, slots + 1)
    record |= {
        f"chain_acn{slot}": len(boards[slot].chips) if slot in boards else 0
        for slot in numbers
    }
    record |= {
        f"chain_acs{slot}": chips_of(state, boards[slot]) if slot in boards else ""
        for slot in numbers
    }
    record |= {
        f"chain_hw{slot}": boards[slot].hardware_errors if slot in boards else 0
        for slot in numbers
    }
    record |= {
        f"chain_rate{slot}": _chain_rate(state, boards[slot]) if slot in boards else ""
        for slot in numbers
    }
    record |= {f"freq{slot}": frequency if slot in boards else 0 for slot in numbers}
    record["miner_version"] = profile.miner
    record["miner_id"] = state.miner_id if zynq(state) else "no miner id now"
    return record


def _difficulty(state: Snapshot, shares: int) -> float:
    return shares * state.profile.difficulty


def _per_minute(amount: float, state: Snapshot) -> float:
    return round(60 * amount / state.elapsed, 2) if state.elapsed else 0.0


def _summary(state: Snapshot) -> Record:
    accepted = _difficulty(state, state.accepted)
    record: Record = {
        "Elapsed": state.elapsed,
        "GHS 5s": _number(state, state.rate),
        "GHS av": _number(state, state.average),
        "GHS 30m": _number(state, state.averages[1800]),
        "Found Blocks": 0,
        "Getwork": sum(pool.getworks for pool in state.pools),
        "Accepted": state.accepted,
        "Rejected": state.rejected,
        "Hardware Errors": state.hardware_errors,
        "Utility": _per_minute(state.accepted, state),
        "Discarded": sum(pool.discarded for pool in state.pools),
        "Stale": state.stale,
        "Get Failures": 0,
        "Local Work": state.accepted * 497,
        "Remote Failures": 0,
        "Network Blocks": state.elapsed // 600,
        "Total MH": float(round(state.work / (state.profile.unit / 1000))),
        "Work Utility": _per_minute(accepted, state),
        "Difficulty Accepted": accepted,
        "Difficulty Rejected": _difficulty(state, state.rejected),
        "Difficulty Stale": _difficulty(state, state.stale),
        "Best Share": max(pool.best_share for pool in state.pools),
        "Device Hardware%": 0.0,
        "Device Rejected%": 0.0,
        "Pool Rejected%": 0.0,
        "Pool Stale%": 0.0,
        "Last getwork": state.now,
    }
    return _SPEAKER.success(state, 11, "Summary", "SUMMARY", [record])


def _pools(state: Snapshot) -> Record:
    records: list[Value] = []
    for pool in state.pools:
        record: Record = {
            "POOL": pool.index,
            "URL": pool.setting.url,
            # So the firmware spells it.
            "Status": "Alive" if pool.alive else "Deed",
            "Priority": pool.index,
            "Quota": 1,
            "Long Poll": "N",
            "Getworks": pool.getworks,
            "Accepted": pool.accepted,
            "Rejected": pool.rejected,
            "Discarded": pool.discarded,
            "Stale": pool.stale,
            "Get Failures": 0,
            "Remote Failures": 0,
            "User": pool.setting.user,
            "Last Share Time": ago(pool.since_share),
            "Diff": suffixed(pool.difficulty) if pool.alive else "",
            "Diff1 Shares": 0,
            "Proxy Type": "",
            "Proxy": "",
            "Difficulty Accepted": pool.accepted * pool.difficulty,
            "Difficulty Rejected": pool.rejected * pool.difficulty,
            "Difficulty Stale": pool.stale * pool.difficulty,
            "Last Share Difficulty": pool.difficulty if pool.accepted else 0.0,
            "Has Stratum": pool.set,
            "Stratum Active": pool.active,
            "Stratum URL": pool.host if pool.active else "",
            "Has GBT": False,
            "Best Share": float(pool.best_share),
            "Pool Rejected%": 0.0,
            "Pool Stale%%": 0.0,
        }
        records.append(record)
    return _SPEAKER.success(state, 7, f"{len(records)} Pool(s)", "POOLS", records)


def _devs(state: Snapshot) -> Record:
    newer = state.profile.layout == "s21"
    hottest = max((max(board.pcb) for board in state.present), default=0)
    record: Record = {
        "ASC": 0,
        "Name": "BTM_SOC",
        "ID": 0,
        "Enabled": "Y",
        "Status": "Alive",
        # The misspelt key never held anything; the corrected one does, and so do the rates.
        **({"Temperature": float(hottest)} if newer else {"Tenperature": 0.0}),
        "MHS av": state.units(state.average) if newer else 0.0,
        "MHS 5s": state.units(state.rate) if newer else 0.0,
        "Accepted": state.accepted,
        "Rejected": state.rejected,
        "Hardware Errors": 0,
        "Utility": 0.0,
        "Last Share Pool": state.active_pool.index if state.active_pool else 0,
        "Last Share Time": state.last_share,
        "Total MH": 0.0,
        "Diff1 Work": 0,
        "Difficulty Accepted": int(_difficulty(state, state.accepted)),
        "Difficulty Rejected": int(_difficulty(state, state.rejected)),
        "Last Share Difficulty": state.last_share,
        "Last Valid Work": state.last_share,
        "Device Hardware%": 0.0,
        "Device Rejected%": 0.0,
        "Device Elapsed": state.elapsed,
    }
    return _SPEAKER.success(state, 9, "1 ASC(s)", "DEVS", [record])


class X19(Dialect):
    """Speaks for the X19 generation."""

    style = JANSSON
    request_limit = 4095
    joins = False
    writes = frozenset({"reload"})

    commands: ClassVar[Mapping[str, Handler]] = {
        "version": _version,
        "stats": _stats,
        "summary": _summary,
        "pools": _pools,
        "devs": _devs,
    }

    @override
    def handle(self, miner: MinerModel, request: Request) -> Record:
        if request.new_api and miner.profile.new_api:
            if request.command == "reload":
                return reload(miner.snapshot())
            if request.command in OBJECTS:
                return OBJECTS[request.command](miner.snapshot())
        if request.array:
            if len(request.commands) > _MOST_IN_ARRAY:
                return self.unknown(miner.snapshot(), "")
            return {command: self.reply(miner, command) for command in request.commands}
        return self.reply(miner, request.command)


_SPEAKER = X19()
