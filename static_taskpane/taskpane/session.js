// The pane's conversation with our API: who asks, and the calls it makes. It shows nothing.

import { Api } from "../shared/api.js";
import { SignInError } from "./auth.js";

/** @import { ApiError } from "../shared/api.js" */
/** @import { Auth, TokenWish } from "./auth.js" */
/** @import { Activity, ActivityProposal, Contact, Entry, EventAnswer, Form, Group, HistoryPage, Me, OpenItem, Preferences, Verdict } from "./types.js" */

/** @typedef {{id: string, owner: string | null}} EventHandle */

const LONGEST_QUERY = 200;

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

  /** A page of the event's history, newest first.
   * @param {EventHandle} event @param {string | null} cursor where the page before it ended
   * @returns {Promise<HistoryPage>} */
  history(event, cursor) {
    return this.#api.get(path(event, "/history", { limit: "20", ...(cursor ? { cursor } : {}) }));
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

  /** The Add Activity form, filled in from the event.
   * @param {EventHandle} event @returns {Promise<ActivityProposal>} */
  activityDraft(event) {
    return this.#api.get(path(event, "/activity-draft"));
  }

  /** Makes the record; the same `request_id` makes it once.
   * @param {object} body @param {EventHandle["owner"]} owner @returns {Promise<Activity>} */
  addActivity(body, owner) {
    return this.#api.send("POST", `activities${mailbox(owner)}`, body);
  }

  /** @param {string} query @param {AbortSignal} signal @returns {Promise<Contact[]>} */
  async contacts(query, signal) {
    const words = String(new URLSearchParams({ q: query.slice(0, LONGEST_QUERY), limit: "20" }));
    return (await this.#api.get(`contacts?${words}`, signal)).items;
  }

  /** @param {"companies" | "opportunities" | "initiatives"} listing @param {string} query
   * @param {AbortSignal} signal @returns {Promise<Entry[]>} */
  async entries(listing, query, signal) {
    const words = String(new URLSearchParams({ q: query.slice(0, LONGEST_QUERY), limit: "20" }));
    return (await this.#api.get(`${listing}?${words}`, signal)).items;
  }

  /** What a record can be about. Ids are `kind:id`, so that one is like any other entry.
   * @param {string} query @param {AbortSignal} signal @returns {Promise<Entry[]>} */
  async about(query, signal) {
    const words = String(new URLSearchParams({ q: query.slice(0, LONGEST_QUERY), limit: "20" }));
    /** @type {(Entry & {kind: string})[]} */
    const found = (await this.#api.get(`regarding?${words}`, signal)).items;
    return found.map(({ kind, id, name, detail }) => ({
      id: `${kind}:${id}`,
      name,
      detail: [kind.charAt(0).toUpperCase() + kind.slice(1), detail].filter(Boolean).join(" · "),
    }));
  }

  /** The groups one is in. @returns {Promise<Group[]>} */
  async groups() {
    return (await this.#api.get("groups")).items;
  }

  /** @param {"companies"} listing @param {string[]} ids @returns {Promise<Entry[]>} */
  async entriesById(listing, ids) {
    const words = String(new URLSearchParams(ids.map((id) => ["id", id])));
    return (await this.#api.get(`${listing}?${words}`)).items;
  }

  /** @returns {Promise<string[]>} the types a record may have, one's own default first */
  async activityTypes() {
    return (await this.#api.get("activity-types")).items;
  }

  /** Has the own calendar looked at now. @returns {Promise<Me>} */
  async syncNow() {
    return readMe(await this.#api.send("POST", "me/sync"));
  }

  /** @returns {Promise<Me>} */
  async me() {
    return readMe(await this.#api.get("me"));
  }

  /** @param {Preferences} change @returns {Promise<Me>} */
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

/** @param {EventHandle} event @param {string} [act] @param {Record<string, string>} [more] */
function path({ id, owner }, act = "", more = {}) {
  return `events/${encodeURIComponent(id)}${act}${mailbox(owner, more)}`;
}

/** @param {string | null} owner @param {Record<string, string>} [more] of the query */
function mailbox(owner, more = {}) {
  const query = String(new URLSearchParams({ ...(owner === null ? {} : { mailbox: owner }), ...more }));
  return query ? `?${query}` : "";
}

/** @param {any} answer of /api/me @returns {Me} */
function readMe(answer) {
  const { name, address, enabled, enabled_by_admin, may_enable, mode, choosable_modes } = answer;
  const { checked_at, changed_at, written_at, state } = answer;
  const { problem = null, problem_since = null, problem_advice = null, progress = null } = answer;
  const { block_list = [], default_activity_type = null, default_visibility = "everyone" } = answer;
  const switches = { enabled, enabled_by_admin, may_enable, mode, choosable_modes };
  const firm_sync_enabled = answer.firm.sync_enabled;
  const times = { checked_at, changed_at, written_at };
  const watching = { state, progress, problem, problem_since, problem_advice };
  const own = { block_list, default_activity_type, default_visibility };
  return { name, address, firm_sync_enabled, ...switches, ...times, ...watching, ...own };
}
