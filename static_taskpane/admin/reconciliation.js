// Reconciliation (A10): what Outlook, links and CRM do not agree on, and having it mended.

import { el, quote } from "../shared/dom.js";
import { get, isAdmin, post } from "./client.js";
import { growingTable } from "./growing-table.js";
import { follow } from "./operation.js";
import { announce, announceTrouble, ask, counted, load, notice, time } from "./page.js";
import { DRIFTS, FIX_CODES, named, UNREAD_CODES } from "./words.js";

const PAGE = 50;
const LOOK_AGAIN_MS = 5000;
/** What has not healed by then waits for the next comparison. */
const MENDED_WITHIN_MS = 10 * 60_000;
const WITHOUT_RECORD = new Set(["record_missing", "category_without_link", "not_selected"]);

/** @typedef {{fix: string, name: string, consequence: string, destructive: boolean}} Fix */
/** @typedef {{kind: string, text: string, count: number, fixes: Fix[]}} Kind */

/** @param {HTMLElement} host @param {URLSearchParams} query @returns {import("./main.js").Shown} */
export function showReconciliation(host, query) {
  const page = new ReconciliationPage(host, query);
  void page.read();
  return { leave: () => page.leave() };
}

class ReconciliationPage {
  #top = el("div", {});
  #list = el("div", {});
  #filter = { kind: "", user: "" };
  #asked = new AbortController();
  #gone = new AbortController();
  #timer = 0;
  #isFollowing = false;
  /** @type {Kind[]} */
  #kinds = [];
  #select = el("select", { id: "filter-kind", change: (event) => this.#choose(event.target.value) });

