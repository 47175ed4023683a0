"""The objects of the X19 web pages, which newer firmware also gives on port 4028 (``new_api``)."""

from collections.abc import Callable

from simulator.snapshot import BoardState, Phase, Snapshot, grouped
from simulator.wire import Record, Value, ago, suffixed

_CHART_POINTS = 12


def zynq(state: Snapshot) -> bool:
    """Whether the control board is a Zynq: the generation's first, and different at rest."""
    return state.profile.layout == "zynq"


def chips_of(state: Snapshot, board: BoardState) -> str:
    """``chain_acs``: empty while starting, all ``x`` on a sleeping Zynq board."""
    text = (
        ""
        if state.phase is Phase.STARTING
        else grouped(board, state.profile.chip_group)
    )
    return text.replace("o", "x") if state.sleeping and zynq(state) else text


def sensors(
    state: Snapshot, board: BoardState
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Board, chip and controller: the latter two are computed, but on a sleeping Zynq board."""
    if state.sleeping and zynq(state):
        return board.pcb, board.pcb, board.pcb
    return board.pcb, board.chip, tuple(value - 10 for value in board.pcb)


def _head(state: Snapshot, name: str) -> Record:
    profile = state.profile
    return {
        "STATUS": {
            "STATUS": "S",
            "when": state.now,
            "Msg": name,
            "api_version": "1.0.0",
        },
        "INFO": {
            "miner_version": profile.miner,
            "CompileTime": profile.compiled,
            "type": profile.model,
        },
    }


def _rates(state: Snapshot) -> Record:
    return {
        "elapsed": state.elapsed,
        "rate_5s": state.units(state.rate),
        "rate_30m": state.units(state.averages[1800]),
        "rate_avg": state.units(state.average),
        "rate_ideal": state.units(state.nominal),
        "rate_unit": f"{state.profile.unit_name}/s",
    }


def _chain(state: Snapshot, board: BoardState) -> Record:
    pcb, chip, pic = sensors(state, board)
    work = board.rate * max(1, state.elapsed) / 2**32
    record: Record = {
        "index": board.index,
        "freq_avg": 0 if state.sleeping else board.frequency,
        "rate_ideal": state.units(board.ideal),
        "rate_real": state.units(board.rate),
        "asic_num": len(board.chips),
        "asic": chips_of(state, board),
        "temp_pic": list[Value](pic),
        "temp_pcb": list[Value](pcb),
        "temp_chip": list[Value](chip),
        "hw": board.hardware_errors,
        "eeprom_loaded": True,
        "sn": board.serial,
        "hwp": round(100 * board.hardware_errors / work, 4) if work else 0.0,
    }
    if state.profile.layout == "zynq":
        record["tpl"] = [[3 + 6 * (place // 2) + place % 2 for place in range(10)]]
    return record


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise


def stats(state: Snapshot) -> Record:
    """``stats.cgi``."""
    work = state.work / 2**32
    record = _rates(state)
    record |= {
        "chain_num": len(state.present),
        "fan_num": state.profile.fans,
        "fan": list[Value](state.fans),
    }
    if state.profile.layout == "s21":
        record["psu"] = {"index": 0, "status": "ok"}
    record |= {
        "hwp_total": round(100 * state.hardware_errors / work, 4) if work else 0.0,
        "miner-mode": _whole(state.config.mode, 0),
        "freq-level": _whole(state.config.freq_level, 100),
        "chain": [_chain(state, board) for board in state.present],
    }
    return {**_head(state, "stats"), "STATS": [record]}


def _alarm(kind: str, bad: bool, code: int, message: str) -> Value:
    return {
        "type": kind,
        "status": "e" if bad else "s",
        "code": code if bad else 0,
        "msg": message if bad else "",
    }


def summary(state: Snapshot) -> Record:
    """``summary.cgi``, with its four verdicts."""
    hot = state.phase is Phase.OVERHEATED
    slow = state.phase is Phase.HASHING and state.rate < 0.8 * state.nominal
    record = _rates(state)
    record |= {
        "hw_all": state.hardware_errors,
        "bestshare": max(pool.best_share for pool in state.pools),
        "status": [
            _alarm("rate", hot or slow, 1, "hashrate is too low"),
            _alarm("network", state.active_pool is None, 2, "network lost"),
            _alarm("fans", False, 3, ""),
            _alarm("temp", hot, 4, "temp is too high"),
        ],
    }
    return {**_head(state, "summary"), "SUMMARY": [record]}


def pools(state: Snapshot) -> Record:
    """``pools.cgi``."""
    records: list[Value] = [
        {
            "index": pool.index,
            "url": pool.setting.url,
            "user": pool.setting.user,
            "status": "Alive" if pool.alive else "Deed",
            "priority": pool.index,
            "getworks": pool.getworks,
            "accepted": pool.accepted,
            "rejected": pool.rejected,
            "discarded": pool.discarded,
            "stale": pool.stale,
            "diff": suffixed(pool.difficulty) if pool.alive else "",
            "diff1": 0,
            "diffa": int(pool.accepted * pool.difficulty),
            "diffr": int(pool.rejected * pool.difficulty),
            "diffs": int(pool.stale * pool.difficulty),
            "lsdiff": int(pool.difficulty) if pool.accepted else 0,
            "lstime": ago(pool.since_share),
        }
        for pool in state.pools
    ]
    return {**_head(state, "pools"), "POOLS": records}


def rate(state: Snapshot) -> Record:
    """``chart.cgi``: the last hour, a point every five minutes."""
    points: list[Value] = [state.units(state.averages[1800])] * _CHART_POINTS
    times: list[Value] = [f"{5 * point}m" for point in range(_CHART_POINTS)]
    record: Record = {
        "unit": f"{state.profile.unit_name}/s",
        "xAxis": times,
        "series": [{"name": "rate", "data": points}],
    }
    return {**_head(state, "rate"), "RATE": [record]}


def warning(state: Snapshot) -> Record:
    """``warning.cgi``: faults that are present."""
    faults: list[Value] = []
    if state.phase is Phase.OVERHEATED:
        faults.append({"code": "P:2", "msg": "temp is too high"})
    return {**_head(state, "warning"), "WARNING": faults}


def reload(state: Snapshot) -> Record:
    """The reply to ``reload``, which reads the configuration anew and stops nothing."""
    return _head(state, "reload")


OBJECTS: dict[str, Callable[[Snapshot], Record]] = {
    "stats": stats,
    "summary": summary,
    "pools": pools,
    "rate": rate,
    "warning": warning,
}
"""Command of ``new_api`` → its object; ``reload`` is none of those that read."""
