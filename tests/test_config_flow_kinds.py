"""Kinds of entry that extensions bring: their steps, behind the one config flow."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType, UnknownStep
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor import config_flow, source_hub
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.extension import Extension
from custom_components.antminer_monitor.registry import Registry, async_registry
from custom_components.antminer_monitor.source import (
    InvalidCredentialsError,
    Source,
    SourceTimeoutError,
)

from .common import FarmMaker, settle, state_of
from .extensions import ACME, acme, assert_told_once, fails, issue_of, loud
from .halls import (
    HALL,
    HallFlow,
    HallHub,
    HallOptionsFlow,
    hall_entry,
    hall_extension,
    hall_kind,
)

ADDRESS = {CONF_HOST: "127.0.0.9", CONF_PORT: 4028}


@pytest.fixture
def registry(
    hass: HomeAssistant, loopback_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> Registry:
    """Give the registry of extensions; sources are read without delay."""
    monkeypatch.setattr(source_hub, "FIRST_READ_SPACING", 0)
    return async_registry(hass)


async def menu(hass: HomeAssistant) -> Any:
    """Begin to add an entry."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    assert "translation_domain" not in result
    return result


async def answer(hass: HomeAssistant, result: Any, given: Mapping[str, Any]) -> Any:
    """Answer a step."""
    return await hass.config_entries.flow.async_configure(
        result["flow_id"], dict(given)
    )


async def choose(hass: HomeAssistant, kind: str = HALL) -> Any:
    """Begin to add an entry of that kind."""
    return await answer(hass, await menu(hass), {"next_step_id": kind})


def assert_form(result: Any, step: str) -> None:
    """Assert that a step of Acme's is shown, with its own words."""
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == step
    assert result["translation_domain"] == ACME


