// What is known of the case's account, a tab each. Every look goes to the audit trail with its reason; values are masked
// until one of them is asked for.

import { LOOK_REASONS, PERMISSIONS, VERDICTS } from "./api.js";
import { actionButton, endSuppression, perform, reasonField, suppressRule } from "./actions.js";
import { css, html, Loaded, nothing, outside, readPages, shared, View } from "./element.js";
import { readFacts } from "./facts.js";
import { MaskedValues } from "./masked.js";
import { languageName } from "./words.js";

const TABS = ["account", "payments", "refunds", "evidence", "funds", "bills", "findings"];
/** What is read in one piece; all others are lists by pages. */
const WHOLE = ["account", "funds"];
/** Tabs whose code is read when one of them is opened. */
const LATER = ["evidence", "funds", "bills"];
const LOSSES = ["lost", "stolen", "no_access", "not_theirs"];
const REFUND_REASONS = [
  "duplicate", "cancelled", "price_adjustment", "no_reason_return", "not_received", "service_not_rendered", "missing_item", "not_as_described",
  "defective", "wrong_item", "unauthorised", "other",
];

class DeskRecords extends View {
  static styles = [shared, css`
    [role="tablist"] { display: flex; gap: .2rem; border-bottom: 1px solid var(--line); margin-bottom: .9rem; overflow-x: auto; }
    [role="tab"] { border: 0; border-radius: 8px 8px 0 0; background: none; color: var(--text); white-space: nowrap; }
    [role="tab"][aria-selected="true"] { color: var(--accent); font-weight: 600; box-shadow: inset 0 -3px 0 var(--accent); }
    article + article { border-top: 1px solid var(--line); margin-top: .8rem; padding-top: .8rem; }
    .action { margin: .3rem 0; }
    .amount { font-weight: 600; font-variant-numeric: tabular-nums; }
    .hold { border: 0; padding: 0; margin: 0 0 .8rem; }
  `];
  static properties = { ...View.properties, case_id: {}, in_call: { type: Boolean }, tab: { state: true }, why: { state: true } };

