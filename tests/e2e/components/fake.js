// A Home Assistant that answers what a test tells it to, and keeps what it was asked.

class Connection {
  constructor() {
    this.subscriptions = [];
    this.listeners = { ready: new Set(), disconnected: new Set() };
    this.refusal = null;
  }

  async subscribeMessage(callback, message, options) {
    const subscription = { callback, message, options, open: !this.refusal };
    this.subscriptions.push(subscription);
    if (this.refusal) throw this.refusal;
    queueMicrotask(() => this.answer?.(subscription));
    return async () => {
      subscription.open = false;
    };
  }

  addEventListener(type, listener) {
    this.listeners[type].add(listener);
  }

  removeEventListener(type, listener) {
    this.listeners[type].delete(listener);
  }

  fire(type) {
    for (const listener of [...this.listeners[type]]) listener(this, undefined);
  }

  send(type, message) {
    for (const each of this.subscriptions) {
      if (each.open && each.message.type === type) each.callback(structuredClone(message));
    }
  }

  lose() {
    for (const each of this.subscriptions) each.open = false;
    this.fire("disconnected");
  }
}

const FLEET = "antminer_monitor/fleet/subscribe";
const connection = new Connection();
const calls = [];
const events = [];

for (const type of ["hass-more-info", "config-changed", "location-changed"]) {
  window.addEventListener(type, (event) => events.push({ type, detail: event.detail, path: location.pathname }));
}

const stagger = { stagger: { selector: { number: {} } } };
const services = Object.fromEntries(
  ["restart_mining", "pause_mining", "resume_mining", "reboot", "shutdown", "upgrade"].map((name) => [
    name,
    { name, fields: stagger },
  ]),
);
services.locate = { name: "locate", fields: {} };

window.fake = {
  calls,
  connection,
  events,
  hass: {
    connection,
    language: "en",
    locale: { language: "en", number_format: "language", time_format: "language", time_zone: "local" },
    config: { time_zone: "Europe/Berlin", unit_system: { temperature: "°C" } },
    areas: { hall_1: { area_id: "hall_1", name: "Hall 1" }, hall_2: { area_id: "hall_2", name: "Hall 2" } },
    entities: {},
    services: { antminer_monitor: services },
    states: {},
    async callService(domain, service, data, target, notifyOnError, returnResponse) {
      calls.push({ domain, service, data, target, notifyOnError, returnResponse });
      if (window.fake.failure) throw window.fake.failure;
      return { response: { rigs: window.fake.outcomes ?? [] } };
    },
  },
  outcomes: null,
  failure: null,
  /** Put a card on the page; the feed answers with these rows, or is silent if there are none given. */
  async show(config, rows, hass = {}) {
    const { registerFleetCard } = await import("/frontend/fleet-card.js");
    registerFleetCard();
    Object.assign(this.hass, hass);
    connection.answer = rows && (({ message, callback }) => {
      if (message.type !== FLEET) return;
      window.fake.first = performance.now();
      callback({ kind: "all", sites: [], rigs: structuredClone(rows) });
    });
    const card = document.createElement("antminer-monitor-fleet-card");
    card.setConfig(config);
    card.hass = { ...this.hass };
    this.card = card;
    document.body.append(card);
    return true;
  },
  change(rigs, removed = []) {
    connection.send(FLEET, { kind: "changes", rigs, removed });
  },
  /** What Home Assistant does whenever anything changes. */
  renew(part = {}) {
    Object.assign(this.hass, part);
    this.card.hass = { ...this.hass };
  },
};
