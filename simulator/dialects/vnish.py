"""VNish from 1.2 on: stats with a state, watts a chain, ``version`` refused, the maker's own pool.

1.2.0 writes by printf with two odd blanks, 1.2.7 (Rust) compactly, and without ``id``. That
both refuse ``version`` and joins is as the reference has it for this family.
"""

from collections.abc import Mapping
from typing import ClassVar, override

from simulator.model import MinerModel
from simulator.profiles import PoolSetting
from simulator.snapshot import Phase, PoolState, Snapshot, grouped
from simulator.wire import CLASSIC, SERDE, Record, Value, ago, encode, fixed, suffixed

from .base import Dialect, Handler

_STATES = {
    Phase.STARTING: "initializing",
    Phase.RAMPING: "auto-tuning",
    Phase.HASHING: "mining",
    Phase.SLEEPING: "stopped",
    Phase.OVERHEATED: "failure",
}


def miner_state(state: Snapshot) -> str:
    """``miner_state`` of the REST API, ``state`` of ``stats``."""
    return _STATES[state.phase]


def chain_state(state: Snapshot) -> str:
    """``chain_stateN``."""
    return (
        "mining"
        if state.phase in {Phase.RAMPING, Phase.HASHING}
        else miner_state(state)
    )


def _old(state: Snapshot) -> bool:
    return state.profile.layout.startswith("1.2.0")


def _version(state: Snapshot) -> Record:
    return _SPEAKER.error(state, 0, "Invalid command")


def _figures_old(state: Snapshot) -> Record:
    profile = state.profile
    boards = {board.index + 1: board for board in state.present}
    record: Record = {
        "STATS": 0, "ID": "BTM_S19XP", "Elapsed": state.elapsed, "Calls": 0, "Wait": fixed(0, 6), "Max": fixed(0, 6),
        "Min": fixed(99999999, 6), "GHS 5s": f"{state.units(state.rate):.2f}", "GHS av": state.units(state.average),
        "miner_count": len(boards), "total_acn": sum(len(board.chips) for board in boards.values()),
        "frequency": profile.frequency, "total_freqavg": profile.frequency * 0.9888,
        "total_rateideal": state.units(state.nominal), "total_rate": state.units(state.rate),
        "state": miner_state(state), "fan_num": profile.fans, "fan_mode": 0, "fan_pwm": state.fan_duty,
    }  # fmt: skip
    record |= {f"fan{number}": speed for number, speed in enumerate(state.fans, 1)}
    record["temp_num"] = len(boards)
    record |= {f"temp{slot}": max(board.pcb) for slot, board in boards.items()}
    record |= {f"temp2_{slot}": max(board.chip) for slot, board in boards.items()}
    record |= {f"temp3_{slot}": max(board.chip) for slot, board in boards.items()}
    record |= {f"temp_sens{slot}": "m-m" for slot in boards}
    record |= {
        f"temp_pcb{slot}": f"{min(board.pcb)}-{max(board.pcb)}"
        for slot, board in boards.items()
    }
    record |= {
        f"temp_chip{slot}": f"{min(board.chip)}-{max(board.chip)}"
        for slot, board in boards.items()
    }
    record |= {f"chain_state{slot}": chain_state(state) for slot in boards}
    record |= {f"chain_acn{slot}": len(board.chips) for slot, board in boards.items()}
    record |= {f"chain_vol{slot}": 12625 for slot in boards}
    record |= {
        f"freq_avg{slot}": board.frequency * 0.9888 for slot, board in boards.items()
    }
    record |= {
        f"chain_rateideal{slot}": state.units(board.ideal)
        for slot, board in boards.items()
    }
    record |= {
        f"chain_rate{slot}": state.units(board.rate) for slot, board in boards.items()
    }
    record |= {
        f"chain_hw{slot}": board.hardware_errors for slot, board in boards.items()
    }
    record |= {
        f"chain_acs{slot}": grouped(board, profile.chip_group, lead=False)
        for slot, board in boards.items()
    }
    # The power supply of this one has no metering.
    record |= {f"chain_consumption{slot}": 0 for slot in boards}
    return {**record, "miner_version": profile.miner, "build_version": profile.layout}


