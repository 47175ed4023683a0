// "Home": totals, what needs attention, the last day.

import { textsFor } from "./lib/texts.js";
import { heading, history, note, rigRow, section, sectionsView, tile, totalHashrates, trend, unless } from "./strategy-cards.js";
import { fleetOf, pagePath, PROBLEM_KEYS } from "./strategy-fleet.js";

/** From so many rigs on, a list of what is wrong with each would be longer than anybody reads. */
const MOST_ROWS = 150;

const TOTALS = { type: "custom:antminer-monitor-totals-card", grid_options: { columns: 12 } };

export class HomeStrategy extends HTMLElement {
  static async generate(config, hass) {
    const t = await textsFor(hass);
    const { rigs, fleets } = fleetOf(hass);
    if (!rigs.length) {
      return sectionsView([{ type: "grid", cards: [heading(t("dashboard.home.empty_title"), "mdi:pickaxe"), note(t("dashboard.home.empty"))] }]);
    }
    return sectionsView([
      fleets.length > 1 ? section(heading(t("dashboard.home.all"), "mdi:sigma"), [TOTALS]) : null,
      attention(t, rigs, fleets),
      ...fleets.map((fleet) => totals(hass, fleet)),
      lastDay(t, fleets),
    ]);
  }
}

function totals(hass, fleet) {
  return section(
    heading(fleet.name, fleet.viaDeviceId ? "mdi:barn" : "mdi:factory", {
      tap_action: { action: "navigate", navigation_path: pagePath("miners") },
    }),
    [
      ...totalHashrates(hass, fleet),
      ...fleet.sensors("total_power").map((entity) => trend(entity, { color: "amber" })),
      // A fleet of several algorithms has no efficiency.
      ...fleet.sensors("efficiency").map((entity) => trend(entity, { color: "teal", ...unless(entity, "unknown") })),
      ...fleet.sensors("rigs_online").map((entity) => tile(entity, { color: "green" })),
      ...fleet.sensors("rigs_offline").map((entity) => tile(entity, { color: "grey", ...unless(entity, "0") })),
      ...fleet.sensors("rigs_stale").map((entity) => tile(entity, { color: "orange", ...unless(entity, "0") })),
      ...fleet.sensors("rigs_with_problem").map((entity) => tile(entity, { color: "red", ...unless(entity, "0") })),
    ],
  );
}

function attention(t, rigs, fleets) {
  const title = heading(t("dashboard.home.attention"), "mdi:alert-circle-outline");
  const well = {
    ...note(t("dashboard.home.all_well")),
    visibility: fleets
      .flatMap((fleet) => fleet.sensors("rigs_stale", "rigs_with_problem"))
      .map((entity) => ({ condition: "state", entity, state: "0" })),
  };
  const list =
    rigs.length > MOST_ROWS
      ? {
          type: "custom:antminer-monitor-fleet-card",
          filters: { status: ["attention"] },
          rig_path: "rig-{device_id}",
          grid_options: { columns: "full" },
        }
      : {
          type: "entity-filter",
          entities: rigs.flatMap((rig) =>
            rig.all("binary_sensor", "stale", ...PROBLEM_KEYS).map((entity) => rigRow(entity, rig.deviceId)),
          ),
          conditions: [{ condition: "state", state: "on" }],
          show_empty: false,
          card: { type: "entities", state_color: true, show_header_toggle: false },
          grid_options: { columns: "full" },
        };
  return section(title, [well.visibility.length ? well : null, list]);
}

function lastDay(t, fleets) {
  return section(heading(t("dashboard.home.last_day"), "mdi:chart-line"), [
    history(fleets.flatMap((fleet) => fleet.sensors("total_hashrate")), {
      title: t("dashboard.history.hashrate"),
    }),
    history(fleets.flatMap((fleet) => fleet.sensors("total_power")), {
      title: t("dashboard.history.power"),
    }),
  ], { column_span: 2 });
}
