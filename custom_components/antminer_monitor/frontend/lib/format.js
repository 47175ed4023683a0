// Figures in words, by the user's language, number format, time zone and unit system.

export const NONE = "–";

const SCALES = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
const PREFIXES = Object.keys(SCALES);

const NUMBER_LOCALES = {
  comma_decimal: "en-US",
  decimal_comma: "de",
  space_comma: "fr",
  quote_decimal: "de-CH",
  none: "en-US",
};

const ALGORITHM_NAMES = {
  sha256d: "SHA-256",
  scrypt: "Scrypt",
  x11: "X11",
  ethash: "Ethash",
  etchash: "Etchash",
  equihash: "Equihash",
  kheavyhash: "kHeavyHash",
  blake2s: "Blake2s",
  eaglesong: "Eaglesong",
  handshake: "Handshake",
  randomx: "RandomX",
  kawpow: "KawPow",
  autolykos: "Autolykos",
  octopus: "Octopus",
  blake3: "Blake3",
};

const formats = new Map();

// Making one of these takes longer than formatting hundreds of numbers with it.
function cached(kind, locale, options) {
  const key = `${kind.name} ${locale} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new kind(locale, options);
    formats.set(key, format);
  }
  return format;
}

function language(hass) {
  return hass?.locale?.language || hass?.language || "en";
}

function numberLocale(hass) {
  const format = hass?.locale?.number_format;
  if (format === "system") return undefined;
  return NUMBER_LOCALES[format] ?? language(hass);
}

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** A number with exactly so many decimals; a dash for one that is not known. */
export function number(hass, value, digits = 0) {
  if (!isNumber(value)) return NONE;
  return cached(Intl.NumberFormat, numberLocale(hass), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: hass?.locale?.number_format !== "none",
  }).format(value);
}

/** `value` is a share: 0.025 is 2.5 %. */
export function percent(hass, value, digits = 0) {
  return isNumber(value) ? `${number(hass, value * 100, digits)} %` : NONE;
}

function scaleOf(unit) {
  const prefix = /^([kMGTPE])?(?:H|Sol)\/s$/.exec(unit ?? "")?.[1] ?? "";
  return SCALES[prefix];
}

function digitsFor(value) {
  if (value >= 1000) return 0;
  return value >= 10 || value === 0 ? 1 : 2;
}

/** A number of anything, with as many decimals as its size is worth. */
export function quantity(hass, value) {
  return isNumber(value) ? number(hass, value, digitsFor(value)) : NONE;
}

/** Hashes (or solutions) per second in the unit given: "86.5 TH/s". */
export function hashrate(hass, perSecond, unit = "TH/s") {
  if (!isNumber(perSecond)) return NONE;
  const value = perSecond / scaleOf(unit);
  return `${quantity(hass, value)} ${unit}`;
}

/** The same of many rigs together: in a larger unit, where that makes it shorter to read. */
export function hashrateTotal(hass, perSecond, unit = "TH/s") {
  if (!isNumber(perSecond)) return NONE;
  const work = /Sol\/s$/.test(unit) ? "Sol/s" : "H/s";
  let prefix = PREFIXES.findIndex((name) => SCALES[name] === scaleOf(unit));
  while (prefix + 1 < PREFIXES.length && perSecond / SCALES[PREFIXES[prefix]] >= 10000) {
    prefix += 1;
  }
  return hashrate(hass, perSecond, `${PREFIXES[prefix]}${work}`);
}

/** Watts: "3,250 W", and kilowatts from ten on. */
export function power(hass, watts) {
  if (!isNumber(watts)) return NONE;
  if (watts < 10000) return `${number(hass, watts)} W`;
  const kilowatts = watts / 1000;
  return `${number(hass, kilowatts, kilowatts < 100 ? 1 : 0)} kW`;
}

/** `unit` as the row says: "J/TH" … */
export function efficiency(hass, value, unit = "J/TH") {
  return isNumber(value) ? `${quantity(hass, value)} ${unit}` : NONE;
}

/** Degrees Celsius, in the unit that the user chose. */
export function temperature(hass, celsius, digits = 0) {
  if (!isNumber(celsius)) return NONE;
  const unit = hass?.config?.unit_system?.temperature === "°F" ? "°F" : "°C";
  return `${number(hass, unit === "°F" ? celsius * 1.8 + 32 : celsius, digits)} ${unit}`;
}

/** Seconds as one figure: "40 sec", "2 min", "3 hr", "5 days"; null is never. */
export function age(hass, t, seconds) {
  if (!isNumber(seconds)) return t("age.never");
  const past = Math.max(0, seconds);
  let unit = "second";
  let value = past;
  if (past >= 86400) [unit, value] = ["day", past / 86400];
  else if (past >= 3600) [unit, value] = ["hour", past / 3600];
  else if (past >= 60) [unit, value] = ["minute", past / 60];
  return cached(Intl.NumberFormat, language(hass), {
    style: "unit",
    unit,
    unitDisplay: "short",
  }).format(Math.floor(value));
}

/** Seconds since a time; null if there is none, never less than nothing. */
export function secondsSince(iso, now = Date.now()) {
  const at = iso ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, (now - at) / 1000);
}

function timeZone(hass) {
  return hass?.locale?.time_zone === "server" ? hass.config?.time_zone : undefined;
}

function hour12(hass) {
  const format = hass?.locale?.time_format;
  if (format === "12") return true;
  return format === "24" ? false : undefined;
}

/** Day and time in the time zone and by the clock that the user chose. */
export function dateTime(hass, iso, seconds = false) {
  const at = iso ? new Date(iso) : null;
  if (!at || Number.isNaN(at.getTime())) return NONE;
  const twelve = hour12(hass);
  return cached(Intl.DateTimeFormat, language(hass), {
    dateStyle: "medium",
    timeStyle: seconds ? "medium" : "short",
    timeZone: timeZone(hass),
    ...(twelve === undefined ? {} : { hour12: twelve }),
  }).format(at);
}

/** The proper name of an algorithm; one that is not known keeps its id. */
export function algorithmName(id) {
  return id ? (ALGORITHM_NAMES[id] ?? id) : NONE;
}
