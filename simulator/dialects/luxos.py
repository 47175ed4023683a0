"""LuxOS (LUXminer 2025): Rust, keys in alphabetical order, rates as numbers, figures a board in ``devs``."""

from collections.abc import Mapping
from typing import ClassVar, override

from simulator.configuration import presets
from simulator.model import MinerModel
from simulator.snapshot import BoardState, Phase, PoolState, Snapshot, grouped
from simulator.wire import SERDE, Record, Value

from . import luxos_session, pool_commands
from .base import Dialect, Handler

_CONNECTORS = ("J7", "J9", "J8", "J10")


def _clock(seconds: float | None) -> str:
    whole = int(seconds or 0)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _per_minute(amount: float, state: Snapshot) -> float:
    return round(60 * amount / state.elapsed, 2) if state.elapsed else 0.0


def _reply(
    state: Snapshot, code: int, message: str, name: str, records: list[Value]
) -> Record:
    return _SPEAKER.success(state, code, message, name, records)


def _version(state: Snapshot) -> Record:
    profile = state.profile
    record: Record = {
        "API": "3.7",
        "CompileTime": profile.compiled,
        "LUXminer": profile.daemon,
        "Miner": profile.miner,
        "Type": profile.model,
    }
    return _reply(state, 22, "LUXminer versions", "VERSION", [record])


def _summary(state: Snapshot) -> Record:
    shares = state.accepted + state.rejected
    difficulty = state.profile.difficulty
    record: Record = {
        "Accepted": state.accepted,
        "Best Share": int(difficulty) if state.accepted else 0,
        "Device Hardware%": 0.0,
        "Device Rejected%": 0.0,
        "Difficulty Accepted": int(state.accepted * difficulty),
        "Difficulty Rejected": int(state.rejected * difficulty),
        "Difficulty Stale": int(state.stale * difficulty),
        "Discarded": 0,
        "Elapsed": state.elapsed,
        "Found Blocks": 0,
        "GHS 15m": state.units(state.averages[900]),
        "GHS 1m": state.units(state.averages[60]),
        "GHS 24h": state.units(state.averages[86400]),
        "GHS 30m": state.units(state.averages[1800]),
        "GHS 5m": state.units(state.averages[300]),
        "GHS 5s": state.units(state.rate),
        "GHS av": state.units(state.average),
        "Get Failures": 0,
        "Getworks": sum(pool.getworks for pool in state.pools),
        "Hardware Errors": state.hardware_errors,
        "Last getwork": state.now - 4,
        "Local Work": 0,
        "Network Blocks": 0,
        "Pool Rejected%": round(100 * state.rejected / shares, 4) if shares else 0.0,
        "Pool Stale%": 0.0,
        "Rejected": state.rejected,
        "Remote Failures": 0,
        "Stale": state.stale,
        "Total MH": state.work / 1e6,
        "Utility": _per_minute(state.accepted, state),
        "Work Utility": 11.5,
    }
    return _reply(state, 11, "Summary", "SUMMARY", [record])


def _corners(board: BoardState) -> str:
    return f"{board.pcb[3]}-{board.pcb[0]}-{board.pcb[1]}-{board.pcb[2]}"


def _hottest(state: Snapshot) -> float:
    return float(max((max(board.pcb) for board in state.present), default=0))


def _stats(state: Snapshot) -> Record:
    profile = state.profile
    boards = {board.index + 1: board for board in state.present}
    slots = range(1, 5)
    frequency = float(profile.frequency)
    figures: Record = {
        "Calls": 0,
        "Elapsed": state.elapsed,
        "GHS 5s": state.units(state.rate),
        "GHS av": state.units(state.average),
        "ID": "BTM_SOC0",
        "Max": 0,
        "Min": 99999999,
        "Mode": 2,
        "STATS": 0,
        "Wait": 0,
        "fan_num": profile.fans,
        "frequency": profile.frequency,
        "miner_count": len(boards),
        "miner_id": state.mac.replace(":", "").lower(),
        "miner_version": profile.miner,
        "no_matching_work": state.hardware_errors,
        "rate_30m": state.units(state.averages[1800]),
        "rate_unit": "GH",
        "temp_max": _hottest(state),
        "temp_num": len(boards),
        # Of one board, and the number of its slots: so the firmware counts.
        "total rate": state.units(state.average / max(1, len(boards))),
        "total_acn": 4,
        "total_freqavg": frequency,
        "total_rateideal": state.units(state.nominal),
    }
    for slot in slots:
        found = boards.get(slot)
        figures[f"chain_acn{slot}"] = len(found.chips) if found else 0
        figures[f"chain_acs{slot}"] = (
            grouped(found, profile.chip_group) if found else ""
        )
        figures[f"chain_hw{slot}"] = found.hardware_errors if found else 0
        figures[f"chain_rate{slot}"] = (
            f"{state.units(found.rate):.2f}" if found else "0"
        )
        figures[f"freq{slot}"] = frequency if found else 0.0
        for key in ("temp_pcb", "temp_chip", "temp_pic"):
            figures[f"{key}{slot}"] = _corners(found) if found else "0-0-0-0"
        if found:
            figures[f"temp{slot}"] = float(max(found.pcb))
            figures[f"temp2_{slot}"] = float(max(found.pcb))
    figures |= {f"fan{number}": speed for number, speed in enumerate(state.fans, 1)}
    header: Record = {
        "CompileTime": profile.compiled,
        "Miner": profile.miner,
        "Type": profile.model,
    }
    return _reply(
        state, 70, "LUXminer stats", "STATS", [header, dict(sorted(figures.items()))]
    )


