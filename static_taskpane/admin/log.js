// Logs & Errors (A6): decisions, writes, refusals and failures, filtered by the server; retry; CSV.

import { el, quote } from "../shared/dom.js";
import { get, isAdmin, post } from "./client.js";
import { growingTable } from "./growing-table.js";
import { announce, announceTrouble, ask, counted, load, time } from "./page.js";
import { KINDS, named } from "./words.js";

const PAGE = 50;
/** Lines about something that did not come about, so that trying again may help. */
const RETRIED = new Set(["refusal", "skip", "failure"]);
/** @param {any} line */
const mayHelp = (line) => RETRIED.has(line.kind) || (line.kind === "run" && line.errors > 0);
const MINUTE_MS = 60_000;

/** @param {HTMLElement} host @param {URLSearchParams} query @returns {import("./main.js").Shown} */
export function showLog(host, query) {
  const page = new LogPage(host, query);
  void page.read();
  return { leave: () => page.leave() };
}

class LogPage {
  #list = el("div", {});
  #csv = el("a", { class: "button", download: "calendar-sync-log.csv" }, "Export as CSV");
  /** @type {Record<string, string>} */
  #filter = { errors: "", user: "", event_id: "", code: "", kind: "", from: "", from_time: "", to: "", to_time: "", q: "" };
  #asked = new AbortController();