def assert_abort(result: Any, reason: str, domain: str | None = None) -> None:
    """Assert that a flow ended, and who has words for why."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason
    assert result.get("translation_domain") == domain


def assert_failed(result: Any) -> None:
    """Assert that a flow ended since the extension failed."""
    assert_abort(result, "extension_failed", DOMAIN)
    assert result["description_placeholders"] == {"extension": "Acme"}


def assert_state(entry: ConfigEntry, state: ConfigEntryState) -> None:
    """Assert how far an entry came."""
    assert entry.state is state


def nothing_runs(hass: HomeAssistant) -> bool:
    """Tell whether no flow is left."""
    return not hass.config_entries.flow.async_progress(include_uninitialized=True)


# --- a new entry --------------------------------------------------------------


async def test_menu(hass: HomeAssistant, registry: Registry) -> None:
    """What extensions bring stands after what is ours, by the name that they give it."""
    ours = (await menu(hass))["menu_options"]
    assert ours == ["site", "hiveos", "packs"]
    registry.async_add(ACME, hall_extension())
    registry.async_add("other", acme(kinds=(hall_kind(kind="shed", name="Shed"),)))
    offered = (await menu(hass))["menu_options"]
    assert list(offered) == [*ours, HALL, "shed"]
    assert offered[HALL] == "Hall of Acme's"
    assert offered["shed"] == "Shed"
    assert offered["site"] == "Antminers on my network"
    registry.async_remove(ACME)
    registry.async_remove("other")
    assert (await menu(hass))["menu_options"] == ours


async def test_ours_beside_them(hass: HomeAssistant, registry: Registry) -> None:
    """The steps that come with the integration have its words, whoever else is there."""
    registry.async_add(ACME, hall_extension())
    result = await choose(hass, "site")
    assert result["step_id"] == "site"
    assert "translation_domain" not in result


async def test_from_the_menu_to_an_entry(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """The steps are the extension's: forms, errors, further forms, and an entry that runs."""
    registry.async_add(ACME, hall_extension())
    (miner,) = await farm("s9")
    result = await choose(hass)
    assert_form(result, HALL)
    assert not result["errors"]
    result = await answer(hass, result, {CONF_HOST: "nowhere", CONF_PORT: 1})
    assert_form(result, HALL)
    assert result["errors"] == {CONF_HOST: "cannot_connect"}
    address = {CONF_HOST: miner.host, CONF_PORT: miner.port}
    result = await answer(hass, result, address)
    assert_form(result, "name")
    result = await answer(hass, result, {CONF_NAME: "Hall 9"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert (entry.title, entry.unique_id) == ("Hall 9", miner.host)
    assert entry.data == {CONF_KIND: HALL, **address}
    assert_state(entry, ConfigEntryState.LOADED)
    assert state_of(hass, entry, "rigs").state == "1"
    assert nothing_runs(hass)

    result = await answer(hass, await choose(hass), address)
    assert_abort(result, "already_configured", ACME)
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_the_same_at_once(hass: HomeAssistant, registry: Registry) -> None:
    """What Home Assistant has words for keeps them."""
    registry.async_add(ACME, hall_extension())
    first, second = await choose(hass), await choose(hass)
    assert_form(await answer(hass, first, ADDRESS), "name")
    result = await answer(hass, second, ADDRESS)
    assert_abort(result, "already_in_progress", "homeassistant")


async def test_steps_of_the_same_name(hass: HomeAssistant, registry: Registry) -> None:
    """A kind that is called like a step of another one does not get in between."""
    registry.async_add(ACME, hall_extension())
    registry.async_add("other", acme(kinds=(hall_kind(kind="name", flow=BadFlow),)))
    result = await answer(hass, await choose(hass), ADDRESS)
    assert_form(result, "name")
    result = await answer(hass, result, {CONF_NAME: "Hall 9"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_KIND] == HALL


class UserFlow(HallFlow):
    """Calls a step as Home Assistant calls the first one of every flow."""

    @override
    async def async_step_name(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return self.async_show_form(step_id="user")

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return self.async_abort(reason="so_it_is")


async def test_step_called_user(hass: HomeAssistant, registry: Registry) -> None:
    """A step of that name is the extension's as well, once its kind was chosen."""
    registry.async_add(ACME, hall_extension(flow=UserFlow))
    result = await answer(hass, await choose(hass), ADDRESS)
    assert_form(result, "user")
    assert_abort(await answer(hass, result, {}), "so_it_is", ACME)


async def test_unknown_step(hass: HomeAssistant, registry: Registry) -> None:
    """Nothing begins with a kind that was not chosen."""
    registry.async_add(ACME, hall_extension())
    for source in ("import", HALL):
        with pytest.raises(UnknownStep):
            await hass.config_entries.flow.async_init(
                DOMAIN, context={"source": source}
            )


def test_no_step_before_it_begins() -> None:
    """A flow that Home Assistant has not begun has its own attributes, and no others."""
    flow = config_flow.AntminerMonitorConfigFlow()
    assert hasattr(flow, "async_step_user")
    assert not hasattr(flow, "async_step_site")
    assert not hasattr(flow, "site")


async def test_closed(hass: HomeAssistant, registry: Registry) -> None:
    """An extension hears that the user closed the dialog."""
    removed: list[str] = []

    class Flow(HallFlow):
        @callback
        @override
        def async_remove(self) -> None:
            removed.append(self.flow_id)

    registry.async_add(ACME, hall_extension(flow=Flow))
    result = await menu(hass)
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert not removed
    result = await choose(hass)
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert removed == [result["flow_id"]]


# --- what an extension does wrong ---------------------------------------------


class BadFlow(HallFlow):
    """Fails at each of its steps."""

    async_step_acme_hall = fails
    async_step_name = fails
    async_step_password = fails
    async_step_reconfigure = fails


class UnmadeFlow(HallFlow):
    """Cannot even be made."""

    __init__ = fails


class EmptyFlow(HallFlow):
    """Says nothing."""

    @override
    async def async_step_acme_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> Any:
        return None


class KindlessFlow(HallFlow):
    """Makes an entry that nobody would know what it is of."""

    @override
    async def async_step_acme_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return self.async_create_entry(title="Hall", data=ADDRESS)


class DeadEndFlow(HallFlow):
    """Leads nowhere."""

    @override
    async def async_step_acme_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return self.async_show_form(step_id="cellar")


class SleepyFlow(HallFlow):
    """Does not end."""

    @override
    async def async_step_acme_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        await asyncio.Event().wait()
        raise AssertionError


BAD: dict[str, tuple[type, str]] = {
    "raises": (BadFlow, "RuntimeError: no idea"),
    "not made": (UnmadeFlow, "RuntimeError: no idea"),
    "nothing": (EmptyFlow, "TypeError: 'NoneType'"),
    "no kind": (KindlessFlow, "the data of the entry have no kind acme_hall"),
    "dead end": (DeadEndFlow, "there is no step cellar"),
    "hangs": (SleepyFlow, "TimeoutError"),
    "no step": (ConfigFlow, "no attribute 'async_step_acme_hall'"),
}


@pytest.mark.parametrize(("flow", "error"), BAD.values(), ids=BAD.keys())
async def test_first_step_that_fails(
    hass: HomeAssistant,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    flow: type,
    error: str,
) -> None:
    """The user is told in words, and what went wrong is known everywhere; others go on."""
    monkeypatch.setattr(config_flow, "STEP_DEADLINE", 0.02)
    registry.async_add(ACME, hall_extension(flow=flow))
    assert_failed(await choose(hass))
    assert_told_once(hass, caplog, "the step acme_hall of its set-up", error)
    assert nothing_runs(hass)
    assert not hass.config_entries.async_entries(DOMAIN)
    assert (await choose(hass, "site"))["step_id"] == "site"


async def test_later_step_that_fails(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """So is a later one, and the extension may be tried again when it is there anew."""

    class Flow(HallFlow):
        calls = 0

        @override
        async def async_step_name(
            self, user_input: dict[str, Any] | None = None
        ) -> ConfigFlowResult:
            if user_input:
                raise KeyError("rack")
            return await super().async_step_name(user_input)

    registry.async_add(ACME, hall_extension(flow=Flow))
    result = await answer(hass, await choose(hass), ADDRESS)
    assert_form(result, "name")
    assert_failed(await answer(hass, result, {CONF_NAME: "Hall 9"}))
    assert_told_once(hass, caplog, "the step name of its set-up", "KeyError: 'rack'")

    registry.async_add(ACME, hall_extension())
    assert issue_of(hass) is None
    result = await answer(hass, await choose(hass), ADDRESS)
    result = await answer(hass, result, {CONF_NAME: "Hall 9"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


# --- extensions that go and come ----------------------------------------------


async def test_removed_before_the_choice(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """What was offered may be gone when it is chosen."""
    registry.async_add(ACME, hall_extension())
    result = await menu(hass)
    registry.async_remove(ACME)
    result = await answer(hass, result, {"next_step_id": HALL})
    assert_abort(result, "extension_missing")
    assert nothing_runs(hass)
    assert not loud(caplog)


async def test_removed_between_steps(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """No further step of an extension runs when it is gone."""
    registry.async_add(ACME, hall_extension())
    result = await answer(hass, await choose(hass), ADDRESS)
    assert_form(result, "name")
    registry.async_remove(ACME)
    result = await answer(hass, result, {CONF_NAME: "Hall 9"})
    assert_abort(result, "extension_missing")
    assert not hass.config_entries.async_entries(DOMAIN)
    assert not loud(caplog)


async def test_removed_within_a_step(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """What it does wrong after it went is told to the user, and kept of nobody."""

    class Flow(HallFlow):
        @override
        async def async_step_acme_hall(
            self, user_input: dict[str, Any] | None = None
        ) -> ConfigFlowResult:
            registry.async_remove(ACME)
            raise RuntimeError("too late")

    registry.async_add(ACME, hall_extension(flow=Flow))
    assert_failed(await choose(hass))
    assert issue_of(hass) is None
    assert not registry.failures
    assert not loud(caplog)


async def test_replaced_between_steps(hass: HomeAssistant, registry: Registry) -> None:
    """A flow ends with the extension that it began with, while there is one of that kind."""
    registry.async_add(ACME, hall_extension())
    result = await answer(hass, await choose(hass), ADDRESS)
    registry.async_add(ACME, hall_extension(flow=BadFlow))
    result = await answer(hass, result, {CONF_NAME: "Hall 9"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {CONF_KIND: HALL, **ADDRESS}


# --- new credentials, another address -----------------------------------------


class Vault(HallHub):
    """Lets nobody in without the password."""

    @override
    async def async_make_sources(self) -> Mapping[str, Source]:
        if self.entry.data.get(CONF_PASSWORD) != "right":
            raise InvalidCredentialsError("wrong password")
        return await super().async_make_sources()


def reauth_of(hass: HomeAssistant) -> Any:
    """Give the flow that asks for new credentials."""
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"
    return flow


async def test_reauth(hass: HomeAssistant, farm: FarmMaker, registry: Registry) -> None:
    """An entry whose credentials are refused asks for them with the steps of its kind."""
    registry.async_add(ACME, hall_extension(hub=Vault))
    (miner,) = await farm("s9")
    entry = hall_entry(hass, miner)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert_state(entry, ConfigEntryState.SETUP_ERROR)
    result = await hass.config_entries.flow.async_configure(
        reauth_of(hass)["flow_id"], None
    )
    assert_form(result, "password")
    result = await answer(hass, result, {CONF_PASSWORD: "right"})
    assert_abort(result, "reauth_successful", "homeassistant")
    await settle(hass)
    assert entry.data[CONF_PASSWORD] == "right"
    assert_state(entry, ConfigEntryState.LOADED)
    assert state_of(hass, entry, "rigs").state == "1"
    assert issue_of(hass) is None


async def test_reauth_while_it_runs(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """What runs is set up once more with what was entered."""
    makes: list[Any] = []

    class Hub(HallHub):
        @override
        async def async_make_sources(self) -> Mapping[str, Source]:
            makes.append(self.entry.data.get(CONF_PASSWORD))
            return await super().async_make_sources()

    registry.async_add(ACME, hall_extension(hub=Hub))
    (miner,) = await farm("s9")
    entry = hall_entry(hass, miner)
    assert await hass.config_entries.async_setup(entry.entry_id)
    entry.async_start_reauth(hass)
    await settle(hass)
    await answer(hass, reauth_of(hass), {CONF_PASSWORD: "new"})
    await settle(hass)
    assert makes == [None, "new"]
    assert_state(entry, ConfigEntryState.LOADED)


class PatientFlow(BadFlow):
    """Asks twice in one step."""

    _first: str | None = None

    @override
    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        if self._first is None:
            self._first = "asked"
            return self.async_show_form(step_id="reauth")
        return self.async_abort(reason=self._first)


async def test_reauth_in_one_step(hass: HomeAssistant, registry: Registry) -> None:
    """A step that is shown again is that of the same flow."""
    registry.async_add(ACME, hall_extension(flow=PatientFlow))
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    entry.async_start_reauth(hass)
    await settle(hass)
    assert_abort(await answer(hass, reauth_of(hass), {}), "asked", ACME)


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> Any:
    """Begin to change an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def test_reconfigure(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """An entry is changed with the steps of its kind."""
    registry.async_add(ACME, hall_extension())
    first, second = await farm("s9", "s19pro_2022")
    entry = hall_entry(hass, first)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    second.commands.clear()
    result = await reconfigure(hass, entry)
    assert_form(result, "reconfigure")
    result = await answer(
        hass, result, {CONF_HOST: second.host, CONF_PORT: second.port}
    )
    assert_abort(result, "reconfigure_successful", "homeassistant")
    await settle(hass)
    assert entry.data[CONF_HOST] == second.host
    assert_state(entry, ConfigEntryState.LOADED)
    assert second.commands


async def test_reconfigure_what_could_not_be_set_up(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """Another address is tried at once, not after minutes."""
    (miner,) = await farm("s9")

    class Hub(HallHub):
        @override
        async def async_make_sources(self) -> Mapping[str, Source]:
            if self.entry.data[CONF_HOST] != miner.host:
                raise SourceTimeoutError("no answer")
            return await super().async_make_sources()

    registry.async_add(ACME, hall_extension(hub=Hub))
    entry = hall_entry(hass, miner)
    hass.config_entries.async_update_entry(entry, data={**entry.data, **ADDRESS})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert_state(entry, ConfigEntryState.SETUP_RETRY)
    address = {CONF_HOST: miner.host, CONF_PORT: miner.port}
    await answer(hass, await reconfigure(hass, entry), address)
    await settle(hass)
    assert_state(entry, ConfigEntryState.LOADED)


class BareFlow(ConfigFlow):
    """Sets up an entry, and never changes one."""

    async def async_step_acme_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Begin."""
        return self.async_create_entry(title="Hall", data={CONF_KIND: HALL})


async def test_nothing_to_reconfigure(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """A kind need not have that step: the user is told so, and it is no fault."""
    registry.async_add(ACME, hall_extension(flow=BareFlow))
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    assert_abort(await reconfigure(hass, entry), "nothing_to_reconfigure")
    assert issue_of(hass) is None
    assert not loud(caplog)


async def test_reauth_without_a_step(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """Who asks for new credentials, and has no step for it, is told so once."""
    registry.async_add(ACME, hall_extension(flow=BareFlow))
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    entry.async_start_reauth(hass)
    await settle(hass)
    assert nothing_runs(hass)
    assert_told_once(
        hass, caplog, "the step reauth", "no attribute 'async_step_reauth'"
    )


async def test_changes_that_fail(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """What fails there is told like a step of a new entry."""
    registry.async_add(ACME, hall_extension(flow=BadFlow))
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    assert_failed(await reconfigure(hass, entry))
    assert_told_once(hass, caplog, "the step reconfigure", "RuntimeError: no idea")
    entry.async_start_reauth(hass)
    await settle(hass)
    assert nothing_runs(hass)
    assert [failure.what for failure in registry.failures[ACME]] == [
        "the step reconfigure of its set-up",
        "the step reauth of its set-up",
    ]


async def test_changes_without_the_extension(
    hass: HomeAssistant, registry: Registry
) -> None:
    """While the extension is away, its entries are changed by nobody."""
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    assert_abort(await reconfigure(hass, entry), "extension_missing")
    entry.async_start_reauth(hass)
    await settle(hass)
    assert nothing_runs(hass)

    registry.async_add(ACME, hall_extension())
    result = await reconfigure(hass, entry)
    registry.async_remove(ACME)
    assert_abort(await answer(hass, result, ADDRESS), "extension_missing")
    assert entry.data == {CONF_KIND: HALL}


# --- options ------------------------------------------------------------------


async def test_options(
    hass: HomeAssistant, farm: FarmMaker, registry: Registry
) -> None:
    """An entry has the options of its kind, with the extension's words."""
    registry.async_add(ACME, hall_extension(options_flow=HallOptionsFlow))
    entry = hall_entry(hass, *await farm("s9"))
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.supports_options
    options = hass.config_entries.options
    result = await options.async_init(entry.entry_id)
    assert_form(result, "init")
    result = await options.async_configure(result["flow_id"], {"scan_interval": 75})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    assert entry.options == {"scan_interval": 75}
    (coordinator,) = entry.runtime_data.coordinators.values()
    assert coordinator.pacing.interval == timedelta(seconds=75)


class BadOptionsFlow(OptionsFlow):
    """Fails in a step that another one leads to."""

    async_step_limits = fails

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on."""
        result: ConfigFlowResult = await self.async_step_limits()
        return result


async def test_options_that_fail(
    hass: HomeAssistant, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """What fails there is told as well, at the step where it did."""
    registry.async_add(ACME, hall_extension(options_flow=BadOptionsFlow))
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    assert_failed(await hass.config_entries.options.async_init(entry.entry_id))
    assert_told_once(hass, caplog, "the step limits of its options", "no idea")


@pytest.mark.parametrize("added", [None, hall_extension()], ids=["gone", "none"])
async def test_no_options(
    hass: HomeAssistant, registry: Registry, added: Extension | None
) -> None:
    """Where nobody knows options, none are offered; who asks all the same is told."""
    if added:
        registry.async_add(ACME, added)
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    # As the page of integrations does: it loads the flow.
    await menu(hass)
    assert not entry.supports_options
    assert entry.supported_subentry_types == {}
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert_abort(result, "extension_missing")


async def test_options_of_one_that_went(
    hass: HomeAssistant, registry: Registry
) -> None:
    """Options are not changed by an extension that is gone."""
    registry.async_add(ACME, hall_extension(options_flow=HallOptionsFlow))
    entry = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: HALL})
    entry.add_to_hass(hass)
    options = hass.config_entries.options
    result = await options.async_init(entry.entry_id)
    registry.async_remove(ACME)
    result = await options.async_configure(result["flow_id"], {"scan_interval": 75})
    assert_abort(result, "extension_missing")
    assert not entry.options


# --- parts of an entry --------------------------------------------------------


class RackFlow(ConfigSubentryFlow):
    """Adds a rack to a hall."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add it."""
        return self.async_create_entry(title="Rack 1", data={"place": 1})


class BadRackFlow(ConfigSubentryFlow):
    """Fails, some steps sooner and some later."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Fail in another step."""
        return await self.async_step_place()

    async def async_step_place(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Fail."""
        raise RuntimeError("no idea")

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Refuse, which is no fault."""
        return self.async_abort(reason="no_rack")


async def test_parts_that_fail(
    hass: HomeAssistant,
    farm: FarmMaker,
    registry: Registry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What fails there is told like a step of a new entry, once; what is refused has its own words."""
    registry.async_add(ACME, hall_extension(subentry_flows={"rack": BadRackFlow}))
    entry = hall_entry(hass, *await farm("s9"))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.supported_subentry_types == {"rack": {"supports_reconfigure": True}}
    flows = hass.config_entries.subentries
    key = (entry.entry_id, "rack")
    assert_failed(await flows.async_init(key, context={"source": SOURCE_USER}))
    assert_told_once(hass, caplog, "the step place of a part", "RuntimeError: no idea")
    result = await flows.async_init(key, context={"source": SOURCE_RECONFIGURE})
    assert_abort(result, "no_rack", ACME)


async def test_parts(hass: HomeAssistant, farm: FarmMaker, registry: Registry) -> None:
    """A kind may have parts of its own."""
    registry.async_add(ACME, hall_extension(subentry_flows={"rack": RackFlow}))
    entry = hall_entry(hass, *await farm("s9"))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    assert entry.supported_subentry_types == {"rack": {"supports_reconfigure": False}}
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "rack"), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await settle(hass)
    (rack,) = entry.subentries.values()
    assert (rack.title, rack.data) == ("Rack 1", {"place": 1})
    assert_state(entry, ConfigEntryState.LOADED)
