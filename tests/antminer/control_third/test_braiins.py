"""What Braiins OS is told: over its open port without a password, else over REST."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
import json

import pytest

from custom_components.antminer_monitor.antminer.control.braiins import (
    BraiinsController,
)
from custom_components.antminer_monitor.antminer.control.controller import RejectedError
from custom_components.antminer_monitor.antminer.control.rest import (
    BARRED_FOR,
    REFUSED_FOR,
    TokenRest,
)
from custom_components.antminer_monitor.antminer.control.third_party import (
    AnswerLostError,
)
from custom_components.antminer_monitor.antminer.web import MAX_BODY
from custom_components.antminer_monitor.command import Action, Command, Result
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.rig import Pool, Rig, Status
from custom_components.antminer_monitor.source import (
    InvalidCredentialsError,
    InvalidReplyError,
    SourceRefusedError,
    SourceUnreachableError,
)

from .conftest import CgminerMiner, Object, Reach, RestMiner

PASSWORD = "s3cret"
LOGIN = b'{"username":"root","password":"s3cret"}'
RIG = Rig(
    id="rig",
    seen_at=None,
    status=Status.RUNNING,
    pools=(Pool(index=0), Pool(index=1)),
)
OPEN = {Action.PAUSE_MINING, Action.RESUME_MINING, Action.SWITCH_POOL}


class BraiinsRest(RestMiner):
    """Its REST interface."""

    def __init__(self) -> None:
        """Serve what Braiins OS serves."""
        super().__init__("auth/login", LOGIN, login_extra={"timeout_s": 3600})
        self.watts: Json = 3000
        self.locating: Json = False
        for action in ("pause", "resume", "restart", "reboot"):
            self.pages[f"PUT actions/{action}"] = lambda _: (200, True)
        self.pages |= {
            "GET actions/locate": lambda _: (200, self.locating),
            "PUT actions/locate": self._locate,
            "PUT performance/power-target": self._set_target,
            "GET performance/tuner-state": lambda _: (200, self._tuner()),
            "GET configuration/constraints": lambda _: (
                200,
                {
                    "tuner_constraints": {
                        "power_target": {"min": {"watt": 900}, "max": {"watt": 4000}}
                    }
                },
            ),
        }

    def _locate(self, body: bytes) -> tuple[int, Json]:
        self.locating = json.loads(body)
        return 200, self.locating

    def _set_target(self, body: bytes) -> tuple[int, Json]:
        self.watts = json.loads(body)["watt"]
        return 200, {"watt": self.watts}

    def _tuner(self) -> Object:
        target: Object = {"current_target": {"watt": self.watts}}
        return {"mode_state": {"powertargetmodestate": target}}


@pytest.fixture
async def rest(loopback: None) -> AsyncIterator[BraiinsRest]:
    """Its REST interface."""
    miner = BraiinsRest()
    await miner.server.start_server()
    yield miner
    await miner.server.close()


def web_port(rest: RestMiner) -> int:
    """Where it listens."""
    port = rest.server.port
    assert port is not None
    return port


@pytest.fixture
async def controller(
    cgminer: CgminerMiner, rest: BraiinsRest, reach: Reach
) -> BraiinsController:
    """Its control with the password, signed in."""
    controller = BraiinsController(reach(cgminer.port, web_port(rest), PASSWORD))
    await controller.refresh()
    rest.received.clear()
    return controller


@pytest.mark.parametrize("name", ["pause", "resume"])
async def test_open_port(cgminer: CgminerMiner, reach: Reach, name: str) -> None:
    """Without a password the miner can still be paused."""
    controller = BraiinsController(reach(cgminer.port))
    await controller.refresh()
    assert set(controller.abilities(RIG).commands) == OPEN
    cgminer.ignore.add(name)
    command = Command(action=Action(f"{name}_mining"))
    assert await controller.execute(command, RIG) is Result.SENT
    assert cgminer.received == [f'{{"command":"{name}"}}']


async def test_open_port_refuses(cgminer: CgminerMiner, reach: Reach) -> None:
    """What the miner refuses is an error, what only REST can is one before that."""
    controller = BraiinsController(reach(cgminer.port))
    with pytest.raises(RejectedError):
        await controller.execute(Command(action=Action.PAUSE_MINING), RIG)
    cgminer.received.clear()
    with pytest.raises(RejectedError, match="password"):
        await controller.execute(Command(action=Action.REBOOT), RIG)
    assert cgminer.received == []


async def test_switch_pool(cgminer: CgminerMiner, reach: Reach) -> None:
    """Pools are switched over the open port."""
    controller = BraiinsController(reach(cgminer.port))
    command = Command(action=Action.SWITCH_POOL, value="1")
    assert await controller.execute(command, RIG) is Result.DONE
    assert cgminer.received[0] == '{"command":"switchpool","parameter":"1"}'
    cgminer.lose.add("switchpool")
    assert await controller.execute(command, RIG) is Result.SENT
    cgminer.refuse.add("switchpool")
    cgminer.lose.clear()
    with pytest.raises(RejectedError):
        await controller.execute(command, RIG)


async def test_abilities(controller: BraiinsController) -> None:
    """With the password there is everything."""
    abilities = controller.abilities(RIG)
    assert set(abilities.commands) == OPEN | {
        Action.RESTART_MINING,
        Action.REBOOT,
        Action.LOCATE,
        Action.SET_POWER_TARGET,
    }
    assert abilities.power_target == 3000
    assert abilities.power_target_least == 900
    assert abilities.power_target_most == 4000


@pytest.mark.parametrize(
    ("command", "told", "result"),
    [
        (Command(action=Action.PAUSE_MINING), ["PUT actions/pause"], Result.SENT),
        (Command(action=Action.RESUME_MINING), ["PUT actions/resume"], Result.SENT),
        (Command(action=Action.RESTART_MINING), ["PUT actions/restart"], Result.SENT),
        (Command(action=Action.REBOOT), ["PUT actions/reboot"], Result.SENT),
        (
            Command(action=Action.LOCATE, value="on"),
            ["PUT actions/locate true", "GET actions/locate"],
            Result.DONE,
        ),
        (
            Command(action=Action.LOCATE, value="off"),
            ["PUT actions/locate false", "GET actions/locate"],
            Result.DONE,
        ),
        (
            Command(action=Action.SET_POWER_TARGET, value="2500.4"),
            [
                'PUT performance/power-target {"watt":2500}',
                "GET performance/tuner-state",
            ],
            Result.DONE,
        ),
    ],
)
async def test_rest(
    rest: BraiinsRest,
    controller: BraiinsController,
    command: Command,
    told: list[str],
    result: Result,
) -> None:
    """What goes out, with the token and a length."""
    assert await controller.execute(command, RIG) is result
    assert rest.told == told
    assert rest.logins == 0
    assert {request.authorization for request in rest.received} == {"token1"}
    assert rest.received[0].length == str(len(rest.received[0].body))


@pytest.mark.parametrize(
    "command",
    [
        Command(action=Action.SET_POWER_TARGET, value="899"),
        Command(action=Action.SET_POWER_TARGET, value="4001"),
        Command(action=Action.SET_POWER_TARGET, value="inf"),
        Command(action=Action.SET_POWER_TARGET, value="a lot"),
        Command(action=Action.SET_POWER_TARGET),
        Command(action=Action.LOCATE, value="True"),
        Command(action=Action.SWITCH_POOL, value="2"),
        Command(action=Action.SET_FAN, data={"mode": "auto"}),
    ],
)
async def test_nonsense_is_not_sent(
    rest: BraiinsRest, controller: BraiinsController, command: Command
) -> None:
    """What cannot be meant never reaches the miner."""
    with pytest.raises(RejectedError):
        await controller.execute(command, RIG)
    assert rest.received == []


async def test_ignored_target(rest: BraiinsRest, controller: BraiinsController) -> None:
    """A target that the miner does not show is only sent."""
    rest.pages["PUT performance/power-target"] = lambda _: (200, {"watt": 2500})
    command = Command(action=Action.SET_POWER_TARGET, value="2500")
    assert await controller.execute(command, RIG) is Result.SENT
    assert controller.abilities(RIG).power_target == 3000


async def test_target_that_cannot_be_read(
    rest: BraiinsRest, controller: BraiinsController
) -> None:
    """The same where nothing confirms it; what was known stays."""
    rest.pages["GET performance/tuner-state"] = lambda _: (500, None)
    command = Command(action=Action.SET_POWER_TARGET, value="2500")
    assert await controller.execute(command, RIG) is Result.SENT
    assert rest.watts == 2500
    assert controller.abilities(RIG).power_target == 3000


async def test_light_that_cannot_be_read(
    rest: BraiinsRest, controller: BraiinsController
) -> None:
    """A light that nothing confirms is only sent."""
    rest.pages["GET actions/locate"] = lambda _: (500, None)
    command = Command(action=Action.LOCATE, value="on")
    assert await controller.execute(command, RIG) is Result.SENT
    assert rest.locating is True


async def test_no_power_target_without_bounds(
    rest: BraiinsRest, controller: BraiinsController
) -> None:
    """A version that does not tell the bounds is not given a target."""
    del rest.pages["GET configuration/constraints"]
    await controller.refresh()
    abilities = controller.abilities(RIG)
    assert Action.REBOOT in abilities.commands
    assert Action.SET_POWER_TARGET not in abilities.commands
    rest.received.clear()
    with pytest.raises(RejectedError, match="bounds"):
        await controller.execute(
            Command(action=Action.SET_POWER_TARGET, value="2500"), RIG
        )
    assert rest.received == []


async def test_one_pool_is_not_switched(controller: BraiinsController) -> None:
    """A miner with one pool has none to switch to."""
    rig = replace(RIG, pools=(Pool(index=0),))
    assert Action.SWITCH_POOL not in controller.abilities(rig).commands


async def test_expired_token(rest: BraiinsRest, controller: BraiinsController) -> None:
    """A token that ran out is renewed, once, and the command goes out again."""
    rest.expired = True
    assert await controller.execute(Command(action=Action.REBOOT), RIG) is Result.SENT
    assert [request.path for request in rest.received] == [
        "actions/reboot",
        "auth/login",
        "actions/reboot",
    ]
    assert [request.body for request in rest.received] == [b"", LOGIN, b""]
    rest.received.clear()
    rest.rejecting = True
    with pytest.raises(InvalidCredentialsError):
        await controller.execute(Command(action=Action.REBOOT), RIG)
    assert rest.logins == 1


@pytest.mark.parametrize("fault", ["drop", "hang"])
async def test_lost_answer(
    cgminer: CgminerMiner, rest: BraiinsRest, reach: Reach, fault: str
) -> None:
    """A command whose answer is lost is not sent again, and not called failed."""
    miner = reach(cgminer.port, web_port(rest), PASSWORD, timeout=0.2)
    controller = BraiinsController(miner)
    await controller.refresh()
    rest.received.clear()
    rest.pages["PUT actions/reboot"] = lambda _: fault
    assert await controller.execute(Command(action=Action.REBOOT), RIG) is Result.SENT
    assert rest.told == ["PUT actions/reboot"]


@pytest.mark.parametrize("status", [400, 404, 422, 500])
async def test_refused(
    rest: BraiinsRest, controller: BraiinsController, status: int
) -> None:
    """An error of the miner is one."""
    rest.pages["PUT actions/restart"] = lambda _: (status, None)
    with pytest.raises(RejectedError):
        await controller.execute(Command(action=Action.RESTART_MINING), RIG)


async def test_wrong_password(
    cgminer: CgminerMiner, rest: BraiinsRest, reach: Reach
) -> None:
    """A wrong password is told, kept out of the text, and not tried again and again."""
    controller = BraiinsController(reach(cgminer.port, web_port(rest), "wr0ng"))
    for _ in range(3):
        with pytest.raises(InvalidCredentialsError) as caught:
            await controller.refresh()
        assert "wr0ng" not in str(caught.value)
    assert rest.logins == 1
    assert set(controller.abilities(RIG).commands) == OPEN


async def test_old_version(
    cgminer: CgminerMiner, rest: BraiinsRest, reach: Reach
) -> None:
    """Where there is no REST interface, the open port is all."""
    rest.login_status = 404
    controller = BraiinsController(reach(cgminer.port, web_port(rest), PASSWORD))
    await controller.refresh()
    assert set(controller.abilities(RIG).commands) == OPEN


async def test_no_connection(
    cgminer: CgminerMiner, closed_port: int, reach: Reach
) -> None:
    """A refused connection is told as one; nothing was sent."""
    rest = TokenRest(
        reach(cgminer.port, closed_port, PASSWORD), login_path="login", login={}
    )
    with pytest.raises(SourceRefusedError):
        await rest.send("PUT", "actions/reboot")


def anonymous(reach: Reach, port: int, timeout: float = 2.0) -> TokenRest:
    """Reach public pages only."""
    return TokenRest(
        reach(1, port, timeout=timeout), login_path="auth/login", login=None
    )


async def test_connection_not_taken(full_port: int, reach: Reach) -> None:
    """Nothing went out where nobody takes the connection, so nothing is called sent."""
    client = anonymous(reach, full_port, timeout=0.1)
    with pytest.raises(SourceUnreachableError, match="no connection in time"):
        await client.send("PUT", "actions/reboot", public=True)


@pytest.mark.parametrize("host", ["10.0.0 1", "", "999.999.999.999"])
async def test_no_such_host(rest: BraiinsRest, reach: Reach, host: str) -> None:
    """The same where the address is none."""
    client = TokenRest(
        replace(reach(1, web_port(rest)), host=host), login_path="login", login=None
    )
    with pytest.raises(SourceUnreachableError, match="no such host"):
        await client.send("PUT", "actions/reboot", public=True)


async def test_closed_session(rest: BraiinsRest, reach: Reach) -> None:
    """The same at the end of a run, when the session is closed already."""
    miner = reach(1, web_port(rest))
    await miner.session.close()
    client = TokenRest(miner, login_path="auth/login", login=None)
    with pytest.raises(SourceUnreachableError):
        await client.send("PUT", "actions/reboot", public=True)
    assert rest.received == []


async def test_answer_that_is_no_http(reach: Reach) -> None:
    """What answers in another language may have done something."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"STATUS=S\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port: int = server.sockets[0].getsockname()[1]
        with pytest.raises(AnswerLostError, match="malformed HTTP answer"):
            await anonymous(reach, port).send("PUT", "actions/reboot", public=True)


