// Simulator (A8): what contact types and switches would make of the last 30 days, before anything is
// saved. The server counts part by part; the sums, the progress and stopping are this page's.

import { el, quote } from "../shared/dom.js";
import { carry } from "./carried.js";
import { countChart } from "./charts.js";
import { get, post } from "./client.js";
import { FIELDS, shownValue } from "./configuration-fields.js";
import { fieldOf } from "./configuration-inputs.js";
import { counted, load, notice, say, time, troubleNotice } from "./page.js";
import { named, REASONS } from "./words.js";

/** What the choice of events depends on, in the order of the page. */
const TRIED = [
  "mode", "contact_types", "also_company_types", "sync_internal_automatic", "unmatched_automatic",
  "private_events", "blocked_addresses",
];
const MOST_USERS = 50;
const MOST_SAMPLES = 30;

/** @typedef {{id: string, name: string, address: string | null, records: number, added: number, removed: number}} User */
/** @typedef {{calendars: number, unreadable: number, total: number, events: number, records: number,
 *   added: number, removed: number, by_code: Record<string, number>, by_user: User[], sample: any[]}} Sums */

/** @param {HTMLElement} host @returns {import("./main.js").Shown} */
export function showSimulator(host) {
  const page = new SimulatorPage(host);
  void page.read();
  return { leave: () => page.leave() };
}

class SimulatorPage {
  #choice = el("div", {});
  #answer = el("div", {});
  /** @type {Record<string, any>} */
  #now = {};
  /** @type {Record<string, any>} */
  #tried = {};
  /** @type {string[]} */
  #types = [];
  #everybody = false;
  #running = new AbortController();

  /** @param {HTMLElement} host */
  constructor(host) {
    host.replaceChildren(
      el("h1", {}, "Simulator"),
      el("p", { class: "lead" }, "How many records would contact types and switches have given over the last 30 days? Calendars are read, nothing is written, and nothing is saved."),
      this.#choice,
      this.#answer,
    );
  }

  leave() {
    this.#running.abort();
  }

  read() {
    return load(
      this.#choice,
      () => Promise.all([get("configuration"), get("contact-types"), get("users", { enabled: true, limit: 1 })]),
      ([settings, types, people]) => {
        this.#now = settings;
        this.#types = types.items;
        this.#tried = Object.fromEntries(TRIED.map((name) => [name, settings[name]]));
        // With the mode Manual nothing is chosen by rules, so there would be nothing to count.
        if (settings.mode === "manual") this.#tried.mode = "automatic";
        this.#everybody = people.total === 0;
        this.#drawChoice();
      },
    );
  }

