"""The flows of extension packs: adding some, and changing one."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant, callback

from .const import CONF_KIND, KIND_PACKS, SUBENTRY_PACK
from .markdown import plain
from .miner_flow import as_config_subentry
from .pack_export import async_pack_link
from .pack_hub import CONF_ENABLED, CONF_FILES, async_installed_packs, async_packs_entry
from .packs.model import Pack
from .teach_flow import TeachSteps

TITLE = "Extension packs"


def _title(pack: Pack) -> str:
    return f"{pack.name} {pack.version}"


def _subentry(pack: Pack) -> ConfigSubentryData:
    return ConfigSubentryData(
        data={CONF_FILES: dict(pack.files), CONF_ENABLED: True},
        subentry_type=SUBENTRY_PACK,
        title=_title(pack),
        unique_id=pack.id,
    )


@callback
def _put(hass: HomeAssistant, entry: ConfigEntry, pack: Pack) -> str:
    """Put a pack into the entry; give the key of the words that say how.

    One that is there already keeps its place, and stays off if it is.
    """
    new = _subentry(pack)
    if known := async_installed_packs(hass).get(pack.id):
        hass.config_entries.async_update_subentry(
            entry,
            known,
            data={**known.data, CONF_FILES: new["data"][CONF_FILES]},
            title=new["title"],
        )
        return "pack_updated"
    hass.config_entries.async_add_subentry(entry, as_config_subentry(new))
    return "pack_added"


class PackFlow(TeachSteps[ConfigFlowContext, ConfigFlowResult, str], ConfigFlow):
    """Adds a pack: the first one with the entry that holds them, others to that entry."""

    async def async_step_packs(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how the pack is to be had."""
        return self.async_show_menu(step_id="packs", menu_options=["upload", "teach"])

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add a pack: of the entry itself there is nothing to change."""
        return await self.async_step_packs()

    @override
    async def _install(self, files: Mapping[str, str]) -> ConfigFlowResult:
        pack, _ = await self._checked(files)
        if entry := async_packs_entry(self.hass):
            return self.async_abort(
                reason=_put(self.hass, entry, pack),
                description_placeholders={"pack": plain(_title(pack))},
            )
        await self.async_set_unique_id(KIND_PACKS, raise_on_progress=False)
        return self.async_create_entry(
            title=TITLE, data={CONF_KIND: KIND_PACKS}, subentries=[_subentry(pack)]
        )


class PackSubentryFlow(
    TeachSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    ConfigSubentryFlow,
):
    """Adds a pack to those that are there, and changes one."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask how the pack is to be had."""
        return self.async_show_menu(step_id="user", menu_options=["upload", "teach"])

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask what is to be done with a pack."""
        subentry = self._get_reconfigure_subentry()
        self.wanted_id = subentry.unique_id
        is_on = subentry.data.get(CONF_ENABLED)
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=["disable" if is_on else "enable", "update", "export"],
            description_placeholders={"pack": plain(subentry.title)},
        )

    async def async_step_enable(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Have the pack add again what it adds."""
        return self._switch(is_on=True)

    async def async_step_disable(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Have the pack add nothing until it is enabled."""
        return self._switch(is_on=False)

    def _switch(self, *, is_on: bool) -> SubentryFlowResult:
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            data_updates={CONF_ENABLED: is_on},
            reason="pack_enabled" if is_on else "pack_disabled",
        )

    async def async_step_update(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the file of another version."""
        return await self.async_step_upload()

    async def async_step_export(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Give a link to the pack's file."""
        subentry = self._get_reconfigure_subentry()
        link = async_pack_link(self.hass, subentry.unique_id or "")
        # Without a target the page takes the link for a place within itself.
        return self.async_abort(
            reason="pack_export",
            description_placeholders={
                "pack": plain(subentry.title),
                "link": f'<a href="{link}" target="_blank">{subentry.unique_id}.zip</a>',
            },
        )

    @override
    async def _install(self, files: Mapping[str, str]) -> SubentryFlowResult:
        pack, _ = await self._checked(files)
        if self.source != SOURCE_USER or pack.id in async_installed_packs(self.hass):
            return self.async_abort(
                reason=_put(self.hass, self._get_entry(), pack),
                description_placeholders={"pack": plain(_title(pack))},
            )
        new = _subentry(pack)
        return self.async_create_entry(
            title=new["title"], data=new["data"], unique_id=new["unique_id"]
        )
