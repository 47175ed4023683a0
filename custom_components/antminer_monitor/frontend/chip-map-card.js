// The chips of one rig's boards: which fail is seen at a glance, by shape and by colour.

import { Card, message } from "./lib/card.js";
import { h, styleSheet } from "./lib/dom.js";
import { subscribeRig } from "./lib/feed.js";
import { dateTime, hashrate, isNumber, number, percent, temperature } from "./lib/format.js";
import { textsFor } from "./lib/texts.js";
import { chipGrid, faultyChips, heat } from "./chip-map.js";
import { fleetOf } from "./strategy-fleet.js";

/** Numbers of failing chips that are named; of more only how many. */
const MOST_NAMED = 24;

const STYLE = styleSheet(`
  :host { display: block; }
  ha-card { height: 100%; box-sizing: border-box; }
  .content { padding: 16px; display: grid; gap: 16px; }
  .board { display: grid; gap: 6px; }
  .line { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; }
  .name { font-weight: var(--ha-font-weight-medium, 500); flex: 1; white-space: nowrap; }
  .figure { color: var(--secondary-text-color); white-space: nowrap; }
  .failing { color: var(--error-color, #db4437); font-size: var(--ha-font-size-s, 12px); }
  .well { color: var(--secondary-text-color); font-size: var(--ha-font-size-s, 12px); }
  .message { color: var(--secondary-text-color); padding: 8px 0; }
  svg { display: block; width: 100%; height: auto; max-height: 200px; }
  .works { fill: var(--heat); }
  .hole { fill: none; stroke: var(--secondary-text-color); stroke-width: 0.08; stroke-dasharray: 0.16 0.1; }
  .bad { fill: var(--card-background-color, #fff); stroke: var(--error-color, #db4437); stroke-width: 0.1; }
  .cross { stroke: var(--error-color, #db4437); stroke-width: 0.2; stroke-linecap: round; }
`);

export class ChipMapCard extends Card {
  constructor() {
    super(STYLE);
  }

  static getStubConfig(hass) {
    const { rigs } = fleetOf(hass);
    const withBoards = rigs.find((rig) => rig.sensor("chips_faulty")) ?? rigs[0];
    return { device_id: withBoards?.deviceId ?? "" };
  }

  static async getConfigForm() {
    const t = await textsFor(document.querySelector("home-assistant")?.hass);
    return {
      schema: [
        {
          name: "device_id",
          required: true,
          selector: { device: { entity: [{ integration: "antminer_monitor", domain: "binary_sensor" }] } },
        },
        { name: "title", selector: { text: {} } },
        { name: "fans", selector: { boolean: {} } },
      ],
      computeLabel: ({ name }) => t(`chip_map.editor.${name}`),
    };
  }

  setConfig(config) {
    if (config.device_id !== undefined && typeof config.device_id !== "string") {
      throw new Error("device_id: the id of a device was expected");
    }
    const other = config.device_id !== this.config.device_id;
    this.config = config;
    if (other) this.followAnew();
    else this.update();
  }

  getCardSize() {
    return 6;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6 };
  }

  subscribe(listener) {
    const { device_id } = this.config;
    return device_id ? subscribeRig(this.hass, { device_id }, listener) : null;
  }

  draw(card) {
    const rig = this.state?.rig;
    card.header = this.config.title || rig?.name || this.t("chip_map.name");
    card.replaceChildren(h("div", { class: "content" }, this.#parts(rig)));
  }

  #parts(rig) {
    const { t } = this;
    const say = (key, values) => message(t(key, values));
    if (!this.config.device_id) return say("chip_map.choose");
    if (rig === null) return say("chip_map.gone");
    if (!rig) return say(this.state?.error ? "chip_map.error" : "chip_map.loading", { error: this.state?.error?.message });
    if (rig.is_stale) {
      return rig.last_seen
        ? say("chip_map.stale", { time: dateTime(this.hass, rig.last_seen) })
        : say("chip_map.never");
    }
    if (!rig.boards?.length) return say("chip_map.no_boards");
    const boards = rig.boards.map((board) => this.#board(rig, board));
    return this.config.fans && rig.fans?.length ? [...boards, this.#fans(rig.fans)] : boards;
  }

  #board(rig, board) {
    const { t, hass } = this;
    const name = t("chip_map.board", { index: board.index });
    const degrees = board.board_temperature ?? board.chip_temperature ?? board.temperature;
    const figures = [
      isNumber(degrees) ? temperature(hass, degrees) : null,
      isNumber(board.hashrate) ? hashrate(hass, board.hashrate, rig.rate_unit ?? "TH/s") : null,
      isNumber(board.frequency) ? `${number(hass, board.frequency)} MHz` : null,
    ];
    const bad = faultyChips(board);
    const text = this.#chipText(board, bad);
    return h(
      "div",
      { class: "board" },
      h(
        "div",
        { class: "line" },
        h("span", { class: "name" }, name),
        figures.filter(Boolean).map((figure) => h("span", { class: "figure" }, figure)),
      ),
      board.chip_map
        ? chipGrid(board.chip_map, heat(degrees), `${name}: ${text}`, (position, missing) =>
            t(missing ? "chip_map.chip_missing" : "chip_map.chip_failing", { chip: position }),
          )
        : null,
      h("div", { class: bad.length || board.chips_faulty ? "failing" : "well" }, text),
    );
  }

  #fans(fans) {
    const { t } = this;
    return h(
      "div",
      { class: "line" },
      h("span", { class: "name" }, t("chip_map.fans")),
      fans.map(({ index, speed, duty }) => {
        const figure = isNumber(speed) ? t("chip_map.rpm", { speed: number(this.hass, speed) }) : percent(this.hass, isNumber(duty) ? duty / 100 : null);
        return h("span", { class: speed === 0 ? "failing" : "figure" }, t("chip_map.fan", { index, figure }));
      }),
    );
  }

  #chipText(board, bad) {
    const { t, hass } = this;
    const expected = board.chips_expected ?? (board.chip_map ? board.chip_map.length : null);
    if (bad.length) {
      const named = bad.slice(0, MOST_NAMED).join(", ");
      const rest = bad.length - MOST_NAMED;
      return t("chip_map.failing", {
        bad: number(hass, bad.length),
        all: number(hass, board.chip_map.length),
        chips: rest > 0 ? t("chip_map.and_more", { chips: named, rest: number(hass, rest) }) : named,
      });
    }
    if (isNumber(board.chips_faulty) && board.chips_faulty > 0) {
      return t("chip_map.failing_count", { bad: number(hass, board.chips_faulty), all: number(hass, expected) });
    }
    if (isNumber(board.chips_working)) {
      return isNumber(expected)
        ? t("chip_map.working", { working: number(hass, board.chips_working), all: number(hass, expected) })
        : t("chip_map.working_only", { working: number(hass, board.chips_working) });
    }
    return t("chip_map.unknown");
  }
}
