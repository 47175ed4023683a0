"""One miner's control: which firmware is controlled, and when it is asked what it can."""

import logging

import pytest

from custom_components.antminer_monitor.antminer.book import ANTMINER_DIALECTS
from custom_components.antminer_monitor.antminer.control.control import MinerControl
from custom_components.antminer_monitor.antminer.control.controller import Memo
from custom_components.antminer_monitor.antminer.firmware import Dialect
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.rig import Pool, Rig, Status

from .conftest import CgminerMiner, LuxosMiner, Reach

PROFILES = '{"command":"profiles"}'
RIG = Rig(
    id="rig",
    seen_at=None,
    status=Status.RUNNING,
    pools=(Pool(index=0), Pool(index=1)),
)


def dialect(name: str) -> Dialect:
    """Find a dialect."""
    return next(each for each in ANTMINER_DIALECTS if each.name == name)


async def test_firmware_without_control(luxos: LuxosMiner, reach: Reach) -> None:
    """A miner whose firmware nobody knows to control is read as it is."""
    control = MinerControl("rig")
    miner = reach(luxos.port)
    described = await control.describe(dialect("hiveon"), miner, RIG)
    assert described is RIG
    outcome = await control.execute(Command(action=Action.REBOOT), "rig")
    assert outcome.result is Result.FAILED
    assert luxos.received == []


async def test_asked_seldom_and_after_a_command(
    luxos: LuxosMiner, reach: Reach
) -> None:
    """What it can be set to is read once, and again when it was told something."""
    control = MinerControl("rig")
    miner = reach(luxos.port)
    for _ in range(3):
        described = await control.describe(dialect("luxos"), miner, RIG)
        assert Action.SET_POWER_MODE in described.commands
    assert luxos.received.count(PROFILES) == 1
    outcome = await control.execute(Command(action=Action.LOCATE, value="on"), "rig")
    assert outcome.result is Result.DONE
    await control.describe(dialect("luxos"), miner, RIG)
    assert luxos.received.count(PROFILES) == 2


async def test_another_firmware_is_another_control(
    luxos: LuxosMiner, reach: Reach
) -> None:
    """A miner that got another firmware is asked anew, with what that one takes."""
    control = MinerControl("rig")
    miner = reach(luxos.port)
    before = await control.describe(dialect("luxos"), miner, RIG)
    after = await control.describe(dialect("braiins"), miner, RIG)
    assert Action.LOCATE in before.commands
    assert Action.LOCATE not in after.commands
    await control.describe(dialect("luxos"), miner, RIG)
    assert luxos.received.count(PROFILES) == 2


async def test_failed_reading_is_no_failure(
    cgminer: CgminerMiner,
    closed_port: int,
    reach: Reach,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where it cannot be learned what it takes, what needs no learning is offered."""
    caplog.set_level(logging.DEBUG)
    control = MinerControl("10.0.0.1:4028")
    miner = reach(cgminer.port, closed_port, "s3cret")
    described = await control.describe(dialect("braiins"), miner, RIG)
    assert set(described.commands) == {
        Action.PAUSE_MINING,
        Action.RESUME_MINING,
        Action.SWITCH_POOL,
    }
    assert "10.0.0.1:4028: what it can be set to: 127.0.0.1" in caplog.text
    assert "s3cret" not in caplog.text


async def test_refused_command_names_the_miner(
    cgminer: CgminerMiner, reach: Reach
) -> None:
    """A command that was refused is a failure with the miner's label and the reason."""
    control = MinerControl("10.0.0.1:4028")
    await control.describe(dialect("braiins"), reach(cgminer.port), RIG)
    outcome = await control.execute(Command(action=Action.PAUSE_MINING), "rig")
    assert outcome.result is Result.FAILED
    assert outcome.error == "10.0.0.1:4028: the miner refuses pause"


def test_memo_tells_what_changed() -> None:
    """A note is handed on when it is another one, and kept also where nobody listens."""
    noted: list[str | None] = []
    memo = Memo("1", noted.append)
    for text in ("1", "2", "2", None):
        memo.note(text)
        assert memo.recall() == text
    assert noted == ["2", None]
    quiet = Memo()
    quiet.note("1")
    assert quiet.recall() == "1"
