"""Which dialect it is, and what is none."""

import pytest

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.antminer.firmware import (
    DIALECTS,
    Fingerprint,
    recognise,
)
from custom_components.antminer_monitor.source import InvalidReplyError
from tests.antminer.replies import (
    error,
    header,
    rows,
    s9_record,
    stats,
    version,
    x19_record,
)

S9 = stats(header("Antminer S9"), s9_record())
S19 = stats(header("Antminer S19"), x19_record(), "cgminer 1.0.0")


@pytest.mark.parametrize(
    ("said", "told", "name"),
    [
        (version(BMMiner="2.0.0", Type="Antminer S9"), S9, "classic"),
        (None, S9, "classic"),
        (error(), S9, "classic"),
        (version("cgminer 4.9.0", CGMiner="4.9.0"), S9, "classic"),
        (version("bmminer 2.4.0-asicseer-1", BMMiner="x"), S9, "classic"),
        (version("cgminer 1.0.0", BMMiner="1.0.0"), S19, "x19"),
        (None, S19, "x19"),
        (version("bmminer 1.0.0", BMMiner="2.0.0 rwglr"), S9, "hiveon"),
        (None, stats(header("Antminer S9 Hiveon"), s9_record()), "hiveon"),
        (version("LUXminer 2025", LUXminer="2025"), S19, "luxos"),
        (version("cgminer 4.11.1", Type="Antminer S9 (vnish 3.9)"), S9, "vnish"),
        (version("BOSminer+ 0.2", **{"BOSminer+": "0.2"}), None, "braiins"),
        (version("BOSer x 0.1", BOSer="x 0.1"), error(), "braiins"),
        (version("bmminer bOS_am1-s9-2019"), S9, "braiins-2019"),
    ],
)
def test_recognises(said: Reply | None, told: Reply | None, name: str) -> None:
    """By its own name first, then by its shape, whatever the model."""
    assert recognise(Fingerprint(said, told)).name == name


def test_shape_goes_before_model() -> None:
    """An S9 that answers like an S19 is read like one."""
    assert recognise(
        Fingerprint(None, stats(header("Antminer S9"), x19_record()))
    ).name == ("x19")


@pytest.mark.parametrize(
    ("said", "told", "what"),
    [
        (version("cgminer 4.11.1", PROD="AvalonMiner 1246"), error(), "Avalon"),
        (version("btminer"), error(), "WhatsMiner"),
        (error(by="btminer"), stats(header("Antminer L7"), s9_record()), "WhatsMiner"),
        ({"STATUS": "E", "Code": 14, "Msg": "invalid cmd"}, None, "WhatsMiner"),
        (version("sgminer 5"), rows("STATS", {"POOL": 0}), "no|not an Antminer"),
        (None, None, "not an Antminer"),
        (error(), error(), "not an Antminer"),
    ],
)
def test_others(said: Reply | None, told: Reply | None, what: str) -> None:
    """Other makers' miners listen on the same port; they are named."""
    with pytest.raises(InvalidReplyError, match=what):
        recognise(Fingerprint(said, told))


def test_ordinary_poll_is_short() -> None:
    """Three connections at most, or as good as one."""
    for dialect in DIALECTS:
        assert dialect.joined or len(dialect.commands) <= 3
    assert all(
        dialect.commands[0] == "stats"
        for dialect in DIALECTS
        if dialect.name != "braiins"
    )
