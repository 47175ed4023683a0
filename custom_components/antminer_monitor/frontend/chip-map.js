// The drawing of a board: a square a chip, in the colour of the board's temperature.

import { set } from "./lib/dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** A board is drawn about so many times wider than high. */
const SHAPE = 4;
const GAP = 0.12;

/** °C of a board: up to the first it is cool, from the second on warm, at the third hot. */
const COOL = 65;
const WARM = 80;
const HOT = 90;

const WORKING = "o";
const MISSING = "-";

/** The colour of a temperature; grey where it is not known. */
export function heat(celsius) {
  if (typeof celsius !== "number") return "var(--state-inactive-color, var(--disabled-text-color, #8a8a8a))";
  const mix = (from, to, share) => {
    const percent = Math.round(100 * Math.min(1, Math.max(0, share)));
    return `color-mix(in oklab, ${to} ${percent}%, ${from})`;
  };
  const cool = "var(--success-color, #43a047)";
  const warm = "var(--warning-color, #ffa600)";
  const hot = "var(--error-color, #db4437)";
  return celsius < WARM
    ? mix(cool, warm, (celsius - COOL) / (WARM - COOL))
    : mix(warm, hot, (celsius - WARM) / (HOT - WARM));
}

/** Numbers of the chips that fail or do not answer, counted from 1. */
export function faultyChips(board) {
  return [...(board.chip_map ?? "")].flatMap((mark, index) => (mark === WORKING ? [] : [index + 1]));
}

/** A drawing of the chips; `say(number, missing)` gives the tooltip of one that does not work. */
export function chipGrid(marks, color, label, say) {
  const columns = Math.max(1, Math.min(marks.length, Math.ceil(Math.sqrt(marks.length * SHAPE))));
  const rows = Math.ceil(marks.length / columns);
  const svg = element("svg", { viewBox: `0 0 ${columns} ${rows}`, role: "img", "aria-label": label });
  svg.style.setProperty("--heat", color);
  const works = [];
  const others = [];
  [...marks].forEach((mark, index) => {
    const x = index % columns;
    const y = Math.floor(index / columns);
    if (mark === WORKING) works.push(square(x, y));
    else others.push(broken(x, y, mark === MISSING, say(index + 1, mark === MISSING)));
  });
  // One shape for all that work: hundreds of elements would be drawn for nothing.
  svg.append(element("path", { class: "works", d: works.join("") }), ...others);
  return svg;
}

function square(x, y) {
  const side = 1 - 2 * GAP;
  return `M${x + GAP} ${y + GAP}h${side}v${side}h${-side}z`;
}

function broken(x, y, missing, text) {
  const group = element("g", {});
  const title = element("title", {});
  title.textContent = text;
  group.append(title, element("path", { class: missing ? "bad hole" : "bad", d: square(x, y) }));
  if (!missing) {
    const [from, to] = [0.3, 0.7];
    group.append(
      element("path", {
        class: "cross",
        d: `M${x + from} ${y + from}L${x + to} ${y + to}M${x + to} ${y + from}L${x + from} ${y + to}`,
      }),
    );
  }
  return group;
}

function element(tag, attributes) {
  return set(document.createElementNS(SVG, tag), attributes);
}
