// What all views share: their style, loading with its states, a tick that rests while nobody looks.

import { LitElement, css, html, nothing } from "./vendor/lit/lit.js";

export { css, html, LitElement, nothing };

export const shared = css`
  :host { display: block; }
  * { box-sizing: border-box; }
  [hidden] { display: none !important; }
  h1, h2, h3 { line-height: 1.25; margin: 0 0 .6rem; text-wrap: balance; }
  h1 { font-size: 1.45rem; }
  h1:focus { outline: none; }
  h2 { font-size: 1.08rem; }
  h3 { font-size: .95rem; }
  p { margin: 0 0 .6rem; }
  a { color: var(--accent); }
  bdi, .text { overflow-wrap: anywhere; }
  .text { white-space: pre-wrap; }
  .muted { color: var(--muted); }
  .small { font-size: .87rem; }
  .panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow);
    padding: 1rem; margin: 0 0 1rem; }
  .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
  .row.spread { justify-content: space-between; }
  .row.end { align-items: flex-end; }
  .stack > * + * { margin-top: .75rem; }
  button, .button { font: inherit; color: var(--accent); background: var(--panel); border: 1px solid var(--line);
    border-radius: 8px; padding: .4rem .8rem; cursor: pointer; min-height: 2.3rem; text-decoration: none; }
  button:hover:not(:disabled) { background: var(--accent-soft); }
  button.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-weight: 600; }
  button.main:hover:not(:disabled) { filter: brightness(1.08); background: var(--accent); }
  button.danger { color: var(--bad); }
  button.link { border: 0; background: none; padding: 0; min-height: 0; text-decoration: underline; }
  button:disabled { color: var(--muted); background: var(--raised); border-color: var(--line); cursor: not-allowed; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
  input, select, textarea { font: inherit; color: var(--text); background: var(--panel); border: 1px solid var(--muted);
    border-radius: 8px; padding: .4rem .6rem; min-height: 2.3rem; max-width: 100%; }
  input[type="checkbox"], input[type="radio"] { min-height: 0; width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--accent); }
  textarea { width: 100%; min-height: 5.5rem; resize: vertical; }
  label { display: block; font-weight: 600; font-size: .9rem; }
  label > input:not([type="checkbox"]):not([type="radio"]), label > select, label > textarea { display: block;
    margin-top: .2rem; font-weight: 400; }
  label.check { display: flex; gap: .5rem; align-items: center; font-weight: 400; font-size: 1rem; }
  fieldset { border: 1px solid var(--line); border-radius: 8px; padding: .6rem .9rem .9rem; margin: 0 0 1rem; min-width: 0; }
  legend { font-weight: 600; padding: 0 .3rem; }
  table { border-collapse: collapse; width: 100%; }
  caption { text-align: start; font-weight: 600; padding-bottom: .4rem; }
  th, td { text-align: start; padding: .5rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
  th { font-size: .82rem; color: var(--muted); font-weight: 600; }
  th[scope="row"] { font-size: 1rem; color: inherit; font-weight: 400; }
  td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }
  dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1rem; margin: 0; }
  dt { color: var(--muted); }
  dd { margin: 0; overflow-wrap: anywhere; }
  ul, ol { margin: 0; padding-inline-start: 1.2rem; }
  .tag { display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-size: .82rem; background: var(--raised);
    color: var(--text); white-space: nowrap; }
  .tag.good { background: var(--good-soft); color: var(--good); }
  .tag.warn { background: var(--warn-soft); color: var(--warn); }
  .tag.bad { background: var(--bad-soft); color: var(--bad); }
  .tag.info { background: var(--accent-soft); color: var(--accent); }
  .notice { border-radius: 8px; padding: .6rem .8rem; background: var(--raised); margin: 0 0 .8rem; }
  .notice.good { background: var(--good-soft); color: var(--good); }
  .notice.warn { background: var(--warn-soft); color: var(--warn); }
  .notice.bad { background: var(--bad-soft); color: var(--bad); }
  .notice.info { background: var(--accent-soft); }
  .notice > :last-child { margin-bottom: 0; }
  .empty { padding: 1.2rem; text-align: center; color: var(--muted); }
  .scroll { overflow-x: auto; }
  .hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .bone { height: 1rem; border-radius: 6px; background: var(--raised); margin: .5rem 0; }
  .bone.short { width: 60%; }
  @media (prefers-reduced-motion: no-preference) {
    .bone { animation: breathe 1.4s ease-in-out infinite; }
    @keyframes breathe { 50% { opacity: .45; } }
  }
  @media (max-width: 640px) {
    .panel { padding: .8rem; border-radius: 8px; }
    dl { grid-template-columns: 1fr; gap: 0; }
    dd { margin-bottom: .5rem; }
    table.cards, table.cards tbody { display: block; }
    table.cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    table.cards tr { display: block; border-bottom: 1px solid var(--line); padding: .6rem 0; }
    table.cards td, table.cards th[scope="row"] { display: inline-block; border: 0; padding: .1rem 0; margin-inline-end: .9rem; }
    table.cards td.act, table.cards th[scope="row"] { display: block; margin: 0; }
    table.cards td.act { padding-top: .4rem; }
  }
`;

