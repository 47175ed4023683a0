// The columns of the fleet: what of a row each shows, how it sorts and how it is drawn.

import {
  NONE,
  age,
  algorithmName,
  dateTime,
  efficiency,
  hashrate,
  isNumber,
  number,
  percent,
  power,
  secondsSince,
  temperature,
} from "./lib/format.js";
import { h, icon, setAttribute, setText } from "./lib/dom.js";
import { PROBLEM, PROBLEMS, statusLook, statusOf } from "./lib/status.js";

/** A measurement of a row: nothing of a rig that is stale, whatever was known before. */
function measured(row, value) {
  return row.is_stale || !isNumber(value) ? null : value;
}

/** The hottest chip: of a hashboard or of a graphics card. */
function hottest(row) {
  const known = [row.chip_temperature, row.gpu_temperature].filter(isNumber);
  return known.length ? measured(row, Math.max(...known)) : null;
}

/** How much of its nominal hashrate a rig does: 1 is all of it. */
export function share(row) {
  const rate = measured(row, row.hashrate);
  return rate !== null && row.hashrate_nominal > 0 ? rate / row.hashrate_nominal : null;
}

/** The problems of a row that we have words for, the worst first. */
export function problemsOf(row) {
  const problems = row.is_stale ? [] : (row.problems ?? []);
  return PROBLEMS.filter((problem) => problems.includes(problem));
}

function problemText(row, { t }) {
  return problemsOf(row)
    .map((problem) => t(`problem.${problem}`))
    .join(", ");
}

function figure(value, text, extra = {}) {
  return {
    numeric: true,
    least: 84,
    share: 0,
    sort: (row) => measured(row, value(row)),
    text: (row, view) => text(view.hass, measured(row, value(row)), row),
    ...extra,
  };
}

function words(value, extra = {}) {
  return {
    least: 110,
    share: 2,
    sort: (row, view) => value(row, view) || null,
    text: (row, view) => value(row, view) || NONE,
    ...extra,
  };
}

function drawStatus(cell, row, { t }) {
  const look = statusLook(row);
  if (!cell.firstChild) cell.append(icon(look.path), h("span", { class: "label" }));
  const [svg, label] = cell.children;
  setAttribute(svg.firstChild, "d", look.path);
  if (svg.style.color !== look.color) svg.style.color = look.color;
  setText(label, t(`status.${statusOf(row)}`));
  setAttribute(cell, "title", label.textContent);
}

function drawName(cell, row, { pathOf }) {
  if (!cell.firstChild) cell.append(h("a", { tabindex: -1 }));
  setText(cell.firstChild, row.name || row.id);
  setAttribute(cell.firstChild, "href", pathOf(row));
  setAttribute(cell, "title", row.name || row.id);
}

function drawHashrate(cell, row, view) {
  if (!cell.firstChild) {
    cell.append(
      h("span", { class: "value" }),
      h("span", { class: "hidden" }),
      h("span", { class: "bar", "aria-hidden": "true" }, h("span")),
    );
  }
  const [value, spoken, bar] = cell.children;
  const part = share(row);
  setText(value, COLUMNS.hashrate.text(row, view));
  const against =
    part === null ? "" : view.t("fleet.of_nominal", { share: percent(view.hass, part) });
  setText(spoken, against && ` ${against}`);
  setAttribute(cell, "title", against || null);
  bar.classList.toggle("empty", part === null);
  bar.classList.toggle("low", (row.problems ?? []).includes("hashrate_low"));
  bar.firstChild.style.transform = `scaleX(${Math.min(1, part ?? 0).toFixed(3)})`;
}

function drawProblems(cell, row, view) {
  const text = problemText(row, view);
  if (!cell.firstChild) {
    cell.append(icon(PROBLEM.path), h("span", { class: "label" }));
    cell.firstChild.style.color = PROBLEM.color;
  }
  cell.firstChild.style.display = text ? "" : "none";
  setText(cell.lastChild, text);
  setAttribute(cell, "title", text || null);
}

