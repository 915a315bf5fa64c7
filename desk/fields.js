// Fields of forms, and how their values read: one description serves dialogs, settings and the choice at a conflict.
//
// A field: {name, label, kind, required?, options? [[value, label]], help?, max?, columns?, new_row?, when?}. `when(values)`: the field is shown and sent only if this is true. Kinds: text, note, number, check, select,
// date, time, datetime, tags, rows. A value of `rows` is a list of objects by its columns' names, of `tags` a list.

import { html, nothing } from "./element.js";
import { live } from "./vendor/lit/lit.js";

const pad = (number) => String(number).padStart(2, "0");

/** A time as an input of the browser has it, in the zone of the reader. */
export function localTime(value) {
  if (!value) return "";
  const at = new Date(value);
  const date = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${date}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

const INPUT = { text: "text", number: "number", date: "date", time: "time", datetime: "datetime-local", tags: "text" };

function typed(field, input) {
  if (field.kind === "check") return input.checked;
  if (field.kind === "number") return input.value === "" ? null : Number(input.value);
  if (field.kind === "datetime") return input.value === "" ? null : new Date(input.value).toISOString();
  if (field.kind === "tags") return input.value.split(/[,，]/);
  if (field.kind === "select" && field.numeric) return Number(input.value);
  return input.value === "" && field.empty === null ? null : input.value;
}

function shown(field, value) {
  if (field.kind === "datetime") return localTime(value);
  if (field.kind === "tags") return (value ?? []).join(",");
  return value ?? "";
}

/** One field with its label. `change(name, value)` is called as somebody types. */
export function renderField(words, field, value, change) {
  if (field.kind === "rows") return renderRows(words, field, value ?? [], (rows) => change(field.name, rows));
  const take = (event) => change(field.name, typed(field, event.target));
  const help = field.help ? html`<span class="muted small">${field.help}</span>` : nothing;
  if (field.kind === "check")
    return html`<label class="check"><input type="checkbox" name=${field.name} .checked=${live(Boolean(value))} @change=${take}>
      <span>${field.label}</span></label>${help}`;
  if (field.kind === "select")
    return html`<label>${field.label}
      <select name=${field.name} ?required=${field.required} @change=${take} .value=${live(String(value ?? ""))}>
        ${field.options.map(([option, label]) => html`<option value=${option} ?selected=${String(option) === String(value ?? "")}>${label}</option>`)}
      </select></label>${help}`;
  if (field.kind === "note") {
    const length = [...(value ?? "")].length;
    const over = field.max !== undefined && length > field.max;
    const count = field.max === undefined ? nothing : html`<span class=${over ? "tag bad" : "muted small"}
      >${words.text("characters", { count: words.number(length), max: words.number(field.max) })}</span>`;
    return html`<label>${field.label}
      <textarea name=${field.name} dir="auto" ?required=${field.required} aria-invalid=${over ? "true" : "false"} .value=${live(value ?? "")}
        @input=${take}></textarea></label>${count}${help}`;
  }
  return html`<label>${field.label}
    <input type=${INPUT[field.kind]} name=${field.name} dir=${field.kind === "text" ? "auto" : nothing} ?required=${field.required} autocomplete="off"
      maxlength=${field.max ?? nothing} min=${field.min ?? nothing} max=${field.kind === "number" ? (field.most ?? nothing) : nothing}
      .value=${live(shown(field, value))} @input=${take}></label>${help}`;
}

function renderRows(words, field, rows, change) {
  const set = (at, name, value) => change(rows.map((row, index) => (index === at ? { ...row, [name]: value } : row)));
  const remove = (at) => change(rows.filter((_, index) => index !== at));
  return html`<fieldset><legend>${field.label}</legend>${field.help ? html`<p class="muted small">${field.help}</p>` : nothing}
    ${rows.length === 0 ? html`<p class="muted">${words.text("no_rows")}</p>` : nothing}
    ${rows.map((row, at) => html`<div class="row end entry" role="group" aria-label=${words.text("row_of", { name: field.label, number: at + 1 })}>
      ${field.columns.map((column) => html`<div>${renderField(words, column, row[column.name], (name, value) => set(at, name, value))}</div>`)}
      <button type="button" class="danger" @click=${() => remove(at)} aria-label=${words.text("remove_row", { name: field.label, number: at + 1 })}
        >${words.text("remove")}</button></div>`)}
    <button type="button" @click=${() => change([...rows, { ...field.new_row }])}>${words.text("add_row")}</button></fieldset>`;
}

/** A value as text, for the reader who chooses between two versions. */
export function readValue(words, field, value) {
  if (field.kind === "check") return words.text(value ? "yes" : "no");
  if (field.kind === "select") return (field.options.find(([option]) => String(option) === String(value)) ?? [, value ?? "–"])[1];
  if (field.kind === "datetime") return words.time(value);
  if (field.kind === "date") return words.day(value);
  if (field.kind === "tags") return words.list(value ?? []) || "–";
  if (field.kind === "rows")
    return (value ?? []).map((row) => field.columns.map((column) => readValue(words, column, row[column.name])).join(" · ")).join("\n") || "–";
  return value === null || value === undefined || value === "" ? "–" : String(value);
}

export const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** The fields that are there for these values. */
export const present = (fields, values) => fields.filter(({ when }) => !when || when(values));

/** The values as they are sent: tags without blanks and empty ones, which are kept while somebody types. */
export function clean(all, values) {
  const fields = present(all, values);
  const left = all.filter((field) => !fields.includes(field)).map(({ name }) => [name, undefined]);
  const tags = fields.filter(({ kind }) => kind === "tags").map(({ name }) => [name, (values[name] ?? []).map((tag) => tag.trim()).filter(Boolean)]);
  return { ...values, ...Object.fromEntries([...tags, ...left]) };
}

/** The first field that is not filled in as it must be, or null. */
export function fault(fields, values) {
  return present(fields, values).find((field) => field.kind === "note" && field.max !== undefined && [...(values[field.name] ?? "")].length > field.max) ?? null;
}
