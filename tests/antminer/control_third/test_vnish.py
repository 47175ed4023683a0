"""What VNish 1.2 and later is told over REST."""

from collections.abc import AsyncIterator
from dataclasses import replace
import json
from typing import Any

import pytest

from custom_components.antminer_monitor.antminer.control.controller import (
    NotKeptError,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.control.vnish import VnishController
from custom_components.antminer_monitor.command import Action, Choice, Command, Result
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Pool, Rig, Status
from custom_components.antminer_monitor.source import (
    InvalidCredentialsError,
    SourceError,
)

from .conftest import Object, Reach, RestMiner

RIG = Rig(
    id="rig",
    seen_at=None,
    status=Status.RUNNING,
    pools=(Pool(index=0), Pool(index=1)),
)
SIGNED_IN = {
    Action.LOCATE,
    Action.RESTART_MINING,
    Action.REBOOT,
    Action.PAUSE_MINING,
    Action.RESUME_MINING,
    Action.SET_POOLS,
    Action.SWITCH_POOL,
    Action.SET_POWER_MODE,
}


def row(user: str, password: str = "x") -> Object:
    """A pool of the settings."""
    url = f"stratum+tcp://{user}.example:3333" if user else ""
    return {"url": url, "user": user, "pass": password if user else ""}


class VnishRest(RestMiner):
    """Its REST interface."""

    def __init__(self) -> None:
        """Serve what VNish serves."""
        super().__init__("unlock", b'{"pw":"admin"}', scheme="Bearer ")
        self.public = {"status", "find-miner", "perf-summary"}
        self.finding = False
        self.state: Json = "mining"
        self.toggles = False
        self.preset = "2800"
        self.restart_required = False
        self.keeps = True
        """Whether it keeps what is saved."""
        self.garbles = 0
        """How many writes it makes something else of."""
        self.pools: list[Json] = [row("old", "p0"), row("spare", "p1"), row("")]
        for path in (
            "mining/restart",
            "mining/pause",
            "mining/resume",
            "mining/start",
            "mining/switch-pool",
        ):
            self.pages[f"POST {path}"] = lambda _: (200, None)
        self.pages |= {
            "POST system/reboot": lambda _: (200, {"after": 3}),
            "GET status": lambda _: (
                200,
                {"find_miner": self.finding, "miner_state": self.state},
            ),
            "POST find-miner": self._find,
            "GET perf-summary": lambda _: (
                200,
                {"current_preset": {"name": self.preset}},
            ),
            "GET autotune/presets": lambda _: (200, PRESETS),
            "GET settings": lambda _: (200, {"miner": {"pools": self.pools}}),
            "POST settings": self._save,
        }

    def _find(self, body: bytes) -> tuple[int, Json]:
        self.finding = not self.finding if self.toggles else json.loads(body)["on"]
        return 200, None if self.toggles else {"on": self.finding}

    def _save(self, body: bytes) -> tuple[int, Json]:
        miner: dict[str, Any] = json.loads(body)["miner"]
        if self.keeps and "overclock" in miner:
            self.preset = miner["overclock"]["preset"]
        if self.keeps and "pools" in miner:
            self.pools = miner["pools"]
            if self.garbles:
                self.garbles -= 1
                self.pools = [row("garbled")]
        return 200, {
            "restart_required": self.restart_required,
            "reboot_required": False,
        }


PRESETS: list[Json] = [
    {"name": "disabled", "pretty": "disabled", "modded_psu_required": False},
    {"name": "2800", "pretty": "2800 watt ~ 188 TH", "modded_psu_required": False},
    {"name": "3000", "modded_psu_required": False},
    {"name": "5000", "pretty": "5000 watt", "modded_psu_required": True},
    {"pretty": "nameless"},
    "nonsense",
]


@pytest.fixture
async def rest(loopback: None) -> AsyncIterator[VnishRest]:
    """Its REST interface."""
    miner = VnishRest()
    await miner.server.start_server()
    yield miner
    await miner.server.close()


def make(
    rest: RestMiner, reach: Reach, password: str | None, timeout: float = 2.0
) -> VnishController:
    """Its control."""
    port = rest.server.port
    return VnishController(reach(web_port=port, password=password, timeout=timeout))


@pytest.fixture
async def controller(rest: VnishRest, reach: Reach) -> VnishController:
    """Its control with the password, signed in."""
    controller = make(rest, reach, "admin")
    await controller.refresh()
    rest.received.clear()
    return controller


async def test_abilities(rest: VnishRest, controller: VnishController) -> None:
    """What is possible with the password; no preset for a power supply it has not."""
    abilities = controller.abilities(RIG)
    assert set(abilities.commands) == SIGNED_IN
    assert abilities.power_modes == (
        Choice(id="disabled", name="disabled"),
        Choice(id="2800", name="2800 watt ~ 188 TH"),
        Choice(id="3000", name="3000"),
    )
    assert abilities.power_mode == "2800 watt ~ 188 TH"
    bare = controller.abilities(replace(RIG, pools=()))
    assert Action.SWITCH_POOL not in bare.commands
    rest.pages["GET autotune/presets"] = lambda _: (200, {"presets": PRESETS[2:3]})
    del rest.pages["GET perf-summary"]
    await controller.refresh()
    abilities = controller.abilities(RIG)
    assert abilities.power_modes == (Choice(id="3000", name="3000"),)
    assert abilities.power_mode is None


async def test_without_password(rest: VnishRest, reach: Reach) -> None:
    """The light blinks for anybody."""
    controller = make(rest, reach, None)
    assert controller.abilities(RIG).commands == ()
    await controller.refresh()
    assert controller.abilities(RIG).commands == (Action.LOCATE,)
    rest.received.clear()
    command = Command(action=Action.LOCATE, value="on")
    assert await controller.execute(command, RIG) is Result.DONE
    assert rest.told == ["GET status", 'POST find-miner {"on":true}']
    assert rest.logins == 0
    with pytest.raises(InvalidCredentialsError):
        await controller.execute(Command(action=Action.REBOOT), RIG)


@pytest.mark.parametrize("status", [401, 404])
async def test_older_version(rest: VnishRest, reach: Reach, status: int) -> None:
    """A miner without this interface is told nothing."""
    rest.pages["GET status"] = lambda _: (status, None)
    controller = make(rest, reach, "admin")
    with pytest.raises(RejectedError):
        await controller.refresh()
    assert controller.abilities(RIG).commands == ()
    assert rest.logins == 0


async def test_locate(rest: VnishRest, controller: VnishController) -> None:
    """Where the command turns the light over, it is sent only when it has to be."""
    rest.toggles = True
    for value in ("on", "on", "off", "off"):
        command = Command(action=Action.LOCATE, value=value)
        assert await controller.execute(command, RIG) is Result.DONE
        assert rest.finding is (value == "on")
    assert sum("find-miner" in told for told in rest.told) == 2
    rest.pages["POST find-miner"] = lambda _: (200, None)
    command = Command(action=Action.LOCATE, value="on")
    assert await controller.execute(command, RIG) is Result.SENT


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (Command(action=Action.RESTART_MINING), "POST mining/restart"),
        (Command(action=Action.REBOOT), "POST system/reboot"),
        (Command(action=Action.PAUSE_MINING), "POST mining/pause"),
        (Command(action=Action.RESUME_MINING), "POST mining/resume"),
        (
            Command(action=Action.SWITCH_POOL, value="1"),
            'POST mining/switch-pool {"pool_id":1}',
        ),
    ],
)
async def test_command(
    rest: VnishRest, controller: VnishController, command: Command, told: str
) -> None:
    """What goes out, with the token and a length."""
    assert await controller.execute(command, RIG) is Result.SENT
    assert rest.told == [told]
    assert rest.received[0].authorization == "Bearer token1"
    assert rest.received[0].length == str(len(rest.received[0].body))


