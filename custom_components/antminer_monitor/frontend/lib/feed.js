// What the integration sends: one subscription for all cards that show the same.

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30000;
/** A view that is left for another one of ours keeps its feed. */
const LINGER_MS = 10000;

const feeds = new WeakMap();

/** A subscription and those who listen to it. `reduce` makes the next state of a message. */
class Feed {
  constructor(connection, message, reduce, forget) {
    this.connection = connection;
    this.message = message;
    this.reduce = reduce;
    this.forget = forget;
    this.listeners = new Set();
    this.state = null;
    this.error = null;
    this.attempt = 0;
    this.retryMs = FIRST_RETRY_MS;
    this.ready = () => this.open();
    this.lost = () => {
      // What it would end is gone, and its number is given to another one.
      this.unsubscribe = undefined;
      this.error = { code: "disconnected", message: "" };
      this.tellAll(null);
    };
  }

  add(listener) {
    clearTimeout(this.lingering);
    this.listeners.add(listener);
    if (!this.attempt) {
      // The library's own resubscription gives up for good if the integration is not set up
      // yet when Home Assistant comes back: ours tries again.
      this.connection.addEventListener("ready", this.ready);
      this.connection.addEventListener("disconnected", this.lost);
      this.open();
    } else if (this.state || this.error) {
      this.tell(listener, null);
    }
    let added = true;
    return () => {
      if (!added) return;
      added = false;
      this.listeners.delete(listener);
      if (!this.listeners.size) this.lingering = setTimeout(() => this.close(), LINGER_MS);
    };
  }

  async open() {
    const attempt = ++this.attempt;
    clearTimeout(this.retrying);
    this.unsubscribe = undefined;
    try {
      const unsubscribe = await this.connection.subscribeMessage(
        (message) => attempt === this.attempt && this.receive(message),
        this.message,
        { resubscribe: false },
      );
      if (attempt !== this.attempt) {
        // Answered on the connection that is open now, by which another attempt went too.
        unsubscribe().catch(() => {});
        return;
      }
      this.unsubscribe = unsubscribe;
      this.retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (attempt !== this.attempt) return;
      this.error = { code: error?.code ?? "unknown", message: error?.message ?? String(error) };
      this.retrying = setTimeout(() => this.open(), this.retryMs);
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
      this.tellAll(null);
    }
  }

  receive(message) {
    const { state, changed } = this.reduce(this.state, message);
    this.state = state;
    this.error = null;
    this.tellAll(changed);
  }

  tellAll(changed) {
    for (const listener of [...this.listeners]) this.tell(listener, changed);
  }

  tell(listener, changed) {
    try {
      listener({ ...this.state, changed, error: this.error });
    } catch (error) {
      // One card that fails must not keep the news from the others.
      console.error("Antminer Monitor:", error);
    }
  }

  close() {
    this.attempt += 1;
    clearTimeout(this.retrying);
    this.connection.removeEventListener("ready", this.ready);
    this.connection.removeEventListener("disconnected", this.lost);
    this.unsubscribe?.().catch(() => {});
    this.forget();
  }
}

function listen(hass, message, reduce, listener) {
  const { connection } = hass;
  if (!feeds.has(connection)) feeds.set(connection, new Map());
  const known = feeds.get(connection);
  const key = JSON.stringify(message);
  if (!known.has(key)) {
    known.set(key, new Feed(connection, message, reduce, () => known.delete(key)));
  }
  return known.get(key).add(listener);
}

function reduceFleet(state, message) {
  if (message.kind === "all" || !state) {
    const rigs = new Map((message.rigs ?? []).map((row) => [row.id, row]));
    return { state: { rigs, sites: message.sites ?? [] }, changed: null };
  }
  const changed = new Set(message.removed ?? []);
  for (const id of changed) state.rigs.delete(id);
  for (const row of message.rigs ?? []) {
    state.rigs.set(row.id, row);
    changed.add(row.id);
  }
  return { state, changed };
}

/**
 * Follow all rigs that this user may see; gives the function that ends it.
 *
 * The listener gets `{rigs: Map of rows by id, sites, changed: Set of ids or null for all,
 * error: null or {code, message}}`: `rigs` is undefined until the first answer came. The map
 * is the same object from one change to the next and must not be written to. The code is
 * "disconnected" while Home Assistant cannot be reached; trying again needs nobody.
 */
export function subscribeFleet(hass, listener) {
  return listen(hass, { type: "antminer_monitor/fleet/subscribe" }, reduceFleet, listener);
}

/**
 * Follow one rig in full, by `{rig_id}` or `{device_id}`; gives the function that ends it.
 *
 * The listener gets `{rig, error}`: `rig` is undefined until the first answer came, and null
 * when there is no such rig any more.
 */
export function subscribeRig(hass, which, listener) {
  const message = { type: "antminer_monitor/rig/subscribe", ...which };
  return listen(
    hass,
    message,
    (state, rig) => ({ state: { rig }, changed: null }),
    listener,
  );
}

/** Follow the integration's own log (administrators only): `{lines: last `limit` lines, error}`. */
export function subscribeLogs(hass, listener, limit = 500) {
  return listen(
    hass,
    { type: "antminer_monitor/logs/subscribe" },
    (state, { lines }) => ({
      state: { lines: [...(state?.lines ?? []), ...lines].slice(-limit) },
      changed: null,
    }),
    listener,
  );
}
