// The customer's proof: the agent asks the line for it, the customer gives it to the line, the agent sees that it is so.
// No code ever comes here.

import { PERMISSIONS } from "./api.js";
import { css, html, Loaded, nothing, shared, Tick, View } from "./element.js";

const LOOK_MS = 2000;
const METHODS = ["sms", "voice", "email", "app"];

class DeskProof extends View {
  static styles = [shared, css`
    .proved { font-size: 1.15rem; font-weight: 700; }
    .methods { margin-top: .6rem; }
  `];
  static properties = { ...View.properties, case_id: {} };

  constructor() {
    super();
    this.proof = new Loaded(this, () => this.#read());
    new Tick(this, LOOK_MS, () => this.proof.value?.state === "asked" && this.proof.load());
  }

  connectedCallback() {
    super.connectedCallback();
    this.proof.load();
  }

  reload() {
    this.proof.load();
  }

  async #read() {
    const before = this.proof.value?.state;
    const proof = await this.desk.api.proof(this.case_id);
    if (before && before !== proof.state) this.dispatchEvent(new Event("changed"));
    return proof;
  }

  async #ask(method) {
    const asked = await this.desk.ask({
      title: this.t("proof.ask_by", { method: this.words.word("method", method) }),
      text: this.t("proof.ask_text"),
      fields: [],
      action: this.t("proof.ask"),
      send: (_, key) => this.desk.api.askProof(this.case_id, { method }, key),
    });
    if (asked) this.proof.load();
  }

  render() {
    return html`<h2>${this.t("proof.title")}</h2>${this.proof.show((proof) => this.#shown(proof))}`;
  }

  #shown(proof) {
    const { words } = this;
    const until = proof.until ? this.t("proof.until", { time: words.clock(proof.until) }) : "";
    const state = {
      proved: html`<div class="notice good" role="status"><span class="proved">${this.t("proof.proved")}</span>
        <p>${words.list(proof.factors.map((factor) => words.word("factor", factor)))}${until ? html` · ${until}` : nothing}</p></div>`,
      asked: html`<div class="notice info" role="status">${this.t("proof.asked", { method: words.word("method", proof.method) })}</div>`,
      failed: html`<div class="notice bad" role="alert">${this.t("proof.failed")}</div>`,
      expired: html`<div class="notice warn" role="status">${this.t("proof.expired")}</div>`,
      none: html`<p class="muted">${this.t("proof.none")}</p>`,
    }[proof.state];
    if (proof.state === "asked" || !this.may(PERMISSIONS.act)) return state;
    return html`${state}<div class="row methods" role="group" aria-label=${this.t("proof.ask")}>${METHODS.map((method) => html`
      <button @click=${() => this.#ask(method)}>${words.word("method", method)}</button>`)}</div>`;
  }
}

customElements.define("desk-proof", DeskProof);
