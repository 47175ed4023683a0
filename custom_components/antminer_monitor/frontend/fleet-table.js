// The table of the fleet: head, rows, keyboard and pointer. It shows what it is given.

import { COLUMNS } from "./fleet-columns.js";
import { Rows } from "./fleet-rows.js";
import { h, set, setAttribute } from "./lib/dom.js";

const SELECT_WIDTH = 44;

/**
 * A grid as ARIA has it: one stop of the Tab key, from which arrow keys lead to each cell.
 *
 * `on` holds what the table calls: `sort(column)`, `open(row)`, `toggle(row, toHere)`,
 * `toggleAll(checked)` and `clear()`.
 */
export class FleetTable {
  constructor(t, on) {
    this.t = t;
    this.on = on;
    this.active = { id: null, column: "name" };
    this.head = h("div", { class: "row head", role: "row", "aria-rowindex": 1 });
    this.element = h("div", {
      class: "table",
      role: "grid",
      "aria-label": t("fleet.table"),
      onkeydown: (event) => this.key(event),
      // Some browsers make a click of the space that the table has dealt with.
      onkeyup: (event) => event.key === " " && event.target.closest("[data-id]") && event.preventDefault(),
      onfocusin: (event) => this.focused(event),
      onclick: (event) => this.clicked(event),
      // Text is not to be marked by those who mark a range of rows.
      onmousedown: (event) => event.shiftKey && event.preventDefault(),
    });
    this.rows = new Rows(this.element, t);
    this.element.append(h("div", { class: "top", role: "rowgroup" }, this.head), this.rows.element);
    this.resized = new ResizeObserver(() => this.measure());
  }

  connect() {
    this.resized.observe(this.element);
    this.ticking = setInterval(() => document.hidden || this.rows.tick(), 1000);
  }

  disconnect() {
    this.resized.disconnect();
    clearInterval(this.ticking);
    this.rows.stop();
  }

  measure() {
    const style = getComputedStyle(this.element);
    const rowHeight = parseInt(style.getPropertyValue("--row-height"), 10) || this.rows.rowHeight;
    this.rows.measure(this.element.clientHeight, rowHeight);
    if (this.columns) this.rows.render();
  }

  /** Say which columns there are; a first one to select by, if anything can be selected. */
  setColumns(columns, selectable) {
    const key = JSON.stringify([columns, selectable]);
    if (key === this.key_) return;
    this.key_ = key;
    this.columns = selectable ? ["select", ...columns] : columns;
    const template = columns.map((name) => {
      const { least, share } = COLUMNS[name];
      return share ? `minmax(${least}px, ${share}fr)` : `${least}px`;
    });
    if (selectable) template.unshift(`${SELECT_WIDTH}px`);
    const least = columns.reduce((sum, name) => sum + COLUMNS[name].least, selectable ? SELECT_WIDTH : 0);
    this.element.style.setProperty("--columns", template.join(" "));
    this.element.style.setProperty("--select-width", selectable ? `${SELECT_WIDTH}px` : null);
    this.element.style.setProperty("--least-width", `${least}px`);
    setAttribute(this.element, "aria-colcount", this.columns.length);
    setAttribute(this.element, "aria-multiselectable", selectable ? "true" : null);
    this.buildHead(columns, selectable);
    this.rows.rebuild(columns, selectable);
    if (!this.columns.includes(this.active.column)) this.active.column = this.columns.at(-1);
  }

  buildHead(columns, selectable) {
    this.heads = new Map();
    const cell = (name, content, extra = "") => {
      this.heads.set(name, content);
      set(content, { tabindex: -1 });
      return h(
        "div",
        {
          class: `cell ${name}${extra}`,
          role: "columnheader",
          "data-column": name,
          "aria-colindex": this.heads.size,
        },
        content,
      );
    };
    const cells = [];
    if (selectable) {
      this.all = h("input", {
        type: "checkbox",
        onchange: () => this.on.toggleAll(this.all.checked),
      });
      cells.push(cell("select", this.all));
    }
    for (const name of columns) {
      const button = h(
        "button",
        { type: "button", onclick: () => this.on.sort(name) },
        h("span", { class: "label" }, this.t(`fleet.column.${name}`)),
        h("span", { class: "arrow", "aria-hidden": "true" }),
      );
      cells.push(cell(name, button, COLUMNS[name].numeric ? " numeric" : ""));
    }
    this.head.replaceChildren(...cells);
  }

