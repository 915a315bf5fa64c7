// A dialog with a form. It stays, with all that was typed, until its request went through or somebody cancels.

import { css, html, nothing, shared, View } from "./element.js";
import { newKey } from "./api.js";
import { clean, fault, present, renderField } from "./fields.js";

class DeskForm extends View {
  static styles = [shared, css`
    dialog { background: var(--panel); color: var(--text); border: 1px solid var(--line); border-radius: 12px; padding: 1.2rem;
      width: min(34rem, calc(100vw - 2rem)); max-height: calc(100dvh - 2rem); overflow: auto; }
    dialog::backdrop { background: rgb(10 15 22 / 55%); }
    form > * + * { margin-top: .8rem; }
    .entry > div { flex: 1 1 7rem; }
    .field > label + .small { display: block; }
    select, input:not([type="checkbox"]) { width: 100%; }
  `];
  static properties = { ...View.properties, spec: { state: true }, values: { state: true }, problem: { state: true }, busy: { state: true } };

  /**
   * Show a form: {title, text?, fields[], values?, action, danger?, send(values, key)}. Resolves with what `send` gave,
   * or null when somebody cancelled. Of a request whose answer is lost the same key is sent again.
   */
  async open(spec) {
    this.spec = spec;
    this.values = { ...spec.values };
    this.problem = null;
    this.busy = false;
    this.key = newKey();
    await this.updateComplete;
    this.renderRoot.querySelector("dialog").showModal();
    return new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  get openNow() {
    return Boolean(this.renderRoot?.querySelector("dialog")?.open);
  }

  #change = (name, value) => {
    this.values = { ...this.values, [name]: value };
    // Another body is another request, unless the first one's fate is unknown: then it must not be made twice.
    if (!this.problem?.open) this.key = newKey();
  };

  async #submit(event) {
    event.preventDefault();
    if (this.busy) return;
    const wrong = fault(this.spec.fields, this.values);
    if (wrong) {
      this.renderRoot.querySelector(`[name="${wrong.name}"]`).focus();
      return;
    }
    this.busy = true;
    try {
      const answer = await this.spec.send(clean(this.spec.fields, this.values), this.key);
      this.#finish(answer ?? true);
    } catch (problem) {
      this.problem = problem;
      if (!problem.open) this.key = newKey();
    }
    this.busy = false;
  }

  #finish(answer) {
    this.renderRoot.querySelector("dialog").close();
    this.resolve?.(answer);
    this.resolve = null;
  }

  #closed() {
    // The event comes later than a form that opened at once after this one.
    if (this.openNow) return;
    this.resolve?.(null);
    this.resolve = null;
    this.spec = undefined;
  }

  render() {
    const { spec } = this;
    return html`<dialog aria-labelledby="title" @close=${this.#closed}>
      ${spec ? html`<form @submit=${this.#submit}>
        <h2 id="title">${spec.title}</h2>
        ${spec.text ? html`<p>${spec.text}</p>` : nothing}
        ${present(spec.fields, this.values).map((field) => html`<div class="field">${renderField(this.words, field, this.values[field.name], this.#change)}</div>`)}
        ${this.problem ? html`<div class="notice bad" role="alert">${this.words.problem(this.problem)}</div>` : nothing}
        <div class="row">
          <button class=${spec.danger ? "danger" : "main"} ?disabled=${this.busy}>${this.busy ? this.t("sending") : spec.action}</button>
          <button type="button" @click=${() => this.#finish(null)}>${this.t("cancel")}</button>
        </div></form>` : nothing}
    </dialog>`;
  }
}

customElements.define("desk-form", DeskForm);
