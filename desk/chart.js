// Charts as SVG: bars in rows, and stacked columns by day. Each has its numbers as a table, for who does not see them.

import { html, nothing, svg } from "./vendor/lit/lit.js";

const ROW = 30;
const LABEL = 180;
const ROW_WIDTH = 430;
/** Units of a wide chart, and of one that a phone shows as a whole, with letters of the same size. */
const WIDTH = 800;
const NARROW_WIDTH = 360;
const UNITS_OF_DAY_NAME = 90;
const HEIGHT = 210;
/** Letters that fit beside a bar; a Chinese one is as wide as two. */
const LETTERS = 24;

function fit(label) {
  let width = 0;
  for (const [at, letter] of [...label].entries()) {
    width += letter > "\u2e7f" ? 2 : 1;
    if (width > LETTERS) return `${[...label].slice(0, at - 1).join("")}…`;
  }
  return label;
}

/** A round number that is at least the value, for the end of an axis. */
export function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((step) => step * power).find((step) => step >= value);
}

const table = (words, title, heads, rows) => html`<details><summary>${words.text("chart.numbers")}</summary><div class="scroll" tabindex="0" role="group" aria-label=${title}><table>
  <caption class="hidden-text">${title}</caption><thead><tr>${heads.map((head, at) => html`<th scope="col" class=${at ? "number" : ""}>${head}</th>`)}</tr></thead>
  <tbody>${rows.map(([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`)}</tbody></table></div></details>`;

/** Bars in rows: [{label, value, beside?, cells?}]. `beside`: a number that no bar shows, and that is no empty chart. */
export function bars(words, title, heads, rows) {
  if (rows.every(({ value, beside = 0 }) => !value && !beside)) return html`<h2>${title}</h2><p class="empty">${words.text("chart.empty")}</p>`;
  const most = ceiling(Math.max(...rows.map(({ value }) => value)));
  const room = ROW_WIDTH - LABEL - 60;
  return html`<h2>${title}</h2><svg role="img" aria-label=${title} viewBox="0 0 ${ROW_WIDTH} ${rows.length * ROW}" class="chart">${rows.map(({ label, value }, at) => svg`
    <text x=${LABEL - 10} y=${at * ROW + 20} text-anchor="end" class="label">${fit(label)}</text>
    <rect x=${LABEL} y=${at * ROW + 6} width=${Math.max(1, (value / most) * room)} height=${ROW - 12} rx="3" class="c1"></rect>
    <text x=${LABEL + 8 + (value / most) * room} y=${at * ROW + 20} class="label">${words.number(value)}</text>`)}</svg>
    ${table(words, title, heads, rows.map(({ label, value, cells = [] }) => [label, words.number(value), ...cells]))}`;
}

/** Stacked columns, one a day: `series` [{name, label}], `days` [{day, ...}] by the names of the series. `narrow`: for a phone. */
export function columns(words, title, series, days, narrow) {
  const width = narrow ? NARROW_WIDTH : WIDTH;
  const total = (day) => series.reduce((sum, { name }) => sum + (day[name] ?? 0), 0);
  if (days.every((day) => !total(day))) return html`<h2>${title}</h2><p class="empty">${words.text("chart.empty")}</p>`;
  const most = ceiling(Math.max(...days.map(total)));
  const step = (width - 40) / days.length;
  const scale = (value) => (value / most) * (HEIGHT - 40);
  const every = Math.ceil((days.length * UNITS_OF_DAY_NAME) / width);
  const stack = (day, at) => {
    let y = HEIGHT - 24;
    return series.map(({ name }, index) => {
      const height = scale(day[name] ?? 0);
      y -= height;
      return svg`<rect x=${40 + at * step + step * 0.15} y=${y} width=${step * 0.7} height=${height} class="c${index + 1}"></rect>`;
    });
  };
  return html`<h2>${title}</h2>
    <div class="row small legend">${series.map(({ label }, at) => html`<span class="row"><svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="3" class="c${at + 1}"></rect></svg>${label}</span>`)}</div>
    <div class="scroll" tabindex="0" role="group" aria-label=${title}><svg role="img" aria-label=${title} viewBox="0 0 ${width} ${HEIGHT}" class="chart long ${narrow ? "" : "wide"}">${[0, 0.5, 1].map((part) => svg`
      <line x1="40" x2=${width} y1=${HEIGHT - 24 - scale(most * part)} y2=${HEIGHT - 24 - scale(most * part)} class="grid"></line>
      <text x="34" y=${HEIGHT - 20 - scale(most * part)} text-anchor="end" class="label">${words.number(most * part)}</text>`)}
      ${days.map((day, at) => svg`${stack(day, at)}${at % every ? nothing : svg`<text x=${40 + at * step + step / 2} y=${HEIGHT - 6} text-anchor="middle" class="label">${day.day.slice(5)}</text>`}`)}</svg></div>
    ${table(words, title, [words.text("field.day"), ...series.map(({ label }) => label)], days.map((day) => [words.day(day.day), ...series.map(({ name }) => words.number(day[name] ?? 0))]))}`;
}
