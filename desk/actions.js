// What an agent does upon an account, by its level: alone, with the customer's proof, or with a second person.

import { ACT_REASONS, PERMISSIONS } from "./api.js";
import { html, nothing } from "./element.js";
import { outcomeText } from "./facts.js";
import { localTime } from "./fields.js";

const MARKS = { alone: "info", proof: "warn", second: "bad" };
const PERMISSION_OF = {
  refund: PERMISSIONS.refund,
  review_refund: PERMISSIONS.refund,
  review_large_refund: PERMISSIONS.refund,
  other_payout: PERMISSIONS.refund,
  edit_numbers: PERMISSIONS.manage,
  publish_policy: PERMISSIONS.manage,
};

export const levelMark = (words, level) => html`<span class="tag ${MARKS[level] ?? ""}">${words.word("level", level)}</span>`;

/** The field for why something is done: a closed word, which goes to the audit trail. Nothing is chosen beforehand. */
export const reasonField = (words) => ({
  name: "reason", label: words.text("field.why"), kind: "select", required: true, help: words.text("why.audited"),
  options: [["", words.text("choose")], ...ACT_REASONS.map((reason) => [reason, words.word("act_reason", reason)])],
});

/** Whether the action waits for a second person, may be done now, or has to be asked for first. */
function stage(action) {
  if (action.level !== "second" || action.approval?.state === "approved") return "do";
  return action.approval?.state === "asked" ? "wait" : "ask";
}

/** So long a rule is suppressed where nobody says another time. */
const SUPPRESSED_MS = 7 * 86_400_000;
const asTyped = (values) => values;

/**
 * Ask for the reason and do it, or ask for a second person's approval. `send(deed, key)` carries the action out.
 *
 * `fields` are further fields of the form; `deed(values)` is what the API is told of them. `of` names the thing to a second
 * person. What was approved is done as it was approved, `approved(change)`, and its fields are not asked for again.
 * Resolves with null when somebody cancelled.
 */
export async function perform(view, action, { title, fields = [], values = {}, deed = asTyped, of = {}, approved = () => ({}), send, case_id }) {
  const { desk, words } = view;
  const label = title ?? words.word("operation", action.operation);
  const start = { reason: "", ...values };
  if (stage(action) === "ask")
    return desk.ask({
      title: words.text("approval.ask_for", { operation: label }),
      text: words.text("approval.ask_text"),
      fields: [...fields, reasonField(words)],
      values: start,
      action: words.text("approval.ask"),
      send: async ({ reason, ...given }, key) => {
        const asked = await desk.api.askApproval({ operation: action.operation, reason, ...(case_id ? { case_id } : {}), ...of, ...deed(given) }, key);
        desk.say(words.text("approval.asked"));
        return asked;
      },
    });
  const { approval } = action;
  const second = action.level === "second" && approval;
  return desk.ask({
    title: label,
    text: words.text(`level_text.${action.level}`),
    fields: [...(second ? [] : fields), reasonField(words)],
    values: second ? { reason: "" } : start,
    action: label,
    danger: true,
    send: async ({ reason, ...given }, key) => {
      const what = second ? { ...approved(approval.change), approval_id: approval.id } : deed(given);
      const answer = await send({ ...what, reason }, key);
      const outcome = answer?.outcome ? outcomeText(words, action.operation, answer.outcome) : null;
      desk.say(outcome ? words.text("pair", { name: label, value: outcome }) : words.text("done", { operation: label }));
      return answer;
    },
  });
}

/**
 * Suppress a rule until a time, which the two agree on where it takes two. `text` says what follows of it; the rest is as
 * for `perform`.
 */
export const suppressRule = (view, action, text, rest) => perform(view, action, {
  fields: [{ name: "until", label: view.words.text("field.until"), kind: "datetime", required: true, min: localTime(Date.now()), help: text }],
  values: { until: new Date(Date.now() + SUPPRESSED_MS).toISOString() },
  approved: ({ until }) => ({ until }),
  ...rest,
});

/** Let a rule tell again. `send(reason, key)` carries it out. Resolves with null when somebody cancelled. */
export function endSuppression(view, rule, send) {
  const { desk, words } = view;
  const title = words.word("operation", "end_suppression");
  return desk.ask({
    title,
    text: words.word("rule", rule),
    fields: [reasonField(words)],
    values: { reason: "" },
    action: title,
    send: ({ reason }, key) => send(reason, key),
  });
}

/** A button for the action, with its level and, where it cannot be done now, why. */
export function actionButton(view, action, run, label) {
  const { words } = view;
  if (!view.may(PERMISSION_OF[action.operation] ?? PERMISSIONS.act)) return nothing;
  const name = label ?? words.word("operation", action.operation);
  const at = stage(action);
  const text = at === "ask" ? words.text("approval.ask_short", { operation: name }) : name;
  const hint = !action.possible
    ? words.word("why", action.why)
    : at === "wait"
      ? words.text("approval.waits", { time: words.clock(action.approval.expires_at) })
      : action.approval && at === "do"
        ? words.text("approval.given", { name: action.approval.decided_by?.name ?? "" })
        : "";
  return html`<div class="action"><div class="row"><button ?disabled=${!action.possible || at === "wait"} @click=${run}>${text}</button>
    ${levelMark(words, action.level)}</div>${hint ? html`<div class="muted small">${hint}</div>` : nothing}</div>`;
}
