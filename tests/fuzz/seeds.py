"""The inputs that fuzzing begins with: what the simulated miners and farms answer."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
import json
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

import aiohttp

from simulator import DEFAULT_MIX, PROFILES, Conditions, Farm, Fault, SimulatedMiner
from simulator.dialects import DIALECTS
from simulator.faults import mangle
from simulator.hive import HiveService
from simulator.hive.listing import worker_item
from simulator.profiles import profile
from tests.packs.samples import SMALL, WHATSMINER
from tests.packs.zips import FILES, zipped

from .miners import CONFIGURATION_PAGE, INFO_PAGE, POWER_PAGE, VNISH_PAGE, WARNING_PAGE
from .packs import EXAMPLE
from .redact import SECRETS
from .target import joined

NOW: Final = 1_790_000_000.0
COMMANDS: Final = (
    "version", "stats", "summary", "pools", "devs", "edevs", "devdetails", "temps", "fans", "power", "config", "profiles",
    "tunerstatus", "coin", "status", "get_psu", "get_version", "get_miner_info", "estats",
)  # fmt: skip
_NEW_FORMS: Final = ("stats", "summary")
_LOGINS: Final[Mapping[str, tuple[str, dict[str, str]]]] = {
    "vnish": ("/api/v1/unlock", {"pw": "root"}),
    "braiins": ("/api/v1/auth/login", {"username": "root", "password": "root"}),
}
_PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "vnish": (
        VNISH_PAGE,
        "/api/v1/status",
        "/api/v1/autotune/presets",
        "/api/v1/perf-summary",
    ),
    "braiins": (
        "/api/v1/configuration/constraints",
        "/api/v1/performance/tuner-state",
        "/api/v1/pools",
    ),
}
_STOCK_PAGES: Final = (INFO_PAGE, CONFIGURATION_PAGE)
_SUFFERING: Final = tuple(
    replace(profile(name), conditions=conditions)
    for name in ("s9", "s19pro_2022", "s21_2024", "vnish_1_2_7", "luxos", "braiins")
    for conditions in (
        Conditions(over_temperature=True),
        Conditions(sleep=True),
        Conditions(dying_chips=5, missing_board=1, pool_dead=True),
    )
)
_MAX_SEED = 24_000
"""Bytes; a larger one is left out."""


def seeds() -> Mapping[str, list[bytes]]:
    """Give inputs by target."""
    miners = asyncio.run(_miners())
    small = [
        {name: body for name, body in parts.items() if len(body) < 9000}
        for parts in miners
    ]
    replies = [
        {name: body for name, body in parts.items() if not name.startswith("/")}
        for parts in small
    ]
    single = [body for parts in replies for body in parts.values()]
    faulty = [mangle(body, fault) for body in single[::7] for fault in Fault]
    single = _different(single + [body for body in faulty if len(body) < 9000])
    pages = [
        {name: body for name, body in parts.items() if name.startswith("/")}
        for parts in small
    ]
    workers, others = _hive()
    return {
        "reply": single,
        "repair": single,
        "dialects": _joined(small),
        "web": _joined(pages),
        "source": _joined(small),
        "workers": workers,
        "hive": _joined(others),
        "archive": _archives(),
        "pack": [
            joined({name: text.encode() for name, text in files.items()})
            for files in _packs()
        ],
        "reading": _joined(replies),
        "answer": [files["pack.yaml"].encode() for files in _packs()],
        "redact": [_with_secrets(parts) for parts in replies],
    }


def _joined(found: Iterable[Mapping[str, bytes]]) -> list[bytes]:
    return [data for data in map(joined, found) if 0 < len(data) <= _MAX_SEED]


def _different(found: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(found))


async def _miners() -> list[dict[str, bytes]]:
    told: list[dict[str, bytes]] = []
    for profiles, age in (
        (PROFILES.values(), 86_400.0),
        (_SUFFERING, 86_400.0),
        # These start.
        (map(profile, DEFAULT_MIX), 30.0),
    ):
        farm = Farm(profiles, web=True, extras=True, clock=lambda: NOW, age=age)
        async with farm, aiohttp.ClientSession() as session:
            told += [await _told(session, miner) for miner in farm.miners]
    # A poll asks for the new form in the place of the classic one.
    return told + [
        {name: body for name, body in parts.items() if name != "stats.cgi"}
        | {"stats": parts["stats.cgi"]}
        for parts in told
        if "stats.cgi" in parts
    ]


async def _told(
    session: aiohttp.ClientSession, miner: SimulatedMiner
) -> dict[str, bytes]:
    """Ask a miner everything."""
    speaker = DIALECTS[miner.profile.dialect]
    parts: dict[str, bytes] = {}
    for name in COMMANDS:
        reply = speaker.answer(miner.model, json.dumps({"command": name}).encode())
        if b"nvalid c" not in reply:
            parts[name] = reply
    for name in _NEW_FORMS:
        asked = {"command": name, "new_api": True}
        reply = speaker.answer(miner.model, json.dumps(asked).encode())
        if b"nvalid c" not in reply and reply != parts.get(name):
            parts[f"{name}.cgi"] = reply
    kind = miner.profile.web or ""
    if miner.web_port:
        parts |= await _paged(session, miner, kind)
    if miner.extras_port:
        for path in (POWER_PAGE, WARNING_PAGE):
            url = f"http://{miner.host}:{miner.extras_port}{path}"
            async with session.get(url) as response:
                parts[path] = await response.read()
    return parts


async def _paged(
    session: aiohttp.ClientSession, miner: SimulatedMiner, kind: str
) -> dict[str, bytes]:
    base = f"http://{miner.host}:{miner.web_port}"
    parts: dict[str, bytes] = {}
    headers: dict[str, str] = {}
    if kind in _LOGINS:
        path, login = _LOGINS[kind]
        async with session.post(f"{base}{path}", json=login) as response:
            parts[path] = await response.read()
        token = json.loads(parts[path])["token"]
        headers["Authorization"] = token if kind == "braiins" else f"Bearer {token}"
    signed = (aiohttp.DigestAuthMiddleware("root", "root"),)
    for path in _PAGES.get(kind, _STOCK_PAGES):
        async with session.get(
            f"{base}{path}",
            headers=headers,
            middlewares=() if kind in _LOGINS else signed,
        ) as response:
            if response.status == 200:
                parts[path] = await response.read()
    return parts


def _hive() -> tuple[list[bytes], list[dict[str, bytes]]]:
    """Give lists of workers, and other answers of HiveOS."""
    workers: list[bytes] = []
    others: dict[str, object] = {}
    for newer in (False, True):
        service = HiveService(clock=lambda: NOW, newer=newer)
        endpoints = service._endpoints
        account = service._accounts["owner"]
        others["account"] = json.loads(endpoints.account(account).body)
        others["farms"] = json.loads(endpoints.farm_list(account, unpaid=False).body)
        for farm in service.farms:
            items = [worker_item(worker, newer=newer) for worker in farm.workers]
            workers += [json.dumps({"data": [item]}).encode() for item in items]
            workers.append(
                json.dumps({"data": items[:3], "tags": farm.tag_items()}).encode()
            )
            others["fs"] = {"data": farm.sheet_items()}
            others["oc"] = {"data": farm.overclock_items()}
            others["events"] = {
                "data": farm.event_items(1),
                "pagination": {"total_pages": 2},
            }
            others["messages"] = {"data": farm.message_items(None)}
    parts = [{f"/{name}": json.dumps(body).encode()} for name, body in others.items()]
    parts += [
        {
            "/messages": json.dumps(
                {
                    "data": [
                        {
                            "id": 5,
                            "type": "danger",
                            "title": "GPU lost",
                            "time": NOW,
                            "cmd_id": 7,
                            "command": "exec",
                            "worker": {"id": 22},
                        }
                    ],
                    "pagination": {"total_pages": 1},
                }
            ).encode()
        },
        {
            "/events": json.dumps(
                {
                    "data": [
                        {
                            "id": 6,
                            "type": "Worker added",
                            "type_id": 3,
                            "timestamp": NOW,
                            "user": {"login": "jane"},
                            "worker": {"id": 22},
                        }
                    ]
                }
            ).encode()
        },
        {
            "/announcements": json.dumps(
                {
                    "data": [
                        {
                            "id": 1,
                            "title": "Downtime",
                            "message": "Soon",
                            "type": "warning",
                            "url": "https://example.com",
                            "start_at": NOW,
                            "is_hidden": False,
                        }
                    ]
                }
            ).encode()
        },
        {
            "/command": json.dumps(
                {
                    "id": 6000001,
                    "commands": [
                        {
                            "worker_id": 22,
                            "commands": [{"id": 6000001, "command": "reboot"}],
                        }
                    ],
                }
            ).encode()
        },
        {
            "/edit": json.dumps(
                {
                    "data": [
                        {"worker_id": 22, "commands": []},
                        {"worker_id": 23, "commands": [{"id": 9}]},
                    ]
                }
            ).encode()
        },
        {
            "/x 401": b'{"message":"Unauthorized","code":null}',
            "/x 403": b'{"message":"2fa","code":403003}',
            "/x 402": b"{}",
        },
        {
            "/x 422": b'{"message":"The given data was invalid.","errors":{"name":["is taken"]}}',
            "/x 304": b"",
            "/x 204": b"",
        },
        {
            "/x 429 7": b"",
            "/x 503 Wed, 21 Oct 2026 07:28:00 GMT": b"<html>",
            "/x 301": b"",
            "/x 404": b"",
            "/x 200": b" <html>",
        },
    ]
    return workers, parts


def _packs() -> list[dict[str, str]]:
    example = {"pack.yaml": EXAMPLE.read_text(encoding="utf-8")}
    for path in sorted((EXAMPLE.parent / "translations").glob("*.yaml")):
        example[f"translations/{path.name}"] = path.read_text(encoding="utf-8")
    everything = Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8")
    return [
        {"pack.yaml": everything},
        {"pack.yaml": SMALL},
        {"pack.yaml": WHATSMINER},
        example,
        dict(FILES),
    ]


def _archives() -> list[bytes]:
    found = [zipped(*files.items()) for files in _packs()]
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.mkdir("pack-main")
        archive.mkdir("pack-main/translations")
        archive.writestr("pack-main/pack.yaml", SMALL)
        archive.writestr("pack-main/README.md", "# Small\n")
    return [*found, buffer.getvalue(), SMALL.encode()]


def _with_secrets(parts: Mapping[str, bytes]) -> bytes:
    """Put secrets into the replies of a miner."""
    told = dict(parts)
    told["status"] = json.dumps(
        {
            "STATUS": [
                {"Msg": [f"lost @{number} at 12:30" for number in range(len(SECRETS))]}
            ],
            "POOLS": [
                {
                    "User": "abc12345",
                    "Pass": "hunter22",
                    "URL": "stratum+tcp://abc12345@pool.example:3333",
                    "Said": "abc12345",
                }
            ],
        }
    ).encode()
    return joined(told)[:_MAX_SEED]
