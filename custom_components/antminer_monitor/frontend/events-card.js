// What happened to rigs, in words: each once. Home Assistant's own card lists entities, and with them each event twice.

import { Card, message } from "./lib/card.js";
import { h, styleSheet } from "./lib/dom.js";

const LIST = "ha-logbook";
const LOAD_DEADLINE_MS = 10000;
const TIME = { recent: 24 * 60 * 60 };

const STYLE = styleSheet(`
  :host { display: block; height: 100%; }
  ha-card { height: 100%; min-height: 160px; box-sizing: border-box; overflow: hidden; padding: 16px 0; }
  ${LIST} { display: block; height: 100%; }
  .message { padding: 0 16px; color: var(--secondary-text-color); }
`);

let loading;

/** Have Home Assistant define its list; that comes with its card, which is loaded when it is first wanted. */
function loadList() {
  loading ??= (async () => {
    const { createCardElement } = await window.loadCardHelpers();
    createCardElement({ type: "logbook", target: { entity_id: ["sun.sun"] } });
    const late = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`${LIST} is not there`)), LOAD_DEADLINE_MS);
    });
    await Promise.race([customElements.whenDefined(LIST), late]);
  })();
  // A failure is not kept: the next card tries again.
  loading.catch(() => (loading = undefined));
  return loading;
}

export class EventsCard extends Card {
  #list;

  constructor() {
    super(STYLE);
  }

  setConfig(config) {
    const { devices } = config;
    if (!Array.isArray(devices) || !devices.length || !devices.every((id) => typeof id === "string")) {
      throw new Error("devices: a list of ids of devices was expected");
    }
    super.setConfig(config);
  }

  getCardSize() {
    return 8;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6, rows: 8, min_rows: 3 };
  }

  /** Tells when there is something to list events with: the list follows them by itself. */
  subscribe(listener) {
    let wanted = true;
    loadList().then(
      () => wanted && listener({ ready: true }),
      (error) => wanted && listener({ error }),
    );
    return () => {
      wanted = false;
    };
  }

  draw(card) {
    const { hass, t } = this;
    const { ready, error } = this.state ?? {};
    if (!ready) {
      card.replaceChildren(message(error ? t("dashboard.logs.no_list", { error: error.message }) : t("log.loading")));
      return;
    }
    this.#list ??= h(LIST, { narrow: true, "no-icon": true, virtualize: true });
    const { devices } = this.config;
    // Of devices alone Home Assistant lists what was said of them, and no changes of states.
    Object.assign(this.#list, { hass, time: TIME, deviceIds: devices, nameDetail: devices.length > 1 ? "device" : "none" });
    if (!this.#list.isConnected) card.replaceChildren(this.#list);
  }
}
