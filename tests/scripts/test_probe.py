"""scripts/probe against miners of the simulator, on real sockets."""

import asyncio
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import socket
import sys

import pytest

from custom_components.antminer_monitor.rig import Board, Rig, RigError, Status
from scripts._probe import PASSWORD_VARIABLE, describe, parse, probe
from simulator import Farm, Fault

pytestmark = pytest.mark.usefixtures("socket_enabled")
HOST = "127.0.0.1"


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the environment of whoever runs the tests out of them."""
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


async def probed(port: int, *options: str) -> int:
    """Run the command in this process."""
    return await probe(parse([HOST, "--port", str(port), "--timeout", "5", *options]))


async def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One object with the vocabulary's names, in base units."""
    async with Farm(["s19jpro_2022"]) as farm:
        (miner,) = farm.miners
        assert await probed(miner.port, "--json") == 0
        truth = miner.truth()
    output, errors = capsys.readouterr()
    rig = json.loads(output)
    assert errors == ""
    assert output.count("\n") == 1
    assert rig["id"] == f"{HOST}:{miner.port}"
    assert rig["status"] == "running"
    assert rig["firmware"]["family"] == "stock"
    assert rig["hashrate_nominal"] == pytest.approx(100e12, rel=0.05)
    assert len(rig["boards"]) == len(truth.boards) == 3
    assert [fan["index"] for fan in rig["fans"]] == [1, 2, 3, 4]
    assert rig["gpus"] == []
    assert rig["pools"][0]["status"] == "alive"
    assert rig["shares"].keys() == {"accepted", "rejected", "stale"}
    assert datetime.fromisoformat(rig["seen_at"]).tzinfo is not None
    assert "raw" not in rig


@pytest.mark.parametrize(
    ("profile", "lines"),
    [
        ("s9", ["Antminer S9 at 127.0.0.1:", "TH/s", "Fans (2 of 2)", "J/TH"]),
        ("z11", ["kSol/s", "J/kSol"]),
        ("l7", ["Antminer L7 at", "GH/s", "scrypt"]),
        ("braiins", ["braiins"]),
    ],
)
async def test_text(
    profile: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every dialect, in the units that are usual for its algorithm."""
    async with Farm([profile]) as farm:
        assert await probed(farm.miners[0].port) == 0
    output = capsys.readouterr().out
    for line in [*lines, "Status", "running", "Boards (", "Pools"]:
        assert line in output
    assert "None" not in output


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.REFUSE, "connection refused"),
        (Fault.EMPTY, "empty reply"),
        (Fault.HANG_REPLY, "no whole reply within 0.2 s"),
    ],
)
async def test_unreadable(
    fault: Fault, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that names the miner and what is wrong."""
    async with Farm(["s9"]) as farm:
        (miner,) = farm.miners
        miner.set_fault(fault)
        assert await probed(miner.port, "--timeout", "0.2") == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"scripts/probe: {HOST}:{miner.port}")
    assert message in errors
    assert errors.count("\n") == 1


async def test_not_an_antminer(capsys: pytest.CaptureFixture[str]) -> None:
    """Another maker's miner on the same port is named."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1024)
        writer.write(
            b'{"STATUS":[{"STATUS":"S"}],"VERSION":[{"PROD":"Avalon 1246\\u001b[2J"}]}\0'
        )
        writer.close()

    async with await asyncio.start_server(answer, HOST, 0) as server:
        assert await probed(server.sockets[0].getsockname()[1]) == 1
    errors = capsys.readouterr().err
    assert "not an Antminer but an Avalon" in errors
    assert "\x1b" not in errors


async def test_refused_credentials(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readings are there, so it is a warning; the password is nowhere."""
    monkeypatch.setenv(PASSWORD_VARIABLE, "not-the-password")
    async with Farm(["s19jpro_2022"], web=True) as farm:
        (miner,) = farm.miners
        options = ("--json", "--web-port", str(miner.web_port))
        assert await probed(miner.port, *options) == 0
    output, errors = capsys.readouterr()
    assert "refuses the credentials" in errors
    assert "not-the-password" not in output + errors
    assert json.loads(output)["mac"] is None


