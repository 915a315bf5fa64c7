// Masked values of a view that has a `case_id`: each is shown for a minute on request, and the request is audited.

import { reasonField } from "./actions.js";
import { html, nothing, outside } from "./element.js";

const SHOWN_MS = 60_000;

export class MaskedValues {
  constructor(view) {
    this.view = view;
    this.open = {};
    /** Requests to a second person, by the value that they are about. */
    this.asked = {};
    view.addController(this);
  }

  hostDisconnected() {
    this.open = {};
  }

  /** A masked value, with a button that shows it for a minute. `what` names it to the API; null: it is never shown. `name`: where its field has several. */
  masked(what, hidden, name) {
    const { view } = this;
    const key = JSON.stringify(what);
    if (what && key in this.open) return outside(this.open[key]);
    return html`<span class="row">${hidden}${what
      ? html`<button class="link" @click=${() => this.#unmask(what, key)} aria-label=${view.t("records.unmask_of", { field: name ?? view.words.word("mask", what.field) })}
        >${view.t("records.unmask")}</button>` : nothing}</span>`;
  }

  amount(field, item_id, name) {
    return html`<span class="amount">${this.masked({ field, item_id }, html`<span aria-hidden="true">•••</span>`, name)}</span>`;
  }

  async #unmask(what, key) {
    const { view } = this;
    const { desk, words } = view;
    const approval_id = this.asked[key];
    try {
      const shown = await desk.ask({
        title: view.t("records.unmask_of", { field: words.word("mask", what.field) }),
        text: view.t("records.unmask_text"),
        fields: [reasonField(words)],
        values: { reason: "" },
        action: view.t("records.unmask"),
        send: async ({ reason }, sent_key) => {
          try {
            return await desk.api.unmask(view.case_id, { ...what, reason, ...(approval_id ? { approval_id } : {}) }, sent_key);
          } catch (problem) {
            if (problem.code !== "second_missing") throw problem;
            return { beyond: true };
          }
        },
      });
      if (shown?.beyond) await this.#askBeyond(what, key);
      else if (shown && shown !== true && view.isConnected) this.#show(key, shown.amount ? words.money(shown.amount) : shown.value);
    } catch (problem) {
      desk.say(words.problem(problem));
    }
  }

  /** Beyond the limit of an hour a second person may approve the one value. */
  async #askBeyond(what, key) {
    const { view } = this;
    const { desk, words } = view;
    const waiting = this.asked[key] ? await desk.api.approval(this.asked[key]) : null;
    if (waiting?.state === "asked") return desk.say(view.t("unmask.waits"));
    const asked = await desk.ask({
      title: view.t("approval.ask_for", { operation: words.word("operation", "unmask_beyond") }),
      text: view.t("unmask.beyond"),
      fields: [reasonField(words)],
      values: { reason: "" },
      action: view.t("approval.ask"),
      send: ({ reason }, sent_key) => desk.api.askApproval({ operation: "unmask_beyond", case_id: view.case_id, ...what, reason }, sent_key),
    });
    if (!asked) return;
    this.asked[key] = asked.id;
    desk.say(view.t("approval.asked"));
  }

  #show(key, value) {
    this.open = { ...this.open, [key]: value };
    this.view.requestUpdate();
    setTimeout(() => {
      const { [key]: _, ...others } = this.open;
      this.open = others;
      this.view.requestUpdate();
    }, SHOWN_MS);
  }
}