def _pool(state: Snapshot, pool: PoolState) -> Record:
    difficulty = int(pool.difficulty) if pool.accepted else 0
    return {
        "Accepted": pool.accepted,
        "AsicBoost": True,
        "Bad Work": 0,
        "Best Share": difficulty,
        "Current Block Height": 0,
        "Current Block Version": 536870912 if pool.active else 0,
        "Diff": f"{difficulty // 1024}K" if difficulty else "0",
        "Diff1 Shares": int(pool.accepted * pool.difficulty),
        "Difficulty Accepted": int(pool.accepted * pool.difficulty),
        "Difficulty Rejected": int(pool.rejected * pool.difficulty),
        "Difficulty Stale": int(pool.stale * pool.difficulty),
        "Discarded": 0,
        "GROUP": 0,
        "Get Failures": 0,
        "Getworks": pool.getworks,
        "Has GBT": False,
        "Has Stratum": True,
        "Has Vmask": True,
        "Last Share Difficulty": difficulty,
        "Last Share Time": _clock(pool.since_share if pool.accepted else state.elapsed),
        "Long Pool": "N",
        "POOL": pool.index,
        "Pool Rejected%": round(pool.rejected_percent, 4),
        "Pool Stale%": round(pool.stale_percent, 4),
        "Priority": pool.priority,
        "Proxy": "",
        "Proxy Type": "",
        "Quota": 1.0,
        "Rejected": pool.rejected,
        "Remote Failures": 0,
        "Stale": pool.stale,
        "Status": "Alive" if pool.alive else "Dead",
        "Stratum Active": pool.active,
        "Stratum Difficulty": difficulty,
        "Stratum URL": pool.address,
        "URL": pool.setting.url,
        "User": pool.setting.user,
        "Work Difficulty": difficulty,
        "Works": 0,
    }


def _pools(state: Snapshot) -> Record:
    records: list[Value] = [_pool(state, pool) for pool in state.pools if pool.set]
    return _reply(state, 7, f"{len(records)} Pool(s)", "POOLS", records)


def _dev(state: Snapshot, board: BoardState) -> Record:
    profile = state.profile
    part = board.rate / state.rate if state.rate else 0.0
    mine = state.accepted // max(1, len(state.present))

    def mega(window: int) -> float:
        return state.averages[window] * part / 1e6

    return {
        "ASC": board.index,
        "Accepted": mine,
        "Board": "BHB56903",
        "Connector": _CONNECTORS[board.index % 4],
        "ControllerIPVersionHex": "0x18351835",
        "ControllerIPVersionStr": "N/A",
        "Device Elapsed": max(0, state.elapsed - 20),
        "Device Hardware%": 0,
        "Device Rejected%": 0,
        "Diff1 Work": int(mine * profile.difficulty),
        "Difficulty Accepted": int(mine * profile.difficulty),
        "Difficulty Rejected": 0,
        "Enabled": "Y",
        "Hardware Error MHS 15m": 0,
        "Hardware Errors": board.hardware_errors,
        "ID": board.index,
        "IsRamping": state.phase in {Phase.STARTING, Phase.RAMPING},
        "IsUserShutdown": state.sleeping,
        "Last Share Difficulty": int(profile.difficulty),
        "Last Share Pool": state.active_pool.index if state.active_pool else 0,
        "Last Share Time": state.last_share,
        "Last Valid Work": state.last_share,
        "MHS 15m": mega(900),
        "MHS 1m": mega(60),
        "MHS 30m": mega(1800),
        "MHS 5m": mega(300),
        "MHS 5s": board.rate / 1e6,
        "MHS 60m": mega(1800),
        "MHS av": state.average * part / 1e6,
        "Name": "",
        "Nominal MHS": board.ideal / 1e6,
        "Profile": state.config.preset,
        "Rejected": 0,
        "SerialNumber": board.serial,
        "Status": "Alive",
        "Temperature": float(max(board.pcb)),
        "Total MH": state.work * part / 1e6,
        "Utility": 0,
    }


def _devs(state: Snapshot) -> Record:
    # As captured: the last board first.
    boards = [*state.present[-1:], *state.present[:-1]]
    return _reply(
        state,
        9,
        f"{len(boards)} ASC(s)",
        "DEVS",
        [_dev(state, board) for board in boards],
    )


def _power(state: Snapshot) -> Record:
    return _reply(
        state, 311, "Power usage", "POWER", [{"PSU": False, "Watts": int(state.power)}]
    )


