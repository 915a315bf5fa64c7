// The customer's proof: the agent asks the line for it, the customer gives it to the line, the agent sees that it is so.
// No code ever comes here.

import { GOALS, PERMISSIONS } from "./api.js";
import { css, html, Loaded, nothing, shared, Tick, View } from "./element.js";

const LOOK_MS = 2000;
/** The goal to begin with, by the topic of the case. */
const USUAL = { lockout: "unlock", refund: "refund", dispute: "freeze" };

class DeskProof extends View {
  static styles = [shared, css`
    .proved { font-size: 1.15rem; font-weight: 700; }
    .ask { margin-top: .6rem; }
  `];
  static properties = { ...View.properties, case_id: {}, topic: {}, goals: {}, access: { type: Boolean }, in_call: { type: Boolean }, on_line: { type: Boolean }, sending: { state: true }, refusal: { state: true } };

  constructor() {
    super();
    this.proof = new Loaded(this, () => this.#read());
    // A proof that was given ends with its time, and with the call that it was given in.
    new Tick(this, LOOK_MS, () => this.access && ["asked", "proved"].includes(this.proof.value?.state) && this.proof.load());
  }

  /** Nothing is asked before the case, or its call, is the agent's: the API would know of no such case. */
  updated(changed) {
    super.updated(changed);
    if (!changed.has("access")) return;
    if (this.access) this.proof.load();
    else if (changed.get("access")) this.proof.clear();
  }

  reload() {
    if (this.access) this.proof.load();
  }

  async #read() {
    const before = this.proof.value?.state;
    let proof;
    try {
      proof = await this.desk.api.proof(this.case_id);
    } catch (problem) {
      // The case may have been closed, or taken over by another one.
      if (problem.status === 404) this.dispatchEvent(new Event("changed"));
      throw problem;
    }
    if (before && before !== proof.state) this.dispatchEvent(new Event("changed"));
    return proof;
  }

  /** The goals that the customer can prove enough for; all of them with an API that does not tell. */
  get #goals() {
    return GOALS.filter((goal) => this.goals?.includes(goal) ?? true);
  }

  async #ask() {
    const { words } = this;
    const goals = this.#goals;
    const usual = USUAL[this.topic] ?? "look";
    const asked = await this.desk.ask({
      title: this.t("proof.ask"),
      text: this.t(this.on_line ? "proof.ask_text" : "proof.ask_text_app"),
      fields: [{ name: "goal", label: this.t("proof.goal"), kind: "select", required: true, options: goals.map((goal) => [goal, words.word("goal", goal)]) }],
      values: { goal: goals.includes(usual) ? usual : goals[0] },
      action: this.t("proof.ask"),
      send: ({ goal }, key) => this.desk.api.askProof(this.case_id, { goal }, key),
    });
    if (asked) this.proof.load();
  }

  /** The call goes to the line, where the customer proves, and comes back. */
  async #send() {
    this.sending = true;
    this.refusal = null;
    try {
      await this.desk.send_to_line();
      this.desk.say(this.t("proof.sent"));
    } catch (problem) {
      this.refusal = problem;
    }
    this.sending = false;
  }

  render() {
    return html`<h2>${this.t("proof.title")}</h2>${this.access
      ? this.proof.show((proof) => this.#shown(proof)) : html`<p class="muted">${this.t("proof.claim_first")}</p>`}`;
  }

  #shown(proof) {
    const { words } = this;
    const until = proof.until ? this.t("proof.until", { time: words.clock(proof.until) }) : "";
    const operations = words.list(proof.operations.map((operation) => words.word("operation", operation)));
    const state = {
      proved: html`<div class="notice good" role="status"><span class="proved">${this.t("proof.proved")}</span>
        <p>${words.list(proof.factors.map((factor) => words.word("factor", factor)))}${until ? html` · ${until}` : nothing}</p>
        ${operations ? html`<p class="small">${this.t("proof.enough_for", { operations })}</p>` : nothing}</div>`,
      asked: html`<div class="notice info" role="status">${this.t("proof.asked", { goal: words.word("goal", proof.goal) })}</div>`,
      unproved: html`<div class="notice warn" role="status">${this.t("proof.unproved")}</div>`,
      expired: html`<div class="notice warn" role="status">${this.t("proof.expired")}</div>`,
      none: html`<p class="muted">${this.t("proof.none")}</p>`,
    }[proof.state];
    if (!this.may(PERMISSIONS.work)) return state;
    if (proof.state === "asked") return html`${state}${this.in_call && this.desk.send_to_line ? this.#toLine() : nothing}`;
    const goals = this.#goals;
    const lacking = GOALS.filter((goal) => !goals.includes(goal)).map((goal) => words.word("goal", goal));
    return html`${state}${goals.length ? html`<p class="ask"><button @click=${this.#ask}>${this.t("proof.ask")}</button></p>` : nothing}
      ${lacking.length ? html`<p class="muted small">${this.t("proof.out_of_reach", { goals: words.list(lacking) })}</p>` : nothing}`;
  }

  #toLine() {
    return html`${this.refusal ? html`<div class="notice bad" role="alert">${this.words.problem(this.refusal)}</div>` : nothing}
      <p class="ask"><button class="main" ?disabled=${this.sending} @click=${this.#send}>${this.t("proof.send")}</button></p>
      <p class="muted small">${this.t("proof.send_text")}</p>`;
  }
}

customElements.define("desk-proof", DeskProof);
