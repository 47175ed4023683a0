"""The config flow: a menu of what can be followed, and then the steps of that kind of entry."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant, async_get_hass, callback
from homeassistant.data_entry_flow import AbortFlow, FlowResultType
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.helpers.translation import async_get_translations

from .builtin import async_add_builtin
from .const import CONF_KIND, DOMAIN, KIND_SITE
from .extension import SourceKind
from .platforms import async_discover_extensions
from .registry import async_registry

STEP_DEADLINE = 300.0
"""Seconds that a step of an extension may take."""

_STEP = "async_step_"


@callback
def _kind_of(entry: ConfigEntry) -> SourceKind | None:
    hass = async_get_hass()
    async_add_builtin(hass)
    return async_registry(hass).kinds.get(entry.data.get(CONF_KIND, ""))


async def _run_step[ResultT: (ConfigFlowResult, SubentryFlowResult)](
    hass: HomeAssistant,
    kind: SourceKind,
    what: str,
    run: Callable[[Any], Awaitable[ResultT]],
    step_input: object = None,
) -> ResultT:
    """Run a step of a kind's flow; what an extension does wrong in it ends the flow with words.

    Raises AbortFlow where the flow ends.
    """
    registry = async_registry(hass)
    owner = registry.owner_of(kind.kind)
    if owner is None:
        raise AbortFlow("extension_missing")
    if registry.is_builtin(owner):
        return await run(step_input)
    name = registry.extensions[owner].name
    try:
        async with asyncio.timeout(STEP_DEADLINE):
            result = await run(step_input)
        # Its words are its own: they stand in the translations of its integration.
        result.setdefault("translation_domain", owner)
    except AbortFlow as err:
        err.translation_domain = err.translation_domain or owner
        raise
    except Exception as err:
        if owner in registry.extensions:
            registry.async_report(owner, what, err)
        raise AbortFlow(
            "extension_failed", {"extension": name}, translation_domain=DOMAIN
        ) from err
    return result


def _guarded(
    kind: SourceKind, flow: type[ConfigSubentryFlow]
) -> type[ConfigSubentryFlow]:
    """Give the flow of a part of an entry that ends with words where an extension does wrong."""

    def guarded(name: str) -> Callable[..., Awaitable[SubentryFlowResult]]:
        what = f"the step {name.removeprefix(_STEP)} of a part of it"

        async def step(
            self: ConfigSubentryFlow, step_input: object = None
        ) -> SubentryFlowResult:
            run = partial(getattr(flow, name), self)
            return await _run_step(self.hass, kind, what, run, step_input)

        return step

    # Home Assistant looks at the class for the steps that it has.
    steps = {name: guarded(name) for name in dir(flow) if name.startswith(_STEP)}
    return type(flow.__name__, (flow,), steps)


def _check(kind: SourceKind, flow: ConfigFlow, result: ConfigFlowResult) -> None:
    """Raise ValueError where a flow leads to a step or an entry that would be nobody's."""
    if result["type"] is FlowResultType.CREATE_ENTRY:
        if result["data"].get(CONF_KIND) != kind.kind:
            raise ValueError(f"the data of the entry have no kind {kind.kind}")
    elif "step_id" in result and not hasattr(flow, f"{_STEP}{result['step_id']}"):
        raise ValueError(f"there is no step {result['step_id']}")


class NoOptionsFlow(OptionsFlow):
    """Says that nobody knows the options of an entry: what brings its kind has gone."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say so."""
        return self.async_abort(reason="extension_missing")


class AntminerMonitorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Asks what is to be followed, and leaves the rest to the flow of that kind of entry."""

    VERSION = 1
    MINOR_VERSION = 1

    _offered: Collection[str] = ()
    _kind: SourceKind | None = None
    _flow: ConfigFlow | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Give the flow of an entry's options."""
        kind = _kind_of(config_entry)
        if kind is None or kind.options_flow is None:
            return NoOptionsFlow()
        flow = kind.options_flow()
        for name in dir(flow):
            if name.startswith(_STEP):
                what = f"the step {name.removeprefix(_STEP)} of its options"
                run = getattr(flow, name)
                setattr(
                    flow, name, partial(_run_step, async_get_hass(), kind, what, run)
                )
        return flow

    @classmethod
    @callback
    @override
    def async_supports_options_flow(cls, config_entry: ConfigEntry) -> bool:
        """Tell whether entries of that kind have options."""
        kind = _kind_of(config_entry)
        return kind is not None and kind.options_flow is not None

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Give the flows that add parts to an entry."""
        kind = _kind_of(config_entry)
        if kind is None:
            return {}
        return {
            name: _guarded(kind, flow) for name, flow in kind.subentry_flows.items()
        }

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what is to be followed."""
        if self._kind:
            return await self._run("user", user_input)
        async_add_builtin(self.hass)
        await async_discover_extensions(self.hass)
        registry = async_registry(self.hass)
        self._offered = tuple(registry.kinds)
        names = {
            key: kind.name
            for key, kind in registry.kinds.items()
            if not registry.is_builtin(registry.owner_of(key) or "")
        }
        builtin = [key for key in registry.kinds if key not in names]
        if not names:
            return self.async_show_menu(step_id="user", menu_options=builtin)
        # A menu has names or keys of words, not both.
        words = await async_get_translations(
            self.hass, self.hass.config.language, "config", [DOMAIN]
        )
        prefix = f"component.{DOMAIN}.config.step.user.menu_options."
        return self.async_show_menu(
            step_id="user",
            menu_options={key: words[prefix + key] for key in builtin} | names,
        )

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Offer an Antminer that asked for an address."""
        async_add_builtin(self.hass)
        self._kind = async_registry(self.hass).kinds[KIND_SITE]
        return await self._run("dhcp", discovery_info)

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for the credentials that an entry is refused with."""
        if self._kind is None:
            self._kind = _kind_of(self._get_reauth_entry())
        return await self._run("reauth", entry_data)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change an entry."""
        if self._kind is None:
            self._kind = _kind_of(self._get_reconfigure_entry())
        if self._kind and not hasattr(self._kind.flow, "async_step_reconfigure"):
            # Home Assistant offers it for entries of all kinds or of none.
            raise AbortFlow("nothing_to_reconfigure")
        return await self._run("reconfigure", user_input)

    @callback
    @override
    def async_remove(self) -> None:
        """End the flow of the kind, too."""
        if self._flow:
            self._flow.async_remove()

    def __getattr__(
        self, name: str
    ) -> Callable[[dict[str, Any] | None], Awaitable[ConfigFlowResult]]:
        """Give a step of the kind that was chosen, or the first one of a kind."""
        step = name.removeprefix(_STEP)
        if step != name and self.hass:
            if self._kind is None and step in self._offered:
                return partial(self._begin, step)
            if self._flow and hasattr(self._flow, name):
                return partial(self._run, step)
        raise AttributeError(name)

    async def _begin(
        self, kind: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        self._kind = async_registry(self.hass).kinds.get(kind)
        return await self._run(kind, user_input)

    async def _run(self, step: str, step_input: object) -> ConfigFlowResult:
        """Leave a step to the flow of the kind; raises AbortFlow if its extension is gone."""
        kind = self._kind
        if kind is None:
            raise AbortFlow("extension_missing")

        async def run(step_input: Any) -> ConfigFlowResult:
            if self._flow is None:
                self._flow = self._made_by(kind)
            made: ConfigFlowResult = await getattr(self._flow, f"{_STEP}{step}")(
                step_input
            )
            _check(kind, self._flow, made)
            return made

        result = await _run_step(
            self.hass, kind, f"the step {step} of its set-up", run, step_input
        )
        if result["type"] is FlowResultType.ABORT:
            self._try_again()
        return result

    def _try_again(self) -> None:
        """Set up anew what was changed while it could not be set up: it follows no changes."""
        if self.source not in (SOURCE_REAUTH, SOURCE_RECONFIGURE):
            return
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        if entry and entry.state in (
            ConfigEntryState.SETUP_ERROR,
            ConfigEntryState.SETUP_RETRY,
        ):
            self.hass.config_entries.async_schedule_reload(entry.entry_id)

    def _made_by(self, kind: SourceKind) -> ConfigFlow:
        flow = kind.flow()
        flow.hass, flow.flow_id, flow.handler = self.hass, self.flow_id, self.handler
        flow.context, flow.init_data = self.context, self.init_data
        flow.init_step = self.init_step
        return flow
