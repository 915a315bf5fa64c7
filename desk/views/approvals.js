// Approvals: what waits for a second person, who asked, and the decision. Nobody decides on their own request.

import { PERMISSIONS } from "../api.js";
import { reasonField } from "../actions.js";
import { css, html, Loaded, nothing, outside, shared, Tick, View } from "../element.js";

const LOOK_MS = 10_000;
const MARKS = { open: "warn", approved: "good", used: "good", refused: "bad" };

class DeskApprovals extends View {
  static styles = [shared, css`
    article + article { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; }
    .choose { margin-bottom: .8rem; }
    button[aria-pressed="true"] { background: var(--accent-soft); border-color: var(--accent); font-weight: 600; }
  `];
  static properties = { ...View.properties, state: { state: true } };

  constructor() {
    super();
    this.state = "open";
    this.approvals = new Loaded(this, () => this.desk.api.approvals({ state: this.state }));
    new Tick(this, LOOK_MS, () => this.approvals.load());
  }

  connectedCallback() {
    super.connectedCallback();
    this.approvals.load();
  }

  reload() {
    this.approvals.load();
  }

  #choose(state) {
    this.state = state;
    this.approvals.clear();
    this.approvals.load();
  }

  async #decide(approval, decision) {
    await this.desk.ask({
      title: `${this.words.word("decision", decision)}: ${this.words.word("operation", approval.operation)}`,
      text: this.t("approval.decide_text", { name: approval.requested_by.name, reason: approval.reason }),
      fields: [reasonField(this.words)],
      action: this.words.word("decision", decision),
      danger: decision === "approve",
      send: ({ reason }, key) => this.desk.api.decideApproval(approval.id, { decision, reason }, key),
    });
    this.approvals.load();
  }

  render() {
    return html`<h1 tabindex="-1">${this.t("view.approvals")}</h1>
      <div class="row choose" role="group" aria-label=${this.t("field.status")}>${["open", "decided"].map((state) => html`
        <button aria-pressed=${this.state === state} @click=${() => this.#choose(state)}>${this.t(`approval.${state}`)}</button>`)}</div>
      <div class="panel">${this.approvals.show(({ approvals }) => approvals.length === 0
        ? html`<p class="empty">${this.t("approval.empty")}</p>` : approvals.map((approval) => this.#approval(approval)))}</div>`;
  }

  #approval(approval) {
    const { words } = this;
    const own = approval.requested_by.id === this.desk.me.agent_id;
    return html`<article><div class="row spread"><h2>${words.word("operation", approval.operation)}</h2>
        <span class="tag ${MARKS[approval.state] ?? ""}">${words.word("approval_state", approval.state)}</span></div>
      <dl><dt>${this.t("field.subject")}</dt><dd>${words.word("link", approval.subject?.kind)} ${outside(approval.subject?.id)}
          <span class="muted small">${this.t("field.version")} ${words.number(approval.subject?.version)}</span></dd>
        ${approval.change ? html`<dt>${this.t("field.change")}</dt><dd class="text">${outside(Object.entries(approval.change)
          .map(([name, value]) => `${words.word("field", name)}: ${Array.isArray(value) ? value.join(", ") : words.word("decision", value)}`).join("\n"))}</dd>` : nothing}
        <dt>${this.t("field.why")}</dt><dd class="text">${outside(approval.reason)}</dd>
        <dt>${this.t("field.requested_by")}</dt><dd>${outside(approval.requested_by.name)} · ${words.time(approval.requested_at)}</dd>
        ${approval.decided_by ? html`<dt>${this.t("field.decided_by")}</dt><dd>${outside(approval.decided_by.name)} · ${words.time(approval.decided_at)}</dd>`
          : html`<dt>${this.t("field.expires")}</dt><dd>${words.away(approval.expires_at)}</dd>`}
        ${approval.case_id ? html`<dt>${this.t("field.case")}</dt><dd><a href="#/case/${encodeURIComponent(approval.case_id)}">${this.t("open")}</a></dd>` : nothing}</dl>
      ${approval.state !== "open" ? nothing : own ? html`<p class="muted">${this.t("approval.own")}</p>`
        : this.may(PERMISSIONS.approve) ? html`<div class="row"><button class="main" @click=${() => this.#decide(approval, "approve")}>${words.word("decision", "approve")}</button>
          <button class="danger" @click=${() => this.#decide(approval, "refuse")}>${words.word("decision", "refuse")}</button></div>` : nothing}</article>`;
  }
}

customElements.define("desk-approvals", DeskApprovals);
