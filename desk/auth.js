// Sign-in by OpenID Connect: code and PKCE in a popup, since login pages refuse frames. Tokens are kept in memory alone.
// RFC 6749 section 4.1, RFC 7636, RFC 9700.

import { Problem } from "./api.js";

const MINUTE_MS = 60_000;
/** The API refuses tokens of more than 15 minutes. */
export const TOKEN_LIFE_MS = 15 * MINUTE_MS;
export const RENEW_AFTER_MS = 10 * MINUTE_MS;
/** A renewal that failed for want of a network is tried again after this time. */
const RETRY_MS = 15_000;
const CALLBACK = "callback.html";

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** A person's sign-in. Its state is `out`, `live`, `ending` (it could not be renewed) or `ended`; `change` tells. */
export class SignIn extends EventTarget {
  #config;
  #endpoints;
  #prepared;
  #access = null;
  #refresh = null;
  #since = 0;
  #life = TOKEN_LIFE_MS;
  #renewal = null;
  /** Goes up at each sign-out: what began before it gives nobody a token afterwards. */
  #generation = 0;
  #timers = [];
  #waiting = null;

  constructor(config) {
    super();
    this.#config = config;
    this.state = "out";
  }

  /** Make ready what a popup needs, so that it can open within the click. Raises Problem without the issuer. */
  async prepare() {
    this.#endpoints ??= await this.#discover();
    const verifier = random();
    const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
    this.#prepared = { verifier, challenge, state: random(), redirect: new URL(CALLBACK, document.baseURI).href };
  }

  /** Open the popup and wait for its answer. Raises Problem: popup_blocked, sign_in_refused, offline. */
  async begin() {
    const { verifier, challenge, state, redirect } = this.#prepared;
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.#config.client_id,
      redirect_uri: redirect,
      scope: this.#config.scopes.join(" "),
      state,
      code_challenge: challenge,
      code_challenge_method: "S256",
    });
    const popup = window.open(`${this.#endpoints.authorization_endpoint}?${query}`, "desk-sign-in", "popup,width=480,height=700");
    if (!popup) throw new Problem({ code: "popup_blocked" });
    const answer = await this.#answer(state);
    if (answer.error || !answer.code) throw new Problem({ code: "sign_in_refused" });
    await this.#exchange({
      grant_type: "authorization_code",
      code: answer.code,
      redirect_uri: redirect,
      code_verifier: verifier,
    });
    await this.prepare();
  }

  /** Wait no longer for a popup that somebody closed. */
  cancel() {
    this.#waiting?.(new Problem({ code: "sign_in_cancelled" }));
  }

  /** Counts the people who were signed in here: what one of them asked for is never sent for the next. */
  get generation() {
    return this.#generation;
  }

  /** A token that the API takes. `refused`: one that it did not take; another than that is given. Raises Problem signed_out. */
  async token(refused = undefined) {
    const generation = this.#generation;
    const stale = this.#access === refused || !this.#access || this.#age() >= this.#renewAfter();
    if (stale && this.#refresh) await this.renew();
    if (!this.#access || generation !== this.#generation) throw new Problem({ status: 401, code: "signed_out" });
    return this.#access;
  }

  /** Change the token for a new one; at once one renewal at most. */
  renew() {
    const renewal = (this.#renewal ??= this.#renew().finally(() => {
      if (this.#renewal === renewal) this.#renewal = null;
    }));
    return renewal;
  }

  /** The API refused the token, and no newer one was to be had. */
  refused() {
    this.#generation += 1;
    this.#refresh = null;
    this.#forget("ended");
  }

  /** Forget the tokens, and tell the issuer where it has a place for that (RFC 7009). */
  end() {
    this.#generation += 1;
    this.#renewal = null;
    this.cancel();
    this.#revoke(this.#refresh);
    this.#forget("out");
  }

  #revoke(token) {
    const { revocation_endpoint } = this.#endpoints ?? {};
    if (!revocation_endpoint || !token) return;
    const body = new URLSearchParams({ token, client_id: this.#config.client_id });
    fetch(revocation_endpoint, { method: "POST", body, keepalive: true }).catch(() => {});
  }

  #renewAfter() {
    return Math.min(RENEW_AFTER_MS, (this.#life * 2) / 3);
  }

  #age() {
    return Date.now() - this.#since;
  }

  async #discover() {
    const { issuer, authorization_endpoint, token_endpoint, revocation_endpoint } = this.#config;
    if (authorization_endpoint && token_endpoint) return { authorization_endpoint, token_endpoint, revocation_endpoint };
    try {
      const answer = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
      if (answer.ok) return await answer.json();
    } catch {
      // Told below.
    }
    throw new Problem({ code: "issuer_unreachable" });
  }

  #answer(state) {
    return new Promise((resolve, reject) => {
      const channel = new BroadcastChannel("desk-sign-in");
      const take = (event) => {
        const own = event.origin === location.origin || event.target === channel;
        if (!own || event.data?.type !== "desk-sign-in" || event.data.state !== state) return;
        done(resolve, event.data);
      };
      const done = (settle, value) => {
        window.removeEventListener("message", take);
        channel.close();
        this.#waiting = null;
        settle(value);
      };
      this.cancel();
      this.#waiting = (problem) => done(reject, problem);
      channel.onmessage = take;
      window.addEventListener("message", take);
    });
  }

  async #exchange(form) {
    const generation = this.#generation;
    let answer;
    try {
      const body = new URLSearchParams({ ...form, client_id: this.#config.client_id });
      answer = await fetch(this.#endpoints.token_endpoint, { method: "POST", body });
    } catch {
      throw new Problem({ code: "offline" });
    }
    if (answer.status >= 500 || answer.status === 429) throw new Problem({ code: "offline" });
    if (!answer.ok) throw new Problem({ status: answer.status, code: "sign_in_refused" });
    const tokens = await answer.json();
    if (generation !== this.#generation) {
      this.#revoke(tokens.refresh_token);
      throw new Problem({ code: "sign_in_cancelled" });
    }
    this.#access = tokens.access_token;
    this.#refresh = tokens.refresh_token ?? this.#refresh;
    this.#since = Date.now();
    this.#life = Math.min(TOKEN_LIFE_MS, (tokens.expires_in ?? 900) * 1000);
    this.#become("live");
    this.#at(this.#renewAfter(), () => this.renew().catch(() => {}));
  }

  async #renew() {
    if (!this.#refresh) return this.#ending();
    const generation = this.#generation;
    try {
      await this.#exchange({ grant_type: "refresh_token", refresh_token: this.#refresh });
    } catch (problem) {
      if (generation !== this.#generation) return;
      if (problem.code === "sign_in_refused") this.#refresh = null;
      else this.#at(RETRY_MS, () => this.renew().catch(() => {}));
      this.#ending();
    }
  }

  /** The token holds for a while yet, but no further one will come by itself. */
  #ending() {
    const left = this.#life - this.#age();
    if (left <= 0) return this.#forget("ended");
    this.#at(left, () => this.#age() >= this.#life && this.#forget("ended"));
    if (!this.#refresh) this.#become("ending");
  }

  #forget(state) {
    this.#access = null;
    if (state === "out") this.#refresh = null;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    this.#become(state);
  }

  #at(after_ms, work) {
    this.#timers.push(setTimeout(work, after_ms));
  }

  #become(state) {
    if (state === "live") {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#timers = [];
    }
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
