// The history of an event: closed until somebody opens it, a page at a time, newest first.

import { el, icon, quote } from "../shared/dom.js";
import { fieldWords, listed } from "./changes.js";

/** @import { Child } from "../shared/dom.js" */
/** @import { HistoryLine, HistoryState } from "./types.js" */
/** @import { Clock } from "./time.js" */

/** @typedef {{showHistory(): Promise<void>, showEarlier(): Promise<void>}} HistoryActs */

/** @type {Record<string, [icon: string, tone: string, word: string]>} */
const KINDS = {
  decision: ["person", "", "Decision"],
  write: ["check", "good", "Written"],
  refusal: ["cross", "danger", "Refused"],
  skip: ["cross", "faint", "Not selected"],
  failure: ["warning", "warning", "Setback"],
  look: ["later", "", "Seen"],
};

/** A decision shows where it came from. @type {Record<string, string>} */
const DECIDED = { outlook: "calendar", clock: "later", admin: "settings", rule: "info", sync: "refresh" };

/** @type {Record<string, string>} */
const SOURCES = {
  pane: "in the pane",
  category: "by the category in Outlook",
  outlook: "in Outlook",
  crm: "in InterAction",
  rule: "by a rule",
  clock: "by the clock",
  admin: "by the settings",
};

/** @param {HistoryState | null} state null: not asked for yet @param {HistoryActs} acts
 * @param {Clock} clock @returns {Child[]} */
export function historyParts(state, acts, clock) {
  if (state === null) return [waiting()];
  const { items, next, busy, failed } = state;
  return [
    items.length > 0
      ? el("ol", { class: "past", "aria-label": "From the newest to the oldest" }, ...items.map((line) => entry(line, clock)))
      : null,
    items.length === 0 && !busy && !failed
      ? el("p", { class: "hint" }, "Nothing has been decided about this event yet.")
      : null,
    failed
      ? el(
          "div",
          { class: "failed", "data-key": "failed" },
          el("p", { class: "hint" }, icon("warning", "warning"), " The history could not be loaded."),
          el("button", { type: "button", id: "history-again", click: () => void (items.length > 0 ? acts.showEarlier() : acts.showHistory()) }, "Try again"),
        )
      : null,
    items.length === 0 && busy ? waiting() : null,
    next !== null && !failed
      ? el(
          "button",
          {
            type: "button",
            id: "history-earlier",
            "aria-disabled": busy ? "true" : "false",
            click: () => void acts.showEarlier(),
          },
          busy ? "Loading…" : "Show earlier",
        )
      : null,
    next === null && items.length > 0 && !failed
      ? el("p", { class: "hint", "data-key": "end", tabindex: "-1", "data-heir-of": "history-earlier" }, "That is all.")
      : null,
  ];
}

function waiting() {
  return el(
    "div",
    { class: "skeleton", "data-key": "waiting" },
    el("p", { class: "unseen" }, "Loading…"),
    el("div", { class: "bone wide" }),
    el("div", { class: "bone" }),
  );
}

/** @param {HistoryLine} line @param {Clock} clock */
function entry(line, clock) {
  const [usual, tone, word] = KINDS[line.kind] ?? ["info", "", line.kind];
  const symbol = line.kind === "decision" ? (DECIDED[line.source] ?? usual) : usual;
  const who = byWhom(line);
  const exact = clock.moment(line.at);
  const fields = listed(fieldWords(line.fields));
  return el(
    "li",
    { "data-key": line.id },
    icon(symbol, tone),
    el(
      "div",
      {},
      el("p", {}, el("span", { class: "unseen" }, `${word}: `), line.message),
      fields ? el("p", { class: "hint" }, `Changed: ${fields}.`) : null,
      ...line.why.map(({ text }) => el("p", { class: "hint" }, text)),
      el(
        "p",
        { class: "hint when" },
        el("time", { datetime: line.at, title: exact }, clock.ago(line.at)),
        ...(who.length > 0 ? [", ", ...who] : []),
      ),
    ),
  );
}

/** Who or what it came from; nothing for what Calendar Sync did by itself.
 * @param {HistoryLine} line @returns {Child[]} */
function byWhom({ by, on_behalf_of: owner, source }) {
  if (by) return ["by ", quote(by.name), ...(owner ? [" for ", quote(owner.name)] : [])];
  const word = SOURCES[source];
  return word ? [word] : [];
}
