// The page of one rig.

import { subscribeRig } from "./lib/feed.js";
import { textsFor } from "./lib/texts.js";
import { alertCard, happened, heading, history, section, sectionsView, tile, trend } from "./strategy-cards.js";
import { fleetOf, PROBLEM_KEYS } from "./strategy-fleet.js";

/** How long the page waits to learn what the user may do with the rig. */
const FEED_WAIT_MS = 2000;

const TEMPERATURES = [
  "chip_temperature",
  "board_temperature",
  "inlet_temperature",
  "outlet_temperature",
  "gpu_temperature",
  "gpu_memory_temperature",
  "cpu_temperature",
];
const WORK = [
  "pool",
  "coin",
  "miner_program",
  "flight_sheet",
  "shares_accepted",
  "shares_rejected",
  "reject_rate",
  "best_share",
  "found_blocks",
];
const CONTROLS = ["switch", "select", "number", "button"];

export class RigStrategy extends HTMLElement {
  static async generate(config, hass) {
    const t = await textsFor(hass);
    const fleet = fleetOf(hass);
    const rig = fleet.rigs.find((machine) => machine.deviceId === config.device_id);
    if (!rig) return { cards: [alertCard("warning", t("dashboard.rig.gone_title"), t("dashboard.rig.gone"))] };
    const parts = fleet.parts.get(rig.deviceId) ?? [];
    const told = await rigNow(hass, rig.deviceId);
    return sectionsView(
      [
        now(t, rig, hass.user?.is_admin),
        hardware(t, rig, parts, told),
        work(t, rig),
        mayControl(hass, told) ? controls(t, rig) : null,
        past(t, rig),
        section(heading(t("dashboard.rig.events"), "mdi:history"), [happened([rig])]),
      ],
      { badges: badges(rig) },
    );
  }
}

/** The rig as the integration tells of it; undefined if it does not in time. */
function rigNow(hass, deviceId) {
  return new Promise((resolve) => {
    let stop = null;
    const done = (rig) => {
      clearTimeout(waiting);
      resolve(rig);
      // The first answer may come before there is anything to stop.
      queueMicrotask(() => stop?.());
    };
    const waiting = setTimeout(() => done(undefined), FEED_WAIT_MS);
    stop = subscribeRig(hass, { device_id: deviceId }, ({ rig, error }) => {
      if (rig !== undefined || error) done(rig);
    });
  });
}

function mayControl(hass, told) {
  return told?.commands ? told.commands.length > 0 : Boolean(hass.user?.is_admin);
}

/** Only what is wrong: a rig that is well has none. */
function badges(rig) {
  return rig.all("binary_sensor", "stale", ...PROBLEM_KEYS).map((entity) => ({
    type: "entity",
    entity,
    name: { type: "entity" },
    show_name: true,
    show_state: false,
    color: "red",
    visibility: [{ condition: "state", entity, state: "on" }],
  }));
}

function now(t, rig, isAdmin) {
  // The settings of a device are open to administrators only.
  const link = isAdmin
    ? { tap_action: { action: "navigate", navigation_path: `/config/devices/device/${rig.deviceId}` } }
    : {};
  return section(
    heading(rig.name, "mdi:pickaxe", {
      badges: [{ type: "entity", entity: rig.sensor("status"), show_state: true, show_icon: true }].filter((badge) => badge.entity),
      ...link,
    }),
    [
      ...rig.all("binary_sensor", "stale").map((entity) =>
        tile(entity, {
          color: "orange",
          state_content: ["last_seen"],
          grid_options: { columns: 12 },
          visibility: [{ condition: "state", entity, state: "on" }],
        }),
      ),
      ...rig.sensors("hashrate", "second_hashrate").map((entity) => trend(entity, { color: "primary" })),
      ...rig.sensors("power").map((entity) => trend(entity, { color: "amber" })),
      ...rig.sensors("efficiency").map((entity) => trend(entity, { color: "teal" })),
      ...rig.sensors("chip_temperature", "gpu_temperature").map((entity) => trend(entity, { color: "deep-orange" })),
      ...rig.sensors("started_at", "last_seen").map((entity) => tile(entity)),
    ],
  );
}

