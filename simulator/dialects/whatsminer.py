"""btminer of MicroBT's WhatsMiner M30S: the old, unencrypted API of 4028, its version 2.0, reading only.

What is known of it, and from where:

* Names, order and figures of ``summary``: a reply of an M30 of November 2022 (pyasic issue
  22). Its STATUS holds nothing but STATUS and Msg, and there are blanks after separators, as
  in the ``devdetails`` of an M30S+ of September 2024 (a test of asic-rs).
* ``pools`` (from 1 on, without empty slots), ``status``, ``get_miner_info`` and the flat form
  of all that is no list: replies of firmware 20230911.12 and 20260312.16 (pyasic; the tests of
  Tether's miningos-wrk-miner-whatsminer). Boards in ``edevs`` (= ``devs``): the latter's and
  those of a M20S of 2020 (foreman). Rates are MH/s, ``Factory GHS`` is GH/s.
* ``get_psu``: keys as Tether's simulation and pyasic have them, everything is text; ``vin`` in
  hundredths of a volt (two monitoring scripts calculate so), ``iin`` in mA (one of them does).
* What it does not know is refused as ``invalid cmd``, code 14, ``version`` and ``stats`` among
  it (foreman; a note on an M31S of 2026). ``{"cmd": …}`` and ``{"command": …}`` are both
  taken, and ``a+b`` (foreman, pyasic). No NUL ends a reply: a client that would fail at one,
  the first of them in Python, is said to work.
* An M30S of revision V10 has 148 chips a board and two fans (pyasic), whose speeds go by 30
  RPM, and those in the power supply by 16, in all captures.

Guessed: what stands in ``devs`` while it sleeps (as in Tether's simulation: no chips, no
frequency, ``Initialising``), that a missing board is left out, the name of a JSON error, that
``HS RT`` is the rate of the last five minutes, as it was in that one capture, the clock of the
chips, and what power supply, control board and chips call themselves.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, override

from simulator.snapshot import BoardState, Phase, PoolState, Snapshot
from simulator.wire import Record, Request, RequestError, Style, parse_request

from .base import Dialect, Handler

_OK = 131
"""Code of a flat reply."""
_NO_COMMAND = 24
"""What ``parse_request`` says of JSON without a command."""
_UNKNOWN = (14, "invalid cmd")
_NO_JSON = (23, "json cmd err")
_MEGA, _GIGA, _TERA = 1e6, 1e9, 1e12
_PLATFORM = "H6"
_CHIP = "K88A04-20051309 C BINV03-195304B"
_SUPPLY_FAN_MOST, _SUPPLY_FAN_STEP = 9600, 16
_MAINS = 236.5
"""V."""
_STABLE_AFTER = 255
"""Seconds from the start to a stable rate, as it tells them."""


def _reply(message: str, name: str, records: Sequence[Record]) -> Record:
    return {"STATUS": [{"STATUS": "S", "Msg": message}], name: list(records), "id": 1}


def _flat(state: Snapshot, told: Record) -> Record:
    return {
        "STATUS": "S",
        "When": state.now,
        "Code": _OK,
        "Msg": told,
        "Description": "",
    }


def _mega(rate: float) -> float:
    return round(rate / _MEGA, 2)


def _off(state: Snapshot) -> bool:
    """Whether the boards have no power."""
    return state.sleeping or state.phase is Phase.OVERHEATED


def _average(values: Sequence[int]) -> float:
    return round(sum(values) / len(values), 2) if values else 0.0


def _chip_temperatures(boards: Sequence[BoardState]) -> Record:
    values = [value for board in boards for value in board.chip]
    return {
        "Chip Temp Min": float(min(values, default=0)),
        "Chip Temp Max": float(max(values, default=0)),
        "Chip Temp Avg": _average(values),
    }


def _share(count: int, state: Snapshot) -> float:
    shares = state.accepted + state.rejected
    return round(100 * count / shares, 4) if shares else 0.0


def _summary(state: Snapshot) -> Record:
    profile, off = state.profile, _off(state)
    fans = [*state.fans, 0, 0]
    nominal = state.nominal
    record: Record = {
        "Elapsed": state.elapsed,
        "MHS av": _mega(state.average),
        "MHS 5s": _mega(state.rate),
        "MHS 1m": _mega(state.averages[60]),
        "MHS 5m": _mega(state.averages[300]),
        "MHS 15m": _mega(state.averages[900]),
        "HS RT": 0.0 if off else _mega(state.averages[300]),
        "Accepted": state.accepted,
        "Rejected": state.rejected,
        "Total MH": float(int(state.work / _MEGA)),
        "Temperature": float(
            max((max(board.pcb) for board in state.present), default=0)
        ),
        "freq_avg": 0 if off else profile.frequency,
        "Fan Speed In": fans[0],
        "Fan Speed Out": fans[1],
        "Power": int(state.power),
        "Power Rate": round(state.power / (state.rate / _TERA), 2)
        if state.rate
        else 0.0,
        "Pool Rejected%": _share(state.rejected, state),
        "Pool Stale%": _share(state.stale, state),
        "Uptime": state.elapsed + 120,
        "Security Mode": 0,
        "Hash Stable": state.phase is Phase.HASHING,
        "Hash Stable Cost Seconds": min(state.elapsed, _STABLE_AFTER),
        "Hash Deviation%": round(100 * (state.rate - nominal) / nominal, 4),
        "Target Freq": profile.frequency,
        "Target MHS": int(nominal / _MEGA),
        "Env Temp": round(state.ambient, 2),
        "Power Mode": "Normal",
        "Factory GHS": int(profile.rate / _GIGA),
        "Power Limit": int(profile.power),
        **_chip_temperatures(state.present),
        "Debug": "",
        "Btminer Fast Boot": "disable",
    }
    return _reply("Summary", "SUMMARY", [record])


def _dev(state: Snapshot, board: BoardState) -> Record:
    off = _off(state)
    part = state.part(board)
    busy = state.phase in {Phase.RAMPING, Phase.HASHING}
    return {
        "ASC": board.index,
        "Slot": board.index,
        "Enabled": "Y",
        "Status": "Alive" if busy else "Initialising",
        "Temperature": float(max(board.pcb)),
        "Chip Frequency": 0 if off else board.frequency,
        "MHS av": _mega(state.average * part),
        "MHS 5s": _mega(board.rate),
        "MHS 1m": _mega(state.averages[60] * part),
        "MHS 5m": _mega(state.averages[300] * part),
        "MHS 15m": _mega(state.averages[900] * part),
        "HS RT": 0.0 if off else _mega(state.averages[300] * part),
        "Factory GHS": int(state.profile.rate / state.profile.boards / _GIGA),
        "Upfreq Complete": int(state.phase not in {Phase.STARTING, Phase.RAMPING}),
        "Effective Chips": 0 if off else board.chips.count("o"),
        "PCB SN": board.serial,
        "Chip Data": _CHIP,
        **_chip_temperatures([board]),
        "chip_vol_diff": 9,
    }


def _devs(state: Snapshot) -> Record:
    devs = [_dev(state, board) for board in state.present]
    return _reply(f"{len(devs)} ASC(s)", "DEVS", devs)


def _devdetails(state: Snapshot) -> Record:
    details: list[Record] = [
        {
            "DEVDETAILS": place,
            "Name": "SM",
            "ID": place,
            "Driver": "bitmicro",
            "Kernel": "",
            "Model": state.profile.model,
        }
        for place, _ in enumerate(state.present)
    ]
    return _reply("Device Details", "DEVDETAILS", details)


def _pool(state: Snapshot, pool: PoolState) -> Record:
    since = pool.since_share
    return {
        "POOL": pool.index + 1,
        "URL": pool.setting.url,
        "Status": "Alive" if pool.alive else "Dead",
        "Priority": pool.priority,
        "Quota": 1,
        "Getworks": pool.getworks,
        "Accepted": pool.accepted,
        "Rejected": pool.rejected,
        "Works": pool.accepted * 380,
        "Discarded": 0,
        "Stale": pool.stale,
        "Get Failures": 0,
        "Remote Failures": 0,
        "User": pool.setting.user,
        "Last Share Time": 0 if since is None else int(state.now - since),
        "Stratum Active": pool.active,
        "Stratum Difficulty": int(pool.difficulty) if pool.active else 0,
        "Pool Rejected%": round(pool.rejected_percent, 4),
        "Pool Stale%": round(pool.stale_percent, 4),
        "Bad Work": 0,
        "Current Block Height": 0,
        "Current Block Version": 536870912,
    }


def _pools(state: Snapshot) -> Record:
    pools = [_pool(state, pool) for pool in state.pools if pool.set]
    return _reply(f"{len(pools)} Pool(s)", "POOLS", pools)


def _get_version(state: Snapshot) -> Record:
    profile = state.profile
    return _flat(
        state,
        {
            "api_ver": profile.miner,
            "fw_ver": profile.daemon,
            "platform": _PLATFORM,
            "chip": _CHIP,
        },
    )


def _status(state: Snapshot) -> Record:
    return _flat(
        state,
        {
            "mineroff": "true" if state.sleeping else "false",
            "mineroff_reason": "by whatsminer api" if state.sleeping else "",
            "mineroff_time": "",
            "FirmwareVersion": state.profile.daemon,
            "power_mode": "",
            "power_limit_set": "",
            "hash_percent": "",
        },
    )


def _get_psu(state: Snapshot) -> Record:
    speed = _SUPPLY_FAN_MOST * state.fan_duty / 100
    load = state.power / state.profile.power
    return _flat(
        state,
        {
            "name": "P221B",
            "hw_version": "V01.00",
            "sw_version": "V01.00.V01.03",
            "model": "P221B",
            "enable": "0" if _off(state) else "1",
            "iin": str(round(1000 * state.power / _MAINS)),
            "vin": str(round(100 * _MAINS)),
            "pin": str(int(state.power)),
            "fan_speed": str(int(speed // _SUPPLY_FAN_STEP) * _SUPPLY_FAN_STEP),
            "serial_no": f"A{state.serial}",
            "vendor": "7",
            "temp0": f"{state.ambient + 18 * load:.1f}",
        },
    )


def _get_miner_info(state: Snapshot) -> Record:
    return _flat(
        state,
        {
            "ip": state.address,
            "proto": "dhcp",
            "netmask": "255.255.255.0",
            "gateway": "192.168.86.1",
            "dns": "192.168.86.1",
            "hostname": "WhatsMiner",
            "mac": state.mac,
            "ledstat": "auto",
            "minersn": state.serial,
        },
    )


class Whatsminer(Dialect):
    """Speaks for an M30S."""

    style = Style(item=", ", key=": ", real=repr)
    nul = False

    commands: ClassVar[Mapping[str, Handler]] = {
        "summary": _summary,
        "devs": _devs,
        "edevs": _devs,
        "devdetails": _devdetails,
        "pools": _pools,
        "get_version": _get_version,
        "get_miner_info": _get_miner_info,
        "get_psu": _get_psu,
        "status": _status,
    }

    @override
    def request(self, raw: bytes) -> Request:
        key = "cmd" if b'"cmd"' in raw else "command"
        try:
            request = parse_request(raw, key=key)
        except RequestError as err:
            if err.code == _NO_COMMAND:
                raise RequestError(*_UNKNOWN) from None
            raise RequestError(*_NO_JSON) from None
        if request.text:
            raise RequestError(*_NO_JSON)
        return request

    @override
    def error(self, state: Snapshot, code: int, message: str) -> Record:
        return {
            "STATUS": "E",
            "When": state.now,
            "Code": code,
            "Msg": message,
            "Description": "",
        }

    @override
    def unknown(self, state: Snapshot, command: str) -> Record:
        del command
        return self.error(state, *_UNKNOWN)