async def test_resume_of_a_stopped_miner(
    rest: VnishRest, controller: VnishController
) -> None:
    """What was stopped is started."""
    rest.state = "stopped"
    rest.pages["POST mining/resume"] = lambda _: (500, {"err": "not paused"})
    command = Command(action=Action.RESUME_MINING)
    assert await controller.execute(command, RIG) is Result.SENT
    assert rest.told == ["POST mining/resume", "GET status", "POST mining/start"]
    rest.pages["POST mining/start"] = lambda _: (500, {"err": "no"})
    with pytest.raises(RejectedError):
        await controller.execute(command, RIG)


@pytest.mark.parametrize(
    ("action", "state", "done"),
    [
        ("pause", "stopped", True),
        ("pause", "shutting-down", True),
        ("pause", "mining", False),
        ("pause", "failure", False),
        ("resume", "mining", True),
        ("resume", "auto-tuning", True),
        ("resume", "failure", False),
        ("resume", None, False),
    ],
)
async def test_refused_because_it_is_so(
    rest: VnishRest, controller: VnishController, action: str, state: Json, done: bool
) -> None:
    """What a miner refuses because it is so already is done; anything else is refused."""
    rest.state = state
    rest.pages[f"POST mining/{action}"] = lambda _: (500, {"err": "no"})
    command = Command(action=Action(f"{action}_mining"))
    if done:
        assert await controller.execute(command, RIG) is Result.DONE
    else:
        with pytest.raises(RejectedError):
            await controller.execute(command, RIG)
    assert rest.told == [f"POST mining/{action}", "GET status"]


