// What the scan found about addresses, payees and agents, and on accounts without a case for it, for supervisors: the
// evidence, what to do, their word on it, and the rules that they suppress.

import { PERMISSIONS, VERDICTS } from "../api.js";
import { actionButton, endSuppression, reasonField, suppressRule } from "../actions.js";
import { css, html, Loaded, nothing, outside, readPages, shared, View } from "../element.js";
import { readFacts } from "../facts.js";

const ABOUT = ["source", "party", "account", "agent"];
/** The subjects of which a rule is suppressed here: of an account that is done in its case, and of an agent never. */
const SUPPRESSIBLE = ["source", "party"];
/** The name of what a finding is about; of the others it is a mark. */
const NAMED = { account: "found.account", agent: "found.agent" };
/** The gravest first, as the API lists them. */
const SEVERITIES = ["critical", "high", "medium", "low"];
/** Rules about addresses and payees hold nothing, so one person suppresses them. */
const SUPPRESS = { operation: "suppress", level: "alone", possible: true };
const GRAVE = ["critical", "high"];

class DeskFindings extends View {
  static styles = [shared, css`
    article { border-top: 1px solid var(--line); margin-top: .9rem; padding-top: .9rem; }
    article:first-of-type { border: 0; margin: 0; padding: 0; }
    .word { margin-top: .7rem; }
    .conflict { margin-top: .7rem; }
  `];
  static properties = { ...View.properties, about: { state: true }, least: { state: true }, conflict: { state: true } };

  constructor() {
    super();
    this.about = "source";
    this.least = "low";
    this.pages = 1;
    /** A word that met a newer version of its finding: {id, verdict, version, feedback}. */
    this.conflict = null;
    this.found = new Loaded(this, () =>
      readPages((cursor) => this.desk.api.subjectFindings({ about: this.about, cursor }), "findings", this.pages));
    this.quietPages = 1;
    this.quiet = new Loaded(this, () =>
      readPages((cursor) => this.desk.api.suppressions({ about: this.about, cursor }), "suppressions", this.quietPages));
  }

  connectedCallback() {
    super.connectedCallback();
    this.reload();
  }

  reload() {
    this.found.load();
    if (this.#hasQuiet()) this.quiet.load();
  }

  #hasQuiet() {
    return SUPPRESSIBLE.includes(this.about);
  }

