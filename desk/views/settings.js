// What supervisors edit: hours with holidays and overrides, the outage banner, the official numbers, merchants' policies.

import { actionButton, perform } from "../actions.js";
import { css, html, Loaded, nothing, shared, View } from "../element.js";
import { TOPICS } from "./queue.js";
import "../edit.js";

const MESSAGE_CHARACTERS_MAX = 300;

class DeskSettings extends View {
  static styles = [shared, css`.action { margin: .4rem 0; }`];
  static properties = { ...View.properties, what: {}, merchant: {}, saved: { state: true } };

  constructor() {
    super();
    this.policy = new Loaded(this, () => this.desk.api.policy(this.merchant));
  }

  connectedCallback() {
    super.connectedCallback();
    if (this.what === "policies" && this.merchant) this.policy.load();
  }

  render() {
    const title = html`<h1 tabindex="-1">${this.t(`view.${this.what}`)}</h1>`;
    if (this.what === "policies") return html`${title}${this.#policies()}`;
    const { fields, read, save } = this[`_${this.what}`]();
    return html`${title}<p class="muted">${this.t(`${this.what}.text`)}</p><div class="panel">
      <desk-edit .desk=${this.desk} draft=${this.what} .fields=${fields} .read=${read} .save=${save}></desk-edit></div>`;
  }

  _hours() {
    const { words } = this;
    const days = [1, 2, 3, 4, 5, 6, 7].map((day) => [day, words.weekday(day)]);
    const time = (name) => ({ name, label: this.t(`field.${name}`), kind: "time", required: true });
    return {
      read: () => this.desk.api.hours(),
      save: (hours, etag) => this.desk.api.saveHours(hours, etag),
      fields: [
        { name: "timezone", label: this.t("field.timezone"), kind: "text", required: true, max: 64 },
        { name: "weekly", label: this.t("hours.weekly"), kind: "rows", new_row: { day: 1, opens: "09:00", closes: "18:00" },
          columns: [{ name: "day", label: this.t("field.day"), kind: "select", numeric: true, options: days }, time("opens"), time("closes")] },
        { name: "holidays", label: this.t("hours.holidays"), kind: "rows", new_row: { date: "", name: "" },
          columns: [{ name: "date", label: this.t("field.date"), kind: "date", required: true }, { name: "name", label: this.t("field.name"), kind: "text", max: 80 }] },
        { name: "overrides", label: this.t("hours.overrides"), kind: "rows",
          new_row: { date_from: "", date_till: "", kind: "closed", opens: null, closes: null, name: "" },
          columns: [
            { name: "date_from", label: this.t("field.from"), kind: "date", required: true },
            { name: "date_till", label: this.t("field.till"), kind: "date", required: true },
            { name: "kind", label: this.t("field.kind"), kind: "select", options: [["closed", this.t("hours.closed")], ["open", this.t("hours.open")]] },
            { ...time("opens"), required: false, empty: null },
            { ...time("closes"), required: false, empty: null },
            { name: "name", label: this.t("field.name"), kind: "text", max: 80 },
          ] },
      ],
    };
  }

  _banner() {
    const { words } = this;
    return {
      read: () => this.desk.api.banner(),
      save: (banner, etag) => this.desk.api.saveBanner(banner, etag),
      fields: [
        { name: "active", label: this.t("banner.active"), kind: "check" },
        { name: "topic", label: this.t("field.topic"), kind: "select", options: TOPICS.map((topic) => [topic, words.word("topic", topic)]) },
        { name: "text_zh", label: this.t("banner.text_zh"), kind: "note", max: MESSAGE_CHARACTERS_MAX },
        { name: "text_en", label: this.t("banner.text_en"), kind: "note", max: MESSAGE_CHARACTERS_MAX },
        { name: "until", label: this.t("banner.until"), kind: "datetime" },
      ],
    };
  }

  _numbers() {
    return {
      read: () => this.desk.api.numbers(),
      save: (numbers, etag) => this.desk.api.saveNumbers(numbers, etag),
      fields: [
        { name: "numbers", label: this.t("view.numbers"), kind: "rows", new_row: { number: "", label: "" },
          columns: [{ name: "number", label: this.t("field.number"), kind: "text", required: true, max: 20 }, { name: "label", label: this.t("field.label"), kind: "text", max: 80 }] },
      ],
    };
  }

  #policies() {
    const open = (event) => {
      event.preventDefault();
      this.desk.go(`policies/${encodeURIComponent(new FormData(event.target).get("merchant").trim())}`);
    };
    return html`<p class="muted">${this.t("policies.text")}</p>
      <form class="row end panel" @submit=${open}><label>${this.t("field.merchant")}<input name="merchant" required maxlength="128" autocomplete="off" .value=${this.merchant ?? ""}></label>
        <button class="main">${this.t("open")}</button></form>
      ${this.merchant ? html`<div class="panel">${this.policy.show(({ value, etag }) => this.#policy(value, etag))}</div>` : nothing}`;
  }

  #policy(policy, etag) {
    const { words } = this;
    const action = policy.actions?.find(({ operation }) => operation === "publish_policy");
    return html`<dl><dt>${this.t("field.version")}</dt><dd>${words.number(policy.version)}</dd>
        <dt>${this.t("field.window_days")}</dt><dd>${words.number(policy.window_days)}</dd>
        <dt>${this.t("field.partial")}</dt><dd>${this.t(policy.partial ? "yes" : "no")}</dd>
        <dt>${this.t("field.auto_approve_minor")}</dt><dd>${words.money({ minor: policy.auto_approve_minor, currency: policy.currency })}</dd>
        <dt>${this.t("field.categories")}</dt><dd>${words.list(policy.categories) || "–"}</dd></dl>
      ${action ? actionButton(this, action, () => this.#publish(policy, action, etag)) : nothing}`;
  }

  async #publish(policy, action, etag) {
    const { window_days, partial, auto_approve_minor, categories } = policy;
    const done = await perform(this, action, {
      fields: [
        { name: "window_days", label: this.t("field.window_days"), kind: "number", required: true, min: 0, most: 365 },
        { name: "partial", label: this.t("field.partial"), kind: "check" },
        { name: "auto_approve_minor", label: this.t("field.auto_approve_minor_of", { currency: policy.currency }), kind: "number", required: true, min: 0 },
        { name: "categories", label: this.t("field.categories"), kind: "tags" },
      ],
      values: action.approval?.change ?? { window_days, partial, auto_approve_minor, categories },
      send: (values) => this.desk.api.savePolicy(this.merchant, { currency: policy.currency, ...values }, etag),
      case_id: null,
    });
    if (done) this.policy.load();
  }

  reload() {
    if (this.merchant) this.policy.load();
  }
}

customElements.define("desk-settings", DeskSettings);
