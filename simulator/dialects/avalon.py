"""cgminer 4.11.1 of Canaan's AvalonMiner 1246 (the control board's software MM314).

What is known of it, and from where:

* ``version``, ``summary``, ``pools`` and joined commands: replies of several 1246 (the README
  of Miner-Turbo-Scanner, a capture in a monitoring project, a test in Rust). Its clock
  (``When``, ``Last Share Time``) counts seconds from its start.
* The long text ``MM ID0`` of ``stats`` and ``estats``, key after key with the value in
  brackets: those of an 1126 Pro with software of the same build as a 1246's
  (21072803_4ec6bb0_211fc46), of a 1066, and of a 1566 (a test of pyasic), which has the
  figures of every chip too; the pools behind it: a 1047's (foreman). Boards count from 0.
* ``MGHS`` are averages since the start: they add up to ``GHSavg`` in every capture. ``GHSspd``
  is the rate now, and ``GHSmm`` the same without errors (less ``DH`` it is ``GHSspd``).
* ``PS``: error, control voltage, voltage of the boards, current, output power, wanted voltage,
  power at the wall; in hundredths of a volt, A and W (the 1566 names the last one, the third
  times the fourth is the fifth).
* ``SYSTEMSTATU``: ``In Work``, ``In Idle``, ``In Init``, ``In Fault`` (an exporter's tests);
  asleep a 1346 says ``In Idle`` with ``SoftOFF[5]`` and 11 W at the wall.
* ``ascset|0,led,1-1`` (on), ``1-0`` and ``1-255`` (asks): pyasic, foreman.
* Three boards (``MM3v2_X3``; there are 1246 with two) of 120 chips and four fans (pyasic).

Guessed: that a missing board keeps its place with zeros, that a chip without an answer has
0 in ``PVT_T``, ``PVT_V`` and ``MW``, what it says when it is too hot, and the power of a 1246
of 83 TH/s, 38 J/TH as its faster brothers are sold with.
"""

from collections.abc import Mapping
from typing import ClassVar, override

from simulator.model import MinerModel
from simulator.orders import Order
from simulator.snapshot import PoolState, Snapshot
from simulator.wire import CLASSIC, Number, Record, Value, fixed

from .avalon_text import dna, text, uptime
from .base import Dialect, Handler


def _mega(rate: float) -> float:
    return round(rate / 1e6, 2)


def _per_cent(part: float, whole: float) -> Number:
    return fixed(100 * part / whole if whole else 0, 4)


def _version(state: Snapshot) -> Record:
    profile = state.profile
    record: Record = {
        "CGMiner": profile.daemon,
        "API": "3.7",
        "STM8": "20.08.01",
        "PROD": f"AvalonMiner {profile.model}",
        "MODEL": profile.model,
        "HWTYPE": profile.miner,
        "SWTYPE": profile.layout.upper(),
        "VERSION": profile.compiled,
        "LOADER": "d0d779de.00",
        "DNA": dna(state),
        "MAC": state.mac.replace(":", "").lower(),
        "UPAPI": "2",
    }
    return _SPEAKER.success(state, 22, "CGMiner versions", "VERSION", [record])


def _difficulty(state: Snapshot) -> tuple[float, float, float]:
    """Accepted, rejected and stale difficulty of all pools."""
    return (
        sum(pool.accepted * pool.difficulty for pool in state.pools),
        sum(pool.rejected * pool.difficulty for pool in state.pools),
        sum(pool.stale * pool.difficulty for pool in state.pools),
    )


def _rates(state: Snapshot) -> Record:
    return {
        "MHS av": _mega(state.average),
        "MHS 30s": _mega(state.rate),
        "MHS 1m": _mega(state.averages[60]),
        "MHS 5m": _mega(state.averages[300]),
        "MHS 15m": _mega(state.averages[900]),
    }


