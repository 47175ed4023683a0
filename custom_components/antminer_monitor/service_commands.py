"""What each service sends: its fields, and the command that they make for a rig."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
import json
from typing import Final, cast

from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType
import probatio

from .command import FOR_ADMINISTRATORS, Action, Choice, Command
from .const import CONF_ALLOW_EXEC, DOMAIN
from .coordinator import RigCoordinator
from .json_value import Json
from .pools import address_of, pool_choices
from .rig import Rig

ATTR_COMMAND: Final = "command"
ATTR_DESCRIPTION: Final = "description"
ATTR_DUTY: Final = "duty"
ATTR_MODE: Final = "mode"
ATTR_NAME: Final = "name"
ATTR_POOL: Final = "pool"
ATTR_POOLS: Final = "pools"
ATTR_STAGGER: Final = "stagger"
ATTR_STATE: Final = "state"
ATTR_TAG_UPDATE_MODE: Final = "tag_update_mode"
ATTR_WAKEALARM: Final = "wakealarm"
ATTR_WATTS: Final = "watts"

AUTO: Final = "auto"
MANUAL: Final = "manual"

MOST_POOLS: Final = 3
"""Places for pools that miners have."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that a rig can be set to one of its choices of."""

    action: Action
    field_name: str
    """Of the service: the name or the id of a choice."""
    name: str
    """In an error."""
    choices: Callable[[Rig], tuple[Choice, ...]]
    in_short: Callable[[str], str] = str
    """Puts what is asked for in the form of the choices' names."""


SETTINGS = (
    Setting(
        Action.SET_FLIGHT_SHEET,
        "flight_sheet",
        "flight sheet",
        lambda rig: rig.flight_sheets,
    ),
    Setting(
        Action.SET_OVERCLOCK,
        "overclock",
        "overclocking profile",
        lambda rig: rig.overclocks,
    ),
    Setting(
        Action.SET_POWER_MODE, ATTR_MODE, "power mode", lambda rig: rig.power_modes
    ),
    Setting(Action.SWITCH_POOL, ATTR_POOL, "pool", pool_choices, address_of),
)


def _json(value: object) -> Json:
    """Validate an object or a list of what JSON can hold."""
    if not isinstance(value, dict | list):
        raise probatio.Invalid("expected an object or a list")
    try:
        return cast("Json", json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError) as err:
        raise probatio.Invalid(f"it cannot be sent: {err}") from err


_TEXT = probatio.All(cv.string, probatio.Length(min=1))

WORKER_FIELDS: VolDictType = {
    probatio.Optional(ATTR_NAME): probatio.All(_TEXT, probatio.Length(max=50)),
    probatio.Optional(ATTR_DESCRIPTION): probatio.All(
        cv.string, probatio.Length(max=255)
    ),
    probatio.Optional("active"): cv.boolean,
    probatio.Optional("tag_ids"): probatio.All(
        cv.ensure_list, [probatio.All(probatio.Coerce(int), probatio.Range(min=1))]
    ),
    probatio.Optional(ATTR_TAG_UPDATE_MODE): probatio.In(["add", "remove", "replace"]),
    probatio.Optional("watchdog"): _json,
    probatio.Optional("options"): _json,
    probatio.Optional("autofan"): _json,
    probatio.Optional("miners_config"): _json,
    probatio.Optional("hardware_power_draw"): probatio.All(
        probatio.Coerce(int), probatio.Range(min=0, max=100_000)
    ),
    probatio.Optional("psu_efficiency"): probatio.All(
        probatio.Coerce(int), probatio.Range(min=1, max=100)
    ),
}
"""What can be changed of a worker, in the words of the HiveOS API."""

# A blank in a value wipes the configuration of some firmware, and a quote or a backslash
# ends it early.
_WORD = probatio.All(cv.string, probatio.Match(r"[!#-&(-\[\]-~]*\Z"))

POOL_FIELDS: VolDictType = {
    probatio.Required("url"): probatio.All(_WORD, probatio.Length(min=1, max=255)),
    probatio.Required("user"): probatio.All(_WORD, probatio.Length(min=1, max=255)),
    probatio.Optional("password", default=""): probatio.All(
        _WORD, probatio.Length(max=255)
    ),
}

