"""Braiins OS (BOSminer+): Rust, rates in MH/s, no ``stats`` to speak of, figures a board in ``devs``."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, override

from simulator.model import MinerModel
from simulator.orders import Order
from simulator.snapshot import BoardState, Phase, PoolState, Snapshot
from simulator.wire import SERDE, Record, Value

from . import pool_commands
from .base import Dialect, Handler

_FIRST_BOARD = 6
"""The S9's hashboards sit at 6, 7 and 8."""
_NOT_READY = 302
_FANS = 4


def _mega(rate: float) -> float:
    return rate / 1e6


def _windowed(state: Snapshot, window: int) -> float:
    """BOSminer divides by the whole window, however short it has been running."""
    return _mega(state.averages[window] * min(1.0, state.elapsed / window))


def _version(state: Snapshot) -> Record:
    record: Record = {"API": "3.7", "BOSminer+": state.profile.daemon}
    return _SPEAKER.success(state, 22, "BOSminer+ versions", "VERSION", [record])


def _summary(state: Snapshot) -> Record:
    difficulty = state.profile.difficulty
    shares = state.accepted + state.rejected
    work = state.work / 2**32
    record: Record = {
        "Accepted": state.accepted,
        "Best Share": int(difficulty) if state.accepted else 0,
        "Device Hardware%": 100 * state.hardware_errors / work if work else 0.0,
        "Device Rejected%": 0.0,
        "Difficulty Accepted": state.accepted * difficulty,
        "Difficulty Rejected": state.rejected * difficulty,
        "Difficulty Stale": state.stale * difficulty,
        "Discarded": 0,
        "Elapsed": state.elapsed,
        "Found Blocks": 0,
        "Get Failures": 0,
        "Getworks": sum(pool.getworks for pool in state.pools),
        "Hardware Errors": state.hardware_errors,
        "Last getwork": state.now,
        "Local Work": int(work),
        "MHS 15m": _windowed(state, 900),
        "MHS 1m": _windowed(state, 60),
        "MHS 24h": _windowed(state, 86400),
        "MHS 5m": _windowed(state, 300),
        "MHS 5s": _mega(state.rate),
        "MHS av": _mega(state.average),
        "Network Blocks": 0,
        "Pool Rejected%": 100 * state.rejected / shares if shares else 0.0,
        "Pool Stale%": 0.0,
        "Rejected": state.rejected,
        "Remote Failures": 0,
        "Stale": state.stale,
        "Total MH": _mega(state.work),
        "Utility": 60 * state.accepted / state.elapsed if state.elapsed else 0.0,
        "Work Utility": 60 * work / state.elapsed if state.elapsed else 0.0,
    }
    return _SPEAKER.success(state, 11, "Summary", "SUMMARY", [record])


def _pool(state: Snapshot, pool: PoolState) -> Record:
    difficulty = pool.difficulty if pool.accepted else 0.0
    return {
        "Accepted": pool.accepted,
        "AsicBoost": True,
        "Bad Work": 0,
        "Best Share": int(difficulty),
        "Current Block Height": 0,
        "Current Block Version": 536870912 if pool.alive else 0,
        "Diff1 Shares": int(pool.accepted * pool.difficulty),
        "Difficulty Accepted": pool.accepted * pool.difficulty,
        "Difficulty Rejected": pool.rejected * pool.difficulty,
        "Difficulty Stale": pool.stale * pool.difficulty,
        "Discarded": 0,
        "Get Failures": 0,
        "Getworks": pool.getworks,
        "Has GBT": False,
        "Has Stratum": True,
        "Has Vmask": True,
        "Last Share Difficulty": difficulty,
        # An epoch here, where all others say how long ago.
        "Last Share Time": 0
        if pool.since_share is None
        else int(state.now - pool.since_share),
        "Long Poll": "N",
        "POOL": pool.index,
        "Pool Rejected%": pool.rejected_percent,
        "Pool Stale%": pool.stale_percent,
        "Priority": pool.priority,
        "Proxy": "",
        "Proxy Type": "",
        "Quota": 1,
        "Rejected": pool.rejected,
        "Remote Failures": 0,
        "Stale": pool.stale,
        "Status": "Alive" if pool.alive else "Dead",
        "Stratum Active": pool.active,
        "Stratum Difficulty": pool.difficulty if pool.alive else 0.0,
        "Stratum URL": pool.address,
        "URL": pool.setting.url,
        "User": pool.setting.user,
        "Work Difficulty": pool.difficulty if pool.alive else 0.0,
        "Works": pool.accepted * 109580,
    }


def _pools(state: Snapshot) -> Record:
    records: list[Value] = [_pool(state, pool) for pool in state.pools if pool.set]
    return _SPEAKER.success(state, 7, f"{len(records)} Pool(s)", "POOLS", records)


