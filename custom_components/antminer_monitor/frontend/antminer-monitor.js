// Loaded by every page of Home Assistant: defines the elements of the integration.

import { ChipMapCard } from "./chip-map-card.js";
import { DashboardPanel } from "./dashboard-panel.js";
import { registerFleetCard } from "./fleet-card.js";
import { LogCard } from "./log-card.js";
import { DashboardStrategy } from "./strategy.js";
import { HomeStrategy } from "./strategy-home.js";
import { EnergyStrategy, FarmsStrategy, LogsStrategy, MinersStrategy } from "./strategy-lists.js";
import { RigStrategy } from "./strategy-rig.js";
import { TotalsCard } from "./totals-card.js";

const ELEMENTS = {
  "antminer-monitor-chip-map-card": ChipMapCard,
  "antminer-monitor-log-card": LogCard,
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

offer("customStrategies", {
  type: "antminer-monitor",
  strategyType: "dashboard",
  name: "Mining rigs",
  description: "Antminer Monitor: totals, all rigs, farms, energy, logs, and a page for every rig.",
  documentationURL: "https://github.com/antminer-monitor/antminer-monitor/blob/main/docs/dashboard.md",
});
