// How the fleet card looks. Colours are the theme's.

import { styleSheet } from "./lib/dom.js";

export const styles = styleSheet(`
:host { display: block; height: 100%; }
[hidden] { display: none !important; }
ha-card {
  container-type: inline-size;
  display: flex;
  flex-direction: column;
  height: 100%;
  /* Not "hidden": what is sticky within would stick to the card. */
  overflow: clip;
  box-sizing: border-box;
  color: var(--primary-text-color, #212121);
  background: var(--ha-card-background, var(--card-background-color, #fff));
}
h1 {
  margin: 0;
  padding: 12px 16px 0;
  font-size: var(--ha-card-header-font-size, 20px);
  font-weight: 400;
}
button, input, select { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--primary-color, #03a9f4); outline-offset: -2px; }
.icon { width: 18px; height: 18px; flex: none; }
.hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.filters, .actions, .result {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 8px;
  padding: 8px 16px;
}
.search, .choice, .stagger input {
  height: 36px;
  box-sizing: border-box;
  padding: 0 10px;
  color: var(--primary-text-color, #212121);
  background: var(--secondary-background-color, #f5f5f5);
  border: 1px solid var(--divider-color, #e0e0e0);
  border-radius: 8px;
}
.search { flex: 1 1 180px; min-width: 0; }
.choice { flex: 0 1 auto; min-width: 0; max-width: 200px; }
.search::placeholder { color: var(--secondary-text-color, #727272); opacity: 1; }
.count { margin-inline-start: auto; color: var(--secondary-text-color, #727272); }
.plain, .action, .answers button {
  display: inline-flex;
  align-items: center;
  gap: 6px;
  min-height: 36px;
  padding: 0 12px;
  border: 0;
  border-radius: 18px;
  color: var(--primary-text-color, #212121);
  background: none;
}
.plain { color: var(--primary-color, #0288d1); }
.action { border: 1px solid var(--divider-color, #e0e0e0); }
.plain:hover, .action:hover, .answers button:hover { background: var(--secondary-background-color, #f5f5f5); }
/* Below the table: above it, it would push the rows from under the pointer. */
.foot {
  position: sticky;
  bottom: 0;
  z-index: 2;
  background: var(--ha-card-background, var(--card-background-color, #fff));
  border-radius: inherit;
}
.actions { border-top: 1px solid var(--divider-color, #e0e0e0); background: var(--secondary-background-color, #f5f5f5); }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; }
.selected { font-weight: 500; }
.result { border-top: 1px solid var(--divider-color, #e0e0e0); border-inline-start: 4px solid var(--success-color, #43a047); }
.result.failed { border-inline-start-color: var(--error-color, #db4437); }
.result span { flex: 1 1 200px; max-height: 6em; overflow: auto; overflow-wrap: anywhere; }
.notice { padding: 24px 16px; text-align: center; color: var(--secondary-text-color, #727272); }
.notice.failed { color: var(--error-color, #db4437); }
.notice p { margin: 0 0 8px; }

.table {
  --row-height: 44px;
  flex: 1 1 var(--table-height, 484px);
  box-sizing: border-box;
  min-height: 132px;
  max-height: 100vh;
  overflow: auto;
  overscroll-behavior: contain;
  contain: strict;
  border-top: 1px solid var(--divider-color, #e0e0e0);
}
:host([fills]:not([sized])) .table { flex-basis: 264px; }
.top {
  position: sticky;
  top: 0;
  z-index: 1;
  min-width: var(--least-width);
  background: var(--ha-card-background, var(--card-background-color, #fff));
  border-bottom: 1px solid var(--divider-color, #e0e0e0);
}
.row {
  display: grid;
  grid-template-columns: var(--columns);
  align-items: stretch;
  height: var(--row-height);
}
.body { position: relative; min-width: var(--least-width); }
.body .row {
  position: absolute;
  inset-inline: 0;
  top: 0;
  cursor: pointer;
  contain: strict;
  box-sizing: border-box;
  border-bottom: 1px solid var(--divider-color, #e0e0e0);
}
@media (hover: hover) {
  .body .row:hover { background: var(--secondary-background-color, #f5f5f5); }
}
.body .row[aria-selected="true"] {
  background: color-mix(in srgb, var(--primary-color, #03a9f4) 14%, transparent);
}
.cell {
  display: flex;
  align-items: center;
  gap: 6px;
  min-width: 0;
  padding: 0 8px;
  overflow: hidden;
  white-space: nowrap;
}
.body .cell:not(.status, .name, .hashrate, .problems, .select) { display: block; line-height: 43px; text-overflow: ellipsis; }
.cell.numeric { text-align: end; justify-content: flex-end; font-variant-numeric: tabular-nums; }
.cell.select { justify-content: center; padding: 0; }
.cell .label, .cell a { overflow: hidden; text-overflow: ellipsis; }
/* Most rigs with a problem have two: what has no room beside it stands below. */
.body .cell.problems .label {
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
  font-size: 0.9em;
  line-height: 1.25;
  white-space: normal;
}
.cell a { color: inherit; text-decoration: none; font-weight: 500; }
.old .body { opacity: 0.6; }
.stale .cell { color: var(--secondary-text-color, #727272); }
.stale .cell a { font-style: italic; }
input[type="checkbox"] { width: 18px; height: 18px; margin: 0; accent-color: var(--primary-color, #03a9f4); }
.head .cell { padding: 0; }
.head button {
  display: flex;
  align-items: center;
  gap: 4px;
  width: 100%;
  height: 100%;
  padding: 0 8px;
  border: 0;
  background: none;
  color: var(--secondary-text-color, #727272);
  font-size: 0.9em;
  font-weight: 500;
  text-align: start;
}
.head .numeric button { flex-direction: row-reverse; }
.head .arrow { width: 8px; flex: none; }
[aria-sort="ascending"] .arrow::before { content: "▲"; font-size: 8px; }
[aria-sort="descending"] .arrow::before { content: "▼"; font-size: 8px; }
[aria-sort="ascending"] button, [aria-sort="descending"] button { color: var(--primary-text-color, #212121); }

.body .cell.hashrate { flex-direction: column; align-items: stretch; justify-content: center; gap: 4px; text-align: end; }
.bar { display: block; height: 4px; border-radius: 2px; overflow: hidden; background: var(--divider-color, #e0e0e0); }
.bar.empty { display: none; }
.bar span {
  display: block;
  height: 100%;
  transform-origin: left;
  background: var(--success-color, #43a047);
}
.bar:dir(rtl) span { transform-origin: right; }
.bar.low span { background: var(--warning-color, #ffa600); }

.choices { display: contents; }
.sorting { display: none; }

@container (max-width: 599px) {
  .filters { padding: 8px; }
  .search { flex-basis: 100%; }
  .choices { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); flex: 1 1 100%; gap: 8px; }
  .choices .choice { max-width: none; min-width: 0; }
  .sorting { display: flex; flex: 0 1 180px; gap: 4px; }
  .sorting .choice { flex: 1; }
  .actions, .result { padding: 8px; }
  .actions { justify-content: space-between; }
  .buttons { order: 1; flex: 1 1 100%; flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; }
  .action { flex: none; }
  .table { --row-height: 64px; }
  .top, .body { min-width: 0; }
  .top { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); border: 0; }
  .body .row {
    grid-template-columns: var(--select-width, 8px) 30px minmax(0, 1fr) 54px 72px 64px;
    grid-template-rows: 32px 31px;
    grid-template-areas:
      "select status name name hashrate hashrate"
      "select . model chip power age";
  }
  .body .row .cell { display: none; padding: 0 4px; }
  .body .row .cell.select { display: flex; grid-area: select; }
  .body .row .cell.status { display: flex; grid-area: status; justify-content: center; }
  .cell.status .label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .body .row .cell.name { display: flex; grid-area: name; }
  .body .row .cell.hashrate { display: flex; grid-area: hashrate; gap: 2px; padding-inline-end: 8px; }
  .body .row .cell:is(.model, .chip_temperature, .power, .age) {
    display: block;
    line-height: 28px;
    font-size: 0.9em;
    color: var(--secondary-text-color, #727272);
  }
  .body .row .cell.model { grid-area: model; }
  .body .row .cell.chip_temperature { grid-area: chip; }
  .body .row .cell.power { grid-area: power; }
  .body .row .cell.age { grid-area: age; padding-inline-end: 8px; }
  .body .row.troubled .cell.problems { display: flex; grid-area: model; }
  .body .cell.problems .label { -webkit-line-clamp: 1; }
  .body .row.troubled:has(.problems) .cell.model { display: none; }
}

.question {
  width: min(480px, calc(100vw - 32px));
  max-height: calc(100vh - 32px);
  box-sizing: border-box;
  padding: 24px;
  overflow: auto;
  border: 0;
  border-radius: var(--ha-dialog-border-radius, 16px);
  color: var(--primary-text-color, #212121);
  background: var(--card-background-color, #fff);
}
.question::backdrop { background: rgb(0 0 0 / 50%); }
.question h2 { margin: 0 0 8px; font-size: 20px; font-weight: 500; }
.question p { margin: 0 0 8px; color: var(--secondary-text-color, #727272); }
.names { margin: 8px 0; padding-inline-start: 20px; overflow-wrap: anywhere; }
.more { list-style: none; color: var(--secondary-text-color, #727272); }
.stagger { display: flex; align-items: center; justify-content: space-between; gap: 8px; margin: 8px 0; }
.stagger input { width: 96px; }
.answers { display: flex; justify-content: flex-end; gap: 8px; margin-top: 16px; }
.answers .sure { color: var(--text-primary-color, #fff); background: var(--primary-color, #0288d1); }
.answers .danger { color: var(--text-primary-color, #fff); background: var(--error-color, #db4437); }
.answers .sure:hover, .answers .danger:hover { filter: brightness(1.1); background: var(--primary-color, #0288d1); }
.answers .danger:hover { background: var(--error-color, #db4437); }
`);
