// How the editor of the menu looks.

/** Signs of the buttons, 24 by 24. */
export const SHAPES = {
  up: "M7.4 15.4 12 10.8l4.6 4.6L18 14l-6-6-6 6Z",
  down: "M7.4 8.6 12 13.2l4.6-4.6L18 10l-6 6-6-6Z",
  edit: "M3 17.2V21h3.8L17.8 9.9l-3.7-3.7ZM20.7 7a1 1 0 0 0 0-1.4l-2.3-2.3a1 1 0 0 0-1.4 0l-1.8 1.8 3.7 3.7Z",
  shown: "M12 5C7 5 2.7 8.1 1 12.5 2.7 16.9 7 20 12 20s9.3-3.1 11-7.5C21.3 8.1 17 5 12 5Zm0 12.5a5 5 0 1 1 0-10 5 5 0 0 1 0 10Zm0-8a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  hidden: "M12 5C7 5 2.7 8.1 1 12.5 2.7 16.9 7 20 12 20s9.3-3.1 11-7.5C21.3 8.1 17 5 12 5Zm0 12.5a5 5 0 1 1 0-10 5 5 0 0 1 0 10ZM3.5 2 2 3.5 20.5 22 22 20.5Z",
  remove: "M6 19a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V7H6ZM19 4h-3.5l-1-1h-5l-1 1H5v2h14Z",
};

export const EDITOR_STYLE = `
  :host { display: block; color: var(--primary-text-color); }
  .help, .notes { color: var(--secondary-text-color); margin: 0; }
  .notes { font-size: var(--ha-font-size-s, 12px); }
  .help { padding-bottom: 12px; }
  ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
  .page { border: 1px solid var(--divider-color); border-radius: var(--ha-card-border-radius, 12px); overflow: hidden; }
  .line { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; padding: 4px 4px 4px 16px; min-height: 48px; }
  .hidden .line > ha-icon, .hidden .title { opacity: 0.5; }
  ha-icon { color: var(--secondary-text-color); flex: none; }
  .names { flex: 1; min-width: 120px; display: grid; }
  .title { overflow-wrap: anywhere; }
  .buttons { display: flex; flex: none; margin-inline-start: auto; }
  button { font: inherit; color: inherit; cursor: pointer; background: none; border: none; border-radius: 20px; }
  .buttons button { width: 40px; height: 40px; padding: 8px; color: var(--secondary-text-color); }
  button:hover:not([disabled]) { background: color-mix(in srgb, var(--primary-text-color) 8%, transparent); }
  button[disabled] { opacity: 0.3; cursor: default; }
  button .icon { width: 24px; height: 24px; display: block; }
  button.text { color: var(--primary-color); padding: 8px 16px; min-height: 40px; font-weight: var(--ha-font-weight-medium, 500); }
  :focus-visible { outline: 2px solid var(--primary-color, #03a9f4); outline-offset: 1px; }
  .form { display: grid; gap: 16px; padding: 8px 16px 16px; border-top: 1px solid var(--divider-color); }
  .field { display: grid; gap: 4px; }
  label, legend, .label { color: var(--secondary-text-color); font-size: var(--ha-font-size-s, 12px); }
  input[type="text"], select, textarea {
    font: inherit; color: var(--primary-text-color); background: var(--input-fill-color, var(--secondary-background-color, #f5f5f5));
    border: none; border-bottom: 1px solid var(--input-idle-line-color, var(--divider-color)); border-radius: 4px 4px 0 0;
    padding: 10px 12px; min-height: 44px; box-sizing: border-box; width: 100%;
  }
  textarea { font-family: var(--ha-font-family-code, monospace); }
  fieldset { border: none; margin: 0; padding: 0; min-width: 0; }
  legend { padding: 0; }
  .user { display: flex; align-items: center; gap: 12px; min-height: 40px; color: var(--primary-text-color); font-size: inherit; }
  .user input { width: 20px; height: 20px; accent-color: var(--primary-color); }
  .wrong { color: var(--error-color, #db4437); margin: 0; overflow-wrap: anywhere; }
  .wrong:empty { display: none; }
  li > .wrong { padding: 0 16px 12px; }
  .adder { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding-top: 16px; }
  .adder select { width: auto; flex: 1; min-width: 140px; }
  .live { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
`;
