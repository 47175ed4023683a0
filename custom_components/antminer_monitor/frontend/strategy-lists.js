// "Miners", "Farms", "Energy" and "Logs".

import { textsFor } from "./lib/texts.js";
import { happened, heading, note, section, sectionsView, statistics, tile, totalHashrates, trend, unless } from "./strategy-cards.js";
import { fleetOf } from "./strategy-fleet.js";

export class MinersStrategy extends HTMLElement {
  static async generate() {
    return {
      type: "panel",
      cards: [{ type: "custom:antminer-monitor-fleet-card", rig_path: "rig-{device_id}" }],
    };
  }

  /** The card follows the fleet by itself. */
  static registryDependencies = [];
}

export class FarmsStrategy extends HTMLElement {
  static async generate(config, hass) {
    const t = await textsFor(hass);
    const { farms, machines, rigs } = fleetOf(hass);
    if (!farms.length) return sectionsView([empty(t("dashboard.farms.empty"))]);
    const accounts = machines.filter((machine) =>
      farms.some((farm) => farm.viaDeviceId === machine.deviceId),
    );
    return sectionsView([
      ...farms.map((farm) => farmSection(hass, farm, rigs)),
      ...accounts.map((account) =>
        section(heading(account.name, "mdi:account-hard-hat"), [
          ...account.domain("binary_sensor").map((entity) => tile(entity)),
          happened([account]),
        ]),
      ),
    ]);
  }
}

const FARM_SENSORS = ["efficiency", "rigs_online", "rigs_offline", "rigs_stale", "rigs_with_problem", "accepted_share_ratio", "power_cost", "total_energy", "total_cost"];

function farmSection(hass, farm, rigs) {
  return section(heading(farm.name, "mdi:barn"), [
    ...totalHashrates(hass, farm),
    ...farm.sensors("total_power").map((entity) => trend(entity, { color: "amber" })),
    ...farm.sensors("coin_hashrate", ...FARM_SENSORS).map((entity) => tile(entity, unless(entity, "unknown"))),
    happened([farm, ...rigs.filter((rig) => rig.viaDeviceId === farm.deviceId)], { grid_options: { columns: "full", rows: 5 } }),
  ]);
}

export class EnergyStrategy extends HTMLElement {
  static async generate(config, hass) {
    const t = await textsFor(hass);
    const { fleets, rigs } = fleetOf(hass);
    const of = (key) => fleets.flatMap((fleet) => fleet.sensors(key));
    const energy = of("total_energy");
    if (!energy.length && !of("total_power").length) return sectionsView([empty(t("dashboard.energy.empty"))]);
    const cost = of("total_cost");
    return sectionsView(
      [
        ...fleets.map((fleet) => spent(t, fleet)),
        section(heading(t("dashboard.energy.use"), "mdi:lightning-bolt"), [
          statistics(energy, { title: t("dashboard.energy.daily"), ...DAILY }),
          statistics(of("total_power"), { title: t("dashboard.history.power"), ...COURSE }),
        ]),
        section(heading(t("dashboard.energy.worth"), "mdi:scale-balance"), [
          statistics(efficiencies(hass, fleets, rigs), { title: t("dashboard.energy.efficiency"), ...COURSE }),
          statistics(cost, { title: t("dashboard.energy.cost"), ...DAILY }),
          cost.length ? null : note(t("dashboard.energy.no_price")),
        ]),
      ],
      { max_columns: 2 },
    );
  }
}

/** Of the sites and farms; of rigs where these have several algorithms, and so none for the whole. */
function efficiencies(hass, fleets, rigs) {
  const known = (entity) => hass.states[entity].state !== "unknown" && hass.states[entity].attributes.unit_of_measurement === "J/TH";
  const ofFleets = fleets.flatMap((fleet) => fleet.sensors("efficiency")).filter(known);
  return ofFleets.length ? ofFleets : rigs.flatMap((rig) => rig.sensors("efficiency")).filter(known).slice(0, MOST_LINES);
}

/** More in one chart cannot be told apart. */
const MOST_LINES = 12;

const DAILY = { chart_type: "bar", period: "day", days_to_show: 30, stat_types: ["change"] };
const COURSE = { chart_type: "line", period: "hour", days_to_show: 7, stat_types: ["mean"] };

/** What a site or farm used, and what that cost: today and this month. */
function spent(t, fleet) {
  const cards = [];
  for (const [key, icon] of [["total_energy", "mdi:lightning-bolt"], ["total_cost", "mdi:cash"]]) {
    for (const entity of fleet.sensors(key)) {
      for (const period of ["day", "month"]) {
        cards.push({
          type: "custom:antminer-monitor-spent-card",
          entity,
          icon,
          name: t(`dashboard.energy.${key}_${period}`),
          period,
        });
      }
    }
  }
  return section(heading(fleet.name, fleet.viaDeviceId ? "mdi:barn" : "mdi:factory"), cards);
}

export class LogsStrategy extends HTMLElement {
  static async generate(config, hass) {
    const t = await textsFor(hass);
    // Nothing is said of a hashboard or of a graphics card: it is said of its rig.
    const machines = fleetOf(hass).machines.filter((machine) => !machine.parentDeviceId);
    return sectionsView(
      [
        section(heading(t("dashboard.logs.events"), "mdi:history"), [
          happened(machines, { grid_options: { columns: "full", rows: 16 } }) ?? note(t("dashboard.logs.no_events")),
        ]),
        hass.user?.is_admin
          ? section(heading(t("dashboard.logs.own"), "mdi:text-box-outline"), [
              { type: "custom:antminer-monitor-log-card", grid_options: { columns: "full", rows: 16 } },
            ])
          : null,
      ],
      { max_columns: 2 },
    );
  }
}

function empty(text) {
  return { type: "grid", cards: [note(text)] };
}
