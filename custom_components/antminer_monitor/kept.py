"""Reads what was stored in an earlier run, whatever became of it meanwhile."""

from collections.abc import Callable
from contextlib import suppress
import logging
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

_DAMAGE = (AttributeError, KeyError, OverflowError, TypeError, ValueError)
"""What comes of content in another form than it was written in."""


async def async_load_kept[T: dict[str, Any]](
    hass: HomeAssistant, store: Store[T], check: Callable[[T], None]
) -> T | None:
    """Read a store; None where nothing is stored.

    ``check`` raises AttributeError, KeyError, OverflowError, TypeError or ValueError where the
    content is not of the form that it expects. The file is put aside then, as Home Assistant
    does with one that is no JSON, and told once: the store begins anew.

    Raises ConfigEntryError where a later version of the integration wrote the file. It is
    left as it is.
    """
    try:
        if (content := await store.async_load()) is not None:
            check(content)
    except UnsupportedStorageVersionError as err:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="later_version",
            translation_placeholders={"file": store.key},
        ) from err
    except _DAMAGE as err:
        path = Path(store.path)
        aside = path.with_name(f"{path.name}.corrupt.{dt_util.utcnow().isoformat()}")
        await hass.async_add_executor_job(_put_aside, path, aside)
        _LOGGER.warning(
            "What is stored in %s is not of the form that was written (%s: %s);"
            " it begins anew, and the file is kept as %s",
            path,
            type(err).__name__,
            err,
            aside.name,
        )
        return None
    return content


def check_nested(content: dict[str, Any], levels: int) -> None:
    """Raise TypeError unless there are dictionaries in dictionaries, so many levels deep."""
    if not isinstance(content, dict):
        raise TypeError(f"{type(content).__name__} in place of a dictionary")
    if levels > 1:
        for inner in content.values():
            check_nested(inner, levels - 1)


def _put_aside(path: Path, aside: Path) -> None:
    # Home Assistant may have had it in its memory: then there need be no file any more.
    with suppress(FileNotFoundError):
        path.rename(aside)
