// Facts as people read them: of a timeline's entries, of findings, of a change that waits for a second person.

import { languageName } from "./words.js";

/** Ids that say nothing to a person. Where they lead somewhere, the case has a link. `currency` stands in its amount. */
const HIDDEN = ["approval_id", "contact_id", "decision_id", "item_id", "part", "recovery_id", "version"];

const yesOrNo = (words, value) => words.text(value === true || value === "yes" ? "yes" : "no");
const money = (words, minor, { currency }) => (currency ? words.money({ minor, currency }) : words.number(minor));
const ofThousand = (words, value) => words.percent(value, 1000);
const tenths = (words, value) => words.number(value / 10);
const several = (value) => (Array.isArray(value) ? value : String(value).split(","));
const split = (value) => String(value).split(/:(.*)/s);

/** An amount of whichever currency a payment has. */
const minorText = (words, minor) => words.text("value_minor", { value: words.number(minor) });

/** A topic and a language, `topic:language`. Another word, such as the id of an agent, stays as it is. */
export function skillText(words, skill) {
  const [topic, language] = split(skill);
  return language ? `${words.word("topic", topic)} · ${languageName(language)}` : topic;
}

/** The closed word that a step, an operation or a request ended with. */
export function outcomeText(words, of, outcome) {
  const [own, plain] = [`${of}_${outcome}`.toLowerCase(), outcome.toLowerCase()];
  return words.word("outcome", words.has("outcome", own) ? own : plain);
}

/** A step that a caller took, with its outcome: `step:OUTCOME`. */
export function heardText(words, turn) {
  const [step, outcome = ""] = split(turn);
  const name = words.word("heard", step);
  if (!outcome || outcome === step) return name;
  return words.text("pair", { name, value: outcomeText(words, step, outcome) });
}

/** A closed word of a group. */
const as = { word: (group) => (words, value) => words.word(group, value) };

/** How the value of a fact reads. Of any other fact it is an id, a number or a person's text, and stays as it is. */
const VALUES = {
  amount_minor: money,
  asked_for: as.word("asked"),
  auto_approve_minor: minorText,
  answer_by: (words, value) => words.day(value),
  asked_at: (words, value) => words.time(value),
  evidence_above_minor: minorText,
  by: as.word("by"),
  categories: (words, value) => words.list(several(value)),
  categories_removed: (words, value) => words.list(several(value)),
  cause: as.word("cause"),
  change: as.word("change"),
  decision: (words, value) =>
    String(value).startsWith("account.") ? words.word("operation", value.replace(/^account\.|_requested$/g, "")) : words.word("decision", value),
  deviations_tenths: tenths,
  device_is: as.word("device"),
  distributed: yesOrNo,
  field: as.word("mask"),
  frauds_tenths: tenths,
  from: skillText,
  goal: as.word("goal"),
  history: (words, value) => words.list(several(value).map((turn) => heardText(words, turn))),
  hold: as.word("hold"),
  kind: as.word("value"),
  language: (_, value) => languageName(value),
  login_at: (words, value) => words.time(value),
  loss: as.word("loss"),
  missed_on: (words, value) => words.day(value),
  notice: as.word("notice"),
  number_known: yesOrNo,
  numbers: (words, value) => words.list(several(value)),
  numbers_removed: (words, value) => words.list(several(value)),
  operation: as.word("operation"),
  outcome: (words, value) => words.word("outcome", String(value).toLowerCase()),
  partial: yesOrNo,
  payout: as.word("way"),
  priority: as.word("priority"),
  priority_before: as.word("priority"),
  proved: (words, value) => words.list(several(value).map((factor) => words.word("factor", factor))),
  refund_reason: as.word("refund_reason"),
  removed: (words, value) => words.list(several(value).map((name) => words.word("fact", name))),
  rule: as.word("rule"),
  rate_permille: ofThousand,
  share_of_count_permille: ofThousand,
  share_of_sum_permille: ofThousand,
  share_permille: ofThousand,
  skill: skillText,
  state: as.word("refund"),
  tags: (words, value) => words.list(several(value)),
  tags_before: (words, value) => words.list(several(value)),
  thing: as.word("thing"),
  told_at: (words, value) => words.time(value),
  until: (words, value) => words.time(value),
  usual_minor: money,
  value: as.word("mask"),
  waits_for: as.word("review"),
  way: as.word("way"),
  where: as.word("where"),
  why: as.word("act_reason"),
  within: as.word("within"),
};

/** Why an approval is void, by the kind of its thing; nothing where that is not known. */
export const voidText = (words, cause, kind) => (cause ? words.text(`approval.void_${cause}`, { subject: words.word("subject", kind) }) : "");

/** The facts that name an agent by their id. Shown are names, as far as the answer tells them. */
const AGENTS = ["approved_by", "from", "to"];

/** The same facts with the names of `people` ({id, name}) in the place of their ids. */
export function withNames(facts, people) {
  const names = new Map(people.map(({ id, name }) => [id, name]));
  const named = Object.entries(facts).filter(([name, value]) => AGENTS.includes(name) && names.has(value));
  return { ...facts, ...Object.fromEntries(named.map(([name, value]) => [name, names.get(value)])) };
}

const isSaid = (value) => value !== "-" && value !== "" && value !== null && value !== undefined && value.length !== 0;

/** Facts as [name, value] in the words of the reader, without those that say nothing. */
export function readFacts(words, facts) {
  return Object.entries(facts ?? {})
    .filter(([name, value]) => isSaid(value) && !HIDDEN.includes(name) && !(name === "currency" && "amount_minor" in facts))
    .map(([name, value]) => [words.word("fact", name), name in VALUES ? VALUES[name](words, value, facts) : String(value)]);
}