  /** @param {HTMLElement} host @param {URLSearchParams} query */
  constructor(host, query) {
    for (const key of Object.keys(this.#filter)) this.#filter[key] = query.get(key) ?? "";
    host.replaceChildren(
      el("h1", {}, "Logs & Errors"),
      el("p", { class: "lead" }, "Every look at a calendar, and what was decided and written for each event, and why. Subjects are not shown here."),
      this.#bar(),
      this.#list,
    );
  }

  leave() {
    this.#asked.abort();
  }

  #bar() {
    let timer = 0;
    /** @param {string} name @param {string} value @param {number} wait */
    const set = (name, value, wait) => {
      clearTimeout(timer);
      this.#filter = { ...this.#filter, [name]: value };
      timer = window.setTimeout(() => void this.read(), wait);
    };
    /** @param {string} name @param {import("../shared/dom.js").Child} label @param {string} type */
    const text = (name, label, type = "search") =>
      el("label", {}, label, el("input", { type, id: `filter-${name}`, value: this.#filter[name], input: (event) => set(name, event.target.value, 350) }));
    return el(
      "div",
      { role: "search", "aria-label": "Log" },
      el(
        "div",
        { class: "bar" },
        text("user", "User or address"),
        text("event_id", "Event"),
        text("code", "Code"),
        el("label", {}, "Kind", el("select", { id: "filter-kind", change: (event) => set("kind", event.target.value, 0) },
          el("option", { value: "" }, "All"),
          ...Object.entries(KINDS).map(([value, name]) => el("option", { value, selected: value === this.#filter.kind }, name)))),
      ),
      el(
        "div",
        { class: "bar" },
        text("from", "From", "date"),
        text("from_time", at("From"), "time"),
        text("to", "Until", "date"),
        text("to_time", at("Until"), "time"),
        el("div", { class: "check" },
          el("input", { type: "checkbox", id: "filter-errors", checked: this.#filter.errors === "true", change: (event) => set("errors", event.target.checked ? "true" : "", 0) }),
          el("label", { for: "filter-errors" }, "Errors only")),
      ),
      el(
        "div",
        { class: "bar" },
        el("button", { type: "button", click: () => void this.read() }, "Refresh"),
        this.#csv,
        isAdmin && el("button", { type: "button", click: () => void this.#retryErrors() }, "Retry errors from the last 30 days…"),
      ),
    );
  }

  /** The filters as the API takes them: days and hours of this browser, as the list shows them,
   * become moments; the last day or minute is included. */
  get #query() {
    const { from, from_time, to, to_time, code, ...rest } = this.#filter;
    return {
      ...rest,
      code: code.trim().replaceAll(" ", "_"),
      from: from && moment(from, from_time || "00:00"),
      to: to && moment(to, to_time || "23:59", MINUTE_MS),
    };
  }

  async read() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const query = this.#query;
    const given = Object.entries(query).filter(([, value]) => value !== "");
    this.#csv.href = `/api/admin/log.csv?${new URLSearchParams(given)}`;
    await load(this.#list, () => get("log", { ...query, limit: PAGE }, signal), (page) => this.#draw(page));
  }

  /** @param {any} page */
  #draw(page) {
    if (page.items.length === 0) {
      const isFiltered = Object.values(this.#filter).some(Boolean);
      this.#list.replaceChildren(el("p", { class: "empty" }, isFiltered ? "Nothing matches these filters." : "Nothing has happened yet."));
      return;
    }
    const shape = {
      label: "Log",
      columns: ["When", "User", "What", "Why", "Event"],
      older: "Show older lines",
      row: (/** @type {any} */ line) => this.#row(line),
      read: (/** @type {string} */ cursor) => get("log", { ...this.#query, limit: PAGE, cursor }, this.#asked.signal),
    };
    this.#list.replaceChildren(...growingTable(shape, page));
  }

  /** @param {any} line */
  #row(line) {
    const isRun = line.kind === "run";
    const what = ` the ${isRun ? "calendar" : "event"} of ${line.user}`;
    const explain = isRun ? "" : `#/explain?${new URLSearchParams({ event_id: line.event_id, mailbox: line.user })}`;
    return el(
      "tr",
      {},
      el("td", {}, time(line.at)),
      el("td", { class: "address" }, quote(line.user)),
      el("td", {}, el("span", { class: `state ${line.error ? "danger" : ""}`.trim() }, named(KINDS, line.kind)), el("span", { class: "sub" }, line.message)),
      el(
        "td",
        { class: "problem" },
        ...(isRun ? runNumbers(line) : []),
        ...line.why.map((/** @type {any} */ why) => el("span", { class: "sub" }, el("code", {}, why.code), " ", why.text)),
        line.error && el("span", { class: "sub" }, line.error),
        line.request_id && el("span", { class: "sub" }, `Microsoft's request id: ${line.request_id}`),
      ),
      el(
        "td",
        {},
        line.subject && quote(line.subject),
        el("div", { class: "actions" },
          explain && el("a", { href: explain }, "Explain", el("span", { class: "unseen" }, what)),
          isAdmin && mayHelp(line) && el("button", { type: "button", class: "link", click: () => void this.#retry(line) }, "Retry", el("span", { class: "unseen" }, what))),
      ),
    );
  }

  /** @param {any} line */
  async #retry(line) {
    try {
      const rung = await post(`log/${line.id}/retry`);
      announce("good", el("p", {}, triedAgain(rung)));
    } catch (error) {
      announceTrouble(error);
    }
  }

  async #retryErrors() {
    try {
      const { links, mailboxes } = await get("log/errors?days=30");
      if (links + mailboxes === 0) {
        announce("good", el("p", {}, "Nothing has failed in the last 30 days, and every mailbox can be read."));
        return;
      }
      const yes = await ask({
        title: "Retry all errors from the last 30 days?",
        body: [el("p", {}, `This tries ${counted(links, "event")} and ${counted(mailboxes, "mailbox", "mailboxes")} again at once. Nothing is written twice.`)],
        yes: "Retry",
      });
      if (!yes) return;
      announce("good", el("p", {}, triedAgain(await post("log/retry-errors?days=30"))));
      await this.read();
    } catch (error) {
      announceTrouble(error);
    }
  }
}

/** @param {string} day @param {string} hour @param {number} [later] milliseconds after it
 * @returns {string} nothing for a day of a mistyped address, as the empty field shows it */
function moment(day, hour, later = 0) {
  const found = Date.parse(`${day}T${hour}`);
  return Number.isNaN(found) ? "" : new Date(found + later).toISOString().replace(".000Z", "Z");
}

/** The label of an hour, which stands beside its day. @param {string} day */
function at(day) {
  return el("span", {}, el("span", { class: "unseen" }, `${day}, `), "at");
}

/** @param {any} line of a look at a calendar */
function runNumbers(line) {
  const seconds = line.duration_ms < 100 ? "less than 0.1" : (line.duration_ms / 1000).toLocaleString("en-GB", { maximumFractionDigits: 1 });
  return [
    el("span", { class: "sub" }, `Processed ${line.processed.toLocaleString("en-GB")}, synced ${line.synced.toLocaleString("en-GB")}, errors ${line.errors.toLocaleString("en-GB")}; ${seconds}\u00a0s`),
    el("span", { class: "sub" }, [
      line.is_notified ? "Microsoft had told of a change." : "It was time to look.",
      line.looks > 1 && `${line.looks} looks failed the same way that day.`,
      line.quiet_looks > 0 && `${counted(line.quiet_looks, "look")} before found nothing.`,
    ].filter(Boolean).join(" ")),
  ];
}

/** @param {{links: number, mailboxes: number}} rung */
function triedAgain({ links, mailboxes }) {
  if (links + mailboxes === 0) return "There is nothing to try again.";
  return `Tried again now: ${counted(links, "event")} and ${counted(mailboxes, "mailbox", "mailboxes")}.`;
}