  /** Show these rows. `view` is a new object whenever rows that are the same look different. */
  show(list, view, selected, sort) {
    const held = this.holdsFocus();
    const before = this.rows.places.get(this.active.id);
    this.rows.set(list, view, selected);
    setAttribute(this.element, "aria-rowcount", list.length + 1);
    for (const [name, content] of this.heads) {
      const direction = sort.descending ? "descending" : "ascending";
      const isKey = name === sort.column;
      if (name === "select") continue;
      setAttribute(content.parentElement, "aria-sort", isKey ? direction : "none");
    }
    this.showAll(list, view, selected);
    const lost = this.active.id !== null && !this.rows.places.has(this.active.id);
    if (this.active.id === null ? !held : lost) {
      // The row at the place of one that is gone, or the first.
      this.active.id = list[Math.min(before ?? 0, list.length - 1)]?.id ?? null;
    }
    this.rows.pin(this.active.id);
    this.rows.render();
    this.setTabStop();
    if (held && lost) this.target()?.focus({ preventScroll: true });
  }

  showAll(list, view, selected) {
    if (!this.all) return;
    const able = list.filter((row) => view.canSelect(row));
    const chosen = able.filter((row) => selected.has(row.id)).length;
    this.all.checked = chosen > 0 && chosen === able.length;
    this.all.indeterminate = chosen > 0 && chosen < able.length;
    this.all.disabled = able.length === 0;
    setAttribute(this.all, "aria-label", this.t("fleet.select_all", { number: view.number(able.length) }));
  }

  holdsFocus() {
    return this.element.contains(this.element.getRootNode().activeElement);
  }

  target() {
    const { id, column } = this.active;
    return id === null ? this.heads.get(column) : this.rows.line(id)?.target(column);
  }

  setTabStop() {
    const next = this.target() ?? this.heads.get(this.active.column);
    if (next === this.stop) return;
    if (this.stop) set(this.stop, { tabindex: -1 });
    set(next, { tabindex: 0 });
    this.stop = next;
  }

  /** Go to a row (-1 is the head) and a column. */
  go(index, column) {
    const { list } = this.rows;
    const place = Math.max(-1, Math.min(index, list.length - 1));
    this.active = { id: list[place]?.id ?? null, column };
    this.rows.pin(this.active.id);
    if (place >= 0) this.rows.reveal(place, this.head.parentElement.offsetHeight);
    this.setTabStop();
    // The row is in sight; sideways the browser scrolls by itself.
    this.target()?.focus();
  }

  /** The next column that is shown: on a phone some are not. */
  beside(column, step) {
    for (let at = this.columns.indexOf(column) + step; this.columns[at]; at += step) {
      const target = this.columns[at];
      const cell = this.active.id === null ? this.heads.get(target) : this.rows.line(this.active.id)?.target(target);
      if (cell?.checkVisibility?.() ?? true) return target;
    }
    return column;
  }

  key(event) {
    const { id, column } = this.active;
    const at = id === null ? -1 : this.rows.places.get(id);
    const row = this.rows.list[at];
    const page = Math.max(1, Math.floor(this.rows.height / this.rows.rowHeight) - 2);
    const whole = event.ctrlKey || event.metaKey;
    const last = this.rows.list.length - 1;
    const edge = (step) => this.columns.at(step < 0 ? 0 : -1);
    const moves = {
      ArrowDown: () => this.go(at + 1, column),
      ArrowUp: () => this.go(at - 1, column),
      ArrowRight: () => this.go(at, this.beside(column, 1)),
      ArrowLeft: () => this.go(at, this.beside(column, -1)),
      PageDown: () => this.go(at + page, column),
      PageUp: () => this.go(Math.max(0, at - page), column),
      Home: () => this.go(whole ? 0 : at, edge(-1)),
      End: () => this.go(whole ? last : at, edge(1)),
      Enter: row && (() => this.on.open(row)),
      " ": row && (() => this.on.toggle(row, event.shiftKey)),
      a: whole && this.all && (() => this.on.toggleAll(true)),
      Escape: this.all && (() => this.on.clear()),
    };
    const move = moves[event.key];
    if (!move || (event.altKey && event.key !== " ")) return;
    event.preventDefault();
    move();
  }

  focused(event) {
    const cell = event.target.closest("[data-column]");
    if (!cell) return;
    const id = cell.parentElement.dataset.id ?? null;
    const { column } = cell.dataset;
    if (id === this.active.id && column === this.active.column) return;
    this.active = { id, column };
    this.rows.pin(id);
    this.setTabStop();
  }

  clicked(event) {
    const line = event.target.closest("[data-id]");
    const row = line && this.rows.list[this.rows.places.get(line.dataset.id)];
    if (!row) return;
    if (event.target.closest(".select")) {
      // The box shows what is selected when the rows are drawn: not what the browser made of the click.
      // All of the cell counts: a box alone is small for a finger.
      this.on.toggle(row, event.shiftKey);
      return;
    }
    // A link that is to be opened elsewhere is the browser's.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.on.open(row);
  }
}
