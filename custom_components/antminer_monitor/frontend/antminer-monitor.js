// Loaded by every page of Home Assistant: defines the elements of the integration.

import { ChipMapCard } from "./chip-map-card.js";
import { DashboardPanel } from "./dashboard-panel.js";
import { EventsCard } from "./events-card.js";
import { registerFleetCard } from "./fleet-card.js";
import { textNow } from "./lib/texts.js";
import { LogCard } from "./log-card.js";
import { SpentCard } from "./spent-card.js";
import { DashboardStrategy } from "./strategy.js";
import { HomeStrategy } from "./strategy-home.js";
import { EnergyStrategy, FarmsStrategy, LogsStrategy, MinersStrategy } from "./strategy-lists.js";
import { RigStrategy } from "./strategy-rig.js";
import { TotalsCard } from "./totals-card.js";

const ELEMENTS = {
  "antminer-monitor-chip-map-card": ChipMapCard,
  "antminer-monitor-events-card": EventsCard,
  "antminer-monitor-log-card": LogCard,
  "antminer-monitor-spent-card": SpentCard,
  "antminer-monitor-totals-card": TotalsCard,
  "antminer-monitor-dashboard": DashboardPanel,
  "ll-strategy-dashboard-antminer-monitor": DashboardStrategy,
  "ll-strategy-view-antminer-monitor-home": HomeStrategy,
  "ll-strategy-view-antminer-monitor-miners": MinersStrategy,
  "ll-strategy-view-antminer-monitor-farms": FarmsStrategy,
  "ll-strategy-view-antminer-monitor-energy": EnergyStrategy,
  "ll-strategy-view-antminer-monitor-logs": LogsStrategy,
  "ll-strategy-view-antminer-monitor-rig": RigStrategy,
};

for (const [name, element] of Object.entries(ELEMENTS)) {
  // After an update the page of before may be open still: its elements stay until it is loaded anew.
  if (!customElements.get(name)) customElements.define(name, element);
}

registerFleetCard();

function offer(list, ...items) {
  window[list] ??= [];
  for (const item of items) {
    if (!window[list].some(({ type }) => type === item.type)) window[list].push(item);
  }
}

offer(
  "customCards",
  {
    type: "antminer-monitor-chip-map-card",
    name: "Antminer Monitor: chip map",
    description: "The hashboards of one rig as a heat map; faulty chips stand out.",
    preview: true,
    documentationURL: "https://github.com/antminer-monitor/antminer-monitor/blob/main/docs/dashboard.md",
  },
);

const hassNow = () => document.querySelector("home-assistant")?.hass;
const wordNow = (key) => textNow(hassNow(), `dashboard.panel.${key}`);

// The list of dashboards that can be added asks for these at once, in whatever language is the user's by then.
offer("customStrategies", {
  type: "antminer-monitor",
  strategyType: "dashboard",
  get name() {
    return wordNow("title") ?? "Mining rigs";
  },
  get description() {
    return wordNow("description") ?? "Antminer Monitor: totals, all rigs, farms, energy, logs, and a page for every rig.";
  },
  documentationURL: "https://github.com/antminer-monitor/antminer-monitor/blob/main/docs/dashboard.md",
});

// Home Assistant knows the user, and so the language, once it is connected.
window.hassConnection?.then(() => wordNow("title"), () => {});