async def test_answer_too_large(rest: BraiinsRest, reach: Reach) -> None:
    """An answer is read to the limit and no further."""
    rest.public.add("actions/locate")
    client = anonymous(reach, web_port(rest))
    rest.texts["GET actions/locate"] = f'"{"x" * (MAX_BODY - 2)}"'
    shown = await client.read("actions/locate", public=True)
    assert isinstance(shown, str)
    assert len(shown) == MAX_BODY - 2
    rest.texts["GET actions/locate"] = f'"{"x" * (MAX_BODY - 1)}"'
    with pytest.raises(AnswerLostError):
        await client.read("actions/locate", public=True)


async def test_no_password(rest: BraiinsRest, reach: Reach) -> None:
    """Without a password a page that needs one is not asked for."""
    client = anonymous(reach, web_port(rest))
    with pytest.raises(InvalidCredentialsError, match="no password"):
        await client.read("actions/locate")
    assert rest.received == []


async def test_command_answered_with_no_json(
    rest: BraiinsRest, controller: BraiinsController
) -> None:
    """The status alone says that a command was taken."""
    rest.texts["PUT actions/reboot"] = "rebooting"
    assert await controller.execute(Command(action=Action.REBOOT), RIG) is Result.SENT
    assert rest.told == ["PUT actions/reboot"]


