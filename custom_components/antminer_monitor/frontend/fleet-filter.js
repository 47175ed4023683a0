// Which rigs of the fleet are wanted: the rule, and the bar in which a person sets it.

import { h, set, setText } from "./lib/dom.js";
import { algorithmName } from "./lib/format.js";
import { STATUSES, statusOf } from "./lib/status.js";

/** The filters of the bar, in its order. Each chooses one of the values that the rigs have. */
const CHOICES = ["status", "model", "algorithm", "area", "group"];

const ATTENTION = "attention";
const SITE = "site:";
const FARM = "farm:";

const texts = new WeakMap();

/** Whether a person should look at a rig. */
function needsAttention(row) {
  return ["stale", "fault"].includes(statusOf(row)) || (row.problems ?? []).length > 0;
}

/** What a text is looked for in: rows are replaced when they change, so once for each. */
function textOf(row, view) {
  const area = view.areaName(row) ?? "";
  let known = texts.get(row);
  if (known?.area !== area) {
    const parts = [row.name, row.ip, row.mac, row.manufacturer, row.model, row.pool, row.site];
    parts.push(row.farm, area, row.firmware, row.algorithm, row.algorithm && algorithmName(row.algorithm));
    known = { area, text: parts.filter(Boolean).join("\n").toLocaleLowerCase() };
    texts.set(row, known);
  }
  return known.text;
}

const TESTS = {
  status: (row, value) => (value === ATTENTION ? needsAttention(row) : statusOf(row) === value),
  model: (row, value) => row.model === value,
  algorithm: (row, value) => row.algorithm === value,
  area: (row, value) => row.area_id === value,
  group: (row, value) =>
    value.startsWith(FARM) ? row.farm === value.slice(FARM.length) : row.entry_id === value.slice(SITE.length),
  // By the id of its entry or by its name, as a person writes it.
  site: (row, value) => row.entry_id === value || row.site === value,
  farm: (row, value) => row.farm === value,
};

/** Leave out rigs that a card's own `filters` ({status, site, …: a value or a list}) rule out. */
export function fixed(rows, filters) {
  const rules = Object.entries(filters ?? {})
    .filter(([name, wanted]) => TESTS[name] && wanted?.length)
    .map(([name, wanted]) => [TESTS[name], [wanted].flat()]);
  return rows.filter((row) => rules.every(([test, wanted]) => wanted.some((value) => test(row, value))));
}

