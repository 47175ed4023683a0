"""Runs Home Assistant with this integration and a simulated farm, until Ctrl-C or until one of the two ends."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
import ctypes
import fcntl
from functools import partial
import os
from pathlib import Path
import signal
import socket
import sys
import time
from typing import IO

from scripts._hass import HOST, INTEGRATIONS, PASSWORD, USERS
from simulator.farm import WEB_OFFSET
from simulator.hive.accounts import TOKEN as HIVE_TOKEN
from simulator.profiles import OTHERS

ROOT = Path(__file__).resolve().parent.parent

RESTART = 100
"""Exit code of Home Assistant when somebody asked it to restart."""

# Seconds. A large farm takes a while to come up, a large database as long to be closed.
FARM_DEADLINE = 60
SEED_DEADLINE = 60
HOME_DEADLINE = 180
STOP_DEADLINE = 45

_IN_FILES = ("automation", "scene", "script")
CONFIGURATION = f"""\
# Written once by scripts/develop, and yours to change. The port is not set here but with --port.
{"\n".join(f"{name}:" for name in INTEGRATIONS if name not in _IN_FILES)}
{"\n".join(f"{name}: !include {name}s.yaml" for name in _IN_FILES)}

logger:
  default: warning
  logs:
    custom_components.antminer_monitor: info  # debug: every reply
"""


class Problem(Exception):
    """What whoever started this has to put right."""


def parse() -> argparse.Namespace:
    """Return what the command line asks for; end the process when that makes no sense."""
    parser = argparse.ArgumentParser(
        prog="scripts/develop",
        description="Start Home Assistant with this integration and a simulated farm. Ctrl-C stops both.",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8123,
        help="port of Home Assistant (%(default)s)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="configuration folder, made when missing (config, with --empty config-empty)",
    )
    parser.add_argument(
        "--miners",
        type=int,
        default=12,
        metavar="N",
        help="how many miners the farm has (%(default)s)",
    )
    parser.add_argument(
        "--others",
        action="store_true",
        help="miners of other makers behind those of the farm, not set up: to try packs and extensions on",
    )
    parser.add_argument(
        "--farm-port",
        type=int,
        default=4028,
        metavar="PORT",
        help="port of the first miner; the others follow it, the farm's controls are one below (%(default)s)",
    )
    parser.add_argument(
        "--hive-port",
        type=int,
        default=4080,
        metavar="PORT",
        help="port of the simulated HiveOS, its controls too (%(default)s)",
    )
    parser.add_argument(
        "--hive-workers",
        type=int,
        metavar="N",
        help="rigs of the first HiveOS farm (a handful of every kind)",
    )
    parser.add_argument(
        "--empty",
        action="store_true",
        help="no farm and nothing set up: Home Assistant as a new user meets it",
    )
    arguments = parser.parse_args()
    if arguments.miners < 1:
        parser.error("--miners: at least 1 (--empty is for none)")
    if not 1 <= arguments.port <= 65535:
        parser.error("--port: between 1 and 65535")
    if not 1 <= arguments.hive_port <= 65535:
        parser.error("--hive-port: between 1 and 65535")
    if arguments.others and arguments.empty:
        parser.error("--others: --empty leaves the farm out, and them with it")
    if not 2 <= arguments.farm_port <= 65536 - WEB_OFFSET - miner_count(arguments):
        parser.error(
            "--farm-port: every miner needs a port up to 65535, and another for its web page 10,000 above"
        )
    if arguments.config is None:
        arguments.config = ROOT / ("config-empty" if arguments.empty else "config")
    arguments.config = arguments.config.resolve()
    return arguments


def miner_count(arguments: argparse.Namespace) -> int:
    """Return how many miners are simulated, those of other makers too."""
    miners: int = arguments.miners
    return miners + (len(OTHERS) if arguments.others else 0)


def check_free(ports: range, option: str) -> None:
    """Raise Problem when one of these ports of the loopback address cannot be listened on."""
    for port in ports:
        with socket.socket() as probe:
            # As servers do: a port that was closed a moment ago counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise Problem(
                    f"port {port} of {HOST}: {error.strerror}. Stop what uses it, or choose another with {option}"
                ) from error


def prepare(config: Path) -> IO[str]:
    """Fill the folder with what Home Assistant starts from; return the lock that keeps a second run out."""
    config.mkdir(parents=True, exist_ok=True)
    lock = (config / ".develop.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Problem(
            f"scripts/develop already runs in {config}. Stop it, or choose another folder with --config"
        ) from error
    files = {"configuration.yaml": CONFIGURATION}
    files |= {f"{name}s.yaml": "" for name in _IN_FILES}
    for name, content in files.items():
        if not (config / name).exists():
            (config / name).write_text(content)
    return lock


def add_components(config: Path) -> None:
    """Have the integrations that are there for trying things out be found in the folder, beside its user's own."""
    folder = config / "custom_components"
    folder.mkdir(exist_ok=True)
    for component in sorted((ROOT / "scripts" / "develop_components").iterdir()):
        link = folder / component.name
        if component.is_dir() and not link.exists():
            # One that points to where this project was once is of no use.
            link.unlink(missing_ok=True)
            link.symlink_to(component)


