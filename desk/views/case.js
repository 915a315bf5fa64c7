// One case: what the line established, the one next step, the timeline, the account, and what may be done.

import { newKey, PERMISSIONS } from "../api.js";
import { actionButton, perform } from "../actions.js";
import { css, drafts, html, Loaded, nothing, outside, readPages, shared, Tick, View } from "../element.js";
import { heardText, readFacts, voidText, withNames } from "../facts.js";
import { MaskedValues } from "../masked.js";
import { localTime, renderField } from "../fields.js";
import { languageName, LINE_LANGUAGES, spaced } from "../words.js";
import { dueMark, priorityMark, riskMark, riskText, skillMark, TOPICS } from "./queue.js";
import "../proof.js";
import "../records.js";

const LOOK_MS = 15_000;
const HOUR_MS = 3_600_000;
const USER_NAME_MAX = 100;
const PRIORITIES = [1, 3, 5, 7];
const ENDINGS = ["resolved", "not_needed", "not_reached", "duplicate", "false_alarm", "passed_on"];

class DeskCase extends View {
  static styles = [shared, css`
    .columns { display: grid; grid-template: "lead side" auto "rest side" 1fr / minmax(0, 1.7fr) minmax(17rem, 1fr); column-gap: 1rem; }
    .lead { grid-area: lead; } .side { grid-area: side; } .rest { grid-area: rest; }
    .head { margin-bottom: .8rem; }
    .head h1 { margin: 0; }
    .next { border-inline-start: 5px solid var(--accent); }
    .next strong { font-size: 1.1rem; }
    ol.timeline { list-style: none; padding: 0; }
    ol.timeline li { border-inline-start: 2px solid var(--line); padding: 0 0 .9rem .9rem; position: relative; }
    ol.timeline li::before { content: ""; position: absolute; inset-inline-start: -6px; inset-block-start: .45rem; width: 10px; height: 10px;
      border-radius: 50%; background: var(--muted); }
    ol.timeline li.agent::before { background: var(--accent); }
    .quote { background: var(--raised); border-radius: 8px; padding: .5rem .7rem; margin: .3rem 0 0; }
    .action { margin: .5rem 0; }
    @media (max-width: 900px) { .columns { grid-template: "lead" "side" "rest" / minmax(0, 1fr); } }
  `];
  static properties = { ...View.properties, case_id: {}, editing: { state: true }, note: { state: true }, sending: { state: true }, refusal: { state: true } };

  constructor() {
    super();
    this.found = new Loaded(this, () => this.#read());
    this.timeline = new Loaded(this, () => this.#entries());
    this.values = new MaskedValues(this);
    this.pages = 1;
    this.key = newKey();
    new Tick(this, LOOK_MS, () => this.#again());
  }

  connectedCallback() {
    super.connectedCallback();
    this.note = drafts.read(`note.${this.case_id}`) ?? { text: "", audience: "agent" };
    if (drafts.read(`edit.case.${this.case_id}`) !== undefined) this.#edit();
    this.#again();
  }

  updated(changed) {
    super.updated(changed);
    // The heading is there only once the case is. Where nobody has gone elsewhere meanwhile, it gets the focus.
    const heading = this.renderRoot.querySelector("h1");
    if (heading && !this.begun && document.activeElement === document.body) heading.focus();
    this.begun ||= Boolean(heading);
    if (this.found.value !== this.told) this.dispatchEvent(new Event("read"));
    this.told = this.found.value;
  }

  /** Whether a call belongs to this case, as far as it has been read. */
  isOf(contact_id) {
    return Boolean(this.found.value?.value.links?.some(({ kind, id }) => kind === "contact" && id === contact_id));
  }

  /** The agent is in a call from now on: what it opens is read with it. */
  takeCall() {
    this.#again();
    this.renderRoot.querySelector("desk-proof")?.reload();
  }

  reload() {
    this.#again();
    this.renderRoot.querySelector("desk-proof")?.reload();
    this.renderRoot.querySelector("desk-records")?.reload();
  }

  #again() {
    this.found.load();
    this.timeline.load();
  }

  /** A case whose caller turned out to have another one is closed under the agent's hands: the work goes on in that one. */
  async #read() {
    const before = this.found.value?.value;
    const found = await this.desk.api.case(this.case_id);
    const other = found.value.links?.find(({ kind }) => kind === "case");
    if (before && before.status !== "closed" && found.value.status === "closed" && other && this.isConnected) {
      this.desk.say(this.t("case.moved"));
      this.desk.go(`case/${encodeURIComponent(other.id)}`);
    }
    return found;
  }

  #entries() {
    return readPages((cursor) => this.desk.api.timeline(this.case_id, cursor), "entries", this.pages);
  }

