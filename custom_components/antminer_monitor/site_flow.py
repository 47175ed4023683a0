"""The steps of a site: its miners, its credentials, its options."""

from collections.abc import Mapping
import logging
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowContext,
    ConfigFlowResult,
    ConfigSubentry,
    OptionsFlow,
)
from homeassistant.const import (
    CONF_HOST,
    CONF_MAC,
    CONF_NAME,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
    CONF_USERNAME,
)
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
import probatio

from .antminer.cgminer import DEFAULT_PORT
from .const import (
    CONF_KIND,
    CONF_STALE_AFTER,
    CONF_TIMEOUT,
    DEFAULT_SCAN_INTERVAL,
    DEFAULT_TIMEOUT,
    KIND_SITE,
    MAX_SCAN_INTERVAL,
    MAX_STALE_AFTER,
    MAX_TIMEOUT,
    MIN_SCAN_INTERVAL,
    MIN_TIMEOUT,
    SUBENTRY_MINER,
)
from .form_fields import PASSWORD, TEXT, seconds
from .limits_flow import LIMITS_SCHEMA, given, shown
from .markdown import plain
from .miner_flow import as_config_subentry
from .miner_source import DEFAULT_USERNAME, credentials_of
from .search import Candidate, async_find_miner, async_identify, async_sites, title_at
from .search_flow import (
    CREDENTIALS_SCHEMA,
    SEARCH_SCHEMA,
    SearchFlow,
    changed_credentials,
    changing_schema,
    credentials_input,
    error_key,
)
from .source import SourceError

_LOGGER = logging.getLogger(__name__)

CONF_SITE = "site"
CONF_SUBENTRY_ID = "subentry_id"

NEW_SITE = "new"
DEFAULT_SITE_NAME = "Antminers"

MAX_TRIES = 3
"""Miners that credentials are tried on before it is said that none answers."""

SITE_SCHEMA = probatio.Schema(
    {probatio.Required(CONF_NAME, default=DEFAULT_SITE_NAME): TEXT}
).extend(SEARCH_SCHEMA.schema)
OPTIONS_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_SCAN_INTERVAL, default=DEFAULT_SCAN_INTERVAL): seconds(
            MIN_SCAN_INTERVAL, MAX_SCAN_INTERVAL
        ),
        probatio.Optional(CONF_STALE_AFTER): seconds(
            MIN_SCAN_INTERVAL, MAX_STALE_AFTER
        ),
        probatio.Required(CONF_TIMEOUT, default=DEFAULT_TIMEOUT): seconds(
            MIN_TIMEOUT, MAX_TIMEOUT
        ),
    }
).extend(LIMITS_SCHEMA.schema)