  #drawChoice() {
    const everybody = el("input", {
      type: "checkbox", id: "everybody", checked: this.#everybody, "aria-describedby": "everybody-hint",
      change: (event) => { this.#everybody = event.target.checked; },
    });
    this.#choice.replaceChildren(
      el(
        "form",
        { class: "group", "aria-label": "What to try", novalidate: true, submit: (event) => { event.preventDefault(); void this.#run(); } },
        ...TRIED.map((name) => this.#field(name)),
        el("div", { class: "field" }, el("div", { class: "check" }, everybody,
          el("div", {}, el("label", { for: "everybody" }, "Count users who are not enabled, too"),
            el("span", { class: "hint", id: "everybody-hint" }, "Everybody who has a server, as if all of them were enabled.")))),
        el("div", { class: "actions" }, el("button", { type: "submit", class: "primary" }, "Count the last 30 days")),
      ),
    );
  }

  /** @param {string} name */
  #field(name) {
    const field = FIELDS[name];
    const choices = name === "mode" ? field.choices?.filter(([key]) => key !== "manual") : field.choices;
    return fieldOf({ ...field, ...(choices && { choices }) }, {
      value: this.#tried[name],
      types: this.#types,
      locked: false,
      domains: [],
      wrong: "",
      changed: (value) => { this.#tried[name] = value; },
    });
  }

  async #run() {
    this.#running.abort();
    this.#running = new AbortController();
    const { signal } = this.#running;
    const settings = { ...this.#tried };
    const sums = nothing();
    const bar = el("progress", { "aria-label": "Calendars read", max: "1", value: "0" });
    const words = el("p", {}, "Reading calendars…");
    const host = el("div", { class: "parts" });
    const stop = el("button", { type: "button", click: () => this.#running.abort() }, "Stop");
    this.#answer.replaceChildren(el("section", { class: "group", "aria-label": "Result" }, el("h2", {}, "Result"), el("div", { class: "parts" }, words, bar, stop), host));
    this.#answer.scrollIntoView({ block: "start" });
    let cursor = null;
    try {
      do {
        const part = await post("simulator", { settings, everybody: this.#everybody, cursor }, signal);
        add(sums, part);
        cursor = part.next;
        bar.max = Math.max(1, sums.total);
        bar.value = sums.calendars;
        words.textContent = `${sums.calendars.toLocaleString("en-GB")} of ${counted(sums.total, "calendar")} read.`;
        host.replaceChildren(...result(sums));
      } while (cursor !== null);
    } catch (error) {
      if (!signal.aborted) {
        words.replaceWith(troubleNotice(error, () => void this.#run()));
        stop.remove();
        return;
      }
    }
    if (signal.aborted && !words.isConnected) return;
    bar.remove();
    stop.remove();
    words.textContent = signal.aborted
      ? `Stopped after ${sums.calendars.toLocaleString("en-GB")} of ${counted(sums.total, "calendar")}. The numbers are about these.`
      : `${counted(sums.calendars, "calendar")} read${sums.unreadable ? `, ${sums.unreadable.toLocaleString("en-GB")} of them could not be` : ""}.`;
    if (!signal.aborted) host.replaceChildren(...result(sums));
    host.append(this.#carryOver(settings));
    say(headline(sums));
  }

  /** @param {Record<string, any>} settings */
  #carryOver(settings) {
    const differing = TRIED.filter((name) => JSON.stringify(settings[name]) !== JSON.stringify(this.#now[name]));
    if (differing.length === 0) return el("p", { class: "hint" }, "These are the settings in force.");
    const use = () => {
      carry(Object.fromEntries(differing.map((name) => [name, settings[name]])));
      location.hash = "#/configuration";
    };
    return el(
      "div",
      { class: "field" },
      el("p", {}, "Differs from the settings in force: "),
      el("ul", {}, ...differing.map((name) => el("li", {}, el("strong", {}, `${FIELDS[name].label}: `), shownValue(name, settings[name])))),
      el("div", { class: "actions" }, el("button", { type: "button", class: "primary", click: use }, "Use this in Configuration…")),
    );
  }
}

/** @returns {Sums} */
function nothing() {
  return { calendars: 0, unreadable: 0, total: 0, events: 0, records: 0, added: 0, removed: 0, by_code: {}, by_user: [], sample: [] };
}

/** @param {Sums} sums @param {Sums} part */
function add(sums, part) {
  for (const name of /** @type {const} */ (["calendars", "unreadable", "events", "records", "added", "removed"])) sums[name] += part[name];
  for (const [code, count] of Object.entries(part.by_code)) sums.by_code[code] = (sums.by_code[code] ?? 0) + count;
  sums.total = part.total;
  sums.by_user.push(...part.by_user);
  sums.sample.push(...part.sample.slice(0, Math.max(0, MOST_SAMPLES - sums.sample.length)));
}

/** @param {Sums} sums */
function headline(sums) {
  const users = sums.by_user.filter(({ records }) => records > 0).length;
  return `${counted(sums.records, "record")} for ${counted(users, "user")}, of ${counted(sums.events, "event")} looked at.`;
}

/** @param {Sums} sums */
function result(sums) {
  const codes = Object.entries(sums.by_code).sort((a, b) => b[1] - a[1]);
  return [
    el("p", { class: "headline" }, el("strong", {}, headline(sums))),
    el("p", {}, `${sums.added.toLocaleString("en-GB")} more and ${sums.removed.toLocaleString("en-GB")} fewer than the settings in force would give.`),
    sums.unreadable > 0 && notice("warning", `${counted(sums.unreadable, "calendar")} could not be read: see Problem on the page Users.`),
    el("div", { class: "cards" },
      el("section", { "aria-label": "By user" }, el("h3", {}, "By user"), byUser(sums.by_user)),
      el("section", { "aria-label": "Why not" }, el("h3", {}, "Why the others would not sync"),
        countChart("Events not chosen, by reason", codes.map(([code, count]) => [named(REASONS, code), count]), "Every event would sync."),
        codes.length > 0 && el("p", { class: "hint" }, "An event may have several reasons."))),
    sums.sample.length > 0 && samples(sums.sample),
  ].filter((child) => child !== false);
}

/** @param {User[]} users */
function byUser(users) {
  const most = [...users].sort((a, b) => b.records - a.records || a.name.localeCompare(b.name));
  const shown = most.slice(0, MOST_USERS);
  if (shown.length === 0) return el("p", {}, "No user would have a record.");
  return el(
    "div",
    {},
    el("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Records by user" }, el(
      "table",
      {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "User"), ...["Records", "More", "Fewer"].map((name) => el("th", { scope: "col", class: "number" }, name)))),
      el("tbody", {}, ...shown.map((user) => el("tr", {},
        el("th", { scope: "row" }, quote(user.name), el("span", { class: "sub" }, user.address ?? "")),
        ...[user.records, user.added, user.removed].map((count) => el("td", { class: "number" }, count.toLocaleString("en-GB")))))),
    )),
    most.length > shown.length && el("p", { class: "hint" }, `and ${counted(most.length - shown.length, "user")} with fewer records.`),
  );
}

/** @param {any[]} rows */
function samples(rows) {
  return el(
    "details",
    {},
    el("summary", {}, `Examples (${rows.length})`),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Examples" }, el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...["", "When", "Calendar of", "Event", "Because"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...rows.map((one) => el("tr", {},
        el("td", {}, one.change === "added" ? "New" : "Gone"),
        el("td", {}, time(one.start)),
        el("td", {}, quote(one.user)),
        el("td", {}, one.subject === null ? el("span", { class: "sub" }, "subject hidden") : quote(one.subject)),
        el("td", {}, one.because ?? "")))),
    )),
  );
}