  constructor() {
    super();
    this.tab = "account";
    this.values = new MaskedValues(this);
    /** How many pages of a tab are shown. */
    this.pages = {};
    this.reads = Object.fromEntries(TABS.map((tab) => [tab, new Loaded(this, () => this.#read(tab))]));
  }

  reload() {
    for (const tab of TABS) if (this.reads[tab].value !== undefined) this.reads[tab].load();
  }

  async #read(tab) {
    if (LATER.includes(tab)) this.money ??= await import("./money.js");
    const read = (cursor) => this.desk.api[tab](this.case_id, this.why, cursor);
    if (WHOLE.includes(tab)) return read();
    // The cursor that somebody follows is taken once: the next read is of all pages again.
    const from = this.further;
    this.further = null;
    return from ? this.#readOn(tab, read, from) : readPages(read, tab, this.pages[tab] ?? 1);
  }

  /** One page more. Every page is a look, so those that are shown are not read again. */
  async #readOn(tab, read, from) {
    const { [tab]: shown } = this.reads[tab].value;
    const answer = await read(from);
    this.pages[tab] = (this.pages[tab] ?? 1) + 1;
    return { ...answer, [tab]: [...shown, ...answer[tab]] };
  }

  #showMore(read) {
    this.further = read.value.next;
    read.load();
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
      return html`<form class="row end" @submit=${this.#look}><label>${this.t("records.why")}<select name="why" required>
        ${this.in_call ? nothing : html`<option value="">${this.t("choose")}</option>`}
        ${LOOK_REASONS.map((why) => html`<option value=${why}>${this.words.word("look", why)}</option>`)}</select></label>
        <button class="main">${this.t("records.look")}</button></form><p class="muted small">${this.t("records.audited")}</p>`;
    const read = this.reads[this.tab];
    return html`${read.show((value) => (LATER.includes(this.tab) ? this.money[this.tab](this, value) : this[`_${this.tab}`](value)))}
      ${read.value === undefined ? nothing : html`${read.value.next ? html`<p><button ?disabled=${read.loading} @click=${() => this.#showMore(read)}>${this.t("more")}</button></p>` : nothing}
        <p class="row"><button ?disabled=${read.loading} @click=${() => read.load()}>${this.t("records.refresh")}</button>
        <span class="muted small">${this.t("as_of", { time: this.words.clock(read.at) })}</span></p>`}`;
  }

  _account(account) {
    const { words } = this;
    const { lock } = account;
    return html`<div class="notice ${lock.state === "OPEN" ? "good" : "warn"}"><strong>${words.word("lock", lock.state)}</strong>
        ${lock.cause ? html` · ${words.word("cause", lock.cause)}` : nothing}
        ${lock.asked ? html`<span class="tag info">${this.t("records.asked", { operation: words.word("operation", lock.asked) })}</span>` : nothing}
        <p class="text"><span class="small">${this.t("records.told")}</span> ${outside(lock.text)}</p></div>
      ${account.holds.map((hold) => html`<article class="hold"><h3>${this.t("records.hold", { cause: words.word("cause", hold.cause) })}</h3>
        <p class="muted small">${hold.since ? words.time(hold.since) : "–"} – ${hold.until ? words.time(hold.until) : this.t("records.no_end")}</p>
        ${hold.actions.map((action) => actionButton(this, action, () => this.#release(hold, action)))}
        ${hold.actions.length ? nothing : html`<p>${words.word("hold_end", hold.ended_by)}</p>`}</article>`)}
      <dl><dt>${this.t("field.account")}</dt><dd>${outside(account.account_id)}</dd>
        <dt>${this.t("field.status")}</dt><dd>${words.word("account", account.status)}</dd>
        <dt>${this.t("field.language")}</dt><dd>${account.language ? languageName(account.language) : "–"}</dd>
        ${lock.since ? html`<dt>${this.t("field.since")}</dt><dd>${words.time(lock.since)}</dd>` : nothing}
        ${lock.until ? html`<dt>${this.t("field.until")}</dt><dd>${words.time(lock.until)}</dd>` : nothing}
        <dt>${this.t("field.two_step")}</dt><dd>${account.two_step === null ? this.t("unknown") : this.t(account.two_step ? "yes" : "no")}</dd>
        <dt>${this.t("field.pin")}</dt><dd>${this.t(account.pin ? "yes" : "no")}</dd>
        ${account.fields.map((field) => html`<dt>${words.word("value", field.name)}</dt><dd>${this.values.masked(field.can_unmask ? { field: field.name } : null, outside(field.masked))}
          ${field.actions.map((action) => actionButton(this, action, () => this.#remove(field, action)))}</dd>`)}</dl>
      <p class="muted small">${this.t("records.left_masked")} ${account.facts_as_of ? this.t("as_of", { time: words.time(account.facts_as_of) }) : nothing}</p>`;
  }

  async #release({ cause }, action) {
    const done = await perform(this, action, {
      of: { cause },
      send: (deed, key) => this.desk.api.act(this.case_id, action.operation, { cause, ...deed }, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  /** A contact point that the customer does not have any more; the new one comes from them, in the app. */
  async #remove({ id }, action) {
    const { words } = this;
    const done = await perform(this, action, {
      fields: [{ name: "loss", label: this.t("field.loss"), kind: "select", required: true, help: this.t("loss.text"),
        options: [["", this.t("choose")], ...LOSSES.map((loss) => [loss, words.word("loss", loss)])] }],
      values: { loss: "" },
      of: { point_id: id },
      approved: ({ loss }) => ({ loss }),
      send: (deed, key) => this.desk.api.act(this.case_id, action.operation, { point_id: id, ...deed }, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  _payments({ payments }) {
    const { words } = this;
    if (payments.length === 0) return html`<p class="empty">${this.t("records.no_payments")}</p>`;
    return html`${payments.map((payment) => html`<article><div class="row spread"><h3>${outside(payment.merchant?.name ?? words.word("payment", payment.kind))}</h3>
        ${this.values.amount("payment_amount", payment.item_id)}</div>
      <div class="row small"><span class="tag ${payment.status === "failed" ? "bad" : ""}">${words.word("payment_status", payment.status)}</span>
        <span class="tag">${words.word("money", payment.money.state)}</span><span class="muted">${words.time(payment.initiated_at)}</span>
        ${payment.order ? html`<span class="muted">${this.t("field.order")} ${outside(`… ${payment.order}`)}</span>` : nothing}</div>
      <dl>${payment.failure ? html`<dt>${this.t("field.failure")}</dt><dd>${words.word("failure", payment.failure)}</dd>` : nothing}
        ${payment.money.held_until ? html`<dt>${this.t("field.held_until")}</dt><dd>${words.time(payment.money.held_until)}</dd>` : nothing}
        ${payment.arrival?.typical_on ? html`<dt>${this.t("field.typical")}</dt><dd>${this.#day(payment.arrival.certain, payment.arrival.typical_on)}</dd>` : nothing}
        ${payment.arrival ? html`<dt>${this.t("field.latest")}</dt><dd>${this.#day(payment.arrival.certain, payment.arrival.latest_on)}</dd>` : nothing}
        ${payment.arrived_at ? html`<dt>${this.t("field.arrived")}</dt><dd>${words.time(payment.arrived_at)}</dd>` : nothing}
        ${payment.counterparty ? html`<dt>${this.t("field.counterparty")}</dt><dd>${outside(`${payment.counterparty}***`)}</dd>` : nothing}
        ${payment.given_back === "none" ? nothing : html`<dt>${this.t("field.given_back")}</dt><dd class="row">${words.word("given_back", payment.given_back)}
          ${this.values.amount("given_back_amount", payment.item_id)}</dd>`}
        ${payment.coupon ? html`<dt>${this.t("field.coupon")}</dt><dd class="row">${this.#coupon(payment)}</dd>` : nothing}
        ${payment.charged_twice ? html`<dt>${this.t("records.charged_twice")}</dt><dd>${this.t("pair", { name: words.word("twin", payment.charged_twice.other_state), value: words.word("stands", payment.charged_twice.stands) })} · ${words.time(payment.charged_twice.other_at)}</dd>` : nothing}
        <dt>${this.t("records.next_step")}</dt><dd>${words.word("next", payment.next_step)}</dd></dl>
      ${payment.actions.map((action) => actionButton(this, action, () => this.#askRefund(payment, action)))}</article>`)}`;
  }

  #coupon({ coupon, item_id }) {
    const { words } = this;
    return html`${coupon.name ? outside(coupon.name) : nothing}<span class="tag ${coupon.applied ? "good" : "warn"}">${this.t(coupon.applied ? "coupon.applied" : "coupon.not_applied")}</span>
      ${coupon.reason ? words.word("coupon_reason", coupon.reason) : nothing}${coupon.has_amount ? this.values.amount("coupon_amount", item_id) : nothing}`;
  }

  /** A refund in the customer's name; the amount is theirs to say, and is not shown here. */
  async #askRefund({ item_id }, action) {
    const { words } = this;
    const done = await perform(this, action, {
      fields: [
        { name: "refund_reason", label: this.t("field.refund_reason"), kind: "select", required: true,
          options: [["", this.t("choose")], ...REFUND_REASONS.map((reason) => [reason, words.word("refund_reason", reason)])] },
        { name: "amount_minor", label: this.t("field.amount_minor"), kind: "number", min: 1, help: this.t("refund.amount_help") },
        { name: "note", label: this.t("refund.note"), kind: "note", max: this.desk.me.limits?.refund_note_characters, empty: null },
      ],
      values: { refund_reason: "", amount_minor: null, note: null },
      send: (deed, key) => this.desk.api.askRefund(this.case_id, { item_id, ...deed }, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  _refunds({ refunds }) {
    const { words } = this;
    if (refunds.length === 0) return html`<p class="empty">${this.t("records.no_refunds")}</p>`;
    return html`${refunds.map((refund) => html`<article><div class="row spread"><h3><span class="tag ${refund.status === "in_review" ? "warn" : ""}">${words.word("refund", refund.status)}</span></h3>
        ${this.values.amount("refund_amount", refund.id)}</div>
      <dl><dt>${this.t("field.asked_at")}</dt><dd>${words.time(refund.requested_at)}</dd>
        ${refund.typical_on ? html`<dt>${this.t("field.typical")}</dt><dd>${this.#day(refund.promise_certain, refund.typical_on)}</dd>` : nothing}
        ${refund.promised_on ? html`<dt>${this.t("field.promised")}</dt><dd>${this.#day(refund.promise_certain, refund.promised_on)}</dd>` : nothing}
        ${refund.reason ? html`<dt>${this.t("field.reason")}</dt><dd>${words.word("refund_reason", refund.reason)}</dd>` : nothing}
        ${refund.failure ? html`<dt>${this.t("field.failure")}</dt><dd>${words.word("failure", refund.failure)}</dd>` : nothing}
        ${refund.review ? html`<dt>${this.t("field.review")}</dt><dd>${words.word("review", refund.review)}</dd>` : nothing}
        ${refund.decided_by ? html`<dt>${this.t("field.rule")}</dt><dd>${words.word("rule", refund.decided_by)}</dd>` : nothing}
        ${refund.remedies.length > 0 ? html`<dt>${this.t("field.remedies")}</dt><dd>${refund.remedies.map((remedy) => words.word("remedy", remedy)).join(" · ")}</dd>` : nothing}
        ${refund.policy_version ? html`<dt>${this.t("field.policy_version")}</dt><dd>${outside(refund.policy_version)}</dd>` : nothing}
        ${refund.payout ? html`<dt>${this.t("field.payout")}</dt><dd>${words.word("way", refund.payout)}</dd>` : nothing}</dl>
      ${refund.actions.map((action) => this.#refundAction(refund, action))}</article>`)}`;
  }

  /** A day of a refund, with `about` where the calendar does not reach so far. */
  #day(certain, on) {
    const day = this.words.day(on);
    return certain === false ? this.t("about", { day }) : day;
  }

  #refundAction(refund, action) {
    if (action.operation === "other_payout") return actionButton(this, action, () => this.#payOut(refund, action));
    return actionButton(this, action, () => this.#decide(refund, action), this.t("refund.decide"));
  }

  async #decide(refund, action) {
    const { words } = this;
    const options = [["", this.t("choose")], ...["approve", "deny"].map((word) => [word, words.word("decision", word)])];
    const done = await perform(this, action, {
      fields: [{ name: "decision", label: this.t("field.decision"), kind: "select", options, required: true }],
      values: { decision: "" },
      of: { refund_id: refund.id },
      approved: ({ decision }) => ({ decision }),
      send: (deed, key) => this.desk.api.decideRefund(this.case_id, refund.id, deed, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  async #payOut(refund, action) {
    const { words } = this;
    const options = ["balance", "bank_account"].map((word) => [word, words.word("way", word)]);
    const done = await perform(this, action, {
      fields: [{ name: "way", label: this.t("field.payout"), kind: "select", options, required: true }],
      values: { way: "balance" },
      of: { refund_id: refund.id },
      approved: ({ payout }) => ({ way: payout }),
      send: (deed, key) => this.desk.api.payOut(this.case_id, refund.id, deed, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  _findings({ findings, suppressions = [] }) {
    const { words } = this;
    if (findings.length + suppressions.length === 0) return html`<p class="empty">${this.t("records.no_findings")}</p>`;
    return html`${suppressions.map((one) => html`<div class="notice info"><strong>${words.word("rule", one.rule)}</strong>
      <p>${this.t("records.suppressed", { time: words.time(one.until), name: one.by.name, reason: words.word("act_reason", one.reason) })}</p>
      ${this.may(PERMISSIONS.act) ? html`<button @click=${() => this.#endSuppression(one)}>${words.word("operation", "end_suppression")}</button>` : nothing}</div>`)}
    ${findings.map((finding) => html`<article><div class="row spread"><h3>${words.word("rule", finding.rule)}</h3>
        <span class="tag ${["high", "critical"].includes(finding.severity) ? "bad" : "warn"}">${words.word("severity", finding.severity)}</span></div>
      <p class="muted small">${words.time(finding.found_at)} · <span class="tag">${words.word("finding", finding.state)}</span></p>
      <dl><dt>${this.t("records.began")}</dt><dd>${words.time(finding.begun_at)}</dd>
        <dt>${this.t("records.ended")}</dt><dd>${words.time(finding.last_at)}</dd>
        ${readFacts(words, finding.facts).map(([name, value]) => html`<dt>${name}</dt><dd>${outside(value)}</dd>`)}
        ${finding.masked.map(({ field, item_id }) => html`<dt>${words.word("mask", field)}</dt><dd>${this.values.amount(field, item_id)}</dd>`)}</dl>
      ${finding.runbook ? html`<details><summary>${this.t("records.runbook")}</summary><p lang="en">${finding.runbook}</p></details>` : nothing}
      ${finding.feedback ? html`<span class="tag good">${words.word("verdict", finding.feedback)}</span>`
        : this.may(PERMISSIONS.work) ? html`<div class="row">${VERDICTS.map((verdict) => html`
          <button @click=${() => this.#judge(finding, verdict)}>${words.word("verdict", verdict)}</button>`)}</div>` : nothing}
      ${finding.actions?.map((action) => actionButton(this, action, () => this.#suppress(finding, action)))}</article>`)}`;
  }

  /** The rule does not tell of this account until a time. */
  async #suppress({ rule }, action) {
    const done = await suppressRule(this, action, this.t("records.suppress_text"), {
      of: { rule },
      send: (deed, key) => this.desk.api.suppress(this.case_id, { rule, ...deed }, key),
      case_id: this.case_id,
    });
    if (done) this.#changed();
  }

  async #endSuppression({ rule }) {
    const done = await endSuppression(this, rule, (reason, key) => this.desk.api.endSuppression(this.case_id, { rule, reason }, key));
    if (done) this.#changed();
  }

  async #judge(finding, verdict) {
    const done = await this.desk.ask({
      title: this.words.word("verdict", verdict),
      text: this.t("records.verdict_text"),
      fields: [reasonField(this.words)],
      values: { reason: "" },
      action: this.t("send"),
      send: ({ reason }, key) => this.desk.api.judge(this.case_id, finding.id, { verdict, reason }, key),
    });
    if (done) this.#changed();
  }
}

customElements.define("desk-records", DeskRecords);