  /** @param {HTMLElement} host @param {URLSearchParams} query */
  constructor(host, query) {
    this.#filter.kind = query.get("kind") ?? "";
    let timer = 0;
    host.replaceChildren(
      el("h1", {}, "Reconciliation"),
      el("p", { class: "lead" }, "The category in Outlook, what Calendar Sync remembers and the record in the CRM are compared every night. What does not agree is listed here until it has healed."),
      el("div", { class: "parts" },
      this.#top,
      el(
        "div",
        { class: "bar", role: "search", "aria-label": "Findings" },
        el("label", {}, "Kind", this.#select),
        el("label", {}, "User or address", el("input", {
          type: "search",
          id: "filter-user",
          input: (event) => {
            clearTimeout(timer);
            this.#filter.user = event.target.value;
            timer = window.setTimeout(() => void this.#readList(), 350);
          },
        })),
      ),
      this.#list),
    );
  }

  leave() {
    clearTimeout(this.#timer);
    this.#asked.abort();
    this.#gone.abort();
  }

  /** @param {string} kind */
  #choose(kind) {
    this.#filter.kind = kind;
    this.#select.value = kind;
    void this.#readList();
  }

  async read() {
    await load(this.#top, () => get("reconciliation", {}, this.#gone.signal), (found) => this.#drawTop(found));
    await this.#readList();
  }

  /** @param {any} found */
  #drawTop(found) {
    this.#kinds = found.kinds;
    const some = found.kinds.filter((/** @type {Kind} */ kind) => kind.count > 0);
    this.#select.replaceChildren(
      el("option", { value: "" }, "All"),
      ...some.map((/** @type {Kind} */ kind) => el("option", { value: kind.kind, selected: kind.kind === this.#filter.kind }, `${named(DRIFTS, kind.kind)} (${kind.count})`)),
    );
    this.#top.replaceChildren(el(
      "div",
      { class: "parts" },
      el(
        "dl",
        { class: "facts" },
        el("dt", {}, "Last compared"), el("dd", {}, ...lastRun(found.last)),
        el("dt", {}, "Next comparison"), el("dd", {}, found.next_at ? time(found.next_at) : "in the night after sync is on"),
      ),
      isAdmin && el("p", { class: "actions" }, el("button", { type: "button", class: "primary", disabled: found.running !== null, click: () => void this.#compare() }, "Compare now")),
      found.unread.length > 0 && unread(found.unread, found.last.failed),
      found.total > 0 && this.#table(some),
    ));
    if (found.running && !this.#isFollowing) void this.#follow(found.running);
  }

  /** @param {Kind[]} kinds */
  #table(kinds) {
    return el(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Findings by kind" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...["What does not agree", "How many", isAdmin ? "All of them" : null].map((name) => name && el("th", { scope: "col" }, name)))),
        el("tbody", {}, ...kinds.map((kind) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" },
              el("button", { type: "button", class: "link", click: () => this.#choose(kind.kind) }, named(DRIFTS, kind.kind)),
              el("span", { class: "sub" }, kind.text)),
            el("td", {}, kind.count.toLocaleString("en-GB")),
            isAdmin && el("td", {}, el("div", { class: "actions" },
              ...kind.fixes.map((fix) => el("button", { type: "button", class: fix.destructive ? "danger" : "", click: () => void this.#fixAll(kind, fix) }, `${fix.name}…`, el("span", { class: "unseen" }, ` for all: ${named(DRIFTS, kind.kind)}`))),
              kind.fixes.length === 0 && el("span", { class: "sub" }, "Open the CRM and keep one of the records."))),
          ))),
      ),
    );
  }

  async #readList() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    await load(this.#list, () => get("reconciliation/findings", { ...this.#filter, limit: PAGE }, signal), (page) => this.#drawList(page));
  }

  /** @param {any} page */
  #drawList(page) {
    clearTimeout(this.#timer);
    if (page.items.some((/** @type {any} */ item) => isBeingMended(item))) {
      this.#timer = window.setTimeout(() => void this.read(), LOOK_AGAIN_MS);
    }
    if (page.items.length === 0) {
      const isFiltered = Object.values(this.#filter).some(Boolean);
      this.#list.replaceChildren(el("p", { class: "empty" }, isFiltered ? "Nothing matches these filters." : "All sides agree."));
      return;
    }
    const shape = {
      label: "Findings",
      columns: ["Found", "User", "What", "Do"],
      older: "Show older findings",
      row: (/** @type {any} */ item) => this.#row(item),
      read: (/** @type {string} */ cursor) => get("reconciliation/findings", { ...this.#filter, limit: PAGE, cursor }, this.#asked.signal),
    };
    this.#list.replaceChildren(...growingTable(shape, page));
  }

  /** @param {any} item */
  #row(item) {
    const kind = this.#kinds.find((each) => each.kind === item.kind);
    const whose = item.user ? ` of ${item.user}` : "";
    return el(
      "tr",
      {},
      el("td", {}, time(item.found_at), item.fixed_at && el("span", { class: "sub" }, "being mended since ", time(item.fixed_at))),
      el("td", {}, item.user ? quote(item.user) : "nobody"),
      el("td", {}, named(DRIFTS, item.kind), el("span", { class: "sub" }, item.text)),
      el("td", {},
        el("div", { class: "actions" },
          item.event_id && item.user && el("a", { href: `#/explain?${new URLSearchParams({ event_id: item.event_id, mailbox: item.user })}` }, "Explain", el("span", { class: "unseen" }, ` the event${whose}`)),
          item.activity_id && !WITHOUT_RECORD.has(item.kind) && el("a", { href: `/crm/activities/${item.activity_id}` }, "Record", el("span", { class: "unseen" }, ` of the event${whose}`)),
          ...(isAdmin && kind ? kind.fixes : []).map((fix) => el("button", { type: "button", class: "link", click: () => void this.#fixOne(item, fix) }, fix.name, el("span", { class: "unseen" }, ` for the event${whose}`))))),
    );
  }

  async #compare() {
    try {
      await this.#follow(await post("reconciliation"));
    } catch (error) {
      announceTrouble(error);
    }
  }

  /** @param {any} operation */
  async #follow(operation) {
    this.#isFollowing = true;
    const ended = await follow(operation, this.#gone.signal);
    this.#isFollowing = false;
    if (ended === null) return;
    announce(ended.state === "done" && ended.failed === 0 ? "good" : "warning", el("p", {}, ENDED[ended.state] ?? "The comparison has ended."));
    await this.read();
  }

  /** @param {any} item @param {Fix} fix */
  async #fixOne(item, fix) {
    const yes = !fix.destructive || (await ask({ title: `${fix.name}?`, body: [el("p", {}, `1 event: ${fix.consequence}`)], yes: fix.name, danger: true }));
    if (yes) await this.#fix({ ids: [item.id], fix: fix.fix });
  }

  /** @param {Kind} kind @param {Fix} fix */
  async #fixAll(kind, fix) {
    const yes = await ask({
      title: `${fix.name}?`,
      body: [
        el("p", {}, el("strong", {}, counted(kind.count, "finding")), `: ${kind.text}`),
        el("p", {}, fix.consequence),
      ],
      yes: `${fix.name}: ${kind.count.toLocaleString("en-GB")}`,
      danger: fix.destructive,
    });
    if (yes) await this.#fix({ kind: kind.kind, fix: fix.fix, expected: kind.count });
  }

  /** @param {unknown} body */
  async #fix(body) {
    try {
      const answer = await post("reconciliation/fix", body);
      if (answer.operation) {
        const ended = await follow(answer.operation, this.#gone.signal);
        if (ended === null) return;
        this.#announceFixed(ended.done - ended.failed, ended.items);
      } else {
        const failed = answer.items.filter((/** @type {any} */ row) => !row.ok);
        this.#announceFixed(answer.items.length - failed.length, failed);
      }
      await this.read();
    } catch (error) {
      announceTrouble(error);
    }
  }

  /** @param {number} done @param {{code: string}[]} failed */
  #announceFixed(done, failed) {
    const codes = [...new Set(failed.map((row) => row.code))];
    announce(
      failed.length > 0 ? "warning" : "good",
      el("p", {}, `${counted(done, "finding")} being mended. Each leaves the list when a look has shown that it has healed.`),
      failed.length > 0 && el("p", {}, `${counted(failed.length, "finding")} could not be mended:`),
      failed.length > 0 && el("ul", {}, ...codes.map((code) => el("li", {}, named(FIX_CODES, code)))),
    );
  }
}

/** Whether it may leave the list any moment. @param {any} item */
function isBeingMended(item) {
  return item.fixed_at !== null && Date.now() - Date.parse(item.fixed_at) < MENDED_WITHIN_MS;
}

/** @type {Record<string, string>} */
const ENDED = {
  done: "Everything was compared.",
  cancelled: "The comparison was stopped. What was compared until then counts.",
  failed: "The comparison did not come to its end. It is tried again in the night.",
};

/** @param {any} last */
function lastRun(last) {
  if (last === null) return ["never"];
  const words = last.state === "done" ? "" : ` (${last.state})`;
  return [time(last.finished_at), `${words}: ${last.done - last.failed} of ${counted(last.total ?? last.done, "part")} (mailboxes, and the records of the CRM)`];
}

/** @param {{user: string | null, code: string}[]} rows @param {number} count */
function unread(rows, count) {
  return notice(
    "warning",
    el("p", {}, `${counted(count, "part")} could not be compared; their findings stay as they were.`),
    el("ul", {}, ...rows.map((row) => el("li", {}, row.user ? quote(row.user) : "The records of the CRM", ": ", named(UNREAD_CODES, row.code)))),
  );
}
