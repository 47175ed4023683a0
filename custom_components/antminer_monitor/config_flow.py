"""The config flow: a menu of what can be followed, and then the steps of that kind of entry."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.core import async_get_hass, callback
from homeassistant.data_entry_flow import AbortFlow
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


class AntminerMonitorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Asks what is to be followed, and leaves the rest to the flow of that kind of entry."""

    VERSION = 1
    MINOR_VERSION = 1

    _kind: SourceKind | None = None
    _flow: ConfigFlow | None = None

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Give the flow of an entry's options."""
        kind = _kind_of(config_entry)
        if kind is None or kind.options_flow is None:
            raise AbortFlow("extension_missing")
        return kind.options_flow()

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
        return dict(kind.subentry_flows) if kind else {}

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what is to be followed."""
        async_add_builtin(self.hass)
        await async_discover_extensions(self.hass)
        registry = async_registry(self.hass)
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
        self._begin(async_registry(self.hass).kinds[KIND_SITE])
        return await self._run("dhcp", discovery_info)

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for the credentials that an entry is refused with."""
        self._begin(_kind_of(self._get_reauth_entry()))
        return await self._run("reauth", entry_data)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change an entry."""
        if self._flow is None:
            self._begin(_kind_of(self._get_reconfigure_entry()))
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
            chosen = async_registry(self.hass).kinds.get(step)
            if chosen and chosen is not self._kind:
                self._begin(chosen)
            if self._flow and hasattr(self._flow, name):
                return lambda user_input: self._run(step, user_input)
        raise AttributeError(name)

    def _begin(self, kind: SourceKind | None) -> None:
        """Leave the steps to the flow of a kind; raises AbortFlow if its extension is gone."""
        if kind is None:
            raise AbortFlow("extension_missing")
        flow = kind.flow()
        flow.hass, flow.flow_id, flow.handler = self.hass, self.flow_id, self.handler
        flow.context, flow.init_data = self.context, self.init_data
        flow.init_step = self.init_step
        self._kind, self._flow = kind, flow

    async def _run(self, step: str, step_input: object) -> ConfigFlowResult:
        """Run a step of that flow; what an extension does wrong in it ends the flow with words."""
        assert self._kind is not None
        run = getattr(self._flow, f"{_STEP}{step}")
        registry = async_registry(self.hass)
        owner = registry.owner_of(self._kind.kind)
        if owner is None or registry.is_builtin(owner):
            builtin: ConfigFlowResult = await run(step_input)
            return builtin
        try:
            async with asyncio.timeout(STEP_DEADLINE):
                result: ConfigFlowResult = await run(step_input)
        except AbortFlow:
            raise
        except Exception as err:
            registry.async_report(owner, f"the step {step} of its set-up", err)
            raise AbortFlow(
                "extension_failed", {"extension": registry.extensions[owner].name}
            ) from err
        # Its words are its own: they stand in the translations of its integration.
        result.setdefault("translation_domain", owner)
        return result