async def test_lost_answer(rest: VnishRest, reach: Reach) -> None:
    """A command whose answer is lost is not sent again, and not called failed."""
    controller = make(rest, reach, "admin", timeout=0.3)
    await controller.refresh()
    rest.received.clear()
    rest.pages["POST mining/resume"] = lambda _: "drop"
    rest.pages["POST system/reboot"] = lambda _: "hang"
    for action in (Action.RESUME_MINING, Action.REBOOT):
        assert await controller.execute(Command(action=action), RIG) is Result.SENT
    assert rest.told == ["POST mining/resume", "POST system/reboot"]


async def test_expired_token(rest: VnishRest, controller: VnishController) -> None:
    """A token that ran out is renewed once."""
    rest.expired = True
    assert await controller.execute(Command(action=Action.REBOOT), RIG) is Result.SENT
    assert rest.told == ["POST system/reboot"] * 2
    assert rest.received[1].body == b'{"pw":"admin"}'
    assert rest.logins == 1


async def test_too_many_logins(rest: VnishRest, reach: Reach) -> None:
    """A miner that has enough is left alone, and the error says so."""
    rest.login_status = 429
    controller = make(rest, reach, "admin")
    for _ in range(3):
        with pytest.raises(InvalidCredentialsError, match="too many logins"):
            await controller.refresh()
    assert rest.logins == 1
    assert controller.abilities(RIG).commands == (Action.LOCATE,)


async def test_preset(rest: VnishRest, controller: VnishController) -> None:
    """A preset is saved, and mining restarted where the miner says that it has to be."""
    command = Command(action=Action.SET_POWER_MODE, value="3000")
    assert await controller.execute(command, RIG) is Result.DONE
    assert rest.told == [
        'POST settings {"miner":{"overclock":{"preset":"3000"}}}',
        "GET perf-summary",
    ]
    rest.received.clear()
    rest.restart_required = True
    command = Command(action=Action.SET_POWER_MODE, value="2800")
    assert await controller.execute(command, RIG) is Result.DONE
    assert rest.told[1:] == ["POST mining/restart", "GET perf-summary"]
    rest.pages["POST mining/restart"] = lambda _: (500, None)
    with pytest.raises(SourceError) as caught:
        await controller.execute(command, RIG)
    assert not isinstance(caught.value, RejectedError)


async def test_ignored_preset(rest: VnishRest, controller: VnishController) -> None:
    """A preset that the miner does not show is only sent."""
    rest.keeps = False
    command = Command(action=Action.SET_POWER_MODE, value="3000")
    assert await controller.execute(command, RIG) is Result.SENT
    assert controller.abilities(RIG).power_mode == "2800 watt ~ 188 TH"