  get mine() {
    return this.found.value?.value.owner?.id === this.desk.me.agent_id;
  }

  /** How long a note may be; undefined with an API from before it told its limits, which then refuses what is too long. */
  get noteMax() {
    return this.desk.me.limits?.note_characters;
  }

  /** Whether the agent comes to the account: by the case, which they have claimed, or by the call that they are in. */
  #hasAccess(found) {
    if (found.actions.length) return !["not_claimed", "own_account"].includes(found.actions[0].why);
    return this.mine || this.#inCall(found);
  }

  /** Whether the agent is in the call that the case came with last. */
  #inCall(found) {
    return found.contact_id !== null && found.contact_id === this.desk.api.contact_id;
  }

  async #do(work, message) {
    try {
      await work();
      this.desk.say(message);
    } catch (problem) {
      this.desk.say(this.words.problem(problem));
    }
    this.#again();
  }

  async #ask(spec) {
    if (await this.desk.ask(spec)) this.#again();
  }

  render() {
    return html`${this.found.show(({ value }) => this.#case(value))}${this.found.value ? nothing : html`<p><a href="#/queue">${this.t("view.queue")}</a></p>`}`;
  }

  #case(found) {
    const { words } = this;
    const open = found.status !== "closed";
    return html`
      <div class="head row spread"><div><h1 tabindex="-1">${words.word("topic", found.topic)} ${found.reference ? html`<span class="muted">${spaced(found.reference)}</span>` : nothing}</h1>
        <div class="row"><span class="tag ${open ? "info" : ""}">${words.word("status", found.status)}</span>${priorityMark(words, found.priority)}
          <span>${languageName(found.language)}</span>
          ${skillMark(words, found)}<span class="muted">${this.t("field.due")}: ${dueMark(words, found.due_at)}</span>
          ${found.owner ? html`<span class="muted">${this.t("case.with", { name: this.mine ? this.t("queue.owner_me") : found.owner.name })}</span>` : nothing}
          ${found.tags?.map((tag) => html`<span class="tag">${outside(tag)}</span>`)}</div></div>
        ${this.may(PERMISSIONS.work) ? html`<div class="row">${this.#handles(found, open)}</div>` : nothing}</div>
      ${this.editing ? html`<section class="panel"><h2>${this.t("case.edit")}</h2><desk-edit .desk=${this.desk} .fields=${this.#fields()} draft="case.${this.case_id}"
        .read=${() => this.desk.api.case(this.case_id)} .save=${(_, etag, changed) => this.desk.api.changeCase(this.case_id, changed, etag)}
        @done=${() => { this.editing = false; this.#again(); }}></desk-edit></section>` : nothing}
      <div class="columns"><div class="lead">
        ${found.next_step && open ? html`<section class="panel next"><h2 class="muted small">${this.t("case.next")}</h2><strong>${words.word("step", found.next_step)}</strong>
          ${found.two_from && found.next_step === "wait_for_two" ? html`<p>${this.t("case.two_from")} ${words.time(found.two_from)}</p>` : nothing}
          ${found.security_case ? html`<p>${this.t("case.security_open")} <a href="#/case/${encodeURIComponent(found.security_case)}">${this.t("open")}</a></p>` : nothing}</section>` : nothing}
        ${this.#established(found)}
      </div><div class="side">
        ${open && (found.account_known || this.#inCall(found)) ? html`<section class="panel"><desk-proof .desk=${this.desk} .case_id=${this.case_id} .topic=${found.topic} .goals=${found.proof_goals} .on_line=${this.#inCall(found)} .access=${this.#hasAccess(found)}
          .in_call=${found.contact_id !== null && found.contact_id === this.desk.api.workspace_contact_id} @changed=${() => this.#again()}></desk-proof></section>` : nothing}
        ${this.#useful(found).length && this.may(PERMISSIONS.act) ? html`<section class="panel"><h2>${this.t("case.actions")}</h2>
          ${this.#useful(found).map((action) => actionButton(this, action, () => this.#act(action)))}</section>` : nothing}
        ${found.links?.length ? html`<section class="panel"><h2>${this.t("case.links")}</h2><dl>${found.links.map(({ kind, id }) => html`
          <dt>${words.word("link", kind)}</dt><dd class="small">${kind === "case" ? html`<a href="#/case/${encodeURIComponent(id)}">${outside(id)}</a>` : outside(id)}</dd>`)}</dl></section>` : nothing}
      </div><div class="rest">
        ${found.account_known && (open || this.#hasAccess(found)) ? html`<section class="panel"><h2>${this.t("records.title")}</h2>${this.#hasAccess(found)
          ? html`<desk-records .desk=${this.desk} .case_id=${this.case_id}
            .in_call=${this.#inCall(found)} @changed=${() => this.#again()}></desk-records>`
          : html`<p class="muted">${this.t("case.claim_first")}</p>`}</section>` : nothing}
        ${open && !found.account_known ? html`<section class="panel"><h2>${this.t("records.title")}</h2><p>${this.t("case.account_unknown")}</p></section>` : nothing}
        <section class="panel"><h2>${this.t("case.timeline")}</h2>${open && this.may(PERMISSIONS.work) ? this.#noteForm(found) : nothing}
          ${this.timeline.show(({ entries, people, next }) => html`<ol class="timeline">${entries.map((entry) => this.#entry(entry, people))}</ol>
            ${next ? html`<button @click=${() => { this.pages += 1; this.timeline.load(); }}>${this.t("more")}</button>` : nothing}`)}</section>
      </div></div>`;
  }

  /** The actions that would change something: an open account has nothing to unlock. */
  #useful(found) {
    return found.actions.filter(({ why }) => why !== "nothing_to_do");
  }

  #handles(found, open) {
    if (!open) return html`<button @click=${() => this.#do(() => this.desk.api.reopen(this.case_id), this.t("case.reopened"))}>${this.t("case.reopen")}</button>`;
    if (!found.owner) return html`<button class="main" @click=${() => this.#do(() => this.desk.api.claim(this.case_id), this.t("case.claimed"))}>${this.t("claim")}</button>`;
    const release = html`<button @click=${() => this.#do(() => this.desk.api.release(this.case_id), this.t("case.released"))}>${this.t("case.release")}</button>`;
    if (!this.mine) return this.may(PERMISSIONS.manage) ? release : nothing;
    return html`<button aria-expanded=${this.editing} @click=${() => (this.editing ? (this.editing = false) : this.#edit())}>${this.t("case.edit")}</button>
      <button @click=${() => this.#snooze()}>${this.t("case.snooze")}</button>
      <button @click=${() => this.#transfer(found)}>${this.t("case.transfer")}</button>
      ${release}
      <button class="main" @click=${() => this.#close()}>${this.t("case.close")}</button>`;
  }

  #fields() {
    const { words } = this;
    return [
      { name: "priority", label: this.t("field.priority"), kind: "select", numeric: true, options: PRIORITIES.map((one) => [one, words.word("priority", one)]) },
      { name: "tags", label: this.t("field.tags"), kind: "tags", help: this.t("case.tags_help") },
    ];
  }

  #established(found) {
    const { words } = this;
    const rows = [
      [this.t("field.reason"), words.word("reason", found.reason)],
      found.heard.length ? [this.t("case.heard"), words.list(found.heard.map((turn) => heardText(words, turn)))] : null,
      found.account_known || found.proved.factors.length ? [this.t("case.proved"), found.proved.factors.length ? words.list(found.proved.factors.map((factor) => words.word("factor", factor))) : this.t("case.proved_nothing")] : null,
      found.failed_login_at ? [this.t("case.failed_login"), words.time(found.failed_login_at)] : null,
      found.missing_documents?.length ? [this.t("case.documents"), words.list(found.missing_documents.map((word) => words.word("document", word)))] : null,
      found.risk ? [this.t("case.risk"), this.#risk(found.risk)] : null,
      [this.t("field.opened"), words.time(found.opened_at)],
    ].filter(Boolean);
    return html`<section class="panel"><h2>${this.t("case.established")}</h2><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
  }

  #risk(risk) {
    const { words } = this;
    return html`<div>${riskMark(words, risk)} ${risk.as_of ? html`<span class="muted small">${this.t("case.risk_as_of", { time: words.time(risk.as_of) })}</span>` : nothing}</div>
      ${risk.parts.length ? html`<div class="small">${riskText(words, risk)}</div><div class="muted small">${this.t("case.risk_untold")} ${risk.band === "high" ? this.t("case.risk_more") : nothing}</div>` : nothing}`;
  }

  #entry(entry, people) {
    const { words } = this;
    const facts = readFacts(words, withNames(entry.facts, people)).map(([name, value]) => words.text("pair", { name, value }));
    return html`<li class=${entry.actor.kind}><div><strong>${words.word("reason", entry.reason)}</strong>
        ${entry.audience === "customer" ? html`<span class="tag">${this.t("case.for_customer")}</span>` : nothing}</div>
      <div class="muted small">${words.time(entry.at)} · ${words.word("actor", entry.actor.kind)}${entry.actor.name ? html` · ${outside(entry.actor.name)}` : nothing}${
        entry.reason.includes(entry.kind) ? nothing : html` · ${words.word("kind", entry.kind)}`}</div>
      ${facts.length ? html`<div class="small">${outside(facts.join(" · "))}</div>` : nothing}
      ${this.#overtaken(entry) ? html`<div class="small row"><span class="tag bad">${words.word("approval_state", entry.approval.state)}</span>
        ${voidText(words, entry.approval.void_cause, entry.approval.subject)}</div>` : nothing}
      ${entry.masked.map(({ field, item_id }) => html`<div class="small row">${words.word("mask", field)}:
        ${this.found.value && this.#hasAccess(this.found.value.value) ? this.values.amount(field, item_id) : html`<span aria-hidden="true">•••</span>`}</div>`)}
      ${entry.note ? html`<p class="quote text" dir="auto">${entry.note}</p>` : nothing}</li>`;
  }

  /** Whether an entry tells of a request or a word that is not good any more. */
  #overtaken({ reason, approval }) {
    return ["void", "expired"].includes(approval?.state) && ["agent.approval_asked", "agent.approval_approved"].includes(reason);
  }

  #noteForm(found) {
    const { words } = this;
    const field = { name: "note", label: this.t("case.note"), kind: "note", max: this.noteMax, required: true };
    return html`<form class="stack" @submit=${this.#sendNote}>${renderField(words, field, this.note.text, (_, text) => this.#draft({ text }))}
      ${found.customer_reads ? renderField(words, { name: "for_customer", label: this.t("case.note_for_customer"), kind: "check", help: this.t("case.note_for_customer_help") }, this.note.audience === "customer",
        (_, yes) => this.#draft({ audience: yes ? "customer" : "agent" })) : nothing}
      ${this.refusal ? html`<div class="notice bad" role="alert">${words.problem(this.refusal)}</div>` : nothing}
      <p><button ?disabled=${this.sending || !this.note.text.trim() || [...this.note.text].length > this.noteMax}>${this.t("case.add_note")}</button></p></form>`;
  }

  #draft(change) {
    this.note = { ...this.note, ...change };
    drafts.write(`note.${this.case_id}`, this.note.text ? this.note : undefined);
    if (!this.refusal?.open) this.key = newKey();
  }

  async #sendNote(event) {
    event.preventDefault();
    if (this.sending) return;
    this.sending = true;
    const { text, audience } = this.note;
    try {
      await this.desk.api.note(this.case_id, { text, audience }, this.key);
      this.refusal = null;
      // What somebody typed meanwhile is another note.
      if (this.note.text === text) this.#draft({ text: "", audience: "agent" });
      this.key = newKey();
      this.#again();
    } catch (problem) {
      this.refusal = problem;
      if (!problem.open) this.key = newKey();
    }
    this.sending = false;
  }

  async #act(action) {
    const done = await perform(this, action, {
      send: (deed, key) => this.desk.api.act(this.case_id, action.operation, deed, key),
      case_id: this.case_id,
    });
    if (done) this.reload();
  }

  /** Show the form of an edit. Its script is read first: before that there is no element to show. */
  async #edit() {
    try {
      await import("../edit.js");
      this.editing = true;
    } catch {
      this.desk.say(this.t("problem.offline"));
    }
  }

  #snooze() {
    return this.#ask({
      title: this.t("case.snooze"),
      fields: [{ name: "until", label: this.t("field.until"), kind: "datetime", required: true, min: localTime(Date.now()) }],
      values: { until: new Date(Date.now() + 4 * HOUR_MS).toISOString() },
      action: this.t("case.snooze"),
      send: (values, key) => this.desk.api.snooze(this.case_id, values, key),
    });
  }

  #transfer(found) {
    const { words } = this;
    const toQueue = ({ to }) => to === "queue";
    return this.#ask({
      title: this.t("case.transfer"),
      fields: [
        { name: "to", label: this.t("case.transfer_to"), kind: "select", options: [["queue", this.t("view.queue")], ["agent", this.t("field.agent")]] },
        { name: "topic", label: this.t("field.topic"), kind: "select", options: TOPICS.map((topic) => [topic, words.word("topic", topic)]), required: true, when: toQueue },
        { name: "language", label: this.t("field.language"), kind: "select", options: LINE_LANGUAGES, required: true, when: toQueue },
        { name: "username", label: this.t("field.username"), kind: "text", max: USER_NAME_MAX, help: this.t("case.username_help"), required: true, when: ({ to }) => to === "agent" },
        { name: "note", label: this.t("case.note"), kind: "note", max: this.noteMax, empty: null },
      ],
      values: { to: "queue", topic: found.topic, language: found.language, note: null },
      action: this.t("case.transfer"),
      send: ({ to: _, ...values }, key) => this.desk.api.transfer(this.case_id, values, key),
    });
  }

  #close() {
    const { words } = this;
    return this.#ask({
      title: this.t("case.close"),
      fields: [
        { name: "ending", label: this.t("field.ending"), kind: "select", options: ENDINGS.map((ending) => [ending, words.word("ending", ending)]), required: true },
        { name: "note", label: this.t("case.note"), kind: "note", max: this.noteMax, empty: null },
      ],
      values: { ending: "resolved", note: null },
      action: this.t("case.close"),
      send: (values, key) => this.desk.api.close(this.case_id, values, key),
    });
  }
}

customElements.define("desk-case", DeskCase);
