// What a fleet card can be told in its configuration, and what it makes of it.

import { COLUMNS, DEFAULT_COLUMNS } from "./fleet-columns.js";

const FILTERS = ["site", "farm", "status", "area", "algorithm", "model"];

const DEFAULT_ROWS = 10;
const MOST_ROWS = 100;

function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** The configuration with everything in place; an Error names what of it is wrong. */
export function completed(config) {
  check(config && typeof config === "object", "The card needs a configuration.");
  const known = Object.keys(COLUMNS).join(", ");
  const columns = config.columns?.length ? config.columns : DEFAULT_COLUMNS;
  check(Array.isArray(columns), `"columns" must be a list of: ${known}.`);
  for (const name of columns) {
    check(Object.hasOwn(COLUMNS, name), `There is no column "${name}". Columns are: ${known}.`);
  }
  const sort = config.sort || "name";
  check(Object.hasOwn(COLUMNS, sort), `"sort" must be one of: ${known}.`);
  const filters = config.filters ?? {};
  check(typeof filters === "object" && !Array.isArray(filters), `"filters" must hold some of: ${FILTERS.join(", ")}.`);
  for (const name of Object.keys(filters)) {
    check(FILTERS.includes(name), `There is no filter "${name}". Filters are: ${FILTERS.join(", ")}.`);
  }
  const rows = Number(config.rows ?? DEFAULT_ROWS);
  check(rows >= 1 && rows <= MOST_ROWS, `"rows" must be a number from 1 to ${MOST_ROWS}.`);
  const height = typeof config.height === "number" ? `${config.height}px` : (config.height ?? "");
  check(typeof height === "string", '"height" must be a number of pixels or a length such as "60vh".');
  check(
    config.rig_path === undefined || typeof config.rig_path === "string",
    '"rig_path" must be a text such as "rig-{device_id}".',
  );
  return {
    title: config.title ?? "",
    columns: [...new Set(columns)],
    sort: { column: sort, descending: Boolean(config.descending) },
    filters,
    rows,
    height,
    rigPath: config.rig_path ?? "",
  };
}

/** Where a row leads: a page of the dashboard that the card stands in, or null. */
export function pathTo(rigPath, row) {
  if (!rigPath || !row.device_id) return null;
  const path = rigPath
    .replaceAll("{device_id}", encodeURIComponent(row.device_id))
    .replaceAll("{rig_id}", encodeURIComponent(row.id));
  return path.startsWith("/") ? path : `/${location.pathname.split("/")[1]}/${path}`;
}
