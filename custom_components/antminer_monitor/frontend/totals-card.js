// All rigs together: Home Assistant has no card that adds up the sites and farms.

import { Card, message } from "./lib/card.js";
import { h, icon, styleSheet } from "./lib/dom.js";
import { subscribeFleet } from "./lib/feed.js";
import { algorithmName, efficiency, hashrateTotal, isNumber, number, power } from "./lib/format.js";
import { STATUSES, statusOf } from "./lib/status.js";

const STYLE = styleSheet(`
  :host { display: block; }
  .content { padding: 16px; display: grid; gap: 16px; }
  dl { margin: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 16px; }
  dl > div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
  dt { color: var(--secondary-text-color); font-size: var(--ha-font-size-s, 12px); }
  dd { margin: 0; font-size: var(--ha-font-size-xl, 20px); overflow-wrap: anywhere; }
  .more { color: var(--secondary-text-color); font-size: var(--ha-font-size-s, 12px); }
  ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px 16px; }
  li { display: flex; align-items: center; gap: 6px; }
  .icon { width: 16px; height: 16px; }
  .message { color: var(--secondary-text-color); }
`);

/** What these rows come to: by algorithm (the one of the most rigs first), the power, and how many rigs by status. */
function totalsOf(rows) {
  const algorithms = new Map();
  const statuses = new Map();
  let watts = null;
  for (const row of rows) {
    const status = statusOf(row);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (isNumber(row.power)) watts = (watts ?? 0) + row.power;
    if (!isNumber(row.hashrate) || !row.algorithm) continue;
    const sum = algorithms.get(row.algorithm) ?? { id: row.algorithm, rigs: 0, hashrate: 0, unit: row.rate_unit, work: 0, weight: 0 };
    algorithms.set(row.algorithm, sum);
    sum.rigs += 1;
    sum.hashrate += row.hashrate;
    if (isNumber(row.efficiency) && row.efficiency_unit) {
      sum.efficiencyUnit ??= row.efficiency_unit;
      if (sum.efficiencyUnit !== row.efficiency_unit) continue;
      sum.work += row.efficiency * row.hashrate;
      sum.weight += row.hashrate;
    }
  }
  const list = [...algorithms.values()].map(({ work, weight, ...sum }) => ({ ...sum, efficiency: weight ? work / weight : null }));
  return { algorithms: list.sort((a, b) => b.rigs - a.rigs), watts, statuses };
}

export class TotalsCard extends Card {
  constructor() {
    super(STYLE);
  }

  getCardSize() {
    return 3;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6 };
  }

  subscribe(listener) {
    return subscribeFleet(this.hass, listener);
  }

  draw(card) {
    card.header = this.config.title ?? "";
    card.replaceChildren(h("div", { class: "content" }, this.#parts()));
  }

  #parts() {
    const { t, hass } = this;
    const { rigs, error } = this.state ?? {};
    if (!rigs) return message(error ? t("totals.error", { error: error.message }) : t("totals.loading"));
    const { algorithms, watts, statuses } = totalsOf(rigs.values());
    const figure = (name, value, more) => h("div", {}, h("dt", {}, name), h("dd", {}, value, more ? h("div", { class: "more" }, more) : null));
    const known = Object.keys(STATUSES).filter((status) => statuses.has(status));
    return [
      h(
        "dl",
        {},
        algorithms.map((sum) =>
          figure(
            algorithmName(sum.id),
            hashrateTotal(hass, sum.hashrate, sum.unit),
            sum.efficiency === null ? null : efficiency(hass, sum.efficiency, sum.efficiencyUnit),
          ),
        ),
        figure(t("totals.power"), power(hass, watts)),
      ),
      h(
        "ul",
        { "aria-label": t("totals.rigs") },
        known.map((status) => {
          const shape = icon(STATUSES[status].path);
          shape.style.color = STATUSES[status].color;
          return h("li", {}, shape, h("span", {}, `${number(hass, statuses.get(status))} ${t(`status.${status}`)}`));
        }),
      ),
    ];
  }
}
