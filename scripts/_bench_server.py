"""The miner that scripts/bench reads: in a process of its own, so that only the reading is measured.

    python -m scripts._bench_server PROFILE

Its clock moves on with every connection, so that no two readings find the same figures: what a reader keeps from one
reading to the next helps it as much as it does with a real miner, which is read twice a minute.
"""

import asyncio
import signal
import sys
import time

from simulator import Farm

STEP = 10.0
"""Seconds that pass with a connection; three of them are one reading, and the usual 30 s."""


async def main() -> None:
    """Print the port and serve until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    began = time.time()
    farm = Farm(
        [sys.argv[1]],
        clock=lambda: began + STEP * farm.traffic.connections,
        age=86_400.0,
    )
    async with farm:
        print(farm.miners[0].port, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
