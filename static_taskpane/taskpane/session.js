// The pane's conversation with our API: who asks, and the five calls it makes. It shows nothing.

import { Api } from "../shared/api.js";
import { SignInError } from "./auth.js";

/** @import { ApiError } from "../shared/api.js" */
/** @import { Auth, TokenWish } from "./auth.js" */
/** @import { EventAnswer, Form, Me, Mode, OpenItem, Verdict } from "./types.js" */

/** @typedef {{id: string, owner: string | null}} EventHandle */

export class Session {
  /** @type {Auth} */
  #auth;
  /** @type {Api} */
  #api;
  /** @type {string | null} A token the person has just signed in for, good for the next call. */
  #handed = null;

  /** @param {Auth} auth */
  constructor(auth) {
    this.#auth = auth;
    this.#api = new Api("../api/", (again) => this.#identify(again));
  }

  /** Lets the person sign in or prove more; call it on a click only, windows may open.
   * @param {TokenWish["claims"]} [claims]
   * @throws {SignInError} */
  async signIn(claims) {
    this.#handed = await this.#auth.getToken({ claims, interactive: true, fresh: Boolean(claims) });
  }

  /** @param {EventHandle} event @returns {Promise<EventAnswer>} */
  event(event) {
    return this.#api.get(path(event));
  }

  /** @param {EventHandle} event @param {boolean} justSaved @returns {Promise<EventAnswer>} */
  tick(event, justSaved) {
    return this.#api.send("PUT", path(event, "/link"), justSaved ? { just_saved: true } : {});
  }

  /** @param {EventHandle} event @returns {Promise<EventAnswer>} */
  untick(event) {
    return this.#api.send("DELETE", path(event, "/link"));
  }

  /** @param {EventHandle} event @returns {Promise<EventAnswer>} */
  undo(event) {
    return this.#api.send("POST", path(event, "/link/undo"));
  }

  /** What the rules say of a form nobody saved yet.
   * @param {Form} form @param {OpenItem["owner"]} owner @param {AbortSignal} signal
   * @returns {Promise<Verdict>} */
  check(form, owner, signal) {
    return this.#api.send("POST", `events/check${mailbox(owner)}`, form, signal);
  }

  /** @returns {Promise<Me>} */
  async me() {
    return readMe(await this.#api.get("me"));
  }

  /** @param {{enabled: boolean, mode?: Mode}} change @returns {Promise<Me>} */
  async changeMe(change) {
    return readMe(await this.#api.send("PATCH", "me", change));
  }

  /** @param {ApiError | null} again @returns {Promise<Record<string, string>>} */
  async #identify(again) {
    const handed = this.#handed;
    this.#handed = null;
    try {
      const wish = again ? { claims: again.claims, fresh: true } : {};
      const token = handed ?? (await this.#auth.getToken(wish));
      return { Authorization: `Bearer ${token}` };
    } catch (error) {
      // The challenge says more than "not signed in": the button it leads to carries its claims.
      if (error instanceof SignInError && again?.claims) throw again;
      throw error;
    }
  }
}

/** @param {EventHandle} event @param {string} [act] */
function path({ id, owner }, act = "") {
  return `events/${encodeURIComponent(id)}${act}${mailbox(owner)}`;
}

/** @param {string | null} owner */
function mailbox(owner) {
  return owner === null ? "" : `?mailbox=${encodeURIComponent(owner)}`;
}

/** @param {any} answer of /api/me @returns {Me} */
function readMe(answer) {
  const { name, address, enabled, enabled_by_admin, may_enable, mode, choosable_modes } = answer;
  const { checked_at, changed_at, written_at } = answer;
  const switches = { enabled, enabled_by_admin, may_enable, mode, choosable_modes };
  const firm_sync_enabled = answer.firm.sync_enabled;
  return { name, address, firm_sync_enabled, ...switches, checked_at, changed_at, written_at };
}
