/** A Graph event as values of a form, and changed values as a Graph patch. Pure. */

import { EXCHANGE_ZONE, addDays, fromGraph, momentOf, wallOf, weekday } from './dates.js';

/**
 * @typedef {object} Invitee
 * @property {string} name
 * @property {string} address
 * @property {'required' | 'optional' | 'resource'} type
 * @property {string} response
 */

/**
 * @typedef {object} Values
 * @property {string} subject
 * @property {string} body plain text
 * @property {boolean} allDay
 * @property {string} start wall time
 * @property {string} end wall time; of an all-day event midnight after its last day
 * @property {string} location
 * @property {Invitee[]} invitees
 * @property {string} sensitivity
 * @property {string} showAs
 * @property {number | null} reminder minutes; null for none
 * @property {boolean} online
 * @property {string[]} categories
 * @property {any} recurrence Graph patternedRecurrence or null
 */

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const ORDINALS = ['first', 'second', 'third', 'fourth', 'last'];

/**
 * @param {any} event
 * @returns {Values}
 */
export function valuesOf(event) {
  const wall = (/** @type {any} */ time) =>
    event.isAllDay ? time.dateTime.slice(0, 16) : wallOf(fromGraph(time));
  return {
    subject: event.subject ?? '',
    body: plainText(event.body),
    allDay: event.isAllDay === true,
    start: wall(event.start),
    end: wall(event.end),
    location: event.location?.displayName ?? '',
    invitees: inviteesOf(event),
    sensitivity: event.sensitivity ?? 'normal',
    showAs: event.showAs ?? 'busy',
    reminder: event.isReminderOn === false ? null : (event.reminderMinutesBeforeStart ?? 15),
    online: event.isOnlineMeeting === true,
    categories: [...(event.categories ?? [])],
    recurrence: event.recurrence ?? null,
  };
}

/** @param {any} event */
function inviteesOf(event) {
  const organizer = event.organizer?.emailAddress?.address?.toLowerCase();
  return (event.attendees ?? [])
    .filter((/** @type {any} */ one) => one.emailAddress.address?.toLowerCase() !== organizer)
    .map((/** @type {any} */ one) => ({
      name: one.emailAddress.name ?? one.emailAddress.address ?? '',
      address: one.emailAddress.address ?? '',
      type: one.type ?? 'required',
      response: one.status?.response ?? 'none',
    }));
}

/** @param {any} body */
function plainText(body) {
  if (!body?.content) return '';
  if (body.contentType?.toLowerCase() === 'text') return body.content;
  const parsed = new DOMParser().parseFromString(body.content, 'text/html');
  for (const hidden of parsed.querySelectorAll('style, script, title')) hidden.remove();
  for (const line of parsed.querySelectorAll('p, div, br, li, tr, h1, h2, h3')) line.after('\n');
  return (parsed.body.textContent ?? '').replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim();
}

/**
 * @param {string} start wall time
 * @returns {Values}
 */
export function emptyValues(start) {
  return {
    subject: '',
    body: '',
    allDay: false,
    start,
    end: wallOf(new Date(momentOf(start).getTime() + 30 * 60_000)),
    location: '',
    invitees: [],
    sensitivity: 'normal',
    showAs: 'busy',
    reminder: 15,
    online: false,
    categories: [],
    recurrence: null,
  };
}

/** @type {Record<keyof Values, (values: Values) => object>} */
const AS_GRAPH = {
  subject: (values) => ({ subject: values.subject }),
  body: (values) => ({ body: { contentType: 'text', content: values.body } }),
  allDay: times,
  start: times,
  end: times,
  location: (values) => ({ location: { displayName: values.location } }),
  invitees: (values) => ({ attendees: values.invitees.map(attendee) }),
  sensitivity: (values) => ({ sensitivity: values.sensitivity }),
  showAs: (values) => ({ showAs: values.showAs }),
  reminder: (values) => ({
    isReminderOn: values.reminder !== null,
    ...(values.reminder === null ? {} : { reminderMinutesBeforeStart: values.reminder }),
  }),
  online: (values) => ({
    isOnlineMeeting: values.online,
    ...(values.online ? { onlineMeetingProvider: 'teamsForBusiness' } : {}),
  }),
  categories: (values) => ({ categories: values.categories }),
  recurrence: (values) => ({ recurrence: values.recurrence }),
};

