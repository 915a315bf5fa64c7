// What supervisors edit: hours with holidays and overrides, the outage banner, the official numbers, merchants' policies.

import { actionButton, perform } from "../actions.js";
import { css, html, Loaded, nothing, outside, shared, View } from "../element.js";
import "../edit.js";

const BANNER_CHARACTERS_MAX = 200;
const DAY_CHARACTERS_MAX = 60;
const NUMBER_CHARACTERS_MAX = 20;
const WINDOW_DAYS_MAX = 3650;
const ANSWER_DAYS_MAX = 60;
/** The fields of a banner's words, with the languages of the line. */
const BANNER_WORDS = [["words_zh", "zh-CN"], ["words_en", "en-US"]];

class DeskSettings extends View {
  static styles = [shared, css`.action { margin: .4rem 0; }`];
  static properties = { ...View.properties, what: {}, merchant: {}, edited: { state: true } };

  constructor() {
    super();
    this.found = new Loaded(this, () => (this.what === "numbers" ? this.desk.api.numbers() : this.desk.api.policy(this.merchant)));
  }

  connectedCallback() {
    super.connectedCallback();
    this.reload();
  }

  /** Numbers and policies are read here; hours and banner by their form. */
  get reads() {
    return this.what === "numbers" || (this.what === "policies" && this.merchant);
  }

  render() {
    const title = html`<h1 tabindex="-1">${this.t(`view.${this.what}`)}</h1>`;
    if (this.what === "policies") return html`${title}${this.#policies()}`;
    if (this.what === "numbers")
      return html`${title}<p class="muted">${this.t("numbers.text")}</p><div class="panel">${this.found.show(({ value, etag }) => this.#numbers(value, etag))}</div>`;
    const { fields, read, save } = this[`_${this.what}`]();
    return html`${title}<p class="muted">${this.t(`${this.what}.text`)}</p><div class="panel">
      <desk-edit .desk=${this.desk} draft=${this.what} .fields=${fields} .read=${read} .save=${save}></desk-edit>${this.#editedBy(this.edited)}</div>`;
  }