function controls(t, rig) {
  const ask = { text: t("dashboard.rig.confirm", { rig: rig.name }) };
  const press = (entity) => ({
    action: "perform-action",
    perform_action: "button.press",
    target: { entity_id: entity },
    confirmation: ask,
  });
  const options = {
    select: () => ({ features: [{ type: "select-options" }] }),
    number: () => ({ features: [{ type: "numeric-input", style: "buttons" }] }),
    // A slip of the finger must not stop a rig.
    switch: () => both({ action: "toggle", confirmation: ask }),
    button: (entity) => ({ hide_state: true, ...both(press(entity)) }),
  };
  return section(
    heading(t("dashboard.rig.controls"), "mdi:tune"),
    CONTROLS.flatMap((domain) => rig.domain(domain).map((entity) => tile(entity, options[domain](entity)))),
  );
}

const both = (action) => ({ tap_action: action, icon_tap_action: action });

function hardware(t, rig, parts, told) {
  const boards = told ? told.boards?.length > 0 : Boolean(rig.sensor("chips_faulty") || rig.sensor("chips_working"));
  const fans = [rig, ...parts].flatMap((machine) => machine.sensors("fan_speed"));
  const cards = parts.filter((part) => part.sensor("core_temperature") || part.sensor("hashrate"));
  return section(heading(t("dashboard.rig.hardware"), "mdi:chip"), [
    boards && { type: "custom:antminer-monitor-chip-map-card", device_id: rig.deviceId, title: t("dashboard.rig.boards"), fans: true, grid_options: { columns: "full" } },
    ...rig.sensors("chips_faulty", "chips_working", "hardware_errors", "frequency", "voltage", "load", "memory_free").map((entity) => tile(entity)),
    ...fans.map((entity) => tile(entity)),
    ...cards.flatMap((part) => [
      heading(part.name, "mdi:expansion-card", { heading_style: "subtitle" }),
      ...part.sensors("hashrate", "core_temperature", "memory_temperature", "fan_duty", "power").map((entity) => tile(entity)),
    ]),
  ], { row_span: 2 });
}

function work(t, rig) {
  return section(
    heading(t("dashboard.rig.work"), "mdi:server-network"),
    [
      ...rig.sensors(...WORK).map((entity) => tile(entity)),
      ...rig.sensors("pool").map((entity) => pools(t, entity)),
    ],
  );
}

/** All pools that the rig is set to; what the state says is put in by Home Assistant, as it changes. */
function pools(t, entity) {
  const words = JSON.stringify(
    Object.fromEntries(["alive", "dead", "disabled", "unknown"].map((status) => [status, t(`dashboard.pool_status.${status}`)])),
  );
  return {
    type: "markdown",
    show_empty: false,
    grid_options: { columns: "full" },
    content: [
      `{% set pools = state_attr('${entity}', 'pools') or [] %}{% if pools | count > 1 %}`,
      `| ${t("dashboard.rig.pool")} | ${t("dashboard.rig.pool_status")} |`,
      "|:--|:--|",
      "{% for pool in pools -%}",
      `| {% set address = (pool.address or '') | regex_replace('[^0-9A-Za-z.:_-]', '') %}{{ '**' ~ address ~ '**' if pool.active else address }} | {{ ${words}.get(pool.status, pool.status or '') }} |`,
      "{% endfor %}{% endif %}",
    ].join("\n"),
  };
}

function past(t, rig) {
  return section(heading(t("dashboard.home.last_day"), "mdi:chart-line"), [
    history(rig.sensors("hashrate", "second_hashrate"), { title: t("dashboard.history.hashrate") }),
    history(rig.sensors("power"), { title: t("dashboard.history.power") }),
    history(rig.sensors(...TEMPERATURES), { title: t("dashboard.history.temperature") }),
  ]);
}
