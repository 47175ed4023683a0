"""Servers that want what is not theirs: redirects, false certificates, answers that are too much."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import socket
import ssl

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
import pytest

from custom_components.antminer_monitor.antminer.cgminer import CgminerClient
from custom_components.antminer_monitor.antminer.control.controller import (
    Miner,
    RejectedError,
)
from custom_components.antminer_monitor.antminer.control.rest import TokenRest
from custom_components.antminer_monitor.antminer.firmware.parsing import text
from custom_components.antminer_monitor.antminer.web import (
    LONGEST_TEXT,
    Credentials,
    StockWeb,
    vnish_info,
)
from custom_components.antminer_monitor.hiveos.client import HiveClient
from custom_components.antminer_monitor.source import (
    InvalidReplyError,
    SourceUnreachableError,
)

PASSWORD = "s3cret"
TOKEN = "t0ken"


class Sink:
    """Where a redirect leads: it keeps all headers and bodies that it is sent."""

    def __init__(self) -> None:
        """Listen nowhere yet."""
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._take)
        self.server = TestServer(application)

    async def _take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.json_response({"token": "taken"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int, loopback_enabled: None) -> None:
    """A miner that redirects gets neither its page from elsewhere nor a password sent there."""
    sink = Sink()
    await sink.server.start_server()

    async def redirect(request: web.Request) -> web.Response:
        if "Authorization" not in request.headers and "cgi" in request.path:
            challenge = 'Digest realm="r", nonce="1", qop="auth"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        return web.Response(
            status=status, headers={"Location": str(sink.server.make_url("/there"))}
        )

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", redirect)
    async with TestServer(application) as server, ClientSession() as session:
        assert server.port is not None
        credentials = Credentials("root", PASSWORD)
        miner = Miner(
            host="127.0.0.1",
            client=CgminerClient("127.0.0.1", 1),
            session=session,
            web_port=server.port,
            timeout=5.0,
            credentials=credentials,
            recall=lambda: None,
            note=lambda text: None,
        )
        stock = StockWeb(session, "127.0.0.1", credentials, port=server.port)
        rest = TokenRest(miner, login_path="login", login={"password": PASSWORD})
        for attempt in (
            stock.system_info(),
            vnish_info(session, "127.0.0.1", port=server.port),
        ):
            with pytest.raises(InvalidReplyError, match=f"HTTP status {status}"):
                await attempt
        for order in (rest.read("info"), rest.send("PUT", "reboot", public=True)):
            with pytest.raises(RejectedError, match=f"HTTP status {status}") as raised:
                await order
            assert PASSWORD not in str(raised.value)
    assert sink.got == []
    await sink.server.close()


async def test_a_certificate_of_nobody_gets_no_token(
    hass: HomeAssistant, loopback_enabled: None, tmp_path: Path
) -> None:
    """Who cannot prove to be the service is told nothing, by the web session that is really used."""
    tls = await hass.async_add_executor_job(_self_signed, tmp_path)
    got: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        # ssl.SSLError is an OSError.
        with suppress(OSError):
            connection, _ = listener.accept()
            connection.settimeout(5)
            with connection, tls.wrap_socket(connection, server_side=True) as trusting:
                got.append(trusting.recv(65_536))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        port: int = listener.getsockname()[1]
        served = hass.async_add_executor_job(serve, listener)
        session = async_get_clientsession(hass)
        client = HiveClient(session, TOKEN, f"https://127.0.0.1:{port}")
        with pytest.raises(SourceUnreachableError, match="no trusted") as raised:
            await client.farms()
        await served
    assert TOKEN not in str(raised.value)
    assert got == []


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_web_page_that_is_nested_too_deeply(loopback_enabled: None) -> None:
    """It is an invalid reply, as any other that cannot be read."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="[" * 200_000)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application) as server, ClientSession() as session:
        assert server.port is not None
        miner = Miner(
            host="127.0.0.1",
            client=CgminerClient("127.0.0.1", 1),
            session=session,
            web_port=server.port,
            timeout=5.0,
            credentials=None,
            recall=lambda: None,
            note=lambda text: None,
        )
        rest = TokenRest(miner, login_path="login", login={"password": PASSWORD})
        for attempt in (
            rest.read("info", public=True),
            rest.read("info"),
            vnish_info(session, "127.0.0.1", port=server.port),
        ):
            with pytest.raises(InvalidReplyError):
                await attempt
        assert await rest.send("PUT", "reboot", public=True) is None


async def test_words_of_a_web_page_are_bounded(loopback_enabled: None) -> None:
    """A name of any length, and of any signs, becomes one short line that a terminal does not obey."""

    async def answer(request: web.Request) -> web.Response:
        system = {"network_status": {"hostname": "a\n\x1b[31m\u202eb" + "x" * 100_000}}
        return web.json_response({"system": system, "serial": "s" * 100_000})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server, ClientSession() as session:
        assert server.port is not None
        info = await vnish_info(session, "127.0.0.1", port=server.port)
    assert info.hostname
    assert info.hostname.startswith("a \ufffd[31m\ufffdbxxx")
    assert info.hostname.isprintable()
    assert len(info.hostname) == len(info.serial or "") == LONGEST_TEXT


def test_words_of_a_reply_are_bounded() -> None:
    """So is what port 4028 says: as long as a state can be, and nothing that cannot be seen."""
    found = text("a\n\x1b[31m\u202eb" + "x" * 100_000)
    assert found
    assert found.isprintable()
    assert 200 <= len(found) <= 255