/** Those of the rows that a person's filters leave: every word of `text`, and each choice. */
export function filtered(rows, wanted, view) {
  const parts = (wanted.text ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const rules = CHOICES.filter((name) => wanted[name]).map((name) => [TESTS[name], wanted[name]]);
  if (!parts.length && !rules.length) return rows;
  return rows.filter((row) => {
    if (!rules.every(([test, value]) => test(row, value))) return false;
    if (!parts.length) return true;
    const text = textOf(row, view);
    return parts.every((part) => text.includes(part));
  });
}

function distinct(rows, value) {
  return [...new Set(rows.map(value))].filter(Boolean);
}

/** What each filter offers: values and their names, in the order of the user's language. */
function offers(rows, view) {
  const { t, collator } = view;
  const named = (values, name) =>
    values
      .map((value) => [value, name(value)])
      .sort(([, one], [, other]) => collator.compare(one, other));
  const present = new Set(rows.map(statusOf));
  const status = Object.keys(STATUSES)
    .filter((name) => present.has(name))
    .map((name) => [name, t(`status.${name}`)]);
  if (rows.some(needsAttention)) status.unshift([ATTENTION, t("fleet.attention")]);
  const sites = new Map(rows.map((row) => [row.entry_id, row.site ?? row.entry_id]));
  const farms = distinct(rows, (row) => row.farm);
  const areas = new Map(rows.filter((row) => row.area_id).map((row) => [row.area_id, view.areaName(row)]));
  return {
    status,
    model: named(distinct(rows, (row) => row.model), (value) => value),
    algorithm: named(distinct(rows, (row) => row.algorithm), algorithmName),
    area: named([...areas.keys()], (id) => areas.get(id) ?? id),
    group: [
      ...named([...sites.keys()], (id) => sites.get(id)).map(([id, name]) => [SITE + id, name]),
      ...named(farms, (name) => name).map(([name]) => [FARM + name, t("fleet.farm", { name })]),
    ],
  };
}

/** The bar above the table. `changed` is called with what is wanted now. */
export class FilterBar {
  constructor(t, wanted, changed) {
    this.t = t;
    this.wanted = wanted;
    this.changed = changed;
    this.search = h("input", {
      type: "search",
      class: "search",
      placeholder: t("fleet.search"),
      "aria-label": t("fleet.search"),
      autocomplete: "off",
      oninput: () => this.choose("text", this.search.value),
    });
    this.search.value = wanted.text ?? "";
    this.selects = new Map(
      CHOICES.map((name) => [
        name,
        h("select", {
          class: "choice",
          "data-filter": name,
          "aria-label": t(`fleet.filter.${name}`),
          onchange: (event) => this.choose(name, event.target.value),
        }),
      ]),
    );
    this.reset = h(
      "button",
      { type: "button", class: "plain", onclick: () => this.clear() },
      t("fleet.clear_filters"),
    );
    this.count = h("span", { class: "count", role: "status" });
    this.element = h(
      "div",
      { class: "filters", role: "search", "aria-label": t("fleet.filters") },
      this.search,
      h("span", { class: "choices" }, [...this.selects.values()]),
      this.reset,
      this.count,
    );
  }

  choose(name, value) {
    this.wanted = { ...this.wanted, [name]: value };
    this.changed(this.wanted);
  }

  clear() {
    this.search.value = "";
    this.wanted = {};
    for (const select of this.selects.values()) select.value = "";
    this.search.focus();
    this.changed(this.wanted);
  }

  /** Offer what these rows have. A filter that could not tell them apart is not shown. */
  offer(rows, view) {
    const offered = offers(rows, view);
    for (const [name, select] of this.selects) {
      const options = offered[name];
      const chosen = this.wanted[name] ?? "";
      // A value that no rig has any more stays chosen: it is why nothing is shown.
      if (chosen && !options.some(([value]) => value === chosen)) {
        options.push([chosen, this.nameOf(name, chosen)]);
      }
      const key = JSON.stringify(options);
      if (select.dataset.key !== key) {
        select.dataset.key = key;
        select.replaceChildren(
          h("option", { value: "" }, this.t(`fleet.filter.${name}`)),
          ...options.map(([value, text]) => h("option", { value }, text)),
        );
        select.value = chosen;
      }
      select.hidden = options.length < 2 && !chosen;
    }
  }

  nameOf(name, value) {
    if (name === "status") {
      return value === ATTENTION ? this.t("fleet.attention") : this.t(`status.${value}`);
    }
    if (name === "algorithm") return algorithmName(value);
    return name === "group" ? value.slice(SITE.length) : value;
  }

  /** Say how many rigs of how many are shown. */
  tell(text) {
    const chosen = Object.values(this.wanted).some(Boolean);
    set(this.reset, { hidden: !chosen });
    setText(this.count, text);
  }
}

/** What a phone has in place of the heads of columns: by which the rows are sorted. */
export class SortChoice {
  constructor(t, columns, changed) {
    this.t = t;
    this.select = h(
      "select",
      {
        class: "choice",
        "aria-label": t("fleet.sort"),
        onchange: () => changed({ column: this.select.value, descending: this.descending }),
      },
      columns.map((name) => h("option", { value: name }, t(`fleet.column.${name}`))),
    );
    this.turn = h("button", {
      type: "button",
      class: "plain",
      onclick: () => changed({ column: this.select.value, descending: !this.descending }),
    });
    this.element = h("span", { class: "sorting" }, this.select, this.turn);
  }

  show({ column, descending }) {
    this.descending = descending;
    this.select.value = column;
    setText(this.turn, descending ? "▼" : "▲");
    set(this.turn, { "aria-label": this.t(descending ? "fleet.descending" : "fleet.ascending") });
  }
}
