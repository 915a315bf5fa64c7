// What agents did, a row for each agent and day, for supervisors: how often they looked, opened and decided, and what was refused to them.

import { html, Loaded, nothing, outside, readPages, shared, View } from "../element.js";
import { lastDays, periodForm } from "./reports.js";

export const DAYS = 7;
const FIGURES = ["look_ups", "unmaskings", "openings", "other_acts", "requests", "approvals", "case_work"];
const REFUSED = ["limits_reached", "own_account", "own_request"];

class DeskActivity extends View {
  static styles = [shared];
  static properties = { ...View.properties, from: { state: true }, to: { state: true } };

  constructor() {
    super();
    this.pages = 1;
    this.days = new Loaded(this, () => readPages((cursor) => this.desk.api.activity(this.from, this.to, cursor), "days", this.pages));
  }

  connectedCallback() {
    super.connectedCallback();
    Object.assign(this, lastDays(this.desk, DAYS));
    this.days.load();
  }

  #ask(period) {
    Object.assign(this, period);
    this.pages = 1;
    this.days.clear();
    this.days.load();
  }

  render() {
    const { words } = this;
    const title = this.t("view.activity");
    return html`<h1 tabindex="-1">${title}</h1><p class="muted">${this.t("activity.text")}</p>${periodForm(this, (period) => this.#ask(period))}
      <div class="panel">${this.days.show(({ days, next }) => days.length === 0
        ? html`<p class="empty">${this.t("activity.empty")}</p>`
        : html`<div class="scroll" tabindex="0" role="group" aria-label=${title}><table><caption class="hidden-text">${title}</caption><thead><tr>
            <th scope="col">${this.t("field.day")}</th><th scope="col">${this.t("field.agent")}</th>
            ${[...FIGURES, ...REFUSED].map((name) => html`<th scope="col" class="number">${words.word("figure", name)}</th>`)}</tr></thead>
            <tbody>${days.map((one) => html`<tr><td>${words.day(one.day)}</td><th scope="row"><a href="#/trail/${encodeURIComponent(one.agent.id)}/${this.from}/${this.to}">${outside(one.agent.name)}</a></th>
              ${FIGURES.map((name) => html`<td class="number">${words.number(one[name])}</td>`)}
              ${REFUSED.map((name) => html`<td class="number">${one[name] ? html`<span class="tag bad">${words.number(one[name])}</span>` : words.number(0)}</td>`)}</tr>`)}</tbody></table></div>
          ${next ? html`<p><button @click=${() => { this.pages += 1; this.days.load(); }}>${this.t("more")}</button></p>` : nothing}`)}</div>`;
  }
}

customElements.define("desk-activity", DeskActivity);