def _temps(state: Snapshot) -> Record:
    places = {"Bottom": 1, "Top": 0}
    metadata: Record = {
        f"{row}{side}": {
            "Label": f"Board {where} ({row.lower()})",
            "Position": [places[row], column],
        }
        for row in ("Bottom", "Top")
        for side, where, column in (("Left", "Exhaust", 0), ("Right", "Intake", 1))
    }
    records: list[Value] = [
        {
            "BottomLeft": float(board.pcb[3]),
            "BottomRight": float(board.pcb[0]),
            "ID": board.index,
            "TEMP": place,
            "TopLeft": float(board.pcb[2]),
            "TopRight": float(board.pcb[1]),
        }
        for place, board in enumerate(state.present)
    ]
    reply = _reply(state, 201, f"{len(records)} Temp(s)", "TEMPS", records)
    return {"METADATA": [metadata], **reply}


def _fans(state: Snapshot) -> Record:
    names = ("FAN4", "FAN2", "FAN1", "FAN3")
    records: list[Value] = [
        {"FAN": names[place % 4], "ID": place, "RPM": speed, "Speed": state.fan_duty}
        for place, speed in enumerate(state.fans)
    ]
    reply = _reply(state, 202, f"{len(records)} Fan(s)", "FANS", records)
    return {"FANCTRL": [{"MinFans": 3, "PowerOffSpeed": 20}], **reply}


def _config(state: Snapshot) -> Record:
    profile = state.profile
    record: Record = {
        "ASC Count": len(state.present), "BcastAddr": "192.168.86.255", "ControlBoardType": "cvitek", "Cooling": "Air",
        "CurtailMode": "Sleep" if state.sleeping else "None", "DHCP": True, "DNS Servers": "", "Device Code": "",
        "FPGABuildIdHex": "0x18351835", "FPGABuildIdStr": "2018-35-18 35:00", "FeeStatus": "Ok",
        "Gateway": "192.168.86.1", "GreenLed": "auto", "Hostname": f"luxminer-{state.mac[-5:].replace(':', '').lower()}",
        "Hotplug": "None", "IPAddr": state.address, "ImmersionMode": False, "IsAtmEnabled": True,
        "IsPowerSupplyOn": not state.sleeping, "IsSingleVoltage": True, "IsTuning": state.phase is Phase.RAMPING,
        "Log Interval": 0, "LogFileLevel": "info", "MACAddr": state.mac.lower(), "Model": profile.model,
        "NameplateTHS": 121.8, "Netmask": "255.255.255.0", "OS": "LuxOS", "PGA Count": 0, "PSUHwVersion": "75",
        "PSULabel": "APW121215e", "Pool Count": sum(1 for pool in state.pools if pool.set),
        "Profile": state.config.preset, "ProfileStep": "-12", "RedLed": "blink" if state.locating else "auto",
        "SerialNumber": state.serial, "Strategy": "Failover",
        "SystemStatus": "Overheated" if state.phase is Phase.OVERHEATED else "Normal", "UpdateOnStartup": "off",
        "UpdateOnTimeout": "off", "UpdateOnUser": "full", "UpdateSource": "https://updates.example.com/stable",
        "UpdateTimeout": 60,
    }  # fmt: skip
    return _reply(state, 33, "LUXminer config", "CONFIG", [record])


def _profiles(state: Snapshot) -> Record:
    records: list[Value] = [
        {
            "Frequency": preset.frequency,
            "Hashrate": round(preset.rate / 1e12, 2),
            "Profile Name": preset.name,
            "Step": str(place),
            "Voltage": 13.2,
            "Watts": preset.watts,
        }
        for place, preset in enumerate(presets(state.profile))
    ]
    return _reply(state, 323, f"{len(records)} Profile(s)", "PROFILES", records)


class LuxOs(Dialect):
    """Speaks for LuxOS."""

    style = SERDE
    writes = luxos_session.COMMANDS | pool_commands.COMMANDS

    commands: ClassVar[Mapping[str, Handler]] = {
        "version": _version,
        "summary": _summary,
        "stats": _stats,
        "pools": _pools,
        "devs": _devs,
        "power": _power,
        "temps": _temps,
        "fans": _fans,
        "config": _config,
        "profiles": _profiles,
    }

    @override
    def reply(self, miner: MinerModel, command: str) -> Record:
        if command == "session":
            return luxos_session.told(self, miner)
        return super().reply(miner, command)

    @override
    def tell(self, miner: MinerModel, command: str, parameter: str) -> Record:
        if command in pool_commands.COMMANDS:
            return pool_commands.tell(self, miner, command, parameter)
        return luxos_session.tell(self, miner, command, parameter)

    @override
    def status(
        self, state: Snapshot, code: int, message: str, *, kind: str = "S"
    ) -> Value:
        return [
            {
                "Code": code,
                "Description": state.profile.description,
                "Msg": message,
                "STATUS": kind,
                "When": state.now,
            }
        ]

    @override
    def success(
        self, state: Snapshot, code: int, message: str, name: str, records: list[Value]
    ) -> Record:
        reply: Record = {"STATUS": self.status(state, code, message), name: records}
        return {**dict(sorted(reply.items())), "id": 1}


_SPEAKER = LuxOs()
