"""Which happenings were told already."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.antminer_monitor import told as module
from custom_components.antminer_monitor.source import Happening
from custom_components.antminer_monitor.told import OVERLAP, Told

from .common import NOON, pass_time

pytestmark = pytest.mark.usefixtures("noon")

KEY = "farm-7"
STORE = "antminer_monitor.entry.told"


def happening(name: str, after: float = 0.0) -> Happening:
    """Give a happening some seconds after noon."""
    return Happening(id=name, at=NOON + timedelta(seconds=after), title=name)


def ids(happenings: list[Happening]) -> list[str]:
    """Name them."""
    return [one.id for one in happenings]


async def loaded(hass: HomeAssistant) -> Told:
    """Give the memory as after a start of Home Assistant."""
    told = Told(hass, "entry")
    await told.async_load()
    return told


async def test_each_once(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """A second time nothing is new, in a later run too; another source is another matter."""
    told = await loaded(hass)
    first, second = happening("a", 1), happening("b", 2)
    assert ids(await told.async_take(KEY, (first, second, first))) == ["a", "b"]
    assert await told.async_take(KEY, (second, first)) == []
    assert ids(await told.async_take("other", (first,))) == ["a"]
    assert set(hass_storage[STORE]["data"]) == {KEY, "other"}

    told = await loaded(hass)
    assert ids(await told.async_take(KEY, (first, happening("c", 1)))) == ["c"]


async def test_nothing_from_before(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """What happened before the source was known is old; its first second is not."""
    told = await loaded(hass)
    freezer.move_to(NOON + timedelta(seconds=0.9))
    assert told.since(KEY) == dt_util.utcnow()
    assert ids(
        await told.async_take(KEY, (happening("before", -1), happening("now", 0)))
    ) == ["now"]


async def test_begin_is_kept_before_anything_happened(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    """What happens between two runs is told, also if it is the first thing that happens."""
    told = await loaded(hass)
    told.since(KEY)
    await pass_time(hass, freezer, 1)
    assert hass_storage[STORE]["data"] == {KEY: {"": NOON.timestamp()}}

    freezer.tick(timedelta(hours=8))
    told = await loaded(hass)
    assert told.since(KEY) == NOON
    assert ids(await told.async_take(KEY, (happening("away", 3600),))) == ["away"]


@pytest.mark.parametrize(
    ("newest", "since"),
    [
        (NOON + timedelta(minutes=1), NOON),
        (NOON + timedelta(hours=1), NOON + timedelta(hours=1) - OVERLAP),
        # A clock that is ahead must not make us ask for the future only.
        (NOON + timedelta(days=9), NOON + timedelta(hours=2) - OVERLAP),
    ],
    ids=["never before the begin", "overlap", "clock ahead"],
)
async def test_since(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    newest: datetime,
    since: datetime,
) -> None:
    """A source is asked from somewhat before the last happening on."""
    told = await loaded(hass)
    assert told.since(KEY) == NOON
    freezer.tick(timedelta(hours=2))
    await told.async_take(KEY, (Happening(id="a", at=newest, title="a"),))
    assert told.since(KEY) == since


async def test_bounded(
    hass: HomeAssistant, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few are kept; what is let go is not told again, though it is not known any more."""
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    told = await loaded(hass)
    # Two of the second that is cut, of which one is kept.
    many = tuple(
        happening(name, after)
        for name, after in {"a": 1, "b": 5.2, "c": 5.7, "d": 6.5, "e": 9}.items()
    )
    assert ids(await told.async_take(KEY, many)) == ["a", "b", "c", "d", "e"]
    assert len(hass_storage[STORE]["data"][KEY]) == 3 + 1
    assert await told.async_take(KEY, many) == []
    assert ids(await told.async_take(KEY, (*many, happening("late", 6.6)))) == ["late"]
    assert await told.async_take(KEY, many) == []

    told = await loaded(hass)
    assert await told.async_take(KEY, many) == []
    assert told.since(KEY) >= NOON + timedelta(seconds=6)


async def test_claim(hass: HomeAssistant) -> None:
    """What was taken before anybody listened is given once; from then on nothing waits."""
    told = await loaded(hass)
    await told.async_take(KEY, (happening("a"),))
    await told.async_take(KEY, (happening("b"),))
    assert told.async_claim("other") == []
    assert ids(told.async_claim(KEY)) == ["a", "b"]
    await told.async_take(KEY, (happening("c"),))
    assert told.async_claim(KEY) == []


async def test_remove(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """Nothing is left of an entry that is gone."""
    told = await loaded(hass)
    await told.async_take(KEY, (happening("a"),))
    assert STORE in hass_storage
    await told.async_remove()
    assert STORE not in hass_storage
