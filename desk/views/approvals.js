// Approvals: what waits for a second person, who asked, and the decision. Nobody decides on their own request.

import { PERMISSIONS } from "../api.js";
import { css, html, Loaded, nothing, outside, readPages, shared, Tick, View } from "../element.js";
import { readFacts, voidText } from "../facts.js";

const LOOK_MS = 10_000;
const MARKS = { asked: "warn", approved: "good", spent: "good", denied: "bad", void: "bad" };

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
    this.pages = 1;
    this.approvals = new Loaded(this, () => readPages((cursor) => this.desk.api.approvals({ state: this.state, cursor }), "approvals", this.pages));
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
    this.pages = 1;
    this.approvals.clear();
    this.approvals.load();
  }

  async #decide(approval, decision) {
    await this.desk.ask({
      title: `${this.words.word("decision", decision)}: ${this.words.word("operation", approval.operation)}`,
      text: this.t("approval.decide_text", { name: approval.requested_by.name, reason: this.words.word("act_reason", approval.reason) }),
      fields: [],
      action: this.words.word("decision", decision),
      danger: decision === "approve",
      send: (_, key) => this.desk.api.decideApproval(approval.id, { decision }, key),
    });
    this.approvals.load();
  }

  render() {
    return html`<h1 tabindex="-1">${this.t("view.approvals")}</h1>
      <div class="row choose" role="group" aria-label=${this.t("field.status")}>${["open", "decided"].map((state) => html`
        <button aria-pressed=${this.state === state} @click=${() => this.#choose(state)}>${this.t(`approval.${state}`)}</button>`)}</div>
      <div class="panel">${this.approvals.show(({ approvals, next }) => approvals.length === 0
        ? html`<p class="empty">${this.t("approval.empty")}</p>` : html`${approvals.map((approval) => this.#approval(approval))}
          ${next ? html`<p><button @click=${() => { this.pages += 1; this.approvals.load(); }}>${this.t("more")}</button></p>` : nothing}`)}</div>`;
  }

  #approval(approval) {
    const { words } = this;
    const change = readFacts(words, approval.change);
    const own = approval.requested_by.id === this.desk.me.agent_id;
    return html`<article><div class="row spread"><h2>${words.word("operation", approval.operation)}</h2>
        <span class="tag ${MARKS[approval.state] ?? ""}">${words.word("approval_state", approval.state)}</span></div>
      <dl><dt>${this.t("field.subject")}</dt><dd>${words.word("subject", approval.subject.kind)} ${approval.subject.kind === "hold" ? words.word("cause", approval.subject.id) : approval.subject.id === "-" ? nothing : outside(approval.subject.id)}</dd>
        ${change.length ? html`<dt>${this.t("field.change")}</dt><dd class="text">${outside(change.map(([name, value]) => words.text("pair", { name, value })).join("\n"))}</dd>` : nothing}
        ${approval.findings?.length ? html`<dt>${this.t("approval.findings")}</dt><dd class="text">${approval.findings.map(({ rule, severity, verdict }) =>
          words.text("pair", { name: `${words.word("rule", rule)} · ${words.word("severity", severity)}`, value: verdict ? words.word("verdict", verdict) : this.t("approval.not_judged") })).join("\n")}</dd>` : nothing}
        <dt>${this.t("field.why")}</dt><dd>${words.word("act_reason", approval.reason)}</dd>
        ${approval.state === "void" && approval.void_cause ? html`<dt>${this.t("field.void_cause")}</dt><dd>${voidText(words, approval.void_cause, approval.subject.kind)}</dd>` : nothing}
        <dt>${this.t("field.requested_by")}</dt><dd>${outside(approval.requested_by.name)} · ${words.time(approval.requested_at)}</dd>
        ${approval.decided_by ? html`<dt>${this.t("field.decided_by")}</dt><dd>${outside(approval.decided_by.name)} · ${words.time(approval.decided_at)}</dd>`
          : html`<dt>${this.t("field.expires")}</dt><dd>${words.away(approval.expires_at)}</dd>`}
        ${approval.case_id ? html`<dt>${this.t("field.case")}</dt><dd><a href="#/case/${encodeURIComponent(approval.case_id)}">${this.t("open")}</a></dd>` : nothing}</dl>
      ${approval.state !== "asked" ? nothing : own ? html`<p class="muted">${this.t("approval.own")}</p>`
        : this.may(PERMISSIONS.approve) ? html`<div class="row"><button class="main" @click=${() => this.#decide(approval, "approve")}>${words.word("decision", "approve")}</button>
          <button class="danger" @click=${() => this.#decide(approval, "deny")}>${words.word("decision", "deny")}</button></div>` : nothing}</article>`;
  }
}

customElements.define("desk-approvals", DeskApprovals);
