// Elements without a library. Data gets into the page as text only, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Set attributes; `on…` are listeners, null and false take away, true sets an empty one. */
export function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === null || value === undefined || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : value);
  }
  return node;
}

/** An element with attributes and children (elements, or texts; null and false are left out). */
export function h(tag, attributes, ...children) {
  const node = set(document.createElement(tag), attributes);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A shape of 24 by 24 that takes the colour of the text; read out only if it has a label. */
export function icon(path, label) {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: "0 0 24 24", class: "icon", focusable: "false" });
  set(svg, label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" });
  const shape = document.createElementNS(SVG, "path");
  set(shape, { d: path, fill: "currentColor", "fill-rule": "evenodd" });
  svg.append(shape);
  return svg;
}

/** Change a text only if it differs: writing the same one costs a layout all the same. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Change an attribute only if it differs. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function styleSheet(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

/** Tell Home Assistant something, as its own cards do. */
export function fire(node, type, detail = {}) {
  node.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
}

/** Go to another page of Home Assistant without loading it anew. */
export function navigate(path) {
  history.pushState(null, "", path);
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
}

export function moreInfo(node, entityId) {
  fire(node, "hass-more-info", { entityId });
}