function drawAge(cell, row, view) {
  setText(cell, COLUMNS.age.text(row, view));
  setAttribute(cell, "title", row.last_seen ? dateTime(view.hass, row.last_seen, true) : null);
}

/**
 * Columns by their keys. `least` is the width in pixels that a column needs, `share` its part
 * of what is left over; `sort` gives what a row sorts by (null sorts last in either direction).
 */
export const COLUMNS = {
  status: {
    least: 98,
    share: 0,
    sort: (row) => statusLook(row).order,
    text: (row, { t }) => t(`status.${statusOf(row)}`),
    draw: drawStatus,
  },
  name: {
    least: 120,
    share: 3,
    sort: (row) => row.name || row.id,
    text: (row) => row.name || row.id,
    draw: drawName,
  },
  model: words((row) => row.model, { least: 110 }),
  hashrate: figure((row) => row.hashrate, (hass, value, row) => hashrate(hass, value, row.rate_unit ?? "TH/s"), {
    least: 104,
    share: 1,
    draw: drawHashrate,
  }),
  chip_temperature: figure(hottest, (hass, value) => temperature(hass, value), { least: 64 }),
  power: figure((row) => row.power, (hass, value) => power(hass, value), { least: 78 }),
  efficiency: figure(
    (row) => row.efficiency,
    (hass, value, row) => efficiency(hass, value, row.efficiency_unit ?? "J/TH"),
    { least: 88 },
  ),
  pool: words((row) => (row.is_stale ? null : row.pool), { least: 90 }),
  age: {
    numeric: true,
    least: 76,
    share: 0,
    // The youngest first: as the ages do, not as the times do.
    sort: (row) => {
      const at = Date.parse(row.last_seen ?? "");
      return Number.isNaN(at) ? null : -at;
    },
    text: (row, { hass, t }) => age(hass, t, secondsSince(row.last_seen)),
    draw: drawAge,
  },
  problems: {
    least: 120,
    share: 2,
    sort: (row) => -problemsOf(row).length,
    text: problemText,
    draw: drawProblems,
  },
  ip: words((row) => row.ip, { least: 116, share: 0 }),
  site: words((row) => row.site),
  farm: words((row) => row.farm),
  area: words((row, { areaName }) => areaName(row)),
  algorithm: words((row) => row.algorithm && algorithmName(row.algorithm), { share: 1, least: 90 }),
  firmware: words((row) => row.firmware),
  board_temperature: figure((row) => row.board_temperature, (hass, value) => temperature(hass, value), { least: 64 }),
  fan_speed: figure(
    (row) => row.fan_speed,
    (hass, value) => (isNumber(value) ? `${number(hass, value)} rpm` : NONE),
  ),
  reject_rate: figure((row) => row.reject_rate, (hass, value) => (isNumber(value) ? `${number(hass, value, 2)} %` : NONE)),
  chips_faulty: figure((row) => row.chips_faulty, (hass, value) => number(hass, value)),
};

/** Those of a card that does not say which it wants. */
export const DEFAULT_COLUMNS = [
  "status",
  "name",
  "model",
  "hashrate",
  "chip_temperature",
  "power",
  "efficiency",
  "pool",
  "age",
  "problems",
];

/** Sort rows by a column, equal ones by name; those without a value come last in any case. */
export function sorted(rows, key, descending, view) {
  const column = COLUMNS[key] ?? COLUMNS.name;
  const sign = descending ? -1 : 1;
  const compare = (one, other) =>
    typeof one === "string" ? view.collator.compare(one, other) : one - other;
  return rows
    .map((row) => ({ row, value: column.sort(row, view) }))
    .sort((one, other) => {
      if (one.value === null || other.value === null) {
        if (one.value !== other.value) return one.value === null ? 1 : -1;
      } else {
        const order = compare(one.value, other.value);
        if (order) return sign * order;
      }
      return (
        view.collator.compare(one.row.name || one.row.id, other.row.name || other.row.id) ||
        (one.row.id < other.row.id ? -1 : 1)
      );
    })
    .map(({ row }) => row);
}
