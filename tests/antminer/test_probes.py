"""Commands that an extension wants both to recognise a miner and to read it."""

from collections.abc import Mapping

from custom_components.antminer_monitor.antminer.book import ANTMINER_DIALECTS, Book
from custom_components.antminer_monitor.antminer.cgminer import Reply, section
from custom_components.antminer_monitor.antminer.firmware import Context, Dialect
from custom_components.antminer_monitor.antminer.firmware.parsing import number
from custom_components.antminer_monitor.antminer.source import AntminerSource
from custom_components.antminer_monitor.rig import Rig, Status

from .replies import FakeMiner, error, rows, version


async def test_probe_that_is_polled_too(socket_enabled: None) -> None:
    """Its figures are those of now, not of when the miner was recognised."""

    def parse(replies: Mapping[str, Reply], context: Context) -> Rig:
        (row,) = section(replies["devs"], "DEVS")
        return Rig(
            id=context.rig_id,
            seen_at=context.seen_at,
            status=Status.RUNNING,
            hashrate=number(row["rate"]),
        )

    hall = Dialect(
        name="hall",
        family="hall",
        commands=("devs",),
        probes=("devs",),
        recognises=lambda fingerprint: "devs" in fingerprint.replies,
        parse=parse,
    )
    miner = FakeMiner(
        {
            "version": version("hallminer 1.0"),
            "stats": error(),
            "devs": [rows("DEVS", {"rate": rate}) for rate in (1.0, 2.0, 3.0)],
        }
    )
    await miner.start()
    try:
        source = AntminerSource(
            "rig", "127.0.0.1", miner.port, book=Book((hall, *ANTMINER_DIALECTS))
        )
        rates = [(await source.read()).rigs[0].hashrate for _ in range(3)]
    finally:
        await miner.stop()
    assert rates == [1.0, 2.0, 3.0]
    assert miner.asked == ["version", "stats", "devs", "devs", "devs"]
