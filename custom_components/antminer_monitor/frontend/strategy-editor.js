// The visual editor of the menu: which pages the dashboard has, in which order, and for whom.

import { fire, h, icon, setText, styleSheet } from "./lib/dom.js";
import { textsFor } from "./lib/texts.js";
import { fleetOf } from "./strategy-fleet.js";
import { PageForm } from "./strategy-editor-page.js";
import { defaultPages, PAGE_ICONS, PAGE_TYPES, pageProblem, pageTitle, problemText, readPages } from "./strategy-pages.js";
import { EDITOR_STYLE, SHAPES } from "./strategy-editor-style.js";

const STYLE = styleSheet(EDITOR_STYLE);

class StrategyEditor extends HTMLElement {
  #hass;
  #config;
  #pages = [];
  #t;
  #users;
  #open = null;
  #form = null;
  #told;
  #body;
  #live;

  set hass(hass) {
    const first = !this.#hass;
    this.#hass = hass;
    if (first) this.#load();
    this.#form?.setHass(hass);
  }

  /** Throws where there is nothing that could be shown as a list: Home Assistant then offers the YAML. */
  setConfig(config) {
    if (JSON.stringify(config) === this.#told) return;
    if (config.pages !== undefined && !Array.isArray(config.pages)) {
      throw new Error("pages: a list was expected");
    }
    this.#config = config;
    this.#pages = structuredClone(config.pages ?? this.#usualPages());
    this.#open = null;
    this.#render();
  }

  /** What the strategy shows of a menu that nobody changed. */
  #usualPages() {
    const { farms } = this.#hass ? fleetOf(this.#hass) : { farms: [] };
    return defaultPages().filter((page) => page.type !== "farms" || farms.length);
  }

  connectedCallback() {
    this.#render();
  }