@pytest.mark.parametrize("answer", ["<html>", "", "[]"])
async def test_login_answered_without_an_object(
    rest: BraiinsRest, reach: Reach, answer: str
) -> None:
    """A page that is no answer to a login is told as such; no command goes out."""
    rest.login_text = answer
    client = TokenRest(
        reach(1, web_port(rest)), login_path="auth/login", login=json.loads(LOGIN)
    )
    with pytest.raises(InvalidReplyError, match="no token"):
        await client.send("PUT", "actions/reboot")
    assert rest.told == []


async def test_lost_login_is_not_a_sent_command(
    cgminer: CgminerMiner, reach: Reach
) -> None:
    """When the login gets no answer, the command has not gone out."""
    miner = reach(cgminer.port, cgminer.port, PASSWORD)
    rest = TokenRest(miner, login_path="login", login={})
    with pytest.raises(InvalidReplyError):
        await rest.send("PUT", "actions/reboot")


@pytest.mark.parametrize(
    "answer", [{}, {"token": 1}, {"token": "a\nb"}, {"token": "ü"}, {"token": ""}]
)
async def test_no_token(rest: BraiinsRest, reach: Reach, answer: Object) -> None:
    """An answer without a token that fits a header is no login."""
    rest.login_extra = {"token": None, **answer}
    client = TokenRest(
        reach(1, web_port(rest)), login_path="auth/login", login=json.loads(LOGIN)
    )
    with pytest.raises(InvalidReplyError):
        await client.read("actions/locate")
    assert not client.signed_in


