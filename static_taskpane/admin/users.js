// Users: the list, searched and paged by the server, with a choice of rows for bulk acts (A5, S5).

import { el, fill, quote } from "../shared/dom.js";
import { get, isAdmin } from "./client.js";
import { announce, counted, load, time } from "./page.js";
import { decideBrake } from "./brake.js";
import { assignServer, bulk, importUsers, pauseMailbox } from "./users-acts.js";
import { MODES, named, STATE_TONES, STATES } from "./words.js";

const PAGE = 50;

/** @typedef {{id: string, mailbox_id: string, name: string, address: string | null,
 *   server_id: string | null, server_name: string | null, enabled_by_admin: boolean | null, enabled_by_user: boolean | null,
 *   enabled: boolean, mode: string, paused: boolean, checked_at: string | null,
 *   changed_at: string | null, written_at: string | null, state: string, problem: string | null,
 *   problem_text: string | null}} Person */
/** @typedef {{ids: string[]} | {filter: Record<string, string | boolean>}} Chosen */

/** @param {HTMLElement} host @param {URLSearchParams} query @returns {import("./main.js").Shown} */
export function showUsers(host, query) {
  const page = new UsersPage(host, query);
  void page.read();
  return { leave: () => page.leave() };
}

export class UsersPage {
  #list = el("div", {});
  #server = el("select", { id: "filter-server" });
  #acts = el("div", {});
  /** @type {Record<string, string>} as the addresses of this page name them */
  #filter = { q: "", state: "", server: "", enabled: "", problem: "" };
  /** @type {(string | null)[]} cursors of the pages before this one, this one's last */
  #places = [null];
  /** @type {Set<string>} */
  #picked = new Set();
  #all = false;
  /** @type {{items: Person[], next: string | null, total: number}} */
  #page = { items: [], next: null, total: 0 };
  /** @type {Map<string, string>} names by id */
  servers = new Map();
  #asked = new AbortController();
  #gone = new AbortController();

