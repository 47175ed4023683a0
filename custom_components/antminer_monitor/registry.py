"""What extensions have added, and the walls between them.

Nothing that an extension does wrong reaches another one, or the rigs of another one: it is
named in a repair issue, in diagnostics and in system health, and left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
import logging

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .antminer.apart import Apart, HungError
from .antminer.book import Book
from .antminer.hardware import Models
from .const import DOMAIN
from .contract import faults_of, service_faults_of
from .extension import Extension, ExtraBinarySensor, ExtraSensor, SourceKind
from .extra_values import compute, computed_of
from .guard import guard_dialect, guard_service
from .markdown import plain
from .rig import Rig
from .service_commands import Service

_LOGGER = logging.getLogger(__name__)

COMPUTE_DEADLINE = 5.0
"""Seconds that the extra sensors of an extension may take for all rigs of one reading."""

MOST_FAILURES = 10
"""Failures that are kept and told of one extension: the first ones say most."""

LONGEST_ERROR = 500

_REGISTRY: HassKey[Registry] = HassKey(f"{DOMAIN}_registry")


class ExtensionError(Exception):
    """An extension cannot be added. The text says why."""


@dataclass(frozen=True, slots=True)
class ExtensionFailure:
    """Something that an extension did wrong."""

    at: str
    """ISO time."""
    what: str
    """What it was to do."""
    error: str


@dataclass(slots=True)
class _Known:
    """An extension that was added."""

    extension: Extension
    is_builtin: bool
    apart: Apart = field(default_factory=Apart)
    """Where its sensors are computed."""
    is_hung: bool = False
    """Whether its sensors are left out, since computing them did not end."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was added or removed."""

    extension_id: str
    added: Extension | None = None
    removed: Extension | None = None

    @property
    def parts(self) -> tuple[Extension, ...]:
        """What is there now, or was before."""
        return tuple(part for part in (self.added, self.removed) if part)


@callback
def async_registry(hass: HomeAssistant) -> Registry:
    """Give the registry; there is one, for all entries."""
    if _REGISTRY not in hass.data:
        hass.data[_REGISTRY] = Registry(hass)
    return hass.data[_REGISTRY]