@pytest.mark.parametrize(
    ("status", "seconds"), [(429, BARRED_FOR), (401, REFUSED_FOR), (403, REFUSED_FOR)]
)
async def test_logins_are_rationed(
    rest: BraiinsRest, reach: Reach, status: int, seconds: float
) -> None:
    """After a refusal none is tried for a while, then one again."""
    now = [1000.0]
    client = TokenRest(
        reach(1, web_port(rest)),
        login_path="auth/login",
        login=json.loads(LOGIN),
        clock=lambda: now[0],
    )
    rest.login_status = status
    for _ in range(3):
        with pytest.raises(InvalidCredentialsError):
            await client.read("actions/locate")
    assert rest.logins == 1
    now[0] += seconds - 1
    with pytest.raises(InvalidCredentialsError):
        await client.read("actions/locate")
    assert rest.logins == 1
    now[0] += 1
    rest.login_status = 200
    assert await client.read("actions/locate") is False
    assert rest.logins == 2


async def test_token_is_renewed_in_time(rest: BraiinsRest, reach: Reach) -> None:
    """A token lives as long as the miner says, from its last use."""
    now = [1000.0]
    client = TokenRest(
        reach(1, web_port(rest)),
        login_path="auth/login",
        login=json.loads(LOGIN),
        clock=lambda: now[0],
    )
    for seconds, logins in ((0, 1), (3599, 1), (3599, 1), (3600, 2)):
        now[0] += seconds
        await client.read("actions/locate")
        assert rest.logins == logins


async def test_no_json(rest: BraiinsRest, reach: Reach) -> None:
    """A page that is none is an invalid reply."""
    client = TokenRest(
        reach(1, web_port(rest)), login_path="auth/login", login=json.loads(LOGIN)
    )
    rest.texts["GET actions/locate"] = "<html>"
    with pytest.raises(InvalidReplyError):
        await client.read("actions/locate")
