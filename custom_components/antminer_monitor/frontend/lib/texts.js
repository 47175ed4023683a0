// What the cards say, in the user's language. English stands in for what is not translated.

/** Languages that have a file in `texts/`: asking for another would be an error in the console. */
export const LANGUAGES = ["de", "en", "es", "fr", "pt-BR", "ru", "uk", "zh-Hans"];

const FALLBACK = "en";
const LOAD_TIMEOUT_MS = 10000;
const tables = new Map();

/** The text of a key ("fleet.empty"), its {placeholders} filled; of one with a plural by `count`. */
function lookup(table, language, key, values) {
  let text = key.split(".").reduce((part, name) => part?.[name], table);
  if (text && typeof text === "object" && values?.count !== undefined) {
    const form = new Intl.PluralRules(language).select(Number(values.count));
    text = text[form] ?? text.other;
  }
  return typeof text === "string" ? text : undefined;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values?.[name] ?? whole);
}

function load(language) {
  let table = tables.get(language);
  if (!table) {
    table = fetch(new URL(`../texts/${language}.json`, import.meta.url), {
      signal: AbortSignal.timeout(LOAD_TIMEOUT_MS),
    }).then((response) => {
      if (!response.ok) throw new Error(`Texts "${language}": HTTP ${response.status}`);
      return response.json();
    });
    // A failure is not kept: the next card asks again.
    table.catch(() => tables.delete(language));
    tables.set(language, table);
  }
  return table;
}

function languageFor(hass) {
  const wanted = hass?.locale?.language || hass?.language || FALLBACK;
  if (LANGUAGES.includes(wanted)) return wanted;
  const plain = wanted.split("-")[0];
  return LANGUAGES.includes(plain) ? plain : FALLBACK;
}

/** The texts that were loaded before: for what is asked at once. */
const loaded = new Map();

/** The text of a key if the user's language is there already, else undefined; have it there the next time. */
export function textNow(hass, key) {
  const language = languageFor(hass);
  const t = loaded.get(language);
  // Who asks has a word of its own for it.
  if (!t) textsFor(hass).catch(() => {});
  return t?.(key);
}

/**
 * Texts in the user's language: a function `t(key, values)`.
 *
 * `values.count` chooses the plural and may be shown by `values.number`, formatted.
 * A key that no file has gives the key itself. Rejects if the files cannot be loaded.
 */
export async function textsFor(hass) {
  const language = languageFor(hass);
  const [own, fallback] = await Promise.all([
    load(language).catch((error) => {
      if (language === FALLBACK) throw error;
      return {};
    }),
    load(FALLBACK),
  ]);
  const t = (key, values) =>
    fill(
      lookup(own, language, key, values) ?? lookup(fallback, FALLBACK, key, values) ?? key,
      values,
    );
  loaded.set(language, t);
  return t;
}
