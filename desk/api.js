// The agents' API as the desk knows it: routes and refusals. No other module names a route or a header. The forms stand in
// docs/openapi-agent.json, to which the tests hold each request and answer. Times are RFC 3339, amounts {minor, currency}.

const TIMEOUT_MS = 20_000;
/** How long to wait before a request that was refused for load is sent again, in milliseconds: so often, then it is told. */
const BUSY_PAUSES_MS = [500, 1_000, 2_000];
const BASE = "/v1/agent";

/** The route of each action on a case, by its operation. */
export const ACTION_ROUTES = {
  unlock: "unlock",
  unfreeze: "unfreeze",
  unfreeze_unproved: "unfreeze",
  freeze: "freeze",
  unlock_unproved: "unlock",
  reset_grant: "reset-grants",
  reset_grant_unproved: "reset-grants",
  pause: "pause",
  end_pause: "pause-ends",
  new_row: "new-rows",
  new_row_unproved: "new-rows",
  release_hold: "hold-releases",
  contact_change: "contact-changes",
};
/** The reasons for which an agent may look at an account. */
export const LOOK_REASONS = ["call", "case", "callback", "complaint", "investigation"];
/** The reasons for which an agent does something upon an account, or asks a second person. */
export const ACT_REASONS = ["customer_asked", "customer_proved", "evidence_seen", "false_alarm", "complaint", "correction", "investigation"];
/** The words of a person on a finding. */
export const VERDICTS = ["confirmed", "false_alarm", "unclear"];
/** The goals for which an agent may ask for proof. */
export const GOALS = ["look", "unlock", "reset", "refund", "freeze", "pause", "end_pause", "unfreeze"];
export const PERMISSIONS = {
  read: "desk/read",
  work: "desk/work",
  act: "desk/act",
  refund: "desk/refund",
  approve: "desk/approve",
  manage: "desk/manage",
  report: "desk/report",
};

/** A refusal, by the API (RFC 9457), by the issuer, or by the network (`offline`). */
export class Problem extends Error {
  constructor({ status = 0, code, title, retry_after_s = null, facts = {} }) {
    super(code);
    Object.assign(this, { status, code, title, retry_after_s, facts });
  }

  /** Whether nothing is known of what became of the request: the same key must be sent again. */
  get open() {
    return this.status === 0 || this.status >= 500;
  }

  get stale() {
    return this.status === 412;
  }

  /** Whether too much was asked for at once. What the gateway refuses so was never begun: its answer has no code of the API. */
  get busy() {
    return this.code === "busy" || this.status === 503;
  }
}

/** A key under which a request is carried out once, however often it is sent. */
export const newKey = () => crypto.randomUUID();

const segment = encodeURIComponent;

export class Api {
  /** `sign_in` gives tokens; `language` is the tag in which texts are wanted; `contact_id` the call at hand. */
  constructor({ address, sign_in, language }) {
    this.address = address.replace(/\/$/, "");
    this.sign_in = sign_in;
    this.language = language;
    this.contact_id = null;
    /** The call that the agent's workspace shows. */
    this.workspace_contact_id = null;
  }

  me = () => this.#get("/me");
  queue = (filters) => this.#get("/queue", filters);
  /** The case that a customer names by its six digits; none or one. */
  findCases = (reference) => this.#get("/cases", { reference });
  contact = (id) => this.#get(`/contacts/${segment(id)}`);
  claimContact = (id, key) => this.#post(`/contacts/${segment(id)}/claim`, {}, key);
  callbacks = (filters) => this.#get("/callbacks", filters);

