// What is different between two answers about one event, in the words of the record's fields. Pure.

/** @import { Activity, EventAnswer } from "./types.js" */

/** The record's fields in words; several fields may be one thing to a person.
 * @type {Record<string, string>} */
const WORDS = {
  subject: "subject",
  start: "time",
  end: "time",
  all_day: "time",
  start_date: "time",
  end_date: "time",
  duration_minutes: "time",
  time_zone: "time zone",
  location: "place",
  resources: "rooms",
  contacts: "contacts",
  unmatched: "other attendees",
  description: "description",
  status: "status",
  phase: "kind",
  type: "type",
  assigned_to: "organizer",
  online_meeting: "online meeting",
  web_link: "link to Outlook",
  event_id: "link to Outlook",
  recurring: "series",
  show_as: "availability",
  importance: "importance",
  reminder_minutes: "reminder",
  reminder_at: "reminder",
  private: "privacy",
  notes: "notes",
  sync_status: "sync status",
  edited_by: "editor",
  opportunity_ids: "opportunities",
  initiative_ids: "initiatives",
  company_ids: "companies",
  visibility: "visibility",
};

/** What the rows of the record show. */
const SHOWN = /** @type {const} */ ([
  "subject",
  "start",
  "end",
  "all_day",
  "start_date",
  "end_date",
  "location",
  "contacts",
  "unmatched",
  "description",
  "status",
  "phase",
  "notes",
]);

/** @param {string[]} fields names of fields @returns {string[]} each thing once, in words */
export function fieldWords(fields) {
  return [...new Set(fields.map((name) => WORDS[name] ?? name.replaceAll("_", " ")))];
}

/** Names of the fields that differ; nothing when either has no record or they are two records.
 * @param {Activity | null | undefined} before @param {Activity | null | undefined} after
 * @returns {string[]} */
export function changedFields(before, after) {
  if (!before || !after || before.id !== after.id) return [];
  return SHOWN.filter((name) => !same(before[name], after[name]));
}

/** Whether two answers say the same, but for when somebody tries again.
 * @param {EventAnswer | null} before @param {EventAnswer | null} after */
export function saysTheSame(before, after) {
  return same(settled(before), settled(after));
}

/** @param {EventAnswer | null} answer */
function settled(answer) {
  if (answer === null || answer.link === null) return answer;
  return { ...answer, link: { ...answer.link, next_attempt_at: null } };
}

/** @param {unknown} a @param {unknown} b */
function same(a, b) {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

/** "time", "time and place", "time, place and contacts" @param {string[]} words */
export function listed(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
