// What was used or paid in a day or a month. Home Assistant's card of a statistic shows a unit alone while there is none.

import { Card } from "./lib/card.js";
import { h, moreInfo, styleSheet } from "./lib/dom.js";
import { NONE, quantity } from "./lib/format.js";

const PERIODS = ["day", "month"];

/** Home Assistant makes statistics every five minutes; the first ones are waited for. */
const LATER_MS = 300000;
const SOON_MS = 30000;

const STYLE = styleSheet(`
  :host { display: block; height: 100%; }
  ha-card { height: 100%; box-sizing: border-box; overflow: hidden; }
  button {
    display: flex; flex-direction: column; justify-content: space-between; gap: 8px; box-sizing: border-box;
    width: 100%; height: 100%; padding: 16px; border: 0; border-radius: inherit;
    font: inherit; color: inherit; text-align: start; background: none; cursor: pointer;
  }
  :focus-visible { outline: 2px solid var(--primary-color, #03a9f4); outline-offset: -2px; }
  .name { display: flex; justify-content: space-between; gap: 8px; color: var(--secondary-text-color); font-weight: var(--ha-font-weight-medium, 500); }
  .name ha-icon { color: var(--state-icon-color); }
  .figure { font-size: var(--ha-font-size-3xl, 28px); line-height: 1; overflow-wrap: anywhere; }
  .unit { font-size: var(--ha-font-size-l, 16px); color: var(--secondary-text-color); }
`);

export class SpentCard extends Card {
  constructor() {
    super(STYLE);
  }

  setConfig(config) {
    const { entity, period } = config;
    if (typeof entity !== "string") throw new Error("entity: the id of an entity was expected");
    if (!PERIODS.includes(period)) throw new Error(`period: one of ${PERIODS.join(", ")} was expected`);
    const other = entity !== this.config.entity || period !== this.config.period;
    this.config = config;
    if (other) this.followAnew();
    else this.update();
  }

  getCardSize() {
    return 2;
  }

  getGridOptions() {
    return { columns: 6, rows: 2, min_columns: 6, min_rows: 2 };
  }

  subscribe(listener) {
    const { entity, period } = this.config;
    let waiting;
    let wanted = true;
    const ask = async () => {
      let change = null;
      try {
        ({ change } = await this.hass.callWS({
          type: "recorder/statistic_during_period",
          statistic_id: entity,
          types: ["change"],
          calendar: { period },
        }));
      } catch (error) {
        console.error("Antminer Monitor:", error);
      }
      if (!wanted) return;
      listener({ change });
      waiting = setTimeout(ask, (change ?? null) === null ? SOON_MS : LATER_MS);
    };
    ask();
    return () => {
      wanted = false;
      clearTimeout(waiting);
    };
  }

  draw(card) {
    const { hass, config } = this;
    const figure = quantity(hass, this.state?.change);
    const unit = hass.states[config.entity]?.attributes.unit_of_measurement;
    card.replaceChildren(
      h(
        "button",
        { type: "button", onclick: () => moreInfo(this, config.entity) },
        h("span", { class: "name" }, config.name ?? "", h("ha-icon", { icon: config.icon, "aria-hidden": "true" })),
        h("span", { class: "figure" }, figure, figure === NONE ? null : h("span", { class: "unit" }, ` ${unit ?? ""}`)),
      ),
    );
  }
}