def _summary(state: Snapshot) -> Record:
    accepted, rejected, stale = _difficulty(state)
    shares = state.accepted + state.rejected
    minutes = max(1, state.elapsed) / 60
    record: Record = {
        "Elapsed": state.elapsed,
        **_rates(state),
        "Found Blocks": 0,
        "Getworks": sum(pool.getworks for pool in state.pools),
        "Accepted": state.accepted,
        "Rejected": state.rejected,
        "Hardware Errors": state.hardware_errors,
        "Utility": state.accepted / minutes,
        "Discarded": 0,
        "Stale": state.stale,
        "Get Failures": 0,
        "Local Work": state.accepted * 480,
        "Remote Failures": 0,
        "Network Blocks": state.elapsed // 600,
        "Total MH": fixed(state.work / 1e6, 4),
        "Work Utility": accepted / minutes,
        "Difficulty Accepted": fixed(accepted, 8),
        "Difficulty Rejected": fixed(rejected, 8),
        "Difficulty Stale": fixed(stale, 8),
        "Best Share": max(pool.best_share for pool in state.pools),
        "Device Hardware%": _per_cent(state.hardware_errors, accepted),
        "Device Rejected%": _per_cent(rejected, accepted),
        "Pool Rejected%": _per_cent(state.rejected, shares),
        "Pool Stale%": _per_cent(state.stale, shares + state.stale),
        "Last getwork": 0,
    }
    return _SPEAKER.success(state, 11, "Summary", "SUMMARY", [record])


def _last_share(state: Snapshot, since: float | None) -> int:
    return 0 if since is None else int(uptime(state) - since)


def _pool(state: Snapshot, pool: PoolState) -> Record:
    worked = pool.difficulty if pool.accepted else 0.0
    return {
        "POOL": pool.index,
        "URL": pool.setting.url,
        "Status": "Alive" if pool.alive else "Dead",
        "Priority": pool.priority,
        "Quota": 1,
        "Long Poll": "N",
        "Getworks": pool.getworks,
        "Accepted": pool.accepted,
        "Rejected": pool.rejected,
        "Works": pool.accepted * 480,
        "Discarded": 0,
        "Stale": pool.stale,
        "Get Failures": 0,
        "Remote Failures": 0,
        "User": pool.setting.user,
        "Last Share Time": _last_share(state, pool.since_share),
        "Diff1 Shares": int(pool.accepted * pool.difficulty),
        "Proxy Type": "",
        "Proxy": "",
        "Difficulty Accepted": fixed(pool.accepted * pool.difficulty, 8),
        "Difficulty Rejected": fixed(pool.rejected * pool.difficulty, 8),
        "Difficulty Stale": fixed(pool.stale * pool.difficulty, 8),
        "Last Share Difficulty": fixed(worked, 8),
        "Work Difficulty": fixed(worked, 8),
        "Has Stratum": True,
        "Stratum Active": pool.active,
        "Stratum URL": pool.host if pool.active else "",
        "Stratum Difficulty": fixed(worked if pool.active else 0, 8),
        "Has Vmask": True,
        "Has GBT": False,
        "Best Share": pool.best_share,
        "Pool Rejected%": fixed(pool.rejected_percent, 4),
        "Pool Stale%": fixed(pool.stale_percent, 4),
        "Bad Work": 0,
        "Current Block Height": 0,
        "Current Block Version": 536870912,
    }


def _pools(state: Snapshot) -> Record:
    pools: list[Value] = [_pool(state, pool) for pool in state.pools if pool.set]
    return _SPEAKER.success(state, 7, f"{len(pools)} Pool(s)", "POOLS", pools)


