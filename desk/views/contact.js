// A call that has come in: finds its case by the contact, and goes there. A call may be here before its case is. The call
// of the workspace is claimed, so that the API knows who is in it.

import { html, nothing, Tick, View } from "../element.js";
import { languageName } from "../words.js";

const LOOK_MS = 3000;

class DeskContact extends View {
  static properties = { ...View.properties, contact_id: {}, contact: { state: true }, problem: { state: true } };

  constructor() {
    super();
    new Tick(this, LOOK_MS, () => this.#look());
  }

  connectedCallback() {
    super.connectedCallback();
    this.#look();
  }

  async #look() {
    if (this.looking) return;
    this.looking = true;
    try {
      this.contact = await this.#find();
      this.problem = null;
      // In place of this view, so that the way back does not lead here again.
      if (this.contact.case_id && this.isConnected) location.replace(`#/case/${encodeURIComponent(this.contact.case_id)}`);
    } catch (problem) {
      this.problem = problem;
    }
    this.looking = false;
  }

  async #find() {
    const { api } = this.desk;
    if (api.workspace_contact_id === this.contact_id) {
      try {
        return await api.claimContact(this.contact_id);
      } catch (problem) {
        // A call that has ended cannot be claimed, and is read all the same.
        if (problem.status !== 404) throw problem;
      }
    }
    return api.contact(this.contact_id);
  }

  render() {
    const { contact, words } = this;
    return html`<h1 tabindex="-1">${this.t("view.contact")}</h1><div class="panel">
      ${contact && !contact.case_id ? html`<dl>
        <dt>${this.t("field.topic")}</dt><dd>${words.word("topic", contact.topic)}</dd>
        <dt>${this.t("field.language")}</dt><dd>${languageName(contact.language)}</dd>
        <dt>${this.t("field.status")}</dt><dd>${words.word("contact", contact.state)}</dd></dl>` : nothing}
      ${this.problem ? html`<div class="notice warn" role="alert">${this.problem.status === 404 ? this.t("contact.unknown") : words.problem(this.problem)}</div>` : nothing}
      <p class="muted" role="status">${this.t("contact.waiting")}</p><p><a href="#/queue">${this.t("view.queue")}</a></p></div>`;
  }
}

customElements.define("desk-contact", DeskContact);