def _figures_new(state: Snapshot) -> Record:
    boards = {board.index + 1: board for board in state.present}
    record: Record = {
        "Elapsed": state.elapsed,
        "GHS 5s": f"{state.units(state.rate):.2f}",
        "GHS av": state.units(state.average),
    }
    record |= {f"temp_sens{slot}": "m-m-m-m" for slot in boards}
    record |= {f"temp{slot}": max(board.pcb) for slot, board in boards.items()}
    record |= {f"temp2_{slot}": max(board.chip) for slot, board in boards.items()}
    record |= {f"temp3_{slot}": max(board.chip) for slot, board in boards.items()}
    for key, chips in (("temp_chip", True), ("temp_pcb", False)):
        for slot, board in boards.items():
            values = board.chip if chips else board.pcb
            record[f"{key}{slot}"] = (
                f"{max(values)}-{min(values)}-{values[2]}-{values[3]}"
            )
    record |= {
        f"chain_consumption{slot}": int(board.power) for slot, board in boards.items()
    }
    record |= {
        f"chain_hw{slot}": board.hardware_errors for slot, board in boards.items()
    }
    record |= {"fan_num": state.profile.fans, "fan_mode": 0, "fan_pwm": state.fan_duty}
    record |= {f"fan{number}": speed for number, speed in enumerate(state.fans, 1)}
    record |= {
        f"chain_rateideal{slot}": round(board.ideal / 1e9, 3)
        for slot, board in boards.items()
    }
    record |= {
        f"chain_rate{slot}": round(board.rate / 1e9, 3)
        for slot, board in boards.items()
    }
    record |= {
        f"freq_avg{slot}": float(board.frequency) for slot, board in boards.items()
    }
    record |= {f"chain_vol{slot}": 13000 for slot in boards}
    record |= {
        "state": miner_state(state),
        "total_rate": state.units(state.rate),
        "total_rateideal": state.units(state.nominal),
        "total_acn": sum(len(board.chips) for board in boards.values()),
    }
    record |= {f"chain_state{slot}": chain_state(state) for slot in boards}
    record |= {f"chain_fault{slot}": "" for slot in boards}
    record |= {f"chain_acn{slot}": len(board.chips) for slot, board in boards.items()}
    return record


def _stats(state: Snapshot) -> Record:
    profile = state.profile
    figures = _figures_old(state) if _old(state) else _figures_new(state)
    header: Record = {
        "Cgminer": profile.daemon,
        "Miner": profile.miner,
        "CompileTime": profile.compiled,
        "Type": profile.model,
    }
    if not _old(state):
        header = {
            key: header[key] for key in ("Type", "Miner", "Cgminer", "CompileTime")
        }
    return _SPEAKER.success(state, 70, "CGMiner stats", "STATS", [header, figures])


def _summary(state: Snapshot) -> Record:
    difficulty = state.profile.difficulty
    accepted = state.accepted * difficulty
    shares = state.accepted + state.rejected
    best = max(pool.best_share for pool in state.pools)
    if not _old(state):
        record: Record = {
            "Elapsed": state.elapsed, "Device Hardware%": state.hardware_errors / (state.work or 1),
            "GHS 5s": state.units(state.rate), "GHS av": state.units(state.average),
            "GHS 30m": state.units(state.averages[1800]), "Stale": state.stale, "Found Blocks": 0, "Getworks": 0,
            "Accepted": state.accepted + state.fee_shares, "Rejected": state.rejected, "Hardware Errors": state.hardware_errors,
            "Utility": 0.0, "Discarded": 0, "Get Failures": 0, "Local Work": 0, "Remote Failures": 0,
            "Network Blocks": 0, "Total MH": 0, "Work Utility": 0.0, "Difficulty Accepted": accepted,
            "Difficulty Rejected": state.rejected * difficulty, "Difficulty Stale": state.stale * difficulty,
            "Best Share": best, "Device Rejected%": 0.0, "Pool Rejected%": 0.0, "Pool Stale%": 0.0, "Last getwork": 0,
            "Fee Percent": 2.812304,
        }  # fmt: skip
    else:
        minutes = max(1, state.elapsed) / 60
        record = {
            "Elapsed": state.elapsed, "GHS 5s": f"{state.units(state.rate):.2f}", "GHS av": state.units(state.average),
            "Found Blocks": 0, "Getworks": sum(pool.getworks for pool in state.pools), "Accepted": state.accepted + state.fee_shares,
            "Rejected": state.rejected, "Hardware Errors": state.hardware_errors, "Utility": state.accepted / minutes,
            "Discarded": sum(pool.discarded for pool in state.pools), "Stale": state.stale, "Get Failures": 0,
            "Local Work": state.accepted * 380, "Remote Failures": 0, "Network Blocks": state.elapsed // 600,
            "Total MH": fixed(state.work / 1e6, 4), "Work Utility": accepted / minutes,
            "Difficulty Accepted": fixed(accepted, 8), "Difficulty Rejected": fixed(state.rejected * difficulty, 8),
            "Difficulty Stale": fixed(state.stale * difficulty, 8), "Best Share": best,
            "Device Hardware%": fixed(100 * state.hardware_errors / (accepted or 1), 4),
            "Device Rejected%": fixed(100 * state.rejected / (state.accepted or 1), 4),
            "Pool Rejected%": fixed(100 * state.rejected / (shares or 1), 4), "Pool Stale%": fixed(0, 4),
            "Last getwork": state.now - 1, "Fee Percent": fixed(3.8449, 4),
        }  # fmt: skip
    return _SPEAKER.success(state, 11, "Summary", "SUMMARY", [record])


def _maker_pool(state: Snapshot, index: int) -> PoolState:
    """The pool of the firmware's maker, behind those of the owner."""
    found = state.fee_shares
    return PoolState(
        index=index,
        priority=index,
        setting=PoolSetting(url="DevFee", user="DevFee"),
        alive=True,
        # 1.2.0 names the owner's pool alone, 1.2.7 both.
        active=not _old(state),
        difficulty=state.profile.fee_difficulty,
        accepted=found,
        rejected=0,
        stale=0,
        since_share=float(state.now % 400) if found else None,
    )


