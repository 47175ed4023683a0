// The visual editor of the fleet card: a form of Home Assistant's own.

import { COLUMNS, DEFAULT_COLUMNS } from "./fleet-columns.js";
import { fire, h } from "./lib/dom.js";
import { STATUSES } from "./lib/status.js";
import { textsFor } from "./lib/texts.js";

function schema(t) {
  const columns = Object.keys(COLUMNS).map((value) => ({ value, label: t(`fleet.column.${value}`) }));
  const statuses = Object.keys(STATUSES).map((value) => ({ value, label: t(`status.${value}`) }));
  statuses.unshift({ value: "attention", label: t("fleet.attention") });
  return [
    { name: "title", selector: { text: {} } },
    { name: "columns", selector: { select: { multiple: true, reorder: true, mode: "dropdown", options: columns } } },
    {
      type: "grid",
      name: "",
      schema: [
        { name: "sort", selector: { select: { mode: "dropdown", options: columns } } },
        { name: "descending", selector: { boolean: {} } },
      ],
    },
    {
      type: "expandable",
      name: "filters",
      title: t("fleet.editor.filters"),
      schema: [
        { name: "site", selector: { config_entry: { integration: "antminer_monitor" } } },
        { name: "farm", selector: { text: {} } },
        { name: "status", selector: { select: { multiple: true, mode: "dropdown", options: statuses } } },
        { name: "area", selector: { area: {} } },
        { name: "algorithm", selector: { text: {} } },
        { name: "model", selector: { text: {} } },
      ],
    },
    { name: "rig_path", selector: { text: {} } },
    { name: "rows", selector: { number: { min: 3, max: 50, mode: "box" } } },
    { name: "height", selector: { text: {} } },
  ];
}

/** What was left empty does not belong into a dashboard's configuration. */
function withoutEmpty(config) {
  return Object.fromEntries(
    Object.entries(config)
      .map(([name, value]) => [name, name === "filters" && value ? withoutEmpty(value) : value])
      .filter(([, value]) => {
        if (value === undefined || value === null || value === "" || value === false) return false;
        return typeof value !== "object" || Object.keys(value).length > 0;
      }),
  );
}

export class FleetCardEditor extends HTMLElement {
  setConfig(config) {
    this.config = config;
    this.draw();
  }

  set hass(hass) {
    this.hass_ = hass;
    if (this.form) this.form.hass = hass;
    else this.draw();
  }

  async draw() {
    if (!this.hass_ || !this.config) return;
    if (!this.form) {
      const t = await textsFor(this.hass_);
      // Another call may have come first.
      this.form ??= this.build(t);
    }
    this.form.hass = this.hass_;
    this.form.data = { columns: DEFAULT_COLUMNS, sort: "name", rows: 10, ...this.config };
  }

  build(t) {
    const form = h("ha-form");
    form.schema = schema(t);
    form.computeLabel = ({ name }) => t(`fleet.editor.${name}`);
    form.computeHelper = ({ name }) => (name === "rig_path" ? t("fleet.editor.rig_path_help") : undefined);
    form.addEventListener("value-changed", (event) => {
      event.stopPropagation();
      this.config = withoutEmpty(event.detail.value);
      fire(this, "config-changed", { config: this.config });
    });
    this.replaceChildren(form);
    return form;
  }
}
