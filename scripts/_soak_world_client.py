"""The other end of scripts._soak_world: gives orders and takes in what is true."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import ctypes
import os
from pathlib import Path
import signal
import sys
import time
from typing import Any

import orjson

from scripts._soak_checks import Rig
from scripts._soak_truth import Reach, Sample

ROOT = Path(__file__).resolve().parent.parent
START_DEADLINE = 60.0
ANSWER_DEADLINE = 30.0
STOP_DEADLINE = 20.0
KEPT = 400.0
"""Seconds of the truth that are kept."""
_LONGEST_LINE = 16 * 1024 * 1024


class WorldError(Exception):
    """The simulator does not start, or does not do what it is told."""


def _die_with_parent() -> None:
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


class WorldClient:
    """The simulated farms, and what is known of them."""

    def __init__(self, rigs: Mapping[str, Rig]) -> None:
        """Begin with nothing known."""
        self._rigs = rigs
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._last = 0
        self.known_until = 0.0
        """Until when everything is known."""
        self.longest_gap = 0.0
        """Seconds between two samples."""

    async def start(self, *arguments: str) -> None:
        """Start the simulator and wait for the first truth."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts._soak_world", *arguments),
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._reading = asyncio.create_task(self._read())
        end = time.monotonic() + START_DEADLINE
        while not self.known_until:
            if time.monotonic() > end or self._process.returncode is not None:
                raise WorldError("the simulated farms do not start")
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_DEADLINE)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reading:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def order(self, do: str, rig: str, arguments: Mapping[str, object]) -> Any:
        """Have something done, and give what was asked for; WorldError where it cannot be."""
        if self._process is None or self._process.stdin is None:
            raise WorldError("the simulated farms do not run")
        self._last += 1
        number = self._last
        future: asyncio.Future[Mapping[str, Any]] = (
            asyncio.get_running_loop().create_future()
        )
        self._answers[number] = future
        line = {**arguments, "id": number, "do": do}
        if rig:
            line["rig"] = rig
        self._process.stdin.write(orjson.dumps(line) + b"\n")
        try:
            await self._process.stdin.drain()
            answer = await asyncio.wait_for(future, ANSWER_DEADLINE)
        except (TimeoutError, ConnectionError) as err:
            raise WorldError(f"{do} {rig}: {type(err).__name__}") from err
        finally:
            self._answers.pop(number, None)
        if "error" in answer:
            raise WorldError(f"{do} {rig}: {answer['error']}")
        return answer["result"]

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = orjson.loads(line)
            if "answer" in told:
                future = self._answers.get(told["answer"])
                if future is not None and not future.done():
                    future.set_result(told)
            else:
                self._take(told)

    def _take(self, told: Mapping[str, Any]) -> None:
        at: float = told["at"]
        for rig_id, item in told["rigs"].items():
            sample = Sample(
                Reach(item["r"]), item["v"], tuple(item["s"]), item.get("c", "")
            )
            timeline = self._rigs[rig_id].timeline
            if timeline.samples:
                rig = self._rigs[rig_id]
                rig.joules = rig.used(at)
            timeline.add(at, sample)
            timeline.forget(at - KEPT)
        if told["whole"]:
            if self.known_until:
                self.longest_gap = max(self.longest_gap, at - self.known_until)
            self.known_until = at
