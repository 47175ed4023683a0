"""The steps that adding a site and adding miners to one have in common."""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult, section
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
)
import probatio

from .antminer.addresses import AddressError, parse_addresses
from .antminer.cgminer import DEFAULT_PORT
from .antminer.web import Credentials
from .const import DOMAIN
from .form_fields import PASSWORD, PORT, TEXT, ticks
from .markdown import plain
from .miner_source import DEFAULT_USERNAME, credentials_of
from .progress import shown
from .search import Candidate, SearchResult, async_find_miner, async_search
from .source import (
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)

CONF_ADDRESSES = "addresses"
CONF_CREDENTIALS = "credentials"
CONF_FORGET_LOGIN = "forget_login"
CONF_MINERS = "miners"

MOST_UNREADABLE_SHOWN = 20

CREDENTIALS_SCHEMA = probatio.Schema(
    {
        probatio.Optional(CONF_USERNAME, default=DEFAULT_USERNAME): TEXT,
        probatio.Optional(CONF_PASSWORD): PASSWORD,
    }
)
CREDENTIALS_SECTION = section(CREDENTIALS_SCHEMA, {"collapsed": True})
SEARCH_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_ADDRESSES): TextSelector(
            TextSelectorConfig(multiline=True)
        ),
        probatio.Required(CONF_PORT, default=DEFAULT_PORT): PORT,
        probatio.Required(CONF_CREDENTIALS): CREDENTIALS_SECTION,
    }
)


def credentials_input(given: Mapping[str, Any]) -> dict[str, str]:
    """Give what an entry stores of credentials that were typed in: nothing without a password."""
    if not given.get(CONF_PASSWORD):
        return {}
    return {
        CONF_USERNAME: given.get(CONF_USERNAME) or DEFAULT_USERNAME,
        CONF_PASSWORD: given[CONF_PASSWORD],
    }


def changed_credentials(
    stored: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, str]:
    """Give what is stored after a change: an empty password leaves the old one."""
    if given.get(CONF_FORGET_LOGIN):
        return {}
    password = given.get(CONF_PASSWORD) or stored.get(CONF_PASSWORD)
    return credentials_input({**given, CONF_PASSWORD: password})


def changing_schema(stored: Mapping[str, Any]) -> probatio.Schema:
    """Give the fields of credentials that may be stored already."""
    if not stored.get(CONF_PASSWORD):
        return CREDENTIALS_SCHEMA
    return CREDENTIALS_SCHEMA.extend(
        {probatio.Required(CONF_FORGET_LOGIN, default=False): BooleanSelector()}
    )


def error_key(error: SourceError) -> str:
    """Give the key of the words for a reading that failed."""
    match error:
        case SourceRefusedError():
            return "connection_refused"
        case SourceTimeoutError():
            return "timeout"
        case SourceUnreachableError():
            return "cannot_connect"
        case InvalidReplyError():
            return "not_an_antminer"
    return "access_denied"