def _die_with_parent() -> None:
    # Whatever ends this process, its children get the signal: also when it is killed and cannot stop them itself.
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)


@asynccontextmanager
async def running(
    *command: str, output: IO[bytes] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module of ours in Python for as long as the context lasts, and nothing of it any longer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        # Ctrl-C is for this process, which then stops the others one after the other.
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    try:
        yield process
    finally:
        try:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), STOP_DEADLINE)
        except TimeoutError:
            print(f"{command[0]} did not stop: killed", file=sys.stderr)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def until(
    ready: Callable[[], Awaitable[bool]],
    process: asyncio.subprocess.Process,
    deadline: float,
    problem: str,
) -> None:
    """Wait until something is ready; raise Problem when its process ends or the deadline passes first."""
    end = time.monotonic() + deadline
    while not await ready():
        if process.returncode is not None or time.monotonic() > end:
            raise Problem(problem)
        await asyncio.sleep(0.1)


async def answers(port: int, request: bytes = b"") -> bool:
    """Return whether a port takes a connection, and answers the request if there is one."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(request)
                return not request or await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            finally:
                writer.close()
    except OSError, TimeoutError:
        return False


def farm_command(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return the module of the simulated farm and its arguments."""
    first = arguments.farm_port
    return (
        "simulator",
        *("--profiles", "default", "--count", str(arguments.miners)),
        *(("--plus", "others") if arguments.others else ()),
        *("--host", HOST, "--port", str(first), "--control-port", str(first - 1)),
        "--web",
        *("--hive-port", str(arguments.hive_port)),
        *(
            ("--hive-workers", str(arguments.hive_workers))
            if arguments.hive_workers
            else ()
        ),
    )