async def test_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    """With the right ones it tells what only the web interface knows."""
    async with Farm(["s19jpro_2022"], web=True) as farm:
        (miner,) = farm.miners
        options = ("--user", "root", "--password", "root", "--json")
        web = ("--web-port", str(miner.web_port))
        assert await probed(miner.port, *options, *web) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert json.loads(output)["mac"]


def test_nothing_for_the_terminal_to_obey() -> None:
    """What a miner says is shown as text, and what it does not say as a dash or not at all."""
    text = describe(
        Rig(
            id="here",
            seen_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            status=Status.FAULT,
            name="\x1b[2Jrig\n",
            hashrate=0.0,
            uptime=90_061.0,
            boards=(
                Board(index=1, chip_temperature=70.25),
                Board(index=2, chips_working=0),
            ),
            errors=(RigError(code="P:2\x07"),),
        )
    )
    assert text.splitlines() == [
        "Unknown model at here",
        "",
        "Status        fault",
        "Name          \ufffd[2Jrig\ufffd",
        "Hashrate      0 GH/s",
        "Hottest chip  70.25 °C",
        "Uptime        1 d 1:01:01",
        "Read at       2026-01-02 03:04:05+00:00",
        "",
        "Boards (2)",
        "  Board  chip °C  chips",
        "      1    70.25      -",
        "      2        -      0",
        "",
        "Errors",
        "  Code",
        "  P:2\ufffd",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["miner", "--port", "0"],
        ["miner", "--port", "65536"],
        ["miner", "--timeout", "0"],
        ["miner", "--timeout", "soon"],
        ["miner", "--user", "root"],
    ],
)
def test_bad_arguments(arguments: list[str]) -> None:
    """They end the command with 2, as argparse does."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2


async def test_exit_code() -> None:
    """The command itself: nothing on stdout and 1 where nobody listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts._probe", HOST),
            *("--port", str(taken.getsockname()[1])),
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert output == b""
    assert b"connection refused" in errors


async def test_raw(capsys: pytest.CaptureFixture[str]) -> None:
    """Every reply that it gives, by command; what it refuses is named beside it."""
    async with Farm(["s9"]) as farm:
        assert await probed(farm.miners[0].port, "--raw") == 0
    output, errors = capsys.readouterr()
    replies = json.loads(output)
    assert replies["version"]["VERSION"][0]["Type"] == "Antminer S9"
    assert replies["stats"]["STATS"][1]["GHS 5s"]
    assert HOST in errors or "get_psu" in replies


async def test_raw_of_nobody(
    capsys: pytest.CaptureFixture[str], unused_tcp_port: int
) -> None:
    """Nothing listens: one line says so."""
    assert await probed(unused_tcp_port, "--raw") == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1


async def test_pack(capsys: pytest.CaptureFixture[str]) -> None:
    """A miner that is no Antminer is read as a pack says, with its extra figures."""
    pack = Path(__file__).parents[2] / "docs" / "examples" / "whatsminer" / "pack.yaml"
    async with Farm(["whatsminer_m30s"]) as farm:
        port = farm.miners[0].port
        assert await probed(port) == 1
        assert "a WhatsMiner" in capsys.readouterr().err
        assert await probed(port, "--pack", str(pack)) == 0
    output = capsys.readouterr().out
    assert "M30S" in output
    assert "TH/s" in output
    assert "pack_whatsminer.air_temperature" in output


async def test_pack_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What is wrong is named, a line each, and nobody is asked."""
    pack = tmp_path / "pack.yaml"
    pack.write_text("pack: 1\nid: X\n")
    assert await probed(1, "--pack", str(pack)) == 1
    assert "pack.yaml, line 2: id" in capsys.readouterr().err
    assert await probed(1, "--pack", str(tmp_path / "none.yaml")) == 1
    assert "none.yaml" in capsys.readouterr().err
