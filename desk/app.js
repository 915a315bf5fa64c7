// The desk: signs in, finds its way by the address, tells of calls, and shows one view at a time.

import { Api, PERMISSIONS, Problem } from "./api.js";
import { SignIn } from "./auth.js";
import { css, drafts, html, LitElement, nothing, shared } from "./element.js";
import { keyed } from "./vendor/lit/lit.js";
import { firstLanguage, LANGUAGES, loadWords } from "./words.js";
import "./form.js";
import "./views/queue.js";

/** Whether another page shows this one in a frame. */
const inFrame = () => window.parent !== window;
const LOOK_FOR_CALLS_MS = 5000;
const MESSAGE_MS = 8000;
const NAVIGATION = [
  ["queue", PERMISSIONS.read],
  ["callbacks", PERMISSIONS.read],
  ["approvals", PERMISSIONS.read],
  ["hours", PERMISSIONS.manage],
  ["banner", PERMISSIONS.manage],
  ["numbers", PERMISSIONS.manage],
  ["policies", PERMISSIONS.manage],
  ["reports", PERMISSIONS.report],
  ["activity", PERMISSIONS.report],
  ["findings", PERMISSIONS.report],
];
const SETTINGS = ["hours", "banner", "numbers", "policies"];
/** Views besides the queue are read when somebody opens them. */
const LATER = {
  approvals: () => import("./views/approvals.js"),
  callbacks: () => import("./views/callbacks.js"),
  case: () => import("./views/case.js"),
  contact: () => import("./views/contact.js"),
  activity: () => import("./views/activity.js"),
  findings: () => import("./views/findings.js"),
  reports: () => import("./views/reports.js"),
  trail: () => import("./views/trail.js"),
  ...Object.fromEntries(SETTINGS.map((name) => [name, () => import("./views/settings.js")])),
};

class HotlineDesk extends LitElement {
  static styles = [shared, css`
    header { background: var(--panel); border-bottom: 1px solid var(--line); }
    .bar { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; max-width: 82rem; margin: 0 auto; padding: .5rem 1rem; }
    .name { font-weight: 700; }
    nav { flex: 1; min-width: 0; }
    nav ul { display: flex; flex-wrap: wrap; list-style: none; padding: 0; gap: .15rem; }
    nav a { display: block; padding: .45rem .7rem; border-radius: 8px; text-decoration: none; color: var(--text); white-space: nowrap; }
    nav a:hover { background: var(--raised); }
    nav a[aria-current="page"] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
    main { max-width: 82rem; margin: 0 auto; padding: 1rem; }
    .skip { position: absolute; inset-block-start: -4rem; background: var(--panel); padding: .5rem 1rem; z-index: 5; }
    .skip:focus { inset-block-start: .5rem; }
    .door { max-width: 26rem; margin: 12vh auto 0; }
    select.flush { margin: 0; }
    .person { color: var(--muted); font-size: .87rem; }
    .messages { position: fixed; inset-block-end: 1rem; inset-inline: 1rem; display: grid; gap: .5rem; justify-items: center; pointer-events: none; z-index: 4; }
    .messages > div { pointer-events: auto; background: var(--text); color: var(--page); border-radius: 8px; padding: .5rem .9rem;
      max-width: 40rem; box-shadow: 0 4px 16px rgb(0 0 0 / 25%); }
    .notices { max-width: 82rem; margin: .6rem auto 0; padding: 0 1rem; }
    .notices .notice { margin-bottom: .4rem; }
    .spacer { flex: 1; }
    @media (max-width: 640px) {
      .bar { padding: .4rem .7rem; } .name { flex: 1; } .person { display: none; } main { padding: .7rem; }
      nav { order: 3; flex-basis: 100%; } nav ul { flex-wrap: nowrap; overflow-x: auto; }
    }
  `];
  static properties = {
    desk: { state: true },
    route: { state: true },
    session: { state: true },
    problem: { state: true },
    waiting: { state: true },
    prepared: { state: true },
    offline: { state: true },
    call: { state: true },
    messages: { state: true },
  };

  constructor() {
    super();
    this.messages = [];
    this.offline = !navigator.onLine;
    this.seen = new Set();
    /** The views whose scripts have been read. */
    this.scripts = new Set();
    /** The readings that are under way, by view. */
    this.reading = new Map();
    this.live = [];
    this.ready = this.#begin();
  }

