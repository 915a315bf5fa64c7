// Reports: contacts and their endings, times, causes, refunds against their promises, complaints, survey.

import { bars, columns } from "../chart.js";
import { css, html, Loaded, shared, View } from "../element.js";

const DAY_MS = 86_400_000;
const DAYS = 14;
const PHONE = window.matchMedia("(max-width: 640px)");
/** What became of the date that a customer was told first. */
const PROMISES = ["kept", "late", "waiting", "withdrawn"];
/** The words of people on a finding. */
const VERDICTS = ["confirmed", "false_alarm", "unclear"];
const ENDINGS = ["contained", "transferred", "callback", "abandoned", "closed_hours", "left"];
/** The day of a time in a zone, as 2026-11-30. */
const dayIn = (zone, time) => new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(time);

/** The last days up to today, as {from, to}: days as the reports count them. */
export const lastDays = (desk, count) => ({ from: dayIn(desk.me.time_zone, Date.now() - (count - 1) * DAY_MS), to: dayIn(desk.me.time_zone, Date.now()) });

/** The first and last day of what a view shows; `ask` is given those that somebody chose. */
export function periodForm(view, ask) {
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    ask({ from: form.get("from"), to: form.get("to") });
  };
  return html`<form class="row end panel" @submit=${submit}><label>${view.t("field.from")}<input type="date" name="from" required .value=${view.from} max=${view.to}></label>
    <label>${view.t("field.till")}<input type="date" name="to" required .value=${view.to}></label><button class="main">${view.t("reports.show")}</button></form>`;
}

class DeskReports extends View {
  static styles = [shared, css`
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: 1rem; margin-bottom: 1rem; }
    .figures .panel { margin: 0; }
    .figure { font-size: 1.7rem; font-weight: 700; font-variant-numeric: tabular-nums; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
    .charts .panel { margin: 0; }
    .wide { grid-column: 1 / -1; }
    svg.chart { width: 100%; max-width: 34rem; height: auto; display: block; }
    svg.long { max-width: none; }
    svg.wide { min-width: 38rem; }
    .label { fill: var(--text); font-size: 12.5px; }
    .long .label { font-size: 11px; }
    .grid { stroke: var(--line); }
    .c1 { fill: var(--chart-1); } .c2 { fill: var(--chart-2); } .c3 { fill: var(--chart-3); } .c4 { fill: var(--chart-4); } .c5 { fill: var(--chart-5); } .c6 { fill: var(--chart-6); }
    .legend { gap: .3rem 1rem; }
    details { margin-top: .5rem; } summary { cursor: pointer; color: var(--muted); }
  `];
  static properties = { ...View.properties, from: { state: true }, to: { state: true } };

  constructor() {
    super();
    this.report = new Loaded(this, () => this.desk.api.reports(this.from, this.to));
  }

  /** Drawn anew where the page gets narrow or wide. */
  #redraw = () => this.requestUpdate();

  connectedCallback() {
    super.connectedCallback();
    PHONE.addEventListener("change", this.#redraw);
    Object.assign(this, lastDays(this.desk, DAYS));
    this.report.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    PHONE.removeEventListener("change", this.#redraw);
  }

  reload() {
    this.report.load();
  }

  #ask(period) {
    Object.assign(this, period);
    this.report.clear();
    this.report.load();
  }

  render() {
    return html`<h1 tabindex="-1">${this.t("view.reports")}</h1>${periodForm(this, (period) => this.#ask(period))}
      ${this.report.show((report) => this.#report(report))}`;
  }

  /** A pause or freeze says so: its cause may be a lock's, too. */
  #cause(kind, cause) {
    return kind === "lock" ? this.words.word("cause", cause) : `${this.words.word("lock_kind", kind)}: ${this.words.word("cause", cause)}`;
  }

  #report(report) {
    const { words } = this;
    const sum = (name) => report.contacts.reduce((total, day) => total + (day[name] ?? 0), 0);
    const all = ENDINGS.reduce((total, name) => total + sum(name), 0);
    const seconds = (value) => (value === null || value === undefined ? "–" : words.number(value, { style: "unit", unit: "second" }));
    const figure = (name, value, small = "") => html`<div class="panel"><div class="muted small">${this.t(`reports.${name}`)}</div><div class="figure">${value}</div><div class="muted small">${small}</div></div>`;
    const answers = report.survey.reduce((total, { count }) => total + count, 0);
    const points = report.survey.reduce((total, { score, count }) => total + score * count, 0);
    const head = [this.t("field.name"), this.t("reports.count")];
    return html`<div class="figures">
        ${figure("contacts", words.number(all))}
        ${figure("contained", words.percent(sum("contained"), all))}
        ${figure("repeats", words.percent(report.repeats.count, report.repeats.of))}
        ${figure("answer", seconds(report.answer.median_s), this.t("reports.p90", { time: seconds(report.answer.p90_s) }))}
        ${figure("survey", answers ? words.number(points / answers, { maximumFractionDigits: 1 }) : "–", words.counted("reports.answers", answers))}</div>
      <div class="charts">
        <section class="panel wide">${columns(words, this.t("reports.by_day"), ENDINGS.map((name) => ({ name, label: words.word("ending_of_contact", name) })), report.contacts, PHONE.matches)}</section>
        <section class="panel">${bars(words, this.t("reports.topics"), head, report.topics.map(({ topic, count }) => ({ label: words.word("topic", topic), value: count })))}</section>
        <section class="panel">${bars(words, this.t("reports.lock_causes"), head, report.lock_causes.map(({ kind, cause, count }) => ({ label: this.#cause(kind, cause), value: count })))}</section>
        <section class="panel">${bars(words, this.t("reports.refunds"), [...head, ...PROMISES.map((name) => this.t(`reports.${name}`))],
          report.refunds.map((one) => ({ label: words.word("refund", one.status), value: one.count, cells: PROMISES.map((name) => words.number(one[name])) })))}</section>
        <section class="panel">${bars(words, this.t("reports.complaints"), [...head, this.t("reports.days")],
          report.complaints.map(({ kind, count, median_days }) => ({ label: words.word("topic", kind), value: count, cells: [words.number(median_days)] })))}</section>
        <section class="panel">${bars(words, this.t("reports.wishes"), head, report.wishes.map(({ topic, count }) => ({ label: words.word("topic", topic), value: count })))}</section>
        <section class="panel">${bars(words, this.t("reports.rules"), [this.t("field.name"), this.t("reports.verdicts"), ...VERDICTS.map((name) => words.word("verdict", name)), this.t("reports.denied"), this.t("reports.precision")],
          (report.rules ?? []).map((one) => ({ label: this.t("pair", { name: words.word("rule", one.rule), value: `v${one.version}` }), value: VERDICTS.reduce((total, name) => total + one[name], 0), beside: one.denied,
            cells: [...VERDICTS.map((name) => words.number(one[name])), words.number(one.denied), one.precision_permille === null ? "–" : words.percent(one.precision_permille, 1000)] })))}</section>
        <section class="panel">${bars(words, this.t("reports.scores"), head, report.survey.map(({ score, count }) => ({ label: words.number(score), value: count })))}</section>
      </div>`;
  }
}

customElements.define("desk-reports", DeskReports);