  /** A case with its ETag, as {value, etag}. */
  case = (id) => this.#versioned(`/cases/${segment(id)}`);
  timeline = (id, cursor) => this.#get(`/cases/${segment(id)}/timeline`, { cursor });
  changeCase = (id, change, etag) => this.#change("PATCH", `/cases/${segment(id)}`, change, etag);
  claim = (id, key) => this.#post(`/cases/${segment(id)}/claim`, {}, key);
  release = (id, key) => this.#post(`/cases/${segment(id)}/release`, {}, key);
  note = (id, note, key) => this.#post(`/cases/${segment(id)}/notes`, note, key);
  snooze = (id, until, key) => this.#post(`/cases/${segment(id)}/snooze`, until, key);
  close = (id, ending, key) => this.#post(`/cases/${segment(id)}/close`, ending, key);
  reopen = (id, key) => this.#post(`/cases/${segment(id)}/reopen`, {}, key);
  transfer = (id, target, key) => this.#post(`/cases/${segment(id)}/transfer`, target, key);

  account = (id, why) => this.#look(id, "account", why);
  payments = (id, why, cursor) => this.#look(id, "payments", why, cursor);
  refunds = (id, why, cursor) => this.#look(id, "refunds", why, cursor);
  evidence = (id, why, cursor) => this.#look(id, "evidence", why, cursor);
  /** The address of a picture as a file, {url, expires_at}, while its scan says that it is clean. */
  picture = (id, picture, why) => this.#look(id, `evidence/${segment(picture)}`, why);
  funds = (id, why) => this.#look(id, "funds", why);
  bills = (id, why, cursor) => this.#look(id, "bills", why, cursor);
  findings = (id, why, cursor) => this.#look(id, "findings", why, cursor);
  /** What was found and nobody has judged: `about` is source (addresses), party (payees), account or agent. */
  subjectFindings = (filters) => this.#get("/findings", filters);
  /** Give a word on one of them, as it was at this version. Raises a stale Problem where it is another one by now. */
  judgeSubject = (finding, feedback, version, key) =>
    this.#post(`/findings/${segment(finding)}/feedback`, feedback, key, { "If-Match": `"${version}"` });
  suppressSubject = (finding, rule, key) => this.#post(`/findings/${segment(finding)}/suppressions`, rule, key);
  endSubjectSuppression = (finding, rule, key) => this.#post(`/findings/${segment(finding)}/suppression-ends`, rule, key);
  suppressions = (filters) => this.#get("/suppressions", filters);
  unmask = (id, field, key) => this.#post(`/cases/${segment(id)}/unmaskings`, field, key);

  proof = (id) => this.#get(`/cases/${segment(id)}/proofs`);
  askProof = (id, wish, key) => this.#post(`/cases/${segment(id)}/proofs`, wish, key);
  act = (id, operation, why, key) => this.#post(`/cases/${segment(id)}/${ACTION_ROUTES[operation]}`, why, key);
  askRefund = (id, refund, key) => this.#post(`/cases/${segment(id)}/refunds`, refund, key);
  decideRefund = (id, refund, decision, key) =>
    this.#post(`/cases/${segment(id)}/refunds/${segment(refund)}/decision`, decision, key);
  payOut = (id, refund, payout, key) => this.#post(`/cases/${segment(id)}/refunds/${segment(refund)}/payout`, payout, key);
  judge = (id, finding, feedback, key) =>
    this.#post(`/cases/${segment(id)}/findings/${segment(finding)}/feedback`, feedback, key);
  suppress = (id, rule, key) => this.#post(`/cases/${segment(id)}/suppressions`, rule, key);
  endSuppression = (id, rule, key) => this.#post(`/cases/${segment(id)}/suppression-ends`, rule, key);

  approvals = (filters) => this.#get("/approvals", filters);
  approval = (id) => this.#get(`/approvals/${segment(id)}`);
  askApproval = (request, key) => this.#post("/approvals", request, key);
  decideApproval = (id, decision, key) => this.#post(`/approvals/${segment(id)}/decision`, decision, key);