class Registry:
    """Knows every extension, and gives what they add."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with no extension."""
        self.hass = hass
        self.book = Book(())
        """The dialects and models that miners on port 4028 are read by."""
        self.failures: dict[str, list[ExtensionFailure]] = {}
        """By extension, also by one that could not be added."""
        self._known: dict[str, _Known] = {}
        self._listeners: list[Callable[[Change], None]] = []

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """Every extension, by its id."""
        return {key: known.extension for key, known in self._known.items()}

    @property
    def kinds(self) -> Mapping[str, SourceKind]:
        """Every kind of config entry."""
        return {
            kind.kind: kind
            for known in self._known.values()
            for kind in known.extension.kinds
        }

    @property
    def services(self) -> tuple[Service, ...]:
        """Every service of an extension."""
        return tuple(
            service
            for known in self._known.values()
            for service in known.extension.services
        )

    def sensor(self, key: str) -> ExtraSensor | None:
        """Give the extra sensor that ``Rig.extras`` has a value of under ``key``."""
        return _find(key, self._known, lambda extension: extension.sensors)

    def binary_sensor(self, key: str) -> ExtraBinarySensor | None:
        """Give the extra binary sensor that ``Rig.extras`` has a value of under ``key``."""
        return _find(key, self._known, lambda extension: extension.binary_sensors)

    def extra_keys(self) -> tuple[str, ...]:
        """Give the keys in ``Rig.extras`` of all that extensions add."""
        return tuple(
            key
            for extension_id, known in self._known.items()
            for key in extra_keys_of(extension_id, known.extension)
        )

    def owner_of(self, kind: str) -> str | None:
        """Give the id of the extension that a kind of entry belongs to."""
        return next(
            (
                key
                for key, known in self._known.items()
                if any(item.kind == kind for item in known.extension.kinds)
            ),
            None,
        )

    def is_builtin(self, extension_id: str) -> bool:
        """Tell whether an extension comes with the integration."""
        known = self._known.get(extension_id)
        return known is not None and known.is_builtin

    @callback
    def async_listen(self, listener: Callable[[Change], None]) -> CALLBACK_TYPE:
        """Call ``listener`` when extensions were added, replaced or removed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_add(
        self, extension_id: str, extension: Extension, *, is_builtin: bool = False
    ) -> CALLBACK_TYPE:
        """Add an extension, or put it in the place of its former self.

        Returns what removes it again. Raises ExtensionError, and changes nothing, where it
        was written for another contract or takes what belongs to another extension.
        """
        self._check(extension_id, extension, is_builtin=is_builtin)
        known = _Known(extension, is_builtin)
        if not is_builtin:
            known.extension = self._guarded(extension_id, known)
        before = self._known.get(extension_id)
        self._known[extension_id] = known
        self.async_clear(extension_id)
        self._changed(
            Change(extension_id, known.extension, before.extension if before else None)
        )

        @callback
        def remove() -> None:
            if self._known.get(extension_id) is known:
                self.async_remove(extension_id)

        return remove

    @callback
    def async_remove(self, extension_id: str) -> None:
        """Remove an extension and all that it added, if it is there."""
        self.async_clear(extension_id)
        if known := self._known.pop(extension_id, None):
            self._changed(Change(extension_id, removed=known.extension))

    @callback
    def async_report(
        self, extension_id: str, what: str, error: BaseException | str
    ) -> None:
        """Tell everybody that an extension failed at something; once for each.

        Of what it fails at again and again, the first error is told: it is written to a log.
        """
        text = _text(error)
        failures = self.failures.setdefault(extension_id, [])
        if len(failures) >= MOST_FAILURES or any(
            failure.what == what for failure in failures
        ):
            _LOGGER.debug("Extension %s: %s: %s", extension_id, what, text)
            return
        _LOGGER.warning("Extension %s: %s: %s", extension_id, what, text)
        failures.append(
            ExtensionFailure(dt_util.utcnow().isoformat(timespec="seconds"), what, text)
        )
        known = self._known.get(extension_id)
        name = known.extension.name if known else extension_id
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            f"extension_failed_{extension_id}",
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="extension_failed",
            translation_placeholders={
                # The title is no Markdown: there, backslashes would be seen.
                "name": name,
                "extension": plain(name),
                "what": plain(what),
                "error": plain(text),
            },
        )

    @callback
    def async_clear(self, extension_id: str) -> None:
        """Forget what an extension did wrong: it is gone, or there anew."""
        if self.failures.pop(extension_id, None):
            ir.async_delete_issue(self.hass, DOMAIN, f"extension_failed_{extension_id}")

    async def async_enrich(self, rigs: tuple[Rig, ...]) -> tuple[Rig, ...]:
        """Add what extensions compute of rigs; each has a thread and a deadline."""
        for extension_id, known in tuple(self._known.items()):
            computed = computed_of(extension_id, known.extension)
            if not computed or known.is_hung or not rigs:
                continue
            report = partial(self._report, extension_id, known)
            try:
                rigs = await known.apart.run(
                    partial(compute, report, computed, rigs),
                    name=extension_id,
                    deadline=COMPUTE_DEADLINE,
                )
            except HungError:
                known.is_hung = True
                report(
                    "computing its sensors",
                    f"not done within {COMPUTE_DEADLINE:g} s; they are left out from now on",
                )
        return rigs

    def _changed(self, change: Change) -> None:
        outsiders_first = sorted(
            self._known.values(), key=lambda known: known.is_builtin
        )
        self.book.dialects = tuple(
            dialect for known in outsiders_first for dialect in known.extension.dialects
        )
        self.book.models = Models(
            model for known in outsiders_first for model in known.extension.models
        )
        for listener in tuple(self._listeners):
            try:
                listener(change)
            except Exception:
                _LOGGER.exception("Following extension %s failed", change.extension_id)

    def _guarded(self, extension_id: str, known: _Known) -> Extension:
        report = partial(self._report, extension_id, known)
        extension = known.extension
        apart = Apart()
        return replace(
            extension,
            dialects=tuple(
                guard_dialect(item, report, apart) for item in extension.dialects
            ),
            services=tuple(guard_service(item, report) for item in extension.services),
        )

    def _report(
        self,
        extension_id: str,
        known: _Known,
        what: str,
        error: BaseException | str,
    ) -> None:
        """Tell that an extension failed, from any thread, unless it has gone meanwhile."""
        text = _text(error)

        def report() -> None:
            if self._known.get(extension_id) is known:
                self.async_report(extension_id, what, text)

        self.hass.loop.call_soon_threadsafe(report)

    def _check(
        self, extension_id: str, extension: Extension, *, is_builtin: bool
    ) -> None:
        """Raise ExtensionError where an extension cannot be added."""
        others = [
            known.extension for key, known in self._known.items() if key != extension_id
        ]
        for fault in faults_of(extension_id, extension, others):
            raise ExtensionError(fault)
        if not is_builtin:
            for fault in service_faults_of(extension_id, extension.services):
                raise ExtensionError(fault)


def extra_keys_of(extension_id: str, extension: Extension) -> list[str]:
    """Give the keys in ``Rig.extras`` of what an extension adds."""
    return list(extra_sensors_of(extension_id, extension))


def extra_sensors_of(
    extension_id: str, extension: Extension | None
) -> dict[str, ExtraSensor | ExtraBinarySensor]:
    """Give what an extension adds by its keys, without how it is computed."""
    return {
        f"{extension_id}.{item.key}": replace(item, value_fn=None)
        for items in (
            (extension.sensors, extension.binary_sensors) if extension else ()
        )
        for item in items
    }


def _find[ItemT: ExtraSensor | ExtraBinarySensor](
    key: str,
    known: Mapping[str, _Known],
    items_of: Callable[[Extension], tuple[ItemT, ...]],
) -> ItemT | None:
    extension_id, _, name = key.partition(".")
    if (found := known.get(extension_id)) is None:
        return None
    return next((item for item in items_of(found.extension) if item.key == name), None)


def _text(error: BaseException | str) -> str:
    """Give one line, whatever an exception of others is."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - whatever code of others raises
        text = ""
    if not isinstance(error, str):
        name = type(error).__name__
        text = f"{name}: {text}" if text else name
    return text[:LONGEST_ERROR]