def _devs(state: Snapshot) -> Record:
    accepted, rejected, _ = _difficulty(state)
    active = state.active_pool
    latest = min(
        (pool.since_share for pool in state.pools if pool.since_share is not None),
        default=None,
    )
    record: Record = {
        "ASC": 0,
        "Name": "AVA10",
        "ID": 0,
        "Enabled": "Y",
        "Status": "Alive",
        "Temperature": -273.0,
        **_rates(state),
        "Accepted": state.accepted,
        "Rejected": state.rejected,
        "Hardware Errors": state.hardware_errors,
        "Utility": 60 * state.accepted / max(1, state.elapsed),
        "Last Share Pool": active.index if active else -1,
        "Last Share Time": _last_share(state, latest),
        "Total MH": fixed(state.work / 1e6, 4),
        "Diff1 Work": int(accepted),
        "Difficulty Accepted": fixed(accepted, 8),
        "Difficulty Rejected": fixed(rejected, 8),
        "Last Share Difficulty": fixed(state.profile.difficulty, 8),
        "Last Valid Work": uptime(state),
        "Device Hardware%": _per_cent(state.hardware_errors, accepted),
        "Device Rejected%": _per_cent(rejected, accepted),
        "Device Elapsed": state.elapsed,
    }
    return _SPEAKER.success(state, 9, "1 ASC(s)", "DEVS", [record])


def _devdetails(state: Snapshot) -> Record:
    record: Record = {
        "DEVDETAILS": 0,
        "Name": "AVA10",
        "ID": 0,
        "Driver": "avalon10",
        "Kernel": "",
        "Model": "",
        "Device Path": "",
    }
    return _SPEAKER.success(state, 69, "Device Details", "DEVDETAILS", [record])


def _waits() -> Record:
    return {
        "Calls": 0,
        "Wait": fixed(0, 6),
        "Max": fixed(0, 6),
        "Min": fixed(99999999, 6),
    }


def _pool_stats(state: Snapshot, place: int, pool: PoolState) -> Record:
    waits = {f"Pool {name}": value for name, value in _waits().items()}
    return {
        "STATS": place + 1,
        "ID": f"POOL{pool.index}",
        "Elapsed": state.elapsed,
        **_waits(),
        **waits,
        "Pool Av": fixed(0, 6),
        "Work Diff": fixed(pool.difficulty if pool.accepted else 0, 8),
        "Times Sent": pool.accepted + pool.rejected,
        "Times Recv": pool.getworks,
    }


def _stats(state: Snapshot) -> Record:
    machine: Record = {
        "STATS": 0,
        "ID": "AVA100",
        "Elapsed": state.elapsed,
        **_waits(),
        "MM ID0": text(state),
        "MM Count": 1,
        "Smart Speed": 1,
        "Voltage Level Offset": 0,
        "Nonce Mask": 25,
    }
    pools = [pool for pool in state.pools if pool.set]
    return _SPEAKER.success(
        state,
        70,
        "CGMiner stats",
        "STATS",
        [
            machine,
            *(_pool_stats(state, place, pool) for place, pool in enumerate(pools)),
        ],
    )


class Avalon(Dialect):
    """Speaks for a 1246."""

    style = CLASSIC
    text_replies = True
    writes = frozenset({"ascset"})

    commands: ClassVar[Mapping[str, Handler]] = {
        "version": _version,
        "summary": _summary,
        "pools": _pools,
        "devs": _devs,
        "edevs": _devs,
        "devdetails": _devdetails,
        "stats": _stats,
        "estats": _stats,
    }

    @override
    def status(
        self, state: Snapshot, code: int, message: str, *, kind: str = "S"
    ) -> Value:
        return [
            {
                "STATUS": kind,
                "When": uptime(state),
                "Code": code,
                "Msg": message,
                "Description": state.profile.description,
            }
        ]

    @override
    def tell(self, miner: MinerModel, command: str, parameter: str) -> Record:
        state = miner.snapshot()
        match parameter.split(","):
            case ["0", "led", "1-1" | "1-0" as wanted]:
                miner.orders.append(Order(locating=wanted == "1-1"))
                kind, code, message = "S", 119, "ASC 0 set OK"
            case ["0", "led", "1-255"]:
                lit = int(state.locating)
                kind, code, message = "I", 118, f"ASC 0 set info: LED[{lit}]"
            case _:
                kind, code, message = "E", 120, "ASC 0 set failed: "
        return {"STATUS": self.status(state, code, message, kind=kind), "id": 1}


_SPEAKER = Avalon()