def _dev(state: Snapshot, place: int, board: BoardState) -> Record:
    part = board.rate / state.rate if state.rate else 0.0
    active = state.active_pool
    return {
        "ASC": place,
        "Accepted": 0,
        "Device Elapsed": state.elapsed,
        "Device Hardware%": 0.0,
        "Device Rejected%": 0.0,
        "Diff1 Work": int(state.work * part / 2**32),
        "Difficulty Accepted": 0.0,
        "Difficulty Rejected": 0.0,
        "Enabled": "Y",
        "Hardware Error MHS 15m": 0.0,
        "Hardware Errors": board.hardware_errors,
        "ID": _FIRST_BOARD + board.index,
        "Last Share Difficulty": state.profile.difficulty if state.accepted else 0.0,
        "Last Share Pool": active.index if active and state.accepted else -1,
        "Last Share Time": state.last_share,
        "Last Valid Work": state.now,
        "MHS 15m": _windowed(state, 900) * part,
        "MHS 1m": _windowed(state, 60) * part,
        "MHS 5m": _windowed(state, 300) * part,
        "MHS 5s": _mega(board.rate),
        "MHS av": _mega(state.average) * part,
        "Name": "",
        "Nominal MHS": _mega(board.ideal),
        "Rejected": 0,
        "Status": "Alive",
        "Temperature": 0.0,
        "Total MH": _mega(state.work) * part,
        "Utility": 0.0,
    }


def _devs(state: Snapshot) -> Record:
    records: list[Value] = [
        _dev(state, place, board) for place, board in enumerate(state.present)
    ]
    return _SPEAKER.success(state, 9, f"{len(records)} ASC(s)", "DEVS", records)


def _not_ready(state: Snapshot) -> Record | None:
    """Right after a start or a resume BOSminer has no sensors yet."""
    return (
        _SPEAKER.error(state, _NOT_READY, "Not ready")
        if state.phase is Phase.STARTING
        else None
    )


def _temps(state: Snapshot) -> Record:
    records: list[Value] = [
        {
            "Board": float(max(board.pcb)),
            "Chip": 0.0,
            "ID": _FIRST_BOARD + board.index,
            "TEMP": place,
        }
        for place, board in enumerate(state.present)
    ]
    return _not_ready(state) or _SPEAKER.success(
        state, 201, f"{len(records)} Temp(s)", "TEMPS", records
    )


def _fans(state: Snapshot) -> Record:
    speeds = [*state.fans, *[0] * (_FANS - len(state.fans))]
    records: list[Value] = [
        {"FAN": fan, "ID": fan, "RPM": speed, "Speed": state.fan_duty}
        for fan, speed in enumerate(speeds)
    ]
    return _not_ready(state) or _SPEAKER.success(
        state, 202, f"{len(records)} Fan(s)", "FANS", records
    )


def _devdetails(state: Snapshot) -> Record:
    records: list[Value] = [
        {
            "Chips": len(board.chips),
            "Cores": len(board.chips) * 114,
            "DEVDETAILS": place,
            "Device Path": "",
            "Driver": "",
            "Frequency": board.frequency * 1_000_000,
            "ID": _FIRST_BOARD + board.index,
            "Kernel": "",
            "Model": state.profile.model,
            "Name": "",
            "Voltage": 8.9,
        }
        for place, board in enumerate(state.present)
    ]
    return _not_ready(state) or _SPEAKER.success(
        state, 69, "Device Details", "DEVDETAILS", records
    )


def _tunerstatus(state: Snapshot) -> Record:
    limit = state.config.power_target or int(state.profile.power)
    chains: list[Value] = [
        {
            "HashchainIndex": _FIRST_BOARD + board.index,
            "PowerLimit": limit // state.profile.boards,
            "StageElapsed": state.elapsed,
            "Status": "Tuner is paused" if state.sleeping else "Stable",
            "TunerRunning": not state.sleeping,
            "TuningElapsed": state.elapsed,
        }
        for board in state.present
    ]
    record: Record = {
        "ApproximateChainPowerConsumption": int(max(0.0, state.power - 28)),
        "ApproximateMinerPowerConsumption": int(state.power),
        "PowerLimit": limit,
        "TunerChainStatus": chains,
        "TunerRunning": not state.sleeping,
    }
    return _SPEAKER.success(state, 9, "Tuner Status", "TUNERSTATUS", [record])


def _stats(state: Snapshot) -> Record:
    """Known to BOSminer, and empty."""
    return _SPEAKER.success(state, 70, "BOSminer+ stats", "STATS", [])


class Braiins(Dialect):
    """Speaks for BOSminer."""

    style = SERDE
    writes = pool_commands.COMMANDS | {"pause", "resume"}

    commands: ClassVar[Mapping[str, Handler]] = {
        "version": _version,
        "summary": _summary,
        "pools": _pools,
        "devs": _devs,
        "edevs": _devs,
        "temps": _temps,
        "fans": _fans,
        "devdetails": _devdetails,
        "tunerstatus": _tunerstatus,
        "stats": _stats,
    }

    @override
    def tell(self, miner: MinerModel, command: str, parameter: str) -> Record:
        if command in pool_commands.COMMANDS:
            # They are gone when BOSminer starts again.
            return pool_commands.tell(self, miner, command, parameter, kept=False)
        mode = "sleep" if command == "pause" else "normal"
        miner.orders.append(Order(config=replace(miner.config, mode=mode)))
        return self.success(
            miner.snapshot(), 0, command.capitalize(), command.upper(), [True]
        )


_SPEAKER = Braiins()
