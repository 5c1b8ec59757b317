// Comparing what the open form says with what Exchange has; pure functions.

/** @import { EventFacts, Form } from "./types.js" */

/** What a change of means that Exchange has seen a save.
 * @param {EventFacts} event */
export function fingerprint(event) {
  const { start, end, sensitivity, type } = event;
  return JSON.stringify([start, end, sensitivity, type, event.attendees.map((a) => a.address)]);
}

/** Whether the form surely says something else. Attendee lists cannot tell: some clients list the
 * organizer and rooms, some do not. All-day events are days, not instants.
 * @param {Form} form @param {EventFacts} event */
export function differs(form, event) {
  if (form.sensitivity === "private" && event.sensitivity === "normal") return true;
  if (event.all_day) return false;
  return !sameMoment(form.start, event.start) || !sameMoment(form.end, event.end);
}

/** Outlook's forms know whole minutes; an event that an application made may have seconds.
 * @param {string | null} left @param {string | null} right */
function sameMoment(left, right) {
  if (left === null || right === null) return true;
  return minute(left) === minute(right);
}

/** @param {string} moment */
function minute(moment) {
  return Math.floor(Date.parse(moment) / 60_000);
}
