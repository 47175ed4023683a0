"""Sites and farms as everybody outside sees them: totals over rigs.

Base units: H/s, W, seconds. Only rigs that somebody may see are counted for them.
"""

from collections.abc import Callable, Iterator

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .access import Access
from .const import CONF_KIND, DOMAIN, KIND_PACKS
from .fleet import FleetCoordinator, count_sick, totals
from .fleet_rows import EFFICIENCY_DIGITS, Row
from .hub import AntminerMonitorConfigEntry
from .units import rate_unit, significant


@callback
def farm_items(
    hass: HomeAssistant, access: Callable[[str], Access], *, everything: bool
) -> Iterator[Row]:
    """Give every site and farm of which somebody sees a rig; with ``everything`` the empty ones too."""
    for entry in rig_entries(hass):
        for fleet in entry.runtime_data.fleets.values():
            item = _item(entry, fleet, access)
            if item["rigs"] or everything:
                yield item


@callback
def rig_entries(hass: HomeAssistant) -> list[AntminerMonitorConfigEntry]:
    """Give the entries that are loaded and read rigs."""
    return [
        entry
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if entry.data.get(CONF_KIND) != KIND_PACKS
    ]


def _item(
    entry: AntminerMonitorConfigEntry,
    fleet: FleetCoordinator,
    access: Callable[[str], Access],
) -> Row:
    rigs = {
        rig_id: coordinator
        for coordinator in fleet.coordinators
        for rig_id in coordinator.rig_ids
        if access(rig_id) > Access.NONE
    }
    live = [
        coordinator.data[rig_id]
        for rig_id, coordinator in rigs.items()
        if not coordinator.is_stale(rig_id)
    ]
    total = totals(live, rigs=len(rigs), stale=len(rigs) - len(live))
    device = dr.async_get(fleet.hass).async_get_device_by_identifier(
        (DOMAIN, fleet.device_id), entry.entry_id
    )
    unit = None
    if total.efficiency is not None:
        (algorithm,) = total.hashrates
        unit = max(
            (rate_unit(rig, algorithm) for rig in live), key=lambda known: known.scale
        )
    name = device and (device.name_by_user or device.name)
    return {
        "id": fleet.device_id,
        "name": name or entry.title,
        "kind": entry.data.get(CONF_KIND),
        "entry_id": entry.entry_id,
        "site": entry.title,
        "device_id": device.id if device else None,
        "area_id": device.area_id if device else None,
        "rigs": total.rigs,
        "rigs_online": total.online,
        "rigs_stale": total.stale,
        "rigs_with_problem": count_sick(
            (coordinator, rig_id) for rig_id, coordinator in rigs.items()
        ),
        "hashrates": dict(total.hashrates),
        "power": total.power,
        "power_is_complete": total.power_is_complete,
        "efficiency": significant(total.efficiency * unit.scale, EFFICIENCY_DIGITS)
        if unit and total.efficiency is not None
        else None,
        "efficiency_unit": f"J/{unit.work}" if unit else None,
    }