type Rigs = Mapping[str, RigCoordinator]
"""Coordinators by the ids of their rigs."""

type Decide = Callable[[Rig | None], Command]
"""Gives the command for a rig, or for one that was never read.

Raises ValueError with the reason if there is none for it.
"""

type Prepare = Callable[[ServiceCall, Rigs], Decide]
"""Looks at a call as a whole; raises ServiceValidationError if it cannot be carried out."""


def _plain(action: Action, call: ServiceCall, rigs: Rigs) -> Decide:
    command = Command(action=action)
    return lambda rig: command


def _shutdown(call: ServiceCall, rigs: Rigs) -> Decide:
    wake = call.data.get(ATTR_WAKEALARM)
    command = Command(
        action=Action.SHUTDOWN, data={ATTR_WAKEALARM: True} if wake else {}
    )
    return lambda rig: command


def _choose(setting: Setting, call: ServiceCall, rigs: Rigs) -> Decide:
    wanted = setting.in_short(call.data[setting.field_name])

    def decide(rig: Rig | None) -> Command:
        choices = setting.choices(rig) if rig else ()
        found = (
            [choice for choice in choices if choice.id == wanted]
            or [choice for choice in choices if choice.name == wanted]
            or [
                choice
                for choice in choices
                if choice.name.casefold() == wanted.casefold()
            ]
        )
        if not found:
            raise ValueError(f"it has no {setting.name} {wanted}")
        if len(found) > 1:
            ids = ", ".join(choice.id for choice in found)
            raise ValueError(
                f"it has more than one {setting.name} {wanted}: give one of the ids {ids}"
            )
        return Command(action=setting.action, value=found[0].id)

    return decide


def _update_worker(call: ServiceCall, rigs: Rigs) -> Decide:
    fields = {str(field) for field in WORKER_FIELDS}
    data: dict[str, Json] = {
        key: value for key, value in call.data.items() if key in fields
    }
    if not data.keys() - {ATTR_TAG_UPDATE_MODE}:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_to_change"
        )
    if len(rigs) > 1 and data.keys() & {ATTR_NAME, ATTR_DESCRIPTION}:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="one_rig_only"
        )
    command = Command(action=Action.UPDATE_SETTINGS, data=data)
    return lambda rig: command


def _execute(call: ServiceCall, rigs: Rigs) -> Decide:
    entries = {coordinator.config_entry for coordinator in rigs.values()}
    forbidden = sorted(
        entry.title for entry in entries if not entry.options.get(CONF_ALLOW_EXEC)
    )
    if forbidden:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="exec_off",
            translation_placeholders={"entries": ", ".join(forbidden)},
        )
    command = Command(action=Action.EXECUTE, value=call.data[ATTR_COMMAND])
    return lambda rig: command


def _locate(call: ServiceCall, rigs: Rigs) -> Decide:
    value = "on" if call.data[ATTR_STATE] else "off"
    command = Command(action=Action.LOCATE, value=value)
    return lambda rig: command


def _set_power_target(call: ServiceCall, rigs: Rigs) -> Decide:
    watts: int = call.data[ATTR_WATTS]
    command = Command(action=Action.SET_POWER_TARGET, value=str(watts))

    def decide(rig: Rig | None) -> Command:
        least = rig.power_target_least if rig else None
        most = rig.power_target_most if rig else None
        if least is not None and watts < least:
            raise ValueError(f"it cannot be set to less than {least:.0f} W")
        if most is not None and watts > most:
            raise ValueError(f"it cannot be set to more than {most:.0f} W")
        return command

    return decide


def _set_pools(call: ServiceCall, rigs: Rigs) -> Decide:
    command = Command(action=Action.SET_POOLS, data={ATTR_POOLS: call.data[ATTR_POOLS]})
    return lambda rig: command


