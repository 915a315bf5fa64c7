// Callbacks that callers asked for: their place and topic are kept, what they had proved is not.

import { html, Loaded, nothing, readPages, shared, Tick, View } from "../element.js";
import { languageName, spaced } from "../words.js";

const LOOK_MS = 15_000;

class DeskCallbacks extends View {
  static styles = [shared];

  constructor() {
    super();
    this.pages = 1;
    this.callbacks = new Loaded(this, () => readPages((cursor) => this.desk.api.callbacks({ cursor }), "callbacks", this.pages));
    new Tick(this, LOOK_MS, () => this.callbacks.load());
  }

  connectedCallback() {
    super.connectedCallback();
    this.callbacks.load();
  }

  reload() {
    this.callbacks.load();
  }

  render() {
    const { words } = this;
    return html`<h1 tabindex="-1">${this.t("view.callbacks")}</h1><p class="muted">${this.t("callbacks.text")}</p>
      <div class="panel">${this.callbacks.show(({ callbacks, next }) => callbacks.length === 0
        ? html`<p class="empty">${this.t("callbacks.empty")}</p>`
        : html`<table class="cards"><caption class="hidden-text">${this.t("view.callbacks")}</caption><thead><tr>
            <th scope="col">${this.t("field.case")}</th><th scope="col">${this.t("field.asked_at")}</th><th scope="col">${this.t("field.language")}</th>
            <th scope="col">${this.t("field.status")}</th></tr></thead><tbody>${callbacks.map((one) => html`<tr>
            <th scope="row"><a href="#/case/${encodeURIComponent(one.case_id)}">${words.word("topic", one.topic)} · ${spaced(one.reference)}</a></th>
            <td>${words.time(one.asked_at)}</td><td>${languageName(one.language)}</td>
            <td><span class="tag">${words.word("callback", one.state)}</span></td></tr>`)}</tbody></table>
          ${next ? html`<p><button @click=${() => { this.pages += 1; this.callbacks.load(); }}>${this.t("more")}</button></p>` : nothing}`)}</div>`;
  }
}

customElements.define("desk-callbacks", DeskCallbacks);
