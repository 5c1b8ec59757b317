// What the Add Activity form says beside its fields: that the meeting is in the CRM already, and in
// the end the receipt.

import { el, icon, quote } from "../../shared/dom.js";

/** @import { Child } from "../../shared/dom.js" */
/** @import { Clock } from "../time.js" */
/** @import { Activity, FormValues, Group, Other } from "../types.js" */

const CRM_URL = "../crm/";

/** T6: said first, whoever made it.
 * @param {Other[]} others */
export function alreadyThere(others) {
  if (others.length === 0) return null;
  return el(
    "section",
    { class: "note warning", id: "activity-others" },
    icon("warning"),
    el(
      "div",
      {},
      el("h3", {}, "This meeting is already in InterAction"),
      ...others.map(one),
      el("p", { class: "hint" }, "What you add here becomes another record."),
    ),
  );
}

/** @param {Other} other */
function one({ activity_id: id, by, kind, visible }) {
  if (!visible) return el("p", {}, "Somebody’s record of it is not visible to you.");
  const how = kind === "added" ? "Added" : "Synced";
  return el("p", {}, how, by ? " by " : null, by ? quote(by) : null, ". ", id ? recordLink(id, "Open the record") : null);
}

/** @param {Activity} record @param {{subject: string, notes: string}} sent @param {FormValues} values
 * @param {Group[]} groups @param {Clock} clock @param {() => void} back @returns {Node[]} */
export function receipt(record, sent, values, groups, clock, back) {
  const kind = record.phase === "activity" ? "Activity" : "Appointment";
  // The answer to a repeated request is the record that the first one made.
  const isOlder = record.subject !== sent.subject || (record.notes ?? "") !== sent.notes;
  const names = (/** @type {{name: string}[]} */ list) => list.map(({ name }) => name).join(", ");
  const people = record.contacts.length + record.unmatched.length;
  return [
    el(
      "div",
      { class: "heading" },
      icon("check", "good"),
      el("h2", { id: "activity-title", tabindex: "-1" }, "Added to InterAction"),
    ),
    isOlder
      ? el("section", { class: "note warning" }, icon("warning"), el("p", {}, "It had been added before your last changes, which are not in it. Open the record to change it."))
      : el("p", { class: "hint" }, "This record is yours and is not kept in sync with the event."),
    el(
      "section",
      { class: "card record", "aria-label": "The record" },
      el(
        "dl",
        { class: "facts" },
        row("Record", el("span", {}, recordLink(record.id, kind), " ", el("span", { class: "id" }, record.id))),
        row("Subject", record.subject ? quote(record.subject) : null),
        row("When", clock.span({ ...record, start: record.start ?? null, end: record.end ?? null })),
        row("People", people > 0 ? `${people}, ${record.contacts.length} of them contacts` : null),
        row("Opportunity", values.opportunities.length > 0 ? quote(names(values.opportunities)) : null),
        row("Initiative", values.initiatives.length > 0 ? quote(names(values.initiatives)) : null),
        row("Regarding", values.regarding.length > 0 ? quote(names(values.regarding)) : null),
        row("Visible to", visibleTo(values.visibility, groups)),
      ),
    ),
    el("div", { class: "actions" }, el("button", { type: "button", id: "activity-back", class: "primary", click: back }, "Back to the event")),
  ];
}

/** Who could see a record, as pairs of value and words.
 * @param {Group[]} groups @returns {[value: string, words: string][]} */
export function audiences(groups) {
  return [
    ["everyone", "Everyone"],
    ["only_me", "Only me"],
    ...groups.map(({ visibility, name }) => /** @type {[string, string]} */ ([visibility, name])),
  ];
}

/** @param {string} visibility @param {Group[]} groups @returns {Child} */
function visibleTo(visibility, groups) {
  if (visibility === "everyone") return "Everyone";
  if (visibility === "only_me") return "Only you";
  const group = groups.find((each) => each.visibility === visibility);
  return group ? el("span", {}, "You and ", quote(group.name)) : "A group";
}

/** @param {string} title @param {Child} value */
function row(title, value) {
  return value ? el("div", {}, el("dt", {}, title), el("dd", {}, value)) : "";
}

/** @param {string} id @param {string} text */
function recordLink(id, text) {
  const href = `${CRM_URL}activities/${encodeURIComponent(id)}`;
  return el("a", { href, target: "_blank", rel: "noopener" }, text, el("span", { class: "unseen" }, " (opens a new window)"));
}