/** A part of the desk. `desk` is what app.js offers to all: api, me, words, ask, say, go. */
export class View extends LitElement {
  static styles = [shared];
  static properties = { desk: { attribute: false } };

  /** The words of the language in use. */
  get words() {
    return this.desk.words;
  }

  /** The message of a key. */
  t(key, values) {
    return this.desk.words.text(key, values);
  }

  /** Texts of the API are in the language that was asked for: another language, and they are read again. */
  updated(changed) {
    const before = changed.get("desk");
    if (before?.words && before.words.code !== this.words.code) this.reload?.();
  }

  may(permission) {
    return this.desk.me.permissions.includes(permission);
  }
}

/** A read with its states, as a Lit controller: nothing yet, there, there but the last read failed, failed. */
export class Loaded {
  #turn = 0;

  constructor(host, read) {
    this.host = host;
    this.read = read;
    this.clear();
    host.addController(this);
  }

  clear() {
    this.#turn += 1;
    this.value = undefined;
    this.problem = null;
    this.loading = false;
    this.at = null;
    this.host.requestUpdate();
  }

  /** Read again. Of two reads under way the later one counts. */
  async load() {
    const turn = ++this.#turn;
    this.loading = true;
    this.host.requestUpdate();
    try {
      const value = await this.read();
      if (turn !== this.#turn) return;
      this.value = value;
      this.at = new Date();
      this.problem = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = error;
    }
    this.loading = false;
    this.host.requestUpdate();
  }

  /** Show what is there by `ready`; else that it is loading, or what went wrong with a way to try again. */
  show(ready) {
    const { words } = this.host;
    const again = () => this.load();
    const wrong = this.problem
      ? html`<div class="notice bad row spread" role="alert"><span>${words.problem(this.problem)}</span>
          <button @click=${again}>${words.text("again")}</button></div>`
      : nothing;
    if (this.value !== undefined) {
      const old = this.problem ? html`<p class="muted small">${words.text("as_of", { time: words.clock(this.at) })}</p>` : nothing;
      return html`${wrong}${old}${ready(this.value)}`;
    }
    if (this.problem) return wrong;
    return html`<div role="status"><span class="hidden-text">${words.text("loading")}</span>
      <div class="bone"></div><div class="bone short"></div><div class="bone"></div></div>`;
  }
}

/** As many pages of a list as somebody has asked for, so that a further look loses none of them, with the people that they name. */
export async function readPages(read, name, pages) {
  const found = [];
  const people = [];
  let cursor = null;
  let answer = {};
  for (let page = 0; page < pages; page += 1) {
    answer = await read(cursor);
    found.push(...answer[name]);
    people.push(...(answer.people ?? []));
    cursor = answer.next;
    if (!cursor) break;
  }
  return { ...answer, [name]: found, people, next: cursor };
}

/** Calls a function every so often while the element is there, somebody looks and the network is up. */
export class Tick {
  constructor(host, every_ms, work) {
    this.every_ms = every_ms;
    this.work = work;
    host.addController(this);
  }

  hostConnected() {
    this.timer = setInterval(() => {
      if (document.visibilityState === "visible" && navigator.onLine) this.work();
    }, this.every_ms);
  }

  hostDisconnected() {
    clearInterval(this.timer);
  }
}

/** Values of one person that survive a reload of this window. The browser may refuse storage to a frame; then it does not. */
export const drafts = {
  read(name) {
    try {
      return JSON.parse(sessionStorage.getItem(`desk.${name}`)) ?? undefined;
    } catch {
      return undefined;
    }
  },
  write(name, value) {
    try {
      if (value === undefined || value === "") sessionStorage.removeItem(`desk.${name}`);
      else sessionStorage.setItem(`desk.${name}`, JSON.stringify(value));
    } catch {
      // The draft stays in memory.
    }
  },
  /** Keep those of this person, and forget anybody else's. */
  keepOf(person) {
    if (drafts.read("person") !== person) drafts.clear();
    drafts.write("person", person);
  },
  clear() {
    try {
      for (const name of Object.keys(sessionStorage)) if (name.startsWith("desk.")) sessionStorage.removeItem(name);
    } catch {
      // There is nothing to forget.
    }
  },
};

/** Text from outside: of its own direction, so that its marks turn nothing around it. */
export const outside = (value) => html`<bdi>${value ?? "–"}</bdi>`;
