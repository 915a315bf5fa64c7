// Pictures for refunds, stored funds and bills of the case's account: tabs of records.js, each given that view and what was read.

import { Problem } from "./api.js";
import { html, nothing, outside } from "./element.js";

const MEGABYTE = 1_000_000;
const PPM = 1_000_000;
const E4 = 10_000;
const EVIDENCE_MARKS = { clean: "good", refused: "bad", uploaded: "warn" };
const BILL_MARKS = { overdue: "bad", due: "warn", paid: "good" };

export function evidence(view, { evidence: pictures }) {
  const { words } = view;
  if (pictures.length === 0) return html`<p class="empty">${view.t("records.no_evidence")}</p>`;
  return html`<p class="muted small">${view.t("evidence.text")}</p>${pictures.map((picture) => html`<article><div class="row spread">
      <h3><span class="tag ${EVIDENCE_MARKS[picture.status] ?? ""}">${words.word("evidence", picture.status)}</span></h3>
      ${picture.status === "clean" ? html`<button @click=${() => see(view, picture)} aria-label=${view.t("evidence.see_of", { name: picture.id })}>${view.t("evidence.see")}</button>` : nothing}</div>
    <dl><dt>${view.t("field.refund")}</dt><dd>${outside(picture.refund_id)}</dd>
      <dt>${view.t("field.asked_at")}</dt><dd>${words.time(picture.asked_at)}</dd>
      ${picture.content_type ? html`<dt>${view.t("field.file")}</dt><dd>${outside(picture.content_type)}${picture.size === null ? nothing
        : html` · ${words.number(picture.size / MEGABYTE, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 })}`}</dd>` : nothing}
      ${picture.refusal ? html`<dt>${view.t("field.why")}</dt><dd>${words.word("evidence_refusal", picture.refusal)}</dd>` : nothing}</dl></article>`)}`;
}

/** Have a picture as a file: the page shows none itself. Its address holds for a minute; the audit trail has the look. */
async function see(view, picture) {
  try {
    const { url } = await view.desk.api.picture(view.case_id, picture.id, view.why);
    if (!["https:", "http:"].includes(new URL(url).protocol)) throw new Problem({ code: "unexpected" });
    Object.assign(document.createElement("a"), { href: url, target: "_blank", rel: "noopener noreferrer" }).click();
  } catch (problem) {
    view.desk.say(view.words.problem(problem));
  }
}

export function funds(view, told) {
  const { words } = view;
  const { product } = told;
  if (told.amounts.length === 0) return html`<p class="empty">${view.t("records.no_funds")}</p>`;
  return html`<dl>${told.amounts.map(({ name, on, month, computed }) => html`<dt>${words.word("funds", name)}</dt>
      <dd class="row">${view.values.amount("funds_amount", name, words.word("funds", name))}
        ${on ? html`<span class="muted">${words.day(on)}</span>` : nothing}${month ? html`<span class="muted">${words.month(month)}</span>` : nothing}
        ${computed ? html`<span class="muted small">${view.t("funds.computed")}</span>` : nothing}</dd>`)}
    ${product ? html`<dt>${view.t("field.product")}</dt><dd>${words.word("product", product.kind)}${product.annual_ppm === null ? nothing
      : html` · ${view.t("funds.rate", { rate: words.number(product.annual_ppm / PPM, { style: "percent", maximumFractionDigits: 4 }), day: words.day(product.rate_on) })}`}</dd>` : nothing}
    ${product?.fund_day ? html`<dt>${view.t("funds.fund_day", { day: words.day(product.fund_day.on) })}</dt><dd>${view.t("funds.income_e4", { income: words.number(product.fund_day.income_e4 / E4, { minimumFractionDigits: 4 }) })}${
      product.fund_day.seven_day_ppm === null ? nothing
        : html` · ${view.t("funds.seven_days", { rate: words.number(product.fund_day.seven_day_ppm / PPM, { style: "percent", maximumFractionDigits: 4 }) })}`}</dd>` : nothing}</dl>
    <p class="muted small">${view.t("as_of", { time: words.time(told.as_of) })}</p>`;
}

export function bills(view, { bills: listed, reminders }) {
  const { words } = view;
  const reminded = html`<p class="muted small">${view.t(reminders ? "bills.reminded" : "bills.not_reminded")}</p>`;
  if (listed.length === 0) return html`<p class="empty">${view.t("records.no_bills")}</p>${reminded}`;
  return html`${reminded}${listed.map((bill) => html`<article><div class="row spread"><h3>${outside(bill.biller)}</h3>
      ${view.values.amount("bill_amount", bill.item_id)}</div>
    <div class="row small"><span class="tag ${BILL_MARKS[bill.status] ?? ""}">${words.word("bill", bill.status)}</span>
      <span class="muted">${view.t("bills.due_on", { day: words.day(bill.due_on) })}</span></div>
    ${bill.shown_within_days === null ? nothing : html`<p class="small">${words.counted("bills.shown", bill.shown_within_days)}</p>`}</article>`)}`;
}
