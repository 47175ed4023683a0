// What can be done with the rigs that are selected: buttons, the question before, the result after.

import { h, icon } from "./lib/dom.js";
import { hashrateTotal } from "./lib/format.js";

const DOMAIN = "antminer_monitor";

/** Names listed in the question: of more, how many there are. */
const NAMES_SHOWN = 10;
/** From this many rigs on they are told one after the other, unless the person wants otherwise. */
const MANY = 10;
const STAGGER_SECONDS = 1;
const LONGEST_STAGGER = 600;

/** Actions that need no value, in the order of their buttons; the others have pages of their own. */
const ACTIONS = {
  restart_mining: "M12 4a8 8 0 1 1-7.7 5.9l2 .5A6 6 0 1 0 12 6v3.6L7 5l5-4.6Z",
  pause_mining: "M6 5h4v14H6Zm8 0h4v14h-4Z",
  resume_mining: "M7 4.5 19.5 12 7 19.5Z",
  reboot: "M11 2h2v10h-2ZM7.5 5.2l1 1.8a6 6 0 1 0 7 0l1-1.8a8 8 0 1 1-9 0Z",
  locate: "M12 2a7 7 0 0 1 4 12.7V17H8v-2.3A7 7 0 0 1 12 2ZM9 18.5h6v1.2H9ZM10 21h4v1h-4Z",
  upgrade: "M12 2.5 19 10h-4.5v6h-5v-6H5ZM5 18.5h14v2.2H5Z",
  shutdown: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6ZM9 9h6v6H9Z",
};

/** Those of our actions that a rig takes from this user. */
function actionsOf(row) {
  return row.device_id ? Object.keys(ACTIONS).filter((action) => row.commands?.includes(action)) : [];
}

/** Whether there is anything that this user may do with a rig. */
export function canSelect(row) {
  return actionsOf(row).length > 0;
}

/** What all of these rigs take, and Home Assistant has a service for. */
function commonActions(rows, services) {
  const [first, ...others] = rows.map(actionsOf);
  return (first ?? []).filter(
    (action) => services?.[DOMAIN]?.[action] && others.every((actions) => actions.includes(action)),
  );
}

/** The bar that stands below the table while rigs are selected, and tells what became of them. */
export class ActionBar {
  constructor(t, { clear, number }) {
    this.t = t;
    this.number = number;
    this.count = h("span", { class: "selected", role: "status" });
    this.buttons = h("span", { class: "buttons" });
    this.clear = h("button", { type: "button", class: "plain", onclick: clear }, t("fleet.clear_selection"));
    this.bar = h("div", { class: "actions", role: "group", "aria-label": t("fleet.actions"), hidden: true }, this.count, this.buttons, this.clear);
    this.text = h("span", { role: "status" });
    this.close = h("button", { type: "button", class: "plain", onclick: () => this.tell("") }, t("fleet.dismiss"));
    this.result = h("div", { class: "result", hidden: true }, this.text, this.close);
    this.dialogs = h("div");
    this.element = h("div", { class: "foot" }, this.result, this.bar, this.dialogs);
  }

  /** Offer what can be done with the selected rows, of which some may be out of sight. */
  show(hass, rows, hiddenCount) {
    this.hass = hass;
    this.rows = rows;
    this.bar.hidden = rows.length === 0;
    if (!rows.length) {
      this.key = null;
      return;
    }
    const actions = commonActions(rows, hass.services);
    const count = rows.length;
    let text = this.t("fleet.selected", { count, number: this.number(count) });
    if (hiddenCount) text += ` ${this.t("fleet.selected_hidden", { number: this.number(hiddenCount) })}`;
    if (this.count.textContent !== text) this.count.textContent = text;
    const key = actions.join();
    if (key === this.key) return;
    this.key = key;
    // The same buttons stay the same elements: one of them may have the focus.
    this.buttons.replaceChildren(
      ...actions.map((action) => {
        const label = this.t(`fleet.action.${action}`);
        return h(
          "button",
          { type: "button", class: "action", "data-action": action, onclick: () => this.ask(action) },
          icon(ACTIONS[action]),
          label,
        );
      }),
      actions.length ? "" : this.t("fleet.nothing_common"),
    );
  }

