// How a status looks: a colour of the theme and a shape of its own, so that nobody needs colours.

const GREY = "var(--state-inactive-color, var(--disabled-text-color, #8a8a8a))";

/** Colour, shape (path of 24 by 24) and place in the order: what needs attention comes first. */
export const STATUSES = {
  fault: {
    color: "var(--error-color, #db4437)",
    path: "M12 2.5 23 21.5H1ZM11 9v6.5h2V9Zm0 8v2h2v-2Z",
    order: 0,
  },
  stale: {
    color: "var(--warning-color, #ffa600)",
    path: "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20Zm0 2.2a7.8 7.8 0 1 0 0 15.6 7.8 7.8 0 0 0 0-15.6ZM11 7h2v4.6l3.4 2-1 1.8L11 12.8Z",
    order: 1,
  },
  offline: {
    color: GREY,
    path: "M5.2 3.4 12 10.2l6.8-6.8 1.8 1.8L13.8 12l6.8 6.8-1.8 1.8-6.8-6.8-6.8 6.8-1.8-1.8 6.8-6.8-6.8-6.8Z",
    order: 2,
  },
  idle: {
    color: "var(--info-color, #039be5)",
    path: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 3a6 6 0 1 0 0 12 6 6 0 0 0 0-12Z",
    order: 3,
  },
  starting: {
    color: "var(--info-color, #039be5)",
    path: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Zm0 2.4a6.6 6.6 0 0 0 0 13.2Z",
    order: 4,
  },
  sleeping: {
    color: "var(--secondary-text-color, #727272)",
    path: "M14.5 2.6A9.6 9.6 0 1 0 21.4 16 8 8 0 0 1 14.5 2.6Z",
    order: 5,
  },
  running: {
    color: "var(--success-color, #43a047)",
    path: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
    order: 6,
  },
};

/** The key of a row's status in STATUSES: a rig that is silent is stale, unless it was told to start anew. */
export function statusOf(row) {
  if (row.is_stale && row.status !== "starting") return "stale";
  return row.status in STATUSES ? row.status : "idle";
}

export function statusLook(row) {
  return STATUSES[statusOf(row)];
}

/** Colour of a problem's sign, and the sign itself. */
export const PROBLEM = {
  color: "var(--error-color, #db4437)",
  path: STATUSES.fault.path,
};

/** Problems that a row may have, the worst first. */
export const PROBLEMS = ["overheating", "board_fault", "fan_fault", "pool_fault", "hashrate_low"];
