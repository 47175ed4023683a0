"""The steps of a HiveOS account: its token, which of its farms are followed, its options."""

from collections.abc import Mapping, Sequence
import math
from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_SCAN_INTERVAL, CONF_TOKEN, CONF_URL

from .const import CONF_FARMS_OFF, CONF_KIND, CONF_STALE_AFTER, KIND_HIVEOS
from .hive_forms import (
    ACCOUNT_SCHEMA,
    CHANGING_SCHEMA,
    CONF_ADVANCED,
    CONF_FARMS,
    OPTIONS_SCHEMA,
    TOKEN_SCHEMA,
    async_followed_farms,
    clean_token,
    client_of,
    farms_schema,
    hive_error_key,
    taken_words,
    unique_id_of,
    wait_words,
)
from .hiveos.client import check_url
from .hiveos.models import Account, Farm
from .limits_flow import given, shown
from .markdown import plain
from .source import InvalidCredentialsError, SourceError


class HiveFlow(ConfigFlow):
    """Sets up a HiveOS account, and changes its token and address."""

    _account = Account(user_id="", login="")
    _farms: tuple[Farm, ...] = ()
    _login: Mapping[str, str] = {}
    """What an entry stores of the account."""
    _errors: Mapping[str, str] = {}
    _wait: Mapping[str, str] = {"wait": ""}

    async def _sign_in(
        self, token: str, url: str, *, url_field: str = CONF_URL
    ) -> bool:
        """Find whose token this is, and the farms; if not, the form's errors say why."""
        token = clean_token(token)
        try:
            checked = str(check_url(url))
        except ValueError as err:
            self._errors = {url_field: f"url_{err}"}
            return False
        client = client_of(self.hass, token, checked)
        try:
            self._account = await client.account()
            self._farms = await client.farms()
        except SourceError as err:
            key = hive_error_key(err)
            field = CONF_TOKEN if isinstance(err, InvalidCredentialsError) else "base"
            self._errors, self._wait = {field: key}, wait_words(err)
            return False
        self._login = {CONF_TOKEN: token, CONF_URL: checked}
        return True

    async def _sign_in_again(self, entry: ConfigEntry, token: str, url: str) -> bool:
        """Do the same for an account that is configured: it must be that one."""
        if not await self._sign_in(token, url):
            return False
        if unique_id_of(self._account) == entry.unique_id:
            return True
        self._errors = {"base": "wrong_account"}
        return False

    def _signed_in_again(self, entry: ConfigEntry) -> ConfigFlowResult:
        """Keep what is new, and finish."""
        if self._login.items() <= entry.data.items():
            # A change reloads the entry. So must a token that is good again: the one
            # who was refused does not ask with it any more.
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_update_and_abort(entry, data_updates=self._login)

    async def async_step_hiveos(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the token of an account."""
        if user_input is not None and await self._sign_in(
            user_input[CONF_TOKEN],
            user_input[CONF_ADVANCED][CONF_URL],
            # A form shows what is wrong in a section above the section.
            url_field=CONF_ADVANCED,
        ):
            # Whoever comes first gets it; Home Assistant ends the flow of the other.
            await self.async_set_unique_id(
                unique_id_of(self._account), raise_on_progress=False
            )
            self._abort_if_unique_id_configured(error="account_configured")
            if self._farms:
                return await self.async_step_farms()
            return self._create_account(())
        return self.async_show_form(
            step_id="hiveos",
            data_schema=self.add_suggested_values_to_schema(ACCOUNT_SCHEMA, user_input),
            errors=dict(self._errors),
            description_placeholders=self._wait,
        )

    async def async_step_farms(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose among the account's farms: everything is ticked."""
        followed = async_followed_farms(self.hass, self._farms)
        offered = [farm for farm in self._farms if farm.id not in followed]
        errors: dict[str, str] = {}
        if not offered:
            return self.async_abort(
                reason="farms_followed",
                description_placeholders=taken_words(self._farms, followed),
            )
        if user_input is not None:
            if ticked := [
                farm for farm in offered if farm.id in user_input[CONF_FARMS]
            ]:
                return self._create_account(ticked)
            errors[CONF_FARMS] = "no_farm_selected"
        return self.async_show_form(
            step_id="farms",
            data_schema=farms_schema(offered, [farm.id for farm in offered]),
            errors=errors,
            description_placeholders=taken_words(self._farms, followed),
            last_step=True,
        )

    def _create_account(self, farms: Sequence[Farm]) -> ConfigFlowResult:
        """Create the entry; of the farms that there are now, only these are followed."""
        return self.async_create_entry(
            title=self._account.login,
            data={CONF_KIND: KIND_HIVEOS, **self._login},
            options={
                CONF_FARMS_OFF: [farm.id for farm in self._farms if farm not in farms]
            },
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for a token in place of the one that is refused."""
        return await self.async_step_hiveos_reauth_confirm()

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the account's token and address."""
        return await self.async_step_hiveos_reconfigure()

    async def async_step_hiveos_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new token of an account that refuses the old one."""
        entry = self._get_reauth_entry()
        if user_input is not None and await self._sign_in_again(
            entry, user_input[CONF_TOKEN], entry.data[CONF_URL]
        ):
            return self._signed_in_again(entry)
        return self.async_show_form(
            step_id="hiveos_reauth_confirm",
            data_schema=TOKEN_SCHEMA,
            errors=dict(self._errors),
            description_placeholders={"account": plain(entry.title), **self._wait},
        )

    async def async_step_hiveos_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the token and the address of an account; no token keeps the stored one."""
        entry = self._get_reconfigure_entry()
        if user_input is not None and await self._sign_in_again(
            entry,
            user_input.get(CONF_TOKEN) or entry.data[CONF_TOKEN],
            user_input[CONF_URL],
        ):
            return self._signed_in_again(entry)
        return self.async_show_form(
            step_id="hiveos_reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                CHANGING_SCHEMA, user_input or {CONF_URL: entry.data[CONF_URL]}
            ),
            errors=dict(self._errors),
            description_placeholders={"account": plain(entry.title), **self._wait},
        )


class HiveOptionsFlow(OptionsFlow):
    """Changes which farms of an account are followed, and how."""

    _farms: tuple[Farm, ...] = ()
    _errors: Mapping[str, str] = {}
    _wait: Mapping[str, str] = {"wait": ""}

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask the account for its farms, once."""
        given = self.config_entry.data
        client = client_of(self.hass, given[CONF_TOKEN], given[CONF_URL])
        try:
            self._farms = await client.farms()
        except SourceError as err:
            # What else there is to choose is offered without them.
            self._errors, self._wait = {"base": hive_error_key(err)}, wait_words(err)
        return await self.async_step_hiveos()

    async def async_step_hiveos(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the farms, the interval, the stale limit and what is allowed, and the limits."""
        entry = self.config_entry
        off = set(entry.options.get(CONF_FARMS_OFF, ()))
        followed = async_followed_farms(self.hass, self._farms, besides=entry)
        offered = [farm for farm in self._farms if farm.id not in followed]
        errors = dict(self._errors)
        if user_input is not None:
            interval = user_input[CONF_SCAN_INTERVAL]
            if user_input.get(CONF_STALE_AFTER, math.inf) <= interval:
                errors = {CONF_STALE_AFTER: "stale_below_interval"}
            else:
                data = given(user_input)
                ticked = data.pop(CONF_FARMS, None)
                if ticked is not None:
                    # One that is out of sight for now stays as it was.
                    off.update(farm.id for farm in self._farms)
                    off.difference_update(ticked)
                return self.async_create_entry(
                    data={**data, CONF_FARMS_OFF: sorted(off)}
                )
        schema = OPTIONS_SCHEMA
        if offered:
            ticked = [farm.id for farm in offered if farm.id not in off]
            schema = farms_schema(offered, ticked).extend(schema.schema)
        return self.async_show_form(
            step_id="hiveos",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or shown(entry.options)
            ),
            errors=errors,
            description_placeholders={
                **taken_words(self._farms, followed),
                **self._wait,
            },
        )