class SiteFlow(SearchFlow[ConfigFlowContext, ConfigFlowResult, str], ConfigFlow):
    """Sets up a site, and changes its name and credentials."""

    addresses_step = "site"
    search_schema = SITE_SCHEMA

    _name = DEFAULT_SITE_NAME
    _discovered: Candidate | None = None
    _mac = ""
    _refused_by: str | None = None

    async def async_step_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the site's name and where its miners are."""
        if user_input is not None:
            self._name = user_input[CONF_NAME].strip() or DEFAULT_SITE_NAME
        return await self._ask_addresses(user_input)

    @override
    def _create(self, chosen: list[Candidate]) -> ConfigFlowResult:
        return self.async_create_entry(
            title=self._name,
            data={CONF_KIND: KIND_SITE, **self._credentials},
            subentries=[candidate.as_subentry() for candidate in chosen],
        )

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Offer a miner that asked for an address, or follow a known one to its new address."""
        mac = format_mac(discovery_info.macaddress)
        await self.async_set_unique_id(mac)
        self._abort_if_unique_id_configured()
        if known := async_find_miner(
            self.hass, mac=mac, host=discovery_info.ip, port=DEFAULT_PORT
        ):
            self._follow(*known, mac, discovery_info.ip)
            return self.async_abort(reason="already_configured")
        try:
            candidate = await async_identify(self.hass, discovery_info.ip, DEFAULT_PORT)
        except SourceError as err:
            _LOGGER.debug("Not offering %s: %s", discovery_info.ip, err)
            return self.async_abort(reason=error_key(err))
        self._discovered = candidate
        self._mac = mac
        self.context["title_placeholders"] = {"name": candidate.title}
        return await self.async_step_discovered()

    def _follow(
        self, entry: ConfigEntry, subentry: ConfigSubentry, mac: str, host: str
    ) -> None:
        """Write down the address that a known miner has now, and the MAC of one known by address."""
        port = subentry.data.get(CONF_PORT, DEFAULT_PORT)
        self.hass.config_entries.async_update_subentry(
            entry,
            subentry,
            data={**subentry.data, CONF_HOST: host, CONF_MAC: mac},
            unique_id=mac,
            title=title_at(subentry, host, port),
        )

    async def async_step_discovered(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add a discovered miner to a site, by default the first, or start one."""
        assert self._discovered is not None
        candidate = self._discovered
        sites = {entry.entry_id: entry for entry in async_sites(self.hass)}
        if user_input is not None:
            if known := async_find_miner(
                self.hass, mac=self._mac, host=candidate.host, port=candidate.port
            ):
                # It was added by hand while it was on offer.
                self._follow(*known, self._mac, candidate.host)
                return self.async_abort(reason="already_configured")
            subentry = candidate.as_subentry()
            subentry["unique_id"] = self._mac
            subentry["data"] = {**subentry["data"], CONF_MAC: self._mac}
            if entry := sites.get(user_input[CONF_SITE]):
                self.hass.config_entries.async_add_subentry(
                    entry, as_config_subentry(subentry)
                )
                return self.async_abort(
                    reason="added_to_site",
                    description_placeholders={"site": plain(entry.title)},
                )
            # The MAC is the miner's, not the site's.
            await self.async_set_unique_id(None)
            return self.async_create_entry(
                title=DEFAULT_SITE_NAME,
                data={CONF_KIND: KIND_SITE},
                subentries=[subentry],
            )
        options = [
            SelectOptionDict(value=entry.entry_id, label=entry.title)
            for entry in sites.values()
        ]
        options.append(SelectOptionDict(value=NEW_SITE, label=NEW_SITE))
        return self.async_show_form(
            step_id="discovered",
            data_schema=probatio.Schema(
                {
                    probatio.Required(
                        CONF_SITE, default=options[0]["value"]
                    ): SelectSelector(
                        SelectSelectorConfig(
                            options=options,
                            mode=SelectSelectorMode.DROPDOWN,
                            translation_key="site",
                        )
                    )
                }
            ),
            description_placeholders={"miner": plain(candidate.label)},
            last_step=True,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for a web login in place of the one that is refused; readings go on meanwhile."""
        self._refused_by = entry_data.get(CONF_SUBENTRY_ID)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try the new credentials on the miner that refused the old ones."""
        entry = self._get_reauth_entry()
        subentry = entry.subentries.get(self._refused_by or "")
        own = subentry is not None and credentials_of(subentry.data) is not None
        errors: dict[str, str] = {}
        if user_input is not None:
            given = credentials_input(user_input)
            if key := await self._try(
                given, [subentry] if subentry else self._miners_of(entry)
            ):
                errors["base"] = key
            elif own and subentry is not None:
                self.hass.config_entries.async_update_subentry(
                    entry, subentry, data={**subentry.data, **given}
                )
                return self.async_abort(reason="reauth_successful")
            else:
                return self.async_update_and_abort(entry, data_updates=given)
        known = (subentry.data if own and subentry else entry.data).get(
            CONF_USERNAME, DEFAULT_USERNAME
        )
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS_SCHEMA.extend({probatio.Required(CONF_PASSWORD): PASSWORD}),
                {CONF_USERNAME: known},
            ),
            errors=errors,
            description_placeholders={
                "miner": plain(subentry.title if subentry else entry.title)
            },
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change a site's name and web credentials."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            given = changed_credentials(entry.data, user_input)
            changed = credentials_of(given) != credentials_of(entry.data)
            key = await self._try(given, self._miners_of(entry)) if changed else None
            if key is None:
                return self.async_update_and_abort(
                    entry,
                    title=user_input[CONF_NAME],
                    data={CONF_KIND: KIND_SITE, **given},
                )
            errors["base"] = key
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema({probatio.Required(CONF_NAME): TEXT}).extend(
                    changing_schema(entry.data).schema
                ),
                user_input
                or {
                    CONF_NAME: entry.title,
                    CONF_USERNAME: entry.data.get(CONF_USERNAME, DEFAULT_USERNAME),
                },
            ),
            errors=errors,
        )

    @staticmethod
    def _miners_of(entry: ConfigEntry) -> list[ConfigSubentry]:
        """Give the miners that use the site's credentials."""
        return [
            subentry
            for subentry in entry.get_subentries_of_type(SUBENTRY_MINER)
            if credentials_of(subentry.data) is None
        ]

    async def _try(
        self, given: dict[str, str], miners: list[ConfigSubentry]
    ) -> str | None:
        """Try credentials on the first miner that answers; the key of an error, or None."""
        credentials = credentials_of(given)
        if credentials is None:
            return None
        error: str | None = None
        for subentry in miners[:MAX_TRIES]:
            host = subentry.data[CONF_HOST]
            port = subentry.data.get(CONF_PORT, DEFAULT_PORT)
            try:
                found = await async_identify(self.hass, host, port, credentials)
            except SourceError as err:
                error = error_key(err)
                continue
            return "invalid_auth" if found.credentials_refused else None
        return error


class SiteOptionsFlow(OptionsFlow):
    """Changes how a site is polled, and the limits of its rigs."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the interval, the stale limit, the timeout, and the limits."""
        errors: dict[str, str] = {}
        if user_input is not None:
            stale_after = user_input.get(CONF_STALE_AFTER)
            if (
                stale_after is not None
                and stale_after <= user_input[CONF_SCAN_INTERVAL]
            ):
                errors[CONF_STALE_AFTER] = "stale_below_interval"
            else:
                return self.async_create_entry(data=given(user_input))
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_SCHEMA, user_input or shown(self.config_entry.options)
            ),
            errors=errors,
        )
