// The queue: what waits, the oldest due first, by topic and language; what is mine; what sleeps.

import { PERMISSIONS } from "../api.js";
import { css, html, Loaded, nothing, outside, readPages, shared, Tick, View } from "../element.js";
import { skillText } from "../facts.js";
import { repeat } from "../vendor/lit/lit.js";
import { languageName, LINE_LANGUAGES, spaced } from "../words.js";

export const TOPICS = ["security", "dispute", "lockout", "payment", "refund", "unconfirmed", "advice", "general"];
const SHELVES = ["waiting", "mine", "snoozed"];
const LOOK_MS = 10_000;
/** While nothing changes, so many ticks are left out, one more after each look. */
const REST_MAX = 3;

/** How pressing a priority is, as a mark. */
export const priorityMark = (words, priority) =>
  html`<span class="tag ${priority <= 1 ? "bad" : priority <= 3 ? "warn" : ""}">${words.word("priority", priority)}</span>`;

/** A time that something is due, with how far away it is; late in red. */
export function dueMark(words, due_at) {
  if (!due_at) return "–";
  const late = new Date(due_at) < new Date();
  return html`<time datetime=${due_at} title=${words.time(due_at)} class=${late ? "tag bad" : ""}>${words.away(due_at)}</time>`;
}

/** The queue that a case was transferred to, as a mark; nothing for one in the queue of its own topic and language. */
export const skillMark = (words, { skill, topic, language }) =>
  skill === undefined || skill === `${topic}:${language}` ? nothing : html`<span class="tag info">${words.text("case.skill")} ${skillText(words, skill)}</span>`;

/** What speaks for the risk of an account, in words, the gravest first. */
export function riskText(words, risk) {
  const parts = risk.parts.map(({ part, points }) => words.text("pair", { name: words.word("risk_part", part), value: points }));
  return parts.length ? words.list(parts) : "";
}

/** The band of a risk as a mark. */
export const riskMark = (words, risk) =>
  html`<span class="tag ${risk.band === "high" ? "bad" : risk.band === "raised" ? "warn" : ""}">${words.word("risk", risk.band)}</span>`;

class DeskQueue extends View {
  static styles = [shared, css`
    .shelves button[aria-pressed="true"] { background: var(--accent-soft); border-color: var(--accent); font-weight: 600; }
    .filters { margin-bottom: .8rem; }
    .strong { font-weight: 600; }
    form.find { margin: 0; }
    td.act { white-space: nowrap; text-align: end; }
    @media (max-width: 640px) { td.act button { width: 100%; } }
  `];
  static properties = { ...View.properties, shelf: { state: true }, topic: { state: true }, language: { state: true }, more: { state: true } };

  constructor() {
    super();
    this.shelf = "waiting";
    this.topic = this.language = "";
    this.pages = 1;
    this.cases = new Loaded(this, () =>
      readPages((cursor) => this.desk.api.queue({ shelf: this.shelf, topic: this.topic, language: this.language, cursor }), "cases", this.pages));
    this.rest = this.left = 0;
    new Tick(this, LOOK_MS, () => this.#look());
  }

  /** Look again; the longer nothing has changed, the less often. */
  async #look() {
    this.left -= 1;
    if (this.left >= 0) return;
    const before = JSON.stringify(this.cases.value);
    await this.cases.load();
    this.rest = JSON.stringify(this.cases.value) === before ? Math.min(this.rest + 1, REST_MAX) : 0;
    this.left = this.rest;
  }

  connectedCallback() {
    super.connectedCallback();
    this.cases.load();
  }

  reload() {
    this.cases.load();
  }

