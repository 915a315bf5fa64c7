// The deeds of one agent, for supervisors: where they looked, when and why, what they showed, did, asked for and decided.

import { css, html, Loaded, nothing, outside, readPages, shared, View } from "../element.js";
import { readFacts, withNames } from "../facts.js";
import { DAYS } from "./activity.js";
import { lastDays, periodForm } from "./reports.js";

const LOOK = "looked_up";
const DAY = /^\d{4}-\d{2}-\d{2}$/;

class DeskTrail extends View {
  static styles = [shared, css`td { overflow-wrap: anywhere; } td.time, td a { white-space: nowrap; }`];
  /** `days`: the first and the last of those that somebody chose; else the last ones. */
  static properties = { ...View.properties, agent_id: {}, days: { attribute: false }, from: { state: true }, to: { state: true } };

  constructor() {
    super();
    this.pages = 1;
    this.trail = new Loaded(this, () => readPages((cursor) => this.desk.api.trail(this.agent_id, this.from, this.to, cursor), "deeds", this.pages));
  }

  connectedCallback() {
    super.connectedCallback();
    const [from, to] = this.days;
    Object.assign(this, [from, to].every((day) => DAY.test(day)) ? { from, to } : lastDays(this.desk, DAYS));
    this.trail.load();
  }

  #ask(period) {
    Object.assign(this, period);
    this.pages = 1;
    this.trail.clear();
    this.trail.load();
  }

  render() {
    const title = this.t("view.trail");
    return html`<h1 tabindex="-1">${title}${this.trail.value ? html` · ${outside(this.trail.value.agent.name)}` : nothing}</h1>
      <p class="muted">${this.t("trail.text")} <a href="#/activity">${this.t("view.activity")}</a></p>
      ${periodForm(this, (period) => this.#ask(period))}<div class="panel">${this.trail.show((trail) => this.#trail(trail, title))}</div>`;
  }

  #trail({ deeds, people, next }, title) {
    const { words } = this;
    const more = next ? html`<p><button @click=${() => { this.pages += 1; this.trail.load(); }}>${this.t("more")}</button></p>` : nothing;
    if (deeds.length === 0) return html`<p class="empty">${this.t("trail.empty")}</p>${more}`;
    return html`<table class="cards"><caption class="hidden-text">${title}</caption><thead><tr>
        ${["time", "deed", "why", "account", "case", "details"].map((name) => html`<th scope="col">${this.t(`field.${name}`)}</th>`)}</tr></thead>
      <tbody>${deeds.map((deed) => html`<tr><td class="time">${words.time(deed.at)}</td><th scope="row">${this.#deed(deed)}</th><td>${this.#why(deed)}</td>
        <td>${deed.account_id ? outside(deed.account_id) : "–"}</td>
        <td>${deed.case_id ? html`<a href="#/case/${encodeURIComponent(deed.case_id)}" aria-label=${this.t("trail.open_case", { id: deed.case_id })}>${this.t("open")}</a>` : "–"}</td>
        <td class="small">${outside(this.#details(deed, people))}</td></tr>`)}</tbody></table>${more}`;
  }

  #deed({ event, facts }) {
    const { words } = this;
    if (event === LOOK) return words.text("pair", { name: words.word("deed", LOOK), value: words.word("part", facts.part) });
    return words.has("deed", event) ? words.word("deed", event) : words.word("reason", `agent.${event}`);
  }

  #why({ event, facts: { why } }) {
    if (why === undefined) return "–";
    return this.words.word(event === LOOK ? "look" : "act_reason", why);
  }

  /** What else is known. The id of the one thing that was seen or shown says which it was. */
  #details({ facts }, people) {
    const { words } = this;
    const { why, item_id, ...others } = facts;
    const told = readFacts(words, withNames(others, people)).map(([name, value]) => words.text("pair", { name, value }));
    if (item_id !== undefined && item_id !== "-") told.push(words.text("pair", { name: this.t("field.item"), value: item_id }));
    return told.length ? told.join(" · ") : "–";
  }
}

customElements.define("desk-trail", DeskTrail);
