// The record in InterAction beside the event: what it says, and what has just changed in it.

import { el, icon, quote } from "../shared/dom.js";

/** @import { Child } from "../shared/dom.js" */
/** @import { Activity } from "./types.js" */
/** @import { Clock } from "./time.js" */

/** More names than this would push everything else off the screen. */
const MOST_NAMES = 6;

/** @param {Activity | null | undefined} record @param {string[]} changed names of its fields
 * @param {Clock} clock */
export function recordCard(record, changed, clock) {
  if (!record) return null;
  const kind = record.phase === "activity" ? "Activity" : "Appointment";
  const state = record.status === "cancelled" ? `${kind}, cancelled` : kind;
  const editor = record.edited_by?.name || record.edited_by?.address;
  const has = (/** @type {string[]} */ ...fields) => fields.some((name) => changed.includes(name));
  const when = clock.span({ ...record, start: record.start ?? null, end: record.end ?? null });
  const rows = [
    row("Kind", state, has("phase", "status")),
    row("Subject", record.subject ? quote(record.subject) : null, has("subject")),
    row("When", when, has("start", "end", "all_day", "start_date", "end_date")),
    row("Where", record.location ? quote(record.location) : null, has("location")),
    row("Contacts", names(record.contacts), has("contacts")),
    row("Others", names(record.unmatched), has("unmatched")),
    row("Text", record.description ? "With the description" : null, has("description")),
    row("Notes", record.notes ? "Kept in InterAction" : null, has("notes")),
    row("Edited by", editor ? quote(editor) : null, false),
  ];
  return el(
    "section",
    { class: "card record", "data-key": "record", "aria-labelledby": "record-title" },
    el("h3", { id: "record-title" }, "The record"),
    el("dl", { class: "facts" }, ...rows),
  );
}

/** @param {string} title @param {Child} value @param {boolean} isChanged
 * @returns {HTMLElement | null} */
function row(title, value, isChanged) {
  if (!value && !isChanged) return null;
  return el(
    "div",
    { "data-key": title, class: isChanged ? "changed" : "" },
    el("dt", {}, title),
    el(
      "dd",
      {},
      value || "None",
      isChanged && el("span", { class: "tag" }, icon("refresh"), "Changed"),
    ),
  );
}

/** @param {{name?: string, address?: string}[] | undefined} people */
function names(people) {
  if (!people || people.length === 0) return null;
  const more = people.length - MOST_NAMES;
  return el(
    "span",
    {},
    ...people.slice(0, MOST_NAMES).flatMap((person, n) => [n > 0 ? ", " : null, quote(person.name || person.address || "?")]),
    more > 0 ? ` and ${more} more` : null,
  );
}