  async #begin() {
    try {
      const [config, words] = await Promise.all([this.#config(), loadWords(firstLanguage())]);
      this.config = config;
      this.sign_in = new SignIn(config);
      this.api = new Api({ address: config.api, sign_in: this.sign_in, language: words.tag });
      this.sign_in.addEventListener("change", () => {
        this.session = this.sign_in.state;
      });
      this.session = "out";
      this.#renew({ words, me: null });
      await this.sign_in.prepare();
      this.prepared = true;
    } catch (problem) {
      this.problem = problem instanceof Problem ? problem : new Problem({ code: "not_set_up" });
    }
    if (!this.desk) return;
    window.addEventListener("online", () => { this.offline = false; });
    window.addEventListener("offline", () => { this.offline = true; });
    window.addEventListener("hashchange", () => this.#follow());
    window.addEventListener("beforeunload", (event) => this.#unsent() && event.preventDefault());
    this.#address();
    if (inFrame()) await this.#followWorkspace();
    setInterval(() => this.#lookForCalls(), LOOK_FOR_CALLS_MS);
  }

  async #followWorkspace() {
    const { followWorkspace } = await import("./workspace.js");
    followWorkspace({
      on_contact: (id, send) => {
        const { proof_quick_connect: name } = this.config;
        this.#renew({ send_to_line: name ? () => send(name) : null });
        this.#pop(id, true, true);
      },
      on_case: (id) => this.desk.go(`case/${encodeURIComponent(id)}`),
      on_end: (id) => {
        this.#renew({ send_to_line: null });
        this.#ended(id);
      },
    });
  }

  async #config() {
    const answer = await fetch("config.json", { cache: "no-store" });
    if (!answer.ok) throw new Problem({ code: "not_set_up" });
    return answer.json();
  }

  /** What views may use. A new object, so that each of them is shown anew. */
  #renew(change) {
    this.desk = {
      ...this.desk,
      ...change,
      api: this.api,
      go: (to) => {
        location.hash = `#/${to}`;
      },
      say: (text) => this.#say(text),
      ask: (spec) => this.renderRoot.querySelector("desk-form").open(spec),
    };
    const { words } = this.desk;
    document.documentElement.lang = words.tag;
    this.api.language = words.tag;
  }

  /** `?case=` and `?contact=` of the address, as links and workspaces have them. */
  #address() {
    const query = new URLSearchParams(location.search);
    const kind = ["case", "contact"].find((name) => query.get(name));
    if (kind) {
      const to = `#/${kind}/${encodeURIComponent(query.get(kind))}`;
      history.replaceState(null, "", `${location.pathname}${to}`);
    }
    this.#follow();
  }

  #follow() {
    const [view = "queue", id = "", ...days] = location.hash.replace(/^#\/?/, "").split("/");
    let known = id;
    try {
      known = decodeURIComponent(id);
    } catch {
      // The address is shown as it is.
    }
    const route = { view: view || "queue", id: known, days };
    route.key = [route.view, known, ...days].join("/");
    if (route.key === this.route?.key) return;
    this.route = route;
    if (route.view === "contact") {
      this.seen.add(route.id);
      this.api.contact_id = route.id;
    }
    if (route.view === "contact" || route.id === this.call?.contact_id) this.call = null;
    this.moved = true;
  }

  async updated(changed) {
    if (!changed.has("route") || !this.moved) return;
    if (!this.renderRoot.querySelector("main > *")) return;
    this.moved = false;
    await this.#read(this.route.view);
    await this.updateComplete;
    const view = this.renderRoot.querySelector("main > *");
    await view.updateComplete;
    window.scrollTo(0, 0);
    view.renderRoot?.querySelector("h1")?.focus();
  }

