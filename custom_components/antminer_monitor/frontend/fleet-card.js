// The card of the whole fleet: a table in which a thousand rigs can be found, compared and told
// what to do.

import { ActionBar, canSelect } from "./fleet-actions.js";
import { sorted } from "./fleet-columns.js";
import { completed, pathTo } from "./fleet-config.js";
import { FilterBar, SortChoice, filtered, fixed } from "./fleet-filter.js";
import { styles } from "./fleet-styles.js";
import { FleetTable } from "./fleet-table.js";
import { h, moreInfo, navigate, setText } from "./lib/dom.js";
import { subscribeFleet } from "./lib/feed.js";
import { number } from "./lib/format.js";
import { textsFor } from "./lib/texts.js";
import { FleetCardEditor } from "./fleet-card-editor.js";

const TYPE = "antminer-monitor-fleet-card";
const TEXTS_RETRY_MS = 5000;

/** What changes how rows look, of all that Home Assistant's state holds. */
const LOOKED_AT = ["connection", "locale", "language", "areas", "config", "services"];

/** What a person chose, for when they come back from the page of a rig. */
const remembered = new Map();

class FleetCard extends HTMLElement {
  static getConfigElement() {
    return document.createElement(`${TYPE}-editor`);
  }

  static getStubConfig() {
    return {};
  }

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles];
    this.selected = new Set();
    this.list = [];
    this.feed = {};
  }

  setConfig(config) {
    this.config = completed(config);
    this.memory = JSON.stringify(config);
    const kept = remembered.get(this.memory);
    this.sort = kept?.sort ?? this.config.sort;
    this.wanted = kept?.wanted ?? {};
    this.scrolled = kept?.scrolled;
    if (this.t) this.build();
  }

  set hass(hass) {
    const before = this.hass_;
    this.hass_ = hass;
    // Home Assistant sets this with every change of any state.
    if (before && LOOKED_AT.every((name) => before[name] === hass[name])) return;
    if (before?.connection !== hass.connection) this.follow();
    if (!this.t || before?.locale?.language !== hass.locale?.language) this.loadTexts();
    else this.look();
  }

  get hass() {
    return this.hass_;
  }

  /** Home Assistant tells where the card stands: as the only one of a "panel" it fills the page. */
  set layout(layout) {
    this.toggleAttribute("fills", layout === "panel");
  }

  getCardSize() {
    return 2 + Math.ceil((this.config?.rows ?? 0) * 0.9);
  }

  getGridOptions() {
    return { columns: "full", min_columns: 6, min_rows: 4 };
  }

  connectedCallback() {
    this.table?.connect();
    this.scrolled ??= remembered.get(this.memory)?.scrolled;
    this.follow();
  }

  disconnectedCallback() {
    // Home Assistant says so of a card that is shown to those who choose or edit one.
    if (!this.preview) {
      remembered.set(this.memory, {
        sort: this.sort,
        wanted: this.wanted,
        // Of the element itself nothing is known any more.
        scrolled: this.table?.rows.top,
      });
    }
    this.table?.disconnect();
    clearTimeout(this.retrying);
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }

  follow() {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    if (!this.isConnected || !this.hass_?.connection) return;
    this.unsubscribe = subscribeFleet(this.hass_, (feed) => {
      this.feed = feed;
      this.update();
    });
  }

  async loadTexts() {
    try {
      this.t = await textsFor(this.hass_);
    } catch {
      // Without texts there are no words for it either.
      this.retrying = setTimeout(() => this.loadTexts(), TEXTS_RETRY_MS);
      return;
    }
    if (this.config) this.build();
  }

  build() {
    const { t, config } = this;
    this.table?.disconnect();
    const format = (value) => number(this.hass_, value);
    this.filters = new FilterBar(t, this.wanted, (wanted) => {
      this.wanted = wanted;
      this.update();
    });
    this.sorting = new SortChoice(t, config.columns, (sort) => this.sortBy(sort));
    this.filters.reset.before(this.sorting.element);
    this.actions = new ActionBar(t, { clear: () => this.select([]), number: format });
    this.notice = h("div", { class: "notice", role: "status" });
    this.table = new FleetTable(t, {
      sort: (column) =>
        this.sortBy({ column, descending: this.sort.column === column && !this.sort.descending }),
      open: (row) => this.open(row),
      toggle: (row, toHere) => this.toggle(row, toHere),
      toggleAll: (checked) => this.toggleAll(checked),
      clear: () => this.select([]),
    });
    const { style } = this.table.element;
    // The head of the table takes the height of a row, and two lines.
    const rows = `calc(${config.rows + 1} * var(--row-height) + 2px)`;
    style.setProperty("--table-height", config.height || rows);
    this.toggleAttribute("sized", Boolean(config.height));
    this.card = h(
      "ha-card",
      {},
      config.title && h("h1", {}, config.title),
      this.filters.element,
      this.notice,
      this.table.element,
      this.actions.element,
    );
    this.shadowRoot.replaceChildren(this.card);
    if (this.isConnected) this.table.connect();
    this.look();
  }

  /** Take up what the user chose in Home Assistant: every row is drawn anew. */
  look() {
    if (!this.table) return;
    const { hass_: hass, t } = this;
    const language = hass.locale?.language || hass.language || "en";
    this.view = {
      hass,
      t,
      collator: new Intl.Collator(language, { numeric: true, sensitivity: "base" }),
      number: (value) => number(hass, value),
      areaName: (row) => (row.area_id ? (hass.areas?.[row.area_id]?.name ?? null) : null),
      pathOf: (row) => pathTo(this.config.rigPath, row),
      canSelect,
    };
    this.update();
  }

  /** Show what there is: the fleet, or in words why there is none. */
  update() {
    if (!this.table) return;
    const { feed, view } = this;
    const rows = fixed(feed.rigs ? [...feed.rigs.values()] : [], this.config.filters);
    this.filters.element.hidden = !rows.length;
    this.table.element.hidden = !rows.length;
    this.filters.offer(rows, view);
    const { column, descending } = this.sort;
    this.list = sorted(this.inOrder(filtered(rows, this.wanted, view)), column, descending, view);
    this.selectable = rows.some(canSelect);
    this.table.setColumns(this.config.columns, this.selectable);
    this.sorting.show(this.sort);
    const count = { count: rows.length, number: view.number(rows.length) };
    const shown = this.list.length;
    this.filters.tell(
      shown === rows.length
        ? this.t("fleet.count", count)
        : this.t("fleet.count_filtered", { ...count, shown: view.number(shown) }),
    );
    this.tell(rows);
    // What is gone, or what this user may not do any more, is not selected any more.
    const able = new Set(rows.filter(canSelect).map((row) => row.id));
    for (const id of this.selected) if (!able.has(id)) this.selected.delete(id);
    this.showSelected();
    if (this.scrolled && shown) {
      this.table.measure();
      this.table.element.scrollTop = this.scrolled;
      this.scrolled = undefined;
    }
  }

  /** Rows in the order of before: most of it holds, and what is nearly sorted is sorted fast. */
  inOrder(rows) {
    const left = new Map(rows.map((row) => [row.id, row]));
    const known = [];
    for (const { id } of this.list) {
      if (left.has(id)) known.push(left.get(id));
      left.delete(id);
    }
    return [...known, ...left.values()];
  }

  tell(rows) {
    const { t, feed } = this;
    let text = "";
    if (feed.error) {
      const key = feed.error.code === "disconnected" ? "disconnected" : "failed";
      text = t(feed.rigs ? `fleet.old.${key}` : `fleet.error.${key}`, { reason: feed.error.message });
    } else if (!feed.rigs) text = t("fleet.loading");
    else if (!feed.rigs.size) text = t("fleet.empty");
    else if (!rows.length) text = t("fleet.empty_filters");
    else if (!this.list.length) text = t("fleet.none_match");
    this.notice.hidden = !text;
    this.notice.classList.toggle("failed", Boolean(feed.error));
    this.table.element.classList.toggle("old", Boolean(feed.error));
    setText(this.notice, text);
  }

  showSelected() {
    this.table.show(this.list, this.view, this.selected, this.sort);
    const inSight = this.table.rows.places;
    const chosen = [...this.selected].map((id) => this.feed.rigs.get(id));
    const hidden = chosen.filter((row) => !inSight.has(row.id)).length;
    this.actions.show(this.hass_, chosen, hidden);
  }

  sortBy(sort) {
    this.sort = sort;
    this.update();
  }

  select(ids) {
    this.selected = new Set(ids);
    this.showSelected();
  }

  /** Select a row or not; with `toHere` all from the last one on, as that one is. */
  toggle(row, toHere) {
    if (!canSelect(row)) return;
    const ids = new Set(this.selected);
    const { places } = this.table.rows;
    const from = places.get(this.anchor);
    const to = places.get(row.id);
    if (toHere && from !== undefined) {
      const on = ids.has(this.anchor);
      for (const other of this.list.slice(Math.min(from, to), Math.max(from, to) + 1)) {
        if (canSelect(other)) ids[on ? "add" : "delete"](other.id);
      }
    } else {
      if (!ids.delete(row.id)) ids.add(row.id);
      this.anchor = row.id;
    }
    this.select(ids);
  }

  /** All that the filters leave; what they hide stays as it is. */
  toggleAll(checked) {
    const ids = new Set(this.selected);
    for (const row of this.list) if (canSelect(row)) ids[checked ? "add" : "delete"](row.id);
    this.select(ids);
  }

  open(row) {
    const path = this.view.pathOf(row);
    if (path) {
      navigate(path);
      return;
    }
    const entities = Object.values(this.hass_.entities ?? {}).filter(
      (entity) => entity.device_id && entity.device_id === row.device_id,
    );
    const status = entities.find(
      (entity) => entity.translation_key === "status" && entity.entity_id.startsWith("sensor."),
    );
    const entity = status ?? entities[0];
    if (entity) moreInfo(this, entity.entity_id);
  }
}

/** The card as the picker of cards offers it. */
const FLEET_CARD = {
  type: TYPE,
  name: "Antminer Monitor: fleet",
  description: "All miners in one table: search, sort, compare, select many and act.",
  preview: true,
};

/** Make the card and its editor known, and offer the card in the picker of cards; once. */
export function registerFleetCard() {
  // After an update the page of before may be open still: its elements stay until it is loaded anew.
  if (customElements.get(TYPE)) return;
  customElements.define(TYPE, FleetCard);
  customElements.define(`${TYPE}-editor`, FleetCardEditor);
  window.customCards ??= [];
  if (!window.customCards.some(({ type }) => type === TYPE)) window.customCards.push(FLEET_CARD);
}