@asynccontextmanager
async def farm(
    arguments: argparse.Namespace,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the simulated farm; its first and last miner and its HiveOS answer when the context is entered."""
    first, count = arguments.farm_port, miner_count(arguments)
    log = arguments.config / "simulator.log"
    with log.open("wb") as output:
        async with running(*farm_command(arguments), output=output) as simulator:
            for port in (first, first + count - 1, arguments.hive_port):
                await until(
                    partial(answers, port),
                    simulator,
                    FARM_DEADLINE,
                    f"the simulated farm does not start: see {log}",
                )
            yield simulator


async def seed(arguments: argparse.Namespace) -> None:
    """Have the folder's users, port and farm be as wanted before Home Assistant reads them."""
    command = [
        "scripts._seed",
        str(arguments.config),
        "--http-port",
        str(arguments.port),
    ]
    if not arguments.empty:
        command += [
            "--farm-port",
            str(arguments.farm_port),
            "--miners",
            str(arguments.miners),
            "--hive-port",
            str(arguments.hive_port),
            *(("--others",) if arguments.others else ()),
        ]
    async with running(*command) as process:
        try:
            code = await asyncio.wait_for(process.wait(), SEED_DEADLINE)
        except TimeoutError as error:
            raise Problem("the configuration could not be written in time") from error
        if code:
            raise Problem(
                f"the configuration in {arguments.config} could not be written"
            )


def greet(arguments: argparse.Namespace, started: float) -> None:
    """Say where everything is."""
    owner, *others = USERS
    lines = {
        "Home Assistant": f"http://localhost:{arguments.port}",
        "Sign in as": f"{owner}, password {PASSWORD} (the same for {' and '.join(others)})",
        "Configuration": f"{arguments.config} (delete it to begin anew)",
    }
    if not arguments.empty:
        first, last = arguments.farm_port, arguments.farm_port + arguments.miners - 1
        lines["Simulated farm"] = (
            f"{HOST}:{first} to {last}, controls http://{HOST}:{first - 1}"
        )
        if arguments.others:
            lines["Other makers"] = ", ".join(
                f"{name} {HOST}:{port}" for port, name in enumerate(OTHERS, last + 1)
            )
        lines["HiveOS"] = (
            f"http://{HOST}:{arguments.hive_port}/api/v2, token {HIVE_TOKEN}, "
            f"controls http://{HOST}:{arguments.hive_port}/control"
        )
    print(
        f"\nReady after {time.monotonic() - started:.0f} s. Ctrl-C stops everything.\n"
    )
    for name, value in lines.items():
        print(f"  {name:<15} {value}")
    print(flush=True)


async def mourn(
    arguments: argparse.Namespace, simulator: asyncio.subprocess.Process | None
) -> None:
    """Say when the farm ended, and how to have it back: Home Assistant goes on, and its miners go stale."""
    if simulator is None:
        return
    await simulator.wait()
    command = " ".join((".venv/bin/python -m", *farm_command(arguments)))
    print(f"The simulated farm ended. To have it back: {command}", flush=True)


async def home(
    arguments: argparse.Namespace,
    simulator: asyncio.subprocess.Process | None,
    started: float,
) -> int:
    """Run Home Assistant, again whenever it asks for it; return its exit code."""
    page = f"GET / HTTP/1.1\r\nHost: localhost:{arguments.port}\r\nConnection: close\r\n\r\n".encode()
    code = RESTART
    while code == RESTART:
        async with running(
            "scripts._hass", "--config", str(arguments.config), "--skip-pip"
        ) as hass:
            await until(
                partial(answers, arguments.port, page),
                hass,
                HOME_DEADLINE,
                f"Home Assistant does not start: see above and {arguments.config / 'home-assistant.log'}",
            )
            greet(arguments, started)
            watching = asyncio.ensure_future(mourn(arguments, simulator))
            try:
                code = await hass.wait()
            finally:
                watching.cancel()
            started = time.monotonic()
    # As shells do, where a signal ended it.
    return code if code >= 0 else 128 - code


async def serve(arguments: argparse.Namespace) -> int:
    """Start everything in order, and stop it in reverse; return the exit code of this command."""
    started = time.monotonic()
    check_free(range(arguments.port, arguments.port + 1), "--port")
    if not arguments.empty:
        check_free(
            range(
                arguments.farm_port - 1, arguments.farm_port + miner_count(arguments)
            ),
            "--farm-port",
        )
        check_free(range(arguments.hive_port, arguments.hive_port + 1), "--hive-port")
    with prepare(arguments.config):
        if arguments.others:
            add_components(arguments.config)
        await seed(arguments)
        if arguments.empty:
            return await home(arguments, None, started)
        async with farm(arguments) as simulator:
            return await home(arguments, simulator, started)


async def main() -> int:
    """Serve until something ends or a signal asks to stop, which is a success."""
    serving = asyncio.ensure_future(serve(parse()))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The first one stops in order, the next one does not wait.
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    try:
        return await serving
    except asyncio.CancelledError:
        return 0
    except Problem as problem:
        print(f"scripts/develop: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
