// What can be said of one page in the editor: its name, its icon, its users, its cards.

import { h, setText } from "./lib/dom.js";
import { PAGE_ICONS } from "./strategy-pages.js";

const KEPT_APART = ["id", "type", "title", "icon", "users", "hidden"];

export class PageForm {
  #page;
  #options;
  #pickers = [];

  /** `check(page)` gives what is wrong with a page in words, or null; `changed(page)` takes one that is right. */
  constructor(options) {
    this.#options = options;
    this.#page = options.page;
    this.node = h("div", { class: "form" }, this.#title(), this.#icon(), this.#users(), this.#page.type === "custom" ? this.#cards() : null);
  }

  setHass(hass) {
    for (const picker of this.#pickers) picker.hass = hass;
  }

  #key(name) {
    return `${name}-${this.#options.index}`;
  }

  #change(changes) {
    const next = { ...this.#page, ...changes };
    for (const [key, value] of Object.entries(changes)) if (value === undefined) delete next[key];
    this.#page = next;
    this.#options.changed(next);
  }

  #title() {
    const { t } = this.#options;
    const input = h("input", {
      id: this.#key("title"),
      "data-key": this.#key("title"),
      type: "text",
      maxlength: "100",
      placeholder: t(`dashboard.page.${this.#page.type}`),
      oninput: () => this.#change({ title: input.value.trim() || undefined }),
    });
    input.value = this.#page.title ?? "";
    return h("div", { class: "field" }, h("label", { for: this.#key("title") }, t("dashboard.editor.title")), input);
  }

  #icon() {
    const { t, hass } = this.#options;
    const take = (value) => this.#change({ icon: value?.trim() || undefined });
    if (customElements.get("ha-icon-picker")) {
      const picker = h("ha-icon-picker", { "data-key": this.#key("icon") });
      Object.assign(picker, { hass, label: t("dashboard.editor.icon"), value: this.#page.icon ?? "", placeholder: PAGE_ICONS[this.#page.type] });
      picker.addEventListener("value-changed", (event) => {
        event.stopPropagation();
        take(event.detail.value);
      });
      this.#pickers.push(picker);
      return h("div", { class: "field" }, picker);
    }
    const input = h("input", {
      id: this.#key("icon"),
      "data-key": this.#key("icon"),
      type: "text",
      maxlength: "100",
      placeholder: PAGE_ICONS[this.#page.type],
      onchange: () => take(input.value),
    });
    input.value = this.#page.icon ?? "";
    return h("div", { class: "field" }, h("label", { for: this.#key("icon") }, t("dashboard.editor.icon")), input);
  }

  #users() {
    const { t, users } = this.#options;
    if (!users) return h("p", { class: "notes" }, t(users === null ? "dashboard.editor.no_users" : "dashboard.editor.loading"));
    const chosen = new Set(this.#page.users ?? []);
    const boxes = users.map((user) => {
      const box = h("input", {
        type: "checkbox",
        "data-key": `${this.#key("user")}-${user.id}`,
        onchange: () => {
          if (box.checked) chosen.add(user.id);
          else chosen.delete(user.id);
          this.#change({ users: chosen.size ? [...chosen] : undefined });
        },
      });
      box.checked = chosen.has(user.id);
      return h("label", { class: "user" }, box, h("span", {}, user.name || user.username || user.id));
    });
    return h("fieldset", {}, h("legend", {}, t("dashboard.editor.users")), boxes, h("p", { class: "notes" }, t("dashboard.editor.users_help")));
  }

  #cards() {
    const { t, hass } = this.#options;
    const own = Object.fromEntries(Object.entries(this.#page).filter(([key]) => !KEPT_APART.includes(key)));
    const wrong = h("p", { class: "wrong", role: "alert" });
    const take = (value) => {
      const kept = Object.fromEntries(KEPT_APART.filter((key) => key in this.#page).map((key) => [key, this.#page[key]]));
      const next = { ...kept, ...value, ...kept };
      const plain = typeof value === "object" && value !== null && !Array.isArray(value);
      const problem = plain ? this.#options.check(next) : t("dashboard.editor.not_cards");
      setText(wrong, problem ?? "");
      if (problem) return;
      this.#page = next;
      this.#options.changed(next);
    };
    let field;
    if (customElements.get("ha-yaml-editor")) {
      field = h("ha-yaml-editor", { "data-key": this.#key("cards") });
      Object.assign(field, { hass, defaultValue: own, inDialog: true });
      field.addEventListener("value-changed", (event) => {
        event.stopPropagation();
        if (event.detail.isValid) take(event.detail.value ?? {});
        else setText(wrong, t("dashboard.editor.not_yaml"));
      });
      // The dialog would take the keys of the editor for its own.
      field.addEventListener("keydown", (event) => event.stopPropagation());
      this.#pickers.push(field);
    } else {
      field = h("textarea", {
        "data-key": this.#key("cards"),
        rows: "10",
        spellcheck: "false",
        "aria-label": t("dashboard.editor.cards"),
        oninput: () => {
          try {
            take(JSON.parse(field.value));
          } catch (error) {
            setText(wrong, t("dashboard.editor.not_json", { error: error.message }));
          }
        },
      });
      field.value = JSON.stringify(own, null, 2);
    }
    return h("div", { class: "field" }, h("span", { class: "label" }, t("dashboard.editor.cards")), h("p", { class: "notes" }, t("dashboard.editor.cards_help")), field, wrong);
  }
}
