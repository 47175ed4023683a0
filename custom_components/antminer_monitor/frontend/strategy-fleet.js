// Rigs, sites and farms as Home Assistant's registries tell of them: only what this user may see.

const PLATFORM = "antminer_monitor";

/** Binary sensors that say that a rig needs somebody; the worst first. */
export const PROBLEM_KEYS = [
  "overheating",
  "board_fault",
  "fan_fault",
  "pool_fault",
  "hashrate_low",
  "reported_problem",
];

const domainOf = (entityId) => entityId.slice(0, entityId.indexOf("."));

/** A device of ours and its entities, by what they tell. */
class Machine {
  constructor(deviceId, device) {
    this.deviceId = deviceId;
    this.name = device?.name_by_user || device?.name || deviceId;
    this.viaDeviceId = device?.via_device_id ?? null;
    this.parentDeviceId = device?.parent_device_id ?? null;
    this.entities = [];
  }

  /** Entity ids with one of these keys, in the order of the keys. */
  all(domain, ...keys) {
    return keys.flatMap((key) =>
      this.entities
        .filter((entity) => entity.key === key && entity.domain === domain)
        .map((entity) => entity.id),
    );
  }

  sensors(...keys) {
    return this.all("sensor", ...keys);
  }

  sensor(key) {
    return this.sensors(key)[0];
  }

  binary(key) {
    return this.all("binary_sensor", key)[0];
  }

  /** Every entity of a domain, whatever its key. */
  domain(domain) {
    return this.entities.filter((entity) => entity.domain === domain).map((entity) => entity.id);
  }
}

/**
 * All devices of the integration that have entities: `rigs`, `fleets` (sites and farms, which
 * have totals), `farms` (those of the fleets that are reached through an account), and `parts`
 * (boards, graphics cards: by the id of the rig's device). Each list is in the order of the names.
 */
export function fleetOf(hass) {
  const machines = new Map();
  for (const entry of Object.values(hass.entities ?? {})) {
    if (entry.platform !== PLATFORM || !entry.device_id || entry.hidden) continue;
    // The registry lists every entity; states come only of those that the user may read.
    if (!(entry.entity_id in hass.states)) continue;
    let machine = machines.get(entry.device_id);
    if (!machine) {
      machine = new Machine(entry.device_id, hass.devices?.[entry.device_id]);
      machines.set(entry.device_id, machine);
    }
    machine.entities.push({
      id: entry.entity_id,
      key: entry.translation_key,
      domain: domainOf(entry.entity_id),
    });
  }
  const order = new Intl.Collator(hass.locale?.language, { numeric: true });
  const sorted = [...machines.values()].sort((a, b) => order.compare(a.name, b.name));
  const fleets = sorted.filter((machine) => machine.sensor("rigs"));
  const parts = new Map();
  for (const machine of sorted) {
    if (!machine.parentDeviceId) continue;
    if (!parts.has(machine.parentDeviceId)) parts.set(machine.parentDeviceId, []);
    parts.get(machine.parentDeviceId).push(machine);
  }
  return {
    rigs: sorted.filter((machine) => machine.binary("stale")),
    fleets,
    farms: fleets.filter((machine) => machine.viaDeviceId),
    machines: sorted,
    parts,
  };
}

/** The path of a page of the dashboard that is open. */
export function pagePath(page) {
  return `/${location.pathname.split("/")[1] || "mining-rigs"}/${page}`;
}

export const rigPage = (deviceId) => `rig-${deviceId}`;