class SearchFlow[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """Asks for addresses, looks at each, and lets the user choose among what is there."""

    addresses_step = "user"
    """The step that asks for addresses, and that what goes wrong leads back to."""
    search_schema: probatio.Schema = SEARCH_SCHEMA

    _addresses: tuple[str, ...] = ()
    _port: int = DEFAULT_PORT
    _credentials: Mapping[str, str] = {}
    _input: dict[str, Any] | None = None
    _result = SearchResult((), 0, ())
    _task: asyncio.Task[SearchResult] | None = None
    _error: str | None = None

    def _create(self, chosen: list[Candidate]) -> ResultT:
        """Finish the flow with these miners."""
        raise NotImplementedError

    def _search_credentials(self) -> Credentials | None:
        """Give the web credentials to search with."""
        return credentials_of(self._credentials)

    async def _ask_addresses(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Ask where the miners are, and look there."""
        errors = {"base": self._error} if self._error else {}
        placeholders = {"part": ""}
        self._error = None
        if user_input is not None:
            self._input = user_input
            self._port = user_input[CONF_PORT]
            self._credentials = credentials_input(user_input[CONF_CREDENTIALS])
            try:
                self._addresses = parse_addresses(user_input[CONF_ADDRESSES])
            except AddressError as err:
                errors = {CONF_ADDRESSES: f"addresses_{err.reason}"}
                placeholders = {"part": err.part}
            else:
                return await self.async_step_scan()
        return self.async_show_form(
            step_id=self.addresses_step,
            data_schema=self.add_suggested_values_to_schema(
                self.search_schema, self._input
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_scan(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Look at every address, and show how far it is."""
        if len(self._addresses) == 1:
            self._result = await self._search()
            match self._next_step():
                case "select":
                    return await self.async_step_select()
                case "nothing_found":
                    return await self.async_step_nothing_found()
            return await self._ask_addresses()
        if self._task is None:
            self._task = self.hass.async_create_task(
                shown(self._search()), f"{DOMAIN} scan"
            )
        if not self._task.done():
            return self.async_show_progress(
                step_id="scan",
                progress_action="scan",
                progress_task=self._task,
                description_placeholders={"addresses": str(len(self._addresses))},
            )
        task, self._task = self._task, None
        self._result = task.result()
        return self.async_show_progress_done(next_step_id=self._next_step())

    async def _search(self) -> SearchResult:
        return await async_search(
            self.hass,
            self._addresses,
            self._port,
            self._search_credentials(),
            self.async_update_progress,
        )

    def _next_step(self) -> str:
        """Give the step that follows the search."""
        found = self._result.new
        if found:
            if all(candidate.credentials_refused for candidate in found):
                self._error = "invalid_auth"
                return self.addresses_step
            return "select"
        if self._result.known:
            self._error = (
                "already_configured" if len(self._addresses) == 1 else "all_configured"
            )
            return self.addresses_step
        return "nothing_found"

    async def async_step_nothing_found(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Say so, and offer other addresses or to add them all the same."""
        return self.async_show_menu(
            step_id="nothing_found",
            menu_options=[self.addresses_step, "add_anyway"],
            description_placeholders=self._found(),
        )

    async def async_step_add_anyway(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Add every address: miners that are off now."""
        return self._finish(
            [Candidate(address, self._port) for address in self._addresses]
        )

    def _finish(self, chosen: list[Candidate]) -> ResultT:
        """Create what is not configured: some may be off, or were added meanwhile."""
        new = [
            candidate
            for candidate in chosen
            if not async_find_miner(
                self.hass,
                mac=candidate.rig.mac if candidate.rig else None,
                host=candidate.host,
                port=candidate.port,
            )
        ]
        if not new:
            return self.async_abort(reason="already_configured")
        return self._create(new)

    async def async_step_select(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Let the user choose among what was found: everything is ticked."""
        errors: dict[str, str] = {}
        found = self._result.new
        if user_input is not None:
            if chosen := [
                candidate
                for candidate in found
                if candidate.key in user_input[CONF_MINERS]
            ]:
                return self._finish(chosen)
            errors[CONF_MINERS] = "nothing_selected"
        elif len(self._addresses) == 1:
            return self._finish(list(found))
        labels = {candidate.key: candidate.label for candidate in found}
        schema = probatio.Schema(
            {
                probatio.Required(CONF_MINERS, default=list(labels)): ticks(
                    labels.items()
                )
            }
        )
        return self.async_show_form(
            step_id="select",
            data_schema=schema,
            errors=errors,
            description_placeholders=self._found(),
            last_step=True,
        )

    def _found(self) -> dict[str, str]:
        """Give the figures for the text above what was found."""
        unreadable = self._result.unreadable
        lines = [
            f"- {plain(address)}: {plain(reason)}"
            for address, reason in unreadable[:MOST_UNREADABLE_SHOWN]
        ]
        if len(unreadable) > MOST_UNREADABLE_SHOWN:
            lines.append("- …")
        return {
            "found": str(len(self._result.new)),
            "known": str(self._result.known),
            "addresses": str(len(self._addresses)),
            "unreadable_count": str(len(unreadable)),
            "unreadable": "\n".join(lines),
        }