def _pool_old(pool: PoolState) -> Record:
    worked = pool.difficulty if pool.accepted else 0.0
    return {
        "POOL": pool.index, "URL": pool.setting.url, "Status": "Alive" if pool.alive else "Dead",
        "Priority": pool.priority, "Long Poll": "N", "Getworks": pool.getworks, "Accepted": pool.accepted,
        "Rejected": pool.rejected, "Stale": pool.stale, "Works": pool.accepted * 380, "Discarded": pool.discarded,
        "Get Failures": 0, "Remote Failures": 0, "User": pool.setting.user,
        "Type": 1 if pool.setting.url == "DevFee" else 0, "Last Share Time": ago(pool.since_share),
        "Diff": suffixed(pool.difficulty) if pool.alive else "", "Diff1 Shares": 0, "Proxy Type": "", "Proxy": "",
        "Difficulty Accepted": fixed(pool.accepted * pool.difficulty, 8),
        "Difficulty Rejected": fixed(pool.rejected * pool.difficulty, 8),
        "Difficulty Stale": fixed(pool.stale * pool.difficulty, 8), "Last Share Difficulty": fixed(worked, 8),
        "Work Difficulty": fixed(pool.difficulty, 8), "Has Stratum": True, "Stratum Active": pool.active,
        "Stratum URL": pool.host if pool.active else "",
        "Stratum Difficulty": fixed(worked if pool.active else 0, 8), "Has Vmask": True,
        "Best Share": pool.best_share, "Pool Rejected%": fixed(pool.rejected_percent, 4),
        "Pool Stale%": fixed(pool.stale_percent, 4), "Bad Work": 0, "Current Block Height": 810322,
        "Current Block Version": 536870912,
    }  # fmt: skip


def _pool_new(pool: PoolState) -> Record:
    return {
        "POOL": pool.index,
        "URL": pool.address,
        "Type": 1 if pool.setting.url == "DevFee" else 0,
        "User": pool.setting.user,
        "Status": "Alive" if pool.alive else "Dead",
        "Diff": suffixed(pool.difficulty) if pool.accepted else "",
        "Accepted": pool.accepted,
        "Rejected": pool.rejected,
        "Stale": pool.stale,
        "Last Share Difficulty": pool.difficulty if pool.accepted else 0.0,
        "Last Share Time": ago(pool.since_share),
        "Stratum Active": pool.active,
        "Has Vmask": True,
        "Difficulty Accepted": pool.accepted * pool.difficulty,
        "Difficulty Rejected": pool.rejected * pool.difficulty,
        "Difficulty Stale": 0.0,
    }


def _pools(state: Snapshot) -> Record:
    pools = [pool for pool in state.pools if pool.set]
    pools.append(_maker_pool(state, len(state.pools) if _old(state) else len(pools)))
    make = _pool_old if _old(state) else _pool_new
    # 1.2.0 counts slots that it does not list.
    said = 6 if _old(state) else len(pools)
    records: list[Value] = [make(pool) for pool in pools]
    return _SPEAKER.success(state, 7, f"{said} Pool(s)", "POOLS", records)


def _devdetails(state: Snapshot) -> Record:
    short = (
        state.profile.model.removeprefix("Antminer ").split(" (")[0].replace(" ", "")
    )
    record: Record = {
        "DEVDETAILS": 0,
        "Name": f"BTM_{short.upper()}",
        "ID": 0,
        "Driver": f"bitmain_{short.lower()}_drv",
        "Kernel": "",
        "Model": "",
        "Device Path": "",
    }
    return {
        **_SPEAKER.success(state, 69, "Device Details", "DEVDETAILS", [record]),
        "id": 1,
    }


class Vnish(Dialect):
    """Speaks for VNish 1.2.0 and 1.2.7."""

    style = SERDE
    nul = False
    joins = False

    commands: ClassVar[Mapping[str, Handler]] = {
        "version": _version,
        "stats": _stats,
        "summary": _summary,
        "pools": _pools,
        "devdetails": _devdetails,
    }

    @override
    def success(
        self, state: Snapshot, code: int, message: str, name: str, records: list[Value]
    ) -> Record:
        reply = super().success(state, code, message, name, records)
        return (
            reply
            if _old(state)
            else {key: value for key, value in reply.items() if key != "id"}
        )

    @override
    def error(self, state: Snapshot, code: int, message: str) -> Record:
        reply = super().error(state, code, message)
        return reply if _old(state) else {"STATUS": reply["STATUS"]}

    @override
    def unknown(self, state: Snapshot, command: str) -> Record:
        return self.error(state, 0, "Invalid command")

    @override
    def write(self, reply: Record, miner: MinerModel) -> str:
        if not miner.profile.layout.startswith("1.2.0"):
            return encode(reply, self.style)
        parts = [
            f'"{key}":{" " if isinstance(value, list) else ""}{encode(value, CLASSIC)}'
            for key, value in reply.items()
        ]
        return "{" + ",".join(parts) + "}"


_SPEAKER = Vnish()