@pytest.mark.parametrize(
    "command",
    [
        Command(action=Action.SET_POWER_MODE, value="5000"),
        Command(action=Action.SET_POWER_MODE),
        Command(action=Action.SWITCH_POOL, value="9"),
        Command(action=Action.LOCATE, value=""),
        Command(action=Action.SET_FAN, data={"mode": "auto"}),
        Command(action=Action.SET_POOLS, data={"pools": []}),
    ],
)
async def test_nonsense_is_not_sent(
    rest: VnishRest, controller: VnishController, command: Command
) -> None:
    """What cannot be meant never reaches the miner."""
    with pytest.raises(RejectedError):
        await controller.execute(command, RIG)
    assert rest.received == []


def pools(*names: str) -> Command:
    """Ask for pools."""
    rows: list[Json] = [
        {"url": f"stratum+tcp://{name}.example:3333", "user": name, "password": "d=1,x"}
        for name in names
    ]
    return Command(action=Action.SET_POOLS, data={"pools": rows})


async def test_set_pools(rest: VnishRest, controller: VnishController) -> None:
    """The present ones are read, all slots written, and read again."""
    assert await controller.execute(pools("one"), RIG) is Result.DONE
    assert rest.told == [
        "GET settings",
        (
            'POST settings {"miner":{"pools":['
            '{"url":"stratum+tcp://one.example:3333","user":"one","pass":"d=1,x"},'
            '{"url":"","user":"","pass":""},{"url":"","user":"","pass":""}]}}'
        ),
        "GET settings",
    ]
    rest.restart_required = True
    assert await controller.execute(pools("one", "two", "3"), RIG) is Result.DONE
    assert rest.told[-1] == "POST mining/restart"
    assert rest.pools == [row(name, "d=1,x") for name in ("one", "two", "3")]


async def test_pools_are_not_written_unread(
    rest: VnishRest, controller: VnishController
) -> None:
    """Without the present pools nothing could be put back."""
    former = rest.pools
    presents: list[Json] = [[], [row("old", "***")], None, "x"]
    for present in presents:
        rest.texts["GET settings"] = json.dumps({"miner": {"pools": present}})
        with pytest.raises(RejectedError):
            await controller.execute(pools("one"), RIG)
    rest.texts.clear()
    rest.pages["GET settings"] = lambda _: (500, None)
    with pytest.raises(RejectedError):
        await controller.execute(pools("one"), RIG)
    assert rest.pools == former
    assert not any(told.startswith("POST") for told in rest.told)


async def test_ignored_pools(rest: VnishRest, controller: VnishController) -> None:
    """A miner that only says yes is found out."""
    rest.keeps = False
    with pytest.raises(NotKeptError):
        await controller.execute(pools("one"), RIG)
    assert sum(told.startswith("POST") for told in rest.told) == 1


async def test_garbled_pools_are_put_back(
    rest: VnishRest, controller: VnishController
) -> None:
    """Where something else arrived, the former pools come back with their passwords."""
    former = rest.pools
    rest.garbles = 1
    with pytest.raises(NotKeptError):
        await controller.execute(pools("one"), RIG)
    assert rest.pools == former
    rest.garbles = 2
    with pytest.raises(SourceError, match="neither"):
        await controller.execute(pools("one"), RIG)


async def test_lost_answer_about_pools(rest: VnishRest, reach: Reach) -> None:
    """When the answer is lost, the settings tell what became of it."""
    controller = make(rest, reach, "admin")
    await controller.refresh()

    def save_and_drop(body: bytes) -> str:
        rest.pools = json.loads(body)["miner"]["pools"]
        return "drop"

    rest.pages["POST settings"] = save_and_drop
    assert await controller.execute(pools("one"), RIG) is Result.DONE
    rest.pages["POST settings"] = lambda _: "drop"
    with pytest.raises(NotKeptError):
        await controller.execute(pools("two"), RIG)


async def test_power_cut_after_pools(
    rest: VnishRest, controller: VnishController
) -> None:
    """When nothing can be read after the write, that is what is told."""

    def save_and_die(body: bytes) -> tuple[int, Json]:
        rest.pages["GET settings"] = lambda _: "drop"
        return 200, {}

    rest.pages["POST settings"] = save_and_die
    with pytest.raises(SourceError, match="not known") as caught:
        await controller.execute(pools("one"), RIG)
    assert not isinstance(caught.value, RejectedError | NotKeptError)