def _set_fan(call: ServiceCall, rigs: Rigs) -> Decide:
    data: dict[str, Json] = {ATTR_MODE: call.data[ATTR_MODE]}
    if ATTR_DUTY in call.data:
        data[ATTR_DUTY] = call.data[ATTR_DUTY]
    if (data[ATTR_MODE] == MANUAL) != (ATTR_DUTY in data):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="duty_with_manual"
        )
    command = Command(action=Action.SET_FAN, data=data)
    return lambda rig: command


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of the integration, or of an extension."""

    name: str
    action: str
    """An Action, or a command of an extension: ``<extension>.<name>``."""
    prepare: Prepare
    fields: VolDictType = field(default_factory=dict)
    """Apart from those that all services have."""
    description: Mapping[str, object] | None = None
    """Of an extension's service, as ``services.yaml`` would hold it: ``name``,
    ``description`` and ``fields``."""
    is_for_everybody: bool = False
    """Whether a command of an extension may be given by users who are no administrators."""

    @property
    def admin_only(self) -> bool:
        """Whether it is for administrators."""
        if self.action in Action:
            return self.action in FOR_ADMINISTRATORS
        return not self.is_for_everybody


def plain_service(
    extension_id: str,
    name: str,
    *,
    fields: VolDictType | None = None,
    description: Mapping[str, object] | None = None,
    is_for_everybody: bool = False,
) -> Service:
    """Make a service ``<extension_id>_<name>`` that sends its fields as they are.

    The rigs get the command ``<extension_id>.<name>`` with the fields as ``data``.
    """
    action = f"{extension_id}.{name}"
    names = {str(key) for key in fields or {}}

    def prepare(call: ServiceCall, rigs: Rigs) -> Decide:
        data: dict[str, Json] = {
            key: value for key, value in call.data.items() if key in names
        }
        command = Command(action=action, data=data)
        return lambda rig: command

    return Service(
        name=f"{extension_id}_{name}",
        action=action,
        prepare=prepare,
        fields=dict(fields or {}),
        description=description,
        is_for_everybody=is_for_everybody,
    )


SERVICES = (
    *(
        Service(name=action, action=action, prepare=partial(_plain, action))
        for action in (
            Action.RESTART_MINING,
            Action.PAUSE_MINING,
            Action.RESUME_MINING,
            Action.REBOOT,
            Action.UPGRADE,
        )
    ),
    Service(
        name=Action.SHUTDOWN,
        action=Action.SHUTDOWN,
        prepare=_shutdown,
        fields={probatio.Optional(ATTR_WAKEALARM): cv.boolean},
    ),
    Service(
        name=Action.LOCATE,
        action=Action.LOCATE,
        prepare=_locate,
        fields={probatio.Optional(ATTR_STATE, default=True): cv.boolean},
    ),
    *(
        Service(
            name=setting.action,
            action=setting.action,
            prepare=partial(_choose, setting),
            fields={probatio.Required(setting.field_name): _TEXT},
        )
        for setting in SETTINGS
    ),
    Service(
        name=Action.SET_POWER_TARGET,
        action=Action.SET_POWER_TARGET,
        prepare=_set_power_target,
        fields={
            probatio.Required(ATTR_WATTS): probatio.All(
                probatio.Coerce(int), probatio.Range(min=1, max=100_000)
            )
        },
    ),
    Service(
        name=Action.SET_FAN,
        action=Action.SET_FAN,
        prepare=_set_fan,
        fields={
            probatio.Required(ATTR_MODE): probatio.In([AUTO, MANUAL]),
            probatio.Optional(ATTR_DUTY): probatio.All(
                probatio.Coerce(int), probatio.Range(min=0, max=100)
            ),
        },
    ),
    Service(
        name=Action.SET_POOLS,
        action=Action.SET_POOLS,
        prepare=_set_pools,
        fields={
            probatio.Required(ATTR_POOLS): probatio.All(
                cv.ensure_list,
                probatio.Length(min=1, max=MOST_POOLS),
                [probatio.Schema(POOL_FIELDS)],
            )
        },
    ),
)
"""Of all rigs that accept them, whatever they are read from."""

HIVEOS_SERVICES = (
    Service(
        name="hiveos_update_worker",
        action=Action.UPDATE_SETTINGS,
        prepare=_update_worker,
        fields=WORKER_FIELDS,
    ),
    Service(
        name="hiveos_exec",
        action=Action.EXECUTE,
        prepare=_execute,
        fields={probatio.Required(ATTR_COMMAND): _TEXT},
    ),
)
