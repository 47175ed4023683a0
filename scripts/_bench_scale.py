"""What one Home Assistant carries: more and more miners beside a HiveOS account, with a recorder and an open page.

Home Assistant with the account alone is the first column: what a miner costs is what is more with miners. Home Assistant
makes statistics every five minutes, so that columns are alike only where the cycles are a multiple of that, and half of
them too.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
import sys
import time

import orjson

from scripts._bench_hass import finished, free_port
from scripts._bench_hive import hive_of
from scripts._bench_read import farm_of
from scripts._bench_scale_table import Column, Kind, Lasting, Prepared, report
from scripts._develop import SEED_DEADLINE

_SPARE = 900.0
"""Seconds for what is not cycles: to start, to read every rig once, to end."""
_ALONE = 2
"""The account alone is looked at for this part of the cycles."""


async def bench_scale(
    folder: Path,
    sizes: Sequence[int],
    farms: int,
    rigs: int,
    interval: int,
    cycles: int,
) -> str:
    """Run a Home Assistant for each number of miners for some cycles; return the tables."""
    columns: list[Column] = []
    for miners in (0, *sorted(sizes)):
        some = cycles if miners else max(1, cycles // _ALONE)
        print(
            f"Running Home Assistant with {miners:,} miners and {farms} farms of {rigs:,} rigs: {interval * some} s, "
            "and a few minutes before…",
            file=sys.stderr,
        )
        columns.append(
            await bench_column(
                folder / f"scale-{miners}", miners, (farms, rigs), interval, some
            )
        )
    return report(columns, interval, cycles)


async def bench_column(
    folder: Path, miners: int, hive: tuple[int, int], interval: int, cycles: int
) -> Column:
    """Measure a number of miners beside an account of so many farms with so many rigs each."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "configuration.yaml").write_text("")
    log = folder / "hass.log"
    results = folder / "prepared.json", folder / "lasting.json"
    await finished(
        log,
        SEED_DEADLINE,
        *("scripts._seed", str(config), "--http-port", str(free_port())),
    )
    async with _simulated(folder, miners, hive) as (control, url):
        await finished(
            log,
            _SPARE,
            *("scripts._bench_scale_home", "prepare", str(config), str(results[0])),
            *(control, url, str(interval)),
        )
        await finished(
            log,
            interval * (cycles + 4) + _SPARE,
            *("scripts._bench_scale_home", "measure", str(config), str(results[1])),
            *(str(time.monotonic()), str(interval), str(cycles)),
        )
    prepared, lasting = (orjson.loads(result.read_bytes()) for result in results)
    lasting["kinds"] = {name: Kind(**kind) for name, kind in lasting["kinds"].items()}
    return Column(miners, Prepared(**prepared), Lasting(**lasting))


@asynccontextmanager
async def _simulated(
    folder: Path, miners: int, hive: tuple[int, int]
) -> AsyncIterator[tuple[str, str]]:
    """Run what is read; give where the miners are listed ("-" without any), and the address of HiveOS."""
    farms, rigs = hive
    async with AsyncExitStack() as stack:
        control = "-"
        if miners:
            _, control = await stack.enter_async_context(
                farm_of(miners, "default", folder / "farm.log")
            )
        url = await stack.enter_async_context(hive_of(rigs, folder / "hive.log", farms))
        yield control, url