  /** What was read or saved, with who edited it last told below the form. */
  #seen = (answer) => {
    this.edited = answer.value;
    return answer;
  };

  #editedBy(edited) {
    if (!edited?.editor) return nothing;
    return html`<p class="muted small">${this.t("settings.edited", { name: edited.editor.name, time: this.words.time(edited.edited_at) })}</p>`;
  }

  _hours() {
    const { words } = this;
    const days = [1, 2, 3, 4, 5, 6, 7].map((day) => [day, words.weekday(day)]);
    const time = (name) => ({ name, label: this.t(`field.${name}`), kind: "time", required: true });
    return {
      read: async () => this.#seen(await this.desk.api.hours()),
      save: async (hours, etag) => this.#seen(await this.desk.api.saveHours(hours, etag)),
      fields: [
        { name: "timezone", label: this.t("field.timezone"), kind: "text", required: true, max: 64 },
        { name: "weekly", label: this.t("hours.weekly"), kind: "rows", new_row: { day: 1, opens: "09:00", closes: "18:00" },
          columns: [{ name: "day", label: this.t("field.day"), kind: "select", numeric: true, options: days }, time("opens"), time("closes")] },
        { name: "special_days", label: this.t("hours.special_days"), help: this.t("hours.special_help"), kind: "rows",
          new_row: { date: "", name: "", opens: null, closes: null },
          columns: [
            { name: "date", label: this.t("field.date"), kind: "date", required: true },
            { name: "name", label: this.t("field.name"), kind: "text", required: true, max: DAY_CHARACTERS_MAX },
            { ...time("opens"), required: false, empty: null },
            { ...time("closes"), required: false, empty: null },
          ] },
      ],
    };
  }

  _banner() {
    const read = (answer) => {
      const { value, etag } = this.#seen(answer);
      const { words, starts_at, ends_at, short_menu } = value;
      const spoken = Object.fromEntries(BANNER_WORDS.map(([name, tag]) => [name, words?.[tag] ?? ""]));
      return { value: { active: words !== null, ...spoken, starts_at, ends_at, short_menu }, etag };
    };
    const needed = { required: ({ active }) => active };
    return {
      read: async () => read(await this.desk.api.banner()),
      save: async ({ active, starts_at, ends_at, short_menu, ...spoken }, etag) => {
        const words = Object.fromEntries(BANNER_WORDS.map(([name, tag]) => [tag, spoken[name]]));
        return read(await this.desk.api.saveBanner(active ? { words, starts_at, ends_at, short_menu: Boolean(short_menu) } : { words: null }, etag));
      },
      fields: [
        { name: "active", label: this.t("banner.active"), kind: "check" },
        ...BANNER_WORDS.map(([name]) => ({ name, label: this.t(`banner.${name}`), kind: "note", max: BANNER_CHARACTERS_MAX, ...needed })),
        { name: "starts_at", label: this.t("banner.starts"), kind: "datetime", ...needed },
        { name: "ends_at", label: this.t("banner.ends"), kind: "datetime", ...needed },
        { name: "short_menu", label: this.t("banner.short_menu"), kind: "check" },
      ],
    };
  }

  /** The numbers that are official, and their change, which takes a second person. */
  #numbers({ numbers, actions, ...edited }, etag) {
    const action = actions.find(({ operation }) => operation === "edit_numbers");
    return html`<ol>${numbers.map((number) => html`<li>${outside(number)}</li>`)}</ol>${this.#editedBy(edited)}
      ${action ? actionButton(this, action, () => this.#editNumbers(numbers, action, etag)) : nothing}`;
  }

  async #editNumbers(numbers, action, etag) {
    const done = await perform(this, action, {
      fields: [{ name: "numbers", label: this.t("field.numbers"), kind: "rows", new_row: { number: "" },
        columns: [{ name: "number", label: this.t("field.number"), kind: "text", required: true, max: NUMBER_CHARACTERS_MAX }] }],
      values: { numbers: numbers.map((number) => ({ number })) },
      deed: (given) => ({ numbers: given.numbers.map(({ number }) => number) }),
      approved: (change) => ({ numbers: change.numbers }),
      send: (deed) => this.desk.api.saveNumbers(deed, etag),
    });
    if (done) this.found.load();
  }

  #policies() {
    const open = (event) => {
      event.preventDefault();
      this.desk.go(`policies/${encodeURIComponent(new FormData(event.target).get("merchant").trim())}`);
    };
    return html`<p class="muted">${this.t("policies.text")}</p>
      <form class="row end panel" @submit=${open}><label>${this.t("field.merchant")}<input name="merchant" required maxlength="128" autocomplete="off" .value=${this.merchant ?? ""}></label>
        <button class="main">${this.t("open")}</button></form>
      ${this.merchant ? html`<div class="panel">${this.found.show(({ value, etag }) => this.#policy(value, etag))}</div>` : nothing}`;
  }

  #policy(policy, etag) {
    const { words } = this;
    const action = policy.actions.find(({ operation }) => operation === "publish_policy");
    return html`<dl><dt>${this.t("field.version")}</dt><dd>${words.number(policy.version)}</dd>
        <dt>${this.t("field.window_days")}</dt><dd>${words.number(policy.window_days)}</dd>
        <dt>${this.t("field.partial")}</dt><dd>${this.t(policy.partial ? "yes" : "no")}</dd>
        <dt>${this.t("field.auto_approve_minor")}</dt><dd>${words.number(policy.auto_approve_minor)} <span class="muted small">${this.t("field.auto_approve_hint")}</span></dd>
        <dt>${this.t("field.evidence_above_minor")}</dt><dd>${words.number(policy.evidence_above_minor)} <span class="muted small">${this.t("field.evidence_above_hint")}</span></dd>
        <dt>${this.t("field.answer_days")}</dt><dd>${words.number(policy.answer_days)}</dd>
        <dt>${this.t("field.categories")}</dt><dd>${words.list(policy.categories) || "–"}</dd></dl>
      ${action ? actionButton(this, action, () => this.#publish(policy, action, etag)) : nothing}`;
  }

  async #publish(policy, action, etag) {
    const terms = ({ window_days, partial, auto_approve_minor, categories, evidence_above_minor = null, answer_days = null }) =>
      ({ window_days, partial, auto_approve_minor, categories, evidence_above_minor, answer_days });
    const done = await perform(this, action, {
      fields: [
        { name: "window_days", label: this.t("field.window_days"), kind: "number", required: true, min: 0, most: WINDOW_DAYS_MAX },
        { name: "partial", label: this.t("field.partial"), kind: "check" },
        { name: "auto_approve_minor", label: this.t("field.auto_approve_minor"), kind: "number", required: true, min: 0, help: this.t("field.auto_approve_hint") },
        { name: "evidence_above_minor", label: this.t("field.evidence_above_minor"), kind: "number", min: 0, help: this.t("field.evidence_above_hint") },
        { name: "answer_days", label: this.t("field.answer_days"), kind: "number", min: 1, most: ANSWER_DAYS_MAX },
        { name: "categories", label: this.t("field.categories"), kind: "tags" },
      ],
      values: terms(policy),
      of: { merchant_id: this.merchant },
      approved: terms,
      send: (deed) => this.desk.api.savePolicy(this.merchant, deed, etag),
    });
    if (done) this.found.load();
  }

  reload() {
    if (this.reads) this.found.load();
  }
}

customElements.define("desk-settings", DeskSettings);