/** @param {Values} values */
function times(values) {
  const time = (/** @type {string} */ wall) => ({ dateTime: `${wall}:00.0000000`, timeZone: EXCHANGE_ZONE });
  return { isAllDay: values.allDay, start: time(values.start), end: time(values.end) };
}

/** @param {Invitee} one */
function attendee(one) {
  return { type: one.type, emailAddress: { name: one.name, address: one.address } };
}

/**
 * Only what differs, as Outlook would send it; categories are the form's own affair.
 * @param {Values} before
 * @param {Values} now
 */
export function patchOf(before, now) {
  const patch = {};
  for (const name of /** @type {(keyof Values)[]} */ (Object.keys(AS_GRAPH))) {
    if (name === 'categories') continue;
    if (JSON.stringify(before[name]) !== JSON.stringify(now[name])) {
      Object.assign(patch, AS_GRAPH[name](now));
    }
  }
  return patch;
}

/** @param {Values} values a whole new event */
export function graphEventOf(values) {
  const body = {};
  for (const asGraph of Object.values(AS_GRAPH)) Object.assign(body, asGraph(values));
  if (!values.recurrence) Reflect.deleteProperty(body, 'recurrence');
  return body;
}

/**
 * The simple patterns the form offers.
 * @param {string} kind '', 'daily', 'weekdays', 'weekly', 'monthly', 'monthlyDay', 'yearly'
 * @param {string} day first day
 * @param {string} until last day; '' for no end
 */
export function recurrenceOf(kind, day, until) {
  if (!kind) return null;
  const [, month, dayOfMonth] = day.split('-').map(Number);
  const base = { interval: 1, firstDayOfWeek: 'monday' };
  const name = WEEKDAYS[weekday(day)];
  const patterns = {
    daily: { type: 'daily', ...base },
    weekdays: { type: 'weekly', ...base, daysOfWeek: WEEKDAYS.slice(0, 5) },
    weekly: { type: 'weekly', ...base, daysOfWeek: [name] },
    monthly: { type: 'absoluteMonthly', ...base, dayOfMonth },
    monthlyDay: {
      type: 'relativeMonthly',
      ...base,
      daysOfWeek: [name],
      index: ORDINALS[Math.min(4, Math.floor((dayOfMonth - 1) / 7))],
    },
    yearly: { type: 'absoluteYearly', ...base, dayOfMonth, month },
  };
  const range = until
    ? { type: 'endDate', startDate: day, endDate: until, recurrenceTimeZone: EXCHANGE_ZONE }
    : { type: 'noEnd', startDate: day, recurrenceTimeZone: EXCHANGE_ZONE };
  return { pattern: patterns[/** @type {keyof typeof patterns} */ (kind)], range };
}

/** Which of the form's patterns a recurrence is; 'other' for those it cannot show. */
export function kindOfRecurrence(/** @type {any} */ recurrence) {
  if (!recurrence) return '';
  const { type, interval, daysOfWeek = [] } = recurrence.pattern;
  if (interval !== 1) return 'other';
  if (type === 'weekly') return daysOfWeek.length === 1 ? 'weekly' : daysOfWeek.length === 5 ? 'weekdays' : 'other';
  return (
    { daily: 'daily', absoluteMonthly: 'monthly', relativeMonthly: 'monthlyDay', absoluteYearly: 'yearly' }[
      /** @type {string} */ (type)
    ] ?? 'other'
  );
}

/** The last day an event touches. */
export function lastDay(/** @type {Values} */ values) {
  const day = values.end.slice(0, 10);
  const endsAtMidnight = values.end.slice(11, 16) === '00:00' && day > values.start.slice(0, 10);
  return endsAtMidnight ? addDays(day, -1) : day;
}

/** `preset4` of a category's name; `none` where the mailbox does not know it. */
export function colourOf(/** @type {string} */ name, /** @type {{displayName: string, color: string}[]} */ master) {
  const wanted = name.toLowerCase();
  const found = master.find((one) => one.displayName.toLowerCase() === wanted);
  return found?.color?.toLowerCase() ?? 'none';
}

const LONGEST_SHOWN = 300;

/** Nobody reads ten thousand characters in a box of an hour, and laying them out takes its time. */
export const shortened = (/** @type {string} */ subject) =>
  subject.length > LONGEST_SHOWN ? `${subject.slice(0, LONGEST_SHOWN)}…` : subject;
