"""bmminer and cgminer up to the S17 generation, and what was built on them (Hiveon, VNish 3).

Compact JSON by printf, ``GHS 5s`` as a string, joined commands, access groups; ``stats`` of
the older ones has no comma between its two objects (``minerstats()`` of bmminer api.c).
"""

from collections.abc import Mapping
from typing import ClassVar, override

from simulator.model import MinerModel
from simulator.snapshot import Phase, PoolState, Snapshot
from simulator.wire import CLASSIC, Record, RunOn, Value, ago, encode, fixed, suffixed

from .base import Dialect, Handler
from .layouts import LAYOUTS, Layout, figures

DENIED = frozenset(
    [
        "addpool",
        "asc",
        "asccount",
        "ascdisable",
        "ascenable",
        "ascidentify",
        "ascset",
        "check",
        "coin",
        "config",
        "debug",
        "devdetails",
        "disablepool",
        "edevs",
        "enablepool",
        "estats",
        "failover-only",
        "hotplug",
        "lcd",
        "lockstats",
        "notify",
        "pga",
        "pgacount",
        "pgadisable",
        "pgaenable",
        "pgaidentify",
        "pgaset",
        "poolpriority",
        "poolquota",
        "privileged",
        "quit",
        "removepool",
        "restart",
        "save",
        "setconfig",
        "switchpool",
        "usbstats",
        "zero",
    ]
)
"""Commands of cgminer that the stock groups (``A:stats:pools:devs:summary:version``) keep from everyone."""

_WORDS = frozenset({"l3", "d3", "z11", "e3"})


def _layout(state: Snapshot) -> Layout:
    return LAYOUTS[state.profile.layout]


def _difficulty(state: Snapshot) -> tuple[float, float, float]:
    """Accepted, rejected and stale difficulty of all pools."""
    return (
        sum(pool.accepted * pool.difficulty for pool in state.pools),
        sum(pool.rejected * pool.difficulty for pool in state.pools),
        sum(pool.stale * pool.difficulty for pool in state.pools),
    )


def _per_minute(amount: float, state: Snapshot) -> float:
    return 60 * amount / state.elapsed if state.elapsed else 0.0


def _version(state: Snapshot) -> Record:
    layout, profile = _layout(state), state.profile
    record: Record = {
        layout.version_key: profile.daemon,
        "API": layout.api,
        "Miner": profile.miner,
        "CompileTime": profile.compiled,
        "Type": profile.model,
    }
    return _SPEAKER.success(state, 22, f"{layout.named} versions", "VERSION", [record])


def _stats(state: Snapshot) -> Record:
    layout, profile = _layout(state), state.profile
    header: Record = {
        layout.header_key: profile.daemon,
        "Miner": profile.miner,
        "CompileTime": profile.compiled,
        "Type": profile.model,
    }
    both: list[Value] = [header, figures(state, layout)]
    return _SPEAKER.success(
        state,
        70,
        f"{layout.named} stats",
        "STATS",
        both if layout.comma else RunOn(both),
    )


def _summary(state: Snapshot) -> Record:
    accepted, rejected, stale = _difficulty(state)
    shares = state.accepted + state.rejected
    all_shares = shares + state.stale
    record: Record = {
        "Elapsed": state.elapsed,
        "GHS 5s": state.stats_rate,
        "GHS av": state.units(state.average),
        "Found Blocks": 0,
        "Getworks": sum(pool.getworks for pool in state.pools),
        "Accepted": state.accepted + state.fee_shares,
        "Rejected": state.rejected,
        "Hardware Errors": state.hardware_errors,
        "Utility": _per_minute(state.accepted, state),
        "Discarded": sum(pool.discarded for pool in state.pools),
        "Stale": state.stale,
        "Get Failures": 0,
        "Local Work": state.accepted * 160,
        "Remote Failures": 0,
        "Network Blocks": state.elapsed // 600,
        "Total MH": fixed(state.work / (state.profile.unit / 1000), 4),
        "Work Utility": _per_minute(accepted, state),
        "Difficulty Accepted": fixed(accepted, 8),
        "Difficulty Rejected": fixed(rejected, 8),
        "Difficulty Stale": fixed(stale, 8),
        "Best Share": "  0.0000"
        if state.profile.layout == "d3"
        else max(pool.best_share for pool in state.pools),
        "Device Hardware%": fixed(
            100 * state.hardware_errors / accepted if accepted else 0, 4
        ),
        "Device Rejected%": fixed(100 * rejected / accepted if accepted else 0, 4),
        "Pool Rejected%": fixed(100 * state.rejected / shares if shares else 0, 4),
        "Pool Stale%": fixed(100 * state.stale / all_shares if all_shares else 0, 4),
        "Last getwork": state.now - 1,
    }
    return _SPEAKER.success(state, 11, "Summary", "SUMMARY", [record])