  async #load() {
    try {
      this.#t = await textsFor(this.#hass);
    } catch (error) {
      console.error("Antminer Monitor:", error);
      return;
    }
    this.#render();
    try {
      const users = await this.#hass.callWS({ type: "config/auth/list" });
      this.#users = users.filter((user) => !user.system_generated && user.is_active);
    } catch {
      // Only administrators may ask; without names, what is set stays as it is.
      this.#users = null;
    }
    this.#render();
  }

  #render() {
    if (!this.#t || !this.#config || !this.isConnected) return;
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [STYLE];
      this.#body = h("div", {});
      this.#live = h("div", { class: "live", role: "status", "aria-live": "polite" });
      this.shadowRoot.append(this.#body, this.#live);
    }
    const focused = this.shadowRoot.activeElement?.dataset.key;
    const t = this.#t;
    this.#form = null;
    const read = readPages({ pages: this.#pages }).pages;
    const nodes = [
      h("p", { class: "help" }, t("dashboard.editor.help")),
      h("ol", { "aria-label": t("dashboard.editor.pages") }, read.map((item, index) => this.#row(item, index))),
      this.#pages.length ? null : h("p", { class: "wrong" }, t("dashboard.problem.no_pages")),
      this.#adder(),
    ];
    this.#body.replaceChildren(...nodes.filter(Boolean));
    if (focused) this.#focus(focused);
  }

  #focus(key) {
    const node = this.shadowRoot.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (node?.disabled) node.parentElement.querySelector("button:not([disabled])")?.focus();
    else node?.focus();
  }

  #row({ page, problem }, index) {
    const t = this.#t;
    const title = problem && !page?.title ? t("dashboard.problem.title") : pageTitle(page, t);
    const name = h("span", { class: "title" }, title);
    const button = (action, label, shape, options = {}) =>
      h(
        "button",
        { type: "button", title: label, "aria-label": `${title}: ${label}`, "data-key": `${action}-${index}`, onclick: () => this.#act(action, index), ...options },
        icon(shape),
      );
    const open = this.#open === index && !problem;
    const notes = [
      problem || !page.title ? null : t(`dashboard.page.${page.type}`),
      page?.hidden ? t("dashboard.editor.hidden") : null,
      page?.users?.length ? t("dashboard.editor.for_users", { count: page.users.length, number: page.users.length }) : null,
    ].filter(Boolean);
    const picture = h("ha-icon", { "aria-hidden": "true" });
    picture.icon = page?.icon || PAGE_ICONS[page?.type] || "mdi:alert-circle-outline";
    return h(
      "li",
      { class: page?.hidden ? "page hidden" : "page" },
      h(
        "div",
        { class: "line" },
        picture,
        h("span", { class: "names" }, name, h("span", { class: "notes" }, notes.join(" · "))),
        h(
          "span",
          { class: "buttons" },
          button("up", t("dashboard.editor.up"), SHAPES.up, { disabled: index === 0 }),
          button("down", t("dashboard.editor.down"), SHAPES.down, { disabled: index === this.#pages.length - 1 }),
          problem ? null : button("edit", t("dashboard.editor.edit"), SHAPES.edit, { "aria-expanded": String(open) }),
          problem
            ? null
            : button("hide", t(page.hidden ? "dashboard.editor.show" : "dashboard.editor.hide"), page.hidden ? SHAPES.hidden : SHAPES.shown, {
                "aria-pressed": String(Boolean(page.hidden)),
              }),
          button("remove", t("dashboard.editor.remove"), SHAPES.remove),
        ),
      ),
      problem ? h("p", { class: "wrong" }, problemText(problem, t)) : null,
      open ? this.#pageForm(page, index, name) : null,
    );
  }

  #pageForm(page, index, name) {
    this.#form = new PageForm({
      hass: this.#hass,
      t: this.#t,
      users: this.#users,
      page,
      index,
      check: (changed) => {
        const problem = pageProblem(changed);
        return problem ? problemText(problem, this.#t) : null;
      },
      changed: (next) => {
        this.#pages[index] = next;
        setText(name, pageTitle(next, this.#t));
        const picture = name.closest("li").querySelector("ha-icon");
        picture.icon = next.icon || PAGE_ICONS[next.type];
        this.#tell();
      },
    });
    return this.#form.node;
  }

  #adder() {
    const t = this.#t;
    const select = h(
      "select",
      { id: "type", "data-key": "type" },
      PAGE_TYPES.map((type) => h("option", { value: type }, t(`dashboard.page.${type}`))),
    );
    select.value = PAGE_TYPES.find((type) => !this.#pages.some((page) => page?.type === type)) ?? "custom";
    return h(
      "div",
      { class: "adder" },
      h("label", { for: "type" }, t("dashboard.editor.new_page")),
      select,
      h("button", { type: "button", class: "text", "data-key": "add", onclick: () => this.#add(select.value) }, t("dashboard.editor.add")),
    );
  }

  #add(type) {
    const taken = new Set(this.#pages.map((page) => page?.id));
    let id = type;
    for (let number = 2; taken.has(id); number += 1) id = `${type}-${number}`;
    this.#pages.push(type === "custom" ? { id, type, title: this.#t("dashboard.page.custom"), cards: [] } : { id, type });
    this.#open = this.#pages.length - 1;
    this.#tell();
    this.#render();
    this.#focus(`title-${this.#open}`);
    this.#say("dashboard.editor.added", this.#open);
  }

  #act(action, index) {
    const pages = this.#pages;
    if (action === "edit") {
      this.#open = this.#open === index ? null : index;
      this.#render();
      return;
    }
    if (action === "hide") {
      const { hidden, ...page } = pages[index];
      pages[index] = hidden ? page : { ...page, hidden: true };
    } else if (action === "remove") {
      this.#say("dashboard.editor.removed", index);
      pages.splice(index, 1);
      this.#open = this.#open === index ? null : this.#open > index ? this.#open - 1 : this.#open;
    } else {
      this.#move(index, action === "up" ? index - 1 : index + 1, action);
      return;
    }
    this.#tell();
    this.#render();
    if (action === "remove") this.#focus(pages.length ? `remove-${Math.min(index, pages.length - 1)}` : "add");
  }

  #move(from, to, action) {
    const pages = this.#pages;
    [pages[from], pages[to]] = [pages[to], pages[from]];
    if (this.#open === from) this.#open = to;
    else if (this.#open === to) this.#open = from;
    this.#tell();
    this.#render();
    this.#focus(`${action}-${to}`);
    this.#say("dashboard.editor.moved", to);
  }

  #say(key, index) {
    const page = this.#pages[index];
    setText(this.#live, this.#t(key, { page: page ? pageTitle(page, this.#t) : "", place: index + 1, all: this.#pages.length }));
  }

  #tell() {
    const config = { ...this.#config, pages: structuredClone(this.#pages) };
    this.#config = config;
    this.#told = JSON.stringify(config);
    fire(this, "config-changed", { config });
  }
}

if (!customElements.get("antminer-monitor-strategy-editor")) {
  customElements.define("antminer-monitor-strategy-editor", StrategyEditor);
}