  #choose(change) {
    Object.assign(this, change);
    this.pages = 1;
    this.rest = this.left = 0;
    this.cases.clear();
    this.cases.load();
  }

  async #claim(row) {
    try {
      await this.desk.api.claim(row.id);
      this.desk.go(`case/${encodeURIComponent(row.id)}`);
    } catch (problem) {
      this.desk.say(this.words.problem(problem));
      this.cases.load();
    }
  }

  #next(cases) {
    return cases.find((row) => !row.owner);
  }

  async #find(event) {
    event.preventDefault();
    const id = new FormData(event.target).get("id").replaceAll(/\s/g, "");
    if (!id) return;
    if (!/^\d{6}$/.test(id)) return this.desk.go(`${id.startsWith("case") ? "case" : "contact"}/${encodeURIComponent(id)}`);
    try {
      const { cases: [found] } = await this.desk.api.findCases(id);
      if (found) this.desk.go(`case/${encodeURIComponent(found.id)}`);
      else this.desk.say(this.t("queue.no_reference", { reference: spaced(id) }));
    } catch (problem) {
      this.desk.say(this.words.problem(problem));
    }
  }

  render() {
    const { words } = this;
    const next = this.cases.value && this.shelf === "waiting" && this.#next(this.cases.value.cases);
    return html`
      <div class="row spread"><h1 tabindex="-1">${this.t("view.queue")}</h1>
        <form class="find row end" @submit=${this.#find}><label>${this.t("queue.find")}
          <input name="id" required autocomplete="off" maxlength="128"></label><button>${this.t("open")}</button></form></div>
      <div class="row end filters">
        <div class="row shelves" role="group" aria-label=${this.t("queue.shelves")}>${SHELVES.map((shelf) => html`
          <button aria-pressed=${this.shelf === shelf} @click=${() => this.#choose({ shelf })}>${this.t(`queue.${shelf}`)}</button>`)}</div>
        <label>${this.t("field.topic")}<select name="topic" @change=${(event) => this.#choose({ topic: event.target.value })}>
          <option value="">${this.t("all")}</option>${TOPICS.map((topic) => html`<option value=${topic}>${words.word("topic", topic)}</option>`)}</select></label>
        <label>${this.t("field.language")}<select name="case_language" @change=${(event) => this.#choose({ language: event.target.value })}>
          <option value="">${this.t("all")}</option>${LINE_LANGUAGES.map(([tag, name]) => html`<option value=${tag}>${name}</option>`)}</select></label>
        ${next && this.may(PERMISSIONS.work) ? html`<button class="main" @click=${() => this.#claim(next)}>${this.t("queue.next")}</button>` : nothing}
      </div>
      <div class="panel">${this.cases.show(({ cases, next: further }) => cases.length === 0
        ? html`<p class="empty">${this.t(`queue.empty_${this.shelf}`)}</p>`
        : html`<table class="cards"><caption class="hidden-text">${this.t(`queue.${this.shelf}`)}</caption>
            <thead><tr><th scope="col">${this.t("field.case")}</th><th scope="col">${this.t("field.priority")}</th><th scope="col">${this.t("field.due")}</th>
              <th scope="col">${this.t("field.language")}</th><th scope="col">${this.t("field.status")}</th><th><span class="hidden-text">${this.t("field.action")}</span></th></tr></thead>
            <tbody>${repeat(cases, (row) => row.id, (row) => this.#row(row))}</tbody></table>
          ${further ? html`<p><button @click=${() => { this.pages += 1; this.cases.load(); }}>${this.t("more")}</button></p>` : nothing}`)}</div>`;
  }

  #row(row) {
    const { words } = this;
    const mine = row.owner?.id === this.desk.me.agent_id;
    return html`<tr>
      <th scope="row"><a class="strong" href="#/case/${encodeURIComponent(row.id)}">${words.word("topic", row.topic)}${row.reference ? html` · ${spaced(row.reference)}` : nothing}</a>
        <div class="muted small">${words.word("reason", row.reason)}</div>
        ${skillMark(words, row)}
        ${["raised", "high"].includes(row.risk?.band) ? html`<div class="risk small">${riskMark(words, row.risk)} <span class="muted">${riskText(words, row.risk)}</span></div>` : nothing}
        ${row.tags?.map((tag) => html`<span class="tag">${outside(tag)}</span> `)}</th>
      <td>${priorityMark(words, row.priority)}</td>
      <td>${row.snoozed_until ? this.t("queue.until", { time: words.time(row.snoozed_until) }) : dueMark(words, row.due_at)}</td>
      <td>${languageName(row.language)}</td>
      <td>${row.owner ? (mine ? this.t("queue.owner_me") : outside(row.owner.name)) : words.word("status", row.status)}</td>
      <td class="act">${row.owner || !this.may(PERMISSIONS.work) ? nothing : html`<button @click=${() => this.#claim(row)}
        aria-label=${this.t("queue.claim_of", { case: `${words.word("topic", row.topic)} ${spaced(row.reference)}` })}>${this.t("claim")}</button>`}</td></tr>`;
  }
}

customElements.define("desk-queue", DeskQueue);
