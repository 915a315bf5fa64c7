// Editing something that others edit, too. A save that meets a newer version (412) loses nothing: both versions are
// shown, and the person chooses field by field. What was typed survives a reload.

import { css, drafts, html, nothing, outside, shared, View } from "./element.js";
import { clean, fault, readValue, renderField, same } from "./fields.js";

class DeskEdit extends View {
  static styles = [shared, css`
    form > * + * { margin-top: .9rem; }
    .entry { margin: 0 0 .6rem; }
    .entry > div { flex: 0 1 auto; }
    .sides { display: grid; grid-template-columns: 1fr 1fr; gap: .8rem; }
    .side { border: 1px solid var(--line); border-radius: 8px; padding: .6rem; display: block; font-weight: 400; }
    .side .text { margin-top: .4rem; }
    @media (max-width: 640px) { .sides { grid-template-columns: 1fr; } .entry { border-bottom: 1px solid var(--line); padding-bottom: .6rem; } }
  `];
  static properties = {
    ...View.properties,
    fields: { attribute: false },
    read: { attribute: false },
    save: { attribute: false },
    draft: {},
    base: { state: true },
    mine: { state: true },
    theirs: { state: true },
    choice: { state: true },
    problem: { state: true },
    busy: { state: true },
  };

  connectedCallback() {
    super.connectedCallback();
    this.load();
  }

  /** Read what is saved. A draft of before stays, with the version that it began from. */
  async load() {
    this.problem = null;
    try {
      const { value, etag } = await this.read();
      const kept = drafts.read(`edit.${this.draft}`);
      if (kept) Object.assign(this, kept);
      else Object.assign(this, { base: this.#own(value), mine: this.#own(value), etag });
    } catch (problem) {
      this.problem = problem;
    }
  }

  get changed() {
    return this.base !== undefined && this.fields.some(({ name }) => !same(this.base[name], this.mine[name]));
  }

  #own(value) {
    return Object.fromEntries(this.fields.map(({ name }) => [name, structuredClone(value[name] ?? null)]));
  }

  /** Some fields are required by what others say. */
  #isRequired({ required }) {
    return typeof required === "function" ? required(this.mine) : required;
  }

  #change = (name, value) => {
    this.mine = { ...this.mine, [name]: value };
    const { base, mine, etag } = this;
    drafts.write(`edit.${this.draft}`, this.changed ? { base, mine, etag } : undefined);
  };

  #discard() {
    drafts.write(`edit.${this.draft}`, undefined);
    this.mine = this.base;
    this.dispatchEvent(new Event("done"));
    this.load();
  }

  async #save(event) {
    event.preventDefault();
    const wrong = fault(this.fields, this.mine);
    if (wrong) return this.renderRoot.querySelector(`[name="${wrong.name}"]`).focus();
    await this.#send(clean(this.fields, this.mine));
  }

  async #send(values) {
    if (this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      const before = this.theirs ?? this.base;
      const changed = Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, before[name])));
      const { value, etag } = await this.save(values, this.etag, changed);
      drafts.write(`edit.${this.draft}`, undefined);
      Object.assign(this, { base: this.#own(value ?? values), mine: this.#own(value ?? values), etag, theirs: undefined, choice: undefined });
      this.desk.say(this.t("saved"));
      this.dispatchEvent(new CustomEvent("done", { detail: value }));
    } catch (problem) {
      if (problem.stale) await this.#compare();
      else this.problem = problem;
    }
    this.busy = false;
  }

  /** Somebody else saved first: read theirs and show both. */
  async #compare() {
    try {
      const { value, etag } = await this.read();
      const theirs = this.#own(value);
      const wanted = this.choice ? this.#chosen() : clean(this.fields, this.mine);
      this.theirs = theirs;
      this.etag = etag;
      this.mine = wanted;
      const { base } = this;
      this.choice = Object.fromEntries(
        this.fields.filter(({ name }) => !same(wanted[name], theirs[name])).map(({ name }) => [name, same(wanted[name], base[name]) ? "theirs" : "mine"]),
      );
      await this.updateComplete;
      this.renderRoot.querySelector("[tabindex='-1']")?.focus();
    } catch (problem) {
      this.problem = problem;
    }
  }

  #chosen() {
    const pick = ({ name }) => [name, (this.choice[name] === "mine" ? this.mine : this.theirs)[name]];
    return Object.fromEntries(this.fields.map(pick));
  }

  #conflict() {
    const side = (field, which, values, label) => html`<label class="side">
      <span class="row"><input type="radio" name=${field.name} value=${which} .checked=${this.choice[field.name] === which}
        @change=${() => { this.choice = { ...this.choice, [field.name]: which }; }}><strong>${label}</strong></span>
      <div class="text">${outside(readValue(this.words, field, values[field.name]))}</div></label>`;
    const differing = this.fields.filter(({ name }) => name in this.choice);
    return html`<section aria-labelledby="conflict">
      <h3 id="conflict" tabindex="-1">${this.t("conflict.title")}</h3>
      <p>${this.t(differing.length ? "conflict.text" : "conflict.same")}</p>
      ${differing.map((field) => html`<fieldset><legend>${field.label}</legend><div class="sides">
        ${side(field, "mine", this.mine, this.t("conflict.mine"))}${side(field, "theirs", this.theirs, this.t("conflict.theirs"))}</div></fieldset>`)}
      <div class="row">
        <button class="main" ?disabled=${this.busy} @click=${() => this.#send(this.#chosen())}>${this.t("conflict.save")}</button>
        <button @click=${this.#edit}>${this.t("conflict.edit")}</button>
      </div></section>`;
  }

  /** Back to the form, with what was chosen so far over the newer version. */
  #edit() {
    this.mine = this.#chosen();
    this.base = this.theirs;
    this.theirs = this.choice = undefined;
  }

  render() {
    const wrong = this.problem ? html`<div class="notice bad row spread" role="alert"><span>${this.words.problem(this.problem)}</span>
      ${this.base ? nothing : html`<button @click=${this.load}>${this.t("again")}</button>`}</div>` : nothing;
    if (this.base === undefined) return this.problem ? wrong : html`<p role="status" class="muted">${this.t("loading")}</p>`;
    if (this.choice) return html`${wrong}${this.#conflict()}`;
    return html`${wrong}<form @submit=${this.#save}>
      ${this.fields.map((field) => html`<div>${renderField(this.words, { ...field, required: this.#isRequired(field) }, this.mine[field.name], this.#change)}</div>`)}
      <div class="row"><button class="main" ?disabled=${this.busy || !this.changed}>${this.busy ? this.t("sending") : this.t("save")}</button>
        <button type="button" @click=${this.#discard} ?disabled=${!this.changed}>${this.t("discard")}</button>
        ${this.changed ? html`<span class="tag warn">${this.t("unsaved")}</span>` : nothing}</div></form>`;
  }
}

customElements.define("desk-edit", DeskEdit);
