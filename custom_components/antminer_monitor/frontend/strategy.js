// The dashboard strategy: the pages of the menu, and a page for every rig.

import { textsFor } from "./lib/texts.js";
import { fleetOf, rigPage } from "./strategy-fleet.js";
import { pageView, problemView, readPages } from "./strategy-pages.js";

export class DashboardStrategy extends HTMLElement {
  static async generate(config, hass) {
    const t = await textsFor(hass);
    const { rigs, farms } = fleetOf(hass);
    const { pages, problem } = readPages(config);
    const views = problem ? [problemView(problem, t, 0)] : [];
    for (const [index, { page, problem: wrong }] of pages.entries()) {
      if (wrong) views.push(problemView(wrong, t, index + 1));
      else if (page.hidden) continue;
      // A menu that nobody changed has the page of the farms only where there are any.
      else if (page.type === "farms" && !config?.pages && !farms.length) continue;
      else views.push(pageView(page, t));
    }
    return { views: [...views, ...rigs.map(rigView)] };
  }

  static async getConfigElement() {
    await import("./strategy-editor.js");
    return document.createElement("antminer-monitor-strategy-editor");
  }

  static async getCreateSuggestions(hass) {
    const t = await textsFor(hass);
    return { title: t("dashboard.panel.title"), icon: "mdi:pickaxe" };
  }
}

/** Nothing of a rig is looked at until its page is opened: there may be a thousand. */
function rigView(rig) {
  return {
    title: rig.name,
    path: rigPage(rig.deviceId),
    subview: true,
    strategy: { type: "custom:antminer-monitor-rig", device_id: rig.deviceId },
  };
}
