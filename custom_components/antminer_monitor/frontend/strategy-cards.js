// Home Assistant's own cards, as our pages use them.

import { pagePath, rigPage } from "./strategy-fleet.js";

const ENTITY_NAME = { type: "entity" };

const DAY_HOURS = 24;

export function heading(text, icon, options = {}) {
  return { type: "heading", heading: text, icon, ...options };
}

/** A tile under the name of the entity alone: the heading above it says whose it is. */
export function tile(entity, options = {}) {
  return { type: "tile", entity, name: ENTITY_NAME, ...options };
}

/** A tile with the course of the last day below the figure. */
export function trend(entity, options = {}) {
  return tile(entity, {
    features: [{ type: "trend-graph", hours_to_show: DAY_HOURS }],
    ...options,
  });
}

/** Tiles of the hashrates of a site or farm, under the names of the algorithms. */
export function totalHashrates(hass, fleet) {
  const entities = fleet.sensors("total_hashrate");
  const names = shortNames(hass, fleet, entities);
  return entities.map((entity, index) => trend(entity, { color: "primary", ...(names[index] ? { name: names[index] } : {}) }));
}

/**
 * Names without the words that all of them begin with: of "Total hashrate Scrypt" a phone would show no "Scrypt".
 *
 * Undefined where there is only one.
 */
function shortNames(hass, fleet, entities) {
  const names = entities.map((entity) => {
    const name = hass.states[entity].attributes.friendly_name ?? "";
    return (name.startsWith(`${fleet.name} `) ? name.slice(fleet.name.length + 1) : name).split(" ");
  });
  let same = 0;
  while (names.length > 1 && names.every((words) => words.length > same + 1 && words[same] === names[0][same])) same += 1;
  return names.map((words) => (same ? words.slice(same).join(" ") : undefined));
}

/** Options of a card that is only there while the state is another one. */
export function unless(entity, state) {
  return { visibility: [{ condition: "state", entity, state_not: state }] };
}

/** A section with these cards, or null if there is none in it. */
export function section(title, cards, options = {}) {
  const there = cards.filter(Boolean);
  return there.length ? { type: "grid", cards: [title, ...there], ...options } : null;
}

/** A page of sections; those that are null are left out. */
export function sectionsView(sections, options = {}) {
  return {
    type: "sections",
    max_columns: 3,
    dense_section_placement: true,
    sections: sections.filter(Boolean),
    ...options,
  };
}

export function note(text, options = {}) {
  return { type: "markdown", content: text, ...options };
}

/** A box in words; text of the user stays text in it. */
export function alertCard(kind, title, text) {
  return note(`<ha-alert alert-type="${kind}" title="${plain(title)}">${plain(text)}</ha-alert>`);
}

/** Without the characters that Markdown and HTML would read as something else. */
export function plain(text) {
  return String(text).replace(
    /[&<>"'`*_[\]\\{}|#~]/g,
    (character) => `&#${character.codePointAt(0)};`,
  );
}

export function history(entities, options = {}) {
  return entities.length
    ? {
        type: "history-graph",
        entities: entities.map((entity) => ({ entity })),
        hours_to_show: DAY_HOURS,
        grid_options: { columns: 12 },
        ...options,
      }
    : null;
}

export function statistics(entities, options = {}) {
  return entities.length
    ? {
        type: "statistics-graph",
        entities,
        grid_options: { columns: 12 },
        ...options,
      }
    : null;
}

/** What happened to these machines: lines in words, each once. */
export function happened(machines, options = {}) {
  return machines.length
    ? {
        type: "custom:antminer-monitor-events-card",
        devices: machines.map((machine) => machine.deviceId),
        grid_options: { columns: "full", rows: 8 },
        ...options,
      }
    : null;
}

/** A row that leads to the page of its rig. */
export function rigRow(entity, deviceId) {
  return {
    entity,
    secondary_info: "last-changed",
    tap_action: { action: "navigate", navigation_path: pagePath(rigPage(deviceId)) },
  };
}