  hours = () => this.#versioned("/hours");
  saveHours = (hours, etag) => this.#change("PUT", "/hours", hours, etag);
  banner = () => this.#versioned("/banner");
  saveBanner = (banner, etag) => this.#change("PUT", "/banner", banner, etag);
  numbers = () => this.#versioned("/numbers");
  saveNumbers = (numbers, etag) => this.#change("PUT", "/numbers", numbers, etag);
  policy = (merchant) => this.#versioned(`/merchants/${segment(merchant)}/policy`);
  savePolicy = (merchant, policy, etag) => this.#change("PUT", `/merchants/${segment(merchant)}/policy`, policy, etag);

  reports = (from, to) => this.#get("/reports", { from, to });
  /** The deeds of one agent. */
  trail = (agent, from, to, cursor) => this.#get("/trail", { agent, from, to, cursor });
  activity = (from, to, cursor) => this.#get("/activity", { from, to, cursor });

  #look(id, what, why, cursor) {
    return this.#get(`/cases/${segment(id)}/${what}`, { cursor }, { "Desk-Reason": why });
  }

  async #get(path, query = {}, headers = {}) {
    return (await this.#send("GET", path, { query, headers })).value;
  }

  #versioned(path) {
    return this.#send("GET", path, {});
  }

  async #post(path, body, key = newKey(), headers = {}) {
    return (await this.#send("POST", path, { body, headers: { "Idempotency-Key": key, ...headers } })).value;
  }

  /** Save over the version that was read. Raises a stale Problem when somebody else saved meanwhile. */
  #change(method, path, body, etag) {
    return this.#send(method, path, { body, headers: { "If-Match": etag } });
  }

  /** Send, and again where there was too much at once. A change that the API itself put off may have been made: that is told. */
  async #send(method, path, request) {
    const { generation } = this.sign_in;
    for (const pause_ms of BUSY_PAUSES_MS) {
      try {
        return await this.#sendOnce(method, path, request);
      } catch (problem) {
        if (!problem.busy || (problem.open && method !== "GET")) throw problem;
        await new Promise((done) => setTimeout(done, pause_ms * (0.5 + Math.random())));
        // Somebody else may have signed in meanwhile: the request is none of theirs.
        if (generation !== this.sign_in.generation) throw new Problem({ status: 401, code: "signed_out" });
      }
    }
    return this.#sendOnce(method, path, request);
  }

  async #sendOnce(method, path, { body, query = {}, headers = {} }, again = true) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
    const search = given.length ? `?${new URLSearchParams(given)}` : "";
    const token = await this.sign_in.token();
    const { generation } = this.sign_in;
    let answer, text;
    try {
      answer = await fetch(`${this.address}${BASE}${path}${search}`, {
        method,
        headers: {
          Accept: "application/json",
          "Accept-Language": this.language,
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(this.contact_id ? { "Desk-Contact": this.contact_id } : {}),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await answer.text();
    } catch {
      throw new Problem({ code: "offline" });
    }
    // Somebody else may have signed in meanwhile: this request is none of theirs.
    if (answer.status === 401 && generation !== this.sign_in.generation) throw new Problem({ status: 401, code: "signed_out" });
    if (answer.status === 401 && again) {
      const renewed = await this.sign_in.token(token);
      if (renewed !== token) return this.#sendOnce(method, path, { body, query, headers }, false);
    }
    if (answer.status === 401) this.sign_in.refused();
    let value = null;
    try {
      value = text ? JSON.parse(text) : null;
    } catch {
      throw new Problem({ status: answer.ok ? 500 : answer.status, code: "unexpected" });
    }
    if (!answer.ok) {
      const { code, title, ...facts } = value ?? {};
      const retry_after_s = Number(answer.headers.get("Retry-After")) || null;
      const bare = answer.status === 429 ? "busy" : "unexpected";
      throw new Problem({ status: answer.status, code: code ?? bare, title: title ?? value?.message, retry_after_s, facts });
    }
    return { value, etag: answer.headers.get("ETag") };
  }
}
