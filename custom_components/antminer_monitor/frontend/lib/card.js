// What our cards have in common: they follow a feed, and speak the user's language.

import { h } from "./dom.js";
import { textsFor } from "./texts.js";

const TEXTS_RETRY_MS = 5000;

/** What changes how a card looks, of all that Home Assistant's state holds. */
const LOOKED_AT = ["connection", "locale", "language", "localize", "config"];

/**
 * A card with `hass`, `config`, texts `t` and the `state` of its feed: never asked to draw itself before it has texts.
 *
 * Those that extend it give `subscribe(listener)`, which returns what ends the feed, or nothing if
 * there is none to follow, and `draw(card)`, which fills its `ha-card`.
 */
export class Card extends HTMLElement {
  config = {};
  #hass;
  #unsubscribe;
  #language;
  #retrying;
  #card;

  constructor(style) {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [style];
  }

  setConfig(config) {
    this.config = config;
    this.update();
  }

  set hass(hass) {
    const before = this.#hass;
    this.#hass = hass;
    // Home Assistant sets this with every change of any state.
    if (before && LOOKED_AT.every((name) => before[name] === hass[name])) return;
    if (before?.connection !== hass.connection) this.followAnew();
    if (hass.language !== this.#language) this.#loadTexts();
    else this.update();
  }

  get hass() {
    return this.#hass;
  }

  connectedCallback() {
    this.#follow();
    this.update();
  }

  disconnectedCallback() {
    clearTimeout(this.#retrying);
    this.#leave();
  }

  /** Follow another feed, of which nothing is known yet. */
  followAnew() {
    this.#leave();
    this.state = undefined;
    this.#follow();
    this.update();
  }

  update() {
    if (!this.t || !this.isConnected) return;
    if (!this.#card) {
      this.#card = h("ha-card", {});
      this.shadowRoot.append(this.#card);
    }
    this.draw(this.#card);
  }

  #follow() {
    if (this.#unsubscribe || !this.isConnected || !this.#hass) return;
    this.#unsubscribe = this.subscribe((state) => {
      this.state = state;
      this.update();
    });
  }

  #leave() {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  async #loadTexts() {
    clearTimeout(this.#retrying);
    const { language } = this.#hass;
    this.#language = language;
    try {
      const t = await textsFor(this.#hass);
      if (this.#language !== language) return;
      this.t = t;
      this.update();
    } catch (error) {
      console.error("Antminer Monitor:", error);
      // Without texts there are no words for it either.
      this.#retrying = setTimeout(() => this.#loadTexts(), TEXTS_RETRY_MS);
    }
  }
}

/** What a card says in place of what it has not. */
export function message(text) {
  return h("div", { class: "message", role: "status" }, text);
}
