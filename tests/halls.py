"""A kind of entry of others: a hall of miners that they read in their own way."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT, CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import probatio
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.antminer_monitor.antminer.cgminer import CgminerClient, section
from custom_components.antminer_monitor.command import Action, Command, Outcome, Result
from custom_components.antminer_monitor.const import CONF_KIND, DOMAIN
from custom_components.antminer_monitor.extension import Extension, SourceKind
from custom_components.antminer_monitor.rig import Rig, Status
from custom_components.antminer_monitor.source import Reading, Source
from custom_components.antminer_monitor.source_hub import SourceHub
from simulator import SimulatedMiner

from .extensions import acme

HALL = "acme_hall"
"""The kind of entry."""

SCHEMA = probatio.Schema(
    {probatio.Required(CONF_HOST): str, probatio.Required(CONF_PORT): int}
)
NAME_SCHEMA = probatio.Schema({probatio.Required(CONF_NAME): str})
OPTIONS_SCHEMA = probatio.Schema({probatio.Required(CONF_SCAN_INTERVAL): int})


class HallSource:
    """Reads one miner over the network, as people do who know nothing of ours."""

    def __init__(self, host: str, port: int) -> None:
        """Keep the address."""
        self.host = host
        self.told: list[Command] = []
        self.closed = 0
        self._client = CgminerClient(host, port, timeout=2.0)

    @property
    def label(self) -> str:
        """The host."""
        return self.host

    async def read(self) -> Reading:
        """Read what the miner sums up."""
        (row,) = section(await self._client.command("summary"), "SUMMARY")
        rate = float(str(row["GHS av"]))
        return Reading(
            rigs=(
                Rig(
                    id=f"acme_{self.host}",
                    name=f"Acme at {self.host}",
                    seen_at=dt_util.utcnow(),
                    status=Status.RUNNING,
                    algorithm="sha256d",
                    hashrate=rate * 1e9,
                    commands=(Action.REBOOT, "acme.beep"),
                ),
            )
        )

    async def execute(
        self, command: Command, rig_ids: Sequence[str]
    ) -> tuple[Outcome, ...]:
        """Take everything."""
        self.told.append(command)
        return tuple(Outcome(rig_id=rig_id, result=Result.DONE) for rig_id in rig_ids)

    async def close(self) -> None:
        """Count."""
        self.closed += 1


class HallHub(SourceHub):
    """Runs an entry of that kind."""

    default_interval: ClassVar[int] = 45
    model: ClassVar[str] = "Acme hall"
    manufacturer: ClassVar[str | None] = "Acme"
    sources: ClassVar[dict[str, Source]] = {}
    """What the last hub made."""

    @override
    async def async_make_sources(self) -> Mapping[str, Source]:
        """Read the one miner of the entry."""
        data = self.entry.data
        HallHub.sources = {"main": HallSource(data[CONF_HOST], data[CONF_PORT])}
        return self.sources

    @override
    def web_page_of(self, rig_id: str, rig: Rig) -> str | None:
        return f"http://{self.entry.data[CONF_HOST]}/acme"


class HallFlow(ConfigFlow):
    """The steps of that kind."""

    _address: Mapping[str, Any]

    async def async_step_acme_hall(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the address."""
        errors = {}
        if user_input is not None:
            await self.async_set_unique_id(user_input[CONF_HOST])
            self._abort_if_unique_id_configured()
            if user_input[CONF_HOST] != "nowhere":
                self._address = user_input
                return await self.async_step_name()
            errors[CONF_HOST] = "cannot_connect"
        return self.async_show_form(step_id=HALL, data_schema=SCHEMA, errors=errors)

    async def async_step_name(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a name."""
        if user_input is None:
            return self.async_show_form(step_id="name", data_schema=NAME_SCHEMA)
        return self.async_create_entry(
            title=user_input[CONF_NAME], data={CONF_KIND: HALL, **self._address}
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin to ask for a new password."""
        return await self.async_step_password()

    async def async_step_password(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new password."""
        if user_input is None:
            return self.async_show_form(
                step_id="password",
                data_schema=probatio.Schema({probatio.Required("password"): str}),
            )
        return self.async_update_and_abort(
            self._get_reauth_entry(), data_updates=user_input
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address."""
        if user_input is None:
            return self.async_show_form(step_id="reconfigure", data_schema=SCHEMA)
        return self.async_update_and_abort(
            self._get_reconfigure_entry(), data_updates=user_input
        )


class HallOptionsFlow(OptionsFlow):
    """The options of that kind."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how often to read."""
        if user_input is None:
            return self.async_show_form(step_id="init", data_schema=OPTIONS_SCHEMA)
        return self.async_create_entry(data=user_input)


def hall_kind(**changes: Any) -> SourceKind:
    """Give the kind of entry, but for what a test changes."""
    return SourceKind(
        **{
            "kind": HALL,
            "name": "Hall of Acme's",
            "hub": HallHub,
            "flow": HallFlow,
            **changes,
        }
    )


def hall_extension(**changes: Any) -> Extension:
    """Give an extension with the kind of entry, but for what a test changes of that."""
    return acme(kinds=(hall_kind(**changes),))


def hall_entry(hass: HomeAssistant, miner: SimulatedMiner) -> MockConfigEntry:
    """Add an entry of that kind, that is not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Hall 7",
        data={CONF_KIND: HALL, CONF_HOST: miner.host, CONF_PORT: miner.port},
    )
    entry.add_to_hass(hass)
    return entry


def rig_id_of(miner: SimulatedMiner) -> str:
    """Give the id of the rig that the source makes of a miner."""
    return f"acme_{miner.host}"