def _pool(state: Snapshot, pool: PoolState) -> Record:
    layout = state.profile.layout
    blissz = layout == "d3"
    if blissz:
        shown = f"{pool.difficulty:8.4f}" if pool.set else "  0.0000"
    else:
        shown = suffixed(pool.difficulty) if pool.alive else ""
    # The S17's firmware says this of every pool that it is connected to.
    at_work = pool.alive if layout == "s17" else pool.active
    record: Record = {
        "POOL": pool.index,
        "URL": pool.setting.url,
        "Status": "Alive" if pool.alive else "Dead",
        "Priority": pool.index,
        "Quota": 0 if blissz else 1,
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
        "Diff": shown,
        "Diff1 Shares": int(pool.accepted * pool.difficulty / 256)
        if layout in {"l3", "d3"}
        else 0,
        "Proxy Type": "",
        "Proxy": "",
        "Difficulty Accepted": fixed(pool.accepted * pool.difficulty, 8),
        "Difficulty Rejected": fixed(pool.rejected * pool.difficulty, 8),
        "Difficulty Stale": fixed(pool.stale * pool.difficulty, 8),
        "Last Share Difficulty": fixed(pool.difficulty if pool.accepted else 0, 8),
        "Has Stratum": pool.set,
        "Stratum Active": at_work,
        "Stratum URL": pool.host if at_work else "",
        "Has GBT": False,
        "Best Share": "  0.0000"
        if blissz
        else (0 if layout in _WORDS - {"l3"} else pool.best_share),
        "Pool Rejected%": fixed(pool.rejected_percent, 4),
        "Pool Stale%": fixed(pool.stale_percent, 4),
    }
    if layout == "vnish3":
        record["Boost"] = "Normal"
    return record


def _fee_pool(
    state: Snapshot, record: Record, index: int, priority: int, url: str, user: str
) -> Record:
    """A pool of the firmware's maker, behind those of the owner."""
    shares = state.fee_shares
    zero = fixed(0, 8)
    return record | {
        "POOL": index, "URL": url, "Status": "Alive", "Priority": priority, "Getworks": 1 + shares // 3,
        "Accepted": shares, "Rejected": 0, "Discarded": 0, "Stale": 0, "User": user, "Last Share Time": "0:03:06",
        "Diff": "512", "Diff1 Shares": 0, "Difficulty Accepted": fixed(shares * 512, 8), "Difficulty Rejected": zero,
        "Difficulty Stale": zero, "Last Share Difficulty": fixed(512, 8), "Has Stratum": True, "Stratum Active": False,
        "Stratum URL": "", "Pool Rejected%": fixed(0, 4), "Pool Stale%": fixed(0, 4),
    }  # fmt: skip


def _pools(state: Snapshot) -> Record:
    records = [_pool(state, pool) for pool in state.pools]
    said = len(records)
    if state.profile.layout == "vnish3":
        records.append(_fee_pool(state, records[0], 3, 993, "DevFee", "DevFee"))
        said = 6
    elif state.profile.layout == "d3":
        for index, priority in ((3, 9998), (4, 9999)):
            records.append(
                _fee_pool(
                    state,
                    records[0],
                    index,
                    priority,
                    "stratum+tcp://fee.example.org:9991",
                    "devFeeMiner.9",
                )
                | {"Diff": " 64.0000", "Best Share": " 0.0000"}
            )
        said = 5
    return _SPEAKER.success(state, 7, f"{said} Pool(s)", "POOLS", list(records))


def _devs(state: Snapshot) -> Record:
    accepted, rejected, _ = _difficulty(state)
    record: Record = {
        "ASC": 0,
        "Name": _layout(state).device,
        "ID": 0,
        "Enabled": "Y",
        "Status": "Alive",
        "Temperature": 0.0,
        "MHS av": state.units(state.average) * 1000,
        "MHS 5s": state.units(state.rate) * 1000,
        "Accepted": state.accepted,
        "Rejected": state.rejected,
        "Hardware Errors": state.hardware_errors,
        "Utility": _per_minute(state.accepted, state),
        "Last Share Pool": state.active_pool.index if state.active_pool else -1,
        "Last Share Time": state.last_share,
        "Total MH": fixed(state.work / (state.profile.unit / 1000), 4),
        "Diff1 Work": int(accepted),
        "Difficulty Accepted": fixed(accepted, 8),
        "Difficulty Rejected": fixed(rejected, 8),
        "Last Share Difficulty": fixed(
            state.profile.difficulty if state.accepted else 0, 8
        ),
        "No Device": False,
        "Last Valid Work": state.now - 1,
        "Device Hardware%": fixed(
            100 * state.hardware_errors / accepted if accepted else 0, 4
        ),
        "Device Rejected%": fixed(100 * rejected / accepted if accepted else 0, 4),
        "Device Elapsed": state.elapsed,
    }
    return _SPEAKER.success(state, 9, "1 ASC(s)", "DEVS", [record])


class Classic(Dialect):
    """Speaks for every model up to the S17 generation."""

    style = CLASSIC
    text_replies = True

    commands: ClassVar[Mapping[str, Handler]] = {
        "version": _version,
        "stats": _stats,
        "summary": _summary,
        "pools": _pools,
        "devs": _devs,
    }

    @override
    def unknown(self, state: Snapshot, command: str) -> Record:
        if command in DENIED:
            return self.error(state, 45, f"Access denied to '{command}' command")
        return super().unknown(state, command)

    @override
    def reply(self, miner: MinerModel, command: str) -> Record:
        # bmminer computes the five second rate in `stats` only; `summary` repeats it.
        state = miner.snapshot()
        if command == "stats":
            starting = state.phase is Phase.STARTING
            miner.stats_rate = "" if starting else f"{state.units(state.rate):.2f}"
        handler = self.commands.get(command)
        return handler(state) if handler else self.unknown(state, command)

    @override
    def write(self, reply: Record, miner: MinerModel) -> str:
        text = encode(reply, self.style)
        if miner.profile.layout == "d3":
            # Blissz writes a line feed before the first pool of its own.
            text = text.replace('},{"POOL":3', '},\n{"POOL":3')
        return text


_SPEAKER = Classic()
