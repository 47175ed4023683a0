"""Targets: extension packs as they are uploaded or written by an AI, and what they read."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Final

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import Context, Fingerprint
from custom_components.antminer_monitor.antminer.json_repair import loads
from custom_components.antminer_monitor.pack_extension import load_extension
from custom_components.antminer_monitor.packs.archive import pack_zip, unpack
from custom_components.antminer_monitor.packs.document import parse_yaml
from custom_components.antminer_monitor.packs.errors import PackError
from custom_components.antminer_monitor.packs.loading import MAIN, load_pack
from custom_components.antminer_monitor.packs.model import Pack
from custom_components.antminer_monitor.packs.reading import dialects_of, try_pack
from custom_components.antminer_monitor.rig import Rig
from custom_components.antminer_monitor.source import InvalidReplyError
from custom_components.antminer_monitor.teach_pack import draft_of, named
from custom_components.antminer_monitor.teach_redact import Redactor

from .canned import HOST
from .invariants import check_rig
from .miners import SEEN
from .target import Shape, Target, expanded, sections

EXAMPLE: Final = (
    Path(__file__).parents[2] / "docs" / "examples" / "whatsminer" / "pack.yaml"
)
MAX_PROBLEMS = 200
"""Of one file; more nobody reads."""

_MAC, _SERIAL, _WORKER = "c6:11:04:9a:b2:c3", "HTX77BK0E9212", "jane07doe.rig4411"
_SAMPLE: Final[Mapping[str, Reply]] = {
    "version": {
        "STATUS": "E",
        "Msg": "invalid cmd",
        "Description": "whatsminer v1.1",
        "Values": [{"a": [1.5, "2-3-4", None, True], "n": "1e3 W"}],
    },
    "devdetails": {"DEVDETAILS": [{"Driver": "bitmicro", "Model": "M30S_V10"}]},
    "summary": {
        "SUMMARY": [
            {
                "MHS 5s": 87000000.5,
                "MHS av": "86500000",
                "Temperature": 70.5,
                "Power": 3300,
                "Elapsed": 9000,
                "MAC": _MAC,
                "Fan Speed In": 4500,
                "Serial": _SERIAL,
                "Power Mode": "Normal",
                "Values": "1;22;333",
            }
        ]
    },
    "devs": {
        "DEVS": [
            {"Slot": place, "Temperature": 60.5 + place, "MHS 5s": 29000000.0}
            for place in range(3)
        ]
    },
    "pools": {"POOLS": [{"URL": "stratum+tcp://pool.example:3333", "User": _WORKER}]},
}
_LONG: Final[Mapping[str, Reply]] = {"estats": {"Long": [";x" * 2000] * 256}}
"""A reply with more in it than is looked at."""
_CONTEXT: Final = Context(rig_id="one", host=HOST, seen_at=SEEN)


# --- packs ----------------------------------------------------------------------------


def _archive(data: bytes) -> None:
    """Unpack an upload; what comes out is a pack or no pack, and packs up again."""
    try:
        files = unpack(data)
    except PackError as err:
        _check_error(err)
        return
    assert unpack(pack_zip(files)) == files
    _loaded(files)


def _pack(data: bytes) -> None:
    """Load the files of a pack, and read a miner with it."""
    files: dict[str, str] = {}
    for name, body in sections(data).items():
        # Others come out of no archive.
        with suppress(UnicodeDecodeError):
            if name.isprintable() and name:
                files[name] = body.decode()
    _loaded(files)


def _loaded(files: Mapping[str, str]) -> None:
    try:
        pack, extension = load_extension(files)
    except PackError as err:
        _check_error(err)
        return
    assert len(extension.dialects) == len(pack.dialects)
    _read(pack, {**_SAMPLE, **_LONG})
    with suppress(PackError):
        load_pack(files, reserved=())


def _check_error(err: PackError) -> None:
    assert err.problems and str(err)
    assert len(err.problems) <= MAX_PROBLEMS
    for problem in err.problems:
        assert problem.message and problem.file
        assert problem.line is None or problem.line >= 1
        assert str(problem).isprintable(), "an error that cannot be shown"


def _read(pack: Pack, replies: Mapping[str, Reply]) -> None:
    """Read replies with every dialect of a pack, and as it is tried."""
    trial = try_pack(pack, replies, HOST)
    if trial.rig:
        _check(trial.rig)
    assert trial.rig is None or trial.error is None
    found = Fingerprint(replies.get("version"), replies.get("stats"), replies)
    for dialect in dialects_of(pack):
        assert dialect.recognises(found) in (True, False)
        with suppress(InvalidReplyError):
            _check(dialect.parse(replies, _CONTEXT))


def _check(rig: Rig) -> None:
    check_rig(rig)
    for value in rig.extras.values():
        assert isinstance(value, str) or isfinite(value)


# --- what a pack reads ----------------------------------------------------------------


@cache
def _example() -> Pack:
    return load_pack({MAIN: EXAMPLE.read_text(encoding="utf-8")})


def _reading(data: bytes) -> None:
    """Read whatever a miner answers with the pack of the example."""
    replies: dict[str, Reply] = {}
    for name, body in sections(data).items():
        with suppress(InvalidReplyError):
            replies[name] = loads(body)
    _read(_example(), replies)


# --- what an AI answers ---------------------------------------------------------------


@cache
def _redactor() -> Redactor:
    return Redactor(_SAMPLE, (HOST,))


def _answer(data: bytes) -> None:
    """Check what an AI wrote, which raises nothing and gives no secret of the miner away."""
    text = expanded(data).decode(errors="replace")
    draft = draft_of(text, _SAMPLE, HOST, _redactor())
    told = "\n".join(draft.problems).lower()
    for secret in (_MAC, _SERIAL, _WORKER, *_WORKER.split(".")):
        assert secret.lower() in text.lower() or secret.lower() not in told, secret
    if draft.data is None:
        assert draft.problems, "refused without a reason"
        return
    assert draft.pack is not None
    try:
        files = named(draft.data, "Barn", ("barn",))
    except PackError:
        return
    assert parse_yaml(files[MAIN], MAIN).data is not None


_WORDS: Final = (
    "pack: 1", "id:", "version:", "name:", "description:", "author:", "homepage:", "dialects:", "models:", "sensors:",
    "binary_sensors:", "translations:", "firmware:", "manufacturer:", "algorithm:", "rate_unit:", "recognise:", "ask:",
    "fields:", "boards:", "fans:", "reply:", "path:", "matches:", "pattern:", "split:", "take:", "ignore:", "map:", "unit:",
    "scale:", "offset:", "value:", "rows:", "numbers:", "names:", "from:", "to:", "model:", "aliases:", "ratings:",
    "joules_per_terahash:", "hashrate:", "power:", "key:", "device_class:", "state_class:", "icon:", "diagnostic:", "limits:",
    "least:", "most:", "digits:", '"on":', "summary", "version", "SUMMARY.MHS 5s", "{n}", "*", "GH/s", "°F", "status:",
    "sha256d", "mdi:fan", "&a", "*a", "<<:", "!!str", "---", "...", "|-", ">-", "- - {", "}", "0x10", "1e309", ".inf", ".nan",
    "(?i)", "[^a-z]{1,20}", "(a|b)*?", "\\d+", "\\b", "temperature", "measurement", "enum", "\u202e", "\u2028", "\ufeff",
)  # fmt: skip
_REPLY_WORDS: Final = (
    '"SUMMARY":', '"MHS 5s":', '"DEVS":', '"Slot":', '"Msg":', '"Driver":', '"bitmicro"', '"Description":', '"vin":',
    '"mineroff":', '"Hash Stable":', '"Env Temp":', '"Fan Speed In":', '"whatsminer v1.1"', "-41", "1e30", "true",
)  # fmt: skip

PACK_TARGETS: Final = (
    Target(
        name="archive",
        about="an uploaded pack, zip or YAML: a pack or PackError",
        run=_archive,
        reaches=("packs.archive",),
        kept=(16, 20_000),
        shape=Shape.ZIP,
        tokens=_WORDS,
        seconds=2.0,
    ),
    Target(
        name="pack",
        about="the files of a pack: a pack that reads soundly, or PackError",
        run=_pack,
        reaches=(
            "packs.document",
            "packs.leaves",
            "packs.loading",
            "packs.meaning",
            "packs.node",
            "packs.parts",
            "packs.pattern",
            "packs.pattern_parser",
            "packs.places",
            "packs.reading",
            "packs.where",
            "pack_extension",
        ),
        kept=(20, 50_000),
        shape=Shape.YAML,
        tokens=_WORDS,
        seconds=2.0,
    ),
    Target(
        name="reading",
        about="replies of a miner, read by the pack of the example",
        run=_reading,
        reaches=("packs.reading", "packs.where", "packs.parts", "packs.pattern"),
        kept=(12, 40_000),
        tokens=_REPLY_WORDS,
        seconds=1.0,
    ),
    Target(
        name="answer",
        about="a pack that an AI wrote: a draft, without secrets of the miner",
        run=_answer,
        reaches=("teach_pack",),
        shape=Shape.YAML,
        tokens=_WORDS,
        seconds=2.0,
    ),
)
