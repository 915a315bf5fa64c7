// What an agent does upon an account, by its level: alone, with the customer's proof, or with a second person.

import { PERMISSIONS } from "./api.js";
import { html, nothing } from "./element.js";

const MARKS = { alone: "info", proof: "warn", second: "bad" };
export const REASON_CHARACTERS_MAX = 200;

export const levelMark = (words, level) => html`<span class="tag ${MARKS[level] ?? ""}">${words.word("level", level)}</span>`;

/** The field for why something is done. It goes to the audit trail. */
export const reasonField = (words) => ({
  name: "reason", label: words.text("field.why"), kind: "note", required: true, max: REASON_CHARACTERS_MAX, help: words.text("why.audited"),
});

/** Whether the action waits for a second person, may be done now, or has to be asked for first. */
function stage(action) {
  if (action.level !== "second") return "do";
  if (action.approval?.state === "approved") return "do";
  return action.approval?.state === "open" ? "wait" : "ask";
}

/**
 * Ask for the reason and do it, or ask for a second person's approval. `send(values, key)` carries the action out;
 * `fields` are further fields of its form. Resolves with null when somebody cancelled.
 */
export async function perform(view, action, { title, fields = [], values = {}, send, case_id }) {
  const { desk, words } = view;
  const label = title ?? words.word("operation", action.operation);
  if (stage(action) === "ask") {
    return desk.ask({
      title: words.text("approval.ask_for", { operation: label }),
      text: words.text("approval.ask_text"),
      fields: [...fields, reasonField(words)],
      values,
      action: words.text("approval.ask"),
      send: async ({ reason, ...change }, key) => {
        const request = { operation: action.operation, case_id, subject: action.subject, reason, ...(fields.length ? { change } : {}) };
        const asked = await desk.api.askApproval(request, key);
        desk.say(words.text("approval.asked"));
        return asked;
      },
    });
  }
  const approved = action.level === "second" ? { approval_id: action.approval.id } : {};
  return desk.ask({
    title: label,
    text: words.text(`level_text.${action.level}`),
    fields: [...fields, reasonField(words)],
    values,
    action: label,
    danger: true,
    send: async (given, key) => {
      const answer = await send({ ...given, ...approved }, key);
      desk.say(words.text("done", { operation: label }));
      return answer;
    },
  });
}

/** A button for the action, with its level and, where it cannot be done now, why. */
export function actionButton(view, action, run, label) {
  const { words } = view;
  if (!view.may(["review_refund", "review_large_refund", "other_payout"].includes(action.operation) ? PERMISSIONS.refund : PERMISSIONS.act)) return nothing;
  const name = label ?? words.word("operation", action.operation);
  const at = stage(action);
  const text = at === "ask" ? words.text("approval.ask_short", { operation: name }) : name;
  const hint = !action.possible
    ? words.word("why", action.why ?? "not_now")
    : at === "wait"
      ? words.text("approval.waits", { time: words.clock(action.approval.expires_at) })
      : action.approval && at === "do"
        ? words.text("approval.given", { name: action.approval.decided_by?.name ?? "" })
        : "";
  return html`<div class="action"><div class="row"><button ?disabled=${!action.possible || at === "wait"} @click=${run}>${text}</button>
    ${levelMark(words, action.level)}</div>${hint ? html`<div class="muted small">${hint}</div>` : nothing}</div>`;
}
