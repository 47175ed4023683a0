// The page behind the link at the end of the set-up: adds the dashboard to the sidebar, once, and goes there.

import { h, styleSheet } from "./lib/dom.js";
import { textsFor } from "./lib/texts.js";

const STRATEGY = "custom:antminer-monitor";
const URL_PATH = "mining-rigs";
const ICON = "mdi:pickaxe";

const STYLE = styleSheet(`
  :host { display: grid; place-items: center; height: 100%; padding: 24px; box-sizing: border-box; background: var(--primary-background-color); }
  .box { max-width: 480px; text-align: center; color: var(--primary-text-color); display: grid; gap: 16px; justify-items: center; }
  .wrong { color: var(--error-color, #db4437); overflow-wrap: anywhere; }
  button {
    font: inherit; cursor: pointer; border: none; border-radius: 20px; padding: 10px 20px; min-height: 40px;
    color: var(--text-primary-color, #fff); background: var(--primary-color, #03a9f4);
  }
  :focus-visible { outline: 2px solid var(--primary-text-color); outline-offset: 2px; }
`);

/** The dashboard that is there already: by its address, or any other that uses the strategy. */
async function existing(hass, dashboards) {
  const stored = dashboards.filter((dashboard) => dashboard.mode === "storage");
  const ours = stored.find((dashboard) => dashboard.url_path === URL_PATH);
  for (const dashboard of ours ? [ours, ...stored] : stored) {
    if (await usesStrategy(hass, dashboard.url_path)) return dashboard.url_path;
  }
  return null;
}

async function usesStrategy(hass, urlPath) {
  const config = await configOf(hass, urlPath);
  return config?.strategy?.type === STRATEGY;
}

/** The configuration of a dashboard; null while nothing was saved in it. */
async function configOf(hass, urlPath) {
  try {
    return await hass.callWS({ type: "lovelace/config", url_path: urlPath });
  } catch (error) {
    if (error?.code === "config_not_found") return null;
    throw error;
  }
}

/** Makes sure of the dashboard, and gives its address. */
export async function addDashboard(hass, title) {
  const dashboards = await hass.callWS({ type: "lovelace/dashboards/list" });
  const found = await existing(hass, dashboards);
  if (found) return found;
  const taken = new Set([...dashboards.map((dashboard) => dashboard.url_path), ...Object.keys(hass.panels ?? {})]);
  let urlPath = URL_PATH;
  // One that was made and never filled: the last try ended half-way.
  const half = dashboards.some((dashboard) => dashboard.url_path === URL_PATH && dashboard.mode === "storage") && (await configOf(hass, URL_PATH)) === null;
  if (!half) {
    for (let number = 2; taken.has(urlPath); number += 1) urlPath = `${URL_PATH}-${number}`;
    await hass.callWS({
      type: "lovelace/dashboards/create",
      url_path: urlPath,
      title,
      icon: ICON,
      mode: "storage",
      require_admin: false,
      show_in_sidebar: true,
    });
  }
  await hass.callWS({ type: "lovelace/config/save", url_path: urlPath, config: { strategy: { type: STRATEGY } } });
  return urlPath;
}

export class DashboardPanel extends HTMLElement {
  #hass;
  #t;
  #box;

  set hass(hass) {
    const first = !this.#hass;
    this.#hass = hass;
    if (first) this.#start();
  }

  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [STYLE];
    this.#box = h("div", { class: "box" });
    this.shadowRoot.append(this.#box);
  }

  async #start() {
    try {
      this.#t ??= await textsFor(this.#hass);
      this.#box?.replaceChildren(h("p", { role: "status" }, this.#t("dashboard.panel.adding")));
      const urlPath = await addDashboard(this.#hass, this.#t("dashboard.panel.title"));
      // In place of this page: going back must not add it once more.
      history.replaceState(history.state, "", `/${urlPath}`);
      window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: true } }));
    } catch (error) {
      this.#fail(error?.message ?? String(error));
    }
  }

  #fail(message) {
    const t = this.#t ?? ((key, values) => values?.error ?? key);
    this.#box?.replaceChildren(
      h("p", { class: "wrong", role: "alert" }, t("dashboard.panel.failed", { error: message })),
      h("p", {}, t("dashboard.panel.by_hand", { title: t("dashboard.panel.title") })),
      h("button", { type: "button", onclick: () => this.#start() }, t("dashboard.panel.again")),
    );
  }
}