  /** A call has come in. An agent who is not in the middle of a case goes to it at once; else it is announced. */
  #pop(id, first = false, from_workspace = false) {
    if (from_workspace) this.api.workspace_contact_id = id;
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.api.contact_id = id;
    const open = this.renderRoot.querySelector("desk-case");
    open?.takeCall();
    if (open?.isOf(id)) return;
    const free = first || ["queue", "callbacks", "contact"].includes(this.route?.view);
    if (free && !this.renderRoot.querySelector("desk-form")?.openNow) this.desk.go(`contact/${encodeURIComponent(id)}`);
    else this.call = { contact_id: id };
  }

  #ended(id) {
    if (this.api.contact_id === id) this.api.contact_id = null;
    if (this.api.workspace_contact_id === id) this.api.workspace_contact_id = null;
    if (this.call?.contact_id === id) this.call = null;
    // A caller who was sent on may come back.
    this.seen.delete(id);
    this.desk.say(this.desk.words.text("call_ended"));
  }

  async #lookForCalls() {
    if (inFrame() || this.session !== "live" || !this.desk?.me || this.offline || document.visibilityState !== "visible") return;
    try {
      const me = await this.api.me();
      this.network_lost = false;
      this.#followCalls(me);
    } catch (problem) {
      if (problem.code === "offline") this.network_lost = true;
    }
    this.requestUpdate();
  }

  #followCalls({ live_contacts }) {
    for (const id of this.live) if (!live_contacts.includes(id)) this.#ended(id);
    this.live = live_contacts;
    for (const id of this.live) this.#pop(id);
    if (this.call && !live_contacts.includes(this.call.contact_id)) this.call = null;
  }

  /** The call of the case that is open is not announced. */
  #caseRead(view) {
    if (this.call && view.isOf(this.call.contact_id)) this.call = null;
  }

  async #signIn() {
    this.problem = null;
    this.waiting = true;
    try {
      await this.sign_in.begin();
      const me = await this.api.me();
      // Somebody may have signed out since.
      if (this.sign_in.state !== "live") throw new Problem({ code: "sign_in_cancelled" });
      drafts.keepOf(me.agent_id);
      // Before the view: a case that is opened is read in its call from the first time on.
      if (!inFrame()) this.#followCalls(me);
      this.#renew({ me });
      this.moved = true;
      this.route = { ...this.route };
    } catch (problem) {
      if (problem.code !== "sign_in_cancelled") this.problem = problem;
    }
    this.waiting = false;
  }

  async #prepareAgain() {
    this.problem = null;
    try {
      await this.sign_in.prepare();
      this.prepared = true;
    } catch (problem) {
      this.problem = problem;
    }
  }

  #signOut() {
    drafts.clear();
    this.sign_in.end();
    this.#renew({ me: null });
    this.call = null;
    location.hash = "#/queue";
  }

  async #speak(code) {
    try {
      this.#renew({ words: await loadWords(code) });
    } catch {
      this.#say(this.desk.words.text("problem.offline"));
    }
  }

  #say(text) {
    const message = { text };
    this.messages = [...this.messages, message].slice(-3);
    setTimeout(() => {
      this.messages = this.messages.filter((one) => one !== message);
    }, MESSAGE_MS);
  }

  #unsent() {
    return this.renderRoot.querySelector("desk-form")?.openNow;
  }

  render() {
    if (!this.desk) {
      // Without words there is no language yet.
      return html`<main><p class="panel" role="status">${this.problem ? "The desk is not set up: config.json or words are missing. 工作台没有配置好。" : "…"}</p></main>`;
    }
    const { words, me } = this.desk;
    const t = (key, values) => words.text(key, values);
    document.title = me ? `${t(`view.${this.#title()}`)} · ${t("name")}` : t("name");
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>${t("skip")}</a>
      <header><div class="bar">
        <span class="name">${t("name")}</span>
        ${me ? this.#navigation(t) : html`<span class="spacer"></span>`}
        <label><span class="hidden-text">${t("language")}</span>
          <select name="language" class="flush" @change=${(event) => this.#speak(event.target.value)}>
            ${Object.entries(LANGUAGES).map(([code, { name, tag }]) => html`<option value=${code} lang=${tag} ?selected=${code === words.code}>${name}</option>`)}
          </select></label>
        ${me ? html`<span class="person">${me.username}</span><button @click=${this.#signOut}>${t("sign_out")}</button>` : nothing}
      </div></header>
      <div class="notices">${this.#notices(t)}</div>
      <main id="main" tabindex="-1">${me ? keyed(`${me.agent_id}/${this.route.key}`, this.#view()) : this.#door(t)}</main>
      <desk-form .desk=${this.desk}></desk-form>
      <div class="messages" role="status">${this.messages.map(({ text }) => html`<div>${text}</div>`)}</div>`;
  }

  #title() {
    return NAVIGATION.some(([name]) => name === this.route.view) || ["case", "contact", "trail"].includes(this.route.view) ? this.route.view : "queue";
  }

  #skip(event) {
    event.preventDefault();
    this.renderRoot.querySelector("main").focus();
  }

  #navigation(t) {
    const may = NAVIGATION.filter(([, permission]) => this.desk.me.permissions.includes(permission));
    const here = { case: "queue", contact: "queue", trail: "activity" }[this.route.view] ?? this.route.view;
    return html`<nav aria-label=${t("navigation")}><ul>${may.map(
      ([name]) => html`<li><a href="#/${name}" aria-current=${name === here ? "page" : nothing}>${t(`view.${name}`)}</a></li>`,
    )}</ul></nav>`;
  }

  #notices(t) {
    const { me } = this.desk;
    return html`
      ${this.offline || (this.network_lost && me) ? html`<div class="notice warn" role="alert">${t("offline")}</div>` : nothing}
      ${me && this.session !== "live" ? html`<div class="notice warn row spread" role="alert">
        <span>${t(this.session === "ending" ? "session.ending" : "session.ended")}</span>
        ${this.problem ? html`<span>${this.desk.words.problem(this.problem)}</span>` : nothing}
        <button class="main" @click=${this.#signIn}>${t("sign_in_again")}</button></div>` : nothing}
      ${this.call && me ? html`<div class="notice info row spread" role="alert"><strong>${t("call_comes")}</strong>
        <button class="main" @click=${() => this.desk.go(`contact/${encodeURIComponent(this.call.contact_id)}`)}>${t("call_open")}</button></div>` : nothing}`;
  }

  #door(t) {
    const refusal = this.problem ? html`<div class="notice bad" role="alert">${this.desk.words.problem(this.problem)}</div>` : nothing;
    const unreachable = ["issuer_unreachable", "not_set_up"].includes(this.problem?.code);
    return html`<div class="panel door"><h1 tabindex="-1">${t("sign_in.title")}</h1><p>${t("sign_in.text")}</p>${refusal}
      ${this.waiting
        ? html`<p role="status">${t("sign_in.waiting")}</p><button @click=${() => this.sign_in.cancel()}>${t("cancel")}</button>`
        : unreachable
          ? html`<button @click=${this.#prepareAgain}>${t("again")}</button>`
          : html`<button class="main" ?disabled=${!this.prepared} @click=${this.#signIn}>${t("sign_in")}</button>`}</div>`;
  }

  /** Read the script of a view that is read later: before that there is no element to show. Everybody who asks waits
   * for the same reading. That it cannot be had is told to who waits for this view. */
  #read(view) {
    if (!(view in LATER) || this.scripts.has(view)) return undefined;
    if (!this.reading.has(view)) this.reading.set(view, this.#readScript(view));
    return this.reading.get(view);
  }

  async #readScript(view) {
    try {
      await LATER[view]();
      this.scripts.add(view);
      this.requestUpdate();
    } catch {
      if (this.route.view === view) this.desk.say(this.desk.words.problem(new Problem({ code: "offline" })));
    } finally {
      this.reading.delete(view);
    }
  }

  #view() {
    const { view, id, days } = this.route;
    const { desk } = this;
    if (view in LATER && !this.scripts.has(view)) {
      this.#read(view);
      return html`<p role="status" class="muted">${desk.words.text("loading")}</p>`;
    }
    if (view === "case" && id) return html`<desk-case .desk=${desk} .case_id=${id} @read=${(event) => this.#caseRead(event.target)}></desk-case>`;
    if (view === "contact" && id) return html`<desk-contact .desk=${desk} .contact_id=${id}></desk-contact>`;
    if (view === "callbacks") return html`<desk-callbacks .desk=${desk}></desk-callbacks>`;
    if (view === "approvals") return html`<desk-approvals .desk=${desk}></desk-approvals>`;
    if (view === "activity" || (view === "trail" && !id)) return html`<desk-activity .desk=${desk}></desk-activity>`;
    if (view === "trail") return html`<desk-trail .desk=${desk} .agent_id=${id} .days=${days}></desk-trail>`;
    if (view === "findings") return html`<desk-findings .desk=${desk}></desk-findings>`;
    if (view === "reports") return html`<desk-reports .desk=${desk}></desk-reports>`;
    if (SETTINGS.includes(view)) return html`<desk-settings .desk=${desk} .what=${view} .merchant=${id}></desk-settings>`;
    // Who sees the queue opens a case next, perhaps without a network.
    this.#read("case");
    return html`<desk-queue .desk=${desk}></desk-queue>`;
  }
}

customElements.define("hotline-desk", HotlineDesk);
