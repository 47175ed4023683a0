// The menu: what the configuration of the strategy says, made sure of.

import { alertCard } from "./strategy-cards.js";

export const PAGE_ICONS = {
  home: "mdi:home-analytics",
  miners: "mdi:pickaxe",
  farms: "mdi:barn",
  energy: "mdi:lightning-bolt",
  logs: "mdi:text-box-search-outline",
  custom: "mdi:view-dashboard-outline",
};

export const PAGE_TYPES = Object.keys(PAGE_ICONS);

/** The pages of a menu that nobody changed. */
export function defaultPages() {
  return PAGE_TYPES.filter((type) => type !== "custom").map((type) => ({ id: type, type }));
}

const OUR_KEYS = new Set(["id", "type", "title", "icon", "users", "hidden"]);
const ID = /^(?!\d+$)(?!rig-)[a-z0-9_-]{1,60}$/;

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value) => Array.isArray(value) && value.every((item) => typeof item === "string");
const isObjects = (value) => Array.isArray(value) && value.every(isObject);

/**
 * What is wrong with a page: null, or the key of a text and its values.
 *
 * `taken` are the ids of the pages before it.
 */
export function pageProblem(page, taken = new Set()) {
  if (!isObject(page)) return ["not_a_page", {}];
  if (typeof page.id !== "string" || !ID.test(page.id)) return ["bad_id", { id: page.id }];
  if (taken.has(page.id)) return ["same_id", { id: page.id }];
  if (!PAGE_TYPES.includes(page.type)) return ["bad_type", { id: page.id, type: page.type }];
  for (const key of ["title", "icon"]) {
    if (page[key] !== undefined && typeof page[key] !== "string") return ["bad_text", { id: page.id, key }];
  }
  if (page.users !== undefined && !isTexts(page.users)) return ["bad_users", { id: page.id }];
  if (page.type === "custom") {
    for (const key of ["cards", "sections"]) {
      if (page[key] !== undefined && !isObjects(page[key])) return ["bad_cards", { id: page.id, key }];
    }
  }
  return null;
}

/** The pages of a configuration, each with its problem or null; and the problem of the whole. */
export function readPages(config) {
  const pages = config?.pages ?? defaultPages();
  if (!Array.isArray(pages)) {
    return { pages: defaultPages().map((page) => ({ page, problem: null })), problem: ["not_a_list", {}] };
  }
  const taken = new Set();
  const read = pages.map((page) => {
    const problem = pageProblem(page, taken);
    if (!problem) taken.add(page.id);
    return { page, problem };
  });
  return { pages: read, problem: pages.length ? null : ["no_pages", {}] };
}

export function pageTitle(page, t) {
  return page.title || t(`dashboard.page.${page.type}`);
}

export function problemText(problem, t) {
  const [key, values] = problem;
  return t(`dashboard.problem.${key}`, values);
}

/** The view of a page. */
export function pageView(page, t) {
  const view = {
    title: pageTitle(page, t),
    path: page.id,
    icon: page.icon || PAGE_ICONS[page.type],
    show_icon_and_title: true,
    ...(page.users?.length ? { visible: page.users.map((user) => ({ user })) } : {}),
  };
  if (page.type !== "custom") return { ...view, strategy: { type: `custom:antminer-monitor-${page.type}` } };
  const own = Object.fromEntries(Object.entries(page).filter(([key]) => !OUR_KEYS.has(key)));
  if (own.sections) return { ...own, ...view, type: "sections" };
  return { ...own, ...view, cards: own.cards ?? [] };
}

/** A page that says what is wrong with the configuration of one, in its place. */
export function problemView(problem, t, number) {
  return {
    title: t("dashboard.problem.title"),
    path: `problem-${number}`,
    icon: "mdi:alert-circle-outline",
    cards: [alertCard("error", t("dashboard.problem.title"), problemText(problem, t))],
  };
}
