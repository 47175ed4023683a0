"""The flow of one miner: adding miners to a site, and changing one."""

from types import MappingProxyType
from typing import Any, override

from homeassistant.config_entries import (
    ConfigSubentry,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT, CONF_USERNAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import BooleanSelector
import probatio

from .antminer.cgminer import DEFAULT_PORT
from .antminer.web import Credentials
from .form_fields import PORT, TEXT
from .markdown import plain
from .miner_source import DEFAULT_USERNAME, credentials_of
from .search import Candidate, address_key, async_find_miner, async_identify, title_at
from .search_flow import (
    CONF_CREDENTIALS,
    SearchFlow,
    changed_credentials,
    changing_schema,
    error_key,
)
from .source import SourceError

CONF_SAVE_ANYWAY = "save_anyway"

RECONFIGURE_MINER_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_HOST): TEXT,
        probatio.Required(CONF_PORT, default=DEFAULT_PORT): PORT,
    }
)


def as_config_subentry(data: ConfigSubentryData) -> ConfigSubentry:
    """Make a subentry that is added beside a flow."""
    return ConfigSubentry(
        data=MappingProxyType(dict(data["data"])),
        subentry_type=data["subentry_type"],
        title=data["title"],
        unique_id=data["unique_id"],
    )


class MinerSubentryFlow(
    SearchFlow[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    ConfigSubentryFlow,
):
    """Adds miners to a site, and changes the address or credentials of one."""

    @override
    def _search_credentials(self) -> Credentials | None:
        return super()._search_credentials() or credentials_of(self._get_entry().data)

    @override
    def _create(self, chosen: list[Candidate]) -> SubentryFlowResult:
        """Add all of them: the flow itself makes one subentry, the others are made beside it."""
        entry = self._get_entry()
        *others, last = [
            candidate.as_subentry(**self._credentials) for candidate in chosen
        ]
        for subentry in others:
            self.hass.config_entries.async_add_subentry(
                entry, as_config_subentry(subentry)
            )
        return self.async_create_entry(
            title=last["title"], data=last["data"], unique_id=last["unique_id"]
        )

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask where the new miners are."""
        return await self._ask_addresses(user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a miner's address or own credentials."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        errors: dict[str, str] = {}
        schema = RECONFIGURE_MINER_SCHEMA.extend(
            {
                probatio.Required(CONF_CREDENTIALS): section(
                    changing_schema(subentry.data), {"collapsed": True}
                )
            }
        )
        if user_input is not None:
            own = changed_credentials(subentry.data, user_input[CONF_CREDENTIALS])
            host, port = user_input[CONF_HOST].strip(), user_input[CONF_PORT]
            candidate = Candidate(host, port)
            try:
                candidate = await async_identify(
                    self.hass,
                    host,
                    port,
                    credentials_of(own) or credentials_of(entry.data),
                )
            except SourceError as err:
                if not user_input.get(CONF_SAVE_ANYWAY):
                    errors["base"] = error_key(err)
                    schema = schema.extend(
                        {
                            probatio.Required(
                                CONF_SAVE_ANYWAY, default=False
                            ): BooleanSelector()
                        }
                    )
            if not errors:
                mac = candidate.rig.mac if candidate.rig else None
                known_mac = subentry.data.get(CONF_MAC)
                found = async_find_miner(
                    self.hass, mac=mac or known_mac, host=host, port=port
                )
                if mac and known_mac and mac != known_mac:
                    errors["base"] = "another_miner"
                elif found and found[1].subentry_id != subentry.subentry_id:
                    errors["base"] = "already_configured"
                elif own and candidate.credentials_refused:
                    errors[CONF_CREDENTIALS] = "invalid_auth"
                else:
                    data: dict[str, Any] = {CONF_HOST: host, CONF_PORT: port, **own}
                    if mac := mac or known_mac:
                        data[CONF_MAC] = mac
                    return self.async_update_and_abort(
                        entry,
                        subentry,
                        data=data,
                        title=title_at(subentry, host, port),
                        unique_id=mac or address_key(host, port),
                    )
        suggested = user_input or {
            CONF_HOST: subentry.data[CONF_HOST],
            CONF_PORT: subentry.data.get(CONF_PORT, DEFAULT_PORT),
            CONF_CREDENTIALS: {
                CONF_USERNAME: subentry.data.get(CONF_USERNAME, DEFAULT_USERNAME)
            },
        }
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=errors,
            description_placeholders={"miner": plain(subentry.title)},
        )
