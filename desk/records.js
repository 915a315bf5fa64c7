// What is known of the case's account, a tab each. Every look goes to the audit trail with its reason; values are masked
// until one of them is asked for.

import { LOOK_REASONS, PERMISSIONS } from "./api.js";
import { actionButton, perform, reasonField } from "./actions.js";
import { css, html, Loaded, nothing, outside, shared, View } from "./element.js";

const TABS = ["account", "payments", "refunds", "findings"];
const SHOWN_MS = 60_000;

class DeskRecords extends View {
  static styles = [shared, css`
    [role="tablist"] { display: flex; gap: .2rem; border-bottom: 1px solid var(--line); margin-bottom: .9rem; overflow-x: auto; }
    [role="tab"] { border: 0; border-radius: 8px 8px 0 0; background: none; color: var(--text); white-space: nowrap; }
    [role="tab"][aria-selected="true"] { color: var(--accent); font-weight: 600; box-shadow: inset 0 -3px 0 var(--accent); }
    article + article { border-top: 1px solid var(--line); margin-top: .8rem; padding-top: .8rem; }
    .action { margin: .3rem 0; }
    .amount { font-weight: 600; font-variant-numeric: tabular-nums; }
  `];
  static properties = { ...View.properties, case_id: {}, case_of: { attribute: false }, tab: { state: true }, why: { state: true }, open_values: { state: true } };

  constructor() {
    super();
    this.tab = "account";
    this.open_values = {};
    this.reads = Object.fromEntries(TABS.map((tab) => [tab, new Loaded(this, () => this.#read(tab))]));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.open_values = {};
  }

  reload() {
    for (const tab of TABS) if (this.reads[tab].value !== undefined) this.reads[tab].load();
  }

  #read(tab) {
    return this.desk.api[tab](this.case_id, this.why);
  }

  #look(event) {
    event.preventDefault();
    this.why = new FormData(event.target).get("why");
    this.reads[this.tab].load();
  }

  #turn(tab, focus = false) {
    this.tab = tab;
    if (this.why && this.reads[tab].value === undefined) this.reads[tab].load();
    if (focus) this.updateComplete.then(() => this.renderRoot.querySelector(`#tab-${tab}`).focus());
  }

  #keys(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const ends = { Home: 0, End: TABS.length - 1 };
    if (step === undefined && !(event.key in ends)) return;
    event.preventDefault();
    const at = event.key in ends ? ends[event.key] : (TABS.indexOf(this.tab) + step + TABS.length) % TABS.length;
    this.#turn(TABS[at], true);
  }

