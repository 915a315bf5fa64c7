// The words of the desk: one dictionary a language, and values as people of that language read them.

export const LANGUAGES = { en: { tag: "en-US", name: "English" }, zh: { tag: "zh-CN", name: "中文" } };
const KEPT = "desk.language";
/** Where a group has no word of its own: the rule of a finding is the reason of its entry. */
const OTHERWISE = { fact: "field", reason: "rule" };

/** The language to begin with: the one that was chosen before, else the browser's, else English. */
export function firstLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // A frame may have no storage.
  }
  if (kept in LANGUAGES) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((code) => code in LANGUAGES) ?? "en";
}

/** Read a language's dictionary. Raises when it cannot be had. */
export async function loadWords(code) {
  const answer = await fetch(`words/${code}.json`);
  if (!answer.ok) throw new Error(`words/${code}.json: ${answer.status}`);
  try {
    localStorage.setItem(KEPT, code);
  } catch {
    // The choice holds until the page is left.
  }
  return new Words(code, await answer.json());
}

const LANGUAGE_NAMES = { "zh-CN": "中文", "en-US": "English" };
/** The languages of the line, as [tag, name]. */
export const LINE_LANGUAGES = Object.entries(LANGUAGE_NAMES);
export const languageName = (tag) => LANGUAGE_NAMES[tag] ?? tag ?? "–";
/** Six digits in groups of three, as the line says them. */
export const spaced = (reference) => (reference ?? "").replace(/^(\d{3})(\d{3})$/, "$1 $2");

/** Messages and values of one language. */
export class Words {
  constructor(code, messages) {
    this.code = code;
    this.tag = LANGUAGES[code].tag;
    this.messages = messages;
  }

  /** The message of a key, with its values in place. */
  text(key, values = {}) {
    const message = this.messages[key];
    if (message === undefined) throw new Error(`no message ${key}`);
    return message.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /** The message of a key for so many things, by the plural rules of this language: `key.one`, `key.other`. */
  counted(key, count) {
    return this.text(`${key}.${new Intl.PluralRules(this.tag).select(count)}`, { count: this.number(count) });
  }

  /** A closed word of the API in this language. An unknown one is shown as it came, without underscores. */
  word(group, value) {
    if (value === null || value === undefined) return "–";
    return this.messages[`${group}.${value}`] ?? this.messages[`${OTHERWISE[group]}.${value}`] ?? String(value).replaceAll(/[_.]/g, " ");
  }

  has(group, value) {
    return `${group}.${value}` in this.messages;
  }

  /** Why something was refused. The title of the API is in the language that was asked for; its closed words are not. */
  problem(problem) {
    const title = this.messages[`problem.${problem.code}`] ?? problem.title ?? this.text("problem.unexpected");
    const { why, errors = [] } = problem.facts ?? {};
    const told = new Set([why, ...errors.map(({ code }) => code)].filter((word) => this.has("fault", word)));
    return [title, ...[...told].map((word) => this.word("fault", word))].join(this.code === "zh" ? "" : " ");
  }

  money(amount) {
    if (!amount) return "–";
    const format = new Intl.NumberFormat(this.tag, { style: "currency", currency: amount.currency });
    return format.format(amount.minor / 10 ** format.resolvedOptions().maximumFractionDigits);
  }

  number(value, options) {
    return value === null || value === undefined ? "–" : new Intl.NumberFormat(this.tag, options).format(value);
  }

  percent(part, whole) {
    return whole ? this.number(part / whole, { style: "percent", maximumFractionDigits: 1 }) : "–";
  }

  time(value) {
    return value ? new Intl.DateTimeFormat(this.tag, { dateStyle: "medium", timeStyle: "short" }).format(new Date(value)) : "–";
  }

  clock(value) {
    return value ? new Intl.DateTimeFormat(this.tag, { timeStyle: "short" }).format(new Date(value)) : "–";
  }

  /** A day of a calendar, whatever the zone of the reader. */
  day(value) {
    if (!value) return "–";
    return new Intl.DateTimeFormat(this.tag, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${value.slice(0, 10)}T00:00Z`));
  }

  /** A month as 2026-11. */
  month(value) {
    return new Intl.DateTimeFormat(this.tag, { year: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${value}-01T00:00Z`));
  }

  weekday(number) {
    return new Intl.DateTimeFormat(this.tag, { weekday: "long", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, number)));
  }

  /** How far away a time is, in one unit. */
  away(value, now = Date.now()) {
    if (!value) return "–";
    const minutes = Math.round((new Date(value) - now) / 60_000);
    const format = new Intl.RelativeTimeFormat(this.tag, { numeric: "auto" });
    if (Math.abs(minutes) < 90) return format.format(minutes, "minute");
    if (Math.abs(minutes) < 36 * 60) return format.format(Math.round(minutes / 60), "hour");
    return format.format(Math.round(minutes / 1440), "day");
  }

  /** Several things in a row. Chinese parts them by its own comma; a list of units there has nothing between them. */
  list(values) {
    return [...values].join(this.code === "zh" ? "、" : ", ");
  }
}
