"""Writes a configuration folder of a Home Assistant that nobody has opened yet: it only knows its port.

python -m tests.e2e.bare CONFIG PORT
"""

import asyncio
from pathlib import Path
import sys

from homeassistant import runner
from homeassistant.core import HomeAssistant

from scripts._develop import prepare
from scripts._seed import _seed_http


async def _bare(config: Path, port: int) -> None:
    with prepare(config):
        (config / "custom_components").mkdir(exist_ok=True)
        hass = HomeAssistant(str(config))
        await _seed_http(hass, port)
        await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(
        _bare(Path(sys.argv[1]), int(sys.argv[2])),
        loop_factory=runner.create_event_loop,
    )