  #changed() {
    this.dispatchEvent(new Event("changed"));
    this.reload();
  }

  render() {
    return html`<div role="tablist" aria-label=${this.t("records.title")} @keydown=${this.#keys}>${TABS.map((tab) => html`
        <button role="tab" id="tab-${tab}" aria-controls="panel" aria-selected=${tab === this.tab} tabindex=${tab === this.tab ? 0 : -1}
          @click=${() => this.#turn(tab)}>${this.t(`records.${tab}`)}</button>`)}</div>
      <div role="tabpanel" id="panel" aria-labelledby="tab-${this.tab}" tabindex="0">${this.#panel()}</div>`;
  }

  #panel() {
    if (!this.why)
      return html`<form class="row end" @submit=${this.#look}><label>${this.t("records.why")}<select name="why">
        ${LOOK_REASONS.map((why) => html`<option value=${why}>${this.words.word("look", why)}</option>`)}</select></label>
        <button class="main">${this.t("records.look")}</button></form><p class="muted small">${this.t("records.audited")}</p>`;
    const read = this.reads[this.tab];
    return html`${read.show((value) => this[`_${this.tab}`](value))}
      ${read.value === undefined ? nothing : html`<p class="row"><button ?disabled=${read.loading} @click=${() => read.load()}>${this.t("records.refresh")}</button>
        <span class="muted small">${this.t("as_of", { time: this.words.clock(read.at) })}</span></p>`}`;
  }

  _account(account) {
    const { words } = this;
    const { lock } = account;
    return html`<div class="notice ${lock.state === "OPEN" ? "good" : "warn"}"><strong>${words.word("lock", lock.state)}</strong>
        ${lock.cause ? html` · ${words.word("cause", lock.cause)}` : nothing}
        ${lock.asked ? html`<span class="tag info">${this.t("records.asked", { operation: words.word("operation", lock.asked) })}</span>` : nothing}
        <p class="text">${outside(lock.text)}</p></div>
      <dl><dt>${this.t("field.account")}</dt><dd>${outside(account.account_id)}</dd>
        <dt>${this.t("field.status")}</dt><dd>${words.word("account", account.status)}</dd>
        <dt>${this.t("field.language")}</dt><dd>${outside(account.language)}</dd>
        ${lock.since ? html`<dt>${this.t("field.since")}</dt><dd>${words.time(lock.since)}</dd>` : nothing}
        ${lock.until ? html`<dt>${this.t("field.until")}</dt><dd>${words.time(lock.until)}</dd>` : nothing}
        <dt>${this.t("field.two_step")}</dt><dd>${account.two_step === null ? this.t("unknown") : this.t(account.two_step ? "yes" : "no")}</dd>
        <dt>${this.t("field.pin")}</dt><dd>${this.t(account.pin ? "yes" : "no")}</dd>
        ${account.fields.map((field) => html`<dt>${words.word("value", field.name)}</dt><dd><span class="row">${outside(this.open_values[field.name] ?? field.masked)}
          ${this.may(PERMISSIONS.act) && !(field.name in this.open_values) ? html`<button class="link" @click=${() => this.#unmask(field)}
            aria-label=${this.t("records.unmask_of", { field: words.word("value", field.name) })}>${this.t("records.unmask")}</button>` : nothing}</span></dd>`)}</dl>
      <p class="muted small">${this.t("as_of", { time: words.time(account.facts_as_of) })}</p>`;
  }

  async #unmask(field) {
    const shown = await this.desk.ask({
      title: this.t("records.unmask_of", { field: this.words.word("value", field.name) }),
      text: this.t("records.unmask_text"),
      fields: [reasonField(this.words)],
      action: this.t("records.unmask"),
      send: ({ reason }, key) => this.desk.api.unmask(this.case_id, { field: field.name, reason }, key),
    });
    if (!shown?.value || !this.isConnected) return;
    this.open_values = { ...this.open_values, [field.name]: shown.value };
    setTimeout(() => {
      const { [field.name]: _, ...others } = this.open_values;
      this.open_values = others;
    }, SHOWN_MS);
  }

  _payments({ payments }) {
    const { words } = this;
    if (payments.length === 0) return html`<p class="empty">${this.t("records.no_payments")}</p>`;
    return html`${payments.map((payment) => html`<article><div class="row spread"><h3>${outside(payment.merchant?.name ?? words.word("payment", payment.kind))}</h3>
        <span class="amount">${words.money(payment.amount)}</span></div>
      <div class="row small"><span class="tag ${payment.status === "failed" ? "bad" : ""}">${words.word("status", payment.status)}</span>
        <span class="tag">${words.word("money", payment.money.state)}</span><span class="muted">${words.time(payment.initiated_at)}</span>
        ${payment.order_no ? html`<span class="muted">${this.t("field.order")} ${outside(payment.order_no)}</span>` : nothing}</div>
      <p class="text">${outside(payment.text)}</p></article>`)}`;
  }

  _refunds({ refunds }) {
    const { words } = this;
    if (refunds.length === 0) return html`<p class="empty">${this.t("records.no_refunds")}</p>`;
    return html`${refunds.map((refund) => html`<article><div class="row spread"><h3><span class="tag ${refund.status === "in_review" ? "warn" : ""}">${words.word("refund", refund.status)}</span></h3>
        <span class="amount">${words.money(refund.amount)}</span></div>
      <dl><dt>${this.t("field.asked_at")}</dt><dd>${words.time(refund.requested_at)}</dd>
        <dt>${this.t("field.promised")}</dt><dd>${words.day(refund.promised_on)}</dd>
        <dt>${this.t("field.reason")}</dt><dd>${words.word("refund_reason", refund.reason)}</dd>
        ${refund.decided_by ? html`<dt>${this.t("field.rule")}</dt><dd>${words.word("rule", refund.decided_by)}</dd>` : nothing}
        ${refund.note ? html`<dt>${this.t("field.customer_note")}</dt><dd class="text">${outside(refund.note)}</dd>` : nothing}</dl>
      ${refund.actions.map((action) => this.#refundAction(refund, action))}</article>`)}`;
  }

  #refundAction(refund, action) {
    if (action.operation === "other_payout") return actionButton(this, action, () => this.#payOut(refund, action));
    return actionButton(this, action, () => this.#decide(refund, action), this.t("refund.decide"));
  }

  async #decide(refund, action) {
    const { words } = this;
    const options = ["approve", "deny"].map((word) => [word, words.word("decision", word)]);
    const done = await perform(this, action, {
      title: this.t("refund.decide_of", { amount: words.money(refund.amount) }),
      fields: [{ name: "decision", label: this.t("field.decision"), kind: "select", options, required: true }],
      values: { decision: "approve" },
      send: (values, key) => this.desk.api.decideRefund(this.case_id, refund.id, values, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  async #payOut(refund, action) {
    const { words } = this;
    const options = ["balance", "bank_account"].map((word) => [word, words.word("method", word)]);
    const done = await perform(this, action, {
      fields: [{ name: "method", label: this.t("field.payout"), kind: "select", options, required: true }],
      values: { method: "balance" },
      send: (values, key) => this.desk.api.payOut(this.case_id, refund.id, values, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  _findings({ findings }) {
    const { words } = this;
    if (findings.length === 0) return html`<p class="empty">${this.t("records.no_findings")}</p>`;
    return html`${findings.map((finding) => html`<article><div class="row spread"><h3>${words.word("rule", finding.rule)}</h3>
        <span class="tag ${finding.severity === "high" ? "bad" : "warn"}">${words.word("severity", finding.severity)}</span></div>
      <p class="muted small">${words.time(finding.found_at)}</p><p class="text">${outside(finding.text)}</p>
      ${finding.feedback ? html`<span class="tag good">${words.word("verdict", finding.feedback)}</span>`
        : this.may(PERMISSIONS.act) ? html`<div class="row">${["attack", "harmless"].map((verdict) => html`
          <button @click=${() => this.#judge(finding, verdict)}>${words.word("verdict", verdict)}</button>`)}</div>` : nothing}</article>`)}`;
  }

  async #judge(finding, verdict) {
    const done = await this.desk.ask({
      title: this.words.word("verdict", verdict),
      text: this.t("records.verdict_text"),
      fields: [reasonField(this.words)],
      action: this.t("send"),
      send: ({ reason }, key) => this.desk.api.judge(this.case_id, finding.id, { verdict, reason }, key),
    });
    if (done) this.#changed();
  }
}

customElements.define("desk-records", DeskRecords);
