"""What VNish tells on its web port without a password: ``/api/v1/info`` and ``/api/v1/summary``."""

from simulator.snapshot import BoardState, Phase, Snapshot
from simulator.wire import Record, Value, ago, suffixed

from .vnish import chain_state, miner_state


def _model(state: Snapshot) -> str:
    return state.profile.model.split(" (")[0]


def info(state: Snapshot) -> Record:
    """``GET /api/v1/info``."""
    short = _model(state).removeprefix("Antminer ").lower().replace(" ", "")
    return {
        "miner": _model(state),
        "model": short,
        "fw_name": "Vnish",
        "fw_version": state.profile.layout,
        "build_uuid": "00000000-0000-4000-8000-000000000000",
        "build_name": "simulated",
        "platform": "aml",
        "install_type": "nand",
        "build_time": state.profile.compiled,
        "algorithm": state.profile.algorithm,
        "hr_measure": "GH/s",
        "system": {
            "os": "GNU/Linux",
            "miner_name": short,
            "file_system_version": "",
            "mem_total": 243704,
            "mem_free": 175240,
            "mem_free_percent": 71,
            "mem_buf": 33936,
            "mem_buf_percent": 13,
            "network_status": {
                "mac": state.mac,
                "dhcp": True,
                "ip": state.address,
                "netmask": "255.255.255.0",
                "gateway": "192.168.1.1",
                "dns": ["192.168.1.1"],
                "hostname": "Antminer",
            },
            "uptime": f"{state.elapsed // 3600}:{state.elapsed // 60 % 60:02}",
        },
        "serial": "N/A",
    }


def _range(values: list[int]) -> Record:
    return {"min": min(values, default=0), "max": max(values, default=0)}


def _chain(state: Snapshot, board: BoardState) -> Record:
    failing = board.chips.count("x")
    return {
        "id": board.index + 1,
        "frequency": float(board.frequency),
        "voltage": 13000,
        "power_consumption": int(board.power),
        "hashrate_ideal": round(board.ideal / 1e9, 3),
        "hashrate_rt": round(board.rate / 1e9, 3),
        "hashrate_percentage": round(100 * board.rate / board.ideal, 2)
        if board.ideal
        else 0.0,
        "hr_error": 0.0,
        "hw_errors": board.hardware_errors,
        "pcb_temp": _range(list(board.pcb)),
        "chip_temp": _range(list(board.chip)),
        "chip_statuses": {
            "red": failing,
            "orange": 0,
            "grey": len(board.chips) - failing,
        },
        "status": {"state": chain_state(state)},
    }


def _pools(state: Snapshot) -> list[Value]:
    pools: list[Value] = [
        {
            "id": pool.index,
            "url": pool.address,
            "pool_type": "UserPool",
            "user": pool.setting.user,
            "status": "active"
            if pool.active
            else "working"
            if pool.alive
            else "offline",
            "asic_boost": True,
            "diff": suffixed(pool.difficulty) if pool.accepted else "",
            "accepted": pool.accepted,
            "rejected": pool.rejected,
            "stale": pool.stale,
            "ls_diff": pool.difficulty if pool.accepted else 0.0,
            "ls_time": ago(pool.since_share),
            "diffa": pool.accepted * pool.difficulty,
            "ping": 8 if pool.alive else 0,
        }
        for pool in state.pools
        if pool.set
    ]
    fee = state.fee_shares
    pools.append(
        {
            "id": len(pools),
            "url": "DevFee",
            "pool_type": "DevFee",
            "user": "DevFee",
            "status": "active",
            "asic_boost": True,
            "diff": suffixed(state.profile.fee_difficulty),
            "accepted": fee,
            "rejected": 0,
            "stale": 0,
            "ls_diff": state.profile.fee_difficulty,
            "ls_time": "0:00:13",
            "diffa": fee * state.profile.fee_difficulty,
            "ping": 49,
        }
    )
    return pools


def summary(state: Snapshot) -> Record:
    """``GET /api/v1/summary``."""
    pcb = [value for board in state.present for value in board.pcb]
    chip = [value for board in state.present for value in board.chip]
    watts = int(state.power)
    terahash = state.average / 1e12
    fans: list[Value] = [
        {"id": place, "rpm": speed, "status": "ok", "max_rpm": state.profile.fan_max}
        for place, speed in enumerate(state.fans)
    ]
    record: Record = {
        "miner_status": {
            "miner_state": miner_state(state),
            "miner_state_time": state.elapsed,
        },
        "miner_type": state.profile.model,
        "hr_stock": round(state.profile.rate / 1e9, 1),
        "average_hashrate": round(terahash, 5),
        "instant_hashrate": round(state.rate / 1e12, 5),
        "hr_realtime": state.units(state.rate),
        "hr_nominal": state.units(state.nominal),
        "hr_average": state.units(state.average),
        "pcb_temp": _range(pcb),
        "chip_temp": _range(chip),
        "power_consumption": watts,
        "power_usage": watts,
        "power_efficiency": round(watts / terahash, 6) if terahash else 0.0,
        "hw_errors_percent": 0.0,
        "hr_error": 0.0,
        "hw_errors": state.hardware_errors,
        "devfee_percent": round(100 * state.profile.fee, 3),
        "devfee": round(state.profile.fee * state.average / 1e9, 4),
        "pools": _pools(state),
        "cooling": {
            "fan_num": len(fans),
            "fans": fans,
            "settings": {"mode": {"name": "auto"}},
            "fan_duty": state.fan_duty,
        },
        "chains": [_chain(state, board) for board in state.present],
        "found_blocks": 0,
        "best_share": max(pool.best_share for pool in state.pools),
        "psu": {
            "temps": {"pfc_temp": 44, "llc1_temp": 45, "llc2_temp": 47},
            "psu_power_metering": state.phase is not Phase.STARTING,
        },
    }
    return {"miner": record}