  /** Ask before doing it. What is asked about is what is done, whatever changes meanwhile. */
  ask(action) {
    const { t } = this;
    const rows = [...this.rows];
    const count = rows.length;
    const words = { count, number: this.number(count) };
    const dialog = h("dialog", {
      class: "question",
      "aria-labelledby": "question",
      "aria-describedby": "about",
      onclose: () => {
        dialog.remove();
        if (dialog.returnValue === "yes") this.run(action, rows, Number(stagger?.value) || 0);
      },
    });
    const stagger = this.staggerField(action, count);
    const rest = count - NAMES_SHOWN;
    const answer = (value, text, extra) =>
      h("button", { type: "button", onclick: () => dialog.close(value), ...extra }, text);
    dialog.append(
      h("h2", { id: "question" }, t(`fleet.ask.${action}`, words)),
      h(
        "div",
        { id: "about" },
        h("p", {}, t(`fleet.about.${action}`)),
        this.loss(action, rows),
        h(
          "ul",
          { class: "names" },
          rows.slice(0, NAMES_SHOWN).map((row) => h("li", {}, row.name || row.id)),
          rest > 0 && h("li", { class: "more" }, t("fleet.and_more", { count: rest, number: this.number(rest) })),
        ),
      ),
      stagger && h("label", { class: "stagger" }, t("fleet.stagger"), stagger),
      h(
        "div",
        { class: "answers" },
        answer("", t("fleet.cancel"), { autofocus: true }),
        answer("yes", t(`fleet.action.${action}`), {
          class: action === "shutdown" ? "danger" : "sure",
          "data-confirm": true,
        }),
      ),
    );
    this.dialogs.append(dialog);
    dialog.showModal();
  }

  /** What stops hashing meanwhile, where one algorithm makes a sum of it. */
  loss(action, rows) {
    if (action === "resume_mining" || action === "locate") return null;
    const algorithms = new Set(rows.map((row) => row.algorithm));
    const rate = rows.reduce((sum, row) => sum + ((!row.is_stale && row.hashrate) || 0), 0);
    if (algorithms.size > 1 || !rate) return null;
    const text = hashrateTotal(this.hass, rate, rows[0].rate_unit ?? "TH/s");
    return h("p", {}, this.t("fleet.hashing", { rate: text }));
  }

  staggerField(action, count) {
    if (count < 2 || !this.hass.services[DOMAIN][action].fields?.stagger) return null;
    const input = h("input", { type: "number", min: 0, max: LONGEST_STAGGER, step: 0.5, inputmode: "decimal" });
    input.value = count >= MANY ? STAGGER_SECONDS : 0;
    return input;
  }

  async run(action, rows, seconds) {
    const { t } = this;
    const count = rows.length;
    const words = { action: t(`fleet.action.${action}`), count, number: this.number(count) };
    const stagger = Math.min(LONGEST_STAGGER, Math.max(0, seconds));
    this.tell(t("fleet.running", words));
    try {
      const answer = await this.hass.callService(
        DOMAIN,
        action,
        stagger ? { stagger } : {},
        { device_id: rows.map((row) => row.device_id) },
        // Told here, and in words: not once more by Home Assistant.
        false,
        true,
      );
      this.tellOutcome(words, answer?.response?.rigs ?? []);
    } catch (error) {
      this.tell(t("fleet.not_done", { ...words, reason: error?.message || String(error) }), true);
    }
  }

  tellOutcome(words, outcomes) {
    const { t } = this;
    const failed = outcomes.filter((outcome) => outcome.result === "failed");
    if (!failed.length) {
      const sent = outcomes.some((outcome) => outcome.result === "sent");
      this.tell(t(sent ? "fleet.sent" : "fleet.done", words));
      return;
    }
    const reasons = new Map();
    for (const { name, error } of failed) {
      reasons.set(error ?? "", [...(reasons.get(error ?? "") ?? []), name]);
    }
    const reason = [...reasons]
      .map(([error, names]) => {
        const more = names.length - NAMES_SHOWN;
        const some = names.slice(0, NAMES_SHOWN);
        if (more > 0) some.push(t("fleet.and_more", { count: more, number: this.number(more) }));
        return error ? `${some.join(", ")}: ${error}` : some.join(", ");
      })
      .join("; ");
    this.tell(t("fleet.some_failed", { ...words, failed: this.number(failed.length), reason }), true);
  }

  /** Show a sentence; one about a failure stays until it is closed, as the others do. */
  tell(text, failed = false) {
    this.result.hidden = !text;
    this.result.classList.toggle("failed", failed);
    this.text.textContent = text;
  }
}
