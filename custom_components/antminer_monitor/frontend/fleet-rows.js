// The rows on screen: those of a fleet that are in sight have elements, the others are figures.

import { h, setAttribute } from "./lib/dom.js";
import { COLUMNS, problemsOf } from "./fleet-columns.js";

/** Rows drawn above and below what is in sight, so that a quick scroll shows no gap. */
const OVERSCAN = 6;
/** More are never drawn, however high the card is made. */
const MOST = 80;
const SETTLE_MS = 150;

/** A row's elements, made once and used for one rig after the other. */
class RowElement {
  constructor(columns, selectable, t) {
    this.columns = columns;
    this.cells = new Map();
    this.element = h("div", { class: "row", role: "row" });
    if (selectable) {
      this.box = h("input", { type: "checkbox", tabindex: -1 });
      this.add("select", h("div", { class: "cell select", role: "gridcell" }, this.box));
    }
    for (const key of columns) {
      const numeric = COLUMNS[key].numeric ? " numeric" : "";
      const role = key === "name" ? "rowheader" : "gridcell";
      this.add(key, h("div", { class: `cell ${key}${numeric}`, role, tabindex: -1 }));
    }
    this.t = t;
  }

  add(key, cell) {
    setAttribute(cell, "data-column", key);
    setAttribute(cell, "aria-colindex", this.cells.size + 1);
    this.cells.set(key, cell);
    this.element.append(cell);
  }

  /** What takes the focus of a column: the checkbox, or the cell itself. */
  target(key) {
    return key === "select" ? this.box : this.cells.get(key);
  }

  place(index, height) {
    if (this.index === index && this.height === height) return;
    this.index = index;
    this.height = height;
    this.element.style.transform = `translateY(${index * height}px)`;
    setAttribute(this.element, "aria-rowindex", index + 2);
    this.element.classList.toggle("odd", index % 2 === 1);
  }

  /** Draw a row, unless it is drawn already. */
  draw(row, view, selected, selectable) {
    if (this.row !== row || this.view !== view) {
      if (this.row?.id !== row.id) this.element.dataset.id = row.id;
      this.row = row;
      this.view = view;
      this.element.classList.toggle("stale", Boolean(row.is_stale));
      this.element.classList.toggle("troubled", problemsOf(row).length > 0);
      for (const key of this.columns) {
        const column = COLUMNS[key];
        const cell = this.cells.get(key);
        if (column.draw) column.draw(cell, row, view);
        else {
          const text = column.text(row, view);
          if (cell.textContent !== text) {
            cell.textContent = text;
            setAttribute(cell, "title", column.numeric ? null : text);
          }
        }
      }
      if (this.box) setAttribute(this.box, "aria-label", this.t("fleet.select", { name: row.name || row.id }));
    }
    if (!this.box) return;
    if (this.box.checked !== selected) this.box.checked = selected;
    this.box.hidden = !selectable;
    setAttribute(this.element, "aria-selected", selectable ? selected : null);
  }

  tick() {
    const cell = this.cells.get("age");
    if (cell) COLUMNS.age.draw(cell, this.row, this.view);
  }
}

/** Virtual rows within a scrolling element. */
export class Rows {
  constructor(scroller, t) {
    this.scroller = scroller;
    this.t = t;
    this.element = h("div", { class: "body", role: "rowgroup" });
    this.shown = new Map();
    this.spare = [];
    this.list = [];
    this.places = new Map();
    this.selected = new Set();
    this.pinned = null;
    this.rowHeight = 44;
    this.height = 0;
    this.top = 0;
    scroller.addEventListener("scroll", () => this.request(), { passive: true });
  }

  /** Other columns need other elements. */
  rebuild(columns, selectable) {
    this.columns = columns;
    this.selectable = selectable;
    for (const line of this.shown.values()) line.element.remove();
    this.shown.clear();
    this.spare = [];
  }

  set(list, view, selected) {
    this.list = list;
    this.places = new Map(list.map((row, index) => [row.id, index]));
    this.view = view;
    this.selected = selected;
  }

  measure(height, rowHeight) {
    this.height = height;
    this.rowHeight = rowHeight;
  }

  request() {
    if (this.requested) return;
    this.requested = requestAnimationFrame(() => {
      this.requested = undefined;
      this.render();
    });
  }

  stop() {
    cancelAnimationFrame(this.requested);
    clearTimeout(this.settling);
    this.requested = undefined;
  }

  /** Draw what is in sight, and the row that has the focus wherever it is. */
  render() {
    const { list, rowHeight } = this;
    const size = `${list.length * rowHeight}px`;
    if (this.element.style.height !== size) this.element.style.height = size;
    this.top = this.scroller.scrollTop;
    const first = Math.max(0, Math.floor(this.top / rowHeight) - OVERSCAN);
    const inSight = Math.ceil(this.height / rowHeight) + 1;
    const last = Math.min(list.length, first + Math.min(MOST, inSight + 2 * OVERSCAN));
    const wanted = new Map();
    for (let index = first; index < last; index += 1) wanted.set(list[index].id, index);
    if (this.places.has(this.pinned)) wanted.set(this.pinned, this.places.get(this.pinned));
    for (const [id, line] of this.shown) {
      if (!wanted.has(id)) {
        this.shown.delete(id);
        this.spare.push(line);
      }
    }
    for (const [id, index] of wanted) {
      let line = this.shown.get(id);
      if (!line) {
        line = this.spare.pop() ?? new RowElement(this.columns, this.selectable, this.t);
        this.shown.set(id, line);
        if (!line.element.isConnected) this.element.append(line.element);
      }
      line.place(index, rowHeight);
      const row = list[index];
      line.draw(row, this.view, this.selected.has(id), this.view.canSelect(row));
    }
    for (const line of this.spare) line.element.remove();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLE_MS);
  }

  /**
   * Bring the elements into the order that is seen, by which screen readers read.
   * The one that holds the focus stays: it would lose it.
   */
  settle() {
    const lines = [...this.shown.values()].sort((one, other) => one.index - other.index);
    const held = lines.findIndex((line) => line.element.contains(this.element.getRootNode().activeElement));
    const anchor = lines[held]?.element ?? null;
    let before = anchor;
    for (let index = (held < 0 ? lines.length : held) - 1; index >= 0; index -= 1) {
      const { element } = lines[index];
      if (element.nextSibling !== before) this.element.insertBefore(element, before);
      before = element;
    }
    let after = anchor;
    for (const { element } of held < 0 ? [] : lines.slice(held + 1)) {
      if (after.nextSibling !== element) after.after(element);
      after = element;
    }
  }

  tick() {
    for (const line of this.shown.values()) line.tick();
  }

  line(id) {
    return this.shown.get(id);
  }

  /** Scroll as little as shows a row whole, below a head of so many pixels. */
  reveal(index, head) {
    const top = index * this.rowHeight;
    const bottom = top + this.rowHeight + head;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (bottom > this.scroller.scrollTop + this.height) {
      this.scroller.scrollTop = bottom - this.height;
    }
    this.render();
  }

  /** Set which row stays drawn out of sight too: the one that the Tab key comes to. */
  pin(id) {
    this.pinned = id;
  }
}
