"""Target: what is sent of a miner's replies to an AI holds no secret."""

from collections.abc import Iterator
from contextlib import suppress
import json
import re
from typing import Final

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.json_repair import loads
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.source import InvalidReplyError
from custom_components.antminer_monitor.teach import MOST_REPLIES, MOST_REPLY
from custom_components.antminer_monitor.teach_redact import Redactor, disguise

from .canned import HOST
from .target import Target, sections

SECRETS: Final = (
    "1BoatSLRHtKNngkdXEobR76b53LETtpyT",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "C2:07:3C:AA:BB:CC",
    "c207.3caa.bbcc",
    "192.168.7.43",
    "fe80::c007:3cff:feaa:bbcc",
    "jane.doe+mine@mail.example.net",
    "stratum.somepool.io",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
)
"""Each gives itself away, wherever it stands. ``@0`` to ``@9`` in an input stand for them."""
KEYS: Final = frozenset(
    {"User", "Pass", "Worker", "wallet", "password", "SerialNo", "Auth Token"}
)
"""What stands under these is a secret, whatever it looks like."""
MOST_WORDS = 40
"""Secrets without a form of their own in one input; of very many not all are known."""

# Where a secret stands alone, so that it is one.
_PLACE = re.compile(r"(?<![^\s,;()<>|\"'=])@([0-9])(?![^\s,;()<>|\"'])")
_WORD = re.compile(r"(?=[^\W_]*[0-9])(?=[^\W_]*[a-z])[a-z0-9]{8,40}", re.ASCII)


def _redact(data: bytes) -> None:
    """Take secrets out of replies: those with a form of their own, and those under a key."""
    replies: dict[str, Reply] = {}
    size = 0
    for name, body in sections(data).items():
        size += len(body)
        if len(body) > MOST_REPLY or size > MOST_REPLIES:
            break
        with suppress(InvalidReplyError):
            replies[name] = _members(loads(body))
    left = Redactor(replies, (HOST,)).replies(replies)
    told = json.dumps(left, ensure_ascii=False).lower()
    assert HOST not in told, "the address of the miner"
    for secret in SECRETS:
        assert secret.lower() not in told, secret
    words = {word for reply in replies.values() for word in _words(reply)}
    own = json.dumps(replies.get("version"), ensure_ascii=False).lower()
    if len(words) <= MOST_WORDS:
        for word in words:
            if word not in own and disguise(word) != word:
                found = re.search(rf"(?<![a-z0-9]){word}(?![a-z0-9])", told)
                assert not found, f"a word under a key: {word}"


def _members(value: dict[str, Json]) -> dict[str, Json]:
    return {key: _with_secrets(item) for key, item in value.items()}


def _with_secrets(value: Json) -> Json:
    match value:
        case str():
            return _PLACE.sub(lambda match: SECRETS[int(match[1])], value)
        case list():
            return [_with_secrets(item) for item in value]
        case dict():
            return _members(value)
    return value


def _words(value: Json, depth: int = 20) -> Iterator[str]:
    """Yield the words that are secret for where they stand."""
    match value:
        case dict() if depth:
            for key, item in value.items():
                if key in KEYS and isinstance(item, str) and _WORD.fullmatch(item):
                    yield item
                else:
                    yield from _words(item, depth - 1)
        case list() if depth:
            for item in value:
                yield from _words(item, depth - 1)


REDACT_TARGET: Final = Target(
    name="redact",
    about="replies with secrets in them: none of them comes out",
    run=_redact,
    reaches=("teach_redact",),
    kept=(12, 50_000),
    tokens=(
        *(f"@{number}" for number in range(len(SECRETS))), "@3,@5", "lost @7", "user=@0;", "<@2>", '"User":', '"Pass":', '"Worker":',
        '"wallet":', '"password":', '"SerialNo":', '"URL":', '"Description":', '"Msg":', '"version":', '"Miner":', '"API":',
        "stratum+tcp://", "http://[", "DNA[", "serial: ", "abc12345", "=", "://", "/", "?", "#", "@", ".", "..", "-", "\u00b2",
    ),
    seconds=2.0,
)  # fmt: skip