  /** @param {HTMLElement} host @param {URLSearchParams} query */
  constructor(host, query) {
    for (const key of Object.keys(this.#filter)) {
      this.#filter[key] = query.get(key) ?? "";
    }
    host.replaceChildren(
      el("h1", {}, "Users"),
      el("p", { class: "lead" }, "Whose calendars sync, through which server, and how each of them is doing."),
      this.#bar(),
      this.#acts,
      this.#list,
    );
  }

  leave() {
    this.#asked.abort();
    this.#gone.abort();
  }

  /** Ends when another section is shown. */
  get gone() {
    return this.#gone.signal;
  }

  #bar() {
    let timer = 0;
    /** @param {string} name @param {string} value @param {number} wait */
    const set = (name, value, wait = 0) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        this.#filter = { ...this.#filter, [name]: value };
        this.#places = [null];
        this.unpick();
        void this.read();
      }, wait);
    };
    this.#server.addEventListener("change", () => set("server", this.#server.value));
    this.#offerServers();
    /** @param {string} name @param {string} label @param {[string, string][]} options */
    const pick = (name, label, options) =>
      el(
        "label",
        {},
        label,
        el(
          "select",
          { id: `filter-${name}`, change: (event) => set(name, event.target.value) },
          el("option", { value: "" }, "All"),
          ...options.map(([value, text]) => el("option", { value, selected: value === this.#filter[name] }, text)),
        ),
      );
    return el(
      "div",
      { class: "bar", role: "search", "aria-label": "Users" },
      el("label", {}, "Search name or address", el("input", {
        type: "search", id: "filter-q", value: this.#filter.q,
        input: (event) => set("q", event.target.value, 300),
      })),
      pick("state", "State", Object.entries(STATES)),
      isAdmin && el("label", {}, "Server", this.#server),
      pick("enabled", "Sync", [["true", "Enabled"], ["false", "Not enabled"]]),
      pick("problem", "Problem", [["true", "With a problem"], ["false", "Without"]]),
      isAdmin && el("button", { type: "button", click: () => void importUsers(this) }, "Import from the directory…"),
    );
  }

  /** Which servers may be filtered by, once they are known. */
  #offerServers() {
    const known = /** @type {[string, string][]} */ ([["", "All"], ...this.servers, ["none", "No server"]]);
    this.#server.replaceChildren(
      ...known.map(([value, text]) => el("option", { value, selected: value === this.#filter.server }, text)),
    );
  }

  /** What the API takes as a filter. */
  get filterForApi() {
    const { q, state, server, enabled, problem } = this.#filter;
    return {
      ...(q && { q }), ...(state && { state }), ...(server && { server }),
      ...(enabled && { enabled: enabled === "true" }), ...(problem && { problem: problem === "true" }),
    };
  }

  async read() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    await load(
      this.#list,
      async () => {
        const query = { ...this.#filter, limit: PAGE, cursor: this.#places.at(-1) };
        const [page, servers] = await Promise.all([
          get("users", query, signal),
          isAdmin && this.servers.size === 0 ? get("exchange-servers", {}, signal) : null,
        ]);
        if (servers) {
          this.servers = new Map(servers.items.map((/** @type {any} */ one) => [one.id, one.name]));
          this.#offerServers();
        }
        return page;
      },
      (page) => {
        this.#page = page;
        this.#draw();
      },
    );
  }

  unpick() {
    this.#picked.clear();
    this.#all = false;
  }

  /** @returns {Chosen} */
  get chosen() {
    return this.#all ? { filter: this.filterForApi } : { ids: [...this.#picked] };
  }

  get chosenCount() {
    return this.#all ? this.#page.total : this.#picked.size;
  }

  #draw() {
    this.#drawActs();
    const { items, total, next } = this.#page;
    const first = (this.#places.length - 1) * PAGE + 1;
    fill(this.#list, [this.#page, [...this.#picked], this.#all, Date.now()], () =>
      items.length === 0
        ? [this.#nobody()]
        : [
            el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "List of users" }, this.#table(items)),
            el(
              "div",
              { class: "pager" },
              el("button", { type: "button", id: "before", "aria-disabled": this.#places.length === 1 && "true", click: () => this.#turn(-1) }, "Previous"),
              el("button", { type: "button", id: "after", "aria-disabled": next === null && "true", click: () => this.#turn(1) }, "Next"),
              el("span", { role: "status" }, `${first.toLocaleString("en-GB")}–${(first + items.length - 1).toLocaleString("en-GB")} of ${counted(total, "user")}`),
            ),
          ],
    );
  }

  #nobody() {
    const isFiltered = Object.values(this.#filter).some(Boolean);
    return el(
      "p",
      { class: "empty" },
      isFiltered ? "Nobody matches these filters." : "There are no users yet. Import them from the directory.",
    );
  }

  /** @param {number} step */
  #turn(step) {
    if (step > 0 && this.#page.next !== null) this.#places.push(this.#page.next);
    else if (step < 0 && this.#places.length > 1) this.#places.pop();
    else return;
    void this.read();
  }

  #drawActs() {
    const count = this.chosenCount;
    const matching = this.#page.total;
    const pageIsPicked = this.#page.items.length > 0 && this.#page.items.every(({ id }) => this.#picked.has(id));
    fill(this.#acts, [count, matching, this.#all, pageIsPicked], () =>
      count === 0 || !isAdmin
        ? []
        : [
            el(
              "div",
              { class: "notice plain actions", role: "region", "aria-label": "Chosen users" },
              el("span", { role: "status" }, `${counted(count, "user")} chosen.`),
              pageIsPicked && !this.#all && matching > count &&
                el("button", { type: "button", class: "link", click: () => this.#pickAll() }, `Choose all ${matching.toLocaleString("en-GB")} that match`),
              el("button", { type: "button", click: () => void bulk(this, "enable-sync") }, "Enable sync…"),
              el("button", { type: "button", click: () => void bulk(this, "disable-sync") }, "Disable sync…"),
              el("button", { type: "button", click: () => void assignServer(this) }, "Assign Exchange server…"),
              el("button", { type: "button", class: "link", click: () => { this.unpick(); this.#draw(); } }, "Choose none"),
            ),
          ],
    );
  }

  #pickAll() {
    this.#all = true;
    this.#draw();
  }

  /** @param {Person[]} people */
  #table(people) {
    const all = this.#all || people.every(({ id }) => this.#picked.has(id));
    const pickPage = (/** @type {any} */ event) => {
      this.#all = false;
      for (const { id } of people) {
        if (event.target.checked) this.#picked.add(id);
        else this.#picked.delete(id);
      }
      this.#draw();
    };
    return el(
      "table",
      {},
      el("thead", {}, el(
        "tr",
        {},
        isAdmin && el("th", { class: "pick", scope: "col" }, el("input", { type: "checkbox", id: "pick-page", "aria-label": "Choose everybody on this page", checked: all, change: pickPage })),
        ...["User", "Server", "Sync", "State", "Times"].map((name) => el("th", { scope: "col" }, name)),
        (isAdmin || people.some(isStopped)) && el("th", { scope: "col" }, "Acts"),
      )),
      el("tbody", {}, ...people.map((person) => this.#row(person, isAdmin || people.some(isStopped)))),
    );
  }

  /** @param {Person} person @param {boolean} hasActs whether the table has a column for them */
  #row(person, hasActs) {
    const pick = (/** @type {any} */ event) => {
      if (this.#all) this.#page.items.forEach(({ id }) => this.#picked.add(id));
      this.#all = false;
      if (event.target.checked) this.#picked.add(person.id);
      else this.#picked.delete(person.id);
      this.#draw();
    };
    return el(
      "tr",
      { "data-key": person.id },
      isAdmin && el("td", { class: "pick" }, el("input", {
        type: "checkbox", id: `pick-${person.id}`, "aria-label": `Choose ${person.name}`,
        checked: this.#all || this.#picked.has(person.id), change: pick,
      })),
      el("th", { scope: "row" }, quote(person.name), el("span", { class: "sub address" }, person.address ?? "no e-mail address")),
      el("td", {}, person.server_name === null ? el("span", { class: "sub" }, "none") : quote(person.server_name)),
      el("td", {}, person.enabled ? "Enabled" : "Not enabled", el("span", { class: "sub" }, person.enabled ? named(MODES, person.mode) : decisions(person))),
      el(
        "td",
        { class: person.problem_text ? "problem" : "" },
        el("span", { class: `state ${STATE_TONES[person.state] ?? ""}`.trim() }, named(STATES, person.state)),
        person.problem_text && el("span", { class: "sub" }, person.problem_text),
      ),
      el("td", {}, el(
        "dl",
        { class: "facts small" },
        el("dt", {}, "Last automatic sync"), el("dd", {}, time(person.changed_at)),
        el("dt", {}, "Last checked"), el("dd", {}, time(person.checked_at)),
        el("dt", {}, "Last written"), el("dd", {}, time(person.written_at)),
      )),
      hasActs && el("td", {}, el(
        "div",
        { class: "actions" },
        isAdmin && el("button", { type: "button", class: "link", click: () => void pauseMailbox(this, person) },
          person.paused ? "Resume" : "Pause…", el("span", { class: "unseen" }, ` ${person.name}`)),
        isStopped(person) &&
          el("button", { type: "button", class: "link", click: () => decideBrake(person, (words) => this.done("good", el("p", {}, words))) },
            isAdmin ? "Decide…" : "Numbers…", el("span", { class: "unseen" }, ` about ${person.name}`)),
      )),
    );
  }

  /** After an act: the rows anew, with nobody chosen.
   * @param {"good" | "warning"} tone @param {...import("../shared/dom.js").Child} words */
  async done(tone, ...words) {
    this.unpick();
    await this.read();
    announce(tone, ...words);
  }
}

/** Whether the brake holds the mailbox: admins decide, support looks at the numbers.
 * @param {Person} person */
function isStopped(person) {
  return person.problem === "mass_change";
}

/** Whose word keeps sync off.
 * @param {Person} person */
function decisions(person) {
  const by = [
    person.enabled_by_admin === false && "by an administrator",
    person.enabled_by_user === false && "by the user",
  ].filter(Boolean);
  return by.length > 0 ? by.join(" and ") : "not decided yet";
}