  #turn(about) {
    this.about = about;
    this.pages = 1;
    this.quietPages = 1;
    this.conflict = null;
    this.found.clear();
    this.quiet.clear();
    this.reload();
  }

  #showMore() {
    this.pages += 1;
    this.found.load();
  }

  #showMoreQuiet() {
    this.quietPages += 1;
    this.quiet.load();
  }

  async #focus(selector) {
    await this.updateComplete;
    this.renderRoot.querySelector(selector)?.focus();
  }

  /** Give a word on a finding as it was seen, or as the conflict says that it is now. */
  async #judge(finding, verdict, version = finding.version) {
    const { words } = this;
    const done = await this.desk.ask({
      title: words.word("verdict", verdict),
      text: this.t("records.verdict_text"),
      fields: [reasonField(words)],
      values: { reason: "" },
      action: this.t("send"),
      send: async ({ reason }, key) => {
        const feedback = { verdict, reason, about: finding.about, subject: finding.subject };
        try {
          return await this.desk.api.judgeSubject(finding.id, feedback, version, key);
        } catch (problem) {
          if (problem.stale) return { stale: problem.facts };
          throw problem;
        }
      },
    });
    if (!done) return;
    if (done.stale) return void (await this.#meet(finding, verdict, done.stale));
    this.desk.say(this.t("found.judged"));
    await this.#leave();
  }

  /** Somebody else has judged it, which is shown beside one's own word; or there is more evidence, which is read first. */
  async #meet({ id }, verdict, { version, feedback = null }) {
    this.conflict = { id, verdict, version, feedback };
    if (!feedback) await this.found.load();
    const listed = this.found.value?.findings.some((one) => one.id === id);
    if (listed) return this.#focus("#conflict");
    this.desk.say(this.t("found.gone"));
    await this.#leave();
  }

  /** The rule does not tell of this address or payee until a time. What it has found already stays in the list. */
  async #suppress({ id, about, subject }) {
    const done = await suppressRule(this, SUPPRESS, this.t("found.suppress_text"), {
      send: (deed, key) => this.desk.api.suppressSubject(id, { about, subject, ...deed }, key),
    });
    if (done) await this.quiet.load();
  }

  async #endSuppression({ about, subject, rule, finding_id }) {
    const done = await endSuppression(this, rule, (reason, key) => this.desk.api.endSubjectSuppression(finding_id, { about, subject, reason }, key));
    if (!done) return;
    await this.quiet.load();
    await this.#focus("#quiet");
  }

  async #leave() {
    this.conflict = null;
    await this.found.load();
    await this.#focus("h1");
  }

  render() {
    const title = this.t("view.findings");
    return html`<h1 tabindex="-1">${title}</h1><p class="muted">${this.t("found.text")}</p>
      <form class="row end" aria-label=${this.t("found.filters")} @submit=${(event) => event.preventDefault()}>
        <label>${this.t("found.about")}<select name="about" @change=${(event) => this.#turn(event.target.value)}>${ABOUT.map((one) =>
          html`<option value=${one} ?selected=${one === this.about}>${this.words.word("about", one)}</option>`)}</select></label>
        <label>${this.t("found.least")}<select name="least" @change=${(event) => { this.least = event.target.value; }}>${[...SEVERITIES].reverse().map((one) =>
          html`<option value=${one} ?selected=${one === this.least}>${this.words.word("severity", one)}</option>`)}</select></label></form>
      <div class="panel">${this.found.show((answer) => this.#list(answer))}</div>
      ${this.#hasQuiet() ? this.#quietSection() : nothing}`;
  }

  #quietSection() {
    return html`<section class="panel" aria-labelledby="quiet"><h2 id="quiet" tabindex="-1">${this.t("found.quiet")}</h2>${this.quiet.show((answer) => this.#quiet(answer))}</section>`;
  }

  #quiet({ suppressions, next }) {
    const { words } = this;
    const none = html`<p class="empty">${this.t("found.quiet_none")}</p>`;
    return html`${suppressions.length ? suppressions.map((one) => html`<div class="notice info"><strong>${words.word("rule", one.rule)}</strong> · ${outside(one.subject)}
        <p>${this.t("records.suppressed", { time: words.time(one.until), name: one.by.name, reason: words.word("act_reason", one.reason) })}</p>
        ${this.may(PERMISSIONS.manage) ? html`<button @click=${() => this.#endSuppression(one)}>${words.word("operation", "end_suppression")}</button>` : nothing}</div>`) : none}
      ${next ? html`<p><button @click=${this.#showMoreQuiet}>${this.t("more")}</button></p>` : nothing}`;
  }

  #list({ findings, next }) {
    const shown = findings.filter(({ severity }) => SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(this.least));
    const empty = html`<p class="empty" role="status">${this.t(findings.length ? "found.none_graver" : "found.empty")}</p>`;
    return html`${shown.length ? shown.map((finding) => this.#finding(finding)) : empty}
      ${next ? html`<p><button @click=${this.#showMore}>${this.t("more")}</button></p>` : nothing}`;
  }

  #finding(finding) {
    const { words } = this;
    const name = `finding-${finding.id}`;
    return html`<article aria-labelledby=${name}><div class="row spread"><h2 id=${name}>${words.word("rule", finding.rule)}</h2>
        <span class="tag ${GRAVE.includes(finding.severity) ? "bad" : "warn"}">${words.word("severity", finding.severity)}</span></div>
      <p class="muted small">${words.time(finding.found_at)} · <span class="tag">${words.word("finding", finding.state)}</span>
        ${finding.is_account ? html`<span class="tag info">${this.t("found.is_account")}</span>` : nothing}</p>
      <dl><dt>${this.t(NAMED[finding.about] ?? "found.mark")}</dt><dd>${outside(finding.agent?.name ?? finding.subject)}</dd>
        <dt>${this.t("records.began")}</dt><dd>${words.time(finding.begun_at)}</dd>
        <dt>${this.t("records.ended")}</dt><dd>${words.time(finding.last_at)}</dd>
        ${readFacts(words, finding.facts).map(([fact, value]) => html`<dt>${fact}</dt><dd>${outside(value)}</dd>`)}
        <dt>${this.t("found.events")}</dt><dd>${words.number(finding.events)}</dd>
        ${finding.accounts.length ? html`<dt>${this.t("found.accounts")}</dt><dd>${finding.accounts.map((account) => html`${outside(account)} `)}</dd>` : nothing}</dl>
      ${finding.runbook ? html`<details><summary>${this.t("records.runbook")}</summary><p lang="en">${finding.runbook}</p></details>` : nothing}
      ${this.conflict?.id === finding.id ? this.#conflict(finding) : nothing}
      ${this.may(PERMISSIONS.manage) && !this.#isOthers(finding) ? html`<div class="row word" role="group" aria-labelledby=${name}>${VERDICTS.map((verdict) =>
        html`<button @click=${() => this.#judge(finding, verdict)}>${words.word("verdict", verdict)}</button>`)}</div>
        ${SUPPRESSIBLE.includes(finding.about) ? actionButton(this, SUPPRESS, () => this.#suppress(finding)) : nothing}` : nothing}</article>`;
  }

  /** Whether somebody else has judged it meanwhile: then one of two words is chosen first. */
  #isOthers({ id }) {
    return this.conflict?.id === id && this.conflict.feedback !== null;
  }

  #conflict(finding) {
    const { words } = this;
    const { verdict, version, feedback } = this.conflict;
    if (!feedback)
      return html`<section class="notice warn conflict" aria-labelledby="conflict"><h3 id="conflict" tabindex="-1">${this.t("found.changed")}</h3>
        <p>${this.t("found.changed_text", { verdict: words.word("verdict", verdict) })}</p></section>`;
    return html`<section class="notice warn conflict" aria-labelledby="conflict"><h3 id="conflict" tabindex="-1">${this.t("conflict.title")}</h3>
      <dl><dt>${this.t("found.mine")}</dt><dd>${words.word("verdict", verdict)}</dd>
        <dt>${this.t("found.theirs")}</dt><dd>${words.word("verdict", feedback)}</dd></dl>
      <div class="row word"><button class="main" @click=${this.#leave}>${this.t("found.keep")}</button>
        ${verdict === feedback ? nothing : html`<button @click=${() => this.#judge(finding, verdict, version)}>${this.t("found.replace")}</button>`}</div></section>`;
  }
}

customElements.define("desk-findings", DeskFindings);
