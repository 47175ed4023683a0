// The integration's own recent log lines, for administrators.

import { Card, message } from "./lib/card.js";
import { h, styleSheet } from "./lib/dom.js";
import { subscribeLogs } from "./lib/feed.js";
import { dateTime } from "./lib/format.js";

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];
const CHOICES = ["DEBUG", "INFO", "WARNING", "ERROR"];
const MOST_SHOWN = 300;

const STYLE = styleSheet(`
  :host { display: block; height: 100%; }
  ha-card { height: 100%; display: flex; flex-direction: column; box-sizing: border-box; overflow: hidden; }
  .bar { display: flex; align-items: center; gap: 8px; padding: 12px 16px; border-bottom: 1px solid var(--divider-color); }
  label { color: var(--secondary-text-color); }
  select {
    font: inherit; color: var(--primary-text-color); background: var(--card-background-color, #fff);
    border: 1px solid var(--divider-color); border-radius: 8px; padding: 6px 8px; min-height: 40px;
  }
  :focus-visible { outline: 2px solid var(--primary-color, #03a9f4); outline-offset: 2px; }
  ol { list-style: none; margin: 0; padding: 8px 16px 16px; overflow: auto; min-height: 120px; flex: 1; max-height: 70vh; }
  li { padding: 6px 0; border-bottom: 1px solid var(--divider-color); overflow-wrap: anywhere; }
  li:last-child { border-bottom: none; }
  .where { display: flex; flex-wrap: wrap; gap: 0 8px; font-size: var(--ha-font-size-s, 12px); color: var(--secondary-text-color); }
  .level { font-weight: var(--ha-font-weight-medium, 500); }
  .WARNING .level { color: var(--warning-color, #ffa600); }
  .ERROR .level, .CRITICAL .level { color: var(--error-color, #db4437); }
  .message { padding: 16px; color: var(--secondary-text-color); }
`);

export class LogCard extends Card {
  #level = "INFO";
  /** The texts that it was built with. */
  #drawnIn;

  constructor() {
    super(STYLE);
  }

  setConfig(config) {
    if (config.level !== undefined && !CHOICES.includes(config.level)) {
      throw new Error(`level: one of ${CHOICES.join(", ")} was expected`);
    }
    this.#level = config.level ?? "INFO";
    this.#drawnIn = undefined;
    super.setConfig(config);
  }

  getCardSize() {
    return 8;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6, rows: 8, min_rows: 4 };
  }

  subscribe(listener) {
    // Others are refused: there is no use in asking for them.
    return this.#isAdmin ? subscribeLogs(this.hass, listener) : null;
  }

  get #isAdmin() {
    return Boolean(this.hass?.user?.is_admin);
  }

  draw(card) {
    const { t } = this;
    card.header = this.config.title ?? "";
    if (!this.#isAdmin) {
      card.replaceChildren(message(t("log.admins_only")));
      return;
    }
    // What somebody looks for in the list of levels must not be drawn anew with each line.
    if (this.#drawnIn !== t) this.#build(card);
    this.#fill();
  }

  #build(card) {
    const { t } = this;
    const select = h(
      "select",
      { id: "level", onchange: (event) => this.#choose(event.target.value) },
      CHOICES.map((level) => h("option", { value: level, selected: level === this.#level }, t(`log.from.${level}`))),
    );
    card.replaceChildren(
      h("div", { class: "bar" }, h("label", { for: "level" }, t("log.show")), select),
      h("ol", { tabindex: "0", "aria-label": t("log.name") }),
    );
    this.#drawnIn = t;
  }

  #choose(level) {
    this.#level = level;
    this.#fill();
  }

  #fill() {
    const { t } = this;
    const list = this.shadowRoot.querySelector("ol");
    const { lines, error } = this.state ?? {};
    const say = (text) => list.replaceChildren(h("li", { class: "message", role: "status" }, text));
    if (!lines) {
      say(error ? t("log.error", { error: error.message }) : t("log.loading"));
      return;
    }
    const from = LEVELS.indexOf(this.#level);
    const shown = lines.filter((line) => LEVELS.indexOf(line.level) >= from).slice(-MOST_SHOWN);
    if (!shown.length) say(t("log.empty"));
    else list.replaceChildren(...shown.reverse().map((line) => this.#line(line)));
  }

  #line({ at, level, logger, message }) {
    return h(
      "li",
      { class: LEVELS.includes(level) ? level : null },
      h(
        "div",
        { class: "where" },
        h("span", { class: "level" }, this.t(`log.level.${level}`)),
        h("time", { datetime: at }, dateTime(this.hass, at, true)),
        h("span", {}, logger),
      ),
      h("div", {}, message),
    );
  }
}
